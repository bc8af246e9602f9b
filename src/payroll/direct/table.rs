//! What is asked about money straight to cards: booked entries of a purpose, whose cards there ever were, and when somebody was listed.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::accounts::table::EntryRow;
use crate::accounts::{Direction, EntryStatus, Purpose};
use crate::base::id::{ProjectId, RecordId, WorkerId};
use crate::base::{Day, Month};
use crate::store::bulk::directly;
use crate::store::fixed::fixed;
use crate::store::schema::{bank_entries, enrolment_events, enrolments};
use crate::store::{AnyConn, StoreError};

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = BigInt)]
    id: WorkerId,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Names of everybody who ever was on the project's roll.
pub fn names(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(WorkerId, String)>, StoreError> {
    let rows: Vec<NameRow> = fixed(
        "SELECT DISTINCT w.id AS id, w.name AS name FROM enrolments e JOIN workers w ON w.id = e.worker_id \
         WHERE e.project_id = $1 ORDER BY w.id",
    )
    .big(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Every card, by its index, that ever was an enrolment's of the project.
pub fn cards(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(RecordId, String)>, StoreError> {
    let now: Vec<(RecordId, Option<String>)> = enrolments::table
        .filter(enrolments::project_id.eq(project).and(enrolments::card_index.is_not_null()))
        .select((enrolments::id, enrolments::card_index))
        .load(conn)?;
    let ever: Vec<(RecordId, Option<String>)> = enrolment_events::table
        .filter(enrolment_events::project_id.eq(project).and(enrolment_events::card_index.is_not_null()))
        .select((enrolment_events::enrolment_id, enrolment_events::card_index))
        .load(conn)?;
    let mut all: Vec<(RecordId, String)> =
        now.into_iter().chain(ever).filter_map(|(enrolment, card)| card.map(|card| (enrolment, card))).collect();
    all.sort();
    all.dedup();
    Ok(all)
}

/// Booked money of a purpose from a day to a day, what came back included.
pub fn booked(
    conn: &mut AnyConn,
    project: ProjectId,
    purpose: Purpose,
    (first, last): (Day, Day),
) -> Result<Vec<EntryRow>, StoreError> {
    use bank_entries as b;
    Ok(directly!(conn, conn => b::table
        .filter(
            b::project_id
                .eq(project)
                .and(b::purpose.eq(purpose))
                .and(b::status.eq(EntryStatus::Booked))
                .and(b::voided_by.is_null())
                .and(b::booked_on.between(first, last)),
        )
        .order((b::booked_on, b::id))
        .select(EntryRow::as_select())
        .load(conn))?)
}

#[derive(QueryableByName)]
struct LastMonth {
    #[diesel(sql_type = Nullable<Date>)]
    month: Option<Month>,
}

/// The last month before one of whose sheet an enrolment has a line.
pub fn last_listed(
    conn: &mut AnyConn,
    project: ProjectId,
    enrolment: RecordId,
    before: Month,
) -> Result<Option<Month>, StoreError> {
    let row: LastMonth = fixed(
        "SELECT MAX(s.month) AS month FROM pay_lines l JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         WHERE l.project_id = $1 AND l.enrolment_id = $2 AND s.month < $3",
    )
    .big(project.0)
    .big(enrolment.0)
    .day(before.first())
    .get_result(conn)?;
    Ok(row.month)
}

/// How an entry counts: as money that left, or that came back.
pub fn signed(entry: &EntryRow) -> i64 {
    if entry.direction == Direction::Debit { entry.amount_fen.0 } else { entry.amount_fen.0.saturating_neg() }
}
