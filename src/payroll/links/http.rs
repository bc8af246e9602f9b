//! `/api/v1/projects/{project}/pay-sheets/{sheet}/sign-links`: links for those who have not signed. Their page is the console's.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MadeLink, actions};
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// Routes of this subject.
pub(in crate::payroll) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/projects/{project}/pay-sheets/{sheet}/sign-links",
            Access::Holds(Verb::PrepareSheets),
            "Make links by which workers sign; each is told once",
            || web::post().to(make),
        )
        .takes::<MakeLinks>()
        .creates::<Vec<MadeLink>>(),
    ]
}

/// For whom links are made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeLinks {
    /// Lines; the first unsigned ones that have no link when absent or empty.
    lines: Option<Vec<LineId>>,
}

async fn make(call: Call, path: web::Path<(ProjectId, SheetId)>, body: Body<MakeLinks>) -> Result<impl Responder, Problem> {
    let (project, sheet) = path.into_inner();
    let lines = body.0.lines.unwrap_or_default();
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::make(tx, ctx, &site, sheet, &lines)
    })
    .await
}
