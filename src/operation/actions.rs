//! Looking at jobs and mails, and trying again what is dead.

use crate::base::id::{JobId, RecordId};
use crate::store::jobs::{self, JobRow, JobState};
use crate::store::outbox::{self, MailRow, MailState};
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};

/// Puts a dead letter back into the queue, on record.
///
/// # Errors
/// `not_found`; `conflict` when it is no dead letter or the same job waits already.
pub fn retry_job(tx: &mut Tx<'_>, ctx: &Ctx, id: JobId) -> Result<JobRow, Problem> {
    whole_house(ctx)?;
    let job = jobs::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    if job.state != JobState::Dead || job.dismissed_at.is_some() {
        return Err(Problem::conflict("只有失败的任务可以重试。", "Only a dead letter can be tried again."));
    }
    if !jobs::revive(tx.conn(), &job, ctx.now)? {
        return Err(Problem::conflict("相同的任务已在队列中。", "The same job waits in the queue already."));
    }
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "retry_job", &format!("{id} {}", job.kind))?;
    jobs::find(tx.conn(), id)?.ok_or_else(Problem::not_found)
}

/// Gives a dead mail one more try, on record.
///
/// # Errors
/// `not_found`; `conflict` when it is not dead.
pub fn retry_mail(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<MailRow, Problem> {
    whole_house(ctx)?;
    outbox::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    if !outbox::revive(tx.conn(), id, ctx.now)? {
        return Err(Problem::conflict("只有投递失败的邮件可以重试。", "Only a dead mail can be tried again."));
    }
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "retry_mail", &id.to_string())?;
    outbox::find(tx.conn(), id)?.ok_or_else(Problem::not_found)
}

/// The longest note on a dead letter, in characters.
pub const NOTE_MAX: usize = 300;

/// Dismisses a dead letter that nobody needs any more, on record with a note.
///
/// # Errors
/// `not_found`; `invalid` without a note; `conflict` when it is no dead letter or was dismissed before.
pub fn dismiss_job(tx: &mut Tx<'_>, ctx: &Ctx, id: JobId, note: &str) -> Result<JobRow, Problem> {
    whole_house(ctx)?;
    let job = jobs::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    let note = noted(note)?;
    if !jobs::dismiss(tx.conn(), id, note, ctx.now)? {
        return Err(Problem::conflict("只有失败的任务可以了结。", "Only a dead letter can be dismissed."));
    }
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "dismiss_job", &format!("{id} {}: {note}", job.kind))?;
    jobs::find(tx.conn(), id)?.ok_or_else(Problem::not_found)
}

/// Dismisses a dead mail, on record with a note.
///
/// # Errors
/// As [`dismiss_job`].
pub fn dismiss_mail(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId, note: &str) -> Result<MailRow, Problem> {
    whole_house(ctx)?;
    outbox::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    let note = noted(note)?;
    if !outbox::dismiss(tx.conn(), id, note, ctx.now)? {
        return Err(Problem::conflict("只有投递失败的邮件可以了结。", "Only a dead mail can be dismissed."));
    }
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "dismiss_mail", &format!("{id}: {note}"))?;
    outbox::find(tx.conn(), id)?.ok_or_else(Problem::not_found)
}

fn noted(note: &str) -> Result<&str, Problem> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        let problem = Problem::invalid("请写明为何了结（1 至 300 个字）。", "Say in 1 to 300 characters why it is dismissed.");
        return Err(problem.at("note", "missing_field"));
    }
    Ok(note)
}

/// Jobs and mails are of every region at once: only whoever runs the whole house sees one.
///
/// # Errors
/// `not_found` for whoever runs a part of it.
pub fn whole_house(ctx: &Ctx) -> Result<(), Problem> {
    if ctx.scope.is_everything() { Ok(()) } else { Err(Problem::not_found()) }
}

/// Jobs in a state, after an id; none for whoever runs a part of the house.
pub fn jobs(conn: &mut AnyConn, ctx: &Ctx, state: JobState, after: i64, limit: i64) -> Result<Vec<JobRow>, Problem> {
    if whole_house(ctx).is_err() {
        return Ok(Vec::new());
    }
    Ok(jobs::list(conn, state, after, limit)?)
}

/// Mails in a state, after an id; none for whoever runs a part of the house.
pub fn mails(conn: &mut AnyConn, ctx: &Ctx, state: MailState, after: i64, limit: i64) -> Result<Vec<MailRow>, Problem> {
    if whole_house(ctx).is_err() {
        return Ok(Vec::new());
    }
    Ok(outbox::list(conn, state, after, limit)?)
}
