//! Rows of silences.

use diesel::prelude::*;
use serde::Serialize;

use super::SilenceStep;
use crate::attendance::devices::signs::FAR_AHEAD_SECONDS;
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::bulk::directly;
use crate::store::schema::{device_silences, punches};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};
use crate::workers::day_number;

/// A step of a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_silences)]
pub struct SilenceRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub device_id: DeviceId,
    pub step: SilenceStep,
    /// The last sign of life before it, or the first after it.
    pub at: Moment,
    pub noticed_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for SilenceRow {
    const TABLE: &'static str = "device_silences";
    fn chain(&self) -> Chain {
        Chain::Project(self.project_id)
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &SilenceRow) -> Result<(), StoreError> {
    diesel::insert_into(device_silences::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The beginning of a device's silence, where it is on record as silent.
pub fn open_of(conn: &mut AnyConn, device: DeviceId) -> Result<Option<SilenceRow>, StoreError> {
    let last: Option<SilenceRow> = directly!(conn, conn => device_silences::table
        .filter(device_silences::device_id.eq(device))
        .order(device_silences::id.desc())
        .select(SilenceRow::as_select())
        .first(conn))
    .optional()?;
    Ok(last.filter(|row| row.step == SilenceStep::Began))
}

/// Every step of the machines of some projects, the oldest first.
pub fn steps_of(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<SilenceRow>, StoreError> {
    use device_silences as s;
    let query = s::table.order((s::project_id, s::id));
    // `IN` is not kept prepared, `=` is.
    match projects {
        [one] => Ok(directly!(conn, conn => query.filter(s::project_id.eq(*one)).select(SilenceRow::as_select()).load(conn))?),
        many => Ok(query.filter(s::project_id.eq_any(many.to_vec())).select(SilenceRow::as_select()).load(conn)?),
    }
}

/// The latest steps of a device, the newest first.
pub fn latest_of(conn: &mut AnyConn, device: DeviceId, limit: i64) -> Result<Vec<SilenceRow>, StoreError> {
    Ok(device_silences::table
        .filter(device_silences::device_id.eq(device))
        .order(device_silences::id.desc())
        .limit(limit)
        .select(SilenceRow::as_select())
        .load(conn)?)
}

/// Whether a device told of a passage in some hours of a day, then or later.
pub fn told_of(
    conn: &mut AnyConn,
    project: ProjectId,
    device: DeviceId,
    day: Day,
    (from, until): (Moment, Moment),
) -> Result<bool, StoreError> {
    let second = |at: Moment| i32::try_from(at.unix_seconds() - day.begins().unix_seconds()).unwrap_or(i32::MAX);
    // A passage of the first minutes may be the last sign of life itself, on a clock that is a little ahead.
    let from = from.plus_seconds(FAR_AHEAD_SECONDS);
    let found = punches::table.filter(
        punches::project_id
            .eq(project.0)
            .and(punches::local_day.eq(day_number(day)))
            .and(punches::local_time.between(second(from), second(until)))
            .and(punches::device_id.eq(device.0)),
    );
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<SilenceRow>, StoreError> {
    Ok(device_silences::table
        .order((device_silences::project_id, device_silences::id))
        .select(SilenceRow::as_select())
        .load(conn)?)
}
