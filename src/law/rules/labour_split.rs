//! Labour cost against project money (分账): agreed in the contract, a cycle of a month, paid in on time and in full.

use crate::base::Day;
use crate::law::book::SpanUnit;
use crate::law::book::ids::{R53_05, R724_24B, R724_29A, RW_07};
use crate::law::facts::{AgreedLabourCost, Cycle, ProjectFacts};
use crate::law::finding::{Bench, Finding, System, day_text, keeper_of};
use crate::law::questions::warning::{self, Level, WarningInput};

use super::{BANK, happened, working};

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    vec![agreed(bench, facts), cycle(bench, facts), received(bench, facts), gap(bench, facts)]
}

fn agreed(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let split = &facts.labour_split;
    let shown = |agreed: &AgreedLabourCost| match agreed {
        AgreedLabourCost::Share { share } => share.normalize().to_string(),
        AgreedLabourCost::Amount { amount } => amount.to_string(),
        AgreedLabourCost::Silent => "未约定 / silent".to_owned(),
    };
    let number = |day: &Option<u32>| day.map_or_else(|| "未约定 / none".to_owned(), |day| day.to_string());
    let draft = bench
        .on(System::LabourSplit, R53_05)
        .shows("约定的占比或者数额", "share or amount agreed", &split.agreed, shown)
        .shows("约定的拨付日", "day agreed", &split.transfer_day, number);
    let silent = split.agreed.get() == Some(AgreedLabourCost::Silent) || split.transfer_day.get() == Some(None);
    match (silent, split.agreed.get(), split.transfer_day.get()) {
        (true, _, _) => draft.broken(
            Level::Yellow,
            None,
            "签订补充协议，约定占比或者数额和拨付日",
            "agree share or amount and day by a supplementary agreement",
        ),
        (false, Some(_), Some(_)) => draft.kept(),
        _ => draft.not_known(keeper_of(&[split.agreed.keeper(), split.transfer_day.keeper()])),
    }
}

fn cycle(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let cycle = &facts.labour_split.cycle;
    let shown = |cycle: &Cycle| match cycle {
        Cycle::Days(count) => format!("{count} 日 / days"),
        Cycle::Months(count) => format!("{count} 个月 / months"),
    };
    let draft = bench.on(System::LabourSplit, R724_24B).shows("拨付周期", "cycle", cycle, shown);
    let most = bench.book.value("labour_cost.cycle", bench.region, bench.as_of).value.and_then(|dated| dated.value.as_span());
    let Some((cycle, most)) = cycle.get().zip(most.filter(|most| most.unit == SpanUnit::Month)) else {
        return draft.not_known(cycle.keeper());
    };
    let months = i32::try_from(most.count).unwrap_or(i32::MAX);
    // A cycle in days may be as long as the longest stretch of so many months in the year to come.
    let stretch = |ahead: i32| {
        let first = bench.as_of.month().plus(ahead).first();
        first.plus_months(months).days_since(first)
    };
    let short = match cycle {
        Cycle::Days(count) => (0..12).map(stretch).any(|days| i64::from(count) <= days),
        Cycle::Months(count) => count <= most.count,
    };
    if short {
        return draft.kept();
    }
    draft.broken(Level::Yellow, None, "把拨付周期改为不超过1个月", "shorten the cycle to at most one month")
}

fn received(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let split = &facts.labour_split;
    let draft = bench
        .on(System::LabourSplit, R724_29A)
        .shows("应拨人工费用", "labour cost due", &split.due, ToString::to_string)
        .shows("已到账", "received", &split.received, ToString::to_string);
    match split.due.get().zip(split.received.get()) {
        Some((due, received)) if received >= due => draft.kept(),
        Some((due, received)) => {
            let short = due.minus(received).unwrap_or_default();
            let (zh, en) =
                (format!("建设单位补足人工费用 {short} 元"), format!("the owner pays the missing labour cost of {short} yuan"));
            draft.broken(Level::Yellow, None, &zh, &en)
        }
        None => draft.not_known(keeper_of(&[split.due.keeper(), split.received.keeper()])),
    }
}

/// Time since the last payment, counted from the start of work where there was none. Where the bank has told of earlier days only, what it
/// has not told of may hold a payment: the gap is as long as it was then, and not known where it was none then.
fn gap(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let last = &facts.labour_split.last_on;
    let draft = bench.on(System::LabourSplit, RW_07).shows("最近一次拨付", "last labour-cost payment", last, day_text);
    let from: Option<Day> = happened(last).or_else(|| last.get().and_then(|_| happened(&facts.milestones.started_on)));
    match (working(facts, bench.as_of), from) {
        (Some(false), _) => draft.not_concerned(),
        (Some(true), Some(from)) => {
            let level_on = |day: Day| {
                let input = WarningInput::LabourCostGap { last_on: Some(from) };
                warning::ask(bench.book, bench.region, day, &input).level
            };
            let (today, told) = (level_on(bench.as_of), last.seen_at().map(|at| at.day()).filter(|day| *day < bench.as_of));
            match told.map_or(today, |day| level_on(day.max(from)).min(today)) {
                Some(Level::None) if today.is_some_and(|level| level > Level::None) => draft.not_known(Some(BANK)),
                Some(Level::None) => draft.kept(),
                Some(level) => {
                    draft.broken(level, None, "建设单位拨付本周期人工费用", "the owner pays the labour cost of the cycle")
                }
                None => draft.not_known(None),
            }
        }
        _ => draft.not_known(keeper_of(&[
            last.keeper(),
            facts.milestones.started_on.keeper(),
            facts.milestones.finished_on.keeper(),
        ])),
    }
}
