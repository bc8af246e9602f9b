//! That a machine was heard of: noted once a minute at most, with what its clock says.

use super::{Intake, Lesson, SEEN_SECONDS};
use crate::attendance::devices::signs::{self, Judged};
use crate::attendance::devices::table::{self, DeviceRow, DeviceStateRow};
use crate::attendance::silence;
use crate::base::Moment;
use crate::base::id::{InboxId, QuarantineId};
use crate::store::inbox::{self, Rejected};
use crate::store::{AnyConn, StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::device::DevicePunch;
use crate::wire::reason::Reason;

/// Whether that was within the last minute.
pub fn is_recent(seen: Moment, now: Moment) -> bool {
    now.0.abs_diff(seen.0) < SEEN_SECONDS.unsigned_abs() * 1_000_000
}

/// When a machine was heard of before this message.
pub fn before(conn: &mut AnyConn, intake: &Intake, device: &DeviceRow) -> Result<Moment, StoreError> {
    if let Some(known) = intake.seen(device.id) {
        return Ok(known.last_seen_at);
    }
    Ok(table::state_of(conn, device.id)?.map_or(device.created_at, |state| state.last_seen_at))
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

/// Looks at the times of what was sent: `heard_before` is when the machine was heard of before. Written once a minute at most, so that
/// a machine that sends its whole log passage by passage costs little; what lies between is remembered.
pub fn judge(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    (intake, lesson): (&Intake, &mut Lesson),
    device: &DeviceRow,
    punches: &[DevicePunch],
    heard_before: Moment,
) -> Result<Judged, StoreError> {
    let judged = signs::judge(punches, device.offset_minutes, ctx.now, heard_before);
    if is_recent(heard_before, ctx.now) {
        if judged.far > 0 {
            lesson.far = Some((device.id, Some(judged.far)));
        }
        return Ok(Judged::default());
    }
    let Some(skew) = judged.skew else { return Ok(judged) };
    let far = judged.far.saturating_add(intake.far(device.id));
    signs::table::change(tx.conn(), device.id, |row| {
        row.far_punches = row.far_punches.saturating_add(i64::try_from(far).unwrap_or(i64::MAX));
        row.add_skew(skew);
        // It has sent something that could be taken again.
        row.stuck_at = None;
    })?;
    lesson.far = Some((device.id, None));
    Ok(judged)
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
