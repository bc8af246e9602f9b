//! One worker on a project: terms and their history, this month's days, pay lines; leaving, new terms, a plain number on record.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::people::{self, Person};
use super::{amount_opt, can, days};
use crate::attendance::corrections::http::{CorrectionView, of_month};
use crate::attendance::table::WorkDayRow;
use crate::base::Month;
use crate::base::id::{ProjectId, RecordId};
use crate::console::projects::head::Head;
use crate::console::{Frame, Shown, done, show};
use crate::payroll::links::pins::{self, table::PinRow};
use crate::payroll::table::{LineRow, SheetRow};
use crate::projects::enter;
use crate::realname::conduct::{self, Told};
use crate::store::AnyConn;
use crate::web::{Access, Form, Problem, Route, Verb, Visit};
use crate::workers::actions::NewTerms;
use crate::workers::exceptions::{ExceptionReason, PayRoute};
use crate::workers::table::EventRow;
use crate::workers::{self, SecretField, Warning};
use crate::{attendance, payroll};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let enrol = Access::Holds(Verb::EnrolWorkers);
    vec![
        Route::page("/projects/{project}/workers/{enrolment}", Access::Holds(Verb::ReadWorkers), "One worker", || {
            web::get().to(page)
        }),
        Route::form("/projects/{project}/workers/{enrolment}/leave", enrol, "Record that a worker has left", || {
            web::post().to(leave)
        }),
        Route::form("/projects/{project}/workers/{enrolment}/terms", enrol, "Change day rate or card", || {
            web::post().to(change_terms)
        }),
        Route::form("/projects/{project}/workers/{enrolment}/unmask", Access::Holds(Verb::Unmask), "See a plain number", || {
            web::post().to(unmask)
        }),
    ]
}

/// A plain number that was just asked for.
struct Plain {
    field: SecretField,
    value: String,
}

/// One month's line of this worker.
struct Wage {
    sheet: SheetRow,
    line: LineRow,
    days: String,
}

#[derive(Template)]
#[template(path = "console/month/worker.html")]
struct WorkerPage {
    f: Frame,
    head: Head,
    person: Person,
    warnings: Vec<Warning>,
    history: Vec<(EventRow, Option<String>)>,
    month: Month,
    work_days: Vec<WorkDayRow>,
    days: String,
    wages: Vec<Wage>,
    fields: Vec<SecretField>,
    plain: Option<Plain>,
    may_enrol: bool,
    may_unmask: bool,
    /// Corrections of the month's days, oldest first.
    corrections: Vec<CorrectionView>,
    may_prepare: bool,
    reasons: &'static [ExceptionReason],
    pay_routes: &'static [PayRoute],
    /// The exceptional registration that the form goes on from.
    renews: Option<RecordId>,
    /// The PIN for signing, where there is one.
    sign_pin: Option<PinRow>,
    /// Trainings, credentials, records: what others told.
    conduct: Vec<Told>,
}

impl WorkerPage {
    fn before(&self) -> Month {
        self.month.plus(-1)
    }

    fn after(&self) -> Month {
        self.month.plus(1)
    }

    fn is_own(&self, correction: &CorrectionView) -> bool {
        self.f.visit.ctx.scope.user == Some(correction.proposed_by)
    }

    fn is_corrected(&self, day: &WorkDayRow) -> bool {
        day.flags.split(',').any(|flag| flag == "corrected")
    }

    fn time(&self, seconds: &i32) -> String {
        super::clock(*seconds)
    }

    fn part(&self, hundredths: &i32) -> String {
        days(*hundredths)
    }
}

#[derive(Deserialize)]
struct MonthQuery {
    month: Option<Month>,
    renews: Option<RecordId>,
}

async fn page(visit: Visit, path: web::Path<(ProjectId, RecordId)>, query: web::Query<MonthQuery>) -> Shown {
    let (project, id) = path.into_inner();
    let month = query.month.unwrap_or(visit.ctx.today.month());
    let renews = query.renews;
    let mut page = visit.read(move |conn, visit| gather(conn, visit, project, id, month, None)).await?;
    page.renews = renews;
    show(&page)
}

fn gather(
    conn: &mut AnyConn,
    visit: &Visit,
    project: ProjectId,
    id: RecordId,
    month: Month,
    plain: Option<Plain>,
) -> Result<WorkerPage, Problem> {
    let (site, head) = Head::enter(conn, visit, project)?;
    let row = workers::table::find(conn, site.id, id)?.ok_or_else(Problem::not_found)?;
    let person = people::known(conn, visit.ctx.vault(), &site, &[id])?.remove(&id).ok_or_else(Problem::not_found)?;
    let mut history = Vec::new();
    for event in workers::table::events_of(conn, site.id, id)? {
        let card = workers::lookups::open_card(conn, visit.ctx.vault(), site.id, event.card.as_deref())?;
        history.push((event, card.map(|card| card.masked())));
    }
    let work_days = attendance::table::work_days_of_one(conn, site.id, id, month)?;
    let total = work_days.iter().fold(0_i32, |sum, day| sum.saturating_add(day.hundredths));
    let mut wages = Vec::new();
    for line in payroll::table::lines_of_enrolment(conn, site.id, id)? {
        let sheet = payroll::table::sheet(conn, site.id, line.sheet_id)?;
        wages.extend(sheet.map(|sheet| Wage { sheet, days: days(line.days_hundredths), line }));
    }
    let view = &person.view;
    let known = [
        (true, SecretField::IdNumber),
        (view.phone.is_some(), SecretField::Phone),
        (view.card.is_some(), SecretField::Card),
        (view.has_pin, SecretField::Pin),
    ];
    Ok(WorkerPage {
        f: Frame::of(visit),
        warnings: workers::lookups::told_warnings(conn, &visit.ctx, &site, &row)?,
        history,
        month,
        work_days,
        days: days(total),
        wages,
        fields: known.into_iter().filter(|(stands, _)| *stands).map(|(_, field)| field).collect(),
        plain,
        corrections: of_month(conn, &visit.ctx, &site, month)?.into_iter().filter(|one| one.enrolment == id).collect(),
        may_enrol: can(conn, visit, project, Verb::EnrolWorkers),
        may_unmask: can(conn, visit, project, Verb::Unmask),
        may_prepare: can(conn, visit, project, Verb::PrepareSheets),
        reasons: ExceptionReason::ALL,
        pay_routes: PayRoute::ALL,
        renews: None,
        sign_pin: pins::of_worker(conn, site.id, row.worker_id)?,
        conduct: match workers::table::worker(conn, row.worker_id)? {
            Some(worker) => conduct::of_person(conn, &visit.ctx, site.id, &worker.id_index)?,
            None => Vec::new(),
        },
        person,
        head,
    })
}

async fn leave(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, id) = path.into_inner();
    let last = form.parse("left_on")?;
    form.write(Verb::EnrolWorkers, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        workers::actions::leave(tx, ctx, &site, id, last)
    })
    .await?;
    done(&format!("/projects/{project}/workers/{id}"), "left_site", 1)
}

async fn change_terms(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, id) = path.into_inner();
    let owned = |name: &str| form.text(name).map(str::to_owned);
    let new = NewTerms {
        valid_on: form.parse("valid_on")?,
        day_rate: amount_opt(&form, "day_rate")?,
        card: owned("card"),
        bank_name: owned("bank_name"),
    };
    form.write(Verb::EnrolWorkers, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        workers::actions::change_terms(tx, ctx, &site, id, &new).map(drop)
    })
    .await?;
    done(&format!("/projects/{project}/workers/{id}"), "terms_changed", 1)
}

/// The number is shown on the answer itself: no address and no history of the browser ever holds it.
async fn unmask(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, id) = path.into_inner();
    let field: SecretField = form.parse("field")?;
    let purpose = form.required("purpose")?.to_owned();
    let value = form
        .write(Verb::Unmask, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            workers::actions::unmask(tx, ctx, &site, id, field, &purpose)
        })
        .await?;
    let month = form.visit.ctx.today.month();
    // The rest of the page is seen with the right to see workers, which whoever may unmask has.
    let mut visit = form.visit.clone();
    visit.ctx = visit.need(Verb::ReadWorkers)?;
    let page = visit.read(move |conn, visit| gather(conn, visit, project, id, month, Some(Plain { field, value }))).await?;
    show(&page)
}
