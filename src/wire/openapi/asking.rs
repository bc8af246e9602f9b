//! The protocol as a client: a signed request, and what an answer says.
//!
//! Platforms speak dialects: other signatures, other encryption, a log-in first. [`Dialect`] is where one would be added; only the
//! national form is spoken so far. Deliberately absent: sending, and when to ask again.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::answer::AnswerCode;
use super::cipher::AppSecret;
use super::form::Parameters;
use super::json::{self, Json};
use super::methods::Method;
use super::sign::{SIGN_PARAMETER, sign};
use crate::base::Moment;

/// How a platform signs, encrypts and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// As the national platform does.
    #[default]
    National,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Id that the platform issued.
    pub app_id: &'a str,
    /// The secret that belongs to it.
    pub secret: &'a AppSecret,
    /// The second secret, where the platform asks for `corpsign`.
    pub corp_secret: Option<&'a str>,
}

/// What a platform said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its code; one that is not known here counts as "later".
    pub code: AnswerCode,
    /// Its text.
    pub message: String,
    /// Its data.
    pub data: Json,
}

/// What became of an Add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Not done yet.
    Waiting,
    /// Refused, in these words.
    Failed(String),
    /// Taken; the number of a crew and the code of a project, where the method gives one.
    Done { number: Option<i64>, code: Option<String> },
}

/// Text of a platform that is kept at most, in characters.
const TEXT_MAX: usize = 2_000;

impl Dialect {
    /// A signed request as its form.
    pub fn request(self, asker: Asker<'_>, method: Method, data: &str, at: Moment, nonce: &str) -> Parameters {
        let Dialect::National = self;
        let stamp = at.local().format("%Y%m%d%H%M%S").to_string();
        let version = if method == Method::CheckSignQuery { "1.1" } else { "1.0" };
        let named = [
            ("appid", asker.app_id),
            ("method", method.as_str()),
            ("version", version),
            ("format", "json"),
            ("timestamp", &stamp),
            ("nonce", nonce),
            ("data", data),
        ];
        let mut pairs: Vec<(String, String)> = named.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        if let Some(second) = asker.corp_secret {
            pairs.push(("corpsign".to_owned(), asker.secret.encrypt(&format!("{second}{stamp}"))));
        }
        let signature = sign(&Parameters::of(pairs.clone()), asker.secret);
        pairs.push((SIGN_PARAMETER.to_owned(), signature));
        Parameters::of(pairs)
    }

    /// What an answer says; `None` for one that is none of the protocol.
    pub fn hear(self, body: &[u8]) -> Option<Said> {
        let Dialect::National = self;
        let answer = json::parse(std::str::from_utf8(body).ok()?).ok()?;
        let code = answer.get("code")?.scalar()?.to_owned();
        let message = answer.get("message").and_then(Json::scalar).unwrap_or_default();
        Some(Said {
            code: code.parse().unwrap_or(AnswerCode::Later),
            message: message.chars().take(TEXT_MAX).collect(),
            data: answer.get("data").cloned().unwrap_or(Json::Null),
        })
    }
}

impl Said {
    /// The serial code under which an Add's result may be asked for.
    pub fn serial_code(&self) -> Option<String> {
        let text = self.data.filled("requestSerialCode")?.scalar()?;
        (text.len() <= 120).then(|| text.to_owned())
    }

    /// The result that was asked for; `None` when the answer holds none.
    pub fn fate(&self) -> Option<Fate> {
        let result = self.data.get("result");
        let text = || result.and_then(Json::scalar).unwrap_or_default().chars().take(TEXT_MAX).collect::<String>();
        match self.data.filled("status")?.scalar()? {
            "0" => Some(Fate::Waiting),
            "10" => Some(Fate::Failed(text())),
            "20" => {
                // Some write the result as an object, some as its text.
                let read = match result {
                    Some(object @ Json::Object(_)) => Some(object.clone()),
                    Some(Json::Text(text)) => json::parse(text).ok(),
                    _ => None,
                };
                let word = |key: &str| read.as_ref()?.filled(key)?.scalar().map(str::to_owned);
                Some(Fate::Done { number: word("teamSysNo").and_then(|text| text.parse().ok()), code: word("projectCode") })
            }
            _ => None,
        }
    }

    /// The rows of a query's page, and how many there are in all.
    pub fn rows(&self) -> (&[Json], usize) {
        let rows = self.data.get("rows").map_or(&[][..], Json::items);
        let total = self.data.get("totalCount").and_then(Json::scalar).and_then(|text| text.parse().ok());
        (rows, total.unwrap_or(rows.len()))
    }
}

/// What an error text says of each item of the list: `[workerList][3][headImage]不能为空!`. Parts that name no item are left out.
pub fn by_item(text: &str) -> BTreeMap<usize, String> {
    let mut found: BTreeMap<usize, String> = BTreeMap::new();
    for part in text.split([';', '；']) {
        let place = part.trim().strip_prefix('[').and_then(|rest| {
            let (_, rest) = rest.split_once("][")?;
            let (index, rest) = rest.split_once(']')?;
            Some((index.parse::<usize>().ok()?, rest.to_owned()))
        });
        if let Some((index, rest)) = place {
            let all = found.entry(index).or_default();
            if !all.is_empty() {
                all.push(';');
            }
            all.push_str(&rest);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::openapi::sign::holds;

    #[test]
    fn a_request_is_signed_as_the_worked_example() {
        let secret = AppSecret::parse("AnxinDemoSecret0AnxinDemoSecret1").unwrap();
        let asker = Asker { app_id: "119999202611210001", secret: &secret, corp_secret: None };
        let at: Moment = "2026-11-21T08:05:30+08:00".parse().unwrap();
        let data = r#"{"requestSerialCode":"workerattendance-add-2026112108-1-0001"}"#;
        let made = Dialect::National.request(asker, Method::AsyncHandleResultQuery, data, at, "100001");
        assert_eq!(made.get("sign"), Some("00fbf7c54756d83a675fe1c86dcf01f0c4ca1ee7277d2f47502211f368dab7df"));
        let second = Asker { corp_secret: Some("DemoCorpSecret"), ..asker };
        let at: Moment = "2026-11-21T08:05:00+08:00".parse().unwrap();
        let made = Dialect::National.request(second, Method::AttendanceAdd, "{}", at, "1");
        assert_eq!(made.get("corpsign"), Some("2U3RYIzPxaYxZPIsxTpCQo5LAqVPepsJccjXL3zpy6Q="));
        assert!(holds(&made, &secret));
    }

    #[test]
    fn answers_in_every_form_that_platforms_write() {
        let hear = |text: &str| Dialect::National.hear(text.as_bytes());
        assert_eq!(hear("<html>502</html>"), None);
        assert_eq!(hear("{}"), None);
        assert_eq!(hear(r#"{"code":"-7","message":"?"}"#).unwrap().code, AnswerCode::Later);
        assert_eq!(hear(r#"{"code":0,"data":{"requestSerialCode":"a-1"}}"#).unwrap().serial_code().as_deref(), Some("a-1"));
        let fate = |text: &str| hear(text).unwrap().fate();
        let done = Some(Fate::Done { number: Some(7), code: None });
        assert_eq!(fate(r#"{"code":"0","data":{"status":"20","result":"{\"teamSysNo\":7}"}}"#), done);
        assert_eq!(fate(r#"{"code":"0","data":{"status":20,"result":{"teamSysNo":"7"}}}"#), done);
        assert_eq!(fate(r#"{"code":"0","data":{"status":"10","result":"x"}}"#), Some(Fate::Failed("x".to_owned())));
        assert_eq!(fate(r#"{"code":"0","data":{"status":"0","result":""}}"#), Some(Fate::Waiting));
        assert_eq!(fate(r#"{"code":"0","data":{}}"#), None);
    }

    #[test]
    fn errors_are_told_item_by_item() {
        let text = "[workerList][0][headImage]不能为空!;[workerList][2][nation]不能为空!;[workerList][2][address]不能为空!;[teamSysNo]班组不存在!";
        let found = by_item(text);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(found[&2], "[nation]不能为空!;[address]不能为空!");
        assert!(by_item("数据库忙").is_empty());
    }
}
