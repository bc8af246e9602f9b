//! `/api/v1/projects/{project}/matters`, `/deposit-matters` and `/liability`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::actions::{self, NewStep};
use super::adequacy::{self, Adequacy};
use super::liability::{self, Liability};
use super::{Matter, MatterKind, Step};
use crate::base::id::{DocumentId, LineId, MatterId, ProjectId};
use crate::base::{Day, Fen};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};

/// The module's routes. Matters of the deposit are for those who take steps in them, the others for those who record facts.
pub fn routes() -> Vec<Route> {
    let (read, record) = (Access::Holds(Verb::ReadMoney), Access::Holds(Verb::RecordFacts));
    let handle = Access::Holds(Verb::StepDeposits);
    let mut routes = vec![
        Route::get("/api/v1/projects/{project}/matters", read, "Matters of the wage money with what is to be done", || {
            web::get().to(list)
        })
        .query(&[("as_of", "day that is asked about, today when absent")])
        .of_any_time()
        .gives::<Vec<Matter>>(),
        Route::post("/api/v1/projects/{project}/matters", record, "Begin a matter: shortage, report, freeze", || {
            web::post().to(begin)
        })
        .takes::<BeginMatter>()
        .creates::<Matter>()
        .order(),
        Route::post("/api/v1/projects/{project}/matters/{matter}/steps", record, "Take the next step of a matter", || {
            web::post().to(take)
        })
        .takes::<TakeStep>()
        .creates::<Matter>()
        .order(),
        Route::post("/api/v1/projects/{project}/deposit-matters", handle, "Begin a matter of the wage deposit", || {
            web::post().to(begin_of_deposit)
        })
        .takes::<BeginMatter>()
        .creates::<Matter>()
        .order(),
        Route::post(
            "/api/v1/projects/{project}/deposit-matters/{matter}/steps",
            handle,
            "Take the next step of a matter of the wage deposit",
            || web::post().to(take_of_deposit),
        )
        .takes::<TakeStep>()
        .creates::<Matter>()
        .order(),
        Route::get(
            "/api/v1/projects/{project}/deposit-adequacy",
            read,
            "Whether each deposit is enough for what is due and lasts long enough",
            || web::get().to(adequacy),
        )
        .gives::<Vec<Adequacy>>(),
        Route::get("/api/v1/projects/{project}/liability", read, "Who pays the arrears, in which order", || {
            web::get().to(liability)
        })
        .query(&[("as_of", "day that is asked about, today when absent")])
        .gives::<Liability>(),
    ];
    routes.extend(super::clearings::http::routes());
    routes
}

/// A matter to be begun.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginMatter {
    /// What it is.
    kind: MatterKind,
    /// Its first step; the only one of its kind when absent.
    step: Option<Step>,
    /// When that happened.
    happened_on: Day,
    /// Last day of an order.
    due_on: Option<Day>,
    /// Amount of an order, balance of a statement; a shortage is computed.
    amount: Option<Fen>,
    /// The sheet of a shortage, the deposit of a matter of the deposit; of a freeze the number of its document, or the debit.
    subject: Option<String>,
    /// Why an account was frozen: this_project_wages, supplier_debt, other_debt.
    reason: Option<String>,
    /// What else is to be said; for a freeze, by whom.
    note: Option<String>,
    /// The paper.
    document_id: Option<DocumentId>,
}

/// A line with what it was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaidLine {
    /// The line.
    pub line: LineId,
    /// How much.
    pub amount: Fen,
}

/// A step to be taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeStep {
    /// Which.
    step: Step,
    /// When it happened.
    happened_on: Day,
    /// Day for which money is promised.
    due_on: Option<Day>,
    /// Why an account was frozen, once it is known.
    reason: Option<String>,
    /// How much.
    amount: Option<Fen>,
    /// What else is to be said.
    note: Option<String>,
    /// The paper.
    document_id: Option<DocumentId>,
    /// Reference of a payment out of the deposit.
    reference: Option<String>,
    /// Lines that it paid.
    #[serde(default)]
    lines: Vec<PaidLine>,
}

/// Refuses a step at the door of the other kind: rights differ.
fn right_door(kind: MatterKind, step: Step, of_deposit: bool) -> Result<(), Problem> {
    if kind.is_at_door(step, of_deposit) {
        return Ok(());
    }
    let (zh, en) = (
        "保证金事项请使用 deposit-matters，其他事项使用 matters。",
        "Use deposit-matters for the deposit, matters for the rest.",
    );
    Err(Problem::invalid(zh, en).at("kind", "bad_format"))
}

async fn begin_at(call: Call, id: ProjectId, body: BeginMatter, of_deposit: bool) -> Result<impl Responder, Problem> {
    let request = json!({"order": "begin_matter", "project": id, "body": &body});
    let BeginMatter { kind, step, happened_on, due_on, amount, subject, reason, note, document_id } = body;
    let first = step.or_else(|| kind.first().first().copied()).ok_or_else(Problem::not_found)?;
    right_door(kind, first, of_deposit)?;
    let new = NewStep { due_on, amount, subject, reason, note, document: document_id, ..NewStep::of(first, happened_on) };
    call.order(StatusCode::CREATED, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::begin(tx, ctx, &site, kind, &new)
    })
    .await
}

async fn begin(call: Call, project: web::Path<ProjectId>, body: Body<BeginMatter>) -> Result<impl Responder, Problem> {
    begin_at(call, project.into_inner(), body.0, false).await
}

async fn begin_of_deposit(call: Call, project: web::Path<ProjectId>, body: Body<BeginMatter>) -> Result<impl Responder, Problem> {
    begin_at(call, project.into_inner(), body.0, true).await
}

async fn take_at(call: Call, path: (ProjectId, MatterId), body: TakeStep, of_deposit: bool) -> Result<impl Responder, Problem> {
    let (project, id) = path;
    let request = json!({"order": "take_step", "project": project, "matter": id, "body": &body});
    let TakeStep { step, happened_on, due_on, reason, amount, note, document_id, reference, lines } = body;
    let lines = lines.into_iter().map(|one| (one.line, one.amount)).collect();
    let new = NewStep { due_on, reason, amount, note, document: document_id, reference, lines, ..NewStep::of(step, happened_on) };
    call.order(StatusCode::CREATED, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        right_door(actions::one(tx.conn(), ctx, &site, id)?.kind, new.step, of_deposit)?;
        actions::take(tx, ctx, &site, id, &new)
    })
    .await
}

async fn take(call: Call, path: web::Path<(ProjectId, MatterId)>, body: Body<TakeStep>) -> Result<impl Responder, Problem> {
    take_at(call, path.into_inner(), body.0, false).await
}

async fn take_of_deposit(
    call: Call,
    path: web::Path<(ProjectId, MatterId)>,
    body: Body<TakeStep>,
) -> Result<impl Responder, Problem> {
    take_at(call, path.into_inner(), body.0, true).await
}

#[derive(Deserialize)]
struct AsOfQuery {
    as_of: Option<Day>,
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let (id, as_of) = (project.into_inner(), query.as_of);
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        actions::all(conn, ctx, &site, as_of.unwrap_or(ctx.today))
    })
    .await
}

async fn adequacy(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        adequacy::of_project(conn, ctx, &site)
    })
    .await
}

async fn liability(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let (id, as_of) = (project.into_inner(), query.as_of);
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let may_name = liability::may_name(conn, ctx, &site)?;
        liability::of_project(conn, ctx, &site, may_name, as_of.unwrap_or(ctx.today))
    })
    .await
}
