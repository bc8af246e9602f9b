//! Rows of what people said of the columns of sheets: append only, the latest of a layout holds.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{ProjectId, RecordId};
use crate::store::schema::sheet_layouts;
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

sealed_in_project! {
    LayoutRow: "sheet_layouts", project_id;
}

pub fn insert_layout(tx: &mut Tx<'_>, row: &LayoutRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_layouts::table).values(row).execute(tx.conn())?;
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

/// The mapping that held for a layout when something else was recorded.
pub fn layout_before(
    conn: &mut AnyConn,
    project: ProjectId,
    layout: &str,
    before: RecordId,
) -> Result<Option<LayoutRow>, StoreError> {
    use sheet_layouts as s;
    let wanted = s::project_id.eq(project).and(s::layout.eq(layout)).and(s::id.lt(before));
    Ok(s::table.filter(wanted).order(s::id.desc()).select(LayoutRow::as_select()).first(conn).optional()?)
}

/// Every version of the layouts whose name begins so, oldest first.
pub fn layouts_of(conn: &mut AnyConn, project: ProjectId, prefix: &str) -> Result<Vec<LayoutRow>, StoreError> {
    use sheet_layouts as s;
    let wanted = s::project_id.eq(project).and(s::layout.like(format!("{prefix}%")));
    Ok(s::table.filter(wanted).order(s::id).select(LayoutRow::as_select()).load(conn)?)
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

/// Every row, for `verify`.
pub fn all_layouts(conn: &mut AnyConn) -> Result<Vec<LayoutRow>, StoreError> {
    Ok(sheet_layouts::table.order(sheet_layouts::id).select(LayoutRow::as_select()).load(conn)?)
}
