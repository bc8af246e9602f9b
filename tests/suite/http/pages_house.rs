//! The administrator's pages as requests: users, devices, quarantine, jobs and mails, changes of law. What a form does, not only that it answers.

use actix_web::http::Method;
use anxin::base::id::UserId;
use anxin::store::jobs::{self, JobState};
use anxin::web::{Role, ScopeOn};

use crate::both;
use crate::suite::ground::{App, Browser, project, text_of};

async fn admin(app: &App) -> Browser<'_> {
    app.browser(Role::Administrator, ScopeOn::Everything).await
}

/// Logs in as a browser does; gives the status and where it leads.
async fn enter(app: &App, login: &str, password: &str) -> (u16, String) {
    let form = format!("login={login}&password={}", password.replace(' ', "+"));
    let answer = app.ask(Method::POST, "/login").body("application/x-www-form-urlencoded", form).send().await;
    let leads = answer.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status, leads.unwrap_or_default())
}

both!(a_user_is_added_given_a_role_suspended_and_ended, |app| {
    let browser = admin(&app).await;
    let fields = [("login", "chen.shouyi"), ("name", "陈守义"), ("password", "a first password 1")];
    let (leads, page) = browser.submit("/house/users", &fields).await;
    assert!(text_of(&page).contains("用户已添加") && page.contains("chen.shouyi"), "{}", text_of(&page));
    let path = leads.split('?').next().unwrap().to_owned();
    let user: UserId = path.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(browser.post("/house/users", &fields).await.status, 409, "a login is one person's");
    let short = [("login", "zhou.afu"), ("name", "周阿福"), ("password", "short")];
    assert_eq!(browser.post("/house/users", &short).await.status, 422);
    let (status, leads) = enter(&app, "chen.shouyi", "a first password 1").await;
    assert_eq!((status, leads.starts_with("/password")), (303, true), "the first password is changed first: {leads}");
    // A role, taken back again.
    let wrong = [("role", "labour_authority"), ("scope", "region"), ("value", "not a region")];
    assert_eq!(browser.post(&format!("{path}/grants"), &wrong).await.status, 422);
    let role = [("role", "labour_authority"), ("scope", "region"), ("value", "330700")];
    let (_, page) = browser.submit(&format!("{path}/grants"), &role).await;
    assert!(text_of(&page).contains("330700"), "{}", text_of(&page));
    let grants = |app: &App| app.read(move |conn, ctx| Ok(anxin::users::table::grants_of(conn, user, ctx.today)?.len())).unwrap();
    assert_eq!(grants(&app), 1);
    let grant = page.split("/grants/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    browser.submit(&format!("{path}/grants/{grant}/end"), &[]).await;
    assert_eq!(grants(&app), 0);
    // A reset ends the sessions; suspended nobody gets in; ended for good nobody comes back.
    browser.submit(&format!("{path}/password"), &[("password", "a second password 2")]).await;
    assert_ne!(enter(&app, "chen.shouyi", "a first password 1").await.0, 303);
    assert_eq!(enter(&app, "chen.shouyi", "a second password 2").await.0, 303);
    browser.submit(&format!("{path}/state"), &[("state", "suspended")]).await;
    assert_ne!(enter(&app, "chen.shouyi", "a second password 2").await.0, 303);
    browser.submit(&format!("{path}/state"), &[("state", "active")]).await;
    assert_eq!(enter(&app, "chen.shouyi", "a second password 2").await.0, 303);
    browser.submit(&format!("{path}/state"), &[("state", "ended")]).await;
    assert_eq!(browser.post(&format!("{path}/state"), &[("state", "active")]).await.status, 409);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(nobody_changes_their_own_roles_on_their_own_page, |app| {
    let (user, _) = app.person(Role::Administrator, ScopeOn::Everything);
    let browser = app.browser_of(user).await;
    let page = browser.page(&format!("/house/users/{user}")).await;
    assert!(text_of(&page).contains("不能变更自己的角色或状态") && !page.contains("/grants\""), "{}", text_of(&page));
    for (tail, fields) in [
        ("grants", &[("role", "labour_authority"), ("scope", "everything"), ("value", "")][..]),
        ("state", &[("state", "suspended")]),
    ] {
        let status = browser.post(&format!("/house/users/{user}/{tail}"), fields).await.status;
        assert!((400..500).contains(&status), "{tail}: {status}");
    }
});

both!(a_gate_is_turned_by_the_page_from_a_moment_on, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let made = crate::suite::http::attendance::bind(&client, &site, "T1", "by_state").await;
    let device = made["device"]["id"].as_str().unwrap().to_owned();
    let browser = admin(&app).await;
    let path = format!("/house/devices/{device}/settings");
    let fields = |since: &'static str| [("gate", "1号门"), ("direction", "out"), ("since", since)];
    assert_eq!(browser.post(&path, &fields("gestern")).await.status, 422);
    assert_eq!(browser.post(&path, &fields("2026-03-02T09:01")).await.status, 422, "not in the future");
    let (leads, _) = browser.submit(&path, &fields("2026-03-02T07:00")).await;
    assert!(leads.contains("device_changed"), "{leads}");
    let since = app.read(|conn, _| Ok(anxin::attendance::devices::turns::table::all(conn)?)).unwrap()[0].since;
    // Seconds of the machine's own clock: eight hours ahead.
    assert_eq!(since, "2026-03-02T07:00:00Z".parse::<anxin::base::Moment>().unwrap().unix_seconds());
});

both!(a_waiting_device_is_bound_with_what_it_sent_and_blocked, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let punch = "/iclock/cdata?SN=WAITING00001&table=ATTLOG&Stamp=9999";
    app.ask(Method::POST, punch).body("text/plain", "1001\t2026-03-02 07:58:03\t0\t15\t0\t0\t0\n").send().await;
    let browser = admin(&app).await;
    let page = browser.page("/house/devices").await;
    assert!(page.contains("WAITING00001"), "{}", text_of(&page));
    let fields = [("serial", "WAITING00001"), ("project", "T-0001 测试项目1"), ("gate", "1号门"), ("direction", "in")];
    let (leads, page) = browser.submit("/house/devices", &fields).await;
    assert!(leads.contains("device_bound"), "{leads}");
    assert!(text_of(&page).contains("测试项目1"), "{}", text_of(&page));
    let project = site.id;
    let count = |app: &App| app.read(move |conn, _| Ok(anxin::attendance::devices::table::of_project(conn, project)?)).unwrap();
    let device = count(&app)[0].clone();
    let nowhere = [("serial", "OTHER0000001"), ("project", "T-9999"), ("gate", "1号门")];
    assert_eq!(browser.post("/house/devices", &nowhere).await.status, 404);
    browser.submit(&format!("/house/devices/{}/block", device.id), &[]).await;
    assert_eq!(count(&app)[0].state.as_str(), "blocked");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// Puts items of each project into quarantine, the first project's first.
fn refused(app: &App, project: anxin::base::id::ProjectId, count: usize) {
    use anxin::base::id::{InboxId, QuarantineId};
    use anxin::store::inbox::{self, InboxState, Message, Parsed, Rejected};
    app.write(move |tx, ctx| {
        let id = InboxId(ctx.id());
        let message = Message {
            feed: "sheet",
            source: "test".into(),
            project: Some(project),
            request: "test".into(),
            content_type: None,
            content_encoding: None,
            body: b"x".to_vec(),
            remote: None,
            received_at: ctx.now,
        };
        let parsed = Parsed { state: InboxState::Quarantined, parser: "test/1", items: 1, items_digest: String::new() };
        inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed)?;
        for item in 0..count {
            let (zh, en) = ("测试条目".to_owned(), "test item".to_owned());
            let item = i32::try_from(item).unwrap() + 1;
            let rejected = Rejected { item, place: "1".into(), reason: "bad_format".into(), zh, en };
            inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), id, &rejected, ctx.now)?;
        }
        Ok(())
    })
    .unwrap();
}

both!(the_quarantine_is_paged_over_what_one_may_see_and_closed_with_a_note, |app| {
    let client = app.labour_manager();
    let (own, other) = (project(&client, 1, "330784").await, project(&client, 2, "440300").await);
    refused(&app, own.id, 60);
    // What came later to somebody else's project does not push one's own out of reach.
    refused(&app, other.id, 70);
    let browser = app.browser(Role::Administrator, ScopeOn::Region("330700".parse().unwrap())).await;
    let items = |page: &str| page.matches("<article class=\"card\">").count();
    let first = browser.page("/house/quarantine").await;
    assert_eq!(items(&first), 50);
    let next = first.split("before=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let second = browser.page(&format!("/house/quarantine?state=open&before={next}")).await;
    assert_eq!((items(&second), second.contains("before=")), (10, false), "all of one's own, and no page behind");
    let id = first.split("/house/quarantine/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let close = format!("/house/quarantine/{id}/close");
    assert_eq!(browser.post(&close, &[("note", " ")]).await.status, 422);
    browser.submit(&close, &[("note", "已请报送单位更正")]).await;
    assert_eq!(browser.post(&close, &[("note", "again")]).await.status, 409);
    assert!(text_of(&browser.page("/house/quarantine?state=dismissed").await).contains("已请报送单位更正"));
    let elsewhere = app.browser(Role::Administrator, ScopeOn::Region("110000".parse().unwrap())).await;
    assert_eq!(items(&elsewhere.page("/house/quarantine").await), 0);
    let theirs = admin(&app).await.page("/house/quarantine").await;
    let theirs = theirs.split("/house/quarantine/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    assert_eq!(browser.post(&format!("/house/quarantine/{theirs}/close"), &[("note", "x")]).await.status, 404);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_dead_letter_is_tried_again_or_dismissed_on_its_page, |app| {
    app.write(|tx, ctx| {
        use diesel::RunQueryDsl;
        for payload in ["one", "two"] {
            jobs::enqueue(tx.conn(), ctx.id(), "nonsense", payload, ctx.now)?;
        }
        diesel::sql_query("UPDATE jobs SET state = 'dead', last_error = 'kaputt' WHERE kind = 'nonsense'").execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
    let browser = admin(&app).await;
    let page = browser.page("/house/jobs").await;
    assert!(text_of(&page).contains("kaputt"), "{}", text_of(&page));
    let listed = |app: &App, state| app.read(move |conn, _| Ok(jobs::list(conn, state, 0, 10)?)).unwrap();
    let (one, two) = (listed(&app, JobState::Dead)[0].id, listed(&app, JobState::Dead)[1].id);
    browser.submit(&format!("/house/jobs/{one}/retry"), &[]).await;
    assert_eq!(listed(&app, JobState::Queued)[0].id, one);
    assert_eq!(browser.post(&format!("/house/jobs/{two}/dismiss"), &[]).await.status, 422, "a note is wanted");
    let (_, page) = browser.submit(&format!("/house/jobs/{two}/dismiss"), &[("note", "测试任务，不再需要")]).await;
    assert!(text_of(&page).contains("已了结") && !page.contains(&two.to_string()), "{}", text_of(&page));
    assert!(listed(&app, JobState::Dead).is_empty());
    let part = app.browser(Role::Administrator, ScopeOn::Region("330700".parse().unwrap())).await;
    assert!(!part.page("/house/jobs?state=queued").await.contains(&one.to_string()), "jobs are the whole house's");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_policy_is_proposed_by_one_and_approved_by_another, |app| {
    let (first, second) = (admin(&app).await, admin(&app).await);
    let page = first.page("/house/amendments/new").await;
    let seen = crate::suite::ground::field_value(&page, "seen").expect("the law that was seen");
    let fields = [("permit_gate", "yes"), ("seen", seen.as_str()), ("reason", "运营方决定"), ("document", "会议纪要一号")];
    let policy = app.ground.policy();
    let (leads, page) = first.submit("/house/amendments/new", &fields).await;
    let path = leads.split('?').next().unwrap().to_owned();
    assert!(text_of(&page).contains("待批准"), "{}", text_of(&page));
    assert!(!page.contains("/approve\""), "one's own is not offered for approval");
    assert_eq!(first.post(&format!("{path}/approve"), &[("note", "同意")]).await.status, 403);
    assert_eq!(app.ground.policy(), policy, "nothing holds yet");
    let before = app.ground.in_force().activation;
    second.submit(&format!("{path}/approve"), &[("note", "同意")]).await;
    assert!(app.ground.in_force().activation > before, "it holds at once");
    assert_eq!(second.post(&format!("{path}/reject"), &[("note", "不同意")]).await.status, 409);
    assert_eq!(app.broken(), Vec::<String>::new());
});
