//! Rows of postings and their lines.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use serde::Serialize;

use super::{LedgerAccount, PostingKind};
use crate::base::id::{PostingId, ProjectId};
use crate::base::{Day, Fen, Moment};
use crate::store::bulk::insert_all;
use crate::store::journal::Audit;
use crate::store::schema::{posting_lines, postings};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx};

/// A posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = postings, treat_none_as_default_value = false)]
pub struct PostingRow {
    pub project_id: ProjectId,
    pub id: PostingId,
    pub natural_key: String,
    pub kind: PostingKind,
    pub booked_on: Day,
    pub reverses_id: Option<PostingId>,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// A line of a posting; debit positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = posting_lines, treat_none_as_default_value = false)]
pub struct PostingLineRow {
    pub project_id: ProjectId,
    pub posting_id: PostingId,
    pub ordinal: i32,
    pub account: LedgerAccount,
    pub amount_fen: Fen,
    pub recorded_seq: i64,
}

sealed_in_project! {
    PostingRow: "postings", project_id;
}

/// A posting with its lines, which are written with it and never without: the journal holds one digest of both.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WholePosting<'a> {
    pub posting: &'a PostingRow,
    pub lines: &'a [PostingLineRow],
}

impl Sealed for WholePosting<'_> {
    const TABLE: &'static str = PostingRow::TABLE;
    fn chain(&self) -> Chain {
        self.posting.chain()
    }
    fn key(&self) -> String {
        self.posting.key()
    }
}

impl Sealed for PostingLineRow {
    const TABLE: &'static str = "posting_lines";
    fn chain(&self) -> Chain {
        Chain::Project(self.project_id)
    }
    fn key(&self) -> String {
        format!("{}/{}", self.posting_id, self.ordinal)
    }
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

#[derive(QueryableByName)]
struct Unbalanced {
    #[diesel(sql_type = BigInt)]
    project_id: i64,
    #[diesel(sql_type = BigInt)]
    posting_id: i64,
}

/// Writes a new posting with its lines.
pub fn insert(tx: &mut Tx<'_>, posting: &PostingRow, lines: &[PostingLineRow]) -> Result<(), StoreError> {
    insert_many(tx, std::slice::from_ref(posting), lines)
}

/// Many new postings at once, with their lines in the same order.
pub fn insert_many(tx: &mut Tx<'_>, rows: &[PostingRow], lines: &[PostingLineRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), postings::table, rows)?;
    insert_all!(tx.conn(), posting_lines::table, lines)?;
    let mut rest = lines;
    let whole = rows.iter().map(|posting| {
        let count = rest.iter().take_while(|line| line.posting_id == posting.id).count();
        let (own, others) = rest.split_at(count);
        rest = others;
        WholePosting { posting, lines: own }
    });
    let whole: Vec<WholePosting<'_>> = whole.collect();
    tx.seal_all(&whole)
}

pub fn by_key(conn: &mut AnyConn, project: ProjectId, natural_key: &str) -> Result<Option<PostingRow>, StoreError> {
    Ok(postings::table
        .filter(postings::project_id.eq(project).and(postings::natural_key.eq(natural_key)))
        .select(PostingRow::as_select())
        .first(conn)
        .optional()?)
}

pub fn find(conn: &mut AnyConn, project: ProjectId, id: PostingId) -> Result<Option<PostingRow>, StoreError> {
    Ok(postings::table.find((project, id)).select(PostingRow::as_select()).first(conn).optional()?)
}

pub fn list(conn: &mut AnyConn, project: ProjectId, after: i64, limit: i64) -> Result<Vec<PostingRow>, StoreError> {
    Ok(postings::table
        .filter(postings::project_id.eq(project).and(postings::id.gt(PostingId(after))))
        .order(postings::id)
        .limit(limit)
        .select(PostingRow::as_select())
        .load(conn)?)
}

/// Lines of these postings, in order.
pub fn lines_of(conn: &mut AnyConn, project: ProjectId, ids: &[PostingId]) -> Result<Vec<PostingLineRow>, StoreError> {
    Ok(posting_lines::table
        .filter(posting_lines::project_id.eq(project).and(posting_lines::posting_id.eq_any(ids.to_vec())))
        .order((posting_lines::posting_id, posting_lines::ordinal))
        .select(PostingLineRow::as_select())
        .load(conn)?)
}

/// What each account holds at the end of a day, by what was recorded up to `until_seq`; accounts without lines are left out.
pub fn balances(
    conn: &mut AnyConn,
    project: ProjectId,
    as_of: Day,
    until_seq: Option<i64>,
) -> Result<Vec<(LedgerAccount, Fen)>, StoreError> {
    let totals: Vec<Total> = diesel::sql_query(
        "SELECT l.account AS account, CAST(SUM(l.amount_fen) AS BIGINT) AS total FROM posting_lines l \
         JOIN postings p ON p.project_id = l.project_id AND p.id = l.posting_id \
         WHERE l.project_id = $1 AND p.booked_on <= $2 AND p.recorded_seq <= $3 GROUP BY l.account",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Date, _>(as_of)
    .bind::<BigInt, _>(until_seq.unwrap_or(i64::MAX))
    .load(conn)?;
    let mut balances = Vec::with_capacity(totals.len());
    for Total { account, total } in totals {
        let account: LedgerAccount =
            account.parse().map_err(|_| StoreError::Damaged(format!("`{account}` is no account of the ledger")))?;
        balances.push((account, Fen(total)));
    }
    balances.sort_unstable_by_key(|(account, _)| *account);
    Ok(balances)
}

/// Postings whose lines do not add up to nothing; there is none unless somebody wrote past the service.
pub fn unbalanced(conn: &mut AnyConn) -> Result<Vec<(ProjectId, PostingId)>, StoreError> {
    let rows: Vec<Unbalanced> = diesel::sql_query(
        "SELECT p.project_id AS project_id, p.id AS posting_id FROM postings p \
         LEFT JOIN posting_lines l ON l.project_id = p.project_id AND l.posting_id = p.id \
         GROUP BY p.project_id, p.id HAVING COALESCE(SUM(l.amount_fen), 1) <> 0 ORDER BY p.project_id, p.id",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (ProjectId(row.project_id), PostingId(row.posting_id))).collect())
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<PostingRow>, StoreError> {
    Ok(postings::table.order((postings::project_id, postings::id)).select(PostingRow::as_select()).load(conn)?)
}

pub fn all_lines(conn: &mut AnyConn) -> Result<Vec<PostingLineRow>, StoreError> {
    Ok(posting_lines::table
        .order((posting_lines::project_id, posting_lines::posting_id, posting_lines::ordinal))
        .select(PostingLineRow::as_select())
        .load(conn)?)
}

/// Compares every posting with the journal, with its lines; a line whose posting is gone is nobody's.
pub fn verify(conn: &mut AnyConn, audit: &mut Audit) -> Result<(), StoreError> {
    let mut lines: BTreeMap<(ProjectId, PostingId), Vec<PostingLineRow>> = BTreeMap::new();
    for line in all_lines(conn)? {
        lines.entry((line.project_id, line.posting_id)).or_default().push(line);
    }
    for posting in all(conn)? {
        let own = lines.remove(&(posting.project_id, posting.id)).unwrap_or_default();
        audit.with_parts(&WholePosting { posting: &posting, lines: &own }, &posting, &own)?;
    }
    audit.table(lines.into_values().flatten())
}
