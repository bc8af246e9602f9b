//! Rows of keys and of ids of events; what the inbox holds of a sender's events.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use super::{FEED, KeyKind, Outcome};
use crate::base::Moment;
use crate::base::id::{AccountId, InboxId, ProjectId, RecordId, UserId};
use crate::store::inbox::InboxState;
use crate::store::schema::{bank_event_ids, bank_key_marks, bank_keys, inbox, pay_run_lines, pay_runs, quarantine};
use crate::store::{AnyConn, Chain, Sealed, StoreError, Tx, journal};

/// A key with which a bank's user signs; the secret is sealed by the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = bank_keys)]
pub struct KeyRow {
    pub id: RecordId,
    pub user_id: UserId,
    pub name: String,
    pub kind: KeyKind,
    #[serde(serialize_with = "journal::bytes_as_digest")]
    pub secret: Vec<u8>,
    pub created_by: String,
    pub created_at: Moment,
    /// End of the overlap, after a rotation.
    pub ends_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
    pub recorded_seq: i64,
}

impl KeyRow {
    /// Whether the key may sign at a moment.
    pub fn is_live(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && self.ends_at.is_none_or(|end| now < end)
    }
}

impl Sealed for KeyRow {
    const TABLE: &'static str = "bank_keys";
    fn chain(&self) -> Chain {
        Chain::Organisation
    }
    fn key(&self) -> String {
        self.id.to_string()
    }
}

pub fn insert_key(tx: &mut Tx<'_>, row: &KeyRow) -> Result<(), StoreError> {
    diesel::insert_into(bank_keys::table).values(row).execute(tx.conn())?;
    tx.seal(row)
}

/// Sets the two moments of a key that are filled later.
pub fn end_key(tx: &mut Tx<'_>, row: &KeyRow) -> Result<(), StoreError> {
    use bank_keys as k;
    diesel::update(k::table.find(row.id))
        .set((k::ends_at.eq(row.ends_at), k::revoked_at.eq(row.revoked_at), k::recorded_seq.eq(row.recorded_seq)))
        .execute(tx.conn())?;
    tx.seal(row)
}

pub fn key(conn: &mut AnyConn, id: RecordId) -> Result<Option<KeyRow>, StoreError> {
    Ok(bank_keys::table.find(id).select(KeyRow::as_select()).first(conn).optional()?)
}

/// Keys of a user, the first one first.
pub fn keys_of(conn: &mut AnyConn, user: UserId) -> Result<Vec<KeyRow>, StoreError> {
    Ok(bank_keys::table.filter(bank_keys::user_id.eq(user)).order(bank_keys::id).select(KeyRow::as_select()).load(conn)?)
}

/// Every key, for `verify` and for whoever runs the whole house.
pub fn all_keys(conn: &mut AnyConn) -> Result<Vec<KeyRow>, StoreError> {
    Ok(bank_keys::table.order(bank_keys::id).select(KeyRow::as_select()).load(conn)?)
}

/// What happened with these keys, and when first.
pub fn marks_of(conn: &mut AnyConn, keys: &[RecordId]) -> Result<Vec<(RecordId, String, Moment)>, StoreError> {
    use bank_key_marks as m;
    Ok(m::table
        .filter(m::key_id.eq_any(keys.to_vec()))
        .order((m::first_at, m::key_id))
        .select((m::key_id, m::outcome, m::first_at))
        .load(conn)?)
}

/// Whether an outcome of a key is on record.
pub fn is_marked(conn: &mut AnyConn, key: RecordId, outcome: Outcome) -> Result<bool, StoreError> {
    let count: i64 = bank_key_marks::table.find((key, outcome.as_str())).count().get_result(conn)?;
    Ok(count > 0)
}

/// Notes the first outcome of its kind of a key.
pub fn mark(conn: &mut AnyConn, key: RecordId, outcome: Outcome, now: Moment) -> Result<(), StoreError> {
    diesel::sql_query("INSERT INTO bank_key_marks (key_id, outcome, first_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<BigInt, _>(key.0)
        .bind::<Text, _>(outcome.as_str())
        .bind::<BigInt, _>(now.0)
        .execute(conn)?;
    Ok(())
}

/// Uses a token up; whether it was not used before. The index decides of two requests at once.
pub fn spend_token(conn: &mut AnyConn, key: RecordId, token_id: &str, expires_at: Moment) -> Result<bool, StoreError> {
    let made =
        diesel::sql_query("INSERT INTO bank_token_ids (key_id, token_id, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind::<BigInt, _>(key.0)
            .bind::<Text, _>(token_id)
            .bind::<BigInt, _>(expires_at.0)
            .execute(conn)?;
    Ok(made > 0)
}

/// Forgets tokens that expired before a moment: they do not hold any more.
pub fn prune_tokens(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    use crate::store::schema::bank_token_ids as t;
    Ok(diesel::delete(t::table.filter(t::expires_at.lt(before))).execute(conn)?)
}

/// Claims an id for a content; gives the content of the event that has it already.
///
/// The index decides of two equal events at once: the second waits for the first and finds it.
pub fn claim(conn: &mut AnyConn, sender: &str, event_id: &str, content: &str, now: Moment) -> Result<Option<String>, StoreError> {
    let made = diesel::sql_query(
        "INSERT INTO bank_event_ids (sender, event_id, content, received_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(sender)
    .bind::<Text, _>(event_id)
    .bind::<Text, _>(content)
    .bind::<BigInt, _>(now.0)
    .execute(conn)?;
    if made > 0 {
        return Ok(None);
    }
    Ok(bank_event_ids::table.find((sender, event_id)).select(bank_event_ids::content).first(conn).optional()?)
}

/// Gives an id free again whose event could not be taken: mended, or once the account is on record, it may come again.
pub fn let_go(conn: &mut AnyConn, sender: &str, event_id: &str) -> Result<(), StoreError> {
    diesel::delete(bank_event_ids::table.find((sender, event_id))).execute(conn)?;
    Ok(())
}

/// An event as the inbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: InboxId,
    pub received_at: Moment,
    pub state: InboxState,
    /// Type and id of the event, `-` for one that could not be read.
    pub what: String,
    /// Why it is in quarantine.
    pub reason: Option<String>,
}

/// The events of a sender, the latest first.
pub fn kept_of(conn: &mut AnyConn, sender: &str, limit: i64) -> Result<Vec<Kept>, StoreError> {
    type Row = (InboxId, Moment, InboxState, String);
    let rows: Vec<Row> = inbox::table
        .filter(inbox::feed.eq(FEED).and(inbox::source.eq(sender)))
        .order(inbox::id.desc())
        .limit(limit)
        .select((inbox::id, inbox::received_at, inbox::state, inbox::request))
        .load(conn)?;
    let ids: Vec<InboxId> = rows.iter().map(|row| row.0).collect();
    let reasons: Vec<(InboxId, String)> = quarantine::table
        .filter(quarantine::inbox_id.eq_any(ids).and(quarantine::item.eq(1)))
        .select((quarantine::inbox_id, quarantine::reason))
        .load(conn)?;
    let kept = |(id, received_at, state, request): Row| {
        let what = request.splitn(3, ' ').nth(2).unwrap_or("-").to_owned();
        let reason = reasons.iter().find(|(of, _)| *of == id).map(|(_, reason)| reason.clone());
        Kept { id, received_at, state, what, reason }
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// The message id of the order that a payment of an account belongs to.
pub fn order_of(
    conn: &mut AnyConn,
    project: ProjectId,
    account: AccountId,
    end_to_end_id: &str,
) -> Result<Option<String>, StoreError> {
    let run: Option<crate::base::id::PayRunId> = pay_run_lines::table
        .filter(pay_run_lines::project_id.eq(project).and(pay_run_lines::end_to_end_id.eq(end_to_end_id)))
        .select(pay_run_lines::run_id)
        .first(conn)
        .optional()?;
    let Some(run) = run else { return Ok(None) };
    Ok(pay_runs::table
        .filter(pay_runs::project_id.eq(project).and(pay_runs::id.eq(run)).and(pay_runs::account_id.eq(account)))
        .select(pay_runs::message_id)
        .first(conn)
        .optional()?)
}
