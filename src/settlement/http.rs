//! `/api/v1/bank`: what banks hand in.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::Deserialize;
use serde_json::Value;

use super::receipt::{FileProblem, Receipt, refusal};
use super::voiding::again::Again;
use super::{HandedIn, listed, results, sheets, statements};
use crate::store::spool::Spool;
use crate::web::extract::{LargeUpload, Reply};
use crate::web::{Access, Call, Ctx, Problem, Route, Verb};

/// Media types of bank files; the content decides, not the type, so anything is read.
const MEDIA_TYPES: &[&str] = &[
    "application/xml",
    "text/xml",
    "text/csv",
    "text/plain",
    "text/html",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/zip",
    "application/octet-stream",
];

const STATEMENTS: &str = "/api/v1/bank/statements";
const RESULTS: &str = "/api/v1/bank/results";

/// What may be said beside a list of results.
const RUN: (&str, &str) = ("run", "The run that a list of results is of, by its message id; only lists that name none need it");

/// What may be said beside a file that was voided.
const AGAIN: (&str, &str) = (
    "again",
    "Why a file whose bytes two persons have voided is booked again; without a reason it is refused, naming who voided it",
);

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let feed = Access::Holds(Verb::FeedBank);
    let mut routes = vec![
        Route::post(
            STATEMENTS,
            feed,
            "Hand in statements: camt.052/053/054, MT940/942, direct-link files, CSV, XLS, XLSX, ZIP; a list of results is taken as one",
            || web::post().to(take_statements),
        )
        .query(&[RUN, AGAIN])
        .takes_file(MEDIA_TYPES)
        .gives::<Receipt>(),
        Route::post(
            RESULTS,
            feed,
            "Hand in results of payments: pain.002, a direct-link file, or a list as CSV, XLS or XLSX",
            || web::post().to(take_results),
        )
        .query(&[RUN, AGAIN])
        .takes_file(MEDIA_TYPES)
        .gives::<Receipt>(),
    ];
    routes.extend(sheets::http::routes());
    routes
}

/// [`super::read_now`] off the event loop.
///
/// # Errors
/// A store that cannot be asked what was said before.
pub async fn read(
    ctx: &Ctx,
    name: Option<String>,
    content_type: String,
    spool: Spool,
    path: &'static str,
) -> Result<HandedIn, Problem> {
    let ctx = ctx.clone();
    let read = web::block(move || super::read_now(&ctx, name, content_type, spool, path)).await;
    read.map_err(|error| Problem::internal(&error.to_string()))?
}

async fn uploaded(ctx: &Ctx, upload: LargeUpload, path: &'static str) -> Result<HandedIn, Problem> {
    let LargeUpload { spool, content_type, file_name } = upload;
    read(ctx, file_name, content_type, spool, path).await
}

/// A file of which nothing could be taken is answered with a problem, after its bytes were committed.
fn answer(reply: Reply<Value>) -> Result<Reply<Value>, Problem> {
    let body = &reply.body;
    if body.get("state").and_then(Value::as_str) != Some("quarantined") {
        return Ok(reply);
    }
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listed = body.get("problems").and_then(Value::as_array).cloned().unwrap_or_default();
    let problems = listed.iter().map(|one| FileProblem {
        place: text(one, "place"),
        reason: text(one, "reason"),
        zh: text(one, "zh"),
        en: text(one, "en"),
    });
    let is_sheet = body.get("is_sheet").and_then(Value::as_bool) == Some(true);
    Err(refusal(&text(body, "inbox_id"), is_sheet, problems.collect()))
}

async fn take_statements(call: Call, query: web::Query<ResultsQuery>, upload: LargeUpload) -> Result<impl Responder, Problem> {
    let mut handed = uploaded(&call.ctx, upload, STATEMENTS).await?;
    query.into_inner().name_run(&mut handed)?;
    let is_list = handed.file.statements.is_empty() && handed.file.payment_status.as_ref().is_some_and(listed::is_list);
    let take = if is_list { results::take } else { statements::take };
    let reply = call.write(StatusCode::OK, move |tx, ctx| take(tx, ctx, &handed)).await?;
    answer(reply)
}

/// Which run a list of results is of, where neither the list nor its ids say so, and why a voided file comes again.
#[derive(Debug, Deserialize)]
struct ResultsQuery {
    run: Option<String>,
    again: Option<String>,
}

impl ResultsQuery {
    fn name_run(self, handed: &mut HandedIn) -> Result<(), Problem> {
        if let Some(run) = self.run.as_deref().map(str::trim).filter(|run| !run.is_empty()) {
            listed::name_run(handed, run);
        }
        handed.again = Again::said(self.again.as_deref())?;
        Ok(())
    }
}

async fn take_results(call: Call, query: web::Query<ResultsQuery>, upload: LargeUpload) -> Result<impl Responder, Problem> {
    let mut handed = uploaded(&call.ctx, upload, RESULTS).await?;
    query.into_inner().name_run(&mut handed)?;
    let reply = call.write(StatusCode::OK, move |tx, ctx| results::take(tx, ctx, &handed)).await?;
    answer(reply)
}
