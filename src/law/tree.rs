//! TOML as a small tree that keeps line numbers, for the law book and for law cases.
//!
//! Floats and times of day have no place in either, so reading one is kept as what it is ([`Node::Float`]) and refused where it is used.
//! Deliberately absent: any meaning of a key.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

use crate::base::Day;

/// Nested arrays and tables go no deeper than this.
const DEPTH_MAX: usize = 12;

/// A value of a TOML text and the line on which it stands, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Line number, from 1.
    pub line: usize,
    /// The value itself.
    pub node: Node,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Text in quotes.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A float as it was written; never used, only refused.
    Float(String),
    /// `true` or `false`.
    Truth(bool),
    /// A local date.
    Day(Day),
    /// A date with a time, or a time; never used, only refused.
    Time(String),
    /// A list.
    List(Vec<Spot>),
    /// A table.
    Table(Table),
}

/// A table of named values.
pub type Table = BTreeMap<String, Spot>;

/// A text that is not TOML: the line and the parser's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotToml {
    /// Line number, from 1.
    pub line: usize,
    /// What the parser says.
    pub message: String,
}

impl Node {
    /// The kind of value in English and Chinese, for messages.
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Node::Text(_) => ("text", "文本"),
            Node::Whole(_) => ("a whole number", "整数"),
            Node::Float(_) => ("a float", "浮点数"),
            Node::Truth(_) => ("true or false", "布尔值"),
            Node::Day(_) => ("a local date", "日期"),
            Node::Time(_) => ("a time", "时间"),
            Node::List(_) => ("a list", "列表"),
            Node::Table(_) => ("a table", "表"),
        }
    }

    /// Writes the value in one form whatever the layout of the file was, for hashing.
    pub fn canonical(&self, out: &mut String) {
        match self {
            Node::Text(text) => return quoted(text, out),
            Node::Whole(number) => write!(out, "{number}"),
            Node::Float(text) | Node::Time(text) => write!(out, "?{text}"),
            Node::Truth(truth) => write!(out, "{truth}"),
            Node::Day(day) => write!(out, "{day}"),
            Node::List(items) => {
                out.push('[');
                for item in items {
                    item.node.canonical(out);
                    out.push(',');
                }
                out.push(']');
                Ok(())
            }
            Node::Table(table) => {
                out.push('{');
                for (key, spot) in table {
                    quoted(key, out);
                    out.push('=');
                    spot.node.canonical(out);
                    out.push(',');
                }
                out.push('}');
                Ok(())
            }
        }
        // Writing into a `String` cannot fail.
        .unwrap_or_default();
    }
}

/// Writes a text as Rust's `{:?}` does. Law is mostly ASCII and Chinese that need no escape, and every start of the house writes all of it.
fn quoted(text: &str, out: &mut String) {
    let is_plain = |c: char| {
        matches!(c, ' '..='~' if c != '"' && c != '\\')
            || matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3001}'..='\u{3011}' | '\u{FF01}'..='\u{FF5E}')
    };
    if text.chars().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        let _ = write!(out, "{text:?}");
    }
}

/// Reads a TOML text.
///
/// # Errors
/// The text is not TOML, or nests deeper than twelve levels.
pub fn parse(text: &str) -> Result<Table, NotToml> {
    let lines = Lines::of(text);
    let root = DeTable::parse(text)
        .map_err(|e| NotToml { line: lines.at(e.span().map_or(0, |span| span.start)), message: e.message().to_owned() })?;
    lines.table(root.get_ref(), 0)
}

struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place).collect())
    }

    fn at(&self, place: usize) -> usize {
        self.0.partition_point(|end| *end < place) + 1
    }

    fn table(&self, table: &DeTable<'_>, depth: usize) -> Result<Table, NotToml> {
        let mut read = Table::new();
        for (key, value) in table {
            let line = self.at(key.span().start);
            let node = self.node(value.get_ref(), line, depth + 1)?;
            read.insert(key.get_ref().to_string(), Spot { line, node });
        }
        Ok(read)
    }

    fn node(&self, value: &DeValue<'_>, line: usize, depth: usize) -> Result<Node, NotToml> {
        if depth > DEPTH_MAX {
            return Err(NotToml { line, message: format!("nested deeper than {DEPTH_MAX} levels") });
        }
        Ok(match value {
            DeValue::String(text) => Node::Text(text.to_string()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Node::Whole(number),
                Err(_) => return Err(NotToml { line, message: format!("`{}` is too large", number.as_str()) }),
            },
            DeValue::Float(number) => Node::Float(number.as_str().to_owned()),
            DeValue::Boolean(truth) => Node::Truth(*truth),
            DeValue::Datetime(when) => match (when.date, when.time) {
                (Some(date), None) => match Day::of(i32::from(date.year), u32::from(date.month), u32::from(date.day)) {
                    Some(day) => Node::Day(day),
                    None => return Err(NotToml { line, message: format!("`{when}` is no day of the calendar") }),
                },
                _ => Node::Time(when.to_string()),
            },
            DeValue::Array(items) => {
                let read = |item: &toml::Spanned<DeValue<'_>>| {
                    let line = self.at(item.span().start);
                    Ok(Spot { line, node: self.node(item.get_ref(), line, depth + 1)? })
                };
                Node::List(items.iter().map(read).collect::<Result<_, NotToml>>()?)
            }
            DeValue::Table(table) => Node::Table(self.table(table, depth + 1)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_the_language_does() {
        let every = (0..=0xFFFF_u32).filter_map(char::from_u32);
        for text in every.map(String::from).chain(["".to_owned(), "月\n工资".to_owned(), "“a\"b\\”".to_owned()]) {
            let mut out = String::new();
            quoted(&text, &mut out);
            assert_eq!(out, format!("{text:?}"));
        }
    }

    #[test]
    fn lines_are_those_of_the_text() {
        let table = parse("a = 1\n\n[[b]]\nc = 2026-03-02\n[[b]]\nc = 1.5\n").unwrap();
        let Node::List(items) = &table["b"].node else { panic!("not a list") };
        let Node::Table(second) = &items[1].node else { panic!("not a table") };
        assert_eq!((second["c"].line, &second["c"].node), (6, &Node::Float("1.5".to_owned())));
    }

    #[test]
    fn broken_text_names_its_line() {
        assert_eq!(parse("a = 1\nb = \n").unwrap_err().line, 2);
        assert!(parse("a = 99999999999999999999").is_err());
        let deep = format!("a = {}{}", "[".repeat(20), "]".repeat(20));
        assert!(parse(&deep).unwrap_err().message.contains("deeper"));
    }

    #[test]
    fn layout_does_not_change_the_canonical_form() {
        let form = |text: &str| {
            let mut out = String::new();
            Node::Table(parse(text).unwrap()).canonical(&mut out);
            out
        };
        assert_eq!(form("a = 1 # why\nb = {c = \"x\"}"), form("b.c = 'x'\na=1"));
        assert_ne!(form("a = 1"), form("a = \"1\""));
    }
}
