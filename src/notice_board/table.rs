//! Rows of notice boards as photographed.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::Day;
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::store::bulk::directly;
use crate::store::schema::notice_boards;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// The board on a day; `items` are words with blanks between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = notice_boards)]
pub struct BoardRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub items: String,
    pub photo_document_id: Option<DocumentId>,
    pub photo_on: Day,
    pub recorded_seq: i64,
}

sealed_in_project! {
    BoardRow: "notice_boards", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &BoardRow) -> Result<(), StoreError> {
    diesel::insert_into(notice_boards::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The board as last seen by a day; of one day the last record. `until_seq` cuts what was recorded later.
pub fn latest(
    conn: &mut AnyConn,
    project: ProjectId,
    as_of: Day,
    until_seq: Option<i64>,
) -> Result<Option<BoardRow>, StoreError> {
    use notice_boards as n;
    Ok(directly!(conn, conn => n::table
        .filter(n::project_id.eq(project).and(n::photo_on.le(as_of)).and(n::recorded_seq.le(until_seq.unwrap_or(i64::MAX))))
        .order((n::photo_on.desc(), n::id.desc()))
        .select(BoardRow::as_select())
        .first(conn))
    .optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<BoardRow>, StoreError> {
    use notice_boards as n;
    Ok(n::table.order((n::project_id, n::id)).select(BoardRow::as_select()).load(conn)?)
}
