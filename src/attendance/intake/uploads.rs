//! Uploads of punches by clocks at work, many to a turn of the writer: what each costs by itself is its punch, its message and its stamp.
//!
//! Machines are looked up in memory while the chain that their rows are sealed in has not moved; keys of projects, marks of days and jobs
//! are asked for once a turn. Deliberately absent: machines that are not at work, and requests that are no uploads (`zk`).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::ahead::Ahead;
use super::keeping::{self, Marks, Stored};
use super::zk::{self, Answer, PARSER, Request};
use super::{Intake, Lesson, heard};
use crate::attendance::devices::table::{self, DeviceRow};
use crate::attendance::devices::turns::homes::{Homes, Hung};
use crate::attendance::devices::{DeviceState, Maker};
use crate::base::id::InboxId;
use crate::store::bulk::numbers::Numbers;
use crate::store::bulk::{self, PunchRow};
use crate::store::inbox::{self, Incoming};
use crate::store::{Chain, Tx, journal};
use crate::web::{Ctx, Problem};
use crate::wire::device::DeviceBatch;
use crate::wire::zkteco::{self, Table};

/// A request and who asks.
pub struct Asked {
    /// Who, when, with what.
    pub ctx: Ctx,
    /// What.
    pub request: Request,
    /// What the intake remembers.
    pub intake: Arc<Intake>,
}

/// An upload of a machine that is at work on a project.
pub struct Upload<'a> {
    /// Who, when, with what.
    pub ctx: &'a Ctx,
    /// What.
    pub request: &'a Request,
    /// The machine.
    pub device: &'a DeviceRow,
    /// Where it hangs, and hung.
    pub homes: &'a Homes,
}

/// Serves requests in one turn of the writer; the answers may be given only after the commit.
///
/// # Errors
/// Where one fails all do; nothing of any is kept, and each may be served by itself.
pub fn serve_all(tx: &mut Tx<'_>, intake: &Intake, all: &[Asked]) -> Result<Vec<(Answer, Lesson)>, Problem> {
    // Before any row: what is read after it is at least as new.
    let version = journal::stands(tx.conn(), Chain::Organisation)?;
    let mut answers: Vec<Option<(Answer, Lesson)>> = Vec::with_capacity(all.len());
    let mut known: Vec<(usize, Arc<Hung>)> = Vec::with_capacity(all.len());
    for (place, asked) in all.iter().enumerate() {
        let hung = match intake.device(version, &asked.request.serial) {
            Some(hung) => Some(hung),
            None => read_hung(tx, &asked.request.serial)?.map(Arc::new),
        };
        let at_work = hung.filter(|hung| hung.device.state == DeviceState::Active && hung.device.maker == Maker::Zkteco);
        match at_work {
            Some(hung) if asked.request.is_upload() && zk::may_speak(&asked.ctx, &hung.device, &asked.request.query) => {
                answers.push(None);
                known.push((place, hung));
            }
            _ => answers.push(Some(zk::serve(tx, &asked.ctx, intake, &asked.request)?)),
        }
    }
    let uploads: Vec<Upload<'_>> = known
        .iter()
        .filter_map(|(place, hung)| {
            let asked = all.get(*place)?;
            Some(Upload { ctx: &asked.ctx, request: &asked.request, device: &hung.device, homes: &hung.homes })
        })
        .collect();
    let taken = take(tx, intake, &uploads)?;
    for ((place, hung), (answer, mut lesson)) in known.into_iter().zip(taken) {
        lesson.device = Some((version, hung));
        if let Some(free) = answers.get_mut(place) {
            *free = Some((answer, lesson));
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// A machine that is bound, with where it hung.
fn read_hung(tx: &mut Tx<'_>, serial: &str) -> Result<Option<Hung>, Problem> {
    let Some(device) = table::by_serial(tx.conn(), serial)? else { return Ok(None) };
    let Some(project) = device.project_id else { return Ok(None) };
    let homes = Homes::of(tx.conn(), &device, project)?;
    Ok(Some(Hung { device, homes }))
}

/// What is known of an upload before its punches are stored.
struct Read<'a> {
    id: InboxId,
    batch: Cow<'a, DeviceBatch>,
    rows: Vec<PunchRow>,
    ahead: Option<&'a Ahead>,
    lesson: Lesson,
}

/// Takes uploads: punches each once, their messages, what could not be read, and the marks for folding.
pub fn take(tx: &mut Tx<'_>, intake: &Intake, uploads: &[Upload<'_>]) -> Result<Vec<(Answer, Lesson)>, Problem> {
    let Some(first) = uploads.first() else { return Ok(Vec::new()) };
    let mut reads = Vec::with_capacity(uploads.len());
    let mut numbers = Numbers::default();
    for Upload { ctx, request, device, homes } in uploads {
        let (id, mut lesson) = (InboxId(ctx.id()), Lesson::default());
        lesson.offset = Some((device.serial.clone(), device.offset_minutes));
        let batch = request.batch(device.offset_minutes);
        let ahead = request.rows_ahead(device.offset_minutes).filter(|ahead| ahead.is_at(homes, device));
        let rows = match ahead {
            Some(ahead) => {
                let (rows, known) = ahead.rows(id);
                numbers.know_all(known);
                rows
            }
            None => {
                let what = (intake, &mut lesson, &mut numbers);
                keeping::rows_of(tx, ctx, what, (device, *homes, id), &batch.punches)?
            }
        };
        reads.push(Read { id, batch, rows, ahead, lesson });
    }
    let all: Vec<PunchRow> = reads.iter().flat_map(|read| &read.rows).copied().collect();
    let fresh = bulk::insert_punches(tx.conn(), &all, numbers)?;
    Marks::of(&fresh).write(tx, first.ctx)?;
    let mut fresh_of: HashMap<i64, Vec<PunchRow>> = HashMap::with_capacity(reads.len());
    // Those of one machine stand together mostly.
    for some in fresh.chunk_by(|one, next| one.inbox_id == next.inbox_id) {
        if let Some(row) = some.first() {
            fresh_of.entry(row.inbox_id).or_default().extend_from_slice(some);
        }
    }
    let mut messages: Vec<Incoming<'_>> = Vec::with_capacity(reads.len());
    let mut aside = Vec::with_capacity(reads.len());
    for (Upload { request, device, homes, .. }, read) in uploads.iter().zip(&mut reads) {
        let fresh = fresh_of.remove(&read.id.0).unwrap_or_default();
        let digest = read.ahead.and_then(|ahead| ahead.digest_of(fresh.len())).map(str::to_owned);
        let stored = Stored { fresh, rows: std::mem::take(&mut read.rows), digest };
        let (message, source) = (&request.message, device.serial.as_str());
        let (parsed, problems) =
            keeping::judged(tx, (PARSER, source, &message.body), &stored, &read.batch.problems, read.batch.punches.len())?;
        aside.push((problems.len(), !stored.fresh.is_empty()));
        messages.push(Incoming { id: read.id, message, counted: request.counted.as_ref(), source, project: homes.now(), parsed });
    }
    inbox::keep_all(tx.conn(), first.ctx.vault(), &messages)?;
    let mut stamps = BTreeMap::new();
    let mut answers = Vec::with_capacity(reads.len());
    for ((Upload { ctx, request, device, .. }, read), (problems, is_new)) in uploads.iter().zip(reads).zip(aside) {
        let Read { id, batch, mut lesson, .. } = read;
        let judged = heard::judge(tx, ctx, (intake, &mut lesson), device, (&batch.punches, is_new))?;
        if problems > 0 {
            keeping::put_aside(tx, ctx, id, &batch.problems)?;
        }
        if is_new {
            heard::flag_far(tx, ctx, id, &judged, batch.problems.len() + 1)?;
        }
        match zk::restamped(ctx, intake, device, &request.query, Some(Table::AttLog)) {
            // Of one machine's stamps in a turn the last one stands.
            Some(Some(state)) => {
                lesson.seen = Some(state.clone());
                stamps.insert(device.id, state);
            }
            Some(None) => {}
            None => drop(zk::note_seen(tx, ctx, intake, device, &request.query, Some(Table::AttLog), &mut lesson)?),
        }
        answers.push((Answer::Text(zkteco::answer_count(batch.lines).into_bytes()), lesson));
    }
    table::note_stamps(tx.conn(), stamps.into_values())?;
    Ok(answers)
}
