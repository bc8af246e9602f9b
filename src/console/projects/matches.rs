//! Attendance, pay sheet and bank of a month side by side, and saying what was found of a difference.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::base::id::{LineId, ProjectId, SheetId};
use crate::base::{Month, Unreadable};
use crate::console::{Frame, Shown, done, in_query, show};
use crate::matching::actions::{Matched, NewDecision, decide as keep, matched};
use crate::matching::http::{KindCount, MatchRow, StandingCount, Wanted, counts, page as rows_after};
use crate::matching::{Difference, Found, MatchStanding, NOTE_MAX};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Rows of a page.
const ROWS: usize = 50;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let compare = Access::Holds(Verb::MatchWages);
    vec![
        Route::page("/projects/{project}/matches", compare, "Attendance, pay sheet and bank of a month", || web::get().to(page)),
        Route::form("/projects/{project}/matches", compare, "Say what was found of a difference", || web::post().to(decide)),
    ]
}

#[derive(Deserialize)]
struct Query {
    month: Option<String>,
    standing: Option<String>,
    kind: Option<String>,
    after: Option<i64>,
}

#[derive(Template)]
#[template(path = "console/projects/matches.html")]
struct MatchesPage {
    f: Frame,
    head: Head,
    month: Month,
    before: Month,
    after: Option<Month>,
    due_on: crate::base::Day,
    standings: Vec<StandingCount>,
    kinds: Vec<KindCount>,
    rows: Vec<MatchRow>,
    wanted: Wanted,
    next: Option<i64>,
    sheets: BTreeMap<LineId, SheetId>,
    note_max: usize,
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
            MatchStanding::Explained => "warn",
            MatchStanding::NotKnown => "unknown",
            MatchStanding::NotDue => "plain",
            MatchStanding::Agrees => "good",
        }
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
        format!("?month={}{standing}{kind}", self.month)
    }
}

fn read<T: std::str::FromStr<Err = Unreadable>>(name: &str, text: Option<&String>) -> Result<Option<T>, Problem> {
    let given = text.filter(|text| !text.is_empty());
    given.map(|text| text.parse().map_err(|error| Problem::unreadable(name, &error))).transpose()
}

/// What is shown when nobody says: what differs, else what is not known, else everything.
fn first_look(matched: &Matched) -> Wanted {
    let has = |standing: MatchStanding| matched.rows.iter().any(|row| row.standing(matched.open(row)) == standing);
    let standing = [MatchStanding::Differs, MatchStanding::NotKnown].into_iter().find(|standing| has(*standing));
    Wanted { standing, kind: None }
}

async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let (id, query) = (project.into_inner(), query.into_inner());
    let this_month = visit.ctx.today.month();
    let month = read("month", query.month.as_ref())?.unwrap_or_else(|| this_month.plus(-1));
    let everything = query.standing.as_deref() == Some("all");
    let standing = if everything { None } else { read("standing", query.standing.as_ref())? };
    let kind: Option<Difference> = read("kind", query.kind.as_ref())?;
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let matched = matched(conn, &visit.ctx, &site, month)?;
            let asked = everything || standing.is_some() || kind.is_some();
            let wanted = if asked { Wanted { standing, kind } } else { first_look(&matched) };
            let (standings, kinds) = counts(&matched);
            let (rows, next) = rows_after(&matched, wanted, query.after.unwrap_or(0), ROWS);
            let lines = matched.facts.people.iter().flat_map(|person| &person.lines);
            Ok(MatchesPage {
                f: Frame::of(visit),
                head,
                month,
                before: month.plus(-1),
                after: (month < this_month).then(|| month.plus(1)),
                due_on: matched.facts.due_on,
                standings,
                kinds,
                rows,
                wanted,
                next,
                sheets: lines.map(|line| (line.id, line.sheet)).collect(),
                note_max: NOTE_MAX,
            })
        })
        .await?;
    show(&page)
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
