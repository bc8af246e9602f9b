//! The auditor's own books, in plain maps: what every actor did and what was acknowledged to them. Nothing here is read from the
//! service, and no rule of a slice is called: what a day is worth, what a month earned and what is owed is worked out once more.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Day, Fen, Month};

/// A passage as a device told it and the service acknowledged it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passage {
    /// Serial number of the device.
    pub serial: String,
    /// Number at the gate.
    pub pin: String,
    /// Seconds of the day on the device's clock.
    pub time: i32,
    /// 0 in, 1 out.
    pub state: i32,
}

/// A stay of one person on one project.
#[derive(Debug, Clone)]
pub struct Stay {
    /// Place of the project.
    pub project: usize,
    /// Number at the gate.
    pub pin: String,
    /// First day.
    pub entered: Day,
    /// Last day.
    pub left: Option<Day>,
    /// Day rates with the days from which they hold.
    pub rates: Vec<(Day, Fen)>,
    /// The card in use.
    pub card: String,
}

impl Stay {
    fn holds_on(&self, day: Day) -> bool {
        self.entered <= day && self.left.is_none_or(|left| day <= left)
    }

    fn rate_on(&self, day: Day) -> Fen {
        let first = self.rates.first().map_or(Fen::ZERO, |(_, rate)| *rate);
        self.rates.iter().rev().find(|(from, _)| *from <= day).map_or(first, |(_, rate)| *rate)
    }
}

/// What was told of one attempt to pay, in the order in which a later word outweighs an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// Nothing.
    Sent,
    /// The bank has it.
    Accepted,
    /// It was paid.
    Paid,
    /// It was refused.
    Rejected,
    /// It came back.
    Returned,
}

/// An attempt to pay a line.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What was told of it.
    pub told: Told,
    /// What really reached the worker and stayed there.
    pub reached: Fen,
    /// What was ordered.
    pub ordered: Fen,
}

/// A line of a pay sheet.
#[derive(Debug, Clone)]
pub struct Line {
    /// Place of the project.
    pub project: usize,
    /// Enrolment, as the service names it.
    pub enrolment: i64,
    /// The month that was worked.
    pub month: Month,
    /// What is owed.
    pub net: Fen,
    /// By when.
    pub due: Day,
    /// Attempts by number.
    pub attempts: BTreeMap<i32, Attempt>,
}

impl Line {
    /// What the bank's words say has reached the worker.
    pub fn paid(&self) -> Fen {
        Fen(self.attempts.values().filter(|one| one.told == Told::Paid).map(|one| one.ordered.0).sum())
    }

    /// Whether a payment is under way of which no final word was heard.
    pub fn is_in_flight(&self) -> bool {
        self.attempts.values().next_back().is_some_and(|last| last.told <= Told::Accepted)
    }
}

/// Whether wages are owed, as far as anybody can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// `None` where it cannot be known.
    pub state: Option<bool>,
    /// Known to be owed.
    pub amount: Fen,
}

/// Whole and half work days, in seconds between the first and the last passage.
const WHOLE: i32 = 4 * 3600;
const HALF: i32 = 2 * 3600;

/// All books.
#[derive(Debug, Default)]
pub struct Books {
    /// Acknowledged passages by project and day on the device's clock.
    pub passages: BTreeMap<(usize, Day), BTreeSet<Passage>>,
    /// Days with news since the auditor looked last.
    pub fresh_days: BTreeSet<(usize, Day)>,
    /// Stays by the service's enrolment.
    pub stays: BTreeMap<i64, Stay>,
    /// Lines by the service's id as text.
    pub lines: BTreeMap<String, Line>,
    /// Parts of a month's sheet by number: whether each is audited.
    pub parts: BTreeMap<(usize, Month), BTreeMap<i32, bool>>,
    /// Movements of each account of which the service was told, by the bank's reference.
    pub movements: Vec<BTreeMap<String, Fen>>,
    /// What went wrong.
    pub violations: Vec<String>,
    /// Events that were acknowledged.
    pub events: u64,
    /// Pay runs.
    pub runs: u64,
}

impl Books {
    /// Notes what must not be.
    pub fn accuse(&mut self, day: Day, what: String) {
        self.violations.push(format!("{day}: {what}"));
    }

    /// A passage was acknowledged.
    pub fn passed(&mut self, project: usize, day: Day, passage: Passage) {
        self.events = self.events.saturating_add(1);
        if self.passages.entry((project, day)).or_default().insert(passage) {
            self.fresh_days.insert((project, day));
        }
    }

    /// Hundredths of work days of each enrolment on a day.
    pub fn worked(&self, project: usize, day: Day) -> BTreeMap<i64, i64> {
        let mut spans: BTreeMap<i64, (i32, i32)> = BTreeMap::new();
        for passage in self.passages.get(&(project, day)).into_iter().flatten() {
            let holders =
                self.stays.iter().filter(|(_, stay)| stay.project == project && stay.pin == passage.pin && stay.holds_on(day));
            let Some((id, _)) = holders.max_by_key(|(id, stay)| (stay.entered, **id)) else { continue };
            let (first, last) = spans.entry(*id).or_insert((passage.time, passage.time));
            *first = passage.time.min(*first);
            *last = passage.time.max(*last);
        }
        let worth = |(first, last): (i32, i32)| match last - first {
            WHOLE.. => 100,
            HALF.. => 50,
            _ => 0,
        };
        spans.into_iter().map(|(id, span)| (id, worth(span))).collect()
    }

    /// What each enrolment earned in a month, by what was acknowledged so far.
    pub fn earned(&self, project: usize, month: Month) -> BTreeMap<i64, Fen> {
        let mut earned: BTreeMap<i64, Fen> = BTreeMap::new();
        let mut day = month.first();
        while day <= month.last() {
            for (id, hundredths) in self.worked(project, day) {
                let rate = self.stays.get(&id).map_or(Fen::ZERO, |stay| stay.rate_on(day));
                // Rates are whole yuan, so a half day is whole fen.
                let sum = earned.entry(id).or_default();
                *sum = Fen(sum.0.saturating_add(rate.0.saturating_mul(hundredths) / 100));
            }
            day = day.plus_days(1);
        }
        earned
    }

    /// What stands on lines of a month for an enrolment, but those of one part.
    pub fn on_lines(&self, enrolment: i64, month: Month, but: &BTreeSet<String>) -> Fen {
        let lines =
            self.lines.iter().filter(|(id, line)| line.enrolment == enrolment && line.month == month && !but.contains(*id));
        Fen(lines.map(|(_, line)| line.net.0).sum())
    }

    /// Whether somebody worked or could have in a month.
    fn is_concerned(&self, project: usize, month: Month) -> bool {
        let lives = |stay: &Stay| {
            stay.project == project && stay.entered <= month.last() && stay.left.is_none_or(|left| month.first() <= left)
        };
        self.stays.values().any(lives)
    }

    /// What a project owes on a day; `due` tells by when wages of a month without a sheet are due.
    pub fn owed(&self, project: usize, as_of: Day, due: impl Fn(Month) -> Day) -> Owed {
        let mut amount = 0_i64;
        let mut is_unknown = false;
        for line in self.lines.values().filter(|line| line.project == project && line.due < as_of) {
            let rest = line.net.0.saturating_sub(line.paid().0);
            if rest > 0 && line.is_in_flight() {
                is_unknown = true;
            } else if rest > 0 {
                amount = amount.saturating_add(rest);
            }
        }
        let first = self.stays.values().filter(|stay| stay.project == project).map(|stay| stay.entered.month()).min();
        for month in first.into_iter().flat_map(|first| first.up_to(as_of.month())) {
            let parts = self.parts.get(&(project, month));
            let is_audited = parts.is_some_and(|parts| parts.values().all(|audited| *audited));
            if !is_audited && due(month) < as_of && self.is_concerned(project, month) {
                is_unknown = true;
            }
        }
        let state = match (amount > 0, is_unknown) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        };
        Owed { state, amount: Fen(amount) }
    }

    /// A word on an attempt was acknowledged.
    pub fn heard(&mut self, end_to_end: &str, told: Told) {
        if let Some(attempt) = self.attempt(end_to_end) {
            attempt.told = attempt.told.max(told);
        }
    }

    /// The attempt that an id names.
    pub fn attempt(&mut self, end_to_end: &str) -> Option<&mut Attempt> {
        let (line, number) = end_to_end.rsplit_once('-')?;
        self.lines.get_mut(line)?.attempts.get_mut(&number.parse().ok()?)
    }

    /// Lines that the bank has paid.
    pub fn paid_lines(&self) -> usize {
        let reached = |line: &&Line| line.attempts.values().any(|one| one.reached.is_positive());
        self.lines.values().filter(reached).count()
    }
}
