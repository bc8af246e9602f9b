//! Certificates of gate answers: given out once, checked offline with the published keys, told about by their address.

use anxin::base::Clock;
use anxin::gates::certificate::{KeySet, Refused, check};
use anxin::web::{Role, ScopeOn};
use serde_json::json;

use crate::both;
use crate::suite::ground::{project, text_of};

both!(a_certificate_is_checked_with_the_published_keys_and_nothing_else, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    let asked = client.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200);
    let path = format!("/api/v1/gates/answers/{}/certificate", asked["id"].as_str().unwrap());
    let given = client.post(&path, json!({})).send().await.expect(201);
    let again = client.post(&path, json!({})).send().await.expect(201);
    assert_eq!(given["signed"], again["signed"], "asking twice makes no second certificate");
    let keys: KeySet = serde_json::from_value(app.get("/.well-known/jwks.json").send().await.json()).unwrap();
    let text = given["signed"].as_str().unwrap();
    let claims = check(text, &keys, app.clock.now()).unwrap();
    assert_eq!(claims.jti.to_string(), asked["id"]);
    assert_eq!((claims.verdict.as_str(), claims.gate.as_str()), ("unknown", "completion_acceptance"));
    assert_eq!(claims.law_book, asked["law_book"]);
    assert_eq!(claims.project.as_ref().unwrap().name, "测试项目1");
    assert_eq!(claims.parties.len(), 2);
    assert_eq!(claims.exp - claims.iat, 7 * 86_400);
    // A log-in's token is no certificate and a certificate is no log-in.
    assert_eq!(check(client.token(), &keys, app.clock.now()), Err(Refused::UnknownKey));
    app.get("/api/v1/me").header("Authorization", &format!("Bearer {text}")).send().await.refuse(401, "not_authenticated");
    // Nobody else's answers are certified, and nobody learns that they are there.
    let stranger = app.client(Role::LabourAuthority, ScopeOn::Region("110000".parse().unwrap()));
    stranger.post(&path, json!({})).send().await.refuse(404, "not_found");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(its_address_tells_whether_it_still_stands, |app| {
    let client = app.labour_manager();
    let site = project(&client, 2, "330784").await;
    let ask =
        || async { client.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200) };
    let asked = ask().await;
    let path = format!("/api/v1/gates/answers/{}/certificate", asked["id"].as_str().unwrap());
    let given = client.post(&path, json!({})).send().await.expect(201);
    let address = format!("/api/v1/certificates/{}", given["token"].as_str().unwrap());
    let standing = || async { app.get(&address).send().await.expect(200)["standing"].clone() };
    assert_eq!(standing().await, "valid");
    // The same answer again changes nothing.
    ask().await;
    assert_eq!(standing().await, "valid");
    let page = app.get(&format!("/certificates/{}", given["token"].as_str().unwrap())).send().await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<svg") && text_of(&page.text()).contains("测试项目2"), "{}", page.text());
    app.get("/api/v1/certificates/AAAAAAAAAAAAAAAAAAAAAA").send().await.refuse(404, "not_found");
    app.clock.set("2026-03-09T08:59:00+08:00");
    assert_eq!(standing().await, "valid");
    app.clock.set("2026-03-09T09:01:00+08:00");
    assert_eq!(standing().await, "expired");
    client.post(&path, json!({})).send().await.refuse(422, "invalid");
});

both!(a_certificate_is_superseded_by_a_later_answer_that_differs, |app| {
    let client = app.labour_manager();
    let site = project(&client, 3, "330784").await;
    let ask = || async { client.post("/api/v1/gates/construction-permit", json!({"project": site.id})).send().await.expect(200) };
    let asked = ask().await;
    let path = format!("/api/v1/gates/answers/{}/certificate", asked["id"].as_str().unwrap());
    let given = client.post(&path, json!({})).send().await.expect(201);
    let address = format!("/api/v1/certificates/{}", given["token"].as_str().unwrap());
    let standing = || async { app.get(&address).send().await.expect(200)["standing"].clone() };
    assert_eq!(standing().await, "valid");
    // The commitment of funds turns out to be missing: the same question has another answer now.
    crate::suite::ground::fact(&client, &site, "2026-03-02", json!({"kind": "funds_commitment", "given": false})).await;
    assert_eq!(standing().await, "valid", "nobody has asked since");
    assert_ne!(ask().await["verdict"], asked["verdict"]);
    assert_eq!(standing().await, "superseded");
    let page = app.get(&format!("/certificates/{}", given["token"].as_str().unwrap())).send().await;
    assert!(text_of(&page.text()).contains("同一事项已有新的不同答复"), "{}", text_of(&page.text()));
});

both!(a_code_for_phones_leads_somewhere_or_is_left_out, |app| {
    for (url, has_code) in [("https://anxin.example.cn", true), ("", false)] {
        let app = app.restarted(crate::suite::ground::KEY, |config| config.server.public_url = url.to_owned()).unwrap();
        let client = app.labour_manager();
        let site = project(&client, if has_code { 4 } else { 5 }, "330784").await;
        let asked = client.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200);
        let path = format!("/api/v1/gates/answers/{}/certificate", asked["id"].as_str().unwrap());
        let given = client.post(&path, json!({})).send().await.expect(201);
        let page = app.get(&format!("/certificates/{}", given["token"].as_str().unwrap())).send().await;
        assert_eq!((page.status, page.text().contains("class=\"qr\"")), (200, has_code), "{url}");
    }
});
