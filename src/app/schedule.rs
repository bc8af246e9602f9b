//! The schedule: which work is due when, read from configuration.
//!
//! Ticks are counted from the last one on record, not from the start of the process, so what was missed is known. A tick and its job
//! are written in one transaction and its primary key lets it in once, however many instances look. Zones are fixed offsets: China
//! has no summer time, and a table of the world's zones would weigh more than this service.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use cron::Schedule as Cron;

use super::config::{ScheduleConfig, TickConfig};
use crate::base::day::SHANGHAI_OFFSET_SECONDS;
use crate::base::{Moment, words};
use crate::store::ticks::{self, TickOutcome, TickRow};
use crate::store::{AnyConn, StoreError, jobs};
use crate::web::{Ctx, Ground};

words! {
    /// What becomes of ticks that were due while no service ran.
    pub enum Missed, "missed" {
        /// Each of the last [`CATCH_UP_MAX`] is done.
        CatchUp = "catch_up",
        /// They are left out.
        Skip = "skip",
    }
}

/// Missed ticks that are caught up at most, the latest ones.
pub const CATCH_UP_MAX: usize = 31;

/// A tick that is later than this was missed.
const MISSED_AFTER_SECONDS: i64 = 600;

/// Days back from now in which missed ticks are looked for.
const LOOK_BACK_DAYS: i64 = 400;

/// The word that switches a tick off.
const OFF: &str = "off";

/// One line of the schedule.
#[derive(Debug, Clone)]
pub struct Tick {
    /// Name.
    pub name: &'static str,
    /// Expression as written.
    pub expression: String,
    /// Zone as written.
    pub zone_name: String,
    /// What becomes of missed ticks.
    pub missed: Missed,
    cron: Option<Cron>,
    zone: FixedOffset,
    wake_at: Moment,
}

/// The schedule of a service.
#[derive(Debug, Clone)]
pub struct Schedule {
    ticks: Vec<Tick>,
}

/// A tick with its past and its future, for people.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The line.
    pub tick: Tick,
    /// The latest tick on record.
    pub last: Option<TickRow>,
    /// The next ones.
    pub next: Vec<Moment>,
}

fn zone_of(text: &str) -> Option<FixedOffset> {
    let seconds = match text {
        "Asia/Shanghai" => SHANGHAI_OFFSET_SECONDS,
        "UTC" => 0,
        other => {
            let sign = match other.as_bytes().first() {
                Some(b'+') => 1,
                Some(b'-') => -1,
                _ => return None,
            };
            let (hours, minutes) = other.get(1..)?.split_once(':')?;
            let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
            let (hours, minutes) = (number(hours)?, number(minutes)?);
            if hours > 14 || minutes > 59 {
                return None;
            }
            sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)
        }
    };
    FixedOffset::east_opt(seconds)
}

impl Tick {
    fn read(name: &'static str, config: &TickConfig) -> Result<Self, StoreError> {
        let zone = zone_of(&config.zone).ok_or_else(|| {
            StoreError::Setup(format!(
                "schedule.{name}.zone: `{}` is not read; write Asia/Shanghai, UTC or an offset like +08:00 / 时区应为 Asia/Shanghai、UTC 或 +08:00 这样的偏移",
                config.zone
            ))
        })?;
        let cron = if config.cron == OFF {
            None
        } else {
            let read: Result<Cron, _> = config.cron.parse();
            Some(read.map_err(|error| {
                StoreError::Setup(format!(
                    "schedule.{name}.cron: `{}`: {error}; write second minute hour day month weekday, or off / 定时表达式有误",
                    config.cron
                ))
            })?)
        };
        let (expression, zone_name) = (config.cron.clone(), config.zone.clone());
        Ok(Self { name, expression, zone_name, missed: config.missed, cron, zone, wake_at: Moment(0) })
    }

    /// The moments after `at` at which it is due.
    fn after(&self, at: Moment) -> impl Iterator<Item = Moment> + '_ {
        let from = DateTime::from_timestamp_micros(at.0).unwrap_or_default().with_timezone(&self.zone);
        self.cron.iter().flat_map(move |cron| cron.after(&from).map(|due| Moment(due.timestamp_micros())))
    }

    /// The job that a tick stands for: kind and payload. A digest tells what stands now, so it bears the day on which it is written:
    /// several that were missed are one.
    fn job(&self, due_at: Moment, now: Moment) -> (&'static str, String) {
        let day = due_at.day();
        match self.name {
            "nightly" => ("nightly", day.plus_days(-1).to_string()),
            "reminders" => ("remind", day.to_string()),
            "sources" => ("watch", day.to_string()),
            "gates" => ("watch_gates", day.to_string()),
            "digest" => ("digest", now.day().to_string()),
            "silence" => ("silence", day.to_string()),
            _ => ("prune", day.to_string()),
        }
    }

    /// What is due by `now` after the last tick on record: what to run, and the latest of those that are left out.
    fn due(&self, last: Moment, now: Moment) -> (Vec<Moment>, Option<Moment>) {
        let from = last.max(now.plus_seconds(-LOOK_BACK_DAYS * 86_400));
        let mut latest = VecDeque::new();
        for due in self.after(from).take_while(|due| *due <= now) {
            if latest.len() == CATCH_UP_MAX {
                latest.pop_front();
            }
            latest.push_back(due);
        }
        match self.missed {
            Missed::CatchUp => (latest.into(), None),
            Missed::Skip => match latest.pop_back() {
                Some(due) if due.plus_seconds(MISSED_AFTER_SECONDS) >= now => (vec![due], None),
                missed => (Vec::new(), missed),
            },
        }
    }
}

impl Schedule {
    /// Reads the schedule.
    ///
    /// # Errors
    /// An expression or a zone that does not read, with its name.
    pub fn read(config: &ScheduleConfig) -> Result<Self, StoreError> {
        let ScheduleConfig { nightly, reminders, sources, gates, silence, digest, pruning } = config;
        let named = [
            ("nightly", nightly),
            ("reminders", reminders),
            ("sources", sources),
            ("gates", gates),
            ("silence", silence),
            ("digest", digest),
            ("pruning", pruning),
        ];
        let ticks: Result<Vec<Tick>, StoreError> = named.into_iter().map(|(name, config)| Tick::read(name, config)).collect();
        Ok(Self { ticks: ticks? })
    }

    /// Enqueues the work of every tick that is due; gives how many ran.
    pub fn look(&mut self, ground: &Arc<Ground>) -> Result<usize, StoreError> {
        let ctx = Ctx::of_the_house(ground, "schedule");
        let now = ctx.now;
        let mut ran = 0;
        for tick in &mut self.ticks {
            if now < tick.wake_at || tick.cron.is_none() {
                continue;
            }
            let name = tick.name;
            let last = ground.db.read_blocking(|conn| ticks::last(conn, name))?;
            match last {
                // Nothing was promised for the time before the first look.
                None => note(ground, name, now, TickOutcome::Begun, now)?,
                Some(last) => {
                    let (due, left_out) = tick.due(last.due_at, now);
                    if let Some(due_at) = left_out {
                        tracing::warn!(tick.name = name, tick.due_at = %due_at, "a tick was missed and is left out");
                        note(ground, name, due_at, TickOutcome::Skipped, now)?;
                    }
                    for due_at in due {
                        ran += usize::from(run(&ctx, tick, due_at)?);
                    }
                }
            }
            let wake_at = tick.after(now).next();
            tick.wake_at = wake_at.unwrap_or(Moment(i64::MAX));
        }
        Ok(ran)
    }

    /// The schedule with its past and future, for people.
    pub fn list(&self, conn: &mut AnyConn, now: Moment, count: usize) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::with_capacity(self.ticks.len());
        for tick in &self.ticks {
            let last = ticks::last(conn, tick.name)?;
            listed.push(Listed { last, next: tick.after(now).take(count).collect(), tick: tick.clone() });
        }
        Ok(listed)
    }
}

fn note(ground: &Arc<Ground>, name: &'static str, due_at: Moment, outcome: TickOutcome, now: Moment) -> Result<(), StoreError> {
    ground.db.write_blocking(move |tx| ticks::claim(tx.conn(), name, due_at, outcome, now).map(drop))
}

/// Notes a tick and enqueues its job in one transaction; false when another instance was first.
fn run(ctx: &Ctx, tick: &Tick, due_at: Moment) -> Result<bool, StoreError> {
    let (name, (kind, payload)) = (tick.name, tick.job(due_at, ctx.now));
    let (ctx, db) = (ctx.clone(), ctx.ground.db.clone());
    db.write_blocking(move |tx| {
        let is_ours = ticks::claim(tx.conn(), name, due_at, TickOutcome::Ran, ctx.now)?;
        if is_ours {
            jobs::enqueue(tx.conn(), ctx.id(), kind, &payload, ctx.now)?;
        }
        Ok(is_ours)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::Config;

    fn tick(cron: &str, zone: &str, missed: Missed) -> Tick {
        Tick::read("nightly", &TickConfig { cron: cron.into(), zone: zone.into(), missed }).unwrap()
    }

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn texts(moments: &[Moment]) -> Vec<String> {
        moments.iter().map(|at| at.local().format("%m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn the_embedded_schedule_reads() {
        let schedule = Schedule::read(&Config::load(None).unwrap().schedule).unwrap();
        assert_eq!(
            schedule.ticks.iter().map(|tick| tick.name).collect::<Vec<_>>(),
            ["nightly", "reminders", "sources", "gates", "silence", "digest", "pruning"]
        );
    }

    #[test]
    fn a_zone_moves_the_moment() {
        let from = moment("2026-03-02T09:00:00+08:00");
        let next = |zone: &str| tick("0 30 1 * * *", zone, Missed::Skip).after(from).next().unwrap();
        assert_eq!(next("Asia/Shanghai"), moment("2026-03-03T01:30:00+08:00"));
        assert_eq!(next("+08:00"), next("Asia/Shanghai"));
        assert_eq!(next("UTC"), moment("2026-03-02T09:30:00+08:00"));
        assert_eq!(next("-03:30"), moment("2026-03-02T13:00:00+08:00"));
    }

    #[test]
    fn odd_zones_and_expressions_are_named() {
        let read = |cron: &str, zone: &str| {
            let config = TickConfig { cron: cron.into(), zone: zone.into(), missed: Missed::Skip };
            Tick::read("digest", &config).map(drop).map_err(|error| error.to_string())
        };
        for zone in ["Europe/Berlin", "08:00", "+8:00", "+15:00", "+08:60", "+0800", ""] {
            assert!(read("0 0 7 * * *", zone).unwrap_err().contains("schedule.digest.zone"), "{zone}");
        }
        for cron in ["", "7 o'clock", "0 7 * *", "0 61 * * * *"] {
            assert!(read(cron, "UTC").unwrap_err().contains("schedule.digest.cron"), "{cron}");
        }
        assert!(read("off", "UTC").is_ok());
        assert_eq!(tick("off", "UTC", Missed::CatchUp).after(Moment(0)).next(), None);
    }

    #[test]
    fn missed_ticks_are_caught_up_or_left_out() {
        let (last, now) = (moment("2026-03-02T01:30:00+08:00"), moment("2026-03-05T09:00:00+08:00"));
        let (due, left_out) = tick("0 30 1 * * *", "Asia/Shanghai", Missed::CatchUp).due(last, now);
        assert_eq!((texts(&due), left_out), (vec!["03-03 01:30".into(), "03-04 01:30".into(), "03-05 01:30".into()], None));
        let skip = tick("0 30 1 * * *", "Asia/Shanghai", Missed::Skip);
        assert_eq!(skip.due(last, now), (vec![], Some(moment("2026-03-05T01:30:00+08:00"))));
        // One that is due this moment, or a little late because the worker was busy, was not missed.
        for late in [0, 1, MISSED_AFTER_SECONDS] {
            let now = moment("2026-03-05T01:30:00+08:00").plus_seconds(late);
            assert_eq!(texts(&skip.due(last, now).0), ["03-05 01:30"], "{late} seconds late");
        }
        assert_eq!(skip.due(moment("2026-03-05T01:30:00+08:00"), now), (vec![], None), "what is on record is not due again");
    }

    #[test]
    fn digests_that_were_missed_are_one_of_today() {
        let config = TickConfig { cron: "0 30 7 * * *".into(), zone: "Asia/Shanghai".into(), missed: Missed::CatchUp };
        let (digest, now) = (Tick::read("digest", &config).unwrap(), moment("2026-03-05T09:00:00+08:00"));
        for due in ["2026-03-03T07:30:00+08:00", "2026-03-05T07:30:00+08:00"] {
            assert_eq!(digest.job(moment(due), now), ("digest", "2026-03-05".to_owned()));
        }
        let night = tick("0 30 1 * * *", "Asia/Shanghai", Missed::CatchUp);
        assert_eq!(night.job(moment("2026-03-03T01:30:00+08:00"), now).1, "2026-03-02", "the night's work is of its own day");
    }

    #[test]
    fn catching_up_has_an_end() {
        let (last, now) = (moment("2019-01-01T00:00:00+08:00"), moment("2026-03-05T09:00:00+08:00"));
        let (due, _) = tick("0 30 1 * * *", "Asia/Shanghai", Missed::CatchUp).due(last, now);
        assert_eq!((due.len(), texts(&due).pop().unwrap()), (CATCH_UP_MAX, "03-05 01:30".to_owned()));
    }
}
