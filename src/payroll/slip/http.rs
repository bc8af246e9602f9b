//! `/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/slip`: the slip with its text, and that it was given.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Slip;
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::payroll::actions::{checked_text, line_of_sheet, open_sheet};
use crate::payroll::results::append;
use crate::payroll::table::{self, EventRow, LineRow};
use crate::projects::{Site, enter};
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Access, Body, Call, Ctx, Lang, Problem, Route, Verb};

/// Routes of this subject.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadWorkers);
    vec![
        Route::get("/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/slip", read, "A wage slip", || web::get().to(one))
            .of_any_time()
            .gives::<SlipView>(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/slip",
            Access::Holds(Verb::PrepareSheets),
            "Record that a worker was given the slip",
            || web::post().to(give),
        )
        .takes::<SlipGiven>()
        .creates::<Vec<EventRow>>(),
    ]
}

/// How a slip was given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipGiven {
    /// On paper, by message, shown on a telephone.
    how: String,
}

/// A slip with its text for a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlipView {
    /// The slip.
    slip: Slip,
    /// As text, in Chinese.
    text_zh: String,
    /// As text, in English.
    text_en: String,
}

type Path = web::Path<(ProjectId, SheetId, LineId)>;

fn read(conn: &mut AnyConn, ctx: &Ctx, (project, sheet, line): (ProjectId, SheetId, LineId)) -> Result<Slip, Problem> {
    let site = enter(conn, &ctx.scope, project)?;
    let sheet = table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
    let line = table::line(conn, site.id, line)?.filter(|line| line.sheet_id == sheet.id).ok_or_else(Problem::not_found)?;
    super::slip(conn, ctx, &site, &sheet, &line)
}

async fn one(call: Call, path: Path) -> Result<impl Responder, Problem> {
    let ids = path.into_inner();
    call.read(move |conn, ctx| {
        let slip = read(conn, ctx, ids)?;
        Ok(SlipView { text_zh: slip.text(Lang::Zh), text_en: slip.text(Lang::En), slip })
    })
    .await
}

async fn give(call: Call, path: Path, body: Body<SlipGiven>) -> Result<impl Responder, Problem> {
    let (project, sheet, line) = path.into_inner();
    let how = body.0.how;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let line = given(tx, ctx, &site, sheet, line, &how)?;
        Ok(table::events_of(tx.conn(), site.id, line.id)?)
    })
    .await
}

/// Records in the line's history that its slip was given.
///
/// # Errors
/// `invalid` without a word on how.
pub fn given(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, sheet: SheetId, line: LineId, how: &str) -> Result<LineRow, Problem> {
    let how = checked_text(how, "how")?;
    let sheet = open_sheet(tx, site, sheet)?;
    let line = line_of_sheet(tx, site, &sheet, line)?;
    let recorded_seq = tx.seq(Chain::Project(site.id))?;
    let told = LineRow { state_reason: Some(how), recorded_seq, ..line.clone() };
    append(tx, ctx, &told, "slip_given", ctx.today)?;
    tx.note(Chain::Project(site.id), ctx.now, ctx.actor(), "give_slip", &line.id.to_string())?;
    Ok(line)
}
