//! Months of pay: every month in which somebody attended or had a live contract, with its sheet or without one.
//!
//! A contractor who never makes a sheet must not look clear, so months come from attendance and enrolments, not from sheets.

use std::collections::BTreeMap;

use crate::base::{Day, Month};
use crate::law::facts::{Fact, MonthPay, Owed, SheetState};
use crate::law::rules::arrears::{self, Arrears};
use crate::payroll::months::{MonthWages, Tally};
use crate::payroll::{self, SheetState as PaySheetState};
use crate::projects::{FactKind, Facts, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::{attendance, workers};

use super::CONTRACTOR;

/// Months looked back at most: beyond it, nothing is still being paid.
const MONTHS_MAX: usize = 240;

/// The months of pay of a project as rules read them.
pub(super) fn payroll(conn: &mut AnyConn, ctx: &Ctx, site: &Site, facts: &Facts, as_of: Day) -> Result<Vec<MonthPay>, Problem> {
    let enrolments = workers::table::of_project(conn, site.id)?;
    let attended = attendance::table::months_with_attendance(conn, site.id)?;
    let wages: BTreeMap<Month, MonthWages> =
        payroll::months::wages(conn, site, as_of)?.into_iter().map(|one| (one.month, one)).collect();
    let live = |month: Month| {
        enrolments.iter().any(|row| row.entered_on <= month.last() && row.left_on.is_none_or(|end| month.first() <= end))
    };
    let first_entry = enrolments.iter().map(|row| row.entered_on.month()).min();
    let earliest = [first_entry, attended.first().copied(), wages.keys().next().copied()].into_iter().flatten().min();
    let Some(earliest) = earliest else { return Ok(Vec::new()) };
    let device_known = !attendance::devices::table::of_project(conn, site.id)?.is_empty() || !attended.is_empty();
    let book = ctx.book();
    let mut months = Vec::new();
    for month in earliest.up_to(as_of.month()).take(MONTHS_MAX) {
        let sheet = wages.get(&month);
        let live_contracts = live(month);
        if sheet.is_none() && !live_contracts && !attended.contains(&month) {
            continue;
        }
        // Without an agreed pay day the last lawful one stands: the end of the following month (R724-13, RW-01).
        let agreed = facts.pay_day().map(|day| payroll::due_on(&book, site.region, month, day));
        let pay_due_on = sheet.map(|one| one.due_on).or(agreed).unwrap_or_else(|| month.plus(1).last());
        let count = attendance::table::attended(conn, site.id, month)?;
        let attended = if device_known {
            Fact::known(u32::try_from(count).unwrap_or(u32::MAX), "work_days")
        } else {
            Fact::not_known(CONTRACTOR)
        };
        months.push(month_pay(month, attended, sheet, pay_due_on, live_contracts, as_of));
    }
    Ok(months)
}

fn month_pay(
    month: Month,
    attended: Fact<u32>,
    sheet: Option<&MonthWages>,
    pay_due_on: Day,
    live_contracts: bool,
    as_of: Day,
) -> MonthPay {
    let owed = |tally: Tally| Owed { amount: tally.amount, workers: tally.lines };
    let none = Owed::default();
    let (state, due, paid, failed, in_flight, disputed) = match sheet {
        None => (SheetState::None, none, none, none, none, none),
        Some(one) => {
            let state = match one.state {
                PaySheetState::Draft => SheetState::Draft,
                PaySheetState::Submitted => SheetState::Submitted,
                PaySheetState::Audited | PaySheetState::Published | PaySheetState::Closed => SheetState::Audited,
            };
            // Before the pay day nothing is due yet; the sheet's total is what will be.
            let due = if as_of > pay_due_on { owed(one.due) } else { Owed { amount: one.total, workers: one.due.lines } };
            (state, due, owed(one.paid), owed(one.failed), owed(one.in_flight), owed(one.disputed))
        }
    };
    MonthPay { month, attended, sheet: state, due, paid, failed, in_flight, disputed, pay_due_on, live_contracts }
}

/// What a project owes on a day, and whether that is known.
#[derive(Debug, Clone)]
pub struct Owing {
    /// The law's view of the months.
    pub arrears: Arrears,
}

/// Arrears of one project: what gates need of it, without the rest of the card.
pub fn owing(conn: &mut AnyConn, ctx: &Ctx, site: &Site, facts: &Facts, as_of: Day) -> Result<Owing, Problem> {
    let months = payroll(conn, ctx, site, facts, as_of)?;
    let mut arrears = arrears::of(&months, as_of);
    let began = facts.day_of(FactKind::Started).is_some_and(|day| day <= as_of);
    if months.is_empty() && began {
        // Work that has begun without a single month on record is missing data, not a clean record.
        arrears.state = Fact::not_known(CONTRACTOR);
        arrears.needs.push("attendance".to_owned());
    }
    Ok(Owing { arrears })
}
