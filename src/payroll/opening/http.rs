//! `/api/v1/projects/{project}/opening-arrears`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::table::{self, OpeningRow};
use super::{NewOpening, NewOwed, Opened, import};
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::base::{Day, Fen, Month};
use crate::projects;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The routes.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/projects/{project}/opening-arrears",
            Access::Holds(Verb::PrepareSheets),
            "Import what was owed before this service, with its paper",
            || web::post().to(take),
        )
        .takes::<ImportArrears>()
        .creates::<Opened>(),
        Route::get(
            "/api/v1/projects/{project}/opening-arrears",
            Access::Holds(Verb::ReadWorkers),
            "Sheets of what was owed before, with their papers",
            || web::get().to(list),
        )
        .of_any_time()
        .gives::<Vec<OpeningRow>>(),
    ]
}

/// Arrears of one month from before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportArrears {
    /// The month that the wages are of.
    month: Month,
    /// The day by which they were due.
    due_on: Day,
    /// The paper that states them, kept as a document of the project before.
    document: DocumentId,
    /// In words what the paper is.
    note: String,
    /// One for each worker.
    items: Vec<OwedItem>,
}

/// What one worker is still owed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwedItem {
    /// Enrolment of the worker.
    enrolment: RecordId,
    /// Amount in yuan.
    amount: Fen,
}

async fn take(call: Call, project: web::Path<ProjectId>, body: Body<ImportArrears>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let ImportArrears { month, due_on, document, note, items } = body.0;
    let items = items.into_iter().map(|item| NewOwed { enrolment: item.enrolment, amount: item.amount }).collect();
    let new = NewOpening { month, due_on, document, note, items };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        import(tx, ctx, &site, &new)
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = projects::enter(conn, &ctx.scope, id)?;
        Ok(table::of_project(conn, site.id)?)
    })
    .await
}
