//! Users: adding, giving and taking back roles, passwords, keeping out, logging out everywhere.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::id::{self, RecordId, UserId};
use crate::console::{Frame, Shown, done, show};
use crate::users::table::{GrantRow, UserRow};
use crate::users::{UserState, actions, http as users_http, managing};
use crate::web::{Access, Form, Grant, Problem, Role, Route, ScopeOn, Verb, Visit};

/// Users of a page.
const PAGE: i64 = 50;

/// Where a role may be given, in the order of the form.
const PLACES: &[&str] = &["everything", "region", "organisation", "project", "account", "grid"];

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageUsers);
    vec![
        Route::page("/house/users", manage, "Users", || web::get().to(list)),
        Route::form("/house/users", manage, "Add a user", || web::post().to(add)),
        Route::page("/house/users/{user}", manage, "A user with their roles", || web::get().to(one)),
        Route::form("/house/users/{user}/grants", manage, "Give a role", || web::post().to(grant)),
        Route::form("/house/users/{user}/grants/{grant}/end", manage, "Take a role back", || web::post().to(end_grant)),
        Route::form("/house/users/{user}/password", manage, "Reset a password", || web::post().to(reset)),
        Route::form("/house/users/{user}/state", manage, "Suspend, let back in, end", || web::post().to(set_state)),
        Route::form("/house/users/{user}/sessions/end", manage, "Log out everywhere", || web::post().to(log_out)),
    ]
}

#[derive(Deserialize)]
struct Query {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "console/house/users.html")]
struct ListPage {
    f: Frame,
    users: Vec<UserRow>,
    next: Option<String>,
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let after = query.after.as_deref().and_then(id::decode).unwrap_or(0);
    let mut users = visit.read(move |conn, visit| managing::list(conn, &visit.ctx, after, PAGE + 1)).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = users.len() > page;
    users.truncate(page);
    let next = users.last().filter(|_| more).map(|row| id::encode(row.id.0));
    show(&ListPage { f: Frame::of(&visit), users, next })
}

fn badge(state: UserState) -> &'static str {
    match state {
        UserState::Active => "good",
        UserState::Suspended => "warn",
        UserState::Ended => "unknown",
    }
}

impl ListPage {
    fn badge(&self, row: &UserRow) -> &'static str {
        badge(row.state)
    }
}

async fn add(form: Form) -> Shown {
    let (login, name) = (form.required("login")?.to_owned(), form.required("name")?.to_owned());
    let ctx = form.ctx(Verb::ManageUsers)?;
    let hash = users_http::given_password(&ctx, &login, form.secret("password")?).await?;
    let user =
        form.write(Verb::ManageUsers, move |tx, ctx| Ok(actions::add_user(tx, ctx, &login, &name, &hash, true)?.id)).await?;
    done(&format!("/house/users/{user}"), "user_added", 1)
}

#[derive(Template)]
#[template(path = "console/house/user.html")]
struct OnePage {
    f: Frame,
    user: UserRow,
    grants: Vec<GrantRow>,
    is_me: bool,
    may_manage: bool,
    roles: &'static [Role],
    places: &'static [&'static str],
}

impl OnePage {
    fn badge(&self) -> &'static str {
        badge(self.user.state)
    }
}

async fn one(visit: Visit, user: web::Path<UserId>) -> Shown {
    let id = user.into_inner();
    let (user, grants, may_manage) = visit
        .read(move |conn, visit| {
            let user = managing::look(conn, &visit.ctx, id)?;
            let grants = managing::grants(conn, &visit.ctx, id)?;
            Ok((user, grants, managing::enter(conn, &visit.ctx, id).is_ok()))
        })
        .await?;
    let is_me = visit.ctx.scope.user == Some(id);
    show(&OnePage { f: Frame::of(&visit), user, grants, is_me, may_manage, roles: Role::ALL, places: PLACES })
}

fn path(user: UserId) -> String {
    format!("/house/users/{user}")
}

async fn grant(user: web::Path<UserId>, form: Form) -> Shown {
    let id = user.into_inner();
    // Whoever may not see the user learns nothing from what is missing in the form.
    form.visit.read(move |conn, visit| managing::look(conn, &visit.ctx, id)).await?;
    let role: Role = form.parse("role")?;
    let place = form.required("scope")?;
    let on = ScopeOn::of(place, form.text("value").unwrap_or_default()).map_err(|error| Problem::unreadable("value", &error))?;
    let until_on = form.parse_opt("until_on")?;
    form.write(Verb::ManageUsers, move |tx, ctx| actions::grant(tx, ctx, id, Grant { role, on }, until_on)).await?;
    done(&path(id), "role_given", 1)
}

async fn end_grant(ids: web::Path<(UserId, RecordId)>, form: Form) -> Shown {
    let (user, grant) = ids.into_inner();
    form.write(Verb::ManageUsers, move |tx, ctx| managing::end_grant(tx, ctx, user, grant)).await?;
    done(&path(user), "role_ended", 1)
}

async fn reset(user: web::Path<UserId>, form: Form) -> Shown {
    let id = user.into_inner();
    let row = form.visit.read(move |conn, visit| managing::enter(conn, &visit.ctx, id)).await?;
    let ctx = form.ctx(Verb::ManageUsers)?;
    let hash = users_http::given_password(&ctx, &row.login, form.secret("password")?).await?;
    form.write(Verb::ManageUsers, move |tx, ctx| {
        managing::enter(tx.conn(), ctx, id)?;
        actions::set_password(tx, ctx, id, &hash, true)
    })
    .await?;
    done(&path(id), "password_reset", 1)
}

async fn set_state(user: web::Path<UserId>, form: Form) -> Shown {
    let id = user.into_inner();
    form.visit.read(move |conn, visit| managing::look(conn, &visit.ctx, id)).await?;
    let state: UserState = form.parse("state")?;
    form.write(Verb::ManageUsers, move |tx, ctx| managing::set_state(tx, ctx, id, state)).await?;
    done(&path(id), "state_changed", 1)
}

async fn log_out(user: web::Path<UserId>, form: Form) -> Shown {
    let id = user.into_inner();
    form.write(Verb::ManageUsers, move |tx, ctx| managing::log_out_everywhere(tx, ctx, id)).await?;
    done(&path(id), "user_logged_out", 1)
}
