//! Commands that open the house: demo, serve, migrate, users, backup, restore, verify.

use std::io::BufRead;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::{DemoArgs, Verdict, Where, say};
use crate::app::clock::{SystemClock, SystemEntropy};
use crate::app::config::{self, Config};
use crate::app::demo::{self, DEMO_MARK, Login, Prepared, Wanted};
use crate::app::routes::House;
use crate::app::schedule::Schedule;
use crate::app::{bench, build, export as exports, herald, postman, reporter, serve as server, verify as checks, watch, worker};
use crate::base::Clock;
use crate::gates;
use crate::outlets::mail::SmtpPost;
use crate::store::conn::Place;
use crate::store::{Backend, Db, DbOptions, StoreError, Vault, migrate as migrations};
use crate::users::{actions, password, table};
use crate::web::{Ctx, Grant, Ground, Problem, ScopeOn};

pub(super) fn refused(problem: &Problem) -> StoreError {
    StoreError::Setup(format!("{} / {}", problem.zh, problem.en))
}

impl Where {
    fn open(&self, options: &DbOptions) -> Result<Db, StoreError> {
        Db::open(build::place(self.data.as_deref(), self.database_url.as_deref())?, options)
    }

    /// A database that is there already: commands that look at one do not make one.
    pub(super) fn open_existing(&self) -> Result<Db, StoreError> {
        let place = build::place(self.data.as_deref(), self.database_url.as_deref())?;
        if let Place::File(path) = &place
            && !path.exists()
        {
            return Err(StoreError::Setup(format!("there is no database at `{}` / 数据库不存在", path.display())));
        }
        let db = Db::open(place, &DbOptions::default())?;
        require_migrated(&db)?;
        Ok(db)
    }

    pub(super) fn key_path(&self) -> PathBuf {
        match (&self.key_file, &self.data) {
            (Some(file), _) => file.clone(),
            (None, Some(folder)) => folder.join(build::KEY_FILE),
            (None, None) => PathBuf::from("./data").join(build::KEY_FILE),
        }
    }
}

fn require_migrated(db: &Db) -> Result<(), StoreError> {
    let pending = migrations::pending(db)?;
    if pending.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = pending.iter().map(|step| step.name.as_str()).collect();
    Err(StoreError::Setup(format!(
        "pending migrations: {}; run `anxin migrate` or serve --migrate / 请先执行 anxin migrate",
        names.join(", ")
    )))
}

pub(super) fn ground(config_dir: Option<&Path>, place: &Where, db: Db) -> Result<(Config, Arc<Ground>), StoreError> {
    let config = Config::load(config_dir)?;
    let law = config::law_book(config_dir)?;
    let key = build::read_key(&place.key_path())?;
    let demo = build::mark(&db, DEMO_MARK)?.is_some();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ground = build::ground(db, key, clock, &law, &config, demo)?;
    Ok((config, ground))
}

pub fn serve(config_dir: Option<&Path>, place: &Where, port: Option<u16>, migrate: bool) -> Result<Verdict, StoreError> {
    let config = Config::load(config_dir)?;
    let db = place.open(&config.db_options())?;
    if migrate {
        migrations::up(&db)?;
    }
    require_migrated(&db)?;
    let (config, ground) = ground(config_dir, place, db)?;
    let address: IpAddr = config.server.address.parse().map_err(|error| StoreError::Setup(format!("server.address: {error}")))?;
    if ground.settings.demo && !address.is_loopback() {
        return Err(StoreError::Setup(
            "this is a demonstration database; it is served on loopback only / 演示数据库只能在本机地址上提供".to_owned(),
        ));
    }
    let port = port.unwrap_or(config.server.port);
    run_house(ground, &config, address, port)
}

/// Binds, starts the worker and serves until stopped.
pub fn run_house(ground: Arc<Ground>, config: &Config, address: IpAddr, port: u16) -> Result<Verdict, StoreError> {
    let house = House::new(Arc::clone(&ground), server::figures()).map_err(|problem| refused(&problem))?;
    let listener = TcpListener::bind((address, port))
        .map_err(|error| StoreError::Setup(format!("cannot listen on {address}:{port}: {error}")))?;
    let bound = listener.local_addr().map_err(|error| StoreError::Setup(error.to_string()))?;
    let poll = Duration::from_secs(config.jobs.poll_seconds.max(1));
    if config.mail.enabled {
        let post = SmtpPost::new(&config.mail.smtp()?).map_err(StoreError::Setup)?;
        postman::start(Arc::clone(&ground), Box::new(post), poll)?;
    }
    herald::start(Arc::clone(&ground), poll)?;
    reporter::start(Arc::clone(&ground), poll)?;
    watch::start(Arc::clone(&ground), &config.watch)?;
    worker::start(ground, poll, Schedule::read(&config.schedule)?)?;
    say(&format!("http://{bound}/"))?;
    server::run(house, listener, config.server.workers)?;
    Ok(Verdict::Holds)
}

pub fn demo(config_dir: Option<&Path>, args: &DemoArgs) -> Result<Verdict, StoreError> {
    let DemoArgs { port, data, seed, as_of } = args;
    let wanted = Wanted { folder: data.clone(), seed: *seed, as_of: *as_of, crowd: demo::WHOLE_CROWD, port: *port };
    let Prepared { ground, config, logins } = demo::prepare(config_dir, &wanted, &mut say)?;
    for Login { role, login, password } in logins {
        say(&format!("{role} {login} {password}"))?;
    }
    run_house(ground, &config, IpAddr::V4(Ipv4Addr::LOCALHOST), *port)
}

pub fn export(config_dir: Option<&Path>, place: &Where) -> Result<Verdict, StoreError> {
    let (_, ground) = ground(config_dir, place, place.open_existing()?)?;
    let ctx = Ctx::of_the_house(&ground, "cli");
    let text = ground.db.read_blocking(|conn| exports::export(conn, &ctx)).map_err(|problem: Problem| refused(&problem))?;
    say(text.trim_end())?;
    Ok(Verdict::Holds)
}

pub fn migrate(place: &Where) -> Result<Verdict, StoreError> {
    let db = place.open(&DbOptions::default())?;
    let done = migrations::up(&db)?;
    for name in &done {
        say(name)?;
    }
    say(&format!("{} migrations applied", done.len()))?;
    Ok(Verdict::Holds)
}

fn password_from_input() -> Result<String, StoreError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| StoreError::Setup(format!("standard input: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(StoreError::Setup("write the password to standard input / 请从标准输入给出密码".to_owned()));
    }
    Ok(password)
}

fn hashed(ground: &Ground, login: &str, password: &str) -> Result<String, StoreError> {
    password::check(login, password).map_err(|problem| refused(&problem))?;
    let salt = ground.vault.random::<16>()?;
    password::hash(password, &salt).map_err(|problem| refused(&problem))
}

pub fn add_user(
    config_dir: Option<&Path>,
    place: &Where,
    login: &str,
    name: &str,
    role: &str,
    scope: &str,
) -> Result<Verdict, StoreError> {
    let (_, ground) = ground(config_dir, place, place.open_existing()?)?;
    let setup = |error: crate::base::Unreadable| StoreError::Setup(error.to_string());
    let role = role.parse().map_err(setup)?;
    let (kind, value) = scope.split_once(':').unwrap_or((scope, ""));
    let grant = Grant { role, on: ScopeOn::of(kind, value).map_err(setup)? };
    let hash = hashed(&ground, login, &password_from_input()?)?;
    let ctx = Ctx::of_the_house(&ground, "cli");
    let (login, name) = (login.to_owned(), name.to_owned());
    let made = ground.db.write_blocking(move |tx| {
        let user = actions::add_user(tx, &ctx, &login, &name, &hash, false)?;
        actions::grant(tx, &ctx, user.id, grant, None)?;
        Ok::<_, Problem>(user.id)
    });
    let user = made.map_err(|problem| refused(&problem))?;
    say(&format!("added {user}"))?;
    Ok(Verdict::Holds)
}

pub fn set_password(config_dir: Option<&Path>, place: &Where, login: &str) -> Result<Verdict, StoreError> {
    let (_, ground) = ground(config_dir, place, place.open_existing()?)?;
    let hash = hashed(&ground, login, &password_from_input()?)?;
    let ctx = Ctx::of_the_house(&ground, "cli");
    let login = login.to_owned();
    let done = ground.db.write_blocking(move |tx| {
        let user = table::by_login(tx.conn(), &login)?.ok_or_else(Problem::not_found)?;
        actions::set_password(tx, &ctx, user.id, &hash, false)?;
        Ok::<_, Problem>(user.id)
    });
    let user = done.map_err(|problem| refused(&problem))?;
    say(&format!("password of {user} set"))?;
    Ok(Verdict::Holds)
}

fn sqlite_path(place: &Where) -> Result<PathBuf, StoreError> {
    match build::place(place.data.as_deref(), place.database_url.as_deref())? {
        Place::File(path) => Ok(path),
        Place::Server(_) => Err(StoreError::Setup(
            "backup and restore copy the embedded database; for PostgreSQL use pg_dump and pg_restore / PostgreSQL 请使用 pg_dump".to_owned(),
        )),
    }
}

pub fn backup(place: &Where, file: &Path) -> Result<Verdict, StoreError> {
    sqlite_path(place)?;
    if file.exists() {
        return Err(StoreError::Setup(format!("`{}` exists already / 文件已存在", file.display())));
    }
    let db = place.open_existing()?;
    debug_assert_eq!(db.backend(), Backend::Sqlite);
    let target = file.to_string_lossy().replace('\'', "''");
    db.run_outside_transaction(|conn| conn.batch_execute(&format!("VACUUM INTO '{target}'")).map_err(StoreError::from))?;
    let copy = Db::open(Place::File(file.to_owned()), &DbOptions::default())?;
    let audit = copy.read_blocking(checks::verify)?;
    say(&format!("backed up to {}: {} rows verified, {} broken", file.display(), audit.verified, audit.broken.len()))?;
    Ok(if audit.broken.is_empty() { Verdict::Holds } else { Verdict::Fails })
}

pub fn restore(place: &Where, file: &Path) -> Result<Verdict, StoreError> {
    let target = sqlite_path(place)?;
    if target.exists() {
        return Err(StoreError::Setup(format!(
            "`{}` exists; a restore never overwrites / 目标已存在，恢复不会覆盖",
            target.display()
        )));
    }
    // Opening would make an empty database of a name that is misspelt.
    if !file.is_file() {
        return Err(StoreError::Setup(format!("there is no backup at `{}` / 备份文件不存在", file.display())));
    }
    let source = Db::open(Place::File(file.to_owned()), &DbOptions::default())?;
    let audit = source.read_blocking(checks::verify)?;
    if audit.verified == 0 || !audit.broken.is_empty() {
        for line in &audit.broken {
            say(line)?;
        }
        say(&format!("not restored: {} rows verified, {} broken", audit.verified, audit.broken.len()))?;
        return Ok(Verdict::Fails);
    }
    let path = target.to_string_lossy().replace('\'', "''");
    source.run_outside_transaction(|conn| conn.batch_execute(&format!("VACUUM INTO '{path}'")).map_err(StoreError::from))?;
    say(&format!("restored to {}: {} rows verified", target.display(), audit.verified))?;
    Ok(Verdict::Holds)
}

pub fn verify(place: &Where) -> Result<Verdict, StoreError> {
    let db = place.open_existing()?;
    let mut audit = db.read_blocking(checks::verify)?;
    // Whoever verifies without the key compares what no key is needed for.
    let folded = build::read_key(&place.key_path()).and_then(|key| {
        db.read_blocking(|conn| {
            let vault = Vault::new(key, Arc::new(SystemEntropy)).with_stored_index(conn)?;
            checks::work_days(conn, &vault, &mut audit)
        })
    });
    let open_days = match folded {
        Ok(open_days) => open_days,
        Err(StoreError::Setup(why)) => {
            say(&format!("work days were not folded again / 未重新折算工日: {why}"))?;
            0
        }
        Err(error) => return Err(error),
    };
    if open_days > 0 {
        say(&format!(
            "{open_days} days of work wait to be folded, or a machine of theirs was moved before moves were recorded / {open_days} 天的工日未比对"
        ))?;
    }
    let today = SystemClock.today();
    let balances = db.read_blocking(|conn| checks::balances(conn, today)).map_err(|problem| refused(&problem))?;
    for line in audit.broken.iter().chain(&balances.broken) {
        say(line)?;
    }
    for line in &balances.open_mismatches {
        say(&format!("open mismatch: {line}"))?;
    }
    let verified = audit.verified + balances.verified;
    let broken = audit.broken.len() + balances.broken.len();
    say(&format!("verified {verified} rows, {broken} broken"))?;
    Ok(if broken == 0 && verified > 0 { Verdict::Holds } else { Verdict::Fails })
}

pub fn replay(config_dir: Option<&Path>, place: &Where) -> Result<Verdict, StoreError> {
    let (_, ground) = ground(config_dir, place, place.open_existing()?)?;
    let ctx = Ctx::of_the_house(&ground, "cli");
    let outcome = ground.db.read_blocking(|conn| gates::replay::all(conn, &ctx)).map_err(|problem| refused(&problem))?;
    for line in &outcome.differ {
        say(line)?;
    }
    if outcome.other_engine > 0 {
        say(&format!("{} answered by another version of the engine", outcome.other_engine))?;
    }
    say(&format!("{} replayed, {} differ", outcome.replayed, outcome.differ.len()))?;
    Ok(if outcome.replayed > 0 && outcome.differ.is_empty() { Verdict::Holds } else { Verdict::Fails })
}

/// Measures this binary; the last line is JSON when that was asked for.
pub fn bench(
    config_dir: Option<&Path>,
    name: Option<&str>,
    projects: Option<u32>,
    json: bool,
    url: Option<&str>,
    seed: Option<u64>,
) -> Result<Verdict, StoreError> {
    let projects = projects.and_then(|count| usize::try_from(count).ok());
    let report = bench::run(config_dir, name, projects, url, seed)?;
    if json {
        say(&report.json()?)?;
    } else {
        for line in report.table() {
            say(&line)?;
        }
    }
    Ok(if report.holds() { Verdict::Holds } else { Verdict::Fails })
}
