//! Floor 2: the database. Two of them, one text: SQLite embedded and PostgreSQL.
//!
//! Everything above asks through [`Db::read`] and [`Db::write`]; what the query builder cannot say on both databases
//! stands in `bulk` and `conn`. Deliberately absent: rules, HTTP, and any knowledge of what a table means to the field.

pub mod bulk;
pub mod conn;
pub mod fixed;
pub mod fuse;
pub mod gathering;
pub mod inbox;
pub mod jobs;
pub mod journal;
pub mod keys;
pub mod law_books;
pub mod migrate;
pub mod outbox;
pub mod past;
pub mod replay;
pub mod schema;
pub mod seals;
pub mod spool;
pub mod ticks;
pub mod tx;
pub mod types;
pub mod vault;
mod writer;

pub use conn::{AnyConn, Backend, Db, DbOptions};
pub use gathering::Gathering;
pub use past::Past;
pub use tx::{Chain, Sealed, Tx};
pub use vault::Vault;
pub use writer::Commits;

/// Why the store could not do what was asked.
#[derive(Debug)]
pub enum StoreError {
    /// The database refused or failed; the text is for operators.
    Database(diesel::result::Error),
    /// No connection, a full queue, or a writer that has gone: try again later.
    Unavailable(String),
    /// Stored bytes cannot be opened or read: wrong key or damaged row.
    Damaged(String),
    /// A setting or URL that cannot work; the text says what to change.
    Setup(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::Database(error) => write!(f, "database: {error}"),
            StoreError::Unavailable(why) => write!(f, "store is not available: {why}"),
            StoreError::Damaged(what) => write!(f, "stored data is damaged: {what}"),
            StoreError::Setup(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::Database(error)
    }
}

impl StoreError {
    /// Whether the same work may succeed when it is done again: a lost race, a lock, a deadlock.
    pub fn is_transient(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        match self {
            StoreError::Database(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            StoreError::Database(Error::DatabaseError(_, info)) => {
                info.message().contains("database is locked") || info.message().contains("deadlock detected")
            }
            _ => false,
        }
    }

    /// Whether a unique or primary key stood in the way.
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error};
        matches!(self, StoreError::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}
