//! One worker's passages of a month, as a person reads them beside the work days that they made.
//!
//! A number may have been another worker's on some days; what counts for a day is what folding made of it, so passages are shown for the
//! days only that this worker has. Deliberately absent: the faces and pictures that some machines send.

use std::collections::{BTreeMap, HashMap};

use super::day_of;
use super::devices::table as devices;
use super::devices::turns::Ways;
use super::folding::night::DAY_SECONDS;
use super::folding::{is_proof, table};
use super::table::WorkDayRow;
use crate::base::Day;
use crate::store::{AnyConn, StoreError, Vault};
use crate::workers::table::EnrolmentRow;
use crate::workers::{self, day_number, pin_index};

/// Passages that are shown at most: sixteen a day.
const SHOWN_MAX: i64 = 500;

/// A passage with where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPassage {
    /// Seconds of the day; past 86,400 on the morning after.
    pub time: i32,
    /// Whether it went in, out, or nobody knows.
    pub entered: Option<bool>,
    /// The gate, as the device is called.
    pub gate: String,
    /// Whether it proves that somebody was there.
    pub is_proof: bool,
}

/// The passages behind these work days of one enrolment.
pub fn behind(
    conn: &mut AnyConn,
    vault: &Vault,
    enrolment: &EnrolmentRow,
    days: &[WorkDayRow],
) -> Result<BTreeMap<Day, Vec<ShownPassage>>, StoreError> {
    let mut shown: BTreeMap<Day, Vec<ShownPassage>> = BTreeMap::new();
    let (Some(first), Some(last)) = (days.iter().map(|day| day.worked_on).min(), days.iter().map(|day| day.worked_on).max())
    else {
        return Ok(shown);
    };
    let project = enrolment.project_id;
    let worked: BTreeMap<Day, i32> = days.iter().map(|day| (day.worked_on, day.last_time)).collect();
    // The number of the badge, the identity number, and the worker's id as our own JSON sends it.
    let mut indexes: Vec<String> = enrolment.pin_index.iter().cloned().collect();
    if let Some(worker) = workers::table::worker(conn, enrolment.worker_id)? {
        indexes.push(pin_index(vault, project, &workers::lookups::id_number(conn, vault, &worker)?));
    }
    indexes.push(pin_index(vault, project, &enrolment.worker_id.to_string()));
    let mut pins = Vec::new();
    for index in indexes {
        pins.extend(workers::table::pin_row(conn, project, &index)?.map(|row| row.id));
    }
    let gates: HashMap<i64, devices::DeviceRow> =
        devices::of_project(conn, project)?.into_iter().map(|device| (device.id.0, device)).collect();
    let ways = Ways::of(conn, project)?;
    for (number, pass) in table::passes_of_pins(conn, project, &pins, (day_number(first), day_number(last) + 1), SHOWN_MAX)? {
        let Some(day) = day_of(number) else { continue };
        // The morning's passages of a shift over midnight are shown with the day on which it began.
        let (eve, late) = (day.plus_days(-1), pass.local_time + DAY_SECONDS);
        let (day, time) = if worked.get(&eve).is_some_and(|last| late <= *last) { (eve, late) } else { (day, pass.local_time) };
        if !worked.contains_key(&day) {
            continue;
        }
        let gate = gates.get(&pass.device_id);
        shown.entry(day).or_default().push(ShownPassage {
            time,
            entered: ways.entered(pass.device_id, (number, pass.local_time), pass.state),
            gate: gate.map(|device| device.gate.clone()).unwrap_or_default(),
            is_proof: is_proof(pass.verify),
        });
    }
    Ok(shown)
}
