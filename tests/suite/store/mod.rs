//! The store's conformance: the same answers from both databases.

mod journal;
mod punches;
mod schema;
mod writer;
