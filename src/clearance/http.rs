//! `/api/v1/projects/{project}/clearance`.

use actix_web::{Responder, web};
use serde::Deserialize;

use super::Clearance;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::matters::liability::may_name;
use crate::projects::enter;
use crate::web::{Access, Call, Ctx, Problem, Route, Verb};

/// The module's routes.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    vec![
        Route::get("/api/v1/projects/{project}/clearance", read, "What stands between a project and its closing", || {
            web::get().to(of_project)
        })
        .query(&[("as_of", "day that is asked about, today when absent")])
        .gives::<Clearance>(),
    ]
}

#[derive(Deserialize)]
struct AsOfQuery {
    as_of: Option<Day>,
}

async fn of_project(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let (id, as_of) = (project.into_inner(), query.as_of);
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let may_name = may_name(conn, ctx, &site)?;
        super::of_project(conn, ctx, &site, may_name, as_of.unwrap_or(ctx.today))
    })
    .await
}
