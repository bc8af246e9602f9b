//! `/api/v1/projects/{project}/exceptional-registrations`: who is there by exception, why and until when; proposed by one person and
//! decided by another; and the share, which names nobody.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{NewRegistration, decide, propose, route_of};
use super::{ExceptionReason, ExceptionState, ExceptionStep, PayRoute, Registration, RuleWords, Share, law_of, share_on};
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId, WorkerId};
use crate::base::{Day, Moment};
use crate::projects::{Site, enter};
use crate::store::AnyConn;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};
use crate::workers::table as workers;

/// Routes of this subject.
pub(in crate::workers) fn routes() -> Vec<Route> {
    let (read, enrol) = (Access::Holds(Verb::ReadWorkers), Access::Holds(Verb::EnrolWorkers));
    vec![
        Route::get(
            "/api/v1/projects/{project}/exceptional-registrations/share",
            Access::Holds(Verb::ReadProjects),
            "How many people on site are registered by exception, naming nobody",
            || web::get().to(share),
        )
        .gives::<Share>(),
        Route::get(
            "/api/v1/projects/{project}/exceptional-registrations",
            read,
            "People registered by exception, why, how they are paid, and what the law says of it",
            || web::get().to(list),
        )
        .gives::<Registrations>(),
        Route::post(
            "/api/v1/projects/{project}/exceptional-registrations",
            enrol,
            "Propose an exceptional registration, or the renewal of one",
            || web::post().to(proposed),
        )
        .takes::<RegisterException>()
        .creates::<RegistrationView>(),
        Route::post(
            "/api/v1/projects/{project}/exceptional-registrations/{registration}/decision",
            enrol,
            "Confirm or refuse another person's registration, take back one's own, or end one",
            || web::post().to(decided),
        )
        .takes::<DecideException>()
        .creates::<RegistrationView>(),
    ]
}

/// Somebody to be registered by exception.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterException {
    /// Who, as enrolled.
    enrolment: RecordId,
    /// Why.
    reason: ExceptionReason,
    /// What the case is, 4 to 500 characters.
    note: String,
    /// For `over_age`: the official text that names the age, with its name, number and article. The law files hold no age.
    official_text: Option<String>,
    /// `own_card`, `card_of_other_bank` or `cash_in_person`; never somebody else.
    pay_route: String,
    /// Why the wage is paid in cash.
    route_reason: Option<String>,
    /// The paper about it.
    route_document_id: Option<DocumentId>,
    /// Medical paper; needed for `over_age`.
    medical_document_id: Option<DocumentId>,
    /// Insurance paper; needed for `over_age`.
    insurance_document_id: Option<DocumentId>,
    /// By what else it was seen who the person is; needed for `no_id_card`.
    second_means: Option<String>,
    /// First day; today when absent.
    from_on: Option<Day>,
    /// Last day.
    until_on: Day,
    /// The registration that this one goes on from.
    renews: Option<RecordId>,
}

impl RegisterException {
    fn command(self, ctx: &Ctx) -> Result<NewRegistration, Problem> {
        Ok(NewRegistration {
            enrolment: self.enrolment,
            reason: self.reason,
            note: self.note,
            official_text: self.official_text,
            pay_route: route_of(ctx, &self.pay_route)?,
            route_reason: self.route_reason,
            route_document: self.route_document_id,
            medical_document: self.medical_document_id,
            insurance_document: self.insurance_document_id,
            second_means: self.second_means,
            from_on: self.from_on.unwrap_or(ctx.today),
            until_on: self.until_on,
            renews: self.renews,
        })
    }
}

/// What is decided.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideException {
    /// Which way.
    step: ExceptionStep,
    /// Why; needed unless it is confirmed.
    note: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExceptionDecision)]
pub struct StepView {
    /// What was decided.
    pub step: ExceptionStep,
    /// Who decided.
    pub decided_by: UserId,
    /// When.
    pub decided_at: Moment,
    /// Why.
    pub note: String,
}

/// A registration as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ExceptionalRegistration)]
pub struct RegistrationView {
    /// Id.
    pub id: RecordId,
    /// Who, as enrolled.
    pub enrolment: RecordId,
    /// The person.
    pub worker: WorkerId,
    /// Name.
    pub name: String,
    /// Why.
    pub reason: ExceptionReason,
    /// What the case is.
    pub note: String,
    /// For an age: the text that names it.
    pub official_text: Option<String>,
    /// How the wage reaches the worker.
    pub pay_route: PayRoute,
    /// Why not to a card.
    pub route_reason: Option<String>,
    /// The paper about it.
    pub route_document_id: Option<DocumentId>,
    /// Medical paper.
    pub medical_document_id: Option<DocumentId>,
    /// Insurance paper.
    pub insurance_document_id: Option<DocumentId>,
    /// By what else it was seen who the person is.
    pub second_means: Option<String>,
    /// First day.
    pub from_on: Day,
    /// Last day.
    pub until_on: Day,
    /// The registration that this one goes on from.
    pub renews: Option<RecordId>,
    /// How it stands today.
    pub state: ExceptionState,
    /// Who proposed it.
    pub proposed_by: UserId,
    /// When.
    pub proposed_at: Moment,
    /// What was decided, oldest first.
    pub decisions: Vec<StepView>,
}

impl RegistrationView {
    fn of(one: &Registration, name: &str, today: Day) -> RegistrationView {
        let row = one.row.clone();
        let steps = one.steps.iter().map(|step| StepView {
            step: step.step,
            decided_by: step.decided_by,
            decided_at: step.recorded_at,
            note: step.note.clone(),
        });
        RegistrationView {
            id: row.id,
            enrolment: row.enrolment_id,
            worker: row.worker_id,
            name: name.to_owned(),
            reason: row.reason,
            note: row.note,
            official_text: row.official_text,
            pay_route: row.pay_route,
            route_reason: row.route_reason,
            route_document_id: row.route_document_id,
            medical_document_id: row.medical_document_id,
            insurance_document_id: row.insurance_document_id,
            second_means: row.second_means,
            from_on: row.from_on,
            until_on: row.until_on,
            renews: row.renews_id,
            state: one.state_on(today),
            proposed_by: row.proposed_by,
            proposed_at: row.recorded_at,
            decisions: steps.collect(),
        }
    }
}

/// A project's exceptional registrations.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ExceptionalRegistrations)]
pub struct Registrations {
    /// Oldest first.
    pub items: Vec<RegistrationView>,
    /// How many of the people on site they are.
    pub share: Share,
    /// People on the roll without a bank card or an identity card and without any registration.
    pub missing: Vec<RecordId>,
    /// What the law says about payment and entry.
    pub law: Vec<RuleWords>,
}

/// Everything of a project, as it stands today.
pub fn of_site(conn: &mut AnyConn, ctx: &Ctx, site: &Site) -> Result<Registrations, Problem> {
    let found = Registration::of_project(conn, site.id)?;
    let people: Vec<WorkerId> = found.iter().map(|one| one.row.worker_id).collect();
    let names: HashMap<WorkerId, String> =
        workers::workers_of(conn, &people)?.into_iter().map(|worker| (worker.id, worker.name)).collect();
    let name = |id: &WorkerId| names.get(id).map(String::as_str).unwrap_or_default();
    let items = found.iter().map(|one| RegistrationView::of(one, name(&one.row.worker_id), ctx.today)).collect();
    let (share, missing) = share_on(conn, site.id, ctx.today)?;
    Ok(Registrations { items, share, missing, law: law_of(&ctx.book()) })
}

fn view(conn: &mut AnyConn, ctx: &Ctx, one: &Registration) -> Result<RegistrationView, Problem> {
    let worker = workers::worker(conn, one.row.worker_id)?.ok_or_else(Problem::not_found)?;
    Ok(RegistrationView::of(one, &worker.name, ctx.today))
}

async fn share(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(share_on(conn, site.id, ctx.today)?.0)
    })
    .await
}

async fn list(call: Call, project: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        of_site(conn, ctx, &site)
    })
    .await
}

async fn proposed(call: Call, project: web::Path<ProjectId>, body: Body<RegisterException>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let new = body.0.command(&call.ctx)?;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let made = propose(tx, ctx, &site, &new)?;
        view(tx.conn(), ctx, &made)
    })
    .await
}

async fn decided(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<DecideException>,
) -> Result<impl Responder, Problem> {
    let ((project, id), DecideException { step, note }) = (path.into_inner(), body.0);
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let found = decide(tx, ctx, &site, id, step, note.as_deref().unwrap_or_default())?;
        view(tx.conn(), ctx, &found)
    })
    .await
}
