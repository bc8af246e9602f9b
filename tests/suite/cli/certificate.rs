//! `certificate verify`: offline, by text and published keys alone.

use anxin::app::clock::SystemClock;
use anxin::base::Clock;
use serde_json::json;

use super::Folder;
use crate::suite::ground::{App, project};

/// The certificate of a question asked so many days before the real today.
async fn certificate(app: &App, number: u32, days_ago: i64) -> String {
    app.clock.set(&SystemClock.now().plus_seconds(-days_ago * 86_400).to_string());
    let client = app.labour_manager();
    let site = project(&client, number, "330784").await;
    let asked = client.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200);
    let path = format!("/api/v1/gates/answers/{}/certificate", asked["id"].as_str().unwrap());
    client.post(&path, json!({})).send().await.expect(201)["signed"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_certificate_holds_a_forged_and_an_old_one_do_not() {
    let (app, folder) = (App::on_sqlite(), Folder::new());
    let good = certificate(&app, 1, 0).await;
    folder.write("good.jws", &good);
    folder.write("old.jws", certificate(&app, 2, 8).await);
    let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
    let middle = parts[1].len() / 2;
    let letter = if parts[1].as_bytes()[middle] == b'A' { "B" } else { "A" };
    parts[1].replace_range(middle..=middle, letter);
    folder.write("forged.jws", parts.join("."));
    folder.write("keys.json", app.get("/.well-known/jwks.json").send().await.text());
    folder.write("none.json", r#"{"keys": []}"#);
    let verify = |file: &str, keys: &str| folder.run(&["certificate", "verify", file, "--jwks", keys]);
    let ran = verify("good.jws", "keys.json").ends(0);
    assert!(ran.last().starts_with("valid: completion_acceptance unknown as of "), "{}", ran.out);
    assert!(ran.out.contains("测试项目1"), "{}", ran.out);
    for (file, keys, why) in [
        ("old.jws", "keys.json", "expired"),
        ("forged.jws", "keys.json", "changed or forged"),
        ("good.jws", "none.json", "not among the published"),
        ("keys.json", "keys.json", "not a certificate"),
    ] {
        let ran = verify(file, keys).ends(1);
        assert!(ran.last().starts_with("refused: ") && ran.last().contains(why), "{file}: {}", ran.out);
    }
    verify("good.jws", "good.jws").ends(2);
    verify("nowhere.jws", "keys.json").ends(2);
}
