//! Rows of payments outside the wage account: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::Payer;
use crate::base::id::{DocumentId, LineId, ProjectId, RecordId};
use crate::base::{Day, Fen};
use crate::store::schema::cleared_lines;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A payment of a line outside the wage account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = cleared_lines)]
#[schema(as = ClearedLine)]
pub struct ClearedRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub line_id: LineId,
    pub payer: Payer,
    #[serde(rename = "amount")]
    pub amount_fen: Fen,
    pub paid_on: Day,
    pub reference: String,
    pub document_id: Option<DocumentId>,
    pub recorded_seq: i64,
}

sealed_in_project! {
    ClearedRow: "cleared_lines", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ClearedRow) -> Result<(), StoreError> {
    diesel::insert_into(cleared_lines::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Whether a reference has cleared a line before.
pub fn is_known(conn: &mut AnyConn, project: ProjectId, line: LineId, reference: &str) -> Result<bool, StoreError> {
    use cleared_lines as c;
    let found: Option<RecordId> = c::table
        .filter(c::project_id.eq(project).and(c::line_id.eq(line)).and(c::reference.eq(reference)))
        .select(c::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Payments of a project in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<ClearedRow>, StoreError> {
    use cleared_lines as c;
    Ok(c::table.filter(c::project_id.eq(project)).order(c::id).select(ClearedRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ClearedRow>, StoreError> {
    Ok(cleared_lines::table.order(cleared_lines::id).select(ClearedRow::as_select()).load(conn)?)
}
