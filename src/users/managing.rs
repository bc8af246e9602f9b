//! Managing users: who may see and manage whom, suspending, letting go, taking roles back, logging out everywhere.
//!
//! A manager sees the users who hold, or held, a role inside the manager's own scope, and those who never had one; manages those all of
//! whose present and coming roles lie inside it, since a password that was reset is as good as the user's rights. Nobody changes their own
//! roles or state, and the last administrator over everything stays.

use super::UserState;
use super::actions::may_grant;
use super::table::{self, GrantRow, UserRow};
use crate::base::id::{RecordId, UserId};
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem, Role};

fn in_scope(ctx: &Ctx, row: &GrantRow) -> bool {
    row.grant().is_some_and(|grant| may_grant(ctx, grant.on))
}

fn may_see(ctx: &Ctx, grants: &[GrantRow]) -> bool {
    ctx.scope.is_everything() || grants.is_empty() || grants.iter().any(|row| in_scope(ctx, row))
}

/// A user whom the asker may see.
///
/// # Errors
/// `not_found` when there is none, or when none of their roles ever lay in the asker's scope.
pub fn look(conn: &mut AnyConn, ctx: &Ctx, user: UserId) -> Result<UserRow, Problem> {
    let row = table::find(conn, user)?.ok_or_else(Problem::not_found)?;
    if may_see(ctx, &table::grants_ever(conn, user)?) { Ok(row) } else { Err(Problem::not_found()) }
}

/// A user whom the asker may manage.
///
/// # Errors
/// As [`look`]; `not_allowed` for oneself and for a user who holds a role outside the asker's scope.
pub fn enter(conn: &mut AnyConn, ctx: &Ctx, user: UserId) -> Result<UserRow, Problem> {
    let row = look(conn, ctx, user)?;
    not_oneself(ctx, user)?;
    let live = table::grants_ever(conn, user)?.into_iter().filter(|row| !row.is_over(ctx.today));
    if live.into_iter().all(|row| in_scope(ctx, &row)) { Ok(row) } else { Err(Problem::not_allowed()) }
}

/// Refuses what nobody does to themselves.
pub(super) fn not_oneself(ctx: &Ctx, user: UserId) -> Result<(), Problem> {
    if ctx.scope.user == Some(user) {
        return Err(Problem::new(
            crate::web::Code::NotAllowed,
            "不能变更自己的角色或状态，请由另一位管理员操作；修改密码请用 POST /api/v1/me/password。",
            "Nobody changes their own roles or state: ask another administrator. Your password changes at POST /api/v1/me/password.",
        ));
    }
    Ok(())
}

/// The users whom the asker may see, a page of them in order of id.
pub fn list(conn: &mut AnyConn, ctx: &Ctx, after: i64, limit: i64) -> Result<Vec<UserRow>, Problem> {
    const CHUNK: i64 = 200;
    if ctx.scope.is_everything() {
        return Ok(table::list(conn, after, limit)?);
    }
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut after) = (Vec::new(), after);
    loop {
        let rows = table::list(conn, after, CHUNK)?;
        let Some(last) = rows.last().map(|row| row.id.0) else { return Ok(found) };
        after = last;
        for row in rows {
            if found.len() == wanted {
                return Ok(found);
            }
            if may_see(ctx, &table::grants_ever(conn, row.id)?) {
                found.push(row);
            }
        }
    }
}

/// Refuses when nobody but `user` administrates everything. The chain is locked, so of two administrators who end each other one stays.
fn someone_else_administrates(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId) -> Result<(), Problem> {
    let holders = table::holders_everywhere(tx.conn(), Role::Administrator, ctx.today)?;
    if holders.contains(&user) && holders.len() == 1 {
        return Err(Problem::conflict(
            "这是最后一位全局管理员，请先任命另一位。",
            "This is the last administrator over everything; appoint another one first.",
        )
        .at("user", "last_administrator"));
    }
    Ok(())
}

/// Suspends a user, lets one back in, or ends one for good. Whoever may not log in any more is logged out at once.
///
/// # Errors
/// As [`enter`]; `conflict` for the last administrator over everything, and for a user who has left.
pub fn set_state(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, state: UserState) -> Result<UserRow, Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let mut row = enter(tx.conn(), ctx, user)?;
    if row.state == state {
        return Ok(row);
    }
    if row.state == UserState::Ended {
        return Err(
            Problem::conflict("该用户已离任，请另建用户。", "This user has left for good; add a new one.").at("user", "ended")
        );
    }
    let verb = match state {
        UserState::Active => "activate_user",
        UserState::Suspended => "suspend_user",
        UserState::Ended => "end_user",
    };
    if state != UserState::Active {
        someone_else_administrates(tx, ctx, user)?;
        table::revoke_all(tx.conn(), user, ctx.now)?;
    }
    row.state = state;
    row.recorded_seq = recorded_seq;
    table::update_user(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), verb, &user.to_string())?;
    Ok(row)
}

/// Every role that a user has or had.
pub fn grants(conn: &mut AnyConn, ctx: &Ctx, user: UserId) -> Result<Vec<GrantRow>, Problem> {
    look(conn, ctx, user)?;
    let rows = table::grants_ever(conn, user)?;
    // A manager of one region does not learn what somebody does in another.
    Ok(rows.into_iter().filter(|row| in_scope(ctx, row)).collect())
}

/// Takes a role back at once: yesterday was its last day.
///
/// # Errors
/// `not_found` for a role that the asker may not see, `not_allowed` for one's own, `conflict` for the last administrator's.
pub fn end_grant(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId, grant: RecordId) -> Result<GrantRow, Problem> {
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let mine = grants(tx.conn(), ctx, user)?;
    let mut row = mine.into_iter().find(|row| row.id == grant).ok_or_else(Problem::not_found)?;
    not_oneself(ctx, user)?;
    if row.is_over(ctx.today) {
        return Ok(row);
    }
    if row.role == Role::Administrator && row.scope_kind == "everything" {
        someone_else_administrates(tx, ctx, user)?;
    }
    row.until_on = Some(ctx.today.plus_days(-1));
    row.recorded_seq = recorded_seq;
    table::update_grant(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "end_grant", &format!("{user} {} {grant}", row.role))?;
    Ok(row)
}

/// Ends every session of a user.
pub fn log_out_everywhere(tx: &mut Tx<'_>, ctx: &Ctx, user: UserId) -> Result<(), Problem> {
    tx.seq(Chain::Organisation)?;
    enter(tx.conn(), ctx, user)?;
    table::revoke_all(tx.conn(), user, ctx.now)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "log_out_user", &user.to_string())?;
    Ok(())
}
