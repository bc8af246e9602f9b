//! Pay sheets made elsewhere: every planted fault is found with its cell, good rows are kept, nothing is booked by halves.

use std::collections::BTreeMap;

use anxin::base::id::{InboxId, SheetId};
use anxin::base::{Fen, Month};
use anxin::payroll::imports::actions::{Confirmed, SheetFile, Taken, keep_file, proposal, take};
use anxin::payroll::imports::export::export;
use anxin::payroll::table;
use anxin::projects;
use anxin::web::Problem;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use serde_json::json;

use super::payroll::{Stage, stage};
use crate::both;
use crate::suite::ground::{App, card, id_number};

const TITLE: &str = "测试项目 2026年2月工资支付表";
const HEADER: [&str; 12] =
    ["序号", "姓名", "身份证号", "出勤天数", "日工资", "应发", "加班", "奖金", "借支", "罚款", "实发", "银行卡号"];

/// A row as most sheets have it: worker number, days, due, paid.
fn plain(sheet: &mut Worksheet, row: u32, worker: u32, days: f64, due: f64, paid: f64) {
    sheet.write_number(row, 0, f64::from(row)).unwrap();
    sheet.write_string(row, 1, format!("测试工人{worker}")).unwrap();
    sheet.write_string(row, 2, id_number(worker)).unwrap();
    sheet.write_number(row, 3, days).unwrap();
    sheet.write_number(row, 4, 300).unwrap();
    sheet.write_number(row, 5, due).unwrap();
    sheet.write_number(row, 10, paid).unwrap();
    sheet.write_string(row, 11, card(worker)).unwrap();
}

/// A sheet with the header in its second and third row, the upper one merged over two amounts.
fn begun(sheet: &mut Worksheet, title: &str) {
    let format = Format::new();
    sheet.set_name("二月").unwrap();
    sheet.merge_range(0, 0, 0, 11, title, &format).unwrap();
    for (column, name) in (0u16..).zip(HEADER) {
        match name {
            "借支" => {
                sheet.merge_range(1, column, 1, column + 1, "扣款", &format).unwrap();
                sheet.write_string(2, column, name).unwrap();
            }
            "罚款" => drop(sheet.write_string(2, column, name).unwrap()),
            _ => drop(sheet.merge_range(1, column, 2, column, name, &format).unwrap()),
        }
    }
}

fn file(book: &mut Workbook) -> SheetFile {
    let bytes = book.save_to_buffer().unwrap();
    SheetFile { name: Some("二月.xlsx".to_owned()), content_type: String::new(), bytes }
}

pub(super) fn february() -> Month {
    "2026-02".parse().unwrap()
}

/// Keeps the file and takes it as proposed.
pub(super) fn import(
    app: &App,
    stage: &Stage<'_>,
    file: SheetFile,
    month: Month,
    version: Option<i32>,
) -> Result<Taken, Problem> {
    let id = stage.project_id();
    let inbox: InboxId = app
        .write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            keep_file(tx, ctx, &site, &file)
        })
        .unwrap();
    let (mapping, sheet) = app.read(move |conn, ctx| {
        let site = projects::site(conn, id)?;
        let (_, found) = proposal(conn, ctx, &site, inbox, None)?;
        Ok((found.mapping(), found.sheet))
    })?;
    app.write(move |tx, ctx| {
        let site = projects::site(tx.conn(), id)?;
        let mut ctx = ctx.clone();
        ctx.seen_version = version;
        let confirmed = Confirmed { inbox, month, sheet, mapping: mapping.clone(), lowest_day_wage: Some(Fen(8_000)) };
        take(tx, &ctx, &site, &confirmed)
    })
}

both!(every_planted_fault_is_found_with_its_cell_and_good_rows_are_kept, |app| {
    let cards: Vec<Option<u32>> = (1..=25).map(Some).collect();
    let stage = stage(&app, &cards).await;
    stage.work_elsewhere(25, "2026-02-03").await;
    let gone = stage.enrolment(20);
    stage.was_never_there(20);
    let path = stage.path(&format!("enrolments/{gone}/leave"));
    stage.manager.post(&path, json!({"left_on": "2026-01-20"})).send().await.expect(200);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    begun(sheet, TITLE);
    // Rows are counted from 0 here and from 1 in what is told.
    let wrong_digit = |number: String| {
        let last = if number.ends_with('0') { '1' } else { '0' };
        format!("{}{last}", &number[..17])
    };
    plain(sheet, 3, 1, 5.0, 1500.0, 1500.0);
    plain(sheet, 4, 2, 5.0, 1500.0, 1500.0);
    sheet.write_string(4, 2, wrong_digit(id_number(2))).unwrap();
    plain(sheet, 5, 3, 5.0, 1500.0, 1500.0);
    sheet.write_number(5, 2, 110_101_199_001_011_234.0).unwrap();
    plain(sheet, 6, 4, 5.0, 1500.0, 1500.0);
    sheet.write_string(6, 11, card(1)).unwrap();
    plain(sheet, 7, 1, 5.0, 1500.0, 1500.0);
    plain(sheet, 8, 5, 5.0, 1500.0, 1505.0);
    sheet.write_number(8, 9, -5).unwrap();
    plain(sheet, 9, 6, 5.0, 1500.0, 1500.0);
    sheet.write_formula(9, 5, Formula::new("1/0").set_result("#DIV/0!")).unwrap();
    plain(sheet, 10, 7, 5.0, 1500.0, 1499.99);
    plain(sheet, 11, 8, 5.0, 1500.0, 1500.0);
    sheet.write_string(11, 5, "一千五").unwrap();
    plain(sheet, 12, 9, 5.0, 1500.0, 1500.0);
    sheet.write_string(12, 5, "１５００").unwrap();
    plain(sheet, 13, 10, 5.0, 1500.0, 1500.0);
    sheet.write_string(13, 5, "1,500.00").unwrap();
    plain(sheet, 14, 11, 5.0, 60_000.0, 60_000.0);
    plain(sheet, 15, 12, 5.0, 100.0, 100.0);
    plain(sheet, 16, 77, 5.0, 1500.0, 1500.0);
    plain(sheet, 17, 20, 5.0, 1500.0, 1500.0);
    plain(sheet, 18, 13, 5.0, 1500.0, -500.0);
    sheet.write_number(18, 9, 2000).unwrap();
    plain(sheet, 19, 14, 5.0, 1500.0, 1500.0);
    let date = ExcelDateTime::from_ymd(2026, 2, 1).unwrap();
    sheet.write_datetime_with_format(19, 5, &date, &Format::new().set_num_format("yyyy-mm-dd")).unwrap();
    plain(sheet, 20, 15, 40.0, 12_000.0, 12_000.0);
    plain(sheet, 21, 16, 5.0, 1500.0, 1500.0);
    sheet.write_blank(21, 1, &Format::new()).unwrap();
    plain(sheet, 22, 17, 5.0, 1500.0, 1500.0);
    sheet.write_blank(22, 2, &Format::new()).unwrap();
    plain(sheet, 23, 18, 5.0, 1500.0, 1500.0);
    sheet.write_string(23, 11, "6222-ABC").unwrap();
    plain(sheet, 24, 19, 5.0, 1500.005, 1500.0);
    plain(sheet, 25, 21, 5.0, 1500.0, 1500.0);
    sheet.write_string(25, 1, "别人").unwrap();
    for (column, name) in (0u16..).zip(HEADER) {
        sheet.write_string(26, column, name).unwrap();
    }
    plain(sheet, 27, 22, 5.0, 1500.0, 1500.0);
    sheet.set_row_hidden(27).unwrap();
    plain(sheet, 28, 23, 5.0, 1500.0, 1500.0);
    sheet.write_string(28, 11, card(99)).unwrap();
    plain(sheet, 29, 25, 5.0, 1500.0, 1500.0);
    // 30 is empty.
    plain(sheet, 31, 24, 5.0, 1500.0, 1500.0);
    let taken = import(&app, &stage, file(&mut book), february(), None).unwrap();
    let expected = [
        ("二月!C5", "bad_format"),
        ("二月!C6", "precision_lost"),
        ("二月!L7", "id_reused"),
        ("二月!C8", "id_reused"),
        ("二月!J9", "bad_amount"),
        ("二月!F10", "bad_format"),
        ("二月!K11", "sum_mismatch"),
        ("二月!F12", "bad_amount"),
        ("二月!K15", "over_limit"),
        ("二月!F16", "bad_amount"),
        ("二月!C17", "unknown_person"),
        ("二月!B18", "unknown_person"),
        ("二月!K19", "bad_amount"),
        ("二月!F20", "bad_amount"),
        ("二月!D21", "bad_format"),
        ("二月!B22", "missing_field"),
        ("二月!C23", "missing_field"),
        ("二月!L24", "bad_format"),
        ("二月!F25", "bad_amount"),
        ("二月!B26", "unknown_person"),
        ("二月!C27", "bad_format"),
        ("二月!L29", "unknown_account"),
        ("二月!B30", "id_reused"),
        ("二月!B32", "bad_format"),
    ];
    let told: Vec<(&str, &str)> = taken.faults.iter().map(|fault| (fault.place.as_str(), fault.reason.as_str())).collect();
    for one in expected {
        assert!(told.contains(&one), "{one:?} is missing in {told:#?}");
    }
    assert!(taken.faults.iter().all(|fault| !fault.zh.is_empty() && !fault.en.is_empty()));
    assert!(taken.faults.iter().all(|fault| !fault.zh.contains(&card(1)) && !fault.zh.contains(&id_number(2))), "no numbers");
    assert_eq!(taken.taken, 4, "rows 4, 13, 14 and the hidden 28: {told:#?}");
    assert!(taken.remarks.iter().any(|(zh, _)| zh.contains("隐藏")), "{:?}", taken.remarks);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(formulas_are_read_by_their_result_and_a_wrong_total_is_told, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    begun(sheet, TITLE);
    plain(sheet, 3, 1, 5.0, 1500.0, 1500.0);
    plain(sheet, 4, 2, 5.0, 1500.0, 1500.0);
    sheet.write_formula(4, 5, Formula::new("D5*E5").set_result("1500")).unwrap();
    sheet.write_string(5, 1, "合计").unwrap();
    sheet.write_number(5, 5, 2900).unwrap();
    let taken = import(&app, &stage, file(&mut book), february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (2, 0), "{:?}", taken.faults);
    assert!(taken.remarks.iter().any(|(zh, _)| zh.contains("公式")), "{:?}", taken.remarks);
    let told: Vec<(&str, &str)> = taken.faults.iter().map(|fault| (fault.place.as_str(), fault.reason.as_str())).collect();
    assert!(told.contains(&("二月!F6", "sum_mismatch")), "{told:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_file_with_too_many_rows_is_refused_whole, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let id = stage.project_id();
    let mut text = "姓名,身份证号,应发,实发\n".to_owned();
    for number in 0..=20_000_u32 {
        let born = anxin::base::Day::of(1980, 1, 1).unwrap().plus_days(i64::from(number / 999));
        let body = format!("119999{}{:03}", born.to_string().replace('-', ""), number % 999 + 1);
        let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
        let check = anxin::base::person::IdNumber::check_of(&digits);
        text.push_str(&format!("测试,{body}{check},1500.00,1500.00\n"));
    }
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let refused = import(&app, &stage, file, february(), None).unwrap_err();
    assert_eq!((refused.code, refused.faults[0].reason.as_str()), (anxin::web::Code::TooLarge, "over_limit"));
    assert!(app.read(move |conn, _| Ok(table::parts(conn, id, february())?)).unwrap().is_empty());
});

both!(a_file_that_is_not_fit_leaves_everything_as_it_was, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let id = stage.project_id();
    let nothing = |app: &App| app.read(move |conn, _| Ok(table::parts(conn, id, february())?)).unwrap().is_empty();
    let one = |title: &str, worker: u32| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        begun(sheet, title);
        plain(sheet, 3, worker, 5.0, 1500.0, 1500.0);
        file(&mut book)
    };
    let wrong_month = import(&app, &stage, one("2026年1月工资支付表", 1), february(), None).unwrap_err();
    assert_eq!(wrong_month.faults[0].reason, "bad_time");
    let nobody = import(&app, &stage, one(TITLE, 77), february(), None).unwrap_err();
    assert_eq!((nobody.faults[0].place.as_str(), nobody.faults[0].reason.as_str()), ("二月!C4", "unknown_person"));
    let mut other = Workbook::new();
    other.add_worksheet().write_string(0, 0, "说明").unwrap();
    let wrong_sheet = import(&app, &stage, file(&mut other), february(), None).unwrap_err();
    assert_eq!(wrong_sheet.faults[0].reason, "bad_format");
    let mut empty = Workbook::new();
    begun(empty.add_worksheet(), TITLE);
    let no_row = import(&app, &stage, file(&mut empty), february(), None).unwrap_err();
    assert_eq!((no_row.faults.len(), no_row.faults[0].reason.as_str()), (1, "missing_field"), "{no_row:?}");
    assert!(no_row.faults[0].zh.contains("表头下没有工人行"), "{no_row:?}");
    let rubbish = SheetFile { name: None, content_type: String::new(), bytes: b"PK\x03\x04 and no more".to_vec() };
    assert!(import(&app, &stage, rubbish, february(), None).is_err());
    assert!(nothing(&app), "no sheet came of any of them");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_layout_is_learned_and_an_export_comes_back_unchanged, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let id = stage.project_id();
    let strange = format!("人员名称,证件,本月工资,到手,扣\n测试工人1,{},1600.00,1550.00,50.00\n", id_number(1));
    let file =
        SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: strange.into_bytes() };
    let kept = file.clone();
    let keep = move |tx: &mut anxin::store::Tx<'_>, ctx: &anxin::web::Ctx| {
        let site = projects::site(tx.conn(), id)?;
        keep_file(tx, ctx, &site, &kept)
    };
    let inbox = app.write(keep.clone()).unwrap();
    let columns = |inbox: InboxId| {
        app.read(move |conn, ctx| {
            let site = projects::site(conn, id)?;
            let (_, found) = proposal(conn, ctx, &site, inbox, None)?;
            Ok((found.is_remembered, found.mapping()))
        })
        .unwrap()
    };
    assert_eq!(columns(inbox), (false, BTreeMap::new()));
    let said: BTreeMap<usize, String> =
        [(0, "name"), (1, "id"), (2, "due"), (3, "paid"), (4, "deduction")].map(|(place, key)| (place, key.to_owned())).into();
    let wanted = said.clone();
    let take_it = |mapping: BTreeMap<usize, String>| {
        app.write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            take(
                tx,
                ctx,
                &site,
                &Confirmed { inbox, month: february(), sheet: 0, mapping: mapping.clone(), lowest_day_wage: None },
            )
        })
    };
    let lame: BTreeMap<usize, String> = [(0, "name"), (1, "id")].map(|(place, key)| (place, key.to_owned())).into();
    assert!(take_it(lame).is_err(), "what is mandatory must be mapped");
    let taken = take_it(said).unwrap();
    assert_eq!((taken.taken, taken.refused), (1, 0), "{:?}", taken.faults);
    let again = app.write(keep).unwrap();
    assert_eq!(columns(again), (true, wanted), "the layout is known now");
    let sheet: SheetId = taken.sheet;
    let lines = |app: &App| app.read(move |conn, _| Ok(table::lines_of(conn, id, sheet)?)).unwrap();
    let before = lines(&app);
    let mut nets: Vec<Fen> = before.iter().map(|line| line.net_fen).collect();
    nets.sort_unstable();
    assert_eq!(nets, [Fen(150_000), Fen(155_000)]);
    let (_, bytes) = app
        .write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            export(tx, ctx, &site, sheet, "测试导出")
        })
        .unwrap();
    let exported = SheetFile { name: Some("导出.xlsx".to_owned()), content_type: String::new(), bytes };
    let version = app.read(move |conn, _| Ok(table::sheet(conn, id, sheet)?)).unwrap().unwrap().version;
    let back = import(&app, &stage, exported, february(), Some(version)).unwrap();
    assert_eq!((back.taken, back.refused), (2, 0), "{:?}", back.faults);
    let sums = |rows: &[table::LineRow]| -> Vec<_> {
        rows.iter().map(|line| (line.id, line.days_hundredths, line.gross_fen, line.deductions_fen, line.net_fen)).collect()
    };
    assert_eq!(sums(&lines(&app)), sums(&before));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_column_twice_is_refused_with_both_places, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let text = format!("姓名,身份证号,应发,实发,实发\n测试工人1,{},1500.00,1500.00,1400.00\n", id_number(1));
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let refused = import(&app, &stage, file, february(), None).unwrap_err();
    assert!(refused.zh.contains("!D1") && refused.zh.contains("!E1"), "{}", refused.zh);
    assert_eq!(refused.faults[0].reason, "duplicate");
});

both!(the_one_who_has_the_card_on_record_keeps_it_wherever_the_row_stands, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let row = |worker: u32, card: String| format!("测试工人{worker},{},5,300.00,1500.00,1500.00,{card}\n", id_number(worker));
    let text = format!("姓名,身份证号,出勤天数,日工资,应发,实发,银行卡号\n{}{}", row(1, card(2)), row(2, card(2)));
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let taken = import(&app, &stage, file, february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (1, 1), "{:?}", taken.faults);
    assert!(taken.faults.iter().all(|fault| fault.place.ends_with("G2")), "{:?}", taken.faults);
    assert!(taken.faults.iter().any(|fault| fault.zh.contains("第 3 行")), "{:?}", taken.faults);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_row_is_held_against_the_gates_and_the_rate_on_record, |app| {
    let cards: Vec<Option<u32>> = (1..=6).map(Some).collect();
    let stage = stage(&app, &cards).await;
    stage.work_elsewhere(6, "2026-02-03").await;
    let row = |worker: u32, days: &str, daily: &str, due: &str, advance: &str, paid: &str| {
        format!("测试工人{worker},{},{days},{daily},{due},{advance},{paid}\n", id_number(worker))
    };
    let rows = [
        row(1, "5", "300.00", "1500.00", "", "1500.00"),
        row(2, "20", "1200.00", "24000.00", "", "24000.00"),
        row(3, "5", "300.00", "0.00", "", "0.00"),
        row(4, "5", "300.00", "1500.00", "1500.00", "0.00"),
        row(5, "-5", "300.00", "1500.00", "", "1500.00"),
        row(6, "5", "300.00", "1500.00", "", "1500.00"),
    ];
    let text = format!("姓名,身份证号,出勤天数,日工资,应发,借支,实发\n{}", rows.concat());
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let taken = import(&app, &stage, file, february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (3, 3), "{:?}", taken.faults);
    let said = |faults: &[anxin::web::problem::Fault], cell: &str, words: &[&str]| {
        faults.iter().any(|fault| fault.place.ends_with(cell) && words.iter().all(|word| fault.zh.contains(word)))
    };
    assert!(said(&taken.warnings, "C3", &["20 天", "5 天"]), "{:?}", taken.warnings);
    assert!(said(&taken.warnings, "D3", &["1200.00", "300.00"]), "{:?}", taken.warnings);
    assert!(said(&taken.faults, "E4", &["应得 1500.00"]), "{:?}", taken.faults);
    assert!(said(&taken.warnings, "G5", &["应得 1500.00"]), "all of it withheld: {:?}", taken.warnings);
    assert!(said(&taken.faults, "C6", &["为负"]) && !said(&taken.faults, "C6", &["28"]), "{:?}", taken.faults);
    assert!(said(&taken.faults, "A7", &["2026-02-03"]), "{:?}", taken.faults);
    assert!(!taken.warnings.iter().any(|fault| fault.place.ends_with("C2") || fault.place.ends_with("D2")));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_refused_rows_come_back_as_a_sheet_with_their_reasons, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let text = format!(
        "姓名,身份证号,应发,实发\n测试工人1,{},1500.00,1500.00\n测试工人2,{},1500.00,1499.99\n别人,{},1500.00,1500.00\n合计,,4500.00,4499.00\n",
        id_number(1),
        id_number(2),
        id_number(3)
    );
    let id = stage.project_id();
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let inbox: InboxId = app
        .write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            keep_file(tx, ctx, &site, &file)
        })
        .unwrap();
    let path = stage.path(&format!("pay-sheet-imports/{inbox}/refused"));
    let answer = stage.manager.post(&path, json!({"month": "2026-02"})).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let book = anxin::wire::sheet::read(&answer.bytes).unwrap();
    let rows = &book.sheets[0].rows;
    assert_eq!(rows.len(), 3, "the header and the two refused rows, not the total: {rows:?}");
    let said = |row: usize| rows[row].last().unwrap().shown();
    assert!(said(1).contains("sum_mismatch") && said(2).contains("unknown_person"), "{rows:?}");
    assert_eq!(rows[0].last().unwrap().shown(), "错误原因");
    // It is read again: the same rows, the same reasons, and nothing was taken by asking.
    let read = anxin::wire::pay_sheet::parse(&book, app.today());
    assert_eq!((read.rows.len(), read.refused), (1, 1), "{:?}", read.problems);
    assert!(app.read(move |conn, _| Ok(table::parts(conn, id, february())?)).unwrap().is_empty());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_row_of_another_month_company_or_card_is_kept_out, |app| {
    let stage = stage(&app, &(1..=9).map(Some).collect::<Vec<_>>()).await;
    let own = crate::suite::ground::uscc(12);
    let head = "统一社会信用代码,企业名称,班组名称,工人姓名,证件号码,发放工资的月份,是否为补发,补发月份,出勤天数,工人工资卡号,应发金额,实发金额\n";
    let row = |company: &str, worker: u32, id: &str, month: &str, back: &str, of: &str, account: u32| {
        let card = card(account);
        format!("{company},测试总包单位1,木工一班,测试工人{worker},{id},{month},{back},{of},5,{card},1500.00,1500.00\n")
    };
    let rows = [
        row(&own, 1, &id_number(1), "2026-02", "否", "", 1),
        row(&own, 2, &id_number(2), "2026-01", "否", "", 2),
        row(&own, 3, &id_number(3), "2026-02", "是", "2025-12", 3),
        row(&own, 4, &id_number(4), "2026-02", "是", "", 4),
        row(&own, 5, &id_number(5), "2026-02", "否", "", 77),
        row(&crate::suite::ground::uscc(99), 6, &id_number(6), "2026-02", "", "", 6),
        row(&own, 7, &id_number(7), "", "否", "", 7),
        // No number: known by name and card.
        row(&own, 8, "", "2026-02", "否", "", 8),
        row(&own, 9, "", "2026-02", "否", "", 78),
    ];
    let text = format!("{head}{}", rows.concat());
    let file = SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let taken = import(&app, &stage, file, february(), None).unwrap();
    let told: Vec<(&str, &str)> = taken.faults.iter().map(|fault| (fault.place.as_str(), fault.reason.as_str())).collect();
    for one in [
        ("CSV!F3", "bad_time"),
        ("CSV!H4", "bad_time"),
        ("CSV!H5", "missing_field"),
        ("CSV!J6", "unknown_account"),
        ("CSV!A7", "unknown_reference"),
        ("CSV!F8", "missing_field"),
        ("CSV!D10", "unknown_person"),
    ] {
        assert!(told.contains(&one), "{one:?} is missing in {told:#?}");
    }
    assert_eq!((taken.taken, taken.refused), (2, 7), "{told:#?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_row_of_another_site_is_kept_out_and_a_name_that_none_has_is_told, |app| {
    let stage = stage(&app, &(1..=4).map(Some).collect::<Vec<_>>()).await;
    let other = json!({
        "code": "T-0077", "name": "测试项目七十七", "region": "330784", "owner": stage.project.owner,
        "general_contractor": stage.project.general_contractor, "from_on": "2025-12-01",
    });
    stage.manager.post("/api/v1/projects", other).send().await.expect(201);
    let row = |worker: u32, project: &str| {
        format!("{project},测试工人{worker},{},5,{},1500.00,1500.00\n", id_number(worker), card(worker))
    };
    let rows = [row(1, "测试项目1"), row(2, "测试项目 七十七"), row(3, "某某花园二期"), row(4, "")];
    let text = format!("工程名称,姓名,身份证号,出勤天数,银行卡号,应发,实发\n{}", rows.concat());
    let file = SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let taken = import(&app, &stage, file, february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (3, 1), "{taken:?}");
    let at = |faults: &[anxin::web::problem::Fault], place: &str| {
        faults.iter().any(|one| one.place == place && one.zh.contains("项目"))
    };
    assert!(at(&taken.faults, "CSV!A3"), "another site's: {:?}", taken.faults);
    assert!(at(&taken.warnings, "CSV!A4") && !at(&taken.warnings, "CSV!A2"), "nobody's: {:?}", taken.warnings);
    // Above the header, as most sheets have it.
    let titled = |title: &str| {
        let text = format!("{title}\n姓名,身份证号,出勤天数,银行卡号,应发,实发\n{}", &row(1, "")[1..]);
        SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.into_bytes() }
    };
    for title in ["项目名称：测试项目七十七,,,,,", "测试项目七十七2026年2月农民工工资表,,,,,"] {
        let refused = import(&app, &stage, titled(title), february(), None).unwrap_err();
        assert_eq!(refused.faults[0].reason, "unknown_reference", "{title}: {refused:?}");
    }
});

both!(a_guard_column_is_read_though_somebody_passed_it_over, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let id = stage.project_id();
    let text = format!("姓名,身份证号,发放工资的月份,应发,实发\n测试工人1,{},2026-01,1500.00,1500.00\n", id_number(1));
    let file = SheetFile { name: Some("二月.csv".to_owned()), content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let inbox: InboxId = app
        .write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            keep_file(tx, ctx, &site, &file)
        })
        .unwrap();
    let mapping = BTreeMap::from([(0, "name"), (1, "id"), (3, "due"), (4, "paid")].map(|(place, key)| (place, key.to_owned())));
    let refused = app
        .write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            let confirmed =
                Confirmed { inbox, month: february(), sheet: 0, mapping: mapping.clone(), lowest_day_wage: Some(Fen(8_000)) };
            take(tx, ctx, &site, &confirmed)
        })
        .unwrap_err();
    assert_eq!((refused.faults[0].place.as_str(), refused.faults[0].reason.as_str()), ("CSV!C2", "bad_time"));
});

both!(a_worker_who_stands_twice_is_merged_by_the_error_sheet_and_no_amount_is_lost_unseen, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let id = stage.project_id();
    let csv = |text: String| SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let row = |worker: u32, amount: &str| format!("测试工人{worker},{},{amount},{amount}\n", id_number(worker));
    let text = format!("姓名,身份证号,应发,实发\n{}{}{}", row(1, "1500.00"), row(2, "1500.00"), row(1, "400.00"));
    let first = import(&app, &stage, csv(text), february(), None).unwrap();
    assert_eq!((first.taken, first.refused), (2, 1), "{:?}", first.faults);
    assert!(first.faults[0].zh.contains("第 2 行") && first.faults[0].zh.contains("合计"), "{:?}", first.faults);
    let net = |worker: usize| {
        let enrolment = stage.enrolment(worker);
        let lines = app.read(move |conn, _| Ok(table::lines_of(conn, id, first.sheet)?)).unwrap();
        lines.into_iter().find(|line| line.enrolment_id == enrolment).unwrap().net_fen
    };
    assert_eq!(net(1), Fen(150_000));
    let inbox: InboxId = app
        .read(move |conn, _| Ok(anxin::payroll::imports::table::all(conn)?))
        .unwrap()
        .into_iter()
        .find(|import| import.sheet_id == first.sheet)
        .unwrap()
        .inbox_id;
    let path = stage.path(&format!("pay-sheet-imports/{inbox}/refused"));
    let answer = stage.manager.post(&path, json!({"month": "2026-02"})).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let book = anxin::wire::sheet::read(&answer.bytes).unwrap();
    let rows = &book.sheets[0].rows;
    assert_eq!(rows.len(), 3, "the header, the refused row and the one that it repeats: {rows:?}");
    let said = |row: usize| rows[row].last().unwrap().shown();
    assert!(said(1).contains("第 4 行") && said(1).contains("将替换原金额") && said(2).contains("第 2 行"), "{rows:?}");
    let version = || app.read(move |conn, _| Ok(table::sheet(conn, id, first.sheet)?.unwrap().version)).unwrap();
    // Handed in as it is, it says the same and changes nothing.
    let bytes = answer.bytes.to_vec();
    let same = SheetFile { name: Some("错误行.xlsx".to_owned()), content_type: String::new(), bytes };
    let same = import(&app, &stage, same, february(), Some(version())).unwrap();
    assert_eq!((same.taken, same.refused, net(1)), (1, 1, Fen(150_000)), "{:?}", same.faults);
    // Merged into one row, the sum stands, and that it stands in the place of what another file had is told.
    let merged = csv(format!("姓名,身份证号,应发,实发\n{}", row(1, "1900.00")));
    let merged = import(&app, &stage, merged, february(), Some(version())).unwrap();
    assert_eq!((merged.taken, merged.refused, net(1), net(2)), (1, 0, Fen(190_000), Fen(150_000)));
    let told = |taken: &Taken| taken.warnings.iter().any(|fault| fault.zh.contains("1500.00") && fault.zh.contains("1900.00"));
    assert!(told(&merged), "{:?}", merged.warnings);
    assert_eq!(app.broken(), Vec::<String>::new());
});
