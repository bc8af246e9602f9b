//! On which project a machine hung at a moment of China's clock. What it told of before its first binding belongs to the first project that
//! it was bound to; what it told of before a move, to the project that it was moved from, however late it arrives.
//!
//! Deliberately absent: moving what is booked.

use super::on_clock;
use super::table;
use crate::attendance::devices::table::DeviceRow;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::store::{AnyConn, StoreError};
use crate::wire::device::DevicePunch;
use crate::workers::day_number;

/// Where a machine hung, by moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Homes {
    now: ProjectId,
    /// Until when it hung where, in order of time.
    until: Vec<(i64, ProjectId)>,
}

/// A machine with where it hung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hung {
    /// The machine.
    pub device: DeviceRow,
    /// Where it hung, by moment.
    pub homes: Homes,
}

impl Homes {
    /// Of a machine that hangs on this project now.
    pub fn of(conn: &mut AnyConn, device: &DeviceRow, now: ProjectId) -> Result<Self, StoreError> {
        let rows = table::homes_of(conn, device.id)?;
        Ok(Self { now, until: rows.into_iter().map(|row| (row.since, ProjectId(row.project_id))).collect() })
    }

    /// Where it hangs now.
    pub fn now(&self) -> ProjectId {
        self.now
    }

    /// Where it hung at a moment.
    pub fn at(&self, local_day: i32, local_time: i32) -> ProjectId {
        let at = on_clock(local_day, local_time);
        self.until.iter().find(|(since, _)| *since > at).map_or(self.now, |(_, project)| *project)
    }

    /// Where it hung when somebody passed, by the offset of its clock.
    pub fn of_punch(&self, punch: &DevicePunch, offset_minutes: i32) -> ProjectId {
        if self.until.is_empty() {
            return self.now;
        }
        let at = punch.civil(offset_minutes);
        let since_midnight = at.time().signed_duration_since(chrono::NaiveTime::MIN).num_seconds();
        self.at(day_number(Day(at.date())), i32::try_from(since_midnight).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_of_the_project_where_its_machine_hung_then() {
        let (first, second) = (ProjectId(1), ProjectId(2));
        let homes = Homes { now: first, until: vec![(100, first), (200, second)] };
        let at = |time: i32| homes.at(0, time);
        assert_eq!((homes.at(-9, 0), at(99)), (first, first), "also what came before the first binding");
        assert_eq!((at(100), at(199)), (second, second));
        assert_eq!((at(200), homes.at(1, 0), homes.now()), (first, first, first), "and back again");
        assert_eq!(Homes { now: second, until: Vec::new() }.at(0, 0), second);
    }
}
