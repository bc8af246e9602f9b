//! Reads the `given` table of a case into typed inputs. Unknown keys, other kinds of values and floats are refused by name.

use std::collections::BTreeSet;
use std::fmt;

use rust_decimal::Decimal;

use crate::base::{Day, Fen, Month};
use crate::law::book::value::decimal;
use crate::law::tree::{Node, Spot, Table};

/// A question that cannot be asked this way: the key at fault and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The key at fault.
    pub key: String,
    /// Reason and fix in Chinese.
    pub zh: String,
    /// Reason and fix in English.
    pub en: String,
}

impl Refusal {
    /// A refusal of that key.
    pub fn new(key: &str, zh: &str, en: &str) -> Refusal {
        Refusal { key: key.to_owned(), zh: zh.to_owned(), en: en.to_owned() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} / {}", self.key, self.zh, self.en)
    }
}

impl std::error::Error for Refusal {}

/// The keys of a question, each of which must be read once.
pub(in crate::law) struct Given<'a> {
    table: &'a Table,
    read: BTreeSet<&'static str>,
}

type Read<T> = Result<Option<T>, Refusal>;

/// A list of a case is not longer than this.
const LIST_MAX: usize = 10_000;

impl<'a> Given<'a> {
    pub(in crate::law) fn new(table: &'a Table) -> Self {
        Given { table, read: BTreeSet::new() }
    }

    fn get<T>(&mut self, key: &'static str, (zh, en): (&str, &str), read: impl FnOnce(&'a Node) -> Option<T>) -> Read<T> {
        self.read.insert(key);
        let Some(Spot { node, .. }) = self.table.get(key) else { return Ok(None) };
        let (kind, kind_zh) = node.kind();
        let wrong = || Refusal::new(key, &format!("应为{zh}，现为{kind_zh}"), &format!("must be {en}, found {kind}"));
        read(node).map(Some).ok_or_else(wrong)
    }

    pub(in crate::law) fn money(&mut self, key: &'static str) -> Read<Fen> {
        self.get(key, ("非负金额文本（如 \"1234.50\"）", "an amount as text like \"1234.50\", not negative"), |node| {
            match node {
                Node::Text(text) => text.parse().ok().filter(|fen: &Fen| fen.0 >= 0),
                _ => None,
            }
        })
    }

    pub(in crate::law) fn ratio(&mut self, key: &'static str) -> Read<Decimal> {
        self.get(key, ("十进制文本（如 \"0.03\"）", "a decimal as text like \"0.03\""), |node| match node {
            Node::Text(text) => decimal(text),
            _ => None,
        })
    }

    pub(in crate::law) fn text(&mut self, key: &'static str) -> Read<&'a str> {
        self.get(key, ("文本", "text"), |node| if let Node::Text(text) = node { Some(text.as_str()) } else { None })
    }

    pub(in crate::law) fn count(&mut self, key: &'static str) -> Read<u32> {
        self.get(key, ("非负整数", "a whole number from 0"), |node| match node {
            Node::Whole(number) => u32::try_from(*number).ok(),
            _ => None,
        })
    }

    pub(in crate::law) fn truth(&mut self, key: &'static str) -> Read<bool> {
        self.get(key, ("布尔值", "true or false"), |node| if let Node::Truth(truth) = node { Some(*truth) } else { None })
    }

    pub(in crate::law) fn day(&mut self, key: &'static str) -> Read<Day> {
        self.get(key, ("日期（如 2026-03-02，不加引号）", "a local date like 2026-03-02 without quotes"), |node| {
            if let Node::Day(day) = node { Some(*day) } else { None }
        })
    }

    /// A day, or `"none"` where it is known that it has not come.
    pub(in crate::law) fn day_or_none(&mut self, key: &'static str) -> Read<Option<Day>> {
        self.get(key, ("日期，或者 \"none\"", "a local date, or \"none\""), |node| match node {
            Node::Day(day) => Some(Some(*day)),
            Node::Text(text) if text == "none" => Some(None),
            _ => None,
        })
    }

    /// A count as a whole number, or a ratio or amount as decimal text.
    pub(in crate::law) fn number(&mut self, key: &'static str) -> Read<Decimal> {
        self.get(key, ("非负整数或者十进制文本", "a whole number from 0, or a decimal as text"), |node| match node {
            Node::Whole(number) if *number >= 0 => Some(Decimal::from(*number)),
            Node::Text(text) => decimal(text),
            _ => None,
        })
    }

    pub(in crate::law) fn month(&mut self, key: &'static str) -> Read<Month> {
        self.get(key, ("月份文本（如 \"2026-01\"）", "a month as text like \"2026-01\""), |node| match node {
            Node::Text(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// One of the words of a choice.
    pub(in crate::law) fn choice<C: Choice>(&mut self, key: &'static str) -> Read<C> {
        let words = C::words().join(", ");
        self.get(key, (&format!("{words} 之一"), &format!("one of {words}")), |node| match node {
            Node::Text(text) => C::read(text),
            _ => None,
        })
    }

    pub(in crate::law) fn tables(&mut self, key: &'static str) -> Read<Vec<&'a Table>> {
        self.get(key, ("表的列表", "a list of tables"), |node| match node {
            Node::List(items) if items.len() <= LIST_MAX => {
                items.iter().map(|item| if let Node::Table(table) = &item.node { Some(table) } else { None }).collect()
            }
            _ => None,
        })
    }

    pub(in crate::law) fn table(&mut self, key: &'static str) -> Read<&'a Table> {
        self.get(key, ("表", "a table"), |node| if let Node::Table(table) = node { Some(table) } else { None })
    }

    /// Refuses keys that nothing read.
    pub(in crate::law) fn finish(self) -> Result<(), Refusal> {
        let Some(key) = self.table.keys().find(|key| !self.read.contains(key.as_str())) else { return Ok(()) };
        let known: Vec<&str> = self.read.iter().copied().collect();
        let known = known.join(", ");
        Err(Refusal::new(
            key,
            &format!("此问题没有该键，可用：{known}"),
            &format!("the question has no such key; it has {known}"),
        ))
    }
}

/// A closed set of words.
pub trait Choice: Sized + Copy {
    /// All words.
    fn words() -> Vec<&'static str>;
    /// The value of a word.
    fn read(word: &str) -> Option<Self>;
}

/// Declares an enum whose values are words of the law cases.
macro_rules! choices {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in the order of the law cases.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word used in cases, data and JSON.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl $crate::law::questions::given::Choice for $name {
            fn words() -> Vec<&'static str> {
                vec![$($word),+]
            }
            fn read(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}
pub(in crate::law) use choices;
