//! Reading again what was put aside, whatever feed it came by.

use anxin::base::id::{InboxId, QuarantineId};
use anxin::operation::replaying;
use anxin::store::inbox::again::{Which, after};
use anxin::store::inbox::{self, InboxState, Rejected};
use anxin::store::schema;
use anxin::web::{Ctx, Role, ScopeOn};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::accounts::open;
use super::attendance::{attlog, bind, device_key};
use super::settlement::{NUMBER, Ntry, camt, entries, hand_in};
use crate::both;
use crate::suite::ground::{App, project};

/// Feed, id, state and request of the messages of a feed.
pub fn messages(app: &App, feed: &'static str) -> Vec<(InboxId, InboxState, String)> {
    use schema::inbox as i;
    app.read(move |conn, _| {
        Ok(i::table.filter(i::feed.eq(feed)).order(i::id).select((i::id, i::state, i::request)).load(conn)?)
    })
    .unwrap()
}

/// Reason, place and state of the items of a message.
pub fn items(app: &App, id: InboxId) -> Vec<(String, String, String)> {
    use schema::quarantine as q;
    app.read(move |conn, _| {
        Ok(q::table.filter(q::inbox_id.eq(id)).order(q::item).select((q::reason, q::place, q::state)).load(conn)?)
    })
    .unwrap()
}

/// Reads a message again as `inbox replay` does.
pub fn again(app: &App, id: InboxId) -> Value {
    let ctx = Ctx::of_the_house(&app.ground, "cli");
    serde_json::to_value(replaying::run_blocking(&ctx, id).unwrap()).unwrap()
}

fn item(reason: &str, place: &str, state: &str) -> (String, String, String) {
    (reason.to_owned(), place.to_owned(), state.to_owned())
}

both!(an_id_that_was_used_twice_stays_refused_at_its_place, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let key = device_key(&app, &site).await;
    let punch =
        |id: &str, pin: &str| json!({"id": id, "person": {"kind": "pin", "value": pin}, "time": "2026-03-02T07:58:03+08:00"});
    let send = |punches: Value| {
        let asked = app.ask(actix_web::http::Method::POST, "/api/v1/punches").header("Authorization", &format!("Bearer {key}"));
        asked.json(json!({"punches": punches})).send()
    };
    send(json!([punch("a", "1001")])).await.expect(200);
    let answer = send(json!([punch("b", "1002"), punch("a", "1003")])).await;
    assert_eq!(answer.expect(200)["results"][1]["reason"], "id_reused");
    let id = messages(&app, "punch")[1].0;
    let stands = [item("id_reused", "punches[1].id", "open")];
    assert_eq!(items(&app, id), stands);
    assert_eq!(again(&app, id), json!({"messages": 1, "punches": 0, "taken": 0, "open": 1}));
    assert_eq!(items(&app, id), stands);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_picture_that_was_cut_off_stays_so_and_what_was_taken_over_is_no_message_any_more, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    // Sent before the machine was bound: held, then taken over.
    app.ask(actix_web::http::Method::POST, "/iclock/cdata?SN=T1&table=ATTLOG&Stamp=1")
        .body("text/plain", "1001\t2026-03-02 07:58:03\t0\t15\n")
        .send()
        .await;
    bind(&manager, &site, "T1", "in").await;
    app.drain();
    let which = Which { feed: Some("zk".into()), state: Some(InboxState::Done), ..Which::default() };
    let done = app.read(move |conn, _| Ok(after(conn, &which, InboxId(0), 100)?)).unwrap();
    let taken_over = messages(&app, "zk").len();
    assert_eq!((taken_over, done.len()), (2, 1), "the held one has nothing left to be read");
    again(&app, done[0]);
    app.ask(actix_web::http::Method::POST, "/iclock/cdata?SN=T1&table=ATTPHOTO&Stamp=1")
        .body("application/octet-stream", "PIN=1.jpg\nSN=T1\nsize=4\nCMD=uploadphoto\0half")
        .send()
        .await;
    let id = messages(&app, "zk").last().unwrap().0;
    app.write(move |tx, ctx| {
        use schema::inbox as i;
        diesel::update(i::table.find(id)).set((i::truncated.eq(true), i::state.eq(InboxState::Part))).execute(tx.conn())?;
        let rejected = Rejected {
            item: 1,
            place: "body".into(),
            reason: "over_limit".into(),
            zh: "内容超过 32 MiB".into(),
            en: "over 32 MiB".into(),
        };
        Ok(inbox::quarantine(tx.conn(), QuarantineId(ctx.id()), id, &rejected, ctx.now)?)
    })
    .unwrap();
    assert_eq!(again(&app, id), json!({"messages": 1, "punches": 0, "taken": 0, "open": 1}));
    assert_eq!(items(&app, id), [item("over_limit", "body", "open")]);
    assert_eq!(messages(&app, "zk").last().unwrap().1, InboxState::Part);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_banks_file_and_event_are_read_again_for_their_sender_and_booked_once, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let elsewhere = project(&manager, 2, "330784").await;
    let other = open(&manager, &elsewhere, "330500019999").await;
    let everything = app.client(Role::Bank, ScopeOn::Everything);
    let only = app.client(Role::Bank, ScopeOn::Account(other.parse().unwrap()));
    let file = camt(53, "S1", 1, None, &[Ntry::credit("1.00", "2026-03-02")]);
    hand_in(&everything, &file).await.refuse(422, "invalid");
    let event = |id: &str, reference: &str| {
        let body = json!({"amount": "2.00", "credit_debit_indicator": "CRDT", "status": "BOOK", "booking_date": "2026-03-02",
                          "account_servicer_reference": reference});
        json!({"event_id": id, "type": "txn", "occurred_at": "2026-03-02T08:30:00+08:00", "account": NUMBER, "body": body})
    };
    for bank in [&everything, &only] {
        let answer = bank.post("/api/v1/bank-events", event("e-1", "V1")).send().await.expect(202);
        assert_eq!(answer["reason"], "unknown_account");
    }
    let account = open(&manager, &site, NUMBER).await;
    let files = messages(&app, "camt");
    let events = messages(&app, "bankevent");
    assert_eq!((files.len(), events.len()), (1, 2));
    let taken = json!({"messages": 1, "punches": 0, "taken": 1, "open": 0});
    assert_eq!(again(&app, files[0].0), taken);
    assert_eq!(again(&app, events[0].0), taken);
    // Whoever may not feed the account does not feed it by being read again.
    assert_eq!(again(&app, events[1].0), json!({"messages": 1, "punches": 0, "taken": 0, "open": 1}));
    let booked = async || entries(&manager, &site, &account).await.len();
    assert_eq!(booked().await, 2);
    let nothing = json!({"messages": 0, "punches": 0, "taken": 0, "open": 0});
    assert_eq!((again(&app, files[0].0), again(&app, events[0].0)), (nothing.clone(), nothing));
    assert_eq!(everything.post("/api/v1/bank-events", event("e-1", "V1")).send().await.expect(202)["state"], "duplicate");
    assert_eq!(hand_in(&everything, &file).await.expect(200)["state"], "duplicate");
    assert_eq!(booked().await, 2, "nothing is booked twice");
    assert_eq!(items(&app, files[0].0), [item("unknown_account", "statement 1", "replayed")]);
    assert_eq!(items(&app, events[1].0), [item("unknown_account", "account", "open")]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_sheet_is_not_read_again_and_says_the_way, |app| {
    let operator = app.client(Role::Administrator, ScopeOn::Everything);
    let id = app
        .write(|tx, ctx| {
            let id = InboxId(ctx.id());
            let message = inbox::Message {
                feed: "sheet",
                source: "usr".into(),
                project: None,
                request: "roster.xlsx".into(),
                content_type: None,
                content_encoding: None,
                body: b"x".to_vec(),
                remote: None,
                received_at: ctx.now,
            };
            let parsed = inbox::Parsed { state: InboxState::Quarantined, parser: "x", items: 0, items_digest: String::new() };
            inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed)?;
            Ok(id)
        })
        .unwrap();
    let answer = operator.post(&format!("/api/v1/inbox/{id}/replay"), json!({})).send().await.refuse(409, "conflict");
    assert!(answer.to_string().contains("重新上传"), "{answer}");
});

both!(reading_a_message_again_leaves_nothing_behind, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    bind(&manager, &site, "T1", "by_state").await;
    let line = "1001\t2026-02-27 07:58:03\t0\t15\nnot a punch\n";
    attlog(&app, "T1", line).await;
    let count = || {
        use schema::{inbox as i, punch_messages as m};
        app.read(|conn, _| Ok((m::table.count().get_result::<i64>(conn)?, i::table.count().get_result::<i64>(conn)?))).unwrap()
    };
    let (id, _, _) = messages(&app, "zk")[0];
    assert_eq!(count(), (1, 1));
    for _ in 0..3 {
        assert_eq!(again(&app, id)["punches"], 0);
    }
    assert_eq!(count(), (1, 1), "as often as it is read again");
    // Nor does a machine that sends the same again take up a number, whose message is kept.
    attlog(&app, "T1", line).await;
    assert_eq!(count(), (1, 2));
    attlog(&app, "T1", "1001\t2026-02-27 18:00:00\t1\t15\n").await;
    assert_eq!(count(), (2, 3));
    app.drain();
    assert_eq!(app.broken(), Vec::<String>::new());
});
