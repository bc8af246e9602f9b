//! Sheets of banks whose header nobody knows, or that name no account: shown masked, said by a person, booked, remembered.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::{account_body, open};
use super::ledger::{balance, broken};
use super::settlement::{NUMBER, Ntry, camt, entries, from_owner, ledger};
use crate::both;
use crate::suite::ground::{Answer, Client, TestProject, project, text_of};

/// A header that no bank we know has; the account stands nowhere.
const STRANGE: &str = "某银行对公流水\n记账,流向,数目,结存,往来单位,往来账户,说明\n\
    20260226,贷,5000.00,5000.00,测试建设单位1,6222020000000000001,人工费\n\
    20260227,借,100.00,4900.00,张三,6222020000000000002,退款\n";
const MARCH: &str = "某银行对公流水\n记账,流向,数目,结存,往来单位,往来账户,说明\n\
    20260228,贷,700.00,5600.00,测试建设单位1,6222020000000000001,人工费\n";

fn columns() -> Value {
    json!({"A": "booked_on", "B": "mark", "C": "amount", "D": "balance", "E": "counterparty", "F": "counterparty_account", "G": "text"})
}

async fn upload(client: &Client<'_>, path: &str, bytes: &[u8]) -> Answer {
    client.ask(Method::POST, path).body("text/csv", bytes.to_vec()).send().await
}

async fn hand_in(client: &Client<'_>, bytes: &[u8]) -> Answer {
    upload(client, "/api/v1/bank/statements", bytes).await
}

fn sheets(site: &TestProject, account: &str) -> String {
    format!("{}/accounts/{account}/bank-sheets", site.path)
}

async fn layouts(client: &Client<'_>, site: &TestProject, account: &str) -> Vec<Value> {
    let path = format!("{}/accounts/{account}/bank-layouts", site.path);
    client.get(&path).send().await.expect(200).as_array().unwrap().clone()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

both!(a_header_that_nobody_knows_is_said_once_and_not_asked_again, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    // Handed in as any file: kept, refused, and told where its columns are said.
    let refused = hand_in(&client, &gb18030(STRANGE)).await.refuse(422, "invalid");
    assert!(
        refused["detail"].as_str().unwrap_or_default().contains("bank-sheets") || refused.to_string().contains("bank-sheets")
    );
    // Looked at: masked, and told what is missing; nothing is booked.
    let path = sheets(&site, &account);
    let view = upload(&client, &path, &gb18030(STRANGE)).await.expect(201);
    assert_eq!((&view["missing"], &view["header_row"]), (&json!(["date", "amount"]), &json!(2)), "{view}");
    assert_eq!(view["encoding"], "gb18030");
    let shown = view.to_string();
    for plain in ["张三", "6222020000000000002", "测试建设单位1"] {
        assert!(!shown.contains(plain), "{plain} is shown: {shown}");
    }
    assert_eq!(view["columns"][4]["samples"][1], "张*");
    assert_eq!(view["columns"][2]["samples"][1], "100.00");
    let sheet = format!("{path}/{}", view["id"].as_str().unwrap());
    // Less than what is needed, twice the same, a column that is not there: each told, nothing booked.
    let told = client.post(&sheet, json!({"columns": {"A": "booked_on"}})).send().await.refuse(422, "invalid");
    assert_eq!(told["errors"][0]["place"], "columns.amount", "{told}");
    let told = client.post(&sheet, json!({"columns": {"A": "amount", "C": "amount"}})).send().await.refuse(422, "invalid");
    assert_eq!(told["errors"][0]["place"], "columns.C", "{told}");
    client.post(&sheet, json!({"columns": {"ZZ": "amount"}})).send().await.refuse(422, "invalid");
    // A mapping by which the balance does not run: row and column, and nothing is booked.
    let mut wrong = columns();
    wrong["D"] = json!("voucher");
    wrong["C"] = json!("balance");
    wrong["F"] = json!("amount");
    client.post(&sheet, json!({"columns": wrong})).send().await.refuse(422, "invalid");
    assert_eq!(entries(&client, &site, &account).await, Vec::<Value>::new());
    assert_eq!(layouts(&client, &site, &account).await, Vec::<Value>::new());
    // A rehearsal keeps nothing, neither the entries nor the word.
    let dry = client.post(&format!("{sheet}?dry_run=true"), json!({"columns": columns()})).send().await.expect(200);
    assert_eq!((&dry["state"], &dry["statements"][0]["new"]), (&json!("done"), &json!(2)), "{dry}");
    assert_eq!(entries(&client, &site, &account).await, Vec::<Value>::new());
    let taken = client.post(&sheet, json!({"columns": columns()})).send().await.expect(200);
    assert_eq!((&taken["state"], &taken["applied"]), (&json!("done"), &json!(2)), "{taken}");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "4900.00");
    let again = client.post(&sheet, json!({"columns": columns()})).send().await.expect(200);
    assert_eq!(again["state"], "duplicate");
    // The next file with this header is read without asking, though it names no account.
    let next = hand_in(&client, &gb18030(MARCH)).await.expect(200);
    assert_eq!((&next["state"], &next["statements"][0]["new"]), (&json!("done"), &json!(1)), "{next}");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "5600.00");
    let known = layouts(&client, &site, &account).await;
    assert_eq!((known.len(), &known[0]["files"]), (1, &json!(2)), "{known:?}");
    assert_eq!(known[0]["columns"][2], json!({"column": "C", "name": "数目", "field": "amount"}));
    // Forgotten, it is asked about again; what was booked stays.
    let removal = format!("{}/accounts/{account}/bank-layouts/{}/removal", site.path, known[0]["id"].as_str().unwrap());
    client.post(&removal, json!({})).send().await.expect(200);
    client.post(&removal, json!({})).send().await.refuse(409, "conflict");
    hand_in(&client, &gb18030(&MARCH.replace("20260228", "20260301"))).await.refuse(422, "invalid");
    assert_eq!(entries(&client, &site, &account).await.len(), 3);
    assert_eq!(broken(&app), Vec::<String>::new());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_head_that_has_changed_is_asked_about_and_both_are_known_then, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let path = sheets(&site, &account);
    let say = async |text: &str, columns: Value| {
        let view = upload(&client, &path, &gb18030(text)).await.expect(201);
        let sheet = format!("{path}/{}", view["id"].as_str().unwrap());
        client.post(&sheet, json!({"columns": columns})).send().await.expect(200)
    };
    assert_eq!(say(STRANGE, columns()).await["state"], "done");
    // One column moved, one named otherwise: what was said of the old head is not guessed onto the new one.
    let moved = "某银行对公流水\n记账,流向,结存,数目,往来单位,往来账户,说明\n20260228,贷,5600.00,700.00,测试建设单位1,6222020000000000001,人工费\n";
    let named = MARCH.replace("数目", "发生数").replace("20260228", "20260301").replace("5600.00", "6300.00");
    for text in [moved, named.as_str()] {
        hand_in(&client, &gb18030(text)).await.refuse(422, "invalid");
    }
    assert_eq!(entries(&client, &site, &account).await.len(), 2);
    let mut swapped = columns();
    swapped["C"] = json!("balance");
    swapped["D"] = json!("amount");
    assert_eq!(say(moved, swapped).await["state"], "done");
    assert_eq!(say(&named, columns()).await["state"], "done");
    assert_eq!((entries(&client, &site, &account).await.len(), layouts(&client, &site, &account).await.len()), (4, 3));
    // Each of the three heads is read by itself from now on.
    let next = moved.replace("20260228", "20260302").replace("5600.00", "7000.00");
    assert_eq!(hand_in(&client, &gb18030(&next)).await.expect(200)["state"], "done");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "7000.00");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_balance_that_does_not_run_is_told_with_row_and_column, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let path = sheets(&site, &account);
    let view = upload(&client, &path, STRANGE.as_bytes()).await.expect(201);
    let said = json!({"columns": columns()});
    let sheet = format!("{path}/{}", view["id"].as_str().unwrap());
    client.post(&sheet, said.clone()).send().await.expect(200);
    // The same header with a balance that was tampered with: the remembered word does not book it.
    let torn = MARCH.replace("5600.00", "5600.00,测试建设单位1,6222020000000000001,人工费\n20260301,贷,10.00,9999.00");
    let told = hand_in(&client, torn.as_bytes()).await.refuse(422, "invalid");
    let fault = told["errors"].as_array().unwrap().iter().find(|one| one["reason"] == "balance_break").expect("a break");
    assert_eq!(fault["place"], "row 4, column D (结存)", "{told}");
    let view = upload(&client, &path, torn.as_bytes()).await.expect(201);
    assert_eq!((&view["remembered"]["files"], &view["faults"][0]["reason"]), (&json!(1), &json!("balance_break")), "{view}");
    let sheet = format!("{path}/{}", view["id"].as_str().unwrap());
    client.post(&sheet, said).send().await.refuse(422, "invalid");
    assert_eq!(entries(&client, &site, &account).await.len(), 2, "nothing of it is booked");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(lines_that_end_as_on_windows_lose_no_row, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let path = sheets(&site, &account);
    // The header stands in the first line, so that a row that shares its number would be lost.
    let text = "交易日期,摘要,支出,收入,余额\r\n2026-02-25,人工费,,5000.00,5000.00\r\n2026-02-26,人工费,,200.00,5200.00\r\n\
                2026-02-27,退款,100.00,,5100.00\r\n";
    let view = upload(&client, &path, text.as_bytes()).await.expect(201);
    let booked = client.post(&format!("{path}/{}", view["id"].as_str().unwrap()), json!({})).send().await.expect(200);
    assert_eq!(booked["applied"], 3, "{booked}");
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "5100.00");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_sheet_without_account_is_asked_about_where_it_may_be_of_two, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let known = "交易日期,摘要,支出,收入,余额\n2026-03-02,人工费,,5000.00,5000.00\n";
    hand_in(&client, known.as_bytes()).await.refuse(422, "invalid");
    let path = sheets(&site, &account);
    let view = upload(&client, &path, known.as_bytes()).await.expect(201);
    assert_eq!((&view["is_recognised"], &view["missing"]), (&json!(true), &json!([])), "only the account was missing: {view}");
    client.post(&format!("{path}/{}", view["id"].as_str().unwrap()), json!({})).send().await.expect(200);
    let next = known.replace("2026-03-02", "2026-03-03").replace("5000.00,5000.00", "1.00,5001.00");
    hand_in(&client, next.as_bytes()).await.expect(200);
    // With a second account of the same bank nobody can tell.
    let mut body = account_body("330500010077", "");
    body["bank_name"] = json!("测试银行义乌支行");
    let second = project(&client, 2, "330784").await;
    let other = client.post(&format!("{}/accounts", second.path), body).send().await.expect(201);
    let third = known.replace("2026-03-02", "2026-03-04").replace("5000.00,5000.00", "2.00,5003.00");
    hand_in(&client, third.as_bytes()).await.refuse(422, "invalid");
    assert_eq!(entries(&client, &site, &account).await.len(), 2);
    // A sheet that names another account than the one chosen is not booked on it.
    let named = format!("账号,330500010077\n{third}");
    let view = upload(&client, &path, named.as_bytes()).await.expect(201);
    assert_eq!(view["faults"][0]["reason"], "unknown_account", "{view}");
    client.post(&format!("{path}/{}", view["id"].as_str().unwrap()), json!({})).send().await.refuse(422, "invalid");
    assert_eq!(entries(&client, &second, other["account"]["id"].as_str().unwrap()).await.len(), 0);
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_sheet_is_told_again_as_it_was_said_when_another_file_is_voided, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let path = sheets(&site, &account);
    let notice = camt(
        54,
        "N1",
        1,
        None,
        &[Ntry {
            reference: Some("V1"),
            text: "人工费",
            details: from_owner("测试建设单位1"),
            ..Ntry::credit("5000.00", "2026-02-26")
        }],
    );
    let wrong = crate::suite::http::settlement::hand_in(&client, &notice).await.expect(200);
    let view = upload(&client, &path, STRANGE.as_bytes()).await.expect(201);
    client.post(&format!("{path}/{}", view["id"].as_str().unwrap()), json!({"columns": columns()})).send().await.expect(200);
    let void = format!("{}/bank-files/{}/void", site.path, wrong["inbox_id"].as_str().unwrap());
    client.post(&void, json!({"note": "银行误发"})).send().await.expect(201);
    let other = app.client(Role::LabourManager, ScopeOn::Region("330784".parse().unwrap()));
    other.post(&format!("{void}/decision"), json!({"approves": true, "note": "已核实"})).send().await.expect(201);
    assert_eq!(balance(&ledger(&client, &site).await, "bank"), "4900.00", "the sheet speaks as it was said");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(whoever_may_not_feed_the_account_sees_nothing_of_it, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let path = sheets(&site, &account);
    let view = upload(&client, &path, STRANGE.as_bytes()).await.expect(201);
    let sheet = format!("{path}/{}", view["id"].as_str().unwrap());
    let far = app.client(Role::LabourManager, ScopeOn::Region("330100".parse().unwrap()));
    far.get(&sheet).send().await.refuse(404, "not_found");
    far.post(&sheet, json!({"columns": columns()})).send().await.refuse(404, "not_found");
    // A bank's clerk of that account alone may.
    let clerk = app.client(Role::Bank, ScopeOn::Account(account.parse().unwrap()));
    clerk.get(&sheet).send().await.expect(200);
    clerk.post(&sheet, json!({"columns": columns()})).send().await.expect(200);
    // What was refused to one person before anybody knew the account is nobody else's to look at.
    let refused = hand_in(&clerk, MARCH.replace("说明", "附注").as_bytes()).await.refuse(422, "invalid");
    let detail = refused.to_string();
    let id = detail.split("bank-sheets/").nth(1).and_then(|rest| rest.split(['。', '.', '"']).next()).expect("an id").to_owned();
    clerk.get(&format!("{path}/{id}")).send().await.expect(200);
    client.get(&format!("{path}/{id}")).send().await.refuse(404, "not_found");
});

both!(a_clerk_says_the_columns_by_mouse, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let browser = app.browser(Role::Bank, ScopeOn::Account(account.parse().unwrap())).await;
    let answer = browser.upload("/bank", &[], &[("file", "流水.csv", "text/csv", gb18030(STRANGE).as_slice())]).await;
    let page = answer.text();
    let link = page.split("href=\"").find(|part| part.contains("/bank-sheets/")).and_then(|part| part.split('"').next());
    let link = link.expect("the page leads to the wizard").to_owned();
    let page = browser.page(&link).await;
    assert!(text_of(&page).contains("还缺：哪一列是日期") && !page.contains("张三"), "{}", text_of(&page));
    let choice = |place: &str, word: &str| ("column", format!("{place}:{word}"));
    let said: Vec<(&str, String)> = ["booked_on", "mark", "amount", "balance", "counterparty", "counterparty_account", "text"]
        .iter()
        .enumerate()
        .map(|(place, word)| choice(&place.to_string(), word))
        .collect();
    let with = |what: &'static str| {
        let mut fields: Vec<(&str, &str)> = said.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("do", what));
        fields
    };
    let looked = browser.post(&link, &with("look")).await;
    assert_eq!(looked.status, 200);
    let told = text_of(&looked.text());
    assert!(told.contains("5000.00") && told.contains("4900.00"), "{told}");
    assert_eq!(entries(&client, &site, &account).await.len(), 0, "a look books nothing");
    let taken = browser.post(&link, &with("take")).await;
    assert!(text_of(&taken.text()).contains("文件已收下并入账"), "{}", text_of(&taken.text()));
    let list = format!("/projects/{}/accounts/{account}/bank-sheets", site.id);
    let page = browser.page(&list).await;
    assert!(text_of(&page).contains("数目"), "{}", text_of(&page));
    let removal = page.split("action=\"").find(|part| part.contains("/removal")).and_then(|part| part.split('"').next()).unwrap();
    browser.submit(removal, &[]).await;
    assert!(text_of(&browser.page(&list).await).contains("尚未记住任何表头"));
    assert_eq!(entries(&client, &site, &account).await.len(), 2);
});

both!(a_sheet_that_was_left_lying_is_found_again, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let account = open(&client, &site, NUMBER).await;
    let browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    assert!(!browser.page("/bank").await.contains("id=\"waiting\""));
    let path = sheets(&site, &account);
    let view = upload(&client, &path, &gb18030(STRANGE)).await.expect(201);
    let id = view["id"].as_str().unwrap();
    // A colleague who may feed the account finds it on both pages, and somebody of another project on neither.
    let list = format!("/projects/{}/accounts/{account}/bank-sheets", site.id);
    let link = format!("{list}/{id}");
    for page in ["/bank", &list] {
        let shown = browser.page(page).await;
        assert!(shown.contains("id=\"waiting\"") && shown.contains(&link), "{page}: {}", text_of(&shown));
    }
    let other = project(&client, 2, "440300").await;
    let stranger = app.browser(Role::LabourManager, ScopeOn::Project(other.id)).await;
    assert!(!stranger.page("/bank").await.contains(id));
    // One that was refused before anybody knew whose it is, is found by whoever handed it in alone.
    let refused = hand_in(&client, &gb18030(&MARCH.replace("记账", "甲乙"))).await.refuse(422, "invalid");
    assert!(refused.to_string().contains("bank-sheets"));
    assert_eq!(browser.page("/bank").await.matches("/bank-sheets/").count(), 1, "another's");
    // Booked, it waits no more.
    client.post(&format!("{path}/{id}"), json!({"columns": columns()})).send().await.expect(200);
    assert!(!browser.page("/bank").await.contains("id=\"waiting\""));
    assert!(!browser.page(&list).await.contains("id=\"waiting\""));
});

both!(what_waits_is_a_sheet_by_its_bytes_and_has_something_to_be_said, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    open(&client, &site, NUMBER).await;
    let browser = app.browser_of(client.user).await;
    let send = |media: &'static str, body: Vec<u8>| {
        client.ask(actix_web::http::Method::POST, "/api/v1/bank/statements").body(media, body).send()
    };
    // A scan that calls itself a file of any kind is kept and is no sheet.
    let pdf = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n".to_vec();
    let refused = send("application/octet-stream", pdf).await.refuse(422, "invalid");
    assert!(!refused.to_string().contains("bank-sheets"), "{refused}");
    assert!(!browser.page("/bank").await.contains("id=\"waiting\""));
    // A sheet whose account is known and of which one row was lost is booked; nobody has to say anything of it.
    let lost = format!(
        "账号,{NUMBER}\n交易日期,收入,支出,对方户名,摘要\n2026-03-02,100.00,,某建设单位,人工费\n2026-03-02,abc,,某建设单位,人工费\n"
    );
    let taken = send("text/csv", lost.into_bytes()).await.expect(200);
    assert_eq!(taken["state"], "part", "{taken}");
    assert!(!browser.page("/bank").await.contains("id=\"waiting\""), "{}", text_of(&browser.page("/bank").await));
    // One that nobody can read by its header waits, whatever it is called.
    send("application/pdf", gb18030(STRANGE)).await.refuse(422, "invalid");
    assert!(browser.page("/bank").await.contains("id=\"waiting\""));
});
