//! Time travel: what was answered on a day is answered again, byte for byte, however much was recorded since.

use actix_web::http::Method;
use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::open;
use super::amendments::propose;
use super::attendance::{attlog, bind};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, card, fact, id_number, project};

const NUMBER: &str = "330500010001";

/// A question with status and body of its answer.
type Told = (String, u16, String);

/// Everything that is asked of a project: each route that understands `known_at`, and two gates.
fn questions(site: &TestProject) -> Vec<String> {
    let path = |rest: &str| format!("{}{rest}", site.path);
    let mut all: Vec<String> = [
        "/card",
        "/card?as_of=2026-02-20",
        "",
        "/facts",
        "/documents",
        "/work-days?month=2026-02",
        "/punches?day=2026-02-03",
        "/unmatched-pins?month=2026-02",
        "/pay-sheets",
        "/pay-months",
        "/matches/2026-02",
        "/matches/2026-02/file",
        "/deposits",
        "/labour-cost",
        "/forecast",
        "/matters",
        "/clearings",
        "/accounts",
        "/ledger",
        "/cases",
        "/notice-board",
    ]
    .into_iter()
    .map(path)
    .collect();
    all.push(format!("/api/v1/parties/{}/credit", site.general_contractor));
    for gate in ["completion-acceptance", "construction-permit", "account-closing", "deposit-return"] {
        all.push(format!("/api/v1/gates/{gate}?project={}", site.id));
    }
    all.push(format!("/api/v1/gates/new-project?owner={}&region=330784", site.owner));
    all.push("/api/v1/totals".to_owned());
    all.push("/api/v1/totals?region=330000&as_of=2026-02-10".to_owned());
    all
}

/// The answers to every question, with those about each sheet and account that is there.
async fn answers((manager, authority): (&Client<'_>, &Client<'_>), site: &TestProject, known_at: Option<&str>) -> Vec<Told> {
    let mut told = Vec::new();
    let mut waiting = questions(site);
    while let Some(question) = waiting.pop() {
        let mark = if question.contains('?') { '&' } else { '?' };
        let asked = known_at.map_or(question.clone(), |at| format!("{question}{mark}known_at={at}"));
        let mut answer = manager.get(&asked).send().await;
        if answer.status == 403 {
            answer = authority.get(&asked).send().await;
        }
        assert!(matches!(answer.status, 200 | 404 | 422), "{asked}: {}", answer.text());
        if question.ends_with("/pay-sheets") {
            for sheet in answer.json()["items"].as_array().unwrap() {
                waiting.push(format!("{question}/{}", sheet["id"].as_str().unwrap()));
                waiting.push(format!("{question}/{}/lines", sheet["id"].as_str().unwrap()));
            }
        }
        if question.ends_with("/accounts") {
            for account in answer.json().as_array().unwrap() {
                let account = format!("{question}/{}", account["account"]["id"].as_str().unwrap());
                waiting.extend([
                    account.clone(),
                    format!("{account}/entries"),
                    format!("{account}/statements"),
                    format!("{account}/reconciliations"),
                ]);
            }
        }
        told.push((question, answer.status, answer.text()));
    }
    told
}

/// Names the first answer that is another one, with the place.
fn first_difference(then: &[Told], now: &[Told]) -> Option<String> {
    if then.len() != now.len() {
        return Some(format!("{} questions then, {} now", then.len(), now.len()));
    }
    let (one, other) = then.iter().zip(now).find(|(one, other)| one != other)?;
    let place = one.2.bytes().zip(other.2.bytes()).take_while(|(a, b)| a == b).count();
    let near =
        |text: &str| String::from_utf8_lossy(&text.as_bytes()[place.saturating_sub(80)..text.len().min(place + 80)]).into_owned();
    Some(format!("{} {}/{}\nthen: {}\nnow:  {}", one.0, one.1, other.1, near(&one.2), near(&other.2)))
}

fn camt(id: &str, on: &str, opening: &str, amount: &str, closing: &str, side: &str, reference: &str) -> String {
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
             <Dt><Dt>{on}</Dt></Dt></Bal>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>M-{id}</MsgId><CreDtTm>{on}T18:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>{id}</Id>\
         <CreDtTm>{on}T18:00:00+08:00</CreDtTm><Acct><Id><Othr><Id>{NUMBER}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>{}{}\
         <Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{on}</Dt></BookgDt>\
         <AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>测试建设单位1</Nm></Pty></Dbtr></RltdPties>\
         </TxDtls></NtryDtls><AddtlNtryInf>人工费</AddtlNtryInf></Ntry></Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", opening),
        balance("CLBD", closing),
    )
}

async fn statement(client: &Client<'_>, file: String) {
    let answer = client.ask(Method::POST, "/api/v1/bank/statements").body("application/xml", file).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A life of a project, with everything asked at the end of each chapter; then everything asked again about each of those moments.
async fn lives(app: &App) {
    app.clock.set("2026-01-05T09:00:00+08:00");
    let manager = app.labour_manager();
    let authority = app.authority();
    let both = (&manager, &authority);
    let mut chapters: Vec<(String, Vec<Told>)> = Vec::new();
    macro_rules! close_chapter {
        ($site:expr, $end:literal) => {
            app.drain();
            app.clock.set($end);
            chapters.push(($end.to_owned(), answers(both, $site, None).await));
        };
    }
    let site = project(&manager, 1, "330784").await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "contract", "sum": "9990000.00", "period_months": "12"})).await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "pay_day", "day": 10})).await;
    close_chapter!(&site, "2026-01-05T23:00:00+08:00");

    app.clock.set("2026-01-20T09:00:00+08:00");
    let account = open(&manager, &site, NUMBER).await;
    let crew = json!({"name": "一班", "party": site.general_contractor, "from_on": "2026-01-10"});
    let crew = manager.post(&format!("{}/crews", site.path), crew).send().await.expect(201);
    let workers = json!({"items": [
        {"name": "测试甲", "id_number": id_number(1), "crew": crew["id"], "trade": "240", "paper": "labour_contract",
         "safety_trained": true, "card": card(1), "bank_name": "测试银行", "day_rate": "300.00", "entered_on": "2026-01-12", "pin": "1001"},
        {"name": "测试乙", "id_number": id_number(2), "crew": crew["id"], "trade": "240", "paper": "labour_contract",
         "safety_trained": true, "card": card(2), "bank_name": "测试银行", "day_rate": "320.00", "entered_on": "2026-01-12", "pin": "1002"},
    ]});
    let enrolled = manager.post(&format!("{}/enrolments", site.path), workers).send().await.expect(200);
    let second = enrolled["results"][1]["enrolment"]["id"].as_str().unwrap().to_owned();
    bind(&manager, &site, "AX9001", "by_state").await;
    close_chapter!(&site, "2026-01-20T23:00:00+08:00");

    app.clock.set("2026-02-03T19:00:00+08:00");
    attlog(app, "AX9001", "1001\t2026-02-02 07:00:00\t0\t1\t\t0\t0\n1001\t2026-02-02 18:00:00\t1\t1\t\t0\t0\n7777\t2026-02-03 07:00:00\t0\t1\t\t0\t0\n").await;
    close_chapter!(&site, "2026-02-03T23:00:00+08:00");

    // Late punches change a day that was folded; one waits to be folded at the end of the chapter.
    app.clock.set("2026-02-05T19:00:00+08:00");
    attlog(app, "AX9001", "1002\t2026-02-02 07:30:00\t0\t1\t\t0\t0\n1002\t2026-02-02 17:30:00\t1\t1\t\t0\t0\n1001\t2026-02-02 20:00:00\t1\t1\t\t0\t0\n").await;
    app.drain();
    app.clock.set("2026-02-06T08:00:00+08:00");
    attlog(app, "AX9001", "1001\t2026-02-06 07:00:00\t0\t1\t\t0\t0\n").await;
    app.clock.set("2026-02-06T09:00:00+08:00");
    chapters.push(("2026-02-06T09:00:00+08:00".to_owned(), answers(both, &site, None).await));

    app.clock.set("2026-02-20T09:00:00+08:00");
    app.drain();
    statement(&manager, camt("S1", "2026-02-20", "0.00", "50000.00", "50000.00", "CRDT", "R1")).await;
    let case = json!({"kind": "complaint", "opened_on": "2026-02-19", "workers": 2, "amount": "1000.00"});
    let case = authority.post(&format!("{}/cases", site.path), case).send().await.expect(201);
    close_chapter!(&site, "2026-02-20T23:00:00+08:00");

    app.clock.set("2026-03-02T09:00:00+08:00");
    let sheet = manager.post(&format!("{}/pay-sheets", site.path), json!({"month": "2026-02"})).send().await.expect(201);
    let sheet = format!("{}/pay-sheets/{}", site.path, sheet["sheet"]["id"].as_str().or(sheet["id"].as_str()).unwrap());
    close_chapter!(&site, "2026-03-02T23:00:00+08:00");

    app.clock.set("2026-03-20T09:00:00+08:00");
    let lines = manager.get(&format!("{sheet}/lines")).send().await.expect(200);
    let line = lines["items"][0]["line"]["id"].as_str().unwrap().to_owned();
    let version = manager.get(&sheet).send().await.expect(200)["version"].to_string();
    let contested = json!({"line": line, "amount": "10.00", "reason": "工日有争议"});
    let changed = manager.post(&format!("{sheet}/disputes"), contested).header("If-Match", &version).send().await;
    assert_eq!(changed.status, 201, "{}", changed.text());
    manager.post(&format!("{}/enrolments/{second}/leave", site.path), json!({"left_on": "2026-02-28"})).send().await.expect(200);
    authority
        .post(
            &format!("{}/cases/{}/close", site.path, case["id"].as_str().unwrap()),
            json!({"closed_on": "2026-03-19", "outcome": "已付清"}),
        )
        .send()
        .await
        .expect(200);
    statement(&manager, camt("S2", "2026-03-20", "50000.00", "700.00", "49300.00", "DBIT", "R2")).await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "contract", "sum": "12000000.00", "period_months": "12"})).await;
    app.drain();
    app.clock.set("2026-06-18T09:00:00+08:00");
    let account = format!("{}/accounts/{account}/closing", site.path);
    manager.post(&account, json!({"closed_on": "2026-06-17"})).send().await.refuse(409, "conflict");
    let answer = manager.post("/api/v1/gates/account-closing", json!({"project": site.id})).send().await.expect(200);
    let wanted = json!({
        "answer": answer["id"], "reason": "总包已更换，工资由新总包承接", "legal_ground": "市政府会议纪要 2026 第 3 号",
        "until_on": "2026-06-20",
    });
    let one = app.client(Role::IndustryAuthority, ScopeOn::Region("330784".parse().unwrap()));
    let asked = one.post(&format!("{}/overrides", site.path), wanted).send().await.expect(201);
    let decide = format!("{}/overrides/{}/decisions", site.path, asked["id"].as_str().unwrap());
    authority.post(&decide, json!({"verdict": "approved", "note": "同意，已核实承接"})).send().await.expect(201);
    manager.post(&account, json!({"closed_on": "2026-06-17"})).send().await.expect(200);
    // Other companies' projects and later ones are no part of that past.
    project(&manager, 2, "330784").await;
    app.drain();

    let mut texts = Vec::new();
    for (end, then) in &chapters {
        let known_at = if end.contains("T23:00") { end[..10].to_owned() } else { end.replace('+', "%2B") };
        let again = answers(both, &site, Some(&known_at)).await;
        assert_eq!(first_difference(then, &again), None, "asked again about {end}");
        texts.push(format!("{then:?}"));
    }
    texts.dedup();
    assert_eq!(texts.len(), chapters.len(), "every chapter tells something new");
    let today = answers(both, &site, None).await;
    assert!(chapters.iter().all(|(_, then)| *then != today), "and today tells something else");
    assert_eq!(app.broken(), Vec::<String>::new());
}

both!(what_was_answered_on_a_day_is_answered_again_byte_for_byte, |app| {
    lives(&app).await;
});

both!(the_past_has_the_law_and_the_policy_of_then, |app| {
    app.clock.set("2026-01-05T09:00:00+08:00");
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let asked = format!("/api/v1/gates/completion-acceptance?project={}", site.id);
    let then = manager.get(&asked).send().await.expect(200);
    app.clock.set("2026-03-05T09:00:00+08:00");
    let other = app.authority();
    let made = propose(&app.client(Role::Administrator, ScopeOn::Everything)).await;
    let approve = format!("/api/v1/amendments/{}/approve", made["id"].as_str().unwrap());
    other.post(&approve, json!({})).send().await.expect(200);
    let now = manager.get(&asked).send().await.expect(200);
    assert_ne!(now["law_book"], then["law_book"], "another law book is in force");
    let again = manager.get(&format!("{asked}&known_at=2026-01-05")).send().await.expect(200);
    assert_eq!(again, then, "the past was answered under its own law");
    let after = manager.get(&format!("{asked}&as_of=2026-01-05")).send().await.expect(200);
    assert_eq!(after["law_book"], now["law_book"], "an earlier day under today's knowledge has today's law");
});

both!(a_preview_keeps_nothing_and_says_what_an_answer_says, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let preview = manager.get(&format!("/api/v1/gates/completion-acceptance?project={}", site.id)).send().await.expect(200);
    let kept = manager.get(&format!("{}/gate-answers", site.path)).send().await.expect(200);
    assert_eq!(kept["items"], json!([]), "a look is no answer");
    let answer = manager.post("/api/v1/gates/completion-acceptance", json!({"project": site.id})).send().await.expect(200);
    for (name, value) in preview.as_object().unwrap() {
        assert_eq!(&answer[name], value, "{name}");
    }
    assert!(preview.get("id").is_none() && answer["id"].is_string());
});

both!(odd_moments_are_refused_and_nothing_is_silently_the_present, |app| {
    let manager = app.labour_manager();
    app.clock.set("2026-03-05T09:00:00+08:00");
    let site = project(&manager, 1, "330784").await;
    let card = format!("{}/card", site.path);
    for text in ["2026-03-05", "2026-03-06", "2027-01-01T00:00:00Z", "yesterday", "2026-02-30", "20260301", "2026-03-01T00:00:00"]
    {
        let problem = manager.get(&format!("{card}?known_at={text}")).send().await.refuse(422, "invalid");
        assert_eq!(problem["errors"][0]["place"], "known_at", "{text}: {problem}");
    }
    let unborn = manager.get(&format!("{card}?known_at=2026-03-04")).send().await;
    assert_eq!(unborn.status, 404, "before it was registered nobody knew of it: {}", unborn.text());
    manager.get("/api/v1/projects?known_at=2026-03-04").send().await.refuse(422, "invalid");
    let totals = manager.get("/api/v1/totals?known_at=2026-03-04").send().await.expect(200);
    assert_eq!(totals["projects"], json!([]));
    let stranger = app.client(Role::LabourManager, ScopeOn::Organisation(anxin::base::id::PartyId(1)));
    assert_eq!(stranger.get(&card).send().await.status, 404);
    app.clock.set("2026-03-07T09:00:00+08:00");
    assert_eq!(stranger.get(&format!("{card}?known_at=2026-03-06")).send().await.status, 404, "the past opens no door");
    let ours: Value = manager.get(&format!("{card}?known_at=2026-03-06")).send().await.expect(200);
    assert_eq!(ours["as_of"], "2026-03-06", "without a day the day of that knowledge is meant");
});

both!(a_project_s_page_shows_what_was_known_and_says_so, |app| {
    app.clock.set("2026-01-05T09:00:00+08:00");
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let page = format!("/projects/{}", site.id);
    app.clock.set("2026-02-05T09:00:00+08:00");
    open(&manager, &site, NUMBER).await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "contract", "sum": "9990000.00", "period_months": "12"})).await;
    app.clock.set("2026-02-06T09:00:00+08:00");
    let mut browser = app.browser(Role::LabourManager, ScopeOn::Everything).await;
    let today = browser.get(&page).await.text();
    let past = browser.get(&format!("{page}?as_of=&known_at=2026-01-31")).await.text();
    assert!(!today.contains("这是当时的情况") && past.contains("这是当时的情况"));
    assert!(past.contains("2026-01-31 23:59") && past.contains("回到现在"), "the moment is named");
    assert_ne!(crate::suite::ground::text_of(&today), crate::suite::ground::text_of(&past));
    browser = browser.english();
    assert!(browser.get(&format!("{page}?known_at=2026-01-31")).await.text().contains("This is the past"));
    for odd in ["as_of=2026-02-30", "as_of=x", "known_at=2026-02-06", "known_at=x"] {
        let answer = browser.get(&format!("{page}?{odd}")).await;
        assert_eq!(answer.status, 422, "{odd}");
    }
    assert_eq!(
        browser.get("/projects?known_at=2026-01-31").await.status,
        422,
        "a page that knows no past does not show the present"
    );
});
