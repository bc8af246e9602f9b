//! What is wrong with law data, and a reader of tables that says so with file, table and line.

use std::fmt;

use serde::Serialize;

use crate::base::{Day, Fen};
use crate::law::tree::{Node, Spot, Table};

use super::value::{Bracket, Span, SpanUnit, Value, decimal};

/// One thing that is wrong in a file of law data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Path of the file inside the configuration, like `law/rules.toml`.
    pub file: String,
    /// The table and key at fault, like `value deposit.rate`.
    pub table: String,
    /// Line, from 1; 0 where the fault is of the whole book.
    pub line: usize,
    /// What is wrong and what would be right, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {} / {}", self.file, self.line, self.table, self.zh, self.en)
    }
}

/// Reads the keys of one table; each wrong or unknown key becomes a fault, the rest is read on.
pub(super) struct Reader<'a> {
    file: &'a str,
    /// The name of the table in faults.
    pub(super) name: String,
    line: usize,
    table: &'a Table,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A reader of a table that may hold the keys of `known` only.
    pub(super) fn new(
        file: &'a str,
        name: &str,
        line: usize,
        table: &'a Table,
        known: &[&str],
        faults: &'a mut Vec<Fault>,
    ) -> Self {
        let mut reader = Reader { file, name: name.to_owned(), line, table, faults };
        for (key, spot) in table {
            if !known.contains(&key.as_str()) {
                reader.fault(
                    spot.line,
                    &format!("未知的键 `{key}`，请删除或改正拼写"),
                    &format!("unknown key `{key}`: remove it or correct its spelling"),
                );
            }
        }
        reader
    }

    /// Line of the table.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Adds a fault on a line.
    pub(super) fn fault(&mut self, line: usize, zh: &str, en: &str) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            table: self.name.clone(),
            line,
            zh: zh.to_owned(),
            en: en.to_owned(),
        });
    }

    fn wrong(&mut self, key: &str, spot: &Spot, zh: &str, en: &str) {
        let (kind, kind_zh) = spot.node.kind();
        self.fault(spot.line, &format!("`{key}` 应为{zh}，现为{kind_zh}"), &format!("`{key}` must be {en}, found {kind}"));
    }

    fn missing(&mut self, key: &str) {
        self.fault(self.line, &format!("缺少 `{key}`"), &format!("`{key}` is missing"));
    }

    /// Text that may be absent; empty text counts as a fault.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let spot = self.table.get(key)?;
        match &spot.node {
            Node::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            _ => {
                self.wrong(key, spot, "非空文本", "text that is not empty");
                None
            }
        }
    }

    /// Text that must be there.
    pub(super) fn need_text(&mut self, key: &str) -> Option<String> {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.text(key)
    }

    /// A day that may be absent.
    pub(super) fn day(&mut self, key: &str) -> Option<Day> {
        let spot = self.table.get(key)?;
        if let Node::Day(day) = spot.node {
            return Some(day);
        }
        self.wrong(key, spot, "日期（如 2026-03-02，不加引号）", "a local date like 2026-03-02 without quotes");
        None
    }

    /// A day that must be there.
    pub(super) fn need_day(&mut self, key: &str) -> Option<Day> {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.day(key)
    }

    /// True or false; false where absent.
    pub(super) fn truth(&mut self, key: &str) -> bool {
        match self.table.get(key).map(|spot| (spot, &spot.node)) {
            None => false,
            Some((_, Node::Truth(truth))) => *truth,
            Some((spot, _)) => {
                self.wrong(key, spot, "布尔值", "true or false");
                false
            }
        }
    }

    /// The version of a rule: a whole number from 1 on, 1 where absent.
    pub(super) fn version(&mut self) -> u32 {
        let Some(spot) = self.table.get("version") else { return 1 };
        match &spot.node {
            Node::Whole(number) if *number >= 1 => u32::try_from(*number).unwrap_or(u32::MAX),
            _ => {
                self.wrong("version", spot, "从 1 起的整数", "a whole number from 1 on");
                1
            }
        }
    }

    /// A whole number that must be there.
    pub(super) fn need_whole(&mut self, key: &str) -> Option<i64> {
        match self.table.get(key).map(|spot| (spot, &spot.node)) {
            Some((_, Node::Whole(number))) => Some(*number),
            Some((spot, _)) => {
                self.wrong(key, spot, "整数", "a whole number");
                None
            }
            None => {
                self.missing(key);
                None
            }
        }
    }

    /// The days of a list; absent means none.
    pub(super) fn days(&mut self, key: &str) -> Vec<Day> {
        let Some(spot) = self.table.get(key) else { return Vec::new() };
        let Node::List(items) = &spot.node else {
            self.wrong(key, spot, "日期列表", "a list of local dates");
            return Vec::new();
        };
        let mut days = Vec::new();
        for item in items {
            match item.node {
                Node::Day(day) => days.push(day),
                _ => self.wrong(key, item, "日期", "a local date"),
            }
        }
        days
    }

    /// The value under `value`, read as its `unit` says. Floats are refused like every other wrong kind.
    pub(super) fn value(&mut self) -> Option<Value> {
        let unit = self.need_text("unit")?;
        let Some(spot) = self.table.get("value") else {
            self.missing("value");
            return None;
        };
        let span = |unit, number: i64| {
            u32::try_from(number).ok().filter(|count| *count <= SPAN_MAX).map(|count| Value::Span(Span { count, unit }))
        };
        let read = match (unit.as_str(), &spot.node) {
            ("yuan", Node::Text(text)) => text.parse().ok().filter(|fen: &Fen| fen.0 >= 0).map(Value::Money),
            ("ratio", Node::Text(text)) => decimal(text).map(Value::Ratio),
            ("count", Node::Whole(number)) => u32::try_from(*number).ok().map(Value::Count),
            ("truth", Node::Truth(truth)) => Some(Value::Truth(*truth)),
            ("day", Node::Whole(number)) => span(SpanUnit::Day, *number),
            ("workday", Node::Whole(number)) => span(SpanUnit::Workday, *number),
            ("month", Node::Whole(number)) => span(SpanUnit::Month, *number),
            ("brackets", Node::List(items)) => brackets(items).map(Value::Brackets),
            _ => None,
        };
        if read.is_none() {
            self.wrong(
                "value",
                spot,
                &format!("单位 `{unit}` 的值（金额和比例用引号内的十进制文本，不用浮点数；单位限 yuan、ratio、count、truth、day、workday、month、brackets）"),
                &format!(
                    "a value of unit `{unit}` (money and ratios as decimal text in quotes, never floats; units are yuan, ratio, count, truth, day, workday, month, brackets)"
                ),
            );
        }
        read
    }
}

/// No limit of the law is longer than ten years of days.
const SPAN_MAX: u32 = 3660;

/// Brackets ascend and end with one that has no upper bound.
fn brackets(items: &[Spot]) -> Option<Vec<Bracket>> {
    let mut read: Vec<Bracket> = Vec::new();
    for item in items {
        let Node::Table(table) = &item.node else { return None };
        if table.keys().any(|key| !["below", "rate", "cap"].contains(&key.as_str())) {
            return None;
        }
        let text = |key: &str| match table.get(key).map(|spot| &spot.node) {
            Some(Node::Text(text)) => Some(Some(text.as_str())),
            None => Some(None),
            Some(_) => None,
        };
        let money = |key: &str| match text(key)? {
            Some(text) => text.parse::<Fen>().ok().map(Some),
            None => Some(None),
        };
        let bracket = Bracket { below: money("below")?, rate: decimal(text("rate")??)?, cap: money("cap")? };
        let ascends = match read.last() {
            Some(last) => last.below.is_some() && bracket.below.is_none_or(|below| Some(below) > last.below),
            None => true,
        };
        if !ascends {
            return None;
        }
        read.push(bracket);
    }
    read.last().is_some_and(|last| last.below.is_none()).then_some(read)
}
