//! `/api/v1/projects/{project}/deposits`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::actions::{self, Lodged, NewDeposit, NewEvent};
use super::table::{DepositRow, EventRow};
use super::{DepositEvent, DepositKind, held};
use crate::base::id::{DepositId, DocumentId, ProjectId};
use crate::base::{Day, Fen};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let handle = Access::Holds(Verb::HandleDeposits);
    vec![
        Route::post("/api/v1/projects/{project}/deposits", handle, "Lodge a deposit", || web::post().to(lodge))
            .takes::<LodgeDeposit>()
            .creates::<DepositView>()
            .order(),
        Route::get("/api/v1/projects/{project}/deposits", Access::Holds(Verb::ReadMoney), "Deposits of a project", || {
            web::get().to(list)
        })
        .query(&[("as_of", "day of the held amounts, today when absent")])
        .of_any_time()
        .gives::<DepositsView>(),
        Route::post(
            "/api/v1/projects/{project}/deposits/{deposit}/events",
            handle,
            "Record that the publicity before a deposit's return began; its money moves by deposit-matters",
            || web::post().to(record_event),
        )
        .takes::<RecordDepositEvent>()
        .creates::<DepositView>()
        .order(),
    ]
}

/// A deposit to be lodged.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LodgeDeposit {
    /// What it is.
    kind: DepositKind,
    /// How much it secures.
    amount: Fen,
    /// Bank, guarantee company or insurer.
    issuer: String,
    /// Day of lodging.
    lodged_on: Day,
    /// Last day of a guarantee, bond or insurance.
    ends_on: Option<Day>,
    /// The paper.
    document_id: Option<DocumentId>,
}

/// Something that happened to a deposit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordDepositEvent {
    /// What.
    kind: DepositEvent,
    /// When.
    happened_on: Day,
    /// How much; absent for a publicity.
    amount: Option<Fen>,
    /// The paper.
    document_id: Option<DocumentId>,
}

/// A deposit with its events.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DepositView {
    deposit: DepositRow,
    events: Vec<EventRow>,
    /// What it still secures, whether or not a promise has run out.
    held: Fen,
    /// Whether a promise has run out.
    expired: bool,
}

/// A project's deposits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DepositsView {
    as_of: Day,
    /// What all of them secure on the day.
    held: Fen,
    deposits: Vec<DepositView>,
}

fn view(lodged: Lodged, as_of: Day) -> Result<DepositView, Problem> {
    let Lodged { deposit, events } = lodged;
    let expired = deposit.ends_on.is_some_and(|end| end < as_of);
    Ok(DepositView { held: held(&events, as_of)?, expired, deposit, events })
}

async fn lodge(call: Call, project: web::Path<ProjectId>, body: Body<LodgeDeposit>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let request = json!({"order": "lodge_deposit", "project": id, "body": body.0});
    let LodgeDeposit { kind, amount, issuer, lodged_on, ends_on, document_id } = body.0;
    let new = NewDeposit { kind, amount, issuer, lodged_on, ends_on, document: document_id };
    call.order(StatusCode::CREATED, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        view(actions::lodge(tx, ctx, &site, &new)?, ctx.today)
    })
    .await
}

async fn record_event(
    call: Call,
    path: web::Path<(ProjectId, DepositId)>,
    body: Body<RecordDepositEvent>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let request = json!({"order": "record_deposit_event", "project": project, "deposit": id, "body": body.0});
    let RecordDepositEvent { kind, happened_on, amount, document_id } = body.0;
    let new = NewEvent { kind, happened_on, amount: amount.unwrap_or(Fen::ZERO), document: document_id };
    call.order(StatusCode::CREATED, request, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        view(actions::tell_event(tx, ctx, &site, id, &new)?, ctx.today)
    })
    .await
}

#[derive(Deserialize)]
struct AsOfQuery {
    as_of: Option<Day>,
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let as_of = query.as_of;
    call.read(move |conn, ctx: &Ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let as_of = as_of.unwrap_or(ctx.today);
        let held = actions::held_on(conn, &site, as_of, None)?;
        let deposits: Result<Vec<DepositView>, Problem> =
            actions::all(conn, &site, None)?.into_iter().map(|lodged| view(lodged, as_of)).collect();
        Ok(DepositsView { as_of, held, deposits: deposits? })
    })
    .await
}
