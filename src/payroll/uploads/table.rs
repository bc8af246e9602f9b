//! Rows of wages as contractors' systems stated them: append only.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use crate::base::id::{InboxId, ProjectId, RecordId, SheetId, WorkerId};
use crate::base::{Fen, Moment, Month};
use crate::store::schema::uploaded_pay;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// What one message states for one worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = uploaded_pay)]
pub struct UploadedPayRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub enrolment_id: RecordId,
    pub worker_id: WorkerId,
    pub month: Month,
    pub key_index: String,
    pub content: String,
    pub total_fen: Fen,
    pub actual_fen: Fen,
    pub days_hundredths: Option<i32>,
    pub inbox_id: InboxId,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    UploadedPayRow: "uploaded_pay", project_id;
}

/// What all messages together state for one worker on one sheet: sums of money, and the most days that one of them states.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub struct Stated {
    #[diesel(sql_type = BigInt)]
    pub total: Fen,
    #[diesel(sql_type = BigInt)]
    pub actual: Fen,
    #[diesel(sql_type = BigInt)]
    pub days_hundredths: i64,
}

pub fn insert(tx: &mut Tx<'_>, row: &UploadedPayRow) -> Result<(), StoreError> {
    diesel::insert_into(uploaded_pay::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The row of a key, where it was stated before.
pub fn by_key(conn: &mut AnyConn, project: ProjectId, key_index: &str) -> Result<Option<UploadedPayRow>, StoreError> {
    use uploaded_pay as u;
    Ok(u::table
        .filter(u::project_id.eq(project).and(u::key_index.eq(key_index)))
        .select(UploadedPayRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The sums of one worker on one sheet.
pub fn stated(conn: &mut AnyConn, project: ProjectId, sheet: SheetId, enrolment: RecordId) -> Result<Stated, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(total_fen), 0) AS BIGINT) AS total, CAST(COALESCE(SUM(actual_fen), 0) AS BIGINT) AS actual, \
               CAST(COALESCE(MAX(days_hundredths), 0) AS BIGINT) AS days_hundredths \
               FROM uploaded_pay WHERE project_id = $1 AND sheet_id = $2 AND enrolment_id = $3";
    Ok(diesel::sql_query(sql)
        .bind::<BigInt, _>(project.0)
        .bind::<BigInt, _>(sheet.0)
        .bind::<BigInt, _>(enrolment.0)
        .get_result(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<UploadedPayRow>, StoreError> {
    Ok(uploaded_pay::table.order(uploaded_pay::id).select(UploadedPayRow::as_select()).load(conn)?)
}
