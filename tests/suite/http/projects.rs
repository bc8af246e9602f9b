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

both!(a_company_that_left_acts_no_more_and_its_past_stays_readable, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let sub = party(&manager, 7, "测试分包单位7").await;
    let parties = format!("{}/parties", site.path);
    let joined = json!({"party": sub, "role": "subcontractor", "under": site.general_contractor, "from_on": "2026-01-05"});
    let joined = manager.post(&parties, joined).send().await.expect(201);
    let end = format!("{parties}/{}/end", joined["id"].as_str().unwrap());
    let crew = json!({"name": "分包一班", "party": sub, "from_on": "2026-01-05"});
    let crew = manager.post(&format!("{}/crews", site.path), crew).send().await.expect(201);
    let worker = crate::suite::http::workers::worker(1, crew["id"].as_str().unwrap());
    let enrolled = crate::suite::http::workers::enrol(&manager, &site, vec![worker]).await;
    let theirs = app.client(Role::LabourManager, ScopeOn::Organisation(sub));
    theirs.get(&site.path).send().await.expect(200);
    app.clock.set("2026-03-05T09:00:00+08:00");
    let said = json!({"ended_on": "2026-03-04", "reason": "分包合同履行完毕"});
    let people = manager.post(&end, said.clone()).send().await.refuse(409, "conflict");
    assert!(people["detail"].as_str().unwrap().contains("1 人"), "{people}");
    let enrolment = enrolled["results"][0]["enrolment"]["id"].as_str().unwrap();
    let leave = format!("{}/enrolments/{enrolment}/leave", site.path);
    manager.post(&leave, json!({"left_on": "2026-03-04"})).send().await.expect(200);
    for (body, place) in [
        (json!({"ended_on": "2026-01-04", "reason": "早于进场"}), "ended_on"),
        (json!({"ended_on": "2026-03-06", "reason": "晚于今天"}), "ended_on"),
        (json!({"ended_on": "2026-03-04", "reason": " "}), "reason"),
    ] {
        let told = manager.post(&end, body).send().await.refuse(422, "invalid");
        assert_eq!(told["errors"][0]["place"], place, "{told}");
    }
    let ended = manager.post(&end, said.clone()).send().await.expect(201);
    assert_eq!((&ended["ended_on"], &ended["reason"]), (&json!("2026-03-04"), &json!("分包合同履行完毕")));
    manager.post(&end, said).send().await.refuse(409, "conflict");
    // Its people neither act nor see what comes after.
    theirs.get(&site.path).send().await.refuse(404, "not_found");
    let fact = json!({"valid_on": "2026-03-05", "fact": {"kind": "pay_day", "day": 15}, "document_id": null});
    theirs.post(&format!("{}/facts", site.path), fact).send().await.refuse(404, "not_found");
    assert_eq!(theirs.get("/api/v1/projects").send().await.expect(200)["items"], json!([]));
    // What was on record until then they read as it was.
    let then = theirs.get(&format!("{}?known_at=2026-03-04", site.path)).send().await.expect(200);
    assert_eq!(then["ends"], json!([]), "{then}");
    // The history stays, with the last day and the reason; its crew's row still names it, and no new crew is made of it.
    let view = manager.get(&site.path).send().await.expect(200);
    let row = view["parties"].as_array().unwrap().iter().find(|row| row["id"] == joined["id"]).unwrap();
    assert_eq!((&row["from_on"], &row["until_on"]), (&json!("2026-01-05"), &json!("2026-03-04")));
    let crew = json!({"name": "分包二班", "party": sub});
    manager.post(&format!("{}/crews", site.path), crew).send().await.refuse(422, "invalid");
    // A project keeps an owner and a general contractor.
    let contractor = view["parties"].as_array().unwrap().iter().find(|row| row["role"] == "general_contractor").unwrap();
    let last = format!("{parties}/{}/end", contractor["id"].as_str().unwrap());
    manager.post(&last, json!({"reason": "更换总包"})).send().await.refuse(409, "conflict");
    // Who comes again joins again.
    manager.post(&parties, json!({"party": sub, "role": "subcontractor"})).send().await.expect(201);
    theirs.get(&site.path).send().await.expect(200);
    assert_eq!(app.broken(), Vec::<String>::new());
});
