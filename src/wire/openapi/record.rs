//! Values of a message after reading, by the names of their fields.

use chrono::NaiveDateTime;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::answer::{Fault, Wrong};
use crate::base::{Day, Fen, Month};

/// A value as read; encrypted ones are plain here.
#[derive(Clone, PartialEq, Eq)]
pub enum Read {
    /// Text or code.
    Text(String),
    /// A day.
    Day(Day),
    /// A month.
    Month(Month),
    /// Date and time on the wall.
    Clock(NaiveDateTime),
    /// An amount.
    Money(Fen),
    /// A number.
    Decimal(Decimal),
    /// A whole number.
    Count(i64),
    /// `0` or `1`.
    Flag(bool),
    /// Pictures and attachments: the digest of what was sent.
    Bytes(String),
    /// Objects.
    Items(Vec<Record>),
}

/// The values of an object. `Debug` shows the path alone, since the rest may be personal.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Its path from the root: `[workerList][0]`.
    pub path: String,
    values: Vec<(&'static str, Read)>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({}, {} values)", self.path, self.values.len())
    }
}

impl Record {
    pub(super) fn at(path: &str) -> Self {
        Self { path: path.to_owned(), values: Vec::new() }
    }

    pub(super) fn put(&mut self, key: &'static str, value: Read) {
        self.values.push((key, value));
    }

    fn get(&self, key: &str) -> Option<&Read> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// A text, code or number of papers.
    pub fn text(&self, key: &str) -> Option<&str> {
        if let Some(Read::Text(text)) = self.get(key) { Some(text) } else { None }
    }

    /// As [`Record::text`], empty where there is none: for fields whose presence was checked before.
    pub fn word(&self, key: &str) -> &str {
        self.text(key).unwrap_or_default()
    }

    /// A day.
    pub fn day(&self, key: &str) -> Option<Day> {
        if let Some(Read::Day(day)) = self.get(key) { Some(*day) } else { None }
    }

    /// A month.
    pub fn month(&self, key: &str) -> Option<Month> {
        if let Some(Read::Month(month)) = self.get(key) { Some(*month) } else { None }
    }

    /// Date and time.
    pub fn clock(&self, key: &str) -> Option<NaiveDateTime> {
        if let Some(Read::Clock(clock)) = self.get(key) { Some(*clock) } else { None }
    }

    /// An amount.
    pub fn money(&self, key: &str) -> Option<Fen> {
        if let Some(Read::Money(amount)) = self.get(key) { Some(*amount) } else { None }
    }

    /// A number.
    pub fn decimal(&self, key: &str) -> Option<Decimal> {
        if let Some(Read::Decimal(number)) = self.get(key) { Some(*number) } else { None }
    }

    /// A whole number.
    pub fn count(&self, key: &str) -> Option<i64> {
        if let Some(Read::Count(number)) = self.get(key) { Some(*number) } else { None }
    }

    /// Whether a flag is set.
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Read::Flag(true)))
    }

    /// Objects below this one.
    pub fn below(&self, key: &str) -> &[Record] {
        if let Some(Read::Items(items)) = self.get(key) { items } else { &[] }
    }

    /// What is wrong with a field of this object.
    pub fn fault(&self, key: &str, wrong: Wrong) -> Fault {
        Fault::new(format!("{}[{key}]", self.path), wrong)
    }

    /// Everything that was read as one text, whatever the order, spacing and spelling of numbers on the wire: what tells a repeat from
    /// a change. It holds personal data in the clear and is only ever digested or encrypted.
    pub fn content(&self) -> String {
        let mut parts: Vec<String> = self.values.iter().map(|(key, value)| format!("{key}={}\n", value.shown())).collect();
        parts.sort();
        parts.concat()
    }

    /// Every value as text, for what is kept beside the registry.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        self.values.iter().map(|(key, value)| (*key, value.shown())).collect()
    }
}

impl Read {
    fn shown(&self) -> String {
        match self {
            Read::Text(text) | Read::Bytes(text) => text.clone(),
            Read::Day(day) => day.to_string(),
            Read::Month(month) => month.to_string(),
            Read::Clock(clock) => clock.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
            Read::Money(amount) => amount.to_string(),
            Read::Decimal(number) => number.normalize().to_string(),
            Read::Count(number) => number.to_string(),
            Read::Flag(flag) => u8::from(*flag).to_string(),
            Read::Items(items) => items.iter().map(Record::content).collect::<Vec<_>>().join(";"),
        }
    }
}

/// The digest that stands for bytes which are kept in the inbox alone.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A whole message as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Fields at the root.
    pub root: Record,
    /// Items of its list; empty for a message without one.
    pub items: Vec<Record>,
}
