//! What was found over time: a row for each assessment, a column for each system.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::card::badge;
use super::head::Head;
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::compliance::table;
use crate::console::{Frame, Shown, show};
use crate::law::System;
use crate::law::finding::SystemState;
use crate::web::Visit;

/// Assessments of a page.
const PAGE: i64 = 60;

#[derive(Deserialize)]
pub(super) struct Query {
    before: Option<i64>,
}

struct Kept {
    as_of: Day,
    cells: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "console/projects/findings.html")]
struct FindingsPage {
    f: Frame,
    head: Head,
    systems: &'static [System],
    kept: Vec<Kept>,
    next: Option<i64>,
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>, query: web::Query<Query>) -> Shown {
    let (id, before) = (project.into_inner(), query.before.unwrap_or(i64::MAX));
    let (head, rows) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            Ok((head, table::page_back(conn, site.id, before, PAGE)?))
        })
        .await?;
    let is_full = rows.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = rows.last().map(|row| row.id.0).filter(|_| is_full);
    let kept = rows.iter().map(|row| {
        let card: std::collections::BTreeMap<System, SystemState> = serde_json::from_str(&row.card).unwrap_or_default();
        let cell = |system: &System| card.get(system).map_or(("plain", "none"), |one| (badge(one.state), one.state.as_str()));
        Kept { as_of: row.as_of, cells: System::ALL.iter().map(cell).collect() }
    });
    show(&FindingsPage { f: Frame::of(&visit), head, systems: System::ALL, kept: kept.collect(), next })
}
