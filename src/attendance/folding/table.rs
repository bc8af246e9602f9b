//! What folding reads and writes: passages of a day in, work days of a day out, many rows in one statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::backend::Backend as AnyBackend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Date, HasSqlType, Integer, Text};

use super::night::DAY_SECONDS;
use super::sums::Changed;
use crate::attendance::table::WorkDayRow;
use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::bulk::directly;
use crate::store::fixed::fixed;
use crate::store::schema::{dirty_days, pins, punch_places, punch_rows, punches, work_days};
use crate::store::{AnyConn, StoreError};

/// Work days of one statement.
const ROWS: usize = 250;

/// A punch as folding needs it.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct Pass {
    /// Seconds of the day.
    pub local_time: i32,
    /// Device.
    pub device_id: i64,
    /// The person as the device knows them.
    pub pin_id: i64,
    /// State as sent.
    pub state: i32,
    /// Means of recognition as sent.
    pub verify: i32,
}

/// Whether a work day of that day ran over midnight.
pub fn runs_over_midnight(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<bool, StoreError> {
    let found = work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.eq(day)).and(work_days::last_time.ge(DAY_SECONDS)));
    Ok(directly!(conn, conn => diesel::select(diesel::dsl::exists(found)).get_result(conn))?)
}

/// Reads the punches of a project's days. A punch as it is stored names its number by a small stand-in; which that is is remembered from
/// day to day, for looking it up in the table of numbers for each punch took as long as everything else.
pub struct Passages {
    project: ProjectId,
    pins: HashMap<i32, i64>,
    has_read_roll: bool,
}

impl Passages {
    /// Nothing is read yet.
    pub fn of(project: ProjectId) -> Self {
        Self { project, pins: HashMap::new(), has_read_roll: false }
    }

    /// Every punch of a day, in order of time.
    pub fn on(&mut self, conn: &mut AnyConn, local_day: i32) -> Result<Vec<Pass>, StoreError> {
        let query = punch_rows::table
            .inner_join(punch_places::table.on(punch_rows::place.eq(punch_places::number)))
            .filter(punch_places::project_id.eq(self.project.0).and(punch_rows::local_day.eq(local_day)))
            .select((
                punch_rows::local_time,
                punch_places::device_id,
                punch_rows::pin,
                punch_rows::state,
                punch_rows::verify,
                punch_rows::ordinal,
            ));
        let rows: Vec<(i32, i64, i32, i32, i32, i32)> = directly!(conn, conn => query.load(conn))?;
        self.learn(conn, rows.iter().map(|row| row.2))?;
        let mut passes: Vec<(Pass, i32)> = rows
            .into_iter()
            .map(|(local_time, device_id, pin, state, verify, ordinal)| {
                let pin_id = self.pins.get(&pin).copied().unwrap_or(0);
                (Pass { local_time, device_id, pin_id, state, verify }, ordinal)
            })
            .collect();
        passes.sort_by_key(|(pass, ordinal)| (pass.local_time, pass.device_id, pass.pin_id, pass.state, pass.verify, *ordinal));
        Ok(passes.into_iter().map(|(pass, _)| pass).collect())
    }

    /// Looks up the numbers behind stand-ins: all of the project's at once, then those of a machine that came from another one.
    fn learn(&mut self, conn: &mut AnyConn, wanted: impl Iterator<Item = i32> + Clone) -> Result<(), StoreError> {
        let is_new = |pins: &HashMap<i32, i64>| wanted.clone().any(|pin| !pins.contains_key(&pin));
        if !self.has_read_roll && is_new(&self.pins) {
            self.has_read_roll = true;
            let own = pins::table.filter(pins::project_id.eq(self.project)).select((pins::number, pins::id));
            self.pins.extend(own.load::<(i32, i64)>(conn)?);
        }
        let strange: BTreeSet<i32> = wanted.filter(|pin| !self.pins.contains_key(pin)).collect();
        for some in strange.into_iter().collect::<Vec<i32>>().chunks(ROWS) {
            let known: Vec<(i32, i64)> =
                pins::table.filter(pins::number.eq_any(some)).select((pins::number, pins::id)).load(conn)?;
            // A stand-in that is nobody's any more is not asked for again.
            self.pins.extend(some.iter().map(|pin| (*pin, 0)));
            self.pins.extend(known);
        }
        Ok(())
    }
}

/// The punches of some numbers from a day to another, by day and time, at most `limit`.
pub fn passes_of_pins(
    conn: &mut AnyConn,
    project: ProjectId,
    pins: &[i64],
    (first, last): (i32, i32),
    limit: i64,
) -> Result<Vec<(i32, Pass)>, StoreError> {
    let columns = (punches::local_time, punches::device_id, punches::pin_id, punches::state, punches::verify);
    let query = punches::table
        .filter(punches::project_id.eq(project.0).and(punches::local_day.between(first, last)).and(punches::pin_id.eq_any(pins)))
        .order((punches::local_day, punches::local_time))
        .limit(limit)
        .select((punches::local_day, columns));
    Ok(directly!(conn, conn => query.load(conn))?)
}

/// What each enrolment did on a day, in hundredths of a work day.
pub fn hundredths_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<Vec<(RecordId, i32)>, StoreError> {
    let query = work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.eq(day)))
        .select((work_days::enrolment_id, work_days::hundredths));
    Ok(directly!(conn, conn => query.load(conn))?)
}

/// What each enrolment did on each day of a span, in hundredths of a work day, by day.
pub fn hundredths_in(
    conn: &mut AnyConn,
    project: ProjectId,
    (first, last): (Day, Day),
) -> Result<Vec<(Day, RecordId, i32)>, StoreError> {
    let query = work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.between(first, last)))
        .order((work_days::worked_on, work_days::enrolment_id))
        .select((work_days::worked_on, work_days::enrolment_id, work_days::hundredths));
    Ok(directly!(conn, conn => query.load(conn))?)
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    enrolment_id: RecordId,
    #[diesel(sql_type = BigInt)]
    hundredths: i64,
}

/// What each enrolment did in a span of days, in hundredths of a work day.
pub fn hundredths_of_all(
    conn: &mut AnyConn,
    project: ProjectId,
    (first, last): (Day, Day),
) -> Result<Vec<(RecordId, i64)>, StoreError> {
    let rows: Vec<SumRow> = fixed(
        "SELECT enrolment_id, CAST(SUM(hundredths) AS BIGINT) AS hundredths FROM work_days \
         WHERE project_id = $1 AND worked_on >= $2 AND worked_on <= $3 GROUP BY enrolment_id",
    )
    .big(project.0)
    .day(first)
    .day(last)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.enrolment_id, row.hundredths)).collect())
}

/// The days of a project that have work days.
pub fn days_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Day>, StoreError> {
    let query = work_days::table
        .filter(work_days::project_id.eq(project))
        .select(work_days::worked_on)
        .distinct()
        .order(work_days::worked_on);
    Ok(query.load(conn)?)
}

/// The days of a project that wait to be folded.
pub fn waiting_days(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<i32>, StoreError> {
    Ok(dirty_days::table.filter(dirty_days::project_id.eq(project.0)).select(dirty_days::local_day).load(conn)?)
}

#[derive(QueryableByName)]
struct TurnedRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Machines that hung on the project once and were moved or turned since, before such a turn was recorded (`devices::turns`).
pub fn turned_machines(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<TurnedRow> = fixed(
        "SELECT DISTINCT w.id AS id FROM devices_was w JOIN \
         (SELECT id, recorded_seq, project_id, direction FROM devices \
         UNION ALL SELECT id, recorded_seq, project_id, direction FROM devices_was) n ON n.id = w.id AND n.recorded_seq = w.until_seq \
         WHERE w.project_id = $1 AND (n.project_id IS NULL OR n.project_id <> w.project_id OR n.direction <> w.direction) \
         AND NOT EXISTS (SELECT 1 FROM device_turns t WHERE t.device_id = w.id AND t.recorded_seq = w.until_seq)",
    )
    .big(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = Integer)]
    local_day: i32,
}

/// The days on which a machine told of passages of a project.
pub fn days_of_machine(conn: &mut AnyConn, project: ProjectId, device: i64) -> Result<Vec<i32>, StoreError> {
    let rows: Vec<DayRow> = fixed(
        "SELECT DISTINCT r.local_day AS local_day FROM punch_places p JOIN punch_rows r ON r.place = p.number \
         WHERE p.project_id = $1 AND p.device_id = $2",
    )
    .big(project.0)
    .big(device)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.local_day).collect())
}

/// Takes the marks of a project's earliest days, at most `limit`; what was marked until now stays known (`store::past`).
pub fn take_dirty(conn: &mut AnyConn, project: ProjectId, limit: i64, now: Moment) -> Result<Vec<i32>, StoreError> {
    let days: Vec<i32> = dirty_days::table
        .filter(dirty_days::project_id.eq(project.0))
        .order(dirty_days::local_day)
        .limit(limit)
        .select(dirty_days::local_day)
        .load(conn)?;
    for day in &days {
        fixed(
            "INSERT INTO dirty_days_was (until_at, project_id, local_day, marked_at) \
             SELECT $1, project_id, local_day, marked_at FROM dirty_days WHERE project_id = $2 AND local_day = $3",
        )
        .big(now.0)
        .big(project.0)
        .int(*day)
        .execute(conn)?;
        diesel::delete(dirty_days::table.find((project.0, *day))).execute(conn)?;
    }
    Ok(days)
}

/// Puts new rows in place of a day's. A row that says the same stays; one that goes or changes stays known (`store::past`). What that changes
/// of the months' sums is noted and is the caller's to write.
pub fn replace_work_days(
    conn: &mut AnyConn,
    (project, day): (ProjectId, Day),
    rows: &[WorkDayRow],
    now: Moment,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let standing: Vec<WorkDayRow> = directly!(conn, conn => work_days::table
        .filter(work_days::project_id.eq(project).and(work_days::worked_on.eq(day)))
        .select(WorkDayRow::as_select())
        .load(conn))?;
    let standing: BTreeMap<RecordId, WorkDayRow> = standing.into_iter().map(|row| (row.enrolment_id, row)).collect();
    let fresh: BTreeMap<RecordId, &WorkDayRow> = rows.iter().map(|row| (row.enrolment_id, row)).collect();
    let stays = |row: &WorkDayRow| fresh.get(&row.enrolment_id).is_some_and(|new| new.says_the_same_as(row));
    for row in standing.values().filter(|row| !stays(row)) {
        fixed(
            "INSERT INTO work_days_was SELECT $1, t.* FROM work_days t WHERE t.project_id = $2 AND t.worked_on = $3 AND t.enrolment_id = $4",
        )
        .big(now.0)
        .big(project.0)
        .day(day)
        .big(row.enrolment_id.0)
        .execute(conn)?;
        diesel::delete(work_days::table.find((project, day, row.enrolment_id))).execute(conn)?;
        changed.take(row);
    }
    let is_new = |row: &&WorkDayRow| !standing.get(&row.enrolment_id).is_some_and(|old| row.says_the_same_as(old));
    let added: Vec<&WorkDayRow> = rows.iter().filter(is_new).collect();
    added.iter().for_each(|row| changed.add(row));
    for some in added.chunks(ROWS) {
        directly!(conn, conn => InsertDays(some).execute(conn))?;
    }
    Ok(())
}

/// Inserts work days of one project and day, folded at one moment. A full statement always has the same text, so that the connection keeps it prepared; a shorter one is not kept.
struct InsertDays<'a>(&'a [&'a WorkDayRow]);

impl QueryId for InsertDays<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for InsertDays<'_>
where
    DB: AnyBackend + HasSqlType<BigInt> + HasSqlType<Integer> + HasSqlType<Text> + HasSqlType<Date>,
    i64: ToSql<BigInt, DB>,
    i32: ToSql<Integer, DB>,
    str: ToSql<Text, DB>,
    Day: ToSql<Date, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.0.len() != ROWS {
            out.unsafe_to_cache_prepared();
        }
        let Some(first) = self.0.first() else { return Ok(()) };
        // What all rows of a day share is bound once: a day is text on SQLite, and each value that is bound takes a lock there.
        out.push_sql(
            "INSERT INTO work_days (project_id, folded_at, worked_on, enrolment_id, worker_id, first_time, last_time, punches, \
             hundredths, flags) SELECT ",
        );
        out.push_bind_param::<BigInt, _>(&first.project_id.0)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&first.folded_at.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Date, _>(&first.worked_on)?;
        out.push_sql(", v.column1, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7 FROM (VALUES ");
        for (place, row) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", (" });
            for number in [&row.enrolment_id.0, &row.worker_id.0] {
                out.push_bind_param::<BigInt, _>(number)?;
                out.push_sql(", ");
            }
            for number in [&row.first_time, &row.last_time, &row.punches, &row.hundredths] {
                out.push_bind_param::<Integer, _>(number)?;
                out.push_sql(", ");
            }
            out.push_bind_param::<Text, str>(&row.flags)?;
            out.push_sql(")");
        }
        out.push_sql(") AS v");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for InsertDays<'_> {}

/// A passage with when it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct LatePass {
    #[diesel(sql_type = Integer)]
    pub local_day: i32,
    #[diesel(sql_type = Integer)]
    pub local_time: i32,
    #[diesel(sql_type = BigInt)]
    pub pin_id: i64,
    #[diesel(sql_type = Integer)]
    pub verify: i32,
    #[diesel(sql_type = BigInt)]
    pub received_at: Moment,
}

/// The passages of some days that came in after a moment, by day and time.
pub fn received_after(
    conn: &mut AnyConn,
    project: ProjectId,
    (first, last): (i32, i32),
    after: Moment,
) -> Result<Vec<LatePass>, StoreError> {
    Ok(fixed(
        "SELECT t.local_day AS local_day, t.local_time AS local_time, t.pin_id AS pin_id, t.verify AS verify, \
         i.received_at AS received_at FROM punches t JOIN inbox i ON i.id = t.inbox_id \
         WHERE t.project_id = $1 AND t.local_day >= $2 AND t.local_day <= $3 AND i.received_at > $4 \
         ORDER BY t.local_day, t.local_time, t.pin_id",
    )
    .big(project.0)
    .int(first)
    .int(last)
    .big(after.0)
    .load(conn)?)
}
