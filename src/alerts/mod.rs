//! Telling people once what concerns them: findings that broke, papers that expire, sources that fell silent.
//!
//! A concern of a project becomes one notice for each person whose grants cover it. It stays one however often it is seen again, until
//! it is cured; when it breaks once more it is a new one. Notices are told in one digest a person a day, urgent ones at once where
//! the operator wants that. Mails are rows of the store's outbox, written in the transaction of their cause. Deliberately absent: SMTP,
//! rules (the law's) and anything personal: a mail names projects, rules and cures, never numbers of people.

pub mod actions;
pub mod digest;
pub mod hints;
pub mod http;
mod money;
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
        /// Something of a wage month does not add up, or looks odd: for a person to look at, no finding.
        Sign = "sign",
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
    /// Page on which what it rests on is listed, a path of this service.
    #[serde(default)]
    pub link: Option<String>,
}

impl Words {
    /// Words of what no single rule of the law stands behind: title and cure, each in Chinese and English.
    fn said((title_zh, title_en): (String, String), (cure_zh, cure_en): (&str, &str), day: Option<Day>) -> Self {
        let (cure_zh, cure_en) = (cure_zh.to_owned(), cure_en.to_owned());
        Words { title_zh, title_en, cure_zh, cure_en, citation: None, rule: None, day, link: None }
    }

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

/// The concerns of an assessment, one for each broken rule, and the rules of which it does not know whether they are kept.
pub fn of_findings(findings: &[Finding], book: &LawBook) -> (Vec<Concern>, Vec<String>) {
    let mut concerns: Vec<Concern> = Vec::new();
    for finding in findings.iter().filter(|finding| finding.state == State::Broken) {
        match concerns.iter_mut().find(|concern| concern.subject == finding.rule) {
            Some(concern) => concern.join(finding),
            None => concerns.push(Concern::of(finding, book)),
        }
    }
    let unknown = findings.iter().filter(|finding| finding.state == State::NotKnown).map(|finding| finding.rule.clone());
    (concerns, unknown.collect())
}

impl Concern {
    fn of(finding: &Finding, book: &LawBook) -> Self {
        let rule = book.rule(&finding.rule);
        let words = Words {
            title_zh: rule.map_or_else(|| finding.rule.clone(), |rule| rule.title_zh.clone()),
            title_en: rule.map_or_else(|| finding.rule.clone(), |rule| rule.title_en.clone()),
            cure_zh: finding.cure_zh.clone(),
            cure_en: finding.cure_en.clone(),
            citation: Some(finding.citation.to_string()),
            rule: Some(finding.rule.clone()),
            day: finding.since,
            link: None,
        };
        Concern { subject: finding.rule.clone(), urgent: finding.level == Level::Red, words }
    }

    /// Adds another breach of the same rule: one rule is one matter, however often it is broken.
    fn join(&mut self, finding: &Finding) {
        self.urgent |= finding.level == Level::Red;
        let words = &mut self.words;
        for (text, more, between) in [(&mut words.cure_zh, &finding.cure_zh, "；"), (&mut words.cure_en, &finding.cure_en, "; ")]
        {
            if !text.contains(more.as_str()) {
                text.push_str(between);
                text.push_str(more);
            }
        }
        words.day = match (words.day, finding.since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}
