//! The queue of jobs: enqueued in the transaction of their cause, done at least once, with back-off and dead letters.
//!
//! A job is idempotent; two equal ones waiting are one.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::conn::{AnyConn, Backend};
use super::fixed::fixed;
use super::{StoreError, schema};
use crate::base::Moment;

/// A job as it waits.
#[derive(Debug, Clone, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = schema::jobs)]
pub struct Job {
    /// Id, in order of enqueueing.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// With what, as the kind reads it.
    pub payload: String,
    /// How often it was tried.
    pub attempts: i32,
}

/// After this many tries a job is a dead letter.
pub const ATTEMPTS_MAX: i32 = 8;

/// Enqueues a job unless the same one waits already.
pub fn enqueue(conn: &mut AnyConn, id: i64, kind: &str, payload: &str, now: Moment) -> Result<(), StoreError> {
    let dedupe = format!("{kind} {payload}");
    fixed(
        "INSERT INTO jobs (id, kind, dedupe, payload, run_at, attempts, state, created_at) VALUES ($1, $2, $3, $4, $5, 0, 'queued', $5) \
         ON CONFLICT (dedupe) WHERE state = 'queued' DO NOTHING",
    )
    .big(id)
    .text(kind)
    .text(&dedupe)
    .text(payload)
    .big(now.0)
    .execute(conn)?;
    Ok(())
}

/// Takes the oldest job that is due and counts the try; whoever asks next on PostgreSQL gets another one.
pub fn take(conn: &mut AnyConn, now: Moment) -> Result<Option<Job>, StoreError> {
    let skip = match conn.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => " FOR UPDATE SKIP LOCKED",
    };
    let due = format!(
        "SELECT id, kind, payload, attempts FROM jobs WHERE state = 'queued' AND run_at <= $1 ORDER BY run_at, id LIMIT 1{skip}"
    );
    let Some(job) = diesel::sql_query(due).bind::<BigInt, _>(now.0).get_result::<Job>(conn).optional()? else { return Ok(None) };
    // The next try waits longer each time, 2^n × 30 s; a job that is done is marked below and never waits.
    let wait_seconds = 30_i64.saturating_mul(1_i64 << job.attempts.clamp(0, 12));
    diesel::update(schema::jobs::table.find(job.id))
        .set((schema::jobs::attempts.eq(job.attempts + 1), schema::jobs::run_at.eq(now.plus_seconds(wait_seconds))))
        .execute(conn)?;
    Ok(Some(job))
}

/// Marks a job as done.
pub fn done(conn: &mut AnyConn, id: i64) -> Result<(), StoreError> {
    diesel::update(schema::jobs::table.find(id)).set(schema::jobs::state.eq("done")).execute(conn)?;
    Ok(())
}

/// Notes why a try failed; the last try makes it a dead letter.
pub fn failed(conn: &mut AnyConn, id: i64, attempts: i32, why: &str) -> Result<(), StoreError> {
    let state = if attempts >= ATTEMPTS_MAX { "dead" } else { "queued" };
    diesel::update(schema::jobs::table.find(id))
        .set((schema::jobs::state.eq(state), schema::jobs::last_error.eq(why)))
        .execute(conn)?;
    Ok(())
}
