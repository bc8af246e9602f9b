//! Bank files: every entry once in whatever order and voice, lines paid by their own result only, nothing lost.

use anxin::base::Fen;
use anxin::base::id::{AccountId, LineId, PayRunId, RecordId, SheetId, WorkerId};
use anxin::ledger::{self, LedgerAccount, Posting, PostingKind};
use anxin::payroll::pay_run::table::{AttemptRow, RunRow, insert_attempts, insert_run};
use anxin::payroll::table::{LineRow, SheetRow, insert_line, insert_sheet};
use anxin::payroll::{AttemptState, LineState, RunState, SheetState, end_to_end_id, table};
use anxin::projects;
use anxin::store::Chain;
use anxin::web::{Role, ScopeOn};
use serde_json::Value;

use super::accounts::open;
use super::ledger::{balance, broken};
use crate::both;
use crate::suite::ground::{Answer, App, Client, TestProject, project};

pub(super) const NUMBER: &str = "330500010001";

/// An entry of a camt message.
#[derive(Clone, Default)]
pub(super) struct Ntry {
    pub amount: &'static str,
    pub credit: bool,
    pub pending: bool,
    pub on: &'static str,
    pub reference: Option<&'static str>,
    pub text: &'static str,
    pub details: String,
    pub currency: Option<&'static str>,
}

impl Ntry {
    pub fn credit(amount: &'static str, on: &'static str) -> Self {
        Ntry { amount, credit: true, on, ..Ntry::default() }
    }

    pub fn debit(amount: &'static str, on: &'static str) -> Self {
        Ntry { amount, on, ..Ntry::default() }
    }

    fn xml(&self) -> String {
        let currency = self.currency.unwrap_or("CNY");
        let side = if self.credit { "CRDT" } else { "DBIT" };
        let status = if self.pending { "PDNG" } else { "BOOK" };
        let reference = self.reference.map_or(String::new(), |text| format!("<AcctSvcrRef>{text}</AcctSvcrRef>"));
        format!(
            "<Ntry><Amt Ccy=\"{currency}\">{}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>\
             <BookgDt><Dt>{}</Dt></BookgDt>{reference}{}<AddtlNtryInf>{}</AddtlNtryInf></Ntry>",
            self.amount, self.on, self.details, self.text
        )
    }
}

pub(super) fn from_owner(name: &str) -> String {
    format!("<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties></TxDtls></NtryDtls>")
}

pub(super) fn transaction(id: &str, amount: &str, credit: bool, reason: Option<&str>) -> String {
    let side = if credit { "CRDT" } else { "DBIT" };
    let reason = reason.map_or(String::new(), |code| format!("<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>"));
    format!(
        "<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{reason}</TxDtls>"
    )
}

/// A camt message of one statement; `balances` are opening and closing.
pub(super) fn camt(kind: u32, id: &str, sequence: u32, balances: Option<(&str, &str)>, entries: &[Ntry]) -> String {
    camt_of(NUMBER, kind, id, sequence, balances, entries)
}

pub(super) fn camt_of(
    account: &str,
    kind: u32,
    id: &str,
    sequence: u32,
    balances: Option<(&str, &str)>,
    entries: &[Ntry],
) -> String {
    let (root, part) = match kind {
        52 => ("BkToCstmrAcctRpt", "Rpt"),
        53 => ("BkToCstmrStmt", "Stmt"),
        _ => ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    };
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>{}</Dt></Dt></Bal>",
            entries.last().map_or("2026-03-02", |one| one.on)
        )
    };
    let balances = balances.map_or(String::new(), |(open, close)| balance("OPBD", open) + &balance("CLBD", close));
    let entries: String = entries.iter().map(Ntry::xml).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.0{kind}.001.08\"><{root}>\
         <GrpHdr><MsgId>M-{kind}-{id}</MsgId><CreDtTm>2026-03-02T08:00:00+08:00</CreDtTm></GrpHdr>\
         <{part}><Id>{id}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb><CreDtTm>2026-03-02T08:00:00+08:00</CreDtTm>\
         <Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{balances}{entries}</{part}></{root}></Document>"
    )
}

pub(super) async fn hand_in(client: &Client<'_>, file: &str) -> Answer {
    client.ask(actix_web::http::Method::POST, "/api/v1/bank/statements").body("application/xml", file).send().await
}

pub(super) async fn hand_in_results(client: &Client<'_>, file: &str) -> Answer {
    client.ask(actix_web::http::Method::POST, "/api/v1/bank/results").body("application/xml", file).send().await
}

pub(super) async fn entries(client: &Client<'_>, project: &TestProject, account: &str) -> Vec<Value> {
    let page = client.get(&format!("{}/accounts/{account}/entries", project.path)).send().await.expect(200);
    page["items"].as_array().expect("items").clone()
}

pub(super) async fn ledger(client: &Client<'_>, project: &TestProject) -> Value {
    client.get(&format!("{}/ledger", project.path)).send().await.expect(200)
}

/// A run as sent: lines of these amounts, each with its attempt and postings. Gives the ids of the payments.
pub(super) fn sent_run(
    app: &App,
    project: &TestProject,
    account: &str,
    message_id: &'static str,
    amounts: &[i64],
) -> Vec<String> {
    let (project, account): (_, AccountId) = (project.id, account.parse().expect("an id"));
    let amounts = amounts.to_vec();
    let made = app.write(move |tx, ctx| {
        let site = projects::enter(tx.conn(), &ctx.scope, project)?;
        let chain = Chain::Project(project);
        let recorded_seq = tx.seq(chain)?;
        let total = Fen::total(amounts.iter().map(|amount| Fen(*amount)))?;
        let count = i32::try_from(amounts.len()).expect("few lines");
        let due_on = "2026-02-28".parse().expect("a day");
        let (sheet_id, run_id) = (SheetId(ctx.id()), PayRunId(ctx.id()));
        let month = anxin::base::Month::of(2026, 1).expect("a month");
        let part = i32::try_from(sheet_id.0 & 0xFFFF).expect("a part");
        let sheet = SheetRow {
            project_id: project,
            id: sheet_id,
            month,
            part,
            state: SheetState::Audited,
            line_count: count,
            total_fen: total,
            due_on,
            version: 1,
            built_by: "test".into(),
            submitted_by: None,
            audited_by: None,
            audited_on: None,
            recorded_seq,
        };
        insert_sheet(tx, &sheet)?;
        let run = RunRow {
            project_id: project,
            id: run_id,
            sheet_id,
            account_id: account,
            message_id: message_id.into(),
            state: RunState::Sent,
            line_count: count,
            total_fen: total,
            file: vec![1],
            file_sha256: String::new(),
            created_by: "test".into(),
            created_at: ctx.now,
            recorded_seq,
        };
        insert_run(tx, &run)?;
        let mut ids = Vec::new();
        for amount in &amounts {
            let line_id = LineId(ctx.id());
            let line = LineRow {
                project_id: project,
                id: line_id,
                sheet_id,
                enrolment_id: RecordId(ctx.id()),
                worker_id: WorkerId(ctx.id()),
                days_hundredths: 100,
                day_rate_fen: Fen(*amount),
                gross_fen: Fen(*amount),
                deductions_fen: Fen::ZERO,
                net_fen: Fen(*amount),
                due_on,
                state: LineState::Sent,
                state_reason: None,
                disputed_fen: Fen::ZERO,
                attempt: 1,
                paid_on: None,
                paid_fen: Fen::ZERO,
                recorded_seq,
            };
            insert_line(tx, &line)?;
            let attempt = AttemptRow {
                project_id: project,
                run_id,
                line_id,
                attempt: 1,
                end_to_end_id: end_to_end_id(line_id, 1),
                amount_fen: Fen(*amount),
                state: AttemptState::Sent,
                reason: None,
                returned_fen: Fen::ZERO,
                recorded_seq,
            };
            insert_attempts(tx, std::slice::from_ref(&attempt))?;
            ids.push(attempt.end_to_end_id);
        }
        use LedgerAccount::{PayInTransit, WagesDue, WagesPayable};
        for (key, kind, debit, credit) in
            [("wages", PostingKind::Wages, WagesDue, WagesPayable), ("sent", PostingKind::PaySent, WagesPayable, PayInTransit)]
        {
            let posting = Posting::of(format!("{key} {run_id}"), kind, ctx.today, debit, credit, total);
            ledger::actions::post(tx, ctx, &site, &posting)?;
        }
        tx.note(chain, ctx.now, ctx.actor(), "test_run", message_id)?;
        Ok(ids)
    });
    made.expect("a run")
}

/// States of the lines behind these payments.
pub(super) fn states(app: &App, project: &TestProject, ids: &[String]) -> Vec<String> {
    let id = project.id;
    let of = |end_to_end: &String| {
        let line: LineId = end_to_end.rsplit_once('-').expect("an attempt").0.parse().expect("a line");
        let row = app.read(|conn, _| Ok(table::line(conn, id, line)?)).expect("a read").expect("a line");
        row.state.to_string()
    };
    ids.iter().map(of).collect()
}

fn yuan(fen: i64) -> &'static str {
    // Amounts of tests live as long as the test run; a handful of leaks keeps `Ntry` simple.
    Box::leak(Fen(fen).to_string().into_boxed_str())
}

both!(one_credit_in_three_voices_and_any_order_is_one_entry, |app| {
    let client = app.labour_manager();
    for (number, order) in (1..).zip([[52, 53, 54], [52, 54, 53], [53, 52, 54], [53, 54, 52], [54, 52, 53], [54, 53, 52]]) {
        let project = project(&client, number, "330784").await;
        let account_number = format!("33050002000{number}");
        let account = open(&client, &project, &account_number).await;
        let full = Ntry {
            reference: Some("V1"),
            text: "转账",
            details: from_owner(&format!("测试建设单位{number}")),
            ..Ntry::credit("1000.00", "2026-03-02")
        };
        for kind in order {
            // The report knows neither voucher nor payer, and has the entry as pending.
            let entry = match kind {
                52 => Ntry { pending: true, ..Ntry::credit("1000.00", "2026-03-02") },
                _ => full.clone(),
            };
            let balances = (kind == 53).then_some(("0.00", "1000.00"));
            let file = camt_of(&account_number, kind, &format!("S{kind}"), 1, balances, &[entry]);
            assert_eq!(hand_in(&client, &file).await.expect(200)["state"], "done");
        }
        // The day's statement again, made out anew by the bank under the same number.
        let file = camt_of(&account_number, 53, "S53", 1, Some(("0.00", "1000.00")), &[full]).replace("M-53", "M-again");
        let again = hand_in(&client, &file).await.expect(200);
        assert_eq!(again["applied"], 0, "{order:?} {again}");
        let found = entries(&client, &project, &account).await;
        assert_eq!(found.len(), 1, "{order:?}");
        assert_eq!(found[0]["purpose"], "labour_cost", "{order:?} {}", found[0]);
        assert_eq!(found[0]["status"], "booked");
        assert_eq!(found[0]["is_in_ledger"], true);
        let ledger = ledger(&client, &project).await;
        assert_eq!(
            (balance(&ledger, "bank"), balance(&ledger, "labour_cost")),
            ("1000.00".into(), "-1000.00".into()),
            "{order:?}"
        );
        let view = client.get(&format!("{}/accounts/{account}", project.path)).send().await.expect(200);
        assert_eq!((&view["balance"], &view["mismatch"]), (&Value::from("1000.00"), &Value::Null), "{order:?}");
    }
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_full_debit_and_a_refund_with_its_voucher_leave_the_failed_line_open, |app| {
    let client = app.labour_manager();
    for (number, refund_first) in [(1, false), (2, true)] {
        let project = project(&client, number, "330784").await;
        let account_number = format!("33050003000{number}");
        let account = open(&client, &project, &account_number).await;
        let ids = sent_run(&app, &project, &account, if refund_first { "RUN-B" } else { "RUN-A" }, &[10_000, 20_000, 30_000]);
        let lines: String =
            ids.iter().zip([10_000, 20_000, 30_000]).map(|(id, fen)| transaction(id, yuan(fen), false, None)).collect();
        let debit = Ntry {
            reference: Some("V77"),
            text: "代发工资",
            details: format!("<NtryDtls>{lines}</NtryDtls>"),
            ..Ntry::debit("600.00", "2026-03-02")
        };
        let refund = Ntry {
            reference: Some("V77"),
            text: "代发工资不成功退回款项",
            details: format!("<NtryDtls>{}</NtryDtls>", transaction(&ids[2], "300.00", true, Some("AC04"))),
            ..Ntry::credit("300.00", "2026-03-02")
        };
        let notices = [
            camt_of(&account_number, 54, "N1", 1, None, std::slice::from_ref(&debit)),
            camt_of(&account_number, 54, "N2", 2, None, std::slice::from_ref(&refund)),
        ];
        let order = if refund_first { [1, 0] } else { [0, 1] };
        for place in order {
            hand_in(&client, &notices[place]).await.expect(200);
        }
        let statement = camt_of(&account_number, 53, "S1", 1, Some(("1000.00", "700.00")), &[debit, refund]);
        let receipt = hand_in(&client, &statement).await.expect(200);
        assert_eq!(receipt["statements"][0]["new"], 0, "{receipt}");
        for file in [&notices[0], &notices[1], &statement] {
            assert_eq!(hand_in(&client, file).await.expect(200)["state"], "duplicate");
        }
        assert_eq!(states(&app, &project, &ids), ["paid", "paid", "returned"], "refund first: {refund_first}");
        let found = entries(&client, &project, &account).await;
        let purposes: Vec<&str> = found.iter().map(|one| one["purpose"].as_str().expect("a word")).collect();
        assert_eq!(found.len(), 2);
        assert!(purposes.contains(&"pay_run") && purposes.contains(&"pay_return"), "{purposes:?}");
        let ledger = ledger(&client, &project).await;
        assert_eq!(balance(&ledger, "pay_in_transit"), "0.00", "{ledger}");
        assert_eq!(balance(&ledger, "wages_payable"), "-300.00", "exactly the failed line is owed");
        assert_eq!(balance(&ledger, "labour_cost"), "0.00", "a refund is no income");
    }
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_batch_debit_proves_nothing_and_only_credited_lines_are_paid, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let ids = sent_run(&app, &project, &account, "RUN-1", &[10_000, 20_000]);
    let debit = Ntry { reference: Some("V1"), text: "代发工资 RUN-1", ..Ntry::debit("300.00", "2026-03-02") };
    hand_in(&client, &camt(53, "S1", 1, None, &[debit])).await.expect(200);
    assert_eq!(states(&app, &project, &ids), ["accepted", "accepted"]);
    let report = |status: [&str; 2]| {
        let lines: String = ids
            .iter()
            .zip(status)
            .map(|(id, status)| {
                format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>{status}</TxSts></TxInfAndSts>")
            })
            .collect();
        pain002("RUN-1", &format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>{lines}</OrgnlPmtInfAndSts>"), "")
    };
    hand_in_results(&client, &report(["ACSC", "ACSC"])).await.expect(200);
    assert_eq!(states(&app, &project, &ids), ["accepted", "accepted"], "settled on the payer's side is not paid");
    let file = report(["ACCC", "RJCT"]);
    assert_eq!(hand_in_results(&client, &file).await.expect(200)["applied"], 2);
    assert_eq!(hand_in_results(&client, &file).await.expect(200)["state"], "duplicate");
    hand_in_results(&client, &report(["ACSP", "ACCP"])).await.expect(200);
    assert_eq!(states(&app, &project, &ids), ["paid", "rejected"], "a later status moves nothing backwards");

    let unknown = hand_in_results(&client, &pain002("RUN-9", "", "<GrpSts>RJCT</GrpSts>")).await.refuse(422, "invalid");
    assert_eq!(unknown["errors"][0]["reason"], "unknown_reference");
    let others = sent_run(&app, &project, &account, "RUN-2", &[5_000, 6_000]);
    hand_in_results(&client, &pain002("RUN-2", "", "<GrpSts>RJCT</GrpSts>")).await.expect(200);
    assert_eq!(states(&app, &project, &others), ["rejected", "rejected"], "a refused file refuses every line");
    let ledger = ledger(&client, &project).await;
    assert_eq!(balance(&ledger, "wages_payable"), "-310.00");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(what_a_bank_refuses_because_it_has_it_already_is_not_paid_again, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    for (message, code) in [("RUN-1", "DUPL"), ("RUN-2", "AM05"), ("RUN-3", "DU01")] {
        let ids = sent_run(&app, &project, &account, message, &[10_000, 21_000]);
        let reason = format!("<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>");
        hand_in_results(&client, &pain002(message, "", &reason)).await.expect(200);
        assert_eq!(states(&app, &project, &ids), ["accepted", "accepted"], "{code}: the first copy may have been paid");
        let lines: String = [("DU04", &ids[0]), ("AC04", &ids[1])]
            .map(|(code, id)| {
                format!(
                    "<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>RJCT</TxSts>\
                     <StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf></TxInfAndSts>"
                )
            })
            .concat();
        let batch = format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>{lines}</OrgnlPmtInfAndSts>");
        hand_in_results(&client, &pain002(message, &batch, "")).await.expect(200);
        assert_eq!(
            states(&app, &project, &ids),
            ["accepted", "rejected"],
            "{code}: only what is wrong is free for another payment"
        );
    }
    assert_eq!(broken(&app), Vec::<String>::new());
});

pub(super) fn pain002(message_id: &str, payments: &str, group: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.12\"><CstmrPmtStsRpt>\
         <GrpHdr><MsgId>R</MsgId><CreDtTm>2026-03-02T08:00:00+08:00</CreDtTm></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>\
         {payments}</CstmrPmtStsRpt></Document>"
    )
}

both!(an_unknown_account_is_kept_and_read_again_once_it_is_known, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let file = camt(53, "S1", 1, None, &[Ntry::credit("1.00", "2026-03-02")]);
    let problem = hand_in(&client, &file).await.refuse(422, "invalid");
    assert_eq!(problem["errors"][0]["reason"], "unknown_account", "{problem}");
    hand_in(&client, "not a bank file at all").await.refuse(422, "invalid");
    let account = open(&client, &project, NUMBER).await;
    assert_eq!(hand_in(&client, &file).await.expect(200)["applied"], 1);
    assert_eq!(entries(&client, &project, &account).await.len(), 1);
    // A bank that was granted another account may not feed this one, nor learn that it exists.
    let second = project_two(&client).await;
    let other = open(&client, &second, "330500019999").await;
    let bank = app.client(Role::Bank, ScopeOn::Account(other.parse().expect("an id")));
    let foreign = hand_in(&bank, &file).await.refuse(422, "invalid");
    assert_eq!(foreign["errors"][0]["reason"], "unknown_account");
    let own = camt_of("330500019999", 53, "S1", 1, None, &[Ntry::credit("2.00", "2026-03-02")]);
    hand_in(&bank, &own).await.expect(200);
    assert_eq!(broken(&app), Vec::<String>::new());
});

async fn project_two(client: &Client<'_>) -> TestProject {
    project(client, 2, "330784").await
}

both!(a_wrong_currency_is_quarantined_and_its_neighbours_are_booked, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let foreign = Ntry { currency: Some("USD"), ..Ntry::credit("5.00", "2026-03-02") };
    let file = camt(53, "S1", 1, None, &[foreign, Ntry::credit("7.00", "2026-03-02")]);
    let receipt = hand_in(&client, &file).await.expect(200);
    assert_eq!((&receipt["state"], &receipt["applied"]), (&Value::from("part"), &Value::from(1)));
    assert_eq!(receipt["problems"][0]["reason"], "bad_amount");
    assert_eq!(entries(&client, &project, &account).await.len(), 1);
    hand_in(&client, &file).await.expect(200);
    assert_eq!(entries(&client, &project, &account).await.len(), 1, "once more changes nothing");
});

both!(a_missing_statement_is_told_until_it_comes, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let days = [("2026-02-25", "0.00", "10.00"), ("2026-02-26", "10.00", "20.00"), ("2026-02-27", "20.00", "30.00")];
    let file = |place: usize| {
        let (on, open, close) = days[place];
        let number = u32::try_from(place).expect("small") + 1;
        camt(
            53,
            &format!("S{number}"),
            number,
            Some((open, close)),
            &[Ntry { reference: Some("1"), ..Ntry::credit("10.00", on) }],
        )
    };
    hand_in(&client, &file(0)).await.expect(200);
    let receipt = hand_in(&client, &file(2)).await.expect(200);
    let reasons: Vec<&str> =
        receipt["problems"].as_array().expect("problems").iter().map(|one| one["reason"].as_str().expect("a word")).collect();
    assert_eq!(reasons, ["gap", "balance_break"], "{receipt}");
    let path = format!("{}/accounts/{account}", project.path);
    let view = client.get(&path).send().await.expect(200);
    assert_eq!(view["faults"].as_array().expect("faults").len(), 2);
    assert_eq!(view["mismatch"], "10.00", "{view}");
    assert_eq!(view["balance"], "30.00", "the bank's word stands");
    hand_in(&client, &file(1)).await.expect(200);
    let view = client.get(&path).send().await.expect(200);
    assert_eq!((view["faults"].as_array().expect("faults").len(), &view["mismatch"]), (0, &Value::Null), "{view}");
    assert_eq!(entries(&client, &project, &account).await.len(), 3, "one voucher number on three days is three entries");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(money_to_anybody_else_is_seen_and_later_words_explain_it, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let foreign = Ntry {
        reference: Some("V5"),
        text: "材料款",
        details: "<NtryDtls><TxDtls><RltdPties><Cdtr><Pty><Nm>测试材料商</Nm></Pty></Cdtr><CdtrAcct><Id><Othr><Id>6217000012345678</Id>\
                  </Othr></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls>"
            .into(),
        ..Ntry::debit("500.00", "2026-03-02")
    };
    hand_in(&client, &camt(53, "S1", 1, None, &[foreign])).await.expect(200);
    let found = entries(&client, &project, &account).await;
    assert_eq!(found[0]["purpose"], "foreign_debit");
    assert_eq!(found[0]["counterparty_account"], "6217********5678", "{}", found[0]);
    let ids = sent_run(&app, &project, &account, "RUN-7", &[40_000]);
    let bare = Ntry { reference: Some("V6"), text: "批量扣款", ..Ntry::debit("400.00", "2026-03-02") };
    hand_in(&client, &camt(53, "S2", 2, None, std::slice::from_ref(&bare))).await.expect(200);
    assert_eq!(balance(&ledger(&client, &project).await, "foreign_debit"), "900.00", "what names no run of ours is foreign");
    let named = Ntry { details: format!("<NtryDtls>{}</NtryDtls>", transaction(&ids[0], "400.00", false, None)), ..bare };
    hand_in(&client, &camt(54, "N1", 1, None, &[named])).await.expect(200);
    let ledger = ledger(&client, &project).await;
    assert_eq!((balance(&ledger, "foreign_debit"), balance(&ledger, "pay_in_transit")), ("500.00".into(), "0.00".into()));
    assert_eq!(states(&app, &project, &ids), ["paid"]);
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(details_that_do_not_add_up_settle_no_line, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let ids = sent_run(&app, &project, &account, "RUN-1", &[10_000, 20_000]);
    let lines: String = ids.iter().map(|id| transaction(id, "100.00", false, None)).collect();
    let debit = Ntry { details: format!("<NtryDtls>{lines}</NtryDtls>"), ..Ntry::debit("300.00", "2026-03-02") };
    let receipt = hand_in(&client, &camt(53, "S1", 1, None, &[debit])).await.expect(200);
    assert_eq!(receipt["problems"][0]["reason"], "sum_mismatch", "{receipt}");
    assert_eq!(states(&app, &project, &ids), ["sent", "sent"]);
    assert_eq!(balance(&ledger(&client, &project).await, "bank"), "-300.00", "the entry itself is booked");
});

both!(of_two_equal_files_at_once_one_has_an_effect, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let file = camt(53, "S1", 1, None, &[Ntry::credit("1.00", "2026-03-02"), Ntry::credit("1.00", "2026-03-02")]);
    let (one, two) = futures_util::future::join(hand_in(&client, &file), hand_in(&client, &file)).await;
    let mut states = [one.expect(200)["state"].clone(), two.expect(200)["state"].clone()].map(|state| state.to_string());
    states.sort();
    assert_eq!(states, ["\"done\"", "\"duplicate\""]);
    assert_eq!(entries(&client, &project, &account).await.len(), 2, "two equal entries of one statement are two");
});

both!(a_rehearsal_keeps_nothing, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let file = camt(53, "S1", 1, None, &[Ntry::credit("1.00", "2026-03-02")]);
    let method = actix_web::http::Method::POST;
    let path = "/api/v1/bank/statements?dry_run=true";
    let receipt = client.ask(method, path).body("application/xml", file.as_str()).send().await.expect(200);
    assert_eq!(receipt["applied"], 1);
    assert!(entries(&client, &project, &account).await.is_empty());
});

both!(thousands_of_refunds_under_one_voucher_are_each_booked_once, |app| {
    const REFUNDS: usize = 5_000;
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    open(&client, &project, NUMBER).await;
    let refund = Ntry { reference: Some("V1"), text: "代发工资不成功退回款项", ..Ntry::credit("1.00", "2026-03-02") };
    let file = camt(53, "S1", 1, Some(("0.00", "5000.00")), &vec![refund; REFUNDS]);
    let told = hand_in(&client, &file).await.expect(200);
    assert_eq!(told["statements"][0]["new"], REFUNDS, "{}", told["statements"]);
    let again = hand_in(&client, &file.replace("M-53", "M-again")).await.expect(200);
    assert_eq!((&again["applied"], &again["statements"][0]["duplicates"]), (&Value::from(0), &Value::from(REFUNDS)));
    // The same amount under the same voucher on another day is other money.
    let next = Ntry { reference: Some("V1"), text: "代发工资不成功退回款项", ..Ntry::credit("1.00", "2026-03-02") };
    let file = camt(53, "S2", 2, Some(("5000.00", "10000.00")), &vec![next; REFUNDS]).replace("2026-03-02", "2026-03-03");
    assert_eq!(hand_in(&client, &file).await.expect(200)["statements"][0]["new"], REFUNDS);
    let told = client.get(&format!("{}/ledger?as_of=2026-03-03", project.path)).send().await.expect(200);
    assert_eq!(balance(&told, "bank"), "10000.00");
});

both!(a_movement_that_a_sheet_numbers_its_own_way_is_booked_once, |app| {
    let client = app.labour_manager();
    let project = project(&client, 1, "330784").await;
    let account = open(&client, &project, NUMBER).await;
    let sheet = format!(
        "账号,{NUMBER}\n交易日期,摘要,支出,收入,对方户名,流水号\n2026-03-02,人工费,,5000.00,测试建设单位1,LOG123\n\
         2026-03-02,人工费,,5000.00,测试建设单位1,LOG124\n"
    );
    let ask = client.ask(actix_web::http::Method::POST, "/api/v1/bank/statements");
    ask.body("text/csv", sheet.as_str()).send().await.expect(200);
    let told = |name: &str, reference: &'static str| Ntry {
        reference: Some(reference),
        text: "人工费",
        details: from_owner(name),
        ..Ntry::credit("5000.00", "2026-03-02")
    };
    let statement = camt(53, "S1", 1, None, &[told("测试建设单位1", "MM1"), told("测试建设单位1", "MM2"), told("某公司", "MM3")]);
    let receipt = hand_in(&client, &statement).await.expect(200);
    assert_eq!(receipt["statements"][0]["new"], 1, "two rows are the sheet's, another payer's is not: {receipt}");
    assert_eq!(entries(&client, &project, &account).await.len(), 3);
    assert_eq!(broken(&app), Vec::<String>::new());
});
