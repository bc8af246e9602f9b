//! Requests in-process: shapes, rights, problems, behaviour.

pub mod accounts;
mod amendments;
mod attendance;
mod cases;
mod certificates;
mod credit;
mod doors;
mod gates;
mod laboratory;
mod law;
mod ledger;
mod live_bank;
mod overrides;
mod owing;
mod pages;
mod pages_house;
mod pages_law;
mod pages_month;
mod past;
mod pay_checks;
mod payroll;
mod projects;
mod rights;
mod settlement;
mod users;
mod wage_money;
pub mod workers;
