//! `anxin sim`: a site year on the real code with a clock of its own. Owners, contractors, banks, machines at gates, workers and
//! authorities act through the actions of the slices and through files as foreign parties write them; the process is killed between
//! statements and goes on; an auditor with books of their own looks at the end of every day.
//!
//! The same seed gives the same year on both databases, killed or not, so that their exports can be compared byte by byte. Deliberately
//! absent: HTTP, real time, real randomness but for nonces that nobody sees, and any shortcut past the slices.

mod auditor;
mod authority;
mod bank;
mod books;
pub mod foresight;
mod founding;
mod letters;
mod service;
mod sites;
mod wages;
mod world;

use std::collections::BTreeMap;

use serde::Serialize;

use self::authority::Authority;
use self::bank::Banks;
use self::books::Books;
use self::foresight::Foresight;
use self::founding::Founded;
use self::service::Service;
use self::sites::Sites;
use self::wages::Desk;
use self::world::World;
use super::demo::luck::Luck;
use super::export;
use crate::base::{Day, Fen};
use crate::projects;
use crate::store::conn::Place;
use crate::store::{StoreError, jobs};
use crate::web::Problem;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Seed of all dice.
    pub seed: u64,
    /// Days.
    pub days: i64,
    /// Whether the process is killed now and then.
    pub kills: bool,
    /// Whether two feeds come at once, on threads of their own: no two such years are alike.
    pub is_crowded: bool,
    /// An empty database.
    pub place: Place,
}

/// Days after the last one in which banks execute and give back what is still with them.
const AFTERMATH_DAYS: i64 = 15;

/// Days of one run at most.
pub const DAYS_MAX: i64 = 700;

/// What came of it; the summary that `anxin sim` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Seed.
    pub seed: u64,
    /// Days.
    pub days: i64,
    /// Pay runs.
    pub runs: u64,
    /// Events that were acknowledged to an actor.
    pub events: u64,
    /// Lines that a bank has paid.
    pub paid_lines: usize,
    /// Things that must not be.
    pub violations: usize,
    /// Each of them.
    #[serde(skip)]
    pub told: Vec<String>,
    /// Gate answers that were clear, and all.
    #[serde(skip)]
    pub answers: (u64, u64),
    /// How often the process was killed.
    #[serde(skip)]
    pub kills: u64,
    /// The payday forecast against the naive rule.
    #[serde(skip)]
    pub foresight: Foresight,
    /// Everything visible at the end.
    #[serde(skip)]
    pub export: String,
}

fn failed(problem: &Problem) -> StoreError {
    StoreError::Setup(format!("{problem}"))
}

/// Plays the year.
///
/// # Errors
/// The database cannot be opened. A step that the service refuses ends the run and counts as a violation.
pub fn run(wanted: &Wanted) -> Result<Report, StoreError> {
    // A year whose working days are official, so that no pay day depends on a guess.
    let first = Day::of(2025, 1, 1).ok_or_else(|| StoreError::Setup("no such day".to_owned()))?;
    let world = World::new(wanted.seed, first, wanted.days.clamp(1, DAYS_MAX));
    let deaths = wanted.kills.then(|| Luck::of(wanted.seed, "deaths", 0));
    let founded_on = first.plus_days(-founding::FOUNDED_BEFORE);
    let service = Service::open(wanted.place.clone(), founded_on, deaths, wanted.is_crowded)?;
    let mut year = Year {
        service,
        sites: Sites::new(&world),
        banks: Banks::new(&world),
        authority: Authority::default(),
        foresight: Foresight::default(),
        books: Books { movements: vec![BTreeMap::new(); world.projects.len()], ..Books::default() },
        world,
    };
    let played = year.play();
    if let Err(problem) = played {
        let day = year.service.now().day();
        let fault = problem.faults.first().map_or(String::new(), |fault| format!(" ({}: {})", fault.place, fault.en));
        year.books.accuse(day, format!("the service refused a step: {problem}{fault}"));
    }
    let export = year.service.read(export::export).map_err(|problem| failed(&problem))?;
    let told = std::mem::take(&mut year.books.violations);
    Ok(Report {
        seed: wanted.seed,
        days: year.world.days,
        runs: year.books.runs,
        events: year.books.events,
        paid_lines: year.books.paid_lines(),
        violations: told.len(),
        told,
        answers: (year.authority.clear, year.authority.answers),
        kills: year.service.kills,
        foresight: year.foresight,
        export,
    })
}

struct Year {
    service: Service,
    world: World,
    sites: Sites,
    banks: Banks,
    authority: Authority,
    foresight: Foresight,
    books: Books,
}

impl Year {
    fn play(&mut self) -> Result<(), Problem> {
        let founded = founding::found(&mut self.service, &self.world)?;
        for number in 0..self.world.days {
            let day = self.world.first.plus_days(number);
            self.day(&founded, day)?;
            auditor::look(&self.service, &self.world, &founded, &mut self.books, day)?;
            self.foresight.look(&self.service, &self.world, &founded, (&self.books, &self.banks), day)?;
        }
        self.last_day(&founded, self.world.first.plus_days(self.world.days))
    }

    fn day(&mut self, founded: &Founded, day: Day) -> Result<(), Problem> {
        let Self { service, world, sites, banks, authority, books, .. } = self;
        let mut luck = world.luck("jobs", 0, day);
        service.wait_until(day, 1, 0);
        service.step(move |tx, ctx, _| {
            for (kind, of) in [("nightly", day.plus_days(-1)), ("watch", day), ("remind", day), ("silence", day), ("prune", day)]
            {
                jobs::enqueue(tx.conn(), ctx.id(), kind, &of.to_string(), ctx.now)?;
            }
            Ok(())
        })?;
        service.drain(&mut luck)?;
        service.wait_until(day, 5, 30);
        sites.morning(service, world, founded, books, day)?;
        service.wait_until(day, 8, 40);
        sites.pass(service, world, books, day, true)?;
        service.wait_until(day, 9, 30);
        Desk { service, world, founded, books, banks, day }.work()?;
        service.wait_until(day, 13, 0);
        banks.work(world, books, service.now(), day);
        banks.tell(service, world, books, (day, false))?;
        service.wait_until(day, 15, 0);
        authority.work(service, world, founded, books, day)?;
        service.wait_until(day, 19, 30);
        sites.pass(service, world, books, day, false)?;
        service.wait_until(day, 21, 0);
        service.drain(&mut luck)
    }

    /// Nobody works any more; banks come to an end, and everything that was kept back and is not silence is told.
    fn last_day(&mut self, founded: &Founded, first: Day) -> Result<(), Problem> {
        let day = first.plus_days(AFTERMATH_DAYS);
        let Self { service, world, sites, banks, books, .. } = self;
        let mut luck = world.luck("jobs at last", 0, day);
        service.wait_until(first, 9, 0);
        sites.tell_all(service, world, books, first)?;
        for number in 0..=AFTERMATH_DAYS {
            service.wait_until(first.plus_days(number), 13, 0);
            banks.work(world, books, service.now(), first.plus_days(number));
        }
        banks.tell(service, world, books, (day, true))?;
        service.drain(&mut luck)?;
        for id in founded.projects.iter().map(|ground| ground.id) {
            service.step(move |tx, ctx, _| {
                let site = projects::site(tx.conn(), id)?;
                crate::compliance::actions::keep(tx, ctx, &site).map(|_| ())
            })?;
        }
        let held: Vec<Fen> = world.projects.iter().map(|plan| banks.balance(plan.number)).collect();
        auditor::close(service, world, founded, books, (day, &held))
    }
}
