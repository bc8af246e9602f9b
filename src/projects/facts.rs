//! What can be known of a project, each as a fact that holds from a day on.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::id::{DocumentId, FactId, PartyId};
use crate::base::{Day, Fen, Moment, Month, words};
use crate::web::Problem;

words! {
    /// The kinds of fact; the latest of a kind is the one that holds.
    pub enum FactKind, "kind of fact" {
        /// See [`Fact::Contract`].
        Contract = "contract",
        /// See [`Fact::Industry`].
        Industry = "industry",
        /// See [`Fact::Funding`].
        Funding = "funding",
        /// See [`Fact::LabourCost`].
        LabourCost = "labour_cost",
        /// See [`Fact::ProgressPayment`].
        ProgressPayment = "progress_payment",
        /// See [`Fact::PayDay`].
        PayDay = "pay_day",
        /// See [`Fact::FundsCommitment`].
        FundsCommitment = "funds_commitment",
        /// See [`Fact::Permit`].
        Permit = "permit",
        /// See [`Fact::Started`].
        Started = "started",
        /// See [`Fact::Finished`].
        Finished = "finished",
        /// See [`Fact::Accepted`].
        Accepted = "accepted",
        /// See [`Fact::Settlement`].
        Settlement = "settlement",
        /// See [`Fact::Suspension`].
        Suspension = "suspension",
        /// See [`Fact::PaymentBond`].
        PaymentBond = "payment_bond",
        /// See [`Fact::PriceAudit`].
        PriceAudit = "price_audit",
        /// See [`Fact::OwnerMoney`].
        OwnerMoney = "owner_money",
        /// See [`Fact::LabourManager`].
        LabourManager = "labour_manager",
        /// See [`Fact::EntrustedPayment`].
        EntrustedPayment = "entrusted_payment",
        /// See [`Fact::ClosingPublicity`].
        ClosingPublicity = "closing_publicity",
        /// See [`Fact::ClosingPromise`].
        ClosingPromise = "closing_promise",
    }
}
crate::store::types::word_column!(FactKind);
crate::web::openapi::word_schema!(FactKind);

/// A fact's contents; the day from which it holds stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// The construction contract; the day is the day of signing.
    Contract {
        /// Contract sum.
        sum: Fen,
        /// Agreed period in months.
        period_months: Decimal,
    },
    /// Industry: building, municipal, transport, rail, water, other.
    Industry {
        /// Word of the law's table.
        industry: String,
    },
    /// Whether government money pays for it.
    Funding {
        /// Yes or no.
        government: bool,
    },
    /// Labour cost agreed in the contract (R53-05): a share of progress money or an amount a month, with day and cycle.
    LabourCost {
        /// Share of project money.
        share: Option<Decimal>,
        /// Amount a month.
        monthly: Option<Fen>,
        /// Day of the month on which the owner transfers, 1 to 31.
        transfer_day: u32,
        /// Cycle in months; the law allows at most one (R724-24b). A shorter one has several transfers a month ([`transfers_a_month`]).
        cycle_months: Decimal,
    },
    /// Progress money (工程进度款) that the owner settled for a month's work; the day is the day of settling. Where the contract gives
    /// labour cost as a share, this is what the share is of.
    ProgressPayment {
        /// The month whose work was settled.
        period: Month,
        /// Progress money of that month.
        amount: Fen,
        /// Value of the work that was finished in it, where known (RL-02).
        finished_value: Option<Fen>,
    },
    /// The day of the following month on which wages are paid.
    PayDay {
        /// 1 to 31.
        day: u32,
    },
    /// Commitment that construction funds are in place (RGATE-02).
    FundsCommitment {
        /// Whether it was given.
        given: bool,
    },
    /// Construction permit; the day is the day of issue.
    Permit {
        /// Number.
        number: String,
    },
    /// Work started on the day.
    Started {},
    /// Work finished on the day.
    Finished {},
    /// Completion accepted on the day.
    Accepted {},
    /// Completion settlement.
    Settlement {
        /// Whether it is complete.
        complete: bool,
    },
    /// Work suspended (or resumed) on the day.
    Suspension {
        /// Whether it stands still.
        suspended: bool,
    },
    /// The owner's payment bond (R724-24a); the day is its first.
    PaymentBond {
        /// Amount.
        amount: Fen,
        /// Who gives it.
        issuer: String,
        /// Last day.
        ends_on: Day,
    },
    /// Price audit of a government project.
    PriceAudit {
        /// Whether it is done.
        done: bool,
    },
    /// Whether the owner is overdue with project money.
    OwnerMoney {
        /// Yes or no.
        overdue: bool,
        /// How much, where known.
        amount: Option<Fen>,
        /// Whether it led to wage arrears.
        led_to_arrears: bool,
    },
    /// The labour manager (劳资专管员) named.
    LabourManager {
        /// Name.
        name: String,
    },
    /// Entrusted payment agreement with a subcontractor (R53-15).
    EntrustedPayment {
        /// The subcontractor.
        subcontractor: PartyId,
    },
    /// Publicity of no arrears before closing (R724-27b) began on the day.
    ClosingPublicity {},
    /// The contractor's written promise of no arrears.
    ClosingPromise {},
}

/// Industries that the law's tables name.
const INDUSTRIES: &[&str] = &["building", "municipal", "transport", "rail", "water", "other"];

/// The longest period of a contract.
const PERIOD_MONTHS_MAX: Decimal = Decimal::from_parts(600, 0, 0, false, 0);

/// The longest text inside a fact, in characters.
const TEXT_MAX: usize = 140;

impl Fact {
    /// Its kind.
    pub fn kind(&self) -> FactKind {
        match self {
            Fact::Contract { .. } => FactKind::Contract,
            Fact::Industry { .. } => FactKind::Industry,
            Fact::Funding { .. } => FactKind::Funding,
            Fact::LabourCost { .. } => FactKind::LabourCost,
            Fact::ProgressPayment { .. } => FactKind::ProgressPayment,
            Fact::PayDay { .. } => FactKind::PayDay,
            Fact::FundsCommitment { .. } => FactKind::FundsCommitment,
            Fact::Permit { .. } => FactKind::Permit,
            Fact::Started {} => FactKind::Started,
            Fact::Finished {} => FactKind::Finished,
            Fact::Accepted {} => FactKind::Accepted,
            Fact::Settlement { .. } => FactKind::Settlement,
            Fact::Suspension { .. } => FactKind::Suspension,
            Fact::PaymentBond { .. } => FactKind::PaymentBond,
            Fact::PriceAudit { .. } => FactKind::PriceAudit,
            Fact::OwnerMoney { .. } => FactKind::OwnerMoney,
            Fact::LabourManager { .. } => FactKind::LabourManager,
            Fact::EntrustedPayment { .. } => FactKind::EntrustedPayment,
            Fact::ClosingPublicity {} => FactKind::ClosingPublicity,
            Fact::ClosingPromise {} => FactKind::ClosingPromise,
        }
    }

    /// The amounts in it, each with its field.
    fn amounts(&self) -> impl Iterator<Item = (&'static str, Fen)> {
        let amounts = match self {
            Fact::Contract { sum, .. } => [Some(("sum", *sum)), None],
            Fact::LabourCost { monthly, .. } => [monthly.map(|monthly| ("monthly", monthly)), None],
            Fact::ProgressPayment { amount, finished_value, .. } => {
                [Some(("amount", *amount)), finished_value.map(|value| ("finished_value", value))]
            }
            Fact::PaymentBond { amount, .. } => [Some(("amount", *amount)), None],
            Fact::OwnerMoney { amount, .. } => [amount.map(|amount| ("amount", amount)), None],
            _ => [None, None],
        };
        amounts.into_iter().flatten()
    }

    /// Refuses what no project can have.
    ///
    /// # Errors
    /// `invalid`, with the field at fault.
    pub fn check(&self, valid_on: Day) -> Result<(), Problem> {
        let refuse = |zh: &str, en: &str, place: &str| Err(Problem::invalid(zh, en).at(place, "bad_format"));
        let day_of_month = 1..=31;
        for (place, amount) in self.amounts() {
            if amount < Fen::ZERO {
                return refuse("金额不能为负。", "An amount is not negative.", place);
            }
            if !amount.is_bookable() {
                let most = Fen::BOOKABLE_MAX;
                let (zh, en) = (
                    format!("金额 {amount} 元超过上限 {most} 元，大于任何项目。"),
                    format!("{amount} is above the limit of {most}, more than any project."),
                );
                return refuse(&zh, &en, place);
            }
        }
        match self {
            Fact::Contract { sum, .. } if !sum.is_positive() => {
                refuse("合同价款应大于零。", "A contract sum is more than nothing.", "sum")
            }
            Fact::Contract { period_months, .. } if *period_months <= Decimal::ZERO || *period_months > PERIOD_MONTHS_MAX => {
                refuse(
                    "工期应大于零、不超过 600 个月。",
                    "A period is more than nothing and at most 600 months.",
                    "period_months",
                )
            }
            Fact::Industry { industry } if !INDUSTRIES.contains(&industry.as_str()) => refuse(
                "行业应为 building、municipal、transport、rail、water、other 之一。",
                "Write one of: building municipal transport rail water other.",
                "industry",
            ),
            Fact::LabourCost { share: None, monthly: None, .. } => refuse(
                "人工费用应约定比例或金额（人社部发〔2021〕53号）。",
                "Labour cost needs a share or an amount (rule R53-05).",
                "share",
            ),
            // R53-05: an amount or a share. With both nobody knows which of the two the owner owes.
            Fact::LabourCost { share: Some(_), monthly: Some(_), .. } => {
                let problem = Problem::invalid(
                    "人工费用只能约定比例（share）或月度金额（monthly）之一（人社部发〔2021〕53号第五条“数额或者占比”）；请按合同留下一项。",
                    "Labour cost is agreed as a share (`share`) or as a monthly amount (`monthly`), not as both (rule R53-05); keep the \
                     one that the contract says.",
                );
                Err(problem.at("share", "bad_format").at("monthly", "bad_format"))
            }
            Fact::LabourCost { share: Some(share), .. } if *share <= Decimal::ZERO || *share > Decimal::ONE => {
                refuse("比例应大于 0、不超过 1。", "A share lies above 0 and at most at 1.", "share")
            }
            Fact::LabourCost { monthly: Some(monthly), .. } if !monthly.is_positive() => {
                refuse("月度金额应大于零。", "A monthly amount is more than nothing.", "monthly")
            }
            Fact::LabourCost { cycle_months, .. } if *cycle_months <= Decimal::ZERO || *cycle_months > Decimal::ONE => refuse(
                "人工费用拨付周期不得超过1个月（条例第二十四条）。",
                "The cycle of labour-cost payments is at most one month (rule R724-24b).",
                "cycle_months",
            ),
            Fact::LabourCost { cycle_months, .. } if transfers_a_month(*cycle_months).is_none() => refuse(
                "周期请填 1、0.5、0.33 或 0.25（每月拨付一、二、三或四次）；其他约定请按不长于约定的一档填写。",
                "Write 1, 0.5, 0.33 or 0.25: one, two, three or four transfers a month. Of another cycle, write the next shorter one.",
                "cycle_months",
            ),
            Fact::ProgressPayment { period, .. } if valid_on < period.first() => {
                refuse("结算日早于所属月份。", "A month's work is settled in that month or later.", "period")
            }
            Fact::LabourCost { transfer_day: day, .. } | Fact::PayDay { day } if !day_of_month.contains(day) => {
                refuse("日应为 1 至 31。", "A day of the month lies between 1 and 31.", "day")
            }
            Fact::PaymentBond { amount, .. } if !amount.is_positive() => {
                refuse("担保金额应大于零。", "A bond is for more than nothing.", "amount")
            }
            Fact::PaymentBond { ends_on, .. } if *ends_on < valid_on => {
                refuse("担保到期日早于生效日。", "The bond ends before it begins.", "ends_on")
            }
            Fact::Permit { number: text } | Fact::LabourManager { name: text } | Fact::PaymentBond { issuer: text, .. }
                if text.trim().is_empty() || text.chars().count() > TEXT_MAX =>
            {
                refuse("文字应为 1 至 140 个字。", "A text has 1 to 140 characters.", "text")
            }
            _ => Ok(()),
        }
    }
}

/// The most transfers of labour cost in a month that a cycle is read as: one every week.
const TRANSFERS_MAX: u32 = 4;

/// How far a cycle as it is written may be from an equal part of a month: a third is written 0.33, a week as 7/30.
const CYCLE_TOLERANCE: Decimal = Decimal::from_parts(8, 0, 0, false, 2);

/// How many transfers a month a cycle of labour cost means: one, two, three or four; none where it is no such part of a month.
pub fn transfers_a_month(cycle_months: Decimal) -> Option<u32> {
    let is_near = |count: &u32| (cycle_months * Decimal::from(*count) - Decimal::ONE).abs() <= CYCLE_TOLERANCE;
    // Four weeks are no month: what is meant as one is written as 1.
    (1..=TRANSFERS_MAX).find(is_near).filter(|count| *count > 1 || cycle_months == Decimal::ONE)
}

/// A fact with when, by whom and on which paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recorded {
    /// Id.
    pub id: FactId,
    /// From this day on.
    pub valid_on: Day,
    /// What holds.
    pub fact: Fact,
    /// The paper that shows it.
    pub document_id: Option<DocumentId>,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// By whom.
    pub recorded_by: String,
}

/// What is known of a project on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    latest: BTreeMap<FactKind, Recorded>,
    entrusted: Vec<(PartyId, Recorded)>,
    progress: BTreeMap<Month, Recorded>,
}

impl Facts {
    /// Folds facts in the order in which they were recorded; the latest day wins, on one day the later record.
    pub fn fold(records: impl IntoIterator<Item = Recorded>, as_of: Day) -> Self {
        let mut facts = Facts::default();
        for record in records.into_iter().filter(|record| record.valid_on <= as_of) {
            if let Fact::EntrustedPayment { subcontractor } = &record.fact {
                facts.entrusted.push((*subcontractor, record.clone()));
            }
            if let Fact::ProgressPayment { period, .. } = &record.fact
                && facts.progress.get(period).is_none_or(|known| known.valid_on <= record.valid_on)
            {
                facts.progress.insert(*period, record.clone());
            }
            let kind = record.fact.kind();
            let stands = facts.latest.get(&kind).is_some_and(|known| known.valid_on > record.valid_on);
            if !stands {
                facts.latest.insert(kind, record);
            }
        }
        facts
    }

    /// The fact of a kind that holds.
    pub fn get(&self, kind: FactKind) -> Option<&Recorded> {
        self.latest.get(&kind)
    }

    /// Day from which the fact of a kind holds.
    pub fn day_of(&self, kind: FactKind) -> Option<Day> {
        self.get(kind).map(|record| record.valid_on)
    }

    /// Subcontractors with an entrusted payment agreement.
    pub fn entrusted(&self) -> impl Iterator<Item = PartyId> {
        self.entrusted.iter().map(|(party, _)| *party)
    }

    /// Progress money that was settled for a month's work, and the value of what was finished in it.
    pub fn progress_of(&self, month: Month) -> Option<(Fen, Option<Fen>)> {
        match self.progress.get(&month)?.fact {
            Fact::ProgressPayment { amount, finished_value, .. } => Some((amount, finished_value)),
            _ => None,
        }
    }

    /// All that hold, in the order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = &Recorded> {
        self.latest.values()
    }

    /// Day of the month on which wages of the month before are paid, where agreed.
    pub fn pay_day(&self) -> Option<u32> {
        match self.get(FactKind::PayDay)?.fact {
            Fact::PayDay { day } => Some(day),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
