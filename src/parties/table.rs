//! Rows of parties.

use diesel::prelude::*;
use serde::Serialize;

use super::PartyKind;
use crate::base::Moment;
use crate::base::id::PartyId;
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
    Ok(parties::table.find(id).select(PartyRow::as_select()).first(conn).optional()?)
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

/// A party, its parents and all that belong to them: the group that a gate looks at together.
pub fn group_of(conn: &mut AnyConn, id: PartyId) -> Result<Vec<PartyId>, StoreError> {
    let all: Vec<(PartyId, Option<PartyId>)> = parties::table.select((parties::id, parties::parent_id)).load(conn)?;
    let mut top = id;
    // A group is a tree; the bound keeps a wrong loop of parents from running for ever.
    for _ in 0..all.len() {
        match all.iter().find(|(party, _)| *party == top) {
            Some((_, Some(parent))) if *parent != id => top = *parent,
            _ => break,
        }
    }
    let mut group = vec![top];
    let mut next = 0;
    while let Some(head) = group.get(next).copied() {
        let children = all.iter().filter(|(party, parent)| *parent == Some(head) && *party != head).map(|(party, _)| *party);
        let fresh: Vec<PartyId> = children.filter(|party| !group.contains(party)).collect();
        group.extend(fresh);
        next += 1;
    }
    Ok(group)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<PartyRow>, StoreError> {
    Ok(parties::table.order(parties::id).select(PartyRow::as_select()).load(conn)?)
}
