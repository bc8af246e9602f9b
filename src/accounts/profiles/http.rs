//! `/api/v1/bank-profiles`, and the profile of an account.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::table::{self, ChoiceRow, ProfileRow};
use super::{DEFAULT, OrderVersion, Profile, actions};
use crate::base::Fen;
use crate::base::id::{AccountId, ProjectId};
use crate::projects;
use crate::web::{Access, Body, Call, Problem, Route, Verb};
use crate::wire::iso20022::limits::{CharSet, Limits};

/// The routes.
pub fn routes() -> Vec<Route> {
    let (operate, open) = (Access::Holds(Verb::Operate), Access::Holds(Verb::OpenAccounts));
    vec![
        Route::get("/api/v1/bank-profiles", operate, "What each bank is like, every version", || web::get().to(list))
            .gives::<Vec<ProfileRow>>(),
        Route::post("/api/v1/bank-profiles", operate, "Write the next version of a bank's profile", || web::post().to(write))
            .takes::<WriteProfile>()
            .creates::<ProfileRow>(),
        Route::post(
            "/api/v1/projects/{project}/accounts/{account}/profile",
            open,
            "Let an account go by a bank's profile",
            || web::post().to(choose),
        )
        .takes::<ChooseProfile>()
        .creates::<ChoiceRow>(),
    ]
}

/// A profile; what is left out is as in the built-in one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteProfile {
    /// Code: small letters, digits, dashes.
    code: String,
    /// The bank, for people.
    name: String,
    /// A booked detail of a debit proves that the line was paid; yes when absent.
    detail_pays: Option<bool>,
    /// `ACCC` in a pain.002 proves it; yes when absent.
    accc_pays: Option<bool>,
    /// `ACSC` proves it; no when absent.
    acsc_pays: Option<bool>,
    /// `ACSP` proves it; no when absent.
    acsp_pays: Option<bool>,
    /// Days within which refunds without an id come back; 30 when absent.
    credits_back_days: Option<i32>,
    /// Lines of a file; 5,000 when absent.
    lines_max: Option<i32>,
    /// Sum of a file in yuan.
    file_max: Option<Fen>,
    /// Amount of a line in yuan.
    line_max: Option<Fen>,
    /// One booking for the file; yes when absent.
    batch_booking: Option<bool>,
    /// Version of the order; pain.001.001.09 when absent.
    order_version: Option<OrderVersion>,
    /// Days of silence after which a payment counts as unknown; 3 when absent.
    silence_days: Option<i32>,
    /// Characters of a payee's name; 140 when absent.
    name_max: Option<u16>,
    /// Places of a card at least; 5 when absent.
    card_min: Option<u16>,
    /// Places of a card at most; 34 when absent.
    card_max: Option<u16>,
    /// A card must have the check digit of Luhn's rule; no when absent.
    card_luhn: Option<bool>,
    /// Characters of a payment's text; 140 when absent.
    text_max: Option<u16>,
    /// Characters that the bank knows; all when absent.
    charset: Option<CharSet>,
}

impl WriteProfile {
    fn profile(self) -> Profile {
        let usual = Profile::built_in();
        Profile {
            code: self.code,
            name: self.name,
            detail_pays: self.detail_pays.unwrap_or(usual.detail_pays),
            accc_pays: self.accc_pays.unwrap_or(usual.accc_pays),
            acsc_pays: self.acsc_pays.unwrap_or(usual.acsc_pays),
            acsp_pays: self.acsp_pays.unwrap_or(usual.acsp_pays),
            credits_back_days: self.credits_back_days.unwrap_or(usual.credits_back_days),
            lines_max: self.lines_max.unwrap_or(usual.lines_max),
            file_fen_max: self.file_max,
            line_fen_max: self.line_max,
            batch_booking: self.batch_booking.unwrap_or(usual.batch_booking),
            order_version: self.order_version.unwrap_or(usual.order_version),
            silence_days: self.silence_days.unwrap_or(usual.silence_days),
            limits: Limits {
                name_max: self.name_max.map_or(usual.limits.name_max, usize::from),
                card_min: self.card_min.map_or(usual.limits.card_min, usize::from),
                card_max: self.card_max.map_or(usual.limits.card_max, usize::from),
                card_luhn: self.card_luhn.unwrap_or(usual.limits.card_luhn),
                text_max: self.text_max.map_or(usual.limits.text_max, usize::from),
                charset: self.charset.unwrap_or(usual.limits.charset),
            },
        }
    }
}

/// The profile that an account goes by.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseProfile {
    /// Code; `default` for the built-in one.
    #[serde(default = "usual")]
    profile: String,
}

fn usual() -> String {
    DEFAULT.to_owned()
}

async fn list(call: Call) -> Result<impl Responder, Problem> {
    call.read(|conn, ctx| {
        actions::whole_house(ctx)?;
        Ok(table::all(conn)?)
    })
    .await
}

async fn write(call: Call, body: Body<WriteProfile>) -> Result<impl Responder, Problem> {
    let profile = body.0.profile();
    call.write(StatusCode::CREATED, move |tx, ctx| actions::write(tx, ctx, &profile)).await
}

async fn choose(
    call: Call,
    path: web::Path<(ProjectId, AccountId)>,
    body: Body<ChooseProfile>,
) -> Result<impl Responder, Problem> {
    let (project, account) = path.into_inner();
    let ChooseProfile { profile } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        actions::choose(tx, ctx, &site, account, &profile)
    })
    .await
}
