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

/// The columns of the national roster that an enrolment has no place for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Particulars {
    /// Whether the leader of the crew.
    pub leader: Option<bool>,
    /// Kind of worker, as code or name.
    pub worker_kind: Option<String>,
    /// Bank link number (联行号).
    pub bank_link: Option<String>,
    /// Bank code.
    pub bank_code: Option<String>,
    /// Whether insured.
    pub insured: Option<bool>,
    /// Nation, as code or name.
    pub nation: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Political status, as code or name.
    pub politics: Option<String>,
    /// Day of joining the union.
    pub union_joined: Option<Day>,
    /// Education, as code or name.
    pub education: Option<String>,
    /// Authority that issued the papers.
    pub issuer: Option<String>,
    /// First day of the papers.
    pub papers_from: Option<Day>,
    /// Last day of the papers.
    pub papers_until: Option<Day>,
}

impl Particulars {
    /// What a line of a roster says.
    pub fn of(row: &RosterRow) -> Self {
        Particulars {
            leader: row.leader,
            worker_kind: row.worker_kind.clone(),
            bank_link: row.bank_link.clone(),
            bank_code: row.bank_code.clone(),
            insured: row.insured,
            nation: row.nation.clone(),
            address: row.address.clone(),
            politics: row.politics.clone(),
            union_joined: row.union_joined,
            education: row.education.clone(),
            issuer: row.issuer.clone(),
            papers_from: row.papers_from,
            papers_until: row.papers_until,
        }
    }

    /// These over those that stand: what is not said stays.
    fn over(self, stands: Particulars) -> Self {
        Particulars {
            leader: self.leader.or(stands.leader),
            worker_kind: self.worker_kind.or(stands.worker_kind),
            bank_link: self.bank_link.or(stands.bank_link),
            bank_code: self.bank_code.or(stands.bank_code),
            insured: self.insured.or(stands.insured),
            nation: self.nation.or(stands.nation),
            address: self.address.or(stands.address),
            politics: self.politics.or(stands.politics),
            union_joined: self.union_joined.or(stands.union_joined),
            education: self.education.or(stands.education),
            issuer: self.issuer.or(stands.issuer),
            papers_from: self.papers_from.or(stands.papers_from),
            papers_until: self.papers_until.or(stands.papers_until),
        }
    }

    /// The line of a roster with these in it.
    pub fn into_row(self, row: RosterRow) -> RosterRow {
        let Particulars {
            leader,
            worker_kind,
            bank_link,
            bank_code,
            insured,
            nation,
            address,
            politics,
            union_joined,
            education,
            issuer,
            papers_from,
            papers_until,
        } = self;
        RosterRow {
            leader,
            worker_kind,
            bank_link,
            bank_code,
            insured,
            nation,
            address,
            politics,
            union_joined,
            education,
            issuer,
            papers_from,
            papers_until,
            ..row
        }
    }
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
