//! `/api/v1/projects/{project}/doubts`: entries that a person must look at, and what two persons say of them.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answering::{self, NewAnswer};
use super::candidates::{self, Candidate};
use super::table::{PaymentRow, StepRow};
use super::{Doubt, DoubtAnswer, DoubtKind};
use crate::base::id::{BankEntryId, DocumentId, ProjectId, RecordId};
use crate::base::person::numbers_masked;
use crate::base::{Day, Fen};
use crate::projects::{self, Site};
use crate::settlement::payees::line_of;
use crate::store::AnyConn;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The routes.
pub fn routes() -> Vec<Route> {
    let (read, feed) = (Access::Holds(Verb::ReadMoney), Access::Holds(Verb::FeedBank));
    vec![
        Route::get("/api/v1/projects/{project}/doubts", read, "Entries of the bank that a person must look at", || {
            web::get().to(list)
        })
        .gives::<DoubtList>(),
        Route::post("/api/v1/projects/{project}/doubts/{doubt}", feed, "Say what an entry in doubt is", || web::post().to(asked))
            .takes::<SayDoubt>()
            .creates::<StepRow>(),
        Route::post(
            "/api/v1/projects/{project}/doubts/{doubt}/decision",
            feed,
            "Agree with what another person said of an entry, or drop it",
            || web::post().to(decided),
        )
        .takes::<DecideDoubt>()
        .creates::<StepRow>(),
    ]
}

/// What an entry is said to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayDoubt {
    /// What.
    answer: DoubtAnswer,
    /// The payments that it gives back, for `refund_of_line`: ids with blanks or commas between them; a run's id stands for all of it
    /// that is out.
    #[serde(default)]
    payment: Option<String>,
    /// The entry by which the bank took a surplus back, for `bank_took_back`.
    #[serde(default)]
    entry: Option<BankEntryId>,
    /// The bank's paper that shows it, for `no_wage_refund`.
    #[serde(default)]
    document_id: Option<DocumentId>,
    /// The reason, in words.
    note: String,
}

/// What a second person decides.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideDoubt {
    /// Whether the answer is taken.
    approves: bool,
    /// The reason, in words.
    note: String,
}

/// An entry in doubt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoubtView {
    /// The doubt.
    pub id: RecordId,
    /// Why it must be looked at.
    pub kind: DoubtKind,
    /// The entry.
    pub entry: BankEntryId,
    /// Its day.
    pub booked_on: Day,
    /// How much of it is in doubt.
    pub amount: Fen,
    /// The bank's words.
    pub text: String,
    /// The other side as the bank names it.
    pub counterparty: Option<String>,
    /// Whether nobody and nothing has explained it.
    pub is_open: bool,
    /// Whether an answer awaits another person.
    pub is_asked: bool,
    /// Payments, or runs, whose money the entry moved.
    pub payments: Vec<String>,
    /// Payments that a waiting refund may be of.
    pub candidates: Vec<Candidate>,
    /// What was said of it.
    pub steps: Vec<StepRow>,
}

/// Entries in doubt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DoubtList {
    /// The open ones first, then the latest first.
    pub items: Vec<DoubtView>,
}

/// Ids of what an entry moved: where it moved a whole run, the run says it.
fn moved(rows: Vec<PaymentRow>) -> Vec<String> {
    let runs: Vec<String> = rows.iter().filter(|one| line_of(&one.payment).is_none()).map(|one| one.payment.clone()).collect();
    if runs.is_empty() { rows.into_iter().map(|one| one.payment).collect() } else { runs }
}

fn view(conn: &mut AnyConn, doubt: Doubt, may_name: bool) -> Result<DoubtView, Problem> {
    let waits = doubt.is_open && doubt.row.kind == DoubtKind::RefundWaits;
    let candidates = if waits { candidates::of(conn, &doubt.entry, may_name)? } else { Vec::new() };
    Ok(DoubtView {
        id: doubt.row.id,
        kind: doubt.row.kind,
        entry: doubt.entry.id,
        booked_on: doubt.entry.booked_on,
        amount: doubt.row.amount_fen,
        is_asked: doubt.is_open && doubt.is_asked(),
        text: numbers_masked(&doubt.entry.text),
        counterparty: doubt.entry.counterparty,
        is_open: doubt.is_open,
        payments: moved(doubt.payments),
        candidates,
        steps: doubt.steps,
    })
}

/// The doubts of a project, the open ones first.
pub fn views(conn: &mut AnyConn, site: &Site, may_name: bool) -> Result<Vec<DoubtView>, Problem> {
    let mut all = Vec::new();
    for doubt in super::all(conn, site.id)?.into_iter().rev() {
        all.push(view(conn, doubt, may_name)?);
    }
    all.sort_by_key(|one| !one.is_open);
    Ok(all)
}

async fn list(call: Call, path: web::Path<ProjectId>) -> Result<impl Responder, Problem> {
    let project = path.into_inner();
    call.read(move |conn, ctx| {
        let site = projects::enter(conn, &ctx.scope, project)?;
        Ok(DoubtList { items: views(conn, &site, false)? })
    })
    .await
}

async fn asked(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<SayDoubt>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let SayDoubt { answer, payment, entry, document_id, note } = body.0;
    let entry = entry.map(|id| id.to_string());
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        let (payment, entry) = (payment.clone(), entry.clone());
        let new = NewAnswer { answer, payment, entry, document: document_id, note: note.clone() };
        answering::ask(tx, ctx, &site, id, &new)
    })
    .await
}

async fn decided(call: Call, path: web::Path<(ProjectId, RecordId)>, body: Body<DecideDoubt>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let DecideDoubt { approves, note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        answering::decide(tx, ctx, &site, id, approves, &note)
    })
    .await
}
