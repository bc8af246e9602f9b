//! Machines whose move to another project is told afterwards: passages from between go along, the days of both projects are folded again,
//! and days that were paid stand and are told.

use actix_web::http::Method;
use anxin::attendance::folding::again::compare;
use anxin::web::{Role, ScopeOn};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::gate_homes::event;
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{Answer, App, Client, TestProject, project};

async fn move_to(client: &Client<'_>, site: &TestProject, serial: &str, since: &str) -> Answer {
    let body = json!({"serial": serial, "project": site.id, "gate": "2号门", "direction": "by_state", "since": since});
    client.post("/api/v1/devices", body).send().await
}

/// Days of a project's February with what they count for.
async fn days(client: &Client<'_>, site: &TestProject) -> Vec<(String, i64)> {
    let page = client.get(&format!("{}/work-days?month=2026-02", site.path)).send().await.expect(200);
    let one = |day: &Value| (day["worked_on"].as_str().unwrap().to_owned(), day["hundredths"].as_i64().unwrap());
    page["items"].as_array().unwrap().iter().map(one).collect()
}

async fn punches(client: &Client<'_>, site: &TestProject, day: &str, more: &str) -> usize {
    let page = client.get(&format!("{}/punches?day={day}{more}", site.path)).send().await.expect(200);
    page["items"].as_array().unwrap().len()
}

async fn moves(client: &Client<'_>, device: &str) -> Value {
    client.get(&format!("/api/v1/devices/{device}")).send().await.expect(200)["moves"].clone()
}

fn id_of(bound: &Value) -> String {
    bound["device"]["id"].as_str().unwrap().to_owned()
}

fn sound(app: &App, sites: [&TestProject; 2]) {
    assert_eq!(app.broken(), Vec::<String>::new());
    for site in sites {
        let id = site.id;
        let differ = app.read(|conn, ctx| Ok(compare(conn, ctx.vault(), id)?)).unwrap().differ;
        assert_eq!(differ, Vec::<String>::new());
    }
}

const OLD_DAY: &str = "1001\t2026-02-24 07:58:00\t0\t15\n1001\t2026-02-24 18:02:00\t1\t15\n";
const NEW_DAYS: &str = "1001\t2026-02-26 07:58:00\t0\t15\n1001\t2026-02-26 18:02:00\t1\t15\n\
                        1001\t2026-02-27 07:58:00\t0\t15\n1001\t2026-02-27 18:02:00\t1\t15\n";

both!(a_move_that_is_told_late_takes_the_passages_along, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let (there, here) = (crew(&manager, &old, "钢筋一班").await, crew(&manager, &new, "木工一班").await);
    enrol(&manager, &old, vec![worker(1, &there)]).await;
    enrol(&manager, &new, vec![worker(1, &here)]).await;
    let gate = id_of(&bind(&manager, &old, "T1", "by_state").await);
    assert_eq!(attlog(&app, "T1", &format!("{OLD_DAY}{NEW_DAYS}")).await, "OK: 6\n");
    app.drain();
    let full = |days: &[&str]| days.iter().map(|day| ((*day).to_owned(), 100)).collect::<Vec<_>>();
    assert_eq!(days(&manager, &old).await, full(&["2026-02-24", "2026-02-26", "2026-02-27"]));
    assert!(days(&manager, &new).await.is_empty());
    app.clock.set("2026-03-02T09:30:00+08:00");
    move_to(&manager, &new, "T1", "2026-03-02T09:30:01+08:00").await.refuse(422, "invalid");
    move_to(&manager, &new, "T1", "2025-11-01T00:00:00+08:00").await.refuse(422, "invalid");
    move_to(&manager, &old, "T1", "2026-02-25T12:00:00+08:00").await.refuse(422, "invalid");
    move_to(&manager, &new, "T9", "2026-02-25T12:00:00+08:00").await.refuse(422, "invalid");
    move_to(&manager, &new, "T1", "2026-02-25T12:00:00+08:00").await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &old).await, full(&["2026-02-24"]));
    assert_eq!(days(&manager, &new).await, full(&["2026-02-26", "2026-02-27"]));
    let told = moves(&manager, &gate).await;
    assert_eq!((told.as_array().unwrap().len(), &told[0]["was_project_id"]), (1, &json!(old.id)));
    assert!(told[0]["since"].as_str().unwrap().starts_with("2026-02-25T12:00:00"), "{told}");
    let reading = &told[0]["reading"];
    assert_eq!((&reading["punches"], &reading["days"], &reading["kept_days"]), (&json!(4), &json!(4), &json!(0)));
    // What was known before can still be asked for; what the machine sends again is known.
    let before = "&known_at=2026-03-02T09:15:00%2B08:00";
    assert_eq!((punches(&manager, &old, "2026-02-26", "").await, punches(&manager, &old, "2026-02-26", before).await), (0, 2));
    assert_eq!((punches(&manager, &new, "2026-02-26", "").await, punches(&manager, &new, "2026-02-26", before).await), (2, 0));
    app.clock.set("2026-03-02T09:40:00+08:00");
    attlog(&app, "T1", &format!("{OLD_DAY}{NEW_DAYS}")).await;
    app.drain();
    assert_eq!((punches(&manager, &old, "2026-02-26", "").await, punches(&manager, &new, "2026-02-26", "").await), (0, 2));
    sound(&app, [&old, &new]);
    // Not before the binding that holds began; back again, from a moment since then.
    move_to(&manager, &old, "T1", "2026-02-25T11:59:59+08:00").await.refuse(409, "conflict");
    move_to(&manager, &old, "T1", "2026-02-27T00:00:00+08:00").await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &old).await, full(&["2026-02-24", "2026-02-27"]));
    assert_eq!(days(&manager, &new).await, full(&["2026-02-26"]));
    sound(&app, [&old, &new]);
    let (user, _) = app.person(Role::Administrator, ScopeOn::Everything);
    let page = app.browser_of(user).await.page(&format!("/house/devices/{gate}")).await;
    assert!(page.contains("移机记录"), "{page}");
});

both!(a_paid_day_stands_when_its_machine_was_moved_and_its_difference_is_told, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let (there, here) = (crew(&manager, &old, "钢筋一班").await, crew(&manager, &new, "木工一班").await);
    enrol(&manager, &old, vec![worker(1, &there)]).await;
    enrol(&manager, &new, vec![worker(1, &here)]).await;
    let gate = id_of(&bind(&manager, &old, "T1", "by_state").await);
    attlog(&app, "T1", NEW_DAYS).await;
    app.drain();
    let stands = days(&manager, &old).await;
    let sheet = format!(
        "INSERT INTO pay_sheets (project_id, id, month, part, state, line_count, total_fen, due_on, version, built_by, recorded_seq) \
         VALUES ({}, 1, '2026-02-01', 1, 'published', 1, 1, '2026-03-15', 1, 'test', 1)",
        old.id.0
    );
    app.write(move |tx, _| Ok(tx.conn().batch_execute(&sheet)?)).unwrap();
    move_to(&manager, &new, "T1", "2026-02-25T12:00:00+08:00").await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &old).await, stands, "what was paid stands");
    assert_eq!(days(&manager, &new).await.len(), 2);
    let told = moves(&manager, &gate).await;
    assert_eq!((&told[0]["reading"]["kept_days"], &told[0]["reading"]["days"]), (&json!(2), &json!(2)));
    let one = &told[0]["differences"][0];
    assert_eq!((&one["project_id"], &one["worked_on"]), (&json!(old.id), &json!("2026-02-26")));
    assert_eq!((&one["was_hundredths"], &one["hundredths"]), (&json!(100), &json!(0)));
    let differ = app.read(|conn, ctx| Ok(compare(conn, ctx.vault(), old.id)?)).unwrap().differ;
    assert_eq!(differ, Vec::<String>::new());
});

both!(what_went_along_is_known_when_it_is_sent_again_and_follows_its_clock, |app| {
    let manager = app.labour_manager();
    let (old, new) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let push = |path: String, body: String| app.ask(Method::POST, &path).body("application/json", body).send();
    let body = json!({"serial": "H1", "project": old.id, "gate": "1号门", "direction": "by_state", "maker": "hikvision"});
    let bound = manager.post("/api/v1/devices", body).send().await.expect(200);
    let path = bound["push_path"].as_str().unwrap().to_owned();
    let seen = || event(1, "2026-02-26T07:58:00+08:00");
    assert_eq!(push(path.clone(), seen()).await.status, 200);
    let body = json!({"serial": "H1", "project": new.id, "gate": "1号门", "direction": "by_state", "maker": "hikvision",
        "since": "2026-02-25T12:00:00+08:00"});
    manager.post("/api/v1/devices", body).send().await.expect(200);
    app.drain();
    let counts = || async { (punches(&manager, &old, "2026-02-26", "").await, punches(&manager, &new, "2026-02-26", "").await) };
    assert_eq!(counts().await, (0, 1));
    assert_eq!(push(path, seen()).await.status, 200);
    assert_eq!(counts().await, (0, 1));
    let gate = id_of(&bind(&manager, &old, "T1", "by_state").await);
    attlog(&app, "T1", "1001\t2026-02-24 07:58:00\t0\t15\n").await;
    move_to(&manager, &new, "T1", "2026-02-23T00:00:00+08:00").await.expect(200);
    app.drain();
    sound(&app, [&old, &new]);
    // The bytes lie with the old project; the offset is put right on the new one all the same.
    app.clock.set("2026-03-02T09:30:00+08:00");
    let settings = format!("/api/v1/devices/{gate}/settings");
    manager.post(&settings, json!({"offset_minutes": 540})).send().await.expect(200);
    app.drain();
    let page = manager.get(&format!("{}/punches?day=2026-02-24", new.path)).send().await.expect(200);
    assert_eq!(page["items"][0]["at_local"], json!("2026-02-24T06:58:00"), "{page}");
    sound(&app, [&old, &new]);
});
