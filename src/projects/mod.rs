//! Construction projects: who takes part, and what is known of them as dated facts with papers.
//!
//! A project has no status column. Whether it has a permit, has started, was accepted or settled are facts with a day from which
//! they hold; a correction is a later fact. [`Site`] is the only way to a project's other tables, and only a scope makes one.

pub mod actions;
pub mod ending;
mod facts;
pub mod http;
pub mod layouts;
pub mod table;

pub use facts::{Fact, FactKind, Facts, Recorded, transfers_a_month};

use crate::base::id::{PartyId, ProjectId};
use crate::base::{Day, RegionCode, words};
use crate::store::AnyConn;
use crate::web::{Problem, Scope};

words! {
    /// What a party is on a project.
    pub enum PartyRole, "role of a party" {
        /// Owner (建设单位).
        Owner = "owner",
        /// General contractor (施工总承包单位).
        GeneralContractor = "general_contractor",
        /// Subcontractor (分包单位).
        Subcontractor = "subcontractor",
        /// Supervising engineer (监理单位).
        SupervisingEngineer = "supervising_engineer",
    }
}
crate::store::types::word_column!(PartyRole);
crate::web::openapi::word_schema!(PartyRole);

/// The longest name or code of a project, in characters.
pub const NAME_MAX: usize = 140;

/// A project that the asker may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Id.
    pub id: ProjectId,
    /// Code given by the operator or the approving authority.
    pub code: String,
    /// Name.
    pub name: String,
    /// Where it lies.
    pub region: RegionCode,
    parties: Vec<table::ParticipationRow>,
}

impl Site {
    /// The party of that role on a day, the latest where it changed.
    pub fn party(&self, role: PartyRole, on: Day) -> Option<PartyId> {
        let held = self.parties.iter().filter(|row| row.role == role && row.holds_on(on));
        held.max_by_key(|row| (row.from_on, row.id.0)).map(|row| row.party_id)
    }

    /// Who takes part now: those whose part is not over, by whom rights over the project go.
    pub fn present(&self) -> Vec<PartyId> {
        self.parties.iter().filter(|row| row.until_on.is_none()).map(|row| row.party_id).collect()
    }

    /// Everybody who takes or took part, with the days.
    pub fn participations(&self) -> &[table::ParticipationRow] {
        &self.parties
    }
}

/// Opens a project for a scope.
///
/// # Errors
/// `not_found` both when there is none and when the scope does not cover it.
pub fn enter(conn: &mut AnyConn, scope: &Scope, id: ProjectId) -> Result<Site, Problem> {
    let site = site(conn, id)?;
    if scope.covers_project(id, site.region, &site.present()) { Ok(site) } else { Err(Problem::not_found()) }
}

/// Opens a project for a caller that has checked its right otherwise: by a device's binding, by an account.
pub fn site(conn: &mut AnyConn, id: ProjectId) -> Result<Site, Problem> {
    let row = table::find(conn, id)?.ok_or_else(Problem::not_found)?;
    let parties = table::participations(conn, id)?;
    Ok(Site { id, code: row.code, name: row.name, region: row.region, parties })
}

/// The projects that a scope covers, a page of them in order of id.
pub fn visible(conn: &mut AnyConn, scope: &Scope, after: i64, limit: i64) -> Result<Vec<table::ProjectRow>, Problem> {
    Ok(table::visible(conn, scope, after, limit)?)
}
