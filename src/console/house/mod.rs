//! Pages of whoever runs the service: users, devices, what could not be taken, changes of law.
//!
//! Each page stands on the same actions as the API, with the same rights.

mod amendments;
mod apps;
mod device;
mod devices;
mod jobs;
mod open_points;
mod profiles;
mod quarantine;
mod users;
mod webhooks;

use actix_web::web;
use askama::Template;

use super::{Frame, Shown, show};
use crate::attendance::devices::table as device_rows;
use crate::operation::{self, Health, Pulse};
use crate::quarantine::table::Wanted;
use crate::quarantine::{ItemState, actions as quarantined};
use crate::web::{Access, Route, Verb, Visit};

/// Items and devices that the overview counts.
const COUNTED_MAX: i64 = 200;

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let mut routes = vec![Route::page("/house", Access::Holds(Verb::Operate), "What needs a look", || web::get().to(overview))];
    routes.extend(users::routes());
    routes.extend(devices::routes());
    routes.extend(apps::routes());
    routes.extend(device::routes());
    routes.extend(quarantine::routes());
    routes.extend(jobs::routes());
    routes.extend(profiles::routes());
    routes.extend(amendments::routes());
    routes.extend(webhooks::routes());
    routes.extend(open_points::routes());
    routes
}

#[derive(Template)]
#[template(path = "console/house/overview.html")]
struct Overview {
    f: Frame,
    pending: Option<i64>,
    open_items: usize,
    activation: i64,
    law_book: String,
    health: Health,
}

impl Overview {
    fn badge(&self, pulse: &Pulse) -> &'static str {
        match pulse {
            Pulse::Ok => "good",
            Pulse::Unknown => "unknown",
            Pulse::Warn => "warn",
            Pulse::Bad => "bad",
        }
    }
}

async fn overview(visit: Visit) -> Shown {
    let (pending, open_items, health) = visit
        .read(|conn, visit| {
            // A pending device belongs to nobody yet, so only whoever sees everything counts them.
            let everything = visit.able(Verb::ManageDevices).is_some_and(|ctx| ctx.scope.is_everything());
            let pending = if everything { Some(device_rows::count_pending(conn)?) } else { None };
            let wanted = Wanted { state: ItemState::Open, reason: None, source: None };
            let open_items = quarantined::list(conn, &visit.ctx, &wanted, i64::MAX, COUNTED_MAX)?.len();
            Ok((pending, open_items, operation::gather(conn, &visit.ctx)?))
        })
        .await?;
    let law = visit.ctx.ground.in_force();
    let law_book = law.book.hash().chars().take(12).collect();
    show(&Overview { f: Frame::of(&visit), pending, open_items, activation: law.activation, law_book, health })
}
