//! `/api/v1/webhooks`.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Inside, NewWebhook};
use super::table::{self, CallRow, TryRow, WebhookRow};
use super::{CallState, HookEvent, HookState};
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId};
use crate::outlets::webhook::Form;
use crate::store::AnyConn;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, ScopeOn, Verb};

/// Calls that the log shows.
const CALLS_MAX: i64 = 100;

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::get("/api/v1/webhooks", operate, "Webhooks", || web::get().to(list)).gives::<Vec<WebhookView>>(),
        Route::post("/api/v1/webhooks", operate, "Make a webhook; its secret is shown once", || web::post().to(make))
            .takes::<MakeWebhook>()
            .creates::<WebhookMade>(),
        Route::get("/api/v1/webhooks/{webhook}/calls", operate, "The delivery log of a webhook", || web::get().to(calls))
            .gives::<Vec<WebhookCall>>(),
        Route::post("/api/v1/webhooks/{webhook}/state", operate, "Switch a webhook off or on", || web::post().to(set_state))
            .takes::<SetWebhookState>()
            .gives::<WebhookView>(),
        Route::post("/api/v1/webhooks/{webhook}/secret", operate, "Make the next secret, with an overlap", || {
            web::post().to(rotate)
        })
        .takes::<RotateWebhook>()
        .gives::<WebhookMade>(),
        Route::post("/api/v1/webhooks/{webhook}/test", operate, "Have a test message called", || web::post().to(test))
            .gives::<WebhookCall>(),
        Route::post("/api/v1/webhook-calls/{webhook_call}/again", operate, "Make a failed call again", || web::post().to(again))
            .gives::<WebhookCall>(),
    ]
}

/// A webhook to be made; what a preset says stands where nothing else is told.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeWebhook {
    /// Name for people.
    name: String,
    /// `everything`, `region`, `organisation` or `project`.
    scope: String,
    /// Code or id.
    #[serde(default)]
    value: String,
    /// Changes that are told.
    events: Vec<HookEvent>,
    /// The agreed fields; no other one is sent.
    fields: Vec<String>,
    /// `plain`, `dingtalk-robot`, `wecom-robot`, `cloud-mas` or a code of the operator's own files; `plain` where none is named.
    preset: Option<String>,
    /// Template of the address.
    address: Option<String>,
    /// `POST` or `PUT`.
    method: Option<String>,
    /// Templates of headers.
    headers: Option<BTreeMap<String, String>>,
    /// Template of the body.
    body: Option<String>,
    /// A filter over the whole body.
    body_filter: Option<String>,
    /// JSON pointer into the answer, with what must stand there.
    success_path: Option<String>,
    success_value: Option<String>,
    /// Receivers, at most 200.
    #[serde(default)]
    to: Vec<String>,
    /// The name that a gateway signs messages with.
    #[serde(default)]
    sign: String,
    /// The secret that a gateway issued; one is made where none is given.
    secret: Option<String>,
}

/// Whether a webhook is called.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetWebhookState {
    state: HookState,
}

/// How a secret is rotated.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhook {
    /// Hours for which calls are signed with the old secret as well, 0 to 720.
    overlap_hours: i64,
}

/// A webhook without address and secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookView {
    /// Id.
    pub id: RecordId,
    /// Name for people.
    pub name: String,
    /// Kind of its scope.
    pub scope: String,
    /// Code or id.
    pub value: String,
    /// Changes that are told.
    pub events: Vec<String>,
    /// The agreed fields.
    pub fields: Vec<String>,
    /// Whether it is called.
    pub state: HookState,
    /// Why not.
    pub reason: String,
    /// Until when calls are signed with the old secret as well.
    pub old_until: Option<Moment>,
}

impl From<WebhookRow> for WebhookView {
    fn from(row: WebhookRow) -> Self {
        let WebhookRow { id, name, scope_kind, scope_value, events, fields, state, reason, old_until, .. } = row;
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        let (events, fields) = (words(&events), words(&fields));
        Self { id, name, scope: scope_kind, value: scope_value, events, fields, state, reason, old_until }
    }
}

/// A webhook with its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookMade {
    webhook: WebhookView,
    /// Shown this once.
    secret: String,
}

/// A message with its tries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookCall {
    /// Id.
    pub id: RecordId,
    /// The same at every try.
    pub event_id: String,
    /// What it tells.
    pub kind: HookEvent,
    /// Of which project.
    pub project: Option<ProjectId>,
    /// Where it stands.
    pub state: CallState,
    /// When it was written.
    pub created_at: Moment,
    /// When it is tried next.
    pub next_at: Option<Moment>,
    /// Tries so far.
    pub tries: Vec<TryRow>,
}

impl WebhookCall {
    fn of(row: CallRow, tries: Vec<TryRow>) -> Self {
        let CallRow { id, event_id, kind, project_id, state, created_at, run_at, .. } = row;
        let next_at = (state == CallState::Queued).then_some(run_at);
        Self { id, event_id, kind, project: project_id, state, created_at, next_at, tries }
    }
}

/// The delivery log of a webhook, the latest first.
pub fn log(conn: &mut AnyConn, webhook: RecordId) -> Result<Vec<WebhookCall>, Problem> {
    let mut shown = Vec::new();
    for row in table::calls_of(conn, webhook, CALLS_MAX)? {
        let tries = table::tries_of(conn, row.id)?;
        shown.push(WebhookCall::of(row, tries));
    }
    Ok(shown)
}

async fn list(call: Call) -> Result<impl Responder, Problem> {
    call.read(|conn, ctx| Ok(actions::visible(conn, ctx)?.into_iter().map(WebhookView::from).collect::<Vec<_>>())).await
}

fn form_of(ctx: &Ctx, body: &MakeWebhook) -> Result<Form, Problem> {
    let preset = actions::preset(ctx, body.preset.as_deref().unwrap_or("plain"))?;
    Ok(Form {
        method: body.method.clone().unwrap_or(preset.method),
        address: body.address.clone().unwrap_or(preset.address),
        headers: body.headers.clone().unwrap_or(preset.headers),
        body: body.body.clone().unwrap_or(preset.body),
        body_filter: body.body_filter.clone().or(preset.body_filter),
        success_path: body.success_path.clone().or(preset.success_path),
        success_value: body.success_value.clone().or(preset.success_value),
    })
}

async fn make(call: Call, body: Body<MakeWebhook>) -> Result<impl Responder, Problem> {
    let form = form_of(&call.ctx, &body.0)?;
    let MakeWebhook { name, scope, value, events, fields, to, sign, secret, .. } = body.0;
    let on = ScopeOn::of(&scope, &value).map_err(|error| Problem::unreadable("scope", &error))?;
    let inside = Inside { form, to: to.join(","), sign };
    let new = NewWebhook { name, on, events, fields, inside, secret };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let (row, secret) = actions::make(tx, ctx, &new)?;
        Ok(WebhookMade { webhook: row.into(), secret })
    })
    .await
}

async fn calls(call: Call, webhook: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = webhook.into_inner();
    call.read(move |conn, ctx| {
        let webhook = actions::enter(conn, ctx, id)?;
        log(conn, webhook.id)
    })
    .await
}

async fn set_state(call: Call, webhook: web::Path<RecordId>, body: Body<SetWebhookState>) -> Result<impl Responder, Problem> {
    let (id, state) = (webhook.into_inner(), body.0.state);
    call.write(StatusCode::OK, move |tx, ctx| Ok(WebhookView::from(actions::set_state(tx, ctx, id, state)?))).await
}

async fn rotate(call: Call, webhook: web::Path<RecordId>, body: Body<RotateWebhook>) -> Result<impl Responder, Problem> {
    let (id, hours) = (webhook.into_inner(), body.0.overlap_hours);
    call.write(StatusCode::OK, move |tx, ctx| {
        let (row, secret) = actions::rotate(tx, ctx, id, hours)?;
        Ok(WebhookMade { webhook: row.into(), secret })
    })
    .await
}

async fn test(call: Call, webhook: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = webhook.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| Ok(WebhookCall::of(actions::test(tx, ctx, id)?, Vec::new()))).await
}

async fn again(call: Call, id: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = id.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| {
        let row = actions::again(tx, ctx, id)?;
        let tries = table::tries_of(tx.conn(), row.id)?;
        Ok(WebhookCall::of(row, tries))
    })
    .await
}
