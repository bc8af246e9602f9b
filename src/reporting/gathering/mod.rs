//! What a platform should hold of a project, record by record: what the registries hold, with what was announced or told beside them
//! where a platform asks for more.
//!
//! The registries win: neither an upload nor a person's addition changes a name, a number or an amount that is on record. Pictures stay
//! where they came in and are looked up when a message is written. Deliberately absent: what was sent, and the platform's own numbers.

mod days;
mod kept;
mod people;
mod registry;
mod trainings;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use kept::{Announced, DOCUMENT};
pub use kept::{may_be_absent, with_pictures};

use super::table::{self, PlatformRow};
use super::{ReportKind, SWEEP_DAYS_MAX};
use crate::base::Day;
use crate::base::id::{CrewId, PartyId, WorkerId};
use crate::parties::{self, table::PartyRow};
use crate::projects::Site;
use crate::projects::table::{self as project_rows, CrewRow};
use crate::store::AnyConn;
use crate::store::vault::Owner;
use crate::web::{Ctx, Problem};
use crate::wire::openapi::profile::Profile;
use crate::wire::openapi::writing::Plain;
use crate::workers::table::EnrolmentRow;
use crate::workers::{lookups, table as roll};

/// The values of a record. The platform's code of the project and number of the crew are not among them: they come in when a message
/// is written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Fields that all records of a message share.
    pub root: Plain,
    /// Fields of the item; empty for a message without a list.
    pub item: Plain,
    /// Key of the crew whose number the message names.
    pub team: Option<String>,
}

impl Body {
    /// Every field in one object.
    pub fn whole(&self) -> Plain {
        let mut all = self.root.clone();
        all.extend(self.item.clone());
        all
    }
}

/// A record that a platform should hold.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Kind.
    pub kind: ReportKind,
    /// What it is here.
    pub key: String,
    /// What the platform must have before.
    pub parent: Option<(ReportKind, String)>,
    /// The record of the same kind that goes before it: what the same person did last.
    pub previous: Option<String>,
    /// What people add fields to.
    pub subject: i64,
    /// For people.
    pub title: String,
    /// Its day, by which it is ordered.
    pub on: Day,
    /// Its values.
    pub body: Body,
}

/// What is gathered from.
struct Gather<'a> {
    ctx: &'a Ctx,
    site: &'a Site,
    platform: &'a PlatformRow,
    profile: &'a Profile,
    parties: HashMap<PartyId, PartyRow>,
    crews: Vec<CrewRow>,
    enrolments: Vec<EnrolmentRow>,
    /// Papers of a worker and their name.
    papers: HashMap<WorkerId, (Plain, String)>,
    announced: Announced,
}

/// Everything that the platform should hold; passages of the last `days` days.
///
/// # Errors
/// A store that fails, a profile that is gone.
pub fn gather(conn: &mut AnyConn, ctx: &Ctx, site: &Site, platform: &PlatformRow, days: i64) -> Result<Vec<Wanted>, Problem> {
    let profile = ctx.ground.settings.platforms.get(&platform.profile);
    let profile = profile.ok_or_else(|| Problem::internal("a platform has no profile any more"))?;
    let ids: Vec<PartyId> = site.participations().iter().map(|row| row.party_id).collect();
    let parties = parties::table::some(conn, &ctx.scope, &ids)?.into_iter().map(|row| (row.id, row)).collect();
    let is_of_the_time = |row: &EnrolmentRow| row.left_on.is_none_or(|left| left >= platform.from_on);
    let mut enrolments = roll::of_project(conn, site.id)?;
    enrolments.retain(is_of_the_time);
    let announced = Announced::read(conn, ctx, site.id)?;
    let crews = project_rows::crews_of(conn, site.id)?;
    let papers = HashMap::new();
    let mut gather = Gather { ctx, site, platform, profile, parties, crews, enrolments, papers, announced };
    gather.read_papers(conn)?;
    let mut all = Vec::new();
    gather.companies(&mut all);
    gather.project(&mut all);
    gather.subcontractors(&mut all);
    gather.teams(&mut all);
    gather.workers(conn, &mut all)?;
    gather.entries(&mut all);
    gather.contracts(&mut all);
    if platform.takes(ReportKind::Attendance) {
        gather.passages(conn, days.min(SWEEP_DAYS_MAX), &mut all)?;
    }
    if platform.takes(ReportKind::Payroll) {
        gather.wages(conn, &mut all)?;
    }
    if platform.takes(ReportKind::Training) {
        gather.trainings(conn, &mut all)?;
    }
    all.retain(|wanted| platform.takes(wanted.kind));
    Ok(all)
}

/// A text as a value.
fn word(text: impl ToString) -> Value {
    Value::String(text.to_string())
}

/// Values by name, without those that are absent.
fn plain<const N: usize>(values: [(&str, Option<Value>); N]) -> Plain {
    values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

impl Gather<'_> {
    fn read_papers(&mut self, conn: &mut AnyConn) -> Result<(), Problem> {
        let mut ids: Vec<WorkerId> = self.enrolments.iter().map(|row| row.worker_id).collect();
        ids.sort_unstable();
        ids.dedup();
        for part in ids.chunks(500) {
            for worker in roll::workers_of(conn, part)? {
                let number = lookups::id_number(conn, self.ctx.vault(), &worker)?;
                let kind = crate::realname::codes::id_code(worker.id_kind);
                let papers = plain([("idCardType", Some(word(kind))), ("idCardNumber", Some(word(number)))]);
                self.papers.insert(worker.id, (papers, worker.name));
            }
        }
        Ok(())
    }

    /// Code and name of a company.
    fn corp(&self, party: PartyId) -> Plain {
        let party = self.parties.get(&party);
        plain([("corpCode", party.map(|row| word(&row.uscc))), ("corpName", party.map(|row| word(&row.name)))])
    }

    fn corp_of_crew(&self, crew: CrewId) -> Plain {
        self.crews.iter().find(|row| row.id == crew).map(|row| self.corp(row.party_id)).unwrap_or_default()
    }

    /// What the registries say, over what was told beside them.
    fn filled(&self, kind: ReportKind, subject: i64, announced: Option<&Plain>, ours: Plain) -> Plain {
        let mut all = announced.cloned().unwrap_or_default();
        all.extend(self.announced.told(kind, subject));
        all.extend(ours);
        all
    }
}

/// The fields that people told of each subject of a kind, the latest of each.
fn told_of(
    conn: &mut AnyConn,
    ctx: &Ctx,
    project: crate::base::id::ProjectId,
    kind: ReportKind,
) -> Result<HashMap<i64, Plain>, Problem> {
    let mut found: HashMap<i64, Plain> = HashMap::new();
    for row in table::fields_of(conn, project, kind)? {
        let text = ctx.vault().open_text(conn, Owner::Project(project), &row.body)?;
        let fields = serde_json::from_str(&text).map_err(|error| Problem::internal(&format!("fields {}: {error}", row.id)))?;
        found.insert(row.subject_id, fields);
    }
    Ok(found)
}

/// Key of a participation.
fn part_key(party: PartyId, role: crate::projects::PartyRole) -> String {
    format!("{party} {role}")
}

/// Key of a worker in a crew.
fn worker_key(row: &EnrolmentRow) -> String {
    format!("{} {}", row.crew_id, row.worker_id)
}

/// Key of an entry.
fn entry_key(row: &EnrolmentRow) -> String {
    format!("{} in", row.id)
}

/// Key of an exit.
fn exit_key(row: &EnrolmentRow) -> String {
    format!("{} out", row.id)
}
