//! Punches through `/iclock/cdata`: every request is answered after the commit that holds its inbox row and its punches.
//!
//! One punch a request over many connections shows how requests share commits; a thousand a request is a clock that was offline.
//! The same connections on `/healthz` show what HTTP alone costs here.

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
const BATCH_CONNECTIONS: usize = 4;
/// Punches of one batch.
const BATCH: u64 = 1000;
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

/// Binds the clocks and measures.
pub fn measure(bed: &Bed) -> Result<Punches, StoreError> {
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
                offset_minutes: CHINA_OFFSET_MINUTES,
                com_key: None,
            };
            actions::bind(tx, ctx, &site, &new)?;
        }
        Ok(())
    })?;
    let load = |connections, span| Load { address: bed.address, connections, warm_up: WARM_UP, span };
    let commits = || bed.ground.db.commits();

    let (figures, ..) = client::drive(load(CONNECTIONS, STATIC_SPAN), |_, _, out| client::get(out, "/healthz", ""), || ())?;
    let static_ok = row(&figures, CONNECTIONS, 0, None);

    let first = bed.first_day();
    let upload = |place: usize, from: u64, count: u64, out: &mut Vec<u8>| {
        let serial = serials.get(place).map_or("", String::as_str);
        let body = attlog(first, from, count);
        // A clock sends a new stamp with each upload, and the service notes it.
        client::post(out, &format!("/iclock/cdata?SN={serial}&table=ATTLOG&Stamp={from}"), "", body.as_bytes());
    };
    let single = |place: usize, n: u64, out: &mut Vec<u8>| upload(place, n, 1, out);
    let (figures, begun, ended) = client::drive(load(CONNECTIONS, SPAN), single, commits)?;
    let single = row(&figures, CONNECTIONS, 1, Some((begun, ended)));

    let batch = |place: usize, n: u64, out: &mut Vec<u8>| upload(place, BATCH_FROM + n * BATCH, BATCH, out);
    let (figures, begun, ended) = client::drive(load(BATCH_CONNECTIONS, SPAN), batch, commits)?;
    let batch = row(&figures, BATCH_CONNECTIONS, BATCH, Some((begun, ended)));

    // Passages of the last moments wait for others before their day is folded.
    let wait = bed.ground.settings.gates.fold_after_seconds.unsigned_abs().saturating_add(1);
    std::thread::sleep(Duration::from_secs(wait));
    let begun = std::time::Instant::now();
    while worker::drain(&bed.ground)? > 0 {}
    let folding_millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Punches { static_ok, single, batch, folding_millis })
}

/// Passages of a gate as its clock sends them, in order of time.
fn attlog(first: Day, from: u64, count: u64) -> String {
    let mut text = String::new();
    let mut shown = (u64::MAX, String::new());
    for passage in from..from + count {
        let number = passage / PASSAGES_OF_DAY;
        if shown.0 != number {
            shown = (number, first.plus_days(i64::try_from(number).unwrap_or(0)).to_string());
        }
        let second = OPENING_SECOND + passage % PASSAGES_OF_DAY * PASSAGE_SECONDS;
        let pin = 1001 + passage * 7919 % PEOPLE;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        text.push_str(&format!("{pin}\t{} {hour:02}:{minute:02}:{second:02}\t0\t15\t0\t0\t0\n", shown.1));
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
