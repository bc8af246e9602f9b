//! Signing by a link with a second means, and sheets handed in and taken by programs.

use actix_web::http::Method;
use anxin::payroll::LineState;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use crate::both;
use crate::suite::ground::{App, PASSWORD, id_number, text_of};

/// The last six characters of a test worker's number.
fn code(number: u32) -> String {
    id_number(number)[12..].to_owned()
}

async fn links(stage: &Stage<'_>, sheet: &Value, lines: Value) -> Vec<Value> {
    let path = stage.path(&format!("pay-sheets/{}/sign-links", text(&sheet["id"])));
    stage.manager.post(&path, json!({"lines": lines})).send().await.expect(201).as_array().unwrap().clone()
}

/// A page as somebody without a log-in gets it: status and text.
async fn page(app: &App, path: &str) -> (u16, String) {
    let answer = app.get(path).send().await;
    (answer.status, answer.text())
}

async fn send(app: &App, path: &str, fields: &str) -> (u16, String) {
    let answer = app.ask(Method::POST, path).body("application/x-www-form-urlencoded", fields).send().await;
    (answer.status, answer.text())
}

both!(a_worker_signs_by_link_with_the_end_of_their_own_number, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    let made = links(&stage, &sheet, Value::Null).await;
    assert_eq!(made.len(), 2);
    let (path, other) = (text(&made[0]["path"]), text(&made[1]["path"]));
    let (status, face) = page(&app, &path).await;
    assert_eq!(status, 200);
    assert!(!face.contains("测试工人1") && !face.contains("1500.00"), "a stranger sees neither name nor wage");
    // Looking signs nothing.
    let (status, slip) = send(&app, &path, &format!("code={}", code(1))).await;
    assert!(status == 200 && slip.contains("测试工人1") && slip.contains("1,500.00"), "{slip}");
    assert_eq!(stage.states(&sheet)[0].0, LineState::Draft);
    // Another worker's number opens nothing, and signs nothing.
    let (_, wrong) = send(&app, &path, &format!("code={}&agrees=yes", code(2))).await;
    assert!(!wrong.contains("测试工人1"), "{wrong}");
    assert_eq!(stage.states(&sheet)[0].0, LineState::Draft);
    let (status, signed) = send(&app, &path, &format!("code={}&agrees=yes", code(1))).await;
    assert!(status == 200 && signed.contains("已签字"), "{signed}");
    assert_eq!(stage.states(&sheet)[0].0, LineState::Signed);
    let view = stage.lines(&sheet).await[0].clone();
    assert_eq!((&view["signed_by"], &view["signed_on"]), (&json!("link_with_second_means"), &json!(app.today().to_string())));
    let (status, _) = send(&app, &path, &format!("code={}&agrees=yes", code(1))).await;
    assert_eq!(status, 409, "a line is signed once");
    // Five wrong answers end a link; a new one ends the old one.
    for _ in 0..5 {
        assert_eq!(send(&app, &other, "code=000000").await.0, 200);
    }
    assert_eq!(send(&app, &other, &format!("code={}", code(2))).await.0, 429);
    let again = links(&stage, &sheet, json!([made[1]["line"]])).await;
    assert_eq!(page(&app, &other).await.0, 404);
    let (status, _) = send(&app, &text(&again[0]["path"]), &format!("code={}", code(2))).await;
    assert_eq!(status, 200);
    assert_eq!(page(&app, "/sign/0123456789abcdef0123456789abcdef").await.0, 404);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_line_that_changed_is_not_what_the_link_was_made_for, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.build().await;
    let made = links(&stage, &sheet, json!([])).await;
    let path = text(&made[0]["path"]);
    let item = json!({"line": made[0]["line"], "kind": "deduction", "label": "借支", "quantity": "1", "unit_price": "50.00"});
    stage.act(&sheet, "items", 1, Some(item)).await.expect(201);
    let (status, _) = send(&app, &path, &format!("code={}&agrees=yes", code(1))).await;
    assert_eq!((status, stage.states(&sheet)[0].0), (409, LineState::Draft));
    let all = stage.path(&format!("pay-sheets/{}/sign-links", text(&sheet["id"])));
    stage.manager.post(&all, json!({})).send().await.refuse(409, "conflict");
    let fresh = links(&stage, &sheet, json!([made[0]["line"]])).await;
    let (status, signed) = send(&app, &text(&fresh[0]["path"]), &format!("code={}&agrees=yes", code(1))).await;
    assert!(status == 200 && signed.contains("1,450.00"), "{signed}");
    stage.manager.post(&all, json!({"lines": [made[0]["line"]]})).send().await.refuse(422, "invalid");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_program_hands_in_a_sheet_and_takes_its_rows, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let file = format!("姓名,身份证号,应得,实发\n测试工人1,{},1600.00,1600.00\n别人,{},1.00,1.00\n", id_number(1), id_number(2));
    let path = stage.path("pay-sheet-imports");
    let kept = stage.manager.ask(Method::POST, &path).body("text/csv", file).send().await.expect(201);
    assert_eq!((kept["is_remembered"].as_bool(), &kept["columns"][2]["key"]), (Some(false), &Value::Null), "{kept}");
    let one = format!("{path}/{}", text(&kept["id"]));
    assert_eq!(stage.manager.get(&one).send().await.expect(200)["columns"], kept["columns"]);
    // 应得 is nobody's word for it yet.
    stage.manager.post(&one, json!({"month": "2026-02"})).send().await.refuse(422, "invalid");
    let columns = json!({"A": "name", "B": "id", "C": "due", "D": "paid"});
    let wrong = json!({"month": "2026-02", "columns": {"Z": "due"}});
    stage.manager.post(&one, wrong).send().await.refuse(422, "invalid");
    let taken = stage.manager.post(&one, json!({"month": "2026-02", "columns": columns})).send().await.expect(201);
    assert_eq!((taken["taken"].as_i64(), taken["refused"].as_i64()), (Some(1), Some(1)), "{taken}");
    assert!(text(&taken["faults"][0]["place"]).ends_with("A3"), "{taken}");
    let sheet = text(&taken["sheet"]);
    let imports = stage.manager.get(&stage.path(&format!("pay-sheets/{sheet}/imports"))).send().await.expect(200);
    assert_eq!((imports.as_array().unwrap().len(), imports[0]["taken"].as_i64()), (1, Some(1)));
    let again = stage.manager.get(&one).send().await.expect(200);
    assert_eq!(again["is_remembered"], true);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_pin_that_the_worker_chose_before_two_persons_opens_the_link_and_the_identity_number_no_more, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (browser, me) = (app.browser(Role::LabourManager, ScopeOn::Everything).await, stage.people[0].0);
    let (_, witness) = app.person(Role::Subcontractor, ScopeOn::Project(stage.id()));
    let (_, stranger) = app.person(Role::Subcontractor, ScopeOn::Region("650000".parse().unwrap()));
    let page_of = format!("/projects/{}/workers/{me}", stage.id());
    let own_end = id_number(1)[6..12].to_owned();
    let form = |pin: &str, again: &str, login: &str, password: &str| {
        [("pin", pin), ("again", again), ("witness", login), ("witness_password", password)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let asked = async |fields: [(&str, String); 4]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&format!("{page_of}/pin"), &fields).await.status
    };
    assert_eq!(asked(form("274913", "274914", &witness, PASSWORD)).await, 422, "typed twice alike");
    assert_eq!(asked(form("123456", "123456", &witness, PASSWORD)).await, 422, "a run");
    assert_eq!(asked(form(&own_end, &own_end, &witness, PASSWORD)).await, 422, "a part of the identity number");
    assert_eq!(asked(form("274913", "274913", &witness, "not the password")).await, 401);
    assert_eq!(asked(form("274913", "274913", &stranger, PASSWORD)).await, 422, "nothing to do with the project");
    assert!(text_of(&browser.page(&page_of).await).contains("以证件号后六位签字"));
    assert_eq!(asked(form("274913", "274913", &witness, PASSWORD)).await, 303);
    assert!(text_of(&browser.page(&page_of).await).contains("本人设定"));

    let sheet = stage.build().await;
    let made = links(&stage, &sheet, Value::Null).await;
    let of = |enrolment: usize| {
        let name = format!("测试工人{enrolment}");
        made.iter().find(|one| one["worker"] == name.as_str()).map(|one| text(&one["path"])).unwrap()
    };
    let (first, second) = (of(1), of(2));
    assert!(page(&app, &first).await.1.contains("您的六位签字密码"));
    assert!(page(&app, &second).await.1.contains("本人证件号后六位"), "who has no PIN is asked as before");
    let (_, wrong) = send(&app, &first, &format!("code={}&agrees=yes", code(1))).await;
    assert!(wrong.contains("剩余次数") && !wrong.contains("测试工人1"), "{wrong}");
    let (status, signed) = send(&app, &first, "code=274913&agrees=yes").await;
    assert!(status == 200 && signed.contains("已签字"), "{signed}");
    let (_, signed) = send(&app, &second, &format!("code={}&agrees=yes", code(2))).await;
    assert!(signed.contains("已签字"), "{signed}");

    // A slip ends the PIN before it, is shown once, and may be taken away.
    let slip = browser.post(&format!("{page_of}/pin-slip"), &[]).await;
    assert_eq!(slip.status, 200, "{}", slip.text());
    let shown = slip.text();
    let pin: String = shown.split_once("<b><code>").unwrap().1.chars().take(6).collect();
    assert!(pin.bytes().all(|byte| byte.is_ascii_digit()) && pin != "274913", "{pin}");
    assert!(text_of(&browser.page(&page_of).await).contains("密码条") && !browser.page(&page_of).await.contains(&pin));
    assert_eq!(browser.post(&format!("{page_of}/pin-end"), &[]).await.status, 303);
    assert_eq!(browser.post(&format!("{page_of}/pin-end"), &[]).await.status, 409);
    let authority = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    assert_eq!(authority.post(&format!("{page_of}/pin-slip"), &[]).await.status, 403);
    assert_eq!(app.broken(), Vec::<String>::new());
});
