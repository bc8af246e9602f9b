//! Assessments as they were made: append only.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{FindingId, ProjectId};
use crate::base::{Day, Moment};
use crate::store::schema::assessments;
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
    Ok(assessments::table
        .filter(assessments::project_id.eq(project))
        .order(assessments::id.desc())
        .select(AssessmentRow::as_select())
        .first(conn)
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

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AssessmentRow>, StoreError> {
    Ok(assessments::table.order(assessments::id).select(AssessmentRow::as_select()).load(conn)?)
}
