//! `value`: what the law of a region says of one parameter on a day, with document, standing and the region that says it.
//!
//! A region whose figure was not read has no value; the answer then says to enter it from the official text. It is never guessed.

use serde::Serialize;

use crate::base::{Day, RegionCode};
use crate::law::LawBook;
use crate::law::book::keys::spec;

use super::given::{Given, Refusal};
use super::grounds::{Asking, Grounds};

/// Which parameter.
#[derive(Debug, Clone, Default)]
pub(in crate::law) struct ValueInput {
    key: Option<String>,
}

/// The value in force.
#[derive(Debug, Clone, Serialize)]
pub struct ValueAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The value as text.
    pub value: Option<String>,
    /// The region whose law says so.
    pub region: Option<RegionCode>,
    /// The document.
    pub document: Option<String>,
    /// Its article, where it is known.
    pub article: Option<String>,
    /// First day.
    pub from: Option<Day>,
    /// What to do where there is no value.
    pub advice: Option<&'static str>,
}

impl ValueInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let key = given.text("key")?;
        if key.is_some_and(|key| spec(key).is_none()) {
            return Err(Refusal::new("key", "没有这个参数", "there is no such parameter"));
        }
        Ok(ValueInput { key: key.map(str::to_owned) })
    }
}

/// Looks the parameter up along the chain of regions.
pub(in crate::law) fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &ValueInput) -> ValueAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let found = match &input.key {
        Some(key) => asking.find(key),
        None => {
            asking.need("key");
            None
        }
    };
    if let Some(dated) = found {
        asking.used(dated.rule.as_deref().unwrap_or_default(), dated);
    } else if let Some(key) = &input.key {
        let later = book.values_of(key).any(|dated| dated.region.holds(region));
        asking.need(if later { super::LAW_IN_FORCE } else { super::REGIONAL_RULE });
    }
    ValueAnswer {
        grounds: asking.done(found.is_some()),
        value: found.map(|dated| dated.value.to_string()),
        region: found.map(|dated| dated.region),
        document: found.map(|dated| dated.citation.document.clone()),
        article: found.and_then(|dated| dated.citation.article.clone()),
        from: found.map(|dated| dated.from),
        advice: found.is_none().then_some("enter from the official text"),
    }
}
