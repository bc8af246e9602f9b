use super::*;
use crate::law::embedded_files;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}

fn faults(change: impl FnOnce(&mut Vec<(String, String)>)) -> Vec<Fault> {
    let mut files = embedded_files();
    change(&mut files);
    LawBook::from_files(files).map(|_| Vec::new()).unwrap_or_else(|faults| faults)
}

fn edit(path: &str, edit: impl FnOnce(&str) -> String) -> Vec<Fault> {
    faults(|files| {
        let file = files.iter_mut().find(|(name, _)| name == path).unwrap();
        let changed = edit(&file.1);
        assert_ne!(changed, file.1, "the edit changed nothing");
        file.1 = changed;
    })
}

#[test]
fn the_shipped_book_has_no_faults() {
    let shown: Vec<String> = faults(|_| {}).iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn the_hash_is_of_contents_not_of_layout() {
    let book = LawBook::from_files(embedded_files()).unwrap();
    let mut files = embedded_files();
    files.reverse();
    for (_, text) in &mut files {
        text.insert_str(0, "# remark\n\n");
    }
    assert_eq!(LawBook::from_files(files).unwrap().hash(), book.hash());
    let mut files = embedded_files();
    let file = files.iter_mut().find(|(name, _)| name == "law/regions/650000.toml").unwrap();
    file.1 = file.1.replacen("5000000.00", "5000000.01", 1);
    assert_ne!(LawBook::from_files(files).unwrap().hash(), book.hash());
    assert_eq!(book.hash().len(), 64);
}

#[test]
fn values_are_found_along_the_chain() {
    let book = LawBook::from_files(embedded_files()).unwrap();
    let urumqi = book.value("deposit.cap", region("650102"), day("2026-03-02"));
    assert_eq!(urumqi.value.unwrap().region, region("650000"));
    assert_eq!(urumqi.chain.len(), 3);
    let shenzhen = book.value("deposit.rate", region("440303"), day("2026-03-02")).value.unwrap();
    assert_eq!(shenzhen.status, Standing::Superseded);
    let replenish = book.value("deadline.deposit_replenish", region("440300"), day("2026-03-02")).value.unwrap();
    assert_eq!((replenish.region, replenish.status), (RegionCode::NATION, Standing::Unverified));
    assert!(book.value("deposit.rate", region("650000"), day("2021-10-31")).value.is_none());
    assert!(book.value("deposit.rate", region("650000"), day("2021-11-01")).value.is_some());
}

#[test]
fn faults_name_file_table_and_line() {
    let found = edit("law/regions/650000.toml", |text| text.replacen("unit = \"yuan\"", "unit = \"yuan\"\ncolour = \"red\"", 1));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].file.as_str(), found[0].table.as_str()), ("law/regions/650000.toml", "value"));
    assert!(found[0].line > 5 && found[0].en.contains("`colour`") && found[0].zh.contains("colour"), "{}", found[0]);
}

#[test]
fn floats_gaps_overlaps_and_missing_sources_are_refused() {
    let float = edit("law/regions/650000.toml", |text| text.replacen("\"0.005\"", "0.005", 1));
    assert!(float[0].en.contains("float"), "{}", float[0]);
    let inner = edit("law/regions/650000.toml", |text| text.replacen("rate = \"0.02\"", "rate = 0.02", 1));
    assert_eq!(inner.len(), 1);
    let second = |first_to: &str, from: &str| {
        edit("law/regions/650000.toml", |text| {
            let cap = "key = \"deposit.cap\"\nvalue = \"5000000.00\"\nunit = \"yuan\"\n";
            let tail = "document = \"新疆实施细则\"\nstatus = \"in_force\"\n";
            text.replacen(cap, &format!("{cap}{first_to}"), 1) + &format!("\n[[value]]\n{cap}from = {from}\n{tail}")
        })
    };
    assert!(second("", "2026-01-01")[0].en.contains("overlaps"));
    assert!(second("to = 2025-12-30\n", "2026-01-01")[0].en.contains("gap"));
    assert!(second("to = 2026-01-01\n", "2026-01-01")[0].en.contains("overlaps"));
    assert!(second("to = 2025-12-31\n", "2026-01-01").is_empty());
    let uncited = edit("law/regions/320000.toml", |text| {
        let line = text.lines().find(|line| line.starts_with("document")).unwrap().to_owned();
        text.replacen(&line, "", 1)
    });
    assert!(uncited[0].en.contains("`document` is missing"), "{}", uncited[0]);
}

#[test]
fn looser_regions_need_a_named_ground() {
    let looser = |extra: &str| {
        edit("law/regions/130000.toml", |text| {
            let old = "key = \"deposit.reduce_after_two_years\"\nvalue = \"0.5\"\n";
            text.replacen(old, &format!("key = \"deposit.reduce_after_two_years\"\nvalue = \"0.4\"\n{extra}"), 1)
        })
    };
    assert!(looser("")[0].en.contains("derogation"));
    assert!(looser("derogation = \"第十二条第二款\"\n").is_empty());
    let low = edit("law/regions/130000.toml", |text| text.replacen("rate = \"0.02\"", "rate = \"0.0099\"", 1));
    assert!(low[0].en.contains("looser"), "{}", low[0]);
}

#[test]
fn rules_and_code_fit_each_other() {
    let renamed = edit("law/rules.toml", |text| text.replacen("id = \"R65-08\"", "id = \"R65-08x\"", 1));
    assert!(renamed.iter().any(|fault| fault.en.contains("code computes rule `R65-08`")));
    assert!(renamed.iter().any(|fault| fault.table == "rule R65-08x" && fault.en.contains("no code computes it")));
}

#[test]
fn broken_files_are_faults_not_panics() {
    assert!(faults(|files| files.push(("law/regions/999999.toml".into(), "[[".into())))[0].en.contains("TOML"));
    assert_eq!(
        faults(|files| files.push(("law/regions/990000.toml".into(), "region = \"980000\"\nname = \"x\"".into()))).len(),
        1
    );
    assert_eq!(faults(|files| files.push(("law/other.toml".into(), String::new()))).len(), 1);
    assert!(!faults(|files| files.retain(|(path, _)| !path.starts_with("calendar/"))).is_empty());
    assert!(LawBook::from_files(Vec::new()).is_err());
}

#[test]
fn calendars_hold_the_make_up_days_of_the_law_table() {
    let book = LawBook::from_files(embedded_files()).unwrap();
    assert_eq!(book.calendar().years().collect::<Vec<_>>(), (2020..=2026).collect::<Vec<_>>());
    for text in ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10", "2025-01-26", "2025-09-28"] {
        assert_eq!(book.calendar().is_workday(day(text)), Some(true), "{text}");
    }
    // The statutory days off of the 2024 holiday rule (C-03), where they fall on fixed dates.
    for year in 2020..=2026 {
        for (month, number) in [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)] {
            assert_eq!(book.calendar().is_workday(Day::of(year, month, number).unwrap()), Some(false), "{year}-{month}-{number}");
        }
    }
}

/// One bad file for each refusal: file, what is changed in it, and what the fault must name.
#[test]
fn every_refusal_names_file_table_and_line() {
    let (rules, xinjiang, days, crime) =
        ("law/rules.toml", "law/regions/650000.toml", "law/parameters/deadlines.toml", "law/regions/320000.toml");
    type Bad = (&'static str, &'static str, &'static str, &'static str, &'static str);
    let bad: [Bad; 33] = [
        (xinjiang, "unit = \"yuan\"", "unit = \"yuan\"\ncolour = 1", "value", "unknown key `colour`"),
        (rules, "owes = \"anyone\"", "owes = \"anyone\"\nduty = 1", "rule", "unknown key `duty`"),
        (xinjiang, "region = \"650000\"", "region = \"650000\"\ncapital = \"x\"", "(file)", "unknown key `capital`"),
        (xinjiang, "\"0.005\"", "0.005", "value deposit.second_project_points", "found a float"),
        (xinjiang, "\"5000000.00\"", "5000000", "value deposit.cap", "found a whole number"),
        (xinjiang, "\"5000000.00\"", "\"5000000.001\"", "value deposit.cap", "`value` must be"),
        (xinjiang, "rate = \"0.02\"", "rate = 0.02", "value deposit.rate", "`value` must be"),
        (xinjiang, "below = \"100000000.00\"", "below = \"1000000.00\"", "value deposit.rate", "`value` must be"),
        (xinjiang, "unit = \"yuan\"", "unit = \"fen\"", "value deposit.cap", "unit `fen`"),
        (xinjiang, "unit = \"yuan\"", "unit = \"ratio\"", "value deposit.cap", "the unit does not fit"),
        (xinjiang, "from = 2021-11-01", "from = \"2021-11-01\"", "value deposit.rate", "`from` must be a local date"),
        (xinjiang, "from = 2021-11-01", "from = 2021-11-01\nto = 2021-10-31", "value deposit.rate", "`to` is before `from`"),
        (xinjiang, "status = \"in_force\"", "status = \"certain\"", "value deposit.rate", "`status` must be"),
        (xinjiang, "key = \"deposit.cap\"", "key = \"deposit.lid\"", "value deposit.lid", "unknown parameter"),
        (crime, "document = ", "note = ", "value", "`document` is missing"),
        (xinjiang, "region = \"650000\"", "region = \"660000\"", "(file)", "`region` must be"),
        (xinjiang, "\"0.03\"", "\"0.0301\"", "value deposit.rate", "looser than national law"),
        (days, "rule = \"R53-06a\"", "rule = \"R53-99\"", "value deadline.account_open", "`rule` is not in rules.toml"),
        (
            days,
            "instrument = \"mohrss-53\"",
            "instrument = \"mohrss-99\"",
            "value deadline.account_open",
            "`instrument` is not in",
        ),
        (
            days,
            "key = \"deadline.account_open\"",
            "key = \"deposit_top_up.limit\"",
            "value deposit_top_up.limit",
            "only regions set",
        ),
        (days, "value = 30", "value = 99999", "value deadline.account_open", "`value` must be"),
        (rules, "id = \"R65-08\"", "id = \"R65-08x\"", "rule R65-08x", "no code computes it"),
        (rules, "id = \"R65-08\"", "id = \"R65-08x\"", "rule R65-08", "code computes rule `R65-08`"),
        (rules, "id = \"R65-08\"", "id = \"R65-11a\"", "rule R65-11a", "this rule is there twice"),
        (rules, "from = 2021-07-07", "from = 2021-07-07\nto = 2021-07-06", "rule R53-05", "`to` is before `from`"),
        (rules, "instrument = \"mohrss-53\"", "instrument = \"mohrss-54\"", "rule R53-05", "`instrument` is not in"),
        (rules, "article = \"203\"", "article = \"9999\"", "rule C-02", "the article cited has no words"),
        (rules, "owes = \"anyone\"", "owes = \"anyone\"\nversion = 0", "rule C-02", "`version` must be"),
        ("law/instruments.toml", "id = \"mohrss-53\"", "id = \"sc724\"", "instrument sc724", "this id is there twice"),
        ("law/articles/civil.toml", "article = \"203\"", "article = \"201\"", "article civil 201", "this article is there twice"),
        (
            "law/articles/civil.toml",
            "instrument = \"civil\"",
            "instrument = \"tribal\"",
            "article tribal 201",
            "`instrument` is not in",
        ),
        ("calendar/2026.toml", "year = 2026", "year = 2027", "(file)", "`year` must be"),
        (
            "law/parameters/duties.toml",
            "key = \"pay.cycle\"",
            "key = \"award.final_months\"",
            "value award.final_months",
            "the unit does not fit",
        ),
    ];
    for (file, from, to, table, words) in bad {
        let found = edit(file, |text| text.replacen(from, to, 1));
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        let fault = found.iter().find(|fault| fault.file == file && fault.table == table && fault.en.contains(words));
        let fault = fault.unwrap_or_else(|| panic!("{file}: [{table}] {words}\n{}", shown.join("\n")));
        assert!(fault.line > 0 && !fault.zh.is_empty(), "{fault}");
        // No fault of any kind goes without a place.
        assert!(found.iter().all(|fault| !fault.file.is_empty() && !fault.table.is_empty() && fault.line > 0), "{shown:?}");
    }
}

#[test]
fn a_national_number_that_code_asks_for_may_not_be_missing() {
    let found = edit("law/parameters/duties.toml", |text| text.replacen("key = \"pay.cycle\"", "key = \"no.cycle\"", 1));
    assert!(found.iter().any(|fault| fault.en.contains("`pay.cycle` has no value") && fault.line > 0));
}

#[test]
fn a_stored_book_may_be_older_than_the_code_but_not_worse() {
    let older: Vec<(String, String)> =
        embedded_files().into_iter().filter(|(path, _)| path != "law/parameters/duties.toml").collect();
    assert!(LawBook::from_files(older.clone()).is_err());
    assert!(LawBook::from_stored(older.clone()).is_ok());
    let mut bad = older;
    bad.push(("law/regions/990000.toml".into(), "region = \"990000\"\nname = \"x\"\ncolour = 1".into()));
    assert!(LawBook::from_stored(bad).is_err());
}
