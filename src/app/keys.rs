//! Rotation of the master key, while the service is stopped.
//!
//! One transaction wraps every data key anew, keeps the blind-index key as one of them, ends all sessions and publishes the old
//! certificate key as retired. It holds or it does not: after a crash exactly one of the two key files opens the database. A service
//! that was forgotten and still runs under the old key fails from then on instead of writing what nobody can open.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;

use super::clock::SystemEntropy;
use crate::base::Moment;
use crate::gates::certificate;
use crate::store::keys::{self, RetiredKey};
use crate::store::{Chain, Db, StoreError, Vault, schema};

/// The public half of a vault's certificate key, base64url without padding.
pub fn certificate_public_key(vault: &Vault) -> String {
    URL_SAFE_NO_PAD.encode(certificate::signing_key(vault).verifying_key().as_bytes())
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Data keys that were wrapped anew.
    pub keys: usize,
    /// Sessions that were ended.
    pub sessions: usize,
}

/// Puts the database under another master key.
///
/// # Errors
/// The old key is not the database's, or the new one is the old one: nothing is changed then.
pub fn rotate(db: &Db, old: [u8; 32], new: [u8; 32], now: Moment) -> Result<Rotated, StoreError> {
    if old == new {
        return Err(StoreError::Setup("the new key is the old one / 新密钥与原密钥相同".to_owned()));
    }
    let vault = |key| Vault::new(key, Arc::new(SystemEntropy));
    let old = db.read_blocking(|conn| -> Result<Vault, StoreError> {
        let old = vault(old).with_stored_index(conn)?;
        old.check(conn)?;
        Ok(old)
    })?;
    let new = vault(new);
    db.write_blocking(move |tx| -> Result<Rotated, StoreError> {
        keys::lock(tx.conn())?;
        let wrapped = old.rewrap(tx.conn(), &new, now)?;
        let kid = keys::certificate_kid(tx.conn())?;
        let retired = RetiredKey { kid: kid.clone(), public_key: certificate_public_key(&old), retired_at: now };
        keys::retire(tx.conn(), &retired)?;
        let sessions = diesel::update(schema::sessions::table.filter(schema::sessions::revoked_at.is_null()))
            .set(schema::sessions::revoked_at.eq(now))
            .execute(tx.conn())?;
        let browsers = diesel::update(schema::browser_sessions::table.filter(schema::browser_sessions::ended_at.is_null()))
            .set(schema::browser_sessions::ended_at.eq(now))
            .execute(tx.conn())?;
        tx.note(Chain::Organisation, now, "cli", "rotate_key", &kid)?;
        Ok(Rotated { keys: wrapped, sessions: sessions + browsers })
    })
}
