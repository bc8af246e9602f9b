//! Wage accounts: opening, filing, successors, whose they are.

use serde_json::{Value, json};

use super::ledger::broken;
use crate::both;
use crate::suite::ground::{App, Client, TestProject, project};
use anxin::web::{Role, ScopeOn};

/// A wage account of a number.
pub fn account_body(number: &str, sub_ledger: &str) -> Value {
    json!({
        "number": number, "sub_ledger": sub_ledger, "name": "测试总包单位1测试项目1农民工工资专用账户", "bank_name": "测试银行义乌支行",
        "bank_code": "103338700001", "opened_on": "2026-01-10", "agreement_document_id": null, "succeeds": null,
        "detail_means_paid": null,
    })
}

/// Opens an account and gives its id.
pub async fn open(client: &Client<'_>, project: &TestProject, number: &str) -> String {
    let view = client.post(&format!("{}/accounts", project.path), account_body(number, "")).send().await.expect(201);
    view["account"]["id"].as_str().expect("an id").to_owned()
}

/// Two authorities set the answer about the closing of the account aside.
pub async fn set_aside(app: &App, client: &Client<'_>, project: &TestProject) {
    let answer = client.post("/api/v1/gates/account-closing", json!({"project": project.id})).send().await.expect(200);
    let wanted = json!({
        "answer": answer["id"], "reason": "更换开户银行，余额已转入新账户", "legal_ground": "市政府会议纪要 2026 第 3 号",
        "until_on": "2026-03-20",
    });
    let region = || ScopeOn::Region("330784".parse().unwrap());
    let (one, other) = (app.client(Role::IndustryAuthority, region()), app.client(Role::LabourAuthority, region()));
    let asked = one.post(&format!("{}/overrides", project.path), wanted).send().await.expect(201);
    let decide = format!("{}/overrides/{}/decisions", project.path, asked["id"].as_str().unwrap());
    other.post(&decide, json!({"verdict": "approved", "note": "同意，已核实余额"})).send().await.expect(201);
}

both!(an_account_bears_both_names_and_is_filed_once, |app| {
    let client = app.labour_manager();
    let first = project(&client, 1, "330784").await;
    let path = format!("{}/accounts", first.path);
    let view = client.post(&path, account_body("3305 0001 0001", "")).send().await.expect(201);
    assert_eq!(view["account"]["number"], "330500010001");
    assert_eq!(view["name_is_prescribed"], true, "{view}");
    assert_eq!(view["balance"], Value::Null);
    let id = view["account"]["id"].as_str().expect("an id");
    let filing = format!("{path}/{id}/filing");
    client.post(&filing, json!({"filed_on": "2026-01-09"})).send().await.refuse(422, "invalid");
    let filed = client.post(&filing, json!({"filed_on": "2026-01-20"})).send().await.expect(200);
    assert_eq!(filed["account"]["filed_on"], "2026-01-20");
    client.post(&filing, json!({"filed_on": "2026-01-20"})).send().await.expect(200);
    client.post(&filing, json!({"filed_on": "2026-01-21"})).send().await.refuse(409, "conflict");
    assert_eq!(broken(&app), Vec::<String>::new());
});

both!(a_number_belongs_to_one_account_or_to_sub_ledgers, |app| {
    let client = app.labour_manager();
    let first = project(&client, 1, "330784").await;
    let second = project(&client, 2, "330784").await;
    let (one, two) = (format!("{}/accounts", first.path), format!("{}/accounts", second.path));
    client.post(&one, account_body("330500010001", "01")).send().await.expect(201);
    client.post(&two, account_body("330500010001", "01")).send().await.refuse(409, "conflict");
    client.post(&two, account_body("330500010001", "")).send().await.refuse(409, "conflict");
    client.post(&two, account_body("330500010001", "02")).send().await.expect(201);
    for (number, code) in [("12", "103338700001"), ("33050001000é", "103338700001"), ("330500010009", "1033")] {
        let mut body = account_body(number, "03");
        body["bank_code"] = json!(code);
        client.post(&two, body).send().await.refuse(422, "invalid");
    }
});

both!(a_second_account_follows_the_first_by_name, |app| {
    let client = app.labour_manager();
    let first = project(&client, 1, "330784").await;
    let path = format!("{}/accounts", first.path);
    let id = open(&client, &first, "330500010001").await;
    client.post(&path, account_body("330500010002", "")).send().await.refuse(409, "conflict");
    let mut successor = account_body("330500010002", "");
    successor["succeeds"] = json!(id);
    client.post(&path, successor).send().await.expect(201);
    set_aside(&app, &client, &first).await;
    let closed = client.post(&format!("{path}/{id}/closing"), json!({"closed_on": "2026-03-01"})).send().await.expect(200);
    assert_eq!(closed["account"]["closed_on"], "2026-03-01");
    let list = client.get(&path).send().await.expect(200);
    assert_eq!(list.as_array().expect("a list").len(), 2);
});

both!(a_bank_sees_the_accounts_that_it_was_granted_and_no_other, |app| {
    let client = app.labour_manager();
    let first = project(&client, 1, "330784").await;
    let second = project(&client, 2, "330784").await;
    let id = open(&client, &first, "330500010001").await;
    let other = open(&client, &second, "330500010002").await;
    let bank = app.client(Role::Bank, ScopeOn::Account(id.parse().expect("an id")));
    let (one, two) = (format!("{}/accounts", first.path), format!("{}/accounts", second.path));
    assert_eq!(bank.get(&one).send().await.expect(200).as_array().expect("a list").len(), 1);
    bank.get(&format!("{one}/{id}")).send().await.expect(200);
    bank.get(&two).send().await.refuse(404, "not_found");
    bank.get(&format!("{two}/{other}")).send().await.refuse(404, "not_found");
    bank.get(&format!("{two}/{other}/entries")).send().await.refuse(404, "not_found");
    bank.post(&one, account_body("330500010003", "")).send().await.refuse(403, "not_allowed");
});
