//! A bank that has fallen silent: what it has not told is not known, and nobody is blamed for it. A break between two statements is told.

use serde_json::{Value, json};

use super::accounts::open;
use super::settlement::{NUMBER, Ntry, camt, from_owner, hand_in};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, fact, project};

async fn card(client: &Client<'_>, site: &TestProject, as_of: &str, rule: &str) -> (String, Value) {
    let card = client.get(&format!("{}/card?as_of={as_of}", site.path)).send().await.expect(200);
    let found = card["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule);
    let found = found.unwrap_or_else(|| panic!("no {rule}: {card}"));
    (found["state"].as_str().unwrap().to_owned(), found["keeper"].clone())
}

/// Labour cost of 1000.00 due on the tenth of each month, of which the bank has told.
fn paid(on: &'static str, amount: &'static str, owner: &str) -> Ntry {
    Ntry { details: from_owner(owner), text: "人工费用拨付", reference: Some("L1"), ..Ntry::credit(amount, on) }
}

async fn stage(client: &Client<'_>, app: &App) -> (TestProject, String) {
    let site = project(client, 1, "330784").await;
    fact(client, &site, "2025-12-01", json!({"kind": "contract", "sum": "9990000.00", "period_months": "12"})).await;
    fact(client, &site, "2025-12-01", json!({"kind": "started"})).await;
    let monthly = json!({"kind": "labour_cost", "share": null, "monthly": "1000.00", "transfer_day": 10, "cycle_months": "1"});
    fact(client, &site, "2025-12-01", monthly).await;
    let account = open(client, &site, NUMBER).await;
    app.clock.set("2026-06-15T09:00:00+08:00");
    (site, account)
}

fn silences(app: &App, site: &TestProject) -> Vec<String> {
    told_of(app, site, "statement_chain")
}

/// What the keeper is told of and still stands, of one source.
pub(super) fn told_of(app: &App, site: &TestProject, source: &'static str) -> Vec<String> {
    use anxin::alerts::{NoticeKind, NoticeState, table};
    let id = site.id;
    let rows = app.read(move |conn, _| Ok(table::of_project(conn, id)?)).unwrap();
    let mut subjects: Vec<String> = rows
        .into_iter()
        .filter(|row| row.kind == NoticeKind::Silence && row.state != NoticeState::Cured)
        .map(|row| row.subject)
        .filter(|subject| subject.starts_with(source))
        .collect();
    subjects.dedup();
    subjects
}

both!(money_that_a_silent_bank_has_not_told_of_is_not_known_to_be_missing, |app| {
    let manager = app.labour_manager();
    let (site, _) = stage(&manager, &app).await;
    let owner = "测试建设单位1";
    // The bank has told of the days up to 12 February: 3000.00 of what was due by then came.
    let told = camt(53, "S1", 1, Some(("0.00", "3000.00")), &[paid("2026-02-12", "3000.00", owner)]);
    hand_in(&manager, &told).await.expect(200);
    let bank = json!("开户银行 / bank");
    assert_eq!(card(&manager, &site, "2026-03-01", "R724-29a").await.0, "kept");
    for (as_of, rule) in
        [("2026-03-11", "R724-29a"), ("2026-06-15", "R724-29a"), ("2026-06-15", "RW-07"), ("2026-06-15", "R53-08a")]
    {
        assert_eq!(card(&manager, &site, as_of, rule).await, ("not_known".to_owned(), bank.clone()), "{rule} {as_of}");
    }
    let split = manager.get(&format!("{}/labour-cost?as_of=2026-06-15", site.path)).send().await.expect(200);
    assert_eq!((&split["short"], &split["needs"]), (&json!("0.00"), &json!(["bank_statement"])), "{split}");
    // It tells of the days up to 20 April, and nothing came: what was due by then is missing, and that only.
    let quiet = Ntry { reference: Some("I1"), text: "结息", ..Ntry::credit("0.01", "2026-04-20") };
    hand_in(&manager, &camt(53, "S2", 2, Some(("3000.00", "3000.01")), &[quiet])).await.expect(200);
    assert_eq!(card(&manager, &site, "2026-06-15", "R724-29a").await.0, "broken");
    assert_eq!(card(&manager, &site, "2026-06-15", "RW-07").await.0, "broken");
    let split = manager.get(&format!("{}/labour-cost?as_of=2026-06-15", site.path)).send().await.expect(200);
    assert_eq!(split["short"], "2000.00", "{split}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_break_between_two_statements_ends_what_is_known_and_is_told, |app| {
    let manager = app.labour_manager();
    let (site, account) = stage(&manager, &app).await;
    let owner = "测试建设单位1";
    hand_in(&manager, &camt(53, "S1", 1, Some(("0.00", "3000.00")), &[paid("2026-02-12", "3000.00", owner)])).await.expect(200);
    app.drain();
    assert_eq!(silences(&app, &site), Vec::<String>::new());
    // The money of March to May came with statements that nobody has handed in.
    let last = Ntry { reference: Some("I9"), text: "结息", ..Ntry::credit("0.01", "2026-06-12") };
    hand_in(&manager, &camt(53, "S9", 9, Some(("7000.00", "7000.01")), &[last])).await.expect(200);
    app.drain();
    assert_eq!(card(&manager, &site, "2026-06-15", "R724-29a").await.0, "not_known");
    assert_eq!(silences(&app, &site), [format!("statement_chain {account}")]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(money_that_the_statement_of_its_day_does_not_hold_is_not_received, |app| {
    let manager = app.labour_manager();
    let (site, account) = stage(&manager, &app).await;
    let owner = "测试建设单位1";
    let bank = json!("开户银行 / bank");
    hand_in(&manager, &camt(53, "S1", 1, Some(("0.00", "2000.00")), &[paid("2026-02-12", "2000.00", owner)])).await.expect(200);
    let announced = Ntry { reference: Some("W9"), ..paid("2026-03-09", "1000.00", owner) };
    hand_in(&manager, &camt(54, "N1", 1, None, std::slice::from_ref(&announced))).await.expect(200);
    app.drain();
    assert_eq!(told_of(&app, &site, "refuted_entry"), Vec::<String>::new(), "announced, and no statement of the day yet");
    // The statement of that day has another entry and not that one.
    let quiet = Ntry { reference: Some("I1"), text: "结息", ..Ntry::credit("0.01", "2026-03-09") };
    hand_in(&manager, &camt(53, "S2", 2, Some(("2000.00", "2000.01")), &[quiet])).await.expect(200);
    let later = Ntry { reference: Some("I2"), text: "结息", ..Ntry::credit("0.01", "2026-03-20") };
    hand_in(&manager, &camt(53, "S3", 3, Some(("2000.01", "2000.02")), &[later])).await.expect(200);
    app.drain();
    assert_eq!(card(&manager, &site, "2026-03-09", "R724-29a").await, ("not_known".to_owned(), bank));
    let split = manager.get(&format!("{}/labour-cost?as_of=2026-03-09", site.path)).send().await.expect(200);
    assert_eq!((&split["received"], &split["needs"]), (&json!("2000.00"), &json!(["bank_statement"])), "{split}");
    assert_eq!(told_of(&app, &site, "refuted_entry"), [format!("refuted_entry {account}")], "at once");
    assert_eq!(told_of(&app, &site, "balance_mismatch"), Vec::<String>::new(), "one cause is told once");
    // The bank tells the statement of the day again, with the entry: it came.
    let quiet = Ntry { reference: Some("I1"), text: "结息", ..Ntry::credit("0.01", "2026-03-09") };
    hand_in(&manager, &camt(53, "S2", 2, Some(("2000.00", "3000.01")), &[quiet, announced])).await.expect(200);
    assert_eq!(card(&manager, &site, "2026-03-09", "R724-29a").await.0, "kept");
    let split = manager.get(&format!("{}/labour-cost?as_of=2026-03-09", site.path)).send().await.expect(200);
    assert_eq!((&split["received"], &split["short"]), (&json!("3000.00"), &json!("0.00")), "{split}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_balance_that_does_not_follow_from_the_entries_is_told, |app| {
    let manager = app.labour_manager();
    let (site, account) = stage(&manager, &app).await;
    let wrong = camt(53, "S1", 1, Some(("0.00", "2500.00")), &[paid("2026-02-12", "2000.00", "测试建设单位1")]);
    hand_in(&manager, &wrong).await.expect(200);
    app.drain();
    assert_eq!(told_of(&app, &site, "balance_mismatch"), [format!("balance_mismatch {account}")]);
    assert_eq!(told_of(&app, &site, "refuted_entry"), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_statement_made_on_the_transfer_day_does_not_tell_that_the_money_did_not_come, |app| {
    let manager = app.labour_manager();
    let (site, _) = stage(&manager, &app).await;
    let owner = "测试建设单位1";
    let split = |as_of: &'static str| {
        let (manager, path) = (&manager, format!("{}/labour-cost?as_of={as_of}", site.path));
        async move { manager.get(&path).send().await.expect(200) }
    };
    // Of 10 April the bank tells on that day, at nine in the morning; then it is silent.
    app.clock.set("2026-04-10T09:00:00+08:00");
    let manager_then = app.labour_manager();
    hand_in(&manager_then, &camt(53, "S1", 1, Some(("0.00", "4000.00")), &[paid("2026-03-10", "4000.00", owner)]))
        .await
        .expect(200);
    let quiet = Ntry { reference: Some("I1"), text: "结息", ..Ntry::credit("0.01", "2026-04-10") };
    hand_in(&manager_then, &camt(53, "S2", 2, Some(("4000.00", "4000.01")), &[quiet])).await.expect(200);
    app.clock.set("2026-06-15T09:00:00+08:00");
    let silent = split("2026-06-15").await;
    assert_eq!((&silent["short"], &silent["needs"]), (&json!("0.00"), &json!(["bank_statement"])), "{silent}");
    assert_eq!(card(&app.labour_manager(), &site, "2026-06-15", "R724-29a").await.0, "not_known");
    // The next statement goes on from its balance: nothing came on that day.
    let later = Ntry { reference: Some("I2"), text: "结息", ..Ntry::credit("0.02", "2026-04-11") };
    hand_in(&app.labour_manager(), &camt(53, "S3", 3, Some(("4000.01", "4000.03")), &[later])).await.expect(200);
    let told = split("2026-06-15").await;
    assert_eq!(told["short"], json!("1000.00"), "{told}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
