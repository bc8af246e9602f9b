//! Runs law cases: golden tests as data, in the format that `anxin law cases` reads.
//!
//! `expect` is a subset of the answer: keys that it does not name are not checked, lists must be contained, decimals compare as
//! numbers. `not` names answers that must not come, `absent` keys that must not be there, `expect_error` the key of a refusal.

use serde::Serialize;
use serde_json::Value as Json;

use crate::base::{Day, RegionCode};

use super::LawBook;
use super::book::{Citation, Value};
use super::questions::given::{Given, Refusal};
use super::questions::{self};
use super::tree::{self, Node, Spot, Table};

/// A key whose answer is not the one expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// What the case expects.
    pub expected: String,
    /// What was answered.
    pub answered: String,
}

/// How a case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseOutcome {
    /// Id of the case.
    pub id: String,
    /// Name of the question.
    pub question: String,
    /// Line of the case in its file.
    pub line: usize,
    /// Each differing key; none when the case passed.
    pub differences: Vec<Difference>,
    /// Steps of the answer.
    pub trace: Vec<String>,
}

impl CaseOutcome {
    /// Nothing differs.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }

    fn broken(id: &str, question: &str, line: usize, refusal: &Refusal) -> CaseOutcome {
        let answered = format!("{} / {}", refusal.zh, refusal.en);
        let difference = Difference { key: refusal.key.clone(), expected: "a question that can be asked".to_owned(), answered };
        CaseOutcome { id: id.to_owned(), question: question.to_owned(), line, differences: vec![difference], trace: Vec::new() }
    }
}

/// A file holds no more cases than this.
const CASES_MAX: usize = 100_000;

/// Runs every case of a file. A file that cannot be read gives one outcome that failed.
pub fn run_cases(text: &str, book: &LawBook) -> Vec<CaseOutcome> {
    let whole = |line, refusal: Refusal| vec![CaseOutcome::broken("(file)", "", line, &refusal)];
    let table = match tree::parse(text) {
        Ok(table) => table,
        Err(e) => {
            return whole(
                e.line,
                Refusal::new("(file)", &format!("不是有效的 TOML：{}", e.message), &format!("not valid TOML: {}", e.message)),
            );
        }
    };
    if let Some((key, spot)) = table.iter().find(|(key, _)| *key != "case") {
        return whole(spot.line, Refusal::new(key, "文件顶层只有 [[case]]", "a file of cases holds [[case]] tables only"));
    }
    let items = match table.get("case").map(|spot| &spot.node) {
        Some(Node::List(items)) if items.len() <= CASES_MAX => items.as_slice(),
        None => &[],
        Some(_) => return whole(1, Refusal::new("case", "应为 [[case]] 列表", "must be a list of [[case]] tables")),
    };
    items.iter().map(|item| run_item(item, book)).collect()
}

fn run_item(item: &Spot, book: &LawBook) -> CaseOutcome {
    let Node::Table(table) = &item.node else {
        return CaseOutcome::broken("", "", item.line, &Refusal::new("case", "应为表", "must be a table"));
    };
    let text = |key: &str| match table.get(key).map(|spot| &spot.node) {
        Some(Node::Text(text)) => text.as_str(),
        _ => "",
    };
    let (id, question) = (text("id"), text("ask"));
    match Case::read(table) {
        Ok(case) => {
            let (differences, trace) = case.run(book);
            CaseOutcome { id: id.to_owned(), question: question.to_owned(), line: item.line, differences, trace }
        }
        Err(refusal) => CaseOutcome::broken(id, question, item.line, &refusal),
    }
}

struct Case<'a> {
    ask: &'a str,
    region: RegionCode,
    as_of: Day,
    given: Option<&'a Table>,
    laid: Option<&'a Table>,
    expect: Option<&'a Table>,
    not: Option<&'a Table>,
    absent: Vec<&'a str>,
    error: Option<&'a str>,
}

const KEYS: [&str; 10] = ["id", "ask", "region", "as_of", "given", "region_values", "expect", "not", "absent", "expect_error"];

impl<'a> Case<'a> {
    fn read(table: &'a Table) -> Result<Self, Refusal> {
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let keys = KEYS.join(", ");
            return Err(Refusal::new(
                key,
                &format!("案例没有该键，可用：{keys}"),
                &format!("a case has no such key; it has {keys}"),
            ));
        }
        let text = |key: &str| match table.get(key).map(|spot| &spot.node) {
            Some(Node::Text(text)) => Ok(Some(text.as_str())),
            None => Ok(None),
            Some(_) => Err(Refusal::new(key, "应为文本", "must be text")),
        };
        let inner = |key: &str| match table.get(key).map(|spot| &spot.node) {
            Some(Node::Table(inner)) => Ok(Some(inner)),
            None => Ok(None),
            Some(_) => Err(Refusal::new(key, "应为表", "must be a table")),
        };
        let missing = |key: &str| Refusal::new(key, "缺少", "is missing");
        text("id")?.ok_or_else(|| missing("id"))?;
        let region = text("region")?.ok_or_else(|| missing("region"))?;
        let region =
            region.parse().map_err(|_| Refusal::new("region", "应为六位行政区划代码", "must be six digits of GB/T 2260"))?;
        let as_of = match table.get("as_of").map(|spot| &spot.node) {
            Some(Node::Day(day)) => *day,
            _ => return Err(Refusal::new("as_of", "应为日期", "must be a local date")),
        };
        let absent = match table.get("absent").map(|spot| &spot.node) {
            None => Vec::new(),
            Some(Node::List(items)) => {
                let keys = items.iter().map(|item| if let Node::Text(key) = &item.node { Some(key.as_str()) } else { None });
                keys.collect::<Option<_>>().ok_or_else(|| Refusal::new("absent", "应为文本列表", "must be a list of text"))?
            }
            Some(_) => return Err(Refusal::new("absent", "应为文本列表", "must be a list of text")),
        };
        let case = Case {
            ask: text("ask")?.ok_or_else(|| missing("ask"))?,
            region,
            as_of,
            given: inner("given")?,
            laid: inner("region_values")?,
            expect: inner("expect")?,
            not: inner("not")?,
            absent,
            error: text("expect_error")?,
        };
        if case.expect.is_none() && case.not.is_none() && case.absent.is_empty() && case.error.is_none() {
            return Err(Refusal::new("expect", "没有期望", "the case expects nothing"));
        }
        Ok(case)
    }

    fn ask(&self, book: &LawBook) -> Result<Json, Refusal> {
        let empty = Table::new();
        let given = self.given.unwrap_or(&empty);
        match self.laid {
            Some(table) => {
                let laid = laid_values(table)?;
                questions::answer(self.ask, &book.with_values(self.region, laid), self.region, self.as_of, given)
            }
            None => questions::answer(self.ask, book, self.region, self.as_of, given),
        }
    }

    fn run(&self, book: &LawBook) -> (Vec<Difference>, Vec<String>) {
        let answer = match (self.ask(book), self.error) {
            (Ok(answer), None) => answer,
            (Ok(answer), Some(key)) => {
                let difference =
                    Difference { key: key.to_owned(), expected: "an error".to_owned(), answered: "an answer".to_owned() };
                return (vec![difference], trace_of(&answer));
            }
            (Err(refusal), expected) if expected == Some(refusal.key.as_str()) => return (Vec::new(), Vec::new()),
            (Err(refusal), expected) => {
                let expected = expected.map_or("an answer".to_owned(), |key| format!("an error that names `{key}`"));
                let answered = format!("{} / {}", refusal.zh, refusal.en);
                return (vec![Difference { key: refusal.key, expected, answered }], Vec::new());
            }
        };
        let mut differences = Vec::new();
        for (key, spot) in self.expect.into_iter().flatten() {
            let found = answer.get(key).unwrap_or(&Json::Null);
            if !holds(&spot.node, found) {
                differences.push(Difference { key: key.clone(), expected: shown(&spot.node), answered: found.to_string() });
            }
        }
        for (key, spot) in self.not.into_iter().flatten() {
            let found = answer.get(key).unwrap_or(&Json::Null);
            let unwanted = match &spot.node {
                Node::List(items) => items.iter().map(|item| &item.node).collect(),
                node => vec![node],
            };
            for node in unwanted.into_iter().filter(|node| is_or_has(node, found)) {
                differences.push(Difference {
                    key: key.clone(),
                    expected: format!("not {}", shown(node)),
                    answered: found.to_string(),
                });
            }
        }
        for key in &self.absent {
            let found = answer.get(*key).unwrap_or(&Json::Null);
            if !is_absent(key, found) {
                differences.push(Difference {
                    key: (*key).to_owned(),
                    expected: "absent".to_owned(),
                    answered: found.to_string(),
                });
            }
        }
        (differences, trace_of(&answer))
    }
}

/// The parameters that a case may lay over its region.
fn laid_values(table: &Table) -> Result<Vec<(String, Value, Citation)>, Refusal> {
    let mut laid = Vec::new();
    let mut given = Given::new(table);
    if let Some(truth) = given.truth("publicity_counts_first_day")? {
        let citation = Citation { document: "region_values".to_owned(), article: None, article_unverified: false };
        laid.push(("publicity_counts_first_day".to_owned(), Value::Truth(truth), citation));
    }
    if let Some(truth) = given.truth("deposit_form_bond")? {
        let citation = Citation { document: "region_values".to_owned(), article: None, article_unverified: false };
        laid.push(("deposit.form.bond".to_owned(), Value::Truth(truth), citation));
    }
    if let Some(rule) = given.table("completion_gate_rule")? {
        let mut inner = Given::new(rule);
        let (document, article) = (inner.text("document")?, inner.text("article")?);
        inner.finish()?;
        let document = document.ok_or_else(|| Refusal::new("document", "缺少", "is missing"))?;
        let citation = Citation { document: document.to_owned(), article: article.map(str::to_owned), article_unverified: false };
        laid.push(("completion_gate_rule".to_owned(), Value::Truth(true), citation));
    }
    given.finish()?;
    Ok(laid)
}

/// Whether an answer is what is expected: the same value, a list that has all of it, a table that has all of it.
fn holds(expected: &Node, found: &Json) -> bool {
    match (expected, found) {
        (Node::List(items), Json::Array(answers)) => {
            items.iter().all(|item| answers.iter().any(|answer| holds(&item.node, answer)))
        }
        (Node::Table(table), Json::Object(keys)) => {
            table.iter().all(|(key, spot)| holds(&spot.node, keys.get(key).unwrap_or(&Json::Null)))
        }
        _ => same(expected, found),
    }
}

fn is_or_has(unwanted: &Node, found: &Json) -> bool {
    match found {
        Json::Array(answers) => answers.iter().any(|answer| same(unwanted, answer)),
        _ => same(unwanted, found),
    }
}

fn same(expected: &Node, found: &Json) -> bool {
    match (expected, found) {
        (Node::Text(text), Json::String(answer)) => {
            let decimals = (text.parse::<rust_decimal::Decimal>(), answer.parse::<rust_decimal::Decimal>());
            text == answer || matches!(decimals, (Ok(one), Ok(other)) if one == other)
        }
        (Node::Whole(number), Json::Number(answer)) => answer.as_i64() == Some(*number),
        (Node::Truth(truth), Json::Bool(answer)) => truth == answer,
        (Node::Day(day), Json::String(answer)) => day.to_string() == *answer,
        _ => false,
    }
}

/// Marks that are false unless something is the matter count as absent then; an empty list does too.
fn is_absent(key: &str, found: &Json) -> bool {
    match found {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Bool(false) => ["unknown", "provisional", "needs_person"].contains(&key),
        _ => false,
    }
}

fn shown(node: &Node) -> String {
    let mut out = String::new();
    node.canonical(&mut out);
    out
}

fn trace_of(answer: &Json) -> Vec<String> {
    let text = |step: &Json, key: &str| step.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let line = |step: &Json| {
        let dagger = step.get("article_unverified") == Some(&Json::Bool(true));
        let mark = if dagger { ", article_unverified" } else { "" };
        format!("{} {} [{}{mark}] {}", text(step, "rule"), text(step, "citation"), text(step, "status"), text(step, "note"))
    };
    let mut lines: Vec<String> =
        answer.get("trace").and_then(Json::as_array).map(|steps| steps.iter().map(line).collect()).unwrap_or_default();
    if let Some(needs) = answer.get("needs").and_then(Json::as_array).filter(|needs| !needs.is_empty()) {
        lines.push(format!("needs {}", Json::Array(needs.clone())));
    }
    lines
}

#[cfg(test)]
mod coverage_tests;
#[cfg(test)]
mod tests;
