//! Calendars as RFC 5545 has them: written, not read. Lines end in CRLF and are folded at 75 octets, never inside a character; text is
//! escaped; an event keeps its UID for ever, so that a calendar program moves it instead of showing it twice.
//!
//! Deliberately absent: times of day, time zones, recurrence and alarms. What falls due falls due on a civil day.

use crate::base::{Day, Moment};

/// Octets of a line, the line break apart (RFC 5545, 3.1).
const LINE_OCTETS: usize = 75;

/// A day on which something falls due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayEvent {
    /// The same for ever for the same thing.
    pub uid: String,
    /// Day.
    pub on: Day,
    /// One line.
    pub summary: String,
    /// More lines.
    pub description: String,
    /// Grows when the event changes.
    pub sequence: u32,
}

/// Text of a calendar with these events; `made_at` is the moment at which it was written.
pub fn calendar(name: &str, events: &[DayEvent], made_at: Moment) -> String {
    let mut text = String::new();
    put(&mut text, "BEGIN:VCALENDAR");
    put(&mut text, "VERSION:2.0");
    put(&mut text, "PRODID:-//anxin//labour cost//ZH");
    put(&mut text, "CALSCALE:GREGORIAN");
    put(&mut text, "METHOD:PUBLISH");
    put(&mut text, &format!("X-WR-CALNAME:{}", escaped(name)));
    for event in events {
        put(&mut text, "BEGIN:VEVENT");
        put(&mut text, &format!("UID:{}", escaped(&event.uid)));
        put(&mut text, &format!("DTSTAMP:{}", stamp(made_at)));
        put(&mut text, &format!("DTSTART;VALUE=DATE:{}", date(event.on)));
        put(&mut text, &format!("DTEND;VALUE=DATE:{}", date(event.on.plus_days(1))));
        put(&mut text, &format!("SEQUENCE:{}", event.sequence));
        put(&mut text, &format!("SUMMARY:{}", escaped(&event.summary)));
        if !event.description.is_empty() {
            put(&mut text, &format!("DESCRIPTION:{}", escaped(&event.description)));
        }
        put(&mut text, "TRANSP:TRANSPARENT");
        put(&mut text, "END:VEVENT");
    }
    put(&mut text, "END:VCALENDAR");
    text
}

fn date(day: Day) -> String {
    day.to_string().replace('-', "")
}

/// A moment in UTC, to the second.
fn stamp(at: Moment) -> String {
    let seconds = at.unix_seconds();
    let utc = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    utc.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value: backslash, semicolon, comma and line breaks escaped, other control characters left out (RFC 5545, 3.3.11).
fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => found.push_str("\\\\"),
            ';' => found.push_str("\\;"),
            ',' => found.push_str("\\,"),
            '\n' => found.push_str("\\n"),
            c if c.is_control() => {}
            c => found.push(c),
        }
    }
    found
}

/// Puts a content line, folded: each further line begins with a blank that belongs to no value.
fn put(text: &mut String, line: &str) {
    let mut room = LINE_OCTETS;
    for c in line.chars() {
        if c.len_utf8() > room {
            text.push_str("\r\n ");
            room = LINE_OCTETS - 1;
        }
        text.push(c);
        room -= c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(summary: &str) -> DayEvent {
        DayEvent {
            uid: "prj-0CJ1V8Q2M0001-2026-03@anxin".to_owned(),
            on: "2026-02-28".parse().unwrap(),
            summary: summary.to_owned(),
            description: "一,二;三\\四\n五\r\u{7}".to_owned(),
            sequence: 3,
        }
    }

    #[test]
    fn lines_end_in_crlf_and_are_folded_between_characters() {
        let text = calendar("人工费用", &[event(&"农民工工资专用账户".repeat(12))], "2026-03-02T09:00:00+08:00".parse().unwrap());
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_OCTETS), "{text}");
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains(&format!("SUMMARY:{}\r\n", "农民工工资专用账户".repeat(12))));
        assert!(unfolded.contains("DESCRIPTION:一\\,二\\;三\\\\四\\n五\r\n"));
        assert!(unfolded.contains("DTSTART;VALUE=DATE:20260228\r\nDTEND;VALUE=DATE:20260301\r\n"), "the end is the next day");
        assert!(unfolded.contains("DTSTAMP:20260302T010000Z\r\n"));
    }

    #[test]
    fn a_line_of_just_75_octets_is_not_folded() {
        let mut text = String::new();
        put(&mut text, &"a".repeat(75));
        assert_eq!(text, format!("{}\r\n", "a".repeat(75)));
        text.clear();
        put(&mut text, &"a".repeat(76));
        assert_eq!(text, format!("{}\r\n a\r\n", "a".repeat(75)));
    }
}
