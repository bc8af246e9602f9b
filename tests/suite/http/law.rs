//! The law to be read: rules, parameters with their chain of regions and dated values, regions, articles, the books in force.

use anxin::web::{Role, ScopeOn};
use serde_json::{Value, json};

use crate::both;
use crate::suite::ground::App;

async fn get(app: &App, path: &str) -> Value {
    app.client(Role::Bank, ScopeOn::Everything).get(&format!("/api/v1/law/{path}")).send().await.expect(200)
}

both!(a_rule_is_found_and_leads_to_its_article_and_its_numbers, |app| {
    let rules = get(&app, "rules").await;
    assert!(rules["rules"].as_array().unwrap().len() > 50);
    let found = get(&app, "rules?q=%E4%B8%89%E6%96%B9%E5%8D%8F%E8%AE%AE").await;
    assert!(found["rules"].as_array().unwrap().iter().any(|rule| rule["id"] == "R53-06a"), "{found}");
    let rule = get(&app, "rules/R53-06a").await;
    assert_eq!((&rule["holds"], &rule["system"], &rule["standing"]), (&json!(true), &json!("account"), &json!("in_force")));
    assert_eq!((&rule["owes"], &rule["knowledge"]), (&json!("general_contractor"), &json!(false)));
    for key in
        ["to", "counts_towards", "article", "words", "paraphrase", "article_unverified", "parameters", "title_zh", "title_en"]
    {
        assert!(rule.get(key).is_some(), "`{key}` is always there: {rule}");
    }
    assert!(rule["parameters"].as_array().unwrap().contains(&json!("deadline.account_open")));
    assert_eq!(get(&app, "rules/R53-06a?as_of=2021-07-06").await["holds"], false, "the day before");
    assert_eq!(get(&app, "rules/R53-06a?as_of=2021-07-07").await["holds"], true, "the first day");
    let article = get(&app, &format!("articles/{}", rule["article"].as_str().unwrap())).await;
    assert_eq!(article["words"], rule["words"]);
    assert!(article["rules"].as_array().unwrap().contains(&json!("R53-06a")));
    let instruments = get(&app, "instruments").await;
    let law = instruments["instruments"].as_array().unwrap().iter().find(|one| one["id"] == article["instrument"]).unwrap();
    assert!(law["articles"].as_array().unwrap().contains(&article["id"]), "{law}");
});

both!(a_number_says_who_says_so_and_whom_was_asked, |app| {
    let cap = get(&app, "parameters/deposit.cap?region=650102&as_of=2026-03-02").await;
    assert_eq!((&cap["value"]["value"], &cap["value"]["unit"]), (&json!("5000000.00"), &json!("yuan")));
    assert_eq!((&cap["value"]["region"], &cap["national"]), (&json!("650000"), &json!(false)));
    let chain: Vec<(&str, &str)> = cap["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (step["region"].as_str().unwrap(), step["found"].as_str().unwrap()))
        .collect();
    assert_eq!(chain, [("650102", "nothing"), ("650100", "nothing"), ("650000", "answers")]);
    assert!(cap["history"].as_array().unwrap().iter().all(|value| value["citation"].as_str().unwrap().len() > 3));
    // The first day and the day before.
    let held = async |day: &str| get(&app, &format!("parameters/deposit.cap?region=650102&as_of={day}")).await["value"].clone();
    assert!(held("2021-10-31").await.is_null() && held("2021-11-01").await.is_object());
    // A region whose numbers were not read: no value, and the chain says why.
    let empty = get(&app, "parameters/deposit.rate?region=310104").await;
    assert!(empty["value"].is_null());
    assert_eq!(empty["chain"][2]["note"], "enter from the official text", "{empty}");
    let national = get(&app, "parameters/deadline.account_open").await;
    assert_eq!((&national["region"], &national["value"]["value"]), (&json!("000000"), &json!("30 day")));
    assert_eq!((&national["rule"], &national["guard"]), (&json!("R53-06a"), &json!("not_above deadline.account_open")));
    assert!(national["words"].is_string());
    let all = get(&app, "parameters").await;
    assert!(all["parameters"].as_array().unwrap().iter().any(|one| one["key"] == "deposit.cap" && one["meaning_zh"].is_string()));
    let region = get(&app, "regions/310000").await;
    assert_eq!((&region["is_empty"], &region["values"]), (&json!(true), &json!([])));
    let regions = get(&app, "regions").await;
    assert!(regions["regions"].as_array().unwrap().iter().any(|one| one["code"] == "650000" && one["is_empty"] == false));
});

both!(what_is_not_there_and_what_cannot_be_read_is_told_apart, |app| {
    let reader = app.labour_manager();
    for path in ["rules/R0-00", "parameters/no.such", "articles/sc724:999", "articles/sc724", "regions/999999", "regions/000000"]
    {
        reader.get(&format!("/api/v1/law/{path}")).send().await.refuse(404, "not_found");
    }
    for (path, place) in [
        ("parameters/deposit.cap?region=65010", "region"),
        ("parameters/deposit.cap?region=abcdef", "region"),
        ("parameters/deposit.cap?as_of=2026-02-30", "as_of"),
        ("rules/R53-06a?as_of=yesterday", "as_of"),
        ("rules?as_of=2026-2-3", "as_of"),
        ("regions/33", "region"),
    ] {
        let refused = reader.get(&format!("/api/v1/law/{path}")).send().await.refuse(422, "invalid");
        assert_eq!(refused["errors"][0]["place"], place, "{path}");
    }
    let long = "x".repeat(101);
    let refused = reader.get(&format!("/api/v1/law/rules?q={long}")).send().await.refuse(422, "invalid");
    assert_eq!(refused["errors"][0]["reason"], "over_limit");
    app.get("/api/v1/law/rules").send().await.refuse(401, "not_authenticated");
});

both!(the_books_in_force_are_told_with_the_amendments_that_made_them, |app| {
    let first = get(&app, "book").await;
    assert_eq!((first["hash"].as_str(), &first["activation"]), (Some(app.ground.book().hash()), &json!(0)));
    assert!(first["engine"].as_str().unwrap().starts_with("anxin ") && first["activated_at"].is_string());
    assert_eq!(first["history"].as_array().unwrap().len(), 1);
    let (one, two) = (app.client(Role::Administrator, ScopeOn::Everything), app.authority());
    let file = "law/regions/330784.toml";
    let shown = one.get(&format!("/api/v1/law-files?file={file}")).send().await.expect(200);
    let wording = shown["wording"].as_str().unwrap().replacen("value = true", "value = false", 1);
    let proposal =
        json!({"kind": "region", "file": file, "wording": wording, "reason": "测试", "document": "测试文件一号", "seen": 0});
    let proposal = one.post("/api/v1/amendments", proposal).send().await.expect(201);
    assert_eq!(get(&app, "book").await, first, "a proposal is no law");
    let approve = format!("/api/v1/amendments/{}/approve", proposal["id"].as_str().unwrap());
    two.post(&approve, json!({})).send().await.expect(200);
    let book = get(&app, "book").await;
    assert_eq!((book["hash"].as_str(), &book["activation"]), (Some(app.ground.book().hash()), &json!(1)));
    let turns = book["history"].as_array().unwrap();
    assert_eq!((turns.len(), &turns[0]["amendment"], &turns[0]["document"]), (2, &proposal["id"], &json!("测试文件一号")));
    assert_eq!((&turns[0]["changes"][0]["turn"], &turns[1]["hash"]), (&json!("changed"), &first["hash"]));
});
