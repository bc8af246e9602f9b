//! What whoever runs the service looks at and does: the health of the house, its jobs and its mails.
//!
//! Health is a list of signs, each with a state and a sentence in both languages that says what is late and who repairs it.
//! Deliberately absent: people's data, money, and anything that only an authority decides.

pub mod actions;
pub mod health;
pub mod http;
pub mod open_points;
pub mod put_aside;
pub mod replaying;
pub mod table;

pub use health::{Health, Pulse, Sign, gather};
