//! The worker: takes jobs from the queue and does them, one after another, each in a transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use super::build;
use crate::base::day::SHANGHAI_OFFSET_SECONDS;
use crate::base::{Day, Moment};
use crate::store::jobs::{self, Job};
use crate::store::{StoreError, Tx};
use crate::store::{bulk, seals};
use crate::web::{Ctx, Ground, Problem};
use crate::{amendments, attendance, compliance, projects};
use cron::Schedule;

/// Jobs done in one go at most, so that a stop is heard.
const BATCH_MAX: usize = 1000;

/// Does every job that is due; gives how many were done.
pub fn drain(ground: &Arc<Ground>) -> Result<usize, StoreError> {
    for count in 0..BATCH_MAX {
        let now = ground.clock.now();
        let Some(job) = ground.db.write_blocking(move |tx| jobs::take(tx.conn(), now))? else { return Ok(count) };
        let (ctx, work) = (Ctx::of_the_house(ground, "job"), job.clone());
        let result: Result<(), Problem> = ground.db.write_blocking(move |tx| {
            run(tx, &ctx, &work)?;
            jobs::done(tx.conn(), work.id).map_err(Problem::from)
        });
        if let Err(problem) = result {
            tracing::warn!(
                job.kind = job.kind.as_str(),
                job.attempts = job.attempts,
                problem.code = problem.code.as_str(),
                "a job failed"
            );
            let why = problem.to_string();
            ground.db.write_blocking(move |tx| jobs::failed(tx.conn(), job.id, job.attempts + 1, &why))?;
        }
    }
    Ok(BATCH_MAX)
}

fn run(tx: &mut Tx<'_>, ctx: &Ctx, job: &Job) -> Result<(), Problem> {
    let unreadable = |error| Problem::unreadable("payload", &error);
    match job.kind.as_str() {
        "fold_days" => {
            let project = job.payload.parse().map_err(unreadable)?;
            while attendance::folding::fold_dirty(tx, ctx, project)?.more {}
            Ok(())
        }
        "replay_device" => {
            attendance::intake::replay::replay_device(tx, ctx, job.payload.parse().map_err(unreadable)?)?;
            Ok(())
        }
        "assess" => {
            let site = projects::enter(tx.conn(), &ctx.scope, job.payload.parse().map_err(unreadable)?)?;
            compliance::actions::keep(tx, ctx, &site).map(|_| ())
        }
        "seal_day" => {
            let (project, day) = job.payload.split_once(' ').unwrap_or((&job.payload, ""));
            let (project, day) = (project.parse().map_err(unreadable)?, day.parse().map_err(unreadable)?);
            seals::seal_day(tx, project, day, ctx.now).map(|_| ()).map_err(Problem::from)
        }
        "nightly" => nightly(tx, ctx, job.payload.parse().map_err(unreadable)?),
        kind => Err(Problem::internal(&format!("no such job `{kind}`"))),
    }
}

/// The night's work: seal the day that ended and assess every project. Each is a job of its own, so that one failure harms no other.
fn nightly(tx: &mut Tx<'_>, ctx: &Ctx, ended: Day) -> Result<(), Problem> {
    const PAGE: i64 = 500;
    bulk::ensure_partitions(tx.conn(), ctx.today)?;
    // A punch that came while its day was being folded waits here at most until night.
    for project in attendance::table::projects_with_dirty_days(tx.conn())? {
        jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &project.to_string(), ctx.now)?;
    }
    let mut after = 0;
    loop {
        let page = projects::visible(tx.conn(), &ctx.scope, after, PAGE)?;
        for project in &page {
            jobs::enqueue(tx.conn(), ctx.id(), "seal_day", &format!("{} {ended}", project.id), ctx.now)?;
            jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.id.to_string(), ctx.now)?;
            after = project.id.0;
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}

/// Enqueues the night's work when its moment has passed; a mark lets each day tick once, however many instances run.
///
/// `schedule` is a cron expression whose fields are read in Asia/Shanghai.
pub fn tick(ground: &Arc<Ground>, schedule: &Schedule, since: Moment) -> Result<Moment, StoreError> {
    let ctx = Ctx::of_the_house(ground, "schedule");
    let now = ctx.now;
    let Some(due) = schedule.after(&since.local().and_utc()).next() else { return Ok(now) };
    let due = Moment::from_local(due.naive_utc(), SHANGHAI_OFFSET_SECONDS / 60);
    if due > now {
        return Ok(since);
    }
    let ended = due.day().plus_days(-1);
    ground.db.write_blocking(move |tx| -> Result<(), StoreError> {
        if build::mark_once(tx, &format!("nightly {ended}"))? {
            jobs::enqueue(tx.conn(), ctx.id(), "nightly", &ended.to_string(), now)?;
        }
        Ok(())
    })?;
    Ok(now)
}

/// Runs until the process ends.
pub fn start(ground: Arc<Ground>, poll: Duration, nightly: &str) -> Result<(), StoreError> {
    let schedule: Schedule = nightly.parse().map_err(|error| StoreError::Setup(format!("jobs.nightly: {error}")))?;
    let spawned = std::thread::Builder::new().name("anxin-worker".to_owned()).spawn(move || {
        let mut since = ground.clock.now();
        loop {
            // What another instance approved comes into force here as well.
            if let Err(error) = amendments::actions::refresh(&ground) {
                tracing::warn!(problem.detail = %error, "the law in force could not be read again");
            }
            let worked = tick(&ground, &schedule, since).and_then(|next| {
                since = next;
                drain(&ground)
            });
            if let Err(error) = worked {
                tracing::warn!(problem.detail = %error, "the worker cannot reach the queue");
            }
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start the worker: {error}")))
}
