//! A sheet's life beyond handing in: sent back with a note, shown to the workers (公示), closed; a signed line opened again for a
//! correction; and the days that a sheet of a week or of days covers.
//!
//! A correction is a new version of the line: what was signed stays on record and signs nothing more, the new version needs a new
//! signature. Deliberately absent: a step that time takes by itself.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::words;

words! {
    /// What was done with a sheet, with a note.
    pub enum SheetStep, "step of a pay sheet" {
        /// Back to whoever prepared it.
        SentBack = "sent_back",
        /// Shown to the workers.
        Published = "published",
        /// Ended.
        Closed = "closed",
        /// Opened again by money that came back.
        Reopened = "reopened",
    }
}
crate::store::types::word_column!(SheetStep);
crate::web::openapi::word_schema!(SheetStep);

words! {
    /// The cycle of a sheet that covers less than a month.
    pub enum Cycle, "cycle of a pay sheet" {
        /// Seven days.
        Week = "by_week",
        /// One day or a few.
        Days = "by_day",
    }
}
crate::store::types::word_column!(Cycle);
crate::web::openapi::word_schema!(Cycle);

impl Cycle {
    /// The most days that a sheet of this cycle covers.
    pub fn days_max(self) -> i64 {
        7
    }
}
