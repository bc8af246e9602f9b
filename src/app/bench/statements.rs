//! Bank statements through `POST /api/v1/bank/statements`: a camt.053 of ten thousand entries, read, booked, allocated, posted.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::bed::Bed;
use super::client::{self, Figures};
use crate::accounts::actions::{self, NewAccount};
use crate::base::{Day, Fen};
use crate::projects;
use crate::store::StoreError;
use crate::web::Role;

/// Entries of one statement.
const ENTRIES: i64 = 10_000;
/// Statements handed in at most.
const STATEMENTS_MAX: i64 = 5;
/// After this long no other statement is begun.
const SPAN: Duration = Duration::from_secs(5);
/// The lowest wage; the others lie above it in steps.
const WAGE: Fen = Fen(400_000);
const WAGE_STEP: Fen = Fen(1_000);
/// How many different wages there are: entries of one amount are told apart by what else they say, which takes its time.
const WAGES: i64 = 500;

/// What the statements came to.
#[derive(Debug, Clone, Serialize)]
pub struct Statements {
    pub statements: u64,
    pub entries_per_statement: i64,
    pub bytes_per_statement: usize,
    /// New entries that the receipts report.
    pub entries: u64,
    pub entries_per_second: u64,
    /// The longest answer.
    pub slowest_millis: u64,
}

/// A wage account on a bed, and the log-in of its bank.
pub(super) struct Desk<'b> {
    bed: &'b Bed,
    number: String,
    key: String,
    /// Day of opening; statements are of the days after it.
    opened_on: Day,
}

fn broken(why: String) -> StoreError {
    StoreError::Unavailable(format!("bench statements: {why}"))
}

impl<'b> Desk<'b> {
    /// Opens the account.
    pub(super) fn open(bed: &'b Bed) -> Result<Self, StoreError> {
        let project = bed.projects(1)?.first().map(|(project, ..)| *project).ok_or_else(|| broken("no project".to_owned()))?;
        let number = format!("6200{:012}", bed.tag);
        let (opened_on, written) = (bed.first_day(), number.clone());
        bed.write(move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            let new = NewAccount {
                number: written.clone(),
                sub_ledger: String::new(),
                name: "测量总包单位测量项目农民工工资专用账户".to_owned(),
                bank_name: "测量银行".to_owned(),
                bank_code: "102361000013".to_owned(),
                opened_on,
                agreement: None,
                succeeds: None,
                detail_means_paid: true,
            };
            actions::open_account(tx, ctx, &site, &new)
        })?;
        Ok(Desk { bed, number, key: bed.log_in(Role::Bank)?, opened_on })
    }

    /// The statement of a day.
    pub(super) fn statement(&self, day: i64, entries: i64) -> String {
        camt053(&self.number, self.opened_on.plus_days(day), day, entries)
    }

    /// Hands a statement in that brings so many new entries; gives the microseconds until it is answered.
    pub(super) fn hand_in(&self, body: &str, entries: i64) -> Result<u64, StoreError> {
        let mut request = Vec::new();
        client::post(
            &mut request,
            "/api/v1/bank/statements",
            &format!("{}Content-Type: application/xml\r\n", self.key),
            body.as_bytes(),
        );
        let (answer, micros) = client::ask(self.bed.address, &request)?;
        let text = String::from_utf8_lossy(&answer.body);
        let receipt: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let new = receipt.pointer("/statements/0/new").and_then(Value::as_i64);
        if answer.status != 200 || new != Some(entries) {
            return Err(broken(format!("{} {}", answer.status, text.chars().take(500).collect::<String>())));
        }
        Ok(micros)
    }
}

/// Opens a wage account and hands in statements of consecutive days that chain.
pub fn measure(bed: &Bed) -> Result<Statements, StoreError> {
    let desk = Desk::open(bed)?;
    let mut figures = Figures::default();
    let (mut statements, mut bytes) = (0, 0);
    let begun = Instant::now();
    for day in 1..=STATEMENTS_MAX {
        if begun.elapsed() > SPAN {
            break;
        }
        let body = desk.statement(day, ENTRIES);
        bytes = body.len();
        let micros = desk.hand_in(&body, ENTRIES)?;
        statements += 1;
        figures.requests += 10_000;
        figures.micros += micros;
        figures.latencies.push(micros);
    }
    Ok(Statements {
        statements,
        entries_per_statement: ENTRIES,
        bytes_per_statement: bytes,
        entries: figures.requests,
        entries_per_second: figures.per_second(1),
        slowest_millis: figures.latencies.iter().max().copied().unwrap_or(0) / 1000,
    })
}

fn wage(line: i64) -> Fen {
    Fen(WAGE.0 + line * 37 % WAGES * WAGE_STEP.0)
}

/// A day's statement: one credit that covers the wages, and a debit with its payee for each.
pub(super) fn camt053(account: &str, day: Day, number: i64, entries: i64) -> String {
    let wages = Fen((1..entries).map(|line| wage(line).0).sum());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>B{number}</MsgId><CreDtTm>{day}T20:00:00+08:00</CreDtTm></GrpHdr>\
         <Stmt><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{day}T20:00:00+08:00</CreDtTm>\
         <Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
    );
    for code in ["OPBD", "CLBD"] {
        // Writing to a string cannot fail.
        let _ = write!(
            xml,
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>{day}</Dt></Dt></Bal>"
        );
    }
    let mut entry = |amount: Fen, sign: &str, reference: &str, refs: &str, parties: &str| {
        let _ = write!(
            xml,
            "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>\
             <NtryDtls><TxDtls><Refs>{refs}</Refs><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>\
             <RltdPties>{parties}</RltdPties></TxDtls></NtryDtls></Ntry>"
        );
    };
    let owner = "<Dbtr><Pty><Nm>测量建设单位0</Nm></Pty></Dbtr><DbtrAcct><Id><Othr><Id>62009999</Id></Othr></Id></DbtrAcct>";
    entry(wages, "CRDT", &format!("C{number}"), "<EndToEndId>NOTPROVIDED</EndToEndId>", owner);
    for line in 1..entries {
        let refs = format!("<EndToEndId>E{number}L{line}</EndToEndId>");
        let payee = format!(
            "<Cdtr><Pty><Nm>测量工人{line}</Nm></Pty></Cdtr><CdtrAcct><Id><Othr><Id>62199999{line:010}</Id></Othr></Id></CdtrAcct>"
        );
        entry(wage(line), "DBIT", &format!("D{number}L{line}"), &refs, &payee);
    }
    xml.push_str("</Stmt></BkToCstmrStmt></Document>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bank;

    #[test]
    fn the_statement_is_one_that_our_reader_has_nothing_to_say_about() {
        let xml = camt053("6200000000000001", "2026-03-02".parse().unwrap(), 1, 10);
        let file = bank::read(xml.as_bytes(), None);
        assert!(file.problems.is_empty(), "{:?}", file.problems);
        let statement = &file.statements[0];
        assert_eq!(statement.entries.len(), 10);
        let balances = [statement.opening, statement.closing].map(|balance| balance.unwrap().to_string());
        assert_eq!(balances, ["0.00", "0.00"]);
    }
}
