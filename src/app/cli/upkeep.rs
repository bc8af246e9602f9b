//! `schedule` and `key rotate`.

use std::path::Path;

use super::{Verdict, Where, say};
use crate::app::clock::SystemClock;
use crate::app::config::Config;
use crate::app::demo::DEMO_MARK;
use crate::app::schedule::{Listed, Schedule};
use crate::app::{build, keys};
use crate::base::{Clock, Moment};
use crate::store::StoreError;
use crate::store::ticks::TickOutcome;

/// Coming ticks that are shown.
const NEXT_SHOWN: usize = 3;

/// To the second: ticks have no fractions.
fn shown(at: Moment) -> String {
    format!("{}+08:00", at.local().format("%Y-%m-%dT%H:%M:%S"))
}

/// Lists the schedule: name, expression, zone, what becomes of missed ticks, the last tick and the next three.
pub fn schedule(config_dir: Option<&Path>, place: &Where) -> Result<Verdict, StoreError> {
    let schedule = Schedule::read(&Config::load(config_dir)?.schedule)?;
    let db = place.open_existing()?;
    let now = SystemClock.now();
    let listed = db.read_blocking(|conn| schedule.list(conn, now, NEXT_SHOWN))?;
    for Listed { tick, last, next } in &listed {
        let last = match last {
            Some(row) if row.outcome == TickOutcome::Begun => format!("none since {}", shown(row.due_at)),
            Some(row) => format!("{} {}", shown(row.due_at), row.outcome),
            None => "none".to_owned(),
        };
        let next: Vec<String> = next.iter().map(|at| shown(*at)).collect();
        let next = if next.is_empty() { "never".to_owned() } else { next.join(" ") };
        say(&format!("{}  {}  {}  {}  last {last}  next {next}", tick.name, tick.expression, tick.zone_name, tick.missed))?;
    }
    let soonest = listed.iter().filter_map(|one| one.next.first().map(|at| (*at, one.tick.name))).min();
    let soonest = soonest.map_or_else(|| "nothing to come".to_owned(), |(at, name)| format!("next {name} at {}", shown(at)));
    say(&format!("{} ticks, {soonest}", listed.len()))?;
    Ok(Verdict::Holds)
}

/// Puts the database under another master key; the service must be stopped.
pub fn rotate(place: &Where, new_key_file: &Path) -> Result<Verdict, StoreError> {
    let (old, new) = (build::read_key(&place.key_path())?, build::read_key(new_key_file)?);
    let db = place.open_existing()?;
    if build::mark(&db, DEMO_MARK)?.is_some() {
        let why = "a demonstration keeps its key: its log-ins are made from it / 演示数据库不支持更换密钥";
        return Err(StoreError::Setup(why.to_owned()));
    }
    let rotated = keys::rotate(&db, old, new, SystemClock.now())?;
    say(&format!(
        "{} data keys rotated, {} sessions ended; start the service with `{}`",
        rotated.keys,
        rotated.sessions,
        new_key_file.display()
    ))?;
    Ok(Verdict::Holds)
}
