//! The protocol's codes for what the registries hold, in both directions: what we answer, and what we report.

use crate::projects::PartyRole;
use crate::wire::openapi::reading::CITIZEN;
use crate::workers::IdKind;

/// The code of passports in `idCardType`.
const PASSPORT: &str = "08";

/// `idCardType` of a paper.
pub fn id_code(kind: IdKind) -> &'static str {
    match kind {
        IdKind::IdCard => CITIZEN,
        IdKind::Passport => PASSPORT,
        IdKind::Other => "99",
    }
}

/// The paper of an `idCardType`.
pub fn id_kind(code: &str) -> IdKind {
    match code {
        CITIZEN => IdKind::IdCard,
        PASSPORT => IdKind::Passport,
        _ => IdKind::Other,
    }
}

/// `corpType` of a role.
pub fn role_code(role: PartyRole) -> &'static str {
    match role {
        PartyRole::Owner => "008",
        PartyRole::GeneralContractor => "009",
        PartyRole::Subcontractor => "006",
        PartyRole::SupervisingEngineer => "007",
    }
}

/// `direction` of a passage.
pub fn direction_code(is_in: bool) -> &'static str {
    if is_in { "01" } else { "02" }
}
