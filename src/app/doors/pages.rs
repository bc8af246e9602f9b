//! The gate for pages: sessions by cookie, forms from this site only, and refusals that a person can read.

use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, HOST, ORIGIN};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpResponse};

use super::{Rule, known_at};
use crate::console;
use crate::console::sessions::{LANGUAGE_COOKIE, SESSION_COOKIE};
use crate::users::browser;
use crate::web::{Access, Code, Ctx, Ground, Lang, Problem, Scope, Visit, Visitor};

/// The longest way back that is remembered.
const HERE_MAX: usize = 1000;

/// Whether a person asks who would rather read a page than a problem in JSON.
pub(super) fn wants_page(request: &ServiceRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html") && !request.path().starts_with("/api/") && !request.path().starts_with("/iclock")
}

/// A refusal at an address that is no page; whoever is logged in stays so.
pub(super) async fn refused(ground: &Arc<Ground>, request: &ServiceRequest, problem: &Problem) -> HttpResponse {
    let mut visit = visit(ground, request);
    match enter(ground, request, Access::Public, &mut visit).await {
        Ok(()) => console::problem_page(&visit, problem),
        Err(other) => console::problem_page(&visit, &other),
    }
}

/// Lets a request through to a page, or gives the page that it gets instead.
pub(super) async fn open(ground: &Arc<Ground>, request: &ServiceRequest, rule: Rule) -> Result<(), HttpResponse> {
    let mut visit = visit(ground, request);
    let entered = enter(ground, request, rule.access, &mut visit).await;
    let known_at = entered.and_then(|()| known_at(request, rule, &visit.ctx));
    match known_at {
        Ok(known_at) => {
            visit.ctx.known_at = known_at;
            request.extensions_mut().insert(visit.ctx.clone());
            request.extensions_mut().insert(visit);
            Ok(())
        }
        Err(problem) if problem.code == Code::NotAuthenticated => {
            let next = if request.method() == Method::GET { visit.here.as_str() } else { "/" };
            Err(console::see_other(&format!("/login?next={}", console::in_query(next))))
        }
        Err(problem) => Err(console::problem_page(&visit, &problem)),
    }
}

/// What is known before anybody has shown who they are.
fn visit(ground: &Arc<Ground>, request: &ServiceRequest) -> Visit {
    let mut ctx = Ctx::of_the_house(ground, "public");
    ctx.scope.places.clear();
    ctx.peer = super::peer(ground, request);
    let lang = request.cookie(LANGUAGE_COOKIE).and_then(|cookie| cookie.value().parse().ok()).unwrap_or(Lang::Zh);
    let here: String = request.uri().path_and_query().map(|told| told.as_str().to_owned()).unwrap_or_default();
    let came_from = came_from(request);
    // Where a form was sent to is no page to come back to.
    let here = match request.method() {
        &Method::GET | &Method::HEAD if here.len() <= HERE_MAX => here,
        &Method::GET | &Method::HEAD => "/".to_owned(),
        _ => came_from.clone().unwrap_or_else(|| "/".to_owned()),
    };
    Visit { ctx, lang, visitor: None, here, came_from }
}

async fn enter(ground: &Arc<Ground>, request: &ServiceRequest, access: Access, visit: &mut Visit) -> Result<(), Problem> {
    if ground.settings.demo && !is_loopback_name(host(request)) {
        let (zh, en) = ("演示数据库只能以本机名称访问。", "The demonstration answers to this machine's own name only.");
        return Err(Problem::new(Code::NotAllowed, zh, en));
    }
    if request.query_string().contains("%00") {
        let problem = Problem::new(Code::Malformed, "查询参数中不能有空字符（U+0000）。", "A query must not contain U+0000.");
        return Err(problem.at("query", "bad_encoding"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !is_from_here(request) {
        let (zh, en) = ("表单必须从本站页面提交。", "A form must be sent from a page of this site.");
        return Err(Problem::new(Code::NotAllowed, zh, en));
    }
    if let Some(cookie) = request.cookie(SESSION_COOKIE) {
        let (now, today, token) = (visit.ctx.now, visit.ctx.today, cookie.value().to_owned());
        let known = ground.db.read(move |conn| browser::known(conn, &token, now, today)).await?;
        visit.visitor = known.map(|(user, grants)| {
            Arc::new(Visitor {
                user: user.id,
                form_token: browser::form_token(&ground.vault, cookie.value()),
                name: user.name,
                login: user.login,
                grants,
                must_change_password: user.must_change_password,
            })
        });
    }
    let visitor = match (access, visit.visitor.clone()) {
        (Access::Public, None) => return Ok(()),
        (_, Some(visitor)) => visitor,
        _ => return Err(Problem::new(Code::NotAuthenticated, "请先登录。", "Log in first.")),
    };
    let (actor, user) = (visitor.user.to_string(), Some(visitor.user));
    visit.ctx.scope = match access {
        Access::Public | Access::Myself => Scope { actor, user, places: Vec::new() },
        Access::Holds(verb) => {
            if visitor.must_change_password {
                return Err(Problem::new(
                    Code::NotAllowed,
                    "请先修改初始密码。",
                    "Change your first password before anything else.",
                ));
            }
            Scope::narrow(actor, user, &visitor.grants, verb).ok_or_else(Problem::not_allowed)?
        }
        Access::Device | Access::Loopback | Access::Signed(_) => return Err(Problem::not_found()),
    };
    Ok(())
}

/// A page's problem becomes a page in the visitor's language; everything else passes as it is.
pub(super) fn dress<B: MessageBody + 'static>(response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let visit = response.request().extensions().get::<Visit>().cloned();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    match (visit, problem) {
        (Some(visit), Some(problem)) => {
            let (request, _) = response.into_parts();
            ServiceResponse::new(request, console::problem_page(&visit, &problem)).map_into_right_body()
        }
        (Some(visit), None) if response.status() == StatusCode::NOT_FOUND => {
            let (request, _) = response.into_parts();
            ServiceResponse::new(request, console::problem_page(&visit, &Problem::not_found())).map_into_right_body()
        }
        _ => response.map_into_left_body(),
    }
}

fn host(request: &ServiceRequest) -> &str {
    request.headers().get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_else(|| request.uri().host().unwrap_or_default())
}

/// Whether a name can only mean this machine: a foreign page that points its own name at 127.0.0.1 is turned away.
pub(crate) fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Whether a form was sent from a page of this site, as far as the browser tells.
fn is_from_here(request: &ServiceRequest) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(_, told)| told == host(request)),
        // Neither is sent by programs without a browser; a session's form is still held by its token.
        (None, None) => true,
    }
}

/// The page that led here, where it is one of this site.
fn came_from(request: &ServiceRequest) -> Option<String> {
    let referer = request.headers().get("referer")?.to_str().ok()?;
    let (_, rest) = referer.split_once("://")?;
    let path = rest.strip_prefix(host(request))?;
    (console::safe_path(Some(path)) == path).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::is_loopback_name;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for name in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "[::1]"] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["", "localhost.evil.test", "127.0.0.1.evil.test:80", "evil.test", "10.0.0.1", "localhost:80:80x"] {
            assert!(!is_loopback_name(name), "{name}");
        }
    }
}
