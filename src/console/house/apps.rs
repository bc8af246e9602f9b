//! Apps of contractors' systems: issuing, renewing the secret, switching off, counts and last errors.
//!
//! A secret is shown on the answer to the form that made it and nowhere else, so that page is not one to come back to.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::id::{self, PartyId, ProjectId, RecordId};
use crate::base::person::Uscc;
use crate::console::{Frame, Shown, done, show};
use crate::realname::apps::AppState;
use crate::realname::apps::actions::{self, Bound, Issued, NewApp, Terms};
use crate::realname::apps::http::{SHOWN_DAYS, SHOWN_ERRORS};
use crate::realname::apps::table::AppRow;
use crate::realname::table::{self as rows, CountRow, ErrorRow};
use crate::store::AnyConn;
use crate::web::{Access, Ctx, Form, Problem, Route, Verb, Visit};
use crate::{parties, projects};

/// Apps of a page.
const PAGE: i64 = 100;
/// Projects that the form offers by name.
const OFFERED_MAX: i64 = 200;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::page("/house/apps", operate, "Apps of contractors' systems", || web::get().to(list)),
        Route::form("/house/apps", operate, "Issue an app", || web::post().to(issue)),
        Route::page("/house/apps/{app}", operate, "An app with its counts and last errors", || web::get().to(one)),
        Route::form("/house/apps/{app}/secret", operate, "Renew an app's secret", || web::post().to(renew)),
        Route::form("/house/apps/{app}/state", operate, "Switch an app off or on", || web::post().to(set_state)),
        Route::form("/house/apps/{app}/terms", operate, "Change addresses and methods", || web::post().to(set_terms)),
    ]
}

/// An app as listed, with the name of what it is bound to.
struct Line {
    app: AppRow,
    bound: String,
}

impl Line {
    fn badge(&self) -> &'static str {
        badge(self.app.state)
    }
}

fn badge(state: AppState) -> &'static str {
    match state {
        AppState::Active => "good",
        AppState::Disabled => "unknown",
    }
}

#[derive(Template)]
#[template(path = "console/house/apps.html")]
struct ListPage {
    f: Frame,
    lines: Vec<Line>,
    next: Option<String>,
    offered: Vec<projects::table::ProjectRow>,
    profiles: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "console/house/app.html")]
struct OnePage {
    f: Frame,
    line: Line,
    counts: Vec<CountRow>,
    errors: Vec<ErrorRow>,
    secret: Option<String>,
    corp_secret: Option<String>,
    paths: Vec<String>,
}

fn bound_name(conn: &mut AnyConn, ctx: &Ctx, app: &AppRow) -> Result<String, Problem> {
    let project = match app.project_id {
        Some(project) => Some(projects::site(conn, project)?.name),
        None => None,
    };
    let party = match app.party_id {
        Some(party) => parties::table::find(conn, &ctx.scope, party)?.map(|row| row.name),
        None => None,
    };
    Ok(project.or(party).unwrap_or_default())
}

#[derive(Deserialize)]
struct Query {
    after: Option<String>,
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let after = query.after.as_deref().and_then(id::decode).unwrap_or(0);
    let (lines, next, offered) = visit
        .read(move |conn, visit| {
            let mut found = actions::visible(conn, &visit.ctx, after, PAGE + 1)?;
            let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
            let more = found.len() > page;
            found.truncate(page);
            let next = found.last().filter(|_| more).map(|row| id::encode(row.id.0));
            let mut lines = Vec::with_capacity(found.len());
            for app in found {
                lines.push(Line { bound: bound_name(conn, &visit.ctx, &app)?, app });
            }
            Ok((lines, next, projects::visible(conn, &visit.ctx.scope, 0, OFFERED_MAX)?))
        })
        .await?;
    let platforms = &visit.ctx.ground.settings.platforms;
    let profiles = platforms.all().map(|profile| (profile.code.clone(), profile.name.clone(), profile.name_en.clone())).collect();
    show(&ListPage { f: Frame::of(&visit), lines, next, offered, profiles })
}

async fn page_of(visit: Visit, id: RecordId, issued: Option<Issued>) -> Shown {
    let (line, counts, errors) = visit
        .read(move |conn, visit| {
            let app = actions::enter(conn, &visit.ctx, id)?;
            let counts = rows::counts(conn, app.id, visit.ctx.today.plus_days(-SHOWN_DAYS))?;
            let errors = rows::errors(conn, app.id, SHOWN_ERRORS)?;
            Ok((Line { bound: bound_name(conn, &visit.ctx, &app)?, app }, counts, errors))
        })
        .await?;
    let profile = visit.ctx.ground.settings.platforms.get(&line.app.profile);
    let paths = profile.map(|profile| profile.paths.clone()).unwrap_or_default();
    let (secret, corp_secret) = issued.map_or((None, None), |issued| (Some(issued.secret), issued.corp_secret));
    show(&OnePage { f: Frame::of(&visit), line, counts, errors, secret, corp_secret, paths })
}

async fn one(visit: Visit, app: web::Path<RecordId>) -> Shown {
    page_of(visit, app.into_inner(), None).await
}

fn terms(form: &Form) -> Result<Terms, Problem> {
    let words = |name: &str| form.text(name).unwrap_or_default().split([' ', ',', '，', '\r', '\n']).map(str::to_owned).collect();
    let filled = |words: Vec<String>| words.into_iter().filter(|word| !word.is_empty()).collect();
    Ok(Terms {
        name: form.required("name")?.to_owned(),
        addresses: filled(words("addresses")),
        methods: filled(words("methods")),
    })
}

async fn issue(form: Form) -> Shown {
    let terms = terms(&form)?;
    // The field takes a project's id or code, or a company's credit code; a code may be followed by the name that the browser offered.
    let told = form.required("bound")?.split_whitespace().next().unwrap_or_default().to_owned();
    let bound = form
        .visit
        .read(move |conn, visit| {
            if let Ok(uscc) = Uscc::parse(&told)
                && let Some(party) = parties::table::by_uscc(conn, &visit.ctx.scope, uscc.as_str())?
            {
                return Ok(Bound::Party(party.id));
            }
            if let Ok(party) = told.parse::<PartyId>() {
                return Ok(Bound::Party(party));
            }
            let by_code = projects::table::by_code(conn, &told)?.map(|row| row.id);
            let project: ProjectId = told.parse().ok().or(by_code).ok_or_else(Problem::not_found)?;
            Ok(Bound::Project(projects::enter(conn, &visit.ctx.scope, project)?.id))
        })
        .await?;
    let text = |name: &str| form.text(name).map(str::to_owned);
    let new = NewApp { bound, terms, profile: text("profile"), app_id: text("app_id"), secret: text("secret") };
    let issued = form.write(Verb::Operate, move |tx, ctx| actions::issue(tx, ctx, &new)).await?;
    page_of(form.visit, issued.app.id, Some(issued)).await
}

async fn renew(app: web::Path<RecordId>, form: Form) -> Shown {
    let id = app.into_inner();
    let issued = form.write(Verb::Operate, move |tx, ctx| actions::renew(tx, ctx, id)).await?;
    page_of(form.visit, id, Some(issued)).await
}

async fn set_state(app: web::Path<RecordId>, form: Form) -> Shown {
    let id = app.into_inner();
    form.visit.read(move |conn, visit| actions::enter(conn, &visit.ctx, id).map(drop)).await?;
    let state: AppState = form.parse("state")?;
    form.write(Verb::Operate, move |tx, ctx| actions::set_state(tx, ctx, id, state)).await?;
    done(&format!("/house/apps/{id}"), "app_changed", 1)
}

async fn set_terms(app: web::Path<RecordId>, form: Form) -> Shown {
    let id = app.into_inner();
    form.visit.read(move |conn, visit| actions::enter(conn, &visit.ctx, id).map(drop)).await?;
    let terms = terms(&form)?;
    form.write(Verb::Operate, move |tx, ctx| actions::set_terms(tx, ctx, id, &terms)).await?;
    done(&format!("/house/apps/{id}"), "app_changed", 1)
}
