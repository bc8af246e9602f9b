//! Rows of the hold list, of card holders and of released lines; what a check reads of a whole project at once.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use serde::Serialize;

use crate::base::id::{LineId, ProjectId, RecordId, WorkerId};
use crate::base::{Fen, Moment, Month};
use crate::store::bulk::directly;
use crate::store::schema::{card_holders, card_words, line_releases, pay_holds};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A worker put on the hold list, or taken off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = pay_holds)]
#[schema(as = PayHold)]
pub struct HoldRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub worker_id: WorkerId,
    pub is_held: bool,
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// Whose a card is by the bank's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = card_holders)]
pub struct HolderRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub enrolment_id: RecordId,
    pub card_index: String,
    pub holder: String,
    pub source: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// A held line that a person let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = line_releases)]
pub struct ReleaseRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub line_id: LineId,
    pub hold: String,
    pub card_index: Option<String>,
    pub note: String,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

/// What a bank said of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = card_words)]
pub struct CardWordRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub enrolment_id: RecordId,
    pub card_index: String,
    pub status: String,
    /// The bank that said it.
    pub source: String,
    pub occurred_at: Moment,
    pub recorded_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    HoldRow: "pay_holds", project_id;
    HolderRow: "card_holders", project_id;
    ReleaseRow: "line_releases", project_id;
    CardWordRow: "card_words", project_id;
}

pub fn insert_hold(tx: &mut Tx<'_>, row: &HoldRow) -> Result<(), StoreError> {
    diesel::insert_into(pay_holds::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_holder(tx: &mut Tx<'_>, row: &HolderRow) -> Result<(), StoreError> {
    diesel::insert_into(card_holders::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_release(tx: &mut Tx<'_>, row: &ReleaseRow) -> Result<(), StoreError> {
    diesel::insert_into(line_releases::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Every word on the hold list of a project, the first one first.
pub fn holds_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<HoldRow>, StoreError> {
    Ok(pay_holds::table.filter(pay_holds::project_id.eq(project)).order(pay_holds::id).select(HoldRow::as_select()).load(conn)?)
}

pub fn holders_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<HolderRow>, StoreError> {
    Ok(directly!(conn, conn => card_holders::table
        .filter(card_holders::project_id.eq(project))
        .order(card_holders::id)
        .select(HolderRow::as_select())
        .load(conn))?)
}

pub fn releases_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<ReleaseRow>, StoreError> {
    Ok(line_releases::table
        .filter(line_releases::project_id.eq(project))
        .order(line_releases::id)
        .select(ReleaseRow::as_select())
        .load(conn)?)
}

#[derive(QueryableByName)]
struct CardRow {
    #[diesel(sql_type = Text)]
    card_index: String,
}

/// Cards of a project's workers that somebody else on any roll has as well.
pub fn shared_cards(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeSet<String>, StoreError> {
    // Each look-up goes by the card, so the cost is the project's and not the table's.
    let rows: Vec<CardRow> = diesel::sql_query(
        "SELECT DISTINCT e.card_index AS card_index FROM enrolments e JOIN enrolments o ON o.card_index = e.card_index \
         AND o.worker_id <> e.worker_id AND o.left_on IS NULL WHERE e.project_id = $1 AND e.card_index IS NOT NULL",
    )
    .bind::<BigInt, _>(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.card_index).collect())
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Names of everybody who is or was on the project.
pub fn names_of(conn: &mut AnyConn, project: ProjectId) -> Result<BTreeMap<WorkerId, String>, StoreError> {
    let rows: Vec<NameRow> = diesel::sql_query(
        "SELECT w.id AS id, w.name AS name FROM workers w \
         WHERE w.id IN (SELECT e.worker_id FROM enrolments e WHERE e.project_id = $1)",
    )
    .bind::<BigInt, _>(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (WorkerId(row.id), row.name)).collect())
}

#[derive(QueryableByName)]
struct WageRow {
    #[diesel(sql_type = BigInt)]
    worker_id: i64,
    #[diesel(sql_type = Date)]
    month: Month,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Wages of each worker on the project by month, in the calendar year of `month`.
pub fn wages_of_year(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<(WorkerId, Month, Fen)>, StoreError> {
    let year = month.first().year();
    let (first, last) = (Month::of(year, 1).unwrap_or(month), Month::of(year, 12).unwrap_or(month));
    let rows: Vec<WageRow> = diesel::sql_query(
        "SELECT l.worker_id AS worker_id, s.month AS month, CAST(SUM(l.net_fen) AS BIGINT) AS total FROM pay_lines l \
         JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         WHERE l.project_id = $1 AND s.month >= $2 AND s.month <= $3 GROUP BY l.worker_id, s.month",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Date, _>(first)
    .bind::<Date, _>(last)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (WorkerId(row.worker_id), row.month, Fen(row.total))).collect())
}

/// Every row, for `verify`.
pub fn all_holds(conn: &mut AnyConn) -> Result<Vec<HoldRow>, StoreError> {
    Ok(pay_holds::table.order((pay_holds::project_id, pay_holds::id)).select(HoldRow::as_select()).load(conn)?)
}

pub fn all_holders(conn: &mut AnyConn) -> Result<Vec<HolderRow>, StoreError> {
    Ok(card_holders::table.order((card_holders::project_id, card_holders::id)).select(HolderRow::as_select()).load(conn)?)
}

pub fn all_releases(conn: &mut AnyConn) -> Result<Vec<ReleaseRow>, StoreError> {
    Ok(line_releases::table.order((line_releases::project_id, line_releases::id)).select(ReleaseRow::as_select()).load(conn)?)
}

/// Banks' words on cards of a project, in the order in which they were true.
pub fn card_words_of(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<CardWordRow>, StoreError> {
    Ok(card_words::table
        .filter(card_words::project_id.eq(project))
        .order((card_words::occurred_at, card_words::id))
        .select(CardWordRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all_card_words(conn: &mut AnyConn) -> Result<Vec<CardWordRow>, StoreError> {
    Ok(card_words::table.order((card_words::project_id, card_words::id)).select(CardWordRow::as_select()).load(conn)?)
}

pub fn insert_card_word(tx: &mut Tx<'_>, row: &CardWordRow) -> Result<(), StoreError> {
    diesel::insert_into(card_words::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}
