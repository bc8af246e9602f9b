//! Rows of deposits and what happened to them.

use diesel::prelude::*;
use serde::Serialize;

use super::{DepositEvent, DepositKind};
use crate::base::id::{DepositId, DocumentId, ProjectId, RecordId};
use crate::base::{Day, Fen};
use crate::store::bulk::directly;
use crate::store::schema::{deposit_events, deposits};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A deposit as lodged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = deposits)]
#[schema(as = Deposit)]
pub struct DepositRow {
    pub project_id: ProjectId,
    pub id: DepositId,
    pub kind: DepositKind,
    #[serde(rename = "amount")]
    pub amount_fen: Fen,
    pub issuer: String,
    pub lodged_on: Day,
    pub ends_on: Option<Day>,
    pub document_id: Option<DocumentId>,
    pub recorded_seq: i64,
}

/// What happened to a deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = deposit_events)]
#[schema(as = DepositEventRecord)]
pub struct EventRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub deposit_id: DepositId,
    pub kind: DepositEvent,
    pub happened_on: Day,
    #[serde(rename = "amount")]
    pub amount_fen: Fen,
    pub document_id: Option<DocumentId>,
    pub recorded_seq: i64,
}

sealed_in_project! {
    DepositRow: "deposits", project_id;
    EventRow: "deposit_events", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &DepositRow) -> Result<(), StoreError> {
    diesel::insert_into(deposits::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_event(tx: &mut Tx<'_>, row: &EventRow) -> Result<(), StoreError> {
    diesel::insert_into(deposit_events::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: DepositId) -> Result<Option<DepositRow>, StoreError> {
    Ok(deposits::table.find((project, id)).select(DepositRow::as_select()).first(conn).optional()?)
}

/// Deposits of a project in the order of record; `until_seq` cuts what was recorded later.
pub fn of_project(conn: &mut AnyConn, project: ProjectId, until_seq: Option<i64>) -> Result<Vec<DepositRow>, StoreError> {
    let cut = until_seq.unwrap_or(i64::MAX);
    Ok(directly!(conn, conn => deposits::table
        .filter(deposits::project_id.eq(project).and(deposits::recorded_seq.le(cut)))
        .order(deposits::id)
        .select(DepositRow::as_select())
        .load(conn))?)
}

/// Events of every deposit of a project in the order of record.
pub fn events_of_project(conn: &mut AnyConn, project: ProjectId, until_seq: Option<i64>) -> Result<Vec<EventRow>, StoreError> {
    let cut = until_seq.unwrap_or(i64::MAX);
    Ok(directly!(conn, conn => deposit_events::table
        .filter(deposit_events::project_id.eq(project).and(deposit_events::recorded_seq.le(cut)))
        .order(deposit_events::id)
        .select(EventRow::as_select())
        .load(conn))?)
}

/// The deposits of some projects, each project's in the order of record.
pub fn of_projects(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<DepositRow>, StoreError> {
    let query = deposits::table.filter(deposits::project_id.eq_any(projects.to_vec()));
    Ok(query.order((deposits::project_id, deposits::id)).select(DepositRow::as_select()).load(conn)?)
}

/// Events of every deposit of some projects, each project's in the order of record.
pub fn events_of_projects(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<EventRow>, StoreError> {
    let query = deposit_events::table.filter(deposit_events::project_id.eq_any(projects.to_vec()));
    Ok(query.order((deposit_events::project_id, deposit_events::id)).select(EventRow::as_select()).load(conn)?)
}

pub fn events(conn: &mut AnyConn, project: ProjectId, deposit: DepositId) -> Result<Vec<EventRow>, StoreError> {
    Ok(deposit_events::table
        .filter(deposit_events::project_id.eq(project).and(deposit_events::deposit_id.eq(deposit)))
        .order(deposit_events::id)
        .select(EventRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<DepositRow>, StoreError> {
    Ok(deposits::table.order((deposits::project_id, deposits::id)).select(DepositRow::as_select()).load(conn)?)
}

pub fn all_events(conn: &mut AnyConn) -> Result<Vec<EventRow>, StoreError> {
    Ok(deposit_events::table.order((deposit_events::project_id, deposit_events::id)).select(EventRow::as_select()).load(conn)?)
}
