//! The signed variant of our JSON feed (FEEDS 2.4): a machine with a secret signs its body and the time instead of holding a key.
//!
//! Whoever is not believed learns nothing of why; the log does. Nothing is kept of it but a count.

use crate::attendance::devices::keys::secret_of;
use crate::attendance::devices::{DeviceState, table};
use crate::store::AnyConn;
use crate::web::{Code, Ctx, Problem};
use crate::wire::punch::check_signature;

/// The headers of a signed message.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Serial of the machine.
    pub serial: String,
    /// Seconds since 1970, as sent.
    pub timestamp: String,
    /// `v1=` and the signature in hex.
    pub signature: String,
}

/// Believes a signed message, or not.
///
/// # Errors
/// `not_authenticated`, whatever is wrong with it.
pub fn believe(conn: &mut AnyConn, ctx: &Ctx, signed: &Signed, body: &[u8]) -> Result<(), Problem> {
    let refused = |why: &str| {
        metrics::counter!("anxin_signed_punches_refused_total").increment(1);
        tracing::warn!(signature.fault = why, "a signed message was not believed");
        let en = "The device is unknown or the signature is not that of this body, time and secret.";
        Err(Problem::new(Code::NotAuthenticated, "设备未登记，或签名与内容、时间、密钥不符。", en))
    };
    let device = table::by_serial(conn, &signed.serial)?.filter(|row| row.state == DeviceState::Active);
    let secret = match &device {
        Some(row) => secret_of(conn, ctx.vault(), row)?,
        None => None,
    };
    let Some(secret) = secret else { return refused("no such device or no secret") };
    match check_signature(&secret, &signed.timestamp, &signed.signature, body, ctx.now) {
        Ok(()) => Ok(()),
        Err(fault) => refused(&format!("{fault:?}")),
    }
}
