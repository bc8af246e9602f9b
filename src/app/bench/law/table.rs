//! Statements of the measurement itself: attendance made in bulk from the roll, and one raw sum over everything to compare with.
//! SQLite only, like the measurement.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer};

use super::town::Counts;
use crate::base::Day;
use crate::base::id::{DeviceId, ProjectId};
use crate::store::bulk::numbers::ensure_place;
use crate::store::{AnyConn, StoreError};

/// Everybody works from the first of a month to this day of it, and is off afterwards.
pub const DAYS_IN_MONTH: u32 = 22;

/// Work days of everybody on the roll from `first` to `last`.
pub fn attend(conn: &mut AnyConn, project: ProjectId, first: Day, last: Day) -> Result<Counts, StoreError> {
    let days = diesel::sql_query(
        "INSERT INTO work_days (project_id, worked_on, enrolment_id, worker_id, first_time, last_time, punches, hundredths, flags) \
         WITH RECURSIVE d (day) AS (SELECT date($1) UNION ALL SELECT date(d.day, '+1 day') FROM d WHERE d.day < $2) \
         SELECT e.project_id, d.day, e.id, e.worker_id, 25200, 64800, 2, 100, '' FROM d CROSS JOIN enrolments e \
         WHERE e.project_id = $3 AND CAST(strftime('%d', d.day) AS INTEGER) <= $4 \
           AND e.entered_on <= d.day AND (e.left_on IS NULL OR e.left_on >= d.day)",
    )
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .bind::<BigInt, _>(project)
    .bind::<Integer, _>(i32::try_from(DAYS_IN_MONTH).unwrap_or(0))
    .execute(conn)?;
    diesel::sql_query(
        "INSERT INTO attended_months (project_id, month, worker_id, hundredths) \
         SELECT project_id, substr(worked_on, 1, 7), worker_id, SUM(hundredths) FROM work_days \
         WHERE project_id = $1 AND worked_on >= $2 AND worked_on <= $3 GROUP BY project_id, substr(worked_on, 1, 7), worker_id \
         ON CONFLICT (project_id, month, worker_id) DO UPDATE SET hundredths = attended_months.hundredths + excluded.hundredths",
    )
    .bind::<BigInt, _>(project)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .execute(conn)?;
    Ok(Counts { work_days: u64::try_from(days).unwrap_or(0), ..Counts::default() })
}

/// The punches behind the work days since a day, in and out; older ones are gone, as an operator's rule lets them go.
pub fn punch(conn: &mut AnyConn, project: ProjectId, device: DeviceId, since: Day) -> Result<u64, StoreError> {
    let place = ensure_place(conn, (project.0, device.0))?;
    // No message brought them.
    diesel::sql_query("INSERT INTO punch_messages (number, inbox_id) VALUES (1, 0) ON CONFLICT DO NOTHING").execute(conn)?;
    let punches = diesel::sql_query(
        "INSERT INTO punch_rows (place, local_day, local_time, pin, state, verify, ordinal, message) \
         SELECT $1, CAST(julianday(w.worked_on) - 2440587.5 AS INTEGER), t.at, p.number, t.state, 1, 0, 1 \
         FROM work_days w JOIN enrolments e ON e.project_id = w.project_id AND e.id = w.enrolment_id \
         JOIN pins p ON p.project_id = e.project_id AND p.pin_index = e.pin_index \
         CROSS JOIN (SELECT 25200 AS at, 0 AS state UNION ALL SELECT 64800, 1) t \
         WHERE w.project_id = $2 AND w.worked_on >= $3",
    )
    .bind::<Integer, _>(place)
    .bind::<BigInt, _>(project)
    .bind::<Date, _>(since)
    .execute(conn)?;
    Ok(u64::try_from(punches).unwrap_or(0))
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(conn: &mut AnyConn, text: &str) -> Result<i64, StoreError> {
    Ok(diesel::sql_query(text).get_result::<Row>(conn)?.number)
}

/// What a raw engine does with the same rows: every line, work day and entry added up by project, once each.
pub fn raw_sums(conn: &mut AnyConn) -> Result<i64, StoreError> {
    let mut checked = 0_i64;
    for text in [
        "SELECT CAST(SUM(rest) AS BIGINT) AS number FROM (SELECT SUM(net_fen - paid_fen) AS rest FROM pay_lines GROUP BY project_id, sheet_id)",
        "SELECT CAST(SUM(people) AS BIGINT) AS number FROM (SELECT COUNT(DISTINCT worker_id) AS people FROM work_days \
         GROUP BY project_id, substr(worked_on, 1, 7))",
        "SELECT CAST(SUM(moved) AS BIGINT) AS number FROM (SELECT SUM(amount_fen) AS moved FROM bank_entries GROUP BY project_id, purpose)",
        "SELECT COUNT(*) AS number FROM (SELECT project_id, COUNT(*) FROM enrolments GROUP BY project_id)",
    ] {
        checked = checked.wrapping_add(number(conn, text)?);
    }
    Ok(checked)
}

/// How many assessments are on record.
pub fn assessments(conn: &mut AnyConn) -> Result<i64, StoreError> {
    number(conn, "SELECT COUNT(*) AS number FROM assessments")
}

/// Marks every job as done.
pub fn empty_queue(conn: &mut AnyConn) -> Result<(), StoreError> {
    diesel::sql_query("UPDATE jobs SET state = 'done' WHERE state = 'queued'").execute(conn)?;
    Ok(())
}
