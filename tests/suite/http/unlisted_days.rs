//! A month is not paid by paying what stands on its sheets: days that were worked and stand on none keep gates, the account and the
//! deposit from being clear.

use anxin::base::Fen;
use anxin::compliance;
use anxin::labour_cost::forecast::Why;
use anxin::labour_cost::gather;
use anxin::law::rules::arrears;
use anxin::payroll::results::Outcome;
use anxin::projects;
use serde_json::{Value, json};

use super::doubts::hurdle;
use super::matching::{later, matched};
use super::payroll::{Stage, stage, text};
use crate::both;

/// The state of wages as gates have it, who would know, and the state by the sheets alone.
fn state(stage: &Stage<'_>) -> (Option<bool>, String, Option<bool>) {
    let id = stage.project_id();
    let found = stage.app.read(|conn, ctx| compliance::owing_and_unlisted(conn, ctx, &[id], ctx.today)).unwrap();
    let by_sheets = stage.app.read(|conn, ctx| compliance::owing(conn, ctx, &[id], ctx.today)).unwrap();
    // The card, and with it every list, says the same.
    let card = stage.app.read(|conn, ctx| {
        let site = projects::site(conn, id)?;
        Ok(arrears::of(&compliance::gather(conn, ctx, &site, ctx.today)?.payroll, ctx.today))
    });
    assert_eq!(card.unwrap(), found[0].arrears);
    let state = &found[0].arrears.state;
    (state.get(), state.keeper().unwrap_or_default().to_owned(), by_sheets[0].arrears.state.get())
}

/// What the lists say of the wages, as it was last assessed, and what the totals of a day say.
async fn listed(stage: &Stage<'_>) -> (String, String) {
    let id = stage.project_id();
    let kept = stage.app.write(move |tx, ctx| {
        let site = projects::site(tx.conn(), id)?;
        compliance::actions::keep(tx, ctx, &site)?;
        Ok(compliance::table::summaries(tx.conn())?)
    });
    let summary = kept.unwrap().into_iter().find(|one| one.project == id).expect("a summary");
    let totals = stage.manager.get("/api/v1/totals").send().await.expect(200);
    (summary.arrears.as_str().to_owned(), text(&totals["projects"][0]["arrears"]))
}

pub(super) async fn pay(stage: &Stage<'_>, sheet: &Value, key: &str) {
    let run = stage.order(sheet, key).await.expect(201)["run"].clone();
    for id in &stage.payments(&run).await {
        stage.hear(id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
}

pub(super) async fn finish(stage: &Stage<'_>, sheet: &Value) -> Value {
    stage.sign_all(sheet).await;
    let sheet = stage.act(sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    stage.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200)
}

/// Nobody worked in January, and a sheet says so: with it nothing is open but what a test makes so.
pub(super) async fn quiet_january(stage: &Stage<'_>) {
    let sheet =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-01"})).send().await.expect(201)["sheet"].clone();
    let sheet = stage.act(&sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    stage.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
}

both!(days_that_come_after_the_sheet_keep_the_gates_from_being_clear, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    pay(&stage, &sheet, "days-0001").await;
    stage.work("2026-02-09", 100);
    let early = hurdle(&stage.manager, &stage.project, "not_due_yet").await.expect("a hurdle before the pay day too");
    assert_eq!((&early["count"], &early["amount"], &early["blocks"]), (&json!(2), &json!("600.00"), &json!(true)), "{early}");
    let due_on = early["on"].as_str().expect("the day on which it is due").to_owned();
    assert!(("2026-03-02".."2026-03-12").contains(&due_on.as_str()), "{early}");
    assert_eq!(hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await, None, "nobody is late");
    assert_eq!(state(&stage).0, Some(false), "the pay day is to come");
    assert_eq!(listed(&stage).await, ("clear".into(), "clear".into()));
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let (by_gates, keeper, by_sheets) = state(&stage);
    assert_eq!((by_gates, by_sheets), (None, Some(false)));
    assert_eq!(listed(&stage).await, ("unknown".into(), "unknown".into()), "no list calls it clear");
    let liability = stage.manager.get(&stage.path("liability")).send().await.expect(200);
    assert!(liability["unclear"].as_str().unwrap_or_default().contains("2026-02 有 2 人"), "{liability}");
    assert_eq!(hurdle(&stage.manager, &stage.project, "not_due_yet").await, None);
    assert!(keeper.contains("2026-02 有 2 人的工日未列入工资表") && keeper.contains("general contractor"), "{keeper}");
    let stop = hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"], &stop["blocks"]), (&json!(2), &json!("600.00"), &json!(true)), "{stop}");
    assert!(stop["which"][0].as_str().unwrap().contains("2026-02 测试工人1"), "{stop}");
    for gate in ["account-closing", "deposit-return", "completion-acceptance"] {
        let answer =
            stage.manager.post(&format!("/api/v1/gates/{gate}"), json!({"project": stage.id()})).send().await.expect(200);
        assert_ne!(answer["verdict"], "clear", "{gate}: {answer}");
    }
    // A person says why, of each with the numbers that they saw, and the authority confirms it; with other numbers it says nothing.
    let path = stage.path("matches/2026-02/decisions");
    let (authority, paper) = (app.authority(), stage.scan());
    for row in matched(&stage, "").await["items"].as_array().unwrap() {
        let (subject, basis) = (&row["subject"], &row["differences"][0]["basis"]);
        let decision = json!({"subject": subject, "kind": "paid_less", "basis": basis, "found": "explained", "note": "当日为安全培训，已现金支付，收条在案", "document_id": paper});
        stage.manager.post(&path, decision.clone()).send().await.expect(201);
        assert_eq!(state(&stage).0, None, "one side's word clears no wage");
        authority.post(&path, decision).send().await.expect(201);
    }
    assert_eq!(state(&stage).0, Some(false));
    assert_eq!(hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await, None);
    stage.work("2026-02-10", 50);
    assert_eq!(state(&stage).0, None, "another half day is another number");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_worker_without_any_line_keeps_the_gates_from_being_clear, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    quiet_january(&stage).await;
    stage.was_never_there(2);
    let sheet = stage.audited().await;
    pay(&stage, &sheet, "days-0001").await;
    let both_of_them = stage.people.clone();
    let mut stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(state(&stage).0, Some(false));
    stage.people = both_of_them[1..].to_vec();
    stage.work("2026-02-11", 100);
    let (by_gates, keeper, _) = state(&stage);
    assert_eq!(by_gates, None);
    assert!(keeper.contains("2026-02 有 1 人"), "{keeper}");
    let stop = hurdle(&stage.manager, &stage.project, "attendance_without_pay").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"]), (&json!(1), &json!("300.00")), "{stop}");
    assert_eq!(hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await, None, "told once");
});

both!(a_paid_week_is_not_a_paid_month, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let week = json!({"month": "2026-02", "period": {"cycle": "by_week", "from_on": "2026-02-01", "to_on": "2026-02-04", "agreed_in": "劳动合同第 5 条"}});
    let sheet = stage.manager.post(&stage.path("pay-sheets"), week).send().await.expect(201)["sheet"].clone();
    let id = stage.project_id();
    let by_attendance = |stage: &Stage<'_>| {
        let position = stage.app.read(|conn, ctx| {
            let site = projects::site(conn, id)?;
            gather::position(conn, ctx, &site, ctx.today)
        });
        let wages = position.unwrap().wages;
        wages.iter().filter(|one| one.why == Why::Attendance).map(|one| one.amount).collect::<Vec<Fen>>()
    };
    assert_eq!(by_attendance(&stage), [Fen(60_000)], "the week is on its sheet, the rest is still to be paid");
    let sheet = finish(&stage, &sheet).await;
    pay(&stage, &sheet, "week-0001").await;
    assert_eq!(by_attendance(&stage), [Fen(60_000)]);
    let stop = hurdle(&stage.manager, &stage.project, "not_due_yet").await.expect("a hurdle");
    assert_eq!(stop["amount"], json!("600.00"), "{stop}");
    assert_eq!(state(&stage).0, Some(false), "the month's pay day is to come");
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(state(&stage).0, None);
    // The other part of the month, and all of it is there.
    let rest =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!(text(&rest["total"]), "600.00");
    let rest = finish(&stage, &rest).await;
    pay(&stage, &rest, "week-0002").await;
    assert_eq!(state(&stage).0, Some(false), "the parts count together");
    for kind in ["days_on_no_sheet", "not_due_yet"] {
        assert_eq!(hurdle(&stage.manager, &stage.project, kind).await, None);
    }
    assert_eq!(by_attendance(&stage), Vec::<Fen>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// What the forecast has to pay beside the sheets, and what clearance names as unpaid beside them.
async fn forecast_and_clearance(stage: &Stage<'_>) -> (String, String) {
    let outlook = stage.manager.get(&stage.path("forecast")).send().await.expect(200);
    let wages = outlook["position"]["wages"].as_array().expect("wages");
    let beside: Vec<&Value> = wages.iter().filter(|one| one["why"] == "attendance").collect();
    assert!(beside.len() < 2, "one month, told once: {outlook}");
    let expected = beside.first().map_or_else(|| "0.00".to_owned(), |one| text(&one["amount"]));
    let mut named = "0.00".to_owned();
    for kind in ["not_due_yet", "days_on_no_sheet", "attendance_without_pay", "deduction_unconsented"] {
        if let Some(stop) = hurdle(&stage.manager, &stage.project, kind).await {
            assert_eq!(named, "0.00", "one hurdle tells it: {stop}");
            named = text(&stop["amount"]);
        }
    }
    (expected, named)
}

both!(what_clearance_names_as_unpaid_the_forecast_has_still_to_pay, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    pay(&stage, &sheet, "forecast-0001").await;
    assert_eq!(forecast_and_clearance(&stage).await, ("0.00".into(), "0.00".into()), "paid is paid");
    stage.work("2026-02-09", 100);
    assert_eq!(forecast_and_clearance(&stage).await, ("600.00".into(), "600.00".into()), "a day that came after the sheet");
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(forecast_and_clearance(&stage).await, ("600.00".into(), "600.00".into()), "past the pay day as well");
    let terms = json!({"day_rate": "350.00", "valid_on": "2026-02-01"});
    stage.manager.post(&stage.path(&format!("enrolments/{}/terms", stage.people[0].0)), terms).send().await.expect(200);
    let (expected, named) = forecast_and_clearance(&stage).await;
    assert_eq!(expected, named, "a raise that was recorded late");
    assert_ne!(expected, "600.00");
    // Once a person has said why and the authority has confirmed it, neither has it any more.
    let (authority, paper) = (app.authority(), stage.scan());
    for row in matched(&stage, "").await["items"].as_array().unwrap() {
        let (subject, basis) = (&row["subject"], &row["differences"][0]["basis"]);
        let decision = json!({"subject": subject, "kind": "paid_less", "basis": basis, "found": "explained", "note": "已现金支付，收条在案", "document_id": paper});
        stage.manager.post(&stage.path("matches/2026-02/decisions"), decision.clone()).send().await.expect(201);
        authority.post(&stage.path("matches/2026-02/decisions"), decision).send().await.expect(201);
    }
    assert_eq!(forecast_and_clearance(&stage).await, ("0.00".into(), "0.00".into()));
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// What the forecast has to pay of attendance that stands on no sheet.
async fn by_attendance(stage: &Stage<'_>) -> Value {
    let outlook = stage.manager.get(&stage.path("forecast")).send().await.expect(200);
    let wages = outlook["position"]["wages"].as_array().expect("wages");
    wages.iter().filter(|one| one["why"] == "attendance").map(|one| one["amount"].clone()).collect()
}

both!(a_month_on_no_sheet_is_forecast_at_the_rates_of_its_days, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    assert_eq!(by_attendance(&stage).await, json!(["1500.00"]));
    let terms = json!({"day_rate": "400.00", "valid_on": "2026-02-05"});
    stage.manager.post(&stage.path(&format!("enrolments/{}/terms", stage.people[0].0)), terms).send().await.expect(200);
    assert_eq!(by_attendance(&stage).await, json!(["1700.00"]), "three days at the old rate and two at the new one");
    // A week that stands on its sheet takes its days with their rate.
    let week = json!({"month": "2026-02", "period": {"cycle": "by_week", "from_on": "2026-02-01", "to_on": "2026-02-04", "agreed_in": "劳动合同第 5 条"}});
    stage.manager.post(&stage.path("pay-sheets"), week).send().await.expect(201);
    assert_eq!(by_attendance(&stage).await, json!(["800.00"]));
});

both!(the_match_tells_what_a_line_owes_and_what_no_line_gives_together, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    // A thousand of 1500.00 was paid outside the account, and a day came after the sheet.
    let paper = stage.scan();
    let told = json!({"payer": "contractor", "reference": "C-1", "paid_on": "2026-03-01", "document_id": paper, "items": [{"line": line, "amount": "1000.00"}]});
    let told = stage.manager.post(&stage.path("clearings"), told).key("both-0001").send().await.expect(201);
    let decision = stage.path(&format!("clearings/{}/decision", text(&told["id"])));
    app.authority().post(&decision, json!({"step": "confirmed", "note": "回单已核"})).send().await.expect(201);
    stage.work("2026-02-09", 100);
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let view = matched(&stage, "").await;
    let differs = &view["items"][0]["differences"];
    assert_eq!((&differs[0]["kind"], &differs[0]["amount"]), (&json!("paid_less"), &json!("800.00")), "{view}");
    let kind = view["kinds"].as_array().unwrap().iter().find(|one| one["kind"] == "paid_less").unwrap();
    assert_eq!(kind["amount"], json!("800.00"), "{view}");
    // The books say the same: what the line owes, and the day beside it.
    let owed = hurdle(&stage.manager, &stage.project, "unpaid_workers").await.expect("a hurdle");
    let beside = hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await.expect("a hurdle");
    assert_eq!((&owed["amount"], &beside["amount"]), (&json!("500.00"), &json!("300.00")), "{owed} {beside}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_two_sides_have_explained_is_not_opened_by_saying_it_once_more, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    pay(&stage, &sheet, "twice-0001").await;
    stage.work("2026-02-09", 100);
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let (authority, paper) = (app.authority(), stage.scan());
    let path = stage.path("matches/2026-02/decisions");
    let row = matched(&stage, "").await["items"][0].clone();
    let says = |found: &str| json!({"subject": row["subject"], "kind": "paid_less", "basis": row["differences"][0]["basis"], "found": found, "note": "已现金支付，收条在案", "document_id": paper});
    stage.manager.post(&path, says("explained")).send().await.expect(201);
    assert_eq!(state(&stage).0, None, "one side");
    authority.post(&path, says("explained")).send().await.expect(201);
    assert_eq!(state(&stage).0, Some(false), "both sides");
    authority.post(&path, says("explained")).send().await.expect(201);
    assert_eq!(state(&stage).0, Some(false), "the authority says it once more");
    stage.manager.post(&path, says("explained")).send().await.expect(201);
    assert_eq!(state(&stage).0, Some(false), "and so does the manager");
    assert_eq!(matched(&stage, "").await["items"][0]["standing"], "explained");
    // Whoever finds otherwise opens it again, and then both sides are asked anew.
    authority.post(&path, says("pursued")).send().await.expect(201);
    assert_eq!(state(&stage).0, None);
    stage.manager.post(&path, says("explained")).send().await.expect(201);
    assert_eq!(state(&stage).0, None);
    assert_eq!(app.broken(), Vec::<String>::new());
});
