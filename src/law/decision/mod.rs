//! Verdicts of the six gates, with reasons and the shortest list of things to do.
//!
//! blocked > restriction proposed > unknown > advise > clear. A fact is asked for only where it could still change the verdict, and
//! what is missing never turns into `clear`. Deliberately absent: where facts come from, and the person who signs.

pub(in crate::law) mod cases;
mod clauses;
mod facts;

#[cfg(test)]
mod payments;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::base::{Day, Fen, Moment, RegionCode};

use super::LawBook;
use super::book::{Citation, Standing};
use super::questions::deadline::{self, DeadlineInput, DeadlineKind};
use super::questions::given::choices;
use super::questions::grounds::{Asking, LAW_IN_FORCE, Step};
use clauses::{Clause, Weight, clauses_of};

pub use facts::{FactName, GateFacts};

choices! {
    /// A gate of administration.
    Gate {
        /// 施工许可.
        ConstructionPermit = "construction_permit",
        /// 竣工验收.
        CompletionAcceptance = "completion_acceptance",
        /// 产权登记.
        PropertyRegistration = "property_registration",
        /// 专用账户撤销.
        AccountClosing = "account_closing",
        /// 保证金返还.
        DepositReturn = "deposit_return",
        /// 新建项目.
        NewProject = "new_project",
    }
}

choices! {
    /// What a gate answers.
    Verdict {
        /// No rule in force stands against it.
        Clear = "clear",
        /// Nothing blocks, but something must be seen to.
        Advise = "advise",
        /// A fact that a rule needs is not known; not clear.
        Unknown = "unknown",
        /// The law leaves the decision to a government.
        RestrictionProposed = "restriction_proposed",
        /// A rule in force stands against it.
        Blocked = "blocked",
    }
}

choices! {
    /// Whose rule it is.
    Basis {
        /// National law.
        National = "national",
        /// Law of the region.
        Regional = "regional",
        /// The operator's own rule.
        Policy = "policy",
    }
}

/// The operator's own rules; off unless switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Unresolved arrears of the applicant owner or contractor on any project block its permit.
    pub permit_gate: bool,
    /// Arrears on this project block its completion acceptance.
    pub completion_gate: bool,
}

/// Arrears of one project, for reasons and cures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrearsDetail {
    /// Name or id of the project.
    pub project: String,
    /// Owed, in yuan.
    pub amount: Fen,
    /// Workers concerned.
    pub workers: u32,
}

/// A question to a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateQuestion {
    /// Which gate.
    pub gate: Gate,
    /// Region of the project.
    pub region: RegionCode,
    /// Day of asking: picks the law in force.
    pub as_of: Day,
    /// What is known.
    pub facts: GateFacts,
    /// The operator's rules.
    pub policy: Policy,
    /// Where wages are owed.
    pub detail: Vec<ArrearsDetail>,
}

/// A rule that stands against the application, or that waits for a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Rule id.
    pub rule: String,
    /// Version of the rule; 0 in answers older than versions.
    #[serde(default)]
    pub version: u32,
    /// Whose rule.
    pub basis: Basis,
    /// What it leads to.
    pub leads_to: Verdict,
    /// Document and article.
    pub citation: Citation,
    /// Words of the article, where the book has them.
    pub words: Option<String>,
    /// The words are a rendering, not the official text.
    pub paraphrase: bool,
    /// How firmly it stands.
    pub status: Standing,
    /// The facts of the rule.
    pub facts: Vec<FactName>,
    /// Records that the facts come from.
    pub sources: Vec<String>,
    /// The very facts: value, record, moment seen; or who must supply them.
    #[serde(default)]
    pub used: Vec<UsedFact>,
    /// Sentence in Chinese.
    pub zh: String,
    /// Sentence in English.
    pub en: String,
}

/// A fact as it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedFact {
    /// Which fact.
    pub fact: FactName,
    /// Its value as text; `None` where it is not known.
    pub value: Option<String>,
    /// The record that says so.
    pub source: Option<String>,
    /// When it was seen there, where that is known.
    pub seen_at: Option<Moment>,
    /// Who must supply it, where it is not known.
    pub keeper: Option<String>,
}

/// One thing to do. All of them together make the verdict `clear`; none of them can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CureItem {
    /// The fact that has to change or be supplied.
    pub fact: FactName,
    /// Instruction in Chinese.
    pub zh: String,
    /// Instruction in English.
    pub en: String,
    /// Money to be paid, where it is known.
    pub amount: Option<Fen>,
    /// Workers to be paid, where it is known.
    pub workers: Option<u32>,
    /// Not possible before this day.
    pub not_before: Option<Day>,
    /// Who must supply the fact, where it is not known.
    pub keeper: Option<String>,
    /// The rule behind it.
    pub rule: String,
}

/// The answer of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Whose rule blocks or restricts.
    pub basis: Option<Basis>,
    /// Nobody is refused by it before a person has confirmed it.
    pub needs_person: bool,
    /// The least firm of the rules that decided.
    pub status: Standing,
    /// Rules that decided.
    pub rules: Vec<String>,
    /// One for each rule that stands against it or waits.
    pub reasons: Vec<Reason>,
    /// Facts that could still change the verdict.
    pub needs: Vec<String>,
    /// Gates held instead.
    pub holds: Vec<Gate>,
    /// Filing limit after acceptance.
    pub due: Option<Day>,
    /// What to do, nothing too much.
    pub cure: Vec<CureItem>,
    /// The steps.
    pub trace: Vec<Step>,
    /// Hash of the law book that decided; empty in answers older than this field.
    #[serde(default)]
    pub law_book: String,
    /// Every fact of a rule of the gate, whether it stood against the application or for it.
    #[serde(default)]
    pub facts: Vec<UsedFact>,
}

/// Decides. A pure function of book and question.
pub fn decide(book: &LawBook, question: &GateQuestion) -> Decision {
    let mut asking = Asking::new(book, question.region, question.as_of);
    let publicity = asking.find("deadline.publicity").and_then(|dated| dated.value.as_span()).map(|span| span.count);
    let clauses = clauses_of(&asking, question);
    let judged: Vec<(Clause, Option<bool>)> = clauses
        .into_iter()
        .map(|clause| {
            let holds = clause.holds(&question.facts, publicity);
            (clause, holds)
        })
        .collect();
    let (verdict, needs) = verdict_of(&judged, &question.facts, publicity);
    let deciding = deciding(&judged, verdict);
    for clause in &deciding {
        asking.rule(clause.rule, &clause.note(question));
        asking.grounds.status = asking.grounds.status.max(clause.status);
    }
    // A rule that stands firm decides alone; only where all that decide are unsure does the answer wait for a person.
    let firm = deciding.iter().any(|clause| !clause.needs_person);
    let refusal = matches!(verdict, Verdict::Blocked | Verdict::RestrictionProposed);
    let needs_person = verdict == Verdict::RestrictionProposed || (verdict == Verdict::Blocked && !firm);
    let relevant = || deciding.iter().filter(|clause| !firm || !clause.needs_person);
    let status = relevant().map(|clause| clause.status).max().unwrap_or_default();
    let basis = relevant().map(|clause| clause.basis).min().filter(|_| refusal);
    let holds = match (question.gate, verdict) {
        (Gate::CompletionAcceptance, Verdict::Advise) => vec![Gate::AccountClosing, Gate::DepositReturn],
        _ => Vec::new(),
    };
    let reasons =
        judged.iter().filter(|(_, holds)| *holds != Some(false)).map(|(clause, holds)| clause.reason(book, question, *holds));
    Decision {
        verdict,
        basis,
        needs_person,
        status,
        rules: asking.grounds.rules,
        reasons: reasons.collect(),
        needs,
        holds,
        due: filing_limit(book, question),
        cure: cure(&judged, question, publicity),
        trace: asking.grounds.trace,
        law_book: book.hash().to_owned(),
        facts: used(&judged, &question.facts),
    }
}

/// The facts of all rules of the gate, each once, in the order of their names.
fn used(judged: &[(Clause, Option<bool>)], facts: &GateFacts) -> Vec<UsedFact> {
    let asked: std::collections::BTreeSet<FactName> =
        judged.iter().flat_map(|(clause, _)| clause.facts.iter().copied()).collect();
    asked.into_iter().map(|fact| facts.used(fact)).collect()
}

/// The verdict and the facts that could still change it.
fn verdict_of(judged: &[(Clause, Option<bool>)], facts: &GateFacts, publicity: Option<u32>) -> (Verdict, Vec<String>) {
    if judged.is_empty() {
        return (Verdict::Unknown, vec![LAW_IN_FORCE.to_owned()]);
    }
    let stands = |weight: Weight| judged.iter().any(|(clause, holds)| clause.weight == weight && *holds == Some(true));
    let open = |weights: &[Weight]| {
        let mut needs: Vec<String> = Vec::new();
        for (clause, _) in judged.iter().filter(|(clause, holds)| weights.contains(&clause.weight) && holds.is_none()) {
            for fact in clause.facts.iter().filter(|fact| facts.stands_against(**fact, publicity).is_none()) {
                if !needs.iter().any(|need| need == fact.as_str()) {
                    needs.push(fact.as_str().to_owned());
                }
            }
        }
        needs
    };
    if stands(Weight::Blocks) {
        return (Verdict::Blocked, Vec::new());
    }
    if stands(Weight::Restricts) {
        return (Verdict::RestrictionProposed, open(&[Weight::Blocks]));
    }
    let advised = stands(Weight::Advises);
    let needs = if advised {
        open(&[Weight::Blocks, Weight::Restricts])
    } else {
        open(&[Weight::Blocks, Weight::Restricts, Weight::Advises])
    };
    match (needs.is_empty(), advised) {
        (false, _) => (Verdict::Unknown, needs),
        (true, true) => (Verdict::Advise, needs),
        (true, false) => (Verdict::Clear, needs),
    }
}

/// The clauses behind the verdict: those that hold with its weight, those that wait, or all where nothing stands against it.
fn deciding(judged: &[(Clause, Option<bool>)], verdict: Verdict) -> Vec<&Clause> {
    let by = |weight: Weight| judged.iter().filter(move |(clause, holds)| clause.weight == weight && *holds == Some(true));
    let chosen: Vec<&(Clause, Option<bool>)> = match verdict {
        Verdict::Blocked => by(Weight::Blocks).collect(),
        Verdict::RestrictionProposed => by(Weight::Restricts).collect(),
        Verdict::Advise => by(Weight::Advises).collect(),
        Verdict::Unknown => judged.iter().filter(|(_, holds)| holds.is_none()).collect(),
        Verdict::Clear => judged.iter().collect(),
    };
    chosen.into_iter().map(|(clause, _)| clause).collect()
}

/// Every clause of one fact that does not fail needs that fact; a clause of two facts is then cured by its last one, unless
/// a fact of it is cured already. That is why nothing in the list can be left out.
fn cure(judged: &[(Clause, Option<bool>)], question: &GateQuestion, publicity: Option<u32>) -> Vec<CureItem> {
    let mut items: Vec<CureItem> = Vec::new();
    let open = || judged.iter().filter(|(_, holds)| *holds != Some(false)).map(|(clause, _)| clause);
    let single = open().filter(|clause| clause.facts.len() == 1);
    let joined = open().filter(|clause| clause.facts.len() > 1);
    for clause in single.chain(joined) {
        let cured = clause.facts.iter().any(|fact| items.iter().any(|item| item.fact == *fact));
        if let Some(fact) = clause.facts.last().filter(|_| !cured) {
            items.push(facts::cure_item(*fact, clause.rule, question, publicity));
        }
    }
    items
}

fn filing_limit(book: &LawBook, question: &GateQuestion) -> Option<Day> {
    let accepted_on = question.facts.accepted_on.get().filter(|_| question.gate == Gate::CompletionAcceptance)?;
    let limit = DeadlineInput::new(DeadlineKind::CompletionFiling, accepted_on);
    deadline::ask(book, question.region, question.as_of, &limit).due
}
