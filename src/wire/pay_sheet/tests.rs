//! Paper pay sheets by three programs, and what goes wrong in them.

use proptest::prelude::*;

use super::*;
use crate::wire::sheet;
use crate::wire::sheet::write::TextEncoding;

const XLWT: &[u8] = include_bytes!("../../../tests/fixtures/sheets/pay_xlwt.xls");
const OPENPYXL: &[u8] = include_bytes!("../../../tests/fixtures/sheets/pay_openpyxl.xlsx");

fn parsed(bytes: &[u8]) -> PaySheet {
    parse(&sheet::read(bytes).unwrap(), "2026-11-21".parse().unwrap())
}

fn text(rows: &str) -> PaySheet {
    parsed(format!("2026年10月工资支付表,,,,,,\n序号,姓名,身份证号,应发,加班,扣款,实发\n{rows}").as_bytes())
}

fn reasons(pay: &PaySheet) -> Vec<(&str, &str)> {
    pay.problems.iter().map(|problem| (problem.place.as_str(), problem.reason.code())).collect()
}

const A: &str = "119999199001010012";
const B: &str = "11999919900101032X";

#[test]
fn the_paper_form_is_read_from_two_programs() {
    let pay = parsed(XLWT);
    assert_eq!(pay, parsed(OPENPYXL));
    assert_eq!((pay.rows.len(), reasons(&pay), pay.month), (2, vec![], Month::of(2026, 10)));
    assert_eq!((pay.form, pay.title.as_deref()), (Some(Form::Inclusive), Some("某某项目2026年10月农民工工资支付表")));
    let first = &pay.rows[0];
    assert_eq!((first.due, first.overtime, first.deduction, first.paid), (Fen(603_100), Fen(30_000), Fen(50_000), Fen(553_100)));
    assert_eq!((first.row, first.days, pay.rows[1].paid), (4, Some(Decimal::from(22)), Fen(410_000)));
    // 22 × 260.50 is not what is due, since that holds overtime.
    assert_eq!(pay.warnings.len(), 2);
}

#[test]
fn the_form_is_the_majority_s() {
    let pay = text(&format!("1,甲,{A},5000,300,100,5200\n2,乙,{B},5000,0,0,5000\n"));
    assert_eq!((pay.form, pay.rows.len(), pay.problems.len()), (Some(Form::OnTop), 2, 0));
    let pay = text(&format!("1,甲,{A},5000,300,100,4900\n2,乙,{B},5000,300,0,5300.01\n"));
    assert_eq!((pay.form, reasons(&pay)), (Some(Form::Inclusive), vec![("CSV!G4", "sum_mismatch")]));
    let pay = text(&format!("1,甲,{A},5000,,,5000\n"));
    assert_eq!((pay.form, pay.rows.len()), (None, 1));
}

#[test]
fn a_total_is_no_worker_and_is_compared() {
    let rows = format!("1,甲,{A},5000,,0,5000\n2,乙,{B},4000.5,,0,4000.5\n");
    for total in ["合计,,,9000.50,,0,9000.50\n", ",合 计,,9000.50,,,9000.50\n", "总计：,,,9000.5,,,\n", ",,,,,,\n"] {
        let pay = text(&format!("{rows}{total}制表：,,班组长：,,,,\n"));
        assert_eq!((pay.rows.len(), reasons(&pay)), (2, vec![]), "{total}");
    }
    let pay = text(&format!("{rows}合计,,,9000.51,,0,9000.50\n"));
    assert_eq!((pay.rows.len(), reasons(&pay)), (2, vec![("CSV!D5", "sum_mismatch")]));
    let pay = text(&format!("1,甲,{A},5000,,0,5000\n小计,,,5000,,0,5000\n2,乙,{B},4000.5,,0,4000.5\n"));
    assert_eq!((pay.rows.len(), reasons(&pay)), (1, vec![("CSV!B5", "bad_format")]));
}

#[test]
fn rows_left_blank_below_the_header_end_nothing() {
    let rows = format!("1,甲,{A},5000,,0,5000\n2,乙,{B},4000.5,,0,4000.5\n合计,,,9000.50,,0,9000.50\n");
    for blank in [",,,,,,\n", ",,,,,,\n,,,,,,\n", ",,,元,元,元,元\n"] {
        let pay = text(&format!("{blank}{rows}"));
        assert_eq!((pay.rows.len(), reasons(&pay)), (2, vec![]), "{blank}");
    }
    let pay = text(&format!(",,,,,,\n合计,,,0,,0,0\n{rows}"));
    assert_eq!(pay.rows.len(), 0, "a total is the end wherever it stands: {pay:?}");
}

#[test]
fn rows_are_refused_one_by_one() {
    let pay = text(&format!(
        "1,甲,{A},5000,,0,5000\n2,乙,1.19999E+17,5000,,0,5000\n3,丙,{A},1,,0,1\n4,,{B},1.234,,0,\n5,,,,,,\n6,己,{B},7,,0,7\n"
    ));
    assert_eq!((pay.rows.len(), pay.refused), (2, 3));
    let wanted = [
        ("CSV!C4", "precision_lost"),
        ("CSV!C5", "id_reused"),
        ("CSV!B6", "missing_field"),
        ("CSV!D6", "bad_amount"),
        ("CSV!G6", "missing_field"),
    ];
    assert_eq!(reasons(&pay), wanted);
}

#[test]
fn parts_of_the_deduction_add_up() {
    let header = "姓名,身份证号,应发,扣款,借支,罚款,实发\n";
    let pay = parsed(format!("{header}甲,{A},5000,300,200,100,4700\n乙,{B},5000,300,200,50,4700\n").as_bytes());
    assert_eq!((pay.rows.len(), reasons(&pay)), (1, vec![("CSV!D3", "sum_mismatch")]));
    assert_eq!((pay.rows[0].advance, pay.rows[0].deduction), (Some(Fen(20_000)), Fen(30_000)));
}

#[test]
fn what_is_exported_is_read_again_without_a_change() {
    let pay = parsed(XLWT);
    let bare = |pay: &PaySheet| pay.rows.iter().map(|row| PayRow { row: 0, ..row.clone() }).collect::<Vec<_>>();
    let title = "某某项目2026年10月农民工工资支付表";
    let written = form::write_xlsx(title, &pay.rows).unwrap();
    assert_eq!(written, form::write_xlsx(title, &pay.rows).unwrap());
    for bytes in [written, form::write_csv(&pay.rows, TextEncoding::Utf8), form::write_csv(&pay.rows, TextEncoding::Gbk)] {
        let again = parsed(&bytes);
        assert_eq!((bare(&again), reasons(&again)), (bare(&pay), vec![]));
    }
}

proptest! {
    #[test]
    fn any_rows_are_read_or_refused(rows in "[0-9甲合计,.\n\"-]{0,200}") {
        let pay = text(&rows);
        prop_assert!(pay.rows.iter().all(|row| row.due.minus(row.deduction).is_ok()));
    }

    #[test]
    fn any_wages_survive_the_form(cents in proptest::collection::vec(0i64..200_000_000, 1..20)) {
        let model = parsed(XLWT).rows.remove(0);
        let line = |(place, cents): (usize, &i64)| {
            let body: String = format!("11999919900101{place:03}");
            let digits: Vec<u32> = body.chars().map(|c| c.to_digit(10).unwrap()).collect();
            let id = IdNumber::parse(&format!("{body}{}", IdNumber::check_of(&digits)), "2026-11-21".parse().unwrap()).unwrap();
            PayRow { row: 0, id: Some(id), due: Fen(*cents), overtime: Fen::ZERO, deduction: Fen::ZERO, advance: None, fine: None, paid: Fen(*cents), ..model.clone() }
        };
        let rows: Vec<PayRow> = cents.iter().enumerate().map(line).collect();
        let again = parsed(&form::write_xlsx("2026年10月工资支付表", &rows).unwrap());
        let read: Vec<PayRow> = again.rows.iter().map(|row| PayRow { row: 0, ..row.clone() }).collect();
        prop_assert_eq!(read, rows);
        prop_assert!(again.problems.is_empty());
    }
}
