//! Gates that are turned or moved: what they told of before stays as they hung then.

use anxin::attendance::folding::again::{Again, compare};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::attendance::{attlog, bind, days};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

async fn ways(client: &Client<'_>, site: &TestProject, day: &str, more: &str) -> Vec<String> {
    let page = client.get(&format!("{}/punches?day={day}{more}", site.path)).send().await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|one| one["direction"].as_str().unwrap_or("none").to_owned()).collect()
}

async fn worth(client: &Client<'_>, site: &TestProject) -> Vec<(String, i64, String)> {
    let page: Value = days(client, site, "2026-02").await;
    let text = |day: &Value, name: &str| day[name].as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|day| (text(day, "worked_on"), day["hundredths"].as_i64().unwrap(), text(day, "flags"))).collect()
}

fn again(app: &App, site: &TestProject) -> Again {
    let id = site.id;
    app.read(|conn, ctx| Ok(compare(conn, ctx.vault(), id)?)).unwrap()
}

both!(a_gate_that_is_turned_goes_the_other_way_from_then_on, |app| {
    let manager = app.labour_manager();
    let (site, other) = (project(&manager, 1, "330784").await, project(&manager, 2, "330784").await);
    let crew = crew(&manager, &site, "钢筋一班").await;
    let gate = bind(&manager, &site, "T1", "by_state").await["device"]["id"].as_str().unwrap().to_owned();
    let settings = format!("/api/v1/devices/{gate}/settings");
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    attlog(&app, "T1", "1001\t2026-02-20 20:00:00\t0\t15\n1001\t2026-02-21 06:00:00\t1\t15\n").await;
    app.drain();
    let night = [("2026-02-20".to_owned(), 100, "overnight".to_owned())];
    assert_eq!(worth(&manager, &site).await, night);
    app.clock.set("2026-03-02T09:30:00+08:00");
    manager.post(&settings, json!({"direction": "in"})).send().await.expect(200);
    assert_eq!(ways(&manager, &site, "2026-02-20", "").await, ["in"]);
    assert_eq!(ways(&manager, &site, "2026-02-21", "").await, ["out"]);
    // A late passage folds the old day as the machine hung then, and what stands can be compared.
    attlog(&app, "T1", "1001\t2026-02-20 20:05:00\t0\t15\n").await;
    app.drain();
    assert_eq!(worth(&manager, &site).await, night);
    let found = again(&app, &site);
    assert_eq!((found.compared, found.left_out, found.differ), (1, 0, Vec::new()));
    // What it tells of from now on goes in, also what it says went out; before that minute it went as it said.
    app.clock.set("2026-03-02T10:00:00+08:00");
    attlog(&app, "T1", "1001\t2026-03-02 09:29:59\t1\t15\n1001\t2026-03-02 09:30:00\t1\t15\n").await;
    assert_eq!(ways(&manager, &site, "2026-03-02", "").await, ["out", "in"]);
    // Turned again: the second turn counts from its own time, and who asks for the time between is told what was known.
    manager.post(&settings, json!({"direction": "out"})).send().await.expect(200);
    app.clock.set("2026-03-02T10:30:00+08:00");
    attlog(&app, "T1", "1001\t2026-03-02 10:15:00\t0\t15\n").await;
    assert_eq!(ways(&manager, &site, "2026-03-02", "").await, ["out", "in", "out"]);
    assert_eq!(ways(&manager, &site, "2026-02-21", "&known_at=2026-03-02T09:15:00%2B08:00").await, ["out"]);
    // Hung on another site, it still went here as it went.
    bind(&manager, &other, "T1", "by_state").await;
    app.clock.set("2026-03-02T10:45:00+08:00");
    assert_eq!(ways(&manager, &site, "2026-03-02", "").await, ["out", "in", "out"]);
    app.drain();
    assert_eq!(again(&app, &site).left_out, 0);
    assert_eq!(again(&app, &site).differ, Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
    // Whoever changes the record of a turn is found.
    app.write(|tx, _| Ok(tx.conn().batch_execute("UPDATE device_turns SET since = since - 1")?)).unwrap();
    assert!(app.broken().iter().any(|text| text.contains("device_turns")), "{:?}", app.broken());
});

both!(a_direction_holds_from_a_moment_since_which_nobody_passed, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let gate = bind(&manager, &site, "T1", "by_state").await["device"]["id"].as_str().unwrap().to_owned();
    let settings = format!("/api/v1/devices/{gate}/settings");
    let at = |moment: &str| json!({"direction": "out", "since": moment});
    attlog(&app, "T1", "1001\t2026-02-20 08:00:00\t0\t15\n").await;
    let told = manager.post(&settings, at("2026-02-20T07:00:00+08:00")).send().await.refuse(409, "conflict");
    assert!(told.to_string().contains("since"), "{told}");
    manager.post(&settings, at("2026-03-02T09:00:01+08:00")).send().await.refuse(422, "invalid");
    manager.post(&settings, json!({"since": "2026-02-21T07:00:00+08:00"})).send().await.refuse(422, "invalid");
    manager.post(&settings, at("2026-02-21T07:00:00+08:00")).send().await.expect(200);
    let earlier = json!({"direction": "in", "since": "2026-02-21T06:59:59+08:00"});
    manager.post(&settings, earlier).send().await.refuse(409, "conflict");
    // What comes late goes the way of its own time.
    attlog(&app, "T1", "1001\t2026-02-21 06:59:59\t0\t15\n1001\t2026-02-21 07:00:00\t0\t15\n").await;
    assert_eq!(ways(&manager, &site, "2026-02-21", "").await, ["in", "out"]);
    assert_eq!(ways(&manager, &site, "2026-02-20", "").await, ["in"]);
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
});
