//! Bank events: each type, duplicates, keys and signatures, the same movement by event and statement, a commit that fails.

use actix_web::http::Method;
use anxin::accounts::Direction;
use anxin::accounts::words::hash_of;
use anxin::alerts::NoticeState;
use anxin::alerts::table::of_project;
use anxin::base::Fen;
use anxin::store::fuse::Fuse;
use anxin::store::{Backend, StoreError};
use anxin::web::{Role, ScopeOn};
use anxin::wire::punch::sign;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::accounts::open;
use super::bank_silence::told_of as told_of_source;
use super::payroll::stage;
use super::settlement::{NUMBER, Ntry, camt, entries, hand_in, sent_run};
use crate::both;
use crate::suite::ground::{Answer, App, Client, TestProject, card, project};

const EVENTS: &str = "/api/v1/bank-events";
/// The moment at which tests begin.
const NOW: &str = "1772413200";

struct Ground<'a> {
    app: &'a App,
    manager: Client<'a>,
    admin: Client<'a>,
    bank: Client<'a>,
    site: TestProject,
    account: String,
}

async fn ground(app: &App) -> Ground<'_> {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    let bank = app.client(Role::Bank, ScopeOn::Account(account.parse().unwrap()));
    Ground { app, admin: app.client(Role::Administrator, ScopeOn::Everything), manager, bank, site, account }
}

fn event(id: &str, kind: &str, body: Value) -> Value {
    json!({"event_id": id, "type": kind, "occurred_at": "2026-03-02T08:30:00+08:00", "account": NUMBER, "body": body})
}

fn txn(id: &str, amount: &str, reference: &str) -> Value {
    let body = json!({
        "amount": amount, "credit_debit_indicator": "CRDT", "status": "BOOK", "booking_date": "2026-03-02",
        "account_servicer_reference": reference,
    });
    event(id, "txn", body)
}

impl Ground<'_> {
    async fn send(&self, event: &Value) -> Value {
        self.bank.post(EVENTS, event.clone()).send().await.expect(202)
    }

    async fn key(&self, body: Value) -> Value {
        self.admin.post("/api/v1/bank-keys", body).send().await.expect(201)
    }

    async fn hmac(&self) -> (String, String) {
        let made = self.key(json!({"user": self.bank.user, "name": "主机", "kind": "hmac"})).await;
        (text(&made["key"]["id"]), text(&made["secret"]))
    }

    async fn signed(&self, key: &str, timestamp: &str, signature: &str, body: &str) -> Answer {
        self.app
            .ask(Method::POST, EVENTS)
            .header("X-Anxin-Key", key)
            .header("X-Anxin-Timestamp", timestamp)
            .header("X-Anxin-Signature", signature)
            .body("application/json", body)
            .send()
            .await
    }

    async fn entries(&self) -> Vec<Value> {
        entries(&self.manager, &self.site, &self.account).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Rows of the inbox, ids that are taken, words on record.
fn kept(app: &App) -> (i64, i64, i64) {
    use anxin::store::schema::{bank_event_ids, bank_words, inbox};
    use diesel::prelude::*;
    app.read(|conn, _| {
        Ok((
            inbox::table.filter(inbox::feed.eq("bankevent")).count().get_result(conn)?,
            bank_event_ids::table.count().get_result(conn)?,
            bank_words::table.count().get_result(conn)?,
        ))
    })
    .unwrap()
}

both!(an_event_is_stored_once_and_its_id_stands_for_its_content, |app| {
    let at = ground(&app).await;
    let first = at.send(&txn("e-1", "100.00", "V1")).await;
    assert_eq!((&first["state"], &first["event_id"]), (&json!("stored"), &json!("e-1")), "{first}");
    assert_eq!(at.send(&txn("e-1", "100.00", "V1")).await["state"], "duplicate");
    let reused = at.send(&txn("e-1", "100.01", "V1")).await;
    assert_eq!((&reused["state"], &reused["reason"]), (&json!("quarantined"), &json!("id_reused")), "{reused}");
    assert_eq!(at.send(&txn("e-1", "100.00", "V1")).await["state"], "duplicate", "the first content stands");
    assert_eq!(at.entries().await.len(), 1);
    // Each of an array by itself.
    let batch = json!([txn("e-2", "5.00", "V2"), {"event_id": "e-3"}, 7, txn("e-2", "5.00", "V2"), txn("e-4", "x", "V4")]);
    let many = at.bank.post(EVENTS, batch).send().await.expect(202);
    let states: Vec<(String, Value)> =
        many["results"].as_array().unwrap().iter().map(|one| (text(&one["state"]), one["reason"].clone())).collect();
    let quarantined = |reason: &str| ("quarantined".to_owned(), json!(reason));
    let taken = |state: &str| (state.to_owned(), Value::Null);
    let wanted =
        [taken("stored"), quarantined("missing_field"), quarantined("bad_format"), taken("duplicate"), quarantined("bad_amount")];
    assert_eq!(states, wanted, "{many}");
    assert_eq!((many["received"].as_i64(), &many["results"][1]["event_id"]), (Some(5), &json!("e-3")));
    // Mended, it comes again under its id.
    assert_eq!(at.send(&txn("e-4", "6.00", "V4")).await["state"], "stored");
    assert_eq!(at.entries().await.len(), 3);
    at.bank.ask(Method::POST, EVENTS).body("application/json", "no JSON").send().await.refuse(400, "malformed");
    let many: Vec<Value> = (0..201).map(|n| txn(&format!("m-{n}"), "1.00", "V")).collect();
    at.bank.post(EVENTS, json!(many)).send().await.refuse(413, "too_large");
    at.bank.post(EVENTS, json!([])).send().await.refuse(422, "invalid");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(two_equal_movements_without_a_reference_are_one_unless_the_balance_tells_them_apart, |app| {
    let at = ground(&app).await;
    let debit = |id: &str, balance: Option<&str>| {
        let mut body = json!({
            "amount": "800.00", "credit_debit_indicator": "DBIT", "status": "BOOK", "booking_date": "2026-03-02",
            "details": [{"counterparty_name": "张三", "counterparty_account": "6217000000000000001"}],
        });
        if let Some(balance) = balance {
            body["balance_after"] = json!(balance);
        }
        event(id, "txn", body)
    };
    let first = at.send(&debit("t-1", None)).await;
    assert_eq!((&first["state"], first.get("merged_with")), (&json!("stored"), None), "{first}");
    let second = at.send(&debit("t-2", None)).await;
    assert_eq!(second["state"], "merged", "{second}");
    assert_eq!(second["merged_with"], at.entries().await[0]["id"], "{second}");
    assert_eq!(second["problems"][0]["place"], "body.account_servicer_reference", "{second}");
    assert_eq!(at.send(&debit("t-2", None)).await["state"], "duplicate");
    // The balance after proves nothing beside one that was not said, and everything beside another.
    assert_eq!(at.send(&debit("t-3", Some("9200.00"))).await["state"], "merged");
    assert_eq!(at.send(&debit("t-4", Some("8400.00"))).await["state"], "stored");
    assert_eq!(at.send(&debit("t-5", Some("8400"))).await["state"], "merged");
    assert_eq!(at.entries().await.len(), 2);
    // The day's statement tells both, and nothing more is booked.
    let file = camt(53, "S1", 1, None, &[Ntry::debit("800.00", "2026-03-02"), Ntry::debit("800.00", "2026-03-02")]);
    let receipt = hand_in(&at.manager, &file).await.expect(200);
    assert_eq!(receipt["statements"][0]["new"], 0, "{receipt}");
    assert_eq!(at.entries().await.len(), 2);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_account_of_others_is_not_told_apart_from_one_that_nobody_has, |app| {
    let at = ground(&app).await;
    let other = project(&at.manager, 2, "330784").await;
    open(&at.manager, &other, "330500019999").await;
    let mut answers = Vec::new();
    for (id, number) in [("f-1", "330500019999"), ("f-2", "330500018888")] {
        let mut foreign = txn(id, "1.00", "V1");
        foreign["account"] = json!(number);
        let mut answer = at.send(&foreign).await;
        assert_eq!((&answer["state"], &answer["reason"]), (&json!("quarantined"), &json!("unknown_account")));
        for name in ["event_id", "inbox_id"] {
            answer.as_object_mut().unwrap().remove(name);
        }
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    // Once it is on record, the same event is taken.
    let mut late = txn("f-2", "1.00", "V1");
    late["account"] = json!("330500018888");
    let third = project(&at.manager, 3, "330784").await;
    open(&at.manager, &third, "330500018888").await;
    let everywhere = app.client(Role::Bank, ScopeOn::Everything);
    assert_eq!(everywhere.post(EVENTS, late).send().await.expect(202)["state"], "stored");
    app.client(Role::GridOfficer, ScopeOn::Everything)
        .post(EVENTS, txn("g", "1.00", "V"))
        .send()
        .await
        .refuse(403, "not_allowed");
});

both!(an_event_and_a_statement_of_one_movement_are_one_entry_in_either_order, |app| {
    let at = ground(&app).await;
    let entry = |reference| Ntry { reference: Some(reference), ..Ntry::credit("100.00", "2026-03-02") };
    // Event, notification, report, ledger, event again under another id.
    at.send(&txn("o-1", "100.00", "V1")).await;
    for (kind, id) in [(54, "N1"), (52, "R1"), (53, "S1")] {
        hand_in(&at.manager, &camt(kind, id, 1, None, &[entry("V1")])).await.expect(200);
    }
    at.send(&txn("o-2", "100.00", "V1")).await;
    assert_eq!(at.entries().await.len(), 1);
    // The ledger first.
    hand_in(&at.manager, &camt(53, "S2", 2, None, &[entry("V2")])).await.expect(200);
    assert_eq!(at.send(&txn("o-3", "100.00", "V2")).await["state"], "stored");
    let all = at.entries().await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_result_speaks_of_a_payment_of_this_account, |app| {
    let at = ground(&app).await;
    let ids = sent_run(&app, &at.site, &at.account, "RUN-1", &[150_000, 250_000]);
    let result =
        |id: &str, payment: &str, status: &str| event(id, "payroll.result", json!({"end_to_end_id": payment, "status": status}));
    assert_eq!(at.send(&result("r-1", &ids[0], "ACCC")).await["state"], "stored");
    let mut rejected = result("r-2", &ids[1], "RJCT");
    rejected["body"]["reason"] = json!("AC04");
    rejected["body"]["original_message_id"] = json!("RUN-1");
    assert_eq!(at.send(&rejected).await["state"], "stored");
    for (id, payment, order) in [("r-3", "NOBODY", None), ("r-4", ids[0].as_str(), Some("RUN-2"))] {
        let mut odd = result(id, payment, "ACCC");
        if let Some(order) = order {
            odd["body"]["original_message_id"] = json!(order);
        }
        assert_eq!(at.send(&odd).await["reason"], "unknown_reference");
    }
    let mut dear = result("r-5", &ids[0], "ACCC");
    dear["body"]["amount"] = json!("1.00");
    assert_eq!(at.send(&dear).await["reason"], "sum_mismatch");
    assert_eq!(at.send(&result("r-6", &ids[0], "PAID")).await["reason"], "bad_format");
    let states: Vec<(String, Option<String>)> = app
        .read(|conn, _| {
            use anxin::store::schema::pay_lines as l;
            use diesel::prelude::*;
            Ok(l::table.order(l::id).select((l::state, l::state_reason)).load(conn)?)
        })
        .unwrap();
    assert_eq!(states, [("paid".to_owned(), None), ("rejected".to_owned(), Some("AC04".to_owned()))]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_banks_word_is_kept_beside_ours_and_a_difference_is_answered, |app| {
    let at = ground(&app).await;
    at.send(&txn("w-1", "100.00", "V1")).await;
    let opened = json!({"number": NUMBER, "name": "别的户名", "bank_code": "103338700001", "opened_on": "2026-01-10"});
    let answer = at.send(&event("w-2", "account.opened", opened)).await;
    let differing = |answer: &Value| -> Vec<String> {
        let all = answer["compared"].as_array().unwrap();
        all.iter().filter(|one| one["differs"] == true).map(|one| text(&one["field"])).collect()
    };
    assert_eq!((&answer["state"], differing(&answer)), (&json!("stored"), vec!["name".to_owned()]), "{answer}");
    let balance = |id: &str, amount: &str| event(id, "balance", json!({"amount": amount, "date": "2026-03-02"}));
    let notices = || {
        app.drain();
        told_of_source(&app, &at.site, "balance_mismatch").len()
    };
    assert_eq!(differing(&at.send(&balance("w-3", "100.00")).await), Vec::<String>::new());
    assert_eq!(notices(), 0);
    let reconciliation = format!("{}/reconciliation", at.site.path);
    let told = at.manager.get(&reconciliation).send().await.expect(200);
    assert_eq!(told[0]["told"]["difference"], "0.00", "{told}");
    let short = at.send(&balance("w-4", "99.00")).await;
    assert_eq!((differing(&short), &short["compared"][0]["ours"]), (vec!["balance".to_owned()], &json!("100.00")));
    let told = at.manager.get(&reconciliation).send().await.expect(200);
    assert_eq!((&told[0]["told"]["difference"], &told[0]["is_open"]), (&json!("-1.00"), &json!(true)), "{told}");
    assert_eq!(notices(), 1, "the keeper is told");
    at.send(&balance("w-4b", "99.00")).await;
    assert_eq!(notices(), 1, "once");
    // The entry that was missing comes, and the word is right without being said again.
    let mut debit = txn("w-5", "1.00", "V2");
    debit["body"]["credit_debit_indicator"] = json!("DBIT");
    at.send(&debit).await;
    let told = at.manager.get(&reconciliation).send().await.expect(200);
    assert_eq!(told[0]["told"]["difference"], "0.00", "{told}");
    assert_eq!(notices(), 0, "and told no more once they agree");
    at.send(&balance("w-5b", "98.00")).await;
    assert_eq!(notices(), 1);
    at.send(&balance("w-5c", "99.00")).await;
    assert_eq!(notices(), 0, "so it ends when the bank says otherwise");
    let tomorrow = event("w-6", "balance", json!({"amount": "1.00", "date": "2026-03-03"}));
    assert_eq!(at.send(&tomorrow).await["reason"], "bad_time");
    let words = at.manager.get(&format!("{}/bank-words", at.site.path)).send().await.expect(200);
    assert_eq!(words.as_array().unwrap().len(), 6, "{words}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_month_is_proved_by_balance_count_and_hash, |app| {
    let at = ground(&app).await;
    let mut early = txn("p-1", "300.00", "B");
    early["body"]["booking_date"] = json!("2026-02-10");
    let mut late = txn("p-2", "50.00", "A");
    late["body"]["booking_date"] = json!("2026-02-20");
    late["body"]["credit_debit_indicator"] = json!("DBIT");
    at.bank.post(EVENTS, json!([early, late, txn("p-3", "7.00", "C")])).send().await.expect(202);
    let day = |text: &str| text.parse().unwrap();
    let sha256 = hash_of([
        (day("2026-02-20"), Direction::Debit, Fen(5_000), Some("A".to_owned())),
        (day("2026-02-10"), Direction::Credit, Fen(30_000), Some("B".to_owned())),
    ]);
    let proof = |id: &str, month: &str, balance: &str, entries: i64| {
        event(id, "month.proof", json!({"month": month, "closing_balance": balance, "entries": entries, "sha256": sha256}))
    };
    let good = at.send(&proof("p-4", "2026-02", "250.00", 2)).await;
    assert!(good["compared"].as_array().unwrap().iter().all(|one| one["differs"] == false), "{good}");
    let told = || {
        app.drain();
        told_of_source(&app, &at.site, "month_proof").len()
    };
    assert_eq!(told(), 0);
    let bad = at.send(&proof("p-5", "2026-02", "250.01", 3)).await;
    let differs: Vec<bool> = bad["compared"].as_array().unwrap().iter().map(|one| one["differs"] == true).collect();
    assert_eq!((&bad["state"], differs), (&json!("stored"), vec![true, true, false]), "{bad}");
    assert_eq!(told(), 1, "the keeper is told");
    at.send(&proof("p-7", "2026-02", "250.00", 2)).await;
    assert_eq!(told(), 0, "and told no more once they agree");
    assert_eq!(at.send(&proof("p-6", "2026-03", "0.00", 0)).await["reason"], "bad_time");
    assert_eq!(kept(&app).2, 3);
});

/// The freezes of the site as its matters tell them, and of what its manager is told.
async fn freezes(at: &Ground<'_>) -> (Vec<Value>, Vec<String>) {
    at.app.drain();
    let matters = at.manager.get(&format!("{}/matters", at.site.path)).send().await.expect(200);
    let is_freeze = |one: &&Value| one["kind"] == "account_freeze";
    let freezes = matters.as_array().unwrap().iter().filter(is_freeze).cloned().collect();
    let (site, user) = (at.site.id, at.manager.user);
    let rows = at.app.read(move |conn, _| Ok(of_project(conn, site)?)).unwrap();
    let stand = rows.into_iter().filter(|row| row.user_id == user && row.state != NoticeState::Cured);
    (freezes, stand.map(|row| row.subject).collect())
}

fn told_of(subjects: &[String], what: &str) -> usize {
    subjects.iter().filter(|subject| subject.starts_with(what)).count()
}

both!(a_freeze_that_the_bank_tells_becomes_a_matter_with_its_tasks, |app| {
    let at = ground(&app).await;
    let frozen = |id: &str, day: &str| {
        let body = json!({"document": "(2026)浙0784执7号", "frozen_by": "某人民法院", "amount": "1200.50", "frozen_on": day});
        event(id, "account.frozen", body)
    };
    let released =
        |id: &str, day: &str| event(id, "account.released", json!({"document": "(2026)浙0784执7号", "released_on": day}));
    assert_eq!(at.send(&released("z-0", "2026-03-02")).await["reason"], "unknown_reference");
    assert_eq!(at.send(&frozen("z-1", "2026-03-03")).await["reason"], "bad_time", "a day to come");
    assert_eq!(at.send(&frozen("z-1", "2026-03-01")).await["state"], "stored");
    assert_eq!(at.send(&frozen("z-2", "2026-03-01")).await["state"], "stored", "the same freeze under another id");
    assert_eq!(at.send(&frozen("z-4", "2026-02-27")).await["reason"], "id_reused", "another freeze is not lost as a repeat");
    let (known, told) = freezes(&at).await;
    assert_eq!(known.len(), 1, "{known:?}");
    let matter = &known[0];
    assert_eq!((&matter["steps"][0]["amount"], &matter["transfer_allowed"]), (&json!("1200.50"), &Value::Null), "{matter}");
    assert_eq!(matter["tasks"][0]["step"], "reason_found", "for what claim is not known: {matter}");
    assert_eq!(told_of(&told, "freeze "), 1, "{told:?}");
    // Once it is known to be for another debt, the tasks of the objection stand.
    let steps = format!("{}/matters/{}/steps", at.site.path, text(&matter["id"]));
    let found = json!({"step": "reason_found", "happened_on": "2026-03-02"});
    at.manager.post(&steps, found.clone()).key("reason-0001").send().await.refuse(422, "invalid");
    let mut found = found;
    found["reason"] = json!("supplier_debt");
    at.manager.post(&steps, found).key("reason-0002").send().await.expect(201);
    let (known, _) = freezes(&at).await;
    let tasks: Vec<&str> = known[0]["tasks"].as_array().unwrap().iter().filter_map(|task| task["step"].as_str()).collect();
    assert_eq!(
        (tasks, &known[0]["transfer_allowed"]),
        (vec!["bank_prompts_court", "supervisor_notified", "objection"], &json!(false))
    );
    assert_eq!(at.send(&released("z-3", "2026-02-28")).await["reason"], "bad_time", "before the freeze");
    assert_eq!(at.send(&released("z-3", "2026-03-02")).await["state"], "stored");
    let (known, told) = freezes(&at).await;
    assert_eq!(
        (known[0]["next"].as_array().unwrap().len(), &known[0]["steps"][2]["step"]),
        (0, &json!("freeze_lifted")),
        "{known:?}"
    );
    assert_eq!(told_of(&told, "freeze "), 0, "{told:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_debit_that_speaks_of_enforcement_is_shown_until_a_person_says_what_it_was, |app| {
    let at = ground(&app).await;
    let debit = |id: &str, amount: &str, words: &str, reference: &str| {
        let body = json!({
            "amount": amount, "credit_debit_indicator": "DBIT", "status": "BOOK", "booking_date": "2026-03-02",
            "account_servicer_reference": reference, "additional_entry_information": words,
        });
        event(id, "txn", body)
    };
    assert_eq!(at.send(&debit("d-1", "5.00", "账户管理费", "V1")).await["state"], "stored");
    assert_eq!(at.send(&debit("d-2", "800.00", "司法扣划 (2026)浙0784执9号", "V2")).await["state"], "stored");
    let (known, told) = freezes(&at).await;
    assert!(known.is_empty(), "a text is a sign and no proof: {known:?}");
    assert_eq!(told_of(&told, "seizure "), 1, "{told:?}");
    let entry = at.entries().await.into_iter().find(|entry| entry["amount"] == "800.00").unwrap();
    let browser = app.browser_of(at.manager.user).await;
    let path = format!("/projects/{}/matters", at.site.id);
    let page = browser.page(&path).await;
    assert!(page.contains("司法扣划"), "{page}");
    let new = json!({
        "kind": "account_freeze", "step": "frozen", "happened_on": "2026-03-02", "amount": "800.00", "reason": "other_debt",
        "subject": entry["id"], "note": "某人民法院",
    });
    let matters = format!("{}/matters", at.site.path);
    at.manager.post(&matters, new.clone()).key("freeze-0001").send().await.expect(201);
    at.manager.post(&matters, new).key("freeze-0002").send().await.refuse(409, "conflict");
    let (known, told) = freezes(&at).await;
    assert_eq!((known.len(), known[0]["tasks"].as_array().unwrap().len()), (1, 3), "{known:?}");
    assert_eq!((told_of(&told, "seizure "), told_of(&told, "freeze ")), (0, 1), "{told:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_card_that_is_closed_is_a_caution_before_the_next_run, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let bank = app.client(Role::Bank, ScopeOn::Everything);
    let status = |id: &str, number: u32, status: &str, at: &str| {
        json!({
            "event_id": id, "type": "card.status", "occurred_at": at, "account": "3301000012345678",
            "body": {"card_number": card(number), "status": status},
        })
    };
    let send = async |event: Value| bank.post(EVENTS, event).send().await.expect(202);
    assert_eq!(send(status("c-1", 2, "closed", "2026-03-01T09:00:00+08:00")).await["state"], "stored");
    assert_eq!(send(status("c-2", 9, "closed", "2026-03-01T09:00:00+08:00")).await["reason"], "unknown_person");
    // What the bank said earlier does not undo what it said later.
    assert_eq!(send(status("c-3", 2, "normal", "2026-02-01T09:00:00+08:00")).await["state"], "stored");
    let path = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let cautions = stage.manager.get(&path).send().await.expect(200)["cautions"].clone();
    assert_eq!((cautions.as_array().unwrap().len(), &cautions[0]["caution"]), (1, &json!("card_not_in_use")), "{cautions}");
    assert!(text(&cautions[0]["zh"]).starts_with("测试银行义乌支行告知该工资卡已销户"), "{cautions}");
    send(status("c-4", 2, "normal", "2026-03-01T10:00:00+08:00")).await;
    assert_eq!(stage.manager.get(&path).send().await.expect(200)["cautions"], json!([]));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_freeze_that_the_bank_tells_is_a_caution_before_the_next_run_with_or_without_an_amount, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    let bank = app.client(Role::Bank, ScopeOn::Everything);
    let told = |id: &str, kind: &str, body: Value| {
        json!({
            "event_id": id, "type": kind, "occurred_at": "2026-03-02T08:00:00+08:00", "account": "3301000012345678", "body": body,
        })
    };
    let send = async |event: Value| assert_eq!(bank.post(EVENTS, event).send().await.expect(202)["state"], "stored");
    let path = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let frozen = async || stage.manager.get(&path).send().await.expect(200)["frozen"].clone();
    let one = json!({"document": "执1号", "frozen_by": "某人民法院", "amount": "1200.50", "frozen_on": "2026-03-01"});
    send(told("f-1", "account.frozen", one)).await;
    for _ in 0..2 {
        let found = frozen().await;
        let freeze = &found["freezes"][0];
        assert_eq!((&freeze["amount"], &freeze["told_by_bank"]), (&json!("1200.50"), &json!(true)), "{found}");
        assert!(text(&freeze["zh"]).contains("银行报送") && text(&freeze["zh"]).contains("查明"), "{found}");
        assert_eq!(
            (found["freezes"].as_array().unwrap().len(), &found["short"]),
            (1, &Value::Null),
            "the rest is enough: {found}"
        );
        // With the matter that follows it is still one freeze.
        app.drain();
    }
    // The whole account: nothing is free, to the fen of the order.
    let whole = json!({"document": "执2号", "frozen_by": "某人民法院", "frozen_on": "2026-03-02"});
    send(told("f-2", "account.frozen", whole)).await;
    let found = frozen().await;
    assert_eq!((&found["free"], &found["short"]), (&json!("0.00"), &json!("1500.00")), "{found}");
    for (id, document) in [("f-3", "执1号"), ("f-4", "执2号")] {
        send(told(id, "account.released", json!({"document": document, "released_on": "2026-03-02"}))).await;
    }
    assert_eq!(frozen().await, Value::Null);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_signature_stands_for_its_user_and_every_other_is_refused_alike, |app| {
    let at = ground(&app).await;
    let (key, secret) = at.hmac().await;
    let body = txn("s-1", "1.00", "V1").to_string();
    let good = sign(secret.as_bytes(), NOW, body.as_bytes());
    assert_eq!(at.signed(&key, NOW, &good, &body).await.expect(202)["state"], "stored");
    // The same user by log-in: one sender.
    assert_eq!(at.send(&txn("s-1", "1.00", "V1")).await["state"], "duplicate");
    let other = txn("s-2", "1.00", "V1").to_string();
    let stale = "1772412000";
    let refused = [
        (key.as_str(), NOW, good.clone(), other.as_str()),
        (key.as_str(), stale, sign(secret.as_bytes(), stale, body.as_bytes()), body.as_str()),
        (key.as_str(), NOW, sign(b"another secret", NOW, body.as_bytes()), body.as_str()),
        (key.as_str(), NOW, "v1=00".to_owned(), body.as_str()),
        (key.as_str(), NOW, format!("v1a={}", STANDARD.encode([0_u8; 64])), body.as_str()),
        ("rec-0000000000001", NOW, good.clone(), body.as_str()),
        ("odd", NOW, good, body.as_str()),
    ];
    let mut told = Vec::new();
    for (key, timestamp, signature, body) in refused {
        told.push(at.signed(key, timestamp, &signature, body).await.refuse(401, "not_authenticated")["detail"].clone());
    }
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:?}");
    // Rights are those of the user, today.
    let report = app
        .ask(Method::GET, "/api/v1/bank-events/certification")
        .header("X-Anxin-Key", &key)
        .header("X-Anxin-Timestamp", NOW)
        .header("X-Anxin-Signature", &sign(secret.as_bytes(), NOW, b""))
        .send()
        .await
        .expect(200);
    let seen = |list: &str| -> Vec<String> {
        let all = report[list].as_array().unwrap();
        all.iter().filter(|one| one["times"].as_i64() > Some(0)).map(|one| text(&one["name"])).collect()
    };
    assert_eq!((seen("events"), seen("failures")), (vec!["txn".to_owned()], vec!["duplicate".to_owned()]), "{report}");
    assert_eq!(seen("signatures"), ["accepted", "wrong_signature", "stale_timestamp"]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(keys_are_rotated_with_an_overlap_and_revoked_at_once, |app| {
    let at = ground(&app).await;
    let (old, secret) = at.hmac().await;
    let send = async |key: &str, secret: &str, id: &str, timestamp: &str| {
        let body = txn(id, "1.00", id).to_string();
        at.signed(key, timestamp, &sign(secret.as_bytes(), timestamp, body.as_bytes()), &body).await.status
    };
    let rotation = format!("/api/v1/bank-keys/{old}/rotation");
    at.admin.post(&rotation, json!({"overlap_hours": 721})).send().await.refuse(422, "invalid");
    let next = at.admin.post(&rotation, json!({"overlap_hours": 1})).send().await.expect(201);
    let (new, next_secret) = (text(&next["key"]["id"]), text(&next["secret"]));
    assert_eq!(send(&old, &secret, "k-1", NOW).await, 202, "both hold during the overlap");
    assert_eq!(send(&new, &next_secret, "k-2", NOW).await, 202);
    assert_eq!(send(&new, &secret, "k-3", NOW).await, 401);
    app.clock.set("2026-03-02T10:30:00+08:00");
    let later = "1772418600";
    assert_eq!(send(&old, &secret, "k-4", later).await, 401, "the overlap is over");
    assert_eq!(send(&new, &next_secret, "k-5", later).await, 202);
    at.admin.post(&rotation, json!({"overlap_hours": 1})).send().await.refuse(409, "conflict");
    let revocation = format!("/api/v1/bank-keys/{new}/revocation");
    at.admin.post(&revocation, json!({})).send().await.expect(200);
    assert_eq!(send(&new, &next_secret, "k-6", later).await, 401);
    let listed = at.admin.get("/api/v1/bank-keys").send().await.expect(200);
    assert!(
        !listed.to_string().contains(&secret) && listed.as_array().unwrap().iter().all(|one| one["is_live"] == false),
        "{listed}"
    );
    at.manager.get("/api/v1/bank-keys").send().await.refuse(403, "not_allowed");
    let officer = app.client(Role::GridOfficer, ScopeOn::Everything);
    let body = json!({"user": officer.user, "name": "x", "kind": "hmac"});
    at.admin.post("/api/v1/bank-keys", body).send().await.refuse(422, "invalid");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_ed25519_key_signs_and_only_its_public_half_stands_here, |app| {
    let at = ground(&app).await;
    let signing = SigningKey::from_bytes(&[7; 32]);
    let public_key = STANDARD.encode(signing.verifying_key().as_bytes());
    let made = at.key(json!({"user": at.bank.user, "name": "主机", "kind": "ed25519", "public_key": public_key})).await;
    assert_eq!(made["secret"], Value::Null);
    let key = text(&made["key"]["id"]);
    let body = txn("d-1", "1.00", "V1").to_string();
    let signature = |body: &str| format!("v1a={}", STANDARD.encode(signing.sign(format!("{NOW}.{body}").as_bytes()).to_bytes()));
    assert_eq!(at.signed(&key, NOW, &signature(&body), &body).await.expect(202)["state"], "stored");
    at.signed(&key, NOW, &signature("other"), &body).await.refuse(401, "not_authenticated");
    at.signed(&key, NOW, &sign(public_key.as_bytes(), NOW, body.as_bytes()), &body).await.refuse(401, "not_authenticated");
    for odd in ["", "AAAA", &STANDARD.encode([0_u8; 32])] {
        let body = json!({"user": at.bank.user, "name": "x", "kind": "ed25519", "public_key": odd});
        at.admin.post("/api/v1/bank-keys", body).send().await.refuse(422, "invalid");
    }
});

both!(a_commit_that_fails_answers_503_and_keeps_nothing_half, |app| {
    use diesel::connection::SimpleConnection;
    let at = ground(&app).await;
    let body = event("x-1", "balance", json!({"amount": "0.00", "date": "2026-03-02"}));
    if app.ground.db.backend() == Backend::Sqlite {
        // The blow falls before each of the first statements in turn; the two before them are the commit of arming and the next begin.
        for statement in 4..=12 {
            let fuse = Fuse::of(statement);
            let armed = fuse.clone();
            app.write(move |tx, _| {
                armed.arm(tx.conn());
                Ok(())
            })
            .unwrap();
            let refused = at.bank.post(EVENTS, body.clone()).send().await;
            fuse.cut();
            assert_eq!((refused.status, refused.headers.contains_key("retry-after")), (503, true), "{}", refused.text());
            assert_eq!(kept(&app), (0, 0, 0), "statement {statement}");
        }
    } else {
        let late = "CREATE FUNCTION too_late() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$; \
                    CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON bank_words DEFERRABLE INITIALLY DEFERRED \
                    FOR EACH ROW EXECUTE FUNCTION too_late();";
        app.write(move |tx, _| Ok(tx.conn().batch_execute(late).map_err(StoreError::from)?)).unwrap();
        let refused = at.bank.post(EVENTS, body.clone()).send().await;
        assert_eq!((refused.status, refused.headers.contains_key("retry-after")), (503, true), "{}", refused.text());
        assert_eq!(kept(&app), (0, 0, 0));
        app.write(|tx, _| Ok(tx.conn().batch_execute("DROP TRIGGER too_late ON bank_words").map_err(StoreError::from)?)).unwrap();
    }
    assert_eq!(at.send(&body).await["state"], "stored");
    assert_eq!(kept(&app), (1, 1, 1));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_page_shows_specification_keys_and_events_to_whom_they_belong, |app| {
    let at = ground(&app).await;
    at.send(&txn("v-1", "1.00", "V1")).await;
    let admin = app.browser(Role::Administrator, ScopeOn::Everything).await.english();
    let page = admin.page("/bank-feed").await;
    assert!(page.contains("month.proof") && page.contains("Signing keys") && !page.contains("Last events"));
    let user = at.bank.user.to_string();
    let made = admin.post("/bank-feed/keys", &[("user", user.as_str()), ("name", "host"), ("kind", "hmac")]).await;
    assert_eq!(made.status, 200);
    let shown = made.text();
    let key = shown.split("<dt>X-Anxin-Key</dt><dd><code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let rotated = admin.post(&format!("/bank-feed/keys/{key}/rotate"), &[("overlap_hours", "24")]).await;
    assert_eq!(rotated.status, 200);
    let (_, page) = admin.submit(&format!("/bank-feed/keys/{key}/revoke"), &[("confirm", "yes")]).await;
    assert!(page.contains(&key) && page.contains("over"));
    let bank = app.browser_of(at.bank.user).await;
    let page = bank.page("/bank-feed").await;
    assert!(page.contains("txn v-1") && page.contains("联调报告") && !page.contains("签名密钥"), "{page}");
});

both!(a_sender_has_a_rate_of_its_own, |app| {
    let ground = ground(&app).await;
    let ok = event("rate-0", "balance", json!({"balance": "0.00", "kind": "closing_booked", "as_of": "2026-03-01"}));
    let mut statuses = Vec::new();
    for _ in 0..55 {
        statuses.push(ground.bank.post(EVENTS, ok.clone()).send().await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 5, "{statuses:?}");
    // Another sender is not held up by it, and the next second is another.
    let other = app.client(Role::Bank, ScopeOn::Account(ground.account.parse().unwrap()));
    assert_ne!(other.post(EVENTS, ok.clone()).send().await.status, 503);
    app.clock.set(&app.ground.clock.now().plus_seconds(1).to_string());
    assert_ne!(ground.bank.post(EVENTS, ok.clone()).send().await.status, 503);
});

both!(the_specification_is_open_to_everybody_and_shows_nobodys_data, |app| {
    let at = ground(&app).await;
    at.hmac().await;
    at.send(&txn("open-1", "1.00", "V1")).await;
    let answer = app.ask(Method::GET, "/bank-feed").send().await;
    let page = answer.text();
    assert_eq!(answer.status, 200, "{page}");
    assert!(page.contains("payroll.result") && page.contains("X-Anxin-Signature"));
    assert!(!page.contains("open-1") && !page.contains("id=\"keys\"") && !page.contains("id=\"events\""));
});

both!(a_token_of_an_ed25519_key_sends_once_and_only_with_its_own_algorithm, |app| {
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    let at = ground(&app).await;
    let signing = SigningKey::from_bytes(&[7; 32]);
    let public_key = STANDARD.encode(signing.verifying_key().as_bytes());
    let made = at.key(json!({"user": at.bank.user, "name": "主机", "kind": "ed25519", "public_key": public_key})).await;
    let key = text(&made["key"]["id"]);
    let seconds: i64 = NOW.parse().unwrap();
    let token = |algorithm: Algorithm, jti: &str, exp: i64| {
        let header = Header { kid: Some(key.clone()), ..Header::new(algorithm) };
        let claims = json!({"iss": at.bank.user, "aud": "anxin", "iat": seconds, "exp": exp, "jti": jti});
        let encoding = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_der(signing.to_pkcs8_der().unwrap().as_bytes()),
            _ => EncodingKey::from_secret(signing.verifying_key().as_bytes()),
        };
        jsonwebtoken::encode(&header, &claims, &encoding).unwrap()
    };
    let send = |token: String, body: Value| {
        let ask = app.ask(Method::POST, EVENTS).header("Authorization", &format!("Bearer {token}"));
        ask.body("application/json", body.to_string()).send()
    };
    let sound = token(Algorithm::EdDSA, "t-1", seconds + 300);
    assert_eq!(send(sound.clone(), txn("j-1", "1.00", "V1")).await.expect(202)["state"], "stored");
    send(sound.clone(), txn("j-2", "2.00", "V2")).await.refuse(401, "not_authenticated");
    send(sound, txn("j-1", "1.00", "V1")).await.refuse(401, "not_authenticated");
    send(token(Algorithm::HS256, "t-2", seconds + 300), txn("j-3", "3.00", "V3")).await.refuse(401, "not_authenticated");
    send(token(Algorithm::EdDSA, "t-3", seconds + 901), txn("j-4", "4.00", "V4")).await.refuse(401, "not_authenticated");
    send(token(Algorithm::EdDSA, "t-4", seconds + 300), txn("j-1", "1.00", "V1")).await.expect(202);
    assert_eq!(at.entries().await.len(), 1, "each movement once");
    // A token is for banks' routes; it opens no other door.
    let other = app
        .ask(Method::GET, "/api/v1/me")
        .header("Authorization", &format!("Bearer {}", token(Algorithm::EdDSA, "t-5", seconds + 300)));
    other.send().await.refuse(401, "not_authenticated");
    at.admin.post(&format!("/api/v1/bank-keys/{key}/revocation"), json!({})).send().await.expect(200);
    send(token(Algorithm::EdDSA, "t-6", seconds + 300), txn("j-5", "5.00", "V5")).await.refuse(401, "not_authenticated");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_token_of_a_p256_key_is_taken_and_its_key_is_rotated, |app| {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use p256::pkcs8::{EncodePrivateKey, EncodePublicKey};
    let at = ground(&app).await;
    let halves = [7_u8, 8].map(|seed| p256::SecretKey::from_slice(&[seed; 32]).unwrap());
    let [first, second] = &halves;
    let point = STANDARD.encode(first.public_key().to_sec1_bytes());
    let of = |public_key: &str| json!({"user": at.bank.user, "name": "主机", "kind": "es256", "public_key": public_key});
    // No key of another curve, no half of one, none at all.
    let ed25519 = STANDARD.encode(SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes());
    for odd in [ed25519.as_str(), "", "AAAA", &STANDARD.encode([4_u8; 65])] {
        at.admin.post("/api/v1/bank-keys", of(odd)).send().await.refuse(422, "invalid");
    }
    let made = at.key(of(&point)).await;
    assert_eq!((&made["key"]["kind"], &made["secret"]), (&json!("es256"), &Value::Null));
    let key = text(&made["key"]["id"]);
    let seconds: i64 = NOW.parse().unwrap();
    let token = |key: &str, half: &p256::SecretKey, algorithm: Algorithm, jti: &str| {
        let header = Header { kid: Some(key.to_owned()), ..Header::new(algorithm) };
        let claims = json!({"iss": at.bank.user, "aud": "anxin", "iat": seconds, "exp": seconds + 300, "jti": jti});
        let encoding = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_der(half.to_pkcs8_der().unwrap().as_bytes()),
            _ => EncodingKey::from_secret(&half.public_key().to_sec1_bytes()),
        };
        jsonwebtoken::encode(&header, &claims, &encoding).unwrap()
    };
    let send = |token: String, body: Value| {
        let ask = app.ask(Method::POST, EVENTS).header("Authorization", &format!("Bearer {token}"));
        ask.body("application/json", body.to_string()).send()
    };
    let sound = token(&key, first, Algorithm::ES256, "t-1");
    assert_eq!(send(sound.clone(), txn("p-1", "1.00", "V1")).await.expect(202)["state"], "stored");
    send(sound, txn("p-2", "2.00", "V2")).await.refuse(401, "not_authenticated");
    send(token(&key, first, Algorithm::HS256, "t-2"), txn("p-2", "2.00", "V2")).await.refuse(401, "not_authenticated");
    send(token(&key, second, Algorithm::ES256, "t-3"), txn("p-2", "2.00", "V2")).await.refuse(401, "not_authenticated");
    // The next key comes as a file; both are good while they overlap.
    let der = STANDARD.encode(second.public_key().to_public_key_der().unwrap().as_bytes());
    let (upper, lower) = der.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{upper}\n{lower}\n-----END PUBLIC KEY-----\n");
    let rotation = format!("/api/v1/bank-keys/{key}/rotation");
    let next = at.admin.post(&rotation, json!({"overlap_hours": 1, "public_key": pem})).send().await.expect(201);
    let next = text(&next["key"]["id"]);
    send(token(&key, first, Algorithm::ES256, "t-4"), txn("p-3", "3.00", "V3")).await.expect(202);
    send(token(&next, second, Algorithm::ES256, "t-5"), txn("p-4", "4.00", "V4")).await.expect(202);
    send(token(&next, first, Algorithm::ES256, "t-6"), txn("p-5", "5.00", "V5")).await.refuse(401, "not_authenticated");
    assert_eq!(at.entries().await.len(), 3);
    assert_eq!(app.broken(), Vec::<String>::new());
});
