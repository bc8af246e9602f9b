//! Wages month by month as rules see them: which sheets there are, what is due, what of it was paid, and what keeps the rest.
//!
//! Deliberately absent: months without a sheet. Only attendance knows that there should be one.

mod table;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use self::table::OpenCount;
use super::SheetState;
use crate::base::id::{ProjectId, SheetId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month};
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

/// Lines and what they come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Tally {
    /// How many lines.
    pub lines: u32,
    /// Their amount.
    pub amount: Fen,
}

impl Tally {
    fn of(lines: i64, amount: Fen) -> Self {
        Self { lines: u32::try_from(lines).unwrap_or(u32::MAX), amount }
    }

    fn plus(self, other: Tally) -> Result<Tally, TooMuch> {
        Ok(Tally { lines: self.lines.saturating_add(other.lines), amount: self.amount.plus(other.amount)? })
    }
}

impl MonthWages {
    /// What is due, neither paid nor under way, whether the bank sent it back or nobody sent it.
    ///
    /// # Errors
    /// Amounts beyond 63 bits.
    pub fn not_paid(&self) -> Result<Tally, TooMuch> {
        self.failed.plus(self.unsent)
    }
}

/// One month's wages as of a day. A line is due here when its day has passed, that is, lies before the day asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MonthWages {
    /// The month that was worked.
    pub month: Month,
    /// Parts of its sheet.
    pub parts: u32,
    /// State of the part that is furthest behind.
    pub state: SheetState,
    /// The earliest due day of its parts.
    pub due_on: Day,
    /// Net of all lines, due or not.
    pub total: Fen,
    /// Due lines with their net.
    pub due: Tally,
    /// Due lines whose uncontested part has reached the worker; the amount is what the bank paid on all due lines, so that a part
    /// that was paid of a line that waits for the rest counts too.
    pub paid: Tally,
    /// Due lines that the bank refused or gave back; the amount is the rest.
    pub failed: Tally,
    /// Due lines of which a rest stands and nothing was sent for it: held, never ordered, or let go after a dispute; the amount is the
    /// rest.
    pub unsent: Tally,
    /// Due lines under way without a result; the amount is the rest.
    pub in_flight: Tally,
    /// Due lines with a contested part; the amount is that part.
    pub disputed: Tally,
}

/// The months of a project that have a sheet, the earliest first.
pub fn wages(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<Vec<MonthWages>, Problem> {
    let mut months: Vec<MonthWages> = Vec::new();
    for part in table::part_counts(conn, site.id, as_of)? {
        let one = MonthWages {
            month: part.month,
            parts: 1,
            state: part.state,
            due_on: part.due_on,
            total: part.total_fen,
            due: Tally::of(part.due, part.due_fen),
            paid: Tally::of(part.paid, part.paid_fen),
            failed: Tally::of(part.failed, part.failed_fen),
            unsent: Tally::of(part.unsent, part.unsent_fen),
            in_flight: Tally::of(part.in_flight, part.in_flight_fen),
            disputed: Tally::of(part.disputed, part.disputed_fen),
        };
        match months.pop() {
            Some(last) if last.month == one.month => months.push(together(&last, &one)?),
            Some(last) => months.extend([last, one]),
            None => months.push(one),
        }
    }
    Ok(months)
}

/// The months of some projects that have a sheet, with what is open of them: lines that were settled by `as_of` are left out of every
/// number. What is owed, under way or disputed is the same as by [`wages`]; it costs what is open, not what was ever paid.
pub fn open(
    conn: &mut AnyConn,
    projects: &[ProjectId],
    as_of: Day,
) -> Result<BTreeMap<ProjectId, BTreeMap<Month, MonthWages>>, Problem> {
    let counts: HashMap<(ProjectId, SheetId), OpenCount> =
        table::open_counts(conn, projects, as_of)?.into_iter().map(|row| ((row.project_id, row.sheet_id), row)).collect();
    let mut all: BTreeMap<ProjectId, BTreeMap<Month, MonthWages>> = BTreeMap::new();
    for (project, sheet, month, state, due_on, total) in table::heads_of(conn, projects)? {
        let none = Tally::default();
        let mut one = MonthWages {
            month,
            parts: 1,
            state,
            due_on,
            total,
            due: none,
            paid: none,
            failed: none,
            unsent: none,
            in_flight: none,
            disputed: none,
        };
        if let Some(row) = counts.get(&(project, sheet)) {
            one.due = Tally::of(row.due, row.due_fen);
            one.paid = Tally::of(row.paid, row.paid_fen);
            one.failed = Tally::of(row.failed, row.failed_fen);
            one.unsent = Tally::of(row.unsent, row.unsent_fen);
            one.in_flight = Tally::of(row.in_flight, row.in_flight_fen);
            one.disputed = Tally::of(row.disputed, row.disputed_fen);
        }
        let months = all.entry(project).or_default();
        let one = match months.get(&month) {
            Some(part) => together(part, &one)?,
            None => one,
        };
        months.insert(month, one);
    }
    Ok(all)
}

/// Two parts of one month as one.
fn together(left: &MonthWages, right: &MonthWages) -> Result<MonthWages, TooMuch> {
    Ok(MonthWages {
        month: left.month,
        parts: left.parts.saturating_add(right.parts),
        state: left.state.min(right.state),
        due_on: left.due_on.min(right.due_on),
        total: left.total.plus(right.total)?,
        due: left.due.plus(right.due)?,
        paid: left.paid.plus(right.paid)?,
        failed: left.failed.plus(right.failed)?,
        unsent: left.unsent.plus(right.unsent)?,
        in_flight: left.in_flight.plus(right.in_flight)?,
        disputed: left.disputed.plus(right.disputed)?,
    })
}

/// The earliest due day, past or to come, of a line of which an uncontested rest has not reached the worker; `None` when nothing is open.
pub fn oldest_open_due_on(conn: &mut AnyConn, site: &Site) -> Result<Option<Day>, Problem> {
    Ok(super::table::oldest_open_due_on(conn, site.id)?)
}
