//! Hikvision and Dahua pushes: what a message to a machine's own address does to the database.
//!
//! The token in the address finds the machine; the serial number or hardware address in the message must be its own, or the message
//! is held for the machine that it names. A heartbeat only notes that the machine lives. Deliberately absent: the answer's words
//! (`http_push`), and pulling events from the machine.

use super::keeping::{self, Stored};
use super::punches::content_of;
use super::replay::held_source;
use super::{Intake, Lesson, PENDING_BODY_MAX, hardware, heard};
use crate::attendance::devices::actions::admit_pending;
use crate::attendance::devices::keys::{self, mac_of};
use crate::attendance::devices::table::{self, DeviceRow, DeviceStateRow};
use crate::attendance::devices::{DeviceState, Maker, signs};
use crate::attendance::table as rows;
use crate::base::id::{InboxId, ProjectId};
use crate::store::inbox::{self, InboxState, Message, Parsed, Whole};
use crate::store::vault::Owner;
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::device::{CHINA_OFFSET_MINUTES, DeviceBatch, DeviceProblem, DevicePunch, key_text, multipart};
use crate::wire::reason::Reason;
use crate::wire::zkteco::valid_serial;
use crate::wire::{dahua, hikvision};

/// A maker's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// Hikvision's.
    Hik,
    /// Dahua's.
    Dahua,
}

impl Feed {
    /// The feed of that name in the inbox.
    pub fn of(word: &str) -> Option<Feed> {
        [Feed::Hik, Feed::Dahua].into_iter().find(|feed| feed.word() == word)
    }

    /// Its name in the inbox.
    pub fn word(self) -> &'static str {
        match self {
            Feed::Hik => "hik",
            Feed::Dahua => "dahua",
        }
    }

    /// Reader and its version, as the inbox notes it.
    pub fn parser(self) -> &'static str {
        match self {
            Feed::Hik => "hik/1",
            Feed::Dahua => "dahua/1",
        }
    }

    fn maker(self) -> Maker {
        match self {
            Feed::Hik => Maker::Hikvision,
            Feed::Dahua => Maker::Dahua,
        }
    }

    /// Reads a body with the machine's offset.
    pub fn read(self, body: &[u8], offset_minutes: i32) -> DeviceBatch {
        match self {
            Feed::Hik => keeping::guarded(body, || hikvision::parse(body, offset_minutes)),
            Feed::Dahua => keeping::guarded(body, || dahua::parse(body, offset_minutes)),
        }
    }
}

/// A message to a machine's address.
#[derive(Debug)]
pub struct Pushed {
    /// Whose.
    pub feed: Feed,
    /// Token from the address.
    pub token: String,
    /// The message for the inbox; its body is the request's.
    pub message: Message,
    /// What came, where only the head of the body is there.
    pub whole: Option<Whole>,
    /// What the body says, read with the offset of China; none for a bare sign of life.
    pub batch: Option<DeviceBatch>,
}

/// What the machine is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// That all is well.
    Taken,
    /// That there is nothing at this address.
    Nothing,
    /// That no more is held.
    Refused,
}

/// Whether a message says that its machine lives, and nothing else.
fn is_sign_of_life(batch: &DeviceBatch) -> bool {
    batch.heartbeat && batch.punches.is_empty() && batch.problems.is_empty() && batch.ignored.is_empty()
}

/// Whether a message names this machine, or none, or has an event that does.
fn is_own(device: &DeviceRow, batch: &DeviceBatch) -> bool {
    is_named(device, [&batch.device, &batch.mac])
        || batch.punches.iter().any(|punch| punch.named.is_some() && !is_of_another(device, true, punch))
}

/// Whether a passage is another machine's, by what it names or else by what the message does.
fn is_of_another(device: &DeviceRow, message_is_own: bool, punch: &DevicePunch) -> bool {
    !punch.named.as_ref().map_or(message_is_own, |named| is_named(device, [&named.device, &named.mac]))
}

/// Puts aside what a message tells of other machines than the one that it is read for.
fn only_of(device: &DeviceRow, batch: &mut DeviceBatch) {
    if batch.punches.iter().chain(&batch.refused).all(|punch| punch.named.is_none()) {
        return;
    }
    let message_is_own = is_named(device, [&batch.device, &batch.mac]);
    let first = batch.device.clone();
    let is_other = |punch: &DevicePunch| is_of_another(device, message_is_own, punch);
    let (others, own): (Vec<DevicePunch>, Vec<DevicePunch>) = std::mem::take(&mut batch.punches).into_iter().partition(is_other);
    batch.punches = own;
    batch.refused.retain(|punch| !is_other(punch));
    for punch in others {
        let named = punch.named.as_ref().map_or(&first, |named| &named.device).as_deref().unwrap_or_default();
        let named = key_text(named.to_owned());
        let (zh, en) = (
            format!("事件署名的是另一台设备 {named}，未计入本设备；请让该设备向自己的地址推送"),
            format!(
                "the event names another machine, {named}, and is not counted here; have that machine push to its own address"
            ),
        );
        batch.note(DeviceProblem::new("shortSerialNumber", punch.line, Reason::UnknownDevice, zh, en));
    }
}

fn is_named(device: &DeviceRow, told: [&Option<String>; 2]) -> bool {
    let told: Vec<&String> = told.into_iter().flatten().collect();
    let own_mac = device.mac.clone().or_else(|| mac_of(&device.serial));
    let names = |text: &String| text.eq_ignore_ascii_case(&device.serial) || (own_mac.is_some() && mac_of(text) == own_mac);
    told.is_empty() || told.into_iter().any(names)
}

/// Does what a message asks for; the answer may be given only after the commit.
pub fn serve(tx: &mut Tx<'_>, ctx: &Ctx, intake: &Intake, pushed: &Pushed) -> Result<(Told, Lesson), Problem> {
    let mut lesson = Lesson::default();
    let device = table::by_token(tx.conn(), &keys::token_index(ctx.vault(), &pushed.token))?;
    let device = device.filter(|row| row.state == DeviceState::Active && row.maker == pushed.feed.maker());
    let Some((mut device, project)) = device.and_then(|row| row.project_id.map(|project| (row, project))) else {
        return Ok((Told::Nothing, lesson));
    };
    let Some(read) = &pushed.batch else {
        heard::note(tx, ctx, intake, &device, &mut lesson)?;
        return Ok((Told::Taken, lesson));
    };
    let batch = if device.offset_minutes == CHINA_OFFSET_MINUTES {
        read.clone()
    } else {
        pushed.feed.read(&pushed.message.body, device.offset_minutes)
    };
    if !is_own(&device, &batch) {
        return Ok((hold(tx, ctx, (&device, project), pushed, &batch)?, lesson));
    }
    hardware::learn(tx, ctx, &mut device, &batch)?;
    if !is_sign_of_life(&batch) {
        take(tx, ctx, intake, &mut lesson, (&device, project), pushed, batch)?;
    }
    heard::note(tx, ctx, intake, &device, &mut lesson)?;
    Ok((Told::Taken, lesson))
}

fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    intake: &Intake,
    lesson: &mut Lesson,
    (device, project): (&DeviceRow, ProjectId),
    pushed: &Pushed,
    mut batch: DeviceBatch,
) -> Result<(), Problem> {
    let id = InboxId(ctx.id());
    if pushed.whole.is_some() {
        let (zh, en) = ("内容超过 32 MiB，只保留开头部分", "the body exceeds 32 MiB, only its head was kept");
        batch.note(DeviceProblem::body(Reason::OverLimit, zh, en));
    }
    let taken = store(tx, ctx, intake, lesson, (device, project, id), batch, (event_of, Sent::Now))?;
    let mut message = Message { source: device.serial.clone(), project: Some(project), ..pushed.message.clone() };
    let mut whole = pushed.whole.clone();
    if device.settings().drops_pictures
        && let Some(kept) = multipart::without_pictures(&message.body)
    {
        whole = whole.or_else(|| Some(Whole::of(&message.body)));
        message.body = kept;
    }
    // Of bytes that are not kept whole nothing tells whether they are the same.
    let (parsed, problems) = match &whole {
        None => keeping::judged(
            tx,
            (pushed.feed.parser(), &message.source, &message.body),
            &taken.stored,
            &taken.problems,
            taken.read,
        )?,
        Some(_) => {
            (keeping::parsed(pushed.feed.parser(), &taken.stored, taken.problems.len(), taken.read), taken.problems.as_slice())
        }
    };
    inbox::keep_part(tx.conn(), ctx.vault(), id, &message, &parsed, whole.as_ref())?;
    keeping::put_aside(tx, ctx, id, problems)?;
    if !taken.stored.fresh.is_empty() {
        heard::flag_far(tx, ctx, id, &taken.judged, taken.problems.len() + 1)?;
    }
    Ok(())
}

/// What was made of a batch.
pub struct Taken {
    /// Punches.
    pub stored: Stored,
    /// What could not be taken.
    pub problems: Vec<DeviceProblem>,
    /// Passages read.
    pub read: usize,
    /// What their times say.
    pub judged: signs::Judged,
}

/// How a feed names an event once and for all; `None` for one without a number.
pub type EventKey = fn(&DevicePunch) -> Option<String>;

/// When a batch was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It has just come: its times tell what the machine's clock says.
    Now,
    /// It was held for its machine and is read for the first time.
    Held,
    /// It was kept and is read again: what it gives away was counted.
    Before,
}

/// Stores what a batch holds: each event once by its number and time, the others by what they say.
pub fn store(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    intake: &Intake,
    lesson: &mut Lesson,
    (device, project, id): (&DeviceRow, ProjectId, InboxId),
    mut batch: DeviceBatch,
    (key, sent): (EventKey, Sent),
) -> Result<Taken, StoreError> {
    only_of(device, &mut batch);
    let DeviceBatch { punches, refused, mut problems, ignored, pictures, .. } = batch;
    let read = punches.len();
    let mut new: Vec<DevicePunch> = Vec::with_capacity(read);
    for punch in punches {
        let Some(item) = key(&punch) else {
            new.push(punch);
            continue;
        };
        let content = content_of(ctx, device, &punch);
        match rows::keep_punch_id(tx.conn(), device.id, &item, &content)? {
            None => new.push(punch),
            Some(earlier) if earlier == content => {}
            Some(_) => {
                let (zh, en) = ("该事件号已用于内容不同的通行", "this event's number was used for another passage");
                let problem = DeviceProblem::new("serialNo", punch.line, Reason::IdReused, zh, en);
                problems.push(DeviceProblem { item: punch.event, ..problem });
            }
        }
    }
    let stored = keeping::store_punches(tx, ctx, intake, lesson, (device, project, id), &new)?;
    let judged = match sent {
        Sent::Now => heard::judge(tx, ctx, (intake, lesson), device, (&new, !stored.fresh.is_empty()))?,
        Sent::Held | Sent::Before => signs::Judged::default(),
    };
    if sent != Sent::Before && (!refused.is_empty() || !ignored.is_empty() || pictures > 0) {
        signs::table::change(tx.conn(), device.id, |row| {
            row.refused = row.refused.saturating_add(i64::try_from(refused.len()).unwrap_or(i64::MAX));
            row.pictures = row.pictures.saturating_add(i64::from(pictures));
            row.count_ignored(&ignored);
        })?;
    }
    Ok(Taken { stored, problems, read, judged })
}

/// The key of an event on its machine: its number, its time and its door, as far as they were sent. The person stands in the content.
pub fn event_of(punch: &DevicePunch) -> Option<String> {
    let event = punch.event.as_deref()?;
    let time = punch.at_local.format("%Y-%m-%dT%H:%M:%S%.3f");
    Some(format!("{event} {time} {}", punch.channel.as_deref().unwrap_or_default()))
}

/// Holds a message of a machine that is not the one of this address, until that one is bound. One that is at work elsewhere has an address
/// of its own: what comes here in its name is put aside, and nothing is noted of it.
fn hold(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (device, project): (&DeviceRow, ProjectId),
    pushed: &Pushed,
    batch: &DeviceBatch,
) -> Result<Told, Problem> {
    let told = batch.device.as_deref().or(batch.mac.as_deref()).unwrap_or_default();
    let serial = if valid_serial(told) { Some(told.to_owned()) } else { mac_of(told) };
    let Some(serial) = serial else { return Ok(Told::Refused) };
    // An address that was learnt stands for the machine that it is of.
    let by_mac = match mac_of(told) {
        Some(mac) => table::named_by_mac(tx.conn(), &mac)?.into_iter().find(|row| row.state == DeviceState::Active),
        None => None,
    };
    let stranger = match by_mac {
        Some(known) => Some(known),
        None => match table::by_serial(tx.conn(), &serial)? {
            Some(known) => Some(known),
            None => admit_pending(tx, ctx, &serial, pushed.feed.maker())?,
        },
    };
    let Some(stranger) = stranger.filter(|row| row.state != DeviceState::Blocked) else { return Ok(Told::Refused) };
    if stranger.state == DeviceState::Active {
        let id = InboxId(ctx.id());
        let message = Message { source: device.serial.clone(), project: Some(project), ..pushed.message.clone() };
        let (zh, en) = ("消息署名的是另一台已启用的设备", "the message names another machine that is at work elsewhere");
        let problems = [DeviceProblem::body(Reason::UnknownDevice, zh, en)];
        let parsed =
            Parsed { state: InboxState::Quarantined, parser: pushed.feed.parser(), items: 0, items_digest: String::new() };
        inbox::keep_part(tx.conn(), ctx.vault(), id, &message, &parsed, pushed.whole.as_ref())?;
        keeping::put_aside(tx, ctx, id, &problems)?;
        return Ok(Told::Taken);
    }
    let state = table::state_of(tx.conn(), stranger.id)?.ok_or_else(Problem::not_found)?;
    if is_sign_of_life(batch) {
        // It says nothing that could be read later, and must not take the room of passages.
        table::note_seen(tx.conn(), &DeviceStateRow { last_seen_at: ctx.now, ..state })?;
        return Ok(Told::Taken);
    }
    let size = pushed.message.body.len();
    let punches = batch.punches.len();
    let limit = ctx.ground.settings.held_punches_max;
    let state = state.holding(punches, (size / 1024).max(punches), limit).filter(|_| pushed.whole.is_none());
    let Some(state) = state.filter(|_| size <= PENDING_BODY_MAX) else { return Ok(Told::Refused) };
    ctx.vault().ensure_key(tx.conn(), Owner::Global, ctx.now)?;
    let id = InboxId(ctx.id());
    let message = Message { source: held_source(&serial), project: None, ..pushed.message.clone() };
    let items = i32::try_from(batch.punches.len()).unwrap_or(i32::MAX);
    let parsed = Parsed { state: InboxState::Held, parser: pushed.feed.parser(), items, items_digest: String::new() };
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed)?;
    table::note_seen(tx.conn(), &DeviceStateRow { last_seen_at: ctx.now, ..state })?;
    Ok(Told::Taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Moment;
    use crate::base::id::DeviceId;

    #[test]
    fn a_message_names_its_machine_by_serial_or_hardware_address_or_not_at_all() {
        let mut device = DeviceRow::fresh(DeviceId(1), "T00000001".into(), Maker::Hikvision, Moment(0), 1);
        let batch = |serial: Option<&str>, mac: Option<&str>| DeviceBatch {
            device: serial.map(str::to_owned),
            mac: mac.map(str::to_owned),
            ..DeviceBatch::default()
        };
        assert!(is_own(&device, &batch(None, None)));
        assert!(is_own(&device, &batch(Some("t00000001"), Some("02:00:00:aa:bb:01"))));
        assert!(!is_own(&device, &batch(Some("T00000002"), Some("02:00:00:aa:bb:01"))));
        device.mac = Some("020000aabb01".into());
        assert!(is_own(&device, &batch(Some("T00000002"), Some("02:00:00:AA:BB:01"))));
        device = DeviceRow::fresh(DeviceId(1), "02-00-00-aa-bb-01".into(), Maker::Hikvision, Moment(0), 1);
        assert!(is_own(&device, &batch(Some("02:00:00:aa:bb:01"), None)));
    }
}
