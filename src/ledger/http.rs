//! `/api/v1/projects/{project}/ledger`.

use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::{self, PostingLineRow, PostingRow};
use super::{LedgerAccount, PostingKind};
use crate::base::id::{self, PostingId, ProjectId};
use crate::base::{Day, Fen, Moment};
use crate::projects::enter;
use crate::web::paging::PageQuery;
use crate::web::{Access, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/projects/{project}/ledger",
            Access::Holds(Verb::ReadMoney),
            "Balances of the ledger on a day and a page of postings",
            || web::get().to(ledger),
        )
        .query(&[
            ("as_of", "day of the balances, today when absent"),
            ("after", "cursor of the last page of postings"),
            ("limit", "postings, 1 to 200"),
        ])
        .of_any_time()
        .gives::<LedgerView>(),
    ]
}

/// What an account holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountBalance {
    /// Account.
    account: LedgerAccount,
    /// Debit positive, in yuan.
    balance: Fen,
}

/// A line of a posting.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PostingLine {
    /// Account.
    account: LedgerAccount,
    /// Debit positive, in yuan.
    amount: Fen,
}

/// A posting with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Posting)]
pub struct PostingView {
    id: PostingId,
    /// What caused it.
    natural_key: String,
    kind: PostingKind,
    booked_on: Day,
    /// The posting that it takes back.
    reverses: Option<PostingId>,
    recorded_at: Moment,
    lines: Vec<PostingLine>,
}

/// The ledger of a project.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Ledger)]
pub struct LedgerView {
    /// Day of the balances.
    as_of: Day,
    /// Every account that was posted to; the balances add up to nothing.
    balances: Vec<AccountBalance>,
    /// A page of postings in the order of posting.
    postings: Vec<PostingView>,
    /// Cursor of the next page, `null` on the last.
    next: Option<String>,
}

#[derive(Deserialize)]
struct LedgerQuery {
    as_of: Option<Day>,
    after: Option<String>,
    limit: Option<i64>,
}

async fn ledger(call: Call, project: web::Path<ProjectId>, query: web::Query<LedgerQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let LedgerQuery { as_of, after, limit } = query.into_inner();
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let as_of = as_of.unwrap_or(ctx.today);
        let balances = table::balances(conn, site.id, as_of, None)?;
        let mut rows = table::list(conn, site.id, after, limit + 1)?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > page;
        rows.truncate(page);
        let ids: Vec<PostingId> = rows.iter().map(|row| row.id).collect();
        let lines = table::lines_of(conn, site.id, &ids)?;
        Ok(LedgerView {
            as_of,
            balances: balances.into_iter().map(|(account, balance)| AccountBalance { account, balance }).collect(),
            next: if more { rows.last().map(|row| id::encode(row.id.0)) } else { None },
            postings: rows.into_iter().map(|row| view(row, &lines)).collect(),
        })
    })
    .await
}

fn view(row: PostingRow, lines: &[PostingLineRow]) -> PostingView {
    let own = lines.iter().filter(|line| line.posting_id == row.id);
    let lines = own.map(|line| PostingLine { account: line.account, amount: line.amount_fen }).collect();
    let PostingRow { id, natural_key, kind, booked_on, reverses_id, recorded_at, .. } = row;
    PostingView { id, natural_key, kind, booked_on, reverses: reverses_id, recorded_at, lines }
}
