//! Rows of what machines give away about themselves, of the users that they say they have and of what was done at them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use crate::base::Moment;
use crate::base::id::{DeviceId, InboxId};
use crate::store::bulk::directly;
use crate::store::schema::{device_operations, device_states, device_users};
use crate::store::{AnyConn, StoreError};

/// What a machine's messages gave away; beside [`super::super::table::DeviceStateRow`], which changes more often.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = device_states)]
pub struct SignsRow {
    pub skews: String,
    pub far_punches: i64,
    pub refused: i64,
    pub pictures: i64,
    pub templates: i64,
    pub ignored: String,
    pub capabilities: String,
    pub suspected_minutes: Option<i32>,
    pub stuck_at: Option<Moment>,
    /// When passages of it were last judged by their times; written once a minute at most.
    pub told_at: Option<Moment>,
    /// How many of its passages were stored when its log was ordered to be cleared.
    pub cleared_count: i64,
    /// The same of the order before, which counts again when the machine refuses the new one.
    pub cleared_before: i64,
}

pub fn of(conn: &mut AnyConn, device: DeviceId) -> Result<SignsRow, StoreError> {
    let row =
        directly!(conn, conn => device_states::table.find(device).select(SignsRow::as_select()).get_result(conn)).optional()?;
    Ok(row.unwrap_or_default())
}

/// Changes what is known of a device; nothing is written where nothing changes.
pub fn change(conn: &mut AnyConn, device: DeviceId, change: impl FnOnce(&mut SignsRow)) -> Result<SignsRow, StoreError> {
    use device_states as s;
    let stands = of(conn, device)?;
    let mut row = stands.clone();
    change(&mut row);
    if row != stands {
        diesel::update(s::table.find(device))
            .set((
                s::skews.eq(&row.skews),
                s::far_punches.eq(row.far_punches),
                s::refused.eq(row.refused),
                s::pictures.eq(row.pictures),
                s::templates.eq(row.templates),
                s::ignored.eq(&row.ignored),
                s::capabilities.eq(&row.capabilities),
                s::suspected_minutes.eq(row.suspected_minutes),
                s::stuck_at.eq(row.stuck_at),
                s::told_at.eq(row.told_at),
                s::cleared_count.eq(row.cleared_count),
                s::cleared_before.eq(row.cleared_before),
            ))
            .execute(conn)?;
    }
    Ok(row)
}

/// A user that a machine says it has.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = device_users)]
pub struct DeviceUserRow {
    pub device_id: DeviceId,
    pub pin_index: String,
    /// Encrypted under the project's key.
    pub pin: Vec<u8>,
    pub name: String,
    pub privilege: Option<i32>,
    pub told_at: Moment,
}

/// Keeps what a machine says of a user; the latest counts.
pub fn tell_user(conn: &mut AnyConn, row: &DeviceUserRow) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO device_users (device_id, pin_index, pin, name, privilege, told_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (device_id, pin_index) DO UPDATE SET name = excluded.name, privilege = excluded.privilege, told_at = excluded.told_at",
    )
    .bind::<BigInt, _>(row.device_id.0)
    .bind::<Text, _>(&row.pin_index)
    .bind::<Binary, _>(&row.pin)
    .bind::<Text, _>(&row.name)
    .bind::<Nullable<Integer>, _>(row.privilege)
    .bind::<BigInt, _>(row.told_at.0)
    .execute(conn)?;
    Ok(())
}

/// Users of a machine, the latest told first.
pub fn users_of(conn: &mut AnyConn, device: DeviceId, limit: i64) -> Result<Vec<DeviceUserRow>, StoreError> {
    Ok(device_users::table
        .filter(device_users::device_id.eq(device))
        .order((device_users::told_at.desc(), device_users::pin_index))
        .limit(limit)
        .select(DeviceUserRow::as_select())
        .load(conn)?)
}

/// Takes a user from the list, once the machine said that it is gone.
pub fn forget_user(conn: &mut AnyConn, device: DeviceId, pin_index: &str) -> Result<(), StoreError> {
    diesel::delete(device_users::table.find((device, pin_index))).execute(conn)?;
    Ok(())
}

/// Something that was done at a machine.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = device_operations)]
pub struct OperationRow {
    pub id: i64,
    pub device_id: DeviceId,
    /// Its fields as the machine wrote them, with blanks between.
    pub line: String,
    pub inbox_id: InboxId,
    pub told_at: Moment,
}

/// Keeps something that was done at a machine, once.
pub fn tell_operation(conn: &mut AnyConn, row: &OperationRow) -> Result<(), StoreError> {
    diesel::sql_query(
        "INSERT INTO device_operations (id, device_id, line, inbox_id, told_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(row.id)
    .bind::<BigInt, _>(row.device_id.0)
    .bind::<Text, _>(&row.line)
    .bind::<BigInt, _>(row.inbox_id.0)
    .bind::<BigInt, _>(row.told_at.0)
    .execute(conn)?;
    Ok(())
}

/// What was done at a machine, the latest first.
pub fn operations_of(conn: &mut AnyConn, device: DeviceId, limit: i64) -> Result<Vec<OperationRow>, StoreError> {
    Ok(device_operations::table
        .filter(device_operations::device_id.eq(device))
        .order(device_operations::id.desc())
        .limit(limit)
        .select(OperationRow::as_select())
        .load(conn)?)
}
