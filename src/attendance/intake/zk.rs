//! ZKTeco push: what each request of a clock does to the database, and what the clock is told.
//!
//! Bodies are read before the transaction, with the offset that the device had last; the transaction looks at the device's row and
//! reads again in the rare case that it differs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::ahead::Ahead;
use super::clock_records;
use super::heard::is_recent;
use super::keeping::{self, Stored};
use super::push::Sent;
use super::replay::held_source;
use super::uploads::{self, Upload};
use super::{Intake, Lesson, ORDER_LIFE_SECONDS, ORDER_RETRY_SECONDS, PENDING_BODY_MAX};
use crate::attendance::devices::actions::{admit_pending, clears_log, com_key_hash, command_of, log_is_cleared, log_stands};
use crate::attendance::devices::table::{self, DeviceRow, DeviceStateRow};
use crate::attendance::devices::turns::homes::Homes;
use crate::attendance::devices::{DeviceState, Maker, OrderState, roll, signs};
use crate::attendance::silence;
use crate::base::id::InboxId;
use crate::store::inbox::{self, InboxState, Message, Parsed, Whole};
use crate::store::vault::Owner;
use crate::store::{AnyConn, StoreError, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::device::{CHINA_OFFSET_MINUTES, DeviceBatch, DeviceProblem};
use crate::wire::reason::Reason;
use crate::wire::zkteco::command;
use crate::wire::zkteco::{self, ANSWER_OK, Endpoint, Options, Query, Table, attlog, records};

/// Reader and its version, as the inbox notes it.
pub const PARSER: &str = "zk/1";
/// The longest text kept of what a heartbeat says.
const INFO_MAX: usize = 200;
/// The longest name of a table that is counted under.
const TABLE_CHARS_MAX: usize = 40;
/// Lines of one upload that are counted where nothing reads them.
const UNREAD_MAX: usize = 10_000;
/// The longest stamp kept; stamps are opaque.
const STAMP_MAX: usize = 64;

/// A request of a clock.
#[derive(Debug)]
pub struct Request {
    /// Whether it posts.
    pub is_post: bool,
    /// What it wants.
    pub endpoint: Endpoint,
    /// Parameters.
    pub query: Query,
    /// Serial number.
    pub serial: String,
    /// The message for the inbox; its body is the request's.
    pub message: Message,
    /// What came, where only the head of the body is there.
    pub whole: Option<Whole>,
    /// What the body says, read with this offset; for uploads of punches.
    pub batch: Option<(DeviceBatch, i32)>,
    /// The rows of its punches, where they were worked out before.
    pub ahead: Option<Ahead>,
    /// Hash and length of the body, where they were worked out before.
    pub counted: Option<Whole>,
}

/// What the clock is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 with this text; never empty.
    Text(Vec<u8>),
    /// 403: blocked, wrong key, or too much from a device that nobody knows.
    Refused,
}

impl Answer {
    fn ok() -> Self {
        Answer::Text(ANSWER_OK.into())
    }
}

impl Request {
    /// Whether it is an upload of punches.
    pub fn is_upload(&self) -> bool {
        self.is_post && self.endpoint == Endpoint::Data && self.query.table() == Some(Table::AttLog)
    }

    /// Reads the body of an upload of punches and works out their rows, so that the transaction need not.
    pub fn read_ahead(&mut self, ctx: &Ctx, intake: &Intake) {
        if self.is_upload() {
            let offset = intake.offset(&self.serial).unwrap_or(CHINA_OFFSET_MINUTES);
            let batch = self.read(offset);
            self.ahead = Ahead::of(ctx, intake, &self.serial, &batch.punches);
            self.batch = Some((batch, offset));
            self.counted = Some(Whole::of(&self.message.body));
        }
    }

    /// The rows that were worked out before, where they are those of what the body says with this offset.
    pub(super) fn rows_ahead(&self, offset: i32) -> Option<&Ahead> {
        let is_same = self.batch.as_ref().is_some_and(|(_, read_with)| *read_with == offset);
        self.ahead.as_ref().filter(|_| is_same)
    }

    /// What the body says, read with this offset.
    pub(super) fn batch(&self, offset: i32) -> Cow<'_, DeviceBatch> {
        match &self.batch {
            Some((batch, read_with)) if *read_with == offset => Cow::Borrowed(batch),
            _ => Cow::Owned(self.read(offset)),
        }
    }

    fn read(&self, offset: i32) -> DeviceBatch {
        let body = &self.message.body;
        keeping::guarded(body, || attlog::parse(body, Some(&self.serial), offset))
    }
}

/// Whether a heartbeat can be answered `OK` without a transaction: the device is active, was noted lately and has no orders.
pub fn is_quiet(conn: &mut AnyConn, ctx: &Ctx, intake: &Intake, request: &Request) -> Result<bool, StoreError> {
    if request.endpoint != Endpoint::GetRequest {
        return Ok(false);
    }
    let Some(device) = table::by_serial(conn, &request.serial)? else { return Ok(false) };
    if device.state != DeviceState::Active || !may_speak(ctx, &device, &request.query) {
        return Ok(false);
    }
    let noted = intake.seen(device.id).is_some_and(|seen| {
        is_recent(seen.last_seen_at, ctx.now) && info_of(&request.query).is_none_or(|info| info == seen.info)
    });
    Ok(noted && table::count_open(conn, device.id)? == 0)
}

/// Whether a device speaks here at all, and knows its key: a serial number alone is no proof, so that a machine with a token or a secret
/// of its own is heard at its own address only.
pub(super) fn may_speak(ctx: &Ctx, device: &DeviceRow, query: &Query) -> bool {
    if device.maker != Maker::Zkteco {
        return false;
    }
    let Some(hash) = &device.com_key_hash else { return true };
    // Two keyed hashes are compared, so how long it takes tells nothing about the key.
    query.get("ComKey").is_some_and(|key| com_key_hash(ctx.vault(), &device.serial, key) == *hash)
}

/// Does what a request asks for; the answer may be given only after the commit.
pub fn serve(tx: &mut Tx<'_>, ctx: &Ctx, intake: &Intake, request: &Request) -> Result<(Answer, Lesson), Problem> {
    let mut lesson = Lesson::default();
    let known = table::by_serial(tx.conn(), &request.serial)?;
    let device = match known {
        Some(device) => device,
        None => match admit_pending(tx, ctx, &request.serial, Maker::Zkteco)? {
            Some(device) => device,
            None => return Ok((Answer::Refused, lesson)),
        },
    };
    if device.state == DeviceState::Blocked || !may_speak(ctx, &device, &request.query) {
        return Ok((Answer::Refused, lesson));
    }
    lesson.offset = Some((device.serial.clone(), device.offset_minutes));
    if device.state == DeviceState::Pending {
        return Ok((serve_pending(tx, ctx, &device, request)?, lesson));
    }
    if request.is_upload() {
        let project = device.project_id.ok_or_else(Problem::not_found)?;
        let homes = Homes::of(tx.conn(), &device, project)?;
        let taken = uploads::take(tx, intake, &[Upload { ctx, request, device: &device, homes: &homes }])?;
        return taken.into_iter().next().ok_or_else(Problem::not_found);
    }
    let answer = match request.endpoint {
        Endpoint::Data if !request.is_post => {
            let state = note_seen(tx, ctx, intake, &device, &request.query, None, &mut lesson)?;
            handshake(ctx, &device, &state, &request.query)
        }
        Endpoint::GetRequest => {
            note_seen(tx, ctx, intake, &device, &request.query, None, &mut lesson)?;
            Answer::Text(orders(tx, ctx, &device, &request.query)?)
        }
        _ => {
            let answer = upload(tx, ctx, &device, request)?;
            let table = if request.is_post { request.query.table() } else { None };
            note_seen(tx, ctx, intake, &device, &request.query, table, &mut lesson)?;
            answer
        }
    };
    Ok((answer, lesson))
}

fn handshake(ctx: &Ctx, device: &DeviceRow, state: &DeviceStateRow, query: &Query) -> Answer {
    let text = if query.wants_time() {
        zkteco::answer_time(ctx.now, device.offset_minutes)
    } else {
        let stamp = |stamp: &String| (!stamp.is_empty()).then(|| stamp.clone());
        let options = Options {
            attlog_stamp: stamp(&state.attlog_stamp),
            operlog_stamp: stamp(&state.operlog_stamp),
            attphoto_stamp: stamp(&state.photo_stamp),
            offset_minutes: device.offset_minutes,
            ..device.settings().options()
        };
        options.block(&device.serial)
    };
    Answer::Text(text.into_bytes())
}

/// A device that nobody has admitted is answered as usual; what it posts is held, up to a limit, and it gets no order.
fn serve_pending(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, request: &Request) -> Result<Answer, Problem> {
    let state = table::state_of(tx.conn(), device.id)?.ok_or_else(Problem::not_found)?;
    if !request.is_post {
        let answer =
            if request.endpoint == Endpoint::Data { handshake(ctx, device, &state, &request.query) } else { Answer::ok() };
        if !is_recent(state.last_seen_at, ctx.now) {
            table::note_seen(tx.conn(), &DeviceStateRow { last_seen_at: ctx.now, ..state })?;
        }
        return Ok(answer);
    }
    let batch = request.is_upload().then(|| request.batch(device.offset_minutes));
    let lines = batch.as_ref().map_or(0, |batch| batch.lines);
    let cost = (request.message.body.len() / 1024).max(usize::try_from(lines).unwrap_or(usize::MAX));
    let punches = batch.as_ref().map_or(0, |batch| batch.punches.len());
    let limit = ctx.ground.settings.held_punches_max;
    let state = state.holding(punches, cost, limit).filter(|_| request.whole.is_none());
    let Some(state) = state.filter(|_| request.message.body.len() <= PENDING_BODY_MAX) else {
        return Ok(Answer::Refused);
    };
    ctx.vault().ensure_key(tx.conn(), Owner::Global, ctx.now)?;
    let message = Message { source: held_source(&device.serial), project: None, ..request.message.clone() };
    let items = i32::try_from(lines).unwrap_or(i32::MAX);
    let parsed = Parsed { state: InboxState::Held, parser: PARSER, items, items_digest: String::new() };
    inbox::keep(tx.conn(), ctx.vault(), InboxId(ctx.id()), &message, &parsed)?;
    table::note_seen(tx.conn(), &DeviceStateRow { last_seen_at: ctx.now, ..state })?;
    Ok(match batch {
        Some(batch) => Answer::Text(zkteco::answer_count(batch.lines).into_bytes()),
        None => Answer::ok(),
    })
}

fn upload(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, request: &Request) -> Result<Answer, Problem> {
    if request.message.body.is_empty() && request.whole.is_none() {
        return Ok(Answer::ok());
    }
    let project = device.project_id.ok_or_else(Problem::not_found)?;
    let id = InboxId(ctx.id());
    let message = |body: &Message| Message { source: device.serial.clone(), project: Some(project), ..body.clone() };
    let mut problems = Vec::new();
    if request.whole.is_some() {
        let (zh, en) = ("内容超过 32 MiB，只保留开头部分", "the body exceeds 32 MiB, only its head was kept");
        problems.push(DeviceProblem::body(Reason::OverLimit, zh, en));
    }
    let body = &request.message.body;
    let answer = match (request.endpoint, request.query.table()) {
        (Endpoint::Data, Some(Table::OperLog | Table::UserInfo)) => {
            let (lines, odd) = clock_records::take(tx, ctx, (device, project, id), body, Sent::Now)?;
            problems.extend(odd);
            zkteco::answer_count(lines)
        }
        (Endpoint::Registry, _) => {
            let capabilities = clock_records::take_capabilities(tx, device, body)?;
            let is_access_control =
                |(key, value): &(String, String)| key.eq_ignore_ascii_case("DeviceType") && value.eq_ignore_ascii_case("acc");
            if capabilities.iter().any(is_access_control) {
                zkteco::answer_registry(&ctx.vault().index("registry_code", &device.serial))
            } else {
                ANSWER_OK.to_owned()
            }
        }
        (Endpoint::DeviceCommand, _) => {
            for result in records::parse_results(body) {
                let state = if result.code < 0 { OrderState::Failed } else { OrderState::Done };
                let number = i64::try_from(result.id).unwrap_or(i64::MAX);
                let code = i32::try_from(result.code).ok();
                // A number that was never handed over is no answer to what waits under it.
                let order = table::order_of(tx.conn(), device.id, number)?;
                let Some(order) = order.filter(|row| row.state != OrderState::Queued) else { continue };
                if state == OrderState::Failed && clears_log(&order) {
                    log_stands(tx.conn(), device.id)?;
                }
                if table::mark_order(tx.conn(), device.id, number, state, code, ctx.now)? {
                    roll::answered(tx, ctx, device, number, state)?;
                }
            }
            ANSWER_OK.to_owned()
        }
        (Endpoint::Data, Some(Table::AttPhoto)) => {
            signs::table::change(tx.conn(), device.id, |row| row.pictures = row.pictures.saturating_add(1))?;
            ANSWER_OK.to_owned()
        }
        (Endpoint::Data, Some(Table::Other)) => {
            let unread = unread_lines(&request.query, body);
            signs::table::change(tx.conn(), device.id, |row| row.count_ignored(&unread))?;
            ANSWER_OK.to_owned()
        }
        _ => ANSWER_OK.to_owned(),
    };
    let (message, whole) = without_picture(device, request, message(&request.message));
    let state = if problems.is_empty() { InboxState::Done } else { InboxState::Part };
    let parsed = Parsed { state, ..keeping::parsed(PARSER, &Stored::default(), problems.len(), 0) };
    inbox::keep_part(tx.conn(), ctx.vault(), id, &message, &parsed, whole.as_ref())?;
    keeping::put_aside(tx, ctx, id, &problems)?;
    Ok(Answer::Text(answer.into_bytes()))
}

/// Lines of a table that nothing here reads, such as the events of the access-control family (`rtlog`), one word for each: they are
/// answered and kept as bytes, and counted, so that somebody sees that passages come in a form that is not booked.
fn unread_lines(query: &Query, body: &[u8]) -> Vec<String> {
    let name: String = query.get("table").unwrap_or_default().to_ascii_lowercase().chars().take(TABLE_CHARS_MAX).collect();
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    vec![format!("table={name}"); lines.min(UNREAD_MAX)]
}

/// The message as it is kept: of a picture only its header, where the machine's pictures are not wanted.
fn without_picture(device: &DeviceRow, request: &Request, mut message: Message) -> (Message, Option<Whole>) {
    let is_picture = request.endpoint == Endpoint::Data && request.query.table() == Some(Table::AttPhoto);
    if !is_picture || !device.settings().drops_pictures {
        return (message, request.whole.clone());
    }
    let Some(picture) = records::parse_photo(&message.body).map(|photo| photo.picture.len()) else {
        return (message, request.whole.clone());
    };
    let whole = request.whole.clone().unwrap_or_else(|| Whole::of(&message.body));
    let header = message.body.len().saturating_sub(picture);
    message.body.truncate(header);
    (message, Some(whole))
}

/// Hands over the orders that fit into one answer. One that was handed over and not answered comes again after a while; one whose
/// worker has gone fails here.
fn orders(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, query: &Query) -> Result<Vec<u8>, Problem> {
    let limit = i64::try_from(command::COMMANDS_MAX).unwrap_or(i64::MAX);
    let mut numbered = Vec::new();
    let mut clearing = BTreeSet::new();
    for row in table::open_orders(tx.conn(), device.id, limit)? {
        if row.state == OrderState::Sent && ctx.now < row.changed_at.plus_seconds(ORDER_RETRY_SECONDS) {
            continue;
        }
        let is_given_up = ctx.now > row.created_at.plus_seconds(ORDER_LIFE_SECONDS);
        let clears = clears_log(&row);
        // Never twice, and only to a machine that says in the same breath what its log holds: what is cleared is gone.
        if clears && !is_given_up && (row.state == OrderState::Sent || info_of(query).is_none()) {
            continue;
        }
        if clears {
            clearing.insert(row.number);
        }
        match (command_of(tx.conn(), ctx.vault(), device, &row)?.filter(|_| !is_given_up), u64::try_from(row.number)) {
            (Some(command), Ok(number)) => numbered.push((number, command)),
            _ => drop(table::mark_order(tx.conn(), device.id, row.number, OrderState::Failed, None, ctx.now)?),
        }
    }
    let settings = device.settings();
    let (body, taken) = command::write(&numbered, settings.encoding(), settings.answer_bytes_max());
    for (number, _) in numbered.iter().take(taken) {
        let number = i64::try_from(*number).unwrap_or(i64::MAX);
        table::mark_order(tx.conn(), device.id, number, OrderState::Sent, None, ctx.now)?;
        if clearing.contains(&number) {
            log_is_cleared(tx.conn(), device)?;
        }
    }
    Ok(body)
}

/// Notes that a machine sends more punches than it can hold: it will send them for ever, so somebody has to look at it.
///
/// # Errors
/// The store's own; a machine that is not active is let alone.
pub fn note_stuck(tx: &mut Tx<'_>, ctx: &Ctx, serial: &str, query: &Query) -> Result<(), Problem> {
    let device = table::by_serial(tx.conn(), serial)?;
    let Some(device) = device.filter(|row| row.state == DeviceState::Active && may_speak(ctx, row, query)) else { return Ok(()) };
    signs::table::change(tx.conn(), device.id, |row| row.stuck_at = Some(ctx.now))?;
    // Its keeper hears of it at once and not with the day's round.
    if let Some(project) = device.project_id {
        jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &project.to_string(), ctx.now)?;
    }
    Ok(())
}

fn info_of(query: &Query) -> Option<String> {
    query.get("INFO").map(|info| info.chars().filter(|c| !c.is_control()).take(INFO_MAX).collect())
}

/// What the state becomes with what a request says: the stamp of a table, and what a heartbeat tells.
fn said(known: &DeviceStateRow, query: &Query, uploaded: Option<Table>) -> DeviceStateRow {
    let mut next = known.clone();
    if let Some(stamp) = query.stamp() {
        let stamp: String = stamp.chars().filter(|c| !c.is_control()).take(STAMP_MAX).collect();
        match uploaded {
            Some(Table::AttLog) => next.attlog_stamp = stamp,
            Some(Table::OperLog) => next.operlog_stamp = stamp,
            Some(Table::AttPhoto) => next.photo_stamp = stamp,
            _ => {}
        }
    }
    if let Some(info) = info_of(query) {
        next.info = info;
    }
    next
}

/// For a device that was noted within the last minute: the state that its request leads to, or none within where nothing changes. `None`
/// where it has to be noted anew ([`note_seen`]).
pub(super) fn restamped(
    ctx: &Ctx,
    intake: &Intake,
    device: &DeviceRow,
    query: &Query,
    uploaded: Option<Table>,
) -> Option<Option<DeviceStateRow>> {
    let known = intake.seen(device.id).filter(|known| is_recent(known.last_seen_at, ctx.now))?;
    let next = said(&known, query, uploaded);
    Some((next != known).then_some(next))
}

/// Notes the device as seen, with the stamp of a table and what a heartbeat says; left alone while nothing changes for a minute.
pub(super) fn note_seen(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    intake: &Intake,
    device: &DeviceRow,
    query: &Query,
    uploaded: Option<Table>,
    lesson: &mut Lesson,
) -> Result<DeviceStateRow, Problem> {
    if let Some(known) = intake.seen(device.id)
        && is_recent(known.last_seen_at, ctx.now)
        && said(&known, query, uploaded) == known
    {
        return Ok(known);
    }
    let stands = table::state_of(tx.conn(), device.id)?.ok_or_else(Problem::not_found)?;
    silence::end(tx, ctx, device, stands.last_seen_at)?;
    let next = DeviceStateRow { last_seen_at: ctx.now, ..said(&stands, query, uploaded) };
    table::note_seen(tx.conn(), &next)?;
    lesson.seen = Some(next.clone());
    Ok(next)
}
