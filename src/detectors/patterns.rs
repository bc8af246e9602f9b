//! Patterned punches: passages that no people make.
//!
//! Three signs, each with the passages that it rests on: a worker whose passages go like clockwork, workers who pass in the same order
//! within seconds on many days, and one hand that passes many cards faster than people walk. A queue at shift's begin is slower and
//! stands in another order each day; two mates who always come together are too few. A machine that tells minutes only cannot bear any
//! of this out and is left out. Linear in the passages but for sorting.

use std::collections::{BTreeMap, BTreeSet};

use super::Policy;
use crate::base::id::{DeviceId, WorkerId};
use crate::base::{Day, words};

words! {
    /// What is odd about passages.
    pub enum PatternSign, "sign on passages" {
        /// The same time of day to the second, or the same second of the minute, on most days.
        Clockwork = "clockwork_punches",
        /// The same workers in the same order within seconds on many days.
        SameOrder = "same_order_punches",
        /// Many cards at one machine faster than people walk.
        OneHand = "one_hand_punches",
    }
}
crate::web::openapi::word_schema!(PatternSign);

/// A passage of a known worker on the machine's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pass {
    /// Machine.
    pub device: DeviceId,
    /// Day.
    pub day: Day,
    /// Seconds of the day.
    pub time: i32,
    /// Who, by the roll of that day.
    pub worker: WorkerId,
}

/// A sign with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Which.
    pub sign: PatternSign,
    /// Who, in the order of ids; for the same order, in that order.
    pub workers: Vec<WorkerId>,
    /// Days on which it was seen.
    pub days: Vec<Day>,
    /// The passages, by machine, day and time, at most [`ROWS_MAX`].
    pub rows: Vec<Pass>,
    /// How many there are.
    pub row_count: usize,
}

/// Passages that one sign lists at most.
pub const ROWS_MAX: usize = 60;

/// Passages of a machine in a month from which it can be told that it knows minutes only.
const COARSE_MIN: usize = 20;

/// Workers of one run at a machine that are looked at; a longer one is cut.
const RUN_MAX: usize = 200;

/// The patterns among a project's passages of a month, in the order of signs and first workers.
pub fn patterns(passes: &[Pass], policy: &Policy) -> Vec<Pattern> {
    let coarse = coarse(passes);
    let mut sorted: Vec<Pass> = passes.iter().copied().filter(|pass| !coarse.contains(&pass.device)).collect();
    sorted.sort();
    sorted.dedup();
    let mut found = clockwork(&sorted, policy);
    found.extend(same_order(&sorted, policy));
    found.extend(one_hand(&sorted, policy));
    found
}

/// Machines that tell minutes only: most of their passages lie on one second of the minute.
fn coarse(passes: &[Pass]) -> BTreeSet<DeviceId> {
    let mut seconds: BTreeMap<DeviceId, BTreeMap<i32, usize>> = BTreeMap::new();
    for pass in passes {
        *seconds.entry(pass.device).or_default().entry(pass.time % 60).or_default() += 1;
    }
    let is_coarse = |counts: &BTreeMap<i32, usize>| {
        let all: usize = counts.values().sum();
        all >= COARSE_MIN && counts.values().max().is_some_and(|most| most * 2 > all)
    };
    seconds.into_iter().filter(|(_, counts)| is_coarse(counts)).map(|(device, _)| device).collect()
}

fn pattern(sign: PatternSign, workers: Vec<WorkerId>, mut rows: Vec<Pass>) -> Pattern {
    rows.sort();
    rows.dedup();
    let days: BTreeSet<Day> = rows.iter().map(|row| row.day).collect();
    let row_count = rows.len();
    rows.truncate(ROWS_MAX);
    Pattern { sign, workers, days: days.into_iter().collect(), rows, row_count }
}

/// Whether so many of so many days are enough.
fn is_most(count: usize, all: usize, policy: &Policy) -> bool {
    count >= policy.clockwork_days && count * 100 >= all * policy.clockwork_percent
}

/// Workers whose first or last passage of the day is always at the same time, or on the same second of the minute.
fn clockwork(passes: &[Pass], policy: &Policy) -> Vec<Pattern> {
    let mut ends: BTreeMap<WorkerId, BTreeMap<Day, (Pass, Pass)>> = BTreeMap::new();
    for pass in passes {
        let day = ends.entry(pass.worker).or_default().entry(pass.day).or_insert((*pass, *pass));
        if pass.time < day.0.time {
            day.0 = *pass;
        }
        if pass.time > day.1.time {
            day.1 = *pass;
        }
    }
    let mut found = Vec::new();
    for (worker, days) in ends {
        let mut rows: Vec<Pass> = Vec::new();
        let firsts: Vec<Pass> = days.values().map(|(first, _)| *first).collect();
        // A day with one passage has no last one of its own.
        let lasts: Vec<Pass> = days.values().filter(|(first, last)| first.time < last.time).map(|(_, last)| *last).collect();
        for series in [firsts, lasts] {
            let close = closest(&series, policy.clockwork_seconds);
            if is_most(close.len(), series.len(), policy) {
                rows.extend(close);
            }
            let alike = of_one_second(&series);
            if is_most(alike.len(), series.len(), policy) {
                rows.extend(alike);
            }
        }
        if !rows.is_empty() {
            found.push(pattern(PatternSign::Clockwork, vec![worker], rows));
        }
    }
    found
}

/// The most passages whose times of day lie within so many seconds.
fn closest(series: &[Pass], seconds: i32) -> Vec<Pass> {
    let mut sorted = series.to_vec();
    sorted.sort_by_key(|pass| (pass.time, pass.day));
    let (mut best, mut from) = (0..0, 0);
    for (until, pass) in sorted.iter().enumerate() {
        while sorted.get(from).is_some_and(|first| pass.time - first.time > seconds) {
            from += 1;
        }
        if until + 1 - from > best.len() {
            best = from..until + 1;
        }
    }
    sorted.get(best).unwrap_or_default().to_vec()
}

/// The most passages on one second of the minute.
fn of_one_second(series: &[Pass]) -> Vec<Pass> {
    let mut seconds: BTreeMap<i32, Vec<Pass>> = BTreeMap::new();
    for pass in series {
        seconds.entry(pass.time % 60).or_default().push(*pass);
    }
    seconds.into_values().max_by_key(Vec::len).unwrap_or_default()
}

/// Runs at one machine in which each passage follows the one before within so many seconds; a worker's repeat counts once.
fn runs(passes: &[Pass], seconds: i32) -> Vec<Vec<Pass>> {
    let follows = |one: &Pass, next: &Pass| (one.device, one.day) == (next.device, next.day) && next.time - one.time <= seconds;
    let mut found = Vec::new();
    for run in passes.chunk_by(follows) {
        let mut seen = BTreeSet::new();
        let run: Vec<Pass> = run.iter().copied().filter(|pass| seen.insert(pass.worker)).take(RUN_MAX).collect();
        if run.len() > 1 {
            found.push(run);
        }
    }
    found
}

/// Workers who pass one after another in the same order within seconds on many days.
fn same_order(passes: &[Pass], policy: &Policy) -> Vec<Pattern> {
    // Who followed whom directly, on which days, with both passages.
    let mut after: BTreeMap<(WorkerId, WorkerId), BTreeMap<Day, (Pass, Pass)>> = BTreeMap::new();
    for run in runs(passes, policy.order_gap_seconds) {
        for pair in run.windows(2) {
            if let [one, next] = pair {
                after.entry((one.worker, next.worker)).or_default().entry(one.day).or_insert((*one, *next));
            }
        }
    }
    let mut days_of: BTreeMap<WorkerId, BTreeSet<Day>> = BTreeMap::new();
    for pass in passes {
        days_of.entry(pass.worker).or_default().insert(pass.day);
    }
    let days = |worker: &WorkerId| days_of.get(worker).map_or(0, BTreeSet::len);
    // The one whom somebody follows most often, where that is most of their days.
    let mut next: BTreeMap<WorkerId, (usize, WorkerId)> = BTreeMap::new();
    for ((one, other), seen) in &after {
        let shared = days(one).min(days(other));
        if seen.len() >= policy.order_days && seen.len() * 2 > shared {
            let best = next.entry(*one).or_insert((seen.len(), *other));
            if seen.len() > best.0 {
                *best = (seen.len(), *other);
            }
        }
    }
    let followed: BTreeSet<WorkerId> = next.values().map(|(_, other)| *other).collect();
    let mut used: BTreeSet<WorkerId> = BTreeSet::new();
    let mut found = Vec::new();
    // Chains begin with those who follow nobody; what is left afterwards goes round in a circle.
    let heads = next.keys().filter(|worker| !followed.contains(worker)).chain(next.keys());
    for head in heads {
        let mut chain = Vec::new();
        let mut at = Some(*head);
        while let Some(worker) = at.filter(|worker| used.insert(*worker)) {
            chain.push(worker);
            at = next.get(&worker).map(|(_, other)| *other);
        }
        if chain.len() >= policy.order_workers {
            let pairs = chain.windows(2).filter_map(|pair| match pair {
                [one, other] => after.get(&(*one, *other)),
                _ => None,
            });
            let rows = pairs.flat_map(|seen| seen.values().flat_map(|(one, other)| [*one, *other])).collect();
            found.push(pattern(PatternSign::SameOrder, chain, rows));
        }
    }
    found
}

/// Workers whose cards pass one machine together faster than people walk, on several days.
fn one_hand(passes: &[Pass], policy: &Policy) -> Vec<Pattern> {
    let fast: Vec<Vec<Pass>> =
        runs(passes, policy.hand_gap_seconds).into_iter().filter(|run| run.len() >= policy.hand_workers).collect();
    // Days on which each two were in one such run.
    let mut together: BTreeMap<(WorkerId, WorkerId), BTreeSet<Day>> = BTreeMap::new();
    for run in &fast {
        for (place, one) in run.iter().enumerate() {
            for other in run.iter().skip(place + 1) {
                let key = (one.worker.min(other.worker), one.worker.max(other.worker));
                together.entry(key).or_default().insert(one.day);
            }
        }
    }
    let mut mates: BTreeMap<WorkerId, BTreeSet<WorkerId>> = BTreeMap::new();
    for ((one, other), days) in together {
        if days.len() >= policy.hand_days {
            mates.entry(one).or_default().insert(other);
            mates.entry(other).or_default().insert(one);
        }
    }
    let mut used: BTreeSet<WorkerId> = BTreeSet::new();
    let mut found = Vec::new();
    for head in mates.keys() {
        let mut group = BTreeSet::new();
        let mut waiting = vec![*head];
        while let Some(worker) = waiting.pop() {
            if used.insert(worker) {
                group.insert(worker);
                waiting.extend(mates.get(&worker).into_iter().flatten().copied());
            }
        }
        if group.len() >= policy.hand_workers {
            let rows = fast
                .iter()
                .filter(|run| run.iter().filter(|pass| group.contains(&pass.worker)).count() >= policy.hand_workers)
                .flat_map(|run| run.iter().copied().filter(|pass| group.contains(&pass.worker)))
                .collect();
            found.push(pattern(PatternSign::OneHand, group.into_iter().collect(), rows));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::policy;

    fn day(number: i64) -> Day {
        Day::of(2026, 3, 1).unwrap().plus_days(number)
    }

    fn pass(worker: i64, number: i64, time: i32) -> Pass {
        Pass { device: DeviceId(1), day: day(number), time, worker: WorkerId(worker) }
    }

    /// Passages of people: minutes apart from day to day.
    fn people(worker: i64, days: i64) -> Vec<Pass> {
        // splitmix64, so that neither days nor workers keep a distance.
        let spread = |number: i64, salt: i64| {
            let seed = u64::try_from(worker * 1_000_000 + number * 1_000 + salt).unwrap();
            let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            i32::try_from((mixed ^ (mixed >> 31)) % 1_200).unwrap()
        };
        (0..days)
            .flat_map(|number| {
                let (came, went) = (25_000 + spread(number, 1), 63_000 + spread(number, 2));
                [pass(worker, number, came), pass(worker, number, went)]
            })
            .collect()
    }

    fn told(passes: &[Pass]) -> Vec<(PatternSign, Vec<i64>)> {
        let found = patterns(passes, &policy());
        found.iter().map(|one| (one.sign, one.workers.iter().map(|worker| worker.0).collect())).collect()
    }

    #[test]
    fn people_are_no_clockwork() {
        let passes: Vec<Pass> = (1..=40).flat_map(|worker| people(worker, 26)).collect();
        assert_eq!(told(&passes), []);
    }

    #[test]
    fn the_same_time_and_the_same_second_go_like_clockwork() {
        let mut passes: Vec<Pass> = (2..=20).flat_map(|worker| people(worker, 20)).collect();
        // To the second each morning, but for a day off and a late one.
        passes.extend(
            (0..20).filter(|number| *number != 4).map(|number| pass(1, number, if number == 9 { 27_111 } else { 25_201 })),
        );
        // Another minute each day, always on the 37th second.
        passes.extend((0..20).map(|number| pass(30, number, 24_000 + i32::try_from(number * 13 % 17).unwrap() * 60 + 37)));
        assert_eq!(told(&passes), [(PatternSign::Clockwork, vec![1]), (PatternSign::Clockwork, vec![30])]);
        let found = patterns(&passes, &policy());
        assert_eq!(
            (found[0].row_count, found[0].rows[0]),
            (18, pass(1, 0, 25_201)),
            "the passages are named, the late one is none"
        );
    }

    #[test]
    fn a_machine_that_tells_minutes_only_bears_nothing_out() {
        let passes: Vec<Pass> = (1..=10)
            .flat_map(|worker| people(worker, 20))
            .map(|pass| Pass { time: pass.time / 60 * 60, ..pass })
            .chain((0..20).map(|number| pass(30, number, 25_200)))
            .collect();
        assert_eq!(told(&passes), []);
    }

    #[test]
    fn one_order_on_many_days_is_told_and_two_mates_are_not() {
        let mut passes: Vec<Pass> = (10..=30).flat_map(|worker| people(worker, 20)).collect();
        for number in 0..8 {
            let start = 30_000 + i32::try_from(number * 97).unwrap();
            for (place, worker) in [5, 3, 8, 1].into_iter().enumerate() {
                passes.push(pass(worker, number, start + i32::try_from(place).unwrap() * 5));
            }
            passes.push(pass(40, number, start + 5_000));
            passes.push(pass(41, number, start + 5_004));
        }
        assert_eq!(told(&passes), [(PatternSign::SameOrder, vec![5, 3, 8, 1])]);
    }

    #[test]
    fn one_hand_is_faster_than_a_queue() {
        let crew = |gap: i32| -> Vec<Pass> {
            (0..6)
                .flat_map(|number| {
                    // Another order each day.
                    (0..7).map(move |place| {
                        let worker = (place * (number % 5 + 1) + number) % 7 + 1;
                        pass(worker, number, 26_000 + i32::try_from(number * 311).unwrap() + i32::try_from(place).unwrap() * gap)
                    })
                })
                .collect()
        };
        assert_eq!(told(&crew(1)), [(PatternSign::OneHand, (1..=7).collect())]);
        assert_eq!(told(&crew(6)), []);
    }
}
