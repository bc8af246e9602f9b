//! Deductions and disputes, handing it in, auditing it.

use super::corrections::taking_back;
use super::results::{event_of, write_line};
use super::table::{self, LineRow, SheetRow};
use super::{LineState, SheetState, imports, items, opening};
use crate::base::Fen;
use crate::base::id::{LineId, SheetId};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::projects::{PartyRole, Site};
use crate::store::{Chain, Tx, jobs};
use crate::users::second;
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};

/// Locks the project's chain and gives the sheet as it stands.
///
/// # Errors
/// `not_found` when the project has no such sheet.
pub fn open_sheet(tx: &mut Tx<'_>, site: &Site, id: SheetId) -> Result<SheetRow, Problem> {
    tx.seq(Chain::Project(site.id))?;
    table::sheet(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)
}

/// Refuses when the asker has not seen the sheet as it stands: people and pages change what they have seen, jobs do not ask.
pub fn require_seen(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId) -> Result<SheetRow, Problem> {
    let sheet = open_sheet(tx, site, sheet)?;
    ctx.require_version(sheet.version)?;
    Ok(sheet)
}

/// Refuses when the sheet is not in this state.
pub fn require_state(sheet: &SheetRow, wanted: SheetState) -> Result<(), Problem> {
    if sheet.state == wanted {
        return Ok(());
    }
    let (is, needed) = (sheet.state, wanted);
    let problem = Problem::conflict(
        format!("该工资表现为 {is} 状态，此操作要求 {needed} 状态。"),
        format!("The sheet is {is}; this needs {needed}."),
    );
    Err(problem.at("state", "bad_format"))
}

/// Writes a sheet with the count and sum of its lines.
pub(super) fn add_up(tx: &mut Tx<'_>, sheet: SheetRow) -> Result<SheetRow, Problem> {
    let lines = table::lines_of(tx.conn(), sheet.project_id, sheet.id)?;
    let standing = lines.iter().filter(|line| line.state != LineState::Held).count();
    let row = SheetRow {
        line_count: i32::try_from(standing).unwrap_or(i32::MAX),
        total_fen: Fen::total(lines.iter().map(|line| line.net_fen))?,
        recorded_seq: tx.seq(Chain::Project(sheet.project_id))?,
        ..sheet
    };
    table::update_sheet(tx, &row)?;
    Ok(row)
}

/// The longest reason of a deduction or dispute, in characters.
const REASON_MAX: usize = 200;

pub(super) fn checked_reason(reason: &str) -> Result<String, Problem> {
    checked_text(reason, "reason")
}

/// A short text that must be there, without blanks around it.
pub(super) fn checked_text(text: &str, place: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_MAX {
        let problem = Problem::invalid("请填写文字（1 至 200 个字）。", "Give a text of 1 to 200 characters.");
        return Err(problem.at(place, "missing_field"));
    }
    Ok(text.to_owned())
}

pub(super) fn line_of_sheet(tx: &mut Tx<'_>, site: &Site, sheet: &SheetRow, id: LineId) -> Result<LineRow, Problem> {
    let line = table::line(tx.conn(), site.id, id)?.filter(|line| line.sheet_id == sheet.id);
    line.ok_or_else(|| Problem::invalid("该行不在此工资表中。", "The line is not on this sheet.").at("line", "unknown_reference"))
}

/// Sets what is deducted from an unsigned line, with its reason; a signed one stays as the worker signed it.
///
/// # Errors
/// `invalid` for an amount below nothing or above the gross wage, `conflict` once the line is signed.
pub fn deduct(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    line: LineId,
    amount: Fen,
    reason: &str,
) -> Result<LineRow, Problem> {
    let reason = checked_reason(reason)?;
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Draft)?;
    let line = line_of_sheet(tx, site, &sheet, line)?;
    if line.state != LineState::Draft {
        let problem = Problem::conflict("该行已签字，不能再改。", "The line is signed and cannot be changed.");
        return Err(problem.at("line", "bad_format"));
    }
    if amount < Fen::ZERO || amount > line.gross_fen {
        let problem = Problem::invalid("扣除额应在 0 与应发工资之间。", "A deduction lies between nothing and the gross wage.");
        return Err(problem.at("amount", "bad_amount"));
    }
    // What is taken back with consent stands beside it.
    let taken_back = taking_back::carried(tx.conn(), site, &line)?;
    let standing = items::actions::of_line(tx.conn(), site, &line)?;
    let kept = standing.iter().filter(|item| item.counts() && taken_back.contains(&item.row.id));
    let deductions = Fen::total(kept.map(|item| item.row.amount_fen))?.plus(amount)?;
    let net = line.gross_fen.minus(deductions)?;
    if net < Fen::ZERO {
        let problem = Problem::invalid(
            "连同已收回的多付，扣除额超过应发工资。",
            "With what is taken back already more is withheld than the gross wage.",
        );
        return Err(problem.at("amount", "bad_amount"));
    }
    let row = LineRow {
        deductions_fen: deductions,
        net_fen: net,
        disputed_fen: line.disputed_fen.min(net),
        state_reason: Some(reason),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..line
    };
    items::actions::deduct_whole(
        tx,
        ctx,
        site,
        &sheet,
        &row,
        (amount, &taken_back),
        row.state_reason.as_deref().unwrap_or_default(),
    )?;
    write_line(tx, ctx, &row, "deduct", ctx.today)?;
    add_up(tx, SheetRow { version: sheet.version + 1, ..sheet })?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "deduct", &row.id.to_string())?;
    Ok(row)
}

/// Marks a part of a line as contested; the rest stays owed and is paid. Nothing ends the dispute.
///
/// # Errors
/// `invalid` for an amount below nothing or above the net wage.
pub fn dispute_line(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    line: LineId,
    amount: Fen,
    reason: &str,
) -> Result<LineRow, Problem> {
    let reason = checked_reason(reason)?;
    let sheet = open_sheet(tx, site, sheet)?;
    let line = line_of_sheet(tx, site, &sheet, line)?;
    if amount < Fen::ZERO || amount > line.net_fen {
        let problem =
            Problem::invalid("争议额应在 0 与实发工资之间。", "A contested part lies between nothing and the net wage.");
        return Err(problem.at("amount", "bad_amount"));
    }
    let row =
        LineRow { disputed_fen: amount, state_reason: Some(reason), recorded_seq: tx.seq(Chain::Project(site.id))?, ..line };
    write_line(tx, ctx, &row, "dispute", ctx.today)?;
    table::update_sheet(tx, &SheetRow { version: sheet.version + 1, recorded_seq: row.recorded_seq, ..sheet })?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "dispute_line", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}

/// Hands a sheet to the general contractor: every line is signed (R724-31a).
///
/// # Errors
/// `conflict` with each unsigned line, each line that a file left out and nobody confirmed, and each quantity of piece work that not both
/// have confirmed, or when the sheet is no draft.
pub fn submit(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId) -> Result<SheetRow, Problem> {
    submit_as(tx, ctx, site, sheet, false)
}

/// As [`submit`]; `without_unconfirmed` says that the sheet goes without the piece work that not both have confirmed, which stays open.
///
/// # Errors
/// As [`submit`].
pub fn submit_as(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    sheet: SheetId,
    without_unconfirmed: bool,
) -> Result<SheetRow, Problem> {
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Draft)?;
    imports::left_out::require_none(tx.conn(), site, sheet.id)?;
    let lines = table::lines_of(tx.conn(), site.id, sheet.id)?;
    let unsigned: Vec<&LineRow> = lines.iter().filter(|line| line.state == LineState::Draft).collect();
    if !unsigned.is_empty() {
        let count = unsigned.len();
        let faults = unsigned.iter().map(|line| Fault {
            place: line.id.to_string(),
            reason: "missing_field".to_owned(),
            zh: "工人尚未签字。".to_owned(),
            en: "The worker has not signed.".to_owned(),
        });
        let problem = Problem::conflict(
            format!("还有 {count} 行未经工人签字，不能提交（条例第三十一条）。"),
            format!("{count} lines are not signed by the worker; the sheet cannot be handed in (rule R724-31a)."),
        );
        return Err(problem.with_faults(faults));
    }
    let left = items::waiting::require_none(tx, site, sheet.id, without_unconfirmed)?;
    let row = SheetRow {
        state: SheetState::Submitted,
        version: sheet.version + 1,
        submitted_by: Some(ctx.actor().to_owned()),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..sheet
    };
    table::update_sheet(tx, &row)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "submit_sheet", &row.id.to_string())?;
    if left > 0 {
        let what = format!("{} {left}", row.id);
        tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "submit_without_unconfirmed", &what)?;
    }
    Ok(row)
}

/// Refuses the one who handed a sheet in, under whichever account, where a subcontractor is on the project; and of arrears from before
/// also the one who imported them, since no attendance speaks for those.
fn require_another(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: &SheetRow) -> Result<(), Problem> {
    if ctx.scope.user.is_none() {
        return Ok(());
    }
    let imported = opening::table::importers_of(tx.conn(), site.id, sheet.id)?;
    let has_two = site.party(PartyRole::Subcontractor, ctx.today).is_some() || !imported.is_empty();
    for first in sheet.submitted_by.iter().filter(|_| has_two).chain(&imported) {
        if second::is_asker(tx.conn(), ctx, first)? {
            let problem = Problem::conflict(
                "提交人与审核人应为两人：分包单位提交，劳资专管员审核；此前欠付的，导入人也不能审核（人社部发〔2021〕53号）。同一邮箱的两个账号算一个人。",
                "Who hands a sheet in does not audit it: the subcontractor hands in, the labour manager audits (rule R53-17); and who \
                 imported arrears from before does not audit them. Two accounts with one e-mail address are one person.",
            );
            return Err(problem.at("audited_by", "duplicate"));
        }
    }
    Ok(())
}

/// The labour manager's audit (R53-17): the lines are approved and their wages stand in the ledger.
///
/// Where a subcontractor is on the project, and for arrears from before, the one who hands in and the one who audits are two persons;
/// where the general contractor employs everybody itself, one labour manager may do both. The service itself (jobs, demonstrations) is no person.
///
/// # Errors
/// `conflict` when the sheet was not handed in, or was handed in by the same person.
pub fn audit(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId) -> Result<SheetRow, Problem> {
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Submitted)?;
    require_another(tx, ctx, site, &sheet)?;
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    let lines = table::lines_of(tx.conn(), site.id, sheet.id)?;
    let signed = lines.into_iter().filter(|line| line.state == LineState::Signed);
    let approved: Vec<LineRow> =
        signed.map(|line| LineRow { state: LineState::Approved, state_reason: None, recorded_seq, ..line }).collect();
    table::move_lines(tx, &approved)?;
    let events: Vec<_> = approved.iter().map(|line| event_of(ctx, line, "audit", ctx.today)).collect();
    table::insert_events(tx, &events)?;
    let row = SheetRow {
        state: SheetState::Audited,
        version: sheet.version + 1,
        audited_by: Some(ctx.actor().to_owned()),
        audited_on: Some(ctx.today),
        recorded_seq,
        ..sheet
    };
    table::update_sheet(tx, &row)?;
    if row.total_fen.is_positive() {
        let key = format!("sheet {}", row.id);
        let (debit, credit) = (LedgerAccount::WagesDue, LedgerAccount::WagesPayable);
        let posting = Posting::of(key, PostingKind::Wages, ctx.today, debit, credit, row.total_fen);
        ledger::actions::post(tx, ctx, site, &posting)?;
    }
    tx.note(chain, ctx.now, ctx.actor(), "audit_sheet", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}
