//! Which projects have something that could be compared.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::base::Month;
use crate::base::id::ProjectId;
use crate::store::fixed::fixed;
use crate::store::{AnyConn, StoreError};

#[derive(QueryableByName)]
struct ProjectOnly {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
}

/// Projects after an id with a sheet, a work day or an entry of the bank since a month, or with a notice of a sign that stands.
pub fn projects_to_compare(conn: &mut AnyConn, since: Month, after: i64, limit: i64) -> Result<Vec<ProjectId>, StoreError> {
    let rows: Vec<ProjectOnly> = fixed(
        "SELECT p.id AS project_id FROM projects p WHERE p.id > $1 AND (\
         EXISTS (SELECT 1 FROM pay_sheets s WHERE s.project_id = p.id AND s.month >= $2) \
         OR EXISTS (SELECT 1 FROM work_days w WHERE w.project_id = p.id AND w.worked_on >= $3) \
         OR EXISTS (SELECT 1 FROM bank_entries b WHERE b.project_id = p.id AND b.booked_on >= $4) \
         OR EXISTS (SELECT 1 FROM notices n WHERE n.project_id = p.id AND n.kind = 'sign' AND n.state <> 'cured')) \
         ORDER BY p.id LIMIT $5",
    )
    .big(after)
    .day(since.first())
    .day(since.first())
    .day(since.first())
    .big(limit)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.project_id).collect())
}
