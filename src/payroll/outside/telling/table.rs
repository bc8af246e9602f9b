//! Rows of payments that were told and of what was decided about them: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::ClearingStep;
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId};
use crate::base::{Day, Moment};
use crate::payroll::outside::Payer;
use crate::store::schema::{clearing_steps, told_clearings};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// What somebody says was paid outside the wage account; `items` are lines with what each was paid, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = told_clearings)]
pub struct ToldRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub payer: Payer,
    pub reference: String,
    pub paid_on: Day,
    pub document_id: DocumentId,
    pub items: String,
    pub told_by: UserId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = clearing_steps)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub clearing_id: RecordId,
    pub step: ClearingStep,
    pub note: String,
    pub decided_by: UserId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    ToldRow: "told_clearings", project_id;
    StepRow: "clearing_steps", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ToldRow) -> Result<(), StoreError> {
    diesel::insert_into(told_clearings::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_step(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(clearing_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<ToldRow>, StoreError> {
    Ok(told_clearings::table.find((project, id)).select(ToldRow::as_select()).first(conn).optional()?)
}

/// What was told of a project, in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<ToldRow>, StoreError> {
    use told_clearings as t;
    Ok(t::table.filter(t::project_id.eq(project)).order(t::id).select(ToldRow::as_select()).load(conn)?)
}

/// What was decided on a project, in the order of record.
pub fn steps_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<StepRow>, StoreError> {
    use clearing_steps as s;
    Ok(s::table.filter(s::project_id.eq(project)).order(s::id).select(StepRow::as_select()).load(conn)?)
}

/// What was decided about one.
pub fn step_of(conn: &mut AnyConn, project: ProjectId, clearing: RecordId) -> Result<Option<StepRow>, StoreError> {
    use clearing_steps as s;
    let found = s::table.filter(s::project_id.eq(project).and(s::clearing_id.eq(clearing)));
    Ok(found.select(StepRow::as_select()).first(conn).optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ToldRow>, StoreError> {
    Ok(told_clearings::table.order(told_clearings::id).select(ToldRow::as_select()).load(conn)?)
}

/// Every decision, for `verify`.
pub fn all_steps(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(clearing_steps::table.order(clearing_steps::id).select(StepRow::as_select()).load(conn)?)
}
