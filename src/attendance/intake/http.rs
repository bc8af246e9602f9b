//! `/iclock/*` and `POST /api/v1/punches`.
//!
//! Bodies are read raw: no extractor, no decompression, within a time that an honest sender keeps. A clock is answered in its own
//! words, never with an empty body. What is large waits for its end in a file without a name, encrypted under a key that only memory has.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use std::io::Read as _;
use std::time::Duration;

use super::large::{self, Fault, Sender};
use super::punches::{self, Handed, PunchResults};
use super::signed::{self, Signed};
use super::uploads::Asked;
use super::zk::{self, Answer, Request};
use super::{BODY_MAX, HEAD_MAX, Intake};
use crate::store::inbox::{Message, Whole};
use crate::store::journal;
use crate::store::spool::{self, SpoolFault};
use crate::web::extract::{Paced, read_body};
use crate::web::scope::SIGNED;
use crate::web::{Access, Call, Code, Ctx, Problem, Reply, Route, Verb};
use crate::wire::punch;
use crate::wire::zkteco::{Endpoint, Query, Table};

/// The longest request line that the inbox keeps.
const REQUEST_MAX: usize = 1000;
/// Bodies beyond this are read off the event loop.
const READ_ASIDE: usize = 256 * 1024;
/// Uploads up to this size share a turn of the writer: a clock's day, not its year.
const TOGETHER: usize = 128 * 1024;
/// Seconds after which a device that sent too fast, or met a busy store, may come again.
pub(super) const RETRY_AFTER: &str = "30";

/// The routes of the intake.
pub fn routes() -> Vec<Route> {
    let clock = "What a ZKTeco clock says and asks";
    let feed = Access::Holds(Verb::FeedPunches);
    let mut routes = vec![
        Route::get("/iclock/{rest:.*}", Access::Device, clock, || web::get().to(iclock)).serves("text/plain"),
        Route::post("/iclock/{rest:.*}", Access::Device, clock, || web::post().to(iclock)).serves("text/plain"),
        Route::get("/{secret}/iclock/{rest:.*}", Access::Device, clock, || web::get().to(iclock)).serves("text/plain"),
        Route::post("/{secret}/iclock/{rest:.*}", Access::Device, clock, || web::post().to(iclock)).serves("text/plain"),
        Route::post("/api/v1/punches", feed, "Hand in punches of a gate or gateway", || web::post().to(hand_in))
            .takes_file(&["application/json"])
            .gives::<PunchResults>(),
    ];
    routes.extend(super::http_push::routes());
    routes.extend(super::http_sheets::routes());
    routes
}

fn plain(status: StatusCode, body: impl Into<Vec<u8>>) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.content_type("text/plain");
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header(("Retry-After", RETRY_AFTER));
    }
    response.body::<Vec<u8>>(body.into())
}

/// Whether clocks are answered at this address: anywhere, unless the operator has named secret prefixes.
fn is_open(prefixes: &[String], told: Option<&str>) -> bool {
    // Hashes are compared, so how long it takes tells nothing about the secret.
    let told = journal::sha256(told.unwrap_or_default().as_bytes());
    prefixes.is_empty() || prefixes.iter().any(|secret| !secret.is_empty() && journal::sha256(secret.as_bytes()) == told)
}

async fn iclock(call: Call, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let ctx = call.ctx;
    let query = Query::parse(request.query_string());
    let endpoint = Endpoint::of(request.path()).unwrap_or(Endpoint::Other);
    if !is_open(&ctx.ground.settings.gates.prefixes, request.match_info().get("secret")) {
        return plain(StatusCode::NOT_FOUND, "there is nothing here\n");
    }
    let Some(serial) = query.serial().map(str::to_owned) else {
        return plain(StatusCode::FORBIDDEN, "SN is missing or cannot be read\n");
    };
    let intake = Intake::of(&ctx.ground);
    if !intake.admits(&serial, ctx.now, ctx.ground.settings.device_rate_max) {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "too fast, come again\n");
    }
    let is_post = request.method() == actix_web::http::Method::POST;
    let Read { body, whole } = match read_raw(&ctx, payload, BODY_MAX, &Sender::Clock(serial.clone(), query.clone())).await {
        Ok(read) => read,
        Err(Fault::Broken) => return plain(StatusCode::BAD_REQUEST, "the body broke off\n"),
        Err(Fault::NotOurs) => return plain(StatusCode::FORBIDDEN, "refused\n"),
        Err(Fault::Busy) => return plain(StatusCode::SERVICE_UNAVAILABLE, "busy, come again\n"),
    };
    if whole.is_some() && query.table() == Some(Table::AttLog) {
        let stuck = ctx.ground.db.clone();
        let noted = stuck.write_in_group(move |tx| zk::note_stuck(tx, &ctx, &serial, &query)).await;
        if let Err(problem) = noted {
            tracing::warn!(problem.code = problem.code.as_str(), "a stuck device could not be noted");
        }
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "at most 32 MiB of punches\n");
    }
    let message = message_of("zk", &request, body, &ctx);
    let mut asked = Request { is_post, endpoint, query, serial, message, whole, batch: None, ahead: None, counted: None };
    if asked.message.body.len() > READ_ASIDE {
        let (of, aside) = (ctx.clone(), std::sync::Arc::clone(&intake));
        let read = web::block(move || {
            asked.read_ahead(&of, &aside);
            asked
        });
        match read.await {
            Ok(back) => asked = back,
            Err(_) => return plain(StatusCode::SERVICE_UNAVAILABLE, "busy, come again\n"),
        }
    } else {
        asked.read_ahead(&ctx, &intake);
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
    let (answer, lesson) = if asked.is_upload() && asked.message.body.len() <= TOGETHER {
        let (lane, uploads) = intake.lane(&asked.serial, db.lanes());
        db.write_together(lane, uploads, Asked { ctx, request: asked, intake: at_work }).await?
    } else {
        db.write_in_group(move |tx| zk::serve(tx, &ctx, &at_work, &asked)).await?
    };
    intake.learn(lesson);
    Ok(answer)
}

/// A body as it was read.
pub(super) struct Read {
    /// The bytes, or their head.
    pub body: Vec<u8>,
    /// What came, where only the head is there.
    pub whole: Option<Whole>,
}

/// Seconds for all of a body: a machine that is slower keeps its data and comes again.
const BODY_SECONDS: u64 = 300;

/// Reads a body of any kind; what is larger than memory holds is read of known machines only, one at a time of each, aside in a file
/// without a name. Beyond the limit only the head is given.
pub(super) async fn read_raw(ctx: &Ctx, payload: web::Payload, limit: usize, sender: &Sender) -> Result<Read, Fault> {
    let whole = tokio::time::timeout(Duration::from_secs(BODY_SECONDS), read_pieces(ctx, payload, limit, sender));
    whole.await.unwrap_or(Err(Fault::Broken))
}

async fn read_pieces(ctx: &Ctx, payload: web::Payload, limit: usize, sender: &Sender) -> Result<Read, Fault> {
    let (limit_len, mut body, mut aside, mut place) = (u64::try_from(limit).unwrap_or(u64::MAX), Vec::new(), None, None);
    let mut payload = payload.into_inner();
    let mut paced = Paced::new(&mut payload);
    while let Some(piece) = paced.next().await.map_err(|_| Fault::Broken)? {
        if aside.is_none() && body.len() + piece.len() <= spool::MEMORY_MAX {
            body.extend_from_slice(&piece);
            continue;
        }
        if place.is_none() {
            place = Some(large::admit(ctx, sender).await?);
        }
        let mut writer = match aside.take() {
            Some(writer) => writer,
            None => begun(ctx, &std::mem::take(&mut body))?,
        };
        writer.take(&piece).map_err(|_| Fault::Busy)?;
        if writer.is_due() {
            // A disk may be waited for; the thread that serves others must not.
            let stored = web::block(move || writer.store().map(|()| writer)).await;
            writer = stored.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Busy)?;
        }
        let is_endless = writer.len() > limit_len.saturating_mul(2);
        aside = Some(writer);
        if is_endless {
            break;
        }
    }
    let Some(writer) = aside else { return Ok(Read { body, whole: None }) };
    let read = web::block(move || given_back(writer, limit_len)).await;
    read.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Busy)
}

fn begun(ctx: &Ctx, body: &[u8]) -> Result<spool::Writer, Fault> {
    let mut writer = spool::Writer::new(ctx.vault().random().map_err(|_| Fault::Busy)?, u64::MAX);
    writer.take(body).map_err(|_| Fault::Busy)?;
    Ok(writer)
}

/// What lies aside, all of it or its head.
fn given_back(writer: spool::Writer, limit: u64) -> Result<Read, SpoolFault> {
    let spool = writer.finish()?;
    let is_cut = spool.len() > limit;
    let len = i64::try_from(spool.len()).unwrap_or(i64::MAX);
    let whole = is_cut.then(|| Whole { sha256: spool.sha256().to_owned(), len });
    let mut body = Vec::new();
    spool.reader().take(if is_cut { u64::try_from(HEAD_MAX).unwrap_or(0) } else { limit }).read_to_end(&mut body)?;
    Ok(Read { body, whole })
}

/// The message for the inbox; secret parts of path and query are stars.
pub(super) fn message_of(feed: &'static str, request: &HttpRequest, body: Vec<u8>, ctx: &Ctx) -> Message {
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
        remote: ctx.peer.map(|peer| peer.to_string()),
        received_at: ctx.now,
    }
}

fn request_line(method: &str, path: &str, query: &str) -> String {
    let path = match path.split_once("/iclock") {
        Some((secret, rest)) if !secret.is_empty() => format!("/***/iclock{rest}"),
        // The token of a push stands third: /push/hik/<token>/…
        _ if path.starts_with("/push/") => {
            let parts = path.split('/').enumerate();
            parts.map(|(place, part)| if place == 3 { "***" } else { part }).collect::<Vec<_>>().join("/")
        }
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
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let serial = text("x-anxin-device");
    let signed = match (ctx.actor() == SIGNED, &serial, text("x-anxin-timestamp"), text("x-anxin-signature")) {
        (false, ..) => None,
        (true, Some(serial), Some(timestamp), Some(signature)) => Some(Signed { serial: serial.clone(), timestamp, signature }),
        _ => return Err(Problem::new(Code::NotAuthenticated, "签名请求头不完整。", "A header of the signature is missing.")),
    };
    let is_signed = signed.is_some();
    let intake = Intake::of(&ctx.ground);
    let sender = signed.as_ref().map_or_else(|| ctx.actor(), |signed| signed.serial.as_str());
    if !intake.admits(sender, ctx.now, ctx.ground.settings.device_rate_max) {
        return Err(Problem::new(Code::Unavailable, "请求过于频繁，请稍后重试。", "Too many requests; try again later."));
    }
    let mut body = read_body(&mut payload.into_inner(), punch::BODY_BYTES_MAX).await?;
    if let Some(signed) = signed {
        let asker = ctx.clone();
        let believed = ctx.ground.db.read(move |conn| -> Result<_, Problem> {
            signed::believe(conn, &asker, &signed, &body)?;
            Ok(body)
        });
        body = believed.await?;
    }
    let batch = punch::parse(&body, crate::wire::device::CHINA_OFFSET_MINUTES);
    let handed = Handed { message: message_of("punch", &request, body, &ctx), serial, is_signed, batch };
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
        assert_eq!(request_line("POST", "/push/hik/0123abcd/x/y", ""), "POST /push/hik/***/x/y");
    }
}
