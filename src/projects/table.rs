//! Rows of projects, their parties, crews and facts.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

use super::{FactKind, PartyRole};
use crate::base::id::{CrewId, DocumentId, FactId, PartyId, ProjectId, RecordId};
use crate::base::{Day, Moment, RegionCode};
use crate::store::bulk::directly;
use crate::store::schema::{crews, project_facts, project_parties, projects};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};
use crate::web::{Scope, ScopeOn};

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = projects)]
#[schema(as = Project)]
pub struct ProjectRow {
    pub id: ProjectId,
    pub code: String,
    pub name: String,
    pub region: RegionCode,
    pub created_at: Moment,
    pub recorded_seq: i64,
}

/// A party on a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = project_parties)]
#[schema(as = Participation)]
pub struct ParticipationRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub party_id: PartyId,
    pub role: PartyRole,
    pub under_id: Option<PartyId>,
    pub from_on: Day,
    pub until_on: Option<Day>,
    pub recorded_seq: i64,
}

impl ParticipationRow {
    /// Whether the party takes part on the day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from_on <= day && self.until_on.is_none_or(|end| day <= end)
    }
}

/// A crew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = crews)]
#[schema(as = Crew)]
pub struct CrewRow {
    pub project_id: ProjectId,
    pub id: CrewId,
    pub name: String,
    pub party_id: PartyId,
    pub from_on: Day,
    pub until_on: Option<Day>,
    pub recorded_seq: i64,
}

/// A fact as stored; `subject_id` 0 is the project itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = project_facts)]
pub struct FactRow {
    pub project_id: ProjectId,
    pub id: FactId,
    pub subject_id: i64,
    pub kind: FactKind,
    pub valid_on: Day,
    pub value: String,
    pub document_id: Option<DocumentId>,
    pub recorded_at: Moment,
    pub recorded_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    ProjectRow: "projects", id;
    ParticipationRow: "project_parties", project_id;
    CrewRow: "crews", project_id;
    FactRow: "project_facts", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ProjectRow) -> Result<(), StoreError> {
    diesel::insert_into(projects::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_participation(tx: &mut Tx<'_>, row: &ParticipationRow) -> Result<(), StoreError> {
    diesel::insert_into(project_parties::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_crew(tx: &mut Tx<'_>, row: &CrewRow) -> Result<(), StoreError> {
    diesel::insert_into(crews::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_fact(tx: &mut Tx<'_>, row: &FactRow) -> Result<(), StoreError> {
    diesel::insert_into(project_facts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, id: ProjectId) -> Result<Option<ProjectRow>, StoreError> {
    Ok(directly!(conn, conn => projects::table.find(id).select(ProjectRow::as_select()).get_result(conn)).optional()?)
}

pub fn by_code(conn: &mut AnyConn, code: &str) -> Result<Option<ProjectRow>, StoreError> {
    Ok(projects::table.filter(projects::code.eq(code)).select(ProjectRow::as_select()).first(conn).optional()?)
}

/// Who takes or took part in a project, each with its last day where its part is over.
pub fn participations(conn: &mut AnyConn, id: ProjectId) -> Result<Vec<ParticipationRow>, StoreError> {
    let mut rows: Vec<ParticipationRow> = directly!(conn, conn => project_parties::table
        .filter(project_parties::project_id.eq(id))
        .order(project_parties::id)
        .select(ParticipationRow::as_select())
        .load(conn))?;
    for end in super::ending::table::of_project(conn, id)? {
        if let Some(row) = rows.iter_mut().find(|row| row.id == end.participation_id) {
            row.until_on = Some(end.ended_on);
        }
    }
    Ok(rows)
}

/// Some projects, in order of id.
pub fn some(conn: &mut AnyConn, ids: &[ProjectId]) -> Result<Vec<ProjectRow>, StoreError> {
    if let [one] = ids {
        return Ok(directly!(conn, conn => projects::table.find(*one).select(ProjectRow::as_select()).load(conn))?);
    }
    let query = projects::table.filter(projects::id.eq_any(ids.to_vec())).order(projects::id);
    Ok(query.select(ProjectRow::as_select()).load(conn)?)
}

/// Facts of some kinds about some projects themselves, each project's in the order of recording.
pub fn facts_of(conn: &mut AnyConn, ids: &[ProjectId], kinds: &[FactKind]) -> Result<Vec<FactRow>, StoreError> {
    use project_facts as f;
    let query = f::table.filter(f::subject_id.eq(0)).order((f::project_id, f::id)).select(FactRow::as_select()).into_boxed();
    // `IN` is not kept prepared, `=` is; one project has few facts.
    if let [one] = ids {
        let rows: Vec<FactRow> = query.filter(f::project_id.eq(*one)).load(conn)?;
        return Ok(rows.into_iter().filter(|row| kinds.contains(&row.kind)).collect());
    }
    Ok(query.filter(f::project_id.eq_any(ids.to_vec()).and(f::kind.eq_any(kinds.to_vec()))).load(conn)?)
}

/// Projects on which any of these parties takes or took part, with the role.
pub fn of_parties(conn: &mut AnyConn, parties: &[PartyId]) -> Result<Vec<(ProjectId, PartyRole)>, StoreError> {
    Ok(project_parties::table
        .filter(project_parties::party_id.eq_any(parties.to_vec()))
        .order((project_parties::project_id, project_parties::id))
        .select((project_parties::project_id, project_parties::role))
        .load(conn)?)
}

/// Projects on which any of these parties takes part now.
fn present_of(conn: &mut AnyConn, parties: &[PartyId]) -> Result<Vec<ProjectId>, StoreError> {
    use project_parties as y;
    let standing = "NOT EXISTS (SELECT 1 FROM participation_ends z WHERE z.project_id = project_parties.project_id \
                    AND z.participation_id = project_parties.id)";
    let found = y::table.filter(y::party_id.eq_any(parties.to_vec())).filter(sql::<Bool>(standing));
    Ok(found.order(y::project_id).select(y::project_id).load(conn)?)
}

/// Companies that take or took part in the projects that a scope covers, with project and role.
pub fn parties_of_covered(conn: &mut AnyConn, scope: &Scope) -> Result<Vec<(PartyId, ProjectId, PartyRole)>, StoreError> {
    let covered = format!("EXISTS (SELECT 1 FROM projects p WHERE p.id = project_parties.project_id AND {})", covered_sql(scope));
    Ok(project_parties::table
        .filter(sql::<Bool>(&covered))
        .order((project_parties::project_id, project_parties::id))
        .select((project_parties::party_id, project_parties::project_id, project_parties::role))
        .load(conn)?)
}

pub fn crews_of(conn: &mut AnyConn, id: ProjectId) -> Result<Vec<CrewRow>, StoreError> {
    Ok(crews::table.filter(crews::project_id.eq(id)).order(crews::id).select(CrewRow::as_select()).load(conn)?)
}

/// Facts of a subject in the order of recording; `until_seq` cuts the chain for questions about what was known then.
pub fn facts(conn: &mut AnyConn, id: ProjectId, subject: i64, until_seq: Option<i64>) -> Result<Vec<FactRow>, StoreError> {
    let cut = until_seq.unwrap_or(i64::MAX);
    Ok(directly!(conn, conn => project_facts::table
        .filter(
            project_facts::project_id.eq(id).and(project_facts::subject_id.eq(subject)).and(project_facts::recorded_seq.le(cut)),
        )
        .order(project_facts::id)
        .select(FactRow::as_select())
        .load(conn))?)
}

/// The condition, for a query written as text, on a project named `p` that a scope covers it. Only numbers go into the text.
pub fn covered_sql(scope: &Scope) -> String {
    if scope.is_everything() {
        return "1 = 1".to_owned();
    }
    let mut any = vec!["1 = 0".to_owned()];
    any.extend(scope.places.iter().filter_map(|place| match place {
        ScopeOn::Region(code) | ScopeOn::Grid(code) => {
            let (first, last) = code.span();
            Some(format!("p.region BETWEEN {first} AND {last}"))
        }
        ScopeOn::Project(id) => Some(format!("p.id = {}", id.0)),
        ScopeOn::Organisation(party) => {
            let own = "SELECT 1 FROM project_parties y WHERE y.project_id = p.id AND NOT EXISTS (SELECT 1 FROM participation_ends z \
                       WHERE z.project_id = y.project_id AND z.participation_id = y.id) AND y.party_id";
            Some(format!("EXISTS ({own} = {})", party.0))
        }
        ScopeOn::Everything | ScopeOn::Account(_) | ScopeOn::Case(_) => None,
    }));
    format!("({})", any.join(" OR "))
}

pub fn visible(conn: &mut AnyConn, scope: &Scope, after: i64, limit: i64) -> Result<Vec<ProjectRow>, StoreError> {
    let page = projects::table.filter(projects::id.gt(ProjectId(after))).order(projects::id).limit(limit);
    if scope.is_everything() {
        return Ok(page.select(ProjectRow::as_select()).load(conn)?);
    }
    let mut ids: Vec<ProjectId> =
        scope.places.iter().filter_map(|on| if let ScopeOn::Project(id) = on { Some(*id) } else { None }).collect();
    let organisations = scope.organisations();
    if !organisations.is_empty() {
        ids.extend(present_of(conn, &organisations)?);
    }
    let mut query = projects::table.filter(projects::id.gt(ProjectId(after))).into_boxed();
    let mut allowed: Box<
        dyn diesel::BoxableExpression<projects::table, crate::store::conn::MultiBackend, SqlType = diesel::sql_types::Bool>,
    > = Box::new(projects::id.eq_any(ids));
    for place in &scope.places {
        if let ScopeOn::Region(code) | ScopeOn::Grid(code) = place {
            let (first, last) = code.span();
            allowed = Box::new(allowed.or(projects::region.between(RegionCode(first), RegionCode(last))));
        }
    }
    query = query.filter(allowed);
    Ok(query.order(projects::id).limit(limit).select(ProjectRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ProjectRow>, StoreError> {
    Ok(projects::table.order(projects::id).select(ProjectRow::as_select()).load(conn)?)
}

pub fn all_participations(conn: &mut AnyConn) -> Result<Vec<ParticipationRow>, StoreError> {
    Ok(project_parties::table.order(project_parties::id).select(ParticipationRow::as_select()).load(conn)?)
}

pub fn all_crews(conn: &mut AnyConn) -> Result<Vec<CrewRow>, StoreError> {
    Ok(crews::table.order(crews::id).select(CrewRow::as_select()).load(conn)?)
}

pub fn all_facts(conn: &mut AnyConn) -> Result<Vec<FactRow>, StoreError> {
    Ok(project_facts::table.order(project_facts::id).select(FactRow::as_select()).load(conn)?)
}
