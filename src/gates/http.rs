//! `/api/v1/gates`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::{self, Answered};
use super::{Subject, table};
use crate::base::id::{AnswerId, PartyId, ProjectId};
use crate::base::{Day, Moment, RegionCode};
use crate::law::Gate;
use crate::projects::enter;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Code, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let ask = Access::Holds(Verb::AskGates);
    vec![
        Route::get("/api/v1/gates/answers/{answer}", ask, "A stored answer with its facts", || web::get().to(one))
            .gives::<GateAnswer>(),
        Route::post("/api/v1/gates/{gate}", ask, "Ask a gate; a refusal is an answer", || web::post().to(ask_gate))
            .takes::<AskGate>()
            .gives::<GateAnswer>(),
        Route::get("/api/v1/projects/{project}/gate-answers", ask, "Answers about a project", || web::get().to(of_project))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .gives::<Page<AnswerHead>>(),
    ]
}

/// A question. Permit and new-project gates take the project or the applicants with a region; the others take the project.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskGate {
    /// The project.
    project: Option<ProjectId>,
    /// The owner who applies.
    owner: Option<PartyId>,
    /// The general contractor.
    general_contractor: Option<PartyId>,
    /// Region code, where no project is named.
    region: Option<RegionCode>,
    /// Civil day, today when absent.
    as_of: Option<Day>,
}

/// An answer with all that it rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GateAnswer {
    id: AnswerId,
    gate: String,
    project: Option<ProjectId>,
    owner: Option<PartyId>,
    general_contractor: Option<PartyId>,
    region: RegionCode,
    as_of: Day,
    /// clear, blocked, restriction_proposed, advise or unknown.
    verdict: String,
    /// national, regional or policy.
    basis: Option<String>,
    /// Whether a person must confirm it before anybody is refused.
    needs_person: bool,
    /// in_force, unverified, draft or superseded.
    #[schema(value_type = String)]
    status: Value,
    /// Rule ids that decided.
    rules: Vec<String>,
    /// Facts that are missing.
    needs: Vec<String>,
    /// Gates held instead.
    #[schema(value_type = Vec<String>)]
    holds: Value,
    /// Filing limit after acceptance.
    due: Option<Day>,
    /// Each rule that stands against it: basis, citation, words, facts, sources.
    #[schema(value_type = Vec<Object>)]
    reasons: Value,
    /// What to do, nothing too much.
    #[schema(value_type = Vec<Object>)]
    cure: Value,
    /// The facts used, each with source and moment or with whoever must supply it.
    #[schema(value_type = Object)]
    facts: Value,
    /// The steps.
    #[schema(value_type = Vec<Object>)]
    trace: Value,
    law_book: String,
    facts_hash: String,
    engine: String,
    asked_at: Moment,
}

/// An answer in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AnswerHead {
    id: AnswerId,
    gate: String,
    as_of: Day,
    verdict: String,
    basis: Option<String>,
    asked_at: Moment,
}

fn json<T: Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error.to_string()))
}

fn view(answered: &Answered) -> Result<GateAnswer, Problem> {
    let Answered { row, question, decision } = answered;
    Ok(GateAnswer {
        id: row.id,
        gate: row.gate.clone(),
        project: row.project_id,
        owner: row.owner_id,
        general_contractor: row.contractor_id,
        region: row.region,
        as_of: row.as_of,
        verdict: row.verdict.clone(),
        basis: row.basis.clone(),
        needs_person: decision.needs_person,
        status: json(&decision.status)?,
        rules: decision.rules.clone(),
        needs: decision.needs.clone(),
        holds: json(&decision.holds)?,
        due: decision.due,
        reasons: json(&decision.reasons)?,
        cure: json(&decision.cure)?,
        facts: json(&question.facts)?,
        trace: json(&decision.trace)?,
        law_book: row.law_book.clone(),
        facts_hash: row.facts_hash.clone(),
        engine: row.engine.clone(),
        asked_at: row.asked_at,
    })
}

async fn ask_gate(call: Call, gate: web::Path<String>, body: Body<AskGate>) -> Result<impl Responder, Problem> {
    let gate: Gate = Gate::ALL.iter().copied().find(|known| known.as_str().replace('_', "-") == *gate).ok_or_else(|| {
        Problem::new(
            Code::NotFound,
            "没有这个事项；可问：construction-permit、completion-acceptance、property-registration、account-closing、deposit-return、new-project。",
            "There is no such gate; ask construction-permit, completion-acceptance, property-registration, account-closing, deposit-return or new-project.",
        )
    })?;
    let AskGate { project, owner, general_contractor, region, as_of } = body.0;
    let subject = Subject { project, owner, general_contractor, region };
    let ctx = call.ctx.clone();
    let as_of = as_of.unwrap_or(ctx.today);
    let db = ctx.ground.db.clone();
    let asked = db.read(move |conn| actions::gather(conn, &ctx, gate, &subject, as_of)).await?;
    call.write(StatusCode::OK, move |tx, ctx| view(&actions::answer(tx, ctx, &asked)?)).await
}

async fn one(call: Call, answer: web::Path<AnswerId>) -> Result<impl Responder, Problem> {
    let id = answer.into_inner();
    call.read(move |conn, ctx| view(&actions::fetch(conn, ctx, id)?)).await
}

async fn of_project(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let rows = table::of_project(conn, site.id, after, limit + 1)?.into_iter().map(|row| AnswerHead {
            id: row.id,
            gate: row.gate,
            as_of: row.as_of,
            verdict: row.verdict,
            basis: row.basis,
            asked_at: row.asked_at,
        });
        Ok(Page::cut(rows.collect(), limit, |row: &AnswerHead| row.id.0))
    })
    .await
}
