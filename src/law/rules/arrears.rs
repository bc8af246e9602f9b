//! Arrears (欠薪): three-valued, from the months of pay.
//!
//! True where a line past its due day failed or was never sent; not known where a month has no audited sheet, a payment has no result,
//! a worker disputes, or work past its pay day stands on no line; false only where every month with attendance or a live contract has an
//! audited sheet and all of it is paid. A month whose pay day has not passed owes nothing yet. Callers pass every month from the start of
//! work on.

use crate::base::{Day, Fen, Month};
use crate::law::book::ids::R724_03;
use crate::law::facts::{Fact, MonthPay, ProjectFacts, SheetState};
use crate::law::finding::{Bench, Finding, System};
use crate::law::questions::warning::Level;

/// What is owed on a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arrears {
    /// Whether wages are owed.
    pub state: Fact<bool>,
    /// Known to be owed.
    pub amount: Fen,
    /// Workers known to be owed, summed over the months.
    pub workers: u32,
    /// Months in which something is known to be owed.
    pub months: Vec<Month>,
    /// What is missing for an answer, like `2026-01 sheet`, `2026-01 bank result`, `2026-01 dispute`.
    pub needs: Vec<String>,
}

impl Arrears {
    /// Sets beside what sheets and results say the months with work that stands on no line, each with how many workers: nobody can say
    /// then that nothing is owed.
    pub fn beside_unlisted(mut self, months: &[(Month, u32)]) -> Self {
        if months.is_empty() || self.state.get() != Some(false) {
            return self;
        }
        let told = |of: fn(&(Month, u32)) -> String| months.iter().map(of).collect::<Vec<_>>().join("; ");
        let zh = told(|(month, workers)| format!("{month} 有 {workers} 人的工日未列入工资表"));
        let en = told(|(month, workers)| format!("{month}: work days of {workers} on no pay sheet"));
        self.needs.extend(months.iter().map(|(month, _)| format!("{month} days on no sheet")));
        self.needs.sort();
        self.state = Fact::not_known(&format!("施工总承包单位（{zh}） / general contractor ({en})"));
        self
    }
}

/// Whether somebody worked, or could have, in the month; `None` where attendance is not known.
pub(super) fn concerned(month: &MonthPay) -> Option<bool> {
    match month.attended.get() {
        _ if month.live_contracts => Some(true),
        Some(workers) => Some(workers > 0),
        None => None,
    }
}

/// Adds up the months.
pub fn of(payroll: &[MonthPay], as_of: Day) -> Arrears {
    let mut arrears = Arrears {
        state: Fact::known(false, "pay sheets and bank results"),
        amount: Fen::ZERO,
        workers: 0,
        months: Vec::new(),
        needs: Vec::new(),
    };
    for month in payroll.iter().filter(|month| as_of > month.pay_due_on) {
        let rest = [month.paid, month.failed, month.in_flight, month.disputed];
        let covered = rest.iter().fold(0i64, |sum, part| sum.saturating_add(part.amount.0));
        let never_sent = month.due.amount.0.saturating_sub(covered).max(0);
        let owed = Fen(never_sent.saturating_add(month.failed.amount.0));
        if owed.is_positive() {
            let named = rest.iter().fold(0u32, |sum, part| sum.saturating_add(part.workers));
            let workers = month.due.workers.saturating_sub(named).saturating_add(month.failed.workers);
            arrears.amount = Fen(arrears.amount.0.saturating_add(owed.0));
            // Money without a worker counted beside it still concerns at least one.
            arrears.workers = arrears.workers.saturating_add(workers.max(1));
            arrears.months.push(month.month);
        }
        let mut need = |what: &str| arrears.needs.push(format!("{} {what}", month.month));
        if month.sheet != SheetState::Audited && concerned(month) != Some(false) {
            need("sheet");
        }
        if month.in_flight.amount.is_positive() || month.in_flight.workers > 0 {
            need("bank result");
        }
        if month.disputed.amount.is_positive() || month.disputed.workers > 0 {
            need("dispute");
        }
    }
    // Months come in any order; what is said of them does not depend on it.
    arrears.months.sort();
    arrears.needs.sort();
    if arrears.amount.is_positive() {
        arrears.state = Fact::known(true, "pay sheets and bank results");
    } else if !arrears.needs.is_empty() {
        arrears.state = Fact::not_known("施工总承包单位 / general contractor");
    }
    let mut unlisted: Vec<(Month, u32)> =
        payroll.iter().filter(|month| month.unlisted > 0).map(|month| (month.month, month.unlisted)).collect();
    unlisted.sort();
    arrears.beside_unlisted(&unlisted)
}

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    let mut arrears = of(&facts.payroll, bench.as_of);
    let started = facts.milestones.started_on.get();
    let idle = started.is_some_and(|day| day.is_none_or(|day| day > bench.as_of));
    if facts.payroll.is_empty() && !idle {
        // Work that has begun, or may have, without a single month on record is missing data, not a clean record.
        arrears.state = Fact::not_known(facts.milestones.started_on.keeper().unwrap_or("施工总承包单位 / general contractor"));
    }
    let draft = bench.on(System::Arrears, R724_03).shows("存在欠薪", "wages owed", &arrears.state, ToString::to_string).shows(
        "欠薪金额",
        "amount",
        &Fact::known(arrears.amount, "pay sheets and bank results"),
        ToString::to_string,
    );
    vec![match arrears.state.get() {
        Some(false) => draft.kept(),
        Some(true) => {
            let first =
                facts.payroll.iter().filter(|month| arrears.months.contains(&month.month)).map(|month| month.pay_due_on).min();
            let (zh, en) = (
                format!("付清 {} 人的工资 {} 元", arrears.workers, arrears.amount),
                format!("pay {} yuan to {} workers", arrears.amount, arrears.workers),
            );
            draft.broken(Level::Red, first.map(|day| day.plus_days(1)), &zh, &en)
        }
        None => draft.not_known(arrears.state.keeper()),
    }]
}
