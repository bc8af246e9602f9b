//! The sweep: what a platform should hold against what its outbox says, record by record.
//!
//! It is read on a snapshot and written afterwards, in parts, so that no writer waits while thousands of records are gathered; what
//! changed in between is seen by the next sweep.

use std::collections::{BTreeMap, BTreeSet};

use super::sending::body_of;
use super::table::{self, DifferenceRow, RecordRow, Standing};
use crate::base::Day;
use crate::base::id::RecordId;
use crate::projects;
use crate::reporting::actions::Opened;
use crate::reporting::gathering::{self, Body, Wanted, may_be_absent, with_pictures};
use crate::reporting::table::PlatformRow;
use crate::reporting::{Belief, RecordState, ReportKind, believing};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::{Fault, joined};
use crate::wire::openapi::json;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::reading::{Reader, missing};
use crate::wire::openapi::writing::{self, Plain};

/// Records written in one transaction.
pub const PART: usize = 200;
/// The longest reason that is kept, in characters.
const REASON_MAX: usize = 500;

/// A record that has changed.
#[derive(Debug, Clone)]
pub enum Change {
    /// The platform should hold this.
    Is(Box<Fresh>),
    /// It is no longer on record here.
    Gone(RecordId),
}

/// A record as gathered, with what the platform would find wrong with it.
#[derive(Debug, Clone)]
pub struct Fresh {
    wanted: Wanted,
    digest: String,
    root: String,
    reason: String,
}

/// The digest of a record's values, keyed, since they may be guessed.
fn digest(ctx: &Ctx, body: &Body) -> Result<(String, String), Problem> {
    let text = |value: serde_json::Result<String>| value.map_err(|error| Problem::internal(&error.to_string()));
    let whole = text(serde_json::to_string(body))?;
    let root = text(serde_json::to_string(&(&body.root, &body.team)))?;
    Ok((ctx.vault().index("report_content", &whole), ctx.vault().index("report_root", &root)))
}

/// The root of a message with the platform's own code and number.
pub fn root_of(body: &Body, project_code: &str, number: Option<i64>) -> Plain {
    let mut root = body.root.clone();
    root.insert("projectCode".to_owned(), project_code.into());
    if let Some(number) = number {
        root.insert("teamSysNo".to_owned(), number.into());
    }
    root
}

/// What the platform would find wrong with a message, by its own shapes and tables.
pub fn faults(ctx: &Ctx, platform: &Opened, method: Method, text: &str) -> Vec<Fault> {
    let Ok(data) = json::parse(text) else { return Vec::new() };
    let found = missing(&data, method.shape());
    if !found.is_empty() {
        return found;
    }
    let platforms = &ctx.ground.settings.platforms;
    let reader = Reader { secret: &platform.secret, platforms, profile: &platform.profile, today: ctx.today };
    reader.read(&data, method.shape()).1
}

/// Bytes of the faults that a person is told.
const TOLD_MAX: usize = 8_000;

/// What a person is told of faults.
pub fn told(faults: &[Fault]) -> String {
    joined(faults, TOLD_MAX)
        .replace("[workerList][0]", "")
        .replace("[dataList][0]", "")
        .replace("[detailList][0]", "")
        .replace("[contractList][0]", "")
        .chars()
        .take(REASON_MAX)
        .collect()
}

/// Compares what a platform should hold with its outbox; passages of the last `days` days.
///
/// # Errors
/// A store that fails.
pub fn plan(conn: &mut AnyConn, ctx: &Ctx, platform: &Opened, days: i64) -> Result<Vec<Change>, Problem> {
    let row = &platform.row;
    let site = projects::site(conn, row.project_id)?;
    let mut by_kind: BTreeMap<ReportKind, Vec<Wanted>> = BTreeMap::new();
    for wanted in gathering::gather(conn, ctx, &site, row, days)? {
        by_kind.entry(wanted.kind).or_default().push(wanted);
    }
    let mut changes = Vec::new();
    for kind in ReportKind::ALL.iter().copied() {
        let standing = table::standing(conn, row.id, kind, first_day(ctx, row, kind, days))?;
        let known: BTreeMap<String, Standing> = standing.into_iter().map(|row| (row.0.clone(), row)).collect();
        let mut seen = BTreeSet::new();
        for mut wanted in by_kind.remove(&kind).unwrap_or_default() {
            if kind == ReportKind::Attendance {
                wanted.key = stands_as(&known, &wanted);
            }
            seen.insert(wanted.key.clone());
            let (digest, root) = digest(ctx, &wanted.body)?;
            if let Some(stands) = known.get(&wanted.key)
                && is_told(ctx, kind, &wanted, stands, &digest)?
            {
                continue;
            }
            let bare = with_pictures(None, ctx, &wanted.body.item)?;
            let text = writing::data(kind.add(), &root_of(&wanted.body, "0", Some(1)), &[bare], &platform.secret);
            let reason = told(&faults(ctx, platform, kind.add(), &text));
            changes.push(Change::Is(Box::new(Fresh { wanted, digest, root, reason })));
        }
        let gone = known.into_values().filter(|(key, _, wanted, ..)| !seen.contains(key) && !wanted.is_empty());
        changes.extend(gone.map(|(_, id, ..)| Change::Gone(id)));
    }
    Ok(changes)
}

/// The key under which a passage stands: earlier versions named its direction in it.
fn stands_as(known: &BTreeMap<String, Standing>, wanted: &Wanted) -> String {
    let direction = wanted.body.item.get("direction").and_then(serde_json::Value::as_str).unwrap_or_default();
    let own = [wanted.key.clone(), format!("{} {direction}", wanted.key)];
    let with = |way: &str| format!("{} {way}", wanted.key);
    let found = own.into_iter().chain(["01", "02"].map(with)).find(|key| known.contains_key(key));
    found.unwrap_or_else(|| wanted.key.clone())
}

/// Whether a record stands in the outbox as it is here.
fn is_told(ctx: &Ctx, kind: ReportKind, wanted: &Wanted, stands: &Standing, now: &str) -> Result<bool, Problem> {
    let (_, _, stands, state, previous) = stands;
    if *previous != wanted.previous || *state == RecordState::Incomplete {
        return Ok(false);
    }
    // What a platform took without papers that it need not have cannot be told again with them.
    let is_there = matches!(state, RecordState::Accepted | RecordState::Sent | RecordState::Waiting | RecordState::Unknown);
    let bare = may_be_absent(kind.add(), &wanted.body.item).filter(|_| is_there && kind.update().is_none());
    Ok(stands == now
        || match bare {
            Some(item) => *stands == digest(ctx, &Body { item, ..wanted.body.clone() })?.0,
            None => false,
        })
}

/// The first day whose records of a kind a sweep looks at.
fn first_day(ctx: &Ctx, platform: &PlatformRow, kind: ReportKind, days: i64) -> Day {
    match kind {
        ReportKind::Attendance => ctx.today.plus_days(-days).max(platform.from_on),
        ReportKind::Payroll => ctx.today.plus_days(-crate::reporting::SWEEP_DAYS_MAX).max(platform.from_on).month().first(),
        _ => Day::of(1970, 1, 1).unwrap_or(platform.from_on),
    }
}

/// Writes a part of what a sweep found; gives how many records changed.
pub fn write(tx: &mut Tx<'_>, ctx: &Ctx, opened: &Opened, changes: &[Change]) -> Result<usize, Problem> {
    let platform = &opened.row;
    table::lock_queue(tx.conn(), platform.id)?;
    for change in changes {
        match change {
            Change::Is(fresh) => keep(tx, ctx, opened, fresh)?,
            Change::Gone(id) => gone(tx, ctx, platform, *id)?,
        }
    }
    Ok(changes.len())
}

/// Where a record stands that is in no message.
pub fn state_of(kind: ReportKind, wanted: &str, accepted: Option<&str>, reason: &str) -> RecordState {
    match accepted {
        Some(accepted) if accepted == wanted || wanted.is_empty() => RecordState::Accepted,
        _ if !reason.is_empty() => RecordState::Incomplete,
        Some(_) if kind.update().is_none() => RecordState::WithPerson,
        _ => RecordState::Queued,
    }
}

/// Why a changed record of a kind without an update is a person's.
pub const CHANGED: &str =
    "上报后内容有变，该类记录没有更新接口，请与平台核对 / changed after it was reported; the protocol has no update";

fn keep(tx: &mut Tx<'_>, ctx: &Ctx, opened: &Opened, fresh: &Fresh) -> Result<(), Problem> {
    let platform = &opened.row;
    let Fresh { wanted, digest, root, reason } = fresh;
    let stands = table::record_by_key(tx.conn(), platform.id, wanted.kind, &wanted.key)?;
    let text = serde_json::to_string(&wanted.body).map_err(|error| Problem::internal(&error.to_string()))?;
    let body = ctx.vault().seal(tx.conn(), Owner::Project(platform.project_id), text.as_bytes())?;
    let accepted = stands.as_ref().and_then(|row| row.accepted.clone());
    let on_the_way = stands
        .as_ref()
        .map(|row| row.state)
        .filter(|state| matches!(state, RecordState::Sent | RecordState::Waiting | RecordState::Unknown));
    // Where only what goes before it has changed, it stands where it stood.
    let stood = stands.as_ref().filter(|row| row.wanted == *digest && row.state != RecordState::Incomplete);
    let state = on_the_way.or(stood.map(|row| row.state));
    let state = state.unwrap_or_else(|| state_of(wanted.kind, digest, accepted.as_deref(), reason));
    let reason = match stood {
        Some(row) => row.reason.clone(),
        None if state == RecordState::WithPerson => CHANGED.to_owned(),
        None => reason.clone(),
    };
    let (parent_kind, parent) = wanted.parent.clone().unzip();
    let row = RecordRow {
        id: stands.as_ref().map_or_else(|| RecordId(ctx.id()), |row| row.id),
        project_id: platform.project_id,
        platform_id: platform.id,
        kind: wanted.kind,
        rank: wanted.kind.rank(),
        key: wanted.key.clone(),
        parent_kind: parent_kind.filter(|kind| platform.takes(*kind) && !is_given(platform, *kind)),
        parent: parent.filter(|_| parent_kind.is_some_and(|kind| platform.takes(kind) && !is_given(platform, kind))),
        subject_id: wanted.subject,
        title: wanted.title.chars().take(100).collect(),
        on_day: wanted.on,
        root: root.clone(),
        wanted: digest.clone(),
        body,
        accepted,
        accepted_body: stands.as_ref().and_then(|row| row.accepted_body.clone()),
        accepted_at: stands.as_ref().and_then(|row| row.accepted_at),
        state,
        reason,
        call_id: stands.as_ref().and_then(|row| row.call_id),
        number: stands.as_ref().and_then(|row| row.number),
        remote_code: stands.as_ref().and_then(|row| row.remote_code.clone()),
        is_alone: 0,
        changed_at: ctx.now,
        previous: wanted.previous.clone(),
        tries: stands.as_ref().map_or(0, |row| row.tries),
        failing_since: stands.as_ref().and_then(|row| row.failing_since),
        next_at: stands.as_ref().map_or(ctx.now, |row| row.next_at),
    };
    match &stands {
        Some(_) => table::save_record(tx.conn(), &row)?,
        None => return Ok(table::insert_record(tx.conn(), &row)?),
    }
    match row.state {
        RecordState::WithPerson => changed(tx, ctx, opened, &row, &wanted.body),
        // It is again what the platform was told.
        RecordState::Accepted => Ok(table::clear_difference(tx.conn(), row.id)?),
        _ => Ok(()),
    }
}

/// Notes what a platform believes of a record that has changed here and cannot be told again: what it was told last.
pub fn changed(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, row: &RecordRow, now: &Body) -> Result<(), Problem> {
    let Some(told) = row.accepted_body.as_ref().filter(|_| row.accepted.is_some()) else { return Ok(()) };
    let told = body_of(tx.conn(), ctx, row.project_id, told)?.whole();
    let Ok(told) = json::parse(&serde_json::Value::Object(told).to_string()) else { return Ok(()) };
    let drift = writing::drift(row.kind.add(), &now.whole(), &told, &platform.secret);
    believing::note(tx, ctx, row, &drift)
}

/// Whether the platform has it without being told: the project under a code that it gave.
fn is_given(platform: &PlatformRow, kind: ReportKind) -> bool {
    kind == ReportKind::Project && platform.project_code.is_some()
}

fn gone(tx: &mut Tx<'_>, ctx: &Ctx, platform: &PlatformRow, id: RecordId) -> Result<(), Problem> {
    let Some(row) = table::record(tx.conn(), platform.project_id, id)? else { return Ok(()) };
    let is_on_the_way = matches!(row.state, RecordState::Sent | RecordState::Waiting | RecordState::Unknown);
    if row.accepted.is_none() && !is_on_the_way {
        return Ok(table::delete_record(tx.conn(), id)?);
    }
    let state = if is_on_the_way { row.state } else { RecordState::Accepted };
    table::save_record(tx.conn(), &RecordRow { wanted: String::new(), state, changed_at: ctx.now, ..row.clone() })?;
    if row.accepted.is_some() {
        not_ours(tx, ctx, &row)?;
    }
    Ok(())
}

/// Notes that a platform has what is no longer on record here.
pub fn not_ours(tx: &mut Tx<'_>, ctx: &Ctx, row: &RecordRow) -> Result<(), Problem> {
    let difference = DifferenceRow {
        record_id: row.id,
        project_id: row.project_id,
        platform_id: row.platform_id,
        what: Belief::NotOurs,
        fields: "[]".to_owned(),
        found_at: ctx.now,
    };
    Ok(table::keep_difference(tx.conn(), &difference)?)
}
