//! What is left to pay, added up by month and due day.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date};

use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Fen, Month};
use crate::store::{AnyConn, StoreError};

/// What a month's sheets leave to be paid on a day.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Rest {
    #[diesel(sql_type = Date)]
    pub month: Month,
    #[diesel(sql_type = Date)]
    pub due_on: Day,
    #[diesel(sql_type = BigInt)]
    pub amount_fen: Fen,
}

/// Uncontested rests of lines that are not under way, by month and due day.
pub fn rests(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Rest>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT s.month AS month, l.due_on AS due_on, CAST(SUM(l.net_fen - l.disputed_fen - l.paid_fen) AS BIGINT) AS amount_fen \
         FROM pay_lines l JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         WHERE l.project_id = $1 AND l.net_fen - l.disputed_fen - l.paid_fen > 0 \
         AND l.state NOT IN ('reserved', 'sent', 'accepted', 'unknown') \
         GROUP BY s.month, l.due_on ORDER BY l.due_on, s.month",
    )
    .bind::<BigInt, _>(project.0)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct SheetMonth {
    #[diesel(sql_type = Date)]
    month: Month,
}

/// Months that have a sheet.
pub fn months_with_sheet(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Month>, StoreError> {
    let rows: Vec<SheetMonth> =
        diesel::sql_query("SELECT DISTINCT month AS month FROM pay_sheets WHERE project_id = $1 ORDER BY month")
            .bind::<BigInt, _>(project.0)
            .load(conn)?;
    Ok(rows.into_iter().map(|row| row.month).collect())
}

#[derive(QueryableByName)]
struct ListedRow {
    #[diesel(sql_type = BigInt)]
    enrolment_id: i64,
    #[diesel(sql_type = BigInt)]
    days: i64,
}

/// Months of which every sheet is of a cycle shorter than a month: what they do not hold is paid by another one.
pub fn months_in_parts(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Month>, StoreError> {
    let rows: Vec<SheetMonth> = diesel::sql_query(
        "SELECT s.month AS month FROM pay_sheets s \
         LEFT JOIN sheet_periods p ON p.project_id = s.project_id AND p.sheet_id = s.id \
         WHERE s.project_id = $1 GROUP BY s.month HAVING COUNT(*) = COUNT(p.id) ORDER BY s.month",
    )
    .bind::<BigInt, _>(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.month).collect())
}

/// Work days in hundredths that the sheets of a month list, by enrolment.
pub fn listed(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<BTreeMap<RecordId, i64>, StoreError> {
    let rows: Vec<ListedRow> = diesel::sql_query(
        "SELECT l.enrolment_id AS enrolment_id, CAST(SUM(l.days_hundredths) AS BIGINT) AS days FROM pay_sheets s \
         JOIN pay_lines l ON l.project_id = s.project_id AND l.sheet_id = s.id \
         WHERE s.project_id = $1 AND s.month = $2 GROUP BY l.enrolment_id",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Date, _>(month)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (RecordId(row.enrolment_id), row.days)).collect())
}
