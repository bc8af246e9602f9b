//! `/api/v1/projects/{project}/notice-board`.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::{self, BoardRow};
use super::{BoardItem, actions, missing, of_text};
use crate::base::Day;
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::projects::enter;
use crate::web::{Access, Body, Call, Problem, Route, Verb};

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/projects/{project}/notice-board",
            Access::Holds(Verb::RecordFacts),
            "Record what the notice board shows",
            || web::post().to(record),
        )
        .takes::<RecordBoard>()
        .creates::<BoardView>(),
        Route::get(
            "/api/v1/projects/{project}/notice-board",
            Access::Holds(Verb::ReadProjects),
            "The notice board as last seen by a day",
            || web::get().to(latest),
        )
        .query(&[("as_of", "day, today when absent")])
        .of_any_time()
        .gives::<BoardView>(),
    ]
}

/// What the board shows on a day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBoard {
    /// What is there.
    items: Vec<BoardItem>,
    /// The photograph.
    photo_document_id: Option<DocumentId>,
    /// Its day.
    photo_on: Day,
}

/// The board as last seen.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NoticeBoard)]
pub struct BoardView {
    id: RecordId,
    items: Vec<BoardItem>,
    /// What the law wants and the board does not show.
    missing: Vec<BoardItem>,
    photo_document_id: Option<DocumentId>,
    photo_on: Day,
}

fn view(row: BoardRow) -> BoardView {
    let BoardRow { id, items, photo_document_id, photo_on, .. } = row;
    let items = of_text(&items);
    BoardView { id, missing: missing(&items), items, photo_document_id, photo_on }
}

async fn record(call: Call, project: web::Path<ProjectId>, body: Body<RecordBoard>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let RecordBoard { items, photo_document_id, photo_on } = body.0;
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        actions::record(tx, ctx, &site, &items, photo_document_id, photo_on).map(view)
    })
    .await
}

#[derive(Deserialize)]
struct AsOfQuery {
    as_of: Option<Day>,
}

async fn latest(call: Call, project: web::Path<ProjectId>, query: web::Query<AsOfQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let as_of = query.as_of;
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let row = table::latest(conn, site.id, as_of.unwrap_or(ctx.today), None)?;
        row.map(view).ok_or_else(Problem::not_found)
    })
    .await
}
