//! `/push/hik/{token}` and `/push/dahua/{token}`.
//!
//! Bodies are read raw: the multipart of these machines is not what its header says, and neither is the encoding.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::http::{RETRY_AFTER, Read, message_of, read_raw};
use super::large::{Fault, Sender};
use super::push::{self, Feed, Pushed, Told};
use super::{BODY_MAX, Intake};
use crate::web::{Access, Call, Route};
use crate::wire::dahua;
use crate::wire::device::CHINA_OFFSET_MINUTES;

/// Characters of a token.
const TOKEN_CHARS: usize = 32;

/// The routes of pushes. What stands behind the token is whatever the machine adds, and does not matter.
pub fn routes() -> Vec<Route> {
    let (hik, dahua) = ("What a Hikvision machine saw", "What a Dahua machine saw");
    let json = "application/json";
    vec![
        Route::post("/push/hik/{token}", Access::Device, hik, || web::post().to(take_hik)).serves("text/plain"),
        Route::post("/push/hik/{token}/{rest:.*}", Access::Device, hik, || web::post().to(take_hik)).serves("text/plain"),
        Route::post("/push/dahua/{token}", Access::Device, dahua, || web::post().to(take_dahua)).serves(json),
        Route::post("/push/dahua/{token}/{rest:.*}", Access::Device, dahua, || web::post().to(take_dahua)).serves(json),
        Route::get("/push/dahua/{token}/{rest:.*}", Access::Device, "That a Dahua machine lives", || web::get().to(take_dahua))
            .serves(json),
    ]
}

async fn take_hik(call: Call, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    take(Feed::Hik, call, request, payload).await
}

async fn take_dahua(call: Call, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    take(Feed::Dahua, call, request, payload).await
}

fn said(feed: Feed, status: StatusCode) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header(("Retry-After", RETRY_AFTER));
    }
    match feed {
        _ if status != StatusCode::OK => response.content_type("text/plain").body("not taken\n"),
        Feed::Hik => response.content_type("text/plain").body("OK"),
        Feed::Dahua => response.content_type("application/json").body(dahua::ANSWER),
    }
}

async fn take(feed: Feed, call: Call, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let ctx = call.ctx;
    let token = request.match_info().get("token").unwrap_or_default().to_ascii_lowercase();
    if token.len() != TOKEN_CHARS || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return said(feed, StatusCode::NOT_FOUND);
    }
    let intake = Intake::of(&ctx.ground);
    if !intake.admits(&token, ctx.now, ctx.ground.settings.device_rate_max) {
        return said(feed, StatusCode::SERVICE_UNAVAILABLE);
    }
    let Read { body, whole } = match read_raw(&ctx, payload, BODY_MAX, &Sender::Push(token.clone())).await {
        Ok(read) => read,
        Err(Fault::Broken) => return said(feed, StatusCode::BAD_REQUEST),
        Err(Fault::NotOurs) => return said(feed, StatusCode::NOT_FOUND),
        Err(Fault::Busy) => return said(feed, StatusCode::SERVICE_UNAVAILABLE),
    };
    let is_post = request.method() == Method::POST;
    let message = message_of(feed.word(), &request, body, &ctx);
    let mut pushed = Pushed { feed, token, message, whole, batch: None };
    // A Dahua machine that says in a request of its own that it lives sends nothing in it.
    let is_sign =
        feed == Feed::Dahua && pushed.message.body.is_empty() && request.path().trim_end_matches('/').ends_with("/keepalive");
    if is_post && !is_sign {
        // A body may be compressed, so its size says little of what reading it takes.
        let read = web::block(move || {
            pushed.batch = Some(feed.read(&pushed.message.body, CHINA_OFFSET_MINUTES));
            pushed
        });
        match read.await {
            Ok(back) => pushed = back,
            Err(_) => return said(feed, StatusCode::SERVICE_UNAVAILABLE),
        }
    }
    let db = ctx.ground.db.clone();
    let at_work = std::sync::Arc::clone(&intake);
    match db.write_in_group(move |tx| push::serve(tx, &ctx, &at_work, &pushed)).await {
        Ok((told, lesson)) => {
            intake.learn(lesson);
            said(
                feed,
                match told {
                    Told::Taken => StatusCode::OK,
                    Told::Nothing => StatusCode::NOT_FOUND,
                    Told::Refused => StatusCode::FORBIDDEN,
                },
            )
        }
        // Whatever went wrong, the machine keeps its event and comes again.
        Err(problem) => {
            tracing::warn!(problem.code = problem.code.as_str(), "a machine was told to come again");
            said(feed, StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
