//! A word of the bank that should not have been spoken is withdrawn: its file was of another account, a test, a draft.
//!
//! What that word said of a payment is unknown again, never owed again: nobody is paid because a file was wrong. The other words that
//! stand are spoken again afterwards by whoever withdrew this one. Deliberately absent: withdrawing a word on a line that was ordered
//! again since, for then two payments may both have gone out and only the bank can tell.

use std::collections::BTreeSet;

use super::pay_run::silence::remind;
use super::pay_run::table::{self as runs, AttemptRow, CONTRADICTED};
use super::results::{reopen_sheet, write_line};
use super::table::{self, EventRow};
use super::{AttemptState, LineState, RunState};
use crate::base::Fen;
use crate::base::id::LineId;
use crate::ledger::table::PostingRow;
use crate::ledger::{self, Posting, PostingKind};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::Ctx;
use crate::web::Problem;
use crate::web::problem::Fault;

/// What the history of a line gives as reason.
const REASON: &str = "word withdrawn";

/// Lines that are named in one refusal at most.
const NAMED_MAX: usize = 20;

/// Withdraws every word on lines of the project that came from `source`; gives the lines.
///
/// # Errors
/// `conflict` naming each line that was ordered again after such a word.
pub fn withdraw(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, source: &str) -> Result<Vec<LineId>, Problem> {
    tx.seq(Chain::Project(site.id))?;
    let events = table::events_from(tx.conn(), site.id, source)?;
    let lines: BTreeSet<LineId> = events.iter().map(|event| event.line_id).collect();
    let mut spoken = Vec::new();
    let mut again = Vec::new();
    for line in lines {
        let last = events.iter().rev().find(|event| event.line_id == line);
        let (Some(last), Some(attempt)) = (last, runs::newest_attempt(tx.conn(), site.id, line)?) else { continue };
        let run = runs::head(tx.conn(), site.id, attempt.run_id)?.ok_or_else(|| Problem::internal("an attempt without a run"))?;
        if run.created_at > last.recorded_at {
            again.push(line);
        } else {
            spoken.push((last.clone(), attempt));
        }
    }
    if !again.is_empty() {
        return Err(ordered_again(&again));
    }
    for (event, attempt) in &spoken {
        take_back(tx, ctx, site, event, attempt.clone(), source)?;
    }
    Ok(spoken.into_iter().map(|(event, _)| event.line_id).collect())
}

fn ordered_again(lines: &[LineId]) -> Problem {
    let faults = lines.iter().take(NAMED_MAX).map(|line| Fault {
        place: line.to_string(),
        reason: "ordered_again".to_owned(),
        zh: "该明细已按此结果重新下单，请先向银行核实两次付款的结果。".to_owned(),
        en: "This line was ordered again on that word; ask the bank about both payments first.".to_owned(),
    });
    let mut problem = Problem::conflict(
        format!("有 {} 条明细已按此文件的结果重新发放，不能作废。", lines.len()),
        format!("{} lines were ordered again on the word of this file; it cannot be voided.", lines.len()),
    );
    problem.faults.extend(faults);
    problem
}

fn take_back(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    event: &EventRow,
    attempt: AttemptRow,
    source: &str,
) -> Result<(), Problem> {
    let chain = Chain::Project(site.id);
    let line = table::line(tx.conn(), site.id, event.line_id)?;
    let mut line = line.ok_or_else(|| Problem::internal("an event without a line"))?;
    // A word against a final one moved nothing: only its mark goes.
    let only_marked = event.reason.as_deref().is_some_and(|reason| reason.starts_with(CONTRADICTED));
    let before = attempt.state;
    let state = if only_marked || before == AttemptState::Sent { before } else { AttemptState::Unknown };
    let kept = attempt.kept()?;
    // What came back in part is told again by the files that stand.
    let returned_fen = if only_marked { attempt.returned_fen } else { Fen::ZERO };
    let after = AttemptRow { state, reason: None, returned_fen, recorded_seq: tx.seq(chain)?, ..attempt };
    runs::update_attempt(tx, &after)?;
    if !only_marked {
        close_parts(tx, ctx, site, &after)?;
    }
    if state != before {
        match before {
            AttemptState::Paid => {
                line.paid_fen = line.paid_fen.minus(kept)?;
                line.paid_on = line.paid_on.filter(|_| line.paid_fen.is_positive());
            }
            AttemptState::Rejected | AttemptState::Returned => close_again(tx, ctx, site, &after)?,
            AttemptState::Sent | AttemptState::Accepted | AttemptState::Unknown => {}
        }
        line.state = LineState::Unknown;
        let run = runs::run(tx.conn(), site.id, after.run_id)?;
        if let Some(mut run) = run.filter(|run| run.state != RunState::Sent) {
            run.state = RunState::Sent;
            run.recorded_seq = tx.seq(chain)?;
            runs::update_run(tx, &run)?;
        }
        if let Some(run) = runs::head(tx.conn(), site.id, after.run_id)? {
            remind(tx, ctx, site, &run)?;
        }
    }
    line.state_reason = (!only_marked).then(|| REASON.to_owned());
    write_line(tx, ctx, &line, &format!("void {source}"), ctx.today)?;
    reopen_sheet(tx, ctx, site, &line)?;
    tx.note(chain, ctx.now, ctx.actor(), "withdraw_word", &after.end_to_end_id)?;
    Ok(())
}

/// The money of an attempt that was owed again is on its way again.
fn close_again(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, attempt: &AttemptRow) -> Result<(), Problem> {
    let Some(opened) = standing_reopening(tx, site, attempt)?.1 else { return Ok(()) };
    reverse(tx, ctx, site, &opened)
}

/// What came back of an attempt in part is on its way again.
fn close_parts(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, attempt: &AttemptRow) -> Result<(), Problem> {
    for ordinal in 1..=REOPENINGS_MAX {
        let Some(opened) = ledger::table::by_key(tx.conn(), site.id, &part_key(attempt, ordinal))? else { return Ok(()) };
        if !is_reversed(tx, site, &opened)? {
            reverse(tx, ctx, site, &opened)?;
        }
    }
    Ok(())
}

fn is_reversed(tx: &mut Tx<'_>, site: &Site, posting: &PostingRow) -> Result<bool, Problem> {
    Ok(ledger::table::by_key(tx.conn(), site.id, &reversal_key(posting))?.is_some())
}

fn reversal_key(posting: &PostingRow) -> String {
    format!("takes back {}", posting.id)
}

fn reverse(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, opened: &PostingRow) -> Result<(), Problem> {
    let lines = ledger::table::lines_of(tx.conn(), site.id, &[opened.id])?;
    let posting = Posting {
        natural_key: reversal_key(opened),
        kind: PostingKind::Correction,
        booked_on: ctx.today,
        lines: lines.into_iter().map(|line| (line.account, line.amount_fen.negated())).collect(),
        reverses: Some(opened.id),
    };
    ledger::actions::post(tx, ctx, site, &posting)?;
    Ok(())
}

/// Times that one attempt may be opened and taken back again.
const REOPENINGS_MAX: u32 = 50;

/// The key under which an attempt's money is owed again: a new one after each that was taken back, with the posting that stands there.
pub(super) fn standing_reopening(
    tx: &mut Tx<'_>,
    site: &Site,
    attempt: &AttemptRow,
) -> Result<(String, Option<PostingRow>), Problem> {
    for ordinal in 1..=REOPENINGS_MAX {
        let key = match ordinal {
            1 => format!("reopened {}", attempt.end_to_end_id),
            _ => format!("reopened {} {ordinal}", attempt.end_to_end_id),
        };
        let Some(posting) = ledger::table::by_key(tx.conn(), site.id, &key)? else { return Ok((key, None)) };
        if !is_reversed(tx, site, &posting)? {
            return Ok((key, Some(posting)));
        }
    }
    Err(too_often(attempt))
}

fn too_often(attempt: &AttemptRow) -> Problem {
    Problem::internal(&format!("payment {} was opened and taken back too often", attempt.end_to_end_id))
}

fn part_key(attempt: &AttemptRow, ordinal: u32) -> String {
    format!("returned in part {} {ordinal}", attempt.end_to_end_id)
}

/// The key under which the next part of an attempt that came back is owed again.
pub(super) fn free_part_key(tx: &mut Tx<'_>, site: &Site, attempt: &AttemptRow) -> Result<String, Problem> {
    for ordinal in 1..=REOPENINGS_MAX {
        let key = part_key(attempt, ordinal);
        if ledger::table::by_key(tx.conn(), site.id, &key)?.is_none() {
            return Ok(key);
        }
    }
    Err(too_often(attempt))
}
