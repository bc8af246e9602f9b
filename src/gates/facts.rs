//! What a gate needs to know, gathered from the registries: of the project, and of the applicant owner and contractor on all their
//! projects on this server.

use crate::base::Day;
use crate::base::id::PartyId;
use crate::cases;
use crate::compliance::{self, CONTRACTOR, OWNER, Owing, bond_valid, government_funded, told};
use crate::deposits::{self, DepositEvent};
use crate::law::decision::ArrearsDetail;
use crate::law::{Fact, Gate, GateFacts};
use crate::matching::unlisted::UnlistedWork;
use crate::parties;
use crate::projects::{self, Fact as Told, FactKind, Facts, Site};
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// Facts of a gate with the arrears behind them.
pub(super) struct Gathered {
    pub(super) facts: GateFacts,
    pub(super) detail: Vec<ArrearsDetail>,
}

/// Facts of one project's own gate.
pub(super) fn of_project(conn: &mut AnyConn, ctx: &Ctx, site: &Site, gate: Gate, as_of: Day) -> Result<Gathered, Problem> {
    let facts = projects::actions::facts(conn, site, as_of, None)?;
    let owing =
        compliance::owing_and_unlisted(conn, ctx, &[site.id], as_of)?.into_iter().next().ok_or_else(Problem::not_found)?;
    let owing = owing.arrears;
    let detail = if owing.state.get() == Some(true) {
        vec![ArrearsDetail { project: format!("{} {}", site.code, site.name), amount: owing.amount, workers: owing.workers }]
    } else {
        Vec::new()
    };
    let mut gathered = registry(conn, site, &facts, gate, as_of)?;
    gathered.arrears = owing.state;
    Ok(Gathered { facts: gathered, detail })
}

/// What the registries say of the project itself.
fn registry(conn: &mut AnyConn, site: &Site, facts: &Facts, gate: Gate, as_of: Day) -> Result<GateFacts, Problem> {
    let open = cases::open_cases(conn, site, as_of)?;
    let dispute = cases::pay_dispute_open(conn, site, as_of)?;
    let owner_money = |read: fn(bool, bool) -> bool| {
        told(facts, FactKind::OwnerMoney, OWNER, |record| match record.fact {
            Told::OwnerMoney { overdue, led_to_arrears, .. } => Some(read(overdue, led_to_arrears)),
            _ => None,
        })
    };
    Ok(GateFacts {
        funds_commitment: told(facts, FactKind::FundsCommitment, OWNER, |record| match record.fact {
            Told::FundsCommitment { given } => Some(given),
            _ => None,
        }),
        arrears: Fact::not_known(CONTRACTOR),
        open_cases: Fact::known(open, "cases"),
        pay_dispute_open: Fact::known(dispute, "cases"),
        publicity_day: publicity(conn, site, facts, gate, as_of)?,
        owner_overdue: owner_money(|overdue, _| overdue),
        owner_overdue_led_to_arrears: owner_money(|overdue, led| overdue && led),
        payment_bond_valid: bond_valid(facts, as_of),
        government_funded: government_funded(facts),
        price_audited: told(facts, FactKind::PriceAudit, OWNER, |record| match record.fact {
            Told::PriceAudit { done } => Some(done),
            _ => None,
        }),
        settled: told(facts, FactKind::Settlement, OWNER, |record| match record.fact {
            Told::Settlement { complete } => Some(complete),
            _ => None,
        }),
        accepted_on: told(facts, FactKind::Accepted, OWNER, |record| Some(record.valid_on)),
        work_finished: told(facts, FactKind::Finished, CONTRACTOR, |_| Some(true)),
        promise_given: told(facts, FactKind::ClosingPromise, CONTRACTOR, |_| Some(true)),
    })
}

/// Full days of publicity that have ended, the first day not counted (rule C-08).
fn publicity(conn: &mut AnyConn, site: &Site, facts: &Facts, gate: Gate, as_of: Day) -> Result<Fact<u32>, Problem> {
    let mut begun = told(facts, FactKind::ClosingPublicity, CONTRACTOR, |record| Some(record.valid_on));
    if gate == Gate::DepositReturn {
        let lodged = deposits::actions::all(conn, site, None)?;
        let events = lodged.iter().flat_map(|one| &one.events).filter(|event| event.kind == DepositEvent::PublicityStarted);
        if let Some(event) = events.filter(|event| event.happened_on <= as_of).max_by_key(|event| event.happened_on) {
            begun = Fact::known(event.happened_on, "deposit_events");
        }
    }
    Ok(begun.map(|first| u32::try_from(as_of.days_since(*first) - 1).unwrap_or(0)))
}

/// Facts of an applicant's gate: what the project itself shows, and what the owner and the contractor owe anywhere on this server.
pub(super) fn of_applicant(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: Option<&Site>,
    applicants: &[PartyId],
    gate: Gate,
    as_of: Day,
) -> Result<Gathered, Problem> {
    let mut own = match site {
        Some(site) => {
            let facts = projects::actions::facts(conn, site, as_of, None)?;
            registry(conn, site, &facts, gate, as_of)?
        }
        None => GateFacts::unknown(OWNER),
    };
    let mut detail = Vec::new();
    let mut waiting: Vec<String> = Vec::new();
    let mut overdue: Vec<Fact<bool>> = vec![own.owner_overdue.clone()];
    let mut led: Vec<Fact<bool>> = vec![own.owner_overdue_led_to_arrears.clone()];
    let mut looked_at = 0_u32;
    let theirs = projects_of(conn, applicants)?;
    for one in compliance::owing_and_unlisted(conn, ctx, &theirs, as_of)? {
        let Owing { project: other, facts, arrears: owing, unlisted } = one;
        let name = format!("{} {}", other.code, other.name);
        looked_at += 1;
        match owing.state.get() {
            Some(true) => detail.push(ArrearsDetail { project: name, amount: owing.amount, workers: owing.workers }),
            Some(false) => {}
            None => {
                let told = |one: &UnlistedWork| format!(" {} 有 {} 人的工日未列入工资表", one.month, one.workers);
                let months: Vec<String> = unlisted.iter().map(told).collect();
                waiting.push(format!("{name}{}", months.concat()));
            }
        }
        if let Some(record) = facts.get(FactKind::OwnerMoney)
            && let Told::OwnerMoney { overdue: is, led_to_arrears, .. } = record.fact
            && site.is_none_or(|site| site.id != other.id)
        {
            overdue.push(Fact::known(is, &record.id.to_string()));
            led.push(Fact::known(is && led_to_arrears, &record.id.to_string()));
        }
    }
    own.arrears = if !detail.is_empty() {
        Fact::known(true, "pay sheets and bank results")
    } else if !waiting.is_empty() {
        Fact::not_known(&format!("{CONTRACTOR}: {}", waiting.join("; ")))
    } else {
        Fact::known(false, &format!("pay sheets and bank results of {looked_at} projects on this server"))
    };
    own.owner_overdue = any(overdue);
    own.owner_overdue_led_to_arrears = any(led);
    Ok(Gathered { facts: own, detail })
}

/// True when any is, false when all are known not to be.
fn any(facts: Vec<Fact<bool>>) -> Fact<bool> {
    let yes = facts.iter().find(|fact| fact.get() == Some(true));
    let open = facts.iter().find(|fact| fact.value().is_none());
    yes.or(open).or(facts.first()).cloned().unwrap_or_else(|| Fact::not_known(OWNER))
}

/// Projects of the applicants and of the groups that they belong to.
pub(super) fn projects_of(conn: &mut AnyConn, applicants: &[PartyId]) -> Result<Vec<crate::base::id::ProjectId>, Problem> {
    let mut group: Vec<PartyId> = Vec::new();
    for applicant in applicants {
        group.extend(parties::table::group_of(conn, *applicant)?);
    }
    group.sort();
    group.dedup();
    let mut projects: Vec<_> = projects::table::of_parties(conn, &group)?
        .into_iter()
        .filter(|(_, role)| matches!(role, projects::PartyRole::Owner | projects::PartyRole::GeneralContractor))
        .map(|(id, _)| id)
        .collect();
    projects.sort();
    projects.dedup();
    Ok(projects)
}
