//! `/api/v1/quarantine`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::{CountRow, ItemRow, MessageRow, Wanted};
use super::{ItemState, actions};
use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId, QuarantineId, UserId};
use crate::web::paging::{Page, PageQuery};
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::get("/api/v1/quarantine", operate, "What could not be taken, the latest first", || web::get().to(list))
            .query(&[
                ("state", "open when absent"),
                ("reason", "only those with this reason"),
                ("source", "only those of this source"),
                ("after", "cursor of the last page"),
                ("limit", "rows, 1 to 200"),
            ])
            .gives::<Page<QuarantinedItem>>(),
        Route::get("/api/v1/quarantine/counts", operate, "What could not be taken, counted by source and reason", || {
            web::get().to(counts)
        })
        .gives::<Vec<CountRow>>(),
        Route::post("/api/v1/quarantine/{item}/dismiss", operate, "Close an item with a note", || web::post().to(dismiss))
            .takes::<DismissItem>()
            .gives::<QuarantinedItem>(),
    ]
}

/// How an item was seen to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissItem {
    /// What was done.
    note: String,
}

/// An item that could not be taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuarantinedItem {
    id: QuarantineId,
    /// The message that it came in.
    inbox: InboxId,
    /// Which feed brought it.
    feed: String,
    /// Device, account or user that it came from.
    source: String,
    project: Option<ProjectId>,
    /// Method and path, or the file's name.
    request: String,
    received_at: Moment,
    /// Place among the items of its message, from 1.
    item: i32,
    /// Line, row or element.
    place: String,
    /// Stable reason.
    reason: String,
    zh: String,
    en: String,
    state: ItemState,
    closed_by: Option<UserId>,
    note: Option<String>,
}

impl From<(ItemRow, MessageRow)> for QuarantinedItem {
    fn from((item, message): (ItemRow, MessageRow)) -> Self {
        Self {
            id: item.id,
            inbox: item.inbox_id,
            feed: message.feed,
            source: message.source,
            project: message.project_id,
            request: message.request,
            received_at: message.received_at,
            item: item.item,
            place: item.place,
            reason: item.reason,
            zh: item.detail_zh,
            en: item.detail_en,
            state: item.state,
            closed_by: item.closed_by,
            note: item.note,
        }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    state: Option<ItemState>,
    reason: Option<String>,
    source: Option<String>,
    after: Option<String>,
    limit: Option<i64>,
}

async fn list(call: Call, query: web::Query<ListQuery>) -> Result<impl Responder, Problem> {
    let ListQuery { state, reason, source, after, limit } = query.into_inner();
    let wanted = Wanted { state: state.unwrap_or(ItemState::Open), reason, source };
    let (after, limit) = PageQuery::new(after, limit).bounds()?;
    let before = if after == 0 { i64::MAX } else { after };
    call.read(move |conn, ctx| {
        let rows = actions::list(conn, ctx, &wanted, before, limit + 1)?;
        Ok(Page::cut(rows.into_iter().map(QuarantinedItem::from).collect(), limit, |row: &QuarantinedItem| row.id.0))
    })
    .await
}

async fn counts(call: Call) -> Result<impl Responder, Problem> {
    call.read(actions::counts).await
}

async fn dismiss(call: Call, item: web::Path<QuarantineId>, body: Body<DismissItem>) -> Result<impl Responder, Problem> {
    let (id, note) = (item.into_inner(), body.0.note);
    call.write(StatusCode::OK, move |tx, ctx| actions::dismiss(tx, ctx, id, &note).map(QuarantinedItem::from)).await
}
