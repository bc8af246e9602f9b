//! Money that went straight from the wage account to workers' cards, outside any run: whose it is, and for which month.
//!
//! The match counts it as paid, and the pre-check of a run holds the lines beside it.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::Purpose;
use crate::accounts::table::EntryRow;
use crate::attendance::{self, Worked};
use crate::base::id::{BankEntryId, WorkerId};
use crate::base::{Day, Fen, Month};
use crate::payroll;
use crate::payroll::outside::{self, table::ClearedRow};
use crate::payroll::table::LineRow;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::workers;
use crate::workers::table::EnrolmentRow;

/// Money that went straight from the wage account to a worker's card, outside any sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direct {
    /// The entry.
    pub entry: BankEntryId,
    /// How much, less what came back.
    pub amount: Fen,
    /// When.
    pub booked_on: Day,
}

/// Who is who on a project.
pub struct Roll {
    /// Every enrolment of each worker.
    pub enrolments: BTreeMap<WorkerId, Vec<EnrolmentRow>>,
    /// Their names.
    pub names: BTreeMap<WorkerId, String>,
    /// Card by its index → whose it is or was.
    pub cards: BTreeMap<String, BTreeSet<WorkerId>>,
}

impl Roll {
    /// Reads a project's.
    ///
    /// # Errors
    /// What the store says.
    pub fn read(conn: &mut AnyConn, site: &Site) -> Result<Self, Problem> {
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

    /// The only worker whose card it is.
    pub fn holder(&self, index: Option<&str>) -> Option<WorkerId> {
        self.cards.get(index?).and_then(BTreeSet::first).copied()
    }
}

/// Hundredths of days and days that each worker came.
pub fn by_worker(worked: Vec<Worked>) -> BTreeMap<WorkerId, (i64, i64)> {
    let mut sums: BTreeMap<WorkerId, (i64, i64)> = BTreeMap::new();
    for one in worked {
        let (hundredths, days) = sums.entry(one.worker).or_default();
        *hundredths = hundredths.saturating_add(one.hundredths);
        *days = days.saturating_add(one.days);
    }
    sums
}

/// Money straight to workers' cards for a month, as the comparison counts it.
///
/// # Errors
/// What the store says.
pub fn of_month(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<BTreeMap<WorkerId, Vec<Direct>>, Problem> {
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
    for (worker, entry, amount) in pay_of(conn, ctx, site, &roll, &worked, &lines, month)? {
        found.entry(worker).or_default().push(Direct { entry: entry.id, amount, booked_on: entry.booked_on });
    }
    Ok(found)
}

/// Money straight to workers' cards that is for the month: booked in the month after it, or later to somebody who was last on a sheet
/// then. What a person has told of it as payment of a line, by its voucher, is counted with that line.
pub fn pay_of(
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
