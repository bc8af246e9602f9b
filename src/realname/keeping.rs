//! What is kept beside the registries: each key of the protocol with its versions, encrypted, and the rule for what comes again.

use std::collections::BTreeMap;

use super::RecordKind;
use super::table::{self, RecordRow};
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx};
use crate::web::{Ctx, Problem};

/// Fields by name, as text.
pub type Fields = BTreeMap<String, String>;

/// Where a record comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The app.
    pub app: RecordId,
    /// The message.
    pub inbox: InboxId,
}

/// What a message means for its key.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Nothing stands under it.
    New,
    /// The same stands.
    Same(RecordRow),
    /// Something else stands.
    Differs(RecordRow),
}

/// A record to be kept.
#[derive(Debug, Clone)]
pub struct NewRecord<'a> {
    /// What it is about.
    pub kind: RecordKind,
    /// Whose.
    pub project: ProjectId,
    /// Its key in the protocol; personal, so only its index is kept.
    pub key: &'a str,
    /// What it says, as one text; only its digest is kept.
    pub content: &'a str,
    /// Its fields.
    pub fields: &'a Fields,
    /// Its number in the protocol.
    pub number: Option<i64>,
    /// Our object.
    pub subject: Option<i64>,
    /// Whom it is about, as the keyed index of the papers.
    pub person: Option<&'a str>,
}

fn key_index(ctx: &Ctx, kind: RecordKind, project: ProjectId, key: &str) -> String {
    ctx.vault().index("realname_key", &format!("{kind} {project} {key}"))
}

/// The digest of what a message says, keyed, since it may be guessed.
pub fn content_index(ctx: &Ctx, content: &str) -> String {
    ctx.vault().index("realname_content", content)
}

/// What stands under a key, against what comes.
pub fn standing(
    conn: &mut AnyConn,
    ctx: &Ctx,
    kind: RecordKind,
    project: ProjectId,
    key: &str,
    content: &str,
) -> Result<Standing, Problem> {
    Ok(match latest(conn, ctx, kind, project, key)? {
        None => Standing::New,
        Some(row) if row.content == content_index(ctx, content) => Standing::Same(row),
        Some(row) => Standing::Differs(row),
    })
}

/// The latest version under a key.
pub fn latest(
    conn: &mut AnyConn,
    ctx: &Ctx,
    kind: RecordKind,
    project: ProjectId,
    key: &str,
) -> Result<Option<RecordRow>, Problem> {
    Ok(table::record(conn, kind, &key_index(ctx, kind, project, key))?)
}

/// The fields of a record, plain.
pub fn fields(conn: &mut AnyConn, ctx: &Ctx, row: &RecordRow) -> Result<Fields, Problem> {
    let owner = row.project_id.map_or(Owner::Global, Owner::Project);
    let text = ctx.vault().open_text(conn, owner, &row.body)?;
    serde_json::from_str(&text).map_err(|error| Problem::internal(&format!("record {}: {error}", row.id)))
}

/// Keeps the first or the next version under a key.
pub fn keep(tx: &mut Tx<'_>, ctx: &Ctx, origin: Origin, new: &NewRecord<'_>) -> Result<RecordRow, Problem> {
    let chain = Chain::Project(new.project);
    let recorded_seq = tx.seq(chain)?;
    let before = latest(tx.conn(), ctx, new.kind, new.project, new.key)?;
    let text = serde_json::to_string(new.fields).map_err(|error| Problem::internal(&error.to_string()))?;
    let row = RecordRow {
        id: RecordId(ctx.id()),
        project_id: Some(new.project),
        app_id: origin.app,
        kind: new.kind,
        key_index: key_index(ctx, new.kind, new.project, new.key),
        version: before.as_ref().map_or(1, |before| before.version.saturating_add(1)),
        content: content_index(ctx, new.content),
        body: ctx.vault().seal(tx.conn(), Owner::Project(new.project), text.as_bytes())?,
        number: new.number.or(before.as_ref().and_then(|before| before.number)),
        subject_id: new.subject.or(before.as_ref().and_then(|before| before.subject_id)),
        inbox_id: origin.inbox,
        recorded_at: ctx.now,
        recorded_seq,
        person_index: new.person.map(str::to_owned),
    };
    table::insert_record(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "keep_upload", &format!("{} {}", row.kind, row.id))?;
    Ok(row)
}

/// The next version of a record that stands, with some fields changed.
pub fn amend(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    origin: Origin,
    row: &RecordRow,
    changed: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Fields, Problem> {
    let project = row.project_id.ok_or_else(|| Problem::internal("a record of no project is not amended"))?;
    let before = fields(tx.conn(), ctx, row)?;
    let mut after = before.clone();
    after.extend(changed.into_iter().map(|(key, value)| (key.to_owned(), value)));
    if after == before {
        return Ok(after);
    }
    let recorded_seq = tx.seq(Chain::Project(project))?;
    let text = serde_json::to_string(&after).map_err(|error| Problem::internal(&error.to_string()))?;
    let content: String = after.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    let next = RecordRow {
        id: RecordId(ctx.id()),
        app_id: origin.app,
        version: row.version.saturating_add(1),
        content: content_index(ctx, &content),
        body: ctx.vault().seal(tx.conn(), Owner::Project(project), text.as_bytes())?,
        inbox_id: origin.inbox,
        recorded_at: ctx.now,
        recorded_seq,
        ..row.clone()
    };
    table::insert_record(tx, &next)?;
    tx.note(Chain::Project(project), ctx.now, ctx.actor(), "amend_upload", &format!("{} {}", next.kind, next.id))?;
    Ok(after)
}
