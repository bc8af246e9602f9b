//! The law as people read it: rules, parameters with their chain of regions and their dated values, regions, articles with their
//! words, and what changed when.
//!
//! Views of the law book in force, made by pure functions; the book's history comes from the amendments. Whoever is logged in may read
//! all of it: the law is public. Deliberately absent: any change (that is `amendments`) and what would follow from one (`laboratory`).

pub mod history;
pub mod http;
mod names;
mod shapes;
mod views;

pub use shapes::{ArticleView, InstrumentView, ParameterView, RegionView, RuleHead, RuleView, StepView, ValueView};
pub use views::{
    article, article_id, instrument, meaning_of, parameter, region, regions_with, rule, rule_heads, systems, unit_of, value_text,
};

/// The longest word that is searched for, in characters.
pub const SEARCH_MAX: usize = 100;
