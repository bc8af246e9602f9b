//! Rows of users, grants, sessions, keys.

use diesel::prelude::*;
use serde::Serialize;

use super::UserState;
use crate::base::id::{ApiKeyId, RecordId, UserId};
use crate::base::{Day, Moment};
use crate::store::schema::{api_keys, browser_sessions, grants, login_throttles, session_ends, sessions, unmaskings, users};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};
use crate::web::{Grant, Role, ScopeOn};

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

/// Users in order of id; who of them the asker may see is `managing`'s to say.
pub fn list(conn: &mut AnyConn, after: i64, limit: i64) -> Result<Vec<UserRow>, StoreError> {
    Ok(users::table.filter(users::id.gt(UserId(after))).order(users::id).limit(limit).select(UserRow::as_select()).load(conn)?)
}

/// Every grant of a user, ended ones as well.
pub fn grants_ever(conn: &mut AnyConn, user: UserId) -> Result<Vec<GrantRow>, StoreError> {
    Ok(grants::table.filter(grants::user_id.eq(user)).order(grants::id).select(GrantRow::as_select()).load(conn)?)
}

/// The grants of a user that hold on a day.
pub fn grants_of(conn: &mut AnyConn, user: UserId, today: Day) -> Result<Vec<GrantRow>, StoreError> {
    Ok(grants_ever(conn, user)?.into_iter().filter(|row| row.holds_on(today)).collect())
}

/// Active users who hold a role everywhere on a day.
pub fn holders_everywhere(conn: &mut AnyConn, role: Role, today: Day) -> Result<Vec<UserId>, StoreError> {
    let rows: Vec<GrantRow> = grants::table
        .filter(grants::role.eq(role).and(grants::scope_kind.eq("everything")))
        .select(GrantRow::as_select())
        .load(conn)?;
    let mut holders: Vec<UserId> = rows.into_iter().filter(|row| row.holds_on(today)).map(|row| row.user_id).collect();
    holders.sort();
    holders.dedup();
    let active: Vec<UserId> =
        users::table.filter(users::id.eq_any(&holders).and(users::state.eq(UserState::Active))).select(users::id).load(conn)?;
    Ok(active)
}

pub fn update_grant(tx: &mut Tx<'_>, row: &GrantRow) -> Result<(), StoreError> {
    diesel::update(grants::table.find(row.id))
        .set((grants::until_on.eq(row.until_on), grants::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

impl GrantRow {
    /// Whether it holds on a day; first and last day count.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from_on <= day && !self.is_over(day)
    }

    /// Whether its last day is over.
    pub fn is_over(&self, day: Day) -> bool {
        self.until_on.is_some_and(|end| end < day)
    }

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

/// How many failures lock what is counted, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub failures_max: i32,
    pub within_seconds: i64,
    pub lock_seconds: i64,
}

/// The moment until which a login or an address is locked.
pub fn locked_until(conn: &mut AnyConn, key: &str) -> Result<Moment, StoreError> {
    let found: Option<Moment> = login_throttles::table.find(key).select(login_throttles::locked_until).first(conn).optional()?;
    Ok(found.unwrap_or(Moment(0)))
}

/// Counts a failure and locks the key when the limit is reached. The count is raised by the database, so that failures at once all count.
pub fn count_failure(conn: &mut AnyConn, key: &str, limit: &Limit, now: Moment) -> Result<(), StoreError> {
    use diesel::sql_types::{BigInt, Text};
    diesel::sql_query(
        "INSERT INTO login_throttles (login, failures, locked_until, noted_at) VALUES ($1, 1, 0, $2) \
         ON CONFLICT (login) DO UPDATE SET \
         failures = CASE WHEN login_throttles.noted_at < $3 THEN 1 ELSE login_throttles.failures + 1 END, \
         noted_at = CASE WHEN login_throttles.noted_at < $3 THEN excluded.noted_at ELSE login_throttles.noted_at END",
    )
    .bind::<Text, _>(key)
    .bind::<BigInt, _>(now)
    .bind::<BigInt, _>(now.plus_seconds(-limit.within_seconds))
    .execute(conn)?;
    let locked = login_throttles::table.find(key).filter(login_throttles::failures.ge(limit.failures_max));
    diesel::update(locked)
        .set((login_throttles::failures.eq(0), login_throttles::locked_until.eq(now.plus_seconds(limit.lock_seconds))))
        .execute(conn)?;
    Ok(())
}

pub fn clear_throttle(conn: &mut AnyConn, key: &str) -> Result<(), StoreError> {
    diesel::delete(login_throttles::table.find(key)).execute(conn)?;
    Ok(())
}

/// Forgets what nobody touched for a day, so that names tried once do not pile up.
pub fn sweep_throttles(conn: &mut AnyConn, now: Moment) -> Result<(), StoreError> {
    let old = now.plus_seconds(-super::FAILURES_SECONDS);
    diesel::delete(login_throttles::table.filter(login_throttles::noted_at.lt(old).and(login_throttles::locked_until.lt(now))))
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

/// Ends every session of a user: those of browsers, refresh tokens, and access tokens that were issued before now.
pub fn revoke_all(conn: &mut AnyConn, user: UserId, now: Moment) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(user).and(sessions::revoked_at.is_null())))
        .set(sessions::revoked_at.eq(now))
        .execute(conn)?;
    diesel::sql_query(
        "INSERT INTO session_ends (user_id, ended_at) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET ended_at = excluded.ended_at",
    )
    .bind::<diesel::sql_types::BigInt, _>(user)
    .bind::<diesel::sql_types::BigInt, _>(now)
    .execute(conn)?;
    let open = browser_sessions::user_id.eq(user).and(browser_sessions::ended_at.is_null());
    diesel::update(browser_sessions::table.filter(open)).set(browser_sessions::ended_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Forgets sessions of browsers and programs that ended by themselves before a moment; gives how many.
pub fn prune_sessions(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    let browsers = diesel::delete(browser_sessions::table.filter(browser_sessions::expires_at.lt(before))).execute(conn)?;
    let programs = diesel::delete(sessions::table.filter(sessions::expires_at.lt(before))).execute(conn)?;
    Ok(browsers + programs)
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

/// Since when every earlier access token of a user is refused.
pub fn sessions_ended_at(conn: &mut AnyConn, user: UserId) -> Result<Option<Moment>, StoreError> {
    Ok(session_ends::table.find(user).select(session_ends::ended_at).get_result(conn).optional()?)
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
