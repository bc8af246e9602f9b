//! Hikvision ISAPI event push: the same event as multipart with JSON, as plain JSON or as XML, one punch in all three.
//!
//! The event's identity is (`shortSerialNumber`, else the MAC; `serialNo`; `dateTime`); `serialNo` counts events and says
//! nothing about the device. Deliberately absent: the picture's bytes (they are only counted), and the direction of the gate.

mod alert_xml;

use serde_json::{Map, Value};

use super::device::{
    CHINA_OFFSET_MINUTES, DeviceBatch, DeviceProblem, DevicePunch, Direction, KEY_CHARS_MAX, Named, PersonKind, key_text,
    multipart, time,
};
use super::reason::Reason;

/// What an access-control event means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A person passed; how, as a verify code (15 face, 1 finger, 2 badge).
    Passed(i32),
    /// A person was refused; how he tried.
    Refused(i32),
    /// Nobody is concerned.
    Nothing,
}

/// The events with a meaning, as (major, minor); all others are counted only.
pub const EVENTS: [(i64, i64, Meaning); 6] = [
    (5, 75, Meaning::Passed(15)),
    (5, 38, Meaning::Passed(1)),
    (5, 1, Meaning::Passed(2)),
    (5, 76, Meaning::Refused(15)),
    (5, 21, Meaning::Nothing),
    (5, 22, Meaning::Nothing),
];

/// Deepest nesting of an `AccessControllerEvent` in itself; one level is seen in the field.
const NESTING_MAX: usize = 3;

/// Reads a body in any of the three forms. `offset_minutes` is the device's setting, for times in UTC.
pub fn parse(body: &[u8], offset_minutes: i32) -> DeviceBatch {
    let mut batch = DeviceBatch::default();
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    match body.first() {
        Some(b'{' | b'[' | b'<') => read_object(&mut batch, body, "body", offset_minutes),
        _ => match multipart::split(body) {
            Some(parts) => read_parts(&mut batch, &parts, offset_minutes),
            None => batch.note(unreadable("body", 0)),
        },
    }
    batch.number_repeats();
    batch
}

/// Reads a body with the offset of a clock in China.
pub fn parse_in_china(body: &[u8]) -> DeviceBatch {
    parse(body, CHINA_OFFSET_MINUTES)
}

fn unreadable(place: &str, line: u32) -> DeviceProblem {
    let zh = "找不到事件：应为 multipart、JSON 或 XML（EventNotificationAlert）";
    let en = "no event found: multipart, JSON or XML (EventNotificationAlert) was expected";
    DeviceProblem::new(place, line, Reason::BadFormat, zh, en)
}

fn read_parts(batch: &mut DeviceBatch, parts: &[multipart::Part<'_>], offset_minutes: i32) {
    let mut found = false;
    for (place, part) in parts.iter().take(multipart::PARTS_MAX).enumerate() {
        let content = part.content.trim_ascii_start();
        let picture =
            part.content_type.as_deref().is_some_and(|kind| kind.starts_with("image/")) || content.starts_with(b"\xff\xd8");
        if picture {
            batch.pictures = batch.pictures.saturating_add(1);
        } else if matches!(content.first(), Some(b'{' | b'[' | b'<')) {
            found = true;
            read_object(batch, content, &format!("part {}", place.saturating_add(1)), offset_minutes);
        }
    }
    if !found {
        batch.note(unreadable("body", 0));
    }
    if parts.len() > multipart::PARTS_MAX {
        let (zh, en) =
            ("消息部分超过 1000 个，其余未读取；原文已保存", "more than 1,000 parts; the rest was not read, the bytes are kept");
        batch.note(DeviceProblem::body(Reason::OverLimit, zh, en));
    }
}

fn read_object(batch: &mut DeviceBatch, bytes: &[u8], place: &str, offset_minutes: i32) {
    let (values, is_broken) = if bytes.first() == Some(&b'<') { alert_xml::to_values(bytes) } else { values(bytes) };
    let (is_empty, mut events) = (values.is_empty(), Vec::new());
    for value in values {
        match value {
            Value::Array(some) => events.extend(some),
            other => events.push(other),
        }
    }
    if is_empty || is_broken {
        batch.lines = batch.lines.saturating_add(1);
        let line = batch.lines;
        batch.note(unreadable(place, line));
    }
    for event in &events {
        batch.lines = batch.lines.saturating_add(1);
        match event.as_object() {
            Some(event) => read_event(batch, event, place, offset_minutes),
            None => {
                let line = batch.lines;
                batch.note(unreadable(place, line));
            }
        }
    }
}

/// The JSON objects and lists that follow one another, and whether one more begins and cannot be read; what else follows (a foreign
/// boundary, NULs) does not matter.
fn values(bytes: &[u8]) -> (Vec<Value>, bool) {
    let read = |bytes: &[u8]| {
        let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        let mut found = Vec::new();
        while let Some(Ok(value @ (Value::Object(_) | Value::Array(_)))) = stream.next() {
            found.push(value);
        }
        let rest = bytes.get(stream.byte_offset()..).unwrap_or_default().trim_ascii_start();
        let is_broken = !found.is_empty() && rest.first() == Some(&b'{');
        (found, is_broken)
    };
    let plain = read(bytes);
    if !plain.0.is_empty() && !plain.1 {
        return plain;
    }
    // Firmware set to Chinese may write GBK names into its JSON.
    let chinese = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
    chinese.map(|text| read(text.as_bytes())).filter(|other| other.0.len() > plain.0.len()).unwrap_or(plain)
}

/// Text of a field; empty text and the word `null` are no text.
fn text(event: &Map<String, Value>, key: &str) -> Option<String> {
    let value = match event.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!value.is_empty() && !value.eq_ignore_ascii_case("null")).then_some(value)
}

fn number(event: &Map<String, Value>, key: &str) -> Option<i64> {
    text(event, key)?.parse().ok()
}

fn object<'a>(event: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    event.get(key)?.as_object()
}

fn read_event(batch: &mut DeviceBatch, root: &Map<String, Value>, place: &str, offset_minutes: i32) {
    const INNER: &str = "AccessControllerEvent";
    // XML keeps its root's name; JSON may wrap the alert too.
    let root = object(root, "EventNotificationAlert").unwrap_or(root);
    let mut levels = vec![root];
    while let Some(next) = levels.last().and_then(|event| object(event, INNER)) {
        if levels.len() > NESTING_MAX {
            break;
        }
        levels.push(next);
    }
    // Inner fields win; outer ones are the fallback.
    let find = |key: &str| levels.iter().rev().find_map(|event| text(event, key));
    let named = Named { device: find("shortSerialNumber").or_else(|| find("macAddress")), mac: find("macAddress") };
    let named = batch.name(named);
    let kind = find("eventType").unwrap_or_default();
    if kind.eq_ignore_ascii_case("heartBeat") {
        batch.heartbeat = true;
        return;
    }
    let whole = |key: &str| levels.iter().rev().find_map(|event| number(event, key));
    let (Some(major), Some(minor)) = (whole("majorEventType"), whole("subEventType")) else {
        batch.ignored.push(if kind.is_empty() { "unnamed".to_owned() } else { kind.chars().take(KEY_CHARS_MAX).collect() });
        return;
    };
    let meaning = EVENTS.iter().find(|(a, b, _)| (*a, *b) == (major, minor)).map(|(_, _, meaning)| *meaning);
    let (verify, passed) = match meaning {
        Some(Meaning::Passed(verify)) => (verify, true),
        Some(Meaning::Refused(verify)) => (verify, false),
        Some(Meaning::Nothing) | None => {
            batch.ignored.push(format!("{major}/{minor}"));
            return;
        }
    };
    let line = batch.lines;
    match read_punch(find, verify, minor, line, place, offset_minutes) {
        Ok(punch) if passed => batch.punches.push(DevicePunch { named, ..punch }),
        Ok(punch) => batch.refused.push(DevicePunch { named, ..punch }),
        // A refused or card event without a person says nothing; a face that passed must belong to somebody.
        Err(problem) if problem.reason == Reason::UnknownPerson && (major, minor) != (5, 75) => {
            batch.ignored.push(format!("{major}/{minor}"));
        }
        Err(problem) => batch.note(problem),
    }
}

fn read_punch(
    find: impl Fn(&str) -> Option<String>,
    verify: i32,
    minor: i64,
    line: u32,
    place: &str,
    offset_minutes: i32,
) -> Result<DevicePunch, DeviceProblem> {
    let wrong = |field: &str, reason, zh: &str, en: &str| DeviceProblem::new(format!("{place}.{field}"), line, reason, zh, en);
    let (person, kind) = match find("employeeNoString").or_else(|| find("employeeNo")) {
        Some(person) => (person, PersonKind::Pin),
        None => match find("cardNo").filter(|_| minor == 1) {
            Some(card) => (card, PersonKind::Card),
            None => {
                let (zh, en) = ("事件没有人员编号", "the event names no person");
                return Err(wrong("employeeNoString", Reason::UnknownPerson, zh, en));
            }
        },
    };
    if person.chars().count() > KEY_CHARS_MAX || person.contains(['\0', '\u{FFFD}']) {
        return Err(wrong("employeeNoString", Reason::BadFormat, "人员编号无法识别", "the employee number cannot be read"));
    }
    let Some(written) = find("dateTime") else {
        return Err(wrong("dateTime", Reason::MissingField, "缺少时间 dateTime", "dateTime is missing"));
    };
    let Some((wall, offset)) = time::wall_time(&written) else {
        let (zh, en) = ("时间不存在或无法识别，请检查设备时钟", "the time does not exist or cannot be read, check the clock");
        return Err(wrong("dateTime", Reason::BadTime, zh, en));
    };
    // UTC is a moment without a wall: it is shown on the device's.
    let (at_local, offset) = match offset {
        Some(0) => (time::moved(wall, 0, offset_minutes).unwrap_or(wall), Some(offset_minutes)),
        other => (wall, other),
    };
    let state = find("attendanceStatus").and_then(|status| state_of(&status));
    Ok(DevicePunch {
        person,
        kind,
        at_local,
        offset_minutes: offset,
        state,
        verify: Some(verify),
        line,
        direction: state.and_then(Direction::of_state),
        event: find("serialNo").map(key_text),
        channel: find("doorNo").or_else(|| find("cardReaderNo")).map(key_text),
        ..DevicePunch::default()
    })
}

/// Attendance state of the word that the device uses; `undefined` is none.
fn state_of(word: &str) -> Option<i32> {
    Some(match word.to_ascii_lowercase().as_str() {
        "checkin" => 0,
        "checkout" => 1,
        "breakout" => 2,
        "breakin" => 3,
        "overtimein" => 4,
        "overtimeout" => 5,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
