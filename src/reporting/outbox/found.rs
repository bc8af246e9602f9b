//! What a platform's lists show of a message whose answer was lost, item by item.

use std::collections::BTreeMap;

use super::outcome::{Given, Heard, List, accept, end, later, once_more, rows_of, short, stop, stops};
use super::sending::{number_of, project_code};
use super::table::{self, CallRow, ItemRow, RecordRow};
use super::{outage, sweeping};
use crate::base::id::RecordId;
use crate::reporting::actions::Opened;
use crate::reporting::gathering::Body;
use crate::reporting::{CallState, FOUND_PACE_SECONDS, RecordState, believing};
use crate::store::Tx;
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::AnswerCode;
use crate::wire::openapi::json::Json;
use crate::wire::openapi::methods::Method;
use crate::wire::openapi::writing::{self, Drift, Plain};

/// The word of the protocol for what is not there.
const ABSENT: &str = "不存在";

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
pub(super) fn found(
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
        let mut ours = sweeping::root_of(body, code.as_deref().unwrap_or_default(), number);
        ours.extend(body.item.clone());
        let (state, reason) = match shown(platform, method, &ours, list) {
            Shown::NotYet => continue,
            Shown::NotNow(why) => {
                not_now.get_or_insert(why);
                continue;
            }
            Shown::There(given) => {
                accept(tx, ctx, platform, (item, row), given)?;
                rows.remove(&item.record_id);
                there += 1;
                continue;
            }
            // An older state of the record, or somebody else's: an update goes out again, an addition is a person's.
            Shown::Otherwise(drift) if row.accepted.is_none() => {
                believing::note(tx, ctx, &row, &drift)?;
                (RecordState::WithPerson, "平台上已有同一记录，内容不同 / the platform has it with other contents".to_owned())
            }
            Shown::Otherwise(_) | Shown::Absent => {
                let row = once_more(tx, platform.row.id, row, &call.answer)?;
                table::save_record(tx.conn(), &RecordRow { call_id: None, changed_at: ctx.now, ..row })?;
                rows.remove(&item.record_id);
                continue;
            }
            Shown::Never(why) => (RecordState::WithPerson, format!("无法查询：{why} / it cannot be asked for")),
        };
        let row = RecordRow { state, reason: short(&reason), call_id: None, changed_at: ctx.now, ..row };
        table::save_record(tx.conn(), &row)?;
        rows.remove(&item.record_id);
    }
    if there > 0 {
        // What was sent is there: it takes messages, whatever it answers.
        outage::over(tx, ctx, platform.row.id)?;
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
