//! A bank's file that should not have come: taken back whole, by two persons, and the files that stand speak for themselves.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::open;
use super::ledger::{balance, broken};
use super::settlement::{
    NUMBER, Ntry, camt, entries, from_owner, hand_in, hand_in_results, ledger, sent_run, states, transaction,
};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};

fn other(app: &App) -> Client<'_> {
    app.client(Role::LabourManager, ScopeOn::Region("330784".parse().unwrap()))
}

/// Asks as one person and voids as another; gives the file's view afterwards.
pub(super) async fn void(app: &App, client: &Client<'_>, site: &TestProject, receipt: &Value) -> Value {
    let path = format!("{}/bank-files/{}", site.path, receipt["inbox_id"].as_str().expect("an id"));
    let note = json!({"note": "银行误发，系测试文件"});
    client.post(&format!("{path}/void"), note.clone()).send().await.expect(201);
    client.post(&format!("{path}/void"), note).send().await.refuse(409, "conflict");
    let decide = json!({"approves": true, "note": "已与银行核实"});
    client.post(&format!("{path}/void/decision"), decide.clone()).send().await.refuse(403, "not_allowed");
    other(app).post(&format!("{path}/void/decision"), decide.clone()).send().await.expect(201);
    other(app).post(&format!("{path}/void/decision"), decide).send().await.refuse(409, "conflict");
    client.get(&path).send().await.expect(200)
}

fn owner_paid(reference: &'static str) -> Ntry {
    Ntry {
        reference: Some(reference),
        text: "人工费",
        details: from_owner("测试建设单位1"),
        ..Ntry::credit("1000.00", "2026-03-02")
    }
}

both!(a_wrong_statement_is_taken_back_and_the_right_one_takes_its_place, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let wrong = camt(53, "S1", 1, Some(("0.00", "1000.00")), &[owner_paid("V1")]);
    let receipt = hand_in(&client, &wrong).await.expect(200);
    assert_eq!(balance(&ledger(&client, &site).await, "labour_cost"), "-1000.00");
    let view = void(&app, &client, &site, &receipt).await;
    assert_eq!((&view["is_voided"], view["steps"].as_array().unwrap().len()), (&json!(true), 2), "{view}");
    let found = entries(&client, &site, &account).await;
    assert_eq!((found.len(), &found[0]["status"], found[0]["voided"].as_bool()), (1, &json!("information"), Some(true)));
    let books = ledger(&client, &site).await;
    assert_eq!((balance(&books, "bank"), balance(&books, "labour_cost")), ("0.00".into(), "0.00".into()));
    let shown = client.get(&format!("{}/accounts/{account}", site.path)).send().await.expect(200);
    assert_eq!((&shown["balance"], &shown["last_statement_on"]), (&Value::Null, &Value::Null), "the bank has said nothing");
    // The right statement of that number is news; the wrong one again is asked about (`voided_again`).
    let right = camt(53, "S1", 1, Some(("0.00", "700.00")), &[Ntry { amount: "700.00", ..owner_paid("V2") }]);
    let receipt = hand_in(&client, &right).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["statements"][0]["new"]), (&json!("done"), &json!(1)), "{receipt}");
    assert_eq!(receipt["problems"], json!([]), "its number is free again");
    assert_eq!(balance(&ledger(&client, &site).await, "labour_cost"), "-700.00");
    hand_in(&client, &wrong).await.refuse(409, "conflict");
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_another_file_told_as_well_stays_booked_once, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    for order in [[0, 1], [1, 0]] {
        let mut receipts = Vec::new();
        let notice = camt(54, "N1", 1, None, &[owner_paid("V1")]);
        let statement =
            camt(53, "S1", 1, Some(("0.00", "3000.00")), &[owner_paid("V1"), Ntry { amount: "2000.00", ..owner_paid("V9") }]);
        for place in order {
            let again = order[0] == 1;
            let mark = if again { "M2-" } else { "M-" };
            let file = [&notice, &statement][place].replace("<MsgId>M-", &format!("<MsgId>{mark}"));
            receipts.push((place, hand_in(&client, &file).await.expect(200)));
        }
        let of = |wanted: usize| receipts.iter().find(|(place, _)| *place == wanted).unwrap().1.clone();
        void(&app, &client, &site, &of(1)).await;
        let found = entries(&client, &site, &account).await;
        let standing: Vec<&Value> = found.iter().filter(|one| one["voided"] == false).collect();
        assert_eq!(standing.len(), 1, "{order:?} {found:?}");
        assert_eq!((&standing[0]["amount"], &standing[0]["is_in_ledger"]), (&json!("1000.00"), &json!(false)));
        assert_eq!(standing[0]["seen_in"], json!(["notification"]), "the notice stands alone");
        assert_eq!(balance(&ledger(&client, &site).await, "bank"), "1000.00", "{order:?}");
        void(&app, &client, &site, &of(0)).await;
        assert_eq!(balance(&ledger(&client, &site).await, "bank"), "0.00", "{order:?}");
    }
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(words_on_lines_are_withdrawn_and_nobody_is_paid_twice_for_it, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000, 30_000]);
    let report = |id: &str, words: [&str; 3]| {
        let lines: String = ids
            .iter()
            .zip(words)
            .map(|(id, word)| format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>{word}</TxSts></TxInfAndSts>"))
            .collect();
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>{id}</MsgId>\
             <CreDtTm>2026-03-02T10:00:00+08:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId>\
             <OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>{lines}\
             </OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
        )
    };
    let wrong = hand_in_results(&client, &report("R1", ["ACCC", "RJCT", "ACCC"])).await.expect(200);
    assert_eq!(states(&app, &site, &ids), ["paid", "rejected", "paid"]);
    let lines = transaction(&ids[2], "300.00", false, None);
    let debit = Ntry {
        reference: Some("V1"),
        text: "代发工资",
        details: format!("<NtryDtls>{lines}</NtryDtls>"),
        ..Ntry::debit("300.00", "2026-03-02")
    };
    hand_in(&client, &camt(54, "N1", 1, None, &[debit])).await.expect(200);
    void(&app, &client, &site, &wrong).await;
    assert_eq!(states(&app, &site, &ids), ["unknown", "unknown", "paid"], "the notice still proves the third");
    let books = ledger(&client, &site).await;
    assert_eq!(
        (balance(&books, "wages_payable"), balance(&books, "pay_in_transit")),
        ("0.00".into(), "-300.00".into()),
        "{books}"
    );
    // The right words, and the reopened line is owed once.
    hand_in_results(&client, &report("R2", ["RJCT", "RJCT", "ACCC"])).await.expect(200);
    assert_eq!(states(&app, &site, &ids), ["rejected", "rejected", "paid"]);
    let books = ledger(&client, &site).await;
    assert_eq!(
        (balance(&books, "wages_payable"), balance(&books, "pay_in_transit")),
        ("-300.00".into(), "0.00".into()),
        "{books}"
    );
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(where_a_refund_s_file_is_voided_the_line_is_paid_by_the_file_that_stands, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000]);
    let moved = |id: &str, amount: &'static str, back: bool| Ntry {
        reference: Some(if back { "V2" } else { "V1" }),
        text: if back { "退款" } else { "代发工资" },
        details: format!("<NtryDtls>{}</NtryDtls>", transaction(id, amount, back, back.then_some("AC04"))),
        ..if back { Ntry::credit(amount, "2026-03-02") } else { Ntry::debit(amount, "2026-03-02") }
    };
    hand_in(&client, &camt(53, "S1", 1, None, &[moved(&ids[0], "100.00", false)])).await.expect(200);
    let refund = hand_in(&client, &camt(53, "S2", 2, None, &[moved(&ids[0], "100.00", true)])).await.expect(200);
    assert_eq!(states(&app, &site, &ids), ["returned", "sent"]);
    void(&app, &client, &site, &refund).await;
    assert_eq!(states(&app, &site, &ids), ["paid", "sent"], "the earlier file's word holds again");
    let books = ledger(&client, &site).await;
    assert_eq!(
        (balance(&books, "wages_payable"), balance(&books, "pay_in_transit")),
        ("0.00".into(), "-200.00".into()),
        "{books}"
    );
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(of_two_words_that_contradict_each_other_the_wrong_file_is_voided_and_the_other_holds, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000]);
    let debit = |id: &str, amount: &'static str, reference: &'static str| Ntry {
        reference: Some(reference),
        text: "代发工资",
        details: format!("<NtryDtls>{}</NtryDtls>", transaction(id, amount, false, None)),
        ..Ntry::debit(amount, "2026-03-02")
    };
    let refused = |id: &str| {
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>R-{id}</MsgId>\
             <CreDtTm>2026-03-02T10:00:00+08:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId>\
             <OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>\
             <TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>\
             </OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
        )
    };
    let mut files = Vec::new();
    for (id, amount, reference) in [(&ids[0], "100.00", "V1"), (&ids[1], "200.00", "V2")] {
        let name = format!("S-{reference}");
        let paid = hand_in(&client, &camt(53, &name, 1, None, &[debit(id, amount, reference)])).await.expect(200);
        files.push((paid, hand_in_results(&client, &refused(id)).await.expect(200)));
    }
    let marked = |id: &str| {
        let (project, id) = (site.id, id.to_owned());
        let row = app.read(move |conn, _| Ok(anxin::payroll::pay_run::table::attempt(conn, project, &id)?)).unwrap().unwrap();
        row.reason.as_deref() == Some("contradicted")
    };
    assert!(marked(&ids[0]) && marked(&ids[1]));
    assert_eq!(states(&app, &site, &ids), ["paid", "paid"], "a word against a final one moves nothing");
    // Of the first payment the report was wrong, of the second the statement.
    void(&app, &client, &site, &files[0].1).await;
    void(&app, &client, &site, &files[1].0).await;
    assert_eq!(states(&app, &site, &ids), ["paid", "rejected"]);
    assert!(!marked(&ids[0]) && !marked(&ids[1]));
    let books = ledger(&client, &site).await;
    assert_eq!(balance(&books, "wages_payable"), "-200.00", "what was refused is owed again: {books}");
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(only_a_file_of_the_project_can_be_voided_and_a_request_can_be_dropped, |app| {
    let client = app.labour_manager();
    let (site, foreign) = (project(&client, 1, "330784").await, project(&client, 2, "330784").await);
    open(&client, &site, NUMBER).await;
    let receipt = hand_in(&client, &camt(53, "S1", 1, None, &[owner_paid("V1")])).await.expect(200);
    let file = receipt["inbox_id"].as_str().unwrap();
    client.get(&format!("{}/bank-files/{file}", foreign.path)).send().await.refuse(404, "not_found");
    let path = format!("{}/bank-files/{file}", site.path);
    client.post(&format!("{path}/void"), json!({"note": " "})).send().await.refuse(422, "invalid");
    client.post(&format!("{path}/void/decision"), json!({"approves": true, "note": "x"})).send().await.refuse(409, "conflict");
    client.post(&format!("{path}/void"), json!({"note": "误发"})).send().await.expect(201);
    client.post(&format!("{path}/void/decision"), json!({"approves": false, "note": "核实无误"})).send().await.expect(201);
    assert_eq!(client.get(&path).send().await.expect(200)["is_voided"], false);
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "1000.00");
    client.post(&format!("{path}/void"), json!({"note": "再次核实，确为误发"})).send().await.expect(201);
    assert_eq!(broken(&app), Vec::<String>::new());
});
