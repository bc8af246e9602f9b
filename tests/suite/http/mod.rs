//! Requests in-process: shapes, rights, problems, behaviour.

pub mod accounts;
mod attendance;
mod cases;
mod credit;
mod doors;
mod gates;
mod ledger;
mod payroll;
mod projects;
mod settlement;
mod users;
pub mod workers;
