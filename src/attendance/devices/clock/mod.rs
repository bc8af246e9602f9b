//! The offset of a machine's clock, put right after passages came in. What was read by a wrong offset is read again by the right one
//! (`intake::clock`): passages whose time changes are replaced, those of before stay known, and the days are folded again, except those
//! that a pay sheet rests on, of which the difference is told.
//!
//! An offset goes by when we received a message and not by the machine's own time, which is what was wrong. Deliberately absent: passages
//! on a project where the machine hung before.

pub mod table;

use self::table::OffsetRow;
use super::table::DeviceRow;
use super::{DeviceState, signs};
use crate::base::Moment;
use crate::base::id::RecordId;
use crate::store::{AnyConn, Chain, StoreError, Tx, jobs};
use crate::web::{Ctx, Problem};

/// The kind of job that reads a machine's messages again.
pub const READ_CLOCK: &str = "read_clock";

/// Notes that a machine's offset was put right, for what was received from `told` on, or from when the offset of before holds; has what
/// was received since then read again. A machine that moves at the same time keeps what it told of where it hung.
///
/// # Errors
/// `invalid` for a moment to come, or without another offset; `conflict` for one before an earlier correction.
pub fn note(tx: &mut Tx<'_>, ctx: &Ctx, (before, after): (&DeviceRow, &DeviceRow), told: Option<Moment>) -> Result<(), Problem> {
    let is_same = before.offset_minutes == after.offset_minutes;
    let Some(project) = before.project_id.filter(|_| !is_same && before.state != DeviceState::Pending) else {
        return match told {
            None => Ok(()),
            Some(_) => {
                let en = "`offset_since` goes with another offset than the present one.";
                Err(Problem::invalid("“时差起始时间”须与新的时差一起填写。", en).at("offset_since", "bad_format"))
            }
        };
    };
    let last = table::of_device(tx.conn(), after.id)?.last().map(|row| row.since);
    let has_moved = before.project_id != after.project_id;
    let since = match told {
        Some(since) if since > ctx.now => {
            let en = "The moment lies in the future.";
            return Err(Problem::invalid("时差起始时间不能晚于现在。", en).at("offset_since", "bad_format"));
        }
        Some(since) if last.is_some_and(|last| since < last) => {
            let en = "The offset was put right for a later moment already; give one after that.";
            return Err(Problem::conflict("该设备的时差在此之后已更正过，起始时间须晚于上一次。", en).at("offset_since", "gap"));
        }
        Some(since) => since,
        None if has_moved => ctx.now,
        None => last.unwrap_or(Moment(0)),
    };
    let row = OffsetRow {
        id: RecordId(ctx.id()),
        device_id: after.id,
        project_id: project,
        since,
        was_minutes: before.offset_minutes,
        minutes: after.offset_minutes,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
    };
    table::insert(tx, &row)?;
    let moved = 60 * i64::from(row.was_minutes - row.minutes);
    signs::table::change(tx.conn(), after.id, |signs| signs.move_skews(moved))?;
    if since < ctx.now {
        jobs::enqueue(tx.conn(), ctx.id(), READ_CLOCK, &row.id.to_string(), ctx.now)?;
    }
    Ok(())
}

/// A machine with the offset by which a message is read that was received at a moment.
pub fn as_of(conn: &mut AnyConn, device: &DeviceRow, received_at: Moment) -> Result<DeviceRow, StoreError> {
    let rows = table::of_device(conn, device.id)?;
    let then = rows.iter().find(|row| row.since > received_at);
    Ok(DeviceRow { offset_minutes: then.map_or(device.offset_minutes, |row| row.was_minutes), ..device.clone() })
}
