//! The shapes in which the law is shown, on pages and in JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::{Day, RegionCode};

/// A rule in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleHead {
    /// Id, like `R65-11a`.
    pub id: String,
    pub title_zh: String,
    pub title_en: String,
    /// Id of the instrument.
    pub instrument: String,
    /// Document and article.
    pub citation: String,
    /// in_force, unverified, draft or superseded.
    pub standing: String,
    /// First day in force.
    pub from: Day,
    /// Last day in force.
    pub to: Option<Day>,
    /// The system of the card in which it is judged.
    pub system: Option<String>,
    /// Shown only, not computed.
    pub knowledge: bool,
}

/// A rule with the words of its article.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawRule)]
pub struct RuleView {
    #[serde(flatten)]
    pub head: RuleHead,
    /// Version of the rule: of its data and of the code that reads it.
    pub version: u32,
    /// A way of counting that is applied throughout and never judged alone.
    pub convention: bool,
    /// Whether it is in force on the day asked for.
    pub holds: bool,
    /// Who owes the duty.
    pub owes: String,
    /// The rule that sanctions a breach.
    pub counts_towards: Option<String>,
    /// The article that it cites.
    pub article: Option<String>,
    /// The number of the article was not read in the official text.
    pub article_unverified: bool,
    /// Words of the article.
    pub words: Option<String>,
    /// The words are a rendering, not the official text.
    pub paraphrase: bool,
    /// National parameters of the rule.
    pub parameters: Vec<String>,
}

/// A dated value with its source.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawValue)]
pub struct ValueView {
    /// Parameter.
    pub key: String,
    /// Whose law: `000000` for the nation.
    pub region: RegionCode,
    /// The value as text; money in yuan, shares as decimals, brackets as a table in a line.
    pub value: String,
    /// yuan, ratio, count, truth, day, workday, month or brackets.
    pub unit: String,
    /// First day.
    pub from: Day,
    /// Last day, where it has ended.
    pub to: Option<Day>,
    /// Document and article.
    pub citation: String,
    /// in_force, unverified, draft or superseded.
    pub standing: String,
    /// The rule that it belongs to, for national values.
    pub rule: Option<String>,
    /// Why it may be looser than national law.
    pub derogation: Option<String>,
    /// Remark of whoever entered it.
    pub note: Option<String>,
}

/// A region that was asked for a parameter.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawChainStep)]
pub struct StepView {
    pub region: RegionCode,
    /// Name, where the region has a file.
    pub name: Option<String>,
    /// nothing, not_yet, ended or answers.
    pub found: String,
    /// The region has a file without this value because its numbers were not read.
    pub note: Option<String>,
    /// The value that answers.
    pub value: Option<ValueView>,
}

/// A parameter for a region and a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawParameter)]
pub struct ParameterView {
    pub key: String,
    /// What it means.
    pub meaning_zh: String,
    pub meaning_en: String,
    /// What its values are: yuan, ratio, count, truth, span or brackets.
    pub kind: String,
    /// Whether national law has a value.
    pub national: bool,
    /// The national bound that a region keeps to: `not_below KEY`, `not_above KEY`, `within KEY KEY` or null.
    pub guard: Option<String>,
    pub region: RegionCode,
    pub as_of: Day,
    /// The value that holds there on that day.
    pub value: Option<ValueView>,
    /// The rule of its national value.
    pub rule: Option<String>,
    /// Words of the article that the rule cites.
    pub words: Option<String>,
    /// The words are a rendering, not the official text.
    pub paraphrase: bool,
    /// The regions asked, from the smallest to the country.
    pub chain: Vec<StepView>,
    /// Every dated value of every region: what changed when.
    pub history: Vec<ValueView>,
}

/// A region with everything that its file says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawRegion)]
pub struct RegionView {
    pub code: RegionCode,
    pub name: String,
    /// Remark, for instance that its numbers are still to be entered.
    pub note: Option<String>,
    /// Nothing was read: what its law says must be entered from the official text.
    pub is_empty: bool,
    pub values: Vec<ValueView>,
}

/// An article with its words.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawArticle)]
pub struct ArticleView {
    /// `sc724:24`.
    pub id: String,
    pub instrument: String,
    pub instrument_name: String,
    pub number: String,
    pub words: String,
    /// The words are a rendering, not the official text.
    pub paraphrase: bool,
    /// Rules that cite it.
    pub rules: Vec<String>,
}

/// A law or rule that others cite.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = LawInstrument)]
pub struct InstrumentView {
    pub id: String,
    pub name: String,
    /// Number of the document.
    pub number: String,
    /// First day in force of the version that was read.
    pub from: Day,
    /// Articles of which the book has words.
    pub articles: Vec<String>,
    /// Rules that cite it.
    pub rules: Vec<String>,
}
