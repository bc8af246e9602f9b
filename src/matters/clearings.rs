//! `/api/v1/projects/{project}/clearings`: wages that the contractor or the owner paid outside the wage account, told by one person with
//! a paper, confirmed by another.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::http::PaidLine;
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId};
use crate::base::{Day, Moment};
use crate::payroll::outside::telling::table::{self, StepRow, ToldRow};
use crate::payroll::outside::telling::{self, ClearingStep};
use crate::payroll::outside::{NewClearing, Payer};
use crate::projects::{Site, enter};
use crate::store::AnyConn;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// Routes of this subject.
pub(super) fn routes() -> Vec<Route> {
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

/// A payment as it was told, with what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ToldClearing)]
pub struct ClearingView {
    /// Id.
    pub id: RecordId,
    /// Whose money.
    pub payer: Payer,
    /// The bank's reference.
    pub reference: String,
    /// Day of payment.
    pub paid_on: Day,
    /// The paper.
    pub document_id: DocumentId,
    /// Lines with what each was paid.
    pub items: Vec<PaidLine>,
    /// Who told it.
    pub told_by: UserId,
    /// When.
    pub told_at: Moment,
    /// What was decided; `null` while it waits and clears nothing.
    pub step: Option<ClearingStep>,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Moment>,
    /// Why.
    pub note: Option<String>,
}

impl ClearingView {
    fn of(row: &ToldRow, step: Option<&StepRow>) -> Result<ClearingView, Problem> {
        Ok(ClearingView {
            id: row.id,
            payer: row.payer,
            reference: row.reference.clone(),
            paid_on: row.paid_on,
            document_id: row.document_id,
            items: row.lines()?.into_iter().map(|(line, amount)| PaidLine { line, amount }).collect(),
            told_by: row.told_by,
            told_at: row.recorded_at,
            step: step.map(|step| step.step),
            decided_by: step.map(|step| step.decided_by),
            decided_at: step.map(|step| step.recorded_at),
            note: step.map(|step| step.note.clone()),
        })
    }
}

/// What was told of a project, the oldest first.
pub fn of_project(conn: &mut AnyConn, site: &Site) -> Result<Vec<ClearingView>, Problem> {
    let steps = table::steps_of(conn, site.id)?;
    let rows = table::of_project(conn, site.id)?;
    rows.iter().map(|row| ClearingView::of(row, steps.iter().find(|step| step.clearing_id == row.id))).collect()
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        of_project(conn, &site)
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
        ClearingView::of(&telling::tell(tx, ctx, &site, &new)?, None)
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
        ClearingView::of(&row, Some(&step))
    })
    .await
}
