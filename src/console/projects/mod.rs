//! Projects by trouble, and one project: its card, its money, its attendance, its deposit, what was found over time.

mod account;
mod attendance;
mod bank_files;
pub(super) mod bank_profile;
mod card;
mod clearance;
mod deposit;
mod doubts;
mod findings;
pub mod head;
mod letter;
mod liability;
mod list;
mod matches;
mod matter_forms;
mod matters;
mod money;
mod passages;
mod reports;
mod signs;

use actix_web::web;

use crate::web::{Access, Route, Verb};

/// Pages of this subject.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadProjects);
    let mut routes = vec![
        Route::page("/projects", read, "Projects by trouble", || web::get().to(list::page)),
        Route::page("/projects/{project}", read, "One project: the five-system card", || web::get().to(card::page)).of_any_time(),
        Route::page("/projects/{project}/attendance", read, "Attendance of a month", || web::get().to(attendance::page)),
        Route::page("/projects/{project}/money", Access::Holds(Verb::ReadMoney), "Money in and out", || {
            web::get().to(money::page)
        }),
        Route::page("/projects/{project}/bank-files", Access::Holds(Verb::ReadMoney), "Files that banks handed in", || {
            web::get().to(bank_files::page)
        }),
        Route::form("/projects/{project}/bank-files/void", Access::Holds(Verb::FeedBank), "Ask for a file to be voided", || {
            web::post().to(bank_files::ask)
        }),
        Route::form(
            "/projects/{project}/bank-files/decision",
            Access::Holds(Verb::FeedBank),
            "Decide on the voiding of a file",
            || web::post().to(bank_files::decide),
        ),
        Route::page(
            "/projects/{project}/doubts",
            Access::Holds(Verb::ReadMoney),
            "Entries of the bank that a person must look at",
            || web::get().to(doubts::page),
        ),
        Route::form("/projects/{project}/doubts", Access::Holds(Verb::FeedBank), "Say what an entry in doubt is", || {
            web::post().to(doubts::ask)
        }),
        Route::form(
            "/projects/{project}/doubts/decision",
            Access::Holds(Verb::FeedBank),
            "Decide on what another person said of an entry",
            || web::post().to(doubts::decide),
        ),
        Route::page("/projects/{project}/deposit", read, "Wage deposits", || web::get().to(deposit::page)),
        Route::page("/projects/{project}/matters", Access::Holds(Verb::ReadMoney), "Matters of the wage money", || {
            web::get().to(matters::page)
        }),
        Route::form("/projects/{project}/matters", Access::Holds(Verb::RecordFacts), "Begin a matter", || {
            web::post().to(matter_forms::begin)
        }),
        Route::form("/projects/{project}/matters/steps", Access::Holds(Verb::RecordFacts), "Take a step of a matter", || {
            web::post().to(matter_forms::take)
        }),
        Route::form(
            "/projects/{project}/deposit-matters",
            Access::Holds(Verb::StepDeposits),
            "Begin a matter of the deposit",
            || web::post().to(matter_forms::begin_of_deposit),
        ),
        Route::form(
            "/projects/{project}/deposit-matters/steps",
            Access::Holds(Verb::StepDeposits),
            "Take a step of a matter of the deposit",
            || web::post().to(matter_forms::take_of_deposit),
        ),
        Route::page("/projects/{project}/matters/{matter}/letter", Access::Holds(Verb::ReadMoney), "Letter of a matter", || {
            web::get().to(letter::page)
        }),
        Route::page("/projects/{project}/liability", Access::Holds(Verb::ReadMoney), "Who pays the arrears", || {
            web::get().to(liability::page)
        }),
        Route::form(
            "/projects/{project}/clearings",
            Access::Holds(Verb::PayWages),
            "Record a payment outside the account",
            || web::post().to(matter_forms::clear),
        ),
        Route::form(
            "/projects/{project}/clearings/decision",
            Access::Holds(Verb::RecordFacts),
            "Confirm or refuse what another person says was paid outside the account",
            || web::post().to(matter_forms::decide_clearing),
        ),
        Route::page("/projects/{project}/clearance", read, "What stands between a project and its closing", || {
            web::get().to(clearance::page)
        }),
        Route::page("/projects/{project}/findings", read, "Findings over time", || web::get().to(findings::page)),
    ];
    routes.extend(passages::routes());
    routes.extend(matches::routes());
    routes.extend(signs::routes());
    routes.extend(reports::routes());
    routes.extend(bank_profile::routes());
    routes.extend(account::routes());
    routes
}
