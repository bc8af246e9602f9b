//! What projects owe on a day, for gates: many projects in a few queries, and of each only what is open.
//!
//! A gate asks about every project of an owner and a contractor. The months of each are those of `months`; what is left out is what
//! cannot change the answer: lines that are settled, and how many people attended a month that has its sheet or a live contract.
//! A test compares the answers with those of the whole months.

use std::collections::{BTreeMap, BTreeSet};

use super::months::{self, Attended, Records, not_known_paid};
use crate::attendance::silence;
use crate::attendance::table::Span;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::law::rules::arrears::Arrears;
use crate::matching::{self, unlisted::UnlistedWork};
use crate::projects::table::ProjectRow;
use crate::projects::{self, FactKind, Facts};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};
use crate::{attendance, payroll, workers};

/// Projects asked about in one query.
const AT_ONCE: usize = 500;

/// Kinds of fact that are read of each project; whoever asks about arrears of an owner wants to know of its money too.
const KINDS: &[FactKind] = &[FactKind::PayDay, FactKind::Started, FactKind::OwnerMoney];

/// What a project owes on a day, and whether that is known.
#[derive(Debug, Clone)]
pub struct Owing {
    /// The project.
    pub project: ProjectRow,
    /// What is known of pay day, start of work and the owner's money.
    pub facts: Facts,
    /// The law's view of the months: by what stands on their sheets, and where that was asked for by what stands on none.
    pub arrears: Arrears,
    /// Months past their pay day with work that stands on no sheet: what they owe nobody knows. Empty unless asked for.
    pub unlisted: Vec<UnlistedWork>,
}

/// Arrears of some projects, in the order of their ids; a project that is not on record is left out.
pub fn owing(conn: &mut AnyConn, ctx: &Ctx, projects: &[ProjectId], as_of: Day) -> Result<Vec<Owing>, Problem> {
    let mut ids = projects.to_vec();
    ids.sort();
    ids.dedup();
    let mut all = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        owing_of_some(conn, ctx, some, as_of, &mut all)?;
    }
    Ok(all)
}

/// As [`owing`], with the work that stands on no sheet: for whoever must not say `clear` of it, and the same as the months of a card
/// say. It adds up the work days of the projects in one question, which `owing` never does.
pub fn owing_and_unlisted(conn: &mut AnyConn, ctx: &Ctx, projects: &[ProjectId], as_of: Day) -> Result<Vec<Owing>, Problem> {
    let mut all = owing(conn, ctx, projects, as_of)?;
    // Where something is owed or not known anyway, work on no sheet changes nothing.
    let clear = all.iter().filter(|one| one.arrears.state.get() == Some(false)).map(|one| one.project.id);
    let clear: Vec<ProjectId> = clear.collect();
    for some in clear.chunks(AT_ONCE) {
        let mut unlisted = matching::unlisted::past_due(conn, ctx, some, as_of)?;
        for one in &mut all {
            if let Some(months) = unlisted.remove(&one.project.id) {
                let told: Vec<_> = months.iter().map(|month| (month.month, month.workers)).collect();
                one.arrears = one.arrears.clone().beside_unlisted(&told);
                one.unlisted = months;
            }
        }
    }
    Ok(all)
}

fn owing_of_some(conn: &mut AnyConn, ctx: &Ctx, projects: &[ProjectId], as_of: Day, all: &mut Vec<Owing>) -> Result<(), Problem> {
    let mut facts = projects::actions::facts_of(conn, projects, KINDS, as_of)?;
    let mut wages = payroll::months::open(conn, projects, as_of)?;
    let mut spans: BTreeMap<ProjectId, Vec<(Day, Option<Day>)>> = BTreeMap::new();
    for (project, entered, left) in workers::table::spans_of(conn, projects)? {
        spans.entry(project).or_default().push((entered, left));
    }
    let spans_seen = attendance::table::spans_of(conn, projects)?;
    let bound: BTreeSet<ProjectId> = attendance::devices::table::projects_with_devices(conn, projects)?.into_iter().collect();
    let mut dark = silence::dark_days(conn, ctx, projects)?;
    let mut waiting = not_known_paid(conn, ctx, projects, as_of)?;
    for project in projects::table::some(conn, projects)? {
        let id = project.id;
        let facts = facts.remove(&id).unwrap_or_default();
        let attended = Attended::of(
            spans_seen.get(&id).unwrap_or(&Span::default()),
            silence::months_of(&dark.remove(&id).unwrap_or_default()),
        );
        let first_attended = attended.first();
        let records = Records {
            waiting: waiting.remove(&id).unwrap_or_default(),
            region: project.region,
            pay_day: facts.pay_day(),
            spans: spans.remove(&id).unwrap_or_default(),
            wages: wages.remove(&id).unwrap_or_default(),
            first_attended,
            device_known: first_attended.is_some() || bound.contains(&id),
        };
        let months = records.months(ctx, as_of, |month, is_settled| {
            // Somebody is concerned by the month anyway, or nobody needs to be: who attended changes nothing.
            let worked = !is_settled && attended.may_have(month) && attendance::table::was_attended(conn, id, month)?;
            Ok(attended.seen(month, u32::from(worked)))
        })?;
        let arrears = months::arrears_of(&months, &facts, as_of);
        all.push(Owing { project, facts, arrears, unlisted: Vec::new() });
    }
    Ok(())
}
