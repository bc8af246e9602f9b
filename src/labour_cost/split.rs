//! Transfer days and what covered them: pure functions over facts and bank money.

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::money::TooMuch;
use crate::base::{Day, Fen, Month, words};
use crate::law::LawBook;
use crate::law::questions::labour_cost::{self, LabourCostInput, Work};
use crate::projects::{Fact, FactKind, Facts, Recorded, transfers_a_month};

words! {
    /// What an amount of labour cost follows from.
    pub enum Basis, "basis of labour cost" {
        /// An amount a month.
        Amount = "agreed_amount",
        /// A share of progress money.
        Share = "agreed_share",
    }
}
crate::web::openapi::word_schema!(Basis);

/// A transfer day with what is due on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The month whose work it pays for.
    pub period: Month,
    /// Which of the month's transfers it is, from 1.
    pub part: u32,
    /// Transfer day.
    pub due_on: Day,
    /// How much; `None` where the progress money of the period is not on record.
    pub amount: Option<Fen>,
    /// What the amount follows from.
    pub basis: Basis,
}

/// Labour cost that came in, or that the bank took back (then negative).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Booking day.
    pub on: Day,
    /// Net of the day.
    pub amount: Fen,
}

/// A transfer day with what covered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Item {
    /// The month whose work it pays for.
    pub period: Month,
    /// Which of the month's transfers it is, from 1; a cycle shorter than a month has several.
    pub part: u32,
    /// Transfer day.
    pub due_on: Day,
    /// How much; `None` where it is not known.
    pub amount: Option<Fen>,
    /// What the amount follows from.
    pub basis: Basis,
    /// What of it has come.
    pub covered: Fen,
    /// What of it has not come; `None` where the amount is not known.
    pub short: Option<Fen>,
    /// The day on which the last of it came, where all of it has.
    pub covered_on: Option<Day>,
    /// Days from the transfer day to the last of the money, or to today while something is short; never negative.
    pub late_days: i64,
}

impl Item {
    /// Whether the transfer day has passed and something is known to be short.
    pub fn is_open(&self, as_of: Day) -> bool {
        self.due_on < as_of && self.short.is_some_and(Fen::is_positive)
    }
}

/// Transfer days looked at for one project at most: forty years of months.
const MONTHS_MAX: usize = 480;

/// The kind of work of the law's tables for an industry of the registry.
fn work_of(facts: &Facts) -> Option<Work> {
    match &facts.get(FactKind::Industry)?.fact {
        Fact::Industry { industry } => match industry.as_str() {
            "building" => Some(Work::Building),
            "municipal" => Some(Work::Municipal),
            "transport" => Some(Work::Transport),
            "water" => Some(Work::Water),
            _ => None,
        },
        _ => None,
    }
}

/// What is agreed on labour cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Terms {
    share: Option<Decimal>,
    monthly: Option<Fen>,
    transfer_day: u32,
    transfers: u32,
}

impl Terms {
    fn of(record: &Recorded) -> Option<Terms> {
        let Fact::LabourCost { share, monthly, transfer_day, cycle_months } = &record.fact else { return None };
        let transfers = transfers_a_month(*cycle_months).unwrap_or(1);
        Some(Terms { share: *share, monthly: *monthly, transfer_day: *transfer_day, transfers })
    }

    /// Its transfer days of a month, in their order: the agreed one, and those that lie whole cycles before or after it.
    fn days_in(self, month: Month) -> Vec<Day> {
        let number = |cycles: u32| match cycles {
            0 => self.transfer_day,
            _ => (self.transfer_day.min(DAYS_OF_MONTH) - 1 + cycles * DAYS_OF_MONTH / self.transfers) % DAYS_OF_MONTH + 1,
        };
        let mut days: Vec<Day> = (0..self.transfers).map(|cycles| month.day_or_last(number(cycles))).collect();
        days.sort_unstable();
        days
    }
}

/// Days of a month as cycles shorter than one are counted.
const DAYS_OF_MONTH: u32 = 30;

/// What of a month's labour cost the parts from `before` on are: equal parts are equal but for single fen, and all together the whole.
fn part_of(whole: Fen, before: u32, parts: u32) -> Fen {
    let until = |parts: u32| i128::from(whole.0) * i128::from(parts) / i128::from(PARTS);
    i64::try_from(until(before.saturating_add(parts)) - until(before)).map_or(Fen::ZERO, Fen)
}

/// The contracts on labour cost in the order of record, as far as they hold on a day.
struct Contracts<'a> {
    known: Vec<&'a Recorded>,
    as_of: Day,
}

impl<'a> Contracts<'a> {
    fn of(history: &'a [Recorded], as_of: Day) -> Self {
        let is_known = |record: &&Recorded| record.fact.kind() == FactKind::LabourCost && record.valid_on <= as_of;
        Contracts { known: history.iter().filter(is_known).collect(), as_of }
    }

    /// The one in force on a day; before the first one the first one counts.
    fn on(&self, day: Day) -> Option<Terms> {
        let first = self.known.iter().map(|record| record.valid_on).min()?;
        let day = day.min(self.as_of).max(first);
        // Of two of one day the one recorded last holds, as `Facts` has it.
        self.known
            .iter()
            .filter(|record| record.valid_on <= day)
            .max_by_key(|record| record.valid_on)
            .and_then(|it| Terms::of(it))
    }

    /// The days within a month on which another contract begins to hold, and its first day.
    fn turns(&self, month: Month) -> Vec<Day> {
        let mut turns: Vec<Day> = self.known.iter().map(|record| record.valid_on).filter(|day| month.contains(*day)).collect();
        turns.push(month.first());
        turns.sort_unstable();
        turns.dedup();
        turns
    }

    /// The transfers of a month, each by the contract in force on its day, with its part of the month in [`PARTS`]; together they are the
    /// month. What a contract of a later day says does not reach back: its own days count from its first day on, and where none of them is
    /// left in the month, money still moves on the days agreed before.
    fn transfers_in(&self, month: Month) -> Vec<Transfer> {
        let Some(mut schedule) = self.on(month.first()) else { return Vec::new() };
        let turns = self.turns(month);
        let (mut found, mut left) = (Vec::new(), PARTS);
        for (at, from) in turns.iter().enumerate() {
            let Some(terms) = self.on(*from) else { continue };
            let until = turns.get(at + 1).map_or(month.last(), |next| next.plus_days(-1));
            if terms.days_in(month).iter().any(|day| day >= from) {
                schedule = terms;
            }
            let days = schedule.days_in(month);
            for on in days.iter().filter(|day| (*from..=until).contains(*day)) {
                let parts = if days.last() == Some(on) { left } else { left.min(PARTS / schedule.transfers) };
                left -= parts;
                if parts > 0 {
                    found.push(Transfer { on: *on, terms, parts });
                }
            }
        }
        found
    }
}

/// Parts of a month in which transfers are counted: one, two, three or four transfers are whole numbers of them.
const PARTS: u32 = 12;

/// A transfer of labour cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transfer {
    on: Day,
    terms: Terms,
    /// What of the month it brings, in [`PARTS`].
    parts: u32,
}

/// The transfer days from the start of work to `until`, each by the contract that was in force on it: each month of work stands on one,
/// whatever the contracts changed between an amount and a share. `history` is in the order of record. Work that has not begun makes
/// nothing due.
pub fn dues(book: &LawBook, region: crate::base::RegionCode, history: &[Recorded], until: Day, as_of: Day) -> Vec<Due> {
    let now = Facts::fold(history.iter().cloned(), as_of);
    let Some(started) = now.day_of(FactKind::Started) else { return Vec::new() };
    let end = now.day_of(FactKind::Finished).map_or(until, |finished| finished.min(until));
    let contracts = Contracts::of(history, as_of);
    let mut found = Vec::new();
    for period in started.month().up_to(until.month()).take(MONTHS_MAX) {
        let transfers = contracts.transfers_in(period);
        let (mut before, mut part) = (0, 0);
        for transfer in &transfers {
            let amount = transfer.terms.monthly.map(|monthly| part_of(monthly, before, transfer.parts));
            before += transfer.parts;
            part += u32::from(amount.is_some());
            if amount.is_some() && started < transfer.on && transfer.on <= end {
                found.push(Due { period, part, due_on: transfer.on, amount, basis: Basis::Amount });
            }
        }
        // The share is of what was settled for the month, so it is due in the next one and the last month's after the end of work. Where
        // the next one has an amount instead, the month is still paid by the share that it was worked for.
        let by_share: Vec<&Transfer> = transfers.iter().filter(|one| one.terms.monthly.is_none()).collect();
        let Some(terms) = by_share.last().map(|one| one.terms).filter(|_| period <= end.month()) else { continue };
        let worked: u32 = by_share.iter().map(|one| one.parts).sum();
        let mut transfers = contracts.transfers_in(period.plus(1));
        if transfers.is_empty() || transfers.iter().any(|one| one.terms.monthly.is_some()) {
            let parts = PARTS / terms.transfers;
            transfers = terms.days_in(period.plus(1)).into_iter().map(|on| Transfer { on, terms, parts }).collect();
        }
        before = 0;
        for transfer in transfers {
            let amount = now.progress_of(period).and_then(|(payment, _)| {
                let input = LabourCostInput {
                    work: work_of(&now),
                    progress_payment: Some(payment),
                    contract_share: transfer.terms.share,
                    ..LabourCostInput::default()
                };
                labour_cost::ask(book, region, transfer.on, &input).minimum
            });
            let amount = amount.map(|whole| part_of(part_of(whole, 0, worked), before, transfer.parts));
            before += transfer.parts;
            part += 1;
            if transfer.on <= until {
                found.push(Due { period, part, due_on: transfer.on, amount, basis: Basis::Share });
            }
        }
    }
    found.sort_by_key(|due| (due.due_on, due.period, due.part));
    found
}

/// Lays what came in against what was due, the oldest due first; gives the items and what is left over. A due of unknown amount takes
/// nothing: whoever pays late must not look on time because nobody wrote down how much it was.
pub fn covered(dues: &[Due], receipts: &[Receipt], as_of: Day) -> Result<(Vec<Item>, Fen), TooMuch> {
    let mut receipts: Vec<Receipt> = receipts.iter().copied().filter(|receipt| receipt.on <= as_of).collect();
    receipts.sort_by_key(|receipt| receipt.on);
    // What the bank took back is taken from the latest money that came before it.
    let mut kept: Vec<Receipt> = Vec::new();
    for receipt in receipts {
        if receipt.amount >= Fen::ZERO {
            kept.push(receipt);
            continue;
        }
        let mut back = receipt.amount.negated();
        for earlier in kept.iter_mut().rev() {
            let part = back.min(earlier.amount);
            earlier.amount = earlier.amount.minus(part)?;
            back = back.minus(part)?;
        }
    }
    let mut money = kept.into_iter();
    let mut purse: Option<Receipt> = money.next();
    let mut items = Vec::with_capacity(dues.len());
    for due in dues {
        let mut missing = due.amount.unwrap_or(Fen::ZERO);
        let mut last_on = None;
        while missing.is_positive() {
            let Some(receipt) = &mut purse else { break };
            let part = missing.min(receipt.amount);
            if part.is_positive() {
                missing = missing.minus(part)?;
                receipt.amount = receipt.amount.minus(part)?;
                last_on = Some(receipt.on);
            }
            if !receipt.amount.is_positive() {
                purse = money.next();
            }
        }
        let short = due.amount.map(|_| missing);
        let is_covered = due.amount.is_some() && !missing.is_positive();
        // What was paid ahead covers a day on the day itself.
        let covered_on = if is_covered { last_on.or(Some(due.due_on)) } else { None };
        let late_days = match (covered_on, short) {
            (Some(day), _) => day.days_since(due.due_on).max(0),
            (None, Some(_)) => as_of.days_since(due.due_on).max(0),
            (None, None) => 0,
        };
        items.push(Item {
            period: due.period,
            part: due.part,
            due_on: due.due_on,
            amount: due.amount,
            basis: due.basis,
            covered: due.amount.unwrap_or(Fen::ZERO).minus(missing)?,
            short,
            covered_on,
            late_days,
        });
    }
    let left = Fen::total(purse.into_iter().chain(money).map(|receipt| receipt.amount))?;
    Ok((items, left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn due(on: &str, fen: Option<i64>) -> Due {
        Due { period: day(on).month(), part: 1, due_on: day(on), amount: fen.map(Fen), basis: Basis::Amount }
    }

    fn came(on: &str, fen: i64) -> Receipt {
        Receipt { on: day(on), amount: Fen(fen) }
    }

    #[test]
    fn a_cycle_shorter_than_a_month_has_its_days_and_its_parts() {
        let days = |transfer_day: u32, transfers: u32, month: &str| {
            let terms = Terms { share: None, monthly: Some(Fen(100)), transfer_day, transfers };
            terms
                .days_in(month.parse().unwrap())
                .into_iter()
                .map(|day| day.to_string()[8..].to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(days(10, 1, "2026-03"), "10");
        assert_eq!(days(10, 2, "2026-03"), "10 25");
        assert_eq!(days(25, 2, "2026-03"), "10 25");
        assert_eq!(days(31, 2, "2026-02"), "15 28");
        assert_eq!(days(30, 3, "2026-02"), "10 20 28");
        assert_eq!(days(1, 4, "2026-03"), "01 08 16 23");
        for (whole, of) in [(100, 3), (101, 4), (7, 2), (1, 4)] {
            let each = PARTS / of;
            let parts: Vec<i64> = (0..of).map(|part| part_of(Fen(whole), part * each, each).0).collect();
            assert_eq!(parts.iter().sum::<i64>(), whole, "{parts:?}");
            assert!(parts.iter().max().unwrap() - parts.iter().min().unwrap() <= 1, "{parts:?}");
        }
    }

    #[test]
    fn money_covers_the_oldest_due_first_and_says_how_late() {
        let dues = [due("2026-01-10", Some(100)), due("2026-02-10", Some(100)), due("2026-03-10", Some(100))];
        let receipts = [came("2026-01-10", 60), came("2026-01-14", 40), came("2026-02-20", 150)];
        let (items, left) = covered(&dues, &receipts, day("2026-03-15")).unwrap();
        let shown: Vec<_> = items.iter().map(|item| (item.covered, item.short, item.covered_on, item.late_days)).collect();
        assert_eq!(
            shown,
            [
                (Fen(100), Some(Fen(0)), Some(day("2026-01-14")), 4),
                (Fen(100), Some(Fen(0)), Some(day("2026-02-20")), 10),
                (Fen(50), Some(Fen(50)), None, 5),
            ]
        );
        assert_eq!(left, Fen(0));
        assert!(items[2].is_open(day("2026-03-15")) && !items[2].is_open(day("2026-03-10")), "the day itself is not late");
    }

    #[test]
    fn money_that_came_early_is_not_late_and_what_is_left_over_stays() {
        let (items, left) = covered(&[due("2026-01-10", Some(100))], &[came("2026-01-02", 130)], day("2026-01-10")).unwrap();
        assert_eq!((items[0].late_days, items[0].covered_on, left), (0, Some(day("2026-01-02")), Fen(30)));
    }

    #[test]
    fn what_the_bank_took_back_covers_nothing() {
        let receipts = [came("2026-01-05", 100), came("2026-01-20", -70)];
        let (items, _) = covered(&[due("2026-01-10", Some(100))], &receipts, day("2026-02-01")).unwrap();
        assert_eq!((items[0].covered, items[0].short), (Fen(30), Some(Fen(70))));
        let (early, _) = covered(&[due("2026-01-10", Some(100))], &receipts, day("2026-01-12")).unwrap();
        assert_eq!(early[0].short, Some(Fen(0)), "nobody knew on the 12th");
    }

    #[test]
    fn a_due_of_unknown_amount_takes_nothing_and_is_neither_short_nor_covered() {
        let dues = [due("2026-01-10", None), due("2026-02-10", Some(100))];
        let (items, left) = covered(&dues, &[came("2026-02-01", 100)], day("2026-03-01")).unwrap();
        assert_eq!((items[0].short, items[0].covered_on, items[0].is_open(day("2026-03-01"))), (None, None, false));
        assert_eq!((items[1].short, left), (Some(Fen(0)), Fen(0)));
    }
}
