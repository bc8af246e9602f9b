//! Rows of voiding, and what a file has told.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use super::Voiding;
use crate::accounts::table::{EntryRow, StatementRow};
use crate::base::Moment;
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::store::inbox::{InboxState, parts};
use crate::store::schema::{bank_entries, bank_statements, file_returns, inbox, void_steps};
use crate::store::tx::sealed_in_project;
use crate::store::vault::{Owner, Vault};
use crate::store::{AnyConn, StoreError, Tx};

/// A step of voiding a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = void_steps)]
#[schema(as = VoidStep)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub inbox_id: InboxId,
    pub step: Voiding,
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// A voided file that was handed in again with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = file_returns)]
#[schema(as = FileReturn)]
pub struct ReturnRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    /// The message that was booked.
    pub inbox_id: InboxId,
    /// The message with the same bytes that had been voided.
    pub voided_id: InboxId,
    /// The reason.
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    StepRow: "void_steps", project_id;
    ReturnRow: "file_returns", project_id;
}

pub fn insert_return(tx: &mut Tx<'_>, row: &ReturnRow) -> Result<(), StoreError> {
    diesel::insert_into(file_returns::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Where a file stands for a voided one, or one with its bytes was booked after it was voided.
pub fn returns_of(conn: &mut AnyConn, project: ProjectId, file: InboxId) -> Result<Vec<ReturnRow>, StoreError> {
    use file_returns as r;
    Ok(r::table
        .filter(r::project_id.eq(project).and(r::inbox_id.eq(file).or(r::voided_id.eq(file))))
        .order(r::id)
        .select(ReturnRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all_returns(conn: &mut AnyConn) -> Result<Vec<ReturnRow>, StoreError> {
    Ok(file_returns::table.order(file_returns::id).select(ReturnRow::as_select()).load(conn)?)
}

/// The steps by which files with these bytes were voided in a project, in the order of record.
pub fn voided_with(conn: &mut AnyConn, project: ProjectId, sha256: &str) -> Result<Vec<StepRow>, StoreError> {
    let steps: Vec<StepRow> = void_steps::table
        .filter(void_steps::project_id.eq(project).and(void_steps::step.eq(Voiding::Voided)))
        .order(void_steps::id)
        .select(StepRow::as_select())
        .load(conn)?;
    let files: Vec<InboxId> = steps.iter().map(|step| step.inbox_id).collect();
    let mut equal: Vec<InboxId> = Vec::new();
    for some in files.chunks(500) {
        let wanted = inbox::id.eq_any(some.to_vec()).and(inbox::body_sha256.eq(sha256));
        equal.extend(inbox::table.filter(wanted).select(inbox::id).load::<InboxId>(conn)?);
    }
    Ok(steps.into_iter().filter(|step| equal.contains(&step.inbox_id)).collect())
}

/// The messages in which a bank's file with these bytes was taken, wholly or in part.
pub fn taken_with(conn: &mut AnyConn, sha256: &str) -> Result<Vec<InboxId>, StoreError> {
    // The list of feeds is the index's own: only then does the planner see that the index serves.
    let rows: Vec<IdRow> = diesel::sql_query(
        "SELECT id FROM inbox WHERE feed IN ('camt', 'bankfile', 'mt940', 'pain002') AND body_sha256 = $1 \
         AND state IN ('done', 'part') ORDER BY id",
    )
    .bind::<Text, _>(sha256)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| InboxId(row.id)).collect())
}

pub fn insert(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(void_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The steps of a file in a project, in the order of record.
pub fn steps_of(conn: &mut AnyConn, project: ProjectId, file: InboxId) -> Result<Vec<StepRow>, StoreError> {
    Ok(void_steps::table
        .filter(void_steps::project_id.eq(project).and(void_steps::inbox_id.eq(file)))
        .order(void_steps::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(void_steps::table.order(void_steps::id).select(StepRow::as_select()).load(conn)?)
}

/// A file of a bank as it stands in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = inbox)]
pub struct FileRow {
    pub id: InboxId,
    pub feed: String,
    pub project_id: Option<ProjectId>,
    pub request: String,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    pub body_sha256: String,
    pub received_at: Moment,
    pub state: InboxState,
}

impl FileRow {
    /// The bytes as received.
    pub fn opened(&self, conn: &mut AnyConn, vault: &Vault) -> Result<Vec<u8>, StoreError> {
        let owner = self.project_id.map_or(Owner::Global, Owner::Project);
        let bytes = parts::opened(conn, vault, owner, self.id, &self.body)?;
        bytes.ok_or_else(|| StoreError::Damaged(format!("the bytes of message {} are gone", self.id)))
    }
}

/// A file of a bank.
pub fn file(conn: &mut AnyConn, id: InboxId) -> Result<Option<FileRow>, StoreError> {
    let known = inbox::feed.eq_any(["camt", "bankfile", "mt940", "pain002", "bankevent"]);
    Ok(inbox::table.filter(inbox::id.eq(id).and(known)).select(FileRow::as_select()).first(conn).optional()?)
}

/// What a file told a project: its statements there.
pub fn statements_of(conn: &mut AnyConn, project: ProjectId, file: InboxId) -> Result<Vec<StatementRow>, StoreError> {
    use bank_statements as s;
    Ok(s::table
        .filter(s::project_id.eq(project).and(s::inbox_id.eq(file)))
        .order(s::id)
        .select(StatementRow::as_select())
        .load(conn)?)
}

/// Entries that a statement told, first or again, and that stand or are counted in another one.
pub fn entries_told_by(conn: &mut AnyConn, statement: &StatementRow) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    Ok(b::table
        .filter(
            b::project_id
                .eq(statement.project_id)
                .and(b::account_id.eq(statement.account_id))
                .and(b::voided_by.is_null().or(b::counted_in.is_not_null()))
                .and(b::statement_id.eq(statement.id).or(b::told_by.like(format!("% {} %", statement.id.0)))),
        )
        .order(b::id)
        .select(EntryRow::as_select())
        .load(conn)?)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Files of banks that told the project anything after one, in the order of receipt.
pub fn files_after(conn: &mut AnyConn, project: ProjectId, file: InboxId, limit: i64) -> Result<Vec<InboxId>, StoreError> {
    let rows: Vec<IdRow> = diesel::sql_query(
        "SELECT id FROM (SELECT inbox_id AS id FROM bank_statements WHERE project_id = $1 UNION \
         SELECT id FROM inbox WHERE project_id = $1 AND feed = 'pain002' AND state IN ('done', 'part')) told \
         WHERE id > $2 ORDER BY id LIMIT $3",
    )
    .bind::<BigInt, _>(project)
    .bind::<BigInt, _>(file)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| InboxId(row.id)).collect())
}

/// Files of banks that told the project anything, the newest first.
pub fn files_back(conn: &mut AnyConn, project: ProjectId, limit: i64) -> Result<Vec<InboxId>, StoreError> {
    let rows: Vec<IdRow> = diesel::sql_query(
        "SELECT id FROM (SELECT inbox_id AS id FROM bank_statements WHERE project_id = $1 UNION \
         SELECT id FROM inbox WHERE project_id = $1 AND feed = 'pain002' AND state IN ('done', 'part')) told \
         ORDER BY id DESC LIMIT $2",
    )
    .bind::<BigInt, _>(project)
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| InboxId(row.id)).collect())
}

/// The files of statements.
pub fn files_of(conn: &mut AnyConn, project: ProjectId, statements: &[i64]) -> Result<Vec<InboxId>, StoreError> {
    use crate::base::id::StatementId;
    use bank_statements as s;
    let wanted: Vec<StatementId> = statements.iter().copied().map(StatementId).collect();
    Ok(s::table.filter(s::project_id.eq(project).and(s::id.eq_any(wanted))).select(s::inbox_id).load(conn)?)
}
