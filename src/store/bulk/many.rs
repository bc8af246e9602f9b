//! Many rows in one statement, for the server: each statement is a journey, and so is each of its plans. The texts never change, so that
//! the server keeps their plans.

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::{Key, NewPunch, PunchRow, StoreError};
use crate::base::Moment;
use crate::store::jobs;

/// Inserts punches unless they are there and gives the keys of those that were new.
#[derive(Default)]
struct InsertPunches {
    keys: [Vec<i32>; 7],
    messages: Vec<i64>,
}

impl QueryId for InsertPunches {
    type QueryId = InsertPunches;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for InsertPunches {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO punch_rows (place, local_day, local_time, pin, state, verify, ordinal, message) SELECT * FROM unnest(",
        );
        for column in &self.keys {
            out.push_bind_param::<Array<Integer>, _>(column)?;
            out.push_sql(", ");
        }
        out.push_bind_param::<Array<BigInt>, _>(&self.messages)?;
        out.push_sql(") ON CONFLICT DO NOTHING RETURNING place, local_day, local_time, pin, state, verify, ordinal");
        Ok(())
    }
}

impl Query for InsertPunches {
    type SqlType = (Integer, Integer, Integer, Integer, Integer, Integer, Integer);
}

impl RunQueryDsl<PgConnection> for InsertPunches {}

/// Marks days.
struct MarkDays {
    projects: Vec<i64>,
    days: Vec<i32>,
    now: i64,
}

impl QueryId for MarkDays {
    type QueryId = MarkDays;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for MarkDays {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO dirty_days (project_id, local_day, marked_at) SELECT said.project, said.day, ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.projects)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.days)?;
        // The update in place of "do nothing" makes a fold that runs at the same time wait for this transaction.
        out.push_sql(
            ") AS said (project, day) \
             ON CONFLICT (project_id, local_day) DO UPDATE SET local_day = excluded.local_day",
        );
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for MarkDays {}

/// [`super::mark_days`].
pub fn mark_days(conn: &mut PgConnection, days: &[(i64, i32)], now: Moment) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let (projects, days) = days.iter().copied().unzip();
    MarkDays { projects, days, now: now.0 }.execute(conn)?;
    Ok(())
}

/// Enqueues jobs of one kind.
struct Enqueue<'a> {
    kind: &'a str,
    ids: Vec<i64>,
    dedupes: Vec<String>,
    payloads: Vec<String>,
    now: i64,
    due: i64,
}

impl QueryId for Enqueue<'_> {
    type QueryId = Enqueue<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Enqueue<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO jobs (id, kind, dedupe, payload, run_at, attempts, state, created_at) SELECT said.id, ");
        out.push_bind_param::<Text, _>(self.kind)?;
        out.push_sql(", said.dedupe, said.payload, ");
        out.push_bind_param::<BigInt, _>(&self.due)?;
        out.push_sql(", 0, 'queued', ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.dedupes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.payloads)?;
        out.push_sql(") AS said (id, dedupe, payload) ");
        out.push_sql(jobs::UNLESS_IT_WAITS);
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for Enqueue<'_> {}

/// [`jobs::enqueue_each_for`]; of each job its id, its name and its payload.
pub fn enqueue(
    conn: &mut PgConnection,
    kind: &str,
    jobs: Vec<(i64, String, String)>,
    now: Moment,
    due: Moment,
) -> Result<(), StoreError> {
    let mut enqueue = Enqueue { kind, ids: Vec::new(), dedupes: Vec::new(), payloads: Vec::new(), now: now.0, due: due.0 };
    for (id, dedupe, payload) in jobs {
        enqueue.ids.push(id);
        enqueue.dedupes.push(dedupe);
        enqueue.payloads.push(payload);
    }
    if !enqueue.ids.is_empty() {
        enqueue.execute(conn)?;
    }
    Ok(())
}

/// Writes stamps and information of devices.
struct UpdateStamps {
    devices: Vec<i64>,
    stamps: Vec<String>,
    infos: Vec<String>,
}

impl QueryId for UpdateStamps {
    type QueryId = UpdateStamps;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for UpdateStamps {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE device_states SET attlog_stamp = said.stamp, info = said.info FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.devices)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.stamps)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.infos)?;
        out.push_sql(") AS said (device, stamp, info) WHERE device_states.device_id = said.device");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for UpdateStamps {}

/// [`super::update_stamps`].
pub fn update_stamps(conn: &mut PgConnection, rows: &[(i64, String, String)]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let update = UpdateStamps {
        devices: rows.iter().map(|(device, ..)| *device).collect(),
        stamps: rows.iter().map(|(_, stamp, _)| stamp.clone()).collect(),
        infos: rows.iter().map(|(.., info)| info.clone()).collect(),
    };
    update.execute(conn)?;
    Ok(())
}

/// What one statement takes at most.
const ROWS: usize = 10_000;

/// [`super::insert_punches`] of sorted rows; the server need not give them in order.
pub(super) fn insert_punches(conn: &mut PgConnection, rows: &[NewPunch]) -> Result<Vec<PunchRow>, StoreError> {
    let mut fresh = Vec::with_capacity(rows.len());
    for some in rows.chunks(ROWS) {
        let mut insert = InsertPunches::default();
        for punch in some {
            for (column, value) in insert.keys.iter_mut().zip(punch.key.values()) {
                column.push(*value);
            }
            insert.messages.push(punch.message);
        }
        for key in insert.load::<Key>(conn)? {
            // Of several with one key the first was taken.
            let at = some.partition_point(|punch| punch.key < key);
            fresh.extend(some.get(at).filter(|punch| punch.key == key).map(|punch| punch.row));
        }
    }
    Ok(fresh)
}
