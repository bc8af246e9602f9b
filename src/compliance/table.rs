//! Assessments as they were made: append only.

use diesel::prelude::*;
use serde::Serialize;

use super::summary::{ArrearsWord, Summary};
use crate::base::id::{FindingId, ProjectId};
use crate::base::{Day, Fen, Moment};
use crate::law::questions::warning::Level;
use crate::store::bulk::directly;
use crate::store::schema::{assessments, project_summaries};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// An assessment of a project on a day under a law book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = assessments)]
pub struct AssessmentRow {
    pub project_id: ProjectId,
    pub id: FindingId,
    pub as_of: Day,
    pub law_book: String,
    pub card: String,
    pub findings: String,
    pub made_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    AssessmentRow: "assessments", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &AssessmentRow) -> Result<(), StoreError> {
    diesel::insert_into(assessments::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The latest assessment.
pub fn latest(conn: &mut AnyConn, project: ProjectId) -> Result<Option<AssessmentRow>, StoreError> {
    Ok(directly!(conn, conn => assessments::table
        .filter(assessments::project_id.eq(project))
        .order(assessments::id.desc())
        .select(AssessmentRow::as_select())
        .first(conn))
    .optional()?)
}

/// Assessments in the order in which they were made.
pub fn page(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<AssessmentRow>, StoreError> {
    Ok(assessments::table
        .filter(assessments::project_id.eq(project).and(assessments::id.gt(FindingId(after))))
        .order(assessments::id)
        .limit(limit)
        .select(AssessmentRow::as_select())
        .load(conn)?)
}

/// Assessments before one, the newest first; the latest where none is named.
pub fn page_back(conn: &mut AnyConn, project: ProjectId, before: i64, limit: i64) -> Result<Vec<AssessmentRow>, StoreError> {
    Ok(assessments::table
        .filter(assessments::project_id.eq(project).and(assessments::id.lt(FindingId(before))))
        .order(assessments::id.desc())
        .limit(limit)
        .select(AssessmentRow::as_select())
        .load(conn)?)
}

#[derive(Queryable)]
struct SummaryRow {
    project_id: ProjectId,
    as_of: Day,
    arrears: String,
    arrears_fen: Fen,
    arrears_workers: i32,
    oldest_due_on: Option<Day>,
    broken: i32,
    not_known: i32,
    level: String,
    assessed_at: Moment,
}

/// Writes what the last assessment came to.
pub fn write_summary(conn: &mut AnyConn, summary: &Summary) -> Result<(), StoreError> {
    let Summary { project, as_of, arrears, owed, workers, oldest_due_on, broken, not_known, level, assessed_at } = summary;
    diesel::delete(project_summaries::table.find(project)).execute(conn)?;
    diesel::insert_into(project_summaries::table)
        .values((
            project_summaries::project_id.eq(project),
            project_summaries::as_of.eq(as_of),
            project_summaries::arrears.eq(arrears.as_str()),
            project_summaries::arrears_fen.eq(owed),
            project_summaries::arrears_workers.eq(i32::try_from(*workers).unwrap_or(i32::MAX)),
            project_summaries::oldest_due_on.eq(oldest_due_on),
            project_summaries::broken.eq(i32::try_from(*broken).unwrap_or(i32::MAX)),
            project_summaries::not_known.eq(i32::try_from(*not_known).unwrap_or(i32::MAX)),
            project_summaries::level.eq(level.as_str()),
            project_summaries::assessed_at.eq(assessed_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// The summaries of every project that was assessed, in order of id.
pub fn summaries(conn: &mut AnyConn) -> Result<Vec<Summary>, StoreError> {
    let rows: Vec<SummaryRow> = project_summaries::table.order(project_summaries::project_id).load(conn)?;
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    let summary = |row: SummaryRow| Summary {
        project: row.project_id,
        as_of: row.as_of,
        // A word of another version reads as not known, never as clear.
        arrears: row.arrears.parse().unwrap_or(ArrearsWord::Unknown),
        owed: row.arrears_fen,
        workers: count(row.arrears_workers),
        oldest_due_on: row.oldest_due_on,
        broken: count(row.broken),
        not_known: count(row.not_known),
        level: Level::ALL.iter().copied().find(|level| level.as_str() == row.level).unwrap_or(Level::None),
        assessed_at: row.assessed_at,
    };
    Ok(rows.into_iter().map(summary).collect())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AssessmentRow>, StoreError> {
    Ok(assessments::table.order(assessments::id).select(AssessmentRow::as_select()).load(conn)?)
}
