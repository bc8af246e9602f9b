//! Rows of the steps of matters: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::{MatterKind, Step};
use crate::base::id::{DocumentId, MatterId, ProjectId, RecordId};
use crate::base::{Day, Fen, Moment};
use crate::store::schema::matter_steps;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// One step of a matter. `payroll_fen` and `balance_fen` are what a request for more labour cost was computed from; `subject` is the
/// sheet or deposit that it is about; `due_on` the limit that the step itself sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = matter_steps)]
#[schema(as = MatterStep)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub matter_id: MatterId,
    pub kind: MatterKind,
    pub step: Step,
    pub happened_on: Day,
    pub due_on: Option<Day>,
    #[serde(rename = "amount")]
    pub amount_fen: Option<Fen>,
    #[serde(rename = "payroll")]
    pub payroll_fen: Option<Fen>,
    #[serde(rename = "balance")]
    pub balance_fen: Option<Fen>,
    pub subject: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub document_id: Option<DocumentId>,
    pub recorded_at: Moment,
    pub recorded_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    StepRow: "matter_steps", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(matter_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The steps of a matter, the first one first.
pub fn of_matter(conn: &mut AnyConn, project: ProjectId, matter: MatterId) -> Result<Vec<StepRow>, StoreError> {
    use matter_steps as m;
    Ok(m::table
        .filter(m::project_id.eq(project).and(m::matter_id.eq(matter)))
        .order(m::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// The steps of every matter of a project in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<StepRow>, StoreError> {
    use matter_steps as m;
    Ok(m::table.filter(m::project_id.eq(project)).order(m::id).select(StepRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(matter_steps::table.order(matter_steps::id).select(StepRow::as_select()).load(conn)?)
}
