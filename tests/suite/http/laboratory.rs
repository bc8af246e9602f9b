//! The rule laboratory: what it foretells is what is found once the change is live, whatever the loader refuses it refuses, and it
//! changes nothing.

use anxin::base::Day;
use anxin::laboratory::{Change, Span, changed, try_over};
use anxin::law::LawBook;
use anxin::web::{Problem, Role, ScopeOn};
use serde_json::{Value, json};

use super::workers::{crew, enrol, worker};
use crate::both;
use crate::suite::ground::{App, Client, TestProject, fact, project};

const PATH: &str = "/api/v1/law/laboratory";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A project under contract since 20 January that has no account yet, pays on the 15th, has a worker and no sheet.
async fn bare(client: &Client<'_>, number: u32, region: &str) -> TestProject {
    let site = project(client, number, region).await;
    fact(client, &site, "2026-01-20", json!({"kind": "contract", "sum": "9990000.00", "period_months": "12"})).await;
    fact(client, &site, "2026-01-20", json!({"kind": "pay_day", "day": 15})).await;
    fact(client, &site, "2026-01-20", json!({"kind": "funding", "government": true})).await;
    fact(client, &site, "2026-01-20", json!({"kind": "price_audit", "done": false})).await;
    let crew = crew(client, &site, "钢筋一班").await;
    let mut who = worker(number, &crew);
    who["entered_on"] = json!("2026-01-21");
    enrol(client, &site, vec![who]).await;
    site
}

/// What the parts of a finding that a change of law may change say.
fn said(finding: &Value) -> String {
    let part = |key: &str| finding[key].to_string();
    [part("state"), part("level"), part("since"), part("cure_zh"), part("cure_en")].join(" ")
}

/// A project's findings and gate verdict on each day as the live service gives them: project, day, rule or gate, what it says.
async fn live(client: &Client<'_>, sites: &[&TestProject], from: &str, to: &str) -> Vec<(String, String)> {
    let (mut all, mut at) = (Vec::new(), day(from));
    while at <= day(to) {
        for site in sites {
            let card = client.get(&format!("{}/card?as_of={at}", site.path)).send().await.expect(200);
            let mut seen: Vec<String> = Vec::new();
            for finding in card["findings"].as_array().unwrap() {
                let rule = finding["rule"].as_str().unwrap().to_owned();
                let nth = seen.iter().filter(|known| **known == rule).count();
                all.push((format!("{} {at} {rule} {nth}", site.id), said(finding)));
                seen.push(rule);
            }
            let asked = json!({"project": site.id, "as_of": at});
            let answer = client.post("/api/v1/gates/completion-acceptance?dry_run=true", asked).send().await.expect(200);
            all.push((format!("{} {at} completion_acceptance 0", site.id), answer["verdict"].to_string()));
        }
        at = at.plus_days(1);
    }
    all
}

/// What differs between two looks, without the place among findings of one rule.
fn differing(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    assert_eq!(before.len(), after.len());
    let mut lines = Vec::new();
    for ((key, old), (same, new)) in before.iter().zip(after) {
        assert_eq!(key, same);
        if old != new {
            lines.push(format!("{}: {old} -> {new}", key.rsplit_once(' ').unwrap().0));
        }
    }
    lines.sort();
    lines
}

/// The report's runs, day by day.
fn foretold(report: &Value) -> Vec<String> {
    assert_eq!((&report["more_findings"], &report["more_answers"]), (&json!(0), &json!(0)));
    let mut lines = Vec::new();
    let mut each = |run: &Value, name: &Value, old: String, new: String| {
        let (mut at, last) = (day(run["from"].as_str().unwrap()), day(run["to"].as_str().unwrap()));
        let mut days = 0;
        while at <= last {
            lines.push(format!("{} {at} {}: {old} -> {new}", run["project"].as_str().unwrap(), name.as_str().unwrap()));
            (at, days) = (at.plus_days(1), days + 1);
        }
        assert_eq!(run["days"], days, "{run}");
    };
    for run in report["findings"].as_array().unwrap() {
        each(run, &run["rule"], said(&run["old"]), said(&run["new"]));
    }
    for run in report["answers"].as_array().unwrap().iter().filter(|run| run["gate"] == "completion_acceptance") {
        each(run, &run["gate"], run["old"].to_string(), run["new"].to_string());
    }
    lines.sort();
    lines
}

/// Puts another text of a law file in force by two persons.
async fn amend(app: &App, file: &str, change: impl Fn(&str) -> String) -> String {
    let (first, second) = (app.client(Role::Administrator, ScopeOn::Everything), app.authority());
    let shown = first.get(&format!("/api/v1/law-files?file={file}")).send().await.expect(200);
    let text = shown["wording"].as_str().unwrap();
    let wording = change(text);
    assert_ne!(wording, text, "the edit changed nothing");
    let kind = if file.starts_with("law/regions/") { "region" } else { "law" };
    let proposal = json!({
        "kind": kind, "file": file, "wording": wording, "policy": null, "reason": "测试", "document": "测试文件一号", "seen": shown["active"],
    });
    let proposal = first.post("/api/v1/amendments", proposal).send().await.expect(201);
    let approve = format!("/api/v1/amendments/{}/approve", proposal["id"].as_str().unwrap());
    second.post(&approve, json!({"note": "已核对"})).send().await.expect(200)["law_book"].as_str().unwrap().to_owned()
}

/// The text with another number in the value of a key.
fn with_number(text: &str, key: &str, old: &str, new: &str) -> String {
    let (before, rest) = text.split_once(&format!("key = \"{key}\"")).expect("the key");
    format!("{before}key = \"{key}\"{}", rest.replacen(old, new, 1))
}

both!(what_it_foretells_is_found_once_the_change_is_live, |app| {
    let client = app.labour_manager();
    let (near, far) = (bare(&client, 1, "330784").await, bare(&client, 2, "350500").await);
    let judge = app.authority();
    let (from, to) = ("2026-01-24", "2026-03-02");
    let sites = [&near, &far];
    let before = live(&client, &sites, from, to).await;
    let change = json!({"set": [{"key": "deadline.account_open", "value": "10"}], "from": from, "to": to});
    let report = judge.post(PATH, change).send().await.expect(200);
    assert_eq!((&report["projects"], &report["days"], &report["judged"]), (&json!(2), &json!(38), &json!(76)), "{report}");
    assert_eq!(app.ground.book().hash(), report["law_book"].as_str().unwrap(), "nothing has changed yet");
    assert_eq!(live(&client, &sites, from, to).await, before);
    let turned = report["rules"].as_array().unwrap().iter().find(|count| count["rule"] == "R53-06a" && count["old"] == "kept");
    let turned = turned.unwrap_or_else(|| panic!("an account that is not open is late sooner: {report}"));
    assert_eq!((&turned["new"], turned["title_zh"].is_string()), (&json!("broken red"), true), "{turned}");
    let deadlines = "law/parameters/deadlines.toml";
    let book = amend(&app, deadlines, |text| with_number(text, "deadline.account_open", "value = 30", "value = 10")).await;
    assert_eq!(report["changed_book"], book.as_str(), "the same book");
    let after = live(&client, &sites, from, to).await;
    let found = differing(&before, &after);
    assert_eq!(foretold(&report), found);
    assert_eq!(report["findings_differ"], found.len());
    // A gate by a region's rule, with the whole file in the place of a number.
    let region = "law/regions/330784.toml";
    let without = |text: &str| with_number(text, "gate.completion_price_audit", "value = true", "value = false");
    let text = anxin::law::embedded_files().into_iter().find(|(name, _)| name == region).unwrap().1;
    let file = json!({"file": {"name": region, "wording": without(&text)}, "from": from, "to": to});
    let report = judge.post(PATH, file).send().await.expect(200);
    assert_eq!(report["projects"], 1, "the change concerns projects of its region only: {report}");
    assert!(report["answers_differ"].as_u64().unwrap() > 0, "{report}");
    amend(&app, region, without).await;
    let later = live(&client, &sites, from, to).await;
    assert_eq!(foretold(&report), differing(&after, &later));
    // Working days move pay days, and with them the facts themselves: the Saturday before the 15th is no longer worked.
    let calendar = "calendar/2026.toml";
    let free = |text: &str| text.replacen("2026-02-14, ", "", 1);
    let text = anxin::law::embedded_files().into_iter().find(|(name, _)| name == calendar).unwrap().1;
    let file = json!({"file": {"name": calendar, "wording": free(&text)}, "from": from, "to": to});
    let report = judge.post(PATH, file).send().await.expect(200);
    amend(&app, calendar, free).await;
    let last = live(&client, &sites, from, to).await;
    assert_eq!(foretold(&report), differing(&later, &last));
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(it_takes_what_the_loader_takes_and_says_what_is_wrong_where, |app| {
    let judge = app.authority();
    let ask = |set: Value, region: Value| json!({"set": set, "region": region, "from": "2026-02-01", "to": "2026-03-02"});
    let one = |key: &str, value: &str| json!([{"key": key, "value": value}]);
    let looser = judge.post(PATH, ask(one("deadline.account_open", "31"), json!("330784"))).send().await.refuse(422, "invalid");
    assert!(looser["errors"][0]["place"].as_str().unwrap().starts_with("law/regions/330784.toml:"), "{looser}");
    assert!(looser["errors"][0]["zh"].as_str().unwrap().contains("宽松"), "{looser}");
    let unknown = judge.post(PATH, ask(one("no.such", "1"), Value::Null)).send().await.refuse(422, "invalid");
    assert_eq!(unknown["errors"][0]["place"], "set no.such");
    judge.post(PATH, ask(json!([]), Value::Null)).send().await.refuse(422, "invalid");
    judge.post(PATH, ask(one("deadline.account_open", "30"), Value::Null)).send().await.refuse(422, "invalid");
    judge.post(PATH, ask(one("deadline.account_open", "10"), json!("33078"))).send().await.refuse(422, "invalid");
    judge
        .post(PATH, json!({"set": [], "colour": 1, "from": "2026-01-01", "to": "2026-01-02"}))
        .send()
        .await
        .refuse(422, "invalid");
    for (from, to, reason) in [
        ("2026-03-02", "2026-03-01", "bad_time"),
        ("2026-03-01", "2026-03-03", "bad_time"),
        ("2025-03-01", "2026-03-02", "over_limit"),
    ] {
        let span = json!({"set": one("deadline.account_open", "10"), "from": from, "to": to});
        let refused = judge.post(PATH, span).send().await.refuse(422, "invalid");
        assert_eq!((&refused["errors"][0]["place"], &refused["errors"][0]["reason"]), (&json!("to"), &json!(reason)));
    }
    let nothing = judge.post(PATH, ask(one("deadline.account_open", "10"), Value::Null)).send().await.expect(200);
    assert_eq!((&nothing["projects"], &nothing["days"], &nothing["findings_differ"]), (&json!(0), &json!(30), &json!(0)));
});

both!(it_is_for_regulators_and_shows_them_their_own_projects, |app| {
    let client = app.labour_manager();
    let (near, far) = (bare(&client, 1, "330784").await, bare(&client, 2, "350500").await);
    let change = || json!({"set": [{"key": "deadline.account_open", "value": "10"}], "from": "2026-02-01", "to": "2026-02-10"});
    for role in [Role::LabourManager, Role::Owner, Role::Subcontractor, Role::GridOfficer, Role::Bank] {
        app.client(role, ScopeOn::Everything).post(PATH, change()).send().await.refuse(403, "not_allowed");
    }
    let local = app.client(Role::IndustryAuthority, ScopeOn::Region("330700".parse().unwrap()));
    let report = local.post(PATH, change()).send().await.expect(200);
    assert_eq!(report["projects"], 1, "{report}");
    let text = report.to_string();
    assert!(text.contains(&near.id.to_string()) && !text.contains(&far.id.to_string()), "{text}");
});

both!(too_much_at_a_time_is_told_with_the_way_out, |app| {
    let client = app.labour_manager();
    bare(&client, 1, "330784").await;
    let told = app.read(|conn, ctx| {
        let span = Span::of(day("2026-02-01"), day("2026-02-10"), ctx.today)?;
        let change = Change { sets: vec![("deadline.account_open".into(), "10".into())], ..Change::default() };
        let tried = changed(&ctx.ground.in_force(), &change, span)?;
        let again = changed(&ctx.ground.in_force(), &change, span)?;
        assert_eq!(try_over(conn, ctx, tried, span, Some(10))?.judged, 10, "just within");
        Ok(try_over(conn, ctx, again, span, Some(9)).unwrap_err())
    });
    let problem: Problem = told.unwrap();
    assert!(problem.zh.contains("anxin law try") && problem.en.contains("1 projects × 10 days"), "{problem:?}");
    assert_eq!(problem.faults[0].reason, "over_limit");
});

#[test]
fn the_calendar_of_the_test_has_the_day_that_it_takes_away() {
    let book = LawBook::from_files(anxin::law::embedded_files()).unwrap();
    assert_eq!(book.calendar().is_workday(day("2026-02-14")), Some(true));
}
