//! Signs of a machine's health that its messages give away: how far its clock is off, events without a meaning here, refused
//! attempts, pictures, a batch that no honest machine sends.
//!
//! A far time is used and flagged, never corrected: the day of attendance is the one on the machine's own wall. Deliberately absent:
//! alarms (they are `alerts`' own) and silence (`attendance::silence`).

pub mod table;

use std::collections::BTreeMap;

use chrono::Duration;

pub use self::table::SignsRow;
use crate::base::Moment;
use crate::wire::device::DevicePunch;

/// A time further back than this, in seconds, is far.
pub const FAR_BACK_SECONDS: i64 = 24 * 3600;
/// A time further ahead than this, in seconds, is far.
pub const FAR_AHEAD_SECONDS: i64 = 5 * 60;
/// Differences between the machine's clock and ours that are remembered.
const SKEWS_MAX: usize = 15;
/// Differences from which a wrong zone is suspected.
const SKEWS_MIN: usize = 5;
/// How far a difference may lie from the half hours, and from the others, to be one of a wrong zone, in seconds.
const NEAR_SECONDS: i64 = 5 * 60;
/// Zones differ by half hours.
const HALF_HOUR_SECONDS: i64 = 1800;
/// No zone lies further from another one than fourteen hours: what is older was handed in late.
const ZONE_HALVES_MAX: i64 = 28;
/// Kinds of events without a meaning that are counted one by one.
const IGNORED_KINDS_MAX: usize = 50;
/// The word that counts the others.
const OTHERS: &str = "others";

/// What the times of a batch say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// Passages whose time is far off.
    pub far: usize,
    /// Line or item of the first of them.
    pub first_far: Option<u32>,
    /// Seconds that the latest passage lies ahead of its receipt.
    pub skew: Option<i64>,
    /// Minutes by which this batch alone makes the machine's zone seem wrong, with the moment that its middle passage claims.
    pub suspected: Option<(i32, Moment)>,
}

/// The moment of a passage by the offset that counts; `None` beyond the calendar.
pub fn instant(punch: &DevicePunch, offset_minutes: i32) -> Option<Moment> {
    let (minutes, _) = punch.offset(offset_minutes);
    let utc = punch.at_local.checked_sub_signed(Duration::minutes(i64::from(minutes)))?;
    Some(Moment(utc.and_utc().timestamp_micros()))
}

/// Whether a passage's time is far off: more than five minutes ahead of its receipt, or more than a day before it. A machine that was
/// out of reach is given a day before it was heard of last: what it stored meanwhile is late, not wrong.
pub fn is_far(at: Moment, received_at: Moment, heard_before: Moment) -> bool {
    let earliest = received_at.min(heard_before).plus_seconds(-FAR_BACK_SECONDS);
    at < earliest || at > received_at.plus_seconds(FAR_AHEAD_SECONDS)
}

/// Looks at the times of a batch.
pub fn judge(punches: &[DevicePunch], offset_minutes: i32, received_at: Moment, heard_before: Moment) -> Judged {
    let mut judged = Judged::default();
    let mut latest: Option<Moment> = None;
    let mut skews = Vec::with_capacity(punches.len());
    for punch in punches {
        let Some(at) = instant(punch, offset_minutes) else { continue };
        latest = latest.max(Some(at));
        skews.push(at.unix_seconds() - received_at.unix_seconds());
        if is_far(at, received_at, heard_before) {
            judged.far += 1;
            judged.first_far.get_or_insert(punch.line);
        }
    }
    judged.skew = latest.map(|at| at.unix_seconds() - received_at.unix_seconds());
    judged.suspected = suspected_of_batch(&skews).map(|(minutes, middle)| (minutes, received_at.plus_seconds(middle)));
    judged
}

/// The middle of some differences; `None` without any.
pub fn median(skews: &[i64]) -> Option<i64> {
    let mut sorted = skews.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// The minutes by which the machine's zone seems to be wrong: its differences lie close together, and near a half hour that is not
/// none. Some machines send UTC as local time.
pub fn suspected_minutes(skews: &[i64]) -> Option<i32> {
    let middle = median(skews).filter(|_| skews.len() >= SKEWS_MIN)?;
    let halves = (middle + middle.signum() * HALF_HOUR_SECONDS / 2) / HALF_HOUR_SECONDS;
    let is_near = (middle - halves * HALF_HOUR_SECONDS).abs() <= NEAR_SECONDS;
    let together = skews.iter().filter(|skew| (**skew - middle).abs() <= NEAR_SECONDS).count();
    let is_zone = halves != 0 && halves.abs() <= ZONE_HALVES_MAX;
    (is_zone && is_near && together * 3 >= skews.len() * 2).then_some(halves * HALF_HOUR_SECONDS / 60)?.try_into().ok()
}

/// The same of one batch, all of whose differences lie together, with their middle: passages of hours, handed in late, do not.
fn suspected_of_batch(skews: &[i64]) -> Option<(i32, i64)> {
    // Most batches are no such one, and are not sorted.
    if skews.iter().max()? - skews.iter().min()? > 2 * NEAR_SECONDS {
        return None;
    }
    let middle = median(skews)?;
    let lie_together = skews.iter().all(|skew| (skew - middle).abs() <= NEAR_SECONDS);
    suspected_minutes(skews).filter(|_| lie_together).map(|minutes| (minutes, middle))
}

impl SignsRow {
    /// The remembered differences in seconds, the oldest first.
    pub fn skews(&self) -> Vec<i64> {
        self.skews.split(',').filter_map(|text| text.parse().ok()).collect()
    }

    /// The middle of the remembered differences, in seconds; negative where the machine's clock is behind.
    pub fn skew_seconds(&self) -> Option<i64> {
        median(&self.skews())
    }

    /// How far the machine's clock is off, in seconds. Ahead it is off by one message; behind only where several messages lie together,
    /// since what a machine stored and hands in later is no slow clock.
    pub fn clock_seconds(&self) -> Option<i64> {
        let skews = self.skews();
        let middle = median(&skews)?;
        let together = skews.iter().filter(|skew| (**skew - middle).abs() <= NEAR_SECONDS).count();
        let is_told = skews.len() >= SKEWS_MIN && together * 3 >= skews.len() * 2;
        (middle >= -FAR_AHEAD_SECONDS || is_told).then_some(middle)
    }

    /// Remembers another difference and forgets the oldest; sets the suspicion of a wrong zone, or takes it back: by one message that is
    /// right, or by several that say nothing of the kind. One batch may have raised it, and one that comes late takes nothing back.
    pub fn add_skew(&mut self, seconds: i64) {
        let mut skews = self.skews();
        skews.push(seconds);
        let from = skews.len().saturating_sub(SKEWS_MAX);
        let kept = skews.get(from..).unwrap_or_default();
        let is_told = kept.len() >= SKEWS_MIN || seconds.abs() <= NEAR_SECONDS;
        self.suspected_minutes = suspected_minutes(kept).or(self.suspected_minutes.filter(|_| !is_told));
        self.skews = kept.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    }

    /// What is remembered, after the offset that it was judged by was put right: each difference is that much larger.
    pub fn move_skews(&mut self, seconds: i64) {
        let moved: Vec<i64> = self.skews().into_iter().map(|skew| skew.saturating_add(seconds)).collect();
        self.suspected_minutes = suspected_minutes(&moved);
        self.skews = moved.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    }

    /// How often each kind of event without a meaning came.
    pub fn ignored(&self) -> BTreeMap<String, u64> {
        serde_json::from_str(&self.ignored).unwrap_or_default()
    }

    /// Counts events without a meaning, so that a missing mapping is seen.
    pub fn count_ignored(&mut self, kinds: &[String]) {
        let mut counts = self.ignored();
        for kind in kinds {
            let is_full = counts.len() >= IGNORED_KINDS_MAX && !counts.contains_key(kind);
            let kind = if is_full { OTHERS } else { kind.as_str() };
            // Only what both databases keep: a firmware may send anything.
            let kind: String = kind.chars().filter(|c| !c.is_control()).collect();
            let count = counts.entry(kind).or_default();
            *count = count.saturating_add(1);
        }
        self.ignored = serde_json::to_string(&counts).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn punch(time: &str, line: u32) -> DevicePunch {
        DevicePunch { person: "1".into(), at_local: time.parse().unwrap(), line, ..DevicePunch::default() }
    }

    #[test]
    fn a_time_is_far_beyond_a_day_back_or_five_minutes_ahead() {
        let now = at("2026-03-02T09:00:00+08:00");
        let batch = [
            punch("2026-03-02T09:05:00", 1),
            punch("2026-03-02T09:05:01", 2),
            punch("2026-03-01T09:00:00", 3),
            punch("2026-03-01T08:59:59", 4),
        ];
        assert_eq!(judge(&batch, 480, now, now), Judged { far: 2, first_far: Some(2), skew: Some(301), suspected: None });
        let out_of_reach = at("2026-02-28T18:00:00+08:00");
        assert_eq!(judge(&batch, 480, now, out_of_reach).far, 1, "what was stored meanwhile is late, not wrong");
        let said = DevicePunch { offset_minutes: Some(510), ..punch("2026-03-02T09:00:00", 1) };
        assert_eq!(instant(&said, 480), Some(now), "a foreign offset is replaced by the setting");
    }

    #[test]
    fn differences_near_a_half_hour_raise_one_suspicion_and_others_none() {
        let utc_as_local = [-28_810, -28_805, -28_790, -28_795, -28_801];
        assert_eq!(suspected_minutes(&utc_as_local), Some(-480));
        assert_eq!(suspected_minutes(&utc_as_local[..4]), None, "four are too few");
        assert_eq!(suspected_minutes(&[-3, 5, 1, 0, 2]), None, "a clock that is right");
        assert_eq!(suspected_minutes(&[-720, -715, -718, -722, -719]), None, "twelve minutes are no zone");
        assert_eq!(suspected_minutes(&[-2_592_000; 6]), None, "thirty days are no zone");
        assert_eq!((suspected_minutes(&[-50_400; 6]), suspected_minutes(&[52_200; 6])), (Some(-840), None));
        assert_eq!(suspected_minutes(&[5410, 5395, 5400, 5405, 5399]), Some(90));
        assert_eq!(suspected_minutes(&[-28_800, -100, -9000, -50_000, 3]), None, "they do not lie together");
        let mut signs = SignsRow::default();
        for _ in 0..20 {
            signs.add_skew(-28_800);
        }
        assert_eq!((signs.skews().len(), signs.skew_seconds(), signs.suspected_minutes), (15, Some(-28_800), Some(-480)));
        for _ in 0..15 {
            signs.add_skew(2);
        }
        assert_eq!((signs.skew_seconds(), signs.suspected_minutes), (Some(2), None), "a clock that was set is believed again");
    }

    #[test]
    fn one_batch_that_is_off_as_a_whole_is_enough() {
        let now = at("2026-03-02T16:00:00+08:00");
        let batch = |times: &[&str]| -> Vec<DevicePunch> {
            (1..).zip(times).map(|(line, time)| punch(&format!("2026-03-02T{time}"), line)).collect()
        };
        let of = |times: &[&str]| judge(&batch(times), 480, now, now).suspected;
        let crowd = ["07:58:00", "07:58:30", "07:59:00", "07:59:30", "07:59:59"];
        assert_eq!(of(&crowd), Some((-480, at("2026-03-02T07:59:00+08:00"))));
        assert_eq!(of(&crowd[..4]), None, "four are too few");
        assert_eq!(
            of(&["07:00:00", "07:58:00", "07:59:00", "07:59:30", "08:00:00", "08:01:00"]),
            None,
            "they do not lie together"
        );
        assert_eq!(of(&["15:58:00", "15:58:30", "15:59:00", "15:59:30", "15:59:59"]), None, "a clock that is right");
        // The suspicion stands until a message is right, and one that comes late is none.
        let mut signs = SignsRow { suspected_minutes: Some(-480), ..SignsRow::default() };
        signs.add_skew(-28_800);
        signs.add_skew(-40_000);
        assert_eq!(signs.suspected_minutes, Some(-480));
        signs.add_skew(-3);
        assert_eq!(signs.suspected_minutes, None);
    }

    #[test]
    fn what_comes_late_is_no_slow_clock() {
        let of = |skews: &str| SignsRow { skews: skews.to_owned(), ..SignsRow::default() }.clock_seconds();
        assert_eq!(of("-2481120"), None, "a newly bound machine hands in a month");
        assert_eq!(of("-2481120,-90000,-7200,-3,-2"), None);
        assert_eq!(of("-1200,-1190,-1210,-1205,-90000"), Some(-1_205), "twenty minutes behind, again and again");
        assert_eq!((of("1200"), of("-30"), of("")), (Some(1_200), Some(-30), None));
    }

    #[test]
    fn events_without_a_meaning_are_counted_by_kind_up_to_a_limit() {
        let mut signs = SignsRow::default();
        let kinds: Vec<String> = (0..60).map(|n| format!("5/{n}")).collect();
        signs.count_ignored(&kinds);
        signs.count_ignored(&["5/1".to_owned()]);
        let counts = signs.ignored();
        assert_eq!((counts.len(), counts["5/1"], counts["others"]), (51, 2, 10));
    }
}
