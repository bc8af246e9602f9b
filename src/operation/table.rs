//! Counts that no slice keeps.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::store::schema::quarantine;
use crate::store::{AnyConn, StoreError};

/// Items in quarantine that nobody has closed.
pub fn open_quarantine(conn: &mut AnyConn) -> Result<i64, StoreError> {
    // The word stands in the text, so that the partial index serves.
    Ok(quarantine::table.filter(sql::<Bool>("state = 'open'")).count().get_result(conn)?)
}
