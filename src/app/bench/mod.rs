//! `anxin bench`: measures this binary on databases of its own, as a client of its real server.
//!
//! Client, server and disk share one machine, so the figures are what a machine gives that does all three. Rates are whole numbers a
//! second, times microseconds. Deliberately absent: other programs to compare with, which `tests/bench/run` drives, and any limit
//! that a test would wait for.

mod bed;
mod camt;
mod client;
mod detectors;
mod feeds;
mod gates;
mod growth;
mod law;
mod pages;
mod payroll;
mod punches;
mod statements;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::store::StoreError;
use crate::web::Problem;
use bed::Bed;

/// How long an idle server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(2);
/// The scenarios; memory comes first, while the process is fresh.
const NAMES: &[&str] =
    &["idle", "punches", "growth", "gates", "pages", "statements", "camt", "feeds", "payroll", "law", "detectors"];

fn refused(problem: &Problem) -> StoreError {
    StoreError::Setup(format!("{} / {}", problem.zh, problem.en))
}

/// Memory of a server that nobody asks anything.
#[derive(Debug, Clone, Serialize)]
pub struct Idle {
    /// Resident memory in KiB; known on Linux only.
    pub resident_kib: Option<u64>,
}

/// What was measured; `null` for scenarios that were not asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub database: &'static str,
    pub cores: usize,
    pub idle: Option<Idle>,
    pub punches: Option<punches::Punches>,
    pub growth: Option<growth::Growth>,
    pub gates: Option<gates::Gates>,
    pub pages: Option<pages::Pages>,
    pub statements: Option<statements::Statements>,
    pub camt: Option<camt::Camt>,
    pub feeds: Option<feeds::Feeds>,
    pub payroll: Option<payroll::Payroll>,
    pub law: Option<law::Law>,
    pub detectors: Option<detectors::Detectors>,
}

/// Runs the named scenario, or all of them.
///
/// # Errors
/// An unknown name, a database that cannot be used, and any request that is not answered as it must be.
pub fn run(
    config_dir: Option<&Path>,
    name: Option<&str>,
    projects: Option<usize>,
    url: Option<&str>,
    seed: Option<u64>,
) -> Result<Report, StoreError> {
    if let Some(name) = name
        && !NAMES.contains(&name)
    {
        return Err(StoreError::Setup(format!("bench `{name}`: write one of {} / 没有这项测量", NAMES.join(" "))));
    }
    let asked = |scenario: &str| name.is_none_or(|name| name == scenario);
    let is_server = url.is_some_and(|url| url.starts_with("postgres"));
    let mut report = Report {
        database: if is_server { "postgresql" } else { "sqlite" },
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        idle: None,
        punches: None,
        growth: None,
        gates: None,
        pages: None,
        statements: None,
        camt: None,
        feeds: None,
        payroll: None,
        law: None,
        detectors: None,
    };
    let on_bed = |scenario: &str| if asked(scenario) { Bed::make(config_dir, url).map(Some) } else { Ok(None) };
    if let Some(bed) = on_bed("idle")? {
        std::thread::sleep(IDLE);
        report.idle = Some(Idle { resident_kib: resident_kib() });
        bed.end()?;
    }
    if let Some(bed) = on_bed("punches")? {
        let mut punches = punches::measure(&bed)?;
        bed.end()?;
        let bed = Bed::slowed(config_dir, url, Duration::from_millis(punches::SLOWED_BY_MILLIS))?;
        punches.slowed = Some(punches::measure_slowed(&bed)?);
        bed.end()?;
        report.punches = Some(punches);
    }
    // By name only: it takes a minute and two gigabytes of disk.
    if name == Some("growth") {
        let bed = Bed::make(config_dir, url)?;
        report.growth = Some(growth::measure(&bed)?);
        bed.end()?;
    }
    if let Some(bed) = on_bed("gates")? {
        report.gates = Some(gates::measure(&bed)?);
        bed.end()?;
    }
    // A demonstration city is an embedded database by its nature.
    if asked("pages") && !is_server {
        let bed = Bed::demo(config_dir)?;
        report.pages = Some(pages::measure(&bed)?);
        bed.end()?;
    }
    if let Some(bed) = on_bed("statements")? {
        report.statements = Some(statements::measure(&bed)?);
        bed.end()?;
    }
    if let Some(bed) = on_bed("camt")? {
        report.camt = Some(camt::measure(&bed)?);
        bed.end()?;
    }
    if asked("feeds") {
        report.feeds = Some(feeds::measure()?);
    }
    if asked("payroll") {
        report.payroll = Some(payroll::measure(config_dir, url)?);
    }
    // Its rows are made by statements of the embedded database.
    if asked("law") && !is_server {
        report.law = Some(law::measure(config_dir, projects.unwrap_or(law::PROJECTS))?);
    }
    if asked("detectors") && !is_server {
        let bed = Bed::demo(config_dir)?;
        report.detectors = Some(detectors::measure(&bed, seed)?);
        bed.end()?;
    }
    Ok(report)
}

/// Resident memory of this process.
fn resident_kib() -> Option<u64> {
    status_kib("VmRSS:")
}

/// A line of this process's status on Linux.
fn status_kib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

impl Report {
    /// Whether what is promised of the detectors is kept; true where they were not measured.
    pub fn holds(&self) -> bool {
        self.detectors.as_ref().is_none_or(detectors::Detectors::holds)
    }

    /// One line of JSON.
    pub fn json(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Damaged(error.to_string()))
    }

    /// Lines for people.
    pub fn table(&self) -> Vec<String> {
        let mut lines = vec![format!("{} on {} cores", self.database, self.cores)];
        if let Some(Idle { resident_kib: Some(kib) }) = &self.idle {
            lines.push(format!("idle server                 {:>8} KiB resident", kib));
        }
        if let Some(punches) = &self.punches {
            let rows = [("static ok", &punches.static_ok), ("1 punch a request", &punches.single)];
            let slowed = punches.slowed.as_ref().map(|row| ("1 punch, commits slowed", row));
            for (name, row) in rows.into_iter().chain(slowed).chain([("1,000 punches a request", &punches.batch)]) {
                lines.push(format!(
                    "{name:<24} x {:<2}{:>8} requests/s {:>8} punches/s   p50 {:>6} µs   p99 {:>7} µs   {:>5} commits/s of {} requests",
                    row.connections,
                    row.requests_per_second,
                    row.punches_per_second,
                    row.p50_micros,
                    row.p99_micros,
                    row.transactions_per_second,
                    row.requests_per_transaction.as_deref().unwrap_or("-"),
                ));
            }
            let micros = |sync: Option<u64>| sync.map_or("?".to_owned(), |micros| micros.to_string());
            lines.push(format!(
                "fdatasync of the disk       {:>8} µs before single punches, {} µs before batches; slowed commits took {} ms more",
                micros(punches.sync_before_single_micros),
                micros(punches.sync_before_batch_micros),
                punches.slowed_by_millis
            ));
            lines.push(format!("folding what was left       {:>8} ms", punches.folding_millis));
        }
        lines.extend(self.growth.iter().flat_map(growth::Growth::lines));
        for row in self.gates.iter().flat_map(|gates| &gates.gates) {
            lines.push(format!(
                "{:<24} x {:<2}{:>8} answers/s   p50 {:>6} µs   p99 {:>7} µs   {} answers",
                row.gate, row.connections, row.answers_per_second, row.p50_micros, row.p99_micros, row.answers
            ));
        }
        for row in self.pages.iter().flat_map(|pages| &pages.pages) {
            lines.push(format!(
                "page {:<34} p50 {:>6} µs   p99 {:>7} µs   {:>7} bytes",
                row.page, row.p50_micros, row.p99_micros, row.bytes
            ));
        }
        if let Some(statements) = &self.statements {
            lines.push(format!(
                "statements                  {:>8} entries/s   {} entries, the slowest file took {} ms",
                statements.entries_per_second, statements.entries, statements.slowest_millis
            ));
        }
        lines.extend(self.camt.iter().flat_map(camt::Camt::lines));
        lines.extend(self.feeds.iter().flat_map(feeds::Feeds::lines));
        lines.extend(self.payroll.iter().flat_map(payroll::Payroll::lines));
        lines.extend(self.law.iter().flat_map(law::Law::lines));
        lines.extend(self.detectors.iter().flat_map(detectors::Detectors::lines));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_scenarios_run() {
        assert!(matches!(run(None, Some("everything"), None, None, None), Err(StoreError::Setup(_))));
    }
}
