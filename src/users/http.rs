//! `/api/v1/sessions`, `/api/v1/me`, `/api/v1/users`, `/api/v1/api-keys`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::actions::{self, Opened, Refreshed};
use super::contacts::{self, http::ContactView};
use super::table::{self, UserRow};
use super::tokens::Tokens;
use super::{ACCESS_SECONDS, UserState, http_managing, managing, password};
use crate::base::id::{ApiKeyId, RecordId, UserId};
use crate::base::{Day, Moment, id};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Code, Ctx, Grant, Problem, Reply, Role, Route, ScopeOn, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageUsers);
    let mut routes = vec![
        Route::post("/api/v1/sessions", Access::Public, "Log in", || web::post().to(log_in))
            .takes::<LogIn>()
            .creates::<TokenPair>(),
        Route::post("/api/v1/sessions/refresh", Access::Public, "Trade a refresh token for a new pair", || {
            web::post().to(refresh)
        })
        .takes::<Refresh>()
        .creates::<TokenPair>(),
        Route::delete("/api/v1/sessions", Access::Myself, "Log out everywhere", || web::delete().to(log_out)).gives::<Done>(),
        Route::get("/api/v1/me", Access::Myself, "Who I am and what I may do", || web::get().to(me)).gives::<Me>(),
        Route::post("/api/v1/me/password", Access::Myself, "Change my password", || web::post().to(change_password))
            .takes::<ChangePassword>()
            .gives::<Done>(),
        Route::post("/api/v1/users", manage, "Add a user", || web::post().to(add_user)).takes::<AddUser>().creates::<UserView>(),
        Route::get("/api/v1/users", manage, "List users", || web::get().to(list))
            .query(&[("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .gives::<Page<UserView>>(),
        Route::post("/api/v1/users/{user}/grants", manage, "Give a role", || web::post().to(grant))
            .takes::<GiveRole>()
            .creates::<GrantView>(),
        Route::post("/api/v1/users/{user}/password", manage, "Reset a password", || web::post().to(reset_password))
            .takes::<ResetPassword>()
            .gives::<Done>(),
        Route::post("/api/v1/api-keys", manage, "Make a key for a machine", || web::post().to(add_key))
            .takes::<AddKey>()
            .creates::<KeyMade>(),
        Route::delete("/api/v1/api-keys/{key}", manage, "End a machine's key", || web::delete().to(revoke_key)).gives::<Done>(),
    ];
    routes.extend(http_managing::routes());
    routes
}

/// Login and password.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    login: String,
    password: String,
}

/// A refresh token.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    refresh_token: String,
}

/// An access token and the refresh token that follows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenPair {
    access_token: String,
    token_type: String,
    expires_in: i64,
    refresh_token: String,
    must_change_password: bool,
}

/// It is done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Done {
    done: bool,
}

pub(super) const DONE: Done = Done { done: true };

/// Who I am.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Me {
    id: UserId,
    login: String,
    name: String,
    grants: Vec<GrantView>,
    /// Where I am written to; the address is masked.
    contact: ContactView,
}

/// A grant as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GrantView {
    id: RecordId,
    role: String,
    scope: String,
    value: String,
    from_on: Day,
    until_on: Option<Day>,
}

/// A user as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserView {
    id: UserId,
    login: String,
    name: String,
    state: UserState,
    must_change_password: bool,
    created_at: Moment,
}

/// My old and new password.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    old: String,
    new: String,
}

/// A user to be added; the password must be changed at the first log-in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    login: String,
    name: String,
    password: String,
}

/// A password set by an administrator; it must be changed at the next log-in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    password: String,
}

/// A role to be given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveRole {
    /// Role.
    role: String,
    /// everything, region, organisation, project, account, case, grid.
    scope: String,
    /// Region code or id; empty for everything.
    #[serde(default)]
    value: String,
    /// Last day.
    until_on: Option<Day>,
}

/// A key to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddKey {
    name: String,
    role: String,
    scope: String,
    #[serde(default)]
    value: String,
    expires_on: Option<Day>,
}

/// A key, shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyMade {
    id: ApiKeyId,
    key: String,
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        let UserRow { id, login, name, state, must_change_password, created_at, .. } = row;
        Self { id, login, name, state, must_change_password, created_at }
    }
}

impl From<table::GrantRow> for GrantView {
    fn from(row: table::GrantRow) -> Self {
        let table::GrantRow { id, role, scope_kind, scope_value, from_on, until_on, .. } = row;
        Self { id, role: role.to_string(), scope: scope_kind, value: scope_value, from_on, until_on }
    }
}

fn parse_grant(role: &str, scope: &str, value: &str) -> Result<Grant, Problem> {
    let role: Role = role.parse().map_err(|error| Problem::unreadable("role", &error))?;
    let on = ScopeOn::of(scope, value).map_err(|error| Problem::unreadable("value", &error))?;
    Ok(Grant { role, on })
}

fn pair(tokens: &Tokens, ctx: &Ctx, opened: Opened) -> Result<TokenPair, Problem> {
    let access_token = tokens.issue(opened.user.id, ctx.now, &id::encode(ctx.id()))?;
    Ok(TokenPair {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in: ACCESS_SECONDS,
        refresh_token: opened.refresh_token,
        must_change_password: opened.user.must_change_password,
    })
}

/// Runs slow hashing off the event loop.
async fn off_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error.to_string()))
}

/// The user of a login and password that hold, as the password was compared; a failure is counted against the login.
///
/// # Errors
/// `not_authenticated` for a wrong pair, `too_many` while the login is locked.
pub async fn authenticate(ctx: &Ctx, login: &str, password: String) -> Result<UserRow, Problem> {
    let db = ctx.ground.db.clone();
    let (reader, name) = (ctx.clone(), login.to_owned());
    let candidate = db.read(move |conn| actions::candidate(conn, &reader, &name)).await?;
    let candidate = Arc::new(candidate);
    let judged = Arc::clone(&candidate);
    let accepted = off_loop(move || judged.accepts(&password)).await?;
    if let Some(user) = candidate.user.as_ref().filter(|_| accepted) {
        return Ok(user.clone());
    }
    let (writer, name) = (ctx.clone(), login.to_owned());
    db.write(move |tx| actions::note_failure(tx, &writer, &name)).await?;
    Err(actions::not_authenticated())
}

async fn log_in(call: Call, tokens: web::Data<Tokens>, body: Body<LogIn>) -> Result<impl Responder, Problem> {
    let LogIn { login, password } = body.0;
    let user = authenticate(&call.ctx, &login, password).await?;
    let (ctx, db) = (call.ctx.clone(), call.ctx.ground.db.clone());
    let opened = db.write(move |tx| actions::log_in(tx, &ctx, &user)).await?;
    Ok(Reply { status: StatusCode::CREATED, body: pair(&tokens, &call.ctx, opened)? })
}

async fn refresh(call: Call, tokens: web::Data<Tokens>, body: Body<Refresh>) -> Result<impl Responder, Problem> {
    let (ctx, db, token) = (call.ctx.clone(), call.ctx.ground.db.clone(), body.0.refresh_token);
    match db.write(move |tx| actions::refresh(tx, &ctx, &token)).await? {
        Refreshed::Opened(opened) => Ok(Reply { status: StatusCode::CREATED, body: pair(&tokens, &call.ctx, *opened)? }),
        Refreshed::Ended => Err(Problem::new(
            Code::NotAuthenticated,
            "该刷新令牌已被使用过，为安全起见已全部退出，请重新登录。",
            "This refresh token was used before; its sessions have been ended. Log in again.",
        )),
    }
}

fn myself(ctx: &Ctx) -> Result<UserId, Problem> {
    ctx.scope.user.ok_or_else(Problem::not_allowed)
}

async fn log_out(call: Call) -> Result<impl Responder, Problem> {
    call.write(StatusCode::OK, |tx, ctx| {
        table::revoke_all(tx.conn(), myself(ctx)?, ctx.now)?;
        Ok(DONE)
    })
    .await
}

async fn me(call: Call) -> Result<impl Responder, Problem> {
    call.read(|conn, ctx| {
        let user = table::find(conn, myself(ctx)?)?.ok_or_else(Problem::not_found)?;
        let grants = table::grants_of(conn, user.id, ctx.today)?.into_iter().map(GrantView::from).collect();
        let contact = contacts::actions::of(conn, ctx.vault(), user.id)?.into();
        Ok(Me { id: user.id, login: user.login, name: user.name, grants, contact })
    })
    .await
}

async fn change_password(call: Call, body: Body<ChangePassword>) -> Result<impl Responder, Problem> {
    let ChangePassword { old, new } = body.0;
    let user = myself(&call.ctx)?;
    let hash = new_password(&call.ctx, user, old, new).await?;
    call.write(StatusCode::OK, move |tx, ctx| actions::set_password(tx, ctx, user, &hash, false).map(|()| DONE)).await
}

/// The hash of a new password for whoever knows the old one.
///
/// # Errors
/// `invalid` when the old one is wrong, or the new one too weak or the same; `too_many` for too many wrong ones: whoever sits at an
/// open session does not guess its password either.
pub async fn new_password(ctx: &Ctx, user: UserId, old: String, new: String) -> Result<String, Problem> {
    let (db, reader) = (ctx.ground.db.clone(), ctx.clone());
    let row = db
        .read(move |conn| {
            let row = table::find(conn, user)?.ok_or_else(Problem::not_found)?;
            actions::candidate(conn, &reader, &row.login)?;
            Ok::<_, Problem>(row)
        })
        .await?;
    let login = row.login.clone();
    password::check(&row.login, &new)?;
    if old == new {
        let problem = Problem::invalid("新密码不能与原密码相同。", "The new password must differ from the old one.");
        return Err(problem.at("new", "bad_format"));
    }
    let salt = ctx.vault().random::<16>()?;
    let judged = off_loop(move || match password::matches(&old, &row.password_hash) {
        true => password::hash(&new, &salt).map(Some),
        false => Ok(None),
    });
    if let Some(hash) = judged.await?? {
        return Ok(hash);
    }
    let writer = ctx.clone();
    db.write(move |tx| actions::note_failure(tx, &writer, &login)).await?;
    Err(Problem::invalid("原密码不正确。", "The old password is wrong.").at("old", "bad_format"))
}

/// The hash of a password that an administrator sets for a user.
pub async fn given_password(ctx: &Ctx, login: &str, new: String) -> Result<String, Problem> {
    password::check(login, &new)?;
    let salt = ctx.vault().random::<16>()?;
    off_loop(move || password::hash(&new, &salt)).await?
}

async fn add_user(call: Call, body: Body<AddUser>) -> Result<impl Responder, Problem> {
    let AddUser { login, name, password } = body.0;
    let hash = given_password(&call.ctx, &login, password).await?;
    call.write(StatusCode::CREATED, move |tx, ctx| actions::add_user(tx, ctx, &login, &name, &hash, true).map(UserView::from))
        .await
}

async fn list(call: Call, query: web::Query<PageQuery>) -> Result<impl Responder, Problem> {
    let (after, limit) = query.bounds()?;
    call.read(move |conn, ctx| {
        let rows = managing::list(conn, ctx, after, limit + 1)?.into_iter().map(UserView::from).collect();
        Ok(Page::cut(rows, limit, |row: &UserView| row.id.0))
    })
    .await
}

async fn grant(call: Call, user: web::Path<UserId>, body: Body<GiveRole>) -> Result<impl Responder, Problem> {
    let GiveRole { role, scope, value, until_on } = body.0;
    let (user, given) = (user.into_inner(), parse_grant(&role, &scope, &value)?);
    call.write(StatusCode::CREATED, move |tx, ctx| actions::grant(tx, ctx, user, given, until_on).map(GrantView::from)).await
}

async fn reset_password(call: Call, user: web::Path<UserId>, body: Body<ResetPassword>) -> Result<impl Responder, Problem> {
    let (user, new) = (user.into_inner(), body.0.password);
    let db = call.ctx.ground.db.clone();
    let ctx = call.ctx.clone();
    let row = db.read(move |conn| managing::enter(conn, &ctx, user)).await?;
    let hash = given_password(&call.ctx, &row.login, new).await?;
    call.write(StatusCode::OK, move |tx, ctx| {
        managing::enter(tx.conn(), ctx, user)?;
        actions::set_password(tx, ctx, user, &hash, true).map(|()| DONE)
    })
    .await
}

async fn add_key(call: Call, body: Body<AddKey>) -> Result<impl Responder, Problem> {
    let AddKey { name, role, scope, value, expires_on } = body.0;
    let on = parse_grant(&role, &scope, &value)?;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let (row, key) = actions::add_api_key(tx, ctx, &name, on, expires_on)?;
        Ok(KeyMade { id: row.id, key })
    })
    .await
}

async fn revoke_key(call: Call, key: web::Path<ApiKeyId>) -> Result<impl Responder, Problem> {
    let id = key.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| actions::revoke_api_key(tx, ctx, id).map(|_| DONE)).await
}
