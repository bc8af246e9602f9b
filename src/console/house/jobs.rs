//! Jobs and mails that gave up: why, and one more try or a note that closes them.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::base::id::{self, JobId, RecordId};
use crate::console::{Frame, Shown, done, show};
use crate::operation::actions;
use crate::store::jobs::{JobRow, JobState};
use crate::store::outbox::{MailRow, MailState};
use crate::web::{Access, Form, Problem, Route, Verb, Visit};

/// Jobs or mails of a page.
const PAGE: i64 = 50;

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let operate = Access::Holds(Verb::Operate);
    vec![
        Route::page("/house/jobs", operate, "Jobs that gave up", || web::get().to(jobs_page)),
        Route::form("/house/jobs/{job}/retry", operate, "Try a job again", || web::post().to(retry_job)),
        Route::form("/house/jobs/{job}/dismiss", operate, "Dismiss a job with a note", || web::post().to(dismiss_job)),
        Route::page("/house/mails", operate, "Mails that gave up", || web::get().to(mails_page)),
        Route::form("/house/mails/{mail}/retry", operate, "Give a mail one more try", || web::post().to(retry_mail)),
        Route::form("/house/mails/{mail}/dismiss", operate, "Dismiss a mail with a note", || web::post().to(dismiss_mail)),
    ]
}

#[derive(Deserialize)]
struct Query {
    state: Option<String>,
    after: Option<String>,
}

/// A page of rows that were asked for with one more.
fn cut<T>(rows: &mut Vec<T>, key: impl Fn(&T) -> i64) -> Option<String> {
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > page;
    rows.truncate(page);
    rows.last().filter(|_| more).map(|row| id::encode(key(row)))
}

#[derive(Template)]
#[template(path = "console/house/jobs.html")]
struct JobsPage {
    f: Frame,
    state: JobState,
    states: &'static [JobState],
    jobs: Vec<JobRow>,
    next: Option<String>,
    note_max: usize,
}

async fn jobs_page(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { state, after } = query.into_inner();
    let state = match state {
        None => JobState::Dead,
        Some(word) => word.parse().map_err(|error| Problem::unreadable("state", &error))?,
    };
    let after = after.as_deref().and_then(id::decode).unwrap_or(0);
    let mut jobs = visit.read(move |conn, visit| actions::jobs(conn, &visit.ctx, state, after, PAGE + 1)).await?;
    let next = cut(&mut jobs, |row| row.id.0);
    show(&JobsPage { f: Frame::of(&visit), state, states: JobState::ALL, jobs, next, note_max: actions::NOTE_MAX })
}

async fn retry_job(job: web::Path<JobId>, form: Form) -> Shown {
    let id = job.into_inner();
    form.write(Verb::Operate, move |tx, ctx| actions::retry_job(tx, ctx, id)).await?;
    done("/house/jobs", "job_retried", 1)
}

async fn dismiss_job(job: web::Path<JobId>, form: Form) -> Shown {
    let id = job.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::Operate, move |tx, ctx| actions::dismiss_job(tx, ctx, id, &note)).await?;
    done("/house/jobs", "dead_dismissed", 1)
}

#[derive(Template)]
#[template(path = "console/house/mails.html")]
struct MailsPage {
    f: Frame,
    state: MailState,
    states: &'static [MailState],
    mails: Vec<MailRow>,
    next: Option<String>,
    note_max: usize,
}

async fn mails_page(visit: Visit, query: web::Query<Query>) -> Shown {
    let Query { state, after } = query.into_inner();
    let state = match state {
        None => MailState::Dead,
        Some(word) => word.parse().map_err(|error| Problem::unreadable("state", &error))?,
    };
    let after = after.as_deref().and_then(id::decode).unwrap_or(0);
    let mut mails = visit.read(move |conn, visit| actions::mails(conn, &visit.ctx, state, after, PAGE + 1)).await?;
    let next = cut(&mut mails, |row| row.id.0);
    show(&MailsPage { f: Frame::of(&visit), state, states: MailState::ALL, mails, next, note_max: actions::NOTE_MAX })
}

async fn retry_mail(mail: web::Path<RecordId>, form: Form) -> Shown {
    let id = mail.into_inner();
    form.write(Verb::Operate, move |tx, ctx| actions::retry_mail(tx, ctx, id)).await?;
    done("/house/mails", "mail_retried", 1)
}

async fn dismiss_mail(mail: web::Path<RecordId>, form: Form) -> Shown {
    let id = mail.into_inner();
    let note = form.text("note").unwrap_or_default().to_owned();
    form.write(Verb::Operate, move |tx, ctx| actions::dismiss_mail(tx, ctx, id, &note)).await?;
    done("/house/mails", "dead_dismissed", 1)
}
