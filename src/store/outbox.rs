//! The outbox: mails written in the transaction of their cause and sent later, at least once, with back-off and dead letters.
//!
//! Sending is a conversation over the network, so no transaction is open while it lasts: [`lease`] takes a mail and counts the try,
//! the sender talks, [`settle`] notes what came of it. A process that dies in between leaves a try that `begun`; when its lease is over
//! the mail goes out again under the same Message-ID, by which the receiver's side knows a double. Deliberately absent: SMTP and
//! addresses of people.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Text};

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

/// Tries after which a mail is a dead letter: the first, and one after each wait.
pub const ATTEMPTS_MAX: i32 = 7;

/// Seconds from each try that failed for now to the next: a server may be away for a day.
pub const WAITS_SECONDS: [i64; 6] = [60, 300, 1_800, 7_200, 21_600, 86_400];

/// Seconds for which a mail that is being sent is left alone by others: longer than a conversation of a dozen steps, each of which may
/// take the 60 seconds that the settings allow.
pub const LEASE_SECONDS: i64 = 900;

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

/// What taking a mail came to.
#[derive(Debug, Clone)]
pub enum Taken {
    /// No mail is due.
    Nothing,
    /// A mail to be sent.
    Mail(Leased),
    /// One that nobody can send any more was marked as dead; the next may be asked for.
    Dead(RecordId),
}

/// Takes the oldest mail that is due, notes that a try has begun and keeps others off it for [`LEASE_SECONDS`].
///
/// One that cannot be read (its key was shredded, its bytes are damaged), and one whose last try was cut off, is dead: it must not
/// stand in the way of those behind it.
pub fn lease(conn: &mut AnyConn, vault: &Vault, now: Moment) -> Result<Taken, StoreError> {
    let skip = match conn.backend() {
        Backend::Sqlite => "",
        Backend::Postgres => " FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "SELECT id, user_id, subject, body, message_id, created_at, attempts FROM mails \
         WHERE state = 'queued' AND run_at <= $1 ORDER BY run_at, id LIMIT 1{skip}"
    );
    let Some(due) = diesel::sql_query(sql).bind::<BigInt, _>(now).get_result::<Due>(conn).optional()? else {
        return Ok(Taken::Nothing);
    };
    // A try that said its word has made the mail dead or was followed by a new chance that a person gave; one that was cut off has not.
    if due.attempts >= ATTEMPTS_MAX && was_cut_off(conn, due.id, due.attempts)? {
        bury(conn, &due, "the last try was cut off; whether the mail left is not known", now)?;
        return Ok(Taken::Dead(due.id));
    }
    let body = match vault.open_text(conn, Owner::Global, &due.body) {
        Err(StoreError::Damaged(why)) => {
            bury(conn, &due, &format!("the mail cannot be read: {why}"), now)?;
            return Ok(Taken::Dead(due.id));
        }
        body => body?,
    };
    let number = due.attempts.saturating_add(1);
    diesel::update(schema::mails::table.find(due.id))
        .set((schema::mails::attempts.eq(number), schema::mails::run_at.eq(now.plus_seconds(LEASE_SECONDS))))
        .execute(conn)?;
    fixed("INSERT INTO mail_attempts (mail_id, number, begun_at, outcome) VALUES ($1, $2, $3, 'begun')")
        .big(due.id.0)
        .int(number)
        .big(now.0)
        .execute(conn)?;
    let Due { id, user_id: user, subject, message_id, created_at, .. } = due;
    Ok(Taken::Mail(Leased { id, user, subject, body, message_id, created_at, number }))
}

fn was_cut_off(conn: &mut AnyConn, mail: RecordId, number: i32) -> Result<bool, StoreError> {
    use schema::mail_attempts as a;
    let outcome: Option<Outcome> = a::table.find((mail, number)).select(a::outcome).first(conn).optional()?;
    Ok(outcome == Some(Outcome::Begun))
}

/// Makes a mail a dead letter without a further try, and ends its last one where that was cut off.
fn bury(conn: &mut AnyConn, due: &Due, why: &str, now: Moment) -> Result<(), StoreError> {
    use schema::{mail_attempts as a, mails as m};
    let why: String = why.chars().take(DETAIL_MAX).collect();
    diesel::update(a::table.find((due.id, due.attempts)).filter(a::outcome.eq(Outcome::Begun)))
        .set((a::outcome.eq(Outcome::Deferred), a::ended_at.eq(now), a::detail.eq(&why)))
        .execute(conn)?;
    diesel::update(m::table.find(due.id)).set((m::state.eq(MailState::Dead), m::last_error.eq(&why))).execute(conn)?;
    Ok(())
}

/// Notes what came of a try. A deferred mail waits longer each time and is dead after [`ATTEMPTS_MAX`] tries.
pub fn settle(conn: &mut AnyConn, mail: &Leased, outcome: Outcome, detail: &str, now: Moment) -> Result<MailState, StoreError> {
    use schema::{mail_attempts as a, mails as m};
    let detail: String = detail.chars().filter(|c| !c.is_control()).take(DETAIL_MAX).collect();
    diesel::update(a::table.find((mail.id, mail.number)))
        .set((a::outcome.eq(outcome), a::ended_at.eq(now), a::detail.eq(&detail)))
        .execute(conn)?;
    // Whoever was slower than the lease says nothing over a word that has been said, and nothing over a later try that is under way:
    // only that the server took the mail is true whoever says it.
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
        let place = usize::try_from(mail.number.saturating_sub(1)).unwrap_or(0).min(WAITS_SECONDS.len() - 1);
        let wait = WAITS_SECONDS.get(place).copied().unwrap_or(LEASE_SECONDS);
        diesel::update(row.filter(m::attempts.eq(mail.number)))
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
    /// When a person dismissed it as a dead letter.
    pub dismissed_at: Option<Moment>,
    /// Why.
    pub note: Option<String>,
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

/// Mails in a state, in the order of writing, after an id; of dead ones those that nobody has dismissed.
pub fn list(conn: &mut AnyConn, state: MailState, after: i64, limit: i64) -> Result<Vec<MailRow>, StoreError> {
    use schema::mails as m;
    Ok(m::table
        .filter(m::state.eq(state).and(m::id.gt(RecordId(after))).and(m::dismissed_at.is_null()))
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

/// Mails that wait, and mails that are dead and that nobody has dismissed.
pub fn counts(conn: &mut AnyConn) -> Result<(i64, i64), StoreError> {
    use schema::mails as m;
    // The states stand in the text, so that the partial indexes serve.
    let queued = m::table.filter(sql::<Bool>("state = 'queued'")).count().get_result(conn)?;
    let dead = m::table.filter(sql::<Bool>("state = 'dead'").and(m::dismissed_at.is_null())).count().get_result(conn)?;
    Ok((queued, dead))
}

/// Marks a dead mail as seen to, with a note; false when it is none or was dismissed before.
pub fn dismiss(conn: &mut AnyConn, id: RecordId, note: &str, now: Moment) -> Result<bool, StoreError> {
    use schema::mails as m;
    let row = m::table.filter(m::id.eq(id).and(m::state.eq(MailState::Dead)).and(m::dismissed_at.is_null()));
    Ok(diesel::update(row).set((m::dismissed_at.eq(now), m::note.eq(note))).execute(conn)? == 1)
}

/// Gives a dead mail one more try; false when it is none. The count of tries goes on, so that the log keeps every one.
pub fn revive(conn: &mut AnyConn, id: RecordId, now: Moment) -> Result<bool, StoreError> {
    let changed =
        fixed("UPDATE mails SET state = 'queued', run_at = $1 WHERE id = $2 AND state = 'dead' AND dismissed_at IS NULL")
            .big(now.0)
            .big(id.0)
            .execute(conn)?;
    Ok(changed == 1)
}

/// Deletes mails that were sent or dismissed before a moment, with their log.
pub fn prune(conn: &mut AnyConn, before: Moment) -> Result<usize, StoreError> {
    let old = "(state = 'sent' AND sent_at < $1) OR (state = 'dead' AND dismissed_at < $1)";
    diesel::sql_query(format!("DELETE FROM mail_attempts WHERE mail_id IN (SELECT id FROM mails WHERE {old})"))
        .bind::<BigInt, _>(before)
        .execute(conn)?;
    Ok(diesel::sql_query(format!("DELETE FROM mails WHERE {old}")).bind::<BigInt, _>(before).execute(conn)?)
}
