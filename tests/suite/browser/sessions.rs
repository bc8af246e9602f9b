//! Logging in and out in a browser, and what must not work: guessing, forms without token, forms from elsewhere, an old session.

use anxin::base::Clock;
use anxin::users;
use anxin::web::{Grant, Role, ScopeOn};
use serde_json::json;

use super::driver::{Browser, Script};
use super::site::Site;
use crate::suite::ground::{App, PASSWORD};

/// A user of an otherwise empty house.
fn person(app: &App, login: &'static str, role: Role, must_change: bool) {
    let hash = users::password::hash(PASSWORD, &[7; 16]).expect("a hash");
    let added = app.write(move |tx, ctx| {
        let user = users::actions::add_user(tx, ctx, login, "王小明", &hash, must_change)?;
        users::actions::grant(tx, ctx, user.id, Grant { role, on: ScopeOn::Everything }, None)
    });
    added.expect("a user");
}

fn house() -> (App, Site) {
    let app = App::on_sqlite();
    let site = Site::over(app.ground.clone());
    (app, site)
}

async fn is_logged_in(browser: &Browser) -> bool {
    browser.visit("/me").await;
    browser.here().await == "/me"
}

#[test]
fn logging_in_leads_to_where_one_was_going_and_out_again() {
    let (app, site) = house();
    person(&app, "wang", Role::LabourManager, false);
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.visit("/password").await;
        assert_eq!(browser.here().await, "/login?next=%2Fpassword");
        browser.fill("input[name=login]", "wang").await;
        browser.fill("input[name=password]", PASSWORD).await;
        browser.click("form[action='/login'] button").await;
        browser.arrives("/password").await;
        browser.says(".who", "王小明").await;
        let seen = browser.run("return document.cookie", vec![]).await;
        assert_eq!(seen, "", "script sees no cookie");
        let cookie = browser.client.get_named_cookie("anxin_session").await.expect("a session");
        assert_eq!((cookie.http_only(), cookie.path()), (Some(true), Some("/")));
        assert_eq!(cookie.same_site().map(|rule| rule.to_string()).as_deref(), Some("Lax"));

        browser.click("form[action='/logout'] button").await;
        browser.says("main .notice", "已退出").await;
        assert!(!is_logged_in(&browser).await);
        // The cookie that was taken back opens nothing when somebody kept it.
        browser.client.add_cookie(cookie).await.expect("a cookie");
        assert!(!is_logged_in(&browser).await, "a session that was ended");
        assert_eq!(browser.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn the_language_is_switched_where_one_stands_and_stays() {
    let (app, site) = house();
    person(&app, "wang", Role::LabourManager, false);
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.log_in("wang", PASSWORD).await;
        browser.says(".who", "王小明").await;
        browser.visit("/password").await;
        browser.click(".who a[href^='/language/en']").await;
        browser.says("h1", "Change password").await;
        assert_eq!(browser.here().await, "/password");
        browser.click(".who a[href='/me']").await;
        browser.says("main", "My roles").await;
        browser.click(".who a[href^='/language/zh']").await;
        browser.says("main", "我的角色").await;
    });
}

#[test]
fn a_first_password_must_be_changed_before_anything_else() {
    let (app, site) = house();
    person(&app, "wang", Role::Administrator, true);
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.log_in("wang", PASSWORD).await;
        browser.arrives("/password").await;
        browser.says("main .warn", "初始密码").await;
        let try_change = async |old: &str, new: &str, again: &str| {
            browser.visit("/password").await;
            browser.fill("input[name=old]", old).await;
            browser.fill("input[name=new]", new).await;
            browser.fill("input[name=again]", again).await;
            browser.click("form[action='/password'] button").await;
        };
        try_change(PASSWORD, "another password 2", "another password 3").await;
        browser.says("main .bad", "不一致").await;
        try_change("not the password", "another password 2", "another password 2").await;
        browser.find("main .bad[role=alert]").await;
        try_change(PASSWORD, "another password 2", "another password 2").await;
        browser.arrives("/login").await;
        browser.says("main .notice", "密码已修改").await;
        assert!(!is_logged_in(&browser).await, "the change ends every session");
        browser.log_in("wang", PASSWORD).await;
        browser.find("main .bad[role=alert]").await;
        browser.log_in("wang", "another password 2").await;
        browser.says(".who", "王小明").await;
        assert!(is_logged_in(&browser).await);
    });
}

#[test]
fn who_guesses_is_locked_out_for_a_while() {
    let (app, site) = house();
    person(&app, "wang", Role::LabourManager, false);
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        for _ in 0..5 {
            browser.log_in("wang", "a wrong password").await;
            browser.find("main .bad[role=alert]").await;
        }
        browser.log_in("wang", PASSWORD).await;
        let told = browser.text("main .bad[role=alert]").await;
        assert!(!is_logged_in(&browser).await, "{told}");
        let later = anxin::base::Moment(app.clock.now().0 + 16 * 60 * 1_000_000);
        app.clock.set(&later.to_string());
        browser.log_in("wang", PASSWORD).await;
        browser.says(".who", "王小明").await;
        assert!(is_logged_in(&browser).await);
    });
}

#[test]
fn logging_out_everywhere_ends_the_other_browser_too() {
    let (app, site) = house();
    person(&app, "wang", Role::LabourManager, false);
    super::run(async {
        let (one, other) = (Browser::open(&site.base, Script::On).await, Browser::open(&site.base, Script::On).await);
        for browser in [&one, &other] {
            browser.log_in("wang", PASSWORD).await;
            browser.says(".who", "王小明").await;
        }
        one.visit("/me").await;
        one.click("form[action='/logout/everywhere'] button").await;
        one.says("main .notice", "所有设备").await;
        assert!(!is_logged_in(&one).await);
        assert!(!is_logged_in(&other).await);
    });
}

#[test]
fn a_form_without_its_token_or_from_elsewhere_changes_nothing() {
    let (app, site) = house();
    let (_other_app, elsewhere) = house();
    person(&app, "wang", Role::LabourManager, false);
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.log_in("wang", PASSWORD).await;
        browser.says(".who", "王小明").await;

        for spoil in ["field.remove()", "field.value = ''", "field.value = field.value.slice(1) + 'x'"] {
            browser.visit("/me").await;
            let script =
                format!("const field = document.querySelector(\"form[action='/logout/everywhere'] [name=csrf]\"); {spoil};");
            browser.run(&script, vec![]).await;
            browser.click("form[action='/logout/everywhere'] button").await;
            browser.says("main .bad[role=alert]", "页面已过期").await;
            assert!(is_logged_in(&browser).await, "{spoil}");
        }

        // A page of another server on this machine: to the browser the same site, so the cookie goes along; not the same origin.
        browser.visit("/me").await;
        let token = browser.find("form[action='/logout/everywhere'] [name=csrf]").await.attr("value").await.expect("a value");
        browser.client.goto(&format!("{}/healthz", elsewhere.base)).await.expect("the other server");
        let forge = "const form = document.createElement('form'); form.method = 'post'; form.action = arguments[0]; \
                     const field = document.createElement('input'); field.name = 'csrf'; field.value = arguments[1]; \
                     form.append(field); document.body.append(form); form.submit();";
        browser.run(forge, vec![json!(format!("{}/logout/everywhere", site.base)), json!(token)]).await;
        browser.says("main .bad[role=alert]", "本站页面").await;
        assert!(is_logged_in(&browser).await);

        // Nor may another server show a page of this one in a frame.
        browser.client.goto(&format!("{}/healthz", elsewhere.base)).await.expect("the other server");
        let frame = "const [address, done] = arguments; const frame = document.createElement('iframe'); \
                     frame.onload = () => { let shows = 'closed'; try { shows = frame.contentDocument ? 'open' : 'closed'; } catch {} done(shows); }; \
                     frame.src = address; document.body.append(frame);";
        browser.client.execute_async(frame, vec![json!(format!("{}/me", site.base))]).await.expect("an answer");
        let complaints = browser.complaints().await;
        assert!(complaints.iter().any(|told| told.contains("frame-ancestors")), "{complaints:?}");
    });
}
