//! `/api/v1/projects/{project}/pay-runs`: ordering a run, looking at it, fetching its file.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::table::{self, AttemptRow, InquiryRow, PartRow, RunHead};
use super::{InquiryKind, Ordered, actions, checks, silence};
use crate::accounts::freezes::standing::Frozen;
use crate::base::Moment;
use crate::base::id::{AccountId, PayRunId, ProjectId, SheetId};
use crate::base::person::numbers_masked;
use crate::payroll::RunState;
use crate::projects::enter;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The routes of pay runs.
pub fn routes() -> Vec<Route> {
    let (pay, money) = (Access::Holds(Verb::PayWages), Access::Holds(Verb::ReadMoney));
    let mut routes = vec![
        Route::post("/api/v1/projects/{project}/pay-runs", pay, "Order the payment of an audited sheet", || {
            web::post().to(order)
        })
        .takes::<OrderPayRun>()
        .creates::<Ordered>()
        .order(),
        Route::get("/api/v1/projects/{project}/pay-runs", money, "List pay runs", || web::get().to(list))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .gives::<Page<RunHead>>(),
        Route::get("/api/v1/projects/{project}/pay-runs/{run}", money, "One pay run with its payments", || web::get().to(one))
            .gives::<RunView>(),
        Route::get(
            "/api/v1/projects/{project}/pay-runs/{run}/file",
            pay,
            "The payment file (pain.001 in the version that the bank takes)",
            || web::get().to(file),
        )
        .serves("application/xml"),
        Route::post(
            "/api/v1/projects/{project}/pay-runs/{run}/inquiries",
            pay,
            "Record that the bank was asked about a run, or was given the same file again",
            || web::post().to(inquire),
        )
        .takes::<AskBank>()
        .creates::<InquiryRow>(),
    ];
    routes.extend(checks::http::routes());
    routes
}

/// What was done about a bank that is silent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBank {
    /// Asked, or given the same file again.
    kind: InquiryKind,
    /// Whom, how, with what answer; 4 to 300 characters.
    note: String,
}

/// A run to be ordered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderPayRun {
    /// The audited sheet.
    sheet: SheetId,
    /// The wage account; the one in use when absent.
    account: Option<AccountId>,
}

/// A run with the payments in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunView {
    run: RunHead,
    payments: Vec<AttemptRow>,
    /// The files of the order that it belongs to; empty where it is the only one.
    parts: Vec<PartRow>,
    /// What was asked about it.
    inquiries: Vec<InquiryRow>,
    /// From when on the bank may be asked, or be given the file again; `null` once it has had its last word.
    ask_from: Option<Moment>,
    /// Freezes of the account today, and what they leave for payments without a final word; `null` where nothing is frozen.
    frozen: Option<Frozen>,
}

async fn order(call: Call, project: web::Path<ProjectId>, body: Body<OrderPayRun>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let OrderPayRun { sheet, account } = body.0;
    let request = json!({"order_pay_run": id, "sheet": sheet, "account": account});
    call.order(StatusCode::CREATED, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::order_pay_run(tx, ctx, &site, sheet, account)
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(Page::cut(table::heads(conn, site.id, after, limit + 1)?, limit, |row| row.id.0))
    })
    .await
}

async fn one(call: Call, path: web::Path<(ProjectId, PayRunId)>) -> Result<impl Responder, Problem> {
    let (project, run) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let (run, mut payments) = actions::run_with_attempts(conn, &site, run)?;
        for payment in &mut payments {
            payment.reason = payment.reason.as_deref().map(numbers_masked);
        }
        let (parts, inquiries) = (table::parts_of(conn, site.id, run.id)?, table::inquiries_of(conn, site.id, run.id)?);
        let frozen = actions::frozen_for(conn, ctx, &site, &run, &payments)?;
        let ask_from = (run.state == RunState::Sent).then(|| silence::ask_from(&run, &inquiries));
        Ok(RunView { run, payments, parts, inquiries, ask_from, frozen })
    })
    .await
}

async fn inquire(call: Call, path: web::Path<(ProjectId, PayRunId)>, body: Body<AskBank>) -> Result<impl Responder, Problem> {
    let (project, run) = path.into_inner();
    let AskBank { kind, note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        silence::inquire(tx, ctx, &site, run, kind, &note)
    })
    .await
}

async fn file(call: Call, path: web::Path<(ProjectId, PayRunId)>) -> Result<HttpResponse, Problem> {
    let (project, run) = path.into_inner();
    let ctx = call.ctx;
    let db = ctx.ground.db.clone();
    // A look at plain card numbers is written down, so this read is a write.
    let bytes: Vec<u8> = db
        .write(move |tx| -> Result<Vec<u8>, Problem> {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            actions::fetch_file(tx, &ctx, &site, run)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("application/xml; charset=utf-8")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{run}.xml\"")))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(bytes))
}
