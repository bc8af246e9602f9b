//! Mail over real SMTP: PyPI's aiosmtpd takes it, refuses it, or goes away in the middle; nothing is lost and a double is known.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anxin::alerts::{Concern, NoticeKind, NoticeState, Words, actions, digest, table};
use anxin::app::postman;
use anxin::base::id::{RecordId, UserId};
use anxin::outlets::mail::{Bounce, Letter, Post, Privacy, Receipt, SmtpPost, SmtpSettings};
use anxin::projects;
use anxin::store::outbox::{self, AttemptRow, Leased, MailRow, MailState, NewMail, Outcome, Taken};
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, Client, project};

/// A mail server of one test; it ends with the test.
struct Server {
    child: Child,
    _input: ChildStdin,
    port: u16,
    lines: Receiver<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Server {
        let python =
            std::env::var("ANXIN_TEST_PYTHON").expect("ANXIN_TEST_PYTHON is not set: run tests/run, which prepares Python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/mailbox.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("Python starts");
        let input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        output.read_line(&mut first).expect("a port");
        let port = first.trim().parse().expect("a port");
        let (told, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).all(|line| told.send(line).is_ok()));
        Server { child, _input: input, port, lines }
    }

    /// The next message that came in.
    #[track_caller]
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("a message came");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Asserts that no more messages came.
    #[track_caller]
    fn nothing_more(&self) {
        assert_eq!(self.lines.try_recv().ok(), None);
    }

    fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            host: "127.0.0.1".into(),
            port: self.port,
            privacy: Privacy::Loopback,
            credentials: None,
            trusted_pem: None,
            from: "安薪 <anxin@example.cn>".into(),
            timeout_seconds: 10,
        }
    }

    fn post(&self) -> SmtpPost {
        SmtpPost::new(&self.settings()).expect("a post office")
    }
}

async fn reach(client: &Client<'_>, email: &str, language: &str) {
    client.post("/api/v1/me/email", json!({"email": email, "language": language})).send().await.expect(200);
}

fn concern(subject: &str, urgent: bool) -> Concern {
    Concern {
        subject: subject.into(),
        urgent,
        words: Words {
            title_zh: format!("开设农民工工资专用账户 {subject}"),
            title_en: format!("A wage account is opened {subject}"),
            cure_zh: "开设并备案".into(),
            cure_en: "open and file it".into(),
            citation: Some("《保障农民工工资支付条例》第26条".into()),
            rule: Some(subject.into()),
            day: "2026-02-20".parse().ok(),
            link: None,
        },
    }
}

/// Brings the notices of a project in line, as an assessment would.
fn see(app: &App, project: anxin::base::id::ProjectId, concerns: &[Concern], unsure: &[String]) -> actions::Noticed {
    let (concerns, unsure) = (concerns.to_vec(), unsure.to_vec());
    let seen = app.write(move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        actions::reconcile(tx, ctx, &site, NoticeKind::Finding, &concerns, &unsure)
    });
    seen.unwrap()
}

fn write_digest(app: &App, user: UserId, day: &str) -> bool {
    let day = day.parse().unwrap();
    app.write(move |tx, ctx| digest::write_one(tx, ctx, user, day)).unwrap()
}

/// Puts one plain mail into the outbox.
fn put(app: &App, user: UserId, dedupe: &str) -> bool {
    let mail = NewMail {
        user,
        dedupe: dedupe.into(),
        language: "zh".into(),
        kind: "digest",
        subject: "测试主题".into(),
        body: "第一行\n第二行\n".into(),
    };
    app.write(move |tx, ctx| Ok(outbox::enqueue(tx.conn(), ctx.vault(), ctx.id(), &mail, "example.cn", ctx.now)?)).unwrap()
}

fn mails(app: &App, state: MailState) -> Vec<MailRow> {
    app.read(|conn, _| Ok(outbox::list(conn, state, 0, 100)?)).unwrap()
}

fn log(app: &App, mail: RecordId) -> Vec<AttemptRow> {
    app.read(|conn, _| Ok(outbox::attempts(conn, mail)?)).unwrap()
}

both!(a_digest_is_delivered_once_in_the_person_s_language, |app| {
    let app = app.with_mail(|config| config.server.public_url = "https://anxin.example.cn/".into());
    let manager = app.labour_manager();
    let project = project(&manager, 1, "330784").await;
    let authority = app.client(Role::LabourAuthority, ScopeOn::Region("330700".parse().unwrap()));
    let elsewhere = app.client(Role::LabourAuthority, ScopeOn::Region("440300".parse().unwrap()));
    reach(&manager, "manager@example.cn", "zh").await;
    reach(&authority, "authority@example.cn", "en").await;
    reach(&elsewhere, "elsewhere@example.cn", "zh").await;
    assert_eq!(see(&app, project.id, &[concern("R724-26", true)], &[]).new, 2, "whose grants cover the project");
    assert_eq!(see(&app, project.id, &[concern("R724-26", true)], &[]).new, 0, "once, however often it is seen");
    assert!(!write_digest(&app, elsewhere.user, "2026-03-02"), "nothing concerns them");
    for client in [&manager, &authority] {
        assert!(write_digest(&app, client.user, "2026-03-02"));
        assert!(!write_digest(&app, client.user, "2026-03-02"), "one mail a person a day");
        assert!(!write_digest(&app, client.user, "2026-03-03"), "what was told is not told again");
    }
    let server = Server::start(&["ok"]);
    assert_eq!(postman::deliver(&app.ground, &server.post()).unwrap(), 2);
    assert_eq!(postman::deliver(&app.ground, &server.post()).unwrap(), 0);
    let (first, second) = (server.next(), server.next());
    server.nothing_more();
    assert_eq!((&first["from"], &first["to"]), (&json!("anxin@example.cn"), &json!(["manager@example.cn"])));
    assert_eq!(first["header_from"], "安薪 <anxin@example.cn>");
    assert_eq!((&first["type"], &first["charset"]), (&json!("text/plain"), &json!("utf-8")));
    assert_eq!((&first["ascii"], first["longest"].as_u64().unwrap() <= 998), (&json!(true), true), "any server takes it");
    let (subject, body) = (first["subject"].as_str().unwrap(), first["body"].as_str().unwrap());
    assert!(subject.contains("测试项目1") && subject.contains("2026-03-02"), "{subject}");
    for part in ["测试用户：", "【紧急】开设农民工工资专用账户", "《保障农民工工资支付条例》第26条", "开设并备案"]
    {
        assert!(body.contains(part), "{part} is missing in\n{body}");
    }
    assert!(body.contains(&format!("https://anxin.example.cn/projects/{}", project.id)), "{body}");
    assert_eq!(second["to"], json!(["authority@example.cn"]));
    let body = second["body"].as_str().unwrap();
    assert!(body.contains("[URGENT] A wage account is opened") && body.contains("open and file it"), "{body}");
    let longest_number = body.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(longest_number < Some(11), "a mail holds no numbers of people:\n{body}");
    let sent = mails(&app, MailState::Sent);
    assert_eq!(sent.len(), 2);
    assert_eq!(first["message_id"], json!(sent[0].message_id));
    assert!(sent[0].message_id.ends_with("@example.cn>"), "{}", sent[0].message_id);
    assert_eq!(log(&app, sent[0].id).iter().map(|row| row.outcome).collect::<Vec<_>>(), [Outcome::Sent]);
});

both!(what_was_cured_and_breaks_again_is_told_again, |app| {
    let app = app.with_mail(|_| ());
    let manager = app.labour_manager();
    let project = project(&manager, 2, "330784").await;
    reach(&manager, "manager@example.cn", "zh").await;
    let states = || -> Vec<NoticeState> {
        let rows = app.read(|conn, _| Ok(table::of_project(conn, project.id)?)).unwrap();
        rows.into_iter().map(|row| row.state).collect()
    };
    see(&app, project.id, &[concern("R724-26", false), concern("R724-34", false)], &[]);
    assert_eq!(states(), [NoticeState::Open, NoticeState::Open]);
    assert!(write_digest(&app, manager.user, "2026-03-02"));
    assert_eq!(states(), [NoticeState::Told, NoticeState::Told]);
    // Not known is not cured.
    let seen = see(&app, project.id, &[concern("R724-34", false)], &["R724-26".to_owned()]);
    assert_eq!((seen.new, seen.cured), (0, 0));
    assert_eq!(see(&app, project.id, &[concern("R724-34", false)], &[]).cured, 1);
    assert_eq!(states(), [NoticeState::Cured, NoticeState::Told]);
    assert!(!write_digest(&app, manager.user, "2026-03-03"));
    assert_eq!(see(&app, project.id, &[concern("R724-26", false), concern("R724-34", false)], &[]).new, 1);
    assert_eq!(states(), [NoticeState::Cured, NoticeState::Told, NoticeState::Open]);
    // What is cured before it was told is not told.
    see(&app, project.id, &[], &[]);
    assert!(!write_digest(&app, manager.user, "2026-03-04"));
    assert_eq!(mails(&app, MailState::Queued).len(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_is_urgent_goes_out_at_once_where_that_is_wanted, |app| {
    let app = app.with_mail(|config| config.mail.urgent_at_once = true);
    let manager = app.labour_manager();
    let silent = app.labour_manager();
    let project = project(&manager, 3, "330784").await;
    reach(&manager, "manager@example.cn", "en").await;
    let seen = see(&app, project.id, &[concern("R724-26", true), concern("R724-34", true), concern("R724-29", false)], &[]);
    assert_eq!((seen.new, seen.mails), (6, 1), "whoever has no address is not written to");
    assert!(!write_digest(&app, silent.user, "2026-03-02"));
    assert!(write_digest(&app, manager.user, "2026-03-02"), "what is not urgent waits for the digest");
    let kinds: Vec<String> = mails(&app, MailState::Queued).into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["urgent", "digest"]);
    // Nothing is lost for somebody whose address comes later.
    reach(&silent, "late@example.cn", "zh").await;
    assert!(write_digest(&app, silent.user, "2026-03-02"));
});

both!(what_turns_urgent_later_is_told_at_once, |app| {
    let app = app.with_mail(|config| config.mail.urgent_at_once = true);
    let manager = app.labour_manager();
    let project = project(&manager, 5, "330784").await;
    reach(&manager, "manager@example.cn", "zh").await;
    see(&app, project.id, &[concern("R724-26", false), concern("R724-34", false)], &[]);
    assert!(write_digest(&app, manager.user, "2026-03-02"));
    let states = || -> Vec<(NoticeState, bool)> {
        let rows = app.read(|conn, _| Ok(table::of_project(conn, project.id)?)).unwrap();
        rows.into_iter().map(|row| (row.state, row.urgent)).collect()
    };
    assert_eq!(states(), [(NoticeState::Told, false), (NoticeState::Told, false)]);
    let seen = see(&app, project.id, &[concern("R724-26", true), concern("R724-34", false)], &[]);
    assert_eq!((seen.new, seen.mails), (0, 1));
    assert_eq!(states(), [(NoticeState::Told, true), (NoticeState::Told, false)]);
    let kinds: Vec<String> = mails(&app, MailState::Queued).into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["digest", "urgent"]);
    assert_eq!(see(&app, project.id, &[concern("R724-26", true), concern("R724-34", false)], &[]).mails, 0, "once");
    // It calms down without a word and turns red again: told again.
    see(&app, project.id, &[concern("R724-26", false), concern("R724-34", false)], &[]);
    assert_eq!(see(&app, project.id, &[concern("R724-26", true), concern("R724-34", false)], &[]).mails, 1);
});

both!(what_turns_urgent_is_in_the_next_digest_where_nothing_goes_out_at_once, |app| {
    let app = app.with_mail(|_| ());
    let manager = app.labour_manager();
    let project = project(&manager, 6, "330784").await;
    reach(&manager, "manager@example.cn", "zh").await;
    see(&app, project.id, &[concern("R724-26", false)], &[]);
    assert!(write_digest(&app, manager.user, "2026-03-02"));
    see(&app, project.id, &[concern("R724-26", true)], &[]);
    assert!(write_digest(&app, manager.user, "2026-03-03"));
    // The same subject twice is one notice, and no failure.
    let seen = see(&app, project.id, &[concern("R724-26", true), concern("R724-34", false), concern("R724-34", false)], &[]);
    assert_eq!(seen.new, 1);
});

both!(a_right_that_ended_hides_the_project_from_the_digest, |app| {
    let app = app.with_mail(|_| ());
    let manager = app.labour_manager();
    let project = project(&manager, 4, "330784").await;
    let authority = app.client(Role::IndustryAuthority, ScopeOn::Project(project.id));
    reach(&authority, "a@example.cn", "zh").await;
    see(&app, project.id, &[concern("R724-26", false)], &[]);
    // The same person, asked a day after the last day of the grant.
    let user = authority.user;
    app.write(move |tx, ctx| {
        use diesel::prelude::*;
        let yesterday = ctx.today.plus_days(-1);
        diesel::sql_query("UPDATE grants SET until_on = $1 WHERE user_id = $2")
            .bind::<diesel::sql_types::Date, _>(yesterday.0)
            .bind::<diesel::sql_types::BigInt, _>(user.0)
            .execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    assert!(!write_digest(&app, user, "2026-03-02"));
    assert_eq!(authority.get("/api/v1/me/notices").send().await.expect(200)["items"], json!([]));
});

both!(a_server_that_goes_away_gets_the_same_letter_again, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    assert!(put(&app, manager.user, "one") && !put(&app, manager.user, "one"), "the same mail is written once");
    // The first try is cut before anything was kept, the second after it was kept, so the third is a double.
    let server = Server::start(&["drop_before", "drop_after", "ok"]);
    let post = server.post();
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 0);
    let mail = mails(&app, MailState::Queued).remove(0);
    assert!(mail.last_error.is_some() && mail.run_at > app.ground.clock.now());
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 0, "the next try waits");
    for (at, taken) in [("2026-03-02T09:02:00+08:00", 0), ("2026-03-02T09:03:00+08:00", 0), ("2026-03-02T09:10:00+08:00", 1)] {
        app.clock.set(at);
        assert_eq!(postman::deliver(&app.ground, &post).unwrap(), taken, "{at}");
    }
    let came = [server.next(), server.next(), server.next()];
    server.nothing_more();
    assert_eq!(came.iter().map(|one| one["kept"].as_bool().unwrap()).collect::<Vec<_>>(), [false, true, true]);
    for one in &came {
        assert_eq!(one["message_id"], json!(mail.message_id), "a double is known by its Message-ID");
        assert_eq!(one["date"], came[0]["date"]);
        assert_eq!(one["auto"], "auto-generated", "no absence note answers it");
        assert_eq!((&one["subject"], &one["body"]), (&json!("测试主题"), &json!("第一行\r\n第二行\r\n")));
    }
    let outcomes: Vec<Outcome> = log(&app, mail.id).into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Deferred, Outcome::Deferred, Outcome::Sent]);
});

both!(refusals_for_now_are_tried_again_and_for_good_are_not, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    let server = Server::start(&["451", "ok", "550", "rcpt550", "ok"]);
    let post = server.post();
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 0);
    app.clock.set("2026-03-02T10:00:00+08:00");
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 1);
    put(&app, manager.user, "two");
    put(&app, manager.user, "three");
    app.clock.set("2026-03-02T11:00:00+08:00");
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 0);
    let dead = mails(&app, MailState::Dead);
    assert_eq!(dead.len(), 2);
    let why: Vec<String> = dead.iter().map(|row| row.last_error.clone().unwrap()).collect();
    assert!(why[0].contains("550") && why[0].contains("not wanted"), "{why:?}");
    assert!(why[1].contains("m***@example.cn") && !why[1].contains("manager@"), "the log does not name the address: {why:?}");
    app.clock.set("2026-03-03T11:00:00+08:00");
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 0, "nobody tries again by himself");
    // An administrator sees why, repairs it and gives one more try.
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let shown = admin.get("/api/v1/mails?state=dead").send().await.expect(200);
    assert_eq!(shown["items"].as_array().unwrap().len(), 2);
    assert!(!shown.to_string().contains("manager@"));
    let path = format!("/api/v1/mails/{}", dead[0].id);
    manager.get(&path).send().await.refuse(403, "not_allowed");
    admin.post(&format!("{path}/retry"), json!({})).send().await.expect(200);
    admin.post(&format!("{path}/retry"), json!({})).send().await.refuse(409, "conflict");
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 1);
    let log = admin.get(&path).send().await.expect(200);
    let outcomes: Vec<&str> = log["attempts"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["refused", "sent"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_mail_is_dead_after_its_last_try, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    // Nobody listens there.
    let gone = Server::start(&["ok"]);
    let post = gone.post();
    drop(gone);
    for number in 1..=outbox::ATTEMPTS_MAX {
        app.clock.set(&format!("2026-03-{:02}T09:00:00+08:00", 2 + 2 * number));
        assert_eq!(mails(&app, MailState::Queued).len(), 1, "before try {number}");
        postman::deliver(&app.ground, &post).unwrap();
    }
    assert_eq!((mails(&app, MailState::Queued).len(), mails(&app, MailState::Dead).len()), (0, 1));
});

both!(a_mail_outlives_a_server_that_is_away_for_a_day, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    let gone = Server::start(&["ok"]);
    let post = gone.post();
    drop(gone);
    let mut waits = Vec::new();
    for _ in outbox::WAITS_SECONDS {
        postman::deliver(&app.ground, &post).unwrap();
        let mail = mails(&app, MailState::Queued).remove(0);
        waits.push((mail.run_at.0 - app.ground.clock.now().0 + 999_999) / 1_000_000);
        app.clock.set(&mail.run_at.to_string());
    }
    assert_eq!(waits, [60, 300, 1_800, 7_200, 21_600, 86_400], "1, 5, 30 minutes, 2, 6, 24 hours");
    let server = Server::start(&["ok"]);
    assert_eq!(postman::deliver(&app.ground, &server.post()).unwrap(), 1);
});

both!(a_postman_who_died_leaves_nothing_behind, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    // Taken, and then the process is gone before it said what came of it.
    let lost = taken(&app);
    app.clock.set("2026-03-02T09:14:59+08:00");
    let again = app.write(|tx, ctx| Ok(outbox::lease(tx.conn(), ctx.vault(), ctx.now)?)).unwrap();
    assert!(matches!(again, Taken::Nothing), "nobody else takes it while a slow conversation may still go on");
    app.clock.set("2026-03-02T09:30:00+08:00");
    let server = Server::start(&["ok"]);
    assert_eq!(postman::deliver(&app.ground, &server.post()).unwrap(), 1);
    assert_eq!(server.next()["message_id"], json!(lost.message_id));
    let outcomes: Vec<Outcome> = log(&app, lost.id).into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Begun, Outcome::Sent], "the try that was cut off stays on record");
    // The dead one wakes and says its word too late: it changes nothing.
    app.write(move |tx, ctx| Ok(outbox::settle(tx.conn(), &lost, Outcome::Refused, "late", ctx.now)?)).unwrap();
    assert_eq!(mails(&app, MailState::Sent).len(), 1);
});

/// Takes the next mail, as a postman does.
#[track_caller]
fn taken(app: &App) -> Leased {
    match app.write(|tx, ctx| Ok(outbox::lease(tx.conn(), ctx.vault(), ctx.now)?)).unwrap() {
        Taken::Mail(mail) => mail,
        other => panic!("no mail was taken: {other:?}"),
    }
}

both!(a_slow_try_says_nothing_over_a_later_one, |app| {
    let manager = app.labour_manager();
    put(&app, manager.user, "one");
    let slow = taken(&app);
    app.clock.set("2026-03-02T09:20:00+08:00");
    let second = taken(&app);
    assert_eq!((second.id, second.number), (slow.id, 2));
    let lease = mails(&app, MailState::Queued)[0].run_at;
    let late = slow.clone();
    app.write(move |tx, ctx| Ok(outbox::settle(tx.conn(), &late, Outcome::Refused, "late", ctx.now)?)).unwrap();
    let mail = mails(&app, MailState::Queued).remove(0);
    assert_eq!((mail.run_at, mail.last_error), (lease, None), "the lease of the try under way stands");
    // That the server took it is true whoever says it.
    app.write(move |tx, ctx| Ok(outbox::settle(tx.conn(), &slow, Outcome::Sent, "250", ctx.now)?)).unwrap();
    assert_eq!(mails(&app, MailState::Sent).len(), 1);
});

both!(a_mail_that_cannot_be_read_does_not_stand_in_the_way, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    let first = mails(&app, MailState::Queued)[0].id;
    app.write(move |tx, _| {
        use diesel::RunQueryDsl;
        use diesel::sql_types::{BigInt, Binary};
        diesel::sql_query("UPDATE mails SET body = $1 WHERE id = $2")
            .bind::<Binary, _>(b"damaged".as_slice())
            .bind::<BigInt, _>(first.0)
            .execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    put(&app, manager.user, "two");
    let post = Busy(app.ground.clone(), Mutex::default());
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 1, "the second goes out");
    let dead = mails(&app, MailState::Dead);
    assert_eq!((dead.len(), dead[0].id), (1, first));
    assert!(dead[0].last_error.as_ref().unwrap().contains("cannot be read"), "{dead:?}");
});

both!(a_mail_whose_tries_are_all_cut_off_is_dead_in_the_end, |app| {
    let manager = app.labour_manager();
    put(&app, manager.user, "one");
    for number in 1..=outbox::ATTEMPTS_MAX {
        app.clock.set(&format!("2026-03-{:02}T09:00:00+08:00", 2 + number));
        assert_eq!(taken(&app).number, number);
    }
    app.clock.set("2026-03-20T09:00:00+08:00");
    let end = app.write(|tx, ctx| Ok(outbox::lease(tx.conn(), ctx.vault(), ctx.now)?)).unwrap();
    assert!(matches!(end, Taken::Dead(_)), "{end:?}");
    // Who gives it one more chance gets one try, not none.
    let id = mails(&app, MailState::Dead)[0].id;
    app.write(move |tx, ctx| Ok(outbox::revive(tx.conn(), id, ctx.now)?)).unwrap();
    app.clock.set("2026-03-20T10:00:00+08:00");
    assert_eq!(taken(&app).number, outbox::ATTEMPTS_MAX + 1);
});

both!(what_the_server_holds_against_the_house_ends_no_letter, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    let server = Server::start(&["from550", "helo550", "ok"]);
    let post = server.post();
    for (at, taken) in [("09:01", 0), ("09:30", 0), ("10:30", 1)] {
        app.clock.set(&format!("2026-03-02T{at}:00+08:00"));
        assert_eq!(postman::deliver(&app.ground, &post).unwrap(), taken, "{at}");
        assert_eq!(mails(&app, MailState::Dead).len(), 0);
    }
    let id = mails(&app, MailState::Sent)[0].id;
    let outcomes: Vec<Outcome> = log(&app, id).into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Deferred, Outcome::Deferred, Outcome::Sent]);
});

both!(a_suspended_receiver_is_not_written_to, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    let user = manager.user;
    app.write(move |tx, _| {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE users SET state = 'suspended' WHERE id = $1")
            .bind::<diesel::sql_types::BigInt, _>(user.0)
            .execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    let post = Busy(app.ground.clone(), Mutex::default());
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 0);
    assert!(post.1.lock().unwrap().is_empty());
    assert!(mails(&app, MailState::Dead)[0].last_error.as_ref().unwrap().contains("may not log in"));
});

both!(a_dead_mail_is_dismissed_with_a_note_on_record, |app| {
    let manager = app.labour_manager();
    put(&app, manager.user, "one");
    // Without an address it is dead at once.
    postman::deliver(&app.ground, &Busy(app.ground.clone(), Mutex::default())).unwrap();
    let id = mails(&app, MailState::Dead)[0].id;
    let path = format!("/api/v1/mails/{id}/dismiss");
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    manager.post(&path, json!({"note": "x"})).send().await.refuse(403, "not_allowed");
    admin.post(&path, json!({"note": "  "})).send().await.refuse(422, "invalid");
    let closed = admin.post(&path, json!({"note": "收件人已离职"})).send().await.expect(200);
    assert_eq!((&closed["state"], &closed["note"]), (&json!("dead"), &json!("收件人已离职")));
    admin.post(&path, json!({"note": "again"})).send().await.refuse(409, "conflict");
    admin.post(&format!("/api/v1/mails/{id}/retry"), json!({})).send().await.refuse(409, "conflict");
    assert_eq!(mails(&app, MailState::Dead).len(), 0);
    assert_eq!(app.read(|conn, _| Ok(outbox::counts(conn)?)).unwrap(), (0, 0));
    let later = app.ground.clock.now().plus_seconds(60);
    assert_eq!(app.write(move |tx, _| Ok(outbox::prune(tx.conn(), later)?)).unwrap(), 1, "it goes with what was sent");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// A carrier that writes to the database while it carries.
struct Busy(Arc<anxin::web::Ground>, Mutex<Vec<Letter>>);

impl Post for Busy {
    fn send(&self, letter: &Letter) -> Result<Receipt, Bounce> {
        // With the writer held, or a row locked, this would wait for ever.
        let wrote = self.0.db.write_blocking(|tx| anxin::store::ticks::prune(tx.conn(), anxin::base::Moment(0)));
        wrote.map_err(|error| Bounce { permanent: true, why: error.to_string() })?;
        self.1.lock().unwrap().push(letter.clone());
        Ok(Receipt { reply: "250".into() })
    }
}

both!(no_transaction_is_open_while_the_server_is_spoken_to, |app| {
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    put(&app, manager.user, "one");
    let post = Busy(app.ground.clone(), Mutex::default());
    assert_eq!(postman::deliver(&app.ground, &post).unwrap(), 1);
    assert_eq!(post.1.lock().unwrap()[0].to, "manager@example.cn");
});

#[actix_web::test]
async fn a_server_with_its_own_authority_is_spoken_to_by_starttls_after_a_log_in() {
    let app = App::on_sqlite();
    let manager = app.labour_manager();
    reach(&manager, "manager@example.cn", "zh").await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--tls", folder.path().to_str().unwrap(), "ok"]);
    let pem = std::fs::read(folder.path().join("ca.pem")).unwrap();
    let settings = |password: &str, pem: Option<Vec<u8>>| SmtpSettings {
        privacy: Privacy::StartTls,
        credentials: Some(("anxin".into(), password.into())),
        trusted_pem: pem,
        ..server.settings()
    };
    put(&app, manager.user, "one");
    for (minute, wrong) in [("09:01", settings("wrong", Some(pem.clone()))), ("09:20", settings("a secret", None))] {
        app.clock.set(&format!("2026-03-02T{minute}:00+08:00"));
        assert_eq!(postman::deliver(&app.ground, &SmtpPost::new(&wrong).unwrap()).unwrap(), 0);
        let waiting = mails(&app, MailState::Queued);
        assert_eq!(waiting.len(), 1, "a wrong password or an unknown authority is the operator's to repair, not the mail's end");
    }
    app.clock.set("2026-03-02T12:00:00+08:00");
    assert_eq!(postman::deliver(&app.ground, &SmtpPost::new(&settings("a secret", Some(pem))).unwrap()).unwrap(), 1);
    let came = server.next();
    assert_eq!((&came["tls"], &came["login"]), (&json!(true), &json!(true)));
    // A server that offers no STARTTLS gets nothing in the clear.
    let plain = Server::start(&["ok"]);
    let strict = SmtpSettings { privacy: Privacy::StartTls, ..plain.settings() };
    put(&app, manager.user, "two");
    assert_eq!(postman::deliver(&app.ground, &SmtpPost::new(&strict).unwrap()).unwrap(), 0);
    plain.nothing_more();
}

both!(an_address_is_one_s_own_and_shown_masked, |app| {
    let manager = app.labour_manager();
    let me = manager.get("/api/v1/me").send().await.expect(200);
    assert_eq!(me["contact"], json!({"email": null, "language": "zh"}));
    let set = manager.post("/api/v1/me/email", json!({"email": "zhang@example.cn", "language": "en"})).send().await.expect(200);
    assert_eq!(set, json!({"email": "z***@example.cn", "language": "en"}));
    assert_eq!(manager.get("/api/v1/me").send().await.expect(200)["contact"], set);
    for wrong in [json!({"email": "no", "language": "zh"}), json!({"email": "a@example.cn\r\nBcc: b@c.cn", "language": "zh"})] {
        let problem = manager.post("/api/v1/me/email", wrong).send().await.refuse(422, "invalid");
        assert!(!problem.to_string().contains("b@c.cn"));
    }
    manager.post("/api/v1/me/email", json!({"email": null, "language": "fr"})).send().await.refuse(422, "invalid");
    manager.post("/api/v1/me/email", json!({"email": null, "language": "zh"})).send().await.expect(200);
    assert_eq!(manager.get("/api/v1/me").send().await.expect(200)["contact"]["email"], Value::Null);
    // A mail to whoever took the address away is not delivered and says so.
    put(&app, manager.user, "one");
    postman::deliver(&app.ground, &Busy(app.ground.clone(), Mutex::default())).unwrap();
    assert_eq!(mails(&app, MailState::Dead).len(), 1);
    assert_eq!(app.broken(), Vec::<String>::new());
});
