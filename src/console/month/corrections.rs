//! Corrections of work days on a worker's page: one person proposes, another confirms or refuses.

use actix_web::web;

use super::decimal;
use crate::attendance::corrections::{self, CorrectionStep, NewCorrection, http::times_of};
use crate::base::Day;
use crate::base::id::{ProjectId, RecordId};
use crate::console::{Shown, done};
use crate::projects::enter;
use crate::web::{Access, Form, Problem, Route, Verb};

/// Pages of this subject.
pub(super) fn routes() -> Vec<Route> {
    let prepare = Access::Holds(Verb::PrepareSheets);
    vec![
        Route::form("/projects/{project}/workers/{enrolment}/day", prepare, "Propose a correction of a work day", || {
            web::post().to(propose)
        }),
        Route::form("/projects/{project}/day-corrections/{correction}", prepare, "Decide about a correction", || {
            web::post().to(decide)
        }),
    ]
}

/// Work days of a form in hundredths; `None` where the times decide.
fn hundredths(form: &Form) -> Result<Option<i32>, Problem> {
    use rust_decimal::prelude::ToPrimitive;
    if form.text("days").is_none() {
        return Ok(None);
    }
    let days = decimal(form, "days")? * rust_decimal::Decimal::ONE_HUNDRED;
    let wrong =
        || Problem::invalid("一天的工日在 0 与 1 之间。", "A day is worth between none and one.").at("days", "bad_format");
    days.to_i32().filter(|_| days.fract().is_zero()).map(Some).ok_or_else(wrong)
}

/// Where a form leads back to: the morning that it was told on, or the worker's month.
fn back(form: &Form, project: ProjectId, enrolment: RecordId, worked_on: Day) -> Result<String, Problem> {
    Ok(match form.parse_opt::<Day>("morning")? {
        Some(day) => format!("/projects/{project}/morning?day={day}"),
        None => format!("/projects/{project}/workers/{enrolment}?month={}#corrections", worked_on.month()),
    })
}

async fn propose(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, enrolment) = path.into_inner();
    let worked_on: Day = form.parse("worked_on")?;
    let back = back(&form, project, enrolment, worked_on)?;
    let new = NewCorrection {
        enrolment,
        worked_on,
        times: times_of(form.text("first"), form.text("last"), form.ticked("next_morning"))?,
        hundredths: hundredths(&form)?,
        reason: form.required("reason")?.to_owned(),
        document: form.parse_opt("document")?,
    };
    form.write(Verb::PrepareSheets, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        corrections::propose(tx, ctx, &site, &new)
    })
    .await?;
    done(&back, "correction_proposed", 1)
}

async fn decide(form: Form, path: web::Path<(ProjectId, RecordId)>) -> Shown {
    let (project, id) = path.into_inner();
    let step: CorrectionStep = form.parse("step")?;
    let note = form.text("note").unwrap_or_default().to_owned();
    let row = form
        .write(Verb::PrepareSheets, move |tx, ctx| {
            let site = enter(tx.conn(), &ctx.scope, project)?;
            corrections::decide(tx, ctx, &site, id, step, &note)?;
            corrections::table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)
        })
        .await?;
    done(&back(&form, project, row.enrolment_id, row.worked_on)?, "correction_decided", 1)
}
