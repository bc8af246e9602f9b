//! The payday forecast tried on the simulated year, against the naive rule "the balance is low".
//!
//! Both are asked nine days before every pay day, by what the service knows then. On the pay day the bank's own books say whether the
//! account held what was due and had not reached the workers. Deliberately absent: a limit that the scores must reach.

use std::collections::BTreeMap;
use std::fmt;

use super::auditor;
use super::bank::Banks;
use super::books::Books;
use super::founding::Founded;
use super::service::Service;
use super::world::{Plan, World};
use crate::base::{Day, Fen, Month};
use crate::labour_cost::{forecast::forecast, gather::position};
use crate::projects;
use crate::web::Problem;

/// Days before a pay day on which both rules are asked.
const ASKED_BEFORE: i64 = 9;
/// Months back whose pay day can be today or nine days ahead.
const MONTHS_BACK: i32 = 3;

/// How often a rule was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// It warned, and the money was short.
    pub hits: u32,
    /// It was silent, and the money was short.
    pub misses: u32,
    /// It warned, and the money was there.
    pub false_alarms: u32,
    /// It was silent, and the money was there.
    pub quiet: u32,
}

impl Score {
    fn count(&mut self, warned: bool, short: bool) {
        *match (warned, short) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.misses,
            (true, false) => &mut self.false_alarms,
            (false, false) => &mut self.quiet,
        } += 1;
    }

    /// Pay days that were judged.
    pub fn asked(&self) -> u32 {
        self.hits + self.misses + self.false_alarms + self.quiet
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { hits, misses, false_alarms, quiet } = self;
        write!(f, "{hits} warned of, {misses} missed, {false_alarms} false alarms, {quiet} rightly silent")
    }
}

/// What both rules said and what came.
#[derive(Debug, Clone, Default)]
pub struct Foresight {
    /// The forecast and the naive rule about a project's pay day, until it comes.
    said: BTreeMap<(usize, Day), (bool, bool)>,
    /// Wages of each project's last pay day.
    before: BTreeMap<usize, Fen>,
    /// The forecast's score.
    pub forecast: Score,
    /// The score of "the account holds less than half of the last pay day's wages".
    pub naive: Score,
    /// Pay days of which nobody could say anything: the bank had not told a balance.
    pub unknown: u32,
}

impl Foresight {
    /// The evening of a day: asks about the pay days that are near, judges those that are there.
    pub fn look(
        &mut self,
        service: &Service,
        world: &World,
        founded: &Founded,
        (books, banks): (&Books, &Banks),
        day: Day,
    ) -> Result<(), Problem> {
        for plan in &world.projects {
            let due = auditor::due_on(service, plan)?;
            for month in (0..=MONTHS_BACK).map(|back| day.month().plus(-back)).filter(|month| *month >= world.first.month()) {
                let pay_on = due(month);
                if pay_on == day.plus_days(ASKED_BEFORE) {
                    self.ask(service, plan, founded, day, pay_on)?;
                } else if pay_on == day {
                    self.judge(plan, books, banks, month, day);
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, service: &Service, plan: &Plan, founded: &Founded, day: Day, pay_on: Day) -> Result<(), Problem> {
        let Some(id) = founded.projects.get(plan.number).map(|ground| ground.id) else { return Ok(()) };
        let outlook = service.read(|conn, ctx| {
            let site = projects::site(conn, id)?;
            Ok(forecast(position(conn, ctx, &site, day)?)?)
        })?;
        let Some(balance) = outlook.position.balance else {
            self.unknown += 1;
            return Ok(());
        };
        let warned = outlook.points.iter().any(|point| point.on == pay_on && point.left < Fen::ZERO);
        let before = self.before.get(&plan.number).copied().unwrap_or(Fen::ZERO);
        self.said.insert((plan.number, pay_on), (warned, balance.0.saturating_mul(2) < before.0));
        Ok(())
    }

    fn judge(&mut self, plan: &Plan, books: &Books, banks: &Banks, month: Month, day: Day) {
        let of_project = || books.lines.values().filter(|line| line.project == plan.number);
        let mut due: i64 = of_project().filter(|line| line.due == day).map(|line| line.net.0).sum();
        let reached = |line: &super::books::Line| line.attempts.values().map(|one| one.reached.0).sum::<i64>();
        let mut open: i64 = of_project().filter(|line| line.due <= day).map(|line| line.net.0 - reached(line)).sum();
        if of_project().all(|line| line.month != month) {
            // Nobody has made the sheet yet: what was earned is due all the same.
            let earned: i64 = books.earned(plan.number, month).values().map(|sum| sum.0).sum();
            (due, open) = (due + earned, open + earned);
        }
        if let Some((warned, naive)) = self.said.remove(&(plan.number, day)) {
            let short = banks.balance(plan.number).0 < open;
            self.forecast.count(warned, short);
            self.naive.count(naive, short);
        }
        self.before.insert(plan.number, Fen(due));
    }
}
