//! Rotation of the master key: everything opens under the new one and nothing under the old.

use anxin::app::{export, keys};
use anxin::store::StoreError;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, KEY, PASSWORD, id_number, project};
use crate::suite::http::accounts;
use crate::suite::http::workers::{crew, enrol, worker};

const NEXT: [u8; 32] = [43; 32];
const AFTER: [u8; 32] = [44; 32];

fn exported(app: &App) -> String {
    app.read(export::export).unwrap()
}

async fn published(app: &App) -> Vec<(String, String)> {
    let jwks = app.get("/.well-known/jwks.json").send().await.expect(200);
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    jwks["keys"].as_array().unwrap().iter().map(|key| (text(key, "kid"), text(key, "x"))).collect()
}

/// The message of an error that names the wrong key.
#[track_caller]
fn wrong_key<T>(result: Result<T, StoreError>) {
    match result.err() {
        Some(StoreError::Setup(text)) => assert!(text.contains("key file") && text.contains("密钥"), "{text}"),
        other => panic!("not refused as a wrong key: {other:?}"),
    }
}

both!(a_rotation_changes_the_key_and_nothing_else, |app| {
    let manager = app.labour_manager();
    let login = format!("rotated-{}", manager.user).to_ascii_lowercase();
    let named = login.clone();
    app.write(move |tx, ctx| {
        let hash = anxin::users::password::hash(PASSWORD, &[7; 16])?;
        anxin::users::actions::add_user(tx, ctx, &named, "测试", &hash, false).map(drop)
    })
    .unwrap();
    let session = app
        .ask(actix_web::http::Method::POST, "/api/v1/sessions")
        .json(json!({"login": login, "password": PASSWORD}))
        .send()
        .await
        .expect(201);
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    let enrolled = enrol(&manager, &site, vec![worker(1, &crew), worker(2, &crew)]).await;
    accounts::open(&manager, &site, "330500010001").await;
    manager.post("/api/v1/me/email", json!({"email": "manager@example.cn", "language": "zh"})).send().await.expect(200);
    let (before, first) = (exported(&app), published(&app).await);
    assert_eq!(first.len(), 1);
    let now = app.ground.clock.now();
    // A wrong or the same key changes nothing.
    wrong_key(keys::rotate(&app.ground.db, AFTER, NEXT, now));
    assert!(keys::rotate(&app.ground.db, KEY, KEY, now).is_err());
    let rotated = keys::rotate(&app.ground.db, KEY, NEXT, now).unwrap();
    assert_eq!(rotated.keys, 3, "the house's, the project's, and the one of blind indexes");
    assert!(rotated.sessions >= 1);
    wrong_key(app.restarted(KEY, |_| ()));
    // A service that was forgotten fails instead of leaving keys that nobody can open.
    let body = json!({"code": "T-9", "name": "x", "region": "330784", "owner": site.owner, "general_contractor": site.general_contractor, "from_on": "2026-01-01"});
    assert_eq!(manager.post("/api/v1/projects", body.clone()).send().await.status, 500);
    let next = app.restarted(NEXT, |_| ()).unwrap();
    assert_eq!(exported(&next), before, "what is encrypted reads as it did");
    assert_eq!(next.broken(), Vec::<String>::new());
    // People are found by their numbers as before: the same person is no second one.
    let manager = next.labour_manager();
    let again = project(&manager, 2, "330784").await;
    let other_crew = crate::suite::http::workers::crew(&manager, &again, "木工一班").await;
    let there = enrol(&manager, &again, vec![worker(1, &other_crew)]).await;
    assert_eq!(there["results"][0]["worker"], enrolled["results"][0]["worker"], "{there}");
    let index = |app: &App| app.ground.vault.index("id_number", &id_number(1));
    assert_eq!(index(&next), index(&app));
    // The old certificate key is still published, as retired; sessions have ended.
    let second = published(&next).await;
    assert_eq!(second.len(), 2);
    assert_eq!(second[1], first[0]);
    assert_eq!(second[0].0, "certificate-2");
    assert_ne!(second[0].1, first[0].1);
    let refresh = json!({"refresh_token": session["refresh_token"]});
    next.ask(actix_web::http::Method::POST, "/api/v1/sessions/refresh")
        .json(refresh)
        .send()
        .await
        .refuse(401, "not_authenticated");
    let bearer = format!("Bearer {}", session["access_token"].as_str().unwrap());
    next.get("/api/v1/me").header("Authorization", &bearer).send().await.refuse(401, "not_authenticated");
    // And once more, from there.
    let before = exported(&next);
    keys::rotate(&app.ground.db, NEXT, AFTER, app.ground.clock.now()).unwrap();
    wrong_key(next.restarted(NEXT, |_| ()));
    let last = app.restarted(AFTER, |_| ()).unwrap();
    assert_eq!((exported(&last), index(&last)), (before, index(&app)));
    let third = published(&last).await;
    assert_eq!(
        third.iter().map(|(kid, _)| kid.as_str()).collect::<Vec<_>>(),
        ["certificate-3", "certificate-1", "certificate-2"]
    );
    let authority = last.client(Role::LabourManager, ScopeOn::Everything);
    authority.post("/api/v1/projects", body).send().await.expect(201);
    assert_eq!(last.broken(), Vec::<String>::new());
});

both!(a_wrong_key_is_refused_at_the_start, |app| {
    wrong_key(app.restarted([1; 32], |_| ()));
    assert!(app.restarted(KEY, |_| ()).is_ok());
});
