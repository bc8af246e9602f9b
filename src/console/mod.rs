//! Floor 6: pages. Today one: the front page, which tells a newcomer in one minute what this is.
//!
//! Deliberately absent: rules, SQL, scripts. The style is a file of its own, so that the content security policy can forbid inline text.

use actix_web::{HttpResponse, Responder, web};

use crate::web::{Access, Call, Route};

/// What a page may load: its own style and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The console's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Access::Public, "The front page", || web::get().to(front)).serves("text/html"),
        Route::get("/console.css", Access::Public, "The pages' style", || web::get().to(style)).serves("text/css"),
    ]
}

async fn front(call: Call) -> impl Responder {
    let settings = &call.ctx.ground.settings;
    let note = if settings.demo {
        format!(
            "<p class=\"demo\">演示数据，虚构人员与单位；当前日期 {}。 Demonstration data, invented people.</p>",
            call.ctx.today
        )
    } else {
        String::new()
    };
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(include_str!("front.html").replace("<!-- demo -->", &note))
}

async fn style() -> impl Responder {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("console.css"))
}
