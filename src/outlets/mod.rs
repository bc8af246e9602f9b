//! Floor 2: what leaves the house for other people's machines. Today that is mail.
//!
//! Deliberately absent: the database. What is to be sent waits in the store's outbox; `app` carries it here.

pub mod mail;
