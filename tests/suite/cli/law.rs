//! `law cases`, `law explain`, `law check`, `law keys`, `law try`.

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

#[test]
fn parameters_are_listed_with_unit_bound_and_meaning() {
    let folder = Folder::new();
    let all = folder.run(&["law", "keys"]).ends(0);
    let count: usize = all.last().strip_suffix(" keys").expect("a count").parse().expect("a number");
    assert!(count > 100, "{count}");
    let cap = folder.run(&["law", "keys", "deposit.cap_total"]).ends(0);
    assert!(cap.out.contains("[yuan]") && cap.out.contains("同一企业保证金总额上限"), "{}", cap.out);
    let account = folder.run(&["law", "keys", "deadline.account_open"]).ends(0);
    assert!(account.out.contains("not above deadline.account_open") && account.out.contains("30"), "{}", account.out);
    assert_eq!(folder.run(&["law", "keys", "weather"]).ends(1).last(), "0 keys");
}

#[test]
fn a_change_is_tried_on_a_database_and_refused_as_the_loader_does() {
    let folder = Folder::settled();
    let run = |more: &[&str]| {
        let span = ["law", "try", "--from", "2026-01-01", "--to", "2026-01-31", "--data", "data"];
        folder.run(&span.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let ran = run(&["--set", "deadline.account_open=10"]).ends(0);
    assert_eq!(ran.last(), "0 projects, 31 days, 0 findings differ, 0 gate answers differ");
    assert!(ran.out.contains("changed value deadline.account_open 000000"), "{}", ran.out);
    let json = run(&["--set", "deadline.account_open=20 workday", "--json"]).ends(0);
    let (report, last) = json.out.trim_end().rsplit_once('\n').expect("a report and a summary");
    let report: serde_json::Value = serde_json::from_str(report).expect("JSON");
    super::has_keys(&report, &["law_book", "changed_book", "changes", "rules", "gates", "findings", "more_findings", "answers"]);
    assert!(last.starts_with("0 projects, "), "{last}");
    // A region's file of an invented region, laid over the law by the code inside.
    let region = "region = \"640000\"\nname = \"某区\"\n\n[[value]]\nkey = \"deposit.rate\"\nvalue = [{ rate = \"0.02\" }]\n\
                  unit = \"brackets\"\nfrom = 2025-01-01\ndocument = \"某办法\"\nstatus = \"in_force\"\n";
    folder.write("mine.toml", region);
    assert!(run(&["--file", "mine.toml"]).ends(0).out.contains("added value deposit.rate 640000"));
    folder.write("looser.toml", region.replace("0.02", "0.04"));
    let looser = run(&["--file", "looser.toml"]).ends(1);
    assert!(looser.out.contains("law/regions/640000.toml") && looser.last() == "not tried: 1 faults", "{}", looser.out);
    assert_eq!(run(&["--set", "no.such=1"]).ends(1).last(), "not tried: 1 faults");
    folder.write("lost.toml", "x = 1\n");
    run(&["--file", "lost.toml"]).ends(2);
    run(&["--set", "deadline.account_open"]).ends(2);
    run(&["--set", "deadline.account_open=10", "--region", "33"]).ends(2);
    let backwards =
        ["law", "try", "--set", "deadline.account_open=10", "--from", "2026-02-01", "--to", "2026-01-01", "--data", "data"];
    folder.run(&backwards).ends(2);
    folder.run(&["verify", "--data", "data"]).ends(0);
}

#[test]
fn the_law_chapter_of_the_readme_works_by_copy_and_paste() {
    let readme = include_str!("../../../README.md");
    let marked = readme.split("<!-- law:begin -->").nth(1).and_then(|rest| rest.split("<!-- law:end -->").next());
    let blocks: Vec<&str> = marked
        .expect("the chapter's marks")
        .split("```bash\n")
        .skip(1)
        .map(|block| block.split("```").next().expect("an end"))
        .collect();
    assert_eq!(blocks.len(), 4, "write, check, look, try");
    let folder = Folder::settled();
    folder.write("chapter.sh", format!("set -euo pipefail\n{}", blocks.join("\n")));
    let mut command = std::process::Command::new("bash");
    command.arg("chapter.sh").current_dir(folder.path(".")).env_remove("DATABASE_URL");
    let ran = command.env("ANXIN", env!("CARGO_BIN_EXE_anxin")).env("DATA", "data").output().expect("bash");
    let ran = super::Ran::of(ran).ends(0);
    for part in
        ["0 faults, law book", "990000示例省（虚构） 采用 answers", "deadline.account_filing = 10 day", "0 projects, 31 days"]
    {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    // What the chapter says that `law explain` prints, it prints.
    let printed =
        readme.split("`law explain` prints\n\n```\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the lines");
    assert!(ran.out.contains(printed), "{printed}\n{}", ran.out);
    // A dated correction, as the chapter writes it, is sound.
    let correction = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the correction");
    folder.write("later/law/regions/990000.toml", format!("region = \"990000\"\nname = \"示例省\"\n\n{correction}"));
    assert!(folder.run(&["law", "check", "later"]).ends(0).last().starts_with("0 faults"));
}
