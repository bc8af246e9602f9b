//! What was heard, and what it means for the message and its records.

use std::collections::BTreeMap;

use super::sending::{Work, body_of};
use super::sweeping::{CHANGED, changed, not_ours, state_of};
use super::table::{self, CallRow, ItemRow, RecordRow};
use super::{found, outage};
use crate::base::Moment;
use crate::base::id::RecordId;
use crate::reporting::actions::Opened;
use crate::reporting::believing;
use crate::reporting::table::{self as platforms, QueueRow, ReceiptRow};
use crate::reporting::{CallState, RecordState, back_off, poll_wait, told_again};
use crate::store::{Chain, Tx, journal};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::AnswerCode;
use crate::wire::openapi::asking::{Fate, Said, by_item};
use crate::wire::openapi::json::Json;

/// The longest text of a platform that is kept with a record, in characters.
const TEXT_MAX: usize = 500;
/// Seconds after which a platform is asked for what may have arrived: it may be at work on it still.
pub const UNKNOWN_SECONDS: i64 = 60;

/// What is said of an answer that takes a message and gives no serial code.
pub(super) const NO_SERIAL: &str = "成功但没有回执编号 / taken without a serial code";

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

pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

/// Notes what was heard of a step.
///
/// # Errors
/// A store that fails; the step is taken again when its lease is over.
pub fn settle(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, work: &Work, heard: &Heard) -> Result<(), Problem> {
    table::lock_queue(tx.conn(), platform.row.id)?;
    outage::note(tx, ctx, platform.row.id, work, heard)?;
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
                Work::Find(_, items) => found::found(tx, ctx, platform, now, items, heard),
                Work::Poll(..) => polled(tx, ctx, platform, now, heard),
                _ => sent(tx, ctx, now, heard),
            }
        }
    }
}

/// Why an answer stops the queue: it is the same for every message.
pub(super) fn stops(said: &Said) -> Option<String> {
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

pub(super) fn later(tx: &mut Tx<'_>, ctx: &Ctx, call: CallRow, state: CallState, answer: &str) -> Result<(), Problem> {
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

/// Notes that a message was told in vain: each of its records knows since when and how often.
fn missed(tx: &mut Tx<'_>, ctx: &Ctx, call: &CallRow, state: RecordState, reason: &str) -> Result<(), Problem> {
    for (_, row) in rows_of(tx, call)? {
        let tries = row.tries.saturating_add(1);
        let row = RecordRow {
            state,
            reason: short(reason),
            tries,
            failing_since: row.failing_since.or(Some(ctx.now)),
            next_at: ctx.now.plus_seconds(told_again(tries, chance(ctx)?)),
            changed_at: ctx.now,
            ..row
        };
        table::save_record(tx.conn(), &row)?;
    }
    Ok(())
}

/// A record that did not arrive: it goes out again, unless a platform that takes others never takes it.
pub(super) fn once_more(tx: &mut Tx<'_>, platform: RecordId, row: RecordRow, why: &str) -> Result<RecordRow, Problem> {
    let queue = platforms::queue(tx.conn(), platform)?.ok_or_else(Problem::not_found)?;
    if !outage::is_hopeless(&queue, &row) {
        return Ok(RecordRow { state: RecordState::Queued, reason: short(why), ..row });
    }
    let reason = format!("已上报 {} 次，平台未接收也未拒绝 / told {} times, neither taken nor refused", row.tries, row.tries);
    Ok(RecordRow { state: RecordState::WithPerson, reason: short(&reason), ..row })
}

/// Ends a message that was not taken for certain: its records go out again, each by itself.
pub fn release(tx: &mut Tx<'_>, ctx: &Ctx, call: &CallRow) -> Result<(), Problem> {
    for (_, row) in rows_of(tx, call)? {
        let row = once_more(tx, call.platform_id, row, &call.answer)?;
        let row = RecordRow { call_id: None, is_alone: 1, changed_at: ctx.now, ..row };
        table::save_record(tx.conn(), &row)?;
    }
    end(tx, ctx, call, CallState::Over, ("not_found", &call.answer))
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

pub(super) fn end(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    call: &CallRow,
    state: CallState,
    (outcome, answer): (&str, &str),
) -> Result<(), Problem> {
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
pub(super) struct Given {
    pub(super) number: Option<i64>,
    pub(super) code: Option<String>,
}

pub(super) fn accept(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    platform: &Opened,
    (item, row): (&ItemRow, RecordRow),
    given: Given,
) -> Result<(), Problem> {
    let accepted = Some(item.digest.clone());
    let state = state_of(row.kind, &row.wanted, accepted.as_deref(), "");
    let reason = if state == RecordState::WithPerson { CHANGED } else { "" };
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
        tries: 0,
        failing_since: None,
        changed_at: ctx.now,
        ..row
    };
    table::save_record(tx.conn(), &row)?;
    match row.state {
        _ if row.wanted.is_empty() => not_ours(tx, ctx, &row),
        RecordState::WithPerson => {
            let now = body_of(tx.conn(), ctx, row.project_id, &row.body)?;
            changed(tx, ctx, platform, &row, &now)
        }
        _ => Ok(table::clear_difference(tx.conn(), row.id)?),
    }
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
            (AnswerCode::Ok, None) => lost(tx, ctx, call, NO_SERIAL),
            (AnswerCode::BadParameter, _) => refused(tx, ctx, &call, &said.message),
            // What stops the queue, and what is to come again, is the same content later.
            (code, _) => {
                let why = format!("{code} {}", said.message);
                missed(tx, ctx, &call, RecordState::Sent, &why)?;
                later(tx, ctx, call, CallState::Later, &why)
            }
        },
        Heard::NotSent(why) => {
            missed(tx, ctx, &call, RecordState::Sent, why)?;
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
    missed(tx, ctx, &call, RecordState::Unknown, why)
}

/// The answer to the question what became of a message.
fn polled(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, call: CallRow, heard: &Heard) -> Result<(), Problem> {
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
                accept(tx, ctx, platform, (&item, row), given)?;
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
        table::save_record(tx.conn(), &RecordRow { tries: 0, failing_since: None, next_at: ctx.now, ..row })?;
    }
    // What the platform has in its place is looked at, so that the person sees which fields differ.
    for row in exists {
        believing::ask_about(tx.conn(), ctx, &row)?;
    }
    end(tx, ctx, call, CallState::Refused, ("refused", text))
}

/// The moment before which ended messages may go.
pub fn kept_until(now: Moment) -> Moment {
    now.plus_seconds(-crate::reporting::KEEP_DAYS * 86_400)
}
