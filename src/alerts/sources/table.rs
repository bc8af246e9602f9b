//! Which sources are silent: of one project, or of all that a scope covers. Whose they are is part of the query, so that a limit
//! cuts what may be seen and never hides it behind what may not.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::{Late, Source, day_of};
use crate::base::id::ProjectId;
use crate::base::{Day, Moment, RegionCode};
use crate::projects::table::covered_sql;
use crate::store::fixed::fixed;
use crate::store::{AnyConn, StoreError};
use crate::web::Scope;

/// Whose sources are looked at.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// One project's.
    Project(ProjectId),
    /// Those of every project that it covers.
    Covered(&'a Scope),
}

impl Whose<'_> {
    /// The condition on a project `p`. Only numbers go into the text.
    fn condition(self) -> String {
        match self {
            Whose::Project(id) => format!("p.id = {}", id.0),
            Whose::Covered(scope) => covered_sql(scope),
        }
    }
}

/// Since when each kind of source has to have told something.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A statement reaches beyond this day.
    pub statements: Day,
    /// A device was seen at this moment or later.
    pub devices: Moment,
    /// There is a work day on this day or later.
    pub punches: Day,
    /// The day that is asked about.
    pub today: Day,
}

#[derive(QueryableByName)]
struct LateDay {
    #[diesel(sql_type = BigInt)]
    id: i64,
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
        let Self { id, project_id: project, name: project_name, region, which, last_on } = self;
        Late { id, project, project_name, region, source, which, last_on }
    }
}

#[derive(QueryableByName)]
struct LateMoment {
    #[diesel(sql_type = BigInt)]
    id: i64,
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

/// Wage accounts open since a day or longer of which no statement reaches beyond it.
fn silent_accounts(since: &str) -> String {
    format!(
        "FROM wage_accounts a JOIN projects p ON p.id = a.project_id WHERE a.closed_on IS NULL AND a.opened_on <= {since} \
         AND NOT EXISTS (SELECT 1 FROM bank_statements s WHERE s.project_id = a.project_id AND s.account_id = a.id AND s.to_on > {since} \
         AND NOT EXISTS (SELECT 1 FROM void_steps v WHERE v.project_id = s.project_id AND v.inbox_id = s.inbox_id AND v.step = 'voided'))"
    )
}

/// Active devices at gates that were not seen since a moment.
fn silent_devices(since: &str) -> String {
    format!(
        "FROM devices d JOIN device_states s ON s.device_id = d.id JOIN projects p ON p.id = d.project_id \
         WHERE d.state = 'active' AND s.last_seen_at < {since}"
    )
}

/// Projects with people who entered before a day and have not left, without a work day since, whose work is neither over nor suspended.
fn silent_sites(since: &str, today: &str) -> String {
    let own = format!("f.project_id = p.id AND f.subject_id = 0 AND f.valid_on <= {today}");
    format!(
        "FROM projects p \
         WHERE EXISTS (SELECT 1 FROM enrolments e WHERE e.project_id = p.id AND e.left_on IS NULL AND e.entered_on < {since}) \
         AND NOT EXISTS (SELECT 1 FROM work_days w WHERE w.project_id = p.id AND w.worked_on >= {since}) \
         AND NOT EXISTS (SELECT 1 FROM project_facts f WHERE {own} AND f.kind = 'finished') \
         AND COALESCE((SELECT f.value FROM project_facts f WHERE {own} AND f.kind = 'suspension' \
         ORDER BY f.valid_on DESC, f.id DESC LIMIT 1), '') NOT LIKE '%\"suspended\":true%'"
    )
}

/// Silent accounts after an id, in order of id; of the number the last four digits.
pub fn late_statements(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT a.id, p.id AS project_id, p.name, p.region, substr(a.number, length(a.number) - 3) AS which, \
         (SELECT MAX(s.to_on) FROM bank_statements s WHERE s.project_id = a.project_id AND s.account_id = a.id) AS last_on \
         {} AND {} AND a.id > $2 ORDER BY a.id LIMIT $3",
        silent_accounts("$1"),
        whose.condition()
    );
    let query = diesel::sql_query(sql).bind::<Date, _>(bounds.statements).bind::<BigInt, _>(after).bind::<BigInt, _>(limit);
    let rows: Vec<LateDay> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Statements)).collect())
}

/// Silent devices after an id, in order of id.
pub fn late_devices(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT d.id, p.id AS project_id, p.name, p.region, d.serial || ' ' || d.gate AS which, s.last_seen_at \
         {} AND {} AND d.id > $2 ORDER BY d.id LIMIT $3",
        silent_devices("$1"),
        whose.condition()
    );
    let query = diesel::sql_query(sql).bind::<BigInt, _>(bounds.devices).bind::<BigInt, _>(after).bind::<BigInt, _>(limit);
    let rows: Vec<LateMoment> = query.load(conn)?;
    let late = |row: LateMoment| Late {
        id: row.id,
        project: row.project_id,
        project_name: row.name,
        region: row.region,
        source: Source::Device,
        which: row.which,
        last_on: day_of(row.last_seen_at),
    };
    Ok(rows.into_iter().map(late).collect())
}

/// Silent sites after an id, in order of id.
pub fn late_punches(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT p.id, p.id AS project_id, p.name, p.region, '' AS which, \
         (SELECT MAX(w.worked_on) FROM work_days w WHERE w.project_id = p.id) AS last_on \
         {} AND {} AND p.id > $3 ORDER BY p.id LIMIT $4",
        silent_sites("$1", "$2"),
        whose.condition()
    );
    let query = diesel::sql_query(sql)
        .bind::<Date, _>(bounds.punches)
        .bind::<Date, _>(bounds.today)
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit);
    let rows: Vec<LateDay> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Punches)).collect())
}

#[derive(QueryableByName)]
struct ProjectOnly {
    #[diesel(sql_type = BigInt)]
    project_id: ProjectId,
}

/// Projects after an id in which something is silent or a notice of silence stands, in order of id.
pub fn projects_to_watch(conn: &mut AnyConn, bounds: &Bounds, after: i64, limit: i64) -> Result<Vec<ProjectId>, StoreError> {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT t.project_id FROM (SELECT p.id AS project_id {} UNION SELECT p.id AS project_id {} \
             UNION SELECT p.id AS project_id {} \
             UNION SELECT n.project_id FROM notices n WHERE n.kind = 'silence' AND n.state <> 'cured') t \
             WHERE t.project_id > $5 ORDER BY t.project_id LIMIT $6",
            silent_accounts("$1"),
            silent_devices("$2"),
            silent_sites("$3", "$4")
        )
    });
    let rows: Vec<ProjectOnly> = fixed(TEXT.as_str())
        .day(bounds.statements)
        .big(bounds.devices.0)
        .day(bounds.punches)
        .day(bounds.today)
        .big(after)
        .big(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(|row| row.project_id).collect())
}
