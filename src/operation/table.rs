//! Counts that no slice keeps.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use crate::base::Moment;
use crate::store::fixed::fixed;
use crate::store::schema::{marks, quarantine};
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
