//! Rows of what people said of the columns of banks' sheets, and of the files that were read so.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::LayoutStep;
use crate::accounts::table::AccountRow;
use crate::base::Moment;
use crate::base::id::{AccountId, InboxId, ProjectId, RecordId};
use crate::projects::table::covered_sql;
use crate::store::fixed::fixed;
use crate::store::inbox::{InboxState, parts};
use crate::store::schema::{bank_layout_uses, bank_layouts, inbox, wage_accounts};
use crate::store::tx::sealed_in_project;
use crate::store::vault::{Owner, Vault};
use crate::store::{AnyConn, StoreError, Tx};
use crate::web::Scope;

/// What somebody said of sheets with this header of this bank, or that it no longer holds; the latest of an account and a header counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_layouts)]
pub struct LayoutRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub account_id: AccountId,
    pub bank: String,
    pub fingerprint: String,
    pub mapping: String,
    pub encoding: Option<String>,
    pub step: LayoutStep,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// A file that was read as somebody had said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_layout_uses)]
pub struct UseRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub inbox_id: InboxId,
    pub layout_id: RecordId,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    LayoutRow: "bank_layouts", project_id;
    UseRow: "bank_layout_uses", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &LayoutRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_layouts::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_use(tx: &mut Tx<'_>, row: &UseRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_layout_uses::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Of rows in their order, those that stand: the last of each account and header, unless it was removed.
fn standing(rows: Vec<LayoutRow>) -> Vec<LayoutRow> {
    let mut last: Vec<LayoutRow> = Vec::new();
    for row in rows {
        last.retain(|known| (known.account_id, &known.fingerprint) != (row.account_id, &row.fingerprint));
        last.push(row);
    }
    last.retain(|row| row.step == LayoutStep::Said);
    last
}

/// What stands of these headers, over all projects; whoever asks looks at the scope.
pub fn of_headers(conn: &mut AnyConn, fingerprints: &[String]) -> Result<Vec<LayoutRow>, StoreError> {
    let mut rows = Vec::new();
    for some in fingerprints.chunks(400) {
        let found = bank_layouts::table.filter(bank_layouts::fingerprint.eq_any(some)).order(bank_layouts::id);
        rows.extend(found.select(LayoutRow::as_select()).load(conn)?);
    }
    rows.sort_by_key(|row: &LayoutRow| row.id);
    Ok(standing(rows))
}

/// What stands in a project of sheets of one bank, the oldest first.
pub fn of_bank(conn: &mut AnyConn, project: ProjectId, bank: &str) -> Result<Vec<LayoutRow>, StoreError> {
    use bank_layouts as b;
    let rows = b::table.filter(b::project_id.eq(project).and(b::bank.eq(bank))).order(b::id);
    Ok(standing(rows.select(LayoutRow::as_select()).load(conn)?))
}

/// One of them, whether it stands or not.
pub fn find(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<LayoutRow>, StoreError> {
    Ok(bank_layouts::table.find((project, id)).select(LayoutRow::as_select()).first(conn).optional()?)
}

/// How many files were read so.
pub fn count_uses(conn: &mut AnyConn, project: ProjectId, layout: RecordId) -> Result<i64, StoreError> {
    use bank_layout_uses as u;
    Ok(u::table.filter(u::project_id.eq(project).and(u::layout_id.eq(layout))).count().get_result(conn)?)
}

/// What a file was read by.
pub fn use_of(conn: &mut AnyConn, file: InboxId) -> Result<Option<LayoutRow>, StoreError> {
    use bank_layout_uses as u;
    let found: Option<UseRow> =
        u::table.filter(u::inbox_id.eq(file)).order(u::id.desc()).select(UseRow::as_select()).first(conn).optional()?;
    match found {
        Some(found) => find(conn, found.project_id, found.layout_id),
        None => Ok(None),
    }
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<LayoutRow>, StoreError> {
    use bank_layouts as b;
    Ok(b::table.order((b::project_id, b::id)).select(LayoutRow::as_select()).load(conn)?)
}

pub fn all_uses(conn: &mut AnyConn) -> Result<Vec<UseRow>, StoreError> {
    use bank_layout_uses as u;
    Ok(u::table.order((u::project_id, u::id)).select(UseRow::as_select()).load(conn)?)
}

/// A bank's sheet as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub id: InboxId,
    pub project_id: Option<ProjectId>,
    pub source: String,
    pub request: String,
    pub content_type: Option<String>,
    pub state: InboxState,
    pub bytes: Vec<u8>,
}

/// A kept sheet; `None` where there is none, or its bytes were forgotten.
pub fn kept(conn: &mut AnyConn, vault: &Vault, id: InboxId) -> Result<Option<Kept>, StoreError> {
    type Row = (Option<ProjectId>, String, String, Option<String>, InboxState, Vec<u8>);
    let columns = (inbox::project_id, inbox::source, inbox::request, inbox::content_type, inbox::state, inbox::body);
    let found = inbox::table.filter(inbox::id.eq(id).and(inbox::feed.eq("bankfile")));
    let row: Option<Row> = found.select(columns).first(conn).optional()?;
    let Some((project_id, source, request, content_type, state, body)) = row else { return Ok(None) };
    let owner = project_id.map_or(Owner::Global, Owner::Project);
    let bytes = parts::opened(conn, vault, owner, id, &body)?;
    Ok(bytes.map(|bytes| Kept { id, project_id, source, request, content_type, state, bytes }))
}

/// The first bytes of a kept file; `None` where they were forgotten.
pub fn head(conn: &mut AnyConn, vault: &Vault, id: InboxId) -> Result<Option<Vec<u8>>, StoreError> {
    let found: Option<(Option<ProjectId>, Vec<u8>)> =
        inbox::table.filter(inbox::id.eq(id)).select((inbox::project_id, inbox::body)).first(conn).optional()?;
    let Some((project_id, body)) = found else { return Ok(None) };
    parts::first(conn, vault, project_id.map_or(Owner::Global, Owner::Project), id, &body)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Open accounts that a scope covers, the newest first; `bank` narrows them to one bank's.
pub fn accounts(conn: &mut AnyConn, scope: &Scope, bank: Option<&str>, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    let own: Vec<String> = scope.accounts().iter().map(|id| id.0.to_string()).collect();
    let own = if own.is_empty() { "1 = 0".to_owned() } else { format!("a.id IN ({})", own.join(", ")) };
    let covered = covered_sql(scope);
    // Only numbers go into the text; the bank's name is bound.
    let rows: Vec<IdRow> = diesel::sql_query(format!(
        "SELECT a.id AS id FROM wage_accounts a JOIN projects p ON p.id = a.project_id WHERE a.closed_on IS NULL \
         AND ({own} OR {covered}) AND ($1 = '' OR a.bank_name = $1) ORDER BY a.id DESC LIMIT $2"
    ))
    .bind::<diesel::sql_types::Text, _>(bank.unwrap_or_default())
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    let ids: Vec<AccountId> = rows.into_iter().map(|row| AccountId(row.id)).collect();
    let found = wage_accounts::table.filter(wage_accounts::id.eq_any(ids)).order(wage_accounts::id.desc());
    Ok(found.select(AccountRow::as_select()).load(conn)?)
}

/// A sheet that waits: id, project, request, when it came, state.
pub type Found = (InboxId, Option<ProjectId>, String, Moment, InboxState);

/// Sheets that wait, the newest first: of projects, and of whoever handed them in.
pub fn waiting(conn: &mut AnyConn, source: &str, project: Option<ProjectId>) -> Result<Vec<Found>, StoreError> {
    /// Messages that are looked at.
    const LOOKED_AT_MAX: i64 = 500;
    // In the words of the index, so that nobody reads all messages for a page. Of one that was booked in part nobody has to say anything,
    // unless it names an account that nobody knows.
    let ids: Vec<InboxId> = fixed(
        "SELECT i.id AS id FROM inbox i WHERE i.feed = 'bankfile' AND i.state IN ('new', 'part', 'quarantined') \
         AND (i.state = 'new' OR EXISTS (SELECT 1 FROM quarantine q WHERE q.inbox_id = i.id AND q.state = 'open' \
         AND (i.state = 'quarantined' OR q.reason = 'unknown_account'))) \
         AND (i.project_id IS NOT NULL OR i.source = $1) ORDER BY i.id DESC LIMIT $2",
    )
    .text(source)
    .big(LOOKED_AT_MAX)
    .load::<IdRow>(conn)?
    .into_iter()
    .map(|row| InboxId(row.id))
    .collect();
    let mut rows: Vec<Found> = inbox::table
        .filter(inbox::id.eq_any(ids))
        .order(inbox::id.desc())
        .select((inbox::id, inbox::project_id, inbox::request, inbox::received_at, inbox::state))
        .load(conn)?;
    rows.retain(|(_, of, ..)| project.is_none_or(|project| of.is_none_or(|of| of == project)));
    Ok(rows)
}
