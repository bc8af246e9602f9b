//! The ledger and the deposits that post to it.

use anxin::base::Fen;
use anxin::deposits::DepositEvent;
use anxin::ledger::{LedgerAccount, Posting, PostingKind, actions};
use anxin::projects;
use serde_json::{Value, json};

use super::deposit_steps::moved;
use crate::both;
use crate::suite::ground::{App, TestProject, project};

fn posting(key: &str, amount: i64) -> Posting {
    let on = "2026-03-02".parse().expect("a day");
    Posting::of(key.to_owned(), PostingKind::BankEntry, on, LedgerAccount::Bank, LedgerAccount::Unexplained, Fen(amount))
}

/// What `verify` and the comparison of ledger and bank find broken.
pub fn broken(app: &App) -> Vec<String> {
    let balances = app.read(|conn, ctx| anxin::accounts::verify::balances(conn, ctx.today)).expect("balances");
    let mut broken = app.broken();
    broken.extend(balances.broken);
    broken
}

/// Balance of an account of the ledger, `0.00` where nothing was posted.
pub fn balance(ledger: &Value, account: &str) -> String {
    let found = ledger["balances"].as_array().expect("balances").iter().find(|one| one["account"] == account);
    found.map_or("0.00".to_owned(), |one| one["balance"].as_str().expect("an amount").to_owned())
}

both!(a_cause_posts_once_and_only_when_it_balances, |app| {
    let client = app.labour_manager();
    let TestProject { id, path, .. } = project(&client, 1, "330784").await;
    let post = |posting: Posting| {
        app.write(move |tx, ctx| {
            let site = projects::enter(tx.conn(), &ctx.scope, id)?;
            actions::post(tx, ctx, &site, &posting).map(|row| row.id)
        })
    };
    let first = post(posting("test 1", 100)).expect("posted");
    assert_eq!(post(posting("test 1", 100)).expect("stands"), first);
    let clash = post(posting("test 1", 101)).expect_err("other contents");
    assert_eq!(clash.code.to_string(), "conflict");
    let mut crooked = posting("test 2", 100);
    crooked.lines.push((LedgerAccount::Interest, Fen(1)));
    assert_eq!(post(crooked).expect_err("unbalanced").code.to_string(), "invalid");
    let ledger = client.get(&format!("{path}/ledger")).send().await.expect(200);
    assert_eq!(ledger["postings"].as_array().expect("postings").len(), 1);
    assert_eq!(balance(&ledger, "bank"), "1.00");
    // A posting to the bank without an entry is what `verify` is for.
    assert_eq!(broken(&app).len(), 1, "{:?}", broken(&app));
});

both!(a_deposit_is_an_order_and_what_is_held_follows_from_its_events, |app| {
    let client = app.labour_manager();
    let TestProject { id, path, .. } = project(&client, 1, "330784").await;
    let deposits = format!("{path}/deposits");
    let cash = json!({"kind": "cash", "amount": "1000.00", "issuer": "测试银行", "lodged_on": "2026-02-01", "ends_on": null, "document_id": null});
    client.post(&deposits, cash.clone()).send().await.refuse(428, "precondition_missing");
    let first = client.post(&deposits, cash.clone()).key("deposit-1").send().await.expect(201);
    let again = client.post(&deposits, cash.clone()).key("deposit-1").send().await.expect(201);
    assert_eq!(first["deposit"]["id"], again["deposit"]["id"], "done once");
    let mut other = cash;
    other["amount"] = json!("2000.00");
    client.post(&deposits, other).key("deposit-1").send().await.refuse(409, "key_reused");

    // Money leaves and enters a deposit by the steps of a matter, which record it like this.
    let kept = first["deposit"]["id"].as_str().expect("an id");
    let event = |kind, on: &str, amount: i64| moved(&app, id, kept, kind, on, Fen(amount));
    assert!(event(DepositEvent::Used, "2026-02-10", 40_000));
    assert!(!event(DepositEvent::Used, "2026-02-05", 60_001), "more than is held on the later day");
    assert!(!event(DepositEvent::Replenished, "2026-02-20", 40_001), "more than was lodged");
    let held = client.get(&format!("{deposits}?as_of=2026-02-10")).send().await.expect(200);
    assert_eq!(held["held"], "600.00");
    assert!(event(DepositEvent::Replenished, "2026-02-20", 40_000));

    let guarantee = json!({"kind": "letter_of_guarantee", "amount": "500.00", "issuer": "测试银行", "lodged_on": "2026-02-01", "ends_on": "2026-02-28", "document_id": null});
    let view = client.post(&deposits, guarantee).key("deposit-2").send().await.expect(201);
    assert_eq!(view["expired"], true);
    let today = client.get(&deposits).send().await.expect(200);
    assert_eq!(today["held"], "1000.00", "a guarantee that has run out secures nothing");
    let before = client.get(&format!("{deposits}?as_of=2026-02-28")).send().await.expect(200);
    assert_eq!(before["held"], "1500.00");
    let ledger = client.get(&format!("{path}/ledger")).send().await.expect(200);
    assert_eq!(balance(&ledger, "deposit_held"), "1000.00", "a guarantee is no money");
    assert_eq!(balance(&ledger, "deposit_used"), "400.00");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(the_notice_board_says_what_is_missing, |app| {
    let client = app.labour_manager();
    let TestProject { path, .. } = project(&client, 1, "330784").await;
    let board = format!("{path}/notice-board");
    client.get(&board).send().await.refuse(404, "not_found");
    let body = json!({"items": ["owner", "pay_date"], "photo_document_id": null, "photo_on": "2026-02-01"});
    client.post(&board, body.clone()).send().await.expect(201);
    let mut later = body;
    later["photo_on"] = json!("2026-03-03");
    client.post(&board, later).send().await.refuse(422, "invalid");
    let seen = client.get(&board).send().await.expect(200);
    assert_eq!(seen["missing"].as_array().expect("a list").len(), 10);
    client.get(&format!("{board}?as_of=2026-01-31")).send().await.refuse(404, "not_found");
});
