//! The suite: one binary. Every test that touches a database runs on SQLite and, with the feature `postgres`, on PostgreSQL.
//! `tests/run` brings what it needs; a missing piece is a failure that says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a test that fails by panicking does its work"
)]

/// The allocator of the binary (`src/main.rs`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod suite {
    pub mod browser;
    mod cli;
    mod demo;
    #[allow(dead_code, reason = "a harness offers more than one test needs")]
    pub mod ground;
    mod hostile;
    mod house;
    mod http;
    mod killed;
    mod mail;
    mod operation;
    mod oracles;
    mod protocol;
    mod served;
    mod sim;
    mod store;
    mod tour;
    mod uploading;
}
