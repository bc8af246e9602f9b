//! One pay sheet: where it stands, how it differs from last month, its lines with signatures; on paper and as XLSX.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::people::{self, Person};
use super::{attachment, can, days};
use crate::attendance::devices;
use crate::attendance::devices::table::DeviceRow;
use crate::base::Fen;
use crate::base::id::{LineId, PayRunId, ProjectId, RecordId, SheetId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, show};
use crate::documents::table::DocumentHead;
use crate::documents::{self, DocumentKind};
use crate::payroll::compare::{self, Change, Compared};
use crate::payroll::imports::left_out::{self, LeftOuts};
use crate::payroll::life;
use crate::payroll::life::table::{NoteRow, PeriodRow};
use crate::payroll::pay_run::table::RunHead;
use crate::payroll::pay_run::{self, Hold};
use crate::payroll::table::{LineRow, SheetRow, SignatureRow};
use crate::payroll::{self, LINES_MAX, LineState, Means, SheetState};
use crate::projects::Site;
use crate::store::{AnyConn, Vault};
use crate::users;
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Lang, Problem, Route, Verb, Visit};
use crate::wire::sheet::write::{Value, xlsx_table};

/// Lines of a page on the screen.
const LINES_SHOWN: i64 = 100;

/// Lines of the page to be printed.
const LINES_PRINTED: i64 = 2_000;

/// Scans of signed sheets that may be chosen from, the latest ones.
const SCANS_MAX: i64 = 200;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadWorkers);
    vec![
        Route::page("/projects/{project}/sheets/{sheet}", read, "One pay sheet", || web::get().to(page)),
        Route::page("/projects/{project}/sheets/{sheet}/xlsx", read, "A pay sheet as XLSX, numbers masked", || {
            web::get().to(xlsx)
        })
        .serves("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ]
}

/// A line with the person behind it.
pub(super) struct Line {
    pub row: LineRow,
    pub person: Option<Person>,
    pub days: String,
    pub signature: Option<SignatureRow>,
}

impl Line {
    pub(super) fn name(&self) -> &str {
        self.person.as_ref().map_or("–", |person| person.view.name.as_str())
    }

    pub(super) fn badge(&self) -> &'static str {
        if self.row.is_part_paid() { "warn" } else { badge(self.row.state) }
    }

    /// Why it is held and what cures it, where a pay run said so.
    pub(super) fn hold(&self) -> Option<Hold> {
        self.row.state_reason.as_deref().filter(|_| self.row.state == LineState::Held)?.parse().ok()
    }

    fn is_unsigned(&self) -> bool {
        self.row.state == LineState::Draft
    }
}

/// The colour of a line's state.
pub(super) fn badge(state: LineState) -> &'static str {
    match state {
        LineState::Paid => "good",
        LineState::Held | LineState::Rejected | LineState::Returned => "bad",
        LineState::Reserved | LineState::Sent | LineState::Accepted | LineState::Unknown => "unknown",
        LineState::Draft => "warn",
        LineState::Signed | LineState::Approved => "plain",
    }
}

/// Lines with people and signatures.
pub(super) fn lines_of(conn: &mut AnyConn, vault: &Vault, site: &Site, rows: Vec<LineRow>) -> Result<Vec<Line>, Problem> {
    let ids: Vec<LineId> = rows.iter().map(|row| row.id).collect();
    let enrolments: Vec<RecordId> = rows.iter().map(|row| row.enrolment_id).collect();
    let signatures = payroll::table::signatures_of(conn, site.id, &ids)?;
    let mut signatures: HashMap<LineId, SignatureRow> = signatures.into_iter().map(|one| (one.line_id, one)).collect();
    let mut people = people::known(conn, vault, site, &enrolments)?;
    let line = |row: LineRow| {
        let signature = signatures.remove(&row.id);
        Line { person: people.remove(&row.enrolment_id), days: days(row.days_hundredths), signature, row }
    };
    Ok(rows.into_iter().map(line).collect())
}

#[derive(Template)]
#[template(path = "console/month/sheet.html")]
struct SheetPage {
    f: Frame,
    head: Head,
    sheet: SheetRow,
    states: Vec<(LineState, i64)>,
    /// Lines that are paid in part, and what is owed of them.
    part_paid: (i64, Fen),
    compared: Compared,
    /// Name, the line on this sheet that it rests on, and the difference.
    changes: Vec<(String, Option<LineId>, Change)>,
    lines: Vec<Line>,
    next: Option<String>,
    prints: bool,
    scans: Vec<DocumentHead>,
    devices: Vec<DeviceRow>,
    runs: Vec<RunHead>,
    /// Those of them of which lines wait to be sent again.
    repeats: Vec<PayRunId>,
    notes: Vec<NoteRow>,
    period: Option<PeriodRow>,
    built_by: String,
    /// Piece work that not both have confirmed.
    pieces: Vec<payroll::items::waiting::Waiting>,
    /// Who stands on it by attendance and not from the file.
    left_out: LeftOuts,
    submitted_by: Option<String>,
    audited_by: Option<String>,
    may_prepare: bool,
    may_pay: bool,
    sees_money: bool,
    may_unmask: bool,
}

impl SheetPage {
    fn path(&self) -> String {
        format!("{}/sheets/{}", self.head.path(), self.sheet.id)
    }

    fn is(&self, state: &str) -> bool {
        self.sheet.state.as_str() == state
    }

    fn days(&self, hundredths: &i64) -> String {
        rust_decimal::Decimal::new(*hundredths, 2).normalize().to_string()
    }

    fn run_state(&self, run: &RunHead) -> String {
        super::run::state_word(&self.f, run, self.repeats.contains(&run.id))
    }

    fn days_of(&self, hundredths: &i32) -> String {
        days(*hundredths)
    }

    fn side(&self, side: &Option<(i32, crate::base::Fen)>) -> String {
        side.map_or_else(|| "–".to_owned(), |(hundredths, net)| format!("{} · {}", days(hundredths), self.f.yuan(net)))
    }

    /// What the office can record for workers; by link they sign themselves.
    fn means(&self) -> [Means; 2] {
        [Means::Paper, Means::Device]
    }

    /// Lines in a state; those that are paid in part are counted apart.
    fn count(&self, state: &LineState, count: &i64) -> i64 {
        if *state == LineState::Paid { count.saturating_sub(self.part_paid.0) } else { *count }
    }

    fn unsigned(&self) -> i64 {
        self.states.iter().find(|(state, _)| *state == LineState::Draft).map_or(0, |(_, count)| *count)
    }

    /// Whether it may be looked at before an order.
    fn is_payable(&self) -> bool {
        self.sheet.state.is_payable()
    }

    /// Whether an order has anything to take.
    fn is_open(&self) -> bool {
        let open = |state: &LineState| {
            matches!(state, LineState::Approved | LineState::Held | LineState::Rejected | LineState::Returned)
        };
        matches!(self.sheet.state, SheetState::Audited | SheetState::Published)
            && (self.part_paid.0 > 0 || self.states.iter().any(|(state, _)| open(state)))
    }
}

#[derive(Deserialize)]
struct LinesQuery {
    after: Option<String>,
    print: Option<String>,
}

async fn page(visit: Visit, path: web::Path<(ProjectId, SheetId)>, query: web::Query<LinesQuery>) -> Shown {
    let (project, id) = path.into_inner();
    let prints = query.print.is_some();
    let (after, _) = PageQuery::new(query.after.clone(), None).bounds()?;
    let limit = if prints { LINES_PRINTED } else { LINES_SHOWN };
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, project)?;
            let sheet = payroll::table::sheet(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
            let rows = payroll::table::line_page(conn, site.id, id, after, limit + 1)?;
            let Page { items, next } = Page::cut(rows, limit, |row| row.id.0);
            let compared = compare::since_before(conn, &site, &sheet)?;
            let ids: Vec<RecordId> = compared.changes.iter().map(|change| change.enrolment).collect();
            let known = people::known(conn, visit.ctx.vault(), &site, &ids)?;
            let name = |id: &RecordId| known.get(id).map(|person| person.view.name.clone()).unwrap_or_default();
            let mut changes = Vec::with_capacity(compared.changes.len());
            for change in &compared.changes {
                let lines = payroll::table::lines_of_enrolment(conn, site.id, change.enrolment)?;
                let line = lines.iter().find(|line| line.sheet_id == id).map(|line| line.id);
                changes.push((name(&change.enrolment), line, *change));
            }
            let scans = documents::table::of_kind(conn, site.id, DocumentKind::SignedSheet, i64::MAX, SCANS_MAX)?;
            let may_see_runs = can(conn, visit, project, Verb::ReadMoney);
            Ok(SheetPage {
                f: Frame::of(visit),
                states: payroll::table::state_counts(conn, site.id, id)?,
                pieces: payroll::items::waiting::of(conn, site.id, Some(id))?,
                left_out: left_out::open_of(conn, &site, id)?,
                part_paid: payroll::table::part_paid(conn, site.id, id)?,
                compared,
                changes,
                lines: lines_of(conn, visit.ctx.vault(), &site, items)?,
                next,
                prints,
                scans,
                devices: devices::table::of_project(conn, site.id)?,
                repeats: if may_see_runs { pay_run::table::runs_to_repeat(conn, site.id, id)? } else { Vec::new() },
                runs: if may_see_runs { pay_run::table::of_sheet(conn, site.id, id)? } else { Vec::new() },
                notes: life::table::notes_of(conn, site.id, id)?,
                period: life::table::period_of(conn, site.id, id)?,
                built_by: user_name(conn, &sheet.built_by)?,
                submitted_by: sheet.submitted_by.as_deref().map(|user| user_name(conn, user)).transpose()?,
                audited_by: sheet.audited_by.as_deref().map(|user| user_name(conn, user)).transpose()?,
                may_prepare: can(conn, visit, project, Verb::PrepareSheets),
                may_pay: can(conn, visit, project, Verb::PayWages),
                sees_money: may_see_runs,
                may_unmask: can(conn, visit, project, Verb::Unmask),
                sheet,
                head,
            })
        })
        .await?;
    show(&page)
}

/// The name of a user as kept in a row; what is no user's id stays as it is.
pub(super) fn user_name(conn: &mut AnyConn, actor: &str) -> Result<String, Problem> {
    let Ok(id) = actor.parse() else { return Ok(actor.to_owned()) };
    Ok(users::table::find(conn, id)?.map_or_else(|| actor.to_owned(), |user| user.name))
}

async fn xlsx(visit: Visit, path: web::Path<(ProjectId, SheetId)>) -> Shown {
    let (project, id) = path.into_inner();
    let (site, sheet, lines) = visit
        .read(move |conn, visit| {
            let site = crate::projects::enter(conn, &visit.ctx.scope, project)?;
            let sheet = payroll::table::sheet(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
            let limit = i64::try_from(LINES_MAX).unwrap_or(i64::MAX);
            let rows = payroll::table::line_page(conn, site.id, id, 0, limit)?;
            let lines = lines_of(conn, visit.ctx.vault(), &site, rows)?;
            Ok((site, sheet, lines))
        })
        .await?;
    let is_zh = visit.lang == Lang::Zh;
    let header: [&str; 13] = if is_zh {
        ["序号", "姓名", "班组", "工种", "证件号码", "出勤天数", "日工资", "应发", "扣款", "实发", "银行卡号", "状态", "本人签字"]
    } else {
        [
            "no.",
            "name",
            "crew",
            "trade",
            "identity number",
            "days",
            "day rate",
            "gross",
            "deductions",
            "net",
            "card",
            "state",
            "signature",
        ]
    };
    let f = Frame::of(&visit);
    let text = |text: &str| Value::Text(text.to_owned());
    let rows: Vec<Vec<Value>> = (1_usize..)
        .zip(&lines)
        .map(|(number, line)| {
            let person = |pick: fn(&Person) -> Option<&str>| Value::text(line.person.as_ref().and_then(pick));
            vec![
                Value::Text(number.to_string()),
                text(line.name()),
                person(|one| Some(&one.crew)),
                person(|one| Some(&one.view.trade)),
                person(|one| Some(&one.view.id_number)),
                Value::Number(rust_decimal::Decimal::new(i64::from(line.row.days_hundredths), 2)),
                Value::Money(line.row.day_rate_fen),
                Value::Money(line.row.gross_fen),
                Value::Money(line.row.deductions_fen),
                Value::Money(line.row.net_fen),
                person(|one| one.view.card.as_deref()),
                text(&f.word(line.row.state.as_str())),
                Value::Text(
                    line.signature
                        .as_ref()
                        .map_or_else(String::new, |one| format!("{} {}", f.word(one.means.as_str()), one.signed_on)),
                ),
            ]
        })
        .collect();
    let bytes = xlsx_table("工资支付表", &header, &rows).map_err(|error| Problem::internal(&error.to_string()))?;
    let name = format!("{}-{}-{}.xlsx", site.code, sheet.month, sheet.part);
    attachment("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &name, bytes)
}
