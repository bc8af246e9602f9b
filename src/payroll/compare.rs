//! A month's wages beside those of the month before: what an auditor looks at first. A sheet of a week or of days is put beside the one
//! before it and not beside a month.
//!
//! Deliberately absent: what difference is too large. A person judges that.

use std::collections::BTreeMap;

use super::life::table as life;
use super::table::{self, LineRow, SheetRow};
use crate::base::Fen;
use crate::base::id::RecordId;
use crate::base::money::TooMuch;
use crate::projects::Site;
use crate::store::AnyConn;
use crate::web::Problem;

/// Single differences that are listed.
pub const LISTED_MAX: usize = 20;

/// One worker's difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Enrolment.
    pub enrolment: RecordId,
    /// Days and net wage of the month before; `None` for somebody who was not on its sheet.
    pub before: Option<(i32, Fen)>,
    /// Days and net wage of this month; `None` for somebody who is not on it any more.
    pub after: Option<(i32, Fen)>,
}

impl Change {
    /// By how much the wage differs, either way.
    fn weight(&self) -> i64 {
        let net = |side: Option<(i32, Fen)>| side.map_or(0, |(_, net)| net.0);
        net(self.after).saturating_sub(net(self.before)).saturating_abs()
    }
}

/// This month beside the month before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Whether the month before has a sheet, or for a shorter cycle whether there is one before it.
    pub has_before: bool,
    /// Whether it covers less than a month, and is held against the sheet of the same cycle before it.
    pub is_short: bool,
    /// Workers then and now.
    pub workers: (usize, usize),
    /// Net total then and now.
    pub total: (Fen, Fen),
    /// Work days in hundredths then and now.
    pub days: (i64, i64),
    /// Who is new on the sheet.
    pub came: usize,
    /// Who is on it no longer.
    pub went: usize,
    /// The largest differences, first the largest, at most [`LISTED_MAX`].
    pub changes: Vec<Change>,
}

type Sums = BTreeMap<RecordId, (i32, Fen)>;

fn add(sums: &mut Sums, lines: &[LineRow]) -> Result<(), TooMuch> {
    for line in lines {
        let (days, net) = sums.entry(line.enrolment_id).or_default();
        *days = days.saturating_add(line.days_hundredths);
        *net = net.plus(line.net_fen)?;
    }
    Ok(())
}

/// Compares a sheet with what came before it: all parts of its month with all parts of the month before, a sheet of a shorter cycle with
/// the last one of the same cycle that ended before it began.
pub fn since_before(conn: &mut AnyConn, site: &Site, sheet: &SheetRow) -> Result<Compared, Problem> {
    let periods = life::periods_of(conn, site.id)?;
    let Some(own) = periods.iter().find(|period| period.sheet_id == sheet.id) else {
        return since_last_month(conn, site, sheet);
    };
    let earlier = periods.iter().filter(|period| period.cycle == own.cycle && period.to_on < own.from_on);
    let last = earlier.max_by_key(|period| (period.to_on, period.id)).map(|period| period.sheet_id);
    let (mut before, mut after) = (Sums::new(), Sums::new());
    if let Some(last) = last {
        add(&mut before, &table::lines_of(conn, site.id, last)?)?;
    }
    add(&mut after, &table::lines_of(conn, site.id, sheet.id)?)?;
    Ok(Compared { is_short: true, ..compare(last.is_some(), &before, &after)? })
}

fn since_last_month(conn: &mut AnyConn, site: &Site, sheet: &SheetRow) -> Result<Compared, Problem> {
    let before_parts = table::parts(conn, site.id, sheet.month.plus(-1))?;
    let (mut before, mut after) = (Sums::new(), Sums::new());
    for part in &before_parts {
        add(&mut before, &table::lines_of(conn, site.id, part.id)?)?;
    }
    for part in table::parts(conn, site.id, sheet.month)? {
        add(&mut after, &table::lines_of(conn, site.id, part.id)?)?;
    }
    Ok(compare(!before_parts.is_empty(), &before, &after)?)
}

fn compare(has_before: bool, before: &Sums, after: &Sums) -> Result<Compared, TooMuch> {
    let total = |sums: &Sums| Fen::total(sums.values().map(|(_, net)| *net));
    let days = |sums: &Sums| sums.values().map(|(days, _)| i64::from(*days)).sum::<i64>();
    let mut compared = Compared {
        has_before,
        workers: (before.len(), after.len()),
        total: (total(before)?, total(after)?),
        days: (days(before), days(after)),
        ..Compared::default()
    };
    if !has_before {
        return Ok(compared);
    }
    compared.came = after.keys().filter(|id| !before.contains_key(id)).count();
    compared.went = before.keys().filter(|id| !after.contains_key(id)).count();
    let everybody = before.keys().chain(after.keys().filter(|id| !before.contains_key(id)));
    let change = |id: &RecordId| Change { enrolment: *id, before: before.get(id).copied(), after: after.get(id).copied() };
    let mut changes: Vec<Change> = everybody.map(change).filter(|change| change.weight() > 0).collect();
    changes.sort_by_key(|change| (std::cmp::Reverse(change.weight()), change.enrolment));
    changes.truncate(LISTED_MAX);
    compared.changes = changes;
    Ok(compared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(rows: &[(i64, i32, i64)]) -> Sums {
        rows.iter().map(|(id, days, fen)| (RecordId(*id), (*days, Fen(*fen)))).collect()
    }

    #[test]
    fn who_came_who_went_and_whose_wage_differs_most() {
        let before = sums(&[(1, 2_000, 600_000), (2, 2_000, 600_000), (3, 1_000, 300_000)]);
        let after = sums(&[(1, 2_000, 600_000), (2, 2_500, 750_000), (4, 100, 30_000)]);
        let told = compare(true, &before, &after).unwrap();
        assert_eq!((told.came, told.went, told.workers), (1, 1, (3, 3)));
        assert_eq!((told.total, told.days), ((Fen(1_500_000), Fen(1_380_000)), (5_000, 4_600)));
        let order: Vec<i64> = told.changes.iter().map(|change| change.enrolment.0).collect();
        assert_eq!(order, [3, 2, 4], "the one whose wage is the same is not listed");
    }

    #[test]
    fn a_first_month_has_nothing_to_differ_from() {
        let told = compare(false, &Sums::new(), &sums(&[(1, 100, 30_000)])).unwrap();
        assert_eq!((told.came, told.changes.len(), told.total.1), (0, 0, Fen(30_000)));
    }
}
