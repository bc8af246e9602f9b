//! Floor 2: what leaves the house for other people's machines: mail, and calls over HTTP.
//!
//! Deliberately absent: the database. What is to be sent waits in the store's and the slices' outboxes; `app` carries it here.

pub mod calling;
pub mod mail;
pub mod webhook;
