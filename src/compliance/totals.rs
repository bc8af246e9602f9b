//! What the projects of a region come to together on a day: what is owed to how many, what came in, what is secured. The report for a
//! day; with `known_at` the one that was made then.

use serde::Serialize;
use utoipa::ToSchema;

use super::Summary;
use super::summary::ArrearsWord;
use crate::base::id::ProjectId;
use crate::base::{Day, Fen, RegionCode};
use crate::law;
use crate::law::questions::warning::Level;
use crate::projects::{self, Site};
use crate::store::AnyConn;
use crate::web::{Code, Ctx, Problem};
use crate::{accounts, deposits};

/// Projects that one report adds up at most.
pub const PROJECTS_MAX: usize = 2000;

/// Projects that one query gives.
const PAGE: i64 = 500;

/// One project's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectTotal {
    /// The project.
    pub project: ProjectId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub region: RegionCode,
    /// owed, clear or unknown.
    #[schema(value_type = String)]
    pub arrears: ArrearsWord,
    /// Known to be owed.
    pub owed: Fen,
    /// Workers known to be owed, summed over the months.
    pub workers: u32,
    /// The earliest pay day that was missed.
    pub oldest_due_on: Option<Day>,
    /// Labour cost received in all.
    pub received: Fen,
    /// Money on its wage accounts; null without any statement.
    pub balance: Option<Fen>,
    /// What its deposits secure.
    pub deposits_held: Fen,
    /// Rules broken.
    pub broken: u32,
    /// Rules that wait for a fact.
    pub not_known: u32,
    /// The highest level: none, yellow, orange or red.
    #[schema(value_type = String)]
    pub level: Level,
}

/// Counts by state of arrears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ByArrears {
    /// Projects that owe.
    pub owed: u32,
    /// Projects known to owe nothing.
    pub clear: u32,
    /// Projects of which it is not known.
    pub unknown: u32,
}

/// What the projects come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Totals {
    /// The day.
    pub as_of: Day,
    /// The region; null for all that the asker may see.
    pub region: Option<RegionCode>,
    /// Hash of the law book that judged.
    pub law_book: String,
    /// How many projects stand where.
    pub arrears: ByArrears,
    /// Known to be owed.
    pub owed: Fen,
    /// Workers known to be owed, summed over months and projects.
    pub workers: u32,
    /// Labour cost received in all.
    pub received: Fen,
    /// What deposits secure.
    pub deposits_held: Fen,
    /// Each project's part, in order of registration.
    pub projects: Vec<ProjectTotal>,
}

/// Adds up the projects that the asker may see, in a region or everywhere.
///
/// # Errors
/// `too_large` for more than [`PROJECTS_MAX`] projects: ask region by region.
pub fn of_region(conn: &mut AnyConn, ctx: &Ctx, region: Option<RegionCode>, as_of: Day) -> Result<Totals, Problem> {
    let mut totals = Totals {
        as_of,
        region,
        law_book: ctx.book().hash().to_owned(),
        arrears: ByArrears::default(),
        owed: Fen::ZERO,
        workers: 0,
        received: Fen::ZERO,
        deposits_held: Fen::ZERO,
        projects: Vec::new(),
    };
    let mut after = 0;
    loop {
        let page = projects::table::visible(conn, &ctx.scope, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(totals) };
        after = last.id.0;
        for row in page.into_iter().filter(|row| region.is_none_or(|region| region.holds(row.region))) {
            if totals.projects.len() == PROJECTS_MAX {
                return Err(Problem::new(
                    Code::TooLarge,
                    format!("项目超过 {PROJECTS_MAX} 个，请按下级地区分别查询。"),
                    format!("There are more than {PROJECTS_MAX} projects; ask for smaller regions."),
                )
                .at("region", "too_large"));
            }
            let site = projects::site(conn, row.id)?;
            let one = of_project(conn, ctx, &site, as_of)?;
            match one.arrears {
                ArrearsWord::Owed => totals.arrears.owed += 1,
                ArrearsWord::Clear => totals.arrears.clear += 1,
                ArrearsWord::Unknown => totals.arrears.unknown += 1,
            }
            totals.owed = totals.owed.plus(one.owed)?;
            totals.workers = totals.workers.saturating_add(one.workers);
            totals.received = totals.received.plus(one.received)?;
            totals.deposits_held = totals.deposits_held.plus(one.deposits_held)?;
            totals.projects.push(one);
        }
    }
}

fn of_project(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<ProjectTotal, Problem> {
    let facts = super::gather(conn, ctx, site, as_of)?;
    let assessment = law::assess(&facts, &ctx.book(), as_of);
    let summary = Summary::of(site.id, &facts, &assessment, as_of, ctx.now);
    let money = accounts::actions::money(conn, site, as_of, None)?;
    Ok(ProjectTotal {
        project: site.id,
        code: site.code.clone(),
        name: site.name.clone(),
        region: site.region,
        arrears: summary.arrears,
        owed: summary.owed,
        workers: summary.workers,
        oldest_due_on: summary.oldest_due_on,
        received: money.received,
        balance: money.balance,
        deposits_held: deposits::actions::held_on(conn, site, as_of, None)?,
        broken: summary.broken,
        not_known: summary.not_known,
        level: summary.level,
    })
}
