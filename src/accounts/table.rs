//! Rows of wage accounts, bank statements and bank entries.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;

pub use super::sums::table::{Flow, PurposeTotal, flows, moved, purposes_of, totals};
use super::{Direction, EntryStatus, Purpose, StatementKind};
use crate::base::id::{AccountId, BankEntryId, DocumentId, InboxId, ProjectId, StatementId};
use crate::base::{Day, Fen, Moment};
use crate::store::bulk::{directly, insert_all};
use crate::store::schema::{bank_entries, bank_statements, void_steps, wage_accounts};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx, journal};

/// A wage account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = wage_accounts)]
#[schema(as = WageAccount)]
pub struct AccountRow {
    pub project_id: ProjectId,
    pub id: AccountId,
    pub number: String,
    pub sub_ledger: String,
    pub name: String,
    pub bank_name: String,
    pub bank_code: String,
    pub opened_on: Day,
    pub agreement_document_id: Option<DocumentId>,
    pub filed_on: Option<Day>,
    pub closed_on: Option<Day>,
    pub detail_means_paid: bool,
    pub recorded_seq: i64,
}

impl StatementRow {
    /// A copy of this statement, to stand under its name and days: another telling of it.
    #[must_use]
    pub fn told_again_by(self, copy: StatementRow) -> StatementRow {
        StatementRow { statement_ref: self.statement_ref, from_on: self.from_on, to_on: self.to_on, ..copy }
    }

    /// Whether a statement of that kind with that opening balance goes on where this one ends, so that neither tells an entry of the other:
    /// both are the bank's ledger, and this one moved the balance.
    pub fn goes_on_in(&self, kind: StatementKind, opening: Option<Fen>) -> bool {
        let is_moved = self.opening_fen.is_some() && self.opening_fen != self.closing_fen;
        kind.is_ledger() && self.kind == kind && is_moved && opening.is_some() && self.closing_fen == opening
    }
}

/// A statement as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_statements)]
pub struct StatementRow {
    pub project_id: ProjectId,
    pub id: StatementId,
    pub account_id: AccountId,
    pub inbox_id: InboxId,
    pub format: String,
    pub kind: StatementKind,
    pub statement_ref: String,
    pub from_on: Option<Day>,
    pub to_on: Option<Day>,
    pub opening_fen: Option<Fen>,
    pub closing_fen: Option<Fen>,
    pub entries: i32,
    pub duplicates: i32,
    pub problems: String,
    pub received_at: Moment,
    pub recorded_seq: i64,
}

/// An entry, once, whichever messages told it; `seen_in` lists `kind:key` of each way in which it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_entries, treat_none_as_default_value = false)]
pub struct EntryRow {
    pub project_id: ProjectId,
    pub id: BankEntryId,
    pub account_id: AccountId,
    pub statement_id: StatementId,
    pub entry_key: String,
    pub match_key: String,
    pub booked_on: Day,
    pub value_on: Option<Day>,
    pub direction: Direction,
    pub amount_fen: Fen,
    pub reversal: bool,
    pub status: EntryStatus,
    pub seen_in: String,
    pub bank_ref: Option<String>,
    pub counterparty: Option<String>,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub counterparty_account: Option<Vec<u8>>,
    pub counterparty_index: Option<String>,
    pub text: String,
    pub purpose: Purpose,
    pub recorded_seq: i64,
    /// Ids of the statements that told it again, each between blanks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub told_by: String,
    /// The file whose voiding took it back, or by which it is known to be counted in another entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voided_by: Option<InboxId>,
    /// The entry in which its money is counted: the sum that it is a part of, or the first of the entries whose sum it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_in: Option<BankEntryId>,
}

/// Enough of a key to tell apart the entries of one amount within a few days.
pub fn short(base: &str) -> &str {
    base.get(..16).unwrap_or(base)
}

sealed_in_project! {
    AccountRow: "wage_accounts", project_id;
    StatementRow: "bank_statements", project_id;
    EntryRow: "bank_entries", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &AccountRow) -> Result<(), StoreError> {
    diesel::insert_into(wage_accounts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Sets the days of filing and closing, the two columns of an account that are filled later.
pub fn set_days(tx: &mut Tx<'_>, row: &AccountRow) -> Result<(), StoreError> {
    use wage_accounts as w;
    diesel::update(w::table.find((row.project_id, row.id)))
        .set((w::filed_on.eq(row.filed_on), w::closed_on.eq(row.closed_on), w::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_statement(tx: &mut Tx<'_>, row: &StatementRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_statements::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_entry(tx: &mut Tx<'_>, row: &EntryRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_entries::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Many new entries at once.
pub fn insert_entries(tx: &mut Tx<'_>, rows: &[EntryRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), bank_entries::table, rows)?;
    tx.seal_all(rows)
}

/// Writes what a later message adds to an entry: who else told it, that it is booked, and what it lacked.
pub fn merge_entry(tx: &mut Tx<'_>, row: &EntryRow) -> Result<(), StoreError> {
    use bank_entries as b;
    diesel::update(b::table.find((row.project_id, row.id)))
        .set((
            b::booked_on.eq(row.booked_on),
            b::value_on.eq(row.value_on),
            b::status.eq(row.status),
            b::seen_in.eq(&row.seen_in),
            b::bank_ref.eq(&row.bank_ref),
            b::counterparty.eq(&row.counterparty),
            b::counterparty_account.eq(&row.counterparty_account),
            b::counterparty_index.eq(&row.counterparty_index),
            b::text.eq(&row.text),
            b::purpose.eq(row.purpose),
            b::recorded_seq.eq(row.recorded_seq),
            b::told_by.eq(&row.told_by),
            b::voided_by.eq(row.voided_by),
            b::counted_in.eq(row.counted_in),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
    Ok(wage_accounts::table.find((project, id)).select(AccountRow::as_select()).first(conn).optional()?)
}

/// Accounts of a project in the order of opening here.
pub fn of_project(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<AccountRow>, StoreError> {
    Ok(wage_accounts::table
        .filter(wage_accounts::project_id.eq(project))
        .order(wage_accounts::id)
        .select(AccountRow::as_select())
        .load(conn)?)
}

/// Accounts of one number, over all projects: the bank's files know nothing of projects.
pub fn by_number(conn: &mut AnyConn, number: &str) -> Result<Vec<AccountRow>, StoreError> {
    Ok(wage_accounts::table
        .filter(wage_accounts::number.eq(number))
        .order(wage_accounts::id)
        .select(AccountRow::as_select())
        .load(conn)?)
}

/// The account that a bank's text names, over all projects; whoever asks checks the scope with [`super::site_of`].
pub fn named(conn: &mut AnyConn, text: &str) -> Result<Option<AccountRow>, StoreError> {
    for (number, sub_ledger) in super::readings(text) {
        let row = wage_accounts::table
            .filter(wage_accounts::number.eq(&number).and(wage_accounts::sub_ledger.eq(&sub_ledger)))
            .select(AccountRow::as_select())
            .first(conn)
            .optional()?;
        if row.is_some() {
            return Ok(row);
        }
    }
    Ok(None)
}

/// Statements of an account in the order of receipt.
pub fn statements(
    conn: &mut AnyConn,
    project: ProjectId,
    account: AccountId,
    after: i64,
    limit: i64,
) -> Result<Vec<StatementRow>, StoreError> {
    Ok(directly!(conn, conn => bank_statements::table
        .filter(
            bank_statements::project_id
                .eq(project)
                .and(bank_statements::account_id.eq(account))
                .and(bank_statements::id.gt(StatementId(after))),
        )
        .order(bank_statements::id)
        .limit(limit)
        .select(StatementRow::as_select())
        .load(conn))?)
}

/// Statements of an account that stand, in the order of receipt: those of a voided file say nothing any more.
pub fn standing_statements(conn: &mut AnyConn, account: &AccountRow, limit: i64) -> Result<Vec<StatementRow>, StoreError> {
    let mut rows = statements(conn, account.project_id, account.id, 0, limit)?;
    let voided = voided_files(conn, account.project_id)?;
    rows.retain(|row| !voided.contains(&row.inbox_id));
    Ok(rows)
}

/// The voided files of a project.
pub fn voided_files(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeSet<InboxId>, StoreError> {
    let files: Vec<InboxId> = directly!(conn, conn => void_steps::table
        .filter(void_steps::project_id.eq(project).and(void_steps::step.eq("voided")))
        .select(void_steps::inbox_id)
        .load(conn))?;
    Ok(files.into_iter().collect())
}

/// The statement of that kind and reference, if one came before and stands.
pub fn statement_by_ref(
    conn: &mut AnyConn,
    account: &AccountRow,
    kind: StatementKind,
    statement_ref: &str,
) -> Result<Option<StatementRow>, StoreError> {
    use bank_statements as s;
    Ok(s::table
        .filter(
            s::project_id
                .eq(account.project_id)
                .and(s::account_id.eq(account.id))
                .and(s::kind.eq(kind))
                .and(s::statement_ref.eq(statement_ref))
                .and(s::inbox_id.ne_all(voided_files(conn, account.project_id)?)),
        )
        .order(s::id)
        .select(StatementRow::as_select())
        .first(conn)
        .optional()?)
}

pub fn statement(conn: &mut AnyConn, project: ProjectId, id: StatementId) -> Result<Option<StatementRow>, StoreError> {
    Ok(bank_statements::table.find((project, id)).select(StatementRow::as_select()).first(conn).optional()?)
}

/// Entries of an account in the order of receipt, all or of one purpose.
pub fn entries(
    conn: &mut AnyConn,
    account: &AccountRow,
    purpose: Option<Purpose>,
    after: i64,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let mut query = b::table
        .filter(b::project_id.eq(account.project_id).and(b::account_id.eq(account.id)).and(b::id.gt(BankEntryId(after))))
        .into_boxed();
    if let Some(purpose) = purpose {
        query = query.filter(b::purpose.eq(purpose));
    }
    Ok(query.order(b::id).limit(limit).select(EntryRow::as_select()).load(conn)?)
}

/// Entries that move one of some amounts one way within some days and were first told by another statement: among them is the one
/// that another message told before.
pub fn alike(
    conn: &mut AnyConn,
    account: &AccountRow,
    match_keys: &[String],
    (first, last): (Day, Day),
    but: StatementId,
) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let mut rows: Vec<EntryRow> = b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::booked_on.between(first, last))
                .and(b::match_key.eq_any(match_keys.to_vec()))
                .and(b::voided_by.is_null().or(b::counted_in.is_not_null()))
                .and(b::statement_id.ne(but)),
        )
        .select(EntryRow::as_select())
        .load(conn)?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// Booked entries with the bank's reference, oldest first: what a refund or reversal may take back.
pub fn with_bank_ref(conn: &mut AnyConn, account: &AccountRow, bank_ref: &str) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let mut rows: Vec<EntryRow> = b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::bank_ref.eq(bank_ref)),
        )
        .select(EntryRow::as_select())
        .load(conn)?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// [`with_bank_ref`] for many references.
pub fn with_bank_refs(conn: &mut AnyConn, account: &AccountRow, references: &[String]) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let mut rows: Vec<EntryRow> = b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::bank_ref.eq_any(references.to_vec())),
        )
        .select(EntryRow::as_select())
        .load(conn)?;
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// Booked entries of a span of days that no ledger statement holds.
pub fn provisional(conn: &mut AnyConn, account: &AccountRow, first: Day, last: Day) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let rows: Vec<EntryRow> = b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::booked_on.between(first, last))
                .and(b::seen_in.not_like(format!("%{}:%", StatementKind::Statement)))
                .and(b::seen_in.not_like(format!("%{}:%", StatementKind::Sheet))),
        )
        .order(b::id)
        .select(EntryRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().filter(|row| !row.is_in_ledger()).collect())
}

/// Booked entries of an account after a day up to another, the oldest first.
pub fn booked_after(conn: &mut AnyConn, account: &AccountRow, day: Day, until: Option<Day>) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    let mut rows: Vec<EntryRow> = b::table
        .filter(
            b::project_id
                .eq(account.project_id)
                .and(b::account_id.eq(account.id))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::voided_by.is_null())
                .and(b::booked_on.gt(day)),
        )
        .select(EntryRow::as_select())
        .load(conn)?;
    rows.retain(|row| until.is_none_or(|until| row.booked_on <= until));
    rows.sort_by_key(|row| (row.booked_on, row.id));
    Ok(rows)
}

/// An entry of a project.
pub fn entry(conn: &mut AnyConn, project: ProjectId, id: BankEntryId) -> Result<Option<EntryRow>, StoreError> {
    let found = bank_entries::table.filter(bank_entries::project_id.eq(project).and(bank_entries::id.eq(id)));
    Ok(found.select(EntryRow::as_select()).first(conn).optional()?)
}

/// Entries of a project before one, the newest first.
pub fn entries_back(conn: &mut AnyConn, project: ProjectId, before: i64, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
    Ok(bank_entries::table
        .filter(bank_entries::project_id.eq(project).and(bank_entries::id.lt(BankEntryId(before))))
        .order(bank_entries::id.desc())
        .limit(limit)
        .select(EntryRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<AccountRow>, StoreError> {
    Ok(wage_accounts::table.order((wage_accounts::project_id, wage_accounts::id)).select(AccountRow::as_select()).load(conn)?)
}

pub fn all_statements(conn: &mut AnyConn) -> Result<Vec<StatementRow>, StoreError> {
    use bank_statements as s;
    Ok(s::table.order((s::project_id, s::id)).select(StatementRow::as_select()).load(conn)?)
}

pub fn all_entries(conn: &mut AnyConn) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    Ok(b::table.order((b::project_id, b::id)).select(EntryRow::as_select()).load(conn)?)
}
