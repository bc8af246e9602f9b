//! Dahua event push: JSON `{"Events":[…]}` or text `Code=…;data={…}`, now and then compressed in one of two ways, or only
//! said to be.
//!
//! Deliberately absent: events other than `AccessControl` (counted only) and the pull variant.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use serde_json::{Map, Value};

use super::device::{DeviceBatch, DeviceProblem, DevicePunch, Direction, KEY_CHARS_MAX, PersonKind, key_text, multipart, time};
use super::reason::Reason;

/// Most bytes after decompression.
pub const INFLATED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most events read from one body.
pub const EVENTS_MAX: usize = 100_000;
/// The answer to a keep-alive and (unconfirmed) to events.
pub const ANSWER: &str = "{\"result\":true}";

/// The body as text bytes, whatever `Content-Encoding` said: zlib, then raw deflate, then as it came.
///
/// A form counts when it looks like events, since raw deflate can make something of almost any bytes.
pub fn decoded(body: &[u8]) -> Cow<'_, [u8]> {
    let inflated = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        // An unfinished stream still gives what came before its end.
        let read = reader.take(INFLATED_BYTES_MAX).read_to_end(&mut bytes);
        (read.is_ok() || !bytes.is_empty()).then_some(bytes).filter(|bytes| looks_like_events(bytes))
    };
    let zlib = inflated(&mut ZlibDecoder::new(body));
    zlib.or_else(|| inflated(&mut DeflateDecoder::new(body))).map_or(Cow::Borrowed(body), Cow::Owned)
}

fn looks_like_events(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    start.first().is_some_and(|b| b"{[".contains(b)) || start.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(b"code="))
}

/// Reads a body. `offset_minutes` is the device's setting: the message carries epoch seconds, shown on its wall.
pub fn parse(body: &[u8], offset_minutes: i32) -> DeviceBatch {
    let mut batch = DeviceBatch::default();
    let body = decoded(body);
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body).trim_ascii_start();
    if body.starts_with(b"--") {
        let parts = multipart::split(body).unwrap_or_default();
        if parts.len() > multipart::PARTS_MAX {
            let (zh, en) = (
                "消息部分超过 1000 个，其余未读取；原文已保存",
                "more than 1,000 parts; the rest was not read, the bytes are kept",
            );
            batch.note(DeviceProblem::body(Reason::OverLimit, zh, en));
        }
        for part in parts.into_iter().take(multipart::PARTS_MAX) {
            if looks_like_events(part.content) {
                read_text(&mut batch, part.content, offset_minutes);
            } else if part.content.starts_with(b"\xff\xd8") {
                batch.pictures = batch.pictures.saturating_add(1);
            }
        }
    } else if looks_like_events(body) {
        read_text(&mut batch, body, offset_minutes);
    }
    if batch.lines == 0 && batch.problems.is_empty() && batch.pictures == 0 {
        let (zh, en) = (
            "找不到事件：应为 {\"Events\":[…]} 或 Code=…;data={…}",
            "no event found: {\"Events\":[…]} or Code=…;data={…} was expected",
        );
        batch.note(DeviceProblem::body(Reason::BadFormat, zh, en));
    }
    batch.number_repeats();
    batch
}

fn read_text(batch: &mut DeviceBatch, bytes: &[u8], offset_minutes: i32) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0,
    };
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if text.starts_with(['{', '[']) {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let mut is_first = true;
        while let Some(Ok(value @ (Value::Object(_) | Value::Array(_)))) = stream.next() {
            read_json(batch, value, offset_minutes);
            is_first = false;
        }
        // What follows the last document and is none (NULs, a foreign boundary) does not matter.
        let rest = text.get(stream.byte_offset()..).unwrap_or_default().trim_start();
        if is_first || rest.starts_with(['{', '[']) {
            batch.note(DeviceProblem::body(Reason::BadFormat, "JSON 无法解析", "the JSON does not parse"));
        }
        return;
    }
    for (place, event) in text_events(text).enumerate() {
        read_event(batch, &event, &format!("event {}", place.saturating_add(1)), offset_minutes);
    }
}

fn read_json(batch: &mut DeviceBatch, value: Value, offset_minutes: i32) {
    let events = match value {
        Value::Array(events) => events,
        Value::Object(mut object) => match object.remove("Events") {
            Some(Value::Array(events)) => events,
            _ => vec![Value::Object(object)],
        },
        other => vec![other],
    };
    for (place, event) in events.iter().take(EVENTS_MAX).enumerate() {
        read_event(batch, event, &format!("Events[{place}]"), offset_minutes);
    }
    if events.len() > EVENTS_MAX {
        let (zh, en) = (format!("事件超过 {EVENTS_MAX} 条"), format!("more than {EVENTS_MAX} events"));
        batch.note(DeviceProblem::body(Reason::OverLimit, zh, en));
    }
}

/// The events of the text form, as the objects that the JSON form has. Data that do not parse are the text itself.
fn text_events(text: &str) -> impl Iterator<Item = Value> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = find_code(rest)?;
        let from = rest.get(start..)?;
        let end_of_head = end_of_head(from);
        let head = from.get(..end_of_head)?;
        let mut event = Map::new();
        for (key, value) in head.split(';').filter_map(|field| field.split_once('=')) {
            let name = match key.trim().to_ascii_lowercase().as_str() {
                "code" => "Code",
                "action" => "Action",
                "index" => "Index",
                _ => continue,
            };
            event.insert(name.to_owned(), Value::String(value.trim().to_owned()));
        }
        let tail = from.get(end_of_head..)?;
        match balanced(tail) {
            Some(end) if tail.starts_with('{') => {
                let data = tail.get(..end)?;
                event.insert("Data".to_owned(), serde_json::from_str(data).unwrap_or_else(|_| Value::String(String::new())));
                rest = tail.get(end..)?;
            }
            _ if tail.starts_with('{') => {
                event.insert("Data".to_owned(), Value::String(String::new()));
                rest = "";
            }
            _ => rest = tail,
        }
        Some(Value::Object(event))
    })
    .take(EVENTS_MAX)
}

/// Where an event's data begin, or its line ends; a line break between `data=` and its brace is none.
fn end_of_head(event: &str) -> usize {
    let end = event.find(['\n', '{']).unwrap_or(event.len());
    let (head, tail) = event.split_at_checked(end).unwrap_or((event, ""));
    let data = tail.trim_start();
    let waits =
        head.trim_end().get(head.trim_end().len().saturating_sub(5)..).is_some_and(|word| word.eq_ignore_ascii_case("data="));
    if waits && data.starts_with('{') { event.len().saturating_sub(data.len()) } else { end }
}

/// Where the next `Code=` starts.
fn find_code(text: &str) -> Option<usize> {
    text.as_bytes().windows(5).position(|window| window.eq_ignore_ascii_case(b"code="))
}

/// Length of the object at the start of the text, to its balanced brace; braces in strings do not count.
fn balanced(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (place, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth = depth.saturating_add(1),
            '}' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn text_of(fields: &Map<String, Value>, key: &str) -> Option<String> {
    let value = match fields.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!value.is_empty() && !value.eq_ignore_ascii_case("null")).then_some(value)
}

fn read_event(batch: &mut DeviceBatch, event: &Value, place: &str, offset_minutes: i32) {
    batch.lines = batch.lines.saturating_add(1);
    let line = batch.lines;
    let code = event.as_object().and_then(|event| text_of(event, "Code"));
    let Some(code) = code else {
        let (zh, en) = ("事件没有 Code", "the event has no Code");
        batch.note(DeviceProblem::new(place, line, Reason::BadFormat, zh, en));
        return;
    };
    if !code.eq_ignore_ascii_case("AccessControl") {
        batch.ignored.push(code.chars().take(KEY_CHARS_MAX).collect());
        return;
    }
    let Some(data) = event.get("Data").or_else(|| event.get("data")).and_then(Value::as_object) else {
        let (zh, en) = ("事件的 Data 无法解析", "the event's Data does not parse");
        batch.note(DeviceProblem::new(format!("{place}.Data"), line, Reason::BadFormat, zh, en));
        return;
    };
    match read_punch(data, line, place, offset_minutes) {
        Ok(punch) if text_of(data, "Status").as_deref() == Some("1") => batch.punches.push(punch),
        Ok(punch) => batch.refused.push(punch),
        // A refused attempt of a stranger is no loss.
        Err(problem) if problem.reason == Reason::UnknownPerson && text_of(data, "Status").as_deref() != Some("1") => {
            batch.ignored.push("AccessControl".to_owned());
        }
        Err(problem) => batch.note(problem),
    }
}

fn read_punch(data: &Map<String, Value>, line: u32, place: &str, offset_minutes: i32) -> Result<DevicePunch, DeviceProblem> {
    let wrong =
        |field: &str, reason, zh: &str, en: &str| DeviceProblem::new(format!("{place}.Data.{field}"), line, reason, zh, en);
    let (person, kind) = match (text_of(data, "UserID"), text_of(data, "CardNo")) {
        (Some(person), _) => (person, PersonKind::Pin),
        (None, Some(card)) => (card, PersonKind::Card),
        (None, None) => return Err(wrong("UserID", Reason::UnknownPerson, "事件没有人员编号", "the event names no person")),
    };
    if person.chars().count() > KEY_CHARS_MAX || person.contains(['\0', '\u{FFFD}']) {
        return Err(wrong("UserID", Reason::BadFormat, "人员编号无法识别", "the user id cannot be read"));
    }
    let Some(written) = text_of(data, "UTC") else {
        return Err(wrong("UTC", Reason::MissingField, "缺少时间 UTC", "UTC is missing"));
    };
    let Some(at_local) = time::epoch_wall(&written, offset_minutes) else {
        let (zh, en) = ("时间应为 10 位秒数", "the time should be ten digits of seconds");
        return Err(wrong("UTC", Reason::BadTime, zh, en));
    };
    let direction = text_of(data, "Type").and_then(|kind| match kind.to_ascii_lowercase().as_str() {
        "entry" => Some(Direction::In),
        "exit" => Some(Direction::Out),
        _ => None,
    });
    let state = direction.map(|way| i32::from(way == Direction::Out));
    Ok(DevicePunch {
        person,
        kind,
        at_local,
        offset_minutes: Some(offset_minutes),
        state,
        verify: text_of(data, "Method").and_then(|method| method.parse().ok()),
        line,
        direction,
        event: text_of(data, "RecNo").map(key_text),
        channel: text_of(data, "Door").map(key_text),
        ..DevicePunch::default()
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const JSON: &str = r#"{"Events":[{"Code":"AccessControl","Action":"Pulse","Index":0,"Data":{"UserID":"1001","CardNo":"","Door":1,"Method":15,"Status":1,"Type":"Entry","UTC":1795219083,"RecNo":88}},{"Code":"VideoMotion","Action":"Start","Index":0}]}"#;
    const TEXT: &str = "Code=AccessControl;action=Pulse;index=0;data={\n \"UserID\" : \"1001\",\n \"CardNo\" : \"\",\n \"Door\" : 1,\n \"Method\" : 15,\n \"Name\" : \"brace } and \\\" quote\",\n \"Status\" : 1,\n \"Type\" : \"Entry\",\n \"UTC\" : 1795219083,\n \"RecNo\" : 88\n}\r\nCode=VideoMotion;action=Start;index=0\r\n";

    fn read(body: &str) -> DeviceBatch {
        parse(body.as_bytes(), 480)
    }

    fn zlib(body: &str) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(body: &str) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn both_forms_give_the_same_punch() {
        let batch = read(JSON);
        let punch = &batch.punches[0];
        assert_eq!((punch.person.as_str(), punch.at_local.to_string().as_str()), ("1001", "2026-11-21 07:58:03"));
        assert_eq!((punch.verify, punch.state, punch.direction), (Some(15), Some(0), Some(Direction::In)));
        assert_eq!((punch.event.as_deref(), punch.channel.as_deref()), (Some("88"), Some("1")));
        assert_eq!((batch.lines, batch.ignored.as_slice()), (2, &["VideoMotion".to_owned()][..]));
        assert_eq!(read(TEXT), batch);
    }

    #[test]
    fn every_document_is_read_or_told_of() {
        let second = JSON.replace("1795219083", "1795219084");
        let both = read(&format!("{JSON}\n{second}\0\0--foreign--"));
        assert_eq!((both.punches.len(), both.lines, both.problems.len()), (2, 4, 0));
        let torn = read(&format!("{JSON}\n{}", &second[..40]));
        assert_eq!((torn.punches.len(), torn.problems.len()), (1, 1));
        // Data may begin on a line of their own.
        assert_eq!(read(&TEXT.replace("data={", "data= \r\n{")), read(TEXT));
    }

    #[test]
    fn deflate_may_be_zlib_raw_or_untrue() {
        for text in [JSON, TEXT] {
            let plain = read(text);
            assert_eq!(parse(&zlib(text), 480), plain);
            assert_eq!(parse(&raw(text), 480), plain);
            assert_eq!(decoded(text.as_bytes()), text.as_bytes());
        }
    }

    #[test]
    fn other_states_are_refused_attempts() {
        let batch = read(&JSON.replace("\"Status\":1", "\"Status\":0"));
        assert_eq!((batch.punches.len(), batch.refused.len(), batch.problems.len()), (0, 1, 0));
        let batch = read(&JSON.replace("\"Status\":1", "\"Status\":0").replace("\"UserID\":\"1001\"", "\"UserID\":\"\""));
        assert_eq!((batch.refused.len(), batch.problems.len(), batch.ignored.len()), (0, 0, 2));
    }

    #[test]
    fn each_bad_event_has_its_reason() {
        for (from, to, reason) in [
            ("\"UserID\":\"1001\"", "\"UserID\":\"\"", "unknown_person"),
            ("1795219083", "\"yesterday\"", "bad_time"),
            ("\"UTC\"", "\"Time\"", "missing_field"),
            ("\"Code\":\"AccessControl\"", "\"Kind\":1", "bad_format"),
        ] {
            let batch = read(&JSON.replace(from, to));
            assert_eq!((batch.punches.len(), batch.problems[0].reason.code()), (0, reason), "{to}");
        }
        assert_eq!(read(&TEXT.replace("\"Status\" : 1", "\"Status\" ; 1")).problems[0].reason, Reason::BadFormat);
        for body in ["", "hello", "{\"Events\":", "{}", "{\"Events\":[3]}"] {
            assert_eq!(read(body).problems[0].reason, Reason::BadFormat, "{body}");
        }
        let card = read(&JSON.replace("\"UserID\":\"1001\",\"CardNo\":\"\"", "\"CardNo\":\"0012345678\""));
        assert_eq!(card.punches[0].kind, PersonKind::Card);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..400) {
            parse(&bytes, 480);
            let text = TEXT.as_bytes();
            parse(&[&text[..cut.min(text.len())], &bytes].concat(), 480);
            let packed = zlib(JSON);
            parse(&packed[..cut.min(packed.len())], 480);
        }
    }
}
