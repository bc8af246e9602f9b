//! Putting somebody on the hold list, recording whose a card is, letting a held line go.

use super::table::{self, HoldRow, HolderRow, ReleaseRow};
use crate::base::id::{LineId, RecordId, SheetId};
use crate::payroll::pay_run::Hold;
use crate::payroll::results::write_line;
use crate::payroll::table::LineRow;
use crate::payroll::{self, LineState};
use crate::projects::Site;
use crate::store::{Chain, Tx};
use crate::web::{Ctx, Problem};
use crate::workers;

/// The shortest note, in characters: a word is no reason.
const NOTE_MIN: usize = 4;
/// The longest note, in characters.
const NOTE_MAX: usize = 300;
/// The longest name of a card's holder, in characters.
const HOLDER_MAX: usize = 100;

/// A note as written, or what is wrong with it.
pub fn noted(note: &str) -> Result<String, Problem> {
    let note = note.trim();
    if !(NOTE_MIN..=NOTE_MAX).contains(&note.chars().count()) {
        let problem = Problem::invalid("请写明理由（4 至 300 个字）。", "Write a note of 4 to 300 characters.");
        return Err(problem.at("note", "missing_field"));
    }
    Ok(note.to_owned())
}

/// Puts the worker of an enrolment on the project's hold list, or takes the worker off it; the same word again changes nothing.
pub fn set_hold(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    enrolment: RecordId,
    is_held: bool,
    note: &str,
) -> Result<HoldRow, Problem> {
    let note = noted(note)?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let enrolment = workers::table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    let last = table::holds_of(tx.conn(), site.id)?.into_iter().rfind(|row| row.worker_id == enrolment.worker_id);
    if let Some(last) = last.filter(|last| last.is_held == is_held) {
        return Ok(last);
    }
    let row = HoldRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        worker_id: enrolment.worker_id,
        is_held,
        note,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_hold(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "set_pay_hold", &row.worker_id.to_string())?;
    Ok(row)
}

/// Records the name under which the bank keeps the card that is on file now. Another name than the worker's holds the worker's lines.
///
/// # Errors
/// `not_found` without such an enrolment, `invalid` for one without a card or for a name that is none.
pub fn tell_holder(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    enrolment: RecordId,
    holder: &str,
    source: &str,
) -> Result<HolderRow, Problem> {
    let (holder, source) = (holder.trim(), source.trim());
    for (text, place) in [(holder, "holder"), (source, "source")] {
        if text.is_empty() || text.chars().count() > HOLDER_MAX {
            return Err(Problem::invalid("应为 1 至 100 个字。", "Write 1 to 100 characters.").at(place, "missing_field"));
        }
    }
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let enrolment = workers::table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
    let Some(card_index) = enrolment.card_index else {
        return Err(
            Problem::invalid("该工人没有登记银行卡。", "The worker has no card on record.").at("enrolment", "missing_field")
        );
    };
    let row = HolderRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        enrolment_id: enrolment.id,
        card_index,
        holder: holder.to_owned(),
        source: source.to_owned(),
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_holder(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "tell_card_holder", &enrolment.id.to_string())?;
    Ok(row)
}

/// Lets a held line go: the reason for which it is held no longer stops it, as long as the card stays the same. The next run takes it.
///
/// # Errors
/// `conflict` when the line is not held, or for a reason that only a cure ends.
pub fn release_line(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    line: LineId,
    note: &str,
) -> Result<LineRow, Problem> {
    let note = noted(note)?;
    let sheet = payroll::actions::open_sheet(tx, site, sheet)?;
    let line = payroll::table::line(tx.conn(), site.id, line)?.filter(|line| line.sheet_id == sheet.id);
    let line = line.ok_or_else(|| {
        Problem::invalid("该行不在此工资表中。", "The line is not on this sheet.").at("line", "unknown_reference")
    })?;
    let hold = line.state_reason.as_deref().and_then(|reason| reason.parse::<Hold>().ok());
    let Some(hold) = hold.filter(|hold| line.state == LineState::Held && hold.may_be_released()) else {
        let problem = Problem::conflict(
            "该行未被暂缓，或其暂缓原因只能改正、不能由人放行。",
            "The line is not held, or is held for a reason that only a cure ends.",
        );
        return Err(problem.at("line", "bad_format"));
    };
    let enrolment = workers::table::find(tx.conn(), site.id, line.enrolment_id)?;
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let release = ReleaseRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        line_id: line.id,
        hold: hold.as_str().to_owned(),
        card_index: enrolment.and_then(|row| row.card_index),
        note,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq,
    };
    table::insert_release(tx, &release)?;
    let line = LineRow { state: LineState::Approved, state_reason: None, recorded_seq, ..line };
    write_line(tx, ctx, &line, &format!("release {hold}"), ctx.today)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "release_line", &line.id.to_string())?;
    Ok(line)
}
