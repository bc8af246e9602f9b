//! anxin (安薪): supervision of wage payment on construction projects in China.
//!
//! Feeds write facts. The law engine reads facts and answers with findings. Gates, alerts and reports are views of
//! findings. The floors of the house are the modules below, from the ground up; README.md has the picture.

pub mod accounts;
pub mod alerts;
pub mod amendments;
pub mod app;
pub mod attendance;
pub mod bank_feed;
pub mod base;
pub mod cases;
pub mod clearance;
pub mod compliance;
pub mod console;
pub mod credit;
pub mod deposits;
pub mod detectors;
pub mod documents;
pub mod gates;
pub mod laboratory;
pub mod labour_cost;
pub mod law;
pub mod ledger;
pub mod library;
pub mod matching;
pub mod matters;
pub mod notice_board;
pub mod operation;
pub mod outlets;
pub mod parties;
pub mod payroll;
pub mod projects;
pub mod quarantine;
pub mod realname;
pub mod reporting;
pub mod settlement;
pub mod store;
pub mod users;
pub mod web;
pub mod webhooks;
pub mod wire;
pub mod workers;
