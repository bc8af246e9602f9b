//! A bank that says nothing: payments without a word for longer than its profile allows become unknown. They are never paid again: the
//! bank is asked, or is given the same file under the same ids, and both are kept on record. A late word moves them on as any other.
//!
//! A bank takes the same file again for a question and no second order only after a while, so nobody asks before
//! [`ASK_AFTER_MINUTES`] have passed since it was given last; from then on a job tells the people that it is time.

use super::table::{self, InquiryRow, RunHead};
use super::{InquiryKind, checks};
use crate::accounts::{self, profiles};
use crate::base::Moment;
use crate::base::id::{PayRunId, RecordId};
use crate::payroll::results::{self, Outcome};
use crate::payroll::{self, AttemptState, RunState};
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

/// How long a bank that was given a file is left alone before it is asked.
pub const ASK_AFTER_MINUTES: i64 = 15;

/// The job that tells people to ask the bank about a run whose result is unknown.
pub const ASK_BANK: &str = "ask_bank";

/// What the history of a line gives as source.
const SOURCE: &str = "silence";

/// Moves payments of a project that nobody has answered for in time to unknown; gives how many.
pub fn fall_silent(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site) -> Result<usize, Problem> {
    tx.seq(Chain::Project(site.id))?;
    let mut count = 0;
    for run in table::open_runs(tx.conn(), site.id)? {
        count += of_run(tx, ctx, site, &run)?;
    }
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "look_for_silence", &count.to_string())?;
    if count > 0 {
        jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    }
    Ok(count)
}

fn of_run(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, run: &RunHead) -> Result<usize, Problem> {
    let account = accounts::table::find(tx.conn(), site.id, run.account_id)?
        .ok_or_else(|| Problem::internal(&format!("run {} names an account that is gone", run.id)))?;
    let days = i64::from(profiles::table::of_account(tx.conn(), &account)?.silence_days);
    let since = ctx.now.plus_seconds(-days.saturating_mul(86_400));
    if run.created_at > since {
        return Ok(0);
    }
    let mut count = 0_usize;
    for attempt in table::attempts_of_run(tx.conn(), site.id, run.id)? {
        if !matches!(attempt.state, AttemptState::Sent | AttemptState::Accepted) {
            continue;
        }
        // The bank's clock begins again with each of its words.
        let last =
            payroll::table::events_of(tx.conn(), site.id, attempt.line_id)?.into_iter().map(|event| event.recorded_at).max();
        if last.is_some_and(|at| at > since) {
            continue;
        }
        results::apply(tx, ctx, site, &attempt.end_to_end_id, Outcome::Silent, SOURCE)?;
        count += 1;
    }
    if count > 0 {
        remind(tx, ctx, site, run)?;
    }
    Ok(count)
}

/// The moment from which the bank may be asked about a run.
pub fn ask_from(run: &RunHead, inquiries: &[InquiryRow]) -> Moment {
    let again = inquiries.iter().filter(|one| one.kind == InquiryKind::SentAgain).map(|one| one.recorded_at);
    again.chain([run.created_at]).max().unwrap_or(run.created_at).plus_seconds(60 * ASK_AFTER_MINUTES)
}

/// Lets people be told to ask the bank about a run whose result is unknown, as soon as it may be asked.
pub(in crate::payroll) fn remind(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, run: &RunHead) -> Result<(), Problem> {
    let from = ask_from(run, &table::inquiries_of(tx.conn(), site.id, run.id)?);
    let payload = format!("{} {}", site.id, run.id);
    Ok(jobs::enqueue_for(tx.conn(), ctx.id(), (ASK_BANK, &payload), ctx.now, from.max(ctx.now))?)
}

/// Records that the bank was asked about a run, or was given its file again: the same bytes, so the same ids.
///
/// # Errors
/// `not_found` without such a run, `conflict` once the bank has had its last word on every line, or before it may be asked.
pub fn inquire(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    run: PayRunId,
    kind: InquiryKind,
    note: &str,
) -> Result<InquiryRow, Problem> {
    let note = checks::actions::noted(note)?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let run = table::head(tx.conn(), site.id, run)?.ok_or_else(Problem::not_found)?;
    if run.state != RunState::Sent {
        let problem = Problem::conflict("该批次已有最终结果，无须查询。", "The bank has had its last word on this run.");
        return Err(problem.at("run", "bad_format"));
    }
    let from = ask_from(&run, &table::inquiries_of(tx.conn(), site.id, run.id)?);
    if ctx.now < from {
        let at = from.local().format("%m-%d %H:%M:%S");
        let problem = Problem::conflict(
            format!("文件交银行后须等待 {ASK_AFTER_MINUTES} 分钟才能查询或重发，请于 {at} 之后进行。"),
            format!("A bank is asked, or given the file again, {ASK_AFTER_MINUTES} minutes after it had it: from {at} on."),
        );
        return Err(problem.at("run", "too_early"));
    }
    let row = InquiryRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        run_id: run.id,
        kind,
        note,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_inquiry(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "ask_bank", &row.id.to_string())?;
    Ok(row)
}
