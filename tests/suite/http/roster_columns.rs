//! Rosters whose header nobody knows: asked about with masked samples, said once, remembered, forgotten.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::workers::crew;
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
