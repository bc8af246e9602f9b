//! Our own JSON feed of punches (`POST /api/v1/punches`), for gates without a protocol that we speak.
//!
//! The sender is a key with the role of a device. It names the device by its serial number (header or body); a key for one project
//! that names none is a device itself. A device with a secret of its own may sign its messages instead (`signed`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use super::keeping::{self, Stored};
use super::{Intake, Lesson, heard};
use crate::attendance::day_of;
use crate::attendance::devices::table::{self, DeviceRow};
use crate::attendance::devices::{DeviceState, Maker};
use crate::attendance::folding::Matcher;
use crate::attendance::table as rows;
use crate::base::id::{DeviceId, InboxId, ProjectId};
use crate::base::words;
use crate::projects;
use crate::store::inbox::{self, InboxState, Message, Parsed};
use crate::store::{Chain, Tx};
use crate::web::{Code, Ctx, Problem, ScopeOn};
use crate::wire::device::{CHINA_OFFSET_MINUTES, DeviceBatch, DeviceProblem, DevicePunch, Direction};
use crate::wire::punch;
use crate::wire::reason::Reason;
use crate::wire::zkteco::valid_serial;

/// Reader and its version, as the inbox notes it.
pub const PARSER: &str = "punch/1";

words! {
    /// What became of a punch that was handed in.
    pub enum PunchStatus, "status of a punch" {
        /// Stored.
        Accepted = "accepted",
        /// Stored before.
        Duplicate = "duplicate",
        /// Put aside; the reason says why. With `unknown_person` it is stored and counts as soon as the person is enrolled.
        Quarantined = "quarantined",
    }
}
crate::web::openapi::word_schema!(PunchStatus);

/// The answer to one punch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PunchResult {
    /// The sender's id, where it could be read.
    pub id: Option<String>,
    /// What became of it.
    pub status: PunchStatus,
    /// Why it was put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// The answer to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PunchResults {
    /// Items received.
    pub received: usize,
    /// One for each, in order.
    pub results: Vec<PunchResult>,
}

/// A batch as it came.
pub struct Handed {
    /// The message for the inbox.
    pub message: Message,
    /// Serial from the header.
    pub serial: Option<String>,
    /// Whether the device proved itself by its signature instead of a key.
    pub is_signed: bool,
    /// The body, read with the offset of China; or why it cannot be read.
    pub batch: Result<DeviceBatch, DeviceProblem>,
}

/// What came of a batch: answers, or the problem that stands in the way of all, with the bytes kept.
pub type Taken = Result<PunchResults, Problem>;

fn unknown_device() -> Problem {
    let zh = "设备未登记、未启用，或不在该密钥的范围内。";
    Problem::new(Code::NotAuthenticated, zh, "The device is unknown, not active, or not in the reach of this key.")
}

/// The device that a batch is from, and its project.
///
/// # Errors
/// `not_authenticated` when it is unknown, not active, or not of a project that the key covers.
fn device_of(tx: &mut Tx<'_>, ctx: &Ctx, serial: Option<&str>, is_signed: bool) -> Result<(DeviceRow, ProjectId), Problem> {
    let unknown = unknown_device;
    if let Some(serial) = serial {
        let device = table::by_serial(tx.conn(), serial)?.filter(|row| row.state == DeviceState::Active).ok_or_else(unknown)?;
        let project = device.project_id.ok_or_else(unknown)?;
        if !is_signed {
            projects::enter(tx.conn(), &ctx.scope, project).map_err(|_| unknown())?;
        }
        return Ok((device, project));
    }
    if is_signed {
        return Err(unknown());
    }
    let [ScopeOn::Project(project)] = ctx.scope.places.as_slice() else { return Err(unknown()) };
    let serial = ctx.actor().to_owned();
    if let Some(device) = table::by_serial(tx.conn(), &serial)? {
        let bound = device.state == DeviceState::Active && device.project_id == Some(*project);
        return if bound { Ok((device, *project)) } else { Err(unknown()) };
    }
    let site = projects::enter(tx.conn(), &ctx.scope, *project).map_err(|_| unknown())?;
    let recorded_seq = tx.seq(Chain::Organisation)?;
    let device = DeviceRow {
        project_id: Some(site.id),
        gate: "API".to_owned(),
        state: DeviceState::Active,
        ..DeviceRow::fresh(DeviceId(ctx.id()), serial, Maker::Gateway, ctx.now, recorded_seq)
    };
    table::insert(tx, &device, ctx.now)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "bind_device", &format!("{} {}", device.id, site.id))?;
    Ok((device, site.id))
}

/// Stores a batch and answers for each item; the answer may be given only after the commit.
///
/// # Errors
/// Who may not hand in punches (nothing is kept), and a store that fails. A body that cannot be read is kept, and its problem is
/// the inner error.
pub fn take(tx: &mut Tx<'_>, ctx: &Ctx, intake: &Intake, handed: &Handed) -> Result<(Taken, Lesson), Problem> {
    let mut lesson = Lesson::default();
    let in_body = handed.batch.as_ref().ok().and_then(|batch| batch.device.clone());
    let serial = handed.serial.clone().or(in_body);
    if serial.as_deref().is_some_and(|serial| !valid_serial(serial)) {
        return Err(unknown_device());
    }
    let (device, project) = device_of(tx, ctx, serial.as_deref(), handed.is_signed)?;
    heard::note(tx, ctx, intake, &device, &mut lesson)?;
    let id = InboxId(ctx.id());
    let message = Message { source: device.serial.clone(), project: Some(project), ..handed.message.clone() };
    let read = if device.offset_minutes == CHINA_OFFSET_MINUTES {
        handed.batch.clone()
    } else {
        punch::parse(&message.body, device.offset_minutes)
    };
    let batch = match read {
        Ok(batch) => batch,
        Err(problem) => {
            let parsed = Parsed { state: InboxState::Quarantined, parser: PARSER, items: 0, items_digest: String::new() };
            inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed)?;
            keeping::put_aside(tx, ctx, id, std::slice::from_ref(&problem))?;
            let code = if problem.reason == Reason::OverLimit { Code::TooLarge } else { Code::Malformed };
            let refusal = Problem::new(code, problem.zh, problem.en).at(problem.place, problem.reason.code());
            return Ok((Err(refusal), lesson));
        }
    };
    let mut problems = batch.problems;
    let mut statuses: Vec<(u32, PunchResult)> = Vec::with_capacity(batch.punches.len());
    let mut new = Vec::with_capacity(batch.punches.len());
    for punch in batch.punches {
        let item = punch.event.clone().unwrap_or_default();
        let content = content_of(ctx, &device, &punch);
        let earlier = rows::keep_punch_id(tx.conn(), device.id, &item, &content)?;
        match earlier {
            None => new.push(punch),
            Some(earlier) if earlier == content => statuses.push((punch.line, result(Some(item), PunchStatus::Duplicate, None))),
            Some(_) => {
                problems.push(reused(punch.line, Some(item)));
            }
        }
    }
    let stored = keeping::store_punches(tx, ctx, intake, &mut lesson, (&device, project, id), &new)?;
    let judged = heard::judge(tx, ctx, (intake, &mut lesson), &device, (&new, !stored.fresh.is_empty()))?;
    judge(tx, ctx, &new, &stored, &mut statuses)?;
    let (parsed, aside) = keeping::judged(tx, (PARSER, &message.source, &message.body), &stored, &problems, statuses.len())?;
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed)?;
    keeping::put_aside(tx, ctx, id, aside)?;
    if !stored.fresh.is_empty() {
        heard::flag_far(tx, ctx, id, &judged, problems.len() + 1)?;
    }
    for problem in problems {
        statuses.push((problem.line, result(problem.item, PunchStatus::Quarantined, Some(problem.reason.code()))));
    }
    statuses.sort_by_key(|(line, _)| *line);
    let results: Vec<PunchResult> = statuses.into_iter().map(|(_, result)| result).collect();
    Ok((Ok(PunchResults { received: results.len(), results }), lesson))
}

/// An id that was used for another punch, at its place in the batch.
pub(super) fn reused(line: u32, item: Option<String>) -> DeviceProblem {
    let (zh, en) = ("该 id 已用于内容不同的打卡", "this id was used for another punch");
    let place = format!("punches[{}].id", line.saturating_sub(1));
    DeviceProblem { item, ..DeviceProblem::new(place, line, Reason::IdReused, zh, en) }
}

fn result(id: Option<String>, status: PunchStatus, reason: Option<&'static str>) -> PunchResult {
    PunchResult { id, status, reason }
}

/// Says of each new item whether its punch was new and whether its person is known on that day.
fn judge(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    new: &[DevicePunch],
    stored: &Stored,
    statuses: &mut Vec<(u32, PunchResult)>,
) -> Result<(), Problem> {
    // A passage of before a move is of a project that the machine has left.
    let mut matchers: BTreeMap<i64, Matcher> = BTreeMap::new();
    for (punch, row) in new.iter().zip(&stored.rows) {
        let matcher = match matchers.entry(row.project_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(Matcher::new(tx.conn(), ProjectId(row.project_id))?),
        };
        let person = match day_of(row.local_day) {
            Some(day) => matcher.find(tx.conn(), ctx.vault(), row.pin_id, day)?,
            None => None,
        };
        // `fresh` is sorted by key, as the store gives it back.
        let is_fresh = stored.fresh.binary_search(row).is_ok();
        let (status, reason) = match (person, is_fresh) {
            (None, _) => (PunchStatus::Quarantined, Some(Reason::UnknownPerson.code())),
            (Some(_), true) => (PunchStatus::Accepted, None),
            (Some(_), false) => (PunchStatus::Duplicate, None),
        };
        statuses.push((punch.line, result(punch.event.clone(), status, reason)));
    }
    Ok(())
}

/// What an id stands for: the same id with other contents is a reuse. Keyed, since an identity number could be tried out otherwise.
pub(super) fn content_of(ctx: &Ctx, device: &DeviceRow, punch: &DevicePunch) -> String {
    ctx.vault().index("punch_content", &said_of(punch, device.offset_minutes))
}

fn said_of(punch: &DevicePunch, offset_minutes: i32) -> String {
    let direction = punch.direction.map_or("", Direction::code);
    let attend_type = punch.attend_type.as_deref().unwrap_or_default();
    // A time that names its zone is the same whatever the machine's clock is thought to be.
    let is_moment = punch.offset_minutes == Some(offset_minutes);
    let at = if is_moment { punch.civil(offset_minutes) } else { punch.at_local };
    let time = at.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
    [punch.kind.code(), punch.person.as_str(), time.as_str(), direction, attend_type].join("\u{1f}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_tell_a_repeat_from_a_reuse() {
        let punch = DevicePunch { person: "1001".into(), ..DevicePunch::default() };
        let other = DevicePunch { person: "1002".into(), ..DevicePunch::default() };
        assert_eq!(said_of(&punch, 480), said_of(&DevicePunch { line: 9, ordinal: 1, ..punch.clone() }, 480));
        assert_ne!(said_of(&punch, 480), said_of(&other, 480));
    }
}
