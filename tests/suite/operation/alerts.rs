//! Alerts end to end: an assessment finds, a reminder reminds, a silent source is noticed, the digest tells whom it concerns.

use anxin::alerts::table::{self, NoticeRow};
use anxin::alerts::{NoticeKind, NoticeState};
use anxin::app::postman;
use anxin::base::Fen;
use anxin::deposits::DepositEvent;
use anxin::outlets::mail::{Bounce, Letter, Post, Receipt};
use anxin::store::jobs;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};
use std::sync::Mutex;

use crate::both;
use crate::suite::ground::{App, TestProject, fact, project};
use crate::suite::http::accounts;
use crate::suite::http::deposit_steps::moved;
use crate::suite::http::workers::{crew, enrol, worker};

fn run(app: &App, kind: &'static str, payload: String) {
    app.write(move |tx, ctx| Ok(jobs::enqueue(tx.conn(), ctx.id(), kind, &payload, ctx.now)?)).unwrap();
    app.drain();
    let waiting = app.read(|conn, _| Ok(jobs::list(conn, jobs::JobState::Queued, 0, 100)?)).unwrap();
    let failed: Vec<_> = waiting.into_iter().filter_map(|row| row.last_error.map(|why| (row.kind, row.payload, why))).collect();
    assert_eq!(failed, [], "every job was done");
}

fn notices(app: &App, site: &TestProject, kind: NoticeKind) -> Vec<NoticeRow> {
    let id = site.id;
    let rows = app.read(move |conn, _| Ok(table::of_project(conn, id)?)).unwrap();
    rows.into_iter().filter(|row| row.kind == kind).collect()
}

/// Keeps the letters that it is given.
#[derive(Default)]
struct Pigeonhole(Mutex<Vec<Letter>>);

impl Post for Pigeonhole {
    fn send(&self, letter: &Letter) -> Result<Receipt, Bounce> {
        self.0.lock().unwrap().push(letter.clone());
        Ok(Receipt { reply: "250".into() })
    }
}

both!(a_broken_finding_is_told_once_to_whom_it_concerns, |app| {
    let app = app.with_mail(|_| ());
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let other = project(&manager, 2, "440300").await;
    let contractor = app.client(Role::LabourManager, ScopeOn::Organisation(site.general_contractor));
    let labour = app.client(Role::LabourAuthority, ScopeOn::Region("330700".parse().unwrap()));
    let industry = app.client(Role::IndustryAuthority, ScopeOn::Project(site.id));
    let elsewhere = app.client(Role::LabourAuthority, ScopeOn::Region("440300".parse().unwrap()));
    let bank = app.client(Role::Bank, ScopeOn::Everything);
    for (client, name, language) in [
        (&contractor, "contractor", "zh"),
        (&labour, "labour", "en"),
        (&industry, "industry", "zh"),
        (&elsewhere, "elsewhere", "zh"),
        (&bank, "bank", "zh"),
    ] {
        let body = json!({"email": format!("{name}@example.cn"), "language": language});
        client.post("/api/v1/me/email", body).send().await.expect(200);
    }
    // Work for months without an account, a deposit, sheets: several rules are broken.
    fact(&manager, &site, "2025-12-01", json!({"kind": "contract", "sum": "10000000.00", "period_months": "12"})).await;
    fact(&manager, &site, "2025-12-05", json!({"kind": "permit", "number": "T-1"})).await;
    fact(&manager, &site, "2025-12-10", json!({"kind": "started"})).await;
    run(&app, "assess", site.id.to_string());
    run(&app, "assess", other.id.to_string());
    let found = notices(&app, &site, NoticeKind::Finding);
    let of = |user| found.iter().filter(|row| row.user_id == user).count();
    assert!(of(contractor.user) > 0, "something is broken");
    for client in [&manager, &labour, &industry] {
        assert_eq!(of(client.user), of(contractor.user));
    }
    assert_eq!((of(elsewhere.user), of(bank.user)), (0, 0));
    // The next night sees the same and says nothing new.
    app.clock.set("2026-03-03T09:00:00+08:00");
    run(&app, "assess", site.id.to_string());
    assert_eq!(notices(&app, &site, NoticeKind::Finding).len(), found.len());
    let shown = labour.get("/api/v1/me/notices").send().await.expect(200);
    assert_eq!(shown["items"].as_array().unwrap().len(), of(labour.user));
    assert!(shown["items"][0]["words"]["citation"].is_string(), "{shown}");
    assert_eq!(elsewhere.get("/api/v1/me/notices").send().await.expect(200)["items"], json!([]));
    let post = Pigeonhole::default();
    for day in ["2026-03-03", "2026-03-04"] {
        run(&app, "digest", day.to_owned());
        postman::deliver(&app.ground, &post).unwrap();
    }
    let letters = post.0.lock().unwrap();
    let mut receivers: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    receivers.sort_unstable();
    assert_eq!(receivers, ["contractor@example.cn", "industry@example.cn", "labour@example.cn"], "each once");
    for letter in letters.iter() {
        let is_english = letter.to.starts_with("labour");
        assert_eq!(letter.body.contains("To do: "), is_english, "{}", letter.body);
        assert_eq!(letter.body.contains("处理："), !is_english, "{}", letter.body);
        assert!(letter.body.contains("《工程建设领域农民工工资专用账户管理暂行办法"), "{}", letter.body);
        assert!(letter.body.contains("测试项目1") && !letter.body.contains("测试项目2"), "{}", letter.body);
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_suspended_user_and_an_ended_grant_hear_nothing, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let suspended = app.client(Role::LabourAuthority, ScopeOn::Everything).user;
    let ended = app.client(Role::LabourAuthority, ScopeOn::Everything).user;
    app.write(move |tx, ctx| {
        use diesel::RunQueryDsl;
        use diesel::sql_types::{BigInt, Date};
        diesel::sql_query("UPDATE users SET state = 'suspended' WHERE id = $1")
            .bind::<BigInt, _>(suspended.0)
            .execute(tx.conn())?;
        diesel::sql_query("UPDATE grants SET until_on = $1 WHERE user_id = $2")
            .bind::<Date, _>(ctx.today.plus_days(-1).0)
            .bind::<BigInt, _>(ended.0)
            .execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    fact(&manager, &site, "2025-12-01", json!({"kind": "contract", "sum": "10000000.00", "period_months": "12"})).await;
    fact(&manager, &site, "2025-12-05", json!({"kind": "permit", "number": "T-1"})).await;
    fact(&manager, &site, "2025-12-10", json!({"kind": "started"})).await;
    run(&app, "assess", site.id.to_string());
    let found = notices(&app, &site, NoticeKind::Finding);
    assert!(!found.is_empty() && found.iter().all(|row| row.user_id == manager.user));
});

both!(papers_that_expire_are_reminded_of_until_they_are_renewed, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let deposits = format!("{}/deposits", site.path);
    let guarantee = |from: &str, to: &str| json!({"kind": "letter_of_guarantee", "amount": "500.00", "issuer": "测试银行", "lodged_on": from, "ends_on": to, "document_id": null});
    manager.post(&deposits, guarantee("2025-06-01", "2026-04-02")).key("deposit-1").send().await.expect(201);
    let bond = |end: &str| json!({"kind": "payment_bond", "amount": "500000.00", "issuer": "测试银行", "ends_on": end});
    fact(&manager, &site, "2025-12-01", bond("2026-04-03")).await;
    let standing = || -> Vec<String> {
        let rows = notices(&app, &site, NoticeKind::Reminder);
        rows.into_iter().filter(|row| row.state != NoticeState::Cured).map(|row| row.subject).collect()
    };
    // 31 days before the second of April is the second of March; the bond has a day more.
    run(&app, "remind", "2026-03-02".to_owned());
    assert_eq!(standing().len(), 1, "{:?}", standing());
    assert!(standing()[0].starts_with("deposit dep-") && standing()[0].ends_with("2026-04-02"));
    app.clock.set("2026-03-03T09:00:00+08:00");
    run(&app, "remind", "2026-03-03".to_owned());
    assert_eq!(standing().len(), 2);
    let words: Value = serde_json::from_str(&notices(&app, &site, NoticeKind::Reminder)[0].words).unwrap();
    assert_eq!(words["rule"], "R65-17");
    let citation = words["citation"].as_str().unwrap();
    assert!(
        citation.contains("《工程建设领域农民工工资保证金规定（人社部发〔2021〕65号）》") && citation.ends_with("第17条"),
        "{citation}"
    );
    manager.post(&deposits, guarantee("2026-03-03", "2027-04-02")).key("deposit-2").send().await.expect(201);
    fact(&manager, &site, "2026-03-03", bond("2027-04-03")).await;
    app.clock.set("2026-03-04T09:00:00+08:00");
    run(&app, "remind", "2026-03-04".to_owned());
    assert_eq!(standing(), Vec::<String>::new());
});

both!(only_what_is_still_held_replaces_a_guarantee, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let deposits = format!("{}/deposits", site.path);
    let lodge = |kind: &str, amount: &str, ends_on: Value| json!({"kind": kind, "amount": amount, "issuer": "测试银行", "lodged_on": "2025-06-01", "ends_on": ends_on, "document_id": null});
    let guarantee = lodge("letter_of_guarantee", "500.00", json!("2026-03-20"));
    manager.post(&deposits, guarantee).key("deposit-1").send().await.expect(201);
    let cash = manager.post(&deposits, lodge("cash", "800.00", Value::Null)).key("deposit-2").send().await.expect(201);
    let standing = |day: &str| -> usize {
        run(&app, "remind", day.to_owned());
        let rows = notices(&app, &site, NoticeKind::Reminder);
        rows.into_iter().filter(|row| row.state != NoticeState::Cured).count()
    };
    assert_eq!(standing("2026-03-02"), 0, "the cash secures as much and has no end");
    // Given back in part: what is left is less than the guarantee.
    let kept = cash["deposit"]["id"].as_str().unwrap();
    let returned = |amount: i64| moved(&app, site.id, kept, DepositEvent::Returned, "2026-03-01", Fen(amount));
    assert!(returned(30_000));
    assert_eq!(standing("2026-03-02"), 0, "500 are left, as much as the guarantee");
    assert!(returned(50_000));
    assert_eq!(standing("2026-03-02"), 1, "what was given back replaces nothing");
});

both!(two_accounts_with_the_same_last_digits_are_two_sources, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    // A successor with the same last digits; the one before it is still to be closed.
    let first = accounts::open(&manager, &site, "330500010001").await;
    let mut second = accounts::account_body("330500020001", "");
    second["succeeds"] = json!(first);
    manager.post(&format!("{}/accounts", site.path), second).send().await.expect(201);
    run(&app, "watch", "2026-03-02".to_owned());
    let silent = |user| -> Vec<String> {
        let rows = notices(&app, &site, NoticeKind::Silence);
        rows.into_iter().filter(|row| row.user_id == user && row.state != NoticeState::Cured).map(|row| row.subject).collect()
    };
    assert_eq!(silent(manager.user).len(), 2, "{:?}", silent(manager.user));
    run(&app, "watch", "2026-03-02".to_owned());
    assert_eq!(silent(manager.user).len(), 2, "seen again, noticed once");
    // A notice that was cured long ago is pruned; one that stands is not.
    let id = site.id;
    app.write(move |tx, ctx| {
        let rows = table::standing(tx.conn(), id, NoticeKind::Silence)?;
        table::mark_cured(tx.conn(), &rows[0], ctx.now)?;
        Ok(())
    })
    .unwrap();
    let all = notices(&app, &site, NoticeKind::Silence).len();
    app.clock.set("2026-04-01T08:59:00+08:00");
    run(&app, "prune", "2026-04-01".to_owned());
    assert_eq!(notices(&app, &site, NoticeKind::Silence).len(), all, "thirty days are not over");
    app.clock.set("2026-04-01T09:01:00+08:00");
    run(&app, "prune", "2026-04-02".to_owned());
    assert_eq!(notices(&app, &site, NoticeKind::Silence).len(), all - 1);
});

both!(sources_that_fall_silent_are_noticed_until_they_speak, |app| {
    let manager = app.labour_manager();
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let authority = app.client(Role::LabourAuthority, ScopeOn::Everything);
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    accounts::open(&manager, &site, "330500010001").await;
    let device = json!({"serial": "QUIET1", "project": site.id, "gate": "1号门", "direction": "in"});
    manager.post("/api/v1/devices", device).send().await.expect(200);
    let standing = || -> Vec<String> {
        let rows = notices(&app, &site, NoticeKind::Silence);
        rows.into_iter()
            .filter(|row| row.state != NoticeState::Cured && row.user_id == manager.user)
            .map(|row| row.subject)
            .collect()
    };
    // The account was opened 51 days ago, the worker entered 56 days ago; the device was seen when it was bound.
    let opened = app.read(|conn, _| Ok(anxin::accounts::table::of_project(conn, site.id)?)).unwrap();
    let account = format!("statements {}", opened[0].id);
    run(&app, "watch", "2026-03-02".to_owned());
    assert_eq!(standing(), [account.as_str(), "punches"]);
    app.clock.set("2026-03-03T09:00:30+08:00");
    run(&app, "watch", "2026-03-03".to_owned());
    let silent = standing();
    assert_eq!(silent[..2], [account.clone(), "punches".to_owned()]);
    assert_eq!(silent[2..], ["device 2026-03-02"], "what was told of people before the gate went dark stands");
    let heard: Vec<_> = notices(&app, &site, NoticeKind::Silence).into_iter().filter(|row| row.user_id == admin.user).collect();
    assert_eq!(heard.len(), 3, "whoever runs the service hears of sources too");
    let told: Vec<_> = notices(&app, &site, NoticeKind::Silence).into_iter().map(|row| row.user_id).collect();
    assert!(!told.contains(&authority.user), "the keeper is told, not every authority");
    // The device speaks and brings a punch of that day; the project's work is suspended from the day after.
    let path = "/iclock/cdata?SN=QUIET1&table=ATTLOG&Stamp=9999";
    app.ask(actix_web::http::Method::POST, path).body("text/plain", "1001\t2026-03-03 07:58:03\t0\t15\t0\t0\t0\n").send().await;
    app.drain();
    run(&app, "watch", "2026-03-04".to_owned());
    assert_eq!(standing(), [account.as_str()]);
    app.clock.set("2026-03-20T09:00:00+08:00");
    fact(&manager, &site, "2026-03-05", json!({"kind": "suspension", "suspended": true})).await;
    run(&app, "watch", "2026-03-20".to_owned());
    let dark = "device 2026-03-03".to_owned();
    assert_eq!(standing(), [account.clone(), dark.clone()], "nobody punches where work is suspended");
    // Resumed, and the only gate dark: that is told, and nobody knows whether people are there.
    fact(&manager, &site, "2026-03-06", json!({"kind": "suspension", "suspended": false})).await;
    run(&app, "watch", "2026-03-20".to_owned());
    assert_eq!(standing(), [account.clone(), dark], "one cause is told once");
    // The gate works and nobody passes: silent again.
    app.get("/iclock/getrequest?SN=QUIET1").send().await;
    run(&app, "watch", "2026-03-20".to_owned());
    assert_eq!(standing(), [account.clone(), "punches".to_owned()]);
    // Where work is over nobody is expected.
    fact(&manager, &site, "2026-03-07", json!({"kind": "finished"})).await;
    run(&app, "watch", "2026-03-20".to_owned());
    assert_eq!(standing(), [account]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_cut_of_one_site_is_one_notice_and_no_breach, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "钢筋一班").await;
    enrol(&manager, &site, vec![worker(1, &crew)]).await;
    fact(&manager, &site, "2026-01-05", json!({"kind": "started"})).await;
    let mut devices = Vec::new();
    for number in 1..=4 {
        let device = json!({"serial": format!("CUT{number}"), "project": site.id, "gate": format!("{number}号门"), "direction": "by_state"});
        let bound = manager.post("/api/v1/devices", device).send().await.expect(200);
        devices.push(bound["device"]["id"].as_str().unwrap().to_owned());
        app.get(&format!("/iclock/getrequest?SN=CUT{number}")).send().await;
    }
    let path = "/iclock/cdata?SN=CUT1&table=ATTLOG&Stamp=9999";
    app.ask(actix_web::http::Method::POST, path).body("text/plain", "1001\t2026-03-02 07:58:03\t0\t15\t0\t0\t0\n").send().await;
    app.drain();
    // Eight days later: four gates, people on the roll whom nobody saw, and equipment of which nothing is heard.
    app.clock.set("2026-03-10T15:00:00+08:00");
    run(&app, "watch", "2026-03-10".to_owned());
    run(&app, "assess", site.id.to_string());
    let told = notices(&app, &site, NoticeKind::Silence);
    let subjects: Vec<&str> = told.iter().map(|row| row.subject.as_str()).collect();
    assert_eq!(subjects, ["device 2026-03-02"], "one notice, to its keeper");
    let words: Value = serde_json::from_str(&told[0].words).unwrap();
    let title = words["title_zh"].as_str().unwrap();
    assert!((1..=4).all(|number| title.contains(&format!("CUT{number}"))), "{title}");
    let card = format!("{}/card", site.path);
    let equipment = |card: &Value| {
        let found = card["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "R53-16");
        found.map(|finding| finding["state"].as_str().unwrap().to_owned())
    };
    let cut = manager.get(&card).send().await.expect(200);
    assert_eq!(equipment(&cut).as_deref(), Some("not_known"), "a line that is cut is no lack of equipment: {cut}");
    // That none of them may speak here any more proves nothing either: others may stand there of which nobody told us.
    for device in devices {
        let answer = manager.post(&format!("/api/v1/devices/{device}/block"), json!({})).send().await;
        assert!(answer.status < 300, "{}", answer.text());
    }
    run(&app, "assess", site.id.to_string());
    let bare = manager.get(&card).send().await.expect(200);
    assert_eq!(equipment(&bare).as_deref(), Some("not_known"), "{bare}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_bank_that_tells_the_balance_of_an_idle_account_is_not_silent, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = accounts::open(&manager, &site, "330500010001").await;
    let silent = || notices(&app, &site, NoticeKind::Silence).iter().filter(|row| row.state != NoticeState::Cured).count();
    run(&app, "watch", "2026-03-02".to_owned());
    assert!(silent() > 0, "opened 51 days ago, and nothing came");
    let bank = app.client(Role::Bank, ScopeOn::Account(account.parse().unwrap()));
    let event = json!({
        "event_id": "idle-1", "type": "balance", "occurred_at": "2026-03-02T08:30:00+08:00", "account": "330500010001",
        "body": {"amount": "0.00", "date": "2026-03-01"},
    });
    bank.post("/api/v1/bank-events", event).send().await.expect(202);
    app.drain();
    run(&app, "watch", "2026-03-02".to_owned());
    assert_eq!(silent(), 0, "the feed is heard of, though no entry came");
    // The same rule in time: thirty-five days after the last word it is silent again.
    app.clock.set("2026-04-07T09:00:00+08:00");
    run(&app, "watch", "2026-04-07".to_owned());
    assert!(silent() > 0);
});

both!(what_is_put_aside_of_no_project_is_told_to_whoever_runs_the_house_once_until_it_is_worked_off, |app| {
    let app = app.with_mail(|config| config.gates.put_aside_max = 2);
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    admin.post("/api/v1/me/email", json!({"email": "ops@example.cn", "language": "zh"})).send().await.expect(200);
    let bank = app.client(Role::Bank, ScopeOn::Everything);
    let event = |id: String| {
        json!({"event_id": id, "type": "txn", "occurred_at": "2026-03-02T08:30:00+08:00", "account": "330500018888",
        "body": {"amount": "1.00", "credit_debit_indicator": "CRDT", "status": "BOOK", "booking_date": "2026-03-02"}})
    };
    let send = async |ids: std::ops::Range<u32>| {
        let all: Vec<_> = ids.map(|id| event(format!("p-{id}"))).collect();
        bank.post("/api/v1/bank-events", json!(all)).send().await.expect(202);
    };
    let mails = || {
        use anxin::store::schema::mails;
        use diesel::prelude::*;
        app.read(|conn, _| Ok(mails::table.filter(mails::dedupe.like("put_aside %")).count().get_result::<i64>(conn)?)).unwrap()
    };
    let sign = async || {
        let health = admin.get("/api/v1/health").send().await.expect(200);
        health["signs"].as_array().unwrap().iter().find(|sign| sign["name"] == "put_aside").unwrap().clone()
    };
    send(0..2).await;
    run(&app, "watch", "2026-03-02".to_owned());
    assert_eq!((mails(), &sign().await["count"]), (0, &json!(0)), "not more than the limit");
    send(2..4).await;
    for second in 0..3 {
        run(&app, "watch", format!("2026-03-0{}", 2 + second));
        assert_eq!(mails(), 1, "told once");
    }
    let told = sign().await;
    assert_eq!((&told["state"], &told["count"]), (&json!("warn"), &json!(1)), "{told}");
    assert!(told["zh"].as_str().unwrap().contains("bankevent"), "{told}");
    let open = admin.get("/api/v1/quarantine").send().await.expect(200);
    for item in open["items"].as_array().unwrap() {
        let path = format!("/api/v1/quarantine/{}/dismiss", item["id"].as_str().unwrap());
        admin.post(&path, json!({"note": "已通知银行"})).send().await.expect(200);
    }
    run(&app, "watch", "2026-03-06".to_owned());
    assert_eq!(sign().await["state"], "ok");
    app.clock.set("2026-03-07T09:00:00+08:00");
    send(4..8).await;
    run(&app, "watch", "2026-03-07".to_owned());
    assert_eq!(mails(), 2, "what piles up anew is told anew");
    assert_eq!(app.broken(), Vec::<String>::new());
});
