//! Replaced by the law floor.
/// Placeholder.
pub struct LawBook;
