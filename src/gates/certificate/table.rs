//! Certificates as given out: append only.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::Moment;
use crate::base::id::{AnswerId, ProjectId, RecordId};
use crate::store::schema::certificates;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = certificates)]
pub struct CertificateRow {
    pub id: RecordId,
    pub answer_id: AnswerId,
    pub project_id: Option<ProjectId>,
    pub token: String,
    pub kid: String,
    pub issued_at: Moment,
    pub expires_at: Moment,
    pub signed: String,
    pub issued_by: String,
    pub recorded_seq: i64,
}

impl Sealed for CertificateRow {
    const TABLE: &'static str = "certificates";
    fn chain(&self) -> Chain {
        self.project_id.map_or(Chain::Organisation, Chain::Project)
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &CertificateRow) -> Result<(), StoreError> {
    diesel::insert_into(certificates::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The certificate of an answer that ends last.
pub fn latest(conn: &mut AnyConn, answer: AnswerId) -> Result<Option<CertificateRow>, StoreError> {
    Ok(certificates::table
        .filter(certificates::answer_id.eq(answer))
        .order((certificates::expires_at.desc(), certificates::id.desc()))
        .limit(1)
        .select(CertificateRow::as_select())
        .get_result(conn)
        .optional()?)
}

pub fn by_token(conn: &mut AnyConn, token: &str) -> Result<Option<CertificateRow>, StoreError> {
    Ok(certificates::table
        .filter(certificates::token.eq(token))
        .select(CertificateRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<CertificateRow>, StoreError> {
    Ok(certificates::table.order(certificates::id).select(CertificateRow::as_select()).load(conn)?)
}
