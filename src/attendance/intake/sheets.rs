//! Passages that somebody uploads as a sheet, because the machine could not send them: the file is kept, its rows go the way of every
//! punch, and a passage that the machine has told already is known and not stored twice.
//!
//! A sheet is no sign of life of a machine: its clock and its silence are judged by what it says itself. Deliberately absent: machines
//! that nobody has admitted, and people's names, which prove nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::keeping::{self, Marks};
use super::{Intake, Lesson, digest};
use crate::attendance::day_of;
use crate::attendance::devices::DeviceState;
use crate::attendance::devices::table::{self as devices, DeviceRow};
use crate::attendance::devices::turns::homes::Homes;
use crate::attendance::devices::turns::table as turns;
use crate::attendance::folding::Matcher;
use crate::attendance::table;
use crate::base::id::{InboxId, ProjectId, QuarantineId};
use crate::projects::Site;
use crate::store::bulk::{self, numbers::Numbers};
use crate::store::inbox::{self, InboxState, Message, Parsed, Rejected};
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::problem::{FAULTS_MAX, Fault};
use crate::web::{Code, Ctx, Problem};
use crate::wire::device::DevicePunch;
use crate::wire::passage_sheet::Passages;
use crate::wire::reason::Reason;
use crate::workers::roster::{RosterFile, fault_of};

/// Rows of a file at most: a month of two hundred people.
pub const ROWS_MAX: usize = 50_000;

/// Seconds by which a machine's clock may run ahead.
const AHEAD_SECONDS: i64 = 300;

/// The feed under which the files are kept.
const FEED: &str = "sheet";

/// Parser and its version, kept with each file.
const PARSER: &str = "passages/1";

/// How a row that was refused was seen to.
const TOLD_NOTE: &str = "上传时已逐行告知上传人 / told to the person who uploaded it";

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PassageReceipt)]
pub struct Receipt {
    /// The message under which the bytes are kept.
    #[schema(value_type = String)]
    pub inbox_id: InboxId,
    /// Rows of the file.
    pub rows: usize,
    /// Passages that are new.
    pub taken: usize,
    /// Passages that the machine, or an earlier file, has told already.
    pub known: usize,
    /// Of the new ones: passages of a number that nobody on the roll has on that day; they count once somebody has it.
    pub nobody: usize,
    /// Rows that were refused.
    pub refused: usize,
    /// Why, with the place; the first hundred.
    pub faults: Vec<Fault>,
    /// Remarks on the file, Chinese and English.
    pub remarks: Vec<(String, String)>,
}

fn fault(place: String, reason: Reason, zh: &str, en: &str) -> Fault {
    Fault { place, reason: reason.code().to_owned(), zh: zh.to_owned(), en: en.to_owned() }
}

/// The machines of a project by what a sheet calls them.
struct Machines {
    all: Vec<DeviceRow>,
    /// Where each hung, by moment.
    homes: HashMap<i64, Homes>,
    /// The project.
    project: ProjectId,
    /// The one that rows without a machine are of.
    usual: Option<String>,
}

impl Machines {
    /// Of the machines that hang there now, and of those that did.
    fn of(conn: &mut AnyConn, project: ProjectId, usual: Option<String>) -> Result<Self, StoreError> {
        let mut all = devices::of_project(conn, project)?;
        for id in turns::former_of(conn, project)? {
            if all.iter().all(|row| row.id != id) {
                all.extend(devices::find(conn, id)?);
            }
        }
        let mut homes = HashMap::new();
        for row in &all {
            homes.insert(row.id.0, Homes::of(conn, row, row.project_id.unwrap_or(project))?);
        }
        Ok(Self { all, homes, project, usual })
    }

    /// Whether a machine hung there when somebody passed.
    fn hung_here(&self, machine: &DeviceRow, punch: &DevicePunch) -> bool {
        self.homes.get(&machine.id.0).is_some_and(|homes| homes.of_punch(punch, machine.offset_minutes) == self.project)
    }

    fn find(&self, named: Option<&str>) -> Result<&DeviceRow, (Reason, &'static str, &'static str)> {
        let active = || self.all.iter().filter(|row| row.state == DeviceState::Active);
        let Some(serial) = named.or(self.usual.as_deref()) else {
            let mut machines = active().filter(|row| row.project_id == Some(self.project));
            return match (machines.next(), machines.next()) {
                (Some(one), None) => Ok(one),
                _ => Err((
                    Reason::MissingField,
                    "没有写明考勤机：请在表中加“设备序列号”列，或在上传时选定考勤机。",
                    "The machine is not named: add a column 设备序列号, or choose the machine with the upload.",
                )),
            };
        };
        active().find(|row| row.serial.eq_ignore_ascii_case(serial)).ok_or((
            Reason::UnknownDevice,
            "本项目没有该序列号的已启用考勤机，请先绑定。",
            "The project has no active machine of this serial number; bind it first.",
        ))
    }
}

/// Takes a file that was read: keeps it, and of its passages those that nobody has told yet.
///
/// # Errors
/// `invalid` for a file that holds no such sheet, `too_large` beyond [`ROWS_MAX`] rows.
pub fn take(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    file: &RosterFile,
    read: &Passages,
    device: Option<&str>,
) -> Result<Receipt, Problem> {
    if let Some(problem) = read.problems.iter().find(|problem| problem.row == 0) {
        let fault = fault_of(problem);
        return Err(Problem::invalid(fault.zh, fault.en).at(fault.place, &fault.reason));
    }
    if read.rows.len() > ROWS_MAX {
        let (zh, en) = (
            format!("一份文件最多 {ROWS_MAX} 行，请按月导出。"),
            format!("A file has at most {ROWS_MAX} rows; export month by month."),
        );
        return Err(Problem::new(Code::TooLarge, zh, en).at("file", "over_limit"));
    }
    let chain = Chain::Project(site.id);
    // Taken first, so that of two equal files at once the second finds the first.
    tx.seq(chain)?;
    let usual = device.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let machines = Machines::of(tx.conn(), site.id, usual)?;
    let mut faults: Vec<Fault> = read.problems.iter().map(fault_of).collect();
    let mut refused: BTreeSet<u32> = read.problems.iter().map(|problem| problem.row).collect();
    let mut of_device: BTreeMap<i64, Vec<DevicePunch>> = BTreeMap::new();
    for row in &read.rows {
        let place = || format!("{}!{}", read.sheet, row.row);
        let found = machines.find(row.device.as_deref()).map_err(|(reason, zh, en)| fault(place(), reason, zh, en));
        let told = found.and_then(|machine| {
            let ahead = i64::from(machine.offset_minutes) * 60 + AHEAD_SECONDS;
            if row.punch.at_local.and_utc().timestamp() > ctx.now.unix_seconds().saturating_add(ahead) {
                let (zh, en) = ("时间在将来，请核对。", "The time lies ahead; check it.");
                return Err(fault(place(), Reason::BadTime, zh, en));
            }
            if !machines.hung_here(machine, &row.punch) {
                let (zh, en) = (
                    "该时间考勤机不在本项目，请在当时所在的项目上传。",
                    "The machine hung on another project then; upload the row there.",
                );
                return Err(fault(place(), Reason::UnknownDevice, zh, en));
            }
            Ok(machine.id.0)
        });
        match told {
            Ok(machine) => of_device.entry(machine).or_default().push(row.punch.clone()),
            Err(fault) => {
                refused.insert(row.row);
                faults.push(fault);
            }
        }
    }
    let id = InboxId(ctx.id());
    // A memory of its own: what is learnt here may still be rolled back.
    let (intake, mut lesson, mut numbers) = (Intake::default(), Lesson::default(), Numbers::default());
    let mut rows = Vec::new();
    for (machine, punches) in of_device {
        let Some(machine) = machines.all.iter().find(|row| row.id.0 == machine) else { continue };
        let Some(homes) = machines.homes.get(&machine.id.0) else { continue };
        rows.extend(keeping::rows_of(tx, ctx, (&intake, &mut lesson, &mut numbers), (machine, homes, id), &punches)?);
    }
    let all = rows.len();
    let mut told: HashSet<(i64, i64, i32, i32)> = HashSet::new();
    for day in rows.iter().map(|row| row.local_day).collect::<BTreeSet<i32>>() {
        let stands = table::punches_of_day(tx.conn(), site.id, day)?;
        told.extend(stands.iter().map(|row| (row.device_id, row.pin_id, row.local_day, row.local_time)));
    }
    rows.retain(|row| told.insert((row.device_id, row.pin_id, row.local_day, row.local_time)));
    let fresh = bulk::insert_punches(tx.conn(), &rows, numbers)?;
    Marks::of(&fresh).write(tx, ctx)?;
    let mut matcher = Matcher::new(tx.conn(), site.id)?;
    let mut seen: HashMap<(i64, i32), bool> = HashMap::new();
    let mut nobody = 0;
    for row in &fresh {
        let key = (row.pin_id, row.local_day);
        let is_somebody = match (seen.get(&key), day_of(row.local_day)) {
            (Some(known), _) => *known,
            (None, Some(day)) => matcher.find(tx.conn(), ctx.vault(), row.pin_id, day)?.is_some(),
            (None, None) => false,
        };
        seen.insert(key, is_somebody);
        nobody += usize::from(!is_somebody);
    }
    let state = match (all, refused.is_empty()) {
        (0, _) => InboxState::Quarantined,
        (_, false) => InboxState::Part,
        (_, true) if fresh.is_empty() => InboxState::Duplicate,
        (_, true) => InboxState::Done,
    };
    let message = Message {
        feed: FEED,
        source: ctx.actor().to_owned(),
        project: Some(site.id),
        request: file.name.clone().unwrap_or_else(|| "-".to_owned()),
        content_type: Some(file.content_type.clone()).filter(|text| !text.is_empty()),
        content_encoding: None,
        body: file.bytes.clone(),
        remote: None,
        received_at: ctx.now,
    };
    let items = i32::try_from(all.saturating_add(refused.len())).unwrap_or(i32::MAX);
    let parsed = Parsed { state, parser: PARSER, items, items_digest: digest::of_rows(&fresh) };
    inbox::keep(tx.conn(), ctx.vault(), id, &message, &parsed)?;
    if let Some(user) = ctx.scope.user {
        for (item, fault) in (1..).zip(faults.iter().take(FAULTS_MAX)) {
            let Fault { place, reason, zh, en } = fault.clone();
            let rejected = Rejected { item, place, reason, zh, en };
            inbox::refused_before(tx.conn(), QuarantineId(ctx.id()), id, &rejected, (user, TOLD_NOTE), ctx.now)?;
        }
    }
    tx.note(chain, ctx.now, ctx.actor(), "take_passages", &id.to_string())?;
    faults.truncate(FAULTS_MAX);
    Ok(Receipt {
        inbox_id: id,
        rows: all.saturating_add(refused.len()),
        taken: fresh.len(),
        known: all.saturating_sub(fresh.len()),
        nobody,
        refused: refused.len(),
        faults,
        remarks: read.remarks.clone(),
    })
}
