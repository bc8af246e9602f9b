//! The service under test: the real database, keys and law with a clock that the simulation moves, killed and opened again at will.
//!
//! A step is one transaction at one moment of its own, so that ids and times follow from the plan of the day and not from how often
//! the process died. A killed step is done again at its own moment; what actors heard before is not forgotten, what the service held in
//! memory is. Deliberately absent: shortcuts past the actions of the slices.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::app::config::{self, Config, LoadedBook};
use crate::app::demo::luck::Luck;
use crate::app::{build, worker};
use crate::attendance::intake::Intake;
use crate::base::{Clock, Day, Moment};
use crate::store::conn::Place;
use crate::store::fuse::{self, Fuse};
use crate::store::jobs::{self, Job};
use crate::store::tx::Transient;
use crate::store::{AnyConn, Db, DbOptions, StoreError, Tx, migrate};
use crate::web::{Ctx, Ground, Problem};

/// Seconds between two steps.
const STEP_SECONDS: i64 = 3;
/// One step in so many is killed.
const KILL_ONE_IN: u32 = 90;
/// Kills of one step at most.
const KILLS_MAX: u32 = 3;
/// Jobs done in one go at most.
const JOBS_MAX: usize = 400;
/// The key of a database that lives as long as its run: nothing in it is anybody's.
const KEY: [u8; 32] = [0x5A; 32];

/// What two transactions came to that reached the service together.
type Both<T> = (Result<T, Problem>, Result<T, Problem>);

/// The clock of the simulation; it never goes back.
#[derive(Debug)]
pub struct SimClock(AtomicI64);

impl Clock for SimClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

/// The service and what is needed to open it again.
pub struct Service {
    place: Place,
    config: Config,
    law: LoadedBook,
    clock: Arc<SimClock>,
    live: Option<(Arc<Ground>, Arc<Intake>)>,
    deaths: Option<Luck>,
    is_crowded: bool,
    /// How often it was killed.
    pub kills: u64,
    /// Transactions that stand.
    pub steps: u64,
}

/// What became of a transaction that does not stand; a blow of the fuse is no news for the log.
enum Failure {
    Refused(Problem),
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(error)
    }
}

impl Transient for Failure {
    fn is_transient(&self) -> bool {
        match self {
            Failure::Refused(problem) => problem.is_transient(),
            Failure::Store(error) => error.is_transient(),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(problem) => problem,
            Failure::Store(error) => Problem::from(error),
        }
    }
}

/// Runs the work once. A blow of the fuse unwinds through the writer's thread on SQLite and through this one on PostgreSQL.
fn one_transaction<T, F>(
    ground: &Ground,
    intake: &Arc<Intake>,
    ctx: &Ctx,
    work: &Arc<F>,
    fuse: Option<Fuse>,
) -> Result<T, Failure>
where
    F: Fn(&mut Tx<'_>, &Ctx, &Intake) -> Result<T, Problem> + Send + Sync + 'static,
    T: Send + 'static,
{
    let (work, intake, ctx) = (Arc::clone(work), Arc::clone(intake), ctx.clone());
    let write = AssertUnwindSafe(|| {
        ground.db.write_blocking(move |tx| {
            if let Some(fuse) = &fuse {
                fuse.arm(tx.conn());
            }
            work(tx, &ctx, &intake).map_err(Failure::Refused)
        })
    });
    let died = |_| Err(Failure::Store(StoreError::Unavailable("the process of the simulation died".to_owned())));
    std::panic::catch_unwind(write).unwrap_or_else(died)
}

impl Service {
    /// Opens a database on a day; `deaths` are the dice by which the process dies, and in a crowded year pairs come on two threads.
    pub fn open(place: Place, on: Day, deaths: Option<Luck>, is_crowded: bool) -> Result<Self, StoreError> {
        let (config, law) = (Config::load(None)?, config::law_book(None)?);
        let clock = Arc::new(SimClock(AtomicI64::new(on.begins().0)));
        let mut service = Self { place, config, law, clock, live: None, deaths, is_crowded, kills: 0, steps: 0 };
        migrate::up(&service.db()?)?;
        service.reopen()?;
        Ok(service)
    }

    fn db(&self) -> Result<Db, StoreError> {
        let options = DbOptions { readers_max: 2, is_durable: false, ..DbOptions::default() };
        Db::open(self.place.clone(), &options)
    }

    /// Everything that was in memory is lost, and the service starts anew.
    fn reopen(&mut self) -> Result<(), StoreError> {
        self.live = None;
        let ground = build::ground(self.db()?, KEY, Arc::<SimClock>::clone(&self.clock), &self.law, &self.config, true)?;
        fuse::let_go(&ground.db)?;
        self.live = Some((ground, Arc::new(Intake::default())));
        Ok(())
    }

    fn live(&self) -> Result<(Arc<Ground>, Arc<Intake>), Problem> {
        self.live.clone().ok_or_else(|| Problem::internal("the service of the simulation is not open"))
    }

    /// Services of the house as they stand now.
    pub fn ground(&self) -> Result<Arc<Ground>, Problem> {
        Ok(self.live()?.0)
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Moves the clock to an hour and minute of a day, unless it is later already.
    pub fn wait_until(&self, day: Day, hour: i64, minute: i64) {
        let to = day.begins().plus_seconds(hour * 3600 + minute * 60);
        self.clock.0.fetch_max(to.0, Ordering::SeqCst);
    }

    /// A moment of its own, with what it takes to work at it.
    fn next_moment(&self) -> Result<(Arc<Ground>, Arc<Intake>, Ctx), Problem> {
        self.clock.0.fetch_add(STEP_SECONDS * 1_000_000, Ordering::SeqCst);
        let (ground, intake) = self.live()?;
        let ctx = Ctx::of_the_house(&ground, "sim");
        Ok((ground, intake, ctx))
    }

    /// One transaction, as the service's own name; killed and done again as the dice have it.
    pub fn step<T, F>(&mut self, work: F) -> Result<T, Problem>
    where
        F: Fn(&mut Tx<'_>, &Ctx, &Intake) -> Result<T, Problem> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let (mut ground, mut intake, mut ctx) = self.next_moment()?;
        let work = Arc::new(work);
        let mut kills = 0;
        loop {
            let fuse = if kills < KILLS_MAX { self.fuse() } else { None };
            let result = one_transaction(&ground, &intake, &ctx, &work, fuse.clone());
            self.steps = self.steps.saturating_add(u64::from(result.is_ok()));
            let Some(fuse) = fuse else { return Ok(result?) };
            let has_blown = fuse.has_blown();
            fuse.cut();
            kills += 1;
            self.kills = self.kills.saturating_add(1);
            drop((ground, intake));
            self.reopen()?;
            if !has_blown {
                // It was killed between the commit and the next thing.
                return Ok(result?);
            }
            (ground, intake) = self.live()?;
            ctx = Ctx::of_the_house(&ground, "sim");
        }
    }

    /// Two transactions that reach the service together: on threads of their own in a crowded year, one after the other in any other.
    pub fn pair<T, F, G>(&mut self, one: F, other: G) -> Result<Both<T>, Problem>
    where
        F: Fn(&mut Tx<'_>, &Ctx, &Intake) -> Result<T, Problem> + Send + Sync + 'static,
        G: Fn(&mut Tx<'_>, &Ctx, &Intake) -> Result<T, Problem> + Send + Sync + 'static,
        T: Send + 'static,
    {
        if !self.is_crowded {
            return Ok((self.step(one), self.step(other)));
        }
        let (first, second) = (self.next_moment()?, self.next_moment()?);
        let (one, other) = (Arc::new(one), Arc::new(other));
        let (left, right) = std::thread::scope(|scope| {
            let beside = scope.spawn(|| one_transaction(&second.0, &second.1, &second.2, &other, None));
            (one_transaction(&first.0, &first.1, &first.2, &one, None), beside.join())
        });
        let right = right.map_err(|_| Problem::internal("one of two transactions of the simulation broke off"))?;
        self.steps = self.steps.saturating_add(2);
        Ok((left.map_err(Problem::from), right.map_err(Problem::from)))
    }

    fn fuse(&mut self) -> Option<Fuse> {
        let luck = self.deaths.as_mut()?;
        if luck.below(KILL_ONE_IN) != 0 {
            return None;
        }
        // Half of the blows fall early, the others anywhere in a long transaction or after it.
        let limit = if luck.happens(50) { 15 } else { 300 };
        Some(Fuse::of(luck.below(limit).saturating_add(1)))
    }

    /// Looks at one snapshot.
    pub fn read<T>(&self, work: impl FnOnce(&mut AnyConn, &Ctx) -> Result<T, Problem>) -> Result<T, Problem> {
        let (ground, _) = self.live()?;
        let ctx = Ctx::of_the_house(&ground, "sim");
        ground.db.read_blocking(|conn| work(conn, &ctx))
    }

    /// The law as amended comes into force in this process.
    pub fn refresh_law(&self) -> Result<(), Problem> {
        crate::amendments::actions::refresh(&self.ground()?).map(|_| ()).map_err(Problem::from)
    }

    /// Does the jobs that are due, each in a transaction of its own with its mark. Some are done twice; of some only the taking stands,
    /// as when a worker dies over them, and they come again.
    pub fn drain(&mut self, luck: &mut Luck) -> Result<(), Problem> {
        for _ in 0..JOBS_MAX {
            let (is_lost, is_doubled) = (luck.happens(2), luck.happens(4));
            let done: Option<Job> = self.step(move |tx, ctx, _| {
                let Some(job) = jobs::take(tx.conn(), ctx.now, &[], 1)?.pop() else { return Ok(None) };
                if !is_lost {
                    worker::run(tx, ctx, &job)?;
                    jobs::done(tx.conn(), &job, ctx.now)?;
                }
                Ok(Some(job))
            })?;
            let Some(job) = done else { return Ok(()) };
            if is_doubled {
                self.step(move |tx, ctx, _| worker::run(tx, ctx, &job))?;
            }
        }
        Err(Problem::internal("the queue of jobs does not get empty"))
    }
}
