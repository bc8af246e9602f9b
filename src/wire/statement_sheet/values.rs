//! Values of cells: money and days in the forms that exports use.

use super::grid::Cell;
use crate::base::Day;
use crate::wire::bank::{Amount, Reason};
use crate::wire::text::squeezed;

/// Serial dates that are believed: 1954 to 2119.
const SERIALS: std::ops::RangeInclusive<i64> = 20_000..=80_000;
/// Digits that a float keeps.
pub const FLOAT_DIGITS: usize = 15;

/// Money in a cell; nothing for blanks and dashes. CNY has two decimals, so more of them is a fault and never rounded.
pub fn money(cell: &Cell) -> Result<Option<Amount>, Reason> {
    let text = match cell {
        Cell::Empty => return Ok(None),
        Cell::Number(text) => text.clone(),
        Cell::Text(text) => {
            let text = squeezed(text);
            if text.chars().all(|c| matches!(c, '-' | '/' | '"')) {
                return Ok(None);
            }
            plain_number(&text)?
        }
    };
    let amount = Amount::parse(&text).ok_or(Reason::BadAmount)?;
    if amount.decimals() > 2 { Err(Reason::BadAmount) } else { Ok(Some(amount)) }
}

fn plain_number(text: &str) -> Result<String, Reason> {
    let mut text = text.trim_matches('"');
    let mut negative = false;
    if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (text, negative) = (inner, true);
    }
    for mark in ["人民币", "RMB", "CNY", "¥", "元"] {
        text = text.strip_prefix(mark).unwrap_or(text);
        text = text.strip_suffix(mark).unwrap_or(text);
    }
    if let Some(rest) = text.strip_suffix('-') {
        (text, negative) = (rest, !negative);
    }
    if let Some(rest) = text.strip_prefix('-') {
        (text, negative) = (rest, !negative);
    }
    text = text.strip_prefix('+').unwrap_or(text);
    for mark in ["RMB", "CNY", "¥"] {
        text = text.strip_prefix(mark).unwrap_or(text);
    }
    let shown_as_power =
        text.bytes().any(|b| matches!(b, b'e' | b'E')) && text.bytes().all(|b| b.is_ascii_digit() || b"eE.+-".contains(&b));
    if shown_as_power {
        return Err(Reason::PrecisionLost);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let grouped_end = whole.rsplit_once(',').map(|(_, end)| end.len());
    // `12,34` may be a decimal comma: nothing tells, so nothing is guessed.
    if part.contains(',') || grouped_end.is_some_and(|length| !(3..=4).contains(&length)) || whole.starts_with(',') {
        return Err(Reason::BadAmount);
    }
    let sign = if negative { "-" } else { "" };
    let point = if text.contains('.') { "." } else { "" };
    Ok(format!("{sign}{}{point}{part}", whole.replace(',', "")))
}

/// The day in a cell: text in the usual orders, or a serial number.
pub fn day(cell: &Cell, epoch_1904: bool) -> Option<Day> {
    let text = cell.text();
    let plain: String = text
        .chars()
        .map(|c| {
            if matches!(c, '年' | '月' | '/' | '.') {
                '-'
            } else if c == '日' || c == 'T' {
                ' '
            } else {
                c
            }
        })
        .collect();
    let first = plain.split(' ').find(|part| !part.is_empty())?;
    if first.bytes().all(|b| b.is_ascii_digit()) {
        return match first.len() {
            8 | 14 => of_parts(first.get(..4)?, first.get(4..6)?, first.get(6..8)?),
            5 => serial(first, epoch_1904),
            _ => None,
        };
    }
    // `45292.5` has become `45292-5` above.
    if matches!(cell, Cell::Number(_)) {
        return serial(text.split('.').next()?, epoch_1904);
    }
    let mut parts = first.splitn(3, '-');
    let (year, month, rest) = (parts.next()?, parts.next()?, parts.next()?);
    // `2026-03-02-10.15.30` and its like: what follows the day is its time.
    let day = rest.split('-').next()?;
    of_parts(year, month, day)
}

fn of_parts(year: &str, month: &str, day: &str) -> Option<Day> {
    let digits = |text: &str, most: usize| {
        (!text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())).then_some(())
    };
    digits(month, 2)?;
    digits(day, 2)?;
    digits(year, 4).filter(|()| year.len() == 4)?;
    Day::of(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn serial(text: &str, epoch_1904: bool) -> Option<Day> {
    let days = text.parse::<i64>().ok().filter(|days| SERIALS.contains(days))?;
    let epoch = if epoch_1904 { Day::of(1904, 1, 1)? } else { Day::of(1899, 12, 30)? };
    Some(epoch.plus_days(days))
}

/// An account number in a cell; a number cell of more than 15 digits has lost some of them.
pub fn account(cell: &Cell) -> Result<Option<String>, Reason> {
    let text = squeezed(&cell.text());
    let text = text.trim_matches('"');
    if text.chars().all(|c| c == '-') {
        return Ok(None);
    }
    let power = text.contains("E+") || text.contains("e+");
    if power
        || matches!(cell, Cell::Number(number) if number.bytes().filter(u8::is_ascii_digit).count() > FLOAT_DIGITS || number.contains('.'))
    {
        return Err(Reason::PrecisionLost);
    }
    Ok(Some(text.to_owned()))
}

/// Free text in a cell; dashes mean none.
pub fn words(cell: &Cell) -> Option<String> {
    let text = match cell {
        Cell::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        other => other.text(),
    };
    (!text.is_empty() && !text.chars().all(|c| matches!(c, '-' | '—'))).then_some(text)
}

/// ISO code of a currency as exports name it.
pub fn currency(text: &str) -> Option<&'static str> {
    let text = squeezed(text).to_ascii_uppercase();
    [
        ("CNY", &["人民币", "RMB", "CNY", "CNH", "156"][..]),
        ("USD", &["美元", "USD"][..]),
        ("HKD", &["港", "HKD"][..]),
        ("EUR", &["欧元", "EUR"][..]),
        ("JPY", &["日元", "JPY"][..]),
        ("GBP", &["英镑", "GBP"][..]),
    ]
    .into_iter()
    .find(|(_, names)| names.iter().any(|name| text.contains(name)))
    .map(|(code, _)| code)
}
