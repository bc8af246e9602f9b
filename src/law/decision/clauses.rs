//! The rules of each gate as clauses: facts that together stand against the application, with weight, basis and rule.

use crate::law::LawBook;
use crate::law::book::ids::*;
use crate::law::book::{Citation, Dated, Standing, Value};
use crate::law::questions::grounds::Asking;

use super::facts::label;
use super::{Basis, FactName, Gate, GateFacts, GateQuestion, Reason, Verdict};

/// What a clause leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Blocks,
    Restricts,
    Advises,
}

/// Facts that together stand against the application.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    pub(super) facts: Vec<FactName>,
    pub(super) weight: Weight,
    pub(super) basis: Basis,
    pub(super) rule: &'static str,
    pub(super) status: Standing,
    pub(super) needs_person: bool,
    /// The document of the region, where its rule decides.
    document: Option<Citation>,
}

/// The clauses of the gate whose rules are in force on the day.
pub(super) fn clauses_of(asking: &Asking<'_>, question: &GateQuestion) -> Vec<Clause> {
    use FactName as F;
    let mut list = List { asking, clauses: Vec::new() };
    let permits = matches!(question.gate, Gate::ConstructionPermit | Gate::NewProject);
    match question.gate {
        Gate::ConstructionPermit => {
            list.national(Weight::Blocks, RGATE_03, &[F::FundsCommitment]);
            list.regional("gate.permit_owner_overdue", RGATE_09, &[F::OwnerOverdue]);
            list.policy(question.policy.permit_gate, POL_01, F::Arrears);
        }
        Gate::CompletionAcceptance => {
            list.regional("completion_gate_rule", RGATE_07, &[F::Arrears]);
            list.regional("gate.completion_price_audit", RGATE_09, &[F::GovernmentFunded, F::PriceAudited]);
            list.policy(question.policy.completion_gate, POL_02, F::Arrears);
            for fact in [F::Arrears, F::OpenCases, F::PayDisputeOpen] {
                list.national(Weight::Advises, RGATE_07, &[fact]);
            }
        }
        Gate::PropertyRegistration => {
            list.regional("gate.registration_settlement", RGATE_09, &[F::Settled]);
            list.national(Weight::Advises, R724_03, &[F::Arrears]);
        }
        Gate::AccountClosing => {
            for fact in [F::Arrears, F::PublicityDay, F::WorkFinished, F::PromiseGiven] {
                list.national(Weight::Blocks, R724_27B, &[fact]);
            }
            list.unsure(R53_10, &[F::OpenCases, F::PayDisputeOpen]);
        }
        Gate::DepositReturn => {
            for fact in [F::PublicityDay, F::WorkFinished, F::PromiseGiven] {
                list.national(Weight::Blocks, R65_22A, &[fact]);
            }
            list.national(Weight::Blocks, R65_22B, &[F::Arrears]);
            list.unsure(R65_22B, &[F::OpenCases, F::PayDisputeOpen]);
        }
        Gate::NewProject => {}
    }
    if permits {
        list.national(Weight::Restricts, RGATE_04, &[F::PaymentBondValid, F::Arrears]);
        list.national(Weight::Restricts, RGATE_04, &[F::GovernmentFunded, F::OwnerOverdueLedToArrears]);
        list.national(Weight::Advises, R724_03, &[F::Arrears]);
        list.national(Weight::Advises, R724_29A, &[F::OwnerOverdue]);
        list.national(Weight::Advises, RGATE_04, &[F::OwnerOverdueLedToArrears]);
        list.national(Weight::Advises, R724_24A, &[F::PaymentBondValid]);
    }
    list.clauses
}

struct List<'a, 'b> {
    asking: &'b Asking<'a>,
    clauses: Vec<Clause>,
}

impl List<'_, '_> {
    fn push(&mut self, weight: Weight, basis: Basis, rule: &'static str, facts: &[FactName], region: Option<&Dated>) -> bool {
        let Some(found) = self.asking.book.rule(rule).filter(|rule| rule.holds_on(self.asking.as_of)) else { return false };
        let status = region.map_or(found.standing, |dated| dated.status);
        let document = region.map(|dated| dated.citation.clone());
        let needs_person = status != Standing::InForce;
        self.clauses.push(Clause { facts: facts.to_vec(), weight, basis, rule, status, needs_person, document });
        true
    }

    fn national(&mut self, weight: Weight, rule: &'static str, facts: &[FactName]) {
        self.push(weight, Basis::National, rule, facts, None);
    }

    /// National rules of which a reading, not the words, is applied: each waits for a person.
    fn unsure(&mut self, rule: &'static str, facts: &[FactName]) {
        for fact in facts {
            let pushed = self.push(Weight::Blocks, Basis::National, rule, &[*fact], None);
            if let Some(clause) = self.clauses.last_mut().filter(|_| pushed) {
                clause.needs_person = true;
            }
        }
    }

    fn regional(&mut self, key: &str, rule: &'static str, facts: &[FactName]) {
        if let Some(dated) = self.asking.find(key).filter(|dated| dated.value == Value::Truth(true)) {
            self.push(Weight::Blocks, Basis::Regional, rule, facts, Some(dated));
        }
    }

    fn policy(&mut self, on: bool, rule: &'static str, fact: FactName) {
        if on {
            self.push(Weight::Blocks, Basis::Policy, rule, &[fact], None);
        }
    }
}

impl Clause {
    /// Whether all facts stand against it; `None` where that is open.
    pub(super) fn holds(&self, facts: &GateFacts, publicity: Option<u32>) -> Option<bool> {
        let mut all = Some(true);
        for fact in &self.facts {
            match facts.stands_against(*fact, publicity) {
                Some(false) => return Some(false),
                None => all = None,
                Some(true) => {}
            }
        }
        all
    }

    /// The facts as they were given, for the trace.
    pub(super) fn note(&self, question: &GateQuestion) -> String {
        let shown = self.facts.iter().map(|fact| format!("{} = {}", fact.as_str(), question.facts.shown(*fact)));
        let region = self.document.as_ref().map(|document| format!(" ({document})")).unwrap_or_default();
        shown.collect::<Vec<_>>().join(", ") + &region
    }

    /// The clause as a reason.
    pub(super) fn reason(&self, book: &LawBook, question: &GateQuestion, holds: Option<bool>) -> Reason {
        let rule = book.rule(self.rule);
        let words = rule.and_then(|rule| book.words(rule)).filter(|_| self.document.is_none());
        let citation = self.document.clone().or_else(|| rule.map(|rule| rule.citation.clone()));
        let (zh, en): (Vec<_>, Vec<_>) = self.facts.iter().map(|fact| label(*fact, question.facts.known(*fact))).unzip();
        let (title_zh, title_en) = rule.map_or(("", ""), |rule| (rule.title_zh.as_str(), rule.title_en.as_str()));
        Reason {
            rule: self.rule.to_owned(),
            version: rule.map_or(0, |rule| rule.version),
            basis: self.basis,
            leads_to: match (holds, self.weight) {
                (None, _) => Verdict::Unknown,
                (_, Weight::Blocks) => Verdict::Blocked,
                (_, Weight::Restricts) => Verdict::RestrictionProposed,
                (_, Weight::Advises) => Verdict::Advise,
            },
            citation: citation.unwrap_or(Citation { document: String::new(), article: None, article_unverified: false }),
            words: words.map(|article| article.words.clone()),
            paraphrase: words.is_some_and(|article| article.paraphrase),
            status: self.status,
            facts: self.facts.clone(),
            sources: self.facts.iter().filter_map(|fact| question.facts.source(*fact)).collect(),
            used: self.facts.iter().map(|fact| question.facts.used(*fact)).collect(),
            zh: format!("{}：{title_zh}", zh.join("，")),
            en: format!("{}: {title_en}", en.join(", ")),
        }
    }
}
