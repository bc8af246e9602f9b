//! Admitting, binding and blocking devices, and ordering things of them.

use super::table::{self, DeviceRow, OrderRow};
use super::{
    COM_KEY_MAX, DeviceState, FACTORY_KEYS, GATE_MAX, GateDirection, Maker, OFFSET_MINUTES_MAX, Order, OrderState, QUEUE_MAX,
};
use super::{clock, signs, turns};
use crate::attendance::intake::replay::{self, Replayed};
use crate::attendance::silence;
use crate::attendance::table as punches;
use crate::base::Moment;
use crate::base::id::{DeviceId, ProjectId, RecordId};
use crate::base::person::half_width;
use crate::projects::{self, Site};
use crate::store::{AnyConn, Chain, StoreError, Tx, Vault};
use crate::web::{Ctx, Problem};
use crate::wire::zkteco::command::Command;
use crate::wire::zkteco::{Query, valid_serial};
use crate::workers;

/// Where and how a device hangs.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Serial number as printed on it.
    pub serial: String,
    /// Whose protocol it speaks.
    pub maker: Maker,
    /// Name of the gate.
    pub gate: String,
    /// Which way people pass.
    pub direction: GateDirection,
    /// Minutes that its clock is ahead of UTC: absent leaves what stands, China's for a new machine.
    pub offset_minutes: Option<i32>,
    /// Key that it must send with each request: absent leaves what stands, empty takes it away.
    pub com_key: Option<String>,
    /// Since when it hangs so, of a machine that hung elsewhere or otherwise; from now on when absent.
    pub since: Option<Moment>,
}

/// The hash of a communication key, as kept.
pub fn com_key_hash(vault: &Vault, serial: &str, key: &str) -> String {
    vault.index("com_key", &format!("{serial} {key}"))
}

/// Binds a device to a project that the asker has entered: a new serial, a pending one, or one bound before, whose terms change.
/// What it sent while it was pending is taken over in the same transaction.
///
/// # Errors
/// `invalid` for a serial, gate, offset, key or `since` that cannot be; `conflict` for a `since` before its last turn or move;
/// `not_allowed` when it hangs at a project that the asker may not see.
pub fn bind(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &Binding) -> Result<(DeviceRow, Replayed), Problem> {
    let serial = half_width(&new.serial);
    if !valid_serial(&serial) {
        let en = "A serial number has 1 to 40 letters, digits, `-`, `_` or `.`.";
        return Err(Problem::invalid("序列号应为 1 至 40 位字母、数字或 - _ .", en).at("serial", "bad_format"));
    }
    let gate = half_width(&new.gate);
    if gate.is_empty() || gate.chars().count() > GATE_MAX {
        return Err(
            Problem::invalid("请填写闸机名称（1 至 60 字）。", "Name the gate in 1 to 60 characters.").at("gate", "bad_format")
        );
    }
    if new.offset_minutes.is_some_and(|minutes| minutes.abs() > OFFSET_MINUTES_MAX) {
        let en = "An offset lies within 14 hours of UTC.";
        return Err(Problem::invalid("时差应在 ±840 分钟以内。", en).at("offset_minutes", "bad_format"));
    }
    if let Some(key) = new.com_key.as_deref().filter(|key| !key.is_empty())
        && (key.len() > COM_KEY_MAX || FACTORY_KEYS.contains(&key))
    {
        let en = "Choose a communication key of your own, at most 64 characters; factory keys are refused.";
        return Err(Problem::invalid("请设置自己的通讯密码（不超过 64 位），不能使用出厂密码。", en).at("com_key", "bad_format"));
    }
    let known = table::by_serial(tx.conn(), &serial)?;
    if let Some(other) = known.as_ref().and_then(|row| row.project_id).filter(|other| *other != site.id) {
        // Moving a device needs the right at both ends; whoever lacks one learns nothing of the other.
        projects::enter(tx.conn(), &ctx.scope, other).map_err(|_| Problem::not_allowed())?;
    }
    if known.as_ref().is_some_and(|row| row.state == DeviceState::Blocked && row.project_id.is_none())
        && !ctx.scope.is_everything()
    {
        return Err(Problem::not_allowed());
    }
    let chain = Chain::Organisation;
    let recorded_seq = tx.seq(chain)?;
    let is_known = known.is_some();
    if let Some(moved) = known.as_ref().filter(|row| row.project_id != Some(site.id)) {
        silence::let_go(tx, ctx, moved.id)?;
    }
    // What was set on the machine's own page stays: a new token or secret would have to be typed into the machine again.
    let before = known.unwrap_or_else(|| DeviceRow::fresh(DeviceId(ctx.id()), serial.clone(), new.maker, ctx.now, recorded_seq));
    let row = DeviceRow {
        maker: new.maker,
        project_id: Some(site.id),
        gate,
        direction: new.direction,
        offset_minutes: new.offset_minutes.unwrap_or(before.offset_minutes),
        state: DeviceState::Active,
        com_key_hash: match new.com_key.as_deref() {
            None => before.com_key_hash.clone(),
            Some("") => None,
            Some(key) => Some(com_key_hash(ctx.vault(), &serial, key)),
        },
        recorded_seq,
        ..before.clone()
    };
    turns::note(tx, ctx, (&before, &row), new.since)?;
    if is_known {
        clock::note(tx, ctx, (&before, &row), None)?;
        table::update(tx, &row)?
    } else {
        table::insert(tx, &row, ctx.now)?
    };
    tx.note(chain, ctx.now, ctx.actor(), "bind_device", &format!("{} {}", row.id, site.id))?;
    let replayed = replay::replay_held(tx, ctx, &row)?;
    Ok((row, replayed))
}

/// Keeps a serial that nobody announced, for the intake; `None` when too many wait already.
pub fn admit_pending(tx: &mut Tx<'_>, ctx: &Ctx, serial: &str, maker: Maker) -> Result<Option<DeviceRow>, Problem> {
    let limit = i64::try_from(ctx.ground.settings.pending_devices_max).unwrap_or(i64::MAX);
    // Names that senders without a machine are known by: nobody takes one in advance.
    if serial.starts_with("key-") || serial.contains(".prj-") {
        return Ok(None);
    }
    if table::count_pending(tx.conn())? >= limit {
        return Ok(None);
    }
    let chain = Chain::Organisation;
    let recorded_seq = tx.seq(chain)?;
    let row = DeviceRow::fresh(DeviceId(ctx.id()), serial.to_owned(), maker, ctx.now, recorded_seq);
    table::insert(tx, &row, ctx.now)?;
    tx.note(chain, ctx.now, "intake", "admit_pending_device", &row.id.to_string())?;
    Ok(Some(row))
}

/// A device that the asker may see: one of a project in scope, or a pending one for whoever may see everything.
pub fn enter(conn: &mut AnyConn, ctx: &Ctx, id: DeviceId) -> Result<DeviceRow, Problem> {
    let row = table::find(conn, id)?.ok_or_else(Problem::not_found)?;
    match row.project_id {
        Some(project) => drop(projects::enter(conn, &ctx.scope, project)?),
        None if ctx.scope.is_everything() => {}
        None => return Err(Problem::not_found()),
    }
    Ok(row)
}

/// Devices that one page looks at to fill itself with visible ones.
const LOOKED_AT_MAX: i64 = 5_000;

/// The devices that the asker may see, a page of them in order of id; pending ones for whoever may see everything.
pub fn visible(conn: &mut AnyConn, ctx: &Ctx, after: i64, limit: i64) -> Result<Vec<DeviceRow>, Problem> {
    let mut rows = Vec::new();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut after, mut looked_at) = (after, 0);
    while rows.len() < wanted && looked_at < LOOKED_AT_MAX {
        let batch = table::page(conn, after, limit)?;
        let Some(last) = batch.last() else { break };
        after = last.id.0;
        looked_at += limit;
        for row in batch {
            let covered = match row.project_id {
                Some(project) => projects::enter(conn, &ctx.scope, project).is_ok(),
                None => ctx.scope.is_everything(),
            };
            if covered {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// Refuses a device from now on; binding it again lets it back in.
pub fn block(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId) -> Result<DeviceRow, Problem> {
    let mut row = enter(tx.conn(), ctx, id)?;
    silence::let_go(tx, ctx, id)?;
    row.state = DeviceState::Blocked;
    row.recorded_seq = tx.seq(Chain::Organisation)?;
    table::update(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "block_device", &row.id.to_string())?;
    Ok(row)
}

/// Puts an order into a device's queue; the device fetches it with its next heartbeat.
///
/// # Errors
/// `conflict` for a device that is not active or has too many waiting, `invalid` for a worker without a number at the gate.
pub fn order(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId, order: &Order) -> Result<OrderRow, Problem> {
    let device = enter(tx.conn(), ctx, id)?;
    let project = device.project_id.filter(|_| device.state == DeviceState::Active && device.maker == Maker::Zkteco);
    let Some(project) = project else {
        let en = "Only an active ZKTeco device takes orders.";
        return Err(Problem::conflict("只能向已启用的中控设备下发指令。", en).at("device", "unknown_device"));
    };
    if table::count_open(tx.conn(), id)? >= QUEUE_MAX {
        return Err(
            Problem::conflict("该设备待执行的指令过多。", "Too many orders wait for this device.").at("order", "over_limit")
        );
    }
    if let Order::UpdateUser { enrolment } | Order::DeleteUser { enrolment } = order {
        let row = workers::table::find(tx.conn(), project, *enrolment)?;
        if row.is_none_or(|row| row.pin_index.is_none()) {
            let en = "This project has no such worker with a number at the gate.";
            return Err(Problem::invalid("本项目没有该工人，或该工人没有考勤编号。", en).at("enrolment", "unknown_person"));
        }
    }
    if matches!(order, Order::ClearLog {}) {
        may_clear_log(tx.conn(), ctx, &device, project)?;
    }
    let row = OrderRow {
        id: RecordId(ctx.id()),
        device_id: id,
        command: serde_json::to_string(order).map_err(|error| Problem::internal(&error.to_string()))?,
        state: OrderState::Queued,
        number: table::next_number(tx.conn(), id)?,
        return_code: None,
        created_at: ctx.now,
        changed_at: ctx.now,
    };
    table::insert_order(tx.conn(), &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "order_device", &format!("{} {}", id, row.number))?;
    Ok(row)
}

/// Whether the machine's log holds nothing that is not stored here: as many punches came since it was cleared last as it says it has, and
/// none is put aside. A machine that does not say is not believed to.
fn is_all_stored(conn: &mut AnyConn, device: &DeviceRow) -> Result<bool, StoreError> {
    let Some(project) = device.project_id else { return Ok(false) };
    let said = table::state_of(conn, device.id)?.and_then(|state| Query::parse(&format!("INFO={}", state.info)).info());
    let Some(said) = said.and_then(|info| info.punches) else { return Ok(false) };
    let before = signs::table::of(conn, device.id)?.cleared_count;
    let stored = punches::count_of_device(conn, project, device.id)?.saturating_sub(before);
    Ok(stored >= i64::from(said) && punches::count_put_aside(conn, &device.serial)? == 0)
}

/// Notes that the log is being cleared: from here on it is counted anew, also when the machine's answer is lost.
pub fn log_is_cleared(conn: &mut AnyConn, device: &DeviceRow) -> Result<(), StoreError> {
    let Some(project) = device.project_id else { return Ok(()) };
    let stored = punches::count_of_device(conn, project, device.id)?;
    signs::table::change(conn, device.id, |row| {
        row.cleared_before = row.cleared_count;
        row.cleared_count = stored;
    })?;
    Ok(())
}

/// Notes that the machine has refused to clear its log.
pub fn log_stands(conn: &mut AnyConn, device: DeviceId) -> Result<(), StoreError> {
    signs::table::change(conn, device, |row| row.cleared_count = row.cleared_before)?;
    Ok(())
}

/// Whether an order is to clear the log.
pub fn clears_log(row: &OrderRow) -> bool {
    matches!(serde_json::from_str::<Order>(&row.command), Ok(Order::ClearLog {}))
}

fn may_clear_log(conn: &mut AnyConn, ctx: &Ctx, device: &DeviceRow, project: ProjectId) -> Result<(), Problem> {
    // A key is nobody who could answer for what is gone.
    if ctx.scope.user.is_none() {
        return Err(Problem::not_allowed());
    }
    projects::enter(conn, &ctx.scope, project)?;
    if is_all_stored(conn, device)? {
        return Ok(());
    }
    let zh = "设备内的记录尚未确认全部入库，不能清空。请先下发“上传全部记录”，处理完隔离条目，并等设备上报记录数。";
    let en = "Not everything in its log is known to be stored: order the log, see to what was put aside, and wait for its count.";
    Err(Problem::conflict(zh, en).at("order", "gap"))
}

/// An order in the device's words; `None` when its worker has gone or lost the number.
pub fn command_of(conn: &mut AnyConn, vault: &Vault, device: &DeviceRow, row: &OrderRow) -> Result<Option<Command>, StoreError> {
    let Ok(order) = serde_json::from_str::<Order>(&row.command) else { return Ok(None) };
    let (enrolment, update) = match order {
        Order::QueryUsers {} => return Ok(Some(Command::QueryUsers)),
        Order::Check {} => return Ok(Some(Command::Check)),
        Order::Info {} => return Ok(Some(Command::Info)),
        Order::Log {} => return Ok(Some(Command::Log)),
        // What came between the order and now must be stored too.
        Order::ClearLog {} => return Ok(is_all_stored(conn, device)?.then_some(Command::ClearLog)),
        Order::UpdateUser { enrolment } => (enrolment, true),
        Order::DeleteUser { enrolment } => (enrolment, false),
    };
    let Some(project) = device.project_id else { return Ok(None) };
    let Some(enrolment) = workers::table::find(conn, project, enrolment)? else { return Ok(None) };
    let Some(pin) = workers::lookups::pin_of(conn, vault, &enrolment)? else { return Ok(None) };
    if !update {
        return Ok(Some(Command::DeleteUser { pin }));
    }
    let worker = workers::table::worker(conn, enrolment.worker_id)?;
    Ok(worker.map(|worker| Command::UpdateUser { pin, name: worker.name, card: None }))
}
