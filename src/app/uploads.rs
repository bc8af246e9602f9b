//! Applying what contractors' systems uploaded: one transaction that applies a request whole, and where that ends in faults another that
//! says so. The only job that is not done inside the transaction of its mark, since what is refused must leave nothing behind.

use std::sync::Arc;

use crate::realname::applying::{self, Halt, Prepared};
use crate::store::StoreError;
use crate::store::jobs::{self, ATTEMPTS_MAX, Job};
use crate::web::{Ctx, Ground, Problem};
use crate::wire::openapi::answer::{Fault, Wrong};

/// Does one job of applying.
///
/// # Errors
/// A store that fails; the job comes again.
pub(super) fn apply(ground: &Arc<Ground>, job: &Job) -> Result<(), Problem> {
    let ctx = Ctx::of_the_house(ground, "job");
    let id = job.payload.parse().map_err(|error| Problem::unreadable("payload", &error))?;
    let prepared = match ground.db.read_blocking(|conn| applying::prepare(conn, &ctx, id)) {
        // The last try: a request that cannot even be read any more is refused by its row alone.
        Err(problem) if job.attempts + 1 >= ATTEMPTS_MAX => {
            tracing::warn!(problem.code = problem.code.as_str(), "an upload could not be read in the end");
            let (refusing, work) = (ctx, job.clone());
            return ground.db.write_blocking(move |tx| {
                applying::refuse_unread(tx, &refusing, id)?;
                jobs::done(tx.conn(), &work, refusing.now).map_err(Problem::from)
            });
        }
        prepared => prepared?,
    };
    let Some(prepared) = prepared.map(Arc::new) else { return done(ground, job, &ctx) };
    let faults = match attempt(ground, job, &ctx, &prepared) {
        Ok(()) => return Ok(()),
        Err(Halt::Faults(faults)) => faults,
        // The last try: the sender is told instead of being left to wait.
        Err(Halt::Problem(problem)) if job.attempts + 1 >= ATTEMPTS_MAX => {
            tracing::warn!(problem.code = problem.code.as_str(), "an upload could not be applied in the end");
            vec![Fault::new("", Wrong::Panicked)]
        }
        Err(Halt::Problem(problem)) => return Err(problem),
    };
    let (refusing, work) = (ctx, job.clone());
    ground.db.write_blocking(move |tx| {
        applying::refuse(tx, &refusing, &prepared.request, &faults)?;
        jobs::done(tx.conn(), &work, refusing.now).map_err(Problem::from)
    })
}

fn attempt(ground: &Arc<Ground>, job: &Job, ctx: &Ctx, prepared: &Arc<Prepared>) -> Result<(), Halt> {
    let (acting, work, prepared) = (ctx.clone(), job.clone(), Arc::clone(prepared));
    ground.db.write_blocking(move |tx| {
        applying::apply(tx, &acting, &prepared)?;
        jobs::done(tx.conn(), &work, acting.now).map_err(Halt::from)
    })
}

fn done(ground: &Arc<Ground>, job: &Job, ctx: &Ctx) -> Result<(), Problem> {
    let (work, now) = (job.clone(), ctx.now);
    Ok(ground.db.write_blocking(move |tx| -> Result<(), StoreError> { jobs::done(tx.conn(), &work, now) })?)
}
