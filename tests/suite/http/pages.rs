//! Pages as requests: sessions, what guards forms, problems for people, and what the pages of projects, gates and companies show.

use actix_web::http::Method;
use anxin::base::Fen;
use anxin::console;
use anxin::deposits::DepositEvent;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::deposit_steps::moved;
use crate::both;
use crate::suite::ground::{Browser, PASSWORD, fact, party, project, text_of};

both!(a_page_is_guarded_and_sends_strangers_to_the_log_in, |app| {
    let answer = app.ask(Method::GET, "/projects?page=2").header("Accept", "text/html").send().await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.headers.get("location").unwrap(), "/login?next=%2Fprojects%3Fpage%3D2");
    let front = app.ask(Method::GET, "/").send().await;
    assert_eq!(front.status, 200);
    let policy = front.headers.get("content-security-policy").unwrap().to_str().unwrap().to_owned();
    for must in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(must), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(front.headers.get("x-content-type-options").unwrap(), "nosniff");
    assert_eq!(front.headers.get("cache-control").unwrap(), "no-store");
    let text = front.text();
    assert!(!text.contains("<script>") && !text.contains("style=\"") && !text.contains("onclick"), "nothing inline");
    // A person who asks for what is not there reads a page, a program a problem.
    let lost = app.ask(Method::GET, "/nowhere").header("Accept", "text/html").send().await;
    assert_eq!((lost.status, lost.headers.get("content-type").unwrap().to_str().unwrap()), (404, "text/html; charset=utf-8"));
    app.get("/nowhere").send().await.refuse(404, "not_found");
});

both!(a_session_is_a_cookie_that_scripts_and_the_api_never_see, |app| {
    let login = app.person(Role::LabourManager, ScopeOn::Everything).1;
    let form = format!("login={login}&password={}&next=%2Fgates", PASSWORD.replace(' ', "+"));
    let opened = app.ask(Method::POST, "/login").body("application/x-www-form-urlencoded", form).send().await;
    assert_eq!(opened.status, 303, "{}", opened.text());
    assert_eq!(opened.headers.get("location").unwrap(), "/gates?told=logged_in&n=1");
    let cookie = opened.headers.get("set-cookie").unwrap().to_str().unwrap().to_owned();
    for must in ["anxin_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(must), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    let token = pair.trim_start_matches("anxin_session=").to_owned();
    let seen = |path: &'static str| app.ask(Method::GET, path).header("Cookie", &pair).header("Accept", "text/html");
    assert_eq!(seen("/gates").send().await.status, 200);
    // The cookie opens no API, and its token is no access token.
    app.ask(Method::GET, "/api/v1/me").header("Cookie", &pair).send().await.refuse(401, "not_authenticated");
    let bearer = format!("Bearer {token}");
    app.ask(Method::GET, "/api/v1/me").header("Authorization", &bearer).send().await.refuse(401, "not_authenticated");
    // An access token opens no page.
    let client = app.labour_manager();
    assert_eq!(client.get("/gates").send().await.status, 303);
    // Twelve hours later it is over.
    app.clock.set("2026-03-02T20:59:00+08:00");
    assert_eq!(seen("/gates").send().await.status, 200);
    app.clock.set("2026-03-02T21:01:00+08:00");
    assert_eq!(seen("/gates").send().await.status, 303);
});

both!(nobody_is_sent_elsewhere_after_logging_in, |app| {
    let login = app.person(Role::LabourManager, ScopeOn::Everything).1;
    for next in ["https%3A%2F%2Fevil.test", "%2F%2Fevil.test", "%2F%5Cevil.test"] {
        let form = format!("login={login}&password={}&next={next}", PASSWORD.replace(' ', "+"));
        let opened = app.ask(Method::POST, "/login").body("application/x-www-form-urlencoded", form).send().await;
        let leads = opened.headers.get("location").unwrap().to_str().unwrap().to_owned();
        assert!(leads.starts_with("/me?"), "{next} leads to {leads}");
        let switched = app.ask(Method::GET, &format!("/language/en?next={next}")).send().await;
        assert_eq!(switched.headers.get("location").unwrap(), "/", "{next}");
    }
});

both!(forms_come_from_this_site_and_from_this_session, |app| {
    let one = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let other = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let form = |csrf: &str| format!("csrf={csrf}&gate=new_project");
    let media = "application/x-www-form-urlencoded";
    let refused = [
        one.ask(Method::POST, "/gates").body(media, form(other.csrf())),
        one.ask(Method::POST, "/gates").body(media, form("")),
        one.ask(Method::POST, "/gates").body(media, form(one.csrf())).header("Origin", "https://evil.test"),
        one.ask(Method::POST, "/gates").body(media, form(one.csrf())).header("Origin", "null"),
        one.ask(Method::POST, "/gates").body(media, form(one.csrf())).header("Sec-Fetch-Site", "cross-site"),
        one.ask(Method::POST, "/gates").body(media, form(one.csrf())).header("Sec-Fetch-Site", "same-site"),
    ];
    for (index, ask) in refused.into_iter().enumerate() {
        assert_eq!(ask.send().await.status, 403, "form {index}");
    }
    let odd = one.ask(Method::POST, "/gates").body("text/plain", form(one.csrf())).send().await;
    assert_eq!(odd.status, 415);
    // Even the log-in is not taken from another site.
    let login =
        app.ask(Method::POST, "/login").body(media, "login=a&password=b").header("Origin", "https://evil.test").send().await;
    assert_eq!(login.status, 403);
    // With the token it is read, and the answer says what is missing in both languages.
    let read = one.post("/gates", &[("gate", "new_project")]).await;
    assert_eq!(read.status, 422, "{}", text_of(&read.text()));
    assert!(text_of(&read.text()).contains("没有任何内容被保存"));
});

both!(the_demonstration_log_in_exists_in_a_demonstration_only, |app| {
    let login = app.person(Role::Administrator, ScopeOn::Everything).1;
    let form = format!("login={login}");
    let answer = app.ask(Method::POST, "/login/demo").body("application/x-www-form-urlencoded", form).send().await;
    assert_eq!(answer.status, 404);
    assert!(answer.headers.get("set-cookie").is_none());
});

both!(a_demonstration_answers_to_this_machine_s_own_name_only, |app| {
    let login = app.person(Role::Administrator, ScopeOn::Everything).1;
    let app = app.as_demo();
    let media = "application/x-www-form-urlencoded";
    let click = |host: &str| {
        let ask = app.ask(Method::POST, "/login/demo").header("Host", host);
        ask.header("Origin", &format!("http://{host}")).body(media, format!("login={login}"))
    };
    // A foreign page that points its own name at 127.0.0.1 comes from this machine and from "its own site".
    for host in ["evil.test", "evil.test:8080", "localhost.evil.test:8080", "10.0.0.1"] {
        let answer = click(host).send().await;
        assert_eq!(answer.status, 403, "{host}: {}", answer.text());
        assert!(answer.headers.get("set-cookie").is_none(), "{host}");
    }
    let opened = click("localhost:8080").send().await;
    assert_eq!(opened.status, 303, "{}", opened.text());
    assert!(opened.headers.get("set-cookie").unwrap().to_str().unwrap().starts_with("anxin_session="));
    // From another machine, or passed on by a proxy, there is no such log-in.
    assert_eq!(click("localhost:8080").peer("10.1.2.3:50000").send().await.status, 404);
    assert_eq!(click("localhost:8080").header("X-Forwarded-For", "127.0.0.1").send().await.status, 404);
    let front = app.ask(Method::GET, "/").header("Host", "localhost:8080").send().await.text();
    assert!(front.contains("class=\"demo\""), "a demonstration says what it is");
});

/// Somebody who sees one project only.
async fn of_project<'a>(app: &'a crate::suite::ground::App, id: anxin::base::id::ProjectId) -> Browser<'a> {
    app.browser(Role::LabourAuthority, ScopeOn::Project(id)).await
}

both!(projects_stand_by_trouble_and_strangers_see_none, |app| {
    let client = app.labour_manager();
    let (calm, odd) = (project(&client, 1, "330784").await, project(&client, 2, "110101").await);
    fact(&client, &calm, "2025-12-01", json!({"kind": "contract", "sum": "1000000.00", "period_months": "12"})).await;
    app.drain();
    let browser = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    let list = browser.page("/projects").await;
    assert!(list.contains("测试项目1") && list.contains("测试项目2"));
    assert!(list.contains("北京市东城区") && list.contains("浙江省金华市永康市"));
    let found = text_of(&browser.page("/projects?q=T-0002").await);
    assert!(found.contains("测试项目2") && !found.contains("测试项目1"), "{found}");
    // A search is text, whatever it looks like.
    let nasty = browser.page("/projects?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert!(!nasty.contains("<script>alert"), "{nasty}");
    assert!(nasty.contains("&#60;script&#62;alert(1)") || nasty.contains("&lt;script&gt;alert(1)"), "{nasty}");
    let narrow = of_project(&app, odd.id).await;
    let seen = narrow.page("/projects").await;
    assert!(seen.contains("测试项目2") && !seen.contains("测试项目1"));
    for tail in ["", "/attendance", "/money", "/deposit", "/findings"] {
        assert_eq!(narrow.get(&format!("/projects/{}{tail}", odd.id)).await.status, 200, "{tail}");
        assert_eq!(narrow.get(&format!("/projects/{}{tail}", calm.id)).await.status, 404, "{tail}");
    }
    assert_eq!(
        narrow.get(&format!("/companies/{}", calm.owner)).await.status,
        404,
        "a company of projects that one does not see"
    );
    assert!(narrow.page(&format!("/companies/{}", odd.owner)).await.contains("测试建设单位2"));
    assert!(browser.page("/companies").await.contains("测试总包单位1"));
});

both!(a_gate_is_asked_and_its_answer_printed_in_both_languages, |app| {
    let client = app.labour_manager();
    let site = project(&client, 3, "330784").await;
    let browser = of_project(&app, site.id).await;
    let asked = browser.post("/gates", &[("gate", "completion_acceptance"), ("project", "T-0003 测试项目3")]).await;
    let (leads, page) = browser.follow("/gates", &asked).await;
    assert!(leads.starts_with("/gates/answers/ans-"), "{leads}");
    let text = text_of(&page);
    assert!(text.contains("竣工验收") && text.contains("未知"), "{text}");
    assert!(page.contains("测试项目3"));
    let english = browser.english();
    let text = text_of(&english.page(&leads).await);
    assert!(text.contains("completion acceptance") && text.contains("Facts used") && text.contains("not known"), "{text}");
    assert!(english.page(&format!("/gates?project={}", site.id)).await.contains(&leads));
    // The answer is kept, and only for those who may see the project.
    let stranger = app.browser(Role::LabourAuthority, ScopeOn::Region("110000".parse().unwrap())).await;
    assert_eq!(stranger.get(&leads).await.status, 404);
    assert_eq!(stranger.post("/gates", &[("gate", "completion_acceptance"), ("project", "T-0003")]).await.status, 404);
    // Applicants without a project are named by their credit codes.
    let fresh = party(&client, 77, "新申请建设单位").await;
    let _ = fresh;
    let code = crate::suite::ground::uscc(77);
    let everywhere = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    let fields = [("gate", "new_project"), ("owner", code.as_str()), ("region", "330784")];
    let (leads, page) = everywhere.follow("/gates", &everywhere.post("/gates", &fields).await).await;
    assert!(leads.starts_with("/gates/answers/"), "{leads}");
    assert!(text_of(&page).contains("新建项目"));
    let unknown =
        everywhere.post("/gates", &[("gate", "new_project"), ("owner", "91119999MA0009999X"), ("region", "330784")]).await;
    assert_eq!(unknown.status, 422);
});

both!(a_language_stays_with_its_browser, |app| {
    let front = app.ask(Method::GET, "/").header("Cookie", "anxin_language=en").send().await.text();
    assert!(front.contains("<html lang=\"en\">") && front.contains("Wages unpaid, gates closed."));
    let chinese = app.ask(Method::GET, "/").header("Cookie", "anxin_language=xx").send().await.text();
    assert!(chinese.contains("<html lang=\"zh-CN\">"));
    assert!(!chinese.contains("class=\"demo\""), "no demonstration's note");
});

both!(odd_questions_are_answered_without_a_failure, |app| {
    let client = app.labour_manager();
    let site = project(&client, 9, "330784").await;
    let browser = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    let odd = [
        "month=0000-00",
        "month=9999-12",
        "month=262142-12",
        "month=-0001-01",
        "month=",
        "before=abc",
        "before=-1",
        "before=9999999999999999999",
        "page=0",
        "page=18446744073709551615",
        "page=x",
        "q=%FF%FE",
        "q=%00",
        "q=%25",
        "after=1",
        "told=logged_in&n=99999999999999999999",
        "told=%3Cscript%3E",
        "gate=nothing",
        "project=nothing",
        "lang=xx",
        "=&&==",
    ];
    let below = ["", "/workers", "/attendance", "/sheets", "/money", "/deposit", "/documents", "/findings"];
    let mut paths: Vec<String> = below.iter().map(|tail| format!("/projects/{}{tail}", site.id)).collect();
    paths.extend(["/", "/projects", "/gates", "/companies", "/login", "/house/amendments"].map(str::to_owned));
    for path in &paths {
        for query in odd {
            let answer = browser.get(&format!("{path}?{query}")).await;
            assert!(answer.status < 500, "{path}?{query}: {} {}", answer.status, text_of(&answer.text()));
            assert!(!answer.text().contains("<script>"), "{path}?{query}");
        }
    }
    for path in ["/projects/prj-", "/projects/..%2F..", "/gates/answers/ans-zzz", "/certificates/%F0%9F%98%80", "/companies/1"] {
        let status = browser.get(path).await.status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    // No path of ours holds a NUL, and PostgreSQL takes none.
    for path in ["/projects/%00", "/certificates/%00", "/certificates/A%00A", "/companies/%00", "/%00"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    for path in ["/api/v1/certificates/%00", "/api/v1/projects/%00"] {
        assert_eq!(client.get(path).send().await.status, 404, "{path}");
    }
});

both!(a_form_that_lost_its_hidden_fields_is_told_so_in_people_s_words, |app| {
    let client = app.labour_manager();
    let site = project(&client, 4, "330784").await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = format!("/projects/{}", site.id);
    browser.submit(&format!("{path}/documents"), &[("fact", "pay_day"), ("valid_on", "2025-12-20"), ("day", "15")]).await;
    let (sheet, _) = browser.submit(&format!("{path}/sheets"), &[("month", "2026-02")]).await;
    let sheet = sheet.split('?').next().unwrap().to_owned();
    for (tail, fields) in [("/submit", &[][..]), ("/submit", &[("version", "x")]), ("/order", &[("version", "1"), ("key", "k")])]
    {
        let answer = browser.post(&format!("{sheet}{tail}"), fields).await;
        let text = text_of(&answer.text());
        assert_eq!(answer.status, 428, "{tail}: {text}");
        assert!(text.contains("重新打开该页面") && !text.contains("If-Match") && !text.contains("Idempotency"), "{tail}: {text}");
    }
    // Programs are told of the header.
    let told = client
        .post(&format!("/api/v1{}/submit", sheet.replace("/sheets/", "/pay-sheets/")), json!({}))
        .send()
        .await
        .refuse(428, "precondition_missing");
    assert!(told.to_string().contains("If-Match"), "{told}");
});

both!(papers_are_had_by_whoever_sees_the_project_and_personal_ones_are_not, |app| {
    let client = app.labour_manager();
    let site = project(&client, 5, "330784").await;
    let manager = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let papers = format!("/projects/{}/documents", site.id);
    let pdf = |name: &'static str| [("file", name, "application/pdf", b"%PDF-1.4 x".as_slice())];
    let bare = manager.upload(&papers, &[], &pdf("没有种类.pdf")).await;
    assert_eq!(bare.status, 422, "a file without a kind is not lost silently: {}", text_of(&bare.text()));
    assert!(bare.text().contains("种类"), "{}", text_of(&bare.text()));
    for (kind, name) in [("permit", "许可.pdf"), ("signed_sheet", "签字.pdf"), ("other", "其他.pdf")] {
        assert_eq!(manager.upload(&papers, &[("kind", kind)], &pdf(name)).await.status, 303, "{kind}");
    }
    let reader = app.browser(Role::GridOfficer, ScopeOn::Project(site.id)).await;
    let page = reader.page(&papers).await;
    let links: Vec<&str> = page.split("/documents/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 1, "only the permit is offered: {links:?}");
    assert_eq!(reader.get(&format!("{papers}/{}", links[0])).await.status, 200);
    let all = manager.page(&papers).await;
    for id in all.split("/documents/").skip(1).map(|rest| rest.split('"').next().unwrap()).filter(|id| id.starts_with("doc-")) {
        let wanted = if id == links[0] { 200 } else { 403 };
        assert_eq!(reader.get(&format!("{papers}/{id}")).await.status, wanted, "{id}");
        assert_eq!(manager.get(&format!("{papers}/{id}")).await.status, 200, "{id}");
    }
    // Amounts under what is known stand with their thousands apart; the entrusted payment has a form that names the subcontractor.
    fact(&client, &site, "2025-12-01", json!({"kind": "contract", "sum": "10000000.00", "period_months": "12"})).await;
    let second = party(&client, 500, "测试分包单位").await;
    let joined = [("uscc", crate::suite::ground::uscc(500)), ("role", "subcontractor".into()), ("from_on", "2026-01-05".into())];
    let joined: Vec<(&str, &str)> = joined.iter().map(|(name, value)| (*name, value.as_str())).collect();
    manager.submit(&format!("/projects/{}/parties", site.id), &joined).await;
    let second = second.to_string();
    let fields = [("fact", "entrusted_payment"), ("valid_on", "2026-02-01"), ("subcontractor", second.as_str())];
    manager.submit(&papers, &fields).await;
    let text = text_of(&manager.page(&papers).await);
    assert!(text.contains("10,000,000.00") && text.contains("分包单位: 测试分包单位"), "{text}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_company_of_the_five_hundred_and_first_place_is_on_the_list, |app| {
    let client = app.labour_manager();
    // Companies that take part in nothing the visitor sees do not push others off the page.
    app.write(|tx, ctx| {
        use diesel::RunQueryDsl;
        for number in 0..520_i64 {
            diesel::sql_query(format!(
                "INSERT INTO parties (id, uscc, name, kind, created_at, recorded_seq) VALUES ({}, 'x{number}', '旁观单位', 'enterprise', 1, 1)",
                number + 1
            ))
            .execute(tx.conn())?;
        }
        let _ = ctx;
        Ok(())
    })
    .unwrap();
    let site = project(&client, 6, "330784").await;
    let browser = of_project(&app, site.id).await;
    let page = text_of(&browser.page("/companies").await);
    assert!(page.contains("测试建设单位6") && page.contains("测试总包单位6") && !page.contains("旁观单位"), "{page}");
});

both!(a_deposit_s_end_warns_as_long_as_it_secures_something, |app| {
    // Another number of days than the one that is built in.
    let app = app.with_mail(|config| config.reminders.expiry_days = 10);
    let client = app.labour_manager();
    let site = project(&client, 10, "330784").await;
    let deposits = format!("{}/deposits", site.path);
    let lodge = |end: &str| json!({"kind": "letter_of_guarantee", "amount": "500.00", "issuer": "测试银行", "lodged_on": "2025-06-01", "ends_on": end, "document_id": null});
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = format!("/projects/{}/deposit", site.id);
    let kept = client.post(&deposits, lodge("2026-03-13")).key("deposit-1").send().await.expect(201);
    assert!(browser.page(&page).await.contains("badge good"), "eleven days are left");
    app.clock.set("2026-03-03T09:00:00+08:00");
    // A session ends after twelve hours.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    assert!(browser.page(&page).await.contains("badge warn"), "ten days are left");
    let kept = kept["deposit"]["id"].as_str().unwrap();
    assert!(moved(&app, site.id, kept, DepositEvent::Returned, "2026-03-03", Fen(50_000)));
    let text = browser.page(&page).await;
    assert!(text.contains("badge plain") && !text.contains("badge warn"), "what was given back has no end to fear");
});

both!(the_roll_is_searched_by_name_and_crew, |app| {
    use crate::suite::http::workers::{crew, enrol, worker};
    let client = app.labour_manager();
    let site = project(&client, 7, "330784").await;
    let (one, two) = (crew(&client, &site, "钢筋一班").await, crew(&client, &site, "木工二班").await);
    enrol(&client, &site, vec![worker(1, &one), worker(2, &two), worker(12, &two)]).await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let roll = format!("/projects/{}/workers", site.id);
    let count = |page: String| page.matches("/workers/rec-").count();
    assert_eq!(count(browser.page(&roll).await), 3);
    assert_eq!(count(browser.page(&format!("{roll}?name=&crew={two}")).await), 2);
    assert_eq!(count(browser.page(&format!("{roll}?name=%25")).await), 0, "a percent sign is a letter");
    assert_eq!(count(browser.page(&format!("{roll}?name=_")).await), 0);
    let name = worker(12, &two)["name"].as_str().unwrap().to_owned();
    let page = browser.page(&format!("{roll}?name={}", console::in_query(&name))).await;
    assert!(count(page.clone()) >= 1 && page.contains(&name), "{}", text_of(&page));
    assert_eq!(browser.get(&format!("{roll}?crew=nothing")).await.status, 422);
});

both!(old_sheets_follow_the_latest_ones, |app| {
    let client = app.labour_manager();
    let site = project(&client, 8, "330784").await;
    let id = site.id;
    // Seven years of sheets, as the store keeps them.
    app.write(move |tx, _| {
        use diesel::RunQueryDsl;
        let mut number = 0;
        for year in 2019..2026 {
            for month in 1..=12 {
                number += 1;
                diesel::sql_query(format!(
                    "INSERT INTO pay_sheets (project_id, id, month, part, state, due_on, total_fen, line_count, built_by, version, recorded_seq) \
                     VALUES ({}, {number}, '{year}-{month:02}-01', 1, 'closed', '{year}-{month:02}-28', 100, 1, 'x', 1, 1)",
                    id.0
                ))
                .execute(tx.conn())?;
            }
        }
        Ok(())
    })
    .unwrap();
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let sheets = format!("/projects/{id}/sheets");
    for slip in ["0001-01", "0206-02", "1999-12"] {
        let answer = browser.post(&sheets, &[("month", slip)]).await;
        assert_eq!(answer.status, 422, "{slip}: {}", text_of(&answer.text()));
    }
    let first = browser.page(&sheets).await;
    let seen = text_of(&first);
    assert!(seen.contains("2025-12") && !seen.contains("2019-01"), "the latest come first");
    let next = first.split("?before=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let second = text_of(&browser.page(&format!("{sheets}?before={next}")).await);
    assert!(second.contains("2019-01") && !second.contains("2025-12"));
    let all: usize = [&seen, &second]
        .iter()
        .map(|text| (2019..2026).map(|year| text.matches(&format!(" {year}-")).count()).sum::<usize>())
        .sum();
    assert!(all >= 84, "no month is lost between the pages: {all}");
});

both!(a_form_with_a_nul_is_refused_however_it_is_sent, |app| {
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let fields = [("uscc", "91119999MA0000007J"), ("name", "甲\0公司"), ("kind", "enterprise")];
    assert_eq!(browser.post("/companies/new", &fields).await.status, 400);
    assert_eq!(browser.upload("/companies/new", &fields, &[]).await.status, 400);
    let named = [("file", "a\u{1}b.csv", "text/csv", b"x".as_slice())];
    assert!(browser.upload("/bank", &[], &named).await.status < 500);
});
