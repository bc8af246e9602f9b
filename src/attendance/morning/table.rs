//! What the morning check reads of work days.

use diesel::prelude::*;

use crate::attendance::table::WorkDayRow;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::store::schema::work_days;
use crate::store::{AnyConn, StoreError};

/// Short days that are read at most: a week of a site of five thousand on which a gate tells half of the passages.
const SHORT_MAX: i64 = 20_000;

/// The last day on which somebody was seen, from one day (counted) to another (not counted).
pub fn last_day_before(conn: &mut AnyConn, project: ProjectId, from: Day, before: Day) -> Result<Option<Day>, StoreError> {
    Ok(work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.ge(from)).and(work_days::worked_on.lt(before)))
        .order(work_days::worked_on.desc())
        .select(work_days::worked_on)
        .first(conn)
        .optional()?)
}

/// The work days of one day, by enrolment.
pub fn work_days_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<Vec<WorkDayRow>, StoreError> {
    Ok(work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.eq(day)))
        .order(work_days::enrolment_id)
        .select(WorkDayRow::as_select())
        .load(conn)?)
}

/// The days that are worth less than a whole one, from one day (counted) to another (not counted), the latest first.
pub fn short_days(conn: &mut AnyConn, project: ProjectId, from: Day, before: Day) -> Result<Vec<WorkDayRow>, StoreError> {
    Ok(work_days::table
        .filter(
            work_days::project_id
                .eq(project)
                .and(work_days::worked_on.ge(from))
                .and(work_days::worked_on.lt(before))
                .and(work_days::hundredths.lt(100)),
        )
        .order((work_days::worked_on.desc(), work_days::enrolment_id))
        .limit(SHORT_MAX)
        .select(WorkDayRow::as_select())
        .load(conn)?)
}
