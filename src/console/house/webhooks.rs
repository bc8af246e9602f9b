//! Webhooks: who is told of which changes, the secret that is shown once, deliveries with their tries, another try.
//!
//! A secret is shown on the answer to the form that made it and nowhere else, so that page is not one to come back to.

use actix_web::web;
use askama::Template;

use crate::base::id::RecordId;
use crate::console::{Frame, Shown, done, show};
use crate::outlets::webhook::Preset;
use crate::web::{Access, Form, Problem, Route, ScopeOn, Verb, Visit};
use crate::webhooks::actions::{self, Inside, NewWebhook};
use crate::webhooks::http::{WebhookCall, WebhookView, log};
use crate::webhooks::{CallState, FIELDS, HookEvent, HookState};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::page("/house/webhooks", operate, "Who is told of changes", || web::get().to(list)),
        Route::form("/house/webhooks", operate, "Make a webhook", || web::post().to(make)),
        Route::page("/house/webhooks/{webhook}", operate, "A webhook with its deliveries", || web::get().to(one)),
        Route::form("/house/webhooks/{webhook}/state", operate, "Switch a webhook off or on", || web::post().to(set_state)),
        Route::form("/house/webhooks/{webhook}/secret", operate, "Make the next secret", || web::post().to(rotate)),
        Route::form("/house/webhooks/{webhook}/test", operate, "Have a test message called", || web::post().to(test)),
        Route::form("/house/webhook-calls/{webhook_call}/again", operate, "Make a failed call again", || web::post().to(again)),
    ]
}

#[derive(Template)]
#[template(path = "console/house/webhooks.html")]
struct ListPage {
    f: Frame,
    hooks: Vec<WebhookView>,
    presets: Vec<Preset>,
    events: Vec<HookEvent>,
    fields: &'static [&'static str],
}

impl ListPage {
    fn is_on(&self, hook: &WebhookView) -> bool {
        hook.state == HookState::Active
    }
}

#[derive(Template)]
#[template(path = "console/house/webhook.html")]
struct OnePage {
    f: Frame,
    hook: WebhookView,
    calls: Vec<WebhookCall>,
    secret: Option<String>,
}

impl OnePage {
    fn is_on(&self) -> bool {
        self.hook.state == HookState::Active
    }

    fn badge(&self, call: &WebhookCall) -> &'static str {
        match call.state {
            CallState::Sent => "good",
            CallState::Queued => "unknown",
            CallState::Failed => "bad",
        }
    }

    fn has_failed(&self, call: &WebhookCall) -> bool {
        call.state == CallState::Failed
    }
}

async fn list(visit: Visit) -> Shown {
    let hooks = visit
        .read(|conn, visit| Ok(actions::visible(conn, &visit.ctx)?.into_iter().map(WebhookView::from).collect::<Vec<_>>()))
        .await?;
    let presets = visit.ctx.ground.settings.webhooks.to_vec();
    let events = HookEvent::ALL.iter().copied().filter(|event| *event != HookEvent::Test).collect();
    show(&ListPage { f: Frame::of(&visit), hooks, presets, events, fields: &FIELDS })
}

async fn page_of(visit: Visit, id: RecordId, secret: Option<String>) -> Shown {
    let (hook, calls) = visit
        .read(move |conn, visit| {
            let row = actions::enter(conn, &visit.ctx, id)?;
            let calls = log(conn, row.id)?;
            Ok((WebhookView::from(row), calls))
        })
        .await?;
    show(&OnePage { f: Frame::of(&visit), hook, calls, secret })
}

async fn one(visit: Visit, webhook: web::Path<RecordId>) -> Shown {
    page_of(visit, webhook.into_inner(), None).await
}

async fn make(form: Form) -> Shown {
    let ctx = form.ctx(Verb::Operate)?;
    let mut shape = actions::preset(&ctx, form.required("preset")?)?;
    if let Some(address) = form.text("address") {
        address.clone_into(&mut shape.address);
    }
    let value = form.text("value").unwrap_or_default();
    let on = ScopeOn::of(form.required("scope")?, value).map_err(|error| Problem::unreadable("value", &error))?;
    let events: Result<Vec<HookEvent>, _> = form.all("events").map(str::parse).collect();
    let receivers: Vec<&str> =
        form.text("to").unwrap_or_default().split([',', '，', '\r', '\n', ' ']).filter(|one| !one.is_empty()).collect();
    let new = NewWebhook {
        name: form.required("name")?.to_owned(),
        on,
        events: events.map_err(|error| Problem::unreadable("events", &error))?,
        fields: form.all("fields").map(str::to_owned).collect(),
        inside: Inside { form: shape, to: receivers.join(","), sign: form.text("sign").unwrap_or_default().to_owned() },
        secret: form.text("secret").map(str::to_owned),
    };
    let (row, secret) = form.write(Verb::Operate, move |tx, ctx| actions::make(tx, ctx, &new)).await?;
    page_of(form.visit, row.id, Some(secret)).await
}

/// Looks whether the visitor may look after the webhook, before a field is missed.
async fn look(form: &Form, id: RecordId) -> Result<(), Problem> {
    form.visit.read(move |conn, visit| actions::enter(conn, &visit.ctx, id).map(drop)).await
}

async fn set_state(webhook: web::Path<RecordId>, form: Form) -> Shown {
    let id = webhook.into_inner();
    look(&form, id).await?;
    let state: HookState = form.parse("state")?;
    form.write(Verb::Operate, move |tx, ctx| actions::set_state(tx, ctx, id, state)).await?;
    done(&format!("/house/webhooks/{id}"), "webhook_changed", 1)
}

async fn rotate(webhook: web::Path<RecordId>, form: Form) -> Shown {
    let id = webhook.into_inner();
    look(&form, id).await?;
    let wrong = |_| Problem::invalid("请填写整数小时。", "Write whole hours.").at("overlap_hours", "bad_format");
    let hours: i64 = form.required("overlap_hours")?.parse().map_err(wrong)?;
    let (_, secret) = form.write(Verb::Operate, move |tx, ctx| actions::rotate(tx, ctx, id, hours)).await?;
    page_of(form.visit, id, Some(secret)).await
}

async fn test(webhook: web::Path<RecordId>, form: Form) -> Shown {
    let id = webhook.into_inner();
    form.write(Verb::Operate, move |tx, ctx| actions::test(tx, ctx, id).map(drop)).await?;
    done(&format!("/house/webhooks/{id}"), "webhook_test", 1)
}

async fn again(call: web::Path<RecordId>, form: Form) -> Shown {
    let id = call.into_inner();
    let call = form.write(Verb::Operate, move |tx, ctx| actions::again(tx, ctx, id)).await?;
    done(&format!("/house/webhooks/{}", call.webhook_id), "webhook_again", 1)
}
