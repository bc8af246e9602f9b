//! The message of the wire specification in its three forms, and every quirk of the field.

use proptest::prelude::*;

use super::*;

const EVENT: &str = "{\"ipAddress\":\"192.0.2.21\",\"portNo\":80,\"protocol\":\"HTTP\",\"macAddress\":\"02:00:00:aa:bb:01\",\"channelID\":1,\n\
\"dateTime\":\"2026-11-21T07:58:03+08:00\",\"activePostCount\":1,\"eventType\":\"AccessControllerEvent\",\"eventState\":\"active\",\n\
\"eventDescription\":\"Access Controller Event\",\"shortSerialNumber\":\"T00000001\",\"AccessControllerEvent\":{\"majorEventType\":5,\n\
\"subEventType\":75,\"employeeNoString\":\"1001\",\"name\":\"测试甲\",\"cardReaderNo\":1,\"doorNo\":1,\"serialNo\":4711,\n\
\"currentVerifyMode\":\"face\",\"attendanceStatus\":\"undefined\",\"userType\":\"normal\",\"mask\":\"no\"}}";

fn multipart_of(event: &str) -> Vec<u8> {
    let head = "--MIME_boundary\r\nContent-Disposition: form-data; name=\"AccessControllerEvent\"\r\nContent-Type: application/json\r\n\r\n";
    format!("{head}{event}\r\n--MIME_boundary--\r\n").into_bytes()
}

fn xml_of(namespace: &str, prefix: &str) -> String {
    let tag = |name: &str, value: &str| format!("<{prefix}{name}>{value}</{prefix}{name}>");
    let inner = [
        tag("majorEventType", "5"),
        tag("subEventType", "75"),
        tag("employeeNoString", "1001"),
        tag("name", "测试甲 &amp; &#x4E59;"),
        tag("doorNo", "1"),
        tag("serialNo", "4711"),
        tag("attendanceStatus", "undefined"),
    ];
    let outer = [
        tag("macAddress", "02:00:00:aa:bb:01"),
        tag("dateTime", "2026-11-21T07:58:03+08:00"),
        tag("eventType", "AccessControllerEvent"),
        tag("shortSerialNumber", "T00000001"),
        tag("AccessControllerEvent", &inner.concat()),
    ];
    let colon = if prefix.is_empty() { String::new() } else { format!(":{}", prefix.trim_end_matches(':')) };
    let body = outer.concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{prefix}EventNotificationAlert version=\"2.0\" xmlns{colon}=\"{namespace}\">{body}</{prefix}EventNotificationAlert>"
    )
}

fn with(from: &str, to: &str) -> DeviceBatch {
    assert!(EVENT.contains(from), "{from}");
    parse_in_china(EVENT.replace(from, to).as_bytes())
}

#[test]
fn every_object_of_a_body_is_read_or_told_of() {
    let second = EVENT.replace("4711", "4712").replace("\"1001\"", "\"1002\"");
    let both = parse_in_china(format!("{EVENT}\r\n{second}\0\0--foreign--").as_bytes());
    let people: Vec<&str> = both.punches.iter().map(|punch| punch.person.as_str()).collect();
    assert_eq!((people, both.problems.len()), (vec!["1001", "1002"], 0));
    let torn = second.get(..60).unwrap();
    let broken = parse_in_china(format!("{EVENT}{torn}").as_bytes());
    assert_eq!((broken.punches.len(), broken.problems.len()), (1, 1), "the other one goes to quarantine");
}

#[test]
fn every_alert_of_a_body_is_read_or_told_of() {
    let one = xml_of("http://www.isapi.org/ver20/XMLSchema", "");
    let second = one.replace("4711", "4712").replace("1001", "1002");
    let both = parse_in_china(format!("{one}\r\n{second}\0\0--foreign--").as_bytes());
    let people: Vec<&str> = both.punches.iter().map(|punch| punch.person.as_str()).collect();
    assert_eq!((people, both.problems.len()), (vec!["1001", "1002"], 0));
    let torn = second.get(..200).unwrap();
    let broken = parse_in_china(format!("{one}{torn}").as_bytes());
    assert_eq!((broken.punches.len(), broken.problems.len()), (1, 1), "the other one goes to quarantine");
}

#[test]
fn an_event_of_another_machine_keeps_its_name() {
    let other = EVENT.replace("T00000001", "T00000002").replace("aa:bb:01", "aa:bb:02");
    // Another serial number beside the same hardware address is the same machine.
    let same = EVENT.replace("T00000001", "OTHERNAME");
    let batch = parse_in_china(format!("{EVENT}{other}{same}").as_bytes());
    let named: Vec<Option<&str>> =
        batch.punches.iter().map(|punch| punch.named.as_ref().and_then(|named| named.device.as_deref())).collect();
    assert_eq!((batch.device.as_deref(), named), (Some("T00000001"), vec![None, Some("T00000002"), None]));
}

#[test]
fn three_forms_give_the_same_punch() {
    let plain = parse_in_china(EVENT.as_bytes());
    let punch = &plain.punches[0];
    assert_eq!((plain.punches.len(), plain.problems.len(), plain.device.as_deref()), (1, 0, Some("T00000001")));
    assert_eq!((punch.person.as_str(), punch.event.as_deref(), punch.offset_minutes), ("1001", Some("4711"), Some(480)));
    assert_eq!((punch.at_local.to_string().as_str(), punch.state, punch.verify), ("2026-11-21 07:58:03", None, Some(15)));
    assert_eq!((punch.direction, punch.channel.as_deref()), (None, Some("1")));
    assert_eq!(parse_in_china(&multipart_of(EVENT)), plain);
    for (namespace, prefix) in [
        ("http://www.hikvision.com/ver20/XMLSchema", ""),
        ("http://www.std-cgi.com/ver20/XMLSchema", ""),
        ("http://www.std-cgi.com/ver20/XMLSchema", "h:"),
    ] {
        assert_eq!(parse_in_china(xml_of(namespace, prefix).as_bytes()), plain, "{namespace} {prefix}");
    }
    assert_eq!(parse_in_china(&[b"\xEF\xBB\xBF\r\n", EVENT.as_bytes(), b"\0\r\n--other--"].concat()), plain);
}

#[test]
fn pictures_and_foreign_ends_do_not_disturb() {
    let mut body = multipart_of(EVENT);
    body.truncate(body.len() - "--MIME_boundary--\r\n".len());
    body.extend_from_slice(b"--MIME_boundary\r\nContent-Disposition: form-data; name=\"Picture\"; filename=\"p.jpg\"\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\n\xff\xd8\xff\0\0{}\r\n\xff\xd9\r\n--MIME_boundary--\r\n--foreign--\r\n");
    let batch = parse_in_china(&body);
    assert_eq!((batch.punches.len(), batch.pictures, batch.problems.len()), (1, 1, 0));
    let tabbed = EVENT.replace('\n', "\n\t\t");
    let named = String::from_utf8(multipart_of(&tabbed)).unwrap().replace("\"AccessControllerEvent\"\r\n", "\"event_log\"\r\n");
    assert_eq!(parse_in_china(named.as_bytes()).punches.len(), 1);
    assert_eq!(parse_in_china(b"--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--b--").problems[0].reason, Reason::BadFormat);
}

#[test]
fn the_event_may_be_nested_once_more() {
    let wrapped = format!("{{\"AccessControllerEvent\":{EVENT}}}");
    assert_eq!(parse_in_china(wrapped.as_bytes()), parse_in_china(EVENT.as_bytes()));
    let doubled = EVENT.replace("\"AccessControllerEvent\":{", "\"AccessControllerEvent\":{\"AccessControllerEvent\":{") + "}";
    assert_eq!(parse_in_china(doubled.as_bytes()).punches, parse_in_china(EVENT.as_bytes()).punches);
    let text_numbers = with("\"majorEventType\":5", "\"majorEventType\":\"5\"");
    assert_eq!(text_numbers.punches.len(), 1);
}

#[test]
fn a_face_without_a_person_is_quarantined_and_other_events_are_not() {
    for nobody in ["\"employeeNoString\":\"null\"", "\"employeeNoString\":\"\"", "\"employeeNoString\":null", "\"other\":1"] {
        let batch = with("\"employeeNoString\":\"1001\"", nobody);
        assert_eq!((batch.punches.len(), batch.problems[0].reason), (0, Reason::UnknownPerson), "{nobody}");
        let door = EVENT.replace("\"employeeNoString\":\"1001\"", nobody).replace("\"subEventType\":75", "\"subEventType\":38");
        let batch = parse_in_china(door.as_bytes());
        assert_eq!((batch.punches.len(), batch.problems.len(), batch.ignored.as_slice()), (0, 0, &["5/38".to_owned()][..]));
    }
    let card = EVENT.replace("\"employeeNoString\":\"1001\"", "\"cardNo\":\"0012345678\"").replace(":75", ":1");
    let batch = parse_in_china(card.as_bytes());
    assert_eq!((batch.punches[0].kind, batch.punches[0].verify), (PersonKind::Card, Some(2)));
}

#[test]
fn doors_failures_heartbeats_and_the_unknown_are_no_punches() {
    for minor in ["21", "22", "99"] {
        let batch = with("\"subEventType\":75", &format!("\"subEventType\":{minor}"));
        assert_eq!((batch.punches.len(), batch.problems.len(), batch.ignored[0].clone()), (0, 0, format!("5/{minor}")));
    }
    let failed = with("\"subEventType\":75", "\"subEventType\":76");
    assert_eq!((failed.punches.len(), failed.refused.len()), (0, 1));
    let beat =
        parse_in_china(br#"{"eventType":"heartBeat","shortSerialNumber":"T00000001","dateTime":"2026-11-21T07:58:03+08:00"}"#);
    assert!(beat.heartbeat && beat.punches.is_empty() && beat.problems.is_empty());
    assert_eq!(beat.device.as_deref(), Some("T00000001"));
    assert_eq!(parse_in_china(br#"{"eventType":"videoloss"}"#).ignored, ["videoloss"]);
}

#[test]
fn times_are_the_wall_s() {
    let half = with("+08:00", "+08:30");
    assert_eq!(half.punches[0].at_local.to_string(), "2026-11-21 07:58:03");
    assert_eq!(half.punches[0].offset(480).1.code(), "corrected");
    let utc = with("2026-11-21T07:58:03+08:00", "2026-11-20T23:58:03Z");
    assert_eq!(utc.punches, parse_in_china(EVENT.as_bytes()).punches);
    assert_eq!(with("+08:00", "").punches[0].offset_minutes, None);
    assert_eq!(with("2026-11-21T07", "2026-11-31T07").problems[0].reason, Reason::BadTime);
    assert_eq!(with("\"dateTime\"", "\"other\"").problems[0].reason, Reason::MissingField);
}

#[test]
fn directions_and_devices_have_fallbacks() {
    let out = with("undefined", "checkOut");
    assert_eq!((out.punches[0].state, out.punches[0].direction), (Some(1), Some(Direction::Out)));
    assert_eq!(with("\"shortSerialNumber\":\"T00000001\",", "").device.as_deref(), Some("02:00:00:aa:bb:01"));
}

#[test]
fn names_in_gbk_do_not_hide_the_event() {
    let gbk = encoding_rs::GBK.encode(EVENT).0.into_owned();
    assert_eq!(parse_in_china(&gbk).punches, parse_in_china(EVENT.as_bytes()).punches);
}

#[test]
fn other_bodies_are_refused_in_words() {
    for body in ["", "hello", "{", "[1]", "<a/>", "<EventNotificationAlert>", "null", "--b\r\n\r\n{\r\n--b--"] {
        let batch = parse_in_china(body.as_bytes());
        assert_eq!((batch.punches.len(), batch.problems.len()), (0, 1), "{body}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..600) {
        parse_in_china(&bytes);
        parse_in_china(&multipart_of(&String::from_utf8_lossy(&bytes)));
        let whole = multipart_of(EVENT);
        parse_in_china(&whole[..cut.min(whole.len())]);
        let xml = xml_of("x", "").into_bytes();
        parse_in_china(&[&xml[..cut.min(xml.len())], &bytes].concat());
    }
}
