//! Attendance: a clock's whole conversation, holding and taking over, our JSON feed, folding.

use actix_web::http::Method;
use anxin::attendance::intake::digest;
use anxin::base::id::ProjectId;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{Answer, App, Client, TestProject, id_number, project};

const EXAMPLE: &str = "1001\t2026-02-27 07:58:03\t0\t15\t0\t0\t0\nnot a punch\n1002\t2026-02-27 07:58:41\t0\t1\t0\t0\t0\n";

async fn clock(app: &App, path: &str, body: &str) -> Answer {
    let answer = app.ask(Method::POST, path).body("text/plain", body).send().await;
    assert!(!answer.bytes.is_empty(), "a clock never gets an empty body: {path}");
    answer
}

pub async fn attlog(app: &App, serial: &str, body: &str) -> String {
    let answer = clock(app, &format!("/iclock/cdata?SN={serial}&table=ATTLOG&Stamp=9999"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.get("content-type").unwrap().to_str().unwrap().starts_with("text/plain"));
    answer.text()
}

pub async fn bind(client: &Client<'_>, site: &TestProject, serial: &str, direction: &str) -> Value {
    let body = json!({"serial": serial, "project": site.id, "gate": "1号门", "direction": direction});
    client.post("/api/v1/devices", body).send().await.expect(200)
}

async fn ground<'a>(app: &'a App) -> (Client<'a>, TestProject, String) {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    (manager, site, crew)
}

fn punches(app: &App, site: ProjectId, day: &str) -> usize {
    let day = anxin::workers::day_number(day.parse().unwrap());
    app.read(|conn, _| Ok(anxin::attendance::table::punches_of_day(conn, site, day)?.len())).unwrap()
}

pub async fn days(client: &Client<'_>, site: &TestProject, month: &str) -> Value {
    client.get(&format!("{}/work-days?month={month}", site.path)).send().await.expect(200)
}

both!(the_example_of_the_protocol_holds_and_a_repeat_changes_nothing, |app| {
    let (manager, site, _) = ground(&app).await;
    bind(&manager, &site, "TEST000000001", "in").await;
    for _ in 0..2 {
        assert_eq!(attlog(&app, "TEST000000001", EXAMPLE).await, "OK: 3\n");
        assert_eq!(punches(&app, site.id, "2026-02-27"), 2);
    }
    let digests = app.read(|conn, _| Ok(digest::recompute_digests(conn)?)).unwrap();
    assert_eq!(digests.len(), 1, "the repeat stored nothing and has no digest");
    assert_eq!(app.broken(), Vec::<String>::new());
    let block = app.get("/iclock/cdata?SN=TEST000000001&options=all").send().await.text();
    assert!(block.starts_with("GET OPTION FROM: TEST000000001\nATTLOGStamp=9999\n"), "{block}");
});

both!(what_firmware_does_to_a_batch_is_understood, |app| {
    let (manager, site, _) = ground(&app).await;
    bind(&manager, &site, "T1", "by_state").await;
    let lines = "ATTLOG\t1\t2026-02-27 07:00:00\t0\t1\r\n\r\n2\t2026-02-27 07:00:01\n3\t1772150403\t0\t15\t\t\n\
                 4\t2026-04-31 07:00:00\t0\t1\n5\t2026-02-27 07:00:02\t0\t1\n5\t2026-02-27 07:00:02\t0\t1\n";
    let path = "/s3cret/iclock/cdata.aspx?sn=T1&table=%20ATTLOG&Stamp=None";
    assert_eq!(clock(&app, path, lines).await.text(), "OK: 6\n");
    assert_eq!(punches(&app, site.id, "2026-02-27"), 5, "the epoch line lies on the day too, the second equal punch counts");
    assert_eq!(clock(&app, path, lines).await.text(), "OK: 6\n");
    assert_eq!(punches(&app, site.id, "2026-02-27"), 5);
});

both!(a_clock_talks_through_its_whole_day, |app| {
    let (manager, site, _) = ground(&app).await;
    bind(&manager, &site, "T1", "in").await;
    let time = app.get("/iclock/cdata?SN=T1&type=time").send().await.text();
    assert!(time.starts_with("Time=2026-03-02T09:00:00+08:00"), "{time}");
    assert_eq!(clock(&app, "/iclock/registry?SN=T1", "~DeviceName=X,MAC=02:00").await.text(), "OK");
    assert!(clock(&app, "/iclock/registry?SN=T1", "DeviceType=acc,~X=1").await.text().contains("registry=ok"));
    for _ in 0..2 {
        assert_eq!(app.get("/iclock/getrequest?SN=T1&INFO=Ver8,12,3,400,192.0.2.9").send().await.text(), "OK");
    }
    let users = "USER PIN=1\tName=测试甲\nFP PIN=1\tFID=0\nOPLOG 4\t0\t2026-02-27 07:00:00\n";
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=OPERLOG&Stamp=7", users).await.text(), "OK: 3\n");
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=BIODATA", "x").await.text(), "OK");
    let photo = app.ask(Method::POST, "/iclock/cdata?SN=T1&table=ATTPHOTO&Stamp=3");
    let photo = photo.body("application/octet-stream", b"PIN=1.jpg\nCMD=uploadphoto\0\xff\xd8\0\xff".to_vec()).send().await;
    assert_eq!((photo.status, photo.text().as_str()), (200, "OK"));
    assert_eq!(app.get("/iclock/anything?SN=T1").send().await.text(), "OK");
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=ATTLOG", "").await.text(), "OK: 0\n");
    let block = app.get("/iclock/cdata?SN=T1&options=all").send().await.text();
    assert!(block.contains("\nOPERLOGStamp=7\nATTPHOTOStamp=3\n"), "{block}");
    let device = manager.get("/api/v1/devices?serial=T1").send().await.expect(200);
    assert_eq!(device["items"][0]["info"], "Ver8,12,3,400,192.0.2.9");
    assert_eq!(app.get("/iclock/cdata").send().await.status, 403);
});

both!(an_unknown_clock_is_held_until_somebody_binds_it, |app| {
    let (manager, site, crew) = ground(&app).await;
    let block = app.get("/iclock/cdata?SN=NEW1&options=all").send().await;
    assert!(block.text().starts_with("GET OPTION FROM: NEW1\n"));
    assert_eq!(attlog(&app, "NEW1", EXAMPLE).await, "OK: 3\n");
    assert_eq!(attlog(&app, "NEW1", EXAMPLE).await, "OK: 3\n");
    assert_eq!(app.get("/iclock/getrequest?SN=NEW1").send().await.text(), "OK");
    assert_eq!(punches(&app, site.id, "2026-02-27"), 0);
    let listed = manager.get("/api/v1/devices").send().await.expect(200);
    assert_eq!((&listed["items"][0]["state"], &listed["items"][0]["held_punches"]), (&json!("pending"), &json!(4)));
    let narrow = app.client(Role::LabourManager, ScopeOn::Project(site.id));
    assert_eq!(narrow.get("/api/v1/devices").send().await.expect(200)["items"], json!([]));
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let bound = bind(&narrow, &site, "NEW1", "in").await;
    assert_eq!(bound["replayed"], json!({"messages": 2, "punches": 2, "problems": 2}));
    assert_eq!(bound["device"]["held_punches"], 0);
    assert_eq!(bind(&narrow, &site, "NEW1", "in").await["replayed"]["messages"], 0);
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_stranger_may_hold_only_so_much_and_a_blocked_clock_nothing, |app| {
    let (manager, site, _) = ground(&app).await;
    let many: String = (0..6000).map(|n| format!("{n}\t2026-02-27 07:00:00\t0\t1\n")).collect();
    assert_eq!(attlog(&app, "NEW1", &many).await, "OK: 6000\n");
    assert_eq!(clock(&app, "/iclock/cdata?SN=NEW1&table=ATTLOG", &many).await.status, 403);
    let limit = app.ground.settings.pending_devices_max;
    for number in 1..limit {
        assert_eq!(app.get(&format!("/iclock/getrequest?SN=MORE{number}")).send().await.status, 200);
    }
    assert_eq!(app.get("/iclock/getrequest?SN=ONEMORE").send().await.status, 403);
    let bound = bind(&manager, &site, "T1", "in").await;
    let path = format!("/api/v1/devices/{}/block", bound["device"]["id"].as_str().unwrap());
    manager.ask(Method::POST, &path).send().await.expect(200);
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=ATTLOG", EXAMPLE).await.status, 403);
    assert_eq!(app.get("/iclock/cdata?SN=T1&options=all").send().await.status, 403);
    assert_eq!(punches(&app, site.id, "2026-02-27"), 0);
});

both!(a_key_is_asked_for_and_factory_keys_are_refused, |app| {
    let (manager, site, _) = ground(&app).await;
    let body = |key: &str| json!({"serial": "T1", "project": site.id, "gate": "1号门", "com_key": key});
    manager.post("/api/v1/devices", body("88888888")).send().await.refuse(422, "invalid");
    manager.post("/api/v1/devices", body("k7-own")).send().await.expect(200);
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=ATTLOG", EXAMPLE).await.status, 403);
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=ATTLOG&ComKey=other", EXAMPLE).await.status, 403);
    assert_eq!(clock(&app, "/iclock/cdata?SN=T1&table=ATTLOG&comkey=k7-own", EXAMPLE).await.status, 200);
    let kept: Vec<String> = app
        .read(|conn, _| {
            use diesel::prelude::*;
            Ok(anxin::store::schema::inbox::table.select(anxin::store::schema::inbox::request).load(conn)?)
        })
        .unwrap();
    assert!(kept.iter().all(|request| !request.contains("k7-own")), "{kept:?}");
});

both!(orders_wait_for_the_heartbeat_and_hear_of_their_end, |app| {
    let (manager, site, crew) = ground(&app).await;
    let bound = bind(&manager, &site, "T1", "in").await;
    let answer = enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let enrolment = answer["results"][0]["enrolment"]["id"].clone();
    let path = format!("/api/v1/devices/{}", bound["device"]["id"].as_str().unwrap());
    let orders = format!("{path}/orders");
    assert_eq!(app.get("/iclock/getrequest?SN=T1").send().await.text(), "OK");
    manager.post(&orders, json!({"order": "update_user", "enrolment": enrolment})).send().await.expect(201);
    manager.post(&orders, json!({"order": "check"})).send().await.expect(201);
    manager.post(&orders, json!({"order": "shell", "text": "reboot"})).send().await.refuse(422, "invalid");
    manager.post(&orders, json!({"order": "delete_user", "enrolment": "rec-0000000000001"})).send().await.refuse(422, "invalid");
    // What was never handed over is not answered, and what is said under no number belongs to none.
    clock(&app, "/iclock/devicecmd?SN=T1", "ID=1&Return=0&CMD=DATA\nID=2&Return=0&CMD=CHECK\n").await;
    let told = app.get("/iclock/getrequest?SN=T1").send().await.text();
    assert_eq!(told, "C:1:DATA UPDATE USERINFO PIN=1001\tName=测试工人1\tPrivilege=0\nC:2:CHECK\n");
    assert_eq!(app.get("/iclock/getrequest?SN=T1").send().await.text(), "OK", "sent once, until it is time to ask again");
    clock(&app, "/iclock/devicecmd?SN=T1", "ID=1&Return=0&CMD=DATA\nID=2&Return=-1002&CMD=CHECK\n").await;
    let shown = manager.get(&path).send().await.expect(200);
    let states: Vec<_> = shown["orders"].as_array().unwrap().iter().map(|order| order["state"].clone()).collect();
    assert_eq!(states, [json!("failed"), json!("done")]);
    assert_eq!(shown["orders"][0]["return_code"], -1002);
});

both!(a_day_is_folded_the_same_whatever_comes_when, |app| {
    let (manager, site, crew) = ground(&app).await;
    bind(&manager, &site, "IN1", "in").await;
    bind(&manager, &site, "OUT1", "out").await;
    enrol(&manager, &site, vec![worker(1, &crew), worker(2, &crew)]).await;
    attlog(&app, "OUT1", "1001\t2026-02-27 17:30:00\n1002\t2026-02-27 10:00:00\n7777\t2026-02-27 17:00:00\n").await;
    let before = app.read(|conn, _| Ok(anxin::attendance::table::months_with_attendance(conn, site.id)?)).unwrap();
    assert_eq!(before.len(), 1, "a day that waits counts");
    app.drain();
    let first = days(&manager, &site, "2026-02").await;
    assert_eq!((&first["items"][0]["hundredths"], &first["items"][0]["flags"]), (&json!(0), &json!("single,no_in")));
    attlog(&app, "IN1", "1001\t2026-02-27 07:30:00\n1002\t2026-02-27 08:00:00\n1001\t2025-12-31 07:30:00\n").await;
    attlog(&app, "IN1", "1001\t2026-02-27 07:30:00\n").await;
    app.drain();
    let folded = days(&manager, &site, "2026-02").await;
    assert_eq!(folded["folding"], false);
    let worth: Vec<_> = folded["items"].as_array().unwrap().iter().map(|day| day["hundredths"].clone()).collect();
    assert_eq!(worth, [json!(100), json!(50)]);
    assert_eq!(days(&manager, &site, "2025-12").await["items"], json!([]), "not on the roll yet");
    let month = "2026-02".parse().unwrap();
    let worked = app.read(|conn, _| Ok(anxin::attendance::table::worked(conn, site.id, month)?)).unwrap();
    assert_eq!(worked.iter().map(|worked| (worked.hundredths, worked.days)).collect::<Vec<_>>(), [(100, 1), (50, 1)]);
    assert_eq!(app.read(|conn, _| Ok(anxin::attendance::table::attended(conn, site.id, month)?)).unwrap(), 2);
    let strangers = manager.get(&format!("{}/unmatched-pins?month=2026-02", site.path)).send().await.expect(200);
    assert_eq!(strangers, json!([{"pin": "7777", "punches": 1, "first_on": "2026-02-27", "last_on": "2026-02-27"}]));
    let seen = manager.get(&format!("{}/punches?day=2026-02-27&limit=2", site.path)).send().await.expect(200);
    assert_eq!((&seen["items"][0]["at_local"], &seen["items"][0]["direction"]), (&json!("2026-02-27T07:30:00"), &json!("in")));
    assert_eq!(seen["next"], "2");
});

both!(who_is_enrolled_late_or_leaves_has_their_days_folded_again, |app| {
    let (manager, site, crew) = ground(&app).await;
    bind(&manager, &site, "T1", "by_state").await;
    let number = id_number(2);
    let body = format!(
        "1001\t2026-02-20 07:00:00\t0\t1\n1001\t2026-02-20 17:00:00\t1\t1\n1001\t2026-02-27 07:00:00\t0\t1\n\
                        {number}\t2026-02-20 07:00:00\t0\t1\n{number}\t2026-02-20 12:00:00\t1\t1\n"
    );
    attlog(&app, "T1", &body).await;
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await["items"], json!([]));
    let answer = enrol(&manager, &site, vec![worker(1, &crew), worker(2, &crew)]).await;
    app.drain();
    let folded = days(&manager, &site, "2026-02").await;
    assert_eq!(folded["items"].as_array().unwrap().len(), 3, "an identity number at the gate is its owner's: {folded}");
    let leave = format!("{}/enrolments/{}/leave", site.path, answer["results"][0]["enrolment"]["id"].as_str().unwrap());
    // The passage of the 27th may be a day's work: who was seen later does not leave before two persons have looked at it.
    let refused = manager.post(&leave, json!({"left_on": "2026-02-20"})).send().await.refuse(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("2026-02-27"), "{refused}");
    crate::suite::http::day_corrections::confirmed(
        &app,
        &manager,
        &site,
        json!({"enrolment": answer["results"][0]["enrolment"]["id"], "worked_on": "2026-02-27", "reason": "回工地取工具"}),
    )
    .await;
    manager.post(&leave, json!({"left_on": "2026-02-20"})).send().await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await["items"].as_array().unwrap().len(), 2);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_punch_after_leaving_is_unknown_and_those_before_it_are_not, |app| {
    let (manager, site, crew) = ground(&app).await;
    bind(&manager, &site, "T1", "by_state").await;
    let answer = enrol(&manager, &site, vec![worker(1, &crew)]).await;
    attlog(&app, "T1", "1001\t2026-02-20 07:00:00\t0\t1\n1001\t2026-02-20 17:00:00\t1\t1\n").await;
    app.drain();
    let leave = format!("{}/enrolments/{}/leave", site.path, answer["results"][0]["enrolment"]["id"].as_str().unwrap());
    manager.post(&leave, json!({"left_on": "2026-02-20"})).send().await.expect(200);
    attlog(&app, "T1", "1001\t2026-02-27 07:00:00\t0\t1\n").await;
    app.drain();
    let strangers = manager.get(&format!("{}/unmatched-pins?month=2026-02", site.path)).send().await.expect(200);
    assert_eq!(strangers, json!([{"pin": "1001", "punches": 1, "first_on": "2026-02-27", "last_on": "2026-02-27"}]));
    assert_eq!(app.broken(), Vec::<String>::new());
});

pub async fn device_key(app: &App, site: &TestProject) -> String {
    let administrator = app.client(Role::Administrator, ScopeOn::Everything);
    let body = json!({"name": "闸机网关", "role": "device", "scope": "project", "value": site.id.to_string()});
    let answer = administrator.post("/api/v1/api-keys", body).send().await;
    assert!(answer.status < 300, "{}", answer.text());
    answer.json()["key"].as_str().unwrap().to_owned()
}

fn item(id: &str, pin: &str, time: &str) -> Value {
    json!({"id": id, "person": {"kind": "pin", "value": pin}, "time": time, "direction": "in", "attend_type": "001"})
}

both!(our_own_feed_answers_for_each_punch, |app| {
    let (manager, site, crew) = ground(&app).await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let key = device_key(&app, &site).await;
    let send = |body: Value| {
        app.ask(Method::POST, "/api/v1/punches").header("Authorization", &format!("Bearer {key}")).json(body).send()
    };
    let late = "2026-02-27T17:58:03+08:00";
    let items = json!({"punches": [item("g1", "1001", "2026-02-27T07:58:03+08:00"), item("g2", "7777", late),
        item("g3", "1001", "2026-02-31T07:58:03+08:00"), item("g4", "1001", late)], "extra": 1});
    let answer = send(items.clone()).await.expect(200);
    let told = |answer: &Value| -> Vec<(String, Value)> {
        let results = answer["results"].as_array().unwrap();
        results.iter().map(|result| (result["status"].as_str().unwrap().to_owned(), result["reason"].clone())).collect()
    };
    let quarantined = |reason: &str| ("quarantined".to_owned(), json!(reason));
    let accepted = ("accepted".to_owned(), Value::Null);
    assert_eq!(told(&answer), [accepted.clone(), quarantined("unknown_person"), quarantined("bad_time"), accepted]);
    assert_eq!((&answer["received"], &answer["results"][3]["id"]), (&json!(4), &json!("g4")));
    let again = send(items).await.expect(200);
    let duplicate = ("duplicate".to_owned(), Value::Null);
    assert_eq!(told(&again), [duplicate.clone(), duplicate.clone(), quarantined("bad_time"), duplicate]);
    let reused = send(json!({"punches": [item("g1", "1001", late)]})).await.expect(200);
    assert_eq!(told(&reused), [quarantined("id_reused")]);
    let emergency =
        json!({"id": "g9", "person": {"kind": "pin", "value": "1001"}, "time": "2026-02-26T07:58:03", "attend_type": "009"});
    send(json!({"punches": [emergency]})).await.expect(200);
    app.drain();
    let folded = days(&manager, &site, "2026-02").await;
    assert_eq!(folded["items"].as_array().unwrap().len(), 1, "an emergency opening proves nobody's presence: {folded}");
    assert_eq!(folded["items"][0]["hundredths"], 100);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(our_own_feed_refuses_what_it_cannot_take, |app| {
    let (manager, site, _) = ground(&app).await;
    let one = json!({"punches": [item("g1", "1001", "2026-02-27T07:58:03+08:00")]});
    app.ask(Method::POST, "/api/v1/punches").json(one.clone()).send().await.refuse(401, "not_authenticated");
    manager.post("/api/v1/punches", one.clone()).send().await.refuse(401, "not_authenticated");
    manager
        .ask(Method::POST, "/api/v1/punches")
        .header("X-Anxin-Device", "GW1")
        .json(one.clone())
        .send()
        .await
        .refuse(401, "not_authenticated");
    let bound = json!({"serial": "GW1", "project": site.id, "gate": "网关", "maker": "gateway"});
    manager.post("/api/v1/devices", bound).send().await.expect(200);
    let send = |body: Value| manager.ask(Method::POST, "/api/v1/punches").header("X-Anxin-Device", "GW1").json(body).send();
    send(one.clone()).await.expect(200);
    send(json!({"punch": []})).await.refuse(400, "malformed");
    let many: Vec<Value> = (0..1001).map(|n| item(&format!("g{n}"), "1", "2026-02-27T07:58:03")).collect();
    send(json!({"punches": many})).await.refuse(413, "too_large");
    let elsewhere = project(&manager, 2, "330784").await;
    let stranger = app.client(Role::LabourManager, ScopeOn::Project(elsewhere.id));
    stranger
        .ask(Method::POST, "/api/v1/punches")
        .header("X-Anxin-Device", "GW1")
        .json(one)
        .send()
        .await
        .refuse(401, "not_authenticated");
});

both!(a_clock_that_sends_too_fast_keeps_its_data, |app| {
    let (manager, site, _) = ground(&app).await;
    bind(&manager, &site, "T1", "in").await;
    let limit = app.ground.settings.device_rate_max;
    let mut refused = None;
    for number in 0..=limit {
        let answer = clock(&app, "/iclock/cdata?SN=T1&table=ATTLOG", &format!("{number}\t2026-02-27 07:00:00\n")).await;
        if answer.status != 200 {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("the last one in the same second is too much");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers.get("retry-after").map(|value| value.to_str().unwrap()), Some("30"));
});

both!(a_large_upload_is_read_of_machines_of_ours_only, |app| {
    let (manager, site, _) = ground(&app).await;
    bind(&manager, &site, "T1", "in").await;
    let mut lines = String::new();
    for number in 0..26_000 {
        let (minute, second) = (number / 60 % 60, number % 60);
        lines.push_str(&format!("{}\t2026-02-27 07:{minute:02}:{second:02}\t0\t15\t0\t0\t0\t0\t0\t0\n", 10_000 + number));
    }
    assert!(lines.len() > 1024 * 1024);
    let send = async |serial: &str| {
        let path = format!("/iclock/cdata?SN={serial}&table=ATTLOG&Stamp=1");
        app.ask(Method::POST, &path).body("text/plain", lines.clone()).send().await.status
    };
    assert_eq!(send("STRANGER").await, 403, "nobody knows it");
    assert_eq!(send("T1").await, 200);
    assert_eq!(punches(&app, site.id, "2026-02-27"), 26_000);
    assert_eq!(send("T1").await, 200, "the place is free again");
    let push = app.ask(Method::POST, &format!("/push/hik/{}", "0".repeat(32))).body("application/json", lines.clone());
    assert_eq!(push.send().await.status, 404);
});

both!(events_of_an_access_controller_are_counted_and_not_lost_silently, |app| {
    let (manager, site, _) = ground(&app).await;
    let bound = bind(&manager, &site, "ACC1", "by_state").await;
    let event = "time=2026-02-27 08:00:00\tpin=2100\tcardno=0\teventaddr=1\tevent=0\tinoutstatus=0\tverifytype=1\tindex=21\n";
    assert_eq!(clock(&app, "/iclock/cdata?SN=ACC1&table=rtlog", &format!("{event}{event}\r\n")).await.text(), "OK");
    assert_eq!(punches(&app, site.id, "2026-02-27"), 0);
    let id = bound["device"]["id"].as_str().unwrap();
    let seen = manager.get(&format!("/api/v1/devices/{id}")).send().await.expect(200);
    assert_eq!(seen["device"]["signs"]["ignored"], json!({"table=rtlog": 2}), "{seen}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(nights_at_a_gate_that_tells_no_direction_are_marked_for_a_person, |app| {
    let (manager, site, crew) = ground(&app).await;
    bind(&manager, &site, "T1", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let lines = "1001\t2026-02-25 20:00:00\t255\t15\n1001\t2026-02-26 06:00:00\t255\t15\n1001\t2026-02-26 20:00:00\t255\t15\n\
                 1001\t2026-02-27 06:00:00\t255\t15\n";
    attlog(&app, "T1", lines).await;
    app.drain();
    let page = days(&manager, &site, "2026-02").await;
    let flags: Vec<&str> = page["items"].as_array().unwrap().iter().map(|day| day["flags"].as_str().unwrap()).collect();
    assert_eq!(flags, ["single", "night_unsure", "single"], "{page}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
