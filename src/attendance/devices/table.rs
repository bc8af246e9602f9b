//! Rows of devices, of what changes with every request, and of orders.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::settings::DeviceSettings;
use super::{DeviceState, GateDirection, Maker, OrderState};
use crate::base::Moment;
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::store::bulk;
use crate::store::bulk::directly;
use crate::store::fixed::fixed;
use crate::store::schema::{device_commands, device_states, devices};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};
use crate::wire::device::CHINA_OFFSET_MINUTES;
use crate::workers::day_number;

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = devices)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub serial: String,
    pub maker: Maker,
    pub project_id: Option<ProjectId>,
    pub gate: String,
    pub direction: GateDirection,
    pub offset_minutes: i32,
    pub state: DeviceState,
    pub com_key_hash: Option<String>,
    pub created_at: Moment,
    pub recorded_seq: i64,
    /// Blind index of the token in the address that it pushes to. What came later is left out of a seal where it is empty, so that
    /// rows from before keep theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_index: Option<String>,
    /// Encrypted: the secret that its messages are signed with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "journal::optional_bytes_as_digest")]
    pub secret: Option<Vec<u8>>,
    /// Hardware address as twelve hex digits, by which some messages name the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// [`DeviceSettings`] as JSON; none where all are the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// Minutes within which it is heard of while it is well; none for the house's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_minutes: Option<i32>,
}

impl DeviceRow {
    /// A device that nobody has bound yet.
    pub fn fresh(id: DeviceId, serial: String, maker: Maker, created_at: Moment, recorded_seq: i64) -> Self {
        Self {
            id,
            serial,
            maker,
            project_id: None,
            gate: String::new(),
            direction: GateDirection::ByState,
            offset_minutes: CHINA_OFFSET_MINUTES,
            state: DeviceState::Pending,
            com_key_hash: None,
            created_at,
            recorded_seq,
            token_index: None,
            secret: None,
            mac: None,
            settings: None,
            heartbeat_minutes: None,
        }
    }

    /// How this model wants to be spoken to.
    pub fn settings(&self) -> DeviceSettings {
        // What is stored was written from the type; a row that a newer version wrote is read as far as it goes.
        self.settings.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

impl Sealed for DeviceRow {
    const TABLE: &'static str = "devices";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// What changes with every request of a device; no part of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_states)]
pub struct DeviceStateRow {
    pub device_id: DeviceId,
    pub last_seen_at: Moment,
    pub attlog_stamp: String,
    pub operlog_stamp: String,
    pub photo_stamp: String,
    pub info: String,
    /// Passages that are held until somebody binds it.
    pub held_punches: i32,
    /// What else is held: messages that tell of no passage, and passages' size where it counts for more than their number.
    pub held_other: i32,
}

impl DeviceStateRow {
    /// With another message held, of so many passages and at least of this cost; `None` where no more than `limit` may be.
    pub fn holding(self, punches: usize, cost: usize, limit: i32) -> Option<Self> {
        let whole = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let held_punches = self.held_punches.saturating_add(whole(punches));
        let held_other = self.held_other.saturating_add(whole(cost.max(1).saturating_sub(punches)));
        (held_punches.saturating_add(held_other) <= limit).then_some(Self { held_punches, held_other, ..self })
    }
}

/// An order in a device's queue.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_commands)]
pub struct OrderRow {
    pub id: RecordId,
    pub device_id: DeviceId,
    pub command: String,
    pub state: OrderState,
    pub number: i64,
    pub return_code: Option<i32>,
    pub created_at: Moment,
    pub changed_at: Moment,
}

/// Stores a device with an empty state.
pub fn insert(tx: &mut Tx<'_>, row: &DeviceRow, seen_at: Moment) -> Result<(), StoreError> {
    diesel::insert_into(devices::table).values(row).execute(tx.conn())?;
    let state = DeviceStateRow {
        device_id: row.id,
        last_seen_at: seen_at,
        attlog_stamp: String::new(),
        operlog_stamp: String::new(),
        photo_stamp: String::new(),
        info: String::new(),
        held_punches: 0,
        held_other: 0,
    };
    diesel::insert_into(device_states::table).values(&state).execute(tx.conn())?;
    note_day(tx.conn(), row.id, seen_at)?;
    tx.seal(row)
}

pub fn update(tx: &mut Tx<'_>, row: &DeviceRow) -> Result<(), StoreError> {
    diesel::update(devices::table.find(row.id))
        .set((
            devices::maker.eq(row.maker),
            devices::project_id.eq(row.project_id),
            devices::gate.eq(&row.gate),
            devices::direction.eq(row.direction),
            devices::offset_minutes.eq(row.offset_minutes),
            devices::state.eq(row.state),
            devices::com_key_hash.eq(&row.com_key_hash),
            devices::recorded_seq.eq(row.recorded_seq),
            devices::token_index.eq(&row.token_index),
            devices::secret.eq(&row.secret),
            devices::mac.eq(&row.mac),
            devices::settings.eq(&row.settings),
            devices::heartbeat_minutes.eq(row.heartbeat_minutes),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

// The key is unique, so none of these three needs `first`: its bound LIMIT makes SQLite prepare the statement anew each time.

pub fn by_serial(conn: &mut AnyConn, serial: &str) -> Result<Option<DeviceRow>, StoreError> {
    Ok(devices::table.filter(devices::serial.eq(serial)).select(DeviceRow::as_select()).get_result(conn).optional()?)
}

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = BigInt)]
    id: DeviceId,
}

/// The devices whose hardware address this is (twelve hex digits), or whose serial number is nothing else.
pub fn named_by_mac(conn: &mut AnyConn, mac: &str) -> Result<Vec<DeviceRow>, StoreError> {
    let rows: Vec<NamedRow> = fixed(
        "SELECT id FROM devices WHERE mac = $1 \
         OR REPLACE(REPLACE(REPLACE(LOWER(serial), '-', ''), '.', ''), ':', '') = $1 ORDER BY id",
    )
    .text(mac)
    .load(conn)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(find(conn, row.id)?);
    }
    Ok(found)
}

/// The device that pushes to the address with this token.
pub fn by_token(conn: &mut AnyConn, token_index: &str) -> Result<Option<DeviceRow>, StoreError> {
    Ok(devices::table.filter(devices::token_index.eq(token_index)).select(DeviceRow::as_select()).get_result(conn).optional()?)
}

pub fn find(conn: &mut AnyConn, id: DeviceId) -> Result<Option<DeviceRow>, StoreError> {
    Ok(devices::table.find(id).select(DeviceRow::as_select()).get_result(conn).optional()?)
}

pub fn state_of(conn: &mut AnyConn, id: DeviceId) -> Result<Option<DeviceStateRow>, StoreError> {
    Ok(directly!(conn, conn => device_states::table.find(id).select(DeviceStateRow::as_select()).get_result(conn)).optional()?)
}

/// A page of all devices in order of id.
pub fn page(conn: &mut AnyConn, after: i64, limit: i64) -> Result<Vec<DeviceRow>, StoreError> {
    Ok(devices::table
        .filter(devices::id.gt(DeviceId(after)))
        .order(devices::id)
        .limit(limit)
        .select(DeviceRow::as_select())
        .load(conn)?)
}

/// The devices of a project.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<DeviceRow>, StoreError> {
    Ok(
        directly!(conn, conn => devices::table.filter(devices::project_id.eq(project)).order(devices::id).select(DeviceRow::as_select()).load(conn))?,
    )
}

/// Which of these projects have a device, whatever its state.
pub fn projects_with_devices(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<ProjectId>, StoreError> {
    let bound: Vec<Option<ProjectId>> =
        devices::table.filter(devices::project_id.eq_any(projects.to_vec())).select(devices::project_id).distinct().load(conn)?;
    Ok(bound.into_iter().flatten().collect())
}

pub fn count_pending(conn: &mut AnyConn) -> Result<i64, StoreError> {
    Ok(devices::table.filter(devices::state.eq(DeviceState::Pending)).count().get_result(conn)?)
}

/// When each active one of these devices was seen last.
pub fn last_seen(conn: &mut AnyConn, all: &[DeviceRow]) -> Result<Vec<(DeviceRow, Moment)>, StoreError> {
    let mut seen = Vec::new();
    for device in all.iter().filter(|device| device.state == DeviceState::Active) {
        if let Some(state) = state_of(conn, device.id)? {
            seen.push((device.clone(), state.last_seen_at));
        }
    }
    Ok(seen)
}

/// Bound devices that were not heard of since a moment, with when they were.
pub fn heard_before(conn: &mut AnyConn, moment: Moment) -> Result<Vec<(DeviceRow, Moment)>, StoreError> {
    Ok(devices::table
        .inner_join(device_states::table.on(device_states::device_id.eq(devices::id)))
        .filter(
            devices::state
                .eq(DeviceState::Active)
                .and(devices::project_id.is_not_null())
                .and(device_states::last_seen_at.lt(moment)),
        )
        .order(devices::id)
        .select((DeviceRow::as_select(), device_states::last_seen_at))
        .load(conn)?)
}

/// Notes that a device was seen, with stamps and info where they came.
pub fn note_seen(conn: &mut AnyConn, row: &DeviceStateRow) -> Result<(), StoreError> {
    use device_states as s;
    diesel::update(s::table.find(row.device_id))
        .set((
            s::last_seen_at.eq(row.last_seen_at),
            s::attlog_stamp.eq(&row.attlog_stamp),
            s::operlog_stamp.eq(&row.operlog_stamp),
            s::photo_stamp.eq(&row.photo_stamp),
            s::info.eq(&row.info),
            s::held_punches.eq(row.held_punches),
            s::held_other.eq(row.held_other),
        ))
        .execute(conn)?;
    note_day(conn, row.device_id, row.last_seen_at)
}

/// Notes what devices that were noted as seen a moment ago have said since: the stamp of their punches and their heartbeat's text.
pub fn note_stamps(conn: &mut AnyConn, rows: impl IntoIterator<Item = DeviceStateRow>) -> Result<(), StoreError> {
    let said: Vec<(i64, String, String)> = rows.into_iter().map(|row| (row.device_id.0, row.attlog_stamp, row.info)).collect();
    bulk::update_stamps(conn, &said)
}

/// Remembers the first moment of each day on which a device was seen (`store::past`).
fn note_day(conn: &mut AnyConn, device: DeviceId, seen_at: Moment) -> Result<(), StoreError> {
    fixed("INSERT INTO device_days (device_id, local_day, first_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .big(device.0)
        .int(day_number(seen_at.day()))
        .big(seen_at.0)
        .execute(conn)?;
    Ok(())
}

/// Puts an order at the end of a device's queue.
pub fn insert_order(conn: &mut AnyConn, row: &OrderRow) -> Result<(), StoreError> {
    diesel::insert_into(device_commands::table).values(row).execute(conn)?;
    Ok(())
}

/// The number after the device's last order.
pub fn next_number(conn: &mut AnyConn, device: DeviceId) -> Result<i64, StoreError> {
    let last: Option<i64> = device_commands::table
        .filter(device_commands::device_id.eq(device))
        .select(diesel::dsl::max(device_commands::number))
        .first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Orders that wait for the device or for its answer, oldest first.
pub fn open_orders(conn: &mut AnyConn, device: DeviceId, limit: i64) -> Result<Vec<OrderRow>, StoreError> {
    Ok(device_commands::table
        .filter(device_commands::device_id.eq(device).and(device_commands::state.eq_any([OrderState::Queued, OrderState::Sent])))
        .order(device_commands::number)
        .limit(limit)
        .select(OrderRow::as_select())
        .load(conn)?)
}

pub fn count_open(conn: &mut AnyConn, device: DeviceId) -> Result<i64, StoreError> {
    Ok(device_commands::table
        .filter(device_commands::device_id.eq(device).and(device_commands::state.eq_any([OrderState::Queued, OrderState::Sent])))
        .count()
        .get_result(conn)?)
}

/// The order of that number.
pub fn order_of(conn: &mut AnyConn, device: DeviceId, number: i64) -> Result<Option<OrderRow>, StoreError> {
    Ok(device_commands::table
        .filter(device_commands::device_id.eq(device).and(device_commands::number.eq(number)))
        .select(OrderRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The latest orders of a device, newest first.
pub fn orders_of(conn: &mut AnyConn, device: DeviceId, limit: i64) -> Result<Vec<OrderRow>, StoreError> {
    Ok(device_commands::table
        .filter(device_commands::device_id.eq(device))
        .order(device_commands::number.desc())
        .limit(limit)
        .select(OrderRow::as_select())
        .load(conn)?)
}

/// Changes what became of an order; says whether the device has such an open one.
pub fn mark_order(
    conn: &mut AnyConn,
    device: DeviceId,
    number: i64,
    state: OrderState,
    return_code: Option<i32>,
    now: Moment,
) -> Result<bool, StoreError> {
    use device_commands as c;
    let changed =
        diesel::update(c::table.filter(
            c::device_id.eq(device).and(c::number.eq(number)).and(c::state.eq_any([OrderState::Queued, OrderState::Sent])),
        ))
        .set((c::state.eq(state), c::return_code.eq(return_code), c::changed_at.eq(now)))
        .execute(conn)?;
    Ok(changed > 0)
}

/// Takes back what counts as held for a device, after it was bound.
pub fn clear_held(conn: &mut AnyConn, device: DeviceId) -> Result<(), StoreError> {
    diesel::sql_query("UPDATE device_states SET held_punches = 0, held_other = 0 WHERE device_id = $1")
        .bind::<BigInt, _>(device.0)
        .execute(conn)?;
    Ok(())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<DeviceRow>, StoreError> {
    Ok(devices::table.order(devices::id).select(DeviceRow::as_select()).load(conn)?)
}
