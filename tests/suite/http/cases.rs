//! Cases of a project.

use anxin::projects;
use anxin::{cases, web::Role, web::ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::project;

both!(a_case_is_open_from_its_first_day_until_it_closes, |app| {
    let manager = app.labour_manager();
    let project = project(&manager, 1, "330784").await;
    let authority = app.client(Role::LabourAuthority, ScopeOn::Region("330700".parse().unwrap()));
    let path = format!("{}/cases", project.path);
    let body = json!({"kind": "arbitration", "opened_on": "2026-02-10", "workers": 3, "amount": "12000.00"});
    manager.post(&path, body.clone()).send().await.refuse(403, "not_allowed");
    let case = authority.post(&path, body).send().await.expect(201);
    authority.post(&path, json!({"kind": "complaint"})).send().await.expect(201);
    for wrong in [
        json!({"kind": "complaint", "opened_on": "2026-03-03"}),
        json!({"kind": "complaint", "workers": 0}),
        json!({"kind": "complaint", "amount": "0.00"}),
        json!({"kind": "quarrel"}),
    ] {
        authority.post(&path, wrong).send().await.refuse(422, "invalid");
    }
    let open = |on: &str| {
        let on = on.parse().unwrap();
        app.read(|conn, _| {
            let site = projects::site(conn, project.id)?;
            Ok((cases::open_cases(conn, &site, on)?, cases::pay_dispute_open(conn, &site, on)?))
        })
        .unwrap()
    };
    assert_eq!(open("2026-02-09"), (0, false));
    assert_eq!(open("2026-02-10"), (1, true));
    assert_eq!(open("2026-03-02"), (2, true));
    let close = format!("{path}/{}/close", case["id"].as_str().unwrap());
    authority.post(&close, json!({"closed_on": "2026-02-09", "outcome": "调解"})).send().await.refuse(422, "invalid");
    let body = json!({"closed_on": "2026-03-01", "outcome": "调解，已付清"});
    let closed = authority.post(&close, body.clone()).send().await.expect(200);
    assert_eq!(authority.post(&close, body).send().await.expect(200), closed, "the same words again change nothing");
    authority.post(&close, json!({"closed_on": "2026-03-02", "outcome": "撤回"})).send().await.refuse(409, "conflict");
    assert_eq!((open("2026-02-28"), open("2026-03-01")), ((1, true), (0, false)));
    let list: Value = authority.get(&path).send().await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let elsewhere = app.client(Role::LabourAuthority, ScopeOn::Region("440300".parse().unwrap()));
    elsewhere.get(&path).send().await.refuse(404, "not_found");
    assert_eq!(app.broken(), Vec::<String>::new());
});
