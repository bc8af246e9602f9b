//! Days on which somebody was seen, as leaving asks for them: folded ones, and passages that still wait to be folded.

use diesel::prelude::*;

use crate::base::Day;
use crate::base::id::{ProjectId, RecordId};
use crate::store::schema::{dirty_days, pins, punches, work_days};
use crate::store::{AnyConn, StoreError};

/// A work day of an enrolment: which, hundredths, flags.
pub type SeenDay = (Day, i32, String);

/// The work days of an enrolment after a day, in order, at most `limit`.
pub fn days_after(
    conn: &mut AnyConn,
    project: ProjectId,
    enrolment: RecordId,
    after: Day,
    limit: i64,
) -> Result<Vec<SeenDay>, StoreError> {
    Ok(work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.gt(after)).and(work_days::enrolment_id.eq(enrolment)))
        .order(work_days::worked_on)
        .limit(limit)
        .select((work_days::worked_on, work_days::hundredths, work_days::flags))
        .load(conn)?)
}

/// The days (since 1970) from `first` at a second of it on with passages of some numbers that wait to be folded, in order.
pub fn waiting_days(
    conn: &mut AnyConn,
    project: ProjectId,
    indexes: &[String],
    (first, from_second): (i32, i32),
    limit: i64,
) -> Result<Vec<i32>, StoreError> {
    let days: Vec<i32> = dirty_days::table
        .filter(dirty_days::project_id.eq(project.0).and(dirty_days::local_day.ge(first)))
        .order(dirty_days::local_day)
        .limit(limit)
        .select(dirty_days::local_day)
        .load(conn)?;
    if days.is_empty() {
        return Ok(days);
    }
    let numbers: Vec<i64> =
        pins::table.filter(pins::project_id.eq(project).and(pins::pin_index.eq_any(indexes))).select(pins::id).load(conn)?;
    let later = punches::local_day.gt(first).or(punches::local_time.ge(from_second));
    Ok(punches::table
        .filter(punches::project_id.eq(project.0).and(punches::local_day.eq_any(days)).and(punches::pin_id.eq_any(numbers)))
        .filter(later)
        .select(punches::local_day)
        .distinct()
        .order(punches::local_day)
        .load(conn)?)
}
