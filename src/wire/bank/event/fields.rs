//! The fields of one JSON object of an event, each read once; what nobody asked for is told at the end.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::base::Day;
use crate::wire::bank::{Amount, Problem, Reason};

/// The longest text of a field, in characters; ISO 20022 has at most 500.
const TEXT_MAX: usize = 1_000;

/// Fields that nobody reads and that are told of.
const UNREAD_MAX: usize = 20;

/// An object with the fields that were asked for.
pub(super) struct Fields<'v> {
    map: &'v Map<String, Value>,
    place: String,
    asked: BTreeSet<&'static str>,
}

impl<'v> Fields<'v> {
    /// The fields of an object at a place.
    pub fn of(value: &'v Value, place: &str) -> Result<Self, Problem> {
        let map = value.as_object().ok_or_else(|| {
            let named = if place.is_empty() { "event" } else { place };
            Problem::new(named, Reason::BadFormat, "应为 JSON 对象", "this should be a JSON object")
        })?;
        Ok(Fields { map, place: place.to_owned(), asked: BTreeSet::new() })
    }

    fn at(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn value(&mut self, name: &'static str) -> Option<&'v Value> {
        self.asked.insert(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Whether the field is there.
    pub fn has(&mut self, name: &'static str) -> bool {
        self.value(name).is_some()
    }

    /// A field that is not as it should be; `wanted` shows how.
    pub fn odd(&self, name: &str, reason: Reason, wanted: &str) -> Problem {
        let (zh, en) = match reason {
            Reason::MissingField => (format!("缺少 {name}"), format!("{name} is missing")),
            _ => (format!("{name} 无法识别"), format!("{name} cannot be read")),
        };
        Problem::new(self.at(name), reason, zh, en).fix(format!("应如：{wanted}"), format!("write: {wanted}"))
    }

    /// A text, without blanks around it; none where it is absent or empty.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() > TEXT_MAX || text.contains('\0') => {
                Err(self.odd(name, Reason::BadFormat, "1–1000 characters without U+0000"))
            }
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Some(Value::Number(_)) => Err(self.odd(name, Reason::PrecisionLost, "\"…\" (a text, not a number)")),
            Some(_) => Err(self.odd(name, Reason::BadFormat, "\"…\"")),
        }
    }

    /// A text that must be there.
    pub fn need(&mut self, name: &'static str) -> Result<String, Problem> {
        self.text(name)?.ok_or_else(|| self.odd(name, Reason::MissingField, "\"…\""))
    }

    /// A text that must be there and read as something.
    pub fn parse<T: std::str::FromStr>(&mut self, name: &'static str, reason: Reason, wanted: &str) -> Result<T, Problem> {
        self.need(name)?.parse().map_err(|_| self.odd(name, reason, wanted))
    }

    /// An amount with at most two decimals.
    pub fn money(&mut self, name: &'static str) -> Result<Amount, Problem> {
        let text = match self.value(name) {
            Some(Value::Number(_)) => return Err(self.odd(name, Reason::BadAmount, "\"1234.50\" (a text, not a number)")),
            _ => self.need(name)?,
        };
        let read = Amount::parse(&text).filter(|amount| amount.decimals() <= 2);
        read.ok_or_else(|| self.odd(name, Reason::BadAmount, "\"1234.50\""))
    }

    /// A day, where it is given.
    pub fn day(&mut self, name: &'static str) -> Result<Option<Day>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.odd(name, Reason::BadTime, "2026-11-21"))
    }

    /// A day that must be there.
    pub fn need_day(&mut self, name: &'static str) -> Result<Day, Problem> {
        self.day(name)?.ok_or_else(|| self.odd(name, Reason::MissingField, "2026-11-21"))
    }

    /// A whole number from 0.
    pub fn count(&mut self, name: &'static str) -> Result<i64, Problem> {
        match self.value(name) {
            None => Err(self.odd(name, Reason::MissingField, "12")),
            Some(value) => value.as_i64().filter(|count| *count >= 0).ok_or_else(|| self.odd(name, Reason::BadFormat, "12")),
        }
    }

    /// Yes or no; no where it is absent.
    pub fn truth(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(_) => Err(self.odd(name, Reason::BadFormat, "true, false")),
        }
    }

    /// An object that must be there.
    pub fn object(&mut self, name: &'static str) -> Result<Fields<'v>, Problem> {
        self.object_opt(name)?.ok_or_else(|| self.odd(name, Reason::MissingField, "{…}"))
    }

    /// An object, where it is given.
    pub fn object_opt(&mut self, name: &'static str) -> Result<Option<Fields<'v>>, Problem> {
        let place = self.at(name);
        self.value(name).map(|value| Fields::of(value, &place)).transpose()
    }

    /// A list of objects; empty where it is absent.
    pub fn list(&mut self, name: &'static str, most: usize) -> Result<Vec<Fields<'v>>, Problem> {
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let Some(items) = value.as_array() else { return Err(self.odd(name, Reason::BadFormat, "[…]")) };
        if items.len() > most {
            return Err(self.odd(name, Reason::OverLimit, &format!("1–{most}")));
        }
        let place = self.at(name);
        items.iter().enumerate().map(|(at, item)| Fields::of(item, &format!("{place}[{at}]"))).collect()
    }

    /// A remark on each field that nobody asked for.
    pub fn unread(&self) -> Vec<Problem> {
        let unknown = self.map.keys().filter(|name| !self.asked.contains(name.as_str())).take(UNREAD_MAX);
        unknown
            .map(|name| {
                let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
                Problem::new(self.at(&name), Reason::BadFormat, "没有这个字段，未读取", "there is no such field; it is not read")
                    .fix("请对照字段表改正或删除", "mend its name by the table of fields, or leave it out")
            })
            .collect()
    }
}
