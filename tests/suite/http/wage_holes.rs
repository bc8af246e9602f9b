//! Wages that were earned and not paid, and that nothing beside them hides: other pay, a raise recorded later, one person's note.

use anxin::payroll::imports::actions::{SheetFile, Taken};
use anxin::payroll::outside::{self, NewClearing, Payer};
use serde_json::{Value, json};

use super::doubts::hurdle;
use super::matching::later;
use super::payroll::{Stage, stage, text};
use super::sheet_import::{february, import};
use super::unlisted_days::{finish, pay, quiet_january};
use crate::both;
use crate::suite::ground::{App, card, id_number};

/// What the match of a month says of a worker: outcome, and kind and amount of each difference.
async fn matched(stage: &Stage<'_>, month: &str, number: usize) -> (String, Vec<(String, String)>) {
    let row = row(stage, month, number).await;
    let differences = row["differences"].as_array().unwrap().iter();
    (text(&row["standing"]), differences.map(|one| (text(&one["kind"]), text(&one["amount"]))).collect())
}

async fn row(stage: &Stage<'_>, month: &str, number: usize) -> Value {
    let subject = stage.people[number - 1].1.to_string();
    let view = stage.manager.get(&stage.path(&format!("matches/{month}?limit=200"))).send().await.expect(200);
    view["items"].as_array().unwrap().iter().find(|row| row["subject"] == subject.as_str()).cloned().expect("a row")
}

fn less(amount: &str) -> (String, Vec<(String, String)>) {
    ("differs".to_owned(), vec![("paid_less".to_owned(), amount.to_owned())])
}

async fn closing(stage: &Stage<'_>) -> String {
    let asked = stage.manager.post("/api/v1/gates/account-closing", json!({"project": stage.project_id()}));
    text(&asked.send().await.expect(200)["verdict"])
}

/// How many workers have days on no line by the list before closing, and what those come to.
async fn left_out(stage: &Stage<'_>) -> Option<(Value, Value)> {
    let stop = hurdle(&stage.manager, &stage.project, "days_on_no_sheet").await;
    stop.map(|stop| (stop["count"].clone(), stop["amount"].clone()))
}

both!(overtime_beside_a_week_does_not_hide_the_other_days, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let week = json!({"month": "2026-02", "period": {"cycle": "by_week", "from_on": "2026-02-01", "to_on": "2026-02-04", "agreed_in": "劳动合同第 5 条"}});
    let sheet = stage.manager.post(&stage.path("pay-sheets"), week).send().await.expect(201)["sheet"].clone();
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let overtime = json!({"line": line, "kind": "overtime", "label": "延时加班", "quantity": "10", "unit_price": "40.00", "rate_percent": 150});
    stage.act(&sheet, "items", 1, Some(overtime)).await.expect(201);
    let sheet = finish(&stage, &json!({"id": sheet["id"], "version": 2})).await;
    pay(&stage, &sheet, "hole-week").await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(matched(&stage, "2026-02", 1).await, less("600.00"), "600 of overtime are no two days");
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("600.00"))));
    assert_ne!(closing(&stage).await, "clear");
    let rest =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!(text(&rest["total"]), "600.00", "what is told is what would be built");
    let rest = finish(&stage, &rest).await;
    pay(&stage, &rest, "hole-rest").await;
    assert_eq!(matched(&stage, "2026-02", 1).await, ("agrees".to_owned(), vec![]));
    assert_eq!(left_out(&stage).await, None);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_allowance_without_days_does_not_hide_the_days, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    quiet_january(&stage).await;
    stage.was_never_there(2);
    let sheet = stage.build().await;
    let meals =
        json!({"enrolment": stage.enrolment(2), "kind": "allowance", "label": "餐补", "quantity": "1", "unit_price": "50.00"});
    stage.act(&sheet, "items", 1, Some(meals)).await.expect(201);
    let sheet = finish(&stage, &json!({"id": sheet["id"], "version": 2})).await;
    pay(&stage, &sheet, "hole-meals").await;
    let everybody = stage.people.clone();
    let mut stage = later(stage, "2026-03-12T10:00:00+08:00");
    stage.people = everybody[1..].to_vec();
    for on in ["2026-02-09", "2026-02-10", "2026-02-11"] {
        stage.work(on, 100);
    }
    // The meals themselves were held: nobody had seen the worker when they were to be paid.
    let unpaid = vec![("attendance_without_pay".to_owned(), "950.00".to_owned())];
    assert_eq!(matched(&stage, "2026-02", 1).await, ("differs".to_owned(), unpaid));
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("900.00"))));
    assert_ne!(closing(&stage).await, "clear");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(arrears_from_before_do_not_hide_days_that_come_later, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let paper = stage.scan();
    let owed = json!({"month": "2026-01", "due_on": "2026-02-10", "document": paper, "note": "总包签认的欠付清单",
        "items": [{"enrolment": stage.enrolment(1), "amount": "1200.00"}]});
    let sheet = stage.manager.post(&stage.path("opening-arrears"), owed).send().await.expect(201)["sheet"].clone();
    stage.sign_all(&sheet).await;
    let sheet = stage.act(&sheet, "submit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    let second = Stage { manager: app.labour_manager(), ..stage };
    let sheet = second.act(&sheet, "audit", sheet["version"].as_i64().unwrap(), None).await.expect(200);
    pay(&second, &sheet, "hole-before").await;
    for on in ["2026-01-12", "2026-01-13", "2026-01-14"] {
        second.work(on, 100);
    }
    let stage = later(second, "2026-03-12T10:00:00+08:00");
    assert_eq!(matched(&stage, "2026-01", 1).await, less("900.00"));
    assert_eq!(left_out(&stage).await.map(|(_, amount)| amount), Some(json!("900.00")));
    assert_ne!(closing(&stage).await, "clear");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_raise_recorded_after_the_month_was_paid_is_owed, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    pay(&stage, &sheet, "hole-raise").await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(matched(&stage, "2026-02", 1).await, ("agrees".to_owned(), vec![]));
    assert_eq!(left_out(&stage).await, None);
    let before = closing(&stage).await;
    let terms = stage.path(&format!("enrolments/{}/terms", stage.enrolment(1)));
    stage.manager.post(&terms, json!({"valid_on": "2026-02-05", "day_rate": "350.00"})).send().await.expect(200);
    assert_eq!(matched(&stage, "2026-02", 1).await, less("100.00"), "two of five days at fifty more; before it was {before}");
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("100.00"))));
    assert_ne!(closing(&stage).await, "clear");
    let rest =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!(text(&rest["total"]), "100.00", "what is told is what would be built");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(one_person_s_note_makes_no_unpaid_wage_vanish, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let sheet = stage.audited().await;
    pay(&stage, &sheet, "hole-note").await;
    stage.work("2026-02-09", 100);
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let open = row(&stage, "2026-02", 1).await;
    let path = stage.path("matches/2026-02/decisions");
    let says = |paper: Value| {
        json!({"subject": open["subject"], "kind": "paid_less", "basis": open["differences"][0]["basis"],
            "found": "explained", "note": "另有安排", "document_id": paper})
    };
    let told = stage.manager.post(&path, says(Value::Null)).send().await.expect(201);
    assert_eq!(told["confirms"], Value::Null, "{told}");
    let waits = row(&stage, "2026-02", 1).await;
    assert_eq!((&waits["standing"], &waits["differences"][0]["waits"]), (&json!("explained_waits"), &json!(true)), "{waits}");
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("300.00"))));
    assert_ne!(closing(&stage).await, "clear");
    // A colleague of the same side is no other side.
    app.labour_manager().post(&path, says(json!(stage.scan()))).send().await.expect(201);
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("300.00"))));
    stage.manager.post(&path, says(Value::Null)).send().await.expect(201);
    // The authority confirms what a paper shows.
    let authority = app.authority();
    let bare = authority.post(&path, says(Value::Null)).send().await.refuse(422, "invalid");
    assert_eq!(bare["errors"][0]["place"], "document_id", "{bare}");
    let confirmed = authority.post(&path, says(json!(stage.scan()))).send().await.expect(201);
    assert!(confirmed["confirms"].is_string(), "{confirmed}");
    assert_eq!(row(&stage, "2026-02", 1).await["standing"], "explained");
    assert_eq!(left_out(&stage).await, None);
    // What two sides have confirmed stands, however often one of them says it again.
    stage.manager.post(&path, says(Value::Null)).send().await.expect(201);
    assert_eq!(row(&stage, "2026-02", 1).await["standing"], "explained");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_authority_alone_clears_nothing_either, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let open = row(&stage, "2026-02", 1).await;
    assert_eq!(open["differences"][0]["kind"], "attendance_without_pay", "{open}");
    let path = stage.path("matches/2026-02/decisions");
    let says = json!({"subject": open["subject"], "kind": "attendance_without_pay", "basis": open["differences"][0]["basis"],
        "found": "explained", "note": "收条在案", "document_id": stage.scan()});
    let authority = app.authority();
    authority.post(&path, says.clone()).send().await.expect(201);
    authority.post(&path, says.clone()).send().await.expect(201);
    assert_eq!(row(&stage, "2026-02", 1).await["standing"], "explained_waits", "the same person twice is one person");
    app.authority().post(&path, says).send().await.expect(201);
    assert_eq!(row(&stage, "2026-02", 1).await["standing"], "explained");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// The item by which something is deducted from a line.
async fn deduction(stage: &Stage<'_>, sheet: &Value, line: &Value) -> String {
    let path = stage.path(&format!("pay-sheets/{}/lines/{}/items", text(&sheet["id"]), text(line)));
    let items = stage.manager.get(&path).send().await.expect(200);
    text(&items.as_array().unwrap().iter().find(|one| one["row"]["kind"] == "deduction").unwrap()["row"]["id"])
}

both!(what_is_deducted_beyond_the_law_s_share_waits_for_the_worker_s_paper, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    let sheet = stage.build().await;
    let lines = stage.lines(&sheet).await;
    let cut =
        |at: usize, amount: &str| Some(json!({"line": lines[at]["line"]["id"], "amount": amount, "reason": "工具损坏赔偿"}));
    // A fifth of 1,500.00 needs no paper, a fen more does.
    stage.act(&sheet, "deductions", 1, cut(0, "300.00")).await.expect(201);
    stage.act(&sheet, "deductions", 2, cut(1, "300.01")).await.expect(201);
    let sheet = finish(&stage, &json!({"id": sheet["id"], "version": 3})).await;
    let check = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let checked = stage.manager.get(&check).send().await.expect(200);
    assert_eq!((&checked["ordered"], &checked["held_total"]), (&json!("1200.00"), &json!("1199.99")), "{checked}");
    assert_eq!((&checked["held"][0]["reason"], checked["held"].as_array().unwrap().len()), (&json!("deduction_unconsented"), 1));
    let caution = checked["cautions"].as_array().unwrap().iter().find(|one| one["caution"] == "deductions_beyond");
    let caution = caution.expect("a caution").clone();
    assert_eq!(
        (&caution["line"], &caution["amount"], &caution["limit"]),
        (&lines[1]["line"]["id"], &json!("300.01"), &json!("300.00"))
    );
    // The worker agrees, by a scan of what they signed; the sheet is audited already.
    let item = deduction(&stage, &sheet, &lines[1]["line"]["id"]).await;
    let steps = format!("items/{item}/steps");
    let version = sheet["version"].as_i64().unwrap();
    let agrees = |paper: Value| Some(json!({"step": "worker_confirmed", "note": "本人签字同意", "document_id": paper}));
    let bare = stage.act(&sheet, &steps, version, agrees(Value::Null)).await.refuse(422, "invalid");
    assert_eq!(bare["errors"][0]["place"], "document_id", "{bare}");
    stage.act(&sheet, &steps, version, agrees(json!(stage.scan()))).await.expect(201);
    stage.act(&sheet, &steps, version, agrees(json!(stage.scan()))).await.refuse(409, "conflict");
    let checked = stage.manager.get(&check).send().await.expect(200);
    assert_eq!((&checked["ordered"], &checked["held"]), (&json!("2399.99"), &json!([])), "{checked}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_wage_deducted_to_nothing_keeps_the_gates_from_being_clear, |app| {
    let stage = stage(&app, &[Some(1), Some(2)]).await;
    quiet_january(&stage).await;
    let sheet = stage.build().await;
    let lines = stage.lines(&sheet).await;
    let whole = json!({"line": lines[0]["line"]["id"], "amount": "1500.00", "reason": "工具损坏赔偿"});
    stage.act(&sheet, "deductions", 1, Some(whole)).await.expect(201);
    let sheet = finish(&stage, &json!({"id": sheet["id"], "version": 2})).await;
    let check = stage.path(&format!("pay-sheets/{}/check", text(&sheet["id"])));
    let checked = stage.manager.get(&check).send().await.expect(200);
    let caution = &checked["cautions"][0];
    assert_eq!((&caution["caution"], &caution["amount"]), (&json!("deductions_beyond"), &json!("1500.00")), "{checked}");
    pay(&stage, &sheet, "hole-zero").await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let stop = hurdle(&stage.manager, &stage.project, "attendance_without_pay").await.expect("a hurdle");
    assert_eq!((&stop["count"], &stop["amount"]), (&json!(1), &json!("1500.00")), "{stop}");
    let id = stage.project_id();
    let found = app.read(move |conn, ctx| anxin::compliance::owing_and_unlisted(conn, ctx, &[id], ctx.today)).unwrap();
    assert_eq!(found[0].arrears.state.get(), None, "the gates say what the list before closing says");
    assert_ne!(closing(&stage).await, "clear");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// A sheet made elsewhere that gives the first worker five days and this amount, with no wage of a day; it is paid.
async fn paid_elsewhere_made(app: &App, stage: &Stage<'_>, due: &str, key: &str) -> Taken {
    quiet_january(stage).await;
    let (id, card) = (id_number(1), card(1));
    let text = format!("姓名,身份证号,出勤天数,应发,实发,银行卡号\n测试工人1,{id},5,{due},{due},{card}\n");
    let file = SheetFile { name: None, content_type: "text/csv".to_owned(), bytes: text.into_bytes() };
    let taken = import(app, stage, file, february(), None).unwrap();
    assert_eq!((taken.taken, taken.refused), (1, 0), "{:?}", taken.faults);
    let sheet = stage.manager.get(&stage.path(&format!("pay-sheets/{}", taken.sheet))).send().await.expect(200);
    let sheet = finish(stage, &sheet).await;
    pay(stage, &sheet, key).await;
    taken
}

both!(a_sheet_made_elsewhere_that_pays_less_than_was_agreed_is_short, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let taken = paid_elsewhere_made(&app, &stage, "500.00", "hole-low").await;
    let told = taken.warnings.iter().find(|one| one.place.ends_with("D2")).expect("a warning");
    for said in [&told.zh, &told.en] {
        assert!(said.contains("500.00") && said.contains("1500.00"), "{said}");
    }
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(matched(&stage, "2026-02", 1).await, less("1000.00"));
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("1000.00"))));
    let id = stage.project_id();
    let found = app.read(move |conn, ctx| anxin::compliance::owing_and_unlisted(conn, ctx, &[id], ctx.today)).unwrap();
    assert_eq!(found[0].arrears.state.get(), None, "every list looks at the month");
    assert_ne!(closing(&stage).await, "clear");
    let rest =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!(text(&rest["total"]), "1000.00", "what is told is what would be built");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_raise_after_a_sheet_made_elsewhere_is_owed, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    let taken = paid_elsewhere_made(&app, &stage, "1500.00", "hole-made").await;
    assert!(taken.warnings.is_empty(), "{:?}", taken.warnings);
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    assert_eq!(matched(&stage, "2026-02", 1).await, ("agrees".to_owned(), vec![]));
    let terms = stage.path(&format!("enrolments/{}/terms", stage.enrolment(1)));
    stage.manager.post(&terms, json!({"valid_on": "2026-02-05", "day_rate": "350.00"})).send().await.expect(200);
    assert_eq!(matched(&stage, "2026-02", 1).await, less("100.00"));
    assert_eq!(left_out(&stage).await, Some((json!(1), json!("100.00"))));
    let rest =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!(text(&rest["total"]), "100.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// What was deducted without a paper by the list before closing: how many workers, and what it comes to.
async fn unconsented(stage: &Stage<'_>) -> Option<(Value, Value)> {
    let stop = hurdle(&stage.manager, &stage.project, "deduction_unconsented").await;
    stop.map(|stop| (stop["count"].clone(), stop["amount"].clone()))
}

/// Whether wages are open, as every list has it; `None` where nobody can say that nothing is.
fn owing(stage: &Stage<'_>) -> Option<bool> {
    let id = stage.project_id();
    let found = stage.app.read(|conn, ctx| anxin::compliance::owing_and_unlisted(conn, ctx, &[id], ctx.today)).unwrap();
    found[0].arrears.state.get()
}

both!(a_week_deducted_to_nothing_stays_owed_beside_a_paid_one, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let week = json!({"month": "2026-02", "period": {"cycle": "by_week", "from_on": "2026-02-01", "to_on": "2026-02-04", "agreed_in": "劳动合同第 5 条"}});
    let sheet = stage.manager.post(&stage.path("pay-sheets"), week).send().await.expect(201)["sheet"].clone();
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let whole = json!({"line": line, "amount": "900.00", "reason": "工具损坏赔偿"});
    stage.act(&sheet, "deductions", 1, Some(whole)).await.expect(201);
    let week = finish(&stage, &json!({"id": sheet["id"], "version": 2})).await;
    let rest =
        stage.manager.post(&stage.path("pay-sheets"), json!({"month": "2026-02"})).send().await.expect(201)["sheet"].clone();
    assert_eq!(text(&rest["total"]), "600.00");
    let rest = finish(&stage, &rest).await;
    pay(&stage, &rest, "hole-weeks").await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    // A fifth of 900.00 may be deducted without a paper.
    assert_eq!(matched(&stage, "2026-02", 1).await, less("720.00"));
    assert_eq!(unconsented(&stage).await, Some((json!(1), json!("720.00"))));
    assert_eq!(owing(&stage), None);
    assert_ne!(closing(&stage).await, "clear");
    // The worker agrees, by a scan of what they signed.
    let item = deduction(&stage, &week, &line).await;
    let agrees = json!({"step": "worker_confirmed", "note": "本人签字同意", "document_id": stage.scan()});
    let version = week["version"].as_i64().unwrap();
    stage.act(&week, &format!("items/{item}/steps"), version, Some(agrees)).await.expect(201);
    assert_eq!(matched(&stage, "2026-02", 1).await, ("agrees".to_owned(), vec![]));
    assert_eq!((unconsented(&stage).await, owing(&stage)), (None, Some(false)));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(all_but_a_fen_deducted_is_not_settled_by_the_fen, |app| {
    let stage = stage(&app, &[Some(1)]).await;
    quiet_january(&stage).await;
    let sheet = stage.build().await;
    let line = stage.lines(&sheet).await[0]["line"]["id"].clone();
    let most = json!({"line": line, "amount": "1499.99", "reason": "工具损坏赔偿"});
    stage.act(&sheet, "deductions", 1, Some(most)).await.expect(201);
    finish(&stage, &json!({"id": sheet["id"], "version": 2})).await;
    let stage = later(stage, "2026-03-12T10:00:00+08:00");
    let (id, line) = (stage.project_id(), text(&line).parse().unwrap());
    let cleared = app.write(move |tx, ctx| {
        let site = anxin::projects::site(tx.conn(), id)?;
        let (reference, paid_on) = ("HOLE-FEN".to_owned(), "2026-03-12".parse().unwrap());
        let items = vec![(line, anxin::base::Fen(1))];
        let new = NewClearing { payer: Payer::Contractor, reference, paid_on, document: None, items, from_cash: false };
        outside::clear(tx, ctx, &site, &new)
    });
    assert_eq!(cleared.unwrap().len(), 1);
    assert_eq!(matched(&stage, "2026-02", 1).await, less("1199.99"));
    assert_eq!(unconsented(&stage).await, Some((json!(1), json!("1199.99"))));
    assert_eq!(owing(&stage), None);
    assert_ne!(closing(&stage).await, "clear");
    assert_eq!(app.broken(), Vec::<String>::new());
});
