//! Payrolls, half of them with names behind which nobody stands.

use std::collections::BTreeSet;

use super::Tally;
use crate::app::demo::luck::Luck;
use crate::base::id::WorkerId;
use crate::base::{Day, Fen, Month};
use crate::detectors::Policy;
use crate::detectors::padding::{Name, Presence, look};
use crate::matching::{Attended, Unknown};

/// What is planted, in words.
const KINDS: [&str; 5] = ["never present", "impossible attendance", "management", "enrolled at month end", "identical days"];

/// Trades of workers.
const TRADES: &[&str] =
    &["木工", "钢筋工", "混凝土工", "架子工", "砌筑工", "电工", "焊工", "普工", "塔吊司机", "仓库保管", "安全帮手"];

/// Offices whose holders were found on payrolls; not each is called by a word that gives it away.
const OFFICES: &[&str] = &["项目经理", "生产经理", "施工员", "资料员", "安全员", "质量员", "技术负责人", "劳资专管员"];

/// Wage of a day.
const DAY_RATE: i64 = 30_000;

struct Payroll {
    month: Month,
    roster: Vec<Name>,
    planted: Vec<BTreeSet<WorkerId>>,
}

fn number(luck: &mut Luck, from: i32, to: i32) -> i32 {
    let width = u32::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(1);
    from.saturating_add(i32::try_from(luck.below(width)).unwrap_or(0))
}

fn long_ago(month: Month) -> Day {
    month.plus(-3).first().plus_days(4)
}

fn name(worker: usize, trade: &str, month: Month) -> Name {
    Name {
        worker: WorkerId(i64::try_from(worker).unwrap_or(0) + 1),
        trade: trade.to_owned(),
        entered_on: long_ago(month),
        enrolled_on: long_ago(month),
        attended: Attended::Days(0),
        here: Vec::new(),
        elsewhere: Vec::new(),
        listed: 0,
        money: Fen::ZERO,
    }
}

/// Days by the gate; what they come to stands on the sheet.
fn with_days(mut name: Name, here: Vec<Presence>) -> Name {
    let days: i64 = here
        .iter()
        .map(|one| match one.last - one.first {
            240.. => 100,
            120.. => 50,
            _ => 0,
        })
        .sum();
    name.attended = if days == 0 && !here.is_empty() { Attended::NotKnown(Unknown::Incomplete) } else { Attended::Days(days) };
    name.here = here;
    listed(name, days)
}

fn listed(mut name: Name, days: i64) -> Name {
    name.listed = days;
    name.money = Fen(days * DAY_RATE / 100);
    name
}

/// The days on which the site worked.
fn site_days(luck: &mut Luck, month: Month) -> Vec<Day> {
    let days = (0..31).map(|place| month.first().plus_days(place)).filter(|day| month.contains(*day));
    days.filter(|_| !luck.happens(12)).collect()
}

/// One shift with one clock: a crew comes by bus or on foot within minutes, some leave at noon, some miss a passage.
fn crew_days(luck: &mut Luck, days: &[Day], size: usize) -> Vec<Vec<Presence>> {
    let mut crew = vec![Vec::new(); size];
    let (start, end) = (number(luck, 380, 450), number(luck, 1_050, 1_110));
    let bus = luck.happens(30);
    for day in days {
        let (came, went) = (start + number(luck, -6, 12), end + number(luck, -10, 25));
        for worker in &mut crew {
            if luck.happens(8) {
                continue;
            }
            let spread = if bus { 3 } else { 18 };
            let first = came + number(luck, 0, spread);
            let last = match luck.below(100) {
                0..4 => first + number(luck, 250, 330),
                4..6 => first,
                _ => went + number(luck, 0, spread + 4),
            };
            worker.push(Presence { day: *day, first, last });
        }
    }
    crew
}

/// An honest payroll with what looks odd and is not.
fn honest(luck: &mut Luck, month: Month) -> (Vec<Name>, Vec<Day>) {
    let days = site_days(luck, month);
    let mut roster: Vec<Name> = Vec::new();
    for _ in 0..number(luck, 2, 5) {
        let size = usize::try_from(number(luck, 8, 22)).unwrap_or(8);
        for here in crew_days(luck, &days, size) {
            let trade = luck.pick(TRADES);
            roster.push(with_days(name(roster.len(), trade, month), here));
        }
    }
    // Two mates who always come and go together.
    if let [first, second, ..] = roster.as_mut_slice() {
        *second = with_days(second.clone(), first.here.clone());
    }
    // A crew that is new at the beginning of the month, in half of all payrolls.
    if luck.happens(50) {
        let begin = month.first().plus_days(i64::from(luck.below(4)));
        let fresh: Vec<Day> = days.iter().copied().filter(|day| *day >= begin).collect();
        let size = usize::try_from(number(luck, 8, 15)).unwrap_or(8);
        for here in crew_days(luck, &fresh, size) {
            let fresh = name(roster.len(), "普工", month);
            roster.push(with_days(Name { entered_on: begin, enrolled_on: begin, ..fresh }, here));
        }
    }
    // One that is new at its end, with the two days that it worked.
    if luck.happens(25) {
        let begin = month.last().plus_days(-1);
        let size = usize::try_from(number(luck, 6, 12)).unwrap_or(6);
        for here in crew_days(luck, &[begin, month.last()], size) {
            let fresh = name(roster.len(), "普工", month);
            roster.push(with_days(Name { entered_on: begin, enrolled_on: begin, ..fresh }, here));
        }
    }
    // Papers that came late for people whom the gates know.
    if luck.happens(25) {
        for worker in roster.iter_mut().rev().take(7) {
            worker.enrolled_on = month.last();
        }
    }
    // Somebody without a number at the gates; a silent gate knows nobody.
    let silent = luck.happens(10);
    for worker in &mut roster {
        if silent || luck.happens(2) {
            worker.attended = Attended::NotKnown(if silent { Unknown::GateSilent } else { Unknown::NoGateNumber });
            worker.here.clear();
        }
        // One who works two half days on two sites, and one who lives between two neighbouring ones.
        if luck.happens(2) {
            let noon =
                worker.here.iter().take(4).map(|one| Presence { day: one.day, first: one.last + 25, last: one.last + 200 });
            worker.elsewhere = noon.collect();
        } else if luck.happens(1) {
            let once = worker.here.iter().take(1).map(|one| Presence { day: one.day, first: one.last + 4, last: one.last + 90 });
            worker.elsewhere = once.collect();
        }
    }
    // Hurt at work and paid for the month, as the law wants it.
    if luck.happens(4)
        && let Some(worker) = roster.last_mut()
    {
        let paid = with_days(worker.clone(), Vec::new());
        *worker = listed(paid, 2_600);
    }
    (roster, days)
}

/// What was found on real payrolls.
fn plant(luck: &mut Luck, kind: usize, month: Month, days: &[Day], roster: &mut Vec<Name>) -> BTreeSet<WorkerId> {
    let full = i64::try_from(days.len()).unwrap_or(0) * 100;
    let from = roster.len();
    match kind {
        // Relatives and names of people who left: on the sheet, never at the gate.
        0 => {
            for _ in 0..number(luck, 2, 10) {
                roster.push(listed(name(roster.len(), luck.pick(TRADES), month), full));
            }
        }
        // One person's punches on two sites on the same days.
        1 => {
            for _ in 0..number(luck, 2, 6) {
                let here = crew_days(luck, days, 1).pop().unwrap_or_default();
                let shift = number(luck, -8, 90);
                let twin: Vec<Presence> = here
                    .iter()
                    .filter(|_| luck.happens(70))
                    .map(|one| Presence { day: one.day, first: one.first + shift, last: one.last + shift })
                    .collect();
                let made = with_days(name(roster.len(), luck.pick(TRADES), month), here);
                roster.push(Name { elsewhere: twin, ..made });
            }
        }
        // The office on the workers' payroll.
        2 => {
            for _ in 0..number(luck, 1, 4) {
                let here = crew_days(luck, days, 1).pop().unwrap_or_default();
                roster.push(with_days(name(roster.len(), luck.pick(OFFICES), month), here));
            }
        }
        // A list of names in the last days of the month, paid for all of it.
        3 => {
            let on = month.last().plus_days(-i64::from(luck.below(3)));
            let backdated = luck.happens(50);
            for _ in 0..number(luck, 6, 20) {
                let late = listed(name(roster.len(), luck.pick(TRADES), month), full);
                roster.push(Name { enrolled_on: on, entered_on: if backdated { month.first() } else { on }, ..late });
            }
        }
        // Attendance written by one hand: the same times for all, here and there a day that was changed or left out.
        _ => {
            let times: Vec<Presence> = days
                .iter()
                .map(|day| Presence { day: *day, first: 420 + number(luck, 0, 10), last: 1_080 + number(luck, 0, 10) })
                .collect();
            for _ in 0..number(luck, 4, 15) {
                let mut here = Vec::with_capacity(times.len());
                for one in &times {
                    match luck.below(20) {
                        0 => {}
                        1 => here.push(Presence { last: one.last + 3, ..*one }),
                        _ => here.push(*one),
                    }
                }
                roster.push(with_days(name(roster.len(), luck.pick(TRADES), month), here));
            }
        }
    }
    roster.iter().skip(from).map(|name| name.worker).collect()
}

fn payroll(seed: u64, place: usize) -> Option<Payroll> {
    let mut luck = Luck::of(seed, "payroll", place);
    let month = Month::of(2026, 3)?;
    let (mut roster, days) = honest(&mut luck, month);
    let mut planted = vec![BTreeSet::new(); KINDS.len()];
    if place % 2 == 1 {
        for _ in 0..number(&mut luck, 1, 2) {
            let kind = usize::try_from(luck.below(5)).unwrap_or(0);
            let names = plant(&mut luck, kind, month, &days, &mut roster);
            if let Some(all) = planted.get_mut(kind) {
                all.extend(names);
            }
        }
    }
    Some(Payroll { month, roster, planted })
}

/// By what was planted, in sum, and how many names there are. A name that was told and not planted counts once, in the sum.
pub(super) fn run(seed: u64, payrolls: usize, policy: &Policy) -> (Vec<(&'static str, Tally)>, Tally, usize) {
    let mut by_kind: Vec<(&'static str, Tally)> = KINDS.iter().map(|kind| (*kind, Tally::default())).collect();
    let (mut sum, mut names) = (Tally::default(), 0);
    for payroll in (0..payrolls).filter_map(|place| payroll(seed, place)) {
        names += payroll.roster.len();
        let told: BTreeSet<WorkerId> =
            look(payroll.month, &payroll.roster, policy).into_iter().map(|suspect| suspect.worker).collect();
        for ((_, tally), planted) in by_kind.iter_mut().zip(&payroll.planted) {
            tally.planted += planted.len();
            tally.found += planted.intersection(&told).count();
        }
        let all: BTreeSet<WorkerId> = payroll.planted.into_iter().flatten().collect();
        let found = told.intersection(&all).count();
        sum.add(Tally { planted: all.len(), found, invented: told.len() - found });
    }
    (by_kind, sum, names)
}
