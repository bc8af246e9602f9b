//! `POST /api/v1/inbox/{inbox}/replay`: a machine's message is read again.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};

use super::again::{self, ReadAgain};
use crate::base::id::InboxId;
use crate::web::{Access, Call, Problem, Route, Verb};

/// The routes of reading again.
pub fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::post("/api/v1/inbox/{inbox}/replay", operate, "Read a machine's message again; nothing is taken twice", || {
            web::post().to(replay)
        })
        .gives::<ReadAgain>(),
    ]
}

async fn replay(call: Call, inbox: web::Path<InboxId>) -> Result<impl Responder, Problem> {
    let id = inbox.into_inner();
    call.write(StatusCode::OK, move |tx, ctx| again::message(tx, ctx, id)).await
}
