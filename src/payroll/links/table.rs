//! Rows of links and of wrong answers.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{LineId, ProjectId, RecordId, SheetId};
use crate::base::{Fen, Moment};
use crate::store::fixed::fixed;
use crate::store::schema::{sign_links, sign_tries};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A link for a line whose net wage is this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = sign_links)]
pub struct LinkRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub line_id: LineId,
    pub secret_hash: String,
    #[serde(rename = "net")]
    pub net_fen: Fen,
    pub until_at: Moment,
    pub made_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    LinkRow: "sign_links", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &LinkRow) -> Result<(), StoreError> {
    diesel::insert_into(sign_links::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The link with a secret of this digest, of whichever project.
pub fn by_secret(conn: &mut AnyConn, secret_hash: &str) -> Result<Option<LinkRow>, StoreError> {
    Ok(sign_links::table.filter(sign_links::secret_hash.eq(secret_hash)).select(LinkRow::as_select()).first(conn).optional()?)
}

/// The newest link of a line.
pub fn newest_of(conn: &mut AnyConn, project: ProjectId, line: LineId) -> Result<Option<LinkRow>, StoreError> {
    Ok(sign_links::table
        .filter(sign_links::project_id.eq(project).and(sign_links::line_id.eq(line)))
        .order(sign_links::id.desc())
        .select(LinkRow::as_select())
        .first(conn)
        .optional()?)
}

/// Lines of a sheet that have a link which works at a moment.
pub fn linked(conn: &mut AnyConn, project: ProjectId, sheet: SheetId, now: Moment) -> Result<Vec<LineId>, StoreError> {
    Ok(sign_links::table
        .filter(sign_links::project_id.eq(project).and(sign_links::sheet_id.eq(sheet)).and(sign_links::until_at.gt(now)))
        .select(sign_links::line_id)
        .distinct()
        .load(conn)?)
}

/// How many wrong answers a link was given.
pub fn tries(conn: &mut AnyConn, link: RecordId) -> Result<i64, StoreError> {
    Ok(sign_tries::table.filter(sign_tries::link_id.eq(link.0)).count().get_result(conn)?)
}

/// Counts one more.
pub fn add_try(conn: &mut AnyConn, link: RecordId, now: Moment) -> Result<(), StoreError> {
    fixed(
        "INSERT INTO sign_tries (link_id, ordinal, tried_at) \
         SELECT $1, COALESCE(MAX(ordinal), 0) + 1, $2 FROM sign_tries WHERE link_id = $3",
    )
    .big(link.0)
    .big(now.0)
    .big(link.0)
    .execute(conn)?;
    Ok(())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<LinkRow>, StoreError> {
    Ok(sign_links::table.order(sign_links::id).select(LinkRow::as_select()).load(conn)?)
}
