//! A worker's PIN for signing: chosen before two persons, or drawn and printed on a slip.

use std::sync::Arc;

use actix_web::web;
use askama::Template;

use crate::base::id::{ProjectId, RecordId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::payroll::links::pins::{self, Given};
use crate::projects::enter;
use crate::users::http::authenticate;
use crate::web::{Access, Form, Problem, Route, Verb};
use crate::workers;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let prepare = Access::Holds(Verb::PrepareSheets);
    vec![
        Route::form(
            "/projects/{project}/workers/{enrolment}/pin",
            prepare,
            "Keep the PIN that a worker chose before two persons",
            || web::post().to(choose),
        ),
        Route::form("/projects/{project}/workers/{enrolment}/pin-slip", prepare, "Draw a PIN and print it on a slip", || {
            web::post().to(slip)
        }),
        Route::form("/projects/{project}/workers/{enrolment}/pin-end", prepare, "Take a worker's PIN away", || {
            web::post().to(withdraw)
        }),
    ]
}

/// Hashes outside the transaction and off the loop.
async fn hashed(form: &Form, pin: &str) -> Result<String, Problem> {
    let (ground, pin) = (Arc::clone(&form.visit.ctx.ground), pin.to_owned());
    let hashed = web::block(move || pins::hashed(&ground.vault, &pin)).await;
    hashed.map_err(|error| Problem::internal(&error.to_string()))?
}

async fn choose(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (id, enrolment) = path.into_inner();
    let pin = form.secret("pin")?;
    if pin != form.secret("again")? {
        let problem = Problem::invalid("两次输入的密码不同。", "The two PINs differ.");
        return Err(problem.at("again", "bad_format"));
    }
    // Whoever may not do this learns it before a password is tried.
    form.ctx(Verb::PrepareSheets)?;
    let witness = authenticate(&form.visit.ctx, form.required("witness")?, form.secret("witness_password")?).await?.id;
    let hash = hashed(&form, &pin).await?;
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        pins::keep(tx, ctx, &site, enrolment, (&pin, &hash), Given::Before(witness))
    })
    .await?;
    done(&format!("/projects/{id}/workers/{enrolment}"), "pin_kept", 1)
}

#[derive(Template)]
#[template(path = "console/month/pin_slip.html")]
struct SlipPage {
    f: Frame,
    head: Head,
    enrolment: RecordId,
    worker: String,
    pin: String,
}

async fn slip(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (id, enrolment) = path.into_inner();
    form.ctx(Verb::PrepareSheets)?;
    let pin = pins::draw(&form.visit.ctx.ground.vault)?;
    let hash = hashed(&form, &pin).await?;
    let kept = pin.clone();
    let worker = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            pins::keep(tx, ctx, &site, enrolment, (&kept, &hash), Given::OnSlip)?;
            let row = workers::table::find(tx.conn(), site.id, enrolment)?.ok_or_else(Problem::not_found)?;
            Ok(workers::table::worker(tx.conn(), row.worker_id)?.map(|worker| worker.name).unwrap_or_default())
        })
        .await?;
    let visit = form.visit.clone();
    let head = visit.read(move |conn, visit| Head::enter(conn, visit, id).map(|(_, head)| head)).await?;
    show(&SlipPage { f: Frame::of(&visit), head, enrolment, worker, pin })
}

async fn withdraw(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (id, enrolment) = path.into_inner();
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        pins::withdraw(tx, ctx, &site, enrolment)
    })
    .await?;
    done(&format!("/projects/{id}/workers/{enrolment}"), "pin_withdrawn", 1)
}
