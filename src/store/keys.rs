//! Retired certificate keys and the name of the one in force.
//!
//! A rotation of the master key changes the key that certificates are signed with; the public half of the old one stays, so that what
//! was signed with it can still be checked. Deliberately absent: private keys, and the signatures themselves.

use diesel::prelude::*;

use super::conn::{AnyConn, Backend};
use super::{StoreError, schema};
use crate::base::Moment;

/// The public half of a key that signs no more.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::retired_keys)]
pub struct RetiredKey {
    /// Name, as certificates carry it.
    pub kid: String,
    /// Ed25519 public key, base64url without padding.
    pub public_key: String,
    /// When it was retired.
    pub retired_at: Moment,
}

/// Retired keys, oldest first.
pub fn retired(conn: &mut AnyConn) -> Result<Vec<RetiredKey>, StoreError> {
    use schema::retired_keys as r;
    Ok(r::table.order((r::retired_at, r::kid)).select(RetiredKey::as_select()).load(conn)?)
}

/// The name of the certificate key in force: `certificate-1`, and one more after each rotation.
pub fn certificate_kid(conn: &mut AnyConn) -> Result<String, StoreError> {
    let count: i64 = schema::retired_keys::table.count().get_result(conn)?;
    Ok(format!("certificate-{}", count + 1))
}

/// Puts a key among the retired.
pub fn retire(conn: &mut AnyConn, row: &RetiredKey) -> Result<(), StoreError> {
    diesel::insert_into(schema::retired_keys::table).values(row).execute(conn)?;
    Ok(())
}

/// Keeps every other writer off the data keys until the end of the transaction. SQLite has one writer, so they are kept off already.
pub fn lock(conn: &mut AnyConn) -> Result<(), StoreError> {
    if conn.backend() == Backend::Postgres {
        diesel::sql_query("LOCK TABLE data_keys IN EXCLUSIVE MODE").execute(conn)?;
    }
    Ok(())
}
