//! A message whose answer was lost is settled item by item.

use anxin::wire::openapi::methods::Method;
use serde_json::json;

use super::province::{APP_ID, Act, Province, SECRET};
use super::{Site, die, later, line, outgoing};
use crate::both;
use crate::suite::ground::{App, id_number};
use crate::suite::http::attendance::attlog;
use crate::suite::http::realname::Chain;

/// A site whose people are reported, with a morning and an evening of each on the way in one message whose answer is lost.
async fn lost<'a>(app: &'a App, province: &Province, people: u32) -> Site<'a> {
    let site = Site::with(app, &province.address, (people, 0), json!({})).await;
    site.fill().await;
    site.run(2_000);
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
    assert!(unknown.iter().all(|record| record["title"].as_str().unwrap().starts_with("测试工人3")), "{unknown:?}");
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
        assert!(record["title"].as_str().unwrap().starts_with("测试工人2"), "{record}");
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

both!(attachments_of_a_crew_that_came_by_an_upload_go_on_to_the_next_platform, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let chain = Chain::begin(&app, 61).await;
    let papers =
        json!([{"name": "进场单.jpg", "data": "/9j/4AAQSkZJRgABAQ==", "size": 12.50}, {"name": "确认.pdf", "data": "JVBERi0="}]);
    let mut team = chain.head.clone();
    team.as_object_mut().unwrap().retain(|key, _| key != "teamSysNo");
    for (key, value) in [("teamName", json!("木工班")), ("entryTime", json!("2026-02-01")), ("entryAttachments", papers.clone())]
    {
        team[key] = value;
    }
    assert_eq!(chain.up.add("Team.Add", &team).await.0, "20");
    let manager = app.labour_manager();
    let project = format!("/api/v1/projects/{}", chain.id);
    let body = json!({"name": "测试省平台", "address": province.address, "app_id": APP_ID, "secret": SECRET,
        "from_on": "2026-01-01", "kinds": ["company", "project", "subcontractor", "team"]});
    let made = manager.post(&format!("{project}/report-platforms"), body).send().await.expect(201);
    for _ in 0..100 {
        anxin::app::reporter::pass(&app.ground, &line(&app)).unwrap();
        later(&app, 10);
    }
    let path = format!("{project}/report-platforms/{}/records?limit=200", made["id"].as_str().unwrap());
    let records = manager.get(&path).send().await.expect(200);
    let states: Vec<_> = records["items"].as_array().unwrap().iter().map(|row| row["state"].clone()).collect();
    assert!(states.iter().all(|state| state == "accepted"), "{records:#}");
    let state = province.state();
    let sent = state.rows.values().find(|(_, row)| row.get("teamName") == Some(&json!("木工班"))).map(|(_, row)| row.clone());
    assert_eq!(sent.unwrap()["entryAttachments"], papers, "as they were sent");
});

both!(a_platform_is_no_address_of_this_machine_or_of_a_private_network, |app| {
    let manager = app.labour_manager();
    let site = crate::suite::ground::project(&manager, 1, "330784").await;
    let path = format!("{}/report-platforms", site.path);
    let body = |address: &str| json!({"name": "测试", "address": address, "app_id": APP_ID, "secret": SECRET});
    let inside = [
        "http://127.0.0.1/open.api",
        "http://10.1.2.3:8080/open.api",
        "http://192.168.1.7/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/open.api",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost:9000/open.api",
        "http://0.0.0.0/",
    ];
    for address in inside {
        let problem = manager.post(&path, body(address)).send().await.refuse(422, "invalid");
        assert!(problem["errors"][0].to_string().contains("\"address\""), "{address}: {problem}");
    }
    manager.post(&path, body("https://platform.example.cn/open.api")).send().await.expect(201);
    let allowed = outgoing(&app);
    let manager = allowed.labour_manager();
    manager.post(&path, body("http://127.0.0.1:9/open.api")).send().await.expect(201);
    manager.post(&path, body("http://10.1.2.3/open.api")).send().await.refuse(422, "invalid");
});

both!(a_training_that_came_by_an_upload_goes_on_when_the_platform_has_its_people, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let chain = Chain::begin(&app, 63).await;
    chain.enter(&[1], "2026-02-10").await;
    // Trained before they came; the third is announced and never comes.
    let announced = chain.list("workerList", vec![chain.worker(2), chain.worker(3)]);
    chain.up.twice("ProjectWorker.Add", &announced).await;
    let training = |name: &str, numbers: &[u32]| {
        let people: Vec<_> = numbers.iter().map(|number| chain.papers(*number)).collect();
        json!({"projectCode": chain.code, "trainingDate": "2026-02-09", "trainingDuration": 4, "trainingName": name,
            "trainingTypeCode": "003001", "workers": people})
    };
    chain.up.twice("ProjectTraining.Add", &training("入场教育", &[1, 2])).await;
    chain.up.twice("ProjectTraining.Add", &training("安全交底", &[1, 3])).await;
    let manager = app.labour_manager();
    let project = format!("/api/v1/projects/{}", chain.id);
    let kinds = ["company", "project", "subcontractor", "team", "worker", "entry", "training"];
    let body = json!({"name": "测试省平台", "address": province.address, "app_id": APP_ID, "secret": SECRET,
        "from_on": "2026-01-01", "kinds": kinds});
    manager.post(&format!("{project}/report-platforms"), body).send().await.expect(201);
    let told = || {
        for _ in 0..150 {
            anxin::app::reporter::pass(&app.ground, &line(&app)).unwrap();
            later(&app, 10);
        }
        let state = province.state();
        let rows = state.rows.values().filter(|(method, _)| *method == Method::TrainingAdd);
        let mut found: Vec<(String, usize)> = rows
            .map(|(_, row)| {
                let count = row.get("workers").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
                (row["trainingName"].as_str().unwrap().to_owned(), count)
            })
            .collect();
        found.sort();
        assert!(state.times.values().all(|times| *times == 1), "{:?}", state.times);
        found
    };
    assert!(told().is_empty(), "somebody of each has not come yet");
    let entry = json!([{"idCardType": "01", "idCardNumber": chain.up.aes(&id_number(2)), "date": "2026-02-20", "type": 1}]);
    let mut entries = chain.head.clone();
    entries["workerList"] = entry;
    assert_eq!(chain.up.add("WorkerEntryExit.Add", &entries).await.0, "20");
    later(&app, 700);
    assert_eq!(told(), [("入场教育".to_owned(), 2)]);
    // A month later the other goes without whoever never came.
    later(&app, 15 * 86_400);
    assert_eq!(told(), [("入场教育".to_owned(), 2), ("安全交底".to_owned(), 1)]);
    assert_eq!(app.broken(), Vec::<String>::new());
});
