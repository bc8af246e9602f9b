//! Work days, punches and unmatched numbers of a project; and the routes of devices and of the intake.

use actix_web::{Responder, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::day_of;
use super::devices::signs::is_far;
use super::devices::turns::Ways;
use super::folding::{self, Matcher, UnmatchedPin};
use super::table::{self, WorkDayRow};
use crate::base::id::{DeviceId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, Moment, Month};
use crate::projects::enter;
use crate::store::vault::Owner;
use crate::web::paging::LIMIT_MAX;
use crate::web::{Access, Call, Code, Problem, Route, Verb};
use crate::wire::reason::Reason;
use crate::workers::day_number;

/// The slice's routes.
pub fn routes() -> Vec<Route> {
    let read = Access::Holds(Verb::ReadWorkers);
    let mut routes = vec![
        Route::get("/api/v1/projects/{project}/work-days", read, "Work days of a month", || web::get().to(work_days))
            .query(&[("month", "month like 2026-03"), ("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
            .of_any_time()
            .gives::<WorkDayPage>(),
        Route::get("/api/v1/projects/{project}/punches", read, "Punches of a day as they came, numbers masked", || {
            web::get().to(punches)
        })
        .query(&[("day", "day like 2026-03-02"), ("after", "cursor of the last page"), ("limit", "rows, 1 to 200")])
        .of_any_time()
        .gives::<PunchPage>(),
        Route::get("/api/v1/projects/{project}/unmatched-pins", read, "Numbers at the gates that nobody on the roll has", || {
            web::get().to(unmatched)
        })
        .query(&[("month", "month like 2026-03")])
        .of_any_time()
        .gives::<Vec<UnmatchedPin>>(),
    ];
    routes.extend(super::corrections::http::routes());
    routes.extend(super::morning::http::routes());
    routes.extend(super::devices::http::routes());
    routes.extend(super::imports::http::routes());
    routes
}

/// A page of work days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WorkDayPage {
    items: Vec<WorkDayRow>,
    /// Cursor of the next page.
    next: Option<String>,
    /// Whether days of the project wait to be folded.
    folding: bool,
}

/// A punch as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Punch)]
pub struct PunchView {
    /// Day and time on the device's clock.
    at_local: String,
    device_id: DeviceId,
    /// Number at the gate, masked where it is long.
    pin: String,
    /// State as sent.
    state: Option<i32>,
    /// Means of recognition as sent; 1007 to 1009 prove nobody's presence.
    verify: Option<i32>,
    /// `in`, `out`, or not known.
    direction: Option<&'static str>,
    /// What is odd about it: `time_far` where its time lies far from its receipt; it is taken all the same.
    flags: Vec<&'static str>,
    /// Whose it is on that day.
    enrolment_id: Option<RecordId>,
    worker_id: Option<WorkerId>,
}

/// A page of punches.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PunchPage {
    items: Vec<PunchView>,
    /// Cursor of the next page.
    next: Option<String>,
}

fn wrong_cursor() -> Problem {
    Problem::new(Code::Malformed, "after 不是本服务给出的游标。", "`after` is not a cursor of this service.")
        .at("after", "bad_format")
}

#[derive(Deserialize)]
struct MonthQuery {
    month: Month,
    after: Option<String>,
    limit: Option<i64>,
}

async fn work_days(call: Call, project: web::Path<ProjectId>, query: web::Query<MonthQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let MonthQuery { month, after, limit } = query.into_inner();
    let limit = limit.unwrap_or(LIMIT_MAX).clamp(1, LIMIT_MAX);
    let after = match after.as_deref().map(|cursor| cursor.split_once('~')) {
        None => None,
        Some(Some((day, enrolment))) => {
            Some((day.parse::<Day>().map_err(|_| wrong_cursor())?, enrolment.parse().map_err(|_| wrong_cursor())?))
        }
        Some(None) => return Err(wrong_cursor()),
    };
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let mut items = table::work_days_of(conn, site.id, month, after, limit + 1)?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next = items.last().filter(|_| more).map(|row| format!("{}~{}", row.worked_on, row.enrolment_id));
        Ok(WorkDayPage { items, next, folding: table::has_dirty(conn, site.id)? })
    })
    .await
}

#[derive(Deserialize)]
struct DayQuery {
    day: Day,
    after: Option<i64>,
    limit: Option<i64>,
}

async fn punches(call: Call, project: web::Path<ProjectId>, query: web::Query<DayQuery>) -> Result<impl Responder, Problem> {
    let id = project.into_inner();
    let DayQuery { day, after, limit } = query.into_inner();
    let limit = limit.unwrap_or(LIMIT_MAX).clamp(1, LIMIT_MAX);
    let skip = after.unwrap_or(0).max(0);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        let mut matcher = Matcher::new(conn, site.id)?;
        let ways = Ways::of(conn, site.id)?;
        let mut rows = table::punches_page(conn, site.id, day_number(day), skip, limit + 1)?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = (rows.len() > wanted).then(|| (skip + limit).to_string());
        rows.truncate(wanted);
        let received = table::received_of(conn, &rows)?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let at = Moment(day.begins().0 + i64::from(row.local_time) * 1_000_000);
            let is_far = received.get(&row.inbox_id).is_some_and(|received_at| is_far(at, *received_at, *received_at));
            let way = ways.entered(row.device_id, (row.local_day, row.local_time), row.state);
            let person = match day_of(row.local_day) {
                Some(day) => matcher.find(conn, ctx.vault(), row.pin_id, day)?,
                None => None,
            };
            let pin = match table::pin(conn, row.pin_id)? {
                Some((sealed, _)) => ctx.vault().open_text(conn, Owner::Project(site.id), &sealed)?,
                None => String::new(),
            };
            let (hour, minute, second) = (row.local_time / 3600, row.local_time / 60 % 60, row.local_time % 60);
            items.push(PunchView {
                at_local: format!("{day}T{hour:02}:{minute:02}:{second:02}"),
                device_id: DeviceId(row.device_id),
                pin: folding::shown_pin(&pin),
                state: (row.state != -1).then_some(row.state),
                verify: (row.verify != -1).then_some(row.verify),
                direction: way.map(|entered| if entered { "in" } else { "out" }),
                flags: if is_far { vec![Reason::TimeFar.code()] } else { Vec::new() },
                enrolment_id: person.map(|(enrolment, _)| enrolment),
                worker_id: person.map(|(_, worker)| worker),
            });
        }
        Ok(PunchPage { items, next })
    })
    .await
}

#[derive(Deserialize)]
struct UnmatchedQuery {
    month: Month,
}

async fn unmatched(
    call: Call,
    project: web::Path<ProjectId>,
    query: web::Query<UnmatchedQuery>,
) -> Result<impl Responder, Problem> {
    let (id, month) = (project.into_inner(), query.month);
    call.read(move |conn, ctx| {
        let site = enter(conn, &ctx.scope, id)?;
        Ok(folding::unmatched(conn, ctx.vault(), site.id, month.first(), month.last())?)
    })
    .await
}
