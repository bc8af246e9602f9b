//! What a contractor asks of the owner: as much as the sheet lacks without frozen money, and open until all of it has come.

use serde_json::json;

use super::payroll::{stage, text};
use crate::both;

both!(a_request_for_money_ends_when_all_of_it_has_come, |app| {
    // A sheet of 3000.00, a million on the account and all but a thousand of it frozen.
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let matters = stage.path("matters");
    let asks = || json!({"kind": "shortage", "happened_on": "2026-03-02", "subject": sheet["id"]});
    stage.manager.post(&matters, asks()).key("asked-none").send().await.refuse(422, "invalid");
    let freeze = json!({
        "kind": "account_freeze", "happened_on": "2026-03-01", "reason": "other_debt", "note": "某人民法院", "subject": "F-1",
        "amount": "999000.00",
    });
    stage.manager.post(&matters, freeze).key("asked-freeze").send().await.expect(201);
    let forecast = stage.manager.get(&stage.path("forecast")).send().await.expect(200);
    let matter = stage.manager.post(&matters, asks()).key("asked-0001").send().await.expect(201);
    assert_eq!(matter["steps"][0]["amount"], forecast["shortfall"]["amount"], "as the forecast has it: {matter}");
    assert_eq!((&matter["still_to_add"], &matter["steps"][0]["balance"]), (&json!("2000.00"), &json!("1000.00")), "{matter}");
    let steps = format!("{matters}/{}/steps", text(&matter["id"]));
    let adds = |amount: Option<&str>| {
        let mut body = json!({"step": "money_added", "happened_on": "2026-03-02"});
        if let Some(amount) = amount {
            body["amount"] = json!(amount);
        }
        body
    };
    let part = stage.manager.post(&steps, adds(Some("0.01"))).key("added-0001").send().await.expect(201);
    assert_eq!((&part["still_to_add"], &part["next"]), (&json!("1999.99"), &json!(["money_added", "withdrawn"])), "{part}");
    assert_eq!((&part["tasks"][0]["step"], &part["tasks"][0]["by"]), (&json!("money_added"), &json!("owner")), "{part}");
    stage.manager.post(&matters, asks()).key("asked-0002").send().await.refuse(409, "conflict");
    let browser = app.browser_of(stage.manager.user).await;
    let page = browser.page(&format!("/projects/{}/matters", stage.project_id())).await;
    assert!(page.contains("请求补足而尚未到账") && page.contains("1,999.99"), "{page}");
    let whole = stage.manager.post(&steps, adds(None)).key("added-0002").send().await.expect(201);
    assert_eq!((&whole["still_to_add"], &whole["next"]), (&json!("0.00"), &json!([])), "{whole}");
    assert_eq!(whole["steps"][2]["amount"], json!("1999.99"), "{whole}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
