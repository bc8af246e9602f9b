//! The wage deposit (工资保证金): enough and in time, its guarantee not run out, replenished after use.

use rust_decimal::Decimal;

use crate::base::{Day, Fen, RegionCode};
use crate::law::LawBook;
use crate::law::book::ids::{R65_08, R65_17, R65_20, RW_08};
use crate::law::facts::{DepositFacts, DepositKind, ProjectFacts};
use crate::law::finding::{Bench, Finding, System, day_text, keeper_of};
use crate::law::questions::deadline::DeadlineKind;
use crate::law::questions::deposit::{self, DepositAnswer, DepositInput};
use crate::law::questions::guarantee::{self, GuaranteeInput};
use crate::law::questions::warning::Level;

use super::account::limit;
use super::happened;

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    vec![lodged(bench, facts), guarantee(bench, facts), replenished(bench, facts)]
}

/// The deposit due, with no default in place of a fact; `Err` names the keeper of one that is missing.
fn due(bench: &Bench<'_>, facts: &ProjectFacts) -> Result<DepositAnswer, Option<String>> {
    due_by(bench.book, bench.region, bench.as_of, facts)
}

/// The deposit due of a project by its facts; `Err` names the keeper of one that is missing, where there is one.
pub fn due_by(book: &LawBook, region: RegionCode, as_of: Day, facts: &ProjectFacts) -> Result<DepositAnswer, Option<String>> {
    let deposit = &facts.deposit;
    let missing = |keeper: Option<&str>| keeper.map(str::to_owned);
    let input = DepositInput {
        contract_sum: Some(facts.contract.sum.get().ok_or_else(|| missing(facts.contract.sum.keeper()))?),
        industry: facts.contract.industry.get().ok_or_else(|| missing(facts.contract.industry.keeper()))?,
        period_months: facts.contract.period_months.get().map(Decimal::from),
        signed_on: facts.contract.signed_on.get(),
        deposit_on: happened(&deposit.lodged_on),
        nth_project_in_area: deposit.nth_project_in_area.get().ok_or_else(|| missing(deposit.nth_project_in_area.keeper()))?,
        last_arrears_on: deposit.last_arrears_on.get().ok_or_else(|| missing(deposit.last_arrears_on.keeper()))?,
        clean_years: deposit.clean_years.get().ok_or_else(|| missing(deposit.clean_years.keeper()))?,
        on_serious_list: deposit.on_serious_list.get().ok_or_else(|| missing(deposit.on_serious_list.keeper()))?,
        systems_in_place: deposit.systems_in_place.get().ok_or_else(|| missing(deposit.systems_in_place.keeper()))?,
        already_deposited: deposit.already_deposited.get().ok_or_else(|| missing(deposit.already_deposited.keeper()))?,
        standard_amount: None,
        credit: deposit.credit.get().ok_or_else(|| missing(deposit.credit.keeper()))?,
    };
    Ok(deposit::ask(book, region, as_of, &input))
}

fn lodged(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let lodged = &facts.deposit.lodged;
    let start = &facts.milestones.permit_on;
    let draft = bench
        .on(System::Deposit, R65_08)
        .shows("已存储或者担保", "lodged or guaranteed", lodged, ToString::to_string)
        .shows("施工许可", "construction permit", start, day_text);
    let answer = match due(bench, facts) {
        Ok(answer) => answer,
        Err(keeper) => return draft.not_known(keeper.as_deref()),
    };
    let Some((amount, lodged)) = answer.amount.zip(lodged.get()) else {
        return draft.not_known(keeper_of(&[lodged.keeper(), Some("人社部门 / labour authority")]));
    };
    if lodged >= amount {
        return draft.kept();
    }
    let due_on = happened(start).and_then(|day| limit(bench, DeadlineKind::Deposit, day));
    let short = amount.minus(lodged).unwrap_or(Fen::ZERO);
    match (start.get(), due_on) {
        (Some(Some(_)), Some(due_on)) if bench.as_of > due_on => {
            let (zh, en) = (format!("补存工资保证金 {short} 元"), format!("deposit {short} yuan more"));
            draft.broken(Level::Red, Some(due_on.plus_days(1)), &zh, &en)
        }
        (Some(None), _) | (Some(Some(_)), Some(_)) => draft.kept(),
        _ => draft.not_known(start.keeper()),
    }
}

fn guarantee(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let DepositFacts { kind, guarantee_ends_on: ends, .. } = &facts.deposit;
    let finished = happened(&facts.milestones.finished_on).is_some_and(|day| day <= bench.as_of);
    let input = GuaranteeInput { ends_on: happened(ends), project_finished: finished, ..GuaranteeInput::default() };
    let remind_on = guarantee::ask(bench.book, bench.region, bench.as_of, &input).remind_on;
    let soon = remind_on.is_some_and(|day| bench.as_of >= day) && happened(ends).is_some_and(|ends| bench.as_of <= ends);
    let rule = if soon { RW_08 } else { R65_17 };
    let draft = bench.on(System::Deposit, rule).shows("保函到期", "guarantee ends", ends, day_text);
    match (kind.get(), ends.get()) {
        (Some(DepositKind::None | DepositKind::Cash), _) => draft.not_concerned(),
        _ if finished => draft.not_concerned(),
        (Some(DepositKind::Guarantee), Some(Some(ends))) if bench.as_of > ends => {
            draft.broken(Level::Red, Some(ends.plus_days(1)), "重新提供保函", "give a new guarantee")
        }
        (Some(DepositKind::Guarantee), Some(Some(_))) if soon => {
            draft.broken(Level::Red, remind_on, "到期前续展或者更换保函", "renew or replace the guarantee before it ends")
        }
        (Some(DepositKind::Guarantee), Some(Some(_))) => draft.kept(),
        _ => draft.not_known(keeper_of(&[kind.keeper(), ends.keeper()]).or(Some("施工总承包单位 / general contractor"))),
    }
}

fn replenished(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let DepositFacts { used_on: used, replenished_on, .. } = &facts.deposit;
    let draft = bench.on(System::Deposit, R65_20).shows("最近使用", "last used", used, day_text).shows(
        "最近补足",
        "last replenished",
        replenished_on,
        day_text,
    );
    let Some(used_on) = used.get() else { return draft.not_known(used.keeper()) };
    let Some(used_on) = used_on else { return draft.kept() };
    let due_on = limit(bench, DeadlineKind::DepositReplenish, used_on);
    match (replenished_on.get(), due_on) {
        (Some(Some(day)), _) if day >= used_on => draft.kept(),
        (_, Some(due_on)) if bench.as_of <= due_on => draft.kept(),
        (Some(_), Some(due_on)) => draft.broken(
            Level::Red,
            Some(due_on.plus_days(1)),
            "补足保证金或者重新提供保函",
            "replenish the deposit or give a new guarantee",
        ),
        _ => draft.not_known(replenished_on.keeper()),
    }
}
