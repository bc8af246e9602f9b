//! The same pages in a browser that runs no script.

use anxin::web::Role;

use super::driver::{Browser, PHONE, Script};
use super::site::Site;

#[test]
fn one_logs_in_and_uploads_without_script() {
    let site = Site::demo();
    super::run(async {
        let browser = Browser::open(&site.base, Script::Off).await;
        browser.width(PHONE).await;
        let login = site.login(Role::LabourManager);
        browser.log_in(login.login, &login.password).await;
        browser.says("main .notice", "已登录").await;
        browser.click(".who a[href='/me']").await;
        browser.says("main", "劳资专管员").await;

        let file = crate::suite::ground::scratch().join("对账单.csv");
        std::fs::write(&file, "账号,交易日期,金额\n1,2026-03-02,1.00\n").expect("a file");
        browser.visit("/bank").await;
        browser.attach("input[name=file]", &file).await;
        browser.click("form[action='/bank'] button").await;
        browser.says("main", "对账单.csv").await;
        browser.says("main", "原文件编号").await;
        browser.click("form[action='/logout'] button").await;
        browser.says("main .notice", "已退出").await;
    });
}
