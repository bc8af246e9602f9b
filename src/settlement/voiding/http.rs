//! `/api/v1/projects/{project}/bank-files/{file}`: a bank's file, and its voiding by two persons.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::{self, ReturnRow, StepRow};
use super::{Voiding, ask, decide, file_of};
use crate::base::id::{AccountId, InboxId, ProjectId, StatementId};
use crate::base::{Day, Fen, Moment};
use crate::projects::{self, Site};
use crate::settlement::FileProblem;
use crate::store::AnyConn;
use crate::store::inbox::again;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The routes.
pub fn routes() -> Vec<Route> {
    let (read, feed) = (Access::Holds(Verb::ReadMoney), Access::Holds(Verb::FeedBank));
    vec![
        Route::get("/api/v1/projects/{project}/bank-files/{file}", read, "What a bank's file told the project", || {
            web::get().to(one)
        })
        .gives::<FileView>(),
        Route::post("/api/v1/projects/{project}/bank-files/{file}/void", feed, "Ask for a bank's file to be voided", || {
            web::post().to(asked)
        })
        .takes::<AskVoid>()
        .creates::<StepRow>(),
        Route::post(
            "/api/v1/projects/{project}/bank-files/{file}/void/decision",
            feed,
            "Void a bank's file that another person asked about, or drop the request",
            || web::post().to(decided),
        )
        .takes::<DecideVoid>()
        .creates::<StepRow>(),
    ]
}

/// Why a file should be voided.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskVoid {
    /// The reason, in words.
    note: String,
}

/// What a second person decides.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideVoid {
    /// Whether the file is voided; the request is dropped otherwise.
    approves: bool,
    /// The reason, in words.
    note: String,
}

/// One statement of a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ToldStatement {
    /// The statement.
    pub id: StatementId,
    /// Its account.
    pub account: AccountId,
    /// The bank's id, running number and page.
    pub statement_ref: String,
    /// First day.
    pub from_on: Option<Day>,
    /// Last day.
    pub to_on: Option<Day>,
    /// Entries in it.
    pub entries: i32,
    /// Closing balance.
    pub closing: Option<Fen>,
}

/// A bank's file as far as it told the project anything.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileView {
    /// The file.
    pub id: InboxId,
    /// Feed that it came by.
    pub feed: String,
    /// When it came.
    pub received_at: Moment,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its statements here; none for a report on an order.
    pub statements: Vec<ToldStatement>,
    /// What of it waits in quarantine; told where all of the file is of this project.
    pub open: Vec<FileProblem>,
    /// Whether it is voided.
    pub is_voided: bool,
    /// The steps of its voiding.
    pub steps: Vec<StepRow>,
    /// Where it was handed in although its bytes had been voided, or came again after it was: why, and by whom.
    pub returns: Vec<ReturnRow>,
}

/// What a file told the project.
pub fn view(conn: &mut AnyConn, site: &Site, id: InboxId) -> Result<FileView, Problem> {
    let file = file_of(conn, site, id)?;
    let steps = table::steps_of(conn, site.id, id)?;
    let statements = table::statements_of(conn, site.id, id)?;
    let items = if file.project_id == Some(site.id) { again::open_items(conn, id)? } else { Vec::new() };
    Ok(FileView {
        id,
        open: items.iter().map(FileProblem::from).collect(),
        feed: file.feed,
        received_at: file.received_at,
        sha256: file.body_sha256,
        statements: statements
            .into_iter()
            .map(|row| ToldStatement {
                id: row.id,
                account: row.account_id,
                statement_ref: row.statement_ref,
                from_on: row.from_on,
                to_on: row.to_on,
                entries: row.entries,
                closing: row.closing_fen,
            })
            .collect(),
        returns: table::returns_of(conn, site.id, id)?,
        is_voided: steps.last().is_some_and(|row| row.step == Voiding::Voided),
        steps,
    })
}

async fn one(call: Call, path: web::Path<(ProjectId, InboxId)>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    call.read(move |conn, ctx| {
        let site = projects::enter(conn, &ctx.scope, project)?;
        view(conn, &site, id)
    })
    .await
}

async fn asked(call: Call, path: web::Path<(ProjectId, InboxId)>, body: Body<AskVoid>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let AskVoid { note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        ask(tx, ctx, &site, id, &note)
    })
    .await
}

async fn decided(call: Call, path: web::Path<(ProjectId, InboxId)>, body: Body<DecideVoid>) -> Result<impl Responder, Problem> {
    let (project, id) = path.into_inner();
    let DecideVoid { approves, note } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        decide(tx, ctx, &site, id, approves, &note)
    })
    .await
}
