//! Rows of payments that entries moved, of doubts about entries, and of what persons said of them: append only.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
use serde::Serialize;

use super::{DoubtAnswer, DoubtKind, DoubtStep};
use crate::accounts::EntryStatus;
use crate::accounts::table::EntryRow;
use crate::base::id::{BankEntryId, DocumentId, LineId, ProjectId, RecordId, WorkerId};
use crate::base::{Day, Fen, Moment};
use crate::store::bulk::{directly, insert_all};
use crate::store::fixed::fixed;
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
#[diesel(table_name = entry_doubts, treat_none_as_default_value = false)]
pub struct DoubtRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub entry_id: BankEntryId,
    pub kind: DoubtKind,
    pub amount_fen: Fen,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
    /// The run that a refund names, by its message id; doubts from before it was kept have none, and are sealed without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_run: Option<String>,
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
    /// The bank's paper that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
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

pub fn insert_doubts(tx: &mut Tx<'_>, rows: &[DoubtRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), entry_doubts::table, rows)?;
    tx.seal_all(rows)
}

/// Whether another doubt is answered, or asked to be, with this entry.
pub fn answers_with(conn: &mut AnyConn, project: ProjectId, entry: &str, doubt: RecordId) -> Result<bool, StoreError> {
    use doubt_steps as d;
    let named: Vec<(RecordId, RecordId, DoubtStep)> = d::table
        .filter(d::project_id.eq(project).and(d::answer.eq(DoubtAnswer::TakenBack)).and(d::doubt_id.ne(doubt)))
        .filter(d::payment.eq(entry))
        .order(d::id)
        .select((d::doubt_id, d::id, d::step))
        .load(conn)?;
    let is_last = |of: &RecordId, id: &RecordId| named.iter().filter(|one| one.0 == *of).all(|one| one.1 <= *id);
    Ok(named.iter().any(|(of, id, step)| *step != DoubtStep::Dropped && is_last(of, id)))
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

#[derive(QueryableByName)]
struct MessageId {
    #[diesel(sql_type = Text)]
    message_id: String,
}

/// The runs that were debited under a reference of the bank, whole or by their payments.
pub fn runs_under_voucher(conn: &mut AnyConn, entry: &EntryRow) -> Result<Vec<String>, StoreError> {
    let Some(reference) = &entry.bank_ref else { return Ok(Vec::new()) };
    let rows: Vec<MessageId> = diesel::sql_query(
        "SELECT DISTINCT p.message_id AS message_id FROM bank_entries b \
         JOIN entry_payments m ON m.project_id = b.project_id AND m.entry_id = b.id AND m.amount_fen > 0 \
         LEFT JOIN pay_run_lines r ON r.project_id = m.project_id AND r.end_to_end_id = m.payment \
         JOIN pay_runs p ON p.project_id = m.project_id AND (p.id = r.run_id OR p.message_id = m.payment) \
         WHERE b.project_id = $1 AND b.account_id = $2 AND b.bank_ref = $3 AND b.voided_by IS NULL ORDER BY 1",
    )
    .bind::<BigInt, _>(entry.project_id.0)
    .bind::<BigInt, _>(entry.account_id.0)
    .bind::<Text, _>(reference)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.message_id).collect())
}

/// The doubts of a project about entries that stand, with their entries, the oldest first.
pub fn doubts(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(DoubtRow, EntryRow)>, StoreError> {
    use entry_doubts as d;
    let standing = d::table
        .inner_join(bank_entries::table.on(bank_entries::project_id.eq(d::project_id).and(bank_entries::id.eq(d::entry_id))));
    Ok(directly!(conn, conn => standing
        .filter(
            d::project_id.eq(project).and(bank_entries::voided_by.is_null()).and(bank_entries::status.eq(EntryStatus::Booked)),
        )
        .order(d::id)
        .select((DoubtRow::as_select(), EntryRow::as_select()))
        .load(conn))?)
}

#[derive(QueryableByName)]
struct ProjectOnly {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
}

/// The projects of these that have a doubt of some kind, whatever became of it.
pub fn projects_with(conn: &mut AnyConn, projects: &[ProjectId], kind: DoubtKind) -> Result<Vec<ProjectId>, StoreError> {
    let rows: Vec<ProjectOnly> =
        fixed("SELECT DISTINCT project_id FROM entry_doubts WHERE project_id IN ($1) AND kind = $2 ORDER BY project_id")
            .bigs(projects.iter().map(|project| project.0))
            .text(kind.as_str())
            .load(conn)?;
    Ok(rows.into_iter().map(|row| row.project_id).collect())
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
    #[diesel(sql_type = BigInt)]
    pub amount_fen: Fen,
    #[diesel(sql_type = Bool)]
    pub has_failed: bool,
}

/// Payments out of the entry's account of exactly its amount, ordered from a moment on, that are under way or paid, or that failed and of
/// which nothing came back.
pub fn possible(conn: &mut AnyConn, entry: &EntryRow, since: Moment, limit: i64) -> Result<Vec<Possible>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT r.end_to_end_id AS payment, p.message_id AS message_id, l.id AS line_id, l.worker_id AS worker_id, \
         l.enrolment_id AS enrolment_id, w.name AS name, s.month AS month, e.card_index AS card_index, r.amount_fen AS amount_fen, \
         r.state IN ('rejected', 'returned') AS has_failed FROM pay_run_lines r \
         JOIN pay_runs p ON p.project_id = r.project_id AND p.id = r.run_id \
         JOIN pay_lines l ON l.project_id = r.project_id AND l.id = r.line_id \
         JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         JOIN enrolments e ON e.project_id = l.project_id AND e.id = l.enrolment_id JOIN workers w ON w.id = l.worker_id \
         WHERE r.project_id = $1 AND r.amount_fen = $2 AND p.account_id = $3 AND p.created_at >= $4 \
         AND (r.state IN ('sent', 'accepted', 'unknown', 'paid') OR NOT EXISTS (SELECT 1 FROM entry_payments m \
         JOIN bank_entries b ON b.project_id = m.project_id AND b.id = m.entry_id WHERE m.project_id = r.project_id \
         AND m.payment = r.end_to_end_id AND m.amount_fen < 0 AND b.voided_by IS NULL)) \
         ORDER BY CASE WHEN r.state IN ('rejected', 'returned') THEN 0 ELSE 1 END, r.end_to_end_id LIMIT $5",
    )
    .bind::<BigInt, _>(entry.project_id.0)
    .bind::<BigInt, _>(entry.amount_fen.0)
    .bind::<BigInt, _>(entry.account_id.0)
    .bind::<BigInt, _>(since.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

/// The payments of a run, those that failed first.
pub fn of_run(conn: &mut AnyConn, project: ProjectId, message_id: &str) -> Result<Vec<Possible>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT r.end_to_end_id AS payment, p.message_id AS message_id, l.id AS line_id, l.worker_id AS worker_id, \
         l.enrolment_id AS enrolment_id, w.name AS name, s.month AS month, e.card_index AS card_index, r.amount_fen AS amount_fen, \
         r.state IN ('rejected', 'returned') AS has_failed FROM pay_runs p \
         JOIN pay_run_lines r ON r.project_id = p.project_id AND r.run_id = p.id \
         JOIN pay_lines l ON l.project_id = r.project_id AND l.id = r.line_id \
         JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         JOIN enrolments e ON e.project_id = l.project_id AND e.id = l.enrolment_id JOIN workers w ON w.id = l.worker_id \
         WHERE p.project_id = $1 AND p.message_id = $2 \
         ORDER BY CASE WHEN r.state IN ('rejected', 'returned') THEN 0 ELSE 1 END, r.end_to_end_id",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Text, _>(message_id)
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
