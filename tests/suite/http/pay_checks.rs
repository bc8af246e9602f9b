//! The check before a pay run, the bank's limits and the bank's silence.

use anxin::base::Fen;
use anxin::payroll::pay_run::silence::fall_silent;
use anxin::payroll::results::Outcome;
use anxin::payroll::{LineState, RunState};
use anxin::projects;
use anxin::web::{Role, ScopeOn};
use anxin::workers::actions::NewTerms;
use serde_json::{Value, json};

use super::deposit_steps::paper;
use super::payroll::{Stage, stage, text};
use crate::both;
use crate::suite::ground::App;

fn reasons(answer: &Value) -> Vec<String> {
    answer["held"].as_array().unwrap().iter().map(|one| text(&one["reason"])).collect()
}

fn yuan(value: &Value) -> i64 {
    text(value).replace('.', "").parse().unwrap()
}

/// What goes, what is held, what went before and what is contested is the sheet, to the fen.
fn adds_up(sheet: &Value, answer: &Value) {
    let parts = ["ordered", "held_total", "earlier", "withheld"].map(|name| yuan(&answer[name]));
    assert_eq!(parts.iter().sum::<i64>(), yuan(&sheet["total"]), "{answer}");
}

impl Stage<'_> {
    async fn check(&self, sheet: &Value) -> Value {
        self.manager.get(&self.path(&format!("pay-sheets/{}/check", text(&sheet["id"])))).send().await.expect(200)
    }

    async fn hold(&self, worker: usize, is_held: bool) -> Value {
        let path = self.path(&format!("enrolments/{}/pay-hold", self.people[worker].0));
        self.manager.post(&path, json!({"is_held": is_held, "note": "身份待核实"})).send().await.expect(201)
    }

    async fn holder(&self, worker: usize, holder: &str) {
        let path = self.path(&format!("enrolments/{}/card-holder", self.people[worker].0));
        self.manager.post(&path, json!({"holder": holder, "source": "银行核验"})).send().await.expect(201);
    }

    async fn release(&self, sheet: &Value, line: &Value, note: &str) -> crate::suite::ground::Answer {
        let path = self.path(&format!("pay-sheets/{}/releases", text(&sheet["id"])));
        self.manager.post(&path, json!({"line": line, "note": note})).send().await
    }

    pub(super) fn silent_after(&self, moment: &str) -> usize {
        self.app.clock.set(moment);
        let id = self.id();
        let count = self.app.write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            fall_silent(tx, ctx, &site)
        });
        count.unwrap()
    }
}

async fn profile(app: &App, stage: &Stage<'_>, body: Value) {
    let administrator = app.client(Role::Administrator, ScopeOn::Everything);
    administrator.post("/api/v1/bank-profiles", body.clone()).send().await.expect(201);
    let accounts = stage.manager.get(&stage.path("accounts")).send().await.expect(200);
    let account = text(&accounts[0]["account"]["id"]);
    let choose = json!({"profile": body["code"]});
    stage.manager.post(&stage.path(&format!("accounts/{account}/profile")), choose).send().await.expect(201);
}

both!(the_check_says_before_what_the_order_does, |app| {
    let stage = stage(&app, &[Some(1), Some(2), None, Some(4), Some(4), Some(6)]).await;
    let sheet = stage.audited().await;
    stage.hold(1, true).await;
    stage.holder(5, "另一个人").await;
    let checked = stage.check(&sheet).await;
    assert_eq!(reasons(&checked), ["on_hold_list", "card_missing", "card_shared", "card_shared", "card_not_own"]);
    assert_eq!((checked["lines"].as_i64(), text(&checked["ordered"])), (Some(1), "1500.00".to_owned()));
    assert_eq!((&checked["minimum_wage"], &checked["shortage"]), (&Value::Null, &Value::Null), "{checked}");
    adds_up(&sheet, &checked);
    assert_eq!(stage.states(&sheet)[1].0, LineState::Approved, "a check keeps nothing");
    let rehearsed = stage.manager.post(&stage.path("pay-runs?dry_run=true"), json!({"sheet": sheet["id"]})).key("rehearsal-1");
    assert_eq!(reasons(&rehearsed.send().await.expect(200)), reasons(&checked));
    assert_eq!(stage.states(&sheet)[1].0, LineState::Approved, "nor does a rehearsal");
    let ordered = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!((reasons(&ordered), &ordered["ordered"]), (reasons(&checked), &checked["ordered"]));
    adds_up(&sheet, &ordered);
    let states: Vec<LineState> = stage.states(&sheet).into_iter().map(|(state, _)| state).collect();
    use LineState::{Held, Sent};
    assert_eq!(states, [Sent, Held, Held, Held, Held, Held]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(who_is_paid_in_cash_by_exception_is_told_apart_from_who_lacks_a_card, |app| {
    let stage = stage(&app, &[Some(1), None, None]).await;
    let sheet = stage.audited().await;
    assert_eq!(reasons(&stage.check(&sheet).await), ["card_missing", "card_missing"]);
    let scan = crate::suite::http::deposit_steps::paper(&app, stage.project_id());
    let path = stage.path("exceptional-registrations");
    let cash = json!({"enrolment": stage.enrolment(2), "reason": "no_bank_card", "note": "银行卡遗失，正在补办",
        "pay_route": "cash_in_person", "route_reason": "补卡期间以现金支付", "route_document_id": scan, "until_on": "2026-03-31"});
    let waiting = stage.manager.post(&path, cash).send().await.expect(201);
    assert_eq!(reasons(&stage.check(&sheet).await), ["card_missing", "card_missing"], "one person alone makes no exception");
    let second = app.client(Role::LabourManager, ScopeOn::Everything);
    let decision = format!("{path}/{}/decision", text(&waiting["id"]));
    second.post(&decision, json!({"step": "confirmed"})).send().await.expect(201);
    let checked = stage.check(&sheet).await;
    assert_eq!(reasons(&checked), ["cash_in_person", "card_missing"]);
    let cure = checked["held"][0]["zh"].as_str().unwrap();
    assert!(cure.contains("特殊登记") && cure.contains("现金") && !cure.contains("登记工人本人的银行卡"), "{cure}");
    adds_up(&sheet, &checked);
    let ordered = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!(reasons(&ordered), reasons(&checked), "what the check says is what the order does");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_held_line_goes_once_it_is_cured_or_a_person_lets_it_go, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    stage.hold(0, true).await;
    stage.hold(0, true).await;
    stage.holder(1, "另一个人").await;
    stage.holder(2, "测试 工人3").await;
    let listed = stage.manager.get(&stage.path("pay-holds")).send().await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1, "the same word twice is one: {listed}");
    let first = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!(reasons(&first), ["on_hold_list", "card_not_own"]);
    // Cured: off the list.
    stage.hold(0, false).await;
    assert_eq!(stage.manager.get(&stage.path("pay-holds")).send().await.expect(200), json!([]));
    let line = &first["held"][1]["line"];
    let sent = stage.lines(&sheet).await[2]["line"]["id"].clone();
    stage.release(&sheet, line, "好").await.refuse(422, "invalid");
    stage.release(&sheet, &sent, "已当面核对").await.refuse(409, "conflict");
    let released = stage.release(&sheet, line, "卡为其配偶所有，本人书面说明").await.expect(201);
    assert_eq!(released["state"], "approved");
    stage.release(&sheet, line, "再放行一次").await.refuse(409, "conflict");
    let second = stage.order(&sheet, "order-0002").await.expect(201);
    assert_eq!((reasons(&second), text(&second["ordered"])), (vec![], "3000.00".to_owned()));
    adds_up(&sheet, &second);
    assert!(stage.states(&sheet).iter().all(|(state, _)| *state == LineState::Sent));
    stage.order(&sheet, "order-0003").await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_release_holds_for_the_card_of_then, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    stage.holder(0, "另一个人").await;
    let held = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!(held["run"], Value::Null, "every line is held");
    stage.release(&sheet, &held["held"][0]["line"], "本人书面说明").await.expect(201);
    let (id, enrolment) = (stage.id(), stage.people[0].0);
    let changed = app.write(move |tx, ctx| {
        let site = projects::site(tx.conn(), id)?;
        let terms = NewTerms {
            valid_on: "2026-03-02".parse().unwrap(),
            day_rate: None,
            card: Some(crate::suite::ground::card(9)),
            bank_name: None,
        };
        anxin::workers::actions::change_terms(tx, ctx, &site, enrolment, &terms)
    });
    changed.unwrap();
    assert_eq!(reasons(&stage.check(&sheet).await), Vec::<String>::new(), "of the new card nobody said anything");
    stage.holder(0, "又一个人").await;
    assert_eq!(reasons(&stage.check(&sheet).await), ["card_not_own"], "the release was of the old card");
});

both!(amounts_out_of_the_ordinary_are_told_and_go, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let terms = stage.path(&format!("enrolments/{}/terms", stage.people[0].0));
    stage.manager.post(&terms, json!({"valid_on": "2026-02-01", "day_rate": "10500.00"})).send().await.expect(200);
    let sheet = stage.audited().await;
    let checked = stage.check(&sheet).await;
    assert_eq!(text(&checked["ordered"]), "52500.00");
    assert_eq!(checked["cautions"][0]["caution"], "over_month_amount", "{checked}");
    assert_eq!(checked["cautions"][0]["limit"], "50000.00");
    assert_eq!(checked["cautions"].as_array().unwrap().len(), 1);
});

both!(an_order_is_cut_into_the_files_that_the_bank_takes, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3), Some(4), Some(5)]).await;
    let sheet = stage.audited().await;
    let limits = json!({"code": "small-bank", "name": "小银行", "lines_max": 2, "order_version": "pain.001.001.03", "batch_booking": false});
    profile(&app, &stage, limits).await;
    assert_eq!(stage.check(&sheet).await["files"], json!([2, 2, 1]));
    let ordered = stage.order(&sheet, "order-0001").await.expect(201);
    let runs = ordered["runs"].as_array().unwrap().clone();
    assert_eq!(runs.iter().map(|run| run["line_count"].as_i64().unwrap()).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(ordered["run"], runs[0]);
    let mut payments = Vec::new();
    for (part, run) in (1..).zip(&runs) {
        let path = stage.path(&format!("pay-runs/{}", text(&run["id"])));
        let view = stage.manager.get(&path).send().await.expect(200);
        assert_eq!(view["parts"].as_array().unwrap().len(), 3);
        assert_eq!(view["parts"][part - 1]["run_id"], run["id"]);
        assert!(view["parts"].as_array().unwrap().iter().all(|one| one["first_run_id"] == runs[0]["id"]));
        let file = stage.manager.get(&format!("{path}/file")).send().await.text();
        assert!(file.contains("pain.001.001.03") && file.contains("<BtchBookg>false</BtchBookg>"), "{file}");
        payments.extend(stage.payments(run).await);
    }
    payments.sort();
    payments.dedup();
    assert_eq!(payments.len(), 5, "each line once");
    adds_up(&sheet, &ordered);
    // A limit of a line holds what is above it.
    let limits = json!({"code": "small-bank", "name": "小银行", "line_max": "1499.99"});
    profile(&app, &stage, limits).await;
    for id in &payments {
        stage.hear(id, Outcome::Rejected { reason: "AM02".to_owned() });
    }
    assert_eq!(reasons(&stage.check(&sheet).await), ["over_bank_limit"; 5]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_acsc_proves_is_the_profile_s, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "order-0001").await.expect(201)["run"].clone();
    let payments = stage.payments(&run).await;
    let report = |id: &str, number: u32| {
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>R{number}</MsgId>\
             <CreDtTm>2026-03-02T10:00:00+08:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{}</OrgnlMsgId>\
             <OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{}</OrgnlPmtInfId>\
             <TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>\
             </CstmrPmtStsRpt></Document>",
            text(&run["message_id"]),
            text(&run["message_id"])
        )
    };
    let hand_in = |file: String| {
        stage.manager.ask(actix_web::http::Method::POST, "/api/v1/bank/results").body("application/xml", file).send()
    };
    hand_in(report(&payments[0], 1)).await.expect(200);
    assert_eq!(stage.states(&sheet)[0].0, LineState::Accepted, "money has left the payer, no more");
    profile(&app, &stage, json!({"code": "trusted", "name": "可信银行", "acsc_pays": true})).await;
    hand_in(report(&payments[1], 2)).await.expect(200);
    assert_eq!(stage.states(&sheet)[1], (LineState::Paid, Fen(150_000)));
    assert_eq!(stage.states(&sheet)[0].0, LineState::Accepted, "what was said before stays as it was understood");
});

both!(a_silent_bank_is_asked_and_never_paid_twice, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "order-0001").await.expect(201)["run"].clone();
    let payments = stage.payments(&run).await;
    assert_eq!(stage.silent_after("2026-03-05T08:00:00+08:00"), 0, "within the three days of the profile");
    stage.hear(&payments[0], Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    stage.hear(&payments[1], Outcome::Accepted);
    assert_eq!(stage.silent_after("2026-03-05T10:00:00+08:00"), 1, "the bank's clock begins again with its word");
    assert_eq!(stage.silent_after("2026-03-08T10:00:00+08:00"), 1);
    assert_eq!(stage.silent_after("2026-03-09T10:00:00+08:00"), 0, "once");
    let stage = Stage { manager: app.labour_manager(), ..stage };
    use LineState::{Paid, Unknown};
    assert_eq!(stage.states(&sheet).iter().map(|(state, _)| *state).collect::<Vec<_>>(), [Paid, Unknown, Unknown]);
    stage.order(&sheet, "order-0002").await.refuse(409, "conflict");
    // The bank is given the same bytes again.
    let path = stage.path(&format!("pay-runs/{}", text(&run["id"])));
    let file = stage.manager.get(&format!("{path}/file")).send().await.text();
    assert!(payments.iter().all(|id| file.contains(id)));
    let asked = json!({"kind": "sent_again", "note": "银行称未收到，已重发同一文件"});
    stage.manager.post(&format!("{path}/inquiries"), asked).send().await.expect(201);
    // Late words move them on as any other.
    stage.hear(&payments[1], Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    stage.hear(&payments[2], Outcome::Rejected { reason: "AC04".to_owned() });
    assert_eq!(stage.run_state(&run), RunState::Settled);
    let view = stage.manager.get(&path).send().await.expect(200);
    assert_eq!(view["inquiries"][0]["kind"], "sent_again");
    let late = json!({"kind": "asked", "note": "再查一次"});
    stage.manager.post(&format!("{path}/inquiries"), late).send().await.refuse(409, "conflict");
    let again = stage.order(&sheet, "order-0003").await.expect(201);
    assert_eq!(text(&again["ordered"]), "1500.00", "only what the bank has refused goes again");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_file_that_the_bank_has_already_is_no_refusal, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "order-0001").await.expect(201)["run"].clone();
    stage.silent_after("2026-03-06T10:00:00+08:00");
    let stage = Stage { manager: app.labour_manager(), ..stage };
    let report = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>R1</MsgId>\
         <CreDtTm>2026-03-06T10:00:00+08:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{}</OrgnlMsgId>\
         <OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>DUPL</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts>\
         </CstmrPmtStsRpt></Document>",
        text(&run["message_id"])
    );
    let hand_in = stage.manager.ask(actix_web::http::Method::POST, "/api/v1/bank/results").body("application/xml", report);
    hand_in.send().await.expect(200);
    assert_eq!(stage.states(&sheet)[0].0, LineState::Accepted, "the bank has the first sending");
    assert_eq!(stage.run_state(&run), RunState::Sent);
    stage.order(&sheet, "order-0002").await.refuse(409, "conflict");
});

both!(an_account_is_closed_only_where_its_gate_lets_it_or_two_persons_do, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.audited().await;
    let accounts = stage.manager.get(&stage.path("accounts")).send().await.expect(200);
    let closing = stage.path(&format!("accounts/{}/closing", text(&accounts[0]["account"]["id"])));
    app.clock.set("2026-03-12T09:00:00+08:00");
    let stage = Stage { manager: app.labour_manager(), ..stage };
    assert_eq!(stage.check(&sheet).await["account"], accounts[0]["account"]["id"]);
    let close = || async { stage.manager.post(&closing, json!({"closed_on": "2026-03-11"})).send().await };
    let problem = close().await.refuse(409, "conflict");
    assert_eq!(problem["errors"][0]["reason"], "gate_blocked", "wages are overdue: {problem}");
    let answer = stage.manager.post("/api/v1/gates/account-closing", json!({"project": stage.id()})).send().await.expect(200);
    assert_eq!(answer["verdict"], "blocked");
    let region = || ScopeOn::Region("330784".parse().unwrap());
    let (one, other) = (app.client(Role::IndustryAuthority, region()), app.client(Role::LabourAuthority, region()));
    let wanted = json!({
        "answer": answer["id"], "reason": "总包已更换，工资由新总包承接", "legal_ground": "市政府会议纪要 2026 第 3 号",
        "until_on": "2026-03-20",
    });
    let asked = one.post(&stage.path("overrides"), wanted).send().await.expect(201);
    close().await.refuse(409, "conflict");
    let decide = stage.path(&format!("overrides/{}/decisions", text(&asked["id"])));
    other.post(&decide, json!({"verdict": "approved", "note": "同意，已核实承接"})).send().await.expect(201);
    assert_eq!(close().await.expect(200)["account"]["closed_on"], "2026-03-11");
    assert_eq!(close().await.expect(200)["account"]["closed_on"], "2026-03-11", "the same again changes nothing");
    // The check says beforehand what the order would refuse.
    assert_eq!(stage.check(&sheet).await["account"], Value::Null);
    let browser = app.browser_of(stage.manager.user).await;
    let page = browser.page(&format!("/projects/{}/sheets/{}/check", stage.id(), text(&sheet["id"]))).await;
    assert!(page.contains("没有在用的农民工工资专用账户"), "{page}");
    let refused = stage.order(&sheet, "after-closing").await.refuse(422, "invalid");
    assert_eq!(refused["errors"][0]["reason"], "unknown_account", "{refused}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_frozen_account_is_told_before_and_after_the_order_and_refuses_nothing, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let nothing = stage.check(&sheet).await;
    assert_eq!(nothing["frozen"], Value::Null, "{nothing}");
    let balance = yuan(&nothing["balance"]);
    // A person records a court's paper: all but one fen of what the run needs is frozen away.
    let frozen = balance - yuan(&nothing["ordered"]) + 1;
    let amount = format!("{}.{:02}", frozen / 100, frozen % 100);
    let freeze = json!({
        "kind": "account_freeze", "happened_on": "2026-03-01", "amount": amount, "reason": "other_debt", "note": "某人民法院",
        "subject": "(2026)浙0784执7号",
    });
    let matter = stage.manager.post(&stage.path("matters"), freeze).key("freeze-0001").send().await.expect(201);
    let checked = stage.check(&sheet).await;
    let told = &checked["frozen"];
    assert_eq!((&told["short"], &checked["shortage"]), (&json!("0.01"), &Value::Null), "{checked}");
    let one = &told["freezes"][0];
    assert_eq!((&one["amount"], &one["since"]), (&json!(amount), &json!("2026-03-01")), "{one}");
    for part in [amount.as_str(), "2026-03-01", "某人民法院", "浙0784执7号", "异议", "53号"] {
        assert!(text(&one["zh"]).contains(part), "{part}: {one}");
    }
    assert!(text(&one["en"]).contains("objects") && text(&told["en"]).contains("0.01"), "{told}");
    let browser = app.browser_of(stage.manager.user).await;
    let sheet_path = format!("/projects/{}/sheets/{}/check", stage.id(), text(&sheet["id"]));
    assert!(browser.page(&sheet_path).await.contains("可能有 0.01 元付不出去"));
    // It is a person's to decide: the order goes, and its answer and its page say it again.
    let ordered = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!(ordered["frozen"]["short"], "0.01", "{ordered}");
    assert_eq!(ordered["runs"].as_array().unwrap().len(), 1);
    let run = text(&ordered["run"]["id"]);
    let view = stage.manager.get(&stage.path(&format!("pay-runs/{run}"))).send().await.expect(200);
    assert_eq!((&view["frozen"]["short"], &view["frozen"]["freezes"][0]["amount"]), (&json!("0.01"), &json!(amount)), "{view}");
    let page = browser.page(&format!("/projects/{}/runs/{run}", stage.id())).await;
    assert!(page.contains(&amount) && page.contains("被冻结"), "{page}");
    // Once it is lifted nothing is said.
    let steps = stage.path(&format!("matters/{}/steps", text(&matter["id"])));
    let document = paper(&app, stage.id());
    let lifted = json!({"step": "freeze_lifted", "happened_on": "2026-03-02", "document_id": document});
    stage.manager.post(&steps, lifted).key("lifted-0001").send().await.expect(201);
    let view = stage.manager.get(&stage.path(&format!("pay-runs/{run}"))).send().await.expect(200);
    assert_eq!(view["frozen"], Value::Null, "{view}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_the_bank_does_not_take_of_a_name_or_card_holds_its_line_and_no_other, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    // The workers are called 测试工人1 and so on: five characters; the invented cards have 19 digits.
    profile(&app, &stage, json!({"code": "small-bank", "name": "小银行", "name_max": 4})).await;
    let checked = stage.check(&sheet).await;
    assert_eq!(reasons(&checked), ["name_beyond_bank"; 3]);
    assert!(text(&checked["held"][0]["zh"]).contains("姓名 5 字，最多 4 字"), "{checked}");
    assert!(!checked.to_string().contains("测试工人"), "{checked}");
    profile(&app, &stage, json!({"code": "small-bank", "name": "小银行", "name_max": 5, "charset": "gb2312", "card_max": 18}))
        .await;
    assert_eq!(reasons(&stage.check(&sheet).await), ["card_beyond_bank"; 3]);
    // Just at the limits everything goes, and the text that does not fit gives way to a shorter one, which is told.
    let limits = json!({"code": "small-bank", "name": "小银行", "name_max": 5, "charset": "gb2312", "card_max": 19, "card_luhn": true,
        "text_max": 9});
    profile(&app, &stage, limits).await;
    let ordered = stage.order(&sheet, "order-0001").await.expect(201);
    assert_eq!((reasons(&ordered).len(), ordered["runs"][0]["line_count"].as_i64()), (0, Some(3)), "{ordered}");
    assert_eq!(ordered["replaced"].as_array().map(Vec::len), Some(3), "{ordered}");
    let path = stage.path(&format!("pay-runs/{}/file", text(&ordered["run"]["id"])));
    let file = stage.manager.get(&path).send().await.text();
    assert!(file.contains("<Ustrd>工资</Ustrd>"), "{file}");
    adds_up(&sheet, &ordered);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(limits_that_no_payment_could_keep_are_refused, |app| {
    let administrator = app.client(Role::Administrator, ScopeOn::Everything);
    for (place, wrong) in [
        ("name_max", json!({"name_max": 0})),
        ("name_max", json!({"name_max": 141})),
        ("card_min", json!({"card_min": 19, "card_max": 18})),
        ("card_max", json!({"card_max": 35})),
        ("text_max", json!({"text_max": 1})),
    ] {
        let mut body = json!({"code": "small-bank", "name": "小银行"});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = administrator.post("/api/v1/bank-profiles", body).send().await.expect(422);
        assert!(refused["errors"].to_string().contains(place), "{refused}");
    }
});

both!(a_bank_is_left_alone_for_a_quarter_of_an_hour_and_then_people_are_told_to_ask_it, |app| {
    app.clock.set("2026-03-02T09:00:00+08:00");
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "order-0001").await.expect(201)["run"].clone();
    let path = stage.path(&format!("pay-runs/{}", text(&run["id"])));
    let asking = format!("{path}/inquiries");
    let asked = |kind: &str| json!({"kind": kind, "note": "电话查询代发结果"});
    app.clock.set("2026-03-02T09:14:59+08:00");
    let problem = stage.manager.post(&asking, asked("sent_again")).send().await.refuse(409, "conflict");
    assert_eq!(problem["errors"][0]["reason"], "too_early", "{problem}");
    let view = stage.manager.get(&path).send().await.expect(200);
    assert!(text(&view["ask_from"]).starts_with("2026-03-02T09:15:00"), "{view}");
    app.clock.set("2026-03-02T09:15:01+08:00");
    stage.manager.post(&asking, asked("sent_again")).send().await.expect(201);
    app.clock.set("2026-03-02T09:20:00+08:00");
    stage.manager.post(&asking, asked("asked")).send().await.refuse(409, "conflict");
    // Days later the result is unknown, and the job tells the people; nothing is ordered anew.
    let told = |stage: &Stage<'_>| {
        let id = stage.id();
        let rows = app.read(move |conn, _| Ok(anxin::alerts::table::of_project(conn, id)?)).unwrap();
        let open = rows.iter().filter(|row| row.subject.starts_with("bank ") && row.state != anxin::alerts::NoticeState::Cured);
        // Each of the managers has one.
        open.map(|row| row.subject.clone()).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(stage.silent_after("2026-03-05T10:00:00+08:00"), 2);
    let stage = Stage { manager: app.labour_manager(), ..stage };
    assert_eq!(told(&stage), 0);
    app.drain();
    assert_eq!(told(&stage), 1);
    stage.order(&sheet, "order-0002").await.refuse(409, "conflict");
    stage.manager.post(&asking, asked("asked")).send().await.expect(201);
    app.write({
        let id = stage.id();
        move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            anxin::alerts::sources::notice(tx, ctx, &site).map(|_| ())
        }
    })
    .unwrap();
    assert_eq!(told(&stage), 0, "the bank was asked");
    assert_eq!(app.broken(), Vec::<String>::new());
});
