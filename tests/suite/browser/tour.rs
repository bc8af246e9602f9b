//! The README's tour by mouse: what its lines do over the API, a labour manager and a clerk do here on the pages, from the first
//! company to the gate that opens. Only machines speak for themselves: the gate's punches and the bank's answers.

use std::path::{Path, PathBuf};
use std::process::Command;

use anxin::web::Role;

use super::driver::{Browser, Script};
use super::print::print;
use super::site::Site;
use crate::suite::ground;

/// Workers of the tour: name, identity number, number at the gate, card.
const WORKERS: &[(&str, &str, &str, &str)] = &[
    ("陈守义", "119999198801010016", "9001", "6219999990000000013"),
    ("周阿福", "11999919790303003X", "9002", "6219999990000000021"),
    ("吴小兰", "119999199205050016", "9003", "6219999990000000039"),
];

/// A day, a kind of fact, its fields.
type Told = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Facts in the order of the README.
const FACTS: &[Told] = &[
    ("2025-12-20", "contract", &[("sum", "9990000.00"), ("period_months", "12")]),
    ("2025-12-20", "industry", &[("industry", "building")]),
    ("2025-12-20", "funding", &[("government", "yes")]),
    ("2025-12-20", "labour_cost", &[("monthly", "60000.00"), ("transfer_day", "10"), ("cycle_months", "1")]),
    ("2025-12-20", "pay_day", &[("day", "15")]),
    ("2026-01-04", "permit", &[("number", "330784202601040101")]),
    ("2026-01-05", "started", &[]),
    ("2026-03-01", "price_audit", &[]),
];

/// A folder with what the labour manager has on the disk.
struct Desk(PathBuf);

impl Desk {
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Plays the bank for a payment file.
    fn bank_answers(&self, payment: &[u8], fail: usize) -> PathBuf {
        let order = self.file("pain.001.xml", payment);
        let run = Command::new(env!("CARGO_BIN_EXE_anxin"))
            .args(["bank", "reply"])
            .arg(order)
            .args(["--as", "camt054", "--fail", &fail.to_string()])
            .output()
            .expect("the program runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        self.file(&format!("camt.054-{fail}.xml"), &run.stdout)
    }
}

/// The contractor's own company, as the labour manager's rights name it.
async fn contractor(site: &Site) -> String {
    let token = site.token(Role::LabourManager);
    let me = site.get("/api/v1/me", &token).await.to_string();
    let id = &me[me.find("pty-").expect("an organisation")..][..17];
    let party = site.get(&format!("/api/v1/parties/{id}"), &token).await;
    party["uscc"].as_str().expect("a credit code").to_owned()
}

async fn record(browser: &Browser, project: &str, (valid_on, fact, fields): &(&str, &str, &[(&str, &str)])) {
    browser.visit(&format!("{project}/documents")).await;
    let form = format!("form:has(input[name=fact][value='{fact}'])");
    browser.click(&format!("details:has(input[name=fact][value='{fact}']) > summary")).await;
    browser.set(&format!("{form} [name=valid_on]"), valid_on).await;
    for (name, value) in *fields {
        let css = format!("{form} [name={name}]");
        match (*name, *value) {
            (_, "yes") => browser.click(&css).await,
            ("industry", _) => browser.choose(&css, value).await,
            _ => browser.fill(&css, value).await,
        }
    }
    browser.click(&format!("{form} button")).await;
    browser.find("main .notice.good").await;
}

async fn begin(browser: &Browser, site: &Site, desk: &Desk) -> String {
    browser.visit("/companies").await;
    browser.click("a[href='/companies/new']").await;
    browser.fill("[name=uscc]", "91119999MA9900001Y").await;
    browser.fill("[name=name]", "导览置业有限公司").await;
    browser.click("form[action='/companies/new'] button").await;
    browser.says("h1", "导览置业有限公司").await;

    browser.visit("/projects").await;
    browser.click("a[href='/projects/new']").await;
    for (name, value) in [("code", "TOUR-1"), ("name", "导览花园一期"), ("region", "330784"), ("owner", "91119999MA9900001Y")]
    {
        browser.fill(&format!("[name={name}]"), value).await;
    }
    browser.fill("[name=general_contractor]", &contractor(site).await).await;
    browser.set("[name=from_on]", "2025-12-20").await;
    browser.click("form[action='/projects/new'] button").await;
    browser.says("h1", "导览花园一期").await;
    let project = browser.here().await.split(['?', '#']).next().expect("a path").to_owned();
    let project = project.split('/').take(3).collect::<Vec<_>>().join("/");
    for fact in FACTS {
        record(browser, &project, fact).await;
    }

    browser.click(".tabs a[href$='/money']").await;
    let form = format!("form[action='{project}/account']");
    for (name, value) in [("number", "1208999900000001"), ("bank_name", "演示商业银行永康支行"), ("bank_code", "313338000019")]
    {
        browser.fill(&format!("{form} [name={name}]"), value).await;
    }
    browser.set(&format!("{form} [name=opened_on]"), "2025-12-28").await;
    browser.attach(&format!("{form} [name=file]"), &desk.file("三方协议.pdf", b"%PDF-1.4 agreement")).await;
    browser.click(&format!("{form} button")).await;
    browser.says("main", "1208********0001").await;

    browser.click(".tabs a[href$='/deposit']").await;
    let form = format!("form[action='{project}/deposit']");
    browser.choose(&format!("{form} [name=kind]"), "cash").await;
    browser.fill(&format!("{form} [name=amount]"), "150000.00").await;
    browser.fill(&format!("{form} [name=issuer]"), "演示商业银行永康支行").await;
    browser.set(&format!("{form} [name=lodged_on]"), "2026-01-12").await;
    browser.click(&format!("{form} button")).await;
    browser.says("main .figures", "150,000.00").await;
    project
}

/// A roster with one row that cannot be taken.
async fn enrol(browser: &Browser, site: &Site, desk: &Desk, project: &str) {
    browser.click(".tabs a[href$='/workers']").await;
    let form = format!("form[action='{project}/crews']");
    browser.fill(&format!("{form} [name=name]"), "木工一班").await;
    browser.set(&format!("{form} [name=from_on]"), "2026-01-05").await;
    browser.click(&format!("{form} button")).await;
    browser.says("#crews ul", "木工一班").await;

    let uscc = contractor(site).await;
    let mut roster =
        "统一社会信用代码,班组,姓名,证件号码,工种,工资卡号,开户行,手机号,考勤编号,日工资,进场日期,用工书面文件,安全教育\n"
            .to_owned();
    for (name, number, pin, card) in WORKERS.iter().chain(&[("钱算错", "119999198801010017", "9004", "6219999990000000047")]) {
        roster.push_str(&format!(
            "{uscc},木工一班,{name},{number},240,{card},演示商业银行,1380000{pin},{pin},320.00,2026-01-05,劳动合同,是\n"
        ));
    }
    browser.attach("input[type=file][name=file]", &desk.file("花名册.csv", roster.as_bytes())).await;
    browser.click(&format!("form[action='{project}/workers/roster'] button")).await;
    browser.says("main .unknown", "尚未登记任何人").await;
    browser.click("form[action$='/take'] button[value=good]").await;
    browser.arrives(&format!("{project}/workers/rosters/")).await;
    site.drain();
    // The page looks again by itself until the rows are taken.
    browser.says("main .warn", "改正后再次上传").await;
    let told = browser.text("main").await;
    assert!(told.contains("第 5 行") || told.contains('5'), "the bad row is named: {told}");
    browser.visit(&format!("{project}/workers")).await;
    browser.says("main .figures", "3").await;
}

async fn machines_work(browser: &Browser, site: &Site, project: &str) {
    browser.click(".tabs a[href$='/attendance']").await;
    browser.click("main a[href$='/devices']").await;
    browser.fill("[name=serial]", "TOUR000000001").await;
    browser.fill("[name=gate]", "1号门").await;
    browser.click(&format!("form[action='{project}/devices'] button")).await;
    browser.says("main table", "TOUR000000001").await;
    let mut punches = String::new();
    for day in ["05", "06", "07", "08", "09", "12", "13", "14", "15", "16"] {
        for (_, _, pin, _) in WORKERS {
            let minute = &pin[3..];
            punches
                .push_str(&format!("{pin}\t2026-01-{day} 07:5{minute}:00\t0\t15\n{pin}\t2026-01-{day} 17:3{minute}:00\t1\t15\n"));
        }
    }
    let answer = site.machine("/iclock/cdata?SN=TOUR000000001&table=ATTLOG&Stamp=9999", &punches).await;
    assert_eq!(answer.trim(), "OK: 60");
    site.drain();
    browser.click(".tabs a[href$='/attendance']").await;
    browser.visit(&format!("{project}/attendance?month=2026-01")).await;
    browser.says("svg.heat", "木工一班").await;
}

async fn upload(browser: &Browser, file: &Path) {
    browser.visit("/bank").await;
    browser.attach("input[name=file]", file).await;
    browser.click("form[action='/bank'] button").await;
    browser.says("main [role=status]", "文件已收下").await;
}

/// Sheet, signatures, audit and the first pay run; gives the sheet's path and the payment file.
async fn pay(browser: &Browser, desk: &Desk, project: &str) -> (String, Vec<u8>) {
    browser.visit(&format!("{project}/sheets")).await;
    browser.set("[name=month]", "2026-01").await;
    browser.click(&format!("form[action='{project}/sheets'] button")).await;
    browser.arrives(&format!("{project}/sheets/sht-")).await;
    let sheet = browser.here().await.split(['?', '#']).next().expect("a path").to_owned();
    browser.says("main .figures", "9,600.00").await;

    browser.click("#sign [name=everybody]").await;
    browser.choose("#sign [name=means]", "paper").await;
    browser.set("#sign [name=signed_on]", "2026-02-08").await;
    browser.attach("#sign [name=file]", &desk.file("签字扫描件.pdf", b"%PDF-1.4 scan")).await;
    browser.click("#sign > button").await;
    browser.says("main table", "纸质签字 2026-02-08").await;
    browser.click(&format!("form[action='{sheet}/submit'] button")).await;
    browser.click(&format!("form[action='{sheet}/audit'] button")).await;
    browser.click(&format!("form[action='{sheet}/order'] button")).await;
    browser.arrives(&format!("{project}/runs/run-")).await;
    browser.click("a[download]").await;
    (sheet, browser.downloaded("xml").await)
}

/// Asks for completion acceptance from the project's card; gives what the answer says.
async fn ask(browser: &Browser, project: &str) -> String {
    browser.visit(project).await;
    browser.click("a[href*='gate=completion_acceptance']").await;
    browser.click("form[action='/gates'] button").await;
    browser.arrives("/gates/answers/ans-").await;
    let told = browser.text("main").await;
    let pdf = print(browser).await;
    assert!(pdf.len() > 1000);
    told
}

#[test]
fn the_tour_by_mouse() {
    let site = Site::demo();
    let desk = Desk(ground::scratch().join("tour-by-mouse"));
    std::fs::create_dir_all(&desk.0).expect("a folder");
    super::run(async {
        let browser = Browser::open(&site.base, Script::On).await;
        browser.step_in(site.login(Role::LabourManager).login).await;
        let project = begin(&browser, &site, &desk).await;
        enrol(&browser, &site, &desk, &project).await;
        machines_work(&browser, &site, &project).await;
        let readme = include_str!("../../../README.md");
        let statement =
            readme.split("<<XML\n").nth(1).and_then(|rest| rest.split("XML\n").next()).expect("the README's statement");
        upload(&browser, &desk.file("labour-cost.xml", statement.as_bytes())).await;
        let (sheet, order) = pay(&browser, &desk, &project).await;

        let told = ask(&browser, &project).await;
        assert!(told.contains("不放行") && told.contains("地方规定"), "{told}");

        // One line fails, and the run says so.
        upload(&browser, &desk.bank_answers(&order, 1)).await;
        record(&browser, &project, &("2026-03-20", "price_audit", &[("done", "yes")])).await;
        let told = ask(&browser, &project).await;
        assert!(told.contains("不放行") && told.contains("3,200.00"), "{told}");
        browser.visit(&sheet).await;
        browser.click("a[href*='/runs/run-']").await;
        browser.says("main table", "已退回").await;

        // The failed line is paid by a second attempt.
        let first = browser.here().await;
        for file in std::fs::read_dir(browser.downloads()).expect("the folder").filter_map(Result::ok) {
            std::fs::remove_file(file.path()).expect("it goes");
        }
        browser.click("form[action$='/order'] button").await;
        browser.find("main .notice.good").await;
        assert_ne!(browser.here().await, first);
        browser.click("a[download]").await;
        upload(&browser, &desk.bank_answers(&browser.downloaded("xml").await, 0)).await;

        // Everybody leaves; nothing is owed and nothing is unknown.
        for (name, ..) in WORKERS {
            browser.visit(&format!("{project}/workers")).await;
            let link = "return [...document.querySelectorAll('table a')].find((a) => a.textContent === arguments[0]).getAttribute('href')";
            let path = browser.run(link, vec![(*name).into()]).await;
            browser.visit(path.as_str().expect("a path")).await;
            browser.set("form[action$='/leave'] [name=left_on]", "2026-01-31").await;
            browser.click("form[action$='/leave'] button").await;
            browser.find("main .notice.good").await;
        }
        site.drain();
        let told = ask(&browser, &project).await;
        assert!(told.contains("竣工验收: 放行"), "{told}");
        let complaints = browser.complaints().await;
        assert_eq!(complaints, Vec::<String>::new());
    });
}
