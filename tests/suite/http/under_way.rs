//! What was sent to the bank and not debited yet is no money for another order, in whatever order the bank tells of it.

use anxin::base::Fen;
use anxin::labour_cost::forecast::forecast;
use anxin::labour_cost::gather;
use anxin::payroll::pay_run::under_way::{Funds, of_account};
use anxin::payroll::results::Outcome;
use anxin::{accounts, projects};
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use super::settlement::{Ntry, camt_of, hand_in, transaction};
use crate::both;

const NUMBER: &str = "3301000012345678";

/// The sheet of a month, signed, handed in and audited.
async fn audited(stage: &Stage<'_>, month: &str) -> Value {
    let sheet = stage.manager.post(&stage.path("pay-sheets"), json!({"month": month})).send().await.expect(201)["sheet"].clone();
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    stage.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200)
}

/// Two workers with 1,500.00 each for January and for February, and 4,000.00 on the account at the end of 1 March.
async fn two_months(stage: &Stage<'_>) -> (Value, Value) {
    for number in 12..=16 {
        stage.work(&format!("2026-01-{number}"), 100);
    }
    stage.balance(2, "2026-03-01", Fen(400_000));
    (audited(stage, "2026-01").await, audited(stage, "2026-02").await)
}

fn funds(stage: &Stage<'_>) -> (i64, i64) {
    let id = stage.project_id();
    let Funds { balance, under_way } = stage
        .app
        .read(|conn, ctx| {
            let site = projects::site(conn, id)?;
            let account = accounts::actions::account_on(conn, &site, ctx.today)?.unwrap();
            of_account(conn, &account, ctx.today)
        })
        .unwrap();
    (balance.unwrap().0, under_way.0)
}

async fn check(stage: &Stage<'_>, sheet: &Value) -> Value {
    stage.manager.get(&stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])))).send().await.expect(200)
}

fn rejected() -> Outcome {
    Outcome::Rejected { reason: "AC04".to_owned() }
}

fn paid() -> Outcome {
    Outcome::Paid { on: "2026-03-02".parse().unwrap() }
}

/// A notice of the bank with these entries.
async fn told(stage: &Stage<'_>, id: &str, entries: &[Ntry]) {
    hand_in(&stage.manager, &camt_of(NUMBER, 54, id, 1, None, entries)).await.expect(200);
}

fn entry(payment: &str, credit: bool, reference: &'static str) -> Ntry {
    let reason = credit.then_some("AC04");
    let details = format!("<NtryDtls>{}</NtryDtls>", transaction(payment, "1500.00", credit, reason));
    let one = if credit { Ntry::credit("1500.00", "2026-03-02") } else { Ntry::debit("1500.00", "2026-03-02") };
    Ntry { reference: Some(reference), text: if credit { "退汇" } else { "代发工资" }, details, ..one }
}

both!(a_second_order_is_refused_while_the_first_is_under_way, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (january, february) = two_months(&stage).await;
    assert_eq!(funds(&stage), (400_000, 0));
    let first = stage.order(&january, "way-0001").await.expect(201)["run"].clone();
    assert_eq!(funds(&stage), (400_000, 300_000));
    let checked = check(&stage, &february).await;
    assert_eq!(
        (&checked["balance"], &checked["under_way"], &checked["shortage"]),
        (&json!("4000.00"), &json!("3000.00"), &json!("2000.00")),
        "{checked}"
    );
    let refused = stage.order(&february, "way-0002").await.refuse(409, "conflict");
    let said = refused.to_string();
    for part in
        ["balance_short", "余额 4000.00 元", "尚未扣付 3000.00 元", "需付 3000.00 元", "缺 2000.00 元", "short by 2000.00"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let asked = json!({"kind": "shortage", "happened_on": "2026-03-02", "subject": february["id"], "amount": "2000.00"});
    stage.manager.post(&stage.path("matters"), asked).key("short-0001").send().await.expect(201);
    let id = stage.project_id();
    let short = app
        .read(|conn, ctx| {
            let site = projects::site(conn, id)?;
            Ok(forecast(gather::position(conn, ctx, &site, ctx.today)?)?.shortfall)
        })
        .unwrap();
    assert_eq!(short.map(|short| short.amount), Some(Fen(200_000)), "no pay day needs to fall on it");
    // One refused payment frees its money, both free all of it.
    let ids = stage.payments(&first).await;
    stage.hear(&ids[0], rejected());
    assert_eq!(funds(&stage), (400_000, 150_000));
    assert_eq!(check(&stage, &february).await["shortage"], json!("500.00"));
    stage.hear(&ids[1], rejected());
    assert_eq!(funds(&stage), (400_000, 0));
    stage.order(&february, "way-0003").await.expect(201);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_the_bank_has_debited_is_not_counted_twice, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (january, february) = two_months(&stage).await;
    let run = stage.order(&january, "way-0001").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    // The debit first, payment by payment, and the word on it afterwards.
    told(&stage, "N1", &[entry(&ids[0], false, "V1")]).await;
    assert_eq!(funds(&stage), (250_000, 150_000));
    told(&stage, "N2", &[entry(&ids[1], false, "V2")]).await;
    assert_eq!(funds(&stage), (100_000, 0));
    for id in &ids {
        stage.hear(id, paid());
    }
    assert_eq!(funds(&stage), (100_000, 0));
    assert_eq!(check(&stage, &february).await["shortage"], json!("2000.00"));
    // What comes back is there again, once.
    told(&stage, "N3", &[entry(&ids[0], true, "V3")]).await;
    assert_eq!(funds(&stage), (250_000, 0));
    stage.balance(3, "2026-03-02", Fen(250_000));
    assert_eq!(funds(&stage), (250_000, 0));
    stage.order(&february, "way-0002").await.refuse(409, "conflict");
    assert_eq!(check(&stage, &february).await["shortage"], json!("500.00"));
});

both!(a_result_before_the_debit_frees_nothing_until_a_balance_covers_it, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (january, _) = two_months(&stage).await;
    let run = stage.order(&january, "way-0001").await.expect(201)["run"].clone();
    for id in &stage.payments(&run).await {
        stage.hear(id, paid());
    }
    assert_eq!(funds(&stage), (400_000, 300_000), "paid by the result, and still on the account by the last balance");
    stage.balance(3, "2026-03-02", Fen(100_000));
    assert_eq!(funds(&stage), (100_000, 0), "the balance of that day has it");
});

both!(a_debit_of_the_whole_run_ends_its_way, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (january, february) = two_months(&stage).await;
    let run = stage.order(&january, "way-0001").await.expect(201)["run"].clone();
    let whole = Ntry { reference: Some("B1"), text: "批量代发工资", ..Ntry::debit("3000.00", "2026-03-02") };
    told(&stage, "N1", &[whole]).await;
    assert_eq!(funds(&stage), (100_000, 0), "{run}");
    // A second run is under way beside it, whatever the first one's debit was.
    stage.balance(3, "2026-03-02", Fen(900_000));
    stage.order(&february, "way-0002").await.expect(201);
    assert_eq!(funds(&stage), (900_000, 300_000));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(several_months_under_way_add_up, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let (january, february) = two_months(&stage).await;
    stage.balance(3, "2026-03-02", Fen(600_000));
    stage.order(&january, "way-0001").await.expect(201);
    stage.order(&february, "way-0002").await.expect(201);
    assert_eq!(funds(&stage), (600_000, 600_000), "to the fen it reaches");
});
