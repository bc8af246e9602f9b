//! Sending back, publishing, closing, and opening a signed line for a correction.

use super::SheetStep;
use super::table::{self, NoteRow, VersionRow};
use crate::base::Fen;
use crate::base::id::{LineId, RecordId, SheetId};
use crate::payroll::actions::{checked_text, line_of_sheet, open_sheet, require_state};
use crate::payroll::results::write_line;
use crate::payroll::table::{LineRow, SheetRow, lines_of, update_sheet};
use crate::payroll::{LineState, SheetState};
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};

/// Keeps a step of a sheet with its note.
///
/// # Errors
/// What the store says.
pub fn note_of(tx: &mut Tx<'_>, ctx: &Ctx, sheet: &SheetRow, step: SheetStep, note: &str) -> Result<(), Problem> {
    let row = NoteRow {
        project_id: sheet.project_id,
        id: RecordId(ctx.id()),
        sheet_id: sheet.id,
        step,
        note: note.to_owned(),
        recorded_by: ctx.actor().to_owned(),
        happened_on: ctx.today,
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Project(sheet.project_id))?,
    };
    table::insert_note(tx, &row)?;
    tx.note(Chain::Project(sheet.project_id), ctx.now, ctx.actor(), step.as_str(), &sheet.id.to_string())?;
    Ok(())
}

/// Gives a sheet that was handed in back to be mended; signatures stand until a line is opened.
///
/// # Errors
/// `invalid` without a note, `conflict` when the sheet was not handed in or another part of the month is a draft.
pub fn send_back(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId, note: &str) -> Result<SheetRow, Problem> {
    let note = checked_text(note, "note")?;
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Submitted)?;
    let parts = crate::payroll::table::parts(tx.conn(), site.id, sheet.month)?;
    if let Some(draft) = parts.iter().find(|part| part.state == SheetState::Draft) {
        let problem = Problem::conflict(
            format!("本月第 {} 部分仍是草稿，请先提交。", draft.part),
            format!("Part {} of the month is a draft; hand it in first.", draft.part),
        );
        return Err(problem.at("part", "duplicate"));
    }
    let row = SheetRow {
        state: SheetState::Draft,
        version: sheet.version + 1,
        submitted_by: None,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..sheet
    };
    update_sheet(tx, &row)?;
    note_of(tx, ctx, &row, SheetStep::SentBack, &note)?;
    Ok(row)
}

/// Says where and how an audited sheet was shown to the workers.
///
/// # Errors
/// `invalid` without a note that says where, `conflict` when the sheet is not audited.
pub fn publish(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId, note: &str) -> Result<SheetRow, Problem> {
    let note = checked_text(note, "note")?;
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Audited)?;
    let row = SheetRow {
        state: SheetState::Published,
        version: sheet.version + 1,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..sheet
    };
    update_sheet(tx, &row)?;
    note_of(tx, ctx, &row, SheetStep::Published, &note)?;
    Ok(row)
}

/// Ends a sheet of which nothing is left to pay.
///
/// # Errors
/// `conflict` with each line that has a rest, a dispute or a payment under way.
pub fn close(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId, note: &str) -> Result<SheetRow, Problem> {
    let note = checked_text(note, "note")?;
    let sheet = open_sheet(tx, site, sheet)?;
    if !sheet.state.is_payable() {
        require_state(&sheet, SheetState::Published)?;
    }
    let lines = lines_of(tx.conn(), site.id, sheet.id)?;
    let open: Vec<&LineRow> = lines.iter().filter(|line| is_open(line)).collect();
    if !open.is_empty() {
        let count = open.len();
        let faults = open.iter().map(|line| Fault {
            place: line.id.to_string(),
            reason: "sum_mismatch".to_owned(),
            zh: format!("该行还有 {} 元未付、争议 {} 元，状态 {}。", line.rest(), line.disputed_fen, line.state),
            en: format!("The line has a rest of {}, {} in dispute, and is {}.", line.rest(), line.disputed_fen, line.state),
        });
        let problem = Problem::conflict(
            format!("还有 {count} 行未付清、有争议或在途，不能结清。"),
            format!("{count} lines are not paid in full, are contested or under way; the sheet cannot be closed."),
        );
        return Err(problem.with_faults(faults));
    }
    let row = SheetRow {
        state: SheetState::Closed,
        version: sheet.version + 1,
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..sheet
    };
    update_sheet(tx, &row)?;
    note_of(tx, ctx, &row, SheetStep::Closed, &note)?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

fn is_open(line: &LineRow) -> bool {
    line.rest() != Fen::ZERO || line.disputed_fen.is_positive() || line.state.is_in_flight()
}

/// Opens a signed line of a draft for a correction: from now on its signature signs nothing, and the line needs another.
///
/// # Errors
/// `invalid` without a reason, `conflict` when the sheet is no draft (send it back first) or the line is not signed.
pub fn correct_line(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    line: LineId,
    reason: &str,
) -> Result<VersionRow, Problem> {
    let reason = checked_text(reason, "reason")?;
    let sheet = open_sheet(tx, site, sheet)?;
    if sheet.state.is_payable() || sheet.state == SheetState::Closed {
        let zh = "该工资表已审核，原行保持不变；请在该行登记更正（补发、多付），形成新的一行。";
        let en = "The sheet is audited and its line stays; record a correction of the line (…/lines/{line}/corrections), which makes a \
                  new one.";
        return Err(Problem::conflict(zh, en).at("state", "bad_format"));
    }
    require_state(&sheet, SheetState::Draft)?;
    let line = line_of_sheet(tx, site, &sheet, line)?;
    if line.state != LineState::Signed {
        let problem = Problem::conflict("该行未签字，可直接修改。", "The line is not signed and can be changed as it is.");
        return Err(problem.at("line", "bad_format"));
    }
    let earlier = table::versions_of(tx.conn(), site.id, line.id)?;
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let row = VersionRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        line_id: line.id,
        version: earlier.last().map_or(2, |last| last.version.saturating_add(1)),
        reason: reason.clone(),
        net_fen: line.net_fen,
        opened_by: ctx.actor().to_owned(),
        opened_on: ctx.today,
        recorded_seq,
    };
    table::insert_version(tx, &row)?;
    let opened = LineRow { state: LineState::Draft, state_reason: Some(reason), ..line };
    write_line(tx, ctx, &opened, "correct_line", ctx.today)?;
    update_sheet(tx, &SheetRow { version: sheet.version + 1, recorded_seq, ..sheet })?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "correct_line", &opened.id.to_string())?;
    Ok(row)
}
