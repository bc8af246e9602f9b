//! Workers on a project: enrolling in batches, masked numbers, leaving, dated terms.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, Client, TestProject, card, id_number, project};

/// Adds a crew of the general contractor and gives its id.
pub async fn crew(client: &Client<'_>, site: &TestProject, name: &str) -> String {
    let body = json!({"name": name, "party": site.general_contractor, "from_on": "2025-12-01"});
    let answer = client.post(&format!("{}/crews", site.path), body).send().await.expect(201);
    answer["id"].as_str().unwrap().to_owned()
}

/// A worker as handed in.
pub fn worker(number: u32, crew: &str) -> Value {
    json!({
        "name": format!("测试工人{number}"), "id_number": id_number(number), "phone": "13900000000", "crew": crew, "trade": "钢筋工",
        "pin": format!("{}", 1000 + number), "paper": "labour_contract", "safety_trained": true, "card": card(number),
        "bank_name": "测试银行", "day_rate": "320.00", "entered_on": "2026-01-05",
    })
}

/// Enrols workers and gives the answers.
pub async fn enrol(client: &Client<'_>, site: &TestProject, items: Vec<Value>) -> Value {
    client.post(&format!("{}/enrolments", site.path), json!({"items": items})).send().await.expect(200)
}

fn changed(mut item: Value, field: &str, value: Value) -> Value {
    item[field] = value;
    item
}

async fn ground<'a>(app: &'a App, number: u32) -> (Client<'a>, TestProject, String) {
    let manager = app.labour_manager();
    let site = project(&manager, number, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    (manager, site, crew)
}

both!(a_batch_keeps_its_good_rows_and_says_what_is_wrong_with_the_others, |app| {
    let (manager, site, crew) = ground(&app, 1).await;
    let items = vec![
        worker(1, &crew),
        changed(worker(2, &crew), "id_number", json!("119999199001010013")),
        changed(worker(3, &crew), "crew", json!("crw-0000000000001")),
        worker(1, &crew),
        changed(worker(4, &crew), "pin", json!("1001")),
        changed(worker(5, &crew), "entered_on", json!("2026-03-03")),
        changed(changed(worker(6, &crew), "id_number", json!(id_number(1))), "pin", Value::Null),
        changed(worker(7, &crew), "card", json!("12")),
        worker(8, &crew),
    ];
    let answer = enrol(&manager, &site, items).await;
    assert_eq!((answer["enrolled"].as_u64(), answer["refused"].as_u64()), (Some(2), Some(7)), "{answer}");
    let reasons: Vec<&str> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["errors"][0]["place"].as_str().unwrap_or("kept"))
        .collect();
    assert_eq!(reasons, ["kept", "id_number", "crew", "id_number", "pin", "entered_on", "name", "card", "kept"]);
    assert!(!answer.to_string().contains("119999199001010013"), "no refusal repeats a number");
    // Every fault of an item is told at once.
    let wrong = changed(changed(changed(worker(9, &crew), "id_number", json!("1")), "phone", json!("x")), "card", json!("12"));
    let told = enrol(&manager, &site, vec![wrong]).await;
    let places: Vec<&Value> = told["results"][0]["errors"].as_array().unwrap().iter().map(|fault| &fault["place"]).collect();
    assert_eq!(places, ["id_number", "phone", "card"], "{told}");
    let list = manager.get(&format!("{}/enrolments", site.path)).send().await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_is_odd_is_a_warning_and_stands, |app| {
    let (manager, site, crew_here) = ground(&app, 1).await;
    let there = project(&manager, 2, "330784").await;
    let crew_there = crew(&manager, &there, "木工一班").await;
    enrol(&manager, &there, vec![worker(1, &crew_there)]).await;
    let mut odd = worker(1, &crew_here);
    odd["paper"] = json!("none");
    odd["safety_trained"] = json!(false);
    odd["card"] = json!("6219999999999999995");
    let stranger_card = changed(worker(2, &crew_here), "card", json!(card(1)));
    let no_card = changed(worker(3, &crew_here), "card", Value::Null);
    let answer = enrol(&manager, &site, vec![odd, stranger_card, no_card]).await;
    let codes = |place: usize| -> Vec<String> {
        let warnings = answer["results"][place]["warnings"].as_array().unwrap();
        warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(0), ["active_elsewhere", "no_paper", "not_trained", "card_check_fails"]);
    assert_eq!(codes(1), ["card_of_another"]);
    assert_eq!(codes(2), ["no_card"]);
});

both!(numbers_are_masked_encrypted_and_unmasked_only_on_record, |app| {
    let (manager, site, crew) = ground(&app, 1).await;
    let answer = enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let view = &answer["results"][0]["enrolment"];
    let plain = id_number(1);
    assert_eq!(view["id_number"], format!("119999********{}", &plain[14..]));
    assert!(!answer.to_string().contains(&card(1)) && !answer.to_string().contains("13900000000"));
    let stored: Vec<u8> = app.read(|conn, _| Ok(anxin::workers::table::all_workers(conn)?.remove(0).id_number)).unwrap();
    assert!(!stored.windows(18).any(|window| window == plain.as_bytes()));
    let path = format!("{}/enrolments/{}/unmask", site.path, view["id"].as_str().unwrap());
    let ask = |field: &str, purpose: &str| json!({"field": field, "purpose": purpose});
    manager.post(&path, ask("id_number", " ")).send().await.refuse(422, "invalid");
    manager.post(&format!("{path}?dry_run=true"), ask("id_number", "核对身份证")).send().await.refuse(422, "invalid");
    for (field, value) in [("id_number", plain), ("card", card(1)), ("phone", "13900000000".into()), ("pin", "1001".into())] {
        let shown = manager.post(&path, ask(field, "核对工资卡")).send().await.expect(200);
        assert_eq!(shown["value"], value);
    }
    let sub = app.client(Role::Subcontractor, ScopeOn::Everything);
    sub.post(&path, ask("card", "核对工资卡")).send().await.refuse(403, "not_allowed");
    let records = app.read(|conn, _| Ok(anxin::users::table::all_unmaskings(conn)?)).unwrap();
    assert_eq!(records.len(), 4);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(terms_are_dated_and_a_late_correction_leaves_later_terms, |app| {
    let (manager, site, crew) = ground(&app, 1).await;
    let answer = enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let path = format!("{}/enrolments/{}", site.path, answer["results"][0]["enrolment"]["id"].as_str().unwrap());
    let terms = format!("{path}/terms");
    let now = manager.post(&terms, json!({"valid_on": "2026-02-01", "day_rate": "350.00"})).send().await.expect(200);
    assert_eq!(now["view"]["day_rate"], "350.00");
    let late = manager.post(&terms, json!({"valid_on": "2026-01-15", "day_rate": "330.00", "card": card(9)})).send().await;
    assert_eq!(late.expect(200)["view"]["day_rate"], "350.00", "what came later by day still holds");
    manager.post(&terms, json!({"valid_on": "2026-01-04", "day_rate": "1.00"})).send().await.refuse(422, "invalid");
    manager.post(&terms, json!({"valid_on": "2026-03-03", "day_rate": "1.00"})).send().await.refuse(422, "invalid");
    manager.post(&terms, json!({})).send().await.refuse(422, "invalid");
    manager.post(&terms, json!({"day_rate": "-1.00"})).send().await.refuse(422, "invalid");
    let history = manager.get(&path).send().await.expect(200);
    let kinds: Vec<&str> = history["history"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["entered", "terms", "terms"]);
    assert_eq!(history["history"][1]["day_rate"], "330.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(who_has_left_may_come_back_and_their_number_may_go_to_another, |app| {
    let (manager, site, crew) = ground(&app, 1).await;
    let answer = enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let leave = format!("{}/enrolments/{}/leave", site.path, answer["results"][0]["enrolment"]["id"].as_str().unwrap());
    manager.post(&leave, json!({"left_on": "2026-01-04"})).send().await.refuse(422, "invalid");
    manager.post(&leave, json!({"left_on": "2026-03-03"})).send().await.refuse(422, "invalid");
    manager.post(&leave, json!({"left_on": "2026-02-20"})).send().await.expect(200);
    manager.post(&leave, json!({"left_on": "2026-02-20"})).send().await.refuse(409, "conflict");
    let other = changed(worker(2, &crew), "pin", json!("1001"));
    let back = changed(changed(worker(1, &crew), "pin", Value::Null), "entered_on", json!("2026-02-25"));
    let answer = enrol(&manager, &site, vec![other, back]).await;
    assert_eq!(answer["enrolled"], 2, "{answer}");
    let active = manager.get(&format!("{}/enrolments?active=true", site.path)).send().await.expect(200);
    assert_eq!(active["items"].as_array().unwrap().len(), 2);
    let roll = app.read(move |conn, ctx| Ok(anxin::workers::lookups::roll_on(conn, site.id, ctx.today)?)).unwrap();
    assert_eq!((roll.on_site, roll.without_paper), (2, 0));
});

both!(a_batch_has_bounds_and_a_foreign_project_none, |app| {
    let (manager, site, crew) = ground(&app, 1).await;
    let path = format!("{}/enrolments", site.path);
    manager.post(&path, json!({"items": []})).send().await.refuse(422, "invalid");
    let many: Vec<Value> = (0..201).map(|number| worker(number, &crew)).collect();
    manager.post(&path, json!({"items": many})).send().await.refuse(413, "too_large");
    let elsewhere = project(&manager, 2, "330784").await;
    let stranger = app.client(Role::LabourManager, ScopeOn::Project(elsewhere.id));
    stranger.post(&path, json!({"items": [worker(1, &crew)]})).send().await.refuse(404, "not_found");
    stranger.get(&path).send().await.refuse(404, "not_found");
});

both!(a_value_that_cannot_be_read_refuses_its_item_and_no_other, |app| {
    let (manager, site, crew) = ground(&app, 1).await;
    let mut odd = changed(changed(worker(2, &crew), "day_rate", json!("abc")), "safety_trained", json!("yes"));
    odd["phone"] = json!("x");
    odd["nmae"] = json!("别名");
    let mut bare = worker(3, &crew);
    bare.as_object_mut().unwrap().remove("trade");
    let items = vec![
        worker(1, &crew),
        odd,
        json!("nobody"),
        bare,
        changed(worker(4, &crew), "entered_on", json!(20260105)),
        worker(5, &crew),
    ];
    let answer = enrol(&manager, &site, items).await;
    assert_eq!((answer["enrolled"].as_u64(), answer["refused"].as_u64()), (Some(2), Some(4)), "{answer}");
    let places = |item: usize| -> Vec<&str> {
        let errors = answer["results"][item]["errors"].as_array().unwrap();
        errors.iter().map(|fault| fault["place"].as_str().unwrap()).collect()
    };
    assert_eq!(places(1), ["safety_trained", "day_rate", "nmae", "phone"], "{answer}");
    assert_eq!((places(2), places(3), places(4)), (vec!["item"], vec!["trade"], vec!["entered_on"]), "{answer}");
    assert!(places(0).is_empty() && places(5).is_empty());
    let list = manager.get(&format!("{}/enrolments", site.path)).send().await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
});

both!(an_entry_before_crew_or_project_is_a_warning, |app| {
    let (manager, site, _) = ground(&app, 1).await;
    let late = json!({"name": "后到班组", "party": site.general_contractor, "from_on": "2026-02-01"});
    let late = manager.post(&format!("{}/crews", site.path), late).send().await.expect(201);
    let late = late["id"].as_str().unwrap();
    let items = vec![worker(1, late), changed(worker(2, late), "entered_on", json!("2025-11-30"))];
    let answer = enrol(&manager, &site, items).await;
    let codes = |item: usize| -> Vec<&str> {
        let warnings = answer["results"][item]["warnings"].as_array().unwrap();
        warnings.iter().map(|one| one["code"].as_str().unwrap()).collect()
    };
    assert_eq!((codes(0), codes(1)), (vec!["before_crew"], vec!["before_project", "before_crew"]), "{answer}");
});
