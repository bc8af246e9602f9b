//! Rows of punches and work days, and the marks that say which days must be folded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable};
use serde::Serialize;

use super::{Worked, day_of};
use crate::base::id::{CrewId, DeviceId, InboxId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, Moment, Month};
use crate::store::bulk::{self, PunchRow, directly, listed};
use crate::store::fixed::fixed;
use crate::store::schema::{dirty_days, inbox, pins, punches, work_days};
use crate::store::{AnyConn, StoreError};
use crate::workers::day_number;

/// A worker's day on a project, as wages and rules read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = work_days)]
#[schema(as = WorkDay)]
pub struct WorkDayRow {
    pub project_id: ProjectId,
    pub worked_on: Day,
    pub enrolment_id: RecordId,
    pub worker_id: WorkerId,
    /// Seconds of the day.
    pub first_time: i32,
    /// Seconds of the day; past 86,400 where a shift ran over midnight.
    pub last_time: i32,
    pub punches: i32,
    /// Hundredths of a work day.
    pub hundredths: i32,
    /// What is odd about it, words joined by commas: `single`, `no_in`, `no_out`, `overnight`, `night_unsure`, `corrected`.
    pub flags: String,
    /// When it was folded from the punches.
    #[schema(ignore)]
    #[serde(skip)]
    pub folded_at: Moment,
}

impl WorkDayRow {
    /// Whether another folding came to the same.
    pub(super) fn says_the_same_as(&self, other: &WorkDayRow) -> bool {
        *self == WorkDayRow { folded_at: self.folded_at, ..other.clone() }
    }
}

/// Marks a day to be folded.
pub fn mark_dirty(conn: &mut AnyConn, project: ProjectId, local_day: i32, now: Moment) -> Result<(), StoreError> {
    bulk::mark_days(conn, &[(project.0, local_day)], now)
}

/// Whether days of the project wait to be folded.
pub fn has_dirty(conn: &mut AnyConn, project: ProjectId) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(dirty_days::table.filter(dirty_days::project_id.eq(project.0)))).get_result(conn)?)
}

/// Projects that have days to be folded, for the schedule's sweep.
pub fn projects_with_dirty_days(conn: &mut AnyConn) -> Result<Vec<ProjectId>, StoreError> {
    let ids: Vec<i64> = dirty_days::table.select(dirty_days::project_id).distinct().order(dirty_days::project_id).load(conn)?;
    Ok(ids.into_iter().map(ProjectId).collect())
}

/// Every punch of a project's day, in order of time.
pub fn punches_of_day(conn: &mut AnyConn, project: ProjectId, local_day: i32) -> Result<Vec<PunchRow>, StoreError> {
    Ok(punches::table
        .filter(punches::project_id.eq(project.0).and(punches::local_day.eq(local_day)))
        .order((punches::local_time, punches::device_id, punches::pin_id, punches::state, punches::verify, punches::ordinal))
        .select(PunchRow::as_select())
        .load(conn)?)
}

/// Some of a project's punches of a day, in order of time, leaving out the first `skip`.
pub fn punches_page(
    conn: &mut AnyConn,
    project: ProjectId,
    local_day: i32,
    skip: i64,
    limit: i64,
) -> Result<Vec<PunchRow>, StoreError> {
    Ok(punches::table
        .filter(punches::project_id.eq(project.0).and(punches::local_day.eq(local_day)))
        .order((punches::local_time, punches::device_id, punches::pin_id, punches::state, punches::verify, punches::ordinal))
        .offset(skip)
        .limit(limit)
        .select(PunchRow::as_select())
        .load(conn)?)
}

/// The encrypted text and the index of a number at the gate.
pub fn pin(conn: &mut AnyConn, id: i64) -> Result<Option<(Vec<u8>, String)>, StoreError> {
    Ok(pins::table.find(id).select((pins::pin, pins::pin_index)).get_result(conn).optional()?)
}

/// What a number at the gate did in some days.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PinUse {
    #[diesel(sql_type = BigInt)]
    pub pin_id: i64,
    #[diesel(sql_type = BigInt)]
    pub punches: i64,
    #[diesel(sql_type = Integer)]
    pub first_day: i32,
    #[diesel(sql_type = Integer)]
    pub last_day: i32,
}

/// Which numbers punched from `first` to `last`, how often, and when.
pub fn pins_used(conn: &mut AnyConn, project: ProjectId, first: Day, last: Day) -> Result<Vec<PinUse>, StoreError> {
    Ok(fixed(
        "SELECT n.id AS pin_id, u.punches AS punches, u.first_day AS first_day, u.last_day AS last_day FROM \
         (SELECT r.pin AS pin, COUNT(*) AS punches, MIN(r.local_day) AS first_day, MAX(r.local_day) AS last_day \
         FROM punch_places p JOIN punch_rows r ON r.place = p.number \
         WHERE p.project_id = $1 AND r.local_day >= $2 AND r.local_day <= $3 GROUP BY r.pin) u \
         JOIN pins n ON n.number = u.pin ORDER BY n.id",
    )
    .big(project.0)
    .int(day_number(first))
    .int(day_number(last))
    .load(conn)?)
}

/// The days on which one number punched from `first` to `last`, each as a use of its own.
pub fn days_of_pin(conn: &mut AnyConn, project: ProjectId, pin: i64, first: Day, last: Day) -> Result<Vec<PinUse>, StoreError> {
    Ok(fixed(
        "SELECT n.id AS pin_id, COUNT(*) AS punches, r.local_day AS first_day, r.local_day AS last_day FROM punch_places p \
         JOIN punch_rows r ON r.place = p.number JOIN pins n ON n.number = r.pin WHERE p.project_id = $1 AND n.id = $2 \
         AND r.local_day >= $3 AND r.local_day <= $4 GROUP BY n.id, r.local_day ORDER BY r.local_day",
    )
    .big(project.0)
    .big(pin)
    .int(day_number(first))
    .int(day_number(last))
    .load(conn)?)
}

/// The work days of a month, by day and enrolment, after `(day, enrolment)`.
pub fn work_days_of(
    conn: &mut AnyConn,
    project: ProjectId,
    month: Month,
    after: Option<(Day, RecordId)>,
    limit: i64,
) -> Result<Vec<WorkDayRow>, StoreError> {
    let mut query = work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.between(month.first(), month.last())))
        .into_boxed();
    if let Some((day, enrolment)) = after {
        query = query
            .filter(work_days::worked_on.gt(day).or(work_days::worked_on.eq(day).and(work_days::enrolment_id.gt(enrolment))));
    }
    Ok(query.order((work_days::worked_on, work_days::enrolment_id)).limit(limit).select(WorkDayRow::as_select()).load(conn)?)
}

/// Whether somebody was seen on a day between these two, neither of them counted.
pub fn was_attended_between(conn: &mut AnyConn, project: ProjectId, after: Day, before: Day) -> Result<bool, StoreError> {
    let found = work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.gt(after)).and(work_days::worked_on.lt(before)));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// One worker's days of a month.
pub fn work_days_of_one(
    conn: &mut AnyConn,
    project: ProjectId,
    enrolment: RecordId,
    month: Month,
) -> Result<Vec<WorkDayRow>, StoreError> {
    Ok(work_days::table
        .filter(
            work_days::project_id
                .eq(project)
                .and(work_days::worked_on.between(month.first(), month.last()))
                .and(work_days::enrolment_id.eq(enrolment)),
        )
        .order(work_days::worked_on)
        .select(WorkDayRow::as_select())
        .load(conn)?)
}

/// What a crew did on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct CrewDay {
    #[diesel(sql_type = Date)]
    pub worked_on: Day,
    #[diesel(sql_type = BigInt)]
    pub crew_id: CrewId,
    /// People on the site.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// Hundredths of work days.
    #[diesel(sql_type = BigInt)]
    pub hundredths: i64,
}

/// What each crew did on each day of a month.
pub fn crew_days(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<CrewDay>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT w.worked_on AS worked_on, e.crew_id AS crew_id, COUNT(*) AS people, CAST(SUM(w.hundredths) AS BIGINT) AS hundredths \
         FROM work_days w JOIN enrolments e ON e.project_id = w.project_id AND e.id = w.enrolment_id \
         WHERE w.project_id = $1 AND w.worked_on >= $2 AND w.worked_on <= $3 GROUP BY w.worked_on, e.crew_id \
         ORDER BY e.crew_id, w.worked_on",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Date, _>(month.first().0)
    .bind::<Date, _>(month.last().0)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct WorkedRow {
    #[diesel(sql_type = BigInt)]
    enrolment_id: i64,
    #[diesel(sql_type = BigInt)]
    worker_id: i64,
    #[diesel(sql_type = BigInt)]
    hundredths: i64,
    #[diesel(sql_type = BigInt)]
    days: i64,
}

/// What each worker did in a month, in order of enrolment.
pub fn worked(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<Worked>, StoreError> {
    let rows: Vec<WorkedRow> = fixed(
        "SELECT enrolment_id, worker_id, CAST(SUM(hundredths) AS BIGINT) AS hundredths, COUNT(*) AS days FROM work_days \
         WHERE project_id = $1 AND worked_on >= $2 AND worked_on <= $3 GROUP BY enrolment_id, worker_id ORDER BY enrolment_id",
    )
    .big(project.0)
    .day(month.first())
    .day(month.last())
    .load(conn)?;
    let worked = |row: WorkedRow| Worked {
        enrolment: RecordId(row.enrolment_id),
        worker: WorkerId(row.worker_id),
        hundredths: row.hundredths,
        days: row.days,
    };
    Ok(rows.into_iter().map(worked).collect())
}

/// How many people were on the site in a month.
pub fn attended(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<i64, StoreError> {
    let people: BTreeSet<WorkerId> = worked(conn, project, month)?.into_iter().map(|worked| worked.worker).collect();
    Ok(i64::try_from(people.len()).unwrap_or(i64::MAX))
}

/// Months in which somebody worked, folded or not: a day that waits to be folded has punches.
pub fn months_with_attendance(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Month>, StoreError> {
    let folded: Vec<Day> =
        work_days::table.filter(work_days::project_id.eq(project)).select(work_days::worked_on).distinct().load(conn)?;
    let waiting: Vec<i32> =
        dirty_days::table.filter(dirty_days::project_id.eq(project.0)).select(dirty_days::local_day).load(conn)?;
    let months: BTreeSet<Month> = folded.into_iter().chain(waiting.into_iter().filter_map(day_of)).map(Day::month).collect();
    Ok(months.into_iter().collect())
}

/// The first day on which somebody worked, folded or waiting to be; `None` without attendance.
pub fn first_day(conn: &mut AnyConn, project: ProjectId) -> Result<Option<Day>, StoreError> {
    let folded: Option<Day> = work_days::table
        .filter(work_days::project_id.eq(project))
        .order(work_days::worked_on)
        .limit(1)
        .select(work_days::worked_on)
        .first(conn)
        .optional()?;
    let waiting: Option<i32> = dirty_days::table
        .filter(dirty_days::project_id.eq(project.0))
        .select(diesel::dsl::min(dirty_days::local_day))
        .first(conn)?;
    Ok([folded, waiting.and_then(day_of)].into_iter().flatten().min())
}

/// When somebody worked on a project, without the days between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// First and last day that is folded.
    pub folded: Option<(Day, Day)>,
    /// Days that wait to be folded.
    pub waiting: Vec<Day>,
}

#[derive(QueryableByName)]
struct SpanRow {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Nullable<Date>)]
    first_on: Option<Day>,
    #[diesel(sql_type = Nullable<Date>)]
    last_on: Option<Day>,
}

/// When somebody worked on each of some projects: two probes of the key a project.
pub fn spans_of(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<BTreeMap<ProjectId, Span>, StoreError> {
    let mut spans: BTreeMap<ProjectId, Span> = projects.iter().map(|project| (*project, Span::default())).collect();
    if projects.is_empty() {
        return Ok(spans);
    }
    const SPAN: &str = "SELECT p.id AS project_id, (SELECT MIN(w.worked_on) FROM work_days w WHERE w.project_id = p.id) AS first_on, \
                        (SELECT MAX(w.worked_on) FROM work_days w WHERE w.project_id = p.id) AS last_on FROM projects p WHERE p.id";
    static OF_ONE: LazyLock<String> = LazyLock::new(|| format!("{SPAN} = $1"));
    let rows: Vec<SpanRow> = match projects {
        [project] => fixed(OF_ONE.as_str()).big(project.0).load(conn)?,
        _ => diesel::sql_query(format!("{SPAN} IN ({})", listed(projects.iter().map(|project| project.0)))).load(conn)?,
    };
    for row in rows {
        if let (Some(span), Some(first), Some(last)) = (spans.get_mut(&row.project_id), row.first_on, row.last_on) {
            span.folded = Some((first, last));
        }
    }
    let waiting = dirty_days::table.select((dirty_days::project_id, dirty_days::local_day)).into_boxed();
    let waiting = match projects {
        [one] => waiting.filter(dirty_days::project_id.eq(one.0)),
        many => waiting.filter(dirty_days::project_id.eq_any(many.iter().map(|project| project.0).collect::<Vec<i64>>())),
    };
    let waiting: Vec<(i64, i32)> = waiting.load(conn)?;
    for (project, day) in waiting {
        if let Some(span) = spans.get_mut(&ProjectId(project)) {
            span.waiting.extend(day_of(day));
        }
    }
    Ok(spans)
}

/// Whose enrolments worked in a month, by what is folded. The key alone answers it, so that no row is read.
pub fn enrolments_in(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<RecordId>, StoreError> {
    Ok(directly!(conn, conn => work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.between(month.first(), month.last())))
        .select(work_days::enrolment_id)
        .distinct()
        .load(conn))?)
}

/// Whether somebody worked in a month, by what is folded.
pub fn was_attended(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<bool, StoreError> {
    let found: Option<Day> = work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.between(month.first(), month.last())))
        .order(work_days::worked_on)
        .limit(1)
        .select(work_days::worked_on)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

#[derive(QueryableByName)]
struct FirstDay {
    #[diesel(sql_type = Nullable<Integer>)]
    day: Option<i32>,
}

/// The project's first day with punches after a day; 0 punches are no day. One probe of the key a machine.
pub fn next_day(conn: &mut AnyConn, project: i64, after: i32) -> Result<Option<i32>, StoreError> {
    let row: FirstDay = fixed(
        "SELECT MIN(own.day) AS day FROM (SELECT (SELECT MIN(r.local_day) FROM punch_rows r \
         WHERE r.place = p.number AND r.local_day > $2) AS day FROM punch_places p WHERE p.project_id = $1) own",
    )
    .big(project)
    .int(after)
    .get_result(conn)?;
    Ok(row.day)
}

#[derive(QueryableByName)]
struct FirstProject {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

/// The first project with punches after a project's id.
pub fn next_project(conn: &mut AnyConn, after: i64) -> Result<Option<i64>, StoreError> {
    let row: FirstProject = fixed(
        "SELECT MIN(p.project_id) AS id FROM punch_places p \
         WHERE p.project_id > $1 AND EXISTS (SELECT 1 FROM punch_rows r WHERE r.place = p.number)",
    )
    .big(after)
    .get_result(conn)?;
    Ok(row.id)
}

#[derive(QueryableByName)]
struct KnownId {
    #[diesel(sql_type = diesel::sql_types::Text)]
    digest: String,
}

/// Keeps the id that a gateway gave a punch; gives the digest that stands under it when it is not new.
pub fn keep_punch_id(conn: &mut AnyConn, device: DeviceId, item: &str, digest: &str) -> Result<Option<String>, StoreError> {
    use diesel::sql_types::Text;
    let added =
        diesel::sql_query("INSERT INTO punch_ids (device_id, item_id, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind::<BigInt, _>(device.0)
            .bind::<Text, _>(item)
            .bind::<Text, _>(digest)
            .execute(conn)?;
    if added > 0 {
        return Ok(None);
    }
    let known: KnownId = diesel::sql_query("SELECT digest FROM punch_ids WHERE device_id = $1 AND item_id = $2")
        .bind::<BigInt, _>(device.0)
        .bind::<Text, _>(item)
        .get_result(conn)?;
    Ok(Some(known.digest))
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many punches of a device are stored on a project.
pub fn count_of_device(conn: &mut AnyConn, project: ProjectId, device: DeviceId) -> Result<i64, StoreError> {
    let row: Counted = fixed(
        "SELECT COUNT(*) AS n FROM punch_places p JOIN punch_rows r ON r.place = p.number WHERE p.project_id = $1 AND p.device_id = $2",
    )
    .big(project.0)
    .big(device.0)
    .get_result(conn)?;
    Ok(row.n)
}

/// How many items of a source wait in quarantine, flags left out: those were taken.
pub fn count_put_aside(conn: &mut AnyConn, source: &str) -> Result<i64, StoreError> {
    let row: Counted = diesel::sql_query(
        "SELECT COUNT(*) AS n FROM quarantine q JOIN inbox i ON i.id = q.inbox_id \
         WHERE q.state = 'open' AND q.reason <> 'time_far' AND i.source = $1",
    )
    .bind::<diesel::sql_types::Text, _>(source)
    .get_result(conn)?;
    Ok(row.n)
}

/// When the messages of some punches were received.
pub fn received_of(conn: &mut AnyConn, rows: &[PunchRow]) -> Result<BTreeMap<i64, Moment>, StoreError> {
    let ids: BTreeSet<InboxId> = rows.iter().map(|row| InboxId(row.inbox_id)).collect();
    let ids: Vec<InboxId> = ids.into_iter().collect();
    let found: Vec<(InboxId, Moment)> =
        inbox::table.filter(inbox::id.eq_any(ids)).select((inbox::id, inbox::received_at)).load(conn)?;
    Ok(found.into_iter().map(|(id, at)| (id.0, at)).collect())
}
