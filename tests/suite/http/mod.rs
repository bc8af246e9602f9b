//! Requests in-process: shapes, rights, problems, behaviour.

mod accounts;
mod doors;
mod ledger;
mod projects;
mod settlement;
mod users;
