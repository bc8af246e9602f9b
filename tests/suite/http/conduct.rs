//! Trainings, credentials, good and bad records and blacklists as contractors' systems tell them: kept, asked for, shown, and deciding
//! nothing.

use std::sync::Arc;

use anxin::web::{Role, ScopeOn};
use anxin::wire::openapi::profile::Platforms;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::realname::{Chain, Uploader, merged, with_list};
use crate::both;
use crate::suite::ground::{App, KEY, TestProject, id_number, party, uscc};

fn training(chain: &Chain<'_>, name: &str, people: Vec<Value>) -> Value {
    json!({
        "projectCode": chain.code, "trainingDate": "2026-02-01", "trainingDuration": "4.5", "trainingName": name,
        "trainingTypeCode": "003001", "trainer": "安全员", "trainingOrg": "某培训中心",
        "attachments": [{"name": "签到.jpg", "data": "/9j/4AAQ"}], "workers": people,
    })
}

fn bad(chain: &Chain<'_>, number: u32, more: Value) -> Value {
    let told = json!({
        "recordNum": "B-1", "badRecordTypeCode": "01", "badRecordLevelType": "53", "occurrenceDate": "2026-02-11",
        "reason": "未戴安全帽", "source": "某区住建局", "sourceNum": "住建罚〔2026〕1号",
    });
    chain.list("recordList", vec![merged(&merged(&chain.papers(number), told), more)])
}

/// Asks in a second of its own.
async fn ask(app: &App, up: &Uploader<'_>, method: &str, data: &Value) -> Value {
    let answer = up.call(method, data).await;
    assert_eq!(answer["code"], "0", "{method}: {answer}");
    app.clock.set(&app.ground.clock.now().plus_seconds(1).to_string());
    answer["data"].clone()
}

both!(what_is_told_of_people_and_companies_is_kept_once_asked_for_and_shown, |app| {
    let chain = Chain::begin(&app, 141).await;
    let up = &chain.up;
    chain.enter(&[1], "2026-01-10").await;
    up.twice("ProjectWorker.Add", &chain.list("workerList", vec![chain.worker(2)])).await;
    // Somebody who was never announced sinks the training; whoever is announced and has not come yet may be trained.
    let stranger = training(&chain, "入场教育", vec![chain.papers(1), chain.papers(9)]);
    assert_eq!(up.fails("ProjectTraining.Add", &stranger).await, "[workers][1][idCardNumber]工人不存在!");
    let asked = json!({"projectCode": chain.code, "trainingDate": "2026-02-01", "typeCode": "003001"});
    assert_eq!(ask(&app, up, "ProjectTraining.Query", &asked).await["totalCount"], 0, "nothing of it was kept");
    let both = vec![merged(&chain.papers(1), json!({"isPass": 1})), merged(&chain.papers(2), json!({"isPass": "0"}))];
    up.twice("ProjectTraining.Add", &training(&chain, "入场教育", both)).await;
    up.twice("ProjectTraining.Add", &training(&chain, "班前教育", Vec::new())).await;
    let found = ask(&app, up, "ProjectTraining.Query", &asked).await;
    assert_eq!(found["totalCount"], 2, "{found}");
    let first = &found["rows"][0];
    assert_eq!((&first["trainingDuration"], &first["trainer"]), (&json!("4.5"), &json!("安全员")));
    assert_eq!(first["workers"].as_array().unwrap().len(), 2);
    assert_eq!(first["workers"][0]["idCardNumber"], up.aes(&id_number(1)));
    assert!(!found.to_string().contains(&id_number(1)) && first.get("attachments").is_none());
    let other = json!({"projectCode": chain.code, "trainingDate": "2026-02-02"});
    assert_eq!(ask(&app, up, "ProjectTraining.Query", &other).await["totalCount"], 0);

    up.twice("WorkerBadRecord.Add", &bad(&chain, 1, json!({}))).await;
    let other = bad(&chain, 1, json!({"reason": "打架"}));
    assert_eq!(up.fails("WorkerBadRecord.Add", &other).await, "[recordList][0][recordNum]已存在!");
    let good = json!({
        "recordNum": "G-1", "goodRecordTypeCode": "01", "goodRecordLevelType": "60", "occurrenceDate": "2026-02-12",
        "details": "优秀工人", "source": "某市总工会",
    });
    up.twice("WorkerGoodRecord.Add", &chain.list("recordList", vec![merged(&chain.papers(1), good)])).await;
    let paper = |end: &str| {
        let told = json!({
            "recordNum": "C-1", "certificationName": "建筑电工", "certificationTypeCode": "1", "certificationNum": "T-330784",
            "issueBy": "某省住建厅", "issueDate": "2025-01-01", "validEndDate": end,
        });
        chain.list("recordList", vec![merged(&chain.papers(2), told)])
    };
    let ended = up.fails("WorkerCredential.Add", &paper("2024-01-01")).await;
    assert_eq!(ended, "[recordList][0][validEndDate]格式不正确!", "it does not end before it begins");
    up.twice("WorkerCredential.Add", &paper("2027-01-01")).await;
    // A blacklist without whose it is, is refused at once; one with it changes nothing for the worker.
    let black = |more: Value| {
        let told = json!({"recordNum": "X-1", "blackReason": "多次违章", "occurrenceDate": "2026-02-13", "source": "某区住建局"});
        chain.list("recordList", vec![merged(&merged(&chain.papers(1), told), more)])
    };
    let bare = up.call("WorkerBlackList.Add", &black(json!({}))).await;
    assert_eq!((bare["code"].as_str(), bare["message"].as_str()), (Some("-1"), Some("[recordList][0][sourceNum]不能为空!")));
    app.clock.set(&app.ground.clock.now().plus_seconds(1).to_string());
    up.twice("WorkerBlackList.Add", &black(json!({"sourceNum": "名单2026-3"}))).await;
    let exit = chain.list("workerList", vec![merged(&chain.papers(1), json!({"date": "2026-02-20", "type": 0}))]);
    up.twice("WorkerEntryExit.Add", &exit).await;
    let again = chain.list("workerList", vec![merged(&chain.papers(1), json!({"date": "2026-02-21", "type": 1}))]);
    up.twice("WorkerEntryExit.Add", &again).await;
    // What was told wrongly is taken back by its sender, and says so.
    let back = json!({"recordNum": "B-1", "revokeDate": "2026-03-01", "revokeReason": "申诉成立"});
    let back = chain.list("recordList", vec![merged(&chain.papers(1), back)]);
    up.twice("WorkerBadRecord.Update", &back).await;
    up.twice("WorkerBadRecord.Add", &bad(&chain, 1, json!({}))).await;
    let none = chain.list("recordList", vec![merged(&chain.papers(1), json!({"recordNum": "B-9", "reason": "x"}))]);
    assert_eq!(up.fails("WorkerBadRecord.Update", &none).await, "[recordList][0][recordNum]记录不存在!");
    let rows = ask(&app, up, "WorkerBadRecord.Query", &chain.papers(1)).await;
    assert_eq!(rows["totalCount"], 1, "{rows}");
    let row = &rows["rows"][0];
    assert_eq!((&row["reason"], &row["revokeDate"]), (&json!("未戴安全帽"), &json!("2026-03-01")));
    assert_eq!((&row["idCardNumber"], &row["projectCode"]), (&json!(up.aes(&id_number(1))), &json!(chain.code)));
    for (method, data, count) in [
        ("WorkerCredential.Query", chain.papers(2), 1),
        ("WorkerCredential.Query", chain.papers(1), 0),
        ("WorkerGoodRecord.Query", json!({"corpCode": uscc(141)}), 1),
        ("WorkerGoodRecord.Query", json!({"corpCode": uscc(149)}), 0),
        ("WorkerBlackList.Query", json!({"pageIndex": 0, "pageSize": 10, "projectCode": chain.code}), 1),
        ("CorpBlackList.Query", json!({}), 0),
    ] {
        assert_eq!(ask(&app, up, method, &data).await["totalCount"], count, "{method}");
    }

    let of_corp = json!({
        "projectCode": chain.code,
        "recordList": [{
            "corpCode": uscc(141), "corpName": chain.head["corpName"], "recordNum": "K-1", "goodRecordTypeCode": "01",
            "goodRecordLevelType": "59", "occurrenceDate": "2026-02-14", "details": "省文明工地", "source": "某省住建厅",
        }],
    });
    up.twice("CorpGoodRecord.Add", &of_corp).await;
    let of_other = json!({"corpCode": uscc(148), "corpName": "别家"});
    let mut stranger = of_corp.clone();
    stranger["recordList"][0].as_object_mut().unwrap().extend(of_other.as_object().unwrap().clone());
    assert_eq!(up.fails("CorpGoodRecord.Add", &stranger).await, "[recordList][0][corpCode]企业不存在!");
    let rows = ask(&app, up, "CorpGoodRecord.Query", &json!({"corpCode": uscc(141), "creditType": "001"})).await;
    assert_eq!((&rows["totalCount"], &rows["rows"][0]["details"]), (&json!(1), &json!("省文明工地")));

    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let roll = chain.roll();
    let page = browser.page(&format!("/projects/{}/workers/{}", chain.id, roll[0].id)).await;
    for word in ["入场教育", "未戴安全帽", "申诉成立", "优秀工人", "地市级", "多次违章", "名单2026-3", "某区住建局"]
    {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("建筑电工"), "another person's");
    // Whoever comes after being told of has it on the page.
    let entry = chain.list("workerList", vec![merged(&chain.papers(2), json!({"date": "2026-02-22", "type": 1}))]);
    up.twice("WorkerEntryExit.Add", &entry).await;
    let second = chain.roll().into_iter().find(|row| row.worker_id != roll[0].worker_id).unwrap();
    let page = browser.page(&format!("/projects/{}/workers/{}", chain.id, second.id)).await;
    assert!(page.contains("建筑电工") && page.contains("不合格") && !page.contains("未戴安全帽"));
    let company = company_of(&app, &chain);
    let page = app.browser(Role::LabourAuthority, ScopeOn::Everything).await.page(&format!("/companies/{company}")).await;
    assert!(page.contains("省文明工地") && page.contains("省部级"), "{page}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// The company of a chain.
fn company_of(app: &App, chain: &Chain<'_>) -> anxin::base::id::PartyId {
    let code = chain.head["corpCode"].as_str().unwrap().to_owned();
    app.read(move |conn, ctx| Ok(anxin::parties::table::by_uscc(conn, &ctx.scope, &code)?.unwrap().id)).unwrap()
}

both!(a_company_tells_of_its_own_people_and_sees_them_only, |app| {
    let chain = Chain::begin(&app, 143).await;
    chain.enter(&[1], "2026-01-10").await;
    let manager = app.labour_manager();
    let other = party(&manager, 144, "上传劳务144").await;
    let joining = json!({"corpCode": uscc(144), "corpName": "上传劳务144", "corpType": "006"});
    chain.up.twice("ProjectSubContractor.Add", &merged(&chain.head, joining)).await;
    let (sub, _) = Uploader::issue(&app, json!({"name": "分包系统", "party": other})).await;
    let theirs = bad(&chain, 1, json!({"idCardNumber": sub.aes(&id_number(1))}));
    assert_eq!(sub.fails("WorkerBadRecord.Add", &theirs).await, "[corpCode]没有该企业的权限!");
    let own = merged(&theirs, json!({"corpCode": uscc(144), "corpName": "上传劳务144"}));
    assert_eq!(sub.fails("WorkerBadRecord.Add", &own).await, "[recordList][0][idCardNumber]工人不存在!");
    let people = vec![json!({"idCardType": "01", "idCardNumber": sub.aes(&id_number(1))})];
    assert_eq!(
        sub.fails("ProjectTraining.Add", &training(&chain, "教育", people)).await,
        "[workers][0][idCardNumber]工人不存在!"
    );
    let of_corp = json!({
        "corpCode": uscc(143), "corpName": chain.head["corpName"], "recordNum": "K-1", "blackReason": "x",
        "occurrenceDate": "2026-02-14", "source": "自称", "sourceNum": "1",
    });
    let black = with_list(&json!({"projectCode": chain.code}), "recordList", vec![of_corp]);
    assert_eq!(sub.fails("CorpBlackList.Add", &black).await, "[recordList][0][corpCode]没有该企业的权限!");
    chain.up.twice("WorkerBadRecord.Add", &bad(&chain, 1, json!({}))).await;
    chain.up.twice("ProjectTraining.Add", &training(&chain, "教育", vec![chain.papers(1)])).await;
    let project = json!({"projectCode": chain.code});
    for (method, all) in [("WorkerBadRecord.Query", 1), ("ProjectTraining.Query", 1)] {
        assert_eq!(ask(&app, &sub, method, &project).await["totalCount"], 0, "{method}");
        assert_eq!(ask(&app, &chain.up, method, &project).await["totalCount"], all, "{method}");
    }
});

both!(a_training_that_the_profile_counts_marks_whoever_passed_it_as_trained, |app| {
    let national = concat!(env!("CARGO_MANIFEST_DIR"), "/config/platforms/national.toml");
    let text = std::fs::read_to_string(national).unwrap();
    assert!(text.contains("entry_training = []"), "nothing counts unless the operator says so");
    let text = text.replace("entry_training = []", "entry_training = [\"003001\"]");
    let platforms = Platforms::read(&[("national.toml".to_owned(), text)]).unwrap();
    let chain = Chain::begin(&app, 145).await;
    chain.enter(&[1], "2026-01-10").await;
    chain.up.twice("ProjectTraining.Add", &training(&chain, "未列入的培训", vec![chain.papers(1)])).await;
    assert!(chain.roll().iter().all(|row| !row.safety_trained), "the profile does not name its kind");
    let counting = app.restarted(KEY, |config| config.platforms = Arc::new(platforms)).unwrap();
    let chain = Chain::begin(&counting, 146).await;
    chain.enter(&[1, 2], "2026-01-10").await;
    chain.up.twice("ProjectWorker.Add", &chain.list("workerList", vec![chain.worker(3), chain.worker(4)])).await;
    let passed = |number: u32, flag: &str| merged(&chain.papers(number), json!({"isPass": flag}));
    let people = vec![chain.papers(1), passed(2, "0"), passed(3, "1"), passed(4, "0")];
    chain.up.twice("ProjectTraining.Add", &training(&chain, "入场教育", people)).await;
    let entries = [3, 4].map(|number| merged(&chain.papers(number), json!({"date": "2026-02-05", "type": 1}))).to_vec();
    chain.up.twice("WorkerEntryExit.Add", &chain.list("workerList", entries)).await;
    let mut roll = chain.roll();
    roll.sort_by_key(|row| row.id);
    let trained: Vec<bool> = roll.iter().map(|row| row.safety_trained).collect();
    assert_eq!(trained, [true, false, true, false]);
    assert_eq!(counting.broken(), Vec::<String>::new());
});

both!(a_question_about_passages_tells_the_way_that_the_gate_lets_people, |app| {
    let chain = Chain::begin(&app, 147).await;
    chain.enter(&[1], "2026-01-10").await;
    let company = company_of(&app, &chain);
    let path = format!("/api/v1/projects/{}", chain.id);
    let site = TestProject { id: chain.id, owner: company, general_contractor: company, path };
    bind(&app.labour_manager(), &site, "QUERY00001", "in").await;
    attlog(&app, "QUERY00001", &format!("{}\t2026-02-27 07:00:00\t1\t15\t0\t0\t0\n", id_number(1))).await;
    let asked = json!({"projectCode": chain.code, "date": "2026-02-27"});
    let found = ask(&app, &chain.up, "WorkerAttendance.Query", &asked).await;
    assert_eq!((&found["totalCount"], &found["rows"][0]["direction"]), (&json!(1), &json!("01")), "{found}");
});
