//! `anxin demo`: an invented city on an embedded database, filled once through the real actions, then served on loopback.
//!
//! The folder carries what is needed to come back: seed and first day in the mark of a demonstration, and the half of a day up to which
//! events stand. Both are written with the events themselves, so a start that was killed goes on where it stood. Deliberately absent:
//! any shortcut past the slices, and a way to turn a demonstration into a service.

mod bank;
mod city;
mod gates;
mod logins;
pub(super) mod luck;
mod months;
mod papers;
mod passages;
pub(super) mod people;
mod story;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::prelude::*;

use self::city::City;
use self::story::{StoryClock, Tick};
use super::build;
use super::clock::{FrozenDay, SystemClock};
use super::config::{self, Config, LoadedBook};
use super::worker;
use crate::base::{Clock, Day, Moment};
use crate::store::conn::Place;
use crate::store::{Db, StoreError, Tx, migrate, schema, seals};
use crate::web::{Ground, Problem};

pub use self::logins::Login;

/// The mark of a demonstration database: `seed=1 first=2026-03-31 crowd=100`.
pub const DEMO_MARK: &str = "demo";

/// The share of its people with which the demonstration is started: all of them.
pub const WHOLE_CROWD: u32 = 100;

/// The mark of the half of a day up to which events stand.
const UNTIL_MARK: &str = "demo_until";

/// Days that a later start adds at most; older cities are served as they stand.
const LATER_DAYS_MAX: i64 = 400;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Folder of database and key.
    pub folder: PathBuf,
    /// Seed of a new city; one that stands keeps its own.
    pub seed: u64,
    /// The civil day on which the demonstration stands still.
    pub as_of: Option<Day>,
    /// Share of the city's people in hundredths; tests take few.
    pub crowd: u32,
    /// Port that it will be served on; addresses that it shows lead there.
    pub port: u16,
}

/// A demonstration that is ready to be served.
pub struct Prepared {
    /// Services, with the clock of the demonstration.
    pub ground: Arc<Ground>,
    /// Configuration.
    pub config: Config,
    /// One for each role.
    pub logins: Vec<Login>,
}

fn failed(problem: &Problem) -> StoreError {
    StoreError::Setup(format!("{} / {}", problem.zh, problem.en))
}

/// Opens the folder's city or makes it, adds what has happened since, and tells about it.
///
/// # Errors
/// A folder that holds a database which is no demonstration; a day before the one up to which events stand; a store that fails.
pub fn prepare(
    config_dir: Option<&Path>,
    wanted: &Wanted,
    tell: &mut dyn FnMut(&str) -> Result<(), StoreError>,
) -> Result<Prepared, StoreError> {
    let (config, law) = (Config::load(config_dir)?.listening_at(wanted.port), config::law_book(config_dir)?);
    let setup = |error: std::io::Error| StoreError::Setup(format!("cannot make `{}`: {error}", wanted.folder.display()));
    std::fs::create_dir_all(&wanted.folder).map_err(setup)?;
    let place = Place::in_folder(&wanted.folder);
    let is_new = matches!(&place, Place::File(path) if !path.exists());
    let db = Db::open(place, &config.db_options())?;
    if is_new {
        migrate::up(&db)?;
    } else {
        // Whoever has data of their own in the folder must not find it migrated or filled by a demonstration.
        require_demo(&db, &wanted.folder)?;
        migrate::up(&db)?;
    }
    let clock: Arc<dyn Clock> = match wanted.as_of {
        Some(day) => Arc::new(FrozenDay::on(day)),
        None => Arc::new(SystemClock),
    };
    let city = city_of(&db, wanted, clock.today())?;
    let key = key_of(&wanted.folder)?;
    fill(&db, key, &law, &config, &city, clock.now(), tell)?;
    let ground = build::ground(db, key, clock, &law, &config, true)?;
    let logins = logins::all(&ground.vault);
    Ok(Prepared { ground, config, logins })
}

/// Refuses a database that is no demonstration. One without users' tables is what a start left that was killed at once.
fn require_demo(db: &Db, folder: &Path) -> Result<(), StoreError> {
    let pending = migrate::pending(db)?;
    let is_bare = pending.iter().any(|step| step.name.starts_with("0002"));
    if is_bare || build::mark(db, DEMO_MARK)?.is_some() {
        return Ok(());
    }
    let empty = db.read_blocking(|conn| -> Result<bool, StoreError> {
        let users: i64 = schema::users::table.count().get_result(conn)?;
        let books: i64 = schema::law_books::table.count().get_result(conn)?;
        Ok(users == 0 && books == 0)
    })?;
    // Migrated, never opened by a service, and no key beside it: a start that was killed before it left its mark.
    if empty && !folder.join(build::KEY_FILE).exists() {
        return Ok(());
    }
    Err(StoreError::Setup(format!(
        "`{}` holds a database that is no demonstration; give another folder with --data / 该目录中的数据库不是演示数据库，请用 --data 指定其他目录",
        folder.display()
    )))
}

fn key_of(folder: &Path) -> Result<[u8; 32], StoreError> {
    let path = folder.join(build::KEY_FILE);
    if !path.exists() {
        use crate::store::vault::Entropy;
        let mut key = [0; 32];
        super::clock::SystemEntropy.fill(&mut key)?;
        build::make_key(&path, &key)?;
    }
    build::read_key(&path)
}

/// The city that the folder's mark names, or a new one whose mark is set before anything else is written.
fn city_of(db: &Db, wanted: &Wanted, today: Day) -> Result<City, StoreError> {
    if let Some(mark) = build::mark(db, DEMO_MARK)? {
        return read_mark(&mark).ok_or_else(|| StoreError::Damaged(format!("the mark of the demonstration reads `{mark}`")));
    }
    let mark = format!("seed={} first={today} crowd={}", wanted.seed, wanted.crowd);
    build::set_mark(db, DEMO_MARK, &mark)?;
    Ok(City::new(wanted.seed, today, wanted.crowd))
}

fn read_mark(mark: &str) -> Option<City> {
    let value = |name: &str| mark.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    Some(City::new(value("seed")?.parse().ok()?, value("first")?.parse().ok()?, value("crowd")?.parse().ok()?))
}

/// Plays every half of a day that is over by `now` and does not stand yet.
fn fill(
    db: &Db,
    key: [u8; 32],
    law: &LoadedBook,
    config: &Config,
    city: &City,
    now: Moment,
    tell: &mut dyn FnMut(&str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let until: Option<Tick> = match build::mark(db, UNTIL_MARK)? {
        Some(text) => Some(text.parse().map_err(|error: crate::base::Unreadable| StoreError::Damaged(error.to_string()))?),
        None => None,
    };
    if let Some(stands) = until.filter(|tick| now < tick.over_at()) {
        return Err(StoreError::Setup(format!(
            "this city has events up to {stands}; give a later --as-of or another folder with --data / 演示数据已到 {stands}，请给出更晚的 --as-of 或用 --data 指定其他目录"
        )));
    }
    let is_first = until.is_none_or(|tick| tick.day < city.anchor);
    let mut tick = until.map_or(Tick::morning(city.first_day()), Tick::next);
    if tick.over_at() > now {
        return Ok(());
    }
    if !is_first && now.day().days_since(tick.day) > LATER_DAYS_MAX {
        return tell("本演示数据已久，不再追加新事件 / this city is old and gets no new events");
    }
    let clock = Arc::new(StoryClock::at(tick.day.begins()));
    let ground = build::ground(db.clone(), key, Arc::<StoryClock>::clone(&clock), law, config, true)?;
    let shared = Arc::new(city.clone());
    let mut month = None;
    while tick.over_at() <= now {
        if month != Some(tick.day.month()) {
            month = Some(tick.day.month());
            tell(&format!("生成 {0} 的数据 / filling {0}", tick.day.month()))?;
        }
        let (ground, city, clock) = (Arc::clone(&ground), Arc::clone(&shared), Arc::clone(&clock));
        let played = db.write_blocking(move |tx| -> Result<(), Problem> {
            // A running demonstration seals its days at night; what is sealed gets no more messages.
            if is_first || !is_sealed(tx, tick.day)? {
                story::play(tx, &ground, &clock, &city, tick)?;
            }
            set_until(tx, tick).map_err(Problem::from)
        });
        played.map_err(|problem| failed(&problem))?;
        tick = tick.next();
    }
    // What the actions enqueued is done before anybody looks.
    while worker::drain(&ground)? > 0 {}
    Ok(())
}

fn is_sealed(tx: &mut Tx<'_>, day: Day) -> Result<bool, StoreError> {
    Ok(seals::all(tx.conn())?.iter().any(|seal| seal.sealed_on == day))
}

fn set_until(tx: &mut Tx<'_>, tick: Tick) -> Result<(), StoreError> {
    diesel::sql_query("INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind::<diesel::sql_types::Text, _>(UNTIL_MARK)
        .bind::<diesel::sql_types::Text, _>(tick.to_string())
        .execute(tx.conn())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back() {
        let city = read_mark("seed=7 first=2026-03-31 crowd=10").unwrap();
        assert_eq!((city.seed, city.anchor), (7, "2026-03-31".parse().unwrap()));
        for wrong in ["", "filling", "seed=x first=2026-03-31 crowd=10", "seed=1 first=2026-03-31"] {
            assert!(read_mark(wrong).is_none(), "{wrong}");
        }
    }
}
