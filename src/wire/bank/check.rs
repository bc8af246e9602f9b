//! Checks that hold for every statement format: balances chain inside a statement and from one to the next.
//!
//! A broken chain is an alert, never a refusal: the entries are true whether or not a page is missing.

use super::{Amount, EntryStatus, Problem, Reason, Statement, StatementKind};

/// Opening plus booked entries against closing; nothing to say where either balance is missing or currencies mix.
pub fn balance_fault(statement: &Statement, place: &str) -> Option<Problem> {
    let (opening, closing) = (statement.opening?, statement.closing?);
    let foreign = |code: &Option<String>| code.is_some() && statement.currency.is_some() && *code != statement.currency;
    if statement.entries.iter().any(|entry| foreign(&entry.currency)) {
        return None;
    }
    let booked = statement.entries.iter().filter(|entry| entry.status == EntryStatus::Booked);
    let expected = Amount::total(std::iter::once(opening).chain(booked.map(super::Entry::signed)))?;
    (expected != closing).then(|| {
        Problem::new(
            place,
            Reason::BalanceBreak,
            format!("期初余额 {opening} 加已记账明细为 {expected}，与期末余额 {closing} 不符"),
            format!("opening {opening} plus booked entries is {expected}, but closing is {closing}"),
        )
        .fix("请向银行索取完整对账单，检查是否缺页", "ask the bank for the whole statement; a page may be missing")
    })
}

/// Gaps and breaks between the statements of one file, per account and kind, in the order of the file.
pub fn sequence_faults(statements: &[Statement]) -> Vec<Problem> {
    let mut faults = Vec::new();
    let mut last: std::collections::BTreeMap<(&str, &str, bool), &Statement> = std::collections::BTreeMap::new();
    for (number, statement) in (1u32..).zip(statements) {
        if matches!(statement.kind, StatementKind::Notification | StatementKind::Sheet) || statement.copy_duplicate.is_some() {
            continue;
        }
        let Some(account) = statement.account.as_deref() else { continue };
        let key = (account, statement.currency.as_deref().unwrap_or(""), statement.kind == StatementKind::Report);
        let place = format!("statement {number}");
        if let Some(before) = last.insert(key, statement) {
            faults.extend(pair_faults(before, statement, &place));
        }
    }
    faults
}

fn pair_faults(before: &Statement, after: &Statement, place: &str) -> Vec<Problem> {
    let mut faults = Vec::new();
    let same_number = before.sequence == after.sequence;
    if same_number && before.sequence.is_some() && (before.page == after.page || before.id == after.id && after.page.is_none()) {
        // The same statement again, or the next page without a number of its own: nothing can be said about a gap.
        return faults;
    }
    if let (Some(earlier), Some(later)) = (before.sequence, after.sequence)
        && later != earlier
        && Some(later) != earlier.checked_add(1)
        // Numbers begin again with the year.
        && !(later == 1 && years_differ(before, after))
    {
        faults.push(
            Problem::new(
                place,
                Reason::Gap,
                format!("对账单序号不连续：上一份为 {earlier}，本份为 {later}"),
                format!("statement numbers are not consecutive: {earlier}, then {later}"),
            )
            .fix("请补传缺失的对账单", "upload the missing statement"),
        );
    }
    if let (Some(closing), Some(opening)) = (before.closing, after.opening)
        && closing != opening
        && before.kind == StatementKind::Statement
    {
        faults.push(
            Problem::new(
                place,
                Reason::BalanceBreak,
                format!("期初余额 {opening} 与上一份期末余额 {closing} 不符"),
                format!("opening {opening} differs from the previous closing {closing}"),
            )
            .fix("请补传缺失的对账单", "upload the missing statement"),
        );
    }
    faults
}

fn years_differ(before: &Statement, after: &Statement) -> bool {
    let year = |statement: &Statement| {
        statement.to.or(statement.from).or(statement.balances.last().and_then(|balance| balance.on)).map(crate::base::Day::year)
    };
    year(before) != year(after)
}
