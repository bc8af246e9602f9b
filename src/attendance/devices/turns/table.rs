//! Rows of machines that were turned, and the passages that a turn is about.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use serde::Serialize;

use crate::attendance::devices::GateDirection;
use crate::attendance::devices::clock::table::KeptPunch;
use crate::base::Moment;
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::store::fixed::fixed;
use crate::store::schema::{device_turns, pins};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// That a machine was turned, or moved to another site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_turns)]
pub struct TurnRow {
    pub id: RecordId,
    pub device_id: DeviceId,
    /// Seconds since 1970 on the machine's own clock.
    pub since: i64,
    /// Which way people passed until then.
    pub was: GateDirection,
    /// Which way they pass from then on.
    pub direction: GateDirection,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
    /// The project on which it hung until then. What came later is left out of a seal where it is empty, so that rows from before keep
    /// theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_project_id: Option<ProjectId>,
}

impl Sealed for TurnRow {
    const TABLE: &'static str = "device_turns";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &TurnRow) -> Result<(), StoreError> {
    diesel::insert_into(device_turns::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// A machine's turns in order.
pub fn of_device(conn: &mut AnyConn, device: DeviceId) -> Result<Vec<TurnRow>, StoreError> {
    use device_turns as t;
    Ok(t::table.filter(t::device_id.eq(device)).order((t::since, t::id)).select(TurnRow::as_select()).load(conn)?)
}

pub fn find(conn: &mut AnyConn, id: RecordId) -> Result<Option<TurnRow>, StoreError> {
    Ok(device_turns::table.find(id).select(TurnRow::as_select()).get_result(conn).optional()?)
}

/// On which project a machine hung until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct HomeRow {
    #[diesel(sql_type = BigInt)]
    pub since: i64,
    #[diesel(sql_type = BigInt)]
    pub project_id: i64,
}

/// Where a machine hung before each of its turns, in order. A turn from before that was recorded finds it in the machine's own versions.
pub fn homes_of(conn: &mut AnyConn, device: DeviceId) -> Result<Vec<HomeRow>, StoreError> {
    Ok(fixed(
        "SELECT t.since AS since, COALESCE(t.was_project_id, w.project_id) AS project_id FROM device_turns t \
         LEFT JOIN devices_was w ON w.id = t.device_id AND w.until_seq = t.recorded_seq \
         WHERE t.device_id = $1 AND COALESCE(t.was_project_id, w.project_id) IS NOT NULL ORDER BY t.since, t.id",
    )
    .big(device.0)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct FormerRow {
    #[diesel(sql_type = BigInt)]
    device_id: i64,
}

/// The machines that hung on a project until a turn.
pub fn former_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<DeviceId>, StoreError> {
    let rows: Vec<FormerRow> = fixed(
        "SELECT DISTINCT t.device_id AS device_id FROM device_turns t \
         LEFT JOIN devices_was w ON w.id = t.device_id AND w.until_seq = t.recorded_seq \
         WHERE COALESCE(t.was_project_id, w.project_id) = $1 ORDER BY t.device_id",
    )
    .big(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| DeviceId(row.device_id)).collect())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<TurnRow>, StoreError> {
    Ok(device_turns::table.order(device_turns::id).select(TurnRow::as_select()).load(conn)?)
}

/// Until when a machine hung how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct UntilRow {
    #[diesel(sql_type = BigInt)]
    pub device_id: i64,
    #[diesel(sql_type = BigInt)]
    pub since: i64,
    #[diesel(sql_type = Text)]
    pub was: GateDirection,
}

/// The turns of the machines that hang at a project or told of its passages, in order.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<UntilRow>, StoreError> {
    Ok(fixed(
        "SELECT t.device_id AS device_id, t.since AS since, t.was AS was FROM device_turns t WHERE t.device_id IN \
         (SELECT p.device_id FROM punch_places p WHERE p.project_id = $1) ORDER BY t.device_id, t.since, t.id",
    )
    .big(project.0)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = BigInt)]
    project_id: i64,
    #[diesel(sql_type = Integer)]
    local_day: i32,
}

/// The days, with their projects, on which a machine told of passages at or after a moment of its own clock.
pub fn days_since(conn: &mut AnyConn, device: DeviceId, (day, time): (i32, i32)) -> Result<Vec<(i64, i32)>, StoreError> {
    let rows: Vec<DayRow> = fixed(
        "SELECT DISTINCT p.project_id AS project_id, r.local_day AS local_day \
         FROM punch_places p JOIN punch_rows r ON r.place = p.number \
         WHERE p.device_id = $1 AND r.local_day >= $2 AND (r.local_day > $2 OR r.local_time >= $3)",
    )
    .big(device.0)
    .int(day)
    .int(time)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.local_day)).collect())
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many passages of a machine at or after a moment stand on a project.
pub fn count_since(
    conn: &mut AnyConn,
    (project, device): (ProjectId, DeviceId),
    (day, time): (i32, i32),
) -> Result<i64, StoreError> {
    let row: CountRow = fixed(
        "SELECT COUNT(*) AS count FROM punch_places p JOIN punch_rows r ON r.place = p.number \
         WHERE p.project_id = $1 AND p.device_id = $2 AND r.local_day >= $3 AND (r.local_day > $3 OR r.local_time >= $4)",
    )
    .big(project.0)
    .big(device.0)
    .int(day)
    .int(time)
    .get_result(conn)?;
    Ok(row.count)
}

/// The passages of a machine at or after a moment that stand on a project, message by message.
pub fn seen_since(
    conn: &mut AnyConn,
    (project, device): (ProjectId, DeviceId),
    (day, time): (i32, i32),
) -> Result<Vec<KeptPunch>, StoreError> {
    Ok(fixed(
        "SELECT r.place AS place, r.local_day AS local_day, r.local_time AS local_time, r.pin AS pin, r.state AS state, \
         r.verify AS verify, r.ordinal AS ordinal, n.id AS pin_id, m.inbox_id AS inbox_id \
         FROM punch_places p JOIN punch_rows r ON r.place = p.number JOIN pins n ON n.number = r.pin \
         JOIN punch_messages m ON m.number = r.message \
         WHERE p.project_id = $1 AND p.device_id = $2 AND r.local_day >= $3 AND (r.local_day > $3 OR r.local_time >= $4) \
         ORDER BY m.inbox_id, r.local_day, r.local_time, r.pin",
    )
    .big(project.0)
    .big(device.0)
    .int(day)
    .int(time)
    .load(conn)?)
}

/// The encrypted text of a number at a project's gates, by its id.
pub fn sealed_pin(conn: &mut AnyConn, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(pins::table.filter(pins::id.eq(id)).select(pins::pin).get_result(conn).optional()?)
}
