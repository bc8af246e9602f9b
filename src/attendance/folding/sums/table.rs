//! The sums of the months: what folding adds, and what is not what the days come to.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::base::Month;
use crate::base::id::{ProjectId, WorkerId};
use crate::store::bulk::directly;
use crate::store::schema::attended_months;
use crate::store::{AnyConn, StoreError};

/// Sums of one statement.
const ROWS: usize = 250;

/// Adds to the sums of a project, in hundredths of a work day; a sum that is not there begins at nothing.
pub fn add(conn: &mut AnyConn, project: ProjectId, changed: &[((Month, WorkerId), i64)]) -> Result<(), StoreError> {
    use attended_months as a;
    let rows: Vec<_> = changed
        .iter()
        .map(|((month, worker), hundredths)| {
            (a::project_id.eq(project), a::month.eq(month.to_string()), a::worker_id.eq(*worker), a::hundredths.eq(*hundredths))
        })
        .collect();
    for some in rows.chunks(ROWS) {
        directly!(conn, conn => diesel::insert_into(a::table)
            .values(some)
            .on_conflict((a::project_id, a::month, a::worker_id))
            .do_update()
            .set(a::hundredths.eq(a::hundredths + diesel::upsert::excluded(a::hundredths)))
            .execute(conn))?;
    }
    Ok(())
}

/// A sum that is not what the days come to.
#[derive(QueryableByName)]
pub struct Differing {
    /// Project.
    #[diesel(sql_type = BigInt)]
    pub project_id: ProjectId,
    /// YYYY-MM.
    #[diesel(sql_type = Text)]
    pub month: String,
    /// Worker.
    #[diesel(sql_type = BigInt)]
    pub worker_id: WorkerId,
    /// By how much the days come to more, in hundredths.
    #[diesel(sql_type = BigInt)]
    pub more: i64,
}

/// Each of them, by its place.
pub fn differing(conn: &mut AnyConn) -> Result<Vec<Differing>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT project_id, month, worker_id, CAST(SUM(hundredths) AS BIGINT) AS more FROM (\
         SELECT project_id, SUBSTR(CAST(worked_on AS TEXT), 1, 7) AS month, worker_id, CAST(hundredths AS BIGINT) AS hundredths FROM work_days \
         UNION ALL SELECT project_id, month, worker_id, -hundredths FROM attended_months) q \
         GROUP BY project_id, month, worker_id HAVING SUM(hundredths) <> 0 ORDER BY 1, 2, 3",
    )
    .load(conn)?)
}
