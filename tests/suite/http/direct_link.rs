//! Files of a direct bank link: booked and heard like any other bank file, and no word of the bank proves more than its profile lets it.

use anxin::store::spool::PIECE;
use serde_json::{Value, json};

use super::accounts::open;
use super::ledger::broken;
use super::settlement::{NUMBER, entries, hand_in, hand_in_results, sent_run, states};
use crate::both;
use crate::suite::ground::{Client, project};
use anxin::web::{Role, ScopeOn};

fn ofx(entries: &str) -> Vec<u8> {
    let text = format!(
        "OFXHEADER:100\r\nDATA:OFXSGML\r\nCHARSET:936\r\n\r\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>CNY<BANKACCTFROM><ACCTID>{NUMBER}\
         </BANKACCTFROM><BANKTRANLIST><DTSTART>20260301<DTEND>20260302{entries}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    );
    encoding_rs::GBK.encode(&text).0.into_owned()
}

fn results(lines: &[(&str, &str)]) -> String {
    let one = |(id, word): &(&str, &str)| {
        format!(
            "<XFERTRNRS><TRNUID>T{id}<CLTCOOKIE>{id}<XFERRS><XFERPRCSTS><XFERPRCCODE>{word}<MESSAGE>户名不符</XFERPRCSTS></XFERRS></XFERTRNRS>"
        )
    };
    format!("<FOX><SECURITIES>{}</SECURITIES></FOX>", lines.iter().map(one).collect::<String>())
}

async fn post(client: &Client<'_>, body: Vec<u8>) -> Value {
    let ask = client.ask(actix_web::http::Method::POST, "/api/v1/bank/statements").body("application/octet-stream", body);
    ask.send().await.expect(200)
}

both!(a_direct_link_statement_is_booked_once, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let file =
        ofx("<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260301<TRNAMT>1000.00<FITID>A1<NAME>测试建设单位1<MEMO>人工费用</STMTTRN>\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-200<FITID>A2<NAME>张三<MEMO>代发工资</STMTTRN>");
    let receipt = post(&client, file.clone()).await;
    assert_eq!((&receipt["state"], &receipt["format"]), (&json!("done"), &json!("ofx")), "{receipt}");
    assert_eq!(post(&client, file).await["state"], "duplicate");
    // The same day asked for again, with one more movement.
    let more =
        ofx("<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260301<TRNAMT>1000.00<FITID>A1<NAME>测试建设单位1<MEMO>人工费用</STMTTRN>\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-200<FITID>A2<NAME>张三<MEMO>代发工资</STMTTRN>\
         <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260302<TRNAMT>-3<FITID>A3<NAME>李四<MEMO>代发工资</STMTTRN>");
    assert_eq!(post(&client, more).await["applied"], 1);
    let found = entries(&client, &project, &account).await;
    assert_eq!(found.len(), 3);
    assert!(found.iter().any(|one| one["purpose"] == "labour_cost" && one["amount"] == "1000.00"), "{found:?}");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_direct_link_result_finds_its_order_and_proves_what_the_profile_lets_it, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let ids = sent_run(&app, &project, &account, "RUN-1", &[10_000, 20_000, 30_000]);
    let first = results(&[(&ids[0], "PAYOUT"), (&ids[1], "FAIL"), (&ids[2], "MYSTERY")]);
    let receipt = hand_in_results(&client, &first).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("part"), &json!(2)), "{receipt}");
    assert_eq!(states(&app, &project, &ids), ["accepted", "rejected", "sent"], "an unconfirmed word proves nothing by itself");
    assert_eq!(
        hand_in_results(&client, &results(&[("nobody-1", "PAYOUT")])).await.refuse(422, "invalid")["errors"][0]["reason"],
        "unknown_reference"
    );
    // An administrator has read the bank's document: its success is final.
    let admin = app.client(Role::Administrator, ScopeOn::Everything);
    let profile = json!({"code": "direct", "name": "直联银行", "acsc_pays": true});
    admin.post("/api/v1/bank-profiles", profile).send().await.expect(201);
    let chosen = json!({"profile": "direct"});
    client.post(&format!("{}/accounts/{account}/profile", project.path), chosen).send().await.expect(201);
    hand_in_results(&client, &results(&[(&ids[0], "PAYOUT"), (&ids[2], "PAYOUT")])).await.expect(200);
    assert_eq!(states(&app, &project, &ids), ["paid", "rejected", "paid"]);
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_file_of_several_pieces_is_kept_and_can_be_told_again, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let padding = "x".repeat(60_000);
    let many: String = (0..40)
        .map(|number| {
            format!(
                "<Ntry><Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt>\
                 <AcctSvcrRef>P{number}</AcctSvcrRef><Padding>{padding}</Padding></Ntry>"
            )
        })
        .collect();
    let file = format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId>\
         </GrpHdr><Stmt><Id>S</Id><Acct><Id><Othr><Id>{NUMBER}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{many}</Stmt></BkToCstmrStmt></Document>"
    );
    assert!(file.len() > 2 * PIECE);
    let receipt = hand_in(&client, &file).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["applied"]), (&json!("done"), &json!(40)), "{receipt}");
    assert_eq!(hand_in(&client, &file).await.expect(200)["state"], "duplicate");
    assert_eq!(entries(&client, &project, &account).await.len(), 40);
    let id = receipt["inbox_id"].as_str().unwrap().parse().unwrap();
    let vault = app.ground.vault.clone();
    let kept = app.read(move |conn, _| Ok(anxin::store::inbox::again::find(conn, &vault, id)?)).unwrap().unwrap();
    assert!(kept.body.unwrap() == file.as_bytes(), "piece by piece it is what was sent");
    assert_eq!(broken(&app), Vec::<String>::new());
});
