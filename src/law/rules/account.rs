//! The wage account (专用账户): opening with agreement, name, filing, and that money goes to registered workers only.

use crate::base::{Day, Fen};
use crate::law::book::ids::{R53_06A, R53_06B, R53_06C, R53_08A, RW_09};
use crate::law::facts::ProjectFacts;
use crate::law::finding::{Bench, Draft, Finding, System, day_text, keeper_of};
use crate::law::questions::deadline::{self, DeadlineInput, DeadlineKind};
use crate::law::questions::warning::Level;

use super::happened;

/// The last day of a limit: moved off rest days where the calendar is known, else the bare count.
pub(super) fn limit(bench: &Bench<'_>, kind: DeadlineKind, from: Day) -> Option<Day> {
    let answer = deadline::ask(bench.book, bench.region, bench.as_of, &DeadlineInput::new(kind, from));
    answer.due.or(answer.raw)
}

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    if exempt(bench, facts) {
        let small = |rule| {
            let draft = bench.on(System::Account, rule).shows("合同额", "contract sum", &facts.contract.sum, ToString::to_string);
            draft.not_concerned()
        };
        return [R53_06A, R53_06B, R53_06C, R53_08A].into_iter().map(small).collect();
    }
    vec![opening(bench, facts), agreement(bench, facts), name(bench, facts), filing(bench, facts), debits(bench, facts)]
}

/// Whether the region asks no account of contracts as small or as short as this one.
fn exempt(bench: &Bench<'_>, facts: &ProjectFacts) -> bool {
    let value = |key| bench.book.value(key, bench.region, bench.as_of).value;
    let sum = value("account.required_from_sum").and_then(|dated| dated.value.as_money()).zip(facts.contract.sum.get());
    let months =
        value("account.required_over_months").and_then(|dated| dated.value.as_ratio()).zip(facts.contract.period_months.get());
    sum.is_some_and(|(from, sum)| sum < from) || months.is_some_and(|(over, months)| rust_decimal::Decimal::from(months) <= over)
}

/// Judges something that must be there by the end of a limit.
fn by_limit(
    bench: &Bench<'_>,
    draft: Draft,
    there: Option<bool>,
    due: Option<Day>,
    keeper: Option<&str>,
    cure: (&str, &str),
) -> Finding {
    match (there, due) {
        (Some(true), _) => draft.kept(),
        (Some(false), Some(due)) if bench.as_of > due => draft.broken(Level::Red, Some(due.plus_days(1)), cure.0, cure.1),
        (_, Some(due)) if bench.as_of <= due => draft.kept(),
        _ => draft.not_known(keeper),
    }
}

fn opening(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let (signed, opened) = (&facts.contract.signed_on, &facts.account.opened_on);
    let draft = bench.on(System::Account, R53_06A).shows("合同签订", "contract signed", signed, ToString::to_string).shows(
        "专用账户开立",
        "account opened",
        opened,
        day_text,
    );
    let due = signed.get().and_then(|signed| limit(bench, DeadlineKind::AccountOpen, signed));
    let keeper = keeper_of(&[opened.keeper(), signed.keeper()]);
    let cure = ("开立农民工工资专用账户", "open the wage account");
    by_limit(bench, draft, opened.get().map(|day| day.is_some()), due, keeper, cure)
}

fn agreement(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let (signed, agreed) = (&facts.contract.signed_on, &facts.account.three_party_agreement);
    let draft = bench.on(System::Account, R53_06A).shows("三方协议", "three-party agreement", agreed, ToString::to_string);
    let due = signed.get().and_then(|signed| limit(bench, DeadlineKind::AccountOpen, signed));
    let keeper = keeper_of(&[agreed.keeper(), signed.keeper()]);
    by_limit(bench, draft, agreed.get(), due, keeper, ("签订三方协议并存档", "sign the three-party agreement and file it"))
}

fn name(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let matches = &facts.account.name_matches;
    let draft = bench.on(System::Account, R53_06B).shows("账户名称规范", "name as prescribed", matches, ToString::to_string);
    match (matches.get(), facts.account.opened_on.get()) {
        (_, Some(None)) => draft.not_concerned(),
        (Some(true), _) => draft.kept(),
        (Some(false), _) => draft.broken(Level::Yellow, None, "按规定更改账户名称", "have the account named as prescribed"),
        (None, _) => draft.not_known(matches.keeper()),
    }
}

fn filing(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let (opened, filed) = (&facts.account.opened_on, &facts.account.filed_on);
    let draft = bench
        .on(System::Account, R53_06C)
        .shows("专用账户开立", "account opened", opened, day_text)
        .shows("备案", "filed", filed, day_text);
    if opened.get() == Some(None) {
        return draft.not_concerned();
    }
    let due = happened(opened).and_then(|opened| limit(bench, DeadlineKind::AccountFiling, opened));
    let keeper = keeper_of(&[filed.keeper(), opened.keeper()]);
    let cure = ("向监管部门备案", "file the account with its supervisor");
    by_limit(bench, draft, filed.get().map(|day| day.is_some()), due, keeper, cure)
}

fn debits(bench: &Bench<'_>, facts: &ProjectFacts) -> Finding {
    let others = &facts.account.other_debits;
    let shown = |debits: &crate::law::facts::Debits| format!("{} / {}", debits.count, debits.amount);
    let rule = if others.get().is_some_and(|debits| debits.count > 0 || debits.amount != Fen::ZERO) { RW_09 } else { R53_08A };
    let draft = bench.on(System::Account, rule).shows("非工资支出笔数和金额", "debits to others", others, shown);
    match others.get() {
        Some(debits) if debits.count > 0 || debits.amount != Fen::ZERO => {
            draft.broken(Level::Red, None, "追回并说明每笔非工资支出", "recover and explain each debit to others than workers")
        }
        Some(_) => draft.kept(),
        None if facts.account.opened_on.get() == Some(None) => draft.not_concerned(),
        None => draft.not_known(others.keeper()),
    }
}
