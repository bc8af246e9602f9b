//! Civil days, months and moments. The civil day is Asia/Shanghai's (+08:00, no daylight saving); a moment is UTC
//! with microseconds and is shown at +08:00.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, SecondsFormat, Weekday};

use super::{Unreadable, serde_as_text};

/// Seconds by which Asia/Shanghai is ahead of UTC.
pub const SHANGHAI_OFFSET_SECONDS: i32 = 8 * 3600;

/// Microseconds of a second.
const MICROS: i64 = 1_000_000;

/// A civil day in China, written `2026-03-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub NaiveDate);

impl Day {
    /// The day of that year, month and day of month, if there is one.
    pub fn of(year: i32, month: u32, day: u32) -> Option<Day> {
        NaiveDate::from_ymd_opt(year, month, day).map(Day)
    }

    /// The day `days` later (earlier when negative). Stays at the end of the calendar instead of failing.
    pub fn plus_days(self, days: i64) -> Day {
        let step = Days::new(days.unsigned_abs());
        let moved = if days < 0 { self.0.checked_sub_days(step) } else { self.0.checked_add_days(step) };
        Day(moved.unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// The same day number `months` later (earlier when negative); the last day of that month where it is missing (rule C-05).
    pub fn plus_months(self, months: i32) -> Day {
        let step = Months::new(months.unsigned_abs());
        let moved = if months < 0 { self.0.checked_sub_months(step) } else { self.0.checked_add_months(step) };
        Day(moved.unwrap_or(if months < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// Full days from `earlier` to this day; negative when this day comes first.
    pub fn days_since(self, earlier: Day) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }

    /// The month that the day lies in.
    pub fn month(self) -> Month {
        Month(self.0.with_day(1).unwrap_or(self.0))
    }

    /// Year number.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Day of the month, from 1.
    pub fn day_of_month(self) -> u32 {
        self.0.day()
    }

    /// Whether Saturday or Sunday, whatever the official calendar makes of it.
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// The moment at which the day begins in Shanghai.
    pub fn begins(self) -> Moment {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
        Moment(midnight - i64::from(SHANGHAI_OFFSET_SECONDS) * MICROS)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The library's own form is the same text as `%Y-%m-%d`, without reading a pattern each time.
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Day {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || Unreadable::new("day", text, "write an existing day like 2026-03-02");
        // The library would take signs and blanks, and what it wrote of them could not be read back.
        if text.len() != 10 || !has_digits_but(text, &[4, 7]) {
            return Err(wrong());
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Day).map_err(|_| wrong())
    }
}

/// Whether every byte is a digit but those at these places.
fn has_digits_but(text: &str, places: &[usize]) -> bool {
    text.bytes().enumerate().all(|(place, byte)| places.contains(&place) || byte.is_ascii_digit())
}

serde_as_text!(Day);

/// A calendar month, written `2026-03`; held as its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub(crate) NaiveDate);

impl Month {
    /// The month of that number (1 to 12) in that year.
    pub fn of(year: i32, month: u32) -> Option<Month> {
        NaiveDate::from_ymd_opt(year, month, 1).map(Month)
    }

    /// First day.
    pub fn first(self) -> Day {
        Day(self.0)
    }

    /// Last day.
    pub fn last(self) -> Day {
        self.first().plus_months(1).plus_days(-1)
    }

    /// The month `months` later (earlier when negative).
    pub fn plus(self, months: i32) -> Month {
        self.first().plus_months(months).month()
    }

    /// The day of that number, or the last day where the month is shorter.
    pub fn day_or_last(self, number: u32) -> Day {
        self.0.with_day(number).map_or_else(|| self.last(), Day)
    }

    /// Whether the day lies in this month.
    pub fn contains(self, day: Day) -> bool {
        day.month() == self
    }

    /// The months from this one to `last`, both included.
    pub fn up_to(self, last: Month) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self), |month| Some(month.plus(1))).take_while(move |month| *month <= last)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || Unreadable::new("month", text, "write a month like 2026-03");
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        if text.len() != 7 || !has_digits_but(text, &[4]) {
            return Err(wrong());
        }
        let year = year.parse().map_err(|_| wrong())?;
        let month = month.parse().map_err(|_| wrong())?;
        Month::of(year, month).ok_or_else(wrong)
    }
}

serde_as_text!(Month);

/// A moment in UTC, in microseconds since 1970, shown as RFC 3339 at +08:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The civil day in China at this moment.
    pub fn day(self) -> Day {
        Day(self.local().date())
    }

    /// Date and time on a clock in China.
    pub fn local(self) -> NaiveDateTime {
        let shifted = self.0.saturating_add(i64::from(SHANGHAI_OFFSET_SECONDS) * MICROS);
        DateTime::from_timestamp_micros(shifted).unwrap_or_default().naive_utc()
    }

    /// The moment at which a clock `offset_minutes` ahead of UTC shows `local`.
    pub fn from_local(local: NaiveDateTime, offset_minutes: i32) -> Moment {
        Moment(local.and_utc().timestamp_micros() - i64::from(offset_minutes) * 60 * MICROS)
    }

    /// The moment `seconds` later (earlier when negative).
    pub fn plus_seconds(self, seconds: i64) -> Moment {
        Moment(self.0.saturating_add(seconds.saturating_mul(MICROS)))
    }

    /// Whole seconds since 1970.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Whole milliseconds since 1970.
    pub fn unix_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = FixedOffset::east_opt(SHANGHAI_OFFSET_SECONDS)
            .zip(DateTime::from_timestamp_micros(self.0))
            .map(|(offset, utc)| utc.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Micros, false));
        f.write_str(shown.as_deref().unwrap_or("beyond the calendar"))
    }
}

impl FromStr for Moment {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DateTime::parse_from_rfc3339(text)
            .map(|moment| Moment(moment.timestamp_micros()))
            .map_err(|_| Unreadable::new("moment", text, "write RFC 3339 with an offset, like 2026-03-02T08:00:00+08:00"))
    }
}

serde_as_text!(Moment);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn months_keep_the_day_number_or_end_the_month() {
        assert_eq!(day("2026-01-31").plus_months(1), day("2026-02-28"));
        assert_eq!(day("2024-02-29").plus_months(12), day("2025-02-28"));
        assert_eq!(day("2026-12-31").plus_months(-1), day("2026-11-30"));
    }

    #[test]
    fn the_civil_day_is_shanghai_s() {
        let late: Moment = "2026-03-01T16:00:00Z".parse().unwrap();
        assert_eq!(late.day(), day("2026-03-02"));
        assert_eq!(day("2026-03-02").begins(), late);
        assert_eq!(late.to_string(), "2026-03-02T00:00:00.000000+08:00");
    }

    #[test]
    fn odd_text_is_refused() {
        for text in
            ["2026-2-3", "2026-02-30", "20260203", "2026-02-03 ", "２０26-02-03", "+12026-3-2", "-001-01-01", "2026-+1-01"]
        {
            assert!(text.parse::<Day>().is_err(), "{text} was read");
        }
        for text in ["2026-13", "2026-00", "26-01", "2026-1", "2026-+1", "+026-01"] {
            assert!(text.parse::<Month>().is_err(), "{text} was read");
        }
    }

    #[test]
    fn months_run_up_to_and_with_the_last() {
        let months: Vec<String> =
            Month::of(2025, 11).unwrap().up_to(Month::of(2026, 2).unwrap()).map(|m| m.to_string()).collect();
        assert_eq!(months, ["2025-11", "2025-12", "2026-01", "2026-02"]);
    }
}
