//! Writing a message by the same shapes that messages are read by: plain values in, the text of `data` out, with what is marked `*`
//! encrypted; and reading a platform's rows against what it was told.
//!
//! The same values give the same text each time, so that what is sent again is the same content. Deliberately absent: which values a
//! record has, and what a difference means.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::cipher::AppSecret;
use super::json::Json;
use super::methods::{Field, Kind, Method};
use crate::base::person::{half_width, masked};

/// Plain values by the names of their fields.
pub type Plain = Map<String, Value>;

/// The text of `data`: the fields that the method knows, in the clear at the root and in its list; other fields are left out.
pub fn data(method: Method, root: &Plain, items: &[Plain], secret: &AppSecret) -> String {
    let shape = method.shape();
    let mut object = written(root, shape.root, secret);
    if let Some(list) = &shape.list {
        let all = items.iter().map(|item| Value::Object(written(item, list.fields, secret))).collect();
        object.insert(list.key.to_owned(), Value::Array(all));
    }
    Value::Object(object).to_string()
}

fn written(plain: &Plain, fields: &[Field], secret: &AppSecret) -> Plain {
    let filled = fields.iter().filter_map(|field| Some((field, plain.get(field.key).filter(|value| !value.is_null())?)));
    filled.map(|(field, value)| (field.key.to_owned(), one(field.kind, value, secret))).collect()
}

fn one(kind: Kind, value: &Value, secret: &AppSecret) -> Value {
    match (kind, value) {
        (Kind::Items(inner, _), Value::Array(items)) => {
            items.iter().filter_map(Value::as_object).map(|item| Value::Object(written(item, inner, secret))).collect()
        }
        (kind, value) if is_secret(kind) => Value::String(secret.encrypt(&text_of(value))),
        (_, value) => value.clone(),
    }
}

fn is_secret(kind: Kind) -> bool {
    matches!(kind, Kind::SecretText(_) | Kind::SecretId | Kind::SecretCard | Kind::SecretAccount)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Where a platform's row says something else than it was told; personal values are masked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Drift {
    /// Name of the field in the protocol.
    pub field: String,
    /// What it was told.
    pub ours: String,
    /// What it answers.
    pub theirs: String,
}

/// Fields that say who a person is without being encrypted on the wire.
const PERSONAL: [&str; 8] =
    ["workerName", "trainer", "address", "cellPhone", "linkMan", "linkPhone", "responsiblePersonName", "responsiblePersonPhone"];

fn fields_of(method: Method) -> impl Iterator<Item = &'static Field> {
    let shape = method.shape();
    shape.root.iter().chain(shape.list.iter().flat_map(|list| list.fields))
}

/// A value in the one form in which two of them are compared.
fn normal(kind: Kind, text: &str) -> String {
    let text = half_width(text.trim());
    let head = |length: usize| text.chars().take(length).collect::<String>();
    match kind {
        Kind::Day | Kind::PastDay => head(10),
        Kind::Month => head(7),
        Kind::Clock => head(19),
        Kind::Money | Kind::Decimal | Kind::Count => {
            Decimal::from_str_exact(&text).map_or_else(|_| text.clone(), |number| number.normalize().to_string())
        }
        Kind::SecretId => text.to_uppercase(),
        _ => text,
    }
}

/// A row's value, decrypted where the field is marked; `None` where the row does not say it, or shows it with stars.
fn told(row: &Json, field: &Field, secret: &AppSecret) -> Option<String> {
    let text = row.filled(field.key)?.scalar()?;
    let plain = if is_secret(field.kind) { secret.decrypt(text).unwrap_or_else(|| text.to_owned()) } else { text.to_owned() };
    if plain.contains('*') { None } else { Some(normal(field.kind, &plain)) }
}

/// Compares what was sent (the root's and the item's fields together) with a row, field by field; a field that the row does not
/// name, pictures, attachments and lists are left out.
pub fn drift(method: Method, ours: &Plain, row: &Json, secret: &AppSecret) -> Vec<Drift> {
    let mut found = Vec::new();
    for field in fields_of(method) {
        if matches!(field.kind, Kind::Image(_) | Kind::Files(_) | Kind::Items(..)) {
            continue;
        }
        let Some(mine) = ours.get(field.key).filter(|value| !value.is_null()) else { continue };
        let mine = normal(field.kind, &text_of(mine));
        let Some(theirs) = told(row, field, secret).filter(|theirs| *theirs != mine) else { continue };
        let shown = |text: &str| match field.kind {
            kind if is_secret(kind) => masked(text, 3, 2),
            _ if PERSONAL.contains(&field.key) => masked(text, 1, 0),
            _ => text.to_owned(),
        };
        found.push(Drift { field: field.key.to_owned(), ours: shown(&mine), theirs: shown(&theirs) });
    }
    found
}

/// The fields by which a platform knows a record that this method adds (3.6), the first of which a row must name.
pub fn keys(method: Method) -> &'static [&'static str] {
    match method {
        Method::CorpUpload => &["corpCode"],
        Method::ProjectAdd => &["thirdPartyProjectCode"],
        Method::SubContractorAdd => &["corpCode", "corpType"],
        Method::TeamAdd => &["teamName"],
        Method::ProjectWorkerAdd => &["idCardNumber", "teamSysNo"],
        Method::EntryExitAdd => &["idCardNumber", "teamSysNo", "date", "type"],
        Method::ContractAdd => &["idCardNumber", "corpCode", "startDate"],
        Method::AttendanceAdd => &["idCardNumber", "date", "direction"],
        Method::PayrollAdd => &["idCardNumber", "payMonth", "thirdPayRollCode", "isBackPay"],
        Method::TrainingAdd => &["trainingName", "trainingDate", "trainingTypeCode", "trainingDuration"],
        _ => &[],
    }
}

fn first_key(method: Method) -> Option<&'static Field> {
    let key = keys(method).first()?;
    fields_of(method).find(|field| field.key == *key)
}

/// The first field of a row's key, plain: what a list of rows is sorted by before records are looked up in it.
pub fn key_of_row(method: Method, row: &Json, secret: &AppSecret) -> Option<String> {
    told(row, first_key(method)?, secret)
}

/// The same of a record.
pub fn key_of_ours(method: Method, ours: &Plain) -> Option<String> {
    let field = first_key(method)?;
    ours.get(field.key).map(|value| normal(field.kind, &text_of(value)))
}

/// Whether a row is about the record: its key's fields are the same, where the row names them.
pub fn is_about(method: Method, ours: &Plain, row: &Json, secret: &AppSecret) -> bool {
    let keys = keys(method);
    let Some(first) = keys.first() else { return false };
    keys.iter().all(|key| {
        let Some(field) = fields_of(method).find(|field| field.key == *key) else { return false };
        let mine = ours.get(*key).map(|value| normal(field.kind, &text_of(value)));
        match (told(row, field, secret), mine) {
            (Some(theirs), Some(mine)) => theirs == mine,
            (None, _) => key != first,
            (Some(_), None) => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::openapi::json;
    use crate::wire::openapi::reading::missing;

    fn secret() -> AppSecret {
        AppSecret::parse("AnxinDemoSecret0AnxinDemoSecret1").unwrap()
    }

    fn plain(value: Value) -> Plain {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_written_is_what_the_server_reads() {
        let root = plain(json!({"projectCode": "1", "teamSysNo": 7, "notOfTheShape": 1}));
        let item = plain(json!({
            "idCardType": "01", "idCardNumber": "11999919900101032X", "date": "2026-11-21 07:58:03", "direction": "01",
        }));
        let text = data(Method::AttendanceAdd, &root, std::slice::from_ref(&item), &secret());
        assert!(text.contains("2Q5M3tmQc5Q+sbt51vHpMJLtXW1jEn2JKrb3/wezixk=") && !text.contains("notOfTheShape"), "{text}");
        assert_eq!(text, data(Method::AttendanceAdd, &root, &[item], &secret()));
        let read = json::parse(&text).unwrap();
        assert!(missing(&read, Method::AttendanceAdd.shape()).is_empty());
        let empty = json::parse(&data(Method::AttendanceAdd, &root, &[Plain::new()], &secret())).unwrap();
        assert_eq!(missing(&empty, Method::AttendanceAdd.shape())[0].text(), "[dataList][0][idCardType]不能为空!");
    }

    #[test]
    fn only_what_a_row_says_can_differ_and_people_are_masked() {
        let ours = plain(json!({
            "workerName": "张三丰", "idCardNumber": "11999919900101032x", "teamSysNo": 7, "workType": "020", "cellPhone": "13800000000",
        }));
        let row = |name: &str, work: &str| {
            let text = json!({
                "workerName": name, "idCardNumber": secret().encrypt("11999919900101032X"), "teamSysNo": "7", "workType": work,
                "cellPhone": "138****0000",
            });
            json::parse(&text.to_string()).unwrap()
        };
        let method = Method::ProjectWorkerAdd;
        assert!(is_about(method, &ours, &row("", ""), &secret()));
        assert!(drift(method, &ours, &row("张三丰", " 020"), &secret()).is_empty());
        let found = drift(method, &ours, &row("李四", "030"), &secret());
        let shown: Vec<_> = found.iter().map(|one| (one.field.as_str(), one.ours.as_str(), one.theirs.as_str())).collect();
        assert_eq!(shown, [("workerName", "张**", "李*"), ("workType", "020", "030")]);
        let other = plain(json!({"idCardNumber": "11999919900101032X", "teamSysNo": 8}));
        assert!(!is_about(method, &other, &row("", ""), &secret()));
        assert!(!is_about(method, &ours, &json::parse("{}").unwrap(), &secret()));
    }
}
