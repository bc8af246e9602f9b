//! What of a run's payments is known to have left the account.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::accounts::table::AccountRow;
use crate::base::Day;
use crate::base::id::PayRunId;
use crate::store::fixed::fixed;
use crate::store::{AnyConn, StoreError};

/// A payment that was ordered.
#[derive(QueryableByName)]
pub struct Ordered {
    #[diesel(sql_type = BigInt)]
    pub run_id: PayRunId,
    #[diesel(sql_type = Text)]
    pub message_id: String,
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
    #[diesel(sql_type = BigInt)]
    pub out: i64,
    /// 1 for a payment that may still wait to be debited, 0 for one that a closing balance covers.
    #[diesel(sql_type = BigInt)]
    pub waits: i64,
}

/// The payments of every run of an account that has one which may wait, each with what moved it.
pub fn payments(conn: &mut AnyConn, account: &AccountRow, after: Day, as_of: Day) -> Result<Vec<Ordered>, StoreError> {
    Ok(fixed(
        "SELECT r.run_id AS run_id, p.message_id AS message_id, r.amount_fen - r.returned_fen AS amount, \
         CASE WHEN r.state <> 'paid' OR l.paid_on > $3 THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS waits, \
         COALESCE((SELECT CAST(SUM(m.amount_fen) AS BIGINT) FROM entry_payments m \
         JOIN bank_entries b ON b.project_id = m.project_id AND b.id = m.entry_id \
         WHERE m.project_id = r.project_id AND m.payment = r.end_to_end_id AND b.status = 'booked' AND b.voided_by IS NULL \
         AND b.booked_on <= $4), CAST(0 AS BIGINT)) AS out \
         FROM pay_runs p JOIN pay_run_lines r ON r.project_id = p.project_id AND r.run_id = p.id \
         JOIN pay_lines l ON l.project_id = r.project_id AND l.id = r.line_id \
         WHERE p.project_id = $1 AND p.account_id = $2 AND r.state IN ('sent', 'accepted', 'unknown', 'paid') \
         AND p.id IN (SELECT x.run_id FROM pay_run_lines x WHERE x.project_id = $1 AND x.state IN ('sent', 'accepted', 'unknown') \
         UNION SELECT y.run_id FROM pay_lines k JOIN pay_run_lines y ON y.project_id = k.project_id AND y.line_id = k.id \
         WHERE k.project_id = $1 AND k.paid_on > $3 AND y.state = 'paid') ORDER BY r.run_id, r.line_id",
    )
    .big(account.project_id.0)
    .big(account.id.0)
    .day(after)
    .day(as_of)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = BigInt)]
    out: i64,
}

/// What was debited of a run as a whole, by entries of which nothing is kept line by line.
pub fn of_whole_run(conn: &mut AnyConn, account: &AccountRow, message_id: &str, as_of: Day) -> Result<i64, StoreError> {
    let row: Moved = fixed(
        "SELECT CAST(COALESCE(SUM(m.amount_fen), 0) AS BIGINT) AS out FROM entry_payments m \
         JOIN bank_entries b ON b.project_id = m.project_id AND b.id = m.entry_id \
         WHERE m.project_id = $1 AND m.payment = $2 AND b.status = 'booked' AND b.voided_by IS NULL AND b.booked_on <= $3 \
         AND NOT EXISTS (SELECT 1 FROM entry_payments o WHERE o.project_id = m.project_id AND o.entry_id = m.entry_id \
         AND o.payment <> m.payment)",
    )
    .big(account.project_id.0)
    .text(message_id)
    .day(as_of)
    .get_result(conn)?;
    Ok(row.out)
}
