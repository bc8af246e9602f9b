//! Reading in one snapshot and writing in one transaction, with the journal's line as part of it.
//!
//! A [`Tx`] knows which chains it touched. The first touch locks the chain's head and fixes the sequence number that every row
//! of the transaction is stamped with; the end writes one journal entry a chain. Work that writes sealed rows and says nothing
//! about why fails: there is no change without a journal line.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use super::bulk::directly;
use super::conn::{AnyConn, Backend, Db};
use super::fixed::fixed;
use super::journal::{self, SealedRows};
use super::{StoreError, schema};
use crate::base::Moment;
use crate::base::id::ProjectId;

/// Which hash chain a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// One project's.
    Project(ProjectId),
    /// Users, parties, persons, devices, law books: what no project owns.
    Organisation,
}

impl std::fmt::Display for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Chain::Project(id) => id.fmt(f),
            Chain::Organisation => f.write_str("organisation"),
        }
    }
}

/// A row that the journal vouches for: its digest goes into the chain whenever it is written.
pub trait Sealed: Serialize {
    /// Name of its table.
    const TABLE: &'static str;
    /// The chain it belongs to.
    fn chain(&self) -> Chain;
    /// Its primary key inside the chain, as text.
    fn key(&self) -> String;
}

/// Rows of a project that are known by their `id`: type, table, column of the project.
macro_rules! sealed_in_project {
    ($($row:ident: $table:literal, $project:ident;)*) => {$(
        impl $crate::store::Sealed for $row {
            const TABLE: &'static str = $table;
            fn chain(&self) -> $crate::store::Chain {
                $crate::store::Chain::Project(self.$project)
            }
            fn key(&self) -> String {
                self.id.to_string()
            }
        }
    )*};
}
pub(crate) use sealed_in_project;

/// What a transaction has done to one chain so far.
struct OpenChain {
    seq: i64,
    previous: String,
    actions: Vec<journal::Action>,
    sealed: SealedRows,
}

/// A transaction that is open for writing.
pub struct Tx<'a> {
    conn: &'a mut AnyConn,
    chains: BTreeMap<Chain, OpenChain>,
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    hash: String,
}

impl<'a> Tx<'a> {
    pub(super) fn new(conn: &'a mut AnyConn) -> Self {
        Self { conn, chains: BTreeMap::new() }
    }

    /// The connection, for queries and unsealed writes.
    pub fn conn(&mut self) -> &mut AnyConn {
        self.conn
    }

    /// The sequence number that rows of this transaction carry in `chain`; locks the chain until the end.
    pub fn seq(&mut self, chain: Chain) -> Result<i64, StoreError> {
        if let Some(open) = self.chains.get(&chain) {
            return Ok(open.seq);
        }
        let name = chain.to_string();
        fixed("INSERT INTO chain_heads (chain, seq, hash) VALUES ($1, 0, '') ON CONFLICT DO NOTHING")
            .text(&name)
            .execute(self.conn)?;
        let lock = match self.conn.backend() {
            Backend::Sqlite => "SELECT seq, hash FROM chain_heads WHERE chain = $1",
            Backend::Postgres => "SELECT seq, hash FROM chain_heads WHERE chain = $1 FOR UPDATE",
        };
        let head: Head = fixed(lock).text(&name).get_result(self.conn)?;
        let seq = head.seq + 1;
        self.chains.insert(chain, OpenChain { seq, previous: head.hash, actions: Vec::new(), sealed: SealedRows::default() });
        Ok(seq)
    }

    /// Puts the digest of a row that was just written into its chain.
    pub fn seal<R: Sealed>(&mut self, row: &R) -> Result<(), StoreError> {
        let chain = row.chain();
        self.seq(chain)?;
        let digest = journal::digest(row)?;
        if let Some(open) = self.chains.get_mut(&chain) {
            open.sealed.push(R::TABLE, &row.key(), &digest)?;
        }
        Ok(())
    }

    /// [`Tx::seal`] for many rows that were just written, in their order. The digests of a large batch are computed on two threads.
    pub fn seal_all<R: Sealed + Sync>(&mut self, rows: &[R]) -> Result<(), StoreError> {
        let digests = journal::digests(rows)?;
        for (row, digest) in rows.iter().zip(digests) {
            let chain = row.chain();
            self.seq(chain)?;
            if let Some(open) = self.chains.get_mut(&chain) {
                open.sealed.push(R::TABLE, &row.key(), &digest)?;
            }
        }
        Ok(())
    }

    /// Says who did what to what, and when; one line at least is needed in each chain that a transaction writes to.
    pub fn note(&mut self, chain: Chain, at: Moment, actor: &str, verb: &'static str, subject: &str) -> Result<(), StoreError> {
        self.seq(chain)?;
        if let Some(open) = self.chains.get_mut(&chain) {
            open.actions.push(journal::Action {
                at,
                actor: actor.to_owned(),
                verb: verb.to_owned(),
                subject: subject.to_owned(),
            });
        }
        Ok(())
    }

    /// Writes the journal entries; called once, by whoever opened the transaction.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        for (chain, open) in std::mem::take(&mut self.chains) {
            if open.actions.is_empty() && open.sealed.is_empty() {
                continue;
            }
            let Some(first) = open.actions.first() else {
                return Err(StoreError::Damaged(format!("a change of chain `{chain}` came without a journal line")));
            };
            let (at, actor) = (first.at, first.actor.clone());
            let entry = journal::Entry::new(chain, open.seq, at, actor, &open.actions, open.sealed, open.previous)?;
            directly!(self.conn, conn => diesel::insert_into(schema::journal::table).values(&entry).execute(conn))?;
            fixed("UPDATE chain_heads SET seq = $1, hash = $2 WHERE chain = $3")
                .big(open.seq)
                .text(&entry.hash)
                .text(&chain.to_string())
                .execute(self.conn)?;
        }
        Ok(())
    }
}

/// How often a write is tried again after a lost race.
const TRIES_MAX: u32 = 5;

impl Db {
    /// Runs `work` in one transaction and answers after the commit. On SQLite it goes through the writer; on PostgreSQL it has
    /// a transaction of its own and is tried again after a lost race, so it must have no effect outside the database.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Transient + Send + 'static,
    {
        match self.backend() {
            Backend::Sqlite => self.write_in_group(work).await,
            Backend::Postgres => {
                let db = self.clone();
                run_blocking(move || db.write_alone(&work)).await
            }
        }
    }

    /// Runs `work` in the writer's next group, on both databases: for feeds, where many small requests share a commit.
    pub async fn write_in_group<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = tokio::sync::oneshot::channel();
        // The asker may have gone away (a closed connection); the work stands all the same.
        self.lanes.first().submit(work, move |result| drop(reply.send(result)))?;
        answer.await.unwrap_or_else(|_| Err(E::from(StoreError::Unavailable("the writer gave no answer".to_owned()))))
    }

    /// [`Db::write`] for commands, jobs and the simulation, which have no event loop to keep free.
    pub fn write_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Transient + Send + 'static,
    {
        match self.backend() {
            Backend::Sqlite => {
                let (reply, answer) = std::sync::mpsc::sync_channel(1);
                self.lanes.first().submit(work, move |result| drop(reply.send(result)))?;
                let gone = |_| Err(E::from(StoreError::Unavailable("the writer gave no answer".to_owned())));
                answer.recv().unwrap_or_else(gone)
            }
            Backend::Postgres => self.write_alone(&work),
        }
    }

    fn write_alone<T, E, F>(&self, work: &F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E>,
        E: From<StoreError> + Transient,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            let result = self.with_conn(|conn| {
                conn.batch_execute("BEGIN").map_err(StoreError::from)?;
                let mut tx = Tx::new(conn);
                let result = work(&mut tx).and_then(|value| tx.finish().map(|()| value).map_err(E::from));
                let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
                let ended = conn.batch_execute(end).map_err(StoreError::from);
                result.and_then(|value| ended.map(|()| value).map_err(E::from))
            });
            match result {
                Err(error) if error.is_transient() && tries < TRIES_MAX => continue,
                other => return other,
            }
        }
    }

    /// Runs `work` on one snapshot of the database, off the event loop.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let db = self.clone();
        run_blocking(move || db.read_blocking(work)).await
    }

    /// [`Db::read`] for commands, jobs and the simulation.
    pub fn read_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConn) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.with_conn(|conn| {
            let begin = match conn.backend() {
                Backend::Sqlite => "BEGIN DEFERRED",
                Backend::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            };
            conn.batch_execute(begin).map_err(StoreError::from)?;
            let result = work(conn);
            let ended = conn.batch_execute("ROLLBACK").map_err(StoreError::from);
            result.and_then(|value| ended.map(|()| value).map_err(E::from))
        })
    }

    /// Runs a statement that no transaction may hold, like SQLite's `VACUUM INTO`.
    pub fn run_outside_transaction<T>(&self, work: impl FnOnce(&mut AnyConn) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.with_conn(work)
    }

    /// Lends a pooled connection; a dead one is replaced after the error that showed it.
    fn with_conn<T, E: From<StoreError>>(&self, work: impl FnOnce(&mut AnyConn) -> Result<T, E>) -> Result<T, E> {
        use diesel::r2d2::ManageConnection;
        let mut pooled = self.pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let result = work(&mut pooled);
        if result.is_err() && pooled.batch_execute("SELECT 1").is_err() {
            // A transaction left open by a failed BEGIN or COMMIT is closed first; only a dead connection still fails then.
            let revived = pooled.batch_execute("ROLLBACK").and_then(|()| pooled.batch_execute("SELECT 1"));
            if revived.is_err()
                && let Ok(fresh) = self.opener.connect()
            {
                *pooled = fresh;
            }
        }
        result
    }
}

/// An error that knows whether the same work may succeed when it is done again.
pub trait Transient {
    /// Whether a lost race caused it.
    fn is_transient(&self) -> bool;
}

impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        StoreError::is_transient(self)
    }
}

pub(super) async fn run_blocking<T, E, F>(work: F) -> Result<T, E>
where
    F: FnOnce() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(E::from(StoreError::Unavailable(format!("the work was cut off: {error}")))))
}
