//! What stops a queue, what goes to a person, what a platform believes, and our own server as the platform.

use anxin::app::serve::{self, Stops};
use anxin::base::id::PartyId;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::province::{APP_ID, Act, Province, SECRET, secret};
use super::{Site, later, outgoing};
use crate::both;
use crate::suite::ground::{App, id_number, party, uscc};

both!(a_refused_signature_stops_the_queue_until_a_person_resumes_it, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (1, 0), json!({})).await;
    province.act(&[Act::Code("-2", "签名验证失败!")]);
    site.run(600);
    let view = site.view().await;
    assert_eq!(view["stopped"], "-2 签名验证失败!", "{view}");
    assert_eq!(province.state().adds.len(), 1, "nothing more was sent");
    site.manager.post(&site.path("test"), json!({})).send().await.expect(200);
    site.run(20);
    assert_eq!(site.view().await["test_outcome"], "0", "a stopped queue is tested all the same");
    site.manager.post(&site.path("state"), json!({"state": "active"})).send().await.expect(200);
    site.run(30);
    {
        let state = province.state();
        assert_eq!(state.sent[0].0, state.sent[1].0, "the same content");
        assert_ne!(state.sent[0].1, state.sent[1].1, "under a new nonce");
    }
    assert_eq!(site.view().await["stopped"], Value::Null);
    // Paused by a person, nothing leaves.
    site.manager.post(&site.path("state"), json!({"state": "paused"})).send().await.expect(200);
    let before = province.state().adds.len();
    site.run(300);
    assert_eq!(province.state().adds.len(), before);
    let authority = app.authority();
    authority.get(&site.path("records")).send().await.expect(200);
    authority.post(&site.path("state"), json!({"state": "active"})).send().await.refuse(403, "not_allowed");
});

both!(a_day_without_a_result_is_a_persons, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (1, 0), json!({"kinds": ["company"]})).await;
    province.act(&[Act::Slow(1_000_000), Act::Slow(0)]);
    site.run(100);
    later(&app, 86_400);
    site.run(100);
    let stuck = site.records("&state=with_person").await;
    assert_eq!(stuck.len(), 1, "{:?}", site.records("").await);
    let path = |rest: &str| format!("{}/report-records/{}/{rest}", site.site.path, stuck[0]["id"].as_str().unwrap());
    site.manager.post(&path("settled"), json!({"note": ""})).send().await.expect(422);
    site.manager.post(&path("settled"), json!({"note": "平台客服已确认"})).send().await.expect(200);
    assert_eq!(site.states().await, ["accepted"]);
    site.manager.post(&path("again"), json!({})).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(one_refused_item_holds_up_nobody_else, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(
        &app,
        &province.address,
        (5, 1),
        json!({"kinds": ["company", "project", "subcontractor", "team", "worker", "entry", "attendance"]}),
    )
    .await;
    site.fill().await;
    province.state().refused.insert(id_number(3));
    site.run(2_000);
    let refused = site.records("&state=refused").await;
    assert_eq!(refused.len(), 1, "{:#?}", site.records("").await);
    assert_eq!(
        (refused[0]["title"].as_str(), refused[0]["reason"].as_str()),
        (Some("测试工人3"), Some("[headImage]格式不正确!"))
    );
    let waiting = site.records("&state=queued").await;
    assert_eq!(waiting.len(), 2, "entry and passage of the one wait: {waiting:?}");
    assert_eq!(site.records("&state=accepted").await.len(), 2 + 1 + 2 + 1 + 4 * 3);
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{}/reports/{}?state=refused", site.site.id, site.platform)).await;
    assert!(page.contains("[headImage]格式不正确!") && page.contains("重新上报"));
    assert!(browser.page(&format!("/projects/{}/reports", site.site.id)).await.contains("测试省平台"));
    // Mended here, it goes out again by itself.
    province.state().refused.clear();
    site.tell(&refused[0], json!({"headImage": "iVBORw0KGgo="})).await;
    site.run(1_500);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    assert!(province.state().times.values().all(|times| *times == 1));
});

both!(what_a_platform_believes_is_compared_field_by_field, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (3, 2), json!({})).await;
    site.fill().await;
    site.run(2_000);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let compare = || async {
        site.manager.post(&site.path("comparison"), json!({})).send().await.expect(200);
        site.run(100);
        site.manager.get(&site.path("differences")).send().await.expect(200)["items"].as_array().unwrap().clone()
    };
    assert_eq!(compare().await, Vec::<Value>::new());
    {
        let mut state = province.state();
        let key =
            state.rows.keys().find(|key| key.starts_with("ProjectWorker.Add") && key.contains(&id_number(2))).unwrap().clone();
        let row = &mut state.rows.get_mut(&key).unwrap().1;
        row.insert("workType".to_owned(), "030".into());
        row.insert("workerName".to_owned(), "张三".into());
        row.insert("payRollBankCardNumber".to_owned(), secret().encrypt("6219999999999999994").into());
        let gone = state.rows.keys().find(|key| key.starts_with("WorkerAttendance.Add")).unwrap().clone();
        state.rows.remove(&gone);
    }
    let found = compare().await;
    let whats: Vec<_> = found.iter().map(|one| (one["kind"].as_str().unwrap(), one["what"].as_str().unwrap())).collect();
    assert_eq!(whats, [("worker", "differs"), ("attendance", "missing")], "{found:?}");
    let fields: Vec<_> = found[0]["fields"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["workerName", "workType", "payRollBankCardNumber"]);
    let text = found[0].to_string();
    assert!(!text.contains("张三") && !text.contains("6219999999999999994") && text.contains("张*"), "{text}");
    // The month's own look finds it without being asked.
    later(&app, 31 * 86_400);
    site.run(700);
    assert!(site.view().await["looked_at"].as_str().unwrap().starts_with("2026-04"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_record_that_the_platform_has_otherwise_is_a_persons_with_the_fields_named, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (1, 0), json!({"kinds": ["company"]})).await;
    let (corp, other) = (uscc(11), json!({"corpCode": uscc(11), "corpName": "别的名称"}));
    province.state().rows.insert(
        format!("Corp.Upload {corp}"),
        (anxin::wire::openapi::methods::Method::CorpUpload, other.as_object().unwrap().clone()),
    );
    province.act(&[Act::Break, Act::Slow(0), Act::Slow(0)]);
    site.run(1_000);
    let stuck = site.records("&state=with_person").await;
    assert_eq!(stuck.len(), 1, "{:?}", site.records("").await);
    let found = site.manager.get(&site.path("differences")).send().await.expect(200);
    assert_eq!(found["items"][0]["fields"][0]["field"], "corpName", "{found}");
    assert_eq!(found["items"][0]["fields"][0]["theirs"], "别的名称");
});

both!(client_and_server_of_one_house_understand_each_other, |app| {
    let app = outgoing(&app);
    let peer = App::on_sqlite();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/open.api", listener.local_addr().unwrap());
    let served = peer.house();
    let (tell, told) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = serve::listen(served, listener, 1, Stops::ByHandle).unwrap();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    let handle = told.recv().unwrap();
    // The contractor there, with an app of its own.
    let there = peer.labour_manager();
    let contractor: PartyId = party(&there, 12, "测试总包单位1").await;
    let admin = peer.client(Role::Administrator, ScopeOn::Everything);
    let issue = json!({"name": "上报", "party": contractor, "app_id": APP_ID, "secret": SECRET});
    admin.post("/api/v1/platform-apps", issue).send().await.expect(201);
    let site = Site::with(&app, &address, (7, 3), json!({})).await;
    site.fill().await;
    for _ in 0..400 {
        site.pass();
        peer.drain();
        later(&app, 10);
        peer.clock.set(&app.ground.clock.now().to_string());
        if site.states().await == ["accepted"] {
            break;
        }
    }
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    let roll = peer.read(|conn, _| {
        let all = anxin::projects::table::all(conn)?;
        let id = all.last().unwrap().id;
        let day = anxin::workers::day_number("2026-02-27".parse().unwrap());
        let punches = anxin::attendance::table::punches_of_day(conn, id, day)?.len();
        Ok((anxin::workers::table::of_project(conn, id)?.len(), punches))
    });
    assert_eq!(roll.unwrap(), (7, 21));
    site.manager.post(&site.path("comparison"), json!({})).send().await.expect(200);
    for _ in 0..30 {
        site.pass();
        later(&app, 10);
        peer.clock.set(&app.ground.clock.now().to_string());
    }
    let found = site.manager.get(&site.path("differences")).send().await.expect(200);
    assert_eq!(found["items"], json!([]), "{found:#}");
    assert_eq!(site.view().await["lists_waiting"], 0);
    handle.stop(false).await;
    serving.join().unwrap();
});
