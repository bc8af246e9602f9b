//! Who pays a project's arrears, in which order, and the form for what the contractor or the owner paid.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::ProjectId;
use crate::console::month::can;
use crate::console::{Frame, Shown, show};
use crate::matters::liability::{self, Liability};
use crate::payroll::outside::table::{self as cleared, ClearedRow};
use crate::web::{Verb, Visit};

#[derive(Template)]
#[template(path = "console/projects/liability.html")]
struct LiabilityPage {
    f: Frame,
    head: Head,
    found: Liability,
    cleared: Vec<ClearedRow>,
    may_pay: bool,
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let may_name = can(conn, visit, id, Verb::ReadWorkers);
            let found = liability::of_project(conn, &visit.ctx, &site, may_name, visit.ctx.today)?;
            let cleared = cleared::of_project(conn, site.id)?;
            let may_pay = can(conn, visit, id, Verb::PayWages);
            Ok(LiabilityPage { f: Frame::of(visit), head, found, cleared, may_pay })
        })
        .await?;
    show(&page)
}
