use proptest::prelude::*;

use super::*;

fn txn() -> String {
    r#"{"event_id":"e-1","type":"txn","occurred_at":"2026-03-02T09:00:00+08:00","account":"3305 0001-01",
        "body":{"amount":"100.00","credit_debit_indicator":"DBIT","status":"BOOK","booking_date":"2026-03-02",
        "account_servicer_reference":"V1","details":[{"end_to_end_id":"P-1","counterparty_name":"张三"},
        {"end_to_end_id":"NOTPROVIDED","amount":"1.00"}]}}"#
        .to_owned()
}

fn fault(text: &str) -> (String, &'static str) {
    let problem = read(text.as_bytes()).unwrap_err();
    (problem.place, problem.reason.code())
}

#[test]
fn an_entry_says_what_a_camt_entry_says() {
    let (event, remarks) = read(txn().as_bytes()).unwrap();
    assert!(remarks.is_empty(), "{remarks:?}");
    assert_eq!((event.id.as_str(), event.kind, event.account.as_str()), ("e-1", EventKind::Txn, "33050001-01"));
    let file = event.file().unwrap();
    let entry = &file.statements[0].entries[0];
    assert_eq!((entry.direction, entry.status, entry.details.len()), (Direction::Debit, EntryStatus::Booked, 2));
    assert_eq!(entry.details[0].end_to_end_id.as_deref(), Some("P-1"));
    assert_eq!((&entry.details[0].amount, &entry.details[1].end_to_end_id), (&None, &None));
    assert_eq!(file.statements[0].kind, StatementKind::Notification);
}

#[test]
fn each_fault_has_its_field_and_its_code() {
    let with = |old: &str, new: &str| fault(&txn().replace(old, new));
    assert_eq!(with("\"e-1\"", "\"\""), ("event_id".to_owned(), "missing_field"));
    assert_eq!(with("e-1", "a b"), ("event_id".to_owned(), "bad_format"));
    assert_eq!(with("\"txn\"", "\"txns\""), ("type".to_owned(), "bad_format"));
    assert_eq!(with("+08:00", ""), ("occurred_at".to_owned(), "bad_time"));
    assert_eq!(with("\"100.00\"", "100.00"), ("body.amount".to_owned(), "bad_amount"));
    assert_eq!(with("100.00", "100.001"), ("body.amount".to_owned(), "bad_amount"));
    assert_eq!(with("100.00", "-1.00"), ("body.amount".to_owned(), "bad_amount"));
    assert_eq!(with("BOOK", "DONE"), ("body.status".to_owned(), "bad_format"));
    assert_eq!(with("2026-03-02\"", "2026-02-30\""), ("body.booking_date".to_owned(), "bad_time"));
    assert_eq!(with("\"P-1\"", "7"), ("body.details[0].end_to_end_id".to_owned(), "precision_lost"));
    assert_eq!(with("\"1.00\"", "\"x\""), ("body.details[1].amount".to_owned(), "bad_amount"));
    let (_, remarks) = read(txn().replace("\"status\"", "\"odd\":1,\"status\"").as_bytes()).unwrap();
    assert_eq!(remarks.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["body.odd"]);
}

#[test]
fn events_of_an_array_keep_their_bytes() {
    let one = r#"{"a":"],[\"{"}"#;
    let body = format!("\u{FEFF}[ {one} ,\n{one}]");
    assert_eq!(split(body.as_bytes()).unwrap(), [one.as_bytes(), one.as_bytes()]);
    assert_eq!(split(one.as_bytes()).unwrap().len(), 1);
    for odd in ["", "[]", "7", "[1", "{}x"] {
        assert!(split(odd.as_bytes()).is_err(), "{odd}");
    }
    let many = format!("[{}]", vec!["{}"; EVENTS_MAX + 1].join(","));
    assert_eq!(split(many.as_bytes()).unwrap_err().reason, Reason::OverLimit);
    assert_eq!(content(b"{\"a\": 1, \"b\":2}"), content(b"{\"b\":2,\"a\":1}"));
}

proptest! {
    #[test]
    fn mutated_bodies_never_panic(at in 0_usize..600, with in any::<u8>(), cut in 0_usize..600, more in any::<Vec<u8>>()) {
        let mut bytes = txn().into_bytes();
        if let Some(byte) = bytes.get_mut(at) {
            *byte = with;
        }
        bytes.truncate(cut.max(1));
        for body in [bytes.clone(), [bytes.clone(), more.clone()].concat(), more] {
            for part in split(&body).unwrap_or_default() {
                let _ = (read(part), id_of(part), content(part));
            }
            let _ = read(&body);
            let _ = crate::wire::bank::read(&body, None);
        }
    }

    #[test]
    fn arrays_split_into_what_they_hold(texts in proptest::collection::vec(".{0,12}", 1..6)) {
        let items: Vec<Value> = texts.iter().map(|text| serde_json::json!({"t": [text, {"x": text}]})).collect();
        let body = Value::Array(items.clone()).to_string();
        let parts: Vec<Value> = split(body.as_bytes()).unwrap().into_iter().map(|part| serde_json::from_slice(part).unwrap()).collect();
        prop_assert_eq!(parts, items);
    }
}
