//! What changes here after it was told, and what goes with it: passages stand once, entries and exits come in the order of the person, and
//! a contract's paper goes along.

use actix_web::http::Method;
use anxin::base::id::{DocumentId, RecordId};
use anxin::workers::Paper;
use anxin::workers::papers::sign_paper;
use serde_json::{Value, json};

use super::province::{APP_ID, Act, Province, SECRET};
use super::{Site, later, line, outgoing};
use crate::both;
use crate::suite::ground::id_number;
use crate::suite::http::attendance::attlog;
use crate::suite::http::realname::Chain;
use crate::suite::http::workers::{crew, enrol, worker};

/// Passages that the platform has, by time and direction.
fn passages(province: &Province) -> Vec<(String, String)> {
    let state = province.state();
    let of = state.rows.iter().filter(|(key, _)| key.starts_with("WorkerAttendance.Add"));
    let word = |row: &serde_json::Map<String, Value>, key: &str| row[key].as_str().unwrap().to_owned();
    of.map(|(_, (_, row))| (word(row, "date"), word(row, "direction"))).collect()
}

both!(a_passage_that_is_told_and_then_known_otherwise_stands_once_and_is_shown_as_a_difference, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (1, 1), json!({})).await;
    site.fill().await;
    site.run(2_000);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let told = passages(&province);
    assert_eq!(told, [("2026-02-27 07:00:01".to_owned(), "01".to_owned())]);
    // The same second comes again, as a way out.
    attlog(&app, "REPORT00001", "1001\t2026-02-27 07:00:01\t1\t15\t0\t0\t0\n").await;
    later(&app, 700);
    site.run(900);
    assert_eq!(passages(&province), told, "the protocol cannot change it, so it is not told again");
    let held = site.records("&kind=attendance").await;
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(held[0]["state"], "with_person");
    assert!(held[0]["reason"].as_str().unwrap().contains("没有更新接口"), "{held:?}");
    let differences = async || site.manager.get(&site.path("differences")).send().await.expect(200)["items"].clone();
    let shown = json!([{"field": "direction", "ours": "02", "theirs": "01"}]);
    assert_eq!(differences().await[0]["fields"], shown, "without asking the platform");
    let compare = async || {
        site.manager.post(&site.path("comparison"), json!({})).send().await.expect(200);
        site.run(100);
    };
    compare().await;
    assert_eq!(differences().await[0]["fields"], shown, "and after asking it");
    {
        let mut state = province.state();
        let key = state.rows.keys().find(|key| key.starts_with("WorkerAttendance.Add")).unwrap().clone();
        state.rows.get_mut(&key).unwrap().1.insert("direction".to_owned(), "02".into());
    }
    compare().await;
    assert_eq!(differences().await, json!([]), "set right by hand there");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(passages_that_an_earlier_version_told_are_not_told_again, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (2, 2), json!({})).await;
    site.fill().await;
    site.run(2_000);
    let told = passages(&province);
    assert_eq!(told.len(), 4);
    // Earlier versions named the direction in the key.
    app.write(|tx, _| {
        for (direction, hour) in [("01", "07"), ("02", "08")] {
            let like = format!(
                "UPDATE report_records SET key = key || ' {direction}' WHERE kind = 'attendance' AND key LIKE '% {hour}:%'"
            );
            diesel::RunQueryDsl::execute(diesel::sql_query(like), tx.conn()).unwrap();
        }
        Ok(())
    })
    .unwrap();
    later(&app, 700);
    site.run(900);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    assert_eq!(site.records("&kind=attendance").await.len(), 4);
    assert!(province.state().times.values().all(|times| *times == 1));
    let differences = site.manager.get(&site.path("differences")).send().await.expect(200);
    assert_eq!(differences["items"], json!([]));
});

both!(entries_and_exits_of_a_person_come_in_their_order_each_once, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (3, 0), json!({})).await;
    let shown = site.manager.get(&site.site.path).send().await.expect(200);
    let first = shown["crews"][0]["id"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned();
    let second = crew(&site.manager, &site.site, "木工班").await;
    let leave = async |number: u32, day: &str| {
        let roll = site.manager.get(&format!("{}/enrolments?limit=200", site.site.path)).send().await.expect(200);
        let name = format!("测试工人{number}");
        let rows = roll["items"].as_array().unwrap();
        let row =
            rows.iter().find(|row| row["name"] == name.as_str() && row["left_on"].is_null()).unwrap_or_else(|| panic!("{roll}"));
        let path = format!("{}/enrolments/{}/leave", site.site.path, row["id"].as_str().unwrap());
        site.manager.post(&path, json!({"left_on": day})).send().await.expect(200);
    };
    let back = async |number: u32, crew: &str, day: &str| {
        let mut item = worker(number, crew);
        item["entered_on"] = json!(day);
        let answer = enrol(&site.manager, &site.site, vec![item]).await;
        assert_eq!(answer["enrolled"], 1, "{answer}");
    };
    site.fill().await;
    // The entries are under way and their answer is lost when two leave and come back, one of them to the same crew.
    for _ in 0..200 {
        if province.state().adds.iter().any(|(method, _)| method == "ProjectWorker.Add") {
            break;
        }
        site.pass();
        later(&app, 10);
    }
    province.act(&[Act::TakeAndBreak, Act::Fail, Act::TakeAndFail, Act::Code("9999", "忙"), Act::TakeAndBreak]);
    site.run(60);
    leave(1, "2026-02-10").await;
    back(1, &first, "2026-02-10").await;
    leave(2, "2026-02-11").await;
    later(&app, 700);
    site.pass();
    back(2, &second, "2026-02-12").await;
    leave(2, "2026-02-20").await;
    back(2, &first, "2026-02-25").await;
    later(&app, 700);
    site.pass();
    site.fill().await;
    later(&app, 700);
    site.run(6_000);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let state = province.state();
    assert!(state.times.values().all(|times| *times == 1), "{:?}", state.times);
    let steps = |number: u32| -> Vec<String> {
        let of = state.entries.iter().filter(|(id, ..)| *id == id_number(number));
        of.map(|(_, date, way)| format!("{date} {way}")).collect()
    };
    assert_eq!(steps(1), ["2026-01-05 1", "2026-02-10 0", "2026-02-10 1"]);
    assert_eq!(steps(2), ["2026-01-05 1", "2026-02-11 0", "2026-02-12 1", "2026-02-20 0", "2026-02-25 1"]);
    assert_eq!(steps(3), ["2026-01-05 1"]);
});

/// What the platform has of contracts, by the number of the papers.
fn attachments(province: &Province, number: u32) -> Value {
    let state = province.state();
    let of = |key: &String| key.starts_with("WorkerContract.Add") && key.contains(&id_number(number));
    let (_, (_, row)) = state.rows.iter().find(|(key, _)| of(key)).unwrap();
    row.get("attachments").cloned().unwrap_or(Value::Null)
}

both!(the_paper_of_a_contract_goes_along_where_it_exists_and_fits, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (1, 0), json!({})).await;
    let crew = crew(&site.manager, &site.site, "木工班").await;
    let keep = async |bytes: Vec<u8>| {
        let path = format!("{}/documents?kind=work_paper", site.site.path);
        let kept = site.manager.ask(Method::POST, &path).body("application/pdf", bytes).send().await.expect(201);
        kept["id"].as_str().unwrap().to_owned()
    };
    let small = keep(b"%PDF-1.4 contract".to_vec()).await;
    let large = keep([b"%PDF-1.4 ".to_vec(), vec![b'x'; 1_000_001]].concat()).await;
    let mut people: Vec<Value> = (2..=3).map(|number| worker(number, &crew)).collect();
    people[0]["paper_document_id"] = json!(small);
    people[1]["paper_document_id"] = json!(large);
    enrol(&site.manager, &site.site, people).await;
    site.fill().await;
    site.run(2_000);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let sent = attachments(&province, 2);
    assert_eq!(sent[0]["data"], "JVBERi0xLjQgY29udHJhY3Q=", "{sent}");
    assert!(sent[0]["name"].is_string(), "{sent}");
    assert_eq!(attachments(&province, 3), Value::Null, "too large: the contract goes without it");
    assert_eq!(attachments(&province, 1), Value::Null);
    // A paper that comes after the contract was told changes nothing: the protocol takes a contract once.
    let roll = site.manager.get(&format!("{}/enrolments?limit=200", site.site.path)).send().await.expect(200);
    let first = roll["items"].as_array().unwrap().iter().find(|row| row["name"] == "测试工人1").unwrap().clone();
    let (enrolment, late): (RecordId, DocumentId) =
        (first["id"].as_str().unwrap().parse().unwrap(), keep(b"%PDF-1.4 late".to_vec()).await.parse().unwrap());
    let project = site.site.id;
    app.write(move |tx, ctx| {
        let site = anxin::projects::enter(tx.conn(), &ctx.scope, project)?;
        sign_paper(tx, ctx, &site, enrolment, Paper::LabourContract, Some(late))
    })
    .unwrap();
    later(&app, 700);
    site.run(300);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("&kind=contract").await);
    assert!(province.state().times.values().all(|times| *times == 1));
});

both!(attachments_of_a_contract_that_came_by_an_upload_go_on_to_the_next_platform, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let chain = Chain::begin(&app, 62).await;
    chain.enter(&[1], "2026-01-10").await;
    let papers = json!([{"name": "合同.jpg", "data": "/9j/4AAQSkZJRgABAQ=="}]);
    let mut contract = chain.papers(1);
    for (key, value) in [
        ("corpCode", chain.head["corpCode"].clone()),
        ("corpName", chain.head["corpName"].clone()),
        ("contractPeriodType", json!(0)),
        ("startDate", json!("2026-01-10")),
        ("endDate", json!("2026-12-31")),
        ("attachments", papers.clone()),
    ] {
        contract[key] = value;
    }
    let message = json!({"projectCode": chain.code, "contractList": [contract]});
    assert_eq!(chain.up.add("WorkerContract.Add", &message).await.0, "20");
    let manager = app.labour_manager();
    let path = format!("/api/v1/projects/{}/report-platforms", chain.id);
    let body =
        json!({"name": "测试省平台", "address": province.address, "app_id": APP_ID, "secret": SECRET, "from_on": "2026-01-01"});
    manager.post(&path, body).send().await.expect(201);
    for _ in 0..200 {
        anxin::app::reporter::pass(&app.ground, &line(&app)).unwrap();
        later(&app, 10);
    }
    assert_eq!(attachments(&province, 1), papers, "as they were sent");
});
