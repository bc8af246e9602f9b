//! `/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/corrections`: corrections after audit or payment.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::table::{self, CorrectionRow};
use super::{BackPayOf, CorrectionKind, NewCorrection, correct};
use crate::base::Fen;
use crate::base::id::{DocumentId, LineId, ProjectId, SheetId};
use crate::payroll::actions::require_seen;
use crate::payroll::table::line;
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

const PATH: &str = "/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/corrections";

/// Routes of this subject.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    vec![
        Route::post(PATH, Access::Holds(Verb::PrepareSheets), "Correct a line after audit or payment", || web::post().to(take))
            .takes::<CorrectPaidLine>()
            .creates::<CorrectionRow>()
            .versioned(),
        Route::get(
            PATH,
            Access::Holds(Verb::ReadWorkers),
            "Corrections of a line after audit, and those that it carries",
            || web::get().to(list),
        )
        .of_any_time()
        .gives::<Vec<CorrectionRow>>(),
    ]
}

/// A correction of an audited or paid line.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectPaidLine {
    /// Paid in addition, noted as overpaid, or taken back with consent.
    kind: CorrectionKind,
    /// By how much the line differs from what is right.
    amount: Fen,
    /// Work days that were left out, where back-pay is for days.
    #[schema(value_type = Option<String>)]
    days: Option<Decimal>,
    /// What back-pay is for; work days where absent.
    back_pay_of: Option<BackPayOf>,
    /// What was wrong.
    reason: String,
    /// The worker's signed consent for what is taken back; the paper for arrears from before.
    document: Option<DocumentId>,
    /// The worker's draft line from which is taken back.
    from: Option<LineId>,
}

type Path = web::Path<(ProjectId, SheetId, LineId)>;

async fn take(call: Call, path: Path, body: Body<CorrectPaidLine>) -> Result<impl Responder, Problem> {
    let (project, sheet, line) = path.into_inner();
    let CorrectPaidLine { kind, amount, days, back_pay_of, reason, document, from } = body.0;
    let new = NewCorrection { kind, amount, days, back_pay_of, reason, document, from };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        correct(tx, ctx, &site, sheet, line, &new)
    })
    .await
}

async fn list(call: Call, path: Path) -> Result<impl Responder, Problem> {
    let (project, sheet, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        line(conn, site.id, id)?.filter(|row| row.sheet_id == sheet).ok_or_else(Problem::not_found)?;
        Ok(table::about(conn, site.id, id)?)
    })
    .await
}
