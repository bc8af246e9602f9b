//! Users, their grants, sessions and machines' keys.
//!
//! A password is kept as argon2; an access token is a JWT signed with EdDSA that lives 15 minutes; a refresh token is used once and
//! a second use ends its whole family. Rights are read from the grants on every request, so taking one away works at once.

pub mod actions;
pub mod browser;
pub mod contacts;
pub mod http;
pub mod password;
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

/// Failed log-ins in a row before a login is locked.
pub const FAILURES_MAX: i32 = 5;

/// Seconds that a login stays locked.
pub const LOCK_SECONDS: i64 = 15 * 60;

/// Prefix of machines' keys, so that a leaked one is recognised.
pub const API_KEY_PREFIX: &str = "axk_";
