//! The bank feed kit: events that a bank's system pushes one by one, the keys with which it signs them, and what it has shown so far.
//!
//! Every event is kept as received in the same transaction as what came of it, and is answered after the commit. An entry and the result
//! of a payment go the way of files (`settlement`), so that an event and a statement that tell the same movement are merged; what files do
//! not tell (the account's data, a balance of a day, a month's proof, a card) is kept as the bank's word beside ours. Deliberately absent:
//! messages to banks.

mod freezing;
pub mod http;
pub mod keys;
pub mod report;
mod signing;
pub mod table;
mod taking;
mod telling;
mod token;

pub use freezing::JOB as FOLLOW_FREEZE;
pub use taking::{Taken, TakenState, take};
pub use token::key_of as key_of_token;

use crate::base::words;

/// Where events are sent to.
pub const PATH: &str = "/api/v1/bank-events";

/// Feed of the inbox.
pub const FEED: &str = "bankevent";

words! {
    /// How a key signs.
    pub enum KeyKind, "kind of a bank's key" {
        /// HMAC-SHA256 with a secret that both sides have (`v1=`).
        Hmac = "hmac",
        /// Ed25519: the bank keeps the secret half, the public one stands here (`v1a=`, or tokens with `EdDSA`).
        Ed25519 = "ed25519",
        /// ECDSA over P-256 with SHA-256: the bank keeps the secret half, the public one stands here (tokens with `ES256` only).
        Es256 = "es256",
    }
}
crate::store::types::word_column!(KeyKind);
crate::web::openapi::word_schema!(KeyKind);

words! {
    /// What came of a signature.
    pub enum Outcome, "outcome of a signature" {
        /// It holds.
        Accepted = "accepted",
        /// It is not that of this body, timestamp and key.
        Wrong = "wrong_signature",
        /// The timestamp is too far off.
        Stale = "stale_timestamp",
        /// The key was revoked, or its overlap after a rotation is over.
        Over = "key_is_over",
    }
}
