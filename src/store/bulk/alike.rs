//! What each turn of the intake writes beside its punches, on SQLite: statements of types of their own, so that a connection finds them
//! prepared by the type. Their text would otherwise be made anew and compared for each, which costs as much as the row does.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use super::StoreError;
use crate::base::Moment;
use crate::store::jobs;

/// Days of one statement.
const DAYS_OF_STATEMENT: usize = 8;

/// Marks so many days of projects, each unless it is marked: here nobody writes beside the transaction, so that none waits for it.
struct MarkDays<'a, const N: usize>(&'a [(i64, i32); N], i64);

impl<const N: usize> QueryId for MarkDays<'_, N> {
    type QueryId = MarkDays<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> QueryFragment<Sqlite> for MarkDays<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT OR IGNORE INTO dirty_days (project_id, local_day, marked_at) VALUES (");
        for (place, (project, day)) in self.0.iter().enumerate() {
            if place > 0 {
                out.push_sql("), (");
            }
            out.push_bind_param::<BigInt, _>(project)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, _>(day)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&self.1)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<Conn, const N: usize> RunQueryDsl<Conn> for MarkDays<'_, N> {}

/// [`super::mark_days`].
pub(super) fn mark_days(conn: &mut SqliteConnection, days: &[(i64, i32)], now: Moment) -> Result<(), StoreError> {
    let (many, rest) = days.as_chunks::<DAYS_OF_STATEMENT>();
    for some in many {
        MarkDays(some, now.0).execute(conn)?;
    }
    let (ones, _) = rest.as_chunks::<1>();
    for one in ones {
        MarkDays(one, now.0).execute(conn)?;
    }
    Ok(())
}

/// Writes the stamp and the information of a device.
struct UpdateStamp<'a>(&'a (i64, String, String));

impl QueryId for UpdateStamp<'_> {
    type QueryId = UpdateStamp<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Sqlite> for UpdateStamp<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (device, stamp, info) = self.0;
        out.push_sql("UPDATE device_states SET attlog_stamp = ");
        out.push_bind_param::<Text, _>(stamp)?;
        out.push_sql(", info = ");
        out.push_bind_param::<Text, _>(info)?;
        out.push_sql(" WHERE device_id = ");
        out.push_bind_param::<BigInt, _>(device)
    }
}

impl<Conn> RunQueryDsl<Conn> for UpdateStamp<'_> {}

/// [`super::update_stamps`].
pub(super) fn update_stamps(conn: &mut SqliteConnection, rows: &[(i64, String, String)]) -> Result<(), StoreError> {
    for row in rows {
        UpdateStamp(row).execute(conn)?;
    }
    Ok(())
}

/// Enqueues a job.
struct Enqueue<'a> {
    id: i64,
    kind: &'a str,
    dedupe: String,
    payload: &'a str,
    now: i64,
    due: i64,
}

impl QueryId for Enqueue<'_> {
    type QueryId = Enqueue<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Sqlite> for Enqueue<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT INTO jobs (id, kind, dedupe, payload, run_at, created_at, attempts, state) VALUES (");
        out.push_bind_param::<BigInt, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&self.dedupe)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.payload)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.due)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(", 0, 'queued') ");
        out.push_sql(jobs::UNLESS_IT_WAITS);
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for Enqueue<'_> {}

/// [`jobs::enqueue_each_for`].
pub(in crate::store) fn enqueue(
    conn: &mut SqliteConnection,
    kind: &str,
    payloads: &[(i64, String)],
    now: Moment,
    due: Moment,
) -> Result<(), StoreError> {
    for (id, payload) in payloads {
        let dedupe = format!("{kind} {payload}");
        Enqueue { id: *id, kind, dedupe, payload, now: now.0, due: due.0 }.execute(conn)?;
    }
    Ok(())
}
