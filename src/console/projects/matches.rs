//! Attendance, pay sheet and bank of a month side by side, and saying what was found of a difference.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::base::{Day, Fen, Moment, Month, Unreadable};
use crate::console::month::attachment;
use crate::console::{Frame, Shown, done, in_query, show};
use crate::matching::actions::{Matched, NewDecision, decide as keep, matched};
use crate::matching::http::{DifferenceView, KindCount, MatchRow, StandingCount, Wanted, counts, page as rows_after};
use crate::matching::sheet::{self, FileForm};
use crate::matching::{Difference, Found, MatchStanding, NOTE_MAX};
use crate::projects::enter;
use crate::settlement::doubts::{self, Doubt};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Rows of a page.
const ROWS: usize = 50;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let compare = Access::Holds(Verb::MatchWages);
    vec![
        Route::page("/projects/{project}/matches", compare, "Attendance, pay sheet and bank of a month", || web::get().to(page))
            .of_any_time(),
        Route::page("/projects/{project}/matches/file", compare, "The match as a file", || web::get().to(file))
            .serves("text/csv")
            .of_any_time(),
        Route::form("/projects/{project}/matches", compare, "Say what was found of a difference", || web::post().to(decide)),
    ]
}

#[derive(Deserialize)]
struct Query {
    month: Option<String>,
    standing: Option<String>,
    kind: Option<String>,
    after: Option<i64>,
    form: Option<String>,
}

#[derive(Template)]
#[template(path = "console/projects/matches.html")]
struct MatchesPage {
    f: Frame,
    head: Head,
    month: Month,
    before: Month,
    after: Option<Month>,
    due_on: Day,
    standings: Vec<StandingCount>,
    kinds: Vec<KindCount>,
    rows: Vec<MatchRow>,
    wanted: Wanted,
    next: Option<i64>,
    sheets: BTreeMap<LineId, SheetId>,
    note_max: usize,
    /// Entries of the bank that nobody has explained.
    doubts: Vec<Doubt>,
    /// The past that is shown instead of the present.
    known_at: Option<Moment>,
}

impl MatchesPage {
    fn path(&self) -> String {
        format!("/projects/{}/matches", self.head.id)
    }

    fn sheet_of(&self, line: &LineId) -> Option<&SheetId> {
        self.sheets.get(line)
    }

    fn badge(&self, standing: &MatchStanding) -> &'static str {
        match standing {
            MatchStanding::Differs => "bad",
            MatchStanding::Explained | MatchStanding::ExplainedWaits => "warn",
            MatchStanding::NotKnown => "unknown",
            MatchStanding::NotDue => "plain",
            MatchStanding::Agrees => "good",
        }
    }

    /// Whether the money of a difference has reached nobody yet.
    fn is_only_listed(&self, row: &MatchRow, one: &DifferenceView) -> bool {
        one.kind == Difference::PaidWithoutAttendance && row.paid == Fen::ZERO
    }

    fn days(&self, hundredths: &i64) -> String {
        rust_decimal::Decimal::new(*hundredths, 2).normalize().to_string()
    }

    fn found(&self) -> &'static [Found] {
        Found::ALL
    }

    /// The filter as a query, for the next page.
    fn filter(&self) -> String {
        let standing = self.wanted.standing.map(|standing| format!("&standing={standing}")).unwrap_or_default();
        let kind = self.wanted.kind.map(|kind| format!("&kind={kind}")).unwrap_or_default();
        format!("?month={}{standing}{kind}{}", self.month, self.past())
    }

    /// What keeps a link in the past that is shown.
    fn past(&self) -> String {
        self.known_at.map(|at| format!("&known_at={}", in_query(&at.to_string()))).unwrap_or_default()
    }
}

fn read<T: std::str::FromStr<Err = Unreadable>>(name: &str, text: Option<&String>) -> Result<Option<T>, Problem> {
    let given = text.filter(|text| !text.is_empty());
    given.map(|text| text.parse().map_err(|error| Problem::unreadable(name, &error))).transpose()
}

/// What is shown when nobody says: what differs, else what is not known, else everything.
fn first_look(matched: &Matched) -> Wanted {
    let has = |standing: MatchStanding| matched.rows.iter().any(|row| matched.standing(row) == standing);
    let standing = [MatchStanding::Differs, MatchStanding::ExplainedWaits, MatchStanding::NotKnown]
        .into_iter()
        .find(|standing| has(*standing));
    Wanted { standing, kind: None }
}

impl Query {
    /// The month asked for, or the one before that in which the visitor stands, be it in the past.
    fn month(&self, today: Day) -> Result<Month, Problem> {
        Ok(read("month", self.month.as_ref())?.unwrap_or_else(|| today.month().plus(-1)))
    }

    /// Which rows; none where nobody says.
    fn wanted(&self) -> Result<Option<Wanted>, Problem> {
        let everything = self.standing.as_deref() == Some("all");
        let standing = if everything { None } else { read("standing", self.standing.as_ref())? };
        let kind: Option<Difference> = read("kind", self.kind.as_ref())?;
        Ok((everything || standing.is_some() || kind.is_some()).then_some(Wanted { standing, kind }))
    }
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let (id, query) = (project.into_inner(), query.into_inner());
    let page = visit
        .read(move |conn, visit| {
            let today = visit.ctx.today;
            let (month, asked) = (query.month(today)?, query.wanted()?);
            let (site, head) = Head::enter(conn, visit, id)?;
            let matched = matched(conn, &visit.ctx, &site, month)?;
            let wanted = asked.unwrap_or_else(|| first_look(&matched));
            let (standings, kinds) = counts(&matched);
            let (rows, next) = rows_after(&matched, wanted, query.after.unwrap_or(0), ROWS);
            let lines = matched.facts.people.iter().flat_map(|person| &person.lines);
            Ok(MatchesPage {
                f: Frame::of(visit),
                head,
                month,
                before: month.plus(-1),
                after: (month < today.month()).then(|| month.plus(1)),
                due_on: matched.facts.due_on,
                standings,
                kinds,
                rows,
                wanted,
                next,
                sheets: lines.map(|line| (line.id, line.sheet)).collect(),
                note_max: NOTE_MAX,
                doubts: doubts::open(conn, site.id)?,
                known_at: visit.ctx.known_at.as_ref().map(|known| known.at),
            })
        })
        .await?;
    show(&page)
}

/// What the page shows as a file in the page's language; everybody where no row is asked for.
async fn file(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let (id, query) = (project.into_inner(), query.into_inner());
    let form = read("form", query.form.as_ref())?.unwrap_or(FileForm::Csv);
    let (name, bytes) = visit
        .read(move |conn, visit| {
            let (month, asked) = (query.month(visit.ctx.today)?, query.wanted()?);
            let site = enter(conn, &visit.ctx.scope, id)?;
            let matched = matched(conn, &visit.ctx, &site, month)?;
            let f = Frame::of(visit);
            let rows = sheet::rows(&matched, asked.unwrap_or_default(), &|word| f.word(word).into_owned());
            let header = if f.is_zh() { &sheet::FIELDS_ZH } else { &sheet::FIELDS_EN };
            let bytes = sheet::file(form, header, &rows).map_err(|error| Problem::internal(&error.to_string()))?;
            Ok((format!("{}-{month}.{form}", site.code), bytes))
        })
        .await?;
    attachment(form.media(), &name, bytes)
}

async fn decide(form: Form, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let month: Month = form.parse("month")?;
    let new = NewDecision {
        subject: form.parse("subject")?,
        kind: form.parse("kind")?,
        basis: form.required("basis")?.to_owned(),
        found: form.parse("found")?,
        note: form.required("note")?.to_owned(),
        document_id: form.parse_opt("document")?,
    };
    let kind = new.kind;
    form.write(Verb::MatchWages, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        keep(tx, ctx, &site, month, &new)
    })
    .await?;
    done(&format!("/projects/{id}/matches?month={month}&kind={}", in_query(kind.as_str())), "difference_judged", 1)
}
