//! Floor 1: pure readers and writers of foreign formats.
//!
//! Bytes in, typed facts and problems out. Deliberately absent: databases, the network, files, clocks, randomness and
//! every business rule: a reader says what a file states, never what follows from it.

pub mod bank;
pub mod bank_reply;
pub mod iso20022;
pub mod mt940;
pub mod statement_sheet;
pub mod text;
