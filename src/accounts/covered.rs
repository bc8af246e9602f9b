//! How far the days of an account are told as a whole: a word that the bank gave on the day that it is about leaves the rest of that day
//! open. Deliberately absent: how far the bank has spoken without a break, which [`super::continuity::covered_until`] says.

use super::continuity::STATEMENTS_MAX;
use super::table::{self, AccountRow, StatementRow};
use super::words;
use crate::base::Day;
use crate::store::{AnyConn, StoreError};

/// The last day of which everything is told, where the bank's word covers an account up to `covered`: that day itself where a statement of
/// it, or of a later one, came after it was over, else the day before. Money may come on a day after its statement was made.
pub(super) fn whole_until(conn: &mut AnyConn, account: &AccountRow, covered: Day) -> Result<Day, StoreError> {
    let is_over =
        |row: &StatementRow| row.to_on.is_some_and(|to| to > covered || to == covered && row.received_at.day() > covered);
    if table::standing_statements(conn, account, STATEMENTS_MAX)?.iter().any(is_over) {
        return Ok(covered);
    }
    let word = words::table::last_balance(conn, account, covered)?;
    let is_told = word.is_some_and(|word| !word.differs && word.about_on == covered && word.occurred_at.day() > covered);
    Ok(if is_told { covered } else { covered.plus_days(-1) })
}
