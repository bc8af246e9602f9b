//! Pages of the law: from a gate's answer to the words of an article, in both languages; numbers, regions, the laboratory.

use anxin::web::{Role, ScopeOn};
use serde_json::json;

use crate::both;
use crate::suite::ground::{Browser, fact, project, text_of};

/// The first link of a page that begins so.
fn link(page: &str, begin: &str) -> String {
    let (_, rest) = page.split_once(&format!("href=\"{begin}")).unwrap_or_else(|| panic!("no link {begin}: {}", text_of(page)));
    format!("{begin}{}", rest.split('"').next().unwrap())
}

both!(from_an_answer_to_an_article_it_is_three_hops, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    fact(&client, &site, "2026-02-01", json!({"kind": "funds_commitment", "given": false})).await;
    let browser = app.browser(Role::IndustryAuthority, ScopeOn::Region("330784".parse().unwrap())).await;
    let asked = browser.post("/gates", &[("gate", "construction_permit"), ("project", "T-0001")]).await;
    let (answer, page) = browser.follow("/gates", &asked).await;
    assert!(page.contains("/law/rules/RGATE-03"), "{page}");
    let text = text_of(&page);
    for part in [
        "国家规定",
        "建设单位应当有满足施工所需要的资金安排",
        "所见 2026-03-02",
        "导致 不放行",
        "法规库",
        app.ground.book().hash(),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let rule = browser.page("/law/rules/RGATE-03").await;
    let article = browser.page(&link(&rule, "/law/articles/")).await;
    assert!(text_of(&article).contains("引用本条的规则") && article.contains("/law/rules/RGATE-03"));
    let english = browser.english();
    let text = text_of(&english.page(&answer).await);
    for part in ["Reasons and articles", "leads to blocked", "Facts used", "in force", "seen 2026-03-02"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The card leads there as well.
    let card = english.page(&format!("/projects/{}", site.id)).await;
    let rule = text_of(&english.page(&link(&card, "/law/rules/")).await);
    assert!(rule.contains("Owed by") && rule.contains("In force") && rule.contains("from 20"), "{rule}");
});

both!(rules_numbers_and_regions_are_read_in_both_languages, |app| {
    let browser = app.browser(Role::Bank, ScopeOn::Everything).await;
    let front = browser.page("/law").await;
    assert!(front.contains("aria-current=\"page\">法规") && front.contains("href=\"/law/rules/R53-06a\""), "{}", text_of(&front));
    assert!(!front.contains("/law/laboratory"), "not for this role");
    assert_eq!(browser.get("/law/laboratory").await.status, 403);
    let found = text_of(&browser.page("/law?q=%E4%B8%89%E6%96%B9%E5%8D%8F%E8%AE%AE").await);
    assert!(found.contains("R53-06a") && !found.contains("R65-20"), "{found}");
    assert!(text_of(&browser.page("/law?q=deposit.cap").await).contains("单个项目保证金上限"));
    assert!(text_of(&browser.page("/law?q=zzzz").await).contains("没有找到"));
    let nasty = browser.page("/law?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert!(!nasty.contains("<script>alert"));
    let unverified = text_of(&browser.page("/law/rules/R53-10").await);
    assert!(unverified.contains("待核实") && unverified.contains("须由人确认"), "{unverified}");
    let cap = text_of(&browser.page("/law/parameters/deposit.cap?region=650102").await);
    for part in ["5,000,000.00 元", "新疆工程建设领域农民工工资保证金管理实施细则", "由此作答", "没有规定", "现行有效"]
    {
        assert!(cap.contains(part), "{part}: {cap}");
    }
    let rate = text_of(&browser.page("/law/parameters/deposit.rate?region=310104").await);
    assert!(rate.contains("数值未录入：请依官方文本录入") && rate.contains("不作推测"), "{rate}");
    assert!(text_of(&browser.page("/law/regions/310000").await).contains("请依官方文本录入"));
    let changes = text_of(&browser.page("/law/changes").await);
    assert!(changes.contains(app.ground.book().hash()) && changes.contains("随程序启动"), "{changes}");
    let english = browser.english();
    let account = text_of(&english.page("/law/parameters/deadline.account_open").await);
    for part in ["30 days", "A region may not go above the nation", "answers"] {
        assert!(account.contains(part), "{part}: {account}");
    }
    // A rendering is called one; the official words are called so.
    let is_rendering = app.ground.book().article("mohrss-53", "6").is_some_and(|article| article.paraphrase);
    let heading = if is_rendering { "National law in other words (not the official text)" } else { "Words of national law" };
    assert!(account.contains(heading), "{account}");
    assert!(text_of(&english.page("/law/regions/310000").await).contains("enter from the official text"));
    let region = text_of(&english.page("/law/regions/350000").await);
    assert!(region.contains("ground for being looser") && region.contains("4,000,000.00 yuan"), "{region}");
    for path in [
        "/law/rules/R0-00",
        "/law/parameters/no.such",
        "/law/regions/999999",
        "/law/regions/x",
        "/law/instruments/nothing",
        "/law/articles/sc724",
    ] {
        assert_eq!(english.get(path).await.status, 404, "{path}");
    }
    for path in ["/law/parameters/deposit.cap?region=6501", "/law/rules/R53-06a?as_of=x"] {
        assert_eq!(english.get(path).await.status, 422, "{path}");
    }
});

async fn tried(browser: &Browser<'_>, fields: &[(&str, &str)]) -> String {
    let answer = browser.post("/law/laboratory", fields).await;
    assert_eq!(answer.status, 200, "{}", text_of(&answer.text()));
    answer.text()
}

both!(the_laboratory_is_a_form_with_its_result_below, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    fact(&client, &site, "2026-01-20", json!({"kind": "contract", "sum": "9990000.00", "period_months": "12"})).await;
    let browser = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    let fresh = browser.page("/law/laboratory?key=deadline.account_open&region=330784").await;
    assert!(fresh.contains("deadline.account_open = ") && fresh.contains("value=\"330784\"") && fresh.contains("2026-03-02"));
    let change = [("sets", "deadline.account_open = 10\r\n"), ("region", ""), ("from", "2026-02-01"), ("to", "2026-02-15")];
    let page = tried(&browser, &change).await;
    let text = text_of(&page);
    for part in ["结论不同", "按规则", "违反 红色", "2026-02-01", "测试项目1", "deadline.account_open"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(page.contains("/law/rules/R53-06a") && page.contains(&format!("/projects/{}", site.id)));
    let english = browser.english();
    let text = text_of(&tried(&english, &change).await);
    assert!(text.contains("Findings that differ") && text.contains("broken red"), "{text}");
    // What the loader refuses is told with file and line.
    let looser = [("sets", "deadline.account_open = 31"), ("region", "330784"), ("from", "2026-02-01"), ("to", "2026-02-15")];
    let refused = english.post("/law/laboratory", &looser).await;
    assert_eq!(refused.status, 422);
    assert!(text_of(&refused.text()).contains("looser than national law"), "{}", text_of(&refused.text()));
    for odd in ["deadline.account_open", "= 3", "x = "] {
        let fields = [("sets", odd), ("from", "2026-02-01"), ("to", "2026-02-15")];
        assert_eq!(english.post("/law/laboratory", &fields).await.status, 422, "{odd}");
    }
});
