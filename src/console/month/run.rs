//! One pay run: its payments and what the bank said of each, the lines that are held, the file for the bank, and the next attempt.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::sheet::{Line, lines_of, user_name};
use super::{attachment, can};
use crate::accounts::freezes::standing::Frozen;
use crate::base::Moment;
use crate::base::id::{LineId, PayRunId, ProjectId, SheetId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::payroll::pay_run::actions::{fetch_file, frozen_for, run_with_attempts};
use crate::payroll::pay_run::table::{AttemptRow, InquiryRow, PartRow, RunHead, inquiries_of, parts_of};
use crate::payroll::pay_run::{InquiryKind, checks, silence};
use crate::payroll::table::{LineRow, SheetRow};
use crate::payroll::{self, AttemptState, LineState, RunState};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Payments of a page on the screen, and held lines.
const SHOWN: usize = 100;

/// Payments of a page to be printed.
const PRINTED: usize = 2_000;

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
        Route::form(
            "/projects/{project}/runs/{run}/inquiry",
            Access::Holds(Verb::PayWages),
            "Record that the bank was asked about a run",
            || web::post().to(inquire),
        ),
        Route::form(
            "/projects/{project}/runs/{run}/results",
            Access::Holds(Verb::FeedBank),
            "Hand in the bank's list of results of a run",
            || web::post().to(super::bank::take_results),
        ),
        Route::form("/projects/{project}/sheets/{sheet}/release", Access::Holds(Verb::PayWages), "Let a held line go", || {
            web::post().to(release)
        }),
    ]
}

/// A payment with its line.
struct Payment {
    attempt: AttemptRow,
    line: Line,
}

/// Whether the bank has refused or returned a payment and no later attempt stands for it.
fn needs_somebody(attempt: &AttemptRow, line: &LineRow) -> bool {
    matches!(attempt.state, AttemptState::Rejected | AttemptState::Returned) && line.attempt <= attempt.attempt
}

impl Payment {
    fn badge(&self) -> &'static str {
        match self.attempt.state {
            AttemptState::Paid if self.attempt.returned_fen.is_positive() => "bad",
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
    paid: usize,
    failed: usize,
    payments: Vec<Payment>,
    /// The place of the first payment of this page, from 1.
    from: usize,
    page: usize,
    pages: usize,
    prints: bool,
    held: Vec<Line>,
    held_total: usize,
    later: Vec<RunHead>,
    /// The files of the order, where it needed several.
    parts: Vec<PartRow>,
    inquiries: Vec<InquiryRow>,
    /// Payments that the bank is silent about.
    unknown: usize,
    waiting: usize,
    /// Whether a line of it came back or was refused and waits to be sent again.
    repeats: bool,
    /// Freezes of the account that it is paid from.
    frozen: Option<Frozen>,
    sees_people: bool,
    may_pay: bool,
    /// Whether the visitor may hand in what the bank says of it.
    may_feed: bool,
}

impl RunPage {
    fn state(&self) -> String {
        state_word(&self.f, &self.run, self.repeats)
    }

    fn is_open(&self) -> bool {
        self.run.state == RunState::Sent
    }

    fn ask_from(&self) -> Moment {
        silence::ask_from(&self.run, &self.inquiries)
    }

    fn kinds(&self) -> &'static [InquiryKind] {
        InquiryKind::ALL
    }
}

/// How a run stands, for people: the bank has answered for every line of a settled run, which may wait to be sent again all the same.
pub(super) fn state_word(f: &Frame, run: &RunHead, repeats: bool) -> String {
    match run.state {
        RunState::Settled if repeats => f.t("银行已答复，有行待重发", "answered; lines wait to be sent again").to_owned(),
        state => f.word(state.as_str()).into_owned(),
    }
}

#[derive(Deserialize)]
struct Query {
    page: Option<usize>,
    print: Option<String>,
}

async fn page(visit: Visit, path: web::Path<(ProjectId, PayRunId)>, query: web::Query<Query>) -> Shown {
    let (project, id) = path.into_inner();
    let Query { page: wanted, print } = query.into_inner();
    let prints = print.is_some();
    let size = if prints { PRINTED } else { SHOWN };
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let (run, attempts) = run_with_attempts(conn, &site, id)?;
            let frozen = frozen_for(conn, &visit.ctx, &site, &run, &attempts)?;
            let sheet = payroll::table::sheet(conn, site.id, run.sheet_id)?.ok_or_else(Problem::not_found)?;
            let lines = payroll::table::lines_of(conn, site.id, sheet.id)?;
            let waiting = lines.iter().filter(|line| line.state.is_orderable() && line.rest().is_positive()).count();
            let mut lines: HashMap<LineId, LineRow> = lines.into_iter().map(|line| (line.id, line)).collect();
            let mut own: Vec<(AttemptRow, LineRow)> = Vec::with_capacity(attempts.len());
            for attempt in attempts {
                own.extend(lines.remove(&attempt.line_id).map(|line| (attempt, line)));
            }
            let mut held: Vec<LineRow> = lines.into_values().filter(|line| line.state == LineState::Held).collect();
            held.sort_by_key(|line| line.id);
            let held_total = held.len();
            held.truncate(size);
            let paid = own.iter().filter(|(attempt, _)| attempt.state == AttemptState::Paid).count();
            let unknown = own.iter().filter(|(attempt, _)| attempt.state == AttemptState::Unknown).count();
            let failed = own.iter().filter(|(attempt, line)| needs_somebody(attempt, line)).count();
            // Failed ones first: they need somebody.
            own.sort_by_key(|(attempt, line)| !needs_somebody(attempt, line));
            let pages = own.len().div_ceil(size).max(1);
            let page = wanted.unwrap_or(1).clamp(1, pages);
            let before = (page - 1).saturating_mul(size);
            let (attempts, rows): (Vec<AttemptRow>, Vec<LineRow>) = own.into_iter().skip(before).take(size).unzip();
            // People are looked up and decrypted for what this page shows only; lines come back in the order they were given.
            let shown = lines_of(conn, visit.ctx.vault(), &site, rows)?;
            let payments = attempts.into_iter().zip(shown).map(|(attempt, line)| Payment { attempt, line }).collect();
            let mut later = payroll::pay_run::table::of_sheet(conn, site.id, sheet.id)?;
            let parts = parts_of(conn, site.id, id)?;
            // The other files of the same order are no later attempt.
            later.retain(|other| other.id > id && !parts.iter().any(|part| part.run_id == other.id));
            Ok(RunPage {
                f: Frame::of(visit),
                created_by: user_name(conn, &run.created_by)?,
                held: lines_of(conn, visit.ctx.vault(), &site, held)?,
                held_total,
                paid,
                failed,
                payments,
                from: before.saturating_add(1),
                page,
                pages,
                prints,
                later,
                inquiries: inquiries_of(conn, site.id, id)?,
                parts,
                unknown,
                waiting,
                repeats: payroll::pay_run::table::runs_to_repeat(conn, site.id, sheet.id)?.contains(&id),
                frozen,
                sees_people: can(conn, visit, project, Verb::ReadWorkers),
                may_pay: can(conn, visit, project, Verb::PayWages),
                may_feed: can(conn, visit, project, Verb::FeedBank),
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

async fn inquire(form: Form, path: web::Path<(ProjectId, PayRunId)>) -> Shown {
    let (project, run) = path.into_inner();
    let (kind, note): (InquiryKind, String) = (form.parse("kind")?, form.required("note")?.to_owned());
    form.write(Verb::PayWages, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        silence::inquire(tx, ctx, &site, run, kind, &note)
    })
    .await?;
    done(&format!("/projects/{project}/runs/{run}"), "bank_asked", 1)
}

async fn release(form: Form, path: web::Path<(ProjectId, SheetId)>) -> Shown {
    let (project, sheet) = path.into_inner();
    let (line, note): (LineId, String) = (form.parse("line")?, form.required("note")?.to_owned());
    form.write(Verb::PayWages, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        checks::actions::release_line(tx, ctx, &site, sheet, line, &note)
    })
    .await?;
    done(&format!("/projects/{project}/sheets/{sheet}"), "line_released", 1)
}
