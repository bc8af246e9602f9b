//! Taking rosters and other sheets that somebody began to take: steps in transactions of their own, between which the gates' punches go first. What was
//! done stands on record, so that a restart, or a second try, goes on behind it. A step that fails is done again row by row, and the row
//! that the store will not have is told as not taken.

use std::sync::Arc;

use crate::attendance::imports::sheets::{self, Rows};
use crate::attendance::imports::{Import, ImportState, actions};
use crate::base::id::{ProjectId, RecordId};
use crate::projects;
use crate::store::jobs::{self, Job};
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Ground, Problem};
use crate::workers::roster::STEP;

/// Does one job of taking.
///
/// # Errors
/// A store that fails; the job comes again.
pub(super) fn take(ground: &Arc<Ground>, job: &Job) -> Result<(), Problem> {
    let unreadable = |error| Problem::unreadable("payload", &error);
    let (project, id) = job.payload.split_once(' ').unwrap_or((&job.payload, ""));
    let (project, id): (ProjectId, RecordId) = (project.parse().map_err(unreadable)?, id.parse().map_err(unreadable)?);
    let house = Ctx::of_the_house(ground, "job");
    let reading = house.clone();
    let (import, read) = ground.db.read_blocking(move |conn| -> Result<(Import, Box<dyn Rows>), Problem> {
        let (import, _, rows) = actions::open(conn, &reading, project, id)?;
        Ok((import, rows))
    })?;
    // Whoever had it taken enrols its people; the job only does it.
    let by = import.steps.first().map_or(import.row.recorded_by.as_str(), |step| step.recorded_by.as_str()).to_owned();
    let taking = Taking { ground, project, id, by, read: Arc::from(read) };
    if import.state() == ImportState::Running {
        if import.is_whole() { taking.whole(&import)? } else { taking.good_rows(&import)? }
    }
    let (work, now) = (job.clone(), ground.clock.now());
    Ok(ground.db.write_blocking(move |tx| -> Result<(), StoreError> { jobs::done(tx.conn(), &work, now) })?)
}

struct Taking<'g> {
    ground: &'g Arc<Ground>,
    project: ProjectId,
    id: RecordId,
    by: String,
    read: Arc<dyn Rows>,
}

impl Taking<'_> {
    fn write(
        &self,
        work: impl Fn(&mut Tx<'_>, &Ctx, &projects::Site, &dyn Rows) -> Result<(), Problem> + Send + 'static,
    ) -> Result<(), Problem> {
        let (ctx, read, project) = (Ctx::of_the_house(self.ground, &self.by), Arc::clone(&self.read), self.project);
        self.ground.db.write_blocking(move |tx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            work(tx, &ctx, &site, read.as_ref())
        })
    }

    fn good_rows(&self, import: &Import) -> Result<(), Problem> {
        let (id, count) = (self.id, self.read.count());
        let mut from = usize::try_from(import.next_place()).unwrap_or(0);
        while from < count {
            let until = count.min(from + STEP);
            if self.write(move |tx, ctx, site, read| actions::take(tx, ctx, id, site, read, (from, until))).is_err() {
                for place in from..until {
                    let one = self.write(move |tx, ctx, site, read| actions::take(tx, ctx, id, site, read, (place, place + 1)));
                    if one.is_err() {
                        self.write(move |tx, ctx, site, read| actions::pass_over(tx, ctx, id, site, read, place))?;
                    }
                }
            }
            from = until;
        }
        self.write(move |tx, ctx, site, read| actions::end(tx, ctx, id, site, &sheets::unreadable(read)))
    }

    fn whole(&self, import: &Import) -> Result<(), Problem> {
        let (id, count) = (self.id, self.read.count());
        if import.next_place() == 0 && import.row.bad_rows == 0 {
            match self.write(move |tx, ctx, site, read| actions::take(tx, ctx, id, site, read, (0, count))) {
                Err(problem) if problem.code == crate::web::Code::Conflict => {}
                other => other?,
            }
        }
        self.write(move |tx, ctx, site, read| {
            let import = Import::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
            let is_taken = count > 0 && import.next_place() > 0;
            let refusals = if is_taken { Vec::new() } else { actions::preview(tx.conn(), ctx, site, read)?.refusals };
            actions::end(tx, ctx, id, site, &refusals)
        })
    }
}
