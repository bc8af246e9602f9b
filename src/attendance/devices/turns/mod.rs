//! From when on a machine hangs as it hangs: a gate that is turned or moved changes what it tells of from then on, never what it told of
//! before. A passage goes the way that its machine hung at the passage's own time, and to the project (`homes`), however late it arrives.
//!
//! A move to another project may be told afterwards: what came since goes to where the machine hung then (`intake::moved`). Deliberately
//! absent: turning what is past. Days that were folded are put right one by one, by two persons (`attendance::corrections`).

pub mod homes;
pub mod moves;
pub mod table;

use std::collections::{BTreeSet, HashMap};

use self::table::TurnRow;
use super::table::{self as devices, DeviceRow};
use super::{DeviceState, GateDirection};
use crate::attendance::folding;
use crate::attendance::folding::night::DAY_SECONDS;
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId};
use crate::store::{AnyConn, Chain, StoreError, Tx, bulk, jobs};
use crate::web::{Ctx, Problem};
use crate::wire::device::CHINA_OFFSET_MINUTES;

/// The kind of job that takes passages to where their machine hung.
pub const MOVE_PASSAGES: &str = "move_passages";
/// Days by which a move may be told afterwards. Our own choice: a quarter, after which its months are paid.
pub const MOVED_DAYS_MAX: i64 = 92;
/// Passages that one move takes along at most: three thousand people for two months.
pub const MOVED_MAX: i64 = 1_000_000;

/// A moment of China's clock, by which passages are kept, in seconds since 1970: the day's number and the seconds of it.
fn on_clock(local_day: i32, local_time: i32) -> i64 {
    i64::from(local_day) * i64::from(DAY_SECONDS) + i64::from(local_time)
}

/// Which way people passed the machines of a project, by moment.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    now: HashMap<i64, GateDirection>,
    /// How each hung until when, in order of time.
    until: HashMap<i64, Vec<(i64, GateDirection)>>,
}

impl Ways {
    /// Of the machines that hang at a project now, and of those that did.
    pub fn of(conn: &mut AnyConn, project: ProjectId) -> Result<Self, StoreError> {
        let now = devices::of_project(conn, project)?.into_iter().map(|device| (device.id.0, device.direction)).collect();
        let mut until: HashMap<i64, Vec<(i64, GateDirection)>> = HashMap::new();
        for row in table::of_project(conn, project)? {
            until.entry(row.device_id).or_default().push((row.since, row.was));
        }
        Ok(Self { now, until })
    }

    /// How a machine hung at a moment; `None` where it hung elsewhere and nobody knows.
    fn hung(&self, device: i64, local_day: i32, local_time: i32) -> Option<GateDirection> {
        let at = on_clock(local_day, local_time);
        let turned = self.until.get(&device).and_then(|turns| turns.iter().find(|(since, _)| *since > at));
        turned.map(|(_, was)| *was).or_else(|| self.now.get(&device).copied())
    }

    /// Which way a passage went: the gate's own direction at that time is stronger than what the machine said.
    pub fn entered(&self, device: i64, (local_day, local_time): (i32, i32), state: i32) -> Option<bool> {
        folding::entered(self.hung(device, local_day, local_time), state)
    }
}

/// The day's number and the seconds of it, of a moment of China's clock.
pub(crate) fn split(seconds: i64) -> (i32, i32) {
    let day = i32::try_from(seconds.div_euclid(i64::from(DAY_SECONDS)));
    let time = i32::try_from(seconds.rem_euclid(i64::from(DAY_SECONDS)));
    day.ok().zip(time.ok()).unwrap_or((i32::MAX, 0))
}

/// Whether passages that came since a told moment, `since`, go along to the other project.
fn goes_back(
    tx: &mut Tx<'_>,
    (before, after): (&DeviceRow, &DeviceRow),
    (since, now): (i64, i64),
    has_passages: bool,
) -> Result<bool, Problem> {
    let Some(old) = before.project_id.filter(|old| Some(*old) != after.project_id) else {
        if !has_passages {
            return Ok(false);
        }
        let zh = "该时间之后已有通行记录，不能改变其方向。请从现在起生效，已折算的工日按工日更正办理（两人确认）。";
        let en = "Passages came since then, and their direction stays. Let it hold from now on, and have the days corrected \
                  by two persons.";
        return Err(Problem::conflict(zh, en).at("since", "gap"));
    };
    if since < now.saturating_sub(MOVED_DAYS_MAX * i64::from(DAY_SECONDS)) {
        let zh = format!("设备移机最多可追溯 {MOVED_DAYS_MAX} 天。");
        let en = format!("A move is told at most {MOVED_DAYS_MAX} days afterwards.");
        return Err(Problem::invalid(zh, en).at("since", "over_limit"));
    }
    if has_passages && table::count_since(tx.conn(), (old, after.id), split(since))? > MOVED_MAX {
        let (zh, en) = ("此后的考勤记录过多，请填写较晚的生效时间。", "Too many passages came since then; give a later `since`.");
        return Err(Problem::new(crate::web::Code::TooLarge, zh, en).at("since", "over_limit"));
    }
    Ok(has_passages)
}

/// Notes that a machine was turned or moved: from `told` on, or from now on. What it told of at or after that is folded again; where it was
/// moved to another project and that is told afterwards, a job takes the passages along.
///
/// # Errors
/// `invalid` for a moment to come, or a move of too long ago; `conflict` for one before an earlier turn, or for another direction before
/// passages that came since.
pub fn note(tx: &mut Tx<'_>, ctx: &Ctx, (before, after): (&DeviceRow, &DeviceRow), told: Option<Moment>) -> Result<(), Problem> {
    let is_same = before.direction == after.direction && before.project_id == after.project_id;
    if before.project_id.is_none() || before.state == DeviceState::Pending || is_same {
        return match told {
            None => Ok(()),
            Some(_) => {
                let en = "`since` goes with another direction or project than the present one.";
                Err(Problem::invalid("“生效时间”须与新的方向或新的项目一起填写。", en).at("since", "bad_format"))
            }
        };
    }
    let clock = |moment: Moment| moment.unix_seconds().saturating_add(60 * i64::from(CHINA_OFFSET_MINUTES));
    let (now, last) = (clock(ctx.now), table::of_device(tx.conn(), after.id)?.last().map(|turn| turn.since));
    let since = match told.map(clock) {
        None => last.map_or(now, |last| last.max(now)),
        Some(since) if since > now => {
            let en = "A direction is recorded when the machine hangs that way; `since` may not lie in the future.";
            return Err(Problem::invalid("生效时间不能晚于现在。", en).at("since", "bad_format"));
        }
        Some(since) if last.is_some_and(|last| since < last) => {
            let en = "The machine was turned or moved later than that; give a moment after its last turn or move.";
            return Err(Problem::conflict("该设备在此之后已改过方向或项目，生效时间须晚于上一次。", en).at("since", "gap"));
        }
        Some(since) => since,
    };
    let days = table::days_since(tx.conn(), after.id, split(since))?;
    let is_back = told.is_some() && since < now;
    let is_moving = is_back && goes_back(tx, (before, after), (since, now), !days.is_empty())?;
    let row = TurnRow {
        id: RecordId(ctx.id()),
        device_id: after.id,
        since,
        was: before.direction,
        direction: after.direction,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(Chain::Organisation)?,
        was_project_id: before.project_id,
    };
    table::insert(tx, &row)?;
    if is_moving {
        // Days that a pay sheet rests on are not folded again, so the job says which are.
        jobs::enqueue(tx.conn(), ctx.id(), MOVE_PASSAGES, &row.id.to_string(), ctx.now)?;
        return Ok(());
    }
    // Only a clock that is ahead has told of passages to come.
    bulk::mark_days(tx.conn(), &days, ctx.now)?;
    let projects: BTreeSet<i64> = days.iter().map(|(project, _)| *project).collect();
    for project in projects {
        jobs::enqueue(tx.conn(), ctx.id(), "fold_days", &ProjectId(project).to_string(), ctx.now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_goes_the_way_that_its_machine_hung_then() {
        let until = HashMap::from([
            (1, vec![(100, GateDirection::In), (200, GateDirection::ByState)]),
            (2, vec![(on_clock(20_500, 43_200), GateDirection::Out)]),
        ]);
        let ways = Ways { now: HashMap::from([(1, GateDirection::Out), (3, GateDirection::In)]), until };
        let at = |time: i32, state: i32| ways.entered(1, (0, time), state);
        assert_eq!((at(0, 1), at(99, 1)), (Some(true), Some(true)), "in until the first turn");
        assert_eq!((at(100, 1), at(199, 0), at(150, -1)), (Some(false), Some(true), None), "as it says until the second");
        assert_eq!((at(200, 0), at(86_399, 0)), (Some(false), Some(false)), "out from then on");
        // The second machine hangs elsewhere since noon of a day; the third was never turned; nobody knows a fourth.
        assert_eq!(ways.entered(2, (20_500, 43_199), 0), Some(false));
        assert_eq!(ways.entered(2, (20_500, 43_200), 0), Some(true));
        assert_eq!((ways.entered(3, (0, 0), 1), ways.entered(4, (0, 0), 1)), (Some(true), Some(false)));
    }
}
