//! Rows of corrections after audit or payment: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::{BackPayOf, CorrectionKind};
use crate::base::id::{DocumentId, LineId, ProjectId, RecordId, SheetId};
use crate::base::{Day, Fen, Moment};
use crate::store::schema::line_corrections;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A correction of a line that stays as it was. `new_line_id` is the line that pays in addition or from which is taken back, `item_id`
/// the item of it that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = line_corrections)]
#[schema(as = PayLineCorrection)]
pub struct CorrectionRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub line_id: LineId,
    pub kind: CorrectionKind,
    #[serde(rename = "amount")]
    pub amount_fen: Fen,
    pub reason: String,
    pub new_sheet_id: Option<SheetId>,
    pub new_line_id: Option<LineId>,
    pub item_id: Option<RecordId>,
    pub document_id: Option<DocumentId>,
    pub recorded_by: String,
    pub happened_on: Day,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
    /// What back-pay is for; none where nobody said, and then it is for work days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_pay_of: Option<BackPayOf>,
}

sealed_in_project! {
    CorrectionRow: "line_corrections", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &CorrectionRow) -> Result<(), StoreError> {
    diesel::insert_into(line_corrections::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Corrections of a line and those that it carries for another one, in the order of record.
pub fn about(conn: &mut AnyConn, project: ProjectId, line: LineId) -> Result<Vec<CorrectionRow>, StoreError> {
    use line_corrections as c;
    Ok(c::table
        .filter(c::project_id.eq(project).and(c::line_id.eq(line).or(c::new_line_id.eq(line))))
        .order(c::id)
        .select(CorrectionRow::as_select())
        .load(conn)?)
}

/// Corrections of a project's lines, in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<CorrectionRow>, StoreError> {
    use line_corrections as c;
    Ok(c::table.filter(c::project_id.eq(project)).order(c::id).select(CorrectionRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<CorrectionRow>, StoreError> {
    Ok(line_corrections::table.order(line_corrections::id).select(CorrectionRow::as_select()).load(conn)?)
}
