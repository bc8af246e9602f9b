//! Results of payments as lists: CSV in either encoding and XLSX, with our ids or by payee, card and amount.

use actix_web::http::Method;
use anxin::payroll::LineState;
use anxin::payroll::LineState::{Accepted, Paid, Rejected, Sent};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use super::accounts::open;
use super::payroll::{Stage, stage, text};
use super::settlement::{NUMBER, Ntry, camt_of, hand_in, sent_run, states, transaction};
use crate::both;
use crate::suite::ground::{Answer, App, Client, card, project};

const RESULTS: &str = "/api/v1/bank/results";
const BY_ID: &str = "代发编号,姓名,账号,金额,处理结果,失败原因\n";
const BY_PAYEE: &str = "序号,收款人姓名,收款账号,金额,交易状态,备注\n";

async fn list(client: &Client<'_>, path: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    client.ask(Method::POST, path).body("text/csv", bytes).send().await
}

fn told(answer: &Value) -> Vec<(String, String)> {
    let of = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let all = of("problems").into_iter().chain(of("errors"));
    all.map(|one| (text(&one["place"]), text(&one["reason"]))).collect()
}

/// How many reports the inbox holds, and how many steps of lines.
fn kept(app: &App) -> i64 {
    use anxin::store::schema::inbox;
    use diesel::prelude::*;
    app.read(|conn, _| Ok(inbox::table.filter(inbox::feed.eq("pain002")).count().get_result(conn)?)).unwrap()
}

both!(a_list_with_our_ids_settles_its_lines_and_tells_the_rows_that_it_cannot_take, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let ids = sent_run(&app, &site, &account, "RUN-1", &[10_000, 20_000, 30_000, 40_000]);
    let rows = format!(
        "{},测试工人1,{}\t,100.00,成功,\n{},测试工人2,{}\t,200.00,失败,账户已销户\n{},测试工人3,{}\t,300.01,成功,\n{},测试工人4,{}\t,400.00,已退汇,\nlin-unknown-1,测试工人5,{}\t,1.00,成功,\n合计,,,1001.01,,\n",
        ids[0],
        card(1),
        ids[1],
        card(2),
        ids[2],
        card(3),
        ids[3],
        card(4),
        card(5),
    );
    let (gbk, _, damaged) = encoding_rs::GBK.encode(BY_ID);
    assert!(!damaged);
    let bytes = [gbk.into_owned(), encoding_rs::GBK.encode(&rows).0.into_owned()].concat();
    let taken = list(&client, RESULTS, bytes.clone()).await.expect(200);
    assert_eq!((&taken["state"], &taken["applied"]), (&json!("part"), &json!(2)), "{taken}");
    assert_eq!(states(&app, &site, &ids), ["paid", "rejected", "sent", "sent"]);
    let problems = told(&taken);
    for one in [("row 4", "sum_mismatch"), ("row 5, column E (处理结果)", "bad_format"), ("row 6", "unknown_reference")] {
        assert!(problems.iter().any(|(place, reason)| (place.as_str(), reason.as_str()) == one), "{one:?}: {problems:?}");
    }
    assert_eq!(kept(&app), 1, "the bytes are kept");
    list(&client, RESULTS, bytes).await.expect(200);
    assert_eq!(states(&app, &site, &ids), ["paid", "rejected", "sent", "sent"], "the same list does nothing more");
    // The rest, as a workbook; what is under way settles nothing.
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["EndToEndId", "金额", "状态"].into_iter().enumerate() {
        sheet.write_string(0, u16::try_from(column).unwrap(), name).unwrap();
    }
    for (row, (id, amount, state)) in (1_u32..).zip([(&ids[2], 300.0, "成功"), (&ids[3], 400.0, "处理中")]) {
        sheet.write_string(row, 0, id).unwrap();
        sheet.write_number(row, 1, amount).unwrap();
        sheet.write_string(row, 2, state).unwrap();
    }
    let workbook = book.save_to_buffer().unwrap();
    let taken = list(&client, RESULTS, workbook.clone()).await.expect(200);
    assert_eq!((&taken["state"], &taken["applied"], &taken["format"]), (&json!("done"), &json!(2), &json!("xlsx")), "{taken}");
    assert_eq!(states(&app, &site, &ids), ["paid", "rejected", "paid", "accepted"]);
    assert_eq!(list(&client, RESULTS, workbook).await.expect(200)["state"], "duplicate");
    assert_eq!(app.broken(), Vec::<String>::new());
});

/// Three workers, paid 1500.00 each, and the run that pays them.
async fn ordered(app: &App) -> (Stage<'_>, Value, String) {
    let stage = stage(app, &[Some(1), Some(2), Some(3)]).await;
    let sheet = stage.audited().await;
    let run = stage.order(&sheet, "lists-0001").await.expect(201)["run"].clone();
    let message = text(&run["message_id"]);
    (stage, sheet, message)
}

fn of(stage: &Stage<'_>, sheet: &Value) -> Vec<LineState> {
    stage.states(sheet).into_iter().map(|(state, _)| state).collect()
}

fn row(number: u32, account: u32, amount: &str, state: &str) -> String {
    format!("{number},测试工人{number},{}\t,{amount},{state},\n", card(account))
}

both!(a_row_without_an_id_is_found_inside_the_run_that_is_named_and_never_guessed, |app| {
    let (stage, sheet, message) = ordered(&app).await;
    let client = &stage.manager;
    let rows = [row(1, 1, "1500.00", "成功"), row(2, 3, "1500.00", "成功"), row(3, 3, "1499.00", "失败")].concat();
    // Nobody says which run it is.
    let refused = list(client, RESULTS, format!("{BY_PAYEE}{rows}")).await.refuse(422, "invalid");
    assert_eq!((&refused["errors"][0]["reason"], &refused["errors"][0]["place"]), (&json!("missing_field"), &json!("file")));
    assert_eq!(of(&stage, &sheet), [Sent; 3]);
    let unknown = list(client, RESULTS, format!("批次号：RUN-OF-NOBODY\n{BY_PAYEE}{rows}")).await.refuse(422, "invalid");
    assert_eq!(unknown["errors"][0]["reason"], "unknown_reference");
    // Another's card, another amount: told, not taken.
    let taken = list(client, RESULTS, format!("批次号：{message}\n{BY_PAYEE}{rows}")).await.expect(200);
    assert_eq!((&taken["state"], &taken["applied"]), (&json!("part"), &json!(1)), "{taken}");
    assert_eq!(of(&stage, &sheet), [Paid, Sent, Sent]);
    let problems = told(&taken);
    assert_eq!(problems.iter().filter(|(_, reason)| reason == "unknown_reference").count(), 2, "{problems:?}");
    assert!(!taken.to_string().contains(&card(3)), "no card is told");
    // Two rows that say the same payment are taken for neither; the run may be named beside the file.
    let twice = [row(2, 2, "1500.00", "成功"), row(2, 2, "1500.00", "失败"), row(3, 3, "1500.00", "失败")].concat();
    let path = format!("{RESULTS}?run={message}");
    let taken = list(client, &path, format!("{BY_PAYEE}{twice}")).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Paid, Sent, Rejected], "{taken}");
    assert_eq!(told(&taken).iter().filter(|(_, reason)| reason == "id_reused").count(), 2, "{taken}");
    let last =
        list(client, &path, format!("{BY_PAYEE}{}", row(2, 2, "1,500.00", "成功").replace("1,500.00", "\"1,500.00\""))).await;
    assert_eq!(last.expect(200)["applied"], 1);
    assert_eq!(of(&stage, &sheet), [Paid, Paid, Rejected]);
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_a_list_proves_is_the_bank_profiles_to_say, |app| {
    let (stage, sheet, message) = ordered(&app).await;
    let admin = app.client(anxin::web::Role::Administrator, anxin::web::ScopeOn::Everything);
    let profile = json!({
        "code": "default", "name": "测试银行", "detail_pays": true, "accc_pays": false, "acsc_pays": false, "acsp_pays": false,
        "credits_back_days": 30, "lines_max": 5000, "batch_booking": true, "order_version": "pain.001.001.09", "silence_days": 3,
    });
    admin.post("/api/v1/bank-profiles", profile).send().await.expect(201);
    let rows = [row(1, 1, "1500.00", "成功"), row(2, 2, "1500.00", "失败")].concat();
    list(&stage.manager, RESULTS, format!("批次号,{message}\n{BY_PAYEE}{rows}")).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Accepted, Rejected, Sent], "a success of this bank proves nothing");
    assert_eq!(app.broken(), Vec::<String>::new());
});

const STATEMENTS: &str = "/api/v1/bank/statements";

/// Rows of a list by payee: worker and result; the last column is the day of booking.
fn dated(rows: &[(u32, &str, &str)]) -> String {
    let row =
        |(number, state, on): &(u32, &str, &str)| format!("{number},测试工人{number},{}\t,1500.00,{state},{on}\n", card(*number));
    let rows: String = rows.iter().map(row).collect();
    format!("序号,收款人姓名,收款账号,金额,交易状态,入账日期\n{rows}")
}

async fn paid_on(stage: &Stage<'_>, sheet: &Value) -> Vec<String> {
    stage.lines(sheet).await.iter().map(|one| one["line"]["paid_on"].as_str().unwrap_or("-").to_owned()).collect()
}

/// A notification of the account with a payment debited, or given back.
fn notified(id: &str, payment: &str, is_back: bool) -> String {
    let details = format!("<NtryDtls>{}</NtryDtls>", transaction(payment, "1500.00", is_back, is_back.then_some("AC04")));
    let entry = if is_back { Ntry::credit("1500.00", "2026-03-06") } else { Ntry::debit("1500.00", "2026-03-06") };
    let reference = Some(if is_back { "N-BACK" } else { "N-OUT" });
    camt_of("3301000012345678", 54, id, 1, None, &[Ntry { reference, details, ..entry }])
}

both!(the_page_of_a_run_takes_its_list_and_the_list_s_own_day_is_the_day_of_payment, |app| {
    let (stage, sheet, message) = ordered(&app).await;
    app.clock.set("2026-03-06T10:00:00+08:00");
    let path = format!("/projects/{}/runs/{message}", stage.id());
    let bank = app.browser(anxin::web::Role::Bank, anxin::web::ScopeOn::Project(stage.id())).await;
    assert!(bank.page(&path).await.contains(&format!("{path}/results")), "a bank's clerk hands it in as well");
    let rows = [(1, "成功", "2026-03-04"), (2, "失败", "2026-03-04"), (3, "成功", "2026-03-07")];
    let files = dated(&rows);
    let answer = bank.upload(&format!("{path}/results"), &[], &[("file", "结果.csv", "text/csv", files.as_bytes())]).await;
    let page = answer.text();
    assert!(answer.status == 200 && page.contains("bad_time") && page.contains(&path), "{page}");
    assert_eq!(of(&stage, &sheet), [Paid, Rejected, Sent], "a day to come is told and not taken");
    assert_eq!(paid_on(&stage, &sheet).await, ["2026-03-04", "-", "-"]);
    let early = dated(&[(3, "成功", "2026-02-27")]);
    let answer = bank.upload(&format!("{path}/results"), &[], &[("file", "结果.csv", "text/csv", early.as_bytes())]).await;
    assert!(answer.text().contains("bad_time"), "before it was ordered");
    let manager = app.browser_of(stage.manager.user).await;
    let last = dated(&[(3, "成功", "2026-03-05")]);
    manager.upload(&format!("{path}/results"), &[], &[("file", "结果.csv", "text/csv", last.as_bytes())]).await;
    assert_eq!(paid_on(&stage, &sheet).await, ["2026-03-04", "-", "2026-03-05"]);
    let statement = "交易日期,收入,支出,余额\n2026-03-02,1.00,,1.00\n";
    let answer = manager.upload(&format!("{path}/results"), &[], &[("file", "流水.csv", "text/csv", statement.as_bytes())]).await;
    assert_eq!(answer.status, 422, "a statement is no list of this run");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(the_way_of_statements_takes_a_list_or_says_where_it_goes, |app| {
    let (stage, sheet, message) = ordered(&app).await;
    let client = &stage.manager;
    let rows = format!("{BY_PAYEE}{}", row(1, 1, "1500.00", "成功"));
    let refused = list(client, STATEMENTS, rows.clone()).await.refuse(422, "invalid");
    let told = refused["errors"][0]["zh"].as_str().unwrap();
    assert!(told.contains("代发批次的页面") && told.contains("?run="), "{refused}");
    let taken = list(client, &format!("{STATEMENTS}?run={message}"), rows).await.expect(200);
    assert_eq!((&taken["applied"], of(&stage, &sheet)), (&json!(1), vec![Paid, Sent, Sent]), "{taken}");
    let named = format!("批次号：{message}\n{BY_PAYEE}{}", row(2, 2, "1500.00", "失败"));
    list(client, STATEMENTS, named.clone()).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Paid, Rejected, Sent]);
    let report = "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>\
        <GrpHdr><MsgId>P-1</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>X</OrgnlMsgId></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>";
    let refused = list(client, STATEMENTS, report).await.refuse(422, "invalid");
    assert!(refused.to_string().contains("/api/v1/bank/results"), "{refused}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_list_told_again_corrected_or_followed_by_a_notification_pays_nobody_twice, |app| {
    let (stage, sheet, message) = ordered(&app).await;
    app.clock.set("2026-03-06T10:00:00+08:00");
    let client = &stage.manager;
    let path = format!("{RESULTS}?run={message}");
    let first = dated(&[(1, "成功", "2026-03-05"), (2, "失败", "2026-03-05"), (3, "成功", "2026-03-05")]);
    list(client, &path, first.clone()).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Paid, Rejected, Paid]);
    assert_eq!(list(client, &path, first.clone()).await.expect(200)["state"], "duplicate");
    // Corrected: one row says otherwise. The bank contradicts itself, and the line neither counts as paid nor goes again.
    let second = dated(&[(1, "成功", "2026-03-05"), (2, "成功", "2026-03-05"), (3, "成功", "2026-03-05")]);
    list(client, &path, second).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Paid, Rejected, Paid]);
    let held = stage.order(&sheet, "lists-0002").await.expect(201);
    assert_eq!((&held["held"][0]["reason"], &held["run"]), (&json!("contradicted"), &Value::Null), "{held}");
    // A notification that agrees changes nothing of the day, one that gives the payment back opens its line.
    let run = stage.manager.get(&stage.path(&format!("pay-runs/{message}"))).send().await.expect(200)["run"].clone();
    let ids = stage.payments(&run).await;
    hand_in(client, &notified("N1", &ids[0], false)).await.expect(200);
    assert_eq!(paid_on(&stage, &sheet).await[0], "2026-03-05");
    hand_in(client, &notified("N2", &ids[2], true)).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Paid, LineState::Held, LineState::Returned]);
    list(client, &path, first.replace("序号", "编号")).await.expect(200);
    assert_eq!(of(&stage, &sheet)[2], LineState::Returned, "an older word does not pay it again");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(one_list_of_two_runs_with_equal_wages_is_taken_for_each_and_never_for_the_wrong_one, |app| {
    let (stage, sheet, message) = ordered(&app).await;
    let client = &stage.manager;
    let rows = format!("{BY_PAYEE}{}", row(1, 1, "1500.00", "失败"));
    list(client, &format!("{RESULTS}?run={message}"), rows.clone()).await.expect(200);
    assert_eq!(of(&stage, &sheet), [Rejected, Sent, Sent]);
    let again = stage.order(&sheet, "lists-0003").await.expect(201)["run"].clone();
    let second = text(&again["message_id"]);
    assert_eq!(of(&stage, &sheet), [Sent, Sent, Sent]);
    let wrong = format!("批次号：{message}\n{BY_PAYEE}{}", row(1, 1, "1500.00", "成功"));
    let refused = list(client, &format!("{RESULTS}?run={second}"), wrong).await.refuse(422, "invalid");
    assert_eq!((&refused["errors"][0]["reason"], of(&stage, &sheet)[0]), (&json!("unknown_reference"), Sent), "{refused}");
    let taken = list(client, &format!("{RESULTS}?run={second}"), rows.clone()).await.expect(200);
    assert_eq!((&taken["state"], of(&stage, &sheet)[0]), (&json!("done"), Rejected), "the same bytes are of the second run here");
    assert_eq!(app.broken(), Vec::<String>::new());
});
