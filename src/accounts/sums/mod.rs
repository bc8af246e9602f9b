//! Entries added up: by purpose, by day, as they move a balance. Exact to the fen: sums are made as integers by both databases.
//!
//! Deliberately absent: what a sum means; that is for actions, continuity and pages.

pub mod table;
