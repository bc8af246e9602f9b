//! Daily seals: a Merkle root per project over the messages received on a day and the punches stored from them, put into the
//! project's chain. A seal covers what is too much for the journal itself.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::conn::AnyConn;
use super::fixed::fixed;
use super::journal::hex;
use super::tx::{Chain, Sealed, Tx};
use super::{StoreError, schema};
use crate::base::id::{ProjectId, first_at};
use crate::base::{Day, Moment};

/// A day's seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::seals)]
pub struct Seal {
    /// Project.
    pub project_id: ProjectId,
    /// Day of receipt.
    pub sealed_on: Day,
    /// What is sealed; `inbox` today.
    pub feed: String,
    /// How many messages.
    pub items: i64,
    /// Merkle root in hex.
    pub root: String,
    /// Place in the chain.
    pub recorded_seq: i64,
}

impl Sealed for Seal {
    const TABLE: &'static str = "seals";
    fn chain(&self) -> Chain {
        Chain::Project(self.project_id)
    }
    fn key(&self) -> String {
        format!("{}/{}", self.sealed_on, self.feed)
    }
}

/// Root of a binary tree of SHA-256 over the leaves, a lone leaf moving up as it is; the hash of nothing for no leaves.
pub fn merkle_root(leaves: impl IntoIterator<Item = String>) -> String {
    let mut level: Vec<String> = leaves.into_iter().map(|leaf| hex(&Sha256::digest(leaf.as_bytes()))).collect();
    if level.is_empty() {
        return hex(&Sha256::digest(b""));
    }
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => hex(&Sha256::digest(format!("{left}{right}").as_bytes())),
                rest => rest.concat(),
            })
            .collect();
    }
    level.pop().unwrap_or_default()
}

/// Days by which the ids of messages may run ahead of their receipt: they do where the clock was put back.
const AHEAD_DAYS: i64 = 1;

#[derive(QueryableByName)]
struct Leaf {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Text)]
    body_sha256: String,
    #[diesel(sql_type = Text)]
    items_digest: String,
}

/// Number of messages that each of some projects received on a day, and their root; nothing of a project without any.
///
/// Messages lie in the order of their ids, and no id is smaller than its moment, so that a day is found in the key; what has an id of
/// `until_id` or more is not read.
fn roots_up_to(
    conn: &mut AnyConn,
    projects: &[ProjectId],
    day: Day,
    until_id: i64,
) -> Result<BTreeMap<ProjectId, (i64, String)>, StoreError> {
    let (from, until) = (day.begins(), day.plus_days(1).begins());
    let rows: Vec<Leaf> = fixed(
        "SELECT id, project_id, body_sha256, items_digest FROM inbox \
         WHERE id >= $1 AND id < $2 AND received_at >= $3 AND received_at < $4 AND project_id IN ($5) ORDER BY id",
    )
    .big(first_at(from))
    .big(until_id)
    .big(from.0)
    .big(until.0)
    .bigs(projects.iter().map(|project| project.0))
    .load(conn)?;
    let mut leaves: BTreeMap<ProjectId, Vec<String>> = BTreeMap::new();
    for row in rows {
        leaves.entry(row.project_id).or_default().push(format!("{} {} {}", row.id, row.body_sha256, row.items_digest));
    }
    let root = |leaves: Vec<String>| (i64::try_from(leaves.len()).unwrap_or(i64::MAX), merkle_root(leaves));
    Ok(leaves.into_iter().map(|(project, leaves)| (project, root(leaves))).collect())
}

/// Seals a day that has ended for some projects; nothing happens to one that is sealed already or that nothing came for.
pub fn seal_days(tx: &mut Tx<'_>, projects: &[ProjectId], day: Day, now: Moment) -> Result<Vec<Seal>, StoreError> {
    use schema::seals as s;
    let known = s::table.filter(s::project_id.eq_any(projects.to_vec()).and(s::sealed_on.eq(day)));
    let known: Vec<ProjectId> = known.select(s::project_id).load(tx.conn())?;
    let open: Vec<ProjectId> = projects.iter().copied().filter(|project| !known.contains(project)).collect();
    let mut sealed = Vec::new();
    for (project, (items, root)) in roots_up_to(tx.conn(), &open, day, i64::MAX)? {
        let recorded_seq = tx.seq(Chain::Project(project))?;
        let seal = Seal { project_id: project, sealed_on: day, feed: "inbox".to_owned(), items, root, recorded_seq };
        diesel::insert_into(s::table).values(&seal).execute(tx.conn())?;
        tx.note(Chain::Project(project), now, "job:seal", "seal_day", &day.to_string())?;
        tx.seal(&seal)?;
        sealed.push(seal);
    }
    Ok(sealed)
}

/// The seals that the messages of their days do not bear out, and how many were looked at. For `verify`.
pub fn broken(conn: &mut AnyConn) -> Result<(u64, Vec<Seal>), StoreError> {
    let mut by_day: BTreeMap<Day, Vec<Seal>> = BTreeMap::new();
    for seal in all(conn)? {
        by_day.entry(seal.sealed_on).or_default().push(seal);
    }
    let (mut looked, mut broken) = (0, Vec::new());
    for (day, seals) in by_day {
        looked += u64::try_from(seals.len()).unwrap_or(u64::MAX);
        let projects: Vec<ProjectId> = seals.iter().map(|seal| seal.project_id).collect();
        let differs = |found: &BTreeMap<ProjectId, (i64, String)>, seal: &Seal| {
            found.get(&seal.project_id).is_none_or(|(items, root)| (*items, root) != (seal.items, &seal.root))
        };
        let near = roots_up_to(conn, &projects, day, first_at(day.plus_days(1 + AHEAD_DAYS).begins()))?;
        if seals.iter().any(|seal| differs(&near, seal)) {
            // A clock that was put back further than that is no broken seal.
            let every = roots_up_to(conn, &projects, day, i64::MAX)?;
            broken.extend(seals.into_iter().filter(|seal| differs(&every, seal)));
        }
    }
    Ok((looked, broken))
}

/// Every seal, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<Seal>, StoreError> {
    use schema::seals as s;
    Ok(s::table.order((s::project_id, s::sealed_on)).select(Seal::as_select()).load(conn)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_changes_with_any_leaf_and_with_their_order() {
        let root = |leaves: &[&str]| merkle_root(leaves.iter().map(|leaf| (*leaf).to_owned()));
        assert_eq!(root(&["a", "b", "c"]), root(&["a", "b", "c"]));
        assert_ne!(root(&["a", "b", "c"]), root(&["a", "c", "b"]));
        assert_ne!(root(&["a", "b"]), root(&["a", "b", "b"]));
        assert_ne!(root(&[]), root(&[""]).repeat(2));
    }
}
