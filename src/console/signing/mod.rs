//! The page behind a link for signing: a stranger sees project and month; whoever knows the second means sees the slip and may sign.
//!
//! Deliberately absent: a signature by opening the page, or by not answering.

use actix_web::web;
use askama::Template;

use super::{Frame, Shown, show};
use crate::payroll::links::actions::{self, Face, Opened};
use crate::payroll::links::path_of;
use crate::payroll::slip::Slip;
use crate::web::{Access, Form, Problem, Route, Visit};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    vec![
        Route::page("/sign/{token}", Access::Public, "A worker's link for signing", || web::get().to(page)),
        Route::form("/sign/{token}", Access::Public, "See the slip and sign it, with the second means", || {
            web::post().to(answer)
        }),
    ]
}

#[derive(Template)]
#[template(path = "console/signing/page.html")]
struct SigningPage {
    f: Frame,
    path: String,
    face: Face,
    /// Answers left after a wrong one.
    left: Option<i64>,
    slip: Option<Box<Slip>>,
    can_sign: bool,
    /// What was typed, for the second step; it stands in the page of whoever typed it only.
    code: String,
}

impl SigningPage {
    fn is_signed(&self) -> bool {
        self.slip.as_ref().is_some_and(|slip| slip.signed_on.is_some())
    }
}

async fn page(visit: Visit, token: web::Path<String>) -> Shown {
    let token = token.into_inner();
    let path = path_of(&token);
    let face = visit.read(move |conn, visit| actions::face(conn, &visit.ctx, &token)).await?;
    show(&SigningPage { f: Frame::of(&visit), path, face, left: None, slip: None, can_sign: false, code: String::new() })
}

async fn answer(form: Form, token: web::Path<String>) -> Shown {
    let token = token.into_inner();
    let path = path_of(&token);
    let code = form.required("code")?.to_owned();
    let signs = form.ticked("agrees");
    let (ctx, db) = (form.visit.ctx.clone(), form.visit.ctx.ground.db.clone());
    let typed = code.clone();
    let (face, opened) = db
        .write(move |tx| -> Result<(Face, Opened), Problem> {
            let opened = match signs {
                true => actions::sign(tx, &ctx, &token, &typed)?,
                false => actions::open(tx, &ctx, &token, &typed)?,
            };
            Ok((actions::face(tx.conn(), &ctx, &token)?, opened))
        })
        .await?;
    let f = Frame::of(&form.visit);
    let (left, slip, can_sign) = match opened {
        Opened::Wrong { left } => (Some(left), None, false),
        Opened::Worker { slip, can_sign } => (None, Some(slip), can_sign),
    };
    show(&SigningPage { f, path, face, left, slip, can_sign, code })
}
