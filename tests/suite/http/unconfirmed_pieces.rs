//! Piece work that only one side has confirmed does not vanish: it is named when the sheet goes on and when the project ends.

use serde_json::{Value, json};

use super::doubts::{hurdle, other};
use super::payroll::{Stage, stage, text};
use crate::both;

/// A draft on whose line 100 pieces at 33.33 stand, confirmed by the crew alone; gives sheet, line and item.
async fn draft(stage: &Stage<'_>) -> (Value, Value, String) {
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    let new = json!({"line": line["id"], "kind": "piece_work", "label": "墙面抹灰", "quantity": "100", "unit_price": "33.33"});
    stage.act(&sheet, "items", 1, Some(new)).await.expect(201);
    let path = stage.path(&format!("pay-sheets/{}/lines/{}/items", text(&sheet["id"]), text(&line["id"])));
    let items = stage.manager.get(&path).send().await.expect(200);
    let item = text(&items.as_array().unwrap().last().unwrap()["row"]["id"]);
    stage.act(&sheet, &format!("items/{item}/steps"), 2, Some(said(stage, "crew_confirmed"))).await.expect(201);
    (json!({"id": sheet["id"], "version": 3}), line, item)
}

fn said(stage: &Stage<'_>, step: &str) -> Value {
    json!({"step": step, "note": "工程量单 3 号", "document_id": stage.scan()})
}

/// The sheet audited without the pieces, paid and closed or not.
async fn audited(stage: &Stage<'_>, sheet: &Value) -> Value {
    stage.sign_all(sheet).await;
    let refused = stage.act(sheet, "submit", 3, None).await.refuse(409, "conflict");
    let fault = &refused["errors"][0];
    assert_eq!(fault["reason"], "unconfirmed", "{refused}");
    for part in ["测试工人1", "墙面抹灰 100", "3333.00", "本人未确认", "the worker has not confirmed it", "without_unconfirmed"]
    {
        assert!(refused.to_string().contains(part), "{part}: {refused}");
    }
    let sheet = stage.act(sheet, "submit?without_unconfirmed=true", 3, None).await.expect(200);
    let version = sheet["version"].as_i64().unwrap();
    stage.act(&sheet, "audit", version, None).await.expect(200)
}

both!(a_quantity_confirmed_after_the_audit_is_paid_by_a_correction, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let (sheet, line, item) = draft(&stage).await;
    let sheet = audited(&stage, &sheet).await;
    let stop = hurdle(&stage.manager, &stage.project, "unconfirmed_pieces").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"], &stop["blocks"]), (&json!(1), &json!("3333.00"), &json!(true)), "{stop}");
    assert!(stop["which"][0].as_str().unwrap().contains("测试工人1 墙面抹灰"), "{stop}");
    let steps = format!("items/{item}/steps");
    let version = sheet["version"].as_i64().unwrap();
    stage.act(&sheet, &steps, version, Some(said(&stage, "crew_confirmed"))).await.refuse(409, "conflict");
    stage.act(&sheet, &steps, version, Some(said(&stage, "worker_confirmed"))).await.expect(201);
    assert_eq!(hurdle(&stage.manager, &stage.project, "unconfirmed_pieces").await, None);
    let sheets = stage.manager.get(&stage.path("pay-sheets")).send().await.expect(200);
    let part = sheets["items"].as_array().unwrap().iter().find(|one| one["part"] == 2).cloned().expect("a second part");
    assert_eq!((text(&part["state"]), text(&part["total"])), ("draft".to_owned(), "3333.00".to_owned()));
    let old = stage.lines(&sheet).await[0]["line"].clone();
    assert_eq!((&old["id"], &old["gross"]), (&line["id"], &json!("1500.00")), "what was signed stays");
    // Building the draft again keeps to what is owed: nothing of the pieces is earned twice.
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"}));
    let again = again.header("If-Match", &part["version"].to_string()).send().await.expect(201);
    assert_eq!(text(&again["sheet"]["total"]), "3333.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_quantity_is_given_up_after_the_audit_by_another_person_only, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let (sheet, _, item) = draft(&stage).await;
    let sheet = audited(&stage, &sheet).await;
    let (steps, version) = (format!("items/{item}/steps"), sheet["version"].as_i64().unwrap());
    let gone = json!({"step": "withdrawn", "note": "双方复核：该部位由他班完成", "document_id": null});
    stage.act(&sheet, &steps, version, Some(gone.clone())).await.refuse(403, "not_allowed");
    assert!(hurdle(&stage.manager, &stage.project, "unconfirmed_pieces").await.is_some());
    let second = Stage { manager: other(&app), ..stage };
    second.act(&sheet, &steps, version, Some(gone)).await.expect(201);
    assert_eq!(hurdle(&second.manager, &second.project, "unconfirmed_pieces").await, None);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_page_of_a_draft_names_what_waits_and_asks_for_a_tick, |app| {
    use anxin::web::{Role, ScopeOn};
    let stage = stage(&app, &[Some(1)]).await;
    let (sheet, ..) = draft(&stage).await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{}/sheets/{}", stage.id(), text(&sheet["id"]))).await;
    for part in ["墙面抹灰", "本人未确认", "name=\"without_unconfirmed\""] {
        assert!(page.contains(part), "{part}: {page}");
    }
});
