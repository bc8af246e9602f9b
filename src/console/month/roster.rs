//! Uploading a roster: what was enrolled, what is odd, and every bad row with its place, reason and remedy.

use std::sync::Arc;

use actix_web::web;
use askama::Template;

use super::{amount_opt, attachment};
use crate::base::id::{InboxId, ProjectId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::projects::enter;
use crate::store::inbox;
use crate::web::problem::Fault;
use crate::web::{Access, Form, Lang, Problem, Route, Verb, Visit};
use crate::wire::roster::{Roster, write_template};
use crate::wire::sheet::write::{TextEncoding, Value, csv_table};
use crate::workers::Paper;
use crate::workers::roster::{self, Defaults, FAULTS_KEPT_MAX, Outcome, ROWS_MAX, RosterFile, STEP, Taken};

/// Faults and warnings that the page lists; the file to be downloaded has more.
const SHOWN_MAX: usize = 500;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let enrol = Access::Holds(Verb::EnrolWorkers);
    vec![
        Route::page("/roster.xlsx", enrol, "The empty roster", || web::get().to(template))
            .serves("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Route::form("/projects/{project}/workers/roster", enrol, "Upload a roster", || web::post().to(upload)),
        Route::page("/projects/{project}/workers/rosters/{inbox}", enrol, "The bad rows of a roster", || web::get().to(bad_rows))
            .serves("text/csv"),
    ]
}

#[derive(Template)]
#[template(path = "console/month/roster.html")]
struct RosterPage {
    f: Frame,
    head: Head,
    file: String,
    inbox: InboxId,
    enrolled: usize,
    refused: u32,
    odd: Vec<Taken>,
    faults: Vec<Fault>,
    faults_total: usize,
    remarks: Vec<(String, String)>,
    /// Whether the list of faults was kept and can be downloaded.
    is_listed: bool,
}

async fn upload(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let ctx = form.ctx(Verb::EnrolWorkers)?;
    let (visit, db) = (form.visit.clone(), ctx.ground.db.clone());
    let defaults = Defaults {
        day_rate: amount_opt(&form, "day_rate")?,
        entered_on: form.parse_opt("entered_on")?.unwrap_or(ctx.today),
        paper: form.parse_opt("paper")?.unwrap_or(Paper::None),
        safety_trained: form.ticked("safety_trained"),
    };
    let file = form.file("file")?;
    let file = RosterFile { name: file.name.clone(), content_type: file.media_type.clone(), bytes: file.bytes.clone() };
    // Whoever may not come in learns it before anything is read.
    let head = visit.read(move |conn, visit| Head::enter(conn, visit, id).map(|(_, head)| head)).await?;
    let file = Arc::new(file);
    let (reading, today) = (Arc::clone(&file), ctx.today);
    let roster = web::block(move || roster::read(&reading, today)).await;
    let roster = Arc::new(roster.map_err(|error| Problem::internal(&error.to_string()))?);
    if roster.rows.len() > ROWS_MAX {
        let (zh, en) = (format!("一份花名册最多 {ROWS_MAX} 行。"), format!("A roster has at most {ROWS_MAX} rows."));
        return Err(Problem::new(crate::web::Code::TooLarge, zh, en));
    }
    // The file first: until it is kept no row is taken, and from then on whatever fails is told on the page and not by a page that
    // says that nothing was saved.
    let (kept, own, rows) = (Arc::clone(&file), ctx.clone(), roster.rows.len());
    let inbox = db
        .write(move |tx| {
            let site = enter(tx.conn(), &own.scope, id)?;
            roster::keep_file(tx, &own, &site, &kept, rows)
        })
        .await?;
    let mut outcome = roster::refused_by_reading(&roster);
    let mut first = 0;
    while first < roster.rows.len() {
        let (rows, ctx, defaults) = (Arc::clone(&roster), ctx.clone(), defaults.clone());
        let step = db
            .write(move |tx| {
                let site = enter(tx.conn(), &ctx.scope, id)?;
                let step = rows.rows.get(first..rows.rows.len().min(first + STEP)).unwrap_or_default();
                roster::enrol_rows(tx, &ctx, &site, &rows, step, &defaults)
            })
            .await;
        match step {
            Ok(step) => take(&mut outcome, step),
            // What was taken before stays taken; the rest is told as not taken.
            Err(problem) => {
                rest_of(&roster, first, &problem, &mut outcome);
                break;
            }
        }
        first += STEP;
    }
    let outcome = Arc::new(outcome);
    let told = Arc::clone(&outcome);
    let listed = db.write(move |tx| roster::keep_outcome(tx, &ctx, inbox, &told)).await;
    if let Err(problem) = &listed {
        tracing::warn!(inbox.id = %inbox, problem.code = problem.code.as_str(), "the faults of a roster could not be kept");
    }
    show(&RosterPage { is_listed: listed.is_ok(), ..page(&visit, head, &file, inbox, &roster, &outcome) })
}

fn take(outcome: &mut Outcome, step: Outcome) {
    outcome.taken.extend(step.taken);
    outcome.faults.extend(step.faults);
    outcome.refused = outcome.refused.saturating_add(step.refused);
}

/// Rows that a failure left untouched.
fn rest_of(roster: &Roster, first: usize, problem: &Problem, outcome: &mut Outcome) {
    for row in roster.rows.get(first..).unwrap_or_default() {
        let place = roster.place(row.row, "name");
        let reason = problem.code.to_string();
        let (zh, en) = (format!("未处理：{}请再次上传。", problem.zh), format!("Not taken: {} Upload again.", problem.en));
        outcome.faults.push(Fault { place, reason, zh, en });
        outcome.refused = outcome.refused.saturating_add(1);
    }
}

fn page(visit: &Visit, head: Head, file: &RosterFile, inbox: InboxId, roster: &Roster, outcome: &Outcome) -> RosterPage {
    RosterPage {
        f: Frame::of(visit),
        head,
        file: file.name.clone().unwrap_or_default(),
        inbox,
        enrolled: outcome.taken.len(),
        refused: outcome.refused,
        odd: outcome.taken.iter().filter(|taken| !taken.warnings.is_empty()).take(SHOWN_MAX).cloned().collect(),
        faults: outcome.faults.iter().take(SHOWN_MAX).cloned().collect(),
        faults_total: outcome.faults.len().min(FAULTS_KEPT_MAX),
        remarks: roster.remarks.clone(),
        is_listed: true,
    }
}

async fn bad_rows(visit: Visit, path: web::Path<(ProjectId, InboxId)>) -> Shown {
    let (id, inbox) = path.into_inner();
    let rejected = visit
        .read(move |conn, visit| {
            let site = enter(conn, &visit.ctx.scope, id)?;
            inbox::rejected_of(conn, site.id, inbox)?.ok_or_else(Problem::not_found)
        })
        .await?;
    let is_zh = visit.lang == Lang::Zh;
    let header = if is_zh { ["位置", "原因代码", "问题与改法"] } else { ["place", "reason", "problem and remedy"] };
    let text = |text: &str| Value::Text(text.to_owned());
    let rows: Vec<Vec<Value>> = rejected
        .iter()
        .map(|one| vec![text(&one.place), text(&one.reason), text(if is_zh { &one.zh } else { &one.en })])
        .collect();
    attachment("text/csv; charset=utf-8", &format!("{inbox}.csv"), csv_table(&header, &rows, TextEncoding::Utf8))
}

async fn template(visit: Visit) -> Shown {
    let bytes = write_template().map_err(|error| Problem::internal(&error.to_string()))?;
    let name = visit.t("花名册.xlsx", "roster.xlsx");
    attachment("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name, bytes)
}
