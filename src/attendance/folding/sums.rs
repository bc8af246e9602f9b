//! What the days of a month come to for each worker, kept beside the days themselves: a gate asks it of every project of an owner and a
//! contractor, and would otherwise add up all days that anybody ever worked there. Folding writes a day and what it changes of the sums in
//! one transaction; `verify` adds the days up and compares.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::attendance::table::WorkDayRow;
use crate::base::Month;
use crate::base::id::{ProjectId, WorkerId};
use crate::store::bulk::directly;
use crate::store::schema::attended_months;
use crate::store::{AnyConn, StoreError};

/// Sums of one statement.
const ROWS: usize = 250;

/// What folding has changed of a project's sums and not yet written, in hundredths of a work day.
#[derive(Debug, Default)]
pub struct Changed(BTreeMap<(Month, WorkerId), i64>);

impl Changed {
    /// A day that is new.
    pub fn add(&mut self, row: &WorkDayRow) {
        *self.0.entry((row.worked_on.month(), row.worker_id)).or_default() += i64::from(row.hundredths);
    }

    /// A day that stands no more.
    pub fn take(&mut self, row: &WorkDayRow) {
        *self.0.entry((row.worked_on.month(), row.worker_id)).or_default() -= i64::from(row.hundredths);
    }

    /// Writes what was changed.
    pub fn write(self, conn: &mut AnyConn, project: ProjectId) -> Result<(), StoreError> {
        use attended_months as a;
        let rows: Vec<_> = self
            .0
            .into_iter()
            .filter(|(_, hundredths)| *hundredths != 0)
            .map(|((month, worker), hundredths)| {
                (a::project_id.eq(project), a::month.eq(month.to_string()), a::worker_id.eq(worker), a::hundredths.eq(hundredths))
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
}

#[derive(QueryableByName)]
struct Differing {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Text)]
    month: String,
    #[diesel(sql_type = BigInt)]
    worker_id: WorkerId,
    #[diesel(sql_type = BigInt)]
    more: i64,
}

/// Each sum that is not what the days come to, by its place.
pub fn differ(conn: &mut AnyConn) -> Result<Vec<String>, StoreError> {
    let rows: Vec<Differing> = diesel::sql_query(
        "SELECT project_id, month, worker_id, CAST(SUM(hundredths) AS BIGINT) AS more FROM (\
         SELECT project_id, SUBSTR(CAST(worked_on AS TEXT), 1, 7) AS month, worker_id, CAST(hundredths AS BIGINT) AS hundredths FROM work_days \
         UNION ALL SELECT project_id, month, worker_id, -hundredths FROM attended_months) q \
         GROUP BY project_id, month, worker_id HAVING SUM(hundredths) <> 0 ORDER BY 1, 2, 3",
    )
    .load(conn)?;
    let told = |row: Differing| {
        let Differing { project_id, month, worker_id, more } = row;
        format!("attended_months {project_id} {month} {worker_id}: the days come to {more} hundredths more than their sum says")
    };
    Ok(rows.into_iter().map(told).collect())
}
