//! Rows of payees whom the bank named.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use crate::base::Fen;
use crate::base::id::{BankEntryId, LineId, ProjectId, RecordId};
use crate::store::bulk::listed;
use crate::store::schema::{bank_entries, entry_payees};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx, journal};

/// Lines that one query names at most.
const NAMED_MAX: usize = 500;

/// The payee of a payment by the bank's word; the account is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = entry_payees)]
pub struct PayeeRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub entry_id: BankEntryId,
    pub line_id: LineId,
    pub end_to_end_id: String,
    pub amount_fen: Fen,
    pub counterparty: Option<String>,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub counterparty_account: Option<Vec<u8>>,
    pub counterparty_index: Option<String>,
    pub recorded_seq: i64,
}

sealed_in_project! {
    PayeeRow: "entry_payees", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &PayeeRow) -> Result<(), StoreError> {
    diesel::insert_into(entry_payees::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Whether the entry's payee of that payment is kept already.
pub fn stands(conn: &mut AnyConn, project: ProjectId, entry: BankEntryId, end_to_end_id: &str) -> Result<bool, StoreError> {
    use entry_payees as p;
    let known = p::table
        .filter(p::project_id.eq(project).and(p::entry_id.eq(entry)).and(p::end_to_end_id.eq(end_to_end_id)))
        .select(p::id)
        .first::<RecordId>(conn)
        .optional()?;
    Ok(known.is_some())
}

#[derive(QueryableByName)]
struct Whose {
    #[diesel(sql_type = BigInt)]
    line_id: LineId,
    #[diesel(sql_type = Nullable<Text>)]
    card_index: Option<String>,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The card that each line's enrolment holds, by its index, and the worker's name.
pub fn whose(
    conn: &mut AnyConn,
    project: ProjectId,
    lines: &[LineId],
) -> Result<HashMap<LineId, (Option<String>, String)>, StoreError> {
    let mut found = HashMap::with_capacity(lines.len());
    for some in lines.chunks(NAMED_MAX) {
        let rows: Vec<Whose> = diesel::sql_query(format!(
            "SELECT l.id AS line_id, e.card_index AS card_index, w.name AS name FROM pay_lines l \
             JOIN enrolments e ON e.project_id = l.project_id AND e.id = l.enrolment_id JOIN workers w ON w.id = l.worker_id \
             WHERE l.project_id = $1 AND l.id IN ({})",
            listed(some.iter().map(|line| line.0))
        ))
        .bind::<BigInt, _>(project.0)
        .load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.line_id, (row.card_index, row.name))));
    }
    Ok(found)
}

/// What is kept about some lines, in the order of recording, but for entries that were taken back with their file.
pub fn of_lines(conn: &mut AnyConn, project: ProjectId, lines: &[LineId]) -> Result<Vec<PayeeRow>, StoreError> {
    use entry_payees as p;
    let mut found = Vec::new();
    for some in lines.chunks(NAMED_MAX) {
        found.extend(
            p::table
                .filter(p::project_id.eq(project).and(p::line_id.eq_any(some.to_vec())))
                .order(p::id)
                .select(PayeeRow::as_select())
                .load(conn)?,
        );
    }
    if found.is_empty() {
        return Ok(found);
    }
    let voided: Vec<BankEntryId> = bank_entries::table
        .filter(bank_entries::project_id.eq(project).and(bank_entries::voided_by.is_not_null()))
        .select(bank_entries::id)
        .load(conn)?;
    let voided: BTreeSet<BankEntryId> = voided.into_iter().collect();
    found.retain(|row: &PayeeRow| !voided.contains(&row.entry_id));
    found.sort_by_key(|row| row.id);
    Ok(found)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<PayeeRow>, StoreError> {
    use entry_payees as p;
    Ok(p::table.order((p::project_id, p::id)).select(PayeeRow::as_select()).load(conn)?)
}
