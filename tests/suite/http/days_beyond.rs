//! The check before an order: more work days on the sheets of a month than the attendance saw.

use anxin::payroll::imports::actions::SheetFile;
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use super::sheet_import::{february, import};
use crate::both;
use crate::suite::ground::{App, card, id_number};

/// A sheet of a file that gives the workers these days at 300.00, audited.
async fn audited(app: &App, stage: &Stage<'_>, days: &[i64]) -> Value {
    let mut file = "姓名,身份证号,出勤天数,日工资,应发,实发,银行卡号\n".to_owned();
    for (worker, days) in (1..).zip(days) {
        let (due, id) = (days * 300, id_number(worker));
        file.push_str(&format!("测试工人{worker},{id},{days},300.00,{due}.00,{due}.00,{}\n", card(worker)));
    }
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: file.into_bytes() };
    let taken = import(app, stage, file, february(), None).unwrap();
    let sheet = stage.manager.get(&stage.path("pay-sheets")).send().await.expect(200)["items"][0].clone();
    assert_eq!(text(&sheet["id"]), taken.sheet.to_string());
    super::unlisted_days::finish(stage, &sheet).await
}

async fn check(stage: &Stage<'_>, sheet: &Value) -> Value {
    stage.manager.get(&stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])))).send().await.expect(200)
}

both!(more_days_than_the_attendance_saw_are_held_with_both_counts_until_somebody_answers, |app| {
    // Everybody was seen on five days.
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = audited(&app, &stage, &[5, 20, 4]).await;
    let checked = check(&stage, &sheet).await;
    assert_eq!((checked["lines"].as_i64(), text(&checked["held_total"])), (Some(2), "6000.00".into()), "{checked}");
    let held = &checked["held"][0];
    assert_eq!(
        (&held["reason"], &held["days"]),
        (&json!("days_beyond_attendance"), &json!({"listed_hundredths": 2000, "seen_hundredths": 500})),
        "{held}"
    );
    assert!(text(&held["zh"]).contains("共列 20 天") && text(&held["zh"]).contains("只有 5 天"), "{held}");
    assert!(text(&held["en"]).contains("lists 20 days") && text(&held["en"]).contains("has 5"), "{held}");
    let path = format!("/projects/{}/sheets/{}/check", stage.project_id(), text(&sheet["id"]));
    let page = app.browser_of(stage.manager.user).await.page(&path).await;
    assert!(page.contains("所列工日多于考勤") && page.contains("共列 20 天"), "{page}");
    // The order holds that line and pays the others; with a note it is let go.
    let ordered = stage.order(&sheet, "days-0001").await.expect(201);
    assert_eq!((text(&ordered["ordered"]), text(&ordered["held_total"])), ("2700.00".into(), "6000.00".into()), "{ordered}");
    let release = stage.path(&format!("pay-sheets/{}/releases", text(&sheet["id"])));
    stage.manager.post(&release, json!({"line": held["line"], "note": "夜间加班未打卡，班组签认"})).send().await.expect(201);
    let again = stage.order(&sheet, "days-0002").await.expect(201);
    assert_eq!((text(&again["ordered"]), &again["held"]), ("6000.00".into(), &json!([])), "{again}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(who_was_at_two_sites_in_the_same_hours_is_told_before_the_order, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = audited(&app, &stage, &[5, 5]).await;
    assert_eq!(check(&stage, &sheet).await["cautions"], json!([]));
    stage.work_elsewhere(1, "2026-02-03").await;
    let checked = check(&stage, &sheet).await;
    let told: Vec<&Value> = checked["cautions"].as_array().unwrap().iter().map(|one| &one["caution"]).collect();
    assert_eq!((told, checked["lines"].as_i64()), (vec![&json!("on_two_sites")], Some(2)), "{checked}");
    let path = format!("/projects/{}/sheets/{}/check", stage.project_id(), text(&sheet["id"]));
    let page = app.browser_of(stage.manager.user).await.page(&path).await;
    assert!(page.contains("两个工地同时出勤"), "{page}");
});

both!(days_that_a_correction_brought_or_nobody_could_see_are_not_told, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = audited(&app, &stage, &[6, 6]).await;
    assert_eq!(check(&stage, &sheet).await["held"].as_array().map(Vec::len), Some(2));
    // The attendance is put right: the sixth day stands there now.
    stage.work("2026-02-09", 100);
    let checked = check(&stage, &sheet).await;
    assert_eq!((checked["lines"].as_i64(), &checked["held"]), (Some(2), &json!([])), "{checked}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_month_that_no_gate_saw_says_nothing_of_days, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    stage.was_never_there(1);
    let sheet = audited(&app, &stage, &[20]).await;
    let checked = check(&stage, &sheet).await;
    assert_eq!((checked["lines"].as_i64(), &checked["held"]), (Some(1), &json!([])), "not known is no reason: {checked}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
