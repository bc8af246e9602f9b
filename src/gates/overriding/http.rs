//! `/api/v1/projects/{project}/overrides`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OverrideVerdict;
use super::actions::{self, NewOverride, Override};
use super::table::{DecisionRow, OverrideRow};
use crate::base::Day;
use crate::base::id::{AnswerId, ProjectId, RecordId};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The routes of overrides.
pub fn routes() -> Vec<Route> {
    let decide = Access::Holds(Verb::OverrideGates);
    vec![
        Route::get("/api/v1/projects/{project}/overrides", Access::Holds(Verb::ReadProjects), "Overrides of gates", || {
            web::get().to(list)
        })
        .gives::<Overrides>(),
        Route::post("/api/v1/projects/{project}/overrides", decide, "Ask for an override of a refusal", || web::post().to(ask))
            .takes::<AskOverride>()
            .creates::<OverrideRow>(),
        Route::post(
            "/api/v1/projects/{project}/overrides/{override}/decisions",
            decide,
            "Approve it as another person, refuse it, or end it",
            || web::post().to(decide_one),
        )
        .takes::<DecideOverride>()
        .creates::<DecisionRow>(),
    ]
}

/// An override to be asked for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskOverride {
    /// The answer that refused.
    answer: AnswerId,
    /// Why.
    reason: String,
    /// Document and article that allow it.
    legal_ground: String,
    /// Its last day, at most 90 days from now.
    until_on: Day,
}

/// A decision about an override.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideOverride {
    /// approved, rejected or ended.
    verdict: OverrideVerdict,
    /// Why.
    note: String,
}

/// An override with what was decided.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverrideView {
    #[serde(flatten)]
    asked: OverrideRow,
    decisions: Vec<DecisionRow>,
    /// Whether it holds today.
    in_force: bool,
}

/// A project's overrides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Overrides {
    overrides: Vec<OverrideView>,
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let view = |one: Override| OverrideView { in_force: one.holds_on(ctx.today), asked: one.row, decisions: one.decisions };
        Ok(Overrides { overrides: actions::all(conn, site.id)?.into_iter().map(view).collect() })
    })
    .await
}

async fn ask(call: Call, project: web::Path<ProjectId>, body: Body<AskOverride>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let AskOverride { answer, reason, legal_ground, until_on } = body.0;
    let new = NewOverride { answer, reason, legal_ground, until_on };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::ask(tx, ctx, &site, &new)
    })
    .await
}

async fn decide_one(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<DecideOverride>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let DecideOverride { verdict, note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::decide(tx, ctx, &site, id, verdict, &note)
    })
    .await
}
