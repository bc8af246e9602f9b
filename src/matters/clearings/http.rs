//! `/api/v1/projects/{project}/clearings`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{ClearingView, of_project};
use crate::base::Day;
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::matters::http::PaidLine;
use crate::matters::liability::OwnerMoney;
use crate::payroll::outside::telling::{self, ClearingStep, table};
use crate::payroll::outside::{NewClearing, Payer};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// Routes of this subject.
pub fn routes() -> Vec<Route> {
    let path = "/api/v1/projects/{project}/clearings";
    vec![
        Route::get(path, Access::Holds(Verb::ReadMoney), "What is said to have been paid outside the wage account", || {
            web::get().to(list)
        })
        .of_any_time()
        .gives::<Vec<ClearingView>>(),
        Route::post(
            path,
            Access::Holds(Verb::PayWages),
            "Tell with a paper that the contractor or the owner paid wages outside the wage account",
            || web::post().to(told),
        )
        .takes::<ClearLines>()
        .creates::<ClearingView>()
        .order(),
        Route::post(
            "/api/v1/projects/{project}/clearings/{clearing}/decision",
            Access::Holds(Verb::RecordFacts),
            "Confirm or refuse what another person told, or take back one's own",
            || web::post().to(decided),
        )
        .takes::<DecideClearing>()
        .creates::<ClearingView>(),
    ]
}

/// Wages that were paid outside the wage account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearLines {
    /// Whose money: contractor or owner.
    payer: Payer,
    /// The bank's reference of the transfer.
    reference: String,
    /// Day of payment: from the first day of the month whose wage it was until today.
    paid_on: Day,
    /// The paper that shows it; nothing is put on record without one.
    document_id: Option<DocumentId>,
    /// Lines with what each was paid.
    items: Vec<PaidLine>,
}

/// What is decided.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideClearing {
    /// Which way.
    step: ClearingStep,
    /// Why; needed for a refusal.
    note: Option<String>,
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        of_project(conn, &site, ctx.today)
    })
    .await
}

async fn told(call: Call, project: web::Path<ProjectId>, body: Body<ClearLines>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let request = json!({"order": "clear_lines", "project": id, "body": &body.0});
    let ClearLines { payer, reference, paid_on, document_id, items } = body.0;
    let items = items.into_iter().map(|one| (one.line, one.amount)).collect();
    let new = NewClearing { payer, reference, paid_on, document: document_id, items, from_cash: false };
    call.order(StatusCode::CREATED, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let view = ClearingView::of(&telling::tell(tx, ctx, &site, &new)?, None)?;
        view.warned(&OwnerMoney::of(tx.conn(), &site, ctx.today)?)
    })
    .await
}

async fn decided(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<DecideClearing>,
) -> Result<impl Responder, Problem> {
    let ((project, id), DecideClearing { step, note }) = (path.into_inner(), body.0);
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let step = telling::decide(tx, ctx, &site, id, step, note.as_deref().unwrap_or_default())?;
        let row = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
        ClearingView::of(&row, Some(&step))?.warned(&OwnerMoney::of(tx.conn(), &site, ctx.today)?)
    })
    .await
}
