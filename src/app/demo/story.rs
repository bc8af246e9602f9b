//! What happens in the city on which day. A day has two halves: the morning with those who arrive, the evening with the desk's work
//! of the day and those who leave. Each half is one transaction and everything in it goes through the actions of the slices.
//!
//! Nothing is remembered between halves: what exists is found by its code, number or month, so that a start that was killed goes on
//! where it stood and a later start adds the days since.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::city::{City, Plan, Trouble};
use super::{bank, gates, months, papers, passages};
use crate::base::{Clock, Day, Moment};
use crate::compliance;
use crate::projects::{self, Site};
use crate::store::{Tx, seals};
use crate::web::{Ctx, Ground, Problem};

/// The clock of the story: whoever tells it moves it, and it never goes back.
#[derive(Debug, Default)]
pub struct StoryClock(AtomicI64);

/// Seconds between two things that the demonstration does.
const STEP_SECONDS: i64 = 3;

impl StoryClock {
    /// A clock that stands at `now`.
    pub fn at(now: Moment) -> Self {
        StoryClock(AtomicI64::new(now.0))
    }

    /// Moves the clock to a moment.
    pub fn set(&self, to: Moment) {
        self.0.store(to.0, Ordering::SeqCst);
    }

    fn step(&self) {
        self.0.fetch_add(STEP_SECONDS * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

/// Half a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// People arrive.
    Morning,
    /// The desk has worked and people leave.
    Evening,
}

/// A half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    /// Day.
    pub day: Day,
    /// Half.
    pub half: Half,
}

impl Tick {
    /// The first half of a day.
    pub fn morning(day: Day) -> Self {
        Tick { day, half: Half::Morning }
    }

    /// The next half.
    pub fn next(self) -> Self {
        match self.half {
            Half::Morning => Tick { half: Half::Evening, ..self },
            Half::Evening => Tick::morning(self.day.plus_days(1)),
        }
    }

    fn at(self, hour: i64, minute: i64) -> Moment {
        self.day.begins().plus_seconds(hour * 3600 + minute * 60)
    }

    /// When everything of it is over.
    pub fn over_at(self) -> Moment {
        match self.half {
            Half::Morning => self.at(8, 58),
            Half::Evening => self.at(21, 30),
        }
    }
}

impl std::fmt::Display for Tick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.day, if self.half == Half::Morning { "morning" } else { "evening" })
    }
}

impl std::str::FromStr for Tick {
    type Err = crate::base::Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || crate::base::Unreadable::new("half of a day", text, "write a day and morning or evening");
        let (day, half) = text.split_once(' ').ok_or_else(wrong)?;
        let half = match half {
            "morning" => Half::Morning,
            "evening" => Half::Evening,
            _ => return Err(wrong()),
        };
        Ok(Tick { day: day.parse()?, half })
    }
}

/// Where one half of a day is played.
pub struct Stage<'s, 't> {
    /// The transaction of the half.
    pub tx: &'s mut Tx<'t>,
    /// Services, with the story's clock.
    pub ground: &'s Arc<Ground>,
    /// Who exists.
    pub city: &'s City,
    /// The day.
    pub day: Day,
    /// The clock.
    pub clock: &'s StoryClock,
}

impl Stage<'_, '_> {
    /// The context of the next thing that is done, a few seconds after the last.
    pub fn ctx(&self) -> Ctx {
        self.clock.step();
        Ctx::of_the_house(self.ground, "demo")
    }

    /// The project of a plan, once it is registered.
    pub fn site(&mut self, plan: &Plan) -> Result<Option<Site>, Problem> {
        let row = projects::table::by_code(self.tx.conn(), &plan.code)?;
        row.map(|row| projects::site(self.tx.conn(), row.id)).transpose()
    }
}

/// Plays one half of a day.
pub fn play(tx: &mut Tx<'_>, ground: &Arc<Ground>, clock: &StoryClock, city: &City, tick: Tick) -> Result<(), Problem> {
    let mut stage = Stage { tx, ground, city, day: tick.day, clock };
    match tick.half {
        Half::Morning => {
            clock.set(tick.at(5, 30));
            each(&mut stage, |stage, _, site| {
                let ctx = stage.ctx();
                Ok(seals::seal_days(stage.tx, &[site.id], stage.day.plus_days(-1), ctx.now).map(|_| ())?)
            })?;
            for plan in &city.projects {
                papers::enrol(&mut stage, plan)?;
            }
            clock.set(tick.at(8, 40).max(clock.now()));
            passages::upload(&mut stage, Half::Morning)?;
            if tick.day == city.anchor {
                each(&mut stage, |stage, _, site| {
                    let ctx = stage.ctx();
                    compliance::actions::keep(stage.tx, &ctx, site).map(|_| ())
                })?;
                gates::ask_on_anchor(&mut stage)?;
            }
        }
        Half::Evening => {
            clock.set(tick.at(9, 30));
            papers::desk(&mut stage)?;
            each(&mut stage, |stage, plan, site| {
                months::desk(stage, plan, site)?;
                troubles(stage, plan, site)
            })?;
            clock.set(tick.at(19, 30).max(clock.now()));
            passages::upload(&mut stage, Half::Evening)?;
            papers::finish(&mut stage)?;
            if is_friday(tick.day) {
                let week = tick.day.plus_days(-6);
                each(&mut stage, |stage, _, site| {
                    bank::tell(stage, site, week, &[])?;
                    let ctx = stage.ctx();
                    compliance::actions::keep(stage.tx, &ctx, site).map(|_| ())
                })?;
            }
        }
    }
    Ok(())
}

fn is_friday(day: Day) -> bool {
    // 2000-01-07 was a Friday.
    Day::of(2000, 1, 7).is_some_and(|friday| day.days_since(friday).rem_euclid(7) == 0)
}

/// Does something at every project that is registered.
fn each(
    stage: &mut Stage<'_, '_>,
    mut work: impl FnMut(&mut Stage<'_, '_>, &Plan, &Site) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let city = stage.city;
    for plan in &city.projects {
        if let Some(site) = stage.site(plan)? {
            work(stage, plan, &site)?;
        }
    }
    Ok(())
}

/// Days before the first filling on which troubles begin.
const FOREIGN_BEFORE: i64 = 15;
const OVERDUE_BEFORE: i64 = 25;
const COMPLAINT_BEFORE: i64 = 8;

/// What goes wrong on the day beside months, papers and passages.
fn troubles(stage: &mut Stage<'_, '_>, plan: &Plan, site: &Site) -> Result<(), Problem> {
    let before = stage.city.anchor.days_since(stage.day);
    match (plan.trouble, before) {
        (Trouble::SilentAndForeign, FOREIGN_BEFORE) => months::foreign_debit(stage, plan, site),
        (Trouble::LateLabourCost, OVERDUE_BEFORE) => papers::owner_owes(stage, plan, site),
        (Trouble::Arrears, COMPLAINT_BEFORE) => papers::complaint(stage, site),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_follow_each_other_and_are_read_back() {
        let tick = Tick::morning("2026-02-28".parse().unwrap());
        let evening = tick.next();
        assert_eq!(evening.to_string(), "2026-02-28 evening");
        assert_eq!(evening.next(), Tick::morning("2026-03-01".parse().unwrap()));
        assert_eq!(evening.to_string().parse::<Tick>(), Ok(evening));
        assert!(tick < evening && evening < evening.next());
        assert!("2026-02-28 noon".parse::<Tick>().is_err());
        assert!(is_friday("2026-03-27".parse().unwrap()) && !is_friday("2026-03-28".parse().unwrap()));
    }
}
