//! `/api/v1/users/{user}/…`: state, roles, sessions.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};

use super::http::{DONE, Done, GrantView, UserView};
use super::{UserState, managing};
use crate::base::id::{RecordId, UserId};
use crate::web::{Access, Call, Problem, Reply, Route, Verb};

pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Holds(Verb::ManageUsers);
    vec![
        Route::post("/api/v1/users/{user}/suspend", manage, "Keep a user out for now", || web::post().to(suspend))
            .gives::<UserView>(),
        Route::post("/api/v1/users/{user}/activate", manage, "Let a suspended user back in", || web::post().to(activate))
            .gives::<UserView>(),
        Route::post("/api/v1/users/{user}/end", manage, "End a user for good", || web::post().to(end)).gives::<UserView>(),
        Route::get("/api/v1/users/{user}/grants", manage, "Roles that a user has or had", || web::get().to(grants))
            .gives::<Vec<GrantView>>(),
        Route::delete("/api/v1/users/{user}/grants/{grant}", manage, "Take a role back", || web::delete().to(end_grant))
            .gives::<GrantView>(),
        Route::delete("/api/v1/users/{user}/sessions", manage, "Log a user out everywhere", || web::delete().to(log_out))
            .gives::<Done>(),
    ]
}

async fn set_state(call: Call, user: UserId, state: UserState) -> Result<Reply<serde_json::Value>, Problem> {
    call.write(StatusCode::OK, move |tx, ctx| managing::set_state(tx, ctx, user, state).map(UserView::from)).await
}

async fn suspend(call: Call, user: web::Path<UserId>) -> Result<impl Responder, Problem> {
    set_state(call, user.into_inner(), UserState::Suspended).await
}

async fn activate(call: Call, user: web::Path<UserId>) -> Result<impl Responder, Problem> {
    set_state(call, user.into_inner(), UserState::Active).await
}

async fn end(call: Call, user: web::Path<UserId>) -> Result<impl Responder, Problem> {
    set_state(call, user.into_inner(), UserState::Ended).await
}

async fn grants(call: Call, user: web::Path<UserId>) -> Result<impl Responder, Problem> {
    let user = user.into_inner();
    call.read(move |conn, ctx| {
        Ok(managing::grants(conn, ctx, user)?.into_iter().map(GrantView::from).collect::<Vec<GrantView>>())
    })
    .await
}

async fn end_grant(call: Call, path: web::Path<(UserId, RecordId)>) -> Result<impl Responder, Problem> {
    let (user, grant) = path.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| managing::end_grant(tx, ctx, user, grant).map(GrantView::from)).await
}

async fn log_out(call: Call, user: web::Path<UserId>) -> Result<impl Responder, Problem> {
    let user = user.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| managing::log_out_everywhere(tx, ctx, user).map(|()| DONE)).await
}
