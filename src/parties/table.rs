//! Rows of parties.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;

use super::PartyKind;
use crate::base::Moment;
use crate::base::id::PartyId;
use crate::store::bulk::directly;
use crate::store::schema::parties;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};
use crate::web::Scope;

/// A party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = parties)]
#[schema(as = Party)]
pub struct PartyRow {
    pub id: PartyId,
    pub uscc: String,
    pub name: String,
    pub kind: PartyKind,
    pub parent_id: Option<PartyId>,
    pub created_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for PartyRow {
    const TABLE: &'static str = "parties";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &PartyRow) -> Result<(), StoreError> {
    diesel::insert_into(parties::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Names and credit codes of companies are public; what a party owes is not, and stands elsewhere. The scope only says that somebody asks.
pub fn find(conn: &mut AnyConn, _scope: &Scope, id: PartyId) -> Result<Option<PartyRow>, StoreError> {
    Ok(directly!(conn, conn => parties::table.find(id).select(PartyRow::as_select()).first(conn)).optional()?)
}

pub fn by_uscc(conn: &mut AnyConn, _scope: &Scope, uscc: &str) -> Result<Option<PartyRow>, StoreError> {
    Ok(parties::table.filter(parties::uscc.eq(uscc)).select(PartyRow::as_select()).first(conn).optional()?)
}

pub fn list(conn: &mut AnyConn, _scope: &Scope, after: i64, limit: i64) -> Result<Vec<PartyRow>, StoreError> {
    Ok(parties::table
        .filter(parties::id.gt(PartyId(after)))
        .order(parties::id)
        .limit(limit)
        .select(PartyRow::as_select())
        .load(conn)?)
}

/// These parties, in order of id.
pub fn some(conn: &mut AnyConn, _scope: &Scope, ids: &[PartyId]) -> Result<Vec<PartyRow>, StoreError> {
    Ok(parties::table.filter(parties::id.eq_any(ids.to_vec())).order(parties::id).select(PartyRow::as_select()).load(conn)?)
}

/// A party, its parents and all that belong to them: the group that a gate looks at together. Walked level by level, so that it
/// costs what the group is large, not what the registry is.
pub fn group_of(conn: &mut AnyConn, id: PartyId) -> Result<Vec<PartyId>, StoreError> {
    let mut climbed = vec![id];
    // A group is a tree; what was climbed already keeps a wrong loop of parents from running for ever.
    while let Some(top) = climbed.last().copied() {
        let parent: Option<Option<PartyId>> = parties::table.find(top).select(parties::parent_id).get_result(conn).optional()?;
        match parent.flatten() {
            Some(parent) if !climbed.contains(&parent) => climbed.push(parent),
            _ => break,
        }
    }
    let mut level: Vec<PartyId> = climbed.last().copied().into_iter().collect();
    let mut group = BTreeSet::new();
    while !level.is_empty() {
        group.extend(level.iter().copied());
        let below: Vec<PartyId> =
            parties::table.filter(parties::parent_id.eq_any(level)).order(parties::id).select(parties::id).load(conn)?;
        level = below.into_iter().filter(|party| !group.contains(party)).collect();
    }
    Ok(group.into_iter().collect())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<PartyRow>, StoreError> {
    Ok(parties::table.order(parties::id).select(PartyRow::as_select()).load(conn)?)
}
