//! Rows of amendments, of the decisions on them, and the law books that were in force.

use diesel::prelude::*;
use serde::Serialize;

use super::{AmendmentKind, Verdict};
use crate::base::id::{AmendmentId, UserId};
use crate::base::{Moment, RegionCode};
use crate::store::schema::{amendment_decisions, amendments, law_books};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// A proposal; never updated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = amendments)]
pub struct AmendmentRow {
    pub id: AmendmentId,
    pub kind: AmendmentKind,
    pub file: Option<String>,
    pub region: Option<RegionCode>,
    pub wording: Option<String>,
    pub replaces: Option<String>,
    pub permit_gate: Option<bool>,
    pub completion_gate: Option<bool>,
    pub reason: String,
    pub document: String,
    pub changes: String,
    pub seen: i64,
    pub seen_book: String,
    pub law_book: String,
    pub proposed_by: UserId,
    pub proposed_at: Moment,
    pub recorded_seq: i64,
}

/// What became of a proposal; at most one each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = amendment_decisions)]
pub struct DecisionRow {
    pub amendment_id: AmendmentId,
    pub verdict: Verdict,
    pub note: String,
    pub decided_by: UserId,
    pub decided_at: Moment,
    pub activation: Option<i64>,
    pub recorded_seq: i64,
}

impl Sealed for AmendmentRow {
    const TABLE: &'static str = "amendments";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

impl Sealed for DecisionRow {
    const TABLE: &'static str = "amendment_decisions";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.amendment_id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &AmendmentRow) -> Result<(), StoreError> {
    diesel::insert_into(amendments::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_decision(tx: &mut Tx<'_>, row: &DecisionRow) -> Result<(), StoreError> {
    diesel::insert_into(amendment_decisions::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, id: AmendmentId) -> Result<Option<AmendmentRow>, StoreError> {
    Ok(amendments::table.find(id).select(AmendmentRow::as_select()).first(conn).optional()?)
}

pub fn decision(conn: &mut AnyConn, id: AmendmentId) -> Result<Option<DecisionRow>, StoreError> {
    Ok(amendment_decisions::table.find(id).select(DecisionRow::as_select()).first(conn).optional()?)
}

/// Proposals, the latest first, before an id.
pub fn page(conn: &mut AnyConn, before: i64, limit: i64) -> Result<Vec<AmendmentRow>, StoreError> {
    Ok(amendments::table
        .filter(amendments::id.lt(AmendmentId(before)))
        .order(amendments::id.desc())
        .limit(limit)
        .select(AmendmentRow::as_select())
        .load(conn)?)
}

/// Number of the last amendment in force; 0 when there is none.
pub fn activation(conn: &mut AnyConn) -> Result<i64, StoreError> {
    let last: Option<i64> = amendment_decisions::table.select(diesel::dsl::max(amendment_decisions::activation)).first(conn)?;
    Ok(last.unwrap_or(0))
}

/// Every approved amendment in the order of approval.
pub fn approved(conn: &mut AnyConn) -> Result<Vec<AmendmentRow>, StoreError> {
    let order: Vec<AmendmentId> = amendment_decisions::table
        .filter(amendment_decisions::activation.is_not_null())
        .order(amendment_decisions::activation)
        .select(amendment_decisions::amendment_id)
        .load(conn)?;
    order.into_iter().map(|id| Ok(amendments::table.find(id).select(AmendmentRow::as_select()).first(conn)?)).collect()
}

/// Stores a law book by its hash unless it stands already.
pub fn keep_book(conn: &mut AnyConn, hash: &str, files: &[(String, String)], now: Moment) -> Result<(), StoreError> {
    let known: i64 = law_books::table.filter(law_books::hash.eq(hash)).count().get_result(conn)?;
    if known > 0 {
        return Ok(());
    }
    let body = serde_json::to_vec(files).map_err(|error| StoreError::Damaged(error.to_string()))?;
    diesel::sql_query("INSERT INTO law_books (hash, activated_at, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<diesel::sql_types::Text, _>(hash)
        .bind::<diesel::sql_types::BigInt, _>(now)
        .bind::<diesel::sql_types::Binary, _>(body)
        .execute(conn)?;
    Ok(())
}

/// The files of a stored law book.
pub fn book_files(conn: &mut AnyConn, hash: &str) -> Result<Option<Vec<(String, String)>>, StoreError> {
    let body: Option<Vec<u8>> = law_books::table.find(hash).select(law_books::body).first(conn).optional()?;
    let damaged = |error: serde_json::Error| StoreError::Damaged(format!("law_books {hash}: {error}"));
    body.map(|body| serde_json::from_slice(&body).map_err(damaged)).transpose()
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AmendmentRow>, StoreError> {
    Ok(amendments::table.order(amendments::id).select(AmendmentRow::as_select()).load(conn)?)
}

pub fn all_decisions(conn: &mut AnyConn) -> Result<Vec<DecisionRow>, StoreError> {
    Ok(amendment_decisions::table.order(amendment_decisions::amendment_id).select(DecisionRow::as_select()).load(conn)?)
}
