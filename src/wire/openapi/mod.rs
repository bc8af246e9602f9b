//! The wire form of the national real-name platform ("OpenAPI") and of the city and provincial platforms that share it.
//!
//! Pure: form parameters, signature, field encryption, JSON whose numbers stay text, the methods with their fields, and what a profile of
//! a platform changes. Deliberately absent: who may call, what is stored, and any clock; `realname` knows those.

pub mod answer;
pub mod asking;
pub mod cipher;
mod conduct;
pub mod form;
pub mod json;
pub mod methods;
pub mod profile;
pub mod reading;
pub mod record;
mod shapes;
pub mod sign;
pub mod writing;

#[cfg(test)]
mod tests;

/// The largest request, in bytes: five workers with all their photographs are about half of it.
pub const BODY_MAX: usize = 16 * 1024 * 1024;

/// Rows of one page of a query at most.
pub const PAGE_SIZE_MAX: usize = 50;
