//! Rows of PINs: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::PinOrigin;
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::store::schema::sign_pins;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// That a worker has a PIN on a project from now on, or has none any more. `pin_hash` is argon2id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = sign_pins)]
pub struct PinRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub worker_id: WorkerId,
    pub origin: PinOrigin,
    pub pin_hash: Option<String>,
    pub witness: Option<String>,
    pub set_by: String,
    pub set_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    PinRow: "sign_pins", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &PinRow) -> Result<(), StoreError> {
    diesel::insert_into(sign_pins::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The last row of a worker.
pub fn latest(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<Option<PinRow>, StoreError> {
    Ok(sign_pins::table
        .filter(sign_pins::project_id.eq(project).and(sign_pins::worker_id.eq(worker)))
        .order(sign_pins::id.desc())
        .select(PinRow::as_select())
        .first(conn)
        .optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<PinRow>, StoreError> {
    Ok(sign_pins::table.order((sign_pins::project_id, sign_pins::id)).select(PinRow::as_select()).load(conn)?)
}
