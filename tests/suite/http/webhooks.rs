//! Webhooks against receivers over sockets: tries, signatures, agreed fields, what is rolled back.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use anxin::app::{herald, reporter};
use anxin::outlets::calling::Outside;
use anxin::outlets::webhook::hmac;
use anxin::store::journal::hex;
use anxin::web::{Problem, Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts;
use crate::both;
use crate::suite::ground::{App, KEY, TestProject, project, text_of};

/// Requests as they came: head and body.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// A receiver that gives these answers, then 200.
fn receiver(answers: &[&'static str]) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook?token=s3cr3t", listener.local_addr().unwrap());
    let heard = Heard::default();
    let (kept, mut answers) = (Arc::clone(&heard), answers.iter().copied().collect::<VecDeque<_>>());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut bytes, mut part) = (Vec::new(), [0; 8192]);
            let request = loop {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
                    if body.len() >= length.unwrap_or(0) {
                        break (head.to_owned(), body.to_owned());
                    }
                }
                match stream.read(&mut part) {
                    Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
                    _ => break (text, String::new()),
                }
            };
            kept.lock().unwrap().push(request);
            let answer = answers.pop_front().unwrap_or("200 OK\r\nContent-Length: 2\r\n\r\nok");
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
        }
    });
    (address, heard)
}

fn header(head: &str, name: &str) -> String {
    let found = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
    found.unwrap_or_else(|| panic!("{name}: {head}")).split_once(':').unwrap().1.trim().to_owned()
}

fn deliver(app: &App) -> usize {
    herald::deliver(&app.ground, &Outside::new(reporter::allowed(&app.ground))).unwrap()
}

fn later(app: &App, seconds: i64) {
    app.clock.set(&app.ground.clock.now().plus_seconds(seconds).to_string());
}

fn outgoing(app: &App) -> App {
    app.restarted(KEY, |config| config.outgoing.allowed = vec!["127.0.0.1".to_owned()]).unwrap()
}

/// A webhook of the project with its secret.
async fn hook(app: &App, site: &TestProject, address: &str, more: Value) -> (String, String) {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let mut body = json!({
        "name": "合作单位", "scope": "project", "value": site.id, "events": ["case.opened", "case.closed", "account.opened", "gate.decided"],
        "fields": ["project_code", "project_name", "kind", "opened_on", "bank", "gate", "decision"], "address": address,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = admin.post("/api/v1/webhooks", body).send().await.expect(201);
    (made["webhook"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn log(app: &App, webhook: &str) -> Value {
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    admin.get(&format!("/api/v1/webhooks/{webhook}/calls")).send().await.expect(200)
}

async fn case(app: &App, site: &TestProject) {
    let body = json!({"kind": "complaint", "workers": 12, "amount": "360000.00"});
    app.authority().post(&format!("{}/cases", site.path), body).send().await.expect(201);
}

both!(a_receiver_that_fails_twice_gets_one_event_three_times, |app| {
    let app = outgoing(&app);
    let site = project(&app.labour_manager(), 1, "330784").await;
    let (address, heard) =
        receiver(&["500 Oops\r\nContent-Length: 6\r\n\r\ns3cr3t", "429 Slow\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n"]);
    let (webhook, secret) = hook(&app, &site, &address, json!({})).await;
    let other = project(&app.labour_manager(), 2, "330784").await;
    case(&app, &other).await;
    case(&app, &site).await;
    assert_eq!(deliver(&app), 0, "500");
    assert_eq!(deliver(&app), 0, "the next try waits");
    later(&app, 61);
    assert_eq!(deliver(&app), 0, "429");
    later(&app, 61);
    assert_eq!(deliver(&app), 0, "the receiver's own time is kept to");
    assert_eq!(heard.lock().unwrap().len(), 2);
    later(&app, 40);
    assert_eq!(deliver(&app), 1);
    later(&app, 100_000);
    assert_eq!(deliver(&app), 0);
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 3);
    let ids: Vec<String> = heard.iter().map(|(head, _)| header(head, "X-Anxin-Event-Id")).collect();
    assert!(ids[0].starts_with("evt-") && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    for (head, body) in &heard {
        let signed = format!("{}.{body}", header(head, "X-Anxin-Timestamp"));
        assert_eq!(header(head, "X-Anxin-Signature"), format!("v1={}", hex(&hmac(secret.as_bytes(), signed.as_bytes()))));
    }
    // Agreed fields and no other.
    let body: Value = serde_json::from_str(&heard[0].1).unwrap();
    assert_eq!((body["event_id"].as_str(), body["type"].as_str()), (Some(ids[0].as_str()), Some("case.opened")));
    let fields: Vec<&String> = body["body"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["kind", "opened_on", "project_code", "project_name"]);
    assert!(!heard[0].1.contains("360000"));
    let log = log(&app, &webhook).await;
    let tries: Vec<_> = log[0]["tries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["status"].as_i64().unwrap(), one["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(tries, [(500, "later"), (429, "later"), (200, "sent")], "{log}");
    assert_eq!(log.as_array().unwrap().len(), 1, "the other project's case is nobody's business here");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_is_rolled_back_is_told_to_nobody, |app| {
    let app = outgoing(&app);
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (address, heard) = receiver(&[]);
    hook(&app, &site, &address, json!({})).await;
    let id = site.id;
    let failed: Result<(), Problem> = app.write(move |tx, ctx| {
        let site = anxin::projects::site(tx.conn(), id)?;
        let new = anxin::cases::actions::NewCase {
            kind: anxin::cases::CaseKind::Complaint,
            opened_on: ctx.today,
            workers: None,
            amount: None,
        };
        anxin::cases::actions::open_case(tx, ctx, &site, &new)?;
        Err(Problem::conflict("测试", "test"))
    });
    assert!(failed.is_err());
    manager.post(&format!("{}/cases?dry_run=true", site.path), json!({"kind": "complaint"})).send().await;
    assert_eq!(deliver(&app), 0);
    assert!(heard.lock().unwrap().is_empty());
    // One change, one message, of each kind.
    accounts::open(&manager, &site, "330500019999").await;
    manager.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200);
    assert_eq!(deliver(&app), 2);
    let types: Vec<String> =
        heard.lock().unwrap().iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["type"].to_string()).collect();
    assert_eq!(types, ["\"account.opened\"", "\"gate.decided\""]);
    assert!(!heard.lock().unwrap()[0].1.contains("330500019999"), "the account's number was not agreed");
});

both!(refusals_end_a_call_and_410_ends_the_webhook, |app| {
    let app = outgoing(&app);
    let site = project(&app.labour_manager(), 1, "330784").await;
    let (address, heard) = receiver(&[
        "404 No\r\nContent-Length: 0\r\n\r\n",
        "302 There\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        "410 Gone\r\nContent-Length: 0\r\n\r\n",
    ]);
    let (webhook, _) = hook(&app, &site, &address, json!({})).await;
    for _ in 0..3 {
        case(&app, &site).await;
        assert_eq!(deliver(&app), 0);
        later(&app, 100);
    }
    case(&app, &site).await;
    assert_eq!(deliver(&app), 0);
    assert_eq!(heard.lock().unwrap().len(), 3, "a webhook that is gone hears of nothing");
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let view = admin.get("/api/v1/webhooks").send().await.expect(200);
    assert_eq!(view[0]["state"], "disabled", "{view}");
    let log = log(&app, &webhook).await;
    let failed =
        log.as_array().unwrap().iter().find(|call| call["tries"][0]["status"] == 404).unwrap()["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/api/v1/webhooks/{webhook}/state"), json!({"state": "active"})).send().await.expect(200);
    admin.post(&format!("/api/v1/webhook-calls/{failed}/again"), json!({})).send().await.expect(200);
    assert_eq!(deliver(&app), 1);
    admin.post(&format!("/api/v1/webhook-calls/{failed}/again"), json!({})).send().await.refuse(409, "conflict");
    // An address inside is refused unless it is allowed.
    let shut = app.restarted(KEY, |_| ()).unwrap();
    case(&shut, &site).await;
    assert_eq!(deliver(&shut), 0);
    assert_eq!(heard.lock().unwrap().len(), 4);
});

both!(two_secrets_hold_during_a_rotation_and_a_name_adds_no_header, |app| {
    let app = outgoing(&app);
    let site = project(&app.labour_manager(), 1, "330784").await;
    let (address, heard) = receiver(&[]);
    let form = json!({
        "headers": {"Content-Type": "text/plain", "X-Name": "{{sign}}"}, "sign": "安薪\r\nX-Evil: 1", "body": "{{text}} {{to}}",
        "to": ["13800000000", "13900000000"],
    });
    let (webhook, old) = hook(&app, &site, &address, form).await;
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let rotated = admin.post(&format!("/api/v1/webhooks/{webhook}/secret"), json!({"overlap_hours": 2})).send().await.expect(200);
    let new = rotated["secret"].as_str().unwrap().to_owned();
    case(&app, &site).await;
    assert_eq!(deliver(&app), 1);
    later(&app, 3 * 3_600);
    case(&app, &site).await;
    assert_eq!(deliver(&app), 1);
    let heard = heard.lock().unwrap().clone();
    let signed = |(head, body): &(String, String), secret: &str| {
        let text = format!("{}.{body}", header(head, "X-Anxin-Timestamp"));
        header(head, "X-Anxin-Signature")
            .split(',')
            .any(|one| one == format!("v1={}", hex(&hmac(secret.as_bytes(), text.as_bytes()))))
    };
    assert!(signed(&heard[0], &old) && signed(&heard[0], &new));
    assert!(!signed(&heard[1], &old) && signed(&heard[1], &new));
    assert!(heard[0].0.lines().all(|line| !line.to_lowercase().starts_with("x-evil")), "{}", heard[0].0);
    assert_eq!(heard[0].1, "已立案：测试项目1 13800000000,13900000000");
    let odd = json!({"name": "x", "scope": "project", "value": site.id, "events": ["case.opened"], "fields": ["id_number"], "address": address});
    admin.post("/api/v1/webhooks", odd).send().await.expect(422);
    let stranger = app.client(Role::Administrator, ScopeOn::Region("110000".parse().unwrap()));
    stranger.get(&format!("/api/v1/webhooks/{webhook}/calls")).send().await.refuse(404, "not_found");
});

both!(the_pages_make_show_once_pause_rotate_and_deliver_again, |app| {
    let app = outgoing(&app);
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (address, heard) = receiver(&["400 Bad Request\r\nContent-Length: 4\r\n\r\noops"]);
    let browser = app.browser(Role::Administrator, ScopeOn::Everything).await;
    let list = browser.page("/house/webhooks").await;
    assert!(list.contains("还没有订阅") && list.contains("钉钉群机器人"), "{}", text_of(&list));
    let place = site.id.to_string();
    let fields = [
        ("name", "合作单位"),
        ("preset", "plain"),
        ("address", address.as_str()),
        ("scope", "project"),
        ("value", place.as_str()),
        ("events", "case.opened"),
        ("fields", "kind"),
    ];
    let made = browser.post("/house/webhooks", &fields).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let secret = made.text().split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(secret.len() > 30, "{secret}");
    let list = browser.page("/house/webhooks").await;
    let path =
        list.split("href=\"").find(|part| part.starts_with("/house/webhooks/")).unwrap().split('"').next().unwrap().to_owned();
    assert!(!browser.page(&path).await.contains(&secret), "the secret is shown once");
    assert_eq!(browser.post("/house/webhooks", &[("name", "x"), ("preset", "none"), ("scope", "everything")]).await.status, 422);
    browser.submit(&format!("{path}/test"), &[]).await;
    deliver(&app);
    assert_eq!(heard.lock().unwrap().len(), 1);
    let page = browser.page(&path).await;
    assert!(page.contains("HTTP 400") && page.contains("oops") && page.contains("重新投递"), "{}", text_of(&page));
    let again = page.split("action=\"").find(|part| part.starts_with("/house/webhook-calls/")).unwrap();
    let again = again.split('"').next().unwrap().to_owned();
    browser.submit(&again, &[]).await;
    deliver(&app);
    assert!(browser.page(&path).await.contains("HTTP 200"));
    let rotated = browser.post(&format!("{path}/secret"), &[("overlap_hours", "2")]).await.text();
    assert!(rotated.contains("旧密钥有效至") && !rotated.contains(&secret), "{}", text_of(&rotated));
    let (_, paused) = browser.submit(&format!("{path}/state"), &[("state", "disabled")]).await;
    assert!(paused.contains("恢复"), "{}", text_of(&paused));
    let english = app.browser(Role::Administrator, ScopeOn::Everything).await.english();
    assert!(english.page("/house/open-points").await.contains("contractList"));
    assert!(english.page(&path).await.contains("Deliveries"));
});
