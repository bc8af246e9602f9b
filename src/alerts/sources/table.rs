//! Which sources are silent: of one project, or of all that a scope covers. Whose they are is part of the query, so that a limit
//! cuts what may be seen and never hides it behind what may not.

use std::sync::LazyLock;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

use super::{Late, Source, day_of};
use crate::accounts::{self, continuity, reconciling, refuted};
use crate::attendance::devices::settings::HEARTBEATS_MINUTES;
use crate::attendance::silence::GATEWAY_MINUTES;
use crate::base::id::{AccountId, ProjectId};
use crate::base::{Day, Moment, RegionCode};
use crate::projects::table::covered_sql;
use crate::store::fixed::fixed;
use crate::store::{AnyConn, StoreError};
use crate::web::{Problem, Scope};

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
#[derive(Debug, Clone)]
pub struct Bounds {
    /// A statement reaches beyond this day.
    pub statements: Day,
    /// A device was seen at this moment or later: by the minutes of its heartbeat, and the house's own.
    pub devices: (Vec<(i32, Moment)>, Moment),
    /// There is a work day on this day or later.
    pub punches: Day,
    /// The day that is asked about.
    pub today: Day,
    /// Items put aside of one source, at most.
    pub put_aside_max: i64,
    /// A platform takes nothing since before this moment.
    pub platforms: Moment,
    /// A bank that was given a file at this moment or earlier may be asked about it.
    pub given: Moment,
    /// One that was asked after this moment is not asked again yet.
    pub asked: Moment,
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

impl LateMoment {
    fn into_late(self, source: Source) -> Late {
        let Self { id, project_id: project, name: project_name, region, which, last_seen_at } = self;
        Late { id, project, project_name, region, source, which, last_on: day_of(last_seen_at) }
    }
}

/// Wage accounts open since a day or longer of which the bank has told nothing of a later day, whichever way it feeds the account: by
/// statements, by notices of single entries, or by words on its balance where nothing moves.
fn silent_accounts(since: &str) -> String {
    format!(
        "FROM wage_accounts a JOIN projects p ON p.id = a.project_id WHERE a.closed_on IS NULL AND a.opened_on <= {since} \
         AND NOT EXISTS (SELECT 1 FROM bank_statements s WHERE s.project_id = a.project_id AND s.account_id = a.id AND s.to_on > {since} \
         AND NOT EXISTS (SELECT 1 FROM void_steps v WHERE v.project_id = s.project_id AND v.inbox_id = s.inbox_id AND v.step = 'voided')) \
         AND NOT EXISTS (SELECT 1 FROM bank_words b WHERE b.project_id = a.project_id AND b.account_id = a.id AND b.about_on > {since})"
    )
}

/// The moment since which a device has to have been seen, by its heartbeat: one for each of the known heartbeats, in their order, and
/// the house's own.
fn seen_since(by_minutes: &[String], own: &str) -> String {
    let cases: Vec<String> =
        HEARTBEATS_MINUTES.iter().zip(by_minutes).map(|(minutes, at)| format!("WHEN {minutes} THEN {at}")).collect();
    format!(
        "CASE COALESCE(d.heartbeat_minutes, CASE d.maker WHEN 'gateway' THEN {GATEWAY_MINUTES} END) {} ELSE {own} END",
        cases.join(" ")
    )
}

/// Active devices at gates that were not seen since the moment that goes by their heartbeat.
fn silent_devices(by_minutes: &[String], own: &str) -> String {
    format!(
        "FROM devices d JOIN device_states s ON s.device_id = d.id JOIN projects p ON p.id = d.project_id \
         WHERE d.state = 'active' AND s.last_seen_at < {}",
        seen_since(by_minutes, own)
    )
}

/// The condition that a project `p` has machines at its gates and all of them are silent: nobody can be seen there, and who is not seen
/// is not known to be away. Only numbers go into the text.
fn gates_are_dark(bounds: &Bounds) -> String {
    let (by_minutes, own) = &bounds.devices;
    let by_minutes: Vec<String> = by_minutes.iter().map(|(_, at)| at.0.to_string()).collect();
    let active = "FROM devices d JOIN device_states s ON s.device_id = d.id WHERE d.project_id = p.id AND d.state = 'active'";
    format!(
        "(EXISTS (SELECT 1 {active}) AND NOT EXISTS (SELECT 1 {active} AND s.last_seen_at >= {}))",
        seen_since(&by_minutes, &own.0.to_string())
    )
}

/// Sources of which more items wait in quarantine than a number; of a device its serial, of others the feed.
fn full_sources(max: &str) -> String {
    let which = "CASE WHEN i.feed IN ('zk', 'hik', 'dahua', 'punch') THEN i.source ELSE i.feed END";
    format!(
        "(SELECT MIN(q.id) AS id, i.project_id AS project_id, {which} AS which FROM quarantine q JOIN inbox i ON i.id = q.inbox_id \
         WHERE q.state = 'open' AND i.project_id IS NOT NULL GROUP BY i.project_id, {which} HAVING COUNT(*) > {max})"
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

/// Open accounts after an id of which what the bank tells does not fit together, in order of id; with the day of the first that does not.
pub fn odd_accounts(
    conn: &mut AnyConn,
    (whose, source, today): (Whose<'_>, Source, Day),
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, Problem> {
    let sql = format!(
        "SELECT a.id, p.id AS project_id, p.name, p.region, substr(a.number, length(a.number) - 3) AS which, \
         CAST(NULL AS DATE) AS last_on FROM wage_accounts a JOIN projects p ON p.id = a.project_id \
         WHERE a.closed_on IS NULL AND {} AND a.id > $1 ORDER BY a.id LIMIT $2",
        whose.condition()
    );
    let rows: Vec<LateDay> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    let mut odd = Vec::new();
    for row in rows {
        let Some(account) = accounts::table::find(conn, row.project_id, AccountId(row.id))? else { continue };
        let found = match source {
            Source::Refuted => refuted::of_account(conn, &account, today)?.iter().map(|one| Some(one.booked_on)).min(),
            Source::Balance => reconciling::unexplained_on(conn, &account, today)?.map(Some),
            Source::Proof => accounts::words::unlike_proof(conn, &account)?.map(Some),
            _ => continuity::faults(conn, &account)?.into_iter().next().map(|fault| fault.on),
        };
        odd.extend(found.map(|last_on| LateDay { last_on, ..row }.into_late(source)));
    }
    Ok(odd)
}

/// Silent devices after an id, in order of id.
pub fn late_devices(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    // Only numbers go into the text.
    let (by_minutes, own) = &bounds.devices;
    let by_minutes: Vec<String> = by_minutes.iter().map(|(_, at)| at.0.to_string()).collect();
    let sql = format!(
        "SELECT d.id, p.id AS project_id, p.name, p.region, d.serial || ' ' || d.gate AS which, s.last_seen_at \
         {} AND {} AND d.id > $1 ORDER BY d.id LIMIT $2",
        silent_devices(&by_minutes, &own.0.to_string()),
        whose.condition()
    );
    let rows: Vec<LateMoment> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Device)).collect())
}

/// Active devices of which something else is odd, after an id, in order of id.
pub fn odd_devices(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    source: Source,
    odd: &'static str,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT d.id, p.id AS project_id, p.name, p.region, d.serial || ' ' || d.gate AS which, CAST(NULL AS DATE) AS last_on \
         FROM devices d JOIN device_states s ON s.device_id = d.id JOIN projects p ON p.id = d.project_id \
         WHERE d.state = 'active' AND {odd} AND {} AND d.id > $1 ORDER BY d.id LIMIT $2",
        whose.condition()
    );
    let rows: Vec<LateDay> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(source)).collect())
}

/// Sources of which too much waits in quarantine, by their first item, after an id, in order of id.
pub fn put_aside(conn: &mut AnyConn, whose: Whose<'_>, bounds: &Bounds, after: i64, limit: i64) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT t.id, p.id AS project_id, p.name, p.region, t.which, CAST(NULL AS DATE) AS last_on \
         FROM {} t JOIN projects p ON p.id = t.project_id WHERE {} AND t.id > $1 ORDER BY t.id LIMIT $2",
        full_sources(&bounds.put_aside_max.to_string()),
        whose.condition()
    );
    let rows: Vec<LateDay> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::PutAside)).collect())
}

/// Watched folders that cannot be looked at, after an id, in order of id.
pub fn missing_folders(conn: &mut AnyConn, whose: Whose<'_>, after: i64, limit: i64) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT m.id, p.id AS project_id, p.name, p.region, m.path AS which, m.since AS last_seen_at \
         FROM folders_missing m JOIN projects p ON p.id = m.project_id WHERE {} AND m.id > $1 ORDER BY m.id LIMIT $2",
        whose.condition()
    );
    let rows: Vec<LateMoment> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Folder)).collect())
}

/// Platforms that are reported to, and take nothing since a moment or longer or stopped the queue by what they said.
fn platforms_that_take_nothing(since: &str) -> String {
    format!(
        "FROM report_platforms r JOIN report_queues q ON q.platform_id = r.id JOIN projects p ON p.id = r.project_id \
         WHERE r.state = 'active' AND (q.stopped IS NOT NULL OR q.down_since < {since})"
    )
}

/// Platforms that take nothing, after an id, in order of id.
pub fn platforms_down(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT r.id, p.id AS project_id, p.name, p.region, r.name AS which, \
         CASE WHEN q.stopped IS NULL THEN q.down_since ELSE 0 END AS last_seen_at \
         {} AND {} AND r.id > $1 ORDER BY r.id LIMIT $2",
        platforms_that_take_nothing(&bounds.platforms.0.to_string()),
        whose.condition()
    );
    let rows: Vec<LateMoment> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Platform)).collect())
}

/// Pay runs with payments whose result is unknown, which the bank may be asked about and was not asked about of late.
fn runs_to_ask_about(given: &str, asked: &str) -> String {
    format!(
        "FROM pay_runs r JOIN projects p ON p.id = r.project_id WHERE r.state = 'sent' AND r.created_at <= {given} \
         AND EXISTS (SELECT 1 FROM pay_run_lines l WHERE l.project_id = r.project_id AND l.run_id = r.id AND l.state = 'unknown') \
         AND NOT EXISTS (SELECT 1 FROM run_inquiries i WHERE i.project_id = r.project_id AND i.run_id = r.id AND i.recorded_at > {asked})"
    )
}

/// Pay runs that the bank has to be asked about, after an id, in order of id.
pub fn unasked_runs(
    conn: &mut AnyConn,
    whose: Whose<'_>,
    bounds: &Bounds,
    after: i64,
    limit: i64,
) -> Result<Vec<Late>, StoreError> {
    let sql = format!(
        "SELECT r.id, p.id AS project_id, p.name, p.region, r.message_id AS which, r.created_at AS last_seen_at \
         {} AND {} AND r.id > $1 ORDER BY r.id LIMIT $2",
        runs_to_ask_about(&bounds.given.0.to_string(), &bounds.asked.0.to_string()),
        whose.condition()
    );
    let rows: Vec<LateMoment> = diesel::sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| row.into_late(Source::Bank)).collect())
}

/// Whether every machine at the gates of a project is silent.
pub fn is_dark(conn: &mut AnyConn, project: ProjectId, bounds: &Bounds) -> Result<bool, StoreError> {
    let sql = format!("SELECT p.id AS project_id FROM projects p WHERE p.id = $1 AND {}", gates_are_dark(bounds));
    let rows: Vec<ProjectOnly> = diesel::sql_query(sql).bind::<BigInt, _>(project.0).load(conn)?;
    Ok(!rows.is_empty())
}

/// Silent sites after an id, in order of id; without those whose gates are all silent, since that is told and explains the other.
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
         {} AND {} AND NOT {} AND p.id > $3 ORDER BY p.id LIMIT $4",
        silent_sites("$1", "$2"),
        whose.condition(),
        gates_are_dark(bounds)
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
    // The text never changes: $1 statements, then one for each heartbeat and one for the house's, then the others in the order of the texts.
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let place = |number: usize| format!("${}", number + 2);
        let beats: Vec<String> = (0..HEARTBEATS_MINUTES.len()).map(place).collect();
        let next = |number: usize| place(HEARTBEATS_MINUTES.len() + number);
        format!(
            "SELECT t.project_id FROM (SELECT p.id AS project_id {} UNION SELECT p.id AS project_id {} \
             UNION SELECT p.id AS project_id {} \
             UNION SELECT d.project_id FROM devices d JOIN device_states s ON s.device_id = d.id \
             WHERE d.state = 'active' AND d.project_id IS NOT NULL AND (s.suspected_minutes IS NOT NULL OR s.stuck_at IS NOT NULL) \
             UNION SELECT a.project_id FROM {} a UNION SELECT p.id AS project_id {} UNION SELECT p.id AS project_id {} \
             UNION SELECT m.project_id FROM folders_missing m \
             UNION SELECT n.project_id FROM notices n WHERE n.kind = 'silence' AND n.state <> 'cured') t \
             WHERE t.project_id > {} ORDER BY t.project_id LIMIT {}",
            silent_accounts("$1"),
            silent_devices(&beats, &next(0)),
            silent_sites(&next(1), &next(2)),
            full_sources(&next(3)),
            platforms_that_take_nothing(&next(4)),
            runs_to_ask_about(&next(5), &next(6)),
            next(7),
            next(8)
        )
    });
    let (by_minutes, own) = &bounds.devices;
    let beats = by_minutes.iter().map(|(_, at)| at.0).chain([own.0]);
    let rows: Vec<ProjectOnly> = beats
        .fold(fixed(TEXT.as_str()).day(bounds.statements), |query, at| query.big(at))
        .day(bounds.punches)
        .day(bounds.today)
        .big(bounds.put_aside_max)
        .big(bounds.platforms.0)
        .big(bounds.given.0)
        .big(bounds.asked.0)
        .big(after)
        .big(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(|row| row.project_id).collect())
}
