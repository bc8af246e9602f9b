//! The worker: takes jobs from the queue and does them, one after another, each in a transaction of its own.

use std::sync::Arc;
use std::time::Duration;

use crate::attendance;
use crate::store::jobs::{self, Job};
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Ground, Problem};

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
        kind => Err(Problem::internal(&format!("no such job `{kind}`"))),
    }
}

/// Runs until the process ends.
pub fn start(ground: Arc<Ground>, poll: Duration) -> Result<(), StoreError> {
    let spawned = std::thread::Builder::new().name("anxin-worker".to_owned()).spawn(move || {
        loop {
            if let Err(error) = drain(&ground) {
                tracing::warn!(problem.detail = %error, "the worker cannot reach the queue");
            }
            std::thread::sleep(poll);
        }
    });
    spawned.map(|_| ()).map_err(|error| StoreError::Setup(format!("cannot start the worker: {error}")))
}
