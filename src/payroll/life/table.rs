//! Rows of line versions, notes of sheets, and periods.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use super::{Cycle, SheetStep};
use crate::base::id::{LineId, ProjectId, RecordId, SheetId};
use crate::base::{Day, Fen, Moment};
use crate::store::schema::{line_versions, sheet_notes, sheet_periods};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A signed line that was opened for a correction; the first version has no row. `net_fen` is what was signed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = line_versions)]
#[schema(as = PayLineVersion)]
pub struct VersionRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub line_id: LineId,
    pub version: i32,
    pub reason: String,
    #[serde(rename = "net")]
    pub net_fen: Fen,
    pub opened_by: String,
    pub opened_on: Day,
    pub recorded_seq: i64,
}

/// What was done with a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = sheet_notes)]
#[schema(as = PaySheetNote)]
pub struct NoteRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub step: SheetStep,
    pub note: String,
    pub recorded_by: String,
    pub happened_on: Day,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// The days that a sheet of less than a month covers, and the paper that agrees on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = sheet_periods)]
#[schema(as = PaySheetPeriod)]
pub struct PeriodRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub cycle: Cycle,
    pub from_on: Day,
    pub to_on: Day,
    pub agreed_in: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    VersionRow: "line_versions", project_id;
    NoteRow: "sheet_notes", project_id;
    PeriodRow: "sheet_periods", project_id;
}

pub fn insert_version(tx: &mut Tx<'_>, row: &VersionRow) -> Result<(), StoreError> {
    diesel::insert_into(line_versions::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_note(tx: &mut Tx<'_>, row: &NoteRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_notes::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_period(tx: &mut Tx<'_>, row: &PeriodRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_periods::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The versions of a line after its first, in order.
pub fn versions_of(conn: &mut AnyConn, project: ProjectId, line: LineId) -> Result<Vec<VersionRow>, StoreError> {
    Ok(line_versions::table
        .filter(line_versions::project_id.eq(project).and(line_versions::line_id.eq(line)))
        .order(line_versions::version)
        .select(VersionRow::as_select())
        .load(conn)?)
}

/// The present version of each of these lines that was corrected.
pub fn last_versions(
    conn: &mut AnyConn,
    project: ProjectId,
    lines: &[LineId],
) -> Result<BTreeMap<LineId, VersionRow>, StoreError> {
    let rows: Vec<VersionRow> = line_versions::table
        .filter(line_versions::project_id.eq(project).and(line_versions::line_id.eq_any(lines.to_vec())))
        .order(line_versions::version)
        .select(VersionRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.line_id, row)).collect())
}

/// What was done with a sheet, in order.
pub fn notes_of(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<NoteRow>, StoreError> {
    Ok(sheet_notes::table
        .filter(sheet_notes::project_id.eq(project).and(sheet_notes::sheet_id.eq(sheet)))
        .order(sheet_notes::id)
        .select(NoteRow::as_select())
        .load(conn)?)
}

/// The days that a sheet covers; `None` for one of a whole month.
pub fn period_of(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Option<PeriodRow>, StoreError> {
    Ok(sheet_periods::table
        .filter(sheet_periods::project_id.eq(project).and(sheet_periods::sheet_id.eq(sheet)))
        .select(PeriodRow::as_select())
        .first(conn)
        .optional()?)
}

/// The sheets of a project that cover less than a month, with their days.
pub fn periods_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<PeriodRow>, StoreError> {
    use sheet_periods as p;
    Ok(p::table.filter(p::project_id.eq(project)).order((p::from_on, p::id)).select(PeriodRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all_versions(conn: &mut AnyConn) -> Result<Vec<VersionRow>, StoreError> {
    Ok(line_versions::table.order(line_versions::id).select(VersionRow::as_select()).load(conn)?)
}

pub fn all_notes(conn: &mut AnyConn) -> Result<Vec<NoteRow>, StoreError> {
    Ok(sheet_notes::table.order(sheet_notes::id).select(NoteRow::as_select()).load(conn)?)
}

pub fn all_periods(conn: &mut AnyConn) -> Result<Vec<PeriodRow>, StoreError> {
    Ok(sheet_periods::table.order(sheet_periods::id).select(PeriodRow::as_select()).load(conn)?)
}
