//! A trade that is in no code table: told as a warning of its row, on a roster as on a pay sheet, and the row is kept.

use anxin::payroll::imports::actions::SheetFile;
use serde_json::{Value, json};

use super::payroll::stage;
use super::sheet_import::{february, import};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{card, id_number, project};

both!(an_unknown_trade_is_told_when_somebody_is_enrolled, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let team = crew(&manager, &site, "木工一班").await;
    let trades = ["宇航员", "240", "木工", "钢筋"];
    let of = |(number, trade): (u32, &str)| {
        let mut one = worker(number, &team);
        one["trade"] = json!(trade);
        one
    };
    let seen = enrol(&manager, &site, (1..).zip(trades).map(of).collect()).await;
    let told = |place: usize| {
        let warnings = seen["results"][place]["warnings"].as_array().unwrap().clone();
        warnings.into_iter().filter(|one| one["code"] == "unknown_trade").collect::<Vec<Value>>()
    };
    assert!(seen["results"][0]["enrolment"].is_object(), "it is kept: {seen}");
    let warning = &told(0)[0];
    assert!(
        warning["zh"].as_str().unwrap().contains("代码表") && warning["en"].as_str().unwrap().contains("code table"),
        "{seen}"
    );
    for known in 1..trades.len() {
        assert_eq!(told(known), Vec::<Value>::new(), "a code, a name and a name without its ending: {seen}");
    }
});

both!(an_unknown_trade_on_a_pay_sheet_is_told_at_its_cell, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let row = |number: u32, trade: &str| {
        format!("测试工人{number},{},{trade},5,300.00,1500.00,1500.00,{}\n", id_number(number), card(number))
    };
    let text = format!("姓名,身份证号,工种,出勤天数,日工资,应发,实发,银行卡号\n{}{}", row(1, "宇航员"), row(2, "木工"));
    let file = SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let taken = import(&app, &stage, file, february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (2, 0), "{:?}", taken.faults);
    let told: Vec<_> = taken.warnings.iter().filter(|one| one.zh.contains("宇航员")).collect();
    assert_eq!(told.len(), 1, "{:?}", taken.warnings);
    assert!(told[0].place.ends_with("C2") && told[0].reason == "unknown_reference", "{:?}", told[0]);
    assert!(!taken.warnings.iter().any(|one| one.zh.contains("木工：")), "{:?}", taken.warnings);
});
