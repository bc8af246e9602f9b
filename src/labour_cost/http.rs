//! `/api/v1/projects/{project}/labour-cost`, `/forecast` and `/api/v1/parties/{party}/labour-cost`.

use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::forecast::{Outlook, forecast};
use super::{Split, gather};
use crate::base::Day;
use crate::base::id::{PartyId, ProjectId};
use crate::projects::enter;
use crate::web::{Access, Call, Ctx, Problem, Route, Verb};

/// The module's routes.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadMoney);
    vec![
        Route::get("/api/v1/projects/{project}/labour-cost", read, "Transfer days of labour cost with what covered them", || {
            web::get().to(of_project)
        })
        .query(&[("as_of", "day that is asked about, today when absent")])
        .of_any_time()
        .gives::<Split>(),
        Route::get("/api/v1/projects/{project}/forecast", read, "Whether the money reaches the next pay days", || {
            web::get().to(outlook)
        })
        .query(&[("as_of", "day that is asked about, today when absent")])
        .of_any_time()
        .gives::<Outlook>(),
        Route::get("/api/v1/parties/{party}/labour-cost", read, "Labour cost that a company owes as owner, by project", || {
            web::get().to(of_owner)
        })
        .query(&[("as_of", "day that is asked about, today when absent")])
        .gives::<OwnerView>(),
    ]
}

#[derive(Deserialize)]
struct AsOfQuery {
    as_of: Option<Day>,
}

/// Labour cost of an owner over the projects that the asker may see.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnerView {
    as_of: Day,
    /// The most overdue first.
    projects: Vec<Split>,
    /// Whether there are projects beyond those shown.
    more: bool,
}

async fn of_project(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let (id, as_of) = (project.into_inner(), query.as_of);
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        gather::split(conn, ctx, &site, as_of.unwrap_or(ctx.today))
    })
    .await
}

async fn outlook(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let (id, as_of) = (project.into_inner(), query.as_of);
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let position = gather::position(conn, ctx, &site, as_of.unwrap_or(ctx.today))?;
        Ok(forecast(position)?)
    })
    .await
}

async fn of_owner(call: Call, party: web::Path<PartyId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let (owner, as_of) = (party.into_inner(), query.as_of);
    call.read(move |conn, ctx: &Ctx| {
        let as_of = as_of.unwrap_or(ctx.today);
        let (projects, more) = gather::of_owner(conn, ctx, owner, as_of)?;
        Ok(OwnerView { as_of, projects, more })
    })
    .await
}
