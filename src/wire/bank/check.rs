//! Checks that hold for every statement format: balances chain inside a statement and from one to the next.
//!
//! A broken chain is an alert, never a refusal: the entries are true whether or not a page is missing.

use super::{Amount, Direction, Entry, EntryStatus, Problem, Reason, Statement, StatementKind};

/// Counts and sums of entries as they pass by.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By direction (credit, debit) and whether booked: how many, and their sum (`None` beyond 28 digits).
    sides: [[(u64, Sum); 2]; 2],
    /// Currencies that entries name, in the order of their first naming.
    currencies: Vec<String>,
}

/// A sum that may have grown too large.
#[derive(Debug, Clone, Copy)]
struct Sum(Option<Amount>);

impl Default for Sum {
    fn default() -> Self {
        Sum(Some(Amount::ZERO))
    }
}

/// Currencies of one statement that are remembered; one foreign one is enough to say nothing of its balances.
const CURRENCIES_MAX: usize = 8;

impl Tally {
    /// Of entries that are at hand.
    pub fn of_entries<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let mut tally = Tally::default();
        for entry in entries {
            tally.add(entry);
        }
        tally
    }

    /// Counts one more.
    pub fn add(&mut self, entry: &Entry) {
        let [credits, debits] = &mut self.sides;
        let [booked, open] = if entry.direction == Direction::Credit { credits } else { debits };
        let (count, sum) = if entry.status == EntryStatus::Booked { booked } else { open };
        *count += 1;
        sum.0 = sum.0.and_then(|total| total.plus(entry.amount));
        if let Some(currency) = &entry.currency
            && self.currencies.len() < CURRENCIES_MAX
            && !self.currencies.contains(currency)
        {
            self.currencies.push(currency.clone());
        }
    }

    /// The currency that the first entry with one names.
    pub fn first_currency(&self) -> Option<&str> {
        self.currencies.first().map(String::as_str)
    }

    /// How many entries of a direction (or of both), all or booked ones only, and their sum.
    pub fn of(&self, side: Option<Direction>, booked_only: bool) -> (u64, Option<Amount>) {
        let [credits, debits] = &self.sides;
        let chosen = [(Direction::Credit, credits), (Direction::Debit, debits)];
        let chosen = chosen.into_iter().filter(|(direction, _)| side.is_none_or(|side| side == *direction));
        let parts = chosen.flat_map(|(_, [booked, open])| [Some(booked), Some(open).filter(|_| !booked_only)]).flatten();
        parts.fold((0, Some(Amount::ZERO)), |(number, total), (count, sum)| {
            (number + count, total.zip(sum.0).and_then(|(total, sum)| total.plus(sum)))
        })
    }

    /// Opening plus booked entries against closing; nothing to say where either balance is missing or currencies mix.
    pub fn balance_fault(&self, statement: &Statement, place: &str) -> Option<Problem> {
        let (opening, closing) = (statement.opening?, statement.closing?);
        if statement.currency.as_ref().is_some_and(|own| self.currencies.iter().any(|code| code != own)) {
            return None;
        }
        let (credits, debits) = (self.of(Some(Direction::Credit), true).1?, self.of(Some(Direction::Debit), true).1?);
        let expected = opening.plus(credits)?.plus(debits.negated())?;
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
}

/// [`Tally::balance_fault`] of a statement whose entries are at hand.
pub fn balance_fault(statement: &Statement, place: &str) -> Option<Problem> {
    Tally::of_entries(&statement.entries).balance_fault(statement, place)
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
