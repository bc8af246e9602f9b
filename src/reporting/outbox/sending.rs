//! What a queue does next: a test that a person asked for, a message whose time has come, a new message, a list to be looked at.
//!
//! Each step is taken in a transaction that puts it on record and keeps others off it; the caller then talks, and `outcome` notes what
//! was heard. A message that was on its way when its process died is asked for, never simply sent again.

use serde_json::Value;

use super::sweeping::{faults, root_of, told};
use super::table::{self, CallRow, ItemRow, LookRow, RecordRow};
use super::{outage, outcome};
use crate::base::id::{ProjectId, RecordId};
use crate::reporting::actions::Opened;
use crate::reporting::gathering::{Body, with_pictures};
use crate::reporting::table::{self as platforms, QueueRow};
use crate::reporting::{
    ASKED_ROWS, CallState, GIVE_UP_SECONDS, LEASE_SECONDS, PlatformState, RecordState, ReportKind, UNDER_WAY_MAX,
};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::writing::{self, Plain};

/// Records that are looked at for the next message.
const LOOKED_AT_MAX: i64 = 300;
/// Records that are put aside before a step gives up for now.
const ASIDE_MAX: usize = 50;

/// Tries of a message while the platform is down before another is tried beside it.
const PROBES_MAX: i32 = 3;

/// A step to be taken.
#[derive(Debug, Clone)]
pub enum Work {
    /// Whether the signature is right.
    Test,
    /// Send this text.
    Send(CallRow, Method, String),
    /// Ask what became of it.
    Poll(CallRow, String),
    /// Ask whether what was sent is there, item by item.
    Find(CallRow, Vec<(ItemRow, Body)>),
    /// Ask for a list.
    Look(LookRow),
}

/// What is asked of the platform.
#[derive(Debug, Clone)]
pub enum Question {
    /// A method with its data.
    One(Method, String),
    /// Lists, each from its first page to its last.
    Lists(Method, Vec<Plain>),
}

/// Opens what a record says.
pub fn body_of(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, sealed: &[u8]) -> Result<Body, Problem> {
    let text = ctx.vault().open_text(conn, Owner::Project(project), sealed)?;
    serde_json::from_str(&text).map_err(|error| Problem::internal(&format!("a record's values: {error}")))
}

/// The platform's code of the project: as a person entered it, or as the platform gave it.
pub fn project_code(conn: &mut AnyConn, platform: &Opened) -> Result<Option<String>, Problem> {
    if platform.row.project_code.is_some() {
        return Ok(platform.row.project_code.clone());
    }
    let key = platform.row.project_id.to_string();
    Ok(table::record_by_key(conn, platform.row.id, ReportKind::Project, &key)?.and_then(|row| row.remote_code))
}

/// The platform's number of a crew.
pub fn number_of(conn: &mut AnyConn, platform: &Opened, team: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(team) = team else { return Ok(None) };
    Ok(table::record_by_key(conn, platform.row.id, ReportKind::Team, team)?.and_then(|row| row.number))
}

/// The next step of a queue; `None` when there is none now.
///
/// # Errors
/// A store that fails.
pub fn next(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened) -> Result<Option<Work>, Problem> {
    table::lock_queue(tx.conn(), platform.row.id)?;
    let queue = platforms::queue(tx.conn(), platform.row.id)?.ok_or_else(Problem::not_found)?;
    if queue.test_asked_at.is_some_and(|at| at <= ctx.now) {
        // Asked again after the lease if nobody notes an outcome.
        let later = Some(ctx.now.plus_seconds(LEASE_SECONDS));
        platforms::save_queue(tx.conn(), &QueueRow { test_asked_at: later, ..queue })?;
        return Ok(Some(Work::Test));
    }
    if queue.stopped.is_some() || platform.row.state != PlatformState::Active {
        return Ok(None);
    }
    let is_down = queue.down_since.is_some();
    if is_down && queue.probe_at > ctx.now {
        return Ok(None);
    }
    if let Some(work) = message(tx, ctx, platform, &queue)? {
        if is_down {
            // The one step that is tried: others are kept off until its outcome, or its lease, is known.
            platforms::save_queue(tx.conn(), &QueueRow { probe_at: ctx.now.plus_seconds(LEASE_SECONDS), ..queue })?;
        }
        return Ok(Some(work));
    }
    if is_down {
        let waits = table::waits_again(tx.conn(), platform.row.id)? || !table::open_calls(tx.conn(), platform.row.id)?.is_empty();
        if waits {
            return Ok(None);
        }
        outage::over(tx, ctx, platform.row.id)?;
    }
    let Some(look) = table::due_look(tx.conn(), platform.row.id, ctx.now)? else { return Ok(None) };
    let taken = LookRow { next_at: ctx.now.plus_seconds(LEASE_SECONDS * 10), ..look };
    table::later_look(tx.conn(), &taken)?;
    Ok(Some(Work::Look(taken)))
}

/// The message that is sent or asked about next. While a platform takes nothing, it is asked first about what may have arrived, and what
/// it has not seen goes before what it did not take, so that one record that it can never take holds up no other.
fn message(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, queue: &QueueRow) -> Result<Option<Work>, Problem> {
    let is_down = queue.down_since.is_some();
    let mut due = table::open_calls(tx.conn(), platform.row.id)?;
    // One message is tried until it is plain that it gets nowhere, and then a second beside it.
    let is_tried = |call: &CallRow| call.state == CallState::Waiting || call.tries >= PROBES_MAX;
    let goes_new = !is_down || due.iter().all(is_tried);
    due.retain(|call| call.next_at <= ctx.now);
    let (sent_again, asked): (Vec<_>, Vec<_>) = due.into_iter().partition(|call| is_down && call.state == CallState::Later);
    for call in asked {
        if let Some(work) = again(tx, ctx, queue, call)? {
            return Ok(Some(work));
        }
    }
    if goes_new && let Some(work) = compose(tx, ctx, platform, is_down)? {
        return Ok(Some(work));
    }
    for call in sent_again {
        if let Some(work) = again(tx, ctx, queue, call)? {
            return Ok(Some(work));
        }
    }
    Ok(None)
}

/// What is done with a message whose time has come.
fn again(tx: &mut Tx<'_>, ctx: &Ctx, queue: &QueueRow, call: CallRow) -> Result<Option<Work>, Problem> {
    // While a platform is down it says nothing of anybody, so that this time does not count.
    let counted_from = queue.up_at.map_or(call.begun_at, |up_at| up_at.max(call.begun_at));
    match (queue.down_since, call.state) {
        (None, _) if ctx.now > counted_from.plus_seconds(GIVE_UP_SECONDS) => {
            outcome::give_up(tx, ctx, &call, "24 小时内没有结果 / no result within 24 hours")?;
            return Ok(None);
        }
        // It was not taken for certain, and may be what is wrong: others have their turn.
        (Some(_), CallState::Later) if ctx.now > call.begun_at.plus_seconds(GIVE_UP_SECONDS) => {
            outcome::release(tx, ctx, &call)?;
            return Ok(None);
        }
        _ => {}
    }
    let next_at = ctx.now.plus_seconds(LEASE_SECONDS);
    match call.state {
        CallState::Later => {
            let call = CallRow { state: CallState::Begun, tries: call.tries.saturating_add(1), next_at, ..call };
            table::save_call(tx.conn(), &call)?;
            outcome::move_records(tx, ctx, &call, RecordState::Sent, "")?;
            let text = ctx.vault().open_text(tx.conn(), Owner::Project(call.project_id), &call.body)?;
            let method = Method::find(&call.method).ok_or_else(|| Problem::internal("a message has no method"))?;
            Ok(Some(Work::Send(call, method, text)))
        }
        CallState::Waiting => {
            let call = CallRow { next_at, ..call };
            table::save_call(tx.conn(), &call)?;
            let serial = call.serial_code.clone().unwrap_or_default();
            Ok(Some(Work::Poll(call, serial)))
        }
        CallState::Begun | CallState::Unknown => {
            // One that still stands as begun when its lease is over was cut off: whether it arrived is not known.
            let call = CallRow { state: CallState::Unknown, next_at, ..call };
            table::save_call(tx.conn(), &call)?;
            outcome::move_records(tx, ctx, &call, RecordState::Unknown, &call.answer)?;
            let mut items = Vec::new();
            // Of what the platform has said already nothing is asked again.
            for (item, _) in outcome::rows_of(tx, &call)? {
                let body = body_of(tx.conn(), ctx, call.project_id, &item.body)?;
                items.push((item, body));
            }
            // Whichever stood in the way last time does not stand before the others for ever.
            let first = usize::try_from(call.tries).unwrap_or(0).checked_rem(items.len()).unwrap_or(0);
            items.rotate_left(first);
            Ok(Some(Work::Find(call, items)))
        }
        CallState::Done | CallState::Refused | CallState::Over => Ok(None),
    }
}

/// Puts the next new message on record; of one record while the platform is down.
fn compose(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, is_down: bool) -> Result<Option<Work>, Problem> {
    let open = table::open_calls(tx.conn(), platform.row.id)?;
    let code = project_code(tx.conn(), platform)?;
    for _ in 0..ASIDE_MAX {
        let ready = table::ready(tx.conn(), platform.row.id, ctx.now, LOOKED_AT_MAX)?;
        let goes = |row: &&RecordRow| code.is_some() || matches!(row.kind, ReportKind::Company | ReportKind::Project);
        let Some(first) = ready.iter().find(goes) else { return Ok(None) };
        let is_free =
            open.iter().all(|call| call.kind == first.kind && first.kind.is_independent()) && open.len() < UNDER_WAY_MAX;
        if !is_free {
            return Ok(None);
        }
        let is_alike = |row: &&RecordRow| {
            row.id == first.id
                || (row.kind == first.kind
                    && row.root == first.root
                    && row.accepted.is_some() == first.accepted.is_some()
                    && row.is_alone == 0
                    && first.is_alone == 0)
        };
        let most = if is_down { 1 } else { first.kind.batch_max() };
        let batch: Vec<RecordRow> = ready.iter().filter(is_alike).take(most).cloned().collect();
        if let Some(work) = write(tx, ctx, platform, code.as_deref().unwrap_or_default(), batch)? {
            return Ok(Some(work));
        }
    }
    Ok(None)
}

/// Writes one message of these records; `None` when one of them could not go and was put aside.
fn write(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, code: &str, batch: Vec<RecordRow>) -> Result<Option<Work>, Problem> {
    let Some(first) = batch.first() else { return Ok(None) };
    let (kind, is_update) = (first.kind, first.accepted.is_some());
    let method = if is_update { kind.update().unwrap_or(kind.add()) } else { kind.add() };
    let (mut bodies, mut items) = (Vec::new(), Vec::new());
    for row in &batch {
        let body = body_of(tx.conn(), ctx, row.project_id, &row.body)?;
        items.push(with_pictures(Some(tx.conn()), ctx, &body.item)?);
        bodies.push(body);
    }
    let shared = bodies.first().cloned().unwrap_or_default();
    let number = number_of(tx.conn(), platform, shared.team.as_deref())?;
    let root = with_pictures(Some(tx.conn()), ctx, &root_of(&shared, code, number))?;
    let text = writing::data(method, &root, &items, &platform.secret);
    if !faults(ctx, platform, method, &text).is_empty() {
        for (row, item) in batch.iter().zip(&items) {
            let alone = writing::data(method, &root, std::slice::from_ref(item), &platform.secret);
            let found = faults(ctx, platform, method, &alone);
            if !found.is_empty() {
                let aside =
                    RecordRow { state: RecordState::Incomplete, reason: told(&found), changed_at: ctx.now, ..row.clone() };
                table::save_record(tx.conn(), &aside)?;
            }
        }
        return Ok(None);
    }
    let call = CallRow {
        id: RecordId(ctx.id()),
        project_id: platform.row.project_id,
        platform_id: platform.row.id,
        kind,
        method: method.as_str().to_owned(),
        body: ctx.vault().seal(tx.conn(), Owner::Project(platform.row.project_id), text.as_bytes())?,
        state: CallState::Begun,
        serial_code: None,
        tries: 1,
        polls: 0,
        begun_at: ctx.now,
        next_at: ctx.now.plus_seconds(LEASE_SECONDS),
        ended_at: None,
        answer: String::new(),
    };
    table::insert_call(tx.conn(), &call)?;
    for ((place, row), body) in (0..).zip(&batch).zip(&bodies) {
        let slim = serde_json::to_string(&slim(body)).map_err(|error| Problem::internal(&error.to_string()))?;
        let item = ItemRow {
            call_id: call.id,
            place,
            record_id: row.id,
            digest: row.wanted.clone(),
            body: ctx.vault().seal(tx.conn(), Owner::Project(row.project_id), slim.as_bytes())?,
        };
        table::insert_item(tx.conn(), &item)?;
        let sent = RecordRow {
            state: RecordState::Sent,
            reason: String::new(),
            call_id: Some(call.id),
            changed_at: ctx.now,
            ..row.clone()
        };
        table::save_record(tx.conn(), &sent)?;
    }
    Ok(Some(Work::Send(call, method, text)))
}

/// Texts longer than this are not kept with what was sent: pictures.
const SLIM_MAX: usize = 2_000;

/// What is kept of what was sent: all of it but pictures.
fn slim(body: &Body) -> Body {
    let cut = |plain: &Plain| {
        let short = plain.iter().filter(|(_, value)| value.as_str().is_none_or(|text| text.len() <= SLIM_MAX));
        short.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    Body { root: cut(&body.root), item: cut(&body.item), team: body.team.clone() }
}

/// The values that name a record to a query: its own, the platform's code and number, and the day alone of a passage.
pub fn asked_for(body: &Body, code: Option<&str>, number: Option<i64>) -> Plain {
    let mut all = root_of(body, code.unwrap_or_default(), number);
    if code.is_none() {
        all.remove("projectCode");
    }
    all.extend(body.item.clone());
    if let Some(Value::String(text)) = all.get("date") {
        let day: String = text.chars().take(10).collect();
        all.insert("date".to_owned(), Value::String(day));
    }
    all.insert("pageSize".to_owned(), ASKED_ROWS.into());
    all
}

/// What a step asks of the platform.
///
/// # Errors
/// A store that fails.
pub fn question(conn: &mut AnyConn, platform: &Opened, work: &Work) -> Result<Question, Problem> {
    let data = |method: Method, root: &Plain| Question::One(method, writing::data(method, root, &[], &platform.secret));
    Ok(match work {
        Work::Test => data(Method::CheckSignQuery, &Plain::new()),
        Work::Send(_, method, text) => Question::One(*method, text.clone()),
        Work::Poll(_, serial) => {
            let root = Plain::from_iter([("requestSerialCode".to_owned(), Value::String(serial.clone()))]);
            data(Method::AsyncHandleResultQuery, &root)
        }
        Work::Find(call, items) => {
            let code = project_code(conn, platform)?;
            let mut all = Vec::new();
            for (_, body) in items {
                let number = number_of(conn, platform, body.team.as_deref())?;
                all.push(asked_for(body, code.as_deref(), number));
            }
            Question::Lists(call.kind.query(), all)
        }
        Work::Look(look) => {
            let span = |key: &str| (key.to_owned(), Value::String(look.span.clone()));
            let mut root = asked_for(&Body::default(), project_code(conn, platform)?.as_deref(), None);
            match look.kind {
                ReportKind::Attendance => root.extend([span("date")]),
                ReportKind::Payroll => root.extend([span("payMonth")]),
                ReportKind::Company => root.extend([span("corpCode")]),
                _ => {}
            }
            Question::Lists(look.kind.query(), vec![root])
        }
    })
}
