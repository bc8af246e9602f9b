//! Rows of the outbox: records, messages, questions that wait to be asked, and differences.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use crate::base::id::{ProjectId, RecordId};
use crate::base::{Day, Moment};
use crate::reporting::{Belief, CallState, RecordState, ReportKind};
use crate::store::fixed::fixed;
use crate::store::schema::{report_call_items, report_calls, report_differences, report_looks, report_queues, report_records};
use crate::store::{AnyConn, StoreError};

/// A record and where it stands with a platform; its values are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_records, treat_none_as_default_value = false)]
pub struct RecordRow {
    pub id: RecordId,
    pub project_id: ProjectId,
    pub platform_id: RecordId,
    pub kind: ReportKind,
    pub rank: i32,
    /// What it is here; nothing personal.
    pub key: String,
    /// The record that the platform must have before.
    pub parent_kind: Option<ReportKind>,
    pub parent: Option<String>,
    pub subject_id: i64,
    /// For people: a name, a month.
    pub title: String,
    pub on_day: Day,
    /// Digest of what records of one message share.
    pub root: String,
    /// Digest of what the platform should hold; empty for what is no longer on record here.
    pub wanted: String,
    pub body: Vec<u8>,
    /// Digest of what it last accepted.
    pub accepted: Option<String>,
    pub accepted_body: Option<Vec<u8>>,
    pub accepted_at: Option<Moment>,
    pub state: RecordState,
    pub reason: String,
    pub call_id: Option<RecordId>,
    /// Number that the platform gave a crew.
    pub number: Option<i64>,
    /// Code that the platform gave the project.
    pub remote_code: Option<String>,
    /// 1 for one that goes in a message of its own.
    pub is_alone: i32,
    pub changed_at: Moment,
    /// Key of the record of the same kind that the platform must have before: what the same person did last.
    pub previous: Option<String>,
    /// How often it was told in vain, since when, and before when it is not told again.
    pub tries: i32,
    pub failing_since: Option<Moment>,
    pub next_at: Moment,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_calls, treat_none_as_default_value = false)]
pub struct CallRow {
    pub id: RecordId,
    pub project_id: ProjectId,
    pub platform_id: RecordId,
    pub kind: ReportKind,
    pub method: String,
    /// The text of `data`, encrypted: what is sent again is the same content.
    pub body: Vec<u8>,
    pub state: CallState,
    pub serial_code: Option<String>,
    pub tries: i32,
    /// Looks at its result; of one whose answer was lost, the items that the platform was found to have.
    pub polls: i32,
    pub begun_at: Moment,
    pub next_at: Moment,
    pub ended_at: Option<Moment>,
    pub answer: String,
}

/// A record's place in a message, with what it said there.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_call_items)]
pub struct ItemRow {
    pub call_id: RecordId,
    pub place: i32,
    pub record_id: RecordId,
    pub digest: String,
    pub body: Vec<u8>,
}

/// A list that a platform is to be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_looks)]
pub struct LookRow {
    pub platform_id: RecordId,
    pub kind: ReportKind,
    /// A day for attendance, a month for wages, otherwise empty.
    pub span: String,
    pub project_id: ProjectId,
    pub asked_at: Moment,
    pub next_at: Moment,
    pub tries: i32,
}

/// What a platform was last found to believe wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_differences)]
pub struct DifferenceRow {
    pub record_id: RecordId,
    pub project_id: ProjectId,
    pub platform_id: RecordId,
    pub what: Belief,
    /// JSON of the fields, personal values masked.
    pub fields: String,
    pub found_at: Moment,
}

/// How many records of a kind stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, QueryableByName, utoipa::ToSchema)]
#[schema(as = ReportCount)]
pub struct Counted {
    /// Kind.
    #[diesel(sql_type = Text)]
    pub kind: ReportKind,
    /// State.
    #[diesel(sql_type = Text)]
    pub state: RecordState,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: RecordId,
}

/// Keeps every other instance off a queue until the end of the transaction.
pub fn lock_queue(conn: &mut AnyConn, platform: RecordId) -> Result<(), StoreError> {
    use report_queues as q;
    diesel::update(q::table.find(platform)).set(q::platform_id.eq(platform)).execute(conn)?;
    Ok(())
}

pub fn insert_record(conn: &mut AnyConn, row: &RecordRow) -> Result<(), StoreError> {
    diesel::insert_into(report_records::table).values(row).execute(conn)?;
    Ok(())
}

/// Writes everything about a record but what it is.
pub fn save_record(conn: &mut AnyConn, row: &RecordRow) -> Result<(), StoreError> {
    use report_records as r;
    diesel::update(r::table.find(row.id))
        .set((
            (r::parent_kind.eq(row.parent_kind), r::parent.eq(&row.parent), r::title.eq(&row.title), r::on_day.eq(row.on_day)),
            (r::root.eq(&row.root), r::wanted.eq(&row.wanted), r::body.eq(&row.body)),
            (r::accepted.eq(&row.accepted), r::accepted_body.eq(&row.accepted_body), r::accepted_at.eq(row.accepted_at)),
            (r::state.eq(row.state), r::reason.eq(&row.reason), r::call_id.eq(row.call_id)),
            (r::number.eq(row.number), r::remote_code.eq(&row.remote_code), r::is_alone.eq(row.is_alone)),
            (r::changed_at.eq(row.changed_at), r::previous.eq(&row.previous)),
            (r::tries.eq(row.tries), r::failing_since.eq(row.failing_since), r::next_at.eq(row.next_at)),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn delete_record(conn: &mut AnyConn, id: RecordId) -> Result<(), StoreError> {
    diesel::delete(report_records::table.find(id)).execute(conn)?;
    Ok(())
}

pub fn record(conn: &mut AnyConn, project: ProjectId, id: RecordId) -> Result<Option<RecordRow>, StoreError> {
    use report_records as r;
    let wanted = r::id.eq(id).and(r::project_id.eq(project));
    Ok(r::table.filter(wanted).select(RecordRow::as_select()).first(conn).optional()?)
}

pub fn record_by_key(
    conn: &mut AnyConn,
    platform: RecordId,
    kind: ReportKind,
    key: &str,
) -> Result<Option<RecordRow>, StoreError> {
    use report_records as r;
    let wanted = r::platform_id.eq(platform).and(r::kind.eq(kind)).and(r::key.eq(key));
    Ok(r::table.filter(wanted).select(RecordRow::as_select()).first(conn).optional()?)
}

/// Records of a kind from a day on, in order of key.
pub fn records_of(conn: &mut AnyConn, platform: RecordId, kind: ReportKind, from: Day) -> Result<Vec<RecordRow>, StoreError> {
    use report_records as r;
    let wanted = r::platform_id.eq(platform).and(r::kind.eq(kind)).and(r::on_day.ge(from));
    Ok(r::table.filter(wanted).order(r::key).select(RecordRow::as_select()).load(conn)?)
}

/// Key, digest, state and predecessor of the records of a kind from a day on: what a sweep compares, without their values.
pub type Standing = (String, RecordId, String, RecordState, Option<String>);

pub fn standing(conn: &mut AnyConn, platform: RecordId, kind: ReportKind, from: Day) -> Result<Vec<Standing>, StoreError> {
    use report_records as r;
    let wanted = r::platform_id.eq(platform).and(r::kind.eq(kind)).and(r::on_day.ge(from));
    Ok(r::table.filter(wanted).select((r::key, r::id, r::wanted, r::state, r::previous)).load(conn)?)
}

pub fn some_records(conn: &mut AnyConn, ids: &[RecordId]) -> Result<Vec<RecordRow>, StoreError> {
    use report_records as r;
    Ok(r::table.filter(r::id.eq_any(ids)).order(r::id).select(RecordRow::as_select()).load(conn)?)
}

/// Records that may go out now, in the order in which a platform takes them: what each rests on was accepted, and what the same person
/// did before.
pub fn ready(conn: &mut AnyConn, platform: RecordId, now: Moment, limit: i64) -> Result<Vec<RecordRow>, StoreError> {
    let text = "SELECT r.id AS id FROM report_records r WHERE r.platform_id = $1 AND r.state = 'queued' \
                AND r.next_at <= $2 \
                AND (r.parent IS NULL OR EXISTS (SELECT 1 FROM report_records p WHERE p.platform_id = r.platform_id \
                AND p.kind = r.parent_kind AND p.key = r.parent AND p.accepted IS NOT NULL)) \
                AND (r.previous IS NULL OR EXISTS (SELECT 1 FROM report_records b WHERE b.platform_id = r.platform_id \
                AND b.kind = r.kind AND b.key = r.previous AND b.accepted IS NOT NULL)) \
                ORDER BY r.rank, r.on_day, r.id LIMIT $3";
    let ids: Vec<RecordId> =
        fixed(text).big(platform.0).big(now.0).big(limit).load::<Id>(conn)?.into_iter().map(|row| row.id).collect();
    let mut rows = some_records(conn, &ids)?;
    rows.sort_by_key(|row| (row.rank, row.on_day, row.id));
    Ok(rows)
}

/// Whether a record that was told in vain waits to be told again.
pub fn waits_again(conn: &mut AnyConn, platform: RecordId) -> Result<bool, StoreError> {
    use report_records as r;
    let wanted = r::platform_id.eq(platform).and(r::state.eq(RecordState::Queued)).and(r::tries.gt(0));
    Ok(r::table.filter(wanted).select(r::id).first::<RecordId>(conn).optional()?.is_some())
}

/// Lets everything that waits for its time go out; what may be at work at the platform still is asked about after `pause` seconds.
pub fn wake(conn: &mut AnyConn, platform: RecordId, now: Moment, pause: i64) -> Result<(), StoreError> {
    fixed("UPDATE report_records SET next_at = $1 WHERE platform_id = $2 AND state = 'queued' AND next_at > $3")
        .big(now.0)
        .big(platform.0)
        .big(now.0)
        .execute(conn)?;
    for (state, at) in [("later", now), ("unknown", now.plus_seconds(pause))] {
        fixed("UPDATE report_calls SET next_at = $1 WHERE platform_id = $2 AND ended_at IS NULL AND state = $3 AND next_at > $4")
            .big(at.0)
            .big(platform.0)
            .text(state)
            .big(at.0)
            .execute(conn)?;
    }
    Ok(())
}

/// A page of a platform's records, of a state and kind where they are named.
pub fn records_page(
    conn: &mut AnyConn,
    platform: RecordId,
    (state, kind): (Option<RecordState>, Option<ReportKind>),
    after: i64,
    limit: i64,
) -> Result<Vec<RecordRow>, StoreError> {
    use report_records as r;
    let mut query = r::table.filter(r::platform_id.eq(platform).and(r::id.gt(RecordId(after)))).into_boxed();
    if let Some(state) = state {
        query = query.filter(r::state.eq(state));
    }
    if let Some(kind) = kind {
        query = query.filter(r::kind.eq(kind));
    }
    Ok(query.order(r::id).limit(limit).select(RecordRow::as_select()).load(conn)?)
}

/// How many records of each kind stand where.
pub fn counts(conn: &mut AnyConn, platform: RecordId) -> Result<Vec<Counted>, StoreError> {
    let text = "SELECT kind, state, CAST(COUNT(*) AS BIGINT) AS n FROM report_records WHERE platform_id = $1 \
                GROUP BY kind, state, rank ORDER BY rank, state";
    Ok(fixed(text).big(platform.0).load(conn)?)
}

pub fn insert_call(conn: &mut AnyConn, row: &CallRow) -> Result<(), StoreError> {
    diesel::insert_into(report_calls::table).values(row).execute(conn)?;
    Ok(())
}

pub fn insert_item(conn: &mut AnyConn, row: &ItemRow) -> Result<(), StoreError> {
    diesel::insert_into(report_call_items::table).values(row).execute(conn)?;
    Ok(())
}

pub fn save_call(conn: &mut AnyConn, row: &CallRow) -> Result<(), StoreError> {
    use report_calls as c;
    diesel::update(c::table.find(row.id))
        .set((
            c::state.eq(row.state),
            c::serial_code.eq(&row.serial_code),
            c::tries.eq(row.tries),
            c::polls.eq(row.polls),
            c::next_at.eq(row.next_at),
            c::ended_at.eq(row.ended_at),
            c::answer.eq(&row.answer),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn call(conn: &mut AnyConn, id: RecordId) -> Result<Option<CallRow>, StoreError> {
    Ok(report_calls::table.find(id).select(CallRow::as_select()).first(conn).optional()?)
}

/// Messages of a queue that have not ended, oldest first.
pub fn open_calls(conn: &mut AnyConn, platform: RecordId) -> Result<Vec<CallRow>, StoreError> {
    use report_calls as c;
    let wanted = c::platform_id.eq(platform).and(c::ended_at.is_null());
    Ok(c::table.filter(wanted).order(c::id).select(CallRow::as_select()).load(conn)?)
}

pub fn items_of(conn: &mut AnyConn, call: RecordId) -> Result<Vec<ItemRow>, StoreError> {
    use report_call_items as i;
    Ok(i::table.filter(i::call_id.eq(call)).order(i::place).select(ItemRow::as_select()).load(conn)?)
}

/// Puts a list on those to be asked for; one that waits already is asked once.
pub fn ask_look(conn: &mut AnyConn, row: &LookRow) -> Result<(), StoreError> {
    fixed(
        "INSERT INTO report_looks (platform_id, kind, span, project_id, asked_at, next_at, tries) VALUES ($1, $2, $3, $4, $5, $6, 0) \
         ON CONFLICT DO NOTHING",
    )
    .big(row.platform_id.0)
    .text(row.kind.as_str())
    .text(&row.span)
    .big(row.project_id.0)
    .big(row.asked_at.0)
    .big(row.next_at.0)
    .execute(conn)?;
    Ok(())
}

/// The next list to be asked for.
pub fn due_look(conn: &mut AnyConn, platform: RecordId, now: Moment) -> Result<Option<LookRow>, StoreError> {
    use report_looks as l;
    let wanted = l::platform_id.eq(platform).and(l::next_at.le(now));
    Ok(l::table.filter(wanted).order((l::next_at, l::kind, l::span)).select(LookRow::as_select()).first(conn).optional()?)
}

/// Lists that wait to be asked for.
pub fn looks_waiting(conn: &mut AnyConn, platform: RecordId) -> Result<i64, StoreError> {
    Ok(report_looks::table.filter(report_looks::platform_id.eq(platform)).count().get_result(conn)?)
}

pub fn later_look(conn: &mut AnyConn, row: &LookRow) -> Result<(), StoreError> {
    use report_looks as l;
    diesel::update(l::table.find((row.platform_id, row.kind, &row.span)))
        .set((l::next_at.eq(row.next_at), l::tries.eq(row.tries)))
        .execute(conn)?;
    Ok(())
}

pub fn end_look(conn: &mut AnyConn, row: &LookRow) -> Result<(), StoreError> {
    diesel::delete(report_looks::table.find((row.platform_id, row.kind, &row.span))).execute(conn)?;
    Ok(())
}

/// Keeps what was found of a record in the place of what was found before.
pub fn keep_difference(conn: &mut AnyConn, row: &DifferenceRow) -> Result<(), StoreError> {
    clear_difference(conn, row.record_id)?;
    diesel::insert_into(report_differences::table).values(row).execute(conn)?;
    Ok(())
}

pub fn clear_difference(conn: &mut AnyConn, record: RecordId) -> Result<(), StoreError> {
    diesel::delete(report_differences::table.find(record)).execute(conn)?;
    Ok(())
}

/// Differences of a platform in order of record, after an id.
pub fn differences(
    conn: &mut AnyConn,
    project: ProjectId,
    platform: RecordId,
    after: i64,
    limit: i64,
) -> Result<Vec<DifferenceRow>, StoreError> {
    use report_differences as d;
    let wanted = d::project_id.eq(project).and(d::platform_id.eq(platform)).and(d::record_id.gt(RecordId(after)));
    Ok(d::table.filter(wanted).order(d::record_id).limit(limit).select(DifferenceRow::as_select()).load(conn)?)
}

/// How many differences a platform has.
pub fn differing(conn: &mut AnyConn, platform: RecordId) -> Result<i64, StoreError> {
    Ok(report_differences::table.filter(report_differences::platform_id.eq(platform)).count().get_result(conn)?)
}

/// Deletes messages that ended before a moment; receipts stay.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    fixed("DELETE FROM report_call_items WHERE call_id IN (SELECT id FROM report_calls WHERE ended_at < $1)")
        .big(before.0)
        .execute(conn)?;
    Ok(fixed("DELETE FROM report_calls WHERE ended_at < $1").big(before.0).execute(conn)?)
}
