//! Overrides: two persons, a reason, a ground, an end; the verdict stays.

use anxin::web::{Role, ScopeOn};
use serde_json::json;

use crate::both;
use crate::suite::ground::{project, text_of};

both!(a_refusal_is_set_aside_by_two_persons_for_a_time, |app| {
    let client = app.labour_manager();
    let site = project(&client, 1, "330784").await;
    // National law lets a permit be refused where the commitment of funds is missing.
    crate::suite::ground::fact(&client, &site, "2025-12-01", json!({"kind": "funds_commitment", "given": false})).await;
    let ask = || async { client.post("/api/v1/gates/construction-permit", json!({"project": site.id})).send().await.expect(200) };
    let answer = ask().await;
    assert_eq!((answer["verdict"].as_str(), answer["override"].is_null()), (Some("blocked"), true), "{answer}");
    let path = format!("{}/overrides", site.path);
    let region = || ScopeOn::Region("330784".parse().unwrap());
    let (one, other) = (app.client(Role::IndustryAuthority, region()), app.client(Role::LabourAuthority, region()));
    let wanted = |until: &str| json!({"answer": answer["id"], "reason": "抢险工程须立即开工", "legal_ground": "市政府会议纪要 2026 第 3 号", "until_on": until});
    client.post(&path, wanted("2026-03-20")).send().await.refuse(403, "not_allowed");
    one.post(&path, wanted("2026-03-01")).send().await.refuse(422, "invalid");
    one.post(&path, wanted("2026-06-01")).send().await.refuse(422, "invalid");
    let asked = one.post(&path, wanted("2026-03-20")).send().await.expect(201);
    assert!(ask().await["override"].is_null(), "one person sets nothing aside");
    let decide = format!("{path}/{}/decisions", asked["id"].as_str().unwrap());
    let approve = json!({"verdict": "approved", "note": "同意，限期整改"});
    one.post(&decide, approve.clone()).send().await.refuse(403, "not_allowed");
    let stranger = app.client(Role::LabourAuthority, ScopeOn::Region("110000".parse().unwrap()));
    stranger.post(&decide, approve.clone()).send().await.refuse(404, "not_found");
    other.post(&decide, json!({"verdict": "ended", "note": "未生效"})).send().await.refuse(409, "conflict");
    other.post(&decide, approve.clone()).send().await.expect(201);
    other.post(&decide, approve).send().await.refuse(409, "conflict");
    let answer = ask().await;
    assert_eq!(answer["verdict"], "blocked", "the verdict stays");
    assert_eq!(answer["override"]["until"], "2026-03-20");
    assert_eq!(answer["override"]["by"].as_array().unwrap().len(), 2);
    // It stands on the certificate, on the page and in the list.
    let certificate = format!("/api/v1/gates/answers/{}/certificate", answer["id"].as_str().unwrap());
    let given = client.post(&certificate, json!({})).send().await.expect(201);
    let status = app.get(&format!("/api/v1/certificates/{}", given["token"].as_str().unwrap())).send().await.expect(200);
    assert_eq!(status["override"]["until"], "2026-03-20");
    assert_eq!(status["claims"]["override"]["legal_ground"], "市政府会议纪要 2026 第 3 号");
    let browser = app.browser(Role::LabourAuthority, region()).await;
    assert!(text_of(&browser.page(&format!("/gates/answers/{}", answer["id"].as_str().unwrap())).await).contains("越权放行"));
    assert!(text_of(&browser.page(&format!("/gates?project={}", site.id)).await).contains("越权放行中"));
    // After its last day it is gone; ended before that as well.
    app.clock.set("2026-03-20T23:59:00+08:00");
    assert!(!ask().await["override"].is_null());
    app.clock.set("2026-03-21T00:01:00+08:00");
    assert!(ask().await["override"].is_null());
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(an_override_is_turned_down_or_ended_early_and_then_counts_no_more, |app| {
    let client = app.labour_manager();
    let site = project(&client, 3, "330784").await;
    crate::suite::ground::fact(&client, &site, "2025-12-01", json!({"kind": "funds_commitment", "given": false})).await;
    let ask = || async { client.post("/api/v1/gates/construction-permit", json!({"project": site.id})).send().await.expect(200) };
    let region = || ScopeOn::Region("330784".parse().unwrap());
    let (one, other) = (app.client(Role::IndustryAuthority, region()), app.client(Role::LabourAuthority, region()));
    let path = format!("{}/overrides", site.path);
    let want = || async {
        let wanted = json!({"answer": ask().await["id"], "reason": "抢险工程须立即开工", "legal_ground": "市政府会议纪要 2026 第 3 号", "until_on": "2026-03-20"});
        let asked = one.post(&path, wanted).send().await.expect(201);
        format!("{path}/{}/decisions", asked["id"].as_str().unwrap())
    };
    let says = |verdict: &str| json!({"verdict": verdict, "note": "理由充分说明"});
    // Turned down: it never holds, and nothing more is decided.
    let decide = want().await;
    other.post(&decide, says("rejected")).send().await.expect(201);
    assert!(ask().await["override"].is_null());
    other.post(&decide, says("approved")).send().await.refuse(409, "conflict");
    other.post(&decide, says("ended")).send().await.refuse(409, "conflict");
    // Approved and ended early: it holds until then and not a moment longer.
    let decide = want().await;
    other.post(&decide, says("approved")).send().await.expect(201);
    assert_eq!(ask().await["override"]["until"], "2026-03-20");
    other.post(&decide, says("ended")).send().await.expect(201);
    assert!(ask().await["override"].is_null());
    other.post(&decide, says("ended")).send().await.refuse(409, "conflict");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(what_stands_beside_a_project_is_the_project_s_own, |app| {
    let client = app.labour_manager();
    let site = project(&client, 4, "330784").await;
    let foreign = project(&client, 5, "440300").await;
    let gate = "/api/v1/gates/construction-permit";
    for (field, value) in [
        ("region", json!("440300")),
        ("owner", json!(foreign.owner)),
        ("owner", json!(site.general_contractor)),
        ("general_contractor", json!(foreign.general_contractor)),
    ] {
        let problem = client.post(gate, json!({"project": site.id, field: value})).send().await.refuse(422, "invalid");
        assert!(problem.to_string().contains(field) && problem.to_string().contains("conflict"), "{problem}");
    }
    let own = json!({"project": site.id, "region": "330784", "owner": site.owner, "general_contractor": site.general_contractor});
    client.post(gate, own).send().await.expect(200);
});

both!(a_thousand_questions_are_asked_at_once_and_a_bad_one_harms_no_other, |app| {
    let client = app.labour_manager();
    let site = project(&client, 2, "330784").await;
    let mut questions = vec![json!({"project": site.id}); 20];
    questions[7] = json!({"project": "prj-0000000000000"});
    let body = json!({"questions": questions});
    let many = client.post("/api/v1/gates/completion-acceptance/batch", body).send().await.expect(200);
    let results = many["results"].as_array().unwrap();
    assert_eq!(results.len(), 20);
    for (index, one) in results.iter().enumerate() {
        assert_eq!(one["index"], index);
        assert_eq!(one["answer"].is_null(), index == 7, "{one}");
    }
    assert_eq!(results[7]["reason"], "not_found");
    let kept = client.get(&format!("{}/gate-answers?limit=200", site.path)).send().await.expect(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 19);
    let body = json!({"questions": vec![json!({"project": site.id}); 1001]});
    client.post("/api/v1/gates/completion-acceptance/batch", body).send().await.refuse(413, "too_large");
});
