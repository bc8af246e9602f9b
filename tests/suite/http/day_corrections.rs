//! Work days: corrections by two persons, shifts over midnight, and the same table whatever order punches come in.

use anxin::web::{Role, ScopeOn};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

async fn days(client: &Client<'_>, site: &TestProject, month: &str) -> Vec<Value> {
    let page = client.get(&format!("{}/work-days?month={month}", site.path)).send().await.expect(200);
    page["items"].as_array().unwrap().clone()
}

async fn ground<'a>(app: &'a App, count: u32) -> (Client<'a>, TestProject, Vec<String>) {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "by_state").await;
    let answer = enrol(&manager, &site, (1..=count).map(|number| worker(number, &crew)).collect()).await;
    let ids = answer["results"].as_array().unwrap().iter();
    let ids = ids.map(|one| one["enrolment"]["id"].as_str().unwrap().to_owned()).collect();
    (manager, site, ids)
}

/// A correction that one person proposes and another confirms.
pub async fn confirmed(app: &App, client: &Client<'_>, site: &TestProject, body: Value) {
    let path = format!("{}/day-corrections", site.path);
    let proposed = client.post(&path, body).send().await.expect(201);
    let second = app.client(Role::LabourManager, ScopeOn::Everything);
    let decision = format!("{path}/{}/decision", proposed["id"].as_str().unwrap());
    second.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    app.drain();
}

both!(nobody_takes_work_away_alone_by_dating_an_exit_back, |app| {
    let (manager, site, ids) = ground(&app, 2).await;
    attlog(
        &app,
        "T1",
        "1001\t2026-02-25 07:30:00\t0\t15\n1001\t2026-02-25 17:30:00\t1\t15\n1001\t2026-02-26 07:30:00\t0\t15\n\
         1001\t2026-02-26 17:30:00\t1\t15\n1002\t2026-02-25 19:00:00\t0\t15\n",
    )
    .await;
    app.drain();
    let leave = |place: usize| format!("{}/enrolments/{}/leave", site.path, ids[place]);
    let last = |day: &str| json!({"left_on": day});
    let before = days(&manager, &site, "2026-02").await;
    let refused = manager.post(&leave(0), last("2026-02-24")).send().await.refuse(409, "conflict");
    let told = refused["detail"].as_str().unwrap();
    assert!(told.contains("2026-02-25") && told.contains("2026-02-26"), "{refused}");
    assert_eq!(refused["errors"][0]["place"], "left_on");
    // In bulk no more than one by one, and before anything is taken.
    let number = crate::suite::ground::id_number(1);
    let csv = format!("班组,姓名,证件号码,进退场日期,类型\n钢筋一班,测试工人1,{number},2026-02-24,退场\n");
    let path = format!("{}/entry-exit-imports", site.path);
    let kept = manager.ask(actix_web::http::Method::POST, &path).body("text/csv", csv).send().await.expect(201);
    let path = format!("{}/roster-imports/{}", site.path, kept["id"].as_str().unwrap());
    let seen = manager.get(&path).send().await.expect(200);
    assert_eq!(seen["preview"]["refusals"][0]["faults"][0]["reason"], "bad_state", "{seen}");
    manager.post(&format!("{path}/take"), json!({})).send().await.expect(200);
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await, before, "every day stands");
    // What waits to be folded counts as well; the morning after the last day may be the end of its night.
    attlog(&app, "T1", "1001\t2026-02-27 13:30:00\t0\t15\n1002\t2026-02-26 05:00:00\t1\t15\n").await;
    let refused = manager.post(&leave(0), last("2026-02-26")).send().await.refuse(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("2026-02-27"), "{refused}");
    manager.post(&leave(1), last("2026-02-25")).send().await.expect(200);
    app.drain();
    let night = days(&manager, &site, "2026-02").await;
    assert!(night.iter().any(|day| day["enrolment_id"] == json!(ids[1]) && day["hundredths"] == 100), "{night:?}");
    // Two persons have looked: nobody worked on those days, and the exit stands.
    for day in ["2026-02-26", "2026-02-27"] {
        confirmed(&app, &manager, &site, json!({"enrolment": ids[0], "worked_on": day, "reason": "借卡，本人未到场"})).await;
    }
    manager.post(&leave(0), last("2026-02-25")).send().await.expect(200);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_correction_takes_two_persons_and_shows_both_sides, |app| {
    let (manager, site, ids) = ground(&app, 1).await;
    attlog(&app, "T1", "1001\t2026-02-27 07:30:00\t0\t15\n").await;
    app.drain();
    let path = format!("{}/day-corrections", site.path);
    let body = json!({"enrolment": ids[0], "worked_on": "2026-02-27", "first": "07:30", "last": "17:30", "reason": "下班漏打卡"});
    let short = |field: &str, value: Value| {
        let mut body = body.clone();
        body[field] = value;
        body
    };
    manager.post(&path, short("reason", json!("漏"))).send().await.refuse(422, "invalid");
    manager.post(&path, short("last", json!("07:00"))).send().await.refuse(422, "invalid");
    manager.post(&path, short("worked_on", json!("2026-03-03"))).send().await.refuse(422, "invalid");
    let proposed = manager.post(&path, body.clone()).send().await.expect(201);
    assert_eq!((&proposed["was_hundredths"], &proposed["hundredths"], &proposed["step"]), (&json!(0), &json!(100), &Value::Null));
    manager.post(&path, body.clone()).send().await.refuse(409, "conflict");
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await[0]["hundredths"], json!(0), "a proposal changes nothing");
    let decision = format!("{path}/{}/decision", proposed["id"].as_str().unwrap());
    manager.post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    // The same person under a second account is no second person.
    let twin = app.labour_manager();
    for client in [&manager, &twin] {
        client.post("/api/v1/me/email", json!({"email": "one.person@example.cn", "language": "zh"})).send().await;
    }
    twin.post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    // Nor once the address is taken off it, whichever of the two it is taken off.
    for (client, email) in [(&twin, Value::Null), (&manager, json!("another@example.cn"))] {
        client.post("/api/v1/me/email", json!({"email": email, "language": "zh"})).send().await.expect(200);
        twin.post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    }
    let second = app.client(Role::LabourManager, ScopeOn::Everything);
    second.post(&decision, json!({"step": "withdrawn", "note": "不是我的"})).send().await.refuse(403, "not_allowed");
    second.post(&decision, json!({"step": "refused"})).send().await.refuse(422, "invalid");
    second.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    second.post(&decision, json!({"step": "confirmed"})).send().await.refuse(409, "conflict");
    app.drain();
    let day = &days(&manager, &site, "2026-02").await[0];
    assert_eq!((&day["hundredths"], &day["punches"]), (&json!(100), &json!(1)), "the punch stays as it came: {day}");
    assert!(day["flags"].as_str().unwrap().ends_with("corrected"), "{day}");
    let both = manager.get(&format!("{path}?month=2026-02")).send().await.expect(200);
    assert_eq!((&both[0]["was_hundredths"], &both[0]["step"]), (&json!(0), &json!("confirmed")));
    // A late punch folds the day again; what was confirmed stands.
    attlog(&app, "T1", "1001\t2026-02-27 09:00:00\t1\t15\n").await;
    app.drain();
    let day = &days(&manager, &site, "2026-02").await[0];
    assert_eq!((&day["hundredths"], &day["punches"]), (&json!(100), &json!(2)));
    // A day without any punch, then another correction that says that nobody was there.
    let absent = json!({"enrolment": ids[0], "worked_on": "2026-02-26", "first": "19:00", "last": "05:00", "next_morning": true, "reason": "闸机停电"});
    let confirm = async |body: Value| {
        let proposed = manager.post(&path, body).send().await.expect(201);
        let decision = format!("{path}/{}/decision", proposed["id"].as_str().unwrap());
        second.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
        app.drain();
    };
    confirm(absent).await;
    let day = &days(&manager, &site, "2026-02").await[0];
    assert_eq!(
        (&day["worked_on"], &day["hundredths"], &day["punches"], &day["last_time"]),
        (&json!("2026-02-26"), &json!(100), &json!(0), &json!(104_400))
    );
    confirm(json!({"enrolment": ids[0], "worked_on": "2026-02-26", "reason": "核实未到场"})).await;
    assert_eq!(days(&manager, &site, "2026-02").await.len(), 1);
    // The page of the worker has both sides, for the second person too.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let site_id = site.id;
    let page = browser.page(&format!("/projects/{site_id}/workers/{}?month=2026-02", ids[0])).await;
    assert!(page.contains("下班漏打卡") && page.contains("已确认"));
    assert!(browser.page(&format!("/projects/{site_id}/attendance?month=2026-02")).await.contains("闸机停电"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_stands_is_what_folding_again_makes_of_punches_and_corrections, |app| {
    use anxin::attendance::folding::again::compare;
    let (manager, site, ids) = ground(&app, 3).await;
    let id = site.id;
    let again = || app.read(|conn, ctx| Ok(compare(conn, ctx.vault(), id)?)).unwrap();
    attlog(
        &app,
        "T1",
        "1001\t2026-02-25 19:00:00\t0\t15\n1001\t2026-02-26 05:00:00\t1\t15\n1002\t2026-02-26 07:30:00\t0\t15\n\
         1002\t2026-02-26 17:30:00\t1\t15\n1003\t2026-02-27 07:30:00\t0\t15\n9999\t2026-02-27 07:31:00\t0\t15\n",
    )
    .await;
    assert_eq!((again().compared, again().left_out > 0), (0, true), "what waits to be folded is not compared");
    app.drain();
    let path = format!("{}/day-corrections", site.path);
    let body = json!({"enrolment": ids[2], "worked_on": "2026-02-27", "first": "07:30", "last": "17:30", "reason": "下班漏打卡"});
    let proposed = manager.post(&path, body).send().await.expect(201);
    let second = app.client(Role::LabourManager, ScopeOn::Everything);
    let decision = format!("{path}/{}/decision", proposed["id"].as_str().unwrap());
    second.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    app.drain();
    let found = again();
    assert_eq!((found.compared, found.left_out, found.differ), (3, 0, Vec::new()));
    let sums = || app.read(|conn, _| Ok(anxin::attendance::folding::sums::differ(conn)?)).unwrap();
    assert_eq!(sums(), Vec::<String>::new());
    // Somebody writes a whole day for half of one, takes a row away and puts one where nobody was.
    app.write(|tx, _| {
        tx.conn().batch_execute(
            "UPDATE work_days SET hundredths = 50 WHERE worked_on = '2026-02-26'; DELETE FROM work_days WHERE worked_on = '2026-02-25'; \
             INSERT INTO work_days (project_id, worked_on, enrolment_id, worker_id, first_time, last_time, punches, hundredths, flags, \
             folded_at) SELECT project_id, '2026-02-24', enrolment_id, worker_id, first_time, last_time, punches, hundredths, flags, \
             folded_at FROM work_days WHERE worked_on = '2026-02-26'",
        )?;
        Ok(())
    })
    .unwrap();
    let found = again();
    let days: Vec<&str> = found.differ.iter().filter_map(|text| text.split(' ').nth(2)).collect();
    assert_eq!(days, ["2026-02-24", "2026-02-25", "2026-02-26"], "{:?}", found.differ);
    // The sums of the month are as they were, and each is told of whose days are not.
    assert!(!sums().is_empty() && sums().iter().all(|told| told.contains(" 2026-02 ")), "{:?}", sums());
    // A machine that was turned since still tells of what it saw before; where the turn is not on record, nobody knows.
    bind(&manager, &site, "T1", "in").await;
    let turned = again();
    assert_eq!((turned.compared, turned.left_out, turned.differ), (found.compared, found.left_out, found.differ));
    app.write(|tx, _| Ok(tx.conn().batch_execute("DELETE FROM device_turns")?)).unwrap();
    assert_eq!((again().compared, again().left_out), (0, 4));
});

both!(a_night_shift_is_of_the_day_on_which_it_began_whatever_comes_first, |app| {
    let (manager, site, _) = ground(&app, 1).await;
    // The morning comes before the evening, and the evening of the day after before both.
    attlog(&app, "T1", "1001\t2026-02-26 05:00:00\t1\t15\n").await;
    app.drain();
    attlog(&app, "T1", "1001\t2026-02-26 19:00:00\t0\t15\n1001\t2026-02-27 05:10:00\t1\t15\n").await;
    app.drain();
    attlog(&app, "T1", "1001\t2026-02-25 19:00:00\t0\t15\n").await;
    app.drain();
    let told: Vec<(String, i64, String)> = days(&manager, &site, "2026-02")
        .await
        .iter()
        .map(|day| {
            let text = |name: &str| day[name].as_str().unwrap().to_owned();
            (text("worked_on"), day["hundredths"].as_i64().unwrap(), text("flags"))
        })
        .collect();
    let shift = |day: &str| (day.to_owned(), 100, "overnight".to_owned());
    assert_eq!(told, [shift("2026-02-25"), shift("2026-02-26")]);
});

both!(a_day_that_begins_soon_after_a_night_is_a_day_of_its_own, |app| {
    let (manager, site, _) = ground(&app, 4).await;
    let pass = |pin: u32, time: &str, state: u8| format!("{pin}\t2026-02-{time}:00\t{state}\t15\n");
    let mut lines = String::new();
    for (pin, out, inward) in [(1001, "06:00", "07:30"), (1002, "06:00", "08:00"), (1003, "06:00", "07:00")] {
        lines += &pass(pin, "10 20:00", 0);
        lines += &(pass(pin, &format!("11 {out}"), 1) + &pass(pin, &format!("11 {inward}"), 0) + &pass(pin, "11 17:30", 1));
    }
    // With a way out at noon, and the next night.
    lines += &(pass(1004, "10 20:00", 0) + &pass(1004, "11 06:00", 1) + &pass(1004, "11 07:30", 0) + &pass(1004, "11 11:30", 1));
    lines += &(pass(1004, "11 13:00", 0) + &pass(1004, "11 17:30", 1) + &pass(1004, "11 19:40", 0) + &pass(1004, "12 06:00", 1));
    attlog(&app, "T1", &lines).await;
    app.drain();
    let told: Vec<String> = days(&manager, &site, "2026-02")
        .await
        .iter()
        .map(|day| {
            let clock = |name: &str| day[name].as_i64().unwrap() / 60;
            let (first, last) = (clock("first_time"), clock("last_time"));
            let (flags, worth) = (day["flags"].as_str().unwrap(), day["hundredths"].as_i64().unwrap());
            let on = day["worked_on"].as_str().unwrap();
            format!("{on} {:02}:{:02}-{:02}:{:02} {worth} {flags}", first / 60, first % 60, last / 60, last % 60)
        })
        .collect();
    let night = "2026-02-10 20:00-30:00 100 overnight";
    let day = |begun: &str| format!("2026-02-11 {begun}-17:30 100 ");
    let mut wanted = vec![night.to_owned(), night.to_owned(), night.to_owned(), night.to_owned()];
    wanted.extend([day("07:30"), day("08:00"), day("07:00"), "2026-02-11 07:30-30:00 100 overnight".to_owned()]);
    assert_eq!(told, wanted);
});

both!(ten_thousand_punches_in_any_order_with_repeats_make_the_same_days, |app| {
    let manager = app.labour_manager();
    let mut tables = Vec::new();
    // A small generator, so that the order is the same on every run.
    let mut seed = 20_260_302_u64;
    let mut next = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut lines = Vec::new();
    for day in 1..=50_u32 {
        let (month, day) = if day <= 31 { (1, day) } else { (2, day - 31) };
        for pin in 1..=100_u32 {
            let (morning, evening) = if pin % 10 == 3 { (5, 19) } else { (7, 18) };
            let (out, inward) = if pin % 10 == 3 { (1, 0) } else { (0, 1) };
            let minute = next(60);
            lines.push(format!("{}\t2026-{month:02}-{day:02} {morning:02}:{minute:02}:00\t{out}\t15\n", 1000 + pin));
            lines.push(format!("{}\t2026-{month:02}-{day:02} {evening:02}:{minute:02}:30\t{inward}\t15\n", 1000 + pin));
        }
    }
    assert_eq!(lines.len(), 10_000);
    for (number, serial) in [(1, "ORDER1"), (2, "ORDER2")] {
        let site = project(&manager, number, "330784").await;
        let crew = crew(&manager, &site, "钢筋一班").await;
        bind(&manager, &site, serial, "by_state").await;
        let people: Vec<Value> = (1..=100).map(|number| worker(number, &crew)).collect();
        enrol(&manager, &site, people).await;
        let mut sent = lines.clone();
        if number == 2 {
            for _ in 0..500 {
                let again = sent[next(10_000)].clone();
                sent.push(again);
            }
            for place in (1..sent.len()).rev() {
                sent.swap(place, next(place + 1));
            }
        }
        for some in sent.chunks(1_000) {
            // A machine repeats what it sent before; two equal lines of one batch are two passages.
            let mut batch: Vec<&String> = Vec::new();
            for line in some {
                if !batch.contains(&line) {
                    batch.push(line);
                }
            }
            let batch: String = batch.into_iter().map(String::as_str).collect();
            attlog(&app, serial, &batch).await;
            if number == 2 && next(4) == 0 {
                app.drain();
            }
        }
        app.drain();
        let id = site.id;
        let mut table = Vec::new();
        for month in ["2026-01", "2026-02"] {
            let month = month.parse().unwrap();
            let rows = app.read(|conn, _| Ok(anxin::attendance::table::work_days_of(conn, id, month, None, 100_000)?)).unwrap();
            table.extend(rows.into_iter().map(|row| {
                (row.worked_on, row.worker_id, row.first_time, row.last_time, row.punches, row.hundredths, row.flags)
            }));
        }
        table.sort();
        tables.push(table);
    }
    assert!(tables[0].len() > 4_000, "{}", tables[0].len());
    assert!(tables[0] == tables[1], "the shuffled days are other days");
});

both!(a_day_that_lacks_its_last_passage_says_so_and_a_long_day_is_one, |app| {
    let (manager, site, ids) = ground(&app, 4).await;
    // 1 went out for a moment and has not gone home; 2 after lunch; 3 worked until two in the night, 4 until five past midnight and
    // came again in the morning.
    attlog(
        &app,
        "T1",
        "1001\t2026-02-25 07:30:00\t0\t15\n1001\t2026-02-25 07:31:00\t1\t15\n1001\t2026-02-25 11:40:00\t0\t15\n\
         1002\t2026-02-25 07:30:00\t0\t15\n1002\t2026-02-25 12:00:00\t1\t15\n1002\t2026-02-25 13:00:00\t0\t15\n\
         1003\t2026-02-25 07:30:00\t0\t15\n1003\t2026-02-26 02:00:00\t1\t15\n\
         1004\t2026-02-25 08:00:00\t0\t15\n1004\t2026-02-26 00:05:00\t1\t15\n1004\t2026-02-26 08:00:00\t0\t15\n\
         1004\t2026-02-26 17:30:00\t1\t15\n",
    )
    .await;
    app.drain();
    let found = days(&manager, &site, "2026-02").await;
    let told = |place: usize| -> Vec<(&str, i64, &str)> {
        let own = found.iter().filter(|day| day["enrolment_id"] == json!(ids[place]));
        let told = own
            .map(|day| (day["worked_on"].as_str().unwrap(), day["hundredths"].as_i64().unwrap(), day["flags"].as_str().unwrap()));
        told.collect()
    };
    assert_eq!(told(0), [("2026-02-25", 100, "no_out")]);
    assert_eq!(told(1), [("2026-02-25", 100, "no_out")]);
    assert_eq!(told(2), [("2026-02-25", 100, "overnight")]);
    assert_eq!(told(3), [("2026-02-25", 100, "overnight"), ("2026-02-26", 100, "")]);
    // Who forgot to go out one day and to come in the next has two days that lack a passage.
    attlog(&app, "T1", "1003\t2026-02-27 07:30:00\t0\t15\n1003\t2026-02-28 05:30:00\t1\t15\n").await;
    app.drain();
    let found = days(&manager, &site, "2026-02").await;
    let own = found.iter().filter(|day| day["enrolment_id"] == json!(ids[2])).skip(1);
    let own: Vec<(&str, &str)> = own.map(|day| (day["worked_on"].as_str().unwrap(), day["flags"].as_str().unwrap())).collect();
    assert_eq!(own, [("2026-02-27", "single,no_out"), ("2026-02-28", "single,no_in")]);
    let id = site.id;
    let again = app.read(|conn, ctx| Ok(anxin::attendance::folding::again::compare(conn, ctx.vault(), id)?)).unwrap();
    assert_eq!(again.differ, Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

async fn notices_of_later(app: &App, manager: &Client<'_>) -> Vec<(String, String)> {
    app.drain();
    let shown = manager.get("/api/v1/me/notices").send().await.expect(200);
    let items = shown["items"].as_array().cloned().unwrap_or_default();
    let text = |one: &Value, name: &str| one["words"][name].as_str().unwrap_or_default().to_owned();
    let open = items.iter().filter(|one| one["state"] != "cured").map(|one| (text(one, "title_en"), text(one, "link")));
    open.filter(|(title, _)| title.contains("was corrected")).collect()
}

both!(what_comes_after_a_correction_and_says_otherwise_is_told_until_somebody_answers, |app| {
    let (manager, site, ids) = ground(&app, 2).await;
    let said = |place: usize, last: &str, hundredths: i32| {
        json!({"enrolment": ids[place], "worked_on": "2026-02-26", "reason": "机器离线补记", "first": "07:00", "last": last,
            "hundredths": hundredths})
    };
    confirmed(&app, &manager, &site, said(0, "12:00", 50)).await;
    confirmed(&app, &manager, &site, said(1, "17:30", 100)).await;
    assert!(notices_of_later(&app, &manager).await.is_empty());
    app.clock.set("2026-03-02T10:00:00+08:00");
    // Of the second the gates say no other than was confirmed.
    attlog(
        &app,
        "T1",
        "1001\t2026-02-26 06:58:00\t0\t15\n1001\t2026-02-26 18:00:00\t1\t15\n\
         1002\t2026-02-26 07:10:00\t0\t15\n1002\t2026-02-26 17:20:00\t1\t15\n",
    )
    .await;
    let told = notices_of_later(&app, &manager).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0.contains("2026-02-26") && told[0].0.contains("06:58 18:00") && told[0].0.contains("0.50"), "{told:?}");
    assert!(told[0].1.contains(&ids[0]), "{told:?}");
    let stands = days(&manager, &site, "2026-02").await;
    assert_eq!(stands.iter().find(|day| day["enrolment_id"] == json!(ids[0])).unwrap()["hundredths"], json!(50), "it stays");
    let list = manager.get(&format!("{}/day-corrections?month=2026-02", site.path)).send().await.expect(200);
    assert_eq!(list[0]["later"]["times"], json!([6 * 3600 + 58 * 60, 18 * 3600]), "{list}");
    assert_eq!((&list[0]["later"]["hundredths"], &list[1]["later"]), (&json!(100), &Value::Null));
    let (user, _) = app.person(Role::LabourManager, ScopeOn::Everything);
    let page = app.browser_of(user).await.page(&format!("/projects/{}/workers/{}?month=2026-02", site.id, ids[0])).await;
    assert!(page.contains("更正确认后又收到考勤记录"), "{page}");
    // Two persons say that it stays so; what comes after that asks once more, and is followed then.
    app.clock.set("2026-03-02T10:10:00+08:00");
    confirmed(&app, &manager, &site, said(0, "12:00", 50)).await;
    assert!(notices_of_later(&app, &manager).await.is_empty());
    app.clock.set("2026-03-02T10:20:00+08:00");
    attlog(&app, "T1", "1001\t2026-02-26 18:30:00\t1\t15\n").await;
    assert_eq!(notices_of_later(&app, &manager).await.len(), 1);
    app.clock.set("2026-03-02T10:30:00+08:00");
    confirmed(&app, &manager, &site, said(0, "18:30", 100)).await;
    assert!(notices_of_later(&app, &manager).await.is_empty());
    assert_eq!(app.broken(), Vec::<String>::new());
});
