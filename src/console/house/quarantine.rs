//! What could not be taken: where, why, and closing it with a note.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::id::{self, QuarantineId};
use crate::console::{Frame, Shown, done, show};
use crate::quarantine::table::{ItemRow, MessageRow};
use crate::quarantine::{ItemState, NOTE_MAX, actions};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Items of a page.
const PAGE: i64 = 50;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::page("/house/quarantine", operate, "What could not be taken", || web::get().to(list)),
        Route::form("/house/quarantine/{item}/close", operate, "Close an item with a note", || web::post().to(close)),
    ]
}

#[derive(Deserialize)]
struct Query {
    state: Option<String>,
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "console/house/quarantine.html")]
struct ListPage {
    f: Frame,
    state: ItemState,
    states: &'static [ItemState],
    items: Vec<(ItemRow, MessageRow)>,
    next: Option<String>,
    note_max: usize,
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { state, before } = query.into_inner();
    let state: ItemState = match state.as_deref() {
        None => ItemState::Open,
        Some(word) => word.parse().map_err(|error| Problem::unreadable("state", &error))?,
    };
    let before = before.as_deref().and_then(id::decode).unwrap_or(i64::MAX);
    let mut items = visit.read(move |conn, visit| actions::list(conn, &visit.ctx, state, before, PAGE + 1)).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = items.len() > page;
    items.truncate(page);
    let next = items.last().filter(|_| more).map(|(item, _)| id::encode(item.id.0));
    show(&ListPage { f: Frame::of(&visit), state, states: ItemState::ALL, items, next, note_max: NOTE_MAX })
}

async fn close(item: web::Path<QuarantineId>, form: Form) -> Shown {
    let id = item.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::Operate, move |tx, ctx| actions::dismiss(tx, ctx, id, &note)).await?;
    done("/house/quarantine", "item_closed", 1)
}
