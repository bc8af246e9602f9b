//! `/api/v1/projects/{project}/morning`.

use actix_web::{Responder, web};
use serde::Deserialize;

use super::{Morning, look};
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::projects::enter;
use crate::web::{Access, Call, Problem, Route, Verb};

/// Routes of this subject.
pub(in crate::attendance) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/projects/{project}/morning",
            Access::Holds(Verb::ReadWorkers),
            "Who is here, who is missing, what at the gates needs a person",
            || web::get().to(morning),
        )
        .query(&[("day", "day like 2026-03-02, today when absent")])
        .gives::<Morning>(),
    ]
}

#[derive(Deserialize)]
struct DayQuery {
    day: Option<Day>,
}

async fn morning(call: Call, project: web::Path<ProjectId>, query: web::Query<DayQuery>) -> Result<impl Responder, Problem> {
    let (id, day) = (project.into_inner(), query.day);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        look(conn, ctx, &site, day.unwrap_or(ctx.today))
    })
    .await
}
