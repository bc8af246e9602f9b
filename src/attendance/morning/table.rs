//! What the morning check reads of work days.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

use crate::attendance::table::WorkDayRow;
use crate::base::Day;
use crate::base::id::{ProjectId, WorkerId};
use crate::store::fixed::fixed;
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

#[derive(QueryableByName)]
struct ElsewhereRow {
    #[diesel(sql_type = BigInt)]
    worker_id: WorkerId,
    #[diesel(sql_type = Integer)]
    first_time: i32,
    #[diesel(sql_type = Integer)]
    last_time: i32,
}

/// Who of a day's workers was seen on other sites, first and last; which sites is not read, since it is not theirs to know.
pub fn elsewhere_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<Vec<(WorkerId, i32, i32)>, StoreError> {
    let rows: Vec<ElsewhereRow> = fixed(
        "SELECT o.worker_id AS worker_id, o.first_time AS first_time, o.last_time AS last_time FROM work_days w \
         JOIN enrolments e ON e.worker_id = w.worker_id AND e.project_id <> w.project_id \
         JOIN work_days o ON o.project_id = e.project_id AND o.worked_on = w.worked_on AND o.enrolment_id = e.id AND o.punches > 0 \
         WHERE w.project_id = $1 AND w.worked_on = $2 ORDER BY 1, 2",
    )
    .big(project.0)
    .day(day)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.worker_id, row.first_time, row.last_time)).collect())
}
