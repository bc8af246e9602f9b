//! What lines are made of, corrections of signed ones, sheets that go back, are shown and closed, slips, and sheets by week.

use anxin::payroll::LineState;
use anxin::payroll::results::Outcome;
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use crate::both;

async fn items(stage: &Stage<'_>, sheet: &Value, line: &Value) -> Vec<Value> {
    let path = stage.path(&format!("pay-sheets/{}/lines/{}/items", text(&sheet["id"]), text(&line["id"])));
    stage.manager.get(&path).send().await.expect(200).as_array().unwrap().clone()
}

async fn version(stage: &Stage<'_>, sheet: &Value) -> i64 {
    let path = stage.path(&format!("pay-sheets/{}", text(&sheet["id"])));
    stage.manager.get(&path).send().await.expect(200)["version"].as_i64().unwrap()
}

fn item(line: &Value, kind: &str, quantity: &str, price: &str) -> Value {
    json!({"line": line["id"], "kind": kind, "label": "测试项目", "quantity": quantity, "unit_price": price})
}

both!(a_line_is_the_sum_of_its_items_to_the_fen, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    let first = items(&stage, &sheet, &line).await;
    assert_eq!((first.len(), &first[0]["row"]["kind"], &first[0]["row"]["amount"]), (1, &json!("day_wage"), &json!("1500.00")));
    let hours = stage.act(&sheet, "items", 1, Some(item(&line, "hour_wage", "3.5", "33.33"))).await.expect(201);
    assert_eq!(text(&hours["gross"]), "1616.66", "116.655 goes up to 116.66");
    let bare = stage.act(&sheet, "items", 2, Some(item(&line, "overtime", "2", "40.00"))).await.refuse(422, "invalid");
    assert_eq!(bare["errors"][0]["place"], "rate_percent");
    let mut overtime = item(&line, "overtime", "2", "40.00");
    overtime["rate_percent"] = json!(150);
    let overtime = stage.act(&sheet, "items", 2, Some(overtime)).await.expect(201);
    assert_eq!(text(&overtime["gross"]), "1736.66");
    let piece = stage.act(&sheet, "items", 3, Some(item(&line, "piece_work", "12.345", "10.00"))).await.expect(201);
    assert_eq!(text(&piece["gross"]), "1736.66", "what nobody confirmed counts for nothing");
    let piece = items(&stage, &sheet, &line).await[3]["row"]["id"].clone();
    // Nobody confirms for the crew or the worker by a note of their own.
    let scan = stage.scan();
    let say = |step: &str| json!({"step": step, "note": "班组长 测试 / 工程量单 3 号", "document_id": scan});
    let path = format!("items/{}/steps", text(&piece));
    for step in ["crew_confirmed", "worker_confirmed"] {
        let bare = json!({"step": step, "note": "班组长 测试 / 工程量单 3 号"});
        let bare = stage.act(&sheet, &path, 4, Some(bare)).await.refuse(422, "invalid");
        assert_eq!(bare["errors"][0]["place"], "document_id");
        let unknown = json!({"step": step, "note": "测试", "document_id": "doc-0000000000001"});
        stage.act(&sheet, &path, 4, Some(unknown)).await.refuse(422, "invalid");
    }
    let crew = stage.act(&sheet, &path, 4, Some(say("crew_confirmed"))).await.expect(201);
    assert_eq!(text(&crew["gross"]), "1736.66");
    stage.act(&sheet, &path, 5, Some(say("crew_confirmed"))).await.refuse(409, "conflict");
    let worker = stage.act(&sheet, &path, 5, Some(say("worker_confirmed"))).await.expect(201);
    assert_eq!(text(&worker["gross"]), "1860.11");
    let cut = stage.act(&sheet, "items", 6, Some(item(&line, "deduction", "1", "60.11"))).await.expect(201);
    assert_eq!((text(&cut["gross"]), text(&cut["net"])), ("1860.11".to_owned(), "1800.00".to_owned()));
    stage.act(&sheet, "items", 7, Some(item(&line, "deduction", "1", "9999.00"))).await.refuse(422, "invalid");
    // February has 672 hours; 5.5 stand on the line.
    let long = stage.act(&sheet, "items", 7, Some(item(&line, "hour_wage", "666.6", "1.00"))).await.refuse(422, "invalid");
    assert_eq!((&long["errors"][0]["place"], &long["errors"][0]["reason"]), (&json!("quantity"), &json!("over_limit")));
    assert_eq!(items(&stage, &sheet, &line).await.len(), 5, "a refused item leaves nothing behind");
    for wrong in
        [item(&line, "hour_wage", "-1", "1.00"), item(&line, "hour_wage", "0.0001", "1.00"), item(&line, "day_wage", "1", "1.00")]
    {
        stage.act(&sheet, "items", 7, Some(wrong)).await.refuse(422, "invalid");
    }
    // A further day worked changes the day wage and leaves the rest.
    stage.work("2026-02-07", 100);
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).header("If-Match", "7");
    assert_eq!(text(&again.send().await.expect(201)["sheet"]["total"]), "3900.00");
    let line = stage.lines(&sheet).await[0]["line"].clone();
    assert_eq!((text(&line["gross"]), text(&line["deductions"])), ("2160.11".to_owned(), "60.11".to_owned()));
    let path = format!("items/{}/steps", text(&piece));
    let gone = stage.act(&sheet, &path, 8, Some(say("withdrawn"))).await.expect(201);
    assert_eq!(text(&gone["gross"]), "2036.66");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(piece_work_needs_no_work_day, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.build().await;
    let party = stage.general_contractor();
    let crew = json!({"name": "抹灰班", "party": party, "from_on": "2025-12-01"});
    let crew = stage.manager.post(&stage.path("crews"), crew).send().await.expect(201)["id"].clone();
    let idle = json!({"items": [{
        "name": "测试计件", "id_number": crate::suite::ground::id_number(44), "crew": crew, "trade": "抹灰工", "paper": "labour_contract",
        "safety_trained": true, "card": crate::suite::ground::card(44), "bank_name": "测试银行", "day_rate": "300.00",
        "entered_on": "2026-01-05",
    }]});
    let idle = stage.manager.post(&stage.path("enrolments"), idle).send().await.expect(200);
    let who = idle["results"][0]["enrolment"]["id"].clone();
    let new = json!({"enrolment": who, "kind": "hour_wage", "label": "计时", "quantity": "8", "unit_price": "30.00"});
    let line = stage.act(&sheet, "items", 1, Some(new)).await.expect(201);
    assert_eq!((text(&line["gross"]), text(&line["state"])), ("240.00".to_owned(), "draft".to_owned()));
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).header("If-Match", "2");
    let built = again.send().await.expect(201)["sheet"].clone();
    assert_eq!((text(&built["total"]), built["line_count"].as_i64()), ("1740.00".to_owned(), Some(2)), "{built}");
    stage.sign_all(&built).await;
    let submitted = stage.act(&built, "submit", built["version"].as_i64().unwrap(), None).await.expect(200);
    let audited = stage.act(&submitted, "audit", submitted["version"].as_i64().unwrap(), None).await.expect(200);
    let ordered = stage.order(&audited, "key-0001").await.expect(201);
    assert_eq!((text(&ordered["ordered"]), &ordered["held"]), ("1740.00".to_owned(), &json!([])), "hours need no work day");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_signed_line_is_corrected_by_a_new_version_and_signed_anew, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.build().await;
    let before = stage.scan();
    stage.sign_all(&sheet).await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    stage.act(&sheet, "items", 1, Some(item(&line, "allowance", "1", "50.00"))).await.refuse(409, "conflict");
    let opened = json!({"line": line["id"], "reason": "漏记高温津贴"});
    let submitted = stage.act(&sheet, "submit", 1, None).await.expect(200);
    stage.act(&submitted, "corrections", 2, Some(opened.clone())).await.refuse(409, "conflict");
    stage.act(&submitted, "send-back", 2, Some(json!({"note": " "}))).await.refuse(422, "invalid");
    let back = stage.act(&submitted, "send-back", 2, Some(json!({"note": "漏记津贴"}))).await.expect(200);
    assert_eq!((&back["state"], &back["submitted_by"]), (&json!("draft"), &Value::Null));
    assert_eq!(stage.states(&sheet)[0].0, LineState::Signed, "going back opens no line by itself");
    let version_row = stage.act(&back, "corrections", 3, Some(opened)).await.expect(201);
    assert_eq!((version_row["version"].as_i64(), text(&version_row["net"])), (Some(2), "1500.00".to_owned()));
    stage.act(&back, "items", 4, Some(item(&line, "allowance", "1", "50.00"))).await.expect(201);
    stage.act(&back, "submit", 5, None).await.refuse(409, "conflict");
    let view = stage.lines(&sheet).await[0].clone();
    assert_eq!(view["signed_by"], Value::Null, "the earlier signature signs nothing more: {view}");
    let now = json!({"id": sheet["id"], "version": version(&stage, &sheet).await});
    let today = app.today().to_string();
    let paper = |scan, on: &str| json!({"items": [{"line": line["id"], "means": "paper", "document_id": scan, "signed_on": on}]});
    let tries = [
        (stage.scan(), "2026-03-01", Some("signed_on")),
        (before, today.as_str(), Some("document_id")),
        (stage.scan(), today.as_str(), None),
    ];
    for (scan, on, wrong) in tries {
        let answers = stage.act(&now, "signatures", 5, Some(paper(scan, on))).await.expect(201);
        assert_eq!(answers[0]["signed"], wrong.is_none(), "{wrong:?}: {answers}");
    }
    assert_eq!(stage.lines(&sheet).await[0]["signed_by"], "paper");
    let sheet = stage.act(&now, "submit", 5, None).await.expect(200);
    let sheet = stage.act(&sheet, "audit", 6, None).await.expect(200);
    assert_eq!(text(&sheet["total"]), "1550.00");
    stage.act(&sheet, "send-back", 7, Some(json!({"note": "太晚"}))).await.refuse(409, "conflict");
    let notes = stage.manager.get(&stage.path(&format!("pay-sheets/{}/notes", text(&sheet["id"])))).send().await.expect(200);
    assert_eq!((notes.as_array().unwrap().len(), &notes[0]["note"]), (1, &json!("漏记津贴")));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_sheet_is_shown_and_closes_when_nothing_is_left, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    let at = sheet["version"].as_i64().unwrap();
    let shown = stage.act(&sheet, "publish", at, Some(json!({"note": "工地公示栏 3 月 1 日至 5 日"}))).await.expect(200);
    assert_eq!(shown["state"], "published");
    stage.act(&sheet, "close", at + 1, Some(json!({"note": "已付清"}))).await.refuse(409, "conflict");
    let run = stage.order(&shown, "key-0001").await.expect(201)["run"].clone();
    let now = version(&stage, &sheet).await;
    stage.act(&sheet, "close", now, Some(json!({"note": "已付清"}))).await.refuse(409, "conflict");
    for id in stage.payments(&run).await {
        stage.hear(&id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    let now = version(&stage, &sheet).await;
    let closed = stage.act(&sheet, "close", now, Some(json!({"note": "已付清"}))).await.expect(200);
    assert_eq!(closed["state"], "closed");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_slip_has_what_the_ledger_must_have, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"].clone();
    stage.act(&sheet, "items", 1, Some(item(&line, "deduction", "1", "100.00"))).await.expect(201);
    let path = stage.path(&format!("pay-sheets/{}/lines/{}/slip", text(&sheet["id"]), text(&line["id"])));
    let slip = stage.manager.get(&path).send().await.expect(200);
    let one = &slip["slip"];
    assert_eq!(
        (text(&one["gross"]), text(&one["deductions"]), text(&one["net"])),
        ("1500.00".into(), "100.00".into(), "1400.00".into())
    );
    assert_eq!(
        (text(&one["days"]), text(&one["from_on"]), text(&one["to_on"])),
        ("5".into(), "2026-02-01".into(), "2026-02-28".into())
    );
    assert!(one["employer"].is_string(), "{one}");
    let missing: Vec<String> = one["missing"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(missing, ["contact", "voucher_or_signature"]);
    let words = text(&slip["text_zh"]);
    assert!(words.contains("实发（元） 1400.00") && words.contains("不签字不等于同意"), "{words}");
    assert!(!words.contains(&crate::suite::ground::id_number(1)), "the number is masked: {words}");
    // Each text is in its own language, the labels that are made here as well.
    assert!(words.contains("+ 工日: 5 × 300.00") && !words.contains("work days"), "{words}");
    let english = text(&slip["text_en"]);
    assert!(english.contains("+ work days: 5 × 300.00") && !english.contains("工日"), "{english}");
    stage.sign_all(&json!({"id": sheet["id"], "version": 2})).await;
    let signed = stage.manager.get(&path).send().await.expect(200);
    assert!(text(&signed["text_zh"]).contains("纸质签字") && text(&signed["text_en"]).contains("on paper"), "{signed}");
    let page = format!("/projects/{}/sheets/{}/lines/{}", stage.project_id(), text(&sheet["id"]), text(&line["id"]));
    let shown = app.browser_of(stage.manager.user).await.page(&page).await;
    assert!(shown.contains("· 工日") && !shown.contains("work days"), "{shown}");
    let given = stage.manager.post(&path, json!({"how": "纸质工资条，本人领取"})).send().await.expect(201);
    assert_eq!(given.as_array().unwrap().last().unwrap()["source"], "slip_given");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_week_is_a_part_of_its_month, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let week = |from: &str, to: &str| json!({"month": "2026-02", "period": {"cycle": "by_week", "from_on": from, "to_on": to, "agreed_in": "劳动合同第 5 条"}});
    let path = stage.path("pay-sheets");
    for wrong in [week("2026-01-28", "2026-02-03"), week("2026-02-01", "2026-02-09"), week("2026-02-04", "2026-02-03")] {
        stage.manager.post(&path, wrong).send().await.refuse(422, "invalid");
    }
    // Work lies on 2 to 6 February.
    let first = stage.manager.post(&path, week("2026-02-01", "2026-02-04")).send().await.expect(201)["sheet"].clone();
    assert_eq!(
        (first["part"].as_i64(), text(&first["total"]), text(&first["due_on"])),
        (Some(1), "900.00".into(), "2026-02-06".into())
    );
    let again = stage.manager.post(&path, json!({"month": "2026-02"})).header("If-Match", "1").send().await.expect(201);
    assert_eq!(text(&again["sheet"]["total"]), "900.00", "built again it keeps to its days");
    let now = json!({"id": first["id"], "version": 2});
    stage.sign_all(&now).await;
    stage.act(&now, "submit", 2, None).await.expect(200);
    let rest = stage.manager.post(&path, json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!((rest["part"].as_i64(), text(&rest["total"])), (Some(2), "600.00".into()));
    assert_eq!(app.broken(), Vec::<String>::new());
});
