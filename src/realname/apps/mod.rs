//! Apps: the systems of contractors that may upload, each for one project or one company, with a secret that is shown once.
//!
//! Deliberately absent: users; an app is nobody's login and opens nothing but the protocol.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::words;

words! {
    /// Whether an app is listened to.
    pub enum AppState, "state of an app" {
        /// Listened to.
        Active = "active",
        /// Answered like an unknown one.
        Disabled = "disabled",
    }
}
crate::store::types::word_column!(AppState);
crate::web::openapi::word_schema!(AppState);

/// Digits of an app's id.
pub const APP_ID_LEN: usize = 18;
/// The longest name of an app, in characters.
pub const NAME_MAX: usize = 60;
/// Addresses of an app at most.
pub const ADDRESSES_MAX: usize = 32;
