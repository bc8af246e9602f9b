//! Whose a refund is, and what is out beyond what was ordered: refused payments that are debited all the same, sums and their details
//! added together, one refund of several, and what the clearance names of it.

use serde_json::{Value, json};

use super::accounts::open;
use super::doubts::{credit, debit, decide, doubts, hurdle, open_kinds, other, paid, reasons, refund, say, told};
use super::ledger::{balance, broken};
use super::matching::{later, site};
use super::payroll::Stage;
use super::settlement::{NUMBER, Ntry, camt, hand_in, hand_in_results, ledger, pain002, sent_run, states, transaction};
use crate::both;
use crate::suite::ground::{App, Client, card, project};

/// Words of tests live as long as the test run.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A debit of a whole run, without details.
fn whole(message: &str, amount: &'static str, reference: &'static str) -> Ntry {
    Ntry { reference: Some(reference), text: kept(format!("代发工资 {message}")), ..Ntry::debit(amount, "2026-03-02") }
}

/// A debit of these payments, each told by itself.
fn detailed(ids: &[String], each: &str, amount: &'static str, reference: &'static str) -> Ntry {
    let details: String = ids.iter().map(|id| transaction(id, each, false, None)).collect();
    let details = format!("<NtryDtls>{details}</NtryDtls>");
    Ntry { reference: Some(reference), text: "代发工资", details, ..Ntry::debit(amount, "2026-03-02") }
}

/// A refund under a reference, in the bank's usual words.
fn back(amount: &'static str, reference: &'static str) -> Ntry {
    refund(amount, "代发工资不成功退回款项", None, None, reference)
}

/// The bank's report on single payments of a run.
async fn report(client: &Client<'_>, message: &str, rows: &[(&String, &str)]) {
    let line = |(id, status): &(&String, &str)| {
        format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>{status}</TxSts></TxInfAndSts>")
    };
    let lines: String = rows.iter().map(line).collect();
    let batch = format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>{lines}</OrgnlPmtInfAndSts>");
    hand_in_results(client, &pain002(message, &batch, "")).await.expect(200);
}

async fn ordered(stage: &Stage<'_>, sheet: &Value, key: &str) -> (String, Vec<String>) {
    let run = stage.order(sheet, key).await.expect(201)["run"].clone();
    (run["message_id"].as_str().unwrap().to_owned(), stage.payments(&run).await)
}

/// Three workers of 1600.00 each, whose run was debited in one sum under `Q`, the first so many refused, the others paid.
async fn refused(app: &App, count: usize) -> (Stage<'_>, Value, String, Vec<String>) {
    let stage = site(app, 4).await;
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    told(&stage.manager, "D1", &[whole(&message, "4800.00", "Q")]).await;
    let rows: Vec<(&String, &str)> =
        ids.iter().enumerate().map(|(at, id)| (id, if at < count { "RJCT" } else { "ACCC" })).collect();
    report(&stage.manager, &message, &rows).await;
    (stage, sheet, message, ids)
}

both!(a_refund_under_the_voucher_is_of_what_was_refused_and_not_of_what_was_paid, |app| {
    let (stage, sheet, _, ids) = refused(&app, 1).await;
    let (client, site) = (&stage.manager, &stage.project);
    let receipt = told(client, "D2", &[back("1600.00", "Q")]).await;
    assert_eq!(reasons(&receipt), Vec::<&str>::new(), "{receipt}");
    assert_eq!(states(&app, site, &ids), ["rejected", "paid", "paid"], "who was paid stays paid");
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    let (_, second) = ordered(&stage, &sheet, "refund-0002").await;
    assert_eq!(second.len(), 1, "only the refused one is ordered again: {second:?}");
    told(client, "D3", &[debit(&second[0], "1600.00", "V2")]).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "pay_in_transit"), balance(&books, "refunds")), ("0.00".into(), "0.00".into()), "{books}");
    // The same money once more is nobody's that may be taken without a person.
    let receipt = told(client, "D4", &[Ntry { on: "2026-03-03", ..back("1600.00", "Q") }]).await;
    assert_eq!(reasons(&receipt), ["unknown_reference"], "{receipt}");
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_late_refund_of_a_refused_payment_leaves_the_line_paid_by_the_next_one, |app| {
    let (stage, sheet, _, ids) = refused(&app, 2).await;
    let (client, site) = (&stage.manager, &stage.project);
    let (_, second) = ordered(&stage, &sheet, "refund-0002").await;
    assert_eq!(second.len(), 2);
    let debits = [debit(&second[0], "1600.00", "V1"), debit(&second[1], "1600.00", "V2")];
    told(client, "D2", &debits).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    // By the refused payment's own id, and by the first run's reference.
    let receipt = told(client, "D3", &[credit(&ids[0], "1600.00", "R1"), back("1600.00", "Q")]).await;
    assert_eq!(reasons(&receipt), Vec::<&str>::new(), "{receipt}");
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"], "what the bank had refused paid nothing");
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    let books = ledger(client, site).await;
    assert_eq!(balance(&books, "pay_in_transit"), "0.00", "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refund_that_names_worker_and_card_under_the_old_voucher_is_of_the_refused_payment, |app| {
    let (stage, sheet, _, ids) = refused(&app, 1).await;
    let (client, site) = (&stage.manager, &stage.project);
    let (_, second) = ordered(&stage, &sheet, "refund-0002").await;
    told(client, "D2", &[debit(&second[0], "1600.00", "V1")]).await;
    // Whose line it is follows from the names on the doubtful ones: all three are asked for, one fits.
    for number in 1..=3 {
        let (name, account) = (format!("测试工人{number}"), card(number));
        let one = refund("1600.00", "代发失败退回", Some(&name), Some(&account), "Q");
        let before = states(&app, site, &ids);
        let receipt = told(client, kept(format!("D3{number}")), &[one]).await;
        if reasons(&receipt).is_empty() && states(&app, site, &ids) == before {
            return assert_eq!(states(&app, site, &ids)[0], "paid", "the refused payment's refund touched no line");
        }
    }
    panic!("none of the three was taken as the refused payment's");
});

both!(a_refused_payment_that_is_debited_all_the_same_is_told, |app| {
    let stage = site(&app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    hand_in_results(client, &pain002(&message, "", "<GrpSts>RJCT</GrpSts>")).await.expect(200);
    assert_eq!(states(&app, site, &ids), ["rejected", "rejected", "rejected"]);
    let (_, second) = ordered(&stage, &sheet, "refund-0002").await;
    let receipt = told(client, "D1", &[detailed(&ids, "1600.00", "4800.00", "V1")]).await;
    assert!(reasons(&receipt).contains(&"paid_again"), "{receipt}");
    told(client, "D2", &[detailed(&second, "1600.00", "4800.00", "V2")]).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    assert_eq!(open_kinds(client, site).await, ["debited_again"], "everybody was paid twice");
    let stop = hurdle(client, site, "bank_mismatch").await.expect("a hurdle");
    assert_eq!(stop["blocks"], true, "{stop}");
    // The bank takes its mistake back, in one sum under its reference.
    told(client, "D3", &[back("4800.00", "V1")]).await;
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    let books = ledger(client, site).await;
    assert_eq!(balance(&books, "pay_in_transit"), "0.00", "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refused_payment_in_a_sum_debited_afterwards_is_told_until_it_comes_back, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000]);
    report(&client, "RUN-1", &[(&ids[0], "RJCT")]).await;
    told(&client, "S1", &[whole("RUN-1", "300.00", "W1")]).await;
    assert_eq!(open_kinds(&client, &site).await, ["debited_again"]);
    assert_eq!(hurdle(&client, &site, "bank_mismatch").await.unwrap()["amount"], "100.00");
    told(&client, "S2", &[credit(&ids[0], "100.00", "W2")]).await;
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    // A run of which the refused line was left out is nothing to look at.
    let ids = sent_run(&app, &site, &account, "RUN-2", &[11_000, 20_000]);
    report(&client, "RUN-2", &[(&ids[0], "RJCT")]).await;
    told(&client, "S3", &[whole("RUN-2", "200.00", "W3")]).await;
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    assert_eq!(states(&app, &site, &ids), ["rejected", "accepted"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_sum_and_its_details_are_one_debit_and_not_two, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    // Details, then the sum; the sum, then details; the sum, then one payment.
    let first = sent_run(&app, &site, &account, "RUN-1", &[10_000, 10_000]);
    told(&client, "A1", &[detailed(&first, "100.00", "200.00", "A1")]).await;
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    let again = told(&client, "A2", &[whole("RUN-1", "200.00", "A2")]).await;
    assert_eq!(reasons(&again), ["paid_again"], "{again}");
    let second = sent_run(&app, &site, &account, "RUN-2", &[11_000, 11_000]);
    told(&client, "B1", &[whole("RUN-2", "220.00", "B1")]).await;
    let again = told(&client, "B2", &[detailed(&second, "110.00", "220.00", "B2")]).await;
    assert_eq!(reasons(&again), ["paid_again"], "{again}");
    let third = sent_run(&app, &site, &account, "RUN-3", &[12_000, 12_000]);
    told(&client, "C1", &[whole("RUN-3", "240.00", "C1")]).await;
    let again = told(&client, "C2", &[debit(&third[0], "120.00", "C2")]).await;
    assert_eq!(reasons(&again), ["paid_again"], "{again}");
    assert_eq!(open_kinds(&client, &site).await.len(), 3);
    // The surplus comes back: as a sum that names the run, by details, by its id.
    let named = refund("200.00", "重复扣款退回 RUN-1", None, None, "A3");
    told(&client, "A3", &[named]).await;
    told(&client, "B3", &[credit(&second[0], "110.00", "B3"), credit(&second[1], "110.00", "B4")]).await;
    told(&client, "C3", &[credit(&third[0], "120.00", "C3")]).await;
    assert_eq!(open_kinds(&client, &site).await, Vec::<String>::new());
    assert_eq!(states(&app, &site, &first), ["paid", "paid"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(one_entry_told_as_a_sum_and_then_with_details_is_counted_once, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 10_000]);
    let notice = camt(54, "N1", 1, None, &[whole("RUN-1", "200.00", "A1")]);
    hand_in(&client, &notice).await.expect(200);
    let receipt = told(&client, "S1", &[detailed(&ids, "100.00", "200.00", "A1")]).await;
    assert_eq!((&receipt["statements"][0]["new"], reasons(&receipt)), (&json!(0), Vec::<&str>::new()), "{receipt}");
    assert_eq!(states(&app, &site, &ids), ["paid", "paid"]);
    assert_eq!(doubts(&client, &site).await.len(), 0);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(card_payments_without_an_id_debited_twice_are_told, |app| {
    let stage = site(&app, 3).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    let to_card = |number: u32, reference: &'static str, on: &'static str| {
        let account = format!("<CdtrAcct><Id><Othr><Id>{}</Id></Othr></Id></CdtrAcct>", card(number));
        let details = format!("<NtryDtls><TxDtls><RltdPties>{account}</RltdPties></TxDtls></NtryDtls>");
        Ntry { reference: Some(reference), text: "代发工资", details, ..Ntry::debit("1600.00", on) }
    };
    let first = [to_card(1, "P1", "2026-03-02"), to_card(2, "P2", "2026-03-02")];
    assert_eq!(reasons(&told(client, "D1", &first).await), Vec::<&str>::new());
    let second = [to_card(1, "P3", "2026-03-03"), to_card(2, "P4", "2026-03-03")];
    assert_eq!(reasons(&told(client, "D2", &second).await), ["paid_again", "paid_again"]);
    let rows: Vec<(&String, &str)> = ids.iter().map(|id| (id, "ACCC")).collect();
    report(client, &message, &rows).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid"]);
    assert_eq!(open_kinds(client, site).await, ["debited_again", "debited_again"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(one_refund_of_several_refused_payments_is_theirs, |app| {
    let (stage, _, _, ids) = refused(&app, 2).await;
    let (client, site) = (&stage.manager, &stage.project);
    let receipt = told(client, "D2", &[back("3200.00", "Q")]).await;
    assert_eq!(reasons(&receipt), Vec::<&str>::new(), "{receipt}");
    assert_eq!(states(&app, site, &ids), ["rejected", "rejected", "paid"]);
    assert_eq!(doubts(client, site).await.len(), 0);
    let books = ledger(client, site).await;
    let found = ["refunds", "unexplained", "pay_in_transit"].map(|name| balance(&books, name));
    assert_eq!(found, ["0.00", "0.00", "0.00"], "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(refused_payments_that_come_back_one_by_one_leave_the_paid_ones_alone, |app| {
    let (stage, _, _, ids) = refused(&app, 2).await;
    let (client, site) = (&stage.manager, &stage.project);
    for (id, on) in [("D2", "2026-03-02"), ("D3", "2026-03-03")] {
        told(client, id, &[Ntry { on, ..back("1600.00", "Q") }]).await;
        assert_eq!(states(&app, site, &ids), ["rejected", "rejected", "paid"]);
    }
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    let books = client.get(&format!("{}/ledger?as_of=2026-03-03", site.path)).send().await.expect(200);
    assert_eq!((balance(&books, "refunds"), balance(&books, "pay_in_transit")), ("0.00".into(), "0.00".into()), "{books}");
});

both!(a_refund_before_its_refusal_waits_until_the_bank_says_what_it_refused, |app| {
    let stage = site(&app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    told(client, "D1", &[whole(&message, "4800.00", "Q"), back("3200.00", "Q")]).await;
    assert_eq!(open_kinds(client, site).await, ["refund_waits"]);
    let candidates = doubts(client, site).await.remove(0)["candidates"].as_array().unwrap().len();
    assert_eq!(candidates, 3, "each of the run may be one of several");
    report(client, &message, &[(&ids[0], "RJCT"), (&ids[1], "RJCT"), (&ids[2], "ACCC")]).await;
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    assert_eq!(states(&app, site, &ids), ["rejected", "rejected", "paid"]);
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "refunds"), balance(&books, "pay_in_transit")), ("0.00".into(), "0.00".into()), "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_whole_run_that_comes_back_is_answered_with_the_run, |app| {
    let stage = site(&app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    told(client, "D1", &[whole(&message, "4800.00", "Q"), back("4800.00", "Q")]).await;
    assert_eq!(states(&app, site, &ids), ["accepted", "accepted", "accepted"]);
    let doubt = doubts(client, site).await.remove(0);
    let two = format!("{} {}", ids[0], ids[1]);
    let short = json!({"answer": "refund_of_line", "payment": two, "note": "银行整批退回"});
    say(client, site, &doubt, short).await.refuse(422, "invalid");
    let all = json!({"answer": "refund_of_line", "payment": message, "note": "银行整批退回"});
    say(client, site, &doubt, all).await.expect(201);
    decide(&other(&app), site, &doubt, true).await.expect(201);
    assert_eq!(states(&app, site, &ids), ["returned", "returned", "returned"]);
    let books = ledger(client, site).await;
    let found = ["refunds", "unexplained", "pay_in_transit"].map(|name| balance(&books, name));
    assert_eq!(found, ["0.00", "0.00", "0.00"], "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_credit_of_a_worker_s_name_and_wage_waits_whatever_the_bank_calls_it, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let receipt = told(client, "S8", &[refund("1600.00", "转账", Some("测试工人1"), None, "R1")]).await;
    assert_eq!(reasons(&receipt), ["unknown_reference"], "{receipt}");
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    assert_eq!(open_kinds(client, site).await, ["refund_waits"]);
    // Another sum, or somebody else, is income that nobody has explained yet and no more.
    let others = [refund("1600.01", "转账", Some("测试工人1"), None, "R2"), refund("1600.00", "转账", Some("某某"), None, "R3")];
    told(client, "S9", &others).await;
    assert_eq!(open_kinds(client, site).await.len(), 1);
});

both!(a_debit_of_a_run_s_sum_that_names_no_run_is_that_run_s, |app| {
    let stage = site(&app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    let debit = Ntry { reference: Some("Q"), text: "代发工资", ..Ntry::debit("4800.00", "2026-03-02") };
    told(client, "D1", &[debit]).await;
    report(client, &message, &[(&ids[0], "RJCT"), (&ids[1], "ACCC"), (&ids[2], "ACCC")]).await;
    assert_eq!(states(&app, site, &ids), ["rejected", "paid", "paid"]);
    let receipt = told(client, "D2", &[back("1600.00", "Q")]).await;
    assert_eq!(reasons(&receipt), Vec::<&str>::new(), "{receipt}");
    assert_eq!(states(&app, site, &ids), ["rejected", "paid", "paid"], "it is of what was refused");
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "pay_in_transit"), balance(&books, "refunds")), ("0.00".into(), "0.00".into()), "{books}");
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// A refund without a name (0), the bank's report (1) and the debit of the whole run (2) come in this order and to the same end.
async fn come_in(app: &App, order: [u8; 3]) {
    let stage = site(app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    for step in order {
        match step {
            0 => drop(told(client, "R", &[back("1600.00", "Q")]).await),
            1 => report(client, &message, &[(&ids[0], "RJCT"), (&ids[1], "ACCC"), (&ids[2], "ACCC")]).await,
            _ => drop(told(client, "D", &[whole(&message, "4800.00", "Q")]).await),
        }
    }
    assert_eq!(states(app, site, &ids), ["rejected", "paid", "paid"]);
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "pay_in_transit"), balance(&books, "refunds")), ("0.00".into(), "0.00".into()), "{books}");
    assert_eq!(app.broken(), Vec::<String>::new());
}

both!(a_refund_then_its_report_then_its_debit_leave_nothing_open, |app| {
    come_in(&app, [0, 1, 2]).await;
});

both!(a_refund_then_its_debit_then_its_report_leave_nothing_open, |app| {
    come_in(&app, [0, 2, 1]).await;
});

both!(a_report_then_the_refund_then_the_debit_leave_nothing_open, |app| {
    come_in(&app, [1, 0, 2]).await;
});

both!(what_a_report_within_the_day_says_pays_nobody_yet, |app| {
    let stage = site(&app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (_, ids) = ordered(&stage, &sheet, "refund-0001").await;
    let lines = || vec![debit(&ids[0], "1600.00", "V1"), debit(&ids[1], "1600.00", "V2")];
    hand_in(client, &camt(52, "I1", 1, None, &lines())).await.expect(200);
    assert_eq!(states(&app, site, &ids), ["accepted", "accepted", "sent"], "a provisional word");
    told(client, "D1", &lines()).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "sent"], "the ledger's word");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_clearance_names_what_the_bank_contradicts_and_who_else_was_paid, |app| {
    let stage = site(&app, 4).await;
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    let elsewhere = "<RltdPties><Cdtr><Pty><Nm>赵某</Nm></Pty></Cdtr><CdtrAcct><Id><Othr><Id>6222020000000000000</Id></Othr></Id>\
                     </CdtrAcct></RltdPties></TxDtls>";
    let details = transaction(&ids[0], "1600.00", false, None).replace("</TxDtls>", elsewhere);
    let first = Ntry { details: format!("<NtryDtls>{details}</NtryDtls>"), ..debit(&ids[0], "1600.00", "V1") };
    told(&stage.manager, "D1", &[first, debit(&ids[1], "1600.00", "V2"), debit(&ids[2], "1600.00", "V3")]).await;
    assert_eq!(states(&app, &stage.project, &ids), ["paid", "paid", "paid"]);
    report(&stage.manager, &message, &[(&ids[1], "RJCT")]).await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let (client, site) = (&stage.manager, &stage.project);
    let stop = hurdle(client, site, "paid_to_someone_else").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"], &stop["blocks"]), (&json!(1), &json!("1600.00"), &json!(true)), "{stop}");
    let stop = hurdle(client, site, "bank_mismatch").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"]), (&json!(1), &json!("1600.00")), "{stop}");
    assert!(stop["which"].to_string().contains("测试工人"), "{stop}");
    // No gate takes either for paid.
    let id = site.id;
    let facts = app.read(move |conn, ctx| {
        let site = anxin::projects::site(conn, id)?;
        anxin::compliance::gather(conn, ctx, &site, ctx.today)
    });
    let facts = facts.unwrap();
    let month = facts.payroll.iter().find(|one| one.month.to_string() == "2026-02").expect("the month");
    assert_eq!((month.paid.workers, month.in_flight.workers), (1, 2), "{month:?}");
});

both!(who_contests_a_line_that_the_bank_calls_paid_is_named, |app| {
    let stage = site(&app, 3).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (_, ids) = ordered(&stage, &sheet, "refund-0001").await;
    told(client, "D1", &[debit(&ids[0], "1600.00", "V1"), debit(&ids[1], "1600.00", "V2")]).await;
    assert_eq!(hurdle(client, site, "disputed_pay").await, None);
    let line = ids[0].rsplit_once('-').unwrap().0;
    let path = stage.path(&format!("pay-sheets/{}", sheet["id"].as_str().unwrap()));
    let shown = client.get(&path).send().await.expect(200);
    let version = shown["version"].as_i64().or(shown["sheet"]["version"].as_i64()).expect("a version");
    let contested = json!({"line": line, "amount": "1600.00", "reason": "工人称未收到"});
    stage.act(&sheet, "disputes", version, Some(contested)).await.expect(201);
    let stop = hurdle(client, site, "disputed_pay").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"], &stop["blocks"]), (&json!(1), &json!("1600.00"), &json!(true)), "{stop}");
    assert!(stop["which"].to_string().contains("测试工人"), "{stop}");
});

both!(a_refund_that_names_its_run_is_taken_when_the_bank_tells_what_it_refused, |app| {
    let stage = site(&app, 4).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = stage.audited().await;
    let (message, ids) = ordered(&stage, &sheet, "refund-0001").await;
    told(client, "D1", &[whole(&message, "4800.00", "Q")]).await;
    // The money of two comes back before the bank has said of whom, under a reference of its own.
    let names_it = Ntry { text: kept(format!("代发失败退回 {message}")), ..back("3200.00", "Z") };
    let receipt = told(client, "D2", &[names_it]).await;
    assert_eq!(reasons(&receipt), ["unknown_reference"], "{receipt}");
    assert_eq!(open_kinds(client, site).await, ["refund_waits"]);
    report(client, &message, &[(&ids[0], "RJCT"), (&ids[1], "RJCT"), (&ids[2], "ACCC")]).await;
    assert_eq!(states(&app, site, &ids), ["rejected", "rejected", "paid"]);
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new(), "it was what the bank refused");
    assert_eq!(hurdle(client, site, "bank_mismatch").await, None);
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "pay_in_transit"), balance(&books, "refunds")), ("0.00".into(), "0.00".into()), "{books}");
    let (_, second) = ordered(&stage, &sheet, "refund-0002").await;
    assert_eq!(second.len(), 2, "the two are ordered again: {second:?}");
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});
