//! The roll on a clock: who is to be put on it, who is to be taken off, and what it confirmed.
//!
//! A clock knows people by the number and name that it is told; which of them it has is what it said itself or confirmed. Deliberately
//! absent: templates and faces, which people give to the clock in person.

use std::collections::{HashMap, HashSet};

use super::actions::{enter, order};
use super::signs::table::{self as told, DeviceUserRow};
use super::table::{self, DeviceRow, OrderRow};
use super::{Order, OrderState, QUEUE_MAX};
use crate::base::id::{DeviceId, RecordId, WorkerId};
use crate::store::vault::Owner;
use crate::store::{StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::workers;

/// Users of one clock that are compared with the roll.
const USERS_MAX: i64 = 50_000;

/// What putting the roll on a clock came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Ordered onto it.
    pub put_on: usize,
    /// Ordered off it.
    pub taken_off: usize,
    /// On the roll without a number at the gate: a clock knows people by their number, and none is made up for them.
    pub without_number: usize,
}

/// Orders everybody on the roll with a number onto a clock, unless it has them under their name, and takes off it whoever has left.
/// Gives how many of each, and how many could not be put on it.
///
/// # Errors
/// `not_found` for a clock that the asker may not see, `conflict` for one that takes no orders or has too many waiting.
pub fn push(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId) -> Result<Pushed, Problem> {
    let device = enter(tx.conn(), ctx, id)?;
    let project = device.project_id.ok_or_else(Problem::not_found)?;
    let on_it: HashMap<String, String> =
        told::users_of(tx.conn(), id, USERS_MAX)?.into_iter().map(|row| (row.pin_index, row.name)).collect();
    let waiting = table::open_orders(tx.conn(), id, QUEUE_MAX)?;
    let waiting: HashSet<(bool, RecordId)> = waiting.iter().filter_map(of_user).collect();
    let roll = workers::table::gate_roll(tx.conn(), project)?;
    let (here, gone): (Vec<_>, Vec<_>) = roll.into_iter().partition(|entry| entry.holds_on(ctx.today));
    let mut names: HashMap<WorkerId, String> = HashMap::new();
    let mut kept: HashSet<String> = HashSet::new();
    let mut pushed = Pushed::default();
    for entry in here {
        let Some(pin) = entry.pin_index else {
            pushed.without_number += 1;
            continue;
        };
        if let Some(worker) = workers::table::worker(tx.conn(), entry.worker_id)? {
            names.insert(entry.worker_id, worker.name);
        }
        let is_there = on_it.get(&pin).is_some_and(|name| Some(name) == names.get(&entry.worker_id));
        if !is_there && !waiting.contains(&(true, entry.id)) {
            order(tx, ctx, id, &Order::UpdateUser { enrolment: entry.id })?;
            pushed.put_on += 1;
        }
        kept.insert(pin);
    }
    for entry in gone {
        let Some(pin) = entry.pin_index else { continue };
        // The number of somebody who left may be another's by now.
        if on_it.contains_key(&pin) && kept.insert(pin) && !waiting.contains(&(false, entry.id)) {
            order(tx, ctx, id, &Order::DeleteUser { enrolment: entry.id })?;
            pushed.taken_off += 1;
        }
    }
    Ok(pushed)
}

/// Whose order it is: whether it puts on, and the enrolment.
fn of_user(row: &OrderRow) -> Option<(bool, RecordId)> {
    match serde_json::from_str(&row.command).ok()? {
        Order::UpdateUser { enrolment } => Some((true, enrolment)),
        Order::DeleteUser { enrolment } => Some((false, enrolment)),
        _ => None,
    }
}

/// Takes up what a clock answered to an order: whom it put on or took off, it has or has no more.
pub fn answered(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow, number: i64, state: OrderState) -> Result<(), StoreError> {
    let Some(project) = device.project_id.filter(|_| state == OrderState::Done) else { return Ok(()) };
    let Some(row) = table::order_of(tx.conn(), device.id, number)? else { return Ok(()) };
    let Some((is_put_on, enrolment)) = of_user(&row) else { return Ok(()) };
    let Some(enrolment) = workers::table::find(tx.conn(), project, enrolment)? else { return Ok(()) };
    let Some(pin_index) = enrolment.pin_index.clone() else { return Ok(()) };
    if !is_put_on {
        return told::forget_user(tx.conn(), device.id, &pin_index);
    }
    let worker = workers::table::worker(tx.conn(), enrolment.worker_id)?;
    let pin = workers::lookups::pin_of(tx.conn(), ctx.vault(), &enrolment)?;
    let (Some(worker), Some(pin)) = (worker, pin) else { return Ok(()) };
    let sealed = ctx.vault().seal(tx.conn(), Owner::Project(project), pin.as_bytes())?;
    told::tell_user(
        tx.conn(),
        &DeviceUserRow { device_id: device.id, pin_index, pin: sealed, name: worker.name, privilege: Some(0), told_at: ctx.now },
    )
}
