//! Commands that look at files of banks and devices, without a database.

use std::path::Path;

use super::{Verdict, say};
use crate::app::clock::SystemClock;
use crate::base::Clock;
use crate::store::StoreError;
use crate::wire::bank::{self, BankFile};
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

fn read_bank(file: &Path) -> Result<BankFile, StoreError> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(bank::read(&bytes_of(file)?, name.as_deref()))
}

fn json_of(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))
}

pub fn bank_read(file: &Path, json: bool) -> Result<Verdict, StoreError> {
    let read = read_bank(file)?;
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

pub fn bank_check(file: &Path) -> Result<Verdict, StoreError> {
    let read = read_bank(file)?;
    for problem in &read.problems {
        let fix = |text: &Option<Box<str>>| text.as_ref().map(|text| format!(" → {text}")).unwrap_or_default();
        say(&format!("{}: {}: {}{}", problem.place, problem.reason.code(), problem.zh, fix(&problem.fix_zh)))?;
        say(&format!("{}: {}: {}{}", problem.place, problem.reason.code(), problem.en, fix(&problem.fix_en)))?;
    }
    let entries: usize = read.statements.iter().map(|statement| statement.entries.len()).sum();
    say(&format!("{}: {} statements, {entries} entries, {} problems", read.format, read.statements.len(), read.problems.len()))?;
    Ok(if read.readable() && read.problems.is_empty() { Verdict::Holds } else { Verdict::Fails })
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
