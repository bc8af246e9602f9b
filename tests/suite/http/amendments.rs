//! Changes of law: faults told and nothing kept, two persons, one at a time, in force at once and after a restart.

use std::sync::Arc;

use actix_web::http::Method;
use anxin::amendments::actions as amendments;
use anxin::app::config::{self, LoadedBook};
use anxin::gates;
use anxin::law::LawBook;
use anxin::store::StoreError;
use anxin::web::{Ctx, Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, Client, project};

const REGION: &str = "law/regions/330784.toml";

fn admin(app: &App) -> Client<'_> {
    app.client(Role::Administrator, ScopeOn::Everything)
}

async fn text_of(client: &Client<'_>, file: &str) -> (i64, String) {
    let shown = client.get(&format!("/api/v1/law-files?file={file}")).send().await.expect(200);
    (shown["active"].as_i64().unwrap(), shown["wording"].as_str().unwrap().to_owned())
}

fn file_change(kind: &str, file: &str, wording: &str, seen: i64) -> Value {
    json!({"kind": kind, "file": file, "wording": wording, "policy": null, "reason": "测试", "document": "测试文件一号", "seen": seen})
}

fn policy(permit: bool, completion: bool, seen: i64) -> Value {
    json!({
        "kind": "policy", "file": null, "wording": null, "policy": {"permit_gate": permit, "completion_gate": completion},
        "reason": "测试", "document": "运营方会议纪要", "seen": seen,
    })
}

fn path(proposal: &Value, verb: &str) -> String {
    format!("/api/v1/amendments/{}/{verb}", proposal["id"].as_str().unwrap())
}

/// Proposes that the first rule of the region that is true becomes false.
pub async fn propose(client: &Client<'_>) -> Value {
    let (seen, text) = text_of(client, REGION).await;
    let wording = text.replacen("value = true", "value = false", 1);
    client.post("/api/v1/amendments", file_change("region", REGION, &wording, seen)).send().await.expect(201)
}

both!(a_second_person_puts_a_change_in_force_at_once, |app| {
    let (first, second) = (admin(&app), app.authority());
    let before = app.ground.book().hash().to_owned();
    let proposal = propose(&first).await;
    assert_eq!((&proposal["state"], &proposal["region"]), (&json!("proposed"), &json!("330784")));
    let changes = proposal["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{proposal}");
    assert_eq!(changes[0]["turn"], "changed");
    assert!(changes[0]["entry"].as_str().unwrap().contains("330784"));
    assert_eq!(app.ground.book().hash(), before, "a proposal changes nothing yet");
    let approve = path(&proposal, "approve");
    first.post(&approve, json!({})).send().await.refuse(403, "not_allowed");
    app.client(Role::LabourManager, ScopeOn::Everything).post(&approve, json!({})).send().await.refuse(403, "not_allowed");
    let done = second.post(&approve, json!({"note": "已核对原文"})).send().await.expect(200);
    assert_eq!((&done["state"], &done["activation"]), (&json!("approved"), &json!(1)));
    assert_eq!(app.ground.book().hash(), done["law_book"].as_str().unwrap());
    assert_ne!(app.ground.book().hash(), before);
    second.post(&approve, json!({})).send().await.refuse(409, "conflict");
    first.post(&path(&proposal, "withdraw"), json!({})).send().await.refuse(409, "conflict");
    let shown = second.get(path(&proposal, "").trim_end_matches('/')).send().await.expect(200);
    assert!(shown["wording"].as_str().unwrap().contains("value = false"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(faulty_law_is_told_by_file_and_line_and_nothing_is_kept, |app| {
    let first = admin(&app);
    let (seen, text) = text_of(&first, REGION).await;
    let faulty = text.replacen("unit = \"truth\"", "unit = \"bushel\"", 1) + "\nodd = 1\n";
    let told = first.post("/api/v1/amendments", file_change("region", REGION, &faulty, seen)).send().await.refuse(422, "invalid");
    let faults = told["errors"].as_array().unwrap();
    assert!(faults.iter().any(|one| one["place"].as_str().unwrap().starts_with("law/regions/330784.toml:")), "{told}");
    assert!(faults.len() >= 2, "every fault is told: {told}");
    for (kind, file, wording) in [
        ("region", REGION, text.as_str()),
        ("law", REGION, "region = 1"),
        ("law", "service.toml", "x = 1"),
        ("law", "law/parameters/../../service.toml", "x = 1"),
        ("law", "law/rules.toml", ""),
    ] {
        first.post("/api/v1/amendments", file_change(kind, file, wording, seen)).send().await.refuse(422, "invalid");
    }
    first.post("/api/v1/amendments", file_change("region", REGION, &faulty, 7)).send().await.refuse(409, "conflict");
    assert_eq!(first.get("/api/v1/amendments").send().await.expect(200)["items"], json!([]));
    let rehearsed = text.replacen("value = true", "value = false", 1);
    first.post("/api/v1/amendments?dry_run=true", file_change("region", REGION, &rehearsed, seen)).send().await.expect(200);
    assert_eq!(first.get("/api/v1/amendments").send().await.expect(200)["items"], json!([]));
});

both!(what_was_proposed_over_an_older_law_cannot_be_approved, |app| {
    let (first, second) = (admin(&app), app.authority());
    let (older, newer) =
        (propose(&first).await, first.post("/api/v1/amendments", policy(false, true, 0)).send().await.expect(201));
    second.post(&path(&newer, "approve"), json!({})).send().await.expect(200);
    let refused = second.post(&path(&older, "approve"), json!({})).send().await.refuse(409, "conflict");
    assert_eq!(refused["errors"][0]["reason"], "outdated");
    first.post(&path(&older, "reject"), json!({"note": "不"})).send().await.refuse(403, "not_allowed");
    second.post(&path(&older, "reject"), json!({"note": ""})).send().await.refuse(422, "invalid");
    let taken = first.post(&path(&older, "withdraw"), json!({"note": "重新提出"})).send().await.expect(200);
    assert_eq!(taken["state"], "withdrawn");
    let again = propose(&first).await;
    assert_eq!(again["seen"], 1);
    let turned = second.post(&path(&again, "reject"), json!({"note": "原文未见"})).send().await.expect(200);
    assert_eq!((&turned["state"], &turned["activation"]), (&json!("rejected"), &Value::Null));
    assert_eq!(app.ground.in_force().activation, 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(of_two_approvals_at_once_one_wins, |app| {
    let (first, second, third) = (admin(&app), app.authority(), admin(&app));
    let (one, other) =
        (propose(&first).await, first.post("/api/v1/amendments", policy(false, false, 0)).send().await.expect(201));
    let (approve_one, approve_other) = (path(&one, "approve"), path(&other, "approve"));
    let (a, b, c) = futures_util::future::join3(
        second.post(&approve_one, json!({})).send(),
        third.post(&approve_one, json!({})).send(),
        second.post(&approve_other, json!({})).send(),
    )
    .await;
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
    assert_eq!(app.ground.in_force().activation, 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_policy_is_live_and_answers_given_before_still_replay, |app| {
    let (first, second) = (admin(&app), app.authority());
    let site = project(&app.labour_manager(), 1, "330784").await;
    let ask = json!({"project": site.id, "owner": null, "general_contractor": null, "region": null, "as_of": null});
    let gate = "/api/v1/gates/completion-acceptance";
    let before = second.post(gate, ask.clone()).send().await.expect(200);
    let proposal = first.post("/api/v1/amendments", policy(false, false, 0)).send().await.expect(201);
    assert_eq!(proposal["changes"].as_array().unwrap().len(), 2);
    second.post(&path(&proposal, "approve"), json!({})).send().await.expect(200);
    assert!(!app.ground.policy().permit_gate && !app.ground.policy().completion_gate);
    let changed = propose(&first).await;
    second.post(&path(&changed, "approve"), json!({})).send().await.expect(200);
    let after = second.post(gate, ask).send().await.expect(200);
    assert_ne!(before["law_book"], after["law_book"]);
    let ctx = Ctx::of_the_house(&app.ground, "test");
    let replayed = app.ground.db.read_blocking(|conn| gates::replay::all(conn, &ctx)).unwrap();
    assert_eq!((replayed.replayed, replayed.differ), (2, Vec::new()));
});

both!(another_instance_and_a_restart_follow, |app| {
    let law = config::law_book(None).unwrap();
    let other = app.again(&law);
    let (first, second) = (admin(&app), app.authority());
    let (one, two) = (propose(&first).await, policy(true, false, 1));
    second.post(&path(&one, "approve"), json!({})).send().await.expect(200);
    let two = first.post("/api/v1/amendments", two).send().await.expect(201);
    second.post(&path(&two, "approve"), json!({})).send().await.expect(200);
    assert_eq!(other.ground.in_force().activation, 0);
    assert!(amendments::refresh(&other.ground).unwrap(), "the worker's look");
    assert!(!amendments::refresh(&other.ground).unwrap(), "nothing new");
    let restarted = app.again(&law);
    for instance in [&other, &restarted] {
        assert_eq!(instance.ground.book().hash(), app.ground.book().hash());
        assert_eq!((instance.ground.in_force().activation, instance.ground.policy().completion_gate), (2, false));
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

fn law_with(change: impl Fn(&str, &str) -> String) -> LoadedBook {
    let files: Vec<(String, String)> = anxin::law::embedded_files()
        .into_iter()
        .map(|(path, text)| {
            let text = change(&path, &text);
            (path, text)
        })
        .collect();
    LoadedBook { book: Arc::new(LawBook::from_files(files.clone()).unwrap()), files: Arc::new(files) }
}

both!(after_an_upgrade_of_the_files_the_amendment_wins, |app| {
    let (first, second) = (admin(&app), app.authority());
    let one = propose(&first).await;
    second.post(&path(&one, "approve"), json!({})).send().await.expect(200);
    let (_, amended) = text_of(&first, REGION).await;
    // The release brings another text of the amended file and a new calendar year that stands beside it.
    let upgraded = app.again(&law_with(|path, text| match path {
        REGION => text.replace("永康市", "永康"),
        "law/regions/330000.toml" => format!("{text}\n# another remark\n"),
        _ => text.to_owned(),
    }));
    let files = &upgraded.ground.in_force().files;
    assert_eq!(files.iter().find(|(name, _)| name == REGION).unwrap().1, amended);
    assert!(files.iter().any(|(name, text)| name == "law/regions/330000.toml" && text.contains("another remark")));
    // What was proposed before the upgrade gives another book now and is proposed again.
    let stale = first.post("/api/v1/amendments", policy(false, false, 1)).send().await.expect(201);
    let other_law = app.again(&law_with(|path, text| match path {
        "law/regions/330000.toml" => text.replacen("value = true", "value = false", 1),
        _ => text.to_owned(),
    }));
    second.at(&other_law).post(&path(&stale, "approve"), json!({})).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
    let ok: Result<bool, StoreError> = amendments::refresh(&upgraded.ground);
    assert!(!ok.unwrap());
});

both!(a_region_is_its_own_administrators_matter, |app| {
    let at = |code: &str| ScopeOn::Region(code.parse().unwrap());
    let (here, there) = (app.client(Role::Administrator, at("330784")), app.client(Role::Administrator, at("330100")));
    let judge = app.client(Role::LabourAuthority, at("330700"));
    let proposal = propose(&here).await;
    let own = path(&proposal, "").trim_end_matches('/').to_owned();
    judge.get(&own).send().await.expect(200);
    there.get(&own).send().await.refuse(404, "not_found");
    there.post(&path(&proposal, "approve"), json!({})).send().await.refuse(404, "not_found");
    assert_eq!(there.get("/api/v1/amendments").send().await.expect(200)["items"], json!([]));
    there.get(&format!("/api/v1/law-files?file={REGION}")).send().await.refuse(404, "not_found");
    let (seen, text) = text_of(&here, "law/parameters/deposit.toml").await;
    here.post("/api/v1/amendments", file_change("law", "law/parameters/deposit.toml", &format!("{text}\n#x\n"), seen))
        .send()
        .await
        .refuse(422, "invalid");
    here.post("/api/v1/amendments", policy(false, false, seen)).send().await.refuse(403, "not_allowed");
    judge.post(&path(&proposal, "approve"), json!({})).send().await.expect(200);
    let ended = judge.ask(Method::POST, &path(&proposal, "withdraw")).json(json!({})).send().await;
    ended.refuse(403, "not_allowed");
});
