//! Rows of rosters and other sheets that were handed in: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::{RowState, SheetKind, Step};
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::base::{Day, Fen, Moment, Month};
use crate::store::schema::{roster_imports, roster_rows, roster_steps};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};
use crate::workers::Paper;

/// A roster that was handed in, with what holds for rows that do not say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = roster_imports)]
pub struct ImportRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub inbox_id: InboxId,
    pub file_name: String,
    pub day_rate_fen: Option<Fen>,
    pub entered_on: Day,
    pub paper: Paper,
    pub safety_trained: bool,
    pub good_rows: i32,
    pub bad_rows: i32,
    /// The day by which it is read: dates of birth lie before it.
    pub read_on: Day,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
    /// Which sheet it is; none for a roster. Left out of the seal where it is none, so that older seals hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<SheetKind>,
    /// The month of a month grid, where it was said with the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Month>,
}

impl ImportRow {
    /// Whether it is a file whose columns nobody has said yet: nothing of it could be read.
    pub fn is_asked_about(&self) -> bool {
        super::columns::may_be_said(self.kind()) && self.good_rows == 0 && self.bad_rows == 0
    }

    /// Which sheet it is.
    pub fn kind(&self) -> SheetKind {
        self.kind.unwrap_or(SheetKind::Roster)
    }
}

/// A step of taking a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = roster_steps)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub import_id: RecordId,
    pub step: Step,
    /// First place among the readable rows, from 0.
    pub from_place: i32,
    /// The place after the last.
    pub until_place: i32,
    pub enrolled: i32,
    pub known: i32,
    pub refused: i32,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What became of a row that was not simply enrolled; the latest of a row holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = roster_rows)]
pub struct RowRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub import_id: RecordId,
    /// Row in the sheet, from 1.
    pub row_number: i32,
    pub state: RowState,
    /// Faults of a refused row, codes of warnings of an odd one, as JSON; no number of anybody.
    pub told: String,
    pub enrolment_id: Option<RecordId>,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    ImportRow: "roster_imports", project_id;
    StepRow: "roster_steps", project_id;
    RowRow: "roster_rows", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ImportRow) -> Result<(), StoreError> {
    diesel::insert_into(roster_imports::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_step(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(roster_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_row(tx: &mut Tx<'_>, row: &RowRow) -> Result<(), StoreError> {
    diesel::insert_into(roster_rows::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<ImportRow>, StoreError> {
    Ok(roster_imports::table.find((project, id)).select(ImportRow::as_select()).first(conn).optional()?)
}

/// The latest rosters of a project, the newest first.
pub fn latest(conn: &mut AnyConn, project: ProjectId, limit: i64) -> Result<Vec<ImportRow>, StoreError> {
    Ok(roster_imports::table
        .filter(roster_imports::project_id.eq(project))
        .order(roster_imports::id.desc())
        .limit(limit)
        .select(ImportRow::as_select())
        .load(conn)?)
}

/// The steps of an import, oldest first.
pub fn steps_of(conn: &mut AnyConn, project: ProjectId, import: RecordId) -> Result<Vec<StepRow>, StoreError> {
    Ok(roster_steps::table
        .filter(roster_steps::project_id.eq(project).and(roster_steps::import_id.eq(import)))
        .order(roster_steps::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// Everything that was told of an import's rows, by row and then in the order of telling.
pub fn rows_of(conn: &mut AnyConn, project: ProjectId, import: RecordId) -> Result<Vec<RowRow>, StoreError> {
    Ok(roster_rows::table
        .filter(roster_rows::project_id.eq(project).and(roster_rows::import_id.eq(import)))
        .order((roster_rows::row_number, roster_rows::id))
        .select(RowRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ImportRow>, StoreError> {
    Ok(roster_imports::table.order(roster_imports::id).select(ImportRow::as_select()).load(conn)?)
}

/// Every step, for `verify`.
pub fn all_steps(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(roster_steps::table.order(roster_steps::id).select(StepRow::as_select()).load(conn)?)
}

/// Everything told of rows, for `verify`.
pub fn all_rows(conn: &mut AnyConn) -> Result<Vec<RowRow>, StoreError> {
    Ok(roster_rows::table.order(roster_rows::id).select(RowRow::as_select()).load(conn)?)
}
