//! Requests in-process: shapes, rights, problems, behaviour.

mod cases;
mod credit;
mod doors;
mod payroll;
mod projects;
mod users;
