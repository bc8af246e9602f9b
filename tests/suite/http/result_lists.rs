//! Results of payments as lists: CSV in either encoding and XLSX, with our ids or by payee, card and amount.

use actix_web::http::Method;
use anxin::payroll::LineState;
use anxin::payroll::LineState::{Accepted, Paid, Rejected, Sent};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use super::accounts::open;
use super::payroll::{Stage, stage, text};
use super::settlement::{NUMBER, sent_run, states};
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
