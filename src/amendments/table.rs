//! Rows of amendments, of the decisions on them, and the law books that were in force.

use diesel::prelude::*;
use serde::Serialize;

use super::{AmendmentKind, Verdict};
use crate::base::id::{AmendmentId, UserId};
use crate::base::{Moment, RegionCode};
use crate::store::schema::{amendment_decisions, amendments};
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

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AmendmentRow>, StoreError> {
    Ok(amendments::table.order(amendments::id).select(AmendmentRow::as_select()).load(conn)?)
}

pub fn all_decisions(conn: &mut AnyConn) -> Result<Vec<DecisionRow>, StoreError> {
    Ok(amendment_decisions::table.order(amendment_decisions::amendment_id).select(DecisionRow::as_select()).load(conn)?)
}
