//! Reporting to platforms: a fake province that behaves badly, and our own server side as the platform.

mod changed;
mod lost;
mod outage;
mod province;
mod ways;

use std::sync::Arc;

use anxin::app::reporter;
use anxin::base::id::RecordId;
use anxin::outlets::calling::{Line, Missed, Outside, Reply, Request};
use anxin::reporting::outbox::sending;
use anxin::reporting::{actions, table};
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, KEY, TestProject, project};
use province::{APP_ID, Act, Province, SECRET};

/// A head that a platform takes.
const HEAD: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQ==";

/// A project with people, and a platform that it reports to.
struct Site<'a> {
    app: &'a App,
    manager: Client<'a>,
    site: TestProject,
    platform: String,
}

/// The same application, allowed to call this machine.
fn outgoing(app: &App) -> App {
    app.restarted(KEY, |config| config.outgoing.allowed = vec!["127.0.0.1".to_owned()]).unwrap()
}

fn line(app: &App) -> Outside {
    Outside::new(reporter::allowed(&app.ground))
}

fn later(app: &App, seconds: i64) {
    app.clock.set(&app.ground.clock.now().plus_seconds(seconds).to_string());
}

impl<'a> Site<'a> {
    /// `people` workers who passed the gate `passes` times each.
    async fn with(app: &'a App, address: &str, (people, passes): (u32, u32), more: Value) -> Site<'a> {
        let manager = app.labour_manager();
        let site = project(&manager, 1, "330784").await;
        let crew = crew(&manager, &site, "钢筋一班").await;
        enrol(&manager, &site, (1..=people).map(|number| worker(number, &crew)).collect()).await;
        bind(&manager, &site, "REPORT00001", "by_state").await;
        let mut punches = String::new();
        for pass in 0..passes {
            for number in 1..=people {
                punches.push_str(&format!(
                    "{}\t2026-02-27 {:02}:00:{:02}\t{}\t15\t0\t0\t0\n",
                    1000 + number,
                    7 + pass,
                    number,
                    pass % 2
                ));
            }
        }
        attlog(app, "REPORT00001", &punches).await;
        let mut body =
            json!({"name": "测试省平台", "address": address, "app_id": APP_ID, "secret": SECRET, "from_on": "2026-02-01"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = manager.post(&format!("{}/report-platforms", site.path), body).send().await.expect(201);
        assert!(!made.to_string().contains(SECRET), "{made}");
        let platform = made["id"].as_str().unwrap().to_owned();
        Site { app, manager, site, platform }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/report-platforms/{}/{rest}", self.site.path, self.platform)
    }

    fn pass(&self) {
        reporter::pass(&self.app.ground, &line(self.app)).unwrap();
    }

    /// Passes over so many seconds.
    fn run(&self, seconds: i64) {
        for _ in 0..seconds / 10 {
            self.pass();
            later(self.app, 10);
        }
    }

    async fn records(&self, query: &str) -> Vec<Value> {
        let found = self.manager.get(&self.path(&format!("records?limit=200{query}"))).send().await.expect(200);
        found["items"].as_array().unwrap().clone()
    }

    async fn view(&self) -> Value {
        let all = self.manager.get(&format!("{}/report-platforms", self.site.path)).send().await.expect(200);
        all[0].clone()
    }

    async fn tell(&self, record: &Value, fields: Value) {
        let path = format!("{}/report-records/{}/fields", self.site.path, record["id"].as_str().unwrap());
        self.manager.post(&path, json!({"fields": fields})).send().await.expect(200);
    }

    /// Tells what the registries lack.
    async fn fill(&self) {
        self.pass();
        for record in self.records("&state=incomplete").await {
            let fields = match record["kind"].as_str().unwrap() {
                "project" => json!({
                    "category": "01", "builderLicenses": [{"prjName": "一期", "builderLicenseNum": "1199-1"}],
                }),
                "worker" => json!({
                    "nation": "01", "address": "某地", "headImage": HEAD, "politicsType": "13", "cultureLevelType": "03", "grantOrg": "某公安局",
                }),
                "contract" => json!({"contractPeriodType": 0, "endDate": "2026-12-31"}),
                other => panic!("{other}: {record}"),
            };
            self.tell(&record, fields).await;
        }
    }

    async fn states(&self) -> Vec<String> {
        let mut all: Vec<String> = self.records("").await.iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all.dedup();
        all
    }
}

both!(each_record_is_accepted_once_by_a_province_that_behaves_badly, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (7, 4), json!({})).await;
    site.fill().await;
    let bad = [
        Act::TakeAndBreak,
        Act::Fail,
        Act::Code("9999", "不能提交"),
        Act::Code("-5", "请求过于频繁"),
        Act::TakeAndFail,
        Act::Break,
        Act::Twice,
        Act::Slow(5),
    ];
    province.act(&bad);
    province.act(&[Act::Slow(2), Act::Slow(0), Act::Slow(4)]);
    province.act(&bad);
    site.run(5_000);
    let records = site.records("").await;
    assert_eq!(site.states().await, ["accepted"], "{records:#?}");
    // Owner and contractor, twice; project, crew; seven people with entry and contract; 28 passages.
    assert_eq!(records.len(), 2 + 1 + 2 + 1 + 7 * 3 + 28);
    {
        let state = province.state();
        let odd: Vec<_> = state.times.iter().filter(|(_, times)| **times != 1).collect();
        assert_eq!(odd, Vec::<(&String, &u32)>::new(), "{:?}", state.adds);
        assert_eq!(state.times.len(), records.len());
        assert!(state.script.is_empty(), "all the bad behaviour was met");
        let largest = |method: &str| state.adds.iter().filter(|(name, _)| name == method).map(|(_, items)| *items).max();
        let largest = ["ProjectWorker.Add", "WorkerEntryExit.Add", "WorkerContract.Add", "WorkerAttendance.Add"].map(largest);
        assert_eq!(largest, [Some(5), Some(7), Some(5), Some(20)], "lists are split at the limits");
        // What was told to come again came with the same content.
        let again = state.sent.windows(2).filter(|pair| pair[0].0 == pair[1].0).count();
        assert!(again >= 3, "{again}");
    }
    let receipts = site.manager.get(&site.path("receipts")).send().await.expect(200);
    let items: i64 = receipts
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["outcome"] == "accepted")
        .map(|row| row["items"].as_i64().unwrap())
        .sum();
    assert!(items > 20, "{receipts}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// A line that dies with its process: before the request leaves, or after it arrived.
struct Dying<'l> {
    line: &'l dyn Line,
    arrives: bool,
}

impl Line for Dying<'_> {
    fn call(&self, request: &Request) -> Result<Reply, Missed> {
        if self.arrives {
            let _ = self.line.call(request);
        }
        panic!("killed")
    }
}

/// Takes the next step of a queue and dies over it; whether there was one.
fn die(app: &App, platform: RecordId, arrives: bool) -> bool {
    let line = line(app);
    let (ground, dying) = (Arc::clone(&app.ground), Dying { line: &line, arrives });
    let stepped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reporter::pass(&ground, &dying)));
    let open = app.read(move |conn, _| Ok(anxin::reporting::outbox::table::open_calls(conn, platform)?)).unwrap();
    stepped.is_err() && !open.is_empty()
}

both!(nothing_is_lost_or_doubled_when_the_process_dies_over_a_message, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (6, 2), json!({})).await;
    site.fill().await;
    let platform: RecordId = site.platform.parse().unwrap();
    let mut deaths = 0;
    for round in 0..400 {
        if site.states().await == ["accepted"] {
            break;
        }
        // The process dies at every third step, before or after the message arrived, sending or asking.
        if round % 3 == 0 {
            deaths += u32::from(die(&app, platform, round % 2 == 0));
        } else {
            site.pass();
        }
        later(&app, 35);
    }
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    assert!(deaths > 5, "{deaths}");
    let count = site.records("").await.len();
    let state = province.state();
    assert!(state.times.values().all(|times| *times == 1), "{:?}", state.times);
    assert_eq!(state.times.len(), count);
});

both!(a_message_is_on_record_before_it_leaves_and_its_code_before_it_is_polled, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (1, 0), json!({})).await;
    site.fill().await;
    let (project, id) = (site.site.id, site.platform.parse::<RecordId>().unwrap());
    let step = || {
        app.write(move |tx, ctx| {
            let row = table::platform(tx.conn(), project, id)?.unwrap();
            let opened = actions::open(tx.conn(), ctx, row)?;
            sending::next(tx, ctx, &opened)
        })
        .unwrap()
    };
    site.run(600);
    // A passage more: the step that sends it is taken, and its process dies.
    attlog(&app, "REPORT00001", "1001\t2026-03-01 08:00:00\t0\t15\t0\t0\t0\n").await;
    later(&app, 700);
    let line = line(&app);
    let deaf = Dying { line: &line, arrives: false };
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reporter::pass(&app.ground, &deaf)));
    assert!(step().is_none(), "others are kept off it while it may be under way");
    later(&app, 61);
    assert!(matches!(step(), Some(sending::Work::Find(..))), "afterwards it is asked for and not sent");
    site.run(900);
    assert_eq!(site.states().await, ["accepted"], "{:#?}", site.records("").await);
    assert!(province.state().times.values().all(|times| *times == 1));
});

both!(what_a_roster_said_once_is_not_asked_for_again, |app| {
    let app = outgoing(&app);
    let province = Province::open();
    let site = Site::with(&app, &province.address, (2, 1), json!({})).await;
    let told = async || {
        later(&app, 700);
        site.pass();
        let records = site.records("&state=incomplete").await;
        let mut texts: Vec<String> = records.iter().filter(|one| one["kind"] == "worker").map(|one| one.to_string()).collect();
        texts.sort();
        texts
    };
    let before = told().await;
    assert!(before.len() == 2 && before.iter().all(|text| text.contains("[nation]")), "{before:?}");
    let party = format!("/api/v1/parties/{}", site.site.general_contractor);
    let code = site.manager.get(&party).send().await.expect(200)["uscc"].as_str().unwrap().to_owned();
    let number = crate::suite::ground::id_number(1);
    let csv = format!(
        "统一社会信用代码,班组,姓名,身份证号,工种,手机号,日工资,是否班组长,是否购买保险,民族,地址,政治面貌,文化程度,发证机关,证件有效期起,证件有效期止\n\
         {code},钢筋一班,测试工人1,{number},钢筋工,13900000000,320.00,是,是,汉族,某省某市某路1号,群众,初中,某公安局,2020-01-01,2040-01-01\n"
    );
    let imports = format!("{}/roster-imports", site.site.path);
    for enrolled in [0, 0] {
        let kept =
            site.manager.ask(actix_web::http::Method::POST, &imports).body("text/csv", csv.clone()).send().await.expect(201);
        let path = format!("{imports}/{}", kept["id"].as_str().unwrap());
        site.manager.post(&format!("{path}/take"), json!({})).send().await.expect(200);
        app.drain();
        let counts = site.manager.get(&path).send().await.expect(200)["counts"].clone();
        assert_eq!((&counts["enrolled"], &counts["known"]), (&json!(enrolled), &json!(1)), "{counts}");
    }
    let kept = app.read(|conn, _| Ok(anxin::workers::particulars::table::all(conn)?)).unwrap();
    assert_eq!(kept.len(), 1, "said again is said once");
    assert!(!kept[0].body.windows(6).any(|part| part == "汉族".as_bytes()), "encrypted");
    let after = told().await;
    assert_eq!(after.iter().filter(|text| text.contains("[nation]")).count(), 1, "{after:?}");
    let first = after.iter().find(|text| !text.contains("[nation]")).unwrap();
    assert!(
        first.contains("headImage") && !first.contains("grantOrg") && !first.contains("address"),
        "a picture is in no roster: {first}"
    );
    // It goes out with the roster as it came.
    let file = site.manager.post(&format!("{}/roster", site.site.path), json!({"purpose": "核对花名册"})).send().await;
    let book = anxin::wire::sheet::read(&file.bytes).unwrap();
    let row = (1..=2).find(|row| book.sheets[0].cell(*row, 6).shown() == number).unwrap();
    let shown: Vec<String> = [4, 13, 14, 15, 16, 19, 20, 21, 22].map(|column| book.sheets[0].cell(row, column).shown()).to_vec();
    let said = ["是", "是", "汉族", "某省某市某路1号", "群众", "初中", "某公安局", "2020-01-01", "2040-01-01"];
    assert_eq!(shown, said);
    assert_eq!(app.broken(), Vec::<String>::new());
});
