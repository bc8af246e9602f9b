//! The worker: takes jobs from the queue and does them, one after another, each in a transaction of its own; projects to be assessed
//! are taken in groups (`assessing`).

use std::sync::Arc;
use std::time::Duration;

use super::assessing;
use super::rosters;
use super::schedule::Schedule;
use super::uploads;
use crate::attendance::devices::clock::READ_CLOCK;
use crate::attendance::devices::turns::MOVE_PASSAGES;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::store::jobs::{self, Job};
use crate::store::{StoreError, Tx};
use crate::store::{bulk, outbox, seals, ticks};
use crate::web::{Ctx, Ground, Problem};
use crate::{
    alerts, amendments, attendance, bank_feed, compliance, matters, operation, payroll, projects, realname, reporting, users,
    webhooks,
};

/// Jobs done in one go at most, so that a stop is heard.
const BATCH_MAX: usize = 1000;

/// Projects that one query gives when work is enqueued for each.
const PAGE: i64 = 500;

/// Does every job that is due; gives how many were done.
pub fn drain(ground: &Arc<Ground>) -> Result<usize, StoreError> {
    let mut count = 0;
    while count < BATCH_MAX {
        let now = ground.clock.now();
        let taken = ground.db.write_blocking(move |tx| jobs::take(tx.conn(), now, &["assess"], assessing::GROUP_MAX))?;
        if taken.is_empty() {
            return Ok(count);
        }
        count += taken.len();
        if taken.len() > 1 && assessing::all(ground, &taken).is_ok() {
            continue;
        }
        // One alone, or a group in which something failed: each by itself, so that it harms no other.
        for job in taken {
            one(ground, job)?;
        }
    }
    Ok(count)
}

/// Does one job in a transaction of its own, and notes why where it fails.
fn one(ground: &Arc<Ground>, job: Job) -> Result<(), StoreError> {
    let (ctx, work) = (Ctx::of_the_house(ground, "job"), job.clone());
    let result: Result<(), Problem> = match job.kind.as_str() {
        realname::JOB => uploads::apply(ground, &job),
        attendance::imports::JOB => rosters::take(ground, &job),
        _ => ground.db.write_blocking(move |tx| {
            run(tx, &ctx, &work)?;
            jobs::done(tx.conn(), &work, ctx.now).map_err(Problem::from)
        }),
    };
    let Err(problem) = result else { return Ok(()) };
    tracing::warn!(
        job.kind = job.kind.as_str(),
        job.attempts = job.attempts,
        problem.code = problem.code.as_str(),
        "a job failed"
    );
    let why = problem.to_string();
    ground.db.write_blocking(move |tx| jobs::failed(tx.conn(), job.id, job.attempts + 1, &why))
}

/// The work of one job, without its mark in the queue.
pub(super) fn run(tx: &mut Tx<'_>, ctx: &Ctx, job: &Job) -> Result<(), Problem> {
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
        READ_CLOCK => attendance::intake::clock::read_again(tx, ctx, job.payload.parse().map_err(unreadable)?),
        MOVE_PASSAGES => attendance::intake::moved::take_along(tx, ctx, job.payload.parse().map_err(unreadable)?),
        "assess" => {
            let site = projects::enter(tx.conn(), &ctx.scope, job.payload.parse().map_err(unreadable)?)?;
            if let Some(kept) = compliance::actions::keep(tx, ctx, &site)? {
                alerts::actions::hear(tx, ctx, &site, &kept)?;
            }
            Ok(())
        }
        "seal_days" => seal_days(tx, ctx, &Paged::read(&job.payload)?),
        // One project's, as it was asked for until seals were made for many projects at once: it may still wait.
        "seal_day" => {
            let (project, day) = job.payload.split_once(' ').unwrap_or((&job.payload, ""));
            let (project, day) = (project.parse().map_err(unreadable)?, day.parse().map_err(unreadable)?);
            seals::seal_days(tx, &[project], day, ctx.now).map(|_| ()).map_err(Problem::from)
        }
        bank_feed::FOLLOW_FREEZE => {
            let (project, word) = job.payload.split_once(' ').unwrap_or((&job.payload, ""));
            let site = projects::enter(tx.conn(), &ctx.scope, project.parse().map_err(unreadable)?)?;
            matters::freezes::follow(tx, ctx, &site, word.parse().map_err(unreadable)?)
        }
        "nightly" => nightly(tx, ctx, &Paged::read(&job.payload)?),
        "remind" => remind(tx, ctx, &Paged::read(&job.payload)?),
        "remind_one" => {
            let project = job.payload.split_once(' ').map_or(job.payload.as_str(), |(project, _)| project);
            let site = projects::enter(tx.conn(), &ctx.scope, project.parse().map_err(unreadable)?)?;
            alerts::reminders::notice(tx, ctx, &site).map(|_| ())
        }
        "compare" => compare(tx, ctx, &Paged::read(&job.payload)?),
        "compare_one" => {
            let site = projects::enter(tx.conn(), &ctx.scope, job.payload.parse().map_err(unreadable)?)?;
            alerts::hints::notice(tx, ctx, &site).map(|_| ())
        }
        "watch" => watch(tx, ctx, &Paged::read(&job.payload)?),
        "watch_gates" => attendance::silence::notice(tx, ctx).map(|_| ()),
        "watch_one" => {
            let site = projects::enter(tx.conn(), &ctx.scope, job.payload.parse().map_err(unreadable)?)?;
            alerts::sources::notice(tx, ctx, &site).map(|_| ())
        }
        "silence" => silence(tx, ctx, &Paged::read(&job.payload)?),
        "silence_one" => {
            let site = projects::enter(tx.conn(), &ctx.scope, job.payload.parse().map_err(unreadable)?)?;
            payroll::pay_run::silence::fall_silent(tx, ctx, &site).map(|_| ())
        }
        payroll::pay_run::silence::ASK_BANK => {
            let project = job.payload.split_once(' ').map_or(job.payload.as_str(), |(project, _)| project);
            let site = projects::enter(tx.conn(), &ctx.scope, project.parse().map_err(unreadable)?)?;
            alerts::sources::notice(tx, ctx, &site).map(|_| ())
        }
        "digest" => alerts::digest::enqueue_all(tx, ctx, job.payload.parse().map_err(unreadable)?).map(|_| ()),
        "digest_one" => {
            let (user, day) = job.payload.split_once(' ').unwrap_or((&job.payload, ""));
            let (user, day) = (user.parse().map_err(unreadable)?, day.parse().map_err(unreadable)?);
            alerts::digest::write_one(tx, ctx, user, day).map(|_| ())
        }
        "prune" => prune(tx, ctx),
        kind => Err(Problem::internal(&format!("no such job `{kind}`"))),
    }
}

/// Work of a day for many projects, a page of them in each job: the writer is free for the gates' punches between two pages.
struct Paged {
    day: Day,
    /// The last project that has been seen to; `None` in the first job of the day.
    after: Option<ProjectId>,
}

impl Paged {
    /// Reads `2026-03-02`, or `2026-03-02 prj-…` for the pages after the first.
    fn read(payload: &str) -> Result<Self, Problem> {
        let unreadable = |error| Problem::unreadable("payload", &error);
        let (day, after) = payload.split_once(' ').map_or((payload, None), |(day, after)| (day, Some(after)));
        let after = after.map(str::parse).transpose().map_err(unreadable)?;
        Ok(Self { day: day.parse().map_err(unreadable)?, after })
    }

    fn after(&self) -> i64 {
        self.after.map_or(0, |project| project.0)
    }

    /// Enqueues the same work for the projects after the last of this page; nothing when the page was the last.
    fn go_on(&self, tx: &mut Tx<'_>, ctx: &Ctx, kind: &str, last: Option<ProjectId>) -> Result<(), Problem> {
        let Some(last) = last else { return Ok(()) };
        Ok(jobs::enqueue(tx.conn(), ctx.id(), kind, &format!("{} {last}", self.day), ctx.now)?)
    }
}

/// The night's work: seal the day that ended and assess every project. Each assessment is a job of its own, so that one failure harms
/// no other.
fn nightly(tx: &mut Tx<'_>, ctx: &Ctx, paged: &Paged) -> Result<(), Problem> {
    if paged.after.is_none() {
        bulk::ensure_partitions(tx.conn(), ctx.today)?;
        jobs::enqueue(tx.conn(), ctx.id(), "seal_days", &paged.day.to_string(), ctx.now)?;
        // A punch that came while its day was being folded waits here at most until night.
        for project in attendance::table::projects_with_dirty_days(tx.conn())? {
            jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &project.to_string(), ctx.now)?;
        }
    }
    let page = projects::visible(tx.conn(), &ctx.scope, paged.after(), PAGE)?;
    for project in &page {
        jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.id.to_string(), ctx.now)?;
    }
    paged.go_on(tx, ctx, "nightly", page.last().map(|project| project.id))
}

/// Seals the day that ended, for a page of projects at a time: each page reads the messages of the day once.
fn seal_days(tx: &mut Tx<'_>, ctx: &Ctx, paged: &Paged) -> Result<(), Problem> {
    let page: Vec<ProjectId> =
        projects::visible(tx.conn(), &ctx.scope, paged.after(), PAGE)?.into_iter().map(|project| project.id).collect();
    seals::seal_days(tx, &page, paged.day, ctx.now)?;
    paged.go_on(tx, ctx, "seal_days", page.last().copied())
}

/// Looks for papers that expire, one job a project; what of wage months does not add up is looked at beside it.
fn remind(tx: &mut Tx<'_>, ctx: &Ctx, paged: &Paged) -> Result<(), Problem> {
    if paged.after.is_none() {
        jobs::enqueue(tx.conn(), ctx.id(), "compare", &paged.day.to_string(), ctx.now)?;
    }
    let page = projects::visible(tx.conn(), &ctx.scope, paged.after(), PAGE)?;
    for project in &page {
        jobs::enqueue(tx.conn(), ctx.id(), "remind_one", &format!("{} {}", project.id, paged.day), ctx.now)?;
    }
    paged.go_on(tx, ctx, "remind", page.last().map(|project| project.id))
}

/// Compares the wage months of each project that has any, one job a project.
fn compare(tx: &mut Tx<'_>, ctx: &Ctx, paged: &Paged) -> Result<(), Problem> {
    let page = alerts::hints::projects_to_compare(tx.conn(), alerts::hints::first_month(ctx), paged.after(), PAGE)?;
    for project in &page {
        jobs::enqueue(tx.conn(), ctx.id(), "compare_one", &project.to_string(), ctx.now)?;
    }
    paged.go_on(tx, ctx, "compare", page.last().copied())
}

/// Looks for sources that fell silent or speak again, one job for each project that has any.
fn watch(tx: &mut Tx<'_>, ctx: &Ctx, paged: &Paged) -> Result<(), Problem> {
    if paged.after.is_none() {
        operation::put_aside::notice(tx, ctx)?;
    }
    let page = alerts::sources::projects_to_watch(tx.conn(), ctx, paged.after(), PAGE)?;
    for project in &page {
        jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &project.to_string(), ctx.now)?;
    }
    paged.go_on(tx, ctx, "watch", page.last().copied())
}

/// Looks for banks that have not answered in time, one job for each project with an open pay run.
fn silence(tx: &mut Tx<'_>, ctx: &Ctx, paged: &Paged) -> Result<(), Problem> {
    let page = payroll::pay_run::table::projects_with_open_runs(tx.conn(), paged.after(), PAGE)?;
    for project in &page {
        jobs::enqueue(tx.conn(), ctx.id(), "silence_one", &project.to_string(), ctx.now)?;
    }
    paged.go_on(tx, ctx, "silence", page.last().copied())
}

/// Deletes what was done and has been kept long enough.
fn prune(tx: &mut Tx<'_>, ctx: &Ctx) -> Result<(), Problem> {
    let before = ctx.now.plus_seconds(-ctx.ground.settings.upkeep.keep_days.saturating_mul(86_400));
    let jobs = jobs::prune(tx.conn(), before)?;
    let mails = outbox::prune(tx.conn(), before)?;
    let ticks = ticks::prune(tx.conn(), before)?;
    let sessions = users::table::prune_sessions(tx.conn(), before)?;
    let notices = alerts::table::prune(tx.conn(), before)?;
    let days_ago = |days: i64| ctx.now.plus_seconds(-days.saturating_mul(86_400));
    let (results, counts) = (days_ago(realname::RESULT_DAYS), days_ago(realname::COUNT_DAYS));
    let uploads = realname::table::prune(tx.conn(), ctx.now.plus_seconds(-realname::NONCE_SECONDS), results, counts)?;
    let reports = reporting::outbox::table::prune(tx.conn(), days_ago(reporting::KEEP_DAYS))?;
    let tokens = bank_feed::table::prune_tokens(tx.conn(), ctx.now)?;
    let calls = webhooks::table::prune(tx.conn(), days_ago(webhooks::KEEP_DAYS))?;
    let bodies = attendance::intake::retention::forget_bodies(tx, ctx)?;
    tracing::info!(
        pruned.jobs = jobs,
        pruned.mails = mails,
        pruned.ticks = ticks,
        pruned.sessions = sessions,
        pruned.notices = notices,
        pruned.uploads = uploads,
        pruned.reports = reports,
        pruned.calls = calls,
        pruned.tokens = tokens,
        pruned.bodies = bodies,
        "what was done long ago is gone"
    );
    Ok(())
}

/// Runs until the process ends.
pub fn start(ground: Arc<Ground>, poll: Duration, mut schedule: Schedule) -> Result<(), StoreError> {
    let spawned = std::thread::Builder::new().name("anxin-worker".to_owned()).spawn(move || {
        loop {
            // What another instance approved comes into force here as well.
            if let Err(error) = amendments::actions::refresh(&ground) {
                tracing::warn!(problem.detail = %error, "the law in force could not be read again");
            }
            if let Err(error) = schedule.look(&ground).and_then(|_| drain(&ground)) {
                tracing::warn!(problem.detail = %error, "the worker cannot reach the queue");
            }
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start the worker: {error}")))
}
