//! Arrears from before the service: imported with their paper, then a sheet as any other.

use serde_json::{Value, json};

use super::payroll::stage;
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
    ask(body(vec![one(0, "1.00")])).await.refuse(409, "conflict");
    // The draft is no debt that could be paid yet; from there it goes the way of every sheet.
    let sheet = taken["sheet"].clone();
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", 1, None).await.expect(200);
    let sheet = stage.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    let totals = stage.manager.get(&stage.path("liability")).send().await.expect(200);
    assert_eq!(totals["arrears"], "2000.50", "{totals}");
    let ordered = stage.order(&sheet, "opening-0001").await.expect(201);
    assert_eq!((&ordered["ordered"], &ordered["held"]), (&json!("2000.50"), &json!([])), "{ordered}");
    let papers = stage.manager.get(&at).send().await.expect(200);
    assert_eq!((papers.as_array().unwrap().len(), &papers[0]["document_id"]), (1, &json!(paper)));
    assert_eq!(app.broken(), Vec::<String>::new());
});
