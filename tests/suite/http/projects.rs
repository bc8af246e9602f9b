//! Parties, projects, dated facts, papers.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use crate::both;
use crate::suite::ground::{fact, party, project, uscc};

both!(a_party_stands_once, |app| {
    let manager = app.labour_manager();
    let first = party(&manager, 1, "测试建设集团").await;
    assert_eq!(party(&manager, 1, "测试建设集团").await, first, "the same again is the same");
    let other = json!({"uscc": uscc(1), "name": "别的名字", "kind": "enterprise"});
    manager.post("/api/v1/parties", other).send().await.refuse(409, "conflict");
    let wrong = json!({"uscc": "91119999MA00000070", "name": "测试", "kind": "enterprise"});
    let problem = manager.post("/api/v1/parties", wrong).send().await.refuse(422, "invalid");
    assert_eq!(problem["errors"][0]["place"], "uscc");
});

both!(unknown_fields_and_odd_bodies_are_refused_with_their_place, |app| {
    let manager = app.labour_manager();
    let body = json!({"uscc": uscc(1), "name": "测试", "kind": "enterprise", "nmae": "x"});
    let problem = manager.post("/api/v1/parties", body).send().await.refuse(422, "invalid");
    assert!(problem["detail_en"].as_str().unwrap().contains("nmae"));
    let cut = manager.ask(Method::POST, "/api/v1/parties").body("application/json", "{\"uscc\":").send().await;
    cut.refuse(400, "malformed");
    let text = manager.ask(Method::POST, "/api/v1/parties").body("text/plain", "x").send().await;
    text.refuse(415, "unsupported_media");
    manager.get("/api/v1/parties?after=odd").send().await.refuse(400, "malformed");
    manager.get("/api/v1/projects/not-an-id").send().await.refuse(404, "not_found");
});

both!(a_nul_is_refused_on_both_databases, |app| {
    let manager = app.labour_manager();
    let body = format!(r#"{{"uscc":"{}","name":"a\u0000b","kind":"enterprise"}}"#, uscc(1));
    let answer = manager.ask(Method::POST, "/api/v1/parties").body("application/json", body).send().await;
    answer.refuse(400, "malformed");
});

both!(a_rehearsal_answers_and_keeps_nothing, |app| {
    let manager = app.labour_manager();
    let body = json!({"uscc": uscc(1), "name": "测试", "kind": "enterprise"});
    manager.post("/api/v1/parties?dry_run=true", body).send().await.expect(200);
    let list = manager.get(&format!("/api/v1/parties?uscc={}", uscc(1))).send().await.expect(200);
    assert_eq!(list["items"], json!([]));
});

both!(facts_are_dated_and_a_correction_is_a_later_fact, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    fact(&manager, &site, "2026-01-10", json!({"kind": "pay_day", "day": 10})).await;
    fact(&manager, &site, "2026-02-10", json!({"kind": "pay_day", "day": 15})).await;
    fact(&manager, &site, "2026-01-10", json!({"kind": "pay_day", "day": 12})).await;
    let view = manager.get(&site.path).send().await.expect(200);
    assert_eq!(view["facts"][0]["fact"]["day"], 15);
    let history = manager.get(&format!("{}/facts", site.path)).send().await.expect(200);
    assert_eq!(history.as_array().unwrap().len(), 3, "nothing was edited");
    let ahead = json!({"valid_on": "2026-03-03", "fact": {"kind": "finished"}, "document_id": null});
    manager.post(&format!("{}/facts", site.path), ahead).send().await.refuse(422, "invalid");
    let long = json!({"valid_on": "2026-03-01", "document_id": null,
        "fact": {"kind": "labour_cost", "share": "0.2", "monthly": null, "transfer_day": 10, "cycle_months": "2"}});
    manager.post(&format!("{}/facts", site.path), long).send().await.refuse(422, "invalid");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_foreign_project_looks_like_none, |app| {
    let manager = app.labour_manager();
    let here = project(&manager, 1, "330784").await;
    let there = project(&manager, 2, "350500").await;
    let contractor = app.client(Role::LabourManager, ScopeOn::Organisation(here.general_contractor));
    contractor.get(&here.path).send().await.expect(200);
    contractor.get(&there.path).send().await.refuse(404, "not_found");
    let list = contractor.get("/api/v1/projects").send().await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let county = app.client(Role::LabourAuthority, ScopeOn::Region("350000".parse().unwrap()));
    county.get(&there.path).send().await.expect(200);
    county.get(&here.path).send().await.refuse(404, "not_found");
    let list = county.get("/api/v1/projects").send().await.expect(200);
    assert_eq!(list["items"][0]["id"], there.id.to_string());
});

both!(papers_are_kept_encrypted_and_come_back_as_they_were, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let path = format!("{}/documents?kind=account_agreement", site.path);
    let kept = manager.ask(Method::POST, &path).body("application/pdf", "%PDF-1.4 三方协议").send().await.expect(201);
    let back = manager.get(&format!("{}/documents/{}", site.path, kept["id"].as_str().unwrap())).send().await;
    assert_eq!(back.bytes, "%PDF-1.4 三方协议".as_bytes());
    assert_eq!(back.headers.get("content-disposition").unwrap(), "attachment");
    manager.ask(Method::POST, &path).body("text/html", "<script>").send().await.refuse(415, "unsupported_media");
    let stored: Vec<u8> = app.read(|conn, _| Ok(anxin::documents::table::all(conn)?.remove(0).body)).unwrap();
    assert!(!stored.windows(4).any(|window| window == b"%PDF"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(pages_follow_each_other_without_gaps, |app| {
    let manager = app.labour_manager();
    for number in 1..=5 {
        party(&manager, number, &format!("单位{number}")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/parties?limit=2".to_owned();
    loop {
        let page = manager.get(&path).send().await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/parties?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["单位1", "单位2", "单位3", "单位4", "单位5"]);
});
