//! `/api/v1/projects/{project}/matches/{month}`: a month compared, and what people found of its differences.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Matched, NewDecision};
use super::sheet::FileForm;
use super::table::DecisionRow;
use super::{Attended, Difference, Evidence, Found, MatchStanding, Row, Subject, Unknown, sheet};
use crate::base::id::{self, DocumentId, ProjectId, RecordId};
use crate::base::{Day, Fen, Month, Unreadable};
use crate::projects::enter;
use crate::web::paging::PageQuery;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let compare = Access::Holds(Verb::MatchWages);
    vec![
        Route::get(
            "/api/v1/projects/{project}/matches/{month}",
            compare,
            "Attendance, pay sheet and bank of a month side by side",
            || web::get().to(month),
        )
        .query(&[
            ("standing", "only rows with this outcome"),
            ("kind", "only rows with this kind of difference"),
            ("after", "cursor of the last page"),
            ("limit", "rows, 1 to 200"),
        ])
        .of_any_time()
        .gives::<MatchView>(),
        Route::get(
            "/api/v1/projects/{project}/matches/{month}/file",
            compare,
            "The same as CSV (UTF-8 with BOM) or XLSX",
            || web::get().to(file),
        )
        .query(&[
            ("form", "csv (when absent) or xlsx"),
            ("standing", "only rows with this outcome"),
            ("kind", "only rows with this kind of difference"),
        ])
        .of_any_time()
        .serves("text/csv"),
        Route::post(
            "/api/v1/projects/{project}/matches/{month}/decisions",
            compare,
            "Say what was found of a difference",
            || web::post().to(decide),
        )
        .takes::<Decide>()
        .creates::<DecisionRow>(),
    ]
}

/// How many differences of a kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KindCount {
    /// Which.
    pub kind: Difference,
    /// How many.
    pub count: usize,
    /// Of them explained by a person, and confirmed by a second one where they are unpaid wages.
    pub explained: usize,
    /// What they are about in money.
    pub amount: Fen,
}

/// How many rows of an outcome.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StandingCount {
    /// Which.
    pub standing: MatchStanding,
    /// How many.
    pub count: usize,
}

/// A difference with what was found of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DifferenceView {
    /// What.
    pub kind: Difference,
    /// How much money it is about, as far as it is known.
    pub amount: Fen,
    /// Whether that is known: without an agreed rate nobody can say what work earned.
    pub is_known: bool,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// The numbers, to be sent back with a decision.
    pub basis: String,
    /// What was found of it, while the numbers are those that were seen.
    pub decision: Option<DecisionRow>,
    /// Whether it is explained and waits for the labour authority to confirm it.
    pub waits: bool,
}

/// One worker, or one payee whom nobody knows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MatchRow {
    /// Worker or entry of the bank.
    pub subject: String,
    /// Name of the worker, or of the payee as the bank gives it.
    pub name: Option<String>,
    /// The worker's latest enrolment.
    pub enrolment: Option<RecordId>,
    /// Work days in hundredths by the gates; `null` where nobody can say.
    pub attended: Option<i64>,
    /// Work days in hundredths by the sheets; `null` without a line.
    pub sheet_days: Option<i64>,
    /// Owed by the sheets.
    pub net: Option<Fen>,
    /// Contested of it.
    pub disputed: Option<Fen>,
    /// What has reached the worker, or left to the payee, by the bank.
    pub paid: Fen,
    /// By when it is due.
    pub due_on: Day,
    /// What the three say together.
    pub standing: MatchStanding,
    /// What does not agree.
    pub differences: Vec<DifferenceView>,
    /// What is not known.
    pub not_known: Vec<Unknown>,
}

/// A month compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MatchView {
    /// The month that was worked.
    pub month: Month,
    /// By when its wages are due where no line says it.
    pub due_on: Day,
    /// Rows of the whole month by outcome.
    pub standings: Vec<StandingCount>,
    /// Differences of the whole month by kind.
    pub kinds: Vec<KindCount>,
    /// Rows.
    pub items: Vec<MatchRow>,
    /// Cursor of the next page, `null` on the last.
    pub next: Option<String>,
}

/// A row as it is shown.
pub fn row_view(matched: &Matched, row: &Row) -> MatchRow {
    let differences = row.differs.iter().map(|one| DifferenceView {
        kind: one.kind,
        amount: one.amount,
        is_known: one.is_known,
        evidence: one.evidence.clone(),
        basis: one.basis.clone(),
        decision: matched.found(row.subject, one).cloned(),
        waits: matched.is_explained(row.subject, one) && !matched.is_cleared(row.subject, one),
    });
    MatchRow {
        subject: row.subject.to_string(),
        name: row.name.clone(),
        enrolment: row.enrolment,
        attended: row.attended.and_then(|attended| if let Attended::Days(days) = attended { Some(days) } else { None }),
        sheet_days: row.sheet.map(|sheet| sheet.days),
        net: row.sheet.map(|sheet| sheet.net),
        disputed: row.sheet.map(|sheet| sheet.disputed),
        paid: row.paid,
        due_on: row.due_on,
        standing: matched.standing(row),
        differences: differences.collect(),
        not_known: row.unknown.clone(),
    }
}

/// The whole month in numbers: rows by outcome and differences by kind.
pub fn counts(matched: &Matched) -> (Vec<StandingCount>, Vec<KindCount>) {
    let standings = MatchStanding::ALL.iter().map(|standing| {
        let count = matched.rows.iter().filter(|row| matched.standing(row) == *standing).count();
        StandingCount { standing: *standing, count }
    });
    let kinds = Difference::ALL.iter().map(|kind| {
        let mut all = KindCount { kind: *kind, count: 0, explained: 0, amount: Fen::ZERO };
        for (row, one) in matched.rows.iter().flat_map(|row| row.differs.iter().map(move |one| (row, one))) {
            if one.kind == *kind {
                all.count += 1;
                all.amount = Fen(all.amount.0.saturating_add(one.amount.0));
                all.explained += usize::from(matched.is_cleared(row.subject, one));
            }
        }
        all
    });
    (standings.collect(), kinds.collect())
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Of this outcome.
    pub standing: Option<MatchStanding>,
    /// With this kind of difference.
    pub kind: Option<Difference>,
}

impl Wanted {
    /// Whether a row is.
    pub fn takes(&self, matched: &Matched, row: &Row) -> bool {
        self.standing.is_none_or(|standing| matched.standing(row) == standing)
            && self.kind.is_none_or(|kind| row.differs.iter().any(|one| one.kind == kind))
    }
}

/// Some of a month's rows after a number, with where the next ones begin.
pub fn page(matched: &Matched, wanted: Wanted, after: i64, limit: usize) -> (Vec<MatchRow>, Option<i64>) {
    let mut rows = matched.rows.iter().filter(|row| row.subject.number() > after && wanted.takes(matched, row));
    let shown: Vec<&Row> = rows.by_ref().take(limit).collect();
    let next = if rows.next().is_some() { shown.last().map(|row| row.subject.number()) } else { None };
    (shown.into_iter().map(|row| row_view(matched, row)).collect(), next)
}

#[derive(Debug, Deserialize)]
struct MonthQuery {
    standing: Option<String>,
    kind: Option<String>,
    after: Option<String>,
    limit: Option<i64>,
}

fn read<T: std::str::FromStr<Err = Unreadable>>(name: &str, text: Option<&String>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|error| Problem::unreadable(name, &error))).transpose()
}

async fn month(
    call: Call,
    path: web::Path<(ProjectId, String)>,
    query: web::Query<MonthQuery>,
) -> Result<impl Responder, Problem> {
    let (project, month) = path.into_inner();
    let month: Month = month.parse().map_err(|error| Problem::unreadable("month", &error))?;
    let MonthQuery { standing, kind, after, limit } = query.into_inner();
    let wanted = Wanted { standing: read("standing", standing.as_ref())?, kind: read("kind", kind.as_ref())? };
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    let limit = usize::try_from(limit).unwrap_or(1);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let matched = actions::matched(conn, ctx, &site, month)?;
        let (standings, kinds) = counts(&matched);
        let (items, next) = page(&matched, wanted, after, limit);
        Ok(MatchView { month, due_on: matched.facts.due_on, standings, kinds, items, next: next.map(id::encode) })
    })
    .await
}

#[derive(Debug, Deserialize)]
struct FileQuery {
    form: Option<String>,
    standing: Option<String>,
    kind: Option<String>,
}

async fn file(call: Call, path: web::Path<(ProjectId, String)>, query: web::Query<FileQuery>) -> Result<HttpResponse, Problem> {
    let (project, month) = path.into_inner();
    let month: Month = month.parse().map_err(|error| Problem::unreadable("month", &error))?;
    let form = read("form", query.form.as_ref())?.unwrap_or(FileForm::Csv);
    let wanted = Wanted { standing: read("standing", query.standing.as_ref())?, kind: read("kind", query.kind.as_ref())? };
    let reply = call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let rows = sheet::rows(&actions::matched(conn, ctx, &site, month)?, wanted, &str::to_owned);
        sheet::file(form, &sheet::FIELDS, &rows).map_err(|error| Problem::internal(&error.to_string()))
    });
    let bytes = reply.await?.body;
    Ok(HttpResponse::Ok()
        .content_type(form.media())
        .insert_header(("Content-Disposition", format!("attachment; filename=\"match-{month}.{form}\"")))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .body(bytes))
}

/// What was found of a difference.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// Worker or entry of the bank, as the match names it.
    subject: String,
    /// Which difference.
    kind: Difference,
    /// The numbers that were seen, as the match gave them.
    basis: String,
    /// What.
    found: Found,
    /// Why, in words.
    note: String,
    /// A paper that shows it.
    document_id: Option<DocumentId>,
}

async fn decide(call: Call, path: web::Path<(ProjectId, String)>, body: Body<Decide>) -> Result<impl Responder, Problem> {
    let (project, month) = path.into_inner();
    let month: Month = month.parse().map_err(|error| Problem::unreadable("month", &error))?;
    let Decide { subject, kind, basis, found, note, document_id } = body.0;
    let subject: Subject = subject.parse().map_err(|error| Problem::unreadable("subject", &error))?;
    let new = NewDecision { subject, kind, basis, found, note, document_id };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::decide(tx, ctx, &site, month, &new)
    })
    .await
}
