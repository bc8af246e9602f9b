//! Corrections after audit or payment: the line stays, what differs is an entry of its own.

use anxin::base::Fen;
use anxin::payroll::LineState;
use anxin::payroll::results::Outcome;
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use crate::both;

/// The sheet as it stands.
async fn now(stage: &Stage<'_>, sheet: &Value) -> Value {
    let path = stage.path(&format!("pay-sheets/{}", text(&sheet["id"])));
    stage.manager.get(&path).send().await.expect(200)
}

/// A sheet of February of which every line is paid.
async fn paid(stage: &Stage<'_>) -> Value {
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "key-0001").await.expect(201)["run"].clone();
    for id in stage.payments(&run).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    now(stage, &sheet).await
}

async fn correct(stage: &Stage<'_>, sheet: &Value, line: &Value, body: Value) -> crate::suite::ground::Answer {
    let version = now(stage, sheet).await["version"].as_i64().unwrap();
    stage.act(sheet, &format!("lines/{}/corrections", text(&line["id"])), version, Some(body)).await
}

both!(a_paid_line_stays_and_what_was_left_out_is_paid_by_a_linked_line, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = paid(&stage).await;
    let lines = stage.lines(&sheet).await;
    let (old, other) = (lines[0]["line"].clone(), lines[1]["line"].clone());
    let mended = json!({"kind": "back_pay", "amount": "300.00", "days": "1", "reason": "漏记 2 月 9 日"});
    for wrong in [
        json!({"kind": "back_pay", "amount": "0.00", "reason": "零"}),
        json!({"kind": "back_pay", "amount": "300.00", "days": "29", "reason": "二月没有 29 天"}),
        json!({"kind": "back_pay", "amount": "300.00", "days": "-1", "reason": "负"}),
        json!({"kind": "back_pay", "amount": "300.00", "reason": " "}),
    ] {
        correct(&stage, &sheet, &old, wrong).await.refuse(422, "invalid");
    }
    let opened = json!({"line": old["id"], "reason": "已审核"});
    stage.act(&sheet, "corrections", sheet["version"].as_i64().unwrap(), Some(opened)).await.refuse(409, "conflict");
    let made = correct(&stage, &sheet, &old, mended.clone()).await.expect(201);
    assert_eq!((&made["line_id"], &made["amount"], &made["kind"]), (&old["id"], &json!("300.00"), &json!("back_pay")), "{made}");
    assert!(made["recorded_by"].is_string() && made["reason"] == "漏记 2 月 9 日", "{made}");
    // The form that was sent twice has not seen the first one.
    let path = format!("lines/{}/corrections", text(&old["id"]));
    stage.act(&sheet, &path, sheet["version"].as_i64().unwrap(), Some(mended)).await.refuse(412, "version_changed");
    assert_eq!(stage.lines(&sheet).await[0]["line"], old, "the old line stays as it was");
    let part = now(&stage, &json!({"id": made["new_sheet_id"]})).await;
    assert_eq!(
        (part["part"].as_i64(), text(&part["state"]), text(&part["total"]), &part["due_on"]),
        (Some(2), "draft".to_owned(), "300.00".to_owned(), &sheet["due_on"])
    );
    let new = stage.lines(&part).await[0]["line"].clone();
    assert_eq!(
        (&new["id"], new["days_hundredths"].as_i64(), &new["enrolment_id"]),
        (&made["new_line_id"], Some(100), &old["enrolment_id"])
    );
    // A second one goes onto the same draft, as something that is no day; building the draft again leaves both.
    let bonus = json!({"kind": "back_pay", "amount": "50.00", "reason": "漏发高温津贴"});
    let second = correct(&stage, &sheet, &other, bonus).await.expect(201);
    assert_eq!(second["new_sheet_id"], made["new_sheet_id"]);
    let seen = now(&stage, &part).await["version"].to_string();
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).header("If-Match", &seen);
    assert_eq!(text(&again.send().await.expect(201)["sheet"]["total"]), "350.00");
    // Signed, audited and paid as any other.
    let part = now(&stage, &part).await;
    stage.sign_all(&part).await;
    let part = stage.act(&part, "submit", part["version"].as_i64().unwrap(), None).await.expect(200);
    let part = stage.act(&part, "audit", part["version"].as_i64().unwrap(), None).await.expect(200);
    let ordered = stage.order(&part, "key-0002").await.expect(201);
    assert_eq!((text(&ordered["ordered"]), &ordered["held"]), ("350.00".to_owned(), &json!([])), "{ordered}");
    for id in stage.payments(&ordered["run"]).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    assert_eq!(stage.states(&part), [(LineState::Paid, Fen(30_000)), (LineState::Paid, Fen(5_000))]);
    let month = stage.months("2026-03-20").pop().unwrap();
    assert_eq!((month.parts, month.total, month.paid.amount, month.failed.lines), (2, Fen(335_000), Fen(335_000), 0));
    // Both lines tell of the correction.
    for (sheet, line) in [(&sheet, &old), (&part, &new)] {
        let path = format!("pay-sheets/{}/lines/{}/corrections", text(&sheet["id"]), text(&line["id"]));
        let told = stage.manager.get(&stage.path(&path)).send().await.expect(200);
        assert_eq!((told.as_array().unwrap().len(), &told[0]["id"]), (1, &made["id"]), "{told}");
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_day_that_a_correction_paid_is_not_paid_again_when_the_attendance_follows, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = paid(&stage).await;
    let old = stage.lines(&sheet).await[0]["line"].clone();
    let mended = json!({"kind": "back_pay", "amount": "300.00", "days": "1", "reason": "漏记 2 月 9 日"});
    let made = correct(&stage, &sheet, &old, mended).await.expect(201);
    let part = now(&stage, &json!({"id": made["new_sheet_id"]})).await;
    stage.sign_all(&part).await;
    stage.act(&part, "submit", part["version"].as_i64().unwrap(), None).await.expect(200);
    stage.work("2026-02-09", 100);
    stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_was_overpaid_is_noted_and_taken_back_only_with_consent_and_within_bounds, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = paid(&stage).await;
    let old = stage.lines(&sheet).await[0]["line"].clone();
    let over = |amount: &str| json!({"kind": "overpaid", "amount": amount, "reason": "多记两天"});
    correct(&stage, &sheet, &old, over("1500.01")).await.refuse(422, "invalid");
    let noted = correct(&stage, &sheet, &old, over("600.00")).await.expect(201);
    assert_eq!((&noted["new_line_id"], &noted["item_id"]), (&Value::Null, &Value::Null), "a note deducts nothing");
    assert_eq!(stage.lines(&sheet).await[0]["line"], old);
    // The worker earns five days in January, which is built late.
    for number in 12..=16 {
        stage.work(&format!("2026-01-{number:02}"), 100);
    }
    let built = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-01"})).send().await.expect(201);
    let draft = built["sheet"].clone();
    let from = stage.lines(&draft).await[0]["line"].clone();
    let consent = stage.scan();
    let back = |amount: &str, document: Option<String>, from: Option<&Value>| {
        let mut body = json!({"kind": "taken_back", "amount": amount, "reason": "多记两天，本人同意"});
        if let Some(document) = document {
            body["document"] = json!(document);
        }
        if let Some(from) = from {
            body["from"] = from["id"].clone();
        }
        body
    };
    let consent = || Some(consent.to_string());
    let bare = correct(&stage, &sheet, &old, back("100.00", None, Some(&from))).await.refuse(422, "invalid");
    assert_eq!(bare["errors"][0]["place"], "document", "never without consent: {bare}");
    let nowhere = correct(&stage, &sheet, &old, back("100.00", consent(), None)).await.refuse(422, "invalid");
    assert_eq!(nowhere["errors"][0]["place"], "from");
    correct(&stage, &sheet, &old, back("600.01", consent(), Some(&from))).await.refuse(422, "invalid");
    let much = correct(&stage, &sheet, &old, back("300.01", consent(), Some(&from))).await.refuse(422, "invalid");
    assert_eq!(
        (&much["errors"][0]["place"], &much["errors"][0]["reason"]),
        (&json!("amount"), &json!("over_limit")),
        "a fifth of 1500"
    );
    let made = correct(&stage, &sheet, &old, back("200.00", consent(), Some(&from))).await.expect(201);
    assert_eq!(made["new_line_id"], from["id"]);
    let after = stage.lines(&draft).await[0]["line"].clone();
    assert_eq!(
        (text(&after["deductions"]), text(&after["net"]), text(&after["state"])),
        ("200.00".to_owned(), "1300.00".to_owned(), "draft".to_owned())
    );
    correct(&stage, &sheet, &old, back("100.01", consent(), Some(&from))).await.refuse(422, "invalid");
    // An ordinary deduction stands beside what is taken back and replaces nothing of it.
    let seen = now(&stage, &draft).await["version"].as_i64().unwrap();
    let cut = |amount: &str| json!({"line": from["id"], "amount": amount, "reason": "预支生活费"});
    stage.act(&draft, "deductions", seen, Some(cut("1300.01"))).await.refuse(422, "invalid");
    for (amount, deductions) in [("100.00", "300.00"), ("50.00", "250.00"), ("0.00", "200.00")] {
        let seen = now(&stage, &draft).await["version"].as_i64().unwrap();
        let line = stage.act(&draft, "deductions", seen, Some(cut(amount))).await.expect(201);
        assert_eq!(text(&line["deductions"]), deductions, "{line}");
    }
    correct(&stage, &sheet, &old, back("100.01", consent(), Some(&from))).await.refuse(422, "invalid");
    // Withdrawn, it takes nothing, and the whole note is open again.
    let seen = now(&stage, &draft).await["version"].as_i64().unwrap();
    let path = format!("items/{}/steps", text(&made["item_id"]));
    stage.act(&draft, &path, seen, Some(json!({"step": "withdrawn", "note": "工人不同意"}))).await.expect(201);
    correct(&stage, &sheet, &old, back("300.00", consent(), Some(&from))).await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_line_before_its_audit_is_not_corrected_this_way, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    let body = json!({"kind": "back_pay", "amount": "1.00", "reason": "草稿"});
    correct(&stage, &sheet, &line, body.clone()).await.refuse(409, "conflict");
    stage.sign_all(&sheet).await;
    stage.act(&sheet, "submit", 1, None).await.expect(200);
    correct(&stage, &sheet, &line, body.clone()).await.refuse(409, "conflict");
    let path = stage.path(&format!("pay-sheets/{}/audit", text(&sheet["id"])));
    stage.manager.ask(actix_web::http::Method::POST, &path).header("If-Match", "2").send().await.expect(200);
    let over = json!({"kind": "overpaid", "amount": "1.00", "reason": "还没有支付"});
    correct(&stage, &sheet, &line, over).await.refuse(422, "invalid");
    assert_eq!(correct(&stage, &sheet, &line, body).await.expect(201)["kind"], "back_pay", "audited is enough");
    assert_eq!(app.broken(), Vec::<String>::new());
});
