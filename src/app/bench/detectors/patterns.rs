//! Passages of sites of a hundred and some workers over a month, honest ones and such where one hand punched for many or a script wrote
//! them; and gate machines whose clocks were off.

use std::collections::BTreeSet;

use super::Tally;
use crate::app::demo::luck::Luck;
use crate::base::id::{DeviceId, InboxId, WorkerId};
use crate::base::{Day, Month};
use crate::detectors::Policy;
use crate::detectors::clocks::{Told, clocks};
use crate::detectors::patterns::{Pass, PatternSign, patterns};

/// What is planted, in words.
const KINDS: [(&str, PatternSign); 3] = [
    ("clockwork punches", PatternSign::Clockwork),
    ("one order every day", PatternSign::SameOrder),
    ("one hand for many", PatternSign::OneHand),
];

/// Machines of a site.
const MACHINES: i64 = 4;

struct Site {
    passes: Vec<Pass>,
    told: Vec<Told>,
    /// Planted workers by kind.
    planted: Vec<BTreeSet<WorkerId>>,
    /// Machines whose clocks are off.
    off: BTreeSet<DeviceId>,
    workers: usize,
}

fn number(luck: &mut Luck, from: i32, to: i32) -> i32 {
    let width = u32::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or(1);
    from.saturating_add(i32::try_from(luck.below(width)).unwrap_or(0))
}

/// The site while it is made.
struct Making {
    luck: Luck,
    days: Vec<Day>,
    passes: Vec<Pass>,
    workers: i64,
}

impl Making {
    fn worker(&mut self) -> WorkerId {
        self.workers += 1;
        WorkerId(self.workers)
    }

    fn pass(&mut self, device: i64, day: Day, time: i32, worker: WorkerId) {
        self.passes.push(Pass { device: DeviceId(device), day, time: time.clamp(0, 86_399), worker });
    }

    /// A crew that comes by bus or on foot and queues at the gate in the order in which it happens to stand; some go home at noon to
    /// another site, some forget a passage, two mates and a family always come together.
    fn crew(&mut self, device: i64) {
        let size = number(&mut self.luck, 10, 40);
        let crew: Vec<WorkerId> = (0..size).map(|_| self.worker()).collect();
        let (start, end) = (number(&mut self.luck, 22_800, 27_000), number(&mut self.luck, 62_000, 67_000));
        let bus = self.luck.happens(30);
        // A wide gate lets them pass quickly.
        let quickest = number(&mut self.luck, 2, 4);
        for day in self.days.clone() {
            for at in [start, end] {
                let mut standing: Vec<WorkerId> = crew.iter().copied().skip(3).collect();
                for place in (1..standing.len()).rev() {
                    let other = number(&mut self.luck, 0, i32::try_from(place).unwrap_or(0));
                    standing.swap(place, usize::try_from(other).unwrap_or(0));
                }
                // The first three are a family and always stand together.
                let family = usize::try_from(number(&mut self.luck, 0, size - 3)).unwrap_or(0).min(standing.len());
                standing.splice(family..family, crew.iter().copied().take(3));
                let mut time = at + number(&mut self.luck, -600, 900);
                for worker in standing {
                    time += if bus { number(&mut self.luck, quickest, 9) } else { number(&mut self.luck, quickest, 70) };
                    let gone = at == end && self.luck.happens(3);
                    if !self.luck.happens(6) && !gone {
                        self.pass(device, day, time, worker);
                    }
                    if gone {
                        // Moves to another site at noon.
                        let noon = 43_200 + number(&mut self.luck, -300, 900);
                        self.pass(device, day, noon, worker);
                    }
                }
            }
        }
    }

    /// Somebody punctual: within a few minutes each day, never to the second.
    fn punctual(&mut self, device: i64) {
        let worker = self.worker();
        let (came, went) = (number(&mut self.luck, 25_000, 27_000), number(&mut self.luck, 62_000, 64_000));
        for day in self.days.clone() {
            let (first, last) = (came + number(&mut self.luck, -90, 90), went + number(&mut self.luck, 0, 120));
            self.pass(device, day, first, worker);
            self.pass(device, day, last, worker);
        }
    }

    /// Passages written by a script: one time of day, or one second of the minute, with a day here and there that differs.
    fn clockwork(&mut self, device: i64) -> BTreeSet<WorkerId> {
        let by_second = self.luck.happens(50);
        let count = number(&mut self.luck, 1, 6);
        let mut planted = BTreeSet::new();
        for _ in 0..count {
            let worker = self.worker();
            planted.insert(worker);
            let (came, went) = (number(&mut self.luck, 23_000, 28_000), number(&mut self.luck, 60_000, 66_000));
            for day in self.days.clone() {
                let (first, last) = if self.luck.happens(10) {
                    (came + number(&mut self.luck, 5, 900), went + number(&mut self.luck, 5, 900))
                } else if by_second {
                    (came + 60 * number(&mut self.luck, -9, 9), went + 60 * number(&mut self.luck, -9, 9))
                } else {
                    (came + number(&mut self.luck, 0, 2), went + number(&mut self.luck, 0, 2))
                };
                self.pass(device, day, first, worker);
                self.pass(device, day, last, worker);
            }
        }
        planted
    }

    /// One person takes a pack of cards through the gate, in the order of the pack; on some days one is left out or two are swapped.
    fn pack(&mut self, device: i64) -> BTreeSet<WorkerId> {
        let count = number(&mut self.luck, 5, 15);
        let pack: Vec<WorkerId> = (0..count).map(|_| self.worker()).collect();
        let start = number(&mut self.luck, 23_000, 28_000);
        for day in self.days.clone() {
            let mut today = pack.clone();
            if self.luck.happens(15) {
                let place = usize::try_from(number(&mut self.luck, 0, count - 2)).unwrap_or(0);
                today.swap(place, place + 1);
            }
            for at in [start, start + 38_000] {
                let mut time = at + number(&mut self.luck, 0, 1_200);
                for worker in &today {
                    time += number(&mut self.luck, 3, 7);
                    if !self.luck.happens(3) {
                        self.pass(device, day, time, *worker);
                    }
                }
            }
        }
        pack.into_iter().collect()
    }

    /// The same at a card reader as fast as the hand goes, shuffled each day, on part of the days.
    fn hand(&mut self, device: i64) -> BTreeSet<WorkerId> {
        let count = number(&mut self.luck, 6, 20);
        let cards: Vec<WorkerId> = (0..count).map(|_| self.worker()).collect();
        let start = number(&mut self.luck, 23_000, 28_000);
        for day in self.days.clone() {
            if self.luck.happens(30) {
                continue;
            }
            for at in [start, start + 38_000] {
                let mut cards = cards.clone();
                for place in (1..cards.len()).rev() {
                    let other = number(&mut self.luck, 0, i32::try_from(place).unwrap_or(0));
                    cards.swap(place, usize::try_from(other).unwrap_or(0));
                }
                let mut time = at + number(&mut self.luck, 0, 1_200);
                for worker in cards {
                    // Now and then one sticks.
                    time += if self.luck.happens(3) { 4 } else { number(&mut self.luck, 1, 2) };
                    self.pass(device, day, time, worker);
                }
            }
        }
        cards.into_iter().collect()
    }

    /// The messages of a month of a machine: live, within seconds; out of reach now and then, and then late. `off` is its clock.
    /// Only a machine that speaks live can be planted as off: of one that hands in once in the evening nobody can know.
    fn messages(&mut self, device: i64, is_live: bool, off: impl Fn(usize) -> i64) -> Vec<Told> {
        let mut told = Vec::new();
        let daily = self.luck.happens(10) && !is_live;
        for (place, day) in self.days.clone().into_iter().enumerate() {
            let mut inbox = i64::try_from(place).unwrap_or(0) * 1_000 + device * 100_000;
            if daily {
                // A gateway that hands in once in the evening.
                let received_at = day.begins().plus_seconds(82_800);
                let latest_at = received_at.plus_seconds(i64::from(number(&mut self.luck, -19_000, -17_000)) + off(place));
                told.push(Told { device: DeviceId(device), inbox: InboxId(inbox), received_at, latest_at });
                continue;
            }
            let out_until = if self.luck.happens(8) { number(&mut self.luck, 30_000, 70_000) } else { 0 };
            let mut at = 22_000;
            for _ in 0..number(&mut self.luck, 8, 40) {
                at += number(&mut self.luck, 20, 2_500);
                if at >= 86_000 {
                    break;
                }
                inbox += 1;
                let received = i64::from(at.max(out_until)) + i64::from(number(&mut self.luck, 1, 25));
                let (received_at, latest_at) =
                    (day.begins().plus_seconds(received), day.begins().plus_seconds(i64::from(at) + off(place)));
                told.push(Told { device: DeviceId(device), inbox: InboxId(inbox), received_at, latest_at });
            }
        }
        told
    }
}

fn site(seed: u64, place: usize) -> Option<Site> {
    let mut luck = Luck::of(seed, "passages", place);
    let month = Month::of(2026, 3)?;
    let days: Vec<Day> = (0..31).map(|place| month.first().plus_days(place)).filter(|_| !luck.happens(12)).collect();
    let mut making = Making { luck, days, passes: Vec::new(), workers: 0 };
    for crew in 0..number(&mut making.luck, 3, 7) {
        making.crew(i64::from(crew) % MACHINES + 1);
    }
    for _ in 0..3 {
        let device = i64::from(number(&mut making.luck, 1, 4));
        making.punctual(device);
    }
    let mut planted = vec![BTreeSet::new(); KINDS.len()];
    let is_odd = place % 2 == 1;
    if is_odd {
        for _ in 0..number(&mut making.luck, 1, 2) {
            let (kind, device) = (making.luck.below(3), i64::from(number(&mut making.luck, 1, 4)));
            let found = match kind {
                0 => making.clockwork(device),
                1 => making.pack(device),
                _ => making.hand(device),
            };
            if let Some(all) = usize::try_from(kind).ok().and_then(|kind| planted.get_mut(kind)) {
                all.extend(found);
            }
        }
    }
    // On some sites one gate tells minutes only.
    if making.luck.happens(15) {
        for pass in making.passes.iter_mut().filter(|pass| !is_odd && pass.device == DeviceId(1)) {
            pass.time = pass.time / 60 * 60;
        }
    }
    let (mut told, mut off) = (Vec::new(), BTreeSet::new());
    for device in 1..=MACHINES {
        if is_odd && device == 1 && making.luck.happens(60) {
            off.insert(DeviceId(device));
            let skew = i64::from(match making.luck.below(3) {
                0 => number(&mut making.luck, 400, 7_200),
                1 => number(&mut making.luck, -7_200, -400),
                // UTC as local time.
                _ => -28_800,
            });
            // From some day on.
            let from = usize::try_from(making.luck.below(10)).unwrap_or(0);
            told.extend(making.messages(device, true, |place| if place >= from { skew } else { 0 }));
        } else {
            let drift = i64::from(number(&mut making.luck, -200, 200));
            told.extend(making.messages(device, false, |_| drift));
        }
    }
    let workers = usize::try_from(making.workers).unwrap_or(0);
    Some(Site { passes: making.passes, told, planted, off, workers })
}

/// By kind of pattern, in workers; of clocks, in machines; and how many workers there are. A worker who is told and was not planted at all
/// is invented, once, in the kind that told them.
pub(super) fn run(seed: u64, sites: usize, policy: &Policy) -> (Vec<(&'static str, Tally)>, Tally, usize) {
    let mut by_kind: Vec<(&'static str, Tally)> = KINDS.iter().map(|(kind, _)| (*kind, Tally::default())).collect();
    let (mut machines, mut workers) = (Tally::default(), 0);
    for site in (0..sites).filter_map(|place| site(seed, place)) {
        workers += site.workers;
        let found = patterns(&site.passes, policy);
        let anything: BTreeSet<WorkerId> = site.planted.iter().flatten().copied().collect();
        for (((_, tally), planted), (_, sign)) in by_kind.iter_mut().zip(&site.planted).zip(KINDS) {
            let told: BTreeSet<WorkerId> =
                found.iter().filter(|one| one.sign == sign).flat_map(|one| one.workers.iter().copied()).collect();
            tally.add(Tally {
                planted: planted.len(),
                found: planted.intersection(&told).count(),
                invented: told.difference(&anything).count(),
            });
        }
        let told: BTreeSet<DeviceId> = clocks(&site.told, policy).into_iter().map(|off| off.device).collect();
        machines.add(Tally {
            planted: site.off.len(),
            found: site.off.intersection(&told).count(),
            invented: told.difference(&site.off).count(),
        });
    }
    (by_kind, machines, workers)
}
