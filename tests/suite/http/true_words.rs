//! Small things said truly: the cycle of a week's slip, a run with lines to be sent again, a refund that comes once more, a mismatch that is
//! one.

use anxin::payroll::results::Outcome;
use serde_json::{Value, json};

use super::doubts::{credit, debit, hurdle, open_kinds, paid, reasons, told};
use super::matching::site;
use super::payroll::{stage, text};
use crate::both;

both!(the_slip_of_a_week_says_that_it_is_of_a_week, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let week = json!({"month": "2026-02", "period": {"cycle": "by_week", "from_on": "2026-02-01", "to_on": "2026-02-04", "agreed_in": "劳动合同第 5 条"}});
    let sheet = stage.manager.post(&stage.path("pay-sheets"), week).send().await.expect(201)["sheet"].clone();
    let line = text(&stage.lines(&sheet).await[0]["line"]["id"]);
    let path = stage.path(&format!("pay-sheets/{}/lines/{line}/slip", text(&sheet["id"])));
    let slip = stage.manager.get(&path).send().await.expect(200);
    let told = text(&slip["text_zh"]);
    assert!(
        told.starts_with("工资条 2026-02-01 – 2026-02-04 ") && told.contains("工资周期: 按周 2026-02-01 – 2026-02-04"),
        "{slip}"
    );
    assert!(text(&slip["text_en"]).contains("by week"), "{slip}");
    assert_eq!(slip["slip"]["cycle"], json!("by_week"), "{slip}");
    let page = format!("/projects/{}/sheets/{}/lines/{line}", stage.project_id(), text(&sheet["id"]));
    assert!(app.browser_of(stage.manager.user).await.page(&page).await.contains("按周 2026-02-01 – 2026-02-04"));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_run_with_lines_to_be_sent_again_is_not_called_settled, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "words-0001").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    stage.hear(&ids[0], Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    stage.hear(&ids[1], Outcome::Rejected { reason: "AC04".to_owned() });
    let browser = app.browser_of(stage.manager.user).await;
    let pages = [
        format!("/projects/{}/runs/{}", stage.project_id(), text(&run["id"])),
        format!("/projects/{}/sheets/{}", stage.project_id(), text(&sheet["id"])),
    ];
    for path in &pages {
        let page = browser.page(path).await;
        assert!(page.contains("银行已答复，有行待重发") && !page.contains(">已结清<"), "{page}");
    }
    let again = stage.order(&sheet, "words-0002").await.expect(201)["run"].clone();
    stage.hear(&stage.payments(&again).await[0], Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    for path in &pages {
        let page = browser.page(path).await;
        assert!(page.contains(">已结清<") && !page.contains("有行待重发"), "{page}");
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_part_that_is_given_back_once_more_is_told_as_that_and_not_as_another_amount, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    told(client, "D2", &[credit(&ids[0], "600.00", "V2-1")]).await;
    told(client, "D3", &[credit(&ids[0], "600.00", "V2-2")]).await;
    let beyond = told(client, "D4", &[credit(&ids[0], "600.00", "V2-3")]).await;
    assert_eq!(reasons(&beyond), ["paid_again"], "{beyond}");
    assert!(beyond["problems"].to_string().contains("多退的部分（200.00 元）"), "{beyond}");
    let more = told(client, "D5", &[credit(&ids[0], "600.00", "V2-4")]).await;
    assert_eq!(reasons(&more), ["paid_again"], "the doubt says it all: {more}");
    // What is told again under another file says nothing new.
    let repeated = told(client, "D6", &[credit(&ids[0], "600.00", "V2-3")]).await;
    assert_eq!(reasons(&repeated), Vec::<&str>::new(), "{repeated}");
    assert_eq!(open_kinds(client, site).await, ["refunded_again", "refunded_again"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_payment_that_was_refused_and_debited_is_one_mismatch, |app| {
    let stage = site(&app, 4).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "words-0003").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    stage.hear(&ids[0], Outcome::Rejected { reason: "AC04".to_owned() });
    told(&stage.manager, "D1", &[debit(&ids[0], "1600.00", "V1-1")]).await;
    let stop = hurdle(&stage.manager, &stage.project, "bank_mismatch").await.expect("a hurdle");
    assert_eq!((stop["count"].as_i64(), text(&stop["amount"])), (Some(1), "1600.00".into()), "{stop}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_debit_told_twice_counts_the_second_one_alone, |app| {
    let (stage, ids) = paid(&app).await;
    told(&stage.manager, "D2", &[debit(&ids[0], "1600.00", "V2-1")]).await;
    let stop: Value = hurdle(&stage.manager, &stage.project, "bank_mismatch").await.expect("a hurdle");
    assert_eq!((stop["count"].as_i64(), text(&stop["amount"])), (Some(1), "1600.00".into()), "{stop}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
