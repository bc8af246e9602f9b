//! The queue of jobs: enqueued in the transaction of their cause, done at least once, with back-off and dead letters.
//!
//! A job is idempotent; two equal ones waiting are one.

use std::sync::LazyLock;

use diesel::dsl::{min, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::conn::{AnyConn, Backend};
use super::fixed::fixed;
use super::{StoreError, schema};
use crate::base::Moment;
use crate::base::id::JobId;

crate::base::words! {
    /// Where a job stands.
    pub enum JobState, "state of a job" {
        /// Waits for its moment or for its next try.
        Queued = "queued",
        /// Was done.
        Done = "done",
        /// Failed so often that nobody tries again by himself.
        Dead = "dead",
    }
}
super::types::word_column!(JobState);

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
    /// How often it was asked for while it ran.
    pub asked_again: i64,
}

/// After this many tries a job is a dead letter.
pub const ATTEMPTS_MAX: i32 = 8;

/// A job as its keeper sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = schema::jobs)]
pub struct JobRow {
    /// Id.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// With what: ids and days, nothing personal.
    pub payload: String,
    /// When it is tried next; of one that is done, when it would have been.
    pub run_at: Moment,
    /// How often it was tried.
    pub attempts: i32,
    /// Where it stands.
    pub state: JobState,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: Moment,
    /// When a person dismissed it as a dead letter.
    pub dismissed_at: Option<Moment>,
    /// Why.
    pub note: Option<String>,
}

/// How the queue stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that wait.
    pub queued: i64,
    /// Dead letters that nobody has dismissed.
    pub dead: i64,
    /// The moment since which the longest-waiting due job has been due.
    pub oldest_due: Option<Moment>,
}

macro_rules! unless_it_waits {
    () => {
        "ON CONFLICT (dedupe) WHERE state = 'queued' DO UPDATE SET \
         asked_again = CASE WHEN jobs.attempts > 0 THEN jobs.asked_again + 1 ELSE jobs.asked_again END, \
         run_at = CASE WHEN jobs.attempts > 0 THEN jobs.run_at ELSE excluded.run_at END \
         WHERE jobs.attempts > 0 OR excluded.run_at < jobs.run_at"
    };
}

/// What becomes of a job where the same one waits: it is noted that it was asked for again, or it comes earlier.
pub(super) const UNLESS_IT_WAITS: &str = unless_it_waits!();

/// Enqueues a job unless the same one waits already. One that was taken and is not done yet may have read what was there before: it is
/// noted that it was asked for again, and [`done`] lets it wait anew.
pub fn enqueue(conn: &mut AnyConn, id: i64, kind: &str, payload: &str, now: Moment) -> Result<(), StoreError> {
    enqueue_for(conn, id, (kind, payload), now, now)
}

/// [`enqueue`] of work that may gather until `due`; whoever asks for the same work earlier gets it earlier.
pub fn enqueue_for(
    conn: &mut AnyConn,
    id: i64,
    (kind, payload): (&str, &str),
    now: Moment,
    due: Moment,
) -> Result<(), StoreError> {
    let dedupe = format!("{kind} {payload}");
    fixed(concat!(
        "INSERT INTO jobs (id, kind, dedupe, payload, run_at, attempts, state, created_at) \
             VALUES ($1, $2, $3, $4, $6, 0, 'queued', $5) ",
        unless_it_waits!()
    ))
    .big(id)
    .text(kind)
    .text(&dedupe)
    .text(payload)
    .big(now.0)
    .big(due.0)
    .execute(conn)?;
    Ok(())
}

/// [`enqueue_for`] of one kind of work for each of these, in one statement on a server.
pub fn enqueue_each_for(
    conn: &mut AnyConn,
    kind: &str,
    payloads: Vec<(i64, String)>,
    now: Moment,
    due: Moment,
) -> Result<(), StoreError> {
    match conn {
        AnyConn::Sqlite(conn) => super::bulk::alike::enqueue(conn, kind, &payloads, now, due),
        #[cfg(feature = "postgres")]
        AnyConn::Postgres(conn) => {
            let jobs = payloads.into_iter().map(|(id, payload)| (id, format!("{kind} {payload}"), payload)).collect();
            super::bulk::many::enqueue(conn, kind, jobs, now, due)
        }
    }
}

/// Takes the oldest job that is due, and with it those right behind it that are of one of the kinds `together` and of its own, at most
/// `limit` in all. Counts the try of each; whoever asks next on PostgreSQL gets others.
pub fn take(conn: &mut AnyConn, now: Moment, together: &[&str], limit: usize) -> Result<Vec<Job>, StoreError> {
    const COLUMNS: &str = "SELECT id, kind, payload, attempts, asked_again";
    const DUE: &str = "FROM jobs WHERE state = 'queued' AND run_at <= $1 ORDER BY run_at, id LIMIT $2";
    static ALONE: LazyLock<String> = LazyLock::new(|| format!("{COLUMNS} {DUE}"));
    static BESIDE_OTHERS: LazyLock<String> = LazyLock::new(|| format!("{COLUMNS} {DUE} FOR UPDATE SKIP LOCKED"));
    let due = match conn.backend() {
        Backend::Sqlite => ALONE.as_str(),
        Backend::Postgres => BESIDE_OTHERS.as_str(),
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut jobs: Vec<Job> = fixed(due).big(now.0).big(limit).load(conn)?;
    let Some(first) = jobs.first().cloned() else { return Ok(jobs) };
    let alike = |job: &&Job| job.kind == first.kind && together.contains(&job.kind.as_str());
    let count = jobs.iter().take_while(alike).count().max(1);
    jobs.truncate(count);
    for job in &jobs {
        // The next try waits longer each time, 2^n × 30 s; a job that is done is marked below and never waits.
        let wait_seconds = 30_i64.saturating_mul(1_i64 << job.attempts.clamp(0, 12));
        fixed("UPDATE jobs SET attempts = $1, run_at = $2 WHERE id = $3")
            .int(job.attempts + 1)
            .big(now.plus_seconds(wait_seconds).0)
            .big(job.id)
            .execute(conn)?;
    }
    Ok(jobs)
}

/// Marks a job as done; one that was asked for again since it was taken waits anew, due at once.
pub fn done(conn: &mut AnyConn, job: &Job, now: Moment) -> Result<(), StoreError> {
    let unasked = fixed("UPDATE jobs SET state = 'done' WHERE id = $1 AND asked_again = $2").big(job.id).big(job.asked_again);
    if unasked.execute(conn)? == 0 {
        fixed("UPDATE jobs SET attempts = 0, run_at = $1 WHERE id = $2").big(now.0).big(job.id).execute(conn)?;
    }
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

/// Jobs in a state, in order of enqueueing, after an id; of dead letters those that nobody has dismissed.
pub fn list(conn: &mut AnyConn, state: JobState, after: i64, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    use schema::jobs as j;
    Ok(j::table
        .filter(j::state.eq(state).and(j::id.gt(JobId(after))).and(j::dismissed_at.is_null()))
        .order(j::id)
        .limit(limit)
        .select(JobRow::as_select())
        .load(conn)?)
}

/// One job.
pub fn find(conn: &mut AnyConn, id: JobId) -> Result<Option<JobRow>, StoreError> {
    Ok(schema::jobs::table.find(id).select(JobRow::as_select()).first(conn).optional()?)
}

/// How the queue stands at a moment.
pub fn counts(conn: &mut AnyConn, now: Moment) -> Result<Counts, StoreError> {
    use schema::jobs as j;
    // The states stand in the text, so that the partial indexes serve both counts; those that are done are many and not counted.
    let queued = j::table.filter(sql::<Bool>("state = 'queued'")).count().get_result(conn)?;
    let dead = j::table.filter(sql::<Bool>("state = 'dead'").and(j::dismissed_at.is_null())).count().get_result(conn)?;
    // A try that failed waits on purpose: only a job that nobody has taken is late.
    let oldest_due: Option<Moment> =
        j::table.filter(sql::<Bool>("state = 'queued'").and(j::run_at.le(now))).select(min(j::run_at)).first(conn)?;
    Ok(Counts { queued, dead, oldest_due })
}

/// Puts a dead letter back into the queue with all its tries before it; false when it is no dead letter or the same job waits already.
pub fn revive(conn: &mut AnyConn, job: &JobRow, now: Moment) -> Result<bool, StoreError> {
    let dedupe = format!("{} {}", job.kind, job.payload);
    let changed = fixed(
        "UPDATE jobs SET state = 'queued', attempts = 0, run_at = $1 WHERE id = $2 AND state = 'dead' AND dismissed_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM jobs AS same WHERE same.dedupe = $3 AND same.state = 'queued')",
    )
    .big(now.0)
    .big(job.id.0)
    .text(&dedupe)
    .execute(conn)?;
    Ok(changed == 1)
}

/// Marks a dead letter as seen to, with a note; false when it is none or was dismissed before.
pub fn dismiss(conn: &mut AnyConn, id: JobId, note: &str, now: Moment) -> Result<bool, StoreError> {
    use schema::jobs as j;
    let row = j::table.filter(j::id.eq(id).and(j::state.eq(JobState::Dead)).and(j::dismissed_at.is_null()));
    Ok(diesel::update(row).set((j::dismissed_at.eq(now), j::note.eq(note))).execute(conn)? == 1)
}

/// Deletes jobs that were done and enqueued, or dismissed, before a moment; other dead letters stay until somebody has seen to them.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    use schema::jobs as j;
    let done = diesel::delete(j::table.filter(j::state.eq(JobState::Done).and(j::created_at.lt(before)))).execute(conn)?;
    Ok(done.saturating_add(
        diesel::delete(j::table.filter(j::state.eq(JobState::Dead).and(j::dismissed_at.lt(before)))).execute(conn)?,
    ))
}
