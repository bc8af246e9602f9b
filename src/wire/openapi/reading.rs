//! Reading a message in two steps: what must be there at all, which is answered at once, and what each value says, which the result
//! of the request tells item by item.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::answer::{Fault, Wrong};
use super::cipher::AppSecret;
use super::json::Json;
use super::methods::{Field, ItemList, Kind, Need, Shape};
use super::profile::{Platforms, Profile};
use super::record::{Message, Read, Record, digest};
use crate::base::person::{BankCard, IdNumber, Phone, Uscc, half_width};
use crate::base::{Day, Fen, Month, RegionCode, Rounding};

/// The code of citizens' identity cards in `idCardType`.
pub const CITIZEN: &str = "01";

/// The longest number of other papers, in characters.
const OTHER_NUMBER_MAX: usize = 32;

/// What values are read against.
pub struct Reader<'a> {
    /// The app's secret.
    pub secret: &'a AppSecret,
    /// All platforms, for tables that one takes from another.
    pub platforms: &'a Platforms,
    /// The platform.
    pub profile: &'a Profile,
    /// The civil day.
    pub today: Day,
}

/// The name and value of a message's list; one under another name is taken where the name is unconfirmed.
pub fn list_of<'d>(data: &'d Json, list: &ItemList) -> (String, Option<&'d Json>) {
    if let Some(found) = data.get(list.key) {
        return (list.key.to_owned(), Some(found));
    }
    let is_objects =
        |value: &Json| matches!(value, Json::List(items) if items.iter().all(|item| matches!(item, Json::Object(_))));
    let others: Vec<&(String, Json)> = data.members().iter().filter(|(_, value)| is_objects(value)).collect();
    match others.as_slice() {
        [(name, value)] if list.any_name => (name.clone(), Some(value)),
        _ => (list.key.to_owned(), None),
    }
}

/// Whatever is missing or too much in a message; empty for one that may be taken.
pub fn missing(data: &Json, shape: &Shape) -> Vec<Fault> {
    if !matches!(data, Json::Object(_)) {
        return vec![Fault::at("data", Wrong::BadFormat)];
    }
    let mut faults = Vec::new();
    if let Some(list) = &shape.list {
        let (name, found) = list_of(data, list);
        if found.is_some_and(|found| found.items().len() > list.max) {
            return vec![Fault::at(&name, Wrong::TooMany(list.max))];
        }
    }
    require(data, shape.root, "", &mut faults);
    if let Some(list) = &shape.list {
        let (name, found) = list_of(data, list);
        match found {
            Some(Json::List(items)) if !items.is_empty() => {
                for (place, item) in items.iter().enumerate() {
                    require(item, list.fields, &format!("[{name}][{place}]"), &mut faults);
                }
            }
            Some(Json::Null | Json::List(_)) | None => faults.push(Fault::at(&name, Wrong::Missing)),
            Some(_) => faults.push(Fault::at(&name, Wrong::BadFormat)),
        }
    }
    faults
}

fn require(data: &Json, fields: &[Field], path: &str, faults: &mut Vec<Fault>) {
    for field in fields {
        let place = || format!("{path}[{}]", field.key);
        let needed = match field.need {
            Need::Must => true,
            Need::May => false,
            Need::When(key, value) => data.filled(key).and_then(Json::scalar) == Some(value),
            Need::With(keys) => keys.iter().any(|key| data.filled(key).is_some()),
        };
        let found = data.filled(field.key);
        match (field.kind, found) {
            (_, None) if needed => faults.push(Fault::new(place(), Wrong::Missing)),
            (Kind::Items(_, max) | Kind::Files(max), Some(Json::List(items))) if items.len() > max => {
                faults.push(Fault::new(place(), Wrong::TooMany(max)));
            }
            (Kind::Items(inner, _), Some(Json::List(items))) => {
                for (index, item) in items.iter().enumerate() {
                    require(item, inner, &format!("{}[{index}]", place()), faults);
                }
            }
            _ => {}
        }
    }
}

impl Reader<'_> {
    /// Reads every value; every fault is told, not the first alone.
    pub fn read(&self, data: &Json, shape: &Shape) -> (Message, Vec<Fault>) {
        let mut faults = Vec::new();
        let root = self.object(data, shape.root, "", &mut faults);
        let mut items = Vec::new();
        if let Some(list) = &shape.list {
            let (name, found) = list_of(data, list);
            for (place, item) in found.map_or(&[][..], Json::items).iter().enumerate() {
                items.push(self.object(item, list.fields, &format!("[{name}][{place}]"), &mut faults));
            }
        }
        (Message { root, items }, faults)
    }

    fn object(&self, data: &Json, fields: &[Field], path: &str, faults: &mut Vec<Fault>) -> Record {
        let mut record = Record::at(path);
        for field in fields {
            let Some(value) = data.filled(field.key) else { continue };
            let place = format!("{path}[{}]", field.key);
            let read = match (field.kind, value) {
                (Kind::Items(inner, _), Json::List(items)) => {
                    let each = items.iter().enumerate();
                    Ok(Read::Items(each.map(|(n, item)| self.object(item, inner, &format!("{place}[{n}]"), faults)).collect()))
                }
                (Kind::Files(_), value) => Ok(Read::Bytes(files_digest(value))),
                (kind, value) => value.scalar().ok_or(Wrong::BadFormat).and_then(|text| self.scalar(kind, text, data)),
            };
            match read {
                Ok(read) => record.put(field.key, read),
                Err(wrong) => faults.push(Fault::new(place, wrong)),
            }
        }
        record
    }

    fn scalar(&self, kind: Kind, text: &str, beside: &Json) -> Result<Read, Wrong> {
        let bad = |_| Wrong::BadFormat;
        match kind {
            Kind::Text(max) => short(text, max).map(Read::Text),
            Kind::Code(table) => {
                let code = short(&half_width(text), 20)?;
                let known = self.platforms.allows(self.profile, table, &code, self.today);
                if known { Ok(Read::Text(code)) } else { Err(Wrong::NotInTable) }
            }
            Kind::Flag => match text {
                "0" => Ok(Read::Flag(false)),
                "1" => Ok(Read::Flag(true)),
                _ => Err(Wrong::NotInTable),
            },
            Kind::Uscc => Uscc::parse(text).map(|uscc| Read::Text(uscc.as_str().to_owned())).map_err(bad),
            Kind::Area => text.parse::<RegionCode>().map(|code| Read::Text(code.to_string())).map_err(bad),
            Kind::Phone => Phone::parse(text).map(|phone| Read::Text(phone.as_str().to_owned())).map_err(bad),
            Kind::Day => day(text).map(Read::Day),
            Kind::PastDay => day(text).and_then(|day| self.past(day).map(|()| Read::Day(day))),
            Kind::Month => month(text).and_then(|month| self.past(month.first()).map(|()| Read::Month(month))),
            Kind::Clock => clock(text).and_then(|clock| self.past(Day(clock.date())).map(|()| Read::Clock(clock))),
            Kind::Money => money(text).map(Read::Money),
            Kind::Decimal => decimal(text).map(Read::Decimal),
            Kind::Count => count(text).map(Read::Count),
            Kind::SecretText(max) => self.plain(text).and_then(|plain| short(&plain, max)).map(Read::Text),
            Kind::SecretId => self.plain(text).and_then(|plain| self.id_number(&plain, beside)).map(Read::Text),
            Kind::SecretCard => {
                let plain = self.plain(text)?;
                BankCard::parse(&plain).map(|card| Read::Text(card.as_str().to_owned())).map_err(bad)
            }
            Kind::SecretAccount => {
                let plain = half_width(&self.plain(text)?);
                let is_account = (5..=34).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                if is_account { Ok(Read::Text(plain)) } else { Err(Wrong::BadFormat) }
            }
            Kind::Image(max) => picture(text, max),
            Kind::Items(..) | Kind::Files(_) => Err(Wrong::BadFormat),
        }
    }

    fn past(&self, day: Day) -> Result<(), Wrong> {
        if day > self.today { Err(Wrong::AfterToday) } else { Ok(()) }
    }

    fn plain(&self, text: &str) -> Result<String, Wrong> {
        let plain = self.secret.decrypt(text).ok_or(Wrong::BadCipher)?;
        if plain.contains('\0') { Err(Wrong::BadFormat) } else { Ok(plain) }
    }

    fn id_number(&self, plain: &str, beside: &Json) -> Result<String, Wrong> {
        let text = half_width(plain).to_uppercase();
        if beside.filled("idCardType").and_then(Json::scalar).is_some_and(|kind| kind != CITIZEN) {
            return short(&text, OTHER_NUMBER_MAX);
        }
        IdNumber::parse(&text, self.today).map(|number| number.as_str().to_owned()).map_err(|error| {
            let is_digit = error.why.contains("check digit does not");
            if is_digit { Wrong::BadCheckDigit } else { Wrong::BadFormat }
        })
    }
}

/// The digest by which a list of attachments is known.
pub fn files_digest(value: &Json) -> String {
    digest(format!("{value:?}").as_bytes())
}

fn short(text: &str, max: usize) -> Result<String, Wrong> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(Wrong::BadFormat) }
}

/// `2026-11-21`, also with a time behind it.
fn day(text: &str) -> Result<Day, Wrong> {
    let (day, rest) = text.split_at_checked(10).ok_or(Wrong::BadFormat)?;
    if !rest.is_empty() {
        clock(text)?;
    }
    day.parse().map_err(|_| Wrong::BadFormat)
}

/// `2026-11`, also as a day of that month.
fn month(text: &str) -> Result<Month, Wrong> {
    match text.len() {
        7 => text.parse().map_err(|_| Wrong::BadFormat),
        _ => day(text).map(Day::month),
    }
}

/// `2026-11-21 07:58:03`, with a fraction of a second where one came.
fn clock(text: &str) -> Result<NaiveDateTime, Wrong> {
    let is_plain = text.len() >= 19 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b' ' | b'.'));
    if !is_plain {
        return Err(Wrong::BadFormat);
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map_err(|_| Wrong::BadFormat)
}

/// `yyyyMMddHHmmss`, the form of a request's timestamp.
pub fn timestamp(text: &str) -> Option<NaiveDateTime> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (date, time) = text.split_at_checked(8)?;
    let part = |from: usize| time.get(from..from + 2)?.parse::<u32>().ok();
    NaiveDate::parse_from_str(date, "%Y%m%d").ok()?.and_hms_opt(part(0)?, part(2)?, part(4)?)
}

/// A plain decimal number; neither sign nor exponent.
fn decimal(text: &str) -> Result<Decimal, Wrong> {
    let is_plain = !text.is_empty() && text.len() <= 24 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = Decimal::from_str_exact(text).map_err(|_| Wrong::BadFormat)?;
    if is_plain { Ok(number) } else { Err(Wrong::BadFormat) }
}

fn money(text: &str) -> Result<Fen, Wrong> {
    let number = decimal(text).map_err(|_| Wrong::BadAmount)?;
    if number.scale() > 2 {
        return Err(Wrong::BadAmount);
    }
    let amount = Fen::from_yuan(number, Rounding::HalfUp).map_err(|_| Wrong::BadAmount)?;
    if amount.is_bookable() { Ok(amount) } else { Err(Wrong::BadAmount) }
}

fn count(text: &str) -> Result<i64, Wrong> {
    text.parse::<u32>().ok().filter(|number| i32::try_from(*number).is_ok()).map(i64::from).ok_or(Wrong::BadFormat)
}

/// A picture: base64 of a JPEG or PNG, also with the head of a data URL. Kept in the inbox; only its digest goes on.
fn picture(text: &str, max: usize) -> Result<Read, Wrong> {
    let bare = text.split_once("base64,").map_or(text, |(_, bare)| bare);
    let bare: String = bare.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(bare).map_err(|_| Wrong::BadFormat)?;
    let is_picture = bytes.starts_with(&[0xFF, 0xD8, 0xFF]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    if is_picture && bytes.len() <= max { Ok(Read::Bytes(digest(&bytes))) } else { Err(Wrong::BadFormat) }
}
