//! Rows of what earlier rules folded.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use crate::base::Day;
use crate::base::id::ProjectId;
use crate::store::fixed::fixed;
use crate::store::{AnyConn, StoreError};

/// Under which the database notes the version.
const MARK: &str = "fold_rules";

#[derive(QueryableByName)]
struct Noted {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Listed {
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

/// The days of a month that a pay sheet rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct PaidRow {
    #[diesel(sql_type = Date)]
    pub month: Day,
    /// The last of them; none where it is the month's last.
    #[diesel(sql_type = Nullable<Date>)]
    pub to_on: Option<Day>,
}

/// The version that the database was last opened with; 0 before versions were noted.
pub fn noted(conn: &mut AnyConn) -> Result<i32, StoreError> {
    let row: Option<Noted> = fixed("SELECT value FROM marks WHERE name = $1").text(MARK).get_result(conn).optional()?;
    Ok(row.and_then(|row| row.value.parse().ok()).unwrap_or(0))
}

/// Notes the version that the database is opened with.
pub fn note(conn: &mut AnyConn, version: i32) -> Result<(), StoreError> {
    let version = version.to_string();
    fixed("INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .text(MARK)
        .text(&version)
        .execute(conn)?;
    Ok(())
}

/// Puts every project with attendance on the list; gives all that are on it.
pub fn list_all(conn: &mut AnyConn) -> Result<Vec<ProjectId>, StoreError> {
    fixed(
        "INSERT INTO old_rule_projects (project_id) SELECT p.id FROM projects p \
         WHERE EXISTS (SELECT 1 FROM work_days w WHERE w.project_id = p.id) \
         OR EXISTS (SELECT 1 FROM punch_places q WHERE q.project_id = p.id) ON CONFLICT DO NOTHING",
    )
    .execute(conn)?;
    let rows: Vec<Listed> = fixed("SELECT project_id FROM old_rule_projects ORDER BY project_id").load(conn)?;
    Ok(rows.into_iter().map(|row| row.project_id).collect())
}

/// Whether a project is on the list.
pub fn is_listed(conn: &mut AnyConn, project: ProjectId) -> Result<bool, StoreError> {
    let row: Option<Listed> =
        fixed("SELECT project_id FROM old_rule_projects WHERE project_id = $1").big(project.0).get_result(conn).optional()?;
    Ok(row.is_some())
}

/// Takes a project from the list.
pub fn unlist(conn: &mut AnyConn, project: ProjectId) -> Result<(), StoreError> {
    fixed("DELETE FROM old_rule_projects WHERE project_id = $1").big(project.0).execute(conn)?;
    Ok(())
}

/// The days that a project's pay sheets rest on.
pub fn paid(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<PaidRow>, StoreError> {
    Ok(fixed(
        "SELECT s.month AS month, p.to_on AS to_on FROM pay_sheets s \
         LEFT JOIN sheet_periods p ON p.project_id = s.project_id AND p.sheet_id = s.id WHERE s.project_id = $1",
    )
    .big(project.0)
    .load(conn)?)
}

/// The days that pay sheets rest on which somebody has signed or handed in.
pub fn signed(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<PaidRow>, StoreError> {
    Ok(fixed(
        "SELECT s.month AS month, p.to_on AS to_on FROM pay_sheets s \
         LEFT JOIN sheet_periods p ON p.project_id = s.project_id AND p.sheet_id = s.id WHERE s.project_id = $1 \
         AND (s.state <> 'draft' OR EXISTS (SELECT 1 FROM pay_lines l WHERE l.project_id = s.project_id AND l.sheet_id = s.id \
         AND l.state <> 'draft'))",
    )
    .big(project.0)
    .load(conn)?)
}

/// Keeps a day with its seal; one that stands since an earlier change keeps the seal of then.
pub fn keep(conn: &mut AnyConn, project: ProjectId, number: i32, seal: &str) -> Result<(), StoreError> {
    fixed("INSERT INTO old_rule_days (project_id, local_day, seal) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .big(project.0)
        .int(number)
        .text(seal)
        .execute(conn)?;
    Ok(())
}

/// The days that stand as they were folded by earlier rules, with their seals.
pub fn kept(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeMap<i32, String>, StoreError> {
    let rows: Vec<KeptDay> =
        fixed("SELECT local_day, seal FROM old_rule_days WHERE project_id = $1").big(project.0).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.local_day, row.seal)).collect())
}

/// Lets a day go that was folded by the present rules after all.
pub fn forget(conn: &mut AnyConn, project: ProjectId, number: i32) -> Result<(), StoreError> {
    fixed("DELETE FROM old_rule_days WHERE project_id = $1 AND local_day = $2").big(project.0).int(number).execute(conn)?;
    Ok(())
}
