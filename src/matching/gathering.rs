//! From the tables of the slices to what the three say of a month. Every table is read once, whatever the number of workers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Account, Attended, Direct, Facts, Line, Payee, Person, Unknown, strangers, table};
use crate::accounts::Purpose;
use crate::accounts::table::EntryRow;
use crate::attendance::{self, Worked, silence};
use crate::base::id::{BankEntryId, LineId, RecordId, SheetId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::payroll::corrections::PaidAfter;
use crate::payroll::items::{self, Item, Sums};
use crate::payroll::outside::{self, table::ClearedRow};
use crate::payroll::pay_run::checks::{Limits, deducted::Deducted, is_same_name};
use crate::payroll::table::{EventRow, LineRow};
use crate::payroll::{self, LineState, end_to_end_id};
use crate::projects::{self, Site};
use crate::settlement::payees::table as payees;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::workers;
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

/// Who is who on a project.
struct Roll {
    enrolments: BTreeMap<WorkerId, Vec<EnrolmentRow>>,
    names: BTreeMap<WorkerId, String>,
    /// Card by its index → whose it is or was.
    cards: BTreeMap<String, BTreeSet<WorkerId>>,
}

impl Roll {
    fn read(conn: &mut AnyConn, site: &Site) -> Result<Self, Problem> {
        let mut enrolments: BTreeMap<WorkerId, Vec<EnrolmentRow>> = BTreeMap::new();
        let mut worker_of = BTreeMap::new();
        for row in workers::table::of_project(conn, site.id)? {
            worker_of.insert(row.id, row.worker_id);
            enrolments.entry(row.worker_id).or_default().push(row);
        }
        let mut cards: BTreeMap<String, BTreeSet<WorkerId>> = BTreeMap::new();
        for (enrolment, card) in table::cards(conn, site.id)? {
            if let Some(worker) = worker_of.get(&enrolment) {
                cards.entry(card).or_default().insert(*worker);
            }
        }
        Ok(Roll { enrolments, names: table::names(conn, site.id)?.into_iter().collect(), cards })
    }

    fn account(&self, worker: WorkerId, index: Option<&str>) -> Account {
        let Some(index) = index else { return Account::Fits };
        match self.cards.get(index) {
            Some(whose) if whose.contains(&worker) => Account::Fits,
            Some(whose) => whose.first().map_or(Account::Nobodys, |other| Account::Of(*other)),
            None => Account::Nobodys,
        }
    }

    /// The only worker whose card it is.
    fn holder(&self, index: Option<&str>) -> Option<WorkerId> {
        self.cards.get(index?).and_then(BTreeSet::first).copied()
    }

    fn other_name(&self, worker: WorkerId, told: Option<&str>) -> Option<String> {
        let own = self.names.get(&worker)?;
        told.filter(|told| !is_same_name(told, own)).map(str::to_owned)
    }
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
        let worked = by_worker(attendance::table::worked(conn, site.id, month)?);
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

fn by_worker(worked: Vec<Worked>) -> BTreeMap<WorkerId, (i64, i64)> {
    let mut sums: BTreeMap<WorkerId, (i64, i64)> = BTreeMap::new();
    for one in worked {
        let (hundredths, days) = sums.entry(one.worker).or_default();
        *hundredths = hundredths.saturating_add(one.hundredths);
        *days = days.saturating_add(one.days);
    }
    sums
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
    let mut direct: BTreeMap<WorkerId, Vec<Direct>> = BTreeMap::new();
    for (worker, entry, amount) in direct_pay(conn, ctx, site, roll, &gates.worked, &lines, month)? {
        direct.entry(worker).or_default().push(Direct { entry: entry.id, amount, booked_on: entry.booked_on });
        if let Some(name) = roll.other_name(worker, entry.counterparty.as_deref()) {
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
            direct: direct.remove(worker).unwrap_or_default(),
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
        let account = roll.account(line.worker_id, row.counterparty_index.as_deref());
        let name = roll.other_name(line.worker_id, row.counterparty.as_deref());
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

/// Money straight to workers' cards for a month, as the comparison counts it.
///
/// # Errors
/// What the store says.
pub fn direct(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<BTreeMap<WorkerId, Vec<Direct>>, Problem> {
    let mut found: BTreeMap<WorkerId, Vec<Direct>> = BTreeMap::new();
    if table::booked(conn, site.id, Purpose::WorkerPay, (month.plus(1).first(), ctx.today))?.is_empty() {
        return Ok(found);
    }
    let roll = Roll::read(conn, site)?;
    let worked = by_worker(attendance::table::worked(conn, site.id, month)?);
    let mut lines: BTreeMap<WorkerId, Vec<LineRow>> = BTreeMap::new();
    for sheet in payroll::table::parts(conn, site.id, month)? {
        for line in payroll::table::lines_of(conn, site.id, sheet.id)? {
            lines.entry(line.worker_id).or_default().push(line);
        }
    }
    for (worker, entry, amount) in direct_pay(conn, ctx, site, &roll, &worked, &lines, month)? {
        found.entry(worker).or_default().push(Direct { entry: entry.id, amount, booked_on: entry.booked_on });
    }
    Ok(found)
}

/// Money straight to workers' cards that is for the month: booked in the month after it, or later to somebody who was last on a sheet
/// then. What a person has told of it as payment of a line, by its voucher, is counted with that line.
fn direct_pay(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: &Site,
    roll: &Roll,
    worked: &BTreeMap<WorkerId, (i64, i64)>,
    lines: &BTreeMap<WorkerId, Vec<LineRow>>,
    month: Month,
) -> Result<Vec<(WorkerId, EntryRow, Fen)>, Problem> {
    let next = month.plus(1);
    let entries = table::booked(conn, site.id, Purpose::WorkerPay, (next.first(), ctx.today))?;
    let cleared = if entries.is_empty() { Vec::new() } else { outside::table::of_project(conn, site.id)? };
    let mut found = Vec::new();
    let mut seen_in: BTreeMap<Month, BTreeSet<WorkerId>> = BTreeMap::new();
    for (entry, amount) in net(entries) {
        let Some(worker) = roll.holder(entry.counterparty_index.as_deref()) else { continue };
        let booked_in = entry.booked_on.month();
        let is_here = lines.contains_key(&worker) || worked.contains_key(&worker);
        let is_ours = if booked_in == next {
            is_here || last_listed(conn, site, roll, worker, booked_in)?.is_none()
        } else {
            let before = booked_in.plus(-1);
            let was_seen = match seen_in.get(&before) {
                Some(seen) => seen.contains(&worker),
                None => {
                    let seen: BTreeSet<WorkerId> =
                        attendance::table::worked(conn, site.id, before)?.into_iter().map(|one| one.worker).collect();
                    let was = seen.contains(&worker);
                    seen_in.insert(before, seen);
                    was
                }
            };
            !was_seen && last_listed(conn, site, roll, worker, booked_in)? == Some(month)
        };
        let own = lines.get(&worker).map(Vec::as_slice).unwrap_or_default();
        let is_told =
            |row: &&ClearedRow| entry.bank_ref.as_ref() == Some(&row.reference) && own.iter().any(|line| line.id == row.line_id);
        let told = Fen::total(cleared.iter().filter(is_told).map(|row| row.amount_fen))?;
        let amount = amount.minus(told)?;
        if is_ours && amount.is_positive() {
            found.push((worker, entry, amount));
        }
    }
    Ok(found)
}

fn last_listed(conn: &mut AnyConn, site: &Site, roll: &Roll, worker: WorkerId, before: Month) -> Result<Option<Month>, Problem> {
    let mut last = None;
    for row in roll.enrolments.get(&worker).into_iter().flatten() {
        last = last.max(table::last_listed(conn, site.id, row.id, before)?);
    }
    Ok(last)
}

/// Money that left and did not come back under the same voucher, by its first entry.
pub fn net(entries: Vec<EntryRow>) -> Vec<(EntryRow, Fen)> {
    let mut order: Vec<(Result<String, BankEntryId>, EntryRow)> = Vec::new();
    let mut sums: BTreeMap<Result<String, BankEntryId>, i64> = BTreeMap::new();
    // What comes back often names nobody: a voucher that is back as a whole is nobody's.
    let mut vouchers: BTreeMap<String, i64> = BTreeMap::new();
    for entry in entries {
        // One voucher may pay several people, so the other side tells them apart; without a voucher an entry stands alone.
        let who = entry.counterparty_index.as_ref().or(entry.counterparty.as_ref());
        let key = match &entry.bank_ref {
            Some(reference) => Ok(format!("{reference} {}", who.map_or("", String::as_str))),
            None => Err(entry.id),
        };
        let sum = sums.entry(key.clone()).or_default();
        *sum = sum.saturating_add(table::signed(&entry));
        if let Some(reference) = &entry.bank_ref {
            let whole = vouchers.entry(reference.clone()).or_default();
            *whole = whole.saturating_add(table::signed(&entry));
        }
        order.push((key, entry));
    }
    let mut found = Vec::new();
    for (key, entry) in order {
        let is_back = entry.bank_ref.as_ref().and_then(|reference| vouchers.get(reference)).is_some_and(|whole| *whole <= 0);
        let left = sums.get(&key).copied().filter(|sum| *sum > 0 && table::signed(&entry) > 0 && !is_back);
        if let Some(sum) = left {
            sums.remove(&key);
            found.push((entry, Fen(sum)));
        }
    }
    found
}
