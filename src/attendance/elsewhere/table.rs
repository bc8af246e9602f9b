//! Stays of a project's workers, here and on other sites.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer};

use crate::base::Day;
use crate::base::id::{ProjectId, WorkerId};
use crate::store::fixed::fixed;
use crate::store::schema::work_days;
use crate::store::{AnyConn, StoreError};

/// A worker's day on a site, as times are compared.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName)]
pub struct Stay {
    #[diesel(sql_type = BigInt)]
    pub worker_id: WorkerId,
    #[diesel(sql_type = Date)]
    pub worked_on: Day,
    /// Seconds of the day.
    #[diesel(sql_type = Integer)]
    pub first_time: i32,
    /// Seconds of the day; past 86,400 where a shift ran over midnight.
    #[diesel(sql_type = Integer)]
    pub last_time: i32,
    #[diesel(sql_type = Integer)]
    pub punches: i32,
    /// Hundredths of a work day.
    #[diesel(sql_type = Integer)]
    pub hundredths: i32,
}

/// The days from one to another that a project's workers spent on other sites, by worker and day.
pub fn elsewhere(conn: &mut AnyConn, project: ProjectId, (first, last): (Day, Day)) -> Result<Vec<Stay>, StoreError> {
    Ok(fixed(
        "SELECT o.worker_id AS worker_id, w.worked_on AS worked_on, w.first_time AS first_time, w.last_time AS last_time, \
         w.punches AS punches, w.hundredths AS hundredths \
         FROM (SELECT DISTINCT worker_id FROM enrolments WHERE project_id = $1) e \
         JOIN enrolments o ON o.worker_id = e.worker_id AND o.project_id <> $1 \
         JOIN work_days w ON w.project_id = o.project_id AND w.worked_on >= $2 AND w.worked_on <= $3 AND w.enrolment_id = o.id \
         ORDER BY o.worker_id, w.worked_on, w.first_time",
    )
    .big(project.0)
    .day(first)
    .day(last)
    .load(conn)?)
}

/// The days from one to another of some workers on a project, by day.
pub fn here(
    conn: &mut AnyConn,
    project: ProjectId,
    workers: &[WorkerId],
    (first, last): (Day, Day),
) -> Result<Vec<Stay>, StoreError> {
    Ok(work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.between(first, last)))
        .filter(work_days::worker_id.eq_any(workers))
        .order((work_days::worked_on, work_days::enrolment_id))
        .select((
            work_days::worker_id,
            work_days::worked_on,
            work_days::first_time,
            work_days::last_time,
            work_days::punches,
            work_days::hundredths,
        ))
        .load(conn)?)
}
