//! `/iclock/*` and `POST /api/v1/punches`.
//!
//! Bodies are read raw: no extractor, no decompression. A clock is answered in its own words, never with an empty body.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use futures_util::StreamExt;

use super::punches::{self, Handed, PunchResults};
use super::zk::{self, Answer, Request};
use super::{BODY_MAX, HEAD_MAX, Intake};
use crate::store::inbox::Message;
use crate::web::extract::read_body;
use crate::web::{Access, Call, Code, Ctx, Problem, Reply, Route, Verb};
use crate::wire::punch;
use crate::wire::zkteco::{Endpoint, Query, Table};

/// The longest request line that the inbox keeps.
const REQUEST_MAX: usize = 1000;
/// Bodies beyond this are read off the event loop.
const READ_ASIDE: usize = 256 * 1024;
/// Seconds after which a device that sent too fast, or met a busy store, may come again.
const RETRY_AFTER: &str = "5";

/// The routes of the intake.
pub fn routes() -> Vec<Route> {
    let clock = "What a ZKTeco clock says and asks";
    let feed = Access::Holds(Verb::FeedPunches);
    vec![
        Route::get("/iclock/{rest:.*}", Access::Device, clock, || web::get().to(iclock)).serves("text/plain"),
        Route::post("/iclock/{rest:.*}", Access::Device, clock, || web::post().to(iclock)).serves("text/plain"),
        Route::get("/{secret}/iclock/{rest:.*}", Access::Device, clock, || web::get().to(iclock)).serves("text/plain"),
        Route::post("/{secret}/iclock/{rest:.*}", Access::Device, clock, || web::post().to(iclock)).serves("text/plain"),
        Route::post("/api/v1/punches", feed, "Hand in punches of a gate or gateway", || web::post().to(hand_in))
            .takes_file(&["application/json"])
            .gives::<PunchResults>(),
    ]
}

fn plain(status: StatusCode, body: impl Into<Vec<u8>>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("text/plain");
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header(("Retry-After", RETRY_AFTER));
    }
    response.body::<Vec<u8>>(body.into())
}

async fn iclock(call: Call, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let ctx = call.ctx;
    let query = Query::parse(request.query_string());
    let endpoint = Endpoint::of(request.path()).unwrap_or(Endpoint::Other);
    let Some(serial) = query.serial().map(str::to_owned) else {
        return plain(StatusCode::FORBIDDEN, "SN is missing or cannot be read\n");
    };
    let intake = Intake::of(&ctx.ground);
    if !intake.admits(&serial, ctx.now, ctx.ground.settings.device_rate_max) {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "too fast, come again\n");
    }
    let is_post = request.method() == actix_web::http::Method::POST;
    let Ok((body, truncated)) = read_raw(payload, BODY_MAX).await else {
        return plain(StatusCode::BAD_REQUEST, "the body broke off\n");
    };
    if truncated && query.table() == Some(Table::AttLog) {
        tracing::warn!(device.serial = serial.as_str(), "a device sends more punches than it can hold");
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "at most 32 MiB of punches\n");
    }
    let message = message_of("zk", &request, body, &ctx);
    let mut asked = Request { is_post, endpoint, query, serial, message, truncated, batch: None };
    if asked.message.body.len() > READ_ASIDE {
        let aside = std::sync::Arc::clone(&intake);
        let read = web::block(move || {
            asked.read_ahead(&aside);
            asked
        });
        match read.await {
            Ok(back) => asked = back,
            Err(_) => return plain(StatusCode::SERVICE_UNAVAILABLE, "busy, come again\n"),
        }
    } else {
        asked.read_ahead(&intake);
    }
    match answer(ctx, intake, asked).await {
        Ok(Answer::Text(text)) => plain(StatusCode::OK, text),
        Ok(Answer::Refused) => plain(StatusCode::FORBIDDEN, "refused\n"),
        // Whatever went wrong, the device keeps its data and comes again.
        Err(problem) => {
            tracing::warn!(problem.code = problem.code.as_str(), "a device was told to come again");
            plain(StatusCode::SERVICE_UNAVAILABLE, "busy, come again\n")
        }
    }
}

async fn answer(ctx: Ctx, intake: std::sync::Arc<Intake>, asked: Request) -> Result<Answer, Problem> {
    let db = ctx.ground.db.clone();
    let asked = if asked.endpoint == Endpoint::GetRequest {
        let (reader, known) = (ctx.clone(), std::sync::Arc::clone(&intake));
        let (asked, quiet) = db
            .read(move |conn| -> Result<_, Problem> {
                let quiet = zk::is_quiet(conn, &reader, &known, &asked)?;
                Ok((asked, quiet))
            })
            .await?;
        if quiet {
            return Ok(Answer::Text("OK".into()));
        }
        asked
    } else {
        asked
    };
    let at_work = std::sync::Arc::clone(&intake);
    let (answer, lesson) = db.write_in_group(move |tx| zk::serve(tx, &ctx, &at_work, &asked)).await?;
    intake.learn(lesson);
    Ok(answer)
}

/// Reads a body of any kind; beyond the limit the head is kept and the rest read off the line.
async fn read_raw(mut payload: web::Payload, limit: usize) -> Result<(Vec<u8>, bool), actix_web::error::PayloadError> {
    let mut body = Vec::new();
    let (mut truncated, mut dropped) = (false, 0usize);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk?;
        if truncated {
            dropped = dropped.saturating_add(chunk.len());
            if dropped > BODY_MAX {
                break;
            }
        } else if body.len() + chunk.len() > limit {
            truncated = true;
            body.truncate(HEAD_MAX);
        } else {
            body.extend_from_slice(&chunk);
        }
    }
    Ok((body, truncated))
}

/// The message for the inbox; secret parts of path and query are stars.
fn message_of(feed: &'static str, request: &HttpRequest, body: Vec<u8>, ctx: &Ctx) -> Message {
    let text = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(|value| value.chars().take(200).collect())
    };
    Message {
        feed,
        source: String::new(),
        project: None,
        request: request_line(request.method().as_str(), request.path(), request.query_string()),
        content_type: text("content-type"),
        content_encoding: text("content-encoding"),
        body,
        remote: request.peer_addr().map(|peer| peer.ip().to_string()),
        received_at: ctx.now,
    }
}

fn request_line(method: &str, path: &str, query: &str) -> String {
    let path = match path.split_once("/iclock") {
        Some((secret, rest)) if !secret.is_empty() => format!("/***/iclock{rest}"),
        _ => path.to_owned(),
    };
    let shown: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.trim().eq_ignore_ascii_case("ComKey") => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    let mark = if shown.is_empty() { "" } else { "?" };
    format!("{method} {path}{mark}{}", shown.join("&")).chars().take(REQUEST_MAX).collect()
}

async fn hand_in(call: Call, request: HttpRequest, payload: web::Payload) -> Result<impl Responder, Problem> {
    let ctx = call.ctx;
    if ctx.dry_run {
        let problem = Problem::new(
            Code::Malformed,
            "考勤上报不能演练，请去掉 dry_run。",
            "Punches cannot be rehearsed; leave dry_run out.",
        );
        return Err(problem.at("dry_run", "bad_format"));
    }
    let serial = request.headers().get("x-anxin-device").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let intake = Intake::of(&ctx.ground);
    if !intake.admits(ctx.actor(), ctx.now, ctx.ground.settings.device_rate_max) {
        return Err(Problem::new(Code::Unavailable, "请求过于频繁，请稍后重试。", "Too many requests; try again later."));
    }
    let body = read_body(&mut payload.into_inner(), punch::BODY_BYTES_MAX).await?;
    let batch = punch::parse(&body, crate::wire::device::CHINA_OFFSET_MINUTES);
    let handed = Handed { message: message_of("punch", &request, body, &ctx), serial, batch };
    let db = ctx.ground.db.clone();
    let at_work = std::sync::Arc::clone(&intake);
    let (taken, lesson) = db.write_in_group(move |tx| punches::take(tx, &ctx, &at_work, &handed)).await?;
    intake.learn(lesson);
    taken.map(Reply::ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_reach_the_inbox() {
        assert_eq!(
            request_line("POST", "/s3cret/iclock/cdata", "SN=A&comkey=1234&x=1"),
            "POST /***/iclock/cdata?SN=A&comkey=***&x=1"
        );
        assert_eq!(request_line("GET", "/iclock/getrequest", ""), "GET /iclock/getrequest");
    }
}
