//! Work that was seen and stands on no line of a sheet, of many projects at once: one question finds the months in which somebody has more
//! days than their lines, and only those are compared as a whole.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::actions::matched_with;
use super::gathering::Standing;
use super::{Attended, Subject, Unlisted, table};
use crate::base::id::{ProjectId, WorkerId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month};
use crate::law::book::Value;
use crate::payroll::pay_run::checks::DEDUCTION_MAX;
use crate::projects::{self, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// All of a wage, in ten-thousandths.
const WHOLE: i64 = 10_000;

/// What was earned by attendance in a month and stands on no line of its sheets, or was deducted there without the worker's paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedWork {
    /// The month.
    pub month: Month,
    /// Its pay day.
    pub due_on: Day,
    /// Workers whose days they are.
    pub workers: u32,
    /// What the days come to at the agreed rates; nobody has audited it.
    pub amount: Fen,
    /// Workers on the sheets or at the gates whose attendance as a whole is not known: of them nothing is counted.
    pub not_known: BTreeSet<WorkerId>,
}

/// Months with a sheet, past their pay day, in which days were worked that stand on no line, or for which nothing is left, and that nobody
/// has explained. A month
/// without a sheet is none of them: it is not known as a whole.
///
/// # Errors
/// A store that fails.
pub fn past_due(
    conn: &mut AnyConn,
    ctx: &Ctx,
    projects: &[ProjectId],
    as_of: Day,
) -> Result<BTreeMap<ProjectId, Vec<UnlistedWork>>, Problem> {
    let mut found = of_months(conn, ctx, projects, as_of, true)?;
    found.retain(|_, months| {
        months.retain(|month| month.workers > 0);
        !months.is_empty()
    });
    Ok(found)
}

/// As [`past_due`], of one project and whether or not the pay day has passed: every month that is over and in which the sheets may leave
/// something out. What clearance tells of such a month and what a forecast has still to pay for it are this sum.
///
/// # Errors
/// A store that fails.
pub fn of_project(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, as_of: Day) -> Result<Vec<UnlistedWork>, Problem> {
    Ok(of_months(conn, ctx, &[project], as_of, false)?.remove(&project).unwrap_or_default())
}

fn of_months(
    conn: &mut AnyConn,
    ctx: &Ctx,
    projects: &[ProjectId],
    as_of: Day,
    only_past_due: bool,
) -> Result<BTreeMap<ProjectId, Vec<UnlistedWork>>, Problem> {
    let mut found: BTreeMap<ProjectId, Vec<UnlistedWork>> = BTreeMap::new();
    let mut read: Option<(Site, Standing)> = None;
    for (project, month) in table::months_with_more(conn, projects, as_of.min(ctx.today).month(), least_share(ctx))? {
        let (site, standing) = match read.take() {
            Some((site, standing)) if site.id == project => (site, standing),
            _ => {
                let site = projects::site(conn, project)?;
                let standing = Standing::read(conn, ctx, &site)?;
                (site, standing)
            }
        };
        let due_on = standing.due_on(ctx, &site, month);
        if !only_past_due || due_on < as_of {
            let matched = matched_with(conn, ctx, &site, &standing, month)?;
            let open = matched.rows.iter().filter_map(|row| matched.open_work(row).transpose());
            let open: Vec<Unlisted> = open.collect::<Result<_, TooMuch>>()?;
            let amount = Fen::total(open.iter().map(|one| one.amount))?;
            let workers = u32::try_from(open.len()).unwrap_or(u32::MAX);
            let not_known = matched.rows.iter().filter_map(|row| match (row.subject, row.attended) {
                (Subject::Worker(worker), Some(Attended::NotKnown(_))) => Some(worker),
                _ => None,
            });
            let not_known = not_known.collect();
            found.entry(project).or_default().push(UnlistedWork { month, due_on, workers, amount, not_known });
        }
        read = Some((site, standing));
    }
    Ok(found)
}

/// The least share of a wage that may be deducted anywhere, in ten-thousandths: lines of which more is deducted are looked at.
fn least_share(ctx: &Ctx) -> i64 {
    let book = ctx.book();
    let shares = book.values_of(DEDUCTION_MAX).filter_map(|dated| match &dated.value {
        Value::Ratio(share) => share.checked_mul(Decimal::from(WHOLE))?.to_i64(),
        _ => None,
    });
    // Without a share nothing is beyond it.
    shares.min().unwrap_or(WHOLE)
}
