//! Rows of layouts that were confirmed and of files that were taken.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId, RecordId, SheetId};
use crate::store::schema::sheet_imports;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A file that was taken into a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = sheet_imports)]
#[schema(as = PaySheetImport)]
pub struct ImportRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub inbox_id: InboxId,
    pub layout: String,
    pub taken: i32,
    pub refused: i32,
    pub imported_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    ImportRow: "sheet_imports", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ImportRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_imports::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The files that were taken into a sheet, in order.
pub fn of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<ImportRow>, StoreError> {
    Ok(sheet_imports::table
        .filter(sheet_imports::project_id.eq(project).and(sheet_imports::sheet_id.eq(sheet)))
        .order(sheet_imports::id)
        .select(ImportRow::as_select())
        .load(conn)?)
}

pub fn all(conn: &mut AnyConn) -> Result<Vec<ImportRow>, StoreError> {
    Ok(sheet_imports::table.order(sheet_imports::id).select(ImportRow::as_select()).load(conn)?)
}
