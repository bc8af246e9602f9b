//! What could not be taken: where, why, how much of it; reading it again, and closing it with a note.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::id::{self, InboxId, QuarantineId};
use crate::console::{Frame, Shown, done, in_query, show};
use crate::operation::replaying;
use crate::quarantine::table::{CountRow, ItemRow, MessageRow, Wanted};
use crate::quarantine::{ItemState, NOTE_MAX, actions};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Items of a page.
const PAGE: i64 = 50;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::page("/house/quarantine", operate, "What could not be taken", || web::get().to(list)),
        Route::form("/house/inbox/{inbox}/replay", operate, "Read a message again", || web::post().to(read_again)),
        Route::form("/house/quarantine/{item}/close", operate, "Close an item with a note", || web::post().to(close)),
    ]
}

#[derive(Deserialize)]
struct Query {
    state: Option<String>,
    before: Option<String>,
    reason: Option<String>,
    source: Option<String>,
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
    counts: Vec<CountRow>,
    reason: String,
    source: String,
    /// The filter as it stands in a query.
    filter: String,
}

impl ListPage {
    /// Whether a message can be read again: of a machine one that belongs to a project.
    fn is_readable(&self, message: &MessageRow) -> bool {
        let is_machines = replaying::MACHINES.contains(&message.feed.as_str());
        replaying::is_readable(&message.feed) && (message.project_id.is_some() || !is_machines)
    }

    fn line(&self, count: &CountRow) -> String {
        filter_of(Some(&count.reason), Some(&count.source))
    }
}

/// A filter as it stands in a query.
fn filter_of(reason: Option<&str>, source: Option<&str>) -> String {
    let part =
        |name: &str, value: Option<&str>| value.filter(|text| !text.is_empty()).map(|text| format!("&{name}={}", in_query(text)));
    [part("reason", reason), part("source", source)].into_iter().flatten().collect()
}

async fn list(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { state, before, reason, source } = query.into_inner();
    let told = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (reason, source) = (told(reason), told(source));
    let state: ItemState = match state.as_deref() {
        None => ItemState::Open,
        Some(word) => word.parse().map_err(|error| Problem::unreadable("state", &error))?,
    };
    let before = before.as_deref().and_then(id::decode).unwrap_or(i64::MAX);
    let wanted = Wanted { state, reason: reason.clone(), source: source.clone() };
    let (mut items, counts) = visit
        .read(move |conn, visit| {
            let items = actions::list(conn, &visit.ctx, &wanted, before, PAGE + 1)?;
            Ok((items, actions::counts(conn, &visit.ctx)?))
        })
        .await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = items.len() > page;
    items.truncate(page);
    let next = items.last().filter(|_| more).map(|(item, _)| id::encode(item.id.0));
    let filter = filter_of(reason.as_deref(), source.as_deref());
    let (reason, source) = (reason.unwrap_or_default(), source.unwrap_or_default());
    let f = Frame::of(&visit);
    show(&ListPage { f, state, states: ItemState::ALL, items, next, note_max: NOTE_MAX, counts, reason, source, filter })
}

async fn close(item: web::Path<QuarantineId>, form: Form) -> Shown {
    let id = item.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::Operate, move |tx, ctx| actions::dismiss(tx, ctx, id, &note)).await?;
    done("/house/quarantine", "item_closed", 1)
}

async fn read_again(inbox: web::Path<InboxId>, form: Form) -> Shown {
    let id = inbox.into_inner();
    let read = replaying::run(form.ctx(Verb::Operate)?, id).await?;
    done("/house/quarantine", "message_read_again", read.taken)
}
