//! The account messages, status reports and orders, against each trap of the field.

use crate::base::{Day, Fen, Moment};
use crate::wire::bank::{BankFile, Direction, EntryStatus, Reason, StatementKind, read};
use crate::wire::bank_reply::{ReplyAs, ReplyOptions, reply};
use crate::wire::iso20022::pain001::{self, Agent, PaymentBatch, PaymentLine, PaymentOrder, Version};

fn file(text: &str) -> BankFile {
    read(text.as_bytes(), None)
}

fn reasons(file: &BankFile) -> Vec<Reason> {
    file.problems.iter().map(|problem| problem.reason).collect()
}

fn stmt(inside: &str) -> String {
    format!(
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'><BkToCstmrStmt><Stmt><Id>S1</Id><Acct><Id><Othr><Id>6200 0001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{inside}</Stmt></BkToCstmrStmt></Document>"
    )
}

fn ntry(amount: &str, sign: &str, rest: &str) -> String {
    format!("<Ntry><Amt Ccy='CNY'>{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{rest}</Ntry>")
}

#[test]
fn old_and_new_forms_are_read_side_by_side() {
    let old = ntry(
        "5",
        "DBIT",
        "<Sts>BOOK</Sts><BookgDt><DtTm>2026-03-02T10:00:00</DtTm></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy='CNY'>5</Amt></TxAmt></AmtDtls><RltdPties><Cdtr><Nm>张三</Nm></Cdtr><CdtrAcct><Id><IBAN>XX11 2233</IBAN></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls>",
    );
    let new = ntry(
        "7.5",
        "CRDT",
        "<Sts><Cd>PDNG</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>L1</EndToEndId></Refs><Amt Ccy='CNY'>7.5</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Pty><Nm>李四</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>99</Id></Othr></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>三月</Ustrd><Ustrd>工资</Ustrd></RmtInf></TxDtls></NtryDtls><AddtlNtryInf>入账</AddtlNtryInf>",
    );
    let found = file(&stmt(&format!("{old}{new}")));
    assert_eq!((found.problems.as_slice(), found.format.as_str()), (&[][..], "camt.053.001.08"));
    let statement = &found.statements[0];
    assert_eq!(statement.account.as_deref(), Some("62000001"));
    let [first, second] = statement.entries.as_slice() else { panic!() };
    assert_eq!((first.status, second.status), (EntryStatus::Booked, EntryStatus::Pending));
    assert_eq!(first.booked_on, Day::of(2026, 3, 2));
    assert_eq!(first.details[0].end_to_end_id, None);
    assert_eq!(first.details[0].amount.unwrap().to_string(), "5.00");
    assert_eq!(first.details[0].counterparty.as_deref(), Some("张三"));
    assert_eq!(first.details[0].counterparty_account.as_deref(), Some("XX112233"));
    assert_eq!(second.details[0].counterparty.as_deref(), Some("李四"));
    assert_eq!(second.details[0].text.as_deref(), Some("三月 工资"));
    assert_eq!(second.text.as_deref(), Some("入账"));
}

#[test]
fn balances_have_signs_and_prcd_opens() {
    let bal = |code: &str, amount: &str, sign: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='CNY'>{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>"
        )
    };
    let entries = ntry("30", "DBIT", "<Sts>BOOK</Sts>")
        + &ntry("5", "CRDT", "<RvslInd>true</RvslInd><Sts>BOOK</Sts>")
        + &ntry("99", "CRDT", "<Sts>PDNG</Sts>");
    let found = file(&stmt(&(bal("PRCD", "20", "CRDT") + &bal("CLBD", "5", "DBIT") + &entries)));
    assert_eq!(found.problems, []);
    let statement = &found.statements[0];
    assert_eq!(statement.opening.unwrap().to_string(), "20.00");
    assert_eq!(statement.closing.unwrap().to_string(), "-5.00");
    // CdtDbtInd already says how a reversal moves the balance.
    assert!(
        statement.entries[1].reversal && statement.entries[1].direction == Direction::Credit && statement.entries[1].gives_back()
    );
    let broken = file(&stmt(&(bal("OPBD", "20", "CRDT") + &bal("CLBD", "5", "CRDT") + &entries)));
    assert_eq!(reasons(&broken), [Reason::BalanceBreak]);
    assert_eq!(broken.statements[0].entries.len(), 3);
}

#[test]
fn batches_must_add_up_and_may_come_without_details() {
    let tx = |id: &str, amount: &str| {
        format!(
            "<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs><Amt Ccy='CNY'>{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>"
        )
    };
    let batch = |rest: &str| {
        ntry(
            "30",
            "DBIT",
            &format!(
                "<Sts>BOOK</Sts><NtryDtls><Btch><MsgId>M1</MsgId><PmtInfId>P1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>{rest}</NtryDtls>"
            ),
        )
    };
    let good = file(&stmt(&batch(&(tx("A", "10") + &tx("B", "20")))));
    assert_eq!(good.problems, []);
    assert_eq!(good.statements[0].entries[0].details[1].payment_information_id.as_deref(), Some("P1"));
    let short = file(&stmt(&batch(&(tx("A", "10") + &tx("B", "19.99")))));
    assert_eq!(reasons(&short), [Reason::SumMismatch]);
    assert_eq!(short.problems[0].place, "Stmt[1]/Ntry[1]");
    let bare = file(&stmt(&batch("")));
    assert_eq!(bare.problems, []);
    let entry = &bare.statements[0].entries[0];
    assert!(!entry.details_given && entry.details.len() == 1 && entry.details[0].message_id.as_deref() == Some("M1"));
}

#[test]
fn returns_keep_reason_and_the_payee() {
    let back = |info: &str| {
        ntry(
            "10",
            "CRDT",
            &format!(
                "<Sts>BOOK</Sts><NtryDtls><TxDtls><Refs><EndToEndId>A</EndToEndId></Refs><Amt Ccy='CNY'>10</Amt><RltdPties><Dbtr><Nm>总包</Nm></Dbtr><Cdtr><Nm>张三</Nm></Cdtr></RltdPties><RtrInf>{info}</RtrInf></TxDtls></NtryDtls>"
            ),
        )
    };
    for (info, reason) in [
        ("<Rsn><Cd>AC04</Cd></Rsn>", Some("AC04")),
        ("<Rsn><Prtry>Z9</Prtry></Rsn>", Some("Z9")),
        ("<RtrRsn><Cd>AM04</Cd></RtrRsn>", Some("AM04")),
        ("", None),
    ] {
        let found = file(&stmt(&back(info)));
        let detail = &found.statements[0].entries[0].details[0];
        assert_eq!((detail.return_reason.as_deref(), detail.returned), (reason, true));
        assert_eq!(detail.counterparty.as_deref(), Some("张三"));
        assert!(found.statements[0].entries[0].gives_back());
    }
    let words = file(&stmt(&ntry("10", "CRDT", "<Sts>BOOK</Sts><AddtlNtryInf>代发工资不成功退回款项</AddtlNtryInf>")));
    assert!(words.statements[0].entries[0].gives_back());
}

#[test]
fn version_01_has_details_inside_the_entry() {
    let text = "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.01'><BkToCstmrDbtCdtNtfctnV01><Ntfctn><Id>N</Id><Acct><Id><PrtryAcct><Id>77001</Id></PrtryAcct></Id></Acct><Ntry><Amt Ccy='CNY'>5</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><Btch><PmtInfId>P</PmtInfId></Btch><TxDtls><Refs><EndToEndId>E</EndToEndId></Refs></TxDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctnV01></Document>";
    let found = file(text);
    assert_eq!((found.format.as_str(), found.problems.as_slice()), ("camt.054.001.01", &[][..]));
    assert_eq!(found.statements[0].kind, StatementKind::Notification);
    assert_eq!(found.statements[0].account.as_deref(), Some("77001"));
    let detail = &found.statements[0].entries[0].details[0];
    assert_eq!((detail.end_to_end_id.as_deref(), detail.amount.unwrap().to_string().as_str()), (Some("E"), "5.00"));
}

#[test]
fn envelopes_prefixes_and_encodings_do_not_matter() {
    let entry = ntry("5", "DBIT", "<Sts>BOOK</Sts><AddtlNtryInf>工资</AddtlNtryInf>");
    let plain = stmt(&entry);
    let wrapped = format!("<?xml version='1.0' encoding='GBK'?><Env><AppHdr><Fr/></AppHdr><Body>{plain}</Body></Env>");
    let prefixed = plain.replace('<', "<n:").replace("<n:/", "</n:").replace("xmlns=", "xmlns:n=");
    let gbk = encoding_rs::GBK.encode(&wrapped).0.into_owned();
    let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let reference = file(&plain);
    for bytes in [gbk, wide, prefixed.into_bytes()] {
        assert_eq!(read(&bytes, None), reference);
    }
}

#[test]
fn one_bad_entry_does_not_sink_its_neighbours() {
    let bad = ntry("1,00", "DBIT", "<Sts>BOOK</Sts>") + &ntry("1", "X", "<Sts>BOOK</Sts>");
    let found = file(&stmt(
        &(bad + &ntry("2", "DBIT", "<Sts>BOOK</Sts><BookgDt><Dt>2026-02-30</Dt></BookgDt>") + &ntry("3", "DBIT", "")),
    ));
    assert_eq!(reasons(&found), [Reason::BadAmount, Reason::MissingField, Reason::BadTime, Reason::MissingField]);
    assert_eq!(found.statements[0].entries.len(), 2);
}

#[test]
fn a_file_cut_off_keeps_what_came_before() {
    let whole = stmt(&(ntry("1", "DBIT", "<Sts>BOOK</Sts>") + &ntry("2", "DBIT", "<Sts>BOOK</Sts>")));
    let cut = whole.split_at(whole.rfind("<CdtDbtInd>").unwrap()).0;
    let found = file(cut);
    assert_eq!(found.statements[0].entries.len(), 1);
    assert_eq!(reasons(&found), [Reason::BadFormat]);
}

#[test]
fn hostile_messages_are_refused_with_a_reason() {
    let inside = stmt(&ntry("1", "DBIT", "<Sts>BOOK</Sts>"));
    let dtd = format!("<?xml version='1.0'?><!DOCTYPE Document [<!ENTITY a 'b'>]>{inside}");
    let deep = inside.replace("<Sts>", &"<x>".repeat(70));
    let long = inside.replace("S1", &"9".repeat(70_000));
    for (text, reason) in
        [(dtd, Reason::BadFormat), (deep, Reason::OverLimit), (long, Reason::OverLimit), ("<a/>".into(), Reason::BadFormat)]
    {
        let found = file(&text);
        assert_eq!(reasons(&found)[0], reason);
        assert!(found.statements.iter().all(|statement| statement.entries.is_empty()));
    }
}

#[test]
fn any_currency_and_precision_is_read() {
    let found = file(&stmt("<Ntry><Amt Ccy='JPY'>12345.67891</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"));
    let entry = &found.statements[0].entries[0];
    assert_eq!((entry.amount.to_string().as_str(), entry.currency.as_deref()), ("12345.67891", Some("JPY")));
    assert!(entry.amount.fen(entry.currency.as_deref()).is_err());
}

#[test]
fn the_answer_has_the_promised_keys() {
    let json = serde_json::to_value(file(&stmt(&ntry("1", "DBIT", "<Sts>BOOK</Sts>")))).unwrap();
    let keys = |value: &serde_json::Value, names: &[&str]| names.iter().all(|name| value.get(name).is_some());
    assert!(keys(&json, &["format", "statements", "problems"]));
    let statement = &json["statements"][0];
    assert!(keys(statement, &["account", "currency", "id", "sequence", "opening", "closing", "entries"]));
    let entry = &statement["entries"][0];
    assert!(keys(entry, &["booked_on", "value_on", "amount", "direction", "status", "reversal", "bank_ref", "text", "details"]));
    assert_eq!((&entry["amount"], &entry["direction"], &entry["status"]), (&"1.00".into(), &"debit".into(), &"booked".into()));
    assert!(keys(
        &entry["details"][0],
        &["end_to_end_id", "amount", "direction", "counterparty", "counterparty_account", "return_reason", "text"]
    ));
}

pub fn order(lines: u32) -> PaymentOrder {
    let line = |number: u32| PaymentLine {
        end_to_end_id: format!("L{number:05}-1"),
        amount: Fen(586_050 + i64::from(number)),
        creditor: format!("张三{number}"),
        creditor_account: format!("62199999{number:010}"),
        creditor_agent: Some(Agent::Cnaps("102100099996".into())),
        text: Some("三月工资 <A&B>".into()),
    };
    PaymentOrder {
        message_id: "M20260302-1".into(),
        created_at: "2026-03-02T09:00:00+08:00".parse().unwrap(),
        initiator: "和安建设有限公司".into(),
        batches: vec![PaymentBatch {
            id: "P20260302-1".into(),
            batch_booking: true,
            execute_on: Day::of(2026, 3, 2).unwrap(),
            debtor: "和安建设有限公司".into(),
            debtor_account: "6200001234567890123".into(),
            debtor_agent: Some(Agent::Bic("ICBKCNBJ".into())),
            lines: (1..=lines).map(line).collect(),
        }],
    }
}

#[test]
fn what_is_written_is_read_back() {
    for version in [Version::V09, Version::V03] {
        let written = pain001::write(&order(3), version).unwrap();
        assert!(written.replaced.is_empty() && !written.xml.starts_with('\u{FEFF}'));
        assert_eq!(pain001::read(written.xml.as_bytes()).unwrap(), (order(3), vec![]));
        assert_eq!(file(&written.xml).payment_order, Some(order(3)));
        assert_eq!(file(&written.xml).format, version.name());
    }
}

#[test]
fn replacements_are_reported_and_faults_all_named() {
    let mut names = order(1);
    names.batches[0].lines[0].creditor = "买买提•艾力\u{200b}\t😀".into();
    let written = pain001::write(&names, Version::V09).unwrap();
    assert!(written.xml.contains("<Nm>买买提·艾力 ?</Nm>"));
    assert_eq!(written.replaced[0].place, "PmtInf[1]/CdtTrfTxInf[1]/Cdtr/Nm");
    let mut bad = order(2);
    bad.message_id = "x".repeat(36);
    bad.batches[0].debtor_agent = Some(Agent::Cnaps("12".into()));
    bad.batches[0].lines[1] = PaymentLine {
        amount: Fen(0),
        creditor: "长".repeat(141),
        creditor_account: "1".into(),
        ..bad.batches[0].lines[0].clone()
    };
    let places: Vec<String> = pain001::write(&bad, Version::V09).unwrap_err().into_iter().map(|problem| problem.place).collect();
    let line = "PmtInf[1]/CdtTrfTxInf[2]";
    assert_eq!(
        places,
        [
            "GrpHdr/MsgId",
            "PmtInf[1]/DbtrAgt",
            &format!("{line}/EndToEndId"),
            &format!("{line}/InstdAmt"),
            &format!("{line}/Cdtr/Nm"),
            &format!("{line}/CdtrAcct")
        ]
    );
    let mut empty = order(1);
    empty.batches[0].lines.clear();
    assert!(pain001::write(&empty, Version::V09).is_err());
}

fn answered(how: ReplyAs, fail: u32) -> BankFile {
    let order = pain001::write(&order(5), Version::V09).unwrap().xml;
    let options = ReplyOptions { fail, ..ReplyOptions::at("2026-03-02T10:00:00+08:00".parse::<Moment>().unwrap()) };
    let text = reply(order.as_bytes(), how, &options).unwrap();
    assert_eq!(text, reply(order.as_bytes(), how, &options).unwrap());
    file(&text)
}

#[test]
fn the_bank_debits_all_and_credits_back_what_failed() {
    for how in [ReplyAs::Camt054, ReplyAs::Camt053] {
        let found = answered(how, 2);
        assert_eq!(found.problems, []);
        let [debit, back] = found.statements[0].entries.as_slice() else { panic!() };
        assert_eq!((debit.details.len(), back.details.len()), (5, 2));
        assert_eq!(debit.bank_ref, back.bank_ref);
        assert_eq!((debit.direction, back.direction, back.gives_back()), (Direction::Debit, Direction::Credit, true));
        assert_eq!(back.details[0].end_to_end_id.as_deref(), Some("L00004-1"));
        assert_eq!(back.details[0].return_reason.as_deref(), Some("AC04"));
        assert_eq!(back.details[0].counterparty.as_deref(), Some("张三4"));
        assert_eq!(answered(how, 0).statements[0].entries.len(), 1);
    }
    let statement = &answered(ReplyAs::Camt053, 2).statements[0];
    assert_eq!(statement.opening.unwrap().to_string(), "29302.65");
    assert_eq!(statement.closing.unwrap().to_string(), "11721.09");
}

#[test]
fn status_reports_are_read_at_each_level() {
    let report = answered(ReplyAs::Pain002, 1).payment_status.unwrap();
    assert_eq!((report.original_message_id.as_deref(), report.group_status.as_deref()), (Some("M20260302-1"), Some("PART")));
    let lines = &report.payments[0].transactions;
    assert_eq!((lines[0].status.as_deref(), lines[4].status.as_deref()), (Some("ACCC"), Some("RJCT")));
    assert_eq!(lines[4].reasons[0].code.as_deref(), Some("AC04"));
    assert_eq!(answered(ReplyAs::Pain002, 9).payment_status.unwrap().group_status.as_deref(), Some("RJCT"));
    let refused = file(
        "<Document><CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn><AddtlInf>bad file</AddtlInf></StsRsnInf></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>",
    );
    assert_eq!(refused.format, "pain.002");
    let report = refused.payment_status.unwrap();
    assert_eq!(
        (report.group_status.as_deref(), report.reasons[0].code.as_deref(), report.payments.len()),
        (Some("RJCT"), Some("FF01"), 0)
    );
}
