//! Rows of calendar addresses: one a person, replaced when it is renewed.

use diesel::prelude::*;

use crate::base::Moment;
use crate::base::id::UserId;
use crate::store::schema::calendar_feeds as c;
use crate::store::{AnyConn, StoreError};

pub fn put(conn: &mut AnyConn, user: UserId, token_hash: &str, now: Moment) -> Result<(), StoreError> {
    remove(conn, user)?;
    diesel::insert_into(c::table)
        .values((c::user_id.eq(user), c::token_hash.eq(token_hash), c::made_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

pub fn remove(conn: &mut AnyConn, user: UserId) -> Result<bool, StoreError> {
    Ok(diesel::delete(c::table.find(user)).execute(conn)? > 0)
}

pub fn of_user(conn: &mut AnyConn, user: UserId) -> Result<bool, StoreError> {
    let found: Option<UserId> = c::table.find(user).select(c::user_id).first(conn).optional()?;
    Ok(found.is_some())
}

pub fn by_hash(conn: &mut AnyConn, token_hash: &str) -> Result<Option<UserId>, StoreError> {
    Ok(c::table.filter(c::token_hash.eq(token_hash)).select(c::user_id).first(conn).optional()?)
}
