//! `EventNotificationAlert` as the same tree that the JSON form has: local names only, so that the maker's two
//! namespaces and any prefix are one.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Deepest nesting read.
const DEPTH_MAX: usize = 16;
/// Most pieces read of one alert.
const PIECES_MAX: usize = 10_000;
/// Most alerts read of one body.
const ALERTS_MAX: usize = 100_000;

/// Reads the alerts that follow one another, each as `{"EventNotificationAlert": {…}}`, and whether one more begins and cannot be read.
pub fn to_values(bytes: &[u8]) -> (Vec<Value>, bool) {
    let mut found = Vec::new();
    let was_read = read(bytes, &mut found).is_some();
    let is_broken = !found.is_empty() && !was_read;
    (found, is_broken)
}

/// `None` when it ends in markup that is no alert; what is no markup (a foreign boundary, NULs) does not matter.
fn read(bytes: &[u8], found: &mut Vec<Value>) -> Option<()> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // The declaration of Chinese firmware says GB2312 or GBK; GB18030 holds both.
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    };
    let mut reader = Reader::from_str(&text);
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    let mut pieces = 0_usize;
    while found.len() < ALERTS_MAX && pieces < PIECES_MAX {
        pieces = pieces.saturating_add(1);
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                if open.len() >= DEPTH_MAX {
                    return None;
                }
                open.push((tag.local_name().as_ref().to_owned(), Map::new(), String::new()));
            }
            Event::Empty(_) => {}
            Event::Text(piece) => {
                if let Some((_, _, content)) = open.last_mut() {
                    content.push_str(&piece);
                }
            }
            Event::CData(piece) => {
                if let Some((_, _, content)) = open.last_mut() {
                    content.push_str(&piece);
                }
            }
            Event::GeneralRef(entity) => {
                let resolved = match entity.resolve_char_ref().ok()? {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&entity)?.to_owned(),
                };
                if let Some((_, _, content)) = open.last_mut() {
                    content.push_str(&resolved);
                }
            }
            Event::End(_) => {
                let (name, fields, content) = open.pop()?;
                let value = if fields.is_empty() { Value::String(content.trim().to_owned()) } else { Value::Object(fields) };
                match open.last_mut() {
                    // The first of equal names counts.
                    Some((_, parent, _)) => {
                        parent.entry(name).or_insert(value);
                    }
                    None if name == "EventNotificationAlert" => {
                        found.push(Value::Object(Map::from_iter([(name, value)])));
                        pieces = 0;
                    }
                    None => return None,
                }
            }
            Event::Eof => return open.is_empty().then_some(()),
            _ => {}
        }
    }
    None
}
