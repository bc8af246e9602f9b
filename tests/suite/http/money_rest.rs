//! What may not be talked past in the money of wages: closing what nobody knows, refunds after the end, two hats of one person, old
//! scans, payments that are told already, and statements that say another sum.

use anxin::documents::DocumentKind;
use anxin::documents::actions::NewDocument;
use anxin::payroll::results::Outcome;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::deposit_steps::paper;
use super::payroll::{Stage, stage, text};
use super::wage_money::{owed, path};
use crate::both;
use crate::suite::ground::{Client, project};

/// Makes accounts one person's.
async fn one_person(clients: &[&Client<'_>]) {
    for client in clients {
        client.post("/api/v1/me/email", json!({"email": "one.person@example.cn", "language": "zh"})).send().await;
    }
}

async fn version(stage: &Stage<'_>, sheet: &Value) -> i64 {
    let path = stage.path(&format!("pay-sheets/{}", text(&sheet["id"])));
    stage.manager.get(&path).send().await.expect(200)["version"].as_i64().unwrap()
}

async fn audit_by(client: &Client<'_>, stage: &Stage<'_>, sheet: &Value) -> crate::suite::ground::Answer {
    let path = stage.path(&format!("pay-sheets/{}/audit", text(&sheet["id"])));
    let seen = version(stage, sheet).await.to_string();
    client.ask(actix_web::http::Method::POST, &path).header("If-Match", &seen).send().await
}

both!(an_account_is_not_closed_while_its_gate_cannot_tell, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = crate::suite::http::accounts::open(&manager, &site, "330500010001").await;
    let closing = path(&site, &format!("accounts/{account}/closing"));
    let close = || async { manager.post(&closing, json!({"closed_on": "2026-03-01"})).send().await };
    let answer = manager.post("/api/v1/gates/account-closing", json!({"project": site.id})).send().await.expect(200);
    assert_eq!(answer["verdict"], "unknown", "{answer}");
    let refused = close().await.refuse(409, "conflict");
    assert_eq!(refused["errors"][0]["reason"], "gate_unknown", "{refused}");
    let named: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
    assert!(named.contains(&"work_finished") && named.contains(&"promise_given"), "what is not known is named: {refused}");
    crate::suite::http::accounts::set_aside(&app, &manager, &site).await;
    assert_eq!(close().await.expect(200)["account"]["closed_on"], "2026-03-01");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refund_after_the_end_opens_the_sheet_and_the_worker_is_paid_again, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "order-0001").await.expect(201)["run"].clone();
    let payments = stage.payments(&run).await;
    for id in &payments {
        stage.hear(id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    let seen = version(&stage, &sheet).await;
    stage.act(&sheet, "close", seen, Some(json!({"note": "已付清"}))).await.expect(200);
    stage.order(&sheet, "order-0002").await.refuse(409, "conflict");
    stage.hear(&payments[0], Outcome::Returned { reason: "退汇".to_owned() });
    let now = stage.manager.get(&stage.path(&format!("pay-sheets/{}", text(&sheet["id"])))).send().await.expect(200);
    assert_eq!(now["state"], "audited", "money came back: {now}");
    let notes = stage.manager.get(&stage.path(&format!("pay-sheets/{}/notes", text(&sheet["id"])))).send().await.expect(200);
    let steps: Vec<&Value> = notes.as_array().or(notes["items"].as_array()).unwrap().iter().map(|one| &one["step"]).collect();
    assert_eq!(steps, ["closed", "reopened"], "{notes}");
    let again = stage.order(&sheet, "order-0003").await.expect(201);
    assert_eq!(again["ordered"], "1500.00", "the returned line and no other: {again}");
    assert_eq!(stage.payments(&again["run"]).await.len(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(arrears_from_before_are_audited_by_another_person, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let list = json!({
        "month": "2026-01", "due_on": "2026-02-10", "document": stage.scan(), "note": "总包签认的欠付清单",
        "items": [{"enrolment": stage.people[0].0, "amount": "1200.00"}],
    });
    let taken = stage.manager.post(&stage.path("opening-arrears"), list).send().await.expect(201);
    let sheet = taken["sheet"].clone();
    stage.sign_all(&sheet).await;
    let (twin, second) = (app.labour_manager(), app.labour_manager());
    one_person(&[&stage.manager, &twin]).await;
    // Handed in by a second person: the importer does not audit all the same.
    let submit = stage.path(&format!("pay-sheets/{}/submit", text(&sheet["id"])));
    second.ask(actix_web::http::Method::POST, &submit).header("If-Match", "1").send().await.expect(200);
    for own in [&stage.manager, &twin, &second] {
        audit_by(own, &stage, &sheet).await.refuse(409, "conflict");
    }
    let third = app.labour_manager();
    assert_eq!(audit_by(&third, &stage, &sheet).await.expect(200)["state"], "audited");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_second_account_of_the_manager_is_the_manager, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let site = project(&manager, 1, "330784").await;
    owed(&app, &manager, &site).await;
    let lodged = json!({
        "kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
    });
    let deposit = manager.post(&path(&site, "deposits"), lodged).key("twin-deposit").send().await.expect(201);
    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-02-20", "due_on": "2026-02-25", "amount": "100.00",
        "subject": deposit["deposit"]["id"],
    });
    let twin = app.authority();
    one_person(&[&manager, &twin]).await;
    let at = path(&site, "deposit-matters");
    let refused = twin.post(&at, order.clone()).key("twin-0001").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("second_person"), "{refused}");
    authority.post(&at, order.clone()).key("twin-0002").send().await.expect(201);
    // The same wages are not ordered twice.
    let refused = authority.post(&at, order).key("twin-0003").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("sum_mismatch"), "{refused}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_sheet_is_not_audited_under_a_second_account, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sub = crate::suite::ground::party(&stage.manager, 77, "测试分包单位").await;
    let join = json!({"party": sub, "role": "subcontractor", "under": stage.project.general_contractor, "from_on": "2026-01-01"});
    stage.manager.post(&stage.path("parties"), join).send().await.expect(201);
    let sheet = stage.build().await;
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", 1, None).await.expect(200);
    let (twin, other) = (app.labour_manager(), app.labour_manager());
    one_person(&[&stage.manager, &twin]).await;
    audit_by(&twin, &stage, &sheet).await.refuse(409, "conflict");
    audit_by(&other, &stage, &sheet).await.expect(200);
});

/// Uploads these bytes as a signed sheet.
fn scanned(stage: &Stage<'_>, bytes: &'static [u8]) -> String {
    let id = stage.project_id();
    let kept = stage.app.write(move |tx, ctx| {
        let new = NewDocument {
            kind: DocumentKind::SignedSheet,
            name: "签字表.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            bytes: bytes.to_vec(),
        };
        anxin::documents::actions::keep(tx, ctx, id, &new)
    });
    kept.unwrap().id.to_string()
}

/// Signs a line on paper and gives whether it stands, with the reason where it does not.
async fn sign(stage: &Stage<'_>, sheet: &Value, line: &Value, scan: &str) -> (bool, Value) {
    let today = stage.app.today().to_string();
    let item = json!({"line": line["id"], "means": "paper", "document_id": scan, "signed_on": today});
    let seen = version(stage, sheet).await;
    let told = stage.act(sheet, "signatures", seen, Some(json!({"items": [item]}))).await.expect(201);
    (told[0]["signed"] == true, told[0]["reason"].clone())
}

both!(a_scan_signs_one_sheet_and_nothing_that_came_after_it, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    for number in 12..=16 {
        stage.work(&format!("2026-01-{number:02}"), 100);
    }
    // Made before anybody computed a wage.
    let early = scanned(&stage, b"%PDF-1.4 early");
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    assert_eq!(sign(&stage, &sheet, &line, &early).await, (false, json!("id_reused")));
    let same = scanned(&stage, b"%PDF-1.4 early");
    assert_eq!(sign(&stage, &sheet, &line, &same).await, (false, json!("id_reused")), "the same bytes are as old");
    let scan = scanned(&stage, b"%PDF-1.4 february");
    assert_eq!(sign(&stage, &sheet, &line, &scan).await, (true, Value::Null));
    // Corrected: the same bytes once more sign the earlier version.
    let opened = json!({"line": line["id"], "reason": "漏记津贴"});
    stage.act(&sheet, "corrections", version(&stage, &sheet).await, Some(opened)).await.expect(201);
    let again = scanned(&stage, b"%PDF-1.4 february");
    assert_eq!(sign(&stage, &sheet, &line, &again).await, (false, json!("id_reused")));
    let fresh = scanned(&stage, b"%PDF-1.4 february, second version");
    assert_eq!(sign(&stage, &sheet, &line, &fresh).await, (true, Value::Null));
    // Another month: a scan that signed February signs no January.
    stage.act(&sheet, "submit", version(&stage, &sheet).await, None).await.expect(200);
    let built = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-01"})).send().await.expect(201);
    let january = built["sheet"].clone();
    let other = stage.lines(&january).await[0]["line"].clone();
    for used in [fresh, scanned(&stage, b"%PDF-1.4 february, second version")] {
        assert_eq!(sign(&stage, &january, &other, &used).await, (false, json!("id_reused")));
    }
    let own = scanned(&stage, b"%PDF-1.4 january");
    assert_eq!(sign(&stage, &january, &other, &own).await, (true, Value::Null));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_record_of_a_device_signs_one_line, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    let lines = stage.lines(&sheet).await;
    let device = json!({"serial": "TEST000000009", "project": stage.project.id, "gate": "北门", "direction": "in"});
    stage.manager.post("/api/v1/devices", device).send().await.expect(200);
    let at = |line: usize, record: &str| {
        json!({"line": lines[line]["line"]["id"], "means": "device", "device": "北门 TEST000000009", "evidence": record,
            "signed_on": "2026-03-01"})
    };
    let items = json!({"items": [at(0, "记录 00012"), at(1, "00012"), at(1, "记录 00013")]});
    let told = stage.act(&sheet, "signatures", 1, Some(items)).await.expect(201);
    let signed: Vec<(bool, Value)> =
        told.as_array().unwrap().iter().map(|one| (one["signed"] == true, one["reason"].clone())).collect();
    assert_eq!(signed, [(true, Value::Null), (false, json!("id_reused")), (true, Value::Null)], "{told}");
    // Opened again, the old record signs the new version no more.
    let opened = json!({"line": lines[0]["line"]["id"], "reason": "漏记津贴"});
    stage.act(&sheet, "corrections", version(&stage, &sheet).await, Some(opened)).await.expect(201);
    let mut again = at(0, "记录 00012");
    again["signed_on"] = json!(app.today().to_string());
    let seen = version(&stage, &sheet).await;
    let told = stage.act(&sheet, "signatures", seen, Some(json!({"items": [again]}))).await.expect(201);
    assert_eq!(told[0]["reason"], "id_reused", "{told}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_line_that_is_told_as_paid_waits_and_another_side_decides, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    let body = json!({
        "payer": "contractor", "reference": "A-1", "paid_on": "2026-03-01", "document_id": paper(&app, stage.id()),
        "items": [{"line": line["id"], "amount": "1500.00"}],
    });
    let at = stage.path("clearings");
    let told = stage.manager.post(&at, body).key("told-0001").send().await.expect(201);
    let check = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let checked = stage.manager.get(&check).send().await.expect(200);
    assert_eq!((&checked["held"][0]["reason"], &checked["ordered"]), (&json!("clearing_waits"), &json!("1500.00")), "{checked}");
    let ordered = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!((&ordered["held"][0]["line"], &ordered["ordered"]), (&line["id"], &json!("1500.00")), "{ordered}");
    // A second manager of the same contractor is no other side; the subcontractor's word or the authority's is.
    let decision = format!("{at}/{}/decision", text(&told["id"]));
    let colleague = app.labour_manager();
    colleague.post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    app.authority().post(&decision, json!({"step": "refused", "note": "回单与工人不符"})).send().await.expect(201);
    let again = stage.order(&sheet, "order-0002").await.expect(201);
    assert_eq!((&again["ordered"], &again["held"]), (&json!("1500.00"), &json!([])), "decided, it goes: {again}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_statement_and_an_order_of_the_deposit_are_held_against_what_stands, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let lodged = json!({
        "kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
    });
    let deposit = manager.post(&path(&site, "deposits"), lodged).key("state-deposit").send().await.expect(201);
    let at = path(&site, "deposit-matters");
    let states = |amount: &str| json!({"kind": "deposit_statement", "happened_on": "2026-02-20", "amount": amount, "subject": deposit["deposit"]["id"]});
    let same = bank.post(&at, states("1000.00")).key("state-0001").send().await.expect(201);
    assert_eq!((&same["next"], &same["steps"][0]["balance"]), (&json!([]), &json!("1000.00")));
    let other = bank.post(&at, states("1.00")).key("state-0002").send().await.expect(201);
    assert_eq!((&other["next"], &other["tasks"][0]["step"]), (&json!(["remedied"]), &json!("remedied")), "{other}");
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    assert!(browser.page(&format!("/projects/{}/matters", site.id)).await.contains("对账单金额与在册金额不符"));
    let steps = format!("{at}/{}/steps", text(&other["id"]));
    let said = |note: Value| json!({"step": "remedied", "happened_on": "2026-02-21", "note": note});
    bank.post(&steps, said(Value::Null)).key("state-0003").send().await.refuse(422, "invalid");
    let done = bank.post(&steps, said(json!("银行录入错误，已更正为 1000.00"))).key("state-0004").send().await.expect(201);
    assert_eq!(done["next"], json!([]));
    // An order is over what is owed; what it leaves unpaid is told and may follow.
    let order = |amount: &str| {
        json!({
            "kind": "deposit_order", "happened_on": "2026-02-20", "due_on": "2026-02-25", "amount": amount,
            "subject": deposit["deposit"]["id"],
        })
    };
    let refused = authority.post(&at, order("999999.00")).key("state-0005").send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("sum_mismatch"), "{refused}");
    let matter = authority.post(&at, order("100.00")).key("state-0006").send().await.expect(201);
    let steps = format!("{at}/{}/steps", text(&matter["id"]));
    for (step, key) in [("order_missed", "state-0007"), ("notice_served", "state-0008")] {
        authority.post(&steps, json!({"step": step, "happened_on": "2026-02-26"})).key(key).send().await.expect(201);
    }
    let pays = |amount: &str, reference: &str| {
        json!({
            "step": "paid_out", "happened_on": "2026-02-27", "reference": reference,
            "lines": [{"line": line, "amount": amount}],
        })
    };
    let part = bank.post(&steps, pays("30.00", "BANK-1")).key("state-0009").send().await.expect(201);
    assert_eq!(
        (&part["still_to_pay"], &part["next"]),
        (&json!("70.00"), &json!(["replenished", "paid_out", "remedied", "withdrawn"])),
        "{part}"
    );
    bank.post(&steps, pays("70.01", "BANK-2")).key("state-0010").send().await.refuse(422, "invalid");
    let whole = bank.post(&steps, pays("70.00", "BANK-2")).key("state-0011").send().await.expect(201);
    assert_eq!((&whole["still_to_pay"], &whole["next"]), (&json!("0.00"), &json!(["replenished"])), "{whole}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_month_on_the_roll_that_nobody_saw_is_no_work_without_a_sheet, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    stage.audited().await;
    let found = stage.manager.get(&stage.path("clearance")).send().await.expect(200);
    let which = |kind: &str| {
        let stop = found["stops"].as_array().unwrap().iter().find(|stop| stop["kind"] == kind);
        stop.map_or(Value::Null, |stop| stop["which"].clone())
    };
    let told = which("month_without_record");
    assert!(told.to_string().contains("2026-01"), "enrolled on 5 January, seen on no day of it: {found}");
    assert!(!which("month_without_sheet").to_string().contains("2026-01"), "{found}");
});
