//! One pay run: its payments and what the bank said of each, the lines that are held, the file for the bank, and the next attempt.

use actix_web::web;
use askama::Template;

use super::sheet::{Line, lines_of, user_name};
use super::{attachment, can};
use crate::base::id::{LineId, PayRunId, ProjectId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::payroll::pay_run::actions::{fetch_file, run_with_attempts};
use crate::payroll::pay_run::table::{AttemptRow, RunHead};
use crate::payroll::table::{LineRow, SheetRow};
use crate::payroll::{self, AttemptState, LineState};
use crate::projects::enter;
use crate::web::{Access, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::page("/projects/{project}/runs/{run}", Access::Holds(Verb::ReadMoney), "One pay run", || web::get().to(page)),
        Route::page(
            "/projects/{project}/runs/{run}/file",
            Access::Holds(Verb::PayWages),
            "The payment file for the bank",
            || web::get().to(file),
        )
        .serves("application/xml"),
    ]
}

/// A payment with its line.
struct Payment {
    attempt: AttemptRow,
    line: Line,
}

impl Payment {
    fn badge(&self) -> &'static str {
        match self.attempt.state {
            AttemptState::Paid => "good",
            AttemptState::Rejected | AttemptState::Returned => "bad",
            AttemptState::Sent | AttemptState::Accepted | AttemptState::Unknown => "unknown",
        }
    }

    /// Whether the bank has refused or returned it.
    fn failed(&self) -> bool {
        matches!(self.attempt.state, AttemptState::Rejected | AttemptState::Returned)
    }

    /// Whether a later attempt stands for it.
    fn was_retried(&self) -> bool {
        self.line.row.attempt > self.attempt.attempt
    }
}

#[derive(Template)]
#[template(path = "console/month/run.html")]
struct RunPage {
    f: Frame,
    head: Head,
    run: RunHead,
    created_by: String,
    sheet: SheetRow,
    payments: Vec<Payment>,
    held: Vec<Line>,
    later: Vec<RunHead>,
    waiting: usize,
    sees_people: bool,
    may_pay: bool,
}

impl RunPage {
    fn count(&self, state: &str) -> usize {
        self.payments.iter().filter(|one| one.attempt.state.as_str() == state).count()
    }

    fn failed(&self) -> usize {
        self.payments.iter().filter(|one| one.failed() && !one.was_retried()).count()
    }

    /// Failed ones first: they need somebody.
    fn ordered(&self) -> Vec<&Payment> {
        let mut payments: Vec<&Payment> = self.payments.iter().collect();
        payments.sort_by_key(|one| !one.failed() || one.was_retried());
        payments
    }
}

async fn page(visit: Visit, path: web::Path<(ProjectId, PayRunId)>) -> Shown {
    let (project, id) = path.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let (run, attempts) = run_with_attempts(conn, &site, id)?;
            let sheet = payroll::table::sheet(conn, site.id, run.sheet_id)?.ok_or_else(Problem::not_found)?;
            let lines = payroll::table::lines_of(conn, site.id, sheet.id)?;
            let is_waiting = |line: &LineRow| {
                matches!(line.state, LineState::Approved | LineState::Held | LineState::Rejected | LineState::Returned)
            };
            let waiting = lines.iter().filter(|line| is_waiting(line) && line.rest().is_positive()).count();
            let paid: Vec<LineId> = attempts.iter().map(|attempt| attempt.line_id).collect();
            let (own, others): (Vec<LineRow>, Vec<LineRow>) = lines.into_iter().partition(|line| paid.contains(&line.id));
            let held = others.into_iter().filter(|line| line.state == LineState::Held).collect();
            let mut own = lines_of(conn, visit.ctx.vault(), &site, own)?;
            let mut payments = Vec::with_capacity(attempts.len());
            for attempt in attempts {
                let at = own.iter().position(|line| line.row.id == attempt.line_id);
                payments.extend(at.map(|at| Payment { line: own.swap_remove(at), attempt }));
            }
            let mut later = payroll::pay_run::table::of_sheet(conn, site.id, sheet.id)?;
            later.retain(|other| other.id > id);
            Ok(RunPage {
                f: Frame::of(visit),
                created_by: user_name(conn, &run.created_by)?,
                held: lines_of(conn, visit.ctx.vault(), &site, held)?,
                payments,
                later,
                waiting,
                sees_people: can(conn, visit, project, Verb::ReadWorkers),
                may_pay: can(conn, visit, project, Verb::PayWages),
                run,
                sheet,
                head,
            })
        })
        .await?;
    show(&page)
}

/// The file holds plain card numbers, so that fetching it is written down in the same transaction.
async fn file(visit: Visit, path: web::Path<(ProjectId, PayRunId)>) -> Shown {
    let (project, run) = path.into_inner();
    let (ctx, db) = (visit.ctx.clone(), visit.ctx.ground.db.clone());
    let bytes = db
        .write(move |tx| -> Result<Vec<u8>, Problem> {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            fetch_file(tx, &ctx, &site, run)
        })
        .await?;
    attachment("application/xml; charset=utf-8", &format!("{run}.xml"), bytes)
}
