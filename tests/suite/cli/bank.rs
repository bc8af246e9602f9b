//! `bank read`, `bank check`, `bank reply`, `bank regulator`.

use std::io::{BufRead, BufReader, Read, Write};

use serde_json::{Value, json};

use super::{Folder, has_keys, tree};

/// Reads a file of the tree and asserts that every key of the contract is there.
#[track_caller]
fn read(file: &str) -> Value {
    let ran = Folder::new().run(&["bank", "read", &tree(&format!("tests/fixtures/bank/{file}")), "--json"]).ends(0);
    complete(ran.json())
}

#[track_caller]
fn complete(value: Value) -> Value {
    let list = |value: &Value, key: &str| value[key].as_array().expect("a list").clone();
    has_keys(&value, &["format", "statements", "problems"]);
    for statement in list(&value, "statements") {
        has_keys(&statement, &["account", "currency", "id", "sequence", "opening", "closing", "entries"]);
        for entry in list(&statement, "entries") {
            let wanted = ["booked_on", "value_on", "amount", "direction", "status", "reversal", "bank_ref", "text", "details"];
            has_keys(&entry, &wanted);
            assert!(!list(&entry, "details").is_empty(), "an entry has a detail at least");
            for detail in list(&entry, "details") {
                let wanted =
                    ["end_to_end_id", "amount", "direction", "counterparty", "counterparty_account", "return_reason", "text"];
                has_keys(&detail, &wanted);
            }
        }
    }
    for problem in list(&value, "problems") {
        has_keys(&problem, &["place", "reason"]);
    }
    value
}

/// A statement as [account, currency, id, sequence, opening, closing].
fn head(value: &Value, place: usize) -> Value {
    let s = &value["statements"][place];
    json!([s["account"], s["currency"], s["id"], s["sequence"], s["opening"], s["closing"]])
}

/// The entries of a statement as [booked_on, value_on, amount, direction, status, reversal, bank_ref, text].
fn entries(value: &Value, place: usize) -> Value {
    let list = value["statements"][place]["entries"].as_array().expect("entries");
    let row = |e: &Value| {
        json!([e["booked_on"], e["value_on"], e["amount"], e["direction"], e["status"], e["reversal"], e["bank_ref"], e["text"]])
    };
    list.iter().map(row).collect()
}

/// All details of a statement as [end_to_end_id, amount, direction, counterparty, counterparty_account, return_reason, text].
fn details(value: &Value, place: usize) -> Value {
    let list = value["statements"][place]["entries"].as_array().expect("entries");
    let row = |d: &Value| {
        let (name, account) = (&d["counterparty"], &d["counterparty_account"]);
        json!([d["end_to_end_id"], d["amount"], d["direction"], name, account, d["return_reason"], d["text"]])
    };
    list.iter().flat_map(|e| e["details"].as_array().expect("details").iter().map(row)).collect()
}

#[test]
fn one_statement_file_reads_the_same_in_every_wrapping() {
    for (file, format) in [
        ("camt_two.xml", "camt.053.001.08"),
        ("camt_prefix.xml", "camt.053.001.08"),
        ("camt_utf16.xml", "camt.053.001.08"),
        ("camt_envelope.xml", "camt.053.001.13"),
    ] {
        let value = read(file);
        assert_eq!(value["format"], format, "{file}");
        assert_eq!(value["problems"], json!([]), "{file}");
        // The first statement opens with PRCD.
        assert_eq!(head(&value, 0), json!(["6200001", "CNY", "S1", 1, "100.00", "70.00"]), "{file}");
        assert_eq!(head(&value, 1), json!(["6200001", "CNY", "S2", 2, "70.00", "80.00"]), "{file}");
        let out = json!([["2026-03-02", "2026-03-02", "30.00", "debit", "booked", false, null, null]]);
        assert_eq!(entries(&value, 0), out, "{file}");
        // CdtDbtInd says already how a reversal moves the balance.
        let back = json!([["2026-03-02", "2026-03-02", "10.00", "credit", "booked", true, null, null]]);
        assert_eq!(entries(&value, 1), back, "{file}");
        assert_eq!(details(&value, 0), json!([[null, "30.00", "debit", null, null, null, null]]), "{file}");
    }
}

#[test]
fn old_and_new_versions_with_and_without_details() {
    let value = read("camt_nodetail02.xml");
    assert_eq!(value["format"], "camt.053.001.02");
    let rows = entries(&value, 0);
    assert_eq!(rows[0][7], "代发");
    // Any currency and number of digits is read; status words are ours.
    let short: Vec<Value> = rows.as_array().expect("rows").iter().map(|row| json!([row[2], row[3], row[4]])).collect();
    let wanted = json!([["5.50", "debit", "booked"], ["1234.567", "credit", "pending"], ["7.00", "credit", "information"]]);
    assert_eq!(Value::Array(short), wanted);
    assert_eq!(details(&value, 0).as_array().expect("details").len(), 3, "one detail for each entry without any");

    let value = read("camt_13details.xml");
    assert_eq!(value["format"], "camt.053.001.13");
    assert_eq!(entries(&value, 0)[0][6], "V9");
    let wanted = json!([
        ["L1", "10.00", "debit", "测试甲", "6219999999999999994", null, "工资"],
        [null, "20.00", "debit", null, null, "X1", null],
    ]);
    assert_eq!(details(&value, 0), wanted);
    assert_eq!(entries(&read("camt_gbk.xml"), 0)[0][7], "工资退回");
    let value = read("camt054.xml");
    assert_eq!((&value["format"], head(&value, 0)[4].clone()), (&json!("camt.054.001.02"), Value::Null));
}

#[test]
fn mt940_as_banks_send_it() {
    let value = read("mt940_crlf.sta");
    assert_eq!(value["format"], "mt940");
    assert_eq!(head(&value, 0), json!(["6200001", "CNY", "STMT1", 5, "1000.00", "666.75"]));
    let rows = entries(&value, 0);
    let short: Vec<Value> = rows.as_array().expect("rows").iter().map(|r| json!([r[1], r[2], r[3], r[5], r[6]])).collect();
    let wanted = json!([
        ["2026-03-02", "300.50", "debit", false, "BANKREF1"],
        ["2026-03-02", "100.00", "debit", true, null],
        ["2026-03-02", "50.25", "credit", true, "B3"],
        // 30 February is the month's last day, and said.
        ["2026-02-28", "10.00", "credit", false, null],
        ["2026-03-02", "7.00", "credit", false, null],
    ]);
    assert_eq!(Value::Array(short), wanted);
    assert_eq!(value["problems"][0]["reason"], "bad_time");
    assert_eq!(details(&value, 0)[0], json!(["L1", "300.50", "debit", null, null, null, "wages March continued text"]));
    assert_eq!(details(&value, 0)[1], json!(["L2", "100.00", "debit", "Zhang San", "6222001", null, "text"]));

    let value = read("mt940_two_gbk.sta");
    assert_eq!(value["problems"], json!([]));
    assert_eq!(head(&value, 0), json!(["6200001", "CNY", "A", 1, "100.00", "101.50"]));
    assert_eq!(head(&value, 1), json!(["6200001", "CNY", "B", 2, "101.50", "101.50"]));
    assert_eq!(details(&value, 0)[0][6], "工资/退回第二行");
}

#[test]
fn sheets_of_chinese_banks() {
    let value = read("columns_gbk.csv");
    assert_eq!(value["format"], "csv");
    assert_eq!(head(&value, 0), json!(["6200001234", "CNY", null, null, "1000.00", "1900.00"]));
    let wanted = json!([
        ["2026-03-02", null, "100.00", "debit", "booked", false, "V1", "工资"],
        ["2026-03-03", null, "1000.00", "credit", "booked", false, "V2", "拨款"],
    ]);
    assert_eq!(entries(&value, 0), wanted);
    assert_eq!(details(&value, 0)[0], json!([null, "100.00", "debit", "张三", "6222001", null, "工资"]));
    // 贷 is money in, 借 money out: the bank's view of the customer's account.
    let value = read("mark_gbk_tab.csv");
    let directions: Vec<&Value> =
        value["statements"][0]["entries"].as_array().expect("rows").iter().map(|e| &e["direction"]).collect();
    assert_eq!(directions, ["debit", "credit"]);
    let value = read("refund_gbk.csv");
    let rows = entries(&value, 0);
    assert_eq!((&rows[0][6], &rows[1][6], &rows[1][3]), (&json!("F1"), &json!("F1"), &json!("credit")));
    let value = read("statement_openpyxl.xlsx");
    assert_eq!((&value["format"], &value["problems"]), (&json!("xlsx"), &json!([])));
    assert_eq!(entries(&value, 0)[1][2], "0.30");
    assert_eq!(details(&value, 0)[1][4], "6219999999999999994");
    let value = read("statements.zip");
    assert_eq!((&value["format"], value["statements"].as_array().expect("statements").len()), (&json!("zip"), 3));
}

#[test]
fn what_cannot_be_read_ends_with_one_and_still_prints_json() {
    let folder = Folder::new();
    folder.write("empty.csv", "");
    folder.write("words.xml", "<hello/>");
    for file in [
        tree("tests/fixtures/bank/unreadable.bin"),
        tree("tests/fixtures/bank/camt_dtd.xml"),
        "empty.csv".into(),
        "words.xml".into(),
    ] {
        let value = complete(folder.run(&["bank", "read", &file, "--json"]).ends(1).json());
        assert_eq!(value["statements"], json!([]), "{file}");
        assert!(!value["problems"].as_array().expect("a list").is_empty(), "{file}");
        folder.run(&["bank", "check", &file]).ends(1);
    }
}

#[test]
fn check_names_row_rule_and_fix() {
    let folder = Folder::new();
    let good = folder.run(&["bank", "check", &tree("tests/fixtures/bank/camt_two.xml")]).ends(0);
    assert_eq!(good.last(), "camt.053.001.08: 2 statements, 2 entries, 0 problems");
    folder.write("rows.csv", "交易日期,收入,支出\n20260302,5,6\n20260303,,\n20260304,7.001,\n20260305,8,\n");
    let ran = folder.run(&["bank", "check", "rows.csv"]).ends(1);
    for part in
        ["row 2, column C (支出): bad_format", "row 3", "row 4, column B (收入): bad_amount", "贷为收入", "write amounts like"]
    {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(ran.last(), "csv: 1 statements, 1 entries, 3 problems");
}

#[test]
fn check_refuses_what_the_service_refuses() {
    let folder = Folder::new();
    let entry = |amount: &str, currency: &str| {
        format!(
            "<Ntry><Amt Ccy=\"{currency}\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>2026-03-02</Dt></BookgDt></Ntry>"
        )
    };
    for (amount, currency, problems) in [("5.00", "CNY", 0), ("-5.00", "CNY", 1), ("5.001", "CNY", 1), ("5.00", "USD", 1)] {
        let file = format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><Othr>\
             <Id>6200001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{}</Stmt></BkToCstmrStmt></Document>",
            entry(amount, currency)
        );
        folder.write("one.xml", file);
        let ran = folder.run(&["bank", "check", "one.xml"]).ends(i32::from(problems > 0));
        assert_eq!(ran.last(), format!("camt.053.001.08: 1 statements, 1 entries, {problems} problems"), "{amount} {currency}");
        assert_eq!(ran.out.contains("Stmt[1]/Ntry[1]: bad_amount"), problems > 0, "{amount} {currency}: {}", ran.out);
    }
}

#[test]
fn events_are_checked_one_by_one_with_field_rule_and_fix() {
    let folder = Folder::new();
    let event = |id: &str, body: &str| {
        format!(
            "{{\"event_id\":\"{id}\",\"type\":\"balance\",\"occurred_at\":\"2026-03-02T23:00:00+08:00\",\"account\":\"3305\",\"body\":{body}}}"
        )
    };
    let good = event("e-1", "{\"amount\":\"1.00\",\"date\":\"2026-03-02\"}");
    folder.write("good.json", &good);
    let ran = folder.run(&["bank", "check", "good.json"]).ends(0);
    assert_eq!(ran.last(), "bankevent/1: 1 events, 1 without a remark, 0 problems");
    let number = event("e-2", "{\"amount\":1.00,\"date\":\"2026-03-02\"}");
    let reused = event("e-1", "{\"amount\":\"2.00\",\"date\":\"2026-03-02\",\"dat\":1}");
    folder.write("many.json", format!("[{good},\n{number},{reused}]"));
    let ran = folder.run(&["bank", "check", "many.json"]).ends(1);
    for part in ["event 2: body.amount: bad_amount", "write: \"1234.50\"", "event 3: body.dat", "event 3: event_id: id_reused"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(ran.last(), "bankevent/1: 3 events, 1 without a remark, 3 problems");
    // All faults of one event, and an id that comes twice with the same content.
    let worse = event("e-3", "{\"amount\":\"x\",\"date\":\"2026-02-30\",\"balance_type\":\"END\"}");
    folder.write("worse.json", format!("[{worse},{good},{good}]"));
    let ran = folder.run(&["bank", "check", "worse.json"]).ends(1);
    for part in [
        "event 1: body.balance_type: bad_format",
        "event 1: body.amount: bad_amount",
        "event 1: body.date: bad_time",
        "event 3: event_id: id_reused",
        "event 2 is the same",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    folder.write("odd.json", "{\"a\":");
    assert!(folder.run(&["bank", "check", "odd.json"]).ends(1).out.contains("bad_format"));
}

/// A pain.001 of three lines as any payroll program writes it.
const ORDER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-02T10:00:00+08:00</CreDtTm><NbOfTxs>3</NbOfTxs><CtrlSum>600.60</CtrlSum><InitgPty><Nm>测试总包</Nm></InitgPty></GrpHdr>
<PmtInf><PmtInfId>B1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-03-03</Dt></ReqdExctnDt>
<Dbtr><Nm>测试总包</Nm></Dbtr><DbtrAcct><Id><Othr><Id>6200001234</Id></Othr></Id><Ccy>CNY</Ccy></DbtrAcct>
<DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>
<CdtTrfTxInf><PmtId><EndToEndId>L1</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">100.10</InstdAmt></Amt><Cdtr><Nm>测试甲</Nm></Cdtr><CdtrAcct><Id><Othr><Id>6219999900000000010</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>
<CdtTrfTxInf><PmtId><EndToEndId>L2</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">200.20</InstdAmt></Amt><Cdtr><Nm>测试乙</Nm></Cdtr><CdtrAcct><Id><Othr><Id>6219999900000000028</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>
<CdtTrfTxInf><PmtId><EndToEndId>L3</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">300.30</InstdAmt></Amt><Cdtr><Nm>测试丙</Nm></Cdtr><CdtrAcct><Id><Othr><Id>6219999900000000036</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>
</PmtInf></CstmrCdtTrfInitn></Document>
"#;

#[test]
fn the_bank_answers_in_three_forms_and_two_lines_fail() {
    let folder = Folder::new();
    folder.write("order.xml", ORDER);
    folder.run(&["bank", "check", "order.xml"]).ends(0);
    let answer = |form: &str, fail: &str| {
        let ran = folder.run(&["bank", "reply", "order.xml", "--as", form, "--fail", fail]).ends(0);
        folder.write("answer.xml", &ran.out);
        complete(folder.run(&["bank", "read", "answer.xml", "--json"]).ends(0).json())
    };
    for (form, format) in [("camt053", "camt.053.001.08"), ("camt054", "camt.054.001.08")] {
        let value = answer(form, "2");
        assert_eq!((&value["format"], &value["problems"]), (&json!(format), &json!([])));
        let rows = entries(&value, 0);
        assert_eq!((&rows[0][2], &rows[0][3]), (&json!("600.60"), &json!("debit")));
        assert_eq!((&rows[1][2], &rows[1][3]), (&json!("500.50"), &json!("credit")));
        assert_eq!(rows[0][6], rows[1][6], "the refund carries its debit's voucher");
        let lines = details(&value, 0);
        let short: Vec<Value> = lines.as_array().expect("details").iter().map(|d| json!([d[0], d[1], d[2], d[5]])).collect();
        let wanted = json!([
            ["L1", "100.10", "debit", null],
            ["L2", "200.20", "debit", null],
            ["L3", "300.30", "debit", null],
            ["L2", "200.20", "credit", "AC04"],
            ["L3", "300.30", "credit", "AC04"],
        ]);
        assert_eq!(Value::Array(short), wanted, "{form}");
        assert_eq!(lines[0][4], "6219999900000000010");
    }
    let value = answer("camt053", "2");
    assert_eq!((&head(&value, 0)[4], &head(&value, 0)[5]), (&json!("600.60"), &json!("500.50")));
    let value = answer("pain002", "2");
    assert_eq!(value["format"], "pain.002.001.12");
    let lines = value["payment_status"]["payments"][0]["transactions"].as_array().expect("lines").clone();
    let states: Vec<Value> = lines.iter().map(|l| json!([l["end_to_end_id"], l["status"], l["reasons"][0]["code"]])).collect();
    assert_eq!(Value::Array(states), json!([["L1", "ACCC", null], ["L2", "RJCT", "AC04"], ["L3", "RJCT", "AC04"]]));
    // More failures than lines: all of them.
    assert_eq!(answer("pain002", "9")["payment_status"]["group_status"], "RJCT");
    assert_eq!(entries(&answer("camt054", "0"), 0).as_array().expect("entries").len(), 1);
}

#[test]
fn the_bank_refuses_what_is_no_order() {
    let folder = Folder::new();
    folder.write("order.xml", ORDER);
    folder.write("words.xml", "<hello/>");
    let ran = folder.run(&["bank", "reply", "words.xml", "--as", "camt054"]).ends(1);
    assert!(ran.out.is_empty() && !ran.err.is_empty());
    folder.run(&["bank", "reply", "order.xml", "--as", "fax"]).ends(2);
    folder.run(&["bank", "reply", "order.xml"]).ends(2);
}

/// What the test house says at its start, and the process.
fn regulator(folder: &Folder) -> (std::process::Child, BufReader<std::process::ChildStdout>, Vec<String>) {
    let mut command = folder.command(&["bank", "regulator", "--port", "0"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    while said.last().is_none_or(|line: &String| !line.starts_with("http://")) {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "it says its address: {said:?}");
        said.push(line.trim_end().to_owned());
    }
    (child, output, said)
}

#[test]
fn a_bank_can_show_every_type_of_event_against_the_test_house() {
    let folder = Folder::new();
    let (mut child, mut output, said) = regulator(&folder);
    let line =
        |start: &str| said.iter().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {said:?}")).clone();
    let word = |line: &str, place: usize| line.split(' ').nth(place).unwrap().to_owned();
    let (key, account) = (line("key hmac"), word(&line("account"), 1));
    let (worker, proof) = (line("worker"), line("month proof"));
    assert_eq!(said.iter().filter(|line| line.starts_with("worker ")).count(), 3);
    let card = word(&worker, 3);
    assert!(anxin::base::person::BankCard::parse(&card).unwrap().luhn_holds(), "{card}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let yesterday = anxin::base::Moment(i64::try_from(now).unwrap() * 1_000_000).day().plus_days(-1);
    let event = |id: &str, kind: &str, body: serde_json::Value| {
        let at = format!("{yesterday}T12:00:00+08:00");
        serde_json::json!({"event_id": id, "type": kind, "occurred_at": at, "account": account, "body": body}).to_string()
    };
    let address = said.last().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let send = |body: String| {
        let (stamp, secret) = (now.to_string(), word(&key, 4));
        let signature = anxin::wire::punch::sign(secret.as_bytes(), &stamp, body.as_bytes());
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let head = format!(
            "POST /api/v1/bank-events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             X-Anxin-Key: {}\r\nX-Anxin-Timestamp: {stamp}\r\nX-Anxin-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            word(&key, 2),
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        crate::suite::served::answer_of(stream)
    };
    use serde_json::json;
    let (end_to_end, amount) = (word(&worker, 5), word(&worker, 7));
    let kinds = [
        ("account.opened", json!({"number": account, "bank_code": "103338700001"})),
        (
            "txn",
            json!({"amount": amount, "credit_debit_indicator": "CRDT", "status": "BOOK", "booking_date": yesterday.plus_days(1).to_string(), "account_servicer_reference": "V1"}),
        ),
        ("balance", json!({"amount": "0.00", "date": yesterday.to_string()})),
        ("payroll.result", json!({"end_to_end_id": end_to_end, "status": "ACCC", "amount": amount})),
        ("card.status", json!({"card_number": card, "status": "normal"})),
        (
            "month.proof",
            json!({"month": word(&proof, 2), "closing_balance": word(&proof, 4), "entries": 0, "sha256": word(&proof, 8)}),
        ),
    ];
    for (kind, body) in kinds {
        let (status, answer) = send(event(&format!("e-{kind}"), kind, body));
        assert!(status == 202 && answer.contains("\"stored\""), "{kind}: {answer}");
        assert!(!answer.contains("\"differs\":true"), "{kind}: {answer}");
    }
    let frozen = json!({"document": "(2026)1", "frozen_by": "某法院", "frozen_on": "2099-01-01"});
    assert!(send(event("e-f", "account.frozen", frozen)).1.contains("quarantined"));
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let mut report = String::new();
    output.read_to_string(&mut report).unwrap();
    child.wait().unwrap();
    for kind in ["account.opened", "txn", "balance", "payroll.result", "card.status", "month.proof"] {
        assert!(report.lines().any(|line| line.trim().starts_with(kind) && line.contains("×1")), "{kind}: {report}");
    }
    let frozen = report.lines().find(|line| line.trim().starts_with("account.frozen")).unwrap();
    assert!(frozen.contains("bad_time"), "{report}");
}
