//! Reading a machine's message again: after a fix of a reader, or of a setting, what could not be taken may be.
//!
//! A second reading creates nothing twice: punches and event numbers are keys. What it finds goes under a message of its own, since
//! the first may be sealed. Deliberately absent: the other feeds' messages (`operation::replaying`).

use super::keeping::{self, Stored};
use super::push::{self, EventKey, Feed, Sent};
use super::{Intake, Lesson, clock_records, digest, punches, zk};
use crate::attendance::devices::clock;
use crate::attendance::devices::table::{self, DeviceRow};
use crate::base::id::{InboxId, ProjectId, QuarantineId};
use crate::projects;
use crate::store::inbox::{self, InboxState, Message, Parsed, Rejected, again};
use crate::store::{Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::device::{DeviceBatch, DeviceProblem};
use crate::wire::punch;
use crate::wire::reason::Reason;
use crate::wire::zkteco::{Endpoint, Query, Table, attlog};

/// What reading a message again came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ReadAgain {
    /// Messages.
    pub messages: usize,
    /// Punches that are new.
    pub punches: usize,
    /// Items that were taken from quarantine.
    pub taken: usize,
    /// Items that are open now.
    pub open: usize,
}

impl ReadAgain {
    /// Adds another message's.
    pub fn add(&mut self, other: ReadAgain) {
        self.messages += other.messages;
        self.punches += other.punches;
        self.taken += other.taken;
        self.open += other.open;
    }
}

/// What was read of a message.
pub(super) struct Reading {
    /// Punches.
    pub stored: Stored,
    /// What could not be taken.
    pub problems: Vec<DeviceProblem>,
    /// Passages read.
    pub read: usize,
    /// Reader and its version.
    pub parser: &'static str,
}

/// The endpoint and table of a request as the inbox keeps it (`POST /iclock/cdata?SN=…`).
fn asked(request: &str) -> (Option<Endpoint>, Option<Table>) {
    let target = request.split_once(' ').map_or(request, |(_, target)| target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (Endpoint::of(path), Query::parse(query).table())
}

/// Whether a request was an upload of punches.
pub(super) fn is_attlog(request: &str) -> bool {
    asked(request) == (Some(Endpoint::Data), Some(Table::AttLog))
}

/// Which reader a machine's message of passages is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feeder {
    /// A camera's or a controller's push.
    Push(Feed),
    /// Our own JSON.
    Punch,
    /// A clock's upload.
    Clock,
}

impl Feeder {
    /// Of a message as the inbox names it; `None` for one that holds no passages, or is no machine's.
    pub(super) fn of(feed: &str, request: &str) -> Option<Self> {
        match (feed, Feed::of(feed)) {
            (_, Some(feed)) => Some(Feeder::Push(feed)),
            ("punch", None) => Some(Feeder::Punch),
            ("zk", None) if is_attlog(request) => Some(Feeder::Clock),
            _ => None,
        }
    }

    /// The reader with its version, and how it names an event.
    fn named(self) -> (&'static str, EventKey) {
        match self {
            Feeder::Push(feed) => (feed.parser(), push::event_of),
            Feeder::Punch => (punches::PARSER, |punch| punch.event.clone()),
            Feeder::Clock => (zk::PARSER, |_| None),
        }
    }

    /// What the bytes say, by the offset of the machine's clock.
    pub(super) fn read(self, serial: &str, body: &[u8], offset: i32) -> DeviceBatch {
        match self {
            Feeder::Push(feed) => feed.read(body, offset),
            Feeder::Punch => keeping::guarded(body, || {
                punch::parse(body, offset)
                    .unwrap_or_else(|problem| DeviceBatch { problems: vec![problem], ..DeviceBatch::default() })
            }),
            Feeder::Clock => keeping::guarded(body, || attlog::parse(body, Some(serial), offset)),
        }
    }
}

/// The word of a feed that a message of a second reading is kept under.
pub(super) fn feed_word(feed: &str) -> &'static str {
    ["hik", "dahua", "punch", "sheet", "openapi"].into_iter().find(|known| *known == feed).unwrap_or("zk")
}

/// Reads the bytes of a machine's message and stores what they hold under `id`; `None` for a feed that is no machine's.
pub(super) fn read(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (device, project, id): (&DeviceRow, ProjectId, InboxId),
    (feed, request, body): (&str, &str, &[u8]),
    sent: Sent,
) -> Result<Option<Reading>, StoreError> {
    // A memory of its own: what is learnt here may still be rolled back.
    let (intake, mut lesson) = (Intake::default(), Lesson::default());
    let offset = device.offset_minutes;
    let (batch, parser, key): (DeviceBatch, _, EventKey) = match Feeder::of(feed, request) {
        Some(feeder) => {
            let (parser, key) = feeder.named();
            (feeder.read(&device.serial, body, offset), parser, key)
        }
        None if feed == "zk" => {
            let problems = match asked(request) {
                (Some(Endpoint::Data), Some(Table::OperLog | Table::UserInfo)) => {
                    clock_records::take(tx, ctx, (device, project, id), body, sent)?.1
                }
                _ => Vec::new(),
            };
            return Ok(Some(Reading { stored: Stored::default(), problems, read: 0, parser: zk::PARSER }));
        }
        None => return Ok(None),
    };
    let mut taken = push::store(tx, ctx, &intake, &mut lesson, (device, project, id), batch, (key, sent))?;
    if feed == "punch" {
        // An id that was used twice is refused where it was refused before, so that it stays the same item.
        for problem in taken.problems.iter_mut().filter(|problem| problem.reason == Reason::IdReused) {
            *problem = punches::reused(problem.line, problem.item.take());
        }
    }
    Ok(Some(Reading { stored: taken.stored, problems: taken.problems, read: taken.read, parser }))
}

/// Problems as quarantine keeps them.
fn rejected(problems: &[DeviceProblem]) -> Vec<Rejected> {
    let one = |problem: &DeviceProblem| Rejected {
        item: 0,
        place: problem.place.clone(),
        reason: problem.reason.code().to_owned(),
        zh: problem.zh.clone(),
        en: problem.en.clone(),
    };
    problems.iter().map(one).collect()
}

/// Reads one message of a bound machine again.
///
/// # Errors
/// `not_found` for a message that the asker may not see; `conflict` where it cannot be read again: no machine's, still held, its
/// bytes forgotten, its machine gone.
pub fn message(tx: &mut Tx<'_>, ctx: &Ctx, id: InboxId) -> Result<ReadAgain, Problem> {
    let stored = again::find(tx.conn(), ctx.vault(), id)?.ok_or_else(Problem::not_found)?;
    match stored.project {
        Some(project) => drop(projects::enter(tx.conn(), &ctx.scope, project)?),
        None if ctx.scope.is_everything() => {}
        None => return Err(Problem::not_found()),
    }
    let refused = |zh: &str, en: &str| Err(Problem::conflict(zh, en).at("inbox", "unknown_reference"));
    let Some(project) = stored.project.filter(|_| stored.state != InboxState::Held) else {
        return refused(
            "该消息尚未归属项目；绑定设备后会自动读取。",
            "It belongs to no project yet; binding its machine reads it.",
        );
    };
    let Some(device) = table::by_serial(tx.conn(), &stored.source)? else {
        return refused(
            "不是已登记设备的消息；文件请更正后重新上传。",
            "It is no known machine's; mend a file and hand it in again.",
        );
    };
    let Some(body) = stored.body.as_deref() else {
        return refused("原文已按保存期限清除。", "Its bytes were forgotten when their time was over.");
    };
    let device = clock::as_of(tx.conn(), &device, stored.received_at)?;
    let fresh = InboxId(ctx.id());
    let place = (&device, project, fresh);
    let what = (stored.feed.as_str(), stored.request.as_str(), body);
    let Some(mut reading) = read(tx, ctx, place, what, Sent::Before)? else {
        return refused(
            "只有设备消息可以重新读取；文件请更正后重新上传。",
            "Only machines' messages are read again; mend a file and hand it in again.",
        );
    };
    if stored.truncated {
        // What was cut off did not come meanwhile, however well the rest reads.
        let cut = again::open_items(tx.conn(), id)?.into_iter().filter(|item| item.reason == Reason::OverLimit.code());
        let known: Vec<String> = reading.problems.iter().map(|problem| problem.place.clone()).collect();
        let cut = cut.filter(|item| !known.contains(&item.place));
        reading.problems.extend(cut.map(|item| DeviceProblem::new(item.place, 0, Reason::OverLimit, item.zh, item.en)));
    }
    let feed = feed_word(&stored.feed);
    let found = reading.stored.fresh.len();
    if found > 0 {
        let note = Message {
            feed,
            source: stored.source.clone(),
            project: Some(project),
            request: format!("{}{id}", again::READ_AGAIN),
            content_type: None,
            content_encoding: None,
            body: Vec::new(),
            remote: None,
            received_at: ctx.now,
        };
        let items_digest = digest::of_rows(&reading.stored.fresh);
        let items = i32::try_from(found).unwrap_or(i32::MAX);
        inbox::keep(
            tx.conn(),
            ctx.vault(),
            fresh,
            &note,
            &Parsed { state: InboxState::Done, parser: reading.parser, items, items_digest },
        )?;
    }
    let state = match (reading.problems.len(), reading.read) {
        (0, _) => InboxState::Done,
        (_, 0) if stored.state != InboxState::Part => InboxState::Quarantined,
        _ => InboxState::Part,
    };
    again::note(tx.conn(), id, state, reading.parser)?;
    let (taken, open) = again::reconcile(tx.conn(), id, &rejected(&reading.problems), ctx.now, || QuarantineId(ctx.id()))?;
    tx.note(Chain::Project(project), ctx.now, ctx.actor(), "read_again", &format!("{id} {found} {taken}"))?;
    Ok(ReadAgain { messages: 1, punches: found, taken, open })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_of_punches_are_told_apart() {
        assert!(is_attlog("POST /iclock/cdata?SN=A&table=ATTLOG&Stamp=1"));
        assert!(is_attlog("POST /***/iclock/cdata.aspx?SN=A&table= attlog"));
        assert!(!is_attlog("POST /iclock/cdata?SN=A&table=OPERLOG"));
        assert!(!is_attlog("POST /iclock/devicecmd?SN=A"));
    }
}
