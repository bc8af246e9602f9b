//! Rows of requests, nonces, counts, errors and of what is kept beside the registries.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::{RecordKind, RequestState};
use crate::base::id::{InboxId, ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::store::fixed::fixed;
use crate::store::schema::{realname_errors, realname_nonces, realname_records, realname_requests};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// A request that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = realname_requests, treat_none_as_default_value = false)]
pub struct RequestRow {
    pub id: RecordId,
    pub serial_code: String,
    pub app_id: RecordId,
    pub method: String,
    pub project_id: Option<ProjectId>,
    pub inbox_id: InboxId,
    pub state: RequestState,
    pub result: String,
    pub received_at: Moment,
    pub finished_at: Option<Moment>,
}

/// A request that was seen, with the first answer to it, encrypted.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = realname_nonces)]
pub struct NonceRow {
    pub app_id: RecordId,
    pub nonce: String,
    pub stamp: String,
    pub body_sha256: String,
    pub answer: Vec<u8>,
    pub at: Moment,
}

/// One version of what was announced under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = realname_records, treat_none_as_default_value = false)]
pub struct RecordRow {
    pub id: RecordId,
    pub project_id: Option<ProjectId>,
    pub app_id: RecordId,
    pub kind: RecordKind,
    pub key_index: String,
    pub version: i32,
    pub content: String,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub body: Vec<u8>,
    pub number: Option<i64>,
    pub subject_id: Option<i64>,
    pub inbox_id: InboxId,
    pub recorded_at: Moment,
    pub recorded_seq: i64,
    /// Whom it is about, as the keyed index of the papers; of what is found by its object, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_index: Option<String>,
}

impl Sealed for RecordRow {
    const TABLE: &'static str = "realname_records";
    fn chain(&self) -> Chain {
        self.project_id.map_or(Chain::Organisation, Chain::Project)
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// An answer that was no, or a request that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = realname_errors)]
#[schema(as = PlatformError)]
pub struct ErrorRow {
    pub id: RecordId,
    #[serde(skip)]
    pub app_id: RecordId,
    pub at: Moment,
    pub method: String,
    pub code: String,
    pub message: String,
}

/// How often a method had an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName, utoipa::ToSchema)]
#[schema(as = PlatformCount)]
pub struct CountRow {
    /// Method.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub method: String,
    /// Answer code; `10` and `20` for results; `plus_not_escaped`, `not_entered` for what was noticed.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub outcome: String,
    /// How often.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The next number of a counter, from 1; whoever asks at the same time waits.
pub fn next_number(conn: &mut AnyConn, name: &str) -> Result<i64, StoreError> {
    let text = "INSERT INTO realname_counters (name, value) VALUES ($1, 1) \
                ON CONFLICT (name) DO UPDATE SET value = realname_counters.value + 1 RETURNING value";
    Ok(fixed(text).text(name).get_result::<Number>(conn)?.value)
}

pub fn insert_request(conn: &mut AnyConn, row: &RequestRow) -> Result<(), StoreError> {
    diesel::insert_into(realname_requests::table).values(row).execute(conn)?;
    Ok(())
}

pub fn request(conn: &mut AnyConn, id: RecordId) -> Result<Option<RequestRow>, StoreError> {
    Ok(realname_requests::table.find(id).select(RequestRow::as_select()).get_result(conn).optional()?)
}

pub fn request_by_serial(conn: &mut AnyConn, serial_code: &str) -> Result<Option<RequestRow>, StoreError> {
    use realname_requests as r;
    Ok(r::table.filter(r::serial_code.eq(serial_code)).select(RequestRow::as_select()).get_result(conn).optional()?)
}

/// The request that a message brought, while it is kept.
pub fn request_of(conn: &mut AnyConn, inbox: InboxId) -> Result<Option<RequestRow>, StoreError> {
    use realname_requests as r;
    Ok(r::table.filter(r::inbox_id.eq(inbox)).select(RequestRow::as_select()).get_result(conn).optional()?)
}

/// Whether a later request of the same method was applied for an app and project.
pub fn applied_since(
    conn: &mut AnyConn,
    app: RecordId,
    method: &str,
    project: Option<ProjectId>,
    since: Moment,
) -> Result<bool, StoreError> {
    use realname_requests as r;
    let wanted = r::app_id.eq(app).and(r::method.eq(method)).and(r::state.eq(RequestState::Done)).and(r::received_at.gt(since));
    let count: i64 = match project {
        Some(project) => r::table.filter(wanted.and(r::project_id.eq(project))).count().get_result(conn)?,
        None => r::table.filter(wanted).count().get_result(conn)?,
    };
    Ok(count > 0)
}

/// Lets a refused request wait once more, under the message that is read now.
pub fn wait_again(conn: &mut AnyConn, id: RecordId, inbox: InboxId) -> Result<(), StoreError> {
    use realname_requests as r;
    diesel::update(r::table.find(id))
        .set((r::inbox_id.eq(inbox), r::state.eq(RequestState::Waiting), r::result.eq(""), r::finished_at.eq(None::<Moment>)))
        .execute(conn)?;
    Ok(())
}

/// How many requests of an app wait for their job.
pub fn waiting(conn: &mut AnyConn, app: RecordId) -> Result<i64, StoreError> {
    use realname_requests as r;
    let waits = r::app_id.eq(app).and(r::state.eq(RequestState::Waiting));
    Ok(r::table.filter(waits).count().get_result(conn)?)
}

/// Says what became of a request; only one that waits changes.
pub fn finish(conn: &mut AnyConn, id: RecordId, state: RequestState, result: &str, now: Moment) -> Result<bool, StoreError> {
    use realname_requests as r;
    let changed = diesel::update(r::table.filter(r::id.eq(id).and(r::state.eq(RequestState::Waiting))))
        .set((r::state.eq(state), r::result.eq(result), r::finished_at.eq(Some(now))))
        .execute(conn)?;
    Ok(changed > 0)
}

pub fn nonce(conn: &mut AnyConn, app: RecordId, nonce: &str, stamp: &str) -> Result<Option<NonceRow>, StoreError> {
    Ok(realname_nonces::table.find((app, nonce, stamp)).select(NonceRow::as_select()).get_result(conn).optional()?)
}

pub fn insert_nonce(conn: &mut AnyConn, row: &NonceRow) -> Result<(), StoreError> {
    diesel::insert_into(realname_nonces::table).values(row).execute(conn)?;
    Ok(())
}

/// Counts one outcome.
pub fn count(conn: &mut AnyConn, app: RecordId, day: Day, method: &str, outcome: &str, n: i64) -> Result<(), StoreError> {
    fixed(
        "INSERT INTO realname_counts (app_id, day, method, outcome, n) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (app_id, day, method, outcome) DO UPDATE SET n = realname_counts.n + excluded.n",
    )
    .big(app.0)
    .day(day)
    .text(method)
    .text(outcome)
    .big(n)
    .execute(conn)?;
    Ok(())
}

/// Counts of an app from a day on, most frequent first.
pub fn counts(conn: &mut AnyConn, app: RecordId, from: Day) -> Result<Vec<CountRow>, StoreError> {
    let text = "SELECT method, outcome, CAST(SUM(n) AS BIGINT) AS n FROM realname_counts WHERE app_id = $1 AND day >= $2 \
                GROUP BY method, outcome ORDER BY n DESC, method, outcome";
    Ok(fixed(text).big(app.0).day(from).load(conn)?)
}

pub fn insert_error(conn: &mut AnyConn, row: &ErrorRow) -> Result<(), StoreError> {
    diesel::insert_into(realname_errors::table).values(row).execute(conn)?;
    Ok(())
}

/// Deletes all but the latest errors of an app.
pub fn keep_last_errors(conn: &mut AnyConn, app: RecordId, count: i64) -> Result<(), StoreError> {
    fixed(
        "DELETE FROM realname_errors WHERE app_id = $1 AND id < \
         (SELECT MIN(id) FROM (SELECT id FROM realname_errors WHERE app_id = $1 ORDER BY id DESC LIMIT $2) AS latest)",
    )
    .big(app.0)
    .big(count)
    .execute(conn)?;
    Ok(())
}

/// The latest errors of an app.
pub fn errors(conn: &mut AnyConn, app: RecordId, limit: i64) -> Result<Vec<ErrorRow>, StoreError> {
    use realname_errors as e;
    Ok(e::table.filter(e::app_id.eq(app)).order(e::id.desc()).limit(limit).select(ErrorRow::as_select()).load(conn)?)
}

pub fn insert_record(tx: &mut Tx<'_>, row: &RecordRow) -> Result<(), StoreError> {
    diesel::insert_into(realname_records::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// The latest version under a key.
pub fn record(conn: &mut AnyConn, kind: RecordKind, key_index: &str) -> Result<Option<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table
        .filter(r::kind.eq(kind).and(r::key_index.eq(key_index)))
        .order(r::version.desc())
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?)
}

/// The latest version about an object of ours.
pub fn record_of(conn: &mut AnyConn, kind: RecordKind, subject: i64) -> Result<Option<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table
        .filter(r::kind.eq(kind).and(r::subject_id.eq(subject)))
        .order(r::version.desc())
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?)
}

/// The crew record of a number.
pub fn team(conn: &mut AnyConn, project: ProjectId, number: i64) -> Result<Option<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table
        .filter(r::number.eq(number).and(r::kind.eq(RecordKind::Team)).and(r::project_id.eq(project)))
        .order(r::version.desc())
        .select(RecordRow::as_select())
        .first(conn)
        .optional()?)
}

/// Every version of a kind on a project, in the order of recording.
pub fn records_of(conn: &mut AnyConn, project: ProjectId, kind: RecordKind) -> Result<Vec<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table.filter(r::project_id.eq(project).and(r::kind.eq(kind))).order(r::id).select(RecordRow::as_select()).load(conn)?)
}

/// Every version of what was told of a person on a project, in the order of recording.
pub fn records_of_person(conn: &mut AnyConn, project: ProjectId, person: &str) -> Result<Vec<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table
        .filter(r::person_index.eq(person).and(r::project_id.eq(project)))
        .order(r::id)
        .select(RecordRow::as_select())
        .load(conn)?)
}

/// Every version of a kind about an object of ours on a project, in the order of recording.
pub fn records_of_subject(
    conn: &mut AnyConn,
    project: ProjectId,
    kind: RecordKind,
    subject: i64,
) -> Result<Vec<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table
        .filter(r::subject_id.eq(subject).and(r::kind.eq(kind)).and(r::project_id.eq(project)))
        .order(r::id)
        .select(RecordRow::as_select())
        .load(conn)?)
}

/// Every version of a kind that carries a number on a project, in the order of recording.
pub fn records_of_number(
    conn: &mut AnyConn,
    project: ProjectId,
    kind: RecordKind,
    number: i64,
) -> Result<Vec<RecordRow>, StoreError> {
    use realname_records as r;
    Ok(r::table
        .filter(r::number.eq(number).and(r::kind.eq(kind)).and(r::project_id.eq(project)))
        .order(r::id)
        .select(RecordRow::as_select())
        .load(conn)?)
}

/// Every row, for `verify`.
pub fn all_records(conn: &mut AnyConn) -> Result<Vec<RecordRow>, StoreError> {
    Ok(realname_records::table.order(realname_records::id).select(RecordRow::as_select()).load(conn)?)
}

/// Deletes what is older than its time; says how many rows. What waits for its job stays.
pub fn prune(conn: &mut AnyConn, nonces: Moment, results: Moment, counts: Moment) -> Result<usize, StoreError> {
    let gone = [
        fixed("DELETE FROM realname_nonces WHERE at < $1").big(nonces.0).execute(conn)?,
        fixed("DELETE FROM realname_requests WHERE received_at < $1 AND state <> '0'").big(results.0).execute(conn)?,
        fixed("DELETE FROM realname_errors WHERE at < $1").big(counts.0).execute(conn)?,
        fixed("DELETE FROM realname_counts WHERE day < $1").day(counts.day()).execute(conn)?,
    ];
    Ok(gone.into_iter().sum())
}
