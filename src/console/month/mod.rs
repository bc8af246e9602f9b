//! The month of a labour manager in the browser: people, papers, bank files, pay sheets, pay runs; and what a first month needs before
//! it, from the company to the gate machine.
//!
//! A page shows what the visitor may see on this project, which may be less than the route's verb allows elsewhere: `can` says it.
//! Deliberately absent: rules. What a slice refuses is shown as the slice says it.

mod bank;
mod bank_sheets;
mod begin;
mod check;
mod corrections;
pub(super) mod evidence;
mod exceptions;
mod line;
mod line_corrections;
mod links;
mod morning;
mod opening;
mod paper_forms;
pub(super) mod papers;
mod people;
mod person;
mod pins;
mod roster;
mod run;
mod sheet;
mod sheet_forms;
mod sheet_import;
mod sheets;

use actix_web::{HttpResponse, web};

use super::{Shown, in_query};
use crate::base::id::ProjectId;
use crate::base::{Fen, Unreadable};
use crate::projects;
use crate::store::AnyConn;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Pages of this subject; paths with a fixed word come before those with an id in its place.
pub fn routes() -> Vec<Route> {
    let mut routes = begin::routes();
    routes.extend(roster::routes());
    routes.extend(people::routes());
    routes.extend(exceptions::routes());
    routes.extend(person::routes());
    routes.extend(pins::routes());
    routes.extend(papers::routes());
    routes.extend(sheets::routes());
    routes.extend(sheet::routes());
    routes.extend(sheet_forms::routes());
    routes.extend(check::routes());
    routes.extend(corrections::routes());
    routes.extend(morning::routes());
    routes.extend(line::routes());
    routes.extend(line_corrections::routes());
    routes.extend(links::routes());
    routes.extend(opening::routes());
    routes.extend(sheet_import::routes());
    routes.extend(run::routes());
    routes.extend(bank_sheets::routes());
    routes.push(Route::page("/bank", Access::Holds(Verb::FeedBank), "Hand in a bank file", || web::get().to(bank::page)));
    routes.push(Route::form("/bank", Access::Holds(Verb::FeedBank), "Hand in a bank file", || web::post().to(bank::take)));
    routes
}

/// Whether the visitor may do this on this project.
pub(super) fn can(conn: &mut AnyConn, visit: &Visit, project: ProjectId, verb: Verb) -> bool {
    visit.able(verb).is_some_and(|ctx| projects::enter(conn, &ctx.scope, project).is_ok())
}

/// Days of work as people write them: `26`, `25.5`.
fn days(hundredths: i32) -> String {
    rust_decimal::Decimal::new(i64::from(hundredths), 2).normalize().to_string()
}

/// A time of the day as people write it; past midnight with a mark: `07:30`, `+1 05:00`.
fn clock(seconds: i32) -> String {
    let (day, seconds) = (seconds / 86_400, seconds % 86_400);
    let time = format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if day == 0 { time } else { format!("+{day} {time}") }
}

/// A ratio or number of months of a form.
fn decimal(form: &Form, name: &str) -> Result<rust_decimal::Decimal, Problem> {
    let text = form.required(name)?;
    let unreadable = Unreadable::new("number", text, "write digits with a point, like 0.25");
    text.parse().map_err(|_| Problem::unreadable(name, &unreadable))
}

/// An amount of a form, thousands apart or not.
pub(super) fn amount(form: &Form, name: &str) -> Result<Fen, Problem> {
    let text: String = form.required(name)?.chars().filter(|c| !matches!(c, ',' | '，' | ' ')).collect();
    text.parse().map_err(|error| Problem::unreadable(name, &error))
}

/// As [`amount`], where the field may be empty.
pub(super) fn amount_opt(form: &Form, name: &str) -> Result<Option<Fen>, Problem> {
    form.text(name).map(|_| amount(form, name)).transpose()
}

/// A file to be kept on the visitor's machine: always an attachment, never run in this site's own origin.
pub(super) fn attachment(media: &str, name: &str, bytes: Vec<u8>) -> Shown {
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header(("Content-Disposition", format!("attachment; filename*=UTF-8''{}", in_query(name))))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .body(bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_past_midnight_bears_a_mark() {
        assert_eq!((super::clock(27_000), super::clock(104_400)), ("07:30".to_owned(), "+1 05:00".to_owned()));
    }

    #[test]
    fn days_are_written_without_idle_zeros() {
        for (hundredths, text) in [(2600, "26"), (2550, "25.5"), (25, "0.25"), (0, "0")] {
            assert_eq!(super::days(hundredths), text);
        }
    }
}
