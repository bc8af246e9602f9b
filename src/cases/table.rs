//! Rows of cases.

use diesel::prelude::*;
use serde::Serialize;

use super::CaseKind;
use crate::base::id::{CaseId, ProjectId};
use crate::base::{Day, Fen};
use crate::store::schema::cases;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A case; `workers` and `amount` are what is claimed, where known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = cases)]
#[schema(as = Case)]
pub struct CaseRow {
    pub project_id: ProjectId,
    pub id: CaseId,
    pub kind: CaseKind,
    pub opened_on: Day,
    pub closed_on: Option<Day>,
    pub workers: Option<i32>,
    #[serde(rename = "amount")]
    pub amount_fen: Option<Fen>,
    pub outcome: Option<String>,
    pub recorded_seq: i64,
}

sealed_in_project! {
    CaseRow: "cases", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &CaseRow) -> Result<(), StoreError> {
    diesel::insert_into(cases::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Writes the end of a case.
pub fn update(tx: &mut Tx<'_>, row: &CaseRow) -> Result<(), StoreError> {
    diesel::update(cases::table.find((row.project_id, row.id)))
        .set((cases::closed_on.eq(row.closed_on), cases::outcome.eq(&row.outcome), cases::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: CaseId) -> Result<Option<CaseRow>, StoreError> {
    Ok(cases::table.find((project, id)).select(CaseRow::as_select()).first(conn).optional()?)
}

pub fn page(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<CaseRow>, StoreError> {
    Ok(cases::table
        .filter(cases::project_id.eq(project).and(cases::id.gt(CaseId(after))))
        .order(cases::id)
        .limit(limit)
        .select(CaseRow::as_select())
        .load(conn)?)
}

/// Cases opened by the end of the day and not closed by then.
pub fn open_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<Vec<CaseRow>, StoreError> {
    Ok(cases::table
        .filter(
            cases::project_id
                .eq(project)
                .and(cases::opened_on.le(day))
                .and(cases::closed_on.is_null().or(cases::closed_on.gt(day))),
        )
        .order(cases::id)
        .select(CaseRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<CaseRow>, StoreError> {
    Ok(cases::table.order(cases::id).select(CaseRow::as_select()).load(conn)?)
}
