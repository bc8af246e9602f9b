//! People who stand on a sheet by attendance beside a file that refused or left out their rows: told by name, signed and handed in by
//! nobody until the labour manager has answered or a mended file has them.

use anxin::payroll::imports::actions::SheetFile;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use super::sheet_import::{february, import};
use crate::both;
use crate::suite::ground::{App, card, id_number};

fn row(worker: u32, due: &str, card: String) -> String {
    format!("测试工人{worker},{},5,300.00,{due},{due},{card}\n", id_number(worker))
}

fn file(rows: &[String]) -> SheetFile {
    let text = format!("姓名,身份证号,出勤天数,日工资,应发,实发,银行卡号\n{}", rows.concat());
    SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() }
}

async fn version(stage: &Stage<'_>, sheet: &str) -> i64 {
    let list = stage.manager.get(&stage.path("pay-sheets")).send().await.expect(200);
    let all = list["items"].as_array().unwrap();
    all.iter().find(|one| text(&one["id"]) == sheet).expect("a sheet")["version"].as_i64().unwrap()
}

async fn open(stage: &Stage<'_>, sheet: &str) -> Value {
    stage.manager.get(&stage.path(&format!("pay-sheets/{sheet}/left-out"))).send().await.expect(200)
}

/// Name and row of each who waits, with how many and how much.
fn told(answer: &Value) -> (i64, String, Vec<(String, Option<i64>)>) {
    let people = answer["people"].as_array().unwrap().iter();
    let people = people.map(|one| (text(&one["name"]), one["row"].as_i64())).collect();
    (answer["count"].as_i64().unwrap(), text(&answer["total"]), people)
}

async fn again(app: &App, stage: &Stage<'_>, sheet: &str, rows: &[String]) -> Value {
    let version = i32::try_from(version(stage, sheet).await).unwrap();
    let taken = import(app, stage, file(rows), february(), Some(version)).unwrap();
    serde_json::to_value(&taken.left_out).unwrap()
}

both!(who_stands_beside_the_file_by_attendance_is_told_by_name_until_somebody_answers, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3), Some(4)]).await;
    let unreadable = row(3, "一千五", card(3));
    let rows = [row(1, "1500.00", card(1)), row(2, "1500.00", card(9)), unreadable.clone()];
    let taken = import(&app, &stage, file(&rows), february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (1, 2), "{:?}", taken.faults);
    let sheet = taken.sheet.to_string();
    let first = serde_json::to_value(&taken.left_out).unwrap();
    let named = |worker: u32, row: Option<i64>| (format!("测试工人{worker}"), row);
    assert_eq!(told(&first), (3, "4500.00".into(), vec![named(2, Some(3)), named(3, Some(4)), named(4, None)]), "{first}");
    let people = first["people"].as_array().unwrap();
    assert_eq!((&people[0]["reason"], &people[2]["reason"]), (&json!("unknown_account"), &Value::Null), "{first}");
    assert!(text(&people[0]["zh"]).contains("第 3 行") && text(&people[0]["zh"]).contains("不是来自您的文件"), "{first}");
    assert!(text(&people[2]["en"]).contains("not from your file"), "{first}");
    assert_eq!(open(&stage, &sheet).await, first, "the sheet says the same");
    // The page names them, and nobody signs or hands in meanwhile.
    let browser = app.browser_of(stage.manager.user).await;
    let page_path = format!("/projects/{}/sheets/{sheet}", stage.project_id());
    let page = browser.page(&page_path).await;
    assert!(page.contains("按考勤列入、不是来自导入的文件") && page.contains("第 3 行未导入"), "{page}");
    let view = json!({"id": sheet, "version": version(&stage, &sheet).await});
    let lines = stage.lines(&view).await;
    let scan = stage.scan();
    let sign = |line: &Value| json!({"line": line, "means": "paper", "document_id": scan, "signed_on": "2026-03-01"});
    let items: Vec<Value> = lines.iter().map(|one| sign(&one["line"]["id"])).collect();
    let signed =
        stage.act(&view, "signatures", view["version"].as_i64().unwrap(), Some(json!({"items": items}))).await.expect(201);
    let stands = signed.as_array().unwrap().iter().filter(|one| one["signed"] == true).count();
    let unconfirmed = signed.as_array().unwrap().iter().filter(|one| one["reason"] == "unconfirmed").count();
    assert_eq!((stands, unconfirmed), (1, 3), "{signed}");
    let refused = stage.act(&view, "submit", version(&stage, &sheet).await, None).await;
    let problem = refused.refuse(409, "conflict");
    assert!(problem.to_string().contains("测试工人4") && problem.to_string().contains("4500.00"), "{problem}");
    // A mended file takes one of them off the list.
    let second = again(&app, &stage, &sheet, &[row(2, "1600.00", card(2))]).await;
    assert_eq!(told(&second), (2, "3000.00".into(), vec![named(3, Some(4)), named(4, None)]), "{second}");
    // The labour manager answers for the others, with a reason; the subcontractor may not.
    let line_of = |answer: &Value, at: usize| answer["people"][at]["line"].clone();
    let path = stage.path(&format!("pay-sheets/{sheet}/left-out"));
    let sub = app.client(Role::Subcontractor, ScopeOn::Project(stage.project_id()));
    let seen = version(&stage, &sheet).await;
    let said = json!({"lines": [line_of(&second, 0), line_of(&second, 1)], "note": "班组漏报，以考勤为准"});
    sub.post(&path, said.clone()).header("If-Match", &seen.to_string()).send().await.refuse(403, "not_allowed");
    stage.act(&view, "left-out", seen, Some(json!({"lines": [line_of(&second, 0)], "note": " "}))).await.refuse(422, "invalid");
    stage.act(&view, "left-out", seen, Some(said.clone())).await.expect(200);
    assert_eq!(told(&open(&stage, &sheet).await), (0, "0.00".into(), vec![]));
    stage.act(&view, "left-out", version(&stage, &sheet).await, Some(said)).await.refuse(422, "invalid");
    assert!(!browser.page(&page_path).await.contains("按考勤列入、不是来自导入的文件"));
    // A row that is refused again needs another answer; a file without anybody else's row needs none.
    let third = again(&app, &stage, &sheet, &[row(2, "1600.00", card(2)), unreadable]).await;
    assert_eq!(told(&third), (1, "1500.00".into(), vec![named(3, Some(3))]), "{third}");
    let last = again(&app, &stage, &sheet, &[row(3, "1500.00", card(3))]).await;
    assert_eq!(told(&last).0, 0, "{last}");
    // Now everybody signs, and it goes.
    let scan = stage.scan();
    let sign = |line: &Value| json!({"line": line, "means": "paper", "document_id": scan, "signed_on": "2026-03-01"});
    let items: Vec<Value> = stage
        .lines(&view)
        .await
        .iter()
        .filter(|one| one["line"]["state"] == "draft")
        .map(|one| sign(&one["line"]["id"]))
        .collect();
    let version_now = version(&stage, &sheet).await;
    stage.act(&view, "signatures", version_now, Some(json!({"items": items}))).await.expect(201);
    let handed = stage.act(&view, "submit", version(&stage, &sheet).await, None).await.expect(200);
    assert_eq!((text(&handed["total"]), handed["line_count"].as_i64()), ("6100.00".into(), Some(4)), "nobody vanished: {handed}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_sheet_that_no_file_was_taken_into_asks_nothing, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    assert_eq!(told(&open(&stage, &text(&sheet["id"])).await), (0, "0.00".into(), vec![]));
    let audited = crate::suite::http::unlisted_days::finish(&stage, &sheet).await;
    assert_eq!(audited["state"], json!("audited"));
    assert_eq!(app.broken(), Vec::<String>::new());
});
