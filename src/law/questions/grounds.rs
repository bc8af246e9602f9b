//! What every answer carries: the rules that decided, the trace, how firmly they stand and what was missing.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};

use crate::base::{Day, Fen, RegionCode};
use crate::law::LawBook;
use crate::law::book::{Bracket, Dated, Span, Standing, Value};

/// One step of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Rule that was applied.
    pub rule: String,
    /// Version of the rule; 0 in answers older than versions.
    #[serde(default)]
    pub version: u32,
    /// What the rule says, in Chinese.
    pub title_zh: String,
    /// The same in English.
    pub title_en: String,
    /// Document and article.
    pub citation: String,
    /// The number of the article was not read in the official text; shown only.
    pub article_unverified: bool,
    /// How firmly the step stands.
    pub status: Standing,
    /// The value used and its region, or what was found.
    pub note: String,
}

/// The part that all answers share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// No answer can be given.
    pub unknown: bool,
    /// Facts (or law) that are missing.
    pub needs: Vec<String>,
    /// Rules that decided or changed the result.
    pub rules: Vec<String>,
    /// The least firm of the parts that decided.
    pub status: Standing,
    /// The steps in order.
    pub trace: Vec<Step>,
}

/// The name of a need where the law has no rule on the day asked for.
pub const LAW_IN_FORCE: &str = "law_in_force";
/// The name of a need where the region has no rule, or none that was read.
pub const REGIONAL_RULE: &str = "regional_rule";

/// A question being answered.
pub(in crate::law) struct Asking<'a> {
    pub(in crate::law) book: &'a LawBook,
    pub(in crate::law) region: RegionCode,
    pub(in crate::law) as_of: Day,
    pub(in crate::law) grounds: Grounds,
}

impl<'a> Asking<'a> {
    pub(in crate::law) fn new(book: &'a LawBook, region: RegionCode, as_of: Day) -> Self {
        Asking { book, region, as_of, grounds: Grounds::default() }
    }

    /// The value in force, without a trace of having looked.
    pub(in crate::law) fn find(&self, key: &str) -> Option<&'a Dated> {
        self.book.value(key, self.region, self.as_of).value
    }

    /// Records that the rule decided by this value.
    pub(in crate::law) fn used(&mut self, rule: &str, dated: &Dated) {
        let note = format!("{} = {} ({}, {})", dated.key, dated.value, dated.region, dated.citation);
        self.step(rule, dated.status, note);
    }

    /// Records that the rule decided.
    pub(in crate::law) fn rule(&mut self, rule: &str, note: &str) {
        let standing = self.book.rule(rule).map_or(Standing::InForce, |rule| rule.standing);
        self.step(rule, standing, note.to_owned());
    }

    fn step(&mut self, id: &str, status: Standing, note: String) {
        if !self.grounds.rules.iter().any(|known| known == id) {
            self.grounds.rules.push(id.to_owned());
        }
        self.grounds.status = self.grounds.status.max(status);
        let (title_zh, title_en, citation, article_unverified) = match self.book.rule(id) {
            Some(rule) => {
                (rule.title_zh.clone(), rule.title_en.clone(), rule.citation.to_string(), rule.citation.article_unverified)
            }
            None => Default::default(),
        };
        let version = self.book.rule(id).map_or(0, |rule| rule.version);
        self.grounds.trace.push(Step {
            rule: id.to_owned(),
            version,
            title_zh,
            title_en,
            citation,
            article_unverified,
            status,
            note,
        });
    }

    /// Whether the rule is in force on the day; if not, that is what is missing.
    pub(in crate::law) fn in_force(&mut self, rule: &str) -> bool {
        let holds = self.book.rule(rule).is_some_and(|rule| rule.holds_on(self.as_of));
        if !holds {
            self.need(LAW_IN_FORCE);
        }
        holds
    }

    /// Notes a missing fact, once.
    pub(in crate::law) fn need(&mut self, fact: &str) {
        if !self.grounds.needs.iter().any(|known| known == fact) {
            self.grounds.needs.push(fact.to_owned());
        }
    }

    /// The fact, or a note that it is missing.
    pub(in crate::law) fn fact<T: Copy>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.need(name);
        }
        value
    }

    /// Finds a value that the answer cannot do without; notes whether law of the day or a rule of the region is missing.
    fn take(&mut self, rule: &str, key: &str) -> Option<&'a Value> {
        let Some(dated) = self.find(key) else {
            let later = self.book.values_of(key).any(|dated| dated.region.holds(self.region));
            self.need(if later { LAW_IN_FORCE } else { REGIONAL_RULE });
            return None;
        };
        self.used(rule, dated);
        Some(&dated.value)
    }

    pub(in crate::law) fn money(&mut self, rule: &str, key: &str) -> Option<Fen> {
        self.take(rule, key).and_then(Value::as_money)
    }

    pub(in crate::law) fn ratio(&mut self, rule: &str, key: &str) -> Option<Decimal> {
        self.take(rule, key).and_then(Value::as_ratio)
    }

    pub(in crate::law) fn count(&mut self, rule: &str, key: &str) -> Option<u32> {
        self.take(rule, key).and_then(Value::as_count)
    }

    pub(in crate::law) fn truth(&mut self, rule: &str, key: &str) -> Option<bool> {
        self.take(rule, key).and_then(Value::as_truth)
    }

    pub(in crate::law) fn span(&mut self, rule: &str, key: &str) -> Option<Span> {
        self.take(rule, key).and_then(Value::as_span)
    }

    /// Closes the answer: unknown when nothing could be given.
    pub(in crate::law) fn done(mut self, given: bool) -> Grounds {
        self.grounds.unknown = !given;
        self.grounds
    }
}

impl Value {
    /// The amount, where it is one.
    pub fn as_money(&self) -> Option<Fen> {
        if let Value::Money(fen) = self { Some(*fen) } else { None }
    }

    /// The ratio, where it is one.
    pub fn as_ratio(&self) -> Option<Decimal> {
        if let Value::Ratio(ratio) = self { Some(*ratio) } else { None }
    }

    /// The count, where it is one.
    pub fn as_count(&self) -> Option<u32> {
        if let Value::Count(count) = self { Some(*count) } else { None }
    }

    /// The truth, where it is one.
    pub fn as_truth(&self) -> Option<bool> {
        if let Value::Truth(truth) = self { Some(*truth) } else { None }
    }

    /// The limit, where it is one.
    pub fn as_span(&self) -> Option<Span> {
        if let Value::Span(span) = self { Some(*span) } else { None }
    }

    /// The brackets, where it is such a table.
    pub fn as_brackets(&self) -> Option<&[Bracket]> {
        if let Value::Brackets(brackets) = self { Some(brackets) } else { None }
    }
}

/// Writes a ratio as text without trailing zeros.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
pub(in crate::law) fn ratio_text<S: Serializer>(ratio: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match ratio {
        Some(ratio) => serializer.collect_str(&ratio.normalize()),
        None => serializer.serialize_none(),
    }
}
