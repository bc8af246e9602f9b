//! Registering projects, parties on them and crews; recording facts.

use std::collections::BTreeMap;

use super::table::{self, CrewRow, FactRow, ParticipationRow, ProjectRow};
use super::{Fact, FactKind, Facts, NAME_MAX, PartyRole, Recorded, Site};
use crate::base::id::{CrewId, DocumentId, FactId, PartyId, ProjectId, RecordId};
use crate::base::{Day, RegionCode};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, jobs};
use crate::web::{Ctx, Problem, ScopeOn};
use crate::{documents, parties};

/// A project as registered, with its two first parties.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// Code, unique in this service.
    pub code: String,
    /// Name.
    pub name: String,
    /// Where it lies.
    pub region: RegionCode,
    /// Owner.
    pub owner: PartyId,
    /// General contractor.
    pub general_contractor: PartyId,
    /// Day of registration's effect.
    pub from_on: Day,
}

/// Registers a project with its owner and general contractor and makes its data key.
///
/// # Errors
/// `not_allowed` outside the asker's region or organisation, `conflict` for a code that stands, `invalid` for names and unknown parties.
pub fn register(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewProject) -> Result<ProjectRow, Problem> {
    let parties = [(new.owner, PartyRole::Owner), (new.general_contractor, PartyRole::GeneralContractor)];
    register_with(tx, ctx, new, &parties)
}

/// As [`register`], for a contractor's system that does not say who the owner is: the owner joins later. `new.owner` is not looked at.
pub fn register_without_owner(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewProject) -> Result<ProjectRow, Problem> {
    register_with(tx, ctx, new, &[(new.general_contractor, PartyRole::GeneralContractor)])
}

fn register_with(tx: &mut Tx<'_>, ctx: &Ctx, new: &NewProject, parties: &[(PartyId, PartyRole)]) -> Result<ProjectRow, Problem> {
    let (code, name) = (new.code.trim(), new.name.trim());
    for (text, place) in [(code, "code"), (name, "name")] {
        if text.is_empty() || text.chars().count() > NAME_MAX {
            return Err(Problem::invalid("应为 1 至 140 个字。", "Write 1 to 140 characters.").at(place, "bad_format"));
        }
    }
    let by_party = |party| ctx.scope.places.contains(&ScopeOn::Organisation(party));
    if !ctx.scope.covers_region(new.region) && !parties.iter().any(|(party, _)| by_party(*party)) {
        return Err(Problem::not_allowed());
    }
    if table::by_code(tx.conn(), code)?.is_some() {
        return Err(Problem::conflict("该项目编号已登记。", "This project code is registered already.").at("code", "duplicate"));
    }
    let id = ProjectId(ctx.id());
    let recorded_seq = tx.seq(Chain::Project(id))?;
    ctx.vault().ensure_key(tx.conn(), Owner::Project(id), ctx.now)?;
    let row =
        ProjectRow { id, code: code.to_owned(), name: name.to_owned(), region: new.region, created_at: ctx.now, recorded_seq };
    table::insert(tx, &row)?;
    tx.note(Chain::Project(id), ctx.now, ctx.actor(), "register_project", &id.to_string())?;
    for (party, role) in parties {
        take_part(tx, ctx, id, &NewParticipation { party: *party, role: *role, under: None, from_on: new.from_on })?;
    }
    Ok(row)
}

/// A party that joins a project.
#[derive(Debug, Clone)]
pub struct NewParticipation {
    /// Who.
    pub party: PartyId,
    /// As what.
    pub role: PartyRole,
    /// The party that it works under, for subcontractors.
    pub under: Option<PartyId>,
    /// From which day.
    pub from_on: Day,
}

/// Puts a party on a project that the asker has entered.
pub fn join(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, new: &NewParticipation) -> Result<ParticipationRow, Problem> {
    if let Some(under) = new.under
        && !site.present().contains(&under)
    {
        return Err(Problem::invalid("上级参建单位不在本项目。", "The party above is not on this project.")
            .at("under", "unknown_reference"));
    }
    take_part(tx, ctx, site.id, new)
}

fn take_part(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId, new: &NewParticipation) -> Result<ParticipationRow, Problem> {
    if parties::table::find(tx.conn(), &ctx.scope, new.party)?.is_none() {
        return Err(Problem::invalid("参建单位尚未登记。", "The party is not registered.").at("party", "unknown_reference"));
    }
    let chain = Chain::Project(project);
    let row = ParticipationRow {
        project_id: project,
        id: RecordId(ctx.id()),
        party_id: new.party,
        role: new.role,
        under_id: new.under,
        from_on: new.from_on,
        until_on: None,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert_participation(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "join_project", &row.party_id.to_string())?;
    Ok(row)
}

/// Adds a crew of a party that is on the project.
pub fn add_crew(tx: &mut Tx<'_>, ctx: &Ctx, site: &Site, name: &str, party: PartyId, from_on: Day) -> Result<CrewRow, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(
            Problem::invalid("班组名称应为 1 至 140 个字。", "A crew's name has 1 to 140 characters.").at("name", "bad_format")
        );
    }
    if !site.present().contains(&party) {
        return Err(Problem::invalid("该单位不在本项目。", "This party is not on the project.").at("party", "unknown_reference"));
    }
    if table::crews_of(tx.conn(), site.id)?.iter().any(|crew| crew.name == name) {
        return Err(Problem::conflict("本项目已有同名班组。", "The project has a crew of this name.").at("name", "duplicate"));
    }
    let chain = Chain::Project(site.id);
    let row = CrewRow {
        project_id: site.id,
        id: CrewId(ctx.id()),
        name: name.to_owned(),
        party_id: party,
        from_on,
        until_on: None,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert_crew(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "add_crew", &row.id.to_string())?;
    Ok(row)
}

/// Records a fact of the project.
///
/// # Errors
/// `invalid` for contents that no project can have, a day in the future of the civil day, or a paper of another project.
pub fn record_fact(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    valid_on: Day,
    fact: &Fact,
    document: Option<DocumentId>,
) -> Result<Recorded, Problem> {
    fact.check(valid_on)?;
    if valid_on > ctx.today {
        return Err(Problem::invalid("生效日不能晚于今天。", "A fact cannot hold from a day that has not come.")
            .at("valid_on", "bad_time"));
    }
    documents::actions::require(tx.conn(), site.id, document, "document_id")?;
    if let Fact::EntrustedPayment { subcontractor } = fact
        && !site.participations().iter().any(|row| row.party_id == *subcontractor)
    {
        return Err(Problem::invalid("分包单位不在本项目。", "The subcontractor is not on the project.")
            .at("subcontractor", "unknown_reference"));
    }
    let chain = Chain::Project(site.id);
    let row = FactRow {
        project_id: site.id,
        id: FactId(ctx.id()),
        subject_id: 0,
        kind: fact.kind(),
        valid_on,
        value: serde_json::to_string(fact).map_err(|error| Problem::internal(&error.to_string()))?,
        document_id: document,
        recorded_at: ctx.now,
        recorded_by: ctx.actor().to_owned(),
        recorded_seq: tx.seq(chain)?,
    };
    table::insert_fact(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "record_fact", &format!("{} {}", row.kind, row.id))?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    recorded(row)
}

fn recorded(row: FactRow) -> Result<Recorded, Problem> {
    let fact = serde_json::from_str(&row.value).map_err(|error| Problem::internal(&format!("fact {}: {error}", row.id)))?;
    let FactRow { id, valid_on, document_id, recorded_at, recorded_by, .. } = row;
    Ok(Recorded { id, valid_on, fact, document_id, recorded_at, recorded_by })
}

/// Every fact on record, in the order of recording.
pub fn history(conn: &mut AnyConn, site: &Site) -> Result<Vec<Recorded>, Problem> {
    table::facts(conn, site.id, 0, None)?.into_iter().map(recorded).collect()
}

/// What is known of some projects on a day, by facts of these kinds only; a project of which nothing is known is left out.
pub fn facts_of(
    conn: &mut AnyConn,
    projects: &[ProjectId],
    kinds: &[FactKind],
    as_of: Day,
) -> Result<BTreeMap<ProjectId, Facts>, Problem> {
    let mut records: BTreeMap<ProjectId, Vec<Recorded>> = BTreeMap::new();
    for row in table::facts_of(conn, projects, kinds)? {
        records.entry(row.project_id).or_default().push(recorded(row)?);
    }
    Ok(records.into_iter().map(|(project, records)| (project, Facts::fold(records, as_of))).collect())
}

/// What is known of the project on a day; `until_seq` cuts what was recorded later.
pub fn facts(conn: &mut AnyConn, site: &Site, as_of: Day, until_seq: Option<i64>) -> Result<Facts, Problem> {
    let records: Result<Vec<Recorded>, Problem> = table::facts(conn, site.id, 0, until_seq)?.into_iter().map(recorded).collect();
    Ok(Facts::fold(records?, as_of))
}
