//! What the slices know of a project's labour cost, put before the pure functions.

use std::collections::{BTreeMap, BTreeSet};

use super::forecast::{Position, Promise, Wages, Why};
use super::split::{Receipt, covered, dues};
use super::{Item, Split, table};
use crate::accounts::{self, Direction, Purpose};
use crate::base::id::{PartyId, ProjectId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::law::questions::deadline::{self, DeadlineInput, DeadlineKind};
use crate::matching::unlisted::UnlistedWork;
use crate::projects::{self, FactKind, Facts, PartyRole, Recorded, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::{attendance, matching, payroll};

/// Days beyond the day asked about that the calendar shows.
pub const AHEAD_DAYS: i64 = 92;

/// Months without a sheet of which the attendance is added up at most.
const MONTHS_WITHOUT_SHEET_MAX: usize = 24;

/// Due items that say how late an owner usually pays.
const HABIT_ITEMS: usize = 6;

/// Labour cost of a project on a day, with the transfer days of the next [`AHEAD_DAYS`].
pub fn split(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<Split, Problem> {
    let history = projects::actions::history(conn, site)?;
    let money = accounts::actions::money(conn, site, as_of, None)?;
    split_with(conn, ctx, site, &history, &money, as_of)
}

fn split_with(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    history: &[Recorded],
    money: &accounts::actions::Money,
    as_of: Day,
) -> Result<Split, Problem> {
    let book = ctx.book();
    let facts = Facts::fold(history.iter().cloned(), as_of);
    let due = dues(&book, site.region, history, as_of.plus_days(AHEAD_DAYS), as_of);
    let first = money.accounts.iter().map(|account| account.opened_on).min();
    let mut receipts: Vec<Receipt> = match first {
        Some(first) => accounts::table::flows(conn, site.id, first)?
            .into_iter()
            .filter(|flow| flow.purpose == Purpose::LabourCost)
            .map(|flow| Receipt {
                on: flow.booked_on,
                amount: if flow.direction == Direction::Credit { flow.amount_fen } else { flow.amount_fen.negated() },
            })
            .collect(),
        None => Vec::new(),
    };
    let has_feed = money.last_statement_on.is_some() || money.last_labour_cost_on.is_some();
    // What the statement of its day does not hold covers nothing; what it would cover is not known to be short either.
    let (announced, _) = covered(&due, &receipts, as_of)?;
    receipts.extend(money.refuted.iter().map(|(on, amount)| Receipt { on: *on, amount: amount.negated() }));
    let (mut items, ahead) = covered(&due, &receipts, as_of)?;
    let mut untold = false;
    for (item, announced) in items.iter_mut().zip(&announced) {
        if item.due_on <= as_of && item.short != announced.short {
            (item.short, item.late_days, untold) = (None, 0, true);
        }
    }
    if !has_feed {
        // Where the bank has said nothing, nobody knows what is short, and nobody is late.
        for item in &mut items {
            (item.short, item.late_days) = (None, 0);
        }
    }
    // Of what fell due after the days that the bank has told of as a whole nobody knows whether it came.
    let is_untold = |item: &Item| money.whole_until.is_some_and(|told| told < item.due_on && item.due_on < as_of);
    for item in items.iter_mut().filter(|item| is_untold(item) && item.short.is_some_and(Fen::is_positive)) {
        (item.short, item.late_days, untold) = (None, 0, true);
    }
    let passed = || items.iter().filter(|item| item.due_on <= as_of);
    let mut needs = Vec::new();
    if facts.get(FactKind::LabourCost).is_none() {
        needs.push(FactKind::LabourCost.to_string());
    }
    if facts.day_of(FactKind::Started).is_none() {
        needs.push(FactKind::Started.to_string());
    }
    if passed().any(|item| item.amount.is_none()) {
        needs.push(FactKind::ProgressPayment.to_string());
    }
    if !has_feed || untold {
        needs.push("bank_statement".to_owned());
    }
    let last = money.last_labour_cost_on;
    let next_by = last.and_then(|day| {
        let input = DeadlineInput::new(DeadlineKind::LabourCostTransfer, day);
        deadline::ask(&book, site.region, as_of, &input).due
    });
    Ok(Split {
        project: site.id,
        code: site.code.clone(),
        name: site.name.clone(),
        as_of,
        received: has_feed.then_some(money.received),
        ahead,
        short: Fen::total(passed().filter_map(|item| item.short))?,
        unknown: u32::try_from(passed().filter(|item| item.amount.is_none()).count()).unwrap_or(u32::MAX),
        needs,
        next_by: next_by.filter(|_| facts.day_of(FactKind::Finished).is_none()),
        items,
    })
}

/// Projects of an owner that one look adds up at most; the latest are kept.
pub const PROJECTS_MAX: usize = 200;

/// Labour cost that a company owes as owner, over the projects that the asker may see, the most overdue first; whether there are more.
///
/// # Errors
/// `not_found` for a company that takes part in nothing that the asker may see.
pub fn of_owner(conn: &mut AnyConn, ctx: &Ctx, owner: PartyId, as_of: Day) -> Result<(Vec<Split>, bool), Problem> {
    let mut ids: Vec<ProjectId> = projects::table::of_parties(conn, &[owner])?.into_iter().map(|(project, _)| project).collect();
    ids.sort();
    ids.dedup();
    let mut found = Vec::new();
    let (mut more, mut is_seen) = (false, false);
    for id in ids.into_iter().rev() {
        // A project that the asker may not see is left out, not hinted at.
        let Ok(site) = projects::enter(conn, &ctx.scope, id) else { continue };
        is_seen = true;
        if site.party(PartyRole::Owner, as_of) != Some(owner) {
            continue;
        }
        if found.len() >= PROJECTS_MAX {
            more = true;
            break;
        }
        found.push(split(conn, ctx, &site, as_of)?);
    }
    if !is_seen {
        return Err(Problem::not_found());
    }
    found.sort_by_key(|one| (std::cmp::Reverse(one.latest_days()), std::cmp::Reverse(one.short), one.project));
    Ok((found, more))
}

/// How many days after the transfer day an owner's money usually comes: the middle one of the last items that came, and never fewer than
/// the oldest open one has waited. Money that comes covers the oldest due first.
fn habit(items: &[Item], as_of: Day) -> i64 {
    let came = items.iter().rev().filter(|item| item.due_on <= as_of && item.covered_on.is_some());
    let mut days: Vec<i64> = came.take(HABIT_ITEMS).map(|item| item.late_days).collect();
    days.sort_unstable();
    days.get(days.len() / 2).copied().unwrap_or(0).max(waits_days(items, as_of))
}

/// Days by which the oldest open item is late.
fn waits_days(items: &[Item], as_of: Day) -> i64 {
    items.iter().filter(|item| item.is_open(as_of)).map(|item| item.late_days).max().unwrap_or(0)
}

/// What is counted on of a promise: all of it from an owner with nothing open, else the share that came of what was due so far.
fn counted_on(items: &[Item], as_of: Day, agreed: Fen) -> Result<Fen, Problem> {
    if !items.iter().any(|item| item.is_open(as_of)) {
        return Ok(agreed);
    }
    let passed = || items.iter().filter(|item| item.due_on <= as_of && item.amount.is_some());
    let (due, came) = (Fen::total(passed().filter_map(|item| item.amount))?, Fen::total(passed().map(|item| item.covered))?);
    let share = i128::from(agreed.0).saturating_mul(i128::from(came.or_zero().0)).checked_div(i128::from(due.0));
    Ok(share.and_then(|fen| i64::try_from(fen).ok()).map_or(Fen::ZERO, Fen))
}

/// What a project has, is promised and has to pay, for [`super::forecast::forecast`].
pub fn position(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<Position, Problem> {
    let history = projects::actions::history(conn, site)?;
    let facts = Facts::fold(history.iter().cloned(), as_of);
    let money = accounts::actions::money(conn, site, as_of, None)?;
    let split = split_with(conn, ctx, site, &history, &money, as_of)?;
    let late = habit(&split.items, as_of);
    // A transfer day that has passed without its money is no promise any more.
    let waits_days = waits_days(&split.items, as_of);
    let mut promised = Vec::new();
    for item in split.items.iter().filter(|item| item.due_on >= as_of) {
        let Some(agreed) = item.short.filter(|short| short.is_positive()) else { continue };
        let amount = counted_on(&split.items, as_of, agreed)?;
        promised.push(Promise { due_on: item.due_on, expected_on: item.due_on.plus_days(late), agreed, amount, waits_days });
    }
    let mut wages = Vec::new();
    for rest in table::rests(conn, site.id)? {
        wages.push(Wages { month: rest.month, pay_on: rest.due_on, amount: rest.amount_fen, why: Why::Sheet });
    }
    let with_sheet = table::months_with_sheet(conn, site.id)?;
    let in_parts = table::months_in_parts(conn, site.id)?;
    let book = ctx.book();
    let over = as_of.min(ctx.today);
    let mut left_out: BTreeMap<Month, UnlistedWork> =
        matching::unlisted::of_project(conn, ctx, site.id, as_of)?.into_iter().map(|work| (work.month, work)).collect();
    for month in attendance::table::months_with_attendance(conn, site.id)?.into_iter().rev().take(MONTHS_WITHOUT_SHEET_MAX) {
        if month.first() > as_of {
            continue;
        }
        let (has_sheet, in_parts) = (with_sheet.contains(&month), in_parts.contains(&month));
        let amount = match left_out.remove(&month) {
            // Of a month that is over, what clearance tells beside its sheets is still to be paid: days that were confirmed later, a raise.
            Some(work) if has_sheet && !in_parts => work.amount,
            // Of somebody whose attendance is not known as a whole, a month paid week by week has the days that were seen to pay.
            Some(work) if has_sheet => work.amount.plus(earned(conn, site, month, Some(&work.not_known))?)?,
            // Of a month that is paid week by week the rest is still to be paid.
            _ if !has_sheet || in_parts && month.last() >= over => earned(conn, site, month, None)?,
            _ => Fen::ZERO,
        };
        // Without an agreed day, wages are due by the end of the month after.
        let agreed = facts.pay_day().map(|day| payroll::due_on(&book, site.region, month, day));
        let pay_on = agreed.unwrap_or_else(|| month.plus(1).last());
        if amount.is_positive() {
            wages.push(Wages { month, pay_on, amount, why: Why::Attendance });
        }
    }
    // Of months beyond those looked at here, or without a day at the gates, what stands open beside their sheets is owed as well.
    for work in left_out.into_values().filter(|work| work.amount.is_positive()) {
        wages.push(Wages { month: work.month, pay_on: work.due_on, amount: work.amount, why: Why::Attendance });
    }
    wages.sort_by_key(|one| (one.pay_on, one.month));
    // What was sent to the bank and not debited yet is on the account and gone.
    let under_way = payroll::pay_run::under_way::of_project(conn, site, as_of)?;
    let balance = money.balance.map(|balance| balance.minus(under_way)).transpose()?;
    let frozen = accounts::freezes::standing::money_of(conn, &money.accounts, site.id, as_of)?;
    Ok(Position { as_of, balance, frozen: None, promised, wages }.without(frozen)?)
}

/// What the folded days of a month earned that stand on no line, each at the rate that held on it; of these workers only.
fn earned(conn: &mut AnyConn, site: &Site, month: Month, only: Option<&BTreeSet<WorkerId>>) -> Result<Fen, Problem> {
    let listed = table::listed(conn, site.id, month)?;
    let mut total = Fen::ZERO;
    for one in payroll::basis::by_days(conn, site, month, None)? {
        if only.is_none_or(|only| only.contains(&one.worker_id)) {
            total = total.plus(beside(&one.spans, listed.get(&one.enrolment_id).copied().unwrap_or(0))?)?;
        }
    }
    Ok(total)
}

/// What is left of spans of days at one rate (rate, days in hundredths, wage) once so many hundredths stand on lines: those are the first.
fn beside(spans: &[(Fen, i32, Fen)], mut listed: i64) -> Result<Fen, Problem> {
    let mut total = Fen::ZERO;
    for (rate, days, wage) in spans {
        let on_lines = i64::from(*days).min(listed).max(0);
        listed -= on_lines;
        let left = i32::try_from(i64::from(*days) - on_lines).unwrap_or(i32::MAX);
        total = total.plus(if on_lines == 0 { *wage } else { payroll::gross(left, *rate)? })?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labour_cost::Basis;

    fn item(due: &str, amount: i64, covered: i64, covered_on: Option<&str>, late_days: i64) -> Item {
        let due_on: Day = due.parse().unwrap();
        Item {
            period: due_on.month().plus(-1),
            part: 1,
            due_on,
            amount: Some(Fen(amount)),
            basis: Basis::Amount,
            covered: Fen(covered),
            short: Some(Fen(amount - covered)),
            covered_on: covered_on.map(|day| day.parse().unwrap()),
            late_days,
        }
    }

    #[test]
    fn days_on_no_line_keep_the_rate_that_held_on_them() {
        let spans = [(Fen(30_000), 1_000, Fen(300_000)), (Fen(40_000), 500, Fen(200_000))];
        for (listed, left) in [(0, 500_000), (400, 380_000), (1_000, 200_000), (1_250, 100_000), (1_500, 0), (2_000, 0)] {
            assert_eq!(beside(&spans, listed).unwrap(), Fen(left), "{listed}");
        }
    }

    #[test]
    fn an_owner_who_has_stopped_paying_is_not_expected_to_pay_punctually() {
        let as_of: Day = "2026-03-31".parse().unwrap();
        let mut items = vec![
            item("2026-01-10", 600_000, 600_000, Some("2026-01-10"), 0),
            item("2026-02-10", 600_000, 0, None, 49),
            item("2026-03-10", 600_000, 0, None, 21),
            item("2026-04-10", 600_000, 0, None, 0),
        ];
        assert_eq!((habit(&items, as_of), waits_days(&items, as_of)), (49, 49), "the oldest open money counts");
        assert_eq!(counted_on(&items, as_of, Fen(600_000)).unwrap(), Fen(200_000), "a third of what was due came");
        items[0].covered = Fen(100_000);
        assert_eq!(counted_on(&items, as_of, Fen(600_000)).unwrap(), Fen(33_333), "never rounded up");
        for open in &mut items[..3] {
            (open.covered, open.short, open.covered_on) = (Fen(600_000), Some(Fen::ZERO), Some(open.due_on));
        }
        items[1].late_days = 0;
        items[2].late_days = 3;
        assert_eq!((habit(&items, as_of), waits_days(&items, as_of)), (0, 0), "the middle one, once nothing is open");
        assert_eq!(counted_on(&items, as_of, Fen(600_000)).unwrap(), Fen(600_000));
    }
}
