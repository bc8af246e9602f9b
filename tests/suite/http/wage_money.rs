//! The wage money beside sheets and runs: what the owner owes, what the forecast says, the life of a deposit, a freeze, who settles
//! arrears, and what stands between a project and its closing.

use anxin::base::Fen;
use anxin::base::id::{LineId, ProjectId, RecordId, SheetId, WorkerId};
use anxin::payroll::table::{LineRow, SheetRow, insert_line, insert_sheet};
use anxin::payroll::{LineState, SheetState};
use anxin::store::Chain;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::deposit_steps::paper;
use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, fact, project, text_of};

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// An audited sheet of one line over 100.00, due on 10 February.
pub async fn owed(app: &App, manager: &Client<'_>, site: &TestProject) -> LineId {
    let crew = crew(manager, site, "钢筋一班").await;
    owed_in(app, manager, site, (1, &crew)).await
}

/// The same to the worker of a number in a crew.
pub async fn owed_in(app: &App, manager: &Client<'_>, site: &TestProject, (number, crew): (u32, &str)) -> LineId {
    let enrolled = enrol(manager, site, vec![worker(number, crew)]).await;
    let person = &enrolled["results"][0]["enrolment"];
    let who: (RecordId, WorkerId) = (text(&person["id"]).parse().unwrap(), text(&person["worker_id"]).parse().unwrap());
    let project: ProjectId = site.id;
    let made = app.write(move |tx, ctx| {
        let recorded_seq = tx.seq(Chain::Project(project))?;
        let (sheet_id, line_id) = (SheetId(ctx.id()), LineId(ctx.id()));
        let due_on = "2026-02-10".parse().unwrap();
        let sheet = SheetRow {
            project_id: project,
            id: sheet_id,
            month: "2026-01".parse().unwrap(),
            part: i32::try_from(number).unwrap(),
            state: SheetState::Audited,
            line_count: 1,
            total_fen: Fen(10_000),
            due_on,
            version: 1,
            built_by: "test".into(),
            submitted_by: Some("test".into()),
            audited_by: Some("test".into()),
            audited_on: Some(due_on),
            recorded_seq,
        };
        insert_sheet(tx, &sheet)?;
        let line = LineRow {
            project_id: project,
            id: line_id,
            sheet_id,
            enrolment_id: who.0,
            worker_id: who.1,
            days_hundredths: 100,
            day_rate_fen: Fen(10_000),
            gross_fen: Fen(10_000),
            deductions_fen: Fen::ZERO,
            net_fen: Fen(10_000),
            due_on,
            state: LineState::Approved,
            state_reason: None,
            disputed_fen: Fen::ZERO,
            attempt: 0,
            paid_on: None,
            paid_fen: Fen::ZERO,
            recorded_seq,
        };
        insert_line(tx, &line)?;
        tx.note(Chain::Project(project), ctx.now, ctx.actor(), "test_wages", &sheet_id.to_string())?;
        Ok(line_id)
    });
    made.unwrap()
}

pub fn path(site: &TestProject, rest: &str) -> String {
    format!("{}/{rest}", site.path)
}

both!(transfer_days_follow_from_the_contract_and_what_is_not_known_is_said, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let asked = path(&site, "labour-cost?as_of=2026-03-02");
    let empty = manager.get(&asked).send().await.expect(200);
    assert_eq!(empty["needs"], json!(["labour_cost", "started", "bank_statement"]));
    fact(&manager, &site, "2025-12-01", json!({"kind": "started"})).await;
    let monthly = json!({"kind": "labour_cost", "share": null, "monthly": "1000.00", "transfer_day": 10, "cycle_months": "1"});
    fact(&manager, &site, "2025-12-01", monthly).await;
    let split = manager.get(&asked).send().await.expect(200);
    let days: Vec<String> = split["items"].as_array().unwrap().iter().map(|item| text(&item["due_on"])).collect();
    assert_eq!(days[..4], ["2025-12-10", "2026-01-10", "2026-02-10", "2026-03-10"]);
    assert_eq!((&split["items"][0]["amount"], &split["items"][0]["short"]), (&json!("1000.00"), &Value::Null));
    assert_eq!((&split["received"], &split["short"]), (&Value::Null, &json!("0.00")), "the bank has said nothing");
    // From a share the amount follows only where progress money is on record.
    let share = json!({"kind": "labour_cost", "share": "0.3", "monthly": null, "transfer_day": 10, "cycle_months": "1"});
    fact(&manager, &site, "2025-12-01", share).await;
    let paid = json!({"kind": "progress_payment", "period": "2026-01", "amount": "10000.00", "finished_value": null});
    fact(&manager, &site, "2026-02-05", paid).await;
    let split = manager.get(&asked).send().await.expect(200);
    let of = |period: &str| split["items"].as_array().unwrap().iter().find(|item| item["period"] == period).unwrap().clone();
    assert_eq!((&of("2026-01")["amount"], &of("2026-01")["due_on"]), (&json!("3000.00"), &json!("2026-02-10")));
    assert_eq!((&of("2025-12")["amount"], &split["unknown"]), (&Value::Null, &json!(1)));
    assert!(split["needs"].as_array().unwrap().contains(&json!("progress_payment")));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_deposit_pays_the_workers_after_a_missed_order_and_never_twice, |app| {
    let (manager, authority) = (app.labour_manager(), app.authority());
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let lodged = json!({
        "kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-01-10", "ends_on": null, "document_id": null,
    });
    let deposit = manager.post(&path(&site, "deposits"), lodged).key("money-deposit").send().await.expect(201);
    let before = manager.get(&path(&site, "clearance")).send().await.expect(200);
    assert_eq!(before["may_close_account"], false);
    assert_eq!((before["unpaid"].as_array().unwrap().len(), &before["unpaid"][0]["amount"]), (1, &json!("100.00")));
    assert!(before["unpaid"][0]["name"].is_string(), "named to whoever may see names");
    let grid = app.client(Role::GridOfficer, ScopeOn::Region("330784".parse().unwrap()));
    let counted = grid.get(&path(&site, "clearance")).send().await.expect(200);
    assert_eq!((counted["unpaid"].as_array().unwrap().len(), &counted["stops"][0]["count"]), (0, &json!(1)));

    let order = json!({
        "kind": "deposit_order", "happened_on": "2026-02-20", "due_on": "2026-02-25", "amount": "100.00",
        "subject": deposit["deposit"]["id"],
    });
    let matters = path(&site, "deposit-matters");
    let matter = authority.post(&matters, order.clone()).key("order-1234").send().await.expect(201);
    let again = authority.post(&matters, order).key("order-1234").send().await.expect(201);
    assert_eq!(matter["id"], again["id"], "the same key orders once");
    let steps = format!("{matters}/{}/steps", text(&matter["id"]));
    let take = |step: Value, key: &'static str| authority.post(&steps, step).key(key).send();
    take(json!({"step": "order_missed", "happened_on": "2026-02-25"}), "step-early").await.expect(422);
    take(json!({"step": "paid_out", "happened_on": "2026-02-26"}), "step-first").await.expect(409);
    take(json!({"step": "order_missed", "happened_on": "2026-02-26"}), "step-missed").await.expect(201);
    let served = take(json!({"step": "notice_served", "happened_on": "2026-02-26"}), "step-notice").await.expect(201);
    assert_eq!((&served["tasks"][0]["by"], &served["tasks"][0]["due_on"]), (&json!("bank"), &json!("2026-03-04")));
    let shown = paper(&app, site.id);
    let pays = |amount: &str| {
        json!({
            "step": "paid_out", "happened_on": "2026-03-02", "reference": "BANK-1", "document_id": shown, "lines": [{"line": line, "amount": amount}],
        })
    };
    take(pays("100.01"), "step-more").await.expect(422);
    let paid = take(pays("100.00"), "step-paid").await.expect(201);
    assert_eq!((&paid["tasks"][0]["step"], &paid["tasks"][0]["due_on"]), (&json!("replenished"), &json!("2026-03-16")));
    let twice = json!({
        "payer": "contractor", "reference": "BANK-2", "paid_on": "2026-03-02", "document_id": shown, "items": [{"line": line, "amount": "0.01"}],
    });
    manager.post(&path(&site, "clearings"), twice).key("clear-twice").send().await.expect(422);
    let held = manager.get(&path(&site, "deposits")).send().await.expect(200);
    assert_eq!(held["held"], "900.00");
    take(json!({"step": "replenished", "happened_on": "2026-03-02"}), "step-full").await.expect(201);
    assert_eq!(manager.get(&path(&site, "deposits")).send().await.expect(200)["held"], "1000.00");
    let after = manager.get(&path(&site, "clearance")).send().await.expect(200);
    assert_eq!(after["unpaid"], json!([]));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(contractor_and_owner_settle_in_their_order_and_one_reference_clears_a_line_once, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let overdue = json!({"kind": "owner_money", "overdue": true, "amount": "60.00", "led_to_arrears": true});
    fact(&manager, &site, "2026-02-01", overdue).await;
    let found = manager.get(&path(&site, "liability")).send().await.expect(200);
    assert_eq!((&found["owner_advances"], &found["contractor_settles"]), (&json!("60.00"), &json!("40.00")));
    assert_eq!(found["rules"], json!(["R724-29b", "R724-30"]));
    let shown = paper(&app, site.id);
    let clear = |payer: &str, reference: &str, amount: &str| json!({"payer": payer, "reference": reference, "paid_on": "2026-03-01", "document_id": shown, "items": [{"line": line, "amount": amount}]});
    let (at, authority) = (path(&site, "clearings"), app.authority());
    let confirm = async |told: Value| {
        let decision = format!("{at}/{}/decision", text(&told["id"]));
        authority.post(&decision, json!({"step": "confirmed"})).send().await.expect(201)
    };
    confirm(manager.post(&at, clear("owner", "A-1", "60.00")).key("clear-one1").send().await.expect(201)).await;
    manager.post(&at, clear("owner", "A-1", "10.00")).key("clear-two2").send().await.expect(409);
    manager.post(&at, clear("contractor", "B-1", "40.01")).key("clear-thr3").send().await.expect(422);
    confirm(manager.post(&at, clear("contractor", "B-1", "40.00")).key("clear-for4").send().await.expect(201)).await;
    let found = manager.get(&path(&site, "liability")).send().await.expect(200);
    assert_eq!((&found["arrears"], found["lines"].as_array().unwrap().len()), (&json!("0.00"), 0));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_the_owner_has_advanced_uses_up_its_cap_and_more_than_that_is_told, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let line = owed(&app, &manager, &site).await;
    let overdue = |amount: &str| json!({"kind": "owner_money", "overdue": true, "amount": amount, "led_to_arrears": true});
    fact(&manager, &site, "2026-02-01", overdue("60.00")).await;
    let shown = paper(&app, site.id);
    let pays = |reference: &str, amount: &str| json!({"payer": "owner", "reference": reference, "paid_on": "2026-03-01", "document_id": shown, "items": [{"line": line, "amount": amount}]});
    let at = path(&site, "clearings");
    let told = manager.post(&at, pays("A-1", "60.00")).key("cap-one-1").send().await.expect(201);
    assert_eq!(told["warning"], Value::Null, "within the cap: {told}");
    let decision = format!("{at}/{}/decision", text(&told["id"]));
    app.authority().post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    let parts = async || {
        let found = manager.get(&path(&site, "liability")).send().await.expect(200);
        [&found["owner_overdue"], &found["owner_advanced"], &found["owner_advances"], &found["contractor_settles"]].map(text)
    };
    assert_eq!(parts().await, ["60.00", "60.00", "0.00", "40.00"], "the cap is used up");
    // It may pay more of its own will: taken, and said.
    let more = manager.post(&at, pays("A-2", "10.00")).key("cap-two-2").send().await.expect(201);
    assert!(text(&more["warning"]).contains("0.00 元") && text(&more["warning"]).contains("R724-29b"), "{more}");
    let page = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    assert!(page.page(&format!("/projects/{}/liability", site.id)).await.contains("自愿多付"));
    let taken = json!({"step": "withdrawn"});
    manager.post(&format!("{at}/{}/decision", text(&more["id"])), taken).send().await.expect(201);
    // What it is told to be overdue with on a later day takes account of what it had advanced by then.
    fact(&manager, &site, "2026-03-02", overdue("20.00")).await;
    assert_eq!(parts().await, ["20.00", "0.00", "20.00", "20.00"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_freeze_gives_the_tasks_of_the_objection, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let freeze =
        |reason: &str| json!({"kind": "account_freeze", "happened_on": "2026-03-01", "reason": reason, "note": "某法院"});
    let at = path(&site, "matters");
    manager.post(&at, freeze("no_reason")).key("freeze-bad1").send().await.expect(422);
    let matter = manager.post(&at, freeze("supplier_debt")).key("freeze-one1").send().await.expect(201);
    assert_eq!((matter["tasks"].as_array().unwrap().len(), &matter["transfer_allowed"]), (3, &json!(false)));
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let letter = format!("/projects/{}/matters/{}/letter", site.id, text(&matter["id"]));
    let letter = text_of(&browser.page(&letter).await);
    assert!(letter.contains("异议") && letter.contains("某法院") && letter.contains("R53-08b"), "{letter}");
    let own = manager.post(&at, freeze("this_project_wages")).key("freeze-own1").send().await.expect(201);
    assert_eq!((&own["tasks"], &own["transfer_allowed"]), (&json!([]), &json!(true)));
    let steps = format!("{at}/{}/steps", text(&matter["id"]));
    let told = json!({"step": "supervisor_notified", "happened_on": "2026-03-01"});
    let matter = manager.post(&steps, told.clone()).key("freeze-two2").send().await.expect(201);
    assert_eq!(matter["tasks"].as_array().unwrap().len(), 2);
    manager.post(&steps, told).key("freeze-thr3").send().await.expect(409);
    let lifted = json!({"step": "freeze_lifted", "happened_on": "2026-03-02"});
    // The manager's word alone neither objects nor ends it.
    let objects = json!({"step": "objection", "happened_on": "2026-03-01"});
    manager.post(&steps, objects).key("freeze-six6").send().await.refuse(422, "invalid");
    manager.post(&steps, lifted.clone()).key("freeze-sev7").send().await.refuse(422, "invalid");
    let bank = app.client(Role::Bank, ScopeOn::Region("330784".parse().unwrap()));
    let prompted = json!({"step": "bank_prompts_court", "happened_on": "2026-03-01"});
    bank.post(&steps, prompted.clone()).key("freeze-egt8").send().await.refuse(403, "not_allowed");
    let banks = steps.replace("/matters/", "/deposit-matters/");
    bank.post(&banks, prompted).key("freeze-nin9").send().await.expect(201);
    let lifted = json!({"step": "freeze_lifted", "happened_on": "2026-03-02", "document_id": paper(&app, site.id)});
    let matter = manager.post(&steps, lifted).key("freeze-for4").send().await.expect(201);
    assert_eq!((&matter["next"], &matter["tasks"]), (&json!([]), &json!([])));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_calendar_address_shows_what_its_person_may_see_until_it_is_revoked, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "started"})).await;
    let monthly = json!({"kind": "labour_cost", "share": null, "monthly": "1000.00", "transfer_day": 10, "cycle_months": "1"});
    fact(&manager, &site, "2025-12-01", monthly).await;
    let owner = app.browser(Role::Owner, ScopeOn::Organisation(site.owner)).await;
    let page = format!("/companies/{}/labour-cost", site.owner);
    assert!(owner.page(&page).await.contains("2026-03-10"));
    let fields = [("owner", site.owner.to_string())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let address = async || {
        let shown = owner.post("/calendar-address", &fields).await.text();
        let at = shown.find("/calendar/").unwrap_or_else(|| panic!("no address: {shown}"));
        shown[at..].split('<').next().unwrap().trim().to_owned()
    };
    let first = address().await;
    let calendar = app.get(&first).send().await;
    assert_eq!(calendar.status, 200);
    let text = calendar.text();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.contains("DTSTART;VALUE=DATE:20260310\r\n"), "{text}");
    let second = address().await;
    assert_eq!(app.get(&first).send().await.status, 404, "a renewed address leads nowhere");
    assert_eq!(app.get(&second).send().await.status, 200);
    owner.post("/calendar-address/revoke", &fields).await;
    assert_eq!(app.get(&second).send().await.status, 404);
});
