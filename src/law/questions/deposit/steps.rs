//! The steps of the deposit: base, small contract, history, further project, caps. The order holds everywhere; the numbers are data.

use rust_decimal::Decimal;

use crate::base::{Day, Fen, RegionCode, Rounding};
use crate::law::LawBook;
use crate::law::book::ids::{R65_11A, R65_11B, R65_11C, R65_12A, R65_12B};
use crate::law::book::{Bracket, Dated, Value};
use crate::law::questions::grounds::{Asking, Grounds, REGIONAL_RULE};

use super::{Credit, DepositAnswer, DepositInput, Industry};

/// Runs the steps in the order small contract, history, further project, cap.
pub(super) fn run(book: &LawBook, region: RegionCode, as_of: Day, input: &DepositInput) -> DepositAnswer {
    let mut sum = Sum {
        asking: Asking::new(book, region, as_of),
        input,
        exact: None,
        rate: None,
        bracket_cap: None,
        tier: Tier::Usual,
        raised: false,
    };
    sum.base();
    let small = sum.small_contract();
    if small == Some(true) && !input.on_serious_list {
        sum.small_contract_decides();
        return sum.waived();
    }
    if sum.history() {
        return sum.waived();
    }
    sum.further_project();
    let answer = sum.caps();
    if small.is_none() && !input.on_serious_list && answer.amount != Some(Fen::ZERO) {
        let mut grounds = Grounds { unknown: true, ..answer.grounds };
        if !grounds.needs.iter().any(|need| need == "signed_on") {
            grounds.needs.push("signed_on".to_owned());
        }
        return DepositAnswer { grounds, amount: None, rate: None, waived: None, capped: None };
    }
    answer
}

/// Which set of caps and minimums a region's historical rule applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    Usual,
    AfterArrears,
    AfterThreeYears,
}

/// The computation between its steps. `exact` is in yuan before rounding, `rate` is known only where sum and rate are.
struct Sum<'a> {
    asking: Asking<'a>,
    input: &'a DepositInput,
    exact: Option<Decimal>,
    rate: Option<Decimal>,
    bracket_cap: Option<(Fen, &'a Dated)>,
    tier: Tier,
    raised: bool,
}

impl<'a> Sum<'a> {
    /// Step 1: the rate of the region on the whole sum, or the standard amount that stands in its place.
    fn base(&mut self) {
        let dated = self.asking.find("deposit.rate");
        let brackets = dated.and_then(|dated| dated.value.as_brackets()).unwrap_or_default();
        let of_sum = |sum: Fen| brackets.iter().find(|bracket| bracket.below.is_none_or(|below| sum < below));
        let bracket = self.input.contract_sum.and_then(of_sum);
        self.bracket_cap = dated.zip(bracket).and_then(|(dated, bracket)| Some((bracket.cap?, dated)));
        if let Some(amount) = self.input.standard_amount {
            self.exact = Some(amount.yuan());
            if bracket.is_none() {
                // The bracket is not known, so the lowest of its caps is kept in mind: below it no cap matters.
                let lowest = brackets.iter().filter_map(|bracket: &Bracket| bracket.cap).min();
                self.bracket_cap = dated.zip(lowest).map(|(dated, cap)| (cap, dated));
            }
            return;
        }
        if self.input.contract_sum.is_none() {
            self.asking.need("contract_sum");
        }
        let Some(dated) = dated else {
            self.asking.need(REGIONAL_RULE);
            return;
        };
        if let Some((sum, bracket)) = self.input.contract_sum.zip(bracket) {
            self.asking.used(R65_11A, dated);
            self.rate = Some(bracket.rate);
            self.exact = sum.yuan().checked_mul(bracket.rate);
        }
    }

    /// Step 2: whether the small-contract waiver of the region is met; `None` where the day of signing decides and is not known.
    fn small_contract(&self) -> Option<bool> {
        let asking = &self.asking;
        let below = asking.find("deposit.small_contract_below").and_then(|dated| dated.value.as_money());
        let months = asking.find("deposit.small_contract_months_below").and_then(|dated| dated.value.as_ratio());
        let by_sum = below.zip(self.input.contract_sum).is_some_and(|(below, sum)| sum < below);
        let by_period = months.zip(self.input.period_months).is_some_and(|(below, months)| months < below);
        let needs_systems = asking.find("deposit.small_contract_needs_systems").and_then(|dated| dated.value.as_truth());
        if !(by_sum || by_period) || (needs_systems == Some(true) && !self.input.systems_in_place) {
            return Some(false);
        }
        let Some(arrears_on) = self.input.last_arrears_on else { return Some(true) };
        let signed_on = self.input.signed_on?;
        Some(!self.within_years("deposit.small_contract_clean_years", arrears_on, signed_on))
    }

    fn small_contract_decides(&mut self) {
        for key in ["deposit.small_contract_below", "deposit.small_contract_months_below"] {
            if let Some(dated) = self.asking.find(key) {
                self.asking.used(R65_11C, dated);
            }
        }
    }

    /// Whether `day` lies in the look-back of so many years before `until`; the same day number counts as inside.
    fn within_years(&self, key: &str, day: Day, until: Day) -> bool {
        let years = self.asking.find(key).and_then(|dated| dated.value.as_count()).unwrap_or_default();
        let months = i32::try_from(years.saturating_mul(12)).unwrap_or(i32::MAX);
        day >= until.plus_months(-months) && day <= until
    }

    fn recent_arrears(&self) -> bool {
        let deposit_on = self.input.deposit_on.unwrap_or(self.asking.as_of);
        self.input.last_arrears_on.is_some_and(|on| self.within_years("deposit.arrears_look_back_years", on, deposit_on))
    }

    /// Step 3: raises and reductions by history; true where the deposit is waived. The list outranks arrears, arrears outrank clean years.
    fn history(&mut self) -> bool {
        if self.input.on_serious_list {
            self.raised = true;
            self.tier = Tier::AfterArrears;
            self.raise("deposit.raise_on_list");
            return false;
        }
        if self.recent_arrears() {
            self.raised = true;
            self.tier = Tier::AfterArrears;
            match self.asking.find("deposit.rate_after_arrears") {
                Some(dated) => self.fixed(R65_12B, dated, false),
                None => self.raise("deposit.raise_after_arrears"),
            }
            return false;
        }
        let years = |key| self.asking.find(key).and_then(|dated: &Dated| dated.value.as_count());
        let reduced = years("deposit.clean_years_reduced").is_some_and(|years| self.input.clean_years >= years);
        let three = years("deposit.clean_years_waived").is_some_and(|years| self.input.clean_years >= years);
        if three && self.input.systems_in_place {
            let waive = self.asking.find("deposit.waive_after_three_years").filter(|dated| dated.value == Value::Truth(true));
            if let Some(dated) = waive {
                self.asking.used(R65_12A, dated);
                return true;
            }
            if let Some(dated) = self.asking.find("deposit.rate_after_three_years") {
                self.tier = Tier::AfterThreeYears;
                self.fixed(R65_12A, dated, true);
                return false;
            }
        }
        if reduced {
            self.two_clean_years();
        }
        false
    }

    fn two_clean_years(&mut self) {
        if let Some(dated) = self.asking.find("deposit.rate_after_two_years") {
            self.fixed(R65_12A, dated, true);
            return;
        }
        let by_credit = match self.input.credit {
            Some(Credit::Good) => self.asking.find("deposit.reduce_after_two_years_good"),
            Some(Credit::Excellent) => self.asking.find("deposit.reduce_after_two_years_excellent"),
            None => None,
        };
        let key = by_credit.map_or("deposit.reduce_after_two_years", |dated| dated.key.as_str());
        // A region that reduces on application only has a part of zero: nothing happens by itself.
        let part = self.asking.find(key).and_then(|dated| Some((dated, dated.value.as_ratio()?)));
        if let Some((dated, part)) = part.filter(|(_, part)| !part.is_zero()) {
            self.asking.used(R65_12A, dated);
            self.multiply(Decimal::ONE - part);
        }
    }

    fn raise(&mut self, key: &str) {
        if let Some(part) = self.asking.ratio(R65_12B, key) {
            self.multiply(Decimal::ONE + part);
        }
    }

    fn multiply(&mut self, factor: Decimal) {
        self.exact = self.exact.and_then(|exact| exact.checked_mul(factor));
        self.rate = self.rate.map(|rate| rate * factor);
    }

    /// A rate that replaces the one so far; with `lower` only where it is lower. Needs the contract sum.
    fn fixed(&mut self, rule: &str, dated: &Dated, lower: bool) {
        let Some(rate) = dated.value.as_ratio() else { return };
        let Some(sum) = self.asking.fact("contract_sum", self.input.contract_sum) else {
            self.exact = None;
            return;
        };
        let exact = sum.yuan().checked_mul(rate);
        if self.exact.zip(exact).is_some_and(|(before, after)| !lower || after < before) {
            self.asking.used(rule, dated);
            self.exact = exact;
            self.rate = self.rate.map(|_| rate);
        }
    }

    /// Step 4: the region's rule for a further project in the area, never below the national floor. Raises exclude it.
    fn further_project(&mut self) {
        if self.input.nth_project_in_area < 2 || self.raised {
            return;
        }
        if let Some(dated) = self.asking.find("deposit.second_project_rate") {
            self.fixed(R65_11B, dated, true);
        }
        let reduction = self.asking.find("deposit.second_project_reduction");
        if let Some((dated, part)) = reduction.and_then(|dated| Some((dated, dated.value.as_ratio()?))) {
            self.asking.used(R65_11B, dated);
            let before = (self.exact, self.rate);
            self.multiply(Decimal::ONE - part);
            self.keep_floor(before);
        }
        let points = self.asking.find("deposit.second_project_points");
        if let Some((dated, points)) = points.and_then(|dated| Some((dated, dated.value.as_ratio()?))) {
            let Some(sum) = self.asking.fact("contract_sum", self.input.contract_sum) else {
                self.exact = None;
                return;
            };
            let before = (self.exact, self.rate);
            self.exact = self.exact.zip(sum.yuan().checked_mul(points)).map(|(exact, less)| exact - less);
            self.rate = self.rate.map(|rate| rate - points);
            self.keep_floor(before);
            if self.exact != before.0 {
                self.asking.used(R65_11B, dated);
            }
        }
    }

    /// Lifts a reduced rate to the floor, but never above what it was before.
    fn keep_floor(&mut self, before: (Option<Decimal>, Option<Decimal>)) {
        let Some(dated) = self.asking.find("deposit.second_project_floor") else { return };
        let Some(floor) = dated.value.as_ratio() else { return };
        let lowest = self.input.contract_sum.and_then(|sum| sum.yuan().checked_mul(floor));
        if let (Some(exact), Some(lowest), Some(was)) = (self.exact, lowest, before.0)
            && exact < lowest
        {
            self.exact = Some(lowest.min(was));
            self.rate = self.rate.and(before.1).map(|was| floor.min(was));
        }
    }

    /// Step 5: caps and the minimum of historical rules, then rounding to the fen (rule C-06).
    fn caps(mut self) -> DepositAnswer {
        let rounded = self.exact.map(|exact| Fen::from_yuan(exact, Rounding::HalfUp));
        let Some(Ok(whole)) = rounded else { return self.unknown() };
        let mut amount = whole;
        let exempt = self.raised && self.asking.find("deposit.raised_uncapped").is_some_and(|d| d.value == Value::Truth(true));
        if !exempt {
            if let Some((cap, dated)) = self.project_cap().filter(|(cap, _)| amount > *cap) {
                if self.bracket_cap.is_some() && self.input.contract_sum.is_none() {
                    self.asking.need("contract_sum");
                    return self.unknown();
                }
                self.asking.used(R65_11A, dated);
                amount = cap;
            }
            let total = self.asking.find("deposit.cap_total");
            if let Some((dated, cap)) = total.and_then(|dated| Some((dated, dated.value.as_money()?))) {
                let left = Fen(cap.0.saturating_sub(self.input.already_deposited.0)).or_zero();
                if amount > left {
                    self.asking.used(R65_11A, dated);
                    amount = left;
                }
            }
        }
        let capped = amount < whole;
        let minimum = self.tiered("deposit.minimum");
        if let Some((least, dated)) = minimum.filter(|(least, _)| amount < *least && whole.is_positive()) {
            self.asking.used(R65_11A, dated);
            amount = least;
        }
        let rate = self.rate;
        DepositAnswer { grounds: self.asking.done(true), amount: Some(amount), rate, waived: Some(false), capped: Some(capped) }
    }

    /// The cap of this project: that of the bracket, of the history, of the industry, or the general one.
    fn project_cap(&self) -> Option<(Fen, &'a Dated)> {
        if self.bracket_cap.is_some() {
            return self.bracket_cap;
        }
        let by_industry = match self.input.industry {
            Industry::Transport => self.found("deposit.cap.transport"),
            Industry::Rail => self.found("deposit.cap.rail"),
            _ => None,
        };
        by_industry.or_else(|| self.tiered("deposit.cap"))
    }

    /// The amount under the key of the history where the region has one, else under the plain key.
    fn tiered(&self, key: &str) -> Option<(Fen, &'a Dated)> {
        let special = match self.tier {
            Tier::Usual => None,
            Tier::AfterArrears => self.found(&format!("{key}_after_arrears")),
            Tier::AfterThreeYears => self.found(&format!("{key}_after_three_years")),
        };
        special.or_else(|| self.found(key))
    }

    fn found(&self, key: &str) -> Option<(Fen, &'a Dated)> {
        let dated = self.asking.find(key)?;
        Some((dated.value.as_money()?, dated))
    }

    fn unknown(self) -> DepositAnswer {
        DepositAnswer { grounds: self.asking.done(false), amount: None, rate: None, waived: None, capped: None }
    }

    fn waived(self) -> DepositAnswer {
        let mut grounds = self.asking.done(true);
        grounds.needs.clear();
        DepositAnswer { grounds, amount: Some(Fen::ZERO), rate: Some(Decimal::ZERO), waived: Some(true), capped: Some(false) }
    }
}
