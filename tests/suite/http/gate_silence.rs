//! Machines whose clocks are wrong, machines that fall silent: people are told once, and what a machine did not tell is not known.

use actix_web::http::Method;
use anxin::alerts::{NoticeKind, NoticeState, table};
use anxin::attendance::silence;
use anxin::store::{jobs, schema};
use anxin::web::{Role, ScopeOn};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, KEY, TestProject, project};

/// The subjects of standing notices of silence, each once.
fn standing(app: &App, site: &TestProject) -> Vec<String> {
    let id = site.id;
    let rows = app.read(|conn, _| Ok(table::standing(conn, id, NoticeKind::Silence)?)).unwrap();
    let mut subjects: Vec<String> =
        rows.into_iter().filter(|row| row.state != NoticeState::Cured).map(|row| row.subject).collect();
    subjects.sort();
    subjects.dedup();
    subjects
}

fn watch(app: &App) {
    app.write(|tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "watch_gates", &ctx.today.to_string(), ctx.now)?)).unwrap();
    app.drain();
}

fn dark(app: &App, site: &TestProject) -> Vec<String> {
    let id = site.id;
    let days = app.read(|conn, ctx| Ok(silence::dark_days_of(conn, ctx, id)?)).unwrap();
    days.into_iter().map(|day| day.to_string()).collect()
}

both!(a_gate_that_falls_silent_is_told_once_and_its_hours_are_not_known_until_it_tells_them, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    bind(&manager, &site, "T1", "by_state").await;
    let alarm = "device 2026-03-02".to_owned();
    app.get("/iclock/getrequest?SN=T1").send().await;
    // Three hours of working time are not over at noon less a minute; they are at noon. The night does not count.
    app.clock.set("2026-03-02T11:59:00+08:00");
    watch(&app);
    assert_eq!((standing(&app, &site).contains(&alarm), dark(&app, &site)), (false, Vec::new()));
    app.clock.set("2026-03-02T12:01:00+08:00");
    watch(&app);
    watch(&app);
    assert!(standing(&app, &site).contains(&alarm), "{:?}", standing(&app, &site));
    assert_eq!(dark(&app, &site), ["2026-03-02"]);
    // Not a breach of the law by anybody: no finding says that wages are owed for it.
    app.clock.set("2026-03-04T09:00:00+08:00");
    watch(&app);
    assert_eq!(dark(&app, &site), ["2026-03-02", "2026-03-03", "2026-03-04"]);
    // It comes back with what it stored of one day: that day is told, the others stay unknown, and the alarm is closed.
    let stored = "1001\t2026-03-03 07:00:00\t0\t15\n1001\t2026-03-03 17:00:00\t1\t15\n";
    assert_eq!(attlog(&app, "T1", stored).await, "OK: 2\n");
    app.drain();
    assert!(!standing(&app, &site).contains(&alarm), "it closes by itself");
    assert_eq!(dark(&app, &site), ["2026-03-02", "2026-03-04"]);
    assert_eq!(attlog(&app, "T1", stored).await, "OK: 2\n");
    app.drain();
    let days = manager.get(&format!("{}/work-days?month=2026-03", site.path)).send().await.expect(200);
    assert_eq!(
        (days["items"].as_array().unwrap().len(), &days["items"][0]["hundredths"]),
        (1, &json!(100)),
        "nothing is doubled"
    );
    let steps: Vec<String> = app
        .read(|conn, _| {
            use schema::device_silences as s;
            Ok(s::table.order(s::id).select(s::step).load(conn)?)
        })
        .unwrap();
    assert_eq!(steps, ["began", "ended"], "seen again and again, put on record once");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(nobody_seen_behind_a_silent_gate_does_not_mean_nobody_there, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    bind(&manager, &site, "T1", "by_state").await;
    let unregistered = async || {
        let told = manager.get(&format!("{}/card", site.path)).send().await.expect(200).to_string();
        let (_, rest) = told.split_once("未实名登记").expect("a finding shows who is not registered");
        rest.split('}').next().unwrap().to_owned()
    };
    assert!(unregistered().await.contains("\"0\""), "{}", unregistered().await);
    app.clock.set("2026-03-02T18:00:00+08:00");
    watch(&app);
    assert!(!unregistered().await.contains("\"0\""), "not known, not none: {}", unregistered().await);
    app.get("/iclock/getrequest?SN=T1").send().await;
    assert!(!unregistered().await.contains("\"0\""), "that it speaks again does not tell of the hours before");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(one_batch_that_is_eight_hours_off_as_a_whole_raises_the_alarm_and_a_right_time_takes_it_back, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let device = bind(&manager, &site, "T1", "in").await["device"]["id"].as_str().unwrap().to_owned();
    let suspected = async || {
        let shown = manager.get(&format!("/api/v1/devices/{device}")).send().await.expect(200);
        shown["device"]["signs"]["suspected_minutes"].clone()
    };
    app.clock.set("2026-03-02T10:00:00+08:00");
    let batch: String = (0..10).map(|second| format!("10{second:02}\t2026-03-02 01:59:{second:02}\t0\t15\n")).collect();
    assert_eq!(attlog(&app, "T1", &batch).await, "OK: 10\n");
    assert_eq!(suspected().await, json!(-480));
    app.drain();
    assert!(standing(&app, &site).contains(&format!("clock {device}")), "{:?}", standing(&app, &site));
    // What is handed in late says nothing of the clock; the same again neither.
    app.clock.set("2026-03-02T11:00:00+08:00");
    attlog(&app, "T1", "1001\t2026-03-02 10:59:58\t0\t15\n").await;
    assert_eq!(suspected().await, Value::Null, "a clock that was set is believed again");
    app.clock.set("2026-03-02T12:00:00+08:00");
    attlog(&app, "T1", &batch).await;
    assert_eq!(suspected().await, Value::Null, "sent again");
    app.clock.set("2026-03-02T19:00:00+08:00");
    let late: String = (0..10).map(|second| format!("10{second:02}\t2026-03-02 16:59:{second:02}\t0\t15\n")).collect();
    attlog(&app, "T1", &late).await;
    assert_eq!(suspected().await, Value::Null, "the machine told of nothing since: it was out of reach");
});

both!(a_clock_that_sends_utc_as_local_time_raises_one_alarm_and_is_taken_all_the_same, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let device = bind(&manager, &site, "T1", "in").await["device"]["id"].as_str().unwrap().to_owned();
    for minute in 0..6 {
        app.clock.set(&format!("2026-03-02T10:{:02}:00+08:00", minute * 5));
        let line = format!("1001\t2026-03-02 02:{:02}:00\t0\t15\n", minute * 5);
        assert_eq!(attlog(&app, "T1", &line).await, "OK: 1\n");
    }
    let shown = manager.get(&format!("/api/v1/devices/{device}")).send().await.expect(200);
    let signs = &shown["device"]["signs"];
    assert_eq!((&signs["suspected_minutes"], &signs["far_punches"]), (&json!(-480), &json!(0)));
    assert!(signs["skew_seconds"].as_i64().unwrap() + 28_800 < 5, "{signs}");
    app.write(|tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "watch", "2026-03-02", ctx.now)?)).unwrap();
    app.drain();
    let alarm = format!("clock {device}");
    assert!(standing(&app, &site).contains(&alarm), "{:?}", standing(&app, &site));
    // A time years off is taken and flagged, once a message.
    app.clock.set("2026-03-02T11:00:00+08:00");
    assert_eq!(attlog(&app, "T1", "1001\t2010-01-01 08:00:00\t0\t15\n1002\t2030-01-01 08:00:00\t0\t15\n").await, "OK: 2\n");
    let flags: Vec<String> = app
        .read(|conn, _| {
            use schema::quarantine as q;
            Ok(q::table.filter(q::reason.eq("time_far")).select(q::place).load(conn)?)
        })
        .unwrap();
    assert_eq!(flags, ["line 1"]);
    let day = anxin::workers::day_number("2010-01-01".parse().unwrap());
    let id = site.id;
    assert_eq!(app.read(|conn, _| Ok(anxin::attendance::table::punches_of_day(conn, id, day)?.len())).unwrap(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_clock_tells_of_its_users_and_what_was_done_at_it_and_gets_the_roll, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    // The third has no number at the gate: no machine can know them, and that is said.
    let mut nameless = worker(3, &crew);
    nameless["pin"] = serde_json::Value::Null;
    let enrolled = enrol(&manager, &site, vec![worker(1, &crew), worker(2, &crew), nameless]).await;
    let device = bind(&manager, &site, "T1", "in").await["device"]["id"].as_str().unwrap().to_owned();
    let post = |path: &str, body: &str| app.ask(Method::POST, path).body("text/plain", body.to_owned()).send();
    let users = "USER PIN=1001\tName=测试工人1\tPri=0\nFP PIN=1001\tFID=0\tTMP=AAAA\nOPLOG 4\t0\t2026-03-02 07:00:00\n";
    for _ in 0..2 {
        assert_eq!(post("/iclock/cdata?SN=T1&table=OPERLOG&Stamp=7", users).await.text(), "OK: 3\n");
    }
    post("/iclock/registry?SN=T1", "~DeviceName=X,MAC=02:00").await;
    // The first is on it under that name already; the second is put on it.
    let users_path = format!("/api/v1/devices/{device}/users");
    assert_eq!(
        manager.ask(Method::POST, &users_path).send().await.expect(200),
        json!({"put_on": 1, "taken_off": 0, "without_number": 1})
    );
    assert_eq!(
        manager.ask(Method::POST, &users_path).send().await.expect(200),
        json!({"put_on": 0, "taken_off": 0, "without_number": 1}),
        "it waits"
    );
    assert_eq!(
        app.get("/iclock/getrequest?SN=T1").send().await.text(),
        "C:1:DATA UPDATE USERINFO PIN=1002\tName=测试工人2\tPrivilege=0\n"
    );
    // No answer: it comes again after a while, and not before.
    assert_eq!(app.get("/iclock/getrequest?SN=T1").send().await.text(), "OK");
    app.clock.set("2026-03-02T09:10:00+08:00");
    assert!(app.get("/iclock/getrequest?SN=T1").send().await.text().starts_with("C:1:DATA UPDATE"));
    post("/iclock/devicecmd?SN=T1", "ID=1\nReturn=0\nCMD=DATA\n").await;
    // Who has left is taken off.
    let leave = format!("{}/enrolments/{}/leave", site.path, enrolled["results"][1]["enrolment"]["id"].as_str().unwrap());
    manager.post(&leave, json!({"left_on": "2026-03-01"})).send().await.expect(200);
    assert_eq!(
        manager.ask(Method::POST, &users_path).send().await.expect(200),
        json!({"put_on": 0, "taken_off": 1, "without_number": 1})
    );
    assert_eq!(app.get("/iclock/getrequest?SN=T1").send().await.text(), "C:2:DATA DELETE USERINFO PIN=1002\n");
    post("/iclock/devicecmd?SN=T1", "ID=2&Return=0&CMD=DATA").await;
    assert_eq!(manager.ask(Method::POST, &users_path).send().await.expect(200)["taken_off"], 0);
    // Its log may be emptied only once everything in it is here.
    let orders = format!("/api/v1/devices/{device}/orders");
    manager.post(&orders, json!({"order": "clear_log"})).send().await.refuse(409, "conflict");
    attlog(&app, "T1", "1001\t2026-03-02 07:00:00\t0\t15\n").await;
    app.clock.set("2026-03-02T09:20:00+08:00");
    app.get("/iclock/getrequest?SN=T1&INFO=Ver8,1,1,1,192.0.2.9").send().await;
    manager.post(&orders, json!({"order": "clear_log"})).send().await.expect(201);
    let beat = async |info: &str| app.get(&format!("/iclock/getrequest?SN=T1{info}")).send().await.text();
    assert_eq!(beat("").await, "OK", "it does not say in the same breath what its log holds");
    assert_eq!(beat("&INFO=Ver8,1,1,1,192.0.2.9").await, "C:3:CLEAR LOG\n");
    app.clock.set("2026-03-02T09:40:00+08:00");
    assert_eq!(beat("&INFO=Ver8,1,1,0,192.0.2.9").await, "OK", "what is cleared is gone: it is told once, answered or not");
    post("/iclock/devicecmd?SN=T1", "ID=3&Return=0&CMD=CLEAR").await;
    // What was stored before the log was emptied says nothing of what is in it now.
    beat("&INFO=Ver8,1,1,1,192.0.2.9").await;
    manager.post(&orders, json!({"order": "clear_log"})).send().await.refuse(409, "conflict");
    attlog(&app, "T1", "1001\t2026-03-02 09:30:00\t1\t15\n").await;
    manager.post(&orders, json!({"order": "clear_log"})).send().await.expect(201);
    let told: (i64, i64) = app
        .read(|conn, _| {
            use schema::{device_operations as o, device_users as u};
            Ok((u::table.count().get_result(conn)?, o::table.count().get_result(conn)?))
        })
        .unwrap();
    assert_eq!(told, (1, 1), "told twice, kept once; who was taken off is gone");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(settings_shape_what_a_clock_is_told_and_a_secret_prefix_hides_it, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let device = bind(&manager, &site, "T1", "in").await["device"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/devices/{device}/settings");
    let settings = json!({"offset_minutes": 330, "settings": {"zone_form": "clock", "name_encoding": "gbk", "is_gprs": true, "delay_seconds": 10}});
    manager.post(&path, settings).send().await.expect(200);
    manager.post(&path, json!({"settings": {"delay_seconds": 0}})).send().await.refuse(422, "invalid");
    let block = app.get("/iclock/cdata?SN=T1&options=all").send().await.text();
    assert!(block.contains("\nDelay=10\n") && block.contains("\nTimeZone=05:30\n"), "{block}");
    let hidden = app.restarted(KEY, |config| config.gates.prefixes = vec!["k3yq".to_owned()]).unwrap();
    assert_eq!(hidden.get("/iclock/getrequest?SN=T1").send().await.status, 404);
    assert_eq!(hidden.get("/other/iclock/getrequest?SN=T1").send().await.status, 404);
    assert_eq!(hidden.get("/k3yq/iclock/getrequest.aspx?SN=T1").send().await.text(), "OK");
    // A batch larger than any machine can hold: 413 and an alarm at once; a picture of that size is acknowledged, its head kept.
    let huge = vec![b'1'; 33 * 1024 * 1024];
    let answer =
        app.ask(Method::POST, "/iclock/cdata?SN=T1&table=ATTPHOTO&Stamp=1").body("image/jpeg", huge.clone()).send().await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "OK"));
    let answer = app.ask(Method::POST, "/iclock/cdata?SN=T1&table=ATTLOG&Stamp=1").body("text/plain", huge).send().await;
    assert_eq!(answer.status, 413);
    let shown = manager.get(&format!("/api/v1/devices/{device}")).send().await.expect(200);
    assert!(shown["device"]["signs"]["stuck_at"].is_string());
    app.write(|tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), "watch", "2026-03-02", ctx.now)?)).unwrap();
    app.drain();
    assert!(standing(&app, &site).contains(&format!("stuck {device}")));
    let reasons: Vec<(String, bool)> = app
        .read(|conn, _| {
            use schema::{inbox as i, quarantine as q};
            let joined = q::table.inner_join(i::table.on(i::id.eq(q::inbox_id)));
            Ok(joined.select((q::reason, i::truncated)).load(conn)?)
        })
        .unwrap();
    assert_eq!(reasons, [("over_limit".to_owned(), true)]);
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    operator.get("/api/v1/quarantine?reason=over_limit&source=T1").send().await.expect(200);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_a_machine_gives_away_counts_once_however_often_it_is_sent_or_read, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let clock_id = bind(&manager, &site, "T1", "by_state").await["device"]["id"].as_str().unwrap().to_owned();
    let signs =
        async |id: &str| manager.get(&format!("/api/v1/devices/{id}")).send().await.expect(200)["device"]["signs"].clone();
    let far: String = (1..=4).map(|second| format!("1001\t2019-01-01 08:00:0{second}\t0\t15\n")).collect();
    for minute in [5, 10] {
        app.clock.set(&format!("2026-03-02T09:{minute:02}:00+08:00"));
        assert_eq!(attlog(&app, "T1", &far).await, "OK: 4\n");
        assert_eq!(signs(&clock_id).await["far_punches"], json!(4), "minute {minute}");
    }
    // A template, an operation and a picture, each message read again.
    let records = "FP PIN=1001\tFID=0\tSize=4\tValid=1\tTMP=AAAA\nOPLOG 4\t0\t2026-03-02 09:00:00\t0\t0\t0\t0\n";
    let told = app.ask(Method::POST, "/iclock/cdata?SN=T1&table=OPERLOG&OpStamp=1").body("text/plain", records).send().await;
    assert_eq!(told.status, 200);
    let body = json!({"serial": "T00000001", "project": site.id, "gate": "2号门", "maker": "hikvision"});
    let camera = manager.post("/api/v1/devices", body).send().await.expect(200);
    let (path, camera_id) = (camera["push_path"].as_str().unwrap(), camera["device"]["id"].as_str().unwrap());
    let event = "--MIME_boundary\r\nContent-Disposition: form-data; name=\"AccessControllerEvent\"\r\nContent-Type: application/json\r\n\r\n\
                 {\"dateTime\":\"2026-03-02T07:58:03+08:00\",\"eventType\":\"AccessControllerEvent\",\"shortSerialNumber\":\"T00000001\",\
                 \"AccessControllerEvent\":{\"majorEventType\":5,\"subEventType\":75,\"employeeNoString\":\"1001\",\"serialNo\":1}}\r\n\
                 --MIME_boundary\r\nContent-Disposition: form-data; name=\"Picture\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\n--MIME_boundary--\r\n";
    let media = "multipart/form-data; boundary=mime_boundary";
    assert_eq!(app.ask(Method::POST, path).body(media, event).send().await.status, 200);
    let before = (signs(&clock_id).await["templates"].clone(), signs(camera_id).await["pictures"].clone());
    assert_eq!(before, (json!(1), json!(1)));
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    let all: Vec<anxin::base::id::InboxId> = app
        .read(|conn, _| {
            use schema::inbox as i;
            Ok(i::table.filter(i::state.ne("duplicate")).order(i::id).select(i::id).load(conn)?)
        })
        .unwrap();
    for id in all {
        operator.ask(Method::POST, &format!("/api/v1/inbox/{id}/replay")).send().await.expect(200);
    }
    assert_eq!((signs(&clock_id).await["templates"].clone(), signs(camera_id).await["pictures"].clone()), before);
    assert_eq!(signs(&clock_id).await["far_punches"], json!(4));
    let operations: i64 = app.read(|conn, _| Ok(schema::device_operations::table.count().get_result(conn)?)).unwrap();
    assert_eq!(operations, 1);
});
