//! The gates of closing an account and of giving back a deposit answer by the clearance: what stops the closing is named by them too.

use anxin::gates::Subject;
use anxin::gates::actions::{gather, gather_by_law};
use anxin::law::{self, Gate, Verdict};
use anxin::payroll::results::Outcome;
use serde_json::{Value, json};

use super::matching::later;
use super::payroll::{Stage, stage, text};
use crate::both;
use crate::suite::ground::fact;

/// A project that is finished, paid, promised and published; everybody has left.
pub(super) async fn finished(stage: &Stage<'_>) {
    let sheet =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-01"})).send().await.expect(201)["sheet"].clone();
    let sheet = stage.act(&sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    stage.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "close-0001").await.expect(201)["run"].clone();
    for id in &stage.payments(&run).await {
        stage.hear(id, Outcome::Paid { on: "2026-03-02".parse().unwrap() });
    }
    for (enrolment, _) in &stage.people {
        let leave = stage.path(&format!("enrolments/{enrolment}/leave"));
        stage.manager.post(&leave, json!({"left_on": "2026-02-28"})).send().await.expect(200);
    }
    for kind in ["finished", "closing_promise", "closing_publicity"] {
        fact(&stage.manager, &stage.project, "2026-03-01", json!({"kind": kind})).await;
    }
}

/// The verdicts of a gate: by the law's own questions, and as it is answered.
fn verdicts(stage: &Stage<'_>, gate: Gate) -> (Verdict, Verdict) {
    let subject = Subject { project: Some(stage.project_id()), ..Subject::default() };
    let asked = stage.app.read(|conn, ctx| {
        let by_law = gather_by_law(conn, ctx, gate, &subject, ctx.today)?;
        let whole = gather(conn, ctx, gate, &subject, ctx.today)?;
        Ok((law::decide(&ctx.book(), &by_law.question).verdict, law::decide(&ctx.book(), &whole.question).verdict))
    });
    asked.unwrap()
}

both!(a_gate_says_no_more_than_the_clearance_and_names_its_stops, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    finished(&stage).await;
    let freeze = json!({"kind": "account_freeze", "happened_on": "2026-03-01", "reason": "supplier_debt", "note": "某法院"});
    stage.manager.post(&stage.path("matters"), freeze).key("freeze-0001").send().await.expect(201);
    let stage = later(stage, "2026-05-04T10:00:00+08:00");
    let found = stage.manager.get(&stage.path("clearance")).send().await.expect(200);
    assert!(found["stops"].to_string().contains("open_matter"), "{found}");
    for (gate, name) in [(Gate::AccountClosing, "account-closing"), (Gate::DepositReturn, "deposit-return")] {
        assert_eq!(verdicts(&stage, gate), (Verdict::Clear, Verdict::Unknown), "{name}");
        let path = format!("/api/v1/gates/{name}");
        let answer = stage.manager.post(&path, json!({"project": stage.id()})).send().await.expect(200);
        assert_eq!((&answer["verdict"], &answer["needs"]), (&json!("unknown"), &json!(["arrears"])), "{answer}");
        let cure = answer["cure"].to_string();
        assert!(cure.contains("资金事项未了结") && cure.contains("matters of the wage money are open"), "{answer}");
    }
    // The closing is refused with the stops one by one.
    let accounts = stage.manager.get(&stage.path("accounts")).send().await.expect(200);
    let closing = stage.path(&format!("accounts/{}/closing", text(&accounts[0]["account"]["id"])));
    let refused = stage.manager.post(&closing, json!({"closed_on": "2026-05-03"})).send().await.refuse(409, "conflict");
    let places: Vec<&Value> = refused["errors"].as_array().unwrap().iter().map(|one| &one["place"]).collect();
    assert!(places.contains(&&json!("open_matter")), "{refused}");
    // Other gates ask what they always asked.
    let (by_law, whole) = verdicts(&stage, Gate::CompletionAcceptance);
    assert_eq!(by_law, whole);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_is_not_due_yet_is_named_with_its_day_and_is_no_arrears, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    finished(&stage).await;
    // Days of before the leaving come after the sheet; the pay day is the tenth of March.
    stage.work("2026-02-09", 100);
    let subject = Subject { project: Some(stage.project_id()), ..Subject::default() };
    let asked = app.read(|conn, ctx| gather(conn, ctx, Gate::AccountClosing, &subject, ctx.today)).unwrap();
    let arrears = &asked.question.facts.arrears;
    assert_eq!(arrears.get(), None);
    let keeper = arrears.keeper().unwrap_or_default();
    assert!(keeper.contains("发薪日未到") && keeper.contains("2026-03-10"), "{keeper}");
    assert!(asked.question.detail.is_empty(), "nobody is late");
});
