//! Rows of clocks that were put right, of what that came to, and the passages that it is about.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use serde::Serialize;

use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::bulk::PunchRow;
use crate::store::fixed::fixed;
use crate::store::schema::{clock_differences, clock_readings, device_offsets, punch_rows_was};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// That the offset of a machine's clock was put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_offsets)]
pub struct OffsetRow {
    pub id: RecordId,
    pub device_id: DeviceId,
    /// Where it hung.
    pub project_id: ProjectId,
    /// From which moment of receipt on the new offset counts.
    pub since: Moment,
    pub was_minutes: i32,
    pub minutes: i32,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for OffsetRow {
    const TABLE: &'static str = "device_offsets";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &OffsetRow) -> Result<(), StoreError> {
    diesel::insert_into(device_offsets::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// A machine's corrections in order.
pub fn of_device(conn: &mut AnyConn, device: DeviceId) -> Result<Vec<OffsetRow>, StoreError> {
    use device_offsets as o;
    Ok(o::table.filter(o::device_id.eq(device)).order((o::since, o::id)).select(OffsetRow::as_select()).load(conn)?)
}

pub fn find(conn: &mut AnyConn, id: RecordId) -> Result<Option<OffsetRow>, StoreError> {
    Ok(device_offsets::table.find(id).select(OffsetRow::as_select()).get_result(conn).optional()?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<OffsetRow>, StoreError> {
    Ok(device_offsets::table.order(device_offsets::id).select(OffsetRow::as_select()).load(conn)?)
}

/// What reading again came to, after a correction of a clock or a move that was told late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = clock_readings)]
#[schema(as = ClockReading)]
pub struct ReadingRow {
    /// The correction, or the move.
    pub correction_id: RecordId,
    /// Passages whose time changed, or that went to another project.
    pub punches: i64,
    /// Days that are folded again.
    pub days: i64,
    /// Days that a pay sheet rests on: they stand as they were, and the differences are told.
    pub kept_days: i64,
    /// Passages that stay as they were read, since their bytes are gone or their reader has changed.
    pub unread: i64,
    /// When it was done.
    pub read_at: Moment,
}

pub fn insert_reading(conn: &mut AnyConn, row: &ReadingRow) -> Result<(), StoreError> {
    diesel::insert_into(clock_readings::table).values(row).execute(conn)?;
    Ok(())
}

/// What a correction came to; `None` while it waits.
pub fn reading_of(conn: &mut AnyConn, id: RecordId) -> Result<Option<ReadingRow>, StoreError> {
    Ok(clock_readings::table.find(id).select(ReadingRow::as_select()).get_result(conn).optional()?)
}

pub fn all_readings(conn: &mut AnyConn) -> Result<Vec<ReadingRow>, StoreError> {
    Ok(clock_readings::table.order(clock_readings::correction_id).select(ReadingRow::as_select()).load(conn)?)
}

/// A day that a pay sheet rests on, as it stands and as the passages now make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = clock_differences)]
#[schema(as = ClockDifference)]
pub struct DifferenceRow {
    /// The correction, or the move.
    pub correction_id: RecordId,
    /// Whose day it is.
    pub project_id: ProjectId,
    /// The day.
    pub worked_on: Day,
    /// Whose.
    pub enrolment_id: RecordId,
    /// Seconds of the day of the first passage, as it stands; null where nobody was seen.
    pub was_first: Option<i32>,
    /// Seconds of the day of the last one.
    pub was_last: Option<i32>,
    /// Hundredths of a work day, as it stands.
    pub was_hundredths: i32,
    /// The first passage as it is now known: by the right clock, on the right project.
    pub first_time: Option<i32>,
    /// The last one.
    pub last_time: Option<i32>,
    /// Hundredths of a work day that follow from that.
    pub hundredths: i32,
}

pub fn insert_difference(conn: &mut AnyConn, row: &DifferenceRow) -> Result<(), StoreError> {
    diesel::insert_into(clock_differences::table).values(row).execute(conn)?;
    Ok(())
}

/// The differences of a correction, the earliest first.
pub fn differences_of(conn: &mut AnyConn, id: RecordId, limit: i64) -> Result<Vec<DifferenceRow>, StoreError> {
    use clock_differences as d;
    let query = d::table.filter(d::correction_id.eq(id)).order((d::worked_on, d::enrolment_id)).limit(limit);
    Ok(query.select(DifferenceRow::as_select()).load(conn)?)
}

pub fn all_differences(conn: &mut AnyConn) -> Result<Vec<DifferenceRow>, StoreError> {
    use clock_differences as d;
    Ok(d::table.order((d::correction_id, d::worked_on, d::enrolment_id)).select(DifferenceRow::as_select()).load(conn)?)
}

/// A passage as it is kept, with the numbers of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct KeptPunch {
    #[diesel(sql_type = Integer)]
    pub place: i32,
    #[diesel(sql_type = Integer)]
    pub local_day: i32,
    #[diesel(sql_type = Integer)]
    pub local_time: i32,
    #[diesel(sql_type = Integer)]
    pub pin: i32,
    #[diesel(sql_type = Integer)]
    pub state: i32,
    #[diesel(sql_type = Integer)]
    pub verify: i32,
    #[diesel(sql_type = Integer)]
    pub ordinal: i32,
    #[diesel(sql_type = BigInt)]
    pub pin_id: i64,
    #[diesel(sql_type = BigInt)]
    pub inbox_id: i64,
}

/// The passages that a machine told of at a project in messages received from a moment on, message by message, at most `limit`. A message
/// that was read again counts as received when it was.
pub fn told(
    conn: &mut AnyConn,
    (project, device): (ProjectId, DeviceId),
    since: Moment,
    limit: i64,
) -> Result<Vec<KeptPunch>, StoreError> {
    Ok(fixed(
        "SELECT r.place AS place, r.local_day AS local_day, r.local_time AS local_time, r.pin AS pin, r.state AS state, \
         r.verify AS verify, r.ordinal AS ordinal, n.id AS pin_id, m.inbox_id AS inbox_id \
         FROM punch_places p JOIN punch_rows r ON r.place = p.number JOIN pins n ON n.number = r.pin \
         JOIN punch_messages m ON m.number = r.message JOIN inbox i ON i.id = m.inbox_id \
         WHERE p.project_id = $1 AND p.device_id = $2 AND i.received_at >= $3 \
         ORDER BY m.inbox_id, r.local_day, r.local_time, r.pin LIMIT $4",
    )
    .big(project.0)
    .big(device.0)
    .big(since.0)
    .big(limit)
    .load(conn)?)
}

/// Puts a passage that another is to stand in for among those of before, under its own message.
pub fn set_aside(conn: &mut AnyConn, row: &KeptPunch, now: Moment) -> Result<(), StoreError> {
    let KeptPunch { place, local_day, local_time, pin, state, verify, ordinal, .. } = *row;
    let keyed = |text: &'static str| fixed(text).big(now.0);
    keyed(
        "INSERT INTO punch_rows_was (until_at, place, local_day, local_time, pin, state, verify, ordinal, message) \
         SELECT $1, place, local_day, local_time, pin, state, verify, ordinal, message FROM punch_rows \
         WHERE place = $2 AND local_day = $3 AND local_time = $4 AND pin = $5 AND state = $6 AND verify = $7 AND ordinal = $8",
    )
    .int(place)
    .int(local_day)
    .int(local_time)
    .int(pin)
    .int(state)
    .int(verify)
    .int(ordinal)
    .execute(conn)?;
    fixed(
        "DELETE FROM punch_rows WHERE place = $1 AND local_day = $2 AND local_time = $3 AND pin = $4 AND state = $5 \
         AND verify = $6 AND ordinal = $7",
    )
    .int(place)
    .int(local_day)
    .int(local_time)
    .int(pin)
    .int(state)
    .int(verify)
    .int(ordinal)
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct WasRow {
    #[diesel(sql_type = BigInt)]
    project_id: i64,
    #[diesel(sql_type = Integer)]
    local_day: i32,
    #[diesel(sql_type = Integer)]
    local_time: i32,
    #[diesel(sql_type = BigInt)]
    device_id: i64,
    #[diesel(sql_type = BigInt)]
    pin_id: i64,
    #[diesel(sql_type = Integer)]
    state: i32,
    #[diesel(sql_type = Integer)]
    verify: i32,
    #[diesel(sql_type = Integer)]
    ordinal: i32,
    #[diesel(sql_type = BigInt)]
    inbox_id: i64,
}

/// Whether a machine's clock was ever put right here.
fn has_former(conn: &mut AnyConn) -> Result<bool, StoreError> {
    Ok(diesel::select(diesel::dsl::exists(punch_rows_was::table.select(punch_rows_was::until_at))).get_result(conn)?)
}

/// Every passage that another stands in for: its message still brought it.
pub fn former(conn: &mut AnyConn) -> Result<Vec<PunchRow>, StoreError> {
    if !has_former(conn)? {
        return Ok(Vec::new());
    }
    let rows: Vec<WasRow> = fixed(
        "SELECT p.project_id AS project_id, w.local_day AS local_day, w.local_time AS local_time, p.device_id AS device_id, \
         COALESCE(n.id, 0) AS pin_id, w.state AS state, w.verify AS verify, w.ordinal AS ordinal, COALESCE(m.inbox_id, 0) AS inbox_id \
         FROM punch_rows_was w JOIN punch_places p ON p.number = w.place LEFT JOIN pins n ON n.number = w.pin \
         LEFT JOIN punch_messages m ON m.number = w.message",
    )
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| PunchRow {
            project_id: row.project_id,
            local_day: row.local_day,
            local_time: row.local_time,
            device_id: row.device_id,
            pin_id: row.pin_id,
            state: row.state,
            verify: row.verify,
            ordinal: row.ordinal,
            inbox_id: row.inbox_id,
        })
        .collect())
}
