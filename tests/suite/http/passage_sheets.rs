//! Passages that a gate machine's software exported: taken like punches, and never twice what the machine told itself.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::attendance::{bind, days};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{Client, TestProject, id_number, project, text_of};

const HEADER: &str = "设备序列号,考勤号码,身份证号,日期时间,进出状态,验证方式\n";

async fn hand_in(client: &Client<'_>, site: &TestProject, query: &str, body: &str) -> Value {
    let path = format!("{}/passage-sheets{query}", site.path);
    client.ask(Method::POST, &path).body("text/csv", body.to_owned()).send().await.expect(200)
}

fn counts(receipt: &Value) -> [u64; 5] {
    ["rows", "taken", "known", "nobody", "refused"].map(|name| receipt[name].as_u64().unwrap())
}

both!(an_exported_file_counts_like_punches_and_doubles_nothing, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "by_state").await;
    bind(&manager, &site, "T2", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &crew), worker(2, &crew)]).await;
    // The machine itself has told the first passage.
    let told = "1001\t2026-02-27 07:30:00\t0\t15\n";
    app.ask(Method::POST, "/iclock/cdata?SN=T1&table=ATTLOG&Stamp=1").body("text/plain", told).send().await;
    let id = id_number(2);
    let file = format!(
        "{HEADER}T1,1001,,2026-02-27 07:30:00,上班签到,人脸\nT1,1001,,2026/2/27 17:30:00,下班签退,人脸\n\
         T2,,{id},2026-02-27 08:00:00,进,人脸\nT2,,{id},2026-02-27 18:00:00,出,人脸\nT2,7777,,2026-02-27 12:00:00,,\n\
         T9,1001,,2026-02-27 12:00:00,,\nT1,,,2026-02-27 12:00:00,,\nT1,1001,,27/02/2026,,\nT1,1001,,2026-03-09 08:00:00,,\n"
    );
    let dry = hand_in(&manager, &site, "?dry_run=true", &file).await;
    assert_eq!(counts(&dry), [9, 4, 1, 1, 4], "{dry}");
    app.drain();
    assert_eq!(days(&manager, &site, "2026-02").await["items"].as_array().unwrap().len(), 1, "a rehearsal stores nothing");
    let kept = hand_in(&manager, &site, "", &file).await;
    assert_eq!(counts(&kept), counts(&dry));
    let faults: Vec<(&str, &str)> = kept["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["place"].as_str().unwrap(), one["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        faults,
        [("CSV!B8", "missing_field"), ("CSV!D9", "bad_time"), ("CSV!7", "unknown_device"), ("CSV!10", "bad_time")],
        "{kept}"
    );
    app.drain();
    let worth: Vec<Value> = days(&manager, &site, "2026-02").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| json!([day["hundredths"], day["punches"]]))
        .collect();
    assert_eq!(worth, [json!([100, 2]), json!([100, 2])], "each passage counts once");
    // The file again, and what it said told by the machine in the same words: nothing is new.
    assert_eq!(counts(&hand_in(&manager, &site, "", &file).await), [9, 0, 5, 0, 4]);
    let again = "1001\t2026-02-27 17:30:00\t1\t15\n";
    app.ask(Method::POST, "/iclock/cdata?SN=T1&table=ATTLOG&Stamp=2").body("text/plain", again).send().await;
    app.drain();
    let day = days(&manager, &site, "2026-02").await;
    assert_eq!(day["items"][0]["punches"], 2, "{day}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_file_without_machine_is_of_the_one_that_was_chosen, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    bind(&manager, &site, "T1", "by_state").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let file = "工号,姓名,日期,时间\n1001,测试工人1,2026-02-27,07:30\n1001,测试工人1,2026-02-27,17:30\n";
    assert_eq!(counts(&hand_in(&manager, &site, "", file).await), [2, 2, 0, 0, 0], "the only machine is meant");
    bind(&manager, &site, "T2", "by_state").await;
    assert_eq!(counts(&hand_in(&manager, &site, "", file).await), [2, 0, 0, 0, 2], "of two nobody can tell");
    assert_eq!(counts(&hand_in(&manager, &site, "?device=T1", file).await), [2, 0, 2, 0, 0]);
    let no_sheet = manager.ask(Method::POST, &format!("{}/passage-sheets", site.path)).body("text/csv", "甲,乙\n1,2\n");
    no_sheet.send().await.refuse(422, "invalid");
    let far = app.client(Role::LabourManager, ScopeOn::Region("330100".parse().unwrap()));
    let ask = far.ask(Method::POST, &format!("{}/passage-sheets", site.path)).body("text/csv", file);
    ask.send().await.refuse(404, "not_found");
    // By mouse, from the page of the month's attendance.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{}/attendance", site.id)).await;
    assert!(page.contains("/passage-sheets") && page.contains("value=\"T1\""), "{}", text_of(&page));
    let later = file.replace("2026-02-27", "2026-02-26");
    let upload = format!("/projects/{}/passage-sheets", site.id);
    let told = browser.upload(&upload, &[("device", "T1")], &[("file", "导出.csv", "text/csv", later.as_bytes())]).await;
    assert_eq!(told.status, 200);
    assert!(text_of(&told.text()).contains("文件已收下"), "{}", text_of(&told.text()));
});
