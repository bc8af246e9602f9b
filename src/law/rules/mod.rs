//! The rules of each system as pure functions from facts to findings, one file a system.
//!
//! Deliberately absent: gates (they read a few facts of their own, see `decision`) and everything that is stored.

mod account;
pub mod arrears;
pub mod deposit;
mod labour_split;
mod notice_board;
mod pay_on_behalf;
mod payment_bond;
mod payroll;
mod real_name;

#[cfg(test)]
mod tests;

use crate::base::Day;

use super::LawBook;
use super::facts::{Fact, ProjectFacts};
use super::finding::{Assessment, Bench};

/// Judges a project by every rule.
pub(super) fn assess(facts: &ProjectFacts, book: &LawBook, as_of: Day) -> Assessment {
    // The order in which months were gathered must not change a word of a finding.
    if !facts.payroll.is_sorted_by_key(|month| month.month) {
        let mut sorted = facts.clone();
        sorted.payroll.sort_by_key(|month| month.month);
        return assess(&sorted, book, as_of);
    }
    let bench = Bench { book, region: facts.region, as_of };
    let mut findings = real_name::judge(&bench, facts);
    findings.extend(account::judge(&bench, facts));
    findings.extend(labour_split::judge(&bench, facts));
    findings.extend(payroll::judge(&bench, facts));
    findings.extend(pay_on_behalf::judge(&bench, facts));
    findings.extend(deposit::judge(&bench, facts));
    findings.extend(notice_board::judge(&bench, facts));
    findings.extend(payment_bond::judge(&bench, facts));
    findings.extend(arrears::judge(&bench, facts));
    Assessment::of(findings)
}

/// Whether work goes on: started, and not finished. `None` where that is not known.
fn working(facts: &ProjectFacts, as_of: Day) -> Option<bool> {
    let passed = |fact: &Fact<Option<Day>>| fact.get().map(|day| day.is_some_and(|day| day <= as_of));
    match (passed(&facts.milestones.started_on), passed(&facts.milestones.finished_on)) {
        (Some(false), _) | (_, Some(true)) => Some(false),
        (Some(true), Some(false)) => Some(true),
        _ => None,
    }
}

/// Who must supply what the bank has not told.
const BANK: &str = "开户银行 / bank";

/// The day of something that may be known not to have happened.
fn happened(fact: &Fact<Option<Day>>) -> Option<Day> {
    fact.get().flatten()
}
