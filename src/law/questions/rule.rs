//! `rule`: one rule asked alone. What it says of the facts given, by the card's code where the card judges it, else by its duty.
//!
//! Facts of the card are named as in [`ProjectFacts`] (`contract = { signed_on = … }`), facts of a duty by the names of its needs; a day
//! that is known not to have come is `"none"`. Deliberately absent: defaults. What is not given is not known.

mod card;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::{Day, RegionCode};
use crate::law::LawBook;
use crate::law::book::Rule;
use crate::law::book::ids::*;
use crate::law::duties::{self, Duty, Judge, Sort, Told};
use crate::law::facts::ProjectFacts;
use crate::law::finding::State;
use crate::law::questions::crime::{self, CrimeInput, Met};
use crate::law::questions::warning::{self, Level, WarningInput, WarningKind};

use super::given::{Given, Refusal};
use super::grounds::{Asking, Grounds};

/// What is asked, read by the kind of rule.
#[derive(Debug)]
enum Facts {
    Nothing,
    Card(Box<ProjectFacts>),
    Warning(WarningInput),
    Crime(CrimeInput),
    Duty(&'static Duty, BTreeMap<&'static str, Told>),
}

/// One rule with the facts that it reads.
#[derive(Debug)]
pub(in crate::law) struct RuleInput {
    rule: Option<String>,
    facts: Facts,
}

/// What one rule says.
#[derive(Debug, Clone, Serialize)]
pub struct RuleAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Not in force, kept, not known or broken.
    pub outcome: Option<State>,
    /// Last day of the limit that runs, where the rule has one.
    pub due: Option<Day>,
    /// Version of the rule.
    pub version: Option<u32>,
    /// Who owes the duty, and so who must supply what is not known.
    pub owed_by: Option<String>,
    /// The rule that sanctions a breach.
    pub counts_towards: Option<String>,
}

/// Rules of the card, each with the others whose findings belong to it.
const CARD: [(&str, &[&str]); 19] = [
    (R724_03, &[]),
    (R724_24A, &[]),
    (R724_24B, &[]),
    (R724_28A, &[]),
    (R724_28B, &[]),
    (R724_29A, &[]),
    (R724_31A, &[]),
    (R724_34, &[]),
    (R53_05, &[]),
    (R53_06A, &[]),
    (R53_06B, &[]),
    (R53_06C, &[]),
    (R53_08A, &[RW_09]),
    (R53_15, &[]),
    (R53_16, &[]),
    (R65_08, &[]),
    (R65_17, &[RW_08]),
    (R65_20, &[]),
    (RW_08, &[R53_06A, R65_08, R65_17, R65_20]),
];

const WARNINGS: [(&str, WarningKind); 7] = [
    (RW_01, WarningKind::UnpaidMonth),
    (RW_02, WarningKind::MinimumWage),
    (RW_03, WarningKind::Coverage),
    (RW_04, WarningKind::Coverage),
    (RW_05, WarningKind::Outlier),
    (RW_07, WarningKind::LabourCostGap),
    (RW_09, WarningKind::Debit),
];

fn card(rule: &str) -> Option<&'static [&'static str]> {
    CARD.iter().find(|(known, _)| *known == rule).map(|(_, others)| *others)
}

impl RuleInput {
    pub(super) fn read(given: &mut Given<'_>, book: &LawBook, region: RegionCode) -> Result<Self, Refusal> {
        let Some(rule) = given.text("rule")? else { return Ok(RuleInput { rule: None, facts: Facts::Nothing }) };
        let known = book.rule(rule).filter(|known| !known.knowledge && !known.convention);
        if known.is_none() {
            let (zh, en) = (format!("没有可以判断的规则 `{rule}`"), format!("no rule `{rule}` that can be judged"));
            return Err(Refusal::new("rule", &zh, &en));
        }
        let facts = if card(rule).is_some() {
            Facts::Card(Box::new(card::read(given, region)?))
        } else if let Some((_, kind)) = WARNINGS.iter().find(|(known, _)| *known == rule) {
            Facts::Warning(WarningInput::of(*kind, given)?)
        } else if rule == RCR_02 {
            Facts::Crime(CrimeInput::read(given)?)
        } else if let Some(duty) = duties::duty(rule) {
            Facts::Duty(duty, told(duty, given)?)
        } else {
            let (zh, en) = (format!("规则 `{rule}` 不能单独判断"), format!("rule `{rule}` is not judged alone"));
            return Err(Refusal::new("rule", &zh, &en));
        };
        Ok(RuleInput { rule: Some(rule.to_owned()), facts })
    }
}

fn told(duty: &Duty, given: &mut Given<'_>) -> Result<BTreeMap<&'static str, Told>, Refusal> {
    let mut names = Vec::new();
    duty.needs.iter().for_each(|need| need.facts(&mut names));
    let mut told = BTreeMap::new();
    for (name, sort) in names {
        let value = match sort {
            Sort::Truth => given.truth(name)?.map(Told::Truth),
            Sort::Day => given.day_or_none(name)?.map(Told::Day),
            Sort::Number => given.number(name)?.map(Told::Number),
        };
        if let Some(value) = value {
            told.insert(name, value);
        }
    }
    Ok(told)
}

/// Judges one rule.
pub(in crate::law) fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &RuleInput) -> RuleAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let rule = input.rule.as_deref().and_then(|id| book.rule(id));
    let Some(rule) = rule else {
        asking.need("rule");
        return RuleAnswer {
            grounds: asking.done(false),
            outcome: None,
            due: None,
            version: None,
            owed_by: None,
            counts_towards: None,
        };
    };
    if !rule.holds_on(as_of) {
        asking.rule(&rule.id, "not in force on the day");
        return closed(asking, rule, State::NotInForce, None);
    }
    asking.rule(&rule.id, "asked alone");
    let mut due = None;
    let outcome = match &input.facts {
        Facts::Nothing => State::NotKnown,
        Facts::Card(facts) => of_card(&mut asking, facts, &rule.id),
        Facts::Warning(input) => of_warning(&mut asking, input, &rule.id),
        Facts::Crime(input) => {
            let answer = crime::ask(book, region, as_of, input);
            asking.grounds.needs.extend(answer.grounds.needs);
            match answer.met {
                Met::Yes => State::Broken,
                Met::No => State::Kept,
                Met::Unknown => State::NotKnown,
            }
        }
        Facts::Duty(duty, told) => {
            let mut judge = Judge { asking: &mut asking, rule: duty.rule, told: told.clone(), due: None };
            let holds = judge.all(duty.needs);
            due = judge.due;
            match holds {
                Some(true) => State::Kept,
                Some(false) => State::Broken,
                None => State::NotKnown,
            }
        }
    };
    closed(asking, rule, outcome, due)
}

/// What was missing counts only where it kept the rule from being judged.
fn closed(mut asking: Asking<'_>, rule: &Rule, outcome: State, due: Option<Day>) -> RuleAnswer {
    if outcome != State::NotKnown {
        asking.grounds.needs.clear();
    }
    RuleAnswer {
        grounds: asking.done(outcome != State::NotKnown),
        outcome: Some(outcome),
        due,
        version: Some(rule.version),
        owed_by: Some(rule.owes.clone()),
        counts_towards: rule.counts_towards.clone(),
    }
}

fn of_card(asking: &mut Asking<'_>, facts: &ProjectFacts, rule: &str) -> State {
    let others = card(rule).unwrap_or_default();
    let assessment = crate::law::assess(facts, asking.book, asking.as_of);
    let own = assessment.findings.iter().filter(|finding| finding.rule == rule || others.contains(&finding.rule.as_str()));
    let mut worst = State::NotInForce;
    for finding in own {
        for shown in finding.evidence.iter().filter(|shown| shown.value.is_none() && finding.state == State::NotKnown) {
            asking.need(&shown.label_en);
        }
        worst = worst.max(finding.state);
    }
    if worst == State::NotKnown && asking.grounds.needs.is_empty() {
        asking.need("facts");
    }
    worst
}

fn of_warning(asking: &mut Asking<'_>, input: &WarningInput, rule: &str) -> State {
    let answer = warning::ask(asking.book, asking.region, asking.as_of, input);
    asking.grounds.needs.extend(answer.grounds.needs);
    match answer.level {
        None => State::NotKnown,
        // A tenth without pay is red by RW-04; fewer are yellow by RW-03 and keep RW-04.
        Some(level) if rule == RW_04 => {
            if level == Level::Red {
                State::Broken
            } else {
                State::Kept
            }
        }
        Some(Level::None) => State::Kept,
        Some(_) => State::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_code_computes_can_be_asked_alone() {
        let alone = |id: &&&str| {
            card(id).is_some() || WARNINGS.iter().any(|(known, _)| *known == **id) || **id == RCR_02 || duties::duty(id).is_some()
        };
        // Conventions of counting decide within other rules only.
        let missing: Vec<_> = CODED.iter().filter(|id| !id.starts_with("C-")).filter(|id| !alone(id)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
