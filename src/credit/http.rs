//! `/api/v1/parties/{party}/credit`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, NewRecord};
use super::table::{self, CreditRow};
use super::{CreditKind, Standing, standing_of};
use crate::base::id::PartyId;
use crate::base::{Day, RegionCode};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/parties/{party}/credit",
            Access::Holds(Verb::RecordCredit),
            "Put a record on a company's file",
            || web::post().to(record),
        )
        .takes::<RecordCredit>()
        .creates::<CreditRow>(),
        Route::get("/api/v1/parties/{party}/credit", Access::Holds(Verb::ReadProjects), "A company's file", || {
            web::get().to(file)
        })
        .query(&[("region", "deposit area, the nation when absent"), ("as_of", "day, today when absent")])
        .of_any_time()
        .gives::<CreditFile>(),
    ]
}

/// A record to be put on file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordCredit {
    /// What it says.
    kind: CreditKind,
    /// For which region it speaks.
    region: RegionCode,
    /// From which day.
    valid_on: Day,
    /// To which day, for listings and arrears.
    until_on: Option<Day>,
    /// Decision, document number or list that it comes from.
    source: String,
}

/// What is on record and what follows for an area on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CreditFile {
    /// The area asked about.
    region: RegionCode,
    /// The day asked about.
    as_of: Day,
    /// What is known; `null` is not known.
    standing: Standing,
    /// Every record.
    records: Vec<CreditRow>,
}

async fn record(call: Call, party: web::Path<PartyId>, body: Body<RecordCredit>) -> Result<impl Responder, Problem> {
    let RecordCredit { kind, region, valid_on, until_on, source } = body.0;
    let new = NewRecord { party: party.into_inner(), kind, region, valid_on, until_on, source };
    call.write(StatusCode::CREATED, move |tx, ctx| actions::record(tx, ctx, &new)).await
}

#[derive(Deserialize)]
struct FileQuery {
    region: Option<RegionCode>,
    as_of: Option<Day>,
}

async fn file(call: Call, party: web::Path<PartyId>, query: web::Query<FileQuery>) -> Result<impl Responder, Problem> {
    let party = party.into_inner();
    let region = query.region.unwrap_or(RegionCode::NATION);
    call.read(move |conn, ctx| {
        if !actions::may_look(&ctx.scope, party) {
            return Err(Problem::not_found());
        }
        let as_of = query.as_of.unwrap_or(ctx.today);
        let records = table::of_party(conn, party)?;
        Ok(CreditFile { region, as_of, standing: standing_of(&records, region, as_of), records })
    })
    .await
}
