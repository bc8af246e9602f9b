//! From the tables of the slices to what the three say of a month. Every table is read once, whatever the number of workers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Account, Attended, Facts, Line, Payee, Person, Unknown, strangers, table};
use crate::attendance::{self, silence};
use crate::base::id::{LineId, RecordId, SheetId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::payroll::corrections::PaidAfter;
use crate::payroll::direct::{self, Direct, Roll};
use crate::payroll::items::{self, Item, Sums};
use crate::payroll::pay_run::checks::{Limits, deducted::Deducted, is_same_name};
use crate::payroll::table::{EventRow, LineRow};
use crate::payroll::{self, LineState, end_to_end_id};
use crate::projects::{self, Site};
use crate::settlement::payees::table as payees;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::workers::table::EnrolmentRow;

/// What the months of a project share: read once, however many of them are compared.
pub struct Standing {
    roll: Roll,
    /// Days on which a gate was out of reach.
    dark: BTreeSet<Day>,
    /// The agreed day of pay.
    pay_day: Option<u32>,
    /// What may be deducted of a wage.
    limits: Limits,
}

impl Standing {
    /// Reads a project's.
    pub fn read(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Self, Problem> {
        Ok(Standing {
            roll: Roll::read(conn, site)?,
            dark: silence::dark_days_of(conn, ctx, site.id)?,
            pay_day: projects::actions::facts(conn, site, ctx.today, None)?.pay_day(),
            limits: Limits::of(&ctx.book(), site.region, ctx.today),
        })
    }

    /// When wages of a month are due: by the agreed day, without one at the end of the following month (R724-13).
    pub(super) fn due_on(&self, ctx: &Ctx, site: &Site, month: Month) -> Day {
        self.pay_day.map_or_else(|| month.plus(1).last(), |day| payroll::due_on(&ctx.book(), site.region, month, day))
    }
}

/// Whose account the bank named for a payment to a worker.
fn account(roll: &Roll, worker: WorkerId, index: Option<&str>) -> Account {
    let Some(index) = index else { return Account::Fits };
    match roll.cards.get(index) {
        Some(whose) if whose.contains(&worker) => Account::Fits,
        Some(whose) => whose.first().map_or(Account::Nobodys, |other| Account::Of(*other)),
        None => Account::Nobodys,
    }
}

/// The name that the bank told where it is not the worker's own.
fn other_name(roll: &Roll, worker: WorkerId, told: Option<&str>) -> Option<String> {
    let own = roll.names.get(&worker)?;
    told.filter(|told| !is_same_name(told, own)).map(str::to_owned)
}

/// What the gates say of a month.
struct Gates {
    month: Month,
    worked: BTreeMap<WorkerId, (i64, i64)>,
    site_days: Vec<Day>,
    /// Days of the month on which a gate was out of reach, with the workers who were seen there all the same.
    dark: Vec<(Day, BTreeSet<RecordId>)>,
    /// Why nobody's attendance is known.
    all: Option<Unknown>,
}

impl Gates {
    fn read(conn: &mut AnyConn, ctx: &Ctx, site: &Site, dark_days: &BTreeSet<Day>, month: Month) -> Result<Self, Problem> {
        let worked = direct::by_worker(attendance::table::worked(conn, site.id, month)?);
        let site_days = table::site_days(conn, site.id, month)?;
        let all = if month.last() >= ctx.today {
            Some(Unknown::MonthOpen)
        } else if table::days_wait(conn, site.id, month)? {
            Some(Unknown::DaysWaiting)
        } else if site_days.is_empty() && attendance::devices::table::of_project(conn, site.id)?.is_empty() {
            Some(Unknown::NoDevice)
        } else {
            None
        };
        let mut dark = Vec::new();
        for day in dark_days.range(month.first()..=month.last()).copied() {
            let seen = attendance::folding::table::hundredths_on(conn, site.id, day)?;
            dark.push((day, seen.into_iter().map(|(enrolment, _)| enrolment).collect()));
        }
        Ok(Gates { month, worked, site_days, dark, all })
    }

    fn attended(&self, worker: WorkerId, enrolments: &[EnrolmentRow]) -> Attended {
        if let Some(why) = self.all {
            return Attended::NotKnown(why);
        }
        // A day on which a gate was out of reach and that knows nothing of the worker is not a day away: the sum is not known.
        let is_unseen = |(day, seen): &(Day, BTreeSet<RecordId>)| {
            enrolments.iter().any(|row| row.holds_on(*day)) && !enrolments.iter().any(|row| seen.contains(&row.id))
        };
        if self.dark.iter().any(is_unseen) {
            return Attended::NotKnown(Unknown::GateSilent);
        }
        match self.worked.get(&worker) {
            Some((hundredths, _)) if *hundredths > 0 => return Attended::Days(*hundredths),
            Some((_, days)) if *days > 0 => return Attended::NotKnown(Unknown::Incomplete),
            _ => {}
        }
        let here: Vec<&EnrolmentRow> = enrolments
            .iter()
            .filter(|row| row.entered_on <= self.month.last() && row.left_on.is_none_or(|last| last >= self.month.first()))
            .collect();
        if !here.is_empty() && here.iter().all(|row| row.pin_index.is_none()) {
            return Attended::NotKnown(Unknown::NoGateNumber);
        }
        let could_be_seen = |day: &Day| here.is_empty() || here.iter().any(|row| row.holds_on(*day));
        if self.site_days.iter().any(could_be_seen) { Attended::Days(0) } else { Attended::NotKnown(Unknown::GateSilent) }
    }
}

/// What the three say of a month.
pub fn facts(conn: &mut AnyConn, ctx: &Ctx, site: &Site, standing: &Standing, month: Month) -> Result<Facts, Problem> {
    let roll = &standing.roll;
    let gates = Gates::read(conn, ctx, site, &standing.dark, month)?;
    let mut lines: BTreeMap<WorkerId, Vec<LineRow>> = BTreeMap::new();
    let mut made_of = MadeOf { paid_after: PaidAfter::read(conn, site)?, ..MadeOf::default() };
    for sheet in payroll::table::parts(conn, site.id, month)? {
        made_of.read(conn, site, sheet.id)?;
        for line in payroll::table::lines_of(conn, site.id, sheet.id)? {
            lines.entry(line.worker_id).or_default().push(line);
        }
    }
    let earned = earned(conn, site, month)?;
    let mut payees = payees_of_lines(conn, site, roll, &lines)?;
    let mut straight: BTreeMap<WorkerId, Vec<Direct>> = BTreeMap::new();
    for (worker, entry, amount) in direct::pay_of(conn, ctx, site, roll, &gates.worked, &lines, month)? {
        straight.entry(worker).or_default().push(Direct { entry: entry.id, amount, booked_on: entry.booked_on });
        if let Some(name) = other_name(roll, worker, entry.counterparty.as_deref()) {
            let payee = Payee { entry: entry.id, line: None, amount, name: Some(name), account: Account::Fits };
            payees.entry(worker).or_default().push(payee);
        }
    }
    let mut people = Vec::with_capacity(roll.enrolments.len());
    for (worker, enrolments) in &roll.enrolments {
        let own = lines.remove(worker).unwrap_or_default();
        people.push(Person {
            worker: *worker,
            name: roll.names.get(worker).cloned().unwrap_or_default(),
            enrolments: enrolments.iter().map(|row| row.id).collect(),
            attended: gates.attended(*worker, enrolments),
            lines: own.iter().map(|line| made_of.line(conn, site, &standing.limits, line)).collect::<Result<_, _>>()?,
            direct: straight.remove(worker).unwrap_or_default(),
            payees: payees.remove(worker).unwrap_or_default(),
            earned: earned.get(worker).copied().flatten(),
        });
    }
    let strangers = strangers::of_month(conn, ctx, site, month)?;
    Ok(Facts { month, today: ctx.today, due_on: standing.due_on(ctx, site, month), people, strangers })
}

/// What each worker's days earn at the agreed rates; `None` for somebody with a day at no rate.
fn earned(conn: &mut AnyConn, site: &Site, month: Month) -> Result<BTreeMap<WorkerId, Option<Fen>>, Problem> {
    let mut sums: BTreeMap<WorkerId, Option<Fen>> = BTreeMap::new();
    for one in payroll::basis::by_days(conn, site, month, None)? {
        let has_rate = one.spans.iter().all(|(rate, days, _)| rate.is_positive() || *days == 0);
        let sum = sums.entry(one.worker_id).or_insert(Some(Fen::ZERO));
        *sum = match sum {
            Some(before) if has_rate => Some(before.plus(one.gross)?),
            _ => None,
        };
    }
    Ok(sums)
}

/// What lines are made of, as far as the comparison asks.
#[derive(Default)]
struct MadeOf {
    /// What a line gives beside days.
    extras: BTreeMap<LineId, Vec<Item>>,
    /// What of that is pay for days all the same.
    paid_after: PaidAfter,
}

impl MadeOf {
    fn read(&mut self, conn: &mut AnyConn, site: &Site, sheet: SheetId) -> Result<(), Problem> {
        self.extras.extend(items::actions::of_extras(conn, site, sheet)?);
        Ok(())
    }

    fn line(&self, conn: &mut AnyConn, site: &Site, limits: &Limits, row: &LineRow) -> Result<Line, Problem> {
        let extras = self.extras.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let beside = Sums::of(extras)?.extras.minus(self.paid_after.of(extras)?)?;
        Ok(Line {
            id: row.id,
            sheet: row.sheet_id,
            days: i64::from(row.days_hundredths),
            day_rate: row.day_rate_fen,
            basic: row.gross_fen.minus(beside)?,
            net: row.net_fen,
            withheld: Deducted::of(conn, site, row, self.extras.get(&row.id), limits)?.open()?,
            disputed: row.disputed_fen,
            paid: row.paid_fen,
            due_on: row.due_on,
            state: row.state,
        })
    }
}

/// Payees that the bank named for payments which stand.
fn payees_of_lines(
    conn: &mut AnyConn,
    site: &Site,
    roll: &Roll,
    lines: &BTreeMap<WorkerId, Vec<LineRow>>,
) -> Result<BTreeMap<WorkerId, Vec<Payee>>, Problem> {
    let by_id: BTreeMap<LineId, &LineRow> = lines.values().flatten().map(|line| (line.id, line)).collect();
    let paid: Vec<LineId> = by_id.values().filter(|line| line.paid_fen.is_positive()).map(|line| line.id).collect();
    let mut found: BTreeMap<WorkerId, Vec<Payee>> = BTreeMap::new();
    for row in payees::of_lines(conn, site.id, &paid)? {
        let Some(line) = by_id.get(&row.line_id) else { continue };
        let stands = match line.attempt {
            1 => true,
            _ => is_paid(&payroll::table::events_of(conn, site.id, line.id)?, line.id, &row.end_to_end_id),
        };
        let account = account(roll, line.worker_id, row.counterparty_index.as_deref());
        let name = other_name(roll, line.worker_id, row.counterparty.as_deref());
        if stands && (account != Account::Fits || name.is_some()) {
            let payee = Payee { entry: row.entry_id, line: Some(line.id), amount: row.amount_fen, name, account };
            found.entry(line.worker_id).or_default().push(payee);
        }
    }
    Ok(found)
}

/// Whether an attempt ended paid, by the line's history: each attempt begins with the line being sent.
fn is_paid(events: &[EventRow], line: LineId, end_to_end: &str) -> bool {
    let mut attempt = 0;
    let mut outcome = BTreeMap::new();
    for event in events {
        let paid = match event.state {
            LineState::Sent => {
                attempt += 1;
                false
            }
            LineState::Paid => true,
            LineState::Returned | LineState::Rejected => false,
            _ => continue,
        };
        outcome.insert(end_to_end_id(line, attempt), paid);
    }
    outcome.get(end_to_end).copied().unwrap_or(false)
}
