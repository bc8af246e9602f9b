//! Commands that look at files of banks and devices, without a database.

use std::path::Path;

use super::{Verdict, say};
use crate::app::clock::SystemClock;
use crate::base::Clock;
use crate::store::StoreError;
use crate::wire::bank::{self, BankFile, ReadOptions, event};
use crate::wire::bank_reply::{self, ReplyAs, ReplyOptions};
use crate::wire::device::DeviceBatch;
use crate::wire::iso20022::pain001;
use crate::wire::{dahua, hikvision, punch, zkteco};

/// A file that a command reads is at most this large.
const FILE_MAX: u64 = 256 * 1024 * 1024;

pub(super) fn bytes_of(file: &Path) -> Result<Vec<u8>, StoreError> {
    let setup = |why: String| StoreError::Setup(format!("`{}`: {why}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| setup(error.to_string()))?.len();
    if size > FILE_MAX {
        return Err(setup(format!("{size} bytes are more than the {FILE_MAX} that are read / 文件过大")));
    }
    std::fs::read(file).map_err(|error| setup(error.to_string()))
}

fn read_bank(config: Option<&Path>, file: &Path) -> Result<BankFile, StoreError> {
    let families = crate::app::config::direct_link(config)?;
    let options = ReadOptions { families: Some(&families), ..ReadOptions::default() };
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(bank::read_with(&bytes_of(file)?, name.as_deref(), options))
}

fn json_of(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub fn bank_read(config: Option<&Path>, file: &Path, json: bool) -> Result<Verdict, StoreError> {
    let read = read_bank(config, file)?;
    if json {
        say(&json_of(&read)?)?;
    } else {
        for statement in &read.statements {
            let account = statement.account.as_deref().unwrap_or("?");
            say(&format!("{account} {}: {} entries", statement.id.as_deref().unwrap_or("-"), statement.entries.len()))?;
        }
        say(&format!("{}: {} statements, {} problems", read.format, read.statements.len(), read.problems.len()))?;
    }
    Ok(if read.readable() { Verdict::Holds } else { Verdict::Fails })
}

/// Whether a file holds events of a bank: JSON begins with a brace and a name, or with a bracket.
fn holds_events(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let rest = bytes.get(1..).unwrap_or_default().trim_ascii_start();
    match bytes.first() {
        Some(b'[') => rest.first().is_none_or(|byte| matches!(byte, b'{' | b']')),
        Some(b'{') => rest.first().is_none_or(|byte| matches!(byte, b'"' | b'}')),
        _ => false,
    }
}

/// Checks each event of a file by itself, as the service would read it.
fn events_check(bytes: &[u8]) -> Result<Verdict, StoreError> {
    let (mut good, mut problems) = (0_usize, Vec::new());
    let parts = match event::split(bytes) {
        Ok(parts) => parts,
        Err(problem) => {
            problems.push(problem);
            Vec::new()
        }
    };
    let mut ids: std::collections::BTreeMap<String, (usize, String)> = std::collections::BTreeMap::new();
    for (number, part) in (1_usize..).zip(&parts) {
        let found = event::faults(part);
        good += usize::from(found.is_empty());
        problems.extend(found.into_iter().map(|mut problem| {
            problem.place = format!("event {number}: {}", problem.place);
            problem
        }));
        let Some(id) = event::id_of(part) else { continue };
        let content = event::content(part);
        match ids.get(&id) {
            None => drop(ids.insert(id, (number, content))),
            Some((first, known)) => {
                let (zh, en, fix) = if *known == content {
                    (
                        format!("第 {first} 个事件相同，此处只会答复 duplicate"),
                        format!("event {first} is the same; this one is answered as a duplicate"),
                        ("同一事件只写一次；确为另一事件请换新的编号", "write an event once; for another one take a new id"),
                    )
                } else {
                    (
                        format!("第 {first} 个事件已用此编号且内容不同"),
                        format!("event {first} has this id with other content"),
                        ("请换新的编号", "take a new id"),
                    )
                };
                let place = format!("event {number}: event_id");
                problems.push(bank::Problem::new(place, bank::Reason::IdReused, zh, en).fix(fix.0, fix.1));
            }
        }
    }
    tell(&problems)?;
    say(&format!("{}: {} events, {good} without a remark, {} problems", event::FORMAT, parts.len(), problems.len()))?;
    Ok(if problems.is_empty() { Verdict::Holds } else { Verdict::Fails })
}

fn tell(problems: &[bank::Problem]) -> Result<(), StoreError> {
    for problem in problems {
        let fix = |text: &Option<Box<str>>| text.as_ref().map(|text| format!(" → {text}")).unwrap_or_default();
        say(&format!("{}: {}: {}{}", problem.place, problem.reason.code(), problem.zh, fix(&problem.fix_zh)))?;
        say(&format!("{}: {}: {}{}", problem.place, problem.reason.code(), problem.en, fix(&problem.fix_en)))?;
    }
    Ok(())
}

pub fn bank_check(config: Option<&Path>, file: &Path) -> Result<Verdict, StoreError> {
    let bytes = bytes_of(file)?;
    if holds_events(&bytes) {
        return events_check(&bytes);
    }
    let read = read_bank(config, file)?;
    // What can be read and not booked is no sound file either: the service puts it aside.
    let problems: Vec<bank::Problem> = read.problems.iter().cloned().chain(bank::unbookable(&read.statements)).collect();
    tell(&problems)?;
    let entries: usize = read.statements.iter().map(|statement| statement.entries.len()).sum();
    say(&format!("{}: {} statements, {entries} entries, {} problems", read.format, read.statements.len(), problems.len()))?;
    Ok(if read.readable() && problems.is_empty() { Verdict::Holds } else { Verdict::Fails })
}

pub fn bank_reply(file: &Path, form: &str, fail: u32) -> Result<Verdict, StoreError> {
    let form = match form {
        "camt054" => ReplyAs::Camt054,
        "pain002" => ReplyAs::Pain002,
        "camt053" => ReplyAs::Camt053,
        other => return Err(StoreError::Setup(format!("`{other}`: write --as camt054, pain002 or camt053"))),
    };
    let order = bytes_of(file)?;
    // The bank answers at the moment at which the file was made, so that a reply is the same whenever it is played and fits a frozen day.
    let at = pain001::read(&order).map_or_else(|_| SystemClock.now(), |(order, _)| order.created_at);
    let options = ReplyOptions { fail, ..ReplyOptions::at(at) };
    match bank_reply::reply(&order, form, &options) {
        Ok(xml) => {
            say(xml.trim_end())?;
            Ok(Verdict::Holds)
        }
        Err(problem) => Err(StoreError::Damaged(format!("{}: {} / {}", problem.place, problem.zh, problem.en))),
    }
}

/// The offset of China, for devices that do not name theirs.
const CHINA_MINUTES: i32 = 480;

pub fn device_read(format: &str, serial: Option<&str>, file: &Path, json: bool) -> Result<Verdict, StoreError> {
    let body = bytes_of(file)?;
    let mut batch = match format {
        "zkteco" => zkteco::attlog::parse(&body, serial, CHINA_MINUTES),
        "hikvision" => hikvision::parse(&body, CHINA_MINUTES),
        "dahua" => dahua::parse(&body, CHINA_MINUTES),
        "punch" => match punch::parse(&body, CHINA_MINUTES) {
            Ok(batch) => batch,
            Err(problem) => {
                let mut batch = DeviceBatch::default();
                batch.note(problem);
                batch
            }
        },
        other => return Err(StoreError::Setup(format!("`{other}`: write --format zkteco, hikvision, dahua or punch"))),
    };
    if batch.device.is_none() {
        batch.device = serial.map(str::to_owned);
    }
    if json {
        say(&json_of(&batch.to_json())?)?;
    } else {
        say(&format!("{} punches, {} problems", batch.punches.len(), batch.problems.len()))?;
    }
    // A refused attempt or an event without a meaning here was read as well; an empty body was not.
    let meaning = !batch.punches.is_empty() || !batch.refused.is_empty() || !batch.ignored.is_empty() || batch.heartbeat;
    let readable = meaning || (batch.lines > 0 && batch.problems.is_empty());
    Ok(if readable { Verdict::Holds } else { Verdict::Fails })
}
