//! Values of the law book: what they are, from when to when they hold, who says so and how sure that is.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::base::{Day, Fen, RegionCode};

/// How firmly a rule or value stands. The order is that of rank: where several decided, the last of them is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Read in the text or in a reprint: the law as it stands.
    #[default]
    InForce,
    /// From memory only; never decides without a person.
    Unverified,
    /// A text published for comment.
    Draft,
    /// A text that was replaced; answers only where nothing else is in force.
    Superseded,
}

impl Standing {
    /// The word used in data and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::InForce => "in_force",
            Standing::Unverified => "unverified",
            Standing::Draft => "draft",
            Standing::Superseded => "superseded",
        }
    }

    /// Reads the word used in data.
    pub fn read(word: &str) -> Option<Standing> {
        [Standing::InForce, Standing::Unverified, Standing::Draft, Standing::Superseded].into_iter().find(|s| s.as_str() == word)
    }
}

/// Where a value or a rule is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Name and number of the law, or of the region's document.
    pub document: String,
    /// Number of the article where it is known.
    pub article: Option<String>,
    /// The number of the article was not read in the official text.
    pub article_unverified: bool,
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "《{}》", self.document)?;
        if let Some(article) = &self.article {
            let (number, part) = article.split_once('-').map_or((article.as_str(), ""), |(number, _)| (number, "之一"));
            write!(f, "第{number}条{part}{}", if self.article_unverified { "†" } else { "" })?;
        }
        Ok(())
    }
}

/// What the number of a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanUnit {
    /// Calendar days.
    Day,
    /// Working days of the official calendar (rule C-03).
    Workday,
    /// Months by the day number (rule C-05).
    Month,
}

/// A length of time as the law writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: SpanUnit,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            SpanUnit::Day => "day",
            SpanUnit::Workday => "workday",
            SpanUnit::Month => "month",
        };
        write!(f, "{} {unit}", self.count)
    }
}

/// One line of a table of rates by contract sum; the bracket holds for the whole sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bracket {
    /// The bracket holds for sums below this; `None` in the last one.
    pub below: Option<Fen>,
    /// Share of the contract sum.
    pub rate: Decimal,
    /// Highest deposit of this bracket, where it has one of its own.
    pub cap: Option<Fen>,
}

/// A value of the law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// An amount of money.
    Money(Fen),
    /// A share, factor or decimal number.
    Ratio(Decimal),
    /// A number of things.
    Count(u32),
    /// Whether a rule exists.
    Truth(bool),
    /// A time limit.
    Span(Span),
    /// Rates by contract sum.
    Brackets(Vec<Bracket>),
}

impl Value {
    /// The word for the kind of value in data files, without the unit of a limit.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Money(_) => Kind::Money,
            Value::Ratio(_) => Kind::Ratio,
            Value::Count(_) => Kind::Count,
            Value::Truth(_) => Kind::Truth,
            Value::Span(_) => Kind::Span,
            Value::Brackets(_) => Kind::Brackets,
        }
    }
}

/// The kind of value that a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yuan.
    Money,
    /// Decimal text.
    Ratio,
    /// Whole number.
    Count,
    /// True or false.
    Truth,
    /// Whole number of days, workdays or months.
    Span,
    /// List of brackets.
    Brackets,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Money(fen) => write!(f, "{fen}"),
            Value::Ratio(ratio) => write!(f, "{ratio}"),
            Value::Count(count) => write!(f, "{count}"),
            Value::Truth(truth) => write!(f, "{truth}"),
            Value::Span(span) => write!(f, "{span}"),
            Value::Brackets(brackets) => {
                for (place, bracket) in brackets.iter().enumerate() {
                    let between = if place == 0 { "" } else { "; " };
                    match bracket.below {
                        Some(below) => write!(f, "{between}< {below}: {}", bracket.rate)?,
                        None => write!(f, "{between}else {}", bracket.rate)?,
                    }
                    if let Some(cap) = bracket.cap {
                        write!(f, " (cap {cap})")?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// A value with its days, its region and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// Name of the parameter.
    pub key: String,
    /// Region whose law says so; `000000` for national law.
    pub region: RegionCode,
    /// The value.
    pub value: Value,
    /// First day.
    pub from: Day,
    /// Last day, where the value has ended.
    pub to: Option<Day>,
    /// Where it is written.
    pub citation: Citation,
    /// How firmly it stands.
    pub status: Standing,
    /// The rule that it belongs to, for national values.
    pub rule: Option<String>,
    /// The reason why a region's value may be looser than the national one.
    pub derogation: Option<String>,
    /// Remark of whoever entered it.
    pub note: Option<String>,
    /// File and line, for faults.
    pub place: (String, usize),
}

impl Dated {
    /// Whether the day lies between first and last day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
}

/// A decimal as text: digits, at most one point, nothing else. No signs, exponents or separators.
pub fn decimal(text: &str) -> Option<Decimal> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 10 {
        return None;
    }
    text.parse().ok()
}
