//! A notice to the deposit's bank and a pay run are over other lines, an order ends where the wages were paid after all, and what the
//! bank really paid is on record although it was owed no more.

use anxin::payroll::results::Outcome;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::deposit_steps::paper;
use super::payroll::{stage, text};
use super::wage_money::{owed, path};
use crate::both;
use crate::suite::ground::project;

fn lodged() -> Value {
    json!({
        "kind": "cash", "amount": "10000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
    })
}

both!(a_line_is_paid_by_the_deposit_or_by_a_run_and_never_by_both, |app| {
    app.clock.set("2026-03-20T09:00:00+08:00");
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (manager, authority, colleague) = (&stage.manager, app.authority(), app.authority());
    let sheet = stage.audited().await;
    let deposit = manager.post(&stage.path("deposits"), lodged()).key("notice-deposit").send().await.expect(201);
    let at = stage.path("deposit-matters");
    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-03-12", "due_on": "2026-03-15", "amount": "3000.00",
        "subject": deposit["deposit"]["id"],
    });
    let step = |step: &str, more: Value| {
        let mut body = json!({"step": step, "happened_on": "2026-03-18"});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        body
    };
    let begun = authority.post(&at, order.clone()).key("notice-0001").send().await.expect(201);
    let steps = format!("{at}/{}/steps", text(&begun["id"]));
    authority.post(&steps, step("order_missed", json!({}))).key("notice-0002").send().await.expect(201);
    let served = authority.post(&steps, step("notice_served", json!({}))).key("notice-0003").send().await.expect(201);
    assert_eq!(served["next"], json!(["paid_out", "remedied", "withdrawn"]), "{served}");
    assert_eq!(served["steps"][2]["amount"], "3000.00", "both lines in arrears are named: {served}");
    // Both are the deposit's now.
    let check = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let checked = manager.get(&check).send().await.expect(200);
    assert_eq!((&checked["held"][0]["reason"], &checked["ordered"]), (&json!("deposit_notice"), &json!("0.00")), "{checked}");
    let held = stage.order(&sheet, "notice-run-1").await.expect(201);
    assert_eq!((&held["run"], held["held"].as_array().unwrap().len()), (&Value::Null, 2), "{held}");
    // What is owed is not remedied; to take the notice back needs a reason and another person.
    authority.post(&steps, step("remedied", json!({}))).key("notice-0004").send().await.refuse(409, "conflict");
    let back = step("withdrawn", json!({"note": "总包承诺当日代发"}));
    manager.post(&steps, back.clone()).key("notice-0005").send().await.refuse(422, "invalid");
    authority.post(&steps, back.clone()).key("notice-0006").send().await.refuse(403, "not_allowed");
    colleague.post(&steps, step("withdrawn", json!({}))).key("notice-0007").send().await.refuse(422, "invalid");
    let ended = colleague.post(&steps, back).key("notice-0008").send().await.expect(201);
    assert_eq!(ended["next"], json!([]));
    let run = stage.order(&sheet, "notice-run-2").await.expect(201);
    assert_eq!((&run["ordered"], &run["held"]), (&json!("3000.00"), &json!([])), "let go: {run}");
    // What a run pays is no notice's.
    let begun = authority.post(&at, order).key("notice-0009").send().await.expect(201);
    let steps = format!("{at}/{}/steps", text(&begun["id"]));
    authority.post(&steps, step("order_missed", json!({}))).key("notice-0010").send().await.expect(201);
    authority.post(&steps, step("notice_served", json!({}))).key("notice-0011").send().await.refuse(409, "conflict");
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let named = step("notice_served", json!({"lines": [{"line": line, "amount": "1500.00"}]}));
    authority.post(&steps, named).key("notice-0012").send().await.refuse(409, "conflict");
    for id in stage.payments(&run["run"]).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-20".parse().unwrap() });
    }
    // Paid late: the order ends with the paper that shows it, and the project is not kept open by it.
    let bare = step("remedied", json!({}));
    authority.post(&steps, bare).key("notice-0013").send().await.refuse(422, "invalid");
    let shown = step("remedied", json!({"document_id": paper(&app, stage.id())}));
    let ended = authority.post(&steps, shown).key("notice-0014").send().await.expect(201);
    assert_eq!(ended["next"], json!([]));
    let found = manager.get(&stage.path("clearance")).send().await.expect(200);
    assert!(found["stops"].as_array().unwrap().iter().all(|stop| stop["kind"] != "open_matter"), "{found}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_the_deposit_s_bank_paid_beyond_what_was_owed_is_on_record_and_settled, |app| {
    let (manager, authority, owner) = (app.labour_manager(), app.authority(), app.client(Role::Owner, ScopeOn::Everything));
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let deposit = manager.post(&path(&site, "deposits"), lodged()).key("beyond-deposit").send().await.expect(201);
    let at = path(&site, "deposit-matters");
    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-02-20", "due_on": "2026-02-25", "amount": "100.00",
        "subject": deposit["deposit"]["id"],
    });
    let begun = authority.post(&at, order).key("beyond-0001").send().await.expect(201);
    let steps = format!("{at}/{}/steps", text(&begun["id"]));
    for (step, key) in [("order_missed", "beyond-0002"), ("notice_served", "beyond-0003")] {
        authority.post(&steps, json!({"step": step, "happened_on": "2026-02-26"})).key(key).send().await.expect(201);
    }
    // The contractor pays late, and the order ends.
    let tells = json!({
        "payer": "contractor", "reference": "A-1", "paid_on": "2026-02-27", "document_id": paper(&app, site.id),
        "items": [{"line": line, "amount": "100.00"}],
    });
    let told = manager.post(&path(&site, "clearings"), tells).key("beyond-0004").send().await.expect(201);
    let decision = path(&site, &format!("clearings/{}/decision", text(&told["id"])));
    owner.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    let remedied = json!({"step": "remedied", "happened_on": "2026-02-28"});
    let ended = authority.post(&steps, remedied).key("beyond-0005").send().await.expect(201);
    assert_eq!(ended["next"], json!([]), "the lines that it named are paid");
    // The bank had paid as well: what it did is never refused for good.
    let pays = |note: Value| {
        json!({
            "step": "paid_out", "happened_on": "2026-03-01", "reference": "BANK-1", "note": note,
            "lines": [{"line": line, "amount": "100.00"}],
        })
    };
    let asked = bank.post(&steps, pays(Value::Null)).key("beyond-0006").send().await.refuse(422, "invalid");
    assert!(asked.to_string().contains("note"), "{asked}");
    let paid = bank.post(&steps, pays(json!("2 月 27 日通知前已划出"))).key("beyond-0007").send().await.expect(201);
    assert_eq!((&paid["paid_beyond"], &paid["to_replenish"]), (&json!("100.00"), &json!("100.00")), "{paid}");
    assert_eq!(paid["next"], json!(["replenished", "surplus_settled"]));
    let keeper = paid["tasks"].as_array().unwrap().iter().find(|task| task["step"] == "surplus_settled").unwrap();
    assert_eq!(keeper["by"], "labour_authority");
    assert_eq!(manager.get(&path(&site, "deposits")).send().await.expect(200)["held"], "9900.00", "the money left it");
    let again = bank.post(&steps, pays(json!("再次"))).key("beyond-0008").send().await;
    assert_eq!(again.status, 409, "once");
    let settles = |note: Value| json!({"step": "surplus_settled", "happened_on": "2026-03-02", "note": note});
    manager.post(&steps, settles(json!("已追回"))).key("beyond-0009").send().await.refuse(422, "invalid");
    authority.post(&steps, settles(Value::Null)).key("beyond-0010").send().await.refuse(422, "invalid");
    let settled = authority.post(&steps, settles(json!("工人已退回总包"))).key("beyond-0011").send().await.expect(201);
    assert_eq!((&settled["paid_beyond"], &settled["next"]), (&json!("0.00"), &json!(["replenished"])), "{settled}");
    let filled = json!({"step": "replenished", "happened_on": "2026-03-02"});
    let filled = authority.post(&steps, filled).key("beyond-0012").send().await.expect(201);
    assert_eq!(filled["next"], json!([]));
    assert_eq!(manager.get(&path(&site, "deposits")).send().await.expect(200)["held"], "10000.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_the_deposit_left_of_its_notice_may_be_paid_otherwise_and_the_deposit_is_still_filled_up, |app| {
    app.clock.set("2026-03-20T09:00:00+08:00");
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (manager, authority, colleague) = (&stage.manager, app.authority(), app.authority());
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let sheet = stage.audited().await;
    let deposit = manager.post(&stage.path("deposits"), lodged()).key("rest-deposit").send().await.expect(201);
    let at = stage.path("deposit-matters");
    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-03-12", "due_on": "2026-03-15", "amount": "3000.00",
        "subject": deposit["deposit"]["id"],
    });
    let step = |step: &str, more: Value| {
        let mut body = json!({"step": step, "happened_on": "2026-03-18"});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        body
    };
    let begun = authority.post(&at, order).key("rest-0001").send().await.expect(201);
    let steps = format!("{at}/{}/steps", text(&begun["id"]));
    authority.post(&steps, step("order_missed", json!({}))).key("rest-0002").send().await.expect(201);
    authority.post(&steps, step("notice_served", json!({}))).key("rest-0003").send().await.expect(201);
    let first = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let pays = step("paid_out", json!({"reference": "BANK-1", "lines": [{"line": first, "amount": "1500.00"}]}));
    let part = bank.post(&steps, pays).key("rest-0004").send().await.expect(201);
    let ways = json!(["replenished", "paid_out", "remedied", "withdrawn"]);
    assert_eq!((&part["still_to_pay"], &part["next"]), (&json!("1500.00"), &ways), "{part}");
    // Filled up in part: the bank may still pay the rest, so no run does.
    let fills = |amount: &str| step("replenished", json!({"amount": amount, "document_id": paper(&app, stage.id())}));
    let filled = authority.post(&steps, fills("500.00")).key("rest-0005").send().await.expect(201);
    assert_eq!((&filled["to_replenish"], &filled["next"]), (&json!("1000.00"), &ways), "{filled}");
    let held = stage.order(&sheet, "rest-run-1").await.expect(201);
    assert_eq!((&held["run"], &held["held"][0]["reason"]), (&Value::Null, &json!("deposit_notice")), "{held}");
    // What is owed is not remedied; the authority takes back what is left of the notice, with a reason and a second person.
    authority.post(&steps, step("remedied", json!({}))).key("rest-0006").send().await.refuse(409, "conflict");
    let back = step("withdrawn", json!({"note": "保证金已用尽，余款由总包代发"}));
    authority.post(&steps, back.clone()).key("rest-0007").send().await.refuse(403, "not_allowed");
    let ended = colleague.post(&steps, back).key("rest-0008").send().await.expect(201);
    assert_eq!((&ended["next"], &ended["still_to_pay"]), (&json!(["replenished"]), &Value::Null), "{ended}");
    let run = stage.order(&sheet, "rest-run-2").await.expect(201);
    assert_eq!((&run["ordered"], &run["held"]), (&json!("1500.00"), &json!([])), "the rest is let go: {run}");
    let filled = authority.post(&steps, fills("1000.00")).key("rest-0009").send().await.expect(201);
    assert_eq!(filled["next"], json!([]), "{filled}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(whoever_served_the_notice_takes_it_back_no_more_alone_after_the_bank_has_paid_of_it, |app| {
    app.clock.set("2026-03-20T09:00:00+08:00");
    let stage = stage(&app, &[Some(1)]).await;
    let (manager, authority, colleague) = (&stage.manager, app.authority(), app.authority());
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let sheet = stage.audited().await;
    let deposit = manager.post(&stage.path("deposits"), lodged()).key("served-deposit").send().await.expect(201);
    let at = stage.path("deposit-matters");
    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-03-12", "due_on": "2026-03-15", "amount": "1500.00",
        "subject": deposit["deposit"]["id"],
    });
    let begun = authority.post(&at, order).key("served-0001").send().await.expect(201);
    let steps = format!("{at}/{}/steps", text(&begun["id"]));
    for (step, key) in [("order_missed", "served-0002"), ("notice_served", "served-0003")] {
        authority.post(&steps, json!({"step": step, "happened_on": "2026-03-18"})).key(key).send().await.expect(201);
    }
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let pays = json!({
        "step": "paid_out", "happened_on": "2026-03-18", "reference": "BANK-1", "lines": [{"line": line, "amount": "0.01"}],
    });
    bank.post(&steps, pays).key("served-0004").send().await.expect(201);
    let back = json!({"step": "withdrawn", "happened_on": "2026-03-18", "note": "总包承诺当日代发"});
    authority.post(&steps, back.clone()).key("served-0005").send().await.refuse(403, "not_allowed");
    colleague.post(&steps, back).key("served-0006").send().await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});
