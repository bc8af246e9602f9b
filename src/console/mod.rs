//! Floor 6: pages for people. A page composes what slices and oversight offer; it holds no rule and no SQL.
//!
//! How a page is made, in the order of reading: a folder for each subject with `mod.rs` (routes and handlers) and its templates beside
//! it. A handler takes a [`Visit`] and looks, or takes a [`crate::web::Form`] and changes something, then sends the visitor on with
//! [`done`]. What a page shows beyond its route's verb is asked for with [`Visit::able`]. A template extends `console/base.html`, has
//! a field `f: Frame`, and writes each text in both languages where it stands: `f.t("项目", "Projects")`. A problem needs no handling:
//! the access gate turns it into a page. Pages work without script; `console.js` only shows the progress of uploads.
//!
//! Deliberately absent: inline script and style, which the content security policy forbids, and anything loaded from elsewhere.

pub mod bank_feed;
pub mod certificates;
pub mod companies;
pub mod deposits;
pub mod frame;
pub mod front;
pub mod gates;
pub mod house;
pub mod law;
pub mod month;
pub mod owner;
pub mod projects;
pub mod regions;
pub mod sessions;
pub mod signing;
pub mod words;

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use askama::Template;

pub use frame::Frame;

use crate::base::Moment;
use crate::store::journal;
use crate::web::{Access, Form, Problem, Route, Visit};

/// What a page may load: its own style, script and pictures, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Every page.
pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console.css", Access::Public, "The pages' style", || web::get().to(style)).serves("text/css"),
        Route::get("/console.js", Access::Public, "Progress of uploads", || web::get().to(script)).serves("text/javascript"),
        Route::get("/favicon.svg", Access::Public, "The mark", || web::get().to(mark)).serves("image/svg+xml"),
    ];
    routes.extend(front::routes());
    // Before projects and companies: `/projects/new` is no project.
    routes.extend(month::routes());
    routes.extend(bank_feed::routes());
    routes.extend(projects::routes());
    routes.extend(gates::routes());
    routes.extend(law::routes());
    routes.extend(companies::routes());
    routes.extend(owner::routes());
    routes.extend(deposits::routes());
    routes.extend(certificates::routes());
    routes.extend(signing::routes());
    routes.extend(sessions::routes());
    routes.extend(house::routes());
    routes
}

/// What a handler of a page comes to.
pub type Shown = Result<HttpResponse, Problem>;

/// A page as served.
pub fn show(page: &impl Template) -> Shown {
    respond(StatusCode::OK, page)
}

fn respond(status: StatusCode, page: &impl Template) -> Shown {
    let html = page.render().map_err(|error| Problem::internal(&format!("a template failed: {error}")))?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "same-origin"))
        .insert_header(("Cache-Control", "no-store"))
        .body(html))
}

/// Sends the visitor to another page of this site.
pub fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", to)).insert_header(("Cache-Control", "no-store")).finish()
}

/// A moment as a browser's field writes it, on the wall of Shanghai; one that may be left out.
///
/// # Errors
/// `invalid` for what is no moment.
pub fn moment(form: &Form, name: &str) -> Result<Option<Moment>, Problem> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let seconds = if text.len() == "2026-03-02T08:00".len() { ":00" } else { "" };
    let read = format!("{text}{seconds}+08:00").parse().map(Some);
    read.map_err(|_| {
        Problem::invalid("请填写日期和时间，如 2026-03-02T08:00。", "Write day and time, like 2026-03-02T08:00.")
            .at(name, "bad_time")
    })
}

/// After a form: to a page that says what was done. `told` is a word of [`words::told`], `number` fills its `{n}`.
pub fn done(to: &str, told: &str, number: usize) -> Shown {
    let joint = if to.contains('?') { '&' } else { '?' };
    let (path, mark) = to.split_once('#').map_or((to, String::new()), |(path, mark)| (path, format!("#{mark}")));
    Ok(see_other(&format!("{path}{joint}told={told}&n={number}{mark}")))
}

/// A text as a value in a query.
pub fn in_query(text: &str) -> String {
    use std::fmt::Write;
    let mut coded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => coded.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(coded, "%{byte:02X}")),
        }
    }
    coded
}

/// A path of this site that a visitor may be sent to; anything else leads home.
pub fn safe_path(text: Option<&str>) -> &str {
    let text = text.unwrap_or("/");
    let is_ours = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\') && !text.chars().any(char::is_control);
    if is_ours && text.len() <= 1000 { text } else { "/" }
}

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage<'a> {
    f: Frame,
    problem: &'a Problem,
}

/// What is wrong, where, and how to mend it, for a person.
pub fn problem_page(visit: &Visit, problem: &Problem) -> HttpResponse {
    let page = ProblemPage { f: Frame::of(visit), problem };
    respond(problem.code.status(), &page).unwrap_or_else(|problem| actix_web::ResponseError::error_response(&problem))
}

/// Files that pages load: checked by their hash on each visit, sent only when they have changed.
fn fixed(request: &HttpRequest, media: &'static str, text: &'static str) -> HttpResponse {
    let tag = format!("\"{}\"", journal::sha256(text.as_bytes()).get(..16).unwrap_or_default());
    if request.headers().get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    HttpResponse::Ok()
        .content_type(media)
        .insert_header((ETAG, tag))
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(text)
}

async fn style(request: HttpRequest) -> impl Responder {
    fixed(&request, "text/css; charset=utf-8", include_str!("console.css"))
}

async fn script(request: HttpRequest) -> impl Responder {
    fixed(&request, "text/javascript; charset=utf-8", include_str!("console.js"))
}

async fn mark(request: HttpRequest) -> impl Responder {
    fixed(&request, "image/svg+xml", include_str!("favicon.svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for text in ["//evil.test", "https://evil.test", "/\\evil.test", "evil", "", "/a\r\nSet-Cookie: x=1"] {
            assert_eq!(safe_path(Some(text)), "/", "{text:?}");
        }
        assert_eq!(safe_path(Some("/projects?after=1")), "/projects?after=1");
    }

    #[test]
    fn a_query_carries_any_text() {
        assert_eq!(in_query("/a?b=中&c"), "%2Fa%3Fb%3D%E4%B8%AD%26c");
    }
}
