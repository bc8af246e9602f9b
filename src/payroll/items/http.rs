//! `/api/v1/projects/{project}/pay-sheets/{sheet}/items`: what lines are made of.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::actions::{self, NewItem, Target};
use super::saying::{self, Saying};
use super::{Item, ItemKind, ItemStep};
use crate::base::Fen;
use crate::base::id::{DocumentId, LineId, ProjectId, RecordId, SheetId};
use crate::payroll::actions::require_seen;
use crate::payroll::table::{self, LineRow};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// Routes of this subject.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    let prepare = Access::Holds(Verb::PrepareSheets);
    vec![
        Route::get(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/items",
            Access::Holds(Verb::ReadWorkers),
            "What a line is made of",
            || web::get().to(list),
        )
        .of_any_time()
        .gives::<Vec<Item>>(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/items", prepare, "Enter an item of an unsigned line", || {
            web::post().to(add)
        })
        .takes::<AddItem>()
        .creates::<LineRow>()
        .versioned(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/items/{wage_item}/steps",
            prepare,
            "Confirm piece work, or withdraw an item",
            || web::post().to(say),
        )
        .takes::<SayOfItem>()
        .creates::<LineRow>()
        .versioned(),
    ]
}

/// An item to be entered: of a line, or of a worker who may have no line yet.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    /// The line.
    line: Option<LineId>,
    /// The worker's enrolment, where there is no line yet.
    enrolment: Option<RecordId>,
    /// What for.
    kind: ItemKind,
    /// In words.
    label: String,
    /// How many, as text with three decimal places at most.
    #[schema(value_type = String)]
    quantity: Decimal,
    /// For each.
    unit_price: Fen,
    /// Per cent, for overtime.
    rate_percent: Option<i32>,
}

/// What is said of an item.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayOfItem {
    /// What.
    step: ItemStep,
    /// Who confirms and by what, or why it is withdrawn.
    note: String,
    /// The paper that the crew's leader or the worker signed; needed for a confirmation.
    document_id: Option<DocumentId>,
}

async fn list(call: Call, path: web::Path<(ProjectId, SheetId, LineId)>) -> Result<impl Responder, Problem> {
    let (project, sheet, line) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let row = table::line(conn, site.id, line)?.filter(|row| row.sheet_id == sheet).ok_or_else(Problem::not_found)?;
        actions::of_line(conn, &site, &row)
    })
    .await
}

async fn add(call: Call, path: web::Path<(ProjectId, SheetId)>, body: Body<AddItem>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let AddItem { line, enrolment, kind, label, quantity, unit_price, rate_percent } = body.0;
    let target = match (line, enrolment) {
        (Some(line), None) => Target::Line(line),
        (None, Some(enrolment)) => Target::Enrolment(enrolment),
        _ => {
            let (zh, en) = ("请给出 line 或 enrolment 之一。", "Give either `line` or `enrolment`.");
            return Err(Problem::invalid(zh, en).at("line", "missing_field"));
        }
    };
    let new = NewItem { target, kind, label, quantity, unit_price, rate_percent };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        actions::add(tx, ctx, &site, sheet, &new)
    })
    .await
}

async fn say(
    call: Call,
    path: web::Path<(ProjectId, SheetId, RecordId)>,
    body: Body<SayOfItem>,
) -> Result<impl Responder, Problem> {
    let (project, sheet, item) = path.into_inner();
    let SayOfItem { step, note, document_id } = body.0;
    let said = Saying { step, note, document: document_id };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        saying::say(tx, ctx, &site, sheet, item, &said)
    })
    .await
}
