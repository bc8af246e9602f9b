//! `/api/v1/gates`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::{self, Answered, Asked};
use super::overriding::{InForce, actions as overriding};
use super::{Subject, table};
use crate::base::id::{AnswerId, PartyId, ProjectId};
use crate::base::{Day, Moment, RegionCode};
use crate::law::{Decision, Gate, GateQuestion};
use crate::projects::enter;
use crate::store::{AnyConn, Past};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Code, Ctx, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let ask = Access::Holds(Verb::AskGates);
    vec![
        Route::get("/api/v1/gates/answers/{answer}", ask, "A stored answer with its facts", || web::get().to(one))
            .gives::<GateAnswer>(),
        Route::get("/api/v1/gates/{gate}", ask, "What a gate would answer; nothing is kept", || web::get().to(preview))
            .query(&[
                ("project", "the project"),
                ("owner", "the owner who applies, where no project is named"),
                ("general_contractor", "the general contractor, where no project is named"),
                ("region", "region code, where no project is named"),
                ("as_of", "civil day, today when absent"),
            ])
            .of_any_time()
            .gives::<GateWord>(),
        Route::post("/api/v1/gates/{gate}", ask, "Ask a gate; a refusal is an answer", || web::post().to(ask_gate))
            .takes::<AskGate>()
            .gives::<GateAnswer>(),
        Route::post("/api/v1/gates/{gate}/batch", ask, "Ask a gate many questions; each is answered by itself", || {
            web::post().to(ask_many)
        })
        .takes::<AskMany>()
        .gives::<Many>(),
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

/// What a gate says, with all that it rests on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GateWord {
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
}

/// An answer that is kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GateAnswer {
    id: AnswerId,
    #[serde(flatten)]
    word: GateWord,
    asked_at: Moment,
    /// Set aside by two persons today: who, until when, on which ground. The verdict stays.
    #[serde(rename = "override")]
    set_aside: Option<InForce>,
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
    /// Set aside by two persons today.
    #[serde(rename = "override")]
    set_aside: Option<InForce>,
}

/// Questions to one gate at once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskMany {
    /// At most 1,000.
    questions: Vec<AskGate>,
}

/// What became of one question of many.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OneOfMany {
    /// Its place among the questions, from 0.
    index: usize,
    /// The answer, where it could be asked.
    answer: Option<GateAnswer>,
    /// Stable reason where it could not.
    reason: Option<String>,
    zh: Option<String>,
    en: Option<String>,
}

/// An answer or a problem for each question, in their order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Many {
    results: Vec<OneOfMany>,
}

/// Questions that one request may hold.
pub const QUESTIONS_MAX: usize = 1000;

fn json<T: Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error.to_string()))
}

/// The override of an answer that holds today.
fn set_aside(conn: &mut AnyConn, ctx: &Ctx, row: &table::AnswerRow) -> Result<Option<InForce>, Problem> {
    match row.project_id {
        Some(project) if overriding::is_refusal(&row.gate, &row.verdict) => {
            overriding::in_force(conn, project, &row.gate, ctx.today)
        }
        _ => Ok(None),
    }
}

fn word(row: &table::AnswerRow, question: &GateQuestion, decision: &Decision) -> Result<GateWord, Problem> {
    Ok(GateWord {
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
    })
}

fn view(conn: &mut AnyConn, ctx: &Ctx, answered: &Answered) -> Result<GateAnswer, Problem> {
    let Answered { row, question, decision } = answered;
    Ok(GateAnswer {
        id: row.id,
        word: word(row, question, decision)?,
        asked_at: row.asked_at,
        set_aside: set_aside(conn, ctx, row)?,
    })
}

fn gate_of(path: &str) -> Result<Gate, Problem> {
    Gate::ALL.iter().copied().find(|known| known.as_str().replace('_', "-") == path).ok_or_else(|| {
        Problem::new(
            Code::NotFound,
            "没有这个事项；可问：construction-permit、completion-acceptance、property-registration、account-closing、deposit-return、new-project。",
            "There is no such gate; ask construction-permit, completion-acceptance, property-registration, account-closing, deposit-return or new-project.",
        )
    })
}

impl AskGate {
    fn parts(self, today: Day) -> (Subject, Day) {
        let AskGate { project, owner, general_contractor, region, as_of } = self;
        (Subject { project, owner, general_contractor, region }, as_of.unwrap_or(today))
    }
}

async fn ask_gate(call: Call, gate: web::Path<String>, body: Body<AskGate>) -> Result<impl Responder, Problem> {
    let gate = gate_of(&gate)?;
    let ctx = call.ctx.clone();
    let (subject, as_of) = body.0.parts(ctx.today);
    let db = ctx.ground.db.clone();
    let asked = db.read(move |conn| actions::gather(conn, &ctx, gate, &subject, as_of)).await?;
    call.write(StatusCode::OK, move |tx, ctx| {
        let answered = actions::answer(tx, ctx, &asked)?;
        view(tx.conn(), ctx, &answered)
    })
    .await
}

#[derive(Deserialize)]
struct PreviewQuery {
    project: Option<ProjectId>,
    owner: Option<PartyId>,
    general_contractor: Option<PartyId>,
    region: Option<RegionCode>,
    as_of: Option<Day>,
}

/// What a gate would answer, of today or of the past that `known_at` names; nothing is kept.
async fn preview(mut call: Call, gate: web::Path<String>, query: web::Query<PreviewQuery>) -> Result<impl Responder, Problem> {
    let gate = gate_of(&gate)?;
    let PreviewQuery { project, owner, general_contractor, region, as_of } = query.into_inner();
    let subject = Subject { project, owner, general_contractor, region };
    if let Some(known) = &mut call.ctx.known_at {
        let (db, subject) = (call.ctx.ground.db.clone(), subject.clone());
        known.of = Past::Of(db.read(move |conn| actions::projects_about(conn, &subject)).await?);
    }
    call.read(move |conn, ctx| {
        let asked = actions::gather(conn, ctx, gate, &subject, as_of.unwrap_or(ctx.today))?;
        let (row, decision) = actions::decided(ctx, &asked)?;
        word(&row, &asked.question, &decision)
    })
    .await
}

/// Many questions: gathered on one snapshot, answered and kept in one transaction; a question that cannot be asked harms no other.
async fn ask_many(call: Call, gate: web::Path<String>, body: Body<AskMany>) -> Result<impl Responder, Problem> {
    let gate = gate_of(&gate)?;
    let questions = body.0.questions;
    if questions.len() > QUESTIONS_MAX {
        return Err(Problem::new(
            Code::TooLarge,
            format!("一次最多问 {QUESTIONS_MAX} 个。"),
            format!("At most {QUESTIONS_MAX} questions come in one request."),
        ));
    }
    let ctx = call.ctx.clone();
    let db = ctx.ground.db.clone();
    let gathered: Vec<Result<Asked, Problem>> = db
        .read(move |conn| {
            let parts = questions.into_iter().map(|question| question.parts(ctx.today));
            Ok::<_, Problem>(parts.map(|(subject, as_of)| actions::gather(conn, &ctx, gate, &subject, as_of)).collect())
        })
        .await?;
    call.write(StatusCode::OK, move |tx, ctx| {
        let mut results = Vec::with_capacity(gathered.len());
        for (index, asked) in gathered.iter().enumerate() {
            results.push(match asked {
                Ok(asked) => {
                    let answered = actions::answer(tx, ctx, asked)?;
                    OneOfMany { index, answer: Some(view(tx.conn(), ctx, &answered)?), reason: None, zh: None, en: None }
                }
                Err(problem) => OneOfMany {
                    index,
                    answer: None,
                    reason: Some(problem.code.to_string()),
                    zh: Some(problem.zh.clone()),
                    en: Some(problem.en.clone()),
                },
            });
        }
        Ok(Many { results })
    })
    .await
}

async fn one(call: Call, answer: web::Path<AnswerId>) -> Result<impl Responder, Problem> {
    let id = answer.into_inner();
    call.read(move |conn, ctx| {
        let answered = actions::fetch(conn, ctx, id)?;
        view(conn, ctx, &answered)
    })
    .await
}

async fn of_project(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let mut rows = Vec::new();
        for row in table::of_project(conn, site.id, after, limit + 1)? {
            let set_aside = set_aside(conn, ctx, &row)?;
            let table::AnswerRow { id, gate, as_of, verdict, basis, asked_at, .. } = row;
            rows.push(AnswerHead { id, gate, as_of, verdict, basis, asked_at, set_aside });
        }
        Ok(Page::cut(rows, limit, |row: &AnswerHead| row.id.0))
    })
    .await
}
