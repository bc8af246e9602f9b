//! Clocks whose offset is put right: what they told of is read again, its days are folded again, and days that were paid stand and are told.

use actix_web::http::Method;
use anxin::attendance::folding::again::compare;
use anxin::base::id::InboxId;
use anxin::store::schema;
use anxin::web::{Role, ScopeOn};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

/// Days with times and hundredths.
async fn days(client: &Client<'_>, site: &TestProject, month: &str) -> Vec<(String, i64, i64, i64)> {
    let page = client.get(&format!("{}/work-days?month={month}", site.path)).send().await.expect(200);
    let number = |day: &Value, name: &str| day[name].as_i64().unwrap();
    let one = |day: &Value| {
        let (first, last) = (number(day, "first_time") / 60, number(day, "last_time") / 60);
        (day["worked_on"].as_str().unwrap().to_owned(), first, last, number(day, "hundredths"))
    };
    page["items"].as_array().unwrap().iter().map(one).collect()
}

fn differ(app: &App, site: &TestProject) -> Vec<String> {
    let id = site.id;
    app.read(|conn, ctx| Ok(compare(conn, ctx.vault(), id)?)).unwrap().differ
}

async fn clock(client: &Client<'_>, device: &str) -> Value {
    client.get(&format!("/api/v1/devices/{device}")).send().await.expect(200)["clock"].clone()
}

async fn punches(client: &Client<'_>, site: &TestProject, day: &str, more: &str) -> Vec<String> {
    let page = client.get(&format!("{}/punches?day={day}{more}", site.path)).send().await.expect(200);
    page["items"].as_array().unwrap().iter().map(|one| one["at_local"].as_str().unwrap().to_owned()).collect()
}

both!(days_of_a_clock_whose_offset_is_put_right_are_folded_again, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    let gate = bind(&manager, &site, "T1", "by_state").await["device"]["id"].as_str().unwrap().to_owned();
    let settings = format!("/api/v1/devices/{gate}/settings");
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    // A clock on UTC that is taken for one on Beijing's time: from 07:58 to 18:02, and from 08:00 to 16:00, where the one moves onto the other.
    let utc = "1001\t2026-02-19 23:58:00\t0\t15\n1001\t2026-02-20 10:02:00\t1\t15\n\
               1001\t2026-02-25 00:00:00\t0\t15\n1001\t2026-02-25 08:00:00\t0\t15\n1001\t2026-02-25 16:00:00\t0\t15\n";
    assert_eq!(attlog(&app, "T1", utc).await, "OK: 5\n");
    app.drain();
    let wrong = days(&manager, &site, "2026-02").await;
    assert_eq!(wrong[0].0, "2026-02-19", "{wrong:?}");
    manager.post(&settings, json!({"offset_since": "2026-02-01T00:00:00+08:00"})).send().await.refuse(422, "invalid");
    app.clock.set("2026-03-02T09:30:00+08:00");
    manager.post(&settings, json!({"offset_minutes": 0})).send().await.expect(200);
    assert_eq!(clock(&manager, &gate).await[0]["reading"], Value::Null);
    app.drain();
    let right = [("2026-02-20".to_owned(), 7 * 60 + 58, 18 * 60 + 2, 100), ("2026-02-25".to_owned(), 8 * 60, 16 * 60, 100)];
    let stands = days(&manager, &site, "2026-02").await;
    assert_eq!(
        stands[..2].iter().map(|day| (&day.0, day.1, day.2)).collect::<Vec<_>>(),
        right.iter().map(|day| (&day.0, day.1, day.2)).collect::<Vec<_>>()
    );
    assert_eq!(stands[2].0, "2026-02-26", "midnight of the machine is the next day");
    let told = clock(&manager, &gate).await;
    assert_eq!((&told[0]["was_minutes"], &told[0]["minutes"]), (&json!(480), &json!(0)));
    let reading = &told[0]["reading"];
    assert_eq!((&reading["punches"], &reading["kept_days"], &reading["unread"]), (&json!(5), &json!(0), &json!(0)));
    assert_eq!(reading["days"], json!(4), "the two days of before and those on which it was");
    // Nothing was lost or doubled; what was known before the correction can still be asked for.
    assert_eq!(punches(&manager, &site, "2026-02-25", "").await, ["2026-02-25T08:00:00", "2026-02-25T16:00:00"]);
    let before = "&known_at=2026-03-02T09:15:00%2B08:00";
    assert_eq!(punches(&manager, &site, "2026-02-19", before).await, ["2026-02-19T23:58:00"]);
    assert_eq!(punches(&manager, &site, "2026-02-25", before).await.len(), 3);
    assert_eq!(app.broken(), Vec::<String>::new());
    assert_eq!(differ(&app, &site), Vec::<String>::new());
    // What the machine sends again is known; what it sends anew is read by the right offset.
    app.clock.set("2026-03-02T09:40:00+08:00");
    attlog(&app, "T1", utc).await;
    attlog(&app, "T1", "1001\t2026-02-26 23:58:00\t0\t15\n1001\t2026-02-27 10:02:00\t1\t15\n").await;
    app.drain();
    assert_eq!(punches(&manager, &site, "2026-02-25", "").await.len(), 2);
    assert_eq!(days(&manager, &site, "2026-02").await.last().unwrap(), &("2026-02-27".to_owned(), 478, 1082, 100));
    // Taken back, everything stands as it was read first.
    manager.post(&settings, json!({"offset_minutes": 480})).send().await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await[0], wrong[0]);
    assert_eq!(clock(&manager, &gate).await[0]["reading"]["punches"], json!(7));
    assert_eq!(app.broken(), Vec::<String>::new());
    assert_eq!(differ(&app, &site), Vec::<String>::new());
    let (user, _) = app.person(Role::Administrator, ScopeOn::Everything);
    let page = app.browser_of(user).await.page(&format!("/house/devices/{gate}")).await;
    assert!(page.contains("0 → 480") && page.contains("480 → 0"), "{page}");
    app.write(|tx, _| Ok(tx.conn().batch_execute("UPDATE device_offsets SET minutes = 60")?)).unwrap();
    assert!(app.broken().iter().any(|text| text.contains("device_offsets")), "{:?}", app.broken());
});

both!(an_offset_that_holds_from_a_moment_leaves_what_came_before, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let gate = bind(&manager, &site, "T1", "by_state").await["device"]["id"].as_str().unwrap().to_owned();
    let settings = format!("/api/v1/devices/{gate}/settings");
    attlog(&app, "T1", "1001\t2026-03-01 08:00:00\t0\t15\n").await;
    app.clock.set("2026-03-02T10:00:00+08:00");
    attlog(&app, "T1", "1001\t2026-03-02 02:00:00\t0\t15\n").await;
    let since = |moment: &str| json!({"offset_minutes": 0, "offset_since": moment});
    manager.post(&settings, since("2026-03-02T10:00:01+08:00")).send().await.refuse(422, "invalid");
    manager.post(&settings, since("2026-03-02T09:30:00+08:00")).send().await.expect(200);
    app.drain();
    assert_eq!(punches(&manager, &site, "2026-03-01", "").await, ["2026-03-01T08:00:00"]);
    assert_eq!(punches(&manager, &site, "2026-03-02", "").await, ["2026-03-02T10:00:00"]);
    // Bound again without a word on its clock, it stays as it was put right.
    assert_eq!(bind(&manager, &site, "T1", "by_state").await["device"]["offset_minutes"], json!(0));
    let earlier = json!({"offset_minutes": 60, "offset_since": "2026-03-02T09:29:59+08:00"});
    manager.post(&settings, earlier).send().await.refuse(409, "conflict");
    // A message from before is read again by the offset of then: nothing in it is new.
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    let ids: Vec<InboxId> = app
        .read(|conn, _| {
            use schema::inbox as i;
            Ok(i::table
                .filter(i::source.eq("T1").and(i::request.not_like("read again%")))
                .order(i::id)
                .select(i::id)
                .load(conn)?)
        })
        .unwrap();
    for id in ids {
        let again = operator.ask(Method::POST, &format!("/api/v1/inbox/{id}/replay")).send().await.expect(200);
        assert_eq!(again["punches"], 0, "{again}");
    }
    app.drain();
    assert_eq!(punches(&manager, &site, "2026-03-01", "").await, ["2026-03-01T08:00:00"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_paid_day_of_a_clock_that_was_off_stands_and_its_difference_is_told, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    let gate = bind(&manager, &site, "T1", "by_state").await["device"]["id"].as_str().unwrap().to_owned();
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let day = |day: &str| format!("1001\t{day} 01:00:00\t0\t15\n1001\t{day} 09:00:00\t1\t15\n");
    attlog(&app, "T1", &(day("2026-01-29") + &day("2026-02-20"))).await;
    app.drain();
    let stands = days(&manager, &site, "2026-01").await;
    let sheet = format!(
        "INSERT INTO pay_sheets (project_id, id, month, part, state, line_count, total_fen, due_on, version, built_by, recorded_seq) \
         VALUES ({}, 1, '2026-01-01', 1, 'published', 1, 1, '2026-03-15', 1, 'test', 1)",
        site.id.0
    );
    app.write(move |tx, _| Ok(tx.conn().batch_execute(&sheet)?)).unwrap();
    let settings = format!("/api/v1/devices/{gate}/settings");
    manager.post(&settings, json!({"offset_minutes": 0})).send().await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &site, "2026-01").await, stands, "what was paid stands");
    assert_eq!(days(&manager, &site, "2026-02").await, [("2026-02-20".to_owned(), 540, 1020, 100)]);
    let told = clock(&manager, &gate).await[0].clone();
    assert_eq!((&told["reading"]["kept_days"], &told["reading"]["days"]), (&json!(1), &json!(1)));
    let one = &told["differences"][0];
    assert_eq!((&one["worked_on"], &one["was_first"], &one["first_time"]), (&json!("2026-01-29"), &json!(3600), &json!(32400)));
    assert_eq!(differ(&app, &site), Vec::<String>::new());
    let (user, _) = app.person(Role::Administrator, ScopeOn::Everything);
    let page = app.browser_of(user).await.page(&format!("/house/devices/{gate}")).await;
    assert!(page.contains("01:00–09:00") && page.contains("09:00–17:00"), "{page}");
});
