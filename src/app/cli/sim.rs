//! `anxin sim`: the simulated site year on a temporary database of its own.

use std::io::Write;

use super::{Verdict, say};
use crate::app::sim::{self, Wanted};
use crate::store::StoreError;
use crate::store::conn::Place;

/// Plays the year, tells each violation and how the forecast did on standard error, and prints the summary.
pub fn run(seed: u64, days: i64) -> Result<Verdict, StoreError> {
    let folder = std::env::temp_dir().join(format!("anxin-sim-{seed}-{}", std::process::id()));
    let setup = |error: std::io::Error| StoreError::Setup(format!("`{}`: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(setup)?;
    let report = sim::run(&Wanted { seed, days, kills: true, is_crowded: false, place: Place::in_folder(&folder) });
    let removed = std::fs::remove_dir_all(&folder).map_err(setup);
    let report = report?;
    removed?;
    let mut stderr = std::io::stderr().lock();
    for what in &report.told {
        let _ = writeln!(stderr, "seed {seed}: {what}");
    }
    let told = &report.foresight;
    let (asked, unknown) = (told.forecast.asked(), told.unknown);
    let _ = writeln!(stderr, "seed {seed}: {asked} pay days asked about nine days ahead, {unknown} without a word of the bank");
    let _ = writeln!(stderr, "seed {seed}: forecast: {}", told.forecast);
    let _ = writeln!(stderr, "seed {seed}: \"the balance is low\": {}", told.naive);
    drop(stderr);
    let line = serde_json::to_string(&report).map_err(|error| StoreError::Damaged(error.to_string()))?;
    say(&line)?;
    Ok(if report.violations == 0 { Verdict::Holds } else { Verdict::Fails })
}
