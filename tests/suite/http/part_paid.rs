//! A line that was paid and owes again, since a dispute over it was withdrawn: the pages say so and order the rest. And what a bank
//! writes of people and cards, which nothing keeps or shows in clear.

use anxin::payroll::results::Outcome;
use anxin::payroll::table::{events_of, line};
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::doubts::{refund, told};
use super::matching::site;
use super::payroll::{stage, text};
use crate::both;
use crate::suite::ground::{card, id_number, text_of};

both!(the_rest_of_a_paid_line_is_shown_and_ordered_from_the_pages, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let change = |amount: &str| Some(json!({"line": line, "amount": amount, "reason": "数量有异议"}));
    stage.sign_all(&sheet).await;
    stage.act(&sheet, "disputes", 1, change("500.00")).await.expect(201);
    let sheet = stage.act(&sheet, "submit", 2, None).await.expect(200);
    let sheet = stage.act(&sheet, "audit", 3, None).await.expect(200);
    let run = stage.order(&sheet, "rest-0001").await.expect(201)["run"].clone();
    for id in stage.payments(&run).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let at = |rest: &str| format!("/projects/{}/{rest}", stage.id());
    let own = at(&format!("sheets/{}", text(&sheet["id"])));
    let orders = format!("action=\"{own}/order\"");
    let before = browser.page(&own).await;
    assert!(!before.contains(&orders) && text_of(&before).contains("已支付 2"), "{}", text_of(&before));
    stage.act(&sheet, "disputes", 4, change("0.00")).await.expect(201);
    let after = browser.page(&own).await;
    let shown = text_of(&after);
    assert!(shown.contains("部分已付 · 尚欠（元） 1 · 500.00") && shown.contains("已支付 1"), "{shown}");
    assert!(shown.contains("部分已付，尚欠 500.00") && after.contains(&orders), "{shown}");
    let check = browser.page(&format!("{own}/check")).await;
    assert!(check.contains(&orders), "{}", text_of(&check));
    let of_run = browser.page(&at(&format!("runs/{}", text(&run["id"])))).await;
    assert!(of_run.contains(&orders) && text_of(&of_run).contains("尚欠 500.00"), "{}", text_of(&of_run));
    let slip = browser.page(&format!("{own}/lines/{}", text(&line))).await;
    assert!(text_of(&slip).contains("部分已付，尚欠 500.00"), "{}", text_of(&slip));
    let again = stage.order(&sheet, "rest-0002").await.expect(201);
    assert_eq!(again["ordered"], "500.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_bank_s_words_keep_neither_card_nor_identity_number, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "words-0001").await.expect(201)["run"].clone();
    let payments = stage.payments(&run).await;
    let (number, account) = (id_number(1), card(1));
    let reason = format!("户名不符 卡号{account} 证件{number}");
    let id = stage.hear(&payments[0], Outcome::Rejected { reason }).unwrap();
    let project = stage.id();
    let kept = app.read(|conn, _| {
        let row = line(conn, project, id)?.unwrap();
        let attempt = anxin::payroll::pay_run::table::newest_attempt(conn, project, id)?.unwrap();
        let events = events_of(conn, project, id)?;
        Ok(format!("{:?} {:?} {events:?}", row.state_reason, attempt.reason))
    });
    let kept = kept.unwrap();
    assert!(kept.contains("户名不符") && kept.contains(&account[account.len() - 4..]), "{kept}");
    assert!(!kept.contains(&account) && !kept.contains(&number), "{kept}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refund_is_still_known_by_the_card_in_words_that_are_kept_without_it, |app| {
    let stage = site(&app, 4).await;
    let account = card(1);
    let words: &'static str = Box::leak(format!("代发失败退回 卡号{account} 证件{}", id_number(1)).into_boxed_str());
    told(&stage.manager, "W1", &[refund("12.34", words, None, None, "W-1")]).await;
    let project = stage.project_id();
    let texts = app.read(|conn, _| {
        use anxin::store::schema::bank_entries as e;
        use diesel::prelude::*;
        let found: Vec<String> =
            e::table.filter(e::project_id.eq(project)).select(e::text).load(conn).map_err(anxin::store::StoreError::from)?;
        Ok(found)
    });
    let texts = texts.unwrap();
    assert!(texts.iter().any(|text| text.contains("代发失败退回 卡号*")), "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains(&account) && !text.contains(&id_number(1))), "{texts:?}");
    let shown = stage.manager.get(&stage.path("doubts")).send().await.expect(200);
    assert!(!shown.to_string().contains(&account), "{shown}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
