//! `/api/v1/projects/{project}/reconciliation`, and an account's days.

use actix_web::{Responder, web};
use serde::Deserialize;

use super::Reconciliation;
use crate::accounts;
use crate::base::Day;
use crate::base::id::{AccountId, ProjectId};
use crate::projects::enter;
use crate::web::{Access, Call, Problem, Route, Verb};

/// The route.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/projects/{project}/reconciliation",
            Access::Holds(Verb::ReadMoney),
            "Each wage account's ledger against the bank's balance, and why they differ",
            || web::get().to(reconcile),
        )
        .query(&[("as_of", "day, today when absent"), ("open", "true: only those with an open mismatch")])
        .of_any_time()
        .gives::<Vec<Reconciliation>>(),
        Route::get(
            "/api/v1/projects/{project}/accounts/{account}/reconciliations",
            Access::Holds(Verb::ReadMoney),
            "A wage account against the bank on each day of a closing balance, the latest first",
            || web::get().to(history),
        )
        .query(&[("until", "last day, today when absent; give the day before the last one shown for earlier ones")])
        .of_any_time()
        .gives::<Vec<Reconciliation>>(),
    ]
}

#[derive(Deserialize)]
struct Query {
    as_of: Option<Day>,
    open: Option<bool>,
}

async fn reconcile(call: Call, project: web::Path<ProjectId>, query: web::Query<Query>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let Query { as_of, open } = query.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let mut found = super::of_project(conn, &site, as_of.unwrap_or(ctx.today))?;
        found.retain(|one| open != Some(true) || one.is_open);
        Ok(found)
    })
    .await
}

#[derive(Deserialize)]
struct HistoryQuery {
    until: Option<Day>,
}

async fn history(
    call: Call,
    path: web::Path<(ProjectId, AccountId)>,
    query: web::Query<HistoryQuery>,
) -> Result<impl Responder, Problem> {
    let (id, account) = path.into_inner();
    let until = query.until;
    call.read(move |conn, ctx| {
        // A bank that holds one account has that account's days.
        let (_, account) = accounts::enter(conn, &ctx.scope, id, account)?;
        super::history(conn, &account, until.unwrap_or(ctx.today))
    })
    .await
}
