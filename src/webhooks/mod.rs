//! Webhooks: partners and message gateways that are told of changes, one message a change, with the fields that were agreed and no other.
//!
//! A message is written in the transaction of its cause, so that what is rolled back is told to nobody; it is called later, with no
//! transaction open, and every try is kept. The same message carries the same id at each try. Deliberately absent: the network
//! (`app::herald`), templates and signatures (`outlets::webhook`), and any promise of order.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::words;

words! {
    /// A change that is told.
    pub enum HookEvent, "event of a webhook" {
        /// A concern about a project is new.
        AlertOpened = "alert.opened",
        /// It is over.
        AlertClosed = "alert.closed",
        /// A case was opened.
        CaseOpened = "case.opened",
        /// A case was closed.
        CaseClosed = "case.closed",
        /// A gate decided.
        GateDecided = "gate.decided",
        /// A wage account was opened.
        AccountOpened = "account.opened",
        /// Every line of a pay run has its result.
        PayRunSettled = "payroll.settled",
        /// A person wants to see whether it works.
        Test = "test",
    }
}
crate::store::types::word_column!(HookEvent);
crate::web::openapi::word_schema!(HookEvent);

words! {
    /// Whether a webhook is called.
    pub enum HookState, "state of a webhook" {
        /// It is.
        Active = "active",
        /// A person switched it off, or the receiver wants no more.
        Disabled = "disabled",
    }
}
crate::store::types::word_column!(HookState);
crate::web::openapi::word_schema!(HookState);

words! {
    /// Where a call stands.
    pub enum CallState, "state of a call" {
        /// Waits for its moment or its next try.
        Queued = "queued",
        /// Taken.
        Sent = "sent",
        /// Refused for good, or tried too often.
        Failed = "failed",
    }
}
crate::store::types::word_column!(CallState);
crate::web::openapi::word_schema!(CallState);

/// Fields that may be agreed; an event has those of them that it knows.
pub const FIELDS: [&str; 16] = [
    "project_code",
    "project_name",
    "region",
    "subject",
    "kind",
    "title",
    "cure",
    "opened_on",
    "closed_on",
    "outcome",
    "workers",
    "amount",
    "gate",
    "decision",
    "bank",
    "lines",
];

/// The longest name of a webhook, in characters.
pub const NAME_MAX: usize = 60;
/// Receivers of one call at most.
pub const RECEIVERS_MAX: usize = 200;
/// Seconds for which a call that is being made is left alone by others.
pub const LEASE_SECONDS: i64 = 60;
/// The longest overlap of two secrets, in hours.
pub const OVERLAP_HOURS_MAX: i64 = 720;
/// Days for which calls that ended are kept.
pub const KEEP_DAYS: i64 = 90;

impl HookEvent {
    /// In words, for `{{text}}`.
    pub fn zh(self) -> &'static str {
        match self {
            HookEvent::AlertOpened => "新预警",
            HookEvent::AlertClosed => "预警已消除",
            HookEvent::CaseOpened => "已立案",
            HookEvent::CaseClosed => "已结案",
            HookEvent::GateDecided => "关口已答复",
            HookEvent::AccountOpened => "工资专户已开立",
            HookEvent::PayRunSettled => "代发批次已有全部结果",
            HookEvent::Test => "测试",
        }
    }
}
