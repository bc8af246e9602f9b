//! What the match asks of the slices' tables beside their own questions, and rows of what people found of differences.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text};
use serde::Serialize;

use super::{Difference, Found};
use crate::base::id::{DocumentId, ProjectId, RecordId};
use crate::base::{Day, Moment, Month};
use crate::store::bulk::directly;
use crate::store::fixed::fixed;
use crate::store::schema::match_decisions;
use crate::store::tx::sealed_in_project;
use crate::store::{AnyConn, StoreError, Tx};
use crate::workers::day_number;

/// What a person found of a difference. `basis` are the numbers that they saw; about other numbers it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = match_decisions)]
#[schema(as = MatchDecision)]
pub struct DecisionRow {
    pub project_id: ProjectId,
    pub id: RecordId,
    pub month: Month,
    /// Worker or entry of the bank.
    pub subject: String,
    pub kind: Difference,
    pub basis: String,
    #[serde(rename = "found")]
    pub verdict: Found,
    pub note: String,
    pub document_id: Option<DocumentId>,
    pub decided_by: String,
    pub decided_at: Moment,
    pub recorded_seq: i64,
    /// The explanation that this second person confirms; none where it is one person's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirms: Option<RecordId>,
}

sealed_in_project! {
    DecisionRow: "match_decisions", project_id;
}

pub fn insert(tx: &mut Tx<'_>, row: &DecisionRow) -> Result<(), StoreError> {
    diesel::insert_into(match_decisions::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// What was found of a month's differences, in the order of finding.
pub fn decisions(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<DecisionRow>, StoreError> {
    use match_decisions as d;
    Ok(directly!(conn, conn => d::table
        .filter(d::project_id.eq(project).and(d::month.eq(month)))
        .order(d::id)
        .select(DecisionRow::as_select())
        .load(conn))?)
}

#[derive(QueryableByName)]
struct MonthOf {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Date)]
    month: Day,
}

/// The months of these projects of which the bank may have said by a day that somebody else than the worker got a wage: the name is not
/// the worker's to the letter, or the account was never a card of theirs there.
pub fn months_with_others(conn: &mut AnyConn, projects: &[ProjectId], as_of: Day) -> Result<Vec<(ProjectId, Month)>, StoreError> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<MonthOf> = fixed(
        "SELECT DISTINCT p.project_id AS project_id, s.month AS month FROM entry_payees p \
         JOIN bank_entries b ON b.project_id = p.project_id AND b.id = p.entry_id AND b.voided_by IS NULL AND b.booked_on <= $1 \
         JOIN pay_lines l ON l.project_id = p.project_id AND l.id = p.line_id \
         JOIN pay_sheets s ON s.project_id = l.project_id AND s.id = l.sheet_id \
         JOIN workers w ON w.id = l.worker_id \
         WHERE p.project_id IN ($2) AND (p.counterparty <> w.name OR (p.counterparty_index IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM enrolments e WHERE e.card_index = p.counterparty_index AND e.project_id = p.project_id \
         AND e.worker_id = l.worker_id) \
         AND NOT EXISTS (SELECT 1 FROM enrolment_events v JOIN enrolments e ON e.project_id = v.project_id AND e.id = v.enrolment_id \
         WHERE v.project_id = p.project_id AND e.worker_id = l.worker_id AND v.card_index = p.counterparty_index))) ORDER BY 1, 2",
    )
    .day(as_of)
    .bigs(projects.iter().map(|project| project.0))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.month.month())).collect())
}

#[derive(QueryableByName)]
struct MonthRow {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Text)]
    month: String,
}

/// Months before one that have a sheet, and in which somebody has more work days than their lines list, or a line of days that gives
/// nothing, or terms that were recorded after their line and hold from then or before, or days that somebody stated at less than any agreed
/// wage of theirs, or more deducted of a line than this share in ten-thousandths. One question for all the projects, answered by the sums
/// that folding keeps (`attendance::folding::sums`).
pub fn months_with_more(
    conn: &mut AnyConn,
    projects: &[ProjectId],
    before: Month,
    least_share: i64,
) -> Result<Vec<(ProjectId, Month)>, StoreError> {
    if projects.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<MonthRow> = fixed(
        "SELECT q.project_id AS project_id, q.month AS month FROM (SELECT w.project_id AS project_id, w.month AS month FROM (\
         SELECT project_id, worker_id, month, hundredths AS days FROM attended_months \
         WHERE project_id IN ($1) AND month < SUBSTR(CAST($2 AS TEXT), 1, 7)) w \
         LEFT JOIN (SELECT p.project_id AS project_id, SUBSTR(CAST(p.month AS TEXT), 1, 7) AS month, l.worker_id AS worker_id, \
         CAST(SUM(l.days_hundredths) AS BIGINT) AS days FROM pay_sheets p \
         JOIN pay_lines l ON l.project_id = p.project_id AND l.sheet_id = p.id WHERE p.project_id IN ($1) AND p.month < $2 \
         GROUP BY p.project_id, SUBSTR(CAST(p.month AS TEXT), 1, 7), l.worker_id) g \
         ON g.project_id = w.project_id AND g.month = w.month AND g.worker_id = w.worker_id \
         WHERE w.days > COALESCE(g.days, 0) AND EXISTS (SELECT 1 FROM pay_sheets s \
         WHERE s.project_id = w.project_id AND SUBSTR(CAST(s.month AS TEXT), 1, 7) = w.month AND s.month < $2) \
         UNION SELECT p.project_id, SUBSTR(CAST(p.month AS TEXT), 1, 7) FROM pay_sheets p \
         JOIN pay_lines l ON l.project_id = p.project_id AND l.sheet_id = p.id \
         WHERE p.project_id IN ($1) AND p.month < $2 AND l.net_fen = 0 AND l.days_hundredths > 0 \
         UNION SELECT l.project_id, SUBSTR(CAST(p.month AS TEXT), 1, 7) FROM enrolment_events v \
         JOIN pay_lines l ON l.project_id = v.project_id AND l.enrolment_id = v.enrolment_id AND l.id < v.id \
         JOIN pay_sheets p ON p.project_id = l.project_id AND p.id = l.sheet_id \
         WHERE v.project_id IN ($1) AND v.kind <> 'left' AND v.day_rate_fen > 0 AND p.month < $2 \
         AND SUBSTR(CAST(v.valid_on AS TEXT), 1, 7) <= SUBSTR(CAST(p.month AS TEXT), 1, 7) \
         UNION SELECT p.project_id, SUBSTR(CAST(p.month AS TEXT), 1, 7) FROM pay_sheets p \
         JOIN pay_lines l ON l.project_id = p.project_id AND l.sheet_id = p.id \
         WHERE p.project_id IN ($1) AND p.month < $2 AND l.deductions_fen * 10000 > l.gross_fen * $3 \
         UNION SELECT i.project_id, SUBSTR(CAST(p.month AS TEXT), 1, 7) FROM line_items i \
         JOIN pay_sheets p ON p.project_id = i.project_id AND p.id = i.sheet_id \
         JOIN pay_lines l ON l.project_id = i.project_id AND l.id = i.line_id \
         JOIN enrolment_events v ON v.project_id = l.project_id AND v.enrolment_id = l.enrolment_id \
         WHERE i.project_id IN ($1) AND i.kind = 'day_wage' AND i.source IN ('imported', 'by_hand') AND p.month < $2 \
         AND v.kind <> 'left' AND i.amount_fen * 1000 < i.quantity_thousandths * v.day_rate_fen) q ORDER BY 1, 2",
    )
    .bigs(projects.iter().map(|project| project.0))
    .day(before.first())
    .big(least_share)
    .load(conn)?;
    let month = |text: &str| text.parse::<Month>().map_err(|error| StoreError::Damaged(error.to_string()));
    rows.into_iter().map(|row| Ok((row.project_id, month(&row.month)?))).collect()
}

/// Every row, for `verify`.
pub fn all(conn: &mut AnyConn) -> Result<Vec<DecisionRow>, StoreError> {
    use match_decisions as d;
    Ok(d::table.order((d::project_id, d::id)).select(DecisionRow::as_select()).load(conn)?)
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = Date)]
    worked_on: Day,
}

/// The days of a month on which the gates recorded anybody.
pub fn site_days(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<Vec<Day>, StoreError> {
    let rows: Vec<DayRow> = fixed(
        "SELECT DISTINCT worked_on FROM work_days WHERE project_id = $1 AND worked_on >= $2 AND worked_on <= $3 ORDER BY worked_on",
    )
    .big(project.0)
    .day(month.first())
    .day(month.last())
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.worked_on).collect())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Whether punches of a month wait to be folded.
pub fn days_wait(conn: &mut AnyConn, project: ProjectId, month: Month) -> Result<bool, StoreError> {
    let count: Count =
        fixed("SELECT COUNT(*) AS n FROM dirty_days WHERE project_id = $1 AND local_day >= $2 AND local_day <= $3")
            .big(project.0)
            .int(day_number(month.first()))
            .int(day_number(month.last()))
            .get_result(conn)?;
    Ok(count.n > 0)
}
