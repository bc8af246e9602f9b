//! Telling people once what concerns them: findings that broke, papers that expire, sources that fell silent.
//!
//! A concern of a project becomes one notice for each person whose grants cover it. It stays one however often it is seen again, until
//! it is cured; when it breaks once more it is a new one. Notices are told in one digest a person a day, urgent ones at once where
//! the operator wants that. Mails are rows of the store's outbox, written in the transaction of their cause. Deliberately absent: SMTP,
//! rules (the law's) and anything personal: a mail names projects, rules and cures, never numbers of people.

pub mod actions;
pub mod digest;
pub mod http;
pub mod reminders;
pub mod sources;
pub mod table;

use serde::{Deserialize, Serialize};

use crate::base::{Day, words};
use crate::law::questions::warning::Level;
use crate::law::{Finding, LawBook, State};
use crate::web::Lang;

words! {
    /// What a notice is about.
    pub enum NoticeKind, "kind of notice" {
        /// A rule of the law is broken.
        Finding = "finding",
        /// A paper is about to expire.
        Reminder = "reminder",
        /// A source has fallen silent.
        Silence = "silence",
    }
}
crate::store::types::word_column!(NoticeKind);
crate::web::openapi::word_schema!(NoticeKind);

words! {
    /// Where a notice stands.
    pub enum NoticeState, "state of a notice" {
        /// The person has not been told yet.
        Open = "open",
        /// The person was told.
        Told = "told",
        /// It holds no more.
        Cured = "cured",
    }
}
crate::store::types::word_column!(NoticeState);
crate::web::openapi::word_schema!(NoticeState);

/// What is said of a concern, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Words {
    /// What it is, in Chinese.
    pub title_zh: String,
    /// The same in English.
    pub title_en: String,
    /// What to do, in Chinese.
    pub cure_zh: String,
    /// The same in English.
    pub cure_en: String,
    /// Document and article, where a law stands behind it.
    pub citation: Option<String>,
    /// Rule, where there is one.
    pub rule: Option<String>,
    /// Since when it holds, or until when there is time.
    pub day: Option<Day>,
}

impl Words {
    /// What it is.
    pub fn title(&self, language: Lang) -> &str {
        language.pick(&self.title_zh, &self.title_en)
    }

    /// What to do.
    pub fn cure(&self, language: Lang) -> &str {
        language.pick(&self.cure_zh, &self.cure_en)
    }
}

/// Something that people are to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What it is known by inside its project and kind.
    pub subject: String,
    /// Whether it should not wait for the digest.
    pub urgent: bool,
    /// What is said.
    pub words: Words,
}

/// The concerns of an assessment, and the subjects of which it does not know whether they hold.
pub fn of_findings(findings: &[Finding], book: &LawBook) -> (Vec<Concern>, Vec<String>) {
    let broken = findings.iter().filter(|finding| finding.state == State::Broken).map(|finding| {
        let rule = book.rule(&finding.rule);
        Concern {
            subject: finding.rule.clone(),
            urgent: finding.level == Level::Red,
            words: Words {
                title_zh: rule.map_or_else(|| finding.rule.clone(), |rule| rule.title_zh.clone()),
                title_en: rule.map_or_else(|| finding.rule.clone(), |rule| rule.title_en.clone()),
                cure_zh: finding.cure_zh.clone(),
                cure_en: finding.cure_en.clone(),
                citation: Some(finding.citation.to_string()),
                rule: Some(finding.rule.clone()),
                day: finding.since,
            },
        }
    });
    let unknown = findings.iter().filter(|finding| finding.state == State::NotKnown).map(|finding| finding.rule.clone());
    (broken.collect(), unknown.collect())
}
