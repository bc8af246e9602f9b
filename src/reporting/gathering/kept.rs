//! What was announced by uploads or told by people beside the registries, and the pictures and papers that came with uploads.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ReportKind, told_of};
use crate::base::id::{DocumentId, InboxId, ProjectId};
use crate::documents;
use crate::realname::keeping::{self, Fields};
use crate::realname::table::{self as records, RecordRow};
use crate::realname::{FEED, RecordKind};
use crate::store::{AnyConn, inbox, journal};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::form::Parameters;
use crate::wire::openapi::json::{self as wire_json, Json};
use crate::wire::openapi::methods::{Kind, Method, Need};
use crate::wire::openapi::reading;
use crate::wire::openapi::writing::Plain;

/// A member that stands for a picture in the inbox: its digest, and the messages that it may have come with.
const KEPT: &str = "kept";
/// A member that stands for a list of attachments in the same way.
const PAPERS: &str = "papers";

/// A member of such a list that nobody asks for: what does not fit is left out.
const EXTRA: &str = "extra";
/// A member that stands for a paper that is kept here.
pub(super) const DOCUMENT: &str = "document";
/// Attachments of a contract (3.6), and the bytes of each: five contracts with all of theirs stay under what a platform reads at once.
const ATTACHMENTS_MAX: usize = 2;
const ATTACHMENT_BYTES_MAX: usize = 1_000_000;
/// The same as text in base64, with the names around it.
const ATTACHMENT_TEXT_MAX: usize = ATTACHMENT_BYTES_MAX / 3 * 4 + 1_000;

/// What stands beside the registries.
pub(super) struct Announced {
    /// By object of ours.
    by_subject: HashMap<(RecordKind, i64), Plain>,
    /// Workers by the number of their papers.
    workers: HashMap<String, Plain>,
    told: HashMap<(ReportKind, i64), Plain>,
}

/// The method of what stands beside a registry; `None` for what is gathered for itself, or told to nobody.
fn method_of(kind: RecordKind) -> Option<Method> {
    match kind {
        RecordKind::Project => Some(Method::ProjectAdd),
        RecordKind::SubContractor => Some(Method::SubContractorAdd),
        RecordKind::Team => Some(Method::TeamAdd),
        RecordKind::Worker => Some(Method::ProjectWorkerAdd),
        RecordKind::Contract => Some(Method::ContractAdd),
        _ => None,
    }
}

impl Announced {
    pub(super) fn read(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId) -> Result<Self, Problem> {
        let mut found = Self { by_subject: HashMap::new(), workers: HashMap::new(), told: HashMap::new() };
        for (kind, method) in RecordKind::ALL.iter().filter_map(|kind| Some((*kind, method_of(*kind)?))) {
            let mut versions: HashMap<String, Vec<RecordRow>> = HashMap::new();
            for row in records::records_of(conn, project, kind)? {
                versions.entry(row.key_index.clone()).or_default().push(row);
            }
            for rows in versions.into_values() {
                let Some(last) = rows.last() else { continue };
                let fields = keeping::fields(conn, ctx, last)?;
                let messages: Vec<InboxId> = rows.iter().map(|row| row.inbox_id).collect();
                let plain = plain_of(method, &fields, &messages);
                match (kind, last.subject_id) {
                    (RecordKind::Worker, _) => {
                        let number = fields.get("idCardNumber").cloned().unwrap_or_default();
                        found.workers.insert(number, plain);
                    }
                    (_, Some(subject)) => {
                        found.by_subject.insert((kind, subject), plain);
                    }
                    (_, None) => {}
                }
            }
        }
        for kind in ReportKind::ALL.iter().copied() {
            let told = told_of(conn, ctx, project, kind)?;
            found.told.extend(told.into_iter().map(|(subject, fields)| ((kind, subject), fields)));
        }
        Ok(found)
    }

    pub(super) fn of(&self, kind: RecordKind, subject: i64) -> Option<&Plain> {
        self.by_subject.get(&(kind, subject))
    }

    pub(super) fn of_worker(&self, number: &str) -> Option<&Plain> {
        self.workers.get(number)
    }

    pub(super) fn told(&self, kind: ReportKind, subject: i64) -> Plain {
        self.told.get(&(kind, subject)).cloned().unwrap_or_default()
    }
}

/// Kept texts as values again: lists are taken apart, pictures and attachments named by their digest and found in the inbox when they go
/// out. Attachments that a platform does not ask for go with contracts alone: of the others a change could be told and would be told again.
fn plain_of(method: Method, fields: &Fields, messages: &[InboxId]) -> Plain {
    let shape = method.shape();
    let all = shape.root.iter().chain(shape.list.iter().flat_map(|list| list.fields));
    let mut plain = Plain::new();
    for field in all.filter(|field| !matches!(field.key, "projectCode" | "teamSysNo")) {
        let Some(text) = fields.get(field.key) else { continue };
        let value = match field.kind {
            Kind::Files(_) if field.need == Need::May && method != Method::ContractAdd => continue,
            Kind::Files(_) if field.need == Need::May => json!({PAPERS: text, "in": messages, EXTRA: true}),
            Kind::Files(_) => json!({PAPERS: text, "in": messages}),
            Kind::Image(_) => json!({KEPT: text, "in": messages}),
            Kind::Items(..) => text.split(';').map(item_of).filter(|item| !item.is_empty()).map(Value::Object).collect(),
            _ => Value::String(text.clone()),
        };
        plain.insert(field.key.to_owned(), value);
    }
    plain
}

/// An object of a list, as `Record::content` writes it.
fn item_of(text: &str) -> Plain {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), Value::String(value.to_owned()))).collect()
}

/// The same values without what a platform takes and does not ask for: papers of a contract, which it takes once and never again.
pub fn may_be_absent(method: Method, plain: &Plain) -> Option<Plain> {
    let shape = method.shape();
    let is_extra = |key: &str| {
        let mut fields = shape.root.iter().chain(shape.list.iter().flat_map(|list| list.fields));
        fields.any(|field| field.key == key && matches!(field.kind, Kind::Files(_)) && field.need == Need::May)
    };
    let rest: Plain = plain.iter().filter(|(key, _)| !is_extra(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    (rest.len() < plain.len()).then_some(rest)
}

/// A paper that is kept here as an attachment; none where it is too large, or of a project that is not this one.
fn document(conn: &mut AnyConn, ctx: &Ctx, value: &Value) -> Result<Option<Value>, Problem> {
    let named = |key: &str| value.get(key).cloned();
    let id: Option<DocumentId> = named(DOCUMENT).map(serde_json::from_value).and_then(Result::ok);
    let project: Option<ProjectId> = named("project").map(serde_json::from_value).and_then(Result::ok);
    let (Some(id), Some(project)) = (id, project) else { return Ok(None) };
    // Its length is looked at before its bytes are opened.
    let Some(head) = documents::table::heads(conn, project, &[id])?.into_iter().next() else { return Ok(None) };
    if usize::try_from(head.size).is_ok_and(|bytes| bytes > ATTACHMENT_BYTES_MAX) {
        return Ok(None);
    }
    let (row, bytes) = documents::actions::fetch(conn, ctx, project, id)?;
    Ok(Some(json!({"name": row.name, "data": STANDARD.encode(&bytes)})))
}

/// Attachments that fit; nothing where none does.
fn fitting(found: Option<Value>) -> Option<Value> {
    let Some(Value::Array(items)) = found else { return None };
    let fits = |item: &Value| item.to_string().len() <= ATTACHMENT_TEXT_MAX;
    let fit: Vec<Value> = items.into_iter().filter(fits).take(ATTACHMENTS_MAX).collect();
    (!fit.is_empty()).then_some(Value::Array(fit))
}

/// The same values with each picture in the place of what stands for it; a picture whose message is gone is left out, so that it is
/// told as missing. Without `conn` a tiny picture stands in, for looking at the other fields.
pub fn with_pictures(mut conn: Option<&mut AnyConn>, ctx: &Ctx, plain: &Plain) -> Result<Plain, Problem> {
    let mut all = Plain::new();
    for (key, value) in plain {
        let named: Vec<&Value> = value.as_array().into_iter().flatten().filter(|one| one.get(DOCUMENT).is_some()).collect();
        if !named.is_empty() {
            let mut found = Vec::new();
            for one in named {
                match &mut conn {
                    None => found.push(json!({})),
                    Some(conn) => found.extend(document(conn, ctx, one)?),
                }
            }
            all.extend(fitting(Some(Value::Array(found))).map(|value| (key.clone(), value)));
            continue;
        }
        if let Some(digest) = value.get(PAPERS).and_then(Value::as_str) {
            let found = match &mut conn {
                None => Some(json!([{}])),
                Some(conn) => papers(conn, ctx, &messages_of(value), digest)?,
            };
            let found = if value.get(EXTRA).is_some() { fitting(found) } else { found };
            all.extend(found.map(|value| (key.clone(), value)));
            continue;
        }
        let Some(digest) = value.get(KEPT).and_then(Value::as_str) else {
            all.insert(key.clone(), value.clone());
            continue;
        };
        let picture = match &mut conn {
            None => Some(STANDARD.encode([0xFF, 0xD8, 0xFF])),
            Some(conn) => picture(conn, ctx, &messages_of(value), digest)?,
        };
        all.extend(picture.map(|text| (key.clone(), Value::String(text))));
    }
    Ok(all)
}

/// The messages in which something may have come.
fn messages_of(value: &Value) -> Vec<InboxId> {
    value.get("in").cloned().map(serde_json::from_value).and_then(Result::ok).unwrap_or_default()
}

/// What `find` finds in the data of messages of the inbox, the latest first.
fn in_messages<T>(
    conn: &mut AnyConn,
    ctx: &Ctx,
    messages: &[InboxId],
    find: impl Fn(&Json) -> Option<T>,
) -> Result<Option<T>, Problem> {
    for message in messages.iter().rev() {
        let Some(kept) = inbox::kept(conn, ctx.vault(), FEED, *message)? else { continue };
        let Ok(parameters) = Parameters::parse(&kept.body) else { continue };
        let Ok(data) = wire_json::parse(parameters.get("data").unwrap_or_default()) else { continue };
        if let Some(found) = find(&data) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The picture of a digest among messages of the inbox, in base64.
fn picture(conn: &mut AnyConn, ctx: &Ctx, messages: &[InboxId], digest: &str) -> Result<Option<String>, Problem> {
    in_messages(conn, ctx, messages, |data| search(data, digest))
}

/// The attachments of a digest among messages of the inbox, as they were sent.
fn papers(conn: &mut AnyConn, ctx: &Ctx, messages: &[InboxId], digest: &str) -> Result<Option<Value>, Problem> {
    in_messages(conn, ctx, messages, |data| search_papers(data, digest))
}

/// A value of that digest among the members of a message, in the form in which the reader takes digests of attachments.
fn search_papers(data: &Json, digest: &str) -> Option<Value> {
    let Json::Object(members) = data else { return None };
    let is_it = |value: &&Json| reading::files_digest(value) == digest;
    let found = members.iter().map(|(_, value)| value).find(is_it).map(value_of);
    // In items of a list, attachments stand one level deeper.
    found.or_else(|| members.iter().flat_map(|(_, value)| value.items()).find_map(|item| search_papers(item, digest)))
}

/// The same JSON as a value to be written.
fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(text) => text.parse().map_or_else(|_| Value::String(text.clone()), Value::Number),
        Json::Text(text) => Value::String(text.clone()),
        Json::List(items) => items.iter().map(value_of).collect(),
        Json::Object(members) => Value::Object(members.iter().map(|(key, value)| (key.clone(), value_of(value))).collect()),
    }
}

/// The text of a picture of that digest anywhere in a message; the reader keeps nesting and number of values small.
fn search(value: &Json, digest: &str) -> Option<String> {
    match value {
        Json::Text(text) if text.len() > 4 => {
            let bare = text.split_once("base64,").map_or(text.as_str(), |(_, bare)| bare);
            let bare: String = bare.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = STANDARD.decode(&bare).ok()?;
            (journal::sha256(&bytes) == digest).then_some(bare)
        }
        Json::List(items) => items.iter().find_map(|item| search(item, digest)),
        Json::Object(members) => members.iter().find_map(|(_, member)| search(member, digest)),
        _ => None,
    }
}
