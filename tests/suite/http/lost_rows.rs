//! Rows of a bank's file that could not be read: they wait in quarantine, and are booked once a reader can read them.

use actix_web::http::Method;
use anxin::base::id::{InboxId, ProjectId};
use anxin::store::schema;
use anxin::store::vault::Owner;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::accounts::open;
use super::replays::{again, items, messages};
use super::settlement::{NUMBER, Ntry, camt, entries, hand_in, hand_in_results, pain002, sent_run, states};
use crate::both;
use crate::suite::ground::{App, Client, card, project};

async fn post(client: &Client<'_>, body: impl Into<Vec<u8>>) -> Value {
    client.ask(Method::POST, "/api/v1/bank/statements").body("application/octet-stream", body).send().await.expect(200)
}

fn id_of(receipt: &Value) -> InboxId {
    receipt["inbox_id"].as_str().expect("an id").parse().expect("an id")
}

/// Makes the kept bytes of a message readable, as if the reader had learnt to read them.
fn mend(app: &App, id: InboxId, file: &str) {
    let bytes = file.as_bytes().to_vec();
    app.write(move |tx, ctx| {
        use schema::inbox as i;
        let project: Option<ProjectId> = i::table.find(id).select(i::project_id).get_result(tx.conn())?;
        let owner = project.map_or(Owner::Global, Owner::Project);
        let sealed = ctx.vault().seal(tx.conn(), owner, &bytes)?;
        diesel::update(i::table.find(id)).set(i::body.eq(sealed)).execute(tx.conn())?;
        Ok(())
    })
    .unwrap();
}

fn swift(first: &str) -> String {
    format!(":20:ZZ9\n:25:{NUMBER}\n:28C:70\n:61:{first}\n:61:2603020302C1,00NTRFK//K79\n")
}

both!(a_row_that_could_not_be_read_is_booked_once_when_it_can_be, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let receipt = post(&client, swift("garbage3")).await;
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("part"), &json!(1)), "{receipt}");
    let (id, waits) = (id_of(&receipt), |state: &str| ("bad_format".to_owned(), "line 4".to_owned(), state.to_owned()));
    assert_eq!(items(&app, id), [waits("open")]);
    let shown = client.get(&format!("{}/bank-files/{id}", site.path)).send().await.expect(200);
    assert_eq!(shown["open"][0]["place"], "line 4", "{shown}");
    // Nothing has changed: nothing is booked, and nothing waits twice.
    let unchanged = again(&app, id);
    assert_eq!((&unchanged["taken"], &unchanged["open"]), (&json!(0), &json!(1)), "{unchanged}");
    assert_eq!(messages(&app, "mt940").len(), 1);
    let twice = post(&client, swift("garbage3")).await;
    assert_eq!((&twice["state"], &twice["applied"]), (&json!("part"), &json!(0)), "read again, nothing booked: {twice}");
    assert_eq!(entries(&client, &site, &account).await.len(), 1);
    mend(&app, id, &swift("2603020302C2,00NTRFK//K78"));
    let read = again(&app, id);
    assert_eq!((&read["taken"], &read["open"]), (&json!(1), &json!(0)), "{read}");
    assert_eq!(items(&app, id), [waits("replayed")]);
    assert_eq!(entries(&client, &site, &account).await.len(), 2);
    again(&app, id);
    assert_eq!(entries(&client, &site, &account).await.len(), 2, "once");
});

both!(equal_entries_without_a_reference_are_told_apart_from_the_lost_one, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let file = |amount: &'static str| {
        let one = |amount| Ntry { text: "人工费", ..Ntry::credit(amount, "2026-03-02") };
        camt(53, "S1", 1, None, &[one("1.00"), one(amount), one("1.00")])
    };
    let receipt = hand_in(&client, &file("abc")).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("part"), &json!(2)), "{receipt}");
    assert_eq!(items(&app, id_of(&receipt))[0].1, "Stmt[1]/Ntry[2]");
    mend(&app, id_of(&receipt), &file("1.00"));
    assert_eq!(again(&app, id_of(&receipt))["taken"], 1);
    assert_eq!(entries(&client, &site, &account).await.len(), 3);
    mend(&app, id_of(&receipt), &file("1.00"));
    again(&app, id_of(&receipt));
    assert_eq!(hand_in(&client, &file("1.00")).await.expect(200)["applied"], 0);
    assert_eq!(entries(&client, &site, &account).await.len(), 3);
});

both!(every_format_keeps_what_it_could_not_read, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    open(&client, &site, NUMBER).await;
    let sound = |reference: &'static str| Ntry { reference: Some(reference), ..Ntry::credit("3.00", "2026-03-02") };
    let three = |id: &str| camt(53, id, 1, None, &[sound("A1"), sound("A2"), sound("A3")]);
    let long = "x".repeat(70 * 1024);
    let cut = three("C5");
    let at = cut.find("A3").unwrap();
    let ofx = format!(
        "OFXHEADER:100\r\nDATA:OFXSGML\r\n\r\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>CNY<BANKACCTFROM><ACCTID>{NUMBER}\
         </BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260301<TRNAMT>abc<FITID>A8</STMTTRN>\
         <STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260301<TRNAMT>4.00<FITID>A9</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    );
    let sheet = |row: &str| format!("账号：{NUMBER}\n交易日期,收入,支出,对方户名,摘要\n{row}\n2026-03-02,5.00,,张三,x\n");
    let cases: Vec<(&str, String, &str)> = vec![
        ("an amount", three("C1").replacen(">3.00<", ">abc<", 1), "Ntry[1]"),
        ("no amount", three("C2").replacen("<Amt Ccy=\"CNY\">3.00</Amt>", "", 1), "Ntry[1]"),
        ("no direction", three("C3").replacen("<CdtDbtInd>CRDT</CdtDbtInd>", "", 1), "Ntry[1]"),
        ("a long text", three("C4").replacen("<AddtlNtryInf>", &format!("<AddtlNtryInf>{long}"), 1), "Stmt[1]/Ntry[1]"),
        ("cut off", cut[..at].to_owned(), "after Ntry[2]"),
        ("ofx", ofx, "STMTTRN[1]"),
        ("a sheet's amount", sheet("2026-03-02,abc,,张三,x"), "row 3"),
        ("a sheet's day", sheet("2026-13-40,6.00,,张三,x"), "row 3"),
        ("a sheet's decimals", sheet("2026-03-02,1.005,,张三,x"), "row 3"),
        ("both columns", sheet("2026-03-02,1.00,2.00,张三,x"), "row 3"),
    ];
    for (what, file, place) in cases {
        let receipt = post(&client, file).await;
        assert_eq!(receipt["state"], "part", "{what}: {receipt}");
        let found = items(&app, id_of(&receipt));
        assert!(found.len() == 1 && found[0].1.contains(place) && found[0].2 == "open", "{what}: {found:?}");
        assert!(receipt["problems"][0]["zh"].as_str().unwrap().contains('；'), "{what} says what to do: {receipt}");
        let entries = receipt["statements"][0]["entries"].as_u64().unwrap();
        assert_eq!(entries, if place == "row 3" || what == "ofx" { 1 } else { 2 }, "{what}: {receipt}");
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_report_that_breaks_off_stays_open_and_is_not_kept_again_with_each_reading, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000]);
    let line = |id: &str| format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>ACCC</TxSts></TxInfAndSts>");
    let batch = |lines: &str| format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>{lines}</OrgnlPmtInfAndSts>");
    let whole = pain002("RUN-1", &batch(&(line(&ids[0]) + &line(&ids[1]))), "");
    let receipt = hand_in_results(&client, &whole[..whole.find(&ids[1]).unwrap()]).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("part"), &json!(1)), "{receipt}");
    let id = id_of(&receipt);
    for _ in 0..2 {
        let read = again(&app, id);
        assert_eq!((&read["taken"], &read["open"]), (&json!(0), &json!(1)), "{read}");
    }
    assert_eq!(messages(&app, "pain002").len(), 1);
    mend(&app, id, &whole);
    assert_eq!(again(&app, id)["taken"], 1);
    assert_eq!(states(&app, &site, &ids), ["paid", "paid"]);
});

both!(an_entity_that_nobody_declared_costs_no_entry, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let list = [
        Ntry { reference: Some("E1"), text: "人工费&nbsp;三月", ..Ntry::credit("100.00", "2026-03-02") },
        Ntry { reference: Some("E2"), text: "退款&copy;", ..Ntry::credit("2.00", "2026-03-02") },
    ];
    let receipt = post(&client, camt(53, "S1", 1, Some(("0.00", "102.00")), &list)).await;
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("done"), &json!(2)), "{receipt}");
    assert_eq!(entries(&client, &site, &account).await.len(), 2);
    let told = receipt["problems"].to_string();
    assert!(told.contains("&nbsp;") && told.contains("&copy;"), "{receipt}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(numbers_of_people_in_what_cannot_be_read_are_starred, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    open(&manager, &site, NUMBER).await;
    let (person, card) = ("119999199001010012", card(1));
    // Columns that slipped, a line and a balance of MT940, a day and an amount of camt.
    let sheet = format!(
        "账号,{NUMBER}\n日期,收入,支出,对方户名,摘要,流水号\n{person},{card},,张三,退汇,L1\n2026-03-02,{card}元,,李四,退汇,L2\n"
    );
    let mt940 =
        format!(":20:X\r\n:25:{NUMBER}\r\n:28C:1/1\r\n:60F:{card} {person}\r\n:61:{card} {person}\r\n:62F:C260302CNY0,00\r\n-");
    let entry = |amount: &str, day: &str| {
        format!(
            "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt></Ntry>"
        )
    };
    let entries = entry(&card, "2026-03-02") + &entry("1.00", person) + &entry(&format!("{card}元"), "2026-03-02");
    let camt = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-03-02T08:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>\
         <Acct><Id><Othr><Id>{NUMBER}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    );
    for (media, text) in [("text/csv", sheet), ("text/plain", mt940), ("application/xml", camt)] {
        let answer = manager.ask(Method::POST, "/api/v1/bank/statements").body(media, text).send().await;
        let said = answer.expect(200).to_string();
        assert!(said.contains('*') && !said.contains(person) && !said.contains(&card), "{media}: {said}");
        assert!(!said.contains(&format!("{NUMBER}收入")), "the account's number is no part of a column's name: {said}");
    }
    let kept: Vec<(String, String, String)> = app
        .read(|conn, _| {
            use schema::quarantine as q;
            Ok(q::table.select((q::place, q::detail_zh, q::detail_en)).load(conn)?)
        })
        .unwrap();
    let kept = format!("{kept:?}");
    assert!(!kept.contains(person) && !kept.contains(&card), "{kept}");
});
