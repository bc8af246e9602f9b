//! Rows of what a roster says of workers beside their enrolments: append only.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::store::schema::worker_particulars;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx, journal};

/// What stands of a worker; the body is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = worker_particulars)]
pub struct ParticularsRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub worker_id: WorkerId,
    /// The enrolment that they came with.
    pub enrolment_id: RecordId,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub body: Vec<u8>,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    ParticularsRow: "worker_particulars", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ParticularsRow) -> Result<(), StoreError> {
    diesel::insert_into(worker_particulars::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The rows of a project, oldest first.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<ParticularsRow>, StoreError> {
    Ok(worker_particulars::table
        .filter(worker_particulars::project_id.eq(project))
        .order(worker_particulars::id)
        .select(ParticularsRow::as_select())
        .load(conn)?)
}

/// The latest row of a worker.
pub fn latest(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<Option<ParticularsRow>, StoreError> {
    Ok(worker_particulars::table
        .filter(worker_particulars::project_id.eq(project).and(worker_particulars::worker_id.eq(worker)))
        .order(worker_particulars::id.desc())
        .select(ParticularsRow::as_select())
        .first(conn)
        .optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ParticularsRow>, StoreError> {
    Ok(worker_particulars::table.order(worker_particulars::id).select(ParticularsRow::as_select()).load(conn)?)
}
