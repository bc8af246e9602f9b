//! Rows of opening sheets: append only.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{DocumentId, ProjectId, RecordId, SheetId};
use crate::store::schema::opening_sheets;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A sheet of what was owed before, with its paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = opening_sheets)]
#[schema(as = OpeningSheet)]
pub struct OpeningRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub document_id: DocumentId,
    pub note: String,
    pub imported_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    OpeningRow: "opening_sheets", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &OpeningRow) -> Result<(), StoreError> {
    diesel::insert_into(opening_sheets::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Opening sheets of a project in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<OpeningRow>, StoreError> {
    use opening_sheets as o;
    Ok(o::table.filter(o::project_id.eq(project)).order(o::id).select(OpeningRow::as_select()).load(conn)?)
}

/// The paper of a sheet, where it is an opening one.
pub fn of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Option<OpeningRow>, StoreError> {
    use opening_sheets as o;
    Ok(o::table
        .filter(o::project_id.eq(project).and(o::sheet_id.eq(sheet)))
        .select(OpeningRow::as_select())
        .first(conn)
        .optional()?)
}

/// Who imported what stands on a sheet, each once; nobody where it is no opening one.
pub fn importers_of(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<String>, StoreError> {
    use opening_sheets as o;
    let mut found: Vec<String> =
        o::table.filter(o::project_id.eq(project).and(o::sheet_id.eq(sheet))).select(o::imported_by).load(conn)?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<OpeningRow>, StoreError> {
    Ok(opening_sheets::table.order(opening_sheets::id).select(OpeningRow::as_select()).load(conn)?)
}
