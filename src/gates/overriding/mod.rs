//! Overrides: a refusal that two persons set aside for a time, on a ground that they name.
//!
//! The verdict stays `blocked`; the override stands beside it, on the answer, on the certificate and in every list, with both names,
//! the ground and the last day. One person asks, another approves, and whoever may override may end it. Deliberately absent: a way to change an
//! answer, and an override without end.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::{Day, words};

words! {
    /// What was decided about an override.
    pub enum OverrideVerdict, "decision about an override" {
        /// A second person approved it.
        Approved = "approved",
        /// A second person refused it, or the first took it back.
        Rejected = "rejected",
        /// It was ended before its last day.
        Ended = "ended",
    }
}
crate::store::types::word_column!(OverrideVerdict);
crate::web::openapi::word_schema!(OverrideVerdict);

/// Days for which an override may hold at most (ours; the law names none).
pub const DAYS_MAX: i64 = 90;

/// The shortest reason or ground, in characters: a word is no reason.
pub const TEXT_MIN: usize = 4;

/// The longest reason or ground, in characters.
pub const TEXT_MAX: usize = 1000;

/// An override in force on a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct InForce {
    /// Names of the two persons: who asked, who approved.
    pub by: Vec<String>,
    /// Its last day.
    pub until: Day,
    /// Document and article that allow it.
    pub legal_ground: String,
    /// Why.
    pub reason: String,
}
