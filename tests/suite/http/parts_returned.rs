//! A part of a wage comes back from the bank: that part is owed again, the rest stays paid, in whatever order and however often it is told.

use serde_json::{Value, json};

use super::doubts::{credit, debit, decide, doubts, open_kinds, other, paid, reasons, refund, say, told};
use super::ledger::{balance, broken};
use super::matching::site;
use super::payroll::Stage;
use super::settlement::{Ntry, entries, ledger, states};
use super::voiding::void;
use crate::both;
use crate::suite::ground::App;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What is paid of each worker's line, in the order of the payments.
async fn paid_of(stage: &Stage<'_>, sheet: &Value, ids: &[String]) -> Vec<String> {
    let lines = stage.lines(sheet).await;
    let of = |id: &String| {
        let line = id.rsplit_once('-').expect("an attempt").0.to_owned();
        lines.iter().map(|one| &one["line"]).find(|one| text(&one["id"]) == line).map(|one| text(&one["paid"])).expect("a line")
    };
    ids.iter().map(of).collect()
}

async fn sheet_of(stage: &Stage<'_>) -> Value {
    let list = stage.manager.get(&stage.path("pay-sheets")).send().await.expect(200);
    list["items"][0].clone()
}

/// What is owed and what is on its way, by the ledger.
async fn owed_and_under_way(stage: &Stage<'_>) -> (String, String) {
    let books = ledger(&stage.manager, &stage.project).await;
    (balance(&books, "wages_payable"), balance(&books, "pay_in_transit"))
}

fn sound(app: &App) {
    assert_eq!(broken(app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
}

both!(a_part_that_comes_back_is_owed_again_and_only_that_part, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = sheet_of(&stage).await;
    let part = credit(&ids[0], "600.00", "V2-1");
    let receipt = told(client, "D2", std::slice::from_ref(&part)).await;
    assert_eq!(reasons(&receipt), Vec::<&str>::new(), "{receipt}");
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["1000.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-600.00".into(), "0.00".into()));
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    // The same entry in another file is the same part.
    told(client, "D3", &[part]).await;
    assert_eq!(owed_and_under_way(&stage).await, ("-600.00".into(), "0.00".into()));
    let second = stage.order(&sheet, "part-0001").await.expect(201);
    assert_eq!((&second["run"]["total"], &second["run"]["line_count"]), (&json!("600.00"), &json!(1)), "{second}");
    let again = stage.payments(&second["run"]).await;
    told(client, "D4", &[debit(&again[0], "600.00", "V3-1")]).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["1600.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("0.00".into(), "0.00".into()));
    sound(&app);
});

both!(parts_that_come_back_one_after_the_other_are_the_whole_in_the_end, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = sheet_of(&stage).await;
    told(client, "D2", &[credit(&ids[0], "600.00", "V2-1"), credit(&ids[0], "300.00", "V2-2")]).await;
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["700.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-900.00".into(), "0.00".into()));
    told(client, "D3", &[credit(&ids[0], "700.00", "V2-3")]).await;
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["0.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-1600.00".into(), "0.00".into()));
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    // More than was paid is nobody's wage: a person looks at it, and the line stays as it is.
    let more = told(client, "D4", &[credit(&ids[0], "100.00", "V2-4")]).await;
    assert!(reasons(&more).contains(&"paid_again"), "{more}");
    assert_eq!(owed_and_under_way(&stage).await.0, "-1600.00");
    sound(&app);
});

both!(a_part_is_told_before_its_debit_and_the_line_is_paid_but_for_it, |app| {
    let stage = site(&app, 4).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "part-0002").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    let (client, site) = (&stage.manager, &stage.project);
    told(client, "D1", &[credit(&ids[0], "600.00", "V2-1")]).await;
    assert_eq!(states(&app, site, &ids), ["sent", "sent", "sent"], "its payment is still under way");
    let late = ids.iter().zip(["V1-1", "V1-2", "V1-3"]).map(|(id, voucher)| debit(id, "1600.00", voucher)).collect::<Vec<Ntry>>();
    told(client, "D2", &late).await;
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["1000.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-600.00".into(), "0.00".into()));
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    sound(&app);
});

both!(a_part_of_a_file_that_is_voided_is_owed_no_more_and_one_that_stands_is_told_again, |app| {
    let stage = site(&app, 4).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "part-0003").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    let (client, site) = (&stage.manager, &stage.project);
    let debits =
        ids.iter().zip(["V1-1", "V1-2", "V1-3"]).map(|(id, voucher)| debit(id, "1600.00", voucher)).collect::<Vec<Ntry>>();
    let first = told(client, "D1", &debits).await;
    let part = told(client, "D2", &[credit(&ids[0], "600.00", "V2-1")]).await;
    assert_eq!(owed_and_under_way(&stage).await, ("-600.00".into(), "0.00".into()));
    void(&app, client, site, &part).await;
    assert_eq!(states(&app, site, &ids), ["paid", "paid", "paid"], "the debit that stands is told again");
    assert_eq!(owed_and_under_way(&stage).await, ("0.00".into(), "0.00".into()));
    told(client, "D3", &[credit(&ids[0], "500.00", "V2-2")]).await;
    assert_eq!(owed_and_under_way(&stage).await, ("-500.00".into(), "0.00".into()));
    void(&app, client, site, &first).await;
    assert_eq!(states(&app, site, &ids), ["unknown", "unknown", "unknown"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["0.00", "0.00", "0.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-500.00".into(), "-4800.00".into()), "what came back stays owed");
    told(client, "D4", &debits).await;
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-500.00".into(), "0.00".into()));
    sound(&app);
});

both!(a_part_without_an_id_is_answered_by_two_persons, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = sheet_of(&stage).await;
    told(client, "D2", &[refund("600.00", "代发工资部分退回", Some("测试工人1"), None, "R1")]).await;
    let doubt = doubts(client, site).await.remove(0);
    assert_eq!(doubt["kind"], "refund_waits", "{doubt}");
    let of_two = json!({"answer": "refund_of_line", "payment": format!("{} {}", ids[0], ids[1]), "note": "测试"});
    say(client, site, &doubt, of_two).await.refuse(422, "invalid");
    say(client, site, &doubt, json!({"answer": "refund_of_line", "payment": ids[0], "note": "银行书面确认"})).await.expect(201);
    decide(&other(&app), site, &doubt, true).await.expect(201);
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["1000.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-600.00".into(), "0.00".into()));
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    sound(&app);
});

both!(a_whole_refund_after_a_part_opens_the_rest_and_its_surplus_stays_unexplained, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = sheet_of(&stage).await;
    told(client, "D2", &[credit(&ids[0], "600.00", "V2-1")]).await;
    // The debit's own reference and sum would be certain, but for the part that is back already.
    let whole = refund("1600.00", "代发工资不成功退回款项", None, None, "V1-1");
    let receipt = told(client, "D3", std::slice::from_ref(&whole)).await;
    assert_eq!(reasons(&receipt), ["unknown_reference"], "{receipt}");
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["1000.00", "1600.00", "1600.00"], "nothing moves by itself");
    let doubt = doubts(client, site).await.remove(0);
    let one = doubt["candidates"].as_array().unwrap().iter().find(|one| one["payment"] == ids[0].as_str()).expect("a candidate");
    assert_eq!((&one["returned"], &one["surplus"]), (&json!("600.00"), &json!("600.00")), "{doubt}");
    let other_worker = doubt["candidates"].as_array().unwrap().iter().find(|one| one["payment"] == ids[1].as_str()).unwrap();
    assert_eq!(other_worker["surplus"], "0.00", "{doubt}");
    let page = app.browser_of(client.user).await.page(&format!("/projects/{}/doubts", site.id)).await;
    assert!(page.contains("本次多出（元） 600.00"), "{page}");
    let answer = json!({"answer": "refund_of_line", "payment": ids[0], "note": "银行书面确认"});
    say(client, site, &doubt, answer).await.expect(201);
    decide(&other(&app), site, &doubt, true).await.expect(201);
    assert_eq!(states(&app, site, &ids), ["returned", "paid", "paid"]);
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["0.00", "1600.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await, ("-1600.00".into(), "0.00".into()), "only what was paid is owed again");
    let books = ledger(client, site).await;
    assert_eq!((balance(&books, "unexplained"), balance(&books, "refunds")), ("-600.00".into(), "0.00".into()), "{books}");
    assert_eq!(open_kinds(client, site).await, ["refunded_again"], "somebody must look at the surplus");
    let surplus = doubts(client, site).await.into_iter().find(|one| one["kind"] == "refunded_again").unwrap();
    assert_eq!(surplus["amount"], "600.00", "{surplus}");
    // The same refund in another file changes nothing, and what is owed goes out again whole.
    told(client, "D4", &[whole]).await;
    assert_eq!(owed_and_under_way(&stage).await, ("-1600.00".into(), "0.00".into()));
    let second = stage.order(&sheet, "part-0009").await.expect(201);
    assert_eq!(second["run"]["total"], "1600.00", "{second}");
    sound(&app);
});

both!(a_surplus_is_answered_with_the_entry_by_which_the_bank_took_it_back, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    told(client, "D2", &[credit(&ids[0], "600.00", "V2-1")]).await;
    told(client, "D3", &[credit(&ids[0], "1600.00", "V2-3")]).await;
    assert_eq!(open_kinds(client, site).await, ["refunded_again"]);
    let surplus = doubts(client, site).await.into_iter().find(|one| one["kind"] == "refunded_again").unwrap();
    assert_eq!(surplus["amount"], "600.00", "{surplus}");
    // The bank takes it back, and once more another sum; neither is a payment of anybody.
    let takes = |amount: &'static str, reference: &'static str| Ntry {
        reference: Some(reference),
        text: "收回多退款项",
        ..Ntry::debit(amount, "2026-03-02")
    };
    let receipt = told(client, "D4", &[takes("600.00", "V3-1"), takes("500.00", "V3-2")]).await;
    let account = receipt["statements"][0]["account_id"].as_str().unwrap().to_owned();
    let all = entries(client, site, &account).await;
    let of = |amount: &str, text: &str| {
        let found = all.iter().find(|one| one["amount"] == amount && one["text"] == text);
        found.unwrap_or_else(|| panic!("{all:?}"))["id"].clone()
    };
    let (right, other_sum) = (of("600.00", "收回多退款项"), of("500.00", "收回多退款项"));
    let first_refund = of("600.00", "退款");
    let says = |entry: Value| json!({"answer": "bank_took_back", "entry": entry, "note": "银行书面确认收回"});
    for wrong in [Value::Null, other_sum, first_refund] {
        let refused = say(client, site, &surplus, says(wrong)).await.refuse(422, "invalid");
        assert_eq!(refused["errors"][0]["place"], "entry", "{refused}");
    }
    say(client, site, &surplus, says(right.clone())).await.expect(201);
    decide(client, site, &surplus, true).await.refuse(403, "not_allowed");
    assert_eq!(open_kinds(client, site).await, ["refunded_again"], "one person's word settles nothing");
    decide(&other(&app), site, &surplus, true).await.expect(201);
    assert_eq!(open_kinds(client, site).await, Vec::<String>::new());
    let shown = doubts(client, site).await.into_iter().find(|one| one["id"] == surplus["id"]).unwrap();
    assert_eq!(shown["steps"][1]["payment"], right, "the entry is on record: {shown}");
    assert_eq!(owed_and_under_way(&stage).await, ("-1600.00".into(), "0.00".into()), "nobody's wage moved by it");
    sound(&app);
    // The file that told of it is voided: the surplus is unexplained again.
    void(&app, client, site, &receipt).await;
    assert_eq!(open_kinds(client, site).await, ["refunded_again"]);
    sound(&app);
});

both!(more_than_the_rest_under_the_payment_s_own_id_opens_the_rest_and_tells_the_surplus, |app| {
    let (stage, ids) = paid(&app).await;
    let (client, site) = (&stage.manager, &stage.project);
    let sheet = sheet_of(&stage).await;
    told(client, "D2", &[credit(&ids[0], "600.00", "V2-1"), credit(&ids[1], "600.00", "V2-2")]).await;
    let receipt = told(client, "D3", &[credit(&ids[0], "1600.00", "V2-3"), credit(&ids[1], "1200.00", "V2-4")]).await;
    assert_eq!(reasons(&receipt), ["paid_again", "paid_again"], "{receipt}");
    assert_eq!(paid_of(&stage, &sheet, &ids).await, ["0.00", "0.00", "1600.00"]);
    assert_eq!(owed_and_under_way(&stage).await.0, "-3200.00");
    let told: Vec<Value> = doubts(client, site).await.into_iter().map(|one| one["amount"].clone()).collect();
    assert!(told.contains(&json!("600.00")) && told.contains(&json!("200.00")), "{told:?}");
    sound(&app);
});
