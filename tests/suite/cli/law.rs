//! `law cases`, `law explain`, `law check`.

use super::{Folder, tree};

#[test]
fn every_case_of_the_tree_passes() {
    let folder = Folder::new();
    let mut files: Vec<String> = std::fs::read_dir(tree("tests/law"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let arguments: Vec<&str> = ["law", "cases"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let ran = folder.run(&arguments).ends(0);
    let (passed, rest) = ran.last().split_once(' ').expect("a number");
    assert!(passed.parse::<u32>().expect("a number") >= 200, "{}", ran.last());
    assert_eq!(rest, "passed, 0 failed");
}

const CASE: &str = "[[case]]\nid = \"OT01\"\nask = \"deadline\"\nregion = \"520000\"\nas_of = 2026-03-02\n\
given = { kind = \"account_filing\", from = 2026-03-02 }\nexpect = { raw = 2026-03-12, due = 2026-03-12 }\n";

#[test]
fn a_failing_case_is_named_with_the_key_that_differs() {
    let folder = Folder::new();
    folder.write("good.toml", CASE);
    folder.write("bad.toml", CASE.replace("OT01", "OT99").replace("due = 2026-03-12", "due = 2026-03-13"));
    let ran = folder.run(&["law", "cases", "good.toml", "bad.toml"]).ends(1);
    assert_eq!(ran.last(), "1 passed, 1 failed");
    assert!(ran.out.contains("OT99") && !ran.out.contains("OT01"), "{}", ran.out);
    let difference = ran.out.lines().find(|line| line.trim_start().starts_with("due:")).expect("the differing key");
    assert!(difference.contains("2026-03-13") && difference.contains("2026-03-12"), "{difference}");
    assert!(!ran.out.contains("raw: expected"), "a key that agrees is not a difference");
}

#[test]
fn cases_that_cannot_be_asked_fail() {
    let folder = Folder::new();
    for (name, text) in [
        ("question.toml", CASE.replace("\"deadline\"", "\"weather\"")),
        ("key.toml", CASE.replace("expect = {", "expect = { colour = \"red\",")),
        ("given.toml", CASE.replace("kind = \"account_filing\"", "kind = \"tea\"")),
        ("broken.toml", "[[case]\n".to_owned()),
        ("empty.toml", String::new()),
    ] {
        folder.write(name, text);
        let ran = folder.run(&["law", "cases", name]).ends(1);
        assert!(ran.last().starts_with("0 passed, "), "{name}: {}", ran.last());
    }
}

#[test]
fn rules_and_values_are_explained_with_source_and_chain() {
    let folder = Folder::new();
    let value = folder.run(&["law", "explain", "deposit.rate", "--as-of", "2026-03-02", "--region", "650102"]).ends(0);
    for part in ["deposit.rate", "650102", "650000", "2021-11-01", "in_force", "0.03"] {
        assert!(value.out.contains(part), "{part}: {}", value.out);
    }
    let rule = folder.run(&["law", "explain", "R53-06c", "--region", "520000", "--as-of", "2026-03-02"]).ends(0);
    for part in ["R53-06c", "人社部发〔2021〕53号", "520000", "in_force", "10"] {
        assert!(rule.out.contains(part), "{part}: {}", rule.out);
    }
    // The nation's value where the region has none.
    let nation = folder.run(&["law", "explain", "R53-06c", "--as-of", "2026-03-02"]).ends(0);
    assert!(nation.out.contains("= 30 "), "{}", nation.out);
    folder.run(&["law", "explain", "no.such.key"]).ends(1);
}

#[test]
fn the_shipped_configuration_has_no_faults() {
    let ran = Folder::new().run(&["law", "check", &tree("config")]).ends(0);
    assert!(ran.last().starts_with("0 faults"), "{}", ran.last());
}

/// Checks a folder that holds one changed file.
#[track_caller]
fn refused(file: &str, edit: impl FnOnce(&str) -> String, wanted: &[&str]) {
    let folder = Folder::new();
    let text = std::fs::read_to_string(tree(&format!("config/{file}"))).expect("a file of the tree");
    let changed = edit(&text);
    assert_ne!(changed, text, "the edit changed nothing");
    folder.write(&format!("laid/{file}"), &changed);
    let ran = folder.run(&["law", "check", "laid"]).ends(1);
    let line = ran.out.lines().find(|line| line.starts_with(&format!("{file}:"))).unwrap_or_default();
    for part in wanted {
        assert!(line.contains(part), "{part}: {}", ran.out);
    }
    // `file:line: [table] …`
    let number: usize = line.split(':').nth(1).and_then(|number| number.parse().ok()).expect("a line number");
    assert!((1..=changed.lines().count()).contains(&number), "{line}");
    assert!(!ran.last().starts_with("0 "), "{}", ran.last());
    // A service must not start on such law either.
    let config = folder.path("laid");
    folder.run(&["--config", &config.to_string_lossy(), "law", "explain", "deposit.rate"]).ends(2);
}

#[test]
fn unknown_keys_and_floats_are_refused() {
    let file = "law/regions/650000.toml";
    refused(file, |text| text.replacen("unit = \"yuan\"", "unit = \"yuan\"\ncolour = \"red\"", 1), &["[value", "`colour`"]);
    refused(file, |text| text.replacen("\"0.005\"", "0.005", 1), &["[value", "float"]);
    refused(file, |text| text.replacen("rate = \"0.02\"", "rate = 0.02", 1), &["float"]);
}

#[test]
fn overlaps_gaps_and_uncited_values_are_refused() {
    let file = "law/regions/650000.toml";
    let cap = "key = \"deposit.cap\"\nvalue = \"5000000.00\"\nunit = \"yuan\"\n";
    let second = |to: &'static str| {
        move |text: &str| {
            let next = "from = 2026-01-01\ndocument = \"测试文件\"\nstatus = \"in_force\"\n";
            text.replacen(cap, &format!("{cap}{to}"), 1) + &format!("\n[[value]]\n{cap}{next}")
        }
    };
    refused(file, second(""), &["deposit.cap", "overlaps"]);
    refused(file, second("to = 2025-12-30\n"), &["deposit.cap", "gap"]);
    let uncited = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("document")).expect("a document").to_owned();
        text.replacen(&line, "", 1)
    };
    refused("law/regions/320000.toml", uncited, &["[value", "`document` is missing"]);
}

#[test]
fn a_region_may_not_be_looser_than_the_nation() {
    refused(
        "law/regions/130000.toml",
        |text| text.replacen("rate = \"0.02\"", "rate = \"0.0099\"", 1),
        &["deposit.rate", "looser"],
    );
}

#[test]
fn a_folder_without_law_is_wrong_use() {
    let folder = Folder::new();
    folder.write("empty/readme.txt", "");
    folder.run(&["law", "check", "empty"]).ends(2);
}
