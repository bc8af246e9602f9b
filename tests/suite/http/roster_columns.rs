//! Rosters whose header nobody knows: asked about with masked samples, said once, remembered, forgotten.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{Answer, Client, TestProject, id_number, project, text_of};

const STRANGE: &str = "税号,小组,大名,证号,活计,电话,日薪";
const KEYS: [&str; 7] = ["uscc", "crew", "name", "id", "trade", "phone", "day_rate"];

fn row(code: &str, number: u32) -> String {
    format!("{code},木工一班,工人{number},{},木工,139{number:08},320.00", id_number(number))
}

async fn hand_in(client: &Client<'_>, site: &TestProject, query: &str, rows: &[String]) -> Answer {
    let body = format!("{STRANGE}\n{}\n", rows.join("\n"));
    client.ask(Method::POST, &format!("{}/roster-imports{query}", site.path)).body("text/csv", body).send().await
}

both!(a_roster_with_a_header_of_its_own_is_asked_about_once_and_remembered_until_it_is_forgotten, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    crew(&manager, &site, "木工一班").await;
    let shown = manager.get(&format!("/api/v1/parties/{}", site.general_contractor)).send().await.expect(200);
    let code = shown["uscc"].as_str().unwrap().to_owned();
    hand_in(&manager, &site, "", &[row(&code, 1)]).await.refuse(422, "invalid");
    // On the page it is kept and asked about, with nobody's number.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let upload = format!("/projects/{}/workers/roster", site.id);
    let file = format!("{STRANGE}\n{}\n", row(&code, 1));
    let answer = browser.upload(&upload, &[], &[("file", "自己的.csv", "text/csv", file.as_bytes())]).await;
    let (leads, page) = browser.follow(&upload, &answer).await;
    let leads = leads.split('?').next().unwrap().to_owned();
    assert!(page.contains("id=\"columns\"") && page.contains("大名"), "{}", text_of(&page));
    for plain in [id_number(1), "13900000001".to_owned(), "工人1".to_owned()] {
        assert!(!page.contains(&plain), "{plain} is shown");
    }
    assert_eq!(browser.post(&format!("{leads}/take"), &[("how", "good")]).await.status, 409, "said first");
    let said: Vec<String> = KEYS.iter().enumerate().map(|(place, key)| format!("{place}:{key}")).collect();
    let all: Vec<(&str, &str)> = said.iter().map(|one| ("column", one.as_str())).collect();
    assert_eq!(browser.post(&format!("{leads}/columns"), &all[..3]).await.status, 422, "the number of the papers is needed");
    let twice = [all.clone(), vec![("column", "6:name")]].concat();
    assert_eq!(browser.post(&format!("{leads}/columns"), &twice).await.status, 422);
    let (own, page) = browser.submit(&format!("{leads}/columns"), &all).await;
    let own = own.split('?').next().unwrap().to_owned();
    assert!(own != leads && !page.contains("id=\"columns\""), "{}", text_of(&page));
    browser.submit(&format!("{own}/take"), &[("how", "good")]).await;
    app.drain();
    assert!(text_of(&browser.page(&own).await).contains("每一行都已登记"));
    let list = manager.get(&format!("{}/roster-imports", site.path)).send().await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1, "what was asked is listed as what it became: {list}");
    // The next file with the header is not asked about, by whatever way it comes.
    let next = hand_in(&manager, &site, "", &[row(&code, 1), row(&code, 2)]).await.expect(201);
    assert_eq!((&next["preview"]["good"], &next["preview"]["known"]), (&json!(1), &json!(1)), "{next}");
    let waiting = format!("{}/roster-imports/{}", site.path, next["id"].as_str().unwrap());
    // Forgotten, it is asked about again; what was handed in before is read as it was.
    let page = browser.page(&own).await;
    assert!(page.contains("id=\"remembered\""));
    let (_, rest) = page.split_once("name=\"layout\" value=\"").unwrap();
    let layout = rest.split('"').next().unwrap().to_owned();
    let forget = format!("/projects/{}/workers/roster-columns", site.id);
    assert_eq!(browser.post(&forget, &[("layout", &layout)]).await.status, 303);
    assert_eq!(browser.post(&forget, &[("layout", &layout)]).await.status, 404, "forgotten once");
    hand_in(&manager, &site, "", &[row(&code, 3)]).await.refuse(422, "invalid");
    assert_eq!(manager.get(&waiting).send().await.expect(200)["preview"]["good"], 1);
    // By the API it is said with the file.
    let columns: Vec<String> = KEYS.iter().zip('A'..).map(|(key, letter)| format!("{letter}%3D{key}")).collect();
    let said = hand_in(&manager, &site, &format!("?columns={}", columns.join(",")), &[row(&code, 3)]).await.expect(201);
    assert_eq!(said["preview"]["good"], 1, "{said}");
    hand_in(&manager, &site, "?columns=A%3Dnobody", &[row(&code, 3)]).await.refuse(422, "invalid");
    hand_in(&manager, &site, "", &[row(&code, 4)]).await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(exits_contracts_and_crews_with_headers_of_their_own_are_asked_about_once_each, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "木工一班").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let shown = manager.get(&format!("/api/v1/parties/{}", site.general_contractor)).send().await.expect(200);
    let code = shown["uscc"].as_str().unwrap().to_owned();
    let id = id_number(1);
    // The kind, its path, a header of its own, a row, another of the same header, and what each column is.
    let sheets = [
        (
            "entry_exit",
            "entry-exit-imports",
            "小组,大名,证号,哪天,进出",
            [format!("木工一班,测试工人1,{id},2026-03-01,退场"), format!("木工一班,测试工人1,{id},2026-03-02,退场")],
            "A%3Dcrew,B%3Dname,C%3Did,D%3Don,E%3Dwhat",
        ),
        (
            "contract_sheet",
            "contract-imports",
            "大名,证号,年限,哪天起,哪天止",
            [format!("测试工人1,{id},固定期限,2026-01-01,2026-12-31"), format!("测试工人1,{id},固定期限,2026-01-02,2026-12-31")],
            "A%3Dname,B%3Did,C%3Dterm,D%3Dfrom,E%3Duntil",
        ),
        (
            "crew_sheet",
            "crew-imports",
            "税号,单位,小组,工头",
            [format!("{code},测试总包1,木工九班,张三"), format!("{code},测试总包1,木工十班,李四")],
            "A%3Duscc,C%3Dcrew",
        ),
    ];
    for (kind, path, header, [first, second], columns) in sheets {
        let hand_in = |query: String, row: &str| {
            let body = format!("{header}\n{row}\n");
            manager.ask(Method::POST, &format!("{}/{path}{query}", site.path)).body("text/csv", body).send()
        };
        hand_in(String::new(), &first).await.refuse(422, "invalid");
        hand_in("?columns=A%3Dnobody".to_owned(), &first).await.refuse(422, "invalid");
        let said = hand_in(format!("?columns={columns}"), &first).await.expect(201);
        assert_eq!((&said["kind"], &said["preview"]["refusals"]), (&json!(kind), &json!([])), "{said}");
        // The next one is read as the first, and is no other kind's header.
        let next = hand_in(String::new(), &second).await.expect(201);
        assert_eq!(next["preview"]["refusals"], json!([]), "{next}");
        let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
        let own = format!("/projects/{}/workers/rosters/{}", site.id, next["id"].as_str().unwrap());
        let page = browser.page(&own).await;
        assert!(page.contains("已记住的同类表格表头"), "{kind}: {}", text_of(&page));
        let (_, rest) = page.split_once("name=\"layout\" value=\"").unwrap();
        let layout = rest.split('"').next().unwrap().to_owned();
        let forget = format!("/projects/{}/workers/roster-columns", site.id);
        assert_eq!(browser.post(&forget, &[("layout", &layout)]).await.status, 303);
        hand_in(String::new(), &second).await.refuse(422, "invalid");
        let kept =
            manager.get(&format!("{}/roster-imports/{}", site.path, next["id"].as_str().unwrap())).send().await.expect(200);
        assert_eq!(kept["preview"]["refusals"], json!([]), "what was handed in before is read as it was: {kept}");
    }
    // On the page such a file is kept and asked about, with nobody's number.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let upload = format!("/projects/{}/workers/roster", site.id);
    let file = format!("小组,大名,证号,哪天,进出\n木工一班,测试工人1,{id},2026-03-01,退场\n");
    let answer = browser.upload(&upload, &[("kind", "entry_exit")], &[("file", "退场.csv", "text/csv", file.as_bytes())]).await;
    let (leads, page) = browser.follow(&upload, &answer).await;
    assert!(page.contains("id=\"columns\"") && !page.contains(&id) && !page.contains("测试工人1"), "{}", text_of(&page));
    let leads = leads.split('?').next().unwrap().to_owned();
    let said = ["0:crew", "1:name", "2:id", "3:on", "4:what"].map(|one| ("column", one));
    let (_, page) = browser.submit(&format!("{leads}/columns"), &said).await;
    assert!(!page.contains("id=\"columns\""), "{}", text_of(&page));
    assert_eq!(app.broken(), Vec::<String>::new());
});
