//! `POST /open.api` and the base paths of other platforms, and the apps' own routes.
//!
//! The body is read raw: no form or JSON extractor, no decompression, since the signature is over what was sent.

use actix_web::{HttpRequest, HttpResponse, web};

use super::apps::{actions as apps, http as apps_http, table as app_rows};
use super::receiving::{self, Asked, Refusal};
use crate::attendance::intake::Intake;
use crate::web::extract::read_body;
use crate::web::{Access, Call, Code, Ctx, Problem, Route};
use crate::wire::openapi::BODY_MAX;
use crate::wire::openapi::answer::{Answer, AnswerCode, Fault, Wrong};
use crate::wire::openapi::profile::Platforms;

/// Where the national platform's clients send to.
const NATIONAL_PATH: &str = "/open.api";
/// Where one province's clients send to.
const PROVINCE_PATH: &str = "/smjk/service/HrssOpenREST/biz/execProcess";

/// The slice's routes: the paths of the embedded profiles.
pub fn routes() -> Vec<Route> {
    let mut routes = apps_http::routes();
    routes.extend([NATIONAL_PATH, PROVINCE_PATH].map(platform));
    routes
}

fn platform(path: &'static str) -> Route {
    let summary = "What contractors' systems upload and ask";
    Route::post(path, Access::Device, summary, || web::post().to(take)).takes_file(&["application/x-www-form-urlencoded"])
}

/// The routes of paths that only the operator's own profiles name.
pub fn more_routes(platforms: &Platforms) -> Vec<Route> {
    let others = platforms.paths().into_iter().filter(|path| ![NATIONAL_PATH, PROVINCE_PATH].contains(path));
    // Routes live as long as the process, and so do these few texts.
    others.map(|path| platform(String::leak(path.to_owned()))).collect()
}

fn sent(answer: &Answer) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json; charset=utf-8").body(answer.text())
}

async fn take(call: Call, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let ctx = call.ctx;
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(|value| value.chars().take(200).collect::<String>())
    };
    let body = match read_body(&mut payload.into_inner(), BODY_MAX).await {
        Ok(body) => body,
        Err(problem) if problem.code == Code::TooLarge => return actix_web::ResponseError::error_response(&problem),
        // Broken off or too slow: nothing was kept, and the sender comes again.
        Err(_) => return sent(&Answer::refused(AnswerCode::Later, "请求体接收中断或过慢，请稍后重试!")),
    };
    if ctx.dry_run {
        return sent(&Answer::fault(&Fault::at("dry_run", Wrong::NotServed)));
    }
    let asked = Asked {
        body,
        path: request.path().to_owned(),
        peer: ctx.peer,
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
    };
    match answer(ctx, asked).await {
        Ok(answer) => sent(&answer),
        // Whatever went wrong with us, the sender keeps the message and comes again.
        Err(problem) => {
            tracing::warn!(problem.code = problem.code.as_str(), "a contractor's system was told to come again");
            sent(&Answer::refused(AnswerCode::Later, "系统繁忙，请稍后重试!"))
        }
    }
}

async fn answer(ctx: Ctx, asked: Asked) -> Result<Answer, Problem> {
    let system = match receiving::system(&asked.body) {
        Ok(system) => system,
        Err(fault) => return Ok(Answer::fault(&fault)),
    };
    let db = ctx.ground.db.clone();
    let (app_id, reader) = (system.app_id.clone(), ctx.clone());
    let app = db
        .read(move |conn| -> Result<_, Problem> {
            match app_rows::by_app_id(conn, &app_id)? {
                Some(row) => apps::open(conn, reader.vault(), row).map(Some),
                None => Ok(None),
            }
        })
        .await?;
    let Some(app) = app else { return Ok(receiving::unknown_app()) };
    let Some(profile) = receiving::profile_of(&ctx, &app, &asked.path) else { return Ok(receiving::unknown_app()) };
    let is_below = |what: &str| {
        let name = format!("{what} {}", app.app.app_id);
        Intake::of(&ctx.ground).admits(&name, ctx.now, ctx.ground.settings.platform_rate_max)
    };
    if let Err(refused) = receiving::admit(&ctx, profile, &app, &system, asked.peer, || is_below("openapi")) {
        // What is refused is noted at the same rate at most, or noting would do what the rate forbids.
        return note(&ctx, app.app.id, system.method, refused, is_below("openapi refused")).await;
    }
    // Questions are answered where many read at once; the one writer only notes that they were asked.
    let (reader, asker, told) = (ctx.clone(), app.clone(), system.clone());
    let answered = db.read(move |conn| receiving::answer_question(conn, &reader, &asker, &told)).await?;
    db.write(move |tx| receiving::serve(tx, &ctx, &app, &asked, &system, answered.as_ref())).await
}

/// Counts a refusal and keeps its text.
async fn note(
    ctx: &Ctx,
    app: crate::base::id::RecordId,
    method: String,
    refused: Refusal,
    is_noted: bool,
) -> Result<Answer, Problem> {
    let answer = refused.answer.clone();
    metrics::counter!("anxin_platform_refusals_total", "code" => answer.code.as_str()).increment(1);
    if is_noted {
        let (noting, db) = (ctx.clone(), ctx.ground.db.clone());
        db.write(move |tx| Ok::<_, Problem>(receiving::note_refusal(tx.conn(), &noting, app, &method, &refused)?)).await?;
    }
    Ok(answer)
}
