//! What people said of the columns of sheets whose headers are not known: of pay sheets by the digest of their header, of rosters by the
//! same behind a word. Remembered for the project, and offered on other projects of the same general contractor.

pub mod table;

use self::table::LayoutRow;
use super::{PartyRole, Site};
use crate::base::id::ProjectId;
use crate::store::AnyConn;
use crate::web::{Ctx, Problem};

/// Projects of a contractor that are looked at for a mapping, the newest first.
const PROJECTS_ASKED_MAX: usize = 500;

/// The mapping that was confirmed on another project of the same general contractor; never another company's.
///
/// # Errors
/// A store that fails.
pub fn of_contractor(conn: &mut AnyConn, ctx: &Ctx, site: &Site, layout: &str) -> Result<Option<LayoutRow>, Problem> {
    let Some(contractor) = site.party(PartyRole::GeneralContractor, ctx.today) else { return Ok(None) };
    let held = super::table::of_parties(conn, &[contractor])?;
    let mut others: Vec<ProjectId> =
        held.into_iter().filter(|(id, role)| *role == PartyRole::GeneralContractor && *id != site.id).map(|(id, _)| id).collect();
    others.sort_unstable();
    others.dedup();
    let mut newest: Vec<ProjectId> = others.into_iter().rev().take(PROJECTS_ASKED_MAX).collect();
    while let Some(known) = table::layout_of_any(conn, &newest, layout)? {
        // Where another company has taken the project over since, the mapping is that one's.
        if super::site(conn, known.project_id)?.party(PartyRole::GeneralContractor, ctx.today) == Some(contractor) {
            return Ok(Some(known));
        }
        newest.retain(|id| *id != known.project_id);
    }
    Ok(None)
}
