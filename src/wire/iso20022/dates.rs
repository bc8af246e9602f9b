//! Days and moments as ISO 20022 writes them.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::xml::Element;
use crate::base::day::SHANGHAI_OFFSET_SECONDS;
use crate::base::{Day, Moment};
use crate::wire::bank::{Problem, Problems, Reason};

/// The civil day of an ISO date or date-time.
///
/// A time in UTC (`Z`) is brought to Shanghai's day; with another offset, or none, the day is the one written, because
/// a bank writes its own clock.
pub fn day_of(text: &str) -> Option<Day> {
    let text = text.trim();
    let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok().map(Day)?;
    let rest = text.get(10..)?;
    if rest.starts_with('T') && (rest.ends_with('Z') || rest.ends_with("+00:00")) {
        return text.parse::<Moment>().ok().map(Moment::day).or(Some(day));
    }
    Some(day)
}

/// A moment; without an offset it is the time in Shanghai, without a time the beginning of the day.
pub fn moment_of(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(Moment(moment.timestamp_micros()));
    }
    match NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        Ok(local) => Some(Moment::from_local(local, SHANGHAI_OFFSET_SECONDS / 60)),
        Err(_) => day_of(text).map(Day::begins),
    }
}

/// The day inside a date choice (`Dt`, `DtTm`, or the text itself); a day that cannot be read is a problem and absent.
pub fn day_in(element: Option<&Element>, place: &str, problems: &mut Problems) -> Option<Day> {
    let text = element.and_then(|choice| choice.text_at(&["Dt", "DtTm"]).or_else(|| choice.own_text()))?;
    let day = day_of(&text);
    if day.is_none() {
        let found = crate::wire::text::quoted(&text, 32);
        problems.push(
            Problem::new(place, Reason::BadTime, format!("`{found}` 不是有效日期"), format!("`{found}` is not a valid date"))
                .fix("日期应写作 2026-03-02", "write dates like 2026-03-02"),
        );
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_the_bank_s_clock_and_utc_follows_shanghai() {
        for (text, day) in [
            ("2026-03-02", Some("2026-03-02")),
            ("2026-03-02+08:00", Some("2026-03-02")),
            ("2026-03-02T23:59:59", Some("2026-03-02")),
            ("2026-03-02T23:59:59.123+08:00", Some("2026-03-02")),
            ("2026-03-01T16:30:00Z", Some("2026-03-02")),
            ("2010-10-18T22:00:00+01:00", Some("2010-10-18")),
            ("2026-02-30", None),
            ("02.03.2026", None),
            ("", None),
            ("二〇二六年三月", None),
        ] {
            assert_eq!(day_of(text).map(|day| day.to_string()).as_deref(), day, "{text}");
        }
    }
}
