//! What an owner's calendar says of money that nobody saw, and which contract each transfer day follows from.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use super::accounts::open;
use super::settlement::{NUMBER, Ntry, camt, from_owner, hand_in};
use super::wage_money::path;
use crate::both;
use crate::suite::ground::{App, Browser, Client, TestProject, fact, project};

fn amount(monthly: &str) -> Value {
    json!({"kind": "labour_cost", "share": null, "monthly": monthly, "transfer_day": 10, "cycle_months": "1"})
}

fn share() -> Value {
    json!({"kind": "labour_cost", "share": "0.3", "monthly": null, "transfer_day": 10, "cycle_months": "1"})
}

/// The events of the owner's calendar, unfolded.
async fn calendar(app: &App, owner: &Browser<'_>, site: &TestProject) -> String {
    let party = site.owner.to_string();
    let shown = owner.post("/calendar-address", &[("owner", party.as_str())]).await.text();
    let at = shown.find("/calendar/").unwrap_or_else(|| panic!("no address: {shown}"));
    let address = shown[at..].split('<').next().unwrap().trim().to_owned();
    let answer = app.get(&address).send().await;
    assert_eq!(answer.status, 200);
    answer.text().replace("\r\n ", "")
}

/// The event of a month's work.
fn event(calendar: &str, site: &TestProject, period: &str) -> String {
    let uid = format!("UID:{}-{period}@anxin", site.id);
    let mut found = calendar.split("BEGIN:VEVENT").filter(|event| event.contains(&uid));
    let event = found.next().unwrap_or_else(|| panic!("no {uid}: {calendar}"));
    assert_eq!(found.next(), None, "one event of one UID");
    event.to_owned()
}

fn sequence(event: &str) -> u64 {
    let line = event.lines().find_map(|line| line.strip_prefix("SEQUENCE:")).expect("a number");
    line.trim().parse().expect("digits")
}

/// Period, transfer day, amount and basis of each item.
async fn items(manager: &Client<'_>, site: &TestProject) -> Vec<[String; 4]> {
    let split = manager.get(&path(site, "labour-cost?as_of=2026-03-02")).send().await.expect(200);
    let of = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let items = split["items"].as_array().unwrap().iter();
    items.map(|item| [of(item, "period"), of(item, "due_on"), of(item, "amount"), of(item, "basis")]).collect()
}

fn of_period<'a>(items: &'a [[String; 4]], period: &str) -> [&'a str; 3] {
    let found: Vec<_> = items.iter().filter(|item| item[0] == period).collect();
    assert_eq!(found.len(), 1, "{period} stands once: {items:?}");
    [&found[0][1], &found[0][2], &found[0][3]]
}

both!(money_that_nobody_saw_is_not_called_received, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "started"})).await;
    fact(&manager, &site, "2025-12-01", amount("1000.00")).await;
    let owner = app.browser(Role::Owner, ScopeOn::Organisation(site.owner)).await;
    let told = calendar(&app, &owner, &site).await;
    assert!(!told.contains("已到账"), "{told}");
    let passed = event(&told, &site, "2026-02");
    assert!(passed.contains("是否到账尚不知") && passed.contains("开户银行"), "{passed}");
    assert!(event(&told, &site, "2026-03").contains("计划拨付"), "{told}");
    let page = owner.page(&format!("/companies/{}/labour-cost", site.owner)).await;
    assert!(page.contains("尚不知") && page.contains("缺开户银行流水") && page.contains("2026-02-10"), "{page}");
    // The bank tells: what came is received, what is short is short, and nothing is unknown any more.
    let before = sequence(&passed);
    open(&manager, &site, NUMBER).await;
    let entry = |reference: &'static str, on: &'static str| Ntry {
        reference: Some(reference),
        text: "拨付人工费",
        details: from_owner("测试建设单位1"),
        ..Ntry::credit("2000.00", on)
    };
    let statement = camt(53, "S1", 1, Some(("0.00", "2000.00")), &[entry("P1", "2026-02-27")]);
    hand_in(&manager, &statement).await.expect(200);
    let told = calendar(&app, &owner, &site).await;
    let (came, short) = (event(&told, &site, "2026-01"), event(&told, &site, "2026-02"));
    assert!(came.contains("已到账") && short.contains("尚缺 1000.00"), "{told}");
    assert!(sequence(&short) > before, "{told}");
    // What the bank takes back makes no event older.
    let back = Ntry { credit: false, ..entry("P1", "2026-03-01") };
    hand_in(&manager, &camt(53, "S2", 2, Some(("2000.00", "0.00")), &[back])).await.expect(200);
    let after = event(&calendar(&app, &owner, &site).await, &site, "2026-01");
    assert!(sequence(&after) > sequence(&came), "{after}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_contract_of_a_later_day_does_not_reach_back_within_its_month, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    fact(&manager, &site, "2025-12-01", json!({"kind": "started"})).await;
    fact(&manager, &site, "2025-12-15", amount("60000.00")).await;
    fact(&manager, &site, "2026-02-15", amount("90000.00")).await;
    let found = items(&manager, &site).await;
    for (period, due_on, sum) in [
        ("2025-12", "2025-12-10", "60000.00"),
        ("2026-01", "2026-01-10", "60000.00"),
        ("2026-02", "2026-02-10", "60000.00"),
        ("2026-03", "2026-03-10", "90000.00"),
    ] {
        assert_eq!(of_period(&found, period)[..2], [due_on, sum], "{found:?}");
    }
    // A transfer day that had passed when it was agreed on moves no money of that month.
    let moved = json!({"kind": "labour_cost", "share": null, "monthly": "70000.00", "transfer_day": 5, "cycle_months": "1"});
    fact(&manager, &site, "2026-01-07", moved).await;
    let found = items(&manager, &site).await;
    assert_eq!(of_period(&found, "2026-01")[..2], ["2026-01-10", "70000.00"], "{found:?}");
    assert_eq!(of_period(&found, "2026-02")[..2], ["2026-02-05", "70000.00"], "{found:?}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(each_month_of_work_stands_once_whatever_the_contract_changed_to, |app| {
    let manager = app.labour_manager();
    for (number, first, second) in [(1, share(), amount("1000.00")), (2, amount("1000.00"), share())] {
        let site = project(&manager, number, "330784").await;
        fact(&manager, &site, "2025-12-01", json!({"kind": "started"})).await;
        fact(&manager, &site, "2025-12-01", first).await;
        fact(&manager, &site, "2026-03-01", second).await;
        let paid = json!({"kind": "progress_payment", "period": "2026-02", "amount": "10000.00", "finished_value": null});
        fact(&manager, &site, "2026-03-01", paid).await;
        let found = items(&manager, &site).await;
        let (by_share, by_amount) = ("agreed_share", "agreed_amount");
        if number == 1 {
            assert_eq!(of_period(&found, "2026-02"), ["2026-03-10", "3000.00", by_share], "worked for a share: {found:?}");
            assert_eq!(of_period(&found, "2026-03"), ["2026-03-10", "1000.00", by_amount], "{found:?}");
        } else {
            assert_eq!(of_period(&found, "2026-02"), ["2026-02-10", "1000.00", by_amount], "{found:?}");
            assert_eq!(of_period(&found, "2026-03"), ["2026-04-10", "", by_share], "{found:?}");
        }
        let owner = app.browser(Role::Owner, ScopeOn::Organisation(site.owner)).await;
        event(&calendar(&app, &owner, &site).await, &site, "2026-02");
        assert_eq!(found[0][0], "2025-12", "{found:?}");
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_cycle_shorter_than_a_month_is_due_in_its_parts_and_each_may_be_late, |app| {
    let manager = app.labour_manager();
    let site = project(&manager, 1, "330784").await;
    let owner = app.browser(Role::Owner, ScopeOn::Organisation(site.owner)).await;
    fact(&manager, &site, "2026-01-12", json!({"kind": "started"})).await;
    let half = |terms: Value| {
        let mut terms = terms;
        terms["cycle_months"] = json!("0.5");
        terms
    };
    fact(&manager, &site, "2026-01-12", half(amount("1000.01"))).await;
    fact(&manager, &site, "2026-03-01", half(share())).await;
    let paid = json!({"kind": "progress_payment", "period": "2026-03", "amount": "10000.00", "finished_value": null});
    fact(&manager, &site, "2026-03-01", paid).await;
    let found = items(&manager, &site).await;
    let of = |period: &str| -> Vec<String> {
        found.iter().filter(|item| item[0] == period).map(|item| format!("{} {}", item[1], item[2])).collect()
    };
    assert_eq!(of("2026-01"), ["2026-01-25 500.01"], "work began after the first transfer day");
    assert_eq!(of("2026-02"), ["2026-02-10 500.00", "2026-02-25 500.01"], "together what is agreed for the month");
    assert_eq!(of("2026-03"), ["2026-04-10 1500.00", "2026-04-25 1500.00"], "a share of what was settled");
    // The second half of a month that did not come is short, while the first is covered.
    open(&manager, &site, NUMBER).await;
    let entry = |reference: &'static str, amount: &'static str, on: &'static str| Ntry {
        reference: Some(reference),
        text: "拨付人工费",
        details: from_owner("测试建设单位1"),
        ..Ntry::credit(amount, on)
    };
    let came = [entry("P1", "500.01", "2026-01-26"), entry("P2", "500.00", "2026-02-10"), entry("P3", "0.01", "2026-03-01")];
    hand_in(&manager, &camt(53, "S1", 1, Some(("0.00", "1000.02")), &came)).await.expect(200);
    let split = manager.get(&path(&site, "labour-cost?as_of=2026-03-02")).send().await.expect(200);
    let late = |at: usize| (split["items"][at]["short"].clone(), split["items"][at]["late_days"].clone());
    let all: Vec<_> = (0..3).map(late).collect();
    let day = |short: &str, days: i64| (json!(short), json!(days));
    assert_eq!(all, [day("0.00", 1), day("0.00", 0), day("500.00", 5)], "{split}");
    assert_eq!(split["short"], "500.00");
    let told = calendar(&app, &owner, &site).await;
    let (first, second) = (event(&told, &site, "2026-02"), event(&told, &site, "2026-02-2"));
    assert!(first.contains("20260210") && second.contains("20260225") && second.contains("尚缺 500.00"), "{told}");
    // A cycle that is no part of a month is refused with what to write instead.
    let odd = json!({"valid_on": "2026-03-01", "document_id": null, "fact": {
        "kind": "labour_cost", "share": "0.2", "monthly": null, "transfer_day": 10, "cycle_months": "0.7"}});
    let refused = manager.post(&format!("{}/facts", site.path), odd).send().await.refuse(422, "invalid");
    assert!(refused.to_string().contains("0.5"), "{refused}");
    assert_eq!(app.broken(), Vec::<String>::new());
});

both!(a_contract_that_changes_within_a_month_of_several_transfers_moves_no_day, |app| {
    let manager = app.labour_manager();
    let terms = |monthly: &str, day: u32, cycle: &str| json!({"kind": "labour_cost", "share": null, "monthly": monthly, "transfer_day": day, "cycle_months": cycle});
    for (number, (from, first, second, expected)) in (1..).zip([
        ("2026-02-15", (10, "0.5"), (10, "0.5"), ["2026-02-10 30000.00", "2026-02-25 40000.00"].as_slice()),
        ("2026-02-15", (10, "0.5"), (10, "1"), ["2026-02-10 30000.00", "2026-02-25 40000.00"].as_slice()),
        ("2026-02-15", (10, "0.5"), (20, "1"), ["2026-02-10 30000.00", "2026-02-20 40000.00"].as_slice()),
        (
            "2026-02-12",
            (10, "0.25"),
            (10, "0.5"),
            ["2026-02-02 15000.00", "2026-02-10 15000.00", "2026-02-25 40000.00"].as_slice(),
        ),
        ("2026-02-15", (10, "1"), (10, "0.5"), ["2026-02-10 60000.00"].as_slice()),
        ("2026-02-05", (10, "1"), (10, "0.5"), ["2026-02-10 40000.00", "2026-02-25 40000.00"].as_slice()),
    ]) {
        let site = project(&manager, number, "330784").await;
        fact(&manager, &site, "2025-12-01", json!({"kind": "started"})).await;
        fact(&manager, &site, "2025-12-01", terms("60000.00", first.0, first.1)).await;
        fact(&manager, &site, from, terms("80000.00", second.0, second.1)).await;
        let found = items(&manager, &site).await;
        let told: Vec<String> =
            found.iter().filter(|item| item[0] == "2026-02").map(|item| format!("{} {}", item[1], item[2])).collect();
        assert_eq!(told, expected, "{first:?} {second:?} from {from}");
    }
    assert_eq!(app.broken(), Vec::<String>::new());
});
