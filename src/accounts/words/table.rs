//! Rows of banks' words on accounts.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use super::WordKind;
use crate::accounts::table::AccountRow;
use crate::accounts::{Direction, EntryStatus};
use crate::base::id::{AccountId, InboxId, ProjectId, RecordId};
use crate::base::{Day, Fen, Moment, Month};
use crate::store::schema::{bank_entries, bank_words};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A bank's word, with what stood here when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = bank_words, treat_none_as_default_value = false)]
#[schema(as = BankWord)]
pub struct WordRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub account_id: AccountId,
    pub inbox_id: InboxId,
    pub kind: WordKind,
    /// The day of a balance, the last day of a month, the day of opening.
    pub about_on: Day,
    pub told_fen: Option<Fen>,
    pub ours_fen: Option<Fen>,
    pub differs: bool,
    /// Each field of both, as JSON.
    pub fields: String,
    pub told_by: String,
    pub occurred_at: Moment,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    WordRow: "bank_words", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &WordRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_words::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Words of a project, the latest first.
pub fn of_project(conn: &mut AnyConn, project: ProjectId, limit: i64) -> Result<Vec<WordRow>, StoreError> {
    Ok(bank_words::table
        .filter(bank_words::project_id.eq(project))
        .order(bank_words::id.desc())
        .limit(limit)
        .select(WordRow::as_select())
        .load(conn)?)
}

/// The last word on the balance of an account at the end of a day by `as_of`.
pub fn last_balance(conn: &mut AnyConn, account: &AccountRow, as_of: Day) -> Result<Option<WordRow>, StoreError> {
    use bank_words as w;
    Ok(w::table
        .filter(
            w::project_id
                .eq(account.project_id)
                .and(w::account_id.eq(account.id))
                .and(w::kind.eq(WordKind::Balance))
                .and(w::ours_fen.is_not_null())
                .and(w::about_on.le(as_of)),
        )
        .order((w::about_on.desc(), w::id.desc()))
        .select(WordRow::as_select())
        .first(conn)
        .optional()?)
}

/// Of each month the last proof of an account, the earliest month first.
pub fn last_proofs(conn: &mut AnyConn, account: &AccountRow) -> Result<Vec<WordRow>, StoreError> {
    use bank_words as w;
    let rows: Vec<WordRow> = w::table
        .filter(w::project_id.eq(account.project_id).and(w::account_id.eq(account.id)).and(w::kind.eq(WordKind::MonthProof)))
        .order((w::about_on, w::id))
        .select(WordRow::as_select())
        .load(conn)?;
    let months: BTreeMap<Day, WordRow> = rows.into_iter().map(|row| (row.about_on, row)).collect();
    Ok(months.into_values().collect())
}

/// Day, direction, amount and the bank's reference of an entry.
pub type Line = (Day, Direction, Fen, Option<String>);

/// The lines of the booked entries of a month, at most `limit`.
pub fn month_lines(conn: &mut AnyConn, account: &AccountRow, month: Month, limit: i64) -> Result<Vec<Line>, StoreError> {
    use bank_entries as b;
    Ok(b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::booked_on.between(month.first(), month.last())),
        )
        .order(b::id)
        .limit(limit)
        .select((b::booked_on, b::direction, b::amount_fen, b::bank_ref))
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<WordRow>, StoreError> {
    Ok(bank_words::table.order((bank_words::project_id, bank_words::id)).select(WordRow::as_select()).load(conn)?)
}
