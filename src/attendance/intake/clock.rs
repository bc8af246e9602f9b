//! Reading a machine's messages again by the right offset of its clock (`devices::clock`).
//!
//! Each message is read twice, by the offset of before and by the new one; what was stored of it by the first takes the time of the
//! second. A time that the message names in full stays what it is, one that the machine only shows on its wall moves. The passages of
//! before leave first, since one may come to stand where another stood. Deliberately absent: guesses at bytes that are gone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::again::{Feeder, feed_word};
use super::digest;
use super::keeping::{day_and_time, row_of};
use crate::attendance::devices::clock::table::{self, DifferenceRow, KeptPunch, OffsetRow, ReadingRow};
use crate::attendance::devices::table::{self as devices, DeviceRow};
use crate::attendance::folding::{again as folded, rules};
use crate::attendance::{day_of, morning};
use crate::base::Day;
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::store::bulk::numbers::Numbers;
use crate::store::bulk::{self, PunchRow};
use crate::store::inbox::again::{self, Stored};
use crate::store::inbox::{self, InboxState, Incoming, Message, Parsed};
use crate::store::{Chain, StoreError, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::device::CHINA_OFFSET_MINUTES;

/// Passages of one machine that one correction is about at most: three thousand people for two months.
const PUNCHES_MAX: i64 = 1_000_000;

/// Messages that are kept in one statement.
const MESSAGES_AT_ONCE: usize = 500;

/// Reader and its version, as the inbox notes it.
const PARSER: &str = "clock/1";

/// What tells a passage of a message from its others, whoever passed: day, time, state, means and which of several.
type Place = (i32, i32, i32, i32, i32);

/// Where each passage of a message stands by the right clock.
enum Moves {
    /// By where it stood.
    Each(HashMap<Place, (i32, i32)>),
    /// All by as many seconds.
    All(i64),
    /// Nobody knows.
    Unknown,
}

impl Moves {
    fn of(device: &DeviceRow, correction: &OffsetRow, message: &Stored) -> Self {
        let by = i64::from(correction.was_minutes - correction.minutes) * 60;
        let feeder = match Feeder::of(&message.feed, &message.request) {
            Some(feeder) => feeder,
            // A sheet, or another system's list: its times stand on a wall.
            None => return Moves::All(by),
        };
        let Some(body) = message.body.as_deref() else { return Moves::Unknown };
        let (was, is) =
            (feeder.read(&device.serial, body, correction.was_minutes), feeder.read(&device.serial, body, correction.minutes));
        let mut moves = HashMap::with_capacity(was.punches.len());
        let nobody = (ProjectId(0), device.id, 0);
        // Rows from before passages were kept by China's clock stand on the machine's own wall: looked for where nothing else is found.
        for offset in [correction.was_minutes, CHINA_OFFSET_MINUTES] {
            for (was, is) in was.punches.iter().zip(&is.punches) {
                let row = row_of(nobody, (message.id, offset), was);
                let place = (row.local_day, row.local_time, row.state, row.verify, row.ordinal);
                moves.entry(place).or_insert_with(|| day_and_time(is.civil(correction.minutes)));
            }
        }
        Moves::Each(moves)
    }

    fn of_punch(&self, row: &KeptPunch) -> Option<(i32, i32)> {
        match self {
            Moves::Each(moves) => moves.get(&(row.local_day, row.local_time, row.state, row.verify, row.ordinal)).copied(),
            Moves::All(by) => {
                let at = i64::from(row.local_day) * 86_400 + i64::from(row.local_time) + by;
                Some((i32::try_from(at.div_euclid(86_400)).ok()?, i32::try_from(at.rem_euclid(86_400)).ok()?))
            }
            Moves::Unknown => None,
        }
    }
}

/// The message with the bytes: a second reading has none and names the first.
pub(super) fn original(tx: &mut Tx<'_>, ctx: &Ctx, id: InboxId) -> Result<Option<Stored>, StoreError> {
    let Some(found) = again::find(tx.conn(), ctx.vault(), id)? else { return Ok(None) };
    match found.request.strip_prefix(again::READ_AGAIN).and_then(|text| text.parse().ok()) {
        Some(first) => again::find(tx.conn(), ctx.vault(), first),
        None => Ok(Some(found)),
    }
}

/// What replaces passages of one message.
pub(super) struct Anew {
    /// The message that was read.
    first: InboxId,
    /// Its feed.
    feed: &'static str,
    /// That under which the new ones are kept.
    pub(super) id: InboxId,
}

impl Anew {
    /// In place of what this message brought.
    pub(super) fn of(first: &Stored, id: InboxId) -> Self {
        Self { first: first.id, feed: feed_word(&first.feed), id }
    }
}

/// Reads what a machine told since its clock was off by the right offset, marks its days to be folded again and tells what became of
/// days that a pay sheet rests on; twice does nothing more.
///
/// # Errors
/// `not_found` for no such correction, `too_large` for more than `PUNCHES_MAX` passages.
pub fn read_again(tx: &mut Tx<'_>, ctx: &Ctx, id: RecordId) -> Result<(), Problem> {
    let correction = table::find(tx.conn(), id)?.ok_or_else(Problem::not_found)?;
    if table::reading_of(tx.conn(), id)?.is_some() {
        return Ok(());
    }
    let project = correction.project_id;
    tx.seq(Chain::Project(project))?;
    let device = devices::find(tx.conn(), correction.device_id)?.ok_or_else(Problem::not_found)?;
    let kept = table::told(tx.conn(), (project, device.id), correction.since, PUNCHES_MAX + 1)?;
    if i64::try_from(kept.len()).is_ok_and(|count| count > PUNCHES_MAX) {
        let (zh, en) =
            ("该设备的考勤记录过多，请填写较晚的时差起始时间。", "It told of too many passages; give a later `offset_since`.");
        return Err(Problem::new(crate::web::Code::TooLarge, zh, en).at("offset_since", "over_limit"));
    }
    let (mut new, mut anew, mut unread): (Vec<PunchRow>, Vec<Anew>, i64) = Default::default();
    let mut days: BTreeSet<i32> = BTreeSet::new();
    for some in kept.chunk_by(|one, next| one.inbox_id == next.inbox_id) {
        let Some(inbox) = some.first().map(|row| InboxId(row.inbox_id)) else { continue };
        let Some(first) = original(tx, ctx, inbox)?.filter(|first| first.received_at >= correction.since) else { continue };
        let moves = Moves::of(&device, &correction, &first);
        let message = InboxId(ctx.id());
        let before = new.len();
        for row in some {
            let Some((local_day, local_time)) = moves.of_punch(row) else {
                unread += 1;
                continue;
            };
            if (local_day, local_time) == (row.local_day, row.local_time) {
                continue;
            }
            table::set_aside(tx.conn(), row, ctx.now)?;
            days.extend([row.local_day, local_day]);
            new.push(PunchRow {
                project_id: project.0,
                local_day,
                local_time,
                device_id: device.id.0,
                pin_id: row.pin_id,
                state: row.state,
                verify: row.verify,
                ordinal: row.ordinal,
                inbox_id: message.0,
            });
        }
        if new.len() > before {
            anew.push(Anew::of(&first, message));
        }
    }
    keep(tx, ctx, (&device, project, PARSER), &new, anew)?;
    let (marked, kept_days) = sort_out(tx, ctx, project, &days)?;
    differ(tx, ctx, (id, project), &kept_days)?;
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let reading = ReadingRow {
        correction_id: id,
        punches: count(new.len()),
        days: count(marked),
        kept_days: count(kept_days.len()),
        unread,
        read_at: ctx.now,
    };
    table::insert_reading(tx.conn(), &reading)?;
    let ReadingRow { punches, days, kept_days, .. } = reading;
    let said = format!("{id} {punches} {days} {kept_days} {unread}");
    tx.note(Chain::Project(project), ctx.now, ctx.actor(), "read_clock", &said)?;
    Ok(())
}

/// Notes how days that stand as they were differ from what the passages now make of them.
pub(super) fn differ(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (id, project): (RecordId, ProjectId),
    kept_days: &BTreeSet<i32>,
) -> Result<(), StoreError> {
    for (worked_on, enrolment_id, was, is) in folded::differences(tx.conn(), ctx.vault(), project, kept_days)? {
        let row = DifferenceRow {
            correction_id: id,
            project_id: project,
            worked_on,
            enrolment_id,
            was_first: was.as_ref().map(|row| row.first_time),
            was_last: was.as_ref().map(|row| row.last_time),
            was_hundredths: was.map_or(0, |row| row.hundredths),
            first_time: is.as_ref().map(|row| row.first_time),
            last_time: is.as_ref().map(|row| row.last_time),
            hundredths: is.map_or(0, |row| row.hundredths),
        };
        table::insert_difference(tx.conn(), &row)?;
    }
    Ok(())
}

/// Keeps the new passages, each under a message of its own that names the one that was read.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (device, project, parser): (&DeviceRow, ProjectId, &'static str),
    new: &[PunchRow],
    anew: Vec<Anew>,
) -> Result<(), StoreError> {
    let fresh = bulk::insert_punches(tx.conn(), new, Numbers::default())?;
    let mut of_message: BTreeMap<i64, Vec<PunchRow>> = BTreeMap::new();
    for row in fresh {
        of_message.entry(row.inbox_id).or_default().push(row);
    }
    for some in anew.chunks(MESSAGES_AT_ONCE) {
        // One whose passages all stand already brought nothing.
        let some = some.iter().filter_map(|one| Some((one, of_message.get(&one.id.0)?)));
        let notes: Vec<(InboxId, Message, &Vec<PunchRow>)> = some
            .map(|(one, rows)| {
                let message = Message {
                    feed: one.feed,
                    source: device.serial.clone(),
                    project: Some(project),
                    request: format!("{}{}", again::READ_AGAIN, one.first),
                    content_type: None,
                    content_encoding: None,
                    body: Vec::new(),
                    remote: None,
                    received_at: ctx.now,
                };
                (one.id, message, rows)
            })
            .collect();
        let messages: Vec<Incoming<'_>> = notes
            .iter()
            .map(|(id, message, rows)| Incoming {
                id: *id,
                message,
                counted: None,
                source: &device.serial,
                project,
                parsed: Parsed {
                    state: InboxState::Done,
                    parser,
                    items: i32::try_from(rows.len()).unwrap_or(i32::MAX),
                    items_digest: digest::of_rows(rows),
                },
            })
            .collect();
        inbox::keep_all(tx.conn(), ctx.vault(), &messages)?;
    }
    Ok(())
}

/// Marks the days to be folded again, and keeps those that a pay sheet rests on as they stand, under a seal. Gives how many were marked,
/// and those that stay.
pub(super) fn sort_out(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    project: ProjectId,
    days: &BTreeSet<i32>,
) -> Result<(usize, BTreeSet<i32>), StoreError> {
    let sheets = rules::table::signed(tx.conn(), project)?;
    let is_paid =
        |day: Day| sheets.iter().any(|sheet| sheet.month.month() == day.month() && sheet.to_on.is_none_or(|last| day <= last));
    let (mut marks, mut stay) = (Vec::new(), BTreeSet::new());
    for number in days {
        let Some(day) = day_of(*number).filter(|day| is_paid(*day)) else {
            marks.push((project.0, *number));
            continue;
        };
        let rows = morning::table::work_days_on(tx.conn(), project, day)?;
        rules::table::keep(tx.conn(), project, *number, &rules::seal(ctx.vault(), project, day, &rows))?;
        stay.insert(*number);
    }
    bulk::mark_days(tx.conn(), &marks, ctx.now)?;
    if !marks.is_empty() {
        jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &project.to_string(), ctx.now)?;
    }
    Ok((marks.len(), stay))
}
