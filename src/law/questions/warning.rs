//! `warning`: early warnings by kind; `site_entry`; `account_freeze`.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::base::{Day, Fen, Month, RegionCode};
use crate::law::LawBook;
use crate::law::book::Value;
use crate::law::book::ids::*;

use super::given::{Given, Refusal, choices};
use super::grounds::{Asking, Grounds};

choices! {
    /// How urgent a warning is.
    Level {
        /// No warning.
        None = "none",
        /// Yellow.
        Yellow = "yellow",
        /// Orange.
        Orange = "orange",
        /// Red.
        Red = "red",
    }
}

choices! {
    /// Who received a debit of the wage account.
    Payee {
        /// A registered worker of the project.
        RegisteredWorker = "registered_worker",
        /// A company.
        Company = "company",
        /// Cash.
        Cash = "cash",
    }
}

choices! {
    /// The words for the kinds of warning.
    WarningKind {
        /// A month without payment.
        UnpaidMonth = "unpaid_month",
        /// Paid against attending.
        Coverage = "coverage",
        /// Unusual pay.
        Outlier = "outlier",
        /// Average against minimum wage.
        MinimumWage = "minimum_wage",
        /// A debit of the account.
        Debit = "debit",
        /// Time since the last labour-cost payment.
        LabourCostGap = "labour_cost_gap",
    }
}

/// What is watched. A field that is `None` is not known.
#[derive(Debug, Clone)]
pub enum WarningInput {
    /// RW-01.
    UnpaidMonth {
        /// Month of attendance.
        month: Option<Month>,
        /// Paid through the account.
        paid: Option<bool>,
    },
    /// RW-03, RW-04.
    Coverage {
        /// Workers who attended.
        attended: Option<u32>,
        /// Workers who were paid.
        paid: Option<u32>,
    },
    /// RW-05.
    Outlier {
        /// Pay of one worker in a month.
        month_amount: Option<Fen>,
        /// Pay of one worker in a year.
        year_amount: Option<Fen>,
    },
    /// RW-02.
    MinimumWage {
        /// Average of a sheet.
        average: Option<Fen>,
        /// Local minimum.
        minimum: Option<Fen>,
    },
    /// RW-09.
    Debit {
        /// Receiver.
        payee: Option<Payee>,
    },
    /// RW-07.
    LabourCostGap {
        /// Last payment of labour cost.
        last_on: Option<Day>,
    },
    /// The kind is not known.
    Unsaid,
}

/// The level of a warning.
#[derive(Debug, Clone, Serialize)]
pub struct WarningAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// The level; `None` where not known.
    pub level: Option<Level>,
}

impl WarningInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        match given.choice("kind")? {
            Some(kind) => WarningInput::of(kind, given),
            None => Ok(WarningInput::Unsaid),
        }
    }

    /// The facts of that kind.
    pub(super) fn of(kind: WarningKind, given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(match kind {
            WarningKind::UnpaidMonth => WarningInput::UnpaidMonth { month: given.month("month")?, paid: given.truth("paid")? },
            WarningKind::Coverage => WarningInput::Coverage { attended: given.count("attended")?, paid: given.count("paid")? },
            WarningKind::Outlier => {
                WarningInput::Outlier { month_amount: given.money("month_amount")?, year_amount: given.money("year_amount")? }
            }
            WarningKind::MinimumWage => {
                WarningInput::MinimumWage { average: given.money("average")?, minimum: given.money("minimum")? }
            }
            WarningKind::Debit => WarningInput::Debit { payee: given.choice("payee")? },
            WarningKind::LabourCostGap => WarningInput::LabourCostGap { last_on: given.day("last_on")? },
        })
    }
}

/// Judges one warning.
pub fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &WarningInput) -> WarningAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let level = match input {
        WarningInput::UnpaidMonth { month, paid } => unpaid_month(&mut asking, *month, *paid),
        WarningInput::Coverage { attended, paid } => coverage(&mut asking, *attended, *paid),
        WarningInput::Outlier { month_amount, year_amount } => outlier(&mut asking, *month_amount, *year_amount),
        WarningInput::MinimumWage { average, minimum } => {
            let facts = asking.fact("average", *average).zip(asking.fact("minimum", *minimum));
            let judged = facts.filter(|_| asking.in_force(RW_02));
            judged.map(|(average, minimum)| {
                asking.rule(RW_02, &format!("average {average}, minimum {minimum}"));
                if average < minimum { Level::Red } else { Level::None }
            })
        }
        WarningInput::Debit { payee } => asking.fact("payee", *payee).filter(|_| asking.in_force(RW_09)).map(|payee| {
            asking.rule(RW_09, payee.as_str());
            if payee == Payee::RegisteredWorker { Level::None } else { Level::Red }
        }),
        WarningInput::LabourCostGap { last_on } => labour_cost_gap(&mut asking, *last_on),
        WarningInput::Unsaid => {
            asking.need("kind");
            None
        }
    };
    WarningAnswer { grounds: asking.done(level.is_some()), level }
}

fn unpaid_month(asking: &mut Asking<'_>, month: Option<Month>, paid: Option<bool>) -> Option<Level> {
    if paid == Some(true) && asking.in_force(RW_01) {
        asking.rule(RW_01, "paid");
        return Some(Level::None);
    }
    let month = asking.fact("month", month)?;
    let span = asking.span(RW_01, "warning.unpaid_month_red")?;
    let red_from = month.plus(i32::try_from(span.count).unwrap_or(i32::MAX)).first();
    if asking.as_of < red_from {
        return Some(Level::None);
    }
    asking.fact("paid", paid).map(|_| Level::Red)
}

fn coverage(asking: &mut Asking<'_>, attended: Option<u32>, paid: Option<u32>) -> Option<Level> {
    let (attended, paid) = asking.fact("attended", attended).zip(asking.fact("paid", paid))?;
    let red = asking.find("warning.unpaid_share_red")?;
    let unpaid = Decimal::from(attended.saturating_sub(paid));
    if unpaid.is_zero() {
        asking.rule(RW_03, "all are paid");
        return Some(Level::None);
    }
    if unpaid >= Decimal::from(attended) * red.value.as_ratio()? {
        asking.used(RW_04, red);
        return Some(Level::Red);
    }
    asking.rule(RW_03, &format!("{paid} of {attended} paid"));
    Some(Level::Yellow)
}

fn outlier(asking: &mut Asking<'_>, month: Option<Fen>, year: Option<Fen>) -> Option<Level> {
    let most = (asking.money(RW_05, "warning.month_amount")?, asking.money(RW_05, "warning.year_amount")?);
    if month.is_some_and(|amount| amount > most.0) || year.is_some_and(|amount| amount > most.1) {
        return Some(Level::Red);
    }
    asking.fact("month_amount", month).zip(asking.fact("year_amount", year)).map(|_| Level::None)
}

fn labour_cost_gap(asking: &mut Asking<'_>, last_on: Option<Day>) -> Option<Level> {
    let last_on = asking.fact("last_on", last_on)?;
    let cycle = i32::try_from(asking.span(RW_07, "warning.labour_cost_cycle")?.count).unwrap_or(i32::MAX);
    let missed = |cycles: i32| asking.as_of > last_on.plus_months(cycle.saturating_mul(cycles));
    Some(if missed(2) {
        Level::Red
    } else if missed(1) {
        Level::Yellow
    } else {
        Level::None
    })
}

choices! {
    /// The paper that a worker has.
    Paper {
        /// 劳动合同.
        LabourContract = "labour_contract",
        /// 用工书面协议.
        WorkAgreement = "work_agreement",
        /// None.
        None = "none",
    }
}

/// A worker at the gate.
#[derive(Debug, Clone)]
pub struct EntryInput {
    /// The paper.
    pub contract: Option<Paper>,
    /// Registered by real name.
    pub registered: Option<bool>,
    /// Basic safety training done.
    pub safety_trained: Option<bool>,
}

/// Whether the worker may enter.
#[derive(Debug, Clone, Serialize)]
pub struct EntryAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// May enter.
    pub allowed: Option<bool>,
    /// The document accepted.
    pub paper: Option<Paper>,
}

impl EntryInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(EntryInput {
            contract: given.choice("contract")?,
            registered: given.truth("registered")?,
            safety_trained: Some(given.truth("safety_trained")?.unwrap_or(true)),
        })
    }
}

/// Judges entry (R724-28a, R18-08): contract or, since 2022, written agreement; registration; basic safety training.
pub fn site_entry(book: &LawBook, region: RegionCode, as_of: Day, input: &EntryInput) -> EntryAnswer {
    let mut asking = Asking::new(book, region, as_of);
    if !asking.in_force(R724_28A) {
        return EntryAnswer { grounds: asking.done(false), allowed: None, paper: None };
    }
    asking.rule(R724_28A, "contract and real-name registration");
    let agreement = asking.find("site_entry.work_agreement").filter(|dated| dated.value == Value::Truth(true));
    let paper = match input.contract {
        Some(Paper::WorkAgreement) => agreement.map(|dated| {
            asking.used(R18_08, dated);
            Paper::WorkAgreement
        }),
        Some(Paper::LabourContract) => Some(Paper::LabourContract),
        Some(Paper::None) | None => None,
    };
    let contract = input.contract.map(|_| paper.is_some());
    if input.safety_trained == Some(false) {
        asking.rule(R18_08, "no basic safety training");
    }
    let conditions = [("contract", contract), ("registered", input.registered), ("safety_trained", input.safety_trained)];
    let allowed = if conditions.iter().any(|(_, holds)| *holds == Some(false)) {
        Some(false)
    } else {
        conditions.iter().filter(|(_, holds)| holds.is_none()).for_each(|(name, _)| asking.need(name));
        conditions.iter().all(|(_, holds)| holds.is_some()).then_some(true)
    };
    EntryAnswer { grounds: asking.done(allowed.is_some()), allowed, paper }
}

choices! {
    /// Why an account is to be frozen.
    FreezeReason {
        /// Wages of this project.
        ThisProjectWages = "this_project_wages",
        /// A supplier's claim.
        SupplierDebt = "supplier_debt",
        /// Any other claim.
        OtherDebt = "other_debt",
    }
}

/// A freeze that was asked for.
#[derive(Debug, Clone, Default)]
pub struct FreezeInput {
    /// For what.
    pub reason: Option<FreezeReason>,
}

/// What is done about it.
#[derive(Debug, Clone, Serialize)]
pub struct FreezeAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// Tasks that follow at once.
    pub tasks: Vec<&'static str>,
    /// Money may be taken.
    pub transfer_allowed: Option<bool>,
}

impl FreezeInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        Ok(FreezeInput { reason: given.choice("reason")? })
    }
}

/// Judges a freeze of the wage account or the deposit (R724-33, R53-08b).
pub fn account_freeze(book: &LawBook, region: RegionCode, as_of: Day, input: &FreezeInput) -> FreezeAnswer {
    let mut asking = Asking::new(book, region, as_of);
    let Some(reason) = asking.fact("reason", input.reason).filter(|_| asking.in_force(R724_33)) else {
        return FreezeAnswer { grounds: asking.done(false), tasks: Vec::new(), transfer_allowed: None };
    };
    asking.rule(R724_33, reason.as_str());
    let own = reason == FreezeReason::ThisProjectWages;
    let mut tasks = Vec::new();
    if !own {
        asking.rule(R53_08B, "prompt, tell the supervisor, object; no transfer while the objection is examined");
        tasks.extend(["bank_prompts_court", "supervisor_notified", "objection"]);
    }
    FreezeAnswer { grounds: asking.done(true), tasks, transfer_allowed: Some(own) }
}
