//! Logging in and out, the password, the language: what a visitor does about themselves.
//!
//! The session is a random token in an HttpOnly SameSite cookie; in the demonstration, on this machine only, a role is one click away.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{Frame, Shown, done, frame, regions, safe_path, see_other, show};
use crate::store::AnyConn;
use crate::users::table::{self, UserRow};
use crate::users::{BROWSER_SECONDS, actions, browser, http as users_http};
use crate::web::{Access, Form, Lang, Problem, Role, Route, ScopeOn, Verb, Visit};
use crate::{parties, projects};

/// Cookie of the session.
pub const SESSION_COOKIE: &str = "anxin_session";

/// Cookie of the language.
pub const LANGUAGE_COOKIE: &str = "anxin_language";

/// Days that the language is remembered.
const LANGUAGE_DAYS: i64 = 365;

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    vec![
        Route::page("/login", Access::Public, "Log in", || web::get().to(login_page)),
        Route::form("/login", Access::Public, "Log in", || web::post().to(log_in)),
        Route::form("/login/demo", Access::Public, "Log in by one click, in a demonstration only", || {
            web::post().to(log_in_to_demo)
        }),
        Route::form("/logout", Access::Public, "Log out", || web::post().to(log_out)),
        Route::form("/logout/everywhere", Access::Myself, "Log out on every machine", || web::post().to(log_out_everywhere)),
        Route::page("/me", Access::Myself, "Who I am and what I may do", || web::get().to(me)),
        Route::page("/password", Access::Myself, "My password", || web::get().to(password_page)),
        Route::form("/password", Access::Myself, "Change my password", || web::post().to(change_password)),
        Route::page("/language/{lang}", Access::Public, "Switch the language", || web::get().to(language)),
    ]
}

#[derive(Deserialize)]
struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "console/sessions/login.html")]
struct LoginPage {
    f: Frame,
    next: String,
}

async fn login_page(visit: Visit, query: web::Query<Next>) -> Shown {
    let next = safe_path(query.next.as_deref()).to_owned();
    if visit.visitor.is_some() {
        return Ok(see_other(if next == "/" { frame::home(&visit) } else { &next }));
    }
    show(&LoginPage { f: Frame::of(&visit), next })
}

/// The session's cookie; it is sent back over TLS only where the service is reached so.
fn session_cookie(token: &str, is_secure: bool, seconds: i64) -> Cookie<'static> {
    Cookie::build(SESSION_COOKIE, token.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure)
        .max_age(Duration::seconds(seconds))
        .finish()
}

fn with_cookie(mut response: HttpResponse, cookie: &Cookie<'_>) -> Shown {
    response.add_cookie(cookie).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(response)
}

async fn open(visit: &Visit, user: UserRow, next: &str) -> Shown {
    let (ctx, db) = (visit.ctx.clone(), visit.ctx.ground.db.clone());
    let token = db.write(move |tx| browser::open(tx, &ctx, &user)).await?;
    let is_secure = visit.ctx.ground.settings.secure_cookies;
    with_cookie(done(next, "logged_in", 1)?, &session_cookie(&token, is_secure, BROWSER_SECONDS))
}

async fn log_in(form: Form) -> Shown {
    let login = form.required("login")?.to_owned();
    let user = users_http::authenticate(&form.visit.ctx, &login, form.secret("password")?).await?;
    let next = match safe_path(form.text("next")) {
        _ if user.must_change_password => "/password",
        "/" => "/me?home",
        next => next,
    };
    open(&form.visit, user, next).await
}

async fn log_in_to_demo(request: HttpRequest, form: Form) -> Shown {
    let is_near = request.peer_addr().is_some_and(|peer| peer.ip().is_loopback());
    // What a proxy of this machine passes on comes from somewhere else.
    let is_forwarded = ["x-forwarded-for", "forwarded"].iter().any(|name| request.headers().contains_key(*name));
    if !form.visit.ctx.ground.settings.demo || !is_near || is_forwarded {
        return Err(Problem::not_found());
    }
    let login = form.required("login")?.to_owned();
    let user = form.visit.read(move |conn, _| table::by_login(conn, &login)?.ok_or_else(Problem::not_found)).await?;
    open(&form.visit, user, "/me?home").await
}

async fn log_out(request: HttpRequest, form: Form) -> Shown {
    if let Some(cookie) = request.cookie(SESSION_COOKIE) {
        let (ctx, db) = (form.visit.ctx.clone(), form.visit.ctx.ground.db.clone());
        db.write(move |tx| browser::end(tx, &ctx, cookie.value()).map_err(Problem::from)).await?;
    }
    leave(&form.visit, "logged_out")
}

fn leave(visit: &Visit, told: &str) -> Shown {
    with_cookie(done("/", told, 1)?, &session_cookie("", visit.ctx.ground.settings.secure_cookies, 0))
}

async fn log_out_everywhere(form: Form) -> Shown {
    let (ctx, db) = (form.visit.ctx.clone(), form.visit.ctx.ground.db.clone());
    db.write(move |tx| {
        let user = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
        table::revoke_all(tx.conn(), user, ctx.now).map_err(Problem::from)
    })
    .await?;
    leave(&form.visit, "logged_out_everywhere")
}

#[derive(Template)]
#[template(path = "console/sessions/me.html")]
struct MePage {
    f: Frame,
    login: String,
    /// Roles, the kind of what they hold for, and its name.
    grants: Vec<(Role, &'static str, String)>,
}

/// What a role holds for, as people call it.
fn place_name(conn: &mut AnyConn, visit: &Visit, on: ScopeOn) -> Result<String, Problem> {
    let scope = &visit.ctx.scope;
    Ok(match on {
        ScopeOn::Everything => String::new(),
        ScopeOn::Region(code) | ScopeOn::Grid(code) => regions::name(code),
        ScopeOn::Organisation(id) => parties::table::find(conn, scope, id)?.map_or_else(|| id.to_string(), |party| party.name),
        ScopeOn::Project(id) => {
            let seen = visit.able(Verb::ReadProjects).and_then(|ctx| projects::enter(conn, &ctx.scope, id).ok());
            seen.map_or_else(|| id.to_string(), |site| site.name)
        }
        ScopeOn::Account(_) | ScopeOn::Case(_) => on.parts().1,
    })
}

#[derive(Deserialize)]
struct Home {
    home: Option<String>,
}

/// One's own page; just after the log-in it only leads on to where the visitor's work is.
async fn me(visit: Visit, query: web::Query<Home>) -> Shown {
    let home = frame::home(&visit);
    if query.home.is_some() && home != "/me" {
        return done(home, "logged_in", 1);
    }
    let Some(visitor) = visit.visitor.clone() else { return Err(Problem::not_allowed()) };
    let grants = visitor.grants.clone();
    let grants = visit
        .read(move |conn, visit| {
            grants.into_iter().map(|grant| Ok((grant.role, grant.on.parts().0, place_name(conn, visit, grant.on)?))).collect()
        })
        .await?;
    show(&MePage { f: Frame::of(&visit), login: visitor.login.clone(), grants })
}

#[derive(Template)]
#[template(path = "console/sessions/password.html")]
struct PasswordPage {
    f: Frame,
    is_first: bool,
}

async fn password_page(visit: Visit) -> Shown {
    let is_first = visit.visitor.as_ref().is_some_and(|visitor| visitor.must_change_password);
    show(&PasswordPage { f: Frame::of(&visit), is_first })
}

async fn change_password(form: Form) -> Shown {
    let (old, new) = (form.secret("old")?, form.secret("new")?);
    if new != form.secret("again")? {
        let problem = Problem::invalid("两次输入的新密码不一致。", "The two new passwords differ.");
        return Err(problem.at("again", "bad_format"));
    }
    let ctx = form.visit.ctx.clone();
    let user = ctx.scope.user.ok_or_else(Problem::not_allowed)?;
    let hash = users_http::new_password(&ctx, user, old, new).await?;
    let db = ctx.ground.db.clone();
    db.write(move |tx| actions::set_password(tx, &ctx, user, &hash, false)).await?;
    // Setting a password ends every session, this one too.
    with_cookie(done("/login", "password_changed", 1)?, &session_cookie("", form.visit.ctx.ground.settings.secure_cookies, 0))
}

async fn language(visit: Visit, lang: web::Path<String>, query: web::Query<Next>) -> Shown {
    let lang: Lang = lang.parse().map_err(|_| Problem::not_found())?;
    let cookie = Cookie::build(LANGUAGE_COOKIE, lang.as_str())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(visit.ctx.ground.settings.secure_cookies)
        .max_age(Duration::days(LANGUAGE_DAYS))
        .finish();
    with_cookie(see_other(safe_path(query.next.as_deref())), &cookie)
}
