//! Gates: construction permit, completion acceptance, property registration, account closing, deposit return, new project.
//!
//! An answer is law's decision on facts gathered in one snapshot, stored with those facts and the hash of the law book, so that it
//! can be replayed bit for bit. A refusal is an answer, not an error. Deliberately absent: rules; `law::decision` has them.

pub mod actions;
pub mod certificate;
mod facts;
pub mod http;
pub mod overriding;
pub mod replay;
pub mod table;

use crate::base::RegionCode;
use crate::base::id::{PartyId, ProjectId};

/// Which engine answered: its version changes when the reading of a rule does.
/// 2: answers carry versions of rules, the very facts, the hash of the law book, and cures that name workers and amount.
pub const ENGINE: &str = concat!("anxin ", env!("CARGO_PKG_VERSION"), " gates 2");

/// What a question is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The project, where it is registered.
    pub project: Option<ProjectId>,
    /// The owner who applies; the project's own when absent.
    pub owner: Option<PartyId>,
    /// The general contractor; the project's own when absent.
    pub general_contractor: Option<PartyId>,
    /// Where; the project's own when absent.
    pub region: Option<RegionCode>,
}
