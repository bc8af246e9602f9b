//! The raw-event inbox in front of every feed: bytes as received, encrypted, with the result of parsing them.
//!
//! A message and what was parsed from it are stored in one transaction; a parse failure is a state, not a loss.

pub mod again;
mod many;
pub mod parts;

use diesel::prelude::*;

use super::bulk::insert_all;
use super::conn::AnyConn;
use super::fixed::fixed;
use super::vault::{Owner, Vault};
use super::{StoreError, journal, schema};
use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId, QuarantineId, UserId, first_at};
use crate::base::person::numbers_masked;

crate::base::words! {
    /// What became of a message.
    pub enum InboxState, "state of a message" {
        /// Not parsed yet.
        New = "new",
        /// Every item was taken.
        Done = "done",
        /// Some items are in quarantine.
        Part = "part",
        /// Nothing could be taken.
        Quarantined = "quarantined",
        /// Kept until its device is bound.
        Held = "held",
        /// The same as an earlier one.
        Duplicate = "duplicate",
    }
}
super::types::word_column!(InboxState);

/// A message as it came in.
#[derive(Debug, Clone)]
pub struct Message {
    /// Feed: `zk`, `camt`, `bankfile`, `pain002`, `sheet` …
    pub feed: &'static str,
    /// Device serial, account or user; `pending:<serial>` for an unknown device.
    pub source: String,
    /// The project it belongs to, where known.
    pub project: Option<ProjectId>,
    /// Method, path and query, secrets replaced; the file name for files.
    pub request: String,
    /// As received.
    pub content_type: Option<String>,
    /// As received.
    pub content_encoding: Option<String>,
    /// As received.
    pub body: Vec<u8>,
    /// Peer's address.
    pub remote: Option<String>,
    /// Server's time.
    pub received_at: Moment,
}

/// What parsing gave.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// State of the message.
    pub state: InboxState,
    /// Parser and its version.
    pub parser: &'static str,
    /// How many items were read.
    pub items: i32,
    /// Order-free digest of the items stored from it (see `attendance`), empty where there are none.
    pub items_digest: String,
}

/// An item that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Place among the items, from 1.
    pub item: i32,
    /// Line, row or element.
    pub place: String,
    /// Code of the reason (`bad_format`, `unknown_person` …).
    pub reason: String,
    /// What is wrong and how to mend it, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

// The text of the insert is the same for every message, so the connection keeps it prepared.
#[derive(Insertable)]
#[diesel(table_name = schema::inbox, treat_none_as_default_value = false)]
struct NewMessage<'a> {
    id: InboxId,
    feed: &'a str,
    source: &'a str,
    project_id: Option<ProjectId>,
    request: &'a str,
    content_type: Option<&'a str>,
    content_encoding: Option<&'a str>,
    body: Vec<u8>,
    body_sha256: String,
    body_len: i64,
    truncated: bool,
    received_at: Moment,
    remote: Option<&'a str>,
    state: InboxState,
    parser: Option<&'a str>,
    parsed_at: Option<Moment>,
    items: i32,
    items_digest: &'a str,
    attempts: i32,
}

/// What came, of a message of which not everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Hash of the bytes as received, in hex.
    pub sha256: String,
    /// How many they were.
    pub len: i64,
}

impl Whole {
    /// Of these bytes.
    pub fn of(body: &[u8]) -> Self {
        Self { sha256: journal::sha256(body), len: i64::try_from(body.len()).unwrap_or(i64::MAX) }
    }
}

/// Stores a message with its parse result.
pub fn keep(conn: &mut AnyConn, vault: &Vault, id: InboxId, message: &Message, parsed: &Parsed) -> Result<(), StoreError> {
    keep_part(conn, vault, id, message, parsed, None)
}

/// As [`keep`]; `whole` is what came where the body is only a part of it.
pub fn keep_part(
    conn: &mut AnyConn,
    vault: &Vault,
    id: InboxId,
    message: &Message,
    parsed: &Parsed,
    whole: Option<&Whole>,
) -> Result<(), StoreError> {
    let truncated = whole.is_some();
    let whole = whole.cloned().unwrap_or_else(|| Whole::of(&message.body));
    let owner = message.project.map_or(Owner::Global, Owner::Project);
    let sealed = vault.seal(conn, owner, &message.body)?;
    insert(conn, id, message, (sealed, whole, truncated), parsed)
}

/// A message of a source at a project, and what it has become.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// Its number.
    pub id: InboxId,
    /// What came; its own source and project do not count here.
    pub message: &'a Message,
    /// Hash and length of its body, where they were worked out before.
    pub counted: Option<&'a Whole>,
    /// Where it came from.
    pub source: &'a str,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What parsing gave.
    pub parsed: Parsed,
}

/// As [`keep`] for many that came together; a project's key is looked up once.
pub fn keep_all(conn: &mut AnyConn, vault: &Vault, all: &[Incoming<'_>]) -> Result<(), StoreError> {
    let plain: Vec<(Owner, &[u8])> =
        all.iter().map(|kept| (Owner::Project(kept.project), kept.message.body.as_slice())).collect();
    let sealed = vault.seal_each(conn, &plain)?;
    let texts: Vec<_> = all.iter().map(|kept| (storable(kept.source), storable(&kept.message.request))).collect();
    let mut rows = Vec::with_capacity(all.len());
    for ((kept, body), texts) in all.iter().zip(sealed).zip(&texts) {
        let whole = kept.counted.cloned().unwrap_or_else(|| Whole::of(&kept.message.body));
        let row = row_of(kept.id, kept.message, texts, (body, whole, false), &kept.parsed);
        rows.push(NewMessage { project_id: Some(kept.project), ..row });
    }
    many::insert(conn, &rows)
}

/// Stores the row of a message; its body is encrypted already, or empty where it stands in pieces.
fn insert(
    conn: &mut AnyConn,
    id: InboxId,
    message: &Message,
    (body, whole, truncated): (Vec<u8>, Whole, bool),
    parsed: &Parsed,
) -> Result<(), StoreError> {
    let texts = (storable(&message.source), storable(&message.request));
    let row = row_of(id, message, &texts, (body, whole, truncated), parsed);
    insert_all!(conn, schema::inbox::table, [row])
}

fn row_of<'a>(
    id: InboxId,
    message: &'a Message,
    (source, request): &'a (String, String),
    (body, whole, truncated): (Vec<u8>, Whole, bool),
    parsed: &'a Parsed,
) -> NewMessage<'a> {
    NewMessage {
        id,
        feed: message.feed,
        source,
        project_id: message.project,
        request,
        content_type: message.content_type.as_deref(),
        content_encoding: message.content_encoding.as_deref(),
        body,
        body_sha256: whole.sha256,
        body_len: whole.len,
        truncated,
        received_at: message.received_at,
        remote: message.remote.as_deref(),
        state: parsed.state,
        parser: Some(parsed.parser),
        parsed_at: Some(message.received_at),
        items: parsed.items,
        items_digest: &parsed.items_digest,
        attempts: 1,
    }
}

/// Whether the same bytes came from this source before and could not be read whole: what was put aside then waits already.
pub fn was_put_aside(conn: &mut AnyConn, source: &str, body: &[u8]) -> Result<bool, StoreError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    // The states stand in the text, so that the partial index serves.
    let found: Found =
        fixed("SELECT COUNT(*) AS count FROM inbox WHERE body_sha256 = $1 AND source = $2 AND state IN ('part', 'quarantined')")
            .text(&journal::sha256(body))
            .text(source)
            .get_result(conn)?;
    Ok(found.count > 0)
}

/// What became of the same bytes from this source that came at a moment or later.
pub fn came_since(
    conn: &mut AnyConn,
    source: &str,
    body_sha256: &str,
    since: Moment,
) -> Result<Option<(InboxId, InboxState)>, StoreError> {
    use schema::inbox as i;
    // By id, which is a moment: the key serves, and what came before is not looked at.
    Ok(i::table
        .filter(i::id.ge(InboxId(first_at(since))).and(i::body_sha256.eq(body_sha256)).and(i::source.eq(source)))
        .order(i::id)
        .select((i::id, i::state))
        .first(conn)
        .optional()?)
}

/// Text that both databases keep: PostgreSQL refuses NUL, which a broken device may send and a message may quote.
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// Puts one item into quarantine.
pub fn quarantine(
    conn: &mut AnyConn,
    id: QuarantineId,
    inbox: InboxId,
    rejected: &Rejected,
    now: Moment,
) -> Result<(), StoreError> {
    put_aside(conn, id, inbox, rejected, now, None)
}

/// Keeps one item that a person was told of when it was refused: it is theirs to mend and waits for nobody else.
pub fn refused_before(
    conn: &mut AnyConn,
    id: QuarantineId,
    inbox: InboxId,
    rejected: &Rejected,
    told: (UserId, &str),
    now: Moment,
) -> Result<(), StoreError> {
    put_aside(conn, id, inbox, rejected, now, Some(told))
}

fn put_aside(
    conn: &mut AnyConn,
    id: QuarantineId,
    inbox: InboxId,
    rejected: &Rejected,
    now: Moment,
    told: Option<(UserId, &str)>,
) -> Result<(), StoreError> {
    use schema::quarantine as q;
    diesel::insert_into(q::table)
        .values((
            q::id.eq(id),
            q::inbox_id.eq(inbox),
            q::item.eq(rejected.item),
            q::place.eq(numbers_masked(&storable(&rejected.place))),
            q::reason.eq(&rejected.reason),
            q::detail_zh.eq(numbers_masked(&storable(&rejected.zh))),
            q::detail_en.eq(numbers_masked(&storable(&rejected.en))),
            q::state.eq(if told.is_some() { "dismissed" } else { "open" }),
            q::closed_by.eq(told.map(|(user, _)| user)),
            q::note.eq(told.map(|(_, note)| note)),
            q::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// A kept message, decrypted.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Id.
    pub id: InboxId,
    /// Body as received.
    pub body: Vec<u8>,
    /// Server's time of receipt.
    pub received_at: Moment,
    /// Method, path and query, or file name.
    pub request: String,
    /// Feed.
    pub feed: String,
}

/// Messages held for a source, oldest first, at most `limit`.
pub fn held(conn: &mut AnyConn, vault: &Vault, source: &str, limit: i64) -> Result<Vec<Kept>, StoreError> {
    use schema::inbox as i;
    type Row = (InboxId, Option<ProjectId>, Vec<u8>, Moment, String, String);
    let rows: Vec<Row> = i::table
        .filter(i::source.eq(source).and(i::state.eq(InboxState::Held)))
        .order(i::id)
        .limit(limit)
        .select((i::id, i::project_id, i::body, i::received_at, i::request, i::feed))
        .load(conn)?;
    let mut kept = Vec::with_capacity(rows.len());
    for (id, project, body, received_at, request, feed) in rows {
        let owner = project.map_or(Owner::Global, Owner::Project);
        kept.push(Kept { id, body: vault.open(conn, owner, &body)?, received_at, request, feed });
    }
    Ok(kept)
}

/// Messages of a project's feed that were kept and not read yet, the latest first: id, moment, file name.
pub fn waiting_of(
    conn: &mut AnyConn,
    project: ProjectId,
    feed: &str,
    limit: i64,
) -> Result<Vec<(InboxId, Moment, String)>, StoreError> {
    use schema::inbox as i;
    Ok(i::table
        .filter(i::project_id.eq(project).and(i::feed.eq(feed)).and(i::state.eq(InboxState::New)))
        .order(i::id.desc())
        .limit(limit)
        .select((i::id, i::received_at, i::request))
        .load(conn)?)
}

/// A kept message of a project, of one feed; `None` where the project has no such message.
pub fn kept_of(
    conn: &mut AnyConn,
    vault: &Vault,
    project: ProjectId,
    feed: &str,
    id: InboxId,
) -> Result<Option<Kept>, StoreError> {
    use schema::inbox as i;
    let row: Option<(Vec<u8>, Moment, String)> = i::table
        .filter(i::id.eq(id).and(i::project_id.eq(project)).and(i::feed.eq(feed)))
        .select((i::body, i::received_at, i::request))
        .first(conn)
        .optional()?;
    let Some((body, received_at, request)) = row else { return Ok(None) };
    let body = vault.open(conn, Owner::Project(project), &body)?;
    Ok(Some(Kept { id, body, received_at, request, feed: feed.to_owned() }))
}

/// A kept message of a feed, whatever project it belongs to or none, for the job that reads it.
pub fn kept(conn: &mut AnyConn, vault: &Vault, feed: &str, id: InboxId) -> Result<Option<Kept>, StoreError> {
    use schema::inbox as i;
    type Row = (Option<ProjectId>, Vec<u8>, Moment, String);
    let row: Option<Row> = i::table
        .filter(i::id.eq(id).and(i::feed.eq(feed)))
        .select((i::project_id, i::body, i::received_at, i::request))
        .first(conn)
        .optional()?;
    let Some((project, body, received_at, request)) = row else { return Ok(None) };
    let owner = project.map_or(Owner::Global, Owner::Project);
    Ok(Some(Kept { id, body: vault.open(conn, owner, &body)?, received_at, request, feed: feed.to_owned() }))
}

/// The items of a message that could not be taken, in their order; `None` where the project has no such message.
pub fn rejected_of(conn: &mut AnyConn, project: ProjectId, inbox: InboxId) -> Result<Option<Vec<Rejected>>, StoreError> {
    use schema::{inbox as i, quarantine as q};
    let known: Option<InboxId> =
        i::table.filter(i::id.eq(inbox).and(i::project_id.eq(project))).select(i::id).first(conn).optional()?;
    if known.is_none() {
        return Ok(None);
    }
    type Row = (i32, String, String, String, String);
    let rows: Vec<Row> = q::table
        .filter(q::inbox_id.eq(inbox))
        .order(q::item)
        .select((q::item, q::place, q::reason, q::detail_zh, q::detail_en))
        .load(conn)?;
    Ok(Some(rows.into_iter().map(|(item, place, reason, zh, en)| Rejected { item, place, reason, zh, en }).collect()))
}

/// Changes what became of a message after its parser ran again.
pub fn reparsed(conn: &mut AnyConn, id: InboxId, parsed: &Parsed, now: Moment) -> Result<(), StoreError> {
    use schema::inbox as i;
    diesel::update(i::table.find(id))
        .set((
            i::state.eq(parsed.state),
            i::parser.eq(parsed.parser),
            i::parsed_at.eq(now),
            i::items.eq(parsed.items),
            i::items_digest.eq(&parsed.items_digest),
            i::attempts.eq(i::attempts + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// The digests that messages keep of the items stored from them, for `verify`; messages without items are left out.
pub fn digests(conn: &mut AnyConn) -> Result<Vec<(InboxId, String)>, StoreError> {
    use schema::inbox as i;
    Ok(i::table.filter(i::items_digest.ne("")).order(i::id).select((i::id, i::items_digest)).load(conn)?)
}
