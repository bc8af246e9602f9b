//! The official working-day calendar of the State Council as data.
//!
//! A year that is not loaded is an answer (`None`), never a guess from weekends (rule C-03).

use std::collections::{BTreeMap, BTreeSet};

use super::Day;

/// What the State Council's notice says of one year: weekdays that are off and weekend days that are worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarYear {
    /// Every day off by the notice, weekends inside a holiday included.
    pub holidays: BTreeSet<Day>,
    /// Saturdays and Sundays that are working days (调休上班).
    pub workdays: BTreeSet<Day>,
}

/// Days that are worked and days that are not, for the years that were published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeMap<i32, CalendarYear>,
}

/// No step of a search goes further than this many days; the longest rest in any notice is nine days.
const REST_DAYS_MAX: i64 = 31;

impl Calendar {
    /// A calendar of the years given.
    pub fn new(years: BTreeMap<i32, CalendarYear>) -> Self {
        Self { years }
    }

    /// The years that are loaded.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.keys().copied()
    }

    /// The years with what was published for each.
    pub fn published(&self) -> impl Iterator<Item = (i32, &CalendarYear)> {
        self.years.iter().map(|(year, days)| (*year, days))
    }

    /// Whether the day is worked; `None` where its year was not published.
    pub fn is_workday(&self, day: Day) -> Option<bool> {
        let year = self.years.get(&day.year())?;
        if year.workdays.contains(&day) {
            return Some(true);
        }
        Some(!year.holidays.contains(&day) && !day.is_weekend())
    }

    /// The `count`-th working day after `start` (rule C-01: the start itself is not counted); `None` where a needed year is missing.
    pub fn plus_workdays(&self, start: Day, count: u32) -> Option<Day> {
        let mut day = start;
        for _ in 0..count {
            day = self.first_workday(day.plus_days(1), 1)?;
        }
        Some(day)
    }

    /// The day itself when it is worked, else the first working day after it (rule C-02).
    pub fn on_or_after(&self, day: Day) -> Option<Day> {
        self.first_workday(day, 1)
    }

    /// The day itself when it is worked, else the last working day before it (rule R724-14).
    pub fn on_or_before(&self, day: Day) -> Option<Day> {
        self.first_workday(day, -1)
    }

    /// Working days after `start` up to and with `end`; `None` where a needed year is missing.
    pub fn workdays_between(&self, start: Day, end: Day) -> Option<u32> {
        let mut count = 0;
        let mut day = start.plus_days(1);
        while day <= end {
            count += u32::from(self.is_workday(day)?);
            day = day.plus_days(1);
        }
        Some(count)
    }

    fn first_workday(&self, from: Day, step: i64) -> Option<Day> {
        for distance in 0..REST_DAYS_MAX {
            let day = from.plus_days(step * distance);
            if self.is_workday(day)? {
                return Some(day);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// Spring Festival 2026: off from 15 to 23 February, worked on Saturdays 14 and 28 February.
    fn calendar() -> Calendar {
        let holidays = (15..=23).map(|number| Day::of(2026, 2, number).unwrap()).collect();
        let workdays = [day("2026-02-14"), day("2026-02-28")].into();
        Calendar::new([(2026, CalendarYear { holidays, workdays })].into())
    }

    #[test]
    fn make_up_days_are_worked_and_holidays_are_not() {
        let calendar = calendar();
        assert_eq!(calendar.is_workday(day("2026-02-14")), Some(true));
        assert_eq!(calendar.is_workday(day("2026-02-16")), Some(false));
        assert_eq!(calendar.plus_workdays(day("2026-02-10"), 5), Some(day("2026-02-24")));
        assert_eq!(calendar.on_or_before(day("2026-02-16")), Some(day("2026-02-14")));
        assert_eq!(calendar.on_or_after(day("2026-02-16")), Some(day("2026-02-24")));
        assert_eq!(calendar.workdays_between(day("2026-02-10"), day("2026-02-24")), Some(5));
    }

    #[test]
    fn a_year_that_was_not_published_is_not_guessed() {
        assert_eq!(calendar().is_workday(day("2027-01-04")), None);
        assert_eq!(calendar().plus_workdays(day("2026-12-30"), 5), None);
    }
}
