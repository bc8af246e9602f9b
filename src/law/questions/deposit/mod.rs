//! `deposit`: how much wage deposit (工资保证金) a general contractor lays down, step by step, and `deposit_top_up`.
//!
//! Deliberately absent: rules by annual contract sum, which are not computed.

mod steps;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::base::{Day, Fen, RegionCode};
use crate::law::LawBook;

use super::given::{Given, Refusal, choices};
use super::grounds::{Grounds, ratio_text};

choices! {
    /// Kind of work for caps by industry.
    Industry {
        /// Buildings.
        Building = "building",
        /// Municipal works.
        Municipal = "municipal",
        /// Roads and bridges outside towns, ports.
        Transport = "transport",
        /// Railways.
        Rail = "rail",
        /// Water works.
        Water = "water",
        /// Anything else.
        Other = "other",
    }
}

choices! {
    /// Credit grade of the contractor, where the region has one.
    Credit {
        /// 良好.
        Good = "good",
        /// 优秀.
        Excellent = "excellent",
    }
}

/// What the amount depends on. Money in yuan, years as full years in the deposit area.
#[derive(Debug, Clone)]
pub struct DepositInput {
    /// Contract sum.
    pub contract_sum: Option<Fen>,
    /// Kind of work.
    pub industry: Industry,
    /// Contract period in months; a limb by period is not met without it.
    pub period_months: Option<Decimal>,
    /// Day of signing.
    pub signed_on: Option<Day>,
    /// Day of depositing; the day of asking where absent.
    pub deposit_on: Option<Day>,
    /// 1 for the first project of the contractor in the area.
    pub nth_project_in_area: u32,
    /// Last arrears on record; `None` where there are none.
    pub last_arrears_on: Option<Day>,
    /// Full years without arrears in the area after depositing there.
    pub clean_years: u32,
    /// On the list of seriously dishonest parties for arrears.
    pub on_serious_list: bool,
    /// Real-name and wage account systems in place.
    pub systems_in_place: bool,
    /// Deposits already laid down in the area.
    pub already_deposited: Fen,
    /// The amount before history, in place of sum and rate.
    pub standard_amount: Option<Fen>,
    /// Credit grade.
    pub credit: Option<Credit>,
}

impl Default for DepositInput {
    fn default() -> Self {
        DepositInput {
            contract_sum: None,
            industry: Industry::Building,
            period_months: None,
            signed_on: None,
            deposit_on: None,
            nth_project_in_area: 1,
            last_arrears_on: None,
            clean_years: 0,
            on_serious_list: false,
            systems_in_place: false,
            already_deposited: Fen::ZERO,
            standard_amount: None,
            credit: None,
        }
    }
}

/// The amount and how it came about.
#[derive(Debug, Clone, Serialize)]
pub struct DepositAnswer {
    /// Rules, trace, status, needs.
    #[serde(flatten)]
    pub grounds: Grounds,
    /// To be laid down.
    pub amount: Option<Fen>,
    /// After all steps, before caps and rounding; `None` where it cannot be derived.
    #[serde(serialize_with = "ratio_text")]
    pub rate: Option<Decimal>,
    /// Nothing is to be laid down.
    pub waived: Option<bool>,
    /// A cap lowered the amount.
    pub capped: Option<bool>,
}

impl DepositInput {
    pub(super) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let usual = DepositInput::default();
        let nth = given.count("nth_project_in_area")?.unwrap_or(usual.nth_project_in_area);
        if nth == 0 {
            return Err(Refusal::new("nth_project_in_area", "从 1 开始", "counts from 1"));
        }
        Ok(DepositInput {
            contract_sum: given.money("contract_sum")?,
            industry: given.choice("industry")?.unwrap_or(usual.industry),
            period_months: given.ratio("period_months")?,
            signed_on: given.day("signed_on")?,
            deposit_on: given.day("deposit_on")?,
            nth_project_in_area: nth,
            last_arrears_on: given.day("last_arrears_on")?,
            clean_years: given.count("clean_years")?.unwrap_or(usual.clean_years),
            on_serious_list: given.truth("on_serious_list")?.unwrap_or(usual.on_serious_list),
            systems_in_place: given.truth("systems_in_place")?.unwrap_or(usual.systems_in_place),
            already_deposited: given.money("already_deposited")?.unwrap_or(usual.already_deposited),
            standard_amount: given.money("standard_amount")?,
            credit: given.choice("credit")?,
        })
    }
}

/// Computes the deposit in the order small contract, history, further project, cap.
pub fn ask(book: &LawBook, region: RegionCode, as_of: Day, input: &DepositInput) -> DepositAnswer {
    steps::run(book, region, as_of, input)
}
