//! Puts the services of the house together from configuration: database, keys, law book.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, RwLock};

use diesel::prelude::*;

use super::clock::SystemEntropy;
use super::config::{Config, LoadedBook};
use crate::amendments;
use crate::attendance::folding::rules;
use crate::base::id::IdSource;
use crate::base::{Clock, Moment};
use crate::clearance;
use crate::store::conn::Place;
use crate::store::vault::Owner;
use crate::store::{Db, StoreError, Tx, Vault, bulk, law_books, schema};
use crate::web::{Ground, InForce};

/// Name of the key file in a data folder.
pub const KEY_FILE: &str = "anxin.key";

/// Reads a master key: 64 hex digits.
///
/// # Errors
/// A missing file, wrong contents, or, on Unix, a file that others may read.
pub fn read_key(path: &Path) -> Result<[u8; 32], StoreError> {
    let setup = |why: String| StoreError::Setup(format!("key file `{}`: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| setup(error.to_string()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(|error| setup(error.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(setup("others may read it; run chmod 600 / 文件权限过宽，请执行 chmod 600".to_owned()));
        }
    }
    let text = text.trim();
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    if text.len() != 64 {
        return Err(setup("64 hex digits are needed (openssl rand -hex 32)".to_owned()));
    }
    bytes.try_into().map_err(|_| setup("64 hex digits are needed (openssl rand -hex 32)".to_owned()))
}

/// Writes a fresh key that only its owner may read.
pub fn make_key(path: &Path, key: &[u8; 32]) -> Result<(), StoreError> {
    let setup = |error: std::io::Error| StoreError::Setup(format!("key file `{}`: {error}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(setup)?;
    writeln!(file, "{}", crate::store::journal::hex(key)).map_err(setup)?;
    file.sync_all().map_err(setup)
}

/// The services over an open, migrated database.
pub fn ground(
    db: Db,
    master: [u8; 32],
    clock: Arc<dyn Clock>,
    law: &LoadedBook,
    config: &Config,
    demo: bool,
) -> Result<Arc<Ground>, StoreError> {
    let vault = db.read_blocking(|conn| Vault::new(master, Arc::new(SystemEntropy)).with_stored_index(conn))?;
    let settings = config.settings(demo);
    let base =
        Arc::new(InForce { book: Arc::clone(&law.book), files: Arc::clone(&law.files), policy: settings.policy, activation: 0 });
    let in_force = RwLock::new(Arc::clone(&base));
    let ids = IdSource::new(config.server.node);
    let hurdles = clearance::told_to_gates;
    let ground = Arc::new(Ground { db, vault, ids, clock, base, in_force, settings, hurdles });
    let first = Arc::clone(&ground);
    ground.db.write_blocking(move |tx| prepare(tx, &first))?;
    amendments::actions::refresh(&ground)?;
    let (law, now) = (ground.in_force(), ground.clock.now());
    ground.db.write_blocking(move |tx| law_books::activate(tx.conn(), law.book.hash(), law.policy, now))?;
    Ok(ground)
}

/// Makes the global data key and stores the law book by its hash with the moment from which it is in force here.
fn prepare(tx: &mut Tx<'_>, ground: &Ground) -> Result<(), StoreError> {
    let now = ground.clock.now();
    ground.vault.ensure_key(tx.conn(), Owner::Global, now)?;
    bulk::ensure_partitions(tx.conn(), ground.clock.today())?;
    rules::prepare(tx, now, || ground.ids.next(now))?;
    law_books::keep(tx.conn(), ground.base.book.hash(), &ground.base.files, now)
}

/// A note that the database carries about itself.
pub fn mark(db: &Db, name: &'static str) -> Result<Option<String>, StoreError> {
    db.read_blocking(|conn| Ok(schema::marks::table.find(name).select(schema::marks::value).first(conn).optional()?))
}

/// Sets a note.
pub fn set_mark(db: &Db, name: &'static str, value: &str) -> Result<(), StoreError> {
    let value = value.to_owned();
    db.write_blocking(move |tx| {
        diesel::sql_query(
            "INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind::<diesel::sql_types::Text, _>(name)
        .bind::<diesel::sql_types::Text, _>(&value)
        .execute(tx.conn())?;
        Ok(())
    })
}

/// Where the database is: `DATABASE_URL`, or `--data DIR`; both at once is an error.
pub fn place(data: Option<&Path>, url: Option<&str>) -> Result<Place, StoreError> {
    match (data, url) {
        (Some(_), Some(_)) => {
            Err(StoreError::Setup("give --data or DATABASE_URL, not both / --data 与 DATABASE_URL 只能给出一个".to_owned()))
        }
        (_, Some(url)) => Place::parse(url),
        (folder, None) => {
            let folder = folder.unwrap_or_else(|| Path::new("./data"));
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::Setup(format!("cannot make `{}`: {error}", folder.display())))?;
            Ok(Place::in_folder(folder))
        }
    }
}

/// How long ago the epoch is, for commands that need a moment before there is a house.
pub fn now() -> Moment {
    super::clock::SystemClock.now()
}
