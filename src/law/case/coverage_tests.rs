//! What the golden cases of tests/law reach: every rule in five ways, every number from both sides, every value of every region.
//!
//! A number is reached when some case fails once the number is moved by its smallest step, upwards and downwards; that is the case
//! only where cases stand just under, at, or just over it. What fails here names the rule or the number that has too few.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::base::Fen;
use crate::law::book::ids::CODED;
use crate::law::book::{Bracket, Dated, Span};
use crate::law::embedded_files;
use rust_decimal::Decimal;

fn book() -> LawBook {
    LawBook::from_files(embedded_files()).unwrap()
}

/// The tables of all golden cases.
fn golden() -> Vec<Table> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/law");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut tables = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|kind| kind == "toml")) {
        let mut file = tree::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        let Some(Spot { node: Node::List(items), .. }) = file.remove("case") else { panic!("{}", path.display()) };
        tables.extend(items.into_iter().map(|item| match item.node {
            Node::Table(table) => table,
            other => panic!("{other:?}"),
        }));
    }
    tables
}

fn text<'a>(table: Option<&'a Table>, key: &str) -> Option<&'a str> {
    match table?.get(key).map(|spot| &spot.node) {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}

#[test]
fn every_case_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for table in golden() {
        let id = text(Some(&table), "id").unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} is there twice");
    }
}

/// The five ways in which a case may ask a rule, by day and expected outcome.
#[test]
fn every_rule_is_asked_before_its_first_day_on_it_kept_broken_and_not_known() {
    const WAYS: [&str; 5] = ["the day before", "the first day", "kept", "broken", "not known"];
    let (book, tables) = (book(), golden());
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for table in &tables {
        let case = Case::read(table).unwrap();
        let Some(rule) = text(case.given, "rule").filter(|_| case.ask == "rule") else { continue };
        let from = book.rule(rule).unwrap().from;
        let ways = reached.entry(rule).or_default();
        let outcome = text(case.expect, "outcome").unwrap_or_default();
        match outcome {
            "not_in_force" if case.as_of == from.plus_days(-1) => drop(ways.insert("the day before")),
            "kept" => drop(ways.insert("kept")),
            "broken" => drop(ways.insert("broken")),
            "not_known" => drop(ways.insert("not known")),
            _ => {}
        }
        if case.as_of == from && outcome != "not_in_force" && !outcome.is_empty() {
            ways.insert("the first day");
        }
    }
    let mut missing = Vec::new();
    // Conventions of counting decide within other rules only; the numbers' test and the deadline cases reach them.
    for id in CODED.iter().filter(|id| !id.starts_with("C-")) {
        let ways = reached.get(id).cloned().unwrap_or_default();
        missing.extend(WAYS.iter().filter(|way| !ways.contains(*way)).map(|way| format!("{id}: no case of {way}")));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Values that no question reads: they are shown by `law explain` and the law pages, and asked for by name only. What bounds a deduction
/// is asked for where a wage is corrected, and tested there.
const SHOWN_ONLY: [&str; 6] = [
    "bond.fund_proof_for_government",
    "deposit.required_without_permit_from",
    "labour_cost.share_in_contract",
    "platform.before_start",
    "platform.holds_all_records",
    "wage.deduction_max",
];

/// Numbers that another one hides: moving them this way cannot change an answer.
const HIDDEN: [(&str, &str, &str); 1] = [
    // Zhongshan's cap is the same for a project and in total, so the total binds before a higher cap of the project.
    ("442000", "deposit.cap", "5000000.01"),
];

/// Ratios that are compared with whole numbers only, and so move by one.
const WHOLE: [&str; 1] = ["account.required_over_months"];

/// The value moved by its smallest step, in every part and both directions. What cannot exist (a count below nought) is left out.
fn moved(key: &str, value: &Value) -> Vec<(String, Value)> {
    let cent = |fen: Fen| [Fen(fen.0 - 1), Fen(fen.0 + 1)];
    let step: Decimal = if WHOLE.contains(&key) { Decimal::ONE } else { "0.0001".parse().unwrap() };
    let number = |count: u32| [count.checked_sub(1), count.checked_add(1)].into_iter().flatten();
    match value {
        Value::Money(fen) => cent(*fen).map(|fen| (fen.to_string(), Value::Money(fen))).to_vec(),
        Value::Ratio(ratio) => [*ratio - step, *ratio + step]
            .into_iter()
            .filter(|r| !r.is_sign_negative())
            .map(|r| (r.to_string(), Value::Ratio(r)))
            .collect(),
        Value::Count(count) => number(*count).map(|count| (count.to_string(), Value::Count(count))).collect(),
        Value::Truth(truth) => vec![((!truth).to_string(), Value::Truth(!truth))],
        Value::Span(span) => number(span.count).map(|count| (count.to_string(), Value::Span(Span { count, ..*span }))).collect(),
        Value::Brackets(brackets) => {
            let mut all = Vec::new();
            let mut put = |place: usize, what: &str, bracket: Bracket| {
                let mut changed = brackets.clone();
                changed[place] = bracket;
                all.push((format!("bracket {place} {what}"), Value::Brackets(changed)));
            };
            for (place, bracket) in brackets.iter().enumerate() {
                for rate in [bracket.rate - step, bracket.rate + step] {
                    put(place, &format!("rate {rate}"), Bracket { rate, ..bracket.clone() });
                }
                for below in bracket.below.into_iter().flat_map(cent) {
                    put(place, &format!("below {below}"), Bracket { below: Some(below), ..bracket.clone() });
                }
                for cap in bracket.cap.into_iter().flat_map(cent) {
                    put(place, &format!("cap {cap}"), Bracket { cap: Some(cap), ..bracket.clone() });
                }
            }
            all
        }
    }
}

/// A figure of a province is one number written as both bounds; the bounds move together then.
fn together<'a>(all: &[&'a Dated], value: &'a Dated) -> Option<Vec<&'a Dated>> {
    let other =
        |key: &str| all.iter().copied().find(|one| one.key == key && one.region == value.region && one.from == value.from);
    match value.key.strip_suffix("_low") {
        Some(stem) if stem.starts_with("crime.") => {
            let high = other(&format!("{stem}_high"))?;
            Some(if high.value == value.value { vec![value, high] } else { vec![value] })
        }
        _ => match value.key.strip_suffix("_high") {
            Some(stem) if stem.starts_with("crime.") => {
                let low = other(&format!("{stem}_low"))?;
                (low.value != value.value).then(|| vec![value])
            }
            _ => Some(vec![value]),
        },
    }
}

#[test]
fn every_number_is_held_from_both_sides() {
    let (book, tables) = (book(), golden());
    let cases: Vec<Case<'_>> = tables.iter().map(|table| Case::read(table).unwrap()).filter(|case| case.ask != "value").collect();
    // A case whose trace names the parameter comes first: it is the one that is likely to fail.
    let traces: Vec<String> =
        cases.iter().map(|case| case.ask(&book).map(|answer| answer.to_string()).unwrap_or_default()).collect();
    let all: Vec<&Dated> = book.all_values().collect();
    let mut missing = Vec::new();
    for value in all.iter().copied().filter(|value| !SHOWN_ONLY.contains(&value.key.as_str())) {
        let Some(group) = together(&all, value) else { continue };
        let named = format!("{} = ", value.key);
        let near = |place: &&usize| traces[**place].contains(&named);
        let places: Vec<usize> = (0..cases.len()).collect();
        let order = places.iter().filter(near).chain(places.iter().filter(|place| !near(place))).copied().collect::<Vec<_>>();
        for (what, changed) in moved(&value.key, &value.value) {
            if HIDDEN.contains(&(value.region.to_string().as_str(), value.key.as_str(), what.as_str())) {
                continue;
            }
            let changes: Vec<(&Dated, Value)> = group.iter().map(|one| (*one, changed.clone())).collect();
            let other = book.altered(&changes);
            if order.iter().all(|place| cases[*place].run(&other).0.is_empty()) {
                missing.push(format!("{} {} from {}: {what} changes no case", value.region, value.key, value.from));
            }
        }
    }
    assert!(missing.is_empty(), "{} numbers are not held:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_value_of_every_region_has_a_case_and_no_case_is_of_another() {
    let (book, tables) = (book(), golden());
    let mut asked = BTreeSet::new();
    for table in &tables {
        let case = Case::read(table).unwrap();
        if let Some(key) = text(case.given, "key").filter(|_| case.ask == "value" && text(case.expect, "value").is_some()) {
            asked.insert((case.region, key.to_owned()));
        }
    }
    let there: BTreeSet<_> = book
        .all_values()
        .filter(|value| value.region != RegionCode::NATION)
        .map(|value| (value.region, value.key.clone()))
        .collect();
    let missing: Vec<_> = there.difference(&asked).collect();
    assert!(missing.is_empty(), "values without a case: {missing:?}");
    let stray: Vec<_> = asked.difference(&there).collect();
    assert!(stray.is_empty(), "cases of values that the region does not have: {stray:?}");
}

/// The rows of the law table, sections 0 to 10b. Each must be answered by `law explain`.
const ROWS: &str = "C-01 C-02 C-03 C-04 C-05 C-06 C-07 C-08 R724-03 R724-06 R724-10 R724-11 R724-13 R724-14 R724-15 R724-18 R724-19 R724-20 \
R724-21 R724-22 R724-30 R724-36 R724-37 R724-23 R724-24a R724-24b R724-25 R724-26 R724-27a R724-27b R724-28a R724-28b R724-28c R724-29a \
R724-29b R724-29c R724-30b R724-31a R724-31b R724-31c R724-32 R724-33 R724-34 R724-35 R724-38 R724-39 R724-40 R724-41 R724-42 R724-44 \
R724-47 R724-48 R724-49 R724-50 R724-52 R724-54 R724-55 R724-56 R724-57 R724-58 R724-59/60/61 R724-63 R53-02 R53-04 R53-05 R53-06a \
R53-06b R53-06c R53-07 R53-08a R53-08b R53-09 R53-10 R53-12a R53-12b R53-13 R53-14 R53-15 R53-16 R53-17 R53-18 R53-19 R53-21 R53-22 \
R53-23 R53-24 R53-26 R53-27 R53-32 R65-02 R65-08 R65-09 R65-11a R65-11b R65-11c R65-12a R65-12b R65-13 R65-14 R65-15 R65-16 R65-17 \
R65-18 R65-19 R65-20 R65-21 R65-22a R65-22b R65-22c R65-23 R65-24 R65-25 R65-27 R45-04 R45-05a R45-05b R45-06 R45-07 R45-08 R45-09 \
R45-11 R45-12 R45-13 R45-14 R45-15 R45-17 RG-01 RG-02 RG-03 RG-04 RP-01 RP-02 R18-03 R18-08 R18-10 R18-13 R18-14 R18-15 R18-19 R18-20 \
R423-14 R423-17 R423-16/19 R423-20 R423-26 R423-30 RCR-01 RCR-02 RCR-03 RCR-04 RCR-05 RCR-06 RCR-07 R310-05 R310-06 R310-08 R310-09 R100 \
RGATE-01 RGATE-02 RGATE-03 RGATE-04 RGATE-05 RGATE-06 RGATE-07 RGATE-08 RGATE-09 RGATE-10 RGATE-11 RGATE-12 RL-01 RL-02 RL-03 RL-04 \
RW-01 RW-02 RW-03 RW-04 RW-05 RW-06 RW-07 RW-08 RW-09 RW-10 RWK-01 RWK-02 RWK-03 RWK-04 RWK-05 RWK-06";

#[test]
fn every_row_of_the_law_table_is_explained() {
    let book = book();
    let day = "2026-03-02".parse().unwrap();
    for row in ROWS.split_whitespace() {
        let lines =
            crate::law::explain(row, day, RegionCode::NATION, &book).unwrap_or_else(|| panic!("{row} is not in the book"));
        let rows = row.split('/').count();
        assert_eq!(lines.iter().filter(|line| line.starts_with("依据 citation: ")).count(), rows, "{row}");
    }
}
