//! The national platform's protocol as a contractor's system sees it: the chain from company to wages, what is refused with which code,
//! repeats, and requests that are applied whole or not at all.

use std::cell::Cell;
use std::sync::Arc;

use actix_web::http::Method;
use anxin::base::id::{PartyId, ProjectId};
use anxin::store::fuse::Fuse;
use anxin::store::inbox::InboxState;
use anxin::web::{Role, ScopeOn};
use anxin::wire::openapi::cipher::AppSecret;
use anxin::wire::openapi::form::Parameters;
use anxin::wire::openapi::profile::Platforms;
use anxin::wire::openapi::sign;
use anxin::{attendance, payroll, workers};
use serde_json::{Value, json};

use super::replays;
use crate::both;
use crate::suite::ground::{App, Ask, KEY, card, id_number, party, project, uscc};

const HEAD: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQ==";

/// A contractor's system.
pub(in crate::suite) struct Uploader<'a> {
    app: &'a App,
    id: String,
    secret: AppSecret,
    nonce: Cell<u32>,
}

impl<'a> Uploader<'a> {
    /// An app issued through the API.
    pub async fn issue(app: &'a App, body: Value) -> (Uploader<'a>, String) {
        let admin = app.client(Role::Administrator, ScopeOn::Everything);
        let issued = admin.post("/api/v1/platform-apps", body).send().await.expect(201);
        let secret = AppSecret::parse(issued["secret"].as_str().unwrap()).unwrap();
        let id = issued["app"]["app_id"].as_str().unwrap().to_owned();
        (Uploader { app, id, secret, nonce: Cell::new(100_000) }, issued["app"]["id"].as_str().unwrap().to_owned())
    }

    pub fn aes(&self, plain: &str) -> String {
        self.secret.encrypt(plain)
    }

    /// The parameters of a request, signed; `change` may spoil them before.
    pub fn signed(&self, method: &str, data: &str, change: &[(&str, &str)]) -> Parameters {
        self.nonce.set(self.nonce.get() + 1);
        let mut pairs = vec![
            ("appid".to_owned(), self.id.clone()),
            ("method".to_owned(), method.to_owned()),
            ("version".to_owned(), "1.0".to_owned()),
            ("format".to_owned(), "json".to_owned()),
            ("timestamp".to_owned(), self.app.ground.clock.now().local().format("%Y%m%d%H%M%S").to_string()),
            ("nonce".to_owned(), self.nonce.get().to_string()),
            ("data".to_owned(), data.to_owned()),
        ];
        for (key, value) in change {
            pairs.retain(|(known, _)| known != key);
            pairs.push(((*key).to_owned(), (*value).to_owned()));
        }
        let sign = sign::sign(&Parameters::of(pairs.clone()), &self.secret);
        pairs.push(("sign".to_owned(), sign));
        Parameters::of(pairs)
    }

    fn ask(&self, path: &str, body: String) -> Ask<'a> {
        self.app.ask(Method::POST, path).body("application/x-www-form-urlencoded", body)
    }

    async fn send(&self, method: &str, data: &str, change: &[(&str, &str)]) -> Value {
        self.ask("/open.api", self.signed(method, data, change).encoded()).send().await.expect(200)
    }

    pub async fn call(&self, method: &str, data: &Value) -> Value {
        self.send(method, &data.to_string(), &[]).await
    }

    /// The code of the answer.
    pub async fn code(&self, method: &str, data: &Value) -> String {
        self.call(method, data).await["code"].as_str().unwrap().to_owned()
    }

    /// Sends, lets the jobs run and gives status and result.
    pub async fn add(&self, method: &str, data: &Value) -> (String, String) {
        let answer = self.call(method, data).await;
        assert_eq!(answer["code"], "0", "{method}: {answer}");
        let serial = answer["data"]["requestSerialCode"].as_str().unwrap().to_owned();
        assert!(serial.starts_with(&method.to_lowercase().replace('.', "-")), "{serial}");
        self.app.drain();
        let found = self.call("AsyncHandleResult.Query", &json!({"requestSerialCode": serial})).await;
        let text = |key: &str| found["data"][key].as_str().unwrap_or_else(|| panic!("{found}")).to_owned();
        // Some requests a second are all that an app may send.
        self.app.clock.set(&self.app.ground.clock.now().plus_seconds(2).to_string());
        (text("status"), text("result"))
    }

    /// The same message twice: applied both times, with the same result.
    pub async fn twice(&self, method: &str, data: &Value) -> Value {
        let (status, result) = self.add(method, data).await;
        assert_eq!(status, "20", "{method}: {result}");
        assert_eq!(self.add(method, data).await, (status, result.clone()), "{method} again");
        serde_json::from_str(&result).unwrap()
    }

    pub async fn fails(&self, method: &str, data: &Value) -> String {
        let (status, result) = self.add(method, data).await;
        assert_eq!(status, "10", "{method}: {result}");
        result
    }
}

/// A contractor with its app, a project and a crew uploaded through it.
pub(in crate::suite) struct Chain<'a> {
    pub up: Uploader<'a>,
    pub head: Value,
    pub code: String,
    pub id: ProjectId,
}

pub(in crate::suite) fn merged(base: &Value, more: Value) -> Value {
    let mut base = base.clone();
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

pub(in crate::suite) fn with_list(head: &Value, name: &str, items: Vec<Value>) -> Value {
    let mut all = head.clone();
    all[name] = Value::Array(items);
    all
}

impl<'a> Chain<'a> {
    pub async fn begin(app: &'a App, number: u32) -> Chain<'a> {
        let manager = app.labour_manager();
        let name = format!("上传总包{number}");
        let contractor = party(&manager, number, &name).await;
        let (up, _) = Uploader::issue(app, json!({"name": "某企业系统", "party": contractor})).await;
        let corp = uscc(number);
        up.twice("Corp.Upload", &json!({"corpCode": corp, "corpName": name})).await;
        let body = json!({
            "contractorCorpCode": corp, "contractorCorpName": name, "name": format!("上传项目{number}"), "category": "01",
            "builderLicenses": [{"prjName": "一期", "builderLicenseNum": up.aes("1199-1")}], "areaCode": "330784",
            "prjStatus": "003", "thirdPartyProjectCode": "P-1", "startDate": "2026-01-05",
        });
        let code = up.twice("Project.Add", &body).await["projectCode"].as_str().unwrap().to_owned();
        assert_eq!(up.fails("Project.Add", &merged(&body, json!({"prjStatus": "004"}))).await, "[thirdPartyProjectCode]已存在!");
        let head = json!({"projectCode": code, "corpCode": corp, "corpName": name});
        let found = code.clone();
        let id = app.read(move |conn, _| Ok(anxin::projects::table::by_code(conn, &found)?.unwrap().id)).unwrap();
        let team = merged(&head, json!({"teamName": "钢筋一班"}));
        let number = up.twice("Team.Add", &team).await["teamSysNo"].as_i64().unwrap();
        assert!(number > 0 && number < 1 << 31);
        let head = merged(&head, json!({"teamSysNo": number, "teamName": "钢筋一班"}));
        Chain { up, head, code, id }
    }

    pub fn papers(&self, number: u32) -> Value {
        json!({"idCardType": "01", "idCardNumber": self.up.aes(&id_number(number))})
    }

    pub fn worker(&self, number: u32) -> Value {
        merged(
            &self.papers(number),
            json!({
                "workerName": format!("测试{number}"), "isTeamLeader": 0, "workType": "020", "workRole": "20", "nation": "01",
                "address": "某地", "headImage": HEAD, "politicsType": "13", "cellPhone": "13800000000", "cultureLevelType": "03",
                "grantOrg": "某公安局",
            }),
        )
    }

    pub fn list(&self, name: &str, items: Vec<Value>) -> Value {
        with_list(&self.head, name, items)
    }

    fn pay(&self, number: u32, more: Value) -> Value {
        let pay = json!({
            "payRollBankCardNumber": self.up.aes(&card(number)), "payRollBankCode": "102", "payRollBankName": "测试银行",
            "PayBankCardNumber": self.up.aes("3301000012345678"), "payBankCode": "102", "payBankName": "测试银行",
            "totalPayAmount": 6500.5, "actualAmount": "6400", "isBackPay": 0, "balanceDate": "2026-03-01",
            "thirdPayRollCode": "R-1", "days": "21.5",
        });
        merged(&merged(&self.papers(number), pay), more)
    }

    /// Announces people and lets them enter.
    pub async fn enter(&self, numbers: &[u32], day: &str) {
        let all = numbers.iter().map(|number| self.worker(*number)).collect();
        self.up.twice("ProjectWorker.Add", &self.list("workerList", all)).await;
        let entries = numbers.iter().map(|number| merged(&self.papers(*number), json!({"date": day, "type": 1}))).collect();
        self.up.twice("WorkerEntryExit.Add", &self.list("workerList", entries)).await;
    }

    pub fn roll(&self) -> Vec<workers::table::EnrolmentRow> {
        let id = self.id;
        self.up.app.read(move |conn, _| Ok(workers::table::of_project(conn, id)?)).unwrap()
    }
}

both!(the_chain_from_company_to_wages_ends_in_the_registries, |app| {
    let chain = Chain::begin(&app, 41).await;
    let up = &chain.up;
    let sub = json!({"corpCode": uscc(42), "corpName": "上传劳务42"});
    let joining = merged(&merged(&chain.head, sub.clone()), json!({"corpType": "006"}));
    assert_eq!(up.fails("ProjectSubContractor.Add", &joining).await, "[corpCode]企业不存在!");
    up.twice("Corp.Upload", &sub).await;
    up.twice("ProjectSubContractor.Add", &joining).await;
    chain.enter(&[1, 2], "2026-01-10").await;
    let roll = chain.roll();
    assert_eq!(roll.len(), 2);
    assert!(roll.iter().all(|row| row.trade == "020" && row.entered_on.to_string() == "2026-01-10"));
    let contract = |number| {
        merged(
            &chain.papers(number),
            json!({
                "corpCode": chain.head["corpCode"], "corpName": chain.head["corpName"], "contractPeriodType": 0,
                "startDate": "2026-01-10", "endDate": "2026-12-31", "unit": "81", "unitPrice": "35.50",
            }),
        )
    };
    let contracts = json!({"projectCode": chain.code, "contractList": [contract(1), contract(2)]});
    up.twice("WorkerContract.Add", &contracts).await;
    assert!(chain.roll().iter().all(|row| row.paper == workers::Paper::LabourContract));
    let punch = |number, date: &str, direction| merged(&chain.papers(number), json!({"date": date, "direction": direction}));
    let passages = json!({
        "projectCode": chain.code, "teamSysNo": chain.head["teamSysNo"].to_string(),
        "dataList": [punch(1, "2026-02-10 07:58:03", "01"), punch(1, "2026-02-10 18:00:00.5", "02"), punch(2, "2026-02-10 08:00:00", "01")],
    });
    up.twice("WorkerAttendance.Add", &passages).await;
    let id = chain.id;
    let month: anxin::base::Month = "2026-02".parse().unwrap();
    let worked = app.read(move |conn, _| Ok(attendance::table::worked(conn, id, month)?)).unwrap();
    assert_eq!(worked.iter().map(|one| one.hundredths).collect::<Vec<_>>(), [100, 0]);
    let wages = |details| chain.list("detailList", details);
    let wages = |details| merged(&wages(details), json!({"payMonth": "2026-02"}));
    let february = wages(vec![chain.pay(1, json!({})), chain.pay(2, json!({"thirdPayRollCode": "R-2"}))]);
    up.twice("Payroll.Add", &february).await;
    // A second statement for the same worker and month adds to the line; the same key with other amounts changes nothing.
    up.twice(
        "Payroll.Add",
        &wages(vec![chain.pay(1, json!({"thirdPayRollCode": "R-3", "totalPayAmount": "100", "actualAmount": 100}))]),
    )
    .await;
    let other = wages(vec![chain.pay(1, json!({"totalPayAmount": "7000"}))]);
    assert_eq!(up.fails("Payroll.Add", &other).await, "[detailList][0][thirdPayRollCode]已存在!");
    let lines = app
        .read(move |conn, _| {
            let sheets = payroll::table::parts(conn, id, month)?;
            assert_eq!(sheets.len(), 1);
            Ok(payroll::table::lines_of(conn, id, sheets[0].id)?)
        })
        .unwrap();
    let amounts: Vec<(i64, i64, i64)> =
        lines.iter().map(|line| (line.gross_fen.0, line.deductions_fen.0, line.net_fen.0)).collect();
    assert_eq!(amounts, [(660_050, 10_050, 650_000), (650_050, 10_050, 640_000)]);
    // Back pay goes to the month that it is for.
    let back = json!({"isBackPay": 1, "backPayMonth": "2026-01-31", "thirdPayRollCode": "R-4"});
    up.twice("Payroll.Add", &wages(vec![chain.pay(2, back)])).await;
    let january = "2026-01".parse().unwrap();
    let parts = app.read(move |conn, _| Ok(payroll::table::parts(conn, id, january)?)).unwrap();
    assert_eq!((parts.len(), parts[0].total_fen.0), (1, 640_000));
    // The way out, and back in again.
    let exit = chain.list("workerList", vec![merged(&chain.papers(2), json!({"date": "2026-03-01", "type": "0"}))]);
    up.twice("WorkerEntryExit.Add", &exit).await;
    let again = chain.list("workerList", vec![merged(&chain.papers(2), json!({"date": "2026-03-02", "type": "1"}))]);
    up.twice("WorkerEntryExit.Add", &again).await;
    assert_eq!(chain.roll().len(), 3);
    questions(&chain).await;
    assert_eq!(app.broken(), Vec::<String>::new());
});

async fn questions(chain: &Chain<'_>) {
    let ask = async |method: &str, more: Value| {
        let answer = chain.up.call(method, &merged(&json!({"projectCode": chain.code}), more)).await;
        assert_eq!(answer["code"], "0", "{method}: {answer}");
        chain.up.app.clock.set(&chain.up.app.ground.clock.now().plus_seconds(1).to_string());
        answer["data"].clone()
    };
    let workers = ask("ProjectWorker.Query", json!({"pageIndex": 0, "pageSize": 2})).await;
    assert_eq!((workers["totalCount"].as_u64(), workers["rows"].as_array().unwrap().len()), (Some(3), 2));
    let number = workers["rows"][0]["idCardNumber"].as_str().unwrap();
    assert_eq!(chain.up.secret.decrypt(number).unwrap(), id_number(1), "numbers travel encrypted");
    assert!(!workers.to_string().contains(&id_number(1)));
    let beyond = ask("ProjectWorker.Query", json!({"pageIndex": 9, "pageSize": 2})).await;
    assert_eq!((beyond["totalCount"].as_u64(), beyond["rows"].as_array().unwrap().len()), (Some(3), 0));
    for (method, more, count) in [
        ("Corp.Query", json!({"corpCode": uscc(42)}), 1),
        ("Project.Query", json!({}), 1),
        ("ProjectSubContractor.Query", json!({}), 2),
        ("Team.Query", json!({}), 1),
        ("Team.Query", json!({"corpCode": uscc(42)}), 0),
        ("ProjectWorker.Query", chain.papers(2), 2),
        ("WorkerEntryExit.Query", json!({}), 4),
        ("WorkerEntryExit.Query", json!({"date": "2026-03-02"}), 1),
        ("WorkerContract.Query", json!({}), 2),
        ("WorkerAttendance.Query", json!({"date": "2026-02-10"}), 3),
        ("WorkerAttendance.Query", merged(&chain.papers(2), json!({"date": "2026-02-10"})), 1),
        ("Payroll.Query", json!({"payMonth": "2026-02"}), 2),
        ("Worker.Query", chain.papers(1), 1),
    ] {
        assert_eq!(ask(method, more).await["totalCount"], count, "{method}");
    }
}

both!(what_comes_too_early_or_is_wrong_changes_nothing_and_lies_in_quarantine, |app| {
    let chain = Chain::begin(&app, 51).await;
    let up = &chain.up;
    let punch = |number, date: &str| merged(&chain.papers(number), json!({"date": date, "direction": "01"}));
    let passages =
        |items| json!({"projectCode": chain.code, "teamSysNo": chain.head["teamSysNo"], "dataList": Value::Array(items)});
    assert_eq!(
        up.fails("WorkerAttendance.Add", &passages(vec![punch(1, "2026-02-10 08:00:00")])).await,
        "[dataList][0][idCardNumber]工人不存在!"
    );
    let no_team = merged(&passages(vec![punch(1, "2026-02-10 08:00:00")]), json!({"teamSysNo": 77}));
    assert_eq!(up.fails("WorkerAttendance.Add", &no_team).await, "[teamSysNo]班组不存在!");
    let entry = merged(&chain.papers(1), json!({"date": "2026-02-01", "type": 1}));
    assert_eq!(
        up.fails("WorkerEntryExit.Add", &chain.list("workerList", vec![entry.clone()])).await,
        "[workerList][0][idCardNumber]工人不存在!"
    );
    // One bad item of three: none is announced, every fault is told.
    let mut spoilt = chain.worker(2);
    spoilt["workType"] = json!("999");
    spoilt["cellPhone"] = json!("x");
    let three = chain.list("workerList", vec![chain.worker(1), spoilt, chain.worker(3)]);
    assert_eq!(
        up.fails("ProjectWorker.Add", &three).await,
        "[workerList][1][workType]不在字典范围内!;[workerList][1][cellPhone]格式不正确!"
    );
    assert_eq!(
        up.fails("WorkerEntryExit.Add", &chain.list("workerList", vec![entry.clone()])).await,
        "[workerList][0][idCardNumber]工人不存在!",
        "the good neighbours were not kept either"
    );
    let announced = chain.list("workerList", vec![chain.worker(1)]);
    up.twice("ProjectWorker.Add", &announced).await;
    // Known, not entered: the punch is kept, flagged, and counts as soon as the entry is told.
    let (status, result) =
        up.add("WorkerAttendance.Add", &passages(vec![punch(1, "2026-02-10 08:00:00"), punch(1, "2026-02-10 17:00:00")])).await;
    assert_eq!((status.as_str(), result.as_str()), ("20", r#"{"notEntered":["[dataList][0]","[dataList][1]"]}"#));
    up.twice("WorkerEntryExit.Add", &chain.list("workerList", vec![entry])).await;
    let id = chain.id;
    let month: anxin::base::Month = "2026-02".parse().unwrap();
    let worked = app.read(move |conn, _| Ok(attendance::table::worked(conn, id, month)?)).unwrap();
    assert_eq!(worked.iter().map(|one| one.hundredths).collect::<Vec<_>>(), [100]);
    // Two items of which the second cannot be: the first is taken back with it.
    let exits = chain.list(
        "workerList",
        vec![
            merged(&chain.papers(1), json!({"date": "2026-02-20", "type": 0})),
            merged(&chain.papers(9), json!({"date": "2026-02-20", "type": 0})),
        ],
    );
    assert_eq!(up.fails("WorkerEntryExit.Add", &exits).await, "[workerList][1][idCardNumber]工人不存在!");
    assert!(chain.roll().iter().all(|row| row.left_on.is_none()));
    let mut renamed = chain.worker(1);
    renamed["address"] = json!("别处");
    let renamed = chain.list("workerList", vec![renamed]);
    assert_eq!(up.fails("ProjectWorker.Add", &renamed).await, "[workerList][0][idCardNumber]已存在!");
    assert_eq!(up.add("ProjectWorker.Update", &renamed).await.0, "20");
    let swap = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let swapped: String = up.aes(&id_number(1)).chars().map(swap).collect();
    let broken =
        passages(vec![json!({"idCardType": "01", "idCardNumber": swapped, "date": "2026-02-10 08:00:00", "direction": "01"})]);
    assert_eq!(up.fails("WorkerAttendance.Add", &broken).await, "[dataList][0][idCardNumber]解密失败!");
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let items = admin.get("/api/v1/quarantine").send().await.expect(200);
    let told: Vec<&str> = items["items"].as_array().unwrap().iter().map(|item| item["place"].as_str().unwrap()).collect();
    assert!(told.contains(&"[workerList][1][workType]") && told.contains(&"[teamSysNo]"), "{told:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_way_of_passing_that_the_table_has_not_is_refused, |app| {
    let chain = Chain::begin(&app, 53).await;
    chain.enter(&[1], "2026-01-10").await;
    let passage = |kind: &str| {
        let punch = json!({"date": "2026-02-10 08:00:00", "direction": "01", "attendType": kind});
        json!({"projectCode": chain.code, "teamSysNo": chain.head["teamSysNo"], "dataList": [merged(&chain.papers(1), punch)]})
    };
    assert_eq!(chain.up.fails("WorkerAttendance.Add", &passage("099")).await, "[dataList][0][attendType]不在字典范围内!");
    assert_eq!(chain.up.add("WorkerAttendance.Add", &passage("011")).await.0, "20");
});

both!(an_upload_that_came_too_early_is_applied_when_it_is_read_again_and_once, |app| {
    let chain = Chain::begin(&app, 52).await;
    let up = &chain.up;
    let punch = merged(&chain.papers(1), json!({"date": "2026-02-10 08:00:00", "direction": "01"}));
    let passages = json!({"projectCode": chain.code, "teamSysNo": chain.head["teamSysNo"], "dataList": [punch]});
    let answer = up.call("WorkerAttendance.Add", &passages).await;
    let serial = json!({"requestSerialCode": answer["data"]["requestSerialCode"]});
    app.drain();
    let status = async || {
        app.clock.set(&app.ground.clock.now().plus_seconds(2).to_string());
        up.call("AsyncHandleResult.Query", &serial).await["data"]["status"].clone()
    };
    assert_eq!(status().await, "10");
    // One that is refused before it has a number.
    let bare = json!({"projectCode": chain.code, "dataList": []});
    assert_eq!(up.code("WorkerAttendance.Add", &bare).await, "-1");
    let kept: Vec<_> =
        replays::messages(&app, "openapi").into_iter().filter(|(_, state, _)| *state == InboxState::Quarantined).collect();
    let last = kept.len() - 1;
    let (early, faulty) = (kept[last - 1].0, kept[last].0);
    let before = replays::items(&app, early);
    assert_eq!(replays::again(&app, early), json!({"messages": 1, "punches": 0, "taken": 0, "open": 1}), "nobody is there yet");
    assert_eq!(replays::items(&app, early), before, "it stays refused at its place");
    chain.enter(&[1], "2026-01-10").await;
    // The day is over and sealed before it is read again.
    app.clock.set("2026-03-03T02:00:00+08:00");
    app.write(|tx, ctx| Ok(anxin::store::jobs::enqueue(tx.conn(), ctx.id(), "nightly", "2026-03-02", ctx.now)?)).unwrap();
    app.drain();
    assert_eq!(replays::again(&app, early), json!({"messages": 1, "punches": 0, "taken": 1, "open": 0}));
    assert_eq!(status().await, "20", "the sender's number tells it");
    assert_eq!(replays::again(&app, early)["messages"], 0);
    assert_eq!(up.add("WorkerAttendance.Add", &passages).await.0, "20");
    let id = chain.id;
    let day = anxin::workers::day_number("2026-02-10".parse().unwrap());
    let punches = app.read(move |conn, _| Ok(attendance::table::punches_of_day(conn, id, day)?.len())).unwrap();
    assert_eq!(punches, 1);
    let still = replays::again(&app, faulty);
    assert_eq!((&still["taken"], still["open"].as_i64().unwrap() > 0), (&json!(0), true), "{still}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_subcontractors_app_touches_and_sees_its_own_people_only, |app| {
    let chain = Chain::begin(&app, 55).await;
    chain.enter(&[1], "2026-01-10").await;
    let manager = app.labour_manager();
    let other = party(&manager, 56, "上传劳务56").await;
    let joining = json!({"corpCode": uscc(56), "corpName": "上传劳务56", "corpType": "006"});
    chain.up.twice("ProjectSubContractor.Add", &merged(&chain.head, joining.clone())).await;
    let (sub, _) = Uploader::issue(&app, json!({"name": "分包系统", "party": other})).await;
    let exit =
        merged(&json!({"idCardType": "01", "idCardNumber": sub.aes(&id_number(1))}), json!({"date": "2026-02-20", "type": 0}));
    let told = sub.fails("WorkerEntryExit.Add", &with_list(&chain.head, "workerList", vec![exit.clone()])).await;
    assert_eq!(told, "[teamSysNo]没有该企业的权限!");
    assert_eq!(sub.fails("Team.Add", &merged(&chain.head, json!({"teamName": "别家班"}))).await, "[corpCode]没有该企业的权限!");
    // Through a crew of its own it does not reach the others' people either.
    let own = json!({"projectCode": chain.code, "corpCode": uscc(56), "corpName": "上传劳务56", "teamName": "木工班"});
    let number = sub.twice("Team.Add", &own).await["teamSysNo"].clone();
    let own = merged(&own, json!({"teamSysNo": number}));
    let told = sub.fails("WorkerEntryExit.Add", &with_list(&own, "workerList", vec![exit])).await;
    assert_eq!(told, "[workerList][0][idCardNumber]工人不存在!");
    let project = json!({"projectCode": chain.code});
    for (method, more) in [
        ("ProjectWorker.Query", json!({})),
        ("WorkerEntryExit.Query", json!({})),
        ("Team.Query", json!({"corpCode": chain.head["corpCode"]})),
    ] {
        assert_eq!(sub.call(method, &merged(&project, more)).await["data"]["totalCount"], 0, "{method}");
    }
    let me = json!({"idCardType": "01", "idCardNumber": sub.aes(&id_number(1))});
    assert_eq!(sub.call("Worker.Query", &me).await["data"]["totalCount"], 0);
    assert_eq!(chain.up.call("ProjectWorker.Query", &project).await["data"]["totalCount"], 1);
    assert!(chain.roll().iter().all(|row| row.left_on.is_none()));
});

both!(each_refusal_has_its_code, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 61, "330784").await;
    let other = project(&manager, 62, "330784").await;
    let body = json!({"name": "闸机", "project": site.id, "addresses": ["127.0.0.0/8"], "methods": []});
    let (up, app_row) = Uploader::issue(&app, body).await;
    let codes = |answer: &Value| (answer["code"].as_str().unwrap().to_owned(), answer["message"].as_str().unwrap().to_owned());
    for missing in ["appid", "method", "version", "format", "timestamp", "nonce"] {
        let pairs = up.signed("CheckSign.Query", "{}", &[]).pairs().to_vec();
        let pairs = pairs.into_iter().filter(|(key, _)| key != missing).collect();
        let answer = up.ask("/open.api", Parameters::of(pairs).encoded()).send().await.expect(200);
        assert_eq!(codes(&answer), ("-1".into(), format!("[{missing}]不能为空!")));
    }
    let code = async |method: &str, data: &str, change: &[(&str, &str)]| {
        app.clock.set(&app.ground.clock.now().plus_seconds(1).to_string());
        codes(&up.send(method, data, change).await)
    };
    assert_eq!(code("CheckSign.Query", "{}", &[]).await.0, "0");
    assert_eq!(code("CheckSign.Query", "{}", &[("version", "1.1")]).await.0, "0");
    assert_eq!(code("CheckSign.Query", "{}", &[("version", "9")]).await.0, "-1");
    assert_eq!(code("CheckSign.Query", "{}", &[("timestamp", "2026")]).await.0, "-1");
    assert_eq!(code("CheckSign.Query", "{}", &[("nonce", "1")]).await.0, "-1");
    // Time: ten minutes either way, in local time or in UTC.
    for (stamp, wanted) in [
        ("20260302085500", "0"),
        ("20260302090900", "0"),
        ("20260302010500", "0"),
        ("20260302084000", "-2"),
        ("20260302092000", "-2"),
        ("20260302020000", "-2"),
    ] {
        app.clock.set("2026-03-02T09:00:00+08:00");
        assert_eq!(codes(&up.send("CheckSign.Query", "{}", &[("timestamp", stamp)]).await).0, wanted, "{stamp}");
        app.clock.set("2026-03-02T09:00:30+08:00");
    }
    assert_eq!(code("CheckSign.Query", "{}", &[("appid", "119999202611210009")]).await.0, "-2", "an unknown app");
    let spoilt = up.signed("CheckSign.Query", "{}", &[]).encoded().replace("CheckSign", "checksiGn2");
    assert_eq!(codes(&up.ask("/open.api", spoilt).send().await.expect(200)).0, "-2");
    let far = up.ask("/open.api", up.signed("CheckSign.Query", "{}", &[]).encoded()).peer("203.0.113.9:5000").send().await;
    assert_eq!(codes(&far.expect(200)).0, "-4");
    assert_eq!(code("Nothing.Add", "{}", &[]).await, ("-1".into(), "[method]不支持!".into()));
    assert_eq!(code("TempExit.Add", "{}", &[]).await, ("-1".into(), "[method]不支持!".into()));
    assert_eq!(code("WorkerBadRecord.Query", "{}", &[]).await.0, "0", "nothing is on record, and that is an answer");
    // A nonce of any length between six digits and a UUID with its dashes.
    assert_eq!(code("CheckSign.Query", "{}", &[("nonce", "0e5c1bb2-7a2b-4f0e-9d43-1f0c7d3a9b11")]).await.0, "0");
    assert_eq!(code("Team.Add", "no json", &[]).await, ("-1".into(), "[data]格式不正确!".into()));
    let theirs = json!({"projectCode": "T-0062", "corpCode": "x"}).to_string();
    assert_eq!(code("Team.Add", &theirs, &[]).await.0, "-3", "a project of others");
    assert_eq!(code("Project.Add", "{}", &[]).await.0, "-3", "an app of one project registers no other");
    let own = json!({"projectCode": "T-0061"}).to_string();
    assert_eq!(code("Team.Add", &own, &[]).await, ("-1".into(), "[corpCode]不能为空!".into()));
    let none = json!({"requestSerialCode": "team-add-2026030209-1-0001"}).to_string();
    assert_eq!(code("AsyncHandleResult.Query", &none, &[]).await.0, "-1");
    // A request as form with a coding that is none, and with the secret posted as well.
    let with_secret = up.signed("CheckSign.Query", "{}", &[("appsecret", up.secret.as_str())]).encoded();
    let answer = up.ask("/open.api", with_secret).header("Content-Encoding", "UTF-8").send().await.expect(200);
    assert_eq!(answer["code"], "0");
    let elsewhere = up.signed("CheckSign.Query", "{}", &[]).encoded();
    let answer = up.ask("/smjk/service/HrssOpenREST/biz/execProcess", elsewhere).send().await.expect(200);
    assert_eq!(answer["code"], "-2", "another platform's address");
    assert_eq!(up.ask("/open.api", "x".repeat(17 * 1024 * 1024)).send().await.status, 413);
    repeats(&app, &up).await;
    limits(&app, &up, &app_row, &other.id.to_string()).await;
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(who_has_left_a_project_tells_of_the_days_before_only, |app| {
    let chain = Chain::begin(&app, 57).await;
    let manager = app.labour_manager();
    let other = party(&manager, 58, "上传劳务58").await;
    let joining = json!({"corpCode": uscc(58), "corpName": "上传劳务58", "corpType": "006"});
    chain.up.twice("ProjectSubContractor.Add", &merged(&chain.head, joining)).await;
    let (sub, _) = Uploader::issue(&app, json!({"name": "分包系统", "party": other})).await;
    let own = json!({"projectCode": chain.code, "corpCode": uscc(58), "corpName": "上传劳务58", "teamName": "木工班"});
    let number = sub.twice("Team.Add", &own).await["teamSysNo"].clone();
    let own = merged(&own, json!({"teamSysNo": number}));
    let text = format!("UPDATE project_parties SET until_on = '2026-02-15' WHERE party_id = {}", other.0);
    app.write(move |tx, _| {
        use diesel::connection::SimpleConnection;
        Ok(tx.conn().batch_execute(&text)?)
    })
    .unwrap();
    let entry = |day: &str| {
        let papers = json!({"idCardType": "01", "idCardNumber": sub.aes(&id_number(1)), "date": day, "type": 1});
        with_list(&own, "workerList", vec![papers])
    };
    assert_eq!(sub.code("WorkerEntryExit.Add", &entry("2026-02-16")).await, "-3");
    assert_eq!(sub.code("WorkerEntryExit.Add", &entry("2026-02-15")).await, "0");
    app.clock.set(&app.ground.clock.now().plus_seconds(2).to_string());
    let pay = |month: &str| merged(&own, json!({"payMonth": month, "detailList": [{"idCardType": "01"}]}));
    assert_eq!(sub.code("Payroll.Add", &pay("2026-03")).await, "-3");
    assert_eq!(sub.code("Payroll.Add", &pay("2026-02")).await, "-1", "allowed, and its fields are missing");
    let team = merged(&own, json!({"teamName": "新班"}));
    assert_eq!(sub.code("Team.Add", &team).await, "-3", "what has no day is said of today");
    assert_eq!(sub.code("Team.Query", &json!({"projectCode": chain.code})).await, "0", "its own past it may ask for");
});

both!(a_question_is_answered_again_from_what_stands_and_its_answer_is_not_kept, |app| {
    let chain = Chain::begin(&app, 59).await;
    chain.enter(&[1], "2026-01-10").await;
    let asked = chain.up.signed("ProjectWorker.Query", &json!({"projectCode": chain.code}).to_string(), &[]).encoded();
    let first = chain.up.ask("/open.api", asked.clone()).send().await.expect(200);
    assert_eq!((&first["code"], &first["data"]["totalCount"]), (&json!("0"), &json!(1)), "{first}");
    assert_eq!(chain.up.ask("/open.api", asked).send().await.expect(200)["data"]["totalCount"], 1);
    #[derive(diesel::QueryableByName)]
    struct Longest {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        length: i64,
    }
    let kept = app.read(|conn, _| {
        use diesel::RunQueryDsl;
        let rows: Vec<Longest> =
            diesel::sql_query("SELECT CAST(MAX(LENGTH(answer)) AS BIGINT) AS length FROM realname_nonces").load(conn)?;
        Ok(rows[0].length)
    });
    assert!(kept.unwrap() < 400, "only serial codes are kept");
});

async fn repeats(app: &App, up: &Uploader<'_>) {
    app.clock.set(&app.ground.clock.now().plus_seconds(2).to_string());
    let data =
        json!({"projectCode": "T-0061", "corpCode": uscc(611), "corpName": "测试建设单位61", "teamName": "重复班"}).to_string();
    let body = up.signed("Team.Add", &data, &[]).encoded();
    let first = up.ask("/open.api", body.clone()).send().await.expect(200);
    assert_eq!(first["code"], "0", "{first}");
    assert_eq!(up.ask("/open.api", body.clone()).send().await.expect(200), first, "the first answer again");
    app.drain();
    assert_eq!(up.ask("/open.api", body.clone()).send().await.expect(200), first);
    let nonce = up.nonce.get().to_string();
    let stamp = body.split('&').find_map(|part| part.strip_prefix("timestamp=")).unwrap().to_owned();
    let other = up.signed("Team.Add", &data.replace("重复班", "另一班"), &[("nonce", &nonce), ("timestamp", &stamp)]).encoded();
    assert_eq!(up.ask("/open.api", other).send().await.expect(200)["code"], "-2", "the same nonce for another body");
    assert_eq!(app.drain(), 0);
}

async fn limits(app: &App, up: &Uploader<'_>, app_row: &str, other: &str) {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    app.clock.set("2026-03-02T09:30:00+08:00");
    let mut codes = Vec::new();
    for _ in 0..25 {
        codes.push(up.code("CheckSign.Query", &json!({})).await);
    }
    assert_eq!(codes.iter().filter(|code| *code == "0").count(), 20, "{codes:?}");
    assert!(codes.iter().skip(20).all(|code| code == "-5"));
    // An unescaped plus sign is counted with a hint.
    app.clock.set("2026-03-02T09:31:00+08:00");
    let cipher = (0..).map(|n| up.aes(&format!("{n}"))).find(|text| text.contains('+')).unwrap();
    let data = json!({"projectCode": "T-0061", "x": cipher}).to_string();
    let lost = up.signed("Team.Query", &data, &[]).encoded().replace("%2B", "+");
    assert_eq!(up.ask("/open.api", lost).send().await.expect(200)["code"], "-2");
    let path = format!("/api/v1/platform-apps/{app_row}");
    let report = admin.get(&path).send().await.expect(200);
    let count = |outcome: &str| {
        let all = report["counts"].as_array().unwrap().iter();
        all.filter(|one| one["outcome"] == outcome).map(|one| one["n"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!((count("plus_not_escaped"), count("-4")), (1, 1), "{report}");
    assert!(count("-2") > 0 && count("-1") > 0 && !report["errors"].as_array().unwrap().is_empty());
    assert!(!report.to_string().contains(up.secret.as_str()));
    // Methods, then the whole app, are switched off; a new secret ends the old one.
    let terms = json!({"name": "闸机", "methods": ["WorkerAttendance.Add"]});
    admin.post(&format!("{path}/terms"), terms).send().await.expect(200);
    assert_eq!(up.code("CheckSign.Query", &json!({})).await, "-3");
    let own = json!({"requestSerialCode": "workerattendance-add-2026030209-1-0001"});
    assert_eq!(up.code("AsyncHandleResult.Query", &own).await, "-1", "what became of its requests it may ask; this is none");
    admin.post(&format!("{path}/terms"), json!({"name": "闸机"})).send().await.expect(200);
    assert_eq!(up.code("CheckSign.Query", &json!({})).await, "0");
    admin.post(&format!("{path}/state"), json!({"state": "disabled"})).send().await.expect(200);
    assert_eq!(up.code("CheckSign.Query", &json!({})).await, "-2");
    admin.post(&format!("{path}/state"), json!({"state": "active"})).send().await.expect(200);
    let renewed = admin.post(&format!("{path}/secret"), Value::Null).send().await.expect(200);
    assert_ne!(renewed["secret"], up.secret.as_str());
    assert_eq!(up.code("CheckSign.Query", &json!({})).await, "-2");
    for (body, place) in [
        (json!({"name": "x", "project": other, "secret": "short"}), "secret"),
        (json!({"name": "x", "project": other, "app_id": "12"}), "app_id"),
        (json!({"name": "x", "project": other, "profile": "nowhere"}), "profile"),
        (json!({"name": "x", "project": other, "addresses": ["x"]}), "addresses"),
        (json!({"name": "x"}), "project"),
    ] {
        let refused = admin.post("/api/v1/platform-apps", body).send().await.refuse(422, "invalid");
        assert_eq!(refused["errors"][0]["place"], place);
    }
    assert_eq!(
        admin.post("/api/v1/platform-apps", json!({"name": "x", "project": other, "app_id": up.id})).send().await.status,
        409
    );
}

both!(the_worked_example_is_answered_to_the_letter, |app| {
    app.clock.set("2026-11-21T08:05:10+08:00");
    let manager = app.labour_manager();
    let contractor: PartyId = party(&manager, 71, "上传总包71").await;
    let body = json!({
        "name": "示例", "party": contractor, "app_id": "119999202611210001", "secret": "AnxinDemoSecret0AnxinDemoSecret1",
    });
    let (up, _) = Uploader::issue(&app, body).await;
    let body = "appid=119999202611210001&data=%7B%22projectCode%22%3A%22119999202611210001%22%2C%22teamSysNo%22%3A1500000001%2C%22dataList%22%3A%5B%7B%22idCardType%22%3A%2201%22%2C%22idCardNumber%22%3A%222Q5M3tmQc5Q%2Bsbt51vHpMJLtXW1jEn2JKrb3%2Fwezixk%3D%22%2C%22date%22%3A%222026-11-21+07%3A58%3A03%22%2C%22direction%22%3A%2201%22%2C%22channel%22%3A%221%E5%8F%B7%E9%97%A8%22%2C%22attendType%22%3A%22001%22%7D%5D%7D&format=json&method=WorkerAttendance.Add&nonce=3f9a0c7be2d14856&timestamp=20261121080500&version=1.0&sign=ae90640525ac2031830400469672c39e75631888cc0428b77cf0b15d19830894";
    let answer = up.ask("/open.api", body.to_owned()).header("Content-Encoding", "UTF-8").send().await;
    let serial = "workerattendance-add-2026112108-1-0001";
    assert_eq!(answer.json(), json!({"code": "0", "message": "", "data": {"requestSerialCode": serial}}));
    let query = format!(
        "appid=119999202611210001&method=AsyncHandleResult.Query&version=1.0&format=json&timestamp=20261121080530&nonce=100001&data=%7B%22requestSerialCode%22%3A%22{serial}%22%7D&sign=00fbf7c54756d83a675fe1c86dcf01f0c4ca1ee7277d2f47502211f368dab7df"
    );
    let found = up.ask("/open.api", query).send().await.json();
    assert_eq!(found["data"], json!({"requestSerialCode": serial, "status": "0", "result": ""}));
    app.drain();
    let found = up.call("AsyncHandleResult.Query", &json!({"requestSerialCode": serial})).await;
    assert_eq!(found["data"]["status"], "10");
    assert_eq!(found["data"]["result"], "[projectCode]项目不存在!");
    let other: PartyId = party(&manager, 72, "上传总包72").await;
    let (stranger, _) = Uploader::issue(&app, json!({"name": "别家", "party": other})).await;
    assert_eq!(
        stranger.code("AsyncHandleResult.Query", &json!({"requestSerialCode": serial})).await,
        "-1",
        "another app's request"
    );
});

#[actix_web::test]
async fn what_could_not_be_committed_is_sent_again() {
    let app = App::on_sqlite();
    let manager = app.labour_manager();
    let contractor: PartyId = party(&manager, 81, "上传总包81").await;
    let (up, _) = Uploader::issue(&app, json!({"name": "示例", "party": contractor})).await;
    let body = up.signed("Corp.Upload", &json!({"corpCode": uscc(82), "corpName": "上传劳务82"}).to_string(), &[]).encoded();
    // The statements after this one: release and commit of this piece, begin and savepoint of the next, then those of the request.
    for statement in [5, 7, 9, 11] {
        let fuse = Fuse::of(statement);
        let armed = fuse.clone();
        app.write(move |tx, _| {
            armed.arm(tx.conn());
            Ok(())
        })
        .unwrap();
        let answer = up.ask("/open.api", body.clone()).send().await.expect(200);
        fuse.cut();
        assert_eq!(answer["code"], "9999", "{statement}: {answer}");
    }
    let answer = up.ask("/open.api", body.clone()).send().await.expect(200);
    assert_eq!(answer["code"], "0", "{answer}");
    assert!(
        answer["data"]["requestSerialCode"].as_str().unwrap().ends_with("-1-0001"),
        "nothing of the earlier ones stands: {answer}"
    );
    assert_eq!(app.drain(), 1);
}

both!(the_pages_issue_show_once_and_switch_off, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 91, "330784").await;
    let browser = app.browser(Role::Administrator, ScopeOn::Everything).await;
    let fields = [("name", "闸机系统"), ("bound", "T-0091 测试项目91"), ("addresses", "10.0.0.0/8，10.1.1.1")];
    let answer = browser.post("/house/apps", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = answer.text();
    let secret =
        page.split("<code>").find_map(|part| part.split("</code>").next().filter(|text| text.len() == 32)).unwrap().to_owned();
    let list = browser.page("/house/apps").await;
    let path =
        list.split("href=\"").find(|part| part.starts_with("/house/apps/app-") || part.starts_with("/house/apps/rec-")).unwrap();
    let path = path.split('"').next().unwrap().to_owned();
    let one = browser.page(&path).await;
    assert!(one.contains("10.0.0.0/8 10.1.1.1") && !one.contains(&secret), "the secret is shown once");
    let (_, one) = browser.submit(&format!("{path}/state"), &[("state", "disabled")]).await;
    assert!(one.contains("已停用"));
    assert_eq!(browser.post(&format!("{path}/secret"), &[]).await.status, 200);
    let company = [("name", "企业系统"), ("bound", &uscc(912)[..])];
    assert_eq!(browser.post("/house/apps", &company).await.status, 200);
    assert_eq!(browser.post("/house/apps", &[("name", "x"), ("bound", "nowhere")]).await.status, 404);
    assert!(!site.path.is_empty());
});

const OWN: &str = r#"
code = "own"
name = "自有平台"
name_en = "Own platform"
paths = ["/own.api"]
tolerance_seconds = 60
accept_utc = false
corpsign = true
unknown_codes = "warning"
tables_of = "national"
"#;

both!(another_platform_is_a_file_with_its_own_address_second_secret_and_tolerances, |app| {
    let platforms = Platforms::read(&[("own.toml".to_owned(), OWN.to_owned())]).unwrap();
    let app = app.restarted(KEY, |config| config.platforms = Arc::new(platforms)).unwrap();
    let manager = app.labour_manager();
    let contractor = party(&manager, 95, "上传总包95").await;
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let body = json!({"name": "自有", "party": contractor, "profile": "own"});
    let issued = admin.post("/api/v1/platform-apps", body).send().await.expect(201);
    let second = issued["corp_secret"].as_str().unwrap().to_owned();
    let secret = AppSecret::parse(issued["secret"].as_str().unwrap()).unwrap();
    let up =
        Uploader { app: &app, id: issued["app"]["app_id"].as_str().unwrap().to_owned(), secret, nonce: Cell::new(1_000_000) };
    let stamp = app.ground.clock.now().local().format("%Y%m%d%H%M%S").to_string();
    let code = async |path: &str, change: &[(&str, &str)]| {
        let body = up.signed("CheckSign.Query", "{}", change).encoded();
        up.ask(path, body).send().await.expect(200)["code"].as_str().unwrap().to_owned()
    };
    let right = up.aes(&format!("{second}{stamp}"));
    assert_eq!(code("/own.api", &[("timestamp", &stamp), ("corpsign", &right)]).await, "0");
    let wrong = up.aes(&format!("{second}20260101000000"));
    assert_eq!(code("/own.api", &[("timestamp", &stamp), ("corpsign", &wrong)]).await, "-2");
    assert_eq!(code("/own.api", &[("timestamp", &stamp)]).await, "-2");
    assert_eq!(code("/open.api", &[("timestamp", &stamp), ("corpsign", &right)]).await, "-2", "not the national platform's app");
    let utc = "20260302010001";
    assert_eq!(code("/own.api", &[("timestamp", utc), ("corpsign", &up.aes(&format!("{second}{utc}")))]).await, "-2");
});
