//! Whether the ledger and the bank's entries agree, for `anxin verify`.

mod table;

use std::collections::BTreeMap;

use super::continuity;
use crate::base::{Day, Fen};
use crate::ledger;
use crate::store::AnyConn;
use crate::web::Problem;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Balances {
    /// Postings and entries that were compared.
    pub verified: u64,
    /// What cannot be unless somebody wrote past the service, each with table and row.
    pub broken: Vec<String>,
    /// Where the bank's closing balance and the entries on record differ: a statement is missing, nothing is damaged.
    pub open_mismatches: Vec<String>,
}

/// Compares every posting with nothing, every booked entry with its posting, every account with the bank's last closing balance.
pub fn balances(conn: &mut AnyConn, as_of: Day) -> Result<Balances, Problem> {
    let mut found = Balances::default();
    for (_, posting) in ledger::table::unbalanced(conn)? {
        found.broken.push(format!("postings {posting}: its lines do not add up to nothing"));
    }
    let mut posted: BTreeMap<_, Fen> = BTreeMap::new();
    for (project, natural_key, amount) in table::posted_to_bank(conn)? {
        found.verified += 1;
        // An entry and the posting that took it back are one cause.
        let cause = natural_key.strip_prefix(super::TAKEN_BACK).map(|entry| format!("{}{entry}", super::BOOKED));
        let total = posted.entry((project, cause.unwrap_or(natural_key))).or_default();
        *total = total.plus(amount)?;
    }
    for (project, entry, amount) in table::booked(conn)? {
        found.verified += 1;
        let held = posted.remove(&(project, super::posting_key(entry))).unwrap_or_default();
        if held != amount {
            found.broken.push(format!("bank_entries {entry}: booked {amount}, posted {held}"));
        }
    }
    for ((project, natural_key), amount) in posted.into_iter().filter(|(_, amount)| *amount != Fen::ZERO) {
        found.broken.push(format!("postings {project} `{natural_key}`: {amount} on the bank account without a booked entry"));
    }
    for account in super::table::all(conn)? {
        if let Some(off) = continuity::balance_on(conn, &account, as_of)?.mismatch {
            found.open_mismatches.push(format!("wage_accounts {}: the bank's closing balance is off by {off}", account.id));
        }
    }
    Ok(found)
}
