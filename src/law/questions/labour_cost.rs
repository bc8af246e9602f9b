//! `labour_cost`: what goes to the wage account by contract and region, and what is short; `progress_payment`; `late_interest`;
//! `liability` (who settles arrears); `compensation`.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::base::{Day, Fen, RegionCode, Rounding};
use crate::law::LawBook;
use crate::law::book::ids::{R53_13, R423_26, R724_29B, R724_30, RL_01, RL_02, RL_03, RL_04};

use super::given::{Given, Refusal, choices};
use super::grounds::{Asking, Grounds};

choices! {
    /// Kind of work for shares of labour cost.
    Work {
        /// Civil building.
        Building = "building",
        /// Bridges.
        Bridge = "bridge",
        /// Drainage.
        Drainage = "drainage",
        /// Municipal works.
        Municipal = "municipal",
        /// Transport works.
        Transport = "transport",
        /// Roads.
        Road = "road",
        /// Metro.
        Metro = "metro",
        /// Installation.
        Installation = "installation",
        /// Water works.
        Water = "water",
    }
}

/// Contract, payment and payroll.
#[derive(Debug, Clone, Default)]
pub struct LabourCostInput {
    /// Kind of work.
    pub work: Option<Work>,
    /// Contract sum.
    pub contract_sum: Option<Fen>,
    /// Contract period in months.
    pub period_months: Option<Decimal>,
    /// This progress payment.
    pub progress_payment: Option<Fen>,
    /// Share of labour cost in the contract; `None` where the contract is silent.
    pub contract_share: Option<Decimal>,
    /// Wages of the month.
    pub month_payroll: Option<Fen>,
    /// Balance of the wage account.
    pub balance: Option<Fen>,
}

/// Amounts of labour cost.
#[derive(Debug, Clone, Serialize)]
pub struct LabourCostAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// A month's labour cost: contract × share ÷ months.
    pub monthly: Option<Fen>,
    /// At least this of the progress payment.
    pub minimum: Option<Fen>,
    /// At least this of the contract sum.
    pub contract_minimum: Option<Fen>,
    /// Payroll less balance.
    pub shortage: Option<Fen>,
    /// The pay run waits until the shortage is paid in.
    pub hold_pay_run: Option<bool>,
}

impl LabourCostInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let input = LabourCostInput {
            work: given.choice("work")?,
            contract_sum: given.money("contract_sum")?,
            period_months: given.ratio("period_months")?,
            progress_payment: given.money("progress_payment")?,
            contract_share: given.ratio("contract_share")?,
            month_payroll: given.money("month_payroll")?,
            balance: given.money("balance")?,
        };
        if input.period_months.is_some_and(|months| months.is_zero()) {
            return Err(Refusal::new("period_months", "应大于零", "must be more than zero"));
        }
        if input.contract_share.is_some_and(|share| share > Decimal::ONE) {
            return Err(Refusal::new("contract_share", "不超过 1", "is at most 1"));
        }
        Ok(input)
    }
}

/// Computes labour cost by the larger of contract share and regional minimum.
pub fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &LabourCostInput) -> LabourCostAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let of_contract = input.contract_sum.and_then(|_| share(&mut asking, input, "labour_cost.contract"));
    let of_payment = input.progress_payment.and_then(|_| share(&mut asking, input, "labour_cost.progress"));
    let times = |sum: Option<Fen>, share: Option<Decimal>| {
        sum.zip(share).and_then(|(sum, share)| sum.times(share, Rounding::HalfUp).ok())
    };
    let contract_minimum = times(input.contract_sum, of_contract);
    let minimum = times(input.progress_payment, of_payment);
    if of_contract.is_some() && input.period_months.is_none() {
        asking.need("period_months");
    }
    let monthly = input.contract_sum.zip(of_contract).zip(input.period_months).and_then(|((sum, share), months)| {
        let yuan = sum.yuan().checked_mul(share)?.checked_div(months)?;
        Fen::from_yuan(yuan, Rounding::HalfUp).ok()
    });
    let mut shortage = None;
    if input.month_payroll.is_some() || input.balance.is_some() {
        let facts = asking.fact("month_payroll", input.month_payroll).zip(asking.fact("balance", input.balance));
        if let Some((payroll, balance)) = facts.filter(|_| asking.in_force(R53_13)) {
            shortage = Some(Fen(payroll.0.saturating_sub(balance.0)).or_zero());
            asking.rule(R53_13, &format!("payroll {payroll}, balance {balance}"));
        }
    }
    let given = contract_minimum.is_some() || minimum.is_some() || shortage.is_some();
    if !given && input.contract_sum.is_none() && input.progress_payment.is_none() && input.month_payroll.is_none() {
        for fact in ["contract_sum", "progress_payment", "month_payroll"] {
            asking.need(fact);
        }
    }
    let hold_pay_run = shortage.map(Fen::is_positive);
    LabourCostAnswer { grounds: asking.done(given), monthly, minimum, contract_minimum, shortage, hold_pay_run }
}

/// The larger of the contract's share and the region's for the kind of work; the rule for silent contracts only where it is silent.
fn share(asking: &mut Asking<'_>, input: &LabourCostInput, key: &str) -> Option<Decimal> {
    let depends = Work::ALL.iter().any(|work| asking.find(&format!("{key}.{}", work.as_str())).is_some());
    if depends && input.work.is_none() {
        asking.need("work");
        return None;
    }
    let by_work = input.work.and_then(|work| asking.find(&format!("{key}.{}", work.as_str())));
    let silent = if key == "labour_cost.progress" && input.contract_share.is_none() {
        asking.find("labour_cost.progress_silent")
    } else {
        None
    };
    let regional = by_work.or_else(|| asking.find(key)).or(silent);
    let least = regional.and_then(|dated| Some((dated, dated.value.as_ratio()?)));
    match (least, input.contract_share) {
        (Some((dated, least)), agreed) if agreed.is_none_or(|agreed| agreed <= least) => {
            asking.used(RL_04, dated);
            Some(least)
        }
        (_, Some(agreed)) => {
            asking.rule(RL_01, &format!("contract share {agreed}"));
            Some(agreed)
        }
        _ => {
            asking.need("contract_share");
            None
        }
    }
}

choices! {
    /// Who pays progress money.
    ProgressOwner {
        /// State-owned company or government project.
        State = "state",
        /// Public body.
        Public = "public",
        /// Private owner: no national minimum.
        Private = "private",
    }
}

/// Finished work and its owner.
#[derive(Debug, Clone, Default)]
pub struct ProgressInput {
    /// Who pays.
    pub owner: Option<ProgressOwner>,
    /// Value of the work that is finished.
    pub finished_value: Option<Fen>,
}

/// The least progress payment.
#[derive(Debug, Clone, Serialize)]
pub struct ProgressAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// At least this; `None` for private owners.
    pub minimum: Option<Fen>,
}

impl ProgressInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(ProgressInput { owner: given.choice("owner")?, finished_value: given.money("finished_value")? })
    }
}

/// Computes the least progress payment of state and public owners (RL-02).
pub fn progress_payment(book: &LawBook, region: RegionCode, as_of: Day, input: &ProgressInput) -> ProgressAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let Some(owner) = asking.fact("owner", input.owner) else {
        return ProgressAnswer { grounds: asking.done(false), minimum: None };
    };
    if owner == ProgressOwner::Private {
        return ProgressAnswer { grounds: asking.done(true), minimum: None };
    }
    let value = asking.fact("finished_value", input.finished_value);
    let minimum = value.and_then(|value| value.times(asking.ratio(RL_02, "progress_payment.minimum")?, Rounding::HalfUp).ok());
    ProgressAnswer { grounds: asking.done(minimum.is_some()), minimum }
}

choices! {
    /// Who owes an overdue sum to a small company.
    InterestOwner {
        /// Public body.
        PublicBody = "public_body",
        /// Large company.
        LargeCompany = "large_company",
    }
}

/// An overdue sum.
#[derive(Debug, Clone, Default)]
pub struct InterestInput {
    /// Who owes it.
    pub owner: Option<InterestOwner>,
    /// The sum.
    pub amount: Option<Fen>,
    /// Days overdue.
    pub days: Option<u32>,
    /// Agreed annual rate; `None` where none was agreed.
    pub agreed_rate: Option<Decimal>,
}

/// Interest for late payment.
#[derive(Debug, Clone, Serialize)]
pub struct InterestAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Interest, rounded half up to the fen.
    pub interest: Option<Fen>,
}

impl InterestInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let (owner, amount) = (given.choice("owner")?, given.money("amount")?);
        Ok(InterestInput { owner, amount, days: given.count("days")?, agreed_rate: given.ratio("agreed_rate")? })
    }
}

/// Computes late interest: the agreed annual rate over the days of a year, else the daily rate of the law (RL-03).
pub fn late_interest(book: &LawBook, region: RegionCode, as_of: Day, input: &InterestInput) -> InterestAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let owner = asking.fact("owner", input.owner);
    let facts = asking.fact("amount", input.amount).zip(asking.fact("days", input.days)).filter(|_| owner.is_some());
    let interest = facts.and_then(|(amount, days)| {
        let days = Decimal::from(days);
        let yuan = match input.agreed_rate {
            Some(rate) => {
                let year = Decimal::from(asking.count(RL_03, "late_interest.days_a_year")?);
                amount.yuan().checked_mul(rate)?.checked_mul(days)?.checked_div(year)?
            }
            None => amount.yuan().checked_mul(asking.ratio(RL_03, "late_interest.daily")?)?.checked_mul(days)?,
        };
        Fen::from_yuan(yuan, Rounding::HalfUp).ok()
    });
    InterestAnswer { grounds: asking.done(interest.is_some()), interest }
}

/// Arrears and the project money that the owner owes.
#[derive(Debug, Clone, Default)]
pub struct LiabilityInput {
    /// Wages owed.
    pub arrears: Option<Fen>,
    /// Unsettled project money that is due.
    pub owner_overdue: Option<Fen>,
}

/// Who pays what.
#[derive(Debug, Clone, Serialize)]
pub struct LiabilityAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The owner advances up to the unsettled money.
    pub owner_advances: Option<Fen>,
    /// The general contractor settles the rest first.
    pub contractor_settles: Option<Fen>,
}

impl LiabilityInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(LiabilityInput { arrears: given.money("arrears")?, owner_overdue: given.money("owner_overdue")? })
    }
}

/// Splits arrears between owner and general contractor (R724-29b, R724-30).
pub fn liability(book: &LawBook, region: RegionCode, as_of: Day, input: &LiabilityInput) -> LiabilityAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let facts = asking.fact("arrears", input.arrears).zip(asking.fact("owner_overdue", input.owner_overdue));
    let Some((arrears, overdue)) = facts.filter(|_| asking.in_force(R724_29B)) else {
        return LiabilityAnswer { grounds: asking.done(false), owner_advances: None, contractor_settles: None };
    };
    // Neither less than nothing nor more than is owed, whatever is on record.
    let advance = arrears.min(overdue).or_zero();
    asking.rule(R724_29B, &format!("the smaller of {arrears} and {overdue}"));
    asking.rule(R724_30, "the rest, with recourse");
    let rest = Fen(arrears.0.saturating_sub(advance.0));
    LiabilityAnswer { grounds: asking.done(true), owner_advances: Some(advance), contractor_settles: Some(rest) }
}

/// Wages that were ordered to be paid and were not.
#[derive(Debug, Clone, Default)]
pub struct CompensationInput {
    /// Wages owed.
    pub arrears: Option<Fen>,
}

/// Additional compensation to the workers.
#[derive(Debug, Clone, Serialize)]
pub struct CompensationAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// At least.
    pub min: Option<Fen>,
    /// At most.
    pub max: Option<Fen>,
}

impl CompensationInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(CompensationInput { arrears: given.money("arrears")? })
    }
}

/// Computes the range of additional compensation (R423-26).
pub fn compensation(book: &LawBook, region: RegionCode, as_of: Day, input: &CompensationInput) -> CompensationAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let arrears = asking.fact("arrears", input.arrears);
    let mut part = |key: &str| arrears.and_then(|arrears| arrears.times(asking.ratio(R423_26, key)?, Rounding::HalfUp).ok());
    let (min, max) = (part("compensation.min"), part("compensation.max"));
    CompensationAnswer { grounds: asking.done(min.is_some()), min, max }
}
