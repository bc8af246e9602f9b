//! A file that two persons have voided and that comes once more: a person is asked, a machine is told, nothing is booked in silence.

use actix_web::http::Method;
use anxin::base::id::InboxId;
use anxin::operation::replaying;
use anxin::settlement::voiding::again::is_told_by;
use anxin::web::{Ctx, Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::open;
use super::ledger::{balance, broken};
use super::replays::messages;
use super::settlement::{NUMBER, Ntry, camt, entries, from_owner, hand_in, hand_in_results, ledger, pain002, sent_run, states};
use super::voiding::void;
use crate::both;
use crate::suite::ground::{Answer, App, Client, project, text_of};

const STATEMENTS: &str = "/api/v1/bank/statements";

fn statement() -> String {
    let paid = Ntry {
        reference: Some("V1"),
        text: "人工费",
        details: from_owner("测试建设单位1"),
        ..Ntry::credit("1000.00", "2026-03-02")
    };
    camt(53, "S1", 1, Some(("0.00", "1000.00")), &[paid])
}

async fn hand_in_because(client: &Client<'_>, path: &str, reason: &str, file: &str) -> Answer {
    client.ask(Method::POST, &format!("{path}?again={reason}")).body("application/xml", file).send().await
}

fn sound(app: &App) {
    assert_eq!(broken(app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
}

/// Asserts that a file was refused since it was voided.
#[track_caller]
fn is_asked(answer: Answer) -> Value {
    let problem = answer.refuse(409, "conflict");
    assert_eq!((&problem["errors"][0]["place"], &problem["errors"][0]["reason"]), (&json!("file"), &json!("voided_file")));
    problem
}

both!(one_person_books_a_voided_file_only_by_saying_why, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    open(&client, &site, NUMBER).await;
    let file = statement();
    let first = hand_in(&client, &file).await.expect(200);
    void(&app, &client, &site, &first).await;
    let voided = first["inbox_id"].as_str().unwrap();
    let problem = is_asked(hand_in(&client, &file).await);
    for (field, parts) in [("detail", [voided, "2026-03-02", "已与银行核实"]), ("detail_en", [voided, "voided by", "again"])]
    {
        let text = problem[field].as_str().unwrap();
        assert!(parts.iter().all(|part| text.contains(part)), "who, when and why: {text}");
    }
    assert_eq!(messages(&app, "camt").len(), 1, "what is refused is not acknowledged and not kept");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "0.00");
    let empty = hand_in_because(&client, STATEMENTS, "%20", &file).await.refuse(422, "invalid");
    assert_eq!(empty["errors"][0]["place"], "again", "{empty}");
    let again = hand_in_because(&client, STATEMENTS, "voided+by+mistake", &file).await.expect(200);
    assert_eq!((&again["state"], &again["statements"][0]["new"]), (&json!("done"), &json!(1)), "{again}");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "1000.00");
    for (id, is_voided) in [(voided, true), (again["inbox_id"].as_str().unwrap(), false)] {
        let view = client.get(&format!("{}/bank-files/{id}", site.path)).send().await.expect(200);
        assert_eq!(view["is_voided"], json!(is_voided), "{view}");
        assert_eq!((&view["returns"][0]["voided_id"], &view["returns"][0]["inbox_id"]), (&json!(voided), &again["inbox_id"]));
        assert_eq!(view["returns"][0]["note"], "voided by mistake");
    }
    // It stands now: the same once more is a copy of it, with a reason and without.
    assert_eq!(hand_in(&client, &file).await.expect(200)["state"], "duplicate");
    assert_eq!(hand_in_because(&client, STATEMENTS, "x", &file).await.expect(200)["state"], "duplicate");
    // Voided a second time, it is asked about again.
    void(&app, &client, &site, &again).await;
    is_asked(hand_in(&client, &file).await);
    sound(&app);
});

both!(the_same_entries_in_another_file_are_booked_after_a_void, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let first = hand_in(&client, &statement()).await.expect(200);
    void(&app, &client, &site, &first).await;
    let right = statement().replace("<MsgId>M-", "<MsgId>RIGHT-");
    let receipt = hand_in(&client, &right).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["statements"][0]["new"]), (&json!("done"), &json!(1)), "{receipt}");
    let found = entries(&client, &site, &account).await;
    assert_eq!(found.iter().filter(|one| one["voided"] == false).count(), 1, "{found:?}");
    // What was voided stays voided, though an equal entry stands.
    is_asked(hand_in(&client, &statement()).await);
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "1000.00");
    sound(&app);
});

both!(words_on_payments_that_were_voided_are_asked_about_as_well, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000]);
    let paid = format!(
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId>\
         <TxSts>ACCC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>",
        ids[0]
    );
    let report = pain002("RUN-1", &paid, "");
    let wrong = hand_in_results(&client, &report).await.expect(200);
    assert_eq!(states(&app, &site, &ids), ["paid"]);
    void(&app, &client, &site, &wrong).await;
    assert_eq!(states(&app, &site, &ids), ["unknown"]);
    is_asked(hand_in_results(&client, &report).await);
    assert_eq!(states(&app, &site, &ids), ["unknown"], "nobody is paid by it");
    let again = hand_in_because(&client, "/api/v1/bank/results", "confirmed", &report).await.expect(200);
    assert_eq!(again["state"], "done", "{again}");
    assert_eq!(states(&app, &site, &ids), ["paid"]);
    sound(&app);
});

both!(a_form_asks_with_a_tick_and_a_reason, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    open(&client, &site, NUMBER).await;
    let first = hand_in(&client, &statement()).await.expect(200);
    void(&app, &client, &site, &first).await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    assert!(browser.page("/bank").await.contains("name=\"again_reason\""));
    let file = statement();
    let upload = [("file", "statement.xml", "application/xml", file.as_bytes())];
    let refused = browser.upload("/bank", &[], &upload).await;
    assert_eq!(refused.status, 409, "{}", text_of(&refused.text()));
    assert!(text_of(&refused.text()).contains("作废"), "{}", text_of(&refused.text()));
    assert_eq!(browser.upload("/bank", &[("again", "yes")], &upload).await.status, 422, "a tick alone says nothing");
    let taken = browser.upload("/bank", &[("again", "yes"), ("again_reason", "银行确认无误")], &upload).await;
    assert_eq!(taken.status, 200, "{}", text_of(&taken.text()));
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "1000.00");
    let page = text_of(&browser.page(&format!("/projects/{}/bank-files", site.id)).await);
    assert!(page.contains("银行确认无误"), "{page}");
    sound(&app);
});

both!(a_sheet_that_was_voided_is_booked_by_its_columns_only_with_a_reason, |app| {
    const SHEET: &str = "某银行对公流水\n记账,流向,数目,结存,往来单位,往来账户,说明\n\
        20260226,贷,5000.00,5000.00,测试建设单位1,6222020000000000001,人工费\n";
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let path = format!("{}/accounts/{account}/bank-sheets", site.path);
    let columns = json!({"A": "booked_on", "B": "mark", "C": "amount", "D": "balance", "E": "counterparty", "G": "text"});
    let keep = || client.ask(Method::POST, &path).body("text/csv", SHEET).send();
    let view = keep().await.expect(201);
    let kept = format!("{path}/{}", view["id"].as_str().unwrap());
    let booked = client.post(&kept, json!({"columns": columns})).send().await.expect(200);
    assert_eq!(booked["applied"], 1, "{booked}");
    void(&app, &client, &site, &booked).await;
    // Remembered by now, so that it is read by itself: asked about all the same.
    is_asked(client.ask(Method::POST, STATEMENTS).body("text/csv", SHEET).send().await);
    is_asked(client.post(&kept, json!({"columns": columns})).send().await);
    is_asked(client.post(&kept, json!({"columns": columns, "again": "confirmed"})).send().await);
    let anew = format!("{path}/{}", keep().await.expect(201)["id"].as_str().unwrap());
    is_asked(client.post(&anew, json!({"columns": columns})).send().await);
    let again = client.post(&anew, json!({"columns": columns, "again": "银行确认"})).send().await.expect(200);
    assert_eq!(again["applied"], 1, "{again}");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "5000.00");
    sound(&app);
});

both!(a_message_that_is_read_again_brings_back_nothing_that_was_voided, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    // Came before the account was known, and waits since; the bank sent it once more, and that was voided.
    hand_in(&client, &statement()).await.refuse(422, "invalid");
    open(&client, &site, NUMBER).await;
    let waits = messages(&app, "camt")[0].0;
    let booked = hand_in(&client, &statement()).await.expect(200);
    void(&app, &client, &site, &booked).await;
    let read = |id: InboxId| {
        let ctx = Ctx::of_the_house(&app.ground, "cli");
        replaying::run_blocking(&ctx, id)
    };
    let problem = read(waits).unwrap_err();
    assert!(is_told_by(&problem), "{problem}");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "0.00");
    // Where nothing was voided, it is read as ever.
    is_asked(hand_in(&client, &statement()).await);
    hand_in_because(&client, STATEMENTS, "confirmed", &statement()).await.expect(200);
    read(waits).unwrap();
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "1000.00", "told once");
    sound(&app);
});

async fn send(client: &Client<'_>, id: &str) -> Answer {
    let event = json!({"event_id": id, "type": "txn", "occurred_at": "2026-03-02T08:30:00+08:00", "account": NUMBER, "body": {
        "amount": "100.00", "credit_debit_indicator": "CRDT", "status": "BOOK", "booking_date": "2026-03-02",
        "account_servicer_reference": "V1"}});
    client.post("/api/v1/bank-events", event).send().await
}

both!(a_bank_s_system_that_sends_a_voided_event_again_is_told_and_nothing_is_booked, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    let bank = app.client(Role::Bank, ScopeOn::Account(account.parse().unwrap()));
    let first = send(&bank, "e-1").await.expect(202);
    assert_eq!(first["state"], "stored", "{first}");
    void(&app, &manager, &site, &first).await;
    // Under its own id, and by another sender who has not used that id yet.
    for client in [&bank, &manager, &manager] {
        let told = send(client, "e-1").await.expect(202);
        assert_eq!((&told["state"], &told["problems"][0]["reason"]), (&json!("duplicate"), &json!("voided_file")), "{told}");
    }
    assert_eq!(balance(&ledger(&manager, &site).await, "bank"), "0.00");
    // The movement is real after all: an event of its own.
    let right = send(&bank, "e-2").await.expect(202);
    assert_eq!(right["state"], "stored", "{right}");
    assert_eq!(balance(&ledger(&manager, &site).await, "bank"), "100.00");
    sound(&app);
});
