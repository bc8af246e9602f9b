//! Requests in-process: shapes, rights, problems, behaviour.

mod attendance;
mod doors;
mod projects;
mod users;
mod workers;
