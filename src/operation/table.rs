//! Counts that no slice keeps.

use diesel::prelude::*;

use crate::store::schema::quarantine;
use crate::store::{AnyConn, StoreError};

/// Items in quarantine that nobody has closed.
pub fn open_quarantine(conn: &mut AnyConn) -> Result<i64, StoreError> {
    Ok(quarantine::table.filter(quarantine::state.eq("open")).count().get_result(conn)?)
}
