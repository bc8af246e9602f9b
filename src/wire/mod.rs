//! Floor 1: pure readers and writers of foreign formats.

pub mod device;
pub mod reason;
pub mod zkteco;
