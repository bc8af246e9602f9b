//! The schedule: each tick once, whoever looks; what was missed is known from the record.

use anxin::app::config::Config;
use anxin::app::schedule::{Missed, Schedule};
use anxin::store::jobs::{self, JobState};
use anxin::store::ticks::{self, TickOutcome};

use crate::both;
use crate::suite::ground::App;

fn schedule(change: impl FnOnce(&mut Config)) -> Schedule {
    let mut config = Config::load(None).unwrap();
    let quiet = &mut config.schedule;
    for tick in [&mut quiet.reminders, &mut quiet.sources, &mut quiet.gates, &mut quiet.pruning] {
        tick.cron = "off".into();
    }
    change(&mut config);
    Schedule::read(&config.schedule).unwrap()
}

/// Kind and payload of the jobs that wait.
fn waiting(app: &App) -> Vec<String> {
    let rows = app.read(|conn, _| Ok(jobs::list(conn, JobState::Queued, 0, 1000)?)).unwrap();
    rows.into_iter().map(|row| format!("{} {}", row.kind, row.payload)).collect()
}

fn record(app: &App, name: &'static str) -> Vec<(String, TickOutcome)> {
    let rows = app.read(move |conn, _| Ok(ticks::of_name(conn, name)?)).unwrap();
    rows.into_iter().map(|row| (row.due_at.local().format("%m-%d %H:%M").to_string(), row.outcome)).collect()
}

both!(a_tick_runs_once_whoever_looks, |app| {
    // Two instances of the service over one database.
    let (mut one, mut two) = (schedule(|_| ()), schedule(|_| ()));
    assert_eq!((one.look(&app.ground).unwrap(), two.look(&app.ground).unwrap()), (0, 0), "nothing was promised before");
    app.clock.set("2026-03-03T01:29:59+08:00");
    assert_eq!((one.look(&app.ground).unwrap(), two.look(&app.ground).unwrap()), (0, 0));
    app.clock.set("2026-03-03T01:30:00+08:00");
    let (ground, other) = (app.ground.clone(), app.ground.clone());
    let first = std::thread::spawn(move || (0..20).map(|_| one.look(&ground).unwrap()).sum::<usize>());
    let second = std::thread::spawn(move || (0..20).map(|_| two.look(&other).unwrap()).sum::<usize>());
    assert_eq!(first.join().unwrap() + second.join().unwrap(), 1);
    assert_eq!(waiting(&app), ["nightly 2026-03-02"]);
});

both!(missed_ticks_are_counted_from_the_record_not_from_the_start, |app| {
    schedule(|_| ()).look(&app.ground).unwrap();
    app.clock.set("2026-03-03T01:30:01+08:00");
    schedule(|_| ()).look(&app.ground).unwrap();
    // The service is down for three nights; another start finds them.
    app.clock.set("2026-03-06T12:00:00+08:00");
    schedule(|_| ()).look(&app.ground).unwrap();
    let nightly: Vec<String> = waiting(&app).into_iter().filter(|job| job.starts_with("nightly")).collect();
    assert_eq!(nightly, ["nightly 2026-03-02", "nightly 2026-03-03", "nightly 2026-03-04", "nightly 2026-03-05"]);
    let days: Vec<String> = record(&app, "nightly").into_iter().map(|(at, _)| at).collect();
    assert_eq!(days, ["03-02 09:00", "03-03 01:30", "03-04 01:30", "03-05 01:30", "03-06 01:30"]);
    // And nothing more, however often anybody looks.
    assert_eq!(schedule(|_| ()).look(&app.ground).unwrap(), 0);
});

both!(missed_ticks_are_left_out_where_that_is_configured, |app| {
    let skipping = || schedule(|config| config.schedule.nightly.missed = Missed::Skip);
    skipping().look(&app.ground).unwrap();
    app.clock.set("2026-03-06T12:00:00+08:00");
    skipping().look(&app.ground).unwrap();
    assert!(waiting(&app).iter().all(|job| !job.starts_with("nightly")), "{:?}", waiting(&app));
    assert_eq!(record(&app, "nightly")[1], ("03-06 01:30".to_owned(), TickOutcome::Skipped));
    app.clock.set("2026-03-07T01:30:00+08:00");
    skipping().look(&app.ground).unwrap();
    assert!(waiting(&app).contains(&"nightly 2026-03-06".to_owned()), "the next one runs: {:?}", waiting(&app));
});

both!(a_tick_and_its_job_are_one, |app| {
    // What the night's job does in the end is done: every project is assessed.
    let manager = app.labour_manager();
    let project = crate::suite::ground::project(&manager, 1, "330784").await;
    let mut schedule = schedule(|_| ());
    schedule.look(&app.ground).unwrap();
    app.clock.set("2026-03-03T01:30:00+08:00");
    assert_eq!(schedule.look(&app.ground).unwrap(), 1);
    app.drain();
    let kept = manager.get(&format!("{}/assessments", project.path)).send().await.expect(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_list_tells_past_and_future, |app| {
    let mut schedule = schedule(|_| ());
    schedule.look(&app.ground).unwrap();
    app.clock.set("2026-03-03T01:30:00+08:00");
    schedule.look(&app.ground).unwrap();
    let listed = app.read(|conn, ctx| Ok(schedule.list(conn, ctx.now, 3)?)).unwrap();
    let nightly = &listed[0];
    assert_eq!(nightly.last.as_ref().map(|row| row.outcome), Some(TickOutcome::Ran));
    let next: Vec<String> = nightly.next.iter().map(|at| at.local().to_string()).collect();
    assert_eq!(next, ["2026-03-04 01:30:00", "2026-03-05 01:30:00", "2026-03-06 01:30:00"]);
    assert!(listed[1].next.is_empty() && listed[1].last.is_none(), "a tick that is off has no future");
});

both!(old_ticks_are_pruned_but_never_the_latest, |app| {
    schedule(|_| ()).look(&app.ground).unwrap();
    app.clock.set("2026-03-05T12:00:00+08:00");
    schedule(|_| ()).look(&app.ground).unwrap();
    app.write(|tx, ctx| Ok(ticks::prune(tx.conn(), ctx.now.plus_seconds(86_400 * 365))?)).unwrap();
    assert_eq!(record(&app, "nightly"), [("03-05 01:30".to_owned(), TickOutcome::Ran)]);
});
