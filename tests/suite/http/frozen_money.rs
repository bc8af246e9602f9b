//! Frozen money is on the account and pays nobody: the forecast does not count it, and the project's pages say it.

use serde_json::{Value, json};

use super::deposit_steps::paper;
use super::doubts::hurdle;
use super::payroll::{Stage, stage, text};
use crate::both;

async fn forecast(stage: &Stage<'_>) -> Value {
    stage.manager.get(&stage.path("forecast")).send().await.expect(200)
}

async fn freeze(stage: &Stage<'_>, amount: Option<&str>, number: &str) -> Value {
    let mut body = json!({
        "kind": "account_freeze", "happened_on": "2026-03-01", "reason": "other_debt", "note": "某人民法院", "subject": number,
    });
    if let Some(amount) = amount {
        body["amount"] = json!(amount);
    }
    stage.manager.post(&stage.path("matters"), body).key(number).send().await.expect(201)
}

both!(a_frozen_amount_is_no_money_for_the_next_pay_day, |app| {
    // Two workers earned 1500.00 each in February, and there is a million on the account.
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let before = forecast(&stage).await;
    assert_eq!((&before["shortfall"], &before["position"]["frozen"]), (&Value::Null, &Value::Null), "{before}");
    assert_eq!(text(&before["position"]["balance"]), "1000000.00");
    assert_eq!(hurdle(&stage.manager, &stage.project, "account_is_frozen").await, None);
    let matter = freeze(&stage, Some("999000.00"), "freeze-2026-1").await;
    let frozen = forecast(&stage).await;
    assert_eq!(text(&frozen["position"]["balance"]), "1000.00", "{frozen}");
    assert_eq!(
        (text(&frozen["shortfall"]["amount"]), text(&frozen["position"]["frozen"]["amount"])),
        ("2000.00".into(), "999000.00".into()),
        "{frozen}"
    );
    let stop = hurdle(&stage.manager, &stage.project, "account_is_frozen").await.expect("a hurdle");
    assert_eq!(
        (text(&stop["amount"]), &stop["on"], &stop["blocks"]),
        ("999000.00".into(), &json!("2026-03-01"), &json!(true)),
        "{stop}"
    );
    // The overview and the clearance say it with amount, day and objection.
    let browser = app.browser_of(stage.manager.user).await;
    let project = stage.project_id();
    for path in [format!("/projects/{project}"), format!("/projects/{project}/clearance"), format!("/projects/{project}/money")] {
        let page = browser.page(&path).await;
        for part in ["冻结", "999000.00", "2026-03-01"] {
            assert!(page.contains(part), "{part} on {path}: {page}");
        }
    }
    let page = browser.page(&format!("/projects/{project}")).await;
    assert!(page.contains(&format!("matters#{}", text(&matter["id"]))), "its objection: {page}");
    let clearance = stage.manager.get(&stage.path("clearance")).send().await.expect(200);
    assert_eq!(clearance["freezes"][0]["matter"], matter["id"], "{clearance}");
    assert!(clearance["freezes"][0]["tasks"].to_string().contains("objection"), "{clearance}");
    // Lifted it is money again.
    let steps = stage.path(&format!("matters/{}/steps", text(&matter["id"])));
    let lifted = json!({"step": "freeze_lifted", "happened_on": "2026-03-02", "document_id": paper(&app, stage.project_id())});
    stage.manager.post(&steps, lifted).key("lifted-0001").send().await.expect(201);
    assert_eq!(forecast(&stage).await, before);
    assert!(!browser.page(&format!("/projects/{project}")).await.contains("999000.00"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_account_that_is_frozen_as_a_whole_has_nothing_for_the_next_pay_day, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    freeze(&stage, None, "freeze-2026-2").await;
    let frozen = forecast(&stage).await;
    assert_eq!(
        (text(&frozen["position"]["balance"]), text(&frozen["shortfall"]["amount"])),
        ("0.00".into(), "3000.00".into()),
        "{frozen}"
    );
    assert_eq!(frozen["position"]["frozen"]["is_whole"], json!(true), "{frozen}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
