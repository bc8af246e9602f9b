//! Arrears from before the service, typed from a paper that is uploaded with them.

use actix_web::web;
use askama::Template;

use super::{can, evidence};
use crate::base::id::ProjectId;
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::documents::DocumentKind;
use crate::payroll::opening::table::{OpeningRow, of_project};
use crate::payroll::opening::typed::{TYPED_MAX, import_typed};
use crate::payroll::opening::{NewOpening, Opened};
use crate::payroll::table::{SheetRow, sheet};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let path = "/projects/{project}/opening-arrears";
    vec![
        Route::page(path, Access::Holds(Verb::ReadWorkers), "What was owed before the service", || web::get().to(page)),
        Route::form(path, Access::Holds(Verb::PrepareSheets), "Import what was owed before, with its paper", || {
            web::post().to(take)
        }),
    ]
}

#[derive(Template)]
#[template(path = "console/month/opening.html")]
struct OpeningPage {
    f: Frame,
    head: Head,
    /// Opening sheets with their papers, the latest last.
    opened: Vec<(OpeningRow, SheetRow)>,
    may_prepare: bool,
    typed_max: usize,
    /// What came of what was just sent.
    outcome: Option<Opened>,
}

async fn shown(visit: Visit, id: ProjectId, outcome: Option<Opened>) -> Shown {
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let mut opened = Vec::new();
            for row in of_project(conn, site.id)? {
                if let Some(sheet) = sheet(conn, site.id, row.sheet_id)? {
                    opened.push((row, sheet));
                }
            }
            let may_prepare = can(conn, visit, id, Verb::PrepareSheets);
            Ok(OpeningPage { f: Frame::of(visit), head, opened, may_prepare, typed_max: TYPED_MAX, outcome })
        })
        .await?;
    show(&page)
}

async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    shown(visit, project.into_inner(), None).await
}

async fn take(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let missing = || {
        let (zh, en) = ("请上传载明欠薪的文件（PDF 或照片）。", "Upload the paper that states the arrears (PDF or photo).");
        Problem::invalid(zh, en).at("file", "missing_field")
    };
    let paper = evidence::uploaded(&form, "file", DocumentKind::SignedSheet).ok_or_else(missing)?;
    let (month, due_on) = (form.parse("month")?, form.parse("due_on")?);
    let (note, text) = (form.required("note")?.to_owned(), form.required("lines")?.to_owned());
    let opened = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            let document = evidence::kept(tx, ctx, &site, Some(&paper))?.ok_or_else(missing)?;
            let new = NewOpening { month, due_on, document, note: note.clone(), items: Vec::new() };
            import_typed(tx, ctx, &site, &new, &text)
        })
        .await?;
    shown(form.visit.clone(), id, Some(opened)).await
}
