//! Exceptional registrations: what each asks for, the second person, renewal, and a fifth of a site that is in every total.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::deposit_steps::paper;
use super::payroll::{Stage, stage, text};
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

fn changed(body: &Value, fields: &[(&str, Value)]) -> Value {
    let mut body = body.clone();
    for (field, value) in fields {
        body[*field] = value.clone();
    }
    body
}

async fn decide(client: &Client<'_>, site: &TestProject, id: &Value, body: Value) -> crate::suite::ground::Answer {
    client.post(&format!("{}/exceptional-registrations/{}/decision", site.path, id.as_str().unwrap()), body).send().await
}

fn second(app: &App) -> Client<'_> {
    app.client(Role::LabourManager, ScopeOn::Everything)
}

both!(each_reason_asks_for_its_papers_and_nobody_takes_another_s_wage, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let crew = crew(&manager, &site, "木工一班").await;
    let people = vec![worker(1, &crew), changed(&worker(2, &crew), &[("card", Value::Null)])];
    let enrolled = enrol(&manager, &site, people).await;
    let who = |place: usize| enrolled["results"][place]["enrolment"]["id"].clone();
    let path = format!("{}/exceptional-registrations", site.path);
    let over_age = json!({"enrolment": who(0), "reason": "over_age", "note": "按用工单位要求登记", "pay_route": "own_card",
        "until_on": "2026-08-31"});
    let refuse = async |body: Value, place: &str| {
        let refused = manager.post(&path, body).send().await.refuse(422, "invalid");
        assert_eq!(refused["errors"][0]["place"], place, "{refused}");
        refused
    };
    let told = refuse(over_age.clone(), "official_text").await;
    assert!(
        told["errors"][0]["message"].as_str().unwrap_or_default().contains("法规库中没有年龄")
            || told.to_string().contains("法规库中没有年龄")
    );
    let scan = paper(&app, site.id);
    let words = ("official_text", json!("某省某文件某号第三条（测试原文）"));
    refuse(changed(&over_age, std::slice::from_ref(&words)), "medical_document_id").await;
    let papers = [words, ("medical_document_id", json!(scan)), ("insurance_document_id", json!(scan))];
    let whole = changed(&over_age, &papers);
    let told = refuse(changed(&whole, &[("pay_route", json!("agent"))]), "pay_route").await;
    assert!(told.to_string().contains("第十一条") || told.to_string().contains("11"), "the law is cited: {told}");
    refuse(changed(&whole, &[("pay_route", json!("代领"))]), "pay_route").await;
    refuse(changed(&whole, &[("until_on", json!("2027-04-01"))]), "until_on").await;
    refuse(changed(&whole, &[("until_on", json!("2026-03-01"))]), "until_on").await;
    refuse(changed(&whole, &[("from_on", json!("2026-01-04"))]), "from_on").await;
    let cash = json!({"enrolment": who(1), "reason": "no_bank_card", "note": "银行卡遗失，正在补办", "pay_route": "cash_in_person",
        "until_on": "2026-03-31"});
    refuse(changed(&cash, &[("pay_route", json!("card_of_other_bank"))]), "pay_route").await;
    refuse(cash.clone(), "route_reason").await;
    let cash = changed(&cash, &[("route_reason", json!("补卡期间以现金支付"))]);
    refuse(cash.clone(), "route_document_id").await;
    let cash = changed(&cash, &[("route_document_id", json!(scan))]);
    refuse(changed(&cash, &[("reason", json!("no_id_card"))]), "second_means").await;
    let waiting = manager.post(&path, cash.clone()).send().await.expect(201);
    assert_eq!(waiting["state"], "waiting");
    manager.post(&path, cash.clone()).send().await.refuse(409, "conflict");
    // One person alone does not make it hold, under no account of theirs.
    decide(&manager, &site, &waiting["id"], json!({"step": "confirmed"})).await.refuse(403, "not_allowed");
    let other = second(&app);
    decide(&other, &site, &waiting["id"], json!({"step": "withdrawn", "note": "不是我的"})).await.refuse(403, "not_allowed");
    decide(&other, &site, &waiting["id"], json!({"step": "ended", "note": "尚未确认"})).await.refuse(409, "conflict");
    decide(&other, &site, &waiting["id"], json!({"step": "refused"})).await.refuse(422, "invalid");
    let held = decide(&other, &site, &waiting["id"], json!({"step": "confirmed"})).await.expect(201);
    assert_eq!(held["state"], "in_force");
    decide(&other, &site, &waiting["id"], json!({"step": "confirmed"})).await.refuse(409, "conflict");
    // It is renewed before or after its end, and not twice at once.
    refuse(changed(&cash, &[("renews", who(1))]), "renews").await;
    app.clock.set("2026-04-02T09:00:00+08:00");
    let (manager, other) = (app.labour_manager(), second(&app));
    let share = manager.get(&format!("{path}/share")).send().await.expect(200);
    assert_eq!((&share["lapsed"], &share["registered"]), (&json!(1), &json!(0)), "{share}");
    let renewal = changed(&cash, &[("renews", held["id"].clone()), ("until_on", json!("2026-05-31"))]);
    let renewed = manager.post(&path, renewal).send().await.expect(201);
    decide(&other, &site, &renewed["id"], json!({"step": "confirmed"})).await.expect(201);
    let share = manager.get(&format!("{path}/share")).send().await.expect(200);
    assert_eq!((&share["lapsed"], &share["registered"], &share["percent"]), (&json!(0), &json!(1), &json!("50.0")), "{share}");
    decide(&other, &site, &renewed["id"], json!({"step": "ended", "note": "已补办银行卡"})).await.expect(201);
    let list = manager.get(&path).send().await.expect(200);
    assert_eq!((&list["items"][1]["state"], &list["items"][1]["renews"]), (&json!("ended"), &held["id"]));
    assert!(list["law"].as_array().unwrap().iter().any(|rule| rule["rule"] == "R724-11" && rule["words"].is_string()), "{list}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// Everybody without a card registered by one person and confirmed by another.
async fn registered(app: &App, stage: &Stage<'_>, from: usize) {
    let scan = paper(app, stage.project.id);
    for (enrolment, _) in stage.people.iter().skip(from) {
        let body = json!({"enrolment": enrolment, "reason": "no_bank_card", "note": "没有可收工资的银行卡", "until_on": "2026-06-30",
            "pay_route": "cash_in_person", "route_reason": "本人书面申请领取现金", "route_document_id": scan});
        let made = stage.manager.post(&stage.path("exceptional-registrations"), body).send().await.expect(201);
        decide(&second(app), &stage.project, &made["id"], json!({"step": "confirmed"})).await.expect(201);
    }
}

both!(a_fifth_of_a_site_by_exception_is_in_every_total_and_forecast, |app| {
    let cards: Vec<Option<u32>> = (1..=10).map(|number| (number <= 8).then_some(number)).collect();
    let stage = stage(&app, &cards).await;
    let site = stage.project.id;
    let look = async |path: &str| stage.manager.get(&stage.path(path)).send().await.expect(200);
    let wages = async || {
        let found = look("forecast").await;
        let wages = found["position"]["wages"].as_array().unwrap().clone();
        wages.iter().map(|one| text(&one["amount"])).collect::<Vec<_>>()
    };
    let before = look("exceptional-registrations/share").await;
    assert_eq!((&before["on_site"], &before["missing"], &before["percent"]), (&json!(10), &json!(2), &json!("0.0")), "{before}");
    registered(&app, &stage, 8).await;
    // The inspector sees the share without a name, on the API and on the project's page; and the list with its reasons.
    let inspector = app.client(Role::LabourAuthority, ScopeOn::Everything);
    let share = inspector.get(&stage.path("exceptional-registrations/share")).send().await.expect(200);
    assert_eq!((&share["registered"], &share["percent"], &share["missing"]), (&json!(2), &json!("20.0"), &json!(0)), "{share}");
    assert_eq!(share["by_reason"], json!({"no_bank_card": 2}));
    let browser = app.browser(Role::LabourAuthority, ScopeOn::Everything).await;
    let page = browser.page(&format!("/projects/{site}")).await;
    assert!(page.contains("20.0 %"), "the share stands on the project's page");
    let page = browser.page(&format!("/projects/{site}/workers/exceptions")).await;
    assert!(page.contains("测试工人10") && page.contains("现金交本人") && page.contains("R724-11"));
    // Forecast by attendance, sheet, forecast by sheet, match, clearance: ten people, never eight.
    assert_eq!(wages().await, ["15000.00"], "10 workers, 5 days, 300.00");
    let sheet = stage.audited().await;
    assert_eq!((&sheet["total"], &sheet["line_count"]), (&json!("15000.00"), &json!(10)));
    assert_eq!(wages().await, ["15000.00"]);
    let matched = look("matches/2026-02?limit=200").await;
    assert_eq!(matched["items"].as_array().unwrap().len(), 10, "{matched}");
    let clearance = look("clearance").await;
    let unpaid = clearance["stops"].as_array().unwrap().iter().find(|stop| stop["kind"] == "unpaid_workers").unwrap().clone();
    assert_eq!((&unpaid["count"], &unpaid["amount"]), (&json!(10), &json!("15000.00")));
    // The run pays eight to their cards; the two stay owed until their money is told with its paper, and stay in what is owed.
    let run = stage.order(&sheet, "exceptions-0001").await.expect(201)["run"].clone();
    for payment in stage.payments(&run).await {
        stage.hear(&payment, anxin::payroll::results::Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    assert_eq!(wages().await, ["3000.00"], "two are still to be paid");
    let clearance = look("clearance").await;
    let unpaid = clearance["stops"].as_array().unwrap().iter().find(|stop| stop["kind"] == "unpaid_workers").unwrap().clone();
    assert_eq!((&unpaid["count"], &unpaid["amount"]), (&json!(2), &json!("3000.00")));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_registration_is_proposed_and_confirmed_in_the_browser, |app| {
    let stage = stage(&app, &[Some(1), None]).await;
    let (site, enrolment) = (stage.project.id, stage.people[1].0);
    let one = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let fields = [
        ("reason", "short_stay"),
        ("note", "抢工三周，无卡"),
        ("pay_route", "cash_in_person"),
        ("until_on", "2026-03-20"),
        ("from_on", "2026-03-02"),
        ("route_reason", "本人申请现金"),
    ];
    let file = ("route_paper", "说明.pdf", "application/pdf", b"%PDF-1.4 invented".as_slice());
    let path = format!("/projects/{site}/workers/{enrolment}/exception");
    let answer = one.upload(&path, &fields, &[file]).await;
    assert!(answer.status == 303, "{}", answer.text());
    let page = one.page(&format!("/projects/{site}/workers/exceptions")).await;
    assert!(page.contains("待另一人确认") && page.contains("撤回"));
    let made = app.read(move |conn, _| Ok(anxin::workers::exceptions::table::of_project(conn, site)?.remove(0))).unwrap();
    let other = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let (_, page) = other.submit(&format!("/projects/{site}/workers/exceptions/{}", made.id), &[("step", "confirmed")]).await;
    assert!(page.contains("有效") && page.contains("50.0"), "{page}");
});
