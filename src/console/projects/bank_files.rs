//! Files that banks handed in, and the two steps by which a wrong one is voided.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::{InboxId, ProjectId};
use crate::console::{Frame, Shown, done, show};
use crate::projects;
use crate::settlement::voiding::http::{FileView, view};
use crate::settlement::voiding::{self, Voiding, table};
use crate::web::{Form, Verb, Visit};

/// Files that the page shows, the newest first.
const SHOWN: i64 = 60;

#[derive(Template)]
#[template(path = "console/projects/bank_files.html")]
struct FilesPage {
    f: Frame,
    head: Head,
    files: Vec<FileView>,
    may_feed: bool,
}

impl FilesPage {
    fn is_asked(&self, file: &FileView) -> bool {
        file.steps.last().is_some_and(|row| row.step == Voiding::Asked)
    }
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let mut files = Vec::new();
            for file in table::files_back(conn, site.id, SHOWN)? {
                files.push(view(conn, &site, file)?);
            }
            let may_feed = visit.able(Verb::FeedBank).is_some_and(|ctx| projects::enter(conn, &ctx.scope, id).is_ok());
            Ok(FilesPage { f: Frame::of(visit), head, files, may_feed })
        })
        .await?;
    show(&page)
}

pub(super) async fn ask(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (file, note): (InboxId, String) = (form.parse("file")?, form.required("note")?.to_owned());
    form.write(Verb::FeedBank, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        voiding::ask(tx, ctx, &site, file, &note)
    })
    .await?;
    done(&format!("/projects/{id}/bank-files"), "void_asked", 1)
}

pub(super) async fn decide(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (file, note): (InboxId, String) = (form.parse("file")?, form.required("note")?.to_owned());
    let approves = form.required("approves")? == "yes";
    form.write(Verb::FeedBank, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, id)?;
        voiding::decide(tx, ctx, &site, file, approves, &note)
    })
    .await?;
    done(&format!("/projects/{id}/bank-files"), "void_decided", 1)
}
