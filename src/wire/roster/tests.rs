//! Rosters written by other programs, and what goes wrong in their rows.

use super::*;
use crate::wire::sheet;
use crate::wire::sheet::write::{TextEncoding, refused_rows};

const OPENPYXL: &[u8] = include_bytes!("../../../tests/fixtures/sheets/roster_openpyxl.xlsx");
const FROM_1904: &[u8] = include_bytes!("../../../tests/fixtures/sheets/roster_1904.xlsx");

fn today() -> Day {
    "2026-11-21".parse().unwrap()
}

fn parsed(bytes: &[u8]) -> Roster {
    parse(&sheet::read(bytes).unwrap(), today())
}

/// Identity number of the invented person of that number.
fn id(number: u32) -> String {
    let body = format!("119999{:04}{:02}{:02}{:03}", 1960 + number / 500 % 40, number % 12 + 1, number % 28 + 1, number % 1000);
    let digits: Vec<u32> = body.chars().map(|c| c.to_digit(10).unwrap()).collect();
    format!("{body}{}", IdNumber::check_of(&digits))
}

fn line(id: &str) -> String {
    format!("91119999MA0000007J,钢筋一班,测试,{id},020,13900000001,6219999999999999994\n")
}

const HEADER: &str = "统一社会信用代码,班组,姓名,身份证号,工种,手机号,银行卡号\n";

#[test]
fn rows_of_another_program_are_read_with_their_faults() {
    let roster = parsed(OPENPYXL);
    let names: Vec<&str> = roster.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!((names, roster.refused), (vec!["测试甲", "测试丁"], 2));
    let faults: Vec<(&str, &str)> =
        roster.problems.iter().map(|problem| (problem.place.as_str(), problem.reason.code())).collect();
    assert_eq!(faults, [("花名册!D3", "precision_lost"), ("花名册!C4", "bad_format")]);
    assert!(roster.problems.iter().all(|problem| !problem.fix.is_empty() && !problem.en.contains("1990")));
    let last = &roster.rows[1];
    assert_eq!((last.papers.as_str(), last.phone.as_ref().unwrap().as_str()), ("11999919900101032X", "13900000004"));
    assert_eq!((last.papers_from, roster.rows[0].papers_from), (Some("2020-01-02".parse().unwrap()), last.papers_from));
    assert_eq!(parsed(FROM_1904).rows[0].papers_from, last.papers_from);
}

#[test]
fn a_repeated_row_names_the_first() {
    let roster = parsed(format!("{HEADER}{}{}", line(&id(1)), line(&id(1))).as_bytes());
    assert_eq!((roster.rows.len(), roster.refused, roster.problems[0].reason), (1, 1, Reason::IdReused));
    assert!(roster.problems[0].zh.contains("第 2 行"), "{}", roster.problems[0].zh);
}

#[test]
fn one_row_shows_all_its_faults() {
    let roster = parsed(format!("{HEADER}91119999MA00000070,,测试,119999199001010013,020,x,12\n").as_bytes());
    let places: Vec<&str> = roster.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!((places, roster.refused), (vec!["CSV!A2", "CSV!F2", "CSV!B2", "CSV!D2", "CSV!G2"], 1));
    let scientific = parsed(format!("{HEADER}{}", line("1.19999E+17")).as_bytes());
    assert_eq!(scientific.problems[0].reason, Reason::PrecisionLost);
    let warned = parsed(format!("{HEADER}{}", line(&id(1)).replace("9994\n", "9995\n")).as_bytes());
    assert_eq!((warned.rows.len(), warned.warnings.len()), (1, 1));
}

#[test]
fn a_card_on_two_rows_is_remarked() {
    let roster = parsed(format!("{HEADER}{}{}", line(&id(1)), line(&id(2))).as_bytes());
    let told: Vec<(&str, Reason)> = roster.warnings.iter().map(|one| (one.place.as_str(), one.reason)).collect();
    assert_eq!((roster.rows.len(), told.len(), told[0].1), (2, 1, Reason::IdReused), "{told:?}");
    assert!(roster.warnings[0].zh.contains("第 2 行"), "{}", roster.warnings[0].zh);
}

#[test]
fn a_line_of_sums_is_nobody_and_nobody_needs_a_telephone() {
    let sums = "合计,,共 2 人,,,,\n,小计,,,,,\n";
    let text = "统一社会信用代码,班组,姓名,身份证号,工种,手机号,日工资\n";
    let row = format!("91119999MA0000007J,一班,TEST A,{},020,,300\n", id(1));
    let roster = parsed(format!("{text}{row}{sums}").as_bytes());
    assert_eq!((roster.rows.len(), roster.refused, roster.problems.len()), (1, 0, 0), "{:?}", roster.problems);
    assert_eq!(roster.rows[0].phone, None);
    let wrong = parsed(format!("{text}{}", row.replace(",020,,", ",020,12,")).as_bytes());
    assert_eq!((wrong.rows.len(), wrong.refused), (0, 1));
}

#[test]
fn other_papers_are_opaque() {
    let text = "统一社会信用代码,班组,姓名,证件类型,证件号码,工种,手机号\n91119999MA0000007J,一班,TEST A,护照,E12345678,020,13900000001\n";
    let roster = parsed(text.as_bytes());
    assert_eq!(roster.rows[0].papers, PaperNumber::Other("护照".to_owned(), "E12345678".to_owned()));
}

#[test]
fn what_is_exported_is_read_again_without_a_change() {
    let roster = parsed(OPENPYXL);
    let bare = |roster: &Roster| roster.rows.iter().map(|row| RosterRow { row: 0, ..row.clone() }).collect::<Vec<_>>();
    for bytes in [
        write_xlsx(&roster.rows).unwrap(),
        write_csv(&roster.rows, TextEncoding::Utf8),
        write_csv(&roster.rows, TextEncoding::Gbk),
    ] {
        let again = parsed(&bytes);
        assert_eq!((bare(&again), again.problems.len()), (bare(&roster), 0));
    }
}

#[test]
fn ten_thousand_rows_with_a_hundred_faults() {
    let text: String = (0..10_000u32)
        .map(|number| line(&if number % 100 == 7 { "119999199001010013".to_owned() } else { id(number) }))
        .collect();
    let book = sheet::read(format!("{HEADER}{text}").as_bytes()).unwrap();
    let roster = parse(&book, today());
    assert_eq!((roster.rows.len(), roster.refused), (9_900, 100));
    let reasons: Vec<(u32, String)> = roster.problems.iter().map(|problem| (problem.row, problem.place.clone())).collect();
    let found = Table::find(&book.sheets[0], &COLUMNS).ok();
    let refused = sheet::read(&refused_rows(found.as_ref(), &COLUMNS, &reasons).unwrap()).unwrap();
    assert_eq!(refused.sheets[0].rows.len(), 101);
    assert!(refused.sheets[0].cell(1, 28).shown().contains("CSV!D9"), "{:?}", refused.sheets[0].cell(1, 28));
    // Corrected rows go up again as they are, with the column of reasons.
    let again = parse(&refused, today());
    assert_eq!((again.rows.len(), again.refused), (0, 100));
}
