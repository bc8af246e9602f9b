//! What is on record about companies.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::party;

both!(a_company_s_file_is_written_by_authorities_and_read_by_few, |app| {
    let manager = app.labour_manager();
    let company = party(&manager, 1, "测试总包单位").await;
    let path = format!("/api/v1/parties/{company}/credit");
    let authority = app.client(Role::LabourAuthority, ScopeOn::Region("330700".parse().unwrap()));
    let record = |kind: &str, region: &str, valid_on: &str| json!({"kind": kind, "region": region, "valid_on": valid_on, "source": "测试文书 1 号"});
    let empty = authority.get(&path).send().await.expect(200);
    assert_eq!(empty["standing"]["on_serious_list"], Value::Null, "nobody has looked: {empty}");
    manager.post(&path, record("serious_list", "330700", "2026-01-05")).send().await.refuse(403, "not_allowed");
    authority.post(&path, record("serious_list", "440300", "2026-01-05")).send().await.refuse(403, "not_allowed");
    authority.post(&path, record("serious_list", "330700", "2026-03-03")).send().await.refuse(422, "invalid");
    authority.post(&path, record("serious_list", "330700", "2026-01-05")).send().await.expect(201);
    authority.post(&path, record("clean_since", "330700", "2023-01-05")).send().await.expect(201);
    let file = authority.get(&format!("{path}?region=330784")).send().await.expect(200);
    assert_eq!((&file["standing"]["on_serious_list"], &file["standing"]["clean_years"]), (&json!(true), &json!(3)));
    let before = authority.get(&format!("{path}?region=330784&as_of=2026-01-04")).send().await.expect(200);
    assert_eq!((&before["standing"]["on_serious_list"], &before["standing"]["clean_years"]), (&Value::Null, &json!(2)));
    app.client(Role::LabourManager, ScopeOn::Organisation(company)).get(&path).send().await.expect(200);
    let other = party(&manager, 2, "测试其他单位").await;
    app.client(Role::LabourManager, ScopeOn::Organisation(other)).get(&path).send().await.refuse(404, "not_found");
    assert_eq!(app.broken(), Vec::<String>::new());
});
