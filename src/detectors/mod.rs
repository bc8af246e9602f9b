//! Detectors: signs that cards are in one hand (X5), that a roster is padded (X6), that passages are no people's and a gate's clock is off
//! (F4), that the list of a claim is not what is on record.
//!
//! A sign is something for a person to look at, with everything that it rests on listed. It is no finding of the law and says nothing
//! about guilt: brothers share a telephone, a crew goes to the bank together, a gate machine breaks. So no gate, no hold and no fine
//! rests on one, and nothing is stored. The thresholds are our own choice and the operator's to change: [`Policy`]. Deliberately absent: a score that
//! would hide what it is made of.

pub mod actions;
pub mod claims;
pub mod clocks;
pub mod gathering;
pub mod http;
pub mod padding;
pub mod patterns;
pub mod rings;
pub mod table;
pub mod tracks;

pub use crate::web::SignSettings as Policy;

/// The thresholds as the service comes with them, for tests.
#[cfg(test)]
fn policy() -> Policy {
    crate::app::config::Config::load(None).map(|config| config.signs).unwrap_or_else(|error| panic!("{error}"))
}
