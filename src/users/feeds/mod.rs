//! Secret addresses of calendars: a calendar program knows no log-in, so a person gets one address that can be renewed and revoked.
//!
//! Only the hash of its token is kept, and whoever holds it sees what the person may see at that moment: a person who is suspended, or
//! whose grants end, shows nothing any more. Deliberately absent: what a calendar says (`console`).

pub mod table;

use super::actions::secret;
use super::table::{GrantRow, UserRow};
use super::{UserState, table as users};
use crate::base::Day;
use crate::base::id::UserId;
use crate::store::{AnyConn, Chain, Tx, journal};
use crate::web::{Ctx, Grant, Problem};

/// The longest token that is looked at.
const TOKEN_MAX: usize = 128;

/// Makes a person's address anew; an earlier one leads nowhere from now on. Gives the token, which is not kept.
pub fn renew(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId) -> Result<String, Problem> {
    users::find(tx.conn(), user)?.ok_or_else(Problem::not_found)?;
    tx.seq(Chain::Organisation)?;
    let token = secret(ctx.vault())?;
    table::put(tx.conn(), user, &journal::sha256(token.as_bytes()), ctx.now)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "renew_calendar", &user.to_string())?;
    Ok(token)
}

/// Takes a person's address back; says whether there was one.
pub fn revoke(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId) -> Result<bool, Problem> {
    tx.seq(Chain::Organisation)?;
    let was = table::remove(tx.conn(), user)?;
    if was {
        tx.note(Chain::Organisation, ctx.now, ctx.actor(), "revoke_calendar", &user.to_string())?;
    }
    Ok(was)
}

/// Whether a person has an address.
pub fn has(conn: &mut AnyConn, user: UserId) -> Result<bool, Problem> {
    Ok(table::of_user(conn, user)?)
}

/// The person of a token with the rights that hold today; `None` for a token that leads nowhere.
pub fn known(conn: &mut AnyConn, token: &str, today: Day) -> Result<Option<(UserRow, Vec<Grant>)>, Problem> {
    if token.is_empty() || token.len() > TOKEN_MAX {
        return Ok(None);
    }
    let Some(user) = table::by_hash(conn, &journal::sha256(token.as_bytes()))? else { return Ok(None) };
    let Some(user) = users::find(conn, user)?.filter(|user| user.state == UserState::Active) else { return Ok(None) };
    let grants = users::grants_of(conn, user.id, today)?.iter().filter_map(GrantRow::grant).collect();
    Ok(Some((user, grants)))
}
