//! Trying again what is dead: jobs and mails.

use crate::base::id::{JobId, RecordId};
use crate::store::jobs::{self, JobRow, JobState};
use crate::store::outbox::{self, MailRow};
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};

/// Puts a dead letter back into the queue, on record.
///
/// # Errors
/// `not_found`; `conflict` when it is no dead letter or the same job waits already.
pub fn retry_job(tx: &mut Tx<'_>, ctx: &Ctx, id: JobId) -> Result<JobRow, Problem> {
    let job = jobs::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    if job.state != JobState::Dead {
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
    outbox::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    if !outbox::revive(tx.conn(), id, ctx.now)? {
        return Err(Problem::conflict("只有投递失败的邮件可以重试。", "Only a dead mail can be tried again."));
    }
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "retry_mail", &id.to_string())?;
    outbox::find(tx.conn(), id)?.ok_or_else(Problem::not_found)
}
