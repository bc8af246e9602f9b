//! The ticks of the schedule as they happened: each name and moment once, however many instances of the service look.
//!
//! A tick is written in the transaction that enqueues its work, so that it neither runs twice nor is noted without its work.
//! Deliberately absent: cron expressions and time zones, which `app` reads.

use diesel::prelude::*;

use super::conn::AnyConn;
use super::fixed::fixed;
use super::{StoreError, schema};
use crate::base::Moment;

crate::base::words! {
    /// What became of a tick.
    pub enum TickOutcome, "outcome of a tick" {
        /// The schedule was looked at for the first time; later ticks count from here.
        Begun = "begun",
        /// Its work was enqueued.
        Ran = "ran",
        /// It was missed and is left out, as configured.
        Skipped = "skipped",
    }
}
super::types::word_column!(TickOutcome);

/// A tick on record.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = schema::ticks)]
pub struct TickRow {
    /// Which.
    pub name: String,
    /// When it was due.
    pub due_at: Moment,
    /// What became of it.
    pub outcome: TickOutcome,
    /// When that was noted.
    pub at: Moment,
}

/// Notes a tick; false when it stands already, so somebody else does its work.
pub fn claim(conn: &mut AnyConn, name: &str, due_at: Moment, outcome: TickOutcome, now: Moment) -> Result<bool, StoreError> {
    let added = fixed("INSERT INTO ticks (name, due_at, outcome, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .text(name)
        .big(due_at.0)
        .text(outcome.as_str())
        .big(now.0)
        .execute(conn)?;
    Ok(added == 1)
}

/// The latest tick of a name, whatever became of it.
pub fn last(conn: &mut AnyConn, name: &str) -> Result<Option<TickRow>, StoreError> {
    use schema::ticks as t;
    Ok(t::table.filter(t::name.eq(name)).order(t::due_at.desc()).select(TickRow::as_select()).first(conn).optional()?)
}

/// The latest tick of a name whose work was enqueued.
pub fn last_ran(conn: &mut AnyConn, name: &str) -> Result<Option<TickRow>, StoreError> {
    use schema::ticks as t;
    Ok(t::table
        .filter(t::name.eq(name).and(t::outcome.eq(TickOutcome::Ran)))
        .order(t::due_at.desc())
        .select(TickRow::as_select())
        .first(conn)
        .optional()?)
}

/// Every tick of a name in order.
pub fn of_name(conn: &mut AnyConn, name: &str) -> Result<Vec<TickRow>, StoreError> {
    use schema::ticks as t;
    Ok(t::table.filter(t::name.eq(name)).order(t::due_at).select(TickRow::as_select()).load(conn)?)
}

/// Deletes ticks that were due before a moment, but never the latest of a name: later ones are counted from it.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    Ok(fixed(
        "DELETE FROM ticks WHERE due_at < $1 AND EXISTS \
         (SELECT 1 FROM ticks AS later WHERE later.name = ticks.name AND later.due_at > ticks.due_at)",
    )
    .big(before.0)
    .execute(conn)?)
}
