//! The bank's quarterly statement of a deposit: asked for by its day, told once.

use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::wage_money::path;
use crate::both;
use crate::suite::ground::{project, text_of};

both!(the_statement_of_the_deposit_is_asked_for_each_quarter_and_told_once, |app| {
    let manager = app.labour_manager();
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let site = project(&manager, 1, "330784").await;
    let lodged = json!({
        "kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
    });
    let at = path(&site, "deposits");
    let deposit = manager.post(&at, lodged).key("asked-deposit").send().await.expect(201);
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = text_of(&browser.page("/deposits").await);
    assert!(page.contains("2026-04-10") && page.contains("保证金对账单") && page.contains("待核实"), "{page}");
    let matters = path(&site, "deposit-matters");
    let states = |amount: &str| json!({"kind": "deposit_statement", "happened_on": "2026-02-20", "amount": amount, "subject": deposit["deposit"]["id"]});
    bank.post(&matters, states("1000.00")).key("asked-0001").send().await.expect(201);
    let page = text_of(&browser.page("/deposits").await);
    assert!(page.contains("2026-05-20") && !page.contains("2026-04-10"), "counted from the last one: {page}");
    // The same statement again, by whomever, is no second matter; another balance of the day is another statement.
    let again = manager.post(&matters, states("1000.00")).key("asked-0002").send().await.refuse(409, "conflict");
    assert!(again.to_string().contains("duplicate"), "{again}");
    bank.post(&matters, states("999.00")).key("asked-0003").send().await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_promise_has_no_account_to_state, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let letter = json!({
        "kind": "letter_of_guarantee", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10",
        "ends_on": "2027-06-30", "document_id": null,
    });
    manager.post(&path(&site, "deposits"), letter).key("promise-deposit").send().await.expect(201);
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = text_of(&browser.page("/deposits").await);
    assert!(page.contains("2027-05-30") && !page.contains("保证金对账单"), "{page}");
});
