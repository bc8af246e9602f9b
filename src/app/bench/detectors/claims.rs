//! The list of a claim beside the records of a demonstration city's largest project.

use std::time::Instant;

use serde::Serialize;

use super::super::bed::Bed;
use super::super::refused;
use crate::base::Fen;
use crate::base::id::ProjectId;
use crate::detectors::actions::{self, NewClaimed};
use crate::projects;
use crate::store::StoreError;
use crate::web::{Ctx, Problem};
use crate::workers;

/// Names of the claim.
const NAMES: usize = 30;
/// Months of the claim.
const MONTHS: i32 = 6;
/// The slowest that a comparison may be, in milliseconds.
const SLOWEST_MILLIS: u128 = 2_000;
/// Projects that are looked through for the largest.
const PROJECTS_MAX: i64 = 1_000;

/// What comparing a claim came to.
#[derive(Debug, Clone, Serialize)]
pub struct Claim {
    /// People who ever were on the project's roll.
    pub people: usize,
    /// Names of the claim.
    pub names: usize,
    /// Milliseconds of the comparison.
    pub millis: u128,
    /// Milliseconds of the project's signs of last month.
    pub signs_millis: u128,
    /// Rings and names that are told on the honest projects of the city.
    pub told: usize,
}

/// Compares a claim of 30 names with six months of the largest project.
pub(super) fn measure(bed: &Bed) -> Result<Claim, StoreError> {
    let ctx = bed.ctx();
    let measured = bed.ground.db.read_blocking(|conn| {
        let mut largest: Option<(usize, ProjectId)> = None;
        for row in projects::visible(conn, &ctx.scope, 0, PROJECTS_MAX)? {
            let people = workers::table::stays_of(conn, row.id)?.len();
            largest = largest.max(Some((people, row.id)));
        }
        let (people, id) = largest.ok_or_else(|| Problem::internal("the demonstration has no project"))?;
        claim(conn, &ctx, people, id)
    });
    measured.map_err(|problem| refused(&problem))
}

fn claim(conn: &mut crate::store::AnyConn, ctx: &Ctx, people: usize, id: ProjectId) -> Result<Claim, Problem> {
    let site = projects::site(conn, id)?;
    let last = ctx.today.month().plus(-1);
    let begun = Instant::now();
    let signs = actions::signs(conn, ctx, &site, last)?;
    let signs_millis = begun.elapsed().as_millis();
    let names = signs.people.gathered.facts.people.iter().take(NAMES);
    let list: Vec<NewClaimed> =
        names.map(|person| NewClaimed { name: person.name.clone(), id_number: None, amount: Fen(500_000) }).collect();
    let begun = Instant::now();
    let compared = actions::compare_claim(conn, ctx, &site, (last.plus(1 - MONTHS), last), &list)?;
    let millis = begun.elapsed().as_millis();
    Ok(Claim {
        people,
        names: compared.items.len(),
        millis,
        signs_millis,
        told: signs.people.rings.len() + signs.people.suspects.len(),
    })
}

impl Claim {
    /// Whether it was as fast as it is to be.
    pub(super) fn holds(&self) -> bool {
        self.millis <= SLOWEST_MILLIS
    }

    pub(super) fn lines(&self) -> Vec<String> {
        vec![format!(
            "claim of {} names beside {} people and {MONTHS} months in {} ms; signs of a month in {} ms, {} told",
            self.names, self.people, self.millis, self.signs_millis, self.told
        )]
    }
}
