//! The hardware address of a machine, learnt from its own messages.
//!
//! Some messages of a machine name its serial number and its hardware address, others the address alone. What names both and came with the
//! machine's own token tells whose the address is; from then on the address alone is enough. What was held in its name before may have come
//! by anybody's token, so that it waits until a person says whose the address is. Deliberately absent: changing an address that is known,
//! which a person does.

use super::replay::{self, Replayed, held_source};
use crate::attendance::devices::DeviceState;
use crate::attendance::devices::keys::mac_of;
use crate::attendance::devices::table::{self, DeviceRow};
use crate::store::{AnyConn, Chain, StoreError, Tx};
use crate::web::{Ctx, Problem};
use crate::wire::device::DeviceBatch;

/// Whether this is the address of a machine, and not what firmware without one sends.
fn is_real(mac: &str) -> bool {
    !mac.bytes().all(|b| b == b'0') && !mac.bytes().all(|b| b == b'f')
}

/// Whether another machine is known by this address; one that nobody has admitted is none.
fn is_taken(conn: &mut AnyConn, device: &DeviceRow, mac: &str) -> Result<bool, StoreError> {
    let others = table::named_by_mac(conn, mac)?;
    Ok(others.iter().any(|row| row.id != device.id && (row.mac.is_some() || row.state != DeviceState::Pending)))
}

/// The address that a message of this machine names beside its serial number, where it is not known yet.
fn told(device: &DeviceRow, batch: &DeviceBatch) -> Option<String> {
    let is_named = batch.device.as_deref().is_some_and(|told| told.eq_ignore_ascii_case(&device.serial));
    if !is_named || device.mac.is_some() || mac_of(&device.serial).is_some() {
        return None;
    }
    batch.mac.as_deref().and_then(mac_of).filter(|mac| is_real(mac))
}

/// Learns the address of a machine from a message of its own.
pub fn learn(tx: &mut Tx<'_>, ctx: &Ctx, device: &mut DeviceRow, batch: &DeviceBatch) -> Result<(), Problem> {
    let Some(mac) = told(device, batch) else { return Ok(()) };
    if is_taken(tx.conn(), device, &mac)? {
        return Ok(());
    }
    device.mac = Some(mac);
    device.recorded_seq = tx.seq(Chain::Organisation)?;
    table::update(tx, device)?;
    tx.note(Chain::Organisation, ctx.now, "intake", "learn_device_mac", &device.id.to_string())?;
    Ok(())
}

/// Takes over what was held in the name of a machine's address; the machine that stood for the address is none and waits no longer.
pub fn release(tx: &mut Tx<'_>, ctx: &Ctx, device: &DeviceRow) -> Result<Replayed, StoreError> {
    let mut replayed = Replayed::default();
    let Some(mac) = device.mac.as_deref().filter(|_| device.project_id.is_some() && device.state == DeviceState::Active) else {
        return Ok(replayed);
    };
    for mut stranger in table::named_by_mac(tx.conn(), mac)? {
        if stranger.id == device.id || stranger.state != DeviceState::Pending || stranger.maker != device.maker {
            continue;
        }
        replayed.add(replay::take_over(tx, ctx, device, &held_source(&stranger.serial))?);
        table::clear_held(tx.conn(), stranger.id)?;
        stranger.state = DeviceState::Blocked;
        stranger.recorded_seq = tx.seq(Chain::Organisation)?;
        table::update(tx, &stranger)?;
        tx.note(Chain::Organisation, ctx.now, "intake", "release_held", &format!("{} {}", stranger.id, device.id))?;
    }
    Ok(replayed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance::devices::Maker;
    use crate::base::Moment;
    use crate::base::id::DeviceId;

    #[test]
    fn an_address_is_learnt_from_a_message_that_names_the_serial_too() {
        let device = |serial: &str| DeviceRow::fresh(DeviceId(1), serial.into(), Maker::Hikvision, Moment(0), 1);
        let batch = |serial: Option<&str>, mac: Option<&str>| DeviceBatch {
            device: serial.map(str::to_owned),
            mac: mac.map(str::to_owned),
            ..DeviceBatch::default()
        };
        let (mac, known) = (Some("02:00:00:AA:BB:01"), Some("020000aabb01".to_owned()));
        assert_eq!(told(&device("T1"), &batch(Some("t1"), mac)), known);
        for (serial, mac) in [(Some("T2"), mac), (mac, mac), (None, mac), (Some("T1"), None), (Some("T1"), Some("02:00"))] {
            assert_eq!(told(&device("T1"), &batch(serial, mac)), None, "{serial:?} {mac:?}");
        }
        for none in ["00:00:00:00:00:00", "FF-FF-FF-FF-FF-FF"] {
            assert_eq!(told(&device("T1"), &batch(Some("T1"), Some(none))), None);
        }
        let with_mac = DeviceRow { mac: Some("020000aabb02".into()), ..device("T1") };
        assert_eq!(told(&with_mac, &batch(Some("T1"), mac)), None, "a person's word stands");
        assert_eq!(told(&device("02-00-00-AA-BB-02"), &batch(Some("02-00-00-AA-BB-02"), mac)), None);
    }
}
