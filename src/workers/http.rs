//! `/api/v1/projects/{project}/enrolments`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::{self, NewEnrolment, NewTerms};
use super::table;
use super::{BATCH_MAX, Enrolled, EnrolmentResult, EnrolmentView, EventKind, IdKind, Paper, SecretField, exceptions, lookups};
use crate::base::id::{CrewId, DocumentId, ProjectId, RecordId};
use crate::base::{Day, Fen, Moment};
use crate::projects::enter;
use crate::web::items::Item;
use crate::web::paging::{Page, PageQuery};
use crate::web::problem::Fault;
use crate::web::{Access, Body, Call, Code, Ctx, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let enrol = Access::Holds(Verb::EnrolWorkers);
    let read = Access::Holds(Verb::ReadWorkers);
    let mut routes = vec![
        Route::post("/api/v1/projects/{project}/enrolments", enrol, "Enrol up to 200 workers, each with its own answer", || {
            web::post().to(enrol_all)
        })
        .takes::<EnrolWorkers>()
        .gives::<EnrolmentResults>(),
        Route::get("/api/v1/projects/{project}/enrolments", read, "List workers on a project, numbers masked", || {
            web::get().to(list)
        })
        .query(&[
            ("after", "cursor of the last page"),
            ("limit", "rows, 1 to 200"),
            ("active", "true: only those who have not left"),
        ])
        .gives::<Page<EnrolmentView>>(),
        Route::get("/api/v1/projects/{project}/enrolments/{enrolment}", read, "One enrolment with its history", || {
            web::get().to(one)
        })
        .gives::<EnrolmentHistory>(),
        Route::post("/api/v1/projects/{project}/enrolments/{enrolment}/leave", enrol, "Record that a worker has left", || {
            web::post().to(leave)
        })
        .takes::<LeaveSite>()
        .gives::<EnrolmentView>(),
        Route::post(
            "/api/v1/projects/{project}/enrolments/{enrolment}/terms",
            enrol,
            "Change day rate or card from a day on",
            || web::post().to(change_terms),
        )
        .takes::<ChangeTerms>()
        .gives::<Enrolled>(),
        Route::post(
            "/api/v1/projects/{project}/enrolments/{enrolment}/unmask",
            Access::Holds(Verb::Unmask),
            "See one plain number, with a purpose, on record",
            || web::post().to(unmask),
        )
        .takes::<UnmaskNumber>()
        .gives::<PlainNumber>(),
    ];
    routes.extend(exceptions::http::routes());
    routes
}

/// Workers to be enrolled.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolWorkers {
    /// 1 to 200 of them, each read by itself.
    #[schema(value_type = Vec<EnrolWorker>)]
    items: Vec<Value>,
}

/// A worker to be enrolled.
#[derive(Debug, Clone, ToSchema)]
#[expect(dead_code, reason = "it describes what `EnrolWorker::read` reads")]
pub struct EnrolWorker {
    /// Name.
    name: String,
    /// What the number stands on; an identity card when absent.
    id_kind: Option<IdKind>,
    /// Identity number.
    id_number: String,
    /// Telephone number.
    phone: Option<String>,
    /// Crew of the project.
    crew: CrewId,
    /// Trade, code or name.
    trade: String,
    /// Number at the gates; the identity number counts as one in any case.
    pin: Option<String>,
    /// Contract or agreement; none when absent.
    paper: Option<Paper>,
    /// Its scan.
    paper_document_id: Option<DocumentId>,
    /// Safety training done; not when absent.
    safety_trained: Option<bool>,
    /// Wage card.
    card: Option<String>,
    /// Bank of the card.
    bank_name: Option<String>,
    /// Wage for a day.
    day_rate: Fen,
    /// First day on site, today when absent.
    entered_on: Option<Day>,
}

impl EnrolWorker {
    /// Reads an item; of one that does not read, everything that is wrong with it.
    fn read(ctx: &Ctx, value: &Value) -> Result<NewEnrolment, Vec<Fault>> {
        let mut item = Item::of(value);
        // What could not be read gets a value that no other check finds fault with, or whose fault is told already.
        let new = NewEnrolment {
            name: item.need("name").unwrap_or_default(),
            id_kind: item.may("id_kind").unwrap_or(IdKind::IdCard),
            id_number: item.need("id_number").unwrap_or_default(),
            phone: item.may("phone"),
            crew: item.need("crew").unwrap_or(CrewId(0)),
            trade: item.need("trade").unwrap_or_default(),
            pin: item.may("pin"),
            paper: item.may("paper").unwrap_or(Paper::None),
            paper_document: item.may("paper_document_id"),
            safety_trained: item.may("safety_trained").unwrap_or(false),
            card: item.may("card"),
            bank_name: item.may("bank_name"),
            day_rate: item.need("day_rate").unwrap_or(Fen::ZERO),
            entered_on: item.may("entered_on").unwrap_or(ctx.today),
        };
        let mut faults = item.faults();
        if faults.is_empty() {
            return Ok(new);
        }
        let told: Vec<String> = faults.iter().map(|fault| fault.place.clone()).collect();
        // A kind that could not be read says nothing of the number.
        let is_of_kind = |place: &str| place == "id_number" && told.iter().any(|known| known == "id_kind");
        let more = actions::faults_of(ctx, &new).into_iter();
        faults.extend(more.filter(|fault| value.is_object() && !told.contains(&fault.place) && !is_of_kind(&fault.place)));
        Err(faults)
    }
}

/// The answers to a batch, in its order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EnrolmentResults {
    /// How many were kept.
    enrolled: usize,
    /// How many were refused.
    refused: usize,
    /// One for each item.
    results: Vec<EnrolmentResult>,
}

/// An enrolment with what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EnrolmentHistory {
    enrolment: EnrolmentView,
    history: Vec<EnrolmentEvent>,
}

/// Something that happened to an enrolment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EnrolmentEvent {
    /// What.
    kind: EventKind,
    /// From which day.
    valid_on: Day,
    /// Wage for a day from then on.
    day_rate: Fen,
    /// Wage card from then on, masked.
    card: Option<String>,
    /// Its bank.
    bank_name: Option<String>,
    /// When it was recorded.
    recorded_at: Moment,
    /// By whom.
    recorded_by: String,
}

/// The last day of a worker on site.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveSite {
    /// Today when absent.
    left_on: Option<Day>,
}

/// New terms.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTerms {
    /// From which day, today when absent.
    valid_on: Option<Day>,
    /// Wage for a day.
    day_rate: Option<Fen>,
    /// Wage card.
    card: Option<String>,
    /// Bank of the card.
    bank_name: Option<String>,
}

/// Which number, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmaskNumber {
    /// Which.
    field: SecretField,
    /// Why; kept on record.
    purpose: String,
}

/// A plain number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlainNumber {
    /// Which.
    field: SecretField,
    /// The number.
    value: String,
}

async fn enrol_all(call: Call, project: web::Path<ProjectId>, body: Body<EnrolWorkers>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    if body.0.items.is_empty() || body.0.items.len() > BATCH_MAX {
        let (zh, en) = (format!("每次应登记 1 至 {BATCH_MAX} 人。"), format!("Enrol 1 to {BATCH_MAX} workers at a time."));
        let code = if body.0.items.is_empty() { Code::Invalid } else { Code::TooLarge };
        return Err(Problem::new(code, zh, en).at("items", "over_limit"));
    }
    let items: Vec<Result<NewEnrolment, Vec<Fault>>> =
        body.0.items.iter().map(|item| EnrolWorker::read(&call.ctx, item)).collect();
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        let results = actions::enrol_all(tx, ctx, &site, &items)?;
        let enrolled = results.iter().filter(|result| result.enrolment.is_some()).count();
        Ok(EnrolmentResults { enrolled, refused: results.len() - enrolled, results })
    })
    .await
}

#[derive(Deserialize)]
struct ListQuery {
    after: Option<String>,
    limit: Option<i64>,
    active: Option<bool>,
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let ListQuery { after, limit, active } = query.into_inner();
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    let wanted = table::Wanted { active: active.unwrap_or(false), ..table::Wanted::default() };
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let Page { items, next } = Page::cut(table::page(conn, site.id, &wanted, after, limit + 1)?, limit, |row| row.id.0);
        let mut views = Vec::with_capacity(items.len());
        for row in &items {
            views.push(lookups::view(conn, ctx.vault(), row)?);
        }
        Ok(Page { items: views, next })
    })
    .await
}

async fn one(call: Call, path: web::Path<(ProjectId, RecordId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, project)?;
        let row = table::find(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
        let mut history = Vec::new();
        for event in table::events_of(conn, site.id, id)? {
            let card = lookups::open_card(conn, ctx.vault(), site.id, event.card.as_deref())?;
            history.push(EnrolmentEvent {
                kind: event.kind,
                valid_on: event.valid_on,
                day_rate: event.day_rate,
                card: card.map(|card| card.masked()),
                bank_name: event.bank_name,
                recorded_at: event.recorded_at,
                recorded_by: event.recorded_by,
            });
        }
        Ok(EnrolmentHistory { enrolment: lookups::view(conn, ctx.vault(), &row)?, history })
    })
    .await
}

async fn leave(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<LeaveSite>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let last = body.0.left_on.unwrap_or(call.ctx.today);
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::leave(tx, ctx, &site, id, last)
    })
    .await
}

async fn change_terms(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<ChangeTerms>,
) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let ChangeTerms { valid_on, day_rate, card, bank_name } = body.0;
    let new = NewTerms { valid_on: valid_on.unwrap_or(call.ctx.today), day_rate, card, bank_name };
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        actions::change_terms(tx, ctx, &site, id, &new)
    })
    .await
}

async fn unmask(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<UnmaskNumber>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let UnmaskNumber { field, purpose } = body.0;
    call.write(StatusCode::OK, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let value = actions::unmask(tx, ctx, &site, id, field, &purpose)?;
        Ok(PlainNumber { field, value })
    })
    .await
}
