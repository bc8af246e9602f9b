//! Sessions of people in a browser: a random token in an HttpOnly cookie, kept as its hash; the forms' token is derived from it.
//!
//! A browser's session opens pages only and an access token opens the API only, so neither can be used in the other's place.
//! Deliberately absent: refreshing. A session ends after [`BROWSER_SECONDS`], and at once when a password is set.

use super::table::{self, BrowserSessionRow, UserRow};
use super::{BROWSER_SECONDS, UserState, actions};
use crate::base::{Day, Moment};
use crate::store::{AnyConn, Chain, StoreError, Tx, Vault, journal};
use crate::web::{Ctx, Grant, Problem, Role};

/// The longest cookie value that is looked at.
const TOKEN_MAX: usize = 128;

/// Opens a session after the password of `judged` held; gives the cookie's token, which is not kept.
pub fn open(tx: &mut Tx<'_>, ctx: &Ctx, judged: &UserRow) -> Result<String, Problem> {
    let user = actions::admit(tx, ctx, judged)?;
    let token = actions::secret(ctx.vault())?;
    let row = BrowserSessionRow {
        token_hash: journal::sha256(token.as_bytes()),
        user_id: user.id,
        created_at: ctx.now,
        expires_at: ctx.now.plus_seconds(BROWSER_SECONDS),
        ended_at: None,
    };
    table::insert_browser_session(tx.conn(), &row)?;
    tx.note(Chain::Organisation, ctx.now, &user.id.to_string(), "log_in", "browser")?;
    Ok(token)
}

/// Ends the session of a token.
pub fn end(tx: &mut Tx<'_>, ctx: &Ctx, token: &str) -> Result<(), StoreError> {
    table::end_browser_session(tx.conn(), &journal::sha256(token.as_bytes()), ctx.now)
}

/// The person of a cookie with the rights that hold today; `None` when the session is over.
pub fn known(conn: &mut AnyConn, token: &str, now: Moment, today: Day) -> Result<Option<(UserRow, Vec<Grant>)>, Problem> {
    if token.is_empty() || token.len() > TOKEN_MAX {
        return Ok(None);
    }
    let session = table::browser_session(conn, &journal::sha256(token.as_bytes()))?;
    let Some(session) = session.filter(|row| row.ended_at.is_none() && now < row.expires_at) else { return Ok(None) };
    let Some(user) = table::find(conn, session.user_id)?.filter(|user| user.state == UserState::Active) else { return Ok(None) };
    let grants = table::grants_of(conn, user.id, today)?.iter().filter_map(table::GrantRow::grant).collect();
    Ok(Some((user, grants)))
}

/// The token that every form of a session carries; only the page that the session was shown knows it.
pub fn form_token(vault: &Vault, token: &str) -> String {
    vault.index("csrf/1", token)
}

/// One active user for each role, in the order of the roles: the people of a demonstration.
pub fn one_for_each_role(conn: &mut AnyConn, today: Day) -> Result<Vec<(Role, UserRow)>, StoreError> {
    const LOOKED_AT_MAX: i64 = 50;
    let mut found: Vec<(Role, UserRow)> = Vec::new();
    for user in table::list(conn, 0, LOOKED_AT_MAX)? {
        let grants = table::grants_of(conn, user.id, today)?;
        let Some(role) = grants.first().map(|grant| grant.role).filter(|_| user.state == UserState::Active) else { continue };
        if !found.iter().any(|(known, _)| *known == role) {
            found.push((role, user));
        }
    }
    found.sort_by_key(|(role, _)| *role);
    Ok(found)
}
