//! One movement that the bank tells as a sum in one message and payment by payment in another: booked once, in every order, out and back,
//! and taken back and told again as one.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::accounts::open;
use super::doubts::{credit, debit, doubts, open_kinds};
use super::ledger::{balance, broken};
use super::settlement::{Ntry, camt_of, entries, from_owner, hand_in, ledger, sent_run, states};
use super::voiding::void;
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

/// Reasons of all that was found in a file, but for the numbers of its statements.
fn found(receipt: &Value) -> Vec<&str> {
    let all = receipt["problems"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap());
    all.filter(|reason| *reason != "gap").collect()
}

/// The bank's words on a batch; `RUN-ID` stands for the run of the town.
fn batch(tag: &str) -> String {
    let id = "RUN-ID";
    format!("<NtryDtls><Btch><{tag}>{id}</{tag}><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>")
}

/// A sum that goes out, in the bank's words on batches.
fn sum_out(details: String) -> Ntry {
    Ntry { reference: Some("BATCH1"), text: "代发工资", details, ..Ntry::debit("200.00", "2026-03-02") }
}

/// A sum that comes back, in the bank's words.
fn sum_back(reference: &'static str, text: &'static str) -> Ntry {
    Ntry { reference: Some(reference), text, ..Ntry::credit("200.00", "2026-03-02") }
}

fn owner(amount: &'static str, name: &str) -> Ntry {
    Ntry { reference: Some("OWN"), text: "人工费", details: from_owner(name), ..Ntry::credit(amount, "2026-03-01") }
}

struct Town<'a> {
    app: &'a App,
    client: Client<'a>,
    site: TestProject,
    account: String,
    number: String,
    run: &'static str,
    ids: Vec<String>,
    told: u32,
}

/// Towns of one app are told apart by their numbers.
static TOWNS: AtomicU32 = AtomicU32::new(1);

/// A site with 500.00 on its account and a run of these payments on its way.
async fn town<'a>(app: &'a App, amounts: &[i64]) -> Town<'a> {
    let client = app.labour_manager();
    let ordinal = TOWNS.fetch_add(1, Ordering::Relaxed);
    let number = format!("33050001{ordinal:04}");
    let run: &'static str = Box::leak(format!("RUN-{ordinal}").into_boxed_str());
    let site = project(&client, ordinal, "330784").await;
    let account = open(&client, &site, &number).await;
    let ids = sent_run(app, &site, &account, run, amounts);
    let mut town = Town { app, client, site, account, number, run, ids, told: 0 };
    let own = [owner("500.00", &format!("测试建设单位{ordinal}"))];
    town.tell_closed(53, "OWN", &own, Some(("0.00", "500.00"))).await;
    town
}

impl Town<'_> {
    async fn tell(&mut self, kind: u32, id: &str, entries: &[Ntry]) -> Value {
        self.tell_closed(kind, id, entries, None).await
    }

    async fn tell_closed(&mut self, kind: u32, id: &str, entries: &[Ntry], balances: Option<(&str, &str)>) -> Value {
        self.told += 1;
        let file = camt_of(&self.number, kind, id, self.told, balances, entries).replace("RUN-ID", self.run);
        hand_in(&self.client, &file).await.expect(200)
    }

    /// The amounts of entries that count, those of entries that are counted in another, and the bank's balance in the books.
    async fn booked(&self) -> (Vec<String>, Vec<String>, String) {
        let all = entries(&self.client, &self.site, &self.account).await;
        let amounts = |counts: &dyn Fn(&Value) -> bool| {
            let mut of: Vec<String> = all
                .iter()
                .filter(|one| one["amount"] != "500.00" && one["voided"] == false && counts(one))
                .map(|one| one["amount"].as_str().unwrap().to_owned())
                .collect();
            of.sort();
            of
        };
        let books = ledger(&self.client, &self.site).await;
        (amounts(&|one| one["status"] == "booked"), amounts(&|one| !one["counted_in"].is_null()), balance(&books, "bank"))
    }

    async fn check(&self, counts: &[&str], aside: &[&str], bank: &str, what: &str) {
        let (standing, beside, held) = self.booked().await;
        assert_eq!((standing, beside, held.as_str()), (owned(counts), owned(aside), bank), "{what}");
        assert_eq!(open_kinds(&self.client, &self.site).await, Vec::<String>::new(), "{what}");
        assert_eq!(broken(self.app), Vec::<String>::new(), "{what}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

const TWO: [&str; 2] = ["100.00", "100.00"];

/// Two payments told one by one, and the sum of them in other words; the sum comes as the given kind of message.
async fn out_in_both_orders(app: &App, sum: Ntry, kind: u32, run: &[i64]) {
    for sum_first in [true, false] {
        let mut town = town(app, run).await;
        let singles = [debit(&town.ids[0], "100.00", "S1"), debit(&town.ids[1], "100.00", "S2")];
        let what = format!("{} {kind} {sum_first}", sum.details);
        for is_sum in [sum_first, !sum_first] {
            let receipt = if is_sum {
                let balances = Some(("500.00", "300.00")).filter(|_| kind == 53);
                town.tell_closed(kind, "SUM", std::slice::from_ref(&sum), balances).await
            } else {
                town.tell(54, "SINGLE", &singles).await
            };
            let is_first = is_sum == sum_first;
            // Of a sum below its run's nobody knows yet what was left out.
            if !(is_first && is_sum && run.len() > 2) {
                assert_eq!(found(&receipt), Vec::<&str>::new(), "{what}: {receipt}");
            }
            let news = if is_first { receipt["items"].clone() } else { json!(0) };
            assert_eq!(receipt["statements"][0]["new"], news, "{what}: {receipt}");
        }
        town.check(&["200.00"], &TWO, "300.00", &what).await;
        assert_eq!(states(app, &town.site, &town.ids)[..2], ["paid", "paid"], "{what}");
        let closings = town.client.get(&format!("{}/reconciliation", town.site.path)).send().await.expect(200);
        assert_eq!((&closings[0]["difference"], &closings[0]["is_open"]), (&json!("0.00"), &json!(false)), "{what}: {closings}");
        // Told again, by whichever voice, nothing is added.
        let again = town.tell(54, "AGAIN", &singles).await;
        assert_eq!((&again["statements"][0]["new"], found(&again)), (&json!(0), vec![]), "{what}: {again}");
        let again = town.tell(kind, "SUM-AGAIN", std::slice::from_ref(&sum)).await;
        assert_eq!((&again["statements"][0]["new"], found(&again)), (&json!(0), vec![]), "{what}: {again}");
        town.check(&["200.00"], &TWO, "300.00", &what).await;
        let books = ledger(&town.client, &town.site).await;
        assert_eq!(balance(&books, "pay_in_transit"), if run.len() == 2 { "0.00" } else { "-100.00" }, "{what} {books}");
    }
}

both!(a_batch_named_by_its_run_is_its_single_payments, |app| {
    out_in_both_orders(&app, sum_out(batch("MsgId")), 53, &[10_000, 10_000]).await;
});

both!(a_batch_of_a_run_s_sum_that_names_nothing_is_its_single_payments, |app| {
    out_in_both_orders(&app, sum_out(String::new()), 53, &[10_000, 10_000]).await;
});

both!(a_sum_of_a_part_of_its_run_is_the_payments_that_make_it_up, |app| {
    out_in_both_orders(&app, sum_out(batch("PmtInfId")), 53, &[10_000, 10_000, 10_000]).await;
});

both!(a_sum_announced_within_the_day_is_its_single_payments, |app| {
    out_in_both_orders(&app, sum_out(batch("MsgId")), 52, &[10_000, 10_000]).await;
});

both!(a_sum_that_was_pending_is_joined_once_the_bank_books_it, |app| {
    let mut town = town(&app, &[10_000, 10_000]).await;
    let sum = sum_out(batch("MsgId"));
    town.tell(52, "INTRADAY", &[Ntry { pending: true, ..sum.clone() }]).await;
    town.tell(54, "SINGLE", &[debit(&town.ids[0], "100.00", "S1"), debit(&town.ids[1], "100.00", "S2")]).await;
    let browser = app.browser_of(town.client.user).await;
    let money = format!("/projects/{}/money", town.site.id);
    assert!(browser.page(&money).await.contains("银行未入账，不计"));
    let receipt = town.tell(53, "SUM", &[sum]).await;
    assert_eq!(found(&receipt), Vec::<&str>::new(), "{receipt}");
    town.check(&["200.00"], &TWO, "300.00", "pending first").await;
    let page = browser.page(&money).await;
    assert_eq!(page.matches("合计或明细另笔已计").count(), 2, "{page}");
    assert_eq!(states(&app, &town.site, &town.ids), ["paid", "paid"]);
});

both!(what_comes_back_as_a_sum_and_one_by_one_is_booked_once, |app| {
    for (reference, text) in [("BACK", "代发工资不成功退回款项"), ("BACK", "代发退款 RUN-ID"), ("BATCH1", "退款")]
    {
        for sum_first in [true, false] {
            let mut town = town(&app, &[10_000, 10_000, 15_000]).await;
            let whole = Ntry { amount: "350.00", ..sum_out(batch("MsgId")) };
            town.tell(53, "OUT", &[whole]).await;
            let singles = [credit(&town.ids[0], "100.00", "R1"), credit(&town.ids[1], "100.00", "R2")];
            let what = format!("{reference} {text} {sum_first}");
            for is_sum in [sum_first, !sum_first] {
                let receipt = match is_sum {
                    true => town.tell(53, "BACK", &[Ntry { details: returned(), ..sum_back(reference, text) }]).await,
                    false => town.tell(54, "SINGLE", &singles).await,
                };
                if is_sum != sum_first {
                    assert_eq!(found(&receipt), Vec::<&str>::new(), "{what}: {receipt}");
                }
            }
            town.check(&["200.00", "350.00"], &TWO, "350.00", &what).await;
            assert_eq!(states(&app, &town.site, &town.ids)[..2], ["returned", "returned"], "{what}");
            let books = ledger(&town.client, &town.site).await;
            assert_eq!(balance(&books, "refunds"), "0.00", "{what} {books}");
            let again = town.tell(54, "AGAIN", &singles).await;
            assert_eq!(again["statements"][0]["new"], 0, "{what}: {again}");
            town.check(&["200.00", "350.00"], &TWO, "350.00", &what).await;
        }
    }
});

/// What marks an entry as money that came back.
fn returned() -> String {
    "<NtryDtls><TxDtls><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls>".to_owned()
}

both!(single_payments_may_come_in_messages_of_their_own, |app| {
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0]] {
        let mut town = town(&app, &[10_000, 10_000]).await;
        for which in order {
            let receipt = match which {
                2 => town.tell(53, "SUM", &[sum_out(batch("MsgId"))]).await,
                one => town.tell(54, &format!("N{one}"), &[debit(&town.ids[one], "100.00", ["S1", "S2"][one])]).await,
            };
            assert_eq!(found(&receipt), Vec::<&str>::new(), "{order:?}: {receipt}");
        }
        town.check(&["200.00"], &TWO, "300.00", &format!("{order:?}")).await;
    }
    // Refunds of which each comes by itself, around the sum: nothing says what it is of until the last one is there.
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1]] {
        let mut town = town(&app, &[10_000, 10_000]).await;
        town.tell(53, "OUT", &[sum_out(batch("MsgId"))]).await;
        for which in order {
            match which {
                2 => town.tell(53, "BACK", &[Ntry { details: returned(), ..sum_back("B", "代发退款 RUN-ID") }]).await,
                one => town.tell(54, &format!("N{one}"), &[credit(&town.ids[one], "100.00", ["R1", "R2"][one])]).await,
            };
        }
        town.check(&["200.00", "200.00"], &TWO, "500.00", &format!("back {order:?}")).await;
    }
});

both!(where_the_ledger_tells_single_payments_the_sum_that_was_announced_stands_aside, |app| {
    for sum_first in [true, false] {
        let mut town = town(&app, &[10_000, 10_000]).await;
        let singles = [debit(&town.ids[0], "100.00", "S1"), debit(&town.ids[1], "100.00", "S2")];
        for is_sum in [sum_first, !sum_first] {
            let receipt = match is_sum {
                true => town.tell(54, "SUM", &[sum_out(batch("MsgId"))]).await,
                false => town.tell(53, "SINGLE", &singles).await,
            };
            assert_eq!(found(&receipt), Vec::<&str>::new(), "{sum_first}: {receipt}");
        }
        town.check(&TWO, &["200.00"], "300.00", &format!("{sum_first}")).await;
        let again = town.tell(54, "SUM-AGAIN", &[sum_out(batch("MsgId"))]).await;
        assert_eq!((&again["statements"][0]["new"], found(&again)), (&json!(0), vec![]), "{again}");
        town.check(&TWO, &["200.00"], "300.00", &format!("{sum_first}")).await;
    }
});

both!(a_run_that_is_debited_in_several_sums_is_its_single_payments, |app| {
    for amounts in [["200.00", "200.00"], ["250.00", "150.00"]] {
        for order in [[0, 1, 2], [2, 0, 1], [0, 2, 1]] {
            let mut town = town(&app, &[10_000, 10_000, 15_000, 5_000]).await;
            let of = |at: usize, amount: &'static str| debit(&town.ids[at], amount, ["S1", "S2", "S3", "S4"][at]);
            let singles = [of(0, "100.00"), of(1, "100.00"), of(2, "150.00"), of(3, "50.00")];
            let sums = [("W1", amounts[0]), ("W2", amounts[1])].map(|(reference, amount)| Ntry {
                reference: Some(reference),
                amount,
                ..sum_out(batch("MsgId"))
            });
            for which in order {
                match which {
                    0 => town.tell(54, "N1", &singles[..2]).await,
                    1 => town.tell(54, "N2", &singles[2..]).await,
                    _ => town.tell(53, "SUMS", &sums).await,
                };
            }
            let what = format!("{amounts:?} {order:?}");
            let mut counts = amounts;
            counts.sort();
            town.check(&counts, &["100.00", "100.00", "150.00", "50.00"], "100.00", &what).await;
            assert_eq!(states(&app, &town.site, &town.ids), ["paid", "paid", "paid", "paid"], "{what}");
        }
    }
});

both!(a_sum_of_one_payment_is_that_payment, |app| {
    for details in [batch("MsgId"), String::new()] {
        for sum_first in [true, false] {
            let mut town = town(&app, &[10_000]).await;
            let sum = Ntry { amount: "100.00", ..sum_out(details.clone()) };
            for is_sum in [sum_first, !sum_first] {
                match is_sum {
                    true => town.tell(53, "SUM", std::slice::from_ref(&sum)).await,
                    false => town.tell(54, "SINGLE", &[debit(&town.ids[0], "100.00", "S1")]).await,
                };
            }
            let what = format!("{details} {sum_first}");
            town.check(&["100.00"], &["100.00"], "400.00", &what).await;
            assert_eq!(states(&app, &town.site, &town.ids), ["paid"], "{what}");
        }
    }
    // One of three payments comes back.
    for (reference, text) in [("BACK", "代发工资不成功退回款项"), ("BACK", "代发退款 RUN-ID"), ("BATCH1", "退款")]
    {
        for sum_first in [true, false] {
            let mut town = town(&app, &[10_000, 10_000, 15_000]).await;
            town.tell(53, "OUT", &[Ntry { amount: "350.00", ..sum_out(batch("MsgId")) }]).await;
            for is_sum in [sum_first, !sum_first] {
                match is_sum {
                    true => {
                        let back = Ntry { amount: "150.00", details: returned(), ..sum_back(reference, text) };
                        town.tell(53, "BACK", &[back]).await
                    }
                    false => town.tell(54, "SINGLE", &[credit(&town.ids[2], "150.00", "R1")]).await,
                };
            }
            let what = format!("back {reference} {text} {sum_first}");
            town.check(&["150.00", "350.00"], &["150.00"], "300.00", &what).await;
            assert_eq!(states(&app, &town.site, &town.ids)[2], "returned", "{what}");
            let books = ledger(&town.client, &town.site).await;
            assert_eq!(balance(&books, "refunds"), "0.00", "{what} {books}");
        }
    }
});

both!(a_sum_that_was_announced_is_single_entries_of_several_statements, |app| {
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [1, 0, 2]] {
        let mut town = town(&app, &[10_000, 10_000]).await;
        for which in order {
            match which {
                2 => town.tell(54, "SUM", &[sum_out(batch("MsgId"))]).await,
                one => town.tell(53, &format!("P{one}"), &[debit(&town.ids[one], "100.00", ["S1", "S2"][one])]).await,
            };
        }
        town.check(&TWO, &["200.00"], "300.00", &format!("{order:?}")).await;
    }
});

both!(an_mt940_and_a_camt_statement_of_a_day_are_one_ledger, |app| {
    for mt_first in [true, false] {
        let mut town = town(&app, &[10_000, 10_000]).await;
        let text = format!(
            ":20:MT1\r\n:25:{}\r\n:28C:7/1\r\n:60F:C260301CNY500,00\r\n:61:2603020302D200,00NTRFNONREF//BATCH1\r\n\
             :86:PAYROLL {}\r\n:62F:C260302CNY300,00\r\n-\r\n",
            town.number, town.run
        );
        let singles = [debit(&town.ids[0], "100.00", "S1"), debit(&town.ids[1], "100.00", "S2")];
        for is_mt in [mt_first, !mt_first] {
            match is_mt {
                true => {
                    let asked = town.client.ask(actix_web::http::Method::POST, "/api/v1/bank/statements");
                    let receipt = asked.body("text/plain", text.clone()).send().await.expect(200);
                    assert_eq!(receipt["format"].as_str().map(|format| &format[..5]), Some("mt940"), "{receipt}");
                }
                false => drop(town.tell_closed(53, "SINGLE", &singles, Some(("500.00", "300.00"))).await),
            }
        }
        town.check(&["200.00"], &TWO, "300.00", &format!("{mt_first}")).await;
    }
});

both!(a_payment_beyond_the_sum_is_told_and_not_swallowed, |app| {
    for sum_first in [true, false] {
        let mut town = town(&app, &[10_000, 10_000]).await;
        let singles = ["S1", "S2", "S3"].map(|at| debit(&town.ids[usize::from(at == "S2")], "100.00", at));
        for is_sum in [sum_first, !sum_first] {
            match is_sum {
                true => town.tell(53, "SUM", &[sum_out(batch("MsgId"))]).await,
                false => town.tell(54, "SINGLE", &singles).await,
            };
        }
        let (standing, beside, held) = town.booked().await;
        assert_eq!((standing, beside, held.as_str()), (owned(&["100.00", "200.00"]), owned(&TWO), "200.00"), "{sum_first}");
        assert_eq!(open_kinds(&town.client, &town.site).await, ["debited_again"], "{sum_first}");
    }
    // Another day, another voice of the ledger, or a sum of other payments: two movements.
    let mut town = self::town(&app, &[10_000, 10_000, 30_000]).await;
    let late = Ntry { on: "2026-03-03", ..sum_out(batch("MsgId")) };
    town.tell(53, "SUM", &[late]).await;
    town.tell(54, "SINGLE", &[debit(&town.ids[0], "100.00", "S1"), debit(&town.ids[1], "100.00", "S2")]).await;
    assert_eq!(town.booked().await.1, Vec::<String>::new(), "another day");
});

both!(each_voice_is_voided_by_itself_and_the_other_stands, |app| {
    for sum_first in [true, false] {
        for void_sum in [true, false] {
            let mut town = town(&app, &[10_000, 10_000]).await;
            let singles = [debit(&town.ids[0], "100.00", "S1"), debit(&town.ids[1], "100.00", "S2")];
            let (mut of_sum, mut of_singles) = (Value::Null, Value::Null);
            for is_sum in [sum_first, !sum_first] {
                match is_sum {
                    true => of_sum = town.tell(53, "SUM", &[sum_out(batch("MsgId"))]).await,
                    false => of_singles = town.tell(54, "SINGLE", &singles).await,
                }
            }
            let what = format!("sum first {sum_first}, voids sum {void_sum}");
            let gone = if void_sum { &of_sum } else { &of_singles };
            void(town.app, &town.client, &town.site, gone).await;
            match void_sum {
                true => town.check(&TWO, &[], "300.00", &what).await,
                false => town.check(&["200.00"], &[], "300.00", &what).await,
            }
            // The voice comes back in a file of its own: one movement again.
            match void_sum {
                true => town.tell(53, "SUM-2", &[sum_out(batch("MsgId"))]).await,
                false => town.tell(54, "SINGLE-2", &singles).await,
            };
            town.check(&["200.00"], &TWO, "300.00", &what).await;
            assert_eq!(states(&app, &town.site, &town.ids), ["paid", "paid"], "{what}");
            assert_eq!(doubts(&town.client, &town.site).await.iter().filter(|one| one["is_open"] == true).count(), 0);
        }
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});
