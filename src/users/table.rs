//! Rows of users, grants, sessions, keys.

use diesel::prelude::*;
use serde::Serialize;

use super::UserState;
use crate::base::id::{ApiKeyId, RecordId, UserId};
use crate::base::{Day, Moment};
use crate::store::schema::{api_keys, browser_sessions, grants, login_throttles, sessions, unmaskings, users};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};
use crate::web::{Grant, Role, Scope, ScopeOn};

/// A user.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: UserId,
    pub login: String,
    pub name: String,
    pub password_hash: String,
    pub must_change_password: bool,
    pub state: UserState,
    pub created_at: Moment,
    pub recorded_seq: i64,
}

/// A grant; one that ended keeps its row.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = grants)]
pub struct GrantRow {
    pub id: RecordId,
    pub user_id: UserId,
    pub role: Role,
    pub scope_kind: String,
    pub scope_value: String,
    pub from_on: Day,
    pub until_on: Option<Day>,
    pub recorded_seq: i64,
}

/// A machine's key.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys)]
pub struct ApiKeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub key_hash: String,
    pub role: Role,
    pub scope_kind: String,
    pub scope_value: String,
    pub created_by: UserId,
    pub created_at: Moment,
    pub expires_on: Option<Day>,
    pub revoked_at: Option<Moment>,
    pub recorded_seq: i64,
}

/// A plain number that was shown, to whom and why.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = unmaskings)]
pub struct UnmaskingRow {
    pub id: RecordId,
    pub user_id: UserId,
    pub subject: String,
    pub field: String,
    pub purpose: String,
    pub at: Moment,
    pub recorded_seq: i64,
}

macro_rules! sealed_in_organisation {
    ($($row:ident: $table:literal;)*) => {$(
        impl Sealed for $row {
            const TABLE: &'static str = $table;
            fn chain(&self) -> Chain {
                Chain::Organisation
            }
            fn key(&self) -> String {
                self.id.to_string()
            }
        }
    )*};
}

sealed_in_organisation! {
    UserRow: "users";
    GrantRow: "grants";
    ApiKeyRow: "api_keys";
    UnmaskingRow: "unmaskings";
}

/// A session: one refresh token of a family.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    pub id: RecordId,
    pub user_id: UserId,
    pub family: i64,
    pub refresh_hash: String,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub used_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
}

pub fn insert_user(tx: &mut Tx<'_>, row: &UserRow) -> Result<(), StoreError> {
    diesel::insert_into(users::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn update_user(tx: &mut Tx<'_>, row: &UserRow) -> Result<(), StoreError> {
    diesel::update(users::table.find(row.id))
        .set((
            users::password_hash.eq(&row.password_hash),
            users::must_change_password.eq(row.must_change_password),
            users::state.eq(row.state),
            users::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_grant(tx: &mut Tx<'_>, row: &GrantRow) -> Result<(), StoreError> {
    diesel::insert_into(grants::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_api_key(tx: &mut Tx<'_>, row: &ApiKeyRow) -> Result<(), StoreError> {
    diesel::insert_into(api_keys::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn update_api_key(tx: &mut Tx<'_>, row: &ApiKeyRow) -> Result<(), StoreError> {
    diesel::update(api_keys::table.find(row.id))
        .set((api_keys::revoked_at.eq(row.revoked_at), api_keys::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_unmasking(tx: &mut Tx<'_>, row: &UnmaskingRow) -> Result<(), StoreError> {
    diesel::insert_into(unmaskings::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn by_login(conn: &mut AnyConn, login: &str) -> Result<Option<UserRow>, StoreError> {
    Ok(users::table.filter(users::login.eq(login)).select(UserRow::as_select()).first(conn).optional()?)
}

pub fn find(conn: &mut AnyConn, id: UserId) -> Result<Option<UserRow>, StoreError> {
    Ok(users::table.find(id).select(UserRow::as_select()).first(conn).optional()?)
}

/// Users, for whoever manages them; managers of a region see all, since a user belongs to no region.
pub fn list(conn: &mut AnyConn, _scope: &Scope, after: i64, limit: i64) -> Result<Vec<UserRow>, StoreError> {
    Ok(users::table.filter(users::id.gt(UserId(after))).order(users::id).limit(limit).select(UserRow::as_select()).load(conn)?)
}

/// The grants of a user that hold on a day.
pub fn grants_of(conn: &mut AnyConn, user: UserId, today: Day) -> Result<Vec<GrantRow>, StoreError> {
    let rows: Vec<GrantRow> =
        grants::table.filter(grants::user_id.eq(user)).order(grants::id).select(GrantRow::as_select()).load(conn)?;
    Ok(rows.into_iter().filter(|row| row.from_on <= today && row.until_on.is_none_or(|end| today <= end)).collect())
}

impl GrantRow {
    /// The grant, where its scope reads.
    pub fn grant(&self) -> Option<Grant> {
        ScopeOn::of(&self.scope_kind, &self.scope_value).ok().map(|on| Grant { role: self.role, on })
    }
}

pub fn api_key_by_hash(conn: &mut AnyConn, hash: &str) -> Result<Option<ApiKeyRow>, StoreError> {
    Ok(api_keys::table.filter(api_keys::key_hash.eq(hash)).select(ApiKeyRow::as_select()).first(conn).optional()?)
}

pub fn api_key(conn: &mut AnyConn, id: ApiKeyId) -> Result<Option<ApiKeyRow>, StoreError> {
    Ok(api_keys::table.find(id).select(ApiKeyRow::as_select()).first(conn).optional()?)
}

/// Failures in a row and the moment until which the login is locked.
pub fn throttle(conn: &mut AnyConn, login: &str) -> Result<(i32, Moment), StoreError> {
    let row: Option<(i32, Moment)> = login_throttles::table
        .find(login)
        .select((login_throttles::failures, login_throttles::locked_until))
        .first(conn)
        .optional()?;
    Ok(row.unwrap_or((0, Moment(0))))
}

pub fn set_throttle(conn: &mut AnyConn, login: &str, failures: i32, locked_until: Moment) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO login_throttles (login, failures, locked_until) VALUES ($1, $2, $3) \
         ON CONFLICT (login) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until",
    )
    .bind::<diesel::sql_types::Text, _>(login)
    .bind::<diesel::sql_types::Integer, _>(failures)
    .bind::<diesel::sql_types::BigInt, _>(locked_until)
    .execute(conn)?;
    Ok(())
}

pub fn insert_session(conn: &mut AnyConn, row: &SessionRow) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table).values(row).execute(conn)?;
    Ok(())
}

pub fn session_by_hash(conn: &mut AnyConn, hash: &str) -> Result<Option<SessionRow>, StoreError> {
    Ok(sessions::table.filter(sessions::refresh_hash.eq(hash)).select(SessionRow::as_select()).first(conn).optional()?)
}

/// Marks a refresh token as used; false when another request was first.
pub fn use_session(conn: &mut AnyConn, id: RecordId, now: Moment) -> Result<bool, StoreError> {
    let changed = diesel::update(sessions::table.find(id).filter(sessions::used_at.is_null()))
        .set(sessions::used_at.eq(now))
        .execute(conn)?;
    Ok(changed == 1)
}

pub fn revoke_family(conn: &mut AnyConn, family: i64, now: Moment) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::family.eq(family).and(sessions::revoked_at.is_null())))
        .set(sessions::revoked_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Ends every session of a user, those of programs and those of browsers.
pub fn revoke_all(conn: &mut AnyConn, user: UserId, now: Moment) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(user).and(sessions::revoked_at.is_null())))
        .set(sessions::revoked_at.eq(now))
        .execute(conn)?;
    let open = browser_sessions::user_id.eq(user).and(browser_sessions::ended_at.is_null());
    diesel::update(browser_sessions::table.filter(open)).set(browser_sessions::ended_at.eq(now)).execute(conn)?;
    Ok(())
}

/// A browser's session, by the hash of its cookie's token.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = browser_sessions)]
pub struct BrowserSessionRow {
    pub token_hash: String,
    pub user_id: UserId,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub ended_at: Option<Moment>,
}

pub fn insert_browser_session(conn: &mut AnyConn, row: &BrowserSessionRow) -> Result<(), StoreError> {
    diesel::insert_into(browser_sessions::table).values(row).execute(conn)?;
    Ok(())
}

pub fn browser_session(conn: &mut AnyConn, token_hash: &str) -> Result<Option<BrowserSessionRow>, StoreError> {
    Ok(browser_sessions::table.find(token_hash).select(BrowserSessionRow::as_select()).get_result(conn).optional()?)
}

pub fn end_browser_session(conn: &mut AnyConn, token_hash: &str, now: Moment) -> Result<(), StoreError> {
    let open = browser_sessions::ended_at.is_null();
    diesel::update(browser_sessions::table.find(token_hash).filter(open))
        .set(browser_sessions::ended_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Every row, for `verify`.
pub fn all_users(conn: &mut AnyConn) -> Result<Vec<UserRow>, StoreError> {
    Ok(users::table.order(users::id).select(UserRow::as_select()).load(conn)?)
}

pub fn all_grants(conn: &mut AnyConn) -> Result<Vec<GrantRow>, StoreError> {
    Ok(grants::table.order(grants::id).select(GrantRow::as_select()).load(conn)?)
}

pub fn all_api_keys(conn: &mut AnyConn) -> Result<Vec<ApiKeyRow>, StoreError> {
    Ok(api_keys::table.order(api_keys::id).select(ApiKeyRow::as_select()).load(conn)?)
}

pub fn all_unmaskings(conn: &mut AnyConn) -> Result<Vec<UnmaskingRow>, StoreError> {
    Ok(unmaskings::table.order(unmaskings::id).select(UnmaskingRow::as_select()).load(conn)?)
}
