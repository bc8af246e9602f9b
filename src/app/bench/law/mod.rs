//! The law at the size of a province: 20,000 projects with 1.5 million workers' months on an embedded database.
//!
//! Measured without HTTP, by the verbs that the routes call: one answer of a gate, gathered on one snapshot and kept with a durable
//! commit; every project assessed once with facts from the database; what one changed fact sets in motion; and the pure engine on
//! facts in memory. Beside it stands what SQLite alone takes to add up the same rows.

mod table;
mod town;
mod wages;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::bed::Folder;
use super::refused;
use crate::app::clock::{FrozenDay, SystemEntropy};
use crate::app::config::{self, Config};
use crate::app::{build, worker};
use crate::base::id::ProjectId;
use crate::base::{Day, Fen};
use crate::compliance;
use crate::gates::{self, Subject};
use crate::law::{self, Gate};
use crate::projects::{self, Fact};
use crate::store::conn::Place;
use crate::store::vault::Entropy;
use crate::store::{AnyConn, Db, StoreError, jobs, migrate};
use crate::web::{Ctx, Ground, Problem};

/// Projects unless another number is asked for.
pub const PROJECTS: usize = 20_000;
/// How often each gate is asked, each time about another project.
const QUESTIONS: usize = 1_000;
/// Projects whose facts the pure engine judges again and again.
const IN_MEMORY: usize = 2_000;
/// How long the pure engine is let run at least.
const ENGINE_SPAN: Duration = Duration::from_secs(3);
/// The gates that are asked.
const GATES: &[Gate] = &[Gate::CompletionAcceptance, Gate::ConstructionPermit];

/// One gate's answers, one after another.
#[derive(Debug, Clone, Serialize)]
pub struct GateRow {
    pub gate: String,
    pub answers: usize,
    pub clear: usize,
    pub p50_micros: u64,
    pub p99_micros: u64,
    /// The part of p99 that gathering takes.
    pub gather_p99_micros: u64,
}

/// Every project assessed once.
#[derive(Debug, Clone, Serialize)]
pub struct Everything {
    pub projects: u64,
    pub kept: i64,
    pub millis: u64,
    pub projects_per_second: u64,
    /// The most memory that the process held, generator and gates included; known on Linux only.
    pub peak_resident_kib: Option<u64>,
    /// What SQLite alone takes to add up the same rows.
    pub raw_millis: u64,
    /// How many times that is, with two decimals.
    pub times_raw: String,
}

/// What one changed fact set in motion.
#[derive(Debug, Clone, Serialize)]
pub struct OneFact {
    pub jobs: i64,
    pub projects_assessed: u64,
    pub rows_written: i64,
    pub millis: u64,
}

/// What a commit of one small row costs on this disk through the same writer: what no durable answer can go below.
#[derive(Debug, Clone, Serialize)]
pub struct Commit {
    pub p50_micros: u64,
    pub p99_micros: u64,
}

/// The engine without a database.
#[derive(Debug, Clone, Serialize)]
pub struct Engine {
    pub facts_in_memory: usize,
    pub assessments_per_second: u64,
}

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Law {
    pub projects: usize,
    pub month_facts: u64,
    pub enrolments: u64,
    pub work_days: u64,
    pub punches: u64,
    pub filled_in_millis: u64,
    pub file_kib: Option<u64>,
    pub commit: Commit,
    pub gates: Vec<GateRow>,
    pub everything: Everything,
    pub one_fact: OneFact,
    pub engine: Engine,
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Fills a temporary database and measures.
pub fn measure(config_dir: Option<&Path>, projects: usize) -> Result<Law, StoreError> {
    let folder = Folder::new()?;
    let ground = ground(config_dir, &folder)?;
    let started = Instant::now();
    let (made, counts) = town::fill(&ground, projects)?;
    let filled_in_millis = millis(started);
    // What filling has put into the queue is not what is measured.
    ground.db.write_blocking(|tx| table::empty_queue(tx.conn()))?;
    let everything = everything(&ground, &made)?;
    let commit = commit(&ground)?;
    let gates = GATES.iter().map(|gate| ask(&ground, *gate, &made)).collect::<Result<_, _>>()?;
    let one_fact = one_fact(&ground, &made)?;
    let engine = engine(&ground, &made)?;
    let file_kib = std::fs::metadata(folder.0.join("anxin.db")).ok().map(|file| file.len() / 1024);
    Ok(Law {
        projects,
        month_facts: counts.month_facts,
        enrolments: counts.enrolments,
        work_days: counts.work_days,
        punches: counts.punches,
        filled_in_millis,
        file_kib,
        commit,
        gates,
        everything,
        one_fact,
        engine,
    })
}

/// Services over an empty database, on a day that stands still.
fn ground(config_dir: Option<&Path>, folder: &Folder) -> Result<Arc<Ground>, StoreError> {
    let config = Config::load(config_dir)?;
    let db = Db::open(Place::in_folder(&folder.0), &config.db_options())?;
    migrate::up(&db)?;
    let mut key = [0; 32];
    SystemEntropy.fill(&mut key)?;
    let law = config::law_book(config_dir)?;
    let today = Day::of(2026, 3, 20).ok_or_else(|| StoreError::Setup("no such day".to_owned()))?;
    build::ground(db, key, Arc::new(FrozenDay::on(today)), &law, &config, false)
}

fn read<T: Send + 'static>(
    ground: &Ground,
    work: impl FnOnce(&mut AnyConn) -> Result<T, Problem> + Send + 'static,
) -> Result<T, StoreError> {
    ground.db.read_blocking(work).map_err(|problem| refused(&problem))
}

/// Asks a gate about one project after another; the first questions warm the connections and do not count.
fn ask(ground: &Arc<Ground>, gate: Gate, made: &[ProjectId]) -> Result<GateRow, StoreError> {
    let step = (made.len() / QUESTIONS).max(1);
    let asked: Vec<ProjectId> = made.iter().step_by(step).take(QUESTIONS).copied().collect();
    let (mut spans, mut gathering, mut clear) = (Vec::new(), Vec::new(), 0);
    let warm = asked.iter().take(QUESTIONS / 20);
    for (place, project) in warm.chain(&asked).enumerate() {
        let ctx = Ctx::of_the_house(ground, "bench");
        let subject = Subject { project: Some(*project), owner: None, general_contractor: None, region: None };
        let started = Instant::now();
        let house = ctx.clone();
        let question = read(ground, move |conn| gates::actions::gather(conn, &house, gate, &subject, house.today))?;
        let gathered = started.elapsed();
        let answer = ground.db.write_blocking(move |tx| gates::actions::answer(tx, &ctx, &question));
        let answer = answer.map_err(|problem: Problem| refused(&problem))?;
        if place >= asked.len().min(QUESTIONS / 20) {
            spans.push(micros(started.elapsed()));
            gathering.push(micros(gathered));
            clear += usize::from(answer.decision.verdict == law::Verdict::Clear);
        }
    }
    Ok(GateRow {
        gate: gate.as_str().to_owned(),
        answers: spans.len(),
        clear,
        p50_micros: percentile(&mut spans, 50),
        p99_micros: percentile(&mut spans, 99),
        gather_p99_micros: percentile(&mut gathering, 99),
    })
}

/// As many commits of one row as a gate is asked questions.
fn commit(ground: &Arc<Ground>) -> Result<Commit, StoreError> {
    let mut spans = Vec::with_capacity(QUESTIONS);
    for number in 0..QUESTIONS {
        let text = number.to_string();
        let started = Instant::now();
        build::set_mark(&ground.db, "bench", &text)?;
        spans.push(micros(started.elapsed()));
    }
    Ok(Commit { p50_micros: percentile(&mut spans, 50), p99_micros: percentile(&mut spans, 99) })
}

fn percentile(spans: &mut [u64], hundredths: usize) -> u64 {
    spans.sort_unstable();
    spans.get(spans.len().saturating_sub(1) * hundredths / 100).copied().unwrap_or(0)
}

/// Does everything that waits in the queue, as the service's worker does; gives the number of jobs.
fn drain(ground: &Arc<Ground>) -> Result<u64, StoreError> {
    let mut done = 0;
    loop {
        match worker::drain(ground)? {
            0 => return Ok(done),
            some => done += u64::try_from(some).unwrap_or(0),
        }
    }
}

/// The night's assessment of every project, through the queue.
fn everything(ground: &Arc<Ground>, made: &[ProjectId]) -> Result<Everything, StoreError> {
    let ctx = Ctx::of_the_house(ground, "bench");
    let all = made.to_vec();
    ground.db.write_blocking(move |tx| {
        for project in &all {
            jobs::enqueue(tx.conn(), ctx.id(), "assess", &project.to_string(), ctx.now)?;
        }
        Ok::<_, StoreError>(())
    })?;
    let before = read(ground, |conn| Ok(table::assessments(conn)?))?;
    let started = Instant::now();
    let projects = drain(ground)?;
    let millis = millis(started);
    let kept = read(ground, |conn| Ok(table::assessments(conn)?))? - before;
    if projects != u64::try_from(made.len()).unwrap_or(0) {
        return Err(StoreError::Unavailable(format!("bench law: {projects} of {} projects were assessed", made.len())));
    }
    let peak_resident_kib = super::status_kib("VmHWM:");
    let raw = Instant::now();
    read(ground, |conn| Ok(table::raw_sums(conn)?))?;
    let raw_millis = self::millis(raw);
    let ratio = millis * 100 / raw_millis.max(1);
    Ok(Everything {
        projects,
        kept,
        millis,
        projects_per_second: projects * 1000 / millis.max(1),
        peak_resident_kib,
        raw_millis,
        times_raw: format!("{}.{:02}", ratio / 100, ratio % 100),
    })
}

/// Changes one fact and lets the worker do what follows.
fn one_fact(ground: &Arc<Ground>, made: &[ProjectId]) -> Result<OneFact, StoreError> {
    let project = made.get(made.len() / 2).copied().ok_or_else(|| StoreError::Setup("no project".to_owned()))?;
    let ctx = Ctx::of_the_house(ground, "bench");
    let before = read(ground, |conn| Ok(table::assessments(conn)?))?;
    let started = Instant::now();
    ground
        .db
        .write_blocking(move |tx| {
            let site = projects::enter(tx.conn(), &ctx.scope, project)?;
            let bond = Fact::PaymentBond { amount: Fen(1), issuer: "测量银行".to_owned(), ends_on: ctx.today.plus_days(-1) };
            projects::actions::record_fact(tx, &ctx, &site, ctx.today.plus_days(-2), &bond, None)
        })
        .map_err(|problem: Problem| refused(&problem))?;
    let now = ground.clock.now();
    let jobs = read(ground, move |conn| Ok(jobs::counts(conn, now)?.queued))?;
    let projects_assessed = drain(ground)?;
    let millis = millis(started);
    let rows_written = read(ground, |conn| Ok(table::assessments(conn)?))? - before;
    Ok(OneFact { jobs, projects_assessed, rows_written, millis })
}

/// The engine on facts in memory, on one core.
fn engine(ground: &Arc<Ground>, made: &[ProjectId]) -> Result<Engine, StoreError> {
    let ctx = Ctx::of_the_house(ground, "bench");
    let today = ctx.today;
    let some: Vec<ProjectId> = made.iter().step_by((made.len() / IN_MEMORY).max(1)).take(IN_MEMORY).copied().collect();
    let facts = read(ground, move |conn| {
        let gather = |project: ProjectId| {
            let site = projects::enter(conn, &ctx.scope, project)?;
            compliance::gather(conn, &ctx, &site, today)
        };
        some.into_iter().map(gather).collect::<Result<Vec<_>, Problem>>()
    })?;
    let book = ground.book();
    let (started, mut count, mut findings) = (Instant::now(), 0_u64, 0_usize);
    while started.elapsed() < ENGINE_SPAN {
        for one in &facts {
            findings = findings.wrapping_add(law::assess(one, &book, today).findings.len());
            count += 1;
        }
    }
    let spent = micros(started.elapsed());
    if findings == 0 {
        return Err(StoreError::Unavailable("bench law: the engine found nothing at all".to_owned()));
    }
    Ok(Engine { facts_in_memory: facts.len(), assessments_per_second: count * 1_000_000 / spent.max(1) })
}

impl Law {
    /// Lines for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "law: {} projects, {} months of workers, {} work days, filled in {} ms",
            self.projects, self.month_facts, self.work_days, self.filled_in_millis
        )];
        lines.push(format!(
            "a commit of one row      x 1   p50 {:>6} µs   p99 {:>7} µs",
            self.commit.p50_micros, self.commit.p99_micros
        ));
        for row in &self.gates {
            lines.push(format!(
                "{:<24} x 1   p50 {:>6} µs   p99 {:>7} µs   {} answers, {} clear; gathering p99 {} µs",
                row.gate, row.p50_micros, row.p99_micros, row.answers, row.clear, row.gather_p99_micros
            ));
        }
        let (all, one) = (&self.everything, &self.one_fact);
        lines.push(format!(
            "every project assessed      {:>8} ms, {}/s, peak {} KiB resident; {} times SQLite's own sums ({} ms)",
            all.millis,
            all.projects_per_second,
            all.peak_resident_kib.unwrap_or(0),
            all.times_raw,
            all.raw_millis
        ));
        lines.push(format!(
            "one fact changed            {:>8} ms, {} jobs, {} projects assessed, {} rows",
            one.millis, one.jobs, one.projects_assessed, one.rows_written
        ));
        lines.push(format!("engine alone                {:>8} assessments/s on one core", self.engine.assessments_per_second));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::verify;
    use crate::law::rules::arrears;

    #[test]
    fn the_land_holds_together_and_gates_say_of_it_what_the_cards_say() {
        let folder = Folder::new().unwrap();
        let ground = ground(None, &folder).unwrap();
        let (made, counts) = town::fill(&ground, 24).unwrap();
        assert!(counts.month_facts > 500 && counts.work_days > counts.month_facts * 15 && counts.punches > 100, "{counts:?}");
        let audit = ground.db.read_blocking(verify::verify).unwrap();
        // The database made the punches itself, so they came by no message; everything else holds.
        assert_eq!(audit.broken, [format!("punches of {}: there is no such message", crate::base::id::InboxId(0))]);
        let ctx = Ctx::of_the_house(&ground, "test");
        let compared: Result<(usize, usize), Problem> = ground.db.read_blocking(|conn| {
            let (mut owed, mut clear) = (0, 0);
            for as_of in [ctx.today, ctx.today.plus_days(-60)] {
                for one in compliance::owing_and_unlisted(conn, &ctx, &made, as_of)? {
                    let site = projects::site(conn, one.project.id)?;
                    let months = compliance::gather(conn, &ctx, &site, as_of)?.payroll;
                    if !months.is_empty() {
                        assert_eq!(one.arrears, arrears::of(&months, as_of), "{} on {as_of}", site.code);
                    }
                    owed += usize::from(one.arrears.state.get() == Some(true));
                    clear += usize::from(one.arrears.state.get() == Some(false));
                }
            }
            Ok((owed, clear))
        });
        let (owed, clear) = compared.unwrap();
        assert!(owed > 0 && clear > 10, "{owed} owed, {clear} clear");
    }
}
