//! Adding users, granting roles, logging in and out, keys for machines.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::table::{self, ApiKeyRow, GrantRow, Limit, SessionRow, UnmaskingRow, UserRow};
use super::tokens::Bearer;
use super::{
    API_KEY_PREFIX, FAILURES_MAX, FAILURES_SECONDS, LOCK_SECONDS, PEER_FAILURES_MAX, PEER_LOCK_SECONDS, PEER_SECONDS,
    REFRESH_SECONDS, UserState, is_login, managing, password,
};
use crate::base::Day;
use crate::base::id::{ApiKeyId, RecordId, UserId};
use crate::store::{AnyConn, Chain, Tx, Vault, journal};
use crate::web::peer::counted;
use crate::web::{Code, Ctx, Grant, Problem, ScopeOn};

/// Adds a user whose password was hashed by the caller (hashing is slow and has no place in a transaction).
///
/// # Errors
/// `conflict` when the login stands, `invalid` for an odd login.
pub fn add_user(tx: &mut Tx<'_>, ctx: &Ctx, login: &str, name: &str, hash: &str, must_change: bool) -> Result<UserRow, Problem> {
    if !is_login(login) {
        let problem =
            Problem::invalid("登录名应为 3 至 40 个字母、数字或 . _ -。", "A login has 3 to 40 letters, digits or . _ -");
        return Err(problem.at("login", "bad_format"));
    }
    if name.trim().is_empty() || name.chars().count() > 60 {
        return Err(Problem::invalid("姓名应为 1 至 60 个字。", "A name has 1 to 60 characters.").at("name", "bad_format"));
    }
    if table::by_login(tx.conn(), login)?.is_some() {
        return Err(Problem::conflict("该登录名已被使用。", "This login is taken.").at("login", "duplicate"));
    }
    let row = UserRow {
        id: UserId(ctx.id()),
        login: login.to_owned(),
        name: name.trim().to_owned(),
        password_hash: hash.to_owned(),
        must_change_password: must_change,
        state: UserState::Active,
        created_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_user(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "add_user", &row.id.to_string())?;
    Ok(row)
}

/// Whether the asker may hand out rights there: nobody gives more than they hold.
pub(super) fn may_grant(ctx: &Ctx, on: ScopeOn) -> bool {
    ctx.scope.is_everything()
        || match on {
            ScopeOn::Region(code) | ScopeOn::Grid(code) => ctx.scope.covers_region(code),
            other => ctx.scope.places.contains(&other),
        }
}

/// Gives a user a role somewhere.
///
/// # Errors
/// `not_found` for a user whom the asker may not see, `not_allowed` for oneself and for what the asker does not hold, `conflict` for a
/// user who has left, `invalid` for a last day that is over.
pub fn grant(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, grant: Grant, until_on: Option<Day>) -> Result<GrantRow, Problem> {
    let known = managing::look(tx.conn(), ctx, user)?;
    if !may_grant(ctx, grant.on) {
        return Err(Problem::not_allowed());
    }
    managing::not_oneself(ctx, user)?;
    if known.state == UserState::Ended {
        return Err(Problem::conflict("该用户已离任，不能再授权。", "This user has left and gets no more roles."));
    }
    if until_on.is_some_and(|end| end < ctx.today) {
        return Err(Problem::invalid("截止日已过。", "The last day is over.").at("until_on", "bad_time"));
    }
    let (scope_kind, scope_value) = grant.on.parts();
    let row = GrantRow {
        id: RecordId(ctx.id()),
        user_id: user,
        role: grant.role,
        scope_kind: scope_kind.to_owned(),
        scope_value,
        from_on: ctx.today,
        until_on,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_grant(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "grant", &format!("{} {}", user, row.role))?;
    Ok(row)
}

/// Sets a password; sessions end, so that whoever knew the old one is out.
pub fn set_password(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, hash: &str, must_change: bool) -> Result<(), Problem> {
    // The chain is locked before the row is read, so that a suspension in between is not undone.
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let mut row = table::find(tx.conn(), user)?.ok_or_else(Problem::not_found)?;
    row.password_hash = hash.to_owned();
    row.must_change_password = must_change;
    row.recorded_seq = recorded_seq;
    table::update_user(tx, &row)?;
    table::revoke_all(tx.conn(), user, ctx.now)?;
    table::clear_throttle(tx.conn(), &row.login)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "set_password", &user.to_string())?;
    Ok(())
}

/// What a log-in attempt is checked against, read before the slow comparison.
pub struct Candidate {
    /// The user, if there is one of that login that may log in.
    pub user: Option<UserRow>,
}

/// Reads what a log-in is checked against.
///
/// # Errors
/// `too_many` while the login or the asker's address is locked.
pub fn candidate(conn: &mut AnyConn, ctx: &Ctx, login: &str) -> Result<Candidate, Problem> {
    not_locked(conn, ctx, login)?;
    let user = table::by_login(conn, login)?.filter(|user| user.state == UserState::Active);
    Ok(Candidate { user })
}

/// The name under which an address is counted; no login has an `@`.
fn peer_key(ctx: &Ctx) -> Option<String> {
    ctx.peer.map(|peer| format!("@{}", counted(peer)))
}

fn not_locked(conn: &mut AnyConn, ctx: &Ctx, login: &str) -> Result<(), Problem> {
    let keys = [is_login(login).then(|| login.to_owned()), peer_key(ctx)];
    for key in keys.into_iter().flatten() {
        if table::locked_until(conn, &key)? > ctx.now {
            return Err(Problem::new(
                Code::TooMany,
                "登录失败次数过多，请 15 分钟后再试或联系管理员。",
                "Too many failed log-ins; try again in 15 minutes or ask an administrator.",
            ));
        }
    }
    Ok(())
}

impl Candidate {
    /// The slow comparison; takes as long for a login that does not exist.
    pub fn accepts(&self, given: &str) -> bool {
        let stored = self.user.as_ref().map_or(password::NOBODY, |user| user.password_hash.as_str());
        password::matches(given, stored) && self.user.is_some()
    }
}

/// A fresh session.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Whose.
    pub user: UserRow,
    /// The refresh token, shown once.
    pub refresh_token: String,
}

pub(super) fn secret(vault: &Vault) -> Result<String, Problem> {
    Ok(URL_SAFE_NO_PAD.encode(vault.random::<32>()?))
}

fn open_session(tx: &mut Tx<'_>, ctx: &Ctx, user: UserRow, family: Option<i64>) -> Result<Opened, Problem> {
    let refresh_token = secret(ctx.vault())?;
    let id = ctx.id();
    let row = SessionRow {
        id: RecordId(id),
        user_id: user.id,
        family: family.unwrap_or(id),
        refresh_hash: journal::sha256(refresh_token.as_bytes()),
        created_at: ctx.now,
        expires_at: ctx.now.plus_seconds(REFRESH_SECONDS),
        used_at: None,
        revoked_at: None,
    };
    table::insert_session(tx.conn(), &row)?;
    Ok(Opened { user, refresh_token })
}

/// Counts a failed log-in, for the login and for the address it came from; enough of them lock either.
pub fn note_failure(tx: &mut Tx<'_>, ctx: &Ctx, login: &str) -> Result<(), Problem> {
    let conn = tx.conn();
    // What cannot be a login is not kept by name: it could be of any length.
    if is_login(login) {
        let limit = Limit { failures_max: FAILURES_MAX, within_seconds: FAILURES_SECONDS, lock_seconds: LOCK_SECONDS };
        table::count_failure(conn, login, &limit, ctx.now)?;
    }
    if let Some(peer) = peer_key(ctx) {
        let limit = Limit { failures_max: PEER_FAILURES_MAX, within_seconds: PEER_SECONDS, lock_seconds: PEER_LOCK_SECONDS };
        table::count_failure(conn, &peer, &limit, ctx.now)?;
    }
    table::sweep_throttles(conn, ctx.now)?;
    Ok(())
}

/// Lets somebody in whose password was right, and forgets the failures of the login. `judged` is the user as the password was compared.
///
/// # Errors
/// `too_many` when others failed so often in the meantime that the login is locked: of guesses made at once none may slip through.
/// `not_authenticated` when the password was set anew in the meantime, or the user may not log in any more.
pub fn admit(tx: &mut Tx<'_>, ctx: &Ctx, judged: &UserRow) -> Result<UserRow, Problem> {
    // A reset locks the same chain: either it comes first and is seen here, or it ends the session that is opened now.
    tx.seq(Chain::Organisation)?;
    let user = table::find(tx.conn(), judged.id)?
        .filter(|user| user.state == UserState::Active && user.password_hash == judged.password_hash)
        .ok_or_else(not_authenticated)?;
    not_locked(tx.conn(), ctx, &user.login)?;
    table::clear_throttle(tx.conn(), &user.login)?;
    Ok(user)
}

/// Opens a session after the comparison held.
pub fn log_in(tx: &mut Tx<'_>, ctx: &Ctx, judged: &UserRow) -> Result<Opened, Problem> {
    let user = admit(tx, ctx, judged)?;
    tx.note(Chain::Organisation, ctx.now, &user.id.to_string(), "log_in", "api")?;
    open_session(tx, ctx, user, None)
}

/// The one answer to a wrong login, a wrong password and a session that is over.
pub(super) fn not_authenticated() -> Problem {
    Problem::new(Code::NotAuthenticated, "登录名或密码不正确。", "Login or password is wrong.")
}

/// What a refresh leads to: a new pair, or the end of a family whose token was used twice.
pub enum Refreshed {
    /// A new pair.
    Opened(Box<Opened>),
    /// The token was used before; its family has been ended.
    Ended,
}

/// Trades a refresh token for a new pair. A token that was used before ends its family: one of its two holders is a thief.
pub fn refresh(tx: &mut Tx<'_>, ctx: &Ctx, token: &str) -> Result<Refreshed, Problem> {
    let hash = journal::sha256(token.as_bytes());
    let session = table::session_by_hash(tx.conn(), &hash)?.ok_or_else(not_authenticated)?;
    if session.revoked_at.is_some() || session.expires_at <= ctx.now {
        return Err(not_authenticated());
    }
    if !table::use_session(tx.conn(), session.id, ctx.now)? {
        table::revoke_family(tx.conn(), session.family, ctx.now)?;
        return Ok(Refreshed::Ended);
    }
    let user =
        table::find(tx.conn(), session.user_id)?.filter(|user| user.state == UserState::Active).ok_or_else(not_authenticated)?;
    open_session(tx, ctx, user, Some(session.family)).map(|opened| Refreshed::Opened(Box::new(opened)))
}

/// A machine's key as made: the key itself is shown once.
pub fn add_api_key(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    name: &str,
    on: Grant,
    expires_on: Option<Day>,
) -> Result<(ApiKeyRow, String), Problem> {
    if !may_grant(ctx, on.on) {
        return Err(Problem::not_allowed());
    }
    let created_by = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
    if name.trim().is_empty() || name.chars().count() > 60 {
        return Err(Problem::invalid("名称应为 1 至 60 个字。", "A name has 1 to 60 characters.").at("name", "bad_format"));
    }
    let key = format!("{API_KEY_PREFIX}{}", secret(ctx.vault())?);
    let (scope_kind, scope_value) = on.on.parts();
    let row = ApiKeyRow {
        id: ApiKeyId(ctx.id()),
        name: name.trim().to_owned(),
        key_hash: journal::sha256(key.as_bytes()),
        role: on.role,
        scope_kind: scope_kind.to_owned(),
        scope_value,
        created_by,
        created_at: ctx.now,
        expires_on,
        revoked_at: None,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_api_key(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "add_api_key", &row.id.to_string())?;
    Ok((row, key))
}

/// Ends a machine's key.
pub fn revoke_api_key(tx: &mut Tx<'_>, ctx: &Ctx, id: ApiKeyId) -> Result<ApiKeyRow, Problem> {
    let mut row = table::api_key(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    let on = ScopeOn::of(&row.scope_kind, &row.scope_value).map_err(|error| Problem::internal(&error.to_string()))?;
    if !may_grant(ctx, on) {
        return Err(Problem::not_found());
    }
    row.revoked_at.get_or_insert(ctx.now);
    row.recorded_seq = tx.seq(Chain::Organisation)?;
    table::update_api_key(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "revoke_api_key", &id.to_string())?;
    Ok(row)
}

/// Who stands behind a credential, with the rights that hold today.
#[derive(Debug, Clone)]
pub struct Known {
    /// Name for the journal.
    pub actor: String,
    /// The user, where a person asks.
    pub user: Option<UserId>,
    /// Rights.
    pub grants: Vec<Grant>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

/// The person of an access token.
pub fn known_user(conn: &mut AnyConn, user: UserId, today: Day) -> Result<Known, Problem> {
    let row = table::find(conn, user)?.filter(|row| row.state == UserState::Active).ok_or_else(not_authenticated)?;
    let grants = table::grants_of(conn, user, today)?.iter().filter_map(GrantRow::grant).collect();
    Ok(Known { actor: user.to_string(), user: Some(user), grants, must_change_password: row.must_change_password })
}

/// The person of an access token, unless every session of theirs was ended after it was issued.
pub fn known_bearer(conn: &mut AnyConn, token: &Bearer, today: Day) -> Result<Known, Problem> {
    if table::sessions_ended_at(conn, token.user)?.is_some_and(|ended| token.issued_at < ended) {
        return Err(not_authenticated());
    }
    known_user(conn, token.user, today)
}

/// The machine of a key.
pub fn known_machine(conn: &mut AnyConn, key: &str, today: Day) -> Result<Known, Problem> {
    let row = table::api_key_by_hash(conn, &journal::sha256(key.as_bytes()))?
        .filter(|row| row.revoked_at.is_none() && row.expires_on.is_none_or(|end| today <= end))
        .ok_or_else(not_authenticated)?;
    let on = ScopeOn::of(&row.scope_kind, &row.scope_value).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Known { actor: row.id.to_string(), user: None, grants: vec![Grant { role: row.role, on }], must_change_password: false })
}

/// Puts on record that a plain number is about to be shown.
pub fn note_unmasking(tx: &mut Tx<'_>, ctx: &Ctx, subject: &str, field: &str, purpose: &str) -> Result<(), Problem> {
    if purpose.trim().chars().count() < 4 || purpose.chars().count() > 200 {
        let problem = Problem::invalid("请写明查看明文的用途（4 至 200 个字）。", "Write the purpose in 4 to 200 characters.");
        return Err(problem.at("purpose", "missing_field"));
    }
    let user_id = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
    let row = UnmaskingRow {
        id: RecordId(ctx.id()),
        user_id,
        subject: subject.to_owned(),
        field: field.to_owned(),
        purpose: purpose.trim().to_owned(),
        at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert_unmasking(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "unmask", subject)?;
    Ok(())
}
