//! Finds the value of a parameter for a region and a day, per parameter along the chain of regions.

use serde::Serialize;

use crate::base::{Day, RegionCode};

use super::LawBook;
use super::value::{Dated, Standing};

/// What a region of the chain has for the parameter on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// No value at all.
    Nothing,
    /// Only values that begin later.
    NotYet,
    /// Only values that have ended or were replaced.
    Ended,
    /// The value that answers.
    Answers,
}

/// One region that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainStep {
    /// The region.
    pub region: RegionCode,
    /// What it has.
    pub found: Found,
}

/// The result of a search: the value, if any, and the regions asked, from the smallest to the country.
#[derive(Debug, Clone)]
pub struct Lookup<'a> {
    /// The value with citation, status and source region.
    pub value: Option<&'a Dated>,
    /// The regions asked.
    pub chain: Vec<ChainStep>,
}

impl LawBook {
    /// Looks a parameter up: the nearest region with a value in force on the day answers; a superseded value answers only
    /// where no region of the chain has another.
    pub fn value(&self, key: &str, region: RegionCode, as_of: Day) -> Lookup<'_> {
        let rows = |code: RegionCode| self.values.get(key).and_then(|regions| regions.get(&code)).map_or(&[][..], Vec::as_slice);
        let mut chain = Vec::new();
        for code in region.chain() {
            let row = rows(code);
            let current = row.iter().find(|value| value.status != Standing::Superseded && value.holds_on(as_of));
            let found = match current {
                Some(_) => Found::Answers,
                None if row.is_empty() => Found::Nothing,
                None if row.iter().any(|value| value.from <= as_of) => Found::Ended,
                None => Found::NotYet,
            };
            chain.push(ChainStep { region: code, found });
            if current.is_some() {
                return Lookup { value: current, chain };
            }
        }
        let replaced = |code| rows(code).iter().rev().find(|value| value.status == Standing::Superseded && value.from <= as_of);
        let value = region.chain().find_map(replaced);
        if let Some(step) = chain.iter_mut().find(|step| value.is_some_and(|value| value.region == step.region)) {
            step.found = Found::Answers;
        }
        Lookup { value, chain }
    }
}
