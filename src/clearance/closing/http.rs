//! `/api/v1/projects/{project}/accounts/{account}/closing`: here and not with the accounts, since it asks a gate.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts;
use crate::accounts::http::{AccountView, view};
use crate::base::Day;
use crate::base::id::{AccountId, ProjectId};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The route of closing.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/projects/{project}/accounts/{account}/closing",
            Access::Holds(Verb::OpenAccounts),
            "Record the closing of an account; refused while its gate is blocked or unknown and nobody has overridden it",
            || web::post().to(close_account),
        )
        .takes::<CloseAccount>()
        .gives::<AccountView>(),
    ]
}

/// The closing of an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAccount {
    /// Day of closing.
    closed_on: Day,
}

async fn close_account(
    call: Call,
    path: web::Path<(ProjectId, AccountId)>,
    body: Body<CloseAccount>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let CloseAccount { closed_on } = body.0;
    call.write(StatusCode::OK, move |tx, ctx| {
        let (site, _) = accounts::enter(tx.conn(), &ctx.scope, project, id)?;
        let row = super::close_account(tx, ctx, &site, id, closed_on)?;
        view(tx.conn(), ctx, &site, row)
    })
    .await
}
