//! A message whose answer was lost is settled item by item.

use anxin::wire::openapi::methods::Method;
use serde_json::json;

use super::province::{Act, Province};
use super::{Site, die, later, outgoing};
use crate::both;
use crate::suite::ground::{App, id_number};
use crate::suite::http::attendance::attlog;

/// A site whose people are reported, with a morning and an evening of each on the way in one message whose answer is lost.
async fn lost<'a>(app: &'a App, province: &Province, people: u32) -> Site<'a> {
    let site = Site::with(app, &province.address, (people, 0), json!({})).await;
    site.fill().await;
    site.run(900);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let passages: String = (1..=people)
        .map(|number| {
            let (pin, second) = (1000 + number, number);
            format!("{pin}\t2026-03-01 07:00:{second:02}\t0\t15\t0\t0\t0\n{pin}\t2026-03-01 18:00:{second:02}\t1\t15\t0\t0\t0\n")
        })
        .collect();
    attlog(app, "REPORT00001", &passages).await;
    province.state().asked.clear();
    province.act(&[Act::TakeAndBreak]);
    later(app, 700);
    site.pass();
    site
}

fn asked(province: &Province) -> usize {
    province.state().asked.iter().filter(|(method, _)| *method == Method::AttendanceQuery).count()
}

both!(each_item_of_a_lost_message_has_an_end_of_its_own, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = lost(&app, &province, 3).await;
    {
        // Of the three the second was not taken, and of the third the platform cannot say.
        let mut state = province.state();
        let of = |number: u32| move |key: &String| key.starts_with("WorkerAttendance.Add") && key.contains(&id_number(number));
        let gone: Vec<String> = state.rows.keys().filter(|key| of(2)(key)).cloned().collect();
        assert_eq!(gone.len(), 2);
        for key in gone {
            state.rows.remove(&key);
            state.times.remove(&key);
        }
        state.silent.insert(id_number(3));
    }
    later(&app, 61);
    site.pass();
    assert_eq!(asked(&province), 3, "in and out of one day are asked for once: {:?}", province.state().asked);
    site.run(600);
    let unknown = site.records("&state=unknown").await;
    assert_eq!(unknown.len(), 2, "{:#?}", site.records("").await);
    assert!(unknown.iter().all(|record| record["title"] == "测试工人3"), "{unknown:?}");
    assert_eq!(site.records("&state=accepted&kind=attendance").await.len(), 4, "nobody waits for the third");
    let before = asked(&province);
    site.run(7_200);
    let tries = asked(&province) - before;
    assert!((1..12).contains(&tries), "waits grow: {tries}");
    province.state().silent.clear();
    site.run(4_800);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let state = province.state();
    assert!(state.times.values().all(|times| *times == 1), "{:?}", state.times);
    drop(state);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_item_that_a_platform_never_speaks_of_is_a_persons_alone, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = lost(&app, &province, 2).await;
    province.state().silent.insert(id_number(2));
    site.run(600);
    later(&app, 86_400);
    site.run(100);
    let held = site.records("&state=with_person").await;
    assert_eq!(held.len(), 2, "{:#?}", site.records("").await);
    for record in &held {
        assert_eq!(record["title"], "测试工人2");
        assert!(record["reason"].as_str().unwrap().contains("系统繁忙"), "{record}");
    }
    assert_eq!(site.records("&state=accepted&kind=attendance").await.len(), 2);
});

both!(a_long_lost_message_is_asked_for_in_paces_and_over_deaths, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = lost(&app, &province, 10).await;
    let platform = site.platform.parse().unwrap();
    later(&app, 61);
    let mut deaths = 0;
    for round in 0..200 {
        if site.states().await == ["accepted"] {
            break;
        }
        if round % 3 == 0 {
            deaths += u32::from(die(&app, platform, round % 2 == 0));
        } else {
            site.pass();
        }
        later(&app, 35);
    }
    assert!(deaths > 0);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let state = province.state();
    assert!(state.times.values().all(|times| *times == 1), "{:?}", state.times);
});
