//! Projects by trouble, and one project: its card, its money, its attendance, its deposit, what was found over time.

mod attendance;
mod card;
mod deposit;
mod findings;
pub mod head;
mod list;
mod money;

use actix_web::web;

use crate::web::{Access, Route, Verb};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    vec![
        Route::page("/projects", read, "Projects by trouble", || web::get().to(list::page)),
        Route::page("/projects/{project}", read, "One project: the five-system card", || web::get().to(card::page)).of_any_time(),
        Route::page("/projects/{project}/attendance", read, "Attendance of a month", || web::get().to(attendance::page)),
        Route::page("/projects/{project}/money", Access::Holds(Verb::ReadMoney), "Money in and out", || {
            web::get().to(money::page)
        }),
        Route::page("/projects/{project}/deposit", read, "Wage deposits", || web::get().to(deposit::page)),
        Route::page("/projects/{project}/findings", read, "Findings over time", || web::get().to(findings::page)),
    ]
}
