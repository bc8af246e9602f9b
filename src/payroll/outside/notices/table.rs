//! Rows of what was said of lines of payment notices.

use diesel::prelude::*;
use serde::Serialize;

use super::NoticeWord;
use crate::base::id::{LineId, MatterId, ProjectId, RecordId};
use crate::base::{Fen, Moment};
use crate::store::schema::notice_lines;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// One word about a line of a notice, append only. `reference` is the bank's, of a payment beyond what was owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = notice_lines)]
pub struct NoticeRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub matter_id: MatterId,
    pub line_id: LineId,
    pub word: NoticeWord,
    pub amount_fen: Fen,
    pub reference: Option<String>,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    NoticeRow: "notice_lines", project_id;
}

/// Writes a word.
pub fn insert(tx: &mut Tx<'_>, row: &NoticeRow) -> Result<(), StoreError> {
    diesel::insert_into(notice_lines::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Everything said about a project's notices, in the order of record.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<NoticeRow>, StoreError> {
    use notice_lines as n;
    Ok(n::table.filter(n::project_id.eq(project)).order(n::id).select(NoticeRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<NoticeRow>, StoreError> {
    Ok(notice_lines::table.order((notice_lines::project_id, notice_lines::id)).select(NoticeRow::as_select()).load(conn)?)
}
