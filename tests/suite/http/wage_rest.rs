//! The wage money's smaller doors: forms of deposit by region, profiles of banks, an account day by day, arrears typed from a paper,
//! papers of matters, who answers for the owner.

use std::sync::Arc;

use anxin::app::config::LoadedBook;
use anxin::base::Fen;
use anxin::law::LawBook;
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use super::payroll::{stage, text};
use crate::both;
use crate::suite::ground::{App, Client, fact, id_number, project, text_of};

async fn lodge(manager: &Client<'_>, path: &str, kind: &str, key: &str) -> crate::suite::ground::Answer {
    let ends_on = if kind == "cash" { json!(null) } else { json!("2028-01-09") };
    let body = json!({
        "kind": kind, "amount": "1000.00", "issuer": "测试保险公司", "lodged_on": "2026-01-10", "ends_on": ends_on, "document_id": null,
    });
    manager.post(&format!("{path}/deposits"), body).key(key).send().await
}

both!(a_deposit_s_form_is_admitted_by_the_text_of_the_place_or_waits_for_a_person, |app| {
    let manager = app.labour_manager();
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    for (number, region, kind, known) in [
        (1, "650000", "bond", true),
        (2, "340000", "insurance", true),
        (3, "340000", "bond", false),
        (4, "460000", "insurance", true),
        (5, "510000", "insurance", false),
    ] {
        let site = project(&manager, number, region).await;
        lodge(&manager, &site.path, kind, &format!("form-{number}-0001")).await.expect(201);
        let judged = manager.get(&format!("{}/deposit-adequacy", site.path)).send().await.expect(200);
        let needs = judged[0]["needs"].to_string();
        assert_eq!(needs.contains("regional_rule"), !known, "{region} {kind}: {judged}");
        assert_eq!(judged[0]["rules"].to_string().contains("R65-02"), known, "{region} {kind}: {judged}");
        let shown = text_of(&browser.page(&format!("/projects/{}/deposit", site.id)).await);
        assert_eq!(shown.contains("未知，人工核对"), region != "650000" && region != "460000", "{region}: {shown}");
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// A law under which Anhui says no to bonds.
fn strict(app: &App) -> App {
    let mut files = anxin::law::embedded_files();
    let anhui = files.iter_mut().find(|(name, _)| name.ends_with("regions/340000.toml")).unwrap();
    anhui.1.push_str(
        "\n[[value]]\nkey = \"deposit.form.bond\"\nvalue = false\nunit = \"truth\"\nfrom = 2022-03-01\n\
         document = \"示例规定\"\narticle = \"3\"\nstatus = \"in_force\"\n",
    );
    let book = Arc::new(LawBook::from_files(files.clone()).unwrap());
    app.again(&LoadedBook { book, files: Arc::new(files) })
}

both!(a_form_that_the_place_forbids_is_refused_with_its_rule, |app| {
    let app = strict(&app);
    let manager = app.labour_manager();
    let site = project(&manager, 1, "340000").await;
    let refused = lodge(&manager, &site.path, "bond", "forbidden-0001").await.refuse(422, "invalid");
    let said = refused.to_string();
    assert!(said.contains("R65-02") && said.contains("示例规定") && said.contains("not_admitted"), "{said}");
    lodge(&manager, &site.path, "letter_of_guarantee", "forbidden-0002").await.expect(201);
    lodge(&manager, &site.path, "cash", "forbidden-0003").await.expect(201);
});

both!(a_bank_s_profile_is_shown_value_by_value_and_chosen_for_an_account, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let accounts = stage.manager.get(&stage.path("accounts")).send().await.expect(200);
    let account = text(&accounts[0]["account"]["id"]);
    let path = format!("/projects/{}/accounts/{account}/profile", stage.id());
    let manager = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let shown = text_of(&manager.page(&path).await);
    for part in ["系统内置的谨慎口径", "无编号退款归入批次的天数", "30", "未选定，按通用口径"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // The house writes a profile; only whoever has the whole house may, and a limit out of range is refused.
    let admin = app.browser(Role::Administrator, ScopeOn::Everything).await;
    let mut fields = vec![
        ("code", "test-bank"),
        ("name", "测试银行"),
        ("credits_back_days", "7"),
        ("silence_days", "2"),
        ("lines_max", "300"),
        ("file_max", "1,000,000.00"),
        ("line_max", ""),
        ("order_version", "pain.001.001.03"),
        ("accc_pays", "yes"),
    ];
    let (_, page) = admin.submit("/house/bank-profiles", &fields).await;
    assert!(text_of(&page).contains("test-bank") && text_of(&page).contains("1,000,000.00"), "{}", text_of(&page));
    fields[2].1 = "x";
    assert_eq!(admin.post("/house/bank-profiles", &fields).await.status, 422);
    fields[2].1 = "61";
    assert_eq!(admin.post("/house/bank-profiles", &fields).await.status, 422);
    let part = app.browser(Role::Administrator, ScopeOn::Region("330784".parse().unwrap())).await;
    assert_eq!(part.get("/house/bank-profiles").await.status, 404);
    let (_, page) = manager.submit(&path, &[("profile", "test-bank")]).await;
    let shown = text_of(&page);
    assert!(shown.contains("由本账户选定") && shown.contains("pain.001.001.03") && shown.contains("版本 1"), "{shown}");
    assert_eq!(manager.post(&path, &[("profile", "no-such")]).await.status, 422);
    let owner = app.browser(Role::Owner, ScopeOn::Organisation(stage.project.owner)).await;
    let page = owner.page(&path).await;
    assert!(!page.contains("name=\"profile\""), "the owner looks and does not choose");
    assert_eq!(owner.post(&path, &[("profile", "default")]).await.status, 403);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_account_is_shown_day_by_day_against_the_bank, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let accounts = stage.manager.get(&stage.path("accounts")).send().await.expect(200);
    let account = text(&accounts[0]["account"]["id"]);
    stage.balance(11, "2026-02-25", Fen(500));
    stage.balance(12, "2026-02-26", Fen(700));
    let path = stage.path(&format!("accounts/{account}/reconciliations"));
    let days = stage.manager.get(&path).send().await.expect(200);
    let on: Vec<String> = days.as_array().unwrap().iter().map(|one| text(&one["statement_on"])).collect();
    assert!(on.windows(2).all(|pair| pair[0] > pair[1]), "the latest first, each day once: {on:?}");
    assert!(on.contains(&"2026-02-25".to_owned()) && on.contains(&"2026-02-26".to_owned()), "{on:?}");
    for one in days.as_array().unwrap() {
        let fen = |amount: &serde_json::Value| text(amount).parse::<Fen>().unwrap().0;
        let causes: i64 = one["causes"].as_array().unwrap().iter().map(|part| fen(&part["amount"])).sum();
        assert_eq!(fen(&one["difference"]), causes, "{one}");
    }
    let earlier = stage.manager.get(&format!("{path}?until=2026-02-25")).send().await.expect(200);
    assert_eq!(text(&earlier[0]["statement_on"]), "2026-02-25");
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{}/accounts/{account}", stage.id())).await;
    assert!(text_of(&page).contains("2026-02-26") && text_of(&page).contains("账户逐日对账"), "{}", text_of(&page));
    assert_eq!(browser.get(&format!("/projects/{}/accounts/{account}?until=x", stage.id())).await.status, 422);
});

both!(arrears_from_before_are_typed_from_a_paper_that_is_uploaded, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = format!("/projects/{}/opening-arrears", stage.id());
    let pdf: [crate::suite::ground::Attached<'_>; 1] = [("file", "欠条.pdf", "application/pdf", b"%PDF-1.4 invented")];
    let number = id_number(2);
    let lines = format!("测试工人1，1,200.00\n{number} 800.50\n没有此人,5.00\n测试工人3\n测试工人1,3.00");
    let fields = [("month", "2026-01"), ("due_on", "2026-02-10"), ("note", "总包签认的欠付清单"), ("lines", lines.as_str())];
    assert_eq!(browser.upload(&path, &fields, &[]).await.status, 422, "no paper, no arrears");
    let bad = [("month", "2026-01"), ("due_on", "2026-02-10"), ("note", "清单"), ("lines", "没有此人,5.00")];
    let refused = browser.upload(&path, &bad, &pdf).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("line 1"), "{}", text_of(&refused.text()));
    let taken = browser.upload(&path, &fields, &pdf).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    let shown = text_of(&taken.text());
    for part in ["已录入 2", "line 3", "line 4", "line 5", "2,000.50", "总包签认的欠付清单"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!taken.text().contains(&number), "no identity number is shown");
    let papers = stage.manager.get(&stage.path("documents")).send().await.expect(200);
    assert_eq!(papers["items"].as_array().unwrap().len(), 1, "what was refused kept no paper: {papers}");
    let subcontractor = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    assert!(!subcontractor.page(&path).await.contains("name=\"lines\""));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_matter_s_step_brings_its_paper_and_the_owner_answers_for_itself, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    stage.balance(21, "2026-03-02", Fen(100));
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = format!("/projects/{}/matters", stage.id());
    let page = browser.page(&path).await;
    let key = |page: &str| crate::suite::ground::field_value(page, "key").unwrap();
    let pdf: [crate::suite::ground::Attached<'_>; 1] = [("file", "函.pdf", "application/pdf", b"%PDF-1.4 invented")];
    let key_of_page = key(&page);
    let id = text(&sheet["id"]);
    let fields = [("key", key_of_page.as_str()), ("kind", "shortage"), ("happened_on", "2026-03-02"), ("subject", id.as_str())];
    let answer = browser.upload(&path, &fields, &pdf).await;
    let (_, after) = browser.follow(&path, &answer).await;
    assert!(after.contains(&format!("/projects/{}/documents/doc-", stage.id())), "{}", text_of(&after));
    let matters = stage.manager.get(&stage.path("matters")).send().await.expect(200);
    let matter = text(&matters["items"].as_array().or_else(|| matters.as_array()).unwrap()[0]["id"]);
    let steps = stage.path(&format!("matters/{matter}/steps"));
    let answered = json!({"step": "answered", "happened_on": "2026-03-02", "note": "三日内补足"});
    // The owner has people here: nobody else answers for it.
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner));
    let other = app.labour_manager();
    other.post(&steps, answered.clone()).key("answer-0001").send().await.refuse(422, "invalid");
    owner.post(&steps, answered).key("answer-0002").send().await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_the_law_asks_of_a_public_owner_is_shown_where_it_applies, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let path = format!("/projects/{}/money", stage.id());
    assert!(!browser.page(&path).await.contains("/law/rules/RL-02"), "nobody knows who pays");
    fact(&stage.manager, &stage.project, "2026-01-01", json!({"kind": "funding", "government": true})).await;
    let progress =
        json!({"kind": "progress_payment", "period": "2026-01", "amount": "700000.00", "finished_value": "1000000.00"});
    fact(&stage.manager, &stage.project, "2026-02-05", progress).await;
    let late = json!({"kind": "owner_money", "overdue": true, "amount": "1000000.00", "led_to_arrears": false});
    fact(&stage.manager, &stage.project, "2026-02-20", late).await;
    let page = browser.page(&path).await;
    let shown = text_of(&page);
    assert!(page.contains("/law/rules/RL-02") && page.contains("/law/rules/RL-03"), "{shown}");
    assert!(shown.contains("800,000.00") && shown.contains("低于") && shown.contains("500.00"), "{shown}");
});
