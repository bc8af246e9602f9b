//! One `:61:` line: days, direction, amount, code and references.

use super::{amount_of, short_day};
use crate::base::{Day, Month};
use crate::wire::bank::{Detail, Direction, Entry, EntryStatus, Problem, Problems, Reason};
use crate::wire::text::quoted;

/// How far the booking day may lie from the value day when its year is chosen.
const YEAR_WINDOW_DAYS: i64 = 180;

/// Reads a `:61:` field; a line that cannot be read is a problem and no entry.
pub fn entry(lines: &[String], place: &str, problems: &mut Problems) -> Option<Entry> {
    let first = lines.first().map_or("", String::as_str).trim();
    let Some(mut entry) = parsed(first, place, problems) else {
        problems.push(
            Problem::new(
                place,
                Reason::BadFormat,
                format!("明细行 `{}` 无法识别", quoted(first, 60)),
                format!("the line `{}` cannot be read", quoted(first, 60)),
            )
            .fix("应形如 :61:2603020302D1234,56NTRF参考号", "it looks like :61:2603020302D1234,56NTRFreference")
            .lost(),
        );
        return None;
    };
    let supplement: Vec<&str> = lines.iter().skip(1).map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    if !supplement.is_empty() {
        entry.text = Some(supplement.join(" "));
    }
    place.clone_into(&mut entry.place);
    entry.details = vec![Detail {
        amount: Some(entry.amount),
        direction: entry.direction,
        text: entry.text.clone(),
        bank_ref: entry.bank_ref.clone(),
        returned: entry.reversal && entry.direction == Direction::Credit,
        ..Detail::default()
    }];
    Some(entry)
}

fn parsed(text: &str, place: &str, problems: &mut Problems) -> Option<Entry> {
    let digits = text.get(..6).filter(|head| head.bytes().all(|b| b.is_ascii_digit()))?;
    let value_on = value_day(digits, place, problems);
    let mut rest = text.get(6..)?;
    let mut booked_on = value_on;
    if let Some(short) = rest.get(..4).filter(|head| head.bytes().all(|b| b.is_ascii_digit())) {
        booked_on = value_on.and_then(|value| booking_day(short, value)).or(value_on);
        rest = rest.get(4..)?;
    }
    let (direction, reversal, after) = mark(rest)?;
    // The third letter of the currency may stand before the amount.
    let after = after.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(after);
    let end = after.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.')).unwrap_or(after.len());
    let (number, tail) = after.split_at(end);
    let amount = amount_of(number)?;
    let (code, references) = code_of(tail);
    let (own, bank) = references.split_once("//").unwrap_or((references, ""));
    Some(Entry {
        booked_on,
        value_on,
        amount,
        direction,
        status: EntryStatus::Booked,
        reversal,
        bank_ref: reference(bank),
        entry_ref: reference(own),
        code,
        ..Entry::default()
    })
}

/// `NONREF` is the standard's way to leave the reference out.
fn reference(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.eq_ignore_ascii_case("NONREF")).then(|| text.to_owned())
}

/// C, D, RC (a credit taken back: the balance shrinks), RD (a debit taken back: it grows); EC and ED are expected ones.
fn mark(text: &str) -> Option<(Direction, bool, &str)> {
    for (sign, direction, reversal) in [
        ("RC", Direction::Debit, true),
        ("RD", Direction::Credit, true),
        ("EC", Direction::Credit, false),
        ("ED", Direction::Debit, false),
        ("C", Direction::Credit, false),
        ("D", Direction::Debit, false),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            return Some((direction, reversal, rest));
        }
    }
    None
}

/// The type: a letter (N, F, S) and three characters; some banks leave it out.
fn code_of(tail: &str) -> (Option<String>, &str) {
    match tail.get(..4).filter(|code| code.starts_with(['N', 'F', 'S']) && code.bytes().all(|b| b.is_ascii_alphanumeric())) {
        Some("NONR") | None => (None, tail),
        Some(code) => (Some(code.to_owned()), tail.get(4..).unwrap_or_default()),
    }
}

/// A day that its month does not have (30 February, as banks with 30-day months write) is the month's last.
fn value_day(digits: &str, place: &str, problems: &mut Problems) -> Option<Day> {
    if let Some(day) = short_day(digits) {
        return Some(day);
    }
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    let first = digits.get(..4).and_then(|head| short_day(&format!("{head}01")));
    let last = first.filter(|_| number(4..6).is_some_and(|day| (29..=31).contains(&day))).map(|day| Month::last(day.month()));
    let used = last.map_or_else(|| ("无".to_owned(), "none".to_owned()), |day| (day.to_string(), day.to_string()));
    problems.push(Problem::new(
        place,
        Reason::BadTime,
        format!("起息日 `{digits}` 不存在，采用：{}", used.0),
        format!("value date `{digits}` does not exist; used instead: {}", used.1),
    ));
    last
}

/// The booking day MMDD in the year that brings it near the value day.
fn booking_day(short: &str, value: Day) -> Option<Day> {
    let month = short.get(..2)?.parse().ok()?;
    let day = short.get(2..4)?.parse().ok()?;
    let near = |year: i32| {
        let found =
            Day::of(year, month, day).or_else(|| Month::of(year, month).filter(|_| (29..=31).contains(&day)).map(Month::last))?;
        (found.days_since(value).abs() <= YEAR_WINDOW_DAYS).then_some(found)
    };
    [value.year(), value.year() - 1, value.year() + 1].into_iter().find_map(near)
}
