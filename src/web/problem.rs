//! Problems (RFC 9457): one table of codes for the whole service. The title is Chinese for people, the code is stable for machines.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::money::TooMuch;
use crate::base::{Unreadable, words};
use crate::store::StoreError;
use crate::store::tx::Transient;

words! {
    /// Stable names of what can go wrong.
    pub enum Code, "problem code" {
        /// The request cannot be read.
        Malformed = "malformed",
        /// No or wrong credentials.
        NotAuthenticated = "not_authenticated",
        /// Known, but not allowed to do this.
        NotAllowed = "not_allowed",
        /// Nothing there that the asker may see.
        NotFound = "not_found",
        /// The path knows no such method.
        MethodNotAllowed = "method_not_allowed",
        /// It clashes with what stands.
        Conflict = "conflict",
        /// The same key came with another request.
        KeyReused = "key_reused",
        /// Somebody changed it in between.
        VersionChanged = "version_changed",
        /// `Idempotency-Key` or `If-Match` is missing.
        PreconditionMissing = "precondition_missing",
        /// Too large or too many.
        TooLarge = "too_large",
        /// This media type is not read here.
        UnsupportedMedia = "unsupported_media",
        /// It reads, but a rule stands against it.
        Invalid = "invalid",
        /// Too many tries.
        TooMany = "too_many",
        /// A bug or damage; logged.
        Internal = "internal",
        /// Busy or out of reach; try again.
        Unavailable = "unavailable",
    }
}

impl Code {
    /// HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Code::Malformed => StatusCode::BAD_REQUEST,
            Code::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Code::NotAllowed => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::Conflict | Code::KeyReused => StatusCode::CONFLICT,
            Code::VersionChanged => StatusCode::PRECONDITION_FAILED,
            Code::PreconditionMissing => StatusCode::PRECONDITION_REQUIRED,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Title for people.
    pub fn title(self) -> &'static str {
        match self {
            Code::Malformed => "请求无法读取",
            Code::NotAuthenticated => "未登录或凭据无效",
            Code::NotAllowed => "没有权限",
            Code::NotFound => "找不到",
            Code::MethodNotAllowed => "不支持该操作",
            Code::Conflict => "与现有记录冲突",
            Code::KeyReused => "幂等键已用于其他请求",
            Code::VersionChanged => "内容已被他人修改",
            Code::PreconditionMissing => "缺少必要的请求头",
            Code::TooLarge => "内容过大",
            Code::UnsupportedMedia => "不支持的媒体类型",
            Code::Invalid => "内容不符合规则",
            Code::TooMany => "尝试次数过多",
            Code::Internal => "系统内部错误",
            Code::Unavailable => "暂时无法处理，请稍后重试",
        }
    }
}

/// One of several things that are wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fault {
    /// Field, row or line.
    pub place: String,
    /// Stable reason.
    pub reason: String,
    /// What is wrong and how to mend it, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Something that cannot be done, with where, what and how to mend it in two languages.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which kind.
    pub code: Code,
    /// What is wrong and how to mend it, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
    /// Single faults, where there are several.
    pub faults: Vec<Fault>,
    transient: bool,
}

/// Faults that an answer lists at most.
pub const FAULTS_MAX: usize = 100;

impl Problem {
    /// A problem of a kind.
    pub fn new(code: Code, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, zh: zh.into(), en: en.into(), faults: Vec::new(), transient: false }
    }

    /// Nothing there, or nothing that the asker may see; the two look the same on purpose.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "没有这条记录，或您无权查看。", "There is no such record, or you may not see it.")
    }

    /// Not allowed for this role.
    pub fn not_allowed() -> Self {
        Self::new(Code::NotAllowed, "您的角色不能执行此操作。", "Your role may not do this.")
    }

    /// A rule stands against the request.
    pub fn invalid(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Code::Invalid, zh, en)
    }

    /// It clashes with what stands.
    pub fn conflict(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Code::Conflict, zh, en)
    }

    /// A bug; the text goes to the log only.
    pub fn internal(detail: &str) -> Self {
        tracing::error!(problem.detail = detail, "a request failed inside");
        Self::new(Code::Internal, "系统内部错误，已记录。", "Something failed inside; it has been logged.")
    }

    /// Adds a fault with its place.
    pub fn at(mut self, place: impl Into<String>, reason: &str) -> Self {
        let fault = Fault { place: place.into(), reason: reason.to_owned(), zh: self.zh.clone(), en: self.en.clone() };
        self.faults.push(fault);
        self
    }

    /// A problem with many faults, cut after [`FAULTS_MAX`].
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults.into_iter().take(FAULTS_MAX));
        self
    }

    /// A value that does not read, at a named field.
    pub fn unreadable(place: &str, error: &Unreadable) -> Self {
        Self::invalid(format!("字段 {place} 无法读取：{}", in_chinese(error.what)), format!("field {place}: {error}"))
            .at(place, "bad_format")
    }

    fn body(&self) -> serde_json::Value {
        json!({
            "type": format!("/problems/{}", self.code),
            "title": self.code.title(),
            "status": self.code.status().as_u16(),
            "code": self.code,
            "detail": self.zh,
            "detail_en": self.en,
            "errors": self.faults,
        })
    }
}

/// What would have been right, in Chinese, by the kind of value that was wanted.
fn in_chinese(what: &str) -> &'static str {
    match what {
        "identity number" => "身份证号码应为 18 位，出生日期有效，末位校验码相符。",
        "unified social credit code" => "统一社会信用代码应为 18 位，末位校验码相符。",
        "bank card number" => "银行卡号应为 13 至 19 位数字。",
        "telephone number" => "电话号码应为 5 至 20 位数字。",
        "e-mail address" => "请填写形如 name@example.cn 的邮箱地址。",
        "amount in yuan" => "金额应为最多两位小数的数字，例如 320.00。",
        "day" => "日期应写成 2026-03-02 的形式，且确有这一天。",
        "month" => "月份应写成 2026-03 的形式。",
        "moment" => "时间应写成 2026-03-02T08:00:00+08:00 的形式。",
        "region code" => "行政区划代码应为 6 位数字，且在代码表中。",
        _ => "写法不符合要求，请对照说明改正。",
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.en)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json; charset=utf-8");
        match self.code {
            Code::NotAuthenticated => drop(response.insert_header(("WWW-Authenticate", "Bearer"))),
            Code::Unavailable => drop(response.insert_header(("Retry-After", "30"))),
            _ => {}
        }
        response.body(self.body().to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let transient = error.is_transient();
        let mut problem = match &error {
            StoreError::Database(diesel::result::Error::NotFound) => Self::not_found(),
            _ if transient => Self::new(Code::Unavailable, "数据库正忙，请重试。", "The database is busy; try again."),
            _ if error.is_duplicate() => Self::conflict("已存在相同的记录。", "The same record exists already."),
            StoreError::Unavailable(why) => {
                tracing::warn!(problem.detail = why.as_str(), "the store is not available");
                Self::new(Code::Unavailable, "存储暂不可用，请稍后重试。", "The store is not available; try again later.")
            }
            other => Self::internal(&other.to_string()),
        };
        problem.transient = transient;
        problem
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<TooMuch> for Problem {
    fn from(_: TooMuch) -> Self {
        Self::invalid("金额超出可记账范围。", "The amount is beyond what can be booked.").at("amount", "bad_amount")
    }
}

impl Transient for Problem {
    fn is_transient(&self) -> bool {
        self.transient
    }
}
