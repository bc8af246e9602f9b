//! Asking a gate: gather on one snapshot, decide, keep.

use serde_json::json;

use super::facts::{self, Gathered};
use super::table::{self, AnswerRow};
use super::{ENGINE, Subject};
use crate::base::id::{AnswerId, PartyId, ProjectId};
use crate::base::{Day, RegionCode};
use crate::law::{self, Decision, Fact, Gate, GateQuestion};
use crate::parties;
use crate::projects::{self, PartyRole, Site, enter};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Tx, journal};
use crate::web::{Ctx, Problem, ScopeOn};
use crate::webhooks::HookEvent;
use crate::webhooks::actions::{self as webhooks, News};

/// A question with what is known, ready to be decided.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Law's question.
    pub question: GateQuestion,
    /// What it is about.
    pub subject: Subject,
}

/// An answer as kept.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The stored row.
    pub row: AnswerRow,
    /// The question.
    pub question: GateQuestion,
    /// The decision.
    pub decision: Decision,
}

/// Gathers what a gate needs; to be run on one snapshot. Closing an account and giving back a deposit are asked by the clearance as well:
/// while it has stops, nobody can say that all wages are paid, and the stops are named.
///
/// # Errors
/// `not_found` for a project or company that the asker may not ask about, `invalid` when the subject is not enough for the gate.
pub fn gather(conn: &mut AnyConn, ctx: &Ctx, gate: Gate, subject: &Subject, as_of: Day) -> Result<Asked, Problem> {
    let mut asked = gather_by_law(conn, ctx, gate, subject, as_of)?;
    let is_of_clearance = matches!(gate, Gate::AccountClosing | Gate::DepositReturn);
    if let Some(project) = asked.subject.project
        && is_of_clearance
        && asked.question.facts.arrears.get() == Some(false)
    {
        let open = (ctx.ground.hurdles)(conn, ctx, project, as_of)?;
        if !open.is_empty() {
            let (zh, en): (Vec<String>, Vec<String>) = open.into_iter().unzip();
            let (zh, en) = (zh.join("；"), en.join("; "));
            let keeper = format!("施工总承包单位（清欠未了结：{zh}） / general contractor (open in the clearance: {en})");
            asked.question.facts.arrears = Fact::not_known(&keeper);
        }
    }
    Ok(asked)
}

/// [`gather`] by the law's own questions alone, for the clearance itself.
///
/// # Errors
/// As [`gather`].
pub fn gather_by_law(conn: &mut AnyConn, ctx: &Ctx, gate: Gate, subject: &Subject, as_of: Day) -> Result<Asked, Problem> {
    let site = subject.project.map(|id| enter(conn, &ctx.scope, id)).transpose()?;
    if let Some(site) = &site
        && !site.participations().iter().any(|row| row.holds_on(as_of))
    {
        // Before anybody took part nothing is known of the project, and nothing known must never read as nothing wrong.
        let problem = Problem::invalid("该日项目尚未登记参建单位。", "On that day nobody took part in the project yet.");
        return Err(problem.at("as_of", "bad_time"));
    }
    if let Some(site) = &site {
        is_about(site, subject, as_of)?;
    }
    let of_site = |role| site.as_ref().and_then(|site| site.party(role, as_of));
    let owner = subject.owner.or_else(|| of_site(PartyRole::Owner));
    let contractor = subject.general_contractor.or_else(|| of_site(PartyRole::GeneralContractor));
    let region = subject.region.or_else(|| site.as_ref().map(|site| site.region));
    let Some(region) = region else {
        return Err(Problem::invalid("请给出项目或地区。", "Give a project or a region.").at("region", "missing_field"));
    };
    let subject = Subject { project: subject.project, owner, general_contractor: contractor, region: Some(region) };
    let gathered = match (gate, &site) {
        (Gate::ConstructionPermit | Gate::NewProject, site) => {
            let applicants = applicants(conn, ctx, site.as_ref(), &subject, region)?;
            facts::of_applicant(conn, ctx, site.as_ref(), &applicants, gate, as_of)?
        }
        (_, Some(site)) => facts::of_project(conn, ctx, site, gate, as_of)?,
        (_, None) => {
            return Err(
                Problem::invalid("该事项须指明项目。", "This gate is asked about a project.").at("project", "missing_field")
            );
        }
    };
    let Gathered { facts, detail } = gathered;
    let policy = ctx.policy();
    Ok(Asked { question: GateQuestion { gate, region, as_of, facts, policy, detail }, subject })
}

/// Refuses a question that names a project and, beside it, a region or a company that is not the project's: it would be answered under
/// another place's law, or about somebody else, and kept in the project's name.
fn is_about(site: &Site, subject: &Subject, as_of: Day) -> Result<(), Problem> {
    let other = |place: &str| {
        let (zh, en) = (
            "与所指项目的登记不符；指明项目时无须填写。",
            "It is not what the project has on record; leave it out beside a project.",
        );
        Problem::invalid(zh, en).at(place, "conflict")
    };
    if subject.region.is_some_and(|region| region != site.region) {
        return Err(other("region"));
    }
    for (place, named, role) in [
        ("owner", subject.owner, PartyRole::Owner),
        ("general_contractor", subject.general_contractor, PartyRole::GeneralContractor),
    ] {
        if named.is_some() && named != site.party(role, as_of) {
            return Err(other(place));
        }
    }
    Ok(())
}

/// The companies whose projects are looked at, once the asker may ask about them.
fn applicants(
    conn: &mut AnyConn,
    ctx: &Ctx,
    site: Option<&Site>,
    subject: &Subject,
    region: RegionCode,
) -> Result<Vec<PartyId>, Problem> {
    let named: Vec<PartyId> = [subject.owner, subject.general_contractor].into_iter().flatten().collect();
    if named.is_empty() {
        let problem = Problem::invalid("请给出建设单位或总包单位。", "Name the owner or the general contractor.");
        return Err(problem.at("owner", "missing_field"));
    }
    for party in &named {
        if parties::table::find(conn, &ctx.scope, *party)?.is_none() {
            return Err(Problem::invalid("单位尚未登记。", "There is no such company.").at("owner", "unknown_reference"));
        }
        let is_of_site = site.is_some_and(|site| site.participations().iter().any(|row| row.party_id == *party));
        let may_ask = is_of_site || ctx.scope.covers_region(region) || ctx.scope.places.contains(&ScopeOn::Organisation(*party));
        if !may_ask {
            return Err(Problem::not_found());
        }
    }
    Ok(named)
}

/// The projects that a question touches: its own, and every one of the companies that it is about and of their groups.
pub fn projects_about(conn: &mut AnyConn, subject: &Subject) -> Result<Vec<ProjectId>, Problem> {
    let mut parties: Vec<PartyId> = [subject.owner, subject.general_contractor].into_iter().flatten().collect();
    if let Some(project) = subject.project {
        parties.extend(projects::table::participations(conn, project)?.into_iter().map(|row| row.party_id));
    }
    let mut found = facts::projects_of(conn, &parties)?;
    found.extend(subject.project);
    Ok(found)
}

/// What is kept of an answer before it is, and the decision: without id, and with its facts not yet encrypted.
pub fn decided(ctx: &Ctx, asked: &Asked) -> Result<(AnswerRow, Decision), Problem> {
    let book = ctx.book();
    let question = &asked.question;
    let decision = law::decide(&book, question);
    let text = |value: Result<String, serde_json::Error>| value.map_err(|error| Problem::internal(&error.to_string()));
    let facts = text(serde_json::to_string(question))?;
    let answer = text(serde_json::to_string(&decision))?;
    let row = AnswerRow {
        id: AnswerId(0),
        gate: question.gate.as_str().to_owned(),
        project_id: asked.subject.project,
        owner_id: asked.subject.owner,
        contractor_id: asked.subject.general_contractor,
        region: question.region,
        as_of: question.as_of,
        verdict: decision.verdict.as_str().to_owned(),
        basis: decision.basis.map(|basis| basis.as_str().to_owned()),
        law_book: book.hash().to_owned(),
        engine: ENGINE.to_owned(),
        facts_hash: journal::sha256(facts.as_bytes()),
        facts: facts.into_bytes(),
        answer_hash: journal::sha256(answer.as_bytes()),
        answer,
        asked_by: ctx.actor().to_owned(),
        asked_at: ctx.now,
        recorded_seq: 0,
    };
    Ok((row, decision))
}

/// Decides a question and keeps the answer with its facts.
pub fn answer(tx: &mut Tx<'_>, ctx: &Ctx, asked: &Asked) -> Result<Answered, Problem> {
    let (mut row, decision) = decided(ctx, asked)?;
    let owner = row.project_id.map_or(Owner::Global, Owner::Project);
    row.id = AnswerId(ctx.id());
    row.facts = ctx.vault().seal(tx.conn(), owner, &row.facts)?;
    let chain = crate::store::Sealed::chain(&row);
    row.recorded_seq = tx.seq(chain)?;
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "answer_gate", &row.id.to_string())?;
    if let Some(project) = row.project_id {
        let site = projects::site(tx.conn(), project)?;
        let fields = [("subject", json!(row.id)), ("gate", json!(row.gate)), ("decision", json!(row.verdict))];
        webhooks::tell(tx, ctx, &site, &News::of(HookEvent::GateDecided, fields))?;
    }
    Ok(Answered { row, question: asked.question.clone(), decision })
}

/// A stored answer with its facts.
///
/// # Errors
/// `not_found` when there is none, or when it is about something that the asker may not see.
pub fn fetch(conn: &mut AnyConn, ctx: &Ctx, id: AnswerId) -> Result<Answered, Problem> {
    let row = table::find(conn, id)?.ok_or_else(Problem::not_found)?;
    match row.project_id {
        Some(project) => drop(enter(conn, &ctx.scope, project)?),
        None => {
            let is_own = [row.owner_id, row.contractor_id]
                .into_iter()
                .flatten()
                .any(|id| ctx.scope.places.contains(&ScopeOn::Organisation(id)));
            if !is_own && !ctx.scope.covers_region(row.region) {
                return Err(Problem::not_found());
            }
        }
    }
    let question = stored_question(conn, ctx, &row)?;
    let damaged = |error: serde_json::Error| Problem::internal(&format!("answer {}: {error}", row.id));
    let decision = serde_json::from_str(&row.answer).map_err(damaged)?;
    Ok(Answered { row, question, decision })
}

pub(super) fn stored_question(conn: &mut AnyConn, ctx: &Ctx, row: &AnswerRow) -> Result<GateQuestion, Problem> {
    let owner = row.project_id.map_or(Owner::Global, Owner::Project);
    let facts = ctx.vault().open_text(conn, owner, &row.facts)?;
    serde_json::from_str(&facts).map_err(|error| Problem::internal(&format!("facts of {}: {error}", row.id)))
}
