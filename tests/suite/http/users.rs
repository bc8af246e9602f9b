//! Log-in, tokens, lock-out, keys.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, PASSWORD};

async fn administrator(app: &App) -> (String, String) {
    let client = app.client(Role::Administrator, ScopeOn::Everything);
    let me = client.get("/api/v1/me").send().await.expect(200);
    (me["login"].as_str().unwrap().to_owned(), me["id"].as_str().unwrap().to_owned())
}

async fn log_in(app: &App, login: &str, password: &str) -> crate::suite::ground::Answer {
    app.ask(Method::POST, "/api/v1/sessions").json(json!({"login": login, "password": password})).send().await
}

fn token(pair: &Value) -> String {
    format!("Bearer {}", pair["access_token"].as_str().unwrap())
}

both!(a_token_lives_fifteen_minutes, |app| {
    let (login, id) = administrator(&app).await;
    let pair = log_in(&app, &login, PASSWORD).await.expect(201);
    assert_eq!(pair["expires_in"], 900);
    let me = app.get("/api/v1/me").header("Authorization", &token(&pair)).send().await.expect(200);
    assert_eq!(me["id"], id);
    app.clock.set("2026-03-02T09:15:59+08:00");
    app.get("/api/v1/me").header("Authorization", &token(&pair)).send().await.expect(200);
    app.clock.set("2026-03-02T09:16:30+08:00");
    app.get("/api/v1/me").header("Authorization", &token(&pair)).send().await.refuse(401, "not_authenticated");
});

both!(a_refresh_token_is_used_once_and_a_second_use_ends_the_family, |app| {
    let (login, _) = administrator(&app).await;
    let refresh = |pair: &Value| json!({"refresh_token": pair["refresh_token"]});
    let first = log_in(&app, &login, PASSWORD).await.expect(201);
    let second = app.ask(Method::POST, "/api/v1/sessions/refresh").json(refresh(&first)).send().await.expect(201);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    app.ask(Method::POST, "/api/v1/sessions/refresh").json(refresh(&first)).send().await.refuse(401, "not_authenticated");
    app.ask(Method::POST, "/api/v1/sessions/refresh").json(refresh(&second)).send().await.refuse(401, "not_authenticated");
});

both!(five_failures_lock_a_login_for_a_quarter_of_an_hour, |app| {
    let (login, _) = administrator(&app).await;
    for _ in 0..5 {
        log_in(&app, &login, "not the password").await.refuse(401, "not_authenticated");
    }
    log_in(&app, &login, PASSWORD).await.refuse(429, "too_many");
    log_in(&app, "nobody-here", PASSWORD).await.refuse(401, "not_authenticated");
    app.clock.set("2026-03-02T09:16:00+08:00");
    log_in(&app, &login, PASSWORD).await.expect(201);
});

both!(a_forged_or_foreign_token_is_refused, |app| {
    let (login, _) = administrator(&app).await;
    let pair = log_in(&app, &login, PASSWORD).await.expect(201);
    let genuine = pair["access_token"].as_str().unwrap();
    let mut parts: Vec<&str> = genuine.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    parts[0] = none;
    for forged in
        [parts.join("."), format!("{none}.{}.", genuine.split('.').nth(1).unwrap()), genuine[..genuine.len() - 4].to_owned()]
    {
        app.get("/api/v1/me").header("Authorization", &format!("Bearer {forged}")).send().await.refuse(401, "not_authenticated");
    }
});

both!(a_new_user_changes_the_password_before_anything_else, |app| {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let new = json!({"login": "wang.li", "name": "王丽", "password": "first password"});
    let user = admin.post("/api/v1/users", new.clone()).send().await.expect(201);
    admin.post("/api/v1/users", new).send().await.refuse(409, "conflict");
    let path = format!("/api/v1/users/{}/grants", user["id"].as_str().unwrap());
    admin.post(&path, json!({"role": "labour_authority", "scope": "region", "value": "330784"})).send().await.expect(201);
    let pair = log_in(&app, "wang.li", "first password").await.expect(201);
    assert_eq!(pair["must_change_password"], true);
    app.get("/api/v1/projects").header("Authorization", &token(&pair)).send().await.refuse(403, "not_allowed");
    let change = json!({"old": "first password", "new": "second password"});
    app.ask(Method::POST, "/api/v1/me/password").header("Authorization", &token(&pair)).json(change).send().await.expect(200);
    let pair = log_in(&app, "wang.li", "second password").await.expect(201);
    app.get("/api/v1/projects").header("Authorization", &token(&pair)).send().await.expect(200);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(nobody_gives_more_than_they_hold, |app| {
    let local = app.client(Role::Administrator, ScopeOn::Region("330784".parse().unwrap()));
    let path = format!("/api/v1/users/{}/grants", local.user);
    local.post(&path, json!({"role": "labour_authority", "scope": "everything"})).send().await.refuse(403, "not_allowed");
    local
        .post(&path, json!({"role": "labour_authority", "scope": "region", "value": "330700"}))
        .send()
        .await
        .refuse(403, "not_allowed");
    local.post(&path, json!({"role": "labour_authority", "scope": "region", "value": "330784"})).send().await.expect(201);
});

both!(a_machine_key_is_shown_once_and_ends_when_told, |app| {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let made = admin
        .post("/api/v1/api-keys", json!({"name": "银行接口", "role": "labour_authority", "scope": "everything"}))
        .send()
        .await
        .expect(201);
    let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
    app.get("/api/v1/projects").header("Authorization", &bearer).send().await.expect(200);
    app.get("/api/v1/users").header("Authorization", &bearer).send().await.refuse(403, "not_allowed");
    admin.ask(Method::DELETE, &format!("/api/v1/api-keys/{}", made["id"].as_str().unwrap())).send().await.expect(200);
    app.get("/api/v1/projects").header("Authorization", &bearer).send().await.refuse(401, "not_authenticated");
});
