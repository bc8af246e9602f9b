//! Points that others have not settled, with the value that this service works by.

use actix_web::web;
use askama::Template;

use crate::console::{Frame, Shown, show};
use crate::operation::open_points::{OpenPoint, open_points};
use crate::web::{Access, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![Route::page("/house/open-points", operate, "What others have not settled, and the value in force", || {
        web::get().to(page)
    })]
}

#[derive(Template)]
#[template(path = "console/house/open_points.html")]
struct OpenPointsPage {
    f: Frame,
    points: Vec<OpenPoint>,
}

async fn page(visit: Visit) -> Shown {
    let points = open_points(&visit.ctx.ground.settings);
    show(&OpenPointsPage { f: Frame::of(&visit), points })
}
