//! Rows of the quarantine with the message that each came in.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use super::ItemState;
use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId, QuarantineId, UserId};
use crate::projects::table::covered_sql;
use crate::store::schema::{inbox, quarantine};
use crate::store::{AnyConn, StoreError};
use crate::web::Scope;

/// An item that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable)]
#[diesel(table_name = quarantine)]
pub struct ItemRow {
    pub id: QuarantineId,
    pub inbox_id: InboxId,
    pub item: i32,
    pub place: String,
    pub reason: String,
    pub detail_zh: String,
    pub detail_en: String,
    pub state: ItemState,
    pub closed_by: Option<UserId>,
    pub note: Option<String>,
    pub created_at: Moment,
}

/// The message of an item, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = inbox)]
pub struct MessageRow {
    pub id: InboxId,
    pub feed: String,
    pub source: String,
    pub project_id: Option<ProjectId>,
    pub request: String,
    pub received_at: Moment,
}

pub fn find(conn: &mut AnyConn, id: QuarantineId) -> Result<Option<(ItemRow, MessageRow)>, StoreError> {
    let item: Option<ItemRow> = quarantine::table.find(id).select(ItemRow::as_select()).get_result(conn).optional()?;
    Ok(with_messages(conn, item.into_iter().collect())?.pop())
}

/// Which items are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where they stand.
    pub state: ItemState,
    /// Only those with this reason.
    pub reason: Option<String>,
    /// Only those of this source.
    pub source: Option<String>,
}

/// How many items of a source are open for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName, utoipa::ToSchema)]
#[schema(as = QuarantineCount)]
pub struct CountRow {
    #[diesel(sql_type = Text)]
    pub feed: String,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Text)]
    pub reason: String,
    #[diesel(sql_type = BigInt)]
    pub open: i64,
}

/// Open items by source and reason, the most first, at most `limit`.
pub fn counts(conn: &mut AnyConn, scope: &Scope, limit: i64) -> Result<Vec<CountRow>, StoreError> {
    let of_the_scope = match scope.is_everything() {
        true => String::new(),
        false => format!("AND EXISTS (SELECT 1 FROM projects p WHERE p.id = i.project_id AND {})", covered_sql(scope)),
    };
    Ok(diesel::sql_query(format!(
        "SELECT i.feed AS feed, i.source AS source, q.reason AS reason, COUNT(*) AS open FROM quarantine q \
         JOIN inbox i ON i.id = q.inbox_id WHERE q.state = 'open' {of_the_scope} \
         GROUP BY i.feed, i.source, q.reason ORDER BY COUNT(*) DESC, i.feed, i.source, q.reason LIMIT $1"
    ))
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

/// Open items of one project by source and reason, flags left out (those were taken), the most first, at most `limit`.
pub fn counts_of_project(conn: &mut AnyConn, project: ProjectId, limit: i64) -> Result<Vec<CountRow>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT i.feed AS feed, i.source AS source, q.reason AS reason, COUNT(*) AS open FROM quarantine q \
         JOIN inbox i ON i.id = q.inbox_id WHERE q.state = 'open' AND q.reason <> 'time_far' AND i.project_id = $1 \
         GROUP BY i.feed, i.source, q.reason ORDER BY COUNT(*) DESC, i.feed, i.source, q.reason LIMIT $2",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct IdOnly {
    #[diesel(sql_type = BigInt)]
    id: QuarantineId,
}

/// Items in a state that a scope covers, the latest first, before an id. An item of no project is seen by whoever sees everything.
pub fn page(
    conn: &mut AnyConn,
    scope: &Scope,
    wanted: &Wanted,
    before: i64,
    limit: i64,
) -> Result<Vec<(ItemRow, MessageRow)>, StoreError> {
    let state = wanted.state;
    let of_the_scope = match scope.is_everything() {
        true => String::new(),
        false => format!(
            "AND EXISTS (SELECT 1 FROM inbox i JOIN projects p ON p.id = i.project_id WHERE i.id = q.inbox_id AND {})",
            covered_sql(scope)
        ),
    };
    // The word stands in the text, so that the partial index of what is open serves.
    let ids: Vec<IdOnly> = diesel::sql_query(format!(
        "SELECT q.id FROM quarantine q WHERE q.state = '{state}' AND q.id < $1 AND ($2 = '' OR q.reason = $2) \
         AND ($3 = '' OR EXISTS (SELECT 1 FROM inbox s WHERE s.id = q.inbox_id AND s.source = $3)) {of_the_scope} \
         ORDER BY q.id DESC LIMIT $4"
    ))
    .bind::<BigInt, _>(before)
    .bind::<Text, _>(wanted.reason.as_deref().unwrap_or_default())
    .bind::<Text, _>(wanted.source.as_deref().unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    let ids: Vec<QuarantineId> = ids.into_iter().map(|row| row.id).collect();
    let items: Vec<ItemRow> = quarantine::table
        .filter(quarantine::id.eq_any(ids))
        .order(quarantine::id.desc())
        .select(ItemRow::as_select())
        .load(conn)?;
    with_messages(conn, items)
}

/// Each item with the message that it came in.
fn with_messages(conn: &mut AnyConn, items: Vec<ItemRow>) -> Result<Vec<(ItemRow, MessageRow)>, StoreError> {
    let mut ids: Vec<InboxId> = items.iter().map(|item| item.inbox_id).collect();
    ids.sort();
    ids.dedup();
    let rows: Vec<MessageRow> = inbox::table.filter(inbox::id.eq_any(&ids)).select(MessageRow::as_select()).load(conn)?;
    let messages: HashMap<InboxId, MessageRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let found = items.into_iter().filter_map(|item| messages.get(&item.inbox_id).cloned().map(|message| (item, message)));
    Ok(found.collect())
}

/// Closes an open item; false when it is not open any more.
pub fn dismiss(conn: &mut AnyConn, id: QuarantineId, by: UserId, note: &str) -> Result<bool, StoreError> {
    let open = quarantine::table.filter(quarantine::id.eq(id).and(quarantine::state.eq(ItemState::Open)));
    let changed = diesel::update(open)
        .set((quarantine::state.eq(ItemState::Dismissed), quarantine::closed_by.eq(Some(by)), quarantine::note.eq(Some(note))))
        .execute(conn)?;
    Ok(changed == 1)
}
