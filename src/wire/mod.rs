//! Floor 1: pure readers and writers of foreign formats.
//!
//! Bytes in, typed facts and problems out. Deliberately absent: databases, the network, files, clocks, randomness and
//! every business rule: a reader says what a file states, never what follows from it.

pub mod bank;
pub mod bank_reply;
pub mod dahua;
pub mod device;
pub mod direct_link;
pub mod hikvision;
pub mod icalendar;
pub mod iso20022;
pub mod mt940;
pub mod openapi;
pub mod passage_sheet;
pub mod pay_sheet;
pub mod punch;
pub mod reason;
pub mod result_sheet;
pub mod roster;
pub mod sheet;
pub mod statement_sheet;
pub mod stream;
pub mod text;
pub mod zkteco;

#[cfg(test)]
mod harm_tests;
