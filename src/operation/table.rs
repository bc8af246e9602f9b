//! Counts that no slice keeps.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::base::Moment;
use crate::base::id::{AccountId, ProjectId};
use crate::store::fixed::fixed;
use crate::store::schema::{folders_missing, marks, quarantine};
use crate::store::{AnyConn, StoreError};

/// Items in quarantine that nobody has closed.
pub fn open_quarantine(conn: &mut AnyConn) -> Result<i64, StoreError> {
    // The word stands in the text, so that the partial index serves.
    Ok(quarantine::table.filter(sql::<Bool>("state = 'open'")).count().get_result(conn)?)
}

/// A source of which much stands open, of no project.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct FullSource {
    /// Feed.
    #[diesel(sql_type = Text)]
    pub feed: String,
    /// Account, app or user.
    #[diesel(sql_type = Text)]
    pub source: String,
    /// How many items.
    #[diesel(sql_type = BigInt)]
    pub open: i64,
}

/// Sources of no project with more open items than `max`; flags of what was taken are left out.
pub fn full_sources(conn: &mut AnyConn, max: i64, limit: i64) -> Result<Vec<FullSource>, StoreError> {
    let text = "SELECT i.feed AS feed, i.source AS source, COUNT(*) AS open FROM quarantine q JOIN inbox i ON i.id = q.inbox_id \
                WHERE q.state = 'open' AND q.reason <> 'time_far' AND i.project_id IS NULL \
                GROUP BY i.feed, i.source HAVING COUNT(*) > $1 ORDER BY i.feed, i.source LIMIT $2";
    Ok(fixed(text).big(max).big(limit).load(conn)?)
}

/// Begins the name of the mark of an alarm.
pub const ALARM: &str = "put_aside ";

/// The names of the alarms that stand.
pub fn alarms(conn: &mut AnyConn) -> Result<Vec<String>, StoreError> {
    Ok(marks::table.filter(marks::name.like(format!("{ALARM}%"))).order(marks::name).select(marks::name).load(conn)?)
}

/// Notes that an alarm was raised.
pub fn begin_alarm(conn: &mut AnyConn, name: &str, now: Moment) -> Result<(), StoreError> {
    let text = "INSERT INTO marks (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    fixed(text).text(name).text(&now.to_string()).execute(conn)?;
    Ok(())
}

/// Notes that an alarm is over.
pub fn end_alarm(conn: &mut AnyConn, name: &str) -> Result<(), StoreError> {
    diesel::delete(marks::table.find(name)).execute(conn)?;
    Ok(())
}

/// Whose a watched folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderOf {
    /// A wage account's.
    Account(AccountId),
    /// A project's.
    Project(ProjectId),
}

/// A watched folder that cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = folders_missing)]
pub struct MissingFolder {
    /// As the settings name it.
    pub path: String,
    /// The project that its files are of.
    pub project_id: ProjectId,
    /// Since when.
    pub since: Moment,
}

/// The watched folders that cannot be looked at, at most `limit`.
pub fn missing_folders(conn: &mut AnyConn, limit: i64) -> Result<Vec<MissingFolder>, StoreError> {
    use folders_missing as m;
    Ok(m::table.order(m::path).limit(limit).select(MissingFolder::as_select()).load(conn)?)
}

/// Notes that a watched folder cannot be looked at; one that is noted stays as it is. Nothing is noted for an account or project that is not there.
pub fn miss_folder(conn: &mut AnyConn, id: i64, path: &str, of: FolderOf, now: Moment) -> Result<(), StoreError> {
    let (text, owner) = match of {
        FolderOf::Account(account) => (
            "INSERT INTO folders_missing (id, path, project_id, since) SELECT $1, $2, a.project_id, $3 FROM wage_accounts a \
             WHERE a.id = $4 ON CONFLICT (path) DO NOTHING",
            account.0,
        ),
        FolderOf::Project(project) => (
            "INSERT INTO folders_missing (id, path, project_id, since) SELECT $1, $2, p.id, $3 FROM projects p \
             WHERE p.id = $4 ON CONFLICT (path) DO NOTHING",
            project.0,
        ),
    };
    fixed(text).big(id).text(path).big(now.0).big(owner).execute(conn)?;
    Ok(())
}

/// Notes that a watched folder is back, or watched no more.
pub fn find_folder(conn: &mut AnyConn, path: &str) -> Result<(), StoreError> {
    diesel::delete(folders_missing::table.filter(folders_missing::path.eq(path))).execute(conn)?;
    Ok(())
}
