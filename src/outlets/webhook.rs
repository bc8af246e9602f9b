//! What a webhook says: templates with filters, the signature, what an answer means, and masking.
//!
//! Pure. A header's value and an address never carry a control character, whatever a name holds, so nothing that people enter adds a
//! header. Deliberately absent: the call itself, queues and retries.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::calling::Reply;

/// The forms that the program brings along.
const PRESETS: &str = include_str!("../../config/webhooks/presets.toml");
/// The longest rendered text, in bytes.
const RENDERED_MAX: usize = 256 * 1024;
/// Expressions of one template at most.
const EXPRESSIONS_MAX: usize = 50;
/// Seconds before each further try; after the last the call has failed.
pub const WAITS_SECONDS: [i64; 6] = [60, 300, 1_800, 7_200, 21_600, 86_400];

/// How a webhook is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// `POST` or `PUT`.
    pub method: String,
    /// Template of the address.
    pub address: String,
    /// Templates of headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Template of the body.
    pub body: String,
    /// A filter over the whole body.
    #[serde(default)]
    pub body_filter: Option<String>,
    /// JSON pointer into an answer that is looked at.
    #[serde(default)]
    pub success_path: Option<String>,
    /// What must stand there.
    #[serde(default)]
    pub success_value: Option<String>,
}

/// A form with its names.
#[derive(Debug, Clone, Deserialize)]
pub struct Preset {
    /// Short name.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// The same in English.
    pub name_en: String,
    /// The form.
    #[serde(flatten)]
    pub form: Form,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presets {
    presets: Vec<Preset>,
}

/// Where an address is the operator's to write, any will do for the check of a preset.
const SOME_ADDRESS: &str = "https://receiver.invalid/";

/// The file of the presets that the program brings along.
const OWN: &str = "presets.toml";

/// The presets: the embedded ones with these files laid over them by file name.
///
/// # Errors
/// A file that does not read, a form that cannot be, two presets of one `code`; named with file and reason.
pub fn read_presets(over: &[(String, String)]) -> Result<Vec<Preset>, String> {
    let mut files: BTreeMap<&str, &str> = BTreeMap::from([(OWN, PRESETS)]);
    files.extend(over.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    // Ours first, so that a code that stands twice is told of the file that brought it along.
    let mut files: Vec<(&str, &str)> = files.into_iter().collect();
    files.sort_by_key(|(name, _)| *name != OWN);
    let mut all: Vec<Preset> = Vec::new();
    for (name, text) in files {
        let read: Presets = toml::from_str(text).map_err(|error| format!("webhooks/{name}: {error}"))?;
        for preset in read.presets {
            let address = Some(preset.form.address.clone()).filter(|address| !address.is_empty());
            let form = Form { address: address.unwrap_or_else(|| SOME_ADDRESS.to_owned()), ..preset.form.clone() };
            form.check().map_err(|why| format!("webhooks/{name}: preset `{}`: {why}", preset.code))?;
            if preset.code.is_empty() || all.iter().any(|known| known.code == preset.code) {
                return Err(format!("webhooks/{name}: the code `{}` is empty or stands twice", preset.code));
            }
            all.push(preset);
        }
    }
    Ok(all)
}

/// The forms that the program brings along.
pub fn presets() -> Vec<Preset> {
    read_presets(&[]).unwrap_or_default()
}

/// Address, headers and body of a call.
pub type Filled = (String, Vec<(String, String)>, Vec<u8>);

/// What templates may name.
#[derive(Clone, Default)]
pub struct Values {
    /// Receivers.
    pub to: String,
    /// A sentence for people.
    pub text: String,
    /// The name that a gateway signs messages with.
    pub sign: String,
    /// Seconds since 1970.
    pub now: i64,
    /// The secret in force.
    pub secret: String,
    /// The message as JSON.
    pub event: String,
}

/// Text, or bytes that a filter made and that are hex where no other filter follows.
enum Value {
    Text(String),
    Bytes(Vec<u8>),
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Value {
    fn bytes(self) -> Vec<u8> {
        match self {
            Value::Text(text) => text.into_bytes(),
            Value::Bytes(bytes) => bytes,
        }
    }

    fn text(self) -> String {
        match self {
            Value::Text(text) => text,
            Value::Bytes(bytes) => hex(&bytes),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => made.push(char::from(byte)),
            other => made.push_str(&format!("%{other:02X}")),
        }
    }
    made
}

/// HMAC-SHA256.
pub fn hmac(secret: &[u8], data: &[u8]) -> Vec<u8> {
    // A key of any length is taken.
    Hmac::<Sha256>::new_from_slice(secret)
        .map(|mut mac| {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

fn filtered(value: Value, filter: &str, values: &Values) -> Result<Value, String> {
    Ok(match filter {
        "json" => Value::Text(serde_json::Value::String(value.text()).to_string()),
        "url" => Value::Text(escaped(&value.text())),
        "base64" => Value::Text(STANDARD.encode(value.bytes())),
        "md5" => Value::Bytes(Md5::digest(value.bytes()).to_vec()),
        "hmac_sha256" => Value::Bytes(hmac(values.secret.as_bytes(), &value.bytes())),
        other => return Err(format!("there is no filter `{other}`")),
    })
}

/// The parts of an expression between `sign`s that stand outside quotes.
fn parts(text: &str, sign: char) -> Vec<String> {
    let (mut all, mut current, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        is_quoted ^= c == '"';
        if c == sign && !is_quoted {
            all.push(std::mem::take(&mut current));
        } else {
            current.push(c);
        }
    }
    all.push(current);
    all
}

fn named(name: &str, values: &Values) -> Result<String, String> {
    let name = name.trim();
    if let Some(quoted) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Ok(quoted.replace("\\n", "\n"));
    }
    Ok(match name {
        "to" => values.to.clone(),
        "text" => values.text.clone(),
        "sign" => values.sign.clone(),
        "now" => values.now.to_string(),
        "now_ms" => values.now.saturating_mul(1_000).to_string(),
        "secret" => values.secret.clone(),
        "event" => values.event.clone(),
        other => return Err(format!("there is no value `{other}`")),
    })
}

/// Fills a template.
///
/// # Errors
/// A value or filter that there is not, a brace that is not closed, too much.
pub fn render(template: &str, values: &Values) -> Result<String, String> {
    let (mut made, mut rest) = (String::new(), template);
    for _ in 0..=EXPRESSIONS_MAX {
        let Some((before, after)) = rest.split_once("{{") else {
            made.push_str(rest);
            return if made.len() > RENDERED_MAX { Err("the text is too long".to_owned()) } else { Ok(made) };
        };
        let (expression, after) = after.split_once("}}").ok_or("`{{` without `}}`")?;
        made.push_str(before);
        let mut filters = parts(expression, '|').into_iter();
        let sum: Result<String, String> =
            parts(&filters.next().unwrap_or_default(), '+').iter().map(|name| named(name, values)).collect();
        let mut value = Value::Text(sum?);
        for filter in filters {
            value = filtered(value, filter.trim(), values)?;
        }
        made.push_str(&value.text());
        rest = after;
    }
    Err("there are too many expressions".to_owned())
}

/// A text without control characters: they are blanks.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Form {
    /// What a form must be before it is kept.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let sample =
            Values { to: "0".into(), text: "0".into(), sign: "0".into(), secret: "0".into(), event: "{}".into(), now: 0 };
        if !matches!(self.method.as_str(), "POST" | "PUT") {
            return Err("the method is POST or PUT".to_owned());
        }
        let address = render(&self.address, &sample)?;
        let is_address =
            ["http://", "https://"].iter().any(|head| address.strip_prefix(head).is_some_and(|rest| !rest.is_empty()));
        if !is_address || address.len() > 2_000 || !address.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("the address is a whole one with http:// or https://".to_owned());
        }
        for (name, value) in &self.headers {
            let is_token = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !is_token || name.to_ascii_lowercase().starts_with("x-anxin-") || name.eq_ignore_ascii_case("host") {
                return Err(format!("the header `{}` cannot be set", on_one_line(name)));
            }
            render(value, &sample)?;
        }
        let body = Value::Text(render(&self.body, &sample)?);
        match &self.body_filter {
            Some(filter) => filtered(body, filter, &sample).map(drop),
            None => Ok(()),
        }
    }

    /// Address, headers and body of a call.
    ///
    /// # Errors
    /// A template that does not render.
    pub fn filled(&self, values: &Values) -> Result<Filled, String> {
        let address = on_one_line(&render(&self.address, values)?);
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            headers.push((name.clone(), on_one_line(&render(value, values)?)));
        }
        let body = Value::Text(render(&self.body, values)?);
        let body = match &self.body_filter {
            Some(filter) => filtered(body, filter, values)?.text(),
            None => body.text(),
        };
        Ok((address, headers, body.into_bytes()))
    }
}

/// The value of `X-Anxin-Signature`: one signature for each secret that is in force.
pub fn signature(secrets: &[String], timestamp: &str, body: &[u8]) -> String {
    let data = [timestamp.as_bytes(), b".", body].concat();
    secrets.iter().map(|secret| format!("v1={}", hex(&hmac(secret.as_bytes(), &data)))).collect::<Vec<_>>().join(",")
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Taken.
    Sent,
    /// Again, not before so many seconds where the receiver says so.
    Later(Option<i64>),
    /// Not taken, and another try is in vain.
    Failed,
    /// The receiver wants no more.
    Gone,
}

/// What an answer means by its status and the form's rule.
pub fn verdict(form: &Form, reply: &Reply) -> Verdict {
    match reply.status {
        200..=299 if says_so(form, &reply.body) => Verdict::Sent,
        410 => Verdict::Gone,
        408 | 429 | 500..=599 => {
            let seconds = reply.retry_after.as_deref().and_then(|text| text.trim().parse::<i64>().ok());
            Verdict::Later(seconds.filter(|seconds| (0..=86_400).contains(seconds)))
        }
        _ => Verdict::Failed,
    }
}

fn says_so(form: &Form, body: &[u8]) -> bool {
    let (Some(path), Some(wanted)) = (&form.success_path, &form.success_value) else { return true };
    let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let found = answer.as_ref().and_then(|answer| answer.pointer(path));
    found.is_some_and(|found| found.as_str().map_or_else(|| found.to_string(), str::to_owned) == *wanted)
}

/// An answer as the log keeps it: short, on one line, with every secret as stars.
pub fn logged(body: &[u8], secrets: &[String]) -> String {
    let mut text = on_one_line(&String::from_utf8_lossy(body));
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), "***");
    }
    text.chars().take(2_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let text = "张\"三\"\r\nX-Evil: 1".to_owned();
        Values {
            to: "13800000000".into(),
            text,
            sign: "安薪".into(),
            now: 1_700_000_000,
            secret: "key".into(),
            event: "{}".into(),
        }
    }

    #[test]
    fn templates_render_with_filters() {
        let shown = |template: &str| render(template, &values()).unwrap();
        assert_eq!(shown("a{{to}}b{{now}}c{{now_ms}}"), "a13800000000b1700000000c1700000000000");
        assert_eq!(shown("{{text|json}}"), r#""张\"三\"\r\nX-Evil: 1""#);
        assert_eq!(shown("{{sign|url}}"), "%E5%AE%89%E8%96%AA");
        assert_eq!(shown(r#"{{"a|b+c"|base64}}"#), "YXxiK2M=");
        assert_eq!(shown(r#"{{""|md5}}"#), "d41d8cd98f00b204e9800998ecf8427e");
        // RFC 2104's well-known example with SHA-256.
        let fox = r#"{{"The quick brown fox jumps over the lazy dog"|hmac_sha256}}"#;
        assert_eq!(shown(fox), "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
        assert!(shown(r#"{{now+"\n"+secret|hmac_sha256|base64|url}}"#).ends_with("%3D"));
        for odd in ["{{nobody}}", "{{to|sha1}}", "{{to"] {
            assert!(render(odd, &values()).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_file_beside_adds_a_preset_and_one_of_the_same_name_takes_the_place() {
        let text = |code: &str, body: &str| {
            format!(
                "[[presets]]\ncode = \"{code}\"\nname = \"x\"\nname_en = \"x\"\nmethod = \"POST\"\naddress = \"\"\nbody = '{body}'\n"
            )
        };
        let over = |name: &str, text: String| read_presets(&[(name.to_owned(), text)]);
        let codes = |all: Vec<Preset>| all.into_iter().map(|preset| preset.code).collect::<Vec<_>>();
        assert_eq!(codes(over("city.toml", text("city-sms", "{{text}}")).unwrap()).len(), presets().len() + 1);
        assert_eq!(codes(over("presets.toml", text("only", "{{text}}")).unwrap()), ["only"]);
        for (name, wrong) in [
            ("city.toml", text("plain", "{{text}}")),
            ("city.toml", text("city-sms", "{{nobody}}")),
            ("city.toml", "presets = 1".to_owned()),
        ] {
            let told = over(name, wrong).unwrap_err();
            assert!(told.starts_with("webhooks/city.toml: "), "{told}");
        }
    }

    #[test]
    fn the_presets_are_sound_once_their_address_is_known() {
        let all = presets();
        assert_eq!(all.len(), 4);
        for mut preset in all {
            if preset.form.address.is_empty() {
                preset.form.address = "https://example.cn/".to_owned();
            }
            assert_eq!(preset.form.check(), Ok(()), "{}", preset.code);
            let (address, _, body) = preset.form.filled(&values()).unwrap();
            assert!(!address.contains("{{") && !body.is_empty());
        }
    }

    #[test]
    fn a_name_with_line_ends_adds_no_header() {
        let headers = BTreeMap::from([("X-Name".to_owned(), "{{text}}".to_owned())]);
        let form = Form { headers, ..presets().remove(0).form };
        let form = Form { address: "https://example.cn/{{text}}".to_owned(), ..form };
        let (address, headers, _) = form.filled(&values()).unwrap();
        assert!(!address.contains(['\r', '\n']));
        assert_eq!(headers, [("X-Name".to_owned(), "张\"三\"  X-Evil: 1".to_owned())]);
        for name in ["X-A\r\nB", "", "X-Anxin-Event-Id", "Host"] {
            let odd = Form { headers: BTreeMap::from([(name.to_owned(), String::new())]), ..form.clone() };
            assert!(odd.check().is_err(), "{name:?}");
        }
    }

    #[test]
    fn answers_are_told_apart() {
        let form = presets().into_iter().find(|preset| preset.code == "wecom-robot").unwrap().form;
        let verdict = |status: u16, after: Option<&str>, body: &str| {
            verdict(&form, &Reply { status, retry_after: after.map(str::to_owned), body: body.into(), is_cut: false })
        };
        assert_eq!(verdict(200, None, r#"{"errcode":0}"#), Verdict::Sent);
        assert_eq!(verdict(200, None, r#"{"errcode":"0"}"#), Verdict::Sent);
        assert_eq!(verdict(200, None, r#"{"errcode":45009}"#), Verdict::Failed);
        assert_eq!(verdict(302, None, ""), Verdict::Failed);
        assert_eq!(verdict(404, None, ""), Verdict::Failed);
        assert_eq!(verdict(410, None, ""), Verdict::Gone);
        assert_eq!(verdict(429, Some("120"), ""), Verdict::Later(Some(120)));
        assert_eq!(verdict(503, Some("Fri, 01 Jan 2027 00:00:00 GMT"), ""), Verdict::Later(None));
        assert_eq!(verdict(408, None, ""), Verdict::Later(None));
        assert_eq!(logged(b"you sent key\r\n", &["key".to_owned()]), "you sent ***  ");
    }
}
