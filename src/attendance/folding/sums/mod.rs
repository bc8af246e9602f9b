//! What the days of a month come to for each worker, kept beside the days themselves: a gate asks it of every project of an owner and a
//! contractor, and would otherwise add up all days that anybody ever worked there. Folding writes a day and what it changes of the sums in
//! one transaction; `verify` adds the days up and compares.

pub(super) mod table;

use std::collections::BTreeMap;

use crate::attendance::table::WorkDayRow;
use crate::base::Month;
use crate::base::id::{ProjectId, WorkerId};
use crate::store::{AnyConn, StoreError};

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
        let rows: Vec<_> = self.0.into_iter().filter(|(_, hundredths)| *hundredths != 0).collect();
        table::add(conn, project, &rows)
    }
}

/// Each sum that is not what the days come to, by its place.
pub fn differ(conn: &mut AnyConn) -> Result<Vec<String>, StoreError> {
    let told = |row: table::Differing| {
        let table::Differing { project_id, month, worker_id, more } = row;
        format!("attended_months {project_id} {month} {worker_id}: the days come to {more} hundredths more than their sum says")
    };
    Ok(table::differing(conn)?.into_iter().map(told).collect())
}
