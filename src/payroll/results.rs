//! What the bank says of payments, applied to attempts, lines and runs. Settlement reads the files and calls here, line by line.
//!
//! Everything may come late, twice and out of order: an attempt hears a word once, goes never backwards except to returned, and an
//! old attempt's word does not touch a newer one. Deliberately absent: trust in a debit as proof of payment.

use serde_json::json;

use super::life::{self, SheetStep};
use super::pay_run::table::{self as runs, AttemptRow, CONTRADICTED, RunHead};
use super::table::{self, EventRow, LineRow, SheetRow};
use super::withdrawing::{free_part_key, standing_reopening};
use super::{AttemptState, LineState, RunState, SheetState, Step};
use crate::base::id::{LineId, PayRunId, ProjectId, RecordId};
use crate::base::person::numbers_masked;
use crate::base::{Day, Fen};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::projects::Site;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::webhooks::HookEvent;
use crate::webhooks::actions::{self as webhooks, News};

/// The bank's word on one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Paid to the worker's account.
    Paid {
        /// On this day.
        on: Day,
    },
    /// Taken; no result yet.
    Accepted,
    /// No word beyond the bank's limit: to be asked, never paid again.
    Silent,
    /// Refused.
    Rejected {
        /// Code and text of the bank.
        reason: String,
    },
    /// Paid and come back.
    Returned {
        /// Code and text of the bank.
        reason: String,
    },
}

impl Outcome {
    fn word(&self) -> AttemptState {
        match self {
            Outcome::Paid { .. } => AttemptState::Paid,
            Outcome::Accepted => AttemptState::Accepted,
            Outcome::Silent => AttemptState::Unknown,
            Outcome::Rejected { .. } => AttemptState::Rejected,
            Outcome::Returned { .. } => AttemptState::Returned,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Outcome::Rejected { reason } | Outcome::Returned { reason } => Some(kept_reason(reason)),
            Outcome::Paid { .. } | Outcome::Accepted | Outcome::Silent => None,
        }
    }
}

/// The longest reason of a bank that is kept, in characters.
const REASON_MAX: usize = 200;

/// A bank's reason as it is kept: without the numbers of people and cards, which stay in the encrypted message alone.
fn kept_reason(reason: &str) -> String {
    numbers_masked(reason).chars().take(REASON_MAX).collect()
}

/// Applies the bank's word to the attempt with that id; the same word again changes nothing. `source` names the message it came in.
///
/// Gives the line, or `None` when the project knows no such attempt.
pub fn apply(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    end_to_end_id: &str,
    outcome: Outcome,
    source: &str,
) -> Result<Option<LineId>, Problem> {
    // The chain is locked before the look: of two messages at once the second sees what the first has changed.
    tx.seq(Chain::Project(site.id))?;
    let Some(attempt) = runs::attempt(tx.conn(), site.id, end_to_end_id)? else { return Ok(None) };
    let line = hear(tx, ctx, site, attempt, &outcome, source)?;
    Ok(Some(line))
}

fn hear(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    attempt: AttemptRow,
    outcome: &Outcome,
    source: &str,
) -> Result<LineId, Problem> {
    let line_id = attempt.line_id;
    match attempt.state.hears(outcome.word()) {
        Step::Nothing => {}
        Step::Contradiction if attempt.reason.as_deref() == Some(CONTRADICTED) => {}
        Step::Contradiction => contradict(tx, ctx, site, attempt, outcome, source)?,
        Step::To(next) => advance(tx, ctx, site, attempt, next, outcome, source)?,
    }
    Ok(line_id)
}

/// Of the attempt with that id `back` has come back in all, which is less than it paid: that part is owed again, the rest stays as it
/// is. The same sum again changes nothing, so that a statement may be read twice. An attempt that failed as a whole is open already.
///
/// Gives whether anything changed.
pub fn give_back_part(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    end_to_end_id: &str,
    (back, reason): (Fen, &str),
    source: &str,
) -> Result<bool, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let Some(attempt) = runs::attempt(tx.conn(), site.id, end_to_end_id)? else { return Ok(false) };
    let has_failed = matches!(attempt.state, AttemptState::Rejected | AttemptState::Returned);
    if has_failed || back <= attempt.returned_fen || back >= attempt.amount_fen {
        return Ok(false);
    }
    let part = back.minus(attempt.returned_fen)?;
    let mut line = line_of(tx, site, attempt.line_id)?;
    let after = AttemptRow { returned_fen: back, recorded_seq, ..attempt };
    runs::update_attempt(tx, &after)?;
    if after.state == AttemptState::Paid {
        line.paid_fen = line.paid_fen.minus(part)?;
        if line.state == LineState::Paid {
            line.state = LineState::Returned;
        }
    }
    if after.reason.as_deref() != Some(CONTRADICTED) {
        line.state_reason = Some(kept_reason(reason));
    }
    write_line(tx, ctx, &line, source, ctx.today)?;
    reopen_sheet(tx, ctx, site, &line)?;
    let key = free_part_key(tx, site, &after)?;
    reopen(tx, ctx, site, key, part)?;
    tx.note(chain, ctx.now, ctx.actor(), "hear_bank", &format!("{} returned in part", after.end_to_end_id))?;
    Ok(true)
}

fn advance(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    attempt: AttemptRow,
    next: AttemptState,
    outcome: &Outcome,
    source: &str,
) -> Result<(), Problem> {
    let before = attempt.state;
    let reason = outcome.reason();
    let mut line = line_of(tx, site, attempt.line_id)?;
    let after = AttemptRow { state: next, reason: reason.clone(), recorded_seq: tx.seq(Chain::Project(site.id))?, ..attempt };
    runs::update_attempt(tx, &after)?;
    let mut happened_on = ctx.today;
    if let Outcome::Paid { on } = outcome {
        line.paid_fen = line.paid_fen.plus(after.kept()?)?;
        line.paid_on = line.paid_on.max(Some(*on));
        happened_on = *on;
    }
    if before == AttemptState::Paid {
        line.paid_fen = line.paid_fen.minus(after.kept()?)?;
        line.paid_on = line.paid_on.filter(|_| line.paid_fen.is_positive());
    }
    // A word on an old attempt moves the line only where it takes back what it was paid by: what the bank had refused paid nothing.
    let reopens = next == AttemptState::Returned && before == AttemptState::Paid && line.state == LineState::Paid;
    // What came back in part before the bank said paid leaves a rest that is owed.
    let is_part = next == AttemptState::Paid && after.returned_fen.is_positive();
    let of_line = if is_part { LineState::Returned } else { next.of_line() };
    if after.attempt == line.attempt && line.state.may_become(of_line) || reopens {
        line.state = of_line;
        line.state_reason = reason;
    }
    write_line(tx, ctx, &line, source, happened_on)?;
    if before == AttemptState::Paid {
        reopen_sheet(tx, ctx, site, &line)?;
    }
    if matches!(next, AttemptState::Rejected | AttemptState::Returned) && before != AttemptState::Rejected {
        let key = standing_reopening(tx, site, &after)?.0;
        reopen(tx, ctx, site, key, after.kept()?)?;
    }
    settle_run(tx, ctx, site, after.run_id)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "hear_bank", &format!("{} {next}", after.end_to_end_id))?;
    Ok(())
}

/// Both paid and refused: nothing moves, the line is marked, and no pay run takes it until the bank has cleared it up.
fn contradict(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    attempt: AttemptRow,
    outcome: &Outcome,
    source: &str,
) -> Result<(), Problem> {
    let chain = Chain::Project(site.id);
    let mut line = line_of(tx, site, attempt.line_id)?;
    let after = AttemptRow { reason: Some(CONTRADICTED.to_owned()), recorded_seq: tx.seq(chain)?, ..attempt };
    runs::update_attempt(tx, &after)?;
    line.state_reason = Some(format!("{CONTRADICTED}: {} then {}", after.state, outcome.word()));
    write_line(tx, ctx, &line, source, ctx.today)?;
    tx.note(chain, ctx.now, ctx.actor(), "note_contradiction", &after.end_to_end_id)?;
    Ok(())
}

/// A sheet that was ended is one to pay again as soon as a line of it is owed again: money that came back stops no worker's wage.
pub(super) fn reopen_sheet(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, line: &LineRow) -> Result<(), Problem> {
    if !line.rest().is_positive() {
        return Ok(());
    }
    let ended = table::sheet(tx.conn(), site.id, line.sheet_id)?.filter(|sheet| sheet.state == SheetState::Closed);
    let Some(sheet) = ended else { return Ok(()) };
    let notes = life::table::notes_of(tx.conn(), site.id, sheet.id)?;
    let is_shown = notes.iter().any(|note| note.step == SheetStep::Published);
    let chain = Chain::Project(site.id);
    let row = SheetRow {
        state: if is_shown { SheetState::Published } else { SheetState::Audited },
        version: sheet.version + 1,
        recorded_seq: tx.seq(chain)?,
        ..sheet
    };
    table::update_sheet(tx, &row)?;
    life::actions::note_of(tx, ctx, &row, SheetStep::Reopened, &line.id.to_string())
}

/// Money of an attempt that failed, or came back in part, is owed again.
fn reopen(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, key: String, amount: Fen) -> Result<(), Problem> {
    let posting =
        Posting::of(key, PostingKind::PayReopened, ctx.today, LedgerAccount::PayInTransit, LedgerAccount::WagesPayable, amount);
    ledger::actions::post(tx, ctx, site, &posting)?;
    Ok(())
}

fn settle_run(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, id: PayRunId) -> Result<(), Problem> {
    if runs::open_attempts(tx.conn(), site.id, id)? > 0 {
        return Ok(());
    }
    let Some(mut run) = runs::run(tx.conn(), site.id, id)?.filter(|run| run.state == RunState::Sent) else { return Ok(()) };
    run.state = RunState::Settled;
    run.recorded_seq = tx.seq(Chain::Project(site.id))?;
    runs::update_run(tx, &run)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "settle_run", &id.to_string())?;
    let fields = [("subject", json!(run.id)), ("lines", json!(run.line_count)), ("amount", json!(run.total_fen))];
    webhooks::tell(tx, ctx, site, &News::of(HookEvent::PayRunSettled, fields))?;
    Ok(())
}

/// The run that a message of the bank speaks of.
pub fn run_by_message_id(conn: &mut AnyConn, project: ProjectId, message_id: &str) -> Result<Option<RunHead>, Problem> {
    Ok(runs::by_message_id(conn, project, message_id)?)
}

/// The attempts of a run, for a word that speaks of all of them.
pub fn attempts_of(conn: &mut AnyConn, project: ProjectId, run: PayRunId) -> Result<Vec<AttemptRow>, Problem> {
    Ok(runs::attempts_of_run(conn, project, run)?)
}

/// The bank refused the file as a whole: every line that has no final word is rejected. Gives the run, `None` when unknown.
pub fn refuse_run(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    message_id: &str,
    reason: &str,
    source: &str,
) -> Result<Option<PayRunId>, Problem> {
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let Some(head) = runs::by_message_id(tx.conn(), site.id, message_id)? else { return Ok(None) };
    if let Some(mut run) = runs::run(tx.conn(), site.id, head.id)?.filter(|run| run.state == RunState::Sent) {
        run.state = RunState::Refused;
        run.recorded_seq = recorded_seq;
        runs::update_run(tx, &run)?;
        tx.note(chain, ctx.now, ctx.actor(), "refuse_run", &head.id.to_string())?;
    }
    let outcome = Outcome::Rejected { reason: reason.to_owned() };
    for attempt in runs::attempts_of_run(tx.conn(), site.id, head.id)?.into_iter().filter(|one| !one.state.is_final()) {
        hear(tx, ctx, site, attempt, &outcome, source)?;
    }
    Ok(Some(head.id))
}

fn line_of(tx: &mut Tx<'_>, site: &Site, id: LineId) -> Result<LineRow, Problem> {
    table::line(tx.conn(), site.id, id)?.ok_or_else(|| Problem::internal(&format!("an attempt names line {id}, which is gone")))
}

/// Writes a changed line with the event that says why.
pub(super) fn write_line(tx: &mut Tx<'_>, ctx: &Ctx, line: &LineRow, source: &str, happened_on: Day) -> Result<(), Problem> {
    let recorded_seq = tx.seq(Chain::Project(line.project_id))?;
    let row = LineRow { recorded_seq, ..line.clone() };
    if row.net_fen != row.gross_fen.minus(row.deductions_fen)? || row.disputed_fen < Fen::ZERO || row.disputed_fen > row.net_fen {
        return Err(Problem::internal(&format!("line {} does not add up", row.id)));
    }
    table::update_line(tx, &row)?;
    append(tx, ctx, &row, source, happened_on)
}

/// Appends what a line has become to its history.
pub(super) fn append(tx: &mut Tx<'_>, ctx: &Ctx, line: &LineRow, source: &str, happened_on: Day) -> Result<(), Problem> {
    Ok(table::insert_event(tx, &event_of(ctx, line, source, happened_on))?)
}

/// What a line has become, as an event of its history.
pub(super) fn event_of(ctx: &Ctx, line: &LineRow, source: &str, happened_on: Day) -> EventRow {
    EventRow {
        project_id: line.project_id,
        id: RecordId(ctx.id()),
        line_id: line.id,
        state: line.state,
        reason: line.state_reason.clone(),
        source: source.to_owned(),
        happened_on,
        recorded_at: ctx.now,
        recorded_seq: line.recorded_seq,
    }
}
