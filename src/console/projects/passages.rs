//! Passages that a gate machine's software exported, uploaded as a sheet: what was new, what the machine had told already, what is wrong.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::attendance::intake::http_sheets;
use crate::attendance::intake::sheets::{self, Receipt};
use crate::base::id::ProjectId;
use crate::console::{Frame, Shown, show};
use crate::projects::enter;
use crate::web::{Access, Form, Route, Verb};
use crate::workers::roster::RosterFile;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::form(
        "/projects/{project}/passage-sheets",
        Access::Holds(Verb::FeedPunches),
        "Upload passages that a gate machine's software exported",
        || web::post().to(upload),
    )]
}

#[derive(Template)]
#[template(path = "console/projects/passages.html")]
struct PassagesPage {
    f: Frame,
    head: Option<Head>,
    receipt: Receipt,
}

async fn upload(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let device = form.text("device").map(str::to_owned);
    let file = form.file("file")?;
    let file = RosterFile { name: file.name.clone(), content_type: file.media_type.clone(), bytes: file.bytes.clone() };
    let (file, read) = http_sheets::read(file).await?;
    let receipt = form
        .write(Verb::FeedPunches, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            sheets::take(tx, ctx, &site, &file, &read, device.as_deref())
        })
        .await?;
    let visit = form.visit.clone();
    // Whoever may feed the gate need not see the project.
    let head = visit.read(move |conn, visit| Head::enter(conn, visit, id).map(|(_, head)| head)).await.ok();
    show(&PassagesPage { f: Frame::of(&visit), head, receipt })
}
