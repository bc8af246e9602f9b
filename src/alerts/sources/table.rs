//! Which sources are silent, asked of all projects at once.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::{Late, Source, day_of};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment, RegionCode};
use crate::store::{AnyConn, StoreError};

#[derive(QueryableByName)]
struct LateDay {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Integer)]
    region: RegionCode,
    #[diesel(sql_type = Text)]
    which: String,
    #[diesel(sql_type = Nullable<Date>)]
    last_on: Option<Day>,
}

impl LateDay {
    fn into_late(self, source: Source) -> Late {
        let Self { project_id: project, name: project_name, region, which, last_on } = self;
        Late { project, project_name, region, source, which, last_on }
    }
}

#[derive(QueryableByName)]
struct LateMoment {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Integer)]
    region: RegionCode,
    #[diesel(sql_type = Text)]
    which: String,
    #[diesel(sql_type = BigInt)]
    last_seen_at: Moment,
}

/// Wage accounts open since `since` or longer of which no statement reaches beyond that day; of the number the last four digits.
pub fn late_statements(conn: &mut AnyConn, since: Day, limit: i64) -> Result<Vec<Late>, StoreError> {
    let sql = "SELECT p.id AS project_id, p.name, p.region, substr(a.number, length(a.number) - 3) AS which, \
         (SELECT MAX(s.to_on) FROM bank_statements s WHERE s.project_id = a.project_id AND s.account_id = a.id) AS last_on \
         FROM wage_accounts a JOIN projects p ON p.id = a.project_id \
         WHERE a.closed_on IS NULL AND a.opened_on <= $1 AND NOT EXISTS \
         (SELECT 1 FROM bank_statements s WHERE s.project_id = a.project_id AND s.account_id = a.id AND s.to_on > $1) \
         ORDER BY p.id, a.id LIMIT $2";
    let rows: Vec<LateDay> = diesel::sql_query(sql).bind::<Date, _>(since).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Statements)).collect())
}

/// Active devices at gates that were not seen since.
pub fn late_devices(conn: &mut AnyConn, since: Moment, limit: i64) -> Result<Vec<Late>, StoreError> {
    let sql = "SELECT p.id AS project_id, p.name, p.region, d.serial || ' ' || d.gate AS which, s.last_seen_at \
         FROM devices d JOIN device_states s ON s.device_id = d.id JOIN projects p ON p.id = d.project_id \
         WHERE d.state = 'active' AND s.last_seen_at < $1 ORDER BY p.id, d.id LIMIT $2";
    let rows: Vec<LateMoment> = diesel::sql_query(sql).bind::<BigInt, _>(since).bind::<BigInt, _>(limit).load(conn)?;
    let late = |row: LateMoment| Late {
        project: row.project_id,
        project_name: row.name,
        region: row.region,
        source: Source::Device,
        which: row.which,
        last_on: day_of(row.last_seen_at),
    };
    Ok(rows.into_iter().map(late).collect())
}

/// Projects with people who entered before `since` and have not left, and without a work day since.
pub fn late_punches(conn: &mut AnyConn, since: Day, limit: i64) -> Result<Vec<Late>, StoreError> {
    let sql = "SELECT p.id AS project_id, p.name, p.region, '' AS which, \
         (SELECT MAX(w.worked_on) FROM work_days w WHERE w.project_id = p.id) AS last_on FROM projects p \
         WHERE EXISTS (SELECT 1 FROM enrolments e WHERE e.project_id = p.id AND e.left_on IS NULL AND e.entered_on < $1) \
         AND NOT EXISTS (SELECT 1 FROM work_days w WHERE w.project_id = p.id AND w.worked_on >= $1) \
         ORDER BY p.id LIMIT $2";
    let rows: Vec<LateDay> = diesel::sql_query(sql).bind::<Date, _>(since).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Punches)).collect())
}
