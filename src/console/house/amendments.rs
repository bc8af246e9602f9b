//! Changes of law: proposing a file's new text or the policy, comparing, deciding as a second person.

use std::sync::Arc;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::amendments::actions::{self, Amendment, Change, Proposal};
use crate::amendments::{AmendmentKind, AmendmentState, REASON_MAX, may_change, may_see, place_of};
use crate::base::id::{self, AmendmentId, UserId};
use crate::console::{Frame, Shown, done, show};
use crate::law::book::Difference;
use crate::law::decision::Policy;
use crate::users;
use crate::web::{Access, Form, Ground, Problem, Route, Verb, Visit};

/// Proposals of a page.
const PAGE: i64 = 30;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let (propose, approve) = (Access::Holds(Verb::ProposeLaw), Access::Holds(Verb::ApproveLaw));
    vec![
        Route::page("/house/amendments", approve, "Changes of law", || web::get().to(list)),
        Route::page("/house/amendments/new", propose, "Propose a change", || web::get().to(new)),
        Route::form("/house/amendments/new", propose, "Propose a change", || web::post().to(propose_one)),
        Route::page("/house/amendments/{amendment}", approve, "A change, compared", || web::get().to(one)),
        Route::form("/house/amendments/{amendment}/approve", approve, "Put it in force", || web::post().to(approve_one)),
        Route::form("/house/amendments/{amendment}/reject", approve, "Turn it down", || web::post().to(reject_one)),
        Route::form("/house/amendments/{amendment}/withdraw", propose, "Take back one's own", || web::post().to(withdraw_one)),
    ]
}

fn badge(state: AmendmentState) -> &'static str {
    match state {
        AmendmentState::Proposed => "warn",
        AmendmentState::Approved => "good",
        AmendmentState::Rejected => "bad",
        AmendmentState::Withdrawn => "unknown",
    }
}

fn state_of(amendment: &Amendment) -> AmendmentState {
    amendment.decision.as_ref().map(|one| one.verdict).into()
}

#[derive(Deserialize)]
struct ListQuery {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "console/house/amendments.html")]
struct ListPage {
    f: Frame,
    amendments: Vec<Amendment>,
    next: Option<String>,
    activation: i64,
    law_book: String,
    policy: Policy,
}

impl ListPage {
    fn state(&self, one: &Amendment) -> AmendmentState {
        state_of(one)
    }

    fn badge(&self, one: &Amendment) -> &'static str {
        badge(state_of(one))
    }
}

async fn list(visit: Visit, query: web::Query<ListQuery>) -> Shown {
    let before = query.before.as_deref().and_then(id::decode).unwrap_or(i64::MAX);
    let mut amendments = visit.read(move |conn, visit| actions::list(conn, &visit.ctx, before, PAGE + 1)).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = amendments.len() > page;
    amendments.truncate(page);
    let next = amendments.last().filter(|_| more).map(|one| id::encode(one.row.id.0));
    let law = visit.ctx.ground.in_force();
    let (activation, law_book, policy) = (law.activation, law.book.hash().to_owned(), law.policy);
    show(&ListPage { f: Frame::of(&visit), amendments, next, activation, law_book, policy })
}

#[derive(Deserialize)]
struct NewQuery {
    file: Option<String>,
}

#[derive(Template)]
#[template(path = "console/house/amendment_new.html")]
struct NewPage {
    f: Frame,
    files: Vec<String>,
    file: Option<String>,
    wording: String,
    seen: i64,
    policy: Policy,
    may_policy: bool,
    reason_max: usize,
}

async fn new(visit: Visit, query: web::Query<NewQuery>) -> Shown {
    follow(&visit.ctx.ground).await;
    let law = visit.ctx.ground.in_force();
    let scope = &visit.ctx.scope;
    let changes = |name: &str| place_of(name).is_some_and(|(_, region)| may_change(scope, region) && may_see(scope, region));
    let files: Vec<String> = law.files.iter().map(|(name, _)| name.clone()).filter(|name| changes(name)).collect();
    let file = query.into_inner().file;
    let wording = match &file {
        None => String::new(),
        // A file that does not stand yet begins empty; one that the visitor may not change is not there.
        Some(name) if !changes(name) => return Err(Problem::not_found()),
        Some(name) => law.files.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone()).unwrap_or_default(),
    };
    let (seen, policy, may_policy) = (law.activation, law.policy, scope.is_everything());
    show(&NewPage { f: Frame::of(&visit), files, file, wording, seen, policy, may_policy, reason_max: REASON_MAX })
}

/// Brings this instance up to what others approved; a failure is the worker's to mend.
async fn follow(ground: &Arc<Ground>) {
    let ground = Arc::clone(ground);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || actions::refresh(&ground)).await {
        tracing::warn!(problem.detail = %error, "the law in force could not be read again");
    }
}

async fn propose_one(form: Form) -> Shown {
    let (kind, change) = match form.text("file") {
        Some(file) => {
            let kind = place_of(file).map_or(AmendmentKind::Law, |(kind, _)| kind);
            (kind, Change::File { file: file.to_owned(), wording: form.secret("wording")? })
        }
        None => {
            let policy = Policy { permit_gate: form.ticked("permit_gate"), completion_gate: form.ticked("completion_gate") };
            (AmendmentKind::Policy, Change::Policy(policy))
        }
    };
    let seen = form.required("seen")?.parse().map_err(|_| Problem::not_found())?;
    let (reason, document) = (form.required("reason")?.to_owned(), form.required("document")?.to_owned());
    let ground = Arc::clone(&form.visit.ctx.ground);
    follow(&ground).await;
    let law = ground.in_force();
    let proposal = Proposal { kind, change, reason, document, seen };
    let draft = tokio::task::spawn_blocking(move || actions::draft(&law, proposal)).await;
    let draft = draft.map_err(|error| Problem::internal(&error.to_string()))??;
    let kept = form.write(Verb::ProposeLaw, move |tx, ctx| Ok(actions::propose(tx, ctx, &draft)?.row.id)).await?;
    done(&format!("/house/amendments/{kept}"), "amendment_proposed", 1)
}

#[derive(Template)]
#[template(path = "console/house/amendment.html")]
struct OnePage {
    f: Frame,
    amendment: Amendment,
    state: AmendmentState,
    changes: Vec<Difference>,
    proposer: String,
    decider: Option<String>,
    is_mine: bool,
    is_outdated: bool,
    may_decide: bool,
    reason_max: usize,
}

impl OnePage {
    fn badge(&self) -> &'static str {
        badge(self.state)
    }

    fn turn(&self, one: &Difference) -> &'static str {
        use crate::law::book::Turn;
        match one.turn {
            Turn::Added => "added",
            Turn::Changed => "changed",
            Turn::Removed => "removed",
        }
    }
}

async fn one(visit: Visit, amendment: web::Path<AmendmentId>) -> Shown {
    let id = amendment.into_inner();
    let (amendment, proposer, decider) = visit
        .read(move |conn, visit| {
            let found = actions::fetch(conn, &visit.ctx, id)?;
            let mut name = |user: UserId| -> Result<String, Problem> {
                Ok(users::table::find(conn, user)?.map(|row| row.name).unwrap_or_default())
            };
            let proposer = name(found.row.proposed_by)?;
            let decider = found.decision.as_ref().map(|one| name(one.decided_by)).transpose()?;
            Ok((found, proposer, decider))
        })
        .await?;
    let is_mine = visit.ctx.scope.user == Some(amendment.row.proposed_by);
    let is_outdated = amendment.decision.is_none() && amendment.row.seen != visit.ctx.ground.in_force().activation;
    let may_decide = amendment.decision.is_none() && may_change(&visit.ctx.scope, amendment.row.region) && !is_mine;
    show(&OnePage {
        f: Frame::of(&visit),
        state: state_of(&amendment),
        changes: amendment.changes(),
        amendment,
        proposer,
        decider,
        is_mine,
        is_outdated,
        may_decide,
        reason_max: REASON_MAX,
    })
}

fn decided(id: AmendmentId) -> Shown {
    done(&format!("/house/amendments/{id}"), "amendment_decided", 1)
}

async fn approve_one(amendment: web::Path<AmendmentId>, form: Form) -> Shown {
    let id = amendment.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    let ground = Arc::clone(&form.visit.ctx.ground);
    follow(&ground).await;
    let ready = form.visit.read(move |conn, visit| actions::ready(conn, &visit.ctx, id)).await?;
    form.write(Verb::ApproveLaw, move |tx, ctx| actions::approve(tx, ctx, id, &note, &ready)).await?;
    follow(&ground).await;
    decided(id)
}

async fn reject_one(amendment: web::Path<AmendmentId>, form: Form) -> Shown {
    let id = amendment.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::ApproveLaw, move |tx, ctx| actions::reject(tx, ctx, id, &note)).await?;
    decided(id)
}

async fn withdraw_one(amendment: web::Path<AmendmentId>, form: Form) -> Shown {
    let id = amendment.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::ProposeLaw, move |tx, ctx| actions::withdraw(tx, ctx, id, &note)).await?;
    decided(id)
}
