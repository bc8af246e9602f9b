//! What stands between a project and the closing of its account, on one page.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::ProjectId;
use crate::clearance::{self, Clearance};
use crate::console::month::can;
use crate::console::{Frame, Shown, show};
use crate::web::{Verb, Visit};

#[derive(Template)]
#[template(path = "console/projects/clearance.html")]
struct ClearancePage {
    f: Frame,
    head: Head,
    found: Clearance,
    may_name: bool,
    may_see_money: bool,
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let may_name = can(conn, visit, id, Verb::ReadWorkers);
            let may_see_money = can(conn, visit, id, Verb::ReadMoney);
            let found = clearance::of_project(conn, &visit.ctx, &site, may_name, visit.ctx.today)?;
            Ok(ClearancePage { f: Frame::of(visit), head, found, may_name, may_see_money })
        })
        .await?;
    show(&page)
}
