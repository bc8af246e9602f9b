//! What every attendance device says, whatever its maker: punches, refused attempts, heartbeats, and lines that
//! could not be read.
//!
//! Each reader (`zkteco`, `hikvision`, `dahua`, `punch`) turns one request body into a [`DeviceBatch`]. Deliberately
//! absent: who the person is, which gate the device hangs at, duplicates across batches. Those need the database.

pub mod multipart;
pub mod time;

use std::collections::HashMap;

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use super::reason::Reason;

/// Largest number of punches that one body is read for; more than any honest device can hold.
pub const PUNCHES_MAX: usize = 1_000_000;
/// Largest number of problems described one by one; the others are counted in a last one.
pub const PROBLEMS_MAX: usize = 10_000;
/// Longest person number, card number or event number, in characters.
pub const KEY_CHARS_MAX: usize = 64;
/// Offset of a clock in China, in minutes ahead of UTC.
pub const CHINA_OFFSET_MINUTES: i32 = 480;

/// A number or name of a device's own as it is kept as part of a key: without control characters, which not every database takes, and not
/// without end.
pub fn key_text(text: String) -> String {
    if text.len() <= KEY_CHARS_MAX && !text.chars().any(char::is_control) {
        return text;
    }
    text.chars().filter(|c| !c.is_control()).take(KEY_CHARS_MAX).collect()
}

/// What the device calls the person by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PersonKind {
    /// A number that the device was given: PIN, employee number.
    #[default]
    Pin,
    /// Number of a card or badge.
    Card,
    /// Citizen's identity number.
    IdCard,
    /// Our own worker id.
    Worker,
}

impl PersonKind {
    /// The word used in our JSON.
    pub fn code(self) -> &'static str {
        match self {
            PersonKind::Pin => "pin",
            PersonKind::Card => "card",
            PersonKind::IdCard => "id_card",
            PersonKind::Worker => "worker",
        }
    }
}

/// Which way the person went, as the message says; the gate's own direction is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Entered the site (进, 01).
    In,
    /// Left the site (出, 02).
    Out,
}

impl Direction {
    /// The word used in our JSON.
    pub fn code(self) -> &'static str {
        match self {
            Direction::In => "in",
            Direction::Out => "out",
        }
    }

    /// Direction of an attendance state: 0, 3 and 4 enter, 1, 2 and 5 leave.
    pub fn of_state(state: i32) -> Option<Direction> {
        match state {
            0 | 3 | 4 => Some(Direction::In),
            1 | 2 | 5 => Some(Direction::Out),
            _ => None,
        }
    }
}

/// Where the offset of a punch comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffsetSource {
    /// The message names it.
    Message,
    /// The device's setting (or the project's default).
    DeviceSetting,
    /// The message names a wrong one, which the device's setting replaces.
    Corrected,
}

impl OffsetSource {
    /// The word stored with the punch.
    pub fn code(self) -> &'static str {
        match self {
            OffsetSource::Message => "message",
            OffsetSource::DeviceSetting => "device_setting",
            OffsetSource::Corrected => "corrected",
        }
    }
}

/// One passage of one person, or one refused attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DevicePunch {
    /// PIN, card, identity number or worker id, as `kind` says; never empty.
    pub person: String,
    /// What `person` is.
    pub kind: PersonKind,
    /// Date and time on the device's wall; a moment without a wall is shown at the device's offset.
    pub at_local: NaiveDateTime,
    /// Minutes ahead of UTC that the message names.
    pub offset_minutes: Option<i32>,
    /// 0 in, 1 out, 2 and 3 meal out and in, 4 and 5 overtime in and out; unknown numbers are kept.
    pub state: Option<i32>,
    /// 0 password, 1 finger, 2 badge, 3 PIN, 15 face, 25 palm; unknown numbers are kept.
    pub verify: Option<i32>,
    /// How many equal punches (person, time, state, verify) came before in this batch.
    pub ordinal: u32,
    /// Line or item number in the body, from 1.
    pub line: u32,
    /// The message's own direction.
    pub direction: Option<Direction>,
    /// Number of the event on the device, where there is one; part of the key.
    pub event: Option<String>,
    /// Door, reader or lane as the message names it.
    pub channel: Option<String>,
    /// National attendance type (`001` face … `011` other), where the message gives it.
    pub attend_type: Option<String>,
    /// The machine that the event names, where it is another one than the message's first.
    pub named: Option<Box<Named>>,
}

/// How a message names a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// Serial number, or the MAC where there is none.
    pub device: Option<String>,
    /// Hardware address.
    pub mac: Option<String>,
}

impl DevicePunch {
    /// The offset that counts and where it comes from. A message that contradicts the device's setting is corrected:
    /// firmware that sends +08:30 for a clock on Shanghai time is seen in the field.
    pub fn offset(&self, device_minutes: i32) -> (i32, OffsetSource) {
        match self.offset_minutes {
            None => (device_minutes, OffsetSource::DeviceSetting),
            Some(minutes) if minutes == device_minutes => (minutes, OffsetSource::Message),
            Some(_) => (device_minutes, OffsetSource::Corrected),
        }
    }

    /// When it was by China's clock, which days of work go by: the device's wall, moved by what its offset differs.
    pub fn civil(&self, device_minutes: i32) -> NaiveDateTime {
        time::moved(self.at_local, device_minutes, CHINA_OFFSET_MINUTES).unwrap_or(self.at_local)
    }
}

/// Something in the body that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProblem {
    /// Where: `line 2`, `Events[0].Data.UTC`, `body`.
    pub place: String,
    /// Line or item number from 1; 0 for the body as a whole.
    pub line: u32,
    /// The sender's own id of the item, where there is one.
    pub item: Option<String>,
    /// Code of the reason.
    pub reason: Reason,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl DeviceProblem {
    /// A problem at a line or item.
    pub fn new(place: impl Into<String>, line: u32, reason: Reason, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { place: place.into(), line, item: None, reason, zh: zh.into(), en: en.into() }
    }

    /// A problem of the whole body.
    pub fn body(reason: Reason, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new("body", 0, reason, zh, en)
    }
}

/// Everything that one request body of a device says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceBatch {
    /// Serial number, or the MAC where there is none.
    pub device: Option<String>,
    /// Hardware address, where the message names it beside or instead of a serial number.
    pub mac: Option<String>,
    /// Passages, in the order of the body.
    pub punches: Vec<DevicePunch>,
    /// Attempts that the device refused; never a punch.
    pub refused: Vec<DevicePunch>,
    /// What could not be read.
    pub problems: Vec<DeviceProblem>,
    /// Non-empty lines or items received, good or bad.
    pub lines: u32,
    /// Whether the message only says that the device lives.
    pub heartbeat: bool,
    /// Events without a meaning here (`5/21`, `VideoMotion`), for the counter that shows a missing mapping.
    pub ignored: Vec<String>,
    /// Pictures that came along.
    pub pictures: u32,
}

impl DeviceBatch {
    /// Notes which machine an event names: the first is the batch's own, another one is given back to stand beside its event.
    pub fn name(&mut self, named: Named) -> Option<Box<Named>> {
        let alike = |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other));
        let is_other = self.device.is_some()
            && named.device.is_some()
            && !alike(&self.device, &named.device)
            && !alike(&self.mac, &named.mac);
        if is_other {
            return Some(Box::new(named));
        }
        self.device = self.device.take().or(named.device);
        self.mac = self.mac.take().or(named.mac);
        None
    }

    /// Notes a problem; beyond [`PROBLEMS_MAX`] only a last `over_limit` says that there are more.
    pub fn note(&mut self, problem: DeviceProblem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else if self.problems.len() == PROBLEMS_MAX {
            let zh = format!("问题超过 {PROBLEMS_MAX} 条，其余不再逐条列出；请检查设备的数据格式");
            let en = format!("more than {PROBLEMS_MAX} problems, the others are not listed; check the device's format");
            self.problems.push(DeviceProblem::new(problem.place, problem.line, Reason::OverLimit, zh, en));
        }
    }

    /// Numbers equal punches from 0, in the order of the body. Readers call it once, at the end.
    pub fn number_repeats(&mut self) {
        let mut seen: HashMap<(String, NaiveDateTime, Option<i32>, Option<i32>), u32> = HashMap::new();
        for punch in &mut self.punches {
            let count = seen.entry((punch.person.clone(), punch.at_local, punch.state, punch.verify)).or_default();
            punch.ordinal = *count;
            *count = count.saturating_add(1);
        }
    }

    /// The batch as `device read --json` prints it.
    pub fn to_json(&self) -> Value {
        let punch = |punch: &DevicePunch| {
            json!({
                "person": punch.person,
                "at_local": punch.at_local.format("%Y-%m-%dT%H:%M:%S").to_string(),
                "state": punch.state,
                "verify": punch.verify,
                "kind": punch.kind.code(),
                "direction": punch.direction.map(Direction::code),
                "offset_minutes": punch.offset_minutes,
                "ordinal": punch.ordinal,
                "line": punch.line,
                "event": punch.event,
                "channel": punch.channel,
                "attend_type": punch.attend_type,
            })
        };
        let problem = |problem: &DeviceProblem| json!({"place": problem.place, "reason": problem.reason.code(), "zh": problem.zh, "en": problem.en});
        json!({
            "device": self.device,
            "punches": self.punches.iter().map(punch).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(punch).collect::<Vec<_>>(),
            "ignored": self.ignored,
            "heartbeat": self.heartbeat,
            "lines": self.lines,
        })
    }
}

/// Count of items as the 32 bits that line numbers have; stops at the largest.
pub(crate) fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod mutated_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_offset_is_corrected_by_the_device_setting() {
        let mut punch = DevicePunch::default();
        assert_eq!(punch.offset(480), (480, OffsetSource::DeviceSetting));
        punch.offset_minutes = Some(480);
        assert_eq!(punch.offset(480), (480, OffsetSource::Message));
        punch.offset_minutes = Some(510);
        assert_eq!(punch.offset(480), (480, OffsetSource::Corrected));
    }

    #[test]
    fn problems_are_described_up_to_a_limit() {
        let mut batch = DeviceBatch::default();
        for line in 0..20_000 {
            batch.note(DeviceProblem::new("x", line, Reason::BadFormat, "坏", "bad"));
        }
        assert_eq!(batch.problems.len(), PROBLEMS_MAX + 1);
        assert_eq!(batch.problems.last().unwrap().reason, Reason::OverLimit);
    }
}
