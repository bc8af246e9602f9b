//! `/api/v1/parties`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;

use super::PartyKind;
use super::actions::{self, NewParty};
use super::table::{self, PartyRow};
use crate::base::id::PartyId;
use crate::base::person::Uscc;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/parties", Access::Holds(Verb::RegisterParties), "Register a party", || web::post().to(register))
            .takes::<RegisterParty>()
            .creates::<PartyRow>(),
        Route::get("/api/v1/parties", Access::Holds(Verb::ReadProjects), "List parties", || web::get().to(list))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200"), ("uscc", "exact credit code")])
            .gives::<Page<PartyRow>>(),
        Route::get("/api/v1/parties/{party}", Access::Holds(Verb::ReadProjects), "One party", || web::get().to(one))
            .gives::<PartyRow>(),
    ]
}

/// A party to be registered.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterParty {
    /// Unified social credit code, 18 characters.
    uscc: Uscc,
    /// Full name.
    name: String,
    /// What it is by law.
    kind: PartyKind,
    /// The company that it belongs to.
    parent: Option<PartyId>,
}

async fn register(call: Call, body: Body<RegisterParty>) -> Result<impl Responder, Problem> {
    let RegisterParty { uscc, name, kind, parent } = body.0;
    let new = NewParty { uscc, name, kind, parent };
    call.write(StatusCode::CREATED, move |tx, ctx| actions::register(tx, ctx, &new)).await
}

#[derive(Deserialize)]
struct ListQuery {
    after: Option<String>,
    limit: Option<i64>,
    uscc: Option<Uscc>,
}

async fn list(call: Call, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let ListQuery { after, limit, uscc } = query.into_inner();
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let rows = match uscc {
            Some(uscc) => table::by_uscc(conn, &ctx.scope, uscc.as_str())?.into_iter().collect(),
            None => table::list(conn, &ctx.scope, after, limit + 1)?,
        };
        Ok(Page::cut(rows, limit, |row| row.id.0))
    })
    .await
}

async fn one(call: Call, party: web::Path<PartyId>) -> Result<impl Responder, Problem> {
    let id = party.into_inner();
    call.read(move |conn, ctx| table::find(conn, &ctx.scope, id)?.ok_or_else(Problem::not_found)).await
}
