//! Devices at the gates: admitted by serial number, bound to a project, a gate and a direction, given orders, blocked.
//!
//! A serial that nobody announced becomes `pending` by itself: what it sends is held, and binding it takes that over.
//! Deliberately absent: the protocol (see `intake`), and any order that could harm a device.

pub mod actions;
pub mod clock;
pub mod http;
pub mod keys;
pub mod roll;
pub mod settings;
pub mod signs;
pub mod table;
pub mod turns;

use serde::{Deserialize, Serialize};

use crate::base::id::RecordId;
use crate::base::words;

words! {
    /// Whether a device is listened to.
    pub enum DeviceState, "state of a device" {
        /// Nobody has admitted it; what it sends is held.
        Pending = "pending",
        /// Bound to a project.
        Active = "active",
        /// Refused.
        Blocked = "blocked",
    }
}
crate::store::types::word_column!(DeviceState);
crate::web::openapi::word_schema!(DeviceState);

words! {
    /// Which way people pass at the device.
    pub enum GateDirection, "direction of a gate" {
        /// Everybody enters.
        In = "in",
        /// Everybody leaves.
        Out = "out",
        /// As the device says with each punch.
        ByState = "by_state",
    }
}
crate::store::types::word_column!(GateDirection);
crate::web::openapi::word_schema!(GateDirection);

words! {
    /// Whose protocol it speaks.
    pub enum Maker, "maker" {
        /// ZKTeco push.
        Zkteco = "zkteco",
        /// Hikvision event push.
        Hikvision = "hikvision",
        /// Dahua event push.
        Dahua = "dahua",
        /// Our own JSON, by a gateway.
        Gateway = "gateway",
    }
}
crate::store::types::word_column!(Maker);
crate::web::openapi::word_schema!(Maker);

words! {
    /// What became of an order to a device.
    pub enum OrderState, "state of an order" {
        /// Waits for the device to ask.
        Queued = "queued",
        /// Handed over; sent again until the device answers.
        Sent = "sent",
        /// The device did it.
        Done = "done",
        /// The device refused it.
        Failed = "failed",
    }
}
crate::store::types::word_column!(OrderState);
crate::web::openapi::word_schema!(OrderState);

/// An order to a device, as kept: people by enrolment, so that no number stands in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = DeviceCommand)]
pub enum Order {
    /// Put a worker on the device, or change their name.
    UpdateUser {
        /// Enrolment with a number at the gate.
        enrolment: RecordId,
    },
    /// Take a worker off the device.
    DeleteUser {
        /// Enrolment with a number at the gate.
        enrolment: RecordId,
    },
    /// Upload all users.
    QueryUsers {},
    /// Upload what is new.
    Check {},
    /// Tell the device's state.
    Info {},
    /// Upload the whole log.
    Log {},
    /// Empty the log, once everything in it is stored here.
    ClearLog {},
}

/// The longest name of a gate, in characters.
pub const GATE_MAX: usize = 60;
/// The longest communication key, in characters.
pub const COM_KEY_MAX: usize = 64;
/// Keys that makers set in the factory; everybody knows them.
pub const FACTORY_KEYS: &[&str] = &["88888888", "0"];
/// Orders that may wait for one device.
pub const QUEUE_MAX: i64 = 10_000;
/// Minutes that an offset may be from UTC, either way.
pub const OFFSET_MINUTES_MAX: i32 = 14 * 60;
