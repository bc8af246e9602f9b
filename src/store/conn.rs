//! Connections: one type over both databases, pools, and how a database is opened.
//!
//! The scheme of the URL decides at run time, here and nowhere else: the derived `establish` would try each backend in turn and hide the real error.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, Pool};

use super::StoreError;
use super::writer::{Commits, Lanes};

/// A connection to whichever database was configured.
#[derive(diesel::MultiConnection)]
pub enum AnyConn {
    /// The embedded database.
    Sqlite(diesel::sqlite::SqliteConnection),
    /// The server.
    #[cfg(feature = "postgres")]
    Postgres(diesel::pg::PgConnection),
}

/// Which database it is; only `store` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL, by URL.
    Postgres,
}

impl AnyConn {
    /// Which database this connection talks to.
    pub fn backend(&self) -> Backend {
        match self {
            AnyConn::Sqlite(_) => Backend::Sqlite,
            #[cfg(feature = "postgres")]
            AnyConn::Postgres(_) => Backend::Postgres,
        }
    }
}

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A `postgres://` URL.
    Server(String),
}

impl Place {
    /// Reads a database URL: `postgres://…`, `postgresql://…`, `sqlite://PATH` or a plain path.
    ///
    /// # Errors
    /// Another scheme, or PostgreSQL in a build without it: the text names the flag that is missing.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            if cfg!(feature = "postgres") {
                return Ok(Place::Server(url.to_owned()));
            }
            return Err(StoreError::Setup(
                "this build has no PostgreSQL: build with `cargo build --release --features postgres` (needs libpq-dev) \
                 or `--features postgres-bundled` / 本程序未包含 PostgreSQL 支持，请用上述参数重新编译"
                    .to_owned(),
            ));
        }
        let path = url.strip_prefix("sqlite://").unwrap_or(url);
        if path.contains("://") {
            let scheme = path.split("://").next().unwrap_or_default();
            return Err(StoreError::Setup(format!(
                "`{scheme}` is no database that anxin knows: write postgres://… or sqlite://PATH / 数据库地址应以 postgres:// 或 sqlite:// 开头"
            )));
        }
        Ok(Place::File(PathBuf::from(path)))
    }

    /// The embedded database of a data folder: `DIR/anxin.db`.
    pub fn in_folder(folder: &Path) -> Self {
        Place::File(folder.join("anxin.db"))
    }
}

/// How many connections read at once and how deep the writer's queue is.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Connections that read.
    pub readers_max: u32,
    /// Writes that may wait; more are refused with "try again later".
    pub queue_max: usize,
    /// Writes that share one commit.
    pub group_max: usize,
    /// Whether what was committed survives a power cut; only databases that are thrown away afterwards go without.
    pub is_durable: bool,
    /// Connections on which a server stores what machines send; the embedded database has one writer.
    pub intake_connections: usize,
    /// How much longer each commit of a writer takes: shows what a slow disk does, in measurements only.
    pub commit_pause: Duration,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            readers_max: 8,
            queue_max: 4096,
            group_max: 256,
            is_durable: true,
            intake_connections: 2,
            commit_pause: Duration::ZERO,
        }
    }
}

/// Opens connections of one place, for r2d2.
#[derive(Debug, Clone)]
pub struct Opener {
    place: Place,
    is_durable: bool,
}

const BUSY_TIMEOUT_MS: u32 = 10_000;
const CACHE_KIB: u32 = 65_536;

impl Opener {
    fn open(&self) -> Result<AnyConn, StoreError> {
        match &self.place {
            Place::File(path) => {
                let path = path.to_string_lossy();
                let unavailable =
                    |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("cannot open `{path}`: {error}"));
                let mut conn = diesel::sqlite::SqliteConnection::establish(&path).map_err(|e| unavailable(&e))?;
                let synchronous = if self.is_durable { "FULL" } else { "OFF" };
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
                     PRAGMA foreign_keys = ON; PRAGMA cache_size = -{CACHE_KIB}; PRAGMA temp_store = MEMORY;"
                ))
                .map_err(|e| unavailable(&e))?;
                Ok(AnyConn::Sqlite(conn))
            }
            #[cfg(feature = "postgres")]
            Place::Server(url) => {
                let unavailable =
                    |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("cannot reach PostgreSQL: {error}"));
                let mut conn = diesel::pg::PgConnection::establish(url).map_err(|e| unavailable(&e))?;
                // Months are cut out of days as text, which an administrator may have set otherwise.
                conn.batch_execute("SET DateStyle TO 'ISO'").map_err(|e| unavailable(&e))?;
                Ok(AnyConn::Postgres(conn))
            }
            #[cfg(not(feature = "postgres"))]
            Place::Server(url) => Place::parse(url).and(Err(StoreError::Setup("this build has no PostgreSQL".to_owned()))),
        }
    }
}

impl ManageConnection for Opener {
    type Connection = AnyConn;
    type Error = StoreError;

    fn connect(&self) -> Result<AnyConn, StoreError> {
        self.open()
    }

    fn is_valid(&self, conn: &mut AnyConn) -> Result<(), StoreError> {
        conn.batch_execute("SELECT 1").map_err(StoreError::from)
    }

    fn has_broken(&self, _conn: &mut AnyConn) -> bool {
        // Work that unwinds leaves its transaction open: on PostgreSQL whoever came next would go on in it and commit its half.
        std::thread::panicking()
    }
}

/// An open database: a pool of readers and the one writer.
#[derive(Clone)]
pub struct Db {
    pub(super) pool: Pool<Opener>,
    pub(super) lanes: Lanes,
    pub(super) opener: Opener,
    backend: Backend,
}

impl Db {
    /// Opens the database; makes the file when there is none, but no tables (see `migrate`).
    pub fn open(place: Place, options: &DbOptions) -> Result<Self, StoreError> {
        let backend = match &place {
            Place::File(_) => Backend::Sqlite,
            Place::Server(_) => Backend::Postgres,
        };
        let opener = Opener { place, is_durable: options.is_durable };
        // A new file is made here, however long a busy disk takes, and a file that cannot be opened says why at once. A server may
        // still be starting: the pool below asks it again for a while.
        let made = if backend == Backend::Sqlite { Some(opener.open()?) } else { None };
        let pool = Pool::builder()
            .max_size(options.readers_max)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(15))
            .build(opener.clone())
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        drop(made);
        let lanes =
            Lanes::start(opener.clone(), options, if backend == Backend::Sqlite { 1 } else { options.intake_connections })?;
        Ok(Self { pool, lanes, opener, backend })
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// What the writer has committed since the database was opened.
    pub fn commits(&self) -> Commits {
        self.lanes.commits()
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.opener.place
    }
}
