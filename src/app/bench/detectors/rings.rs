//! Sites of 500 workers, honest ones and such where somebody holds other people's cards.

use std::collections::BTreeSet;

use super::Tally;
use crate::app::demo::luck::Luck;
use crate::base::Moment;
use crate::base::id::WorkerId;
use crate::detectors::Policy;
use crate::detectors::rings::{Done, Ring, Shared, Traces, rings};

/// Workers of a site.
const WORKERS: i64 = 500;
/// Workers of a crew.
const CREW: i64 = 25;
/// The evening of pay day: an hour that means nothing.
const PAY_DAY: i64 = 1_775_000_000;

/// A site with the rings that were planted into it; the second says how many traces each leaves.
struct Site {
    traces: Traces,
    planted: Vec<(BTreeSet<WorkerId>, usize)>,
}

fn number(luck: &mut Luck, from: i64, to: i64) -> i64 {
    let width = u32::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(1);
    from.saturating_add(i64::from(luck.below(width)))
}

fn seconds(at: i64) -> Moment {
    Moment(at.saturating_mul(1_000_000))
}

/// Some honest workers who stand together: brothers, a family, people of one village.
fn together(luck: &mut Luck, size: i64) -> Vec<i64> {
    let first = number(luck, 0, WORKERS - size);
    (first..first + size).collect()
}

/// What an honest site of 500 leaves behind. Each worker's phone, card and payee is `own-N` unless life made it another.
struct Life {
    phone: Vec<Option<String>>,
    device: Vec<String>,
    card: Vec<String>,
    holder: Vec<Option<String>>,
    payee: Vec<Option<String>>,
    machine: Vec<Option<(String, i64)>>,
    confirmed: Vec<(String, i64)>,
}

fn put<T>(list: &mut [T], place: i64, value: T) {
    if let Some(slot) = usize::try_from(place).ok().and_then(|place| list.get_mut(place)) {
        *slot = value;
    }
}

fn life(luck: &mut Luck) -> Life {
    let own = |kind: &str, worker: i64| format!("{kind}-{worker}");
    let mut life = Life {
        phone: (0..WORKERS).map(|worker| (!luck.happens(5)).then(|| own("phone", worker))).collect(),
        device: (0..WORKERS).map(|worker| own("device", worker)).collect(),
        card: (0..WORKERS).map(|worker| own("card", worker)).collect(),
        holder: (0..WORKERS).map(|worker| luck.happens(2).then(|| own("relative", worker))).collect(),
        payee: (0..WORKERS).map(|worker| luck.happens(30).then(|| own("spouse", worker))).collect(),
        machine: (0..WORKERS).map(|_| None).collect(),
        confirmed: Vec::new(),
    };
    // Brothers share a telephone, and so its device.
    for pair in 0..15 {
        for worker in together(luck, 2) {
            put(&mut life.phone, worker, Some(format!("brothers-{pair}")));
            put(&mut life.device, worker, format!("brothers-{pair}"));
        }
    }
    // A foreman lends number and telephone to three who have none.
    for foreman in 0..6 {
        for worker in together(luck, 3) {
            put(&mut life.phone, worker, Some(format!("foreman-{foreman}")));
            put(&mut life.device, worker, format!("foreman-{foreman}"));
        }
    }
    // A family whose wages go to one account at home, and the mother who holds father's and son's card.
    for family in 0..10 {
        let size = number(luck, 2, 4);
        for worker in together(luck, size) {
            put(&mut life.payee, worker, Some(format!("family-{family}")));
        }
        for worker in together(luck, 2) {
            put(&mut life.holder, worker, Some(format!("mother-{family}")));
        }
    }
    // The queue at two cash machines on the evening of pay day: a minute to four each, sometimes less.
    for machine in 0..2 {
        let mut at = PAY_DAY;
        for worker in 0..WORKERS {
            if worker % 2 == machine && luck.happens(40) {
                at += number(luck, 55, 240);
                put(&mut life.machine, worker, Some((format!("machine-{machine}"), at)));
            }
        }
    }
    // Each crew confirms in one meeting, one after another within a few minutes.
    let mut at = PAY_DAY - 400_000;
    for worker in 0..WORKERS {
        at += if worker % CREW == 0 { 1_800 } else { number(luck, 0, 20) };
        life.confirmed.push(("sheet".to_owned(), at));
    }
    life
}

/// Somebody holds the cards of some workers, as it was found on sites: the messages of the bank reach one telephone, one telephone
/// confirms for all and within seconds, the accounts are in one other name, the wages are sent on to one payee or drawn one after
/// another at one machine.
fn ring(luck: &mut Luck, life: &mut Life, name: &str, members: &[i64], traces: &[u32]) {
    let size = i64::try_from(members.len()).unwrap_or(0);
    let (phones, devices, holders) = (1 + size / 25, 1 + size / 40, 1 + size / 40);
    let sends = luck.happens(50);
    let (mut drawn_at, mut confirmed_at) = (PAY_DAY + number(luck, 3_600, 20_000), PAY_DAY - 90_000);
    let machine = format!("{name}-machine");
    for worker in members {
        for trace in traces {
            match trace {
                0 if luck.happens(90) => {
                    let phone = format!("{name}-phone-{}", number(luck, 1, phones));
                    put(&mut life.phone, *worker, Some(phone));
                }
                1 if luck.happens(90) => {
                    let device = format!("{name}-device-{}", number(luck, 1, devices));
                    put(&mut life.device, *worker, device);
                }
                2 if luck.happens(85) => {
                    let holder = format!("{name}-holder-{}", number(luck, 1, holders));
                    put(&mut life.holder, *worker, Some(holder));
                }
                3 if sends && luck.happens(95) => put(&mut life.payee, *worker, Some(format!("{name}-payee"))),
                3 if !sends && luck.happens(95) => {
                    drawn_at += number(luck, 20, 75);
                    put(&mut life.machine, *worker, Some((machine.clone(), drawn_at)));
                }
                4 => {
                    confirmed_at += number(luck, 1, 4);
                    put(&mut life.confirmed, *worker, ("sheet".to_owned(), confirmed_at));
                }
                _ => {}
            }
        }
    }
}

fn site(seed: u64, place: usize) -> Site {
    let mut luck = Luck::of(seed, "site", place);
    let mut life = life(&mut luck);
    let mut planted = Vec::new();
    // Every second site is honest.
    if place % 2 == 1 {
        let mut first = number(&mut luck, 0, 40);
        let count = number(&mut luck, 1, 5);
        for place in 0..count {
            let size = number(&mut luck, 5, 60);
            if first + size > WORKERS {
                break;
            }
            let members: Vec<i64> = (first..first + size).collect();
            // Most leave several traces; one in six was careful.
            let mut traces: Vec<u32> = (0..5).filter(|_| luck.happens(60)).collect();
            let careful = luck.happens(16);
            while traces.len() < if careful { 1 } else { 2 } {
                let more = luck.below(5);
                if !traces.contains(&more) {
                    traces.push(more);
                }
            }
            if careful {
                traces.truncate(1);
            }
            ring(&mut luck, &mut life, &format!("ring-{place}"), &members, &traces);
            planted.push((members.iter().map(|worker| WorkerId(worker + 1)).collect(), traces.len()));
            first += size + number(&mut luck, 5, 60);
        }
    }
    Site { traces: traces_of(life), planted }
}

fn traces_of(life: Life) -> Traces {
    let worker = |place: usize| WorkerId(i64::try_from(place).unwrap_or(0) + 1);
    let maybe = |list: Vec<Option<String>>| -> Vec<Shared> {
        let given = list.into_iter().enumerate();
        given.filter_map(|(place, key)| Some(Shared { worker: worker(place), key: key? })).collect()
    };
    let all = |list: Vec<String>| -> Vec<Shared> {
        list.into_iter().enumerate().map(|(place, key)| Shared { worker: worker(place), key }).collect()
    };
    let sent_on = life.payee.into_iter().enumerate().filter_map(|(place, key)| {
        let at = seconds(PAY_DAY + 50_000 + i64::try_from(place).unwrap_or(0) * 30);
        Some(Done { worker: worker(place), key: key?, at })
    });
    let drawn = life.machine.into_iter().enumerate().filter_map(|(place, drawn)| {
        let (key, at) = drawn?;
        Some(Done { worker: worker(place), key, at: seconds(at) })
    });
    let confirmed = life.confirmed.into_iter().enumerate();
    Traces {
        phones: maybe(life.phone),
        devices: all(life.device),
        cards: all(life.card),
        holders: maybe(life.holder),
        sent_on: sent_on.collect(),
        drawn: drawn.collect(),
        confirmed: confirmed.map(|(place, (key, at))| Done { worker: worker(place), key, at: seconds(at) }).collect(),
    }
}

fn shared_with(ring: &Ring, planted: &BTreeSet<WorkerId>) -> usize {
    ring.workers.iter().filter(|worker| planted.contains(worker)).count()
}

/// Rings with several traces, rings with one, and how many workers there are. A planted ring is found when half of it stands in one
/// ring that is told; a ring that is told is false when most of it is of no planted ring.
pub(super) fn run(seed: u64, sites: usize, policy: &Policy) -> (Tally, Tally, usize) {
    let (mut clear, mut faint) = (Tally::default(), Tally::default());
    for place in 0..sites {
        let site = site(seed, place);
        let told = rings(&site.traces, policy);
        for (planted, traces) in &site.planted {
            let tally = if *traces > 1 { &mut clear } else { &mut faint };
            tally.planted += 1;
            tally.found += usize::from(told.iter().any(|ring| shared_with(ring, planted) * 2 >= planted.len()));
        }
        let is_false = |ring: &&Ring| site.planted.iter().all(|(planted, _)| shared_with(ring, planted) * 2 < ring.workers.len());
        clear.invented += told.iter().filter(is_false).count();
    }
    (clear, faint, sites * usize::try_from(WORKERS).unwrap_or(0))
}
