//! The same pages in a browser that runs no script.

use anxin::web::Role;

use super::driver::{Browser, PHONE, Script};
use super::site::Site;

#[test]
fn one_logs_in_without_script() {
    let site = Site::demo();
    super::run(async {
        let browser = Browser::open(&site.base, Script::Off).await;
        browser.width(PHONE).await;
        let login = site.login(Role::LabourManager);
        browser.log_in(login.login, &login.password).await;
        browser.says("main .notice", "已登录").await;
        browser.click(".who a[href='/me']").await;
        browser.says("main", "劳资专管员").await;
        browser.click("form[action='/logout'] button").await;
        browser.says("main .notice", "已退出").await;
    });
}
