//! Users, their grants, sessions and machines' keys.
//!
//! A password is kept as argon2; an access token is a JWT signed with EdDSA that lives 15 minutes; a refresh token is used once and
//! a second use ends its whole family. Rights are read from the grants on every request, so taking one away works at once.

pub mod actions;
pub mod browser;
pub mod contacts;
pub mod feeds;
pub mod http;
mod http_managing;
pub mod managing;
pub mod password;
pub mod second;
pub mod table;
pub mod tokens;

use crate::base::words;

words! {
    /// Whether a user may log in.
    pub enum UserState, "state of a user" {
        /// May log in.
        Active = "active",
        /// May not for now.
        Suspended = "suspended",
        /// Has left.
        Ended = "ended",
    }
}
crate::store::types::word_column!(UserState);
crate::web::openapi::word_schema!(UserState);

/// Seconds that an access token lives.
pub const ACCESS_SECONDS: i64 = 15 * 60;

/// Seconds that a refresh token lives.
pub const REFRESH_SECONDS: i64 = 14 * 24 * 3600;

/// Seconds that a browser's session lives: a working day with its evening.
pub const BROWSER_SECONDS: i64 = 12 * 3600;

/// Failed log-ins in a row, within [`FAILURES_SECONDS`], before a login is locked; a login that does not exist is locked as well.
pub const FAILURES_MAX: i32 = 5;

/// Seconds after which failures of a login are forgotten.
pub const FAILURES_SECONDS: i64 = 24 * 3600;

/// Seconds that a login stays locked.
pub const LOCK_SECONDS: i64 = 15 * 60;

/// Failed log-ins from one address, over all logins, within [`PEER_SECONDS`], before the address is locked. A site office shares one.
pub const PEER_FAILURES_MAX: i32 = 30;

/// Seconds after which failures of an address are forgotten.
pub const PEER_SECONDS: i64 = 15 * 60;

/// Seconds that an address stays locked.
pub const PEER_LOCK_SECONDS: i64 = 15 * 60;

/// The longest and shortest login, in characters.
pub const LOGIN_LENGTHS: std::ops::RangeInclusive<usize> = 3..=40;

/// Whether a text can be a login: 3 to 40 letters, digits or `. _ -`.
pub fn is_login(text: &str) -> bool {
    LOGIN_LENGTHS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Prefix of machines' keys, so that a leaked one is recognised.
pub const API_KEY_PREFIX: &str = "axk_";
