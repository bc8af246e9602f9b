//! Real-shaped messages of every machine, mutated: no reader panics, limits hold, and what is taken could be stored.

use proptest::prelude::*;

use super::super::zkteco::command::NameEncoding;
use super::super::zkteco::{Query, attlog, records};
use super::super::{dahua, hikvision, punch};
use super::{DeviceBatch, KEY_CHARS_MAX, PROBLEMS_MAX, multipart};

const ATTLOG: &[u8] =
    b"1001\t2026-11-21 07:58:03\t0\t15\t0\t0\t0\r\nATTLOG\t1002\t1795219083\t1\t1\n\n11999919900101032X\t2026/11/21 8:1:2\n";
const OPERLOG: &[u8] =
    "USER PIN=1001\tName=测试甲\tPri=14\tCard=[0012345678]\nFP PIN=1\tTMP=AA\nOPLOG 4\t0\t2026-11-21 07:58:03\t0\n".as_bytes();
const RESULTS: &[u8] = b"ID=1&Return=0&CMD=DATA\nID=2\nReturn=-1002\nCMD=Shell\nContent=a&b\n";
const PHOTO: &[u8] = b"PIN=20261121075803-1001.jpg\nSN=T1\nsize=4\nCMD=uploadphoto\0\xff\xd8\0\xd9";
const HIK: &[u8] = b"--MIME_boundary\r\nContent-Disposition: form-data; name=\"AccessControllerEvent\"\r\nContent-Type: application/json\r\n\r\n\
{\"macAddress\":\"02:00:00:aa:bb:01\",\"dateTime\":\"2026-11-21T07:58:03+08:00\",\"eventType\":\"AccessControllerEvent\",\"shortSerialNumber\":\"T1\",\
\"AccessControllerEvent\":{\"majorEventType\":5,\"subEventType\":75,\"employeeNoString\":\"1001\",\"serialNo\":4711}}\r\n--MIME_boundary\r\n\
Content-Disposition: form-data; name=\"Picture\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\0\xff\xd9\r\n--MIME_boundary--\r\n";
const HIK_XML: &[u8] = b"<?xml version=\"1.0\"?><EventNotificationAlert xmlns=\"http://www.hikvision.com/ver20/XMLSchema\"><dateTime>2026-11-21T07:58:03+08:00</dateTime>\
<AccessControllerEvent><majorEventType>5</majorEventType><subEventType>75</subEventType><employeeNoString>1001</employeeNoString></AccessControllerEvent></EventNotificationAlert>";
const DAHUA: &[u8] = b"{\"Events\":[{\"Code\":\"AccessControl\",\"Action\":\"Pulse\",\"Index\":0,\"Data\":{\"UserID\":\"1001\",\"Door\":1,\"Method\":15,\"Status\":1,\"Type\":\"Entry\",\"UTC\":1795219083}}]}";
const DAHUA_TEXT: &[u8] = b"Code=AccessControl;action=Pulse;index=0;data={\n\"UserID\":\"1001\",\n\"Status\":1,\"UTC\":1795219083\n}\nCode=VideoMotion;action=Start;index=0";
const JSON: &[u8] = b"{\"device\":\"G1\",\"punches\":[{\"id\":\"g1-000123\",\"person\":{\"kind\":\"pin\",\"value\":\"1001\"},\"time\":\"2026-11-21T07:58:03+08:00\",\"direction\":\"in\",\"attend_type\":\"001\"}]}";

/// What happens to a message on its way.
#[derive(Debug, Clone)]
enum Harm {
    Flip(usize, u8),
    Cut(usize, usize),
    Double(usize, usize),
    Insert(usize, Vec<u8>),
    End(usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..8),
        Just(b"\0".to_vec()),
        Just(b"\t\r\n".to_vec()),
        Just(b"{{{{".to_vec()),
        Just(b"\"\\u0000\"".to_vec()),
        Just(b"9999999999999999999999".to_vec()),
        Just("测\u{FFFD}".as_bytes().to_vec()),
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Harm::Flip(at, byte)),
        (any::<usize>(), 0usize..40).prop_map(|(at, len)| Harm::Cut(at, len)),
        (any::<usize>(), 0usize..80).prop_map(|(at, len)| Harm::Double(at, len)),
        (any::<usize>(), piece).prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
        any::<usize>().prop_map(Harm::End),
    ]
}

fn harmed(message: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    for harm in harms {
        let len = bytes.len().max(1);
        match harm {
            Harm::Flip(at, byte) if !bytes.is_empty() => bytes[at % len] ^= byte,
            Harm::Cut(at, count) if !bytes.is_empty() => drop(bytes.drain(at % len..(at % len + count).min(bytes.len()))),
            Harm::Double(at, count) if !bytes.is_empty() => {
                let piece = bytes[at % len..(at % len + count).min(bytes.len())].to_vec();
                bytes.splice(at % len..at % len, piece);
            }
            Harm::Insert(at, piece) => drop(bytes.splice(at % len..at % len, piece.clone()).count()),
            Harm::End(at) => bytes.truncate(at % len),
            _ => {}
        }
    }
    bytes
}

fn holds(batch: &DeviceBatch) {
    assert!(batch.problems.len() <= PROBLEMS_MAX + 1);
    for punch in batch.punches.iter().chain(&batch.refused) {
        assert!(!punch.person.is_empty() && punch.person.chars().count() <= KEY_CHARS_MAX, "{punch:?}");
        assert!(!punch.person.contains('\0'), "PostgreSQL takes no NUL");
    }
    for problem in &batch.problems {
        assert!(!problem.zh.is_empty() && !problem.en.is_empty() && !problem.place.is_empty());
    }
}

/// How many times as many messages are wanted: `ANXIN_FUZZ`.
fn times() -> u32 {
    std::env::var("ANXIN_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400 * times()))]

    #[test]
    fn harmed_messages_are_read_or_put_aside(harms in proptest::collection::vec(harm(), 0..6), offset in -840i32..840) {
        let attlog_body = harmed(ATTLOG, &harms);
        let batch = attlog::parse(&attlog_body, Some("T1"), offset);
        holds(&batch);
        prop_assert_eq!(batch.punches.len() + batch.problems.len(), usize::try_from(batch.lines).unwrap(), "every line is one or the other");
        for message in [HIK, HIK_XML] {
            let body = harmed(message, &harms);
            let batch = hikvision::parse(&body, offset);
            holds(&batch);
            prop_assert_eq!(&batch, &hikvision::parse(&body, offset));
            if let Some(kept) = multipart::without_pictures(&body) {
                prop_assert_eq!(hikvision::parse(&kept, offset).punches.len(), batch.punches.len(), "a picture says nothing");
            }
        }
        for message in [DAHUA, DAHUA_TEXT] {
            holds(&dahua::parse(&harmed(message, &harms), offset));
        }
        if let Ok(batch) = punch::parse(&harmed(JSON, &harms), offset) {
            holds(&batch);
        }
        let records = records::parse_records(&harmed(OPERLOG, &harms), NameEncoding::Utf8);
        prop_assert!(records.users.iter().all(|user| !user.pin.is_empty() && !user.name.contains('\0')));
        let _ = (records::parse_results(&harmed(RESULTS, &harms)), records::parse_photo(&harmed(PHOTO, &harms)));
        let query = String::from_utf8_lossy(&harmed(b"SN=T1&table=ATTLOG&Stamp=9999&INFO=a,1,2,3,x", &harms)).into_owned();
        let query = Query::parse(&query);
        prop_assert!(query.serial().is_none_or(|serial| !serial.contains(['\n', '\0', '/'])));
        let _ = query.info();
    }
}

#[test]
fn a_multipart_without_an_end_is_read_to_its_end_in_little_time() {
    let mut body = HIK[..HIK.len() - 24].to_vec();
    body.extend(std::iter::repeat_n(b'-', 4 * 1024 * 1024));
    assert_eq!(hikvision::parse(&body, 480).punches.len(), 1);
    let marks = b"--MIME_boundary\r\n".repeat(100_000);
    assert!(multipart::split(&marks).unwrap().len() <= multipart::PARTS_MAX + 1);
    let nested = "{\"AccessControllerEvent\":".repeat(5_000);
    assert!(hikvision::parse(nested.as_bytes(), 480).punches.is_empty());
}
