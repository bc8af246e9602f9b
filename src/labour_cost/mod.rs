//! Labour cost (人工费用) that an owner owes a project: what falls due on each transfer day, what of it came, what is short and how
//! late; and whether what is there and what is promised reaches the next pay day.
//!
//! Dues follow from the contract in force on each transfer day: an amount a month, or the law's share of the progress money that was
//! settled for the month before. Money that comes in covers the oldest due first. Deliberately absent: judgement of a breach, which is
//! the law's (`compliance`), and the request for more money, which is a matter of its own (`matters`).

pub mod forecast;
pub mod gather;
pub mod http;
pub mod progress;
mod split;
mod table;

pub use split::{Basis, Due, Item, Receipt, covered, dues};

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::id::ProjectId;
use crate::base::{Day, Fen};

/// Labour cost of one project, by what is on record on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Split {
    /// Project.
    pub project: ProjectId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The day asked about.
    pub as_of: Day,
    /// Every transfer day from the start of work to the horizon, the oldest first.
    pub items: Vec<Item>,
    /// Received in all, less what the bank took back; `None` while no bank statement is on record.
    pub received: Option<Fen>,
    /// Received beyond what was due so far.
    pub ahead: Fen,
    /// Due by the day and not received, as far as the amounts are known.
    pub short: Fen,
    /// Transfer days that have come and of which the amount is not known.
    pub unknown: u32,
    /// What is missing for an answer, in words of the record.
    pub needs: Vec<String>,
    /// The day by which the next transfer has to come, counted from the last one (R53-12a).
    pub next_by: Option<Day>,
}

impl Split {
    /// The longest that a transfer day has waited for its money.
    pub fn latest_days(&self) -> i64 {
        self.items.iter().filter(|item| item.is_open(self.as_of)).map(|item| item.late_days).max().unwrap_or(0)
    }

    /// The next transfer day after the day asked about.
    pub fn next(&self) -> Option<&Item> {
        self.items.iter().find(|item| item.due_on > self.as_of)
    }
}
