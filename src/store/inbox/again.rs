//! Messages that are read again, and bytes that are forgotten: state changes of rows of the inbox, never of what they brought.
//!
//! A seal covers each message's hash and the digest of what was stored from it, so neither is touched: what a second reading finds
//! goes under a message of its own.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{InboxState, Rejected};
use crate::base::Moment;
use crate::base::id::{self, InboxId, ProjectId, QuarantineId};
use crate::store::vault::{Owner, Vault};
use crate::store::{AnyConn, StoreError, schema};

/// A message as it is read again.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Id.
    pub id: InboxId,
    /// Feed.
    pub feed: String,
    /// Device, account or user.
    pub source: String,
    /// Project, where known.
    pub project: Option<ProjectId>,
    /// Method, path and query.
    pub request: String,
    /// The bytes; `None` where they were forgotten.
    pub body: Option<Vec<u8>>,
    /// When it came.
    pub received_at: Moment,
    /// What became of it.
    pub state: InboxState,
    /// As received.
    pub content_type: Option<String>,
    /// Whether only a part of it was kept.
    pub truncated: bool,
}

/// A message, decrypted.
pub fn find(conn: &mut AnyConn, vault: &Vault, id: InboxId) -> Result<Option<Stored>, StoreError> {
    use schema::inbox as i;
    type Row = ((String, String, Option<ProjectId>, String), (Vec<u8>, Moment, InboxState), (Option<String>, bool));
    let columns =
        ((i::feed, i::source, i::project_id, i::request), (i::body, i::received_at, i::state), (i::content_type, i::truncated));
    let row: Option<Row> = i::table.find(id).select(columns).get_result(conn).optional()?;
    let Some(((feed, source, project, request), (sealed, received_at, state), (content_type, truncated))) = row else {
        return Ok(None);
    };
    let owner = project.map_or(Owner::Global, Owner::Project);
    let body = super::parts::opened(conn, vault, owner, id, &sealed)?;
    Ok(Some(Stored { id, feed, source, project, request, body, received_at, state, content_type, truncated }))
}

/// Which messages are to be read again; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Feed.
    pub feed: Option<String>,
    /// Device or user.
    pub source: Option<String>,
    /// State.
    pub state: Option<InboxState>,
    /// Received at this moment or later.
    pub from: Option<Moment>,
    /// Received before this moment.
    pub until: Option<Moment>,
}

/// Parser of a held message that was taken over, and of a second reading whose open items stand under the first: nothing of either is
/// left to be read.
pub const TAKEN_OVER: &str = "taken over";
/// How the request of a message begins that holds what another reading found; it has no bytes of its own.
pub const READ_AGAIN: &str = "read again: ";

/// The open items of a message.
pub fn open_items(conn: &mut AnyConn, id: InboxId) -> Result<Vec<Rejected>, StoreError> {
    use schema::quarantine as q;
    type Row = (i32, String, String, String, String);
    let columns = (q::item, q::place, q::reason, q::detail_zh, q::detail_en);
    let rows: Vec<Row> =
        q::table.filter(q::inbox_id.eq(id).and(q::state.eq("open"))).order(q::item).select(columns).load(conn)?;
    Ok(rows.into_iter().map(|(item, place, reason, zh, en)| Rejected { item, place, reason, zh, en }).collect())
}

/// Drops the items of a message that this transaction kept: they stay open where they were first put aside.
pub fn drop_items(conn: &mut AnyConn, id: InboxId) -> Result<(), StoreError> {
    use schema::quarantine as q;
    diesel::delete(q::table.filter(q::inbox_id.eq(id))).execute(conn)?;
    Ok(())
}

/// Some messages after an id that have something to be read, in order of id.
pub fn after(conn: &mut AnyConn, which: &Which, after: InboxId, limit: i64) -> Result<Vec<InboxId>, StoreError> {
    use schema::inbox as i;
    let has_bytes = i::parser.is_null().or(i::parser.ne(TAKEN_OVER)).and(i::request.not_like(format!("{READ_AGAIN}%")));
    let mut query = i::table.filter(i::id.gt(after).and(has_bytes)).order(i::id).limit(limit).select(i::id).into_boxed();
    if let Some(feed) = &which.feed {
        query = query.filter(i::feed.eq(feed.clone()));
    }
    if let Some(source) = &which.source {
        query = query.filter(i::source.eq(source.clone()));
    }
    if let Some(state) = which.state {
        query = query.filter(i::state.eq(state));
    }
    if let Some(from) = which.from {
        query = query.filter(i::received_at.ge(from));
    }
    if let Some(until) = which.until {
        query = query.filter(i::received_at.lt(until));
    }
    Ok(query.load(conn)?)
}

/// Notes that a message was read again. When it was read first stays: the past shows what came from it since then.
pub fn note(conn: &mut AnyConn, id: InboxId, state: InboxState, parser: &str) -> Result<(), StoreError> {
    use schema::inbox as i;
    diesel::update(i::table.find(id))
        .set((i::state.eq(state), i::parser.eq(parser), i::attempts.eq(i::attempts + 1)))
        .execute(conn)?;
    Ok(())
}

/// Brings the open items of a message in line with what another reading could not take: those that it took are `replayed`, those that
/// are new are added. Gives how many were taken and how many are open now.
pub fn reconcile(
    conn: &mut AnyConn,
    inbox: InboxId,
    rejected: &[Rejected],
    now: Moment,
    mut fresh: impl FnMut() -> QuarantineId,
) -> Result<(usize, usize), StoreError> {
    use schema::quarantine as q;
    type Row = (QuarantineId, i32, String, String, String);
    let columns = (q::id, q::item, q::place, q::reason, q::state);
    let rows: Vec<Row> = q::table.filter(q::inbox_id.eq(inbox)).select(columns).order(q::item).load(conn)?;
    let stands =
        |place: &str, reason: &str| rejected.iter().any(|one| super::storable(&one.place) == place && one.reason == reason);
    let (mut taken, mut open) = (0, 0);
    for (id, _, place, reason, state) in &rows {
        if state != "open" {
            continue;
        }
        if stands(place, reason) {
            open += 1;
            continue;
        }
        diesel::update(q::table.find(id)).set(q::state.eq("replayed")).execute(conn)?;
        taken += 1;
    }
    let mut next = rows.iter().map(|(_, item, ..)| *item).max().unwrap_or(0);
    for one in rejected {
        let place = super::storable(&one.place);
        // What a person dismissed stays dismissed.
        if rows.iter().any(|(_, _, known, reason, _)| *known == place && *reason == one.reason) {
            continue;
        }
        next += 1;
        super::quarantine(conn, fresh(), inbox, &Rejected { item: next, ..one.clone() }, now)?;
        open += 1;
    }
    Ok((taken, open))
}

/// Forgets the bytes of one message, whose contents have gone elsewhere; hash and length stay.
pub fn forget(conn: &mut AnyConn, id: InboxId) -> Result<(), StoreError> {
    use schema::inbox as i;
    diesel::update(i::table.find(id)).set((i::body.eq(Vec::<u8>::new()), i::truncated.eq(true))).execute(conn)?;
    super::parts::forget(conn, id)?;
    Ok(())
}

/// Whether the bytes of a message were forgotten: its time was over, or its contents have gone elsewhere.
pub fn is_forgotten(conn: &mut AnyConn, id: InboxId) -> Result<bool, StoreError> {
    use schema::{inbox as i, inbox_parts as p};
    let bare: Option<InboxId> =
        i::table.filter(i::id.eq(id).and(i::body.eq(Vec::<u8>::new()))).select(i::id).get_result(conn).optional()?;
    let parts: i64 = p::table.filter(p::inbox_id.eq(id)).count().get_result(conn)?;
    Ok(bare.is_some() && parts == 0)
}

/// How many messages one call forgets the bytes of.
pub const FORGOTTEN_AT_ONCE: i64 = 20_000;

/// The mark of the last message that was looked at.
const MARK: &str = "inbox_bodies_forgotten";

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Forgets the bytes of messages of machines and real-name systems received before a moment of which everything was taken or seen to; hash, length and digest stay, and so
/// does what somebody still has to see to. Looks at [`FORGOTTEN_AT_ONCE`] messages and goes on from there next time.
pub fn forget_bodies(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    use schema::inbox as i;
    let marked: Option<Marked> =
        diesel::sql_query("SELECT value FROM marks WHERE name = $1").bind::<Text, _>(MARK).get_result(conn).optional()?;
    let from: i64 = marked.and_then(|mark| mark.value.parse().ok()).unwrap_or(0);
    let ids: Vec<InboxId> = i::table
        // Ids grow with time, so that nothing younger is looked at.
        .filter(i::id.gt(InboxId(from)).and(i::id.lt(InboxId(id::first_at(before)))).and(i::received_at.lt(before)))
        .order(i::id)
        .limit(FORGOTTEN_AT_ONCE)
        .select(i::id)
        .load(conn)?;
    let Some(last) = ids.last() else { return Ok(0) };
    let forgotten = diesel::sql_query(
        "UPDATE inbox SET body = $1, truncated = $2 WHERE id > $3 AND id <= $4 AND received_at < $5 AND state IN ('done', 'duplicate') \
         AND feed IN ('zk', 'hik', 'dahua', 'punch', 'openapi') AND length(body) > 0 \
         AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.inbox_id = inbox.id AND q.state = 'open')",
    )
    .bind::<diesel::sql_types::Binary, _>(Vec::new())
    .bind::<diesel::sql_types::Bool, _>(true)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(last.0)
    .bind::<BigInt, _>(before.0)
    .execute(conn)?;
    // Behind the mark: messages of which somebody has seen to every item since.
    let settled = diesel::sql_query(
        "UPDATE inbox SET body = $1, truncated = $2 WHERE id <= $3 AND received_at < $4 \
         AND feed IN ('zk', 'hik', 'dahua', 'punch', 'openapi') AND length(body) > 0 \
         AND id IN (SELECT q.inbox_id FROM quarantine q WHERE q.state <> 'open') \
         AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.inbox_id = inbox.id AND q.state = 'open')",
    )
    .bind::<diesel::sql_types::Binary, _>(Vec::new())
    .bind::<diesel::sql_types::Bool, _>(true)
    .bind::<BigInt, _>(last.0)
    .bind::<BigInt, _>(before.0)
    .execute(conn)?;
    diesel::sql_query("INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind::<Text, _>(MARK)
        .bind::<Text, _>(last.0.to_string())
        .execute(conn)?;
    Ok(forgotten.saturating_add(settled))
}
