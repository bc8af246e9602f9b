//! `/api/v1/projects/{project}/card` and what was found over time.

use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::totals::{Totals, of_region};
use super::{actions, table};
use crate::base::id::{FindingId, ProjectId};
use crate::base::{Day, Moment, RegionCode};
use crate::projects::enter;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    vec![
        Route::get("/api/v1/projects/{project}/card", read, "The five-system card with citation, evidence and cure", || {
            web::get().to(card)
        })
        .query(&[("as_of", "civil day, today when absent")])
        .of_any_time()
        .gives::<Card>(),
        Route::get("/api/v1/projects/{project}/assessments", read, "What was found over time", || web::get().to(assessments))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .of_any_time()
            .gives::<Page<Kept>>(),
        Route::get("/api/v1/totals", read, "What the projects of a region come to on a day", || web::get().to(totals))
            .query(&[("region", "GB/T 2260 code, all that you may see when absent"), ("as_of", "civil day, today when absent")])
            .of_any_time()
            .gives::<Totals>(),
    ]
}

/// A project's card on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Card {
    project: ProjectId,
    as_of: Day,
    law_book: String,
    /// State and level of each system.
    #[schema(value_type = Object)]
    systems: Value,
    /// One for each rule: state, level, citation, words, evidence, since, cure.
    #[schema(value_type = Vec<Object>)]
    findings: Value,
}

/// An assessment as kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Kept {
    id: FindingId,
    as_of: Day,
    made_at: Moment,
    law_book: String,
    #[schema(value_type = Object)]
    systems: Value,
}

#[derive(Deserialize)]
struct CardQuery {
    as_of: Option<Day>,
}

fn json<T: Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::internal(&error.to_string()))
}

async fn card(call: Call, project: web::Path<ProjectId>, query: web::Query<CardQuery>) -> Result<impl Responder, Problem> {
    let (id, as_of) = (project.into_inner(), query.as_of);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let as_of = as_of.unwrap_or(ctx.today);
        let assessment = actions::assess(conn, ctx, &site, as_of)?;
        let law_book = ctx.book().hash().to_owned();
        Ok(Card { project: id, as_of, law_book, systems: json(&assessment.card)?, findings: json(&assessment.findings)? })
    })
    .await
}

#[derive(Deserialize)]
struct TotalsQuery {
    region: Option<RegionCode>,
    as_of: Option<Day>,
}

async fn totals(call: Call, query: web::Query<TotalsQuery>) -> Result<impl Responder, Problem> {
    let TotalsQuery { region, as_of } = query.into_inner();
    call.read(move |conn, ctx| of_region(conn, ctx, region, as_of.unwrap_or(ctx.today))).await
}

async fn assessments(call: Call, project: web::Path<ProjectId>, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let rows = table::page(conn, site.id, after, limit + 1)?.into_iter().map(|row| Kept {
            systems: serde_json::from_str(&row.card).unwrap_or_default(),
            id: row.id,
            as_of: row.as_of,
            made_at: row.made_at,
            law_book: row.law_book,
        });
        Ok(Page::cut(rows.collect(), limit, |row: &Kept| row.id.0))
    })
    .await
}
