//! Building a sheet, deductions and disputes, handing it in, auditing it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::basis::{self, Earned};
use super::results::{append, write_line};
use super::table::{self, LineRow, SheetRow};
use super::{LINES_MAX, LineState, PARTS_MAX, SheetState, due_on};
use crate::base::id::{LineId, RecordId, SheetId};
use crate::base::{Day, Fen, Month};
use crate::ledger::{self, LedgerAccount, Posting, PostingKind};
use crate::projects::{self, PartyRole, Site};
use crate::store::{Chain, Tx, jobs};
use crate::web::problem::Fault;
use crate::web::{Ctx, Problem};

/// A sheet after building, with what the build met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BuiltSheet {
    /// The sheet.
    pub sheet: SheetRow,
    /// Lines that were signed before and stay as they were signed; a difference belongs into the next part.
    pub kept_signed: u32,
}

/// Why a line has nothing to pay.
pub const NO_WORK_DAYS: &str = "no_work_days";

/// Locks the project's chain and gives the sheet as it stands.
///
/// # Errors
/// `not_found` when the project has no such sheet.
pub fn open_sheet(tx: &mut Tx<'_>, site: &Site, id: SheetId) -> Result<SheetRow, Problem> {
    tx.seq(Chain::Project(site.id))?;
    table::sheet(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)
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

/// Builds the sheet of a month from its work days, or builds it again while it is a draft.
///
/// Without `part` the draft is built again where there is one, else the next part is made; a second part takes only what the
/// earlier ones do not hold. A first part may be empty: it says that nobody worked.
///
/// # Errors
/// `invalid` for a month to come and where no pay day is agreed, `conflict` when there is nothing left for another part, when an
/// earlier part is still a draft, or when the part is no draft any more.
pub fn build_sheet(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month, part: Option<i32>) -> Result<BuiltSheet, Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    if month > ctx.today.month() {
        return Err(Problem::invalid("不能为尚未到来的月份编制工资表。", "A month to come has no sheet.").at("month", "bad_time"));
    }
    let due = agreed_due_on(tx, ctx, site, month)?;
    let parts = table::parts(tx.conn(), site.id, month)?;
    let number = target_part(&parts, part)?;
    let known = parts.iter().find(|sheet| sheet.part == number).cloned();
    let earned = basis::earned(tx, site, month)?;
    let open = remaining(tx, site, &parts, number, earned)?;
    if known.is_none() && number > 1 && open.is_empty() {
        let problem = Problem::conflict("本月工日都已列入工资表。", "Every work day of the month is on a sheet already.");
        return Err(problem.at("month", "duplicate"));
    }
    if open.len() > LINES_MAX {
        return Err(Problem::new(crate::web::Code::TooLarge, "一张工资表最多 20000 行。", "A sheet has at most 20,000 lines."));
    }
    let sheet = match known {
        Some(sheet) => SheetRow { due_on: due, version: sheet.version + 1, built_by: ctx.actor().to_owned(), ..sheet },
        None => {
            let fresh = SheetRow {
                project_id: site.id,
                id: SheetId(ctx.id()),
                month,
                part: number,
                state: SheetState::Draft,
                line_count: 0,
                total_fen: Fen::ZERO,
                due_on: due,
                version: 1,
                built_by: ctx.actor().to_owned(),
                submitted_by: None,
                audited_by: None,
                audited_on: None,
                recorded_seq,
            };
            table::insert_sheet(tx, &fresh)?;
            fresh
        }
    };
    let kept_signed = lay_lines(tx, ctx, &sheet, open)?;
    let sheet = add_up(tx, sheet)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "build_sheet", &sheet.id.to_string())?;
    Ok(BuiltSheet { sheet, kept_signed })
}

/// The day by which the month's wages are due, by the day that was agreed for the project.
fn agreed_due_on(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month) -> Result<Day, Problem> {
    let facts = projects::actions::facts(tx.conn(), site, ctx.today, None)?;
    let pay_day = facts.pay_day().ok_or_else(|| {
        Problem::invalid(
            "项目尚未记录约定的工资支付日，请先记录 pay_day 事实。",
            "No pay day is agreed for the project; record the fact `pay_day` first.",
        )
        .at("pay_day", "missing_field")
    })?;
    Ok(due_on(&ctx.ground.book(), site.region, month, pay_day))
}

/// Which part a build is about.
fn target_part(parts: &[SheetRow], wanted: Option<i32>) -> Result<i32, Problem> {
    let draft = parts.iter().find(|sheet| sheet.state == SheetState::Draft).map(|sheet| sheet.part);
    let next = parts.iter().map(|sheet| sheet.part).max().unwrap_or(0) + 1;
    let number = wanted.or(draft).unwrap_or(next);
    if number > PARTS_MAX || number < 1 || number > next {
        let problem = Problem::invalid(
            format!("本月下一张工资表为第 {next} 部分（最多 {PARTS_MAX} 部分）。"),
            format!("The next part of this month is {next}, of {PARTS_MAX} at most."),
        );
        return Err(problem.at("part", "bad_format"));
    }
    match (draft, parts.iter().find(|sheet| sheet.part == number)) {
        (Some(open), _) if open != number => {
            let problem = Problem::conflict(
                format!("第 {open} 部分仍是草稿，请先提交。"),
                format!("Part {open} is still a draft; hand it in first."),
            );
            Err(problem.at("part", "duplicate"))
        }
        (_, Some(sheet)) => require_state(sheet, SheetState::Draft).map(|()| number),
        (_, None) => Ok(number),
    }
}

/// What was earned and stands on no other part. A sheet that holds more than was earned is not taken back here.
fn remaining(
    tx: &mut Tx<'_>,
    site: &Site,
    parts: &[SheetRow],
    number: i32,
    earned: Vec<Earned>,
) -> Result<BTreeMap<RecordId, Earned>, Problem> {
    let mut held: BTreeMap<RecordId, (i32, Fen)> = BTreeMap::new();
    for sheet in parts.iter().filter(|sheet| sheet.part != number) {
        for line in table::lines_of(tx.conn(), site.id, sheet.id)? {
            let (days, gross) = held.entry(line.enrolment_id).or_default();
            *days = days.saturating_add(line.days_hundredths);
            *gross = gross.plus(line.gross_fen)?;
        }
    }
    let mut open = BTreeMap::new();
    for one in earned {
        let (days, gross) = held.get(&one.enrolment_id).copied().unwrap_or_default();
        let rest =
            Earned { days_hundredths: one.days_hundredths.saturating_sub(days).max(0), gross: one.gross.minus(gross)?, ..one };
        // A person who worked at no wage still stands on the first part, where somebody will see it.
        if rest.gross.is_positive() || (gross == Fen::ZERO && rest.days_hundredths > 0) {
            open.insert(rest.enrolment_id, rest);
        }
    }
    Ok(open)
}

/// Writes the lines of a draft: new ones, changed ones, and without work days those that lost them. Says how many were signed.
fn lay_lines(tx: &mut Tx<'_>, ctx: &Ctx, sheet: &SheetRow, mut open: BTreeMap<RecordId, Earned>) -> Result<u32, Problem> {
    let mut kept_signed = 0;
    for line in table::lines_of(tx.conn(), sheet.project_id, sheet.id)? {
        let earned = open.remove(&line.enrolment_id);
        if line.state == LineState::Signed {
            kept_signed += 1;
            continue;
        }
        let next = rebuilt(&line, sheet.due_on, earned)?;
        if next != line {
            write_line(tx, ctx, &next, "build_sheet", ctx.today)?;
        }
    }
    for earned in open.into_values() {
        let row = LineRow {
            project_id: sheet.project_id,
            id: LineId(ctx.id()),
            sheet_id: sheet.id,
            enrolment_id: earned.enrolment_id,
            worker_id: earned.worker_id,
            days_hundredths: earned.days_hundredths,
            day_rate_fen: earned.day_rate,
            gross_fen: earned.gross,
            deductions_fen: Fen::ZERO,
            net_fen: earned.gross,
            due_on: sheet.due_on,
            state: LineState::Draft,
            state_reason: None,
            disputed_fen: Fen::ZERO,
            attempt: 0,
            paid_on: None,
            paid_fen: Fen::ZERO,
            recorded_seq: tx.seq(Chain::Project(sheet.project_id))?,
        };
        table::insert_line(tx, &row)?;
        append(tx, ctx, &row, "build_sheet", ctx.today)?;
    }
    Ok(kept_signed)
}

/// An unsigned line by what is earned now. A deduction or dispute larger than the new wage falls away: it was made of another wage.
fn rebuilt(line: &LineRow, due_on: Day, earned: Option<Earned>) -> Result<LineRow, Problem> {
    let Some(earned) = earned else {
        return Ok(LineRow {
            days_hundredths: 0,
            gross_fen: Fen::ZERO,
            deductions_fen: Fen::ZERO,
            net_fen: Fen::ZERO,
            disputed_fen: Fen::ZERO,
            state: LineState::Held,
            state_reason: Some(NO_WORK_DAYS.to_owned()),
            due_on,
            ..line.clone()
        });
    };
    let deductions = if line.deductions_fen > earned.gross { Fen::ZERO } else { line.deductions_fen };
    let net = earned.gross.minus(deductions)?;
    Ok(LineRow {
        days_hundredths: earned.days_hundredths,
        day_rate_fen: earned.day_rate,
        gross_fen: earned.gross,
        deductions_fen: deductions,
        net_fen: net,
        disputed_fen: if line.disputed_fen > net { Fen::ZERO } else { line.disputed_fen },
        due_on,
        state: LineState::Draft,
        state_reason: line.state_reason.clone().filter(|_| line.state == LineState::Draft),
        ..line.clone()
    })
}

/// Writes a sheet with the count and sum of its lines.
fn add_up(tx: &mut Tx<'_>, sheet: SheetRow) -> Result<SheetRow, Problem> {
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

fn checked_reason(reason: &str) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        let problem = Problem::invalid("请写明原因（1 至 200 个字）。", "Give a reason of 1 to 200 characters.");
        return Err(problem.at("reason", "missing_field"));
    }
    Ok(reason.to_owned())
}

fn line_of_sheet(tx: &mut Tx<'_>, site: &Site, sheet: &SheetRow, id: LineId) -> Result<LineRow, Problem> {
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
    let net = line.gross_fen.minus(amount)?;
    let row = LineRow {
        deductions_fen: amount,
        net_fen: net,
        disputed_fen: line.disputed_fen.min(net),
        state_reason: Some(reason),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..line
    };
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
/// `conflict` with each unsigned line, or when the sheet is no draft.
pub fn submit(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId) -> Result<SheetRow, Problem> {
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Draft)?;
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
    let row = SheetRow {
        state: SheetState::Submitted,
        version: sheet.version + 1,
        submitted_by: Some(ctx.actor().to_owned()),
        recorded_seq: tx.seq(Chain::Project(site.id))?,
        ..sheet
    };
    table::update_sheet(tx, &row)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "submit_sheet", &row.id.to_string())?;
    Ok(row)
}

/// The labour manager's audit (R53-17): the lines are approved and their wages stand in the ledger.
///
/// Where a subcontractor is on the project, the one who hands in and the one who audits are two persons; where the general
/// contractor employs everybody itself, one labour manager may do both. The service itself (jobs, demonstrations) is no person.
///
/// # Errors
/// `conflict` when the sheet was not handed in, or was handed in by the same person.
pub fn audit(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId) -> Result<SheetRow, Problem> {
    let sheet = open_sheet(tx, site, sheet)?;
    require_state(&sheet, SheetState::Submitted)?;
    let same = ctx.scope.user.is_some() && sheet.submitted_by.as_deref() == Some(ctx.actor());
    if same && site.party(PartyRole::Subcontractor, ctx.today).is_some() {
        let problem = Problem::conflict(
            "提交人与审核人应为两人：分包单位提交，劳资专管员审核（人社部发〔2021〕53号）。",
            "Who hands a sheet in does not audit it: the subcontractor hands in, the labour manager audits (rule R53-17).",
        );
        return Err(problem.at("audited_by", "duplicate"));
    }
    let chain = Chain::Project(site.id);
    let recorded_seq = tx.seq(chain)?;
    for line in table::lines_of(tx.conn(), site.id, sheet.id)? {
        if line.state.may_become(LineState::Approved) && line.state == LineState::Signed {
            let approved = LineRow { state: LineState::Approved, state_reason: None, ..line };
            write_line(tx, ctx, &approved, "audit", ctx.today)?;
        }
    }
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
