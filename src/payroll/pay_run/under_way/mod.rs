//! What of an account's balance is spoken for: payments that were ordered and that the bank has not debited yet.
//!
//! Each payment counts until its debit is booked, and no longer: by the entries that moved it, else by those of its whole run. A refused
//! or returned one counts no more. One that the bank calls paid counts while no closing balance covers that day. The ledger's
//! `pay_in_transit` is a sum over all payments, in which a double debit of one would hide another: it is not asked here. Deliberately
//! absent: whether the money is enough, which who asks decides.

mod table;

use std::collections::BTreeMap;

use crate::accounts::table::AccountRow;
use crate::accounts::{self, continuity};
use crate::base::id::PayRunId;
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;
use table::{of_whole_run, payments};

/// What an account holds, and what of it is spoken for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Funds {
    /// By the bank's word; `None` where it has said nothing.
    pub balance: Option<Fen>,
    /// Ordered and not debited yet.
    pub under_way: Fen,
}

impl Funds {
    /// What a new order may use; below nothing where more was ordered than there is.
    pub fn free(self) -> Result<Option<Fen>, TooMuch> {
        self.balance.map(|balance| balance.minus(self.under_way)).transpose()
    }

    /// By how much it is short of a sum; `None` where it is enough or not known.
    pub fn short_of(self, needed: Fen) -> Result<Option<Fen>, TooMuch> {
        let missing = self.free()?.map(|free| needed.minus(free)).transpose()?;
        Ok(missing.filter(|missing| missing.is_positive() && needed.is_positive()))
    }
}

/// What an account holds at the end of a day.
pub fn of_account(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Funds, Problem> {
    let word = continuity::balance_on(conn, account, as_of)?;
    let after = word.closing.map(|(day, _)| day);
    Ok(Funds { balance: word.balance, under_way: ordered(conn, account, after, as_of)? })
}

/// What is ordered out of all accounts of a project and not debited by the end of a day.
pub fn of_project(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<Fen, Problem> {
    let mut total = Fen::ZERO;
    for account in accounts::table::of_project(conn, site.id)? {
        total = total.plus(of_account(conn, &account, as_of)?.under_way)?;
    }
    Ok(total)
}

/// Ordered out of an account and not debited by the end of a day; `after` is the day of its last closing balance.
fn ordered(conn: &mut AnyConn, account: &AccountRow, after: Option<Day>, as_of: Day) -> Result<Fen, Problem> {
    // SQLite compares days as text: the span begins with the year 1.
    let Some(first) = after.or_else(|| Day::of(1, 1, 1)) else { return Ok(Fen::ZERO) };
    // Of each run what waits, and what a closing balance covers although no debit of it is known.
    let mut runs: BTreeMap<PayRunId, (String, i64, i64)> = BTreeMap::new();
    for one in payments(conn, account, first, as_of)? {
        let (_, waits, covered) = runs.entry(one.run_id).or_insert((one.message_id, 0, 0));
        let rest = one.amount.saturating_sub(one.out.max(0)).max(0);
        let place = if one.waits > 0 { waits } else { covered };
        *place = place.saturating_add(rest);
    }
    let mut total = Fen::ZERO;
    for (message_id, waits, covered) in runs.into_values().filter(|(_, waits, _)| *waits > 0) {
        let whole = of_whole_run(conn, account, &message_id, as_of)?.saturating_sub(covered).max(0);
        total = total.plus(Fen(waits.saturating_sub(whole).max(0)))?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_not_free() {
        let funds = Funds { balance: Some(Fen(1_000)), under_way: Fen(960) };
        assert_eq!(funds.free(), Ok(Some(Fen(40))));
        assert_eq!((funds.short_of(Fen(40)), funds.short_of(Fen(41))), (Ok(None), Ok(Some(Fen(1)))));
        assert_eq!(funds.short_of(Fen::ZERO), Ok(None), "an order of nothing needs nothing");
        let over = Funds { balance: Some(Fen(10)), under_way: Fen(30) };
        assert_eq!((over.free(), over.short_of(Fen(5))), (Ok(Some(Fen(-20))), Ok(Some(Fen(25)))));
        assert_eq!(Funds::default().short_of(Fen(5)), Ok(None), "nobody knows");
    }
}
