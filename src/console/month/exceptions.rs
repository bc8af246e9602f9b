//! People registered by exception: the list with reasons and the share, the form on a worker's page, the second person's decision.

use actix_web::web;
use askama::Template;

use super::people::{self, Person};
use super::{can, evidence};
use crate::base::id::{ProjectId, RecordId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::documents::DocumentKind;
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::workers::exceptions::actions::{self, NewRegistration, route_of};
use crate::workers::exceptions::http::{RegistrationView, Registrations, of_site};
use crate::workers::exceptions::{ExceptionState, ExceptionStep};

/// People without a registration that the page lists.
const MISSING_SHOWN: usize = 200;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let enrol = Access::Holds(Verb::EnrolWorkers);
    vec![
        Route::page("/projects/{project}/workers/exceptions", Access::Holds(Verb::ReadWorkers), "People by exception", || {
            web::get().to(page)
        }),
        Route::form("/projects/{project}/workers/{enrolment}/exception", enrol, "Propose an exceptional registration", || {
            web::post().to(propose)
        }),
        Route::form(
            "/projects/{project}/workers/exceptions/{registration}",
            enrol,
            "Decide about an exceptional registration",
            || web::post().to(decide),
        ),
    ]
}

#[derive(Template)]
#[template(path = "console/month/exceptions.html")]
struct ExceptionsPage {
    f: Frame,
    head: Head,
    all: Registrations,
    missing: Vec<Person>,
    may_enrol: bool,
}

impl ExceptionsPage {
    fn is_own(&self, one: &RegistrationView) -> bool {
        self.f.visit.ctx.scope.user == Some(one.proposed_by)
    }

    fn waits(&self, one: &RegistrationView) -> bool {
        one.state == ExceptionState::Waiting
    }

    /// Whether it was confirmed and not ended.
    fn can_end(&self, one: &RegistrationView) -> bool {
        matches!(one.state, ExceptionState::InForce | ExceptionState::Lapsed)
    }

    fn badge(&self, one: &RegistrationView) -> &'static str {
        match one.state {
            ExceptionState::InForce => "good",
            ExceptionState::Waiting => "warn",
            ExceptionState::Lapsed | ExceptionState::Refused => "bad",
            ExceptionState::Withdrawn | ExceptionState::Ended => "unknown",
        }
    }

    fn state(&self, one: &RegistrationView) -> &'static str {
        let (zh, en) = match one.state {
            ExceptionState::Waiting => ("待另一人确认", "awaits another person"),
            ExceptionState::InForce => ("有效", "in force"),
            ExceptionState::Lapsed => ("已到期，须续办", "over, to be renewed"),
            ExceptionState::Refused => ("已拒绝", "refused"),
            ExceptionState::Withdrawn => ("已撤回", "taken back"),
            ExceptionState::Ended => ("已转为正常登记", "ended"),
        };
        self.f.t(zh, en)
    }
}

async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let all = of_site(conn, &visit.ctx, &site)?;
            let missing: Vec<RecordId> = all.missing.iter().copied().take(MISSING_SHOWN).collect();
            let missing = people::known(conn, visit.ctx.vault(), &site, &missing)?.into_values().collect();
            let may_enrol = can(conn, visit, id, Verb::EnrolWorkers);
            Ok(ExceptionsPage { f: Frame::of(visit), head, all, missing, may_enrol })
        })
        .await?;
    show(&page)
}

async fn propose(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, enrolment) = path.into_inner();
    let owned = |name: &str| form.text(name).map(str::to_owned);
    let new = NewRegistration {
        enrolment,
        reason: form.parse("reason")?,
        note: form.required("note")?.to_owned(),
        official_text: owned("official_text"),
        pay_route: route_of(&form.ctx(Verb::EnrolWorkers)?, form.required("pay_route")?)?,
        route_reason: owned("route_reason"),
        route_document: None,
        medical_document: None,
        insurance_document: None,
        second_means: owned("second_means"),
        from_on: form.parse_opt("from_on")?.unwrap_or(form.visit.ctx.today),
        until_on: form.parse("until_on")?,
        renews: form.parse_opt("renews")?,
    };
    let paper = |field: &str| evidence::uploaded(&form, field, DocumentKind::Other);
    let papers = [paper("route_paper"), paper("medical_paper"), paper("insurance_paper")];
    form.write(Verb::EnrolWorkers, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let [route, medical, insurance] = &papers;
        let new = NewRegistration {
            route_document: evidence::kept(tx, ctx, &site, route.as_ref())?,
            medical_document: evidence::kept(tx, ctx, &site, medical.as_ref())?,
            insurance_document: evidence::kept(tx, ctx, &site, insurance.as_ref())?,
            ..new.clone()
        };
        actions::propose(tx, ctx, &site, &new).map(drop)
    })
    .await?;
    done(&format!("/projects/{project}/workers/exceptions"), "exception_proposed", 1)
}

async fn decide(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, id) = path.into_inner();
    let step: ExceptionStep = form.parse("step")?;
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::EnrolWorkers, move |tx, ctx| -> Result<(), Problem> {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::decide(tx, ctx, &site, id, step, &note).map(drop)
    })
    .await?;
    done(&format!("/projects/{project}/workers/exceptions"), "exception_decided", 1)
}
