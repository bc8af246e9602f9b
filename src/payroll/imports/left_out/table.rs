//! Rows that were refused by whose they are, what was confirmed, and the lines that stand by attendance beside a file.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use serde::Serialize;

use crate::base::id::{InboxId, LineId, ProjectId, RecordId, SheetId};
use crate::base::{Fen, Moment};
use crate::store::fixed::fixed;
use crate::store::schema::{left_out_confirmations, sheet_refusals};
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

/// A refused row of a file whose worker is known; `file_row` counts from 1, `zh` and `en` say why it was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = sheet_refusals)]
pub struct RefusalRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub inbox_id: InboxId,
    pub enrolment_id: RecordId,
    pub file_row: i32,
    pub place: String,
    pub reason: String,
    pub zh: String,
    pub en: String,
    pub recorded_seq: i64,
}

/// The word that somebody stands on a sheet by attendance, with the amount that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = left_out_confirmations)]
pub struct ConfirmationRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub sheet_id: SheetId,
    pub line_id: LineId,
    #[serde(rename = "net")]
    pub net_fen: Fen,
    pub note: String,
    pub confirmed_by: String,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
}

sealed_in_project! {
    RefusalRow: "sheet_refusals", project_id;
    ConfirmationRow: "left_out_confirmations", project_id;
}

pub fn insert_refusal(tx: &mut Tx<'_>, row: &RefusalRow) -> Result<(), StoreError> {
    diesel::insert_into(sheet_refusals::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn insert_confirmation(tx: &mut Tx<'_>, row: &ConfirmationRow) -> Result<(), StoreError> {
    diesel::insert_into(left_out_confirmations::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The refused rows of a sheet's files, in order.
pub fn refusals_of(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<RefusalRow>, StoreError> {
    use sheet_refusals as r;
    Ok(r::table
        .filter(r::project_id.eq(project).and(r::sheet_id.eq(sheet)))
        .order(r::id)
        .select(RefusalRow::as_select())
        .load(conn)?)
}

/// What was confirmed of a sheet, in order.
pub fn confirmations_of(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<ConfirmationRow>, StoreError> {
    use left_out_confirmations as c;
    Ok(c::table
        .filter(c::project_id.eq(project).and(c::sheet_id.eq(sheet)))
        .order(c::id)
        .select(ConfirmationRow::as_select())
        .load(conn)?)
}

/// A line with work days of the attendance and nothing of a file.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Beside {
    #[diesel(sql_type = BigInt)]
    pub line_id: LineId,
    #[diesel(sql_type = BigInt)]
    pub enrolment_id: RecordId,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Integer)]
    pub days_hundredths: i32,
    #[diesel(sql_type = BigInt)]
    pub net_fen: Fen,
}

/// The lines of a draft into which a file was taken that stand by attendance alone; none of a sheet without a file.
pub fn beside(conn: &mut AnyConn, project: ProjectId, sheet: SheetId) -> Result<Vec<Beside>, StoreError> {
    Ok(fixed(
        "SELECT l.id AS line_id, l.enrolment_id AS enrolment_id, w.name AS name, l.days_hundredths AS days_hundredths, \
         l.net_fen AS net_fen FROM pay_lines l JOIN workers w ON w.id = l.worker_id \
         WHERE l.project_id = $1 AND l.sheet_id = $2 AND l.state IN ('draft', 'signed') \
         AND EXISTS (SELECT 1 FROM sheet_imports f WHERE f.project_id = l.project_id AND f.sheet_id = l.sheet_id) \
         AND EXISTS (SELECT 1 FROM line_items i WHERE i.project_id = l.project_id AND i.sheet_id = l.sheet_id \
         AND i.line_id = l.id AND i.source IN ('work_days', 'earlier_parts') AND NOT EXISTS (SELECT 1 FROM item_steps s \
         WHERE s.project_id = i.project_id AND s.sheet_id = i.sheet_id AND s.item_id = i.id AND s.step = 'withdrawn')) \
         AND NOT EXISTS (SELECT 1 FROM line_items i WHERE i.project_id = l.project_id AND i.sheet_id = l.sheet_id \
         AND i.line_id = l.id AND i.source = 'imported' AND NOT EXISTS (SELECT 1 FROM item_steps s \
         WHERE s.project_id = i.project_id AND s.sheet_id = i.sheet_id AND s.item_id = i.id AND s.step = 'withdrawn')) \
         ORDER BY l.id",
    )
    .big(project.0)
    .big(sheet.0)
    .load(conn)?)
}

/// Every row, for `verify`.
pub fn all_refusals(conn: &mut AnyConn) -> Result<Vec<RefusalRow>, StoreError> {
    Ok(sheet_refusals::table.order(sheet_refusals::id).select(RefusalRow::as_select()).load(conn)?)
}

pub fn all_confirmations(conn: &mut AnyConn) -> Result<Vec<ConfirmationRow>, StoreError> {
    use left_out_confirmations as c;
    Ok(c::table.order(c::id).select(ConfirmationRow::as_select()).load(conn)?)
}
