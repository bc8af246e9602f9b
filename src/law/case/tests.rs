use super::*;
use crate::law::embedded_files;

fn book() -> LawBook {
    LawBook::from_files(embedded_files()).unwrap()
}

#[test]
fn all_golden_cases_pass() {
    let book = book();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/law");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut passed, mut failed) = (0, Vec::new());
    for path in paths.iter().filter(|path| path.extension().is_some_and(|kind| kind == "toml")) {
        for outcome in run_cases(&std::fs::read_to_string(path).unwrap(), &book) {
            if outcome.passed() {
                passed += 1;
            } else {
                failed.push(format!("{}: {outcome:#?}", path.display()));
            }
        }
    }
    assert!(failed.is_empty(), "{passed} passed, {} failed\n{}", failed.len(), failed.join("\n"));
    assert!(passed > 90);
}

fn differences(case: &str) -> Vec<String> {
    let text = format!("[[case]]\nid = \"x\"\nregion = \"000000\"\nas_of = 2026-03-02\n{case}");
    run_cases(&text, &book()).remove(0).differences.into_iter().map(|difference| difference.key).collect()
}

#[test]
fn a_wrong_expectation_names_its_key() {
    let compensation = "ask = \"compensation\"\ngiven = { arrears = \"240000.00\" }\n";
    assert!(differences(&format!("{compensation}expect = {{ min = \"120000\", max = \"240000.0\" }}")).is_empty());
    assert_eq!(differences(&format!("{compensation}expect = {{ min = \"120000.01\", max = \"240000\" }}")), ["min"]);
    assert_eq!(differences(&format!("{compensation}not = {{ min = [\"1\", \"120000.00\"] }}")), ["min"]);
    assert_eq!(differences(&format!("{compensation}not = {{ rules = \"R423-26\" }}")), ["rules"]);
    assert_eq!(differences(&format!("{compensation}absent = [\"min\"]")), ["min"]);
    assert!(differences(&format!("{compensation}absent = [\"unknown\", \"needs\", \"colour\"]")).is_empty());
    assert_eq!(differences(&format!("{compensation}expect = {{ min = 120000 }}")), ["min"]);
    assert_eq!(differences(&format!("{compensation}expect_error = \"arrears\"")), ["arrears"]);
}

#[test]
fn refusals_name_the_key() {
    for (given, key) in [
        ("arrears = 1.5", "arrears"),
        ("arrears = 5", "arrears"),
        ("arrears = \"-5\"", "arrears"),
        ("arrears = \"1.005\"", "arrears"),
        ("arrear = \"5\"", "arrear"),
    ] {
        let case = format!("ask = \"compensation\"\ngiven = {{ {given} }}\nexpect_error = \"{key}\"");
        assert!(differences(&case).is_empty(), "{given}");
    }
    assert_eq!(differences("ask = \"weather\"\nexpect = { sun = true }"), ["ask"]);
    assert_eq!(differences("ask = \"compensation\"\nregion_values = { x = true }\nexpect = { unknown = true }"), ["x"]);
    assert_eq!(differences("ask = \"compensation\"\ncolour = 1\nexpect = { unknown = true }"), ["colour"]);
    assert_eq!(differences("ask = \"compensation\""), ["expect"]);
}

#[test]
fn broken_files_are_one_failed_outcome() {
    for text in ["[[case", "case = 1", "colour = 1", "case = [1]"] {
        let outcomes = run_cases(text, &book());
        assert_eq!(outcomes.len(), 1, "{text}");
        assert!(!outcomes[0].passed());
    }
    assert!(run_cases("", &book()).is_empty());
}

#[test]
fn a_dagger_on_an_article_is_shown_in_the_trace_and_changes_nothing() {
    let text = "[[case]]\nid = \"x\"\nask = \"deadline\"\nregion = \"000000\"\nas_of = 2026-01-30\n\
                given = { kind = \"account_open\", from = 2026-01-30 }\nexpect = { status = \"in_force\" }";
    let outcome = run_cases(text, &book()).remove(0);
    assert!(outcome.passed());
    assert!(outcome.trace.iter().any(|line| line.contains("article_unverified")), "{:?}", outcome.trace);
}

#[test]
fn every_question_has_a_name_and_answers_to_nothing_given() {
    let book = book();
    let nation = RegionCode::NATION;
    let day: Day = "2026-03-02".parse().unwrap();
    for name in questions::NAMES {
        let answer = questions::answer(name, &book, nation, day, &Table::new()).unwrap();
        // What needs no fact: an ongoing violation, and a region without a rule on joint handling.
        let answered = ["inspection_window", "joint_intervention"].contains(&name);
        assert_eq!(answer["unknown"], Json::Bool(!answered), "{name}: {answer}");
        assert!(answered || !answer["needs"].as_array().unwrap().is_empty(), "{name}: {answer}");
    }
}
