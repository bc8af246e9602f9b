//! Machines that push to an address of their own, machines that sign, and reading again what they sent.

use actix_web::http::Method;
use anxin::attendance::intake::{again, retention};
use anxin::base::id::{InboxId, ProjectId};
use anxin::store::inbox::InboxState;
use anxin::store::schema;
use anxin::web::{Ctx, Role, ScopeOn};
use anxin::wire::punch::sign;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::attendance::{attlog, bind};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{Answer, App, Client, KEY, TestProject, project};

const DAY: &str = "2026-03-02";

fn event(time: &str, serial_no: u32, more: &str) -> String {
    format!(
        "{{\"ipAddress\":\"192.0.2.21\",\"macAddress\":\"02:00:00:aa:bb:01\",\"dateTime\":\"{time}\",\"eventType\":\"AccessControllerEvent\",\
         \"shortSerialNumber\":\"T00000001\",\"AccessControllerEvent\":{{\"majorEventType\":5,\"subEventType\":75,\
         \"employeeNoString\":\"1001\",\"doorNo\":1,\"serialNo\":{serial_no},\"attendanceStatus\":\"undefined\"{more}}}}}"
    )
}

fn multipart(event: &str, picture: &[u8], end: &[u8]) -> Vec<u8> {
    let mut body = b"--MIME_boundary\r\nContent-Disposition: form-data; name=\"AccessControllerEvent\"\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n".to_vec();
    body.extend_from_slice(event.as_bytes());
    if !picture.is_empty() {
        body.extend_from_slice(
            b"\r\n--MIME_boundary\r\nContent-Disposition: form-data; name=\"Picture\"\r\nContent-Type: image/jpeg\r\n\r\n",
        );
        body.extend_from_slice(picture);
    }
    body.extend_from_slice(b"\r\n");
    body.extend_from_slice(end);
    body
}

const BOUNDARY: &str = "multipart/form-data; boundary=mime_boundary";

fn xml(time: &str, serial_no: u32, namespace: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><EventNotificationAlert version=\"2.0\" xmlns=\"{namespace}\"><macAddress>02:00:00:aa:bb:01</macAddress>\
         <dateTime>{time}</dateTime><eventType>AccessControllerEvent</eventType><shortSerialNumber>T00000001</shortSerialNumber>\
         <AccessControllerEvent><majorEventType>5</majorEventType><subEventType>75</subEventType><employeeNoString>1001</employeeNoString>\
         <doorNo>1</doorNo><serialNo>{serial_no}</serialNo></AccessControllerEvent></EventNotificationAlert>"
    )
}

async fn bound(client: &Client<'_>, site: &TestProject, serial: &str, maker: &str) -> (String, String) {
    let body = json!({"serial": serial, "project": site.id, "gate": "1号门", "direction": "in", "maker": maker});
    let answer = client.post("/api/v1/devices", body).send().await.expect(200);
    (answer["push_path"].as_str().unwrap().to_owned(), answer["device"]["id"].as_str().unwrap().to_owned())
}

async fn pushed(app: &App, path: &str, media: &str, body: impl Into<Vec<u8>>) -> Answer {
    let answer = app.ask(Method::POST, path).body(media, body).send().await;
    assert!(!answer.bytes.is_empty(), "a machine never gets an empty body: {path}");
    answer
}

#[track_caller]
fn taken(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (200, "OK"));
    assert!(answer.headers.get("content-type").unwrap().to_str().unwrap().starts_with("text/plain"));
}

fn punches(app: &App, site: ProjectId) -> usize {
    let day = anxin::workers::day_number(DAY.parse().unwrap());
    app.read(|conn, _| Ok(anxin::attendance::table::punches_of_day(conn, site, day)?.len())).unwrap()
}

/// The open items: reason and place.
fn open_items(app: &App) -> Vec<String> {
    use schema::quarantine as q;
    let rows: Vec<(String, String)> = app
        .read(|conn, _| Ok(q::table.filter(q::state.eq("open")).order(q::id).select((q::reason, q::place)).load(conn)?))
        .unwrap();
    rows.into_iter().map(|(reason, place)| format!("{reason} {place}")).collect()
}

fn messages(app: &App) -> Vec<(InboxId, String, InboxState)> {
    use schema::inbox as i;
    app.read(|conn, _| Ok(i::table.order(i::id).select((i::id, i::request, i::state)).load(conn)?)).unwrap()
}

async fn shown(client: &Client<'_>, device: &str) -> Value {
    client.get(&format!("/api/v1/devices/{device}")).send().await.expect(200)["device"].clone()
}

both!(the_same_passage_in_three_forms_is_one_and_a_picture_with_nul_bytes_commits, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    let (path, device) = bound(&manager, &site, "T00000001", "hikvision").await;
    assert!(path.starts_with("/push/hik/") && path.len() == "/push/hik/".len() + 32, "{path}");
    let time = "2026-03-02T07:58:03+08:00";
    let one = event(time, 4711, "");
    for _ in 0..2 {
        let picture = [b"\xff\xd8\0\0".as_slice(), b"\r\n--not a boundary\r\n\0\xff\xd9"].concat();
        taken(&pushed(&app, &path, BOUNDARY, multipart(&one, &picture, b"--MIME_boundary--\r\n")).await);
        taken(&pushed(&app, &path, "application/json", one.clone()).await);
        for namespace in ["http://www.hikvision.com/ver20/XMLSchema", "http://www.std-cgi.com/ver20/XMLSchema"] {
            taken(&pushed(&app, &format!("{path}/some/more"), "application/xml", xml(time, 4711, namespace)).await);
        }
    }
    assert_eq!((punches(&app, site.id), open_items(&app)), (1, Vec::new()));
    // A multipart without an end, with a foreign end, with the event nested once more, with a boundary of its own.
    taken(&pushed(&app, &path, BOUNDARY, multipart(&event("2026-03-02T07:58:04+08:00", 4712, ""), b"", b"")).await);
    taken(
        &pushed(&app, &path, BOUNDARY, multipart(&event("2026-03-02T07:58:05+08:00", 4713, ""), b"", b"--mime_boundary--")).await,
    );
    let nested = event("2026-03-02T07:58:06+08:00", 4714, "").replacen(
        ":{\"majorEventType\"",
        ":{\"AccessControllerEvent\":{\"majorEventType\"",
        1,
    ) + "}";
    taken(&pushed(&app, &path, "application/json", nested).await);
    let odd = multipart(&event("2026-03-02T07:58:07+08:00", 4715, ""), b"", b"--MIME_boundary--");
    let odd = String::from_utf8(odd).unwrap().replace("AccessControllerEvent\"\r\n", "event_log\"\r\n");
    taken(&pushed(&app, &path, "text/nothing", odd).await);
    assert_eq!(punches(&app, site.id), 5);
    // A wrong offset is replaced by the machine's setting: the wall is believed.
    taken(&pushed(&app, &path, "application/json", event("2026-03-02T07:58:08+08:30", 4716, "")).await);
    assert_eq!((punches(&app, site.id), open_items(&app)), (6, Vec::new()));
    // Nobody there, a door, a refused face, a heartbeat, something else: no passage; the last is counted.
    let none = |from: &str, to: &str| event("2026-03-02T07:58:09+08:00", 4800, "").replace(from, to);
    for body in [
        none("\"subEventType\":75", "\"subEventType\":21"),
        none("\"subEventType\":75", "\"subEventType\":76"),
        none("\"eventType\":\"AccessControllerEvent\"", "\"eventType\":\"heartBeat\""),
        none("\"subEventType\":75", "\"subEventType\":9"),
        none("\"subEventType\":75,\"employeeNoString\":\"1001\"", "\"subEventType\":38,\"employeeNoString\":\"null\""),
    ] {
        taken(&pushed(&app, &path, "application/json", body).await);
    }
    assert_eq!((punches(&app, site.id), open_items(&app)), (6, Vec::new()));
    taken(&pushed(&app, &path, "application/json", none("\"1001\"", "\"null\"")).await);
    taken(&pushed(&app, &path, "application/json", "{broken").await);
    assert_eq!(open_items(&app), ["unknown_person body.employeeNoString", "bad_format body"]);
    // The same number with another person is not the same event.
    taken(&pushed(&app, &path, "application/json", one.replace("\"1001\"", "\"1002\"")).await);
    assert_eq!((punches(&app, site.id), open_items(&app).len()), (6, 3));
    let seen = shown(&manager, &device).await;
    assert_eq!(
        (&seen["signs"]["ignored"]["5/9"], &seen["signs"]["ignored"]["5/21"], &seen["signs"]["refused"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!((&seen["signs"]["pictures"], &seen["has_token"]), (&json!(2), &json!(true)));
    assert!(
        messages(&app).iter().all(|(_, request, _)| request.starts_with("POST /push/hik/***")),
        "the token is no text of the inbox"
    );
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(of_a_message_of_two_machines_each_passage_is_its_own_machines_or_put_aside, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, _) = bound(&manager, &site, "T00000001", "hikvision").await;
    let own = |minute: u32| event(&format!("2026-03-02T07:{minute}:03+08:00"), minute, "");
    let foreign = |minute: u32| own(minute).replace("T00000001", "T00000002").replace("aa:bb:01", "aa:bb:02");
    let told = "unknown_device shortSerialNumber".to_owned();
    // Its own first, then the other's; and the other way round.
    taken(&pushed(&app, &path, "application/json", own(10) + &foreign(11)).await);
    assert_eq!((punches(&app, site.id), open_items(&app)), (1, vec![told.clone()]));
    taken(&pushed(&app, &path, "application/json", format!("[{},{}]", foreign(12), own(13))).await);
    assert_eq!((punches(&app, site.id), open_items(&app)), (2, vec![told.clone(), told.clone()]));
    // Of strangers only nothing is anybody's here: the message waits for the one that it names first.
    let third = foreign(15).replace("T00000002", "T00000003").replace("aa:bb:02", "aa:bb:03");
    taken(&pushed(&app, &path, "application/json", foreign(14) + &third).await);
    assert_eq!((punches(&app, site.id), messages(&app)[2].2), (2, InboxState::Held));
    let body = json!({"serial": "T00000002", "project": site.id, "gate": "2号门", "maker": "hikvision"});
    let second = manager.post("/api/v1/devices", body).send().await.expect(200);
    assert_eq!(second["replayed"], json!({"messages": 1, "punches": 1, "problems": 1}));
    assert_eq!(punches(&app, site.id), 3);
    // Two alerts in one body are two passages, and the half of a third is told.
    let alert = |minute: u32| xml(&format!("2026-03-02T08:{minute}:03+08:00"), minute, "urn:test");
    let half = alert(22);
    let three = alert(20) + "\n" + &alert(21) + &half[..half.len() / 2];
    taken(&pushed(&app, &path, "application/xml", three).await);
    assert_eq!((punches(&app, site.id), open_items(&app).len()), (5, 4));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_wrong_address_is_nothing_and_a_foreign_machine_is_held_for_its_own, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, device) = bound(&manager, &site, "T00000001", "hikvision").await;
    let one = event("2026-03-02T07:58:03+08:00", 1, "");
    for wrong in ["/push/hik/00000000000000000000000000000000", "/push/hik/short", &path.replace("hik", "dahua")] {
        assert_eq!(pushed(&app, wrong, "application/json", one.clone()).await.status, 404, "{wrong}");
    }
    assert_eq!(messages(&app).len(), 0);
    let foreign = one.replace("T00000001", "T00000002").replace("aa:bb:01", "aa:bb:02");
    taken(&pushed(&app, &path, "application/json", foreign.clone()).await);
    assert_eq!((punches(&app, site.id), messages(&app)[0].2), (0, InboxState::Held));
    // By its hardware address, once that is set, the first machine may be named too.
    let settings = format!("/api/v1/devices/{device}/settings");
    manager.post(&settings, json!({"mac": "02-00-00-AA-BB-0"})).send().await.refuse(422, "invalid");
    manager.post(&settings, json!({"mac": "02-00-00-AA-BB-01", "heartbeat_minutes": 5})).send().await.expect(200);
    manager.post(&settings, json!({"heartbeat_minutes": 7})).send().await.refuse(422, "invalid");
    taken(&pushed(&app, &path, "application/json", one.replace("T00000001", "OTHERNAME")).await);
    assert_eq!(punches(&app, site.id), 1);
    // Binding the second takes over what was held, under the project's own seal.
    let body = json!({"serial": "T00000002", "project": site.id, "gate": "2号门", "maker": "hikvision"});
    let second = manager.post("/api/v1/devices", body).send().await.expect(200);
    assert_eq!(second["replayed"], json!({"messages": 1, "punches": 1, "problems": 0}));
    assert_eq!(punches(&app, site.id), 2);
    // A new token is worth the old one's place.
    let issued =
        manager.post(&format!("/api/v1/devices/{device}/credentials"), json!({"what": "token"})).send().await.expect(201);
    assert_eq!(pushed(&app, &path, "application/json", one.clone()).await.status, 404);
    taken(&pushed(&app, issued["path"].as_str().unwrap(), "application/json", one).await);
    manager
        .post(&format!("/api/v1/devices/{device}/credentials"), json!({"what": "secret"}))
        .send()
        .await
        .refuse(409, "conflict");
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_machine_that_names_its_address_alone_is_known_by_it, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, device) = bound(&manager, &site, "T00000001", "hikvision").await;
    let (other_path, other) = bound(&manager, &site, "T00000009", "hikvision").await;
    let both = |serial_no: u32| event(&format!("2026-03-02T07:58:{serial_no:02}+08:00"), serial_no, "");
    let bare = |serial_no: u32| both(serial_no).replace("\"shortSerialNumber\":\"T00000001\",", "");
    // Before the address is known, it names nobody.
    taken(&pushed(&app, &path, "application/json", bare(1)).await);
    assert_eq!((punches(&app, site.id), messages(&app)[0].2), (0, InboxState::Held));
    // One message with both tells whose it is; what was held under it before may be anybody's, and waits for a person.
    app.clock.set("2026-03-02T09:10:00+08:00");
    taken(&pushed(&app, &path, "application/json", both(2)).await);
    assert_eq!(shown(&manager, &device).await["mac"], "020000aabb01");
    app.drain();
    assert_eq!((punches(&app, site.id), messages(&app)[0].2), (1, InboxState::Held));
    let settings = format!("/api/v1/devices/{device}/settings");
    manager.post(&settings, json!({"mac": "020000aabb01"})).send().await.expect(200);
    app.drain();
    assert_eq!((punches(&app, site.id), messages(&app)[0].2), (2, InboxState::Done));
    app.clock.set("2026-03-02T09:20:00+08:00");
    taken(&pushed(&app, &path, "application/json", bare(3)).await);
    let beat = bare(4).replace("\"eventType\":\"AccessControllerEvent\"", "\"eventType\":\"heartBeat\"");
    app.clock.set("2026-03-02T09:30:00+08:00");
    taken(&pushed(&app, &path, "application/json", beat).await);
    assert_eq!(punches(&app, site.id), 3);
    let seen = shown(&manager, &device).await;
    assert_eq!(seen["last_seen_at"], json!("2026-03-02T09:30:00.000000+08:00"));
    // Another machine that names the address beside its own serial does not get it, nor does a message in its name at that one's token.
    taken(&pushed(&app, &other_path, "application/json", both(5).replace("T00000001", "T00000009")).await);
    assert_eq!(shown(&manager, &other).await["mac"], Value::Null);
    taken(&pushed(&app, &other_path, "application/json", bare(6)).await);
    assert_eq!((punches(&app, site.id), open_items(&app)), (4, vec!["unknown_device body".to_owned()]));
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_was_held_under_an_address_is_released_when_a_person_sets_it, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, device) = bound(&manager, &site, "T00000001", "hikvision").await;
    let bare = event("2026-03-02T07:58:03+08:00", 1, "").replace("\"shortSerialNumber\":\"T00000001\",", "");
    taken(&pushed(&app, &path, "application/json", bare.clone()).await);
    assert_eq!((punches(&app, site.id), messages(&app)[0].2), (0, InboxState::Held));
    let settings = format!("/api/v1/devices/{device}/settings");
    manager.post(&settings, json!({"mac": "02-00-00-AA-BB-01"})).send().await.expect(200);
    app.drain();
    assert_eq!((punches(&app, site.id), messages(&app)[0].2), (1, InboxState::Done));
    taken(&pushed(&app, &path, "application/json", bare).await);
    assert_eq!(punches(&app, site.id), 1, "the same event twice is one");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_store_that_fails_is_answered_503_and_the_next_try_counts_once, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, _) = bound(&manager, &site, "T00000001", "hikvision").await;
    bind(&manager, &site, "CLOCK1", "in").await;
    // The message is stored last, after its punches: without its table everything before it must be taken back.
    let alter = |text: &'static str| app.write(move |tx, _| Ok(tx.conn().batch_execute(text)?)).unwrap();
    let send = async |is_clock: bool| {
        if is_clock {
            let line = "1001\t2026-03-02 06:00:00\t0\t1\n";
            app.ask(Method::POST, "/iclock/cdata?SN=CLOCK1&table=ATTLOG&Stamp=1").body("text/plain", line).send().await
        } else {
            let body = event("2026-03-02T07:00:00+08:00", 1, "");
            app.ask(Method::POST, &path).body("application/json", body).send().await
        }
    };
    for is_clock in [false, true] {
        let before = punches(&app, site.id);
        alter("ALTER TABLE inbox RENAME TO inbox_away");
        for _ in 0..2 {
            let refused = send(is_clock).await;
            assert_eq!(refused.status, 503, "{}", refused.text());
            assert!(refused.headers.contains_key("retry-after") && !refused.bytes.is_empty());
        }
        alter("ALTER TABLE inbox_away RENAME TO inbox");
        assert_eq!(punches(&app, site.id), before, "nothing of it is there");
        for _ in 0..2 {
            assert_eq!(send(is_clock).await.status, 200);
        }
        assert_eq!(punches(&app, site.id), before + 1);
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(dahua_is_understood_compressed_or_not_and_kept_alive, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, device) = bound(&manager, &site, "DH0000001", "dahua").await;
    let alive = app.get(&format!("{path}/cgi-bin/EventHttpUpload/keepalive")).send().await;
    assert_eq!((alive.status, alive.text().as_str()), (200, "{\"result\":true}"));
    assert!(alive.headers.get("content-type").unwrap().to_str().unwrap().starts_with("application/json"));
    let utc = "2026-03-02T07:00:00+08:00".parse::<anxin::base::Moment>().unwrap().unix_seconds();
    let data = |second: i64, status: u8| {
        format!(
            "{{\"UserID\":\"1001\",\"Door\":1,\"Method\":15,\"Status\":{status},\"Type\":\"Entry\",\"UTC\":{}}}",
            utc + second
        )
    };
    let one = format!("{{\"Events\":[{{\"Code\":\"AccessControl\",\"Action\":\"Pulse\",\"Index\":0,\"Data\":{}}}]}}", data(0, 1));
    let text = format!("Code=AccessControl;action=Pulse;index=0;data={}", data(1, 1).replace(',', ",\n"));
    let zlib = {
        use std::io::Write;
        let mut coder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        coder.write_all(one.as_bytes()).unwrap();
        coder.finish().unwrap()
    };
    for body in [one.clone().into_bytes(), zlib, text.into_bytes(), one.replace("\"Status\":1", "\"Status\":0").into_bytes()] {
        let answer =
            app.ask(Method::POST, &path).header("Content-Encoding", "deflate").body("application/json", body).send().await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"result\":true}"));
    }
    assert_eq!(punches(&app, site.id), 2);
    assert_eq!(shown(&manager, &device).await["signs"]["refused"], 1);
    assert_eq!(app.get("/push/dahua/00000000000000000000000000000000/keepalive").send().await.status, 404);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_gateway_may_sign_instead_of_holding_a_key, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let gateway = json!({"serial": "GW1", "project": site.id, "gate": "网关", "maker": "gateway"});
    let device = manager.post("/api/v1/devices", gateway).send().await.expect(200)["device"]["id"].as_str().unwrap().to_owned();
    let issued =
        manager.post(&format!("/api/v1/devices/{device}/credentials"), json!({"what": "secret"})).send().await.expect(201);
    let secret = issued["value"].as_str().unwrap().to_owned();
    let body =
        json!({"punches": [{"id": "g1", "person": {"kind": "pin", "value": "1001"}, "time": "2026-03-02T07:00:00"}]}).to_string();
    let now = "2026-03-02T09:00:00+08:00".parse::<anxin::base::Moment>().unwrap().unix_seconds();
    let send = |serial: &str, timestamp: i64, signature: String, body: String| {
        app.ask(Method::POST, "/api/v1/punches")
            .header("X-Anxin-Device", serial)
            .header("X-Anxin-Timestamp", &timestamp.to_string())
            .header("X-Anxin-Signature", &signature)
            .body("application/json; charset=utf-8", body)
            .send()
    };
    let of = |timestamp: i64| sign(secret.as_bytes(), &timestamp.to_string(), body.as_bytes());
    send("GW1", now, of(now), body.clone() + " ").await.refuse(401, "not_authenticated");
    send("GW2", now, of(now), body.clone()).await.refuse(401, "not_authenticated");
    send("GW1", now - 400, of(now - 400), body.clone()).await.refuse(401, "not_authenticated");
    send("GW1", now, "v1=00".to_owned(), body.clone()).await.refuse(401, "not_authenticated");
    let bare = app.ask(Method::POST, "/api/v1/punches").header("X-Anxin-Signature", "v1=00");
    bare.body("application/json", body.clone()).send().await.refuse(401, "not_authenticated");
    assert_eq!((punches(&app, site.id), messages(&app).len()), (0, 0), "nothing is kept of it");
    let answer = send("GW1", now, of(now), body.clone()).await.expect(200);
    assert_eq!(answer["results"][0]["reason"], "unknown_person");
    assert_eq!(punches(&app, site.id), 1);
    // The signature opens no other door.
    let door = app.get("/api/v1/projects").header("X-Anxin-Signature", "v1=00").send().await;
    door.refuse(401, "not_authenticated");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(pictures_are_left_out_where_they_are_not_wanted, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let (path, device) = bound(&manager, &site, "T00000001", "hikvision").await;
    let settings = json!({"settings": {"drops_pictures": true}});
    manager.post(&format!("/api/v1/devices/{device}/settings"), settings).send().await.expect(200);
    let body = multipart(&event("2026-03-02T07:58:03+08:00", 1, ""), b"\xff\xd8\0face\0\xff\xd9", b"--MIME_boundary--\r\n");
    taken(&pushed(&app, &path, BOUNDARY, body.clone()).await);
    let id = messages(&app)[0].0;
    let kept = app.read(|conn, ctx| Ok(anxin::store::inbox::again::find(conn, ctx.vault(), id)?.unwrap())).unwrap();
    let kept = kept.body.unwrap();
    assert!(!kept.windows(4).any(|four| four == b"face") && kept.windows(4).any(|four| four == b"4711" || four == b"1001"));
    let (hash, len, truncated): (String, i64, bool) = app
        .read(|conn, _| {
            use schema::inbox as i;
            Ok(i::table.find(id).select((i::body_sha256, i::body_len, i::truncated)).first(conn)?)
        })
        .unwrap();
    assert_eq!((hash, len, truncated), (anxin::store::journal::sha256(&body), i64::try_from(body.len()).unwrap(), true));
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    let again = operator.ask(Method::POST, &format!("/api/v1/inbox/{id}/replay")).send().await.expect(200);
    assert_eq!(again, json!({"messages": 1, "punches": 0, "taken": 0, "open": 0}), "what is left can be read again");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_could_not_be_taken_is_read_again_after_a_fix_and_nothing_twice, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    bind(&manager, &site, "T1", "in").await;
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    assert_eq!(
        attlog(&app, "T1", "1001\t2026-03-02 07:58:03\t0\t15\nnot a punch\n1001\t2026-03-02 07:59:03\t0\t15\n").await,
        "OK: 3\n"
    );
    let id = messages(&app)[0].0;
    let replay = || operator.ask(Method::POST, &format!("/api/v1/inbox/{id}/replay")).send();
    assert_eq!(replay().await.expect(200), json!({"messages": 1, "punches": 0, "taken": 0, "open": 1}));
    // As if a reader of yesterday had not understood the third line: its punch is gone, and an item of it is open.
    let (project_id, inbox) = (site.id, id);
    app.write(move |tx, ctx| {
        use schema::{punch_places as p, punch_rows as r};
        let places = p::table.filter(p::project_id.eq(project_id.0)).select(p::number);
        diesel::delete(r::table.filter(r::place.eq_any(places).and(r::local_time.eq(28_743)))).execute(tx.conn())?;
        let rows =
            anxin::attendance::table::punches_of_day(tx.conn(), project_id, anxin::workers::day_number(DAY.parse().unwrap()))?;
        let digest = anxin::attendance::intake::digest::of_rows(&rows);
        diesel::update(schema::inbox::table.find(inbox)).set(schema::inbox::items_digest.eq(digest)).execute(tx.conn())?;
        let rejected = anxin::store::inbox::Rejected {
            item: 2,
            place: "line 3".into(),
            reason: "bad_format".into(),
            zh: "测试".into(),
            en: "test".into(),
        };
        let quarantine = anxin::base::id::QuarantineId(ctx.id());
        Ok(anxin::store::inbox::quarantine(tx.conn(), quarantine, inbox, &rejected, ctx.now)?)
    })
    .unwrap();
    assert_eq!((punches(&app, site.id), open_items(&app)), (1, vec!["bad_format line 2".into(), "bad_format line 3".into()]));
    // The day is sealed before it is read again: what is found goes under a message of its own.
    app.clock.set("2026-03-03T02:00:00+08:00");
    app.write(|tx, ctx| Ok(anxin::store::jobs::enqueue(tx.conn(), ctx.id(), "nightly", "2026-03-02", ctx.now)?)).unwrap();
    app.drain();
    assert_eq!(replay().await.expect(200), json!({"messages": 1, "punches": 1, "taken": 1, "open": 1}));
    assert_eq!((punches(&app, site.id), open_items(&app)), (2, vec!["bad_format line 2".to_owned()]));
    assert_eq!(replay().await.expect(200)["punches"], 0);
    assert!(messages(&app).iter().any(|(_, request, _)| request.starts_with("read again: inb-")));
    assert_eq!(app.broken(), Vec::<String>::new(), "seals and digests hold");
    // Somebody of elsewhere does not find the message, and a file is not a machine's.
    let elsewhere = app.client(Role::Administrator, ScopeOn::Region("440300".parse().unwrap()));
    elsewhere.ask(Method::POST, &format!("/api/v1/inbox/{id}/replay")).send().await.refuse(404, "not_found");
});

both!(bytes_are_forgotten_after_their_time_unless_somebody_has_to_see_to_them, |app| {
    let app = app.restarted(KEY, |config| config.gates.keep_body_days = 30).unwrap();
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    bind(&manager, &site, "T1", "in").await;
    attlog(&app, "T1", "1001\t2026-03-02 07:58:03\t0\t15\n").await;
    attlog(&app, "T1", "1001\t2026-03-02 07:58:04\t0\t15\nnot a punch\n").await;
    app.clock.set("2026-04-02T09:00:00+08:00");
    assert_eq!(app.write(|tx, ctx| Ok(retention::forget_bodies(tx, ctx)?)).unwrap(), 1);
    assert_eq!(app.write(|tx, ctx| Ok(retention::forget_bodies(tx, ctx)?)).unwrap(), 0);
    let ids: Vec<InboxId> = messages(&app).into_iter().map(|(id, ..)| id).collect();
    let read = |id: InboxId| app.write(move |tx, ctx: &Ctx| again::message(tx, ctx, id));
    assert_eq!(read(ids[0]).unwrap_err().code.as_str(), "conflict");
    assert_eq!(read(ids[1]).unwrap().open, 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(of_a_machine_that_nobody_bound_only_passages_count_as_held, |app| {
    let manager = app.labour_manager();
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    let site = project(&manager, 1, "330784").await;
    let (path, _) = bound(&manager, &site, "T00000009", "hikvision").await;
    let held = async |serial: &str| {
        let page = operator.get(&format!("/api/v1/devices?serial={serial}")).send().await.expect(200);
        page["items"][0]["held_punches"].clone()
    };
    // In the name of another machine: signs of life are seen and not kept, what is no passage is kept and counts for none.
    let passage = event("2026-03-02T07:58:01+08:00", 1, "");
    let beat = passage.replace("\"eventType\":\"AccessControllerEvent\"", "\"eventType\":\"heartBeat\"");
    for _ in 0..3 {
        taken(&pushed(&app, &path, "application/json", beat.clone()).await);
    }
    assert_eq!((held("T00000001").await, messages(&app).len()), (json!(0), 0));
    let unknown = passage.replace("\"subEventType\":75", "\"subEventType\":999");
    taken(&pushed(&app, &path, "application/json", unknown).await);
    assert_eq!((held("T00000001").await, messages(&app).len()), (json!(0), 1));
    taken(&pushed(&app, &path, "application/json", passage).await);
    assert_eq!((held("T00000001").await, messages(&app).len()), (json!(1), 2));
    // A clock that nobody announced: its commands, options and users beside its passages.
    let clock =
        |tail: &str, body: &str| app.ask(Method::POST, &format!("/iclock/{tail}")).body("text/plain", body.to_owned()).send();
    for (tail, body) in [
        ("registry?SN=CLOCK0001", "DeviceType=att"),
        ("devicecmd?SN=CLOCK0001", "ID=1&Return=0&CMD=INFO"),
        ("cdata?SN=CLOCK0001&table=OPERLOG&Stamp=1", "USER PIN=1001\tName=x\tPri=0"),
        ("cdata?SN=CLOCK0001&table=ATTLOG&Stamp=1", "1001\t2026-03-02 07:58:03\t0\t15\n1002\t2026-03-02 07:58:04\t0\t15\n"),
    ] {
        assert_eq!(clock(tail, body).await.status, 200, "{tail}");
    }
    assert_eq!((held("CLOCK0001").await, messages(&app).len()), (json!(2), 6));
    let bound = bind(&manager, &site, "CLOCK0001", "in").await;
    assert_eq!((&bound["replayed"]["punches"], &bound["device"]["held_punches"]), (&json!(2), &json!(0)), "{bound}");
});
