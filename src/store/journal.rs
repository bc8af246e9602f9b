//! The journal: one hash chain per project and one for what no project owns.
//!
//! An entry names who did what and the digest of every row written with it. Its sequence number is the commit order. [`Audit`]
//! walks the chains and compares each row that stands in a table with the last digest that the journal holds for it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::conn::AnyConn;
use super::fixed::fixed;
use super::tx::{Chain, Sealed};
use super::{StoreError, schema};
use crate::base::Moment;

/// One thing that was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Action {
    /// When.
    pub at: Moment,
    /// Who: a user's id, a key's id, or the name of a job.
    pub actor: String,
    /// What, as a verb of the slice (`open_account`).
    pub verb: String,
    /// To what: the id of the subject.
    pub subject: String,
}

/// A row that was written, by table, key and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedRow {
    /// Table.
    pub table: String,
    /// Key inside the chain.
    pub key: String,
    /// SHA-256 of the row's canonical JSON, in hex.
    pub digest: String,
}

/// [`SealedRow`]s as the JSON that an entry keeps, written as they come: a large file seals hundreds of thousands.
#[derive(Debug, Default)]
pub(super) struct SealedRows(String);

impl SealedRows {
    /// Adds a row.
    pub fn push(&mut self, table: &str, key: &str, digest: &str) -> Result<(), StoreError> {
        let mark = if self.is_empty() { '[' } else { ',' };
        self.0.push(mark);
        for (part, value) in [("{\"table\":", table), (",\"key\":", key), (",\"digest\":", digest)] {
            self.0.push_str(part);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./: ".contains(&byte);
            if value.bytes().all(plain) {
                // Names, numbers and digests, written as they are.
                self.0.extend(["\"", value, "\""]);
            } else {
                self.0.push_str(&serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))?);
            }
        }
        self.0.push('}');
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn into_json(self) -> String {
        if self.is_empty() { "[]".to_owned() } else { self.0 + "]" }
    }
}

/// A line of the journal as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::journal)]
pub struct Entry {
    /// Chain.
    pub chain: String,
    /// Place in the chain, from 1.
    pub seq: i64,
    /// When.
    pub at: Moment,
    /// Who.
    pub actor: String,
    /// The actions as JSON.
    pub actions: String,
    /// The sealed rows as JSON.
    pub sealed: String,
    /// Hash of the entry before, empty for the first.
    pub previous: String,
    /// SHA-256 over everything above, in hex.
    pub hash: String,
}

impl Entry {
    pub(super) fn new(
        chain: Chain,
        seq: i64,
        at: Moment,
        actor: String,
        actions: &[Action],
        sealed: SealedRows,
        previous: String,
    ) -> Result<Self, StoreError> {
        let actions = serde_json::to_string(actions).map_err(|error| StoreError::Damaged(error.to_string()))?;
        let sealed = sealed.into_json();
        let mut entry = Self { chain: chain.to_string(), seq, at, actor, actions, sealed, previous, hash: String::new() };
        entry.hash = entry.computed_hash();
        Ok(entry)
    }

    fn computed_hash(&self) -> String {
        let mut hasher = Sha256::new();
        let (seq, at) = (self.seq.to_string(), self.at.0.to_string());
        for part in [&self.chain, &seq, &at, &self.actor, &self.actions, &self.sealed, &self.previous] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        hex(&hasher.finalize())
    }
}

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).map_or('0', |digit| char::from(*digit));
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// SHA-256 of bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The digest of a row.
pub fn digest<R: Sealed>(row: &R) -> Result<String, StoreError> {
    let json = serde_json::to_vec(row).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(sha256(&json))
}

/// Rows from which a second thread is worth its start.
const MANY: usize = 200;

/// The digest of each row, in their order.
pub(super) fn digests<R: Sealed + Sync>(rows: &[R]) -> Result<Vec<String>, StoreError> {
    let of = |rows: &[R]| rows.iter().map(digest).collect::<Result<Vec<String>, StoreError>>();
    if rows.len() < MANY {
        return of(rows);
    }
    let (first, second) = rows.split_at(rows.len() / 2);
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| of(second));
        let mut all = of(first)?;
        all.extend(beside.join().map_err(|_| StoreError::Damaged("the digests of rows broke off".to_owned()))??);
        Ok(all)
    })
}

/// Serialises a column of bytes as its hash, so that a large body does not pass through JSON.
pub fn bytes_as_digest<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&sha256(bytes))
}

/// As [`bytes_as_digest`] for a column that may be empty.
pub fn optional_bytes_as_digest<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| sha256(bytes)).serialize(serializer)
}

/// How far a chain has come; 0 for one that nothing was written to. Locks nothing: what is read after it is at least as new.
pub fn stands(conn: &mut AnyConn, chain: Chain) -> Result<i64, StoreError> {
    use diesel::sql_types::BigInt;
    #[derive(QueryableByName)]
    struct Stands {
        #[diesel(sql_type = BigInt)]
        seq: i64,
    }
    let name = chain.to_string();
    let found: Option<Stands> = fixed("SELECT seq FROM chain_heads WHERE chain = $1").text(&name).get_result(conn).optional()?;
    Ok(found.map_or(0, |found| found.seq))
}

/// A check of the journal against the tables.
#[derive(Debug, Default)]
pub struct Audit {
    expected: BTreeMap<(String, String, String), String>,
    /// Rows and journal entries that were looked at.
    pub verified: u64,
    /// What does not hold, each with table and row.
    pub broken: Vec<String>,
}

impl Audit {
    /// Walks every chain and remembers the last digest of each row.
    pub fn of_chains(conn: &mut AnyConn) -> Result<Self, StoreError> {
        use schema::{chain_heads, journal};
        let mut audit = Audit::default();
        let heads: Vec<(String, i64, String)> = chain_heads::table
            .select((chain_heads::chain, chain_heads::seq, chain_heads::hash))
            .order(chain_heads::chain)
            .load(conn)?;
        for (chain, head_seq, head_hash) in heads {
            let entries: Vec<Entry> =
                journal::table.filter(journal::chain.eq(&chain)).order(journal::seq).select(Entry::as_select()).load(conn)?;
            let (mut seq, mut previous) = (0, String::new());
            for entry in entries {
                seq += 1;
                audit.verified += 1;
                if entry.seq != seq || entry.previous != previous || entry.hash != entry.computed_hash() {
                    audit.broken.push(format!("journal {chain} {}: the chain does not hold here", entry.seq));
                    seq = entry.seq;
                }
                previous = entry.hash;
                match serde_json::from_str::<Vec<SealedRow>>(&entry.sealed) {
                    Ok(rows) => {
                        for row in rows {
                            audit.expected.insert((row.table, chain.clone(), row.key), row.digest);
                        }
                    }
                    Err(_) => audit.broken.push(format!("journal {chain} {}: its rows cannot be read", entry.seq)),
                }
            }
            if seq != head_seq || previous != head_hash {
                audit.broken.push(format!("chain_heads {chain}: the journal ends at {seq}, the head says {head_seq}"));
            }
        }
        Ok(audit)
    }

    /// Compares one table's rows with what the journal says of them.
    pub fn table<R: Sealed>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), StoreError> {
        rows.into_iter().try_for_each(|row| self.row(&row))
    }

    fn row<R: Sealed>(&mut self, row: &R) -> Result<(), StoreError> {
        self.verified += 1;
        let key = (R::TABLE.to_owned(), row.chain().to_string(), row.key());
        match self.expected.remove(&key) {
            Some(expected) if expected == digest(row)? => {}
            Some(_) => self.broken.push(format!("{} {} {}: the row was changed", key.0, key.1, key.2)),
            None => self.broken.push(format!("{} {} {}: the journal knows no such row", key.0, key.1, key.2)),
        }
        Ok(())
    }

    /// One row that is sealed together with rows of another table; what was recorded when they were still sealed apart holds as well.
    pub fn with_parts<W: Sealed, R: Sealed, P: Sealed>(&mut self, whole: &W, alone: &R, parts: &[P]) -> Result<(), StoreError> {
        let own = digest(alone)?;
        let key = (R::TABLE.to_owned(), alone.chain().to_string(), alone.key());
        if self.expected.get(&key) != Some(&own) {
            return self.row(whole);
        }
        self.row(alone)?;
        parts.iter().try_for_each(|part| self.row(part))
    }

    /// Names rows that the journal holds and no table does; call it after every table was compared.
    pub fn missing(&mut self) {
        for (table, chain, key) in std::mem::take(&mut self.expected).into_keys() {
            self.broken.push(format!("{table} {chain} {key}: the row is gone"));
        }
    }
}
