//! Dates and times as devices write them. Only what is said is read: no clock, no guess at a zone.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime};

/// A wall time with the offset in minutes that the text names, if it names one.
pub type Wall = (NaiveDateTime, Option<i32>);

/// Reads `2026-11-21 07:58:03`, with `T` for the blank, `/` for `-`, a fraction, and `Z`, `+08:00` or `+0800` behind it.
/// An impossible date or time (31 April, 24:61, second 60) is none.
pub fn wall_time(text: &str) -> Option<Wall> {
    let text = text.trim();
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (clock, offset) = split_offset(rest.trim())?;
    Some((NaiveDateTime::new(read_date(date)?, read_clock(clock)?), offset))
}

/// Reads seconds since 1970 of exactly ten digits as the wall time of a clock `offset_minutes` ahead of UTC.
pub fn epoch_wall(text: &str, offset_minutes: i32) -> Option<NaiveDateTime> {
    let text = text.trim();
    if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    wall_of_seconds(text.parse().ok()?, offset_minutes)
}

/// The wall time, `offset_minutes` ahead of UTC, of a number of seconds since 1970.
pub fn wall_of_seconds(seconds: i64, offset_minutes: i32) -> Option<NaiveDateTime> {
    shifted(DateTime::from_timestamp(seconds, 0)?.naive_utc(), offset_minutes)
}

/// The same moment on another wall: `local` is shown by a clock `from` minutes ahead of UTC, the answer by one `to` ahead.
pub fn moved(local: NaiveDateTime, from: i32, to: i32) -> Option<NaiveDateTime> {
    shifted(local, to.checked_sub(from)?)
}

fn shifted(local: NaiveDateTime, minutes: i32) -> Option<NaiveDateTime> {
    local.checked_add_signed(Duration::minutes(i64::from(minutes)))
}

/// Splits a clock text from its offset in minutes.
fn split_offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, Some(0)));
    }
    let Some(place) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let (clock, offset) = text.split_at_checked(place)?;
    let digits: String = offset.chars().skip(1).filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    let minutes = number / 100 * 60 + number % 100;
    // No place on earth is further from UTC than 14 hours.
    (number % 100 < 60 && minutes <= 14 * 60)
        .then_some((clock.trim_end(), Some(if offset.starts_with('-') { -minutes } else { minutes })))
}

fn read_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(short_number(year)?).ok()?, two_digits(month)?, two_digits(day)?)
}

fn read_clock(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let millis = format!("{:0<3}", fraction.get(..fraction.len().min(3))?);
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || fraction.len() > 9 {
        return None;
    }
    NaiveTime::from_hms_milli_opt(two_digits(hour)?, two_digits(minute)?, two_digits(second)?, short_number(&millis)?)
}

fn two_digits(text: &str) -> Option<u32> {
    (1..=2).contains(&text.len()).then(|| short_number(text)).flatten()
}

fn short_number(text: &str) -> Option<u32> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        wall_time(text).map(|(local, offset)| format!("{local} {offset:?}"))
    }

    #[test]
    fn times_of_devices_are_read() {
        let plain = Some("2026-11-21 07:58:03 None".to_owned());
        for text in ["2026-11-21 07:58:03", "2026-11-21T07:58:03", "2026/11/21 7:58:3", " 2026-11-21 07:58:03 "] {
            assert_eq!(shown(text), plain, "{text}");
        }
        assert_eq!(shown("2026-11-21T07:58:03+08:00").unwrap(), "2026-11-21 07:58:03 Some(480)");
        assert_eq!(shown("2026-11-21T07:58:03+0830").unwrap(), "2026-11-21 07:58:03 Some(510)");
        assert_eq!(shown("2026-11-21T07:58:03.250-05:00").unwrap(), "2026-11-21 07:58:03.250 Some(-300)");
        assert_eq!(shown("2026-11-20T23:58:03Z").unwrap(), "2026-11-20 23:58:03 Some(0)");
    }

    #[test]
    fn impossible_times_are_none() {
        for text in [
            "2026-04-31 08:00:00",
            "2026-11-21 24:61:00",
            "2026-11-21 24:00:00",
            "2026-11-21 08:00:60",
            "2026-11-21",
            "26-11-21 08:00:00",
            "2026-11-21 08:00",
            "2026-11-21 08:00:00+99:00",
            "2026-11-21 08:00:00.",
            "not a time",
            "",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn ten_digits_are_seconds() {
        assert_eq!(epoch_wall("1795219083", 480).unwrap().to_string(), "2026-11-21 07:58:03");
        assert_eq!(epoch_wall("179521908", 480), None);
        assert_eq!(epoch_wall("1795219083000", 480), None);
    }
}
