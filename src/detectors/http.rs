//! `/api/v1/projects/{project}/signs`, `/claim-comparisons` and `/card-movements`.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, NewClaimed, NewMovement, Signs};
use super::claims::Comparison;
use super::clocks::Off;
use super::padding::Seen;
use super::patterns::{Pass, PatternSign};
use super::rings::{Tie, Traces};
use super::table::Moved;
use crate::base::id::{DeviceId, ProjectId, WorkerId};
use crate::base::{Day, Fen, Moment, Month};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let look = Access::Holds(Verb::MatchWages);
    vec![
        Route::get("/api/v1/projects/{project}/signs", look, "Signs of a month for a person to look at", || web::get().to(signs))
            .query(&[("month", "the month that was worked, last month when absent")])
            .gives::<SignsView>(),
        Route::post(
            "/api/v1/projects/{project}/claim-comparisons",
            look,
            "Compare the list of a claim with the records; nothing is kept",
            || web::post().to(compare),
        )
        .takes::<CompareClaim>()
        .gives::<Comparison>(),
        Route::post(
            "/api/v1/projects/{project}/card-movements",
            Access::Holds(Verb::FeedBank),
            "What became of wages after they reached the cards, where a bank tells it",
            || web::post().to(movements),
        )
        .takes::<KeepMovements>()
        .creates::<Kept>(),
    ]
}

/// A worker by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SignedWorker)]
pub struct Who {
    /// The worker.
    pub worker: WorkerId,
    /// Name.
    pub name: String,
}

/// A trace that ties workers together.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TraceView {
    /// By what.
    pub tie: Tie,
    /// Who.
    pub workers: Vec<Who>,
    /// The first of it, where it has moments.
    pub from: Option<Moment>,
    /// The last of it.
    pub until: Option<Moment>,
}

/// Workers whose cards seem to be in one hand.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RingView {
    /// Who.
    pub workers: Vec<Who>,
    /// What it rests on.
    pub traces: Vec<TraceView>,
}

/// A name on the payroll that a person should look at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuspectView {
    /// Who.
    pub who: Who,
    /// Why.
    pub signs: Vec<Seen>,
}

/// Signs of a month. A sign is for a person to look at; it says nothing about guilt, and nothing follows from it by itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignsView {
    /// The month that was worked.
    pub month: Month,
    /// Cards that seem to be in one hand.
    pub rings: Vec<RingView>,
    /// Names on the payroll.
    pub suspects: Vec<SuspectView>,
    /// Passages that no people make, with the passages themselves.
    pub patterns: Vec<PatternView>,
    /// Gate machines whose clocks were off, with the days and messages that bear it out.
    pub clocks: Vec<Off>,
    /// Traces of which nothing is on record this month, so that nothing could be seen by them.
    pub without_data: Vec<Tie>,
}

/// A passage that a sign rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignedPassage {
    /// Machine.
    pub device: DeviceId,
    /// Day and time on its clock.
    pub at_local: String,
    /// Whose.
    pub who: Who,
}

/// Passages that no people make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PatternView {
    /// What is odd.
    pub sign: PatternSign,
    /// Who; for the same order, in that order.
    pub workers: Vec<Who>,
    /// Days on which it was seen.
    pub days: Vec<Day>,
    /// The passages, at most 60.
    pub passages: Vec<SignedPassage>,
    /// How many there are.
    pub passage_count: usize,
}

/// Traces of which nothing is on record.
fn without_data(traces: &Traces) -> Vec<Tie> {
    Tie::ALL
        .iter()
        .copied()
        .filter(|tie| match tie {
            Tie::SharedPhone => traces.phones.is_empty(),
            Tie::SharedDevice => traces.devices.is_empty(),
            Tie::SharedCard => traces.cards.is_empty(),
            // That no other holder is told may also mean that every holder is the worker.
            Tie::OtherHolder => false,
            Tie::SentOn => traces.sent_on.is_empty(),
            Tie::DrawnTogether => traces.drawn.is_empty(),
            Tie::ConfirmedTogether => traces.confirmed.is_empty(),
        })
        .collect()
}

/// A passage's day and time as the machine wrote it.
fn wall(row: &Pass) -> String {
    format!("{}T{:02}:{:02}:{:02}", row.day, row.time / 3600, row.time / 60 % 60, row.time % 60)
}

impl SignsView {
    /// What is shown of the signs of a month.
    pub fn of(month: Month, signs: &Signs) -> Self {
        let names: BTreeMap<WorkerId, &str> =
            signs.people.gathered.facts.people.iter().map(|person| (person.worker, person.name.as_str())).collect();
        let who = |worker: &WorkerId| Who { worker: *worker, name: names.get(worker).copied().unwrap_or_default().to_owned() };
        let rings = signs.people.rings.iter().map(|ring| RingView {
            workers: ring.workers.iter().map(who).collect(),
            traces: ring
                .links
                .iter()
                .map(|link| TraceView {
                    tie: link.tie,
                    workers: link.workers.iter().map(who).collect(),
                    from: link.from,
                    until: link.until,
                })
                .collect(),
        });
        let suspects = signs.people.suspects.iter().map(|one| SuspectView { who: who(&one.worker), signs: one.signs.clone() });
        let patterns = signs.patterns.iter().map(|one| PatternView {
            sign: one.sign,
            workers: one.workers.iter().map(who).collect(),
            days: one.days.clone(),
            passages: one
                .rows
                .iter()
                .map(|row| SignedPassage { device: row.device, at_local: wall(row), who: who(&row.worker) })
                .collect(),
            passage_count: one.row_count,
        });
        SignsView {
            month,
            rings: rings.collect(),
            suspects: suspects.collect(),
            patterns: patterns.collect(),
            clocks: signs.clocks.clone(),
            without_data: without_data(&signs.people.gathered.traces),
        }
    }
}

#[derive(Debug, Deserialize)]
struct SignsQuery {
    month: Option<String>,
}

async fn signs(call: Call, project: web::Path<ProjectId>, query: web::Query<SignsQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let month = match &query.month {
        Some(text) => text.parse().map_err(|error| Problem::unreadable("month", &error))?,
        None => call.ctx.today.month().plus(-1),
    };
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(SignsView::of(month, &actions::signs(conn, ctx, &site, month)?))
    })
    .await
}

/// The list of a claim.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareClaim {
    /// The first month that is claimed.
    from: Month,
    /// The last one.
    until: Month,
    /// Names, at most 500.
    items: Vec<ClaimItem>,
}

/// A name of a claim.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimItem {
    /// Name.
    name: String,
    /// Identity number; without it people of one name cannot be told apart.
    id_number: Option<String>,
    /// What is claimed.
    amount: Fen,
}

async fn compare(call: Call, project: web::Path<ProjectId>, body: Body<CompareClaim>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let CompareClaim { from, until, items } = body.0;
    let list: Vec<NewClaimed> =
        items.into_iter().map(|ClaimItem { name, id_number, amount }| NewClaimed { name, id_number, amount }).collect();
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        actions::compare_claim(conn, ctx, &site, (from, until), &list)
    })
    .await
}

/// Movements of wages.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepMovements {
    /// At most 1,000.
    items: Vec<MovementItem>,
}

/// A movement on a worker's card.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementItem {
    /// The worker's card.
    card: String,
    /// What.
    kind: Moved,
    /// The payee's account or name, or the machine; kept as an index that tells only whether two are the same.
    other: String,
    /// How much.
    amount: Fen,
    /// When.
    at: Moment,
}

/// How many movements were new and of workers of the project.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = KeptMovements)]
pub struct Kept {
    /// How many.
    kept: usize,
}

async fn movements(call: Call, project: web::Path<ProjectId>, body: Body<KeepMovements>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let items: Vec<NewMovement> = body
        .0
        .items
        .into_iter()
        .map(|MovementItem { card, kind, other, amount, at }| NewMovement { card, kind, other, amount, at })
        .collect();
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        Ok(Kept { kept: actions::keep_movements(tx, ctx, &site, &items)? })
    })
    .await
}
