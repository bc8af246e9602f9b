//! Machines that were moved to another project: what they told of before the move is the old project's, however late and by whichever
//! way it comes, and what they send again is known there.

use actix_web::http::Method;
use anxin::base::id::{InboxId, ProjectId};
use anxin::store::schema;
use anxin::web::{Role, ScopeOn};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

/// The clock of the tests stands at nine on this day: the moment of each move.
const DAY: &str = "2026-03-02";
const BEFORE: &str = "2026-02-27";

fn on(app: &App, site: ProjectId, day: &str) -> usize {
    let day = anxin::workers::day_number(day.parse().unwrap());
    app.read(|conn, _| Ok(anxin::attendance::table::punches_of_day(conn, site, day)?.len())).unwrap()
}

fn states(app: &App, serial: &str) -> Vec<String> {
    use schema::inbox as i;
    app.read(|conn, _| Ok(i::table.filter(i::source.eq(serial)).order(i::id).select(i::state).load(conn)?)).unwrap()
}

async fn hang(client: &Client<'_>, site: &TestProject, serial: &str, maker: &str) -> Value {
    let body = json!({"serial": serial, "project": site.id, "gate": "1号门", "direction": "by_state", "maker": maker});
    client.post("/api/v1/devices", body).send().await.expect(200)
}

/// What a Hikvision machine `H1` pushes of number 1001.
pub fn event(serial_no: u32, time: &str) -> String {
    let own = json!({"majorEventType": 5, "subEventType": 75, "employeeNoString": "1001", "serialNo": serial_no});
    json!({"ipAddress": "192.0.2.21", "dateTime": time, "eventType": "AccessControllerEvent", "shortSerialNumber": "H1",
        "AccessControllerEvent": own})
    .to_string()
}

both!(a_clock_that_was_moved_tells_the_old_project_what_it_saw_there, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    bind(&manager, &old, "T1", "by_state").await;
    let morning = "1001\t2026-02-27 07:00:00\t0\t15\n";
    assert_eq!(attlog(&app, "T1", morning).await, "OK: 1\n");
    app.clock.set("2026-03-02T09:10:00+08:00");
    bind(&manager, &new, "T1", "by_state").await;
    let counts = |day: &str| (on(&app, old.id, day), on(&app, new.id, day));
    // What it sends again is known; what it stored before the move is the old project's, what it saw since the new one's.
    attlog(&app, "T1", morning).await;
    assert_eq!(counts(BEFORE), (1, 0));
    let buffered = "1001\t2026-02-27 17:00:00\t1\t15\n1001\t2026-03-02 09:09:59\t0\t15\n1001\t2026-03-02 09:10:00\t0\t15\n";
    for _ in 0..2 {
        assert_eq!(attlog(&app, "T1", buffered).await, "OK: 3\n");
        assert_eq!((counts(BEFORE), counts(DAY)), ((2, 0), (1, 1)));
    }
    assert_eq!(states(&app, "T1"), ["done", "duplicate", "done", "duplicate"]);
    // Back again: each stretch is of its own project.
    app.clock.set("2026-03-02T09:20:00+08:00");
    bind(&manager, &old, "T1", "by_state").await;
    attlog(&app, "T1", "1001\t2026-03-02 09:19:59\t0\t15\n1001\t2026-03-02 09:20:00\t1\t15\n").await;
    assert_eq!(counts(DAY), (2, 2));
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
    // Whoever changes where it hung is found.
    app.write(|tx, _| Ok(tx.conn().batch_execute("UPDATE device_turns SET was_project_id = was_project_id + 1")?)).unwrap();
    assert!(app.broken().iter().any(|text| text.contains("device_turns")), "{:?}", app.broken());
});

both!(a_move_from_before_its_project_was_noted_is_known_by_the_versions_of_the_machine, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    bind(&manager, &old, "T1", "by_state").await;
    bind(&manager, &new, "T1", "by_state").await;
    app.write(|tx, _| Ok(tx.conn().batch_execute("UPDATE device_turns SET was_project_id = NULL")?)).unwrap();
    attlog(&app, "T1", "1001\t2026-02-27 07:00:00\t0\t15\n").await;
    assert_eq!((on(&app, old.id, BEFORE), on(&app, new.id, BEFORE)), (1, 0));
});

both!(a_gateway_that_was_moved_answers_by_the_roll_of_then, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let crew = crew(&manager, &old, "钢筋一班").await;
    enrol(&manager, &old, vec![worker(1, &crew)]).await;
    hang(&manager, &old, "GW1", "gateway").await;
    let send = |body: Value| manager.ask(Method::POST, "/api/v1/punches").header("X-Anxin-Device", "GW1").json(body).send();
    let item = |id: &str, time: &str| json!({"id": id, "person": {"kind": "pin", "value": "1001"}, "time": time});
    let first = json!({"punches": [item("g1", "2026-02-27T07:00:00+08:00")]});
    assert_eq!(send(first.clone()).await.expect(200)["results"][0]["status"], "accepted");
    hang(&manager, &new, "GW1", "gateway").await;
    assert_eq!(send(first).await.expect(200)["results"][0]["status"], "duplicate");
    let late = json!({"punches": [item("g2", "2026-02-27T17:00:00+08:00"), item("g3", "2026-03-02T09:30:00+08:00")]});
    let told = send(late).await.expect(200);
    // Of the two only the first was on a project that has the person on its roll.
    assert_eq!((&told["results"][0]["status"], &told["results"][1]["reason"]), (&json!("accepted"), &json!("unknown_person")));
    assert_eq!((on(&app, old.id, BEFORE), on(&app, new.id, BEFORE)), (2, 0));
    assert_eq!((on(&app, old.id, DAY), on(&app, new.id, DAY)), (0, 1));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_pushed_event_and_a_message_that_is_read_again_stay_with_the_old_project, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let push = |path: String, body: String| app.ask(Method::POST, &path).body("application/json", body).send();
    let path = |bound: &Value| bound["push_path"].as_str().unwrap().to_owned();
    let first = path(&hang(&manager, &old, "H1", "hikvision").await);
    assert_eq!(push(first.clone(), event(1, "2026-02-27T07:00:00+08:00")).await.status, 200);
    let moved = hang(&manager, &new, "H1", "hikvision").await;
    let second = moved["push_path"].as_str().map_or(first, str::to_owned);
    assert_eq!(push(second.clone(), event(1, "2026-02-27T07:00:00+08:00")).await.status, 200);
    assert_eq!(push(second, event(2, "2026-02-27T17:00:00+08:00")).await.status, 200);
    assert_eq!((on(&app, old.id, BEFORE), on(&app, new.id, BEFORE)), (2, 0));
    // Reading any of the messages again changes nothing on either side.
    let ids: Vec<InboxId> = app
        .read(|conn, _| {
            use schema::inbox as i;
            Ok(i::table.filter(i::source.eq("H1")).order(i::id).select(i::id).load(conn)?)
        })
        .unwrap();
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    for id in ids {
        let again = operator.ask(Method::POST, &format!("/api/v1/inbox/{id}/replay")).send().await.expect(200);
        assert_eq!(again["punches"], 0, "{again}");
    }
    assert_eq!((on(&app, old.id, BEFORE), on(&app, new.id, BEFORE)), (2, 0));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_sheet_of_passages_belongs_where_the_machine_hung_then, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    bind(&manager, &old, "T1", "by_state").await;
    bind(&manager, &new, "T1", "by_state").await;
    app.clock.set("2026-03-02T10:00:00+08:00");
    let file = "设备序列号,考勤号码,身份证号,日期时间,进出状态,验证方式\nT1,1001,,2026-02-27 07:30:00,上班签到,人脸\n\
                T1,1001,,2026-03-02 09:30:00,上班签到,人脸\n";
    let hand_in =
        |site: &TestProject| manager.ask(Method::POST, &format!("{}/passage-sheets", site.path)).body("text/csv", file).send();
    for (site, place) in [(&old, "CSV!3"), (&new, "CSV!2")] {
        let receipt = hand_in(site).await.expect(200);
        assert_eq!((&receipt["taken"], &receipt["refused"]), (&json!(1), &json!(1)), "{receipt}");
        assert_eq!((&receipt["faults"][0]["place"], &receipt["faults"][0]["reason"]), (&json!(place), &json!("unknown_device")));
    }
    assert_eq!((on(&app, old.id, BEFORE), on(&app, new.id, BEFORE)), (1, 0));
    assert_eq!((on(&app, old.id, DAY), on(&app, new.id, DAY)), (0, 1));
    assert_eq!(app.broken(), Vec::<String>::new());
});
