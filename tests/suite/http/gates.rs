//! Gates: refusals with reasons, missing facts that never read as clear, the applicant's other projects, replay.

use anxin::gates::replay;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, Client, TestProject, fact, project};

async fn ask(client: &Client<'_>, gate: &str, body: Value) -> Value {
    client.post(&format!("/api/v1/gates/{gate}"), body).send().await.expect(200)
}

/// A project on which everything that a permit needs is recorded favourably.
async fn permitted(client: &Client<'_>, number: u32, region: &str) -> TestProject {
    let site = project(client, number, region).await;
    fact(client, &site, "2026-01-10", json!({"kind": "funds_commitment", "given": true})).await;
    fact(client, &site, "2026-01-10", json!({"kind": "funding", "government": false})).await;
    fact(client, &site, "2026-01-10", json!({"kind": "owner_money", "overdue": false, "amount": null, "led_to_arrears": false}))
        .await;
    let bond = json!({"kind": "payment_bond", "amount": "500000.00", "issuer": "测试银行", "ends_on": "2026-12-31"});
    fact(client, &site, "2026-01-10", bond).await;
    site
}

both!(a_permit_is_clear_only_when_every_fact_is_there, |app| {
    let manager = app.labour_manager();
    let bare = project(&manager, 1, "330784").await;
    let unknown = ask(&manager, "construction-permit", json!({"project": bare.id})).await;
    assert_eq!(unknown["verdict"], "unknown", "{unknown}");
    assert!(unknown["needs"].as_array().unwrap().contains(&json!("funds_commitment")), "{unknown}");
    let site = permitted(&manager, 2, "330784").await;
    let clear = ask(&manager, "construction-permit", json!({"project": site.id})).await;
    assert_eq!((clear["verdict"].as_str(), clear["cure"].as_array().map(Vec::len)), (Some("clear"), Some(0)), "{clear}");
    fact(&manager, &site, "2026-02-01", json!({"kind": "funds_commitment", "given": false})).await;
    let blocked = ask(&manager, "construction-permit", json!({"project": site.id})).await;
    assert_eq!((blocked["verdict"].as_str(), blocked["basis"].as_str()), (Some("blocked"), Some("national")), "{blocked}");
    assert!(blocked["rules"].as_array().unwrap().contains(&json!("RGATE-03")), "{blocked}");
    assert!(blocked["reasons"][0]["words"].is_string(), "the words of the article: {blocked}");
    // The same question about the day before the commitment was withdrawn has the old answer.
    let before = ask(&manager, "construction-permit", json!({"project": site.id, "as_of": "2026-01-31"})).await;
    assert_eq!(before["verdict"], "clear");
});

both!(a_bond_counts_to_its_last_day, |app| {
    let manager = app.labour_manager();
    let site = permitted(&manager, 1, "130000").await;
    for (day, verdict) in [("2026-12-31", "clear"), ("2027-01-01", "advise")] {
        let answer = ask(&manager, "construction-permit", json!({"project": site.id, "as_of": day})).await;
        assert_eq!(answer["verdict"], verdict, "{day}: {answer}");
    }
});

both!(a_month_without_a_sheet_on_another_project_keeps_a_permit_from_being_clear, |app| {
    let manager = app.labour_manager();
    let site = permitted(&manager, 1, "330784").await;
    let other = json!({"code": "T-OTHER", "name": "同一总包的另一项目", "region": "350500", "owner": site.owner,
        "general_contractor": site.general_contractor, "from_on": "2025-11-01"});
    let other = manager.post("/api/v1/projects", other).send().await.expect(201);
    let other = format!("/api/v1/projects/{}", other["id"].as_str().unwrap());
    let crew = json!({"name": "一班", "party": site.general_contractor, "from_on": "2025-11-01"});
    let crew = manager.post(&format!("{other}/crews"), crew).send().await.expect(201);
    let worker = json!({"items": [{"name": "测试甲", "id_number": "11999919900101032X", "crew": crew["id"], "trade": "240",
        "day_rate": "300.00", "entered_on": "2025-12-01"}]});
    manager.post(&format!("{other}/enrolments"), worker).send().await.expect(200);
    let answer = ask(&manager, "construction-permit", json!({"project": site.id})).await;
    assert_eq!(answer["verdict"], "unknown", "{answer}");
    assert!(answer["facts"]["arrears"]["keeper"].as_str().unwrap().contains("T-OTHER"), "the project is named: {answer}");
});

both!(work_that_was_seen_has_begun_whether_or_not_a_start_was_recorded, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "350500").await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "contract", "sum": "9990000.00", "period_months": "12"})).await;
    let state = |card: &Value, rule: &str| {
        let found = card["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule);
        found.map(|finding| finding["state"].as_str().unwrap().to_owned())
    };
    let path = format!("{}/card", site.path);
    let before = manager.get(&path).send().await.expect(200);
    assert_eq!(state(&before, "R724-34").as_deref(), Some("not_in_force"), "nobody works yet: {before}");
    let device = json!({"serial": "SEEN000000001", "project": site.id, "gate": "1号门", "direction": "by_state"});
    manager.post("/api/v1/devices", device).send().await.expect(200);
    let punches = "9001\t2026-02-27 07:58:03\t0\t15\n9001\t2026-02-27 17:31:00\t1\t15\n";
    let sent = app.ask(actix_web::http::Method::POST, "/iclock/cdata?SN=SEEN000000001&table=ATTLOG&Stamp=1");
    assert_eq!(sent.body("text/plain", punches).send().await.text().trim(), "OK: 2");
    let after = manager.get(&path).send().await.expect(200);
    assert_ne!(state(&after, "R724-34").as_deref(), Some("not_in_force"), "{after}");
    assert_eq!(state(&after, "R65-08").as_deref(), Some("not_known"), "work without a permit on record is not in order: {after}");
});

both!(a_number_is_not_quoted_back, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let body = json!({"items": [{"name": "测试甲", "id_number": 119999199001010012_u64}]});
    let answer = manager.post(&format!("{}/enrolments", site.path), body).send().await.expect(200);
    assert_eq!(answer["results"][0]["enrolment"], serde_json::Value::Null, "{answer}");
    assert!(!answer.to_string().contains("119999199001010012"), "{answer}");
    let whole = json!({"items": 119999199001010012_u64});
    let problem = manager.post(&format!("{}/enrolments", site.path), whole).send().await.refuse(422, "invalid");
    assert!(!problem.to_string().contains("119999199001010012"), "{problem}");
});

both!(a_day_before_anybody_took_part_is_no_clean_day, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let early = json!({"project": site.id, "as_of": "2020-01-01"});
    manager.post("/api/v1/gates/completion-acceptance", early).send().await.refuse(422, "invalid");
});

both!(foreign_projects_and_companies_look_like_none, |app| {
    let manager = app.labour_manager();
    let (here, there) = (project(&manager, 1, "330784").await, project(&manager, 2, "350500").await);
    let own = app.client(Role::LabourManager, ScopeOn::Organisation(here.general_contractor));
    let path = "/api/v1/gates/construction-permit";
    own.post(path, json!({"project": there.id})).send().await.refuse(404, "not_found");
    own.post(path, json!({"owner": there.owner, "region": "350500"})).send().await.refuse(404, "not_found");
    let answer = ask(&manager, "construction-permit", json!({"project": there.id})).await;
    own.get(&format!("/api/v1/gates/answers/{}", answer["id"].as_str().unwrap())).send().await.refuse(404, "not_found");
    own.post("/api/v1/gates/no-such-gate", json!({"project": here.id})).send().await.refuse(404, "not_found");
    own.post("/api/v1/gates/account-closing", json!({"region": "330784"})).send().await.refuse(422, "invalid");
});

fn stored(app: &App) -> replay::Replayed {
    app.read(replay::all).unwrap()
}

both!(answers_replay_and_a_rehearsal_is_not_kept, |app| {
    let manager = app.labour_manager();
    let site = permitted(&manager, 1, "330784").await;
    for gate in [
        "construction-permit",
        "completion-acceptance",
        "property-registration",
        "account-closing",
        "deposit-return",
        "new-project",
    ] {
        ask(&manager, gate, json!({"project": site.id})).await;
    }
    ask(&manager, "new-project?dry_run=true", json!({"project": site.id})).await;
    manager.post("/api/v1/gates/new-project?dry_run=1", json!({"project": site.id})).send().await.refuse(400, "malformed");
    let outcome = stored(&app);
    assert_eq!((outcome.replayed, outcome.differ.len()), (6, 0), "{outcome:?}");
    app.write(|tx, _| {
        use diesel::connection::SimpleConnection;
        Ok(tx.conn().batch_execute("UPDATE gate_answers SET answer = replace(answer, 'clear', 'blocked')")?)
    })
    .unwrap();
    assert!(!stored(&app).differ.is_empty());
    assert!(app.broken().iter().any(|line| line.starts_with("gate_answers")));
});

both!(amounts_beyond_any_project_are_refused, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    for (sum, status) in [("100000000000.00", 201), ("100000000000.01", 422), ("92233720368547758.07", 422)] {
        let body = json!({"valid_on": "2026-01-10", "document_id": null, "fact": {"kind": "contract", "sum": sum, "period_months": "12"}});
        assert_eq!(manager.post(&format!("{}/facts", site.path), body).send().await.status, status, "{sum}");
    }
});

both!(a_gate_machine_gets_a_length_and_no_compression, |app| {
    let answer = app.get("/iclock/getrequest?SN=UNKNOWN0001").header("Accept-Encoding", "gzip").send().await;
    assert_eq!((answer.status, answer.text().trim()), (200, "OK"));
    assert!(!answer.headers.contains_key("content-encoding"));
    let page = app.get("/").header("Accept-Encoding", "gzip").send().await;
    assert_eq!(page.headers.get("content-encoding").map(|value| value.as_bytes()), Some(b"gzip".as_slice()));
});
