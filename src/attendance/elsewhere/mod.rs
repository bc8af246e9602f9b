//! Days of a project's workers on other sites, and whether they can have been on both. A shift that runs over midnight meets the days
//! beside its own, so days are compared as hours that go on and not by their dates.
//!
//! Deliberately absent: which sites those are; that is not theirs to know who ask.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::table::Stay;
use super::folding::night::DAY_SECONDS;
use crate::base::id::{ProjectId, WorkerId};
use crate::base::{Day, Month};
use crate::store::{AnyConn, StoreError};

/// Workers of one query.
const ASKED_MAX: usize = 500;

/// First and last passage of another day as seconds of `day`; `None` where the days do not touch.
pub fn as_of_day(day: Day, (other, first, last): (Day, i32, i32)) -> Option<(i32, i32)> {
    let apart = i32::try_from(other.days_since(day)).ok().filter(|apart| apart.abs() <= 1)?;
    Some((first + apart * DAY_SECONDS, last + apart * DAY_SECONDS))
}

/// Whether two stays lay in the same hours. Who leaves one before the other begins was not on both at once.
pub fn is_at_once(one: &Stay, other: &Stay) -> bool {
    as_of_day(one.worked_on, (other.worked_on, other.first_time, other.last_time))
        .is_some_and(|(first, last)| first < one.last_time && one.first_time < last)
}

/// Workers of a project's month who also worked on another project of this server in the same hours, with each such day, in order. Who
/// moves from one to the other at noon is none of them.
///
/// # Errors
/// A store that fails.
pub fn on_two_sites(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<(WorkerId, Day)>, StoreError> {
    let mut there: BTreeMap<WorkerId, Vec<Stay>> = BTreeMap::new();
    for stay in table::elsewhere(conn, project, (month.first().plus_days(-1), month.last().plus_days(1)))? {
        if stay.hundredths > 0 {
            there.entry(stay.worker_id).or_default().push(stay);
        }
    }
    let workers: Vec<WorkerId> = there.keys().copied().collect();
    let mut found: BTreeSet<(WorkerId, Day)> = BTreeSet::new();
    for some in workers.chunks(ASKED_MAX) {
        for here in table::here(conn, project, some, (month.first(), month.last()))? {
            let others = there.get(&here.worker_id).map(Vec::as_slice).unwrap_or_default();
            if here.hundredths > 0 && others.iter().any(|other| is_at_once(&here, other)) {
                found.insert((here.worker_id, here.worked_on));
            }
        }
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(day: &str, first: i32, last: i32) -> Stay {
        let (first_time, last_time) = (first * 60, last * 60);
        Stay { worker_id: WorkerId(1), worked_on: day.parse().unwrap(), first_time, last_time, punches: 2, hundredths: 100 }
    }

    #[test]
    fn a_night_is_compared_with_the_morning_after() {
        let night = stay("2026-03-01", 20 * 60, 30 * 60);
        let morning = stay("2026-03-02", 30, 5 * 60 + 30);
        assert!(is_at_once(&night, &morning) && is_at_once(&morning, &night));
        assert!(!is_at_once(&night, &stay("2026-03-02", 6 * 60, 14 * 60)), "who moves in the morning");
        assert!(!is_at_once(&night, &stay("2026-03-03", 30, 5 * 60)), "another night");
        assert!(!is_at_once(&stay("2026-03-01", 420, 720), &stay("2026-03-01", 780, 1_080)), "who moves at noon");
        assert_eq!(
            as_of_day("2026-03-02".parse().unwrap(), ("2026-03-01".parse().unwrap(), 72_000, 108_000)),
            Some((-14_400, 21_600))
        );
    }
}
