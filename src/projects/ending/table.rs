//! Rows of participations that are over.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{CrewId, ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::bulk::directly;
use crate::store::schema::{enrolments, participation_ends};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// That a participation is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = participation_ends)]
#[schema(as = ParticipationEnd)]
pub struct EndRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub participation_id: RecordId,
    pub ended_on: Day,
    pub reason: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    EndRow: "participation_ends", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &EndRow) -> Result<(), StoreError> {
    diesel::insert_into(participation_ends::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The ends on record in a project, in order.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<EndRow>, StoreError> {
    use participation_ends as e;
    Ok(directly!(conn, conn => e::table.filter(e::project_id.eq(project)).order(e::id).select(EndRow::as_select()).load(conn))?)
}

/// People of these crews who are on the roll.
pub fn people_of(conn: &mut AnyConn, project: ProjectId, crews: &[CrewId]) -> Result<i64, StoreError> {
    use enrolments as e;
    let here = e::table.filter(e::project_id.eq(project).and(e::crew_id.eq_any(crews.to_vec())).and(e::left_on.is_null()));
    Ok(here.count().get_result(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<EndRow>, StoreError> {
    use participation_ends as e;
    Ok(e::table.order((e::project_id, e::id)).select(EndRow::as_select()).load(conn)?)
}
