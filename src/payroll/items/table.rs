//! Rows of items and of what was said of them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use serde::Serialize;

use super::{ItemKind, ItemSource, ItemStep};
use crate::base::id::{DocumentId, InboxId, LineId, ProjectId, RecordId, SheetId};
use crate::base::{Day, Fen};
use crate::store::bulk::{directly, insert_all};
use crate::store::fixed::fixed;
use crate::store::schema::{item_steps, line_items};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// An item of a line. `rate_percent` is 100 but for overtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = line_items, treat_none_as_default_value = false)]
#[schema(as = WageItemRow)]
pub struct ItemRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub line_id: LineId,
    pub kind: ItemKind,
    pub label: String,
    pub quantity_thousandths: i64,
    #[serde(rename = "unit_price")]
    pub unit_price_fen: Fen,
    pub rate_percent: i32,
    #[serde(rename = "amount")]
    pub amount_fen: Fen,
    pub source: ItemSource,
    pub inbox_id: Option<InboxId>,
    pub entered_by: String,
    pub recorded_seq: i64,
}

/// What was said of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = item_steps)]
pub struct StepRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub item_id: RecordId,
    pub step: ItemStep,
    pub note: String,
    pub recorded_by: String,
    pub happened_on: Day,
    pub recorded_seq: i64,
    /// The paper of a confirmation; rows from before it was asked for have none, and are sealed without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
}

sealed_in_project! {
    ItemRow: "line_items", project_id;
    StepRow: "item_steps", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &ItemRow) -> Result<(), StoreError> {
    diesel::insert_into(line_items::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Many items at once.
pub fn insert_items(tx: &mut Tx<'_>, rows: &[ItemRow]) -> Result<(), StoreError> {
    insert_all!(tx.conn(), line_items::table, rows)?;
    tx.seal_all(rows)
}

pub fn insert_step(tx: &mut Tx<'_>, row: &StepRow) -> Result<(), StoreError> {
    diesel::insert_into(item_steps::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Every item of a sheet, by line, the earliest first.
pub fn of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<ItemRow>, StoreError> {
    let query = line_items::table
        .filter(line_items::project_id.eq(project).and(line_items::sheet_id.eq(sheet)))
        .order((line_items::line_id, line_items::id));
    Ok(directly!(conn, conn => query.select(ItemRow::as_select()).load(conn))?)
}

/// The items of a sheet that are no work days.
pub fn extras_of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<ItemRow>, StoreError> {
    Ok(line_items::table
        .filter(line_items::project_id.eq(project).and(line_items::sheet_id.eq(sheet)))
        .filter(line_items::kind.ne(ItemKind::DayWage))
        .order((line_items::line_id, line_items::id))
        .select(ItemRow::as_select())
        .load(conn)?)
}

/// The items of one line, the earliest first.
pub fn of_line(conn: &mut AnyConn, project: ProjectId, sheet: SheetId, line: LineId) -> Result<Vec<ItemRow>, StoreError> {
    Ok(line_items::table
        .filter(line_items::project_id.eq(project).and(line_items::sheet_id.eq(sheet)).and(line_items::line_id.eq(line)))
        .order(line_items::id)
        .select(ItemRow::as_select())
        .load(conn)?)
}

/// What was said of the items of a sheet.
pub fn steps_of_sheet(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<StepRow>, StoreError> {
    Ok(item_steps::table
        .filter(item_steps::project_id.eq(project).and(item_steps::sheet_id.eq(sheet)))
        .order(item_steps::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// What was said of these items.
pub fn steps_of(conn: &mut AnyConn, project: ProjectId, items: &[RecordId]) -> Result<Vec<StepRow>, StoreError> {
    Ok(item_steps::table
        .filter(item_steps::project_id.eq(project).and(item_steps::item_id.eq_any(items.to_vec())))
        .order(item_steps::id)
        .select(StepRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<ItemRow>, StoreError> {
    Ok(line_items::table.order(line_items::id).select(ItemRow::as_select()).load(conn)?)
}

pub fn all_steps(conn: &mut AnyConn) -> Result<Vec<StepRow>, StoreError> {
    Ok(item_steps::table.order(item_steps::id).select(StepRow::as_select()).load(conn)?)
}

/// A quantity of piece work that not both have confirmed.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = BigInt)]
    pub item_id: RecordId,
    #[diesel(sql_type = BigInt)]
    pub sheet_id: SheetId,
    #[diesel(sql_type = BigInt)]
    pub line_id: LineId,
    #[diesel(sql_type = Date)]
    pub month: Day,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub label: String,
    #[diesel(sql_type = BigInt)]
    pub quantity_thousandths: i64,
    #[diesel(sql_type = BigInt)]
    pub amount_fen: Fen,
    #[diesel(sql_type = BigInt)]
    pub by_crew: i64,
    #[diesel(sql_type = BigInt)]
    pub by_worker: i64,
}

/// What waits on a sheet, or without one on all sheets of a project.
pub fn waiting(conn: &mut AnyConn, project: ProjectId, sheet: Option<SheetId>) -> Result<Vec<Waiting>, StoreError> {
    let sheet = sheet.map_or(0, |sheet| sheet.0);
    Ok(fixed(
        "SELECT * FROM (SELECT i.id AS item_id, i.sheet_id AS sheet_id, i.line_id AS line_id, s.month AS month, w.name AS name, \
         i.label AS label, i.quantity_thousandths AS quantity_thousandths, i.amount_fen AS amount_fen, \
         (SELECT COUNT(*) FROM item_steps c WHERE c.project_id = i.project_id AND c.sheet_id = i.sheet_id AND c.item_id = i.id \
         AND c.step = 'crew_confirmed') AS by_crew, \
         (SELECT COUNT(*) FROM item_steps c WHERE c.project_id = i.project_id AND c.sheet_id = i.sheet_id AND c.item_id = i.id \
         AND c.step = 'worker_confirmed') AS by_worker, \
         (SELECT COUNT(*) FROM item_steps c WHERE c.project_id = i.project_id AND c.sheet_id = i.sheet_id AND c.item_id = i.id \
         AND c.step = 'withdrawn') AS gone \
         FROM line_items i JOIN pay_sheets s ON s.project_id = i.project_id AND s.id = i.sheet_id \
         JOIN pay_lines l ON l.project_id = i.project_id AND l.id = i.line_id JOIN workers w ON w.id = l.worker_id \
         WHERE i.project_id = $1 AND i.kind = 'piece_work' AND (i.sheet_id = $2 OR $2 = 0)) q \
         WHERE q.gone = 0 AND (q.by_crew = 0 OR q.by_worker = 0) ORDER BY q.month, q.item_id",
    )
    .big(project.0)
    .big(sheet)
    .load(conn)?)
}
