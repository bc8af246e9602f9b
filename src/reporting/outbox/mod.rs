//! The outbox of reports: one row a record and platform, messages that carry some of them, and what became of each.
//!
//! Steps of a message: composed and on record, sent, its serial code on record, polled, ended with a receipt. Between any two of them
//! the process may die; the row says where to go on, and what may have arrived is asked for before it is sent again.

mod found;
pub mod outage;
pub mod outcome;
pub mod sending;
pub mod sweeping;
pub mod table;
