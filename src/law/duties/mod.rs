//! Duties: a rule asked alone. Each is a list of needs over named facts, three-valued; numbers are parameters of the book, never here.
//!
//! They cover the rows of the law whose facts no registry gathers yet, so that they can be asked, explained and tested as soon as
//! somebody has the facts. Deliberately absent: the card of a project (that is `rules/`), and whoever holds the facts.

mod account;
mod authority;
mod courts;
mod deposit;
mod money;
mod wages;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::base::Day;
use crate::law::book::{Span, SpanUnit, Value};
use crate::law::questions::REGIONAL_RULE;
use crate::law::questions::deadline::End;
use crate::law::questions::grounds::Asking;

/// What a rule needs. All needs of a duty must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::law) enum Need {
    /// The fact is true.
    Yes(&'static str),
    /// The fact is false.
    No(&'static str),
    /// One of them is enough.
    Any(&'static [Need]),
    /// Only where the fact is true.
    If(&'static str, &'static [Need]),
    /// Only where the number is at least the parameter.
    From(&'static str, &'static str, &'static [Need]),
    /// The number is at least the parameter.
    AtLeast(&'static str, &'static str),
    /// The number is at most the parameter.
    AtMost(&'static str, &'static str),
    /// The number is below the parameter.
    Below(&'static str, &'static str),
    /// The first number is not below the second.
    NotBelow(&'static str, &'static str),
    /// The number is not below the smaller one of two others.
    NotBelowSmaller(&'static str, &'static str, &'static str),
    /// The second day is not later than the limit after the first; a limit that ends on a rest day moves (C-02).
    Within(&'static str, &'static str, &'static str),
    /// The same for the cap of a cycle or a look-back, which never moves.
    Cycle(&'static str, &'static str, &'static str),
    /// The second day is not earlier than the span after the first.
    After(&'static str, &'static str, &'static str),
    /// The second day is exactly the span after the first.
    Ends(&'static str, &'static str, &'static str),
    /// The record is not gone before the span after the later one of two days.
    Keep(&'static str, &'static str, &'static str, &'static str),
    /// Paid on or before the agreed day, moved backwards off rest days.
    PaidBy(&'static str, &'static str),
}

/// A rule and what it needs.
#[derive(Debug, Clone, Copy)]
pub(in crate::law) struct Duty {
    /// The rule.
    pub(in crate::law) rule: &'static str,
    /// All of them must hold.
    pub(in crate::law) needs: &'static [Need],
}

/// The duty of a rule, where it has one.
pub(in crate::law) fn duty(rule: &str) -> Option<&'static Duty> {
    let tables = [wages::DUTIES, account::DUTIES, deposit::DUTIES, authority::DUTIES, courts::DUTIES, money::DUTIES];
    tables.into_iter().flatten().find(|duty| duty.rule == rule)
}

/// The kind of fact that a need reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::law) enum Sort {
    /// True or false.
    Truth,
    /// A day, or known not to have come.
    Day,
    /// A count, ratio or amount.
    Number,
}

/// A fact that was told.
#[derive(Debug, Clone, Copy)]
pub(in crate::law) enum Told {
    /// True or false.
    Truth(bool),
    /// A day; `None` where it is known not to have come.
    Day(Option<Day>),
    /// A count, ratio or amount in yuan.
    Number(Decimal),
}

impl Need {
    /// The names of the facts with their kinds, in the order of the needs.
    pub(in crate::law) fn facts(&self, list: &mut Vec<(&'static str, Sort)>) {
        let mut put = |name: &'static str, sort: Sort| {
            if !list.iter().any(|(known, _)| *known == name) {
                list.push((name, sort));
            }
        };
        match self {
            Need::Yes(name) | Need::No(name) => put(name, Sort::Truth),
            Need::Any(inner) => inner.iter().for_each(|need| need.facts(list)),
            Need::If(name, inner) => {
                put(name, Sort::Truth);
                inner.iter().for_each(|need| need.facts(list));
            }
            Need::From(name, _, inner) => {
                put(name, Sort::Number);
                inner.iter().for_each(|need| need.facts(list));
            }
            Need::AtLeast(name, _) | Need::AtMost(name, _) | Need::Below(name, _) => put(name, Sort::Number),
            Need::NotBelow(one, other) => [one, other].into_iter().for_each(|name| put(name, Sort::Number)),
            Need::NotBelowSmaller(one, other, third) => [one, other, third].into_iter().for_each(|name| put(name, Sort::Number)),
            Need::Within(from, done, _) | Need::Cycle(from, done, _) | Need::After(from, done, _) | Need::Ends(from, done, _) => {
                [from, done].into_iter().for_each(|name| put(name, Sort::Day));
            }
            Need::Keep(one, other, gone, _) => [one, other, gone].into_iter().for_each(|name| put(name, Sort::Day)),
            Need::PaidBy(agreed, paid) => [agreed, paid].into_iter().for_each(|name| put(name, Sort::Day)),
        }
    }
}

/// Where a duty is judged: the question, the facts, and the nearest limit that was found.
pub(in crate::law) struct Judge<'a, 'b> {
    pub(in crate::law) asking: &'b mut Asking<'a>,
    pub(in crate::law) rule: &'static str,
    pub(in crate::law) told: BTreeMap<&'static str, Told>,
    pub(in crate::law) due: Option<Day>,
}

impl Judge<'_, '_> {
    /// Whether all needs hold; `None` where a missing fact could still decide.
    pub(in crate::law) fn all(&mut self, needs: &[Need]) -> Option<bool> {
        let mut all = Some(true);
        for need in needs {
            match self.holds(need) {
                Some(false) => return Some(false),
                None => all = None,
                Some(true) => {}
            }
        }
        all
    }

    fn truth(&mut self, name: &str) -> Option<bool> {
        let known = if let Some(Told::Truth(truth)) = self.told.get(name) { Some(*truth) } else { None };
        self.asking.fact(name, known)
    }

    fn number(&mut self, name: &str) -> Option<Decimal> {
        let known = if let Some(Told::Number(number)) = self.told.get(name) { Some(*number) } else { None };
        self.asking.fact(name, known)
    }

    fn day(&mut self, name: &str) -> Option<Option<Day>> {
        let known = if let Some(Told::Day(day)) = self.told.get(name) { Some(*day) } else { None };
        self.asking.fact(name, known)
    }

    fn value(&mut self, key: &str) -> Option<Value> {
        let Some(dated) = self.asking.find(key) else {
            self.asking.need(REGIONAL_RULE);
            return None;
        };
        self.asking.used(self.rule, dated);
        Some(dated.value.clone())
    }

    fn figure(&mut self, key: &str) -> Option<Decimal> {
        self.value(key).and_then(|value| match value {
            Value::Money(fen) => Some(fen.yuan()),
            Value::Ratio(ratio) => Some(ratio),
            Value::Count(count) => Some(Decimal::from(count)),
            Value::Span(span) => Some(Decimal::from(span.count)),
            Value::Truth(_) | Value::Brackets(_) => None,
        })
    }

    fn span(&mut self, key: &str) -> Option<Span> {
        self.value(key).and_then(|value| value.as_span())
    }

    fn holds(&mut self, need: &Need) -> Option<bool> {
        match need {
            Need::Yes(name) => self.truth(name),
            Need::No(name) => self.truth(name).map(|truth| !truth),
            Need::Any(inner) => {
                let judged: Vec<Option<bool>> = inner.iter().map(|need| self.holds(need)).collect();
                match judged.contains(&Some(true)) {
                    true => Some(true),
                    false => judged.iter().all(Option::is_some).then_some(false),
                }
            }
            Need::If(name, inner) => match self.truth(name) {
                Some(false) => Some(true),
                Some(true) => self.all(inner),
                None => self.all(inner).filter(|all| *all),
            },
            Need::From(name, key, inner) => match (self.number(name), self.figure(key)) {
                (Some(number), Some(from)) if number < from => Some(true),
                (Some(_), Some(_)) => self.all(inner),
                _ => self.all(inner).filter(|all| *all),
            },
            Need::AtLeast(name, key) => self.number(name).zip(self.figure(key)).map(|(number, least)| number >= least),
            Need::AtMost(name, key) => self.number(name).zip(self.figure(key)).map(|(number, most)| number <= most),
            Need::Below(name, key) => self.number(name).zip(self.figure(key)).map(|(number, bound)| number < bound),
            Need::NotBelow(one, other) => self.number(one).zip(self.number(other)).map(|(one, other)| one >= other),
            Need::NotBelowSmaller(one, other, third) => {
                let smaller = self.number(other).zip(self.number(third)).map(|(other, third)| other.min(third));
                self.number(one).zip(smaller).map(|(one, smaller)| one >= smaller)
            }
            Need::Within(from, done, key) => self.limit(from, done, key, true),
            Need::Cycle(from, done, key) => self.limit(from, done, key, false),
            Need::After(from, done, key) => self.after(from, done, key),
            Need::Ends(from, ends, key) => {
                let end = self.end(from, key, false)?;
                self.day(ends).map(|ends| end.is_none_or(|end| ends == Some(end)))
            }
            Need::Keep(one, other, gone, key) => {
                let gone = self.day(gone)?;
                // What is still there is kept, whatever else is not known.
                let Some(gone) = gone else { return Some(true) };
                let start = self.day(one)?.zip(self.day(other)?).map(|(one, other)| one.max(other));
                // A clock that has not started has not run out either.
                let Some(start) = start else { return Some(false) };
                let span = self.span(key)?;
                Some(gone >= reach(start, span))
            }
            Need::PaidBy(agreed, paid) => {
                let agreed = self.day(agreed)?;
                let Some(agreed) = agreed else { return Some(true) };
                let Some(due) = self.asking.book.calendar().on_or_before(agreed) else {
                    self.asking.need("calendar");
                    return None;
                };
                self.due = Some(due);
                self.done_by(paid, due)
            }
        }
    }

    /// The end of the limit after an event; `Some(None)` where the event is known not to have come.
    fn end(&mut self, from: &str, key: &str, moves: bool) -> Option<Option<Day>> {
        let from = self.day(from)?;
        let Some(from) = from else { return Some(None) };
        let span = self.span(key)?;
        let end = End::after(self.asking.book.calendar(), from, span, moves);
        Some(Some(end.due.unwrap_or(end.raw)))
    }

    fn limit(&mut self, from: &str, done: &str, key: &str, moves: bool) -> Option<bool> {
        let Some(due) = self.end(from, key, moves)? else { return Some(true) };
        self.due = Some(self.due.map_or(due, |known| known.min(due)));
        self.done_by(done, due)
    }

    fn done_by(&mut self, done: &str, due: Day) -> Option<bool> {
        match self.told.get(done) {
            Some(Told::Day(Some(day))) => Some(*day <= due),
            _ if self.asking.as_of <= due => Some(true),
            _ => self.day(done).map(|day| day.is_some_and(|day| day <= due)),
        }
    }

    fn after(&mut self, from: &str, done: &str, key: &str) -> Option<bool> {
        let done = self.day(done)?;
        let Some(done) = done else { return Some(true) };
        // What was done without the event that had to come first was done too early.
        let Some(from) = self.day(from)? else { return Some(false) };
        let span = self.span(key)?;
        Some(done >= reach(from, span))
    }
}

/// The day a span of calendar days or months after another; working days do not occur in spans that only run on.
fn reach(from: Day, span: Span) -> Day {
    match span.unit {
        SpanUnit::Month => from.plus_months(i32::try_from(span.count).unwrap_or(i32::MAX)),
        SpanUnit::Day | SpanUnit::Workday => from.plus_days(i64::from(span.count)),
    }
}
