//! The store's conformance: the same answers from both databases.

mod journal;
mod schema;
mod writer;
