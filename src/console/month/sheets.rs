//! The pay sheets of a project month by month, and building one.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::can;
use crate::base::id::{InboxId, ProjectId};
use crate::base::{Fen, Moment, Month};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::payroll;
use crate::payroll::building::{build_seen, draft_of};
use crate::payroll::imports;
use crate::payroll::months::MonthWages;
use crate::payroll::table::SheetRow;
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Sheets that a page lists at most, the latest months.
const LISTED_MAX: i64 = 60;

/// Files that wait and are listed.
const FILES_MAX: i64 = 10;

/// A month behind every other.
const BEYOND: &str = "9999-12";

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::page("/projects/{project}/sheets", Access::Holds(Verb::ReadProjects), "Pay sheets of a project", || {
            web::get().to(page)
        }),
        Route::form("/projects/{project}/sheets", Access::Holds(Verb::PrepareSheets), "Build a month's sheet", || {
            web::post().to(build)
        }),
    ]
}

/// A month with its sheets; money is shown to those who may see wages or money of the project.
struct MonthSheets {
    month: Month,
    parts: Vec<SheetRow>,
    total: Fen,
    /// Total less that of the month before, where that has a sheet.
    change: Option<Fen>,
    wages: Option<MonthWages>,
}

#[derive(Template)]
#[template(path = "console/month/sheets.html")]
struct SheetsPage {
    f: Frame,
    head: Head,
    months: Vec<MonthSheets>,
    /// Where the next page begins, when there are older months.
    older: Option<Month>,
    last_month: Month,
    may_see: bool,
    may_open: bool,
    may_prepare: bool,
    /// Files that were handed in and not taken yet: id, moment, name.
    files: Vec<(InboxId, Moment, String)>,
}

#[derive(Deserialize)]
struct Before {
    before: Option<String>,
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Before>) -> Shown {
    let id = project.into_inner();
    let before = query.before.as_deref().unwrap_or(BEYOND);
    let before: Month = before.parse().map_err(|error| Problem::unreadable("before", &error))?;
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let may_open = can(conn, visit, id, Verb::ReadWorkers);
            let may_see = may_open || can(conn, visit, id, Verb::ReadMoney);
            let wages = payroll::months::wages(conn, &site, visit.ctx.today)?;
            let sheets = payroll::table::sheets_before(conn, site.id, before, LISTED_MAX + 1)?;
            let is_cut = sheets.len() > usize::try_from(LISTED_MAX).unwrap_or(usize::MAX);
            let (mut months, mut behind): (Vec<MonthSheets>, Option<(Month, Fen)>) = (Vec::new(), None);
            for sheet in sheets {
                if months.last().is_none_or(|last| last.month != sheet.month) {
                    let wages = wages.iter().find(|one| one.month == sheet.month).cloned();
                    months.push(MonthSheets { month: sheet.month, parts: Vec::new(), total: Fen::ZERO, change: None, wages });
                }
                if let Some(last) = months.last_mut() {
                    last.total = last.total.plus(sheet.total_fen)?;
                    last.parts.push(sheet);
                }
            }
            // The last month may be cut in its parts: it stands on the next page, where it is whole.
            let mut older = None;
            if is_cut && months.len() > 1 {
                months.pop();
                older = months.last().map(|last| last.month);
                if let Some(month) = older {
                    let parts = payroll::table::parts(conn, site.id, month.plus(-1))?;
                    if !parts.is_empty() {
                        behind = Some((month.plus(-1), Fen::total(parts.iter().map(|sheet| sheet.total_fen))?));
                    }
                }
            }
            let totals: Vec<(Month, Fen)> = months.iter().map(|one| (one.month, one.total)).chain(behind).collect();
            for one in &mut months {
                let before = totals.iter().find(|(month, _)| *month == one.month.plus(-1));
                one.change = before.map(|(_, total)| one.total.minus(*total)).transpose()?;
            }
            let may_prepare = can(conn, visit, id, Verb::PrepareSheets);
            let last_month = visit.ctx.today.month().plus(-1);
            let files = if may_prepare { imports::actions::waiting(conn, &site, FILES_MAX)? } else { Vec::new() };
            let f = Frame::of(visit);
            Ok::<_, Problem>(SheetsPage { f, head, months, older, last_month, may_see, may_open, may_prepare, files })
        })
        .await?;
    show(&page)
}

async fn build(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let month: Month = form.parse("month")?;
    let has_seen = form.text("version").is_some();
    let (sheet, count, told) = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, id)?;
            // Whoever asks for a month that has a draft is shown the draft first; only from there it is built again.
            if let Some(draft) = draft_of(tx, &site, month)?.filter(|_| !has_seen) {
                return Ok((draft.id, draft.line_count, "draft_stands"));
            }
            let built = build_seen(tx, ctx, &site, month, None)?;
            Ok((built.sheet.id, built.sheet.line_count, "sheet_built"))
        })
        .await?;
    done(&format!("/projects/{id}/sheets/{sheet}"), told, usize::try_from(count).unwrap_or(0))
}
