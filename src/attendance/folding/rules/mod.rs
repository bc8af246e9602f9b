//! By which rules days were folded. When the rules change, days that stand are folded again by the new ones, unless a pay sheet rests on
//! them: such a day stays as it was paid, under a seal that tells whether somebody changed it since.
//!
//! The database notes the version that it was last opened with; a newer program puts every project with attendance on a list, and the
//! next folding of a project goes through its days. Deliberately absent: the rules of before.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::table;
use crate::attendance::table::{WorkDayRow, next_day};
use crate::attendance::{day_of, morning};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment};
use crate::store::fixed::fixed;
use crate::store::{AnyConn, StoreError, Tx, Vault, bulk, jobs};
use crate::workers::day_number;

/// The version of the rules by which passages become work days: one more with each change of what the same passages come to.
pub const FOLD_RULES: i32 = 1;
/// Under which the database notes the version.
const MARK: &str = "fold_rules";

#[derive(QueryableByName)]
struct Noted {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
}

#[derive(QueryableByName)]
struct KeptDay {
    #[diesel(sql_type = Integer)]
    local_day: i32,
    #[diesel(sql_type = Text)]
    seal: String,
}

#[derive(QueryableByName)]
struct Sheet {
    #[diesel(sql_type = Date)]
    month: Day,
    #[diesel(sql_type = Nullable<Date>)]
    to_on: Option<Day>,
}

/// The version that the database was last opened with; 0 before versions were noted.
fn noted(conn: &mut AnyConn) -> Result<i32, StoreError> {
    let row: Option<Noted> = fixed("SELECT value FROM marks WHERE name = $1").text(MARK).get_result(conn).optional()?;
    Ok(row.and_then(|row| row.value.parse().ok()).unwrap_or(0))
}

/// Puts projects with attendance on the list where the rules have changed since the database was last opened, and asks for their folding.
pub fn prepare(tx: &mut Tx<'_>, now: Moment, mut fresh: impl FnMut() -> i64) -> Result<(), StoreError> {
    if noted(tx.conn())? >= FOLD_RULES {
        return Ok(());
    }
    fixed(
        "INSERT INTO old_rule_projects (project_id) SELECT p.id FROM projects p \
         WHERE EXISTS (SELECT 1 FROM work_days w WHERE w.project_id = p.id) \
         OR EXISTS (SELECT 1 FROM punch_places q WHERE q.project_id = p.id) ON CONFLICT DO NOTHING",
    )
    .execute(tx.conn())?;
    let waiting: Vec<Waiting> = fixed("SELECT project_id FROM old_rule_projects ORDER BY project_id").load(tx.conn())?;
    for row in waiting {
        jobs::enqueue(tx.conn(), fresh(), "fold_days", &row.project_id.to_string(), now)?;
    }
    let version = FOLD_RULES.to_string();
    fixed("INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .text(MARK)
        .text(&version)
        .execute(tx.conn())?;
    Ok(())
}

/// Whether the project's days have yet to be gone through after a change of the rules.
pub fn is_waiting(conn: &mut AnyConn, project: ProjectId) -> Result<bool, StoreError> {
    Ok(noted(conn)? < FOLD_RULES || is_listed(conn, project)?)
}

fn is_listed(conn: &mut AnyConn, project: ProjectId) -> Result<bool, StoreError> {
    let row: Option<Waiting> =
        fixed("SELECT project_id FROM old_rule_projects WHERE project_id = $1").big(project.0).get_result(conn).optional()?;
    Ok(row.is_some())
}

/// Goes through the days of a project that is on the list: those that no sheet rests on are marked to be folded, the others are sealed
/// as they stand. Days of machines that were moved or turned since are left alone: they stand as those hung then.
pub fn take_up(conn: &mut AnyConn, vault: &Vault, project: ProjectId, now: Moment) -> Result<(), StoreError> {
    if !is_listed(conn, project)? {
        return Ok(());
    }
    let days = days_with_attendance(conn, project)?;
    let sheets: Vec<Sheet> = fixed(
        "SELECT s.month AS month, p.to_on AS to_on FROM pay_sheets s \
         LEFT JOIN sheet_periods p ON p.project_id = s.project_id AND p.sheet_id = s.id WHERE s.project_id = $1",
    )
    .big(project.0)
    .load(conn)?;
    let is_paid =
        |day: Day| sheets.iter().any(|sheet| sheet.month.month() == day.month() && sheet.to_on.is_none_or(|last| day <= last));
    let mut turned: BTreeSet<i32> = BTreeSet::new();
    for device in table::turned_machines(conn, project)? {
        turned.extend(table::days_of_machine(conn, project, device)?);
    }
    let mut marks = Vec::new();
    for number in days {
        if (number.saturating_sub(1)..=number.saturating_add(1)).any(|near| turned.contains(&near)) {
            continue;
        }
        let Some(day) = day_of(number).filter(|day| is_paid(*day)) else {
            marks.push((project.0, number));
            continue;
        };
        let rows = morning::table::work_days_on(conn, project, day)?;
        let sealed = seal(vault, project, day, &rows);
        // One that stands since an earlier change keeps the seal of then.
        fixed("INSERT INTO old_rule_days (project_id, local_day, seal) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .big(project.0)
            .int(number)
            .text(&sealed)
            .execute(conn)?;
    }
    bulk::mark_days(conn, &marks, now)?;
    fixed("DELETE FROM old_rule_projects WHERE project_id = $1").big(project.0).execute(conn)?;
    Ok(())
}

/// The days of a project that have work days or punches.
pub fn days_with_attendance(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeSet<i32>, StoreError> {
    let mut days: BTreeSet<i32> = table::days_of(conn, project)?.into_iter().map(day_number).collect();
    let mut number = i32::MIN;
    while let Some(next) = next_day(conn, project.0, number)? {
        number = next;
        days.insert(next);
    }
    Ok(days)
}

/// The days that stand as they were folded by earlier rules, with their seals.
pub fn kept_days(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeMap<i32, String>, StoreError> {
    let rows: Vec<KeptDay> =
        fixed("SELECT local_day, seal FROM old_rule_days WHERE project_id = $1").big(project.0).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.local_day, row.seal)).collect())
}

/// Notes that a day was folded by the present rules after all: something new had come for it.
pub fn forget(conn: &mut AnyConn, project: ProjectId, number: i32) -> Result<(), StoreError> {
    fixed("DELETE FROM old_rule_days WHERE project_id = $1 AND local_day = $2").big(project.0).int(number).execute(conn)?;
    Ok(())
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
