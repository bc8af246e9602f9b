//! Importing a sheet made elsewhere: upload, the proposed mapping to be confirmed, what was taken and every bad row.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{amount_opt, attachment, can};
use crate::base::Month;
use crate::base::id::{InboxId, ProjectId, SheetId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::payroll::building::draft_of;
use crate::payroll::imports::actions::{self, Confirmed, SheetFile, Taken};
use crate::payroll::imports::{Mapped, Proposal, export, keys, refused};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::wire::pay_sheet::PaySheet;

/// Faults that the page lists.
const SHOWN_MAX: usize = 500;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let prepare = Access::Holds(Verb::PrepareSheets);
    vec![
        Route::form("/projects/{project}/sheet-imports", prepare, "Upload a pay sheet made elsewhere", || web::post().to(upload)),
        Route::page("/projects/{project}/sheet-imports/{sheet_file}", prepare, "How an uploaded pay sheet is read", || {
            web::get().to(page)
        }),
        Route::form("/projects/{project}/sheet-imports/{sheet_file}", prepare, "Take the rows of an uploaded pay sheet", || {
            web::post().to(take)
        }),
        Route::form(
            "/projects/{project}/sheet-imports/{sheet_file}/refused",
            prepare,
            "The refused rows of an uploaded pay sheet",
            || web::post().to(refused),
        )
        .serves("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Route::form(
            "/projects/{project}/sheets/{sheet}/export",
            Access::Holds(Verb::Unmask),
            "A pay sheet in the printed form",
            || web::post().to(export),
        )
        .serves("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ]
}

async fn upload(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let month: Month = form.parse("month")?;
    let file = form.file("file")?;
    let file = SheetFile { name: file.name.clone(), content_type: file.media_type.clone(), bytes: file.bytes.clone() };
    let inbox = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            actions::keep_file(tx, ctx, &site, &file)
        })
        .await?;
    crate::console::done(&format!("/projects/{id}/sheet-imports/{inbox}?month={month}"), "file_kept", 1)
}

async fn export(form: Form, path: web::Path<(ProjectId, SheetId)>) -> Shown {
    let (project, sheet) = path.into_inner();
    let purpose = form.required("purpose")?.to_owned();
    let (month, bytes) = form
        .write(Verb::Unmask, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            export::export(tx, ctx, &site, sheet, &purpose)
        })
        .await?;
    let media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    attachment(media, &format!("{month}.xlsx"), bytes)
}

#[derive(Deserialize)]
struct Asked {
    month: Option<Month>,
    sheet: Option<usize>,
}

#[derive(Template)]
#[template(path = "console/month/sheet_import.html")]
struct ImportPage {
    f: Frame,
    head: Head,
    inbox: InboxId,
    month: Month,
    proposal: Proposal,
    pay: PaySheet,
    version: Option<i32>,
    may_prepare: bool,
}

impl ImportPage {
    fn keys(&self) -> Vec<(&'static str, &'static str)> {
        keys().collect()
    }

    fn is_key(&self, column: &Mapped, key: &str) -> bool {
        column.key.as_deref() == Some(key)
    }
}

async fn page(visit: Visit, path: web::Path<(ProjectId, InboxId)>, query: web::Query<Asked>) -> Shown {
    let (project, inbox) = path.into_inner();
    let Asked { month, sheet } = query.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let (book, proposal) = actions::proposal(conn, &visit.ctx, &site, inbox, sheet)?;
            let pay = proposal.read(&book, visit.ctx.today);
            let month = month.or(pay.month).unwrap_or_else(|| visit.ctx.today.month().plus(-1));
            let parts = crate::payroll::table::parts(conn, site.id, month)?;
            let draft = parts.iter().find(|part| part.state == crate::payroll::SheetState::Draft);
            Ok(ImportPage {
                f: Frame::of(visit),
                version: draft.map(|draft| draft.version),
                may_prepare: can(conn, visit, project, Verb::PrepareSheets),
                head,
                inbox,
                month,
                proposal,
                pay,
            })
        })
        .await?;
    show(&page)
}

#[derive(Template)]
#[template(path = "console/month/sheet_imported.html")]
struct ImportedPage {
    f: Frame,
    head: Head,
    inbox: InboxId,
    month: Month,
    taken: Taken,
}

impl ImportedPage {
    fn shown(&self) -> usize {
        SHOWN_MAX
    }
}

/// How the form says that the file is read.
fn confirmed(form: &Form, inbox: InboxId) -> Result<Confirmed, Problem> {
    let mut mapping = BTreeMap::new();
    for said in form.all("column") {
        // `3:due`: our column for the place; a place without one is passed over.
        if let Some((place, key)) = said.split_once(':').filter(|(_, key)| !key.is_empty()) {
            let unreadable = || Problem::invalid("列号无法识别，请刷新页面。", "The column cannot be read; reload the page.");
            mapping.insert(place.parse::<usize>().map_err(|_| unreadable().at("column", "bad_format"))?, key.to_owned());
        }
    }
    let sheet = form.text("sheet").and_then(|text| text.parse().ok()).unwrap_or(0);
    let lowest_day_wage = amount_opt(form, "lowest_day_wage")?;
    Ok(Confirmed { inbox, month: form.parse("month")?, sheet, mapping, lowest_day_wage })
}

async fn refused(form: Form, path: web::Path<(ProjectId, InboxId)>) -> Shown {
    let (project, inbox) = path.into_inner();
    let confirmed = confirmed(&form, inbox)?;
    let bytes = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            refused::error_sheet(tx, ctx, &site, &confirmed)
        })
        .await?;
    attachment("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "refused.xlsx", bytes)
}

async fn take(form: Form, path: web::Path<(ProjectId, InboxId)>) -> Shown {
    let (project, inbox) = path.into_inner();
    let confirmed = confirmed(&form, inbox)?;
    let month = confirmed.month;
    let taken = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            // Asked first, so that a draft that was changed meanwhile is told before the file is read.
            draft_of(tx, &site, confirmed.month)?;
            actions::take(tx, ctx, &site, &confirmed)
        })
        .await?;
    let visit = form.visit.clone();
    let head = visit.read(move |conn, visit| Head::enter(conn, visit, project).map(|(_, head)| head)).await?;
    show(&ImportedPage { f: Frame::of(&visit), head, inbox, month, taken })
}
