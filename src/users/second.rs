//! Two persons: what one of them asked for only another one decides. The rule that overrides of a gate, voided files, entries in doubt,
//! wages told as paid, corrected days and changes of the law share.
//!
//! Two accounts that are reached at one address, or were lately, are one person. A machine's key and a job answer for nobody and are no person at all.
//! Deliberately absent: who may decide (the verbs), and whether the one who asked may take it back, which each of them says.

use super::contacts::is_one_person;
use crate::base::id::UserId;
use crate::store::AnyConn;
use crate::web::{Code, Ctx, Problem};

/// The person who asks.
///
/// # Errors
/// `not_allowed` for a machine's key and for a job.
pub fn person(ctx: &Ctx) -> Result<UserId, Problem> {
    ctx.scope.user.ok_or_else(Problem::not_allowed)
}

/// Whether the one who acts now is surely the one who asked, given as the journal names them.
pub fn is_asker(conn: &mut AnyConn, ctx: &Ctx, asked_by: &str) -> Result<bool, Problem> {
    match (ctx.scope.user, asked_by.parse::<UserId>()) {
        (Some(now), Ok(first)) => Ok(is_one_person(conn, ctx.vault(), (first, now), ctx.now)?),
        _ => Ok(ctx.actor() == asked_by),
    }
}

/// The person who acts now, where that is another one than the one who asked.
///
/// # Errors
/// `not_allowed` for the one who asked, under whichever account, and for what is no person.
pub fn require(conn: &mut AnyConn, ctx: &Ctx, asked_by: &str) -> Result<UserId, Problem> {
    let person = person(ctx)?;
    if is_asker(conn, ctx, asked_by)? {
        let (zh, en) = (
            "须由提出人以外的第二人决定；同一邮箱的两个账号算一个人。",
            "Another person than the one who asked decides; two accounts with one e-mail address are one person.",
        );
        return Err(Problem::new(Code::NotAllowed, zh, en));
    }
    Ok(person)
}
