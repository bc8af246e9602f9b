//! Who makes wages paid that the wage account did not pay: the deposit by the authority's order and the bank's word, contractor and owner
//! by a paper and a second person; and that no amount that somebody states is silently another.

use anxin::base::id::{DepositId, ProjectId};
use anxin::base::{Day, Fen};
use anxin::deposits::DepositEvent;
use anxin::deposits::actions::{NewEvent, record_event};
use anxin::documents::DocumentKind;
use anxin::documents::actions::NewDocument;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::wage_money::{owed, owed_in, path, text};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, fact, project};

/// A paper of a project.
pub fn paper(app: &App, project: ProjectId) -> String {
    let kept = app.write(move |tx, ctx| {
        let new = NewDocument {
            kind: DocumentKind::Other,
            name: "回单.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: b"%PDF-1.4 invented".to_vec(),
        };
        anxin::documents::actions::keep(tx, ctx, project, &new)
    });
    kept.unwrap().id.to_string()
}

/// What happened to a deposit, as a matter's step records it.
pub fn moved(app: &App, project: ProjectId, deposit: &str, kind: DepositEvent, on: &str, amount: Fen) -> bool {
    let (id, happened_on): (DepositId, Day) = (deposit.parse().unwrap(), on.parse().unwrap());
    let done = app.write(move |tx, ctx| {
        let site = anxin::projects::site(tx.conn(), project)?;
        record_event(tx, ctx, &site, id, &NewEvent { kind, happened_on, amount, document: None }).map(|_| ())
    });
    done.is_ok()
}

/// A cash deposit of 1,000.00.
async fn lodged(manager: &Client<'_>, site: &TestProject) -> String {
    let body = json!({
        "kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
    });
    let made = manager.post(&path(site, "deposits"), body).key("steps-deposit").send().await.expect(201);
    text(&made["deposit"]["id"])
}

async fn unpaid(client: &Client<'_>, site: &TestProject) -> Value {
    client.get(&path(site, "liability")).send().await.expect(200)["arrears"].clone()
}

both!(the_debtor_s_manager_cannot_play_authority_and_bank, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let deposit = lodged(&manager, &site).await;
    let shown = paper(&app, site.id);
    let matters = path(&site, "deposit-matters");
    let order = |document: Value| {
        json!({
            "kind": "deposit_order", "happened_on": "2026-02-20", "due_on": "2026-02-25", "amount": "100.00", "subject": deposit,
            "document_id": document,
        })
    };
    let refused = manager.post(&matters, order(json!(shown))).key("order-0001").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("labour_authority"), "{refused}");
    bank.post(&matters, order(json!(shown))).key("order-0002").send().await.refuse(422, "invalid");
    let refused = admin.post(&matters, order(Value::Null)).key("order-0003").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("document_id"), "an administrator stands on a paper: {refused}");
    let matter = authority.post(&matters, order(Value::Null)).key("order-0004").send().await.expect(201);
    let steps = format!("{matters}/{}/steps", text(&matter["id"]));
    let step = |step: &str, day: &str| json!({"step": step, "happened_on": day, "document_id": shown});
    for (number, word) in ["order_obeyed", "order_missed"].into_iter().enumerate() {
        let key = format!("manager-{number:04}");
        manager.post(&steps, step(word, "2026-02-26")).key(&key).send().await.refuse(422, "invalid");
    }
    authority.post(&steps, step("order_missed", "2026-02-26")).key("missed-0001").send().await.expect(201);
    manager.post(&steps, step("notice_served", "2026-02-26")).key("notice-0001").send().await.refuse(422, "invalid");
    admin.post(&steps, step("notice_served", "2026-02-26")).key("notice-0002").send().await.expect(201);
    let pays = |amount: Value, document: Value| {
        json!({
            "step": "paid_out", "happened_on": "2026-02-27", "reference": "BANK-1", "amount": amount, "document_id": document,
            "lines": [{"line": line, "amount": "100.00"}],
        })
    };
    manager.post(&steps, pays(Value::Null, json!(shown))).key("paid-0001").send().await.refuse(422, "invalid");
    authority.post(&steps, pays(Value::Null, Value::Null)).key("paid-0002").send().await.refuse(422, "invalid");
    assert_eq!(unpaid(&manager, &site).await, "100.00", "nobody has paid yet");
    let refused = bank.post(&steps, pays(json!("99999.00"), Value::Null)).key("paid-0003").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("sum_mismatch"), "what is stated is not replaced by the sum: {refused}");
    let paid = bank.post(&steps, pays(json!("100.00"), Value::Null)).key("paid-0004").send().await.expect(201);
    assert_eq!(paid["to_replenish"], "100.00");
    assert_eq!(unpaid(&manager, &site).await, "0.00");
    // What is put back in part leaves the deposit short and the matter open.
    let bare = json!({"step": "replenished", "happened_on": "2026-02-28", "amount": "1.00"});
    let refused = manager.post(&steps, bare).key("refill-bare").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("document_id"), "the debtor's word fills nothing up: {refused}");
    let puts = |amount: &str| json!({"step": "replenished", "happened_on": "2026-02-28", "amount": amount, "document_id": shown});
    manager.post(&steps, puts("100.01")).key("refill-0001").send().await.refuse(422, "invalid");
    let part = manager.post(&steps, puts("1.00")).key("refill-0002").send().await.expect(201);
    assert_eq!((&part["to_replenish"], &part["next"]), (&json!("99.00"), &json!(["replenished"])));
    assert_eq!(part["tasks"][0]["due_on"], paid["tasks"][0]["due_on"], "the limit runs from the use");
    assert_eq!(manager.get(&path(&site, "deposits")).send().await.expect(200)["held"], "901.00");
    manager.post(&steps, puts("99.01")).key("refill-0003").send().await.refuse(422, "invalid");
    let full = manager.post(&steps, puts("99.00")).key("refill-0004").send().await.expect(201);
    assert_eq!((&full["to_replenish"], &full["next"]), (&json!("0.00"), &json!([])));
    assert_eq!(manager.get(&path(&site, "deposits")).send().await.expect(200)["held"], "1000.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_deposit_s_money_moves_by_its_matters_only, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let site = project(&manager, 1, "330784").await;
    owed(&app, &manager, &site).await;
    let deposit = lodged(&manager, &site).await;
    let shown = paper(&app, site.id);
    let events = path(&site, &format!("deposits/{deposit}/events"));
    for (number, client) in [&manager, &authority].into_iter().enumerate() {
        for kind in ["used", "replenished", "returned"] {
            let body = json!({"kind": kind, "happened_on": "2026-02-20", "amount": "10.00", "document_id": shown});
            let key = format!("event-{number}-{kind}");
            let refused = client.post(&events, body).key(&key).send().await.refuse(422, "invalid");
            assert!(refused.to_string().contains("deposit-matters"), "{kind}: {refused}");
        }
    }
    let begins = json!({"kind": "publicity_started", "happened_on": "2026-02-20", "document_id": shown});
    manager.post(&events, begins).key("event-public").send().await.expect(201);
    // Back goes nothing while wages are owed, and never by the contractor's own word.
    let matters = path(&site, "deposit-matters");
    let asks = json!({"kind": "deposit_return", "happened_on": "2026-03-01", "subject": deposit});
    let matter = manager.post(&matters, asks).key("return-0001").send().await.expect(201);
    let steps = format!("{matters}/{}/steps", text(&matter["id"]));
    let decided = json!({"step": "decided", "happened_on": "2026-03-01", "document_id": shown});
    manager.post(&steps, decided.clone()).key("return-0002").send().await.refuse(422, "invalid");
    authority.post(&steps, decided).key("return-0003").send().await.refuse(409, "conflict");
    assert_eq!(manager.get(&path(&site, "deposits")).send().await.expect(200)["held"], "1000.00");
    // An amount beyond every limit is refused as that.
    let much = json!({
        "kind": "cash", "amount": "9999999999999999.99", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null,
        "document_id": null,
    });
    let refused = manager.post(&path(&site, "deposits"), much).key("much-0001").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("over_limit"), "{refused}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_was_paid_outside_takes_a_paper_and_two_persons, |app| {
    let (manager, owner) = (app.labour_manager(), app.client(Role::Owner, ScopeOn::Everything));
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let shown = paper(&app, site.id);
    let at = path(&site, "clearings");
    let tells = |paid_on: &str, document: Value| {
        json!({
            "payer": "contractor", "reference": "A-1", "paid_on": paid_on, "document_id": document,
            "items": [{"line": line, "amount": "100.00"}],
        })
    };
    let tell = |body: Value, key: &'static str| manager.post(&at, body).key(key).send();
    let refused = tell(tells("2026-03-01", Value::Null), "tell-0001").await.refuse(422, "invalid");
    assert!(refused.to_string().contains("document_id"), "{refused}");
    // The wage is of January 2026.
    for (day, key) in [("2020-01-01", "tell-0002"), ("2025-12-31", "tell-0003"), ("2099-01-01", "tell-0004")] {
        let refused = tell(tells(day, json!(shown)), key).await.refuse(422, "invalid");
        assert!(refused.to_string().contains("paid_on"), "{day}: {refused}");
    }
    let twice = json!({
        "payer": "contractor", "reference": "A-1", "paid_on": "2026-03-01", "document_id": shown,
        "items": [{"line": line, "amount": "50.00"}, {"line": line, "amount": "50.00"}],
    });
    tell(twice, "tell-0005").await.refuse(422, "invalid");
    let told = tell(tells("2026-01-01", json!(shown)), "tell-0006").await.expect(201);
    assert_eq!(told["step"], Value::Null);
    assert_eq!(unpaid(&manager, &site).await, "100.00", "what one person says clears nothing");
    let decision = format!("{at}/{}/decision", text(&told["id"]));
    manager.post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    owner.post(&decision, json!({"step": "withdrawn"})).send().await.refuse(403, "not_allowed");
    owner.post(&decision, json!({"step": "refused"})).send().await.refuse(422, "invalid");
    owner.post(&decision, json!({"step": "refused", "note": "回单不清"})).send().await.expect(201);
    owner.post(&decision, json!({"step": "confirmed"})).send().await.refuse(409, "conflict");
    assert_eq!(unpaid(&manager, &site).await, "100.00");
    let told = tell(tells("2026-03-01", json!(shown)), "tell-0007").await.expect(201);
    let decision = format!("{at}/{}/decision", text(&told["id"]));
    let decided = owner.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    assert_eq!(decided["step"], "confirmed");
    assert_eq!(unpaid(&manager, &site).await, "0.00");
    let all = manager.get(&at).send().await.expect(200);
    let steps: Vec<&Value> = all.as_array().unwrap().iter().map(|one| &one["step"]).collect();
    assert_eq!(steps, [&json!("refused"), &json!("confirmed")]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(no_fact_and_no_liability_goes_below_nothing, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    owed(&app, &manager, &site).await;
    for amount in ["-5.00", "-0.01", "100000000000.01"] {
        let money = json!({"kind": "owner_money", "overdue": true, "amount": amount, "led_to_arrears": true});
        let body = json!({"valid_on": "2026-02-01", "fact": money, "document_id": null});
        manager.post(&path(&site, "facts"), body).send().await.refuse(422, "invalid");
    }
    // As long as nobody has said what the owner is overdue with, no line's part is known, and it is said who knows.
    let found = manager.get(&path(&site, "liability")).send().await.expect(200);
    let line = &found["lines"][0];
    assert_eq!((&line["owner_advances"], &line["contractor_settles"]), (&Value::Null, &Value::Null), "{found}");
    assert_eq!(found["keeper"], "建设单位 / owner", "{found}");
    let page = app.browser_of(manager.user).await.page(&format!("/projects/{}/liability", site.id)).await;
    assert!(page.contains("由谁提供：建设单位") && page.matches("未知").count() >= 4, "{page}");
    let money = json!({"kind": "owner_money", "overdue": true, "amount": "90000.00", "led_to_arrears": true});
    fact(&manager, &site, "2026-02-01", money).await;
    let found = manager.get(&path(&site, "liability")).send().await.expect(200);
    assert_eq!((&found["owner_advances"], &found["contractor_settles"]), (&json!("100.00"), &json!("0.00")));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_deposit_that_holds_nothing_neither_pays_nor_is_given_back, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let site = project(&manager, 1, "330784").await;
    owed(&app, &manager, &site).await;
    let deposit = lodged(&manager, &site).await;
    assert!(moved(&app, site.id, &deposit, DepositEvent::Used, "2026-02-01", Fen(100_000)));
    let matters = path(&site, "deposit-matters");
    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-02-20", "due_on": "2026-02-25", "amount": "100.00", "subject": deposit,
    });
    let back = json!({"kind": "deposit_return", "happened_on": "2026-02-20", "subject": deposit});
    for (number, body) in [&order, &back].into_iter().enumerate() {
        let refused =
            authority.post(&matters, body.clone()).key(&format!("empty-{number:04}")).send().await.refuse(409, "conflict");
        let said = refused.to_string();
        assert!(said.contains("0.00") && said.contains("replenished"), "{said}");
    }
    assert!(moved(&app, site.id, &deposit, DepositEvent::Replenished, "2026-02-10", Fen(100_000)));
    authority.post(&matters, order).key("full-0001").send().await.expect(201);
    authority.post(&matters, back).key("full-0002").send().await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_subcontractor_pays_its_own_workers_and_the_other_side_of_the_debt_confirms_it, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let site = project(&manager, 1, "330784").await;
    let sub = crate::suite::ground::party(&manager, 77, "测试分包单位").await;
    let join = json!({"party": sub, "role": "subcontractor", "under": site.general_contractor, "from_on": "2026-01-01"});
    manager.post(&path(&site, "parties"), join).send().await.expect(201);
    let crew = json!({"name": "分包钢筋班", "party": sub, "from_on": "2026-01-01"});
    let crew = text(&manager.post(&path(&site, "crews"), crew).send().await.expect(201)["id"]);
    let own = owed_in(&app, &manager, &site, (1, &crew)).await;
    let contractors = {
        let crew = json!({"name": "总包木工班", "party": site.general_contractor, "from_on": "2026-01-01"});
        let crew = text(&manager.post(&path(&site, "crews"), crew).send().await.expect(201)["id"]);
        owed_in(&app, &manager, &site, (2, &crew)).await
    };
    let at = path(&site, "clearings");
    let pays = |line: &str, reference: &str| {
        json!({
            "payer": "subcontractor", "reference": reference, "paid_on": "2026-02-20", "document_id": paper(&app, site.id),
            "items": [{"line": line, "amount": "100.00"}],
        })
    };
    let refused = manager.post(&at, pays(&contractors.to_string(), "SUB-1")).key("sub-0001").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("R724-30"), "the general contractor's own workers: {refused}");
    let told = manager.post(&at, pays(&own.to_string(), "SUB-2")).key("sub-0002").send().await.expect(201);
    assert_eq!(
        (&told["payer"], unpaid(&manager, &site).await),
        (&json!("subcontractor"), json!("200.00")),
        "told clears nothing"
    );
    let decision = format!("{at}/{}/decision", text(&told["id"]));
    app.labour_manager().post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    authority.post(&decision, json!({"step": "confirmed", "note": "回单已核"})).send().await.expect(201);
    assert_eq!(unpaid(&manager, &site).await, "100.00");
    let ledger = manager.get(&path(&site, "ledger")).send().await.expect(200);
    assert!(ledger.to_string().contains("subcontractor_payment"), "{ledger}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
