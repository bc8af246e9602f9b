//! A pay sheet that is exported, and taken again with what people entered by hand on it.

use anxin::base::id::SheetId;
use anxin::payroll::imports::actions::SheetFile;
use anxin::payroll::imports::export::export;
use anxin::payroll::table;
use anxin::projects;
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use super::sheet_import::{february, import};
use crate::both;
use crate::suite::ground::{App, id_number};

fn csv(text: &str) -> SheetFile {
    SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.as_bytes().to_vec() }
}

/// Gross, deductions and net of every line, in fen.
fn sums(app: &App, stage: &Stage<'_>, sheet: SheetId) -> Vec<(i64, i64, i64)> {
    let id = stage.project_id();
    let lines = app.read(move |conn, _| Ok(table::lines_of(conn, id, sheet)?)).unwrap();
    lines.iter().map(|line| (line.gross_fen.0, line.deductions_fen.0, line.net_fen.0)).collect()
}

fn version(app: &App, stage: &Stage<'_>, sheet: SheetId) -> i32 {
    let id = stage.project_id();
    app.read(move |conn, _| Ok(table::sheet(conn, id, sheet)?)).unwrap().unwrap().version
}

fn exported(app: &App, stage: &Stage<'_>, sheet: SheetId) -> SheetFile {
    let id = stage.project_id();
    let (_, bytes) = app
        .write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            export(tx, ctx, &site, sheet, "打印存档")
        })
        .unwrap();
    SheetFile { name: Some("导出.xlsx".to_owned()), content_type: String::new(), bytes }
}

/// A sheet on whose first worker's line everything stands that a person can type.
async fn typed(stage: &Stage<'_>) -> (Value, SheetId) {
    let sheet = stage.build().await;
    let who = stage.enrolment(1);
    let items = [
        ("overtime", "加班", "5", "40.00", Some(150)),
        ("allowance", "高温补贴", "1", "100.00", None),
        ("hour_wage", "计时", "2", "30.00", None),
        ("deduction", "借支", "1", "200.00", None),
    ];
    for (version, (kind, label, quantity, price, rate)) in (1..).zip(items) {
        let mut item = json!({"enrolment": who, "kind": kind, "label": label, "quantity": quantity, "unit_price": price});
        if let Some(rate) = rate {
            item["rate_percent"] = json!(rate);
        }
        stage.act(&sheet, "items", version, Some(item)).await.expect(201);
    }
    let id = text(&sheet["id"]).parse().unwrap();
    (sheet, id)
}

both!(what_was_typed_by_hand_comes_back_once_however_often_the_sheet_is_taken, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (_, sheet) = typed(&stage).await;
    let before = sums(&app, &stage, sheet);
    let mut sorted = before.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [(150_000, 0, 150_000), (196_000, 20_000, 176_000)]);
    let first = exported(&app, &stage, sheet);
    for file in [first.clone(), first, exported(&app, &stage, sheet)] {
        let back = import(&app, &stage, file, february(), Some(version(&app, &stage, sheet))).unwrap();
        assert_eq!((back.taken, back.refused), (2, 0), "{:?}", back.faults);
        assert_eq!(sums(&app, &stage, sheet), before);
    }
    let again = exported(&app, &stage, sheet);
    import(&app, &stage, again, february(), Some(version(&app, &stage, sheet))).unwrap();
    assert_eq!(sums(&app, &stage, sheet), before);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_total_that_changed_changes_the_line_by_the_difference_and_one_below_the_typed_is_refused, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let (_, sheet) = typed(&stage).await;
    let row = |due: &str, overtime: &str, bonus: &str, deduction: &str, paid: &str| {
        let id = id_number(1);
        csv(&format!(
            "姓名,身份证号,出勤天数,日工资,应发,加班,奖金,扣款,实发\n测试工人1,{id},5,300.00,{due},{overtime},{bonus},{deduction},{paid}\n"
        ))
    };
    let take = |file| import(&app, &stage, file, february(), Some(version(&app, &stage, sheet)));
    take(row("1960.00", "300.00", "100.00", "250.00", "1710.00")).unwrap();
    assert_eq!(sums(&app, &stage, sheet), [(196_000, 25_000, 171_000)], "50.00 more is withheld");
    take(row("2010.00", "320.00", "130.00", "200.00", "1810.00")).unwrap();
    assert_eq!(sums(&app, &stage, sheet), [(201_000, 20_000, 181_000)]);
    for (file, cell) in [
        (row("1960.00", "300.00", "100.00", "150.00", "1810.00"), "CSV!H2"),
        (row("1960.00", "299.99", "100.00", "200.00", "1760.00"), "CSV!F2"),
        (row("1960.00", "300.00", "0.00", "200.00", "1760.00"), "CSV!G2"),
        (row("459.99", "300.00", "100.00", "200.00", "259.99"), "CSV!E2"),
    ] {
        let refused = take(file).unwrap_err();
        assert_eq!((refused.faults[0].place.as_str(), refused.faults[0].reason.as_str()), (cell, "sum_mismatch"), "{refused:?}");
        assert!(refused.faults[0].zh.contains("手工录入"), "{refused:?}");
    }
    // Without columns of their own, what is paid on top stands in 应发; a file that withholds nothing is not the sheet.
    let id = id_number(1);
    take(csv(&format!("姓名,身份证号,应发,扣款,实发\n测试工人1,{id},2060.00,200.00,1860.00\n"))).unwrap();
    assert_eq!(sums(&app, &stage, sheet), [(206_000, 20_000, 186_000)]);
    let none = take(csv(&format!("姓名,身份证号,应发,实发\n测试工人1,{id},2060.00,2060.00\n"))).unwrap_err();
    assert_eq!(none.faults[0].place, "CSV!D2", "the net would not be the file's: {none:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
