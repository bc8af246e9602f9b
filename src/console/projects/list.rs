//! Projects by trouble: money × people × days, what is owed before what is not known, and that before what is clear.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::id::ProjectId;
use crate::base::{Day, Fen};
use crate::compliance::summary::ArrearsWord;
use crate::compliance::{self, Summary};
use crate::console::{Frame, Shown, regions, show};
use crate::projects;
use crate::projects::table::ProjectRow;
use crate::store::AnyConn;
use crate::web::{Problem, Verb, Visit};

/// Projects of a page.
const PAGE: usize = 50;

/// Projects that are sorted at most; a province has fewer.
const SORTED_MAX: i64 = 20_000;

/// The longest search.
const SEARCH_MAX: usize = 60;

#[derive(Deserialize)]
pub(super) struct Query {
    q: Option<String>,
    page: Option<usize>,
}

/// A row of the list.
struct Row {
    project: ProjectRow,
    region: String,
    summary: Option<Summary>,
}

impl Row {
    fn arrears(&self) -> ArrearsWord {
        self.summary.as_ref().map_or(ArrearsWord::Unknown, |summary| summary.arrears)
    }

    fn badge(&self) -> &'static str {
        match self.arrears() {
            ArrearsWord::Owed => "bad",
            ArrearsWord::Clear => "good",
            ArrearsWord::Unknown => "unknown",
        }
    }

    fn days(&self, today: &Day) -> i64 {
        self.summary.as_ref().map_or(0, |summary| summary.days_late(*today))
    }
}

/// Totals over everything that the visitor sees, found or not.
#[derive(Default)]
struct Totals {
    projects: usize,
    owed: Fen,
    workers: u64,
    owing: usize,
    unknown: usize,
}

#[derive(Template)]
#[template(path = "console/projects/list.html")]
struct ListPage {
    f: Frame,
    rows: Vec<Row>,
    totals: Totals,
    search: String,
    page: usize,
    pages: usize,
    may_register: bool,
}

pub(super) async fn page(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { q, page } = query.into_inner();
    let search: String = q.unwrap_or_default().trim().chars().take(SEARCH_MAX).collect();
    let wanted = search.clone();
    let (mut rows, totals) = visit.read(move |conn, visit| gather(conn, visit, &wanted)).await?;
    let pages = rows.len().div_ceil(PAGE).max(1);
    let page = page.unwrap_or(1).clamp(1, pages);
    let mut rows: Vec<Row> = rows.drain(..).skip((page - 1) * PAGE).take(PAGE).collect();
    for row in &mut rows {
        row.region = regions::name(row.project.region);
    }
    let may_register = visit.able(Verb::RegisterProjects).is_some();
    show(&ListPage { f: Frame::of(&visit), rows, totals, search, page, pages, may_register })
}

fn gather(conn: &mut AnyConn, visit: &Visit, search: &str) -> Result<(Vec<Row>, Totals), Problem> {
    let seen = projects::visible(conn, &visit.ctx.scope, 0, SORTED_MAX)?;
    let mut summaries: HashMap<ProjectId, Summary> =
        compliance::table::summaries(conn)?.into_iter().map(|summary| (summary.project, summary)).collect();
    let mut totals = Totals { projects: seen.len(), ..Totals::default() };
    let mut rows = Vec::with_capacity(seen.len());
    for project in seen {
        let summary = summaries.remove(&project.id);
        if let Some(summary) = &summary {
            totals.owed = totals.owed.plus(summary.owed)?;
            totals.workers += u64::from(summary.workers);
        }
        let row = Row { project, region: String::new(), summary };
        totals.owing += usize::from(row.arrears() == ArrearsWord::Owed);
        totals.unknown += usize::from(row.arrears() == ArrearsWord::Unknown);
        if search.is_empty() || row.project.name.contains(search) || row.project.code.contains(search) {
            rows.push(row);
        }
    }
    let today = visit.ctx.today;
    // A project that was never assessed is not known, which is trouble of its own.
    rows.sort_by_key(|row| std::cmp::Reverse(row.summary.as_ref().map_or((1, 0, 0, 0), |summary| summary.trouble(today))));
    Ok((rows, totals))
}
