//! Wage deposits of a project: what each secures, until when, and what happened to it.

use actix_web::web;
use askama::Template;

use super::head::Head;
use crate::base::id::ProjectId;
use crate::base::{Day, Fen};
use crate::console::month::can;
use crate::console::{Frame, Shown, show};
use crate::deposits::actions::{self, Lodged};
use crate::deposits::held;
use crate::web::{Problem, Verb, Visit};

/// Days before the end of a promise from which the page warns: one month, as the register of guarantees does.
const SOON_DAYS: i64 = 31;

struct Deposit {
    lodged: Lodged,
    held: Fen,
}

impl Deposit {
    fn badge(&self, today: &Day) -> &'static str {
        match self.lodged.deposit.ends_on {
            Some(end) if end < *today => "bad",
            Some(end) if end.days_since(*today) <= SOON_DAYS => "warn",
            _ => "good",
        }
    }
}

#[derive(Template)]
#[template(path = "console/projects/deposit.html")]
struct DepositPage {
    f: Frame,
    head: Head,
    deposits: Vec<Deposit>,
    held: Fen,
    may_handle: bool,
}

pub(super) async fn page(visit: Visit, project: web::Path<ProjectId>) -> Shown {
    let id = project.into_inner();
    let (head, lodged, total, may_handle) = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let total = actions::held_on(conn, &site, visit.ctx.today, None)?;
            let may_handle = can(conn, visit, id, Verb::HandleDeposits);
            Ok((head, actions::all(conn, &site, None)?, total, may_handle))
        })
        .await?;
    let today = visit.ctx.today;
    let deposits: Result<Vec<Deposit>, Problem> =
        lodged.into_iter().map(|one| Ok(Deposit { held: held(&one.events, today)?, lodged: one })).collect();
    show(&DepositPage { f: Frame::of(&visit), head, deposits: deposits?, held: total, may_handle })
}
