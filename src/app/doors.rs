//! The access gate: every request passes here before its handler, and what no route allows does not pass.
//!
//! It finds the route by its pattern, checks who asks, narrows the scope to the route's verb and puts the context into the request.
//! A handler without context answers an error, so a path around the gate would lead nowhere. It also counts and logs: pattern, status
//! and time, never a path, a query or a body. What pages need beyond that (cookies, where a form comes from, refusals in HTML) is in
//! `pages`.

mod pages;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ALLOW, AUTHORIZATION, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};

use crate::bank_feed;
use crate::users::API_KEY_PREFIX;
use crate::users::actions::{self, Known};
use crate::users::tokens::Tokens;
use crate::web::extract::percent_decoded;
use crate::web::past::{self, KnownAt};
use crate::web::peer::peer_of;
use crate::web::scope::SIGNED;
use crate::web::{Access, Code, Ctx, Ground, Problem, Route, Scope, Verb};

/// The rules of every route.
pub struct Doors {
    rules: HashMap<(Method, String), Rule>,
}

/// What the gate knows of a route.
#[derive(Debug, Clone, Copy)]
struct Rule {
    access: Access,
    is_page: bool,
    knows_past: bool,
}

impl Doors {
    /// The rules of these routes.
    pub fn of(routes: &[Route]) -> Self {
        let rule = |route: &Route| Rule { access: route.access, is_page: route.is_page, knows_past: route.knows_past };
        Self { rules: routes.iter().map(|route| ((route.method.clone(), route.path.to_owned()), rule(route))).collect() }
    }

    /// The methods of a pattern, for the `Allow` header.
    fn methods(&self, pattern: &str) -> String {
        let mut methods: Vec<&str> =
            self.rules.keys().filter(|(_, known)| known == pattern).map(|(method, _)| method.as_str()).collect();
        methods.sort_unstable();
        methods.join(", ")
    }

    fn rule(&self, method: &Method, pattern: &str) -> Option<Rule> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.rules.get(&(method.clone(), pattern.to_owned())).copied()
    }
}

/// Lets a request through, or not.
pub async fn pass<B: MessageBody + 'static>(
    doors: web::Data<Doors>,
    ground: web::Data<Arc<Ground>>,
    tokens: web::Data<Tokens>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let pattern = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let method = request.method().clone();
    let response = match open(&doors, &ground, &tokens, &request, &pattern).await {
        Ok(()) => pages::dress(next.call(request).await?),
        Err(Refusal::Page(page)) => request.into_response(page).map_into_right_body(),
        Err(Refusal::Problem(problem)) => {
            let allowed = (problem.code == Code::MethodNotAllowed).then(|| doors.methods(&pattern));
            let mut refused = request.error_response(problem);
            if let Some(value) = allowed.and_then(|methods| HeaderValue::from_str(&methods).ok()) {
                refused.headers_mut().insert(ALLOW, value);
            }
            refused.map_into_right_body()
        }
    };
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    let labels = [("route", pattern.clone()), ("method", method.to_string()), ("status", status.to_string())];
    metrics::counter!("anxin_http_requests_total", &labels).increment(1);
    metrics::histogram!("anxin_http_seconds", "route" => pattern.clone()).record(elapsed.as_secs_f64());
    tracing::info!(
        http.method = method.as_str(),
        http.route = pattern.as_str(),
        http.status = status,
        http.micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        "a request was answered"
    );
    Ok(response)
}

/// How a request is turned away.
enum Refusal {
    /// For programs.
    Problem(Problem),
    /// For people: a page, or the way to the log-in.
    Page(HttpResponse),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Refusal::Problem(problem)
    }
}

async fn open(
    doors: &Doors,
    ground: &Arc<Ground>,
    tokens: &Tokens,
    request: &ServiceRequest,
    pattern: &str,
) -> Result<(), Refusal> {
    let rule = match pattern {
        "unmatched" => Err(Problem::not_found()),
        _ => doors
            .rule(request.method(), pattern)
            .ok_or_else(|| Problem::new(Code::MethodNotAllowed, "该地址不支持此方法。", "This address knows no such method.")),
    };
    // No path of ours holds a NUL, and PostgreSQL takes none.
    let rule = rule.and_then(|rule| match request.uri().path().contains("%00") {
        true => Err(Problem::not_found()),
        false => Ok(rule),
    });
    match rule {
        Ok(rule) if rule.is_page => pages::open(ground, request, rule).await.map_err(Refusal::Page),
        Ok(rule) => open_to_programs(ground, tokens, request, rule).await.map_err(Refusal::Problem),
        Err(problem) if pages::wants_page(request) => Err(Refusal::Page(pages::refused(ground, request, &problem).await)),
        Err(problem) => Err(Refusal::Problem(problem)),
    }
}

async fn open_to_programs(ground: &Arc<Ground>, tokens: &Tokens, request: &ServiceRequest, rule: Rule) -> Result<(), Problem> {
    let access = rule.access;
    if access != Access::Device && request.query_string().contains("%00") {
        let problem = Problem::new(Code::Malformed, "查询参数中不能有空字符（U+0000）。", "A query must not contain U+0000.");
        return Err(problem.at("query", "bad_encoding"));
    }
    let mut ctx = Ctx::of_the_house(ground, "public");
    ctx.scope.places.clear();
    ctx.peer = peer(ground, request);
    match access {
        Access::Public => {}
        Access::Device => "device".clone_into(&mut ctx.scope.actor),
        Access::Loopback => {
            let is_near = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
            let is_forwarded = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
            if !is_near || is_forwarded {
                return Err(Problem::not_found());
            }
        }
        Access::Myself => ctx.scope = scope_of(authenticate(ground, tokens, request, &ctx).await?, None)?,
        // A machine that signs has no key: the handler, which has the body, checks the signature before anything else.
        Access::Holds(Verb::FeedPunches)
            if !request.headers().contains_key(AUTHORIZATION) && request.headers().contains_key("x-anxin-signature") =>
        {
            SIGNED.clone_into(&mut ctx.scope.actor);
        }
        Access::Signed(_) if is_signed(request) => "unsigned".clone_into(&mut ctx.scope.actor),
        Access::Holds(verb) | Access::Signed(verb) => {
            let known = authenticate(ground, tokens, request, &ctx).await?;
            if known.must_change_password {
                return Err(Problem::new(
                    Code::NotAllowed,
                    "请先修改密码：POST /api/v1/me/password。",
                    "Change your password first: POST /api/v1/me/password.",
                ));
            }
            ctx.scope = scope_of(known, Some(verb))?;
        }
    }
    read_headers(request, &mut ctx)?;
    ctx.known_at = known_at(request, rule, &ctx)?;
    request.extensions_mut().insert(ctx);
    Ok(())
}

/// Whether a request comes with a signature instead of a log-in.
fn is_signed(request: &ServiceRequest) -> bool {
    match request.headers().get(AUTHORIZATION) {
        // A token that names a bank's key; the handler, which has the body, checks it before anything else.
        Some(value) => bearer(value).is_some_and(|credential| bank_feed::key_of_token(credential).is_some()),
        None => request.headers().contains_key("x-anxin-key"),
    }
}

/// What stands behind `Bearer`.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, credential) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}

/// The address that a request comes from.
fn peer(ground: &Ground, request: &ServiceRequest) -> Option<IpAddr> {
    // A proxy may add a line of its own instead of lengthening the one that came.
    let forwarded: Vec<&str> = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
    let connection = request.peer_addr().map(|peer| peer.ip());
    peer_of(connection, Some(&forwarded.join(",")), &ground.settings.trusted_proxies)
}

fn scope_of(known: Known, verb: Option<Verb>) -> Result<Scope, Problem> {
    match verb {
        Some(verb) => Scope::narrow(known.actor, known.user, &known.grants, verb).ok_or_else(Problem::not_allowed),
        None => Ok(Scope { actor: known.actor, user: known.user, places: Vec::new() }),
    }
}

async fn authenticate(ground: &Arc<Ground>, tokens: &Tokens, request: &ServiceRequest, ctx: &Ctx) -> Result<Known, Problem> {
    let Some(credential) = request.headers().get(AUTHORIZATION).and_then(bearer) else {
        return Err(Problem::new(
            Code::NotAuthenticated,
            "请先登录：POST /api/v1/sessions，并带上 Authorization: Bearer。",
            "Log in first: POST /api/v1/sessions, then send Authorization: Bearer.",
        ));
    };
    let (today, credential) = (ctx.today, credential.to_owned());
    if credential.starts_with(API_KEY_PREFIX) {
        return ground.db.read(move |conn| actions::known_machine(conn, &credential, today)).await;
    }
    let token = tokens.check(&credential, ctx.now)?;
    ground.db.read(move |conn| actions::known_bearer(conn, &token, today)).await
}

/// The past that a request asks about. Where it is not understood it is refused: whoever asks about the past must not get the present.
fn known_at(request: &ServiceRequest, rule: Rule, ctx: &Ctx) -> Result<Option<KnownAt>, Problem> {
    let told = request.query_string().split('&').find_map(|pair| pair.strip_prefix("known_at="));
    // An empty field of a form says nothing.
    let Some(text) = told.filter(|text| !text.is_empty() && rule.access != Access::Device) else { return Ok(None) };
    if !rule.knows_past {
        let problem = Problem::invalid("此处不支持 known_at。", "known_at is not understood here.");
        return Err(problem.at("known_at", "unknown_field"));
    }
    let at = past::parse(&percent_decoded(text), ctx.now)?;
    let path = request.match_info();
    let of = past::of_path(path.get("project"), path.get("party"));
    Ok(Some(KnownAt { at, of }))
}

fn read_headers(request: &ServiceRequest, ctx: &mut Ctx) -> Result<(), Problem> {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().map(str::to_owned));
    let odd = |name: &str| {
        Problem::new(
            Code::Malformed,
            format!("请求头或参数 {name} 无法读取。"),
            format!("The header or parameter {name} cannot be read."),
        )
        .at(name, "bad_format")
    };
    if let Some(key) = text("Idempotency-Key") {
        let key = key.map_err(|_| odd("Idempotency-Key"))?;
        if !(8..=64).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(odd("Idempotency-Key"));
        }
        ctx.replay_key = Some(key);
    }
    if let Some(version) = text("If-Match") {
        let version = version.map_err(|_| odd("If-Match"))?;
        ctx.seen_version = Some(version.trim_matches('"').parse().map_err(|_| odd("If-Match"))?);
    }
    for pair in request.query_string().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == "dry_run" {
            // Another spelling must not do what it was meant to rehearse.
            ctx.dry_run = match value {
                "true" => true,
                "false" => false,
                _ => return Err(odd("dry_run")),
            };
        }
    }
    Ok(())
}
