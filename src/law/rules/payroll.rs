//! Pay sheets (工资支付表): made and audited every month, paid to every worker who attended.

use crate::base::Month;
use crate::law::book::ids::{R724_31A, R724_31B, RW_01};
use crate::law::facts::{Fact, MonthPay, ProjectFacts, SheetState};
use crate::law::finding::{Bench, Finding, System, keeper_of};
use crate::law::questions::warning::{self, Level, WarningInput};

use super::BANK;
use super::arrears::concerned;

pub(super) fn judge(bench: &Bench<'_>, facts: &ProjectFacts) -> Vec<Finding> {
    vec![sheets(bench, &facts.payroll), unpaid(bench, &facts.payroll), coverage(bench, &facts.payroll)]
}

fn months_text(months: &[Month]) -> String {
    months.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Months past their pay day whose sheet is not audited: broken where nothing was paid when RW-01 turns red, not known until then.
fn sheets(bench: &Bench<'_>, payroll: &[MonthPay]) -> Finding {
    let open: Vec<&MonthPay> = payroll
        .iter()
        .filter(|month| month.sheet != SheetState::Audited && bench.as_of > month.pay_due_on && concerned(month) != Some(false))
        .collect();
    let months: Vec<Month> = open.iter().map(|month| month.month).collect();
    let red = |month: &&&MonthPay| concerned(month) == Some(true) && red(bench, month.month);
    let late: Vec<Month> = open.iter().filter(red).map(|month| month.month).collect();
    let since = open.iter().find(red).map(|month| month.pay_due_on.plus_days(1));
    let fact = Fact::known(months_text(&months), "pay sheets");
    let draft =
        bench.on(System::Payroll, R724_31A).shows("未审核工资表的月份", "months without an audited sheet", &fact, Clone::clone);
    if !late.is_empty() {
        // Where people are on the roll and nobody was seen there is nobody to sign.
        let is_empty = |month: &&&MonthPay| month.attended.get() == Some(0) && month.due.workers == 0;
        let empty: Vec<Month> = open.iter().filter(red).filter(is_empty).map(|month| month.month).collect();
        let worked: Vec<Month> = late.iter().copied().filter(|month| !empty.contains(month)).collect();
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        if !worked.is_empty() {
            zh.push(format!("编制、签字并审核工资表：{}", months_text(&worked)));
            en.push(format!("make, sign and audit the sheets of {}", months_text(&worked)));
        }
        if !empty.is_empty() {
            let months = months_text(&empty);
            zh.push(format!("无人出勤的月份，编制空的工资表并审核（无人签字），已离场的人员登记退场：{months}"));
            en.push(format!(
                "where nobody worked make and audit an empty sheet, which nobody signs, and record who has left the site: {months}"
            ));
        }
        let (zh, en) = (zh.join("；"), en.join("; "));
        return draft.broken(Level::Red, since, &zh, &en);
    }
    if open.is_empty() {
        return draft.kept();
    }
    let keepers: Vec<Option<&str>> = open.iter().map(|month| month.attended.keeper()).collect();
    draft.not_known(keeper_of(&keepers).or(Some("分包单位 / subcontractor")))
}

fn red(bench: &Bench<'_>, month: Month) -> bool {
    let input = WarningInput::UnpaidMonth { month: Some(month), paid: Some(false) };
    warning::ask(bench.book, bench.region, bench.as_of, &input).level == Some(Level::Red)
}

/// Attendance without any payment, from the day that RW-01 names.
fn unpaid(bench: &Bench<'_>, payroll: &[MonthPay]) -> Finding {
    let attended = |month: &&MonthPay| month.attended.get().is_some_and(|workers| workers > 0);
    let unpaid = || payroll.iter().filter(attended).filter(|month| month.paid.workers == 0 && red(bench, month.month));
    let owed: Vec<&MonthPay> = unpaid().filter(|month| !month.bank_silent).collect();
    let months: Vec<Month> = owed.iter().map(|month| month.month).collect();
    let fact = Fact::known(months_text(&months), "bank results");
    let draft = bench.on(System::Payroll, RW_01).shows("有考勤未发放的月份", "months attended and not paid", &fact, Clone::clone);
    if let Some(first) = owed.first() {
        let (zh, en) = (format!("发放工资：{}", months_text(&months)), format!("pay the wages of {}", months_text(&months)));
        return draft.broken(Level::Red, Some(first.pay_due_on.plus_days(1)), &zh, &en);
    }
    if unpaid().next().is_some() {
        return draft.not_known(Some(BANK));
    }
    match payroll.iter().find(|month| month.attended.get().is_none() && bench.as_of > month.pay_due_on) {
        Some(month) => draft.not_known(month.attended.keeper()),
        None => draft.kept(),
    }
}

/// Paid against attending in the last month whose pay day has passed (RW-03, RW-04).
fn coverage(bench: &Bench<'_>, payroll: &[MonthPay]) -> Finding {
    let last = payroll.iter().filter(|month| bench.as_of > month.pay_due_on).max_by_key(|month| month.month);
    let Some(month) = last else { return bench.on(System::Payroll, R724_31B).not_concerned() };
    let input = WarningInput::Coverage { attended: month.attended.get(), paid: Some(month.paid.workers) };
    let answer = warning::ask(bench.book, bench.region, bench.as_of, &input);
    let rule = answer.grounds.rules.first().map_or(R724_31B, String::as_str);
    let paid = Fact::known(month.paid.workers, "bank results");
    let draft = bench.on(System::Payroll, rule).shows("出勤人数", "attended", &month.attended, ToString::to_string).shows(
        "已发人数",
        "paid",
        &paid,
        ToString::to_string,
    );
    match answer.level {
        Some(Level::None) => draft.kept(),
        Some(_) if month.bank_silent => draft.not_known(Some(BANK)),
        Some(level) => {
            let (zh, en) = (format!("补发 {} 工资", month.month), format!("pay the rest of {}", month.month));
            draft.broken(level, Some(month.pay_due_on.plus_days(1)), &zh, &en)
        }
        None => draft.not_known(month.attended.keeper()),
    }
}
