//! The end of a wage account: it lies after the last entry, what the bank books after it is told, and money that went out for something
//! other than wages is explained first.

use serde_json::{Value, json};

use super::accounts::{open, set_aside};
use super::closing_gate::finished;
use super::doubts::hurdle;
use super::matching::later;
use super::payroll::{stage, text};
use super::settlement::{NUMBER, Ntry, camt, camt_of, hand_in};
use crate::both;
use crate::suite::ground::project;

fn interest(on: &'static str, reference: &'static str) -> Ntry {
    Ntry { text: "结息", reference: Some(reference), ..Ntry::credit("7.00", on) }
}

both!(an_account_closes_after_its_last_entry_and_what_comes_later_is_told, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let account = open(&manager, &site, NUMBER).await;
    hand_in(&manager, &camt(54, "N1", 1, None, &[interest("2026-02-20", "I1")])).await.expect(200);
    set_aside(&app, &manager, &site).await;
    let closing = format!("{}/accounts/{account}/closing", site.path);
    let close = |day: &'static str| {
        let (manager, closing) = (&manager, &closing);
        async move { manager.post(closing, json!({"closed_on": day})).send().await }
    };
    let refused = close("2026-02-19").await.refuse(422, "invalid");
    assert!(refused.to_string().contains("2026-02-20") && refused.to_string().contains("bad_time"), "{refused}");
    close("2026-02-20").await.expect(200);
    assert_eq!(hurdle(&manager, &site, "entries_after_closing").await, None);
    close("2026-02-25").await.refuse(409, "conflict");
    // The bank books two more: no bank's word is refused, and nobody overlooks it.
    let late = camt(54, "N2", 2, None, &[interest("2026-02-23", "I2"), interest("2026-02-26", "I3")]);
    let receipt = hand_in(&manager, &late).await.expect(200);
    assert!(receipt["problems"][0]["zh"].as_str().unwrap().contains("晚于登记的销户日 2026-02-20"), "{receipt}");
    let stop = hurdle(&manager, &site, "entries_after_closing").await.expect("a hurdle");
    assert_eq!(
        (&stop["count"], &stop["amount"], &stop["on"], &stop["blocks"]),
        (&json!(2), &json!("14.00"), &json!("2026-02-20"), &json!(true)),
        "{stop}"
    );
    app.drain();
    let id = site.id;
    let told = app.read(move |conn, _| Ok(anxin::alerts::table::of_project(conn, id)?)).unwrap();
    assert!(
        told.iter().any(|row| row.subject.starts_with(&format!("after_closing {account}"))),
        "the project's people hear of it"
    );
    // The day is put right by one that no entry contradicts, and by no other.
    close("2026-02-24").await.refuse(422, "invalid");
    assert_eq!(close("2026-02-26").await.expect(200)["account"]["closed_on"], "2026-02-26");
    assert_eq!(hurdle(&manager, &site, "entries_after_closing").await, None);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(money_that_went_out_for_something_else_stops_the_closing_until_it_is_explained, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    finished(&stage).await;
    let details = "<NtryDtls><TxDtls><RltdPties><Cdtr><Pty><Nm>某建材公司</Nm></Pty></Cdtr></RltdPties></TxDtls></NtryDtls>";
    let bought =
        Ntry { text: "往来款", reference: Some("UK1"), details: details.to_owned(), ..Ntry::debit("5680.00", "2026-03-02") };
    hand_in(&stage.manager, &camt_of("3301000012345678", 54, "U1", 1, None, &[bought])).await.expect(200);
    let stop = hurdle(&stage.manager, &stage.project, "foreign_debit").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"], &stop["blocks"]), (&json!(1), &json!("5680.00"), &json!(true)), "{stop}");
    assert!(text(&stop["which"][0]).contains("某建材公司"), "{stop}");
    let stage = later(stage, "2026-05-04T10:00:00+08:00");
    let accounts = stage.manager.get(&stage.path("accounts")).send().await.expect(200);
    let closing = stage.path(&format!("accounts/{}/closing", text(&accounts[0]["account"]["id"])));
    let refused = stage.manager.post(&closing, json!({"closed_on": "2026-05-03"})).send().await.refuse(409, "conflict");
    let places: Vec<&Value> = refused["errors"].as_array().unwrap().iter().map(|one| &one["place"]).collect();
    assert!(places.contains(&&json!("foreign_debit")), "{refused}");
    let answer = stage.manager.post("/api/v1/gates/deposit-return", json!({"project": stage.id()})).send().await.expect(200);
    assert_ne!(answer["verdict"], "clear", "{answer}");
    // Followed up is not explained.
    let found = stage.manager.get(&stage.path("matches/2026-02?kind=unknown_payee")).send().await.expect(200);
    let row = &found["items"][0];
    let says = |verdict: &str| json!({"subject": row["subject"], "kind": "unknown_payee", "basis": row["differences"][0]["basis"], "found": verdict, "note": "银行误扣，已发函追回"});
    let decisions = stage.path("matches/2026-02/decisions");
    stage.manager.post(&decisions, says("pursued")).send().await.expect(201);
    assert!(hurdle(&stage.manager, &stage.project, "foreign_debit").await.is_some());
    stage.manager.post(&decisions, says("explained")).send().await.expect(201);
    assert_eq!(hurdle(&stage.manager, &stage.project, "foreign_debit").await, None);
    assert_eq!(app.broken(), Vec::<String>::new());
});
