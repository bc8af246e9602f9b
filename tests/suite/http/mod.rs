//! Requests in-process: shapes, rights, problems, behaviour.

mod accounts;
mod attendance;
mod cases;
mod credit;
mod doors;
mod gates;
mod ledger;
mod pages_month;
mod payroll;
mod projects;
mod settlement;
mod users;
mod workers;
