//! Rows of corrections and of what was decided about them: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::CorrectionStep;
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId, WorkerId};
use crate::base::{Day, Moment};
use crate::store::bulk::directly;
use crate::store::schema::{correction_steps, day_corrections};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// What somebody says a worker's day was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = day_corrections)]
pub struct CorrectionRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub enrolment_id: RecordId,
    pub worker_id: WorkerId,
    pub worked_on: Day,
    /// Seconds of the day.
    pub first_time: i32,
    /// Seconds of the day, past 86,400 for a shift over midnight.
    pub last_time: i32,
    /// Hundredths of a work day.
    pub hundredths: i32,
    /// What the day was when it was proposed; none where nobody was seen.
    pub was_hundredths: Option<i32>,
    pub reason: String,
    pub document_id: Option<DocumentId>,
    pub proposed_by: UserId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What was decided about a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = correction_steps)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub correction_id: RecordId,
    pub step: CorrectionStep,
    pub note: String,
    pub decided_by: UserId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    CorrectionRow: "day_corrections", project_id;
    StepRow: "correction_steps", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &CorrectionRow) -> Result<(), StoreError> {
    diesel::insert_into(day_corrections::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_step(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(correction_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<CorrectionRow>, StoreError> {
    Ok(day_corrections::table.find((project, id)).select(CorrectionRow::as_select()).first(conn).optional()?)
}

/// The corrections of a project's days from one to another, oldest first.
pub fn between(conn: &mut AnyConn, project: ProjectId, first: Day, last: Day) -> Result<Vec<CorrectionRow>, StoreError> {
    Ok(directly!(conn, conn => day_corrections::table
        .filter(day_corrections::project_id.eq(project).and(day_corrections::worked_on.between(first, last)))
        .order(day_corrections::id)
        .select(CorrectionRow::as_select())
        .load(conn))?)
}

/// The steps of a project's corrections of these days, oldest first.
pub fn steps_between(conn: &mut AnyConn, project: ProjectId, first: Day, last: Day) -> Result<Vec<StepRow>, StoreError> {
    let of_days = day_corrections::table
        .filter(day_corrections::project_id.eq(project).and(day_corrections::worked_on.between(first, last)))
        .select(day_corrections::id);
    Ok(correction_steps::table
        .filter(correction_steps::project_id.eq(project).and(correction_steps::correction_id.eq_any(of_days)))
        .order(correction_steps::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// The step of one correction, where it was decided.
pub fn step_of(conn: &mut AnyConn, project: ProjectId, correction: RecordId) -> Result<Option<StepRow>, StoreError> {
    Ok(correction_steps::table
        .filter(correction_steps::project_id.eq(project).and(correction_steps::correction_id.eq(correction)))
        .select(StepRow::as_select())
        .first(conn)
        .optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<CorrectionRow>, StoreError> {
    Ok(day_corrections::table.order(day_corrections::id).select(CorrectionRow::as_select()).load(conn)?)
}

/// Every step, for `verify`.
pub fn all_steps(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(correction_steps::table.order(correction_steps::id).select(StepRow::as_select()).load(conn)?)
}
