//! The check before a run, the hold list, card holders and released lines under `/api/v1/projects/{project}`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::actions;
use super::table::{self, HoldRow};
use crate::base::id::{AccountId, LineId, ProjectId, RecordId, SheetId};
use crate::payroll::pay_run::Checked;
use crate::payroll::pay_run::actions::check_sheet;
use crate::payroll::table::LineRow;
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The routes.
pub fn routes() -> Vec<Route> {
    let (pay, money) = (Access::Holds(Verb::PayWages), Access::Holds(Verb::ReadMoney));
    vec![
        Route::get(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/check",
            money,
            "What an order would do: lines that go, lines that are held and why; nothing is kept",
            || web::get().to(check),
        )
        .query(&[("account", "the wage account, the one in use when absent")])
        .gives::<Checked>(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/releases", pay, "Let a held line go, with a note", || {
            web::post().to(release)
        })
        .takes::<ReleaseLine>()
        .creates::<LineRow>(),
        Route::get("/api/v1/projects/{project}/pay-holds", money, "Workers whose wages are held back now", || {
            web::get().to(holds)
        })
        .of_any_time()
        .gives::<Vec<HoldRow>>(),
        Route::post(
            "/api/v1/projects/{project}/enrolments/{enrolment}/pay-hold",
            pay,
            "Put a worker on the hold list, or take the worker off it",
            || web::post().to(hold),
        )
        .takes::<SetHold>()
        .creates::<HoldRow>(),
        Route::post(
            "/api/v1/projects/{project}/enrolments/{enrolment}/card-holder",
            pay,
            "Record the name under which the bank keeps a worker's card",
            || web::post().to(holder),
        )
        .takes::<TellHolder>()
        .creates::<CardHolder>(),
    ]
}

/// A held line to be let go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseLine {
    /// The line.
    line: LineId,
    /// Why it may go, 4 to 300 characters.
    note: String,
}

/// A word on the hold list.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetHold {
    /// On the list, or off it.
    is_held: bool,
    /// Why, 4 to 300 characters.
    note: String,
}

/// Whose a card is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellHolder {
    /// The name as the bank keeps it.
    holder: String,
    /// Where that was read.
    source: String,
}

/// Whose a card is, as recorded.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub struct CardHolder {
    id: RecordId,
    enrolment_id: RecordId,
    holder: String,
    source: String,
}

#[derive(Deserialize)]
struct CheckQuery {
    account: Option<AccountId>,
}

async fn check(
    call: Call,
    path: web::Path<(ProjectId, SheetId)>,
    query: web::Query<CheckQuery>,
) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let account = query.into_inner().account;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        check_sheet(conn, ctx, &site, sheet, account)
    })
    .await
}

async fn release(call: Call, path: web::Path<(ProjectId, SheetId)>, body: Body<ReleaseLine>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let ReleaseLine { line, note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::release_line(tx, ctx, &site, sheet, line, &note)
    })
    .await
}

async fn holds(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let mut standing: std::collections::BTreeMap<_, HoldRow> = std::collections::BTreeMap::new();
        for row in table::holds_of(conn, site.id)? {
            standing.insert(row.worker_id, row);
        }
        Ok(standing.into_values().filter(|row| row.is_held).collect::<Vec<HoldRow>>())
    })
    .await
}

async fn hold(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<SetHold>) -> Result<impl Responder, Problem> {
    let (project, enrolment) = path.into_inner();
    let SetHold { is_held, note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::set_hold(tx, ctx, &site, enrolment, is_held, &note)
    })
    .await
}

async fn holder(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<TellHolder>) -> Result<impl Responder, Problem> {
    let (project, enrolment) = path.into_inner();
    let TellHolder { holder, source } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let row = actions::tell_holder(tx, ctx, &site, enrolment, &holder, &source)?;
        Ok(CardHolder { id: row.id, enrolment_id: row.enrolment_id, holder: row.holder, source: row.source })
    })
    .await
}
