//! `/api/v1/projects/{project}/day-corrections`: proposed by one person, decided by another, and both sides of each.

use actix_web::http::StatusCode;
use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::{self, CorrectionRow, StepRow};
use super::{CorrectionStep, NewCorrection, decide, propose};
use crate::attendance::folding::later::{self, Later};
use crate::attendance::folding::night::DAY_SECONDS;
use crate::base::id::{DocumentId, ProjectId, RecordId, UserId, WorkerId};
use crate::base::{Day, Moment, Month};
use crate::projects::{Site, enter};
use crate::store::AnyConn;
use crate::web::{Access, Body, Call, Ctx, Problem, Route, Verb};

/// Routes of this subject.
pub(in crate::attendance) fn routes() -> Vec<Route> {
    let (read, prepare) = (Access::Holds(Verb::ReadWorkers), Access::Holds(Verb::PrepareSheets));
    vec![
        Route::get("/api/v1/projects/{project}/day-corrections", read, "Corrections of a month's work days", || {
            web::get().to(list)
        })
        .query(&[("month", "month like 2026-03")])
        .of_any_time()
        .gives::<Vec<CorrectionView>>(),
        Route::post("/api/v1/projects/{project}/day-corrections", prepare, "Propose a correction of a work day", || {
            web::post().to(proposed)
        })
        .takes::<ProposeCorrection>()
        .creates::<CorrectionView>(),
        Route::post(
            "/api/v1/projects/{project}/day-corrections/{correction}/decision",
            prepare,
            "Confirm or refuse another person's correction, or take back one's own",
            || web::post().to(decided),
        )
        .takes::<DecideCorrection>()
        .creates::<CorrectionView>(),
    ]
}

/// What a worker's day was.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeCorrection {
    /// Whose.
    enrolment: RecordId,
    /// Which day; for a shift over midnight that on which it began.
    worked_on: Day,
    /// When they came, like `07:30`; absent for somebody who was not there.
    first: Option<String>,
    /// When they went.
    last: Option<String>,
    /// Whether they went on the morning after.
    next_morning: Option<bool>,
    /// Hundredths of a work day; what the times are worth when absent.
    hundredths: Option<i32>,
    /// Why, 4 to 500 characters.
    reason: String,
    /// A paper that bears it out.
    document_id: Option<DocumentId>,
}

/// What is decided.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCorrection {
    /// Which way.
    step: CorrectionStep,
    /// Why; needed unless it is confirmed.
    note: Option<String>,
}

/// A correction with what it replaces and what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DayCorrection)]
pub struct CorrectionView {
    /// Id.
    pub id: RecordId,
    /// Whose.
    pub enrolment: RecordId,
    /// The person.
    pub worker: WorkerId,
    /// Which day.
    pub worked_on: Day,
    /// What the day was when it was proposed, in hundredths; `null` where nobody was seen.
    pub was_hundredths: Option<i32>,
    /// What it is said to be.
    pub hundredths: i32,
    /// When they came, in seconds of the day.
    pub first_time: i32,
    /// When they went, past 86,400 on the morning after.
    pub last_time: i32,
    /// Why.
    pub reason: String,
    /// The paper that bears it out.
    pub document_id: Option<DocumentId>,
    /// Who proposed it.
    pub proposed_by: UserId,
    /// When.
    pub proposed_at: Moment,
    /// What was decided; `null` while it waits.
    pub step: Option<CorrectionStep>,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Moment>,
    /// Why.
    pub note: Option<String>,
    /// What the gates told after it was confirmed, where that says otherwise and nobody has answered; told with a month's list alone.
    pub later: Option<LaterView>,
}

/// Passages that came after a correction and do not bear it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LaterEvidence)]
pub struct LaterView {
    /// The passages that came since, in seconds of the day, past 86,400 on the morning after.
    pub times: Vec<i32>,
    /// When the last of them came in.
    pub came_at: Moment,
    /// First passage of the day by all that is on record.
    pub first_time: i32,
    /// Last passage.
    pub last_time: i32,
    /// What the day would be without the correction, in hundredths.
    pub hundredths: i32,
}

impl From<Later> for LaterView {
    fn from(later: Later) -> Self {
        let (first_time, last_time, hundredths) = later.made;
        Self { times: later.times, came_at: later.came_at, first_time, last_time, hundredths }
    }
}

impl CorrectionView {
    /// A correction with what was decided.
    pub fn of(row: CorrectionRow, step: Option<&StepRow>) -> CorrectionView {
        CorrectionView {
            id: row.id,
            enrolment: row.enrolment_id,
            worker: row.worker_id,
            worked_on: row.worked_on,
            was_hundredths: row.was_hundredths,
            hundredths: row.hundredths,
            first_time: row.first_time,
            last_time: row.last_time,
            reason: row.reason,
            document_id: row.document_id,
            proposed_by: row.proposed_by,
            proposed_at: row.recorded_at,
            step: step.map(|step| step.step),
            decided_by: step.map(|step| step.decided_by),
            decided_at: step.map(|step| step.recorded_at),
            note: step.map(|step| step.note.clone()),
            later: None,
        }
    }
}

/// The corrections of a month, oldest first, with what came after those in force.
///
/// # Errors
/// A store that fails.
pub fn of_month(conn: &mut AnyConn, ctx: &Ctx, site: &Site, month: Month) -> Result<Vec<CorrectionView>, Problem> {
    let steps = table::steps_between(conn, site.id, month.first(), month.last())?;
    let rows = table::between(conn, site.id, month.first(), month.last())?;
    let of = |id| steps.iter().find(|step| step.correction_id == id);
    let mut views: Vec<CorrectionView> = rows.into_iter().map(|row| CorrectionView::of(row.clone(), of(row.id))).collect();
    for one in later::of_days(conn, ctx.vault(), site.id, (month.first(), month.last()))? {
        if let Some(view) = views.iter_mut().find(|view| view.id == one.correction) {
            view.later = Some(one.into());
        }
    }
    Ok(views)
}

/// Seconds of the day from `07:30`.
///
/// # Errors
/// `invalid` for what is no time.
pub fn time_of(place: &str, text: &str) -> Result<i32, Problem> {
    let wrong = || Problem::invalid("请写成 07:30 这样的时间。", "Write a time like 07:30.").at(place, "bad_time");
    let (hour, minute) = text.trim().split_once(':').ok_or_else(wrong)?;
    let (hour, minute): (i32, i32) = (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return Err(wrong());
    }
    Ok(hour * 3600 + minute * 60)
}

/// The times of a day from texts: came, went, and whether that was the morning after.
///
/// # Errors
/// `invalid` for one without the other, or for what is no time.
pub fn times_of(first: Option<&str>, last: Option<&str>, next_morning: bool) -> Result<Option<(i32, i32)>, Problem> {
    match (first, last) {
        (None, None) => Ok(None),
        (Some(first), Some(last)) => {
            let more = if next_morning { DAY_SECONDS } else { 0 };
            Ok(Some((time_of("first", first)?, time_of("last", last)? + more)))
        }
        (Some(_), None) | (None, Some(_)) => {
            let (zh, en) = ("到场和离场时间须同时填写。", "Say both when they came and when they went.");
            Err(Problem::invalid(zh, en).at(if first.is_some() { "last" } else { "first" }, "missing_field"))
        }
    }
}

#[derive(Deserialize)]
struct MonthQuery {
    month: Month,
}

async fn list(call: Call, project: web::Path<ProjectId>, query: web::Query<MonthQuery>) -> Result<impl Responder, Problem> {
    let (id, month) = (project.into_inner(), query.month);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        of_month(conn, ctx, &site, month)
    })
    .await
}

async fn proposed(call: Call, project: web::Path<ProjectId>, body: Body<ProposeCorrection>) -> Result<impl Responder, Problem> {
    let (id, told) = (project.into_inner(), body.0);
    let new = NewCorrection {
        enrolment: told.enrolment,
        worked_on: told.worked_on,
        times: times_of(told.first.as_deref(), told.last.as_deref(), told.next_morning.unwrap_or(false))?,
        hundredths: told.hundredths,
        reason: told.reason,
        document: told.document_id,
    };
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, id)?;
        Ok(CorrectionView::of(propose(tx, ctx, &site, &new)?, None))
    })
    .await
}

async fn decided(
    call: Call,
    path: web::Path<(ProjectId, RecordId)>,
    body: Body<DecideCorrection>,
) -> Result<impl Responder, Problem> {
    let ((project, id), DecideCorrection { step, note }) = (path.into_inner(), body.0);
    call.write(StatusCode::CREATED, move |tx, ctx| {
        let site = enter(tx.conn(), &ctx.scope, project)?;
        let step = decide(tx, ctx, &site, id, step, note.as_deref().unwrap_or_default())?;
        let row = table::find(tx.conn(), site.id, id)?.ok_or_else(Problem::not_found)?;
        Ok(CorrectionView::of(row, Some(&step)))
    })
    .await
}
