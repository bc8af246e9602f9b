//! The pay sheets of a project month by month, and building one.

use actix_web::web;
use askama::Template;

use super::can;
use crate::base::id::ProjectId;
use crate::base::{Fen, Month};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::payroll;
use crate::payroll::building::{build_seen, draft_of};
use crate::payroll::months::MonthWages;
use crate::payroll::table::SheetRow;
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Sheets that the page lists: five years of twelve months with some parts.
const LISTED_MAX: i64 = 200;

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
    last_month: Month,
    may_see: bool,
    may_open: bool,
    may_prepare: bool,
}

async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let may_open = can(conn, visit, id, Verb::ReadWorkers);
            let may_see = may_open || can(conn, visit, id, Verb::ReadMoney);
            let wages = payroll::months::wages(conn, &site, visit.ctx.today)?;
            let mut sheets = payroll::table::sheets(conn, site.id, 0, LISTED_MAX)?;
            sheets.sort_by_key(|sheet| (sheet.month, sheet.part));
            let mut months: Vec<MonthSheets> = Vec::new();
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
            let totals: Vec<(Month, Fen)> = months.iter().map(|one| (one.month, one.total)).collect();
            for one in &mut months {
                let before = totals.iter().find(|(month, _)| *month == one.month.plus(-1));
                one.change = before.map(|(_, total)| one.total.minus(*total)).transpose()?;
            }
            months.reverse();
            let may_prepare = can(conn, visit, id, Verb::PrepareSheets);
            let last_month = visit.ctx.today.month().plus(-1);
            Ok::<_, Problem>(SheetsPage { f: Frame::of(visit), head, months, last_month, may_see, may_open, may_prepare })
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
