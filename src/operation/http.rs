//! `/api/v1/jobs`, `/api/v1/mails`, `/api/v1/health`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{actions, health, replaying};
use crate::attendance::intake::again::ReadAgain;
use crate::base::Moment;
use crate::base::id::{InboxId, JobId, RecordId, UserId};
use crate::store::jobs::{JobRow, JobState};
use crate::store::outbox::{self, AttemptRow, MailRow, MailState, Outcome};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

crate::web::openapi::word_schema!(JobState);
crate::web::openapi::word_schema!(MailState);
crate::web::openapi::word_schema!(Outcome);

/// The routes of operation.
pub fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    let paged = &[
        ("state", "queued, dead, done or sent; dead when absent"),
        ("after", "cursor of the last page"),
        ("limit", "rows, 1 to 200"),
    ];
    vec![
        Route::get("/api/v1/health", operate, "How the house stands: what is late and who repairs it", || {
            web::get().to(health_now)
        })
        .gives::<health::Health>(),
        Route::post("/api/v1/inbox/{inbox}/replay", operate, "Read a message again after a fix; nothing is taken twice", || {
            web::post().to(replay)
        })
        .gives::<ReadAgain>(),
        Route::get("/api/v1/jobs", operate, "Jobs in a state; dead letters when none is named", || web::get().to(list_jobs))
            .query(paged)
            .gives::<Page<JobView>>(),
        Route::post("/api/v1/jobs/{job}/retry", operate, "Try a dead letter again", || web::post().to(retry_job))
            .gives::<JobView>(),
        Route::post("/api/v1/jobs/{job}/dismiss", operate, "Dismiss a dead letter with a note", || web::post().to(dismiss_job))
            .takes::<Dismissal>()
            .gives::<JobView>(),
        Route::get("/api/v1/mails", operate, "Mails in a state; dead ones when none is named", || web::get().to(list_mails))
            .query(paged)
            .gives::<Page<MailView>>(),
        Route::get("/api/v1/mails/{mail}", operate, "A mail with its delivery log", || web::get().to(one_mail))
            .gives::<MailLog>(),
        Route::post("/api/v1/mails/{mail}/retry", operate, "Give a dead mail one more try", || web::post().to(retry_mail))
            .gives::<MailView>(),
        Route::post("/api/v1/mails/{mail}/dismiss", operate, "Dismiss a dead mail with a note", || web::post().to(dismiss_mail))
            .takes::<Dismissal>()
            .gives::<MailView>(),
    ]
}

/// Why a dead letter is dismissed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// 1 to 300 characters.
    note: String,
}

/// A job as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobView {
    /// Id.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// With what: ids and days.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub run_at: Moment,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: Moment,
    /// Why it was dismissed; null when it was not.
    pub note: Option<String>,
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        let JobRow { id, kind, payload, run_at, attempts, state, last_error, created_at, note, .. } = row;
        Self { id, kind, payload, state, attempts, run_at, last_error, created_at, note }
    }
}

/// A mail as shown, without its body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MailView {
    /// Id.
    pub id: RecordId,
    /// To whom.
    pub user: UserId,
    /// `digest`, `urgent` …
    pub kind: String,
    /// zh or en.
    pub language: String,
    /// Subject.
    pub subject: String,
    /// Message-ID, the same at every try.
    pub message_id: String,
    /// Where it stands.
    pub state: MailState,
    /// Tries so far.
    pub attempts: i32,
    /// When it is tried next.
    pub run_at: Moment,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: Moment,
    /// When the server took it.
    pub sent_at: Option<Moment>,
    /// Why it was dismissed; null when it was not.
    pub note: Option<String>,
}

impl From<MailRow> for MailView {
    fn from(row: MailRow) -> Self {
        let MailRow { id, user_id: user, kind, language, subject, message_id, state, attempts, run_at, .. } = row;
        let MailRow { last_error, created_at, sent_at, note, .. } = row;
        Self { id, user, kind, language, subject, message_id, state, attempts, run_at, last_error, created_at, sent_at, note }
    }
}

/// A try to deliver a mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptView {
    /// Which try, from 1.
    pub number: i32,
    /// When it began.
    pub begun_at: Moment,
    /// When it ended; null when it was cut off.
    pub ended_at: Option<Moment>,
    /// What came of it.
    pub outcome: Outcome,
    /// The server's words.
    pub detail: Option<String>,
}

/// A mail with its delivery log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MailLog {
    /// The mail.
    pub mail: MailView,
    /// Its tries in order.
    pub attempts: Vec<AttemptView>,
}

impl From<AttemptRow> for AttemptView {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { number, begun_at, ended_at, outcome, detail, .. } = row;
        Self { number, begun_at, ended_at, outcome, detail }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    state: Option<String>,
    after: Option<String>,
    limit: Option<i64>,
}

async fn list_jobs(call: Call, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let ListQuery { state, after, limit } = query.into_inner();
    let state = state.map(|word| word.parse()).transpose().map_err(|error| Problem::unreadable("state", &error))?;
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let rows = actions::jobs(conn, ctx, state.unwrap_or(JobState::Dead), after, limit + 1)?;
        Ok(Page::cut(rows.into_iter().map(JobView::from).collect(), limit, |row: &JobView| row.id.0))
    })
    .await
}

async fn retry_job(call: Call, job: web::Path<JobId>) -> Result<impl Responder, Problem> {
    let id = job.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| actions::retry_job(tx, ctx, id).map(JobView::from)).await
}

async fn list_mails(call: Call, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let ListQuery { state, after, limit } = query.into_inner();
    let state = state.map(|word| word.parse()).transpose().map_err(|error| Problem::unreadable("state", &error))?;
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let rows = actions::mails(conn, ctx, state.unwrap_or(MailState::Dead), after, limit + 1)?;
        Ok(Page::cut(rows.into_iter().map(MailView::from).collect(), limit, |row: &MailView| row.id.0))
    })
    .await
}

async fn one_mail(call: Call, mail: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = mail.into_inner();
    call.read(move |conn, ctx| {
        actions::whole_house(ctx)?;
        let mail = outbox::find(conn, id)?.ok_or_else(Problem::not_found)?;
        let attempts = outbox::attempts(conn, id)?.into_iter().map(AttemptView::from).collect();
        Ok(MailLog { mail: mail.into(), attempts })
    })
    .await
}

async fn retry_mail(call: Call, mail: web::Path<RecordId>) -> Result<impl Responder, Problem> {
    let id = mail.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| actions::retry_mail(tx, ctx, id).map(MailView::from)).await
}

async fn dismiss_job(call: Call, job: web::Path<JobId>, body: Body<Dismissal>) -> Result<impl Responder, Problem> {
    let (id, note) = (job.into_inner(), body.0.note);
    call.write(StatusCode::OK, move |tx, ctx| actions::dismiss_job(tx, ctx, id, &note).map(JobView::from)).await
}

async fn dismiss_mail(call: Call, mail: web::Path<RecordId>, body: Body<Dismissal>) -> Result<impl Responder, Problem> {
    let (id, note) = (mail.into_inner(), body.0.note);
    call.write(StatusCode::OK, move |tx, ctx| actions::dismiss_mail(tx, ctx, id, &note).map(MailView::from)).await
}

async fn health_now(call: Call) -> Result<impl Responder, Problem> {
    call.read(health::gather).await
}

async fn replay(call: Call, inbox: web::Path<InboxId>) -> Result<impl Responder, Problem> {
    let read = replaying::run(call.ctx, inbox.into_inner()).await?;
    Ok(web::Json(read))
}
