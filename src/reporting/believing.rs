//! What each platform believes: its own lists against what it was told, record by record.
//!
//! A platform is asked list by list with the queries of its profile; what it shows in stars or does not show cannot differ. Deliberately
//! absent: setting the platform right, which is a person's, or an update's when the record changes here.

use std::collections::{BTreeSet, HashMap};

use super::actions::Opened;
use super::outbox::outcome::{Heard, List};
use super::outbox::sending::{body_of, number_of, project_code};
use super::outbox::sweeping::root_of;
use super::outbox::table::{self, DifferenceRow, LookRow, RecordRow};
use super::table::{self as platforms, PlatformRow, QueueRow};
use super::{Belief, RecordState, ReportKind, SWEEP_DAYS_MAX, back_off};
use crate::base::Day;
use crate::base::id::ProjectId;
use crate::store::{AnyConn, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::openapi::answer::AnswerCode;
use crate::wire::openapi::json::Json;
use crate::wire::openapi::writing::{self, Drift, Plain};

/// Tries after which a list that cannot be had is left for the next month.
const TRIES_MAX: i32 = 8;

/// The list that a record stands in.
fn span_of(conn: &mut AnyConn, ctx: &Ctx, row: &RecordRow) -> Result<String, Problem> {
    Ok(match row.kind {
        ReportKind::Attendance => row.on_day.to_string(),
        ReportKind::Payroll => row.on_day.month().to_string(),
        ReportKind::Company => {
            let body = body_of(conn, ctx, row.project_id, &row.body)?;
            body.root.get("corpCode").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    })
}

/// Asks for the list that a record stands in.
pub fn ask_about(conn: &mut AnyConn, ctx: &Ctx, row: &RecordRow) -> Result<(), Problem> {
    let look = LookRow {
        platform_id: row.platform_id,
        kind: row.kind,
        span: span_of(conn, ctx, row)?,
        project_id: row.project_id,
        asked_at: ctx.now,
        next_at: ctx.now,
        tries: 0,
    };
    Ok(table::ask_look(conn, &look)?)
}

/// Asks for every list that shows what the platform accepted; of passages and wages the last two months. Gives how many.
///
/// # Errors
/// A store that fails.
pub fn ask_all(tx: &mut Tx<'_>, ctx: &Ctx, platform: &PlatformRow) -> Result<usize, Problem> {
    let mut asked = BTreeSet::new();
    for kind in ReportKind::ALL.iter().copied().filter(|kind| platform.takes(*kind)) {
        let from = match kind {
            ReportKind::Attendance | ReportKind::Payroll => ctx.today.plus_days(-SWEEP_DAYS_MAX),
            _ => Day::of(1970, 1, 1).unwrap_or(ctx.today),
        };
        for row in table::records_of(tx.conn(), platform.id, kind, from)? {
            if row.accepted.is_some() && asked.insert((kind, span_of(tx.conn(), ctx, &row)?)) {
                ask_about(tx.conn(), ctx, &row)?;
            }
        }
    }
    Ok(asked.len())
}

/// Notes the fields in which a platform differs.
pub fn note(tx: &mut Tx<'_>, ctx: &Ctx, row: &RecordRow, drift: &[Drift]) -> Result<(), Problem> {
    keep(tx, ctx, row, Belief::Differs, drift)
}

fn keep(tx: &mut Tx<'_>, ctx: &Ctx, row: &RecordRow, what: Belief, drift: &[Drift]) -> Result<(), Problem> {
    let difference = DifferenceRow {
        record_id: row.id,
        project_id: row.project_id,
        platform_id: row.platform_id,
        what,
        fields: serde_json::to_string(drift).map_err(|error| Problem::internal(&error.to_string()))?,
        found_at: ctx.now,
    };
    Ok(table::keep_difference(tx.conn(), &difference)?)
}

/// Every field of a record, with the platform's own code and number.
fn ours_of(
    conn: &mut AnyConn,
    ctx: &Ctx,
    platform: &Opened,
    (project, code): (ProjectId, &str),
    sealed: &[u8],
) -> Result<Plain, Problem> {
    let body = body_of(conn, ctx, project, sealed)?;
    let number = number_of(conn, platform, body.team.as_deref())?;
    let mut ours = root_of(&body, code, number);
    ours.extend(body.item);
    Ok(ours)
}

/// Notes what a list shows.
///
/// # Errors
/// A store that fails.
pub fn settle(tx: &mut Tx<'_>, ctx: &Ctx, platform: &Opened, look: &LookRow, heard: &Heard) -> Result<(), Problem> {
    let rows = match heard {
        Heard::Lists(lists) => match lists.first() {
            Some(List::Rows(rows)) => rows,
            // A list that the platform does not serve says nothing about anybody.
            Some(List::Said(said)) if said.code == AnswerCode::BadParameter => return Ok(table::end_look(tx.conn(), look)?),
            _ => return later(tx, ctx, look),
        },
        _ => return later(tx, ctx, look),
    };
    let method = look.kind.add();
    let mut listed: HashMap<String, Vec<&Json>> = HashMap::new();
    for row in rows {
        if let Some(key) = writing::key_of_row(method, row, &platform.secret) {
            listed.entry(key).or_default().push(row);
        }
    }
    let code = project_code(tx.conn(), platform)?.unwrap_or_default();
    let from = Day::of(1970, 1, 1).unwrap_or(ctx.today);
    for row in table::records_of(tx.conn(), platform.row.id, look.kind, from)? {
        let is_conflict = row.state == RecordState::WithPerson && row.accepted.is_none();
        if (row.accepted.is_none() && !is_conflict) || span_of(tx.conn(), ctx, &row)? != look.span {
            continue;
        }
        // What it was told last, by which its row is found; of a conflict what it would be told.
        let told = row.accepted_body.as_ref().unwrap_or(&row.body);
        let told = ours_of(tx.conn(), ctx, platform, (row.project_id, &code), told)?;
        // What has changed since and could not be told is compared as it is now: the platform may have been set right by hand.
        let is_changed = row.state == RecordState::WithPerson && row.accepted.is_some() && !row.wanted.is_empty();
        let now = match is_changed {
            true => ours_of(tx.conn(), ctx, platform, (row.project_id, &code), &row.body)?,
            false => told.clone(),
        };
        let key = writing::key_of_ours(method, &told).unwrap_or_default();
        let is_about = |row: &&&Json| [&told, &now].iter().any(|ours| writing::is_about(method, ours, row, &platform.secret));
        let about = listed.get(&key).into_iter().flatten().filter(is_about);
        // Where several rows are about it, the one that agrees most is meant.
        let drifts = about.map(|row| writing::drift(method, &now, row, &platform.secret));
        match drifts.min_by_key(Vec::len) {
            None if is_conflict => {}
            None => keep(tx, ctx, &row, Belief::Missing, &[])?,
            Some(drift) if !drift.is_empty() => keep(tx, ctx, &row, Belief::Differs, &drift)?,
            Some(_) if row.wanted.is_empty() => keep(tx, ctx, &row, Belief::NotOurs, &[])?,
            Some(_) => table::clear_difference(tx.conn(), row.id)?,
        }
    }
    table::end_look(tx.conn(), look)?;
    if let Some(queue) = platforms::queue(tx.conn(), platform.row.id)? {
        platforms::save_queue(tx.conn(), &QueueRow { looked_at: Some(ctx.now), ..queue })?;
    }
    Ok(())
}

fn later(tx: &mut Tx<'_>, ctx: &Ctx, look: &LookRow) -> Result<(), Problem> {
    if look.tries >= TRIES_MAX {
        return Ok(table::end_look(tx.conn(), look)?);
    }
    let tries = look.tries.saturating_add(1);
    let [chance] = ctx.vault().random::<1>()?;
    Ok(table::later_look(tx.conn(), &LookRow { tries, next_at: ctx.now.plus_seconds(back_off(tries, chance)), ..look.clone() })?)
}
