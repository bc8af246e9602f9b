//! Items of a batch as they were sent, read one by one: what cannot be read is told with the field, all of an item at once, and never
//! refuses its neighbours. Deliberately absent: what the values mean, which the subject says.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::extract::without_numbers;
use super::problem::Fault;

/// An item that is being read, field by field.
pub struct Item<'v> {
    fields: Option<&'v Map<String, Value>>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

fn fault(place: &str, reason: &str, zh: String, en: String) -> Fault {
    Fault { place: place.to_owned(), reason: reason.to_owned(), zh, en }
}

impl<'v> Item<'v> {
    /// Of a value that should be an object.
    pub fn of(value: &'v Value) -> Self {
        let fields = value.as_object();
        let mut faults = Vec::new();
        if fields.is_none() {
            faults.push(fault("item", "bad_format", "应为一个 JSON 对象。".to_owned(), "It should be a JSON object.".to_owned()));
        }
        Self { fields, known: Vec::new(), faults }
    }

    /// A field that must be there; `None` where it is not, or cannot be read, which is told.
    pub fn need<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        let is_there = self.fields.is_none_or(|fields| fields.get(name).is_some_and(|value| !value.is_null()));
        if !is_there {
            self.known.push(name);
            let (zh, en) = (format!("缺少 {name}。"), format!("`{name}` is missing."));
            self.faults.push(fault(name, "missing_field", zh, en));
            return None;
        }
        self.may(name)
    }

    /// A field that may be absent; `None` also where it cannot be read, which is told.
    pub fn may<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        self.known.push(name);
        let value = self.fields?.get(name).filter(|value| !value.is_null())?;
        match serde_json::from_value(value.clone()) {
            Ok(read) => Some(read),
            Err(error) => {
                let told = without_numbers(&error.to_string());
                let (zh, en) = (format!("{name} 有误：{told}"), format!("{name}: {told}"));
                self.faults.push(fault(name, "bad_format", zh, en));
                None
            }
        }
    }

    /// What was found wrong, with the fields that nobody knows.
    pub fn faults(self) -> Vec<Fault> {
        let Self { fields, known, mut faults } = self;
        for name in fields.into_iter().flat_map(Map::keys).filter(|name| !known.contains(&name.as_str())) {
            let shown: String = without_numbers(name).chars().take(40).collect();
            let (zh, en) = (format!("没有 {shown} 这个字段。"), format!("There is no field `{shown}`."));
            faults.push(fault(&shown, "bad_format", zh, en));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::{Day, Fen};

    #[test]
    fn every_field_that_cannot_be_read_is_told_at_once() {
        let value = json!({"name": 7, "day_rate": "abc", "entered_on": null, "extra": 1, "number": "110101199001011234"});
        let mut item = Item::of(&value);
        assert_eq!(item.need::<String>("name"), None);
        assert_eq!(item.need::<Fen>("day_rate"), None);
        assert_eq!(item.may::<Day>("entered_on"), None);
        assert_eq!(item.need::<String>("trade"), None);
        assert_eq!(item.may::<Day>("number"), None);
        let faults = item.faults();
        let places: Vec<(&str, &str)> = faults.iter().map(|one| (one.place.as_str(), one.reason.as_str())).collect();
        let bad = "bad_format";
        assert_eq!(places, [("name", bad), ("day_rate", bad), ("trade", "missing_field"), ("number", bad), ("extra", bad)]);
        assert!(!faults[3].zh.contains("110101199001011234"), "{}", faults[3].zh);
        assert_eq!(Item::of(&json!("x")).faults().len(), 1);
    }
}
