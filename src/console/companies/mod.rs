//! A company across its projects: where it takes part, what is owed there, what its record says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::{Frame, Shown, show};
use crate::base::Fen;
use crate::base::id::{PartyId, ProjectId};
use crate::compliance::Summary;
use crate::compliance::summary::ArrearsWord;
use crate::credit::table::CreditRow;
use crate::parties::table::{self as parties, PartyRow};
use crate::projects::{self, PartyRole};
use crate::realname::{self, conduct::Told};
use crate::store::AnyConn;
use crate::web::{Access, Problem, Route, Verb, Visit};
use crate::{compliance, credit};

/// Companies of a page.
const PAGE: usize = 50;

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    vec![
        Route::page("/companies", read, "Companies of the projects that one sees", || web::get().to(list)),
        Route::page("/companies/{party}", read, "A company across projects", || web::get().to(one)),
    ]
}

/// What a company comes to over the projects that the visitor sees.
#[derive(Default)]
struct Sum {
    roles: Vec<PartyRole>,
    projects: BTreeSet<ProjectId>,
    owing: usize,
    owed: Fen,
}

/// A company with its sum.
struct Line {
    party: PartyRow,
    sum: Sum,
}

#[derive(Template)]
#[template(path = "console/companies/list.html")]
struct ListPage {
    f: Frame,
    lines: Vec<Line>,
    page: usize,
    pages: usize,
    may_register: bool,
}

#[derive(Deserialize)]
struct Query {
    page: Option<usize>,
}

/// Every company of the projects that the visitor sees, the largest arrears first.
fn sums(conn: &mut AnyConn, visit: &Visit) -> Result<Vec<(PartyId, Sum)>, Problem> {
    let summaries: HashMap<ProjectId, Summary> =
        compliance::table::summaries(conn)?.into_iter().map(|one| (one.project, one)).collect();
    let mut sums: BTreeMap<PartyId, Sum> = BTreeMap::new();
    for (party, project, role) in projects::table::parties_of_covered(conn, &visit.ctx.scope)? {
        let sum = sums.entry(party).or_default();
        if !sum.roles.contains(&role) {
            sum.roles.push(role);
        }
        // A company with two roles on a project owes what is owed there once.
        if !sum.projects.insert(project) {
            continue;
        }
        if let Some(summary) = summaries.get(&project).filter(|one| one.arrears == ArrearsWord::Owed) {
            sum.owing += 1;
            sum.owed = sum.owed.plus(summary.owed)?;
        }
    }
    let mut sums: Vec<(PartyId, Sum)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.owed, sum.projects.len())));
    Ok(sums)
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let wanted = query.page.unwrap_or(1);
    let (lines, page, pages) = visit
        .read(move |conn, visit| {
            let sums = sums(conn, visit)?;
            let pages = sums.len().div_ceil(PAGE).max(1);
            let page = wanted.clamp(1, pages);
            let shown: Vec<(PartyId, Sum)> = sums.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
            let ids: Vec<PartyId> = shown.iter().map(|(id, _)| *id).collect();
            let rows = parties::some(conn, &visit.ctx.scope, &ids)?;
            let mut rows: HashMap<PartyId, PartyRow> = rows.into_iter().map(|row| (row.id, row)).collect();
            let lines = shown.into_iter().filter_map(|(id, sum)| Some(Line { party: rows.remove(&id)?, sum }));
            Ok((lines.collect(), page, pages))
        })
        .await?;
    let may_register = visit.able(Verb::RegisterParties).is_some();
    show(&ListPage { f: Frame::of(&visit), lines, page, pages, may_register })
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
    /// What contractors' systems told of it, by project; as visible as the record.
    conduct: Vec<(String, Told)>,
}

async fn one(visit: Visit, party: web::Path<PartyId>) -> Shown {
    let id = party.into_inner();
    let (party, parent, mut parts, record, conduct) = visit
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
            let (mut conduct, mut seen) = (Vec::new(), BTreeSet::new());
            for part in parts.iter().filter(|part| record.is_some() && seen.insert(part.id)) {
                let told = realname::conduct::of_company(conn, &visit.ctx, part.id, id)?;
                conduct.extend(told.into_iter().map(|one| (part.name.clone(), one)));
            }
            // Whoever registers companies finds the one that was just put on record, although it takes part in nothing yet.
            let is_fresh = taking_part.is_empty() && visit.able(Verb::RegisterParties).is_some();
            if parts.is_empty() && record.is_none() && !is_fresh {
                return Err(Problem::not_found());
            }
            Ok((party, parent, parts, record, conduct))
        })
        .await?;
    let today = visit.ctx.today;
    parts.sort_by_key(|part| std::cmp::Reverse(part.summary.as_ref().map_or((1, 0, 0, 0), |one| one.trouble(today))));
    let owed = Fen::total(parts.iter().filter_map(|part| part.summary.as_ref()).map(|one| one.owed))?;
    show(&OnePage { f: Frame::of(&visit), party, parent, parts, owed, record, conduct })
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
