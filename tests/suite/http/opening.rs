//! Arrears from before the service: imported with their paper, then a sheet as any other.

use serde_json::{Value, json};

use super::payroll::stage;
use super::workers::{crew, enrol, worker};
use crate::both;

both!(arrears_from_before_come_in_with_their_paper_and_are_paid_as_any_other, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let paper = stage.scan();
    let one = |number: usize, amount: &str| json!({"enrolment": stage.people[number].0, "amount": amount});
    let body = |items: Vec<Value>| json!({"month": "2026-01", "due_on": "2026-02-10", "document": paper, "note": "总包签认的欠付清单", "items": items});
    let at = stage.path("opening-arrears");
    let ask = |body: Value| async { stage.manager.post(&at, body).send().await };
    ask(json!({"month": "2026-02", "due_on": "2026-02-27", "document": paper, "note": "清单", "items": [one(0, "1.00")]}))
        .await
        .refuse(409, "conflict");
    let mut late = body(vec![one(0, "1.00")]);
    late["due_on"] = json!("2026-03-02");
    ask(late).await.refuse(422, "invalid");
    ask(body(vec![one(0, "0.00")])).await.refuse(422, "invalid");
    let stranger = json!({"enrolment": "rec-0CJ1V8Q2M0001", "amount": "5.00"});
    let taken = ask(body(vec![one(0, "1200.00"), one(0, "3.00"), stranger, one(1, "800.50")])).await.expect(201);
    assert_eq!((&taken["taken"], &taken["sheet"]["total"]), (&json!(2), &json!("2000.50")), "{taken}");
    let places: Vec<&str> = taken["faults"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["items[1].enrolment", "items[2].enrolment"]);
    // Whom the first list had is refused with the place; nothing is typed onto a sheet that rests on a paper.
    let again = ask(body(vec![one(0, "1.00")])).await.refuse(422, "invalid");
    let places: Vec<&str> = again["errors"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
    assert!(places.contains(&"items[0].enrolment"), "{again}");
    let line = stage.lines(&taken["sheet"]).await[0]["line"].clone();
    let typed = json!({"line": line["id"], "kind": "allowance", "label": "补贴", "quantity": "1", "unit_price": "5000.00"});
    stage.act(&taken["sheet"], "items", 1, Some(typed)).await.refuse(409, "conflict");
    // The draft is no debt that could be paid yet; from there it goes the way of every sheet.
    let sheet = taken["sheet"].clone();
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", 1, None).await.expect(200);
    let audit = stage.path(&format!("pay-sheets/{}/audit", sheet["id"].as_str().unwrap()));
    stage.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.refuse(409, "conflict");
    let second = app.labour_manager();
    let seen = sheet["version"].to_string();
    let sheet = second.ask(actix_web::http::Method::POST, &audit).header("If-Match", &seen).send().await.expect(200);
    let totals = stage.manager.get(&stage.path("liability")).send().await.expect(200);
    assert_eq!(totals["arrears"], "2000.50", "{totals}");
    let ordered = stage.order(&sheet, "opening-0001").await.expect(201);
    assert_eq!((&ordered["ordered"], &ordered["held"]), (&json!("2000.50"), &json!([])), "{ordered}");
    let papers = stage.manager.get(&at).send().await.expect(200);
    assert_eq!((papers.as_array().unwrap().len(), &papers[0]["document_id"]), (1, &json!(paper)));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(who_came_back_to_the_site_stands_once_on_a_list_of_arrears, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let site = &stage.project;
    let crew = crew(&stage.manager, site, "木工二班").await;
    let came = |pin: &str, on: &str| {
        let mut item = worker(7, &crew);
        (item["pin"], item["entered_on"]) = (json!(pin), json!(on));
        vec![item]
    };
    let first = enrol(&stage.manager, site, came("1777", "2025-12-05")).await;
    let first = first["results"][0]["enrolment"]["id"].clone();
    let leave = format!("{}/enrolments/{}/leave", site.path, first.as_str().unwrap());
    stage.manager.post(&leave, json!({"left_on": "2026-01-10"})).send().await.expect(200);
    let second = enrol(&stage.manager, site, came("1778", "2026-01-15")).await;
    let second = second["results"][0]["enrolment"]["id"].clone();
    assert!(second.is_string() && second != first, "{second}");
    let items = json!([{"enrolment": first, "amount": "3000.00"}, {"enrolment": second, "amount": "3000.00"}]);
    let body = json!({"month": "2026-01", "due_on": "2026-02-10", "document": stage.scan(), "note": "欠付清单", "items": items});
    let taken = stage.manager.post(&stage.path("opening-arrears"), body).send().await.expect(201);
    assert_eq!((&taken["taken"], &taken["sheet"]["total"]), (&json!(1), &json!("3000.00")), "{taken}");
    assert_eq!(
        (&taken["faults"][0]["place"], &taken["faults"][0]["reason"]),
        (&json!("items[1].enrolment"), &json!("duplicate"))
    );
});

both!(what_was_refused_of_a_list_comes_with_the_next_one, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let one = |number: usize, amount: &str| json!({"enrolment": stage.people[number].0, "amount": amount});
    let at = stage.path("opening-arrears");
    let list = |items: Vec<Value>| {
        let paper = stage.scan();
        json!({"month": "2026-01", "due_on": "2026-02-10", "document": paper, "note": "欠付清单", "items": items})
    };
    let ask = |body: Value| async { stage.manager.post(&at, body).send().await };
    let first = ask(list(vec![one(0, "1200.00"), one(1, "0.00")])).await.expect(201);
    assert_eq!((&first["taken"], &first["faults"][0]["place"]), (&json!(1), &json!("items[1].amount")), "{first}");
    let mut late = list(vec![one(1, "800.00")]);
    late["due_on"] = json!("2026-02-11");
    ask(late).await.refuse(409, "conflict");
    // While the sheet is a draft, the mended row joins it; the worker of the first list is told by the place.
    let second = ask(list(vec![one(1, "800.00"), one(0, "1200.00")])).await.expect(201);
    assert_eq!((&second["sheet"]["id"], &second["sheet"]["total"]), (&first["sheet"]["id"], &json!("2000.00")), "{second}");
    assert_eq!((&second["taken"], &second["faults"][0]["place"]), (&json!(1), &json!("items[1].enrolment")), "{second}");
    let sheet = second["sheet"].clone();
    stage.sign_all(&sheet).await;
    stage.act(&sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    // Handed in, it is left, and a further part takes the next one.
    let third = ask(list(vec![one(2, "500.00"), one(1, "800.00")])).await.expect(201);
    assert_eq!(
        (&third["sheet"]["part"], &third["sheet"]["total"], &third["taken"]),
        (&json!(2), &json!("500.00"), &json!(1)),
        "{third}"
    );
    let papers = stage.manager.get(&at).send().await.expect(200);
    assert_eq!(papers.as_array().unwrap().len(), 3, "each list has its paper: {papers}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
