//! Who pays wages that are owed, and in which order: the subcontractor that employed the worker, the general contractor first in its
//! place and with recourse (R724-30), the owner in advance up to the project money that it has not settled (R724-29b). What the owner has
//! advanced counts against that.
//!
//! A view, not a ledger: what was paid shows in the lines. The owner's advance goes to the oldest arrears first. Deliberately absent:
//! recourse among the companies.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::id::{CrewId, LineId, PartyId, RecordId, WorkerId};
use crate::base::money::TooMuch;
use crate::base::{Day, Fen};
use crate::compliance::{self, OWNER};
use crate::law::questions::labour_cost::{self, LiabilityAnswer, LiabilityInput};
use crate::payroll::outside::Payer;
use crate::payroll::outside::telling::{self, ClearingStep};
use crate::payroll::table::LineRow;
use crate::projects::{self, Fact, FactKind, PartyRole, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem, Verb};
use crate::{parties, payroll, workers};

/// Lines in arrears that one look gives at most; sums are over all.
pub const LINES_MAX: usize = 2_000;

/// Sheets that one look reads at most.
const SHEETS_MAX: i64 = 2_000;

/// A line in arrears with who is liable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Liable {
    /// The line.
    pub line: LineId,
    /// Whose wage it is.
    pub worker: WorkerId,
    /// Name, for whoever may see names.
    pub name: Option<String>,
    /// Due day that has passed.
    pub due_on: Day,
    /// Owed without contest.
    pub arrears: Fen,
    /// The subcontractor that employed the worker; `None` where the general contractor did.
    pub employer: Option<PartyId>,
    /// Its name.
    pub employer_name: Option<String>,
    /// What the owner advances of it; `None` where it is not known what the owner is overdue with.
    pub owner_advances: Option<Fen>,
    /// What the general contractor settles first of it; `None` where the owner's part is not known.
    pub contractor_settles: Option<Fen>,
}

/// Arrears of a project with the order of liability.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Liability {
    /// The day asked about.
    pub as_of: Day,
    /// Wages past their due day, owed without contest.
    pub arrears: Fen,
    /// Workers they are owed to.
    pub workers: u32,
    /// Project money that the owner is overdue with; `None` where nobody has said.
    pub owner_overdue: Option<Fen>,
    /// What the owner has advanced of it already, as far as another has confirmed it.
    pub owner_advanced: Fen,
    /// What the owner still advances at most; `None` where it is not known.
    pub owner_advances: Option<Fen>,
    /// What the general contractor settles first.
    pub contractor_settles: Option<Fen>,
    /// Rules that the order follows from.
    pub rules: Vec<String>,
    /// What is missing for an answer.
    pub needs: Vec<String>,
    /// Who keeps what is missing, in Chinese and English; `None` where nothing is.
    pub keeper: Option<String>,
    /// Where nobody can say that nothing more is owed: who would know, and of what. `null` where the lines are all of it.
    pub unclear: Option<String>,
    /// The oldest first.
    pub lines: Vec<Liable>,
    /// Whether there are lines beyond those shown.
    pub more: bool,
}

/// Shares a cap among sums in their order: of each as much as is left of the cap.
pub fn share_out(cap: Fen, sums: &[Fen]) -> Result<Vec<Fen>, TooMuch> {
    let mut left = cap.or_zero();
    sums.iter()
        .map(|sum| {
            let part = left.min(sum.or_zero());
            left = left.minus(part)?;
            Ok(part)
        })
        .collect()
}

/// Lines past their due day of which something is owed without contest, the oldest first.
pub fn arrears(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<Vec<LineRow>, Problem> {
    let mut found = Vec::new();
    for sheet in payroll::table::sheets(conn, site.id, 0, SHEETS_MAX)? {
        let lines = payroll::table::lines_of(conn, site.id, sheet.id)?;
        found.extend(lines.into_iter().filter(|line| line.due_on < as_of && line.rest().is_positive()));
    }
    found.sort_by_key(|line| (line.due_on, line.id));
    Ok(found)
}

/// What an owner is overdue with, and what it is said to have advanced against that: each payment that was told and not refused, in the
/// order of record, with whether another has confirmed it.
///
/// Of a payment of a day before the one on which the owner was overdue, confirmed before that was recorded, the amount takes account
/// already: it is not counted twice.
pub(super) struct OwnerMoney {
    overdue: Option<Fen>,
    advances: Vec<(RecordId, Fen, bool)>,
}

impl OwnerMoney {
    pub(super) fn of(conn: &mut AnyConn, site: &Site, as_of: Day) -> Result<OwnerMoney, Problem> {
        let facts = projects::actions::facts(conn, site, as_of, None)?;
        let record = facts.get(FactKind::OwnerMoney);
        let overdue = match record.map(|record| &record.fact) {
            Some(Fact::OwnerMoney { overdue: false, .. }) => Some(Fen::ZERO),
            // A negative amount that an older version took says nothing.
            Some(Fact::OwnerMoney { overdue: true, amount, .. }) => amount.filter(|amount| *amount >= Fen::ZERO),
            _ => None,
        };
        let steps = telling::table::steps_of(conn, site.id)?;
        let mut advances = Vec::new();
        for told in telling::table::of_project(conn, site.id)? {
            let step = steps.iter().find(|step| step.clearing_id == told.id);
            let is_dropped = step.is_some_and(|step| step.step != ClearingStep::Confirmed);
            let is_counted = record.is_none_or(|record| {
                told.paid_on >= record.valid_on || step.is_none_or(|step| step.recorded_at > record.recorded_at)
            });
            if told.payer == Payer::Owner && told.paid_on <= as_of && is_counted && !is_dropped {
                let amount = Fen::total(told.lines()?.into_iter().map(|(_, amount)| amount))?;
                advances.push((told.id, amount, step.is_some()));
            }
        }
        Ok(OwnerMoney { overdue, advances })
    }

    /// What another has confirmed.
    fn advanced(&self) -> Result<Fen, TooMuch> {
        Fen::total(self.advances.iter().filter(|(_, _, confirmed)| *confirmed).map(|(_, amount, _)| *amount))
    }

    /// What the owner still had to advance before a payment, where the payment is more than that.
    pub(super) fn exceeded_by(&self, id: RecordId) -> Result<Option<Fen>, TooMuch> {
        let Some(mut left) = self.overdue else { return Ok(None) };
        for (told, amount, _) in &self.advances {
            if *told == id {
                return Ok(Some(left).filter(|left| amount > left));
            }
            left = left.minus(*amount)?.or_zero();
        }
        Ok(None)
    }
}

/// The order of liability for a project's arrears on a day; names are those that the asker may see.
pub fn of_project(conn: &mut AnyConn, ctx: &Ctx, site: &Site, may_name: bool, as_of: Day) -> Result<Liability, Problem> {
    let rows = arrears(conn, site, as_of)?;
    let total = Fen::total(rows.iter().map(LineRow::rest))?;
    let owing = compliance::owing_and_unlisted(conn, ctx, &[site.id], as_of)?;
    let owner = OwnerMoney::of(conn, site, as_of)?;
    let owner_advanced = owner.advanced()?;
    let left = owner.overdue.map(|overdue| overdue.minus(owner_advanced)).transpose()?.map(Fen::or_zero);
    let input = LiabilityInput { arrears: Some(total), owner_overdue: left };
    let LiabilityAnswer { grounds, owner_advances, contractor_settles } =
        labour_cost::liability(&ctx.book(), site.region, as_of, &input);
    let rests: Vec<Fen> = rows.iter().map(LineRow::rest).collect();
    let advances: Vec<Option<Fen>> = match owner_advances {
        Some(cap) => share_out(cap, &rests)?.into_iter().map(Some).collect(),
        None => vec![None; rests.len()],
    };
    let people: std::collections::BTreeSet<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
    let (employers, names) = (employers(conn, ctx, site, as_of)?, names(conn, &rows, may_name)?);
    let more = rows.len() > LINES_MAX;
    let mut lines = Vec::new();
    for (row, advance) in rows.iter().zip(advances).take(LINES_MAX) {
        let employer = employers.get(&row.enrolment_id);
        lines.push(Liable {
            line: row.id,
            worker: row.worker_id,
            name: names.get(&row.worker_id).cloned(),
            due_on: row.due_on,
            arrears: row.rest(),
            employer: employer.map(|(party, _)| *party),
            employer_name: employer.map(|(_, name)| name.clone()),
            owner_advances: advance,
            contractor_settles: advance.map(|advance| row.rest().minus(advance)).transpose()?,
        });
    }
    Ok(Liability {
        as_of,
        arrears: total,
        workers: u32::try_from(people.len()).unwrap_or(u32::MAX),
        owner_overdue: owner.overdue,
        owner_advanced,
        owner_advances,
        contractor_settles,
        rules: grounds.rules,
        needs: grounds.needs,
        keeper: owner_advances.is_none().then(|| OWNER.to_owned()),
        unclear: owing.into_iter().find_map(|one| one.arrears.state.keeper().map(str::to_owned)),
        lines,
        more,
    })
}

/// The subcontractor of each enrolment, by its crew.
fn employers(conn: &mut AnyConn, ctx: &Ctx, site: &Site, as_of: Day) -> Result<BTreeMap<RecordId, (PartyId, String)>, Problem> {
    let contractor = site.party(PartyRole::GeneralContractor, as_of);
    let crews: BTreeMap<CrewId, PartyId> = projects::table::crews_of(conn, site.id)?
        .into_iter()
        .filter(|crew| Some(crew.party_id) != contractor)
        .map(|crew| (crew.id, crew.party_id))
        .collect();
    let mut named: BTreeMap<PartyId, String> = BTreeMap::new();
    for party in crews.values() {
        if !named.contains_key(party) {
            let name = parties::table::find(conn, &ctx.scope, *party)?.map(|row| row.name).unwrap_or_default();
            named.insert(*party, name);
        }
    }
    let enrolments = workers::table::of_project(conn, site.id)?.into_iter();
    Ok(enrolments
        .filter_map(|row| {
            let party = crews.get(&row.crew_id)?;
            Some((row.id, (*party, named.get(party)?.clone())))
        })
        .collect())
}

/// Names of the workers of these lines; none where the asker may not see them.
pub fn names(conn: &mut AnyConn, rows: &[LineRow], may_name: bool) -> Result<BTreeMap<WorkerId, String>, Problem> {
    if !may_name {
        return Ok(BTreeMap::new());
    }
    let mut ids: Vec<WorkerId> = rows.iter().map(|row| row.worker_id).collect();
    ids.sort();
    ids.dedup();
    let mut found = BTreeMap::new();
    for some in ids.chunks(500) {
        found.extend(workers::table::workers_of(conn, some)?.into_iter().map(|row| (row.id, row.name)));
    }
    Ok(found)
}

/// Whether an asker may see the names of workers on a project.
pub fn may_name(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<bool, Problem> {
    let Some(user) = ctx.scope.user else { return Ok(ctx.scope.is_everything()) };
    let grants: Vec<crate::web::Grant> =
        crate::users::table::grants_of(conn, user, ctx.today)?.iter().filter_map(crate::users::table::GrantRow::grant).collect();
    let scope = crate::web::Scope::narrow(ctx.actor().to_owned(), Some(user), &grants, Verb::ReadWorkers);
    Ok(scope.is_some_and(|scope| projects::enter(conn, &scope, site.id).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_advances_the_oldest_first_and_never_more_than_the_cap() {
        let sums = [Fen(300), Fen(300), Fen(200)];
        assert_eq!(share_out(Fen(500), &sums).unwrap(), [Fen(300), Fen(200), Fen(0)]);
        assert_eq!(share_out(Fen(800), &sums).unwrap(), sums);
        assert_eq!(share_out(Fen(9_000), &sums).unwrap(), sums);
        assert_eq!(share_out(Fen::ZERO, &sums).unwrap(), [Fen(0); 3]);
        assert_eq!(share_out(Fen(-5), &sums).unwrap(), [Fen(0); 3]);
    }
}
