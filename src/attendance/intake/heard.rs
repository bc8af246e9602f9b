//! That a machine was heard of: noted once a minute at most, with what its clock says.

use super::{Intake, Lesson, SEEN_SECONDS};
use crate::attendance::devices::signs::{self, Judged};
use crate::attendance::devices::table::{self, DeviceRow, DeviceStateRow};
use crate::attendance::silence;
use crate::base::Moment;
use crate::base::id::{InboxId, QuarantineId};
use crate::store::inbox::{self, Rejected};
use crate::store::{StoreError, Tx, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::device::DevicePunch;
use crate::wire::reason::Reason;

/// Whether that was within the last minute.
pub fn is_recent(seen: Moment, now: Moment) -> bool {
    now.0.abs_diff(seen.0) < SEEN_SECONDS.unsigned_abs() * 1_000_000
}

/// Notes that a machine without stamps was heard of.
pub fn note(tx: &mut Tx<'_>, ctx: &Ctx, intake: &Intake, device: &DeviceRow, lesson: &mut Lesson) -> Result<(), Problem> {
    if intake.seen(device.id).is_some_and(|known| is_recent(known.last_seen_at, ctx.now)) {
        return Ok(());
    }
    let stands = table::state_of(tx.conn(), device.id)?.ok_or_else(Problem::not_found)?;
    silence::end(tx, ctx, device, stands.last_seen_at)?;
    let next = DeviceStateRow { last_seen_at: ctx.now, ..stands };
    table::note_seen(tx.conn(), &next)?;
    lesson.seen = Some(next);
    Ok(())
}

/// Looks at the times of what was sent, by when passages of the machine were judged before: a heartbeat does not count, since a machine
/// that was out of reach says that it lives before it sends what it stored. Written once a minute at most, so that a machine that sends
/// its whole log passage by passage costs little; what lies between is remembered. `is_new` says whether any of it was not here before.
pub fn judge(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (intake, lesson): (&Intake, &mut Lesson),
    device: &DeviceRow,
    (punches, is_new): (&[DevicePunch], bool),
) -> Result<Judged, StoreError> {
    let known = match intake.told(device.id) {
        Some(known) => Some(known),
        None => signs::table::of(tx.conn(), device.id)?.told_at,
    };
    let told_before = known.unwrap_or(device.created_at);
    // Also where nothing is noted below: a machine that sends what it stored is asked about once.
    lesson.told = Some((device.id, told_before));
    let mut judged = signs::judge(punches, device.offset_minutes, ctx.now, told_before);
    if !is_new {
        // What a machine sends again was counted when it came first.
        judged.far = 0;
    }
    // A batch of which every passage is off by as much tells of a wrong zone by itself, and at once. What is sent again says nothing, and
    // passages since the last ones may have waited for a line.
    let suspected = judged.suspected.filter(|_| is_new);
    let suspected = suspected.filter(|(_, at)| *at > ctx.now || known.is_none_or(|told| *at <= told)).map(|(minutes, _)| minutes);
    if is_recent(told_before, ctx.now) {
        if suspected.is_some() {
            let mut is_news = false;
            signs::table::change(tx.conn(), device.id, |row| {
                is_news = row.suspected_minutes != suspected;
                row.suspected_minutes = suspected;
            })?;
            tell(tx, ctx, device, is_news)?;
        }
        if judged.far > 0 {
            lesson.far = Some((device.id, Some(judged.far)));
        }
        return Ok(Judged::default());
    }
    let Some(skew) = judged.skew else { return Ok(judged) };
    let far = judged.far.saturating_add(intake.far(device.id));
    let mut is_news = false;
    signs::table::change(tx.conn(), device.id, |row| {
        row.far_punches = row.far_punches.saturating_add(i64::try_from(far).unwrap_or(i64::MAX));
        let before = row.suspected_minutes;
        row.add_skew(skew);
        is_news = suspected.is_some() && before != suspected;
        row.suspected_minutes = suspected.or(row.suspected_minutes);
        // It has sent something that could be taken again.
        row.stuck_at = None;
        row.told_at = Some(ctx.now);
    })?;
    tell(tx, ctx, device, is_news)?;
    lesson.far = Some((device.id, None));
    lesson.told = Some((device.id, ctx.now));
    Ok(judged)
}

/// Has people told of a suspicion that is new, without waiting for the daily look.
fn tell(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, is_news: bool) -> Result<(), StoreError> {
    match device.project_id.filter(|_| is_news) {
        Some(project) => jobs::enqueue(tx.conn(), ctx.id(), "watch_one", &project.to_string(), ctx.now),
        None => Ok(()),
    }
}

/// Flags a message whose passages were taken although their times are far off: one item, however many they are.
pub fn flag_far(tx: &mut Tx<'_>, ctx: &Ctx, inbox: InboxId, judged: &Judged, item: usize) -> Result<(), StoreError> {
    if judged.far == 0 {
        return Ok(());
    }
    let far = judged.far;
    let rejected = Rejected {
        item: i32::try_from(item).unwrap_or(i32::MAX),
        place: format!("line {}", judged.first_far.unwrap_or_default()),
        reason: Reason::TimeFar.code().to_owned(),
        zh: format!("{far} 次通行已收下，但时间与接收时间相差过大；请核对设备时钟与时区"),
        en: format!("{far} passages were taken although their times are far off; check the machine's clock and zone"),
    };
    inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), inbox, &rejected, ctx.now)
}
