//! What was heard, and what it means for the message and its records.

use std::collections::BTreeMap;

use super::sending::{Work, number_of, project_code};
use super::sweeping::{not_ours, state_of};
use super::table::{self, CallRow, ItemRow, RecordRow};
use crate::base::Moment;
use crate::base::id::RecordId;
use crate::reporting::actions::Opened;
use crate::reporting::believing;
use crate::reporting::gathering::Body;
use crate::reporting::table::{self as platforms, QueueRow, ReceiptRow};
use crate::reporting::{CallState, FOUND_PACE_SECONDS, RecordState, back_off, poll_wait};
use crate::store::{Chain, Tx, journal};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::AnswerCode;
use crate::wire::openapi::asking::{Fate, Said, by_item};
use crate::wire::openapi::json::Json;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::writing::{self, Drift, Plain};

/// The longest text of a platform that is kept with a record, in characters.
const TEXT_MAX: usize = 500;
/// Seconds after which a platform is asked for what may have arrived: it may be at work on it still.
const UNKNOWN_SECONDS: i64 = 60;

/// What was heard of a step.
#[derive(Debug, Clone)]
pub enum Heard {
    /// An answer.
    Said(Said),
    /// What was heard of each list.
    Lists(Vec<List>),
    /// Nobody was reached.
    NotSent(String),
    /// Whether it arrived is not known.
    Lost(String),
}

/// What was heard of a list.
#[derive(Debug, Clone)]
pub enum List {
    /// All of it.
    Rows(Vec<Json>),
    /// An answer that is no list.
    Said(Said),
    /// Nothing, or a part: it says nothing about what it does not show.
    NotHeard(String),
    /// It was not asked for in this step.
    NotAsked,
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

/// Notes what was heard of a step.
///
/// # Errors
/// A store that fails; the step is taken again when its lease is over.
pub fn settle(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, work: &Work, heard: &Heard) -> Result<(), Problem> {
    table::lock_queue(tx.conn(), platform.row.id)?;
    if let Heard::Said(said) = heard
        && let Some(why) = stops(said)
        && !matches!(work, Work::Test)
    {
        stop(tx, platform.row.id, &why)?;
    }
    match work {
        Work::Test => tested(tx, ctx, platform.row.id, heard),
        Work::Look(look) => believing::settle(tx, ctx, platform, look, heard),
        Work::Send(call, ..) | Work::Poll(call, _) | Work::Find(call, _) => {
            let Some(now) = table::call(tx.conn(), call.id)? else { return Ok(()) };
            // Whoever was slower than the lease says nothing over what others have noted since.
            if now.ended_at.is_some() || now.next_at != call.next_at || now.state != call.state {
                return Ok(());
            }
            match work {
                Work::Find(_, items) => found(tx, ctx, platform, now, items, heard),
                Work::Poll(..) => polled(tx, ctx, now, heard),
                _ => sent(tx, ctx, now, heard),
            }
        }
    }
}

/// Why an answer stops the queue: it is the same for every message.
fn stops(said: &Said) -> Option<String> {
    let is_theirs = matches!(said.code, AnswerCode::BadSignature | AnswerCode::NoPermission | AnswerCode::BadAddress);
    is_theirs.then(|| short(&format!("{} {}", said.code, said.message)))
}

/// Stops a queue until a person resumes it.
pub fn stop(tx: &mut Tx<'_>, platform: RecordId, why: &str) -> Result<(), Problem> {
    if let Some(queue) = platforms::queue(tx.conn(), platform)? {
        platforms::save_queue(tx.conn(), &QueueRow { stopped: Some(why.to_owned()), ..queue })?;
    }
    Ok(())
}

fn tested(tx: &mut Tx<'_>, ctx: &Ctx, platform: RecordId, heard: &Heard) -> Result<(), Problem> {
    let outcome = match heard {
        Heard::Said(said) if said.code == AnswerCode::Ok => "0".to_owned(),
        Heard::Said(said) => format!("{} {}", said.code, said.message),
        Heard::NotSent(why) | Heard::Lost(why) => why.clone(),
        Heard::Lists(_) => String::new(),
    };
    let Some(queue) = platforms::queue(tx.conn(), platform)? else { return Ok(()) };
    let row = QueueRow { test_asked_at: None, tested_at: Some(ctx.now), test_outcome: Some(short(&outcome)), ..queue };
    Ok(platforms::save_queue(tx.conn(), &row)?)
}

fn chance(ctx: &Ctx) -> Result<u8, Problem> {
    let [byte] = ctx.vault().random::<1>()?;
    Ok(byte)
}

fn later(tx: &mut Tx<'_>, ctx: &Ctx, call: CallRow, state: CallState, answer: &str) -> Result<(), Problem> {
    let tries = if state == CallState::Later { call.tries } else { call.tries.saturating_add(1) };
    let wait = back_off(tries, chance(ctx)?);
    let call = CallRow { state, tries, next_at: ctx.now.plus_seconds(wait), answer: short(answer), ..call };
    Ok(table::save_call(tx.conn(), &call)?)
}

/// Moves every record of a message.
pub fn move_records(tx: &mut Tx<'_>, ctx: &Ctx, call: &CallRow, state: RecordState, reason: &str) -> Result<(), Problem> {
    for (_, row) in rows_of(tx, call)? {
        table::save_record(tx.conn(), &RecordRow { state, reason: short(reason), changed_at: ctx.now, ..row })?;
    }
    Ok(())
}

/// The records of a message that are still its own.
pub fn rows_of(tx: &mut Tx<'_>, call: &CallRow) -> Result<Vec<(ItemRow, RecordRow)>, Problem> {
    let items = table::items_of(tx.conn(), call.id)?;
    let ids: Vec<RecordId> = items.iter().map(|item| item.record_id).collect();
    let rows: BTreeMap<RecordId, RecordRow> =
        table::some_records(tx.conn(), &ids)?.into_iter().map(|row| (row.id, row)).collect();
    let mine = items.into_iter().filter_map(|item| rows.get(&item.record_id).cloned().map(|row| (item, row)));
    Ok(mine.filter(|(_, row)| row.call_id == Some(call.id)).collect())
}

fn end(tx: &mut Tx<'_>, ctx: &Ctx, call: &CallRow, state: CallState, (outcome, answer): (&str, &str)) -> Result<(), Problem> {
    let items = table::items_of(tx.conn(), call.id)?;
    let digests: String = items.iter().map(|item| item.digest.as_str()).collect();
    let ended = CallRow { state, ended_at: Some(ctx.now), answer: short(answer), ..call.clone() };
    table::save_call(tx.conn(), &ended)?;
    let chain = Chain::Project(call.project_id);
    let row = ReceiptRow {
        project_id: call.project_id,
        id: RecordId(ctx.id()),
        platform_id: call.platform_id,
        call_id: call.id,
        kind: call.kind,
        method: call.method.clone(),
        outcome: outcome.to_owned(),
        serial_code: call.serial_code.clone(),
        items: i32::try_from(items.len()).unwrap_or(i32::MAX),
        content: journal::sha256(digests.as_bytes()),
        answer: short(answer),
        at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    platforms::insert_receipt(tx, &row)?;
    Ok(tx.note(chain, ctx.now, ctx.actor(), "report_receipt", &row.id.to_string())?)
}

/// Ends a message without a result: its records are a person's.
pub fn give_up(tx: &mut Tx<'_>, ctx: &Ctx, call: &CallRow, why: &str) -> Result<(), Problem> {
    let why = if call.answer.is_empty() { why.to_owned() } else { format!("{why}: {}", call.answer) };
    for (_, row) in rows_of(tx, call)? {
        let row = RecordRow { state: RecordState::WithPerson, reason: short(&why), call_id: None, changed_at: ctx.now, ..row };
        table::save_record(tx.conn(), &row)?;
    }
    end(tx, ctx, call, CallState::Over, ("given_up", &why))
}

/// What a platform gave a record.
#[derive(Debug, Clone, Default)]
struct Given {
    number: Option<i64>,
    code: Option<String>,
}

fn accept(tx: &mut Tx<'_>, ctx: &Ctx, item: &ItemRow, row: RecordRow, given: Given) -> Result<(), Problem> {
    let accepted = Some(item.digest.clone());
    let state = state_of(row.kind, &row.wanted, accepted.as_deref(), "");
    let reason = if state == RecordState::WithPerson { super::sweeping::CHANGED } else { "" };
    let row = RecordRow {
        accepted,
        accepted_body: Some(item.body.clone()),
        accepted_at: Some(ctx.now),
        state,
        reason: reason.to_owned(),
        call_id: None,
        number: given.number.or(row.number),
        remote_code: given.code.or(row.remote_code.clone()),
        is_alone: 0,
        changed_at: ctx.now,
        ..row
    };
    table::save_record(tx.conn(), &row)?;
    if row.wanted.is_empty() { not_ours(tx, ctx, &row) } else { Ok(table::clear_difference(tx.conn(), row.id)?) }
}

/// The answer to a message.
fn sent(tx: &mut Tx<'_>, ctx: &Ctx, call: CallRow, heard: &Heard) -> Result<(), Problem> {
    match heard {
        Heard::Said(said) => match (said.code, said.serial_code()) {
            (AnswerCode::Ok, Some(serial)) => {
                let next_at = ctx.now.plus_seconds(poll_wait(0));
                let call = CallRow {
                    state: CallState::Waiting,
                    serial_code: Some(serial),
                    polls: 1,
                    next_at,
                    answer: String::new(),
                    ..call
                };
                table::save_call(tx.conn(), &call)?;
                move_records(tx, ctx, &call, RecordState::Waiting, "")
            }
            (AnswerCode::Ok, None) => lost(tx, ctx, call, "成功但没有回执编号 / taken without a serial code"),
            (AnswerCode::BadParameter, _) => refused(tx, ctx, &call, &said.message),
            // What stops the queue, and what is to come again, is the same content later.
            (code, _) => {
                let why = format!("{code} {}", said.message);
                move_records(tx, ctx, &call, RecordState::Sent, &why)?;
                later(tx, ctx, call, CallState::Later, &why)
            }
        },
        Heard::NotSent(why) => {
            move_records(tx, ctx, &call, RecordState::Sent, why)?;
            later(tx, ctx, call, CallState::Later, why)
        }
        Heard::Lost(why) => lost(tx, ctx, call, why),
        Heard::Lists(_) => Ok(()),
    }
}

fn lost(tx: &mut Tx<'_>, ctx: &Ctx, call: CallRow, why: &str) -> Result<(), Problem> {
    let next_at = ctx.now.plus_seconds(UNKNOWN_SECONDS);
    let call = CallRow { state: CallState::Unknown, polls: 0, next_at, answer: short(why), ..call };
    table::save_call(tx.conn(), &call)?;
    move_records(tx, ctx, &call, RecordState::Unknown, why)
}

/// The answer to the question what became of a message.
fn polled(tx: &mut Tx<'_>, ctx: &Ctx, call: CallRow, heard: &Heard) -> Result<(), Problem> {
    let said = match heard {
        Heard::Said(said) if said.code == AnswerCode::Ok => said,
        // The platform does not know the code: whether it has the records is asked in another way.
        Heard::Said(said) if said.code == AnswerCode::BadParameter => return lost(tx, ctx, call, &said.message),
        Heard::Said(_) | Heard::NotSent(_) | Heard::Lost(_) | Heard::Lists(_) => return look_later(tx, ctx, call),
    };
    match said.fate() {
        Some(Fate::Done { number, code }) => {
            for (item, row) in rows_of(tx, &call)? {
                let given = Given { number, code: code.clone() };
                accept(tx, ctx, &item, row, given)?;
            }
            end(tx, ctx, &call, CallState::Done, ("accepted", ""))
        }
        Some(Fate::Failed(text)) => refused(tx, ctx, &call, &text),
        Some(Fate::Waiting) | None => look_later(tx, ctx, call),
    }
}

fn look_later(tx: &mut Tx<'_>, ctx: &Ctx, call: CallRow) -> Result<(), Problem> {
    let next_at = ctx.now.plus_seconds(poll_wait(call.polls));
    Ok(table::save_call(tx.conn(), &CallRow { polls: call.polls.saturating_add(1), next_at, ..call })?)
}

/// The word of the protocol for a key that stands with other contents.
const EXISTS: &str = "已存在";
/// And for what is not there.
const ABSENT: &str = "不存在";

/// A message was refused whole: the items that are named are refused, the others go out again without them.
fn refused(tx: &mut Tx<'_>, ctx: &Ctx, call: &CallRow, text: &str) -> Result<(), Problem> {
    let named = by_item(text);
    let rows = rows_of(tx, call)?;
    // A fault of one item, in words that name none: each goes by itself, so that it shows which.
    let is_unclear = named.is_empty() && !text.trim_start().starts_with('[') && rows.len() > 1;
    let mut exists = Vec::new();
    for (item, row) in rows {
        let place = usize::try_from(item.place).unwrap_or(usize::MAX);
        let why = if named.is_empty() { Some(text) } else { named.get(&place).map(String::as_str) };
        let (state, reason, is_alone) = match why {
            _ if is_unclear => (RecordState::Queued, "", 1),
            None => (RecordState::Queued, "", 0),
            Some(why) if why.contains(EXISTS) => {
                exists.push(row.clone());
                (RecordState::WithPerson, why, 0)
            }
            Some(why) => (RecordState::Refused, why, 0),
        };
        let row = RecordRow { state, reason: short(reason), call_id: None, is_alone, changed_at: ctx.now, ..row };
        table::save_record(tx.conn(), &row)?;
    }
    // What the platform has in its place is looked at, so that the person sees which fields differ.
    for row in exists {
        believing::ask_about(tx.conn(), ctx, &row)?;
    }
    end(tx, ctx, call, CallState::Refused, ("refused", text))
}

/// What a list shows of one item.
enum Shown {
    /// It stands as it was sent.
    There(Given),
    /// It stands with other values.
    Otherwise(Vec<Drift>),
    /// It is not there.
    Absent,
    /// The platform can never say.
    Never(String),
    /// The platform cannot say now.
    NotNow(String),
    /// Its turn is the next step's.
    NotYet,
}

fn shown(platform: &Opened, method: Method, ours: &Plain, list: &List) -> Shown {
    let rows = match list {
        List::Rows(rows) => rows,
        List::Said(said) if said.code == AnswerCode::BadParameter && said.message.contains(ABSENT) => return Shown::Absent,
        List::Said(said) if said.code == AnswerCode::BadParameter => return Shown::Never(said.message.clone()),
        List::Said(said) => return Shown::NotNow(format!("{} {}", said.code, said.message)),
        List::NotHeard(why) => return Shown::NotNow(why.clone()),
        List::NotAsked => return Shown::NotYet,
    };
    let Some(about) = rows.iter().find(|row| writing::is_about(method, ours, row, &platform.secret)) else {
        return Shown::Absent;
    };
    let drift = writing::drift(method, ours, about, &platform.secret);
    if !drift.is_empty() {
        return Shown::Otherwise(drift);
    }
    let word = |key: &str| about.filled(key).and_then(Json::scalar).map(str::to_owned);
    Shown::There(Given { number: word("teamSysNo").and_then(|text| text.parse().ok()), code: word("projectCode") })
}

/// The answer to the question whether what may have arrived is there, item by item: what is there was accepted, what is not goes out
/// again, and only what the platform could not say of stays with the message and is asked for again.
fn found(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    platform: &Opened,
    call: CallRow,
    items: &[(ItemRow, Body)],
    heard: &Heard,
) -> Result<(), Problem> {
    let lists = match heard {
        Heard::Lists(lists) => lists,
        Heard::Said(said) => return later(tx, ctx, call, CallState::Unknown, &said.message),
        Heard::NotSent(why) | Heard::Lost(why) => return later(tx, ctx, call, CallState::Unknown, why),
    };
    for list in lists {
        if let List::Said(said) = list
            && let Some(why) = stops(said)
        {
            stop(tx, platform.row.id, &why)?;
        }
    }
    let method = call.kind.add();
    let code = project_code(tx.conn(), platform)?;
    let mut rows: BTreeMap<RecordId, RecordRow> =
        rows_of(tx, &call)?.into_iter().map(|(item, row)| (item.record_id, row)).collect();
    let (mut there, mut not_now) = (0, None);
    for ((item, body), list) in items.iter().zip(lists) {
        let Some(row) = rows.get(&item.record_id).cloned() else { continue };
        let number = number_of(tx.conn(), platform, body.team.as_deref())?;
        let mut ours = super::sweeping::root_of(body, code.as_deref().unwrap_or_default(), number);
        ours.extend(body.item.clone());
        let (state, reason) = match shown(platform, method, &ours, list) {
            Shown::NotYet => continue,
            Shown::NotNow(why) => {
                not_now.get_or_insert(why);
                continue;
            }
            Shown::There(given) => {
                accept(tx, ctx, item, row, given)?;
                rows.remove(&item.record_id);
                there += 1;
                continue;
            }
            // An older state of the record, or somebody else's: an update goes out again, an addition is a person's.
            Shown::Otherwise(drift) if row.accepted.is_none() => {
                believing::note(tx, ctx, &row, &drift)?;
                (RecordState::WithPerson, "平台上已有同一记录，内容不同 / the platform has it with other contents".to_owned())
            }
            Shown::Otherwise(_) | Shown::Absent => (RecordState::Queued, String::new()),
            Shown::Never(why) => (RecordState::WithPerson, format!("无法查询：{why} / it cannot be asked for")),
        };
        let row = RecordRow { state, reason: short(&reason), call_id: None, changed_at: ctx.now, ..row };
        table::save_record(tx.conn(), &row)?;
        rows.remove(&item.record_id);
    }
    let call = CallRow { polls: call.polls.saturating_add(there), ..call };
    if rows.is_empty() {
        let all = table::items_of(tx.conn(), call.id)?.len();
        let outcome = if call.polls > 0 { "found" } else { "not_found" };
        return end(tx, ctx, &call, CallState::Over, (outcome, &format!("{} / {all}", call.polls)));
    }
    match not_now {
        Some(why) => later(tx, ctx, call, CallState::Unknown, &why),
        None => Ok(table::save_call(tx.conn(), &CallRow { next_at: ctx.now.plus_seconds(FOUND_PACE_SECONDS), ..call })?),
    }
}

/// The moment before which ended messages may go.
pub fn kept_until(now: Moment) -> Moment {
    now.plus_seconds(-crate::reporting::KEEP_DAYS * 86_400)
}
