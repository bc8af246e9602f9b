//! Items of feeds that could not be taken: what, where, why; looked at by whoever runs the service, closed with a note.
//!
//! An item is a place in a message of the inbox, whose bytes stay as they came. Reading again is the feeds' own matter (a corrected file
//! is handed in again, `operation::replaying` reads a message again); closing says that a person has seen to it.
//! Deliberately absent: the message's body, which is encrypted and may hold personal data.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::words;

words! {
    /// Where an item stands.
    pub enum ItemState, "state of a quarantined item" {
        /// Nobody has seen to it.
        Open = "open",
        /// It was taken later.
        Replayed = "replayed",
        /// Somebody closed it with a note.
        Dismissed = "dismissed",
    }
}
crate::store::types::word_column!(ItemState);
crate::web::openapi::word_schema!(ItemState);

/// The longest note, in characters.
pub const NOTE_MAX: usize = 300;
