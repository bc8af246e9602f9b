//! A company across its projects: where it takes part, what is owed there, what its record says.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;

use super::{Frame, Shown, show};
use crate::base::Fen;
use crate::base::id::{PartyId, ProjectId};
use crate::compliance::Summary;
use crate::compliance::summary::ArrearsWord;
use crate::credit::table::CreditRow;
use crate::parties::table::{self as parties, PartyRow};
use crate::projects::{self, PartyRole};
use crate::web::{Access, Problem, Route, Verb, Visit};
use crate::{compliance, credit};

/// Companies of the list.
const LISTED_MAX: i64 = 500;

/// Projects that are looked through at most.
const PROJECTS_MAX: i64 = 20_000;

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    vec![
        Route::page("/companies", read, "Companies of the projects that one sees", || web::get().to(list)),
        Route::page("/companies/{party}", read, "A company across projects", || web::get().to(one)),
    ]
}

/// A company with what it comes to over the projects that the visitor sees.
struct Line {
    party: PartyRow,
    roles: Vec<PartyRole>,
    projects: usize,
    owing: usize,
    owed: Fen,
}

#[derive(Template)]
#[template(path = "console/companies/list.html")]
struct ListPage {
    f: Frame,
    lines: Vec<Line>,
    may_register: bool,
}

async fn list(visit: Visit) -> Shown {
    let mut lines = visit
        .read(|conn, visit| {
            let seen: Vec<ProjectId> =
                projects::visible(conn, &visit.ctx.scope, 0, PROJECTS_MAX)?.into_iter().map(|row| row.id).collect();
            let summaries: HashMap<ProjectId, Summary> =
                compliance::table::summaries(conn)?.into_iter().map(|one| (one.project, one)).collect();
            let mut lines = Vec::new();
            let taking_part = projects::table::parties_by_project(conn)?;
            for party in parties::list(conn, &visit.ctx.scope, 0, LISTED_MAX)? {
                let mut line = Line { party, roles: Vec::new(), projects: 0, owing: 0, owed: Fen::ZERO };
                let Some(own) = taking_part.get(&line.party.id) else { continue };
                for (project, role) in own.iter().filter(|(project, _)| seen.binary_search(project).is_ok()) {
                    line.projects += 1;
                    if !line.roles.contains(role) {
                        line.roles.push(*role);
                    }
                    if let Some(summary) = summaries.get(project).filter(|one| one.arrears == ArrearsWord::Owed) {
                        line.owing += 1;
                        line.owed = line.owed.plus(summary.owed)?;
                    }
                }
                if line.projects > 0 {
                    lines.push(line);
                }
            }
            Ok(lines)
        })
        .await?;
    lines.sort_by_key(|line| std::cmp::Reverse((line.owed, line.projects)));
    let may_register = visit.able(Verb::RegisterParties).is_some();
    show(&ListPage { f: Frame::of(&visit), lines, may_register })
}

/// A project of the company.
struct Part {
    id: ProjectId,
    name: String,
    code: String,
    role: PartyRole,
    summary: Option<Summary>,
}

#[derive(Template)]
#[template(path = "console/companies/one.html")]
struct OnePage {
    f: Frame,
    party: PartyRow,
    parent: Option<PartyRow>,
    parts: Vec<Part>,
    owed: Fen,
    /// The record, where the visitor may look at it.
    record: Option<Vec<CreditRow>>,
}

async fn one(visit: Visit, party: web::Path<PartyId>) -> Shown {
    let id = party.into_inner();
    let (party, parent, mut parts, record) = visit
        .read(move |conn, visit| {
            let scope = &visit.ctx.scope;
            let party = parties::find(conn, scope, id)?.ok_or_else(Problem::not_found)?;
            let parent = match party.parent_id {
                Some(parent) => parties::find(conn, scope, parent)?,
                None => None,
            };
            let summaries: HashMap<ProjectId, Summary> =
                compliance::table::summaries(conn)?.into_iter().map(|one| (one.project, one)).collect();
            let mut parts = Vec::new();
            let taking_part = projects::table::of_parties(conn, &[id])?;
            for (project, role) in taking_part.iter().copied() {
                // A project that the visitor may not see is left out, not hinted at.
                if let Ok(site) = projects::enter(conn, scope, project) {
                    let summary = summaries.get(&project).cloned();
                    parts.push(Part { id: project, name: site.name, code: site.code, role, summary });
                }
            }
            let record = match credit::actions::may_look(scope, id) {
                true => Some(credit::table::of_party(conn, id)?),
                false => None,
            };
            // Whoever registers companies finds the one that was just put on record, although it takes part in nothing yet.
            let is_fresh = taking_part.is_empty() && visit.able(Verb::RegisterParties).is_some();
            if parts.is_empty() && record.is_none() && !is_fresh {
                return Err(Problem::not_found());
            }
            Ok((party, parent, parts, record))
        })
        .await?;
    let today = visit.ctx.today;
    parts.sort_by_key(|part| std::cmp::Reverse(part.summary.as_ref().map_or((1, 0, 0, 0), |one| one.trouble(today))));
    let owed = Fen::total(parts.iter().filter_map(|part| part.summary.as_ref()).map(|one| one.owed))?;
    show(&OnePage { f: Frame::of(&visit), party, parent, parts, owed, record })
}

impl Part {
    fn badge(&self) -> (&'static str, &'static str, &'static str) {
        match self.summary.as_ref().map(|one| one.arrears) {
            Some(ArrearsWord::Owed) => ("bad", "欠薪", "owed"),
            Some(ArrearsWord::Clear) => ("good", "无欠薪", "none"),
            _ => ("unknown", "未知", "not known"),
        }
    }
}
