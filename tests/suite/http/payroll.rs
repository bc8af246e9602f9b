//! Pay sheets from work days to the bank's word on each line.

use anxin::accounts::StatementKind;
use anxin::accounts::actions::{NewAccount, open_account};
use anxin::accounts::table::{StatementRow, insert_statement};
use anxin::attendance::folding::sums::Changed;
use anxin::attendance::folding::table::replace_work_days;
use anxin::attendance::table::WorkDayRow;
use anxin::base::id::{DocumentId, InboxId, LineId, PayRunId, ProjectId, RecordId, SheetId, StatementId, WorkerId};
use anxin::base::{Day, Fen};
use anxin::documents::DocumentKind;
use anxin::documents::actions::NewDocument;
use anxin::payroll::results::{Outcome, apply, refuse_run};
use anxin::payroll::{LineState, RunState, months, pay_run, table};
use anxin::store::Chain;
use anxin::web::{Role, ScopeOn};
use anxin::{documents, ledger, projects};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::{App, Client, TestProject, card, fact, id_number, project};

/// A site with workers, work days in February 2026 and money on the account.
pub(super) struct Stage<'a> {
    pub app: &'a App,
    pub manager: Client<'a>,
    pub project: TestProject,
    /// Enrolment and person, in the order of enrolling.
    pub people: Vec<(RecordId, WorkerId)>,
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// `cards`: the card number of each worker, `None` for one without.
pub(super) async fn stage<'a>(app: &'a App, cards: &[Option<u32>]) -> Stage<'a> {
    let manager = app.labour_manager();
    let project = project(&manager, 1, "330784").await;
    fact(&manager, &project, "2025-12-01", json!({"kind": "pay_day", "day": 10})).await;
    let crew = json!({"name": "木工一班", "party": project.general_contractor, "from_on": "2025-12-01"});
    let crew = manager.post(&format!("{}/crews", project.path), crew).send().await.expect(201);
    let items: Vec<Value> = cards
        .iter()
        .zip(1..)
        .map(|(number, ordinal)| {
            json!({
                "name": format!("测试工人{ordinal}"), "id_number": id_number(ordinal), "crew": crew["id"], "trade": "木工",
                "paper": "labour_contract", "safety_trained": true, "card": number.map(card), "bank_name": "测试银行",
                "day_rate": "300.00", "entered_on": "2026-01-05",
            })
        })
        .collect();
    let enrolled = manager.post(&format!("{}/enrolments", project.path), json!({"items": items})).send().await.expect(200);
    let people: Vec<(RecordId, WorkerId)> = enrolled["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one["enrolment"][name].as_str().unwrap_or_else(|| panic!("{one}")).to_owned();
            (text("id").parse().unwrap(), text("worker_id").parse().unwrap())
        })
        .collect();
    let stage = Stage { app, manager, project, people };
    stage.account();
    stage.balance(1, "2026-02-28", Fen(100_000_000));
    for number in 2..=6 {
        stage.work(&format!("2026-02-{number:02}"), 100);
    }
    stage
}

impl Stage<'_> {
    /// The project's number, for what goes past the API.
    pub fn project_id(&self) -> ProjectId {
        self.id()
    }

    /// The contractor whose crews they are.
    pub fn general_contractor(&self) -> String {
        self.project.general_contractor.to_string()
    }

    /// The enrolment of the worker of that number, from 1.
    pub fn enrolment(&self, number: usize) -> RecordId {
        self.people[number - 1].0
    }

    pub(super) fn id(&self) -> ProjectId {
        self.project.id
    }

    pub(super) fn account(&self) {
        let id = self.id();
        let opened = self.app.write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            let new = NewAccount {
                number: "3301000012345678".to_owned(),
                sub_ledger: String::new(),
                name: "测试总包单位1测试项目1农民工工资专用账户".to_owned(),
                bank_name: "测试银行义乌支行".to_owned(),
                bank_code: "102338000012".to_owned(),
                opened_on: "2026-01-01".parse().unwrap(),
                agreement: None,
                succeeds: None,
                detail_means_paid: true,
            };
            open_account(tx, ctx, &site, &new)
        });
        opened.unwrap();
    }

    /// A statement that ends a day with a balance.
    pub(super) fn balance(&self, number: i64, on: &str, closing: Fen) {
        let (id, on) = (self.id(), day(on));
        let kept = self.app.write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            let account = anxin::accounts::actions::account_on(tx.conn(), &site, on)?.unwrap();
            let row = StatementRow {
                project_id: id,
                id: StatementId(ctx.id()),
                account_id: account.id,
                inbox_id: InboxId(ctx.id()),
                format: "camt.053.001.08".to_owned(),
                kind: StatementKind::Statement,
                statement_ref: format!("S{number}/{number}/"),
                from_on: Some(on),
                to_on: Some(on),
                opening_fen: Some(closing),
                closing_fen: Some(closing),
                entries: 0,
                duplicates: 0,
                problems: "[]".to_owned(),
                received_at: ctx.now,
                recorded_seq: tx.seq(Chain::Project(id))?,
            };
            insert_statement(tx, &row)?;
            Ok(tx.note(Chain::Project(id), ctx.now, ctx.actor(), "test", "statement")?)
        });
        kept.unwrap();
    }

    /// Everybody worked on a day.
    pub(super) fn work(&self, on: &str, hundredths: i32) {
        let (id, on, people) = (self.id(), day(on), self.people.clone());
        let written = self.app.write(move |tx, ctx| {
            let rows: Vec<WorkDayRow> = people
                .iter()
                .map(|(enrolment_id, worker_id)| WorkDayRow {
                    project_id: id,
                    worked_on: on,
                    enrolment_id: *enrolment_id,
                    worker_id: *worker_id,
                    first_time: 28_800,
                    last_time: 61_200,
                    punches: 2,
                    hundredths,
                    flags: String::new(),
                    folded_at: ctx.now,
                })
                .collect();
            let mut changed = Changed::default();
            replace_work_days(tx.conn(), (id, on), &rows, ctx.now, &mut changed)?;
            Ok(changed.write(tx.conn(), id)?)
        });
        written.unwrap();
    }

    /// The worker of that number, from 1, has no day of work.
    pub fn was_never_there(&self, number: usize) {
        let (enrolment, worker) = self.people[number - 1];
        let gone = self.app.write(move |tx, _| {
            use anxin::store::StoreError;
            use anxin::store::schema::{attended_months as a, work_days as w};
            use diesel::prelude::*;
            let sums = a::table.filter(a::worker_id.eq(worker));
            diesel::delete(sums).execute(tx.conn()).map_err(StoreError::from)?;
            let days = w::table.filter(w::enrolment_id.eq(enrolment));
            Ok(diesel::delete(days).execute(tx.conn()).map_err(StoreError::from)?)
        });
        assert!(gone.unwrap() > 0);
    }

    /// The worker of that number, from 1, was on another site on a day as well.
    pub async fn work_elsewhere(&self, number: u32, on: &str) {
        let other = project(&self.manager, 2, "330784").await;
        let crew = json!({"name": "木工二班", "party": other.general_contractor, "from_on": "2025-12-01"});
        let crew = self.manager.post(&format!("{}/crews", other.path), crew).send().await.expect(201);
        let items = json!({"items": [{
            "name": format!("测试工人{number}"), "id_number": id_number(number), "crew": crew["id"], "trade": "木工",
            "paper": "labour_contract", "safety_trained": true, "card": card(number), "bank_name": "测试银行",
            "day_rate": "300.00", "entered_on": "2026-01-05",
        }]});
        let enrolled = self.manager.post(&format!("{}/enrolments", other.path), items).send().await.expect(200);
        let enrolment = text(&enrolled["results"][0]["enrolment"]["id"]).parse().unwrap();
        let person = text(&enrolled["results"][0]["enrolment"]["worker_id"]).parse().unwrap();
        Stage { app: self.app, manager: self.app.labour_manager(), project: other, people: vec![(enrolment, person)] }
            .work(on, 100);
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.project.path)
    }

    pub(super) async fn build(&self) -> Value {
        self.manager.post(&self.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone()
    }

    pub(super) async fn lines(&self, sheet: &Value) -> Vec<Value> {
        let path = self.path(&format!("pay-sheets/{}/lines", text(&sheet["id"])));
        self.manager.get(&path).send().await.expect(200)["items"].as_array().unwrap().clone()
    }

    pub(super) fn scan(&self) -> DocumentId {
        let id = self.id();
        let kept = self.app.write(move |tx, ctx| {
            let new = NewDocument {
                kind: DocumentKind::SignedSheet,
                name: "二月.pdf".to_owned(),
                media_type: "application/pdf".to_owned(),
                // Each scan is a picture of its own.
                bytes: format!("%PDF-1.4 invented {}", ctx.id()).into_bytes(),
            };
            documents::actions::keep(tx, ctx, id, &new)
        });
        kept.unwrap().id
    }

    pub(super) async fn act(&self, sheet: &Value, verb: &str, version: i64, body: Option<Value>) -> super::super::ground::Answer {
        let path = self.path(&format!("pay-sheets/{}/{verb}", text(&sheet["id"])));
        let ask = self.manager.ask(actix_web::http::Method::POST, &path).header("If-Match", &version.to_string());
        match body {
            Some(body) => ask.json(body).send().await,
            None => ask.send().await,
        }
    }

    pub(super) async fn sign_all(&self, sheet: &Value) {
        let scan = self.scan();
        let items: Vec<Value> = self
            .lines(sheet)
            .await
            .iter()
            .map(|view| json!({"line": view["line"]["id"], "means": "paper", "document_id": scan, "signed_on": "2026-03-01"}))
            .collect();
        let version = sheet["version"].as_i64().unwrap();
        let answers = self.act(sheet, "signatures", version, Some(json!({"items": items}))).await.expect(201);
        assert!(answers.as_array().unwrap().iter().all(|one| one["signed"] == true), "{answers}");
    }

    /// A sheet that is built, signed, handed in and audited.
    pub(super) async fn audited(&self) -> Value {
        let sheet = self.build().await;
        self.sign_all(&sheet).await;
        let sheet = self.act(&sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
        self.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200)
    }

    pub(super) async fn order(&self, sheet: &Value, key: &str) -> super::super::ground::Answer {
        self.manager.post(&self.path("pay-runs"), json!({"sheet": sheet["id"]})).key(key).send().await
    }

    pub(super) async fn payments(&self, run: &Value) -> Vec<String> {
        let view = self.manager.get(&self.path(&format!("pay-runs/{}", text(&run["id"])))).send().await.expect(200);
        view["payments"].as_array().unwrap().iter().map(|one| text(&one["end_to_end_id"])).collect()
    }

    pub(super) fn hear(&self, end_to_end_id: &str, outcome: Outcome) -> Option<LineId> {
        let (id, end_to_end_id) = (self.id(), end_to_end_id.to_owned());
        let heard = self.app.write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            apply(tx, ctx, &site, &end_to_end_id, outcome.clone(), "test")
        });
        heard.unwrap()
    }

    pub(super) fn states(&self, sheet: &Value) -> Vec<(LineState, Fen)> {
        let (id, sheet): (_, SheetId) = (self.id(), text(&sheet["id"]).parse().unwrap());
        let rows = self.app.read(|conn, _| Ok(table::lines_of(conn, id, sheet)?)).unwrap();
        rows.iter().map(|line| (line.state, line.paid_fen)).collect()
    }

    pub(super) fn run_state(&self, run: &Value) -> RunState {
        let (id, run): (_, PayRunId) = (self.id(), text(&run["id"]).parse().unwrap());
        self.app.read(|conn, _| Ok(pay_run::table::head(conn, id, run)?)).unwrap().unwrap().state
    }

    pub(super) fn months(&self, as_of: &str) -> Vec<months::MonthWages> {
        let (id, as_of) = (self.id(), day(as_of));
        self.app
            .read(|conn, _| {
                let site = projects::site(conn, id)?;
                months::wages(conn, &site, as_of)
            })
            .unwrap()
    }

    pub(super) fn ledger(&self, account: ledger::LedgerAccount) -> Fen {
        let id = self.id();
        self.app
            .read(|conn, ctx| {
                let site = projects::site(conn, id)?;
                let balances = ledger::table::balances(conn, site.id, ctx.today, None)?;
                Ok(balances.into_iter().find(|(known, _)| *known == account).map_or(Fen::ZERO, |(_, total)| total))
            })
            .unwrap()
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn paid() -> Outcome {
    Outcome::Paid { on: "2026-03-02".parse().unwrap() }
}

fn rejected() -> Outcome {
    Outcome::Rejected { reason: "AC04".to_owned() }
}

fn returned() -> Outcome {
    Outcome::Returned { reason: "退汇".to_owned() }
}

both!(a_sheet_is_days_times_rate_and_is_built_again_while_it_is_a_draft, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    assert_eq!((text(&sheet["total"]), text(&sheet["due_on"])), ("3000.00".to_owned(), "2026-03-10".to_owned()));
    assert_eq!((sheet["part"].as_i64(), sheet["line_count"].as_i64()), (Some(1), Some(2)));
    let lines = stage.lines(&sheet).await;
    assert_eq!((text(&lines[0]["line"]["net"]), text(&lines[0]["worker"])), ("1500.00".to_owned(), "测试工人1".to_owned()));
    assert!(!text(&lines[0]["card"]).contains(&card(1)), "a card is shown masked: {}", lines[0]);
    stage.work("2026-02-07", 50);
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"}));
    again.send().await.refuse(428, "precondition_missing");
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).header("If-Match", "1");
    let rebuilt = again.send().await.expect(201)["sheet"].clone();
    assert_eq!((text(&rebuilt["total"]), rebuilt["version"].as_i64()), ("3300.00".to_owned(), Some(2)));
    let future = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-04"}));
    future.send().await.refuse(422, "invalid");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(without_a_pay_day_there_is_no_sheet, |app| {
    let manager = app.labour_manager();
    let project = project(&manager, 1, "330784").await;
    let answer = manager.post(&format!("{}/pay-sheets", project.path), json!({"month": "2026-02"})).send().await;
    let problem = answer.refuse(422, "invalid");
    assert_eq!(problem["errors"][0]["place"], "pay_day");
});

both!(nothing_goes_unsigned_and_silence_signs_nothing, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    let lines = stage.lines(&sheet).await;
    let problem = stage.act(&sheet, "submit", 1, None).await.refuse(409, "conflict");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    let bare = json!({"line": lines[0]["line"]["id"], "means": "device", "signed_on": "2026-03-01"});
    let device = json!({"serial": "TEST000000009", "project": stage.project.id, "gate": "北门", "direction": "in"});
    stage.manager.post("/api/v1/devices", device).send().await.expect(200);
    let at = |line: usize, device: &str, evidence: &str, on: &str| json!({"line": lines[line]["line"]["id"], "means": "device", "device": device, "evidence": evidence, "signed_on": on});
    let typed = at(0, "x", "y", "2026-03-01");
    let vague = at(0, "TEST000000009", "y", "2026-03-01");
    let good = at(1, "北门 TEST000000009", "记录 7", "2026-03-01");
    let late = at(1, "北门 TEST000000009", "记录 7", "2031-01-01");
    let link = json!({"line": lines[0]["line"]["id"], "means": "link_with_second_means", "evidence": "人脸核验", "signed_on": "2026-03-01"});
    let items = json!({"items": [bare, typed, vague, good, late, link]});
    let answers = stage.act(&sheet, "signatures", 1, Some(items)).await.expect(201);
    let told: Vec<(bool, Option<&str>)> =
        answers.as_array().unwrap().iter().map(|one| (one["signed"] == true, one["reason"].as_str())).collect();
    let expected = [
        (false, Some("missing_field")),
        (false, Some("unknown_device")),
        (false, Some("bad_format")),
        (true, None),
        (false, Some("bad_time")),
        (false, Some("not_allowed")),
    ];
    assert_eq!(told, expected, "a day to come is refused of a signed line too: {answers}");
    app.clock.set("2026-06-02T09:00:00+08:00");
    let stage = Stage { manager: app.labour_manager(), ..stage };
    let problem = stage.act(&sheet, "submit", 1, None).await.refuse(409, "conflict");
    assert_eq!(problem["errors"][0]["place"], lines[0]["line"]["id"], "time signs nothing: {problem}");
    stage.act(&sheet, "submit", 7, None).await.refuse(412, "version_changed");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_second_part_takes_only_what_the_first_does_not_hold, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let first = stage.audited().await;
    let again = stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await;
    again.refuse(409, "conflict");
    stage.work("2026-02-09", 100);
    let second = stage.build().await;
    assert_eq!((second["part"].as_i64(), text(&second["total"])), (Some(2), "600.00".to_owned()));
    assert_ne!(first["id"], second["id"]);
});

both!(one_person_both_hands_in_and_audits_only_without_a_subcontractor, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sub = crate::suite::ground::party(&stage.manager, 77, "测试分包单位").await;
    let join = json!({"party": sub, "role": "subcontractor", "under": stage.project.general_contractor, "from_on": "2026-01-01"});
    stage.manager.post(&stage.path("parties"), join).send().await.expect(201);
    let sheet = stage.build().await;
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", 1, None).await.expect(200);
    stage.act(&sheet, "audit", 2, None).await.refuse(409, "conflict");
    let other = app.client(Role::LabourManager, ScopeOn::Project(stage.id()));
    let path = stage.path(&format!("pay-sheets/{}/audit", text(&sheet["id"])));
    let audit = other.ask(actix_web::http::Method::POST, &path).header("If-Match", "2").send().await.expect(200);
    assert_eq!(audit["state"], "audited");
});

both!(a_run_holds_bad_lines_and_pays_the_others_to_the_fen, |app| {
    let stage = stage(&app, &[Some(1), None, Some(3), Some(3), Some(5)]).await;
    let sheet = stage.build().await;
    let lines = stage.lines(&sheet).await;
    let dispute = json!({"line": lines[4]["line"]["id"], "amount": "200.00", "reason": "少记两个半天"});
    stage.act(&sheet, "disputes", 1, Some(dispute)).await.expect(201);
    let sheet = json!({"id": sheet["id"], "version": 2});
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", 2, None).await.expect(200);
    stage.order(&sheet, "key-too-early").await.refuse(409, "conflict");
    let sheet = stage.act(&sheet, "audit", 3, None).await.expect(200);
    stage.manager.post(&stage.path("pay-runs"), json!({"sheet": sheet["id"]})).send().await.refuse(428, "precondition_missing");
    let answer = stage.order(&sheet, "key-0001").await.expect(201);
    let sums = ["ordered", "held_total", "earlier", "withheld"].map(|name| text(&answer[name]));
    assert_eq!(sums, ["2800.00", "4500.00", "0.00", "200.00"], "{answer}");
    let reasons: Vec<String> = answer["held"].as_array().unwrap().iter().map(|one| text(&one["reason"])).collect();
    assert_eq!(reasons, ["card_missing", "card_shared", "card_shared"]);
    assert_eq!(stage.order(&sheet, "key-0001").await.expect(201), answer, "the same key gives the same answer");
    let run = &answer["run"];
    let file = |app: &App| {
        let _ = app;
        stage.manager.get(&stage.path(&format!("pay-runs/{}/file", text(&run["id"])))).send()
    };
    let (one, two) = (file(&app).await, file(&app).await);
    assert_eq!((one.status, &one.bytes), (200, &two.bytes));
    let xml = one.text();
    for part in ["pain.001.001.09", "<CtrlSum>2800.00</CtrlSum>", "<Cd>SALA</Cd>", "测试工人1", &card(1), &card(5)] {
        assert!(xml.contains(part), "{part} is missing in {xml}");
    }
    assert!(!xml.contains("测试工人2") && !xml.contains(&card(3)));
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner));
    owner.get(&stage.path(&format!("pay-runs/{}/file", text(&run["id"])))).send().await.refuse(403, "not_allowed");
    let stranger = app.client(Role::LabourManager, ScopeOn::Project(ProjectId(1)));
    stranger.get(&stage.path(&format!("pay-runs/{}/file", text(&run["id"])))).send().await.refuse(404, "not_found");
    let held = stage.order(&sheet, "key-0002").await.expect(201);
    assert_eq!((&held["run"], text(&held["earlier"])), (&Value::Null, "2800.00".to_owned()), "nothing goes twice: {held}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_short_balance_stops_the_whole_run, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    stage.balance(2, "2026-03-01", Fen(250_000));
    let problem = stage.order(&sheet, "key-0001").await.refuse(409, "conflict");
    assert!(text(&problem["detail"]).contains("缺 500.00 元"), "{problem}");
    assert!(stage.states(&sheet).iter().all(|(state, _)| *state == LineState::Approved));
    stage.balance(3, "2026-03-02", Fen(300_000));
    stage.order(&sheet, "key-0001").await.expect(201);
});

both!(two_orders_at_once_send_each_line_once, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    let (one, two) = futures_util::future::join(stage.order(&sheet, "key-one-1"), stage.order(&sheet, "key-two-2")).await;
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text(), two.text());
    let id = stage.id();
    let attempts = app.read(|conn, _| Ok(pay_run::table::all_attempts(conn)?)).unwrap();
    assert_eq!(attempts.iter().filter(|row| row.project_id == id).count(), 3);
});

both!(the_bank_s_words_may_come_twice_and_out_of_order, |app| {
    use ledger::LedgerAccount::{PayInTransit, WagesPayable};
    let stage = stage(&app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    assert_eq!(stage.ledger(WagesPayable), Fen(-450_000));
    let run = stage.order(&sheet, "key-0001").await.expect(201)["run"].clone();
    assert_eq!((stage.ledger(WagesPayable), stage.ledger(PayInTransit)), (Fen::ZERO, Fen(-450_000)));
    let ids = stage.payments(&run).await;
    assert_eq!(stage.hear("lin-0000000000000-1", paid()), None, "nobody's payment");
    for outcome in [paid(), Outcome::Accepted, paid(), rejected(), rejected()] {
        stage.hear(&ids[0], outcome);
    }
    for outcome in [rejected(), Outcome::Accepted, rejected(), paid()] {
        stage.hear(&ids[1], outcome);
    }
    assert_eq!(stage.run_state(&run), RunState::Sent);
    for outcome in [Outcome::Accepted, Outcome::Silent, Outcome::Accepted, returned(), paid(), returned()] {
        stage.hear(&ids[2], outcome);
    }
    let whole = Fen(150_000);
    let expected = [(LineState::Paid, whole), (LineState::Rejected, Fen::ZERO), (LineState::Returned, Fen::ZERO)];
    assert_eq!(stage.states(&sheet), expected);
    assert_eq!(stage.run_state(&run), RunState::Settled);
    assert_eq!((stage.ledger(WagesPayable), stage.ledger(PayInTransit)), (Fen(-300_000), Fen(-150_000)));
    let answer = stage.order(&sheet, "key-0002").await.expect(201);
    assert_eq!(text(&answer["ordered"]), "1500.00", "only the returned line goes again");
    assert_eq!(answer["held"][0]["reason"], "contradicted", "who was paid and refused waits for the bank: {answer}");
    let again = stage.payments(&answer["run"]).await;
    assert!(again[0].ends_with("-2") && !ids.contains(&again[0]), "{again:?}");
    stage.hear(&ids[2], returned());
    stage.hear(&again[0], paid());
    assert_eq!(stage.states(&sheet)[2], (LineState::Paid, whole));
    stage.hear(&ids[0], returned());
    stage.hear(&ids[0], returned());
    assert_eq!(stage.states(&sheet)[0], (LineState::Returned, Fen::ZERO));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_refused_file_frees_every_line_for_another_run, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "key-0001").await.expect(201)["run"].clone();
    let (id, message) = (stage.id(), text(&run["message_id"]));
    for _ in 0..2 {
        let message = message.clone();
        let refused = app.write(move |tx, ctx| {
            let site = projects::site(tx.conn(), id)?;
            refuse_run(tx, ctx, &site, &message, "FF01", "test")
        });
        assert_eq!(refused.unwrap().map(|id| id.to_string()), Some(text(&run["id"])));
    }
    assert_eq!(stage.run_state(&run), RunState::Refused);
    assert!(stage.states(&sheet).iter().all(|(state, _)| *state == LineState::Rejected));
    assert_eq!(stage.ledger(ledger::LedgerAccount::PayInTransit), Fen::ZERO);
    assert_eq!(text(&stage.order(&sheet, "key-0002").await.expect(201)["ordered"]), "3000.00");
});

both!(months_say_what_is_due_paid_failed_under_way_and_contested, |app| {
    let stage = stage(&app, &[Some(1), Some(2), Some(3), None]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "key-0001").await.expect(201)["run"].clone();
    let ids = stage.payments(&run).await;
    stage.hear(&ids[0], paid());
    stage.hear(&ids[1], rejected());
    let on_the_day = &stage.months("2026-03-10")[0];
    assert_eq!(on_the_day.due.lines, 0, "the due day has not passed: {on_the_day:?}");
    let after = &stage.months("2026-03-11")[0];
    let tally = |tally: months::Tally| (tally.lines, tally.amount.0);
    assert_eq!(tally(after.due), (4, 600_000));
    assert_eq!(tally(after.paid), (1, 150_000));
    assert_eq!(tally(after.failed), (1, 150_000), "refused by the bank");
    assert_eq!(tally(after.unsent), (1, 150_000), "held without a card: nothing was sent, so nothing failed");
    assert_eq!(tally(after.in_flight), (1, 150_000));
    assert_eq!(tally(after.disputed), (0, 0));
    let earlier = &stage.months("2026-03-01")[0];
    assert_eq!(tally(earlier.paid), (0, 0));
    let owner = app.client(Role::Owner, ScopeOn::Organisation(stage.project.owner));
    let wages = owner.get(&stage.path("pay-months?as_of=2026-03-11")).send().await.expect(200);
    let told = |word: &str| (wages["months"][0][word]["lines"].as_i64(), text(&wages["months"][0][word]["amount"]));
    assert_eq!((told("failed"), told("unsent")), ((Some(1), "1500.00".into()), (Some(1), "1500.00".into())), "{wages}");
    assert_eq!((text(&wages["oldest_open_due_on"]), text(&wages["months"][0]["state"])), ("2026-03-10".into(), "audited".into()));
});

both!(a_deduction_is_made_before_the_signature_and_a_dispute_ends, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let change = |amount: &str| Some(json!({"line": line, "amount": amount, "reason": "预支"}));
    stage.act(&sheet, "deductions", 1, change("1500.01")).await.refuse(422, "invalid");
    let changed = stage.act(&sheet, "deductions", 1, change("500.00")).await.expect(201);
    assert_eq!((text(&changed["net"]), text(&changed["gross"])), ("1000.00".to_owned(), "1500.00".to_owned()));
    let sheet = json!({"id": sheet["id"], "version": 2});
    // A third is more than the law's share: the worker's paper shows that they agree.
    let items = stage.path(&format!("pay-sheets/{}/lines/{}/items", text(&sheet["id"]), text(&line)));
    let items = stage.manager.get(&items).send().await.expect(200);
    let item = items.as_array().unwrap().iter().find(|one| one["row"]["kind"] == "deduction").unwrap()["row"]["id"].clone();
    let agrees = json!({"step": "worker_confirmed", "note": "本人签字同意", "document_id": stage.scan()});
    stage.act(&sheet, &format!("items/{}/steps", text(&item)), 2, Some(agrees)).await.expect(201);
    stage.sign_all(&sheet).await;
    stage.act(&sheet, "deductions", 2, change("0.00")).await.refuse(409, "conflict");
    stage.act(&sheet, "disputes", 2, change("300.00")).await.expect(201);
    let sheet = stage.act(&sheet, "submit", 3, None).await.expect(200);
    let sheet = stage.act(&sheet, "audit", 4, None).await.expect(200);
    let run = stage.order(&sheet, "key-0001").await.expect(201)["run"].clone();
    assert_eq!(text(&run["total"]), "700.00");
    stage.hear(&stage.payments(&run).await[0], paid());
    stage.order(&sheet, "key-0002").await.refuse(409, "conflict");
    stage.act(&sheet, "disputes", 5, change("0.00")).await.expect(201);
    let run = stage.order(&sheet, "key-0003").await.expect(201)["run"].clone();
    assert_eq!(text(&run["total"]), "300.00", "the dispute is over and the rest goes");
    stage.hear(&stage.payments(&run).await[0], paid());
    assert_eq!(stage.states(&sheet), [(LineState::Paid, Fen(100_000))]);
    stage.order(&sheet, "key-0004").await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});
