//! `/api/v1/projects/{project}/pay-sheets/{sheet}/…`: sending back, publishing, closing, corrections of signed lines.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::actions;
use super::table::{self, NoteRow, VersionRow};
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::payroll::actions::require_seen;
use crate::payroll::table::{SheetRow, line};
use crate::projects::{Site, enter};
use crate::store::Tx;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};

/// Routes of this subject.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    let (pay, read) = (Access::Holds(Verb::PayWages), Access::Holds(Verb::ReadWorkers));
    vec![
        Route::get("/api/v1/projects/{project}/pay-sheets/{sheet}/notes", read, "What was done with a sheet", || {
            web::get().to(notes)
        })
        .of_any_time()
        .gives::<Vec<NoteRow>>(),
        Route::get(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/lines/{line}/versions",
            read,
            "Corrections of a line after it was signed",
            || web::get().to(versions),
        )
        .of_any_time()
        .gives::<Vec<VersionRow>>(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/send-back", pay, "Send back what was handed in", || {
            web::post().to(send_back)
        })
        .takes::<SheetNote>()
        .gives::<SheetRow>()
        .versioned(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/publish", pay, "Say where a sheet was shown", || {
            web::post().to(publish)
        })
        .takes::<SheetNote>()
        .gives::<SheetRow>()
        .versioned(),
        Route::post("/api/v1/projects/{project}/pay-sheets/{sheet}/close", pay, "Close a sheet that is paid", || {
            web::post().to(close)
        })
        .takes::<SheetNote>()
        .gives::<SheetRow>()
        .versioned(),
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/corrections",
            Access::Holds(Verb::PrepareSheets),
            "Open a signed line for a correction",
            || web::post().to(correct),
        )
        .takes::<CorrectLine>()
        .creates::<VersionRow>()
        .versioned(),
    ]
}

/// Why, or where.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SheetNote {
    /// The note.
    note: String,
}

/// A signed line to be opened.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectLine {
    /// The line.
    line: LineId,
    /// What is to be corrected.
    reason: String,
}

type Path = web::Path<(ProjectId, SheetId)>;

/// A step of a sheet's life with a note.
type Step = fn(&mut Tx<'_>, &Ctx, &Site, SheetId, &str) -> Result<SheetRow, Problem>;

async fn take(call: Call, path: Path, note: String, step: Step) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        step(tx, ctx, &site, sheet, &note)
    })
    .await
}

async fn send_back(call: Call, path: Path, body: Body<SheetNote>) -> Result<impl Responder, Problem> {
    take(call, path, body.0.note, actions::send_back).await
}

async fn publish(call: Call, path: Path, body: Body<SheetNote>) -> Result<impl Responder, Problem> {
    take(call, path, body.0.note, actions::publish).await
}

async fn close(call: Call, path: Path, body: Body<SheetNote>) -> Result<impl Responder, Problem> {
    take(call, path, body.0.note, actions::close).await
}

async fn correct(call: Call, path: Path, body: Body<CorrectLine>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let CorrectLine { line, reason } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        require_seen(tx, ctx, &site, sheet)?;
        actions::correct_line(tx, ctx, &site, sheet, line, &reason)
    })
    .await
}

async fn notes(call: Call, path: Path) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        crate::payroll::table::sheet(conn, site.id, sheet)?.ok_or_else(Problem::not_found)?;
        Ok(table::notes_of(conn, site.id, sheet)?)
    })
    .await
}

async fn versions(call: Call, path: web::Path<(ProjectId, SheetId, LineId)>) -> Result<impl Responder, Problem> {
    let (project, sheet, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let row = line(conn, site.id, id)?.filter(|row| row.sheet_id == sheet).ok_or_else(Problem::not_found)?;
        Ok(table::versions_of(conn, site.id, row.id)?)
    })
    .await
}
