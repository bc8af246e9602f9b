//! The bank of the demonstration: statements of its own as camt.053, and answers to payment orders, fed through settlement.

use super::story::Stage;
use crate::accounts;
use crate::accounts::table::AccountRow;
use crate::accounts::{StatementKind, table as rows};
use crate::base::{Day, Fen, Moment};
use crate::projects::Site;
use crate::settlement::{self, HandedIn};
use crate::store::AnyConn;
use crate::store::inbox::InboxState;
use crate::web::{Ctx, Problem};
use crate::wire::bank;
use crate::wire::iso20022::pain001::date_time;
use crate::wire::iso20022::xml_out::XmlOut;

/// A movement on a wage account.
#[derive(Debug, Clone)]
pub struct Movement {
    /// Positive as a credit.
    pub amount: Fen,
    /// Reference of the bank.
    pub reference: String,
    /// Who is on the other side.
    pub counterparty: String,
    /// Their account.
    pub counterparty_account: String,
    /// Text.
    pub text: String,
}

/// Statements of one account that are looked at for the next number.
const STATEMENTS_MAX: i64 = 10_000;

/// Balance and number of the next statement of an account.
pub fn next_statement(conn: &mut AnyConn, site: &Site, account: &AccountRow, day: Day) -> Result<(Fen, u32), Problem> {
    let balance = accounts::actions::money(conn, site, day, None)?.balance.unwrap_or_default();
    let told = rows::statements(conn, site.id, account.id, 0, STATEMENTS_MAX)?;
    let count = told.iter().filter(|row| row.kind == StatementKind::Statement).count();
    Ok((balance, u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)))
}

/// Books movements of a day, or tells that there were none since `from`.
pub fn tell(stage: &mut Stage<'_, '_>, site: &Site, from: Day, movements: &[Movement]) -> Result<(), Problem> {
    let Some(account) = accounts::actions::account_on(stage.tx.conn(), site, stage.day)? else { return Ok(()) };
    let (opening, number) = next_statement(stage.tx.conn(), site, &account, stage.day)?;
    let ctx = stage.ctx();
    let text = statement(&account, ctx.now, (from, stage.day), (opening, number), movements)?;
    hand_in(stage, &ctx, text, false)
}

/// Hands a file in as a bank does; `is_report` for a pain.002.
///
/// # Errors
/// A file of our own that is not taken whole is a fault of the demonstration.
pub fn hand_in(stage: &mut Stage<'_, '_>, ctx: &Ctx, text: String, is_report: bool) -> Result<(), Problem> {
    let bytes = text.into_bytes();
    let (name, path) =
        if is_report { ("pain002.xml", "/api/v1/bank/results") } else { ("camt053.xml", "/api/v1/bank/statements") };
    let file = bank::read(&bytes, Some(name));
    let content_type = "application/xml".to_owned();
    let handed = HandedIn {
        name: Some(name.to_owned()),
        content_type,
        bytes: std::sync::Arc::new(crate::store::spool::Spool::of(bytes)),
        file,
        path,
        said: None,
        again: Default::default(),
    };
    let receipt = if is_report {
        settlement::results::take(stage.tx, ctx, &handed)?
    } else {
        settlement::statements::take(stage.tx, ctx, &handed)?
    };
    let first = receipt.problems.first().map(|problem| format!("{}: {}", problem.place, problem.en));
    match (receipt.state, first) {
        (InboxState::Done, None) => Ok(()),
        (state, first) => {
            Err(Problem::internal(&format!("a file of the demonstration's bank was {state}: {}", first.unwrap_or_default())))
        }
    }
}

fn statement(
    account: &AccountRow,
    at: Moment,
    (from, to): (Day, Day),
    (opening, number): (Fen, u32),
    movements: &[Movement],
) -> Result<String, Problem> {
    let moved = Fen::total(movements.iter().map(|movement| movement.amount))?;
    let closing = opening.plus(moved)?;
    let id = format!("{}-{number:05}", account.number);
    let mut out = XmlOut::message("camt.053.001.08");
    out.within("BkToCstmrStmt", |out| {
        out.within("GrpHdr", |out| {
            out.leaf("MsgId", &format!("M{id}"));
            out.leaf("CreDtTm", &date_time(at));
        });
        out.within("Stmt", |out| {
            out.leaf("Id", &id);
            out.leaf("ElctrncSeqNb", &number.to_string());
            out.leaf("CreDtTm", &date_time(at));
            out.within("FrToDt", |out| {
                out.leaf("FrDtTm", &date_time(from.begins()));
                out.leaf("ToDtTm", &date_time(to.begins().plus_seconds(86_399)));
            });
            out.within("Acct", |out| {
                out.path(&["Id", "Othr", "Id"], &account.number);
                out.leaf("Ccy", "CNY");
                out.path(&["Ownr", "Nm"], &account.name);
            });
            balance(out, "OPBD", opening, from);
            balance(out, "CLBD", closing, to);
            for movement in movements {
                entry(out, movement, to);
            }
        });
    });
    Ok(out.done())
}

fn sides(amount: Fen) -> (String, &'static str) {
    (Fen(amount.0.saturating_abs()).to_string(), if amount < Fen::ZERO { "DBIT" } else { "CRDT" })
}

fn balance(out: &mut XmlOut, code: &str, amount: Fen, on: Day) {
    let (text, side) = sides(amount);
    out.within("Bal", |out| {
        out.path(&["Tp", "CdOrPrtry", "Cd"], code);
        out.amount("Amt", "CNY", &text);
        out.leaf("CdtDbtInd", side);
        out.path(&["Dt", "Dt"], &on.to_string());
    });
}

fn entry(out: &mut XmlOut, movement: &Movement, on: Day) {
    let (text, side) = sides(movement.amount);
    // The bank names the one who is not the owner of the account.
    let [party, of_account] = if side == "CRDT" { ["Dbtr", "DbtrAcct"] } else { ["Cdtr", "CdtrAcct"] };
    out.within("Ntry", |out| {
        out.amount("Amt", "CNY", &text);
        out.leaf("CdtDbtInd", side);
        out.path(&["Sts", "Cd"], "BOOK");
        out.path(&["BookgDt", "Dt"], &on.to_string());
        out.path(&["ValDt", "Dt"], &on.to_string());
        out.leaf("AcctSvcrRef", &movement.reference);
        out.within("NtryDtls", |out| {
            out.within("TxDtls", |out| {
                out.path(&["Refs", "AcctSvcrRef"], &movement.reference);
                out.amount("Amt", "CNY", &text);
                out.leaf("CdtDbtInd", side);
                out.within("RltdPties", |out| {
                    out.path(&[party, "Pty", "Nm"], &movement.counterparty);
                    out.path(&[of_account, "Id", "Othr", "Id"], &movement.counterparty_account);
                });
                out.path(&["RmtInf", "Ustrd"], &movement.text);
            });
        });
        out.leaf("AddtlNtryInf", &movement.text);
    });
}
