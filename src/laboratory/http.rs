//! `/api/v1/law/laboratory`: a change of law tried over the stored history, for regulators and administrators. It writes nothing.

use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Change, PROJECT_DAYS_MAX, Report, Span, changed, try_over};
use crate::base::{Day, RegionCode};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The module's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/law/laboratory", Access::Holds(Verb::TryLaw), "Try a change of law over the stored history", || {
            web::post().to(try_one)
        })
        .takes::<TryLaw>()
        .gives::<Report>(),
    ]
}

/// A parameter with its new value.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetValue {
    /// Name of the parameter.
    key: String,
    /// `30`, `20 workday`, `0.02`, `5000000.00`, `true`, or brackets as TOML.
    value: String,
}

/// A law file with its whole text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LawFile {
    /// Name inside the configuration, like `law/regions/330784.toml`.
    name: String,
    wording: String,
}

/// A change and the days over which it is tried.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TryLaw {
    /// Parameters to set.
    #[serde(default)]
    set: Vec<SetValue>,
    /// Whose values are set; national law when absent.
    region: Option<RegionCode>,
    /// A file laid over the law before anything is set.
    file: Option<LawFile>,
    from: Day,
    to: Day,
}

async fn try_one(call: Call, body: Body<TryLaw>) -> Result<impl Responder, Problem> {
    let TryLaw { set, region, file, from, to } = body.0;
    let span = Span::of(from, to, call.ctx.today)?;
    let change = Change {
        sets: set.into_iter().map(|one| (one.key, one.value)).collect(),
        region,
        file: file.map(|file| (file.name, file.wording)),
    };
    call.read(move |conn, ctx| {
        let tried = changed(&ctx.in_force(), &change, span)?;
        try_over(conn, ctx, tried, span, Some(PROJECT_DAYS_MAX))
    })
    .await
}
