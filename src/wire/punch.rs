//! Our own JSON punch endpoint (`POST /api/v1/punches`), for every gate without a protocol of its own, and the
//! signature that its requests carry.
//!
//! Unknown fields are ignored. Deliberately absent: bearer tokens, and duplicates across requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::device::{DeviceBatch, DeviceProblem, DevicePunch, Direction, KEY_CHARS_MAX, PersonKind, count32, time};
use super::reason::Reason;
use crate::base::Moment;

/// Most punches in one request.
pub const ITEMS_MAX: usize = 1_000;
/// Most bytes of a request's body.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes of a picture, after base64.
pub const PHOTO_BYTES_MAX: usize = 200 * 1024;
/// How far a signature's timestamp may be off, in seconds either way.
pub const SIGNATURE_SECONDS_MAX: i64 = 300;

/// Reads a body; problems of items carry the sender's id in `item`. Times with an offset are moments and shown on the
/// wall of the device, `offset_minutes` ahead of UTC.
///
/// # Errors
/// `bad_format` when the body is no JSON or has no `punches` (answer 400), `over_limit` when there are more than
/// [`ITEMS_MAX`] or the body is too large (answer 413).
pub fn parse(body: &[u8], offset_minutes: i32) -> Result<DeviceBatch, DeviceProblem> {
    if body.len() > BODY_BYTES_MAX {
        return Err(DeviceProblem::body(
            Reason::OverLimit,
            "请求超过 8 MiB，请分批上传",
            "the body exceeds 8 MiB, send smaller batches",
        ));
    }
    let value: Option<Value> = serde_json::from_slice(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)).ok();
    let Some(items) = value.as_ref().and_then(|value| value.get("punches")).and_then(Value::as_array) else {
        let (zh, en) = ("请求体不是 JSON 或没有 punches 数组", "the body is no JSON or has no array `punches`");
        return Err(DeviceProblem::body(Reason::BadFormat, zh, en));
    };
    if items.is_empty() || items.len() > ITEMS_MAX {
        let reason = if items.is_empty() { Reason::BadFormat } else { Reason::OverLimit };
        let (zh, en) = (format!("每次应有 1 至 {ITEMS_MAX} 条打卡"), format!("send 1 to {ITEMS_MAX} punches at a time"));
        return Err(DeviceProblem::body(reason, zh, en));
    }
    let device = value.as_ref().and_then(|value| value.get("device")).and_then(Value::as_str);
    let mut batch = DeviceBatch { device: device.map(str::to_owned), ..DeviceBatch::default() };
    for (place, item) in items.iter().enumerate() {
        batch.lines = batch.lines.saturating_add(1);
        match read_item(item, place, offset_minutes) {
            Ok(punch) => batch.punches.push(punch),
            Err(mut problem) => {
                problem.item = item.get("id").and_then(Value::as_str).map(|id| id.chars().take(KEY_CHARS_MAX).collect());
                batch.note(problem);
            }
        }
    }
    batch.number_repeats();
    Ok(batch)
}

fn read_item(item: &Value, place: usize, offset_minutes: i32) -> Result<DevicePunch, DeviceProblem> {
    let line = count32(place.saturating_add(1));
    let wrong = |field: &str, reason, zh: &str, en: &str| {
        let dot = if field.is_empty() { "" } else { "." };
        DeviceProblem::new(format!("punches[{place}]{dot}{field}"), line, reason, zh, en)
    };
    let Some(item) = item.as_object() else {
        return Err(wrong("", Reason::BadFormat, "打卡应为对象", "a punch should be an object"));
    };
    let id = text(item, "id").ok_or_else(|| {
        let (reason, zh, en) =
            absent(item.get("id"), Reason::BadFormat, ("缺少 id", "id is missing"), ("id 应为文本", "id should be text"));
        wrong("id", reason, zh, en)
    })?;
    if id.len() > KEY_CHARS_MAX || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong(
            "id",
            Reason::BadFormat,
            "id 应为 1 至 64 个可见 ASCII 字符",
            "id should be 1 to 64 visible ASCII characters",
        ));
    }
    let person = item.get("person").and_then(Value::as_object);
    let value = person.and_then(|person| text(person, "value"));
    let Some(value) = value else {
        let told = person.map_or_else(|| item.get("person"), |person| person.get("value"));
        let other =
            ("person 应如 {\"kind\":\"pin\",\"value\":\"1001\"}", "person should be like {\"kind\":\"pin\",\"value\":\"1001\"}");
        let (reason, zh, en) = absent(told, Reason::BadFormat, ("缺少人员", "the person is missing"), other);
        return Err(wrong("person.value", reason, zh, en));
    };
    if value.chars().count() > KEY_CHARS_MAX || value.chars().any(char::is_control) {
        return Err(wrong("person.value", Reason::BadFormat, "人员编号无法识别", "the person's number cannot be read"));
    }
    let kind = match person.and_then(|person| text(person, "kind")) {
        Some("pin") => PersonKind::Pin,
        Some("card") => PersonKind::Card,
        Some("id_card") => PersonKind::IdCard,
        Some("worker") => PersonKind::Worker,
        _ => {
            let (zh, en) =
                ("person.kind 应为 pin、card、id_card 或 worker", "person.kind should be pin, card, id_card or worker");
            return Err(wrong("person.kind", Reason::BadFormat, zh, en));
        }
    };
    let written = text(item, "time").ok_or_else(|| {
        let (reason, zh, en) = absent(item.get("time"), Reason::BadTime, ("缺少 time", "time is missing"), TIME_WORDS);
        wrong("time", reason, zh, en)
    })?;
    let read = time::wall_time(written).and_then(|(wall, offset)| match offset {
        None => Some((wall, None)),
        Some(minutes) => Some((time::moved(wall, minutes, offset_minutes)?, Some(offset_minutes))),
    });
    let Some((at_local, message_offset)) = read else {
        return Err(wrong("time", Reason::BadTime, TIME_WORDS.0, TIME_WORDS.1));
    };
    let direction = match text(item, "direction") {
        Some("in") => Some(Direction::In),
        Some("out") => Some(Direction::Out),
        Some("unknown") | None => None,
        Some(_) => {
            let (zh, en) = ("direction 应为 in、out 或 unknown", "direction should be in, out or unknown");
            return Err(wrong("direction", Reason::BadFormat, zh, en));
        }
    };
    let attend_type = text(item, "attend_type");
    if attend_type.is_some_and(|code| !(code.len() == 3 && ("001"..="011").contains(&code))) {
        let (zh, en) = ("attend_type 应为 001 至 011", "attend_type should be 001 to 011");
        return Err(wrong("attend_type", Reason::BadFormat, zh, en));
    }
    check_photo(item).map_err(|(reason, zh, en)| wrong("photo", reason, zh, en))?;
    Ok(DevicePunch {
        person: value.to_owned(),
        kind,
        at_local,
        offset_minutes: message_offset,
        state: direction.map(|way| i32::from(way == Direction::Out)),
        verify: attend_type.and_then(verify_of),
        line,
        direction,
        event: Some(id.to_owned()),
        channel: text(item, "channel").map(|channel| channel.chars().take(KEY_CHARS_MAX).collect()),
        attend_type: attend_type.map(str::to_owned),
        ..DevicePunch::default()
    })
}

/// How a time is written, in Chinese and English.
const TIME_WORDS: (&str, &str) =
    ("time 应为文本，如 2026-11-21T07:58:03+08:00", "time should be text like 2026-11-21T07:58:03+08:00");

/// Reason and words for a field without text: it is not there, or it is something else.
fn absent<'w>(
    value: Option<&Value>,
    other: Reason,
    missing: (&'w str, &'w str),
    wrong: (&'w str, &'w str),
) -> (Reason, &'w str, &'w str) {
    match value {
        None | Some(Value::Null) => (Reason::MissingField, missing.0, missing.1),
        Some(Value::String(blank)) if blank.trim().is_empty() => (Reason::MissingField, missing.0, missing.1),
        Some(_) => (other, wrong.0, wrong.1),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Verify code of a national attendance type, where there is one.
fn verify_of(attend_type: &str) -> Option<i32> {
    match attend_type {
        "001" => Some(15),
        "003" => Some(1),
        "004" => Some(25),
        "005" | "006" => Some(2),
        _ => None,
    }
}

fn check_photo(item: &Map<String, Value>) -> Result<(), (Reason, &'static str, &'static str)> {
    let photo = match item.get("photo") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(photo)) => photo,
        Some(_) => return Err((Reason::BadFormat, "photo 应为 base64 文本", "photo should be base64 text")),
    };
    // Base64 writes four characters for three bytes.
    if photo.len() / 4 * 3 > PHOTO_BYTES_MAX + 3 {
        return Err((Reason::OverLimit, "照片超过 200 KB", "the photo exceeds 200 KB"));
    }
    let bytes = STANDARD.decode(photo).map_err(|_| (Reason::BadFormat, "photo 不是 base64", "photo is no base64"))?;
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err((Reason::OverLimit, "照片超过 200 KB", "the photo exceeds 200 KB"));
    }
    if !bytes.starts_with(b"\xff\xd8") {
        return Err((Reason::BadFormat, "照片不是 JPEG", "the photo is no JPEG"));
    }
    Ok(())
}

/// Why a signed request is not believed. The answer is 401 for each; the difference is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFault {
    /// The timestamp is no number of seconds.
    BadTimestamp,
    /// The timestamp is further off than [`SIGNATURE_SECONDS_MAX`].
    Stale,
    /// The header is not `v1=` and 64 hex digits.
    BadForm,
    /// The signature is not that of this body, timestamp and secret.
    Mismatch,
}

/// The header `X-Anxin-Signature` for a body: `v1=` and the hex HMAC-SHA256 of `timestamp.body`.
pub fn sign(secret: &[u8], timestamp: &str, body: &[u8]) -> String {
    let digest = mac_of(secret, timestamp, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    digest.iter().fold("v1=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Checks `X-Anxin-Timestamp` and `X-Anxin-Signature` against the received body, in constant time.
///
/// # Errors
/// See [`SignatureFault`].
pub fn check_signature(secret: &[u8], timestamp: &str, header: &str, body: &[u8], now: Moment) -> Result<(), SignatureFault> {
    let digits = !timestamp.is_empty() && timestamp.bytes().all(|b| b.is_ascii_digit());
    let seconds: i64 = timestamp.parse().ok().filter(|_| digits).ok_or(SignatureFault::BadTimestamp)?;
    if now.unix_seconds().saturating_sub(seconds).saturating_abs() > SIGNATURE_SECONDS_MAX {
        return Err(SignatureFault::Stale);
    }
    let hex = header.trim().strip_prefix("v1=").filter(|hex| hex.len() == 64).ok_or(SignatureFault::BadForm)?;
    let digest = hex_bytes(hex).ok_or(SignatureFault::BadForm)?;
    let mac = mac_of(secret, timestamp, body).ok_or(SignatureFault::Mismatch)?;
    mac.verify_slice(&digest).map_err(|_| SignatureFault::Mismatch)
}

fn mac_of(secret: &[u8], timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

fn hex_bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits?.chunks_exact(2).map(|pair| Some(pair.first()? * 16 + pair.last()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn item() -> Value {
        json!({"id": "g1-000123", "person": {"kind": "pin", "value": "1001"}, "time": "2026-11-21T07:58:03+08:00",
               "direction": "in", "attend_type": "001", "channel": "1号门", "temperature": null, "photo": null, "later": 1})
    }

    fn read(items: &[Value]) -> Result<DeviceBatch, DeviceProblem> {
        parse(json!({ "punches": items }).to_string().as_bytes(), 480)
    }

    fn changed(key: &str, value: Value) -> Value {
        let mut item = item();
        item[key] = value;
        item
    }

    #[test]
    fn the_example_is_a_punch() {
        let batch = read(&[item()]).unwrap();
        let punch = &batch.punches[0];
        assert_eq!((punch.event.as_deref(), punch.person.as_str()), (Some("g1-000123"), "1001"));
        assert_eq!((punch.at_local.to_string().as_str(), punch.offset_minutes), ("2026-11-21 07:58:03", Some(480)));
        assert_eq!((punch.direction, punch.attend_type.as_deref(), punch.verify), (Some(Direction::In), Some("001"), Some(15)));
        let utc = read(&[changed("time", json!("2026-11-20T23:58:03Z"))]).unwrap();
        assert_eq!(utc.punches, batch.punches);
        let bare = read(&[changed("time", json!("2026-11-21T07:58:03"))]).unwrap();
        assert_eq!((bare.punches[0].at_local, bare.punches[0].offset_minutes), (punch.at_local, None));
    }

    #[test]
    fn a_bad_item_keeps_its_id_and_leaves_its_neighbours() {
        let bad = [
            (changed("id", json!("a b")), "bad_format", "punches[0].id"),
            (changed("id", json!("x".repeat(65))), "bad_format", "punches[0].id"),
            (changed("id", Value::Null), "missing_field", "punches[0].id"),
            (changed("person", json!({"kind": "nose", "value": "1"})), "bad_format", "punches[0].person.kind"),
            (changed("person", json!({"kind": "pin", "value": " "})), "missing_field", "punches[0].person.value"),
            (changed("time", json!("2026-11-31T07:58:03+08:00")), "bad_time", "punches[0].time"),
            (changed("time", json!(1_795_219_083)), "bad_time", "punches[0].time"),
            (changed("time", Value::Null), "missing_field", "punches[0].time"),
            (changed("id", json!(7)), "bad_format", "punches[0].id"),
            (changed("person", json!({"kind": "pin", "value": 1001})), "bad_format", "punches[0].person.value"),
            (changed("person", json!("1001")), "bad_format", "punches[0].person.value"),
            (changed("direction", json!("up")), "bad_format", "punches[0].direction"),
            (changed("attend_type", json!("012")), "bad_format", "punches[0].attend_type"),
            (changed("photo", json!("?")), "bad_format", "punches[0].photo"),
            (changed("photo", json!("AAAA")), "bad_format", "punches[0].photo"),
            (changed("photo", json!("A".repeat(400_000))), "over_limit", "punches[0].photo"),
            (json!(3), "bad_format", "punches[0]"),
        ];
        for (item_json, reason, place) in bad {
            let batch = read(&[item_json.clone(), item()]).unwrap();
            assert_eq!((batch.punches.len(), batch.lines), (1, 2), "{item_json}");
            assert_eq!((batch.problems[0].reason.code(), batch.problems[0].place.as_str()), (reason, place));
        }
        let photo = STANDARD.encode(b"\xff\xd8\0\xd9");
        assert_eq!(read(&[changed("photo", json!(photo))]).unwrap().punches.len(), 1);
        assert_eq!(read(&[changed("time", json!("x"))]).unwrap().problems[0].item.as_deref(), Some("g1-000123"));
    }

    #[test]
    fn bodies_without_punches_and_too_many_are_refused() {
        for body in ["", "{", "[]", "{}", "{\"punches\":{}}", "{\"punches\":[]}"] {
            assert_eq!(parse(body.as_bytes(), 480).unwrap_err().reason, Reason::BadFormat, "{body}");
        }
        assert!(read(&vec![item(); 1000]).is_ok());
        assert_eq!(read(&vec![item(); 1001]).unwrap_err().reason, Reason::OverLimit);
        assert_eq!(parse(&vec![b' '; BODY_BYTES_MAX + 1], 480).unwrap_err().reason, Reason::OverLimit);
    }

    #[test]
    fn signatures_hold_for_their_body_time_and_secret() {
        let now = Moment(1_795_219_083_000_000);
        let header = sign(b"secret", "1795219083", b"{}");
        assert_eq!(header, "v1=e16afed0cd7eeb817f2ddb588268e9433bc6c5e00f9f90a901e256ce7863c942");
        let check = |stamp: &str, header: &str, body: &[u8], now| check_signature(b"secret", stamp, header, body, now);
        assert_eq!(check("1795219083", &header, b"{}", now), Ok(()));
        assert_eq!(check("1795219083", &header.to_uppercase().replace("V1", "v1"), b"{}", now), Ok(()));
        assert_eq!(check("1795219083", &header, b"{ }", now), Err(SignatureFault::Mismatch));
        assert_eq!(check("1795219084", &header, b"{}", now), Err(SignatureFault::Mismatch));
        assert_eq!(check("1795219083", &header, b"{}", now.plus_seconds(300)), Ok(()));
        assert_eq!(check("1795219083", &header, b"{}", now.plus_seconds(301)), Err(SignatureFault::Stale));
        assert_eq!(check("1795219083", &header, b"{}", now.plus_seconds(-301)), Err(SignatureFault::Stale));
        assert_eq!(check("-5", &header, b"{}", now), Err(SignatureFault::BadTimestamp));
        for odd in ["", "v1=", "v1=zz", "v2=00", &format!("v1={}", "g".repeat(64))] {
            assert_eq!(check("1795219083", odd, b"{}", now), Err(SignatureFault::BadForm), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
            let _ = parse(&bytes, 480);
            let _ = read(&[changed("time", json!(text)), changed("id", json!(text)), changed("photo", json!(text))]);
            let _ = check_signature(&bytes, &text, &text, &bytes, Moment(0));
        }
    }
}
