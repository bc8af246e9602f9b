//! Every form of the table of exports, in UTF-8 and GB18030, and files that must not hurt.

use super::*;
use crate::wire::bank::{Direction, ReadOptions, Statement, read, read_with};

fn reasons(file: &BankFile) -> Vec<Reason> {
    file.problems.iter().map(|problem| problem.reason).collect()
}

/// Reads the text in both encodings and asserts that they agree.
fn both(text: &str) -> BankFile {
    let plain = read(text.as_bytes(), None);
    let (gbk, _, lost) = encoding_rs::GB18030.encode(text);
    assert!(!lost);
    assert_eq!(read(&gbk, None), plain);
    plain
}

fn one(file: &BankFile) -> &Statement {
    assert_eq!(file.statements.len(), 1, "{:?}", file.problems);
    &file.statements[0]
}

const HEAD: &str = "交易日期,收入,支出,余额,对方户名,对方账号,摘要,附言,流水号\n";

#[test]
fn a_plain_export_is_read() {
    let file = both(&format!(
        "账号：6200 0012 3456 7890,户名：和安建设有限公司,币种：人民币\n起止日期：2026-03-01至2026-03-31\n{HEAD}2026-03-01,\"100,000.00\",,\"100,000.00\",建设单位,11020001,拨付,人工费,F1\n2026/3/2,-,5860.50,94139.50,张*,****1234,代发,三月工资,F2\n合计,100000.00,5860.50,,,,,,\n2026-03-03,1,,1,,,,,\n"
    ));
    // The row behind the totals row is not read, and not passed over silently.
    let [behind] = file.problems.as_slice() else { panic!("{:?}", file.problems) };
    assert!(behind.loses && behind.zh.contains("合计行之后还有 1 行"), "{behind:?}");
    let statement = one(&file);
    assert_eq!(statement.account.as_deref(), Some("6200001234567890"));
    assert_eq!(statement.owner.as_deref(), Some("和安建设有限公司"));
    assert_eq!(statement.currency.as_deref(), Some("CNY"));
    assert_eq!(
        (statement.from.unwrap().to_string(), statement.to.unwrap().to_string()),
        ("2026-03-01".into(), "2026-03-31".into())
    );
    assert_eq!(
        (statement.opening.unwrap().to_string(), statement.closing.unwrap().to_string()),
        ("0.00".into(), "94139.50".into())
    );
    let [credit, debit] = statement.entries.as_slice() else { panic!() };
    assert_eq!((credit.direction, debit.direction), (Direction::Credit, Direction::Debit));
    assert_eq!((debit.text.as_deref(), debit.bank_ref.as_deref()), (Some("代发"), Some("F2")));
    let detail = &debit.details[0];
    assert_eq!(
        (detail.counterparty.as_deref(), detail.counterparty_account.as_deref(), detail.text.as_deref()),
        (Some("张*"), Some("****1234"), Some("三月工资"))
    );
}

#[test]
fn each_form_of_a_value_is_read() {
    for (written, shown) in [
        ("\"1,234.56\"", "1234.56"),
        ("+10000.00", "10000.00"),
        ("¥12.5", "12.50"),
        ("￥１２.５", "12.50"),
        ("\"12,3456.78\"", "123456.78"),
        ("\"=\"\"88.10\"\"\"", "88.10"),
        ("\t7.00\t", "7.00"),
        ("CNY 5", "5.00"),
        ("5.00元", "5.00"),
        ("1.500", "1.50"),
        ("'9", "9.00"),
    ] {
        let file = both(&format!("{HEAD}20260301,{written},,,,,,,\n"));
        assert_eq!(one(&file).entries[0].amount.to_string(), shown, "{written}");
    }
    for (written, reason) in [
        ("1.234", Reason::BadAmount),
        ("abc", Reason::BadAmount),
        ("\"12,34\"", Reason::BadAmount),
        ("1.2E+07", Reason::PrecisionLost),
        ("", Reason::BadFormat),
        ("--", Reason::BadFormat),
    ] {
        let file = both(&format!("{HEAD}20260301,{written},,,,,,,\n20260302,1,,,,,,,\n"));
        assert_eq!(reasons(&file), [reason], "{written}");
        assert_eq!(one(&file).entries.len(), 1);
        assert!(file.problems[0].place.starts_with("row 2, column B (收入)"), "{}", file.problems[0].place);
        assert!(file.problems[0].fix_zh.is_some());
    }
}

#[test]
fn each_form_of_a_day_is_read() {
    for written in [
        "20260302",
        "2026-03-02",
        "2026/3/2",
        "2026.03.02",
        "2026年3月2日",
        "46083",
        "2026-03-02 10:15:30",
        "20260302101530",
        "２０２６－０３－０２",
    ] {
        let file = both(&format!("{HEAD}{written},1,,,,,,,\n"));
        assert_eq!(one(&file).entries[0].booked_on.unwrap().to_string(), "2026-03-02", "{written}");
    }
    let file = both(&format!("{HEAD}2026-02-30,1,,,,,,,\n"));
    assert_eq!(reasons(&file), [Reason::BadTime]);
    let timed = both("交易时间,交易金额,余额,摘要\n2026-03-02 12:34:56,-5.00,95.00,代发\n");
    assert_eq!(
        (one(&timed).entries[0].direction, one(&timed).entries[0].booked_on.unwrap().to_string()),
        (Direction::Debit, "2026-03-02".into())
    );
}

#[test]
fn marks_are_the_bank_s_view_of_the_customer() {
    for (mark, direction) in [
        ("借 Dr", Direction::Debit),
        ("贷 Cr", Direction::Credit),
        ("借", Direction::Debit),
        ("贷", Direction::Credit),
        ("D", Direction::Debit),
        ("C", Direction::Credit),
        ("支出", Direction::Debit),
        ("收", Direction::Credit),
    ] {
        let file = both(&format!("日期|借贷标志|交易金额(元)|余额|摘要\n2026-03-02|{mark}|5.00|10.00|x\n"));
        assert_eq!(file.problems, [], "{mark}");
        assert_eq!((one(&file).entries[0].direction, one(&file).currency.as_deref()), (direction, Some("CNY")), "{mark}");
    }
    let file = both("日期,借贷标志,交易金额,余额\n2026-03-02,?,5.00,10.00\n");
    assert_eq!(reasons(&file), [Reason::BadFormat]);
}

#[test]
fn both_amounts_in_one_row_are_refused() {
    let file = both(&format!("{HEAD}20260301,1,2,,,,,,\n20260301,0.00,2,,,,,,\n"));
    assert_eq!(reasons(&file), [Reason::BadFormat]);
    assert_eq!(one(&file).entries.len(), 1);
}

#[test]
fn negative_writing_and_red_entries_differ() {
    let writing = both(&format!("{HEAD}20260301,,-1,,,,,,\n20260301,,-2,,,,,,\n"));
    assert!(one(&writing).entries.iter().all(|entry| entry.direction == Direction::Debit && !entry.reversal));
    let red = both(&format!("{HEAD}20260301,,5,95,,,,,\n20260302,,-5,100,,,,,\n"));
    let last = &one(&red).entries[1];
    assert_eq!((last.direction, last.reversal, last.amount.to_string()), (Direction::Credit, true, "5.00".into()));
    assert_eq!(red.problems, []);
}

#[test]
fn a_red_entry_alone_is_told_by_its_words_or_by_the_balance() {
    let of = |rows: &str| both(&format!("{RED_HEAD}{rows}"));
    let alone = of("2026-02-14,红字冲正,,-20.00,10000.00\n");
    let entry = &one(&alone).entries[0];
    assert_eq!((entry.direction, entry.reversal, entry.amount.to_string()), (Direction::Debit, true, "20.00".into()));
    assert_eq!(one(&alone).opening.unwrap().to_string(), "10020.00");
    let by_balance = of("2026-02-13,利息,,20.00,10020.00\n2026-02-14,调整,-5.00,,10015.00\n2026-02-14,调整,-5.00,,10020.00\n");
    let signed: Vec<(Direction, bool)> = one(&by_balance).entries.iter().map(|one| (one.direction, one.reversal)).collect();
    assert_eq!(signed, [(Direction::Credit, false), (Direction::Debit, false), (Direction::Credit, true)]);
    assert_eq!(by_balance.problems, []);
}

#[test]
fn money_in_with_a_minus_takes_something_back_although_it_stands_alone() {
    for rows in ["2026-02-14,2月人工费,,-60000.00,\n", "2026-02-14,2月人工费,,-60000.00,\n2026-02-14,手续费,10.00,,\n"]
    {
        let file = both(&format!("{RED_HEAD}{rows}"));
        let entry = &one(&file).entries[0];
        assert_eq!(
            (entry.direction, entry.reversal, entry.amount.to_string()),
            (Direction::Debit, true, "60000.00".into()),
            "{rows}"
        );
    }
}

const RED_HEAD: &str = "账号,330500010001\n交易日期,摘要,支出,收入,余额\n";

#[test]
fn the_running_balance_holds_in_either_order() {
    let rows = ["20260301,100,,100,,,,,", "20260302,,30,70,,,,,", "20260302,,20,50,,,,,"];
    let oldest_first = both(&format!("{HEAD}{}\n", rows.join("\n")));
    let newest_first = both(&format!("{HEAD}{}\n", rows.iter().rev().copied().collect::<Vec<_>>().join("\n")));
    for file in [&oldest_first, &newest_first] {
        assert_eq!(file.problems, []);
        assert_eq!(
            (one(file).opening.unwrap().to_string(), one(file).closing.unwrap().to_string()),
            ("0.00".into(), "50.00".into())
        );
    }
    let missing = both(&format!("{HEAD}{}\n{}\n{}\n", rows[0], rows[2], "20260303,,1,49,,,,,"));
    assert_eq!(reasons(&missing), [Reason::BalanceBreak]);
    assert_eq!(missing.problems[0].place, "row 3, column D (余额)");
}

#[test]
fn pages_totals_and_carried_balances_are_no_movements() {
    let text = format!(
        "{HEAD}承前页,,,100,,,,,\n20260301,5,,105,,,,,\n本页小计,5,,,,,,,\n打印时间：2026-04-01\n{HEAD}20260302,6,,111,,,,,\n总计,12,,,,,,,\n"
    );
    let file = both(&text);
    assert_eq!(one(&file).entries.len(), 2);
    assert_eq!(one(&file).opening.unwrap().to_string(), "100.00");
    assert_eq!(reasons(&file), [Reason::SumMismatch]);
}

#[test]
fn a_header_of_two_rows_is_joined() {
    let file = both("日期,摘要,发生额,,余额,对方\n,,借方,贷方,,户名\n20260301,x,,5,5,李四\n20260302,y,2,,3,王五\n");
    let entries = &one(&file).entries;
    assert_eq!((entries[0].direction, entries[1].direction), (Direction::Credit, Direction::Debit));
    assert_eq!(file.problems, []);
}

#[test]
fn tab_text_with_formula_cells_named_xls_is_read() {
    let text = "=\"交易日期\"\t=\"借方发生额\"\t=\"贷方发生额\"\t=\"对方账号\"\t\"对方户名\"\n=\"20260302\"\t=\"1,000.00\"\t=\"\"\t=\"6219999999999999994\"\t\"张\"\"三\"\"\"\n";
    let file = both(text);
    let entry = &one(&file).entries[0];
    assert_eq!(
        (entry.direction, entry.details[0].counterparty_account.as_deref()),
        (Direction::Debit, Some("6219999999999999994"))
    );
    assert_eq!(entry.details[0].counterparty.as_deref(), Some("张\"三\""));
}

#[test]
fn a_stray_quote_does_not_swallow_the_rows_below() {
    let rows: String = (1..=9).map(|day| format!("2026030{day},{day},,,\"张三,,,,\n")).collect();
    let file = both(&format!("{HEAD}{rows}"));
    assert_eq!(one(&file).entries.len(), 9);
}

#[test]
fn accounts_stored_as_powers_are_left_out_and_named() {
    let file = both(&format!("{HEAD}20260301,1,,,张三,6.22E+18,,,\n"));
    assert_eq!(reasons(&file), [Reason::PrecisionLost]);
    assert_eq!(one(&file).entries[0].details[0].counterparty_account, None);
}

#[test]
fn own_accounts_split_a_file_into_statements() {
    let file = both("本方账号,日期,收入,支出,余额\n111111,20260301,5,,5\n222222,20260301,7,,7\n111111,20260302,,1,4\n");
    assert_eq!(file.problems, []);
    let accounts: Vec<_> =
        file.statements.iter().map(|statement| (statement.account.as_deref().unwrap(), statement.entries.len())).collect();
    assert_eq!(accounts, [("111111", 2), ("222222", 1)]);
}

#[test]
fn a_saved_mapping_reads_a_header_that_nobody_knows() {
    let text = "甲,乙,丙\n20260302,5.00,代发\n";
    let unknown = read(text.as_bytes(), None);
    assert!(!unknown.readable());
    assert_eq!(reasons(&unknown), [Reason::BadFormat]);
    let mut problems = Problems::default();
    let grid = grids(text.as_bytes(), None, &mut problems).remove(0);
    let column = |column, name: &str, field| ColumnMapping { column, name: name.into(), field };
    let saved = Mapping {
        signature: signature_of(&grid.rows[0]),
        header_row: 0,
        columns: vec![column(0, "甲", Field::TradedOn), column(1, "乙", Field::Debit), column(2, "丙", Field::Text)],
        repeated: vec![],
    };
    let saved: Mapping = serde_json::from_str(&serde_json::to_string(&saved).unwrap()).unwrap();
    let file = read_with(text.as_bytes(), None, ReadOptions { mapping: Some(&saved), ..ReadOptions::default() });
    assert_eq!((one(&file).entries[0].direction, one(&file).entries[0].amount.to_string()), (Direction::Debit, "5.00".into()));
}

#[test]
fn html_and_spreadsheet_xml_named_xls_are_read() {
    let row = |cells: &[&str], tag: &str| {
        format!("<tr>{}</tr>", cells.iter().map(|cell| format!("<{tag} class='x'>{cell}</{tag}>")).collect::<String>())
    };
    let html = format!(
        "<html><head><meta charset='gbk'><style>td {{ x: '<td>' }}</style></head><body><table>{}{}{}</table></body></html>",
        "<tr><td colspan=4>账号：6200001234567890</td></tr>",
        row(&["交易日期", "收入", "支出", "余额"], "th"),
        row(&["2026-03-02", "1,000.00&nbsp;", "", "1,000.00"], "td")
    );
    let file = both(&html);
    assert_eq!((file.format.as_str(), file.problems.as_slice()), ("html", &[][..]));
    assert_eq!((one(&file).account.as_deref(), one(&file).entries.len()), (Some("6200001234567890"), 1));
    let cell = |kind: &str, text: &str| format!("<Cell><Data ss:Type='{kind}'>{text}</Data></Cell>");
    let xml = format!(
        "<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet' xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet'><Worksheet ss:Name='S'><Table><Row>{}{}{}</Row><Row>{}<Cell ss:Index='3'><Data ss:Type='Number'>5.5</Data></Cell></Row></Table></Worksheet></Workbook>",
        cell("String", "日期"),
        cell("String", "收入"),
        cell("String", "支出"),
        cell("DateTime", "2026-03-02T00:00:00.000")
    );
    let file = read(xml.as_bytes(), None);
    assert_eq!((file.format.as_str(), file.problems.as_slice()), ("spreadsheetml", &[][..]));
    assert_eq!((one(&file).entries[0].direction, one(&file).entries[0].amount.to_string()), (Direction::Debit, "5.50".into()));
}

fn workbook(cells: &[(u32, u16, &str)], numbers: &[(u32, u16, f64)]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, column, text) in cells {
        sheet.write_string(*row, *column, *text).unwrap();
    }
    for (row, column, number) in numbers {
        sheet.write_number(*row, *column, *number).unwrap();
    }
    book.save_to_buffer().unwrap()
}

const TITLES: [(u32, u16, &str); 4] = [(0, 0, "日期"), (0, 1, "收入"), (0, 2, "支出"), (0, 3, "对方账号")];

#[test]
fn workbooks_keep_exact_money_and_refuse_lost_digits() {
    let bytes = workbook(
        &TITLES,
        &[
            (1, 0, 46083.0),
            (1, 1, 1234.56),
            (2, 0, 46083.0),
            (2, 2, 0.1 + 0.2),
            (3, 0, 46083.5),
            (3, 1, 7.0),
            (3, 3, 6_219_999_999_999_999_994.0),
        ],
    );
    let file = read(&bytes, Some("x.bin"));
    assert_eq!(file.format, "xlsx");
    assert_eq!(reasons(&file), [Reason::BadAmount, Reason::PrecisionLost]);
    assert_eq!(file.problems[0].place, "row 3, column C (支出)");
    let entries = &one(&file).entries;
    assert_eq!(
        (entries[0].amount.to_string(), entries[0].booked_on.unwrap().to_string()),
        ("1234.56".into(), "2026-03-02".into())
    );
    assert_eq!(entries[1].details[0].counterparty_account, None);
}

#[test]
fn one_cell_in_the_last_corner_does_no_harm() {
    let mut cells = TITLES.to_vec();
    cells.push((1_048_575, 16_383, "x"));
    let file = read(&workbook(&cells, &[(1, 0, 46083.0), (1, 1, 5.0)]), None);
    assert_eq!(reasons(&file), [Reason::OverLimit]);
    assert_eq!(one(&file).entries.len(), 1);
}

#[test]
fn damaged_workbooks_are_problems() {
    let good = workbook(&TITLES, &[(1, 0, 46083.0), (1, 1, 5.0)]);
    for cut in [30, good.len() / 2, good.len() - 10] {
        let file = read(&good[..cut], None);
        assert!(!file.readable() && !file.problems.is_empty());
    }
    let old = [&CFB_MAGIC[..], &[0xFF; 2000]].concat();
    assert!(!read(&old, None).problems.is_empty());
}

#[test]
fn an_account_column_that_repeats_the_title_is_the_own_account() {
    let file = both("账户名称：和安建设,账号：6200001\n日期,收入,支出,余额,账号\n20260301,5,,5,6200001\n20260302,,1,4,6200001\n");
    assert_eq!((one(&file).account.as_deref(), one(&file).owner.as_deref()), (Some("6200001"), Some("和安建设")));
    assert!(one(&file).entries.iter().all(|entry| entry.details[0].counterparty_account.is_none()));
}

#[test]
fn rows_without_cached_formula_values_are_refused() {
    let file = both("日期,收入,支出,余额,摘要\n20260301,5,,5,x\n,,,8,\n");
    assert_eq!(reasons(&file), [Reason::BadTime]);
}
