//! What of an upload can be worked out before its turn of the writer: the rows of its punches and their digest.
//!
//! It is possible where the intake remembers the machine, its place and every number in the upload; numbers are given once, so that what
//! is remembered holds. Where the machine hangs is asked again in the turn. Deliberately absent: anything that is looked up or stored.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::Intake;
use super::digest;
use super::keeping::{pin_text, row_of};
use crate::attendance::devices::table::DeviceRow;
use crate::attendance::devices::turns::homes::{Homes, Hung};
use crate::base::id::InboxId;
use crate::store::bulk::PunchRow;
use crate::store::bulk::numbers::Numbers;
use crate::web::Ctx;
use crate::wire::device::{DevicePunch, PersonKind};
use crate::workers::pin_index;

/// The rows of an upload, without the message that they come in.
#[derive(Debug, Clone)]
pub struct Ahead {
    at: Arc<Hung>,
    rows: Vec<PunchRow>,
    numbers: Numbers,
    digest: String,
}

impl Ahead {
    /// Works them out; `None` where the intake does not remember enough, and then the turn does.
    pub fn of(ctx: &Ctx, intake: &Intake, serial: &str, punches: &[DevicePunch]) -> Option<Self> {
        let at = intake.remembered(serial)?;
        let (device, project, offset) = (&at.device, at.homes.now(), at.device.offset_minutes);
        let place = (project.0, device.id.0);
        let mut numbers = Numbers::default();
        numbers.know_place(place, intake.punch_place(place)?);
        let mut pins: HashMap<(PersonKind, &str), i64, RandomState> = HashMap::default();
        let mut rows = Vec::with_capacity(punches.len());
        for punch in punches {
            // What is of a project that the machine has left is worked out in the turn.
            if at.homes.of_punch(punch, offset) != project {
                return None;
            }
            let key = (punch.kind, punch.person.as_str());
            let pin = match pins.get(&key) {
                Some(pin) => *pin,
                None => {
                    let known = intake.pin(&pin_index(ctx.vault(), project, &pin_text(punch.kind, &punch.person)))?;
                    numbers.know_pin(known.id, known.number);
                    pins.insert(key, known.id);
                    known.id
                }
            };
            rows.push(row_of((project, device.id, pin), (InboxId(0), offset), punch));
        }
        let digest = digest::of_rows(&rows);
        Some(Self { at, rows, numbers, digest })
    }

    /// Whether the machine hangs where it was remembered to, and its clock is as far ahead.
    pub fn is_at(&self, homes: &Homes, device: &DeviceRow) -> bool {
        let known = &self.at.device;
        known.id == device.id && known.offset_minutes == device.offset_minutes && self.at.homes == *homes
    }

    /// The rows of a message, and what is known of their numbers.
    pub fn rows(&self, inbox: InboxId) -> (Vec<PunchRow>, &Numbers) {
        (self.rows.iter().map(|row| PunchRow { inbox_id: inbox.0, ..*row }).collect(), &self.numbers)
    }

    /// The digest of so many new rows; `None` where not all of these were new.
    pub fn digest_of(&self, fresh: usize) -> Option<&str> {
        (fresh == self.rows.len()).then_some(self.digest.as_str())
    }
}
