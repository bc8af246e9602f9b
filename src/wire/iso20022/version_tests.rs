//! Each of the 14 versions of the three account messages, in the shape of its own schema, reads to the same facts.
//!
//! With ANXIN_ORACLE_DIR set the samples are written there, and tests/oracles/xsd.py validates them.

use crate::wire::bank::{Direction, EntryStatus, StatementKind, read};

struct Message {
    number: &'static str,
    root: &'static str,
    body: &'static str,
    kind: StatementKind,
}

const MESSAGES: [Message; 3] = [
    Message { number: "052", root: "BkToCstmrAcctRpt", body: "Rpt", kind: StatementKind::Report },
    Message { number: "053", root: "BkToCstmrStmt", body: "Stmt", kind: StatementKind::Statement },
    Message { number: "054", root: "BkToCstmrDbtCdtNtfctn", body: "Ntfctn", kind: StatementKind::Notification },
];

fn account(version: u32) -> &'static str {
    if version == 1 {
        "<Acct><Id><PrtryAcct><Id>62000012345</Id></PrtryAcct></Id><Ccy>CNY</Ccy></Acct>"
    } else {
        "<Acct><Id><Othr><Id>62000012345</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
    }
}

fn balance(version: u32, code: &str, amount: &str) -> String {
    let kind = if version == 1 { format!("<Cd>{code}</Cd>") } else { format!("<CdOrPrtry><Cd>{code}</Cd></CdOrPrtry>") };
    format!("<Bal><Tp>{kind}</Tp><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>")
}

fn transaction(version: u32) -> String {
    let amount = match version {
        1 | 2 => "<AmtDtls><TxAmt><Amt Ccy=\"CNY\">20.00</Amt></TxAmt></AmtDtls>",
        _ => "<Amt Ccy=\"CNY\">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>",
    };
    let party = if version >= 7 { "<Pty><Nm>张三</Nm></Pty>" } else { "<Nm>张三</Nm>" };
    let id = if version == 1 { "<PrtryAcct><Id>6222001</Id></PrtryAcct>" } else { "<Othr><Id>6222001</Id></Othr>" };
    let reason = if version == 1 { "<RtrRsn><Cd>AC04</Cd></RtrRsn>" } else { "<Rsn><Cd>AC04</Cd></Rsn>" };
    format!(
        "<TxDtls><Refs><EndToEndId>L1-1</EndToEndId></Refs>{amount}<RltdPties><Cdtr>{party}</Cdtr><CdtrAcct><Id>{id}</Id></CdtrAcct></RltdPties><RmtInf><Ustrd>三月工资</Ustrd></RmtInf><RtrInf>{reason}</RtrInf></TxDtls>"
    )
}

fn entry(version: u32) -> String {
    let status = if version >= 7 { "<Cd>BOOK</Cd>" } else { "BOOK" };
    let details = if version == 1 { transaction(version) } else { format!("<NtryDtls>{}</NtryDtls>", transaction(version)) };
    format!(
        "<Ntry><Amt Ccy=\"CNY\">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts>{status}</Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt><AcctSvcrRef>V1</AcctSvcrRef><BkTxCd><Prtry><Cd>RTN</Cd></Prtry></BkTxCd>{details}<AddtlNtryInf>代发退回</AddtlNtryInf></Ntry>"
    )
}

fn sample(message: &Message, version: u32) -> String {
    let Message { number, root, body, kind } = message;
    let suffix = if version == 1 { "V01" } else { "" };
    let balances = if *kind == StatementKind::Notification {
        String::new()
    } else {
        balance(version, "OPBD", "10.00") + &balance(version, "CLBD", "30.00")
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.{number}.001.{version:02}\"><{root}{suffix}><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-02T18:00:00</CreDtTm></GrpHdr><{body}><Id>S1</Id><ElctrncSeqNb>7</ElctrncSeqNb><CreDtTm>2026-03-02T18:00:00</CreDtTm>{}{balances}{}</{body}></{root}{suffix}></Document>\n",
        account(version),
        entry(version)
    )
}

#[test]
fn every_version_says_the_same() {
    let folder = std::env::var_os("ANXIN_ORACLE_DIR").map(std::path::PathBuf::from);
    for message in &MESSAGES {
        for version in 1..=14 {
            let text = sample(message, version);
            let name = format!("camt.{}.001.{version:02}", message.number);
            if let Some(folder) = &folder {
                std::fs::create_dir_all(folder).unwrap();
                std::fs::write(folder.join(format!("{name}-sample.xml")), &text).unwrap();
            }
            let file = read(text.as_bytes(), None);
            assert_eq!((file.format.as_str(), file.problems.as_slice()), (name.as_str(), &[][..]));
            let statement = &file.statements[0];
            assert_eq!(
                (statement.kind, statement.sequence, statement.account.as_deref()),
                (message.kind, Some(7), Some("62000012345"))
            );
            assert_eq!(statement.closing.is_some(), message.kind != StatementKind::Notification);
            let entry = &statement.entries[0];
            assert_eq!((entry.direction, entry.status, entry.reversal), (Direction::Credit, EntryStatus::Booked, true));
            assert_eq!((entry.bank_ref.as_deref(), entry.text.as_deref()), (Some("V1"), Some("代发退回")));
            let detail = &entry.details[0];
            assert_eq!((detail.end_to_end_id.as_deref(), detail.return_reason.as_deref()), (Some("L1-1"), Some("AC04")));
            assert_eq!((detail.counterparty.as_deref(), detail.counterparty_account.as_deref()), (Some("张三"), Some("6222001")));
            assert_eq!(detail.amount.unwrap().to_string(), "20.00");
        }
    }
}
