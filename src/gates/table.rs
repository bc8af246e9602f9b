//! Answers as given: append only, with the facts that they rest on.

use diesel::prelude::*;
use serde::Serialize;

use crate::base::id::{AnswerId, PartyId, ProjectId};
use crate::base::{Day, Moment, RegionCode};
use crate::store::schema::gate_answers;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// An answer; `facts` is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = gate_answers)]
pub struct AnswerRow {
    pub id: AnswerId,
    pub gate: String,
    pub project_id: Option<ProjectId>,
    pub owner_id: Option<PartyId>,
    pub contractor_id: Option<PartyId>,
    pub region: RegionCode,
    pub as_of: Day,
    pub verdict: String,
    pub basis: Option<String>,
    pub law_book: String,
    pub engine: String,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub facts: Vec<u8>,
    pub facts_hash: String,
    pub answer: String,
    pub answer_hash: String,
    pub asked_by: String,
    pub asked_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for AnswerRow {
    const TABLE: &'static str = "gate_answers";
    fn chain(&self) -> Chain {
        self.project_id.map_or(Chain::Organisation, Chain::Project)
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert(tx: &mut Tx<'_>, row: &AnswerRow) -> Result<(), StoreError> {
    diesel::insert_into(gate_answers::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, id: AnswerId) -> Result<Option<AnswerRow>, StoreError> {
    Ok(gate_answers::table.find(id).select(AnswerRow::as_select()).first(conn).optional()?)
}

pub fn of_project(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<AnswerRow>, StoreError> {
    Ok(gate_answers::table
        .filter(gate_answers::project_id.eq(project).and(gate_answers::id.gt(AnswerId(after))))
        .order(gate_answers::id)
        .limit(limit)
        .select(AnswerRow::as_select())
        .load(conn)?)
}

/// Answers about a project, the newest first.
pub fn latest_of_project(conn: &mut AnyConn, project: ProjectId, limit: i64) -> Result<Vec<AnswerRow>, StoreError> {
    Ok(gate_answers::table
        .filter(gate_answers::project_id.eq(project))
        .order(gate_answers::id.desc())
        .limit(limit)
        .select(AnswerRow::as_select())
        .load(conn)?)
}

/// Whether a later answer about the same gate and subject says otherwise, for a day from this answer's to `today`: what is asked about
/// the days to come takes nothing back.
pub fn is_contradicted(conn: &mut AnyConn, answer: &AnswerRow, today: Day) -> Result<bool, StoreError> {
    use gate_answers as g;
    let mut later = g::table
        .filter(g::id.gt(answer.id).and(g::gate.eq(&answer.gate)))
        .filter(g::as_of.between(answer.as_of, today).and(g::verdict.ne(&answer.verdict)))
        .into_boxed();
    later = match answer.project_id {
        Some(project) => later.filter(g::project_id.eq(project)),
        None => later.filter(g::project_id.is_null().and(g::region.eq(answer.region))),
    };
    if answer.project_id.is_none() {
        later = match answer.owner_id {
            Some(owner) => later.filter(g::owner_id.eq(owner)),
            None => later.filter(g::owner_id.is_null()),
        };
        later = match answer.contractor_id {
            Some(contractor) => later.filter(g::contractor_id.eq(contractor)),
            None => later.filter(g::contractor_id.is_null()),
        };
    }
    Ok(later.count().get_result::<i64>(conn)? > 0)
}

/// Every row, for `verify` and `gate replay`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AnswerRow>, StoreError> {
    Ok(gate_answers::table.order(gate_answers::id).select(AnswerRow::as_select()).load(conn)?)
}
