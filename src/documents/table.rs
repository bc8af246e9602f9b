//! Rows of papers.

use diesel::prelude::*;
use serde::Serialize;

use super::DocumentKind;
use crate::base::Moment;
use crate::base::id::{DocumentId, ProjectId};
use crate::store::schema::documents;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// A paper as stored; `body` is encrypted.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = documents)]
pub struct DocumentRow {
    pub id: DocumentId,
    pub project_id: Option<ProjectId>,
    pub kind: DocumentKind,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: String,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub body: Vec<u8>,
    pub uploaded_by: String,
    pub uploaded_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for DocumentRow {
    const TABLE: &'static str = "documents";
    fn chain(&self) -> Chain {
        self.project_id.map_or(Chain::Organisation, Chain::Project)
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// A paper without its body, for lists.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, utoipa::ToSchema)]
#[diesel(table_name = documents)]
pub struct DocumentHead {
    pub id: DocumentId,
    pub kind: DocumentKind,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: String,
    pub uploaded_at: Moment,
}

pub fn insert(tx: &mut Tx<'_>, row: &DocumentRow) -> Result<(), StoreError> {
    diesel::insert_into(documents::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn of_project(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<DocumentHead>, StoreError> {
    Ok(documents::table
        .filter(documents::project_id.eq(project).and(documents::id.gt(DocumentId(after))))
        .order(documents::id)
        .limit(limit)
        .select(DocumentHead::as_select())
        .load(conn)?)
}

/// Papers of a kind before an id, the latest first.
pub fn of_kind(
    conn: &mut AnyConn,
    project: ProjectId,
    kind: DocumentKind,
    before: i64,
    limit: i64,
) -> Result<Vec<DocumentHead>, StoreError> {
    Ok(documents::table
        .filter(documents::project_id.eq(project).and(documents::kind.eq(kind)).and(documents::id.lt(DocumentId(before))))
        .order(documents::id.desc())
        .limit(limit)
        .select(DocumentHead::as_select())
        .load(conn)?)
}

/// These papers of a project, without their bodies.
pub fn heads(conn: &mut AnyConn, project: ProjectId, ids: &[DocumentId]) -> Result<Vec<DocumentHead>, StoreError> {
    Ok(documents::table
        .filter(documents::project_id.eq(project).and(documents::id.eq_any(ids.to_vec())))
        .order(documents::id)
        .select(DocumentHead::as_select())
        .load(conn)?)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: DocumentId) -> Result<Option<DocumentRow>, StoreError> {
    Ok(documents::table
        .filter(documents::project_id.eq(project).and(documents::id.eq(id)))
        .select(DocumentRow::as_select())
        .first(conn)
        .optional()?)
}

/// The papers of a project with the same bytes, each with its place in the record.
pub fn same_bytes(conn: &mut AnyConn, project: ProjectId, sha256: &str) -> Result<Vec<(DocumentId, i64)>, StoreError> {
    Ok(documents::table
        .filter(documents::project_id.eq(project).and(documents::sha256.eq(sha256)))
        .order(documents::id)
        .select((documents::id, documents::recorded_seq))
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<DocumentRow>, StoreError> {
    Ok(documents::table.order(documents::id).select(DocumentRow::as_select()).load(conn)?)
}
