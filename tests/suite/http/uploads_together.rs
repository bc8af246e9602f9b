//! Uploads of many clocks that share a turn of the writer: each is answered as if it had come alone.

use actix_web::http::Method;
use anxin::base::id::ProjectId;
use anxin::store::schema;
use diesel::prelude::*;
use futures_util::future::join_all;
use serde_json::json;

use super::attendance::bind;
use crate::both;
use crate::suite::ground::{App, project};

const CLOCKS: usize = 48;

async fn send(app: &App, serial: &str, stamp: &str, body: &str) -> (u16, String) {
    let path = format!("/iclock/cdata?SN={serial}&table=ATTLOG&Stamp={stamp}");
    let answer = app.ask(Method::POST, &path).body("text/plain", body.to_owned()).send().await;
    (answer.status, answer.text())
}

fn punches(app: &App, site: ProjectId) -> usize {
    punches_on(app, site, "2026-02-27")
}

fn punches_on(app: &App, site: ProjectId, day: &str) -> usize {
    let day = anxin::workers::day_number(day.parse().unwrap());
    app.read(|conn, _| Ok(anxin::attendance::table::punches_of_day(conn, site, day)?.len())).unwrap()
}

fn messages(app: &App, serial: &str) -> Vec<(String, i32)> {
    use schema::inbox as i;
    app.read(|conn, _| Ok(i::table.filter(i::source.eq(serial)).order(i::id).select((i::state, i::items)).load(conn)?)).unwrap()
}

both!(many_clocks_at_once_are_answered_as_if_each_had_come_alone, |app| {
    let manager = app.labour_manager();
    let sites = [project(&manager, 1, "330784").await, project(&manager, 2, "330784").await];
    let mut devices = Vec::new();
    for number in 0..CLOCKS {
        let bound = bind(&manager, &sites[number % 2], &format!("C{number}"), "in").await;
        devices.push(bound["device"]["id"].as_str().unwrap().to_owned());
    }
    // One of them is blocked, one asks for a key that its clock does not send; strangers come among them.
    manager.ask(Method::POST, &format!("/api/v1/devices/{}/block", devices[5])).send().await.expect(200);
    let keyed = json!({"serial": "C6", "project": sites[0].id, "gate": "1号门", "direction": "in", "com_key": "k7-own"});
    manager.post("/api/v1/devices", keyed).send().await.expect(200);
    // Clocks 2k and 2k + 1 stand at different sites and send the same lines; the even ones send an unreadable line too.
    let body = |number: usize| {
        let good = format!("{}\t2026-02-27 07:58:03\t0\t15\n1001\t2026-02-27 07:{:02}:41\t0\t1\n", 2000 + number, number % 60);
        if number.is_multiple_of(2) { format!("{good}not a punch\n") } else { good }
    };
    for round in 1..=3 {
        let stamps = round.to_string();
        let known = (0..CLOCKS).map(|number| {
            let (app, stamps) = (&app, &stamps);
            async move { (number, send(app, &format!("C{number}"), stamps, &body(number)).await) }
        });
        let strangers = (0..4).map(|number| {
            let app = &app;
            async move { send(app, &format!("STRANGE{number}"), "1", "7\t2026-02-27 07:00:00\t0\t1\n").await }
        });
        let (answers, others) = futures_util::future::join(join_all(known), join_all(strangers)).await;
        for (number, (status, text)) in answers {
            match number {
                5 | 6 => assert_eq!(status, 403, "C{number}"),
                _ => assert_eq!(
                    (status, text),
                    (200, format!("OK: {}\n", if number.is_multiple_of(2) { 3 } else { 2 })),
                    "C{number}"
                ),
            }
        }
        assert!(others.iter().all(|(status, text)| (*status, text.as_str()) == (200, "OK: 1\n")), "held for whoever binds them");
    }
    assert_eq!((punches(&app, sites[0].id), punches(&app, sites[1].id)), (2 * (CLOCKS / 2 - 1), 2 * (CLOCKS / 2 - 1)));
    let told = |state: &str, items| (state.to_owned(), items);
    assert_eq!(messages(&app, "C8"), [told("part", 3), told("duplicate", 3), told("duplicate", 3)]);
    assert_eq!(messages(&app, "C9"), [told("done", 2), told("duplicate", 2), told("duplicate", 2)]);
    let block = app.get("/iclock/cdata?SN=C9&options=all").send().await.text();
    assert!(block.starts_with("GET OPTION FROM: C9\nATTLOGStamp=3\n"), "{block}");
    // What could not be read waits once, however often it comes.
    let waiting: i64 = app.read(|conn, _| Ok(schema::quarantine::table.count().get_result(conn)?)).unwrap();
    assert_eq!(waiting, i64::try_from(CLOCKS / 2 - 1).unwrap());
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_is_remembered_of_a_clock_ends_with_the_change_of_its_row, |app| {
    let manager = app.labour_manager();
    let (first, second) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let bound = bind(&manager, &first, "C1", "in").await;
    for second_of_day in 1..=2 {
        assert_eq!(send(&app, "C1", "1", &format!("1001\t2026-02-27 07:00:0{second_of_day}\t0\t1\n")).await.0, 200);
    }
    assert_eq!(punches(&app, first.id), 2);
    // It is moved to another site, then to another zone, then refused: the very next upload knows.
    bind(&manager, &second, "C1", "in").await;
    let moved = "1001\t2026-02-27 07:00:03\t0\t1\n1001\t2026-03-02 09:00:03\t0\t1\n";
    assert_eq!(send(&app, "C1", "1", moved).await.0, 200);
    // Each passage is of the site where the clock hung then.
    assert_eq!((punches(&app, first.id), punches(&app, second.id)), (3, 0));
    assert_eq!((punches_on(&app, first.id, "2026-03-02"), punches_on(&app, second.id, "2026-03-02")), (0, 1));
    manager
        .ask(Method::POST, &format!("/api/v1/devices/{}/block", bound["device"]["id"].as_str().unwrap()))
        .send()
        .await
        .expect(200);
    assert_eq!(send(&app, "C1", "1", "1001\t2026-02-27 07:00:04\t0\t1\n").await.0, 403);
    assert_eq!((punches(&app, first.id), punches(&app, second.id)), (3, 0));
});

both!(a_number_that_is_new_to_two_clocks_in_one_turn_is_one_number, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    for number in 0..8 {
        bind(&manager, &site, &format!("C{number}"), "in").await;
    }
    let sent = (0..8).map(|number| {
        let app = &app;
        async move { send(app, &format!("C{number}"), "1", "77\t2026-02-27 07:00:00\t0\t1\n").await.0 }
    });
    assert_eq!(join_all(sent).await, [200; 8]);
    let pins: i64 = app.read(|conn, _| Ok(schema::pins::table.count().get_result(conn)?)).unwrap();
    assert_eq!((pins, punches(&app, site.id)), (1, 8));
});
