//! The intake: what devices send is stored before it is acknowledged, many requests to a commit.
//!
//! A message and its punches go into one transaction; a bad line is put aside and leaves its neighbours; a number that nobody has
//! is stored like any other. What the intake remembers between requests (numbers' ids, what a device last said, its rate) is taken
//! up after the commit only, so that a rollback leaves nothing false behind. Deliberately absent: who a number belongs to.

pub mod again;
mod ahead;
pub mod clock;
mod clock_records;
pub mod digest;
mod hardware;
pub mod heard;
pub mod http;
pub mod http_push;
pub mod http_sheets;
pub mod keeping;
pub mod large;
pub mod moved;
pub mod punches;
pub mod push;
pub mod replay;
pub mod retention;
pub mod sheets;
pub mod signed;
pub mod uploads;
pub mod zk;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::devices::table::DeviceStateRow;
use super::devices::turns::homes::Hung;
use crate::base::Moment;
use crate::base::id::DeviceId;
use crate::store::{Gathering, Tx};
use crate::web::{Ground, Problem};
use crate::workers::table::PinRow;
use uploads::Asked;
use zk::Answer;

/// The largest body of a device.
pub const BODY_MAX: usize = 32 * 1024 * 1024;
/// The largest body of a device that nobody has admitted.
pub const PENDING_BODY_MAX: usize = 1024 * 1024;
/// What is kept of a body that is larger than [`BODY_MAX`] and holds no punches.
pub const HEAD_MAX: usize = 64 * 1024;
/// A device that was noted as seen is noted again after this many seconds.
pub const SEEN_SECONDS: i64 = 60;
/// An order that was handed over and not answered is handed over again after this many seconds.
pub const ORDER_RETRY_SECONDS: i64 = 300;
/// An order that was not answered for so long, in seconds, is given up: the machine has been reset or has gone.
pub const ORDER_LIFE_SECONDS: i64 = 7 * 86_400;
/// Numbers that are remembered; beyond, the memory starts anew.
const PINS_MAX: usize = 500_000;
/// Serials whose rate is remembered; beyond, the memory starts anew.
const SERIALS_MAX: usize = 20_000;

/// Uploads that share a turn of the writer at most.
const UPLOADS_MAX: usize = 128;

/// What the intake of one database remembers in this process, and the uploads that wait for the writer.
pub struct Intake {
    memory: Mutex<Memory>,
    /// By the lane of their writer.
    uploads: [Arc<Uploads>; LANES_MAX],
}

type Uploads = Gathering<Asked, (Answer, Lesson), Problem>;
/// Writers of a server that uploads are spread over at most.
const LANES_MAX: usize = 8;

impl Default for Intake {
    fn default() -> Self {
        let together = |tx: &mut Tx<'_>, all: &[Asked]| match all.first() {
            Some(first) => uploads::serve_all(tx, &first.intake, all),
            None => Ok(Vec::new()),
        };
        Self { memory: Mutex::default(), uploads: std::array::from_fn(|_| Arc::new(Gathering::new(UPLOADS_MAX, together))) }
    }
}

#[derive(Debug, Default)]
struct Memory {
    /// Numbers at gates, by blind index.
    pins: HashMap<String, PinRow>,
    /// Small numbers of machines at projects, by project and device.
    places: HashMap<(i64, i64), i32>,
    /// What devices last said, as stored.
    seen: HashMap<DeviceId, DeviceStateRow>,
    /// Devices by serial, as they stood when the chain of their rows had come so far.
    devices: HashMap<String, Arc<Hung>>,
    devices_at: i64,
    /// Offsets of devices by serial, so that bodies can be read before the transaction.
    offsets: HashMap<String, i32>,
    /// Passages with a far time since a device's were last noted.
    far: HashMap<DeviceId, usize>,
    /// When passages of a device were last judged by their times.
    told: HashMap<DeviceId, Moment>,
    /// Requests of a serial in the current second.
    rates: HashMap<String, (i64, u32)>,
    /// Machines that are sending a large body.
    uploading: HashSet<String>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held leaves at worst a forgotten entry.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static INTAKES: Mutex<Vec<(Weak<Ground>, Arc<Intake>)>> = Mutex::new(Vec::new());

impl Intake {
    /// The intake of these services. The weak pointer keeps the address from being used again while the entry stands.
    pub fn of(ground: &Arc<Ground>) -> Arc<Intake> {
        let mut all = held(&INTAKES);
        if let Some((_, intake)) = all.iter().find(|(known, _)| known.as_ptr() == Arc::as_ptr(ground)) {
            return Arc::clone(intake);
        }
        all.retain(|(known, _)| known.strong_count() > 0);
        let intake = Arc::new(Intake::default());
        all.push((Arc::downgrade(ground), Arc::clone(&intake)));
        intake
    }

    /// Whether a serial may send another request in this second.
    pub fn admits(&self, serial: &str, now: Moment, rate_max: u32) -> bool {
        let mut memory = held(&self.memory);
        if memory.rates.len() >= SERIALS_MAX {
            memory.rates.clear();
        }
        let second = now.unix_seconds();
        match memory.rates.get_mut(serial) {
            Some((of, count)) if *of == second => {
                *count = count.saturating_add(1);
                *count <= rate_max
            }
            Some(entry) => {
                *entry = (second, 1);
                rate_max > 0
            }
            None => {
                memory.rates.insert(serial.to_owned(), (second, 1));
                rate_max > 0
            }
        }
    }

    fn pin(&self, index: &str) -> Option<PinRow> {
        held(&self.memory).pins.get(index).copied()
    }

    fn punch_place(&self, place: (i64, i64)) -> Option<i32> {
        held(&self.memory).places.get(&place).copied()
    }

    fn device(&self, version: i64, serial: &str) -> Option<Arc<Hung>> {
        let memory = held(&self.memory);
        if memory.devices_at == version { memory.devices.get(serial).cloned() } else { None }
    }

    /// A machine as it was when it was read last; it may have changed since.
    fn remembered(&self, serial: &str) -> Option<Arc<Hung>> {
        held(&self.memory).devices.get(serial).cloned()
    }

    /// The lane of a machine's uploads, and those that wait there: machines of one project share one, so that no two writers meet in a day.
    fn lane(&self, serial: &str, lanes: usize) -> (usize, &Arc<Uploads>) {
        let project = held(&self.memory).devices.get(serial).map(|hung| hung.homes.now());
        let number = project.map_or(0, |project| project.0.unsigned_abs() % 1_000_003);
        let count = lanes.clamp(1, LANES_MAX);
        let lane = usize::try_from(number).unwrap_or(0) % count;
        // Never out of bounds; the first one is the answer all the same.
        let [first, ..] = &self.uploads;
        (lane, self.uploads.get(lane).unwrap_or(first))
    }

    fn offset(&self, serial: &str) -> Option<i32> {
        held(&self.memory).offsets.get(serial).copied()
    }

    fn seen(&self, device: DeviceId) -> Option<DeviceStateRow> {
        held(&self.memory).seen.get(&device).cloned()
    }

    fn told(&self, device: DeviceId) -> Option<Moment> {
        held(&self.memory).told.get(&device).copied()
    }

    fn far(&self, device: DeviceId) -> usize {
        held(&self.memory).far.get(&device).copied().unwrap_or(0)
    }

    /// Takes up what a committed request taught.
    fn learn(&self, lesson: Lesson) {
        let mut memory = held(&self.memory);
        if memory.pins.len() >= PINS_MAX {
            memory.pins.clear();
        }
        memory.pins.extend(lesson.pins);
        if memory.places.len() >= SERIALS_MAX {
            memory.places.clear();
        }
        memory.places.extend(lesson.places);
        if memory.offsets.len() >= SERIALS_MAX {
            memory.offsets.clear();
            memory.seen.clear();
            memory.told.clear();
        }
        if let Some((version, device)) = lesson.device {
            if version > memory.devices_at || memory.devices.len() >= SERIALS_MAX {
                memory.devices.clear();
                memory.devices_at = memory.devices_at.max(version);
            }
            if version == memory.devices_at {
                memory.devices.insert(device.device.serial.clone(), device);
            }
        }
        if let Some((device, at)) = lesson.told {
            // Of two uploads in one turn the one without a time to judge by knows only what stood before.
            let stands = memory.told.entry(device).or_insert(at);
            *stands = (*stands).max(at);
        }
        memory.offsets.extend(lesson.offset);
        match lesson.far {
            Some((device, None)) => drop(memory.far.remove(&device)),
            Some((device, Some(more))) => {
                let count = memory.far.entry(device).or_default();
                *count = count.saturating_add(more);
            }
            None => {}
        }
        if let Some(row) = lesson.seen {
            memory.seen.insert(row.device_id, row);
        }
    }
}

/// What a request taught; worth something only after its commit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// Numbers at gates, by blind index.
    pub pins: Vec<(String, PinRow)>,
    /// Small numbers of a machine at projects.
    pub places: Vec<((i64, i64), i32)>,
    /// A device and where it hung, and how far the chain of these had come before they were read.
    pub device: Option<(i64, Arc<Hung>)>,
    /// Serial and offset of a device.
    pub offset: Option<(String, i32)>,
    /// Passages of a device with a far time that are to be noted later; none where all were noted.
    pub far: Option<(DeviceId, Option<usize>)>,
    /// When passages of a device were judged by their times.
    pub told: Option<(DeviceId, Moment)>,
    /// What was stored of a device's state.
    pub seen: Option<DeviceStateRow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_judgement_of_a_turn_stands() {
        let (intake, device) = (Intake::default(), DeviceId(1));
        let told = |seconds: i64| Lesson { told: Some((device, Moment(0).plus_seconds(seconds))), ..Lesson::default() };
        // The second upload of a turn was read before the first had taught anything.
        intake.learn(told(600));
        intake.learn(told(0));
        assert_eq!(intake.told(device), Some(Moment(0).plus_seconds(600)));
        intake.learn(told(700));
        assert_eq!(intake.told(device), Some(Moment(0).plus_seconds(700)));
    }

    #[test]
    fn a_serial_has_its_own_rate_in_each_second() {
        let intake = Intake::default();
        let now = Moment(1_770_000_000_000_000);
        assert!((0..3).all(|_| intake.admits("A", now, 3)));
        assert!(!intake.admits("A", now, 3));
        assert!(intake.admits("B", now, 3));
        assert!(intake.admits("A", now.plus_seconds(1), 3));
        assert!(!intake.admits("C", now, 0));
    }
}
