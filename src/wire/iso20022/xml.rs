//! A pull reader of XML that hostile files cannot hurt.
//!
//! No document type, no entities beside the five of XML, bounded depth, text, attributes and tree size. An entity that
//! nobody declared (`&nbsp;`) stands for a character that is not known and is told; it is never looked up. Names are
//! local names: prefixes are cut off. Deliberately absent: namespaces (only their text is kept, to tell the version).

use std::collections::BTreeMap;
use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use smol_str::SmolStr;

use crate::wire::bank::{Problem, Reason};

pub use super::xml_fault::XmlFault;

/// Elements inside each other.
pub const DEPTH_MAX: usize = 64;
/// Bytes of text in one element or attribute.
pub const TEXT_MAX: usize = 64 * 1024;
/// Attributes of one element.
const ATTRIBUTES_MAX: usize = 64;
/// Bytes of one name.
const NAME_MAX: usize = 256;
/// Elements of one tree that is held in memory (one transaction, one header).
const TREE_MAX: usize = 50_000;

/// Unknown entities that are told one by one.
const STRANGE_MAX: usize = 20;

/// An element that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Local name.
    pub name: SmolStr,
    /// Attributes by full name.
    pub attributes: Vec<(SmolStr, SmolStr)>,
    depth: usize,
}

impl Open {
    /// The attribute of that local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute_of(&self.attributes, name)
    }
}

fn attribute_of<'a>(attributes: &'a [(SmolStr, SmolStr)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key.rsplit(':').next() == Some(name)).map(|(_, value)| value.as_str())
}

/// A whole element in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Local name.
    pub name: SmolStr,
    /// Text directly inside, trimmed.
    pub text: SmolStr,
    /// Attributes by full name.
    pub attributes: Vec<(SmolStr, SmolStr)>,
    /// Elements inside, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first element at a path of local names (`Refs/EndToEndId`).
    pub fn at(&self, path: &str) -> Option<&Element> {
        self.find(path, &|_| true)
    }

    /// Every element at a path of local names.
    pub fn all(&self, path: &str) -> Vec<&Element> {
        let mut found = vec![self];
        for name in path.split('/') {
            found = found.into_iter().flat_map(|parent| parent.children.iter().filter(move |child| child.name == name)).collect();
        }
        found
    }

    /// The first element at a path that is as wanted; nothing is put aside on the way, since every field of every entry is looked for so.
    fn find<'a>(&'a self, path: &str, wanted: &dyn Fn(&Element) -> bool) -> Option<&'a Element> {
        let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
        let mut named = self.children.iter().filter(|child| child.name == name);
        match rest {
            Some(rest) => named.find_map(|child| child.find(rest, wanted)),
            None => named.find(|child| wanted(child)),
        }
    }

    /// The text at the first of these paths that has any.
    pub fn text_at(&self, paths: &[&str]) -> Option<String> {
        self.str_at(paths).map(str::to_owned)
    }

    /// [`Element::text_at`] without a copy.
    pub fn str_at(&self, paths: &[&str]) -> Option<&str> {
        paths.iter().find_map(|path| self.find(path, &|element| !element.text.is_empty())).map(|element| element.text.as_str())
    }

    /// The attribute of that local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attribute_of(&self.attributes, name)
    }

    /// The element's own text, unless empty.
    pub fn own_text(&self) -> Option<String> {
        (!self.text.is_empty()).then(|| self.text.to_string())
    }
}

enum Token {
    Start(Open),
    End,
    Text(SmolStr),
    Done,
}

/// Where the text comes from.
enum Source<'a> {
    /// All of it is at hand.
    Text(Reader<&'a [u8]>),
    /// It is read as it is needed; the buffer holds one event.
    Stream(Reader<Box<dyn BufRead + 'a>>, Vec<u8>),
}

impl Source<'_> {
    fn position(&self) -> u64 {
        match self {
            Source::Text(reader) => reader.buffer_position(),
            Source::Stream(reader, _) => reader.buffer_position(),
        }
    }
}

/// The reader. Elements are asked for one after the other; what is not asked for is passed over.
pub struct Xml<'a> {
    source: Source<'a>,
    depth: usize,
    /// Entities that nobody declared: where each stood first, and how often.
    strange: BTreeMap<String, (u64, u64)>,
}

impl<'a> Xml<'a> {
    /// Reads decoded text.
    pub fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{FEFF}').trim_start());
        reader.config_mut().expand_empty_elements = true;
        Self { source: Source::Text(reader), depth: 0, strange: BTreeMap::new() }
    }

    /// Reads UTF-8 as it comes; memory is that of the longest text.
    pub fn of_stream(stream: Box<dyn BufRead + 'a>) -> Self {
        let mut reader = Reader::from_reader(stream);
        reader.config_mut().expand_empty_elements = true;
        Self { source: Source::Stream(reader, Vec::new()), depth: 0, strange: BTreeMap::new() }
    }

    /// The next element of any depth; `None` at the end of the file.
    pub fn begun(&mut self) -> Result<Option<Open>, XmlFault> {
        loop {
            match self.passing()? {
                Token::Start(open) => return Ok(Some(open)),
                Token::Done => return Ok(None),
                Token::End | Token::Text(_) => {}
            }
        }
    }

    /// The next element directly inside `parent`, passing over what is left of the one before; `None` when `parent` ends.
    pub fn child(&mut self, parent: &Open) -> Result<Option<Open>, XmlFault> {
        while self.depth >= parent.depth {
            match self.passing()? {
                Token::Start(open) if open.depth == parent.depth + 1 => return Ok(Some(open)),
                Token::Done => return Ok(None),
                Token::Start(_) | Token::End | Token::Text(_) => {}
            }
        }
        Ok(None)
    }

    /// The next token where texts do not matter, however long they are.
    fn passing(&mut self) -> Result<Token, XmlFault> {
        match self.step() {
            Err(XmlFault::Part(_)) => Ok(Token::Text(SmolStr::default())),
            token => token,
        }
    }

    /// The whole of an element that has just begun.
    pub fn element(&mut self, open: Open) -> Result<Element, XmlFault> {
        let mut left = TREE_MAX;
        self.tree(open, &mut left)
    }

    fn tree(&mut self, open: Open, left: &mut usize) -> Result<Element, XmlFault> {
        *left = left.checked_sub(1).ok_or(XmlFault::Part("elements of one entry"))?;
        let mut text = SmolStr::default();
        let mut longer = String::new();
        let mut children = Vec::new();
        loop {
            match self.step()? {
                Token::Start(inner) => children.push(self.tree(inner, left)?),
                // Most texts come in one piece, and blanks before a text are none of it.
                Token::Text(more) if longer.is_empty() && text.trim().is_empty() => text = more,
                Token::Text(more) => {
                    if longer.is_empty() {
                        longer.push_str(&text);
                    }
                    longer.push_str(&more);
                    if longer.len() > TEXT_MAX {
                        return Err(XmlFault::Part("64 KiB of text in one element"));
                    }
                }
                Token::End | Token::Done => break,
            }
        }
        let text = if longer.is_empty() { trimmed(text) } else { SmolStr::new(longer.trim()) };
        Ok(Element { name: open.name, text, attributes: open.attributes, children })
    }

    /// The unknown entities so far, each as one remark: nothing was left out because of them.
    pub fn strange(&self) -> Vec<Problem> {
        let told = |(name, (first, count)): (&String, &(u64, u64))| {
            Problem::new(
                "file",
                Reason::BadFormat,
                format!("未知实体 `&{name};` 出现 {count} 次（首次在第 {first} 字节附近），已以替代字符读入"),
                format!(
                    "unknown entity `&{name};`, {count} times, first near byte {first}; it was read as a replacement character"
                ),
            )
            .fix(
                "请核对含有该字符的文字；只能使用 &amp; &lt; &gt; &quot; &apos;",
                "look at the texts that have it; only &amp; &lt; &gt; &quot; &apos; are allowed",
            )
        };
        self.strange.iter().map(told).collect()
    }

    /// What stands for an entity that nobody declared.
    fn stranger(&mut self, name: &str, position: u64) -> &'static str {
        let name = crate::wire::text::clip(name, 32);
        if self.strange.len() < STRANGE_MAX || self.strange.contains_key(&name) {
            let (_, count) = self.strange.entry(name.clone()).or_insert((position, 0));
            *count = count.saturating_add(1);
        }
        // A blank that must not be broken is a blank; what others were meant to be nobody knows.
        if name == "nbsp" { " " } else { "\u{FFFD}" }
    }

    /// About where the reader is, in bytes of decoded text.
    pub fn position(&self) -> u64 {
        self.source.position()
    }

    fn step(&mut self) -> Result<Token, XmlFault> {
        loop {
            let position = self.source.position();
            let read = match &mut self.source {
                Source::Text(reader) => reader.read_event(),
                Source::Stream(reader, buffer) => {
                    buffer.clear();
                    reader.read_event_into(buffer)
                }
            };
            let event = read.map_err(|fault| XmlFault::Malformed(position, fault.to_string()))?;
            let mut strangers: Vec<String> = Vec::new();
            let mut token = match event {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return Err(XmlFault::Limit("64 elements inside each other"));
                    }
                    let (open, has_stranger) = opened(&start, self.depth, position)?;
                    strangers.extend(has_stranger.then(|| "attribute".to_owned()));
                    Token::Start(open)
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Token::End
                }
                Event::Text(text) => Token::Text(bounded(&text.xml10_content())?),
                Event::CData(text) => Token::Text(bounded(&text.xml10_content())?),
                Event::GeneralRef(reference) => {
                    let name = reference.xml10_content().into_owned();
                    Token::Text(match reference.resolve_char_ref() {
                        Ok(Some(c)) => SmolStr::from_iter([printable(c)]),
                        Ok(None) => match named_entity(&name) {
                            Some(text) => SmolStr::new_static(text),
                            None => {
                                strangers.push(name);
                                SmolStr::default()
                            }
                        },
                        Err(_) => return Err(XmlFault::Entity(crate::wire::text::clip(&name, 32))),
                    })
                }
                Event::DocType(_) => return Err(XmlFault::Dtd),
                Event::Eof if self.depth > 0 => {
                    return Err(XmlFault::Malformed(position, "the file ends inside an element".to_owned()));
                }
                Event::Eof => Token::Done,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            };
            for name in strangers {
                let text = self.stranger(&name, position);
                if let Token::Text(read) = &mut token {
                    *read = SmolStr::new_static(text);
                }
            }
            return Ok(token);
        }
    }
}

fn trimmed(text: SmolStr) -> SmolStr {
    let inner = text.trim();
    if inner.len() == text.len() { text } else { SmolStr::new(inner) }
}

fn bounded(text: &str) -> Result<SmolStr, XmlFault> {
    if text.len() > TEXT_MAX {
        return Err(XmlFault::Part("64 KiB of text in one element"));
    }
    Ok(clean(text))
}

/// The text with every character printable.
fn clean(text: &str) -> SmolStr {
    // Bytes that may begin a control character: those of ASCII, and the lead byte of U+0080 to U+00BF.
    let suspect = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0x7F || byte == 0xC2;
    if text.bytes().any(suspect) { text.chars().map(printable).collect() } else { SmolStr::new(text) }
}

/// Control characters have no place in XML; a reader that let them through would hand them to every page and log.
fn printable(c: char) -> char {
    if c.is_control() && !matches!(c, '\t' | '\n' | '\r') { '\u{FFFD}' } else { c }
}

fn named_entity(name: &str) -> Option<&'static str> {
    match name {
        "amp" => Some("&"),
        "lt" => Some("<"),
        "gt" => Some(">"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        _ => None,
    }
}

/// An element, and whether the value of one of its attributes has an entity that nobody declared.
fn opened(start: &BytesStart<'_>, depth: usize, position: u64) -> Result<(Open, bool), XmlFault> {
    let full = start.name();
    let full: &str = full.as_ref();
    if full.len() > NAME_MAX {
        return Err(XmlFault::Limit("256 bytes of one name"));
    }
    let name = SmolStr::new(full.rsplit(':').next().unwrap_or(full));
    let mut attributes = Vec::new();
    let mut has_stranger = false;
    let mut iter = start.attributes();
    // The library's own check for repeated names is quadratic; the bound on their number makes up for it.
    for attribute in iter.with_checks(false) {
        let attribute = attribute.map_err(|fault| XmlFault::Malformed(position, fault.to_string()))?;
        if attributes.len() >= ATTRIBUTES_MAX {
            return Err(XmlFault::Limit("64 attributes of one element"));
        }
        let key: &str = attribute.key.as_ref();
        if key.len() > NAME_MAX || attribute.value.len() > TEXT_MAX {
            return Err(XmlFault::Limit("64 KiB of text in one attribute"));
        }
        let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => clean(&value),
            // No value of ours: what it was meant to be nobody knows.
            Err(_) => {
                has_stranger = true;
                SmolStr::new_static("\u{FFFD}")
            }
        };
        attributes.push((SmolStr::new(key), value));
    }
    Ok((Open { name, attributes, depth }, has_stranger))
}

/// The message name (`camt.053.001.08`) in an element's namespace declarations, if one stands there.
pub fn message_name(open: &Open) -> Option<String> {
    let declared = open.attributes.iter().filter(|(key, _)| key == "xmlns" || key.starts_with("xmlns:"));
    declared.filter_map(|(_, value)| value.rsplit([':', '/', '$']).next()).find(|name| is_message_name(name)).map(str::to_owned)
}

fn is_message_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let digits = |part: &&str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [area, message, variant, version]
        if matches!(*area, "camt" | "pain") && digits(message, 3) && digits(variant, 3) && digits(version, 2))
}

#[cfg(test)]
#[path = "xml_tests.rs"]
mod tests;
