//! Folding again what stands: whether the work days are what punches, roll and confirmed corrections make of them. Nothing is written.
//!
//! A day that waits to be folded, or lies beside one, is left out, and so is a day with a passage of a machine that was moved or turned
//! before turns were recorded: nobody knows since when, and the day stands as it was folded when it hung there. Nor are the days of a
//! project compared that wait for newer rules, and a paid day that earlier rules folded (`rules`) need only be as it was then.

use std::collections::{BTreeMap, BTreeSet};

use super::Folding;
use super::{rules, table};
use crate::attendance::table::WorkDayRow;
use crate::attendance::{day_of, morning};
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::{AnyConn, StoreError, Vault};
use crate::workers::day_number;

/// What folding again came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Again {
    /// Work days that were compared.
    pub compared: u64,
    /// Days that could not be.
    pub left_out: u64,
    /// Each difference by its place.
    pub differ: Vec<String>,
}

/// What a row says, in short.
fn said(row: Option<&WorkDayRow>) -> String {
    row.map_or_else(
        || "none".to_owned(),
        |row| format!("{} {}-{} {}x [{}]", row.hundredths, row.first_time, row.last_time, row.punches, row.flags),
    )
}

/// Folds every day of a project again and compares with the work days that stand.
///
/// # Errors
/// A store that fails, a number that cannot be decrypted.
pub fn compare(conn: &mut AnyConn, vault: &Vault, project: ProjectId) -> Result<Again, StoreError> {
    let mut days = rules::days_with_attendance(conn, project)?;
    let kept = rules::table::kept(conn, project)?;
    days.extend(kept.keys());
    let mut again = Again::default();
    if rules::is_waiting(conn, project)? {
        again.left_out = u64::try_from(days.len()).unwrap_or(u64::MAX);
        return Ok(again);
    }
    let bounds = |of: Option<&i32>| of.copied().and_then(day_of);
    let (Some(first), Some(last)) = (bounds(days.first()), bounds(days.last())) else { return Ok(again) };
    let mut folding = Folding::new(conn, project, (first, last))?;
    // Days that only a correction knows of.
    days.extend(folding.corrected.keys().map(|(day, _)| day_number(*day)));
    let waiting: BTreeSet<i32> = table::waiting_days(conn, project)?.into_iter().collect();
    let turned: BTreeSet<i64> = table::turned_machines(conn, project)?.into_iter().collect();
    for number in days {
        let Some(day) = day_of(number) else { continue };
        let mut is_open = (number - 1..=number + 1).any(|near| waiting.contains(&near));
        for near in number - 1..=number + 1 {
            is_open = is_open || folding.passes_of(conn, near)?.iter().any(|pass| turned.contains(&pass.device_id));
        }
        if is_open {
            again.left_out += 1;
            continue;
        }
        let (people, _) = folding.people(conn, vault, number, day)?;
        let rows = folding.rows(Moment(0), day, people);
        let stand = morning::table::work_days_on(conn, project, day)?;
        // A day that stands as earlier rules made it, and as it was when they changed, is no fault.
        if kept.get(&number).is_some_and(|seal| *seal == rules::seal(vault, project, day, &stand)) && !is_same(&stand, &rows) {
            again.left_out += 1;
            continue;
        }
        one_day(&mut again, (project, day), &stand, &rows);
    }
    Ok(again)
}

/// What somebody's day stands as, and what the passages make of it.
pub type Difference = (Day, RecordId, Option<WorkDayRow>, Option<WorkDayRow>);

/// Folds some days of a project and gives what differs from the work days that stand.
///
/// # Errors
/// A store that fails, a number that cannot be decrypted.
pub fn differences(
    conn: &mut AnyConn,
    vault: &Vault,
    project: ProjectId,
    days: &BTreeSet<i32>,
) -> Result<Vec<Difference>, StoreError> {
    let bounds = |of: Option<&i32>| of.copied().and_then(day_of);
    let (Some(first), Some(last)) = (bounds(days.first()), bounds(days.last())) else { return Ok(Vec::new()) };
    let mut folding = Folding::new(conn, project, (first, last))?;
    let mut found = Vec::new();
    for number in days {
        let Some(day) = day_of(*number) else { continue };
        let (people, _) = folding.people(conn, vault, *number, day)?;
        let mut folded = by_enrolment(&folding.rows(Moment(0), day, people));
        for (enrolment, was) in by_enrolment(&morning::table::work_days_on(conn, project, day)?) {
            let is = folded.remove(&enrolment);
            if is.as_ref().is_none_or(|is| !was.says_the_same_as(is)) {
                found.push((day, enrolment, Some(was), is));
            }
        }
        found.extend(folded.into_iter().map(|(enrolment, is)| (day, enrolment, None, Some(is))));
    }
    Ok(found)
}

fn by_enrolment(rows: &[WorkDayRow]) -> BTreeMap<RecordId, WorkDayRow> {
    rows.iter().map(|row| (row.enrolment_id, row.clone())).collect()
}

/// Whether both say the same of the same people; both are in the order of enrolments.
fn is_same(stand: &[WorkDayRow], folded: &[WorkDayRow]) -> bool {
    stand.len() == folded.len() && stand.iter().zip(folded).all(|(was, is)| was.says_the_same_as(is))
}

fn one_day(again: &mut Again, (project, day): (ProjectId, Day), stand: &[WorkDayRow], folded: &[WorkDayRow]) {
    let (stand, folded) = (by_enrolment(stand), by_enrolment(folded));
    let both: BTreeSet<RecordId> = stand.keys().chain(folded.keys()).copied().collect();
    for enrolment in both {
        again.compared += 1;
        let (was, is) = (stand.get(&enrolment), folded.get(&enrolment));
        let is_same = matches!((was, is), (Some(was), Some(is)) if was.says_the_same_as(is));
        if !is_same {
            let (was, is) = (said(was), said(is));
            again.differ.push(format!("work_days {project} {day} {enrolment}: {was} stands, {is} is what the punches make"));
        }
    }
}
