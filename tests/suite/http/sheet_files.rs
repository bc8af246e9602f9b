//! The sheets beside the roster, as files of other programs: entries and exits, contracts, crews, the month grid. Each is looked at,
//! taken, and changes nothing when it comes again.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use anxin::wire::sheet;
use serde_json::{Value, json};

use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, id_number, project};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/sheets/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

async fn ground<'a>(app: &'a App, people: u32) -> (Client<'a>, TestProject, Vec<String>) {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "木工一班").await;
    let answer = enrol(&manager, &site, (1..=people).map(|number| worker(number, &crew)).collect()).await;
    let ids = answer["results"].as_array().unwrap().iter().map(|one| one["enrolment"]["id"].as_str().unwrap().to_owned());
    let ids = ids.collect();
    (manager, site, ids)
}

async fn hand_in(client: &Client<'_>, site: &TestProject, what: &str, media: &str, bytes: Vec<u8>) -> Value {
    client.ask(Method::POST, &format!("{}/{what}", site.path)).body(media, bytes).send().await.expect(201)
}

async fn look(client: &Client<'_>, site: &TestProject, id: &Value) -> Value {
    client.get(&format!("{}/roster-imports/{}", site.path, id.as_str().unwrap())).send().await.expect(200)
}

/// Hands a file in, has its good rows taken and gives it as it ended: taken, known, refused; and the reasons by row.
async fn taken(app: &App, client: &Client<'_>, site: &TestProject, what: &str, bytes: Vec<u8>) -> ([i64; 3], Vec<(i64, String)>) {
    let media = if bytes.starts_with(b"PK") {
        XLSX
    } else if bytes.starts_with(&[0xd0]) {
        "application/vnd.ms-excel"
    } else {
        "text/csv"
    };
    let kept = hand_in(client, site, what, media, bytes).await;
    let path = format!("{}/roster-imports/{}", site.path, kept["id"].as_str().unwrap());
    client.post(&format!("{path}/take"), json!({})).send().await.expect(200);
    app.drain();
    let ended = look(client, site, &kept["id"]).await;
    assert_eq!(ended["state"], "ended", "{ended}");
    let count = |name: &str| ended["counts"][name].as_i64().unwrap();
    let told = ended["refusals"].as_array().unwrap().iter();
    let told = told.map(|one| (one["row"].as_i64().unwrap(), one["faults"][0]["reason"].as_str().unwrap().to_owned())).collect();
    ([count("enrolled"), count("known"), count("refused")], told)
}

fn reasons(told: &[(i64, &str)]) -> Vec<(i64, String)> {
    told.iter().map(|(row, reason)| (*row, (*reason).to_owned())).collect()
}

both!(a_month_grid_becomes_corrections_that_wait_for_a_second_person, |app| {
    let (manager, site, ids) = ground(&app, 5).await;
    let refused = reasons(&[(4, "sum_mismatch"), (5, "bad_time"), (6, "bad_format")]);
    // Two programs wrote the same grid; the one changes what it says, the other finds it just so.
    let first = taken(&app, &manager, &site, "month-grid-imports", fixture("grid_openpyxl.xlsx")).await;
    assert_eq!(first, ([2, 0, 3], refused.clone()));
    let again = taken(&app, &manager, &site, "month-grid-imports", fixture("grid_xlwt.xls")).await;
    assert_eq!(again, ([0, 2, 3], refused));
    let path = format!("{}/day-corrections", site.path);
    let waiting = manager.get(&format!("{path}?month=2026-02")).send().await.expect(200);
    let waiting = waiting.as_array().unwrap();
    assert_eq!(waiting.len(), 9, "seven days of the one and two of the other");
    assert!(waiting.iter().all(|one| one["step"].is_null() && one["reason"].as_str().unwrap().contains("考勤表")));
    let days = manager.get(&format!("{}/work-days?month=2026-02", site.path)).send().await.expect(200);
    assert_eq!(days["items"], json!([]), "a grid alone is nobody's attendance");
    let half = waiting.iter().find(|one| one["worked_on"] == "2026-02-09").unwrap();
    assert_eq!((&half["enrolment"], &half["hundredths"]), (&json!(ids[0]), &json!(50)));
    let decision = format!("{path}/{}/decision", half["id"].as_str().unwrap());
    // Whoever handed the grid in is whoever proposed it.
    manager.post(&decision, json!({"step": "confirmed"})).send().await.refuse(403, "not_allowed");
    let second = app.client(Role::LabourManager, ScopeOn::Everything);
    second.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    app.drain();
    let days = manager.get(&format!("{}/work-days?month=2026-02", site.path)).send().await.expect(200);
    assert_eq!((&days["items"][0]["hundredths"], &days["items"][0]["flags"]), (&json!(50), &json!("corrected")));
    let again = taken(&app, &manager, &site, "month-grid-imports", fixture("grid_openpyxl.xlsx")).await;
    assert_eq!(again.0, [0, 2, 3], "what was confirmed is just so");
    // Another month than the title's is refused row by row, and the page shows the file.
    let kept = hand_in(&manager, &site, "month-grid-imports?month=2026-01", XLSX, fixture("grid_openpyxl.xlsx")).await;
    let view = look(&manager, &site, &kept["id"]).await;
    assert_eq!(
        (&view["preview"]["good"], &view["preview"]["refusals"][0]["faults"][0]["reason"]),
        (&json!(0), &json!("bad_time"))
    );
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{}/workers/rosters/{}", site.id, kept["id"].as_str().unwrap())).await;
    assert!(page.contains("考勤表（月）"), "{page}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(exits_contracts_and_crews_are_taken_once_and_bad_rows_come_back, |app| {
    let (manager, site, ids) = ground(&app, 3).await;
    let first = taken(&app, &manager, &site, "entry-exit-imports", fixture("exits_xlwt.xls")).await;
    assert_eq!(first, ([2, 0, 1], reasons(&[(4, "bad_time")])), "out, back on the same terms, and an exit before the entry");
    let again = taken(&app, &manager, &site, "entry-exit-imports", fixture("exits_xlwt.xls")).await;
    assert_eq!(again.0, [0, 2, 1]);
    let one = manager.get(&format!("{}/enrolments/{}", site.path, ids[0])).send().await.expect(200);
    assert_eq!(one["enrolment"]["left_on"], "2026-02-20", "{one}");
    let list = manager.get(&format!("{}/enrolments?active=true", site.path)).send().await.expect(200);
    let back = list["items"].as_array().unwrap().iter().find(|one| one["entered_on"] == "2026-02-25").unwrap().clone();
    assert_eq!((&back["name"], &back["day_rate"]), (&json!("测试工人1"), &json!("320.00")));
    // A refused row is mended in place.
    let csv = format!("班组,姓名,证件号码,进退场日期,类型\n木工一班,测试工人2,{},2026-02-28,走了\n", id_number(2));
    let kept = hand_in(&manager, &site, "entry-exit-imports", "text/csv", csv.into_bytes()).await;
    let path = format!("{}/roster-imports/{}", site.path, kept["id"].as_str().unwrap());
    manager.post(&format!("{path}/take"), json!({})).send().await.expect(200);
    app.drain();
    let errors = manager.get(&format!("{path}/refused")).send().await;
    let errors = sheet::read(&errors.bytes).unwrap();
    assert_eq!(errors.sheets[0].rows.len(), 2, "a header and the refused row");
    let cells = json!({"crew": "木工一班", "name": "测试工人2", "id": id_number(2), "on": "2026-02-28", "what": "退场"});
    let mended = manager.post(&format!("{path}/rows"), json!({"row": 2, "cells": cells})).send().await.expect(201);
    assert_eq!(mended["enrolment"], json!(ids[1]));
    // A contract goes on the enrolment that its days touch.
    let csv = format!(
        "姓名,证件号码,合同期限类型,开始日期,结束日期\n测试工人3,{0},固定期限,2026-01-05,2026-12-31\n测试工人4,{0},固定期限,2026-01-05,2026-12-31\n",
        id_number(3)
    );
    let contracts = taken(&app, &manager, &site, "contract-imports", csv.into_bytes()).await;
    assert_eq!(contracts.0, [0, 1, 1], "the one is on record, the other has another's number");
    // Crews of companies on the project.
    let party = manager.get(&format!("/api/v1/parties/{}", site.general_contractor)).send().await.expect(200);
    let code = party["uscc"].as_str().unwrap();
    let csv = format!(
        "统一社会信用代码,班组名称,责任人姓名\n{code},瓦工一班,张三\n{code},木工一班,李四\n91119999MA0000007J,油漆班,王五\n"
    );
    let crews = taken(&app, &manager, &site, "crew-imports", csv.clone().into_bytes()).await;
    assert_eq!(crews.0, [1, 1, 1]);
    assert_eq!(taken(&app, &manager, &site, "crew-imports", csv.into_bytes()).await.0, [0, 2, 1]);
    assert_eq!(app.broken(), Vec::<String>::new());
});
