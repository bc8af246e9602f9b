//! Every fault of an event, for an engineer who mends them all at once; the service itself stops at the first.
//!
//! The reader is asked again and again: what it found wrong is noted and put right in a copy, until nothing more is found. So there is one
//! set of rules. Of an event of an unknown type only the envelope can be judged.

use serde_json::{Map, Value, json};

use super::read;
use crate::wire::bank::Problem;

/// Faults that are looked for in one event.
const FAULTS_MAX: usize = 100;

/// A value that the reader takes for a field of this name.
fn sound(field: &str, kind: &str) -> Option<Value> {
    Some(match field {
        "event_id" | "account" | "end_to_end_id" | "card_number" | "document" | "frozen_by" => json!("0"),
        "type" => json!("account.opened"),
        "occurred_at" => json!("2026-01-01T00:00:00+08:00"),
        "body" => json!({}),
        "amount" | "closing_balance" => json!("0.00"),
        "credit_debit_indicator" => json!("CRDT"),
        "status" if kind == "card.status" => json!("normal"),
        "status" if kind == "payroll.result" => json!("ACCC"),
        "status" => json!("BOOK"),
        "booking_date" | "date" | "frozen_on" | "released_on" => json!("2026-01-01"),
        "month" => json!("2026-01"),
        "entries" => json!(0),
        "sha256" => json!("0".repeat(64)),
        _ => return None,
    })
}

/// The object and the field that a place names (`body.details[2].amount`).
fn at<'v>(value: &'v mut Value, place: &str) -> Option<(&'v mut Map<String, Value>, String)> {
    let (parents, field) = place.rsplit_once('.').map_or(("", place), |(parents, field)| (parents, field));
    let mut inside = value;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        let (name, number) = part.split_once('[').map_or((part, None), |(name, rest)| (name, rest.strip_suffix(']')));
        inside = inside.get_mut(name)?;
        if let Some(number) = number {
            inside = inside.get_mut(number.parse::<usize>().ok()?)?;
        }
    }
    inside.as_object_mut().map(|object| (object, field.to_owned()))
}

/// Puts the fault at a place right in a copy: what should be an object becomes an empty one, a field gets a value that is taken, or is left
/// out where there is none or it did not help. False where there is no such place.
fn mend(value: &mut Value, place: &str, is_again: bool) -> bool {
    if let Some((list, number)) = place.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        let Some((object, field)) = at(value, list) else { return false };
        let item = number.parse::<usize>().ok().and_then(|number| object.get_mut(&field)?.get_mut(number));
        return item.map(|item| *item = json!({})).is_some();
    }
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some((object, field)) = at(value, place) else { return false };
    match sound(&field, &kind).filter(|_| !is_again) {
        Some(good) => drop(object.insert(field.clone(), good)),
        None => drop(object.remove(&field)),
    }
    if field == "type" && object.contains_key("body") {
        // Of what type it is nobody knows, so nobody can say what its body lacks.
        object.insert("body".to_owned(), json!({}));
    }
    true
}

/// What is wrong with an event, in the order in which the reader meets it, and what nobody reads in it.
pub fn faults(bytes: &[u8]) -> Vec<Problem> {
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return read(bytes).err().into_iter().collect() };
    let mut found: Vec<Problem> = Vec::new();
    for _ in 0..FAULTS_MAX {
        match read(value.to_string().as_bytes()) {
            Ok((_, remarks)) => {
                found.extend(remarks);
                break;
            }
            Err(problem) => {
                let before = found.iter().filter(|one| one.place == problem.place).count();
                let place = problem.place.clone();
                if before == 0 {
                    found.push(problem);
                }
                if before > 1 || !mend(&mut value, &place, before > 0) {
                    break;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(value: &Value) -> Vec<String> {
        faults(value.to_string().as_bytes()).into_iter().map(|problem| problem.place).collect()
    }

    #[test]
    fn every_fault_is_told_once_and_none_is_made_up() {
        let bad = json!({"event_id": 7, "type": "txn", "account": "1", "body": {
            "amount": 1.5, "status": "DONE", "booking_date": "2026-02-30", "value_date": "x", "odd": 1,
            "details": [{"amount": "1.00"}, 3, {"amount": "1.234", "credit_debit_indicator": "IN"}]}});
        assert_eq!(
            places(&bad),
            [
                "event_id",
                "occurred_at",
                "body.amount",
                "body.credit_debit_indicator",
                "body.status",
                "body.booking_date",
                "body.value_date",
                "body.details[1]",
                "body.details[2].amount",
                "body.details[2].credit_debit_indicator",
                "body.odd",
            ]
        );
        assert_eq!(places(&json!({"type": "no.such", "body": {"x": 1}})), ["event_id", "type", "occurred_at", "account"]);
        assert_eq!(places(&json!({})), ["event_id", "type", "occurred_at", "account", "body"]);
        let good = json!({"event_id": "e", "type": "balance", "occurred_at": "2026-03-02T23:00:00+08:00", "account": "1",
            "body": {"amount": "1.00", "date": "2026-03-02"}});
        assert_eq!(places(&good), Vec::<String>::new());
        assert_eq!(faults(b"no").len(), 1);
        assert_eq!(places(&json!(7)), ["event"]);
    }
}
