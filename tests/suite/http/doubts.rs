//! Entries that a person must look at: refunds that fit no single line, payments debited twice or with another sum, and what is not
//! known paid until two persons have said what they are.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::open;
use super::ledger::{balance, broken};
use super::matching::{later, punch, site};
use super::payroll::Stage;
use super::settlement::{NUMBER, Ntry, camt, hand_in, ledger, sent_run, states, transaction};
use crate::both;
use crate::suite::ground::{Answer, App, Client, TestProject, card, project};

pub(super) fn other(app: &App) -> Client<'_> {
    app.client(Role::LabourManager, ScopeOn::Region("330784".parse().unwrap()))
}

/// Hands in a statement of the day with these entries.
pub(super) async fn told(client: &Client<'_>, id: &str, entries: &[Ntry]) -> Value {
    hand_in(client, &camt(53, id, 1, None, entries)).await.expect(200)
}

pub(super) fn debit(payment: &str, amount: &'static str, reference: &'static str) -> Ntry {
    let details = format!("<NtryDtls>{}</NtryDtls>", transaction(payment, amount, false, None));
    Ntry { reference: Some(reference), text: "代发工资", details, ..Ntry::debit(amount, "2026-03-02") }
}

pub(super) fn credit(payment: &str, amount: &'static str, reference: &'static str) -> Ntry {
    let details = format!("<NtryDtls>{}</NtryDtls>", transaction(payment, amount, true, Some("AC04")));
    Ntry { reference: Some(reference), text: "退款", details, ..Ntry::credit(amount, "2026-03-02") }
}

/// A refund without an id, with the name and the account that the bank gives.
pub(super) fn refund(
    amount: &'static str,
    text: &'static str,
    name: Option<&str>,
    account: Option<&str>,
    reference: &'static str,
) -> Ntry {
    let name = name.map_or(String::new(), |name| format!("<Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>"));
    let account = account.map_or(String::new(), |text| format!("<DbtrAcct><Id><Othr><Id>{text}</Id></Othr></Id></DbtrAcct>"));
    let details = format!("<NtryDtls><TxDtls><RltdPties>{name}{account}</RltdPties></TxDtls></NtryDtls>");
    Ntry { reference: Some(reference), text, details, ..Ntry::credit(amount, "2026-03-02") }
}

/// What was found in a file, but for the numbers of its statements, which these tests do not count.
pub(super) fn reasons(receipt: &Value) -> Vec<&str> {
    let all = receipt["problems"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap());
    all.filter(|reason| !["gap", "balance_break"].contains(reason)).collect()
}

pub(super) async fn doubts(client: &Client<'_>, site: &TestProject) -> Vec<Value> {
    let list = client.get(&format!("{}/doubts", site.path)).send().await.expect(200);
    list["items"].as_array().unwrap().clone()
}

pub(super) async fn open_kinds(client: &Client<'_>, site: &TestProject) -> Vec<String> {
    let all = doubts(client, site).await;
    all.iter().filter(|one| one["is_open"] == true).map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

pub(super) async fn say(client: &Client<'_>, site: &TestProject, doubt: &Value, answer: Value) -> Answer {
    let path = format!("{}/doubts/{}", site.path, doubt["id"].as_str().unwrap());
    client.post(&path, answer).send().await
}

pub(super) async fn decide(client: &Client<'_>, site: &TestProject, doubt: &Value, approves: bool) -> Answer {
    let path = format!("{}/doubts/{}/decision", site.path, doubt["id"].as_str().unwrap());
    client.post(&path, json!({"approves": approves, "note": "已与银行核实"})).send().await
}

/// What the clearance says of a hurdle.
pub(super) async fn hurdle(client: &Client<'_>, site: &TestProject, kind: &str) -> Option<Value> {
    let found = client.get(&format!("{}/clearance", site.path)).send().await.expect(200);
    found["stops"].as_array().unwrap().iter().find(|stop| stop["kind"] == kind).cloned()
}

/// A site of three workers whose wages of February are paid by the bank's word; gives the payments, worker by worker.
pub(super) async fn paid(app: &App) -> (Stage<'_>, Vec<String>) {
    let stage = site(app, 4).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "doubt-0001").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    // Five days at 320.00 each.
    let lines: Vec<Ntry> = ids.iter().zip(["V1-1", "V1-2", "V1-3"]).map(|(id, voucher)| debit(id, "1600.00", voucher)).collect();
    told(&stage.manager, "D1", &lines).await;
    assert_eq!(states(app, &stage.project, &ids), ["paid", "paid", "paid"]);
    (stage, ids)
}

both!(the_same_payment_debited_twice_is_told_and_stands_until_the_surplus_is_back, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000]);
    assert_eq!(reasons(&told(&client, "S1", &[debit(&ids[0], "100.00", "V1")]).await), Vec::<&str>::new());
    let again = told(&client, "S2", &[debit(&ids[0], "100.00", "V2")]).await;
    assert_eq!(reasons(&again), ["paid_again"], "{again}");
    assert_eq!(open_kinds(&client, &site).await, ["debited_again"]);
    assert_eq!(hurdle(&client, &site, "bank_mismatch").await.unwrap()["amount"], "100.00");
    // It stands on the pages of the match and of the account as well.
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    for page in ["matches".to_owned(), format!("accounts/{account}")] {
        let shown = browser.page(&format!("/projects/{}/{page}", site.id)).await;
        assert!(shown.contains(&format!("/projects/{}/doubts#", site.id)), "{page}: {}", crate::suite::ground::text_of(&shown));
    }
    // The announcement of the second debit is the same entry: nothing is told twice.
    let notice = hand_in(&client, &camt(54, "N1", 1, None, &[debit(&ids[0], "100.00", "V2")])).await.expect(200);
    assert_eq!(notice["statements"][0]["new"], 0, "{notice}");
    assert_eq!(doubts(&client, &site).await.len(), 1);
    told(&client, "S3", &[credit(&ids[0], "100.00", "V3")]).await;
    assert_eq!(states(&app, &site, &ids), ["paid", "sent"], "only the surplus came back");
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    assert_eq!(hurdle(&client, &site, "bank_mismatch").await, None);
    // And now the wage itself, and once more than it went out.
    told(&client, "S4", &[credit(&ids[0], "100.00", "V4")]).await;
    assert_eq!(states(&app, &site, &ids), ["returned", "sent"]);
    let more = told(&client, "S5", &[credit(&ids[0], "100.00", "V5")]).await;
    assert_eq!(reasons(&more), ["paid_again"], "{more}");
    assert_eq!(open_kinds(&client, &site).await, ["refunded_again"]);
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_payment_that_goes_out_again_after_it_came_back_is_told, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000]);
    told(&client, "S1", &[debit(&ids[0], "100.00", "V1")]).await;
    told(&client, "S2", &[credit(&ids[0], "100.00", "V2")]).await;
    assert_eq!(states(&app, &site, &ids), ["returned"]);
    let again = told(&client, "S3", &[debit(&ids[0], "100.00", "V3")]).await;
    assert_eq!(reasons(&again), ["paid_again"], "nobody ordered it a second time: {again}");
    assert_eq!(open_kinds(&client, &site).await, ["debited_again"]);
    assert_eq!(states(&app, &site, &ids), ["returned"], "an old payment's word does not pay a line that came back");
    told(&client, "S4", &[credit(&ids[0], "100.00", "V4")]).await;
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_debit_of_another_sum_or_of_a_whole_run_again_waits_for_two_persons, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000]);
    let run = |amount: &'static str, reference: &'static str| Ntry {
        reference: Some(reference),
        text: "代发工资 RUN-1",
        ..Ntry::debit(amount, "2026-03-02")
    };
    assert_eq!(reasons(&told(&client, "S1", &[run("300.00", "W1")]).await), Vec::<&str>::new());
    assert_eq!(reasons(&told(&client, "S2", &[run("300.00", "W2")]).await), ["paid_again"]);
    assert_eq!(open_kinds(&client, &site).await, ["debited_again"]);
    let doubt = doubts(&client, &site).await.remove(0);
    let explained = json!({"answer": "explained", "note": "银行系统重复扣款，已书面承认"});
    say(&client, &site, &doubt, json!({"answer": "no_wage_refund", "note": "测试"})).await.refuse(422, "invalid");
    say(&client, &site, &doubt, json!({"answer": "explained", "note": " "})).await.refuse(422, "invalid");
    decide(&client, &site, &doubt, true).await.refuse(409, "conflict");
    say(&client, &site, &doubt, explained.clone()).await.expect(201);
    say(&other(&app), &site, &doubt, explained).await.refuse(409, "conflict");
    decide(&client, &site, &doubt, true).await.refuse(403, "not_allowed");
    assert_eq!(open_kinds(&client, &site).await.len(), 1, "one person alone explains nothing");
    decide(&other(&app), &site, &doubt, true).await.expect(201);
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    let others = sent_run(&app, &site, &account, "RUN-2", &[5_000]);
    let odd = told(&client, "S3", &[debit(&others[0], "60.00", "W3")]).await;
    assert!(reasons(&odd).iter().all(|reason| *reason == "sum_mismatch") && !reasons(&odd).is_empty(), "{odd}");
    assert_eq!(open_kinds(&client, &site).await, ["debited_otherwise"]);
    assert_eq!(states(&app, &site, &others), ["sent"], "another sum pays nothing");
    assert_eq!(states(&app, &site, &ids), ["accepted", "accepted"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refund_by_name_alone_waits_and_its_line_is_not_known_paid, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let amount = "1600.00";
    let back = refund(amount, "代发工资不成功退回款项 测试工人1", Some("测试工人1"), None, "R1");
    let receipt = told(client, "S9", &[back]).await;
    assert_eq!(reasons(&receipt), ["unknown_reference"], "{receipt}");
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"], "nobody guesses");
    let doubt = doubts(client, site).await.remove(0);
    assert_eq!((&doubt["kind"], &doubt["is_open"]), (&json!("refund_waits"), &json!(true)), "{doubt}");
    let candidates = doubt["candidates"].as_array().unwrap();
    assert_eq!((candidates.len(), &candidates[0]["payment"]), (1, &json!(ids[0])), "{doubt}");
    let stop = hurdle(client, site, "refund_waits").await.expect("a hurdle");
    assert_eq!((&stop["blocks"], &stop["amount"]), (&json!(true), &json!(amount)));
    assert!(stop["which"][0].as_str().unwrap().contains("测试工人1"), "{stop}");
    assert_eq!(balance(&ledger(client, site).await, "refunds"), "-1600.00");

    let wrong = json!({"answer": "refund_of_line", "payment": "none", "note": "测试"});
    say(client, site, &doubt, wrong).await.refuse(422, "invalid");
    let right = json!({"answer": "refund_of_line", "payment": ids[0], "note": "银行确认系该笔退回"});
    say(client, site, &doubt, right).await.expect(201);
    decide(&other(&app), site, &doubt, true).await.expect(201);
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(hurdle(client, site, "refund_waits").await, None);
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "refunds"), balance(&books, "pay_in_transit")), ("0.00".into(), "0.00".into()), "{books}");
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refund_by_voucher_or_by_name_and_card_opens_its_line_by_itself, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    // The debit's own reference and the amount.
    told(client, "S8", &[refund("1600.00", "代发工资不成功退回款项", None, None, "V1-1")]).await;
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    // Name, the last digits of the card behind a mask, and the amount.
    let card = card(2);
    let masked = format!("****{}", &card[card.len() - 4..]);
    let receipt = told(client, "S9", &[refund("1600.00", "退款", Some("测试工人2"), Some(&masked), "R2")]).await;
    assert_eq!(reasons(&receipt), Vec::<&str>::new(), "{receipt}");
    assert_eq!(states(&app, site, &ids), ["returned", "returned", "paid"]);
    // Another card's digits are no proof.
    let receipt = told(client, "S10", &[refund("1600.00", "退款", Some("测试工人3"), Some("****0000"), "R3")]).await;
    assert_eq!(reasons(&receipt), ["unknown_reference"], "{receipt}");
    assert_eq!(states(&app, site, &ids), ["returned", "returned", "paid"]);
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "refunds"), balance(&books, "pay_in_transit")), ("-1600.00".into(), "0.00".into()), "{books}");
    // It is no wage's: a person says so, another agrees, and the money is to be explained.
    let doubt = doubts(client, site).await.remove(0);
    let bare = json!({"answer": "no_wage_refund", "note": "银行误入"});
    let refused = say(client, site, &doubt, bare).await.refuse(422, "invalid");
    assert_eq!(refused["errors"][0]["place"], "document_id", "nobody talks a worker's money away without a paper: {refused}");
    let shown = json!({"answer": "no_wage_refund", "document_id": stage.scan(), "note": "银行误入"});
    say(client, site, &doubt, shown).await.expect(201);
    decide(&other(&app), site, &doubt, true).await.expect(201);
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "refunds"), balance(&books, "unexplained")), ("0.00".into(), "-1600.00".into()), "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_amount_with_a_sign_is_quarantined_and_far_days_are_told, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    open(&client, &site, NUMBER).await;
    let signed = Ntry { reference: Some("N1"), text: "人工费", ..Ntry::credit("-1000.00", "2026-03-02") };
    let far = |on: &'static str, reference: &'static str| Ntry {
        reference: Some(reference),
        text: "人工费",
        ..Ntry::credit("10.00", on)
    };
    let receipt = told(&client, "S1", &[signed, far("2031-03-02", "N2"), far("1926-03-02", "N3"), far("2026-03-02", "N4")]).await;
    let one = &receipt["statements"][0];
    assert_eq!((&receipt["state"], &one["new"], &one["quarantined"]), (&json!("part"), &json!(3), &json!(1)), "{receipt}");
    let found = reasons(&receipt);
    assert_eq!(found.iter().filter(|reason| **reason == "bad_amount").count(), 1, "{receipt}");
    assert_eq!(found.iter().filter(|reason| **reason == "time_far").count(), 2, "{receipt}");
});

both!(work_that_no_sheet_pays_stands_in_the_way_with_what_it_earned, |app| {
    let stage = site(&app, 4).await;
    stage.audited().await;
    // The fourth worker was on no sheet; the gate tells of five days afterwards.
    punch(&app, 4, 2..=6).await;
    app.drain();
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let stop = hurdle(&stage.manager, &stage.project, "attendance_without_pay").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"], &stop["blocks"]), (&json!(1), &json!("1600.00"), &json!(true)), "{stop}");
    assert!(stop["which"][0].as_str().unwrap().contains("测试工人4"), "{stop}");
});
