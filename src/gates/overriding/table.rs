//! Overrides and what was decided about them: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::OverrideVerdict;
use crate::base::id::{AnswerId, ProjectId, RecordId, UserId};
use crate::base::{Day, Moment};
use crate::store::schema::{gate_override_decisions, gate_overrides};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// An override as asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = gate_overrides)]
#[schema(as = GateOverride)]
pub struct OverrideRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub gate: String,
    pub answer_id: AnswerId,
    pub reason: String,
    pub legal_ground: String,
    pub until_on: Day,
    pub asked_by: UserId,
    pub asked_at: Moment,
    pub recorded_seq: i64,
}

/// What was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = gate_override_decisions)]
#[schema(as = GateOverrideDecision)]
pub struct DecisionRow {
    pub project_id: ProjectId,
    pub override_id: RecordId,
    pub verdict: OverrideVerdict,
    pub note: String,
    pub decided_by: UserId,
    pub decided_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    OverrideRow: "gate_overrides", project_id;
}

impl Sealed for DecisionRow {
    const TABLE: &'static str = "gate_override_decisions";
    fn chain(&self) -> Chain {
        Chain::Project(self.project_id)
    }
    fn key(&self) -> String {
        format!("{} {}", self.override_id, self.verdict)
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &OverrideRow) -> Result<(), StoreError> {
    diesel::insert_into(gate_overrides::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_decision(tx: &mut Tx<'_>, row: &DecisionRow) -> Result<(), StoreError> {
    diesel::insert_into(gate_override_decisions::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<OverrideRow>, StoreError> {
    Ok(gate_overrides::table.find((project, id)).select(OverrideRow::as_select()).get_result(conn).optional()?)
}

/// Overrides of a project in the order of asking.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<OverrideRow>, StoreError> {
    Ok(gate_overrides::table
        .filter(gate_overrides::project_id.eq(project))
        .order(gate_overrides::id)
        .select(OverrideRow::as_select())
        .load(conn)?)
}

/// Decisions about a project's overrides, oldest first.
pub fn decisions_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<DecisionRow>, StoreError> {
    Ok(gate_override_decisions::table
        .filter(gate_override_decisions::project_id.eq(project))
        .order((gate_override_decisions::decided_at, gate_override_decisions::override_id))
        .select(DecisionRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<OverrideRow>, StoreError> {
    Ok(gate_overrides::table.order(gate_overrides::id).select(OverrideRow::as_select()).load(conn)?)
}

/// Every decision, for `verify`.
pub fn all_decisions(conn: &mut AnyConn) -> Result<Vec<DecisionRow>, StoreError> {
    Ok(gate_override_decisions::table
        .order((gate_override_decisions::project_id, gate_override_decisions::override_id, gate_override_decisions::verdict))
        .select(DecisionRow::as_select())
        .load(conn)?)
}
