//! PyPI's mock-bank as a live counterparty: our orders go to it over HTTP, its answers come back, and in each of its nine behaviours
//! the lines and the ledger end right and nobody is paid twice.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anxin::base::Fen;
use anxin::ledger::LedgerAccount::{Bank as BankAccount, PayInTransit, WagesPayable};
use anxin::payroll::{LineState, RunState};
use serde_json::{Value, json};

use super::payroll::{Stage, stage, text};
use crate::both;
use crate::suite::ground::{App, card};

/// A bank of one test; it ends with the test.
struct LiveBank {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for LiveBank {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl LiveBank {
    /// A bank that keeps the wage account; card 2 is of a closed account, card 3 of a bank that cannot be found.
    fn start(balance: i64) -> LiveBank {
        let python =
            std::env::var("ANXIN_TEST_PYTHON").expect("ANXIN_TEST_PYTHON is not set: run tests/run, which prepares Python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/livebank.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(["3301000012345678", &balance.to_string(), &card(2), &card(3)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("Python starts");
        let input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut port = String::new();
        output.read_line(&mut port).expect("a port");
        port.trim().parse::<u16>().expect("a port");
        LiveBank { child, input, output }
    }

    fn ask(&mut self, method: &str, path: &str, body: Value) -> (u64, Value) {
        let request = json!({"method": method, "path": path, "body": body});
        writeln!(self.input, "{request}").expect("the bank hears");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("the bank answers");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or(Value::Null);
        (answer["status"].as_u64().unwrap(), body)
    }

    fn behave(&mut self, change: Value) {
        let (status, body) = self.ask("PATCH", "/_mock/accounts/WAGE", change);
        assert_eq!(status, 200, "{body}");
    }

    /// Hands the bank the file of a run.
    async fn send(&mut self, stage: &Stage<'_>, run: &Value) -> u64 {
        let file = stage.manager.get(&stage.path(&format!("pay-runs/{}/file", text(&run["id"])))).send().await.text();
        self.ask("POST", "/payments", Value::String(file)).0
    }

    fn advance(&mut self, days: u32) {
        let (status, body) = self.ask("POST", &format!("/_mock/advance?days={days}"), Value::Null);
        assert_eq!(status, 200, "{body}");
    }

    /// Takes what the bank has sent about the wage account and hands each in; gives the kinds of message and what was said of them.
    async fn deliver(&mut self, stage: &Stage<'_>) -> Vec<(String, Value)> {
        let (_, waiting) = self.ask("GET", "/_mock/mailbox", Value::Null);
        let mut said = Vec::new();
        for message in waiting.as_array().unwrap().iter().filter(|message| message["account"] == "WAGE") {
            let kind = text(&message["type"]);
            // What a return also says as a credit of the account is read there; this message is for banks among themselves.
            if kind.starts_with("pacs.004") {
                continue;
            }
            let path = if kind.starts_with("pain.002") { "/api/v1/bank/results" } else { "/api/v1/bank/statements" };
            let ask = stage.manager.ask(actix_web::http::Method::POST, path);
            let answer = ask.body("application/xml", message["body"].as_str().unwrap()).send().await.expect(200);
            // Twice changes nothing.
            let ask = stage.manager.ask(actix_web::http::Method::POST, path);
            let again = ask.body("application/xml", message["body"].as_str().unwrap()).send().await.expect(200);
            assert_eq!(again["applied"], 0, "{kind} {again}");
            said.push((kind, answer));
        }
        said
    }
}

/// Three workers with 1,500.00 each, the sheet audited and ordered once.
struct Scene<'a> {
    stage: Stage<'a>,
    sheet: Value,
    run: Value,
}

async fn scene(app: &App) -> Scene<'_> {
    let stage = stage(app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "order-0001").await.expect(201)["run"].clone();
    Scene { stage, sheet, run }
}

impl Scene<'_> {
    fn states(&self) -> Vec<LineState> {
        self.stage.states(&self.sheet).into_iter().map(|(state, _)| state).collect()
    }

    /// What the ledger ends with: nothing in transit, what is owed, what the bank has paid out on balance.
    fn ends(&self, owed: i64, paid: i64) {
        let of = |account| self.stage.ledger(account);
        assert_eq!(of(PayInTransit), Fen::ZERO, "nothing stays in transit");
        assert_eq!(of(WagesPayable), Fen(-owed), "what is owed");
        assert_eq!(of(BankAccount), Fen(-paid), "what has left the account");
        assert_eq!(self.stage.app.broken(), Vec::<String>::new());
    }

    /// What the reconciliation says of the account.
    async fn reconciled(&self) -> Value {
        let found = self.stage.manager.get(&self.stage.path("reconciliation")).send().await.expect(200);
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
        found[0].clone()
    }

    fn later(self, moment: &str) -> Self {
        let app = self.stage.app;
        app.clock.set(moment);
        Scene { stage: Stage { manager: app.labour_manager(), ..self.stage }, ..self }
    }
}

const EACH: i64 = 150_000;
const PLENTY: i64 = 100_000_000;

use LineState::{Paid, Rejected, Returned, Unknown};

fn only_card_one_is_of_another_bank(bank: &mut LiveBank) {
    for name in ["CLOSED", "LOST"] {
        bank.ask("PATCH", &format!("/_mock/accounts/{name}"), json!({"behaviour": "accept"}));
    }
}

both!(accept, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    only_card_one_is_of_another_bank(&mut bank);
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 202);
    bank.deliver(&scene.stage).await;
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid; 3]);
    assert_eq!(scene.stage.run_state(&scene.run), RunState::Settled);
    scene.ends(0, 3 * EACH);
    let told = scene.reconciled().await;
    assert_eq!((&told["bank"], &told["ledger"]), (&json!("995500.00"), &json!("-4500.00")));
    assert_eq!((&told["causes"][0]["cause"], &told["is_open"]), (&json!("opening_balance"), &json!(false)), "{told}");
});

both!(closed_account_and_bad_bank_id, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 202);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states()[1..], [Rejected, Rejected]);
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid, Rejected, Rejected]);
    scene.ends(2 * EACH, EACH);
    // What was refused goes again, and only that.
    let scene = scene.later("2026-03-03T10:00:00+08:00");
    only_card_one_is_of_another_bank(&mut bank);
    let again = scene.stage.order(&scene.sheet, "order-0002").await.expect(201);
    assert_eq!(text(&again["ordered"]), "3000.00");
    assert_eq!(bank.send(&scene.stage, &again["run"]).await, 202);
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    let scene = scene.later("2026-03-04T10:00:00+08:00");
    assert_eq!(scene.states(), [Paid; 3]);
    scene.ends(0, 3 * EACH);
});

both!(insufficient_funds, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(2 * EACH);
    only_card_one_is_of_another_bank(&mut bank);
    bank.behave(json!({"behaviour": "insufficient-funds"}));
    bank.send(&scene.stage, &scene.run).await;
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid, Paid, Rejected], "AM04");
    scene.ends(EACH, 2 * EACH);
});

both!(return_later, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    only_card_one_is_of_another_bank(&mut bank);
    let payment = scene.stage.payments(&scene.run).await[1].clone();
    bank.behave(json!({"behaviour": "return-later", "parameters": {"days": 1, "reason": "AC04", "end_to_end_id": payment}}));
    bank.send(&scene.stage, &scene.run).await;
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    bank.advance(2);
    bank.deliver(&scene.stage).await;
    let scene = scene.later("2026-03-05T10:00:00+08:00");
    assert_eq!(scene.states(), [Paid, Returned, Paid]);
    scene.ends(EACH, 2 * EACH);
    bank.behave(json!({"behaviour": "accept", "parameters": {}}));
    let again = scene.stage.order(&scene.sheet, "order-0002").await.expect(201);
    assert_eq!(text(&again["ordered"]), "1500.00");
    bank.send(&scene.stage, &again["run"]).await;
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    let scene = scene.later("2026-03-06T10:00:00+08:00");
    assert_eq!(scene.states(), [Paid; 3]);
    scene.ends(0, 3 * EACH);
});

both!(reject_file, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    only_card_one_is_of_another_bank(&mut bank);
    bank.behave(json!({"behaviour": "reject-file"}));
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 422);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Rejected; 3]);
    assert_eq!(scene.stage.run_state(&scene.run), RunState::Refused);
    bank.behave(json!({"behaviour": "accept"}));
    let again = scene.stage.order(&scene.sheet, "order-0002").await.expect(201);
    assert_eq!(bank.send(&scene.stage, &again["run"]).await, 202);
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid; 3]);
    scene.ends(0, 3 * EACH);
});

both!(duplicate_file, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    only_card_one_is_of_another_bank(&mut bank);
    bank.behave(json!({"behaviour": "duplicate-file"}));
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 202);
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 422, "the bank knows the message id");
    let said = bank.deliver(&scene.stage).await;
    let reports = said.iter().filter(|(kind, _)| kind.starts_with("pain.002")).count();
    assert_eq!(reports, 2, "one takes the file, one refuses the same file: {said:?}");
    assert_eq!(scene.states(), [Paid; 3], "the first sending stands, so nothing is owed again");
    scene.stage.order(&scene.sheet, "order-0002").await.refuse(409, "conflict");
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid; 3]);
    scene.ends(0, 3 * EACH);
});

both!(silent, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    only_card_one_is_of_another_bank(&mut bank);
    bank.behave(json!({"behaviour": "silent"}));
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 202);
    assert_eq!(scene.stage.silent_after("2026-03-06T10:00:00+08:00"), 3);
    let scene = scene.later("2026-03-06T11:00:00+08:00");
    assert_eq!(scene.states(), [Unknown; 3]);
    scene.stage.order(&scene.sheet, "order-0002").await.refuse(409, "conflict");
    // The file again, under the same ids: the bank says that it has it, and books nothing twice.
    assert_eq!(bank.send(&scene.stage, &scene.run).await, 422);
    bank.advance(1);
    bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid; 3], "its late word moves them on");
    scene.ends(0, 3 * EACH);
});

both!(statement_gap, |app| {
    let scene = scene(&app).await;
    let mut bank = LiveBank::start(PLENTY);
    only_card_one_is_of_another_bank(&mut bank);
    bank.behave(json!({"behaviour": "statement-gap"}));
    bank.send(&scene.stage, &scene.run).await;
    bank.advance(1);
    let said = bank.deliver(&scene.stage).await;
    assert_eq!(scene.states(), [Paid; 3], "the notification proves each line");
    let (_, statement) = said.iter().find(|(kind, _)| kind.starts_with("camt.053")).expect("a statement");
    let reasons: Vec<&str> =
        statement["problems"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"balance_break"), "the entry that the statement leaves out is told: {statement}");
    scene.ends(0, 3 * EACH);
    let told = scene.reconciled().await;
    let causes: Vec<&str> = told["causes"].as_array().unwrap().iter().map(|one| one["cause"].as_str().unwrap()).collect();
    assert!(causes.contains(&"only_announced") && told["is_open"] == true, "{told}");
});
