//! Attendance: devices at the gates, the punches that they send, and the work days folded from them.
//!
//! A punch is stored as it came, by China's clock, with the number by which the device knows the person; who that is gets
//! decided when a day is folded, from the roll of that day. So a number that nobody has yet is kept, and enrolling its owner later
//! folds the day again. What people put right of a day stands beside the punches, never in their place. Deliberately absent: wages.

pub mod corrections;
pub mod devices;
pub mod elsewhere;
pub mod folding;
pub mod http;
pub mod imports;
pub mod intake;
pub mod morning;
pub mod passages;
pub mod silence;
pub mod table;

use serde::Serialize;

use crate::base::Day;
use crate::base::id::{RecordId, WorkerId};

/// Two punches this far apart make a whole work day, in seconds. Our own choice: half a shift with its break is proof of presence.
pub const WHOLE_DAY_SECONDS: i32 = 4 * 3600;
/// Two punches this far apart make half a work day, in seconds. Our own choice.
pub const HALF_DAY_SECONDS: i32 = 2 * 3600;
/// Days folded in one transaction.
pub const FOLD_DAYS_MAX: i64 = 500;
/// Added to the number of an attendance type (FEEDS 2.5) that proves nobody's presence, in the column `verify`.
pub const NO_PROOF_BASE: i32 = 1000;

/// A passage as the folding sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// Seconds of the day.
    pub time: i32,
    /// Whether it went in (`true`), out, or nobody knows.
    pub entered: Option<bool>,
}

/// What a day's passages of one worker make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    /// First passage, seconds of the day.
    pub first: i32,
    /// Last passage; past 86,400 where a shift ran over midnight.
    pub last: i32,
    /// How many.
    pub punches: i32,
    /// Hundredths of a work day: 100, 50 or 0.
    pub hundredths: i32,
    /// What is odd about the day, words joined by commas: `single`, `no_in`, `no_out`, `overnight`, `night_unsure`, `corrected`.
    pub flags: String,
}

/// Hours over noon without a passage, in seconds, from which on a day at gates that tell no direction may as well be the end of one night
/// shift and the beginning of the next: whoever passes so daily rests as long at night as they would have worked, or shorter.
const REST_OVER_NOON_SECONDS: i32 = 12 * 3600;

/// What is known of the passages of one person and day, whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    span: Option<(i32, i32)>,
    count: i32,
    went_in: bool,
    went_out: bool,
    /// The first passage and the last, each the most telling of its second.
    ends: Option<(End, End)>,
    /// The last passage before noon and the first from noon on.
    around_noon: (Option<i32>, Option<i32>),
}

/// The later of two passages before noon and the earlier of two after it, where there are any.
fn inner(one: (Option<i32>, Option<i32>), two: (Option<i32>, Option<i32>)) -> (Option<i32>, Option<i32>) {
    (one.0.max(two.0), [one.1, two.1].into_iter().flatten().min())
}

/// A passage at one end of a day: when, and how little it lacks. At one second the passage that closes the day as a day is closed
/// counts, so that a gate that reads twice makes nothing odd.
type End = (i32, Way);

/// Which way the passage at an end of a day went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// As a day begins and ends: in at first, out at last.
    Closed,
    /// Nobody knows.
    Unknown,
    /// Out at first or in at last: a passage is missing before or behind it.
    Open,
}

fn way(entered: Option<bool>, closes: bool) -> Way {
    match entered {
        Some(entered) if entered == closes => Way::Closed,
        Some(_) => Way::Open,
        None => Way::Unknown,
    }
}

/// The earlier first and the later last of two pairs.
fn outer((first, last): (End, End), (one, two): (End, End)) -> (End, End) {
    let later = if (two.0, std::cmp::Reverse(two.1)) > (last.0, std::cmp::Reverse(last.1)) { two } else { last };
    (first.min(one), later)
}

impl Tally {
    /// One more passage.
    pub fn add(&mut self, passage: Passage) {
        let time = passage.time;
        self.span = Some(self.span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        self.count = self.count.saturating_add(1);
        self.went_in |= passage.entered == Some(true);
        self.went_out |= passage.entered == Some(false);
        let ends = ((time, way(passage.entered, true)), (time, way(passage.entered, false)));
        self.ends = Some(self.ends.map_or(ends, |known| outer(known, ends)));
        let is_morning = time < folding::night::NOON;
        self.around_noon = inner(self.around_noon, (is_morning.then_some(time), (!is_morning).then_some(time)));
    }

    /// Those of another number of the same person.
    pub fn merge(&mut self, other: &Tally) {
        self.span = match (self.span, other.span) {
            (Some((first, last)), Some((one, two))) => Some((first.min(one), last.max(two))),
            (mine, theirs) => mine.or(theirs),
        };
        self.count = self.count.saturating_add(other.count);
        self.went_in |= other.went_in;
        self.went_out |= other.went_out;
        self.ends = match (self.ends, other.ends) {
            (Some(mine), Some(theirs)) => Some(outer(mine, theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.around_noon = inner(self.around_noon, other.around_noon);
    }

    /// What they are worth; `None` without passages.
    ///
    /// The first and last passage count: [`WHOLE_DAY_SECONDS`] apart or more are a whole day, [`HALF_DAY_SECONDS`] half a day, less is
    /// none. Directions only raise flags, since gates that miss a passage are common and a worker must not lose a day by it. A day
    /// whose last passage went in lacks one, whatever went out before, and one whose first went out as well. Where no gate tells a
    /// direction, a day with a long rest over noon may be two nights: it counts as it stands, and a person looks.
    pub fn worth(&self) -> Option<Worth> {
        let (first, last) = self.span?;
        let hundredths = match last - first {
            WHOLE_DAY_SECONDS.. => 100,
            HALF_DAY_SECONDS.. => 50,
            _ => 0,
        };
        let knows_direction = self.went_in || self.went_out;
        let (begins_open, ends_open) =
            self.ends.map_or((false, false), |((_, first), (_, last))| (first == Way::Open, last == Way::Open));
        let (morning, later) = self.around_noon;
        let rests_over_noon = morning.zip(later).is_some_and(|(one, two)| two - one >= REST_OVER_NOON_SECONDS);
        let mut flags = String::new();
        let odd = [
            (self.count == 1, "single"),
            (knows_direction && (!self.went_in || begins_open), "no_in"),
            (knows_direction && (!self.went_out || ends_open), "no_out"),
            (last >= folding::night::DAY_SECONDS, "overnight"),
            (!knows_direction && rests_over_noon, "night_unsure"),
        ];
        for (_, flag) in odd.iter().filter(|(holds, _)| *holds) {
            if !flags.is_empty() {
                flags.push(',');
            }
            flags.push_str(flag);
        }
        Some(Worth { first, last, punches: self.count, hundredths, flags })
    }
}

/// What the passages of a day are worth; the order in which they came does not matter. `None` without passages.
pub fn worth_of(passages: &[Passage]) -> Option<Worth> {
    let mut tally = Tally::default();
    for passage in passages {
        tally.add(*passage);
    }
    tally.worth()
}

/// A worker's month on a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// Enrolment.
    pub enrolment: RecordId,
    /// Person.
    pub worker: WorkerId,
    /// Hundredths of work days.
    pub hundredths: i64,
    /// Days with at least one passage.
    pub days: i64,
}

/// The day of that number since 1970; `None` beyond the calendar.
pub fn day_of(number: i32) -> Option<Day> {
    let first = Day::of(1970, 1, 1)?;
    let day = first.plus_days(i64::from(number));
    (crate::workers::day_number(day) == number).then_some(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i32, minute: i32, entered: Option<bool>) -> Passage {
        Passage { time: hour * 3600 + minute * 60, entered }
    }

    #[test]
    fn a_day_is_worth_what_lies_between_its_first_and_last_passage() {
        let worth = |passages: &[Passage]| worth_of(passages).map(|worth| (worth.punches, worth.hundredths, worth.flags));
        assert_eq!(worth(&[]), None);
        assert_eq!(worth(&[at(8, 0, Some(true))]), Some((1, 0, "single,no_out".into())));
        assert_eq!(worth(&[at(8, 0, Some(true)), at(9, 59, Some(false))]), Some((2, 0, String::new())));
        assert_eq!(worth(&[at(8, 0, Some(true)), at(10, 0, Some(false))]), Some((2, 50, String::new())));
        assert_eq!(worth(&[at(8, 0, Some(true)), at(11, 59, Some(false))]), Some((2, 50, String::new())));
        assert_eq!(worth(&[at(8, 0, Some(true)), at(12, 0, Some(false))]), Some((2, 100, String::new())));
        assert_eq!(worth(&[at(8, 0, None), at(18, 0, None)]), Some((2, 100, String::new())));
        assert_eq!(worth(&[at(8, 0, Some(false)), at(18, 0, Some(false))]), Some((2, 100, "no_in".into())));
        // Out of a night at six and into the next at eight in the evening, or a long day: nobody knows.
        let unsure = |punches: i32| Some((punches, 100, "night_unsure".into()));
        assert_eq!(worth(&[at(6, 0, None), at(20, 0, None)]), unsure(2));
        assert_eq!(worth(&[at(0, 30, None), at(1, 0, None), at(6, 0, None), at(20, 0, None)]), unsure(4), "a break at midnight");
        assert_eq!(worth(&[at(6, 0, None), at(11, 30, None), at(13, 0, None), at(20, 0, None)]), Some((4, 100, String::new())));
        assert_eq!(worth(&[at(6, 0, Some(true)), at(20, 0, Some(false))]), Some((2, 100, String::new())), "the gate tells");
        assert_eq!(worth(&[at(7, 0, None), at(18, 59, None)]), Some((2, 100, String::new())));
        // Who went out and in again has not gone home.
        let (inward, out) = (Some(true), Some(false));
        assert_eq!(worth(&[at(7, 30, inward), at(7, 31, out), at(11, 40, inward)]), Some((3, 100, "no_out".into())));
        assert_eq!(worth(&[at(7, 30, inward), at(12, 0, out), at(13, 0, inward)]), Some((3, 100, "no_out".into())));
        assert_eq!(worth(&[at(12, 0, out), at(13, 0, inward), at(17, 30, out)]), Some((3, 100, "no_in".into())));
        let whole = [at(7, 30, inward), at(12, 0, out), at(13, 0, inward), at(17, 30, out)];
        assert_eq!(worth(&whole), Some((4, 100, String::new())));
        assert_eq!(worth(&[at(7, 30, inward), at(17, 30, inward), at(17, 30, out)]), Some((3, 100, String::new())), "read twice");
        assert_eq!(worth(&[at(7, 30, inward), at(12, 0, out), at(17, 30, None)]), Some((3, 100, String::new())), "nobody knows");
    }

    #[test]
    fn days_have_numbers_both_ways() {
        for text in ["1970-01-01", "1969-12-31", "2026-11-21", "1999-02-28"] {
            let day: Day = text.parse().unwrap();
            assert_eq!(day_of(crate::workers::day_number(day)), Some(day));
        }
        assert_eq!(day_of(i32::MAX), None);
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_more_punches_never_cost_a_day(
            mut times in proptest::collection::vec((0i32..86_400, any::<Option<bool>>()), 1..12),
            more in 0i32..86_400,
        ) {
            let passages = |times: &[(i32, Option<bool>)]| {
                times.iter().map(|(time, entered)| Passage { time: *time, entered: *entered }).collect::<Vec<_>>()
            };
            let before = worth_of(&passages(&times)).unwrap();
            times.reverse();
            prop_assert_eq!(&worth_of(&passages(&times)).unwrap(), &before);
            times.push((more, None));
            let after = worth_of(&passages(&times)).unwrap();
            prop_assert!(after.hundredths >= before.hundredths);
            let (mut some, mut others) = (Tally::default(), Tally::default());
            for (place, passage) in passages(&times).into_iter().enumerate() {
                if place % 2 == 0 { some.add(passage) } else { others.add(passage) }
            }
            some.merge(&others);
            prop_assert_eq!(some.worth(), Some(after));
        }
    }
}
