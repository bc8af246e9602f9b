//! Equal movements of one day without the bank's reference: as many as one file tells, never more for being told again, in every format.

use actix_web::http::Method;
use rust_xlsxwriter::Workbook;
use serde_json::Value;

use super::accounts::open;
use super::ledger::broken;
use super::settlement::{Ntry, camt_of, entries};
use crate::both;
use crate::suite::ground::{Client, TestProject, project};

/// A way in which banks write statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Camt053,
    Camt054,
    Mt940,
    Csv,
    Xlsx,
    DirectLink,
}

const FORMS: [Form; 6] = [Form::Camt053, Form::Camt054, Form::Mt940, Form::Csv, Form::Xlsx, Form::DirectLink];

/// A file of the day with `count` equal debits of `amount` and one of another sum, which makes its bytes its own.
fn file(account: &str, form: Form, number: u32, amount: u32, count: usize) -> Vec<u8> {
    let name = format!("{form:?}{number}");
    let other = 50_000 + number;
    let amounts: Vec<u32> = std::iter::repeat_n(amount, count).chain([other]).collect();
    match form {
        Form::Camt053 | Form::Camt054 => {
            let kind = if form == Form::Camt053 { 53 } else { 54 };
            let ntry = |amount: &u32| Ntry {
                text: "代发工资",
                ..Ntry::debit(Box::leak(format!("{amount}.00").into_boxed_str()), "2026-03-02")
            };
            let all: Vec<Ntry> = amounts.iter().map(ntry).collect();
            camt_of(account, kind, &name, number, None, &all).into_bytes()
        }
        Form::Mt940 => {
            let lines: String =
                amounts.iter().map(|amount| format!(":61:2603020302D{amount},00NTRFNONREF\r\n:86:代发工资\r\n")).collect();
            format!(
                ":20:{name}\r\n:25:{account}\r\n:28C:{number}/1\r\n:60F:C260301CNY900000,00\r\n{lines}:62F:C260302CNY0,00\r\n-"
            )
            .into_bytes()
        }
        Form::Csv => {
            let rows: String = amounts.iter().map(|amount| format!("2026-03-02,代发工资,{amount}.00,,张三\n")).collect();
            format!("账号,{account}\n交易日期,摘要,支出,收入,对方户名\n{rows}").into_bytes()
        }
        Form::Xlsx => {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet();
            sheet.write_string(0, 0, "账号").unwrap();
            sheet.write_string(0, 1, account).unwrap();
            for (column, name) in (0_u16..).zip(["交易日期", "摘要", "支出", "收入", "对方户名"]) {
                sheet.write_string(1, column, name).unwrap();
            }
            for (row, amount) in (2_u32..).zip(&amounts) {
                sheet.write_string(row, 0, "2026-03-02").unwrap();
                sheet.write_string(row, 1, "代发工资").unwrap();
                sheet.write_number(row, 2, f64::from(*amount)).unwrap();
                sheet.write_string(row, 4, "张三").unwrap();
            }
            book.save_to_buffer().unwrap()
        }
        Form::DirectLink => {
            let rows: String = amounts
                .iter()
                .map(|amount| {
                    format!("<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-{amount}.00<NAME>张三<MEMO>代发工资</STMTTRN>")
                })
                .collect();
            let text = format!(
                "OFXHEADER:100\r\nDATA:OFXSGML\r\nCHARSET:936\r\n\r\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>{number}<STMTRS><CURDEF>CNY\
                 <BANKACCTFROM><ACCTID>{account}</BANKACCTFROM><BANKTRANLIST><DTSTART>20260302<DTEND>20260302{rows}</BANKTRANLIST>\
                 </STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
            );
            encoding_rs::GBK.encode(&text).0.into_owned()
        }
    }
}

async fn told(client: &Client<'_>, bytes: &[u8]) -> Value {
    client.ask(Method::POST, "/api/v1/bank/statements").body("application/octet-stream", bytes.to_vec()).send().await.expect(200)
}

async fn booked(client: &Client<'_>, site: &TestProject, account: &str, amount: u32) -> usize {
    let amount = format!("{amount}.00");
    entries(client, site, account).await.iter().filter(|one| one["amount"] == amount.as_str()).count()
}

both!(equal_rows_of_one_file_are_as_many_movements_and_files_that_overlap_add_none, |app| {
    let client = app.labour_manager();
    // Each form has an account of its own, so that none tells another's entries.
    for (form, at) in FORMS.into_iter().zip(1_u32..) {
        let site = project(&client, at, "330784").await;
        let number = format!("33050001{at:04}");
        let account = open(&client, &site, &number).await;
        // More and more of them.
        for (step, count, stands) in [(1, 1, 1), (2, 2, 2), (3, 1, 2), (4, 3, 3), (5, 2, 3)] {
            told(&client, &file(&number, form, step, 800, count)).await;
            assert_eq!(booked(&client, &site, &account, 800).await, stands, "{form:?}, file {step} with {count}");
        }
        // The most at first, and then fewer.
        for (step, count) in [(11, 3), (12, 1), (13, 2), (14, 3)] {
            told(&client, &file(&number, form, step, 900, count)).await;
            assert_eq!(booked(&client, &site, &account, 900).await, 3, "{form:?}, file {step} with {count}");
        }
        let last = file(&number, form, 15, 900, 3);
        told(&client, &last).await;
        assert_eq!(told(&client, &last).await["state"], "duplicate", "{form:?}");
        assert_eq!(booked(&client, &site, &account, 900).await, 3, "{form:?}");
    }
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// How many entries a file added and had known.
fn new_and_known(receipt: &Value) -> (u64, u64) {
    let one = &receipt["statements"][0];
    let count = |name: &str| one[name].as_u64().unwrap_or_default();
    (count("new"), count("merged") + count("duplicates"))
}

both!(what_contradicts_itself_is_told_as_two_without_a_reference, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let number = "330500019001";
    let account = open(&client, &site, number).await;
    let refund = |amount: &'static str, id: Option<&str>, name: Option<&str>| {
        let id = id.map_or(String::new(), |id| format!("<Refs><EndToEndId>{id}</EndToEndId></Refs>"));
        let name = name.map_or(String::new(), |name| format!("<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties>"));
        let details = format!("<NtryDtls><TxDtls>{id}{name}</TxDtls></NtryDtls>");
        Ntry { text: "退汇", details, ..Ntry::credit(amount, "2026-03-02") }
    };
    let one = |name: &str, at: u32, entry: Ntry| camt_of(number, 54, name, at, None, &[entry]).into_bytes();
    // By the single payment's id, whether or not the other side is named.
    for (at, id, found) in [(1, "LINE-A", (1, 0)), (2, "LINE-B", (1, 0)), (3, "LINE-A", (0, 1)), (4, "LINE-B", (0, 1))] {
        let receipt = told(&client, &one(&format!("E{at}"), at, refund("100.00", Some(id), None))).await;
        assert_eq!(new_and_known(&receipt), found, "{id} {receipt}");
    }
    // By the name; a silent or a masked one that may be the same contradicts nothing.
    let names = [(Some("张三"), (1, 0)), (Some("李四"), (1, 0)), (Some("张*"), (0, 1)), (None, (0, 1)), (Some("王*"), (1, 0))];
    for (at, (name, found)) in (11..).zip(names) {
        let receipt = told(&client, &one(&format!("N{at}"), at, refund("200.00", None, name))).await;
        assert_eq!(new_and_known(&receipt), found, "{name:?} {receipt}");
    }
    // By the balances of two statements, of which one goes on where the other ends; told again it is known.
    let ledger = |name: &str, at: u32, balances| {
        let entry = Ntry { text: "人工费", ..Ntry::credit("400.00", "2026-03-02") };
        camt_of(number, 53, name, at, Some(balances), &[entry]).into_bytes()
    };
    for (name, at, balances, found) in [
        ("S1", 1, ("0.00", "400.00"), (1, 0)),
        ("S2", 2, ("400.00", "800.00"), (1, 0)),
        ("S2X", 2, ("400.00", "800.00"), (0, 1)),
        ("S1X", 1, ("0.00", "400.00"), (0, 1)),
    ] {
        assert_eq!(new_and_known(&told(&client, &ledger(name, at, balances)).await), found, "{name}");
    }
    assert_eq!(booked(&client, &site, &account, 400).await, 2);
    // By the balance after each row of a sheet.
    let row = |time: &str, balance: &str, rest: &str| {
        let head = format!("账号,{number}\n日期,时间,收入,支出,余额,对方户名,摘要\n");
        format!("{head}2026-03-03,{time},300.00,,{balance},导览置业有限公司,人工费\n{rest}").into_bytes()
    };
    assert_eq!(new_and_known(&told(&client, &row("09:00:00", "900.00", "")).await), (1, 0));
    assert_eq!(new_and_known(&told(&client, &row("15:00:00", "1200.00", "")).await), (1, 0));
    let both = row("09:00:00", "900.00", "2026-03-03,15:00:00,300.00,,1200.00,导览置业有限公司,人工费\n");
    assert_eq!(new_and_known(&told(&client, &both).await), (0, 2), "told again");
    assert_eq!(booked(&client, &site, &account, 100).await, 2);
    assert_eq!(booked(&client, &site, &account, 200).await, 3);
    assert_eq!(booked(&client, &site, &account, 300).await, 2);
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_nothing_tells_apart_is_one_across_files_and_it_is_said, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let number = "330500019002";
    let account = open(&client, &site, number).await;
    let duplicates = |receipt: &Value| {
        let problems = receipt["problems"].as_array().unwrap().iter().filter(|one| one["reason"] == "duplicate");
        problems.map(|one| one["zh"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = told(&client, &file(number, Form::Camt054, 1, 800, 2)).await;
    assert_eq!((new_and_known(&first), duplicates(&first)), ((3, 0), vec![]), "two of one file are two");
    let second = told(&client, &file(number, Form::Camt054, 2, 800, 1)).await;
    assert_eq!(new_and_known(&second), (1, 1), "{second}");
    assert!(matches!(duplicates(&second).as_slice(), [one] if one.contains("有 1 笔") && one.contains("最多")), "{second}");
    let third = told(&client, &file(number, Form::Camt054, 3, 800, 3)).await;
    assert_eq!(new_and_known(&third), (2, 2), "the third of them is new: {third}");
    assert_eq!(booked(&client, &site, &account, 800).await, 3);
    assert_eq!(app.broken(), Vec::<String>::new());
});
