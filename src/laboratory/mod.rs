//! The rule laboratory: what would be found, and what gates would answer, if a number or a file of the law were another one.
//!
//! A change goes through the same loader as every law file, with all its refusals (`changing`). Then each project is judged on each
//! day of the span by the book in force and by the changed one, on the same facts (`trying`): every day, since a limit can pass on any.
//! What is gathered follows from the law itself where working days move a pay day; then it is gathered anew under the changed book, so
//! that the result is what will be found once the change is live. Nothing is written. Deliberately absent: facts as they were known at
//! an earlier moment, and days to come.

pub mod changing;
pub mod http;
pub mod report;
pub mod trying;

pub use changing::{Change, Changed, changed};
pub use report::Report;
pub use trying::{Span, try_over};

/// Parameters that one change sets at most.
pub const SETS_MAX: usize = 20;

/// Days of a span at most.
pub const DAYS_MAX: i64 = 366;

/// Projects times days that one request tries at most; some ten seconds. The command line has no such limit.
pub const PROJECT_DAYS_MAX: u64 = 2_000;

/// Differences that a report lists at most; all of them are counted.
pub const LISTED_MAX: usize = 500;
