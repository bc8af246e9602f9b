//! Questions to the law: one typed function each, with a typed answer that names its rules, values and what was missing.
//!
//! Facts are `Option`s: `None` is not known and never taken for something convenient; defaults exist only where the law cases give
//! one. Deliberately absent: the register of projects (that is `rules/`), and verdicts of gates (`decision.rs`).

pub mod crime;
pub mod deadline;
pub mod deposit;
pub mod enforcement;
pub mod given;
pub mod grounds;
pub mod guarantee;
pub mod labour_cost;
pub mod rule;
pub mod value;
pub mod warning;

use serde::Serialize;

use crate::base::{Day, RegionCode};

use super::LawBook;
use super::decision::cases::GateCase;
use super::tree::Table;
use given::{Given, Refusal};

pub use grounds::{Grounds, LAW_IN_FORCE, REGIONAL_RULE, Step};

/// The names of all questions.
pub const NAMES: [&str; 26] = [
    "deposit",
    "deposit_top_up",
    "guarantee",
    "deadline",
    "pay_date",
    "labour_cost",
    "retention",
    "liability",
    "penalty",
    "compensation",
    "inspection_window",
    "crime_threshold",
    "crime_leniency",
    "joint_list",
    "joint_intervention",
    "fled_order",
    "award_final",
    "progress_payment",
    "late_interest",
    "region_file",
    "warning",
    "site_entry",
    "account_freeze",
    "gate",
    "rule",
    "value",
];

/// Answers a question by its name from the `given` table of a case, as JSON.
pub(in crate::law) fn answer(
    name: &str,
    book: &LawBook,
    region: RegionCode,
    as_of: Day,
    table: &Table,
) -> Result<serde_json::Value, Refusal> {
    let mut given = Given::new(table);
    macro_rules! put {
        ($input:expr, $ask:expr) => {{
            let input = $input?;
            given.finish()?;
            json(&$ask(book, region, as_of, &input))
        }};
    }
    match name {
        "deposit" => put!(deposit::DepositInput::read(&mut given), deposit::ask),
        "deposit_top_up" => put!(guarantee::TopUpInput::read(&mut given), guarantee::top_up),
        "guarantee" => put!(guarantee::GuaranteeInput::read(&mut given), guarantee::ask),
        "deadline" => put!(deadline::DeadlineInput::read(&mut given, book, region, as_of), deadline::ask),
        "pay_date" => put!(deadline::PayDateInput::read(&mut given), deadline::pay_date),
        "labour_cost" => put!(labour_cost::LabourCostInput::read(&mut given), labour_cost::ask),
        "retention" => put!(enforcement::RetentionInput::read(&mut given), enforcement::retention),
        "liability" => put!(labour_cost::LiabilityInput::read(&mut given), labour_cost::liability),
        "penalty" => put!(enforcement::PenaltyInput::read(&mut given), enforcement::penalty),
        "compensation" => put!(labour_cost::CompensationInput::read(&mut given), labour_cost::compensation),
        "inspection_window" => put!(enforcement::WindowInput::read(&mut given), enforcement::inspection_window),
        "crime_threshold" => put!(crime::CrimeInput::read(&mut given), crime::ask),
        "crime_leniency" => put!(crime::LeniencyInput::read(&mut given), crime::leniency),
        "joint_list" => put!(crime::ListInput::read(&mut given), crime::joint_list),
        "joint_intervention" => put!(enforcement::JointInput::read(&mut given), enforcement::joint_intervention),
        "fled_order" => put!(enforcement::FledInput::read(&mut given), enforcement::fled_order),
        "award_final" => put!(enforcement::AwardInput::read(&mut given), enforcement::award_final),
        "progress_payment" => put!(labour_cost::ProgressInput::read(&mut given), labour_cost::progress_payment),
        "late_interest" => put!(labour_cost::InterestInput::read(&mut given), labour_cost::late_interest),
        "region_file" => {
            let input = guarantee::RegionFileInput::read(&mut given)?;
            given.finish()?;
            json(&guarantee::region_file(book, as_of, &input))
        }
        "warning" => put!(warning::WarningInput::read(&mut given), warning::ask),
        "site_entry" => put!(warning::EntryInput::read(&mut given), warning::site_entry),
        "account_freeze" => put!(warning::FreezeInput::read(&mut given), warning::account_freeze),
        "gate" => {
            let case = GateCase::read(&mut given)?;
            given.finish()?;
            case.answer(book, region, as_of)
        }
        "rule" => {
            let input = rule::RuleInput::read(&mut given, book, region)?;
            given.finish()?;
            json(&rule::ask(book, region, as_of, &input))
        }
        "value" => put!(value::ValueInput::read(&mut given), value::ask),
        _ => {
            let names = NAMES.join(", ");
            Err(Refusal::new(
                "ask",
                &format!("没有 `{name}` 这个问题，可用：{names}"),
                &format!("no question `{name}`; there are {names}"),
            ))
        }
    }
}

/// An answer as JSON.
pub(in crate::law) fn json(answer: &impl Serialize) -> Result<serde_json::Value, Refusal> {
    serde_json::to_value(answer).map_err(|e| Refusal::new("ask", "答案无法写成 JSON", &format!("the answer is no JSON: {e}")))
}
