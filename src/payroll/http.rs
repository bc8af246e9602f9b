//! `/api/v1/projects/{project}/pay-sheets` with lines, signatures, deductions, disputes, hand-in and audit, and the months of wages.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions;
use super::building::{self, BuiltSheet, NewPeriod};
use super::life::Cycle;
use super::months::{self, MonthWages};
use super::signing::{self, NewSignature, Signed};
use super::table::{self, EventRow, LineRow, SheetRow};
use super::{Means, corrections, imports, items, life, links, opening, pay_run, slip};
use crate::base::id::{DocumentId, LineId, ProjectId, SheetId};
use crate::base::person::numbers_masked;
use crate::base::{Day, Fen, Month};
use crate::projects::{Site, enter};
use crate::store::AnyConn;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};
use crate::workers;

const PAGING: &[(&str, &str)] = &[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")];

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let prepare = Access::Holds(Verb::PrepareSheets);
    let pay = Access::Holds(Verb::PayWages);
    let money = Access::Holds(Verb::ReadMoney);
    let mut routes = vec![
        Route::post("/api/v1/projects/{project}/pay-sheets", prepare, "Build a month's sheet, or build its draft again", || {
            web::post().to(build)
        })
        .takes::<BuildSheet>()
        .creates::<BuiltSheet>(),
        Route::get("/api/v1/projects/{project}/pay-sheets", Access::Holds(Verb::ReadWorkers), "List sheets", || {
            web::get().to(list)
        })
        .query(PAGING)
        .of_any_time()
        .gives::<Page<SheetRow>>(),
        Route::get("/api/v1/projects/{project}/pay-sheets/{sheet}", Access::Holds(Verb::ReadWorkers), "One sheet", || {
            web::get().to(one)
        })
        .of_any_time()
        .gives::<SheetRow>(),
        Route::get("/api/v1/projects/{project}/pay-sheets/{sheet}/lines", Access::Holds(Verb::ReadWorkers), "Its lines", || {
            web::get().to(lines)
        })
        .query(PAGING)
        .of_any_time()
        .gives::<Page<LineView>>(),
        Route::get(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/events",
            Access::Holds(Verb::ReadWorkers),
            "What happened to a line",
            || web::get().to(events),
        )
        .of_any_time()
        .gives::<Vec<EventRow>>(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/signatures", prepare, "Record workers' signatures", || {
            web::post().to(sign)
        })
        .takes::<SignLines>()
        .creates::<Vec<Signed>>()
        .versioned(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/deductions", prepare, "Deduct from an unsigned line", || {
            web::post().to(deduct)
        })
        .takes::<ChangeLine>()
        .creates::<LineRow>()
        .versioned(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/disputes",
            prepare,
            "Mark a part of a line as contested",
            || web::post().to(dispute),
        )
        .takes::<ChangeLine>()
        .creates::<LineRow>()
        .versioned(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/submit", prepare, "Hand in a signed sheet", || {
            web::post().to(submit)
        })
        .query(&[("without_unconfirmed", "true: without the piece work that not both have confirmed")])
        .gives::<SheetRow>()
        .versioned(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/audit", pay, "Audit a sheet that was handed in", || {
            web::post().to(audit)
        })
        .gives::<SheetRow>()
        .versioned(),
        Route::get("/api/v1/projects/{project}/pay-months", money, "Wages month by month as of a day", || web::get().to(wages))
            .query(&[("as_of", "day, today when absent")])
            .of_any_time()
            .gives::<Wages>(),
    ];
    routes.extend(items::http::routes());
    routes.extend(imports::http::routes());
    routes.extend(life::http::routes());
    routes.extend(corrections::http::routes());
    routes.extend(opening::http::routes());
    routes.extend(links::http::routes());
    routes.extend(slip::http::routes());
    routes.extend(pay_run::http::routes());
    routes
}

/// A sheet to be built.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildSheet {
    /// The month that was worked.
    month: Month,
    /// Part; without it the draft, else the next one.
    part: Option<i32>,
    /// A cycle shorter than a month, where the contract agrees on one; the month is that of its days.
    period: Option<SheetPeriod>,
}

/// The days of a sheet by week or by day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetPeriod {
    /// By week or by day.
    cycle: Cycle,
    /// First day.
    from_on: Day,
    /// Last day, in the same month.
    to_on: Day,
    /// The paper that agrees on the cycle.
    agreed_in: String,
}

/// Signatures of a sheet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignLines {
    /// One for each line.
    items: Vec<SignLine>,
}

/// One signature.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignLine {
    /// The line.
    line: LineId,
    /// How the worker signed.
    means: Means,
    /// The device, for `device`.
    device: Option<String>,
    /// What the device or the second means left behind.
    evidence: Option<String>,
    /// Scan of the signed sheet, for `paper`.
    document_id: Option<DocumentId>,
    /// When.
    signed_on: Day,
}

/// An amount of a line, with its reason.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeLine {
    /// The line.
    line: LineId,
    /// The amount that is deducted or contested from now on; nothing takes it back.
    amount: Fen,
    /// Why.
    reason: String,
}

/// A line with the person behind it; the card is masked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineView {
    line: LineRow,
    /// Name of the worker.
    worker: String,
    /// Wage card, masked; `null` where none is on record.
    card: Option<String>,
    /// How it was signed; `null` where it was not.
    signed_by: Option<Means>,
    /// When it was signed.
    signed_on: Option<Day>,
}

/// A project's months of wages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Wages {
    /// The day asked about.
    as_of: Day,
    /// The earliest due day of a line that is not paid in full, past or to come.
    oldest_open_due_on: Option<Day>,
    /// Months that have a sheet.
    months: Vec<MonthWages>,
}

type Path = web::Path<(ProjectId, SheetId)>;

async fn build(call: Call, project: web::Path<ProjectId>, body: Body<BuildSheet>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let BuildSheet { month, part, period } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        if let Some(SheetPeriod { cycle, from_on, to_on, agreed_in }) = period.clone() {
            if part.is_some() || to_on.month() != month {
                let (zh, en) = ("周期须在该月内，且不指定部分。", "A period lies in the month and names no part.");
                return Err(Problem::invalid(zh, en).at("period", "bad_time"));
            }
            return building::build_period(tx, ctx, &site, &NewPeriod { cycle, from_on, to_on, agreed_in });
        }
        building::build_seen(tx, ctx, &site, month, part)
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(Page::cut(table::sheets(conn, site.id, after, limit + 1)?, limit, |row| row.id.0))
    })
    .await
}

async fn one(call: Call, path: Path) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)
    })
    .await
}

async fn lines(call: Call, path: Path, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
        let rows = table::line_page(conn, site.id, sheet, after, limit + 1)?;
        let page = Page::cut(rows, limit, |row| row.id.0);
        Ok(Page { items: views(conn, ctx, &site, page.items)?, next: page.next })
    })
    .await
}

fn views(conn: &mut AnyConn, ctx: &Ctx, site: &Site, lines: Vec<LineRow>) -> Result<Vec<LineView>, Problem> {
    let ids: Vec<LineId> = lines.iter().map(|line| line.id).collect();
    let signatures = table::signatures_of(conn, site.id, &ids)?;
    let mut views = Vec::with_capacity(lines.len());
    for line in lines {
        let line = LineRow { state_reason: line.state_reason.as_deref().map(numbers_masked), ..line };
        let worker = workers::table::worker(conn, line.worker_id)?.map(|worker| worker.name).unwrap_or_default();
        let card = workers::lookups::card_of(conn, ctx, site, line.enrolment_id)?.map(|card| card.masked());
        let signature = signatures.iter().find(|one| one.line_id == line.id);
        let (signed_by, signed_on) = (signature.map(|one| one.means), signature.map(|one| one.signed_on));
        views.push(LineView { line, worker, card, signed_by, signed_on });
    }
    Ok(views)
}

async fn events(call: Call, path: web::Path<(ProjectId, SheetId, LineId)>) -> Result<impl Responder, Problem> {
    let (project, sheet, line) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let row = table::line(conn, site.id, line)?.filter(|row| row.sheet_id == sheet).ok_or_else(Problem::not_found)?;
        let mut events = table::events_of(conn, site.id, row.id)?;
        for event in &mut events {
            event.reason = event.reason.as_deref().map(numbers_masked);
        }
        Ok(events)
    })
    .await
}

async fn sign(call: Call, path: Path, body: Body<SignLines>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let items: Vec<NewSignature> = body.0.items.into_iter().map(NewSignature::from).collect();
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::require_seen(tx, ctx, &site, sheet)?;
        signing::sign_lines(tx, ctx, &site, sheet, &items)
    })
    .await
}

impl From<SignLine> for NewSignature {
    fn from(item: SignLine) -> Self {
        let SignLine { line, means, device, evidence, document_id, signed_on } = item;
        NewSignature { line, means, device, evidence, document_id, signed_on }
    }
}

async fn deduct(call: Call, path: Path, body: Body<ChangeLine>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let ChangeLine { line, amount, reason } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::require_seen(tx, ctx, &site, sheet)?;
        actions::deduct(tx, ctx, &site, sheet, line, amount, &reason)
    })
    .await
}

async fn dispute(call: Call, path: Path, body: Body<ChangeLine>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let ChangeLine { line, amount, reason } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::require_seen(tx, ctx, &site, sheet)?;
        actions::dispute_line(tx, ctx, &site, sheet, line, amount, &reason)
    })
    .await
}

#[derive(Deserialize)]
struct HandIn {
    #[serde(default)]
    without_unconfirmed: bool,
}

async fn submit(call: Call, path: Path, query: web::Query<HandIn>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::require_seen(tx, ctx, &site, sheet)?;
        actions::submit_as(tx, ctx, &site, sheet, query.without_unconfirmed)
    })
    .await
}

async fn audit(call: Call, path: Path) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::require_seen(tx, ctx, &site, sheet)?;
        actions::audit(tx, ctx, &site, sheet)
    })
    .await
}

#[derive(Deserialize)]
struct AsOf {
    as_of: Option<Day>,
}

async fn wages(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOf>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let as_of = query.as_of.unwrap_or(ctx.today);
        let months = months::wages(conn, &site, as_of)?;
        Ok(Wages { as_of, oldest_open_due_on: months::oldest_open_due_on(conn, &site)?, months })
    })
    .await
}
