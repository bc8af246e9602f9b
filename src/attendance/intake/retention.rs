//! Forgetting the bytes of machines' messages: they hold numbers and faces of people, and are needed only while something in them may
//! have to be read again.

use crate::store::inbox::again;
use crate::store::{StoreError, Tx};
use crate::web::Ctx;

/// Forgets what is older than the operator wants it kept; gives how many messages.
pub fn forget_bodies(tx: &mut Tx<'_>, ctx: &Ctx) -> Result<usize, StoreError> {
    let days = ctx.ground.settings.gates.keep_body_days;
    if days <= 0 {
        return Ok(0);
    }
    again::forget_bodies(tx.conn(), ctx.now.plus_seconds(-days.saturating_mul(86_400)))
}
