//! Floor 7: the program. Command line, configuration, the access gate, the router, the server and its worker.
//!
//! Only here are the clock read, files opened and threads started.

mod assessing;
pub mod bench;
pub mod build;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod doors;
pub mod export;
pub mod herald;
pub mod keys;
pub mod postman;
pub mod reporter;
mod rosters;
pub mod routes;
pub mod schedule;
pub mod serve;
pub mod sim;
mod uploads;
pub mod verify;
pub mod watch;
pub mod worker;
