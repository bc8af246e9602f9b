//! Rows of layouts that were confirmed and of files that were taken.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId, RecordId, SheetId};
use crate::store::schema::{sheet_imports, sheet_layouts};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A mapping that somebody confirmed for sheets with these headings; the latest holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = sheet_layouts)]
pub struct LayoutRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub layout: String,
    pub mapping: String,
    pub confirmed_by: String,
    pub recorded_seq: i64,
}

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
    LayoutRow: "sheet_layouts", project_id;
    ImportRow: "sheet_imports", project_id;
}

pub fn insert_layout(tx: &mut Tx<'_>, row: &LayoutRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_layouts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert(tx: &mut Tx<'_>, row: &ImportRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_imports::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The mapping that holds for a layout.
pub fn layout(conn: &mut AnyConn, project: ProjectId, layout: &str) -> Result<Option<LayoutRow>, StoreError> {
    Ok(sheet_layouts::table
        .filter(sheet_layouts::project_id.eq(project).and(sheet_layouts::layout.eq(layout)))
        .order(sheet_layouts::id.desc())
        .select(LayoutRow::as_select())
        .first(conn)
        .optional()?)
}

/// The mapping that was confirmed last for a layout on any of these projects.
pub fn layout_of_any(conn: &mut AnyConn, projects: &[ProjectId], layout: &str) -> Result<Option<LayoutRow>, StoreError> {
    Ok(sheet_layouts::table
        .filter(sheet_layouts::layout.eq(layout).and(sheet_layouts::project_id.eq_any(projects.to_vec())))
        .order(sheet_layouts::id.desc())
        .select(LayoutRow::as_select())
        .first(conn)
        .optional()?)
}

/// The files that were taken into a sheet, in order.
pub fn of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<ImportRow>, StoreError> {
    Ok(sheet_imports::table
        .filter(sheet_imports::project_id.eq(project).and(sheet_imports::sheet_id.eq(sheet)))
        .order(sheet_imports::id)
        .select(ImportRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all_layouts(conn: &mut AnyConn) -> Result<Vec<LayoutRow>, StoreError> {
    Ok(sheet_layouts::table.order(sheet_layouts::id).select(LayoutRow::as_select()).load(conn)?)
}

pub fn all(conn: &mut AnyConn) -> Result<Vec<ImportRow>, StoreError> {
    Ok(sheet_imports::table.order(sheet_imports::id).select(ImportRow::as_select()).load(conn)?)
}
