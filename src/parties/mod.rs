//! Companies and public bodies: owners, general contractors, subcontractors, banks. A party is known by its unified social credit
//! code, once, for all projects; what it is on a project is the project's to say.

pub mod actions;
pub mod http;
pub mod table;

use crate::base::words;

words! {
    /// What a party is by law.
    pub enum PartyKind, "kind of party" {
        /// A company.
        Enterprise = "enterprise",
        /// A public body or institution.
        PublicBody = "public_body",
        /// A bank.
        Bank = "bank",
    }
}
crate::store::types::word_column!(PartyKind);
crate::web::openapi::word_schema!(PartyKind);

/// The longest name of a party, in characters.
pub const NAME_MAX: usize = 140;
