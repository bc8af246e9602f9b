//! Passages that no people make and clocks that are off, from the machine's message to the signs of the month and their page.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{project, text_of};

both!(the_signs_of_a_month_name_the_passages_that_no_people_make, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let other = project(&manager, 2, "330784").await;
    let gang = crew(&manager, &site, "钢筋一班").await;
    let there = crew(&manager, &other, "木工班").await;
    bind(&manager, &site, "T1", "by_state").await;
    bind(&manager, &other, "T2", "by_state").await;
    enrol(&manager, &site, (1..=9).map(|number| worker(number, &gang)).collect()).await;
    enrol(&manager, &other, vec![worker(2, &there), worker(3, &there)]).await;
    let (mut here, mut elsewhere) = (String::new(), String::new());
    let line = |text: &mut String, pin: u32, day: u32, time: u32, state: u32| {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        text.push_str(&format!("{pin}\t2026-02-{day:02} {hour:02}:{minute:02}:{second:02}\t{state}\t15\n"));
    };
    for day in 1..=20 {
        // 1001 always to the second; 1002 moves to the other site at noon; 1003 is on both at once.
        line(&mut here, 1001, day, 27_000 + 7, 0);
        line(&mut here, 1001, day, 63_000 + day * 97 % 900, 1);
        let spread = day * 7919 % 1_500;
        line(&mut here, 1002, day, 25_000 + spread, 0);
        line(&mut here, 1002, day, 43_000 + spread, 1);
        line(&mut elsewhere, 1002, day, 47_000 + spread, 0);
        line(&mut elsewhere, 1002, day, 64_000 + spread, 1);
        line(&mut here, 1003, day, 25_100 + spread * 3 % 1_400, 0);
        line(&mut here, 1003, day, 62_100 + spread, 1);
        line(&mut elsewhere, 1003, day, 26_100 + spread * 5 % 1_400, 0);
        line(&mut elsewhere, 1003, day, 63_100 + spread, 1);
        // One hand with five cards, a second each, in another order each day.
        let start = 24_000 + day * 211 % 1_000;
        for place in 0..5 {
            line(&mut here, 1004 + (place * (day % 4 + 1) + day) % 5, day, start + place, 0);
        }
    }
    attlog(&app, "T1", &here).await;
    attlog(&app, "T2", &elsewhere).await;
    app.drain();
    let signs = manager.get(&format!("{}/signs?month=2026-02", site.path)).send().await.expect(200);
    let found: Vec<(&str, usize)> = signs["patterns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["sign"].as_str().unwrap(), one["workers"].as_array().unwrap().len()))
        .collect();
    assert_eq!(found, [("clockwork_punches", 1), ("one_hand_punches", 5)], "{}", signs["patterns"]);
    let clockwork = &signs["patterns"][0];
    assert_eq!((&clockwork["passage_count"], &clockwork["passages"][0]["at_local"]), (&json!(20), &json!("2026-02-01T07:30:07")));
    assert_eq!(clockwork["passages"][0]["who"]["name"], "测试工人1");
    let impossible = |name: &str| {
        let suspects = signs["suspects"].as_array().unwrap().iter();
        let named = suspects.filter(|one| one["who"]["name"] == name);
        named.flat_map(|one| one["signs"].as_array().unwrap()).any(|sign| sign["sign"] == "impossible_attendance")
    };
    assert!(impossible("测试工人3") && !impossible("测试工人2"), "who moves at noon is not on two sites: {}", signs["suspects"]);
    let (id, month) = (site.id, "2026-02".parse().unwrap());
    let twice = app.read(move |conn, _| Ok(anxin::attendance::elsewhere::on_two_sites(conn, id, month)?)).unwrap();
    assert_eq!(twice.len(), 20, "only the one who is on both at once");
    let page =
        app.browser(Role::LabourManager, ScopeOn::Everything).await.page(&format!("/projects/{id}/signs?month=2026-02")).await;
    assert!(
        page.contains("打卡时间分秒不差") && page.contains("2026-02-01T07:30:07") && page.contains("1号门"),
        "{}",
        text_of(&page)
    );
});

both!(two_sites_at_once_over_midnight_are_found_on_both, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let other = project(&manager, 2, "330784").await;
    let gang = crew(&manager, &site, "钢筋一班").await;
    let there = crew(&manager, &other, "木工班").await;
    bind(&manager, &site, "T1", "by_state").await;
    bind(&manager, &other, "T2", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &gang), worker(2, &gang)]).await;
    enrol(&manager, &other, vec![worker(1, &there), worker(2, &there)]).await;
    let (mut nights, mut mornings) = (String::new(), String::new());
    for day in 10..=12 {
        let next = day + 1;
        // 1001 is on the other site in the small hours of a night's shift; 1002 comes there after it, when the sun is up.
        for pin in [1001, 1002] {
            nights.push_str(&format!("{pin}\t2026-02-{day} 20:00:00\t0\t15\n{pin}\t2026-02-{next} 06:00:00\t1\t15\n"));
        }
        mornings.push_str(&format!("1001\t2026-02-{next} 00:30:00\t0\t15\n1001\t2026-02-{next} 05:30:00\t1\t15\n"));
        mornings.push_str(&format!("1002\t2026-02-{next} 09:00:00\t0\t15\n1002\t2026-02-{next} 14:00:00\t1\t15\n"));
    }
    attlog(&app, "T1", &nights).await;
    attlog(&app, "T2", &mornings).await;
    app.drain();
    let month = "2026-02".parse().unwrap();
    for (at, day) in [(&site, "2026-02-10"), (&other, "2026-02-11")] {
        let id = at.id;
        let twice = app.read(move |conn, _| Ok(anxin::attendance::elsewhere::on_two_sites(conn, id, month)?)).unwrap();
        assert_eq!(twice.len(), 3, "{twice:?}");
        assert!(twice.iter().all(|(worker, _)| *worker == twice[0].0), "{twice:?}");
        let morning = manager.get(&format!("{}/morning?day={day}", at.path)).send().await.expect(200);
        let names: Vec<&Value> = morning["elsewhere"].as_array().unwrap().iter().map(|one| &one["who"]["name"]).collect();
        assert_eq!(names, [&json!("测试工人1")], "{morning}");
    }
    let signs = manager.get(&format!("{}/signs?month=2026-02", site.path)).send().await.expect(200);
    let odd = signs["suspects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["signs"].as_array().unwrap().iter().any(|sign| sign["sign"] == "impossible_attendance"));
    assert_eq!(odd.map(|one| &one["who"]["name"]).collect::<Vec<_>>(), [&json!("测试工人1")], "{signs}");
});

both!(a_clock_that_runs_ahead_is_told_by_its_messages, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let gang = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "in").await;
    enrol(&manager, &site, vec![worker(1, &gang)]).await;
    for minute in [5, 7, 9] {
        app.clock.set(&format!("2026-03-02T09:{minute:02}:00+08:00"));
        attlog(&app, "T1", &format!("1001\t2026-03-02 09:{}:00\t0\t15\n", minute + 20)).await;
    }
    app.drain();
    let signs = manager.get(&format!("{}/signs?month=2026-03", site.path)).send().await.expect(200);
    let clocks: &Value = &signs["clocks"];
    assert_eq!((clocks.as_array().unwrap().len(), &clocks[0]["days"][0]["messages"]), (1, &json!(3)), "{clocks}");
    assert_eq!(clocks[0]["days"][0]["skew_seconds"], json!(20 * 60));
    let told = manager.get(&format!("{}/morning", site.path)).send().await.expect(200);
    assert_eq!(told["gates"][0]["troubles"], json!(["clock_off"]), "{}", told["gates"]);
});
