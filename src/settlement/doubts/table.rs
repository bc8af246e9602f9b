//! Rows of payments that entries moved, of doubts about entries, and of what persons said of them: append only.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use serde::Serialize;

use super::{DoubtAnswer, DoubtKind, DoubtStep};
use crate::accounts::EntryStatus;
use crate::accounts::table::EntryRow;
use crate::base::id::{BankEntryId, LineId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, Fen, Moment};
use crate::store::bulk::insert_all;
use crate::store::schema::{bank_entries, doubt_steps, entry_doubts, entry_payments};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// That an entry moved the money of a payment (`end_to_end_id`) or of a whole run (its message id): out positive, back negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = entry_payments, treat_none_as_default_value = false)]
pub struct PaymentRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub entry_id: BankEntryId,
    pub payment: String,
    pub amount_fen: Fen,
    pub recorded_seq: i64,
}

/// That a person must look at an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = entry_doubts)]
pub struct DoubtRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub entry_id: BankEntryId,
    pub kind: DoubtKind,
    pub amount_fen: Fen,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What a person said of a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = doubt_steps)]
#[schema(as = DoubtStepRow)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub doubt_id: RecordId,
    pub step: DoubtStep,
    pub answer: DoubtAnswer,
    pub payment: Option<String>,
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    PaymentRow: "entry_payments", project_id;
    DoubtRow: "entry_doubts", project_id;
    StepRow: "doubt_steps", project_id;
}

/// Keeps which payments entries moved.
pub fn insert_payments(tx: &mut Tx<'_>, rows: &[PaymentRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), entry_payments::table, rows)?;
    tx.seal_all(rows)
}

pub fn insert_doubt(tx: &mut Tx<'_>, row: &DoubtRow) -> Result<(), StoreError> {
    diesel::insert_into(entry_doubts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_step(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(doubt_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// What moved the money of these payments, but for entries that were taken back with their file.
pub fn of_payments(conn: &mut AnyConn, project: ProjectId, payments: &[String]) -> Result<Vec<PaymentRow>, StoreError> {
    use entry_payments as p;
    let mut found = Vec::new();
    for some in payments.chunks(500) {
        let standing = p::table
            .inner_join(bank_entries::table.on(bank_entries::project_id.eq(p::project_id).and(bank_entries::id.eq(p::entry_id))));
        let rows: Vec<PaymentRow> = standing
            .filter(p::project_id.eq(project).and(p::payment.eq_any(some.to_vec())).and(bank_entries::voided_by.is_null()))
            .order(p::id)
            .select(PaymentRow::as_select())
            .load(conn)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The payments whose money an entry moved.
pub fn of_entry(conn: &mut AnyConn, project: ProjectId, entry: BankEntryId) -> Result<Vec<PaymentRow>, StoreError> {
    use entry_payments as p;
    let rows = p::table.filter(p::project_id.eq(project).and(p::entry_id.eq(entry))).order(p::id);
    Ok(rows.select(PaymentRow::as_select()).load(conn)?)
}

/// The payments that were debited under a reference of the bank.
pub fn under_voucher(conn: &mut AnyConn, entry: &EntryRow) -> Result<Vec<String>, StoreError> {
    use entry_payments as p;
    let Some(reference) = &entry.bank_ref else { return Ok(Vec::new()) };
    let debits = p::table
        .inner_join(bank_entries::table.on(bank_entries::project_id.eq(p::project_id).and(bank_entries::id.eq(p::entry_id))));
    Ok(debits
        .filter(
            p::project_id
                .eq(entry.project_id)
                .and(bank_entries::account_id.eq(entry.account_id))
                .and(bank_entries::bank_ref.eq(reference))
                .and(bank_entries::voided_by.is_null())
                .and(p::amount_fen.gt(Fen::ZERO)),
        )
        .select(p::payment)
        .load(conn)?)
}

/// The doubts of a project about entries that stand, with their entries, the oldest first.
pub fn doubts(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(DoubtRow, EntryRow)>, StoreError> {
    use entry_doubts as d;
    let standing = d::table
        .inner_join(bank_entries::table.on(bank_entries::project_id.eq(d::project_id).and(bank_entries::id.eq(d::entry_id))));
    Ok(standing
        .filter(
            d::project_id.eq(project).and(bank_entries::voided_by.is_null()).and(bank_entries::status.eq(EntryStatus::Booked)),
        )
        .order(d::id)
        .select((DoubtRow::as_select(), EntryRow::as_select()))
        .load(conn)?)
}

/// The projects of these that have a doubt of some kind, whatever became of it.
pub fn projects_with(conn: &mut AnyConn, projects: &[ProjectId], kind: DoubtKind) -> Result<Vec<ProjectId>, StoreError> {
    use entry_doubts as d;
    let found = d::table.filter(d::project_id.eq_any(projects.to_vec()).and(d::kind.eq(kind)));
    Ok(found.select(d::project_id).distinct().order(d::project_id).load(conn)?)
}

/// Whether an entry is in doubt for this already.
pub fn stands(conn: &mut AnyConn, project: ProjectId, entry: BankEntryId, kind: DoubtKind) -> Result<bool, StoreError> {
    use entry_doubts as d;
    let found = d::table.filter(d::project_id.eq(project).and(d::entry_id.eq(entry)).and(d::kind.eq(kind)));
    Ok(found.select(d::id).first::<RecordId>(conn).optional()?.is_some())
}

/// What was said of the doubts of a project, in the order of record.
pub fn steps(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<StepRow>, StoreError> {
    let rows = doubt_steps::table.filter(doubt_steps::project_id.eq(project)).order(doubt_steps::id);
    Ok(rows.select(StepRow::as_select()).load(conn)?)
}

/// A payment that a refund may be of.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Possible {
    #[diesel(sql_type = Text)]
    pub payment: String,
    #[diesel(sql_type = Text)]
    pub message_id: String,
    #[diesel(sql_type = BigInt)]
    pub line_id: LineId,
    #[diesel(sql_type = BigInt)]
    pub worker_id: WorkerId,
    #[diesel(sql_type = BigInt)]
    pub enrolment_id: RecordId,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Date)]
    pub month: Day,
    #[diesel(sql_type = Nullable<Text>)]
    pub card_index: Option<String>,
}

/// Payments out of the entry's account of exactly its amount, ordered from a moment on, whose line is under way or paid.
pub fn possible(conn: &mut AnyConn, entry: &EntryRow, since: Moment, limit: i64) -> Result<Vec<Possible>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT r.end_to_end_id AS payment, p.message_id AS message_id, l.id AS line_id, l.worker_id AS worker_id, \
         l.enrolment_id AS enrolment_id, w.name AS name, s.month AS month, e.card_index AS card_index FROM pay_run_lines r \
         JOIN pay_runs p ON p.project_id = r.project_id AND p.id = r.run_id \
         JOIN pay_lines l ON l.project_id = r.project_id AND l.id = r.line_id AND l.attempt = r.attempt \
         JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         JOIN enrolments e ON e.project_id = l.project_id AND e.id = l.enrolment_id JOIN workers w ON w.id = l.worker_id \
         WHERE r.project_id = $1 AND r.amount_fen = $2 AND p.account_id = $3 AND p.created_at >= $4 \
         AND l.state IN ('sent', 'accepted', 'unknown', 'paid') ORDER BY r.end_to_end_id LIMIT $5",
    )
    .bind::<BigInt, _>(entry.project_id.0)
    .bind::<BigInt, _>(entry.amount_fen.0)
    .bind::<BigInt, _>(entry.account_id.0)
    .bind::<BigInt, _>(since.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

/// Every row, for `verify`.
pub fn all_payments(conn: &mut AnyConn) -> Result<Vec<PaymentRow>, StoreError> {
    use entry_payments as p;
    Ok(p::table.order((p::project_id, p::id)).select(PaymentRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all_doubts(conn: &mut AnyConn) -> Result<Vec<DoubtRow>, StoreError> {
    use entry_doubts as d;
    Ok(d::table.order((d::project_id, d::id)).select(DoubtRow::as_select()).load(conn)?)
}

/// Every row, for `verify`.
pub fn all_steps(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    use doubt_steps as s;
    Ok(s::table.order((s::project_id, s::id)).select(StepRow::as_select()).load(conn)?)
}
