//! The ledger against the bank where the first statements tell no balances.

use anxin::accounts::verify::balances;
use serde_json::{Value, json};

use super::accounts::open;
use super::settlement::{Ntry, camt_of, hand_in};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

/// Accounts whose closing balance `verify` finds to be off.
fn off(app: &App) -> Vec<String> {
    let today = app.today();
    app.read(move |conn, _| balances(conn, today)).unwrap().open_mismatches
}

async fn told(client: &Client<'_>, site: &TestProject) -> (Value, Value, Vec<(Value, Value)>) {
    let all = client.get(&format!("{}/reconciliation", site.path)).send().await.expect(200);
    let one = &all[0];
    let causes = one["causes"].as_array().unwrap().iter().map(|part| (part["cause"].clone(), part["amount"].clone())).collect();
    (one["difference"].clone(), one["is_open"].clone(), causes)
}

both!(what_was_booked_before_the_first_balance_is_no_money_from_before, |app| {
    let client = app.labour_manager();
    for (number, is_sheet) in [(1, false), (2, true)] {
        let site = project(&client, number, "330784").await;
        let account = format!("33050001000{number}");
        open(&client, &site, &account).await;
        let credit = Ntry { reference: Some("V1"), text: "人工费", ..Ntry::credit("60000.00", "2026-02-10") };
        let first = match is_sheet {
            true => format!(
                "账号,{account}\n交易日期,摘要,支出,收入,对方户名,对方账号\n2026-02-10,人工费,,60000.00,测试建设单位{number},33990001\n"
            ),
            false => camt_of(&account, 53, "S1", 1, None, &[credit]),
        };
        hand_in(&client, &first).await.expect(200);
        hand_in(&client, &camt_of(&account, 53, "S2", 2, Some(("60000.00", "60000.00")), &[])).await.expect(200);
        assert_eq!(told(&client, &site).await, (json!("0.00"), json!(false), vec![]), "bank and ledger are one");
    }
    assert_eq!(off(&app), Vec::<String>::new());
    // What is lacking afterwards is told to the fen.
    hand_in(&client, &camt_of("330500010001", 53, "S3", 3, Some(("60000.00", "59000.00")), &[])).await.expect(200);
    let found = off(&app);
    assert!(found.len() == 1 && found[0].ends_with("off by -1000.00"), "{found:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_opening_balance_beside_what_was_booked_is_money_from_before_or_lacks_some, |app| {
    let client = app.labour_manager();
    let site = async |number: u32, opening: &str| {
        let site = project(&client, number, "330784").await;
        let account = format!("33050001000{number}");
        open(&client, &site, &account).await;
        let credit = Ntry { reference: Some("V1"), text: "人工费", ..Ntry::credit("60000.00", "2026-02-10") };
        hand_in(&client, &camt_of(&account, 53, "S1", 1, None, &[credit])).await.expect(200);
        hand_in(&client, &camt_of(&account, 53, "S2", 2, Some((opening, opening)), &[])).await.expect(200);
        told(&client, &site).await
    };
    let more = site(1, "61000.00").await;
    assert_eq!(more, (json!("1000.00"), json!(false), vec![(json!("opening_balance"), json!("1000.00"))]));
    assert_eq!(off(&app), Vec::<String>::new());
    let less = site(2, "59000.00").await;
    assert_eq!(less, (json!("-1000.00"), json!(true), vec![(json!("unexplained_rest"), json!("-1000.00"))]));
    let found = off(&app);
    assert!(found.len() == 1 && found[0].ends_with("off by -1000.00"), "{found:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});
