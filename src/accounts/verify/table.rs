//! What the entries and the ledger's bank account say of the same money.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::accounts::{Direction, EntryStatus};
use crate::base::Fen;
use crate::base::id::{BankEntryId, ProjectId};
use crate::ledger::LedgerAccount;
use crate::store::schema::bank_entries;
use crate::store::{AnyConn, StoreError};

#[derive(QueryableByName)]
struct PostedRow {
    #[diesel(sql_type = BigInt)]
    project_id: i64,
    #[diesel(sql_type = Text)]
    natural_key: String,
    #[diesel(sql_type = BigInt)]
    amount_fen: i64,
}

/// Every line of the ledger's bank account with the natural key of its posting.
pub fn posted_to_bank(conn: &mut AnyConn) -> Result<Vec<(ProjectId, String, Fen)>, StoreError> {
    let rows: Vec<PostedRow> = diesel::sql_query(
        "SELECT l.project_id AS project_id, p.natural_key AS natural_key, l.amount_fen AS amount_fen FROM posting_lines l \
         JOIN postings p ON p.project_id = l.project_id AND p.id = l.posting_id WHERE l.account = $1",
    )
    .bind::<Text, _>(LedgerAccount::Bank.as_str())
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (ProjectId(row.project_id), row.natural_key, Fen(row.amount_fen))).collect())
}

/// Every booked entry that moved money, as it moves the balance.
pub fn booked(conn: &mut AnyConn) -> Result<Vec<(ProjectId, BankEntryId, Fen)>, StoreError> {
    let rows: Vec<(ProjectId, BankEntryId, Direction, Fen)> = bank_entries::table
        .filter(bank_entries::status.eq(EntryStatus::Booked).and(bank_entries::amount_fen.ne(Fen::ZERO)))
        .order((bank_entries::project_id, bank_entries::id))
        .select((bank_entries::project_id, bank_entries::id, bank_entries::direction, bank_entries::amount_fen))
        .load(conn)?;
    let signed = |direction, amount: Fen| if direction == Direction::Debit { amount.negated() } else { amount };
    Ok(rows.into_iter().map(|(project, id, direction, amount)| (project, id, signed(direction, amount))).collect())
}
