//! One wage account day by day: the bank's balance, the ledger's, and why they differ.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::head::Head;
use crate::accounts::reconciling::{self, HISTORY_MAX, Reconciliation};
use crate::accounts::table::{self as accounts, AccountRow};
use crate::base::Day;
use crate::base::id::{AccountId, ProjectId};
use crate::base::person::masked;
use crate::console::{Frame, Shown, show};
use crate::settlement::doubts::{self, Doubt};
use crate::web::{Access, Problem, Route, Verb, Visit};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::page(
        "/projects/{project}/accounts/{account}",
        Access::Holds(Verb::ReadMoney),
        "A wage account against the bank day by day",
        || web::get().to(page),
    )]
}

#[derive(Deserialize)]
struct Query {
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "console/projects/account.html")]
struct AccountPage {
    f: Frame,
    head: Head,
    account: AccountRow,
    days: Vec<Reconciliation>,
    /// Entries of the account that nobody has explained.
    doubts: Vec<Doubt>,
    /// Where earlier days begin, when there may be more.
    earlier: Option<Day>,
}

impl AccountPage {
    fn number(&self) -> String {
        masked(&self.account.number, 4, 4)
    }
}

async fn page(visit: Visit, path: web::Path<(ProjectId, AccountId)>, query: web::Query<Query>) -> Shown {
    let (id, account) = path.into_inner();
    let until = query.into_inner().until.filter(|text| !text.is_empty());
    let until: Option<Day> = until.map(|text| text.parse().map_err(|error| Problem::unreadable("until", &error))).transpose()?;
    let page = visit
        .read(move |conn, visit| {
            let (site, head) = Head::enter(conn, visit, id)?;
            let account = accounts::find(conn, site.id, account)?.ok_or_else(Problem::not_found)?;
            let days = reconciling::history(conn, &account, until.unwrap_or(visit.ctx.today))?;
            let last = days.last().and_then(|one| one.statement_on).filter(|_| days.len() >= HISTORY_MAX);
            let mut doubts = doubts::open(conn, site.id)?;
            doubts.retain(|doubt| doubt.entry.account_id == account.id);
            Ok(AccountPage { f: Frame::of(visit), head, account, days, doubts, earlier: last.map(|day| day.plus_days(-1)) })
        })
        .await?;
    show(&page)
}
