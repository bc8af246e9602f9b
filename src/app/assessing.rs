//! Many projects that are due to be assessed: judged in parallel on connections that read, kept together in one transaction.
//!
//! A change that comes between reading and keeping has asked for the job again, and the job then waits anew (`jobs::done`): nothing is
//! assessed by facts that were overtaken without being assessed again. Where one of a group fails, nothing of the group is kept, and
//! the worker does each by itself.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::alerts;
use crate::base::id::ProjectId;
use crate::compliance::actions::{self as compliance, Judged};
use crate::projects::{self, Site};
use crate::store::jobs::{self, Job};
use crate::web::{Ctx, Ground, Problem};

/// Projects assessed in one transaction at most; other writers wait for it no longer than for a batch of punches.
pub const GROUP_MAX: usize = 64;
/// Threads that read at once at most; each holds a connection of the readers' pool.
const READERS_MAX: usize = 4;

/// Assesses the projects of these jobs and marks the jobs as done.
pub fn all(ground: &Arc<Ground>, taken: &[Job]) -> Result<(), Problem> {
    let ctx = Ctx::of_the_house(ground, "job");
    let judged = judge(&ctx, taken)?;
    let taken = taken.to_vec();
    ground.db.write_blocking(move |tx| {
        for ((site, judged), job) in judged.iter().zip(&taken) {
            if let Some(kept) = compliance::keep_judged(tx, &ctx, judged.clone())? {
                alerts::actions::hear(tx, &ctx, site, &kept)?;
            }
            jobs::done(tx.conn(), job, ctx.now)?;
        }
        Ok(())
    })
}

/// Judges each project, in the order of the jobs; a reader takes a share of them on one snapshot.
fn judge(ctx: &Ctx, taken: &[Job]) -> Result<Vec<(Site, Judged)>, Problem> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = taken.len().div_ceil(cores.clamp(1, READERS_MAX)).max(1);
    let read = |jobs: &[Job]| -> Result<Vec<(Site, Judged)>, Problem> {
        ctx.ground.db.read_blocking(|conn| {
            let mut judged = Vec::with_capacity(jobs.len());
            for job in jobs {
                let id: ProjectId = job.payload.parse().map_err(|error| Problem::unreadable("payload", &error))?;
                let site = projects::enter(conn, &ctx.scope, id)?;
                let one = compliance::judge(conn, ctx, &site)?;
                judged.push((site, one));
            }
            Ok(judged)
        })
    };
    let shares = std::thread::scope(|scope| {
        let readers: Vec<_> = taken.chunks(share).map(|jobs| scope.spawn(move || read(jobs))).collect();
        let broken = |_| Err(Problem::internal("a reader broke off"));
        readers.into_iter().map(|reader| reader.join().unwrap_or_else(broken)).collect::<Result<Vec<_>, Problem>>()
    })?;
    Ok(shares.into_iter().flatten().collect())
}
