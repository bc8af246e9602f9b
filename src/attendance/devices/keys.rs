//! What a machine proves itself by: the token in the address that it pushes to, and the secret that signs a gateway's messages.
//!
//! Both are made here, shown once and kept as a blind index or encrypted; a new one replaces the old at once. Deliberately absent: the
//! communication key of a ZKTeco clock, which whoever binds it chooses.

use super::actions::enter;
use super::settings::{DeviceSettings, HEARTBEATS_MINUTES};
use super::table::{self, DeviceRow};
use super::{DeviceState, GATE_MAX, GateDirection, Maker, OFFSET_MINUTES_MAX};
use super::{clock, turns};
use crate::base::Moment;
use crate::base::id::DeviceId;
use crate::base::person::half_width;
use crate::base::words;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, StoreError, Tx, Vault, jobs, journal};
use crate::web::{Ctx, Problem};

words! {
    /// What a machine proves itself by.
    pub enum Credential, "credential" {
        /// The token in its address (Hikvision, Dahua).
        Token = "token",
        /// The secret that signs (gateways).
        Secret = "secret",
    }
}
crate::web::openapi::word_schema!(Credential);

/// Twelve hex digits of a hardware address, whatever stands between them; `None` for anything else.
pub fn mac_of(text: &str) -> Option<String> {
    let digits: String = half_width(text).chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    (digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
}

/// The index under which a token is found.
pub fn token_index(vault: &Vault, token: &str) -> String {
    vault.index("push_token", token)
}

/// Whether a machine of this maker pushes to an address of its own.
pub fn has_token(maker: Maker) -> bool {
    push_path(maker, "").is_some()
}

/// The path that is set on a machine with this token; `None` for a maker whose machines have none.
pub fn push_path(maker: Maker, token: &str) -> Option<String> {
    match maker {
        Maker::Hikvision => Some(format!("/push/hik/{token}")),
        Maker::Dahua => Some(format!("/push/dahua/{token}")),
        Maker::Zkteco | Maker::Gateway => None,
    }
}

/// Gives a machine a new token or secret; the old one is worth nothing from now on. The second part is shown once.
///
/// # Errors
/// `not_found` for a machine that the asker may not see, `conflict` for one that is not active or has no use for it.
pub fn issue(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId, what: Credential) -> Result<(DeviceRow, String), Problem> {
    let mut row = enter(tx.conn(), ctx, id)?;
    let fits = match what {
        Credential::Token => has_token(row.maker),
        Credential::Secret => row.maker == Maker::Gateway,
    };
    if row.state != DeviceState::Active || !fits {
        let zh = "只能为已启用的设备生成：海康、大华设备用地址令牌，网关用签名密钥。";
        let en = "Only an active machine gets one: Hikvision and Dahua a token, a gateway a secret.";
        return Err(Problem::conflict(zh, en).at("device", "unknown_device"));
    }
    let plain = match what {
        Credential::Token => {
            let token = journal::hex(&ctx.vault().random::<16>()?);
            row.token_index = Some(token_index(ctx.vault(), &token));
            token
        }
        Credential::Secret => {
            let secret = journal::hex(&ctx.vault().random::<32>()?);
            ctx.vault().ensure_key(tx.conn(), Owner::Global, ctx.now)?;
            row.secret = Some(ctx.vault().seal(tx.conn(), Owner::Global, secret.as_bytes())?);
            secret
        }
    };
    row.recorded_seq = tx.seq(Chain::Organisation)?;
    table::update(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "issue_device_credential", &format!("{id} {what}"))?;
    Ok((row, plain))
}

/// The secret that a machine's messages are signed with, for checking.
pub fn secret_of(conn: &mut AnyConn, vault: &Vault, row: &DeviceRow) -> Result<Option<Vec<u8>>, StoreError> {
    row.secret.as_ref().map(|sealed| vault.open(conn, Owner::Global, sealed)).transpose()
}

/// What is changed about a machine that is bound; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Name of the gate.
    pub gate: Option<String>,
    /// Which way people pass.
    pub direction: Option<GateDirection>,
    /// From when on they pass that way; from now on when absent. What the machine told of before stays as it is.
    pub since: Option<Moment>,
    /// Minutes that its clock is ahead of UTC; what came by a wrong offset is read again.
    pub offset_minutes: Option<i32>,
    /// From which moment of receipt on its clock was so; from when the offset of before holds, when absent.
    pub offset_since: Option<Moment>,
    /// Hardware address; empty text for none.
    pub mac: Option<String>,
    /// Minutes within which it is heard of; 0 for the house's own.
    pub heartbeat_minutes: Option<i32>,
    /// How it wants to be spoken to.
    pub settings: Option<DeviceSettings>,
}

/// Changes how a machine is listened to and spoken to.
///
/// # Errors
/// `not_found` for a machine that the asker may not see, `invalid` for what no machine can mean, `conflict` for a direction that would
/// hold for passages that are here already.
pub fn change(tx: &mut Tx<'_>, ctx: &Ctx, id: DeviceId, change: &Change) -> Result<DeviceRow, Problem> {
    let before = enter(tx.conn(), ctx, id)?;
    let mut row = before.clone();
    if let Some(gate) = change.gate.as_deref().map(half_width) {
        if gate.is_empty() || gate.chars().count() > GATE_MAX {
            let en = "Name the gate in 1 to 60 characters.";
            return Err(Problem::invalid("请填写闸机名称（1 至 60 字）。", en).at("gate", "bad_format"));
        }
        row.gate = gate;
    }
    row.direction = change.direction.unwrap_or(row.direction);
    if let Some(minutes) = change.offset_minutes {
        if minutes.abs() > OFFSET_MINUTES_MAX {
            let en = "An offset lies within 14 hours of UTC.";
            return Err(Problem::invalid("时差应在 ±840 分钟以内。", en).at("offset_minutes", "bad_format"));
        }
        row.offset_minutes = minutes;
    }
    if let Some(told) = &change.mac {
        row.mac = match told.trim() {
            "" => None,
            told => Some(mac_of(told).ok_or_else(|| {
                let en = "A hardware address has twelve hex digits.";
                Problem::invalid("MAC 地址应为 12 位十六进制数字。", en).at("mac", "bad_format")
            })?),
        };
    }
    match change.heartbeat_minutes {
        None => {}
        Some(0) => row.heartbeat_minutes = None,
        Some(minutes) if HEARTBEATS_MINUTES.contains(&minutes) => row.heartbeat_minutes = Some(minutes),
        Some(_) => {
            let zh = format!("心跳间隔可选 {HEARTBEATS_MINUTES:?} 分钟。");
            let en = format!("The heartbeat is one of {HEARTBEATS_MINUTES:?} minutes.");
            return Err(Problem::invalid(zh, en).at("heartbeat_minutes", "bad_format"));
        }
    }
    if let Some(settings) = &change.settings {
        settings.check()?;
        row.settings = settings.kept();
    }
    turns::note(tx, ctx, (&before, &row), change.since)?;
    clock::note(tx, ctx, (&before, &row), change.offset_since)?;
    row.recorded_seq = tx.seq(Chain::Organisation)?;
    table::update(tx, &row)?;
    tx.note(Chain::Organisation, ctx.now, ctx.actor(), "change_device", &id.to_string())?;
    if change.mac.is_some() && row.mac.is_some() {
        // A person says whose the address is, be it learnt already: what was held in its name is this machine's.
        jobs::enqueue(tx.conn(), ctx.id(), "replay_device", &id.to_string(), ctx.now)?;
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardware_address_is_read_whatever_stands_between() {
        for text in ["02:00:00:AA:BB:01", "02-00-00-aa-bb-01", "0200.00aa.bb01", "０２00 00aabb01"] {
            assert_eq!(mac_of(text).as_deref(), Some("020000aabb01"), "{text}");
        }
        assert_eq!((mac_of("02:00:00:aa:bb"), mac_of("02:00:00:aa:bb:0g")), (None, None));
    }
}
