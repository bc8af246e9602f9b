//! Months of pay: every month in which somebody attended or had a live contract, with its sheet or without one.
//!
//! A contractor who never makes a sheet must not look clear, so months come from attendance and enrolments, not from sheets.

use std::collections::{BTreeMap, BTreeSet};

use crate::attendance::{self, silence};
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::base::money::TooMuch;
use crate::base::{Day, Month, RegionCode};
use crate::law::facts::{Fact, MonthPay, Owed, SheetState};
use crate::law::rules::arrears::{self, Arrears};
use crate::matching;
use crate::payroll::months::{MonthWages, Tally};
use crate::payroll::{self, SheetState as PaySheetState};
use crate::projects::{FactKind, Facts, Site};
use crate::settlement::doubts;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::workers;

use super::CONTRACTOR;

/// Months looked back at most: beyond it, nothing is still being paid.
const MONTHS_MAX: usize = 240;

/// The months of pay of a project as rules read them.
pub(super) fn payroll(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    facts: &Facts,
    has_device: bool,
    as_of: Day,
) -> Result<Vec<MonthPay>, Problem> {
    let stays = workers::table::stays_of(conn, site.id)?;
    let seen = attendance::table::spans_of(conn, &[site.id])?.remove(&site.id).unwrap_or_default();
    let dark = silence::months_of(&silence::dark_days_of(conn, ctx, site.id)?);
    let attended = Attended::of(&seen, dark);
    let wages: BTreeMap<Month, MonthWages> =
        payroll::months::wages(conn, site, as_of)?.into_iter().map(|one| (one.month, one)).collect();
    let waiting = not_known_paid(conn, ctx, &[site.id], as_of)?.remove(&site.id).unwrap_or_default();
    let records = Records {
        waiting,
        region: site.region,
        pay_day: facts.pay_day(),
        spans: stays.iter().map(|(_, _, entered, left)| (*entered, *left)).collect(),
        wages,
        first_attended: attended.first(),
        device_known: attended.first().is_some() || has_device,
    };
    // A person who left and came back is two enrolments and one who attended.
    let people: BTreeMap<RecordId, WorkerId> = stays.iter().map(|(id, worker, _, _)| (*id, *worker)).collect();
    records.months(ctx, as_of, |month, _| {
        if !attended.may_have(month) {
            return Ok(attended.seen(month, 0));
        }
        let enrolments = attendance::table::enrolments_in(conn, site.id, month)?;
        let workers: BTreeSet<WorkerId> = enrolments.iter().filter_map(|id| people.get(id).copied()).collect();
        Ok(attended.seen(month, u32::try_from(workers.len()).unwrap_or(u32::MAX)))
    })
}

/// Lines whose result says paid and which are not known paid all the same, by project and month: a refund waits that may be theirs (`None`
/// where it fits no line), the bank has also called them refused, or by its word somebody else got the money.
pub(super) fn not_known_paid(
    conn: &mut AnyConn,
    ctx: &Ctx,
    projects: &[ProjectId],
    as_of: Day,
) -> Result<BTreeMap<ProjectId, BTreeMap<Option<Month>, u32>>, Problem> {
    let mut found = doubts::waiting(conn, projects, as_of)?;
    let contradicted = payroll::pay_run::table::contradicted(conn, projects)?;
    let elsewhere = matching::actions::paid_elsewhere(conn, ctx, projects, as_of)?;
    for (project, month, lines) in contradicted.into_iter().chain(elsewhere) {
        let count = found.entry(project).or_default().entry(Some(month)).or_default();
        *count = count.saturating_add(lines);
    }
    Ok(found)
}

/// In which months somebody can have attended, before anybody looks.
pub(super) struct Attended {
    folded: Option<(Month, Month)>,
    waiting: BTreeSet<Month>,
    /// Months in which a gate machine told nothing of some working hours.
    dark: BTreeSet<Month>,
}

impl Attended {
    pub(super) fn of(span: &attendance::table::Span, dark: BTreeSet<Month>) -> Self {
        let folded = span.folded.map(|(first, last)| (first.month(), last.month()));
        Self { folded, waiting: span.waiting.iter().map(|day| day.month()).collect(), dark }
    }

    /// The first month, folded or waiting to be.
    pub(super) fn first(&self) -> Option<Month> {
        self.folded.map(|(first, _)| first).into_iter().chain(self.waiting.first().copied()).min()
    }

    /// Whether folded days of the month can be on record.
    pub(super) fn may_have(&self, month: Month) -> bool {
        self.folded.is_some_and(|(first, last)| first <= month && month <= last)
    }

    /// What so many people, by what is folded, say of the month.
    pub(super) fn seen(&self, month: Month, people: u32) -> Seen {
        Seen { is_listed: people > 0 || self.waiting.contains(&month), people, is_dark: self.dark.contains(&month) }
    }
}

/// What is on record of a project that its months follow from.
pub(super) struct Records {
    pub(super) region: RegionCode,
    /// The agreed day of pay.
    pub(super) pay_day: Option<u32>,
    /// First and last day of each enrolment.
    pub(super) spans: Vec<(Day, Option<Day>)>,
    pub(super) wages: BTreeMap<Month, MonthWages>,
    pub(super) first_attended: Option<Month>,
    /// Whether there is anything that attendance would have been seen by.
    pub(super) device_known: bool,
    /// Lines that are not known paid while a refund waits for a person, by month; `None` for a refund that fits no line.
    pub(super) waiting: BTreeMap<Option<Month>, u32>,
}

/// What attendance says of a month.
pub(super) struct Seen {
    /// Whether somebody passed the gates, folded or waiting to be.
    pub(super) is_listed: bool,
    /// How many people worked, by what is folded.
    pub(super) people: u32,
    /// Whether a gate machine told nothing of some working hours, so that nobody seen does not mean nobody there.
    pub(super) is_dark: bool,
}

impl Records {
    /// The months with a sheet, a live contract or attendance, for which `seen` is asked; it is told whether the month is listed and
    /// concerned without it.
    pub(super) fn months(
        &self,
        ctx: &Ctx,
        as_of: Day,
        mut seen: impl FnMut(Month, bool) -> Result<Seen, Problem>,
    ) -> Result<Vec<MonthPay>, Problem> {
        let live = |month: Month| {
            self.spans.iter().any(|(entered, left)| *entered <= month.last() && left.is_none_or(|end| month.first() <= end))
        };
        let first_entry = self.spans.iter().map(|(entered, _)| entered.month()).min();
        let earliest = [first_entry, self.first_attended, self.wages.keys().next().copied()].into_iter().flatten().min();
        let Some(earliest) = earliest else { return Ok(Vec::new()) };
        let book = ctx.book();
        let mut months = Vec::new();
        for month in earliest.up_to(as_of.month()).take(MONTHS_MAX) {
            let sheet = self.wages.get(&month);
            let live_contracts = live(month);
            let is_settled = live_contracts || sheet.is_some_and(|one| state_of(one.state) == SheetState::Audited);
            let seen = seen(month, is_settled)?;
            let doubtful = self.waiting.get(&Some(month)).copied().unwrap_or(0);
            if sheet.is_none() && !live_contracts && !seen.is_listed && doubtful == 0 {
                continue;
            }
            // Without an agreed pay day the last lawful one stands: the end of the following month (R724-13, RW-01).
            let agreed = || self.pay_day.map(|day| payroll::due_on(&book, self.region, month, day));
            let pay_due_on = sheet.map(|one| one.due_on).or_else(agreed).unwrap_or_else(|| month.plus(1).last());
            let is_known = self.device_known && (seen.people > 0 || !seen.is_dark);
            let attended = if is_known { Fact::known(seen.people, "work_days") } else { Fact::not_known(CONTRACTOR) };
            months.push(in_doubt(month_pay(month, attended, sheet, pay_due_on, live_contracts, as_of)?, doubtful));
        }
        // A refund that fits no line is of some line all the same: the last month that is due is not known paid.
        let loose = self.waiting.get(&None).copied().unwrap_or(0);
        if let Some(last) = months.iter_mut().rev().find(|month| as_of > month.pay_due_on) {
            *last = in_doubt(last.clone(), loose);
        }
        Ok(months)
    }
}

/// A month of which so many lines are not known paid: their result is as open as that of payments under way.
fn in_doubt(month: MonthPay, lines: u32) -> MonthPay {
    let paid = Owed { workers: month.paid.workers.saturating_sub(lines), ..month.paid };
    let in_flight = Owed { workers: month.in_flight.workers.saturating_add(lines), ..month.in_flight };
    MonthPay { paid, in_flight, ..month }
}

/// The months with the work that stands on no sheet. Where something is owed or not known anyway, such work changes nothing and is not
/// looked for: whoever asks about many projects does the same (`owing_and_unlisted`).
pub(super) fn with_unlisted(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    facts: &Facts,
    mut months: Vec<MonthPay>,
    as_of: Day,
) -> Result<Vec<MonthPay>, Problem> {
    if arrears_of(&months, facts, as_of).state.get() != Some(false) {
        return Ok(months);
    }
    let mut found = matching::unlisted::past_due(conn, ctx, &[site.id], as_of)?;
    for one in found.remove(&site.id).unwrap_or_default() {
        for month in months.iter_mut().filter(|month| month.month == one.month) {
            month.unlisted = one.workers;
        }
    }
    Ok(months)
}

/// A sheet's state as rules see it.
fn state_of(state: PaySheetState) -> SheetState {
    match state {
        PaySheetState::Draft => SheetState::Draft,
        PaySheetState::Submitted => SheetState::Submitted,
        PaySheetState::Audited | PaySheetState::Published | PaySheetState::Closed => SheetState::Audited,
    }
}

fn month_pay(
    month: Month,
    attended: Fact<u32>,
    sheet: Option<&MonthWages>,
    pay_due_on: Day,
    live_contracts: bool,
    as_of: Day,
) -> Result<MonthPay, TooMuch> {
    let owed = |tally: Tally| Owed { amount: tally.amount, workers: tally.lines };
    let none = Owed::default();
    let (state, due, paid, failed, in_flight, disputed) = match sheet {
        None => (SheetState::None, none, none, none, none, none),
        Some(one) => {
            // Before the pay day nothing is due yet; the sheet's total is what will be.
            let due = if as_of > pay_due_on { owed(one.due) } else { Owed { amount: one.total, workers: one.due.lines } };
            (state_of(one.state), due, owed(one.paid), owed(one.not_paid()?), owed(one.in_flight), owed(one.disputed))
        }
    };
    Ok(MonthPay {
        month,
        attended,
        sheet: state,
        due,
        paid,
        failed,
        in_flight,
        disputed,
        pay_due_on,
        live_contracts,
        unlisted: 0,
        bank_silent: false,
    })
}

/// What a project owes on a day: nothing of it is known where work has begun and no month is on record.
pub(super) fn arrears_of(months: &[MonthPay], facts: &Facts, as_of: Day) -> Arrears {
    let mut arrears = arrears::of(months, as_of);
    let began = facts.day_of(FactKind::Started).is_some_and(|day| day <= as_of);
    if months.is_empty() && began {
        // Work that has begun without a single month on record is missing data, not a clean record.
        arrears.state = Fact::not_known(CONTRACTOR);
        arrears.needs.push("attendance".to_owned());
    }
    arrears
}
