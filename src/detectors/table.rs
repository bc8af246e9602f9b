//! What the detectors ask of the tables, and rows of what banks tell of wages after they reached the cards.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use crate::base::id::{DeviceId, InboxId, ProjectId, RecordId, SheetId, WorkerId};
use crate::base::{Moment, Month, words};
use crate::payroll::Means;
use crate::store::fixed::fixed;
use crate::store::schema::card_movements;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};

words! {
    /// What became of a wage.
    pub enum Moved, "movement of a wage" {
        /// Sent on to somebody.
        SentOn = "sent_on",
        /// Drawn at a machine.
        Drawn = "drawn",
    }
}
crate::store::types::word_column!(Moved);
crate::web::openapi::word_schema!(Moved);

/// A movement on a worker's card. The payee or the machine is kept as a keyed index: whether two are one can be told, who it is cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = card_movements)]
pub struct MovementRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub enrolment_id: RecordId,
    pub worker_id: WorkerId,
    pub kind: Moved,
    pub other_index: String,
    pub is_most: bool,
    pub happened_at: Moment,
    pub recorded_by: String,
    pub recorded_seq: i64,
}

sealed_in_project! {
    MovementRow: "card_movements", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &MovementRow) -> Result<(), StoreError> {
    diesel::insert_into(card_movements::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Whether the same movement is on record.
pub fn stands(conn: &mut AnyConn, row: &MovementRow) -> Result<bool, StoreError> {
    use card_movements as m;
    let known = m::table
        .filter(
            m::project_id
                .eq(row.project_id)
                .and(m::happened_at.eq(row.happened_at))
                .and(m::enrolment_id.eq(row.enrolment_id))
                .and(m::kind.eq(row.kind))
                .and(m::other_index.eq(&row.other_index)),
        )
        .select(m::id)
        .first::<RecordId>(conn)
        .optional()?;
    Ok(known.is_some())
}

/// Movements of a project between two moments, the second left out.
pub fn movements(conn: &mut AnyConn, project: ProjectId, from: Moment, until: Moment) -> Result<Vec<MovementRow>, StoreError> {
    use card_movements as m;
    Ok(m::table
        .filter(m::project_id.eq(project).and(m::happened_at.ge(from)).and(m::happened_at.lt(until)))
        .order((m::happened_at, m::id))
        .select(MovementRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<MovementRow>, StoreError> {
    use card_movements as m;
    Ok(m::table.order((m::project_id, m::id)).select(MovementRow::as_select()).load(conn)?)
}

/// How a line of the month was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Confirmation {
    #[diesel(sql_type = BigInt)]
    pub worker_id: WorkerId,
    #[diesel(sql_type = BigInt)]
    pub sheet_id: SheetId,
    #[diesel(sql_type = Text)]
    pub means: Means,
    #[diesel(sql_type = Nullable<Text>)]
    pub device: Option<String>,
    /// When it was recorded.
    #[diesel(sql_type = BigInt)]
    pub recorded_at: Moment,
}

/// How the lines of a month's sheets were confirmed, in the order of recording.
pub fn confirmations(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<Confirmation>, StoreError> {
    Ok(fixed(
        "SELECT l.worker_id AS worker_id, l.sheet_id AS sheet_id, g.means AS means, g.device AS device, e.recorded_at AS recorded_at \
         FROM pay_sheets s JOIN pay_lines l ON l.project_id = s.project_id AND l.sheet_id = s.id \
         JOIN signatures g ON g.project_id = l.project_id AND g.line_id = l.id \
         JOIN line_events e ON e.project_id = l.project_id AND e.line_id = l.id AND e.state = 'signed' \
         WHERE s.project_id = $1 AND s.month = $2 ORDER BY e.recorded_at, l.id",
    )
    .big(project.0)
    .day(month.first())
    .load(conn)?)
}

#[derive(QueryableByName)]
struct EnrolledAt {
    #[diesel(sql_type = BigInt)]
    enrolment_id: RecordId,
    #[diesel(sql_type = BigInt)]
    recorded_at: Moment,
}

/// When each enrolment of a project was recorded first.
pub fn enrolled_at(conn: &mut AnyConn, project: ProjectId) -> Result<Vec<(RecordId, Moment)>, StoreError> {
    let rows: Vec<EnrolledAt> = fixed(
        "SELECT enrolment_id, MIN(recorded_at) AS recorded_at FROM enrolment_events WHERE project_id = $1 GROUP BY enrolment_id",
    )
    .big(project.0)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.enrolment_id, row.recorded_at)).collect())
}

/// A message that brought passages, with the latest of them.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct MessageRow {
    #[diesel(sql_type = BigInt)]
    pub device_id: DeviceId,
    #[diesel(sql_type = BigInt)]
    pub inbox_id: InboxId,
    #[diesel(sql_type = BigInt)]
    pub received_at: Moment,
    /// Seconds since 1970 on the machine's own wall.
    #[diesel(sql_type = BigInt)]
    pub latest: i64,
}

/// The messages that brought a project's passages of some days, each machine's by itself.
pub fn messages(conn: &mut AnyConn, project: ProjectId, (first, last): (i32, i32)) -> Result<Vec<MessageRow>, StoreError> {
    Ok(fixed(
        "SELECT p.device_id AS device_id, p.inbox_id AS inbox_id, i.received_at AS received_at, p.latest AS latest FROM \
         (SELECT device_id, inbox_id, MAX(CAST(local_day AS BIGINT) * 86400 + local_time) AS latest FROM punches \
         WHERE project_id = $1 AND local_day >= $2 AND local_day <= $3 GROUP BY device_id, inbox_id) p \
         JOIN inbox i ON i.id = p.inbox_id ORDER BY p.device_id, i.received_at, i.id",
    )
    .big(project.0)
    .int(first)
    .int(last)
    .load(conn)?)
}
