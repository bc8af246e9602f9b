//! Entries that the bank announced as booked and that its own statement of their day does not hold: the ledger refutes them. They stay
//! booked, since a booking is never edited, and do not count as received; whether the notice or the statement is right only the bank knows.

use super::table::{self, AccountRow, EntryRow, Flow};
use super::{Direction, Purpose, continuity};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::store::{AnyConn, StoreError};

/// Refuted entries of an account by a day, in the order of record.
pub fn of_account(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Vec<EntryRow>, StoreError> {
    let spans = continuity::told_spans(conn, account)?;
    let (first, last) = (spans.iter().map(|span| span.0).min(), spans.iter().map(|span| span.1.min(as_of)).max());
    let Some((first, last)) = first.zip(last) else { return Ok(Vec::new()) };
    let mut rows = table::provisional(conn, account, first, last)?;
    rows.retain(|row| spans.iter().any(|(from, to)| (*from..=*to).contains(&row.booked_on)));
    Ok(rows)
}

/// Labour cost that was announced and refuted, by day, as it moves the balance.
pub fn labour_cost(rows: &[EntryRow]) -> Vec<(Day, Fen)> {
    let mut found: Vec<(Day, Fen)> =
        rows.iter().filter(|row| row.purpose == Purpose::LabourCost).map(|row| (row.booked_on, row.signed())).collect();
    found.sort_unstable();
    found
}

/// The last day on which labour cost came in that is not refuted.
pub fn last_received(flows: &[Flow], refuted: &[(Day, Fen)], as_of: Day) -> Result<Option<Day>, TooMuch> {
    let came = flows.iter().filter(|flow| flow.purpose == Purpose::LabourCost && flow.direction == Direction::Credit);
    for flow in came.rev().filter(|flow| flow.booked_on <= as_of) {
        let of_day = refuted.iter().filter(|(day, amount)| *day == flow.booked_on && amount.is_positive());
        if flow.amount_fen > Fen::total(of_day.map(|(_, amount)| *amount))? {
            return Ok(Some(flow.booked_on));
        }
    }
    Ok(None)
}
