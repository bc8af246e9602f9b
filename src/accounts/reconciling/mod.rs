//! The ledger against the bank: for each wage account, on the day of the bank's last closing balance, what both say and why they differ.
//!
//! The difference is always the sum of its causes, to the fen; what no cause explains is a cause of its own. Deliberately absent:
//! closing a mismatch by hand: a late statement, or the bank's correction, closes it.

pub mod http;

use serde::Serialize;
use utoipa::ToSchema;

use super::continuity;
use super::table::{self, AccountRow};
use super::words::{self as bank_words, ToldBalance};
use crate::base::id::AccountId;
use crate::base::{Day, Fen, words};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

words! {
    /// Why the bank's balance and the ledger's differ.
    pub enum Cause, "cause of a mismatch" {
        /// Money that stood on the account before the first statement here; it was never booked here.
        OpeningBalance = "opening_balance",
        /// Entries that were announced as booked and that no ledger statement holds.
        OnlyAnnounced = "only_announced",
        /// Statements that are missing, or whose balances do not chain.
        StatementsBreak = "statements_break",
        /// The bank has given no closing balance to compare with.
        NoClosingBalance = "no_closing_balance",
        /// What nothing explains.
        UnexplainedRest = "unexplained_rest",
    }
}
crate::web::openapi::word_schema!(Cause);

impl Cause {
    /// Whether somebody must do something; money from before is known and stays.
    pub fn is_open(self) -> bool {
        self != Cause::OpeningBalance
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Cause::OpeningBalance => {
                ("首份对账单之前已在账户中的资金，未在本系统入账。", "Money from before the first statement, not booked here.")
            }
            Cause::OnlyAnnounced => {
                ("曾以通知入账而对账单未列，请向银行核对。", "Announced as booked and not in the day's statement; ask the bank.")
            }
            Cause::StatementsBreak => ("请补传缺失的对账单。", "Hand in the missing statements."),
            Cause::NoClosingBalance => {
                ("银行尚未给出期末余额，请上传对账单。", "The bank has given no closing balance; hand in its statement.")
            }
            Cause::UnexplainedRest => (
                "对账单余额与逐笔流水不符，请向银行核对。",
                "The statement's balance does not follow from its entries; ask the bank.",
            ),
        }
    }
}

/// A part of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CausePart {
    /// Why.
    pub cause: Cause,
    /// How much of the difference, signed; `null` where it cannot be said.
    pub amount: Option<Fen>,
    /// What to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl CausePart {
    fn of(cause: Cause, amount: Option<Fen>) -> Self {
        let (zh, en) = cause.words();
        CausePart { cause, amount, zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// An account against the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reconciliation {
    /// The account.
    pub account: AccountId,
    /// Day of the bank's last closing balance; `null` without one.
    pub statement_on: Option<Day>,
    /// What the bank says.
    pub bank: Option<Fen>,
    /// What the ledger holds of this account on that day: every booked entry with its posting.
    pub ledger: Fen,
    /// The bank's balance less the ledger's; the causes add up to it.
    pub difference: Option<Fen>,
    /// The bank's last word on a balance outside statements, where it sent one.
    pub told: Option<ToldBalance>,
    /// Why.
    pub causes: Vec<CausePart>,
    /// Whether a cause is open.
    pub is_open: bool,
}

/// Reconciles each account of a project that has anything on it, as of a day.
pub fn of_project(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<Vec<Reconciliation>, Problem> {
    let mut found = Vec::new();
    for account in table::of_project(conn, site.id)? {
        found.extend(of_account(conn, &account, as_of)?);
    }
    Ok(found)
}

/// Days that a history gives at most: a month of daily statements.
pub const HISTORY_MAX: usize = 31;

/// An account against the bank on each day of a closing balance up to a day, the latest first, at most [`HISTORY_MAX`]. Each day is
/// looked at by what is on record now, so a statement that came late closes the days that its absence left open.
pub fn history(conn: &mut AnyConn, account: &AccountRow, until: Day) -> Result<Vec<Reconciliation>, Problem> {
    let (mut found, mut until) = (Vec::new(), until);
    while found.len() < HISTORY_MAX {
        let Some(one) = of_account(conn, account, until)? else { break };
        let Some(day) = one.statement_on else { break };
        until = day.plus_days(-1);
        found.push(one);
    }
    Ok(found)
}

/// The day of the bank's last balance of an account, be it a statement's or its word on the end of a day, where it differs from the entries
/// and neither a break between statements nor what was only announced explains it.
pub fn unexplained_on(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Option<Day>, Problem> {
    let Some(found) = of_account(conn, account, as_of)? else { return Ok(None) };
    if found.causes.iter().any(|part| part.cause == Cause::UnexplainedRest) {
        return Ok(found.statement_on);
    }
    let told = found.told.filter(|told| told.difference != Fen::ZERO);
    let Some(told) = told else { return Ok(None) };
    // A statement that lacks explains why the word is another; that it lacks is told already.
    let is_broken = continuity::faults(conn, account)?.iter().any(|fault| fault.on.is_none_or(|day| day <= told.on));
    Ok((!is_broken).then_some(told.on))
}

fn of_account(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Option<Reconciliation>, Problem> {
    let word = continuity::balance_on(conn, account, as_of)?;
    let told = bank_words::told_balance(conn, account, as_of)?;
    let Some((on, bank)) = word.closing else {
        let ledger = table::moved(conn, account, None, as_of)?;
        let anything = ledger != Fen::ZERO || word.last_statement_on.is_some() || told.is_some();
        return Ok(anything.then(|| Reconciliation {
            account: account.id,
            statement_on: None,
            bank: None,
            ledger,
            difference: None,
            told,
            causes: vec![CausePart::of(Cause::NoClosingBalance, None)],
            is_open: true,
        }));
    };
    let ledger = table::moved(conn, account, None, on)?;
    let difference = bank.minus(ledger)?;
    // What was only announced before the first balance is in that balance.
    let since = word.opened_from.map_or(account.opened_on, |day| day.max(account.opened_on));
    let announced = table::provisional(conn, account, since, on)?;
    let announced = Fen::total(announced.iter().map(table::EntryRow::signed))?.negated();
    let breaks = continuity::faults(conn, account)?.iter().any(|fault| fault.on.is_none_or(|day| day <= on));
    let parts = explain(word.opening, word.mismatch.unwrap_or_default(), announced, breaks)?;
    let causes: Vec<CausePart> = parts.into_iter().map(|(cause, amount)| CausePart::of(cause, Some(amount))).collect();
    Ok(Some(Reconciliation {
        account: account.id,
        statement_on: Some(on),
        bank: Some(bank),
        ledger,
        difference: Some(difference),
        is_open: causes.iter().any(|part| part.cause.is_open()) || told.as_ref().is_some_and(|told| told.difference != Fen::ZERO),
        told,
        causes,
    }))
}

/// Parts of a difference that add up to `opening` + `mismatch`: first what is known, then what is missing, then the rest.
fn explain(opening: Fen, mismatch: Fen, announced: Fen, breaks: bool) -> Result<Vec<(Cause, Fen)>, Problem> {
    let rest = mismatch.minus(announced)?;
    let rest_cause = if breaks { Cause::StatementsBreak } else { Cause::UnexplainedRest };
    let parts = [(Cause::OpeningBalance, opening), (Cause::OnlyAnnounced, announced), (rest_cause, rest)];
    Ok(parts.into_iter().filter(|(_, amount)| *amount != Fen::ZERO).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_add_up_to_the_difference() {
        use Cause::{OnlyAnnounced, OpeningBalance, StatementsBreak, UnexplainedRest};
        let told = |opening, mismatch, announced, breaks| {
            let parts = explain(Fen(opening), Fen(mismatch), Fen(announced), breaks).unwrap();
            assert_eq!(parts.iter().map(|(_, amount)| amount.0).sum::<i64>(), opening + mismatch);
            parts.into_iter().map(|(cause, _)| cause).collect::<Vec<_>>()
        };
        assert_eq!(told(0, 0, 0, false), []);
        assert_eq!(told(500, 0, 0, false), [OpeningBalance]);
        assert_eq!(told(500, 150, 150, true), [OpeningBalance, OnlyAnnounced]);
        assert_eq!(told(0, 150, 0, true), [StatementsBreak]);
        assert_eq!(told(0, 150, 100, false), [OnlyAnnounced, UnexplainedRest]);
        // What was announced and what is missing can hide one another: both are told.
        assert_eq!(told(0, 0, 100, true), [OnlyAnnounced, StatementsBreak]);
    }
}
