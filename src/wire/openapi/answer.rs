//! Answers and error texts. Clients in the field compare these texts as strings, so they stand in this one table.

use serde_json::{Value, json};

use crate::base::words;
use crate::wire::reason::Reason;

words! {
    /// The code of an answer; HTTP itself always says 200.
    pub enum AnswerCode, "answer code" {
        /// Taken.
        Ok = "0",
        /// A parameter is missing or cannot be.
        BadParameter = "-1",
        /// The signature does not fit, the time is off, or the request was seen before with another body.
        BadSignature = "-2",
        /// No permission for the method or the project.
        NoPermission = "-3",
        /// The address is not on the list of the app.
        BadAddress = "-4",
        /// Too many requests in this second.
        TooFast = "-5",
        /// Anything else, also that nothing could be committed: send the same again later.
        Later = "9999",
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It is missing.
    Missing,
    /// It does not parse.
    BadFormat,
    /// The code table of the platform does not hold it.
    NotInTable,
    /// It lies after today.
    AfterToday,
    /// A list has more items than this.
    TooMany(usize),
    /// It does not decrypt.
    BadCipher,
    /// The check digit of an identity number.
    BadCheckDigit,
    /// Not an amount with at most two decimals.
    BadAmount,
    /// It stands already, with other contents.
    Exists,
    /// The platform does not serve it.
    NotServed,
    /// There is no such thing (工人, 班组 …).
    Absent(&'static str),
    /// A rule of the registry stands against it; Chinese and English.
    Refused(String, String),
    /// A fault of this program.
    Panicked,
}

impl Wrong {
    /// The text behind the path.
    pub fn zh(&self) -> String {
        match self {
            Wrong::Missing => "不能为空!".to_owned(),
            Wrong::BadFormat => "格式不正确!".to_owned(),
            Wrong::NotInTable => "不在字典范围内!".to_owned(),
            Wrong::AfterToday => "不能大于当前日期!".to_owned(),
            Wrong::TooMany(max) => format!("数量不能超过{max}!"),
            Wrong::BadCipher => "解密失败!".to_owned(),
            Wrong::BadCheckDigit => "证件号码校验位不正确!".to_owned(),
            Wrong::BadAmount => "金额格式不正确!".to_owned(),
            Wrong::Exists => "已存在!".to_owned(),
            Wrong::NotServed => "不支持!".to_owned(),
            Wrong::Absent(what) => format!("{what}不存在!"),
            Wrong::Refused(zh, _) => format!("{}!", zh.trim_end_matches(['。', '！', '!'])),
            Wrong::Panicked => "系统处理失败!".to_owned(),
        }
    }

    /// The same for the quarantine's English column.
    pub fn en(&self) -> String {
        match self {
            Wrong::Missing => "it is missing".to_owned(),
            Wrong::BadFormat => "it cannot be read".to_owned(),
            Wrong::NotInTable => "the platform's code table does not hold it".to_owned(),
            Wrong::AfterToday => "it lies after today".to_owned(),
            Wrong::TooMany(max) => format!("at most {max} items are taken"),
            Wrong::BadCipher => "it does not decrypt with the app's secret".to_owned(),
            Wrong::BadCheckDigit => "the check digit of the number does not fit".to_owned(),
            Wrong::BadAmount => "it is no amount with at most two decimals".to_owned(),
            Wrong::Exists => "it stands already with other contents".to_owned(),
            Wrong::NotServed => "this is not served".to_owned(),
            Wrong::Absent(_) => "there is no such thing yet".to_owned(),
            Wrong::Refused(_, en) => en.clone(),
            Wrong::Panicked => "the reader failed on it".to_owned(),
        }
    }

    /// The reason as the quarantine counts it.
    pub fn reason(&self) -> Reason {
        match self {
            Wrong::Missing => Reason::MissingField,
            Wrong::AfterToday => Reason::BadTime,
            Wrong::TooMany(_) => Reason::OverLimit,
            Wrong::BadCipher => Reason::BadEncoding,
            Wrong::BadAmount => Reason::BadAmount,
            Wrong::Exists => Reason::IdReused,
            Wrong::Absent("工人") => Reason::UnknownPerson,
            Wrong::Absent(_) => Reason::UnknownReference,
            Wrong::Panicked => Reason::ParserPanic,
            Wrong::BadFormat | Wrong::NotInTable | Wrong::BadCheckDigit | Wrong::NotServed | Wrong::Refused(..) => {
                Reason::BadFormat
            }
        }
    }
}

/// Something wrong at a place: `[workerList][0][headImage]不能为空!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path from the root, each step in brackets; indexes from 0.
    pub path: String,
    /// What is wrong there.
    pub wrong: Wrong,
}

impl Fault {
    /// At a path that is written already.
    pub fn new(path: impl Into<String>, wrong: Wrong) -> Self {
        Self { path: path.into(), wrong }
    }

    /// At one named parameter.
    pub fn at(key: &str, wrong: Wrong) -> Self {
        Self::new(format!("[{key}]"), wrong)
    }

    /// As the client is told.
    pub fn text(&self) -> String {
        format!("{}{}", self.path, self.wrong.zh())
    }
}

/// Faults that one answer lists.
pub const FAULTS_MAX: usize = 100;

/// The texts of some faults, one after the other, at most [`FAULTS_MAX`] of them and within so many bytes; how many more there are is said
/// at the end, where there are.
pub fn joined(faults: &[Fault], bytes_max: usize) -> String {
    // Room for the last word, whatever the number in it.
    let room = bytes_max.saturating_sub(60);
    let mut text = String::new();
    let mut told = 0;
    for fault in faults.iter().take(FAULTS_MAX) {
        let next = fault.text();
        if !text.is_empty() && text.len() + next.len() + 1 > room {
            break;
        }
        if !text.is_empty() {
            text.push(';');
        }
        text.push_str(&next);
        told += 1;
    }
    while text.len() > bytes_max {
        text.pop();
    }
    let more = faults.len() - told;
    if more > 0 { format!("{text};另有{more}处错误未列出!") } else { text }
}

/// An answer as sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Code.
    pub code: AnswerCode,
    /// Text; empty for what was taken.
    pub message: String,
    /// Data of the method.
    pub data: Value,
}

impl Answer {
    /// Taken, with these data.
    pub fn ok(data: Value) -> Self {
        Self { code: AnswerCode::Ok, message: String::new(), data }
    }

    /// Refused, with this text.
    pub fn refused(code: AnswerCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: json!({}) }
    }

    /// A parameter is wrong.
    pub fn fault(fault: &Fault) -> Self {
        Self::refused(AnswerCode::BadParameter, fault.text())
    }

    /// The JSON on the wire.
    pub fn text(&self) -> String {
        json!({"code": self.code.as_str(), "message": self.message, "data": self.data}).to_string()
    }
}
