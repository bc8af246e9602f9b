//! Floor 1: pure readers and writers of foreign formats.

pub mod dahua;
pub mod device;
pub mod hikvision;
pub mod pay_sheet;
pub mod punch;
pub mod reason;
pub mod roster;
pub mod sheet;
pub mod zkteco;
