//! The law book: instruments, articles, rules, dated values of the nation and the regions, and the working-day calendar.
//!
//! Built from the text of TOML files in memory. A book with a fault is refused as a whole: unknown keys, floats, gaps, overlaps,
//! uncited values, regional values looser than national law without a named derogation, rules without code and code without rules.
//! Deliberately absent: the filesystem, and any reading of what a rule means (that is `questions/`, `rules/`, `duties/`, `decision/`).

mod checks;
mod compare;
mod fault;
pub mod ids;
pub mod keys;
mod load;
mod lookup;
pub mod value;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::base::{Calendar, Day, RegionCode};

use super::tree::Node;
use load::Parts;

pub use compare::{Difference, Turn};
pub use fault::Fault;
pub use lookup::{ChainStep, Found, Lookup};
pub use value::{Bracket, Citation, Dated, Kind, Span, SpanUnit, Standing, Value};

/// A law or rule that others cite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Short id used in data.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// Number of the document.
    pub number: String,
    /// First day in force of the version that was read.
    pub from: Day,
}

/// The words of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The text.
    pub words: String,
    /// The text is a rendering in other words, not the official one.
    pub paraphrase: bool,
}

/// A rule of `config/law/rules.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Id, like `R65-11a`.
    pub id: String,
    /// What it says, in Chinese.
    pub title_zh: String,
    /// What it says, in English.
    pub title_en: String,
    /// Id of the instrument.
    pub instrument: String,
    /// Name, number and article of the instrument.
    pub citation: Citation,
    /// How firmly it stands.
    pub standing: Standing,
    /// First day in force.
    pub from: Day,
    /// Last day in force, where it has ended.
    pub to: Option<Day>,
    /// Who owes the duty.
    pub owes: String,
    /// The rule that sanctions a breach.
    pub counts_towards: Option<String>,
    /// Shown only, not computed.
    pub knowledge: bool,
    /// A way of counting that code applies throughout; never judged alone.
    pub convention: bool,
    /// Version of the rule: of its data and of the code that reads it. Raised whenever one of them changes what it answers.
    pub version: u32,
}

impl Rule {
    /// Whether the rule is in force on the day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// A region that has a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionEntry {
    /// Chinese name.
    pub name: String,
    /// Remark, for instance that its numbers are still to be entered.
    pub note: Option<String>,
}

/// The law as data.
#[derive(Debug, Clone)]
pub struct LawBook {
    instruments: BTreeMap<String, Instrument>,
    articles: BTreeMap<(String, String), Article>,
    rules: BTreeMap<String, Rule>,
    values: BTreeMap<String, BTreeMap<RegionCode, Vec<Dated>>>,
    regions: BTreeMap<RegionCode, RegionEntry>,
    calendar: Calendar,
    hash: String,
}

impl LawBook {
    /// Builds the book from pairs of path (`law/rules.toml`) and text.
    ///
    /// # Errors
    /// All faults of all files, in the order of paths and lines.
    pub fn from_files(files: Vec<(String, String)>) -> Result<LawBook, Vec<Fault>> {
        Self::read(files, false)
    }

    /// Builds a book that was kept with an answer. It may be older than the code: a rule or number that code has learned since may be
    /// missing, and then plays no part, as it played none when the answer was given.
    ///
    /// # Errors
    /// All other faults.
    pub fn from_stored(files: Vec<(String, String)>) -> Result<LawBook, Vec<Fault>> {
        Self::read(files, true)
    }

    fn read(mut files: Vec<(String, String)>, stored: bool) -> Result<LawBook, Vec<Fault>> {
        files.sort();
        let mut parts = Parts::default();
        let mut canonical = String::new();
        for (path, text) in &files {
            if let Some(table) = parts.file(path, text) {
                let _ = writeln!(canonical, "{path}");
                Node::Table(table).canonical(&mut canonical);
                canonical.push('\n');
            }
        }
        checks::all(&mut parts, stored);
        if parts.years.is_empty() {
            parts.fault("calendar", "calendar", 1, "没有工作日历", "no working-day calendar");
        }
        if !parts.faults.is_empty() {
            parts.faults.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            return Err(parts.faults);
        }
        let mut hash = String::new();
        for byte in Sha256::digest(canonical.as_bytes()) {
            let _ = write!(hash, "{byte:02x}");
        }
        Ok(Self::assemble(parts, hash))
    }

    /// Names of instruments are put into the citations, so that an answer needs no second look into the book.
    fn assemble(parts: Parts, hash: String) -> LawBook {
        let Parts { instruments, articles, mut rules, values, regions, years, .. } = parts;
        let full = |id: &str| instruments.get(id).map(|i| format!("{}（{}）", i.name, i.number));
        for rule in rules.values_mut() {
            rule.citation.document = full(&rule.instrument).unwrap_or_default();
        }
        let mut by_key: BTreeMap<String, BTreeMap<RegionCode, Vec<Dated>>> = BTreeMap::new();
        for mut value in values {
            if value.region == RegionCode::NATION {
                value.citation.document = full(&value.citation.document).unwrap_or_default();
            }
            by_key.entry(value.key.clone()).or_default().entry(value.region).or_default().push(value);
        }
        LawBook { instruments, articles, rules, values: by_key, regions, calendar: Calendar::new(years), hash }
    }

    /// SHA-256 of the contents, in hex; layout and comments of the files do not change it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The working days of the years that were published.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// All rules by id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// All instruments by id.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.values()
    }

    /// The words of the article that a rule cites.
    pub fn words(&self, rule: &Rule) -> Option<&Article> {
        self.articles.get(&(rule.instrument.clone(), rule.citation.article.clone()?))
    }

    /// The words of an article by its instrument and number.
    pub fn article(&self, instrument: &str, number: &str) -> Option<&Article> {
        self.articles.get(&(instrument.to_owned(), number.to_owned()))
    }

    /// Every article of which the book has words: instrument, number, words.
    pub fn articles(&self) -> impl Iterator<Item = (&str, &str, &Article)> {
        self.articles.iter().map(|((instrument, number), article)| (instrument.as_str(), number.as_str(), article))
    }

    /// The regions that have a file.
    pub fn regions(&self) -> impl Iterator<Item = (RegionCode, &RegionEntry)> {
        self.regions.iter().map(|(code, entry)| (*code, entry))
    }

    /// Every value of a parameter, of all regions and times.
    pub fn values_of(&self, key: &str) -> impl Iterator<Item = &Dated> {
        self.values.get(key).into_iter().flat_map(|regions| regions.values().flatten())
    }

    /// The book with more values of one region laid over its file, each in force from the first day on. For cases and what-if questions.
    pub fn with_values(&self, region: RegionCode, laid: Vec<(String, Value, Citation)>) -> LawBook {
        let mut book = self.clone();
        for (key, value, citation) in laid {
            let dated = Dated {
                key: key.clone(),
                region,
                value,
                from: Day(chrono::NaiveDate::MIN),
                to: None,
                citation,
                status: Standing::InForce,
                rule: None,
                derogation: None,
                note: None,
                place: (String::new(), 0),
            };
            book.values.entry(key).or_default().insert(region, vec![dated]);
        }
        book
    }
}

#[cfg(test)]
impl LawBook {
    /// Every value, for tests that walk the book.
    pub(in crate::law) fn all_values(&self) -> impl Iterator<Item = &Dated> {
        self.values.values().flat_map(|regions| regions.values().flatten())
    }

    /// The book with some values changed where they stand; days, document and standing stay.
    pub(in crate::law) fn altered(&self, changes: &[(&Dated, Value)]) -> LawBook {
        let mut book = self.clone();
        for (old, value) in changes {
            let rows = book.values.get_mut(&old.key).unwrap().get_mut(&old.region).unwrap();
            rows.iter_mut().find(|row| row.from == old.from).unwrap().value = value.clone();
        }
        book
    }
}

#[cfg(test)]
mod tests;
