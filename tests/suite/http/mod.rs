//! Requests in-process: shapes, rights, problems, behaviour.

mod doors;
mod projects;
mod users;
