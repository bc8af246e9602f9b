//! Punches through `/iclock/cdata`: every request is answered after the commit that holds its inbox row and its punches.
//!
//! One punch a request over many connections shows how requests share commits; a thousand a request is a clock that was offline.
//! The same connections on `/healthz` show what HTTP alone costs here.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::bed::Bed;
use super::client::{self, Figures, Load};
use crate::app::worker;
use crate::attendance::devices::actions::{self, Binding};
use crate::attendance::devices::{GateDirection, Maker};
use crate::base::Day;
use crate::projects;
use crate::store::{Commits, StoreError};
use crate::wire::device::CHINA_OFFSET_MINUTES;

/// Connections of single punches, and devices: each connection is one clock.
const CONNECTIONS: usize = 64;
/// Connections that upload in batches.
pub const BATCH_CONNECTIONS: usize = 4;
/// Punches of one batch.
pub const BATCH: u64 = 1000;
/// Projects that the clocks hang at, in turn.
const PROJECTS: usize = 16;
/// People who pass one gate.
const PEOPLE: u64 = 200;
/// Passages at one gate on one day.
const PASSAGES_OF_DAY: u64 = 800;
/// First passage of the batches: later days than those of the single punches, so that nothing is sent twice.
const BATCH_FROM: u64 = 50 * PASSAGES_OF_DAY;
/// Seconds from one passage to the next.
const PASSAGE_SECONDS: u64 = 45;
/// Second of the day at which the gates open.
const OPENING_SECOND: u64 = 6 * 3600;
/// Bytes of a passage in an upload, about.
const LINE_BYTES: usize = 40;
/// How much longer every commit takes where a slow disk is played.
pub const SLOWED_BY_MILLIS: u64 = 3;
const WARM_UP: Duration = Duration::from_secs(1);
const SPAN: Duration = Duration::from_secs(6);
const STATIC_SPAN: Duration = Duration::from_secs(2);

/// What one kind of request came to.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub connections: usize,
    pub punches_per_request: u64,
    pub requests: u64,
    pub seconds: u64,
    pub requests_per_second: u64,
    pub punches_per_second: u64,
    pub p50_micros: u64,
    pub p99_micros: u64,
    /// Commits of the writer, those of the worker's jobs among them.
    pub transactions_per_second: u64,
    /// Requests that shared a commit, with one decimal.
    pub requests_per_transaction: Option<String>,
}

/// All of them.
#[derive(Debug, Clone, Serialize)]
pub struct Punches {
    /// `GET /healthz`.
    pub static_ok: Row,
    /// One punch a request.
    pub single: Row,
    /// A thousand a request.
    pub batch: Row,
    /// What the disk takes for a small write to be safe, in the middle of many, right before each; `null` where the disk is a server's.
    pub sync_before_single_micros: Option<u64>,
    pub sync_before_batch_micros: Option<u64>,
    /// One punch a request with every commit slowed.
    pub slowed: Option<Row>,
    pub slowed_by_millis: u64,
    /// Milliseconds that the worker still needed to fold what was left into work days.
    pub folding_millis: u64,
}

fn row(figures: &Figures, connections: usize, punches: u64, commits: Option<(Commits, Commits)>) -> Row {
    let (groups, pieces) =
        commits.map_or((0, 0), |(first, last)| (last.groups - first.groups, last.pieces.saturating_sub(first.pieces)));
    let shared = (groups > 0).then(|| {
        let tenths = pieces * 10 / groups;
        format!("{}.{}", tenths / 10, tenths % 10)
    });
    Row {
        connections,
        punches_per_request: punches,
        requests: figures.requests,
        seconds: figures.micros / 1_000_000,
        requests_per_second: figures.per_second(1),
        punches_per_second: figures.per_second(punches),
        p50_micros: figures.percentile(50),
        p99_micros: figures.percentile(99),
        transactions_per_second: groups * 1_000_000 / figures.micros.max(1),
        requests_per_transaction: shared,
    }
}

/// Clocks that are bound.
pub struct Clocks {
    serials: Vec<String>,
    first: Day,
}

impl Clocks {
    /// Binds them on a bed.
    pub fn bind(bed: &Bed) -> Result<Self, StoreError> {
        let projects = bed.projects(PROJECTS)?;
        let serials: Vec<String> = (0..CONNECTIONS).map(|number| format!("BN{}X{number}", bed.tag)).collect();
        let named = serials.clone();
        bed.write(move |tx, ctx| {
            for (serial, (project, ..)) in named.iter().zip(projects.iter().cycle()) {
                let site = projects::enter(tx.conn(), &ctx.scope, *project)?;
                let new = Binding {
                    serial: serial.clone(),
                    maker: Maker::Zkteco,
                    gate: serial.clone(),
                    direction: GateDirection::ByState,
                    offset_minutes: Some(CHINA_OFFSET_MINUTES),
                    com_key: None,
                    since: None,
                };
                actions::bind(tx, ctx, &site, &new)?;
            }
            Ok(())
        })?;
        Ok(Self { serials, first: bed.first_day() })
    }

    /// Writes an upload of so many passages of a clock, from one on. A clock sends a new stamp with each, and the service notes it.
    pub fn upload(&self, place: usize, from: u64, count: u64, out: &mut Vec<u8>) {
        let serial = self.serials.get(place).map_or("", String::as_str);
        let body = attlog(self.first, from, count);
        client::post(out, &format!("/iclock/cdata?SN={serial}&table=ATTLOG&Stamp={from}"), "", body.as_bytes());
    }

    /// Writes the n-th batch of a connection: the clocks take turns, so that a clock's days go on as slowly as they do.
    pub fn batch(&self, place: usize, n: u64, out: &mut Vec<u8>) {
        let turns = u64::try_from(CONNECTIONS / BATCH_CONNECTIONS).unwrap_or(1);
        let clock = place + BATCH_CONNECTIONS * usize::try_from(n % turns).unwrap_or(0);
        self.upload(clock, BATCH_FROM + n / turns * BATCH, BATCH, out);
    }

    /// Single punches over many connections.
    fn one_by_one(&self, bed: &Bed) -> Result<Row, StoreError> {
        let single = |place: usize, n: u64, out: &mut Vec<u8>| self.upload(place, n, 1, out);
        let (figures, begun, ended) = client::drive(load(bed, CONNECTIONS, SPAN), single, || bed.ground.db.commits())?;
        Ok(row(&figures, CONNECTIONS, 1, Some((begun, ended))))
    }
}

fn load(bed: &Bed, connections: usize, span: Duration) -> Load {
    Load { address: bed.address, connections, warm_up: WARM_UP, span }
}

/// Binds the clocks and measures.
pub fn measure(bed: &Bed) -> Result<Punches, StoreError> {
    let clocks = Clocks::bind(bed)?;
    let (figures, ..) = client::drive(load(bed, CONNECTIONS, STATIC_SPAN), |_, _, out| client::get(out, "/healthz", ""), || ())?;
    let static_ok = row(&figures, CONNECTIONS, 0, None);

    let sync_before_single_micros = bed.sync_micros();
    let single = clocks.one_by_one(bed)?;

    let sync_before_batch_micros = bed.sync_micros();
    let batch = |place: usize, n: u64, out: &mut Vec<u8>| clocks.batch(place, n, out);
    let (figures, begun, ended) = client::drive(load(bed, BATCH_CONNECTIONS, SPAN), batch, || bed.ground.db.commits())?;
    let batch = row(&figures, BATCH_CONNECTIONS, BATCH, Some((begun, ended)));

    // Passages of the last moments wait for others before their day is folded.
    let wait = bed.ground.settings.gates.fold_after_seconds.unsigned_abs().saturating_add(1);
    std::thread::sleep(Duration::from_secs(wait));
    let begun = std::time::Instant::now();
    while worker::drain(&bed.ground)? > 0 {}
    let folding_millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Punches {
        static_ok,
        single,
        batch,
        sync_before_single_micros,
        sync_before_batch_micros,
        slowed: None,
        slowed_by_millis: SLOWED_BY_MILLIS,
        folding_millis,
    })
}

/// Single punches where every commit takes longer: what a slow disk does.
pub fn measure_slowed(bed: &Bed) -> Result<Row, StoreError> {
    Clocks::bind(bed)?.one_by_one(bed)
}

/// Passages of a gate as its clock sends them, in order of time.
fn attlog(first: Day, from: u64, count: u64) -> String {
    // What the client spends is taken from the server beside it.
    let mut text = String::with_capacity(usize::try_from(count).unwrap_or(0).saturating_mul(LINE_BYTES));
    let mut shown = (u64::MAX, String::new());
    for passage in from..from + count {
        let number = passage / PASSAGES_OF_DAY;
        if shown.0 != number {
            shown = (number, first.plus_days(i64::try_from(number).unwrap_or(0)).to_string());
        }
        let second = OPENING_SECOND + passage % PASSAGES_OF_DAY * PASSAGE_SECONDS;
        let pin = 1001 + passage * 7919 % PEOPLE;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let _ = writeln!(text, "{pin}\t{} {hour:02}:{minute:02}:{second:02}\t0\t15\t0\t0\t0", shown.1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_passage_of_a_gate_is_another_punch() {
        let first: Day = "2026-03-02".parse().unwrap();
        let text = attlog(first, 0, 3 * PASSAGES_OF_DAY);
        let read = crate::wire::zkteco::attlog::parse(text.as_bytes(), None, CHINA_OFFSET_MINUTES);
        assert!(read.problems.is_empty());
        let keys: std::collections::BTreeSet<_> = read.punches.iter().map(|punch| (punch.at_local, &punch.person)).collect();
        assert_eq!(keys.len(), 2400);
        assert!(text.starts_with("1001\t2026-03-02 06:00:00\t0\t15"));
        assert!(text.contains("2026-03-04 15:59:15"));
    }
}
