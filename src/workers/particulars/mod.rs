//! What the national roster asks of a worker beside the enrolment: nation, address, political status, education, who issued the papers
//! and how long they hold, whether they lead their crew and are insured. Written once in a roster, they go out with the next one and
//! with reports to other platforms.
//!
//! Each line of a roster that says something new makes a new row; nothing is edited. Deliberately absent: any rule that reads them.

pub mod table;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use self::table::ParticularsRow;
use super::table::EnrolmentRow;
use crate::base::Day;
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::projects::Site;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, Vault};
use crate::web::{Ctx, Problem};
use crate::wire::roster::RosterRow;

/// The one list of the columns: what is kept, what a roster's line says of them, what stays where it says nothing, and the line with them.
macro_rules! particulars {
    ($($(#[$doc:meta])* $field:ident: $kind:ty,)*) => {
        /// The columns of the national roster that an enrolment has no place for.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Particulars {
            $($(#[$doc])* pub $field: Option<$kind>,)*
        }

        impl Particulars {
            /// What a line of a roster says.
            pub fn of(row: &RosterRow) -> Self {
                Particulars { $($field: Clone::clone(&row.$field),)* }
            }

            /// These over those that stand: what is not said stays.
            fn over(self, stands: Particulars) -> Self {
                Particulars { $($field: self.$field.or(stands.$field),)* }
            }

            /// The line of a roster with these in it.
            pub fn into_row(self, row: RosterRow) -> RosterRow {
                RosterRow { $($field: self.$field,)* ..row }
            }
        }
    };
}

particulars! {
    /// Whether the leader of the crew.
    leader: bool,
    /// Kind of worker, as code or name.
    worker_kind: String,
    /// Bank link number (联行号).
    bank_link: String,
    /// Bank code.
    bank_code: String,
    /// Whether insured.
    insured: bool,
    /// Nation, as code or name.
    nation: String,
    /// Address.
    address: String,
    /// Political status, as code or name.
    politics: String,
    /// Day of joining the union.
    union_joined: Day,
    /// Education, as code or name.
    education: String,
    /// Authority that issued the papers.
    issuer: String,
    /// First day of the papers.
    papers_from: Day,
    /// Last day of the papers.
    papers_until: Day,
}

fn open(conn: &mut AnyConn, vault: &Vault, row: &ParticularsRow) -> Result<Particulars, Problem> {
    let text = vault.open_text(conn, Owner::Project(row.project_id), &row.body)?;
    serde_json::from_str(&text).map_err(|error| Problem::internal(&format!("particulars {}: {error}", row.id)))
}

/// Keeps what is said of a worker on the roll, over what stood; nothing happens where nothing new is said. Says whether it was new.
///
/// # Errors
/// A store that fails.
pub fn keep(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, enrolment: &EnrolmentRow, said: Particulars) -> Result<bool, Problem> {
    let vault = ctx.vault();
    let stands = match table::latest(tx.conn(), site.id, enrolment.worker_id)? {
        Some(row) => open(tx.conn(), vault, &row)?,
        None => Particulars::default(),
    };
    let now = said.over(stands.clone());
    if now == stands {
        return Ok(false);
    }
    let text = serde_json::to_string(&now).map_err(|error| Problem::internal(&error.to_string()))?;
    let chain = Chain::Project(site.id);
    let row = ParticularsRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        worker_id: enrolment.worker_id,
        enrolment_id: enrolment.id,
        body: vault.seal(tx.conn(), Owner::Project(site.id), text.as_bytes())?,
        recorded_by: ctx.actor().to_owned(),
        recorded_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "keep_particulars", &enrolment.id.to_string())?;
    Ok(true)
}

/// What stands of each worker of a project.
///
/// # Errors
/// A store that fails.
pub fn of_project(conn: &mut AnyConn, vault: &Vault, project: ProjectId) -> Result<HashMap<WorkerId, Particulars>, Problem> {
    let latest: HashMap<WorkerId, ParticularsRow> =
        table::of_project(conn, project)?.into_iter().map(|row| (row.worker_id, row)).collect();
    latest.into_iter().map(|(worker, row)| Ok((worker, open(conn, vault, &row)?))).collect()
}
