//! What a scenario runs on: a database of its own, the real server on a loopback port, the worker beside it.

use std::io::{Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;

use super::refused;
use crate::app::clock::{SystemClock, SystemEntropy};
use crate::app::config::{self, Config};
use crate::app::demo::{self, Wanted};
use crate::app::routes::House;
use crate::app::serve::{self, Stops};
use crate::app::{build, worker};
use crate::base::id::{PartyId, ProjectId};
use crate::base::person::Uscc;
use crate::base::{Day, RegionCode};
use crate::parties::{self, PartyKind};
use crate::projects;
use crate::store::conn::Place;
use crate::store::vault::Entropy;
use crate::store::{Db, DbOptions, StoreError, Tx, migrate};
use crate::users;
use crate::web::{Ctx, Grant, Ground, Problem, Role, ScopeOn};

/// Where the invented projects lie: Hefei.
const REGION: &str = "340100";
/// Days that projects have run when a measurement starts.
const RUNNING_DAYS: i64 = 800;
/// Projects registered in one transaction.
const PROJECTS_IN_TRANSACTION: usize = 100;
/// Projects that an owner and a general contractor share.
const PROJECTS_OF_PARTY: usize = 10;
/// How often a stopping worker looks up.
const WORKER_NAP: Duration = Duration::from_millis(20);

/// A folder that is gone afterwards.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, StoreError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("anxin-bench-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)
            .map_err(|error| StoreError::Setup(format!("cannot make `{}`: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for temporary files; a measurement is none the worse for it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running service over a database of its own.
pub struct Bed {
    pub ground: Arc<Ground>,
    pub address: SocketAddr,
    /// Part of every code and number, so that a database that is used twice has no clashes.
    pub tag: i64,
    tokens: actix_web::web::Data<users::tokens::Tokens>,
    handle: ServerHandle,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    // Dropped last, after everything that has the database open.
    folder: Option<Folder>,
}

/// The master key of this process's beds: two on one server's database open the same fields.
fn key() -> Result<[u8; 32], StoreError> {
    static KEY: OnceLock<[u8; 32]> = OnceLock::new();
    let mut fresh = [0; 32];
    SystemEntropy.fill(&mut fresh)?;
    Ok(*KEY.get_or_init(|| fresh))
}

/// Writes by which the disk is known.
const SYNCS: usize = 101;

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map_err(|error| StoreError::Setup(format!("cannot start a thread: {error}")))
}

impl Bed {
    /// Starts one: on a temporary SQLite file, or on the given database, which must be there to be written to.
    pub fn make(config_dir: Option<&Path>, url: Option<&str>) -> Result<Self, StoreError> {
        Self::slowed(config_dir, url, Duration::ZERO)
    }

    /// As [`Bed::make`], with every commit of a writer so much longer.
    pub fn slowed(config_dir: Option<&Path>, url: Option<&str>, commit_pause: Duration) -> Result<Self, StoreError> {
        let mut config = Config::load(config_dir)?;
        // Each connection plays one device as fast as it can; the brake on a single device is not what is measured.
        config.devices.rate_max = u32::MAX;
        let folder = if url.is_none() { Some(Folder::new()?) } else { None };
        let place = match (url, &folder) {
            (None, Some(folder)) => Place::in_folder(&folder.0),
            (url, _) => Place::parse(url.unwrap_or_default())?,
        };
        let db = Db::open(place, &DbOptions { commit_pause, ..config.db_options() })?;
        migrate::up(&db)?;
        let key = key()?;
        let law = config::law_book(config_dir)?;
        let ground = build::ground(db, key, Arc::new(SystemClock), &law, &config, false)?;
        Self::over(ground, &config, folder)
    }

    /// Starts one over a demonstration city, for what needs months of everything: papers, people, attendance, money, answers.
    pub fn demo(config_dir: Option<&Path>) -> Result<Self, StoreError> {
        let folder = Folder::new()?;
        let wanted = Wanted { folder: folder.0.clone(), seed: 1, as_of: None, crowd: demo::WHOLE_CROWD, port: 8080 };
        let demo::Prepared { ground, config, .. } = demo::prepare(config_dir, &wanted, &mut |_| Ok(()))?;
        Self::over(ground, &config, Some(folder))
    }

    fn over(ground: Arc<Ground>, config: &Config, folder: Option<Folder>) -> Result<Self, StoreError> {
        let house = House::new(Arc::clone(&ground), serve::figures()).map_err(|problem| refused(&problem))?;
        let tokens = house.tokens.clone();
        let failed = |error: std::io::Error| StoreError::Setup(format!("bench server: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let workers = config.server.workers;
        let (started, handle) = std::sync::mpsc::sync_channel(1);
        let serving = thread("bench-server", move || {
            actix_web::rt::System::new().block_on(async move {
                match serve::listen(house, listener, workers, Stops::ByHandle) {
                    Ok(server) => {
                        let _ = started.send(Ok(server.handle()));
                        // The measurement sees a server that fails by its answers.
                        let _ = server.await;
                    }
                    Err(error) => drop(started.send(Err(error))),
                }
            });
        })?;
        let gone = |_| StoreError::Setup("the bench server did not start".to_owned());
        let handle = handle.recv().map_err(gone)??;
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, at_work) = (Arc::clone(&stop), Arc::clone(&ground));
        let poll = Duration::from_secs(config.jobs.poll_seconds.max(1));
        let working = thread("bench-worker", move || work(&at_work, &asked, poll))?;
        let tag = ground.clock.now().0 / 1000 % 1_000_000_000;
        Ok(Self { ground, address, tag, tokens, handle, stop, threads: vec![serving, working], folder })
    }

    /// Microseconds that the folder's disk takes at the median for a page that is written over to be safe; none without a folder.
    pub fn sync_micros(&self) -> Option<u64> {
        let path = self.folder.as_ref()?.0.join("sync");
        let mut file = std::fs::File::create(&path).ok()?;
        let mut took = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            file.seek(SeekFrom::Start(0)).ok()?;
            file.write_all(&[0x5A; 4096]).ok()?;
            let begun = std::time::Instant::now();
            file.sync_data().ok()?;
            took.push(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
        took.sort_unstable();
        took.get(SYNCS / 2).copied()
    }

    /// The context of the house.
    pub fn ctx(&self) -> Ctx {
        Ctx::of_the_house(&self.ground, "bench")
    }

    /// Writes through the store.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, &Ctx) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, StoreError> {
        let ctx = self.ctx();
        let done = self.ground.db.write_blocking(move |tx| work(tx, &ctx));
        done.map_err(|problem| refused(&problem))
    }

    /// The header of a user who is logged in with this role, everywhere.
    pub fn log_in(&self, role: Role) -> Result<String, StoreError> {
        let login = format!("bench-{}-{}", role, self.tag);
        let user = self.write(move |tx, ctx| {
            // Nobody logs in by password here, so there is none.
            let user = users::actions::add_user(tx, ctx, &login, "测量", "!", false)?;
            users::actions::grant(tx, ctx, user.id, Grant { role, on: ScopeOn::Everything }, None)?;
            Ok(user.id)
        })?;
        let token = self.tokens.issue(user, self.ground.clock.now(), "bench").map_err(|problem| refused(&problem))?;
        Ok(format!("Authorization: Bearer {token}\r\n"))
    }

    /// The header of a user whose browser is logged in with this role, everywhere.
    pub fn browse(&self, role: Role) -> Result<String, StoreError> {
        let login = format!("bench-browser-{}-{}", role, self.tag);
        let token = self.write(move |tx, ctx| {
            let user = users::actions::add_user(tx, ctx, &login, "测量", "!", false)?;
            users::actions::grant(tx, ctx, user.id, Grant { role, on: ScopeOn::Everything }, None)?;
            users::browser::open(tx, ctx, &user)
        })?;
        Ok(format!("Cookie: {}={token}\r\n", crate::console::sessions::SESSION_COOKIE))
    }

    /// Does what waits in the queue, so that nothing else runs while a scenario measures.
    pub fn settle(&self) -> Result<(), StoreError> {
        while worker::drain(&self.ground)? > 0 {}
        Ok(())
    }

    /// The first day of the invented projects.
    pub fn first_day(&self) -> Day {
        self.ground.clock.today().plus_days(-RUNNING_DAYS)
    }

    /// Registers projects with owners and general contractors; gives project, owner and general contractor of each.
    pub fn projects(&self, count: usize) -> Result<Vec<(ProjectId, PartyId, PartyId)>, StoreError> {
        let region: RegionCode = REGION.parse().map_err(|error| StoreError::Setup(format!("{error}")))?;
        let (tag, from_on) = (self.tag, self.first_day());
        let mut made = Vec::with_capacity(count);
        while made.len() < count {
            let first = made.len();
            let last = count.min(first + PROJECTS_IN_TRANSACTION);
            made.extend(self.write(move |tx, ctx| {
                let mut rows = Vec::new();
                let mut pair = None;
                for number in first..last {
                    let firm = number / PROJECTS_OF_PARTY;
                    let (owner, contractor) = match pair {
                        Some(pair) if number % PROJECTS_OF_PARTY != 0 => pair,
                        _ => (party(tx, ctx, tag, firm * 2, "建设单位")?, party(tx, ctx, tag, firm * 2 + 1, "总包单位")?),
                    };
                    pair = Some((owner, contractor));
                    let new = projects::actions::NewProject {
                        code: format!("B-{tag}-{number}"),
                        name: format!("测量项目{number}"),
                        region,
                        owner,
                        general_contractor: contractor,
                        from_on,
                    };
                    rows.push((projects::actions::register(tx, ctx, &new)?.id, owner, contractor));
                }
                Ok(rows)
            })?);
        }
        Ok(made)
    }

    /// Stops server and worker and takes the temporary database away.
    pub fn end(self) -> Result<(), StoreError> {
        self.stop.store(true, Ordering::SeqCst);
        let stopping = self.handle.stop(false);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.map_err(|error| StoreError::Setup(error.to_string()))?.block_on(stopping);
        for thread in self.threads {
            thread.join().map_err(|_| StoreError::Unavailable("a thread of the bench broke off".to_owned()))?;
        }
        Ok(())
    }
}

fn party(tx: &mut Tx<'_>, ctx: &Ctx, tag: i64, number: usize, kind: &str) -> Result<PartyId, Problem> {
    // Nine places: six of the run and three of the party.
    let body = format!("91349999{:06}{number:03}", tag % 1_000_000);
    let uscc = Uscc::from_body(&body).ok_or_else(|| Problem::internal("no credit code"))?;
    let new =
        parties::actions::NewParty { uscc, name: format!("测量{kind}{number}"), kind: PartyKind::Enterprise, parent: None };
    Ok(parties::actions::register(tx, ctx, &new)?.id)
}

/// What `serve` has in its worker: looks at the queue, does what is due.
fn work(ground: &Arc<Ground>, stop: &AtomicBool, poll: Duration) {
    while !stop.load(Ordering::SeqCst) {
        // A job that fails is seen by the scenario that waits for it.
        let _ = worker::drain(ground);
        let until = Instant::now() + poll;
        while Instant::now() < until && !stop.load(Ordering::SeqCst) {
            std::thread::sleep(WORKER_NAP);
        }
    }
}
