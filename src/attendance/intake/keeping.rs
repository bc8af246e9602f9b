//! Storing what was read from a message: punches, their numbers, the marks for folding, and what could not be read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{NaiveDateTime, Timelike};
use foldhash::fast::RandomState;

use super::digest;
use super::{Intake, Lesson};
use crate::attendance::NO_PROOF_BASE;
use crate::attendance::devices::table::DeviceRow;
use crate::attendance::devices::turns::homes::Homes;
use crate::base::Day;
use crate::base::id::{DeviceId, InboxId, ProjectId, QuarantineId};
use crate::base::person::half_width;
use crate::store::bulk::numbers::{Numbers, ensure_place};
use crate::store::bulk::{self, PunchRow};
use crate::store::inbox::{self, InboxState, Parsed, Rejected};
use crate::store::{StoreError, Tx, jobs};
use crate::web::Ctx;
use crate::wire::device::{DeviceBatch, DeviceProblem, DevicePunch, PersonKind};
use crate::wire::reason::Reason;
use crate::workers::table::ensure_pin;
use crate::workers::{day_number, pin_index};

/// What was stored of a batch.
#[derive(Debug, Default)]
pub struct Stored {
    /// Punches that were new.
    pub fresh: Vec<PunchRow>,
    /// The row of each punch, in the order of the batch.
    pub rows: Vec<PunchRow>,
    /// The digest of the new ones, where it was worked out before.
    pub digest: Option<String>,
}

/// The text under which a person is kept as a number at the gate. A badge has a name of its own, so that it never meets a PIN.
pub fn pin_text(kind: PersonKind, person: &str) -> String {
    match kind {
        PersonKind::Pin | PersonKind::Worker => half_width(person),
        PersonKind::IdCard => half_width(person).to_uppercase(),
        PersonKind::Card => format!("card:{}", half_width(person)),
    }
}

fn verify_of(punch: &DevicePunch) -> i32 {
    // Forced, one-key and emergency openings are kept apart: they prove nobody's presence (FEEDS 2.5).
    match punch.attend_type.as_deref() {
        Some("007") => NO_PROOF_BASE + 7,
        Some("008") => NO_PROOF_BASE + 8,
        Some("009") => NO_PROOF_BASE + 9,
        _ => punch.verify.unwrap_or(-1),
    }
}

/// The rows of punches, each on the project where its machine hung then, with the ids of their numbers; what is known of small numbers goes into `numbers`, what was learnt about them into
/// the lesson.
pub fn rows_of(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (intake, lesson, numbers): (&Intake, &mut Lesson, &mut Numbers),
    (device, homes, inbox): (&DeviceRow, &Homes, InboxId),
    punches: &[DevicePunch],
) -> Result<Vec<PunchRow>, StoreError> {
    let mut places: HashSet<ProjectId> = HashSet::new();
    let mut pins: HashMap<(ProjectId, PersonKind, &str), i64, RandomState> = HashMap::default();
    let mut rows = Vec::with_capacity(punches.len());
    for punch in punches {
        let project = homes.of_punch(punch, device.offset_minutes);
        if places.insert(project) {
            let place = (project.0, device.id.0);
            let number = match intake.punch_place(place) {
                Some(number) => number,
                None => {
                    let number = ensure_place(tx.conn(), place)?;
                    lesson.places.push((place, number));
                    number
                }
            };
            numbers.know_place(place, number);
        }
        let key = (project, punch.kind, punch.person.as_str());
        let pin_id = match pins.get(&key) {
            Some(id) => *id,
            None => {
                let text = pin_text(punch.kind, &punch.person);
                let index = pin_index(ctx.vault(), project, &text);
                let known = match intake.pin(&index) {
                    Some(known) => known,
                    None => {
                        let known = ensure_pin(tx.conn(), ctx.vault(), project, &text, &index, || ctx.id())?;
                        lesson.pins.push((index, known));
                        known
                    }
                };
                numbers.know_pin(known.id, known.number);
                pins.insert(key, known.id);
                known.id
            }
        };
        rows.push(row_of((project, device.id, pin_id), (inbox, device.offset_minutes), punch));
    }
    Ok(rows)
}

/// A moment as rows keep it: the day's number and the seconds of it.
pub fn day_and_time(at: NaiveDateTime) -> (i32, i32) {
    (day_number(Day(at.date())), i32::try_from(at.num_seconds_from_midnight()).unwrap_or(0))
}

/// The row of a punch, by China's clock; the second number is the offset of the machine's own.
pub fn row_of(
    (project, device, pin_id): (ProjectId, DeviceId, i64),
    (inbox, offset_minutes): (InboxId, i32),
    punch: &DevicePunch,
) -> PunchRow {
    let (local_day, local_time) = day_and_time(punch.civil(offset_minutes));
    PunchRow {
        project_id: project.0,
        local_day,
        local_time,
        device_id: device.0,
        pin_id,
        state: punch.state.unwrap_or(-1),
        verify: verify_of(punch),
        ordinal: i32::try_from(punch.ordinal).unwrap_or(i32::MAX),
        inbox_id: inbox.0,
    }
}

/// The days that something new came for: they are folded again, each once, so that a device that repeats itself costs little.
#[derive(Debug, Default)]
pub struct Marks {
    /// In their order, so that two transactions never wait for each other.
    days: BTreeSet<(i64, i32)>,
}

impl Marks {
    /// Of punches that were new.
    pub fn of(fresh: &[PunchRow]) -> Self {
        Self { days: fresh.iter().map(|row| (row.project_id, row.local_day)).collect() }
    }

    /// Marks the days and asks for their folding, a moment later: a gate at which many pass has its day folded once and not for each.
    pub fn write(&self, tx: &mut Tx<'_>, ctx: &Ctx) -> Result<(), StoreError> {
        bulk::mark_days(tx.conn(), &self.days.iter().copied().collect::<Vec<_>>(), ctx.now)?;
        let projects: BTreeSet<i64> = self.days.iter().map(|(project, _)| *project).collect();
        let due = ctx.now.plus_seconds(ctx.ground.settings.gates.fold_after_seconds);
        let jobs = projects.into_iter().map(|project| (ctx.id(), ProjectId(project).to_string())).collect();
        jobs::enqueue_each_for(tx.conn(), "fold_days", jobs, ctx.now, due)
    }
}

/// Stores punches, each once, and marks their days; what was learnt about numbers goes into `lesson`.
pub fn store_punches(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    intake: &Intake,
    lesson: &mut Lesson,
    (device, project, inbox): (&DeviceRow, ProjectId, InboxId),
    punches: &[DevicePunch],
) -> Result<Stored, StoreError> {
    let mut numbers = Numbers::default();
    // A message that is read again may be of a project that the machine has left: the machine's own row says where it is now.
    let homes = Homes::of(tx.conn(), device, device.project_id.unwrap_or(project))?;
    let rows = rows_of(tx, ctx, (intake, lesson, &mut numbers), (device, &homes, inbox), punches)?;
    let fresh = bulk::insert_punches(tx.conn(), &rows, numbers)?;
    Marks::of(&fresh).write(tx, ctx)?;
    Ok(Stored { fresh, rows, digest: None })
}

/// Runs a reader; where it fails by a fault of this program, the message is put aside whole, with all its non-empty lines received.
pub fn guarded(body: &[u8], read: impl FnOnce() -> DeviceBatch) -> DeviceBatch {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        let mut batch = DeviceBatch { lines: u32::try_from(lines).unwrap_or(u32::MAX), ..DeviceBatch::default() };
        let (zh, en) =
            ("读取程序出错，原文已保存，修复后可重新读取", "our reader failed; the message is kept and can be read again");
        batch.note(DeviceProblem::body(Reason::ParserPanic, zh, en));
        batch
    })
}

/// What a message has become, for its row in the inbox.
pub fn parsed(parser: &'static str, stored: &Stored, problems: usize, read: usize) -> Parsed {
    let state = match (problems, read) {
        (0, _) if stored.fresh.is_empty() && read > 0 => InboxState::Duplicate,
        (0, _) => InboxState::Done,
        (_, 0) => InboxState::Quarantined,
        _ => InboxState::Part,
    };
    let items = i32::try_from(read.saturating_add(problems)).unwrap_or(i32::MAX);
    let items_digest = stored.digest.clone().unwrap_or_else(|| digest::of_rows(&stored.fresh));
    Parsed { state, parser, items, items_digest }
}

/// What a message has become, and what of it is put aside: nothing new is where a machine sends again what was put aside before.
pub fn judged<'a>(
    tx: &mut Tx<'_>,
    (parser, source, body): (&'static str, &str, &[u8]),
    stored: &Stored,
    problems: &'a [DeviceProblem],
    read: usize,
) -> Result<(Parsed, &'a [DeviceProblem]), StoreError> {
    let parsed = parsed(parser, stored, problems.len(), read);
    if !problems.is_empty() && stored.fresh.is_empty() && inbox::was_put_aside(tx.conn(), source, body)? {
        return Ok((Parsed { state: InboxState::Duplicate, ..parsed }, &[]));
    }
    Ok((parsed, problems))
}

/// Puts lines that could not be read into quarantine; the message must be stored already.
pub fn put_aside(tx: &mut Tx<'_>, ctx: &Ctx, inbox: InboxId, problems: &[DeviceProblem]) -> Result<(), StoreError> {
    for (place, problem) in (1..).zip(problems) {
        let rejected = Rejected {
            item: place,
            place: problem.place.clone(),
            reason: problem.reason.code().to_owned(),
            zh: problem.zh.clone(),
            en: problem.en.clone(),
        };
        inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), inbox, &rejected, ctx.now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_fails_puts_its_message_aside_and_every_line_counts() {
        let batch = guarded(b"1\t2\n\r\n3\n", || -> DeviceBatch { std::panic::resume_unwind(Box::new("a fault")) });
        assert_eq!((batch.lines, batch.problems.len(), batch.problems[0].reason), (2, 1, Reason::ParserPanic));
        assert_eq!(parsed("x/1", &Stored::default(), batch.problems.len(), 0).state, InboxState::Quarantined);
    }
}
