//! Rows of webhooks, of the calls that wait and of every try.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;

use super::{CallState, HookEvent, HookState};
use crate::base::Moment;
use crate::base::id::{ProjectId, RecordId};
use crate::store::conn::Backend;
use crate::store::fixed::fixed;
use crate::store::schema::{webhook_calls, webhook_tries, webhooks};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// A webhook; form, receivers and secrets are encrypted, since an address may hold a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false)]
pub struct WebhookRow {
    pub id: RecordId,
    pub name: String,
    pub scope_kind: String,
    pub scope_value: String,
    pub events: String,
    pub fields: String,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub body: Vec<u8>,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub secret: Vec<u8>,
    #[serde(serialize_with = "journal::optional_bytes_as_digest")]
    pub old_secret: Option<Vec<u8>>,
    pub old_until: Option<Moment>,
    pub state: HookState,
    pub reason: String,
    pub created_at: Moment,
    pub changed_by: String,
    pub changed_at: Moment,
    pub recorded_seq: i64,
}

impl Sealed for WebhookRow {
    const TABLE: &'static str = "webhooks";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

impl WebhookRow {
    /// Whether it is told of the event.
    pub fn hears(&self, event: HookEvent) -> bool {
        self.state == HookState::Active && (event == HookEvent::Test || self.events.split(' ').any(|word| word == event.as_str()))
    }
}

/// A message to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_calls, treat_none_as_default_value = false)]
pub struct CallRow {
    pub id: RecordId,
    pub webhook_id: RecordId,
    pub event_id: String,
    pub kind: HookEvent,
    pub project_id: Option<ProjectId>,
    pub body: Vec<u8>,
    pub state: CallState,
    pub tries: i32,
    pub run_at: Moment,
    pub created_at: Moment,
    pub ended_at: Option<Moment>,
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable, utoipa::ToSchema)]
#[diesel(table_name = webhook_tries, treat_none_as_default_value = false)]
#[schema(as = WebhookTry)]
pub struct TryRow {
    #[serde(skip)]
    pub call_id: RecordId,
    /// Which try, from 1.
    pub number: i32,
    /// When it began.
    pub begun_at: Moment,
    /// When it ended; absent for one that was cut off.
    pub ended_at: Option<Moment>,
    /// HTTP status.
    pub status: Option<i32>,
    /// `begun`, `sent`, `later`, `failed` or `gone`.
    pub outcome: String,
    /// The beginning of the answer with every secret as stars, or why there was none.
    pub answer: String,
}

pub fn insert(tx: &mut Tx<'_>, row: &WebhookRow) -> Result<(), StoreError> {
    diesel::insert_into(webhooks::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

pub fn update(tx: &mut Tx<'_>, row: &WebhookRow) -> Result<(), StoreError> {
    use webhooks as w;
    diesel::update(w::table.find(row.id))
        .set((
            w::secret.eq(&row.secret),
            w::old_secret.eq(&row.old_secret),
            w::old_until.eq(row.old_until),
            w::state.eq(row.state),
            w::reason.eq(&row.reason),
            w::changed_by.eq(&row.changed_by),
            w::changed_at.eq(row.changed_at),
            w::recorded_seq.eq(row.recorded_seq),
        ))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn find(conn: &mut AnyConn, id: RecordId) -> Result<Option<WebhookRow>, StoreError> {
    Ok(webhooks::table.find(id).select(WebhookRow::as_select()).get_result(conn).optional()?)
}

/// Every webhook, also for `verify`; there are few.
pub fn all(conn: &mut AnyConn) -> Result<Vec<WebhookRow>, StoreError> {
    Ok(webhooks::table.order(webhooks::id).select(WebhookRow::as_select()).load(conn)?)
}

/// Writes a message unless the same one stands.
pub fn insert_call(conn: &mut AnyConn, row: &CallRow) -> Result<(), StoreError> {
    diesel::insert_into(webhook_calls::table).values(row).execute(conn)?;
    Ok(())
}

pub fn call(conn: &mut AnyConn, id: RecordId) -> Result<Option<CallRow>, StoreError> {
    Ok(webhook_calls::table.find(id).select(CallRow::as_select()).get_result(conn).optional()?)
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    id: RecordId,
}

/// Takes the oldest call that is due, notes that a try has begun and keeps others off it until `lease`.
pub fn lease(conn: &mut AnyConn, now: Moment, lease: Moment) -> Result<Option<CallRow>, StoreError> {
    let text = match conn.backend() {
        Backend::Sqlite => "SELECT id FROM webhook_calls WHERE state = 'queued' AND run_at <= $1 ORDER BY run_at, id LIMIT 1",
        Backend::Postgres => {
            "SELECT id FROM webhook_calls WHERE state = 'queued' AND run_at <= $1 ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"
        }
    };
    let Some(due) = fixed(text).big(now.0).get_result::<Due>(conn).optional()? else { return Ok(None) };
    let Some(row) = call(conn, due.id)? else { return Ok(None) };
    let row = CallRow { tries: row.tries.saturating_add(1), run_at: lease, ..row };
    save_call(conn, &row)?;
    let begun = TryRow {
        call_id: row.id,
        number: row.tries,
        begun_at: now,
        ended_at: None,
        status: None,
        outcome: "begun".to_owned(),
        answer: String::new(),
    };
    diesel::insert_into(webhook_tries::table).values(&begun).execute(conn)?;
    Ok(Some(row))
}

pub fn save_call(conn: &mut AnyConn, row: &CallRow) -> Result<(), StoreError> {
    use webhook_calls as c;
    diesel::update(c::table.find(row.id))
        .set((c::state.eq(row.state), c::tries.eq(row.tries), c::run_at.eq(row.run_at), c::ended_at.eq(row.ended_at)))
        .execute(conn)?;
    Ok(())
}

pub fn save_try(conn: &mut AnyConn, row: &TryRow) -> Result<(), StoreError> {
    use webhook_tries as t;
    diesel::update(t::table.find((row.call_id, row.number)))
        .set((t::ended_at.eq(row.ended_at), t::status.eq(row.status), t::outcome.eq(&row.outcome), t::answer.eq(&row.answer)))
        .execute(conn)?;
    Ok(())
}

pub fn tries_of(conn: &mut AnyConn, call: RecordId) -> Result<Vec<TryRow>, StoreError> {
    use webhook_tries as t;
    Ok(t::table.filter(t::call_id.eq(call)).order(t::number).select(TryRow::as_select()).load(conn)?)
}

/// The last calls of a webhook.
pub fn calls_of(conn: &mut AnyConn, webhook: RecordId, limit: i64) -> Result<Vec<CallRow>, StoreError> {
    use webhook_calls as c;
    Ok(c::table.filter(c::webhook_id.eq(webhook)).order(c::id.desc()).limit(limit).select(CallRow::as_select()).load(conn)?)
}

/// Deletes calls that ended before a moment, with their tries.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    fixed("DELETE FROM webhook_tries WHERE call_id IN (SELECT id FROM webhook_calls WHERE ended_at < $1)")
        .big(before.0)
        .execute(conn)?;
    Ok(fixed("DELETE FROM webhook_calls WHERE ended_at < $1").big(before.0).execute(conn)?)
}
