//! The outbox: mails written in the transaction of their cause and sent later, at least once, with back-off and dead letters.
//!
//! Sending is a conversation over the network, so no transaction is open while it lasts: [`lease`] takes a mail and counts the try,
//! the sender talks, [`settle`] notes what came of it. A process that dies in between leaves a try that `begun`; when its lease is over
//! the mail goes out again under the same Message-ID, by which the receiver's side knows a double. Deliberately absent: SMTP and
//! addresses of people.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Text};

use super::conn::{AnyConn, Backend};
use super::fixed::fixed;
use super::vault::{Owner, Vault};
use super::{StoreError, schema};
use crate::base::id::{RecordId, UserId};
use crate::base::{Moment, id};

crate::base::words! {
    /// Where a mail stands.
    pub enum MailState, "state of a mail" {
        /// Waits for its moment or its next try.
        Queued = "queued",
        /// The server took it.
        Sent = "sent",
        /// Refused for good, or tried too often.
        Dead = "dead",
    }
}
super::types::word_column!(MailState);

crate::base::words! {
    /// What came of a try.
    pub enum Outcome, "outcome of a try" {
        /// Under way, or cut off: whether the mail left is not known.
        Begun = "begun",
        /// The server took it.
        Sent = "sent",
        /// It may work later.
        Deferred = "deferred",
        /// It will not work.
        Refused = "refused",
    }
}
super::types::word_column!(Outcome);

/// Tries after which a mail is a dead letter.
pub const ATTEMPTS_MAX: i32 = 8;

/// Seconds for which a mail that is being sent is left alone by others; longer than the conversation's time limit.
pub const LEASE_SECONDS: i64 = 300;

/// Seconds before the second try; each later one waits twice as long.
const BACK_OFF_SECONDS: i64 = 60;

/// The longest reason that is kept, in characters.
const DETAIL_MAX: usize = 300;

/// A mail to be written.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// To whom.
    pub user: UserId,
    /// What it stands for; the same is written once.
    pub dedupe: String,
    /// `zh` or `en`.
    pub language: String,
    /// `digest`, `urgent` …
    pub kind: &'static str,
    /// Subject; nothing personal.
    pub subject: String,
    /// Body as plain text.
    pub body: String,
}

/// Writes a mail unless the same one stands; says whether it was new. `domain` ends its Message-ID.
pub fn enqueue(
    conn: &mut AnyConn,
    vault: &Vault,
    number: i64,
    mail: &NewMail,
    domain: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let body = vault.seal(conn, Owner::Global, mail.body.as_bytes())?;
    let message_id = format!("<{}@{domain}>", id::encode(number).to_ascii_lowercase());
    let added = diesel::sql_query(
        "INSERT INTO mails (id, user_id, dedupe, language, kind, subject, body, message_id, state, attempts, run_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', 0, $9, $10) ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(number)
    .bind::<BigInt, _>(mail.user)
    .bind::<Text, _>(&mail.dedupe)
    .bind::<Text, _>(&mail.language)
    .bind::<Text, _>(mail.kind)
    .bind::<Text, _>(&mail.subject)
    .bind::<Binary, _>(&body)
    .bind::<Text, _>(&message_id)
    .bind::<BigInt, _>(now)
    .bind::<BigInt, _>(now)
    .execute(conn)?;
    Ok(added == 1)
}

/// A mail that was taken to be sent.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Id.
    pub id: RecordId,
    /// To whom.
    pub user: UserId,
    /// Subject.
    pub subject: String,
    /// Body.
    pub body: String,
    /// Message-ID, the same at every try.
    pub message_id: String,
    /// When it was written; its Date at every try.
    pub created_at: Moment,
    /// Which try this is, from 1.
    pub number: i32,
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = BigInt)]
    id: RecordId,
    #[diesel(sql_type = BigInt)]
    user_id: UserId,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = BigInt)]
    created_at: Moment,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// Takes the oldest mail that is due, notes that a try has begun and keeps others off it for [`LEASE_SECONDS`].
pub fn lease(conn: &mut AnyConn, vault: &Vault, now: Moment) -> Result<Option<Leased>, StoreError> {
    let skip = match conn.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => " FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "SELECT id, user_id, subject, body, message_id, created_at, attempts FROM mails \
         WHERE state = 'queued' AND run_at <= $1 ORDER BY run_at, id LIMIT 1{skip}"
    );
    let Some(due) = diesel::sql_query(sql).bind::<BigInt, _>(now).get_result::<Due>(conn).optional()? else { return Ok(None) };
    let number = due.attempts + 1;
    diesel::update(schema::mails::table.find(due.id))
        .set((schema::mails::attempts.eq(number), schema::mails::run_at.eq(now.plus_seconds(LEASE_SECONDS))))
        .execute(conn)?;
    fixed("INSERT INTO mail_attempts (mail_id, number, begun_at, outcome) VALUES ($1, $2, $3, 'begun')")
        .big(due.id.0)
        .int(number)
        .big(now.0)
        .execute(conn)?;
    let body = vault.open_text(conn, Owner::Global, &due.body)?;
    let Due { id, user_id: user, subject, message_id, created_at, .. } = due;
    Ok(Some(Leased { id, user, subject, body, message_id, created_at, number }))
}

/// Notes what came of a try. A deferred mail waits longer each time and is dead after [`ATTEMPTS_MAX`] tries.
pub fn settle(conn: &mut AnyConn, mail: &Leased, outcome: Outcome, detail: &str, now: Moment) -> Result<MailState, StoreError> {
    use schema::{mail_attempts as a, mails as m};
    let detail: String = detail.chars().filter(|c| !c.is_control()).take(DETAIL_MAX).collect();
    diesel::update(a::table.find((mail.id, mail.number)))
        .set((a::outcome.eq(outcome), a::ended_at.eq(now), a::detail.eq(&detail)))
        .execute(conn)?;
    // Whoever was slower than the lease says nothing over a word that has been said.
    let row = m::table.find(mail.id).filter(m::state.eq(MailState::Queued));
    let state = match outcome {
        Outcome::Sent => MailState::Sent,
        Outcome::Refused => MailState::Dead,
        Outcome::Begun | Outcome::Deferred if mail.number >= ATTEMPTS_MAX => MailState::Dead,
        Outcome::Begun | Outcome::Deferred => MailState::Queued,
    };
    if state == MailState::Sent {
        diesel::update(row).set((m::state.eq(state), m::sent_at.eq(now))).execute(conn)?;
    } else {
        let wait = BACK_OFF_SECONDS.saturating_mul(1_i64 << mail.number.saturating_sub(1).clamp(0, 12));
        diesel::update(row)
            .set((m::state.eq(state), m::last_error.eq(&detail), m::run_at.eq(now.plus_seconds(wait))))
            .execute(conn)?;
    }
    Ok(state)
}

/// A mail as its keeper sees it; its body is not shown.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = schema::mails)]
pub struct MailRow {
    /// Id.
    pub id: RecordId,
    /// To whom.
    pub user_id: UserId,
    /// `digest`, `urgent` …
    pub kind: String,
    /// `zh` or `en`.
    pub language: String,
    /// Subject.
    pub subject: String,
    /// Message-ID.
    pub message_id: String,
    /// Where it stands.
    pub state: MailState,
    /// Tries so far.
    pub attempts: i32,
    /// When it is tried next.
    pub run_at: Moment,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: Moment,
    /// When the server took it.
    pub sent_at: Option<Moment>,
}

/// A try.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = schema::mail_attempts)]
pub struct AttemptRow {
    /// Mail.
    pub mail_id: RecordId,
    /// Which try, from 1.
    pub number: i32,
    /// When it began.
    pub begun_at: Moment,
    /// When it ended; absent when it was cut off.
    pub ended_at: Option<Moment>,
    /// What came of it.
    pub outcome: Outcome,
    /// The server's words, without the address.
    pub detail: Option<String>,
}

/// Mails in a state, in the order of writing, after an id.
pub fn list(conn: &mut AnyConn, state: MailState, after: i64, limit: i64) -> Result<Vec<MailRow>, StoreError> {
    use schema::mails as m;
    Ok(m::table
        .filter(m::state.eq(state).and(m::id.gt(RecordId(after))))
        .order(m::id)
        .limit(limit)
        .select(MailRow::as_select())
        .load(conn)?)
}

/// One mail.
pub fn find(conn: &mut AnyConn, id: RecordId) -> Result<Option<MailRow>, StoreError> {
    Ok(schema::mails::table.find(id).select(MailRow::as_select()).first(conn).optional()?)
}

/// The delivery log of a mail.
pub fn attempts(conn: &mut AnyConn, mail: RecordId) -> Result<Vec<AttemptRow>, StoreError> {
    use schema::mail_attempts as a;
    Ok(a::table.filter(a::mail_id.eq(mail)).order(a::number).select(AttemptRow::as_select()).load(conn)?)
}

/// Mails that wait and mails that are dead.
pub fn counts(conn: &mut AnyConn) -> Result<(i64, i64), StoreError> {
    use schema::mails as m;
    let mut of = |state: MailState| m::table.filter(m::state.eq(state)).count().get_result::<i64>(conn);
    Ok((of(MailState::Queued)?, of(MailState::Dead)?))
}

/// Gives a dead mail one more try; false when it is none. The count of tries goes on, so that the log keeps every one.
pub fn revive(conn: &mut AnyConn, id: RecordId, now: Moment) -> Result<bool, StoreError> {
    let changed = fixed("UPDATE mails SET state = 'queued', run_at = $1 WHERE id = $2 AND state = 'dead'")
        .big(now.0)
        .big(id.0)
        .execute(conn)?;
    Ok(changed == 1)
}

/// Deletes mails that were sent before a moment, with their log.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    let sent_before = "SELECT id FROM mails WHERE state = 'sent' AND sent_at < $1";
    diesel::sql_query(format!("DELETE FROM mail_attempts WHERE mail_id IN ({sent_before})"))
        .bind::<BigInt, _>(before)
        .execute(conn)?;
    Ok(diesel::sql_query("DELETE FROM mails WHERE state = 'sent' AND sent_at < $1").bind::<BigInt, _>(before).execute(conn)?)
}
