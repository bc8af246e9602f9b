//! Cells as values: one reader each for money, decimals, days and months, whatever the program that wrote them.

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;

use super::Cell;
use crate::base::person::half_width;
use crate::base::{Day, Fen, Month};

/// Days between 1899-12-30 and 1904-01-01, the two days from which serials count.
const DAYS_1904: u64 = 1462;

/// A stored float as the shortest decimal of at most 15 significant digits, as the program that wrote it shows it.
pub(super) fn number_cell(float: f64) -> Cell {
    let scientific = format!("{float:.14e}");
    let Ok(decimal) = Decimal::from_scientific(&scientific) else {
        return Cell::Number { text: float.to_string(), exact: false };
    };
    let text = decimal.normalize().to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    Cell::Number { exact: digits <= 15, text }
}

/// Text without the marks around it: blanks, a leading `'`, `="…"`, full-width digits and letters.
pub fn clean(text: &str) -> String {
    let text = half_width(text);
    let text = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(&text);
    // Our own export puts the mark before text that would be a formula; Excel users type it before numbers.
    text.strip_prefix('\'').unwrap_or(text).trim().to_owned()
}

/// Whether a number went through a float: an identifier in such a cell has lost digits or may have.
pub fn is_float(cell: &Cell) -> bool {
    match cell {
        Cell::Number { .. } => true,
        // A text file saved by a spreadsheet program holds `1.19999E+17`.
        Cell::Text(text) => {
            let text = clean(text).to_ascii_uppercase();
            text.split_once("E+").is_some_and(|(head, tail)| {
                tail.bytes().all(|b| b.is_ascii_digit())
                    && !head.is_empty()
                    && head.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            })
        }
        _ => false,
    }
}

/// A decimal; blank and `-` are none. Thousands separators and currency signs go.
///
/// # Errors
/// The text, when it is no decimal.
pub fn decimal(cell: &Cell) -> Result<Option<Decimal>, String> {
    let shown = cell.shown();
    if matches!(cell, Cell::Date(_) | Cell::Bool(_) | Cell::Broken) {
        return Err(shown);
    }
    let plain: String = shown.chars().filter(|c| !matches!(c, '¥' | '￥' | ' ' | '元')).collect();
    let plain = ungrouped(&plain.replace('，', ",")).ok_or_else(|| shown.clone())?;
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    if plain.is_empty() || plain.chars().all(|c| matches!(c, '-' | '—' | '/')) {
        return Ok(None);
    }
    let digits = plain.strip_prefix('-').unwrap_or(plain);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(shown);
    }
    plain.parse().map(Some).map_err(|_| shown)
}

/// A number without the commas of its thousands, or of the ten thousands that Chinese counts by. `3,2` may be a decimal comma and `3.200,00`
/// is one: nothing is guessed, and it is no number.
fn ungrouped(text: &str) -> Option<String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.trim_start_matches(['+', '-']);
    let mut groups = digits.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let is_grouped_by = |size: usize| {
        (1..=size).contains(&first.len())
            && rest.iter().all(|group| group.len() == size && group.bytes().all(|b| b.is_ascii_digit()))
    };
    if part.contains(',') || !(rest.is_empty() || is_grouped_by(3) || is_grouped_by(4)) {
        return None;
    }
    Some(text.replace(',', ""))
}

/// An amount of money; blank and `-` are none.
///
/// # Errors
/// The text, when it is no amount or has more than two decimals.
pub fn money(cell: &Cell) -> Result<Option<Fen>, String> {
    match decimal(cell)? {
        None => Ok(None),
        Some(yuan) => yuan.normalize().to_string().parse().map(Some).map_err(|_| cell.shown()),
    }
}

/// A day, from a date cell, a serial number, or text such as `2026-11-21`, `2026/11/21`, `2026.11.21`, `20261121`,
/// `2026年11月21日`, with or without a time behind it. Blank is none.
///
/// # Errors
/// The text, when it is no existing day.
pub fn day(cell: &Cell, from_1904: bool) -> Result<Option<Day>, String> {
    let shown = cell.shown();
    match cell {
        Cell::Date(moment) => Ok(Some(Day(moment.date()))),
        Cell::Broken | Cell::Bool(_) => Err(shown),
        Cell::Number { text, .. } if text.len() != 8 => serial(text, from_1904).map(Some).ok_or(shown),
        _ if shown.is_empty() || shown == "-" => Ok(None),
        _ => match numbers_of(&shown).as_slice() {
            [year, month, day, ..] => {
                Day::of(i32::try_from(*year).unwrap_or(0), *month, *day).filter(real).map(Some).ok_or(shown)
            }
            [one] if shown.len() == 5 => serial(&one.to_string(), from_1904).map(Some).ok_or(shown),
            _ => Err(shown),
        },
    }
}

/// A month; any day of it will do: `2026-11`, `2026年11月`, `2026.11`, `202611`, or a day. Blank is none.
///
/// # Errors
/// The text, when it is no month. The number 2026.1 too: it may have been typed as 2026.10.
pub fn month(cell: &Cell, from_1904: bool) -> Result<Option<Month>, String> {
    let shown = cell.shown();
    if let Cell::Number { text, .. } = cell
        && text.contains('.')
        && text.len() != 7
    {
        return Err(shown);
    }
    if shown.is_empty() || shown == "-" {
        return Ok(None);
    }
    if let [year, month] = numbers_of(&shown).as_slice() {
        return Month::of(i32::try_from(*year).unwrap_or(0), *month).filter(|month| real(&month.first())).map(Some).ok_or(shown);
    }
    day(cell, from_1904).map(|day| day.map(Day::month))
}

/// The month named in a title such as `2026年10月工资支付表`.
pub fn month_in(title: &str) -> Option<Month> {
    let (before, after) = title.split_once('年')?;
    let year: String = before.chars().rev().take_while(|c| *c != ' ').filter(char::is_ascii_digit).take(4).collect();
    let year: String = year.chars().rev().collect();
    let month = after.split_once('月')?.0.trim();
    Month::of(year.parse().ok().filter(|_| year.len() == 4)?, month.parse().ok()?)
}

fn real(day: &Day) -> bool {
    (1900..=2200).contains(&day.0.year())
}

fn serial(text: &str, from_1904: bool) -> Option<Day> {
    let days: u64 = text.split('.').next()?.parse().ok()?;
    // Below 61 lies the 29 February 1900 that never was; no date of a worker stands there.
    if !(61..=80_000).contains(&days) {
        return None;
    }
    let shift = if from_1904 { DAYS_1904 } else { 0 };
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days + shift)).map(Day)
}

/// Year, month and day in a text, in that order; the time behind them is left out.
fn numbers_of(text: &str) -> Vec<u32> {
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let digits = date.bytes().all(|b| b.is_ascii_digit());
    let cut = |from: usize, to: usize| date.get(from..to).and_then(|part| part.parse().ok());
    match date.len() {
        8 if digits => return [cut(0, 4), cut(4, 6), cut(6, 8)].into_iter().flatten().collect(),
        6 if digits => return [cut(0, 4), cut(4, 6)].into_iter().flatten().collect(),
        _ => {}
    }
    let parts: Vec<&str> = date.split(['-', '/', '.', '年', '月', '日', '号']).filter(|part| !part.is_empty()).collect();
    if parts.len() > 3 || (parts.len() > 1 && parts.first().is_none_or(|year| year.len() != 4)) {
        return Vec::new();
    }
    let read: Option<Vec<u32>> = parts.iter().map(|part| part.parse().ok().filter(|_| part.len() <= 5)).collect();
    read.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn floats_show_fifteen_digits() {
        let shown = |float| number_cell(float).shown();
        assert_eq!((shown(5860.1), shown(0.1 + 0.2), shown(5860.0)), ("5860.1".into(), "0.3".into(), "5860".into()));
        assert_eq!(number_cell(119_999_199_001_010_012.0), Cell::Number { text: "119999199001010000".into(), exact: false });
        assert_eq!(money(&number_cell(5860.125)), Err("5860.125".into()));
        assert!(matches!(number_cell(f64::NAN), Cell::Number { exact: false, .. }));
    }

    #[test]
    fn amounts_have_many_faces() {
        for face in ["1,234.50", "+1234.50", "¥1234.5", "１２３４．５０", " 1234.50元 ", "'1234.5", "=\"1234.50\"", "1,234.5"]
        {
            assert_eq!(money(&text(face)), Ok(Some(Fen(123_450))), "{face}");
        }
        for none in ["", "-", "--", "  ", "/"] {
            assert_eq!(money(&text(none)), Ok(None), "{none}");
        }
        assert_eq!(money(&text("-1,2345,6789.00")), Ok(Some(Fen(-12_345_678_900))));
        assert_eq!(money(&text("1，234，567.8")), Ok(Some(Fen(123_456_780))));
        for bad in
            ["1.234", "abc", "1e3", "1.2.3", ".", "12,34.50", "3.200,00", "3,2", "32,00.00", ",200", "1,23,456", "1,234,5678"]
        {
            assert!(money(&text(bad)).is_err(), "{bad}");
        }
        assert!(money(&Cell::Broken).is_err());
    }

    #[test]
    fn days_and_months_have_many_faces() {
        let wanted: Day = "2026-11-21".parse().unwrap();
        for face in ["2026-11-21", "2026/11/21", "2026.11.21", "20261121", "2026年11月21日", "2026-11-21 07:58:03", "46347"] {
            assert_eq!(day(&text(face), false), Ok(Some(wanted)), "{face}");
        }
        assert_eq!(day(&number_cell(46347.0), false), Ok(Some(wanted)));
        assert_eq!(day(&number_cell(44885.0), true), Ok(Some(wanted)));
        assert_eq!(day(&number_cell(20_261_121.0), false), Ok(Some(wanted)));
        for bad in ["2026-02-30", "21.11.2026", "2026", "x", "2026-11"] {
            assert!(day(&text(bad), false).is_err(), "{bad}");
        }
        for face in ["2026-11", "2026年11月", "2026.11", "202611", "2026/11/21", "2026-11-01 00:00:00"] {
            assert_eq!(month(&text(face), false), Ok(Some(wanted.month())), "{face}");
        }
        assert_eq!(month(&number_cell(2026.11), false), Ok(Some(wanted.month())));
        assert!(month(&number_cell(2026.1), false).is_err());
        assert_eq!(month_in("某项目 2026年11月农民工工资支付表"), Some(wanted.month()));
        assert_eq!(month_in("工资支付表"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(any_text in any::<String>(), float in any::<f64>()) {
            for cell in [text(&any_text), number_cell(float)] {
                let _ = (money(&cell), day(&cell, true), month(&cell, false), is_float(&cell));
            }
            let _ = month_in(&any_text);
        }
    }
}
