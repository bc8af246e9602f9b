//! The queue: dead letters are seen, tried again on record, and what was done is pruned.

use anxin::base::Moment;
use anxin::base::id::JobId;
use anxin::store::jobs::{self, JobState};
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use crate::both;
use crate::suite::ground::{App, fact, project};

fn put(app: &App, kind: &'static str, payload: &'static str) {
    app.write(move |tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), kind, payload, ctx.now)?)).unwrap();
}

fn ids(app: &App, state: JobState) -> Vec<JobId> {
    app.read(move |conn, _| Ok(jobs::list(conn, state, 0, 100)?)).unwrap().into_iter().map(|row| row.id).collect()
}

both!(a_dead_letter_is_shown_and_tried_again_on_record, |app| {
    // A project that does not exist: the job fails each time.
    put(&app, "assess", "prj-0CJ1V8Q2M0001");
    for day in 3..3 + jobs::ATTEMPTS_MAX {
        assert_eq!(ids(&app, JobState::Queued).len(), 1, "day {day}");
        app.clock.set(&format!("2026-03-{day:02}T09:00:00+08:00"));
        app.drain();
    }
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let listed = admin.get("/api/v1/jobs").send().await.expect(200);
    let job = &listed["items"][0];
    assert_eq!((&job["state"], &job["kind"], &job["attempts"]), (&json!("dead"), &json!("assess"), &json!(8)));
    assert!(job["last_error"].as_str().unwrap().contains("not_found"), "{job}");
    let retry = format!("/api/v1/jobs/{}/retry", job["id"].as_str().unwrap());
    app.labour_manager().post(&retry, json!({})).send().await.refuse(403, "not_allowed");
    // The same job that waits already is enough.
    put(&app, "assess", "prj-0CJ1V8Q2M0001");
    admin.post(&retry, json!({})).send().await.refuse(409, "conflict");
    app.write(|tx, _| {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE jobs SET state = 'done' WHERE state = 'queued'").execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    let revived = admin.post(&retry, json!({})).send().await.expect(200);
    assert_eq!((&revived["state"], &revived["attempts"]), (&json!("queued"), &json!(0)));
    admin.post(&retry, json!({})).send().await.refuse(409, "conflict");
    admin.post("/api/v1/jobs/job-0CJ1V8Q2M0001/retry", json!({})).send().await.refuse(404, "not_found");
    assert_eq!(admin.get("/api/v1/jobs?state=queued").send().await.expect(200)["items"].as_array().unwrap().len(), 1);
    admin.get("/api/v1/jobs?state=lost").send().await.refuse(422, "invalid");
    let noted = app.read(|conn, _| {
        use anxin::store::schema::journal;
        use diesel::prelude::*;
        Ok(journal::table.filter(journal::actions.like("%retry_job%")).count().get_result::<i64>(conn)?)
    });
    assert_eq!(noted.unwrap(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(pages_of_jobs_follow_each_other, |app| {
    for payload in ["prj-0CJ1V8Q2M0001", "prj-0CJ1V8Q2M0002", "prj-0CJ1V8Q2M0003"] {
        put(&app, "assess", payload);
    }
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let first = admin.get("/api/v1/jobs?state=queued&limit=2").send().await.expect(200);
    let after = first["next"].as_str().expect("more");
    let second = admin.get(&format!("/api/v1/jobs?state=queued&limit=2&after={after}")).send().await.expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (2, 1));
    assert_eq!(second["next"], json!(null));
});

both!(what_was_done_is_pruned_after_its_days_and_dead_letters_are_not, |app| {
    put(&app, "prune", "2026-03-02");
    put(&app, "nonsense", "x");
    app.drain();
    app.write(|tx, _| {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE jobs SET state = 'dead' WHERE kind = 'nonsense'").execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    let (done, dead) = (ids(&app, JobState::Done), ids(&app, JobState::Dead));
    assert_eq!((done.len(), dead.len()), (1, 1));
    app.clock.set("2026-04-01T08:59:00+08:00");
    put(&app, "prune", "2026-04-01");
    app.drain();
    assert!(ids(&app, JobState::Done).contains(&done[0]), "thirty days are not over");
    app.clock.set("2026-04-01T09:01:00+08:00");
    put(&app, "prune", "2026-04-02");
    app.drain();
    assert!(!ids(&app, JobState::Done).contains(&done[0]));
    assert_eq!(ids(&app, JobState::Dead), dead);
});

both!(a_dead_letter_is_dismissed_with_a_note_on_record, |app| {
    put(&app, "nonsense", "x");
    app.write(|tx, _| {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE jobs SET state = 'dead' WHERE kind = 'nonsense'").execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    let id = ids(&app, JobState::Dead)[0];
    let dismiss = format!("/api/v1/jobs/{id}/dismiss");
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    app.labour_manager().post(&dismiss, json!({"note": "x"})).send().await.refuse(403, "not_allowed");
    let part = app.client(Role::Administrator, ScopeOn::Region("330700".parse().unwrap()));
    part.post(&dismiss, json!({"note": "x"})).send().await.refuse(404, "not_found");
    for note in ["", " ", &"长".repeat(301)] {
        admin.post(&dismiss, json!({"note": note})).send().await.refuse(422, "invalid");
    }
    assert_eq!(admin.post(&dismiss, json!({"note": "测试任务"})).send().await.expect(200)["note"], "测试任务");
    admin.post(&dismiss, json!({"note": "again"})).send().await.refuse(409, "conflict");
    admin.post(&format!("/api/v1/jobs/{id}/retry"), json!({})).send().await.refuse(409, "conflict");
    assert_eq!(ids(&app, JobState::Dead), []);
    let counts = app.read(|conn, ctx| Ok(jobs::counts(conn, ctx.now)?)).unwrap();
    assert_eq!(counts.dead, 0);
    let noted = app.read(|conn, _| {
        use anxin::store::schema::journal;
        use diesel::prelude::*;
        Ok(journal::table.filter(journal::actions.like("%dismiss_job%测试任务%")).count().get_result::<i64>(conn)?)
    });
    assert_eq!(noted.unwrap(), 1);
    app.clock.set("2026-04-02T09:01:00+08:00");
    put(&app, "prune", "2026-04-02");
    app.drain();
    assert!(app.read(move |conn, _| Ok(jobs::find(conn, id)?)).unwrap().is_none(), "pruned with what was done");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_oldest_due_job_tells_how_late_the_queue_is, |app| {
    let counts = |at: &str| {
        let at: Moment = at.parse().unwrap();
        app.read(move |conn, _| Ok(jobs::counts(conn, at)?)).unwrap()
    };
    assert_eq!(counts("2026-03-02T12:00:00+08:00"), jobs::Counts::default());
    app.clock.set("2026-03-02T10:00:00+08:00");
    put(&app, "assess", "prj-0CJ1V8Q2M0001");
    assert_eq!(counts("2026-03-02T09:59:00+08:00").oldest_due, None, "not due yet");
    let due = counts("2026-03-02T12:00:00+08:00");
    assert_eq!((due.queued, due.oldest_due.map(|at| at.unix_seconds())), (1, Some(1_772_416_800)));
});

both!(what_is_asked_for_while_it_runs_is_done_again, |app| {
    put(&app, "assess", "prj-0CJ1V8Q2M0001");
    let take = || app.write(|tx, ctx| Ok(jobs::take(tx.conn(), ctx.now, &["assess"], 10)?)).unwrap();
    let taken = take();
    assert_eq!(taken.len(), 1);
    // While it waits for its result nobody takes it again, and whoever asks for it is heard.
    assert!(take().is_empty());
    put(&app, "assess", "prj-0CJ1V8Q2M0001");
    assert_eq!(ids(&app, JobState::Queued).len(), 1);
    let first = taken[0].clone();
    app.write(move |tx, ctx| Ok(jobs::done(tx.conn(), &first, ctx.now)?)).unwrap();
    let again = take();
    assert_eq!((again.len(), again[0].id, again[0].attempts), (1, taken[0].id, 0));
    let second = again[0].clone();
    app.write(move |tx, ctx| Ok(jobs::done(tx.conn(), &second, ctx.now)?)).unwrap();
    assert_eq!((ids(&app, JobState::Queued).len(), ids(&app, JobState::Done).len()), (0, 1));
});

both!(jobs_are_taken_together_only_where_they_stand_together, |app| {
    for (kind, payload) in [("assess", "a"), ("assess", "b"), ("fold_days", "c"), ("fold_days", "d"), ("assess", "e")] {
        put(&app, kind, payload);
    }
    let mut groups = Vec::new();
    loop {
        let taken = app.write(|tx, ctx| Ok(jobs::take(tx.conn(), ctx.now, &["assess"], 10)?)).unwrap();
        if taken.is_empty() {
            break;
        }
        groups.push(taken.iter().map(|job| job.payload.clone()).collect::<Vec<_>>());
    }
    assert_eq!(groups, [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"]]);
});

fn assessments(app: &App) -> usize {
    app.read(|conn, _| Ok(anxin::compliance::table::all(conn)?.len())).unwrap()
}

both!(a_group_is_assessed_whole_and_one_that_fails_harms_no_other, |app| {
    let manager = app.labour_manager();
    let mut sites = Vec::new();
    for number in 1..=5 {
        sites.push(project(&manager, number, "330784").await);
    }
    put(&app, "assess", "prj-0CJ1V8Q2M0001");
    for site in &sites {
        let id = site.id.to_string();
        app.write(move |tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "assess", &id, ctx.now)?)).unwrap();
    }
    app.drain();
    assert_eq!(
        (assessments(&app), ids(&app, JobState::Queued).len()),
        (5, 1),
        "the one that does not exist waits for its next try"
    );
    // The same again changes nothing; one fact sets one project in motion.
    for site in &sites {
        let id = site.id.to_string();
        app.write(move |tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "assess", &id, ctx.now)?)).unwrap();
    }
    assert_eq!(app.drain(), 5);
    assert_eq!(assessments(&app), 5);
    let bond = json!({"kind": "payment_bond", "amount": "500000.00", "issuer": "测试银行", "ends_on": "2026-12-31"});
    fact(&manager, &sites[2], "2026-01-10", bond).await;
    assert_eq!(app.drain(), 1);
    let all = app.read(|conn, _| Ok(anxin::compliance::table::all(conn)?)).unwrap();
    assert_eq!(all.iter().filter(|row| row.project_id == sites[2].id).count(), 2);
    assert_eq!(all.len(), 6);
    assert_eq!(app.broken(), Vec::<String>::new());
});
