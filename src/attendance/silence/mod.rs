//! Gate machines that fell silent: a bound machine of which nothing was heard for three of its intervals in working hours.
//!
//! A silence is on record from the last sign of life to the next. What a machine stored meanwhile and sends later fills its hours: a
//! day is dark only where the machine told nothing of the silent hours, and who was not seen on a dark day is not known to have been
//! away. Deliberately absent: telling people (`alerts::sources`), and any change of wages.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::table::SilenceRow;
use super::devices::table::{self as devices, DeviceRow};
use super::devices::{DeviceState, Maker, settings::HEARTBEATS_MINUTES};
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::base::{Day, Moment, Month, words};
use crate::store::{AnyConn, Chain, StoreError, Tx, jobs};
use crate::web::{Ctx, GateSettings, Problem};

words! {
    /// A step of a silence.
    pub enum SilenceStep, "step of a silence" {
        /// Nothing was heard since.
        Began = "began",
        /// It was heard of again.
        Ended = "ended",
    }
}
crate::store::types::word_column!(SilenceStep);

/// Intervals without a sign of life from which a machine is silent.
pub const INTERVALS: i64 = 3;
/// Minutes within which a gateway without a setting of its own is heard of: it has no heartbeat, only what it hands in.
pub const GATEWAY_MINUTES: i32 = 1440;
/// Days looked back for working hours; a year without any means that there are none.
const LOOK_BACK_DAYS: i64 = 400;
/// Days of one silence that are looked at; a machine that is silent for longer should be blocked.
const DARK_DAYS_MAX: i64 = 400;
/// A gap between two signs of life shorter than this, in seconds, cannot have been a silence.
const GAP_SECONDS: i64 = 2 * 60;

/// The working hours of a day: begin and end. Hours that end before they begin are the whole day.
pub fn working(day: Day, gates: &GateSettings) -> (Moment, Moment) {
    let (from, until) = (i64::from(gates.day_begins_hour.min(24)), i64::from(gates.day_ends_hour.min(24)));
    let (from, until) = if from < until { (from, until) } else { (0, 24) };
    (day.begins().plus_seconds(from * 3600), day.begins().plus_seconds(until * 3600))
}

/// The latest moment from which so many minutes of working hours have passed until now.
pub fn cutoff(now: Moment, gates: &GateSettings, minutes: i64) -> Moment {
    let mut rest = minutes.max(1).saturating_mul(60 * 1_000_000);
    for back in 0..LOOK_BACK_DAYS {
        let (begins, ends) = working(now.day().plus_days(-back), gates);
        let ends = ends.min(now);
        let worked = ends.0.saturating_sub(begins.0).max(0);
        if worked >= rest {
            return Moment(ends.0 - rest);
        }
        rest -= worked;
    }
    now.plus_seconds(-LOOK_BACK_DAYS * 86_400)
}

/// From when on each heartbeat that a machine may have makes it silent, and the house's own: minutes, moment.
pub fn cutoffs(now: Moment, gates: &GateSettings) -> (Vec<(i32, Moment)>, Moment) {
    let of = |minutes: i32| cutoff(now, gates, i64::from(minutes).saturating_mul(INTERVALS));
    (HEARTBEATS_MINUTES.iter().map(|minutes| (*minutes, of(*minutes))).collect(), of(gates.heartbeat_minutes))
}

/// Puts on record which bound machines have fallen silent, and has their projects looked at. Gives how many there are.
pub fn notice(tx: &mut Tx<'_>, ctx: &Ctx) -> Result<usize, Problem> {
    let gates = &ctx.ground.settings.gates;
    let (by_minutes, own) = cutoffs(ctx.now, gates);
    let mut count = 0;
    for (device, last_seen_at) in devices::heard_before(tx.conn(), own.max(latest(&by_minutes)))? {
        let told = device.heartbeat_minutes.or((device.maker == Maker::Gateway).then_some(GATEWAY_MINUTES));
        let limit = by_minutes.iter().find(|(minutes, _)| Some(*minutes) == told).map_or(own, |(_, at)| *at);
        let Some(project) = device.project_id.filter(|_| device.state == DeviceState::Active && last_seen_at < limit) else {
            continue;
        };
        if table::open_of(tx.conn(), device.id)?.is_none() {
            step(tx, ctx, project, device.id, SilenceStep::Began, last_seen_at)?;
            count += 1;
        }
    }
    Ok(count)
}

fn latest(by_minutes: &[(i32, Moment)]) -> Moment {
    by_minutes.iter().map(|(_, at)| *at).max().unwrap_or(Moment(0))
}

/// Ends the silence of a machine that is heard of again, on the project where it began; nothing happens where there is none.
pub fn end(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, heard_before: Moment) -> Result<(), Problem> {
    if ctx.now < heard_before.plus_seconds(GAP_SECONDS) {
        return Ok(());
    }
    let_go(tx, ctx, device.id)
}

/// Ends the silence of a machine from which nothing is expected any more where it hung: it was blocked, or moved.
pub fn let_go(tx: &mut Tx<'_>, ctx: &Ctx, device: DeviceId) -> Result<(), Problem> {
    match table::open_of(tx.conn(), device)? {
        Some(open) => Ok(step(tx, ctx, open.project_id, device, SilenceStep::Ended, ctx.now)?),
        None => Ok(()),
    }
}

fn step(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    project: ProjectId,
    device: DeviceId,
    step: SilenceStep,
    at: Moment,
) -> Result<(), StoreError> {
    let chain = Chain::Project(project);
    let row = SilenceRow {
        project_id: project,
        id: RecordId(ctx.id()),
        device_id: device,
        step,
        at,
        noticed_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "note_device_silence", &format!("{device} {step}"))?;
    jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &project.to_string(), ctx.now)?;
    // What is not known about attendance changes what is known of wages.
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.to_string(), ctx.now)
}

/// The silences of machines as steps tell them: from, until; the last one may still last.
fn spans(steps: &[SilenceRow], now: Moment) -> Vec<(DeviceId, Moment, Moment)> {
    let mut open: BTreeMap<DeviceId, Moment> = BTreeMap::new();
    let mut spans = Vec::new();
    for row in steps {
        match row.step {
            SilenceStep::Began => drop(open.insert(row.device_id, row.at)),
            SilenceStep::Ended => spans.extend(open.remove(&row.device_id).map(|from| (row.device_id, from, row.at))),
        }
    }
    spans.extend(open.into_iter().map(|(device, from)| (device, from, now)));
    spans
}

/// The days of some projects on which a machine was silent in working hours and told nothing of them later.
pub fn dark_days(
    conn: &mut AnyConn,
    ctx: &Ctx,
    projects: &[ProjectId],
) -> Result<BTreeMap<ProjectId, BTreeSet<Day>>, StoreError> {
    let mut dark: BTreeMap<ProjectId, BTreeSet<Day>> = BTreeMap::new();
    let mut steps: BTreeMap<ProjectId, Vec<SilenceRow>> = BTreeMap::new();
    for row in table::steps_of(conn, projects)? {
        steps.entry(row.project_id).or_default().push(row);
    }
    for (project, steps) in steps {
        for (device, from, until) in spans(&steps, ctx.now) {
            for number in 0..DARK_DAYS_MAX {
                let day = from.day().plus_days(number);
                let (begins, ends) = working(day, &ctx.ground.settings.gates);
                let (begins, ends) = (begins.max(from), ends.min(until));
                if begins > until {
                    break;
                }
                if begins < ends && !table::told_of(conn, project, device, day, (begins, ends))? {
                    dark.entry(project).or_default().insert(day);
                }
            }
        }
    }
    Ok(dark)
}

/// The dark days of one project.
pub fn dark_days_of(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId) -> Result<BTreeSet<Day>, StoreError> {
    Ok(dark_days(conn, ctx, &[project])?.remove(&project).unwrap_or_default())
}

/// The months of some days.
pub fn months_of(days: &BTreeSet<Day>) -> BTreeSet<Month> {
    days.iter().map(|day| day.month()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn gates(begins: u32, ends: u32) -> GateSettings {
        GateSettings { day_begins_hour: begins, day_ends_hour: ends, ..GateSettings::default() }
    }

    #[test]
    fn only_working_hours_count_towards_a_silence() {
        let day = gates(6, 20);
        assert_eq!(cutoff(at("2026-03-02T12:00:00+08:00"), &day, 180), at("2026-03-02T09:00:00+08:00"));
        assert_eq!(
            cutoff(at("2026-03-02T07:00:00+08:00"), &day, 180),
            at("2026-03-01T18:00:00+08:00"),
            "the night does not count"
        );
        assert_eq!(cutoff(at("2026-03-02T03:00:00+08:00"), &day, 180), at("2026-03-01T17:00:00+08:00"));
        assert_eq!(cutoff(at("2026-03-02T23:00:00+08:00"), &day, 14 * 60), at("2026-03-02T06:00:00+08:00"));
        assert_eq!(cutoff(at("2026-03-02T23:00:00+08:00"), &day, 14 * 60 + 1), at("2026-03-01T19:59:00+08:00"));
        assert_eq!(
            cutoff(at("2026-03-02T03:00:00+08:00"), &gates(20, 6), 180),
            at("2026-03-02T00:00:00+08:00"),
            "odd hours are all"
        );
    }

    #[test]
    fn steps_make_spans_and_the_last_may_still_last() {
        let now = at("2026-03-02T12:00:00+08:00");
        let row = |device: i64, step, at: i64| SilenceRow {
            project_id: ProjectId(1),
            id: RecordId(at),
            device_id: DeviceId(device),
            step,
            at: Moment(at),
            noticed_at: now,
            recorded_seq: 1,
        };
        let steps = [
            row(1, SilenceStep::Began, 10),
            row(2, SilenceStep::Began, 15),
            row(1, SilenceStep::Ended, 20),
            row(1, SilenceStep::Ended, 25),
        ];
        assert_eq!(spans(&steps, now), [(DeviceId(1), Moment(10), Moment(20)), (DeviceId(2), Moment(15), now)]);
    }
}
