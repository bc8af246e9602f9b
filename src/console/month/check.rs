//! The check before an order: what would go, what would be held and why, and what is out of the ordinary.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;

use super::sheet::lines_of;
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::payroll::pay_run::actions::check_sheet;
use crate::payroll::pay_run::{Checked, HeldLine};
use crate::payroll::{self, table::LineRow, table::SheetRow};
use crate::web::{Access, Problem, Route, Verb, Visit};

/// Rows of each list that the page shows; all of them stand in the API's answer.
const SHOWN: usize = 200;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::page(
        "/projects/{project}/sheets/{sheet}/check",
        Access::Holds(Verb::ReadMoney),
        "What an order of the sheet would do",
        || web::get().to(page),
    )]
}

/// A line with its worker's name.
struct Named<T> {
    name: String,
    row: LineRow,
    what: T,
}

#[derive(Template)]
#[template(path = "console/month/check.html")]
struct CheckPage {
    f: Frame,
    head: Head,
    sheet: SheetRow,
    checked: Checked,
    held: Vec<Named<HeldLine>>,
    cautions: Vec<Named<payroll::pay_run::checks::LineCaution>>,
    sees_people: bool,
    may_pay: bool,
    /// Whether an order would send anything.
    goes: bool,
}

async fn page(visit: Visit, path: web::Path<(ProjectId, SheetId)>) -> Shown {
    let (project, id) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let sheet = payroll::table::sheet(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
            let checked = check_sheet(conn, &visit.ctx, &site, id, None)?;
            let sees_people = super::can(conn, visit, project, Verb::ReadWorkers);
            let wanted: Vec<LineId> = checked
                .held
                .iter()
                .map(|one| one.line)
                .take(SHOWN)
                .chain(checked.cautions.iter().map(|one| one.line).take(SHOWN))
                .collect();
            let mut rows = payroll::table::lines_of(conn, site.id, id)?;
            rows.retain(|row| wanted.contains(&row.id));
            let lines = lines_of(conn, visit.ctx.vault(), &site, rows)?;
            let named: HashMap<LineId, (String, LineRow)> =
                lines.into_iter().map(|line| (line.row.id, (line.name().to_owned(), line.row))).collect();
            let held = checked.held.iter().filter_map(|one| {
                let (name, row) = named.get(&one.line)?.clone();
                Some(Named { name, row, what: one.clone() })
            });
            let cautions = checked.cautions.iter().filter_map(|one| {
                let (name, row) = named.get(&one.line)?.clone();
                Some(Named { name, row, what: one.clone() })
            });
            Ok(CheckPage {
                f: Frame::of(visit),
                held: held.collect(),
                cautions: cautions.collect(),
                sees_people,
                may_pay: super::can(conn, visit, project, Verb::PayWages),
                goes: checked.lines > 0 && checked.balance.is_some() && checked.shortage.is_none(),
                checked,
                sheet,
                head,
            })
        })
        .await?;
    show(&page)
}
