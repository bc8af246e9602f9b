//! Sums over bank entries.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Text};

use crate::accounts::table::AccountRow;
use crate::accounts::{Direction, Purpose};
use crate::base::id::{ProjectId, StatementId};
use crate::base::{Day, Fen};
use crate::store::fixed::fixed;
use crate::store::schema::bank_entries;
use crate::store::{AnyConn, StoreError};

/// What the entries are for that a statement was the first to tell, with their number.
pub fn purposes_of(conn: &mut AnyConn, project: ProjectId, statement: StatementId) -> Result<Vec<(Purpose, i64)>, StoreError> {
    use bank_entries as b;
    Ok(b::table
        .filter(b::project_id.eq(project).and(b::statement_id.eq(statement)))
        .group_by(b::purpose)
        .select((b::purpose, diesel::dsl::count_star()))
        .order(b::purpose)
        .load(conn)?)
}

/// Booked entries of a project, added up by what they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeTotal {
    /// What for.
    pub purpose: Purpose,
    /// Which way.
    pub direction: Direction,
    /// How many.
    pub count: i64,
    /// How much, never negative.
    pub total: Fen,
    /// The latest booking day.
    pub last_on: Option<Day>,
}

#[derive(QueryableByName)]
struct TotalRow {
    #[diesel(sql_type = Text)]
    purpose: String,
    #[diesel(sql_type = Text)]
    direction: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<Date>)]
    last_on: Option<Day>,
}

/// Totals of booked entries up to a day, by what was recorded up to `until_seq`.
pub fn totals(
    conn: &mut AnyConn,
    project: ProjectId,
    as_of: Day,
    until_seq: Option<i64>,
) -> Result<Vec<PurposeTotal>, StoreError> {
    let rows: Vec<TotalRow> = fixed(
        "SELECT purpose, direction, CAST(COUNT(*) AS BIGINT) AS count, CAST(SUM(amount_fen) AS BIGINT) AS total, \
         MAX(booked_on) AS last_on FROM bank_entries WHERE project_id = $1 AND status = 'booked' AND booked_on <= $2 \
         AND recorded_seq <= $3 GROUP BY purpose, direction ORDER BY purpose, direction",
    )
    .big(project.0)
    .day(as_of)
    .big(until_seq.unwrap_or(i64::MAX))
    .load(conn)?;
    let damaged = |word: &str| StoreError::Damaged(format!("`{word}` stands in bank_entries"));
    rows.into_iter()
        .map(|row| {
            Ok(PurposeTotal {
                purpose: row.purpose.parse().map_err(|_| damaged(&row.purpose))?,
                direction: row.direction.parse().map_err(|_| damaged(&row.direction))?,
                count: row.count,
                total: Fen(row.total),
                last_on: row.last_on,
            })
        })
        .collect()
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Booked entries of an account in a span of days, added up as they move the balance.
pub fn moved(conn: &mut AnyConn, account: &AccountRow, after: Option<Day>, until: Day) -> Result<Fen, StoreError> {
    let first = after.map_or(Day(chrono::NaiveDate::MIN), |day| day.plus_days(1));
    // SQLite compares days as text, where years below 0 sort last: the span begins with the year 1.
    let first = first.max(Day::of(1, 1, 1).unwrap_or(first));
    let row: SumRow = fixed(
        "SELECT CAST(COALESCE(SUM(CASE WHEN direction = 'credit' THEN amount_fen ELSE -amount_fen END), 0) AS BIGINT) AS total \
         FROM bank_entries WHERE project_id = $1 AND account_id = $2 AND status = 'booked' AND booked_on BETWEEN $3 AND $4",
    )
    .big(account.project_id.0)
    .big(account.id.0)
    .day(first)
    .day(until)
    .get_result(conn)?;
    Ok(Fen(row.total))
}

/// Booked entries of an account on days before one, added up, those apart that a statement was the first to tell.
pub fn moved_before(conn: &mut AnyConn, account: &AccountRow, day: Day, statement: StatementId) -> Result<Fen, StoreError> {
    let row: SumRow = fixed(
        "SELECT CAST(COALESCE(SUM(CASE WHEN direction = 'credit' THEN amount_fen ELSE -amount_fen END), 0) AS BIGINT) AS total \
         FROM bank_entries WHERE project_id = $1 AND account_id = $2 AND status = 'booked' AND booked_on < $3 AND statement_id <> $4",
    )
    .big(account.project_id.0)
    .big(account.id.0)
    .day(day)
    .big(statement.0)
    .get_result(conn)?;
    Ok(Fen(row.total))
}

/// What moved on a project's accounts on one day, by direction and purpose.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Flow {
    #[diesel(sql_type = Date)]
    pub booked_on: Day,
    #[diesel(sql_type = Text)]
    pub direction: Direction,
    #[diesel(sql_type = Text)]
    pub purpose: Purpose,
    #[diesel(sql_type = BigInt)]
    pub amount_fen: Fen,
}

/// Booked money of a project since a day.
pub fn flows(conn: &mut AnyConn, project: ProjectId, since: Day) -> Result<Vec<Flow>, StoreError> {
    Ok(diesel::sql_query(
        "SELECT booked_on, direction, purpose, CAST(SUM(amount_fen) AS BIGINT) AS amount_fen FROM bank_entries \
         WHERE project_id = $1 AND booked_on >= $2 AND status = 'booked' GROUP BY booked_on, direction, purpose \
         ORDER BY booked_on, direction, purpose",
    )
    .bind::<BigInt, _>(project.0)
    .bind::<Date, _>(since)
    .load(conn)?)
}
