//! Idempotency: an order of money is done once for a caller's key, and the same key gives the same answer again.
//!
//! The row is written in the transaction of the effect, so either both stand or neither does.

use diesel::prelude::*;

use super::conn::AnyConn;
use super::{StoreError, schema};
use crate::base::Moment;

/// What was answered to a key.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::replays)]
pub struct Replay {
    /// User or machine.
    pub caller: String,
    /// The key, prefixed by the operation.
    pub replay_key: String,
    /// SHA-256 of the request.
    pub request_hash: String,
    /// HTTP status of the answer.
    pub status: i32,
    /// Body of the answer.
    pub body: String,
    /// When.
    pub at: Moment,
}

/// The answer that was given to this caller and key, if any.
pub fn find(conn: &mut AnyConn, caller: &str, key: &str) -> Result<Option<Replay>, StoreError> {
    Ok(schema::replays::table.find((caller, key)).select(Replay::as_select()).first(conn).optional()?)
}

/// Keeps the answer.
pub fn keep(conn: &mut AnyConn, replay: &Replay) -> Result<(), StoreError> {
    diesel::insert_into(schema::replays::table).values(replay).execute(conn)?;
    Ok(())
}
