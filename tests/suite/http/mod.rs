//! Requests in-process: shapes, rights, problems, behaviour.

pub mod accounts;
mod amendments;
mod attendance;
mod cases;
mod certificates;
mod credit;
mod doors;
mod gates;
mod ledger;
mod overrides;
mod pages;
mod pages_house;
mod pages_month;
mod payroll;
mod projects;
mod rights;
mod settlement;
mod users;
pub mod workers;
