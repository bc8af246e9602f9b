//! Daily seals: a Merkle root per project over the messages received on a day and the punches stored from them, put into the
//! project's chain. A seal covers what is too much for the journal itself.

use diesel::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::conn::AnyConn;
use super::journal::hex;
use super::tx::{Chain, Sealed, Tx};
use super::{StoreError, schema};
use crate::base::id::ProjectId;
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

/// Number of messages of a project received on a day, and their root.
pub fn root_of_inbox(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<(i64, String), StoreError> {
    use schema::inbox as i;
    let (from, until) = (day.begins(), day.plus_days(1).begins());
    let rows: Vec<(i64, String, String)> = i::table
        .filter(i::project_id.eq(project).and(i::received_at.ge(from)).and(i::received_at.lt(until)))
        .order(i::id)
        .select((i::id, i::body_sha256, i::items_digest))
        .load(conn)?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Ok((count, merkle_root(rows.into_iter().map(|(id, body, items)| format!("{id} {body} {items}")))))
}

/// Seals a day that has ended; nothing happens when it is sealed already or nothing came.
pub fn seal_day(tx: &mut Tx<'_>, project: ProjectId, day: Day, now: Moment) -> Result<Option<Seal>, StoreError> {
    use schema::seals as s;
    let known: i64 = s::table.filter(s::project_id.eq(project).and(s::sealed_on.eq(day))).count().get_result(tx.conn())?;
    let (items, root) = root_of_inbox(tx.conn(), project, day)?;
    if known > 0 || items == 0 {
        return Ok(None);
    }
    let recorded_seq = tx.seq(Chain::Project(project))?;
    let seal = Seal { project_id: project, sealed_on: day, feed: "inbox".to_owned(), items, root, recorded_seq };
    diesel::insert_into(s::table).values(&seal).execute(tx.conn())?;
    tx.note(Chain::Project(project), now, "job:seal", "seal_day", &day.to_string())?;
    tx.seal(&seal)?;
    Ok(Some(seal))
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
