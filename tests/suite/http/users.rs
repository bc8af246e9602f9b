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
    let own = format!("/api/v1/users/{}/grants", local.user);
    local
        .post(&own, json!({"role": "labour_authority", "scope": "region", "value": "330784"}))
        .send()
        .await
        .refuse(403, "not_allowed");
    let other = app.client(Role::GridOfficer, ScopeOn::Region("330784".parse().unwrap()));
    let path = format!("/api/v1/users/{}/grants", other.user);
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

both!(failures_are_counted_by_address_over_all_logins, |app| {
    let (login, _) = administrator(&app).await;
    let from = |address: &'static str, login: String, password: &'static str| {
        app.ask(Method::POST, "/api/v1/sessions").json(json!({"login": login, "password": password})).peer(address)
    };
    for number in 0..30 {
        from("198.51.100.7:1000", format!("guess-{number}"), "not the password").send().await.refuse(401, "not_authenticated");
    }
    from("198.51.100.7:2000", login.clone(), PASSWORD).send().await.refuse(429, "too_many");
    // Nobody is believed who names another address, since no proxy is trusted.
    from("198.51.100.7:2000", login.clone(), PASSWORD)
        .header("X-Forwarded-For", "203.0.113.5")
        .send()
        .await
        .refuse(429, "too_many");
    from("203.0.113.5:1000", login.clone(), PASSWORD).send().await.expect(201);
    app.clock.set("2026-03-02T09:16:00+08:00");
    from("198.51.100.7:1000", login, PASSWORD).send().await.expect(201);
});

both!(a_login_that_does_not_exist_is_locked_like_one_that_does, |app| {
    for _ in 0..5 {
        log_in(&app, "nobody.here", "not the password").await.refuse(401, "not_authenticated");
    }
    log_in(&app, "nobody.here", "not the password").await.refuse(429, "too_many");
    // What cannot be a login is refused like a wrong password and kept nowhere.
    log_in(&app, &"x".repeat(10_000), "not the password").await.refuse(401, "not_authenticated");
});

both!(a_guess_that_comes_through_after_the_lock_is_not_let_in, |app| {
    let (login, id) = administrator(&app).await;
    let user = id.parse().unwrap();
    let late = app.write(move |tx, ctx| {
        for _ in 0..5 {
            anxin::users::actions::note_failure(tx, ctx, &login)?;
        }
        let judged = anxin::users::table::find(tx.conn(), user)?.unwrap();
        anxin::users::actions::admit(tx, ctx, &judged).map(|_| ())
    });
    assert_eq!(late.unwrap_err().code.as_str(), "too_many");
});

both!(a_password_that_is_set_anew_while_a_log_in_is_under_way_opens_no_session, |app| {
    let (_, id) = administrator(&app).await;
    // The last administrator over everything is never suspended.
    let _another = app.client(Role::Administrator, ScopeOn::Everything);
    let user: anxin::base::id::UserId = id.parse().unwrap();
    // The comparison takes its time outside of any transaction; meanwhile the password is reset.
    let judged = app.read(move |conn, _| Ok(anxin::users::table::find(conn, user)?.unwrap())).unwrap();
    app.write(move |tx, ctx| anxin::users::actions::set_password(tx, ctx, user, "another hash", false)).unwrap();
    let row = judged.clone();
    let by_token = app.write(move |tx, ctx| anxin::users::actions::log_in(tx, ctx, &row).map(|_| ()));
    assert_eq!(by_token.unwrap_err().code.as_str(), "not_authenticated");
    let row = judged.clone();
    let by_cookie = app.write(move |tx, ctx| anxin::users::browser::open(tx, ctx, &row).map(|_| ()));
    assert_eq!(by_cookie.unwrap_err().code.as_str(), "not_authenticated");
    // Suspended in the meantime: the same.
    let fresh = app.read(move |conn, _| Ok(anxin::users::table::find(conn, user)?.unwrap())).unwrap();
    app.write(move |tx, ctx| {
        anxin::users::managing::set_state(tx, ctx, user, anxin::users::UserState::Suspended)?;
        Ok(())
    })
    .unwrap();
    let late = app.write(move |tx, ctx| anxin::users::actions::log_in(tx, ctx, &fresh).map(|_| ()));
    assert_eq!(late.unwrap_err().code.as_str(), "not_authenticated");
});

both!(a_suspended_user_is_out_at_once_and_one_who_left_stays_out, |app| {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let other = app.client(Role::LabourAuthority, ScopeOn::Everything);
    let path = |verb: &str| format!("/api/v1/users/{}/{verb}", other.user);
    other.get("/api/v1/me").send().await.expect(200);
    let out = admin.ask(Method::POST, &path("suspend")).send().await.expect(200);
    assert_eq!(out["state"], "suspended");
    other.get("/api/v1/me").send().await.refuse(401, "not_authenticated");
    assert_eq!(admin.ask(Method::POST, &path("activate")).send().await.expect(200)["state"], "active");
    other.get("/api/v1/me").send().await.refuse(401, "not_authenticated");
    let login = app.read(|conn, _| Ok(anxin::users::table::find(conn, other.user)?.unwrap().login)).unwrap();
    let pair = log_in(&app, &login, PASSWORD).await.expect(201);
    app.get("/api/v1/me").header("Authorization", &token(&pair)).send().await.expect(200);
    admin.ask(Method::POST, &path("end")).send().await.expect(200);
    log_in(&app, &login, PASSWORD).await.refuse(401, "not_authenticated");
    admin.ask(Method::POST, &path("activate")).send().await.refuse(409, "conflict");
    let role = json!({"role": "labour_authority", "scope": "everything"});
    admin.post(&path("grants"), role).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(whoever_is_logged_out_everywhere_logs_in_anew, |app| {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let (login, id) = administrator(&app).await;
    let pair = log_in(&app, &login, PASSWORD).await.expect(201);
    admin.ask(Method::DELETE, &format!("/api/v1/users/{id}/sessions")).send().await.expect(200);
    app.get("/api/v1/me").header("Authorization", &token(&pair)).send().await.refuse(401, "not_authenticated");
    let refresh = json!({"refresh_token": pair["refresh_token"]});
    app.ask(Method::POST, "/api/v1/sessions/refresh").json(refresh).send().await.refuse(401, "not_authenticated");
    let pair = log_in(&app, &login, PASSWORD).await.expect(201);
    app.get("/api/v1/me").header("Authorization", &token(&pair)).send().await.expect(200);
});

both!(a_role_that_was_taken_back_is_gone_at_once_and_kept_on_record, |app| {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let other = app.client(Role::LabourAuthority, ScopeOn::Everything);
    let path = format!("/api/v1/users/{}/grants", other.user);
    let grants = admin.get(&path).send().await.expect(200);
    assert_eq!((grants.as_array().unwrap().len(), &grants[0]["until_on"]), (1, &Value::Null));
    other.get("/api/v1/projects").send().await.expect(200);
    let one = format!("{path}/{}", grants[0]["id"].as_str().unwrap());
    let ended = admin.ask(Method::DELETE, &one).send().await.expect(200);
    assert_eq!(ended["until_on"], "2026-03-01");
    other.get("/api/v1/projects").send().await.refuse(403, "not_allowed");
    assert_eq!(admin.get(&path).send().await.expect(200)[0], ended);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_last_administrator_over_everything_stays, |app| {
    let (first, second) =
        (app.client(Role::Administrator, ScopeOn::Everything), app.client(Role::Administrator, ScopeOn::Everything));
    let of = |user, verb: &str| format!("/api/v1/users/{user}/{verb}");
    first.ask(Method::POST, &of(first.user, "suspend")).send().await.refuse(403, "not_allowed");
    // Both at once: whoever comes second finds that the other is the last.
    let (one, other) = (of(second.user, "suspend"), of(first.user, "suspend"));
    let (a, b) = futures_util::future::join(first.ask(Method::POST, &one).send(), second.ask(Method::POST, &other).send()).await;
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 401], "{statuses:?}");
    // The house itself is held by it, too.
    let last = if a.status == 200 { first.user } else { second.user };
    let refused =
        app.write(move |tx, ctx| anxin::users::managing::set_state(tx, ctx, last, anxin::users::UserState::Ended).map(|_| ()));
    assert_eq!(refused.unwrap_err().code.as_str(), "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_regions_administrator_manages_the_regions_users_only, |app| {
    let at = |code: &str| ScopeOn::Region(code.parse().unwrap());
    let local = app.client(Role::Administrator, at("330700"));
    let (inside, outside) = (app.client(Role::GridOfficer, at("330784")), app.client(Role::GridOfficer, at("330100")));
    let everywhere = app.client(Role::Administrator, ScopeOn::Everything);
    let reset = |user| format!("/api/v1/users/{user}/password");
    let new = json!({"password": "another password"});
    local.post(&reset(outside.user), new.clone()).send().await.refuse(404, "not_found");
    local.post(&reset(everywhere.user), new.clone()).send().await.refuse(404, "not_found");
    local.post(&reset(local.user), new.clone()).send().await.refuse(403, "not_allowed");
    // Somebody who holds a role elsewhere as well is seen, and not managed.
    let grant = json!({"role": "grid_officer", "scope": "region", "value": "330784"});
    everywhere.post(&format!("/api/v1/users/{}/grants", outside.user), grant).send().await.expect(201);
    local.post(&reset(outside.user), new.clone()).send().await.refuse(403, "not_allowed");
    let shown = local.get(&format!("/api/v1/users/{}/grants", outside.user)).send().await.expect(200);
    assert_eq!(shown.as_array().unwrap().len(), 1, "{shown}");
    local.post(&reset(inside.user), new).send().await.expect(200);
    let listed = local.get("/api/v1/users").send().await.expect(200);
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [local.user, inside.user, outside.user].map(|user| user.to_string()));
});
