//! Gate machines whose clocks were off in a month, by the messages themselves: when a passage was on the machine's clock, and when the
//! message with it came.
//!
//! A passage of the future is certain; a clock behind is told where the messages of a day all lag by about the same. What comes late
//! from a machine that was out of reach lags by as much as that lasted, each message differently, and says nothing. Deliberately
//! absent: any change of the passages, which are used as they came.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Policy;
use crate::attendance::devices::signs::median;
use crate::base::id::{DeviceId, InboxId};
use crate::base::{Day, Moment};

/// A message of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Machine.
    pub device: DeviceId,
    /// The message.
    pub inbox: InboxId,
    /// When it came.
    pub received_at: Moment,
    /// The latest passage in it, on the machine's clock by its zone.
    pub latest_at: Moment,
}

impl Told {
    /// Seconds that the latest passage lies ahead of its receipt.
    fn skew(&self) -> i64 {
        self.latest_at.unix_seconds() - self.received_at.unix_seconds()
    }
}

/// A day on which a machine's clock was off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ClockDay)]
pub struct OffDay {
    /// The day of receipt.
    pub day: Day,
    /// Messages that bear it out.
    pub messages: usize,
    /// The first of them.
    pub first_message: InboxId,
    /// Seconds that the clock was ahead, in the middle; negative behind.
    pub skew_seconds: i64,
}

/// A machine whose clock was off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ClockSign)]
pub struct Off {
    /// Machine.
    pub device: DeviceId,
    /// Days.
    pub days: Vec<OffDay>,
}

/// Messages with passages of the future that make a day; one may be a clock that was set while it spoke.
const AHEAD_MIN: usize = 2;

/// The machines whose clocks were off, in the order of ids.
pub fn clocks(told: &[Told], policy: &Policy) -> Vec<Off> {
    let mut by_day: BTreeMap<(DeviceId, Day), Vec<&Told>> = BTreeMap::new();
    for one in told {
        by_day.entry((one.device, one.received_at.day())).or_default().push(one);
    }
    let mut found: BTreeMap<DeviceId, Vec<OffDay>> = BTreeMap::new();
    for ((device, day), mut told) in by_day {
        told.sort_by_key(|one| (one.received_at, one.inbox));
        if let Some(off) = off_day(day, &told, policy) {
            found.entry(device).or_default().push(off);
        }
    }
    found.into_iter().map(|(device, days)| Off { device, days }).collect()
}

fn off_day(day: Day, told: &[&Told], policy: &Policy) -> Option<OffDay> {
    let limit = policy.clock_minutes.saturating_mul(60);
    let of = |some: &[&Told]| {
        let skews: Vec<i64> = some.iter().map(|one| one.skew()).collect();
        let first_message = some.first()?.inbox;
        Some(OffDay { day, messages: some.len(), first_message, skew_seconds: median(&skews)? })
    };
    let ahead: Vec<&Told> = told.iter().copied().filter(|one| one.skew() > limit).collect();
    if ahead.len() >= AHEAD_MIN {
        return of(&ahead);
    }
    let skews: Vec<i64> = told.iter().map(|one| one.skew()).collect();
    let middle = median(&skews).filter(|middle| *middle < -limit && told.len() >= policy.clock_messages)?;
    let together: Vec<&Told> = told.iter().copied().filter(|one| (one.skew() - middle).abs() <= limit).collect();
    // Two in three lag alike.
    (together.len() >= policy.clock_messages && together.len() * 3 >= told.len() * 2).then(|| of(&together))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::policy;

    fn told(skews: &[i64]) -> Vec<Told> {
        let begin = Day::of(2026, 3, 2).unwrap().begins();
        let one = |(place, skew): (i64, &i64)| {
            let received_at = begin.plus_seconds(25_000 + place * 900);
            Told { device: DeviceId(1), inbox: InboxId(place), received_at, latest_at: received_at.plus_seconds(*skew) }
        };
        (1..).zip(skews).map(one).collect()
    }

    fn found(skews: &[i64]) -> Option<(usize, i64)> {
        let found = clocks(&told(skews), &policy());
        found.first().map(|off| (off.days[0].messages, off.days[0].skew_seconds))
    }

    #[test]
    fn a_clock_ahead_is_certain_and_one_behind_lags_alike() {
        assert_eq!(found(&[-2, -5, 400, 410, -3]), Some((2, 410)));
        assert_eq!(found(&[-2, 400, -3]), None, "one alone may be a clock that was set");
        assert_eq!(found(&[-1205, -1203, -1210, -1207, -1204, -1206]), Some((6, -1205)));
        assert_eq!(found(&[-1205, -1203, -1210, -1207]), None, "four are too few");
        assert_eq!(found(&[-28_803, -28_800, -28_805, -28_801, -28_804, -2]), Some((5, -28_803)));
    }

    #[test]
    fn what_comes_late_is_late_and_not_wrong() {
        assert_eq!(found(&[-9_000, -8_100, -7_200, -6_300, -5_400, -4_500, -3_600]), None, "a machine that was out of reach");
        assert_eq!(found(&[-280, -275, -290, -281, -284]), None, "within five minutes");
        assert_eq!(found(&[-17_500]), None, "a gateway that hands in once a day");
    }
}
