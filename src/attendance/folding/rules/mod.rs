//! By which rules days were folded. When the rules change, days that stand are folded again by the new ones, unless a pay sheet rests on
//! them: such a day stays as it was paid, under a seal that tells whether somebody changed it since.
//!
//! The database notes the version that it was last opened with; a newer program puts every project with attendance on a list, and the
//! next folding of a project goes through its days. Deliberately absent: the rules of before.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::table as folding;
use crate::attendance::table::{WorkDayRow, next_day};
use crate::attendance::{day_of, morning};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment};
use crate::store::{AnyConn, StoreError, Tx, Vault, bulk, jobs};
use crate::workers::day_number;

/// The version of the rules by which passages become work days: one more with each change of what the same passages come to.
pub const FOLD_RULES: i32 = 3;

/// Puts projects with attendance on the list where the rules have changed since the database was last opened, and asks for their folding.
pub fn prepare(tx: &mut Tx<'_>, now: Moment, mut fresh: impl FnMut() -> i64) -> Result<(), StoreError> {
    if table::noted(tx.conn())? >= FOLD_RULES {
        return Ok(());
    }
    for project in table::list_all(tx.conn())? {
        jobs::enqueue(tx.conn(), fresh(), "fold_days", &project.to_string(), now)?;
    }
    table::note(tx.conn(), FOLD_RULES)
}

/// Whether the project's days have yet to be gone through after a change of the rules.
pub fn is_waiting(conn: &mut AnyConn, project: ProjectId) -> Result<bool, StoreError> {
    Ok(table::noted(conn)? < FOLD_RULES || table::is_listed(conn, project)?)
}

/// Goes through the days of a project that is on the list: those that no sheet rests on are marked to be folded, the others are sealed
/// as they stand. Days of machines that were moved or turned since are left alone: they stand as those hung then.
pub fn take_up(conn: &mut AnyConn, vault: &Vault, project: ProjectId, now: Moment) -> Result<(), StoreError> {
    if !table::is_listed(conn, project)? {
        return Ok(());
    }
    let sheets = table::paid(conn, project)?;
    let is_paid =
        |day: Day| sheets.iter().any(|sheet| sheet.month.month() == day.month() && sheet.to_on.is_none_or(|last| day <= last));
    let mut turned: BTreeSet<i32> = BTreeSet::new();
    for device in folding::turned_machines(conn, project)? {
        turned.extend(folding::days_of_machine(conn, project, device)?);
    }
    let mut marks = Vec::new();
    for number in days_with_attendance(conn, project)? {
        if (number.saturating_sub(1)..=number.saturating_add(1)).any(|near| turned.contains(&near)) {
            continue;
        }
        let Some(day) = day_of(number).filter(|day| is_paid(*day)) else {
            marks.push((project.0, number));
            continue;
        };
        let rows = morning::table::work_days_on(conn, project, day)?;
        table::keep(conn, project, number, &seal(vault, project, day, &rows))?;
    }
    bulk::mark_days(conn, &marks, now)?;
    table::unlist(conn, project)
}

/// The days of a project that have work days or punches.
pub fn days_with_attendance(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeSet<i32>, StoreError> {
    let mut days: BTreeSet<i32> = folding::days_of(conn, project)?.into_iter().map(day_number).collect();
    let mut number = i32::MIN;
    while let Some(next) = next_day(conn, project.0, number)? {
        number = next;
        days.insert(next);
    }
    Ok(days)
}

/// A seal over the work days of a day; without the key nobody makes one.
pub fn seal(vault: &Vault, project: ProjectId, day: Day, rows: &[WorkDayRow]) -> String {
    let said: BTreeMap<i64, String> = rows
        .iter()
        .map(|row| {
            let WorkDayRow { worker_id, first_time, last_time, punches, hundredths, flags, .. } = row;
            (row.enrolment_id.0, format!("{} {first_time} {last_time} {punches} {hundredths} {flags}", worker_id.0))
        })
        .collect();
    let lines: Vec<String> = said.into_iter().map(|(enrolment, text)| format!("{enrolment} {text}")).collect();
    vault.index("old_rule_day", &format!("{project} {day}\n{}", lines.join("\n")))
}
