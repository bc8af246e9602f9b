//! No wage is paid twice: what a correction or the bank paid beside the sheets counts against what the days earn.

use anxin::payroll::results::Outcome;
use serde_json::{Value, json};

use super::doubts::hurdle;
use super::matching::{hand_in, later, site};
use super::payroll::{Stage, stage, text};
use super::unlisted_days::{finish, pay, quiet_january};
use crate::both;
use crate::suite::ground::card;

/// Outcome of a worker's match of February, with kind and amount of each difference.
async fn matched(stage: &Stage<'_>, number: usize) -> (String, Vec<(String, String)>) {
    let subject = stage.people[number - 1].1.to_string();
    let view = stage.manager.get(&stage.path("matches/2026-02?limit=200")).send().await.expect(200);
    let row = view["items"].as_array().unwrap().iter().find(|row| row["subject"] == subject.as_str()).expect("a row").clone();
    let differences = row["differences"].as_array().unwrap().iter();
    (text(&row["standing"]), differences.map(|one| (text(&one["kind"]), text(&one["amount"]))).collect())
}

fn agrees() -> (String, Vec<(String, String)>) {
    ("agrees".to_owned(), vec![])
}

/// The sheet as it stands.
async fn now(stage: &Stage<'_>, sheet: &Value) -> Value {
    stage.manager.get(&stage.path(&format!("pay-sheets/{}", text(sheet)))).send().await.expect(200)
}

/// Back-pay that names no days, on the first line of a sheet; the part on which it stands.
async fn back_pay(stage: &Stage<'_>, sheet: &Value, amount: &str) -> Value {
    let line = stage.lines(sheet).await[0]["line"]["id"].clone();
    let version = now(stage, &sheet["id"]).await["version"].as_i64().unwrap();
    let body = json!({"kind": "back_pay", "amount": amount, "reason": "补发差额"});
    let made = stage.act(sheet, &format!("lines/{}/corrections", text(&line)), version, Some(body)).await.expect(201);
    now(stage, &made["new_sheet_id"]).await
}

/// Builds the month's draft again.
async fn again(stage: &Stage<'_>, draft: &Value) -> Value {
    let ask = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"}));
    let seen = draft["version"].to_string();
    ask.header("If-Match", &seen).send().await.expect(201)["sheet"].clone()
}

/// The first sheet of February, paid; the pay day has passed.
async fn paid<'a>(stage: Stage<'a>, key: &str) -> (Stage<'a>, Value) {
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    pay(&stage, &sheet, key).await;
    (later(stage, "2026-03-12T10:00:00+08:00"), sheet)
}

async fn raise(stage: &Stage<'_>, valid_on: &str, rate: &str) {
    let terms = stage.path(&format!("enrolments/{}/terms", stage.enrolment(1)));
    stage.manager.post(&terms, json!({"valid_on": valid_on, "day_rate": rate})).send().await.expect(200);
}

both!(a_raise_that_a_correction_paid_is_not_built_again, |app| {
    let (stage, sheet) = paid(stage(&app, &[Some(1)]).await, "once-raise").await;
    raise(&stage, "2026-02-05", "350.00").await;
    assert_eq!(matched(&stage, 1).await, ("differs".to_owned(), vec![("paid_less".to_owned(), "100.00".to_owned())]));
    let part = back_pay(&stage, &sheet, "100.00").await;
    assert_eq!(text(&part["total"]), "100.00");
    // While it stands on a draft it is no less paid for.
    let part = again(&stage, &part).await;
    assert_eq!(text(&part["total"]), "100.00", "once, on the draft that was built again");
    let part = finish(&stage, &part).await;
    pay(&stage, &part, "once-raise-2").await;
    assert_eq!(matched(&stage, 1).await, agrees());
    assert_eq!(hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await, None);
    stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(late_days_that_a_correction_paid_without_naming_them_are_not_built_again, |app| {
    let (stage, sheet) = paid(stage(&app, &[Some(1)]).await, "once-late").await;
    for on in ["2026-02-09", "2026-02-10"] {
        stage.work(on, 100);
    }
    let part = back_pay(&stage, &sheet, "600.00").await;
    assert_eq!(text(&again(&stage, &part).await["total"]), "600.00");
    // A third day comes: it alone is laid beside the two.
    stage.work("2026-02-11", 100);
    let part = again(&stage, &now(&stage, &part["id"]).await).await;
    assert_eq!(text(&part["total"]), "900.00");
    let part = finish(&stage, &part).await;
    pay(&stage, &part, "once-late-2").await;
    assert_eq!(matched(&stage, 1).await, agrees());
    assert_eq!(hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await, None);
    stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(money_that_went_straight_to_the_card_is_not_paid_again_unseen, |app| {
    let stage = later(site(&app, 3).await, "2026-03-12T10:00:00+08:00");
    let to_one = ("NOTPROVIDED", Some("测试工人1"), Some(card(1)));
    hand_in(&stage, "S2", "2026-03-12", &[("1600.00", false, "W1", Some(to_one))]).await;
    assert_eq!(matched(&stage, 1).await, agrees(), "it pays the days, whether or not a sheet lists them");
    let sheet = stage.audited().await;
    let path = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let checked = stage.manager.get(&path).send().await.expect(200);
    assert_eq!((text(&checked["ordered"]), text(&checked["held_total"])), ("1600.00".into(), "1600.00".into()), "{checked}");
    let held = &checked["held"][0];
    assert_eq!((&held["reason"], &held["direct"]["amount"]), (&json!("paid_direct"), &json!("1600.00")), "{held}");
    let entry = text(&held["direct"]["entries"][0]);
    assert!(text(&held["zh"]).contains("1600.00") && text(&held["zh"]).contains(&entry), "{held}");
    assert!(text(&held["en"]).contains("1600.00") && text(&held["en"]).contains(&entry), "{held}");
    let ordered = stage.order(&sheet, "once-direct").await.expect(201);
    assert_eq!(ordered["held"][0]["reason"], "paid_direct", "{ordered}");
    for id in stage.payments(&ordered["run"]).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-12".parse().unwrap() });
    }
    assert_eq!((matched(&stage, 1).await, matched(&stage, 2).await), (agrees(), agrees()));
    // Somebody lets it go all the same: what was paid too much is told.
    let release = stage.path(&format!("pay-sheets/{}/releases", text(&sheet["id"])));
    stage.manager.post(&release, json!({"line": held["line"], "note": "该笔为上月借款，非工资"})).send().await.expect(201);
    let ordered = stage.order(&sheet, "once-direct-2").await.expect(201);
    assert_eq!((text(&ordered["ordered"]), &ordered["held"]), ("1600.00".into(), &json!([])), "{ordered}");
    for id in stage.payments(&ordered["run"]).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-12".parse().unwrap() });
    }
    let twice = vec![("paid_without_attendance".to_owned(), "1600.00".to_owned())];
    assert_eq!(matched(&stage, 1).await, ("differs".to_owned(), twice));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(back_pay_of_an_allowance_pays_no_day, |app| {
    let (stage, sheet) = paid(stage(&app, &[Some(1)]).await, "once-bonus").await;
    raise(&stage, "2026-02-05", "350.00").await;
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let at = format!("lines/{}/corrections", text(&line));
    let of = |purpose: &str, days: Value| json!({"kind": "back_pay", "amount": "100.00", "reason": "高温津贴", "back_pay_of": purpose, "days": days});
    let version = || async { now(&stage, &sheet["id"]).await["version"].as_i64().unwrap() };
    let refused = stage.act(&sheet, &at, version().await, Some(of("allowance", json!("1")))).await.refuse(422, "invalid");
    assert!(refused.to_string().contains("back_pay_of"), "{refused}");
    let noted = json!({"kind": "overpaid", "amount": "1.00", "reason": "多付", "back_pay_of": "allowance"});
    stage.act(&sheet, &at, version().await, Some(noted)).await.refuse(422, "invalid");
    let made = stage.act(&sheet, &at, version().await, Some(of("allowance", Value::Null))).await.expect(201);
    assert_eq!(made["back_pay_of"], "allowance", "{made}");
    // The raise is owed beside it, and neither is paid; the draft that is built has both.
    assert_eq!(matched(&stage, 1).await, ("differs".to_owned(), vec![("paid_less".to_owned(), "200.00".to_owned())]));
    let part = again(&stage, &now(&stage, &made["new_sheet_id"]).await).await;
    assert_eq!(text(&part["total"]), "200.00", "the allowance and the raise");
    let carrier = stage.lines(&part).await[0]["line"]["id"].clone();
    let browser = app.browser_of(stage.manager.user).await;
    let slip =
        browser.page(&format!("/projects/{}/sheets/{}/lines/{}", stage.project_id(), text(&part["id"]), text(&carrier))).await;
    assert!(slip.contains("补发津贴"), "{slip}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
