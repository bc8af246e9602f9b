//! Padded rosters: names on a payroll behind which nobody seems to stand.
//!
//! Five signs, each with what it rests on: paid without attendance, attendance that one person cannot have, management among the
//! workers, many enrolments at the end of the month, and days that are the same to the minute for several. Attendance that nobody can
//! know is no sign. Linear in the number of worked days.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Policy;
use crate::base::id::WorkerId;
use crate::base::{Day, Fen, Month, words};
use crate::matching::Attended;

words! {
    /// A sign on a worker of a payroll.
    pub enum RosterSign, "sign" {
        /// Wages without attendance.
        NeverPresent = "never_present",
        /// On two sites at once, or from one to the other faster than anybody travels.
        ImpossibleAttendance = "impossible_attendance",
        /// Management among the workers.
        ManagerOnRoster = "manager_on_roster",
        /// One of many enrolled at the end of the month for days before it, or with more days than they were there.
        EnrolledAtMonthEnd = "enrolled_at_month_end",
        /// Days that are the same to the minute as those of others.
        IdenticalDays = "identical_days",
    }
}
crate::web::openapi::word_schema!(RosterSign);

/// A day between the first and the last passage, in minutes of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Presence {
    /// The day.
    pub day: Day,
    /// First passage.
    pub first: i32,
    /// Last passage.
    pub last: i32,
}

/// A name on a payroll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The worker.
    pub worker: WorkerId,
    /// Trade, code or name.
    pub trade: String,
    /// First day on the site by the enrolment.
    pub entered_on: Day,
    /// The day on which that was recorded.
    pub enrolled_on: Day,
    /// By the gates.
    pub attended: Attended,
    /// Days on this site.
    pub here: Vec<Presence>,
    /// Days on other sites.
    pub elsewhere: Vec<Presence>,
    /// Work days on the sheet, in hundredths.
    pub listed: i64,
    /// Owed or paid for the month.
    pub money: Fen,
}

/// A sign with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Seen {
    /// Which.
    pub sign: RosterSign,
    /// In Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Days that it is about.
    pub days: Vec<Day>,
    /// Others whom it ties the worker to.
    pub with: Vec<WorkerId>,
}

/// A name that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Suspect {
    /// The worker.
    pub worker: WorkerId,
    /// Why.
    pub signs: Vec<Seen>,
}

/// Minutes of a whole day.
const DAY_MINUTES: i32 = 24 * 60;

/// Days that a sign lists at most.
const DAYS_LISTED_MAX: usize = 31;

/// Looks at a payroll; suspects come in the order of ids.
pub fn look(month: Month, roster: &[Name], policy: &Policy) -> Vec<Suspect> {
    let mut signs: BTreeMap<WorkerId, Vec<Seen>> = BTreeMap::new();
    let mut add = |worker: WorkerId, seen: Seen| signs.entry(worker).or_default().push(seen);
    let late = late_enrolments(month, roster, policy);
    let same = same_days(roster, policy);
    for name in roster {
        let is_listed = name.money.is_positive();
        if is_listed && name.attended == Attended::Days(0) {
            let money = name.money;
            add(
                name.worker,
                seen(
                    RosterSign::NeverPresent,
                    format!("工资 {money} 元，本月没有考勤"),
                    format!("{money} yuan of wages and no attendance in the month"),
                ),
            );
        }
        let impossible = impossible(name, policy);
        if impossible.len() >= policy.impossible_days {
            let count = impossible.len();
            let text = seen(
                RosterSign::ImpossibleAttendance,
                format!("{count} 天同时出现在两个工地，或几分钟内从一个工地到另一个工地"),
                format!("on {count} days on two sites at once, or from one to the other within minutes"),
            );
            add(name.worker, Seen { days: impossible, ..text });
        }
        if is_listed && policy.management.iter().any(|word| name.trade.contains(word.as_str())) {
            let trade = &name.trade;
            add(
                name.worker,
                seen(
                    RosterSign::ManagerOnRoster,
                    format!("工种“{trade}”属于管理岗位，列在农民工工资表中"),
                    format!("`{trade}` is management and stands on a sheet of workers' wages"),
                ),
            );
        }
        if let Some(others) = late.get(&name.worker) {
            let (count, day) = (others.len(), name.enrolled_on);
            let text = seen(
                RosterSign::EnrolledAtMonthEnd,
                format!("月末 {day} 前后集中登记的 {count} 人之一，工日早于登记且没有考勤支持"),
                format!("one of {count} enrolled around {day}, with days before it that no attendance bears out"),
            );
            add(name.worker, Seen { with: others.iter().copied().filter(|other| *other != name.worker).collect(), ..text });
        }
        if let Some(others) = same.get(&name.worker) {
            let count = others.len();
            let text = seen(
                RosterSign::IdenticalDays,
                format!("{count} 人每天进出场时间相同到分钟"),
                format!("the days of {count} workers are the same to the minute"),
            );
            add(name.worker, Seen { with: others.iter().copied().filter(|other| *other != name.worker).collect(), ..text });
        }
    }
    signs.into_iter().map(|(worker, signs)| Suspect { worker, signs }).collect()
}

fn seen(sign: RosterSign, zh: String, en: String) -> Seen {
    Seen { sign, zh, en, days: Vec::new(), with: Vec::new() }
}

/// Days on which somebody cannot have been where the gates saw them. A shift that runs over midnight meets the day after as well.
fn impossible(name: &Name, policy: &Policy) -> Vec<Day> {
    let mut elsewhere: BTreeMap<Day, Vec<Presence>> = BTreeMap::new();
    for presence in &name.elsewhere {
        elsewhere.entry(presence.day).or_default().push(*presence);
    }
    let mut days = Vec::new();
    for here in &name.here {
        let is_odd = [-1i32, 0, 1].into_iter().any(|apart| {
            let others = elsewhere.get(&here.day.plus_days(i64::from(apart))).map(Vec::as_slice).unwrap_or_default();
            others.iter().any(|other| {
                let (first, last) = (other.first + apart * DAY_MINUTES, other.last + apart * DAY_MINUTES);
                let overlap = here.last.min(last) - here.first.max(first);
                let passages = [here.first, here.last].into_iter().flat_map(|one| [(one, first), (one, last)]);
                let hasty = passages.into_iter().any(|(one, two)| (one - two).abs() < policy.travel_minutes);
                let (span, other_span) = (here.last - here.first, other.last - other.first);
                overlap >= policy.overlap_hours * 60 || hasty || (apart == 0 && span + other_span > DAY_MINUTES)
            })
        });
        if is_odd {
            days.push(here.day);
        }
    }
    days.truncate(DAYS_LISTED_MAX);
    days
}

/// Workers enrolled in numbers around the end of the month, each with days that cannot be theirs: on the sheet before they were
/// enrolled, and the gates do not know of them; or more days than were left of the month.
fn late_enrolments(month: Month, roster: &[Name], policy: &Policy) -> BTreeMap<WorkerId, BTreeSet<WorkerId>> {
    let (from, until) = (month.last().plus_days(1 - policy.month_end_days), month.last().plus_days(policy.month_end_days));
    let odd = roster.iter().filter(|name| {
        let is_late = from <= name.enrolled_on && name.enrolled_on <= until;
        let left = month.last().days_since(name.entered_on).saturating_add(1).max(0).saturating_mul(100);
        let is_borne_out = matches!(name.attended, Attended::Days(days) if days >= name.listed) && name.listed <= left;
        is_late && name.listed > 0 && !is_borne_out && !matches!(name.attended, Attended::NotKnown(_))
    });
    let odd: BTreeSet<WorkerId> = odd.map(|name| name.worker).collect();
    if odd.len() < policy.late_enrolments {
        return BTreeMap::new();
    }
    odd.iter().map(|worker| (*worker, odd.clone())).collect()
}

/// Workers whose days are the same to the minute, each with all of them.
///
/// The worker with the smallest id among those who share a day to the minute leads it; whoever shares most days with one leader is
/// that leader's. So it costs what there are days, not what there are pairs.
fn same_days(roster: &[Name], policy: &Policy) -> BTreeMap<WorkerId, BTreeSet<WorkerId>> {
    let mut shared: BTreeMap<Presence, (WorkerId, usize)> = BTreeMap::new();
    for name in roster {
        for presence in name.here.iter().filter(|presence| presence.first < presence.last) {
            let (leader, count) = shared.entry(*presence).or_insert((name.worker, 0));
            *leader = (*leader).min(name.worker);
            *count += 1;
        }
    }
    let mut led: BTreeMap<WorkerId, BTreeSet<WorkerId>> = BTreeMap::new();
    for name in roster {
        let mut leaders: BTreeMap<WorkerId, usize> = BTreeMap::new();
        for presence in &name.here {
            if let Some((leader, _)) = shared.get(presence).filter(|(_, count)| *count >= policy.identical_workers) {
                *leaders.entry(*leader).or_default() += 1;
            }
        }
        let most = leaders.into_iter().max_by_key(|(leader, days)| (*days, std::cmp::Reverse(*leader)));
        let is_most = |days: usize| days >= policy.identical_days && days * 100 >= name.here.len() * policy.identical_percent;
        if let Some((leader, _)) = most.filter(|(_, days)| is_most(*days)) {
            led.entry(leader).or_default().insert(name.worker);
        }
    }
    let groups = led.into_values().filter(|workers| workers.len() >= policy.identical_workers);
    groups.flat_map(|workers| workers.clone().into_iter().map(move |worker| (worker, workers.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detectors::policy;
    use crate::matching::Unknown;

    fn march() -> Month {
        Month::of(2026, 3).unwrap()
    }

    fn day(number: u32) -> Day {
        Day::of(2026, 3, number).unwrap()
    }

    fn name(worker: i64) -> Name {
        let here: Vec<Presence> = (2..=23)
            .map(|number| {
                // Everybody has a few minutes of their own each day.
                let own = i32::try_from((worker * 7 + i64::from(number) * 11 * (worker % 5 + 1)) % 17).unwrap();
                Presence { day: day(number), first: 420 + own, last: 1080 + (own * 5) % 13 }
            })
            .collect();
        Name {
            worker: WorkerId(worker),
            trade: "木工".to_owned(),
            entered_on: Day::of(2026, 1, 5).unwrap(),
            enrolled_on: Day::of(2026, 1, 5).unwrap(),
            attended: Attended::Days(2_200),
            here,
            elsewhere: Vec::new(),
            listed: 2_200,
            money: Fen(660_000),
        }
    }

    fn signs(roster: &[Name]) -> Vec<(i64, Vec<RosterSign>)> {
        let told = look(march(), roster, &policy());
        told.iter().map(|one| (one.worker.0, one.signs.iter().map(|seen| seen.sign).collect())).collect()
    }

    #[test]
    fn an_honest_crew_leaves_no_sign() {
        let roster: Vec<Name> = (1..=40).map(name).collect();
        assert_eq!(signs(&roster), []);
    }

    #[test]
    fn each_sign_is_told_and_what_is_not_known_is_none() {
        let ghost = Name { attended: Attended::Days(0), here: Vec::new(), ..name(1) };
        let silent = Name { attended: Attended::NotKnown(Unknown::GateSilent), here: Vec::new(), ..name(2) };
        let manager = Name { trade: "项目经理".to_owned(), ..name(3) };
        let twice = |first: i32| (2..=4).map(|number| Presence { day: day(number), first, last: first + 300 }).collect();
        let double = Name { elsewhere: twice(600), ..name(4) };
        // Nights here, and the small hours of the mornings after on another site.
        let nights: Vec<Presence> = (2..=4).map(|number| Presence { day: day(number), first: 1_200, last: 1_800 }).collect();
        let mornings = (3..=5).map(|number| Presence { day: day(number), first: 30, last: 330 }).collect();
        let nightly = Name { here: nights.clone(), elsewhere: mornings, ..name(6) };
        let after = (3..=5).map(|number| Presence { day: day(number), first: 480, last: 900 }).collect();
        let moves_on = Name { here: nights, elsewhere: after, ..name(7) };
        let moved = Name { elsewhere: vec![Presence { day: day(2), first: 1_120, last: 1_300 }], ..name(5) };
        assert_eq!(
            signs(&[ghost, silent, manager, double, moved, nightly, moves_on]),
            [
                (1, vec![RosterSign::NeverPresent]),
                (3, vec![RosterSign::ManagerOnRoster]),
                (4, vec![RosterSign::ImpossibleAttendance]),
                (6, vec![RosterSign::ImpossibleAttendance])
            ]
        );
    }

    #[test]
    fn a_new_crew_is_no_padding_and_a_list_at_the_end_of_the_month_is() {
        let fresh = |worker: i64| Name {
            entered_on: day(30),
            enrolled_on: day(30),
            attended: Attended::Days(200),
            listed: 200,
            here: Vec::new(),
            ..name(worker)
        };
        let honest: Vec<Name> = (1..=8).map(fresh).collect();
        assert_eq!(signs(&honest), []);
        let padded: Vec<Name> = (1..=6).map(|worker| Name { listed: 2_200, ..fresh(worker) }).collect();
        assert_eq!(signs(&padded).len(), 6);
        assert_eq!(signs(&padded[..4]), [], "a few late papers are no list");
    }

    #[test]
    fn days_that_are_the_same_to_the_minute_are_told_for_three_or_more() {
        let copy = |worker: i64| Name { here: name(7).here, worker: WorkerId(worker), ..name(7) };
        let pair: Vec<Name> = [7, 50].into_iter().map(copy).chain((60..=80).map(name)).collect();
        assert_eq!(signs(&pair), [], "two who always come together");
        let mut roster: Vec<Name> = [7, 50, 51, 52].into_iter().map(copy).chain((60..=80).map(name)).collect();
        if let Some(first) = roster.get_mut(1).and_then(|one| one.here.first_mut()) {
            first.first += 3;
        }
        let told: Vec<i64> = signs(&roster).into_iter().map(|(worker, _)| worker).collect();
        assert_eq!(told, [7, 50, 51, 52], "a day that was changed by hand hides nobody");
    }
}
