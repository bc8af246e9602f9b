//! Rows of persons, enrolments, their events, numbers at gates and unmaskings.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use serde::Serialize;

use super::{EventKind, IdKind, Paper};
use crate::base::id::{CrewId, DocumentId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, Fen, Moment};
use crate::store::bulk::directly;
use crate::store::fixed::fixed;
use crate::store::schema::{enrolment_events, enrolments, pins, workers};
use crate::store::tx::sealed_in_project;
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, Vault, journal};

/// A person; number and telephone are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = workers)]
pub struct WorkerRow {
    pub id: WorkerId,
    pub name: String,
    pub id_kind: IdKind,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub id_number: Vec<u8>,
    pub id_index: String,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub phone: Option<Vec<u8>>,
    pub created_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for WorkerRow {
    const TABLE: &'static str = "workers";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// An enrolment; the card is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolments)]
pub struct EnrolmentRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub worker_id: WorkerId,
    pub crew_id: CrewId,
    pub trade: String,
    pub pin_index: Option<String>,
    pub paper: Paper,
    pub paper_document_id: Option<DocumentId>,
    pub safety_trained: bool,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub card: Option<Vec<u8>>,
    pub card_index: Option<String>,
    pub bank_name: Option<String>,
    #[diesel(column_name = day_rate_fen)]
    pub day_rate: Fen,
    pub entered_on: Day,
    pub left_on: Option<Day>,
    pub recorded_seq: i64,
}

impl EnrolmentRow {
    /// Whether the worker is on the roll on the day; the day of leaving is the last.
    pub fn holds_on(&self, day: Day) -> bool {
        self.entered_on <= day && self.left_on.is_none_or(|last| day <= last)
    }
}

/// What became of an enrolment on a day, with the terms that hold from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolment_events)]
pub struct EventRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub enrolment_id: RecordId,
    pub kind: EventKind,
    pub valid_on: Day,
    #[diesel(column_name = day_rate_fen)]
    pub day_rate: Fen,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub card: Option<Vec<u8>>,
    pub card_index: Option<String>,
    pub bank_name: Option<String>,
    pub recorded_at: Moment,
    pub recorded_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    EnrolmentRow: "enrolments", project_id;
    EventRow: "enrolment_events", project_id;
}

pub fn insert_worker(tx: &mut Tx<'_>, row: &WorkerRow) -> Result<(), StoreError> {
    diesel::insert_into(workers::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn update_phone(tx: &mut Tx<'_>, row: &WorkerRow) -> Result<(), StoreError> {
    diesel::update(workers::table.find(row.id))
        .set((workers::phone.eq(&row.phone), workers::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert(tx: &mut Tx<'_>, row: &EnrolmentRow) -> Result<(), StoreError> {
    diesel::insert_into(enrolments::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Brings the row of an enrolment to what its events say: terms, last day, place in the chain.
pub fn update(tx: &mut Tx<'_>, row: &EnrolmentRow) -> Result<(), StoreError> {
    diesel::update(enrolments::table.find((row.project_id, row.id)))
        .set((
            enrolments::card.eq(&row.card),
            enrolments::card_index.eq(&row.card_index),
            enrolments::bank_name.eq(&row.bank_name),
            enrolments::day_rate_fen.eq(row.day_rate),
            enrolments::left_on.eq(row.left_on),
            enrolments::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

/// Brings the contract or agreement of an enrolment up to date.
pub fn update_paper(tx: &mut Tx<'_>, row: &EnrolmentRow) -> Result<(), StoreError> {
    diesel::update(enrolments::table.find((row.project_id, row.id)))
        .set((
            enrolments::paper.eq(row.paper),
            enrolments::paper_document_id.eq(row.paper_document_id),
            enrolments::safety_trained.eq(row.safety_trained),
            enrolments::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_event(tx: &mut Tx<'_>, row: &EventRow) -> Result<(), StoreError> {
    diesel::insert_into(enrolment_events::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn worker(conn: &mut AnyConn, id: WorkerId) -> Result<Option<WorkerRow>, StoreError> {
    Ok(workers::table.find(id).select(WorkerRow::as_select()).first(conn).optional()?)
}

pub fn worker_by_id_index(conn: &mut AnyConn, id_index: &str) -> Result<Option<WorkerRow>, StoreError> {
    Ok(workers::table.filter(workers::id_index.eq(id_index)).select(WorkerRow::as_select()).first(conn).optional()?)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<EnrolmentRow>, StoreError> {
    Ok(enrolments::table.find((project, id)).select(EnrolmentRow::as_select()).first(conn).optional()?)
}

/// Some people, in no order.
pub fn workers_of(conn: &mut AnyConn, ids: &[WorkerId]) -> Result<Vec<WorkerRow>, StoreError> {
    Ok(workers::table.filter(workers::id.eq_any(ids.to_vec())).select(WorkerRow::as_select()).load(conn)?)
}

/// Some enrolments of a project, in no order.
pub fn some(conn: &mut AnyConn, project: ProjectId, ids: &[RecordId]) -> Result<Vec<EnrolmentRow>, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::id.eq_any(ids.to_vec())))
        .select(EnrolmentRow::as_select())
        .load(conn)?)
}

/// The enrolment of a person on a project that has not ended.
pub fn active_of_worker(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<Option<EnrolmentRow>, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::worker_id.eq(worker)).and(enrolments::left_on.is_null()))
        .select(EnrolmentRow::as_select())
        .first(conn)
        .optional()?)
}

/// Every enrolment of a person on a project, in order of id.
pub fn of_worker(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<Vec<EnrolmentRow>, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::worker_id.eq(worker)))
        .order(enrolments::id)
        .select(EnrolmentRow::as_select())
        .load(conn)?)
}

/// The enrolment that has this number at the gate and has not ended.
pub fn by_pin_index(conn: &mut AnyConn, project: ProjectId, pin_index: &str) -> Result<Option<EnrolmentRow>, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::pin_index.eq(pin_index)).and(enrolments::left_on.is_null()))
        .select(EnrolmentRow::as_select())
        .first(conn)
        .optional()?)
}

/// On how many other projects the person is on the roll.
pub fn active_elsewhere(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<i64, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::worker_id.eq(worker).and(enrolments::project_id.ne(project)).and(enrolments::left_on.is_null()))
        .count()
        .get_result(conn)?)
}

/// The other projects on whose roll the person is, in order of id.
pub fn projects_elsewhere(conn: &mut AnyConn, project: ProjectId, worker: WorkerId) -> Result<Vec<ProjectId>, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::worker_id.eq(worker).and(enrolments::project_id.ne(project)).and(enrolments::left_on.is_null()))
        .order(enrolments::project_id)
        .select(enrolments::project_id)
        .distinct()
        .load(conn)?)
}

/// Other people on any roll who have this card.
pub fn others_with_card(conn: &mut AnyConn, card_index: &str, worker: WorkerId) -> Result<i64, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::card_index.eq(card_index).and(enrolments::worker_id.ne(worker)).and(enrolments::left_on.is_null()))
        .count()
        .get_result(conn)?)
}

/// Which enrolments of a project are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only of those who have not left.
    pub active: bool,
    /// Only of people whose name holds this text; empty for all.
    pub name: String,
    /// Only of this crew.
    pub crew: Option<CrewId>,
}

/// Enrolments of a project, in order of id.
pub fn page(
    conn: &mut AnyConn,
    project: ProjectId,
    wanted: &Wanted,
    after: i64,
    limit: i64,
) -> Result<Vec<EnrolmentRow>, StoreError> {
    let mut query =
        enrolments::table.filter(enrolments::project_id.eq(project).and(enrolments::id.gt(RecordId(after)))).into_boxed();
    if wanted.active {
        query = query.filter(enrolments::left_on.is_null());
    }
    if let Some(crew) = wanted.crew {
        query = query.filter(enrolments::crew_id.eq(crew));
    }
    if !wanted.name.is_empty() {
        let pattern = format!("%{}%", wanted.name.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
        query = query.filter(
            sql::<Bool>("EXISTS (SELECT 1 FROM workers w WHERE w.id = enrolments.worker_id AND w.name LIKE ")
                .bind::<Text, _>(pattern)
                .sql(" ESCAPE '!')"),
        );
    }
    Ok(query.order(enrolments::id).limit(limit).select(EnrolmentRow::as_select()).load(conn)?)
}

/// Everybody who ever was on the project's roll, in order of id.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<EnrolmentRow>, StoreError> {
    Ok(directly!(conn, conn => enrolments::table
        .filter(enrolments::project_id.eq(project))
        .order(enrolments::id)
        .select(EnrolmentRow::as_select())
        .load(conn))?)
}

/// Everybody on the project's roll on a day, in order of id.
pub fn active_on(conn: &mut AnyConn, project: ProjectId, day: Day) -> Result<Vec<EnrolmentRow>, StoreError> {
    Ok(directly!(conn, conn => enrolments::table
        .filter(
            enrolments::project_id
                .eq(project)
                .and(enrolments::entered_on.le(day))
                .and(enrolments::left_on.is_null().or(enrolments::left_on.ge(day))),
        )
        .order(enrolments::id)
        .select(EnrolmentRow::as_select())
        .load(conn))?)
}

/// First and last days on the rolls of some projects, each pair once; read from the index alone.
pub fn spans_of(conn: &mut AnyConn, projects: &[ProjectId]) -> Result<Vec<(ProjectId, Day, Option<Day>)>, StoreError> {
    Ok(enrolments::table
        .filter(enrolments::project_id.eq_any(projects.to_vec()))
        .select((enrolments::project_id, enrolments::entered_on, enrolments::left_on))
        .distinct()
        .load(conn)?)
}

/// Every enrolment of a project: id, person, first and last day.
pub fn stays_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<Stay>, StoreError> {
    let columns = (enrolments::id, enrolments::worker_id, enrolments::entered_on, enrolments::left_on);
    Ok(enrolments::table.filter(enrolments::project_id.eq(project)).select(columns).load(conn)?)
}

/// An enrolment in short: id, person, first and last day.
pub type Stay = (RecordId, WorkerId, Day, Option<Day>);

/// An enrolment as the gates know it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct GateEntry {
    /// Enrolment.
    pub id: RecordId,
    /// Person.
    pub worker_id: WorkerId,
    /// First day.
    pub entered_on: Day,
    /// Last day.
    pub left_on: Option<Day>,
    /// Blind index of its number.
    pub pin_index: Option<String>,
}

impl GateEntry {
    /// As [`EnrolmentRow::holds_on`].
    pub fn holds_on(&self, day: Day) -> bool {
        self.entered_on <= day && self.left_on.is_none_or(|last| day <= last)
    }
}

/// Every enrolment of a project as the gates know it.
pub fn gate_roll(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<GateEntry>, StoreError> {
    use enrolments as e;
    let columns = (e::id, e::worker_id, e::entered_on, e::left_on, e::pin_index);
    let query = e::table.filter(e::project_id.eq(project)).select(columns);
    Ok(directly!(conn, conn => query.load(conn))?)
}

/// The day rates of a project's enrolments: enrolment, first day, rate; each enrolment's in order.
pub fn rates_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(RecordId, Day, Fen)>, StoreError> {
    use enrolment_events as e;
    let query = e::table
        .filter(e::project_id.eq(project).and(e::kind.ne(EventKind::Left)))
        .order((e::enrolment_id, e::valid_on, e::id))
        .select((e::enrolment_id, e::valid_on, e::day_rate_fen));
    Ok(directly!(conn, conn => query.load(conn))?)
}

/// The events of an enrolment, by the day from which they hold and then in the order of recording.
pub fn events_of(conn: &mut AnyConn, project: ProjectId, enrolment: RecordId) -> Result<Vec<EventRow>, StoreError> {
    Ok(enrolment_events::table
        .filter(enrolment_events::project_id.eq(project).and(enrolment_events::enrolment_id.eq(enrolment)))
        .order((enrolment_events::valid_on, enrolment_events::id))
        .select(EventRow::as_select())
        .load(conn)?)
}

/// The row of a number at the project's gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct PinRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The small number under which its punches are kept.
    #[diesel(sql_type = Integer)]
    pub number: i32,
}

/// The row of a number at the project's gates, made when it is new; `fresh` gives an id for that case.
pub fn ensure_pin(
    conn: &mut AnyConn,
    vault: &Vault,
    project: ProjectId,
    pin: &str,
    pin_index: &str,
    fresh: impl FnOnce() -> i64,
) -> Result<PinRow, StoreError> {
    if let Some(known) = pin_row(conn, project, pin_index)? {
        return Ok(known);
    }
    let sealed = vault.seal(conn, Owner::Project(project), pin.as_bytes())?;
    diesel::sql_query("INSERT INTO pins (id, project_id, pin, pin_index) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind::<BigInt, _>(fresh())
        .bind::<BigInt, _>(project.0)
        .bind::<diesel::sql_types::Binary, _>(sealed)
        .bind::<Text, _>(pin_index)
        .execute(conn)?;
    pin_row(conn, project, pin_index)?.ok_or_else(|| StoreError::Damaged("a number at the gate was not stored".to_owned()))
}

/// The row of a number at the project's gates, by its index.
pub fn pin_row(conn: &mut AnyConn, project: ProjectId, pin_index: &str) -> Result<Option<PinRow>, StoreError> {
    Ok(fixed("SELECT id, number FROM pins WHERE project_id = $1 AND pin_index = $2")
        .big(project.0)
        .text(pin_index)
        .get_result(conn)
        .optional()?)
}

/// Every number at the project's gates: id, encrypted text, index.
pub fn pins_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(i64, Vec<u8>, String)>, StoreError> {
    Ok(pins::table.filter(pins::project_id.eq(project)).select((pins::id, pins::pin, pins::pin_index)).load(conn)?)
}

/// Every number at the project's gates by its index alone.
pub fn pin_indexes(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(i64, String)>, StoreError> {
    Ok(pins::table.filter(pins::project_id.eq(project)).select((pins::id, pins::pin_index)).load(conn)?)
}

/// The encrypted text of a number at the project's gates.
pub fn sealed_pin(conn: &mut AnyConn, project: ProjectId, pin_index: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(pins::table
        .filter(pins::project_id.eq(project).and(pins::pin_index.eq(pin_index)))
        .select(pins::pin)
        .first(conn)
        .optional()?)
}

/// Marks the days from `first` to `last` (days since 1970) that have punches, so that they are folded again; says how many. They are found
/// by one probe of the key a machine and day. The update in place of "do nothing" makes a fold at the same time wait for this transaction.
pub fn refold(conn: &mut AnyConn, project: ProjectId, first: i32, last: i32, now: Moment) -> Result<usize, StoreError> {
    let marked = fixed(
        "INSERT INTO dirty_days (project_id, local_day, marked_at) \
         WITH RECURSIVE found (day) AS ( \
           SELECT CAST($2 - 1 AS INTEGER) \
           UNION ALL \
           SELECT (SELECT MIN(own.day) FROM (SELECT (SELECT MIN(r.local_day) FROM punch_rows r \
             WHERE r.place = p.number AND r.local_day > found.day AND r.local_day <= $3) AS day \
             FROM punch_places p WHERE p.project_id = $1) own) \
           FROM found WHERE found.day IS NOT NULL) \
         SELECT $1, day, $4 FROM found WHERE day >= $2 \
         ON CONFLICT (project_id, local_day) DO UPDATE SET local_day = excluded.local_day",
    )
    .big(project.0)
    .int(first)
    .int(last)
    .big(now.0)
    .execute(conn)?;
    Ok(marked)
}

/// Every row, for `verify`.
pub fn all_workers(conn: &mut AnyConn) -> Result<Vec<WorkerRow>, StoreError> {
    Ok(workers::table.order(workers::id).select(WorkerRow::as_select()).load(conn)?)
}

pub fn all_enrolments(conn: &mut AnyConn) -> Result<Vec<EnrolmentRow>, StoreError> {
    Ok(enrolments::table.order(enrolments::id).select(EnrolmentRow::as_select()).load(conn)?)
}

pub fn all_events(conn: &mut AnyConn) -> Result<Vec<EventRow>, StoreError> {
    Ok(enrolment_events::table.order(enrolment_events::id).select(EventRow::as_select()).load(conn)?)
}
