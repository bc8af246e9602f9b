//! Rows of exceptional registrations and of what was decided about them: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::{ExceptionReason, ExceptionStep, PayRoute};
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId, WorkerId};
use crate::base::{Day, Moment};
use crate::store::schema::{exceptional_registrations, exceptional_steps};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A registration as one person proposed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = exceptional_registrations)]
pub struct RegistrationRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub enrolment_id: RecordId,
    pub worker_id: WorkerId,
    pub reason: ExceptionReason,
    /// What the case is.
    pub note: String,
    /// Where an age is the reason: the text that names it, as a person read it there.
    pub official_text: Option<String>,
    pub pay_route: PayRoute,
    /// Why the wage is not paid to a card.
    pub route_reason: Option<String>,
    pub route_document_id: Option<DocumentId>,
    pub medical_document_id: Option<DocumentId>,
    pub insurance_document_id: Option<DocumentId>,
    /// By what else it was seen who the person is.
    pub second_means: Option<String>,
    pub from_on: Day,
    /// Last day.
    pub until_on: Day,
    pub renews_id: Option<RecordId>,
    pub proposed_by: UserId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What was decided about one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = exceptional_steps)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub registration_id: RecordId,
    pub step: ExceptionStep,
    pub note: String,
    /// The day of the decision; the day from which an ended one no longer holds.
    pub decided_on: Day,
    pub decided_by: UserId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    RegistrationRow: "exceptional_registrations", project_id;
    StepRow: "exceptional_steps", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &RegistrationRow) -> Result<(), StoreError> {
    diesel::insert_into(exceptional_registrations::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_step(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(exceptional_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<RegistrationRow>, StoreError> {
    Ok(exceptional_registrations::table.find((project, id)).select(RegistrationRow::as_select()).first(conn).optional()?)
}

/// The registrations of a project, oldest first.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<RegistrationRow>, StoreError> {
    Ok(exceptional_registrations::table
        .filter(exceptional_registrations::project_id.eq(project))
        .order(exceptional_registrations::id)
        .select(RegistrationRow::as_select())
        .load(conn)?)
}

/// Everything that was decided about them, oldest first.
pub fn steps_of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<StepRow>, StoreError> {
    Ok(exceptional_steps::table
        .filter(exceptional_steps::project_id.eq(project))
        .order(exceptional_steps::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// Every registration, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<RegistrationRow>, StoreError> {
    Ok(exceptional_registrations::table.order(exceptional_registrations::id).select(RegistrationRow::as_select()).load(conn)?)
}

/// Every step, for `verify`.
pub fn all_steps(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(exceptional_steps::table.order(exceptional_steps::id).select(StepRow::as_select()).load(conn)?)
}
