//! Markup with or without closing tags, one leaf at a time.
//!
//! An element whose name is never closed in the file, or that text follows, is a leaf; every other one holds elements. No document type,
//! no entities beside the five of XML and numbers, bounded depth, names and texts. Deliberately absent: attributes, which are passed
//! over, and text beside elements.

use std::collections::{BTreeSet, VecDeque};

use crate::wire::iso20022::xml::XmlFault;

/// Elements inside each other.
pub const DEPTH_MAX: usize = 64;
/// Bytes of one text.
pub const TEXT_MAX: usize = 64 * 1024;
/// Bytes of one name.
const NAME_MAX: usize = 256;
/// Bytes of one tag with what it brings beside its name.
const TAG_MAX: usize = 64 * 1024;
/// Different names that are closed somewhere.
const NAMES_MAX: usize = 10_000;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An element that holds elements.
    Begin(String),
    /// An element with text, maybe none.
    Leaf(String, String),
    /// The end of an element that held elements.
    End(String),
}

/// An element that has begun and may yet be either.
struct Pending {
    name: String,
    text: String,
}

/// The reader.
pub struct Markup<'a> {
    text: &'a str,
    at: usize,
    /// Names, in capitals, that the file closes somewhere.
    closed: BTreeSet<String>,
    stack: Vec<String>,
    pending: Option<Pending>,
    ready: VecDeque<Event>,
    /// Closing tags of elements that were not open.
    pub strays: usize,
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b':') || byte >= 0x80
}

/// The name at the beginning of a tag, without prefix, in capitals.
fn name_of(tag: &str) -> Result<String, XmlFault> {
    let end = tag.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(tag.len());
    let full = tag.get(..end).unwrap_or_default();
    if full.len() > NAME_MAX {
        return Err(XmlFault::Limit("256 bytes of one name"));
    }
    Ok(full.rsplit(':').next().unwrap_or(full).to_ascii_uppercase())
}

fn closed_names(text: &str) -> Result<BTreeSet<String>, XmlFault> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices("</") {
        let name = name_of(text.get(at + 2..).unwrap_or_default())?;
        if !names.contains(&name) {
            if names.len() >= NAMES_MAX {
                return Err(XmlFault::Limit("10,000 names of elements"));
            }
            names.insert(name);
        }
    }
    Ok(names)
}

impl<'a> Markup<'a> {
    /// Reads decoded text.
    ///
    /// # Errors
    /// More names than are bounded.
    pub fn new(text: &'a str) -> Result<Self, XmlFault> {
        let closed = closed_names(text)?;
        Ok(Self { text, at: 0, closed, stack: Vec::new(), pending: None, ready: VecDeque::new(), strays: 0 })
    }

    /// The next event; `None` at the end of a file that closed what it opened.
    ///
    /// # Errors
    /// A document type, a bound that is passed, a file that ends inside an element.
    pub fn next(&mut self) -> Result<Option<Event>, XmlFault> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let rest = self.text.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.settle()?;
                if let Some(event) = self.ready.pop_front() {
                    return Ok(Some(event));
                }
                return match self.stack.last() {
                    Some(_) => Err(self.malformed("the file ends inside an element / 文件在元素中间结束")),
                    None => Ok(None),
                };
            }
            self.step(rest)?;
        }
    }

    fn malformed(&self, why: &str) -> XmlFault {
        XmlFault::Malformed(u64::try_from(self.at).unwrap_or(u64::MAX), why.to_owned())
    }

    fn skip(&mut self, rest: &str, from: usize, end: &str) -> Result<(), XmlFault> {
        let found = rest.get(from..).and_then(|rest| rest.find(end));
        let Some(found) = found else {
            return Err(self.malformed("a comment or instruction has no end / 注释或指令没有结尾"));
        };
        self.at += from + found + end.len();
        Ok(())
    }

    fn step(&mut self, rest: &'a str) -> Result<(), XmlFault> {
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            self.at += end;
            return self.say(&decoded(rest.get(..end).unwrap_or_default()));
        };
        if tag.starts_with("!--") {
            return self.skip(rest, 4, "-->");
        }
        if let Some(inner) = tag.strip_prefix("![CDATA[") {
            let Some(end) = inner.find("]]>") else { return Err(self.malformed("CDATA has no end / CDATA 没有结尾")) };
            self.at += 9 + end + 3;
            return self.say(inner.get(..end).unwrap_or_default());
        }
        if tag.starts_with('!') {
            return Err(XmlFault::Dtd);
        }
        if tag.starts_with('?') {
            return self.skip(rest, 2, ">");
        }
        let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        if !tag.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80) {
            self.at += 1;
            return self.say("<");
        }
        let Some(end) = end_of_tag(tag) else { return Err(self.malformed("a tag has no end / 标签没有结尾")) };
        let inner = tag.get(..end).unwrap_or_default();
        let name = name_of(inner)?;
        self.at += 1 + usize::from(closes) + end + 1;
        match (closes, inner.ends_with('/')) {
            (true, _) => self.close(&name),
            (false, alone) => {
                self.settle()?;
                if alone {
                    self.ready.push_back(Event::Leaf(name, String::new()));
                } else {
                    self.pending = Some(Pending { name, text: String::new() });
                }
                Ok(())
            }
        }
    }

    fn say(&mut self, text: &str) -> Result<(), XmlFault> {
        let Some(pending) = &mut self.pending else { return Ok(()) };
        if pending.text.len().saturating_add(text.len()) > TEXT_MAX {
            return Err(XmlFault::Limit("64 KiB of text in one element"));
        }
        pending.text.push_str(text);
        Ok(())
    }

    /// Decides what the element that has begun last is, since something else follows it.
    fn settle(&mut self) -> Result<(), XmlFault> {
        let Some(Pending { name, text }) = self.pending.take() else { return Ok(()) };
        if !text.trim().is_empty() || !self.closed.contains(&name) {
            self.ready.push_back(Event::Leaf(name, text.trim().to_owned()));
            return Ok(());
        }
        if self.stack.len() >= DEPTH_MAX {
            return Err(XmlFault::Limit("64 elements inside each other"));
        }
        self.stack.push(name.clone());
        self.ready.push_back(Event::Begin(name));
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), XmlFault> {
        if self.pending.as_ref().is_some_and(|pending| pending.name == name) {
            if let Some(Pending { name, text }) = self.pending.take() {
                self.ready.push_back(Event::Leaf(name, text.trim().to_owned()));
            }
            return Ok(());
        }
        self.settle()?;
        let Some(depth) = self.stack.iter().rposition(|open| open == name) else {
            self.strays = self.strays.saturating_add(1);
            return Ok(());
        };
        while self.stack.len() > depth {
            if let Some(open) = self.stack.pop() {
                self.ready.push_back(Event::End(open));
            }
        }
        Ok(())
    }
}

/// Where a tag ends: at the first `>` that is not inside quotes.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().take(TAG_MAX).enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The text with its entities; an ampersand that begins none stays, since names of firms have them.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        let entity = after.find(';').filter(|end| *end <= 10).and_then(|end| Some((after.get(..end)?, end)));
        match entity.and_then(|(name, end)| Some((entity_of(name)?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = after.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.chars().map(|c| if c.is_control() && !matches!(c, '\t' | '\n' | '\r') { '\u{FFFD}' } else { c }).collect()
}

fn entity_of(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}
