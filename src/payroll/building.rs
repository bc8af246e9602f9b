//! Building a sheet from work days, again while it is a draft, and in parts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::actions::{add_up, require_seen, require_state};
use super::basis::{self, Earned};
use super::corrections::PaidAfter;
use super::items::actions::{Whole, replace};
use super::items::{self, Item, ItemKind, ItemSource, Sums};
use super::life::{self, Cycle};
use super::results::{event_of, write_line};
use super::table::{self, LineRow, SheetRow};
use super::{LINES_MAX, LineState, PARTS_MAX, SheetState, due_on};
use crate::base::id::{LineId, RecordId, SheetId};
use crate::base::{Day, Fen, Month};
use crate::law::questions::deadline::{PayDateInput, pay_date};
use crate::projects::{self, Site};
use crate::store::{Chain, Tx};
use crate::web::{Code, Ctx, Problem};

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

/// No sheet is of a year before this: a year of two or three digits is a slip of the hand, and a draft of it would stay for ever.
const YEAR_MIN: i32 = 2000;

/// Builds the sheet of a month from its work days, or builds it again while it is a draft.
///
/// Without `part` the draft is built again where there is one, else the next part is made; a second part takes only what the
/// earlier ones do not hold. A first part may be empty: it says that nobody worked.
///
/// # Errors
/// `invalid` for a month to come and where no pay day is agreed, `conflict` when there is nothing left for another part, when an
/// earlier part is still a draft, or when the part is no draft any more.
pub fn build_sheet(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month, part: Option<i32>) -> Result<BuiltSheet, Problem> {
    build(tx, ctx, site, month, part, None, None)
}

/// As [`build_sheet`], for wages that a contractor's system states: a part may hold nothing but those, and `stated` is the day on which
/// they are paid, which counts where no pay day is agreed, but never beyond the month after the work.
pub(super) fn build_for_upload(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    month: Month,
    stated: Day,
) -> Result<BuiltSheet, Problem> {
    build(tx, ctx, site, month, None, None, Some(stated))
}

/// Builds the next part of a month as the sheet of a cycle shorter than a month, where the contract agrees on one (R724-13).
///
/// It takes the work days up to `to_on` that stand on no earlier part. A part never crosses the end of its month, so that the law's
/// rules by month stay as they are: a week across two months is two sheets. Wages are due by the end of the next cycle.
///
/// # Errors
/// As [`build_sheet`]; `invalid` for a last day outside the month or to come, a cycle too long, or no paper that agrees on it.
pub fn build_period(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewPeriod) -> Result<BuiltSheet, Problem> {
    let agreed_in = super::actions::checked_text(&new.agreed_in, "agreed_in")?;
    let days = new.to_on.days_since(new.from_on) + 1;
    if new.to_on > ctx.today || new.from_on.month() != new.to_on.month() || !(1..=new.cycle.days_max()).contains(&days) {
        let zh = "按周、按日的工资表须在同一个月内、不超过 7 天、不晚于今天；跨月的一周请按月拆成两张。";
        let en =
            "A sheet by week or day lies in one month, covers at most 7 days and ends by today; split a week across two months.";
        return Err(Problem::invalid(zh, en).at("to_on", "bad_time"));
    }
    let new = NewPeriod { agreed_in, ..new.clone() };
    build(tx, ctx, site, new.to_on.month(), None, Some(&new), None)
}

/// A sheet of less than a month.
#[derive(Debug, Clone)]
pub struct NewPeriod {
    /// By week or by day.
    pub cycle: Cycle,
    /// First day.
    pub from_on: Day,
    /// Last day.
    pub to_on: Day,
    /// The paper that agrees on the cycle.
    pub agreed_in: String,
}

fn build(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    month: Month,
    part: Option<i32>,
    new: Option<&NewPeriod>,
    stated: Option<Day>,
) -> Result<BuiltSheet, Problem> {
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    if month > ctx.today.month() {
        return Err(Problem::invalid("不能为尚未到来的月份编制工资表。", "A month to come has no sheet.").at("month", "bad_time"));
    }
    if month.first().year() < YEAR_MIN {
        let (zh, en) = ("月份过早，请核对年份。", "The month is too long ago; check the year.");
        return Err(Problem::invalid(zh, en).at("month", "bad_time"));
    }
    let month_due = match (agreed_due_on(tx, ctx, site, month), stated) {
        (Ok(agreed), _) => agreed,
        (Err(problem), Some(stated)) if problem.code == Code::Invalid => stated.clamp(month.first(), month.plus(1).last()),
        (Err(problem), _) => return Err(problem),
    };
    let parts = table::parts(tx.conn(), site.id, month)?;
    let number = target_part(&parts, part)?;
    let known = parts.iter().find(|sheet| sheet.part == number).cloned();
    let period = match &known {
        Some(sheet) => life::table::period_of(tx.conn(), site.id, sheet.id)?,
        None => None,
    };
    if known.is_some() && new.is_some_and(|new| period.as_ref().is_none_or(|period| period.to_on != new.to_on)) {
        let (zh, en) = ("本月还有未提交的草稿，请先提交。", "The month has a draft; hand it in first.");
        return Err(Problem::conflict(zh, en).at("part", "duplicate"));
    }
    let cycle = new.map(|new| (new.from_on, new.to_on)).or(period.map(|period| (period.from_on, period.to_on)));
    let due = match cycle {
        // Paid by the end of the next cycle, before it where that is a day of rest, and never later than the month's pay day.
        Some((from, to)) => {
            let agreed = to.plus_days(to.days_since(from) + 1);
            let input = PayDateInput { agreed_on: Some(agreed) };
            pay_date(&ctx.book(), site.region, agreed, &input).pay_by.unwrap_or(agreed).min(month_due)
        }
        None => month_due,
    };
    let earned = basis::earned(tx, ctx, site, month, cycle.map(|(_, to)| to))?;
    let open = remaining(tx, site, &parts, number, earned)?;
    if known.is_none() && number > 1 && open.is_empty() && stated.is_none() {
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
            if let Some(new) = new {
                let row = life::table::PeriodRow {
                    project_id: site.id,
                    id: RecordId(ctx.id()),
                    sheet_id: fresh.id,
                    cycle: new.cycle,
                    from_on: new.from_on,
                    to_on: new.to_on,
                    agreed_in: new.agreed_in.clone(),
                    recorded_seq,
                };
                life::table::insert_period(tx, &row)?;
            }
            fresh
        }
    };
    let kept_signed = lay_lines(tx, ctx, &sheet, open)?;
    let sheet = add_up(tx, sheet)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "build_sheet", &sheet.id.to_string())?;
    Ok(BuiltSheet { sheet, kept_signed })
}

/// As [`build_sheet`], for somebody who must have seen a draft before it is built again.
pub fn build_seen(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, month: Month, part: Option<i32>) -> Result<BuiltSheet, Problem> {
    if let Some(draft) = draft_of(tx, site, month)?.filter(|draft| part.is_none_or(|part| part == draft.part)) {
        require_seen(tx, ctx, site, draft.id)?;
    }
    build_sheet(tx, ctx, site, month, part)
}

/// The part of a month that is a draft; there is one at most.
pub fn draft_of(tx: &mut Tx<'_>, site: &Site, month: Month) -> Result<Option<SheetRow>, Problem> {
    tx.seq(Chain::Project(site.id))?;
    Ok(table::parts(tx.conn(), site.id, month)?.into_iter().find(|sheet| sheet.state == SheetState::Draft))
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
    Ok(due_on(&ctx.book(), site.region, month, pay_day))
}

/// Which part a build is about.
fn target_part(parts: &[SheetRow], wanted: Option<i32>) -> Result<i32, Problem> {
    let draft = parts.iter().find(|sheet| sheet.state == SheetState::Draft).map(|sheet| sheet.part);
    let next = parts.iter().map(|sheet| sheet.part).max().unwrap_or(0) + 1;
    let number = wanted.or(draft).unwrap_or(next);
    if !(1..=next.min(PARTS_MAX)).contains(&number) {
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

/// What was earned and stands on no other part, nor was paid afterwards by a correction, which may stand on this part. A sheet that holds
/// more than was earned is not taken back here.
fn remaining(
    tx: &mut Tx<'_>,
    site: &Site,
    parts: &[SheetRow],
    number: i32,
    earned: Vec<Earned>,
) -> Result<BTreeMap<RecordId, Earned>, Problem> {
    let mut held: BTreeMap<RecordId, (i32, Fen)> = BTreeMap::new();
    let paid_after = PaidAfter::read(tx.conn(), site)?;
    for sheet in parts {
        let extras = items::actions::of_extras(tx.conn(), site, sheet.id)?;
        for line in table::lines_of(tx.conn(), site.id, sheet.id)? {
            let beside = extras.get(&line.id).map(Vec::as_slice).unwrap_or_default();
            let (days, gross) = held.entry(line.enrolment_id).or_default();
            *gross = gross.plus(paid_after.of(beside)?)?;
            // The days of the part itself are laid anew.
            if sheet.part != number {
                *days = days.saturating_add(line.days_hundredths);
                *gross = gross.plus(line.gross_fen.minus(Sums::of(beside)?.extras)?)?;
            }
        }
    }
    let mut open = BTreeMap::new();
    for one in earned {
        let (days, gross) = held.get(&one.enrolment_id).copied().unwrap_or_default();
        let rest = Earned {
            days_hundredths: one.days_hundredths.saturating_sub(days).max(0),
            gross: one.gross.minus(gross)?,
            // A difference to earlier parts is one item: which days they held is not said by a sum.
            spans: if days == 0 && gross == Fen::ZERO { one.spans } else { Vec::new() },
            ..one
        };
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
    let (project, id) = (sheet.project_id, sheet.id);
    let lines = table::lines_of(tx.conn(), project, id)?;
    let mut made_of = BTreeMap::new();
    if !lines.is_empty() {
        let rows = items::table::of_sheet(tx.conn(), project, id)?;
        made_of = items::by_line(rows, items::table::steps_of_sheet(tx.conn(), project, id)?);
    }
    for line in lines {
        let earned = open.remove(&line.enrolment_id);
        if line.state == LineState::Signed {
            kept_signed += 1;
            continue;
        }
        let standing = made_of.remove(&line.id).unwrap_or_default();
        // Days that a sheet made elsewhere or a correction states stay as stated; the match with the attendance shows the difference.
        let is_stated = |item: &Item| {
            let source = item.row.source;
            item.row.kind == ItemKind::DayWage && matches!(source, ItemSource::Imported | ItemSource::Entered)
        };
        if standing.iter().any(|item| item.stands() && is_stated(item)) {
            continue;
        }
        let next = rebuilt(&line, sheet.due_on, earned.as_ref(), Sums::of(&standing)?)?;
        replace(tx, ctx, sheet, line.id, ItemKind::DayWage, &standing, &day_items(earned.as_ref()))?;
        if next.deductions_fen < line.deductions_fen {
            replace(tx, ctx, sheet, line.id, ItemKind::Deduction, &standing, &[])?;
        }
        if next != line {
            write_line(tx, ctx, &next, "build_sheet", ctx.today)?;
        }
    }
    let recorded_seq = tx.seq(Chain::Project(project))?;
    let (mut rows, mut events, mut made) = (Vec::with_capacity(open.len()), Vec::with_capacity(open.len()), Vec::new());
    for earned in open.into_values() {
        let row = LineRow {
            project_id: project,
            id: LineId(ctx.id()),
            sheet_id: id,
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
            recorded_seq,
        };
        events.push(event_of(ctx, &row, "build_sheet", ctx.today));
        made.extend(day_items(Some(&earned)).iter().map(|item| item.row(ctx, sheet, row.id, recorded_seq)));
        rows.push(row);
    }
    table::insert_lines(tx, &rows)?;
    table::insert_events(tx, &events)?;
    items::table::insert_items(tx, &made)?;
    Ok(kept_signed)
}

/// Work days as items of a line: one for each rate.
fn day_items(earned: Option<&Earned>) -> Vec<Whole> {
    let Some(earned) = earned else { return Vec::new() };
    let item = |label: &str, source, days: i32, unit_price, amount| Whole {
        kind: ItemKind::DayWage,
        label: label.to_owned(),
        quantity_thousandths: i64::from(days) * 10,
        unit_price,
        amount,
        source,
        inbox: None,
    };
    if earned.spans.is_empty() {
        let (days, rate) = (earned.days_hundredths, earned.day_rate);
        return vec![item("工日差额 days not on earlier parts", ItemSource::EarlierParts, days, rate, earned.gross)];
    }
    earned.spans.iter().map(|(rate, days, wage)| item("工日 work days", ItemSource::WorkDays, *days, *rate, *wage)).collect()
}

/// An unsigned line by what is earned now, beside what its items hold. A deduction or dispute larger than the new wage falls away: it
/// was made of another wage.
fn rebuilt(line: &LineRow, due_on: Day, earned: Option<&Earned>, items: Sums) -> Result<LineRow, Problem> {
    let worked = earned.map_or(Fen::ZERO, |earned| earned.gross);
    let gross = worked.plus(items.extras)?;
    let days_hundredths = earned.map_or(0, |earned| earned.days_hundredths);
    if earned.is_none() && !gross.is_positive() {
        return Ok(LineRow {
            days_hundredths,
            gross_fen: Fen::ZERO,
            deductions_fen: Fen::ZERO,
            net_fen: Fen::ZERO,
            disputed_fen: Fen::ZERO,
            state: LineState::Held,
            state_reason: Some(NO_WORK_DAYS.to_owned()),
            due_on,
            ..line.clone()
        });
    }
    let deductions = if line.deductions_fen > gross { Fen::ZERO } else { line.deductions_fen };
    let net = gross.minus(deductions)?;
    Ok(LineRow {
        days_hundredths,
        day_rate_fen: earned.map_or(line.day_rate_fen, |earned| earned.day_rate),
        gross_fen: gross,
        deductions_fen: deductions,
        net_fen: net,
        disputed_fen: if line.disputed_fen > net { Fen::ZERO } else { line.disputed_fen },
        due_on,
        state: LineState::Draft,
        state_reason: line.state_reason.clone().filter(|_| line.state == LineState::Draft),
        ..line.clone()
    })
}
