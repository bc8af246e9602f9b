//! `/api/v1/projects/{project}/cases`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::CaseKind;
use super::actions::{self, NewCase};
use super::table::{self, CaseRow};
use crate::base::id::{CaseId, ProjectId};
use crate::base::{Day, Fen};
use crate::projects::enter;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let handle = Access::Holds(Verb::HandleCases);
    vec![
        Route::post("/api/v1/projects/{project}/cases", handle, "Open a case", || web::post().to(open))
            .takes::<OpenCase>()
            .creates::<CaseRow>(),
        Route::get("/api/v1/projects/{project}/cases", handle, "List cases", || web::get().to(list))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .of_any_time()
            .gives::<Page<CaseRow>>(),
        Route::post("/api/v1/projects/{project}/cases/{case}/close", handle, "Close a case", || web::post().to(close))
            .takes::<CloseCase>()
            .gives::<CaseRow>(),
    ]
}

/// A case to be opened.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCase {
    /// Before whom.
    kind: CaseKind,
    /// Since when, today when absent.
    opened_on: Option<Day>,
    /// How many workers, where known.
    workers: Option<i32>,
    /// How much is claimed, where known.
    amount: Option<Fen>,
}

/// The end of a case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseCase {
    /// When, today when absent.
    closed_on: Option<Day>,
    /// How it ended.
    outcome: String,
}

async fn open(call: Call, project: web::Path<ProjectId>, body: Body<OpenCase>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let OpenCase { kind, opened_on, workers, amount } = body.0;
    let new = NewCase { kind, opened_on: opened_on.unwrap_or(call.ctx.today), workers, amount };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::open_case(tx, ctx, &site, &new)
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(Page::cut(table::page(conn, site.id, after, limit + 1)?, limit, |row| row.id.0))
    })
    .await
}

async fn close(call: Call, path: web::Path<(ProjectId, CaseId)>, body: Body<CloseCase>) -> Result<impl Responder, Problem> {
    let (project, case) = path.into_inner();
    let CloseCase { closed_on, outcome } = body.0;
    let closed_on = closed_on.unwrap_or(call.ctx.today);
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::close_case(tx, ctx, &site, case, closed_on, &outcome)
    })
    .await
}
